"""Modules made of modules: in a list, one after the other, by name."""

from minitorch.nn.module import Module


class ModuleList(Module):
    """Modules in a list; their names are 0, 1, 2, ..."""

    def __init__(self, modules=()):
        super().__init__()
        self.extend(modules)

    def append(self, module):
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules):
        for module in modules:
            self.append(module)
        return self

    def __setitem__(self, index, module):
        names = [name for name, _ in self._own(Module)]
        setattr(self, names[index], module)

    def __iter__(self):
        return (module for _, module in self._own(Module))

    def __len__(self):
        return len(self._own(Module))

    def __getitem__(self, index):
        return ModuleList(list(self)[index]) if isinstance(index, slice) else list(self)[index]


class Sequential(ModuleList):
    """Modules applied one after the other: given in order, or as one dict with their names."""

    def __init__(self, *modules):
        super().__init__()
        named = (
            modules[0].items() if modules and isinstance(modules[0], dict) else enumerate(modules)
        )
        for name, module in named:
            self.add_module(str(name), module)

    def __getitem__(self, index):
        return (
            Sequential(dict(self._own(Module)[index]))
            if isinstance(index, slice)
            else list(self)[index]
        )

    def forward(self, input):
        for module in self:
            input = module(input)
        return input


class ModuleDict(Module):
    """Modules by name."""

    def __init__(self, modules=None):
        super().__init__()
        for name, module in (modules or {}).items():
            self[name] = module

    def __setitem__(self, name, module):
        self.add_module(name, module)

    def __getitem__(self, name):
        return dict(self._own(Module))[name]

    def __contains__(self, name):
        return name in self.keys()

    def __iter__(self):
        return iter(self.keys())

    def __len__(self):
        return len(self.keys())

    def keys(self):
        return dict(self._own(Module)).keys()

    def values(self):
        return dict(self._own(Module)).values()

    def items(self):
        return dict(self._own(Module)).items()

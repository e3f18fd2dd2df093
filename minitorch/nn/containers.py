"""Modules made of modules: in a list, one after the other, by name."""

import itertools

from minitorch.nn.module import Module


class ModuleList(Module):
    """Modules in a list; their names are 0, 1, 2, ..."""

    def __init__(self, modules=()):
        super().__init__()
        self.extend(modules)

    def _repr_below(self):
        """Modules alike, one after the other, are shown once: (0-3): 4 x Linear(...)."""
        shown = []
        for text, group in itertools.groupby(super()._repr_below(), lambda item: item[1]):
            names = [name for name, _ in group]
            shown.append(
                (f"{names[0]}-{names[-1]}", f"{len(names)} x {text}")
                if len(names) > 1
                else (names[0], text)
            )
        return shown

    def append(self, module):
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules):
        for module in modules:
            self.append(module)
        return self

    __iadd__ = extend

    def insert(self, index, module):
        self._renew([*self[:index], module, *self[index:]])

    def __delitem__(self, index):
        modules = list(self)
        del modules[index]
        self._renew(modules)

    def _renew(self, modules):
        """These modules instead, numbered again."""
        for name, _ in self._own(Module):
            delattr(self, name)
        self.extend(modules)

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

    _repr_below = Module._repr_below

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
        self.update(modules or {})

    def __setitem__(self, name, module):
        self.add_module(name, module)

    def __delitem__(self, name):
        self.pop(name)

    def pop(self, name):
        module = self[name]
        delattr(self, name)
        return module

    def update(self, modules):
        for name, module in dict(modules).items():
            self[name] = module

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

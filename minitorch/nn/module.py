"""Module: it keeps parameters, buffers and modules as attributes and finds them all by name."""

from collections import namedtuple

from minitorch.device import check_device
from minitorch.device import device as Device
from minitorch.dtypes import as_dtype, float32, float64
from minitorch.recording import no_grad
from minitorch.tensor import Tensor, wrap

IncompatibleKeys = namedtuple("IncompatibleKeys", "missing_keys unexpected_keys")


class Parameter(Tensor):
    """A tensor to be learned: it requires a gradient, and a Module that has it as an attribute
    lists it.
    """

    __slots__ = ()

    def __init__(self, data, requires_grad=True):
        if not isinstance(data, Tensor):
            raise TypeError(f"Parameter takes a tensor, not {type(data).__name__}")
        wrap(data._data, requires_grad, self)

    def __repr__(self):
        return f"Parameter containing:\n{super().__repr__()}"


class Module:
    """The base of layers and models. A subclass calls `super().__init__()` first and defines
    `forward`.
    """

    def __init__(self):
        self._buffers = {}  # name: persistent or not
        self.training = True

    def __setattr__(self, name, value):
        """A parameter, buffer or module can only be replaced by its like, or by None."""
        if "_buffers" not in vars(self) and isinstance(value, (Parameter, Module)):
            raise AttributeError(
                f"{type(self).__name__}: call super().__init__() before setting {name!r}"
            )
        old = vars(self).get(name)
        kind = next(
            (kind for kind in (Parameter, Module) if isinstance(old, kind)),
            Tensor if name in vars(self).get("_buffers", ()) else object,
        )
        if not isinstance(value, (kind, type(None))):
            raise TypeError(
                f"{name!r} must be a {kind.__name__} or None, not {type(value).__name__}"
            )
        object.__setattr__(self, name, value)

    def __call__(self, *inputs, **options):
        try:
            return self.forward(*inputs, **options)
        except Exception as error:
            if not hasattr(error, "__notes__"):  # the innermost module says where
                given = ", ".join(str(getattr(x, "shape", type(x).__name__)) for x in inputs)
                error.add_note(f"in {type(self).__name__}, which was given {given}")
            raise

    def forward(self, *inputs):
        raise NotImplementedError(f"{type(self).__name__} has no forward method")

    def extra_repr(self):
        """The settings that `repr` shows; a subclass may say which."""
        return ""

    def __repr__(self):
        """The class with its settings and the modules below it."""
        settings, below = self.extra_repr(), self._repr_below()
        if below:
            lines = (*settings.splitlines(), *(f"({name}): {text}" for name, text in below))
            settings = "".join("\n  " + line.replace("\n", "\n  ") for line in lines) + "\n"
        return f"{type(self).__name__}({settings})"

    def _repr_below(self):
        return [(name, repr(module)) for name, module in self._own(Module)]

    # ---- registering under a name made up while running

    def register_parameter(self, name, param):
        """The same as `self.name = param`."""
        self._register(name, param, Parameter)

    def register_buffer(self, name, tensor, persistent=True):
        """A tensor that belongs to the module but is not learned; in the state_dict if
        `persistent`.
        """
        self._register(name, tensor, Tensor)
        self._buffers[name] = persistent

    def add_module(self, name, module):
        """The same as `self.name = module`."""
        self._register(name, module, Module)

    def _register(self, name, value, kind):
        if not name or "." in name or not isinstance(getattr(self, name, None), (kind, type(None))):
            raise KeyError(f"{name!r} is empty, has a dot or is taken")
        if not isinstance(value, (kind, type(None))):
            raise TypeError(
                f"{name!r} must be a {kind.__name__} or None, not {type(value).__name__}"
            )
        setattr(self, name, value)

    # ---- finding by kind

    def _own(self, kind):
        """(name, attribute) of this module alone, for the parameters or the modules right below."""
        return [(name, x) for name, x in vars(self).items() if isinstance(x, kind)]

    def _own_buffers(self):
        return [
            (name, vars(self)[name]) for name in self._buffers if vars(self).get(name) is not None
        ]

    def _own_state(self):
        return self._own(Parameter) + [
            (name, x) for name, x in self._own_buffers() if self._buffers[name]
        ]

    def named_children(self):
        """(name, module) for the modules right below; a shared one once."""
        first = {}
        for name, module in self._own(Module):
            first.setdefault(module, name)
        return ((name, module) for module, name in first.items())

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        """(dotted name, module) for this module, named "", and all below; a shared one once."""
        memo = set() if memo is None else memo
        if self not in memo:
            if remove_duplicate:
                memo.add(self)
            yield prefix, self
            for name, module in self._own(Module):
                yield from module.named_modules(
                    memo, f"{prefix}.{name}".lstrip("."), remove_duplicate
                )

    def _named(self, own, prefix="", recurse=True, remove_duplicate=True):
        """(dotted name, tensor) for what `own(module)` lists, of this module and, if `recurse`,
        all below.
        """
        seen = set()
        for path, module in self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate):
            if recurse or module is self:
                for name, tensor in own(module):
                    if not (remove_duplicate and tensor in seen):
                        seen.add(tensor)
                        yield f"{path}.{name}".lstrip("."), tensor

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """(dotted name, parameter); a shared one once, under its first name."""
        return self._named(lambda module: module._own(Parameter), prefix, recurse, remove_duplicate)

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """(dotted name, buffer); a shared one once."""
        return self._named(Module._own_buffers, prefix, recurse, remove_duplicate)

    def children(self):
        return (module for _, module in self.named_children())

    def modules(self):
        return (module for _, module in self.named_modules())

    def parameters(self, recurse=True):
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def buffers(self, recurse=True):
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    # ---- saving and loading

    def state_dict(self):
        """{dotted name: tensor} of parameters and persistent buffers; a shared one under each of
        its names.

        The tensors share memory with the module: `clone` them to keep their present values.
        """
        return {
            name: x.detach() for name, x in self._named(Module._own_state, remove_duplicate=False)
        }

    @no_grad()
    def load_state_dict(self, state_dict, strict=True):
        """Copy the values of `state_dict` into this module. Returns (missing_keys,
        unexpected_keys).

        Raises RuntimeError, before anything is changed, for a tensor of another shape and, if
        `strict`, for names that are missing or unexpected.
        """
        own = dict(self._named(Module._own_state, remove_duplicate=False))
        common = [name for name in own if name in state_dict]
        keys = IncompatibleKeys(
            [name for name in own if name not in state_dict],
            [name for name in state_dict if name not in own],
        )
        errors = [
            f"{kind} in state_dict: {', '.join(names)}"
            for kind, names in zip(("Missing key(s)", "Unexpected key(s)"), keys)
            if names and strict
        ]
        shapes = {name: (tuple(state_dict[name].shape), own[name].shape) for name in common}
        errors += [
            f"size mismatch for {name}: {given} in state_dict, {expected} here"
            for name, (given, expected) in shapes.items()
            if given != expected
        ]
        if errors:
            raise RuntimeError(
                "\n  ".join([f"cannot load state_dict into {type(self).__name__}", *errors])
            )
        for name in common:
            own[name]._write(state_dict[name])
        return keys

    # ---- changing all at once

    def train(self, mode=True):
        """Switch on or off what is done only while training (dropout), here and below."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self):
        return self.train(False)

    def apply(self, fn):
        """Call fn(module) for all modules below, then for this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def to(self, *target, dtype=None, device=None, non_blocking=False):
        """Convert floating point parameters, their gradients, and buffers to a dtype, in place.
        The device is the CPU.

        target: a dtype, a device, both, or a tensor whose dtype is taken.
        """
        for given in target:
            if isinstance(given, (str, Device)):
                device = given
            elif given is not None and not isinstance(given, bool):
                dtype = given.dtype if isinstance(given, Tensor) else given
        check_device(device)
        if dtype is None:
            return self
        if as_dtype(dtype).kind != "f":
            raise TypeError(f"modules can be converted to float32 or float64, not {dtype}")
        for tensor in (*self.parameters(), *self.buffers()):
            for x in (tensor, tensor.grad):
                if x is not None and x.is_floating_point():
                    x._data = x._data.astype(as_dtype(dtype))
        return self

    def cpu(self):
        return self

    def type(self, dst_type):
        return self.to(dst_type)

    def float(self):
        return self.to(float32)

    def double(self):
        return self.to(float64)

    def requires_grad_(self, requires_grad=True):
        """Freeze (False) or unfreeze all parameters."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none=True):
        """Forget all gradients, or set them to zero."""
        zero_grad(self.parameters(), set_to_none)


def zero_grad(parameters, set_to_none):
    for parameter in parameters:
        if set_to_none:
            parameter.grad = None
        elif parameter.grad is not None:
            parameter.grad.zero_()

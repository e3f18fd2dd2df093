"""Layers: a Module keeps parameters, buffers and other modules as attributes and finds them all by name."""
import math
from collections import namedtuple

from minitorch import creation, random
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.recording import no_grad
from minitorch.tensor import Tensor, float32, float64

IncompatibleKeys = namedtuple("IncompatibleKeys", "missing_keys unexpected_keys")


class Parameter(Tensor):
    """A tensor to be learned: it requires a gradient, and a Module that has it as an attribute lists it."""

    __slots__ = ()

    def __init__(self, data, requires_grad=True):
        super().__init__(data._data, requires_grad)

    def __repr__(self):
        return f"Parameter containing:\n{super().__repr__()}"


class Module:
    """The base of layers and models. A subclass calls `super().__init__()` first and defines `forward`."""

    def __init__(self):
        self._buffers = {}                                                        # name: persistent or not
        self.training = True

    def __setattr__(self, name, value):
        """A parameter, buffer or module can only be replaced by its like, or by None."""
        if "_buffers" not in vars(self) and isinstance(value, (Parameter, Module)):
            raise AttributeError(f"{type(self).__name__}: call super().__init__() before setting {name!r}")
        old = vars(self).get(name)
        kind = next((kind for kind in (Parameter, Module) if isinstance(old, kind)),
                    Tensor if name in vars(self).get("_buffers", ()) else object)
        if not isinstance(value, (kind, type(None))):
            raise TypeError(f"{name!r} must be a {kind.__name__} or None, not {type(value).__name__}")
        object.__setattr__(self, name, value)

    def __call__(self, *inputs, **options):
        return self.forward(*inputs, **options)

    def forward(self, *inputs):
        raise NotImplementedError(f"{type(self).__name__} has no forward method")

    def __repr__(self):
        """The class with its settings, or with the modules below it."""
        settings = [f"{name}={x!r}" for name, x in vars(self).items()
                    if isinstance(x, (int, float, str, tuple)) and name != "training"]
        below = [f"\n  ({name}): " + repr(x).replace("\n", "\n  ") for name, x in self._own(Module)]
        inside = "".join(below) + "\n" if below else ", ".join(settings)
        return f"{type(self).__name__}({inside})"

    # ---- registering under a name made up while running

    def register_parameter(self, name, param):
        """The same as `self.name = param`."""
        self._register(name, param, Parameter)

    def register_buffer(self, name, tensor, persistent=True):
        """A tensor that belongs to the module but is not learned; in the state_dict if `persistent`."""
        self._register(name, tensor, Tensor)
        self._buffers[name] = persistent

    def add_module(self, name, module):
        """The same as `self.name = module`."""
        self._register(name, module, Module)

    def _register(self, name, value, kind):
        if not name or "." in name or not isinstance(getattr(self, name, None), (kind, type(None))):
            raise KeyError(f"{name!r} is empty, has a dot or is taken")
        if not isinstance(value, (kind, type(None))):
            raise TypeError(f"{name!r} must be a {kind.__name__} or None, not {type(value).__name__}")
        setattr(self, name, value)

    # ---- finding by kind

    def _own(self, kind):
        """(name, attribute) of this module alone, for the parameters or the modules right below."""
        return [(name, x) for name, x in vars(self).items() if isinstance(x, kind)]

    def _own_buffers(self):
        return [(name, vars(self)[name]) for name in self._buffers if vars(self).get(name) is not None]

    def _own_state(self):
        return self._own(Parameter) + [(name, x) for name, x in self._own_buffers() if self._buffers[name]]

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
                yield from module.named_modules(memo, f"{prefix}.{name}".lstrip("."), remove_duplicate)

    def _named(self, own, prefix="", recurse=True, remove_duplicate=True):
        """(dotted name, tensor) for what `own(module)` lists, of this module and, if `recurse`, all below."""
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
        """{dotted name: tensor} of parameters and persistent buffers; a shared one under each of its names.

        The tensors share memory with the module: `clone` them to keep their present values.
        """
        return {name: x.detach() for name, x in self._named(Module._own_state, remove_duplicate=False)}

    @no_grad()
    def load_state_dict(self, state_dict, strict=True):
        """Copy the values of `state_dict` into this module. Returns (missing_keys, unexpected_keys).

        Raises RuntimeError, before anything is changed, for a tensor of another shape and, if `strict`, for
        names that are missing or unexpected.
        """
        own = dict(self._named(Module._own_state, remove_duplicate=False))
        common = [name for name in own if name in state_dict]
        keys = IncompatibleKeys([name for name in own if name not in state_dict],
                                [name for name in state_dict if name not in own])
        errors = [f"{kind} in state_dict: {', '.join(names)}"
                  for kind, names in zip(("Missing key(s)", "Unexpected key(s)"), keys) if names and strict]
        shapes = {name: (tuple(state_dict[name].shape), own[name].shape) for name in common}
        errors += [f"size mismatch for {name}: {given} in state_dict, {expected} here"
                   for name, (given, expected) in shapes.items() if given != expected]
        if errors:
            raise RuntimeError("\n  ".join([f"cannot load state_dict into {type(self).__name__}", *errors]))
        for name in common:
            own[name]._write(state_dict[name])
        return keys

    # ---- changing all at once

    def train(self, mode=True):
        """Switch the behaviour while training (dropout) on or off, here and below."""
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

    def to(self, dtype):
        """Convert floating point parameters, their gradients, and buffers to `dtype`, in place."""
        if dtype not in (float32, float64):
            raise TypeError(f"modules can be converted to float32 or float64, not {dtype}")
        for tensor in (*self.parameters(), *self.buffers()):
            for x in (tensor, tensor.grad):
                if x is not None and x.is_floating_point():
                    x._data = x._data.astype(dtype)
        return self

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


# ---------------------------------------------------------------- layers with parameters

class Linear(Module):
    """x W^T + b: (..., in_features) -> (..., out_features). W, b start in U(-k, k), k^2 = 1 / in_features."""

    def __init__(self, in_features, out_features, bias=True, *, dtype=None):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(creation.empty(out_features, in_features, dtype=dtype))
        self.bias = Parameter(creation.empty(out_features, dtype=dtype)) if bias else None
        k = 1 / math.sqrt(max(1, in_features))
        for parameter in self.parameters():
            init.uniform_(parameter, -k, k)

    def forward(self, input):
        return F.linear(input, self.weight, self.bias)


class Embedding(Module):
    """A table with one row for each id: (...) -> (..., embedding_dim). It starts from N(0, 1)."""

    def __init__(self, num_embeddings, embedding_dim, *, dtype=None):
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.weight = Parameter(random.randn(num_embeddings, embedding_dim, dtype=dtype))

    def forward(self, input):
        return F.embedding(input, self.weight)


class LayerNorm(Module):
    """Mean 0 and variance 1 over the last dimensions, `normalized_shape`; then times weight plus bias."""

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, *, dtype=None):
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self.weight = Parameter(creation.ones(*shape, dtype=dtype)) if elementwise_affine else None
        self.bias = Parameter(creation.zeros(*shape, dtype=dtype)) if elementwise_affine and bias else None

    def forward(self, input):
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)


class RMSNorm(Module):
    """Mean square 1 over the last dimensions, `normalized_shape`; then times weight."""

    def __init__(self, normalized_shape, eps=None, elementwise_affine=True, *, dtype=None):
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self.weight = Parameter(creation.ones(*shape, dtype=dtype)) if elementwise_affine else None

    def forward(self, input):
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)


# ---------------------------------------------------------------- layers without

class Dropout(Module):
    """While training, zeros each element with probability p and divides the others by 1 - p."""

    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"the dropout probability must be between 0 and 1, got {p}")
        self.p = p

    def forward(self, input):
        return F.dropout(input, self.p, self.training)


class GELU(Module):
    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input):
        return F.gelu(input, self.approximate)


class ReLU(Module):
    def forward(self, input):
        return F.relu(input)


class SiLU(Module):
    def forward(self, input):
        return F.silu(input)


class Identity(Module):
    """Hands its input on; takes any arguments."""

    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, input):
        return input


# ---------------------------------------------------------------- containers

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
        named = modules[0].items() if modules and isinstance(modules[0], dict) else enumerate(modules)
        for name, module in named:
            self.add_module(str(name), module)

    def __getitem__(self, index):
        return Sequential(dict(self._own(Module)[index])) if isinstance(index, slice) else list(self)[index]

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

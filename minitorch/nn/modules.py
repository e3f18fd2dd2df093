"""Layers: a Module holds parameters, buffers and other modules as attributes, and finds them all again by name."""
import math
from typing import NamedTuple

from minitorch import creation
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.tensor import Tensor, float32, float64, no_grad


class Parameter(Tensor):
    """A tensor to be learned: it requires a gradient, and a Module that has it as an attribute lists it."""

    __slots__ = ()

    def __init__(self, data, requires_grad=True):
        super().__init__(data._data, requires_grad)

    def __repr__(self):
        return f"Parameter containing:\n{super().__repr__()}"


class LoadedKeys(NamedTuple):
    """What `load_state_dict` did not find, and what it found too much."""
    missing_keys: list
    unexpected_keys: list


class Module:
    """The base of all layers and models. A subclass calls `super().__init__()` first and defines `forward`."""

    def __init__(self):
        self._buffers = {}                                                        # name: persistent or not
        self.training = True

    def __setattr__(self, name, value):
        """A parameter, buffer or module may be replaced by its like or by None only; anything else is a mistake."""
        if "_buffers" not in vars(self) and isinstance(value, (Parameter, Module)):
            raise AttributeError(f"call super().__init__() in {type(self).__name__}.__init__ before assigning {name!r}")
        old = vars(self).get(name)
        kind = next((kind for kind in (Parameter, Module) if isinstance(old, kind)),
                    Tensor if name in vars(self).get("_buffers", ()) else object)
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"cannot assign {type(value).__name__} to {name!r} (a {kind.__name__} or None expected)")
        object.__setattr__(self, name, value)

    def forward(self, *inputs):
        raise NotImplementedError(f"{type(self).__name__} has no forward method")

    def __call__(self, *inputs, **options):
        return self.forward(*inputs, **options)

    # ---- registering and finding

    def register_parameter(self, name, param):
        """The same as `self.name = param`; None says that there is none."""
        self._register(name, param, Parameter)

    def register_buffer(self, name, tensor, persistent=True):
        """A tensor that belongs to the state but is not learned; left out of the state_dict unless persistent."""
        self._register(name, tensor, Tensor)
        self._buffers[name] = persistent

    def add_module(self, name, module):
        """The same as `self.name = module`, for names that are made up while running."""
        self._register(name, module, Module)

    def _register(self, name, value, kind):
        if not name or "." in name or not isinstance(getattr(self, name, None), (kind, type(None))):
            raise KeyError(f"{name!r} is empty, has a dot or is already an attribute of {type(self).__name__}")
        if not isinstance(value, (kind, type(None))):
            raise TypeError(f"cannot register {type(value).__name__} as {name!r} ({kind.__name__} or None expected)")
        setattr(self, name, value)

    def named_children(self):
        """(name, module) for each module directly below this one; a shared one once."""
        seen = set()
        for name, module in vars(self).items():
            if isinstance(module, Module) and module not in seen:
                seen.add(module)
                yield name, module

    def children(self):
        return (module for _, module in self.named_children())

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        """(dotted name, module) for this module, named "", and all below; a shared one once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in vars(self).items():
            if isinstance(module, Module):
                yield from module.named_modules(memo, _joined(prefix, name), remove_duplicate)

    def modules(self):
        return (module for _, module in self.named_modules())

    def _named(self, own, prefix, recurse, remove_duplicate):
        """(dotted name, tensor) for what `own` finds in this module and, if `recurse`, in all below."""
        seen = set()
        for path, module in self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate):
            for name, tensor in own(module):
                if tensor not in seen:
                    yield _joined(path, name), tensor
                if remove_duplicate:
                    seen.add(tensor)
            if not recurse:
                break

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """(dotted name, parameter) for all parameters; one that is shared comes once, under its first name."""
        return self._named(Module._own_parameters, prefix, recurse, remove_duplicate)

    def parameters(self, recurse=True):
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """(dotted name, buffer) for all buffers."""
        return self._named(Module._own_buffers, prefix, recurse, remove_duplicate)

    def buffers(self, recurse=True):
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def _own_parameters(self):
        return [(name, x) for name, x in vars(self).items() if isinstance(x, Parameter)]

    def _own_buffers(self):
        return [(name, vars(self)[name]) for name in self._buffers if vars(self).get(name) is not None]

    # ---- saving and loading

    def _own_state(self):
        return self._own_parameters() + [(name, x) for name, x in self._own_buffers() if self._buffers[name]]

    def state_dict(self):
        """{dotted name: tensor} of all parameters and persistent buffers; a shared one under each of its names.

        The tensors share memory with the module: `clone` them to keep their present values.
        """
        return {name: tensor.detach() for name, tensor in self._named(Module._own_state, "", True, False)}

    @no_grad()
    def load_state_dict(self, state_dict, strict=True):
        """Copy the values of `state_dict` into this module. Returns (missing_keys, unexpected_keys).

        Raises RuntimeError, before anything is changed, for a tensor of another shape, and if `strict` for names
        that are missing or unexpected.
        """
        own = dict(self._named(Module._own_state, "", True, False))
        keys = LoadedKeys([name for name in own if name not in state_dict], [name for name in state_dict if name not in own])
        errors = [f"size mismatch for {name}: {tuple(state_dict[name].shape)} in the state_dict, {tensor.shape} here"
                  for name, tensor in own.items()
                  if name in state_dict and tuple(state_dict[name].shape) != tensor.shape]
        if strict:
            errors += [f"{kind} in state_dict: {', '.join(names)}"
                       for kind, names in zip(("Missing key(s)", "Unexpected key(s)"), keys) if names]
        if errors:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n  " + "\n  ".join(errors))
        for name, tensor in own.items():
            if name in state_dict:
                tensor._write(state_dict[name])
        return keys

    # ---- changing all at once

    def train(self, mode=True):
        """Switch training behaviour (dropout) on or off, here and below."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self):
        return self.train(False)

    def apply(self, fn):
        """Call fn(module) for all modules below and then for this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def to(self, dtype):
        """Convert floating point parameters, with their gradients, and buffers to `dtype`, in place."""
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

    def zero_grad(self, set_to_none=True):
        """Forget all gradients, or set them to zero."""
        zero_gradients(self.parameters(), set_to_none)

    def requires_grad_(self, requires_grad=True):
        """Freeze (False) or unfreeze all parameters."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def extra_repr(self):
        """What stands between the brackets of the repr."""
        return ""

    def __repr__(self):
        lines = [f"({name}): " + repr(x).replace("\n", "\n  ") for name, x in vars(self).items() if isinstance(x, Module)]
        if not lines:
            return f"{type(self).__name__}({self.extra_repr()})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"


def _joined(path, name):
    return f"{path}.{name}" if path else name


def zero_gradients(parameters, set_to_none):
    for parameter in parameters:
        if set_to_none:
            parameter.grad = None
        elif parameter.grad is not None:
            parameter.grad._data[...] = 0


# ---------------------------------------------------------------- layers with parameters

class Linear(Module):
    """x W^T + b: (..., in_features) -> (..., out_features). W and b start in U(-k, k), k = 1 / sqrt(in_features)."""

    def __init__(self, in_features, out_features, bias=True, *, dtype=None):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(creation.empty(out_features, in_features, dtype=dtype))
        self.bias = Parameter(creation.empty(out_features, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self):
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))                        # sqrt(2 / 6) sqrt(3 / in) = k
        if self.bias is not None:
            k = 1 / math.sqrt(self.in_features) if self.in_features else 0
            init.uniform_(self.bias, -k, k)

    def forward(self, input):
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self):
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Embedding(Module):
    """A table with one row for each id: (...) -> (..., embedding_dim). It starts from N(0, 1)."""

    def __init__(self, num_embeddings, embedding_dim, *, dtype=None):
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.weight = Parameter(creation.empty(num_embeddings, embedding_dim, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self):
        init.normal_(self.weight)

    def forward(self, input):
        return F.embedding(input, self.weight)

    def extra_repr(self):
        return f"{self.num_embeddings}, {self.embedding_dim}"


class _Norm(Module):
    """What LayerNorm and RMSNorm share: weight 1 and bias 0 of `normalized_shape`, the last dimensions."""

    def __init__(self, normalized_shape, eps, elementwise_affine, bias, dtype):
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self.weight = Parameter(creation.ones(*self.normalized_shape, dtype=dtype)) if elementwise_affine else None
        if bias is not None:
            self.bias = Parameter(creation.zeros(*self.normalized_shape, dtype=dtype)) if bias else None

    def extra_repr(self):
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class LayerNorm(_Norm):
    """Mean 0 and variance 1 over the last dimensions, then times weight plus bias."""

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, *, dtype=None):
        super().__init__(normalized_shape, eps, elementwise_affine, elementwise_affine and bias, dtype)

    def forward(self, input):
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)


class RMSNorm(_Norm):
    """Mean square 1 over the last dimensions, then times weight."""

    def __init__(self, normalized_shape, eps=None, elementwise_affine=True, *, dtype=None):
        super().__init__(normalized_shape, eps, elementwise_affine, None, dtype)

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

    def extra_repr(self):
        return f"p={self.p}"


class GELU(Module):
    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input):
        return F.gelu(input, self.approximate)

    def extra_repr(self):
        return f"approximate={self.approximate!r}"


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
    """Modules in a list, named 0, 1, 2, ..."""

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

    def _all(self):
        return [x for x in vars(self).values() if isinstance(x, Module)]

    def __len__(self):
        return len(self._all())

    def __iter__(self):
        return iter(self._all())

    def __getitem__(self, index):
        return ModuleList(self._all()[index]) if isinstance(index, slice) else self._all()[index]


class Sequential(ModuleList):
    """Modules applied one after the other, given in order or as one dict with their names."""

    def __init__(self, *modules):
        Module.__init__(self)
        named = modules[0] if len(modules) == 1 and isinstance(modules[0], dict) else dict(zip(map(str, range(len(modules))), modules))
        for name, module in named.items():
            self.add_module(name, module)

    def __getitem__(self, index):
        return Sequential(*self._all()[index]) if isinstance(index, slice) else self._all()[index]

    def forward(self, input):
        for module in self:
            input = module(input)
        return input


class ModuleDict(Module):
    """Modules by name."""

    def __init__(self, modules=None):
        super().__init__()
        self.update(modules or {})

    def update(self, modules):
        for name, module in modules.items():
            self[name] = module

    def __setitem__(self, name, module):
        self.add_module(name, module)

    def _all(self):
        return {name: x for name, x in vars(self).items() if isinstance(x, Module)}

    def __getitem__(self, name):
        return self._all()[name]

    def __contains__(self, name):
        return name in self._all()

    def __len__(self):
        return len(self._all())

    def __iter__(self):
        return iter(self._all())

    def keys(self):
        return self._all().keys()

    def values(self):
        return self._all().values()

    def items(self):
        return self._all().items()

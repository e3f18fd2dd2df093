"""Tensor: an array that remembers how it was made. The names and what they do are PyTorch's.

What is missing here is missing on purpose; what is here must not differ.
"""

import numpy as np

from minitorch.dtypes import DTYPES, float32
from minitorch.graph import add_gradient, backward
from minitorch.views import follow_base
from minitorch.watch import mark_as_changed, same_memory, unwatched


def wrap(data, requires_grad=False, tensor=None):
    """A tensor (a new one, unless given) around an array or number of one of the DTYPES."""
    if type(data) is not np.ndarray:
        data = np.asarray(data)
    if data.dtype is not float32 and data.dtype not in DTYPES:
        raise TypeError(
            f"minitorch tensors are float32, float64, int64, int32 or bool, not {data.dtype}; "
            "convert the array first, e.g. array.astype('float32')"
        )
    if tensor is None:
        tensor = Tensor.__new__(Tensor)
    tensor._data = data
    tensor._node = tensor._base = tensor._grad = None
    tensor._requires_grad = False
    return tensor.requires_grad_() if requires_grad else tensor


class Tensor:
    """An array that can remember how it was computed. Make one with `tensor`, `zeros`, `randn`, ...

    Attributes: `grad`, a Tensor or None, filled by `backward` for leaves that require a gradient.
    """

    __slots__ = ("_data", "_node", "_base", "_requires_grad", "_grad")
    __array_ufunc__ = None  # NumPy must not take over `array * tensor`
    __hash__ = object.__hash__  # == compares elements, so tensors are hashed by identity

    def __init__(self, data=(), *sizes):
        """PyTorch's old form: float32 numbers from lists and arrays, float32 arrays shared."""
        if sizes or not isinstance(data, (list, tuple, np.ndarray, Tensor)):
            raise TypeError(
                "Tensor takes lists and arrays: torch.empty(2, 3) is for shapes, torch.tensor(2) "
                "for numbers"
            )
        array = data._data if isinstance(data, Tensor) else np.asarray(data, float32)
        wrap(array, tensor=self)

    shape = property(lambda self: self._data.shape, doc="Sizes of all dimensions, a tuple.")
    dtype = property(lambda self: self._data.dtype)
    ndim = property(lambda self: self._data.ndim)
    is_leaf = property(
        lambda self: self.grad_fn is None, doc="True unless made by a recorded operation."
    )

    @property
    def grad_fn(self):
        """The recorded operation that made this tensor, or None."""
        if self._base is not None:
            follow_base(self)  # it may have been changed in place
        return self._node

    @property
    def data(self):
        """The same values in the same memory, unrecorded and unwatched. x.data = y is allowed."""
        return wrap(unwatched(self._data))

    @data.setter
    def data(self, other):
        if not isinstance(other, Tensor):
            raise TypeError(f"x.data = y needs a tensor y, not {type(other).__name__}")
        if self.requires_grad and other.dtype.kind != "f":
            raise RuntimeError(
                f"x.data = y for an x that requires grad needs floats, got {other.dtype}"
            )
        if not same_memory(other._data, self._data):  # x.data -= y has changed it already
            self._data = other._data

    @property
    def requires_grad(self):
        return self._requires_grad or self.grad_fn is not None

    @requires_grad.setter
    def requires_grad(self, value):
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad=True):
        """Ask for gradients with respect to this leaf, in place."""
        if requires_grad and self._data.dtype.kind != "f":
            raise RuntimeError(
                f"only tensors of floating point dtype can require gradients, not {self.dtype}"
            )
        if not requires_grad and self.grad_fn is not None:
            raise RuntimeError("requires_grad can only be switched off for leaves; use detach()")
        self._requires_grad = bool(requires_grad)
        return self

    def backward(self, gradient=None, retain_graph=False, create_graph=False):
        """Add to `.grad` of every leaf the gradient of this scalar (or of this times `gradient`).

        The graph is freed on the way unless `retain_graph`. Raises RuntimeError when nothing was
        recorded, when it was freed already, or when the tensor is no scalar and `gradient` is
        missing or has another shape.
        """
        if not self.requires_grad:
            raise RuntimeError(
                "this tensor does not require grad and was not made from one that does"
            )
        if gradient is None and self._data.size != 1:
            raise RuntimeError(
                f"backward() without a gradient needs a scalar, this tensor has shape {self.shape}"
            )
        if create_graph:
            raise NotImplementedError("create_graph: minitorch has no derivatives of gradients")
        if not isinstance(gradient, (Tensor, type(None))):
            raise TypeError(f"gradient must be a tensor or None, not {type(gradient).__name__}")
        seed = np.ones_like(self._data) if gradient is None else gradient._data
        if seed.shape != self.shape:
            raise RuntimeError(
                f"gradient has shape {seed.shape}, the tensor {self.shape}: they must be equal"
            )
        if self.is_leaf:
            self._accumulate(seed)
        else:
            for leaf in backward(self._node, seed, retain_graph):
                mark_as_changed(leaf.grad._data)

    def _accumulate(self, grad):
        if self.grad is None:
            self.grad = wrap(np.zeros(self.shape, self.dtype))
        add_gradient(self.grad._data, grad)

    def detach(self):
        """The same values (sharing memory), cut off from the graph."""
        return wrap(self._data)

    def __getstate__(self):
        """What pickle and deepcopy take along: of a leaf, all but the base that it is a view of."""
        if not self.is_leaf:
            raise RuntimeError("only leaves can be copied or pickled: use x.detach().clone()")
        slots = {name: getattr(self, name) for name in Tensor.__slots__}
        return getattr(self, "__dict__", None), slots | {"_base": None}

    def numpy(self):
        """The values as an array that shares memory. RuntimeError when a gradient is required."""
        if self.requires_grad:
            raise RuntimeError("this tensor requires grad: use tensor.detach().numpy()")
        return self._data

    def __array__(self, dtype=None, copy=None):
        return np.array(self.numpy(), dtype=dtype, copy=True if copy else None)

    def item(self):
        """The one value as a Python number. Raises RuntimeError for more or fewer than one."""
        if self._data.size != 1:
            raise RuntimeError(
                f"a tensor of shape {self.shape} has {self._data.size} elements, item() needs one"
            )
        return self._data.item()

    def __format__(self, spec):
        return format(self.item(), spec) if not self.ndim else object.__format__(self, spec)

    def tolist(self):
        return self._data.tolist()

    def size(self, dim=None):
        return self.shape if dim is None else self.shape[dim]

    def dim(self):
        return self.ndim

    def numel(self):
        return self._data.size

    nelement, ndimension = numel, dim

    def is_floating_point(self):
        return self._data.dtype.kind == "f"

    def is_contiguous(self):
        return self._data.flags.c_contiguous

    def __len__(self):
        if self.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return len(self._data)

    def __iter__(self):
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __bool__(self):
        if self._data.size != 1:
            raise RuntimeError(
                f"the truth of a tensor of shape {self.shape} is ambiguous: use .any() or .all()"
            )
        return bool(self._data)

    def __float__(self):
        return float(self.item())

    def __int__(self):
        return int(self.item())

    def __index__(self):
        if self._data.dtype.kind not in "bi" or self._data.size != 1:
            raise TypeError(
                f"only one integer can be used as an index, not {self.dtype} of shape {self.shape}"
            )
        return self._data.item()

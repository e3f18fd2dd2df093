"""The core of the engine: a tensor that remembers how it was made, and the walk back that finds gradients.

In reading order: the switch that turns recording on and off, `Node` (one recorded operation), `backward` (the
chain rule over the whole graph) and `Tensor` (an array and the node that made it). How a function on arrays becomes
a recorded operation stands in operation.py; everything else in minitorch is operations.

Names and behaviour are PyTorch's. What is missing here is missing on purpose; what is here must not differ.
"""
import contextlib
import threading
from typing import NamedTuple

import numpy as np

bool_, int64, float32, float64 = DTYPES = tuple(map(np.dtype, ("bool", "int64", "float32", "float64")))
KINDS = (0, 1, 2, 2)                            # of each dtype: truth values < integers < floating point


# ---------------------------------------------------------------- recording on and off

class _GradMode(threading.local):
    enabled = True


_mode = _GradMode()


def is_grad_enabled():
    """Whether operations are being recorded in this thread."""
    return _mode.enabled


@contextlib.contextmanager
def _recording(enabled):
    before, _mode.enabled = _mode.enabled, enabled
    try:
        yield
    finally:
        _mode.enabled = before


def no_grad():
    """`with no_grad():` or `@no_grad()`: nothing inside is recorded. Each thread has its own switch."""
    return _recording(False)


def enable_grad():
    """Record again inside a `no_grad` block."""
    return _recording(True)


# ---------------------------------------------------------------- the graph

class Node:
    """One recorded operation: where the gradient of its output goes next, and how it changes on the way.

    `targets[n]` is what made input n: another Node, a leaf Tensor, or None when that input needs no gradient.
    `backwards` holds one function for each input, or a single one that returns all the gradients together.
    """

    __slots__ = ("name", "shape", "dtype", "targets", "backwards", "leaves")

    def __init__(self, name, out, targets, backwards):
        self.name, self.shape, self.dtype = name, out.shape, out.dtype
        self.targets, self.backwards = targets, backwards
        self.leaves = [(t, t._version) for t in targets if t is not None and type(t) is not Node]

    def __repr__(self):
        return f"<{self.name}>"

    def gradients(self, grad):
        """Pairs (target, gradient of the loss with respect to that input), given that of the output."""
        if self.backwards is None:
            raise RuntimeError(f"backward a second time through '{self.name}', whose graph was freed by the first. "
                               "Call backward(retain_graph=True) the first time, or compute the loss again.")
        for leaf, version in self.leaves:
            if leaf._version != version:
                raise RuntimeError(f"a tensor of shape {leaf.shape} needed for the gradient of '{self.name}' was "
                                   "modified in place after it was used. Call backward() before updating it.")
        if len(self.backwards) == 1:
            grads = self.backwards[0](grad)
            grads = grads if type(grads) is tuple else (grads,)
        else:
            grads = [back(grad) if target is not None else None for target, back in zip(self.targets, self.backwards)]
        for target, g in zip(self.targets, grads):
            if type(g) is Part:
                yield target, g
            elif target is not None and g is not None:
                g = unbroadcast(g, target.shape)
                yield target, g if g.dtype is target.dtype else g.astype(target.dtype)


class Part(NamedTuple):
    """The gradient of a slice: `grad` at `index`, zero elsewhere. Many slices of one tensor then cost one pass."""
    index: object
    grad: np.ndarray


def source(x):
    """What receives the gradient of a tensor: the node that made it, the leaf itself, or None."""
    return x._node or (x if x._requires_grad else None)


def unbroadcast(grad, shape):
    """Sum a gradient over the axes along which an input of `shape` was broadcast."""
    if grad.shape == shape:
        return grad
    front = grad.ndim - len(shape)                                                # axes that were put in front
    stretched = [front + axis for axis, size in enumerate(shape) if size != grad.shape[front + axis]]
    return grad.sum(axis=(*range(front), *stretched)).reshape(shape)


def _topological_order(root):
    """All nodes below `root`, each after everything it was made from. No recursion: graphs can be very deep."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, inputs_done = stack.pop()
        if inputs_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((target, False) for target in node.targets if isinstance(target, Node))
    return order


def backward(root, gradient, retain_graph=False, receive=lambda leaf, grad: leaf._accumulate(grad)):
    """Carry `gradient` (an array) from the node `root` back to every leaf: the chain rule, once for each node.

    `receive` is handed each leaf and its gradient, once for every way that leads there.
    """
    grads, own = {root: gradient}, set()                                          # own: sums nobody else holds
    for node in reversed(_topological_order(root)):
        grad = grads.pop(node, None)
        if grad is None:
            continue
        for target, g in node.gradients(grad):
            if isinstance(target, Tensor):
                receive(target, g)
            elif target not in grads and type(g) is not Part:
                grads[target] = g                                                 # perhaps shared: not to be changed
            else:
                if target not in own:
                    own.add(target)
                    grads[target] = np.array(grads[target]) if target in grads else np.zeros(target.shape, target.dtype)
                add_gradient(grads[target], g)
        if not retain_graph:
            node.backwards = None


def add_gradient(total, g):
    """Add a gradient, whole or of a part, in place."""
    if type(g) is Part:
        total[g.index] += g.grad
    else:
        total += g


# ---------------------------------------------------------------- tensors

class Tensor:
    """An n-dimensional array that can remember how it was computed. Create one with `tensor`, `zeros`, `randn`, ...

    Attributes: `grad`, a Tensor or None, filled by `backward` for leaves that require a gradient.
    """

    __slots__ = ("_data", "_node", "_requires_grad", "_version", "grad")
    __array_ufunc__ = None                      # NumPy must not take over `array * tensor`
    __hash__ = object.__hash__                  # == compares elements, so tensors are hashed by identity

    def __init__(self, data, requires_grad=False):
        self._data = data = data if type(data) is np.ndarray else np.asarray(data)
        if data.dtype is not float32 and data.dtype not in DTYPES:
            raise TypeError(f"minitorch tensors are float32, float64, int64 or bool, not {data.dtype}; "
                            "convert the array first, e.g. array.astype('float32')")
        self._node = self.grad = None
        self._version, self._requires_grad = 0, False
        if requires_grad:
            self.requires_grad_()

    shape = property(lambda self: self._data.shape, doc="Sizes of all dimensions, a tuple.")
    dtype = property(lambda self: self._data.dtype)
    ndim = property(lambda self: self._data.ndim)
    is_leaf = property(lambda self: self._node is None, doc="True unless made by a recorded operation.")
    grad_fn = property(lambda self: self._node, doc="The recorded operation that made this tensor, or None.")
    data = property(lambda self: Tensor(self._data), doc="The same values, unrecorded.")

    @property
    def requires_grad(self):
        return self._requires_grad or self._node is not None

    @requires_grad.setter
    def requires_grad(self, value):
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad=True):
        """Ask for gradients with respect to this leaf, in place."""
        if requires_grad and self._data.dtype.kind != "f":
            raise RuntimeError(f"only tensors of floating point dtype can require gradients, not {self.dtype}")
        if not requires_grad and self._node is not None:
            raise RuntimeError("requires_grad can only be switched off for leaves; use detach()")
        self._requires_grad = bool(requires_grad)
        return self

    def backward(self, gradient=None, retain_graph=False):
        """Add to `.grad` of every leaf the gradient of this tensor (a scalar, or weighted by `gradient`).

        The graph is freed on the way unless `retain_graph`. Raises RuntimeError when nothing was recorded, when it
        was freed already, or when the tensor is no scalar and `gradient` is missing or has another shape.
        """
        if not self.requires_grad:
            raise RuntimeError("this tensor does not require grad and was not made from one that does")
        if gradient is None and self._data.size != 1:
            raise RuntimeError(f"backward() without a gradient needs a scalar, this tensor has shape {self.shape}")
        seed = np.ones_like(self._data) if gradient is None else gradient._data
        if seed.shape != self.shape:
            raise RuntimeError(f"gradient has shape {seed.shape}, the tensor {self.shape}: they must be equal")
        if self._node is None:
            self._accumulate(seed)
        else:
            backward(self._node, seed, retain_graph)

    def _accumulate(self, grad):
        if self.grad is None:
            self.grad = Tensor(np.zeros(self.shape, self.dtype))
        add_gradient(self.grad._data, grad)

    def detach(self):
        """The same values (sharing memory), cut off from the graph."""
        return Tensor(self._data)

    def numpy(self):
        """The values as an array that shares memory. Raises RuntimeError when a gradient is required."""
        if self.requires_grad:
            raise RuntimeError("this tensor requires grad: use tensor.detach().numpy()")
        return self._data

    def __array__(self, dtype=None, copy=None):
        return np.array(self.numpy(), dtype=dtype, copy=True if copy else None)

    def item(self):
        """The one value as a Python number. Raises RuntimeError for more or fewer than one."""
        if self._data.size != 1:
            raise RuntimeError(f"a tensor of shape {self.shape} has {self._data.size} elements, item() needs one")
        return self._data.item()

    def tolist(self):
        return self._data.tolist()

    def size(self, dim=None):
        return self.shape if dim is None else self.shape[dim]

    def dim(self):
        return self.ndim

    def numel(self):
        return self._data.size

    def is_floating_point(self):
        return self._data.dtype.kind == "f"

    def is_contiguous(self):
        return self._data.flags.c_contiguous

    def _write(self, values, index=..., picked=()):
        """Overwrite all values, or those at x[index][picked], in place; refused where recording would be needed."""
        if is_grad_enabled() and (self.requires_grad or getattr(values, "requires_grad", False)):
            raise RuntimeError("in-place changes are not recorded: write x = x + y instead of x += y, or update "
                               "parameters inside `with no_grad():`")
        values = values._data if isinstance(values, Tensor) else np.asarray(values)
        place = self._data[index]                                                 # a view
        try:
            place[picked] = values
        except ValueError:
            raise RuntimeError(f"values of shape {values.shape} do not fit into {place[picked].shape}") from None
        self._version += 1
        return self

    def __len__(self):
        if self.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return len(self._data)

    def __iter__(self):
        return (self[index] for index in range(len(self)))

    def __bool__(self):
        if self._data.size != 1:
            raise RuntimeError(f"the truth of a tensor of shape {self.shape} is ambiguous: use .any() or .all()")
        return bool(self._data)

    def __float__(self):
        return float(self.item())

    def __int__(self):
        return int(self.item())

    def __index__(self):
        if self._data.dtype != int64 or self.ndim:
            raise TypeError("only 0-d integer tensors can be used as an index")
        return int(self._data)

    def __repr__(self):
        text = np.array2string(self._data, precision=4, separator=", ", prefix="tensor(")
        made = f", grad_fn={self._node}" if self._node else ", requires_grad=True" if self._requires_grad else ""
        kind = "" if self.dtype in (float32, int64, bool_) else f", dtype={self.dtype}"
        return f"tensor({text}{kind}{made})"

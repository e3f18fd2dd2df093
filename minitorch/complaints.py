"""What NumPy complains about, in the caller's words: PyTorch's kind of error, the operation's
name, the shapes.
"""

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minitorch.tensor import Tensor

NOT_TENSORS = (np.ndarray, list, tuple, int, float, str, type(None))


def in_pytorchs_terms(error, name, inputs):
    """The error to raise when the function on arrays of the operation `name` raised `error`."""
    shapes = [x.shape for x in inputs if isinstance(x, Tensor)]
    both = " and ".join(map(str, shapes))
    if isinstance(error, np.exceptions.AxisError):
        return _out_of_range(error, name, both)
    if isinstance(error, OverflowError):
        return RuntimeError(f"{name}: a number is too large for an integer tensor of shape {both}")
    if isinstance(error, IndexError):
        return IndexError(_in_words(error, name, both))
    if isinstance(error, TypeError) and "ufunc" in str(error):
        dtypes = " and ".join(str(x.dtype) for x in inputs if isinstance(x, Tensor))
        return TypeError(f"{name} is not defined for {dtypes}")
    if isinstance(error, (AttributeError, TypeError)):
        if inputs and not isinstance(inputs[0], Tensor) and isinstance(inputs[0], NOT_TENSORS):
            return TypeError(
                f"{name} takes tensors, got {type(inputs[0]).__name__}: "
                "wrap it in torch.tensor(...)"
            )
        return error
    if not isinstance(error, ValueError):
        return error
    if name in WRONG_SHAPE:
        return RuntimeError(f"{name}: {WRONG_SHAPE[name](both, *inputs[1:])}")
    if "broadcast" in str(error):
        return RuntimeError(
            f"{name}: shapes {both} do not fit together: counted from the last dimension, sizes "
            "must "
            "be equal, or one of them 1"
        )
    return RuntimeError(_in_words(error, name, both))


def _in_words(error, name, shapes):
    """NumPy's sentence with PyTorch's words, after the operation's name and before the shapes."""
    said = str(error).replace("axis", "dimension").replace("array is", "it is")
    said = said.replace("too many indices for array", "too many indices")
    return f"{name.strip('_')}: {said}; the inputs have shape {shapes}"


def expect_arrays(name, *operands):
    """Inside an operation: refuse numbers where PyTorch takes tensors only."""
    for x in operands:
        if not isinstance(x, np.ndarray):
            raise TypeError(f"{name} takes tensors, got {x!r}: wrap it in torch.tensor(...)")


def no_array(name, x):
    """What is no tensor goes into an operation as it is, but arrays: their dtype and what NumPy
    makes of them would be another than PyTorch's.
    """
    if type(x) is np.ndarray:
        raise TypeError(
            f"{name} takes tensors, got a NumPy array of shape {x.shape}: wrap it in "
            "torch.tensor(...)"
        )
    return x


def axis_of(name, dim, shape):
    """The number of dimension `dim`, counted from 0. A number has a dimension 0 by courtesy."""
    try:
        return normalize_axis_index(dim, len(shape) or 1)
    except np.exceptions.AxisError as error:
        raise _out_of_range(error, name, shape) from None
    except TypeError:
        raise TypeError(f"{name}: a dimension is a whole number, got {dim!r}") from None


def _out_of_range(error, name, shapes):
    ndim = error.ndim or 1
    return IndexError(
        f"{name}: dimension {error.axis} is out of range: expected {-ndim} ... {ndim - 1}, the "
        "inputs "
        f"have shape {shapes}"
    )


WRONG_SHAPE = {  # of an operation: what is wrong with its shapes and other arguments
    "matmul": lambda shapes, *_: (
        f"shapes {shapes} do not fit: the last size of the first must be the second's last but "
        "one, and the sizes before these must be equal, or one of them 1"
    ),
    "reshape": lambda shape, size: (
        f"the elements of shape {shape} cannot be put into shape {tuple(size)}"
    ),
    "expand": lambda shape, sizes: (
        f"shape {shape} cannot be expanded to {tuple(sizes)}: only sizes of 1 can, and new "
        "dimensions come in front"
    ),
    "permute": lambda shape, dims: (
        f"{tuple(dims)} does not name each dimension of shape {shape} once"
    ),
    "stack": lambda shapes, *_: f"the tensors must have one shape, got {shapes}",
    "cat": lambda shapes, *_: (
        f"shapes {shapes} differ in more than the dimension along which they are put together"
    ),
}

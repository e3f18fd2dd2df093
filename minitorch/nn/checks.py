"""What the functions of nn demand of their inputs."""
import functools

import numpy as np

from minitorch.tensor import Tensor


def expect_tensor(name, x):
    """Refuse arrays and lists where a tensor belongs."""
    if not isinstance(x, Tensor):
        what = f"a NumPy array of shape {x.shape}" if isinstance(x, np.ndarray) else f"a {type(x).__name__}"
        raise TypeError(f"{name} takes tensors, got {what}: wrap it in torch.tensor(...)")


def floats_only(function):
    """Refuse what is no tensor, integers, and floating point tensors of different precision, as PyTorch does."""
    @functools.wraps(function)
    def checked(*inputs, **options):
        first, dtypes = inputs[0], set()
        if not isinstance(first, Tensor):
            expect_tensor(function.__name__.strip("_"), first)
        for x in (*inputs, *options.values()):
            if isinstance(x, Tensor):
                dtypes.add(x.dtype)
        if len(dtypes) == 1 and first.dtype.kind == "f":
            return function(*inputs, **options)
        name, found = function.__name__.strip("_"), " and ".join(sorted(map(str, dtypes)))
        if any(dtype.kind != "f" for dtype in dtypes):
            raise NotImplementedError(f"{name} needs floating point, got {found}: use x.float()")
        raise RuntimeError(f"{name}: expected one dtype for all tensors, got {found}")
    return checked


def inplace_option(function):
    """Let a function take `inplace=True`: then its input is overwritten with the result."""
    @functools.wraps(function)
    def written(input, *args, inplace=False, **options):
        expect_tensor(function.__name__, input)
        out = function(input, *args, **options)
        return input.copy_(out) if inplace else out
    return written


def check_ids(name, ids, size):
    """Refuse ids (an array) outside 0 ... size - 1."""
    if ids.size and not 0 <= ids.min() <= ids.max() < size:
        raise IndexError(f"{name}: ids must be 0 ... {size - 1}, got {ids.min()} ... {ids.max()}")

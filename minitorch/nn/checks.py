"""What the functions of nn demand of their inputs."""

import functools
import inspect

import numpy as np

from minitorch.tensor import Tensor


def expect_tensor(name, x):
    """Refuse arrays and lists where a tensor belongs."""
    if not isinstance(x, Tensor):
        what = (
            f"a NumPy array of shape {x.shape}"
            if isinstance(x, np.ndarray)
            else f"a {type(x).__name__}"
        )
        raise TypeError(f"{name} takes tensors, got {what}: wrap it in torch.tensor(...)")


def floats_only(function):
    """Refuse what is no tensor, integers, and floating point tensors of different precision, as
    PyTorch does.
    """
    name = function.__name__.strip("_")

    @functools.wraps(function)
    def checked(*inputs, **options):
        if not isinstance(inputs[0], Tensor):
            expect_tensor(name, inputs[0])
        dtype, given = inputs[0].dtype, (*inputs, *options.values()) if options else inputs
        if dtype.kind != "f" or any(isinstance(x, Tensor) and x.dtype != dtype for x in given):
            dtypes = {x.dtype for x in given if isinstance(x, Tensor)}
            found = " and ".join(sorted(map(str, dtypes)))
            if any(dtype.kind != "f" for dtype in dtypes):
                raise NotImplementedError(
                    f"{name} needs floating point, got {found}: use x.float()"
                )
            raise RuntimeError(f"{name}: expected one dtype for all tensors, got {found}")
        return function(*inputs, **options)

    return checked


def inplace_option(function):
    """Let a function take `inplace=True`, its last argument: then its input is overwritten with the
    result.
    """
    others = len(inspect.signature(function).parameters) - 1

    @functools.wraps(function)
    def written(input, *args, inplace=False, **options):
        expect_tensor(function.__name__, input)
        args, inplace = (args[:others], args[others]) if len(args) > others else (args, inplace)
        out = function(input, *args, **options)
        return input.copy_(out) if inplace else out

    return written


def check_ids(name, ids, size):
    """Refuse ids (an array) outside 0 ... size - 1."""
    if ids.size and not 0 <= ids.min() <= ids.max() < size:
        raise IndexError(f"{name}: ids must be 0 ... {size - 1}, got {ids.min()} ... {ids.max()}")

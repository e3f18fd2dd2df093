"""From one representation to another: linear maps, rows looked up, classes as vectors, elements
dropped or added.
"""

import math

import numpy as np

from minitorch.dtypes import int64
from minitorch.indexing import scatter_add_rows
from minitorch.nn.checks import check_ids, expect_tensor, floats_only, inplace_option
from minitorch.operation import differentiable
from minitorch.random import rand
from minitorch.sums import sum_over
from minitorch.tensor import wrap


@floats_only
@differentiable
def linear(input, weight, bias=None):
    """x W^T + b. input (..., in_features), weight (out_features, in_features), bias
    (out_features,).

    All leading dimensions become rows of one matrix: one large product is faster than many small
    ones.
    """
    if input.shape[-1:] != weight.shape[-1:]:
        raise RuntimeError(
            f"linear: an input of shape {input.shape} does not have the {weight.shape[-1]} "
            "features that a "
            f"weight of shape {weight.shape} takes"
        )
    (*batch, in_features), out_features = input.shape, len(weight)
    count = math.prod(batch)
    rows = input.reshape(count, in_features)  # (rows, in)
    out = rows @ weight.T  # (rows, out)
    if bias is not None:
        out += bias

    def flat(g):
        return g.reshape(count, out_features)

    return (
        out.reshape(*batch, out_features),
        lambda g: (flat(g) @ weight).reshape(*batch, in_features),
        lambda g: flat(g).T @ rows,
        lambda g: sum_over(flat(g), (0,)),
    )


def embedding(input, weight, padding_idx=None):
    """Row input[...] of `weight` for each id: (...) -> (..., dim). IndexError for ids outside the
    table.

    The row `padding_idx` gets no gradient.
    """
    expect_tensor("embedding", input)
    if input.dtype.kind != "i":
        raise RuntimeError(f"embedding: ids must be int64, got {input.dtype}; use tensor.long()")
    if weight.ndim != 2:
        raise RuntimeError(
            f"embedding: the weight must be a matrix, (ids, dim), got shape {weight.shape}"
        )
    check_ids("embedding", input._data, len(weight))
    return _embedding(input, weight, padding_idx)


@differentiable
def _embedding(ids, weight, padding_idx):
    """The gradient of a row is the sum over all positions where it was looked up."""
    shape = weight.shape

    def back_weight(g):
        if padding_idx is not None:
            g = np.where((ids == padding_idx % shape[0])[..., None], 0, g)
        return scatter_add_rows(ids.ravel(), g.reshape(ids.size, shape[1]), shape[0])

    return np.take(weight, ids.astype(np.intp, copy=False), axis=0), None, back_weight


def one_hot(tensor, num_classes=-1):
    """1 for its class, 0 elsewhere: (...) -> (..., num_classes), int64."""
    if tensor.dtype != int64:
        raise RuntimeError(f"one_hot: classes must be int64, got {tensor.dtype}")
    if num_classes == -1:
        if tensor.numel() == 0:
            raise RuntimeError("one_hot: cannot infer num_classes from an empty tensor; give it")
        num_classes = int(tensor._data.max()) + 1
    if tensor.numel() and not 0 <= tensor._data.min() <= tensor._data.max() < num_classes:
        raise RuntimeError(
            f"one_hot: classes must be 0 ... {num_classes - 1}, got {tensor.tolist()}"
        )
    return wrap((tensor._data[..., None] == np.arange(num_classes)).astype(int64))


@inplace_option
def dropout(input, p=0.5, training=True):
    """Zero each element with probability p and divide the others by 1 - p; nothing when not
    training.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: the probability must be between 0 and 1, got {p}")
    if not training or p == 0:
        return input
    if not input.is_floating_point():
        raise RuntimeError(f"dropout needs floating point, got {input.dtype}: use x.float()")
    return input * wrap(dropout_mask(input.shape, p, input.dtype))


def dropout_mask(shape, p, dtype):
    """1 / (1 - p) with probability 1 - p, else 0."""
    return (rand(shape)._data >= p).astype(dtype) * (1 / (1 - p) if p < 1 else 0.0)


def pad(input, pad, mode="constant", value=None):
    """`value` (0) put before and after: pad = (left, right) for the last dimension, then two for
    each one before it.

    Negative numbers cut off instead. mode: "constant", or from the input itself "reflect",
    "replicate", "circular".
    """
    if mode != "constant" and mode not in REPEATED:
        raise NotImplementedError(
            f"pad: mode must be 'constant', {', '.join(map(repr, REPEATED))}, got {mode!r}"
        )
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise RuntimeError(
            f"pad: expected two numbers for each of up to {input.ndim} dimensions, got {tuple(pad)}"
        )
    pairs = [(0, 0)] * (input.ndim - len(pad) // 2) + [
        tuple(pad[n : n + 2]) for n in range(len(pad) - 2, -1, -2)
    ]
    if any(size + before + after < 0 for size, (before, after) in zip(input.shape, pairs)):
        raise RuntimeError(f"pad: {tuple(pad)} cuts more off {input.shape} than there is")
    if mode == "constant":
        return _pad(input, pairs, value or 0)
    if mode == "circular":  # what is cut off does not come around
        input = _pad(input, [(min(0, before), min(0, after)) for before, after in pairs], 0)
        pairs = [(max(0, before), max(0, after)) for before, after in pairs]
    for dim, (before, after) in enumerate(pairs):
        size = input.shape[dim]
        if before or after:
            if max(before, after) > size - (mode == "reflect") and mode != "replicate":
                raise RuntimeError(
                    f"pad: mode {mode!r} cannot put {max(before, after)} elements beside {size}"
                )
            input = input.index_select(
                dim, wrap(REPEATED[mode](np.arange(-before, size + after), size))
            )
    return input


REPEATED = {  # which element comes at place n, of `size` ones
    "reflect": lambda n, size: size - 1 - np.abs(size - 1 - np.abs(n)),
    "replicate": lambda n, size: np.clip(n, 0, size - 1),
    "circular": lambda n, size: n % size,
}


@differentiable
def _pad(input, pairs, value):
    shape = input.shape
    out = np.full(
        [size + before + after for size, (before, after) in zip(shape, pairs)], value, input.dtype
    )
    kept = tuple(
        slice(max(0, -before), size - max(0, -after)) for size, (before, after) in zip(shape, pairs)
    )
    inside = tuple(
        slice(max(0, before), size - max(0, after))
        for size, (before, after) in zip(out.shape, pairs)
    )
    out[inside] = input[kept]

    def backward(g):
        dx = np.zeros(shape, g.dtype)
        dx[kept] = g[inside]
        return dx

    return out, backward

"""Normalization: numbers shifted and scaled to mean 0 and variance 1, of a row, of a batch, or by
their norm.
"""

import math

import numpy as np

from minitorch.nn.checks import expect_tensor, floats_only
from minitorch.operation import differentiable
from minitorch.recording import no_grad
from minitorch.sums import sum_over


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """(x - mean) / sqrt(variance + eps) over the last dimensions, `normalized_shape`; then times w
    plus b.

    Source: Ba, Kiros and Hinton, Layer Normalization (2016), equation 4.
    """
    return _norm(
        input,
        weight,
        bias,
        shape=_last_sizes("layer_norm", normalized_shape),
        eps=eps,
        centered=True,
    )


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """x / sqrt(mean(x^2) + eps) over the last dimensions, then times w. Default eps: the dtype's
    precision.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization (2019), equation 4.
    """
    expect_tensor("rms_norm", input)
    eps = float(np.finfo(input.dtype).eps) if eps is None else eps
    return _norm(
        input,
        weight,
        None,
        shape=_last_sizes("rms_norm", normalized_shape),
        eps=eps,
        centered=False,
    )


def _last_sizes(name, normalized_shape):
    if isinstance(normalized_shape, int):
        raise TypeError(f"{name}: normalized_shape must be a tuple, ({normalized_shape},)")
    return tuple(normalized_shape)


@floats_only
@differentiable
def _norm(input, weight, bias, *, shape, eps, centered):
    """n = x / sigma (of x - mean, if centered), then n w + b. The means of rows are products, too.

    NumPy's own means would make a training step 4 % slower.
    """
    if input.shape[input.ndim - len(shape) :] != shape:
        raise RuntimeError(f"normalized_shape {shape} must be the last dimensions of {input.shape}")
    size, whole = math.prod(shape), input.shape

    def rows(x):
        return x.reshape(-1, size)

    def mean(x):
        return x @ np.full((size, 1), 1 / size, x.dtype)  # (rows, 1)

    def mean_product(x, y):
        return (np.vecdot(x, y) / size)[:, None]

    n = rows(input) - mean(rows(input)) if centered else rows(input).copy()
    scale = 1 / np.sqrt(mean_product(n, n) + eps)
    n *= scale
    out = n.copy() if weight is None else n * weight.ravel()
    if bias is not None:
        out += bias.ravel()

    def back_input(g):
        """dx = (d - mean(d) - n mean(d n)) / sigma with d = g w; without mean(d) if not
        centered.
        """
        d = rows(g) if weight is None else rows(g) * weight.ravel()
        dx = d - n * mean_product(d, n)
        if centered:
            dx -= mean(d)
        dx *= scale
        return dx.reshape(whole)

    return (
        out.reshape(whole),
        back_input,
        lambda g: sum_over(rows(g) * n, (0,)).reshape(shape),
        lambda g: sum_over(rows(g), (0,)).reshape(shape),
    )


def batch_norm(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    """Each channel's mean 0 and variance 1, over the batch while training, else by the running
    values; then w, b.

    input (batch, channels) or (batch, channels, ...). Training moves the running values a share
    `momentum` towards those of the batch (the variance with its n - 1). Source: Ioffe and Szegedy,
    Batch Normalization (2015), algorithm 1.
    """
    if input.ndim < 2:
        raise NotImplementedError(
            f"batch_norm in minitorch needs (batch, channels, ...), got shape {input.shape}"
        )
    others, count = (
        [d for d in range(input.ndim) if d != 1],
        input.numel() // max(1, input.shape[1]),
    )

    def along(x):
        return x.reshape(1, -1, *(1,) * (input.ndim - 2))

    if training or running_mean is None:
        if count <= 1:
            raise ValueError(
                "batch_norm while training needs more than one value per channel, "
                f"got {input.shape}"
            )
        mean, var = input.mean(others), input.var(others, unbiased=False)
        if running_mean is not None:
            with no_grad():
                running_mean.copy_(running_mean + momentum * (mean - running_mean))
                running_var.copy_(
                    running_var + momentum * (var * (count / (count - 1)) - running_var)
                )
    else:
        mean, var = running_mean, running_var
    out = (input - along(mean)) * along((var + eps).rsqrt())
    out = out if weight is None else out * along(weight)
    return out if bias is None else out + along(bias)


def normalize(input, p=2.0, dim=1, eps=1e-12):
    """x / max(norm, eps) along `dim`: vectors of length 1."""
    return input / input.norm(p, dim, keepdim=True).clamp(min=eps)


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """x1 . x2 / (|x1| |x2|) along `dim`, no norm taken below eps."""
    shape = np.broadcast_shapes(x1.shape, x2.shape)
    a, b = (
        x / x.norm(2, dim, keepdim=True).clamp(min=eps)
        for x in (x1.expand(shape), x2.expand(shape))
    )
    return (a * b).sum(dim)

"""Losses: how far predictions are from what was wanted, as one number or one per element."""

import functools
import warnings

import numpy as np

from minitorch.arithmetic import where
from minitorch.dtypes import as_common_dtype, int64, result_type
from minitorch.indexing import gather
from minitorch.nn.activations import log_softmax, logsigmoid
from minitorch.nn.checks import check_ids, expect_tensor, floats_only
from minitorch.operation import differentiable
from minitorch.tensor import wrap


def cross_entropy(
    input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    """-log softmax(input)[target], averaged, summed or (reduction="none") for each target.

    input (N, C), (N, C, d1, ...) or (C,): a score for each of C classes. target: classes, int64,
    of the same shape without C, where `ignore_index` marks those that do not count; or
    probabilities, of input's shape. weight (C,): how much each class counts; the mean is divided
    by the sum of the targets' weights. label_smoothing s: the target becomes (1 - s) target + s /
    C. Raises IndexError for a class outside 0 ... C - 1, ValueError when the batch sizes differ.
    """
    expect_tensor("cross_entropy", input)
    expect_tensor("cross_entropy", target)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0 and 1, got {label_smoothing}")
    dim, smoothing = min(1, input.ndim - 1), label_smoothing
    if target.shape == input.shape:
        if not target.is_floating_point():
            raise RuntimeError(f"class probabilities must be floating point, got {target.dtype}")
        wanted = target * (1 - smoothing) + smoothing / input.shape[dim]
        losses = -(wanted * _weighted(log_softmax(input, dim), weight, dim)).sum(dim)
        return _reduced(losses, reduction, losses.numel())
    kept = _check_classes(input, target, ignore_index)
    if weight is not None:
        log_p = log_softmax(input, dim)
        losses, total = _class_losses(log_p, target, weight, kept, dim)
        if smoothing:
            rest = where(wrap(kept), -_weighted(log_p, weight, dim).mean(dim), 0.0)
            losses = losses * (1 - smoothing) + rest * smoothing
        return _reduced(losses, reduction, total)
    losses = _cross_entropy(
        input, classes=np.where(kept, target._data, 0), kept=kept, dim=dim, smoothing=smoothing
    )
    return _reduced(losses, reduction, int(kept.sum()))


def _weighted(x, weight, dim):
    """x times the weight of each class; the classes are along `dim`."""
    if weight is None:
        return x
    _check_weight(x, weight, dim)
    return x * weight.reshape(-1, *(1,) * (x.ndim - dim - 1))


def _check_weight(scores, weight, dim):
    if weight.shape != scores.shape[dim : dim + 1]:
        raise RuntimeError(
            f"scores of shape {scores.shape} need one weight for each class, got {weight.shape}"
        )


@floats_only
@differentiable
def _cross_entropy(input, *, classes, kept, dim, smoothing):
    """log sum e^x - (1 - s) x[class] - s mean(x); gradient: softmax(x) - (1 - s) one_hot(class) -
    s / C.
    """
    x = np.moveaxis(input, dim, -1)  # (N, d1, ..., C)
    shape, rows = x.shape, x.reshape(-1, x.shape[-1])
    p = rows - rows.max(1, keepdims=True, initial=-np.inf)
    chosen = np.arange(len(p)), classes.ravel()
    losses = (smoothing - 1) * p[chosen]
    if smoothing:
        losses -= smoothing * p.mean(1)
    np.exp(p, out=p)
    total = p @ np.ones(p.shape[1], p.dtype)
    losses += np.log(total)
    p /= total[:, None]  # softmax(x)

    def backward(g):
        g = np.where(kept, g, 0).reshape(-1, 1)
        dx = g * p
        dx[chosen] -= (1 - smoothing) * g[:, 0]
        if smoothing:
            dx -= g * (smoothing / p.shape[1])
        return np.moveaxis(dx.reshape(shape), -1, dim)

    return np.where(kept, losses.reshape(classes.shape), 0), backward


def nll_loss(input, target, weight=None, *, ignore_index=-100, reduction="mean"):
    """-input[target]: the cross-entropy of log-probabilities. Shapes and `weight` as for
    `cross_entropy`.
    """
    expect_tensor("nll_loss", input)
    expect_tensor("nll_loss", target)
    kept = _check_classes(input, target, ignore_index)
    losses, total = _class_losses(input, target, weight, kept, min(1, input.ndim - 1))
    return _reduced(losses, reduction, total)


def _class_losses(log_p, target, weight, kept, dim):
    """-weight[target] log_p[target] where a target counts, else 0; and the sum of the weights that
    count.
    """
    classes = np.where(kept, target._data, 0)
    losses = -gather(log_p, dim, wrap(np.expand_dims(classes, dim))).squeeze(dim)
    if weight is None:
        return where(wrap(kept), losses, 0.0), int(kept.sum())
    _check_weight(log_p, weight, dim)
    weights = wrap(np.where(kept, weight._data[classes], 0))
    return where(wrap(kept), losses * weights, 0.0), weights.sum()


def _check_classes(input, target, ignore_index):
    """Which targets count: an array of truth values. Complains unless they are classes that fit
    `input`.
    """
    expected = input.shape[:1] * (input.ndim > 1) + input.shape[2:]
    if target.shape != expected:
        error = ValueError if target.shape[:1] != expected[:1] else RuntimeError
        raise error(
            f"scores of shape {input.shape} need targets of shape {expected}, got {target.shape}"
        )
    if target.dtype != int64:
        raise RuntimeError(
            f"targets must be int64, or probabilities in the scores' shape; not {target.dtype}"
        )
    kept = target._data != ignore_index
    check_ids("target", target._data[kept], input.shape[min(1, input.ndim - 1)])
    return kept


# ---------------------------------------------------------------- of numbers


def _elementwise(function):
    """A loss of (input, target, ...) for each element, made one number by `reduction`."""

    @functools.wraps(function)
    def loss(input, target, *args, reduction="mean", **options):
        expect_tensor(function.__name__, input)
        expect_tensor(function.__name__, target)
        if input.shape != target.shape:
            warnings.warn(
                f"{function.__name__}: {input.shape} and {target.shape} differ and are broadcast",
                stacklevel=2,
            )
        if result_type(input, target).kind != "f":
            raise NotImplementedError(f"{function.__name__} needs floating point: use x.float()")
        losses = function(input, target, *args, **options)
        return _reduced(losses, reduction, losses.numel())

    return loss


@_elementwise
def mse_loss(input, target):
    """(input - target)^2."""
    return (input - target) ** 2


@_elementwise
def l1_loss(input, target):
    """|input - target|."""
    return (input - target).abs()


@_elementwise
def huber_loss(input, target, *, delta=1.0):
    """d^2 / 2 of the difference d as far as delta, then delta (|d| - delta / 2): a parabola, then
    lines.
    """
    if delta <= 0:
        raise RuntimeError(f"huber_loss: delta must be positive, got {delta}")
    return delta * _parabola_then_lines(input, target, delta)


@_elementwise
def smooth_l1_loss(input, target, *, beta=1.0):
    """`huber_loss` divided by its delta, here called beta; |input - target| where that is 0."""
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss: beta cannot be negative, got {beta}")
    return _parabola_then_lines(input, target, beta) if beta else (input - target).abs()


@differentiable
def _parabola_then_lines(input, target, beta):
    """d^2 / (2 beta) as far as beta, then |d| - beta / 2; the slope is d / beta, at most 1."""
    input, target = as_common_dtype(input, target)
    d = input - target
    size, slope = np.abs(d), np.clip(d / beta, -1, 1)
    out = np.where(size < beta, 0.5 * d * slope, size - 0.5 * beta)
    return out, lambda g: g * slope, lambda g: -g * slope


# ---------------------------------------------------------------- of probabilities


def binary_cross_entropy(input, target, weight=None, *, reduction="mean"):
    """-(t log p + (1 - t) log(1 - p)) for probabilities p; no logarithm is taken below -100."""
    if input.shape != target.shape:
        raise ValueError(
            f"binary_cross_entropy: input and target must have one shape, got {input.shape} "
            f"and {target.shape}"
        )
    losses = _binary_cross_entropy(input, target)
    losses = losses if weight is None else losses * weight
    return _reduced(losses, reduction, losses.numel())


@floats_only
@differentiable
def _binary_cross_entropy(p, t):
    if p.size and not 0 <= p.min() <= p.max() <= 1:
        raise RuntimeError(
            f"all elements of input should be between 0 and 1, got {p.min()} ... {p.max()}"
        )
    with np.errstate(divide="ignore"):
        log_p, log_q = np.maximum(np.log(p), -100), np.maximum(np.log1p(-p), -100)
    return (
        -(t * log_p + (1 - t) * log_q),
        lambda g: g * (p - t) / np.maximum(p * (1 - p), 1e-12),
        lambda g: g * (log_q - log_p),
    )


def binary_cross_entropy_with_logits(
    input, target, weight=None, *, reduction="mean", pos_weight=None
):
    """`binary_cross_entropy` of sigmoid(input), without overflow. pos_weight: how much a target of
    1 counts.
    """
    if input.shape != target.shape:
        raise ValueError(
            "binary_cross_entropy_with_logits: input and target must have one shape, "
            f"got {input.shape} "
            f"and {target.shape}"
        )
    counts = 1 if pos_weight is None else (pos_weight - 1) * target + 1
    losses = (1 - target) * input - counts * logsigmoid(input)
    losses = losses if weight is None else losses * weight
    return _reduced(losses, reduction, losses.numel())


def kl_div(input, target, *, reduction="mean", log_target=False):
    """t (log t - input), of log-probabilities `input`; reduction="batchmean" divides the sum by
    the batch size.
    """
    expect_tensor("kl_div", input)
    expect_tensor("kl_div", target)
    losses = target.exp() * (target - input) if log_target else _kl_div(input, target)
    if reduction == "batchmean":
        return losses.sum() / len(input)
    return _reduced(losses, reduction, losses.numel())


@floats_only
@differentiable
def _kl_div(log_p, t):
    log_t = np.log(np.where(t == 0, 1, t))
    return t * (log_t - log_p), lambda g: -g * t, lambda g: g * (log_t + 1 - log_p)


# ---------------------------------------------------------------- one number


def _reduced(losses, reduction, count):
    if reduction == "mean":
        return losses.sum() / count
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")

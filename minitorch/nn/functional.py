"""The functions of neural networks. The expensive ones are fused: one operation, its backward pass by hand.

A fused operation makes fewer passes over memory than the same formula in primitives; tests hold both equal.
What pays everywhere: arrays reshaped to two dimensions before BLAS multiplies them, `ones @ g` for the sum of
columns, `np.vecdot` for the dot products of rows, and working in place on arrays nobody else holds.
"""
import functools
import math
import warnings

import numpy as np

from minitorch.arithmetic import sigmoid, tanh, where  # noqa: F401 (F.sigmoid, F.tanh)
from minitorch.random import rand
from minitorch.indexing import gather, scatter_add_rows
from minitorch.operation import differentiable, jointly, method
from minitorch.tensor import Tensor, bool_, float64, int64


def floats_only(function):
    """Refuse integers, and floating point tensors of different precision, as PyTorch does."""
    @functools.wraps(function)
    def checked(*inputs, **options):
        dtypes = {x.dtype for x in inputs if type(x) is np.ndarray}
        if len(dtypes) == 1 and inputs[0].dtype.kind == "f":
            return function(*inputs, **options)
        names = " and ".join(sorted(map(str, dtypes)))
        if any(dtype.kind != "f" for dtype in dtypes):
            raise NotImplementedError(f"{function.__name__} needs floating point, got {names}: use x.float()")
        raise RuntimeError(f"{function.__name__}: expected one dtype for all tensors, got {names}")
    return checked


# ---------------------------------------------------------------- activations

@method()
@differentiable
def relu(input):
    """max(x, 0)."""
    return np.maximum(input, 0), lambda g: g * (input > 0)


@differentiable
@floats_only
def silu(input):
    """x sigmoid(x)."""
    s = 0.5 * (1 + np.tanh(0.5 * input))
    return input * s, lambda g: g * (s * (1 + input * (1 - s)))


@differentiable
@floats_only
def softplus(input):
    """log(1 + e^x); its derivative is sigmoid(x)."""
    return np.logaddexp(input, 0), lambda g: g * (0.5 * (1 + np.tanh(0.5 * input)))


@differentiable
@floats_only
def logsigmoid(input):
    """log sigmoid(x) = -softplus(-x); its derivative is sigmoid(-x)."""
    return -np.logaddexp(0, -input), lambda g: g * (0.5 * (1 - np.tanh(0.5 * input)))


def gelu(input, approximate="none"):
    """x Phi(x), Phi the normal distribution; approximate="tanh" is GPT-2's formula, several times faster.

    Source: Hendrycks and Gimpel, Gaussian Error Linear Units (2016), section 2.
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}")
    return _gelu_tanh(input) if approximate == "tanh" else _gelu(input)


@differentiable
@floats_only
def _gelu(x):
    phi = 0.5 * (1 + _erf(x * math.sqrt(0.5)))
    return x * phi, lambda g: g * (phi + x * np.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi)))


def _erf(x):
    """The error function: exact in float64; in float32 to 2e-7 by Abramowitz and Stegun, formula 7.1.26."""
    if x.dtype == float64:
        return np.asarray(np.frompyfunc(math.erf, 1, 1)(x), float64)
    t = 1 / (1 + 0.3275911 * np.abs(x))
    tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.copysign(1 - tail * np.exp(-x * x), x)


@differentiable
@floats_only
def _gelu_tanh(x):
    """x (1 + tanh(u)) / 2 = x s with s = sigmoid(2u), 2u = x (c + a x^2),
    and its derivative s + x s (1 - s) (c + 3 a x^2).

    NumPy's exp is twice as fast as its tanh, and products are eighty times faster than x ** 3.
    """
    c = 2 * math.sqrt(2 / math.pi)
    a = c * 0.044715
    s = x * x
    s *= -a
    s -= c
    s *= x                                                                        # -2u
    with np.errstate(over="ignore"):                                              # exp = inf gives s = 0
        np.exp(s, out=s)
    s += 1
    np.divide(1, s, out=s)
    out = x * s

    def backward(g):
        dx = x * x
        dx *= 3 * a
        dx += c
        dx *= out
        dx *= 1 - s
        dx += s
        dx *= g
        return dx

    return out, backward


@method()
@differentiable
@floats_only
def softmax(input, dim):
    """p = e^x / sum e^x along `dim`, shifted by the maximum so that nothing overflows."""
    p = np.exp(input - input.max(dim, keepdims=True, initial=-np.inf))
    p /= p.sum(dim, keepdims=True)
    return p, lambda g: p * (g - (g * p).sum(dim, keepdims=True))


@method()
@differentiable
@floats_only
def log_softmax(input, dim):
    """log softmax(x) = x - log sum e^x along `dim`."""
    out = input - input.max(dim, keepdims=True, initial=-np.inf)
    out -= np.log(np.exp(out).sum(dim, keepdims=True))
    return out, lambda g: g - np.exp(out) * g.sum(dim, keepdims=True)


# ---------------------------------------------------------------- layers

@differentiable
@floats_only
def linear(input, weight, bias=None):
    """x W^T + b. input (..., in_features), weight (out_features, in_features), bias (out_features,).

    All leading dimensions become rows of one matrix: one large product is faster than many small ones.
    """
    rows = input.reshape(-1, input.shape[-1])                                     # (rows, in)
    out = rows @ weight.T                                                         # (rows, out)
    if bias is not None:
        out += bias
    flat = lambda g: g.reshape(-1, len(weight))
    return (out.reshape(*input.shape[:-1], len(weight)),
            lambda g: (flat(g) @ weight).reshape(input.shape),
            lambda g: flat(g).T @ rows,
            lambda g: _column_sums(flat(g)))


def _column_sums(rows):
    return np.ones(len(rows), rows.dtype) @ rows


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """(x - mean) / sqrt(variance + eps) over the last dimensions, `normalized_shape`; then times w plus b.

    Source: Ba, Kiros and Hinton, Layer Normalization (2016), equation 4.
    """
    return _norm(input, weight, bias, shape=tuple(normalized_shape), eps=eps, centred=True)


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """x / sqrt(mean(x^2) + eps) over the last dimensions, then times w. Default eps: the dtype's precision.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization (2019), equation 4.
    """
    eps = float(np.finfo(input.dtype).eps) if eps is None else eps
    return _norm(input, weight, None, shape=tuple(normalized_shape), eps=eps, centred=False)


@differentiable
@floats_only
def _norm(input, weight, bias, *, shape, eps, centred):
    """n = x / sigma (of x - mean, if centred), then n w + b. The means of rows are BLAS products too."""
    if input.shape[input.ndim - len(shape):] != shape:
        raise RuntimeError(f"normalized_shape {shape} must be the last dimensions of {input.shape}")
    size = math.prod(shape)
    rows = lambda x: x.reshape(-1, size)
    mean = lambda x: x @ np.full((size, 1), 1 / size, x.dtype)                    # (rows, 1)
    mean_product = lambda x, y: (np.vecdot(x, y) / size)[:, None]
    n = rows(input) - mean(rows(input)) if centred else rows(input).copy()
    scale = 1 / np.sqrt(mean_product(n, n) + eps)
    n *= scale
    out = n if weight is None else n * weight.ravel()
    out = out if bias is None else out + bias.ravel()

    def back_input(g):
        """dx = (d - mean(d) - n mean(d n)) / sigma with d = g w; without mean(d) if not centred."""
        d = rows(g) if weight is None else rows(g) * weight.ravel()
        dx = d - n * mean_product(d, n)
        if centred:
            dx -= mean(d)
        dx *= scale
        return dx.reshape(input.shape)

    return (out.reshape(input.shape),
            back_input,
            lambda g: _column_sums(rows(g) * n).reshape(shape),
            lambda g: _column_sums(rows(g)).reshape(shape))


def embedding(input, weight):
    """Row input[...] of `weight` for each id: (...) -> (..., dim). IndexError for ids outside the table."""
    if input.dtype != int64:
        raise RuntimeError(f"embedding: ids must be int64, got {input.dtype}; use tensor.long()")
    _check_ids("embedding", input._data, len(weight))
    return _embedding(input, weight)


@differentiable
def _embedding(ids, weight):
    """The gradient of a row is the sum over all places where it was looked up."""
    return (np.take(weight, ids, axis=0),
            None,
            lambda g: scatter_add_rows(ids.ravel(), g.reshape(ids.size, weight.shape[1]), len(weight)))


def _check_ids(name, ids, size):
    if ids.size and not 0 <= ids.min() <= ids.max() < size:
        raise IndexError(f"{name}: ids must be 0 ... {size - 1}, got {ids.min()} ... {ids.max()}")


def one_hot(tensor, num_classes=-1):
    """1 at the place of the class, 0 elsewhere: (...) -> (..., num_classes), int64."""
    if tensor.dtype != int64:
        raise RuntimeError(f"one_hot: classes must be int64, got {tensor.dtype}")
    if num_classes == -1:
        if tensor.numel() == 0:
            raise RuntimeError("one_hot: cannot infer num_classes from an empty tensor; give it")
        num_classes = int(tensor._data.max()) + 1
    if tensor.numel() and not 0 <= tensor._data.min() <= tensor._data.max() < num_classes:
        raise RuntimeError(f"one_hot: classes must be 0 ... {num_classes - 1}, got {tensor.tolist()}")
    return Tensor((tensor._data[..., None] == np.arange(num_classes)).astype(int64))


def dropout(input, p=0.5, training=True):
    """Zero each element with probability p and divide the others by 1 - p; nothing when not training."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: the probability must be between 0 and 1, got {p}")
    if not training or p == 0:
        return input
    return input * Tensor(_dropout_mask(input.shape, p, input.dtype))


def _dropout_mask(shape, p, dtype):
    """1 / (1 - p) with probability 1 - p, else 0."""
    return (rand(shape)._data >= p).astype(dtype) * (1 / (1 - p) if p < 1 else 0.0)


# ---------------------------------------------------------------- attention

def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *,
                                 scale=None):
    """softmax(scale q k^T + mask) v. q (..., query, dim), k (..., key, dim), v (..., key, value_dim).

    attn_mask broadcasts to (..., query, key): True where attention is allowed, or numbers to add.
    is_causal: query i sees keys 0 ... i. scale: 1 / sqrt(dim). A query that may see no key gets zeros.
    Source: Vaswani et al., Attention Is All You Need (2017), equation 1.
    """
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError("query, key and value need two dimensions or more, "
                           f"got {query.shape}, {key.shape}, {value.shape}")
    if is_causal and attn_mask is not None:
        raise RuntimeError("give attn_mask or is_causal=True, not both")
    if is_causal:
        attn_mask = Tensor(np.tri(query.shape[-2], key.shape[-2], dtype=bool))    # the lower triangle
    if attn_mask is not None and attn_mask.dtype == bool_:
        attn_mask = Tensor(np.where(attn_mask._data, 0, -np.inf).astype(query.dtype))
    return _attention(query, key, value, attn_mask, dropout_p=dropout_p, scale=scale,
                      mask_gradient=attn_mask is not None and attn_mask.requires_grad)


@differentiable
@floats_only
def _attention(query, key, value, mask, *, dropout_p, scale, mask_gradient):
    """Queries in up to four blocks, each with the keys it may see: a causal mask saves 3/8 of the work."""
    (query_len, dim), key_len = query.shape[-2:], key.shape[-2]
    batch = np.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
    if mask is not None:
        mask = np.broadcast_to(mask, np.broadcast_shapes(mask.shape, (query_len, key_len)))
    scale = 1 / math.sqrt(dim) if scale is None else scale
    scaled = query * scale
    out = np.empty((*batch, query_len, value.shape[-1]), query.dtype)
    blocks = []
    for rows, keys in _visible_blocks(mask, query_len, key_len):
        out[..., rows, :], back = _attend(scaled[..., rows, :], key[..., keys, :], value[..., keys, :],
                                          None if mask is None else mask[..., rows, keys], dropout_p)
        blocks.append((rows, keys, back))

    def backward(g):
        dq, dk, dv = (np.zeros((*batch, *x.shape[-2:]), x.dtype) for x in (query, key, value))
        dmask = np.zeros((*batch, query_len, key_len), g.dtype) if mask_gradient else None
        for rows, keys, back in blocks:
            dq[..., rows, :], dk_part, dv_part, dscores = back(g[..., rows, :])
            dk[..., keys, :] += dk_part
            dv[..., keys, :] += dv_part
            if mask_gradient:
                dmask[..., rows, keys] = dscores
        dq *= scale
        return dq, dk, dv, dmask

    return out, *jointly(backward, 4)


def _visible_blocks(mask, query_len, key_len):
    """(slice of queries, slice of keys): keys after the last one these queries may see are left out."""
    if mask is None or query_len < 32:
        return [(slice(query_len), slice(key_len))]
    visible = mask.max(tuple(range(mask.ndim - 2))) != -np.inf                    # (query, key)
    blocks = [slice(n * query_len // 4, (n + 1) * query_len // 4) for n in range(4)]
    return [(rows, slice(np.max(np.flatnonzero(visible[rows].any(0)) + 1, initial=0))) for rows in blocks]


def _attend(q, k, v, mask, dropout_p):
    """softmax(q k^T + mask) v as (e v) / l with e = exp(scores - max), l = sum e: weights are never written.

    With d = g / l, backward is  dv = e^T d  and  dscores = e (d v^T - d . out): the softmax's backward.
    Source: Dao et al., FlashAttention (2022), appendix B.2.
    """
    e = q @ k.mT                                                                  # (..., query, key)
    if mask is not None:
        e += mask                                                                 # -inf: faster than np.where
    e -= e.max(-1, keepdims=True, initial=np.finfo(e.dtype).min)                  # finite where all is masked
    np.exp(e, out=e)
    total = e @ np.ones((e.shape[-1], 1), e.dtype)                                # (..., query, 1)
    inverse = 1 / np.where(total == 0, 1, total)
    kept = _dropout_mask(e.shape, dropout_p, e.dtype) if dropout_p else None
    dropped = e * kept if dropout_p else e
    out = dropped @ v                                                             # (..., query, value_dim)
    out *= inverse

    def backward(g):
        d = g * inverse
        dscores = d @ v.mT
        if dropout_p:
            dscores *= kept
        dscores -= np.vecdot(d, out)[..., None]
        dscores *= e
        return dscores @ k, dscores.mT @ q, dropped.mT @ d, dscores

    return out, backward


# ---------------------------------------------------------------- losses

def cross_entropy(input, target, *, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """-log softmax(input)[target], averaged, summed or (reduction="none") for each target.

    input (N, C), (N, C, d1, ...) or (C,): a score for each of C classes. target: classes, int64, of the same
    shape without C, where `ignore_index` marks those that do not count; or probabilities, of input's shape.
    label_smoothing s: the target becomes (1 - s) target + s / C.
    Raises IndexError for a class outside 0 ... C - 1, ValueError when the batch sizes differ.
    """
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0 and 1, got {label_smoothing}")
    dim = min(1, input.ndim - 1)
    if target.shape == input.shape:
        if not target.is_floating_point():
            raise RuntimeError(f"class probabilities must be floating point, got {target.dtype}")
        wanted = target * (1 - label_smoothing) + label_smoothing / input.shape[dim]
        losses = -(wanted * log_softmax(input, dim)).sum(dim)
        return _reduced(losses, reduction, losses.numel())
    kept = _check_classes(input, target, ignore_index)
    losses = _cross_entropy(input, classes=np.where(kept, target._data, 0), kept=kept, dim=dim,
                            smoothing=label_smoothing)
    return _reduced(losses, reduction, int(kept.sum()))


@differentiable
@floats_only
def _cross_entropy(input, *, classes, kept, dim, smoothing):
    """log sum e^x - (1 - s) x[class] - s mean(x); gradient: softmax(x) - (1 - s) one_hot(class) - s / C."""
    x = np.moveaxis(input, dim, -1)                                               # (N, d1, ..., C)
    rows = x.reshape(-1, x.shape[-1])
    p = rows - rows.max(1, keepdims=True, initial=-np.inf)
    chosen = np.arange(len(p)), classes.ravel()
    losses = (smoothing - 1) * p[chosen]
    if smoothing:
        losses -= smoothing * p.mean(1)
    np.exp(p, out=p)
    total = p @ np.ones(p.shape[1], p.dtype)
    losses += np.log(total)
    p /= total[:, None]                                                           # softmax(x)

    def backward(g):
        g = (g * kept).reshape(-1, 1)
        dx = g * p
        dx[chosen] -= (1 - smoothing) * g[:, 0]
        if smoothing:
            dx -= g * (smoothing / p.shape[1])
        return np.moveaxis(dx.reshape(x.shape), -1, dim)

    return np.where(kept, losses.reshape(classes.shape), 0), backward


def nll_loss(input, target, *, ignore_index=-100, reduction="mean"):
    """-input[target]: the cross-entropy of log-probabilities. Shapes as for `cross_entropy` with classes."""
    kept = _check_classes(input, target, ignore_index)
    dim = min(1, input.ndim - 1)
    classes = Tensor(np.expand_dims(np.where(kept, target._data, 0), dim))
    losses = where(Tensor(kept), -gather(input, dim, classes).squeeze(dim), 0.0)
    return _reduced(losses, reduction, int(kept.sum()))


def _check_classes(input, target, ignore_index):
    """Which targets count: an array of truth values. Complains unless they are classes that fit `input`."""
    expected = input.shape[:1] * (input.ndim > 1) + input.shape[2:]
    if target.shape != expected:
        error = ValueError if target.shape[:1] != expected[:1] else RuntimeError
        raise error(f"scores of shape {input.shape} need targets of shape {expected}, got {target.shape}")
    if target.dtype != int64:
        raise RuntimeError(f"targets: int64, or probabilities in the scores' shape; not {target.dtype}")
    kept = target._data != ignore_index
    _check_ids("target", target._data[kept], input.shape[min(1, input.ndim - 1)])
    return kept


def mse_loss(input, target, reduction="mean"):
    """(input - target)^2, averaged, summed or for each element."""
    if input.shape != target.shape:
        warnings.warn(f"mse_loss: {input.shape} and {target.shape} differ and are broadcast", stacklevel=2)
    losses = (input - target) ** 2
    return _reduced(losses, reduction, losses.numel())


def _reduced(losses, reduction, count):
    if reduction == "mean":
        return losses.sum() / count
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")

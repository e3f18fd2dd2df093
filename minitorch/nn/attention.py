"""Attention, fused: one operation from queries, keys and values to their weighted means."""

import math

import numpy as np

from minitorch.dtypes import bool_
from minitorch.nn.checks import expect_tensor, floats_only
from minitorch.nn.transforms import dropout_mask
from minitorch.operation import differentiable, jointly
from minitorch.tensor import wrap


def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None
):
    """softmax(scale q k^T + mask) v. q (..., query, dim), k (..., key, dim), v (..., key,
    value_dim).

    attn_mask broadcasts to (..., query, key): True where attention is allowed, or numbers to add.
    is_causal: query i sees keys 0 ... i. scale: 1 / sqrt(dim). A query that may see no key gets
    zeros. Source: Vaswani et al., Attention Is All You Need (2017), equation 1.
    """
    for x in (query, key, value):
        expect_tensor("scaled_dot_product_attention", x)
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError(
            "query, key and value need two dimensions or more, "
            f"got {query.shape}, {key.shape}, {value.shape}"
        )
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise RuntimeError(
            "queries and keys need one size in their last dimension, keys and values in the "
            "one before "
            f"it; got query {query.shape}, key {key.shape}, value {value.shape}"
        )
    if is_causal and attn_mask is not None:
        raise RuntimeError("give attn_mask or is_causal=True, not both")
    if is_causal:
        attn_mask = wrap(np.tri(query.shape[-2], key.shape[-2], dtype=bool))  # the lower triangle
    if attn_mask is not None and attn_mask.dtype == bool_:
        attn_mask = wrap(np.where(attn_mask._data, 0, -np.inf).astype(query.dtype))
    return _attention(
        query,
        key,
        value,
        attn_mask,
        dropout_p=dropout_p,
        scale=scale,
        mask_gradient=attn_mask is not None and attn_mask.requires_grad,
    )


@floats_only
@differentiable
def _attention(query, key, value, mask, *, dropout_p, scale, mask_gradient):
    """Queries in up to four blocks, each with the keys it may see.

    With a causal mask that saves 3/8 of the work, and 3 to 5 % of a training step.
    """
    (query_len, dim), key_len = query.shape[-2:], key.shape[-2]
    batch = np.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
    if mask is not None:
        mask = np.broadcast_to(mask, np.broadcast_shapes(mask.shape, (query_len, key_len)))
    scale = 1 / math.sqrt(dim) if scale is None else scale
    scaled = query * scale
    out = np.empty((*batch, query_len, value.shape[-1]), query.dtype)
    blocks = []
    for rows, keys in _visible_blocks(mask, query_len, key_len):
        out[..., rows, :], back = _attend(
            scaled[..., rows, :],
            key[..., keys, :],
            value[..., keys, :],
            None if mask is None else mask[..., rows, keys],
            dropout_p,
        )
        blocks.append((rows, keys, back))

    shapes = [(*batch, *x.shape[-2:]) for x in (query, key, value)]

    def backward(g):
        dq, dk, dv = (np.zeros(shape, g.dtype) for shape in shapes)
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
    """(slice of queries, slice of keys): keys after the last one these queries may see are left
    out.
    """
    if mask is None or query_len < 32:
        return [(slice(query_len), slice(key_len))]
    visible = mask.max(tuple(range(mask.ndim - 2))) != -np.inf  # (query, key)
    blocks = [slice(n * query_len // 4, (n + 1) * query_len // 4) for n in range(4)]
    return [
        (rows, slice(np.max(np.flatnonzero(visible[rows].any(0)) + 1, initial=0)))
        for rows in blocks
    ]


def _attend(q, k, v, mask, dropout_p):
    """p v with p = softmax(q k^T + mask), and its derivatives:

    dv = p^T g  and  dscores = p (g v^T - g . out), as in softmax.
    Source: Dao et al., FlashAttention (2022), appendix B.2.
    """
    p = _weights(q, k, mask)  # (..., query, key)
    kept = dropout_mask(p.shape, dropout_p, p.dtype) if dropout_p else None
    dropped = p * kept if dropout_p else p
    out = dropped @ v  # (..., query, value_dim)

    def backward(g):
        dscores = g @ v.mT
        if dropout_p:
            dscores *= kept
        dscores -= np.vecdot(g, out)[..., None]
        dscores *= p
        return dscores @ k, dscores.mT @ q, dropped.mT @ g, dscores

    return out, backward


def _weights(q, k, mask):
    """softmax(q k^T + mask), and zeros where all is masked.

    Shifting all scores by their row's maximum takes 3 % of a training step. So only those rows are
    shifted where the sum of the exponentials tells that they were too large or too small.
    """
    e = _scores(q, k, mask)  # (..., query, key)
    ones = np.ones((e.shape[-1], 1), e.dtype)
    with np.errstate(over="ignore"):
        np.exp(e, out=e)
    rows = e.reshape(math.prod(e.shape[:-1]), len(ones))
    total = (rows @ ones).reshape(*e.shape[:-1], 1)  # (..., query, 1)
    lost = ~((total > 1e-20) & (total < 1e20))[..., 0]  # also nan
    if lost.any():
        rows = _scores(q, k, mask)[lost]
        rows -= rows.max(-1, keepdims=True, initial=np.finfo(e.dtype).min)  # finite if all is -inf
        e[lost] = np.exp(rows)
        total[lost] = e[lost] @ ones
    e *= 1 / np.where(total == 0, 1, total)
    return e


def _scores(q, k, mask):
    scores = q @ k.mT
    if mask is not None:
        scores += mask  # -inf: faster than np.where
    return scores

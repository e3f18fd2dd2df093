"""CoPE's bias as one operation with its own backward pass, in NumPy: the
numbers of solutions/cope.py, only faster.

The clear way makes some twenty passes over (query, key) arrays, and keeps
most of them for the backward pass. Here, what isn't needed is never made:

    blocks    32 queries at a time, each block with the keys it may see: up
              to half of the work
    sums      along the keys in stretches of 16, by a product with a
              triangle of ones
    lookup    a row's value and the step to the next row are the two parts
              of one complex number, so one lookup finds both

CoPE(..., fused=True) uses it. Tests keep it equal to the clear way,
forward and backward.
"""

import numpy as np

import minitorch as torch
from solutions.attention import causal_blocks, causal_mask


class FusedBias(torch.autograd.Function):
    """interpolate_logits(logits, cope_positions(cope_gates(q, k, scale))),
    with 0 for keys after the query.

    q         (..., query, head_dim) tensor
    k         (..., key, head_dim) tensor, what the queries meet in the gates
    logits    (..., query, npos) tensor
    scale     a number, what q.k is multiplied by in the gates
    returns   (..., query, key) tensor

    Source: the CoPE paper, equations 3, 4 and 7 to 9; the backward pass is
    cope_backward's.
    """

    @staticmethod
    def forward(ctx, q, k, logits, scale):
        q, k, logits = (x.detach().numpy() for x in (q, k, logits))
        query_len, key_len, npos = q.shape[-2], k.shape[-2], logits.shape[-1]
        rows = with_steps(logits).ravel()
        starts = npos * np.arange(logits.size // npos)  # of a query's row
        starts = starts.reshape(*logits.shape[:-1], 1)
        out, ctx.blocks = np.zeros((*q.shape[:-1], key_len), q.dtype), []
        for block, seen in causal_blocks(query_len, key_len):
            # (..., query, key), to the end
            gates = sigmoid(q[..., block, :] * -scale @ k[..., :seen, :].mT)
            gates *= causal_mask(block.stop - block.start, seen)
            w = sums(gates, from_right=True)  # positions, equation 4
            np.clip(w, 0, npos - 1, out=w)
            floor = np.floor(w)
            w -= floor
            index = floor.astype(np.int64)
            index += starts[..., block, :]
            found = rows.take(index, mode="clip")
            step = found.imag.copy()
            out[..., block, :seen] = found.real + w * step  # equation 9
            ctx.blocks.append((block, seen, gates, w, step, index))
        ctx.q, ctx.k, ctx.scale, ctx.npos = q, k, scale, npos
        return torch.tensor(out)

    @staticmethod
    def backward(ctx, grad):
        grad, q, k = grad.detach().numpy(), ctx.q, ctx.k
        grad_q, grad_k = np.zeros_like(q), np.zeros_like(k)
        grad_rows = np.zeros(q[..., 0].size * ctx.npos, complex_of(q.dtype))
        for block, seen, gates, w, step, index in ctx.blocks:
            g = grad[..., block, :seen]
            both = np.empty(g.shape, grad_rows.dtype)  # out = value + w step
            both.real, both.imag = g, g * w
            np.add.at(grad_rows, index.ravel(), both.ravel())
            grad_scores = sums(g * step)  # a gate counts for all keys before
            grad_scores *= gates
            grad_scores *= 1 - gates
            grad_q[..., block, :] = grad_scores @ k[..., :seen, :]
            grad_k[..., :seen, :] += grad_scores.mT @ q[..., block, :]
        grad_q *= ctx.scale
        grad_k *= ctx.scale
        grad_rows = grad_rows.reshape(*q.shape[:-1], ctx.npos)
        grad_logits = grad_rows.real.copy()
        grad_steps = grad_rows.imag[..., :-1]
        grad_logits[..., :-1] -= grad_steps
        grad_logits[..., 1:] += grad_steps
        grads = (torch.tensor(each) for each in (grad_q, grad_k, grad_logits))
        return *grads, None


def with_steps(logits):
    """Each row's value (real part) and the step to the next row (imaginary
    part), which is 0 after the last row."""
    rows = np.zeros(logits.shape, complex_of(logits.dtype))
    rows.real = logits
    rows.imag[..., :-1] = logits[..., 1:] - logits[..., :-1]
    return rows


def complex_of(dtype):
    """The complex dtype whose two parts are of this dtype."""
    return np.result_type(dtype, np.complex64)


def sigmoid(negative):
    """1 / (1 + exp(negative)), in place."""
    with np.errstate(over="ignore"):  # exp = inf gives 0, which is right
        np.exp(negative, out=negative)
    negative += 1
    return np.divide(1, negative, out=negative)


def sums(x, from_right=False):
    """Running sums along the last dimension, of finite numbers.

    The engine's cumsum, with a flip before and after, gives the same, but its
    copies cost a tenth of a training step.

    from_right   False: each sum runs from the left, True: from the right

    >>> x = np.array([1.0, 2.0, 4.0])
    >>> sums(x).tolist(), sums(x, from_right=True).tolist()
    ([1.0, 3.0, 7.0], [7.0, 6.0, 4.0])
    """
    length = x.shape[-1]
    size = 16 if length % 16 == 0 else length
    stretches = length // size

    def triangle(n, diagonal=0):
        ones = np.ones((n, n), x.dtype)
        return (np.tril if from_right else np.triu)(ones, diagonal)

    out = x.reshape(-1, size) @ triangle(size)
    out = out.reshape(*x.shape[:-1], stretches, size)
    whole = out[..., 0 if from_right else -1]  # (..., stretch)
    before = whole @ triangle(stretches, -1 if from_right else 1)
    out += before[..., None]
    return out.reshape(x.shape)

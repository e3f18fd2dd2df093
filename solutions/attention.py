"""Attention: three ways to write it, the causal mask, and the multi-head layer with its cache."""

from typing import NamedTuple

import minitorch as torch
import numpy as np
from minitorch import nn
from minitorch.nn import functional as F
from solutions.autograd import softmax
from solutions.positions import PositionEncoding


def next_token_pairs(ids):
    """What a decoder reads and what it must say: at each place, the target is the token that comes next.

    ids       int array (batch, seq)
    returns   inputs, targets: int arrays (batch, seq - 1). No target follows the last token, and the
              first token is no target

    >>> inputs, targets = next_token_pairs(np.array([[7, 8, 9]]))
    >>> inputs.tolist(), targets.tolist()
    ([[7, 8]], [[8, 9]])
    """
    return ids[:, :-1], ids[:, 1:]


def causal_mask(query_len, key_len):
    """Which keys each query may look at: its own position and all earlier ones.

    The queries are the last query_len of the key_len positions: when a model writes, old keys are kept and
    only new tokens ask. So query i stands at position key_len - query_len + i. True means: may look.

    key_len   at least query_len
    returns   bool array (query_len, key_len)

    >>> causal_mask(2, 3).tolist()
    [[True, True, False], [True, True, True]]
    """
    if query_len > key_len:
        raise ValueError(
            f"every query needs a key at its place: got {query_len} queries and {key_len} keys"
        )
    return np.tri(query_len, key_len, key_len - query_len, dtype=bool)


def causal_blocks(query_len, key_len, size=32):
    """Queries in blocks, each with the number of keys its last query sees. Later keys count for nothing, and to
    leave them out saves up to half of the work.

    >>> causal_blocks(query_len=3, key_len=4, size=2)
    [(slice(0, 2, None), 3), (slice(2, 3, None), 4)]
    """
    ends = [*range(size, query_len, size), query_len]
    return [
        (slice(start, end), key_len - query_len + end)
        for start, end in zip([0, *ends], ends)
    ]


def scaled_scores(q, k):
    """How well each key fits each query: their dot product, divided by the square root of head_dim.

        scores[i, j] = q[i] . k[j] / sqrt(head_dim)

    q         (query, head_dim) array
    k         (key, head_dim) array
    returns   (query, key) array

    >>> q = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0]])
    >>> k = np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 2.0, 2.0]])
    >>> scaled_scores(q, k).tolist()                           # the first row is 10 / 2, 2 / 2 and 4 / 2
    [[5.0, 1.0, 2.0], [0.5, 1.0, 0.0]]
    """
    return q @ k.T / np.sqrt(q.shape[-1])  # (query, key)


def attention_loop(q, k, v):
    """Attention as its definition says it, one query and one key at a time, without a mask.

    For each query i: the score of each key j is q[i] . k[j] / sqrt(head_dim); the weights are the softmax of
    these scores; the result is the sum of all values v[j], each times its weight.
    Scores may be as large as 1000, where e^score overflows: subtract the query's largest score from all of
    its scores first. That changes no weight.

    q         (query, head_dim) array
    k, v      (key, head_dim) arrays
    returns   (query, head_dim) array

    >>> q, k, v = np.array([[1.0], [-1.0]]), np.array([[0.0], [np.log(3)]]), np.array([[2.0], [8.0]])
    >>> attention_loop(q, k, v).round(6).tolist()              # weights 1/4 and 3/4, then 3/4 and 1/4
    [[6.5], [3.5]]
    """
    out = np.zeros((len(q), v.shape[1]))
    for i in range(len(q)):
        scores = [q[i] @ k[j] / np.sqrt(q.shape[1]) for j in range(len(k))]
        # e^score, safe for large scores
        powers = [np.exp(score - max(scores)) for score in scores]
        for j in range(len(k)):
            out[i] += powers[j] / sum(powers) * v[j]
    return out


def attention_numpy(q, k, v, mask=None):
    """Attention without a loop: scores of all pairs, mask, softmax of each row, weighted mean of the values.

    q         (query, head_dim) array
    k, v      (key, head_dim) arrays
    mask      None; or bool array (query, key), True where a query may look. A key that a query may not look
              at gets no weight from it at all, and the weights of the others sum to 1
    returns   (query, head_dim) array

    `scaled_scores(q, k)` gives the scores, `softmax(x)` the softmax along the last axis.

    >>> q, k, v = np.array([[0.0]]), np.array([[5.0], [6.0], [7.0]]), np.array([[1.0], [3.0], [8.0]])
    >>> attention_numpy(q, k, v).tolist()                      # q is zero, so all values weigh the same
    [[4.0]]
    >>> attention_numpy(q, k, v, mask=np.array([[True, True, False]])).tolist()
    [[2.0]]
    """
    scores = scaled_scores(q, k)  # (query, key)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    return softmax(scores) @ v  # (query, head_dim)


def depends_on(function, x):
    """Which rows of the result depend on which rows of the input, found by trying.

    Change one row of x, compute again, and see which rows of the result are not what they were before. The
    change: draw a random vector of x.shape[1] numbers, and add it to the row. (Some functions would not
    notice if every number grew by the same.)

    function   takes an array (seq, dim) and returns an array (rows, any)
    x          (seq, dim) array
    returns    bool array (rows, seq): [i, j] is True if row i of the result depends on row j of x

    >>> running_sum = lambda x: x.cumsum(axis=0)
    >>> depends_on(running_sum, np.ones((3, 2))).tolist()
    [[True, False, False], [True, True, False], [True, True, True]]
    """
    before = function(x)
    bump = np.random.default_rng(0).standard_normal(x.shape[1])
    columns = []
    for j in range(len(x)):
        changed = x.copy()
        changed[j] += bump
        columns.append((function(changed) != before).any(axis=1))  # (rows,)
    return np.stack(columns, axis=1)  # (rows, seq)


def attention(q, k, v, mask=None, scale=None):
    """Scaled dot-product attention: for each query a weighted mean of the values.

        weights = softmax(q k^T * scale + mask)    along the keys
        result  = weights v

    q         (..., query, head_dim) tensor
    k, v      (..., key, head_dim) tensors
    mask      None; or numbers to add to the scaled scores; or bool (mask.dtype is torch.bool), True where a
              query may look: a hidden key gets no weight at all. It broadcasts to (..., query, key)
    scale     None for 1 / sqrt(head_dim)
    returns   (..., query, head_dim) tensor

    All of it can be done with q, k, v and their methods: k.transpose(-2, -1) exchanges the last two axes,
    scores.masked_fill(where, value) puts a value where a bool tensor is True (~mask turns True and False
    round), scores.softmax(dim=-1) is the softmax along the last axis.

    >>> q, k, v = torch.tensor([[0.0]]), torch.tensor([[5.0], [7.0]]), torch.tensor([[1.0], [3.0]])
    >>> attention(q, k, v).tolist()                            # q is zero, so both values weigh the same
    [[2.0]]
    >>> attention(q, k, v, mask=torch.tensor([[True, False]])).tolist()
    [[1.0]]
    >>> attention(q, k, v, mask=torch.tensor([[0.0, float("-inf")]])).tolist()
    [[1.0]]

    Source: Vaswani et al. 2017, equation 1.
    """
    if (
        k.shape != v.shape
        or q.shape[:-2] != k.shape[:-2]
        or q.shape[-1] != k.shape[-1]
    ):
        raise ValueError(
            f"one value for each key, and equal batch, heads and head_dim, are needed: "
            f"got queries {tuple(q.shape)}, keys {tuple(k.shape)}, values {tuple(v.shape)}"
        )
    scores = (
        q
        @ k.transpose(-2, -1)
        * (q.shape[-1] ** -0.5 if scale is None else scale)
    )
    if mask is not None and mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, float("-inf"))
    elif mask is not None:
        scores = scores + mask  # (..., query, key)
    return scores.softmax(dim=-1) @ v  # (..., query, head_dim)


def attention_weights(q, k, mask=None, scale=None):
    """The weights inside `attention`: (..., query, key), each row positive with sum 1."""
    return attention_scores(q, k, mask, scale).softmax(dim=-1)


def attention_scores(q, k, mask=None, scale=None):
    """The scores before the softmax: (..., query, key), -inf where a query may not look."""
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(
            f"queries and keys differ in head_dim: got {tuple(q.shape)} and {tuple(k.shape)}"
        )
    scores = (
        q
        @ k.transpose(-2, -1)
        * (q.shape[-1] ** -0.5 if scale is None else scale)
    )
    if mask is None:
        return scores
    return (
        scores.masked_fill(~mask, float("-inf"))
        if mask.dtype == torch.bool
        else scores + mask
    )


class Cache:
    """What one attention layer remembers of the positions seen so far: their keys, values and inputs.

    Keys are stored as they are used, already rotated. The inputs serve encodings that look at them again.
    """

    def __init__(self):
        self.seen = (
            None  # k, v: (batch, heads, key, head_dim), x: (batch, key, dim)
        )

    def __len__(self):
        return 0 if self.seen is None else self.seen[0].shape[-2]

    def append(self, *new):
        """Put new keys, values and inputs behind the old ones; returns all of them."""
        if self.seen is not None:
            if len(self.seen[0]) != len(new[0]):
                raise ValueError(
                    f"the cache holds keys {tuple(self.seen[0].shape)} of {len(self.seen[0])} sequences, the "
                    f"new keys {tuple(new[0].shape)} are of {len(new[0])}: start with a new cache"
                )
            new = tuple(
                torch.cat([old, more], dim=-2)
                for old, more in zip(self.seen, new)
            )
        self.seen = new
        return new


class AttentionInputs(NamedTuple):
    """What attention works on, with all that positions change in it.

    q      (batch, heads, query, head_dim) tensor: the queries, rotated
    k, v   (batch, heads, key, head_dim) tensors: the keys, rotated, and the
           values, those from the cache included
    mask   (batch or 1, heads or 1, query, key) tensor, or (query, key): what
           is added to the scores, the bias of the positions and -inf for later
           keys
    """

    q: torch.Tensor
    k: torch.Tensor
    v: torch.Tensor
    mask: torch.Tensor


class MultiHeadAttention(nn.Module):
    """Causal self-attention with num_heads heads, each dim / num_heads wide.

    positions   a PositionEncoding, which several layers may share; None for the empty one

    Source: Vaswani et al. 2017, section 3.2.2.
    """

    def __init__(self, dim, num_heads, positions=None):
        super().__init__()
        if dim % num_heads:
            raise ValueError(
                f"dim {dim} cannot be split evenly over {num_heads} heads"
            )
        self.num_heads = num_heads
        self.positions = PositionEncoding() if positions is None else positions
        self.qkv = nn.Linear(dim, 3 * dim)  # queries, keys and values at once
        self.out = nn.Linear(dim, dim)

    def forward(self, x, cache=None):
        """x: (batch, seq, dim) -> (batch, seq, dim). With a cache, x follows the positions already in it."""
        inputs = self.prepare(x, cache)
        # (batch, heads, query, head_dim)
        heads = self.positions.attend(*inputs)
        if heads is None:  # the usual attention
            heads = F.scaled_dot_product_attention(
                inputs.q,
                inputs.k,
                inputs.v,
                attn_mask=inputs.mask,
                scale=self.positions.scale,
            )
        # (batch, query, dim)
        return self.out(heads.transpose(1, 2).reshape(x.shape))

    def prepare(self, x, cache=None):
        """x: (batch, seq, dim) -> AttentionInputs."""
        q, k, v = (
            self.split_heads(part) for part in self.qkv(x).chunk(3, dim=-1)
        )
        q, k = self.positions.rotate(
            q, k, offset=0 if cache is None else len(cache)
        )
        if cache is not None:
            k, v, x = cache.append(k, v, x)  # (batch, heads, key, head_dim)
        allowed = causal_mask(q.shape[-2], k.shape[-2])  # (query, key)
        mask = torch.tensor(np.where(allowed, 0.0, -np.inf), dtype=x.dtype)
        # (batch|1, heads|1, query, key)
        bias = self.positions.bias(q, k, v, x)
        return AttentionInputs(q, k, v, mask if bias is None else bias + mask)

    def split_heads(self, x):
        """(batch, seq, dim) -> (batch, heads, seq, head_dim)."""
        batch, seq, dim = x.shape
        return x.reshape(
            batch, seq, self.num_heads, dim // self.num_heads
        ).transpose(1, 2)

    def scores(self, x):
        """The scores of every head, to look at: (batch, heads, query, key), -inf for later keys."""
        inputs = self.prepare(x)
        return attention_scores(
            inputs.q, inputs.k, inputs.mask, self.positions.scale
        )

"""Attention: three ways to write it, the causal mask, and the multi-head layer
with its cache."""

from typing import NamedTuple

import numpy as np

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F
from solutions.autograd import softmax
from solutions.positions import PositionEncoding


def next_token_pairs(ids):
    """What a decoder reads, and what it should predict at each position: the
    token that comes next.

    ids       int array (batch, seq)
    returns   inputs, targets: int arrays (batch, seq - 1)

    >>> inputs, targets = next_token_pairs(np.array([[7, 8, 9]]))
    >>> inputs.tolist(), targets.tolist()
    ([[7, 8]], [[8, 9]])
    """
    return ids[:, :-1], ids[:, 1:]


def causal_mask(query_len, key_len):
    """Which keys each query may look at: the one at its own position and all
    before it.

    The keys are at the positions 0 ... key_len - 1. The queries are at the
    last query_len of these positions: when a model writes, it keeps the old
    keys, and only the new tokens ask.

    query_len   how many queries there are
    key_len     how many keys, at least query_len
    returns     bool array (query_len, key_len), True where a query may look

    >>> causal_mask(2, 3).tolist()
    [[True, True, False], [True, True, True]]
    """
    if query_len > key_len:
        raise ValueError(
            "every query needs a key at its own position: "
            f"got {query_len} queries and {key_len} keys"
        )
    return np.tri(query_len, key_len, key_len - query_len, dtype=bool)


def causal_blocks(query_len, key_len, size=32):
    """Queries in blocks, each with the number of keys its last query sees.

    Later keys count for nothing, and leaving them out saves up to half of the
    work.

    returns   a list of pairs: a slice of queries, and a number of keys

    >>> causal_blocks(query_len=3, key_len=4, size=2)
    [(slice(0, 2, None), 3), (slice(2, 3, None), 4)]
    """
    ends = [*range(size, query_len, size), query_len]
    return [
        (slice(start, end), key_len - query_len + end)
        for start, end in zip([0, *ends], ends)
    ]


def scaled_scores(q, k):
    """How well each key fits each query: their dot product, divided by the
    square root of head_dim.

        scores[i, j] = q[i] . k[j] / sqrt(head_dim)

    q         array (query, head_dim)
    k         array (key, head_dim)
    returns   array (query, key)

    >>> q = np.array([[1, 1, 1, 1], [1, 0, 0, 0]])
    >>> k = np.array([[1, 2, 3, 4], [2, 0, 0, 0], [0, 0, 2, 2]])
    >>> scaled_scores(q, k).tolist()  # first row: 10 / 2, 2 / 2 and 4 / 2
    [[5.0, 1.0, 2.0], [0.5, 1.0, 0.0]]
    """
    return q @ k.T / np.sqrt(q.shape[-1])  # (query, key)


def attention_loop(q, k, v):
    """Attention as its definition says it, one query and one key at a time,
    without a mask.

        score[i, j]  = q[i] . k[j] / sqrt(head_dim)
        weight[i, j] = e^score[i, j] / sum over n of e^score[i, n]
        result[i]    = sum over j of weight[i, j] v[j]

    Scores may be as large as 1000, so use `softmax(x)`, which is yours and
    can take it.

    q         array (query, head_dim)
    k, v      arrays (key, head_dim)
    returns   array (query, head_dim)

    >>> q = np.array([[1.0], [-1.0]])
    >>> k, v = np.array([[0.0], [np.log(3)]]), np.array([[2.0], [8.0]])
    >>> attention_loop(q, k, v).round(6).tolist()
    [[6.5], [3.5]]

    The weights are 1/4 and 3/4 for the first query, 3/4 and 1/4 for the
    second.
    """
    out = np.zeros((len(q), v.shape[1]))
    for i in range(len(q)):
        scores = [q[i] @ k[j] / np.sqrt(q.shape[1]) for j in range(len(k))]
        weights = softmax(np.array(scores))  # (key,)
        for j in range(len(k)):
            out[i] += weights[j] * v[j]
    return out


def attention_numpy(q, k, v, mask=None):
    """Attention without a loop: for each query a weighted mean of the values.

    q         array (query, head_dim)
    k, v      arrays (key, head_dim)
    mask      None; or bool array (query, key), True where a query may look.
              Where it may not, the key gets no weight at all, however large
              its score, and the weights of the others sum to 1
    returns   array (query, head_dim)

    `scaled_scores(q, k)` and `softmax(x)` are yours: use them.

    >>> q, k = np.array([[0.0]]), np.array([[5.0], [6.0], [7.0]])
    >>> v = np.array([[1.0], [3.0], [8.0]])
    >>> attention_numpy(q, k, v).tolist()  # q is 0: all values weigh the same
    [[4.0]]
    >>> mask = np.array([[True, True, False]])
    >>> attention_numpy(q, k, v, mask).tolist()
    [[2.0]]
    """
    scores = scaled_scores(q, k)  # (query, key)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    return softmax(scores) @ v  # (query, head_dim)


def depends_on(function, x):
    """Which rows of a function's result depend on which rows of its input.

    You can't look into the function, so find out by experiment. Any influence
    counts, however faint. Choose changes that every function must notice: one
    may subtract the mean of a row, and another divide a row by its length.

    function   takes an array (seq, dim), returns an array (rows, any)
    x          array (seq, dim); it must stay as it is
    returns    bool array (rows, seq): [i, j] is True if row i of the result
               depends on row j of x

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
    """Scaled dot-product attention: per query a weighted mean of the values.

        weights = softmax(q k^T * scale + mask)    along the keys
        result  = weights v

    q         (..., query, head_dim) tensor
    k, v      (..., key, head_dim) tensors
    mask      None; or numbers to add to the scaled scores; or bool
              (mask.dtype == torch.bool), True where a query may look: a
              hidden key gets no weight at all, however large its score. It
              broadcasts to (..., query, key)
    scale     None for 1 / sqrt(head_dim), else a number, which may be 0
    returns   (..., query, head_dim) tensor; gradients flow through it

    The methods of a tensor are all you need: transpose(-2, -1) swaps its last
    two axes, softmax(dim=-1) is the softmax along the last, and
    masked_fill(where, value) writes a value wherever `where` is True.

    >>> q, k = torch.tensor([[0.0]]), torch.tensor([[5.0], [7.0]])
    >>> v = torch.tensor([[1.0], [3.0]])
    >>> attention(q, k, v).tolist()  # q is 0: both values weigh the same
    [[2.0]]
    >>> attention(q, k, v, mask=torch.tensor([[True, False]])).tolist()
    [[1.0]]
    >>> mask = torch.tensor([[0.0, float("-inf")]])
    >>> attention(q, k, v, mask).tolist()
    [[1.0]]

    Source: Vaswani et al. 2017, equation 1.
    """
    if (
        k.shape != v.shape
        or q.shape[:-2] != k.shape[:-2]
        or q.shape[-1] != k.shape[-1]
    ):
        raise ValueError(
            "needs one value per key, and equal batch, heads and head_dim: "
            f"got queries {tuple(q.shape)}, keys {tuple(k.shape)}, "
            f"values {tuple(v.shape)}"
        )
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    scores = q @ k.transpose(-2, -1) * scale
    if mask is not None and mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, float("-inf"))
    elif mask is not None:
        scores = scores + mask  # (..., query, key)
    return scores.softmax(dim=-1) @ v  # (..., query, head_dim)


def attention_weights(q, k, mask=None, scale=None):
    """The weights inside `attention`.

    returns   (..., query, key) tensor, each row positive with sum 1
    """
    return attention_scores(q, k, mask, scale).softmax(dim=-1)


def attention_scores(q, k, mask=None, scale=None):
    """The scores before the softmax.

    returns   (..., query, key) tensor, -inf where a query may not look
    raises    ValueError if queries and keys differ in head_dim
    """
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(
            "queries and keys differ in head_dim: "
            f"got {tuple(q.shape)} and {tuple(k.shape)}"
        )
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    scores = q @ k.transpose(-2, -1) * scale
    if mask is None:
        return scores
    return (
        scores.masked_fill(~mask, float("-inf"))
        if mask.dtype == torch.bool
        else scores + mask
    )


class Cache:
    """What one attention layer remembers of the positions seen so far: their
    keys, values and inputs.

    Keys are stored as they are used, already rotated. The inputs are for
    encodings that look at them again.
    """

    def __init__(self):
        self.seen = (
            None  # k, v: (batch, heads, key, head_dim), x: (batch, key, dim)
        )

    def __len__(self):
        return 0 if self.seen is None else self.seen[0].shape[-2]

    def append(self, *new):
        """Add new keys, values and inputs after the old ones.

        returns   all keys, values and inputs so far
        raises    ValueError for another number of sequences
        """
        if self.seen is not None:
            if len(self.seen[0]) != len(new[0]):
                raise ValueError(
                    f"keys {tuple(self.seen[0].shape)} in the cache are of "
                    f"{len(self.seen[0])} sequences, the new keys "
                    f"{tuple(new[0].shape)} are of {len(new[0])}: "
                    "start with a new cache"
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
    """Self-attention with num_heads heads, each dim / num_heads wide.

    positions   a PositionEncoding, which several layers may share; None for
                the empty one
    causal      True: each position looks at itself and the earlier ones, as
                in a decoder. False: each looks at all, as in an encoder

    Source: Vaswani et al. 2017, section 3.2.2.
    """

    def __init__(self, dim, num_heads, positions=None, causal=True):
        super().__init__()
        if dim % num_heads:
            raise ValueError(
                f"dim {dim} cannot be split evenly over {num_heads} heads"
            )
        self.num_heads = num_heads
        self.positions = PositionEncoding() if positions is None else positions
        self.causal = causal
        self.qkv = nn.Linear(dim, 3 * dim)  # queries, keys and values at once
        self.out = nn.Linear(dim, dim)

    def forward(self, x, cache=None):
        """What each position learns from those it looks at.

        x         (batch, seq, dim) tensor
        cache     None, or a Cache; x follows the positions already in it
        returns   (batch, seq, dim) tensor
        raises    ValueError without the causal mask, for a cache, or for
                  positions that only count back
        """
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
        """Queries, keys, values and mask, as the positions leave them.

        x         (batch, seq, dim) tensor
        cache     as in forward
        returns   AttentionInputs
        """
        q, k, v = (
            self.split_heads(part) for part in self.qkv(x).chunk(3, dim=-1)
        )
        q, k = self.positions.rotate(
            q, k, offset=0 if cache is None else len(cache)
        )
        if cache is not None:
            k, v, x = cache.append(k, v, x)  # (batch, heads, key, head_dim)
        allowed = self.allowed(q.shape[-2], k.shape[-2], cache)
        mask = np.where(allowed, 0.0, -np.inf)  # (query, key)
        mask = torch.tensor(mask, dtype=x.dtype, device=x.device)
        # (batch|1, heads|1, query, key)
        bias = self.positions.bias(q, k, v, x)
        return AttentionInputs(q, k, v, mask if bias is None else bias + mask)

    def allowed(self, query_len, key_len, cache=None):
        """Which keys each query may look at: bool array (query, key)."""
        if self.causal:
            return causal_mask(query_len, key_len)
        if cache is not None:
            raise ValueError(
                "a cache is for reading on: without the causal mask, earlier "
                "positions would have to look again at what was added"
            )
        if self.positions.causal_only:
            raise ValueError(
                f"{type(self.positions).__name__} has positions for earlier "
                "keys only, so attention needs causal=True with it"
            )
        return np.ones((query_len, key_len), dtype=bool)

    def split_heads(self, x):
        """(batch, seq, dim) -> (batch, heads, seq, head_dim)."""
        batch, seq, dim = x.shape
        return x.reshape(
            batch, seq, self.num_heads, dim // self.num_heads
        ).transpose(1, 2)

    def scores(self, x):
        """The scores of every head, to look at.

        x         (batch, seq, dim) tensor
        returns   (batch, heads, query, key) tensor, -inf where a query may
                  not look
        """
        inputs = self.prepare(x)
        return attention_scores(
            inputs.q, inputs.k, inputs.mask, self.positions.scale
        )

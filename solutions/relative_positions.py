"""Relative positions: scores depend on how far a key is from the query. Shaw,
Transformer-XL, T5, ALiBi.

Distances are key minus query everywhere: 0 is the query itself, negative
numbers are the past.
"""

import numpy as np

import minitorch as torch
from minitorch import nn
from solutions.absolute_positions import halves_from_pairs, sinusoidal_encoding
from solutions.attention import attention_weights
from solutions.autograd import softmax
from solutions.positions import PositionEncoding


def relative_positions(query_len, key_len):
    """How far every key is from every query: key position minus query
    position.

    The queries are the last query_len of the key_len positions, because
    earlier keys may come from a cache.

    query_len   number of queries; it may be 0
    key_len     number of keys, at least query_len
    returns     int64 array (query_len, key_len)
    raises      ValueError for negative or fractional lengths, or more queries
                than keys: check_lengths(query_len, key_len) does that

    >>> relative_positions(3, 3).tolist()
    [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]]
    >>> relative_positions(1, 3).tolist()
    [[-2, -1, 0]]
    """
    check_lengths(query_len, key_len)
    query = np.arange(key_len - query_len, key_len)
    key = np.arange(key_len)
    return key[None, :] - query[:, None]


def check_lengths(query_len, key_len):
    """Refuse lengths that are not whole numbers, and queries without a key at
    their own position."""
    if (
        int(query_len) != query_len
        or int(key_len) != key_len
        or not 0 <= query_len <= key_len
    ):
        raise ValueError(
            "expected whole numbers 0 <= query_len <= key_len, "
            f"got {query_len} and {key_len}"
        )


# ------------------------------------------ Shaw et al. 2018


def clip_distance(relative_position, clip):
    """The row of Shaw's table for every distance; those beyond `clip` share
    one.

        row = max(-clip, min(clip, distance)) + clip

    So row 0 means "clip or more back", row `clip` the token itself, and row
    2 * clip "clip or more ahead".

    relative_position   int array of any shape, key minus query
    clip                the largest distance that is told apart, k in the
                        paper, at least 0
    returns             int array of the same shape, values 0 ... 2 * clip
    raises              ValueError for distances that are not integers, or a
                        negative clip

    >>> clip_distance(np.array([-7, -2, -1, 0, 1, 9]), clip=2).tolist()
    [0, 0, 1, 2, 3, 4]

    Source: Shaw et al. 2018, section 3.2.
    """
    check_distances(relative_position, clip)
    return relative_position.clip(-clip, clip) + clip


def check_distances(relative_position, clip=0):
    """Refuse distances that are not whole numbers of tokens, and a negative
    `clip`."""
    if not np.issubdtype(relative_position.dtype, np.integer):
        raise ValueError(
            "distances are whole numbers of tokens, got "
            f"{relative_position.dtype} of shape {relative_position.shape}"
        )
    if clip < 0:
        raise ValueError(f"clip is a distance, 0 or more, got {clip}")


def shaw_attention(q, k, v, key_vectors, value_vectors):
    """Attention of one head, in which the distance of two tokens adds a
    vector to the key and another to the value.

        score[i, j] = q[i] . (k[j] + key_vectors[row]) / sqrt(head_dim)
        result[i]   = sum over j of weight[i, j] (v[j] + value_vectors[row])

    The row is clip_distance(j - i, clip), so it differs from pair to pair. The
    weights are the softmax of the scores along j. There is no mask.

    q, k, v         arrays (seq, head_dim)
    key_vectors     array (2 * clip + 1, head_dim); its length tells you clip
    value_vectors   array (2 * clip + 1, head_dim)
    returns         array (seq, head_dim)

    You can use `relative_positions`, `clip_distance`, and `softmax(x)`, which
    works along the last axis.

    >>> zero, v = np.zeros((2, 1)), np.array([[0.0], [60.0]])
    >>> vectors = np.array([[10.0], [20.0], [30.0]])
    >>> shaw_attention(zero, zero, v, vectors, vectors).tolist()
    [[55.0], [45.0]]

    In this example all weights are 1/2, and the three vectors are for one
    back, the token itself, and one ahead.

    Source: Shaw et al. 2018, equations 3 and 4.
    """
    # (query, key)
    rows = clip_distance(
        relative_positions(len(q), len(k)), len(key_vectors) // 2
    )
    keys = k + key_vectors[rows]  # (query, key, head_dim)
    # (query, key)
    weights = softmax((keys @ q[:, :, None])[..., 0] / np.sqrt(q.shape[-1]))
    # (query, head_dim)
    return (weights[..., None] * (v + value_vectors[rows])).sum(axis=1)


class Shaw(PositionEncoding):
    """A learned vector for each clipped distance, added to the keys, and on
    request another to the values.

    In the course's comparisons it is keys only (values=False).

        score_ij  = q_i . (k_j + a^K[clip(j - i)]) / sqrt(head_dim)
        result_i  = sum over j of weight_ij (v_j + a^V[clip(j - i)])

    Each table has 2 * clip + 1 rows, which the heads share; each layer has
    tables of its own. Queries meet each row of the key table once, and every
    pair picks its product. Value vectors are gathered per pair of tokens.

    Source: Shaw et al. 2018 (arXiv 1803.02155), equations 3 and 4.
    """

    shared = False

    def __init__(self, head_dim, clip, values=False):
        super().__init__()
        self.clip = clip
        self.keys = nn.Parameter(torch.empty(2 * clip + 1, head_dim))
        self.values = (
            nn.Parameter(torch.empty(2 * clip + 1, head_dim))
            if values
            else None
        )
        for table in self.parameters():
            nn.init.normal_(table, std=0.02)

    def rows(self, query_len, key_len):
        """The table row of every pair: (query, key)."""
        rows = clip_distance(relative_positions(query_len, key_len), self.clip)
        return torch.tensor(rows, device=self.keys.device)

    def bias(self, q, k, v=None, x=None):
        check_head_dim(q, self.keys.shape[-1])
        # (batch, heads, query, distance)
        products = (q * self.score_scale(q)) @ self.keys.transpose(0, 1)
        rows = self.rows(q.shape[-2], k.shape[-2])
        return torch.take_along_dim(
            products, rows.expand(*q.shape[:2], *rows.shape), dim=-1
        )

    def attend(self, q, k, v, mask):
        if self.values is None:
            return None
        # (batch, heads, query, key)
        weights = attention_weights(q, k, mask, self.scale)
        # (query, key, head_dim)
        vectors = self.values[self.rows(q.shape[-2], k.shape[-2])]
        # (batch, heads, query, head_dim)
        by_distance = (weights.unsqueeze(-2) @ vectors).squeeze(-2)
        return weights @ v + by_distance


def check_head_dim(q, head_dim):
    """Refuse queries that are not as wide as the vectors they meet."""
    if q.shape[-1] != head_dim:
        raise ValueError(
            f"position vectors have head_dim {head_dim}, "
            f"the queries {tuple(q.shape)} do not"
        )


# ------------------------------------------ Transformer-XL


def relative_shift(x):
    """From scores by distance to scores by key.

    In every row of x, column c is the score for the distance "key_len - 1 - c
    back". In row i of the result, column j is the score for the distance of
    key j from query i. So the last row stays as it is, the row above it moves
    left by one column, and so on.

    Only keys up to the query's own position matter. What ends up to the right
    of them will be masked, and may be any finite number.

    x         (..., query, key) tensor; there may be fewer queries than keys:
              they are the last ones
    returns   (..., query, key) tensor of the dtype of x, through which
              gradients flow

    >>> x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
    >>> relative_shift(x).tril().tolist()
    [[3.0, 0.0, 0.0], [5.0, 6.0, 0.0], [7.0, 8.0, 9.0]]

    Here tril() puts zeros where the mask will be.

    Source: Dai et al. 2019 (Transformer-XL), appendix B (the left shift), and
    the authors' code (zeros and reshape).
    """
    *lead, query_len, key_len = x.shape
    zeros = torch.zeros(*lead, query_len, 1, dtype=x.dtype, device=x.device)
    padded = torch.cat([zeros, x], dim=-1)  # (..., query, key + 1)
    # read in rows of query_len, all numbers but a few are in line
    return padded.reshape(*lead, key_len + 1, query_len)[..., 1:, :].reshape(
        x.shape
    )


def transformer_xl_bias(q, k, r, u, v, scale):
    """What Transformer-XL adds to the scores q.k.

        score[i, j] = scale (q_i . k_j + q_i . r[i-j] + u . k_j + v . r[i-j])

    Attention computes the first term itself. The other three are yours, times
    `scale`. The rows of r are sorted from far to near, so that the products
    of a query with them are scores by distance, as `relative_shift` takes
    them.

    q         (..., query, head_dim) tensor; the queries are the last ones
    k         (..., key, head_dim) tensor
    r         (..., key, head_dim) tensor: a vector per distance, key_len - 1
              back in the first row, 0 back in the last
    u, v      (..., 1, head_dim) tensors: one vector per head, for all queries
    scale     a number
    returns   (..., query, key) tensor, through which gradients flow. For keys
              ahead of their query it may be any finite number

    >>> q, k = torch.tensor([[1.0], [2.0]]), torch.tensor([[10.0], [20.0]])
    >>> r = torch.tensor([[3.0], [5.0]])  # 1 back, 0 back
    >>> u, v = torch.tensor([[1.0]]), torch.tensor([[100.0]])
    >>> transformer_xl_bias(q, k, r, u, v, scale=1.0).tril().tolist()
    [[515.0, 0.0], [316.0, 530.0]]

    For query 1 and key 0, that is 2 * 3 + 1 * 10 + 100 * 3 = 316.

    Source: Dai et al. 2019 (arXiv 1901.02860), section 3.3.
    """
    # (..., query, distance)
    by_distance = ((q + v) * scale) @ r.transpose(-2, -1)
    by_key = (u * scale) @ k.transpose(-2, -1)  # (..., 1, key)
    return by_key + relative_shift(by_distance)


class TransformerXL(PositionEncoding):
    """Distances as sinusoids, projected to keys of their own, and two learned
    vectors u and v.

        score_ij = [ (q_i + u) . k_j + (q_i + v) . W_kR R[i - j] ]
                   / sqrt(head_dim)

    u says how much a key matters to any query, v how much a distance does. R
    is the fixed sinusoidal table in the layout [sines; cosines], so any
    distance has a row. Each layer has its own W_kR, and here also its own u
    and v (the variant called untied). The paper's other half, a recurrence
    from segment to segment, is not part of this class.

    Source: Dai et al. 2019 (arXiv 1901.02860), section 3.3.
    """

    shared = False
    causal_only = True

    def __init__(self, dim, num_heads, base=10000.0):
        super().__init__()
        self.base = base
        self.u = nn.Parameter(torch.empty(num_heads, 1, dim // num_heads))
        self.v = nn.Parameter(torch.empty(num_heads, 1, dim // num_heads))
        nn.init.normal_(self.u, std=0.02)
        nn.init.normal_(self.v, std=0.02)
        self.distance_keys = nn.Linear(dim, dim, bias=False)  # W_kR

    def bias(self, q, k, v=None, x=None):
        num_heads, _, head_dim = self.u.shape
        check_head_dim(q, head_dim)
        key_len, dim = k.shape[-2], num_heads * head_dim
        table = sinusoidal_encoding(key_len, dim, self.base)[
            :, halves_from_pairs(dim)
        ]
        table = np.flip(table, axis=0).copy()  # key_len - 1 ... 0 back
        table = torch.tensor(table, dtype=q.dtype, device=q.device)
        r = self.distance_keys(table)  # (distance, dim)
        # (heads, distance, head_dim)
        r = r.reshape(key_len, num_heads, head_dim).transpose(0, 1)
        return transformer_xl_bias(
            q, k, r, self.u, self.v, self.score_scale(q)
        )


# ------------------------------------------ T5


def t5_bucket(
    relative_position, bidirectional=True, num_buckets=32, max_distance=128
):
    """The bucket of every distance: near ones have one each, far ones share,
    on a logarithmic scale.

    With B buckets per direction, and n tokens between the two:

        n < B/2     bucket n
        otherwise   bucket B/2 + floor(B/2 * ln(2n/B) / ln(2 max_distance/B)),
                    at most B - 1

        bidirectional=True    B = num_buckets / 2; keys ahead follow the same
                              rule, counted from bucket B on
        bidirectional=False   B = num_buckets; keys ahead count as distance 0

    relative_position   int array of any shape, key minus query
    bidirectional       whether keys ahead have buckets of their own
    num_buckets         a multiple of 4, or of 2 if not bidirectional: B is
                        even
    max_distance        more than B/2
    returns             int array of the same shape, 0 ... num_buckets - 1
    raises              ValueError for distances that are not integers:
                        check_distances(relative_position) does that

    >>> t5_bucket(np.array([-200, -20, -1, 0, 1])).tolist()
    [15, 10, 1, 0, 17]
    >>> past = np.array([-200, -20, -1, 0, 1])
    >>> t5_bucket(past, bidirectional=False).tolist()
    [31, 17, 1, 0, 0]

    Source: Raffel et al. 2020, section 2.1, and the authors' code. The rule
    is theirs: with the default 32 causal buckets everything from distance 113
    on, not 128, is in the last one.
    """
    check_distances(relative_position)
    # for one direction
    buckets = num_buckets // 2 if bidirectional else num_buckets
    exact = buckets // 2
    if exact < 1 or max_distance <= exact:
        raise ValueError(
            f"{num_buckets} buckets up to distance {max_distance} "
            "do not suffice for near and far ones"
        )
    ahead = np.where(relative_position > 0, buckets, 0) if bidirectional else 0
    away, back = np.abs(relative_position), np.maximum(-relative_position, 0)
    n = away if bidirectional else back
    reach = np.log2(max_distance / exact)
    growth = np.log2(np.maximum(n, exact) / exact) / reach  # 1: max_distance
    far = exact + (growth * (buckets - exact)).astype(np.int64)
    return ahead + np.where(n < exact, n, np.minimum(far, buckets - 1))


class T5Bias(PositionEncoding):
    """A learned number for each bucket of distances and each head, added to
    the scores; one table for all layers.

    q.k is not divided by sqrt(head_dim): T5 leaves that to its initial
    weights.

    Source: Raffel et al. 2020 (arXiv 1910.10683), section 2.1.
    """

    scale = 1.0

    def __init__(
        self, num_heads, bidirectional=False, num_buckets=32, max_distance=128
    ):
        super().__init__()
        self.bidirectional, self.num_buckets, self.max_distance = (
            bidirectional,
            num_buckets,
            max_distance,
        )
        self.causal_only = not bidirectional
        self.table = nn.Parameter(torch.empty(num_buckets, num_heads))
        nn.init.normal_(self.table, std=0.02)

    def bias(self, q, k, v=None, x=None):
        """The number that each pair of tokens gets: for every head, that of
        its distance's bucket.

        self.table has a row per bucket and a column per head.
        self.bidirectional, self.num_buckets and self.max_distance are what
        t5_bucket wants to know.

        q         (batch, heads, query, head_dim) tensor; the queries are the
                  last ones
        k         (batch, heads, key, head_dim) tensor
        v, x      not needed here
        returns   (1, heads, query, key) tensor, through which gradients flow
                  to self.table
        raises    ValueError if the queries and the table have different
                  numbers of heads: check_num_heads(q, num_heads) does that

        >>> t5, q = T5Bias(num_heads=2), torch.zeros(1, 2, 3, 8)
        >>> tuple(t5.bias(q, q).shape)
        (1, 2, 3, 3)
        >>> one_back = t5.table[1]
        >>> (t5.bias(q, q)[0, :, 2, 1] == one_back).all().item()
        True
        """
        check_num_heads(q, self.table.shape[-1])
        distances = relative_positions(q.shape[-2], k.shape[-2])
        buckets = t5_bucket(
            distances, self.bidirectional, self.num_buckets, self.max_distance
        )
        buckets = torch.tensor(buckets, device=q.device)
        # (1, heads, query, key)
        return self.table.T[:, buckets].unsqueeze(0)


def check_num_heads(q, num_heads):
    """Refuse queries with another number of heads than the encoding has."""
    if q.shape[1] != num_heads:
        raise ValueError(
            f"made for {num_heads} heads, "
            f"the queries {tuple(q.shape)} have {q.shape[1]}"
        )


# ------------------------------------------ ALiBi


def alibi_slopes(num_heads):
    """How much each head minds distance: the slopes of ALiBi, fixed, not
    learned.

    For n = 1, 2, 4, 8, ... heads they are a geometric series: it starts with
    2^(-8/n), and each slope is the one before times 2^(-8/n). For other counts
    take the series of the power of two below. What is missing comes from the
    series of twice that power: its 1st slope, its 3rd, its 5th, ...

    num_heads   1, 2, 3, ...
    returns     float64 array (num_heads,), positive

    >>> alibi_slopes(4).tolist()
    [0.25, 0.0625, 0.015625, 0.00390625]
    >>> alibi_slopes(3).tolist()
    [0.0625, 0.00390625, 0.25]

    Source: Press et al. 2022, section 3, and the authors' code for counts
    that are not a power of two.
    """
    if int(num_heads) != num_heads or num_heads < 1:
        raise ValueError(
            f"the number of heads must be 1, 2, 3, ..., got {num_heads}"
        )
    power = 2 ** int(np.log2(num_heads))
    slopes = 2.0 ** (-8 / power * np.arange(1, power + 1))
    # of 2 * power heads
    between = 2.0 ** (-4 / power * np.arange(1, 2 * (num_heads - power), 2))
    return np.concatenate([slopes, between])


class ALiBi(PositionEncoding):
    """A penalty that grows with distance, steeper in some heads than in
    others.

        score_ij = q_i . k_j / sqrt(head_dim) - slope_head * (i - j)

    It has no parameters, and works for any length.

    Source: Press et al. 2022 (arXiv 2108.12409), section 3.
    """

    causal_only = True

    def __init__(self, num_heads):
        super().__init__()
        self.slopes = alibi_slopes(num_heads)

    def bias(self, q, k, v=None, x=None):
        """What is added to the scores: nothing at a query's own position, and
        less and less with the distance.

        self.slopes has a slope per head.

        q         (batch, heads, query, head_dim) tensor; the queries are the
                  last ones
        k         (batch, heads, key, head_dim) tensor
        v, x      not needed here
        returns   (1, heads, query, key) tensor of the dtype of q. For keys
                  ahead of their query it may be any finite number
        raises    ValueError if there are not as many slopes as heads:
                  check_num_heads(q, num_heads) does that

        >>> alibi, q = ALiBi(num_heads=2), torch.zeros(1, 2, 3, 8)
        >>> alibi.slopes.tolist()
        [0.0625, 0.00390625]
        >>> alibi.bias(q, q)[0, 0, 2].tolist()
        [-0.125, -0.0625, 0.0]
        """
        check_num_heads(q, len(self.slopes))
        # key minus query, negative in the past
        distances = relative_positions(q.shape[-2], k.shape[-2])
        penalties = self.slopes[:, None, None] * distances
        # (1, heads, query, key)
        return torch.tensor(
            penalties, dtype=q.dtype, device=q.device
        ).unsqueeze(0)

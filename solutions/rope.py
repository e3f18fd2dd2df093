"""RoPE, rotary position embedding (Su et al. 2021, arXiv 2104.09864): queries
and keys are rotated by their positions.

Take two columns of a query as a point in the plane. At position m, it is
rotated by m * theta; a key at position n is rotated by n * theta. Their dot
product then depends on the angle between them, (m - n) * theta, and so on
nothing but the distance.
"""

import numpy as np

import minitorch as torch
from solutions.absolute_positions import (
    angular_speeds,
    check_table_size,
    halves_from_pairs,
    pairs_from_halves,
)
from solutions.positions import PositionEncoding


def rotate_pair(point, angle):
    """Rotate a point in the plane around the origin, counterclockwise.

        new x = x cos(angle) - y sin(angle)
        new y = x sin(angle) + y cos(angle)

    point     array (2,): x and y, whole numbers or not
    angle     in radians; 2 pi is once around
    returns   array (2,)

    >>> rotate_pair(np.array([1.0, 0.0]), np.pi / 2).round(3).tolist()
    [0.0, 1.0]
    >>> rotate_pair(np.array([0.0, 1.0]), np.pi / 2).round(3).tolist()
    [-1.0, 0.0]
    """
    x, y = point
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([x * cos - y * sin, x * sin + y * cos])


def rope_cache(seq_len, dim, base=10000.0):
    """Cosines and sines of all rotation angles, computed once for everyone.

        angle[position, c] = position * base^(-2c / dim)

    for the pairs c = 0 ... dim/2 - 1.

    seq_len   number of positions, counted from 0
    dim       number of columns that are rotated, even
    returns   cos, sin: float64 arrays (seq_len, dim / 2)
    raises    ValueError for a negative or fractional seq_len, or an odd dim,
              as check_table_size(seq_len, dim) does

    >>> cos, sin = rope_cache(2, 4, base=100.0)
    >>> cos.round(3).tolist(), sin.round(3).tolist()
    ([[1.0, 1.0], [0.54, 0.995]], [[0.0, 0.0], [0.841, 0.1]])

    Source: section 3.2.2, theta_i = 10000^(-2(i - 1) / d) with i, our c,
    counted from 1.
    """
    check_table_size(seq_len, dim)
    # (seq_len, dim / 2)
    angles = np.arange(seq_len)[:, None] * angular_speeds(dim, base)
    return np.cos(angles), np.sin(angles)


def apply_rope(x, cos, sin):
    """Rotate each pair of neighboring columns by the angle of its position.

        y[2c]     = x[2c] cos_c - x[2c + 1] sin_c
        y[2c + 1] = x[2c] sin_c + x[2c + 1] cos_c

    x          (..., seq, dim) tensor; it must not be changed
    cos, sin   (seq, dim / 2) tensors, as from rope_cache
    returns    (..., seq, dim) tensor of the dtype of x, through which
               gradients flow
    raises     ValueError for shapes that don't fit, as check_rotation(x,
               cos, sin) does

    >>> x = torch.tensor([[1.0, 0.0, 2.0, 3.0]])
    >>> cos, sin = torch.tensor([[0.0, -1.0]]), torch.tensor([[1.0, 0.0]])
    >>> apply_rope(x, cos, sin).tolist()
    [[0.0, 1.0, -2.0, -3.0]]

    The first pair makes a quarter turn, the second a half turn.

    Source: equations 15 and 34; GPT-J and Meta's own LLaMA code use this
    layout of pairs.
    """
    check_rotation(x, cos, sin)
    even, odd = x[..., 0::2], x[..., 1::2]  # (..., seq, dim / 2)
    pairs = torch.stack(
        [even * cos - odd * sin, even * sin + odd * cos], dim=-1
    )
    return pairs.reshape(x.shape)  # (..., dim / 2, 2) -> (..., dim)


def apply_rope_half(x, cos, sin):
    """The same rotation in the other memory layout, where column c and column
    c + dim/2 are a pair.

        y[c]         = x[c] cos_c - x[c + dim/2] sin_c
        y[c + dim/2] = x[c] sin_c + x[c + dim/2] cos_c

    Shapes and errors are those of apply_rope. GPT-NeoX and the Hugging Face
    LLaMA use this layout.

    >>> x = torch.tensor([[1.0, 2.0, 0.0, 3.0]])
    >>> cos, sin = torch.tensor([[0.0, -1.0]]), torch.tensor([[1.0, 0.0]])
    >>> apply_rope_half(x, cos, sin).tolist()
    [[0.0, -2.0, 1.0, -3.0]]
    """
    check_rotation(x, cos, sin)
    first, second = x.chunk(2, dim=-1)  # (..., seq, dim / 2) each
    return torch.cat(
        [first * cos - second * sin, first * sin + second * cos], dim=-1
    )


def check_rotation(x, cos, sin):
    """There must be one angle per position and pair of columns."""
    if x.shape[-1] % 2:
        raise ValueError(
            "columns are rotated in pairs: "
            f"the last size of {tuple(x.shape)} must be even"
        )
    expected = (x.shape[-2], x.shape[-1] // 2)
    if tuple(cos.shape) != expected or tuple(sin.shape) != expected:
        raise ValueError(
            f"x {tuple(x.shape)} needs cos and sin of shape "
            f"(seq, dim / 2) = {expected}, "
            f"got {tuple(cos.shape)} and {tuple(sin.shape)}"
        )


def rope_rows_to_halves(weight, num_heads):
    """Reorder the rows of a query or key projection made for apply_rope, so
    that apply_rope_half gives the same scores.

    Row r of the weight makes column r of the queries, and the two layouts
    want these columns in different orders: halves_from_pairs(head_dim) is the
    order within one head. Queries and keys are reordered alike, so their
    products don't change.

    weight      array (num_heads * head_dim, ...), output rows first as in
                nn.Linear; a bias, (num_heads * head_dim,), too
    num_heads   number of heads, whose rows come one head after the other
    returns     array of the same shape
    raises      ValueError unless every head has an even number of rows, as
                check_head_rows(weight, num_heads) does

    >>> rows = np.array([0, 1, 2, 3, 10, 11, 12, 13])
    >>> rope_rows_to_halves(rows, num_heads=2).tolist()
    [0, 2, 1, 3, 10, 12, 11, 13]
    """
    check_head_rows(weight, num_heads)
    # (heads, head_dim, ...)
    heads = weight.reshape(num_heads, -1, *weight.shape[1:])
    return heads[:, halves_from_pairs(heads.shape[1])].reshape(weight.shape)


def rope_rows_to_pairs(weight, num_heads):
    """The way back: rows made for apply_rope_half, reordered for apply_rope.

    >>> rows = np.array([0, 2, 1, 3, 10, 12, 11, 13])
    >>> rope_rows_to_pairs(rows, num_heads=2).tolist()
    [0, 1, 2, 3, 10, 11, 12, 13]
    """
    check_head_rows(weight, num_heads)
    # (heads, head_dim, ...)
    heads = weight.reshape(num_heads, -1, *weight.shape[1:])
    return heads[:, pairs_from_halves(heads.shape[1])].reshape(weight.shape)


def check_head_rows(weight, num_heads):
    """Every head of a projection needs an even number of rows."""
    if len(weight) % (2 * num_heads):
        raise ValueError(
            f"a weight {weight.shape} does not have an even number of rows "
            f"for each of {num_heads} heads"
        )


def score_at_distance(q, k, distance, base=10000.0):
    """The dot product of a rotated query and a rotated key, computed from
    their distance alone.

    With the query at position i and the key at position j,

        R_i q . R_j k = q . R_(j - i) k

    One key, any number of distances: there is one score per distance.

    q, k       arrays (dim,), not rotated, not scaled
    distance   int array (n,) of key minus query, j - i; negative for keys in
               the past
    returns    array (n,)

    `angular_speeds(dim, base)` is the angle of each pair for one step, and
    apply_rope rotates.

    >>> q, distance = np.array([1.0, 0.0]), np.array([0, -1, 1])
    >>> score_at_distance(q, np.array([1.0, 0.0]), distance).round(3).tolist()
    [1.0, 0.54, 0.54]
    >>> score_at_distance(q, np.array([0.0, 1.0]), distance).round(3).tolist()
    [0.0, 0.841, -0.841]

    Source: section 3.2.2.
    """
    angles = distance[:, None] * angular_speeds(len(k), base)  # (n, dim / 2)
    # (n, dim): one key at n distances
    keys = torch.tensor(np.tile(k, (len(distance), 1)))
    rotated = apply_rope(
        keys, torch.tensor(np.cos(angles)), torch.tensor(np.sin(angles))
    )
    return rotated.numpy() @ q


def rope_backward(grad, cos, sin):
    """The gradient of apply_rope with respect to x, given the gradient of its
    result y.

    In the formulas of apply_rope, x[2c] goes into y[2c] with the factor cos_c
    and into y[2c + 1] with the factor sin_c. Where does x[2c + 1] go, and with
    which factors? And what kind of matrix do these four factors make?

    grad       (..., seq, dim) tensor, the gradient of y
    cos, sin   (seq, dim / 2) tensors, those of the forward pass
    returns    (..., seq, dim) tensor, the gradient of x, in the layout of
               apply_rope

    >>> cos, sin = torch.tensor([[0.0]]), torch.tensor([[1.0]])
    >>> rope_backward(torch.tensor([[0.0, 1.0]]), cos, sin).tolist()
    [[1.0, 0.0]]
    """
    # the transpose of a rotation is the rotation back
    return apply_rope(grad, cos, -sin)


class RoPE(PositionEncoding):
    """Queries and keys are rotated, values left alone. There are no
    parameters, and any position has an angle.

    rotary_dim   how many leading columns of each head are rotated; None for
                 all of them. The Hugging Face library's GPT-NeoX rotates a
                 quarter by default (rotary_pct=0.25). The columns left over
                 carry no position
    base         10000 in the paper; larger, such as 500000, for long contexts
    layout       "pairs" (apply_rope) or "halves" (apply_rope_half)
    """

    def __init__(
        self, head_dim, base=10000.0, rotary_dim=None, layout="pairs"
    ):
        super().__init__()
        rotary_dim = head_dim if rotary_dim is None else rotary_dim
        if rotary_dim > head_dim:
            raise ValueError(
                f"cannot rotate {rotary_dim} columns of heads "
                f"with head_dim {head_dim}"
            )
        if layout not in ("pairs", "halves"):
            raise ValueError(f"layout is 'pairs' or 'halves', not {layout!r}")
        check_table_size(0, rotary_dim)
        self.head_dim, self.rotary_dim = head_dim, rotary_dim
        self.base, self.layout = base, layout

    def rotate(self, q, k, offset=0):
        """Queries and keys, each rotated by its position.

        The first row of both is at position `offset`: that many tokens are in
        the cache already, and their keys were rotated when they came. The
        angles are those of self.rotary_dim and self.base. `turn` rotates.

        q, k      (batch, heads, seq, head_dim) tensors
        returns   two tensors of these shapes and of the dtype of q, through
                  which gradients flow; torch.tensor(array, dtype=q.dtype)
                  makes a tensor of that dtype
        raises    ValueError for another head_dim, as self.check_width(q) does

        >>> token = torch.tensor([[[[1.0, 0.0, 5.0, 7.0]]]])
        >>> q, k = RoPE(4, rotary_dim=2).rotate(token, token, offset=1)
        >>> [round(x, 3) for x in q[0, 0, 0].tolist()]
        [0.54, 0.841, 5.0, 7.0]
        """
        self.check_width(q)
        tables = rope_cache(offset + q.shape[-2], self.rotary_dim, self.base)
        # (seq, rotary_dim / 2)
        cos, sin = (
            torch.tensor(table[offset:], dtype=q.dtype, device=q.device)
            for table in tables
        )
        return self.turn(q, cos, sin), self.turn(k, cos, sin)

    def turn(self, x, cos, sin):
        """Rotate the first self.rotary_dim columns, and leave the others as
        they are.

        The rotation is apply_rope if self.layout is "pairs", and
        apply_rope_half if it is "halves".

        x          (batch, heads, seq, head_dim) tensor
        cos, sin   (seq, rotary_dim / 2) tensors
        returns    tensor of the shape of x
        """
        rotation = apply_rope if self.layout == "pairs" else apply_rope_half
        if self.rotary_dim == self.head_dim:
            return rotation(x, cos, sin)
        rotated = rotation(x[..., : self.rotary_dim], cos, sin)
        return torch.cat([rotated, x[..., self.rotary_dim :]], dim=-1)

    def check_width(self, q):
        """Queries must have the width that this was made for."""
        if q.shape[-1] != self.head_dim:
            raise ValueError(
                f"made for head_dim {self.head_dim}, "
                f"not for queries {tuple(q.shape)}"
            )

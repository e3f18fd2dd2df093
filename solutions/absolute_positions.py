"""Absolute positions: a vector for every position, added to the token
embeddings. Sinusoidal and learned."""

import numpy as np

import minitorch as torch
from minitorch import nn
from solutions.positions import PositionEncoding


def binary_digits(seq_len, num_digits):
    """Every position as a row of binary digits: the ones first, then the twos,
    the fours, ...

    Column c is the digit that is worth 2^c. It stays the same for 2^c
    positions, then it changes:

        table[position, c] = floor(position / 2^c) mod 2

    seq_len      number of positions, counted from 0
    num_digits   number of columns
    returns      int array (seq_len, num_digits) of zeros and ones

    >>> binary_digits(4, 3).tolist()
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]]
    """
    return np.arange(seq_len)[:, None] // 2 ** np.arange(num_digits) % 2


def sinusoidal_encoding(seq_len, dim, base=10000.0):
    """The sinusoidal position table of the Transformer paper.

    Each pair of columns i = 0, 1, ..., dim/2 - 1 has its own speed, with the
    sine in the even column and the cosine in the odd one:

        table[position, 2i]     = sin(position / base^(2i / dim))
        table[position, 2i + 1] = cos(position / base^(2i / dim))

    seq_len   number of positions, counted from 0
    dim       width of the table, even
    returns   float64 array (seq_len, dim)
    raises    ValueError for a negative or fractional seq_len, or a dim that is
              not even and positive: check_table_size(seq_len, dim) does that

    >>> print(sinusoidal_encoding(3, 4, base=100.0).round(3))
    [[ 0.     1.     0.     1.   ]
     [ 0.841  0.54   0.1    0.995]
     [ 0.909 -0.416  0.199  0.98 ]]

    Source: Vaswani et al. 2017, section 3.5.
    """
    check_table_size(seq_len, dim)
    # (seq_len, dim / 2)
    angles = np.arange(seq_len)[:, None] * angular_speeds(dim, base)
    table = np.empty((seq_len, dim))
    table[:, 0::2] = np.sin(angles)
    table[:, 1::2] = np.cos(angles)
    return table


def index_bounds(seq_len, dim):
    """Find the mistake: how far do the sinusoidal table's two indices run?

    An article explains its formula sin(k / n^(2i/d)), cos(k / n^(2i/d)) in
    this way:

        L   length of the sequence
        d   dimension of a position vector, even
        k   position of a token,          0 <= k < L/2
        i   number of a pair of columns,  0 <= i < d/2

    One of the two bounds is wrong. Which one, and what should it be?

    seq_len   L
    dim       d
    returns   bound of k, bound of i: two ints, the first k and the first i
              that no longer occur

    As the article has it, index_bounds(6, 4) would be (3, 2).
    """
    return seq_len, dim // 2


def angular_speeds(dim, base=10000.0):
    """Radians per position of each pair of columns: base^(-2i / dim).

    returns   float64 array (dim / 2,), from 1 down to about 1 / base
    """
    return base ** (-np.arange(0, dim, 2) / dim)  # (dim / 2,)


def check_table_size(seq_len, dim):
    """Refuse a width that is not made of pairs of columns, and a number of
    rows that is not a count.

    raises   ValueError
    """
    if int(seq_len) != seq_len or seq_len < 0:
        raise ValueError(
            f"seq_len counts positions: expected 0, 1, 2, ..., got {seq_len}"
        )
    if dim % 2 or dim <= 0:
        raise ValueError(
            "columns come in pairs, so dim must be even and positive, "
            f"got {dim}"
        )


def shift_matrix(k, dim, base=10000.0):
    """The matrix that moves sinusoidal position vectors on by k positions.

    With table = sinusoidal_encoding(seq_len, dim, base), for every position:

        table[position + k] = shift_matrix(k, dim, base) @ table[position]

    Each pair (sin x, cos x) is rotated by a = k * speed of the pair,

        [ sin(x + a) ]   [  cos a   sin a ] [ sin x ]
        [ cos(x + a) ] = [ -sin a   cos a ] [ cos x ]

    and the whole matrix has these 2 x 2 blocks on its diagonal, zeros
    elsewhere. It does not depend on the position. `angular_speeds(dim, base)`
    gives the speeds of the dim / 2 pairs.

    k         how many positions, also negative
    dim       width of the table, even
    returns   float64 array (dim, dim)
    raises    ValueError for an odd dim: check_table_size(0, dim) does that

    >>> shift_matrix(1, 2).round(3).tolist()
    [[0.54, 0.841], [-0.841, 0.54]]
    """
    check_table_size(0, dim)
    angles = k * angular_speeds(dim, base)
    even, odd = np.arange(0, dim, 2), np.arange(1, dim, 2)
    matrix = np.zeros((dim, dim))
    matrix[even, even] = matrix[odd, odd] = np.cos(angles)
    matrix[even, odd] = np.sin(angles)
    matrix[odd, even] = -np.sin(angles)
    return matrix


def halves_from_pairs(dim):
    """The column order that turns interleaved pairs into two halves.

    With order = halves_from_pairs(dim), table[:, order] has all the even
    columns (sines) first, then all the odd ones (cosines): the layout [sin;
    cos] that many libraries use. Nothing but the order of the columns
    changes, and table[:, order][:, pairs_from_halves(dim)] is the table
    again.

    dim       number of columns, even
    returns   int array (dim,)

    >>> halves_from_pairs(6).tolist()
    [0, 2, 4, 1, 3, 5]
    """
    check_table_size(0, dim)
    # (dim / 2, 2) -> (2, dim / 2)
    return np.arange(dim).reshape(-1, 2).T.reshape(-1)


def pairs_from_halves(dim):
    """The column order that undoes halves_from_pairs.

    >>> pairs_from_halves(6).tolist()
    [0, 3, 1, 4, 2, 5]
    """
    check_table_size(0, dim)
    # (2, dim / 2) -> (dim / 2, 2)
    return np.arange(dim).reshape(2, -1).T.reshape(-1)


class Sinusoidal(PositionEncoding):
    """The fixed table of sines and cosines. It has no parameters and no end.

    Embeddings are multiplied by sqrt(dim) first. A likely reason: drawn with
    standard deviation 1 / sqrt(dim), they then have size 1, like the sines.

    Source: Vaswani et al. 2017, sections 3.4 (the factor) and 3.5 (the
    table).
    """

    def __init__(self, dim, base=10000.0):
        super().__init__()
        check_table_size(0, dim)
        self.dim, self.base = dim, base

    def embed(self, x, offset=0):
        check_width(x, self.dim)
        end = offset + x.shape[-2]
        table = sinusoidal_encoding(end, self.dim, self.base)[offset:]
        table = torch.tensor(table, dtype=x.dtype, device=x.device)
        return x * self.dim**0.5 + table  # (batch, seq, dim) + (seq, dim)


class Learned(PositionEncoding):
    """One learned vector for each of max_len positions, and nothing beyond
    them. GPT-2 has 1024 of them."""

    def __init__(self, max_len, dim):
        super().__init__()
        self.table = nn.Parameter(torch.empty(max_len, dim))
        nn.init.normal_(self.table, std=0.02)

    def embed(self, x, offset=0):
        """Add to each embedding the row of its position; the first has the
        position `offset`.

        x         (batch, seq, dim) tensor
        offset    how many positions come before x
        returns   (batch, seq, dim) tensor, through which gradients flow to x
                  and to self.table
        raises    ValueError when a position has no row (past the end, or below
                  0), and when x is not as wide as the table: check_width(x,
                  dim) does the latter

        >>> positions = Learned(max_len=8, dim=2)
        >>> x = torch.zeros(1, 4, 2)
        >>> (positions.embed(x, offset=2) == positions.table[2:6]).all().item()
        True

        With offset 5, the four tokens would be at the positions 5, 6, 7 and 8,
        and there is no row 8.
        """
        max_len, dim = self.table.shape
        check_width(x, dim)
        end = offset + x.shape[-2]
        if offset < 0:
            raise ValueError(f"positions count from 0, got offset {offset}")
        if end > max_len:
            raise ValueError(
                f"learned positions end at max_len = {max_len}, "
                f"but {end} positions were given "
                f"(embeddings {tuple(x.shape)}, offset {offset}): "
                "shorten the sequence, or train a longer table"
            )
        return x + self.table[offset:end]  # (batch, seq, dim) + (seq, dim)


def check_width(x, dim):
    """Refuse embeddings that are not as wide as the table."""
    if x.shape[-1] != dim:
        raise ValueError(
            f"the position table has {dim} columns, "
            f"embeddings {tuple(x.shape)} do not fit"
        )

"""Absolute positions: a vector for every position, added to the embedding of
the token there. Sinusoidal and learned."""

import numpy as np

import minitorch as torch
from minitorch import nn
from solutions.positions import PositionEncoding


def binary_digits(seq_len, num_digits):
    """Every position as a row of binary digits: the ones first, then the twos,
    the fours, ...

    Column c is the digit that is worth 2^c, so that the digits times their
    worths add up to the position:

        position = table[position, 0] + 2 table[position, 1] + 4 ...

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
    base      n in the formula of the paper
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
    """Find the mistake in how an article explains the sinusoidal table,
    sin(k / n^(2i/d)) and cos(k / n^(2i/d)):

        L   length of the sequence
        d   dimension of a position vector, even
        k   position of a token,          0 <= k < L/2
        i   number of a pair of columns,  0 <= i < d/2

    Exactly one of its four lines is wrong. With the right ones, how far do
    the two indices run?

    seq_len   L
    dim       d
    returns   the first k and the first i that no longer occur, two ints
    """
    return seq_len, dim // 2


def angular_speeds(dim, base=10000.0):
    """Radians per position of each pair of columns: base^(-2i / dim).

    returns   float64 array (dim / 2,), from 1 down to about 1 / base
    """
    return base ** (-np.arange(0, dim, 2) / dim)  # (dim / 2,)


def check_table_size(seq_len, dim):
    """Refuse a width that pairs of columns don't fill, and a number of rows
    that is not a count.

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

    The matrix is the same for all positions. Each pair of columns is rotated
    by an angle of its own, and no pair has to know about the others.
    `angular_speeds(dim, base)` gives you the speeds of the dim / 2 pairs.

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

    With order = halves_from_pairs(dim), table[:, order] has all the sines
    first (the even columns), then all the cosines (the odd ones). Within each
    half their order stays as it was. Many libraries use this layout.

    dim       number of columns, even
    returns   int array (dim,)

    >>> halves_from_pairs(6).tolist()
    [0, 2, 4, 1, 3, 5]
    """
    check_table_size(0, dim)
    # (dim / 2, 2) -> (2, dim / 2)
    return np.arange(dim).reshape(-1, 2).T.reshape(-1)


def pairs_from_halves(dim):
    """The column order that undoes halves_from_pairs: then
    table[:, order][:, pairs_from_halves(dim)] is the table again.

    >>> pairs_from_halves(6).tolist()
    [0, 3, 1, 4, 2, 5]
    """
    check_table_size(0, dim)
    # (2, dim / 2) -> (dim / 2, 2)
    return np.arange(dim).reshape(2, -1).T.reshape(-1)


class Sinusoidal(PositionEncoding):
    """The fixed table of sines and cosines. It has no parameters and no end.

    Embeddings are multiplied by sqrt(dim) first. A likely reason: drawn with
    standard deviation 1 / sqrt(dim), they are then about as large as the
    sines.

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
    """One learned vector for each of max_len positions, and none beyond them.
    GPT-2 has 1024."""

    def __init__(self, max_len, dim):
        super().__init__()
        self.table = nn.Parameter(torch.empty(max_len, dim))
        nn.init.normal_(self.table, std=0.02)

    def embed(self, x, offset=0):
        """Add to each embedding the row of self.table for its position.

        x         (batch, seq, dim) tensor
        offset    position of the first token: how many tokens come before x
        returns   (batch, seq, dim) tensor, through which gradients flow to x
                  and to self.table
        raises    ValueError if a position has no row (past the end, or below
                  0), or if x is not as wide as the table: for the latter there
                  is check_width(x, dim)

        >>> positions = Learned(max_len=8, dim=2)
        >>> x = torch.zeros(1, 4, 2)
        >>> (positions.embed(x, offset=2) == positions.table[2:6]).all().item()
        True

        With offset 5 this table refuses the four tokens: they would be at 5,
        6, 7 and 8, and there is no row 8.
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

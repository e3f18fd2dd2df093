"""Lesson 04: what digits, sinusoids, their bounds, the order of their columns, shifts, and a
learned table must satisfy."""

import numpy as np

import minitorch as torch
from classroom.checking import about, check, refuses, require

about(
    "binary_digits",
    stars=1,
    minutes=4,
    hints=(
        "Whole division by 2^c cuts off the lower digits; the remainder by 2 keeps the lowest one "
        "that is left.",
        "The positions run down: np.arange(seq_len)[:, None], (seq, 1). The powers 2 ** "
        "np.arange(num_digits) run across. Broadcasting makes the table.",
        "return np.arange(seq_len)[:, None] // 2 ** np.arange(num_digits) % 2",
    ),
)


@check("binary_digits")
def digits_of_the_example(answer):
    """The example, positions 0 to 3 with three digits; then 0 to 9 with four."""
    return answer(4, 3), answer(10, 4)


@check("binary_digits")
def digits_of_other_sizes(answer):
    """A single position; more digits than needed; and 300 positions with nine digits."""
    return answer(1, 2), answer(5, 7), answer(300, 9)


about(
    "sinusoidal_encoding",
    stars=2,
    minutes=10,
    hints=(
        "First the angles, as a table of positions (down) and pairs (across), (seq, dim / 2). "
        "Then their sines go into the even columns and their cosines into the odd ones.",
        "np.arange(0, dim, 2) is 2i already: divide it by dim, no other factor 2. table[:, 0::2] "
        "are the even columns of an empty table, table[:, 1::2] the odd ones.",
        "angles = np.arange(seq_len)[:, None] / base ** (np.arange(0, dim, 2) / dim)",
    ),
)


@check("sinusoidal_encoding")
def table_of_the_example(answer):
    """The example, three positions, four columns, base 100; then seven and six with base 16."""
    return answer(3, 4, base=100.0), answer(7, 6, 16.0)


@check("sinusoidal_encoding", tolerance=1e-7)
def default_base(answer):
    """Without a base it is 10000: six positions, four columns."""
    return answer(6, 4)


@check("sinusoidal_encoding", tolerance=1e-9)
def table_of_other_sizes(answer):
    """A longer table begins with the shorter one, and far positions are exact."""
    return answer(2, 16), answer(300, 16)


@check("sinusoidal_encoding")
def odd_width_is_refused(answer):
    """An odd number of columns has no pairs."""
    sentence = "Columns come in pairs: refuse dim = 5, with check_table_size(seq_len, dim)."
    refuses(ValueError, lambda: answer(4, 5), sentence)


@check("sinusoidal_encoding")
def no_columns_are_refused(answer):
    """A table without columns has no positions in it."""
    sentence = "A table without columns: refuse dim = 0, with check_table_size(seq_len, dim)."
    refuses(ValueError, lambda: answer(4, 0), sentence)


@check("sinusoidal_encoding")
def half_a_row_is_refused(answer):
    """The number of positions is a count: 0, 1, 2, ..."""
    helper = "with check_table_size(seq_len, dim)."
    refuses(
        ValueError, lambda: answer(2.5, 4), f"There is no half row: refuse seq_len = 2.5, {helper}"
    )
    refuses(
        ValueError, lambda: answer(-1, 4), f"-1 is no number of rows: refuse seq_len = -1, {helper}"
    )


about(
    "index_bounds",
    stars=1,
    minutes=3,
    hints=(
        "Write the table for L = 6 and d = 4 down, as above. How many rows does it have? How many "
        "pairs of columns?",
        "i numbers pairs, and a pair fills the columns 2i and 2i + 1. So d columns need d/2 "
        "pairs: that bound is right.",
    ),
)


@check("index_bounds")
def bounds_of_the_example(answer):
    """L = 6, d = 4: a table of six rows, with two pairs of columns."""
    return as_pair(answer(6, 4))


@check("index_bounds")
def other_bounds(answer):
    """Other lengths and widths; the length need not be even."""
    return as_pair(answer(100, 512)), as_pair(answer(7, 2))


about(
    "halves_from_pairs",
    stars=1,
    minutes=4,
    hints=(
        "Which column of the interleaved table must come first, second, third ... so that all "
        "sines (even columns) come before all cosines (odd columns)?",
        "The even numbers below dim are np.arange(0, dim, 2), the odd ones np.arange(1, dim, 2). "
        "Or write 0 ... dim - 1 as rows of two, and read the columns.",
        "return np.concatenate([np.arange(0, dim, 2), np.arange(1, dim, 2)])",
    ),
)


@check("halves_from_pairs")
def order_of_the_example(answer):
    """For dim 6 the order is 0, 2, 4, 1, 3, 5; and for dim 10 it begins with five even numbers."""
    return answer(6), answer(10)


@check("halves_from_pairs")
def order_of_other_widths(answer):
    """A single pair stays as it is; and 300 columns are all there, the even ones first."""
    return answer(2), answer(300)


about(
    "shift_matrix",
    stars=3,
    minutes=12,
    hints=(
        "For dim = 2 it is one block. By which angle is pair i rotated when the position grows by "
        "k? Put one such block for each pair on the diagonal of a table of zeros.",
        "angles = k * angular_speeds(dim, base), (dim / 2,). Pair i owns the rows and columns 2i "
        "and 2i + 1: a loop over i that fills matrix[2 * i:2 * i + 2, 2 * i:2 * i + 2] is fine.",
        "In the loop, with `a = angles[i]`: `matrix[2 * i:2 * i + 2, 2 * i:2 * i + 2] = "
        "[[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]`",
    ),
)


@check("shift_matrix")
def shift_of_the_example(answer):
    """The example, one pair by one position; then three pairs by two, with base 16."""
    return answer(1, 2), answer(2, 6, 16.0)


@check("shift_matrix")
def other_shifts(answer):
    """Backwards, not at all, and far, always with a base of 10000."""
    return answer(-4, 8), answer(0, 4), answer(1000, 10)


@check("shift_matrix")
def odd_shift_is_refused(answer):
    """An odd number of columns has no pairs."""
    sentence = "Five columns are no pairs: refuse dim = 5, with check_table_size(0, dim)."
    refuses(ValueError, lambda: answer(1, 5), sentence)


about(
    "Learned",
    stars=2,
    minutes=8,
    blank=("Learned.embed",),
    hints=(
        "Which rows? The first token is at position `offset`, the last one at offset + seq - 1. "
        "First see whether the table has all of them, then add a slice of it.",
        "end = offset + x.shape[-2]. Raise a ValueError if offset < 0 or end > max_len. The slice "
        "self.table[offset:end] is (seq, dim) and is broadcast over the batch.",
        "`max_len, dim = self.table.shape` and `check_width(x, dim)`. With `end = offset + "
        'x.shape[-2]`: `if offset < 0 or end > max_len: raise ValueError("no such row")`; then '
        "`return x + self.table[offset:end]`",
    ),
)


@check("Learned")
def first_rows(answer):
    """Eight rows, four tokens: the first four rows are added, to every sequence of the batch."""
    return layer_of(answer).embed(embeddings(5, 4))


@check("Learned")
def rows_from_the_offset(answer):
    """After two tokens that were read already, the next four are at 2, 3, 4 and 5."""
    layer = layer_of(answer)
    return layer.embed(embeddings(2, 4), offset=2), layer.embed(embeddings(3, 2), 5)


@check("Learned")
def last_row(answer):
    """The last row may be used: one token at offset 7, and eight tokens at 0."""
    layer = layer_of(answer)
    try:
        return layer.embed(embeddings(1, 1), offset=7), layer.embed(embeddings(2, 8))
    except ValueError:
        require(
            False,
            "One token at offset 7, or eight at 0, were refused, but row 7 exists. offset + seq "
            "may be as large as the table's length, 8.",
        )


@check("Learned")
def gradient_of_the_rows(answer):
    """Gradients reach x and the rows that were used, and no others: the table is learned."""
    layer, x = layer_of(answer), embeddings(5, 2)
    x.requires_grad = True
    out = layer.embed(x, offset=1)
    require(out.requires_grad, "No gradient flows back: use self.table and x themselves.")
    (out * embeddings(5, 2)).sum().backward()
    require(
        layer.table.grad is not None,
        "No gradient reaches self.table, so it cannot learn: use the table itself, not its .data, "
        ".detach() or .numpy().",
    )
    return x.grad, layer.table.grad


@check("Learned")
def past_the_end(answer):
    """Past the end of the table there is a ValueError, and nothing made up."""
    layer = layer_of(answer)
    refuses(
        ValueError,
        lambda: layer.embed(embeddings(1, 2), offset=7),
        "Positions 7 and 8 were asked for, and there is no row 8. A slice that is too short is "
        "stretched without a word, and a remainder or an index that is cut off gives two "
        "positions the same row. Raise a ValueError instead.",
    )
    refuses(
        ValueError,
        lambda: layer.embed(embeddings(1, 4), offset=5),
        "Positions 5 to 8 were asked for, and there is no row 8. Say so yourself, with a "
        "ValueError that names the table's length: the engine's own message on shapes helps "
        "nobody.",
    )


@check("Learned")
def below_zero(answer):
    """Below position 0 there is no row: an offset of -1 or -4 is refused."""
    layer = layer_of(answer)
    for seq, offset in ((1, -1), (2, -4), (4, -1)):
        refuses(
            ValueError,
            lambda seq=seq, offset=offset: layer.embed(embeddings(1, seq), offset=offset),
            f"With offset {offset} there is no row for the first token: an index below 0 counts "
            "from the end of the table and reads other rows. Raise a ValueError instead.",
        )


@check("Learned")
def other_width(answer):
    """Embeddings of another width are refused, also those that would broadcast."""
    for dim in (1, 4):
        refuses(
            ValueError,
            lambda dim=dim: layer_of(answer).embed(torch.zeros(1, 4, dim)),
            f"The table has 3 columns, the embeddings {dim}. Refuse them: check_width(x, dim).",
        )


def as_pair(result):
    """An array of two numbers as a tuple: it can be unpacked like one."""
    return tuple(result) if isinstance(result, np.ndarray) and result.shape == (2,) else result


def layer_of(answer):
    """A Learned table with 8 rows of 3 known numbers."""
    layer, table = answer(8, 3), np.random.default_rng(0).standard_normal((8, 3))
    layer.load_state_dict({"table": torch.tensor(table.astype("float32"))})
    return layer


def embeddings(batch, seq):
    """Random embeddings (batch, seq, 3)."""
    x = np.random.default_rng(1).standard_normal((batch, seq, 3))
    return torch.tensor(x.astype("float32"))

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
        "How do you read off one digit of a decimal number, say the hundreds of 4,735? You need "
        "two steps, one for all that is to its right, one for all that is to its left. They work "
        "for the fours of a binary number, too.",
        "Take position 6, and the column of the twos. Six contains 6 // 2 = 3 whole twos. Three "
        "is odd, so one two is left over after the fours, and the digit is 3 % 2 = 1. In the "
        "column of the ones, 6 // 1 = 6 is even: 0. In that of the fours, 6 // 4 = 1: 1. So row 6 "
        "is 0, 1, 1. For all rows at once let the positions run down, (seq_len, 1), and the "
        "powers 1, 2, 4, ... across, (num_digits,). Broadcasting makes the table.",
        "return <positions, as a column> // <powers of two, as a row> % 2",
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
        "What differs from row to row, what from pair to pair, and what within a pair? Begin with "
        "the table of angles, one per position and pair. Take sines and cosines only after that.",
        "Take three positions, dim 4, and base 100. There are two pairs, i = 0 and 1, so 2i / dim "
        "is 0 and 0.5, and the speeds are 1 and 1/10. The angles are (3, 2): 0 0, then 1 0.1, "
        "then 2 0.2. Their sines belong in the columns 0 and 2, their cosines in 1 and 3. "
        "np.arange(0, dim, 2) counts 0, 2, 4, ..., so it is 2i already. Every second column of a "
        "table, from column 0 on, is table[:, 0::2], and you can assign to it.",
        "angles = <positions, as a column> / base ** <2i / dim, as a row>; then an empty table, "
        "whose even columns get np.sin(angles) and whose odd ones np.cos(angles)",
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
        "Look at the table of six tokens and four columns. Which k occur in it, and which i? Then "
        "read the article's four lines again.",
        "With L = 6 and d = 4 the rows are P0, P1, P2, P3, P4, P5, so k takes six values, and 6 "
        "is the first that no longer occurs. The columns are 0, 1, 2, 3. Two of them make a pair: "
        "pair 0 has the columns 0 and 1, pair 1 has 2 and 3. So i takes two values, 0 and 1. "
        "Compare with the article: L/2 would be 3, d/2 would be 2.",
        "return <the number of rows>, <the number of pairs, a whole number>",
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
        "table[:, order] takes the columns in the order that you list. Number the interleaved "
        "columns 0, 1, 2, ... Which of them are sines?",
        "With dim 6 the interleaved columns are sin 0, cos 0, sin 1, cos 1, sin 2, cos 2, "
        "numbered 0 to 5. The sines are the columns 0, 2, 4, the cosines 1, 3, 5. So the order is "
        "0, 2, 4, 1, 3, 5. You can write down both halves, or arrange 0 to 5 in rows of two, (3, "
        "2), and read that table column by column.",
        "return np.concatenate([<the even numbers below dim>, <the odd ones>])",
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
        "Begin with dim = 2, a single pair (sin x, cos x). Which 2 x 2 matrix makes (sin(x + a), "
        "cos(x + a)) of it, and what is a? With more pairs, what should pair 0 take from pair 1?",
        "Take k = 2, dim 4, base 100. The speeds are 1 and 0.1, so the angles are 2 and 0.2. The "
        "matrix is (4, 4). Its rows and columns 0 and 1 are the block of angle 2: -0.42, 0.91 "
        "over -0.91, -0.42. Its rows and columns 2 and 3 are the block of angle 0.2: 0.98, 0.20 "
        "over -0.20, 0.98. All else is 0. So pair i has the rows and columns 2i and 2i + 1. A "
        "slice of both axes is a block that you can assign to.",
        "matrix = <zeros>; for each pair i and its angle a: matrix[<rows of the pair>, <columns "
        "of the pair>] = [[<cos, sin>], [<minus sin, cos>]]",
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
        "At which positions are the tokens of x, if the first one is at `offset`? When does the "
        "table lack a row for one of them?",
        "Say the table has 8 rows, and x has 4 tokens, (batch, 4, dim). With offset 2 they are at "
        "2, 3, 4, 5. Their rows are self.table[2:6], (4, dim), which broadcasts over the batch. "
        "With offset 4 the last token is at 7, the last row: fine. With offset 5 there is no row "
        "8, but the slice [5:9] gives three rows without a word. And a negative offset counts "
        "from the end of the table. So check both yourself.",
        "check_width(x, <columns of the table>); end = <one after the last position>; if <offset "
        "or end is impossible>: raise ValueError(...); return x + self.table[<slice>]",
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

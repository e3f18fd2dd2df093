"""Chapter 04: what digits, sinusoids, their bounds, layouts and shifts, and a learned table must satisfy."""
import math

import numpy as np

import minitorch as torch


class binary_digits:
    stars, minutes = 1, 4
    hints = (
        "Whole division by 2^c cuts off the lower digits; the remainder by 2 keeps the lowest one that is "
        "left.",
        "The positions run down: np.arange(seq_len)[:, None], (seq, 1). The powers 2 ** "
        "np.arange(num_digits) run across. Broadcasting makes the table.",
        "return np.arange(seq_len)[:, None] // 2 ** np.arange(num_digits) % 2",
    )

    def example(answer, expect):
        """The positions 0 to 9 with four digits."""
        want = np.array([[int(digit) for digit in f"{position:04b}"[::-1]] for position in range(10)])
        k, c = np.arange(10)[:, None], np.arange(4)
        expect.equal(answer(10, 4), want, mistakes=(
            (want[:, ::-1], "The highest digit comes first here, as in written numbers. Column c is worth "
                            "2^c: the ones come first."),
            (want.T, "Rows and columns are exchanged: one row for each position, one column for each digit."),
            ((k + 1) // 2 ** c % 2, "The positions are counted from 1 here. The first row is position 0, all "
                                    "digits 0."),
            (k // 2 ** c, "These are the quotients. Their lowest digit is the remainder by 2: mod 2 is "
                          "missing."),
            (k / 2 ** c % 2, "The division leaves fractions. The formula rounds down before mod 2: use //."),
            (k // (2 * c + (c == 0)) % 2, "Column c is worth 2^c, not 2 c: 2 ** np.arange(num_digits)."),
            (k // (c + 1) % 2, "Column c is worth 2^c: 1, 2, 4, ... Yours are worth 1, 2, 3, ..."),
            (want.astype(bool), "The digits are right, but as truth values. Make them whole numbers."),
            (want.astype(float), "The digits are right, but floats: / and np.floor make such. Use //."),
        ))

    def longer(answer, expect):
        """The digits of every position add up to it again: sum over c of digit c times 2^c."""
        got = answer(300, 9)
        want = np.array([[position >> c & 1 for c in range(9)] for position in range(300)])
        expect.equal(got, want, "With 300 positions and 9 digits. (np.uint8 and np.unpackbits end with the "
                                "8th digit, at position 255.)")
        expect.equal(got @ 2 ** np.arange(9), np.arange(300))


def _sinusoids(seq_len, dim, base=10000.0, first=0, even=math.sin, odd=math.cos,
               exponent=lambda i, dim: 2 * i / dim, odd_exponent=None):
    """The definition, entry by entry; the arguments bend it into the mistakes that people make."""
    table = np.zeros((seq_len, dim))
    for position in range(seq_len):
        for i in range(dim // 2):
            for column, wave, power in ((2 * i, even, exponent), (2 * i + 1, odd, odd_exponent or exponent)):
                table[position, column] = wave((position + first) / base ** power(i, dim))
    return table


def _one(angle):
    return 1.0


def _waves(angles):
    """Sines and cosines of angles (seq, pairs), interleaved."""
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(len(angles), -1)


class sinusoidal_encoding:
    stars, minutes = 2, 10
    hints = (
        "First the angles, as a table of positions (down) and pairs (across), (seq, dim / 2). Then their "
        "sines go into the even columns and their cosines into the odd ones.",
        "np.arange(0, dim, 2) already holds 2i: divide it by dim, no other factor 2. table[:, 0::2] are the "
        "even columns of an empty table, table[:, 1::2] the odd ones.",
        "angles = np.arange(seq_len)[:, None] / base ** (np.arange(0, dim, 2) / dim)",
    )

    def properties(answer, expect):
        """Position 0 is 0, 1, 0, 1, ...; every number lies between -1 and 1; shape (seq_len, dim)."""
        got = answer(7, 6)
        expect.that(np.shape(got) == (7, 6), f"The shape is {np.shape(got)}; a row for each of 7 positions "
                                             f"and 6 columns are asked for: (7, 6).")
        expect.that(np.isfinite(got).all(), "Something was divided by 0: NaN or infinity came out. Mind the "
                                            "brackets in base ** (2 * i / dim).")
        row = np.asarray(got, float)[0]
        expect.that(not np.allclose(row, [1, 0] * 3), "Sine and cosine are exchanged: even columns hold "
                                                      "sines, so position 0 begins 0, 1, 0, 1.")
        expect.that(not np.allclose(got, _sinusoids(7, 6)[:, [0, 2, 4, 1, 3, 5]]),
                    "All sines come first here, then all cosines: the halves layout. It is a permutation of "
                    "the columns, harmless and used by many libraries, but this course uses interleaved "
                    "columns: sines in 0::2, cosines in 1::2.")
        expect.that(not np.allclose(got, _sinusoids(7, 6, first=1)),
                    "The positions are counted from 1 here. The first row is position 0: 0, 1, 0, 1, ...")
        expect.that(np.abs(got).max() <= 1, "Sines and cosines lie between -1 and 1; yours do not.")

    def any_base(answer, expect):
        """Six positions, six columns, base 16: against the formula in plain loops."""
        want = _sinusoids(6, 6, 16.0)
        bent = lambda **how: _sinusoids(6, 6, 16.0, **how)
        position, i = np.arange(6)[:, None], np.arange(3)
        brackets = "Brackets are missing: {} divides by dim in the end. The exponent is (2 * i / dim)."
        by_column = dict(exponent=lambda i, dim: 2 * i / dim, odd_exponent=lambda i, dim: (2 * i + 1) / dim)
        ignored = "Your table does not depend on `base`: "
        expect.equal(answer(6, 6, 16.0), want, mistakes=(
            (bent(exponent=lambda i, dim: i / dim), "The exponent is i / dim; the formula has 2i / dim. All "
                                                    "pairs but the first are too fast."),
            (bent(exponent=lambda i, dim: 4 * i / dim), "The exponent is 4i / dim: the factor 2 is in it "
                                                        "twice. np.arange(0, dim, 2) already holds 2i."),
            (bent(exponent=lambda i, dim: -2 * i / dim), "The pairs become faster to the right: the power "
                                                         "belongs under the position, position / base^(2i / "
                                                         "dim)."),
            (bent(exponent=lambda i, dim: 1 - 2 * (i + 1) / dim),
                "The speeds are in reverse order: pair 0 is the fastest, with speed 1."),
            (bent(exponent=lambda i, dim: 2 * i / (dim - 2)), "The last pair reaches base^1 exactly: you "
                                                              "divide by dim - 2. The formula divides by "
                                                              "dim."),
            (bent(**by_column), "The cosine's exponent differs from its sine's: the odd column's own number "
                                "is in it. Both columns of pair i have the same angle, with 2i / dim."),
            (bent(odd_exponent=lambda i, dim: 2 * (i + 1) / dim),
                "The cosine's exponent differs from its sine's: it is one pair ahead. Both columns of pair i "
                "have the same angle."),
            (bent(odd=lambda angle: math.cos(2 * angle)), "The cosine has twice the angle of its sine. Both "
                                                          "columns of a pair have the same angle."),
            (bent(odd=_one), "The odd columns are 1 everywhere. They hold the cosine of the angle, which is "
                             "1 at position 0 only."),
            (bent(even=lambda angle: math.sin(angle / 2)), "The sine is that of half the position. Both "
                                                           "columns of a pair have the same angle."),
            (bent(even=lambda angle: -math.sin(angle)), "The sine's sign is flipped: position 1 begins with "
                                                        "sin(1) = 0.84, not -0.84."),
            (bent(odd=lambda angle: -math.cos(angle)), "The cosine's sign is flipped: position 0 has cosines "
                                                       "of 1."),
            (bent(odd=math.sin), "The odd columns hold the sine once more. They hold the cosine of the "
                                 "angle."),
            (_waves(position / 16.0 ** 2 * i / 6), brackets.format("base ** 2 * i / dim")),
            (_waves(position / 16.0 ** (2 * i) / 6), brackets.format("base ** (2 * i) / dim")),
            *((_sinusoids(6, 6, base), f"{ignored}the base is {base:,.0f} whatever is asked for.")
              for base in (10_000.0, 1000.0, 100.0, 1e6)),
        ))

    def table_of_the_lesson(answer, expect):
        """Without a base it is 10000: P0 to P5 with four columns, cos(1/100) and its like."""
        want = np.array([[math.sin(k), math.cos(k), math.sin(k / 100), math.cos(k / 100)] for k in range(6)])
        default = ("The default base is {}, so your slow columns are too {}. It is 10000 in the paper and "
                   "here.")
        expect.equal(answer(6, 4), want, tolerance=1e-7, mistakes=(
            (_sinusoids(6, 4, 100.0), default.format(100, "fast")),
            (_sinusoids(6, 4, 1000.0), default.format(1000, "fast")),
            (_sinusoids(6, 4, 1e6), default.format("1,000,000", "slow")),
        ))

    def sizes(answer, expect):
        """A longer table begins with the shorter one; 16 columns; float64."""
        expect.equal(answer(40, 16), _sinusoids(40, 16), "With 40 positions and 16 columns.")
        dtype = np.asarray(answer(2, 4)).dtype
        expect.that(dtype == np.float64, f"The table is {dtype}. It shall be float64: far positions need all "
                                         f"the digits.")
        expect.equal(answer(10, 4)[:6], _sinusoids(6, 4), "The length must not change a position: the first "
                                                          "six rows of ten are those of six.")

    def refused(answer, expect):
        """An odd dim, no columns at all, and half a row."""
        helper = "with check_table_size(seq_len, dim)."
        expect.raises(ValueError, lambda: answer(4, 5), f"Columns come in pairs: refuse dim = 5, {helper}")
        expect.raises(ValueError, lambda: answer(4, 0), f"A table without columns: refuse dim = 0, {helper}")
        expect.raises(ValueError, lambda: answer(2.5, 4), f"There is no half row: refuse seq_len = 2.5, "
                                                          f"{helper}")


class index_bounds:
    stars, minutes = 1, 3
    hints = (
        "Write the table for L = 6 and d = 4 down, as above. How many rows has it? How many pairs of "
        "columns?",
        "i numbers pairs, and a pair fills the columns 2i and 2i + 1. So d columns need d/2 pairs: that "
        "bound is right.",
    )

    def example(answer, expect):
        """L = 6, d = 4: a table of six rows, with two pairs of columns."""
        expect.equal(answer(6, 4), (6, 2), mistakes=(
            ((3, 2), "This is the article's own answer, and with it the tokens 3, 4 and 5 have no position. "
                     "A position counts tokens, not pairs: k runs up to L, not L/2."),
            ((3, 4), "You mended the wrong bound. i counts pairs, so i < d/2 is right: with i = 3 the "
                     "columns 6 and 7 of 4 would be filled. Look at k."),
            ((6, 4), "k < L is right. But i < d/2 was right as well: i counts pairs of columns, and pair 3 "
                     "would fill the columns 6 and 7 of 4."),
            ((2, 6), "The two are exchanged: the bound of k comes first."),
            ((5, 1), "These are the last values that occur. The bounds are asked for, one more: the first "
                     "that do not occur."),
            ((6, 2.0), "The bound of i is right, but a float. Bounds are whole numbers: use //."),
        ))

    def others(answer, expect):
        """Other lengths and widths; the length need not be even."""
        expect.equal(answer(100, 512), (100, 256))
        expect.equal(answer(7, 2), (7, 1))


class halves_from_pairs:
    stars, minutes = 1, 4
    hints = (
        "Which column of the interleaved table must come first, second, third ... so that all sines (even "
        "columns) stand before all cosines (odd columns)?",
        "The even numbers below dim are np.arange(0, dim, 2), the odd ones np.arange(1, dim, 2). Or write 0 "
        "... dim - 1 as rows of two, and read the columns.",
        "return np.concatenate([np.arange(0, dim, 2), np.arange(1, dim, 2)])",
    )

    def example(answer, expect):
        """For dim 6 the order is 0, 2, 4, 1, 3, 5."""
        expect.equal(answer(6), np.array([0, 2, 4, 1, 3, 5]), mistakes=(
            (np.array([0, 3, 1, 4, 2, 5]), "This is the way back, from halves to pairs. table[:, order] "
                                           "takes the columns in this order: the even ones first."),
            (np.array([1, 3, 5, 0, 2, 4]), "The cosines (odd columns) come first here. The sines, the even "
                                           "columns, come first."),
            (np.array([0, 1, 2, 3, 4, 5]), "This changes nothing: sine and cosine still alternate."),
            (np.array([[0, 2, 4], [1, 3, 5]]), "The right numbers, in two rows. Make one row of them: an "
                                               "order for all dim columns."),
            (np.array([0, 2, 4]), "Only the sines are left. The cosines, the odd columns, follow them."),
            (np.array([0.0, 2, 4, 1, 3, 5]), "The right numbers, but floats. Only whole numbers can pick "
                                             "columns."),
        ))

    def reorders(answer, expect):
        """table[:, order] has every column once: first all sines, then all cosines."""
        for dim in (10, 40):
            order = np.array([*range(0, dim, 2), *range(1, dim, 2)])
            expect.equal(answer(dim), order, f"With dim {dim}. (If you sort by parity: columns that compare "
                                             f"equal keep their order only with kind=\"stable\".)")
        table = _sinusoids(5, 10)
        got = table[:, answer(10)]
        expect.equal(got, np.concatenate([table[:, 0::2], table[:, 1::2]], axis=1))


def _shift(k, dim, base=10000.0, sign=1, speed=None):
    """The shift matrix, block by block."""
    matrix = np.zeros((dim, dim))
    for i in range(dim // 2):
        angle = k * (base ** (-2 * i / dim) if speed is None else speed(i, dim))
        cos, sin = math.cos(angle), sign * math.sin(angle)
        matrix[2 * i:2 * i + 2, 2 * i:2 * i + 2] = [[cos, sin], [-sin, cos]]
    return matrix


class shift_matrix:
    stars, minutes = 3, 12
    hints = (
        "For dim = 2 it is one block. Which angle does pair i turn by when the position grows by k? Put one "
        "such block for each pair on the diagonal of a table of zeros.",
        "angles = k * angular_speeds(dim, base), (dim / 2,). Pair i owns the rows and columns 2i and 2i + 1: "
        "a loop over i that fills matrix[2 * i:2 * i + 2, 2 * i:2 * i + 2] is fine.",
        "in the loop: matrix[2 * i:2 * i + 2, 2 * i:2 * i + 2] = [[np.cos(a), np.sin(a)], [-np.sin(a), "
        "np.cos(a)]]",
    )

    def one_pair(answer, expect):
        """A single pair turns by k radians: k = 1, dim = 2."""
        cos, sin = math.cos(1), math.sin(1)
        expect.equal(answer(1, 2), np.array([[cos, sin], [-sin, cos]]), mistakes=(
            (np.array([[cos, -sin], [sin, cos]]), "This turns the other way: it goes k places *back*. A pair "
                                                  "is (sin, cos) here, not (cos, sin), so the minus stands "
                                                  "below the diagonal."),
            (np.array([[cos, sin], [sin, cos]]), "Both sines have a plus. In cos(x + a) = cos x cos a - sin "
                                                 "x sin a there is a minus."),
            (np.array([[sin, cos], [cos, -sin]]), "Sine and cosine are exchanged: for k = 0 nothing moves, "
                                                  "so the matrix must be 1 on the diagonal."),
        ))

    def blocks(answer, expect):
        """Three pairs, three angles: blocks on the diagonal, zeros elsewhere (k = 2, dim = 6, base 16)."""
        want = _shift(2, 6, 16.0)
        order = [0, 2, 4, 1, 3, 5]
        overlapping = np.zeros((6, 6))
        for i in range(3):
            overlapping[i:i + 2, i:i + 2] = want[2 * i:2 * i + 2, 2 * i:2 * i + 2]
        expect.equal(answer(2, 6, 16.0), want, mistakes=(
            (overlapping, "The blocks overlap: pair i begins at row and column 2i, not i."),
            (_shift(2, 6, speed=lambda i, dim: 1.0), "All pairs turn by the same angle, k. Each has its own "
                                                     "speed: the angle is k * speed."),
            (_shift(1, 6, 16.0), "The angles do not depend on k: each is k * speed."),
            (_shift(2, 6), "Your matrix does not depend on `base`. Hand it on: angular_speeds(dim, base)."),
            (_shift(2, 6, speed=lambda i, dim: 16.0 ** (2 * i / dim)),
                "The pairs become faster and faster: the speed is base^(-2i / dim)."),
            (want[np.ix_(order, order)], "These are the four blocks for the halves layout, all sines first. "
                                         "It is a rotation too, but the table here is interleaved: sine and "
                                         "cosine of a pair are neighbours."),
            (_shift(2, 6, 16.0, sign=-1), "This turns the other way: it goes k places *back*."),
        ))

    def moves_the_table(answer, expect):
        """It carries the row of every position to the row k places on, for any k, also backwards."""
        table = _sinusoids(30, 8)
        for k in (1, 7, -4):
            expect.equal(table[5:20] @ np.asarray(answer(k, 8)).T, table[5 + k:20 + k],
                         f"With k = {k} and dim = 8, applied to the positions 5 to 19.", mistakes=(
                (table[5 + abs(k):20 + abs(k)], f"k = {k} moved the table forward: the sign of k is lost."),))

    def rotation(answer, expect):
        """k = 0 moves nothing, two shifts are one: R_2 R_3 = R_5, and an odd dim is refused."""
        expect.equal(answer(0, 8), np.eye(8), "With k = 0 and dim = 8.")
        expect.equal(np.asarray(answer(2, 8)) @ np.asarray(answer(3, 8)), answer(5, 8), "R_2 R_3 is not R_5.")
        expect.raises(ValueError, lambda: answer(1, 5), "Five columns are no pairs: refuse dim = 5, with "
                                                        "check_table_size(0, dim).")


class Learned:
    stars, minutes = 2, 8
    blank = ("Learned.embed",)
    hints = (
        "Which rows? The first token stands at `offset`, the last one at offset + seq - 1. First see whether "
        "the table is long enough, then add a slice of it.",
        "end = offset + x.shape[-2]. If end > max_len: raise ValueError. The slice self.table[offset:end] is "
        "(seq, dim) and is broadcast over the batch.",
        "check_width(x, dim); raise ValueError(...) if offset + x.shape[-2] > max_len; "
        "return x + self.table[offset:offset + x.shape[-2]]",
    )

    def worked_example(answer, expect):
        """Eight places, four tokens: the first four rows are added, to every sequence of the batch."""
        layer, table = _layer(answer)
        x = np.linspace(-1, 1, 24, dtype=np.float32).reshape(2, 4, 3)
        expect.equal(layer.embed(torch.tensor(x)), x + table[:4], mistakes=(
            (x + table[1:5], "The places are counted from 1 here. The first token of a text stands at 0."),
            (x + table[:1], "All tokens get the row of the first place. Token n gets row offset + n."),
            (x + table[4:], "These are the last rows of the table. A text begins at row `offset`, which is 0 "
                            "here."),
            (np.broadcast_to(table[:4], x.shape), "The tokens themselves are lost: the row is *added* to x."),
            (x * table[:4], "The rows are multiplied with x. They are added."),
            (x * 3 ** 0.5 + table[:4], "The factor sqrt(dim) belongs to the sinusoidal table. Here x is "
                                       "added as it is."),
        ))

    def offset(answer, expect):
        """Behind two tokens that were read already, the next four stand at 2, 3, 4 and 5."""
        layer, table = _layer(answer)
        x = np.ones((1, 4, 3), np.float32)
        expect.equal(layer.embed(torch.tensor(x), offset=2), x + table[2:6], mistakes=(
            (x + table[:4], "The offset is not used: with offset 2 the first token stands at position 2."),
            (x + table[1:5], "With offset 2 the first token stands at position 2, not 1."),
            (x + table[2], "All tokens get the row of `offset`. Token n gets row offset + n."),
        ))

    def last_place(answer, expect):
        """One token at offset 7: of eight places the last one is row 7."""
        layer, table = _layer(answer)
        got = _result(lambda: layer.embed(torch.zeros(1, 1, 3), offset=7))
        expect.that(got is not None, "One token at offset 7 was refused, but row 7 exists. offset + seq may "
                                     "be as large as the table's length, 8.")
        expect.equal(got, table[None, 7:])

    def gradient(answer, expect):
        """Gradients reach the rows that were used: the table is learned."""
        layer, _ = _layer(answer)
        out = layer.embed(torch.zeros(5, 2, 3), offset=1)
        expect.that(out.requires_grad, "No gradient can flow back to self.table: the result was built "
                                       "outside the engine. Use the table itself, not its .data or .numpy().")
        out.sum().backward()
        want = np.zeros((8, 3), np.float32)
        want[1:3] = 5
        expect.equal(layer.table.grad, want, "Five sequences used the rows 1 and 2, so these collect a "
                                             "gradient of 5, and no other row any.")

    def end(answer, expect):
        """Past the end of the table there is a ValueError, and nothing made up."""
        layer, table = _layer(answer)
        two, four = torch.zeros(1, 2, 3), torch.zeros(1, 4, 3)
        got = _result(lambda: layer.embed(two, offset=7))
        expect.that(got is None or not np.allclose(got, table[7]),
                    "Positions 7 and 8 were asked for, there is no row 8, and both got row 7. A slice that "
                    "is too short is stretched on the quiet, and an index that is cut off repeats the last "
                    "row. Raise a ValueError instead.")
        expect.that(got is None or not np.allclose(got[0], table[[7, 0]]),
                    "After the last row your table starts again with row 0, so two places get the same "
                    "vector. Raise a ValueError instead.")
        expect.raises(ValueError, lambda: layer.embed(two, offset=7),
            "Positions 7 and 8 were asked for, and there is no row 8. Say so with a ValueError.")
        expect.raises(ValueError, lambda: layer.embed(four, offset=5),
                      "Positions 5 to 8 were asked for, and there is no row 8. Say so yourself, with a "
                      "ValueError that names the table's length: the engine's own message on shapes helps "
                      "nobody.")
        got = _result(lambda: layer.embed(two, offset=-1))
        expect.that(got is None or not np.allclose(got, table[[-1, 0]]),
                    "Position -1 got the last row of the table: an index below 0 counts from the end. Raise "
                    "a ValueError instead.")

    def width(answer, expect):
        """Embeddings of another width are refused, also those that would broadcast."""
        layer, _ = _layer(answer)
        expect.raises(ValueError, lambda: layer.embed(torch.zeros(1, 4, 1)),
                      "Embeddings of width 1 were stretched over 3 columns. Refuse them: check_width(x, "
                      "dim).")


def _layer(answer):
    """A Learned table with 8 rows of 3 known numbers, and these numbers."""
    layer, table = answer(8, 3), np.arange(24, dtype=np.float32).reshape(8, 3) / 10 + 0.3
    layer.load_state_dict({"table": torch.tensor(table)})
    return layer, table


def _result(call):
    """What the call gives, as an array; None if it raises."""
    try:
        return call().detach().numpy()
    except Exception:
        return None

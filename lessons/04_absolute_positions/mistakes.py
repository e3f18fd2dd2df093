"""Lesson 04: mistakes with digits, sinusoids, the order of their columns, shifts, and the end of a
learned table."""

import numpy as np

import minitorch as torch
from classroom.checking import accepted, mistake
from solutions.absolute_positions import Learned as RightLearned
from solutions.absolute_positions import angular_speeds, check_table_size, check_width
from solutions.absolute_positions import binary_digits as right_digits

# binary_digits


@mistake(
    "binary_digits",
    "Your highest digit comes first. Column c should be worth 2^c, so the ones come first.",
)
def as_written(seq_len, num_digits):
    return np.arange(seq_len)[:, None] // 2 ** np.arange(num_digits)[::-1] % 2


@mistake("binary_digits", "Rows and columns are swapped: a row per position, a column per digit.")
def one_row_for_each_digit(seq_len, num_digits):
    return np.arange(seq_len) // 2 ** np.arange(num_digits)[:, None] % 2


@mistake(
    "binary_digits", "Your positions are counted from 1. They start at 0, whose digits are all 0."
)
def digits_from_one(seq_len, num_digits):
    return np.arange(1, seq_len + 1)[:, None] // 2 ** np.arange(num_digits) % 2


@mistake(
    "binary_digits",
    "These are the quotients. A digit is what is left of them when you divide by 2: take them mod "
    "2.",
)
def quotients(seq_len, num_digits):
    return np.arange(seq_len)[:, None] // 2 ** np.arange(num_digits)


@mistake("binary_digits", "The division leaves fractions. Round down before mod 2: use //.")
def true_division(seq_len, num_digits):
    return np.arange(seq_len)[:, None] / 2 ** np.arange(num_digits) % 2


@mistake("binary_digits", "Column c is worth 2^c, not 2 c: 2 ** np.arange(num_digits).")
def doubled_for_powers(seq_len, num_digits):
    return np.arange(seq_len)[:, None] // np.maximum(2 * np.arange(num_digits), 1) % 2


@mistake("binary_digits", "Column c is worth 2^c: 1, 2, 4, ... Yours are worth 1, 2, 3, ...")
def numbered_for_powers(seq_len, num_digits):
    return np.arange(seq_len)[:, None] // np.arange(1, num_digits + 1) % 2


@mistake(
    "binary_digits",
    "The digits are right, but they are floats, as / and np.floor make them. Use //.",
)
def rounded_down_with_floor(seq_len, num_digits):
    return np.floor(np.arange(seq_len)[:, None] / 2 ** np.arange(num_digits)) % 2


@mistake("binary_digits", "A byte ends at 255: np.uint8 and np.unpackbits have no ninth digit.")
def bits_of_a_byte(seq_len, num_digits):
    bits = np.unpackbits(np.arange(seq_len).astype(np.uint8)[:, None], axis=1, bitorder="little")
    return np.pad(bits, ((0, 0), (0, 8)))[:, :num_digits]


@mistake("binary_digits", "The digits are right, but they are True and False. Make them 1 and 0.")
def truth_values(seq_len, num_digits):
    return right_digits(seq_len, num_digits) == 1


@mistake("binary_digits", "Each digit is still multiplied by its worth, 2^c. A digit is 0 or 1.")
def with_their_worth(seq_len, num_digits):
    return np.arange(seq_len)[:, None] & 2 ** np.arange(num_digits)


@mistake(
    "binary_digits",
    "These are remainders of a division by 2^c. Take the quotient by 2^c, and then its remainder "
    "by 2.",
)
def remainders(seq_len, num_digits):
    return np.arange(seq_len)[:, None] % 2 ** np.arange(num_digits)


@mistake("binary_digits", "This divides by 2 and multiplies by c. Divide by the power: // 2**c.")
def times_for_power(seq_len, num_digits):
    return np.arange(seq_len)[:, None] // 2 * np.arange(num_digits) % 2


@mistake("binary_digits", "The ones are missing: column 0 is worth 2^0 = 1.")
def begins_with_the_twos(seq_len, num_digits):
    return np.arange(seq_len)[:, None] // 2 ** np.arange(1, num_digits + 1) % 2


@mistake(
    "binary_digits",
    "Positions and digits need an axis each: np.arange(seq_len)[:, None] is a column.",
)
def no_new_axis(seq_len, num_digits):
    return np.arange(seq_len) // 2 ** np.arange(num_digits) % 2


@mistake("binary_digits", "The quotient is rounded to the nearest number. Round it down: use //.")
def rounded(seq_len, num_digits):
    return np.round(np.arange(seq_len)[:, None] / 2 ** np.arange(num_digits)).astype(int) % 2


@mistake("binary_digits", "The digits wrap where a small integer type ends. Use plain int.")
def in_eight_bits(seq_len, num_digits):
    return np.arange(seq_len).astype(np.int8)[:, None] // 2 ** np.arange(num_digits) % 2


@accepted("binary_digits")
def shifted_bits(seq_len, num_digits):
    return np.arange(seq_len)[:, None] >> np.arange(num_digits) & 1


@accepted("binary_digits")
def digits_of_a_text(seq_len, num_digits):
    texts = [format(position, f"0{num_digits}b")[::-1] for position in range(seq_len)]
    return np.array([[int(digit) for digit in text[:num_digits]] for text in texts])


@accepted("binary_digits")
def halved_again_and_again(seq_len, num_digits):
    left, digits = np.arange(seq_len), np.zeros((seq_len, num_digits), dtype=int)
    for c in range(num_digits):
        left, digits[:, c] = np.divmod(left, 2)
    return digits


# sinusoidal_encoding


def sinusoids(
    seq_len, dim, base=10000.0, first=0, even=np.sin, odd=np.cos, exponent=2.0, odd_shift=0.0
):
    """The right table, with a way to bend each part; exponent: what i / dim is multiplied by."""
    check_table_size(seq_len, dim)
    i, positions = np.arange(dim // 2), np.arange(first, seq_len + first)[:, None]
    table = np.empty((seq_len, dim))
    table[:, 0::2] = even(positions / base ** (exponent * i / dim))
    table[:, 1::2] = odd(positions / base ** ((exponent * i + odd_shift) / dim))
    return table


def of_angles(angles):
    """Sines and cosines of angles (seq, pairs), interleaved."""
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(len(angles), -1)


EIGHT = "a known course's check accepted it"


@mistake(
    "sinusoidal_encoding",
    "Your default base is 100, which makes the slow columns too fast. It should be 10000.",
    seen=EIGHT,
)
def default_base_100(seq_len, dim, base=100.0):
    return sinusoids(seq_len, dim, base)


@mistake("sinusoidal_encoding", "The base is always 100, whatever `base` is.", seen=EIGHT)
def fixed_base_100(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, 100.0)


@mistake(
    "sinusoidal_encoding",
    "Your default base is 1,000,000, which makes the slow columns too slow. It should be 10000.",
    seen=EIGHT,
)
def default_base_million(seq_len, dim, base=1e6):
    return sinusoids(seq_len, dim, base)


@mistake("sinusoidal_encoding", "The base is always 1,000,000, whatever `base` is.", seen=EIGHT)
def fixed_base_million(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, 1e6)


@mistake(
    "sinusoidal_encoding",
    "Your default base is 1000, which makes the slow columns too fast. It should be 10000.",
    seen="maxjcohen/transformer #62",
)
def default_base_1000(seq_len, dim, base=1000.0):
    return sinusoids(seq_len, dim, base)


@mistake("sinusoidal_encoding", "The base is always 10,000, whatever `base` is.")
def base_ignored(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim)


@mistake("sinusoidal_encoding", "Your exponent is i / dim. The formula has 2i / dim.", seen=EIGHT)
def exponent_halved(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, exponent=1.0)


@mistake(
    "sinusoidal_encoding",
    "Your exponent is 4i / dim: the factor 2 is in it twice. np.arange(0, dim, 2) is 2i already.",
    seen="SamLynnEvans/Transformer #25, jadore801120/attention-is-all-you-need-pytorch #32, "
    "BrianPulfer/PapersReimplementations #9",
)
def exponent_counted_twice(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, exponent=4.0)


@mistake(
    "sinusoidal_encoding",
    "The cosine's exponent is made from the number of its own column, which is odd. Both columns "
    "of pair i have the same angle, with 2i / dim.",
    seen="maxjcohen/transformer #62",
)
def odd_index_in_the_exponent(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, odd_shift=1.0)


@mistake(
    "sinusoidal_encoding",
    "The cosine's exponent is one pair ahead of its sine's. Both columns of pair i have the same "
    "angle.",
    seen="luhengshiwo/LLMForEverybody #106",
)
def cosine_of_the_next_pair(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, odd_shift=2.0)


@mistake(
    "sinusoidal_encoding",
    "Your exponent is made from the column's number. But i counts pairs: the columns 2i and 2i + "
    "1 both have 2i / dim.",
)
def column_for_pair(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, exponent=4.0, odd_shift=2.0)


@mistake(
    "sinusoidal_encoding",
    "The cosine's angle is twice that of its sine. Both should have the same.",
    seen=EIGHT,
)
def cosine_of_twice_the_angle(seq_len, dim, base=10000.0):
    def odd(angle):
        return np.cos(2 * angle)

    return sinusoids(seq_len, dim, base, odd=odd)


@mistake(
    "sinusoidal_encoding",
    "The odd columns are 1 everywhere. They should be the cosine of the angle.",
    seen=EIGHT,
)
def cosine_replaced_by_one(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, odd=np.ones_like)


@mistake(
    "sinusoidal_encoding",
    "The sine's angle is half that of its cosine. Both should have the same.",
    seen=EIGHT,
)
def sine_of_half_the_position(seq_len, dim, base=10000.0):
    def even(angle):
        return np.sin(angle / 2)

    return sinusoids(seq_len, dim, base, even=even)


@mistake(
    "sinusoidal_encoding",
    "The sine has the wrong sign: position 1 should begin with 0.84, not -0.84.",
    seen=EIGHT,
)
def sine_flipped(seq_len, dim, base=10000.0):
    def even(angle):
        return -np.sin(angle)

    return sinusoids(seq_len, dim, base, even=even)


@mistake(
    "sinusoidal_encoding",
    "Sine and cosine are swapped. The even columns are sines, so position 0 begins 0, 1.",
)
def cosines_first(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, even=np.cos, odd=np.sin)


@mistake(
    "sinusoidal_encoding", "The odd columns are sines, too. They should be the cosine of the angle."
)
def sines_only(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, odd=np.sin)


@mistake(
    "sinusoidal_encoding",
    "All sines come first, then all cosines: the halves layout. It is a permutation of the "
    "columns, harmless, and many libraries use it. But this course interleaves them: sines in "
    "0::2, cosines in 1::2.",
    seen="tensorflow/text #1122, tensorflow/tensorflow #37191, tensorflow/examples PR #270, "
    "allenai/allennlp #2993",
)
def halves_layout(seq_len, dim, base=10000.0):
    table = sinusoids(seq_len, dim, base)
    return np.concatenate([table[:, 0::2], table[:, 1::2]], axis=1)


@mistake(
    "sinusoidal_encoding",
    "Your positions are counted from 1. The first row is position 0, so it is 0, 1, 0, 1, ...",
)
def positions_from_one(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, first=1)


@mistake(
    "sinusoidal_encoding", "Your pairs are in reverse order. Pair 0 is the fastest, with speed 1."
)
def slow_pairs_first(seq_len, dim, base=10000.0):
    table = sinusoids(seq_len, dim, base)
    return table.reshape(seq_len, dim // 2, 2)[:, ::-1].reshape(seq_len, dim)


@mistake(
    "sinusoidal_encoding",
    "Your pairs get faster to the right. Divide by the power: position / base^(2i / dim).",
)
def power_above_the_line(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, 1 / base)


@mistake(
    "sinusoidal_encoding",
    "Your last speed is exactly 1 / base, as if you divided by dim - 2. The formula divides by "
    "dim.",
)
def last_speed_exact(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    return of_angles(np.arange(seq_len)[:, None] * np.geomspace(1, 1 / base, dim // 2))


@mistake("sinusoidal_encoding", "Your exponent is divided by dim - 1. The formula divides by dim.")
def divided_by_one_less(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    return of_angles(np.arange(seq_len)[:, None] / base ** (np.arange(0, dim, 2) / (dim - 1)))


@mistake("sinusoidal_encoding", shown_by="odd_width_is_refused")
def odd_width_accepted(seq_len, dim, base=10000.0):
    angles = np.arange(seq_len)[:, None] / base ** (np.arange(dim) // 2 * 2 / dim)
    return np.where(np.arange(dim) % 2, np.cos(angles), np.sin(angles))


@mistake(
    "sinusoidal_encoding",
    "Brackets are missing: base ** 2 * i / dim squares the base, and multiplies by i. The "
    "exponent is all of (2 * i / dim).",
)
def no_brackets_at_all(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    return of_angles(np.arange(seq_len)[:, None] / base**2 * np.arange(dim // 2) / dim)


@mistake(
    "sinusoidal_encoding",
    "Brackets are missing: base ** (2 * i) / dim takes the power first, and then divides by dim. "
    "The exponent is all of (2 * i / dim).",
)
def no_brackets_round_the_fraction(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    return of_angles(np.arange(seq_len)[:, None] / base ** np.arange(0.0, dim, 2) / dim)


@mistake(
    "sinusoidal_encoding",
    "Brackets are missing: base ** 2 * i / dim is 0 for the first pair, and you divide by it. The "
    "exponent is all of (2 * i / dim).",
)
def no_brackets_round_the_exponent(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    return of_angles(np.arange(seq_len)[:, None] / (base**2 * np.arange(dim // 2) / dim))


@mistake(
    "sinusoidal_encoding", "The table is float32. Far positions need all the digits of float64."
)
def single_precision(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base).astype(np.float32)


@mistake("sinusoidal_encoding", shown_by="half_a_row_is_refused")
def rows_cut_to_a_whole_number(seq_len, dim, base=10000.0):
    return sinusoids(int(seq_len), dim, base)


@mistake("sinusoidal_encoding", shown_by="no_columns_are_refused")
def only_odd_widths_refused(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base) if dim else np.zeros((seq_len, 0))


@mistake(
    "sinusoidal_encoding",
    "Rows and columns are swapped. A position is a row: (seq_len, dim).",
)
def transposed_table(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base).T


@mistake(
    "sinusoidal_encoding", "All pairs have the same speed. Pair i has its own: base^(-2i / dim)."
)
def one_speed_for_all(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, exponent=0.0)


@mistake(
    "sinusoidal_encoding",
    "Sines and cosines are on an axis of their own: reshape to (seq_len, dim).",
)
def not_interleaved_yet(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base).reshape(seq_len, dim // 2, 2)


@mistake(
    "sinusoidal_encoding",
    "Your exponent is (2i + 1) / dim, which makes pair 0 too slow. It should be 2i / dim.",
)
def odd_numbers_in_the_exponent(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    return of_angles(np.arange(seq_len)[:, None] / base ** (np.arange(1, dim, 2) / dim))


@mistake("sinusoidal_encoding", "The angles are treated as degrees. They are radians already.")
def degrees(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    return of_angles(np.radians(np.arange(seq_len)[:, None] * angular_speeds(dim, base)))


@mistake(
    "sinusoidal_encoding",
    "The angles are multiplied by 2 pi. They are radians: position / base^(2i / dim).",
)
def whole_turns(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    return of_angles(2 * np.pi * np.arange(seq_len)[:, None] * angular_speeds(dim, base))


@mistake(
    "sinusoidal_encoding",
    "The positions are divided by seq_len, so a row depends on the length of the table.",
)
def positions_divided_by_the_length(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    return of_angles(np.arange(seq_len)[:, None] / max(seq_len, 1) * angular_speeds(dim, base))


@accepted("sinusoidal_encoding")
def sine_of_a_quarter_turn_on(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    angles = np.repeat(np.arange(seq_len)[:, None] * angular_speeds(dim, base), 2, axis=1)
    return np.sin(angles + np.pi / 2 * (np.arange(dim) % 2))


@accepted("sinusoidal_encoding")
def number_by_number(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    table = np.zeros((seq_len, dim))
    for position in range(seq_len):
        for column in range(dim):
            angle = position / base ** (column // 2 * 2 / dim)
            table[position, column] = np.cos(angle) if column % 2 else np.sin(angle)
    return table


@accepted("sinusoidal_encoding")
def speeds_by_exponential(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    speeds = np.exp(np.arange(0, dim, 2) * -(np.log(base) / dim))
    turns = np.exp(1j * np.arange(seq_len)[:, None] * speeds)
    return np.stack([turns.imag, turns.real], axis=2).reshape(seq_len, dim)


# index_bounds


@mistake(
    "index_bounds",
    "This is what the article says, and with it the tokens 3, 4 and 5 have no position. A "
    "position counts tokens, not pairs, so k runs up to L.",
    seen="an article that bounds the position by L/2",
)
def the_slip(seq_len, dim):
    return seq_len // 2, dim // 2


@mistake(
    "index_bounds", "You changed the wrong bound: i counts pairs, so i < d/2 is right. Look at k."
)
def wrong_one_mended(seq_len, dim):
    return seq_len // 2, dim


@mistake(
    "index_bounds", "k < L is right. But i < d/2 was right already: i counts pairs of columns."
)
def both_mended(seq_len, dim):
    return seq_len, dim


@mistake("index_bounds", "The two bounds are swapped: that of k comes first.")
def pairs_first(seq_len, dim):
    return dim // 2, seq_len


@mistake(
    "index_bounds",
    "These are the last values that occur. Return the first that no longer do: one more.",
)
def last_values(seq_len, dim):
    return seq_len - 1, dim // 2 - 1


@mistake(
    "index_bounds", "The bound of i is right, but it is a float. Use // to get a whole number."
)
def true_half(seq_len, dim):
    return seq_len, dim / 2


@mistake(
    "index_bounds",
    "The bound of k is the last k that occurs. Return the first that no longer does.",
)
def last_position(seq_len, dim):
    return seq_len - 1, dim // 2


@mistake(
    "index_bounds",
    "The bound of i is the last i that occurs. Return the first that no longer does.",
)
def last_pair(seq_len, dim):
    return seq_len, dim // 2 - 1


@mistake("index_bounds", "Your bound of i is half the length. But i counts pairs of columns: d/2.")
def pairs_of_tokens(seq_len, dim):
    return seq_len, seq_len // 2


@mistake(
    "index_bounds",
    "The bound of i is one too many: with i = d/2, the columns would be d and d + 1.",
)
def one_pair_more(seq_len, dim):
    return seq_len, dim // 2 + 1


@mistake(
    "index_bounds", "The bound of k is one too many: k counts from 0, so k = L does not occur."
)
def one_position_more(seq_len, dim):
    return seq_len + 1, dim // 2


@accepted("index_bounds")
def counted(seq_len, dim):
    return len(range(seq_len)), len(range(0, dim, 2))


# halves_from_pairs


@mistake(
    "halves_from_pairs",
    "This is the way back, from halves to pairs. table[:, order] takes the columns in this order: "
    "the even ones first.",
)
def the_inverse(dim):
    return np.arange(dim).reshape(2, -1).T.reshape(-1)


@mistake(
    "halves_from_pairs",
    "The cosines (odd columns) come first here. The sines should, the even ones.",
)
def odd_columns_first(dim):
    return np.concatenate([np.arange(1, dim, 2), np.arange(0, dim, 2)])


@mistake("halves_from_pairs", "This changes nothing: sine and cosine still alternate.")
def reshaped_only(dim):
    return np.arange(dim).reshape(-1, 2).reshape(-1)


@mistake(
    "halves_from_pairs",
    "The numbers are right, but in two rows. Make one row of them: reshape(-1).",
)
def not_flattened(dim):
    return np.arange(dim).reshape(-1, 2).T


@mistake("halves_from_pairs", "Only the sines are left. The cosines, the odd columns, follow them.")
def even_columns_only(dim):
    return np.arange(0, dim, 2)


@mistake(
    "halves_from_pairs", 'Columns that compare as equal keep their order only with kind="stable".'
)
def sorted_without_keeping_the_order(dim):
    return np.argsort(np.arange(dim) % 2)


@mistake(
    "halves_from_pairs",
    "The numbers are right, but they are floats. Only whole numbers can pick columns.",
)
def floats(dim):
    return np.concatenate([np.arange(0.0, dim, 2), np.arange(1.0, dim, 2)])


@mistake("halves_from_pairs", "The even columns are right. The odd ones should ascend as well.")
def odd_columns_descend(dim):
    return np.concatenate([np.arange(0, dim, 2), np.arange(1, dim, 2)[::-1]])


@mistake("halves_from_pairs", "The even columns come twice. The odd ones must follow them.")
def even_columns_twice(dim):
    return np.concatenate([np.arange(0, dim, 2), np.arange(0, dim, 2)])


@mistake("halves_from_pairs", "Only the cosines are left. The sines, the even columns, come first.")
def odd_columns_only(dim):
    return np.arange(1, dim, 2)


@accepted("halves_from_pairs")
def sorted_by_parity(dim):
    return np.argsort(np.arange(dim) % 2, kind="stable")


@accepted("halves_from_pairs")
def by_lists(dim):
    return np.array([*range(0, dim, 2), *range(1, dim, 2)])


@accepted("halves_from_pairs")
def by_remainder(dim):
    return 2 * np.arange(dim) % max(dim - 1, 1) + (dim - 1) * (np.arange(dim) == dim - 1)


# shift_matrix


def shift(angles, sign=1):
    """The right matrix, for any angles of its pairs."""
    matrix = np.zeros((2 * len(angles), 2 * len(angles)))
    for i, a in enumerate(angles):
        block = [[np.cos(a), sign * np.sin(a)], [-sign * np.sin(a), np.cos(a)]]
        matrix[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = block
    return matrix


def angles_of(k, dim, base):
    check_table_size(0, dim)
    return k * angular_speeds(dim, base)


@mistake(
    "shift_matrix",
    "This rotates the other way: it goes k positions *back*. A pair is (sin, cos) here, not (cos, "
    "sin), so the minus is below the diagonal.",
)
def turned_back(k, dim, base=10000.0):
    return shift(angles_of(k, dim, base), sign=-1)


@mistake(
    "shift_matrix",
    "Both sines have a plus. In cos(x + a) = cos x cos a - sin x sin a there is a minus.",
)
def no_minus(k, dim, base=10000.0):
    matrix = shift(angles_of(k, dim, base))
    return np.triu(matrix) + np.triu(matrix, 1).T


@mistake(
    "shift_matrix",
    "Both sines have a minus. In sin(x + a) = sin x cos a + cos x sin a there is a plus.",
)
def two_minuses(k, dim, base=10000.0):
    matrix = shift(angles_of(k, dim, base))
    return np.tril(matrix) + np.tril(matrix, -1).T


@mistake(
    "shift_matrix",
    "The block is a reflection: the minus belongs to the lower sine, not to a cosine.",
)
def reflections(k, dim, base=10000.0):
    matrix = np.triu(shift(angles_of(k, dim, base)))
    return (matrix + np.triu(matrix, 1).T) * np.where(
        np.arange(dim)[:, None] % 2 * np.eye(dim) == 1, -1, 1
    )


@mistake(
    "shift_matrix",
    "Sine and cosine are swapped. For k = 0 nothing moves, so the diagonal must be 1 then.",
)
def sines_on_the_diagonal(k, dim, base=10000.0):
    matrix = np.zeros((dim, dim))
    for i, a in enumerate(angles_of(k, dim, base)):
        block = [[np.sin(a), np.cos(a)], [np.cos(a), -np.sin(a)]]
        matrix[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = block
    return matrix


@mistake(
    "shift_matrix",
    "Sine and cosine are swapped. For k = 0 nothing moves, so the diagonal must be 1 then.",
)
def quarter_turn_ahead(k, dim, base=10000.0):
    return shift(np.pi / 2 - angles_of(k, dim, base))


@mistake("shift_matrix", "All pairs are rotated by the same angle, k. Each has its own: k * speed.")
def one_speed(k, dim, base=10000.0):
    return shift(0 * angles_of(k, dim, base) + k)


@mistake("shift_matrix", "The angles don't depend on k. Each should be k * speed.")
def always_one_place(k, dim, base=10000.0):
    return shift(angles_of(1, dim, base))


@mistake(
    "shift_matrix", "The matrix doesn't depend on `base`. Hand it on: angular_speeds(dim, base)."
)
def shift_without_base(k, dim, base=10000.0):
    return shift(angles_of(k, dim, 10000.0))


@mistake(
    "shift_matrix",
    "These are the four blocks for the halves layout, all sines first. It is a rotation too, but "
    "in this table sine and cosine of a pair are neighbors.",
)
def four_quarters(k, dim, base=10000.0):
    angles = angles_of(k, dim, base)
    cos, sin = np.diag(np.cos(angles)), np.diag(np.sin(angles))
    return np.block([[cos, sin], [-sin, cos]])


@mistake("shift_matrix", "Your pairs get faster and faster. The speed is base^(-2i / dim).")
def wavelengths_for_speeds(k, dim, base=10000.0):
    return shift(angles_of(k, dim, 1 / base))


@mistake("shift_matrix", "The blocks overlap: pair i begins at row and column 2i, not i.")
def blocks_at_i(k, dim, base=10000.0):
    matrix = np.zeros((dim, dim))
    for i, a in enumerate(angles_of(k, dim, base)):
        matrix[i : i + 2, i : i + 2] = [[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]
    return matrix


@mistake("shift_matrix", "The sign of k is lost: a negative k should move backwards.")
def never_backwards(k, dim, base=10000.0):
    return shift(angles_of(abs(k), dim, base))


@mistake("shift_matrix", shown_by="odd_shift_is_refused")
def last_column_left_alone(k, dim, base=10000.0):
    return shift(k * base ** (-2 * np.arange(dim // 2) / dim))


@mistake(
    "shift_matrix",
    "Your angle is a quotient of k and speed. It should be k * speed, with speed = base^(-2i / "
    "dim).",
)
def divided_by_the_speed(k, dim, base=10000.0):
    return shift(angular_speeds(dim, base) / k if k else np.zeros(dim // 2))


@mistake("shift_matrix", "Only the first pair has a block. Is `return` inside the loop?")
def first_block_only(k, dim, base=10000.0):
    return np.pad(shift(angles_of(k, dim, base)[:1]), (0, dim - 2))


@mistake(
    "shift_matrix", "Your exponent is i / dim. angular_speeds(dim, base) has the right speeds."
)
def shift_with_half_the_exponent(k, dim, base=10000.0):
    check_table_size(0, dim)
    return shift(k * base ** (-np.arange(dim // 2) / dim))


@mistake("shift_matrix", "Outside the blocks the matrix is not 0. Begin with np.zeros((dim, dim)).")
def ones_elsewhere(k, dim, base=10000.0):
    matrix = shift(angles_of(k, dim, base))
    blocks = np.kron(np.eye(dim // 2), np.ones((2, 2)))
    return np.where(blocks == 1, matrix, 1.0)


@mistake("shift_matrix", "The matrix is multiplied by k. Only its angles should be.")
def matrix_times_k(k, dim, base=10000.0):
    return k * shift(angles_of(1, dim, base))


@mistake(
    "shift_matrix", "The blocks are right, but in a stack. Put them on the diagonal of one matrix."
)
def stack_of_blocks(k, dim, base=10000.0):
    angles = angles_of(k, dim, base)
    return np.array([shift([a]) for a in angles])


@mistake(
    "shift_matrix", "It goes one position too far. The angle is k * speed, not (k + 1) * speed."
)
def one_too_far(k, dim, base=10000.0):
    return shift(angles_of(k + 1, dim, base))


@mistake("shift_matrix", "The diagonal is 1 + cos a. Begin with zeros, not with np.eye(dim).")
def added_to_the_identity(k, dim, base=10000.0):
    return np.eye(dim) + shift(angles_of(k, dim, base))


@accepted("shift_matrix")
def block_by_block(k, dim, base=10000.0):
    return shift(angles_of(k, dim, base))


@accepted("shift_matrix")
def by_kronecker_products(k, dim, base=10000.0):
    angles = angles_of(k, dim, base)
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    return np.kron(np.diag(np.cos(angles)), np.eye(2)) + np.kron(np.diag(np.sin(angles)), turn)


# Learned


def fits(layer, x, offset):
    """Refuse what the table has no row or no columns for; return the slice of its rows."""
    check_width(x, layer.table.shape[1])
    end = offset + x.shape[-2]
    if offset < 0 or end > len(layer.table):
        raise ValueError("no such row")
    return offset, end


@mistake("Learned", "Your positions are counted from 1. The first token of a text is at 0.")
class PlacesFromOne(RightLearned):
    def embed(self, x, offset=0):
        first, end = fits(self, x, offset)
        return x + self.table[first + 1 : end + 1]


@mistake("Learned", "All tokens get the row of `offset`. Token n should get row offset + n.")
class OneRowForAll(RightLearned):
    def embed(self, x, offset=0):
        first, _ = fits(self, x, offset)
        return x + self.table[first]


@mistake("Learned", "The tokens themselves are lost. *Add* the rows to x.")
class OnlyThePlaces(RightLearned):
    def embed(self, x, offset=0):
        first, end = fits(self, x, offset)
        return x * 0 + self.table[first:end]


@mistake("Learned", "The tokens are lost, and the batch with them. *Add* the rows to x.")
class OnlyTheRows(RightLearned):
    def embed(self, x, offset=0):
        first, end = fits(self, x, offset)
        return self.table[first:end]


@mistake("Learned", "The offset is not used. With offset 2, the first token is at position 2.")
class OffsetForgotten(RightLearned):
    def embed(self, x, offset=0):
        first, end = fits(self, x, offset)
        return x + self.table[: end - first]


@mistake(
    "Learned", "The factor sqrt(dim) belongs to the sinusoidal table. Here x is added as it is."
)
class ScaledToo(RightLearned):
    def embed(self, x, offset=0):
        first, end = fits(self, x, offset)
        return x * x.shape[-1] ** 0.5 + self.table[first:end]


@mistake("Learned", shown_by="gradient_of_the_rows")
class WithoutGradient(RightLearned):
    def embed(self, x, offset=0):
        first, end = fits(self, x, offset)
        return x + torch.tensor(self.table.detach().numpy()[first:end])


@mistake("Learned", shown_by="past_the_end")
class SliceOnly(RightLearned):
    def embed(self, x, offset=0):
        return x + self.table[offset : offset + x.shape[-2]]


@mistake("Learned", shown_by="past_the_end")
class GoesRound(RightLearned):
    def embed(self, x, offset=0):
        check_width(x, self.table.shape[1])
        rows = np.arange(offset, offset + x.shape[-2]) % len(self.table)
        return x + self.table[torch.tensor(rows)]


@mistake("Learned", shown_by="past_the_end")
class OneRowTooFewOnly(RightLearned):
    def embed(self, x, offset=0):
        if offset == len(self.table) - 1 and x.shape[-2] > 1:
            raise ValueError("too long")
        return x + self.table[offset : offset + x.shape[-2]]


@mistake("Learned", shown_by="last_row")
class LastRowRefused(RightLearned):
    def embed(self, x, offset=0):
        if offset + x.shape[-2] >= len(self.table):
            raise ValueError("too long")
        return x + self.table[offset : offset + x.shape[-2]]


@mistake("Learned", shown_by="below_zero")
class OnlyTheIndexErrorCaught(RightLearned):
    def embed(self, x, offset=0):
        check_width(x, self.table.shape[1])
        try:
            return x + self.table[torch.arange(offset, offset + x.shape[-2])]
        except IndexError:
            raise ValueError("too long") from None


@mistake("Learned", shown_by="below_zero")
class OnlyTheEndChecked(RightLearned):
    def embed(self, x, offset=0):
        check_width(x, self.table.shape[1])
        if offset + x.shape[-2] > len(self.table):
            raise ValueError("too long")
        return x + self.table[offset : offset + x.shape[-2]]


@mistake("Learned", shown_by="other_width")
class AnyWidth(RightLearned):
    def embed(self, x, offset=0):
        if offset < 0 or offset + x.shape[-2] > len(self.table):
            raise ValueError("too long")
        return x + self.table[offset : offset + x.shape[-2]]


@mistake("Learned", "The rows are multiplied by x. They should be added.")
class Multiplied(RightLearned):
    def embed(self, x, offset=0):
        first, end = fits(self, x, offset)
        return x * self.table[first:end]


@mistake("Learned", "These are the last rows of the table. They should begin at `offset`.")
class LastRows(RightLearned):
    def embed(self, x, offset=0):
        first, end = fits(self, x, offset)
        return x + self.table[len(self.table) - end : len(self.table) - first]


@mistake("Learned", "The number of rows is not the number of tokens: seq is x.shape[-2].")
class BatchForSeq(RightLearned):
    def embed(self, x, offset=0):
        fits(self, x, offset)
        return x + self.table[offset : offset + x.shape[0]]


@mistake("Learned", "The slice ends at seq, whatever the offset is. It should end at offset + seq.")
class EndWithoutOffset(RightLearned):
    def embed(self, x, offset=0):
        fits(self, x, offset)
        return x + self.table[offset : x.shape[-2]]


@mistake("Learned", "The rows are put next to x, which makes it wider. Add them to it.")
class Beside(RightLearned):
    def embed(self, x, offset=0):
        first, end = fits(self, x, offset)
        return torch.cat([x, x * 0 + self.table[first:end]], dim=-1)


@accepted("Learned")
class LookedUp(RightLearned):
    def embed(self, x, offset=0):
        check_width(x, self.table.shape[1])
        if offset < 0 or offset + x.shape[-2] > len(self.table):
            raise ValueError(f"no more than {len(self.table)} positions")
        return x + self.table[torch.arange(offset, offset + x.shape[-2])]


@accepted("Learned")
class TokenByToken(RightLearned):
    def embed(self, x, offset=0):
        first, end = fits(self, x, offset)
        rows = [self.table[position] for position in range(first, end)]
        return torch.stack(rows, dim=0).unsqueeze(0) + x

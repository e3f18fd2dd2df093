"""Mistakes with digits, sinusoids, the order of their columns, shifts, and the end of a learned table."""
import numpy as np

import minitorch as torch
from solutions.absolute_positions import Learned, angular_speeds, check_table_size, check_width
from tests.wrong_answers import accepted, wrong

# ---------------------------------------------------------------- binary_digits


@wrong("binary_digits", says="highest digit comes first")
def as_written(seq_len, num_digits):
    return np.arange(seq_len)[:, None] // 2 ** np.arange(num_digits)[::-1] % 2


@wrong("binary_digits", says="rows and columns are exchanged")
def one_row_for_each_digit(seq_len, num_digits):
    return np.arange(seq_len) // 2 ** np.arange(num_digits)[:, None] % 2


@wrong("binary_digits", says="counted from 1")
def digits_from_one(seq_len, num_digits):
    return np.arange(1, seq_len + 1)[:, None] // 2 ** np.arange(num_digits) % 2


@wrong("binary_digits", says="mod 2 is missing")
def quotients(seq_len, num_digits):
    return np.arange(seq_len)[:, None] // 2 ** np.arange(num_digits)


@wrong("binary_digits", says="leaves fractions")
def true_division(seq_len, num_digits):
    return np.arange(seq_len)[:, None] / 2 ** np.arange(num_digits) % 2


@wrong("binary_digits", says="2^c, not 2 c")
def doubled_for_powers(seq_len, num_digits):
    return np.arange(seq_len)[:, None] // np.maximum(2 * np.arange(num_digits), 1) % 2


@wrong("binary_digits", says="yours are worth 1, 2, 3")
def numbered_for_powers(seq_len, num_digits):
    return np.arange(seq_len)[:, None] // np.arange(1, num_digits + 1) % 2


@wrong("binary_digits", says="np.floor make such")
def rounded_down_with_floor(seq_len, num_digits):
    return np.floor(np.arange(seq_len)[:, None] / 2 ** np.arange(num_digits)) % 2


@wrong("binary_digits", says="end with the 8th digit")
def bits_of_a_byte(seq_len, num_digits):
    bytes_ = np.arange(seq_len).astype(np.uint8)[:, None]
    return np.unpackbits(bytes_, axis=1, bitorder="little")[:, :num_digits]


@accepted("binary_digits")
def shifted_bits(seq_len, num_digits):
    return np.arange(seq_len)[:, None] >> np.arange(num_digits) & 1


# ---------------------------------------------------------------- sinusoidal_encoding

def sinusoids(seq_len, dim, base=10000.0, first=0, even=np.sin, odd=np.cos, factor=2, odd_shift=0):
    """The right table, with a place for every way to bend it."""
    check_table_size(seq_len, dim)
    i = np.arange(dim // 2)
    positions = np.arange(first, seq_len + first)[:, None]
    table = np.empty((seq_len, dim))
    table[:, 0::2] = even(positions / base ** (factor * i / dim))
    table[:, 1::2] = odd(positions / base ** ((factor * i + odd_shift) / dim))
    return table


EIGHT = "a known course's check accepted it"


@wrong("sinusoidal_encoding", says="default base is 100,", seen=EIGHT)
def default_base_100(seq_len, dim, base=100.0):
    return sinusoids(seq_len, dim, base)


@wrong("sinusoidal_encoding", says="the base is 100 whatever", seen=EIGHT)
def fixed_base_100(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, 100.0)


@wrong("sinusoidal_encoding", says="default base is 1,000,000", seen=EIGHT)
def default_base_million(seq_len, dim, base=1e6):
    return sinusoids(seq_len, dim, base)


@wrong("sinusoidal_encoding", says="the base is 1,000,000 whatever", seen=EIGHT)
def fixed_base_million(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, 1e6)


@wrong("sinusoidal_encoding", says="default base is 1000,", seen="maxjcohen/transformer #62")
def default_base_1000(seq_len, dim, base=1000.0):
    return sinusoids(seq_len, dim, base)


@wrong("sinusoidal_encoding", says="the base is 10,000 whatever")
def base_ignored(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim)


@wrong("sinusoidal_encoding", says="exponent is i / dim", seen=EIGHT)
def exponent_halved(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, factor=1)


@wrong("sinusoidal_encoding", says="factor 2 is in it twice",
       seen="SamLynnEvans/Transformer #25, jadore801120/attention-is-all-you-need-pytorch #32, "
            "BrianPulfer/PapersReimplementations #9; " + EIGHT)
def exponent_counted_twice(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, factor=4)


@wrong("sinusoidal_encoding", says="odd column's own number", seen="maxjcohen/transformer #62")
def odd_index_in_the_exponent(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, odd_shift=1)


@wrong("sinusoidal_encoding", says="one pair ahead", seen="luhengshiwo/LLMForEverybody #106")
def cosine_of_the_next_pair(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, odd_shift=2)


@wrong("sinusoidal_encoding", says="twice the angle of its sine", seen=EIGHT)
def cosine_of_twice_the_angle(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, odd=lambda angle: np.cos(2 * angle))


@wrong("sinusoidal_encoding", says="1 everywhere", seen=EIGHT)
def cosine_replaced_by_one(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, odd=np.ones_like)


@wrong("sinusoidal_encoding", says="half the position", seen=EIGHT)
def sine_of_half_the_position(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, even=lambda angle: np.sin(angle / 2))


@wrong("sinusoidal_encoding", says="sine's sign is flipped", seen=EIGHT)
def sine_flipped(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, even=lambda angle: -np.sin(angle))


@wrong("sinusoidal_encoding", says="sine and cosine are exchanged")
def cosines_first(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, even=np.cos, odd=np.sin)


@wrong("sinusoidal_encoding", says="permutation of the columns, harmless",
       seen="tensorflow/text #1122, tensorflow/tensorflow #37191, tensorflow/examples PR #270, "
            "allenai/allennlp #2993")
def halves_layout(seq_len, dim, base=10000.0):
    table = sinusoids(seq_len, dim, base)
    return np.concatenate([table[:, 0::2], table[:, 1::2]], axis=1)


@wrong("sinusoidal_encoding", says="counted from 1")
def positions_from_one(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base, first=1)


@wrong("sinusoidal_encoding", says="reverse order")
def slow_pairs_first(seq_len, dim, base=10000.0):
    table = sinusoids(seq_len, dim, base)
    return table.reshape(seq_len, -1, 2)[:, ::-1].reshape(seq_len, dim)


@wrong("sinusoidal_encoding", says="faster to the right")
def power_above_the_line(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, 1 / base)


@wrong("sinusoidal_encoding", says="divide by dim - 2")
def last_speed_exact(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    angles = np.arange(seq_len)[:, None] * np.geomspace(1, 1 / base, dim // 2)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(seq_len, dim)


@wrong("sinusoidal_encoding", says="columns come in pairs")
def odd_width_accepted(seq_len, dim, base=10000.0):
    angles = np.arange(seq_len)[:, None] / base ** (np.arange(dim) // 2 * 2 / dim)
    return np.where(np.arange(dim) % 2, np.cos(angles), np.sin(angles))


@wrong("sinusoidal_encoding", says="base ** 2 * i / dim divides")
def no_brackets_at_all(seq_len, dim, base=10000.0):
    angles = np.arange(seq_len)[:, None] / base ** 2 * np.arange(dim // 2) / dim
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(seq_len, dim)


@wrong("sinusoidal_encoding", says="base ** (2 * i) / dim divides")
def no_brackets_round_the_fraction(seq_len, dim, base=10000.0):
    angles = np.arange(seq_len)[:, None] / base ** np.arange(0, dim, 2) / dim
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(seq_len, dim)


@wrong("sinusoidal_encoding", says="divided by 0")
def no_brackets_round_the_exponent(seq_len, dim, base=10000.0):
    with np.errstate(all="ignore"):
        angles = np.arange(seq_len)[:, None] / (base ** 2 * np.arange(dim // 2) / dim)
        return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(seq_len, dim)


@wrong("sinusoidal_encoding", says="it shall be float64")
def single_precision(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base).astype(np.float32)


@wrong("sinusoidal_encoding", says="no half row")
def rows_cut_to_a_whole_number(seq_len, dim, base=10000.0):
    return sinusoids(int(seq_len), dim, base)


@wrong("sinusoidal_encoding", says="without columns")
def only_odd_widths_refused(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base) if dim else np.zeros((seq_len, 0))


@wrong("sinusoidal_encoding", says="(7, 6)")
def transposed_table(seq_len, dim, base=10000.0):
    return sinusoids(seq_len, dim, base).T


@accepted("sinusoidal_encoding")
def sine_of_a_quarter_turn_on(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    angles = np.repeat(np.arange(seq_len)[:, None] * angular_speeds(dim, base), 2, axis=1)
    return np.sin(angles + np.pi / 2 * (np.arange(dim) % 2))


# ---------------------------------------------------------------- index_bounds

@wrong("index_bounds", says="article's own answer", seen="an article that bounds the position by L/2")
def the_slip(seq_len, dim):
    return seq_len // 2, dim // 2


@wrong("index_bounds", says="mended the wrong bound")
def wrong_one_mended(seq_len, dim):
    return seq_len // 2, dim


@wrong("index_bounds", says="was right as well")
def both_mended(seq_len, dim):
    return seq_len, dim


@wrong("index_bounds", says="exchanged")
def pairs_first(seq_len, dim):
    return dim // 2, seq_len


@wrong("index_bounds", says="last values that occur")
def last_values(seq_len, dim):
    return seq_len - 1, dim // 2 - 1


@wrong("index_bounds", says="but a float")
def true_half(seq_len, dim):
    return seq_len, dim / 2


# ---------------------------------------------------------------- halves_from_pairs

@wrong("halves_from_pairs", says="the way back")
def the_inverse(dim):
    return np.arange(dim).reshape(2, -1).T.reshape(-1)


@wrong("halves_from_pairs", says="cosines (odd columns) come first")
def odd_columns_first(dim):
    return np.concatenate([np.arange(1, dim, 2), np.arange(0, dim, 2)])


@wrong("halves_from_pairs", says="changes nothing")
def reshaped_only(dim):
    return np.arange(dim).reshape(-1, 2).reshape(-1)


@wrong("halves_from_pairs", says="in two rows")
def not_flattened(dim):
    return np.arange(dim).reshape(-1, 2).T


@wrong("halves_from_pairs", says="only the sines are left")
def even_columns_only(dim):
    return np.arange(0, dim, 2)


@wrong("halves_from_pairs", says="only with kind")
def sorted_without_keeping_the_order(dim):
    return np.argsort(np.arange(dim) % 2)


@accepted("halves_from_pairs")
def sorted_by_parity(dim):
    return np.argsort(np.arange(dim) % 2, kind="stable")


# ---------------------------------------------------------------- shift_matrix

def shift(k, dim, speeds):
    """The right matrix, for any speeds."""
    matrix = np.zeros((dim, dim))
    for i, a in enumerate(k * speeds):
        matrix[2 * i:2 * i + 2, 2 * i:2 * i + 2] = [[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]
    return matrix


@wrong("shift_matrix", says="places *back*")
def turned_back(k, dim, base=10000.0):
    return shift(k, dim, angular_speeds(dim, base)).T


@wrong("shift_matrix", says="both sines have a plus")
def no_minus(k, dim, base=10000.0):
    matrix = shift(k, dim, angular_speeds(dim, base))
    return np.triu(matrix) + np.triu(matrix, 1).T


@wrong("shift_matrix", says="sine and cosine are exchanged")
def sines_on_the_diagonal(k, dim, base=10000.0):
    matrix = np.zeros((dim, dim))
    for i, a in enumerate(k * angular_speeds(dim, base)):
        matrix[2 * i:2 * i + 2, 2 * i:2 * i + 2] = [[np.sin(a), np.cos(a)], [np.cos(a), -np.sin(a)]]
    return matrix


@wrong("shift_matrix", says="same angle")
def one_speed(k, dim, base=10000.0):
    return shift(k, dim, np.ones(dim // 2))


@wrong("shift_matrix", says="do not depend on k")
def always_one_place(k, dim, base=10000.0):
    return shift(1, dim, angular_speeds(dim, base))


@wrong("shift_matrix", says="does not depend on `base`")
def shift_without_base(k, dim, base=10000.0):
    return shift(k, dim, angular_speeds(dim))


@wrong("shift_matrix", says="halves layout")
def four_quarters(k, dim, base=10000.0):
    angles = k * angular_speeds(dim, base)
    cos, sin = np.diag(np.cos(angles)), np.diag(np.sin(angles))
    return np.block([[cos, sin], [-sin, cos]])


@wrong("shift_matrix", says="faster and faster")
def wavelengths_for_speeds(k, dim, base=10000.0):
    return shift(k, dim, 1 / angular_speeds(dim, base))


@wrong("shift_matrix", says="blocks overlap")
def blocks_at_i(k, dim, base=10000.0):
    matrix = np.zeros((dim, dim))
    for i, a in enumerate(k * angular_speeds(dim, base)):
        matrix[i:i + 2, i:i + 2] = [[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]
    return matrix


@wrong("shift_matrix", says="sign of k is lost")
def never_backwards(k, dim, base=10000.0):
    return shift(abs(k), dim, angular_speeds(dim, base))


@wrong("shift_matrix", says="five columns are no pairs")
def last_column_left_alone(k, dim, base=10000.0):
    return shift(k, dim, base ** (-2 * np.arange(dim // 2) / dim))


@accepted("shift_matrix")
def block_by_block(k, dim, base=10000.0):
    check_table_size(0, dim)
    return shift(k, dim, angular_speeds(dim, base))


# ---------------------------------------------------------------- Learned

@wrong("Learned", says="counted from 1")
class PlacesFromOne(Learned):
    def embed(self, x, offset=0):
        return x + self.table[offset + 1:offset + 1 + x.shape[-2]]


@wrong("Learned", says="row of the first place")
class OneRowForAll(Learned):
    def embed(self, x, offset=0):
        return x + self.table[offset]


@wrong("Learned", says="tokens themselves are lost")
class OnlyThePlaces(Learned):
    def embed(self, x, offset=0):
        return (x * 0) + self.table[offset:offset + x.shape[-2]]


@wrong("Learned", says="offset is not used")
class OffsetForgotten(Learned):
    def embed(self, x, offset=0):
        return x + self.table[:x.shape[-2]]


@wrong("Learned", says="sqrt(dim) belongs to the sinusoidal")
class ScaledToo(Learned):
    def embed(self, x, offset=0):
        return x * x.shape[-1] ** 0.5 + self.table[offset:offset + x.shape[-2]]


@wrong("Learned", says="outside the engine")
class WithoutGradient(Learned):
    def embed(self, x, offset=0):
        return x + torch.tensor(self.table.detach().numpy()[offset:offset + x.shape[-2]])


@wrong("Learned", says="stretched on the quiet")
class SliceOnly(Learned):
    def embed(self, x, offset=0):
        return x + self.table[offset:offset + x.shape[-2]]


@wrong("Learned", says="starts again with row 0")
class GoesRound(Learned):
    def embed(self, x, offset=0):
        check_width(x, self.table.shape[1])
        rows = np.arange(offset, offset + x.shape[-2]) % len(self.table)
        return x + self.table[torch.tensor(rows)]


@wrong("Learned", says="engine's own message")
class OneRowTooFewOnly(Learned):
    def embed(self, x, offset=0):
        if offset == len(self.table) - 1 and x.shape[-2] > 1:
            raise ValueError("too long")
        return x + self.table[offset:offset + x.shape[-2]]


@wrong("Learned", says="row 7 exists")
class LastRowRefused(Learned):
    def embed(self, x, offset=0):
        if offset + x.shape[-2] >= len(self.table):
            raise ValueError("too long")
        return x + self.table[offset:offset + x.shape[-2]]


@wrong("Learned", says="counts from the end")
class OnlyTheIndexErrorCaught(Learned):
    def embed(self, x, offset=0):
        check_width(x, self.table.shape[1])
        try:
            return x + self.table[torch.arange(offset, offset + x.shape[-2])]
        except IndexError:
            raise ValueError("too long") from None


@wrong("Learned", says="width 1 were stretched")
class AnyWidth(Learned):
    def embed(self, x, offset=0):
        if offset + x.shape[-2] > len(self.table):
            raise ValueError("too long")
        return x + self.table[offset:offset + x.shape[-2]]


@accepted("Learned")
class LookedUp(Learned):
    def embed(self, x, offset=0):
        check_width(x, self.table.shape[1])
        if offset < 0 or offset + x.shape[-2] > len(self.table):
            raise ValueError(f"no more than {len(self.table)} positions")
        return x + self.table[torch.arange(offset, offset + x.shape[-2])]

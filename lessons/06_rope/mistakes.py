"""Mistakes with turned pairs, the cache, both layouts, distances, the way back, and partial rotation."""
import numpy as np

import minitorch as torch
from solutions.absolute_positions import (angular_speeds, check_table_size, halves_from_pairs,
                                          pairs_from_halves)
from solutions.rope import RoPE, apply_rope_half, check_head_rows, check_rotation, rope_cache
from tests.wrong_answers import accepted, wrong

# ---------------------------------------------------------------- rotate_pair


@wrong("rotate_pair", says="turns clockwise")
def clockwise(point, angle):
    x, y = point
    return np.array([x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)])


@wrong("rotate_pair", says="both sines have a plus")
def two_plus_signs(point, angle):
    x, y = point
    return np.array([x * np.cos(angle) + y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)])


@wrong("rotate_pair", says="made from the new x")
def one_after_the_other(point, angle):
    x, y = point
    x = x * np.cos(angle) - y * np.sin(angle)
    y = x * np.sin(angle) + y * np.cos(angle)
    return np.array([x, y])


@wrong("rotate_pair", says="taken for degrees")
def degrees(point, angle):
    x, y = point
    a = np.deg2rad(angle)
    return np.array([x * np.cos(a) - y * np.sin(a), x * np.sin(a) + y * np.cos(a)])


@wrong("rotate_pair", says="sine and cosine are exchanged")
def sine_for_cosine(point, angle):
    x, y = point
    return np.array([x * np.sin(angle) - y * np.cos(angle), x * np.cos(angle) + y * np.sin(angle)])


@wrong("rotate_pair", says="has not moved")
def still(point, angle):
    return 1.0 * point


@wrong("rotate_pair", says="changes its input")
def in_place(point, angle):
    x, y = point
    point[:] = [x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)]
    return point


@accepted("rotate_pair")
def by_a_complex_number(point, angle):
    turned = complex(*point) * np.exp(1j * angle)
    return np.array([turned.real, turned.imag])


# ---------------------------------------------------------------- rope_cache

def cache(seq_len, dim, base=10000.0, factor=2, first=0, add=0):
    check_table_size(seq_len, dim)
    exponents = (factor * np.arange(dim // 2) + add) / dim
    angles = np.arange(first, seq_len + first)[:, None] / base ** exponents
    return np.cos(angles), np.sin(angles)


@wrong("rope_cache", says="factor 2 twice", seen="raiyanyahya/how-to-train-your-gpt #6")
def exponent_twice(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, base, factor=4)


@wrong("rope_cache", says="exponent is c / dim")
def exponent_halved(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, base, factor=1)


@wrong("rope_cache", says="power has the wrong sign")
def faster_and_faster(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, base, factor=-2)


@wrong("rope_cache", says="pairs are counted from "
                          "1", seen="the paper's i runs from 1, its exponent has i - 1")
def pairs_from_one(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, base, add=2)


@wrong("rope_cache", says="positions are counted from 1")
def positions_from_one(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, base, first=1)


@wrong("rope_cache", says="default base is 100.")
def base_100(seq_len, dim, base=100.0):
    return cache(seq_len, dim, base)


@wrong("rope_cache", says="it is 10,000 whatever")
def base_ignored(seq_len, dim, base=10000.0):
    return cache(seq_len, dim)


@wrong("rope_cache", says="the two are exchanged")
def sines_first(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, base)[::-1]


@wrong("rope_cache", says="tables have dim "
                          "columns", seen="tables of other libraries, which store each angle twice")
def each_angle_twice(seq_len, dim, base=10000.0):
    return tuple(np.concatenate([table, table], axis=1) for table in cache(seq_len, dim, base))


@wrong("rope_cache", says="same speed")
def one_speed(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, base, factor=0)


@wrong("rope_cache", says="sines have the wrong sign")
def negative_angles(seq_len, dim, base=10000.0):
    cos, sin = cache(seq_len, dim, base)
    return cos, -sin


@wrong("rope_cache", says="refuse dim = 5")
def any_width(seq_len, dim, base=10000.0):
    angles = np.arange(seq_len)[:, None] * base ** (-np.arange(0, dim, 2) / dim)
    return np.cos(angles), np.sin(angles)


@accepted("rope_cache")
def from_complex_numbers(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    turns = np.exp(1j * np.outer(np.arange(seq_len), angular_speeds(dim, base)))
    return turns.real, turns.imag


# ---------------------------------------------------------------- apply_rope

def alternating(even, odd, x):
    return torch.stack([even, odd], dim=-1).reshape(x.shape)


def right_pairs(x, cos, sin):
    check_rotation(x, cos, sin)
    even, odd = x[..., 0::2], x[..., 1::2]
    return alternating(even * cos - odd * sin, even * sin + odd * cos, x)


def rotate_half(x):
    first, second = x.chunk(2, dim=-1)
    return torch.cat([-second, first], dim=-1)


@accepted("apply_rope", says="split-half")
def split_halves(x, cos, sin):
    check_rotation(x, cos, sin)
    cos, sin = (torch.cat([table, table], dim=-1) for table in (cos, sin))
    return x * cos + rotate_half(x) * sin


@accepted("apply_rope")
def one_pair_after_the_other(x, cos, sin):
    check_rotation(x, cos, sin)
    columns = []
    for i in range(cos.shape[-1]):
        a, b = x[..., 2 * i], x[..., 2 * i + 1]
        columns += [a * cos[:, i] - b * sin[:, i], a * sin[:, i] + b * cos[:, i]]
    return torch.stack(columns, dim=-1)


@wrong("apply_rope", says="layouts "
                          "are mixed", seen="huggingface/transformers #34741, rasbt/LLMs-from-scratch #751")
def angles_for_pairs_columns_for_halves(x, cos, sin):
    cos, sin = (torch.stack([table, table], dim=-1).reshape(len(table), -1) for table in (cos, sin))
    return x * cos + rotate_half(x) * sin


@wrong("apply_rope", says="layouts are mixed")
def angles_for_halves_columns_for_pairs(x, cos, sin):
    cos, sin = (torch.cat([table, table], dim=-1) for table in (cos, sin))
    return x * cos + alternating(-x[..., 1::2], x[..., 0::2], x) * sin


@wrong("apply_rope", says="rotates the other way")
def other_way(x, cos, sin):
    return right_pairs(x, cos, -sin)


@wrong("apply_rope", says="plus stands where the minus belongs", seen="NeuraLegion/shainet PR #111")
def plus_for_minus(x, cos, sin):
    even, odd = x[..., 0::2], x[..., 1::2]
    return alternating(even * cos + odd * sin, even * sin + odd * cos, x)


@wrong("apply_rope", says="it does nothing")
def nothing(x, cos, sin):
    return 1.0 * x


@wrong("apply_rope", says="from the *new* first one")
def overwritten(x, cos, sin):
    even, odd = x[..., 0::2], x[..., 1::2]
    even = even * cos - odd * sin
    odd = even * sin + odd * cos
    return alternating(even, odd, x)


@wrong("apply_rope", says="written in another order")
def read_as_pairs_written_as_halves(x, cos, sin):
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.cat([even * cos - odd * sin, even * sin + odd * cos], dim=-1)


@wrong("apply_rope", says="every token got the same angle")
def stretched(x, cos, sin):
    even, odd = x[..., 0::2], x[..., 1::2]
    return alternating(even * cos - odd * sin, even * sin + odd * cos, x)


@wrong("apply_rope", says="no gradient flows")
def outside_the_engine(x, cos, sin):
    return torch.tensor(right_pairs(x.detach(), cos, sin).numpy())


# ---------------------------------------------------------------- rope_rows_to_halves

def by_head(weight, num_heads, order):
    check_head_rows(weight, num_heads)
    heads = weight.reshape(num_heads, -1, *weight.shape[1:])
    return heads[:, order(heads.shape[1])].reshape(weight.shape)


@wrong("rope_rows_to_halves", says="heads are mixed", seen="checkpoint converters that forget the heads")
def over_all_heads(weight, num_heads):
    return weight[halves_from_pairs(len(weight))]


@wrong("rope_rows_to_halves", says="way back")
def the_way_back(weight, num_heads):
    return by_head(weight, num_heads, pairs_from_halves)


@wrong("rope_rows_to_halves", says="columns were reordered")
def columns_instead(weight, num_heads):
    if weight.ndim == 1:
        return by_head(weight, num_heads, halves_from_pairs)
    return by_head(weight.T, num_heads, halves_from_pairs).T


@wrong("rope_rows_to_halves", says="columns were reordered")
def last_axis(weight, num_heads):
    return weight[..., halves_from_pairs(weight.shape[-1])]


@wrong("rope_rows_to_halves", says="nothing has changed")
def unchanged(weight, num_heads):
    return weight.copy()


@wrong("rope_rows_to_halves", says="odd rows come first")
def odd_first(weight, num_heads):
    return by_head(weight, num_heads, lambda dim: np.r_[1:dim:2, 0:dim:2])


@wrong("rope_rows_to_halves", says="shape must be that of the weight")
def heads_left_apart(weight, num_heads):
    heads = weight.reshape(num_heads, -1, *weight.shape[1:])
    return heads[:, halves_from_pairs(heads.shape[1])]


@accepted("rope_rows_to_halves")
def transposed_views(weight, num_heads):
    check_head_rows(weight, num_heads)
    return weight.reshape(num_heads, -1, 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


# ---------------------------------------------------------------- score_at_distance

def by_turned_key(q, k, angles):
    keys = torch.tensor(np.tile(k, (len(angles), 1)))
    return right_pairs(keys, torch.tensor(np.cos(angles)), torch.tensor(np.sin(angles))).numpy() @ q


@wrong("score_at_distance", says="past and future are exchanged")
def query_turned(q, k, distance, base=10000.0):
    return by_turned_key(k, q, distance[:, None] * angular_speeds(len(k), base))


@wrong("score_at_distance", says="sign of the distance got lost")
def distance_without_sign(q, k, distance, base=10000.0):
    return by_turned_key(q, k, abs(distance)[:, None] * angular_speeds(len(k), base))


@wrong("score_at_distance", says="same angle, the distance itself")
def one_angle(q, k, distance, base=10000.0):
    return by_turned_key(q, k, distance[:, None] * np.ones(len(k) // 2))


@wrong("score_at_distance", says="distance does nothing")
def both_turned(q, k, distance, base=10000.0):
    return np.full(len(distance), q @ k)


@wrong("score_at_distance", says="q.k times a cosine")
def cosine_alone(q, k, distance, base=10000.0):
    pairs = (q * k).reshape(-1, 2).sum(axis=1)            # the part of q.k in each pair
    return np.cos(distance[:, None] * angular_speeds(len(k), base)) @ pairs


@wrong("score_at_distance", says="row -1 is the *last*")
def rows_picked_by_distance(q, k, distance, base=10000.0):
    cos, sin = (table[distance] for table in rope_cache(abs(distance).max() + 1, len(k), base))
    keys = torch.tensor(np.tile(k, (len(distance), 1)))
    return right_pairs(keys, torch.tensor(cos), torch.tensor(sin)).numpy() @ q


@wrong("score_at_distance", says="divided by sqrt")
def scaled(q, k, distance, base=10000.0):
    return by_turned_key(q, k, distance[:, None] * angular_speeds(len(k), base)) / np.sqrt(len(k))


@wrong("score_at_distance", says="10000 whatever")
def always_10000(q, k, distance, base=10000.0):
    return by_turned_key(q, k, distance[:, None] * angular_speeds(len(k)))


@accepted("score_at_distance")
def by_complex_numbers(q, k, distance, base=10000.0):
    h = (q[0::2] - 1j * q[1::2]) * (k[0::2] + 1j * k[1::2])
    return (np.exp(1j * distance[:, None] * angular_speeds(len(k), base)) @ h).real


@accepted("score_at_distance", says="split-half")
def keys_turned_in_halves(q, k, distance, base=10000.0):
    angles = distance[:, None] * angular_speeds(len(k), base)
    keys = torch.tensor(np.tile(k, (len(distance), 1)))
    return apply_rope_half(keys, torch.tensor(np.cos(angles)), torch.tensor(np.sin(angles))).numpy() @ q


# ---------------------------------------------------------------- rope_backward

@wrong("rope_backward", says="turned forward")
def forward_again(grad, cos, sin):
    return right_pairs(grad, cos, sin)


@wrong("rope_backward", says="cosines have the minus")
def minus_on_the_diagonal(grad, cos, sin):
    return right_pairs(grad, -cos, sin)


@wrong("rope_backward", says="passed on as it is")
def untouched(grad, cos, sin):
    return 1.0 * grad


@wrong("rope_backward", says="only the cosines")
def diagonal_only(grad, cos, sin):
    return right_pairs(grad, cos, 0 * sin)


@wrong("rope_backward", says="half a circle too much")
def both_negative(grad, cos, sin):
    return right_pairs(grad, -cos, -sin)


@wrong("rope_backward", says="layouts are mixed")
def mixed_on_the_way_back(grad, cos, sin):
    return angles_for_pairs_columns_for_halves(grad, cos, -sin)


@wrong("rope_backward", says="written in another order")
def back_but_written_as_halves(grad, cos, sin):
    return read_as_pairs_written_as_halves(grad, cos, -sin)


@accepted("rope_backward")
def by_its_two_formulas(grad, cos, sin):
    even, odd = grad[..., 0::2], grad[..., 1::2]
    return alternating(even * cos + odd * sin, odd * cos - even * sin, grad)


@accepted("rope_backward", says="split-half")
def halves_turned_back(grad, cos, sin):
    return apply_rope_half(grad, cos, -sin)


# ---------------------------------------------------------------- RoPE

def tables(seq, dim, base, q, first=0):
    return (torch.tensor(table[first:], dtype=q.dtype) for table in rope_cache(first + seq, dim, base))


@wrong("RoPE", says="the offset does nothing: with seven")
class OffsetForgotten(RoPE):
    def rotate(self, q, k, offset=0):
        return super().rotate(q, k)

    def turn(self, x, cos, sin):
        return super().turn(x, cos, sin)


@wrong("RoPE", says="only the queries are turned")
class QueriesOnly(RoPE):
    def rotate(self, q, k, offset=0):
        return super().rotate(q, k, offset)[0], k

    def turn(self, x, cos, sin):
        return super().turn(x, cos, sin)


@wrong("RoPE", says="speeds of head_dim", seen="partial rotary ported with the full head's frequencies")
class SpeedsOfTheWholeHead(RoPE):
    def rotate(self, q, k, offset=0):
        cos, sin = tables(q.shape[-2], self.head_dim, self.base, q, offset)
        cos, sin = cos[:, :self.rotary_dim // 2], sin[:, :self.rotary_dim // 2]
        return self.turn(q, cos, sin), self.turn(k, cos, sin)

    def turn(self, x, cos, sin):
        return super().turn(x, cos, sin)


@wrong("RoPE", says="all columns are turned")
class AllColumns(RoPE):
    def rotate(self, q, k, offset=0):
        cos, sin = tables(q.shape[-2], self.head_dim, self.base, q, offset)
        return self.turn(q, cos, sin), self.turn(k, cos, sin)

    def turn(self, x, cos, sin):
        return right_pairs(x, cos, sin) if self.layout == "pairs" else apply_rope_half(x, cos, sin)


@wrong("RoPE", says="*last* columns")
class LastColumns(RoPE):
    def rotate(self, q, k, offset=0):
        return super().rotate(q, k, offset)

    def turn(self, x, cos, sin):
        kept = self.head_dim - self.rotary_dim
        return torch.cat([x[..., :kept], right_pairs(x[..., kept:], cos, sin)], dim=-1)


@wrong("RoPE", says="columns left alone are missing")
class RestDropped(RoPE):
    def rotate(self, q, k, offset=0):
        return super().rotate(q, k, offset)

    def turn(self, x, cos, sin):
        return right_pairs(x[..., :self.rotary_dim], cos, sin)


@wrong("RoPE", says="apply_rope_half that turns")
class AlwaysPairs(RoPE):
    def rotate(self, q, k, offset=0):
        return super().rotate(q, k, offset)

    def turn(self, x, cos, sin):
        return torch.cat([right_pairs(x[..., :self.rotary_dim], cos, sin), x[..., self.rotary_dim:]], dim=-1)


@wrong("RoPE", says="10000 whatever self.base")
class BaseForgotten(RoPE):
    def rotate(self, q, k, offset=0):
        cos, sin = tables(q.shape[-2], self.rotary_dim, 10000.0, q, offset)
        return self.turn(q, cos, sin), self.turn(k, cos, sin)

    def turn(self, x, cos, sin):
        return super().turn(x, cos, sin)


@wrong("RoPE", says="queries of width 12 were accepted")
class WidthNotChecked(RoPE):
    def rotate(self, q, k, offset=0):
        cos, sin = tables(q.shape[-2], self.rotary_dim, self.base, q, offset)
        return self.turn(q, cos, sin), self.turn(k, cos, sin)

    def turn(self, x, cos, sin):
        rotation = right_pairs if self.layout == "pairs" else apply_rope_half
        return torch.cat([rotation(x[..., :self.rotary_dim], cos, sin), x[..., self.rotary_dim:]], dim=-1)


@wrong("RoPE", says="come out as float64")
class Float64(RoPE):
    def rotate(self, q, k, offset=0):
        self.check_width(q)
        cos, sin = (torch.tensor(table[offset:])
                    for table in rope_cache(offset + q.shape[-2], self.rotary_dim, self.base))
        return self.turn(q, cos, sin), self.turn(k, cos, sin)

    def turn(self, x, cos, sin):
        return super().turn(x, cos, sin)


@accepted("RoPE")
class WithoutABranch(RoPE):
    def rotate(self, q, k, offset=0):
        self.check_width(q)
        cos, sin = tables(q.shape[-2], self.rotary_dim, self.base, q, offset)
        return tuple(self.turn(x, cos, sin) for x in (q, k))

    def turn(self, x, cos, sin):
        n = self.rotary_dim
        turned = (right_pairs if self.layout == "pairs" else apply_rope_half)(x[..., :n], cos, sin)
        return torch.cat([turned, x[..., n:]], dim=-1)

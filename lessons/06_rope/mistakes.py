"""Lesson 06: mistakes with rotated pairs, the cache, both layouts, distances, the backward pass,
and partial rotation."""

import numpy as np

import minitorch as torch
from classroom.checking import accepted, mistake
from solutions.absolute_positions import (
    angular_speeds,
    check_table_size,
    halves_from_pairs,
    pairs_from_halves,
    sinusoidal_encoding,
)
from solutions.rope import RoPE as Right
from solutions.rope import apply_rope as right_pairs
from solutions.rope import apply_rope_half, check_head_rows, check_rotation
from solutions.rope import rope_cache as right_cache

# rotate_pair


def rotated(point, angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]]) @ point


@mistake(
    "rotate_pair",
    "This rotates by minus the angle: new x is x cos - y sin. (As a matrix: R @ point, not point "
    "@ R.)",
)
def clockwise(point, angle):
    x, y = point
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([x * cos + y * sin, y * cos - x * sin])


@mistake("rotate_pair", "Both sines have a plus, so the length changes. new x has a minus.")
def two_plus_signs(point, angle):
    x, y = point
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([x * cos + y * sin, x * sin + y * cos])


@mistake("rotate_pair", "Both sines have a minus. Only the one in new x does; new y has a plus.")
def two_minus_signs(point, angle):
    x, y = point
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([x * cos - y * sin, y * cos - x * sin])


@mistake("rotate_pair", "The new y is made from the new x. Both rows need the old x and y.")
def one_after_the_other(point, angle):
    x, y = point
    x = x * np.cos(angle) - y * np.sin(angle)
    y = x * np.sin(angle) + y * np.cos(angle)
    return np.array([x, y])


@mistake("rotate_pair", "The new x is made from the new y. Both rows need the old x and y.")
def second_row_first(point, angle):
    x, y = point
    y = x * np.sin(angle) + y * np.cos(angle)
    x = x * np.cos(angle) - y * np.sin(angle)
    return np.array([x, y])


@mistake("rotate_pair", "The angle was treated as degrees. It is in radians already.")
def degrees(point, angle):
    return rotated(point, np.deg2rad(angle))


@mistake("rotate_pair", "The angle was converted to degrees. np.cos and np.sin want radians.")
def converted_to_degrees(point, angle):
    return rotated(point, np.rad2deg(angle))


@mistake(
    "rotate_pair",
    "Sine and cosine are swapped: at angle 0 nothing moves, so new x begins with x cos.",
)
def sine_for_cosine(point, angle):
    x, y = point
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([x * sin - y * cos, x * cos + y * sin])


@mistake("rotate_pair", "Sine and cosine are swapped in the second row: x sin + y cos.")
def exchanged_in_the_second_row(point, angle):
    x, y = point
    return np.array([rotated(point, angle)[0], x * np.cos(angle) + y * np.sin(angle)])


@mistake("rotate_pair", "The point's own direction is lost: add the angle to it.")
def own_direction_lost(point, angle):
    return np.linalg.norm(point) * np.array([np.cos(angle), np.sin(angle)])


@mistake("rotate_pair", "x and y are swapped at the start: point has x first, then y.")
def y_taken_first(point, angle):
    return rotated(point[::-1], angle)


@mistake("rotate_pair", "The point has not moved.")
def still(point, angle):
    return 1.0 * point


@mistake("rotate_pair", "Each new coordinate has only one term. It needs both old ones, x and y.")
def one_term_each(point, angle):
    x, y = point
    return np.array([x * np.cos(angle), y * np.sin(angle)])


@mistake("rotate_pair", "Each row uses only one coordinate, twice. It needs both, x and y.")
def own_coordinate_only(point, angle):
    x, y = point
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([x * cos - x * sin, y * sin + y * cos])


@mistake("rotate_pair", "There are only cosines. Each row has a sine, too.")
def cosines_only(point, angle):
    return point * np.cos(angle)


@mistake("rotate_pair", "y / x is the same for opposite points. np.arctan2(y, x) tells them apart.")
def by_arctan(point, angle):
    x, y = point
    direction = np.arctan(y / x) + angle if x else angle + np.pi / 2
    return np.linalg.norm(point) * np.array([np.cos(direction), np.sin(direction)])


@mistake("rotate_pair", "The result is cut to whole numbers. It should be an array of floats.")
def whole_numbers(point, angle):
    return rotated(point, angle).astype(int)


@mistake("rotate_pair", "This is a mirror image: new x is x cos - y sin, new y is x sin + y cos.")
def mirrored(point, angle):
    x, y = point
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([x * cos + y * sin, x * sin - y * cos])


@mistake("rotate_pair", "This is the matrix of the rotation. Multiply it by the point: R @ point.")
def matrix_alone(point, angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


@mistake("rotate_pair", "This is one complex number. Its real and imaginary parts are x and y.")
def complex_number(point, angle):
    return complex(*point) * np.exp(1j * angle)


@mistake("rotate_pair", "The second coordinate has not changed: new y is x sin + y cos.")
def second_coordinate_left(point, angle):
    return np.array([rotated(point, angle)[0], point[1]])


@mistake("rotate_pair", "Only new x is there. new y is x sin + y cos.")
def first_coordinate_alone(point, angle):
    return rotated(point, angle)[:1]


@mistake("rotate_pair", "The length has become 1. A rotation keeps it.")
def normalized(point, angle):
    return rotated(point, angle) / np.linalg.norm(point)


@mistake("rotate_pair", "`*` multiplies entry by entry. The product with sums is R @ point.")
def entry_by_entry(point, angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]]) * point


@mistake(
    "rotate_pair",
    "The decimals are cut off: zeros_like(point) makes whole numbers of whole coordinates. Use an "
    "array of floats.",
)
def cut_to_whole_numbers(point, angle):
    result = np.zeros_like(point)
    result[:] = rotated(point, angle)
    return result


@mistake("rotate_pair", shown_by="inputs_are_kept")
def in_place(point, angle):
    x, y = point
    point[:] = [x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)]
    return point


@accepted("rotate_pair")
def by_a_complex_number(point, angle):
    number = complex(*point) * np.exp(1j * angle)
    return np.array([number.real, number.imag])


@accepted("rotate_pair")
def by_a_matrix(point, angle):
    return rotated(point, angle)


# rope_cache


def cache(seq_len, dim, speeds, first=0):
    check_table_size(seq_len, dim)
    return both(np.arange(first, seq_len + first)[:, None] * speeds)


def both(angles):
    return np.cos(angles), np.sin(angles)


@mistake(
    "rope_cache",
    "The exponent has the factor 2 twice, 4c / dim. np.arange(0, dim, 2) contains 2c already.",
    seen="for the sinusoidal table: SamLynnEvans/Transformer #25",
)
def exponent_twice(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, base ** (-4 * np.arange(dim // 2) / dim))


@mistake("rope_cache", "The exponent is c / dim; the formula has 2c / dim.")
def exponent_halved(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, base ** (-np.arange(dim // 2) / dim))


@mistake(
    "rope_cache",
    "The pairs become faster. The exponent has a minus: base^(-2c / dim).",
    seen="labmlai/annotated_deep_learning_paper_implementations #313",
)
def faster_and_faster(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, base ** (np.arange(0, dim, 2) / dim))


@mistake(
    "rope_cache",
    "The pairs are counted from 1 here. Pair 0 has speed 1. (The paper's i starts at 1, but it "
    "writes i - 1.)",
    seen="the paper's i runs from 1, its exponent has i - 1",
)
def pairs_from_one(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, base ** (-np.arange(2, dim + 2, 2) / dim))


@mistake("rope_cache", "The exponents run all the way to -1. The last c is dim/2 - 1.")
def exponents_up_to_one(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    return cache(seq_len, dim, base ** -np.linspace(0, 1, dim // 2))


@mistake("rope_cache", "The positions are counted from 1 here. The first is 0: angle 0.")
def positions_from_one(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, angular_speeds(dim, base), first=1)


@mistake("rope_cache", "Positions and speeds are added. The angle is their product.")
def added(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    return both(np.arange(seq_len)[:, None] + angular_speeds(dim, base))


@mistake("rope_cache", "The exponent is -2c. It should be divided by dim.")
def exponent_not_divided(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, base ** (-2.0 * np.arange(dim // 2)))


@mistake("rope_cache", "The angles were treated as degrees. They are radians already.")
def angles_as_degrees(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, np.deg2rad(angular_speeds(dim, base)))


@mistake("rope_cache", "The positions are divided by seq_len. The length must not change an angle.")
def share_of_the_length(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, angular_speeds(dim, base) / max(seq_len, 1))


@mistake("rope_cache", shown_by="default_base")
def base_100(seq_len, dim, base=100.0):
    return cache(seq_len, dim, angular_speeds(dim, base))


@mistake("rope_cache", "The angles don't depend on `base`: it is 10,000 whatever you ask for.")
def base_ignored(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, angular_speeds(dim))


@mistake("rope_cache", "The two are swapped: the cosines come first.")
def sines_first(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, angular_speeds(dim, base))[::-1]


@mistake(
    "rope_cache",
    "The tables have dim columns. An angle belongs to a *pair* of columns, so there are dim / 2.",
    seen="tables of other libraries, which store each angle twice",
)
def each_angle_twice(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, np.tile(angular_speeds(dim, base), 2))


@mistake("rope_cache", "There are dim columns, each angle twice in a row, not dim / 2.")
def each_angle_twice_in_a_row(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, np.repeat(angular_speeds(dim, base), 2))


@mistake("rope_cache", "Every column has its own angle. Every *pair* should: c = 0 ... dim/2 - 1.")
def an_angle_for_each_column(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, base ** (-2 * np.arange(dim) / dim))


@mistake("rope_cache", "Every column has its own angle. Pairs should, with exponents -2c / dim.")
def half_an_exponent_for_each_column(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, base ** (-np.arange(dim) / dim))


@mistake("rope_cache", "All pairs rotate at the same speed, 1. Pair c has base^(-2c / dim).")
def one_speed(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, np.ones(dim // 2))


@mistake("rope_cache", "The sines have the wrong sign: these angles are negative.")
def negative_angles(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, -angular_speeds(dim, base))


@mistake("rope_cache", "These are the angles. Return their cosines and their sines, two arrays.")
def angles_alone(seq_len, dim, base=10000.0):
    return np.arange(seq_len)[:, None] * angular_speeds(dim, base)


@mistake("rope_cache", "There is only one table. Return two: cos, sin.")
def cosines_alone(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, angular_speeds(dim, base))[0]


@mistake("rope_cache", "The tables are side by side in one array. Return two: cos, sin.")
def side_by_side(seq_len, dim, base=10000.0):
    return np.concatenate(cache(seq_len, dim, angular_speeds(dim, base)), axis=1)


@mistake("rope_cache", "There are dim / 4 columns. dim counts the columns, and dim / 2 the pairs.")
def halved_twice(seq_len, dim, base=10000.0):
    return cache(seq_len, dim, base ** (-np.arange(0, dim // 2, 2) / (dim // 2)))


@mistake("rope_cache", "The two are stacked into one array. Return two arrays: cos, sin.")
def stacked(seq_len, dim, base=10000.0):
    return np.stack(cache(seq_len, dim, angular_speeds(dim, base)), axis=-1)


@mistake("rope_cache", "This is the single table of lesson 04. Return two: cos, sin.")
def sinusoidal_table(seq_len, dim, base=10000.0):
    return sinusoidal_encoding(seq_len, dim, base)


@mistake("rope_cache", "The positions wrap around after 255: they were put into 8 bits.")
def eight_bits(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    return both(np.arange(seq_len).astype("uint8")[:, None] * angular_speeds(dim, base))


@mistake("rope_cache", shown_by="odd_width_is_refused")
def any_width(seq_len, dim, base=10000.0):
    return both(np.arange(seq_len)[:, None] * base ** (-np.arange(0, dim, 2) / dim))


@mistake("rope_cache", shown_by="lengths_that_are_no_counts_are_refused")
def any_length(seq_len, dim, base=10000.0):
    if dim % 2:
        raise ValueError("dim must be even")
    return both(np.arange(seq_len)[:, None] * angular_speeds(dim, base))


@accepted("rope_cache")
def from_complex_numbers(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    rotations = np.exp(1j * np.outer(np.arange(seq_len), angular_speeds(dim, base)))
    return rotations.real, rotations.imag


@accepted("rope_cache")
def from_lesson_04(seq_len, dim, base=10000.0):
    table = sinusoidal_encoding(seq_len, dim, base)
    return [table[:, 1::2], table[:, 0::2]]


@accepted("rope_cache")
def by_loops(seq_len, dim, base=10000.0):
    check_table_size(seq_len, dim)
    tables = np.zeros((2, seq_len, dim // 2))
    for m in range(seq_len):
        for c in range(dim // 2):
            angle = m / base ** (2 * c / dim)
            tables[:, m, c] = np.cos(angle), np.sin(angle)
    return tables


# apply_rope


_PLUS = (
    "A plus is where the minus belongs: y[2c] = x[2c] cos *minus* x[2c + 1] sin. With two plus "
    "signs it is no rotation, and lengths change."
)
_OTHER_WAY = (
    "It rotates the other way, by minus the angle. y[2c] = x[2c] cos - x[2c + 1] sin: the minus "
    "belongs in the first line."
)
_NEW_FIRST = (
    "The second column of each pair is made from the *new* first one: x was overwritten on the "
    "way. Both lines need the old x."
)
_MIXED = (
    "Layouts are mixed: the angles are laid out for one, [c0, c1, c0, c1] or [c0, c0, c1, c1], "
    "and the columns are paired for the other. So the two columns of a pair get different angles, "
    "and that is no rotation: lengths change."
)
_ORDER = (
    "The pairs are rotated correctly, but written in another order: first columns, then "
    "second ones. Each must go back to its own column: torch.stack them along a new last axis, "
    "(..., dim / 2, 2), then reshape."
)
_READ_AS_HALVES = (
    "Columns c and c + dim/2 are read as a pair, and written side by side. Neighbors are pairs, "
    "in x and in y: x[..., 0::2] and x[..., 1::2]."
)


def alternating(even, odd, x):
    return torch.stack([even, odd], dim=-1).reshape(x.shape)


def parted(x, cos, sin):
    check_rotation(x, cos, sin)
    return x[..., 0::2], x[..., 1::2]


def halved(x, cos, sin):
    check_rotation(x, cos, sin)
    return x.chunk(2, dim=-1)


def rotate_half(x):
    first, second = x.chunk(2, dim=-1)
    return torch.cat([-second, first], dim=-1)


@accepted(
    "apply_rope",
    "This is the split-half layout (column c with column c + dim/2), valid too, and used by "
    "GPT-NeoX and the Hugging Face LLaMA. The task named adjacent pairs. Either works, as long as "
    "one model keeps to one of them: from here on the lesson uses yours.",
)
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


@accepted("apply_rope")
def by_pairs_in_an_axis(x, cos, sin):
    check_rotation(x, cos, sin)
    pairs = x.reshape(*x.shape[:-1], -1, 2)
    a, b = pairs[..., 0:1], pairs[..., 1:2]
    cos, sin = cos.unsqueeze(-1), sin.unsqueeze(-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1).reshape(x.shape)


@accepted("apply_rope")
def by_neighbors_with_a_sign(x, cos, sin):
    even, odd = parted(x, cos, sin)
    cos, sin = (alternating(table, table, x[(0,) * (x.ndim - 2)]) for table in (cos, sin))
    return x * cos + alternating(-odd, even, x) * sin


@mistake("apply_rope", _MIXED, seen="raiyanyahya/how-to-train-your-gpt #6")
def angles_for_pairs_columns_for_halves(x, cos, sin):
    check_rotation(x, cos, sin)
    cos, sin = (torch.stack([table, table], dim=-1).reshape(len(table), -1) for table in (cos, sin))
    return x * cos + rotate_half(x) * sin


@mistake("apply_rope", _MIXED, seen="huggingface/transformers #47328")
def angles_for_halves_columns_for_pairs(x, cos, sin):
    check_rotation(x, cos, sin)
    cos, sin = (torch.cat([table, table], dim=-1) for table in (cos, sin))
    return x * cos + alternating(-x[..., 1::2], x[..., 0::2], x) * sin


@mistake("apply_rope", _OTHER_WAY)
def other_way(x, cos, sin):
    return right_pairs(x, cos, -sin)


@mistake("apply_rope", _OTHER_WAY)
def other_way_in_halves(x, cos, sin):
    return apply_rope_half(x, cos, -sin)


@mistake("apply_rope", _PLUS, seen="NeuraLegion/shainet PR #111")
def plus_for_minus(x, cos, sin):
    even, odd = parted(x, cos, sin)
    return alternating(even * cos + odd * sin, even * sin + odd * cos, x)


@mistake("apply_rope", _PLUS)
def plus_for_minus_in_halves(x, cos, sin):
    first, second = halved(x, cos, sin)
    return torch.cat([first * cos + second * sin, first * sin + second * cos], dim=-1)


@mistake("apply_rope", "Both sines have a minus. Only the one in y[2c] does; y[2c + 1] has a plus.")
def minus_for_plus(x, cos, sin):
    even, odd = parted(x, cos, sin)
    return alternating(even * cos - odd * sin, odd * cos - even * sin, x)


@mistake("apply_rope", "Sine and cosine are swapped: y[2c] = x[2c] cos - x[2c + 1] sin.")
def sines_for_cosines(x, cos, sin):
    return right_pairs(x, sin, cos)


@mistake("apply_rope", "Sine and cosine are swapped in y[2c + 1]: x[2c] sin + x[2c + 1] cos.")
def exchanged_in_the_second_line(x, cos, sin):
    even, odd = parted(x, cos, sin)
    return alternating(even * cos - odd * sin, even * cos + odd * sin, x)


@mistake("apply_rope", "Sine and cosine are swapped in y[2c + 1]: x[2c] sin + x[2c + 1] cos.")
def exchanged_in_the_second_half(x, cos, sin):
    first, second = halved(x, cos, sin)
    return torch.cat([first * cos - second * sin, first * cos + second * sin], dim=-1)


@mistake("apply_rope", "With batch and heads in front, the columns are x[..., 0::2].")
def two_axes_only(x, cos, sin):
    even, odd = x[:, 0::2], x[:, 1::2]
    return alternating(even * cos - odd * sin, even * sin + odd * cos, x)


@mistake("apply_rope", "Each y uses only one column of its pair, twice. It needs both.")
def own_column_only(x, cos, sin):
    even, odd = parted(x, cos, sin)
    return alternating(even * cos - even * sin, odd * sin + odd * cos, x)


@mistake("apply_rope", "Stacked along dim=0, the columns do not alternate. Use dim=-1.")
def stacked_in_front(x, cos, sin):
    even, odd = parted(x, cos, sin)
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=0).reshape(x.shape)


@mistake("apply_rope", "Two tensors are returned. Let their columns alternate in one.")
def two_tensors(x, cos, sin):
    even, odd = parted(x, cos, sin)
    return even * cos - odd * sin, even * sin + odd * cos


@mistake("apply_rope", "The minus is in the wrong line, y[2c + 1]. It belongs to y[2c].")
def mirrored_pairs(x, cos, sin):
    even, odd = parted(x, cos, sin)
    return alternating(even * cos + odd * sin, even * sin - odd * cos, x)


@mistake("apply_rope", "It rotates by minus the angle, and pairs are not side by side.")
def other_way_written_as_halves(x, cos, sin):
    return torch.cat(parted(right_pairs(x, cos, -sin), cos, sin), dim=-1)


@mistake("apply_rope", "The odd columns are 0: y[2c + 1] = x[2c] sin + x[2c + 1] cos.")
def odd_columns_0(x, cos, sin):
    even, odd = parted(x, cos, sin)
    return alternating(even * cos - odd * sin, 0 * odd, x)


@mistake(
    "apply_rope", "Even columns get only the cosine, odd ones only the sine. Each y needs both."
)
def one_factor_each(x, cos, sin):
    even, odd = parted(x, cos, sin)
    return alternating(even * cos, odd * sin, x)


@mistake("apply_rope", "The odd columns have not changed: y[2c + 1] = x[2c] sin + x[2c + 1] cos.")
def odd_columns_left(x, cos, sin):
    even, odd = parted(x, cos, sin)
    return alternating(even * cos - odd * sin, odd, x)


@mistake("apply_rope", "It does nothing: x comes out as it went in.")
def nothing(x, cos, sin):
    check_rotation(x, cos, sin)
    return 1.0 * x


@mistake("apply_rope", _NEW_FIRST)
def overwritten(x, cos, sin):
    even, odd = parted(x, cos, sin)
    even = even * cos - odd * sin
    odd = even * sin + odd * cos
    return alternating(even, odd, x)


@mistake("apply_rope", _NEW_FIRST)
def overwritten_in_halves(x, cos, sin):
    first, second = halved(x, cos, sin)
    first = first * cos - second * sin
    return torch.cat([first, first * sin + second * cos], dim=-1)


@mistake("apply_rope", "The first column of each pair is made from the *new* second one.")
def second_column_first(x, cos, sin):
    even, odd = parted(x, cos, sin)
    odd = even * sin + odd * cos
    return alternating(even * cos - odd * sin, odd, x)


@mistake("apply_rope", _ORDER)
def read_as_pairs_written_as_halves(x, cos, sin):
    even, odd = parted(x, cos, sin)
    return torch.cat([even * cos - odd * sin, even * sin + odd * cos], dim=-1)


@mistake("apply_rope", _READ_AS_HALVES)
def read_as_halves_written_as_pairs(x, cos, sin):
    first, second = halved(x, cos, sin)
    return alternating(first * cos - second * sin, first * sin + second * cos, x)


@mistake("apply_rope", "The two columns of each pair are swapped: y[2c] comes first.")
def odd_column_first(x, cos, sin):
    even, odd = parted(x, cos, sin)
    return alternating(even * sin + odd * cos, even * cos - odd * sin, x)


@mistake("apply_rope", "Even and odd are swapped: x[..., 0::2] are the even columns.")
def even_and_odd_exchanged(x, cos, sin):
    odd, even = parted(x, cos, sin)
    return alternating(even * cos - odd * sin, even * sin + odd * cos, x)


@mistake("apply_rope", shown_by="angles_must_fit")
def stretched(x, cos, sin):
    even, odd = x[..., 0::2], x[..., 1::2]
    return alternating(even * cos - odd * sin, even * sin + odd * cos, x)


@mistake("apply_rope", shown_by="gradient_flows")
def outside_the_engine(x, cos, sin):
    return torch.tensor(right_pairs(x.detach(), cos, sin).numpy())


@mistake("apply_rope", shown_by="inputs_are_kept")
def into_x(x, cos, sin):
    x.numpy()[:] = right_pairs(x, cos, sin).numpy()
    return x


# rope_rows_to_halves


def by_head(weight, num_heads, order):
    check_head_rows(weight, num_heads)
    heads = weight.reshape(num_heads, -1, *weight.shape[1:])
    return heads[:, order].reshape(weight.shape)


def rows(weight, num_heads):
    return len(weight) // num_heads


@mistake(
    "rope_rows_to_halves",
    "The heads are mixed: all even rows of all heads come first. Reorder within each head.",
    seen="checkpoint converters that forget the heads",
)
def over_all_heads(weight, num_heads):
    check_head_rows(weight, num_heads)
    return weight[halves_from_pairs(len(weight))]


@mistake("rope_rows_to_halves", "The heads are mixed: reshape to (num_heads, -1, ...).")
def head_axis_last(weight, num_heads):
    check_head_rows(weight, num_heads)
    heads = weight.reshape(-1, num_heads, *weight.shape[1:])
    return heads[halves_from_pairs(len(heads))].reshape(weight.shape)


@mistake(
    "rope_rows_to_halves",
    "This is the way back, from halves to pairs. The even rows come first: 0, 2, 4, then 1, 3, 5.",
)
def the_way_back(weight, num_heads):
    return by_head(weight, num_heads, pairs_from_halves(rows(weight, num_heads)))


_COLUMNS = (
    "The columns were reordered. They belong to the layer's input; the rows make the query: "
    "nn.Linear stores outputs first. (weight[..., order] takes columns, weight[order] rows.)"
)


@mistake("rope_rows_to_halves", _COLUMNS)
def columns_instead(weight, num_heads):
    if weight.ndim == 1:
        return by_head(weight, num_heads, halves_from_pairs(rows(weight, num_heads)))
    return by_head(weight.T, num_heads, halves_from_pairs(rows(weight.T, num_heads))).T


@mistake("rope_rows_to_halves", _COLUMNS)
def last_axis(weight, num_heads):
    check_head_rows(weight, num_heads)
    return weight[..., halves_from_pairs(weight.shape[-1])]


@mistake("rope_rows_to_halves", "Nothing has changed. The even rows of each head come first.")
def unchanged(weight, num_heads):
    check_head_rows(weight, num_heads)
    return weight.copy()


@mistake("rope_rows_to_halves", "The odd rows of each head come first here. The even ones should.")
def odd_first(weight, num_heads):
    size = rows(weight, num_heads)
    return by_head(weight, num_heads, np.r_[1:size:2, 0:size:2])


@mistake("rope_rows_to_halves", "Only the first head is left. Reorder the rows of every head.")
def one_head_left(weight, num_heads):
    check_head_rows(weight, num_heads)
    return weight[halves_from_pairs(rows(weight, num_heads))]


@mistake("rope_rows_to_halves", "Only the first head is reordered. Do the same within every head.")
def first_head_only(weight, num_heads):
    check_head_rows(weight, num_heads)
    order = halves_from_pairs(rows(weight, num_heads))
    return np.concatenate([weight[order], weight[len(order) :]])


@mistake("rope_rows_to_halves", "The odd rows are missing. They come after the even ones.")
def even_rows_only(weight, num_heads):
    check_head_rows(weight, num_heads)
    return weight[::2]


@mistake("rope_rows_to_halves", "The order is right. Reshape to the shape of the weight.")
def heads_left_apart(weight, num_heads):
    check_head_rows(weight, num_heads)
    heads = weight.reshape(num_heads, -1, *weight.shape[1:])
    return heads[:, halves_from_pairs(heads.shape[1])]


@mistake("rope_rows_to_halves", shown_by="odd_heads_are_refused")
def odd_heads_too(weight, num_heads):
    order = np.arange(len(weight)).reshape(num_heads, -1)
    return weight[np.concatenate([np.r_[head[0::2], head[1::2]] for head in order])]


@mistake(
    "rope_rows_to_halves",
    "A bias has only one axis; *weight.shape[1:] is what follows it, if anything.",
)
def two_axes_needed(weight, num_heads):
    check_head_rows(weight, num_heads)
    heads = weight.reshape(num_heads, -1, weight.shape[1])
    return heads[:, halves_from_pairs(heads.shape[1])].reshape(weight.shape)


@mistake("rope_rows_to_halves", shown_by="inputs_are_kept")
def rows_moved_in_place(weight, num_heads):
    weight[:] = by_head(weight, num_heads, halves_from_pairs(rows(weight, num_heads)))
    return weight


@accepted("rope_rows_to_halves")
def transposed_views(weight, num_heads):
    check_head_rows(weight, num_heads)
    return weight.reshape(num_heads, -1, 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


@accepted("rope_rows_to_halves")
def head_by_head(weight, num_heads):
    check_head_rows(weight, num_heads)
    heads = np.split(weight, num_heads)
    return np.concatenate([part for head in heads for part in (head[0::2], head[1::2])])


@accepted("rope_rows_to_halves")
def row_by_row(weight, num_heads):
    check_head_rows(weight, num_heads)
    size, result = rows(weight, num_heads), np.zeros(weight.shape)
    for row in range(len(weight)):
        head, inner = divmod(row, size)
        result[head * size + inner % 2 * (size // 2) + inner // 2] = weight[row]
    return result


# score_at_distance


_HALVES_TOO = "This is the split-half layout, like your apply_rope: column c with column c + dim/2."
_HALVES_HERE = (
    "Column c is paired with column c + dim/2, but apply_rope pairs neighbors, 2c and 2c + 1."
)


def by_rotated_key(q, k, angles):
    keys = torch.tensor(np.tile(k, (len(angles), 1)))
    return right_pairs(keys, *map(torch.tensor, both(angles))).numpy() @ q


def angles_at(k, distance, base):
    return distance[:, None] * angular_speeds(len(k), base)


_EXCHANGED = (
    "Past and future are swapped: rotate the key by j - i, key minus query. (Or did you rotate "
    "the query? R_i q . R_j k = q . R_(j - i) k.)"
)


@mistake("score_at_distance", _EXCHANGED)
def query_turned(q, k, distance, base=10000.0):
    return by_rotated_key(k, q, angles_at(k, distance, base))


@mistake("score_at_distance", _EXCHANGED)
def query_turned_in_halves(q, k, distance, base=10000.0):
    keys = torch.tensor(np.tile(k, (len(distance), 1)))
    return (
        apply_rope_half(keys, *map(torch.tensor, both(angles_at(k, -distance, base)))).numpy() @ q
    )


@mistake("score_at_distance", "One back and one ahead have the same score: the sign got lost.")
def distance_without_sign(q, k, distance, base=10000.0):
    return by_rotated_key(q, k, angles_at(k, abs(distance), base))


@mistake(
    "score_at_distance",
    "All pairs rotate by the distance itself. It should be multiplied by their angular_speeds.",
)
def one_angle(q, k, distance, base=10000.0):
    return by_rotated_key(q, k, distance[:, None] * np.ones(len(k) // 2))


@mistake(
    "score_at_distance",
    "The distance does nothing: this is q.k. Rotate the key alone; done to both, it cancels.",
)
def both_turned(q, k, distance, base=10000.0):
    return np.full(len(distance), q @ k)


@mistake("score_at_distance", "There is twice the distance between q and k: rotate only one.")
def both_turned_apart(q, k, distance, base=10000.0):
    return by_rotated_key(q, k, 2 * angles_at(k, distance, base))


@mistake(
    "score_at_distance",
    "Each pair of q.k is multiplied by a cosine. Rotate k first (with a sine, too), then multiply "
    "by q.",
)
def cosine_alone(q, k, distance, base=10000.0):
    pairs = (q * k).reshape(-1, 2).sum(axis=1)  # what each pair contributes to q.k
    return np.cos(angles_at(k, distance, base)) @ pairs


@mistake(
    "score_at_distance",
    "Rows were picked by the distance, and row -1 is the *last*. Make angles from the distances "
    "themselves.",
)
def rows_picked_by_distance(q, k, distance, base=10000.0):
    cos, sin = (table[distance] for table in right_cache(abs(distance).max() + 1, len(k), base))
    keys = torch.tensor(np.tile(k, (len(distance), 1)))
    return right_pairs(keys, torch.tensor(cos), torch.tensor(sin)).numpy() @ q


@mistake(
    "score_at_distance",
    "The key is rotated by 0, 1, 2, ...: by the index of the distance, not the distance.",
)
def by_index(q, k, distance, base=10000.0):
    return by_rotated_key(q, k, angles_at(k, np.arange(len(distance)), base))


@mistake("score_at_distance", "The distances were moved to begin at 0. Take them as they are.")
def from_the_smallest(q, k, distance, base=10000.0):
    return by_rotated_key(q, k, angles_at(k, distance - distance.min(), base))


@mistake("score_at_distance", "The score is divided by sqrt(dim). Return the plain product.")
def scaled(q, k, distance, base=10000.0):
    return by_rotated_key(q, k, angles_at(k, distance, base)) / np.sqrt(len(k))


@mistake("score_at_distance", "The score is divided by dim. Return the plain product.")
def divided_by_dim(q, k, distance, base=10000.0):
    return by_rotated_key(q, k, angles_at(k, distance, base)) / len(k)


@mistake("score_at_distance", "The distances are divided by the speeds. Multiply them.")
def divided_by_speeds(q, k, distance, base=10000.0):
    return by_rotated_key(q, k, distance[:, None] / angular_speeds(len(k), base))


@mistake(
    "score_at_distance",
    "You ask for a row that the table doesn't have. Make angles from the distances themselves.",
)
def rows_past_the_end(q, k, distance, base=10000.0):
    cos, sin = (table[abs(distance)] for table in right_cache(max(distance) + 1, len(k), base))
    keys = torch.tensor(np.tile(k, (len(distance), 1)))
    return right_pairs(keys, torch.tensor(cos), torch.tensor(sin)).numpy() @ q


@mistake("score_at_distance", "The rotated key meets k. The dot product is with q.")
def key_meets_key(q, k, distance, base=10000.0):
    return by_rotated_key(k, k, angles_at(k, distance, base))


@mistake("score_at_distance", "The base is 10000 whatever you ask for.")
def always_10000(q, k, distance, base=10000.0):
    return by_rotated_key(q, k, angles_at(k, distance, 10000.0))


@mistake("score_at_distance", "The exponent is c / dim; angular_speeds(dim, base) has -2c / dim.")
def half_the_exponent(q, k, distance, base=10000.0):
    return by_rotated_key(q, k, angles_at(k, distance, base**0.5))


@mistake("score_at_distance", "The exponent is 4c / dim: angular_speeds(dim, base) has -2c / dim.")
def twice_the_exponent(q, k, distance, base=10000.0):
    return by_rotated_key(q, k, angles_at(k, distance, base**2))


@mistake("score_at_distance", "Sine and cosine are swapped: apply_rope(keys, cos, sin).")
def sines_before_cosines(q, k, distance, base=10000.0):
    return by_rotated_key(q, k, np.pi / 2 - angles_at(k, distance, base))


@mistake("score_at_distance", "Not summed: the dot product is one number per distance, keys @ q.")
def products_not_summed(q, k, distance, base=10000.0):
    keys = torch.tensor(np.tile(k, (len(distance), 1)))
    return right_pairs(keys, *map(torch.tensor, both(angles_at(k, distance, base)))).numpy() * q


@accepted("score_at_distance")
def by_complex_numbers(q, k, distance, base=10000.0):
    h = (q[0::2] - 1j * q[1::2]) * (k[0::2] + 1j * k[1::2])
    return (np.exp(1j * angles_at(k, distance, base)) @ h).real


@accepted(
    "score_at_distance",
    _HALVES_TOO,
    only_with=("apply_rope", "split_halves"),
    otherwise=_HALVES_HERE,
)
def keys_turned_in_halves(q, k, distance, base=10000.0):
    keys = torch.tensor(np.tile(k, (len(distance), 1)))
    return apply_rope_half(keys, *map(torch.tensor, both(angles_at(k, distance, base)))).numpy() @ q


@accepted("score_at_distance")
def by_a_query_rotated_back(q, k, distance, base=10000.0):
    return by_rotated_key(k, q, angles_at(k, -distance, base))


@accepted("score_at_distance")
def one_distance_after_the_other(q, k, distance, base=10000.0):
    scores = []
    for d in distance:
        angles = d * angular_speeds(len(k), base)
        pairs = zip(angles, q.reshape(-1, 2), k.reshape(-1, 2))
        scores.append(sum(one @ rotated(other, angle) for angle, one, other in pairs))
    return np.array(scores)


# rope_backward


_FORWARD = (
    "The gradient was rotated forward, like x. It must be rotated *back*: the transposed matrix, "
    "with -sin where sin was."
)


@mistake("rope_backward", _FORWARD)
def forward_again(grad, cos, sin):
    return right_pairs(grad, cos, sin)


@mistake("rope_backward", _FORWARD)
def forward_again_in_halves(grad, cos, sin):
    return apply_rope_half(grad, cos, sin)


@mistake(
    "rope_backward",
    "The cosines have the minus. They are on the diagonal: transposing changes the sines.",
)
def minus_on_the_diagonal(grad, cos, sin):
    return right_pairs(grad, -cos, sin)


@mistake("rope_backward", "The gradient was passed on as it is. Rotate it back by the angle of x.")
def untouched(grad, cos, sin):
    return 1.0 * grad


@mistake(
    "rope_backward",
    "There are only cosines. Each x goes into both columns of its pair, once with a sine.",
)
def diagonal_only(grad, cos, sin):
    return right_pairs(grad, cos, 0 * sin)


@mistake(
    "rope_backward",
    "Cosine and sine both have a minus, half a circle too much. Transposing changes the sines "
    "only.",
)
def both_negative(grad, cos, sin):
    return right_pairs(grad, -cos, -sin)


@mistake("rope_backward", "Both sines have a plus. One still has a minus: that in g_x[2c + 1].")
def no_minus_left(grad, cos, sin):
    even, odd = parted(grad, cos, sin)
    return alternating(even * cos + odd * sin, even * sin + odd * cos, grad)


@mistake("rope_backward", "Both sines have a minus. Only the one in g_x[2c + 1] should.")
def two_minuses(grad, cos, sin):
    even, odd = parted(grad, cos, sin)
    return alternating(even * cos - odd * sin, odd * cos - even * sin, grad)


@mistake("rope_backward", "Sine and cosine are swapped: x[2c] goes into y[2c] with cos_c.")
def sines_on_the_diagonal(grad, cos, sin):
    return right_pairs(grad, sin, -cos)


@mistake("rope_backward", "Sine and cosine are swapped: x[2c] goes into y[2c] with cos_c.")
def exchanged_and_forward(grad, cos, sin):
    return right_pairs(grad, sin, cos)


@mistake(
    "rope_backward",
    "This is the slope along the *angle*. Along x it is the factor itself: cos stays cos.",
)
def slope_along_the_angle(grad, cos, sin):
    return right_pairs(grad, -sin, cos)


@mistake("rope_backward", _MIXED)
def mixed_on_the_way_back(grad, cos, sin):
    cos, sin = (torch.stack([table, table], dim=-1).reshape(len(table), -1) for table in (cos, sin))
    return grad * cos - rotate_half(grad) * sin


@mistake("rope_backward", _MIXED)
def mixed_the_other_way_around(grad, cos, sin):
    cos, sin = (torch.cat([table, table], dim=-1) for table in (cos, sin))
    return grad * cos - alternating(-grad[..., 1::2], grad[..., 0::2], grad) * sin


@mistake("rope_backward", _ORDER)
def back_but_written_as_halves(grad, cos, sin):
    return torch.cat(parted(right_pairs(grad, cos, -sin), cos, sin), dim=-1)


@mistake("rope_backward", _READ_AS_HALVES)
def back_but_read_as_halves(grad, cos, sin):
    return alternating(*apply_rope_half(grad, cos, -sin).chunk(2, dim=-1), grad)


@mistake("rope_backward", "The two columns of each pair are swapped: g_x[2c] comes first.")
def odd_gradient_first(grad, cos, sin):
    even, odd = parted(right_pairs(grad, cos, -sin), cos, sin)
    return alternating(odd, even, grad)


@mistake("rope_backward", "g_x[2c + 1] has the minus before its cosine, not its sine.")
def minus_before_the_cosine(grad, cos, sin):
    even, odd = parted(grad, cos, sin)
    return alternating(even * cos + odd * sin, even * sin - odd * cos, grad)


@mistake("rope_backward", "Each gradient uses only one column of its pair, twice. It needs both.")
def own_gradient_only(grad, cos, sin):
    even, odd = parted(grad, cos, sin)
    return alternating(even * cos + even * sin, odd * cos - odd * sin, grad)


@mistake("rope_backward", "Sine and cosine are swapped in g_x[2c + 1].")
def exchanged_in_the_second_gradient(grad, cos, sin):
    even, odd = parted(grad, cos, sin)
    return alternating(even * cos + odd * sin, odd * sin - even * cos, grad)


@mistake("rope_backward", "The second column of each pair is made from the *new* first one.")
def overwritten_on_the_way_back(grad, cos, sin):
    even, odd = parted(grad, cos, sin)
    even = even * cos + odd * sin
    return alternating(even, odd * cos - even * sin, grad)


@mistake("rope_backward", shown_by="inputs_are_kept")
def into_the_gradient(grad, cos, sin):
    grad.numpy()[:] = right_pairs(grad, cos, -sin).numpy()
    return grad


@accepted("rope_backward")
def by_its_two_formulas(grad, cos, sin):
    even, odd = parted(grad, cos, sin)
    return alternating(even * cos + odd * sin, odd * cos - even * sin, grad)


@accepted(
    "rope_backward", _HALVES_TOO, only_with=("apply_rope", "split_halves"), otherwise=_HALVES_HERE
)
def halves_turned_back(grad, cos, sin):
    return apply_rope_half(grad, cos, -sin)


@accepted("rope_backward")
def by_the_engine(grad, cos, sin):
    x = torch.zeros(*grad.shape, dtype=grad.dtype, requires_grad=True)
    right_pairs(x, cos, sin).backward(grad)
    return x.grad


# RoPE


def rotation(rope):
    return right_pairs if rope.layout == "pairs" else apply_rope_half


def tables(seq, dim, base, q, first=0):
    return (torch.tensor(t[first:], dtype=q.dtype) for t in right_cache(first + seq, dim, base))


def turned(rope, x, cos, sin, dim=None):
    """The first `dim` columns rotated, the others as they are."""
    dim = dim or rope.rotary_dim
    return torch.cat([rotation(rope)(x[..., :dim], cos, sin), x[..., dim:]], dim=-1)


@mistake("RoPE", "The offset does nothing. After seven positions comes position 7.")
class OffsetForgotten(Right):
    def rotate(self, q, k, offset=0):
        return super().rotate(q, k)


@mistake("RoPE", "The first row has position offset + 1. After seven, 0 to 6, comes 7.")
class OneTooFar(Right):
    def rotate(self, q, k, offset=0):
        return super().rotate(q, k, offset + 1)


@mistake("RoPE", "The first row has position offset - 1. After seven, 0 to 6, comes 7.")
class OneTooFew(Right):
    def rotate(self, q, k, offset=0):
        return super().rotate(q, k, max(offset - 1, 0))


@mistake("RoPE", "The offset moves the queries only. New keys have the same positions.")
class OffsetForQueriesOnly(Right):
    def rotate(self, q, k, offset=0):
        return super().rotate(q, k, offset)[0], super().rotate(q, k)[1]


_ANGLES = (
    "Angles and x don't fit. You need the first rotary_dim columns of x, and the angles of the "
    "positions offset ... offset + seq - 1."
)


@mistake("RoPE", _ANGLES)
class CacheTooShort(Right):
    def rotate(self, q, k, offset=0):
        self.check_width(q)
        short = right_cache(q.shape[-2], self.rotary_dim, self.base)
        cos, sin = (torch.tensor(table[offset:], dtype=q.dtype) for table in short)
        return self.turn(q, cos, sin), self.turn(k, cos, sin)


@mistake("RoPE", "The tables of the first call are kept, but the next may have another offset.")
class FirstTablesKept(Right):
    def rotate(self, q, k, offset=0):
        self.check_width(q)
        if not hasattr(self, "kept"):
            self.kept = tuple(tables(q.shape[-2], self.rotary_dim, self.base, q, offset))
        return self.turn(q, *self.kept), self.turn(k, *self.kept)


@mistake("RoPE", "Only the queries are rotated. The keys should be, too.")
class QueriesOnly(Right):
    def rotate(self, q, k, offset=0):
        return super().rotate(q, k, offset)[0], k


@mistake("RoPE", "Only the keys are rotated. The queries should be, too.")
class KeysOnly(Right):
    def rotate(self, q, k, offset=0):
        return q, super().rotate(q, k, offset)[1]


@mistake(
    "RoPE",
    "The keys are rotated by minus the angle. Rotate both the same way: the product has the "
    "difference.",
)
class KeysRotatedBack(Right):
    def rotate(self, q, k, offset=0):
        self.check_width(q)
        cos, sin = tables(q.shape[-2], self.rotary_dim, self.base, q, offset)
        return self.turn(q, cos, sin), self.turn(k, cos, -sin)


@mistake("RoPE", "Neither queries nor keys are rotated.")
class NothingRotated(Right):
    def rotate(self, q, k, offset=0):
        self.check_width(q)
        return q, k


@mistake("RoPE", "Both are rotated by minus the angle. cos and sin go to the rotation as they are.")
class BothRotatedBack(Right):
    def turn(self, x, cos, sin):
        return super().turn(x, cos, -sin)


@mistake("RoPE", "Cosines and sines are swapped: rope_cache returns cos, sin.")
class SinesFirst(Right):
    def rotate(self, q, k, offset=0):
        self.check_width(q)
        cos, sin = tables(q.shape[-2], self.rotary_dim, self.base, q, offset)
        return self.turn(q, sin, cos), self.turn(k, sin, cos)


@mistake("RoPE", "Cosines and sines are swapped: rope_cache returns cos, sin.")
class SinesForCosines(Right):
    def turn(self, x, cos, sin):
        return super().turn(x, sin, cos)


@mistake("RoPE", "The two results are swapped: first q, then k.")
class KeysFirst(Right):
    def rotate(self, q, k, offset=0):
        return super().rotate(q, k, offset)[::-1]


@mistake("RoPE", "Only the queries are returned. Return two tensors: q and k, rotated.")
class QueriesAlone(Right):
    def rotate(self, q, k, offset=0):
        return super().rotate(q, k, offset)[0]


@mistake("RoPE", "The rotated vectors are added to q and k. Return them alone.")
class Added(Right):
    def rotate(self, q, k, offset=0):
        new_q, new_k = super().rotate(q, k, offset)
        return q + new_q, k + new_k


@mistake("RoPE", "The rotated queries are returned twice. The second result is k, rotated.")
class QueriesTwice(Right):
    def rotate(self, q, k, offset=0):
        return super().rotate(q, q, offset)


@mistake(
    "RoPE",
    "These are the speeds of head_dim. Make the cache for the columns that are rotated: "
    "self.rotary_dim.",
    seen="partial rotary ported with the full head's frequencies",
)
class SpeedsOfTheWholeHead(Right):
    def rotate(self, q, k, offset=0):
        self.check_width(q)
        cos, sin = tables(q.shape[-2], self.head_dim, self.base, q, offset)
        cos, sin = cos[:, : self.rotary_dim // 2], sin[:, : self.rotary_dim // 2]
        return self.turn(q, cos, sin), self.turn(k, cos, sin)


@mistake("RoPE", "All columns are rotated. Only the first rotary_dim should be.")
class AllColumns(Right):
    def rotate(self, q, k, offset=0):
        self.check_width(q)
        cos, sin = tables(q.shape[-2], self.head_dim, self.base, q, offset)
        return self.turn(q, cos, sin), self.turn(k, cos, sin)

    def turn(self, x, cos, sin):
        return rotation(self)(x, cos, sin)


@mistake("RoPE", _ANGLES)
class AllColumnsWithFewAngles(Right):
    def turn(self, x, cos, sin):
        return rotation(self)(x, cos, sin)


@mistake("RoPE", "The *last* columns are rotated. The first rotary_dim should be.")
class LastColumns(Right):
    def turn(self, x, cos, sin):
        kept = self.head_dim - self.rotary_dim
        return torch.cat([x[..., :kept], rotation(self)(x[..., kept:], cos, sin)], dim=-1)


@mistake("RoPE", "The columns left alone are missing: torch.cat them after the others.")
class RestDropped(Right):
    def turn(self, x, cos, sin):
        return rotation(self)(x[..., : self.rotary_dim], cos, sin)


@mistake("RoPE", "The columns after rotary_dim have become 0. They stay as they are.")
class RestZero(Right):
    def turn(self, x, cos, sin):
        n = self.rotary_dim
        return torch.cat([rotation(self)(x[..., :n], cos, sin), 0 * x[..., n:]], dim=-1)


@mistake("RoPE", "The columns left alone come first. They should come last.")
class RestFirst(Right):
    def turn(self, x, cos, sin):
        n = self.rotary_dim
        return torch.cat([x[..., n:], rotation(self)(x[..., :n], cos, sin)], dim=-1)


@mistake("RoPE", 'These are always pairs. For "halves" it is apply_rope_half that rotates.')
class AlwaysPairs(Right):
    def turn(self, x, cos, sin):
        n = self.rotary_dim
        return torch.cat([right_pairs(x[..., :n], cos, sin), x[..., n:]], dim=-1)


@mistake("RoPE", 'These are always halves. For "pairs" it is apply_rope that rotates.')
class AlwaysHalves(Right):
    def turn(self, x, cos, sin):
        n = self.rotary_dim
        return torch.cat([apply_rope_half(x[..., :n], cos, sin), x[..., n:]], dim=-1)


@mistake("RoPE", 'The two layouts are swapped: apply_rope is for "pairs".')
class LayoutsExchanged(Right):
    def turn(self, x, cos, sin):
        n, other = self.rotary_dim, apply_rope_half if self.layout == "pairs" else right_pairs
        return torch.cat([other(x[..., :n], cos, sin), x[..., n:]], dim=-1)


@mistake("RoPE", "The base is 10000 whatever self.base says.")
class BaseForgotten(Right):
    def rotate(self, q, k, offset=0):
        self.check_width(q)
        cos, sin = tables(q.shape[-2], self.rotary_dim, 10000.0, q, offset)
        return self.turn(q, cos, sin), self.turn(k, cos, sin)


@mistake("RoPE", "float32 becomes float64, like the cache. Make tensors with dtype=q.dtype.")
class Float64(Right):
    def rotate(self, q, k, offset=0):
        self.check_width(q)
        cache = right_cache(offset + q.shape[-2], self.rotary_dim, self.base)
        cos, sin = (torch.tensor(table[offset:]) for table in cache)
        return self.turn(q, cos, sin), self.turn(k, cos, sin)


@mistake("RoPE", "cos and sin are float32 even if q is float64. Use dtype=q.dtype.")
class AlwaysFloat32(Right):
    def turn(self, x, cos, sin):
        return super().turn(x, cos.float(), sin.float())


@mistake("RoPE", shown_by="other_widths_are_refused")
class WidthNotChecked(Right):
    def rotate(self, q, k, offset=0):
        cos, sin = tables(q.shape[-2], self.rotary_dim, self.base, q, offset)
        return self.turn(q, cos, sin), self.turn(k, cos, sin)

    def turn(self, x, cos, sin):
        return turned(self, x, cos, sin)


@mistake("RoPE", shown_by="gradients_through_rope")
class Detached(Right):
    def turn(self, x, cos, sin):
        return super().turn(x.detach(), cos, sin)


@accepted("RoPE")
class WithoutABranch(Right):
    def rotate(self, q, k, offset=0):
        self.check_width(q)
        cos, sin = tables(q.shape[-2], self.rotary_dim, self.base, q, offset)
        return tuple(self.turn(x, cos, sin) for x in (q, k))

    def turn(self, x, cos, sin):
        return turned(self, x, cos, sin)


@accepted("RoPE")
class BothAtOnce(Right):
    def rotate(self, q, k, offset=0):
        self.check_width(q)
        angles = np.arange(offset, offset + q.shape[-2])[:, None]
        angles = angles * angular_speeds(self.rotary_dim, self.base)
        cos, sin = (torch.tensor(table, dtype=q.dtype) for table in both(angles))
        return list(self.turn(torch.stack([q, k]), cos, sin).unbind(0))


@accepted("RoPE")
class LastRows(Right):
    def rotate(self, q, k, offset=0):
        if q.shape[-1] != self.head_dim:
            raise ValueError("another head_dim")
        cache = right_cache(offset + q.shape[-2], self.rotary_dim, self.base)
        cos, sin = (torch.tensor(table[-q.shape[-2] :]).to(q.dtype) for table in cache)
        return self.turn(q, cos, sin), self.turn(k, cos, sin)

"""What can be said of a wrong result without knowing the exercise: it is transposed, negated, ...

Each relation looks at two different arrays, the learner's and the right one, and returns a
sentence or None. A sentence is said only if it is true on every input that was tried.
"""

import numpy as np

from classroom.comparing import (
    TOLERANCE,
    Raised,
    close,
    equal,
    is_numeric,
    is_tensor,
    kind,
    leaves,
    plain,
)

ENOUGH = 2  # a relation between fewer numbers may be chance


def relation(got, want):
    """A sentence on how `got` as a whole comes out of `want`, or None."""
    pairs = list(leaves(got, want))
    if any(isinstance(value, Raised) for pair in pairs for value in pair):
        return None
    if _items_exchanged(got, want):
        return "The two results are exchanged: return them in the other order."
    said = {_container(one, other) for one, other in _tops(got, want)}
    if len(said) == 1 and None not in said:
        return said.pop()
    if not pairs or not all(is_numeric(one) and is_numeric(other) for one, other in pairs):
        return None
    if all(is_tensor(one) != is_tensor(other) for one, other in pairs):
        return _engine(pairs)
    arrays = [(np.asarray(plain(one)), np.asarray(plain(other))) for one, other in pairs]
    if any(each.dtype.kind not in "bifuc" for pair in arrays for each in pair):
        return None
    if sum(one.size for one, _ in arrays) < ENOUGH:
        return _single(arrays)
    different = [(one, other) for one, other in arrays if not _same(one, other)]
    telling = [pair for pair in different if min(pair[0].size, pair[1].size) >= ENOUGH]
    for relate in RELATIONS:
        pairs = telling
        if relate in ENTRY_BY_ENTRY:
            pairs = _joined(different if relate is _dtype else arrays) or telling
            if any(one.shape != other.shape for one, other in pairs):
                continue
        said = [relate(one, other) for one, other in pairs]
        if said and None not in said and len(set(said)) == 1:
            return said[0]
        if relate in VARYING:
            said = [relate(one, other) for one, other in telling]
            if len(said) > 1 and len(telling) == len(arrays) and None not in said:
                return said[0] + VARYING[relate]
    return None


def _joined(arrays):
    """One pair with all entries of the arrays in a row, if their shapes and dtypes allow it."""
    same = {(one.dtype, other.dtype, one.shape == other.shape) for one, other in arrays}
    if len(same) != 1 or not all(shapes_agree for _, _, shapes_agree in same):
        return None
    return [tuple(np.concatenate([each.ravel() for each in side]) for side in zip(*arrays))]


def _same(got, want):
    return got.shape == want.shape and bool(np.all(close(got, want))) and got.dtype == want.dtype


def _tops(got, want):
    """Pairs of results: as far down as both are sequences of the same length, and differ."""
    both = isinstance(got, list | tuple) and isinstance(want, list | tuple)
    if both and len(got) == len(want) and len(want):
        for one, other in zip(got, want):
            yield from _tops(one, other)
    elif not equal(got, want):
        yield got, want


def _container(got, want):
    """What is wrong with the list or tuple that a result comes in, its numbers being right."""
    in_list, wants_list = isinstance(got, list | tuple), isinstance(want, list | tuple)
    if in_list and is_numeric(want):
        if is_tensor(want) is any(map(is_tensor, got)) and len(got) > 1 and equal(got[0], want):
            return "The first of the results is right. Return it alone."
        if _as_array(got) is not None and equal(
            _as_array(got), np.asarray(plain(want)), dtype="values"
        ):
            make = "torch.tensor(...)" if is_tensor(want) else "np.array(...)"
            return (
                f"The values are right, but in a {type(got).__name__}: {make} makes them one array."
            )
    if wants_list and len(want) > 1 and not in_list and equal(got, want[0]):
        return f"Only the first of the {len(want)} results is returned."
    if wants_list and len(want) > 1 and not in_list and equal(got, want[-1]):
        return f"Only the last of the {len(want)} results is returned."
    return None


def _as_array(items):
    """Nested lists of numbers and arrays as one array, or None."""
    try:
        array = np.array([plain(each) for each in items])
    except (ValueError, TypeError):
        return None
    return array if array.dtype.kind in "bifc" else None


def _items_exchanged(got, want):
    pair = isinstance(got, list | tuple) and isinstance(want, list | tuple)
    if not pair or len(got) != 2 or len(want) != 2:
        return False
    return not equal(got[0], want[0]) and equal(got[0], want[1]) and equal(got[1], want[0])


def _engine(pairs):
    if is_tensor(pairs[0][1]):
        return "It is a NumPy array where a tensor is needed: gradients flow through tensors only."
    return "It is a tensor where a NumPy array is needed: `.numpy()` gives its values."


def _single(arrays):
    """A single number tells little: only what is exact is said."""
    (one, other), *more = arrays
    if not more and one.shape == other.shape == () and kind(one) != "bool" and one == -other != 0:
        return "The sign is the wrong way around: the number is right, but negated."
    return None


def _values_equal(got, want):
    """Whether two arrays have the same shape and values, and more than zeros in them."""
    return got.shape == want.shape and bool(np.any(want)) and bool(np.all(close(got, want)))


# The relations, the most telling first


def _precision(got, want):
    if kind(got) == kind(want) == "float" and got.dtype == want.dtype:
        finite = np.isfinite(want) & (want != 0)
        if np.all(close(got, want)) and np.any(got[finite] != want[finite]):
            worst = np.max(np.abs(got[finite] / want[finite] - 1))
            digits = round(-np.log10(worst))
            return f"The values are right to about {digits} digits only: more are needed here."
    return None


def _dtype(got, want):
    if got.shape == want.shape and got.dtype != want.dtype and np.all(close(got, want)):
        if kind(got) == kind(want) == "float":
            return (
                f"The values are right, but they are {got.dtype}, and {want.dtype} is needed: what "
                "follows does not mix the two."
            )
        return f"The values are right, but they are of dtype {got.dtype}; {want.dtype} is needed."
    return None


def _not_a_number(got, want):
    if kind(got) != "float" or kind(want) == "complex" or got.shape != want.shape:
        return None
    if not np.isnan(got).any() or np.isnan(want.astype(float)).any():
        return None
    return (
        "It contains NaN (not a number). That comes from 0 / 0, from inf - inf, or from the root "
        "or logarithm of a negative number."
    )


def _finite_for_infinite(got, want):
    if kind(want) != "float" or got.shape != want.shape or not np.isneginf(want).any():
        return None
    hidden = np.isneginf(want)
    if np.isfinite(got[hidden]).all() and np.all(close(got[~hidden], want[~hidden])):
        return "A finite number is where -inf belongs: only -inf gives a weight of exactly 0."
    return None


def _exchanged_truth(got, want):
    if kind(got) == kind(want) == "bool" and got.shape == want.shape and np.all(got == ~want):
        return "True and False are exchanged."
    return None


def _wrapped(got, want):
    """Integers that are right but for a multiple of what a small integer type can count to."""
    if got.shape != want.shape or "bool" in (kind(got), kind(want)) or kind(want) == "complex":
        return None
    if not (np.isfinite(got).all() and np.isfinite(want).all()):
        return None
    steps = got.astype(float) - want.astype(float)
    for size in (2.0**8, 2.0**16):
        if np.any(steps) and not np.any(steps % size) and np.max(np.abs(got)) < size:
            return "The numbers wrap around: they are kept in an integer type that is too small."
    return None


def _unfilled(got, want):
    """The beginning is right and all that follows is 0: a loop that returns too early."""
    for axis in range(want.ndim) if got.shape == want.shape else ():
        size = want.shape[axis]
        filled = [n for n in range(size) if np.any(np.take(got, n, axis))]
        count = filled[-1] + 1 if filled else size
        if size < 3 or count > size // 2 or not np.any(np.take(want, range(count, size), axis)):
            continue
        if np.all(close(np.take(got, range(count), axis), np.take(want, range(count), axis))):
            return (
                f"Along axis {axis} only the beginning is filled in ({count} of {size}), and the "
                "rest is 0. Does the loop end too early, with a `return` inside it?"
            )
    return None


def _transposed(got, want):
    if want.ndim >= 2 and _values_equal(got, want.swapaxes(-1, -2)):
        return "It is transposed: rows and columns are exchanged."
    return None


def _reshaped(got, want):
    if got.shape == want.shape or got.size != want.size:
        return None
    if np.all(close(got.ravel(), want.ravel())):
        return f"The numbers are right; the shape is {got.shape}, and {want.shape} is needed."
    return None


def _summed(got, want):
    """A result of fewer dimensions that is the sum or the mean over one that is missing."""
    for axis in range(want.ndim) if got.ndim < want.ndim and kind(want) == "float" else ():
        for keep in (True, False):
            for name, reduce in (("sum", np.sum), ("mean", np.mean)):
                if _values_equal(got, reduce(want, axis=axis, keepdims=keep)):
                    return f"It is the {name} over axis {axis} of what is asked for."
    return None


def _one_of_many(got, want):
    """One entry of what is asked for, or what is asked for and more."""
    if got.ndim + 1 == want.ndim and len(want) > 1:
        for name, n in (("first", 0), ("last", -1)):
            if got.size >= ENOUGH and _values_equal(got, want[n]):
                return f"It is the {name} entry along axis 0 alone."
    for axis in range(want.ndim) if got.ndim == want.ndim else ():
        size = want.shape[axis]
        if size < got.shape[axis]:
            if _values_equal(np.take(got, range(size), axis), want):
                return f"Along axis {axis} the beginning is right, and then there is more."
            if _values_equal(
                np.take(got, range(got.shape[axis] - size, got.shape[axis]), axis), want
            ):
                return f"Along axis {axis} the end is right, and there is more before it."
        elif 0 < got.shape[axis] < size and got.size >= ENOUGH:
            if _values_equal(got, np.take(want, range(got.shape[axis]), axis)):
                return f"Along axis {axis} the end is missing; what is there is right."
            if _values_equal(got, np.take(want, range(size - got.shape[axis], size), axis)):
                return f"Along axis {axis} the beginning is missing; what is there is right."
    return None


def _negated(got, want):
    if kind(want) != "bool" and kind(got) != "bool" and _values_equal(got, -want):
        return "The sign is the wrong way around: every number is right, but negated."
    return None


def _flipped(got, want):
    for axis in range(want.ndim):
        if _values_equal(got, np.flip(want, axis)) and want.shape[axis] > 1:
            return f"It is reversed along axis {axis}: the first entry is where the last belongs."
    return None


def _shifted(got, want):
    """The same entries, one further on; what moved in at the edge may be anything."""
    for axis in range(want.ndim) if got.shape == want.shape else ():
        size = want.shape[axis]
        if size < 3:
            continue
        here = [np.take(got, range(1, size), axis), np.take(got, range(size - 1), axis)]
        there = [np.take(want, range(size - 1), axis), np.take(want, range(1, size), axis)]
        for one, other, way in zip(here, there, ("late", "early"), strict=True):
            varies = not np.all(close(np.take(other, [0], axis), other))
            if varies and _values_equal(one, other):
                return f"It is shifted by one along axis {axis}: each entry comes one too {way}."
    return None


def _factor(got, want):
    if got.shape != want.shape or "bool" in (kind(got), kind(want)) or not np.any(want):
        return None
    there = (want != 0) & np.isfinite(want) & np.isfinite(got)
    if there.sum() < ENOUGH or len(np.unique(np.abs(want[there]))) < ENOUGH:
        return None
    factor = np.median(got[there] / want[there])
    if (
        abs(factor) < TOLERANCE
        or abs(factor - 1) < TOLERANCE
        or not np.all(close(got[there], factor * want[there]))
    ):
        return None
    if np.any(got[want == 0]):
        return None
    return f"Every number is {_called(factor)} times what it should be."


def _called(factor):
    """A factor as one would say it: 4, 1/3, sqrt(8), or its digits."""
    for value, text in ((factor, "{}"), (1 / factor, "1/{}")):
        if 1 < abs(value) < 2000:
            if abs(value - round(value)) < 1e-4 * abs(value):
                return text.format(round(value))
            square = value * value
            if abs(square - round(square)) < 1e-4 * square:
                return text.format(f"sqrt({round(square)})")
    return f"{factor:.4g}"


def _offset(got, want):
    if got.shape != want.shape or "bool" in (kind(got), kind(want)):
        return None
    finite = np.isfinite(want) & np.isfinite(got)
    if finite.sum() < ENOUGH or not np.all(finite == np.isfinite(want)):
        return None
    steps = got[finite] - want[finite]
    if len(np.unique(want[finite])) < ENOUGH or not np.all(close(steps, steps[0])) or not steps[0]:
        return None
    much = abs(steps[0])
    return f"Every number is too {'large' if steps[0] > 0 else 'small'} by {much:.4g}."


FUNCTIONS = (
    ("the square of", np.square),
    ("the square root of", np.sqrt),
    ("the absolute value of", np.abs),
    ("1 divided by", np.reciprocal),
    ("the exponential of", np.exp),
    ("the logarithm of", np.log),
    ("rounded from", np.round),
    ("rounded down from", np.floor),
    ("rounded to 1 digit from", lambda x: np.round(x, 1)),
    ("rounded to 2 digits from", lambda x: np.round(x, 2)),
    ("rounded to 3 digits from", lambda x: np.round(x, 3)),
    ("rounded to 4 digits from", lambda x: np.round(x, 4)),
)


def _function_of(got, want):
    if kind(want) not in ("float", "integer") or got.shape != want.shape:
        return None
    with np.errstate(all="ignore"):
        for name, function in FUNCTIONS:
            if _values_equal(got, function(want)) and got.size >= ENOUGH:
                return f"Every number is {name} what it should be."
    return None


def _running(got, want):
    for axis in range(want.ndim) if kind(want) in ("float", "integer") else ():
        if want.shape[axis] > 1 and _values_equal(got, np.cumsum(want, axis)):
            return f"It is added up along axis {axis} once too often."
        first = np.take(want, [0], axis)
        if want.shape[axis] > 1 and _values_equal(got, np.diff(want, axis=axis, prepend=0 * first)):
            return f"It is not added up along axis {axis}: these are the steps of the right sum."
    return None


def _normalized(got, want):
    if kind(want) != "float" or got.shape != want.shape or not want.ndim:
        return None
    for axis in range(want.ndim):
        with np.errstate(all="ignore"):
            if _values_equal(got, want / want.sum(axis, keepdims=True)):
                return f"It is divided by its sum along axis {axis}, which nobody asked for."
            if _values_equal(want, got / got.sum(axis, keepdims=True)):
                return f"It is not divided by its sum along axis {axis}."
    return None


def _all_zero(got, want):
    if got.shape == want.shape and np.any(want) and not np.any(got) and got.size >= ENOUGH:
        return "Every entry is False." if kind(got) == "bool" else "Every entry is 0."
    return None


def _rows_scaled(got, want):
    """Each row right but for a factor of its own, as weights that were not normalized."""
    if got.shape != want.shape or want.ndim < 2 or kind(want) != "float" or want.shape[-1] < 3:
        return None
    with np.errstate(all="ignore"):
        sums = got.sum(-1, keepdims=True), want.sum(-1, keepdims=True)
        if np.any(sums[0] == 0) or not _values_equal(got * (sums[1] / sums[0]), want):
            return None
    return (
        "Each row is right but for a factor of its own: something that belongs to the row is off."
    )


def _repeated(got, want):
    """The first row's result in every row."""
    if got.shape != want.shape or want.ndim < 2 or len(want) < 3 or not np.any(want):
        return None
    if np.all(close(got, got[:1])) and _values_equal(got[0], want[0]):
        return "Every row is the first row's result again."
    return None


def _summing_is_left(got, want):
    """One axis too many, whose sum would be right."""
    if got.ndim == want.ndim + 1 and got.size > want.size and kind(want) == "float":
        for axis in range(got.ndim):
            if _values_equal(got.sum(axis), want):
                return f"It has an axis too many: summed over axis {axis}, it would be right."
    return None


def _zeros_left(got, want):
    if got.shape != want.shape or kind(got) == "bool" or got.size < 3:
        return None
    wrong = ~close(got, want)
    if 1 < wrong.sum() < wrong.size and not np.any(got[wrong]):
        return "Every wrong entry is 0: nothing was written there, or a 0 was."
    return None


def _reordered(got, want):
    if got.shape != want.shape or kind(got) == "bool" or len(np.unique(want)) < 3:
        return None
    if np.all(close(got, want)):
        return None
    for axis in range(want.ndim):
        if _values_equal(np.sort(got, axis), np.sort(want, axis)):
            return f"The numbers are right, but along axis {axis} their order is not."
    if np.all(close(np.sort(got, None), np.sort(want, None))):
        return "The numbers are right, but their order is not."
    return None


def _in_part(got, want):
    """Where the wrong entries are, if they make up a recognizable part of the array."""
    if got.shape != want.shape or want.ndim == 0 or want.size < 3:
        return None
    wrong = ~close(got, want) if kind(got) != "bool" else got != want
    if want.ndim >= 2 and 1 < max(want.shape[-2:]) < 2 * min(want.shape[-2:]):
        above = np.triu(np.ones(want.shape[-2:], bool), 1)
        if wrong[..., above].any() and not wrong[..., ~above].any():
            return "Only entries above the diagonal are wrong."
        below = np.tril(np.ones(want.shape[-2:], bool), -1)
        if wrong[..., below].any() and not wrong[..., ~below].any():
            return "Only entries below the diagonal are wrong."
        diagonal = ~above & ~below
        if wrong[..., diagonal].any() and not wrong[..., ~diagonal].any():
            return "Only the entries on the diagonal are wrong."
    for axis in range(want.ndim):
        others = tuple(each for each in range(want.ndim) if each != axis)
        lines = np.flatnonzero(wrong.any(axis=others))
        size = want.shape[axis]
        if size < 3:
            continue
        name = "row" if want.ndim >= 2 and axis == want.ndim - 2 else "column"
        name = name if want.ndim >= 2 and axis >= want.ndim - 2 else f"entry along axis {axis}"
        if len(lines) == 1:
            at = {0: "the first", size - 1: "the last"}.get(lines[0])
            return f"Only {at} {name} is wrong." if at else f"Only {name} {lines[0]} is wrong."
        if size > 3 and len(lines) == size - 1 and lines[0] == 1:
            return f"Only the first {name} is right."
    return None


ENTRY_BY_ENTRY = (
    _precision, _dtype, _not_a_number, _finite_for_infinite, _exchanged_truth, _wrapped, _negated,
    _all_zero, _factor, _offset, _function_of,
)  # fmt: skip
RELATIONS = (
    _precision, _dtype, _not_a_number, _finite_for_infinite, _exchanged_truth, _wrapped,
    _transposed, _reshaped, _one_of_many, _summed, _summing_is_left, _negated, _flipped, _shifted,
    _all_zero, _unfilled, _repeated, _factor, _offset, _function_of, _running, _normalized,
    _rows_scaled, _zeros_left, _reordered, _in_part,
)  # fmt: skip
VARYING = {
    _reshaped: " The other results are of the wrong shape in the same way.",
    _factor: " On other inputs it is another factor.",
    _offset: " On other inputs it is another amount.",
}

"""Two values beside each other: are they equal, in what do they differ, and how to show them.

Values are equal if their kind (number, array, tensor, list, text, ...), shape, dtype and entries
are. Nothing is broadcast and nothing is converted on the quiet. Tensors of any engine count as
arrays with a gradient: their methods tell them, not their class.
"""

import numpy as np

TOLERANCE = 1e-5  # of floats, relative and absolute
SMALL = 64  # arrays up to this many entries are shown whole
TINY = 12  # where the shape is wrong, larger ones are not shown at all
KINDS = {"f": "float", "i": "integer", "u": "integer", "b": "bool", "c": "complex"}


class Raised:
    """What a call that must fail was answered with: the error's name takes a result's part."""

    def __init__(self, error):
        self.error, self.name = error, error.__name__

    def __repr__(self):
        return f"raises {self.name}"


def equal(got, want, tolerance=TOLERANCE, dtype="exact"):
    return difference(got, want, tolerance, dtype) is None


def difference(got, want, tolerance=TOLERANCE, dtype="exact"):
    """One sentence on the first way in which `got` is not `want`, or None.

    dtype   "exact": integers are no floats, float64 is no float32. "values": whole numbers may
            be written as floats, and the precision of floats does not matter
    """
    if got is None and want is not None:
        return "It is None. Is a `return` missing?"
    if got is ... and want is not ...:
        return "It is `...`: the placeholder is still there."
    if isinstance(want, Raised) or isinstance(got, Raised):
        return _outcome_difference(got, want)
    if isinstance(want, list | tuple):
        return _items_difference(got, want, tolerance, dtype)
    if isinstance(want, dict) and isinstance(got, dict):
        return _entries_difference(got, want, tolerance, dtype)
    if is_numeric(want):
        return _array_difference(got, want, tolerance, dtype)
    if type(got) is not type(want):
        return f"It is {described(got)}; expected {described(want)}."
    try:
        return None if bool(got == want) else f"It is {got!r}; expected {want!r}."
    except Exception:  # objects that cannot be compared
        return None if got is want else f"It is {got!r}; expected {want!r}."


def leaves(got, want):
    """Pairs of the values inside `got` and `want`, as deep as their lists and tuples agree."""
    sequences = isinstance(got, list | tuple) and isinstance(want, list | tuple)
    if sequences and len(got) == len(want):
        for one, other in zip(got, want, strict=True):
            yield from leaves(one, other)
    else:
        yield got, want


def plain(value):
    """A tensor as a NumPy array, anything else as it is."""
    return np.asarray(value.detach().numpy()) if is_tensor(value) else value


def is_tensor(value):
    return hasattr(value, "detach") and hasattr(value, "numpy")


def is_numeric(value):
    """Whether it is a number, or an array or tensor of anything."""
    return is_tensor(value) or isinstance(
        value, np.ndarray | np.generic | bool | int | float | complex
    )


def _outcome_difference(got, want):
    if isinstance(got, Raised) and isinstance(want, Raised):
        names = got.name, want.name
        return None if names[0] == names[1] else f"It raised {names[0]}; expected {names[1]}."
    if isinstance(got, Raised):
        return f"It raised {got.name}; expected {described(want)}."
    return f"Nothing was raised; expected {want.name}."


def _items_difference(got, want, tolerance, dtype):
    if not isinstance(got, list | tuple):
        return f"It is {described(got)}; expected {described(want)}."
    if len(got) != len(want):
        return f"It has {len(got)} {_items(got)}; expected {len(want)}."
    for index, (one, other) in enumerate(zip(got, want, strict=True)):
        problem = difference(one, other, tolerance, dtype)
        if problem is not None:
            deeper = problem.startswith("Item ") or len(want) == 1
            return problem if deeper else f"Item {index} differs. {problem}"
    return None


def _entries_difference(got, want, tolerance, dtype):
    if set(got) != set(want):
        return f"Its keys are {sorted(map(str, got))}; expected {sorted(map(str, want))}."
    for key in want:
        problem = difference(got[key], want[key], tolerance, dtype)
        if problem is not None:
            return f"The entry {key!r} differs. {problem}"
    return None


def _array_difference(got, want, tolerance, dtype):
    if not is_numeric(got) or is_tensor(got) != is_tensor(want):
        return f"It is {described(got)}; expected {described(want)}."
    one, other = np.asarray(plain(got)), np.asarray(plain(want))
    if one.shape != other.shape:
        return f"Its shape is {one.shape}; expected {other.shape}."
    if dtype == "exact":
        problem = _dtype_difference(got, want)
        if problem is not None:
            return problem
    elif "bool" in {kind(one), kind(other)} and kind(one) != kind(other):
        return f"Its entries are of kind {kind(one)}; expected {kind(other)}."
    return _values_difference(one, other, tolerance)


def _dtype_difference(got, want):
    """A sentence on the dtype, or None. A Python int may take the part of a float: 3 is 3.0."""
    lone_integer = isinstance(got, int) and not isinstance(got, bool)
    one, other = np.asarray(plain(got)), np.asarray(plain(want))
    if kind(one) != kind(other) and not (lone_integer and kind(other) == "float"):
        return (
            f"Its numbers are of kind {kind(one)} ({one.dtype}); "
            f"expected {kind(other)} ({other.dtype})."
        )
    has_width = one.ndim > 0 or is_tensor(want)
    if kind(other) == "float" and has_width and one.dtype != other.dtype and not lone_integer:
        return f"Its dtype is {one.dtype}; expected {other.dtype}."
    return None


def kind(array):
    return KINDS.get(array.dtype.kind, str(array.dtype))


def _values_difference(got, want, tolerance):
    if "object" in (kind(got), kind(want)):
        return f"Its entries are of kind {kind(got)}; expected {kind(want)}."
    if kind(got) in KINDS.values() and kind(want) in KINDS.values():
        invalid = np.isnan(got) & ~np.isnan(want)
        if invalid.any():
            return f"It contains NaN (not a number){_where(invalid)}."
        differs = ~close(got, want, tolerance)
    else:
        differs = got != want
    if not differs.any():
        return None
    first = tuple(np.argwhere(differs)[0])
    here = "it is {}; expected {}.".format(*_numbers(got[first], want[first]))
    if got.size == 1:
        return here[0].upper() + here[1:]
    return f"{differs.sum()} of {differs.size} entries differ{_where(differs)}: {here}"


def close(got, want, tolerance=TOLERANCE):
    """Entry by entry, whether two arrays of one shape are equal to within the tolerance."""
    with np.errstate(all="ignore"):
        return np.isclose(got, want, rtol=tolerance, atol=tolerance, equal_nan=True)


def _where(mask):
    """The first True of a mask: `, first at index [0, 2]`; nothing for a single value."""
    if not mask.ndim:
        return ""
    return f", first at index [{', '.join(map(str, np.argwhere(mask)[0]))}]"


def _numbers(got, want):
    """Two numbers as text, with as many digits as it takes to tell them apart."""
    if not isinstance(got, np.floating) or not isinstance(want, np.floating):
        return str(got), str(want)
    for digits in range(6, 18):
        texts = f"{got:.{digits}g}", f"{want + 0:.{digits}g}"  # + 0: no -0
        if texts[0] != texts[1]:
            break
    return texts


def described(value):
    """A value's kind in a few words: `a float array of shape (2, 3)`."""
    if is_numeric(value) and not isinstance(value, bool | int | float | complex):
        noun = "tensor" if is_tensor(value) else "array"
        array = np.asarray(plain(value))
        return f"{_article(kind(array))} {noun} of shape {array.shape}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)} {_items(value)}"
    if value is None:
        return "None"
    if isinstance(value, Raised):
        return value.name
    return _article(type(value).__name__)


def _items(value):
    return "item" if len(value) == 1 else "items"


def _article(noun):
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def shown(value, most=np.inf):
    """A value as the learner sees it; only its kind if it has more than `most` entries."""
    array = plain(value)
    if isinstance(array, np.ndarray):
        if array.size > most:
            return described(value)
        with np.printoptions(linewidth=75):
            entries = np.array2string(
                array, precision=4, suppress_small=True, threshold=SMALL, edgeitems=3
            )
        return f"{described(value)}\n{entries}"
    items = value if isinstance(value, list | tuple) else ()
    if any(isinstance(plain(item), np.ndarray) for item in items):
        return "\n".join(f"item {n}: {shown(item, most)}" for n, item in enumerate(items))
    text = repr(value)
    return text if len(text) <= 500 else text[:500] + " ..."


def shapes(value):
    """The shape of an array or tensor; of a list or tuple those of its items; else ()."""
    value = plain(value)
    if isinstance(value, list | tuple):
        return [shapes(item) for item in value]
    return getattr(value, "shape", ())

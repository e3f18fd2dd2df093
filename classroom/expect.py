"""`expect`: what a check says of an answer. The first expectation that fails ends the check with a sentence.

Two values are equal if their kind (number, array, list, text, ...), shape, dtype kind and entries are.
Nothing is broadcast and nothing is converted on the quiet. Tensors of any engine count as arrays.
"""

from contextlib import contextmanager

import numpy as np

SMALL = 64  # arrays up to this many entries are shown whole
TINY = 12  # where the shape is wrong, larger ones are not shown at all
DTYPE_KINDS = {
    "f": "float", "i": "integer", "u": "integer", "b": "bool", "c": "complex", "U": "text", "O": "object"}


class NotYet(Exception):
    """The answer is not right yet. Holds the sentences for the learner, and (label, text) blocks to show."""

    def __init__(self, *sentences, blocks=()):
        super().__init__(*sentences)
        self.sentences = [sentence for sentence in sentences if sentence]
        self.blocks = list(blocks)


class Expect:
    """Handed to every check function. Collects notes, and counts what was expected of the answer."""

    def __init__(self):
        self.notes = []
        self.count = 0

    def equal(self, got, want, says="", mistakes=(), tolerance=1e-5):
        """`got` must equal `want`; floats to within `tolerance`, relative and absolute.

        `mistakes` holds (value, sentence) pairs: a `got` equal to such a value is answered with its sentence.
        """
        self.count += 1
        problem = difference(got, want, tolerance)
        if problem is None:
            return
        for value, sentence in mistakes:
            if difference(got, value, tolerance) is None:
                says = sentence
                break
        most = np.inf if shapes(got) == shapes(want) else TINY
        raise NotYet(says, problem, blocks=[("expected", shown(want, most)), ("got", shown(got, most))])

    def that(self, condition, says):
        """`condition` must be true."""
        self.count += 1
        if not condition:
            raise NotYet(says)

    def raises(self, error, call, says):
        """`call()` must raise `error`."""
        self.count += 1
        try:
            result = call()
        except error:
            return
        except NotYet:
            raise
        except Exception as other:
            raised = f"{type(other).__name__} ({other})"
            raise NotYet(says, f"It raised {raised}; expected {error.__name__}.") from other
        raise NotYet(says, f"Nothing was raised; expected {error.__name__}.", blocks=[("got", shown(result))])

    @contextmanager
    def advice(self, sentences):
        """An error raised in this block is shown with advice: the sentence whose key stands in its message.

        `sentences` is a dictionary. What is searched is the last line of a traceback, such as
        `IndexError: tuple index out of range`.
        """
        try:
            yield
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            for fragment, sentence in sentences.items():
                if fragment in message:
                    error.add_note(sentence)
            raise

    def note(self, sentence):
        """Shown beside the verdict, though the answer is right: it names another valid convention, say."""
        self.notes.append(sentence)


def difference(got, want, tolerance=1e-5):
    """One sentence on the first way in which `got` is not `want`, or None."""
    got, want = plain(got), plain(want)
    if got is None and want is not None:
        return "It is None. Is a `return` missing?"
    if got is ... and want is not ...:
        return "It is `...`: the placeholder is still there."
    if isinstance(want, list | tuple):
        return _sequence_difference(got, want, tolerance)
    if _numeric(want):
        return _array_difference(got, want, tolerance)
    if type(got) is not type(want):
        return f"It is {described(got)}; expected {described(want)}."
    return None if got == want else f"It is {got!r}; expected {want!r}."


def plain(value):
    """A tensor as a NumPy array, anything else as it is. Its methods tell a tensor, not its engine."""
    if hasattr(value, "detach") and hasattr(value, "numpy"):
        return np.asarray(value.detach().numpy())
    return value


def _numeric(value):
    return isinstance(value, np.ndarray | np.generic | bool | int | float | complex)


def _sequence_difference(got, want, tolerance):
    if not isinstance(got, list | tuple):
        return f"It is {described(got)}; expected {described(want)}."
    if len(got) != len(want):
        return f"It has {len(got)} items; expected {len(want)}."
    for index, (one, other) in enumerate(zip(got, want)):
        problem = difference(one, other, tolerance)
        if problem is not None:
            return f"Item {index} differs. {problem}"
    return None


def _array_difference(got, want, tolerance):
    if not _numeric(got):
        return f"It is {described(got)}; expected {described(want)}."
    lone_integer = isinstance(got, int) and not isinstance(got, bool)  # stands for a float: 3 is 3.0
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        return f"Its shape is {got.shape}; expected {want.shape}."
    kind, wanted_kind = DTYPE_KINDS.get(got.dtype.kind), DTYPE_KINDS.get(want.dtype.kind)
    if kind != wanted_kind and not (lone_integer and wanted_kind == "float"):
        return f"Its numbers are of kind {kind} ({got.dtype}); expected {wanted_kind} ({want.dtype})."
    if wanted_kind in ("float", "complex"):
        invalid = np.isnan(got) & ~np.isnan(want)
        if invalid.any():
            return f"It holds NaN (not a number){_place(invalid)}."
        differs = ~np.isclose(got, want, rtol=tolerance, atol=tolerance, equal_nan=True)
    else:
        differs = got != want
    if not differs.any():
        return None
    first = tuple(np.argwhere(differs)[0])
    here = f"it is {_number(got[first])}; expected {_number(want[first])}."
    if got.ndim == 0:
        return here[0].upper() + here[1:]
    return f"{differs.sum()} of {differs.size} entries differ{_place(differs)}: {here}"


def _place(mask):
    """Where the first True of a mask stands: `, first at index [0, 2]`; nothing for a single value."""
    return f", first at index [{', '.join(map(str, np.argwhere(mask)[0]))}]" if mask.ndim else ""


def _number(value):
    return f"{value:.6g}" if isinstance(value, np.floating) else str(value)


def described(value):
    """A value's kind in a few words: `a float array of shape (2, 3)`."""
    value = plain(value)
    if isinstance(value, np.ndarray):
        kind = DTYPE_KINDS.get(value.dtype.kind, str(value.dtype))
        return f"{_article(kind)} array of shape {value.shape}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)} items"
    if value is None:
        return "None"
    return _article(type(value).__name__)


def _article(noun):
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def shown(value, most=np.inf):
    """A value as the learner sees it: its kind, and its entries if they are few; none of more than `most`."""
    value = plain(value)
    if isinstance(value, np.ndarray):
        if value.size > most:
            return described(value)
        entries = np.array2string(value, precision=4, suppress_small=True, threshold=SMALL, edgeitems=3)
        return f"{described(value)}\n{entries}"
    if isinstance(value, list | tuple) and any(isinstance(plain(item), np.ndarray) for item in value):
        return "\n".join(f"item {index}: {shown(item, most)}" for index, item in enumerate(value))
    text = repr(value)
    return text if len(text) <= 500 else text[:500] + " ..."


def shapes(value):
    """The shape of an array or tensor; of a list or tuple those of its items; of anything else ()."""
    value = plain(value)
    if isinstance(value, list | tuple):
        return [shapes(item) for item in value]
    return getattr(value, "shape", ())

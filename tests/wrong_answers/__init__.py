"""Named mistakes that the checks must catch, one module a chapter.

    @wrong("causal_mask", says="diagonal is missing", seen="a well-known tutorial")
    def diagonal_missing(query_len, key_len): ...

    @accepted("apply_rope", says="split halves")
    def split_halves(x, cos, sin): ...

`says` is a piece of the sentence that the learner must read; `seen` tells where the mistake was published.
"""

import sys
from dataclasses import dataclass

from classroom import catalogue

_registered = []


@dataclass
class Candidate:
    """An answer to an exercise whose verdict is known beforehand."""

    exercise: str
    answer: object  # a function or a class
    says: str
    is_right: bool
    seen: str
    module: str  # where it is written

    @property
    def name(self):
        return self.answer.__name__


def wrong(exercise, says, seen=""):
    """Register a wrong answer; its verdict must contain `says`."""
    return _register(exercise, says, is_right=False, seen=seen)


def accepted(exercise, says=""):
    """Register a right answer that the course would not give; `says` must stand in a note, if it is given."""
    return _register(exercise, says, is_right=True)


def _register(exercise, says, is_right, seen=""):
    module = sys._getframe(2).f_globals["__name__"]

    def register(answer):
        _registered.append(Candidate(exercise, answer, says, is_right, seen, module))
        return answer
    return register


def registered_by(path):
    """The candidates in the file at this path."""
    module = catalogue.loaded(path).__name__
    return [each for each in _registered if each.module == module]

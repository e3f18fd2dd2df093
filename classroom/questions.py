"""What a lesson's quiz.py is written with, and how an answer to a question is judged.

    @question(
        right=(2, 6),
        because="It has a row for each token that asks and a column for each that may answer.",
        wrong={(6, 6): "That is the mask of a whole text, but here only the new tokens ask."},
        otherwise="How many tokens ask, and how many may answer?",
    )
    def mask_of_new_tokens():
        '''Four tokens are cached and two are new. What shape is the causal mask?'''
        return causal_mask(2, 6).shape

The docstring is the question. The body finds the right answer with the course's own code, and only
a test runs it; it may be missing where there is nothing to compute. With `options={"a": ...}` the
answer is a letter, with `code="..."` the number of the line that is wrong.
"""

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real

from classroom.feedback import NOT_WRITTEN, NOT_YET, RIGHT

ROUNDING = 1e-6  # a float32, say
LARGEST = 1e15  # what is not smaller is no number that anybody means, nor is inf or nan


class Unreadable(Exception):
    """An answer of a kind that the question does not take. Has the sentence for the learner."""


@dataclass(frozen=True, eq=False)
class Question:
    """A question of a quiz, its right answer, and a sentence for each wrong one."""

    find: Callable
    right: object
    because: str
    wrong: Mapping = field(default_factory=dict)
    otherwise: str = ""  # for a wrong answer that is not among these
    options: Mapping = field(default_factory=dict)  # letter -> text
    code: str = ""
    within: float = 0.0  # how far off a number may be

    @property
    def name(self):
        return self.find.__name__

    @property
    def text(self):
        return " ".join(inspect.getdoc(self.find).split())

    @property
    def lines(self):
        return inspect.cleandoc(self.code).splitlines()

    @property
    def takes(self):
        """What an answer may be, for the comment in the cell and for whoever typed another."""
        if self.options:
            *letters, last = self.options
            return f"{', '.join(letters)} or {last}"
        if self.code:
            return f"the number of a line, 1 to {len(self.lines)}"
        return "a shape, such as (8, 3)" if isinstance(self.right, tuple) else "a number"

    def judge(self, answer):
        """(state, sentence) of anything that can be typed. Nothing is raised."""
        if is_missing(answer):
            return NOT_WRITTEN, ""
        try:
            value = self.read(answer)
        except Unreadable as why:
            return NOT_YET, str(why)
        if self.same(value, self.right):
            return RIGHT, self.because
        said = (sentence for each, sentence in self.wrong.items() if self.same(value, each))
        return NOT_YET, next(said, self.otherwise)

    def read(self, answer):
        """The answer as the question compares it: a letter, a line, a shape or a number."""
        value = plain(answer)
        if self.options:
            letter = value.strip(" ().'\"").lower() if isinstance(value, str) else value
            if isinstance(letter, str) and letter in self.options:
                return letter
        elif isinstance(value, str):
            value = _literal(value)
        if self.code and _is_whole(value) and 1 <= value <= len(self.lines):
            return int(value)
        if isinstance(self.right, tuple):
            sizes = value if isinstance(value, list | tuple) else (value,)
            if sizes and all(map(_is_whole, sizes)):
                return tuple(map(int, sizes))
        elif not self.options and not self.code and _is_number(value):
            return value
        raise Unreadable(f"`{self.name}` takes {self.takes}; this is {_named(value)}.")

    def same(self, value, other):
        if isinstance(other, str | tuple):
            return value == other
        return abs(value - other) <= self.within + ROUNDING


def question(*, right, because, wrong=None, otherwise="", options=None, code="", within=0.0):
    """Make a function a question; its docstring is what is asked.

    right       the right answer: a letter, a line's number, a shape (a tuple) or a number
    because     why it is right, one sentence
    wrong       {answer: one sentence that addresses the misconception}; with options or code,
                every other option or line
    otherwise   for numbers and shapes: the sentence on any other one
    options     {"a": text, ...}, to choose from
    code        lines of code, one of them wrong
    within      how far off a number may be
    """
    wrong, options = wrong or {}, options or {}

    def made(find):
        asked = Question(find, right, because, wrong, otherwise, options, code, within)
        choices = set(options) or set(range(1, len(asked.lines) + 1))
        if choices and choices != {right, *wrong}:
            raise ValueError(f"{asked.name}: each of {sorted(choices)} is right or has a sentence")
        if bool(choices) == bool(otherwise):
            raise ValueError(
                f"{asked.name}: `otherwise` is for numbers and shapes, and needed there"
            )
        if any(asked.same(each, right) for each in wrong):
            raise ValueError(f"{asked.name}: the right answer is among the wrong ones")
        return asked

    return made


def line_to_mend(code, old, new, given, is_right):
    """The number of the line in which `new` has to replace `old`; None unless that mends the code.

    given      the names that the code uses
    is_right   of the names after it has run: whether the result is right
    """
    ways = code, code.replace(old, new)
    names = [dict(given), dict(given)]
    for way, its in zip(ways, names):
        exec(way, its)
    if [bool(is_right(its)) for its in names] != [False, True]:
        return None
    before, after = (inspect.cleandoc(way).splitlines() for way in ways)
    return 1 + next(number for number, line in enumerate(before) if line != after[number])


def is_missing(answer):
    return answer is ... or answer is None or isinstance(answer, str) and answer.strip(". ") == ""


def plain(answer):
    """What NumPy or the engine wraps, as plain Python; anything else as it is."""
    try:
        return answer.tolist() if getattr(answer, "ndim", 2) < 2 else answer
    except Exception:
        return answer


def _literal(text):
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, bool) and abs(value) < LARGEST


def _is_whole(value):
    return _is_number(value) and (isinstance(value, Integral) or float(value).is_integer())


def _named(value):
    """What was typed, in a few words."""
    if isinstance(value, str):
        return f'the text "{value[:20]}"'
    if isinstance(value, Real):
        return f"{value:.6g}" if abs(value) < LARGEST else "too large, or no number"
    return f"of the kind {type(value).__name__}"

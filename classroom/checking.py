"""What the checks and the mistakes of a lesson are written with.

    about("double", stars=1, minutes=2, hints=("What is twice as much?", "The shape stays."))

    @check("double")
    def every_entry_is_doubled(answer):
        '''Every entry is doubled.'''
        return answer(np.array([1.0, 2.0, 3.0])), answer(np.zeros((2, 0)))

    @mistake("double", "These are squares: multiply by two, not by itself.")
    def squared(x):
        return x * x

A check looks at an answer and returns what it saw. It is run on the learner's answer and on the
course's; if they differ, it is run on each mistake of the exercise, and the one that gives the
learner's result, alone, supplies the sentence. So what proves a check is also what explains it.

Some demands need no comparison: that a gradient flows, that bad input is refused. A check makes
them with `require` and `refuses`, which say what is wrong themselves.
"""

import inspect
from dataclasses import dataclass

from classroom.comparing import TOLERANCE, Raised, described


class NotYet(Exception):
    """The answer is not right yet. Has the sentences for the learner, and (label, text) blocks."""

    def __init__(self, *sentences, blocks=()):
        super().__init__(*sentences)
        self.sentences = [sentence for sentence in sentences if sentence]
        self.blocks = list(blocks)


@dataclass(frozen=True, eq=False)
class Check:
    """One thing an answer must satisfy: `look(answer)` returns what was seen of it."""

    exercise: str
    look: object
    tolerance: float
    dtype: str

    @property
    def name(self):
        return self.look.__name__

    @property
    def claim(self):
        """The check's docstring, on one line."""
        return " ".join((inspect.getdoc(self.look) or "").split())


@dataclass(frozen=True, eq=False)
class Known:
    """An answer that people give: a mistake with its sentence, or right in another way."""

    exercise: str
    answer: object  # a function or a class
    sentence: str  # "" for a right answer that needs no word, or where a check has the sentence
    is_right: bool
    seen: str = ""  # where the mistake was published
    shown_by: str = ""  # the name of the check that says what is wrong
    only_with: tuple = ()  # (exercise, convention): right beside an answer that follows this, ...
    otherwise: str = ""  # ... and a mistake with this sentence beside any other

    def __call__(self, *inputs, **options):
        return self.answer(*inputs, **options)

    @property
    def name(self):
        return self.answer.__name__


def about(exercise, *, stars, minutes, hints, seconds=10, blank=(), may_change=()):
    """What an exercise is like. Read from the file's text, so every value is written out.

    stars        difficulty: 1 needs one line, 3 needs thought
    minutes      the time it takes most people
    hints        two or three sentences: an idea, a shape, nearly the line
    seconds      the time its checks may take; after that an endless loop is assumed
    blank        for a class: the methods that the learner writes, e.g. ("Embedding.forward",)
    may_change   the arguments that an answer may change in place
    """


def check(exercise, *, tolerance=TOLERANCE, dtype="exact"):
    """Make a function the check of an exercise.

    tolerance   of floats, relative and absolute
    dtype       "exact", or "values" where only the values matter: see comparing.difference
    """
    return lambda look: Check(exercise, look, tolerance, dtype)


def mistake(exercise, sentence="", *, seen="", shown_by=""):
    """Make a function or a class a known mistake.

    sentence   what is said to everyone whose results are those of the mistake
    seen       where it was published
    shown_by   instead of a sentence: the check whose own demand the mistake fails
    """
    if bool(sentence) == bool(shown_by):
        raise ValueError("a mistake has either a sentence or the name of the check that shows it")
    return lambda answer: Known(exercise, answer, sentence, False, seen, shown_by)


def accepted(exercise, sentence="", *, only_with=(), otherwise=""):
    """Make a function or a class a right answer that the course would not give.

    sentence    for another convention, with other results: what it is. An answer that follows it
                on every check is right, and its author reads the sentence
    only_with   (exercise, name): right only if the learner's answer to that exercise follows the
                convention of that name; otherwise it is a mistake, with the sentence `otherwise`
    """
    if bool(only_with) != bool(otherwise):
        raise ValueError("only_with needs the sentence that is true otherwise")
    return lambda answer: Known(exercise, answer, sentence, True, "", "", only_with, otherwise)


def require(condition, sentence):
    """The condition must be true; otherwise the learner reads the sentence."""
    if not condition:
        raise NotYet(sentence)


def refuses(error, call, sentence):
    """`call()` must raise `error`; otherwise the learner reads the sentence, and what happened."""
    result = outcome(call)
    if isinstance(result, Raised):
        if issubclass(result.error, error):
            return
        raise NotYet(sentence, f"It raised {result.name}; expected {error.__name__}.")
    got = f"Nothing was raised, and it returned {described(result)}; expected {error.__name__}."
    raise NotYet(sentence, got)


def outcome(call):
    """What `call()` returns, or Raised with the kind of its error: for checks that compare both."""
    try:
        return call()
    except NotYet:
        raise
    except Exception as error:
        return Raised(type(error))

"""What a check sees of an answer, and whether two answers look the same to it."""

from contextlib import contextmanager
from dataclasses import dataclass

from classroom.checking import NotYet
from classroom.comparing import equal
from classroom.trial import Beginning, call_within, output_to, seeded

SECONDS = 2  # of work, for one check of an answer that is not the learner's


@dataclass
class Seen:
    """What a check saw of an answer: the value it returned, or the error that stopped it."""

    value: object = None
    error: BaseException | None = None

    def matches(self, other, check, dtype=None):
        """Whether two answers look the same to a check; two that fail must fail in the same words.

        dtype   in place of the check's own: see comparing.difference
        """
        if self.error is None and other.error is None:
            return equal(self.value, other.value, check.tolerance, dtype or check.dtype)
        if self.error is None or other.error is None or isinstance(self.error, NotYet):
            return False
        return type(self.error) is type(other.error) and str(self.error) == str(other.error)


def look(check, answer, seconds=None):
    """What `check` sees of an answer that is not the learner's: the course's, a mistake, ..."""
    try:
        with seeded(), output_to(Beginning()), named_as_asked(answer, check.exercise):
            seen = call_within(seconds or SECONDS, lambda: check.look(answer), of_work=True)
            return Seen(seen)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Seen(error=error)


@contextmanager
def named_as_asked(answer, name):
    """Within the block, a class is named as the exercise asks: its name is in results and errors,
    such as "'Value' object is not iterable", and must not tell two equal answers apart.
    """
    written = getattr(answer, "answer", answer)  # of a Known
    if not isinstance(written, type):
        yield
        return
    name_before, written.__name__ = written.__name__, name
    try:
        yield
    finally:
        written.__name__ = name_before

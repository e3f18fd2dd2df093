"""What a check sees of an answer, and whether two answers look the same to it."""

import re
from dataclasses import dataclass

from classroom.checking import NotYet
from classroom.comparing import equal
from classroom.trial import Beginning, call_within, output_to, seeded

SECONDS = 2  # for one check of an answer that is not the learner's


@dataclass
class Seen:
    """What a check saw of an answer: the value it returned, or the error that stopped it."""

    value: object = None
    error: BaseException | None = None

    def matches(self, other, check, dtype=None, words=str):
        """Whether two answers look the same to a check.

        dtype   in place of the check's own: see comparing.difference
        words   two that fail must fail with the same kind of error, and in the same words
        """
        if self.error is None and other.error is None:
            return equal(self.value, other.value, check.tolerance, dtype or check.dtype)
        if self.error is None or other.error is None or isinstance(self.error, NotYet):
            return False
        return type(self.error) is type(other.error) and words(self.error) == words(other.error)


def without_details(error):
    """An error's message without numbers and names, which differ from one writer to the next."""
    return re.sub(r"'[^']*'|\([\d, ]*\)|[\d.]+", "", str(error))


def look(check, answer, seconds=None):
    """What `check` sees of an answer that is not the learner's: the course's, a mistake, ..."""
    try:
        with seeded(), output_to(Beginning()):
            return Seen(call_within(seconds or SECONDS, lambda: check.look(answer)))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Seen(error=error)

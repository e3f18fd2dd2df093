"""The judge: what is found of a learner's answer.

An answer meets one check after the other. What a check sees of it is compared with what it sees of
the course's answer, or of another convention that is right as well. When they differ, explaining.py
looks for the mistake.

All of it runs on the course's own functions, whatever else the learner has written: so a verdict
does not depend on the exercises before.
"""

import inspect
import sys
import time
import traceback
from contextlib import nullcontext

from classroom import source
from classroom.checking import NotYet
from classroom.comparing import SMALL, TINY, described, difference, equal, shapes, shown
from classroom.explaining import AGAIN, explained, named
from classroom.feedback import NOT_WRITTEN, NOT_YET, RIGHT, Verdict
from classroom.forms import problem_of_form, problem_of_signature, shadowed_names
from classroom.looking import Seen, look, named_as_asked
from classroom.trial import Beginning, OutOfTime, Watch, bound, call_within, output_to, seeded

CALLED_AGAIN = "called_again"  # the name under which a mistake says that only this shows it


class CourseFault(Exception):
    """A check does not work with the course's own answer."""


def as_it_is(*namespaces):
    """The block within which nothing is replaced: for where no learner's answers are in use."""
    return nullcontext()


def judge(entry, answer, courses_own=as_it_is, following=(), explain=True):
    """The Verdict on `answer`, a function or class, as an answer to an exercise.

    entry         the exercise, as the catalogue knows it
    courses_own   called with the namespaces of the answer: within the block that it returns, all
                  other exercises are the course's own
    following     (exercise, convention) pairs: the conventions of the learner's other answers
    explain       False: only the state matters, so no mistake is looked for
    """
    problem = problem_of_form(entry, answer)
    if problem is None and all(map(source.is_unwritten, parts(entry, answer))):
        return Verdict(
            entry.name, NOT_WRITTEN, ["Put your code in place of `...` and run the cell."]
        )
    problem = problem or problem_of_signature(entry, parts(entry, answer))
    if problem is not None:
        return Verdict(entry.name, NOT_YET, [problem])
    namespaces = [inspect.unwrap(part).__globals__ for part in parts(entry, answer)]
    with courses_own(*namespaces):
        verdict = _Trial(entry, answer, following, explain).verdict()
        if verdict.state == NOT_YET:
            usual = vars(sys.modules[entry.reference.__module__])
            verdict.sentences[:0] = shadowed_names(parts(entry, answer), usual)
    return verdict


def parts(entry, answer):
    """What the learner writes: the function itself, or the blank methods of the class."""
    return (
        [getattr(answer, tree.name) for tree in entry.blank_trees] if entry.is_class else [answer]
    )


class _Trial:
    """One answer before its checks."""

    def __init__(self, entry, answer, following, explain):
        self.entry, self.answer, self.explain = entry, answer, explain
        self.checks = entry.checks
        self.watch = Watch(entry.may_change)
        self.seconds_left = entry.seconds
        self.notices = sys.stderr
        self.seen = {}  # check -> what it saw of the answer
        self.conventions = [
            each for each in entry.conventions if not each.only_with or each.only_with in following
        ]
        self.right = [entry.reference, *(each.answer for each in self.conventions)]
        self.found = Verdict(entry.name, NOT_YET)

    def verdict(self):
        found, printed = self.found, Beginning()
        try:
            with output_to(printed):
                for check in self.checks:
                    found.checking, found.check = check.claim, check.name
                    self._pass(check)
                    found.checked.append(check.claim)
                found.check = CALLED_AGAIN
                self._call_again()
            found.state = RIGHT
            self._name_the_convention()
        except NotYet as failure:
            found.sentences, found.blocks = failure.sentences, failure.blocks
        if printed.text():
            found.blocks.append(("printed while it was checked", printed.text()))
        return found

    def _pass(self, check):
        """Return if the answer satisfies the check; otherwise raise NotYet."""
        self.found.by_demand = True  # unless it turns out to be a comparison
        seen = self.seen[check] = self._look(check)
        self.found.by_demand = False
        still_right = [each for each in self.right if seen.matches(self.wanted(check, each), check)]
        if still_right:
            self.right = still_right
        elif not self.explain:
            raise NotYet
        elif seen.error is not None:
            says = [] if isinstance(seen.error, OutOfTime) else named(self, check)
            raise NotYet(*says, *self._explained(seen.error)) from seen.error
        else:
            self._explain(check, seen.value, self.wanted(check, self.right[0]).value)

    def wanted(self, check, right):
        """What the check sees of a right answer; an error in it is the course's fault."""
        wanted = look(check, right, self.entry.seconds)
        if wanted.error is not None:
            raise CourseFault(f"{check.name}: {wanted.error!r}") from wanted.error
        return wanted

    def _explain(self, check, value, wanted):
        got, want, inputs = self._first_difference(value, wanted, check)
        says = explained(self, check, wanted)
        problem = difference(got, want, check.tolerance, check.dtype)
        most = SMALL * SMALL if shapes(got) == shapes(want) else TINY
        blocks = [("expected", shown(want, most)), ("got", shown(got, most))]
        if inputs:
            blocks.insert(0, ("called with", _inputs_shown(inputs)))
        raise NotYet(*says, problem, blocks=blocks)

    def _look(self, check):
        """What the check sees of the learner's answer, within the time left for all checks."""
        self.watch.calls.clear()
        before = time.monotonic()
        namespaces = [inspect.unwrap(part).__globals__ for part in parts(self.entry, self.answer)]
        try:
            with (
                bound(self.answer.__name__, self.answer, namespaces),
                self.watch.over(self.answer, self.entry.blank) as watched,
                named_as_asked(self.answer, self.entry.name),
                seeded(),
            ):
                return Seen(
                    call_within(self.seconds_left, lambda: check.look(watched), self.notices)
                )
        except (NotYet, KeyboardInterrupt):
            raise
        except BaseException as error:
            return Seen(error=error)
        finally:
            self.seconds_left = max(0.1, self.seconds_left - (time.monotonic() - before))

    def _call_again(self):
        """Every check once more: a right answer gives the same results again."""
        for check in self.checks:
            if not self.gives_the_same_again(check):
                raise NotYet(AGAIN)

    def gives_the_same_again(self, check):
        return self.seen_anew(check).matches(self.seen[check], check)

    def is_right_for(self, check):
        return self.seen_by(check).matches(self.wanted(check, self.right[0]), check)

    def seen_by(self, check):
        """What a check sees of the answer; looked at once."""
        if check not in self.seen:
            self.seen[check] = self.seen_anew(check)
        return self.seen[check]

    def seen_anew(self, check):
        self.seconds_left = self.entry.seconds
        try:
            return self._look(check)
        except NotYet as failure:
            return Seen(error=failure)

    def _first_difference(self, got, want, check):
        """(got, want, inputs): the first call whose result differs, or the whole."""
        inputs = self.watch.call_that_returned(got)
        both = isinstance(got, list | tuple) and isinstance(want, list | tuple)
        if inputs is None and both and len(got) == len(want):
            for one, other in zip(got, want, strict=True):
                if not equal(one, other, check.tolerance, check.dtype):
                    return self._first_difference(one, other, check)
        return got, want, inputs

    def _name_the_convention(self):
        """Note the convention that a right answer follows, if it is not the course's."""
        for each in self.conventions:
            if each.answer is self.right[0]:
                self.found.notes.append(each.sentence)
                self.found.convention = each.name

    # Errors

    def _explained(self, error):
        """Sentences on an error that stopped a check: where it is, and what it was."""
        if isinstance(error, OutOfTime):
            return [
                f"Your code was stopped after {self.entry.seconds} s. Does a loop in it never end, "
                "or does it do the same work again and again?"
            ]
        written = parts(self.entry, self.answer)
        files = {inspect.unwrap(part).__code__.co_filename for part in written}
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame for frame in frames if frame.filename in files]
        kinds = (each.__name__ for each in type(error).__mro__)
        kind = next(name for name in kinds if not name.startswith("_"))
        what = f"{kind}: {error}" if str(error) else kind
        if lines:
            where = f"Your code raised an error in line {lines[-1].lineno}: `{lines[-1].line}`"
            return [where, what, *(text for each, text in ADVICE if isinstance(error, each))]
        if self.watch.calls:
            result = self.watch.calls[-1][1]
            missing = ["Is a `return` missing?"] if result is None else []
            return [
                f"Your code returned {described(result)}, which cannot be used here ({what}).",
                *missing,
            ]
        return [f"It could not be used as the exercise asks ({what})."]


ADVICE = (
    (RecursionError, "A function calls itself without end."),
    (MemoryError, "It asks for more memory than this machine has."),
    (SystemExit, "An exercise must not end the program: let it return its result."),
)


def _inputs_shown(inputs):
    """The inputs of a call, one after the other; large ones by their shape."""
    return "\n".join(f"{name} = {shown(value, most=SMALL)}" for name, value in inputs.items())

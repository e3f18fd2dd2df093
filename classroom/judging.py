"""The judge: what is found of a learner's answer, and which mistake explains it.

An answer meets one check after the other. What a check sees of it is compared with what it sees of
the course's answer, or of another convention that is right as well. When they differ, the
explanation is looked for in this order: a known mistake that gives the same result, alone; what is
true of any wrong result (transposed, negated, ...); one small change of the course's answer.

All of it runs on the course's own functions, whatever else the learner has written: so a verdict
does not depend on the exercises before.
"""

import inspect
import re
import sys
import time
import traceback
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from classroom import general, source
from classroom.checking import NotYet
from classroom.comparing import (
    SMALL,
    TINY,
    described,
    difference,
    equal,
    plain,
    shapes,
    shown,
)
from classroom.feedback import NOT_WRITTEN, NOT_YET, RIGHT, Verdict
from classroom.forms import problem_of_form, problem_of_signature, shadowed_names
from classroom.mutants import mutants
from classroom.trial import Beginning, OutOfTime, Watch, bound, call_within, output_to, seeded

CALLED_AGAIN = "called_again"  # the name under which a mistake says that only this shows it
MISTAKE_SECONDS = 2  # for one check of one mistake
READABLE = 70  # characters of a change that fit into a sentence
NAMING_SECONDS = 5  # for all of them together
AGAIN = (
    "Called once more with the same input, it gives another result. Something survives the call "
    "(a default value that was changed, a global, a mark left on an object), or it draws random "
    "numbers of its own."
)


def judge(entry, answer, courses_own=nullcontext, following=(), explain=True):
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


class CourseFault(Exception):
    """A check does not work with the course's own answer."""


@dataclass
class Seen:
    """What a check saw of an answer: the value it returned, or the error that stopped it."""

    value: object = None
    error: BaseException | None = None

    def matches(self, other, check, dtype=None, words=str):
        """Whether two answers look the same to a check; two that fail must fail in the same
        words.
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
    """What `check` sees of an answer of the course's: its own, a convention, a mistake, a
    mutant.
    """
    try:
        with seeded(), output_to(Beginning()):
            return Seen(call_within(seconds or MISTAKE_SECONDS, lambda: check.look(answer)))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Seen(error=error)


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
        """Return if the answer satisfies the check; otherwise raise NotYet with all there is to
        say.
        """
        self.found.by_demand = True  # unless it turns out to be a comparison
        seen = self.seen[check] = self._look(check)
        self.found.by_demand = False
        still_right = [
            each for each in self.right if seen.matches(self._wanted(check, each), check)
        ]
        if still_right:
            self.right = still_right
        elif not self.explain:
            raise NotYet
        elif seen.error is not None:
            says = [] if isinstance(seen.error, OutOfTime) else self._named(check)
            raise NotYet(*says, *self._explained(seen.error)) from seen.error
        else:
            self._explain(check, seen.value, self._wanted(check, self.right[0]).value)

    def _wanted(self, check, right):
        """What the check sees of a right answer; an error in it is the course's fault."""
        wanted = look(check, right, self.entry.seconds)
        if wanted.error is not None:
            raise CourseFault(f"{check.name}: {wanted.error!r}") from wanted.error
        return wanted

    def _explain(self, check, value, wanted):
        got, want, inputs = self._first_difference(value, wanted, check)
        says = self._named(check) or self._related(check)
        if not says and _entries(want) > 1:  # a lone True tells too little
            says = self._mutated(check)
        problem = difference(got, want, check.tolerance, check.dtype)
        most = SMALL * SMALL if shapes(got) == shapes(want) else TINY
        blocks = [("expected", shown(want, most)), ("got", shown(got, most))]
        if inputs:
            blocks.insert(0, ("called with", _inputs_shown(inputs)))
        raise NotYet(*says, problem, blocks=blocks)

    def _look(self, check):
        """What the check sees of the learner's answer, within the time that is left for all
        checks.
        """
        self.watch.calls.clear()
        before = time.monotonic()
        namespaces = [inspect.unwrap(part).__globals__ for part in parts(self.entry, self.answer)]
        try:
            with (
                bound(self.answer.__name__, self.answer, namespaces),
                self.watch.over(self.answer, self.entry.blank) as watched,
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
            if not self._gives_the_same_again(check):
                raise NotYet(AGAIN)

    def _gives_the_same_again(self, check):
        return self._seen_anew(check).matches(self.seen[check], check)

    # What explains a difference

    def _named(self, check):
        """The sentence of the one known mistake whose results are the learner's, as a list."""
        mistakes = [(each.answer, each.sentence) for each in self.entry.mistakes if each.sentence]
        mistakes += [
            (each.answer, each.otherwise)
            for each in self.entry.conventions
            if each not in self.conventions
        ]
        for alike in ({}, {"dtype": "values"}, {"words": without_details}):
            sentence = self._sentence_alone(check, mistakes, **alike)
            if sentence:
                return [sentence]
        return [AGAIN] if self._survives() else []

    def _sentence_alone(self, check, candidates, **alike):
        """The one sentence whose answer looks like the learner's, out of (answer, sentence) pairs.

        It must look so to the check that failed, to all before it, and to those after it that the
        learner's answer satisfies (the others may show a second fault). Where several do, the other
        checks tell them apart.
        """
        until = time.monotonic() + NAMING_SECONDS

        def narrowed(each):
            return [
                (answer, sentence)
                for answer, sentence in candidates
                if time.monotonic() < until
                and self._seen(each).matches(look(each, answer), each, **alike)
            ]

        if alike:  # what is right but for its dtype explains nothing
            right = self._wanted(check, self.right[0])
            candidates = [
                (answer, sentence)
                for answer, sentence in candidates
                if not look(check, answer).matches(right, check, **alike)
            ]
        order = list(self.checks)
        at = order.index(check)
        for each in order[at::-1]:
            candidates = narrowed(each)
        for each in order[at + 1 :]:
            if candidates and self._is_right_for(each):
                candidates = narrowed(each)
            elif len({sentence for _, sentence in candidates}) > 1:
                candidates = narrowed(each) or candidates
        sentences = {sentence for _, sentence in candidates}
        return sentences.pop() if len(sentences) == 1 else None

    def _is_right_for(self, check):
        return self._seen(check).matches(self._wanted(check, self.right[0]), check)

    def _seen(self, check):
        """What a check sees of the answer; looked at once."""
        if check not in self.seen:
            self.seen[check] = self._seen_anew(check)
        return self.seen[check]

    def _survives(self):
        """Whether a check that was passed before now sees something else."""
        return any(
            not self._gives_the_same_again(check)
            for check in list(self.seen)
            if self.seen[check].error is None
        )

    def _related(self, check):
        """What is true of the result whatever the exercise, as a list of at most one sentence."""
        said = self._relation(check)
        for other in self.checks:
            if said and other is not check:
                again = self._relation(other, otherwise=said)
                if again is None or _without_shapes(again) != _without_shapes(said):
                    return []
        return [said] if said else []

    def _relation(self, check, otherwise=None):
        """The relation that a check shows; `otherwise` if it shows no wrong result of a call
        itself.
        """
        seen, wanted = self._seen_anew(check), self._wanted(check, self.right[0])
        if seen.error is not None or seen.matches(wanted, check):
            return otherwise
        calls = [(given, out) for given, out in self.watch.calls if out is not None]
        direct = _made_of(seen.value, [out for _, out in calls])
        for name in calls[0][0] if calls else ():
            if all(name in given and equal(out, given[name]) for given, out in calls):
                return f"It returns its input `{name}` as it was."
        said = general.relation(seen.value, wanted.value)
        return said if direct or otherwise is None else said or otherwise

    def _seen_anew(self, check):
        self.seconds_left = self.entry.seconds
        try:
            return self._look(check)
        except NotYet as failure:
            return Seen(error=failure)

    def _mutated(self, check):
        """The sentence of the one small change of the course's answer with the same results."""
        changes = [
            (each.answer, each.sentence)
            for each in mutants(self.entry)
            if len(each.old + each.new) < READABLE
        ]
        sentence = self._sentence_alone(check, changes)
        return [sentence] if sentence else []

    def _first_difference(self, got, want, check):
        """(got, want, inputs): the first call whose result differs, or the whole if that is
        unclear.
        """
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
        """Sentences on an error that stopped a check: where in the learner's code, and what it
        was.
        """
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


def _without_shapes(sentence):
    return re.sub(r"\([\d, ]*\)", "", sentence)


def _entries(value):
    """How many numbers a value has, in all its lists, tuples and arrays."""
    if isinstance(value, list | tuple):
        return sum(map(_entries, value))
    return np.size(plain(value))


def _made_of(value, results):
    """Whether a value is one of the results, or a list or tuple of them."""
    if any(value is each for each in results):
        return True
    items = value if isinstance(value, list | tuple) else ()
    return bool(items) and all(_made_of(each, results) for each in items)


def _inputs_shown(inputs):
    """The inputs of a call, one after the other; large ones by their shape."""
    return "\n".join(f"{name} = {shown(value, most=SMALL)}" for name, value in inputs.items())

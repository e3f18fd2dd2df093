"""Why a result is not the right one: which mistake explains it.

Looked for in this order: a known mistake that gives the same result, alone; what is true of the
wrong result whatever the exercise (transposed, negated, ...); one small change of the course's
answer that gives the same result, alone.
"""

import copy
import re
import time

import numpy as np

from classroom import general
from classroom.comparing import equal
from classroom.looking import look
from classroom.mutants import mutants

SECONDS = 8  # of work, for all mistakes together
QUICK = 0.3  # seconds of work for one check of a changed answer: many of them loop without end
READABLE = 70  # characters of a change that fit into a sentence
AGAIN = (
    "Called once more with the same input, it gives another result. Something survives the call "
    "(a default value that was changed, a global, a mark left on an object), or it draws random "
    "numbers of its own."
)


def explained(trial, check, wanted):
    """The sentence that explains why an answer fails a check, as a list; empty if there is none."""
    said = named(trial, check) or related(trial, check)
    if said or _only_truth(wanted):  # True in place of False tells too little for more
        return said
    return mutated(trial, check)


def named(trial, check):
    """The sentence of the one known mistake whose results are the learner's, as a list."""
    mistakes = [(each.answer, each.sentence) for each in trial.entry.mistakes if each.sentence]
    mistakes += [
        (each.answer, each.otherwise)
        for each in trial.entry.conventions
        if each not in trial.conventions
    ]
    for alike in ({}, {"dtype": "values"}):
        sentence = _sentence_alone(trial, check, mistakes, **alike)
        if sentence:
            return [sentence]
    return [AGAIN] if _survives(trial) else []


def _sentence_alone(trial, check, candidates, everywhere=False, seconds=None, **alike):
    """The one sentence whose answer looks like the learner's, out of (answer, sentence) pairs.

    It must look so to the check that failed, to all before it, and to those after it that the
    learner's answer satisfies (the others may show a second fault). Where several do, the other
    checks tell them apart.

    everywhere   whether it must look so to all checks
    """
    until = time.process_time() + SECONDS

    def narrowed(each):
        return [
            (answer, sentence)
            for answer, sentence in candidates
            if time.process_time() < until
            and trial.seen_by(each).matches(look(each, answer, seconds), each, **alike)
        ]

    if alike:  # what is right but for its dtype explains nothing
        right = trial.wanted(check, trial.right[0])
        candidates = [
            (answer, sentence)
            for answer, sentence in candidates
            if not look(check, answer).matches(right, check, **alike)
        ]
    order = list(trial.checks)
    at = order.index(check)
    for each in order[at::-1]:
        candidates = narrowed(each)
    for each in order[at + 1 :]:
        if candidates and (everywhere or trial.is_right_for(each)):
            candidates = narrowed(each)
        elif len({sentence for _, sentence in candidates}) > 1:
            candidates = narrowed(each) or candidates
    sentences = {sentence for _, sentence in candidates}
    return sentences.pop() if len(sentences) == 1 else None


def _survives(trial):
    """Whether a check that was passed before now sees something else."""
    return any(
        not trial.gives_the_same_again(check)
        for check in list(trial.seen)
        if trial.seen[check].error is None and _equals_its_copy(trial.seen[check].value)
    )


def _equals_its_copy(value):
    """Whether two looks at a value can be compared: objects may differ from all but themselves."""
    try:
        return equal(copy.deepcopy(value), value)
    except Exception:
        return False


def related(trial, check):
    """What is true of the result whatever the exercise, as a list of at most one sentence."""
    said = _relation(trial, check)
    for other in trial.checks:
        if said and other is not check:
            again = _relation(trial, other, otherwise=said)
            if again is None or _without_shapes(again) != _without_shapes(said):
                return []
    return [said] if said else []


def _relation(trial, check, otherwise=None):
    """The relation that a check shows; `otherwise` if it shows no wrong result itself."""
    seen, wanted = trial.seen_anew(check), trial.wanted(check, trial.right[0])
    if seen.error is not None or seen.matches(wanted, check):
        return otherwise
    calls = [(given, out) for given, out in trial.watch.calls if out is not None]
    direct = _made_of(seen.value, [out for _, out in calls])
    for name in calls[0][0] if calls else ():
        if all(name in given and equal(out, given[name]) for given, out in calls):
            return f"It returns its input `{name}` as it was."
    said = general.relation(seen.value, wanted.value)
    return said if direct or otherwise is None else said or otherwise


def mutated(trial, check):
    """The sentence of the one small change of the course's answer with the same results.

    It says "exactly", and nobody has looked at the learner's code: so every check must see the
    same.
    """
    changes = [
        (each.answer, each.sentence)
        for each in mutants(trial.entry)
        if len(each.old + each.new) < READABLE
    ]
    sentence = _sentence_alone(trial, check, changes, everywhere=True, seconds=QUICK)
    return [sentence] if sentence else []


def _without_shapes(sentence):
    return re.sub(r"\([\d, ]*\)", "", sentence)


def _only_truth(value):
    """Whether a value is True or False, or nothing but a few of these."""
    if isinstance(value, list | tuple):
        return all(map(_only_truth, value))
    return isinstance(value, bool | np.bool_)


def _made_of(value, results):
    """Whether a value is one of the results, or a list or tuple of them."""
    if any(value is each for each in results):
        return True
    items = value if isinstance(value, list | tuple) else ()
    return bool(items) and all(_made_of(each, results) for each in items)

"""`@exercise` judges a definition and hands on what the notebook uses from there; `hint` and `solution` help.

An exercise cell never raises. Its verdict is one of *not written yet*, *right*, *not yet*.
"""

import sys
from contextlib import contextmanager

from classroom import catalogue, judging, source, unreadable
from classroom.feedback import NOT_YET, RIGHT, Card, Verdict, show_bundle


class Session:
    """What has happened to the exercises in this kernel."""

    def __init__(self):
        self.states = {}  # exercise name -> the state of its last verdict
        self.hints_given = {}  # exercise name -> how many
        self.originals = {}  # exercise name -> the course's own answer
        self.in_use = {}  # exercise name -> the learner's right answer in its place
        self.following = {}  # exercise name -> the convention that this answer follows

    def hand_on(self, entry, answer=None):
        """Put `answer`, or for None the course's own, in place in every `solutions` module; return it."""
        original = self.originals.setdefault(entry.name, entry.reference)
        before = self.in_use.pop(entry.name, original)
        chosen = original if answer is None else answer
        _replace(_solutions(), [(before, chosen)])
        if answer is not None:
            self.in_use[entry.name] = answer
        return chosen

    @contextmanager
    def courses_own(self, *namespaces):
        """Within this block every exercise is the course's own, in `solutions` and in `namespaces`."""
        pairs = [(mine, self.originals[name]) for name, mine in self.in_use.items()]
        kept = _replace(namespaces, pairs)
        _replace(_solutions(), pairs)
        try:
            yield
        finally:
            _replace(_solutions(), [(own, mine) for mine, own in pairs])
            for namespace, name, value in kept:
                namespace[name] = value


def _solutions():
    """The namespaces of all loaded modules of `solutions`."""
    return [vars(module) for name, module in sys.modules.items() if name.startswith("solutions.")]


def _replace(namespaces, pairs):
    """Put `new` wherever a namespace has `old`, for each pair (old, new); return what was there before."""
    new = {id(old): chosen for old, chosen in pairs}
    kept = []
    for namespace in namespaces if new else ():
        for name, value in list(namespace.items()):
            if id(value) in new:
                kept.append((namespace, name, value))
                namespace[name] = new[id(value)]
    return kept


session = Session()


def exercise(answer):
    """Judge a function or class by its name, show the verdict, and return the one to use from here on.

    That is the learner's own if it is right, else the course's. A right one also takes the place of
    the course's in every `solutions` module, so that what the learner wrote is what trains.
    """
    name = getattr(answer, "__name__", str(answer))
    entry = _find(name)
    if entry is None:
        return answer
    try:
        verdict = judge(name, answer)
        in_use = session.hand_on(entry, answer if verdict.state == RIGHT else None)
        session.following[name] = verdict.convention
    except Exception as fault:
        sentence = f"The fault is the course's, not yours. {type(fault).__name__}: {fault}"
        Card(f"{name}: could not be checked", [sentence]).show()
        return answer
    session.states[name] = verdict.state
    verdict.card().show()
    return in_use


def judge(name, answer):
    """The Verdict on `answer`, a function or class, as an answer to the exercise `name`."""
    entry = catalogue.course().exercise(name)
    return judging.judge(entry, answer, session.courses_own, session.following.items())


def hand_on_unread(name, sentences, blocks):
    """What `exercise` does for a definition that Python could not read, with what is wrong with it."""
    verdict = Verdict(name, NOT_YET, sentences, blocks)
    in_use = session.hand_on(catalogue.course().exercise(name))
    session.states[name] = verdict.state
    verdict.card().show()
    return in_use


def hint(name):
    """Show the next hint for an exercise, given by its name."""
    entry = _find(name)
    if entry is None:
        return
    given = min(session.hints_given.get(entry.name, 0) + 1, len(entry.hints))
    session.hints_given[entry.name] = given
    card = Card(f"{entry.name}: hint {given} of {len(entry.hints)}", [entry.hints[given - 1]])
    if given == len(entry.hints):
        card.closing.append(f'That is the last one; `solution("{entry.name}")` shows the answer.')
    card.show()


def solution(name):
    """Show the course's answer to an exercise, given by its name."""
    entry = _find(name)
    if entry is not None:
        text = source.answer(entry)
        show_bundle({"text/plain": text, "text/markdown": f"```python\n{text}\n```"})


def _find(name):
    """The exercise called `name`; if there is none, say so and return None."""
    try:
        return catalogue.course().exercise(getattr(name, "__name__", name))
    except KeyError as unknown:
        Card("Nothing was checked.", [unknown.args[0]]).show()
        return None


# From the first import of `exercise` on, in every cell of this notebook
unreadable.watch_cells(hand_on_unread)

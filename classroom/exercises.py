"""What a learner calls: `@exercise` judges a definition and hands on what the notebook uses from
there; `hint` and `solution` help; `mine` and `whose` tell which pieces are the learner's own.

An exercise cell never raises. Its verdict is one of *not written yet*, *right*, *not yet*.
"""

import sys
from contextlib import contextmanager, suppress

from classroom import answers, catalogue, cells, judging, quizzes, source
from classroom.feedback import NOT_YET, RIGHT, Card, Verdict, with_code
from classroom.standalone import NotStandalone


class Session:
    """What has happened to the exercises in this kernel."""

    def __init__(self):
        self.states = {}  # exercise name -> the state of its last verdict
        self.hints_given = {}  # exercise name -> how many
        self.originals = {}  # exercise name -> the course's own answer
        self.in_use = {}  # exercise name -> the learner's right answer in its place
        self.following = {}  # exercise name -> the convention that this answer follows
        self.switched_off = {}  # exercise name -> the learner's right answer that is not used
        self.last = None  # the name of the exercise tried last
        self.quizzes = quizzes.results  # slug of a lesson -> (right answers, questions)

    def hand_on(self, entry, answer=None):
        """Put `answer`, or for None the course's own, in place wherever the other is; return it."""
        original = self.originals.setdefault(entry.name, entry.reference)
        before = self.in_use.pop(entry.name, original)
        chosen = original if answer is None else answer
        _replace(_everywhere(), [(before, chosen)])
        if answer is not None:
            self.in_use[entry.name] = answer
        return chosen

    @contextmanager
    def courses_own(self, *namespaces):
        """Within this block every exercise is the course's own, everywhere and in `namespaces`."""
        pairs = [(mine, self.originals[name]) for name, mine in self.in_use.items()]
        kept = _replace(namespaces, pairs)
        _replace(_everywhere(), pairs)
        try:
            yield
        finally:
            _replace(_everywhere(), [(own, mine) for mine, own in pairs])
            for namespace, name, value in kept:
                namespace[name] = value


def _everywhere():
    """The namespaces of all loaded modules of `solutions`, and of the notebook."""
    names = [name for name in sys.modules if name.startswith("solutions.")]
    return [vars(sys.modules[name]) for name in [*names, "__main__"]]


def _replace(namespaces, pairs):
    """In each namespace put `new` in place of `old`, for each pair; return what was there."""
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
    """Judge a function or class by its name, show the verdict, and return the one to use from here
    on.

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
        session.last = name
        _note(verdict)
        if verdict.state == RIGHT:
            verdict.notes += _keep(name, answer, verdict.convention)
            verdict.next = what_next(entry)
    except Exception as fault:
        sentence = f"The fault is the course's, not yours. {type(fault).__name__}: {fault}"
        Card(f"{name}: could not be checked", [sentence]).show()
        return answer
    verdict.card().show()
    return in_use


def judge(name, answer):
    """The Verdict on `answer`, a function or class, as an answer to the exercise `name`."""
    entry = catalogue.course().exercise(name)
    return judging.judge(entry, answer, session.courses_own, session.following.items())


def hand_on_unread(name, sentences, blocks):
    """What `exercise` does for a definition that Python could not read."""
    verdict = Verdict(name, NOT_YET, sentences, blocks)
    in_use = session.hand_on(catalogue.course().exercise(name))
    _note(verdict)
    verdict.card().show()
    return in_use


def _note(verdict):
    """Remember the verdict here, and for the start page and `make status`."""
    verdict.cell = cells.digest_of_running()
    session.states[verdict.exercise] = verdict.state
    kept = answers.answers()
    if kept is not None:
        with suppress(OSError):  # a full disk: the output says it all the same
            kept.note(verdict.exercise, verdict.state, verdict.cell)


def what_next(entry):
    """What is left of the lesson after a right answer; at its end, what was achieved."""
    kept = answers.answers()
    right = {name for name, state in session.states.items() if state == RIGHT}
    right |= set(kept.names()) if kept else set()
    names = [each.name for each in entry.lesson.exercises]
    at = names.index(entry.name)
    left = [name for name in names[at:] + names[:at] if name not in right]
    if left:
        return [f"{len(names) - len(left)} of {len(names)} in this lesson; next: `{left[0]}`."]
    all_of_it = f"the last of this lesson's {len(names)}" if names[1:] else "this lesson's only one"
    said = [f"That was {all_of_it}.", entry.lesson.achieved]
    if right >= set(catalogue.course().exercise_names):
        said.append(
            "And every exercise of the course is yours now: the model that counts is your own."
        )
    return [sentence for sentence in said if sentence]


def remind(name):
    """Say that an exercise was defined without `@exercise`."""
    sentence = (
        f"`{name}` is an exercise, but nothing checked it: put `@exercise` on the line above its "
        "definition, and run the cell again."
    )
    Card(f"{name}: not checked", [sentence]).show()


def _keep(name, answer, convention):
    """Keep a right answer for the lessons to come; a sentence if that cannot be done, as a list."""
    mine = answers.answers()
    if mine is None:
        return []
    try:
        mine.keep(name, answer, convention)
    except NotStandalone as reason:
        return [f"It could not be kept for later lessons. {reason}"]
    except OSError as error:
        return [f"It could not be kept for later lessons: {error}"]
    return []


def hint(name=None):
    """Show the next hint for an exercise; without a name, for the one tried last."""
    entry = _find(name)
    if entry is None:
        return
    given = min(session.hints_given.get(entry.name, 0) + 1, len(entry.hints))
    session.hints_given[entry.name] = given
    card = Card(f"{entry.name}: hint {given} of {len(entry.hints)}")
    code = source.as_code(entry.hints[given - 1])
    if code:
        card.blocks.append(("", code))
    else:
        card.sentences.append(with_code(entry.hints[given - 1]))
    if given == len(entry.hints):
        card.closing.append(f'That is the last one; `solution("{entry.name}")` shows the answer.')
    card.show()


def solution(name=None):
    """Show the course's answer to an exercise; without a name, to the one tried last."""
    entry = _find(name)
    if entry is not None:
        Card(f"{entry.name}: the course's answer", blocks=[("", source.answer(entry))]).show()


def mine(name=None, use=None):
    """Say which answers of the learner's are in use; with `use`, switch one off (False) or on
    again.

    mine()                       lists them
    mine("rope_cache", False)    from here on, and in later lessons, the course's own is used
    mine("rope_cache", True)     the learner's again
    """
    kept = answers.answers()
    if name is not None and use is not None:
        entry = _find(name)
        if entry is None:
            return
        _switch(entry, use, kept)
    Card("Your answers", list(_whose(kept))).show()


def _switch(entry, use, kept):
    """Put the course's own answer or the learner's in place, now and in later lessons."""
    if kept is not None:
        kept.switch(entry.name, use)
    if not use:
        session.switched_off[entry.name] = session.in_use.get(entry.name)
        session.hand_on(entry)
    elif session.switched_off.get(entry.name) is not None:
        session.hand_on(entry, session.switched_off.pop(entry.name))
    elif kept is not None:
        kept.open_one(entry.name, session, judge)


def _whose(kept):
    names = list(session.in_use)
    off = [
        name for name in (kept.record["off"] if kept else session.switched_off) if name not in names
    ]
    yield f"In use: {_listed(names)}." if names else "None of yours is in use here."
    if off:
        yield f'Switched off: {_listed(off)}. `mine("{off[0]}", True)` switches one on again.'


def whose(*pieces):
    """Say how many of a model's pieces are the learner's, and which.

    pieces   exercises: their names, or the functions and classes themselves

    Nothing is said where the course is built and tested, so no stored output depends on it.
    """
    own, others = pieces_by_owner(pieces)
    if answers.answers() is None:
        return
    if not own:
        heading = f"None of the {len(others)} pieces in this model is yours yet"
    elif not others:
        heading = f"All {len(own)} pieces in this model are yours"
    else:
        verb = "is" if len(own) == 1 else "are"
        heading = f"{len(own)} of the {len(own) + len(others)} pieces in this model {verb} yours"
    sentences = [f"Yours: {_listed(own)}."] if own else []
    if others:
        sentences.append(f"The course's own: {_listed(others)}.")
    Card(heading, sentences, metadata={"classroom": "volatile"}).show()


def pieces_by_owner(pieces):
    """The names of the exercises whose answer in use is the learner's, and of the others.

    raises   KeyError for a piece that no exercise asks for
    """
    known = catalogue.course().exercise
    names = [known(getattr(piece, "__name__", piece)).name for piece in pieces]
    own = [name for name in names if name in session.in_use]
    return own, [name for name in names if name not in own]


def _listed(names):
    return ", ".join(f"`{name}`" for name in names)


def open_lesson():
    """Put the answers kept from other lessons in place, and say so."""
    kept = answers.answers()
    if kept is None:
        return
    opened = kept.open(session, judge)
    if opened.in_place or opened.sentences:
        count = len(opened.in_place)
        heading = f"This lesson builds on {count} of your answers" if count else "Your answers"
        listed = [f"In place: {_listed(opened.in_place)}."] if count else []
        Card(heading, listed + opened.sentences, metadata={"classroom": "volatile"}).show()


def _find(name):
    """The exercise called `name`, or tried last; if there is none, say so and return None."""
    if name is None and session.last is None:
        sentence = 'No exercise was tried yet. Name one: `hint("softmax")`, for example.'
        Card("Which exercise?", [sentence]).show()
        return None
    name = session.last if name is None else name
    try:
        return catalogue.course().exercise(getattr(name, "__name__", name))
    except KeyError as unknown:
        Card("Nothing was checked.", [unknown.args[0]]).show()
        return None


# From the first import of `exercise` on, in every cell of this notebook
cells.watch_cells(hand_on_unread, remind)
open_lesson()

"""The three-state proof, for every exercise of the course: its stub is *not written yet*, its
answer is *right*, and each known mistake is *not yet*, with its own sentence.

All of it is discovered: an exercise named in a lesson needs checks, hints, an answer and mistakes,
and whatever is in one of these parts without the others fails here.
"""

import linecache
import sys

import pytest

from classroom import catalogue, exercises, source
from classroom.exercises import judge
from classroom.explaining import AGAIN
from classroom.judging import CALLED_AGAIN
from classroom.trial import CHANGES_INPUT

COURSE = catalogue.course()
EXERCISES = COURSE.exercises
MISTAKES = [each for exercise in EXERCISES for each in exercise.mistakes]
ACCEPTED = [each for exercise in EXERCISES for each in exercise.known if each.is_right]

# What the judge itself says, whatever the exercise: {shown_by: the beginning of its sentence}
SAID_BY_THE_JUDGE = {"inputs_are_kept": CHANGES_INPUT.split("`")[0], CALLED_AGAIN: AGAIN}

each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)


def typed_in(text, exercise):
    """What a learner's cell with this text defines; its source can be looked up, as in a
    notebook.
    """
    namespace = dict(
        vars(sys.modules[exercise.reference.__module__]), exercise=lambda answer: answer
    )
    filename = f"<cell of {exercise.name}>"
    linecache.cache[filename] = len(text), None, text.splitlines(keepends=True), filename
    exec(compile(text, filename, "exec"), namespace)
    return namespace[exercise.name]


def test_each_exercise_has_all_its_parts():
    assert COURSE.problems() == []


def test_every_known_answer_and_every_check_belongs_to_an_exercise():
    for lesson in COURSE.lessons:
        for path, attribute in ((lesson.checks_path, "look"), (lesson.mistakes_path, "answer")):
            written = [
                each for each in vars(catalogue.loaded(path)).values() if hasattr(each, attribute)
            ]
            part = "checks" if attribute == "look" else "known"
            assert len(written) == sum(len(getattr(each, part)) for each in lesson.exercises), path


@each_exercise
def test_stub_is_not_written_yet(exercise):
    text = source.stub(exercise)
    assert judge(exercise.name, typed_in(text, exercise)).state == "not written yet"
    answer = typed_in(text, exercise)
    linecache.cache.clear()  # now only the bytecode is left
    assert judge(exercise.name, answer).state == "not written yet"


@each_exercise
def test_answer_is_right(exercise):
    verdict = judge(exercise.name, exercise.reference)
    assert (verdict.state, verdict.says, verdict.notes) == ("right", "", [])
    assert len(verdict.checked) == len(exercise.checks)


@each_exercise
def test_answer_typed_into_its_cell_is_right(exercise):
    verdict = judge(exercise.name, typed_in(source.answered(exercise), exercise))
    assert (verdict.state, verdict.says) == ("right", "")


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda each: f"{each.exercise}-{each.name}")
def test_mistake_is_told_what_is_wrong(mistake):
    verdict = judge(mistake.exercise, mistake.answer)
    assert verdict.state == "not yet", verdict
    if mistake.shown_by in SAID_BY_THE_JUDGE:
        assert verdict.sentences[0].startswith(SAID_BY_THE_JUDGE[mistake.shown_by])
    elif mistake.shown_by:
        assert verdict.check == mistake.shown_by, "another check fails first: " + verdict.says
        assert verdict.by_demand, "the check has no sentence of its own: use require or refuses"
    else:
        assert verdict.sentences[0] == mistake.sentence


@pytest.mark.parametrize("known", ACCEPTED, ids=lambda each: f"{each.exercise}-{each.name}")
def test_other_right_answer_is_right_and_its_convention_named(known, monkeypatch):
    if known.only_with:
        assert judge(known.exercise, known.answer).sentences[0] == known.otherwise
        monkeypatch.setattr(exercises.session, "following", dict([known.only_with]))
    verdict = judge(known.exercise, known.answer)
    assert (verdict.state, verdict.says) == ("right", "")
    assert verdict.notes == ([known.sentence] if known.sentence else [])


CONVENTIONS = [each for exercise in EXERCISES for each in exercise.conventions]


@pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda each: f"{each.exercise}-{each.name}")
def test_another_convention_in_use_changes_no_verdict(convention, monkeypatch):
    """A learner who solved one exercise in another way finds all that follow as he would have."""
    monkeypatch.setattr(exercises, "session", exercises.Session())
    earlier = COURSE.exercise(convention.exercise)
    later = EXERCISES[EXERCISES.index(earlier) + 1 :]
    exercises.session.hand_on(earlier, convention.answer)
    exercises.session.following[earlier.name] = convention.name
    try:
        for exercise in later:
            answer = typed_in(source.answered(exercise), exercise)
            assert judge(exercise.name, answer).state == "right", exercise.name
            for mistake in exercise.mistakes[:1]:
                assert judge(mistake.exercise, mistake.answer).state == "not yet"
    finally:
        exercises.session.hand_on(earlier)

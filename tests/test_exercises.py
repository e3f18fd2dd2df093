"""The three-state proof, for every exercise of the course: its stub is *not written yet*, its solution is
*right*, and each named wrong answer is *not yet*, with the sentence that fits the mistake.

All of it is discovered: an exercise named in a lesson needs checks, hints, a solution and three wrong
answers; whatever stands in one of these places without the others fails here.
"""

import inspect
import itertools
import linecache
import re
import sys

import pytest

from classroom import catalogue, source
from classroom.exercises import judge
from tests.wrong_answers import registered_by

COURSE = catalogue.course()
EXERCISES = COURSE.exercises


def candidates_by_slug():
    """The wrong and the accepted answers of each module in tests/wrong_answers."""
    return {lesson.slug: registered_by(lesson.path.with_name("mistakes.py")) for lesson in COURSE.lessons}


CANDIDATES = candidates_by_slug()
WRONG = [each for group in CANDIDATES.values() for each in group if not each.is_right]
ACCEPTED = [each for group in CANDIDATES.values() for each in group if each.is_right]

each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)


def typed_in(text, exercise):
    """What a learner's cell with this text defines; its source can be looked up, as in a notebook."""
    namespace = dict(vars(sys.modules[exercise.reference.__module__]), exercise=lambda answer: answer)
    filename = f"<cell of {exercise.name}>"
    linecache.cache[filename] = len(text), None, text.splitlines(keepends=True), filename
    exec(compile(text, filename, "exec"), namespace)
    return namespace[exercise.name]


def test_each_exercise_has_all_its_parts():
    assert COURSE.problems() == []


def test_every_exercise_cell_and_every_checks_class_is_discovered():
    lessons = COURSE.root / "lessons"
    cells = [name for path in lessons.glob("*/lesson.py")
             for name in re.findall(r'(?m)^# %%.*exercise="(\w+)"', path.read_text(encoding="utf-8"))]
    classes = [name for path in lessons.glob("*/checks.py")
               for name, _ in inspect.getmembers(catalogue.loaded(path), inspect.isclass) if name[0] != "_"]
    discovered = [exercise.name for exercise in EXERCISES]
    assert sorted(cells) == sorted(discovered)
    assert sorted(classes) == sorted(discovered)


def test_wrong_answers_stand_in_the_module_of_their_lesson():
    homes = {exercise.name: exercise.lesson.slug for exercise in EXERCISES}
    misplaced = [f"tests/wrong_answers/{slug}.py: {each.name} answers `{each.exercise}`"
                 for slug, group in CANDIDATES.items() for each in group if homes.get(each.exercise) != slug]
    assert misplaced == []


@each_exercise
def test_there_are_three_different_wrong_answers(exercise):
    fragments = {each.says.casefold() for each in WRONG if each.exercise == exercise.name}
    assert len(fragments) >= 3
    assert "" not in fragments


@each_exercise
def test_stub_is_not_written_yet(exercise):
    text = source.stub(exercise)
    assert judge(exercise.name, typed_in(text, exercise)).state == "not written yet"
    answer = typed_in(text, exercise)
    linecache.cache.clear()  # now only the bytecode is left
    assert judge(exercise.name, answer).state == "not written yet"


@each_exercise
def test_solution_is_right(exercise):
    verdict = judge(exercise.name, exercise.reference)
    assert (verdict.state, verdict.says) == ("right", "")
    assert len(verdict.counts) == len(exercise.checks) and all(verdict.counts), "a check that expects nothing"


@each_exercise
def test_solution_typed_into_its_cell_is_right(exercise):
    verdict = judge(exercise.name, typed_in(source.answered(exercise), exercise))
    assert (verdict.state, verdict.says) == ("right", "")


@pytest.mark.parametrize("candidate", WRONG, ids=lambda each: f"{each.exercise}-{each.name}")
def test_wrong_answer_is_told_what_is_wrong(candidate):
    verdict = judge(candidate.exercise, candidate.answer)
    assert verdict.state == "not yet"
    assert candidate.says.casefold() in verdict.says.casefold()


@pytest.mark.parametrize("candidate", ACCEPTED, ids=lambda each: f"{each.exercise}-{each.name}")
def test_other_convention_is_right_and_named(candidate):
    verdict = judge(candidate.exercise, candidate.answer)
    assert (verdict.state, verdict.says) == ("right", "")
    assert candidate.says.casefold() in " ".join(verdict.notes).casefold()


@each_exercise
def test_feedback_tells_mistakes_apart(exercise):
    """No two mistakes with different sentences get feedback that would fit both."""
    mine = [each for each in WRONG if each.exercise == exercise.name]
    said = {each.name: judge(exercise.name, each.answer).says.casefold() for each in mine}
    confused = [(one.name, other.name) for one, other in itertools.combinations(mine, 2)
                if one.says.casefold() != other.says.casefold()
                and one.says.casefold() in said[other.name] and other.says.casefold() in said[one.name]]
    assert confused == []

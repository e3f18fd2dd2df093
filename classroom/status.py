"""`make status`: the lessons, their exercises, and how far the learner has come.

What there is comes from the catalogue. How far the learner has come, my_answers/ knows: the right
answers are kept there, and the last verdict on each exercise, so cleared outputs lose nothing.
Saved notebooks say the rest. A cell that is no longer what was judged has changed since.
"""

from functools import lru_cache
from pathlib import Path

from classroom.answers import Answers
from classroom.catalogue import course
from classroom.cells import digest
from classroom.copies import Damaged, copies, exercise_cells, exercise_texts, read
from classroom.environment import home
from classroom.feedback import NOT_WRITTEN, RIGHT

CHANGED = "changed since"


def main(arguments):
    kept = Answers(Path(home(), "my_answers"), course())
    states = saved_states(copies(), course(), kept)
    print("\n".join(table(course(), states, kept.record["quizzes"])))
    return 0


def saved_states(copies, course, kept=None):
    """The state of each exercise that was tried, by name.

    kept   the learner's Answers: a right one stays right, whatever became of its cell
    """
    right = kept.names() if kept else []
    noted = kept.record["verdicts"] if kept else {}
    states = {name: each["state"] for name, each in noted.items()}
    for lesson in course.lessons:
        for path in copies.of(lesson.notebook_path.name):  # oldest first
            for name, saved in states_in(path, noted).items():
                if saved != NOT_WRITTEN:
                    states[name] = saved
    for name in right:
        as_judged = states.get(name, RIGHT) == RIGHT
        states[name] = RIGHT if as_judged else f"{RIGHT}, {CHANGED}"
    return {name: state for name, state in states.items() if state != NOT_WRITTEN}


def states_in(path, noted=()):
    """The states of the exercises in one notebook, by name; none if it cannot be read."""
    when = path.stat().st_mtime
    verdicts, texts = saved_in(path, when)
    states = {}
    for name in texts:
        last = noted[name] if name in noted else verdicts.get(name)
        if last is not None:
            unsaved = last.get("when", 0) > when  # then the file does not tell yet what was judged
            changed = not unsaved and last.get("cell") and last["cell"] != digest(texts[name])
            states[name] = CHANGED if changed else last.get("state")
    return states


@lru_cache(maxsize=64)
def saved_in(path, when):
    """({exercise: its stored verdict}, {exercise: its text}) of a notebook, saved `when`."""
    try:
        notebook = read(path)
    except Damaged:
        return {}, {}
    outputs = [output for _, cell in exercise_cells(notebook) for output in cell.get("outputs", ())]
    verdicts = {found["exercise"]: found for found in map(verdict, outputs) if found}
    return verdicts, exercise_texts(notebook)


def verdict(output):
    """What a verdict's output says of itself, or None for any other output."""
    metadata = output.get("metadata") if isinstance(output, dict) else None
    found = metadata.get("classroom") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) and isinstance(found.get("exercise"), str) else None


def table(course, states, quizzes=()):
    """The lines of the list: a line for each lesson, and one for each of its exercises.

    quizzes   {slug: [right answers, questions]} of those that were tried
    """
    for lesson in course.lessons:
        done = sum(is_right(states.get(exercise.name)) for exercise in lesson.exercises)
        counted = f"{done} of {len(lesson.exercises)} right"
        counted += quiz_result(lesson, quizzes)
        minutes = f"{lesson.reading_minutes:3} min to read, {lesson.exercise_minutes:3} to do"
        yield f"{lesson.number}  {lesson.title:58} {minutes}   {counted}"
        for exercise in lesson.exercises:
            state = states.get(exercise.name, NOT_WRITTEN)
            stars = "*" * exercise.stars
            yield f"      {stars:3} {exercise.name:52} {exercise.minutes:3} min   {state}"
    yield ""
    yield total(course, states)


def total(course, states):
    """A sentence on the whole course."""
    exercises = [exercise for lesson in course.lessons for exercise in lesson.exercises]
    left = [exercise for exercise in exercises if not is_right(states.get(exercise.name))]
    if not left:
        return f"All {len(exercises)} exercises are right."
    minutes = duration(sum(exercise.minutes for exercise in left))
    done = len(exercises) - len(left)
    return f"{done} of {len(exercises)} exercises are right; the others take about {minutes}."


def quiz_result(lesson, quizzes):
    """ ", quiz 5 of 8" where that much of a lesson's quiz is right; "" where none was tried."""
    found = dict(quizzes).get(lesson.slug)
    if not (isinstance(found, list) and len(found) == 2):
        return ""
    return f", quiz {found[0]} of {found[1]}"


def is_right(state):
    return str(state).startswith(RIGHT)


def duration(minutes):
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"

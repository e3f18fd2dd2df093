"""`make status`: the lessons, their exercises, and how far the learner has come.

What there is comes from the catalogue; how each exercise stands comes from the learner's saved
notebooks, where the stored output of an exercise cell carries its state.
"""

from classroom.catalogue import course
from classroom.copies import Damaged, copies, exercise_cells, read

NOT_WRITTEN = "not written yet"


def main(arguments):
    states = saved_states(copies(), course())
    print("\n".join(table(course(), states)))
    return 0


def saved_states(copies, course):
    """The state of each exercise by name, as the learner's files last saw it."""
    states = {}
    for lesson in course.lessons:
        for path in copies.of(lesson.notebook_path.name):  # oldest first
            for name, state in states_in(path).items():
                if state != NOT_WRITTEN:
                    states[name] = state
    return states


def states_in(path):
    """The states stored in one notebook, by exercise; none if it cannot be read."""
    try:
        cells = exercise_cells(read(path))
    except Damaged:
        return {}
    outputs = [output for _, cell in cells for output in cell.get("outputs", ())]
    return dict(filter(None, map(verdict, outputs)))


def verdict(output):
    """(exercise, state) if this output is a verdict, else None; it may be anything."""
    metadata = output.get("metadata") if isinstance(output, dict) else None
    found = metadata.get("classroom") if isinstance(metadata, dict) else None
    if isinstance(found, dict) and isinstance(found.get("exercise"), str):
        return found["exercise"], found.get("state")
    return None


def table(course, states):
    """The lines of the list: a line for each lesson, and one for each of its exercises."""
    total = right = left = 0
    for lesson in course.lessons:
        number = len(lesson.exercises)
        done = sum(states.get(exercise.name) == "right" for exercise in lesson.exercises)
        counted = f"{done} of {number} right"
        yield f"{lesson.number}  {lesson.title:60} {lesson.minutes:3} min   {counted}"
        for exercise in lesson.exercises:
            state = states.get(exercise.name, NOT_WRITTEN)
            stars = "*" * exercise.stars
            yield f"      {stars:3} {exercise.name:52} {exercise.minutes:3} min   {state}"
            left += exercise.minutes * (state != "right")
        total, right = total + number, right + done
    yield ""
    yield f"{right} of {total} exercises are right; the others take about {duration(left)}."


def duration(minutes):
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"

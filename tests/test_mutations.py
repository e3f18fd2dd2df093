"""Every answer of the course with one thing changed, one at a time: do the checks notice?

A mutant that gives the same results on every input is no fault, and nothing can notice it. Those
that the checks accept have been looked at, and are listed with the reason in
equivalent_mutants.txt. A line there that is out of date fails, too.
"""

from pathlib import Path

import pytest

from classroom import catalogue, judging
from classroom.exercises import session
from classroom.feedback import RIGHT
from classroom.mutants import mutants

COURSE = catalogue.course()
LEAST_REJECTED = 0.95  # of the mutants that change a result
LOOKED_AT = {
    tuple(part.strip() for part in line.partition("#")[0].split("|"))
    for line in (Path(__file__).parent / "equivalent_mutants.txt").read_text().splitlines()
    if line.strip() and not line.startswith("#")
}


def accepted_by_the_checks(exercise):
    """The number of mutants, and those that are judged right, as (exercise, old, new)."""
    tried, accepted = 0, []
    for mutant in mutants(exercise):
        tried += 1
        verdict = judging.judge(exercise, mutant.answer, session.courses_own, explain=False)
        if verdict.state == RIGHT:
            accepted.append((exercise.name, mutant.old, mutant.new))
    return tried, accepted


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.slug)
def test_the_checks_reject_what_changes_a_result(lesson):
    tried, survivors = 0, []
    for exercise in lesson.exercises:
        count, accepted = accepted_by_the_checks(exercise)
        tried, survivors = tried + count, survivors + accepted
    listed = {
        each for each in LOOKED_AT if each[0] in {exercise.name for exercise in lesson.exercises}
    }
    out_of_date = listed - set(survivors)
    assert not out_of_date, "rejected by now, so not equivalent: take it off the list"
    unseen = [" | ".join(each) for each in survivors if each not in listed]
    matter = tried - (len(survivors) - len(unseen))
    assert len(unseen) <= (1 - LEAST_REJECTED) * matter, "accepted:\n" + "\n".join(unseen)

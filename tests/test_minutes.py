"""How long a lesson is said to take: derived from its text and its exercises, the same everywhere."""

import re

import pytest

from classroom import catalogue, course_map, reading, status
from classroom.copies import Copies
from classroom.start_page import Page

COURSE = catalogue.course()
FEWEST_MOST = {1: (3, 6), 2: (5, 15), 3: (10, 20)}  # minutes, by stars
LINES_OF_ONE_STAR = 8

each_lesson = pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.name)


def text(*words):
    return ["# " + " ".join(words)]


@pytest.mark.parametrize(
    "cells, waiting, minutes",
    [
        ([], 0, 5),
        ([(" [markdown]", text(*["word"] * 1300))], 0, 10),
        ([(" [markdown]", text(*["word"] * 1300))], 4, 15),
        ([(" [markdown]", text(*["**Predict.**"] * 20))], 0, 10),
        ([("", ["x = 1", ""] * 150)], 0, 10),
        ([(' tags=["folded"]', ["x = 1"] * 150)], 0, 5),
        ([(" [markdown]", text(*["$word$ `word`"] * 1300))], 0, 5),
    ],
)
def test_words_lines_predictions_and_waiting_take_time(cells, waiting, minutes):
    assert reading.minutes(cells, waiting) == minutes


@each_lesson
def test_a_lesson_says_the_same_wherever_it_says_how_long_it_takes(lesson):
    read, to_do = lesson.reading_minutes, lesson.exercise_minutes
    assert lesson.takes == f"about {read} minutes to read, {to_do} to do"
    assert any(
        line.startswith(f"| {lesson.number} |") and line.endswith(f" | {read} | {to_do} |")
        for line in course_map.table(COURSE)
    )
    shown = re.sub(r" +", " ", "\n".join(status.table(COURSE, {})))
    assert f"{lesson.title} {read} min to read, {to_do} to do" in shown
    page = Page(COURSE, {}, Copies("notebooks", "nowhere"))._lesson(lesson)
    assert f"<p>About {read} minutes to read, {to_do} to do · " in page


@each_lesson
def test_both_times_are_of_a_sitting_and_what_is_done_is_counted(lesson):
    assert 10 <= lesson.reading_minutes <= 40
    minutes = sum(exercise.minutes for exercise in lesson.exercises) + len(lesson.question_names)
    assert abs(lesson.exercise_minutes - minutes) <= 2.5


@each_lesson
def test_a_lesson_that_tells_how_long_it_trains_counts_it_as_waiting(lesson):
    told = re.search(
        r"\*\*(?:\w+ )*minutes?(?: together)?(?: on an idle\W+machine)?\*\*", lesson.text
    )
    assert bool(lesson.header["waiting"]) >= bool(told)
    assert 0 <= lesson.header["waiting"] <= 5


@pytest.mark.parametrize("exercise", COURSE.exercises, ids=lambda exercise: exercise.name)
def test_minutes_and_stars_of_an_exercise_fit_together(exercise):
    fewest, most = FEWEST_MOST[exercise.stars]
    assert fewest <= exercise.minutes <= most
    if exercise.stars == 1:
        [answer] = exercise.blank_trees
        lines = answer.end_lineno - answer.body[0].end_lineno
        assert lines <= LINES_OF_ONE_STAR

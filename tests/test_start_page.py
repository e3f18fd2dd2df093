"""The start page: what it shows of the course and of the learner, and that JupyterLab finds it."""

import json
import re
from pathlib import Path

import pytest

from classroom import catalogue, launcher
from classroom.copies import Copies
from classroom.start_page import Page
from tests import tiny_course


@pytest.fixture
def course(tmp_path):
    tiny_course.write(tmp_path)
    return catalogue.Course(tmp_path)


@pytest.fixture
def parts(course):
    """A function: the page's parts for these states."""
    mine = Copies(course.root / "notebooks", course.root / "my_notebooks")

    def make(states, verdicts=()):
        return Page(course, states, mine, "/count/").parts(verdicts)

    return make


def test_nothing_is_solved_yet(parts):
    shown = parts({})
    assert shown["summary"] == "0 of 2 exercises are right; the others take about 7 min."
    assert "Begin with 00 · Tiny: twice and again" in shown["map"]
    assert "What is twice as much?" in shown["map"] and "0 of 2 solved" in shown["map"]
    assert "About 5 minutes to read, 5 to do · 0 of 2 solved" in shown["map"]
    assert 'href="/count/lab/tree/00_tiny.ipynb" data-path="00_tiny.ipynb"' in shown["map"]


def test_right_ones_are_ticked_and_the_next_one_is_offered(parts):
    shown = parts({"double": "right", "Counter": "not yet"}, {"double": {"when": 2}})
    assert "Continue with 00 · Tiny: twice and again: <code>Counter</code>" in shown["map"]
    marks = re.findall(r'true">(.)</span> (\w+)<span class="course-said">, (.*?)<', shown["map"])
    assert marks == [("✓", "double", "right"), ("○", "Counter", "not yet")]
    assert shown["summary"].startswith("1 of 2 exercises are right")


def test_it_goes_on_after_what_was_tried_last_and_comes_back_to_what_was_left_out(parts):
    assert "<code>double</code>" in parts({"Counter": "right"}, {"Counter": {"when": 2}})["map"]
    said = parts({"double": "not yet"}, {"gone": {"when": 9}, "double": {"when": 1}})
    assert "<code>double</code>" in said["map"]


def test_at_the_end_everything_is_yours(parts):
    shown = parts({"double": "right", "Counter": "right, changed since"})
    assert shown["summary"] == "All 2 exercises are right."
    assert "Every exercise is yours." in shown["map"]


def test_a_link_opens_the_newest_file_of_a_lesson(course, parts):
    folder = course.root / "my_notebooks"
    folder.mkdir(exist_ok=True)
    for name in "00_tiny.ipynb", "00_tiny (updated).ipynb":
        (folder / name).write_text("{}", encoding="utf-8")
    assert 'href="/count/lab/tree/00_tiny%20%28updated%29.ipynb"' in parts({})["map"]


def test_every_link_has_an_id_of_its_own_so_that_focus_is_kept():
    page = Page(catalogue.course(), {}, Copies("notebooks", "nowhere")).parts()["map"]
    ids = re.findall(r'id="([^"]+)"', page)
    assert (
        len(ids)
        == len(set(ids))
        == 1 + len(catalogue.course().lessons) + len(catalogue.course().exercises)
    )


def test_what_a_lesson_says_is_escaped(course, parts):
    tiny_course.edit(
        course.root, "lessons/00_tiny/lesson.py", "What is twice as much?", "Is 1 < 2?"
    )
    assert "Is 1 &lt; 2?" in parts({})["map"]


def test_the_plugin_is_what_jupyterlab_looks_for():
    [path] = launcher.EXTENSIONS.glob("*/package.json")
    package = json.loads(path.read_text(encoding="utf-8"))
    script = Path(path.parent, package["jupyterlab"]["_build"]["load"]).read_text(encoding="utf-8")
    assert package["name"] == path.parent.name
    assert f"window._JUPYTERLAB['{package['name']}']" in script
    offered = set(re.findall(r"'(\./\w+)'", script))
    assert {package["jupyterlab"]["_build"][part] for part in ("extension", "style")} <= offered

"""`make lab` and `make status`: the learner's copies survive everything, and JupyterLab starts on them."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from classroom import environment, launcher, status
from classroom.catalogue import Course
from classroom.copies import Copies

STUB = "@exercise\ndef {}(x):\n    ...  # your code here\n"
NAME = "06_rope.ipynb"


def markdown(text):
    return {"cell_type": "markdown", "id": text[:8], "metadata": {}, "source": [text]}


def exercise(name, source=None, state=None):
    output = {"output_type": "display_data", "data": {"text/plain": state},
              "metadata": {"classroom": {"exercise": name, "state": state}}}
    return {"cell_type": "code", "id": name, "metadata": {"exercise": name}, "execution_count": 1,
            "source": source or STUB.format(name), "outputs": [output] if state else []}


def save(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")


def sources(path):
    return ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]


@pytest.fixture
def copies(tmp_path):
    """A course of one lesson with two exercises, version 1, not copied yet."""
    copies = Copies(tmp_path / "notebooks", tmp_path / "my_notebooks")
    publish(copies, "version 1", "rotate", "cache")
    return copies


def publish(copies, text, *exercises):
    stubs = [exercise(name, state="not written yet") for name in exercises]
    save(copies.lessons / NAME, markdown(text), *stubs)


def answer(path, name, body):
    """Write an answer as a learner does: into the exercise's cell, then run and saved."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [exercise(name, body, "right") if cell["metadata"].get("exercise") == name else cell
             for cell in notebook["cells"]]
    save(path, *cells)


def test_first_start_copies_every_lesson(copies):
    save(copies.lessons / "07_cope.ipynb", markdown("another"))
    assert copies.update() == ["Copied all lessons to my_notebooks/. These files are yours to write in."]
    assert [path.name for path in sorted(copies.mine.glob("*.ipynb"))] == [NAME, "07_cope.ipynb"]
    assert sources(copies.mine / NAME) == sources(copies.lessons / NAME)


def test_starting_again_changes_nothing(copies):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my answer")
    before = (copies.mine / NAME).read_bytes()
    assert copies.update() == []
    assert (copies.mine / NAME).read_bytes() == before


def test_a_new_lesson_is_copied_beside_the_old_ones(copies):
    copies.update()
    save(copies.lessons / "07_cope.ipynb", markdown("another"))
    assert copies.update() == ["Copied 07_cope.ipynb to my_notebooks/. These files are yours to write in."]


def test_a_copy_that_was_only_run_becomes_the_updated_lesson(copies):
    copies.update()
    save(copies.mine / NAME, markdown("version 1"), exercise("rotate", state="not yet"), exercise("cache"),
         {"cell_type": "code", "metadata": {}, "source": [], "outputs": [], "execution_count": None})
    publish(copies, "version 2", "rotate", "cache")
    said, = copies.update()
    assert said == "06_rope.ipynb is the updated lesson now; you had written nothing in the old one."
    assert sources(copies.mine / NAME)[0] == "version 2"
    assert copies.update() == []


def test_an_update_is_put_beside_a_copy_that_was_written_in(copies):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate\n")
    before = (copies.mine / NAME).read_bytes()
    publish(copies, "version 2", "new_one", "rotate")
    said, = copies.update()
    assert said == ("06_rope.ipynb: the lesson was updated. Your file stays as it is; the new lesson is "
                    "'06_rope (updated).ipynb', with your answers to rotate carried over.")
    assert (copies.mine / NAME).read_bytes() == before
    updated = copies.mine / "06_rope (updated).ipynb"
    assert sources(updated) == ["version 2", STUB.format("new_one"), "my rotate\n"]
    carried = json.loads(updated.read_text(encoding="utf-8"))["cells"][2]
    assert carried["outputs"] == [] and carried["execution_count"] is None      # it has not been run here
    assert copies.update() == []                                                # offered once


def test_the_next_update_leaves_the_earlier_one_and_takes_the_newest_answers(copies):
    copies.update()
    answer(copies.mine / NAME, "rotate", "first rotate")
    answer(copies.mine / NAME, "cache", "first cache")
    publish(copies, "version 2", "rotate", "cache")
    copies.update()
    first_update = copies.mine / "06_rope (updated).ipynb"
    answer(first_update, "rotate", "second rotate")
    before = first_update.read_bytes()
    publish(copies, "version 3", "rotate", "cache")
    copies.update()
    assert first_update.read_bytes() == before
    assert sources(copies.mine / "06_rope (updated 2).ipynb") == ["version 3", "second rotate", "first cache"]


def test_a_carried_answer_counts_as_written(copies):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    for version in range(2, 12):        # nobody opens the updated files; 10 comes after 9
        publish(copies, f"version {version}", "rotate")
        copies.update()
    assert sources(copies.mine / "06_rope (updated 10).ipynb") == ["version 11", "my rotate"]
    assert sources(copies.mine / "06_rope (updated).ipynb") == ["version 2", "my rotate"]


def test_an_updated_lesson_that_the_learner_deleted_does_not_come_back(copies):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    publish(copies, "version 2", "rotate")
    copies.update()
    (copies.mine / "06_rope (updated).ipynb").unlink()
    assert copies.update() == []
    assert not (copies.mine / "06_rope (updated).ipynb").exists()


def test_an_answer_without_a_place_is_named(copies):
    copies.update()
    answer(copies.mine / NAME, "cache", "my cache")
    publish(copies, "version 2", "rotate")
    said, = copies.update()
    assert said.endswith("the new lesson is '06_rope (updated).ipynb'. "
                         "It no longer asks for cache: your answer is in your file.")


def test_an_exercise_that_was_reworded_is_not_taken_for_an_answer(copies):
    copies.update()
    answer(copies.mine / NAME, "cache", "my cache")
    save(copies.lessons / NAME, exercise("rotate", "reworded"), exercise("cache"))
    copies.update()
    assert sources(copies.mine / "06_rope (updated).ipynb") == ["reworded", "my cache"]


@pytest.mark.parametrize("contents", ["", "{", "[]", '{"cells": [{}]}', '{"cells": 3}'])
def test_a_damaged_copy_is_reported_and_left_alone(copies, contents):
    copies.update()
    (copies.mine / NAME).write_text(contents, encoding="utf-8")
    publish(copies, "version 2", "rotate")
    said, = copies.update()
    assert said.startswith("my_notebooks/06_rope.ipynb cannot be read as a notebook. It was left alone.")
    assert (copies.mine / NAME).read_text(encoding="utf-8") == contents


def test_without_originals_nothing_is_overwritten(copies):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    (copies.originals / NAME).unlink()
    said, = copies.update()
    assert "06_rope (updated).ipynb" in said
    assert sources(copies.mine / NAME)[1] == "my rotate"
    assert copies.update() == []


def test_an_interrupted_write_leaves_the_old_file(copies, monkeypatch):
    copies.update()
    publish(copies, "version 2", "rotate")
    def interrupted(old, new):
        raise KeyboardInterrupt
    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        copies.update()
    assert sources(copies.mine / NAME)[0] == "version 1"
    monkeypatch.undo()
    copies.update()
    assert sources(copies.mine / NAME)[0] == "version 2"


@pytest.fixture
def course(tmp_path):
    """The lesson above as a course's text: two exercises with stars and minutes."""
    lesson = ('# ---\n# jupyter:\n#   lesson:\n'
              '#     title: "Rotations"\n#     question: "Why?"\n#     minutes: 30\n# ---\n\n'
              '# %% exercise="rotate"\n\n# %% exercise="cache"\n')
    checks = "class rotate:\n    stars, minutes = 1, 5\n\n\nclass cache:\n    stars, minutes = 3, 70\n"
    for path, contents in ("lessons/06_rope.py", lesson), ("lessons/checks/rope.py", checks):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(contents, encoding="utf-8")
    return Course(tmp_path)


def test_status_reads_the_saved_notebooks(copies, course):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    states = status.saved_states(copies, course)
    assert states == {"rotate": "right"}
    lines = [line.split() for line in status.table(course, states)]
    assert lines[0] == "06 Rotations 30 min 1 of 2 right".split()
    assert lines[1] == "* rotate 5 min right".split()
    assert lines[2] == "*** cache 70 min not written yet".split()
    assert lines[-1] == "1 of 2 exercises are right; the others take about 1 h 10 min.".split()


def test_status_follows_the_newest_file(copies, course):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    publish(copies, "version 2", "rotate", "cache")
    copies.update()
    assert status.saved_states(copies, course) == {"rotate": "right"}       # carried over, not run yet
    save(copies.mine / "06_rope (updated).ipynb", exercise("rotate", "worse", "not yet"))
    assert status.saved_states(copies, course) == {"rotate": "not yet"}


def test_status_without_copies_and_with_a_damaged_one(copies, course):
    assert status.saved_states(copies, course) == {}
    copies.update()
    (copies.mine / NAME).write_text("{", encoding="utf-8")
    assert status.saved_states(copies, course) == {}


@pytest.fixture
def taken():
    """A port that another program listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_asked_for_that_is_taken_is_a_clear_message(taken):
    with pytest.raises(environment.Problem) as problem:
        launcher.choose_port(taken)
    assert f"Port {taken} is taken by another program" in str(problem.value)
    assert f'make lab ARGS="--port {taken + 1}"' in str(problem.value)


def test_without_a_wish_the_next_free_port_is_used_and_named(taken, monkeypatch, capsys):
    monkeypatch.setattr(launcher, "PORT", taken)
    port = launcher.choose_port()
    assert port > taken
    said = capsys.readouterr().out
    assert said == f"Port {taken} is taken by another program, so JupyterLab uses port {port}.\n"


def test_jupyterlab_starts_on_the_copies_and_asks_nobody_outside(tmp_path):
    """The real thing: it answers, shows the first lesson, and news, updates and extensions are off."""
    save(tmp_path / "00_start_here.ipynb", markdown("hello"))
    port = launcher.choose_port()
    command = [sys.executable, "-m", "jupyterlab", *launcher.settings(tmp_path, port), "--no-browser"]
    with open(tmp_path / "log", "w+", encoding="utf-8") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            address, token = wait_for_address(server, tmp_path / "log")
            assert address == f"http://127.0.0.1:{port}/lab/tree/00_start_here.ipynb"
            assert fetch(port, "api/status", token)["kernels"] == 0
            shown = {entry["name"] for entry in fetch(port, "api/contents", token)["content"]}
            assert shown == {"00_start_here.ipynb", "log"}
            assert fetch(port, "lab/api/update", token)["notification"] is None
            settings = fetch(port, "lab/api/settings/@jupyterlab/apputils-extension:notification", token)
            defaults = {name: each["default"] for name, each in settings["schema"]["properties"].items()}
            assert defaults["fetchNews"] == "false" and defaults["checkForUpdates"] is False
        finally:
            server.terminate()
            server.wait(timeout=20)


def wait_for_address(server, log, seconds=60):
    for _ in range(seconds * 10):
        text = log.read_text(encoding="utf-8")
        if found := re.search(r"(http://127\S+)\?token=(\w+)", text):
            return found.groups()
        assert server.poll() is None, text
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab was not ready after {seconds} s:\n{text}")


def fetch(port, path, token):
    """What the server answers: parsed JSON, or text."""
    address = f"http://127.0.0.1:{port}/{path}"
    request = urllib.request.Request(address, headers={"Authorization": f"token {token}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read().decode()
        return json.loads(text) if "json" in answer.headers["Content-Type"] else text

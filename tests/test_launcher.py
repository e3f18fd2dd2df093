"""`make lab` and `make status`: copies survive everything, and JupyterLab starts on them."""

import errno
import json
import os
import re
import select
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest
from jupyter_client.manager import start_new_kernel
from jupyter_server.serverapp import ServerApp

from classroom import copies as copies_module
from classroom import environment, files, launcher, status
from classroom.copies import Copies

STUB = "@exercise\ndef {}(x):\n    ...  # your code here\n"
NAME = "06_rope.ipynb"


def markdown(text):
    return {"cell_type": "markdown", "id": text[:8], "metadata": {}, "source": [text]}


def exercise(name, source=None, state=None):
    output = {
        "output_type": "display_data",
        "data": {"text/plain": state},
        "metadata": {"classroom": {"exercise": name, "state": state}},
    }
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"exercise": name},
        "execution_count": 1,
        "source": source or STUB.format(name),
        "outputs": [output] if state else [],
    }


def save(path, *cells, **metadata):
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")


def sources(path):
    return [
        "".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
    ]


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
    metadata = notebook["metadata"]
    cells = [
        exercise(name, body, "right") if cell["metadata"].get("exercise") == name else cell
        for cell in notebook["cells"]
    ]
    save(path, *cells, **metadata)


def test_first_start_copies_every_lesson(copies):
    save(copies.lessons / "07_cope.ipynb", markdown("another"))
    assert copies.update() == [
        "Copied all lessons to my_notebooks/. These files are yours to write in."
    ]
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
    assert copies.update() == [
        "Copied 07_cope.ipynb to my_notebooks/. These files are yours to write in."
    ]


def test_a_copy_that_was_only_run_becomes_the_updated_lesson(copies):
    copies.update()
    save(
        copies.mine / NAME,
        markdown("version 1"),
        exercise("rotate", state="not yet"),
        exercise("cache"),
        {"cell_type": "code", "metadata": {}, "source": [], "outputs": [], "execution_count": None},
    )
    publish(copies, "version 2", "rotate", "cache")
    (said,) = copies.update()
    assert (
        said == "06_rope.ipynb is the updated lesson now; you had written nothing in the old one."
    )
    assert sources(copies.mine / NAME)[0] == "version 2"
    assert copies.update() == []


def test_an_update_is_put_beside_a_copy_that_was_written_in(copies):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate\n")
    before = (copies.mine / NAME).read_bytes()
    publish(copies, "version 2", "new_one", "rotate")
    (said,) = copies.update()
    assert said == (
        "06_rope.ipynb: the lesson was updated. Your file stays as it is; the new lesson is "
        "'06_rope (updated).ipynb', with your answers to rotate carried over."
    )
    assert (copies.mine / NAME).read_bytes() == before
    updated = copies.mine / "06_rope (updated).ipynb"
    assert sources(updated) == ["version 2", STUB.format("new_one"), "my rotate\n"]
    carried = json.loads(updated.read_text(encoding="utf-8"))["cells"][2]
    assert (
        carried["outputs"] == [] and carried["execution_count"] is None
    )  # it has not been run here
    assert copies.update() == []  # offered once


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
    assert sources(copies.mine / "06_rope (updated 2).ipynb") == [
        "version 3",
        "second rotate",
        "first cache",
    ]


def test_a_carried_answer_counts_as_written(copies):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    for version in range(2, 12):  # nobody opens the updated files; 10 comes after 9
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
    (said,) = copies.update()
    assert said.endswith(
        "the new lesson is '06_rope (updated).ipynb'. "
        "It no longer asks for cache: your answer is in your file."
    )


def test_an_exercise_that_was_reworded_is_not_taken_for_an_answer(copies):
    copies.update()
    answer(copies.mine / NAME, "cache", "my cache")
    save(copies.lessons / NAME, exercise("rotate", "reworded"), exercise("cache"))
    copies.update()
    assert sources(copies.mine / "06_rope (updated).ipynb") == ["reworded", "my cache"]


def test_a_copy_comes_as_if_nothing_had_been_run(copies):
    save(copies.lessons / NAME, exercise("rotate", state="not written yet"))
    copies.update()
    for path in copies.mine / NAME, copies.originals / NAME:
        (cell,) = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert cell["outputs"] == [] and cell["execution_count"] is None


def test_a_copy_says_which_kernel_runs_it_as_that_kernel_does(copies):
    """Otherwise JupyterLab adds it on opening, and the file counts as changed."""
    copies.update()
    metadata = json.loads((copies.mine / NAME).read_text(encoding="utf-8"))["metadata"]
    manager, client = start_new_kernel()
    try:
        client.kernel_info()
        info = client.get_shell_msg(timeout=20)["content"]["language_info"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert metadata["language_info"] == info
    spec = manager.kernel_spec
    assert metadata["kernelspec"] == {
        "name": manager.kernel_name,
        "display_name": spec.display_name,
        "language": spec.language,
    }


def test_an_answer_in_a_cell_that_was_split_is_carried_whole(copies):
    copies.update()
    save(copies.mine / NAME, exercise("rotate", "first half"), exercise("rotate", "second half"))
    publish(copies, "version 2", "rotate")
    copies.update()
    assert sources(copies.mine / "06_rope (updated).ipynb")[1] == "first half\n\nsecond half"


def test_an_answer_moves_with_its_exercise_to_another_lesson(copies):
    copies.update()
    answer(copies.mine / NAME, "cache", "my cache")
    publish(copies, "version 2", "rotate")
    save(copies.lessons / "07_cope.ipynb", exercise("cache"))
    said = copies.update()
    assert "07_cope.ipynb has your answers to cache." in said
    assert sources(copies.mine / "07_cope.ipynb") == ["my cache"]


def test_starting_a_lesson_over_brings_no_answer_back(copies):
    """The learner deletes the file, and keeps a duplicate, say."""
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    (copies.mine / NAME).rename(copies.mine / "06_rope-Copy1.ipynb")
    copies.update()
    assert sources(copies.mine / NAME)[1] == STUB.format("rotate")
    assert sources(copies.mine / "06_rope-Copy1.ipynb")[1] == "my rotate"


# A lesson whose number changes


def renumber(copies):
    (copies.lessons / NAME).rename(copies.lessons / "07_rope.ipynb")


def test_a_renumbered_lesson_reappears_with_its_answers(copies):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    before = (copies.mine / NAME).read_bytes()
    renumber(copies)
    assert copies.update() == ["07_rope was number 06; your files of it are renamed."]
    assert [path.name for path in copies.mine.glob("*.ipynb")] == ["07_rope.ipynb"]
    assert (copies.mine / "07_rope.ipynb").read_bytes() == before
    assert copies.update() == []


def test_a_renumbered_lesson_that_was_updated_too(copies, course):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    publish(copies, "version 2", "rotate", "cache")
    copies.update()
    answer(copies.mine / "06_rope (updated).ipynb", "cache", "my cache")
    publish(copies, "version 3", "rotate", "cache")
    renumber(copies)
    copies.update()
    stems = ["07_rope (updated 2)", "07_rope (updated)", "07_rope"]
    assert [path.stem for path in sorted(copies.mine.glob("*.ipynb"))] == stems
    assert sources(copies.mine / f"{stems[0]}.ipynb") == ["version 3", "my rotate", "my cache"]
    course.lessons[0].notebook_path = Path("07_rope.ipynb")
    assert status.saved_states(copies, course) == {"rotate": "right", "cache": "right"}


def test_lessons_that_change_numbers_with_each_other(copies):
    save(copies.lessons / "07_cope.ipynb", exercise("gate"))
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    answer(copies.mine / "07_cope.ipynb", "gate", "my gate")
    renumber(copies)
    (copies.lessons / "07_cope.ipynb").rename(copies.lessons / "06_cope.ipynb")
    copies.update()
    assert sorted(path.name for path in copies.mine.glob("*.ipynb")) == [
        "06_cope.ipynb",
        "07_rope.ipynb",
    ]
    assert sources(copies.mine / "06_cope.ipynb") == ["my gate"]
    assert sources(copies.mine / "07_rope.ipynb")[1] == "my rotate"


def test_a_renumbered_copy_never_replaces_another(copies):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    save(copies.mine / "07_rope.ipynb", exercise("rotate", "another rotate"))
    renumber(copies)
    copies.update()
    assert sources(copies.mine / NAME)[1] == "my rotate"
    assert sources(copies.mine / "07_rope.ipynb") == ["another rotate"]


# What a learner had before today's lessons were made, with three answers and a note of his own
BEFORE = {
    "pairwise_differences": "start_here",
    "without_blanks": "flip_flop_and_selective_copy",
    "recall": "flip_flop_and_selective_copy",
}


@pytest.mark.parametrize("later", [False, True])
def test_copies_of_an_earlier_course_keep_their_answers(tmp_path, later):
    """In my_notebooks.zip: two lessons of commit 2ddcbd0 (without pictures), written in.

    They meet today's course, or a later one with other numbers and a further sentence each.
    """
    with zipfile.ZipFile(Path(__file__).parent / "reference" / "my_notebooks.zip") as earlier:
        earlier.extractall(tmp_path / "mine")
        had = {
            Path(name).stem.partition("_")[2]: earlier.read(name)
            for name in earlier.namelist()
            if not name.startswith(".originals")
        }
    written = {
        name: text
        for contents in had.values()
        for name, text in copies_module.exercise_texts(json.loads(contents)).items()
    }
    for path in Path(environment.ROOT, "notebooks").glob("*.ipynb"):
        lesson = copies_module.read(path)
        number, _, rest = path.name.partition("_")
        name = f"{int(number) + 1:02}_{rest}" if later else path.name
        save(tmp_path / "course" / name, *lesson["cells"], *[markdown("one sentence more")] * later)
    copies = Copies(tmp_path / "course", tmp_path / "mine")
    said = copies.update()
    for exercise, slug in BEFORE.items():
        (lesson,) = copies.lessons.glob(f"[0-9]*_{slug}.ipynb")
        old, new = copies.of(lesson.name)[0], copies.of(lesson.name)[-1]
        assert old.name == lesson.name and old.read_bytes() == had[slug]
        now = copies_module.exercise_texts(json.loads(new.read_text(encoding="utf-8")))
        if exercise in copies_module.exercise_texts(copies_module.read(lesson)):
            assert now[exercise] == written[exercise] and "# my own note" in now[exercise]
        else:
            assert any(
                "no longer asks for" in sentence and exercise in sentence for sentence in said
            )
    assert copies.update() == []


# Damage

NOTEBOOK = '{{"cells": [{}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}'
DAMAGED = [
    "",
    "{",
    "[]",
    "3",
    '{"cells": 3}',
    '{"cells": {}}',
    "[" * 100_000,
    '{"a":' * 100_000,
    "\0" * 50,
    *[
        NOTEBOOK.format(cell)
        for cell in (
            "{}",
            "3",
            "null",
            '{"source": "x"}',
            '{"cell_type": "code"}',
            '{"cell_type": 3, "source": "x"}',
            '{"cell_type": "code", "source": 3}',
            '{"cell_type": "code", "source": [3]}',
            '{"cell_type": "code", "source": "x", "metadata": []}',
            '{"cell_type": "code", "source": "x", "metadata": null}',
            '{"cell_type": "code", "source": "x", "metadata": {}, "outputs": 3}',
        )
    ],
]
ODD = [  # what JupyterLab, or an older version of it, opens
    f'{{"cell_type": "{kind}", "metadata": {{"exercise": {name}}}, "source": {text}{outputs}}}'
    for kind, name, text, outputs in [
        ("markdown", '"rotate"', '"prose"', ""),  # made Markdown: it has no outputs
        ("raw", '"rotate"', '["prose"]', ""),
        ("code", "3", '"x"', ', "outputs": []'),
        ("code", '["rotate"]', '"x"', ', "outputs": [3, null, {}]'),
        (
            "code",
            '"rotate"',
            '"x"',
            ', "outputs": [{"metadata": 3}, {"metadata": {"classroom": 3}}]',
        ),
        (
            "code",
            '"rotate"',
            '"x"',
            ', "outputs": [{"metadata": {"classroom": {"state": "right"}}}]',
        ),
        ("code", '"rotate"', '"x"', ', "outputs": [{"metadata": {"classroom": {"exercise": []}}}]'),
    ]
] + ['{"cell_type": "code", "source": "x"}']


@pytest.mark.parametrize("contents", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_copy_is_reported_and_left_alone(copies, contents):
    copies.update()
    (copies.mine / NAME).write_text(contents, encoding="utf-8")
    publish(copies, "version 2", "rotate")
    (said,) = copies.update()
    assert said == (
        "my_notebooks/06_rope.ipynb cannot be read as a notebook. It was left alone. "
        "If you move it away, you get a fresh copy."
    )
    assert (copies.mine / NAME).read_text(encoding="utf-8") == contents
    assert status.states_in(copies.mine / NAME) == {}
    (copies.mine / NAME).unlink()
    copies.update()
    assert sources(copies.mine / NAME)[0] == "version 2"


@pytest.mark.parametrize("cell", ODD)
def test_an_odd_copy_is_treated_as_one_that_was_written_in(copies, cell):
    copies.update()
    odd = NOTEBOOK.format(cell).encode()
    (copies.mine / NAME).write_bytes(odd)
    publish(copies, "version 2", "rotate")
    (said,) = copies.update()
    assert "the lesson was updated. Your file stays as it is" in said
    assert (copies.mine / NAME).read_bytes() == odd
    assert status.states_in(copies.mine / NAME) == {}


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: b"\xff" + data]
)
def test_half_a_file_and_foreign_bytes_are_damage_too(copies, damage):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    damaged = damage((copies.mine / NAME).read_bytes())
    (copies.mine / NAME).write_bytes(damaged)
    assert "cannot be read as a notebook" in copies.update()[0]
    assert (copies.mine / NAME).read_bytes() == damaged


def test_a_byte_order_mark_is_no_damage(copies, course):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    marked = b"\xef\xbb\xbf" + (copies.mine / NAME).read_bytes()
    (copies.mine / NAME).write_bytes(marked)
    assert copies.update() == []
    assert status.saved_states(copies, course) == {"rotate": "right"}


def test_a_damaged_update_can_be_had_again(copies):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    publish(copies, "version 2", "rotate")
    copies.update()
    updated = copies.mine / "06_rope (updated).ipynb"
    updated.write_text("{", encoding="utf-8")
    (said,) = copies.update()
    assert said.endswith(
        "If you move it away, and .originals/06_rope (updated).ipynb with it, you get a fresh copy."
    )
    updated.unlink()
    (copies.originals / updated.name).unlink()
    copies.update()
    assert sources(updated) == ["version 2", "my rotate"]


def test_a_damaged_lesson_of_the_course_is_not_the_learners_concern(copies):
    copies.update()
    (copies.lessons / NAME).write_text("{", encoding="utf-8")
    assert copies.update() == [
        "notebooks/06_rope.ipynb cannot be read as a notebook. It is the course's: "
        "`git restore 06_rope.ipynb` in that folder repairs it."
    ]


def spoil(path):
    path.write_text("{", encoding="utf-8")


def alter(path):
    path.write_text(
        path.read_text(encoding="utf-8").replace("version 1", "something else"), encoding="utf-8"
    )


@pytest.mark.parametrize("lose", [spoil, alter, Path.unlink])
def test_a_lost_original_of_todays_lesson_is_written_again(copies, lose):
    save(copies.lessons / NAME, markdown("version 1"), exercise("rotate"), lesson={"digest": "1"})
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    lose(copies.originals / NAME)
    before = (copies.mine / NAME).read_bytes()
    assert copies.update() == []
    assert (copies.mine / NAME).read_bytes() == before
    save(copies.lessons / NAME, markdown("version 2"), exercise("rotate"), lesson={"digest": "2"})
    copies.update()
    assert sources(copies.mine / "06_rope (updated).ipynb") == ["version 2", "my rotate"]


def test_without_originals_nothing_is_overwritten(copies):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    (copies.originals / NAME).unlink()
    (said,) = copies.update()
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


# A course with many lessons, brought up to date by a process of its own
UPDATE = """
import sys
from classroom import copies
copies.kernel = dict
copies.Copies(sys.argv[1], sys.argv[2]).update()
"""
SLUGS = [f"lesson{number}" for number in range(12)]


def start_update(copies):
    return subprocess.Popen(
        [sys.executable, "-c", UPDATE, copies.lessons, copies.mine],
        cwd=environment.ROOT,
        stdout=subprocess.DEVNULL,
    )


def publish_many(copies, version):
    """Each version gives the lessons other numbers."""
    for path in copies.lessons.glob("*.ipynb"):
        path.unlink()
    for number, slug in enumerate(SLUGS, start=version):
        save(
            copies.lessons / f"{number:02}_{slug}.ipynb",
            markdown(f"version {version}" * 2000),
            exercise(slug),
            lesson={"digest": version},
        )


def test_updates_killed_at_any_moment_lose_no_answer_and_are_finished_by_the_next(copies):
    random = Random(0)
    (copies.lessons / NAME).unlink()
    publish_many(copies, 1)
    for round in range(4):
        for _ in range(6):
            process = start_update(copies)
            time.sleep(random.uniform(0.04, 0.12))
            process.kill()
            process.wait()
        assert start_update(copies).wait() == 0
        assert not list(copies.mine.rglob("*.part"))
        files = {slug: copies.of(f"00_{slug}.ipynb") for slug in SLUGS}
        for slug in SLUGS[::2]:  # every other lesson is written in, in its newest file
            written = [text for path in files[slug] for text in sources(path)]
            assert f"version {round + 1}" * 2000 in written
            assert all(f"{slug} {earlier}" in written for earlier in range(round))
            answer(files[slug][-1], slug, f"{slug} {round}")
        assert [len(files[slug]) for slug in SLUGS] == [round + 1, 1] * 6
        publish_many(copies, round + 2)


def test_two_updates_at_once_offer_a_lesson_once(copies):
    publish_many(copies, 1)
    assert start_update(copies).wait() == 0
    for slug in SLUGS:
        answer(copies.of(f"00_{slug}.ipynb")[-1], slug, "mine")
    publish_many(copies, 2)
    both = [start_update(copies) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert [len(copies.of(f"00_{slug}.ipynb")) for slug in SLUGS] == [2] * 12


@pytest.fixture
def course():
    """The lesson above as the catalogue knows it: two exercises with stars and minutes."""
    exercises = [
        SimpleNamespace(name="rotate", stars=1, minutes=5),
        SimpleNamespace(name="cache", stars=3, minutes=70),
    ]
    lesson = SimpleNamespace(
        number="06",
        title="Rotations",
        slug="rotations",
        reading_minutes=30,
        exercise_minutes=75,
        exercises=exercises,
        notebook_path=Path(NAME),
    )
    return SimpleNamespace(lessons=[lesson])


def test_status_reads_the_saved_notebooks(copies, course):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    states = status.saved_states(copies, course)
    assert states == {"rotate": "right"}
    lines = [" ".join(line.split()) for line in status.table(course, states)]
    assert lines[0] == "06 Rotations 30 min to read, 75 to do 1 of 2 right"
    assert lines[1] == "* rotate 5 min right"
    assert lines[2] == "*** cache 70 min not written yet"
    assert lines[-1] == "1 of 2 exercises are right; the others take about 1 h 10 min."


def test_status_follows_the_newest_file(copies, course):
    copies.update()
    answer(copies.mine / NAME, "rotate", "my rotate")
    publish(copies, "version 2", "rotate", "cache")
    copies.update()
    assert status.saved_states(copies, course) == {"rotate": "right"}  # carried over, not run yet
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


# Folders that cannot be written in


def cannot_write(error):
    def write(path, content):
        raise OSError(error, os.strerror(error))

    return write


@pytest.mark.parametrize(
    "error, advice",
    [
        (errno.EACCES, 'make lab ARGS="--folder ~/counting"'),
        (errno.EROFS, 'make lab ARGS="--folder ~/counting"'),
        (errno.ENOSPC, "could not be brought up to date: No space left on device."),
    ],
)
def test_a_folder_that_cannot_be_written_is_told_with_what_to_do(
    copies, monkeypatch, error, advice
):
    copies.update()
    before = (copies.mine / NAME).read_bytes()
    publish(copies, "version 2", "rotate")
    monkeypatch.setattr(files, "write", cannot_write(error))
    with pytest.raises(environment.Problem, match=re.escape(advice)):
        launcher.bring_up_to_date(copies)
    assert (copies.mine / NAME).read_bytes() == before
    monkeypatch.undo()
    assert launcher.bring_up_to_date(copies) == copies.mine
    assert sources(copies.mine / NAME)[0] == "version 2"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_leaves_the_old_copy(copies, monkeypatch):
    copies.update()
    publish(copies, "version 2", "rotate")

    def full(path, mode):
        return open("/dev/full", mode)  # noqa: SIM115

    monkeypatch.setattr(files, "open", full, raising=False)
    with pytest.raises(
        environment.Problem, match="06_rope.ipynb could not be written: No space left"
    ):
        launcher.bring_up_to_date(copies)
    assert sources(copies.mine / NAME)[0] == "version 1"


def test_the_learners_folder_can_be_named(tmp_path, monkeypatch):
    monkeypatch.setenv(environment.FOLDER, "")
    assert copies_module.copies().mine == Path(environment.ROOT, "my_notebooks")
    environment.take_folder(["--port", "1", "--folder", str(tmp_path)])
    assert copies_module.copies().mine == tmp_path / "my_notebooks"
    environment.take_folder(["--port", "1"])
    assert os.environ[environment.FOLDER] == str(tmp_path)


# Which lesson is opened


def note(folder, current, name="default-37a8"):
    path = folder / launcher.WORKSPACES / f"{name}.jupyterlab-workspace"
    path.parent.mkdir(exist_ok=True)
    layout = {"main": {"current": current}} if current else {}
    path.write_text(json.dumps({"data": {"layout-restorer:data": layout}}), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "current, opened",
    [
        ("notebook:06_rope.ipynb", "06_rope.ipynb"),
        ("notebook:06_rope (updated).ipynb", "06_rope (updated).ipynb"),
        ("notebook:gone.ipynb", None),
        ("launcher:1", None),
        (3, None),
        (None, None),
    ],
)
def test_the_lesson_you_were_in_is_opened_else_the_start_page(tmp_path, current, opened):
    for name in "00_start_here.ipynb", "06_rope.ipynb", "06_rope (updated).ipynb":
        save(tmp_path / name)
    assert launcher.where_you_were(tmp_path) is None
    note(tmp_path, current)
    assert launcher.where_you_were(tmp_path) == (tmp_path / opened if opened else None)


def test_the_window_used_last_counts_and_damaged_notes_do_not(tmp_path):
    for name in "00_start_here.ipynb", "06_rope.ipynb", "07_cope.ipynb":
        save(tmp_path / name)
    os.utime(note(tmp_path, "notebook:06_rope.ipynb", "one"), (1, 1))
    note(tmp_path, "notebook:07_cope.ipynb", "two")
    assert launcher.where_you_were(tmp_path).name == "07_cope.ipynb"
    note(tmp_path, None, "two").write_text("{", encoding="utf-8")
    assert launcher.where_you_were(tmp_path).name == "06_rope.ipynb"


def test_a_name_with_spaces_is_an_address(tmp_path):
    assert (
        launcher.address(tmp_path / "06_rope (updated).ipynb")
        == "/lab/tree/06_rope%20%28updated%29.ipynb"
    )
    assert launcher.address(None) == "/lab"


# Settings that are passed on


@pytest.mark.parametrize(
    "arguments, owner, name, value",
    [
        ("--ip 0.0.0.0", "ServerApp", "ip", "0.0.0.0"),
        ("--ip=0.0.0.0", "ServerApp", "ip", "0.0.0.0"),
        ("--ServerApp.ip=0.0.0.0", "ServerApp", "ip", "0.0.0.0"),
        ("--ServerApp.ip 0.0.0.0", "ServerApp", "ip", "0.0.0.0"),
        ("--port-retries=5", "ServerApp", "port_retries", 5),
        ("--notebook-dir=.", "ServerApp", "root_dir", "."),
        ("--LabApp.default_url=/lab", "LabApp", "default_url", "/lab"),
        ("--LabApp.extension_manager=pypi", "LabApp", "extension_manager", "pypi"),
        ("--log-level=DEBUG", "ServerApp", "log_level", "DEBUG"),
        ("--no-browser", "ServerApp", "open_browser", False),
        ("--JupyterApp.answer_yes=False", "JupyterApp", "answer_yes", False),
        ("--ServerApp.base_url=/count/", "ServerApp", "base_url", "/count/"),
        ("-y --allow-root", "ServerApp", "allow_root", True),
    ],
)
def test_each_setting_of_jupyterlab_can_be_passed_on(tmp_path, arguments, owner, name, value):
    defaults = launcher.settings(tmp_path, 8888)
    app = ServerApp()
    app.parse_command_line(
        launcher.command_line(defaults, arguments.split())
    )  # refuses a setting made twice
    assert app.cli_config[owner][name] == value
    others = set(defaults) - set(launcher.names_in(arguments.split()))
    assert len(others) >= len(defaults) - 2
    for each in others:
        owner, _, name = each.partition(".")
        assert str(app.cli_config[owner][name]) == str(defaults[each])


def test_jupyterlab_starts_on_the_copies_and_ctrl_c_ends_it(tmp_path, monkeypatch):
    """The real thing, in a terminal: it shows the lessons, and asks nobody, outside or here."""
    pty = pytest.importorskip("pty")  # not on Windows
    monkeypatch.setenv(environment.FOLDER, str(tmp_path))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    port = launcher.choose_port()
    arguments = ["--no-browser", "--ip=127.0.0.1", f"--port={port}"]
    start = f"from classroom import launcher; launcher.main({arguments})"
    terminal, ours = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", start],
        cwd=environment.ROOT,
        start_new_session=True,
        preexec_fn=lambda: fcntl_terminal(ours),
        stdin=ours,
        stdout=ours,
        stderr=ours,
    ) as server:
        os.close(ours)
        try:
            address, token = wait_for_address(terminal)
            assert address == f"http://127.0.0.1:{port}/lab"
            assert "Begin with 00 " in fetch(port, "course/progress", token)["map"]
            plugin = "learning-to-count/static/remoteEntry.js"
            assert "learning-to-count" in fetch(port, "lab", token)  # named to the browser
            assert "course/progress" in fetch(port, f"lab/extensions/{plugin}", token)
            assert fetch(port, "api/status", token)["kernels"] == 0
            shown = {entry["name"] for entry in fetch(port, "api/contents", token)["content"]}
            assert {"00_start_here.ipynb", NAME, "docs"} <= shown and all(
                name.endswith(".ipynb") for name in shown - {"docs"}
            )
            assert fetch(port, "lab/api/update", token)["notification"] is None
            settings = fetch(
                port, "lab/api/settings/@jupyterlab/apputils-extension:notification", token
            )
            defaults = {
                name: each["default"] for name, each in settings["schema"]["properties"].items()
            }
            assert defaults["fetchNews"] == "false" and defaults["checkForUpdates"] is False
            pages = fetch(port, "lab/api/settings/@jupyterlab/docmanager-extension:plugin", token)
            viewers = pages["schema"]["properties"]["defaultViewers"]["default"]
            assert viewers == {"markdown": "Markdown Preview"}  # a page is read, not edited
            os.write(terminal, b"\x03")
            assert server.wait(timeout=20) == 0
            assert "[n]" not in read_available(terminal)  # it asked nothing
        finally:
            server.kill()
            os.close(terminal)


def fcntl_terminal(terminal):
    """Make it the terminal that this process is controlled by, so that Ctrl-C reaches it."""
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def read_available(terminal):
    """What has been printed on the terminal and not been read."""
    said = b""
    while select.select([terminal], [], [], 0)[0]:
        try:
            said += os.read(terminal, 4096)
        except OSError:  # the other end was closed
            break
    return said.decode()


def wait_for_address(terminal, seconds=60):
    said = ""
    for _ in range(seconds * 10):
        said += read_available(terminal)
        if found := re.search(r"(http://127\S+)\?token=(\w+)", said):
            return found.groups()
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab was not ready after {seconds} s:\n{said}")


def fetch(port, path, token):
    """What the server answers: parsed JSON, or text."""
    address = f"http://127.0.0.1:{port}/{path}"
    request = urllib.request.Request(address, headers={"Authorization": f"token {token}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read().decode()
        return json.loads(text) if "json" in answer.headers["Content-Type"] else text

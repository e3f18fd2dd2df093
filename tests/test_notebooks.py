"""That `make test` holds every notebook to its stored outputs; the holding itself is nbval's part
of it.
"""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from classroom import builder, catalogue, course_map, testing
from classroom.environment import ROOT

NOTEBOOKS = sorted(Path(ROOT, "notebooks").glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def tags(cell):
    return set(cell.metadata.get("tags", ()))


def test_the_notebooks_are_what_the_lessons_say(capsys):
    assert builder.main(["--check"]) == 0, capsys.readouterr().out


def test_the_course_map_is_what_the_lessons_say():
    assert course_map.main(["--check"]) == 0, "run `make notebooks`"


@every_notebook
def test_nothing_in_a_notebook_escapes_comparison(path):
    """nbval does not compare a cell without an execution count, and obeys more marks than the one
    we use.
    """
    cells = code_cells(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(
        tags(cell) <= {builder.IGNORED, builder.ALLOW_STDERR, builder.FOLDED} for cell in cells
    )
    assert not any(re.search(r"NBVAL_|PYTEST_VALIDATE", cell.source) for cell in cells)
    compared = [cell for cell in cells if builder.IGNORED not in tags(cell)]
    assert sum(bool(cell.outputs) for cell in compared) >= 3


@every_notebook
def test_a_solved_notebook_is_held_to_the_same_outputs(path, solved):
    shipped, answered = code_cells(path), code_cells(solved / path.name)
    for before, after in zip(shipped, answered):
        assert after.outputs == before.outputs
        asks = "exercise" in before.metadata or "quiz" in before.metadata
        assert (after.source != before.source) == asks


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("solved")
    testing.solve(Path(ROOT, "notebooks"), folder)
    return folder


def test_every_notebook_is_run_twice_and_the_last_lessons_first():
    if not testing.SOLVED.exists():
        testing.solve(Path(ROOT, "notebooks"), testing.SOLVED)
    command = [*testing.command(["--collect-only"]), "--ignore", "tests"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    collected = list(dict.fromkeys(re.findall(r"^(\S+)::Cell", listing, re.MULTILINE)))
    folders = ("notebooks", ".solved")
    expected = [f"{folder}/{path.name}" for path in reversed(NOTEBOOKS) for folder in folders]
    assert sorted(collected) == sorted(expected)
    assert [Path(each).name for each in collected] == [Path(each).name for each in expected]


@pytest.fixture(scope="module")
def failures(solved, tmp_path_factory):
    """What nbval says, by file name, of four notebooks that must fail."""
    folder = tmp_path_factory.mktemp("failing")
    nbformat.write(altered(NOTEBOOKS[0]), folder / "altered.ipynb")
    nbformat.write(altered(solved / NOTEBOOKS[0].name), folder / "altered_solved.ipynb")
    for name, source in ("raises", "1 / 0"), ("endless", "while True: pass"):
        cell = nbformat.v4.new_code_cell(
            source, execution_count=1, metadata={"tags": [builder.IGNORED]}
        )
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / f"{name}.ipynb")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--color=no",
        *testing.NBVAL,
        "--nbval-cell-timeout=8",
        ".",
    ]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    assert "4 failed" in said
    reports = re.split(r"^_+ (?:.*/)?(\w+)(?:\.|::)ipynb.* _+$", said, flags=re.MULTILINE)
    return dict(zip(reports[1::2], reports[2::2]))


def altered(path):
    """The notebook up to its first printed number, in which one digit is another."""
    notebook = nbformat.read(path, as_version=4)
    number, output = next(
        (number, output)
        for number, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and builder.IGNORED not in tags(cell)
        for output in cell.outputs
        if re.search(r"\d", output.get("text", ""))
    )
    output.text = re.sub(
        r"\d", lambda digit: str((int(digit.group()) + 1) % 10), output.text, count=1
    )
    del notebook.cells[number + 1 :]
    return notebook


@pytest.mark.parametrize(
    "name, says",
    [
        ("altered", "Cell outputs differ"),
        ("altered_solved", "Cell outputs differ"),
        ("raises", "ZeroDivisionError"),
        ("endless", "Timeout of 8"),
    ],
)
def test_a_notebook_fails_for_one_digit_an_error_or_an_endless_cell(failures, name, says):
    assert says in failures[name]


def test_named_files_are_run_instead_of_everything():
    assert testing.command([])[-3:] == ["tests", "notebooks", ".solved"]
    assert testing.command(["-k", "rope"])[-5:] == ["tests", "notebooks", ".solved", "-k", "rope"]
    assert "notebooks" not in testing.command(["tests/test_launcher.py", "-x"])


def test_a_notebook_that_cannot_be_solved_says_what_to_do(tmp_path):
    cell = nbformat.v4.new_code_cell("", metadata={"exercise": "no_such_exercise"})
    (tmp_path / "notebooks").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "notebooks" / "99_gone.ipynb")
    with pytest.raises(
        testing.Problem, match="(?s)99_gone.*cannot be solved.*no_such.*make notebooks"
    ):
        testing.solve(tmp_path / "notebooks", tmp_path / "solved")


@pytest.mark.parametrize("lesson", catalogue.course().lessons, ids=lambda lesson: lesson.name)
def test_headings_of_a_lesson_skip_no_level(lesson):
    levels = [len(marks) for marks in re.findall(r"^# (#+) ", lesson.text, re.MULTILINE)]
    assert levels[0] == 1 and all(after <= before + 1 for before, after in zip(levels, levels[1:]))

"""The first cell for Colab: built only where pyproject.toml names an address, and what it does.

It could not be tried in Colab itself. Here a stand-in for its module runs the cell, with a
repository on this disk.
"""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from classroom import builder, catalogue, colab
from classroom.environment import ROOT
from tests import tiny_course

ADDRESS = "https://github.com/someone/counting"


def with_urls(root, lines):
    (root / "pyproject.toml").write_text(f'[project]\nname = "tiny"\n{lines}', encoding="utf-8")


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """The tiny course in a temporary folder, in the place of the real one."""
    tiny_course.write(tmp_path)
    monkeypatch.setattr(catalogue, "course", lambda: catalogue.Course(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    catalogue.parsed.cache_clear()
    return tmp_path


def sources(lesson):
    return [cell.source for cell in builder.unexecuted(lesson).cells]


def test_without_an_address_nothing_is_built(tiny):
    lesson = catalogue.course().lessons[0]
    plain = sources(lesson)
    for lines in ("", '[project.urls]\nDocumentation = "https://docs.example.org/tiny"\n'):
        with_urls(tiny, lines)
        assert sources(lesson) == plain
    assert not any("olab" in source for source in plain)


@pytest.mark.parametrize("label", ["Repository", "Source Code", "source", "GitHub"])
def test_with_an_address_there_are_a_link_and_a_cell(tiny, label):
    lesson = catalogue.course().lessons[0]
    plain = sources(lesson)
    with_urls(tiny, f'[project.urls]\n"{label}" = "{ADDRESS}"\n')
    title, cell, *others = sources(lesson)
    assert title.startswith(
        "# Tiny\n\n[Open in Colab](https://colab.research.google.com/github/someone/counting/"
        "blob/main/notebooks/00_tiny.ipynb)"
    )
    assert cell.startswith(colab.FIRST_LINE) and f'address = "{ADDRESS}"' in cell
    assert all(len(line) <= 79 for line in cell.splitlines())
    assert others == plain[1:]


def test_another_host_gets_the_cell_without_the_link(tiny):
    with_urls(tiny, '[project.urls]\nrepository = "https://codes.example.org/someone/tiny.git"\n')
    title, cell, *_ = sources(catalogue.course().lessons[0])
    assert title.startswith("# Tiny") and "olab" not in title
    assert "https://codes.example.org/someone/tiny.git" in cell


@pytest.mark.parametrize("bad", ["git@github.com:a/b", 'https://a.b/c"; import os', "http://a.b/c"])
def test_what_is_no_address_is_refused(tiny, bad):
    with_urls(tiny, f"[project.urls]\nrepository = {bad!r}\n")
    with pytest.raises(ValueError, match="the repository's address is https://"):
        colab.address(tiny)


def test_a_lesson_with_the_cell_is_built_and_its_faults_have_their_lines(tiny):
    with_urls(tiny, f'[project.urls]\nRepository = "{ADDRESS}"\n')
    assert builder.build() == ["00_tiny"]
    lesson = catalogue.course().lessons[0]
    notebook = nbformat.read(lesson.notebook_path, as_version=4)
    cell = notebook.cells[1]
    assert colab.is_its_cell(cell) and cell.outputs == [] and cell.execution_count == 1
    assert builder.staleness(lesson, builder.unexecuted(lesson)) is None
    with_urls(tiny, "")
    assert builder.staleness(lesson, builder.unexecuted(lesson)) is not None

    with_urls(tiny, f'[project.urls]\nRepository = "{ADDRESS}"\n')
    tiny_course.edit(tiny, "lessons/00_tiny/lesson.py", "print(double(np.arange(3)))", "1 / 0")
    catalogue.parsed.cache_clear()
    number = lesson.path.read_text(encoding="utf-8").splitlines().index("1 / 0")  # below "# %%"
    with pytest.raises(builder.CourseError, match=rf"line {number}: .*ZeroDivisionError"):
        builder.build()


def test_the_shipped_notebooks_have_what_pyproject_says():
    """No address is written into this project, so nothing of Colab is in its notebooks."""
    named = colab.address(Path(ROOT)) is not None
    for path in sorted(Path(ROOT, "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        assert any(map(colab.is_its_cell, cells)) == named, path.name


# What the cell does


def run(cell, folder, module=""):
    """Run the cell in a Python of its own that has `module`. Returns its folder and sys.path[0]."""
    module = f"sys.modules[{module!r}] = None\n" if module else ""
    said = "import os, sys; print(os.getcwd(), sys.path[0], sep='\\n')"
    code = f"import sys\n{module}{cell}\n{said}"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def repository(tmp_path):
    """A repository on this disk, with one commit."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "counting.py").write_text("number = 7\n")
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init"], ["add", "."], [*who, "commit", "-m", "one"]):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
    return folder


def test_in_colab_it_clones_once_and_goes_on_in_the_learners_folder(repository, tmp_path):
    content = tmp_path / "content"
    content.mkdir()
    cell = colab.CELL.format(address=repository.as_uri()).replace("/content", str(content))
    for _ in range(2):  # running it again changes nothing
        here, first = run(cell + "\nfrom counting import number", content, "google.colab")
        assert Path(here) == (content / "learning-to-count" / "my_notebooks").resolve()
        assert Path(first, "counting.py").exists()


def test_anywhere_else_it_does_nothing(tmp_path):
    cell = colab.CELL.format(address=ADDRESS)
    here, first = run(cell, tmp_path)
    assert Path(here) == tmp_path.resolve() and "learning-to-count" not in first
    assert list(tmp_path.iterdir()) == []

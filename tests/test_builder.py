"""The builder, tried on a tiny course: what it builds, what it refuses, and how it knows a stale
notebook.
"""

import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbconvert import HTMLExporter

from classroom import builder, catalogue, new, testing
from classroom.catalogue import CourseError
from classroom.cells import digest
from classroom.environment import Problem
from tests import tiny_course

LESSON, CHECKS = "lessons/00_tiny/lesson.py", "lessons/00_tiny/checks.py"
MISTAKES, SOLUTIONS = "lessons/00_tiny/mistakes.py", "solutions/tiny.py"


@pytest.fixture(scope="module")
def once_built(tmp_path_factory):
    """The folder of a tiny course whose notebook was built, once for all tests."""
    root = tmp_path_factory.mktemp("course")
    tiny_course.write(root)
    with pytest.MonkeyPatch.context() as patch:
        use(root, patch)
        assert builder.build() == ["00_tiny"]
    return root


@pytest.fixture
def built(once_built, tmp_path, monkeypatch):
    """A copy of that folder, in the place of the real course."""
    shutil.copytree(once_built, tmp_path, dirs_exist_ok=True)
    use(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def unbuilt(tmp_path, monkeypatch):
    """The tiny course in a temporary folder, in the place of the real one."""
    tiny_course.write(tmp_path)
    use(tmp_path, monkeypatch)
    return tmp_path


def use(root, patch):
    """Put the course in `root` in the place of the real one, in this process and in the kernels it
    starts.
    """
    patch.setattr(catalogue, "course", lambda: catalogue.Course(root))
    patch.setenv("PYTHONPATH", str(root))
    catalogue.parsed.cache_clear()


def edit(root, name, old, new):
    tiny_course.edit(root, name, old, new)
    catalogue.parsed.cache_clear()


def stored(root):
    return nbformat.read(root / "notebooks" / "00_tiny.ipynb", as_version=4)


def code(notebook):
    return {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}


def refusal(root):
    """What the build says, of a course that it refuses."""
    with pytest.raises(CourseError) as refused:
        builder.build()
    assert not (root / "notebooks" / "00_tiny.ipynb").exists()
    return str(refused.value)


# What is built


def test_cells_have_ids_that_stay(built):
    ids = [cell.id for cell in stored(built).cells]
    assert ids[0] == "tiny"
    assert ids[2:4] == ["double", "and-now"] and ids[6:8] == ["and-now-2", "Counter"]
    assert all(re.fullmatch("[0-9a-f]{12}", ids[index]) for index in (1, 4, 5, 8, 9))


def test_each_lesson_links_to_the_one_before_and_after():
    lessons = catalogue.course().lessons
    first, second, last = (
        builder.unexecuted(lesson).cells for lesson in (*lessons[:2], lessons[-1])
    )
    after = f"[{lessons[1].number} {lessons[1].title.partition(':')[0]} →]({lessons[1].name}.ipynb)"
    assert first[0].source.splitlines()[2] == first[-1].source.splitlines()[-1] == after
    links = second[0].source.splitlines()[2]
    assert links.startswith("[← 00 Start here](00_start_here.ipynb) · [02 Embeddings →](02_")
    assert second[-1].source.endswith("\n\n" + links)
    assert "→" not in last[-1].source.splitlines()[-1]


def test_a_last_lesson_that_ends_in_code_gets_a_cell_for_its_links(unbuilt):
    shutil.copytree(unbuilt / "lessons" / "00_tiny", unbuilt / "lessons" / "01_empty")
    course = catalogue.Course(unbuilt)
    cells = [{"cell_type": "code", "source": "1"}]
    builder._link(cells, course.lessons[1])
    assert cells[1]["source"] == "[← 00 Tiny](00_tiny.ipynb)" and cells[0]["source"] == "1"


def test_exercise_cells_hold_stubs_and_their_state(built):
    cells = code(stored(built))
    assert cells["double"].source.splitlines() == [
        '# Exercise *   about 2 minutes   hint("double")   solution("double")',
        "@exercise",
        "def double(x):",
        '    """Every entry of x, doubled.',
        "",
        "    Example: [1, 2] gives [2, 4].",
        '    """',
        "    ...  # your code here",
    ]
    assert cells["double"].metadata == {"exercise": "double", "tags": ["nbval-ignore-output"]}
    assert cells["double"].outputs[0].metadata.classroom == {
        "exercise": "double",
        "state": "not written yet",
        "cell": digest(cells["double"].source),
    }
    stub = cells["Counter"].source
    assert "self.total += step" not in stub and "raise" not in stub
    assert "    def __init__(self):\n        self.total = 0\n" in stub
    assert stub.endswith("    def clear(self):\n        self.total = 0")


def test_outputs_are_stored_with_counts_and_alt_text_but_without_progress(built):
    cells = [cell for cell in stored(built).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == [1, 2, 3, 4, 5, 6, 7]
    assert cells[2].outputs[0].text == "[0 2 4]\n"
    assert 'alt="A line that climbs from 0 to 4."' in cells[3].outputs[0].data["text/html"]
    assert cells[3].outputs[0].data["text/plain"] == "A line that climbs from 0 to 4."
    assert "progress" in cells[0].source and cells[5].outputs == []
    assert cells[6].outputs[0].data["text/plain"] == "3"


def test_the_page_that_nbconvert_makes_has_the_alt_text(built):
    page, _ = HTMLExporter().from_notebook_node(stored(built))
    [image] = re.findall(r"<img[^>]*>", page)
    assert (
        'alt="A line that climbs from 0 to 4."' in image
        and 'src="data:image/png;base64,iVBOR' in image
    )


def test_metadata_names_the_lesson_and_nothing_of_this_machine(built):
    metadata = stored(built).metadata
    digest = metadata.lesson.pop("digest")
    assert metadata.lesson == {
        "title": "Tiny: twice and again",
        "question": "What is twice as much?",
        "waiting": 0,
        "achieved": "",
    }
    assert re.fullmatch("[0-9a-f]{16}", digest)
    assert metadata.kernelspec == {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    assert "version" not in metadata.language_info
    text = (built / "notebooks" / "00_tiny.ipynb").read_text(encoding="utf-8")
    assert str(built) not in text and "<details><summary>Answer" in text


def test_building_again_gives_the_same_bytes_from_any_folder(built, tmp_path_factory, monkeypatch):
    path = built / "notebooks" / "00_tiny.ipynb"
    before, written = path.read_bytes(), path.stat().st_mtime_ns
    assert builder.build() == []
    assert path.stat().st_mtime_ns == written
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert builder.build(everything=True) == ["00_tiny"]
    assert path.read_bytes() == before and path.stat().st_mtime_ns > written
    assert list(path.parent.iterdir()) == [path]


# What is stale


@pytest.mark.parametrize(
    "name, old, new",
    [
        (LESSON, "# # Tiny", "# # Small"),
        (LESSON, 'twice as much?"', 'twice as much?"\n#     waiting: 9'),
        (CHECKS, "minutes=2", "minutes=3"),
        (SOLUTIONS, "TWO * np", "2 * np"),
        (SOLUTIONS, "Every entry of x,", "All of x,"),
        ("notebooks/00_tiny.ipynb", "print(double(np.arange(3)))", "print(double(np.arange(4)))"),
        ("notebooks/00_tiny.ipynb", '"id": "and-now-2"', '"id": "and-now-3"'),
        ("notebooks/00_tiny.ipynb", '"execution_count": 3', '"execution_count": null'),
        ("notebooks/00_tiny.ipynb", '"cells"', "cells"),
    ],
)
def test_check_names_a_stale_notebook_and_leaves_it(built, capsys, name, old, new):
    assert builder.main(["--check"]) == 0
    edit(built, name, old, new)
    before = (built / "notebooks" / "00_tiny.ipynb").read_bytes()
    assert builder.main(["--check"]) == 1
    assert "00_tiny.ipynb: " in capsys.readouterr().out
    assert (built / "notebooks" / "00_tiny.ipynb").read_bytes() == before


def test_notebook_without_a_lesson_is_named_then_removed(built, capsys):
    gone = shutil.copy(built / "notebooks" / "00_tiny.ipynb", built / "notebooks" / "99_gone.ipynb")
    assert builder.main(["--check"]) == 1
    assert capsys.readouterr().out == "99_gone.ipynb: there is no such lesson\n"
    assert gone.exists()
    builder.build()
    assert not gone.exists()


def test_unknown_lesson_is_a_message(unbuilt, capsys):
    assert builder.main(["07"]) == 1
    assert "no lesson is called '07'; there are 00_tiny" in capsys.readouterr().err


# What is refused: a fault in the files, found before anything runs

DOUBLE_CELL = '# %% exercise="double"'


@pytest.mark.parametrize(
    "name, old, new, says",
    [
        (
            LESSON,
            DOUBLE_CELL,
            '# %% exercise="treble"',
            [
                'nothing is said about `treble`; write  about("treble", stars=1',
                "checks.py, line 5: `double` is not an exercise of 00_tiny",
                "`treble` has no checks",
                "`treble` needs 3 different mistakes and has 0",
                "mistakes.py, line 7: `double` is not an exercise",
                "no top-level function or class `treble`",
            ],
        ),
        (
            LESSON,
            "# %%\nprint",
            f"{DOUBLE_CELL}\n\n# %%\nprint",
            ["lesson.py, line 23: exercise `double` is already in line 17"],
        ),
        (
            LESSON,
            DOUBLE_CELL,
            DOUBLE_CELL + "\nx = 1",
            ["lesson.py, line 17: the cell of exercise `double` must be empty"],
        ),
        (LESSON, "print(double", "print double", ["lesson.py, line 24: syntax error"]),
        (
            LESSON,
            "import compare, exercise, hint, ",
            "import compare, ",
            [
                "lesson.py, line 11: the first code cell must say  from classroom import exercise, hint"
            ],
        ),
        (
            LESSON,
            '#     question: "What is twice as much?"\n',
            "",
            ["lesson.py: the header has no `question:`; write for example"],
        ),
        (LESSON, "# %%\nprint", "# %%\n\n# %%\nprint", ["lesson.py, line 23: this cell is empty"]),
        (
            LESSON,
            "# %% [markdown]\n# # Tiny",
            "x = 1\n\n# %% [markdown]\n# # Tiny",
            ["belongs in a cell"],
        ),
        (CHECKS, '@check("Counter")\ndef sums', '@check("double")\ndef sums', []),
        (
            CHECKS,
            'hints=("Keep a sum.", "self.total += step")',
            'hints=("Keep a sum.",)',
            ["two or three hints"],
        ),
        (CHECKS, ', hints=("Keep a sum.", "self.total += step")', "", ["`Counter` has no `hints`"]),
        (CHECKS, "stars=2", "stars=4", ["stars 4"]),
        (CHECKS, "minutes=5", "minutes=0", ["minutes 0"]),
        (CHECKS, "minutes=5", "minutes=5, size=1", ["sets size, which nothing"]),
        (
            CHECKS,
            "minutes=5",
            "minutes=max(1, 5)",
            ['checks.py, line 21: write out every value in about("Counter"'],
        ),
        (CHECKS, '"Counter.add",', '"Counter.remove",', ["must name methods of the class"]),
        (
            CHECKS,
            '    """The total is the sum of the steps."""\n',
            "",
            ["the check `sums` needs a docstring"],
        ),
        (CHECKS, "    return counter.total\n", "", []),
        (CHECKS, "def values", "def values(", ["checks.py, line 10: syntax error"]),
        (MISTAKES, '@mistake("double", "Two was added: multiply by it.")\n', "", []),
        (MISTAKES, "def squared(x):", "def squared(x:", ["mistakes.py, line 7: syntax error"]),
        (
            SOLUTIONS,
            "def double(x):",
            "def twofold(x):",
            ["no top-level function or class `double`"],
        ),
        (SOLUTIONS, "def double(x):", "def double(x:", ["tiny.py, line 6: syntax error"]),
    ],
)
def test_fault_stops_the_build_with_file_and_line(unbuilt, name, old, new, says):
    edit(unbuilt, name, old, new)
    if not says:
        assert builder.build() == ["00_tiny"]  # enough is left
        return
    said = refusal(unbuilt)
    for fragment in says:
        assert fragment in said


def test_all_faults_are_told_at_once(unbuilt):
    edit(unbuilt, LESSON, "print(double", "print double")
    edit(unbuilt, LESSON, '#     title: "Tiny: twice and again"\n', "")
    edit(unbuilt, CHECKS, "stars=2", "stars=4")
    edit(unbuilt, SOLUTIONS, "def double(x):", "def twofold(x):")
    said = refusal(unbuilt).splitlines()
    assert len(said) == 4 and all(re.match(r"\S+(, line \d+)?: ", line) for line in said), said
    assert all(
        any(fragment in line for line in said)
        for fragment in ("syntax error", "`title:`", "stars 4", "class `double`")
    )


def test_missing_file_is_named(unbuilt):
    (unbuilt / MISTAKES).unlink()
    catalogue.parsed.cache_clear()
    assert "lessons/00_tiny/mistakes.py: is missing" in refusal(unbuilt)


def test_exercise_in_two_lessons_stops_the_build(unbuilt):
    shutil.copytree((unbuilt / LESSON).parent, unbuilt / "lessons" / "01_other")
    catalogue.parsed.cache_clear()
    with pytest.raises(
        CourseError, match="01_other/lesson.py, line 17: exercise `double` is already in lesson 00"
    ):
        builder.build(["01"])


def test_what_an_answer_uses_must_be_imported_or_defined_before(unbuilt):
    edit(unbuilt, LESSON, "TWO = 2\n", "\n")
    assert "line 17: the answer to double uses TWO, which no cell before it" in refusal(unbuilt)


def test_lesson_without_exercises_need_not_import_what_they_name(unbuilt):
    header, _, rest = tiny_course.LESSON.partition("# %%\n")
    (unbuilt / "lessons" / "01_reading").mkdir()
    (unbuilt / "lessons" / "01_reading" / "lesson.py").write_text(
        header + "# %%\nprint(2)\n", encoding="utf-8"
    )
    assert builder.unexecuted(catalogue.course().lesson("01")).cells[-2].source == "print(2)"


# What is refused: a cell that fails, or shows what cannot be stored


@pytest.mark.parametrize(
    "cell, says",
    [
        ("1 / 0", "this cell fails: ZeroDivisionError: division by zero"),
        ("plt.plot([1, 2]);", "no alt text: use show(fig, alt=...)"),
        ("import os; os._exit(1)", "the kernel died in this cell"),
    ],
)
def test_cell_stops_the_build(unbuilt, cell, says):
    header, _, rest = tiny_course.LESSON.partition("# %% exercise")
    (unbuilt / LESSON).write_text(f"{header}# %%\n{cell}\n\n# %% exercise{rest}", encoding="utf-8")
    said = refusal(unbuilt)
    assert re.match(r"\S+00_tiny/lesson.py, line 17: ", said) and says in said


def test_notebook_that_shows_too_little_is_refused(unbuilt):
    edit(unbuilt, LESSON, "# %%\ncounter.total", "# %%\nlen([counter.total]);")
    edit(unbuilt, LESSON, "print(double", "len(double")
    assert "lesson.py: only 2 cells show something that is compared, and 3 are needed" in refusal(
        unbuilt
    )


def cell_with(output, *tags):
    cell = nbformat.v4.new_code_cell(metadata={"tags": list(tags)})
    cell.outputs = [output]
    return cell


WARNING = nbformat.v4.new_output("stream", name="stderr", text="UserWarning: beware\n")
BAR = nbformat.v4.new_output(
    "display_data", {"text/plain": "1 of 2"}, metadata={"classroom": "volatile"}
)
ADDRESS = nbformat.v4.new_output(
    "execute_result", {"text/plain": "<object object at 0x7f5fd71ed650>"}
)
PICTURE = nbformat.v4.new_output("display_data", {"text/html": '<img alt="A dot." src="data:,">'})


@pytest.mark.parametrize(
    "output, says",
    [
        (WARNING, "this cell warns .*UserWarning: beware"),
        (BAR, "a cell with a progress bar needs tags="),
        (ADDRESS, "this cell shows an address"),
        (
            nbformat.v4.new_output("stream", name="stdout", text="in {root}/lessons"),
            "a path of this machine",
        ),
        (nbformat.v4.new_output("display_data", {"image/svg+xml": "<svg/>"}), "no alt text"),
        (
            nbformat.v4.new_output("display_data", {"text/html": '<p><img src="data:,"></p>'}),
            "no alt text",
        ),
        (
            nbformat.v4.new_output("display_data", {"text/html": '<img alt="" src="data:,">'}),
            "no alt text",
        ),
    ],
)
def test_output_that_cannot_be_stored_is_refused(unbuilt, output, says):
    cell = cell_with(output)
    if "text" in output:
        cell.outputs[0].text = output.text.format(root=unbuilt)
    with pytest.raises(CourseError, match=f"00_tiny/lesson.py, line 7: .*{says}"):
        builder.lasting(cell, catalogue.course().lesson("00"), 7)


def test_output_that_is_marked_is_stored_or_dropped(unbuilt):
    lesson = catalogue.course().lesson("00")
    assert builder.lasting(cell_with(WARNING, "allow-stderr"), lesson, 7) == [WARNING]
    assert builder.lasting(cell_with(BAR, "nbval-ignore-output"), lesson, 7) == []
    assert builder.lasting(cell_with(PICTURE), lesson, 7) == [PICTURE]


# Solved


def test_solved_notebook_has_the_answers_and_the_same_outputs(built):
    notebook = stored(built)
    solved = builder.solved(notebook)
    assert "return TWO * np.asarray(x)" in code(solved)["double"].source
    assert code(solved)["double"].source.startswith("# Exercise *")
    assert "self.total += step" in code(solved)["Counter"].source
    for before, after in zip(notebook.cells, solved.cells):
        assert (after.id, after.get("outputs")) == (before.id, before.get("outputs"))
    assert notebook == stored(built)


def test_nbval_passes_a_solved_notebook_and_fails_one_with_an_answer_that_does_not_fit(built):
    """Where the lesson does not define TWO, the answer raises."""
    folder = built / "notebooks"
    unfit = builder.solved(stored(built))
    for cell in unfit.cells:
        cell.source = cell.source.replace("TWO = 2\n", "")
    builder.write(unfit, folder / "unfit.ipynb")
    for name, old, new in ("solved", r"base64,\w{40}", "base64,"), ("unlike", "from 0", "from 1"):
        notebook = builder.solved(stored(built))
        data = list(code(notebook).values())[3].outputs[0].data
        data["text/html"], count = re.subn(old, new, data["text/html"])
        assert count == 1
        builder.write(notebook, folder / f"{name}.ipynb")
    command = [
        sys.executable,
        "-m",
        "pytest",
        *testing.NBVAL,
        "-p",
        "no:cacheprovider",
        "-rf",
        "--color=no",
        "unfit.ipynb",
        "solved.ipynb",
        "unlike.ipynb",
    ]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    failed = re.findall(r"^FAILED (\w+)(?:\.|::)ipynb::Cell (\d+)", run.stdout, re.MULTILINE)
    assert failed == [("unfit", "7"), ("unlike", "3")] and "22 passed" in run.stdout, run.stdout


# A new lesson


def test_new_lesson_builds_and_is_proven_at_the_first_try(unbuilt):
    new.write(catalogue.course(), "moving_average")
    assert builder.build(["moving_average"]) == ["01_moving_average"]
    cells = code(nbformat.read(unbuilt / "notebooks" / "01_moving_average.ipynb", as_version=4))
    assert cells["moving_average"].source.endswith("...  # your code here")
    assert cells["moving_average"].outputs[0].metadata.classroom["state"] == "not written yet"
    proof = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            unbuilt,
            "tests/test_exercises.py",
            "-k",
            "moving_average or parts",
        ],
        cwd=unbuilt,
        capture_output=True,
        text=True,
    )
    assert proof.returncode == 0 and "8 passed" in proof.stdout, proof.stdout


@pytest.mark.parametrize(
    "slug, says",
    [
        ("Moving Average", "lower-case words joined by _"),
        ("tiny", "is the name of a lesson"),
        ("double", "is the name of a lesson or an exercise already"),
        ("user", "solutions/user.py is there already"),
    ],
)
def test_new_lesson_overwrites_nothing(unbuilt, slug, says):
    before = sorted(unbuilt.rglob("*.py"))
    with pytest.raises(Problem, match=says):
        new.write(catalogue.course(), slug)
    assert sorted(unbuilt.rglob("*.py")) == before


def test_new_lesson_without_a_name_says_what_to_write():
    with pytest.raises(Problem, match="make new ARGS="):
        new.main([])


def test_folded_cell_hides_its_code_and_nothing_else(unbuilt):
    edit(unbuilt, LESSON, "# %%\nprint(double", '# %% tags=["folded"]\nprint(double')
    cells = builder.unexecuted(catalogue.course().lesson("00")).cells
    folded = [cell for cell in cells if cell.metadata.get("jupyter") == {"source_hidden": True}]
    assert [cell.source for cell in folded] == ["print(double(np.arange(3)))"]

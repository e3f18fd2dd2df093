"""docs/notation.md: each symbol and word is first used where it says, and every lesson leads there."""

import re
from functools import cache
from pathlib import Path

import pytest

from classroom import builder, catalogue, copies

LESSONS = catalogue.course().lessons
PAGE = Path(catalogue.ROOT, "docs", "notation.md")

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)


@cache
def prose(lesson):
    """What a lesson's Markdown cells say."""
    cells = (lines for options, lines in lesson.text_of_cells if "[markdown]" in options)
    return "\n".join(line.removeprefix("#").strip() for lines in cells for line in lines)


def rows(heading):
    """The rows of the table under a heading, as lists of cells."""
    part = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def first_with(pattern):
    """The number of the first lesson whose prose has it; None if none has."""
    return next((each.number for each in LESSONS if re.search(pattern, prose(each))), None)


@pytest.mark.parametrize("row", rows("Words"), ids=lambda row: row[0])
def test_a_word_is_first_used_where_the_page_says(row):
    for word in row[0].split(", ")[:1]:
        assert first_with(rf"(?i)(?<![\w-]){word}") == row[-1]


@pytest.mark.parametrize("row", rows("Symbols"), ids=lambda row: row[0])
def test_a_symbol_is_first_used_where_the_page_says(row):
    """A single letter means something in every formula of the world, so it is left out."""
    symbols = [each for each in re.findall(r"\$([^$]+)\$", row[0]) if len(each) > 1]
    in_formulas = rf"(?s)\$[^$]*{re.escape(symbols[0])}[^$]*\$" if symbols else ""
    assert row[-1] in [each.number for each in LESSONS]
    if symbols:
        assert first_with(in_formulas) == row[-1]


def test_no_row_comes_twice():
    for heading in ("Symbols", "Sizes", "Words"):
        names = [row[0] for row in rows(heading)]
        assert len(set(names)) == len(names) > 5


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_every_lesson_links_to_the_page_and_says_how_long_it_takes(lesson):
    title = builder.unexecuted(lesson).cells[0].source
    about = next(line for line in title.splitlines() if line.startswith("About "))
    assert re.fullmatch(
        r"About \d+ minutes to read, \d+ to do · \[Symbols and words\]\(\.\./docs/notation\.md\)",
        about,
    )


@each_lesson
def test_links_out_of_the_notebooks_lead_to_files(lesson):
    for cell in builder.unexecuted(lesson).cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", cell.source):
                assert (lesson.notebook_path.parent / target).resolve().exists(), target


@pytest.fixture
def course(tmp_path):
    """Copies of one lesson that links to a page."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "notation.md").write_text("one", encoding="utf-8")
    (tmp_path / "docs" / "teaching.md").write_text("not linked", encoding="utf-8")
    text = "[Symbols](../docs/notation.md) [Next](01_b.ipynb)"
    cell = {"cell_type": "markdown", "metadata": {}, "source": [text]}
    copies.write(tmp_path / "notebooks" / "00_a.ipynb", {"cells": [cell], "metadata": {}})
    return copies.Copies(tmp_path / "notebooks", tmp_path / "elsewhere" / "mine")


def page(course):
    return (course.mine / "docs" / "notation.md").read_text(encoding="utf-8")


def test_a_copy_links_to_a_page_inside_of_the_learners_folder(course):
    """Nothing outside of it can be opened in JupyterLab."""
    course.update()
    [cell] = copies.read(course.mine / "00_a.ipynb")["cells"]
    assert copies.text(cell) == "[Symbols](docs/notation.md) [Next](01_b.ipynb)"
    assert page(course) == "one"
    assert [path.name for path in (course.mine / "docs").iterdir()] == ["notation.md"]
    assert course.update() == []


def test_a_page_is_kept_up_to_date_until_the_learner_writes_in_it(course):
    course.update()
    source = course.lessons.parent / "docs" / "notation.md"
    source.write_text("two", encoding="utf-8")
    course.update()
    assert page(course) == "two"
    (course.mine / "docs" / "notation.md").write_text("mine", encoding="utf-8")
    source.write_text("three", encoding="utf-8")
    course.update()
    assert page(course) == "mine"

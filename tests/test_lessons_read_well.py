"""How much a lesson asks of its reader: words, lines, and how long without something to look at."""

import re
from functools import cache
from pathlib import Path

import jupytext
import pytest

from classroom.reading import words

ROOT = Path(__file__).parents[1]
LESSONS = sorted(ROOT.glob("lessons/*/lesson.py"))
MOST_WORDS, MOST_LINES, LONGEST_PASSAGE = 2000, 400, 150

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.parent.name)


@cache
def cells(path):
    return jupytext.read(path).cells


def passages(path):
    """The prose between one thing to look at, or to do, and the next.

    These are code cells, tables, pictures, formulas on a line of their own, headings, and
    predictions with an answer to unfold.
    """
    texts = [cell.source if cell.cell_type == "markdown" else "<code>" for cell in cells(path)]
    breaks = r"<code>|^#+ [^\n]*|(?:^\|[^\n]*\n?)+|```.*?```|\$\$.*?\$\$|<details>.*?</details>|<img[^>]*>"
    return re.split(breaks, "\n\n".join(texts), flags=re.DOTALL | re.MULTILINE)


@each_lesson
def test_a_lesson_has_at_most_two_thousand_words(path):
    prose = [cell.source for cell in cells(path) if cell.cell_type == "markdown"]
    assert sum(len(words(text)) for text in prose) <= MOST_WORDS


@each_lesson
def test_a_lesson_has_at_most_four_hundred_lines(path):
    """What only draws or checks a claim is folded away, and not counted."""
    shown = [cell for cell in cells(path) if "folded" not in cell.metadata.get("tags", [])]
    assert sum(len(cell.source.splitlines()) for cell in shown) <= MOST_LINES


@each_lesson
def test_no_passage_is_a_wall(path):
    walls = [passage for passage in passages(path) if len(words(passage)) > LONGEST_PASSAGE]
    assert walls == []

"""Every column of a lesson's table has a name, which a screen reader says with each cell."""

import re
from pathlib import Path

import jupytext
import pytest

LESSONS = sorted(Path(__file__).parents[1].glob("lessons/*/lesson.py"))
HEADER = re.compile(r"^\|(.*)\|[ ]*\n\|[-:| ]+\|[ ]*$", re.MULTILINE)  # and the line of dashes


def nameless(text):
    """The header lines in which a cell is empty."""
    return [line for line in HEADER.findall(text) if not all(map(str.strip, line.split("|")))]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.parent.name)
def test_every_column_has_a_name(path):
    cells = jupytext.read(path).cells
    assert [line for cell in cells for line in nameless(cell.source)] == []


def test_a_column_without_a_name_is_noticed():
    assert nameless("| | RoPE |\n|---|---|\n| cost | 0 |") == [" | RoPE "]
    assert nameless("| limit | |\n|---|:-:|\n| cost | 0 |") == [" limit | "]
    assert nameless("| a | b |\n|---|---|\n| | 0 |") == []

"""A section of the README is written between its marks, and nothing else is touched."""

import re
from pathlib import Path

import pytest

from classroom.readme import with_section

ROOT = Path(__file__).parents[1]
TEXT = "before\n<!-- a b: written by `x` -->\nold\n<!-- end of the a b -->\nafter\n"


def test_every_folder_is_on_the_map():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    passing = re.compile(r"[._]|my_|.*\.egg-info")  # the learner's own, or made by a tool
    folders = [
        path.name for path in ROOT.iterdir() if path.is_dir() and not passing.match(path.name)
    ]
    assert len(folders) > 8
    assert [name for name in folders if f"| `{name}/" not in text] == []


def test_only_what_is_between_the_marks_changes():
    assert with_section(TEXT, "a b", ["new \\1", "lines"]) == TEXT.replace("old", "new \\1\nlines")
    assert with_section(TEXT, "a b", ["old"]) == TEXT


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT + TEXT,
        TEXT.replace("end of", ""),
        TEXT.replace("before", "<!-- end of the a b -->"),
    ],
)
def test_missing_or_doubled_marks_are_refused(text):
    with pytest.raises(ValueError, match="<!-- a b: written by ... -->"):
        with_section(text, "a b", ["new"])

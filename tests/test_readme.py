"""A section of the README is written between its marks, and nothing else is touched."""

import pytest

from classroom.readme import with_section

TEXT = "before\n<!-- a b: written by `x` -->\nold\n<!-- end of the a b -->\nafter\n"


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

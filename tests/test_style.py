"""The course is written in one style: ruff's rules, its format, and plain words.

The words are those that a sentence of ours should not use: "stands" for is, "holds" for contains,
"place" for a position, British spelling. They are looked for in docstrings, comments and sentences,
not in code.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LESSONS = sorted(ROOT.glob("lessons/*/lesson.py"))
SENTENCES = sorted(
    [
        *ROOT.glob("solutions/*.py"),
        *ROOT.glob("lessons/*/checks.py"),
        *ROOT.glob("lessons/*/mistakes.py"),
        *ROOT.glob("lessons/*/quiz.py"),
        *LESSONS,
        ROOT / "count.py",
    ]
)
BRITISH = re.compile(
    r"\b(\w*(?:colour|centre|neighbour|behaviour|optimis|initialis|normalis|recognis)\w*|grey)\b",
    re.IGNORECASE,
)
BETRAYING = re.compile(
    r"\b(stands?|holds?|held|behind|shall|places?|turned round|whoever|lets itself|strewn"
    r"|hardly one|neither(?=[.;:)])|nor is it|measured was|thereby)\b",
    re.IGNORECASE,
)
# Plain English in which these words mean what they say; [place] is a gap in lesson 02's small text.
ALLOWED = re.compile(
    r"\b(?:held|hold|holds)[- ]out\b"
    r"|\bin place\b|in[- ]place|\bin the first place\b|places? after the (?:decimal )?point|decimal places?"
    r"|placeholders?|\[place\]",
    re.IGNORECASE,
)


def ruff(*arguments):
    """What ruff says, and "" if it has nothing to say."""
    command = [sys.executable, "-m", "ruff", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_rules_are_kept():
    assert ruff("check", "--output-format=concise", ".") == ""


def test_everything_is_formatted_and_what_learners_read_at_79_columns():
    assert ruff("format", "--check", "--exclude=lessons/*/lesson.py", ".") == ""
    assert ruff("format", "--check", "--line-length=79", *map(str, LESSONS)) == ""


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.parent.name)
def test_code_cells_are_79_columns_wide(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    wide = [line for line in lines if not line.startswith("#") and len(line) > 79]
    assert wide == []


def words_of(path):
    """The comments and strings of a file, with the line each begins in."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
    for token in tokens:
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
        elif token.type == tokenize.STRING:
            is_text = "f" in token.string[:2].lower() or " " in str(ast.literal_eval(token.string))
            if is_text:
                yield token.start[0], token.string


@pytest.mark.parametrize("path", SENTENCES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_word_betrays_the_translation(path):
    found = []
    for line, text in words_of(path):
        found += [(line, word) for word in BETRAYING.findall(ALLOWED.sub("", text))]
    assert found == []


@pytest.mark.parametrize("sentence", ["Each one stands once.", "the token's place"])
def test_a_betraying_word_is_noticed(sentence):
    assert BETRAYING.search(ALLOWED.sub("", sentence))


def test_spelling_is_american_everywhere():
    rooms = "benchmarks", "classroom", "docs", "experiments", "lessons", "minitorch", "solutions"
    paths = [
        path
        for room in (*rooms, "tests", "twin")
        for path in (ROOT / room).rglob("*.*")
        if path.suffix in (".py", ".md", ".js", ".mjs") and "node_modules" not in path.parts
    ]
    paths += ROOT.glob("*.md")
    paths.remove(Path(__file__))
    assert len(paths) > 200
    found = {path.name: BRITISH.findall(path.read_text(encoding="utf-8")) for path in paths}
    assert {name: words for name, words in found.items() if words} == {}


def test_plain_english_stays_allowed():
    assert not BETRAYING.search(ALLOWED.sub("", "It is changed in place, and the mean is taken."))

"""Every question of every quiz: unanswered, right, and wrong in each way that has a sentence; that
nothing typed into the cell stops it; and that no answer is in what the course ships.
"""

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest

import minitorch as torch
from classroom import answers, catalogue, copies, quizzes, status
from classroom.feedback import EDGES, NOT_WRITTEN, NOT_YET, RIGHT
from classroom.questions import line_to_mend, question
from tests import tiny_course

COURSE = catalogue.course()
LESSONS = [lesson for lesson in COURSE.lessons if lesson.question_names]
QUESTIONS = [each for lesson in LESSONS for each in lesson.questions]

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
each_question = pytest.mark.parametrize("asked", QUESTIONS, ids=lambda asked: asked.name)


def card(capsys, *slug, **given):
    """What the cell of a quiz prints outside of a notebook."""
    quizzes.quiz(*slug, **given)
    return capsys.readouterr().out


# The questions


def test_there_is_a_quiz_after_four_lessons():
    assert [lesson.number for lesson in LESSONS] == ["03", "07", "11", "13"]
    assert all(6 <= len(lesson.questions) <= 8 for lesson in LESSONS)
    assert len({asked.name for asked in QUESTIONS}) == len(QUESTIONS)


@each_lesson
def test_a_quiz_is_mixed(lesson):
    kinds = [bool(asked.code) + 2 * bool(asked.options) for asked in lesson.questions]
    assert set(kinds) == {0, 1, 2} and max(map(kinds.count, kinds)) <= 5
    letters = [asked.right for asked in lesson.questions if asked.options]
    assert len(set(letters)) > 1, "the right letter is always the same"


@each_question
def test_the_course_finds_the_same_answer(asked):
    found = asked.find()
    if found is None:
        assert asked.options or asked.code, "a number or a shape is computed by the course's code"
    else:
        assert asked.judge(found)[0] == RIGHT, found


@each_question
def test_unanswered_it_stays_quiet(asked):
    for nothing in (..., None, "", "..."):
        assert asked.judge(nothing) == (NOT_WRITTEN, "")


@each_question
def test_right_and_every_known_wrong_answer_have_their_own_sentence(asked):
    assert asked.judge(asked.right) == (RIGHT, asked.because)
    for wrong, sentence in asked.wrong.items():
        assert asked.judge(wrong) == (NOT_YET, sentence)
    sentences = [asked.because, *asked.wrong.values(), asked.otherwise]
    assert len(set(sentences)) == len(sentences) >= 4
    for sentence in filter(None, sentences):
        assert re.fullmatch(r"[A-Z\d`].{15,105}[.?]", sentence), sentence
        assert not re.search(r"\b(wrong|incorrect)\b", sentence) or "sign" in sentence, sentence


@each_question
def test_another_number_gets_a_sentence_that_leads_on(asked):
    if asked.otherwise:
        other = (1, 1, 1) if isinstance(asked.right, tuple) else 12345
        assert asked.judge(other) == (NOT_YET, asked.otherwise)


@each_question
def test_the_right_answer_can_be_typed_in_several_ways(asked):
    right = asked.right
    ways = [repr(right), f" {right} "]
    if asked.options:
        ways = [right.upper(), f"{right})", f"({right})", np.str_(right)]
    elif isinstance(right, tuple):
        ways += [list(right), np.array(right), torch.tensor(right), [float(n) for n in right]]
    else:
        ways += [np.float64(right), np.array(right), torch.tensor(float(right)), float(right)]
        ways += [right + asked.within / 2, right - asked.within / 2]
        ways += [np.int64(right)] if isinstance(right, int) else []
    for way in ways:
        assert asked.judge(way)[0] == RIGHT, way


class Unwilling:
    """Something that raises whatever is asked of it."""

    ndim = 1

    def __getattribute__(self, name):
        if name == "__class__":
            return Unwilling
        raise RuntimeError("no")

    def __eq__(self, other):
        raise RuntimeError("no")

    __hash__ = None


ODD = [
    True,
    "zebra",
    "e",
    2 + 1j,
    float("nan"),
    float("inf"),
    {},
    {1},
    b"a",
    print,
    Unwilling(),
    (),
]
ODD += [[], [[1, 2]], np.ones((2, 2)), np.array(["a", "b"]), ["x"], "(1,", "a b", 0, -1, 10**400]


@each_question
@pytest.mark.parametrize("number", range(len(ODD)))
def test_odd_answers_are_not_yet_and_are_told_what_is_taken(asked, number):
    state, sentence = asked.judge(ODD[number])
    assert state == NOT_YET
    known = [*asked.wrong.values(), asked.otherwise]
    assert f"takes {asked.takes}" in sentence or sentence in filter(None, known)


def test_a_question_without_its_sentences_is_refused():
    options = {"a": "one", "b": "two"}
    for given, says in (
        ({"right": "a", "options": options}, "each of"),
        ({"right": "a", "options": options, "wrong": {"b": "B."}, "otherwise": "O."}, "otherwise"),
        ({"right": 2, "wrong": {1: "One."}}, "otherwise"),
        ({"right": 2, "within": 1, "wrong": {1: "One."}, "otherwise": "O."}, "among the wrong"),
    ):
        with pytest.raises(ValueError, match=says):
            question(because="So it is.", **given)(print)


def test_a_line_that_does_not_mend_the_code_is_not_found():
    code = "\na = 1\nb = a + 1\n"
    assert line_to_mend(code, "+ 1", "+ 2", {}, lambda names: names["b"] == 3) == 2
    assert line_to_mend(code, "+ 1", "+ 2", {}, lambda names: True) is None
    assert line_to_mend(code, "+ 1", "+ 9", {}, lambda names: names["b"] == 3) is None


# The cell


@each_lesson
def test_the_cell_has_no_answer_as_it_comes_and_all_of_them_solved(lesson, capsys):
    [call] = [node for node in ast.parse(quizzes.stub(lesson)).body if isinstance(node, ast.Expr)]
    assert [each.arg for each in call.value.keywords] == lesson.question_names
    assert all(each.value.value is ... for each in call.value.keywords)
    assert all(len(line) <= 79 for line in quizzes.stub(lesson).splitlines())
    exec(quizzes.answered(lesson), {})
    count = len(lesson.questions)
    assert capsys.readouterr().out.startswith(f"Quiz: {count} of {count} right\n")
    assert quizzes.results[lesson.slug] == (count, count)


@each_lesson
def test_what_is_shown_before_an_answer_gives_none_away(lesson, monkeypatch):
    shown = []
    monkeypatch.setattr(quizzes, "show_bundle", lambda bundle, metadata: shown.append(bundle))
    quizzes.quiz(lesson.slug)
    [bundle] = shown
    for text in (*bundle.values(), quizzes.stub(lesson)):
        for asked in lesson.questions:
            for sentence in (asked.because, asked.otherwise, *asked.wrong.values()):
                assert not sentence or sentence not in text
    examples = [
        json.loads(f"[{each}]") for each in re.findall(r"\(([\d, ]+)\)", lesson_takes(lesson))
    ]
    given = [each for asked in lesson.questions for each in (asked.right, *asked.wrong)]
    assert not [each for each in examples if tuple(each) in given]


def lesson_takes(lesson):
    return " ".join(asked.takes for asked in lesson.questions)


def test_each_answer_is_answered_for_itself(capsys):
    said = card(capsys, "attention", slope_of_a_sum=7, why_the_root="d", column_and_row=[7, 5])
    assert said.startswith("Quiz: 1 of 8 right\n")
    assert said.count("   right: ") == 1 and said.count("   not yet: ") == 2
    assert "The 7 is the last axis of `b`" in said and "`head_dim` is the length of a query" in said
    assert "Not in the cell: add `row_of_the_table=...`" in said


@pytest.mark.parametrize("slug", [(), ("atention",), (3,), (None, 1), ([],)])
def test_a_quiz_that_is_not_there_is_a_message(capsys, slug):
    assert 'Name one, as in quiz("attention"): attention, cope,' in card(capsys, *slug)


def test_names_that_do_not_fit_are_said(capsys):
    said = card(capsys, "attention", "b", leak="b")
    assert "There is no question `leak` here" in said
    assert "Give each answer by its question's name" in said


def test_a_fault_of_the_courses_is_said_and_not_raised(capsys, monkeypatch):
    monkeypatch.setattr(quizzes, "_said", None)
    assert "The fault is the course's, not yours. TypeError" in card(capsys, "attention", a=1)


# Whatever is typed into the cell


def run(text, capsys, **namespace):
    """What a cell with this text shows in a notebook."""
    code = "".join(quizzes.gently(text.splitlines(keepends=True)))
    exec(compile(code, "<cell>", "exec"), {"quiz": quizzes.quiz, **namespace})
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "typed, says",
    [
        ("b", "right: "),  # also where `b` is a name of the notebook's
        ("B", "right: "),
        ("'b'", "right: "),
        ("bee", 'takes a, b, c or d; this is the text "bee"'),
        ("1 / 0", "Python can't work this out: ZeroDivisionError: division by zero."),
        ("[][0]", "takes a, b, c or d"),
        ("b or c", "takes a, b, c or d"),
        ("lambda: 3", "takes a, b, c or d; this is of the kind function"),
    ],
)
def test_an_answer_that_python_cannot_work_out_stops_nothing(capsys, typed, says):
    said = run(
        f'quiz(\n    "attention",\n    why_the_root={typed},  # a, b, c or d\n'
        "    slope_of_a_sum=4 + 3,\n)",
        capsys,
        b=np.ones(3),
        c=np.ones(3),
    )
    assert says in said and "2 and 3, and what paths bring" in said


@pytest.mark.parametrize(
    "typed, says",
    [
        ('quiz(\n    "attention",\n    why_the_root=(b,\n)', "Python cannot read line"),
        ('quiz(\n    "attention"\n    why_the_root=b,\n)', "Python cannot read line"),
        (
            'quiz(\n    "attention", why_the_root="b", why_the_root="c")',
            "keyword argument repeated",
        ),
        ('quiz(\n    "attention", column_and_row=5 7)', "line 2"),
    ],
)
def test_a_cell_that_is_no_python_says_which_line(capsys, typed, says):
    said = run(typed, capsys)
    assert says in said and "The quiz's cell could not be read" in said and "8. who_bites" in said


def test_other_cells_are_left_alone():
    for text in ("x = 1\n", "x = (\n", "my_quiz(a=b)\n", "%timeit quiz\n"):
        assert quizzes.gently([text]) == [text]


# What a reader gets


@each_lesson
def test_the_page_is_a_list_with_words_and_no_color_of_its_own(lesson, monkeypatch):
    shown = []
    monkeypatch.setattr(quizzes, "show_bundle", lambda bundle, metadata: shown.append(bundle))
    wrong = {asked.name: next(iter(asked.wrong)) for asked in lesson.questions[1:]}
    quizzes.quiz(lesson.slug, **{lesson.questions[0].name: lesson.questions[0].right}, **wrong)
    page = shown[0]["text/html"]
    assert page.count("<ol") == 1 and page.count("</ol>") == 1
    assert len(re.findall(r"<li style=[^>]*><div><code>", page)) == len(lesson.questions)
    assert page.count("<strong>right</strong>: ") == 1
    assert page.count("<strong>not yet</strong>: ") == len(lesson.questions) - 1
    assert page.count('role="status"') == 1  # only the sum is announced, not the whole page
    colors = set(re.findall(r"#[0-9a-f]{6}", page))
    assert colors == set(EDGES.values()) and "background: #" not in page
    assert "<pre role=" in page and "`" not in page


# What stays


def test_an_updated_lesson_takes_the_answers_along(tmp_path):
    def publish(line):
        cells = [
            {"cell_type": "markdown", "metadata": {}, "source": [line]},
            {
                "cell_type": "code",
                "metadata": {"quiz": "tiny"},
                "source": ["quiz(\n", '    "tiny",\n', "    one=...,\n", ")"],
                "outputs": [],
                "execution_count": None,
            },
        ]
        path = tmp_path / "notebooks" / "00_tiny.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"cells": cells, "metadata": {}}), encoding="utf-8")

    mine = copies.Copies(tmp_path / "notebooks", tmp_path / "mine")
    publish("# One")
    mine.update()
    own = mine.mine / "00_tiny.ipynb"
    own.write_text(own.read_text(encoding="utf-8").replace("one=...", "one=3"), encoding="utf-8")
    publish("# Two")
    [said] = mine.update()
    assert "with your answers to the quiz of tiny carried over" in said
    beside = mine.mine / "00_tiny (updated).ipynb"
    assert "one=3" in beside.read_text(encoding="utf-8")


def test_the_result_is_kept_and_shown(tmp_path, monkeypatch, capsys):
    kept = answers.Answers(tmp_path / "my_answers", COURSE)
    monkeypatch.setattr(answers, "answers", lambda: kept)
    card(capsys, "attention", slope_of_a_sum=7, mask_of_new_tokens=(2, 6))
    card(capsys, "attention")  # nothing was answered: what was found before stays
    assert kept.record["quizzes"] == {"attention": [2, 8]}
    lines = list(status.table(COURSE, {}, kept.record["quizzes"]))
    assert [line for line in lines if "0 of 8 right, quiz 2 of 8" in line]
    assert sum("quiz" in line for line in lines) == 1


@pytest.mark.parametrize("stored", [{"attention": 3}, {"attention": [1]}, {}])
def test_a_damaged_record_shows_nothing(stored):
    assert not [line for line in status.table(COURSE, {}, stored) if "quiz" in line]


# A lesson and its quiz belong together


@pytest.mark.parametrize(
    "cell, file, says",
    [
        ("", "@question()\ndef one(): ...\n", 'needs a cell for its quiz:  # %% quiz="tiny"'),
        ('# %% quiz="tiny"\n', None, "quiz.py: has no @question"),
        ('# %% quiz="other"\n', "@question()\ndef one(): ...\n", "named like the lesson"),
        ('# %% quiz="tiny"\n\n# %% quiz="tiny"\n', "@question()\ndef one(): ...\n", "one cell"),
    ],
)
def test_a_quiz_has_a_file_and_a_cell(tmp_path, cell, file, says):
    tiny_course.write(tmp_path)
    folder = tmp_path / "lessons" / "00_tiny"
    if file is not None:
        (folder / "quiz.py").write_text(file, encoding="utf-8")
    text = (folder / "lesson.py").read_text(encoding="utf-8")
    (folder / "lesson.py").write_text(f"{text}\n{cell}", encoding="utf-8")
    assert says in " ".join(catalogue.Course(tmp_path).problems())


@each_lesson
def test_the_built_notebook_has_the_questions_and_no_answer(lesson):
    notebook = json.loads(Path(lesson.notebook_path).read_text(encoding="utf-8"))
    [cell] = [cell for cell in notebook["cells"] if "quiz" in cell["metadata"]]
    assert "".join(cell["source"]) == quizzes.stub(lesson)
    page = json.dumps(cell["outputs"], ensure_ascii=False)
    assert all(asked.name in page for asked in lesson.questions)
    assert not [asked.name for asked in lesson.questions if asked.because in page]

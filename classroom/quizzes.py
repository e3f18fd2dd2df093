"""The quiz after a lesson: one cell, in which the learner answers by name, and a card.

    quiz(
        "attention",
        mask_of_new_tokens=(2, 6),
        hidden_scores=...,
    )

Whatever is typed, nothing is raised: each answer is worked out by itself, a letter needs no quotes,
and of a cell that is no Python the card says which line.
"""

import ast
import re
from contextlib import suppress

from classroom import answers, catalogue, cells
from classroom.feedback import CARD, EDGES, NOT_WRITTEN, RIGHT, Card, as_html, block, show_bundle

CALL = re.compile(r"^quiz\(\s*(?:[\"'](\w*)[\"'])?", re.MULTILINE)
VERDICT = "border-left: 3px solid {edge}; padding-left: 0.6em; margin: 0.2em 0"
ITEM = "margin-bottom: 0.8em"
results = {}  # slug -> (right answers, questions), of this kernel


def quiz(*slug, **given):
    """Show the questions of a lesson's quiz, and for each answer given whether it is right.

    slug    the lesson's, as the cell has it
    given   the answers by name; `...` for none
    """
    try:
        lesson = _lesson(*slug[:1])
    except KeyError as unknown:
        Card("Which quiz?", [unknown.args[0]]).show()
        return
    try:
        _show(lesson, given, slug[1:])
    except Exception as fault:
        sentence = f"The fault is the course's, not yours. {type(fault).__name__}: {fault}"
        Card("The quiz could not be checked", [sentence]).show()


def _lesson(slug=None):
    found = {each.slug: each for each in catalogue.course().lessons if each.quiz_path.exists()}
    if not isinstance(slug, str) or slug not in found:
        raise KeyError(f'Name one, as in quiz("{next(iter(found), "")}"): {", ".join(found)}.')
    return found[slug]


def _show(lesson, given, unnamed):
    questions = {each.name: each for each in lesson.questions}
    said = {name: _said(each, given.get(name, ...)) for name, each in questions.items()}
    right = sum(state == RIGHT for state, _ in said.values())
    notes = [
        f"There is no question `{name}` here; its answer is left out."
        for name in given
        if name not in questions
    ]
    missing = ", ".join(f"`{name}=...`" for name in questions if name not in given)
    notes += [f"Not in the cell: add {missing} to answer it."] if missing and given else []
    notes += ["Give each answer by its question's name, as in `name=...`."] if unnamed else []
    results[lesson.slug] = right, len(questions)
    is_answered = any(state != NOT_WRITTEN for state, _ in said.values())
    kept = answers.answers()
    if kept is not None and is_answered:
        with suppress(OSError):  # a full disk: the output says it all the same
            kept.note_quiz(lesson.slug, right, len(questions))
    heading = f"Quiz: {right} of {len(questions)} right"
    if not is_answered:
        heading = "Quiz: write your answers into the cell, and run it again"
    show_bundle(
        {
            "text/plain": _as_text(heading, questions.values(), said, notes),
            "text/html": _as_html(heading, questions.values(), said, notes),
        },
        {"classroom": {"quiz": lesson.slug, "right": right, "of": len(questions)}},
    )


def _said(question, answer):
    """(state, sentence) of an answer, which may still have to be worked out."""
    if getattr(answer, "__name__", "") == "<lambda>":
        try:
            answer = answer()
        except NameError as unknown:
            answer = str(unknown.name)
        except Exception as error:
            sentence = f"Python can't work this out: {type(error).__name__}: {error}."
            return "not yet", f"{sentence} `{question.name}` takes {question.takes}."
    return question.judge(answer)


# What it looks like


def _as_text(heading, questions, said, notes):
    lines = [heading]
    for number, each in enumerate(questions, 1):
        lines += ["", f"{number}. {each.name}: {each.text}"]
        lines += [f"   {letter}  {text}" for letter, text in each.options.items()]
        lines += [f"   {line}" for line in _numbered(each)]
        state, sentence = said[each.name]
        lines += [f"   {state}: {sentence}"] if state != NOT_WRITTEN else []
    return "\n".join(lines + [""] * bool(notes) + notes)


def _as_html(heading, questions, said, notes):
    """A list, so that a screen reader says how many questions there are, and which this is.

    Only the heading is announced when the cell has run; the questions are there to be read.
    """
    items = "".join(
        f'<li style="{ITEM}">{_item(each, *said[each.name])}</li>' for each in questions
    )
    below = "".join(f"<div>{as_html(note)}</div>" for note in notes)
    return (
        f'<div style="{CARD.format(edge=EDGES[NOT_WRITTEN])}">'
        f'<div role="status"><strong>{as_html(heading)}</strong></div>'
        f'<ol style="margin: 0.4em 0 0; padding-left: 1.6em">{items}</ol>{below}</div>'
    )


def _item(question, state, sentence):
    parts = [f"<div><code><strong>{question.name}</strong></code>: {as_html(question.text)}</div>"]
    if question.options:
        options = (
            f"<li><strong>{letter}</strong>&ensp;{as_html(text)}</li>"
            for letter, text in question.options.items()
        )
        look = 'style="list-style: none; margin: 0.2em 0; padding-left: 0.6em"'
        parts.append(f'<ul role="list" {look}>{"".join(options)}</ul>')
    if question.code:
        parts.append(block("", "\n".join(_numbered(question))))
    if state != NOT_WRITTEN:
        look = VERDICT.format(edge=EDGES[state])
        parts.append(f'<div style="{look}"><strong>{state}</strong>: {as_html(sentence)}</div>')
    return "".join(parts)


def _numbered(question):
    return [f"{number}  {line}" for number, line in enumerate(question.lines, 1)]


# The cell


def stub(lesson):
    """The cell as it comes: a line for each question, with `...` for its answer."""
    return _cell(lesson, {})


def answered(lesson):
    """The same cell with the right answers in it."""
    return _cell(lesson, {each.name: each.right for each in lesson.questions})


def _cell(lesson, given):
    texts = {each.name: repr(given[each.name]) if given else "..." for each in lesson.questions}
    lines = [f"    {each.name}={texts[each.name]},  # {each.takes}" for each in lesson.questions]
    about = f"# Quiz   about {lesson.quiz_minutes} minutes   run this cell to see the questions"
    start = [about, "from classroom import quiz", "", "quiz(", f'    "{lesson.slug}",']
    return "\n".join([*start, *lines, ")"])


def gently(lines):
    """The lines of a quiz's cell so that no answer can stop it; those of any other cell as they
    are. For IPython's input transformers. Never raises.

    Each answer becomes a function, which is called where an error is caught, and a single letter
    becomes a text. A cell that does not compile becomes a call that says so.
    """
    text = "".join(lines)
    try:
        call = CALL.search(text)
        if call is None:
            return lines
        fault = cells.syntax_error(text)
        if fault is not None:
            said = call[1] or "", *cells.described(fault, lines)
            return [f"from classroom.quizzes import unread; unread(*{said!r})\n"]
        tree = ast.parse(text)
        for node in tree.body:
            if isinstance(node, ast.Expr) and _is_quiz(node.value):
                for each in node.value.keywords:
                    each.value = _later(each.value)
        return ast.unparse(ast.fix_missing_locations(tree)).splitlines(keepends=True)
    except Exception:  # a fault of the course's: Python itself reads the cell
        return lines


def _is_quiz(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "quiz"


def _later(value):
    if isinstance(value, ast.Name) and len(value.id) == 1:
        return ast.Constant(value.id)
    nothing = ast.arguments([], [], None, [], [], None, [])
    return ast.Lambda(nothing, value)


def unread(slug, sentences, blocks):
    """Show the questions, and above them what Python cannot read in the cell."""
    Card("The quiz's cell could not be read", sentences, blocks).show()
    quiz(slug)


# From the first import of `quiz` or `exercise` on, in every cell of this notebook
cells.transform(gently)

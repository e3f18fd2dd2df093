"""Builds `notebooks/` from `lessons/` and `solutions/`.

A lesson's text becomes a notebook; its exercise cells become stubs; all cells are run, their
outputs stored. Building again gives the same bytes: cell ids come from names and sources, and
nothing that differs from one machine to another is kept. A notebook records a digest of the files
it was made from; it tells a stale one.
"""

import argparse
import ast
import builtins
import copy
import hashlib
import re
import sys

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from classroom import catalogue, colab, files, quizzes, source
from classroom.catalogue import CourseError, CourseErrors

CELL_SECONDS = 900  # the longest that a cell may take
FEWEST_OUTPUTS = 3  # of cells that are compared, in each notebook
NOTATION = "notation.md"  # in docs/
OFFERED = {"exercise", "hint", "solution"}  # what every exercise cell names
# Tags of cells; the code of a folded one is hidden in JupyterLab until it is asked for.
IGNORED, ALLOW_STDERR, FOLDED = "nbval-ignore-output", "allow-stderr", "folded"

# What a stored output must not show, because the next run or another machine shows something else.
ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}|<[\w.]+ object at")
NO_ALT = re.compile(r'<img\b(?![^>]*\balt="[^"])')  # an image that is not described

LANGUAGE = {
    "name": "python",
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "pygments_lexer": "ipython3",
}
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def main(arguments):
    """The command `python -m classroom build`; returns its exit code."""
    parser = argparse.ArgumentParser(
        "python -m classroom build", description="Build the notebooks."
    )
    parser.add_argument(
        "names", nargs="*", help="lessons, such as 06 or rope; without any, all of them"
    )
    parser.add_argument(
        "--check", action="store_true", help="build nothing; name the stale notebooks"
    )
    parser.add_argument(
        "--all", action="store_true", help="build the notebooks that are up to date as well"
    )
    options = parser.parse_args(arguments)
    try:
        stale = build(options.names, check=options.check, everything=options.all)
    except (CourseError, KeyError) as problem:
        print(problem.args[0], file=sys.stderr)
        return 1
    return 1 if stale and options.check else 0


def build(names=(), check=False, everything=False):
    """Build the stale notebooks of the lessons `names`, or of all lessons; `everything`: the others
    too.

    With `check` nothing is built. Returns the stale lessons' names. Raises CourseErrors with all
    faults of the files before anything runs, then with those of each notebook.
    """
    course = catalogue.course()
    lessons = [course.lesson(name) for name in names] or course.lessons
    faults = [fault for lesson in lessons for fault in problems(lesson)]
    if faults:
        raise CourseErrors(faults)
    stale = []
    for lesson in lessons:
        notebook = unexecuted(lesson)
        reason = "--all" if everything else staleness(lesson, notebook)
        if reason is None:
            continue
        stale.append(lesson.name)
        print(f"{lesson.notebook_path.name}: {reason}", flush=True)
        if not check:
            execute(notebook, lesson)
            write(notebook, lesson.notebook_path)
    if not names:
        stale += _left_over(course, check)
    return stale


def _left_over(course, check):
    """Notebooks whose lesson is gone: named, and removed unless this is only a check."""
    known = {lesson.notebook_path for lesson in course.lessons}
    gone = [
        path for path in sorted((course.root / "notebooks").glob("*.ipynb")) if path not in known
    ]
    for path in gone:
        print(f"{path.name}: there is no such lesson")
        if not check:
            path.unlink()
    return [path.stem for path in gone]


# From the lesson's text to a notebook that has not run


def problems(lesson):
    """Everything that keeps a lesson from being built, a sentence each."""
    found = lesson.problems()
    for look in (_cells, _check_imports, _check_names):
        try:
            look(lesson)
        except CourseErrors as faults:
            found += str(faults).splitlines()
        except CourseError as fault:
            found.append(str(fault))
    return list(dict.fromkeys(found))


def unexecuted(lesson):
    """The lesson's notebook before it is run: stubs, ids and metadata in place."""
    cells = _cells(lesson)
    _link(cells, lesson)
    colab.add(cells, lesson)
    _name_cells(cells)
    return nbformat.from_dict(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {
                "kernelspec": KERNEL,
                "language_info": LANGUAGE,
                "lesson": {**lesson.header, "digest": digest(lesson)},
            },
            "cells": cells,
        }
    )


def _cells(lesson):
    """The cells of a lesson. Raises CourseErrors with the faults of all of them."""
    cells, faults = [], []
    for cell, line in zip(_text_cells(lesson), lesson.cell_lines):
        try:
            cells.append(_cell(lesson, cell, line))
        except CourseError as fault:
            faults.append(fault)
    if faults:
        raise CourseErrors(faults)
    return cells


def _text_cells(lesson):
    """The cells as jupytext reads them, exercise cells still empty."""
    try:
        text = jupytext.reads(lesson.text, fmt="py:percent")
    except Exception as error:
        raise CourseError(lesson.path, f"jupytext cannot read it: {error}") from error
    if len(text.cells) != len(lesson.cell_lines):
        raise CourseError(
            lesson.path, "the text between the header and the first `# %%` belongs in a cell"
        )
    return text.cells


def _cell(lesson, cell, line):
    if cell.cell_type != "code":
        return {"cell_type": cell.cell_type, "metadata": {}, "source": cell.source}
    metadata = {
        key: cell.metadata[key] for key in ("exercise", "quiz", "tags") if key in cell.metadata
    }
    if FOLDED in metadata.get("tags", ()):
        metadata["jupyter"] = {"source_hidden": True}
    text = cell.source
    name = metadata.get("exercise", metadata.get("quiz"))
    if name is None and not text.strip():
        raise CourseError(lesson.path, "this cell is empty", line)
    if name is not None:
        kind = "exercise" if "exercise" in metadata else "quiz"
        if text.strip():
            sentence = f"the cell of {kind} `{name}` must be empty: the builder fills it"
            raise CourseError(lesson.path, sentence, line)
        is_quiz = kind == "quiz"
        text = quizzes.stub(lesson) if is_quiz else source.stub(lesson.exercise(name))
        metadata["tags"] = sorted({*metadata.get("tags", ()), IGNORED})
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise CourseError(lesson.path, f"syntax error: {error.msg}", line + error.lineno) from None
    return {
        "cell_type": "code",
        "metadata": metadata,
        "source": text,
        "execution_count": None,
        "outputs": [],
    }


def _link(cells, lesson):
    """Under the title: the lessons before and after, how long it takes, the page of symbols and
    words. At the end the links to the lessons again.
    """
    links, title = neighbors(lesson), cells[0]
    if title["cell_type"] == "markdown" and title["source"].startswith("# "):
        heading, _, text = title["source"].partition("\n")
        head = "\n\n".join(filter(None, (heading, links, _about(lesson))))
        title["source"] = f"{head}\n{text}"
    if not links:
        return
    if cells[-1]["cell_type"] == "markdown":
        cells[-1]["source"] += f"\n\n{links}"
    else:
        cells.append({"cell_type": "markdown", "metadata": {}, "source": links})


def _about(lesson):
    """Markdown: how long a lesson takes, and a link to the page of symbols and words.

    The link leads out of notebooks/; copies.py has it lead to the learner's copy of that page.
    """
    takes = lesson.takes[0].upper() + lesson.takes[1:]
    there_is = (lesson.course.root / "docs" / NOTATION).exists()
    return f"{takes} · [Symbols and words](../docs/{NOTATION})" if there_is else takes


def neighbors(lesson):
    """Markdown: links to the notebooks before and after a lesson's, which lie beside it."""
    lessons = lesson.course.lessons
    at = lessons.index(lesson)
    before, after = lessons[:at][-1:], lessons[at + 1 :][:1]
    links = [f"[← {_short(each)}]({each.notebook_path.name})" for each in before]
    links += [f"[{_short(each)} →]({each.notebook_path.name})" for each in after]
    return " · ".join(links)


def _short(lesson):
    return f"{lesson.number} {lesson.title.partition(':')[0]}"


def _check_imports(lesson):
    """A lesson with exercises must import what they name, in its first code cell."""
    if not lesson.exercise_cells:
        return
    line, first = next(
        (
            (line, cell.source)
            for line, cell in zip(lesson.cell_lines, _text_cells(lesson))
            if cell.cell_type == "code"
        ),
        (None, ""),
    )
    try:
        nodes = list(ast.walk(ast.parse(first)))
    except SyntaxError:  # said of the cell already
        return
    imported = {
        each.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "classroom"
        for each in node.names
    }
    missing = sorted(OFFERED - imported)
    if missing:
        sentence = f"the first code cell must say  from classroom import {', '.join(missing)}"
        raise CourseError(lesson.path, sentence, line)


def _check_names(lesson):
    """What the answer to an exercise uses must be there when its cell runs: a learner's may, too.

    A cell that cannot be read is refused elsewhere.
    """
    known, faults = {*dir(builtins)}, []
    for cell, line in zip(_text_cells(lesson), lesson.cell_lines):
        name = cell.metadata.get("exercise")
        if name in lesson.course.exercise_names:
            text = source.answered(lesson.course.exercise(name))
        elif cell.cell_type == "code" and name is None:
            text = cell.source
        else:
            continue
        try:
            code = compile(text, "<cell>", "exec")
        except SyntaxError:
            continue
        known |= source.names_bound(code)
        missing = sorted(source.global_names(code) - known) if name else []
        if missing:
            sentence = (
                f"the answer to {name} uses {', '.join(missing)}, which no cell before it imports "
                "or defines"
            )
            faults.append(CourseError(lesson.path, sentence, line))
    if faults:
        raise CourseErrors(faults)


def _name_cells(cells):
    """Give every cell an id: its exercise's name, else its heading, else a hash of its source."""
    taken = {cell["metadata"]["exercise"] for cell in cells if "exercise" in cell["metadata"]}
    for cell in cells:
        cell["id"] = cell["metadata"].get("exercise") or _free(_natural_id(cell), taken)
        taken.add(cell["id"])


def _natural_id(cell):
    if "quiz" in cell["metadata"]:
        return "quiz"
    heading = re.match(r"#+\s+(.+)", cell["source"]) if cell["cell_type"] == "markdown" else None
    slug = re.sub(r"[^a-z0-9]+", "-", heading.group(1).lower()).strip("-")[:50] if heading else ""
    return slug or hashlib.sha256(cell["source"].encode()).hexdigest()[:12]


def _free(name, taken):
    """`name`, or with the first number that makes it unique."""
    number = 2
    candidate = name
    while candidate in taken:
        candidate, number = f"{name}-{number}", number + 1
    return candidate


def digest(lesson):
    """A digest of the files that the lesson's notebook is made from."""
    paths = [
        lesson.path,
        lesson.solutions_path,
        lesson.quiz_path,
        *sorted({exercise.answer_path for exercise in lesson.exercises} - {lesson.solutions_path}),
    ]
    texts = [path.read_bytes().replace(b"\r\n", b"\n") for path in paths if path.exists()]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]


def staleness(lesson, notebook):
    """Why the stored notebook is not what the lesson's would become, or None."""
    if not lesson.notebook_path.exists():
        return "was never built"
    try:
        stored = nbformat.read(lesson.notebook_path, as_version=4)
    except Exception:
        return "cannot be read"
    if stored.metadata != notebook.metadata:
        return "its lesson, checks or solutions have changed"
    if [_essence(cell) for cell in stored.cells] != [_essence(cell) for cell in notebook.cells]:
        return "its cells are not the lesson's"
    if any(cell.cell_type == "code" and cell.execution_count is None for cell in stored.cells):
        return "was not run"
    return None


def _essence(cell):
    return cell.id, cell.cell_type, cell.source, cell.metadata


# Running it


def execute(notebook, lesson):
    """Run every cell in place, as in the notebooks folder, and keep what every machine would show.

    Raises CourseError at a cell that fails, else CourseErrors with all outputs that cannot be
    stored.
    """
    faults = []
    folder = lesson.notebook_path.parent
    folder.mkdir(exist_ok=True)
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    with client.setup_kernel():
        for index, (cell, line) in enumerate(zip(notebook.cells, lines_of(notebook, lesson))):
            try:
                client.execute_cell(cell, index)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                raise CourseError(lesson.path, _failure(error), line) from None
            if cell.cell_type == "code":
                try:
                    cell.outputs = lasting(cell, lesson, line)
                except CourseError as fault:
                    faults.append(fault)
    compared = sum(
        bool(cell.outputs)
        for cell in notebook.cells
        if cell.cell_type == "code" and IGNORED not in cell.metadata.get("tags", ())
    )
    if compared < FEWEST_OUTPUTS:
        sentence = (
            f"only {compared} cells show something that is compared, and {FEWEST_OUTPUTS} are "
            f'needed: print results, in cells without tags=["{IGNORED}"]'
        )
        faults.append(CourseError(lesson.path, sentence))
    if faults:
        raise CourseErrors(faults)


def lines_of(notebook, lesson):
    """The line of the lesson that each cell comes from; the next one's for a cell that is added."""
    lines = list(lesson.cell_lines)
    for number, cell in enumerate(notebook.cells):
        if colab.is_its_cell(cell):
            lines.insert(number, lines[number])
    return lines


def _failure(error):
    """A sentence on a cell that did not run to its end."""
    if isinstance(error, CellExecutionError):
        return f"this cell fails: {error.ename}: {error.evalue}"
    if isinstance(error, CellTimeoutError):
        return f"this cell runs for over {CELL_SECONDS} s"
    return "the kernel died in this cell"


def lasting(cell, lesson, line):
    """The outputs to store. Raises CourseError for one that has no place in a notebook."""

    def refuse(sentence):
        raise CourseError(lesson.path, sentence, line)

    tags = cell.metadata.get("tags", [])
    kept = [
        output
        for output in cell.outputs
        if output.get("metadata", {}).get("classroom") != "volatile"
    ]
    if len(kept) < len(cell.outputs) and IGNORED not in tags:
        refuse(f'a cell with a progress bar needs tags=["{IGNORED}"]')
    for output in kept:
        if output.get("name") == "stderr" and ALLOW_STDERR not in tags:
            refuse(
                f'this cell warns (allow it with tags=["{ALLOW_STDERR}"]): {output.text.strip()}'
            )
        for kind in output.get("data", {}):
            if kind.startswith("image/") or NO_ALT.search(str(output.data[kind])):
                refuse("this cell's image has no alt text: use show(fig, alt=...)")
        text = output.get("text", "") + str(output.get("data", {}).get("text/plain", ""))
        if ADDRESS.search(text) or str(lesson.course.root) in text:
            refuse(f"this cell shows an address or a path of this machine: {text[:80]}")
    return kept


def write(notebook, path):
    """Write the notebook whole or not at all."""
    nbformat.validate(notebook)
    text = nbformat.writes(notebook).rstrip("\n") + "\n"
    files.write(path, text)


# The solved notebook


def solved(notebook):
    """A copy of `notebook` with every exercise answered as in `solutions/`, and the quiz as in its
    file; stored outputs are kept.

    A last cell asserts that every answer was judged right: the outputs that say so are not
    compared.
    """
    notebook = copy.deepcopy(notebook)
    names = [cell.metadata.exercise for cell in notebook.cells if "exercise" in cell.metadata]
    for cell in notebook.cells:
        if "exercise" in cell.metadata:
            cell.source = source.answered(catalogue.course().exercise(cell.metadata.exercise))
        elif "quiz" in cell.metadata:
            cell.source = quizzes.answered(catalogue.course().lesson(cell.metadata.quiz))
    proof = (
        "from classroom.exercises import session\n"
        f"assert all(session.states[name] == 'right' for name in {names}), session.states\n"
        "assert all(right == of for right, of in session.quizzes.values()), session.quizzes"
    )
    notebook.cells.append(
        nbformat.from_dict(
            {
                "cell_type": "code",
                "id": "all-are-right",
                "metadata": {"tags": [IGNORED]},
                "source": proof,
                "execution_count": None,
                "outputs": [],
            }
        )
    )
    return notebook

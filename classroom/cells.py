"""Looks at the cells of a notebook: one that is no Python, one without its `@exercise`.

Python refuses a cell with a missing bracket whole, so `@exercise` never runs. IPython, though,
shows every cell to its input transformers before it is compiled, and the one here empties such a
cell. When the empty cell has run, the verdict is shown, and the names that it would have defined
get the course's own answers. What the lesson imports at its top is imported before an exercise.
"""

import ast
import hashlib
import re
import sys
import warnings

from classroom import catalogue
from classroom.feedback import Card
from classroom.progress_bar import progress

DECORATED = re.compile(r"^@exercise\b.*\n(?:[@#].*\n)*\w+ +(\w+)", re.MULTILINE)


class Watch:
    """Looks at each cell before and after it runs.

    hand_on     called with an exercise's name, sentences and blocks; returns the answer to use
    remind      called with the name of an exercise that was defined without `@exercise`
    namespace   where the cells' names live
    """

    def __init__(self, hand_on, remind, namespace):
        self.hand_on, self.remind, self.namespace = hand_on, remind, namespace
        self.unread = []  # (names, fault, lines) of the cell that runs next

    def before(self, lines):
        """The lines of a cell; none of an exercise that does not compile. Never raises."""
        try:
            found = DECORATED.findall("".join(lines))
            names = [name for name in found if name in catalogue.course().exercise_names]
            for name in names:
                import_what_is_missing(catalogue.course().exercise(name).lesson, self.namespace)
            fault = syntax_error("".join(lines)) if names else None
        except Exception:  # a fault of the course's: Python itself judges the cell
            return lines
        self.unread = [(names, fault, lines)] if fault else []
        return [] if fault else lines

    def after(self, result=None):
        """The verdict on the cell that was emptied, if there was one; else what it forgot."""
        unread, self.unread = self.unread, []
        for names, fault, lines in unread:
            for name in names:
                self.namespace[name] = self.hand_on(name, *described(fault, lines))
        if not unread and result is not None and result.success:
            for name in undecorated(result.info.raw_cell):
                self.remind(name)


def watch_cells(hand_on, remind):
    """Have every cell of this notebook looked at; nothing happens outside of IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        watch = Watch(hand_on, remind, shell.user_ns)
        shell.input_transformers_post.append(watch.before)
        shell.events.register("post_run_cell", watch.after)
        shell.set_custom_exc((KeyboardInterrupt,), say_interrupted)


def transform(change):
    """Have `change` make other lines of every cell of this notebook, before it is compiled."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        shell.input_transformers_post.append(change)


def say_interrupted(shell, kind, value, traceback, tb_offset=None):
    """In place of a traceback, when the learner has stopped a cell: where it was, and what next."""
    bar = progress.latest
    where = bar.stopped() if bar is not None else None
    sentences = [
        where or "This cell was stopped.",
        "What follows may need its results. Run the cell again: it starts anew.",
    ]
    Card("Interrupted", sentences).show()


def import_what_is_missing(lesson, namespace):
    """Import what the lesson's first code cell imports, for one who runs an exercise before it."""
    for node in lesson.imports:
        names = {(each.asname or each.name).partition(".")[0] for each in node.names}
        if not names <= namespace.keys():
            imported = {}
            exec(ast.unparse(node), imported)
            for name in names:
                namespace.setdefault(name, imported[name])


def digest(text):
    """A short text that changes with what a cell says."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:12]


def digest_of_running():
    """The digest of the cell that runs now; "" where that cannot be known."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    text = parent.get("content", {}).get("code")
    return digest(text) if isinstance(text, str) else ""


def undecorated(text):
    """The exercises that a cell defines without any decorator."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(text).body
    except (SyntaxError, ValueError):  # a cell with magics, say
        return []
    defined = [each for each in body if isinstance(each, ast.FunctionDef | ast.ClassDef)]
    known = catalogue.course().exercise_names
    return [each.name for each in defined if each.name in known and not each.decorator_list]


def syntax_error(text):
    """The SyntaxError in a cell's text, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError as error:
            return error
    return None


def described(fault, lines):
    """(sentences, blocks): what Python cannot read, and the line with the position in it."""
    number = fault.lineno or 0
    sentences = [f"Python cannot read line {fault.lineno} of this cell: {fault.msg}."]
    if "outside function" in fault.msg:
        sentences.append("It must be indented as far as the rest of the function.")
    line = lines[number - 1].rstrip() if 0 < number <= len(lines) else ""
    pointer = " " * (min(fault.offset or 1, len(line) + 1) - 1) + "^"
    return sentences, [(f"line {number}", f"{line}\n{pointer}")] if line else []

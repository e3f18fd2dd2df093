"""An exercise cell that is no Python: a missing bracket must not take its name from later cells.

Python refuses such a cell whole, so `@exercise` never runs. IPython, though, shows every cell to
its input transformers before it is compiled, and the one here empties such a cell. When the empty
cell has run, the verdict is shown, and the names that it would have defined get the course's own
answers.
"""

import ast
import re
import sys
import warnings

from classroom import catalogue

DECORATED = re.compile(r"^@exercise\b.*\n(?:[@#].*\n)*\w+ +(\w+)", re.MULTILINE)


class Watch:
    """Looks at each cell before it runs; after one that is no Python, gives its names a value.

    hand_on     called with an exercise's name, sentences and blocks; returns the answer to use
    namespace   where the cells' names live
    """

    def __init__(self, hand_on, namespace):
        self.hand_on, self.namespace = hand_on, namespace
        self.unread = []  # (names, fault, lines) of the cell that runs next

    def before(self, lines):
        """The lines of a cell; none of an exercise that does not compile. Never raises."""
        try:
            names = [
                name
                for name in DECORATED.findall("".join(lines))
                if name in catalogue.course().exercise_names
            ]
            fault = syntax_error("".join(lines)) if names else None
        except Exception:  # a fault of the course's: Python itself judges the cell
            return lines
        self.unread = [(names, fault, lines)] if fault else []
        return [] if fault else lines

    def after(self, *_):
        """The verdict on the cell that was emptied, if there was one."""
        unread, self.unread = self.unread, []
        for names, fault, lines in unread:
            for name in names:
                self.namespace[name] = self.hand_on(name, *described(fault, lines))


def watch_cells(hand_on):
    """Have every cell of this notebook looked at before it runs; outside of IPython, do nothing."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        watch = Watch(hand_on, shell.user_ns)
        shell.input_transformers_post.append(watch.before)
        shell.events.register("post_run_cell", watch.after)


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

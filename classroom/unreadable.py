"""An exercise cell that is no Python: a missing bracket must not leave later cells without the name it defines.

Python refuses such a cell whole, so `@exercise` never runs. IPython, though, shows every cell to its input
transformers before it is compiled, and the one here puts a verdict in the place of such a cell.
"""

import ast
import re
import sys
import warnings

from classroom import catalogue

DECORATED = re.compile(r"^@exercise\b.*\n(?:[@#].*\n)*\w+ +(\w+)", re.MULTILINE)


def watch_cells():
    """Have every cell of this notebook looked at before it runs; nothing happens outside of IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and readable not in shell.input_transformers_post:
        shell.input_transformers_post.append(readable)


def readable(lines):
    """The lines of a cell; in place of an exercise that does not compile, a line that says so and goes on.

    That line gives each name the cell would have defined, from `exercises.hand_on_unread`. Never raises.
    """
    try:
        names = [name for name in DECORATED.findall("".join(lines))
                 if name in catalogue.course().exercise_names]
        fault = syntax_error("".join(lines)) if names else None
    except Exception:  # a fault of the course's: Python itself judges the cell
        return lines
    if fault is None:
        return lines
    here = '__import__("sys").modules["classroom.exercises"]'
    arguments = fault.lineno, fault.offset, fault.text, fault.msg
    return [f"{name} = {here}.hand_on_unread({name!r}, *{arguments!r})\n" for name in names]


def syntax_error(text):
    """The SyntaxError in a cell's text, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError as error:
            return error


def described(line, column, text, message):
    """(sentence, blocks): which line of the cell Python cannot read, and the place in it."""
    text = (text or "").rstrip()
    pointer = " " * (min(column or 1, len(text) + 1) - 1) + "^"
    return (f"Python cannot read line {line} of this cell: {message}.",
            [(f"line {line}", f"{text}\n{pointer}")] if text else [])

"""An exercise cell that is no Python: a missing bracket must not leave later cells without its name.

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
    line = lines[fault.lineno - 1] if fault.lineno and fault.lineno <= len(lines) else ""
    here = '__import__("sys").modules["classroom.exercises"]'
    arguments = f"{fault.lineno}, {fault.offset}, {line!r}, {fault.msg!r}"
    return [f"{name} = {here}.hand_on_unread({name!r}, {arguments})\n" for name in names]


def syntax_error(text):
    """The SyntaxError in a cell's text, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError as error:
            return error


def described(number, column, line, message):
    """(sentences, blocks): what Python cannot read, and the line with the place in it."""
    sentences = [f"Python cannot read line {number} of this cell: {message}."]
    if "outside function" in message:
        sentences.append("It must be indented as far as the rest of the function.")
    line = line.rstrip()
    pointer = " " * (min(column or 1, len(line) + 1) - 1) + "^"
    return sentences, [(f"line {number}", f"{line}\n{pointer}")] if line else []

"""Reads Python source: whether a function is still a stub, and which globals it uses; cuts the stub
and the answer of an exercise from its solutions module.
"""

import ast
import dis
import inspect
import textwrap
from types import CodeType

PLACEHOLDER = "...  # your code here"


def is_unwritten(function):
    """Whether a function's body is still empty: a docstring, `...`, pass, comments."""
    function = inspect.unwrap(function)
    try:
        definition = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, SyntaxError):  # no source at hand, or a string in it that cannot be dedented
        definition = None
    if isinstance(definition, ast.FunctionDef):
        return is_blank(definition)
    return _is_empty_code(function.__code__)


def is_blank(definition):
    """The same of a function's syntax tree."""
    return all(_is_placeholder(statement) for statement in definition.body)


def _is_placeholder(statement):
    if isinstance(statement, ast.Raise):
        raised = getattr(statement.exc, "func", statement.exc)  # with or without a message
        return getattr(raised, "id", None) == "NotImplementedError"
    is_docstring_or_dots = (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str | type(...))
    )
    return is_docstring_or_dots or isinstance(statement, ast.Pass)


def _is_empty_code(code):
    """Whether compiled code does nothing but return None, or raise NotImplementedError."""
    steps = list(dis.get_instructions(code))
    if any(step.opname == "RAISE_VARARGS" for step in steps):
        return "NotImplementedError" in code.co_names and not code.co_varnames[code.co_argcount :]
    harmless = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}
    returned = [step.argval for step in steps if step.opname in ("LOAD_CONST", "RETURN_CONST")]
    return {step.opname for step in steps} <= harmless and returned == [None]


def global_names(code):
    """The names that compiled code, with all inside it, looks up outside of itself."""
    looked_up = ("LOAD_GLOBAL", "LOAD_NAME")
    names = {step.argval for step in dis.get_instructions(code) if step.opname in looked_up}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= global_names(constant) - names_bound(constant)  # a class binds its methods
    return names


def names_bound(code):
    """The names that a cell or the body of a class, and nothing inside it, assigns or imports."""
    return {step.argval for step in dis.get_instructions(code) if step.opname == "STORE_NAME"}


def banner(exercise):
    """The comment above every exercise: stars, minutes, and where help is."""
    stars, minutes = (
        "*" * exercise.stars,
        f"{exercise.minutes} minute" + "s" * (exercise.minutes > 1),
    )
    help_at = f'hint("{exercise.name}")   solution("{exercise.name}")'
    return f"# Exercise {stars}   about {minutes}   {help_at}\n"


def stub(exercise):
    """The cell the learner fills in: the signature, the docstring, and `...` for a body."""
    lines, first = _definition(exercise)
    for function in reversed(exercise.blank_trees):
        body = function.body[0]
        has_docstring = ast.get_docstring(function) is not None
        kept = body.end_lineno if has_docstring else _line_before(body)  # the last line that stays
        indent = " " * body.col_offset
        lines[kept - first + 1 : function.end_lineno - first + 1] = [indent + PLACEHOLDER]
    return banner(exercise) + "@exercise\n" + "\n".join(lines)


def answered(exercise):
    """The same cell with the answer in it."""
    return banner(exercise) + "@exercise\n" + "\n".join(_definition(exercise)[0])


def answer(exercise):
    """The answer's source alone, without the task: the function, or the methods of the class that
    were blank.
    """
    lines, first = _definition(exercise)
    functions = [
        "\n".join(lines[number - first] for number in _code_lines(each))
        for each in exercise.blank_trees
    ]
    return (f"class {exercise.name}:\n" if exercise.is_class else "") + "\n\n".join(functions)


def _code_lines(function):
    """The numbers of a function's lines, except those of its docstring."""
    numbers = set(range(_first_line(function), function.end_lineno + 1))
    if ast.get_docstring(function) is not None and len(function.body) > 1:
        numbers -= set(range(function.body[0].lineno, function.body[0].end_lineno + 1))
    return sorted(numbers)


def as_code(text):
    """A text that is Python, with a line for each statement; None if it is prose."""
    wrapped = "def body():\n" + textwrap.indent(text, "    ")
    try:
        [function] = ast.parse(wrapped).body
    except (SyntaxError, ValueError):
        return None
    statements = (ast.get_source_segment(wrapped, each) for each in function.body)
    return "\n".join(map(textwrap.dedent, statements))


def _definition(exercise):
    """The lines of the answer's definition, decorators included, and the number of the first."""
    first = _first_line(exercise.tree)
    text = exercise.answer_path.read_text(encoding="utf-8").splitlines()
    return text[first - 1 : exercise.tree.end_lineno], first


def _first_line(definition):
    return min([definition.lineno, *(decorator.lineno for decorator in definition.decorator_list)])


def _line_before(statement):
    return (
        _first_line(statement) - 1 if hasattr(statement, "decorator_list") else statement.lineno - 1
    )


def parameters(function):
    """The parameters of a function's syntax tree, in order: name -> whether it has a default."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    required = len(positional) - len(arguments.defaults)
    names = {each.arg: index >= required for index, each in enumerate(positional)}
    for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        names[each.arg] = default is not None
    return names


def signature(function):
    """The parameters of a function's syntax tree as they are written."""
    return ast.unparse(function.args)

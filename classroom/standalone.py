"""A learner's answer as source that runs on its own: its imports, its helpers, its definition."""

import ast
import builtins
import inspect
import linecache
from types import ModuleType

from classroom.comparing import described

NOTEBOOK = "__main__"
CONSTANTS = (bool, int, float, complex, str, bytes, type(None))


class NotStandalone(Exception):
    """The answer needs something of the notebook that cannot be written down as source."""


def source_of(answer, home_of):
    """The text of a function or class of the notebook, with all it needs before it.

    answer    defined in a notebook's cell
    home_of   the module that has an exercise's answer, by its name; None for any other name
    raises    NotStandalone with a sentence
    """
    writer = _Writer(answer, home_of)
    writer.add(answer)
    imports = sorted(writer.imports, key=lambda line: (line.startswith("from"), line))
    return "\n".join(imports) + "\n" * 3 * bool(imports) + "\n\n\n".join(writer.definitions) + "\n"


class _Writer:
    def __init__(self, answer, home_of):
        self.answer, self.home_of = answer, home_of
        self.imports, self.definitions, self.done = set(), [], set()

    def add(self, definition):
        """Write a function or class, after everything that it uses."""
        self.done.add(definition.__name__)
        text, tree = _definition(definition)
        namespace = _namespace(definition)
        for name in sorted(_names(tree) & set(namespace) - self.done):
            self._add_needed(name, namespace[name])
        self.definitions.append(text)

    def _add_needed(self, name, value):
        home = self.home_of(name)
        is_own = getattr(value, "__module__", None) == NOTEBOOK
        if isinstance(value, ModuleType):
            self.imports.add(_import(value.__name__, name))
        elif home and callable(value):
            self.imports.add(f"from {home} import {name}")
        elif is_own and (inspect.isfunction(value) or inspect.isclass(value)):
            self.add(value)
        elif _is_constant(value):
            self.done.add(name)
            self.definitions.append(f"{name} = {value!r}")
        elif _is_importable(value):
            original = value.__qualname__
            alias = "" if original == name else f" as {name}"
            self.imports.add(f"from {value.__module__} import {original}{alias}")
        elif not hasattr(builtins, name):
            raise NotStandalone(
                f"It uses `{name}`, which is {described(value)} of this notebook. Make it inside "
                "the function, and your answer is kept for the lessons to come."
            )


def _definition(definition):
    """(text without `@exercise`, syntax tree) of a function or class, out of its cell."""
    function = definition if inspect.isfunction(definition) else _method(definition)
    code = inspect.unwrap(function).__code__ if function else None
    lines = [line.rstrip("\n") for line in linecache.getlines(code.co_filename)] if code else []
    try:
        cell = ast.parse("\n".join(lines)).body
    except SyntaxError:
        cell = []
    for tree in cell:
        if getattr(tree, "name", None) == definition.__name__:
            kept = [each for each in tree.decorator_list if ast.unparse(each) != "exercise"]
            first = min([tree.lineno, *(each.lineno for each in kept)])
            return "\n".join(lines[first - 1 : tree.end_lineno]), tree
    raise NotStandalone(f"The source of `{definition.__name__}` is not at hand.")


def _method(cls):
    """A method of a class, which knows where the class was written and where its names live."""
    return next((each for each in vars(cls).values() if inspect.isfunction(each)), None)


def _names(tree):
    """The names that a definition looks up, in itself or outside."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {"exercise"}


def _namespace(definition):
    """Where the names of a definition live."""
    function = definition if inspect.isfunction(definition) else _method(definition)
    return inspect.unwrap(function).__globals__ if function else {}


def _import(module, name):
    parent, _, last = module.rpartition(".")
    if module == name:
        return f"import {module}"
    return f"from {parent} import {last}" if last == name else f"import {module} as {name}"


def _is_constant(value):
    if isinstance(value, tuple | list):
        return all(map(_is_constant, value))
    return type(value) in CONSTANTS and value == value and repr(value) != "inf"


def _is_importable(value):
    module = inspect.getmodule(value)
    return module is not None and getattr(module, getattr(value, "__qualname__", ""), None) is value


def defined_by(text, name, path, line=0):
    """What the source `text` defines under `name`; its lines begin at `line` of the file."""
    linecache.checkcache(str(path))
    namespace = {"__name__": f"my_answers.{path.stem}", "__file__": str(path)}
    exec(compile("\n" * line + text, str(path), "exec"), namespace)
    return namespace[name]

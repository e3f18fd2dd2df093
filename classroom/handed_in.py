"""What learners handed in: read as text, never run.

Of a notebook, an answer takes along what it uses from other cells: imports, helper functions,
constants, and nothing else. A name that is another exercise means the course's own answer to it,
so no verdict depends on another.
"""

import ast
import dis
import re
import warnings
from dataclasses import dataclass, field

from classroom import cells, copies, source
from classroom.answers import SECTION

SKIPPED = re.compile(r"[._].*|set_aside")  # folders: of an editor, of Jupyter, of old answers


@dataclass
class Cell:
    """A piece of source that is read, or not, as a whole."""

    label: str  # what a traceback calls it
    text: str

    def __post_init__(self):
        self.text = _python(self.text)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.statements = ast.parse(self.text).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self.statements = []

    def only(self, chosen):
        """The text with nothing left but these statements, each in its own lines."""
        lines, kept = self.text.split("\n"), set()
        for statement in chosen:
            kept |= set(range(_first_line(statement), statement.end_lineno + 1))
            for decorator in getattr(statement, "decorator_list", ()):
                if ast.unparse(decorator) == "exercise":
                    kept -= set(range(decorator.lineno, decorator.end_lineno + 1))
        return "\n".join(line if n in kept else "" for n, line in enumerate(lines, 1)) + "\n"


@dataclass
class Answer:
    """One learner's answer to one exercise, with all it needs: (label, source) pairs."""

    exercise: str
    parts: list = field(default_factory=list)
    problem: str = ""  # why there is nothing to run
    is_written: bool = True


@dataclass
class Learner:
    name: str
    files: list


def learners(folder):
    """Everyone who handed something in: by folders, and by files that do not bear a lesson's
    name.

    Lessons' notebooks right in the folder are all of one learner, who is called like it.
    """
    if folder.is_file():
        return [Learner(folder.stem, [folder])]
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not SKIPPED.fullmatch(path.name):
            found.append(Learner(path.name, _files(path)))
    files = [path for path in sorted(folder.iterdir()) if _is_handed_in(path)]
    own = [path for path in files if copies.FILE_NAME.fullmatch(path.name)]
    found += [Learner(path.stem, [path]) for path in files if path not in own]
    return found + ([Learner(folder.resolve().name, own)] if own else [])


def _files(folder):
    """The notebooks and answer files in a learner's folder; kept answers first, newest last."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink() and not SKIPPED.fullmatch(path.name):
            found += _files(path)
        elif _is_handed_in(path):
            found.append(path)
    return sorted(found, key=lambda path: (path.suffix == ".ipynb", str(path)))


def _is_handed_in(path):
    return path.is_file() and path.suffix in (".ipynb", ".py") and path.name[0] not in "._"


def answers_in(path, course):
    """The Answers in a file, by exercise. Raises copies.Damaged if it cannot be read."""
    if path.suffix == ".ipynb":
        return _answers(_cells_of(path), course)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise copies.Damaged(f"{path.name} cannot be read as text.") from None
    found = _answers([Cell(path.name, text)], course)
    starts = [each for each in SECTION.finditer(text) if each[1] in course.exercise_names]
    for start, after in zip(starts, [*starts[1:], None]):
        before = "\n" * text.count("\n", 0, start.end())
        section = before + text[start.end() : after.start() if after else None]
        own = _answers([Cell(path.name, section)], course)
        found |= {name: answer for name, answer in own.items() if name == start[1]}
    return found


def _cells_of(path):
    """The code cells of a notebook, numbered as they come."""
    code = [cell for cell in copies.read(path)["cells"] if cell["cell_type"] == "code"]
    return [Cell(f"<code cell {n}>", copies.text(cell)) for n, cell in enumerate(code, 1)]


def _answers(all_cells, course):
    found, offered = {}, _offered(all_cells, set(course.exercise_names))
    for cell in all_cells:
        if not cell.statements:
            found |= _unread(cell, course)
        for statement in cell.statements:
            name = getattr(statement, "name", None)
            if name in course.exercise_names:
                entry = course.exercise(name)
                written = not _is_blank(statement, entry)
                if written or name not in found:
                    parts = _with_needs(statement, cell, offered, course) if written else []
                    found[name] = Answer(name, parts, is_written=written)
    return found


def _unread(cell, course):
    """The answers in a cell that Python cannot read, each with the reason."""
    names = [name for name in cells.DECORATED.findall(cell.text) if name in course.exercise_names]
    fault = cells.syntax_error(cell.text) if names else None
    if fault is None:
        return {}
    problem = " ".join(cells.described(fault, cell.text.splitlines())[0])
    return {name: Answer(name, problem=problem) for name in names}


def _is_blank(definition, entry):
    if not entry.is_class or not isinstance(definition, ast.ClassDef):
        return isinstance(definition, ast.FunctionDef) and source.is_blank(definition)
    methods = [each for each in definition.body if getattr(each, "name", None) in entry.blank]
    return bool(methods) and all(map(source.is_blank, methods))


def _offered(all_cells, exercises):
    """(cell, statement, names it defines or changes) for all that an answer may need, in order.

    What changes a module (np.random.seed(0), plt.show()) is left out, and so is what gives an
    exercise's name to something.
    """
    every = [(cell, statement) for cell in all_cells for statement in cell.statements]
    imports = [each for _, each in every if isinstance(each, ast.Import | ast.ImportFrom)]
    modules = {alias.asname or alias.name.split(".")[0] for each in imports for alias in each.names}
    return [
        (cell, statement, _defined(statement) | _changed(statement) - modules - exercises)
        for cell, statement in every
        if not _defined(statement) & exercises or statement in imports
    ]


def _with_needs(definition, home, offered, course):
    """(label, source) of the cells, with only what the definition uses, directly or not."""
    exercises = set(course.exercise_names)
    chosen, needed, grown = [(home, definition)], {"*"}, _used(definition)
    while not grown <= needed:
        needed |= grown
        grown = set()
        for cell, statement, names in offered:
            if names & needed - exercises and (cell, statement) not in chosen:
                chosen.append((cell, statement))
                grown |= _used(statement)
    imports = "".join(
        f"from solutions.{course.exercise(name).answer_path.stem} import {name}\n"
        for name in sorted(needed & exercises - {definition.name})
    )
    parts = [("<the course's own>", imports)] if imports else []
    for label in dict.fromkeys(cell.label for cell, _, _ in [*offered, (home, None, None)]):
        of_cell = [(cell, statement) for cell, statement in chosen if cell.label == label]
        if of_cell:
            text = of_cell[0][0].only([statement for _, statement in of_cell])
            parts.append((label, text))
    return parts


def _used(statement):
    """The global names that a statement looks up, now or when what it defines is called."""
    return source.global_names(_compiled(statement)) - {"exercise"}


def _defined(statement):
    """The names that a statement defines; "*" for those that nobody knows without running it."""
    if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
        return {"*"}
    steps = dis.get_instructions(_compiled(statement))
    return {step.argval for step in steps if step.opname in ("STORE_NAME", "STORE_GLOBAL")}


def _changed(statement):
    """The names whose values a statement changes: x[0] = 1, x.size = 1, x.append(1)."""
    nodes = [
        node for node in ast.walk(statement) if isinstance(getattr(node, "ctx", None), ast.Store)
    ]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        nodes.append(statement.value.func)
    return {_root(node) for node in nodes} - {None}


def _root(node):
    """The name that x[0].y(...) begins with: x; None for a lone name, or for no name."""
    lone = node
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) and node is not lone else None


def _compiled(statement):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return compile(ast.Module([statement], []), "<cell>", "exec")
        except (SyntaxError, ValueError):  # `return` or `await` outside of a function
            return compile("", "<cell>", "exec")


def _python(text):
    """A cell's text with its magics and shell commands made Python; its lines keep their
    numbers.
    """
    from IPython.core.inputtransformer2 import TransformerManager

    if text.startswith("%%"):  # %%time, say
        text = "#" + text
    if not re.search(r"^\s*[%!?]|\?\s*$", text, re.MULTILINE):
        return text
    return TransformerManager().transform_cell(text)


def _first_line(definition):
    decorators = getattr(definition, "decorator_list", ())
    return min([definition.lineno, *(each.lineno for each in decorators)])

"""What the course holds: its lessons, their exercises, and where each part of an exercise is written.

The one source for the builder, the status list, the judge and the tests. Everything here is read from the
files' text, so it needs the standard library only; `Exercise.checks` and `Exercise.reference` alone run code.
"""

import ast
import difflib
import importlib
import importlib.util
import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent

CELL = re.compile(r"# %%(?!%)(?P<options>.*)")
NAMED_EXERCISE = re.compile(r'\bexercise="(\w+)"')
HEADER_ENTRY = re.compile(r"#\s+(title|question|minutes):\s*(.+)")
CHECKS_ATTRIBUTES = {"stars", "minutes", "hints", "seconds", "blank", "may_change"}


class CourseError(Exception):
    """The course itself is broken. `place` says where: a file, and a line where there is one."""

    def __init__(self, path, sentence, line=None):
        place = path.name if line is None else f"{path.name}, line {line}"
        super().__init__(f"{place}: {sentence}")


@cache
def course():
    """The course that this classroom belongs to."""
    return Course(ROOT)


class Course:
    """A course in the folder `root`, with `lessons/`, `lessons/checks/`, `solutions/` and `notebooks/`."""

    def __init__(self, root):
        self.root = Path(root)

    @cached_property
    def lessons(self):
        """Every lesson, in the order of its number."""
        return [Lesson(self, path) for path in sorted((self.root / "lessons").glob("[0-9]*_*/lesson.py"))]

    def lesson(self, name):
        """The lesson called `name`: its number, its slug, both, or a path to its text or its notebook."""
        stem = Path(name).parent.name if Path(name).name == "lesson.py" else Path(name).stem
        for lesson in self.lessons:
            if stem in (lesson.name, lesson.number, lesson.slug):
                return lesson
        known = ", ".join(each.name for each in self.lessons)
        raise KeyError(f"no lesson is called '{name}'; there are {known}")

    @cached_property
    def exercise_names(self):
        """Every exercise's name with the lesson it stands in (the first, should two lessons claim it)."""
        names = {}
        for lesson in self.lessons:
            for name, _ in lesson.exercise_cells:
                names.setdefault(name, lesson)
        return names

    def exercise(self, name):
        """The exercise called `name`; a KeyError suggests the nearest name."""
        if name not in self.exercise_names:
            nearest = difflib.get_close_matches(name, self.exercise_names, n=1)
            suggestion = f" Did you mean `{nearest[0]}`?" if nearest else ""
            raise KeyError(f"There is no exercise called `{name}`.{suggestion}")
        return self.exercise_names[name].exercise(name)

    @property
    def exercises(self):
        """Every exercise, in course order."""
        return [self.exercise(name) for name in self.exercise_names]

    def problems(self):
        """A sentence for each fault in the four places of the exercises; an empty list is a sound course."""
        found = [problem for lesson in self.lessons for problem in lesson.problems()]
        return found


@dataclass(eq=False)
class Lesson:
    """One chapter: `lessons/06_rope.py` has the name `06_rope`, the number `06` and the slug `rope`."""

    course: Course = field(repr=False)
    path: Path

    @property
    def name(self):
        return self.path.parent.name

    @property
    def number(self):
        return self.name.partition("_")[0]

    @property
    def slug(self):
        return self.name.partition("_")[2]

    @property
    def checks_path(self):
        return self.path.parent / "checks.py"

    @property
    def solutions_path(self):
        return self.course.root / "solutions" / f"{self.slug}.py"

    @property
    def notebook_path(self):
        return self.course.root / "notebooks" / f"{self.name}.ipynb"

    @cached_property
    def text(self):
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def header(self):
        """title, question and minutes, from the comment block that opens the lesson."""
        top = self.text.partition("# %%")[0]
        header = {key: value.strip().strip("\"'") for key, value in HEADER_ENTRY.findall(top)}
        for key in ("title", "question", "minutes"):
            if key not in header:
                raise CourseError(self.path, f"the header has no `{key}:`")
        return header | {"minutes": int(header["minutes"])}

    @property
    def title(self):
        return self.header["title"]

    @property
    def question(self):
        return self.header["question"]

    @property
    def minutes(self):
        return self.header["minutes"]

    @cached_property
    def cell_lines(self):
        """The line numbers, from 1, of the cells' first lines."""
        return [number for number, line in enumerate(self.text.splitlines(), 1) if CELL.match(line)]

    @cached_property
    def exercise_cells(self):
        """(exercise name, line number) of every exercise cell, repetitions included."""
        lines = self.text.splitlines()
        named = ((NAMED_EXERCISE.search(lines[number - 1]), number) for number in self.cell_lines)
        return [(match.group(1), number) for match, number in named if match]

    @property
    def exercises(self):
        return [self.exercise(name) for name, _ in self.exercise_cells]

    @cached_property
    def _exercises(self):
        return {}

    def exercise(self, name):
        if name not in self._exercises:
            self._exercises[name] = Exercise(self, name)
        return self._exercises[name]

    @cached_property
    def checks_classes(self):
        """The classes of this lesson's checks file, as syntax trees by exercise name."""
        if not self.checks_path.exists():
            return {}
        tree = parsed(self.checks_path)
        return {node.name: node for node in tree.body
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_")}

    def problems(self):
        """A sentence for each fault of this lesson, with its file and line."""
        try:
            assert self.header
            orphans = set(self.checks_classes) - {name for name, _ in self.exercise_cells}
        except CourseError as problem:
            return [str(problem)]
        found = [CourseError(self.checks_path, f"`{name}` is not an exercise of {self.name}",
                             self.checks_classes[name].lineno) for name in sorted(orphans)]
        for name, line in self.exercise_cells:
            problem = self._exercise_problem(name, line)
            if problem is not None:
                found.append(CourseError(self.path, f"exercise `{name}`{problem}", line))
        return [str(problem) for problem in found]

    def _exercise_problem(self, name, line):
        """What is wrong with the exercise named in this line, or None."""
        first_line = next(number for each, number in self.exercise_cells if each == name)
        owner = self.course.exercise_names[name]
        if line != first_line:
            return f" was listed before, in line {first_line}"
        if owner is not self:
            return f" already stands in lesson {owner.name}"
        try:
            self.exercise(name).validate()
        except CourseError as problem:
            return f": {problem}"


@dataclass(eq=False)
class Exercise:
    """One exercise: named in its lesson, checked in `lessons/checks/`, answered in `solutions/`."""

    lesson: Lesson
    name: str

    @cached_property
    def _settings(self):
        """The literal attributes of the checks class: stars, minutes, hints, ..."""
        path = self.lesson.checks_path
        if self.name not in self.lesson.checks_classes:
            raise CourseError(path, f"there is no class `{self.name}` with its checks")
        settings = {}
        for node in self.lesson.checks_classes[self.name].body:
            if isinstance(node, ast.Assign):
                try:
                    value = ast.literal_eval(node.value)
                except ValueError:
                    sentence = f"write the settings of `{self.name}` as literals"
                    raise CourseError(path, sentence, node.lineno) from None
                target = node.targets[0]
                if isinstance(target, ast.Tuple):
                    settings |= zip([each.id for each in target.elts], value, strict=True)
                else:
                    settings[target.id] = value
        unknown = set(settings) - CHECKS_ATTRIBUTES
        if unknown:
            raise CourseError(path, f"`{self.name}` sets {', '.join(sorted(unknown))}, which nothing reads")
        return {"seconds": 10, "blank": (), "may_change": ()} | settings

    def _setting(self, key):
        if key not in self._settings:
            raise CourseError(self.lesson.checks_path, f"`{self.name}` has no `{key}`")
        return self._settings[key]

    @property
    def stars(self):
        """Difficulty: 1 needs one line, 3 needs thought."""
        return self._setting("stars")

    @property
    def minutes(self):
        """The time it takes most people."""
        return self._setting("minutes")

    @property
    def hints(self):
        """Two or three sentences: an idea, a shape, nearly the line."""
        return self._setting("hints")

    @property
    def seconds(self):
        """The time its checks may take, after which an endless loop is assumed."""
        return self._setting("seconds")

    @property
    def blank(self):
        """For a class: the names of the methods that the learner writes."""
        return tuple(name.rpartition(".")[2] for name in self._setting("blank"))

    @property
    def may_change(self):
        """The names of the arguments that the answer may change in place."""
        return self._setting("may_change")

    @cached_property
    def checks(self):
        """The check functions, in the order written. Runs the checks file."""
        namespace = vars(getattr(loaded(self.lesson.checks_path), self.name))
        return [each for key, each in namespace.items() if callable(each) and not key.startswith("_")]

    @cached_property
    def _answer(self):
        """(path, syntax tree) of the answer: in the lesson's own solutions module, else in another one."""
        own = self.lesson.solutions_path
        for path in [own, *sorted(own.parent.glob("*.py"))]:
            if path.exists():
                for node in parsed(path).body:
                    if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == self.name:
                        return path, node
        raise CourseError(own, f"there is no top-level function or class `{self.name}` to be its answer")

    @property
    def answer_path(self):
        """The file of `solutions/` that holds the answer."""
        return self._answer[0]

    @property
    def tree(self):
        """The answer's syntax tree; its line numbers are those of `answer_path`."""
        return self._answer[1]

    @property
    def is_class(self):
        return isinstance(self.tree, ast.ClassDef)

    @property
    def blank_trees(self):
        """The functions that the learner writes: the answer itself, or the blank methods of a class."""
        if not self.is_class:
            return [self.tree]
        methods = {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}
        missing = [name for name in self.blank if name not in methods]
        if missing or not self.blank:
            sentence = f"must name methods of the class (it has {', '.join(methods)}); it is {self.blank}"
            raise CourseError(self.lesson.checks_path, f"`blank` of `{self.name}` {sentence}")
        return [methods[name] for name in methods if name in self.blank]

    @property
    def reference(self):
        """The answer itself, a function or a class. Runs its solutions module."""
        module = importlib.import_module(f"solutions.{self.answer_path.stem}")
        return getattr(module, self.name)

    def validate(self):
        """Raise a CourseError unless all that a notebook needs of this exercise is there."""
        path = self.lesson.checks_path
        if self.stars not in (1, 2, 3):
            raise CourseError(path, f"`{self.name}` has stars {self.stars}; there are 1, 2 or 3")
        if not isinstance(self.minutes, int) or self.minutes < 1:
            raise CourseError(path, f"`{self.name}` has minutes {self.minutes}, not a whole number above 0")
        if not isinstance(self.hints, tuple) or len(self.hints) not in (2, 3):
            raise CourseError(path, f"`{self.name}` needs a tuple of 2 or 3 hints; it has {self.hints!r}")
        functions = [node for node in self.lesson.checks_classes[self.name].body
                     if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
        if not functions:
            raise CourseError(path, f"`{self.name}` has no check functions")
        for node in functions:
            if not ast.get_docstring(node):
                sentence = f"the check `{node.name}` of `{self.name}` has no docstring"
                raise CourseError(path, sentence, node.lineno)
        if not ast.get_docstring(self.tree):
            raise CourseError(self.answer_path, f"`{self.name}` has no docstring", self.tree.lineno)
        assert self.blank_trees


@cache
def parsed(path):
    """The syntax tree of a Python file."""
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise CourseError(path, f"syntax error: {error.msg}", error.lineno) from None


@cache
def loaded(path):
    """The module in a file that belongs to no package, such as `lessons/checks/rope.py`."""
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

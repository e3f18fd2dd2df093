"""What the course has: its lessons, their exercises, and where each part of an exercise is written.

The one source for the builder, the status list, the judge and the tests. Everything here is read
from the files' text, so it needs the standard library only; `Exercise.checks`, `known` and
`reference` alone run code.
"""

import ast
import difflib
import importlib
import importlib.util
import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from classroom import reading

ROOT = Path(__file__).parent.parent

CELL = re.compile(r"# %%(?!%)(?P<options>.*)")
NAMED_EXERCISE = re.compile(r'\bexercise="(\w+)"')
NAMED_QUIZ = re.compile(r'\bquiz="(\w+)"')
HEADER_ENTRY = re.compile(r"#\s+(title|question|waiting|achieved):\s*(.+)")
REQUIRED, OPTIONAL = ("stars", "minutes", "hints"), {"seconds": 10, "blank": (), "may_change": ()}
QUESTION_MINUTES = 1  # for reading and answering a question of a quiz
FEWEST_MISTAKES = 3  # of different sentences, for each exercise


class CourseError(Exception):
    """The course itself is broken. The message begins with the file and line."""

    def __init__(self, path, sentence, line=None):
        path = Path(path)
        path = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        place = path.as_posix() if line is None else f"{path.as_posix()}, line {line}"
        super().__init__(f"{place}: {sentence}")


class CourseErrors(CourseError):
    """Several faults at once, a line for each."""

    def __init__(self, faults):
        Exception.__init__(self, "\n".join(map(str, faults)))


@cache
def course():
    """The course that this classroom belongs to."""
    return Course(ROOT)


class Course:
    """A course in the folder `root`, with `lessons/`, `solutions/` and `notebooks/`."""

    def __init__(self, root):
        self.root = Path(root)

    @cached_property
    def lessons(self):
        """Every lesson, in the order of its number."""
        folders = sorted((self.root / "lessons").glob("[0-9]*_*/"))
        return [Lesson(self, folder / "lesson.py") for folder in folders]

    def lesson(self, name):
        """The lesson with this number, slug or both, or with this text or notebook."""
        path = Path(name)
        stem = path.parent.name if path.name == "lesson.py" else path.stem
        for lesson in self.lessons:
            if stem in (lesson.name, lesson.number, lesson.slug):
                return lesson
        known = ", ".join(each.name for each in self.lessons)
        raise KeyError(f"no lesson is called '{name}'; there are {known}")

    @cached_property
    def exercise_names(self):
        """Every exercise's name with its lesson (the first, should two claim it)."""
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
        """A sentence for each fault in the parts of the lessons."""
        return [problem for lesson in self.lessons for problem in lesson.problems()]


@dataclass(eq=False)
class Lesson:
    """One chapter: the folder `lessons/06_rope` has the number `06` and the slug `rope`."""

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
    def mistakes_path(self):
        return self.path.parent / "mistakes.py"

    @property
    def solutions_path(self):
        return self.course.root / "solutions" / f"{self.slug}.py"

    @property
    def notebook_path(self):
        return self.course.root / "notebooks" / f"{self.name}.ipynb"

    @cached_property
    def text(self):
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise CourseError(self.path, "is missing: the lesson's text goes there") from None

    @cached_property
    def header(self):
        """title, question, minutes of waiting and what is achieved, from the comments that open the
        lesson.
        """
        top = self.text.partition("# %%")[0]
        header = {key: value.strip().strip("\"'") for key, value in HEADER_ENTRY.findall(top)}
        for key in ("title", "question"):
            if key not in header:
                sentence = f'the header has no `{key}:`; write for example  #     {key}: "..."'
                raise CourseError(self.path, sentence)
        return {"achieved": ""} | header | {"waiting": int(header.get("waiting", 0))}

    @property
    def title(self):
        return self.header["title"]

    @property
    def question(self):
        return self.header["question"]

    @cached_property
    def reading_minutes(self):
        """How long it takes to read the lesson and run its cells, in steps of five minutes."""
        return reading.minutes(self.text_of_cells, self.header["waiting"])

    @property
    def quiz_minutes(self):
        return QUESTION_MINUTES * len(self.question_names)

    @property
    def exercise_minutes(self):
        """How long the exercises and the quiz take most people, in steps of five; 0 for none."""
        minutes = sum(each.minutes for each in self.exercises) + self.quiz_minutes
        return minutes and reading.rounded(minutes)

    @property
    def takes(self):
        """Both, in words."""
        to_do = self.exercise_minutes
        doing = f", {to_do} to do" if to_do else ""
        return f"about {self.reading_minutes} minutes to read{doing}"

    @property
    def achieved(self):
        """What can be said to a learner who has solved every exercise."""
        return self.header["achieved"]

    @cached_property
    def cell_lines(self):
        """The line numbers, from 1, of the cells' first lines."""
        return [number for number, line in enumerate(self.text.splitlines(), 1) if CELL.match(line)]

    @property
    def text_of_cells(self):
        """(options, text) of each cell: what follows its `# %%`, and its lines."""
        lines, ends = self.text.splitlines(), [*self.cell_lines[1:], None]
        return [
            (CELL.match(lines[start - 1])["options"], lines[start : end and end - 1])
            for start, end in zip(self.cell_lines, ends)
        ]

    @cached_property
    def imports(self):
        """The imports of the first code cell, as syntax trees."""
        texts = self.text.split("\n# %%")[1:]
        codes = (text.partition("\n")[2] for text in texts if not text.startswith(" [markdown]"))
        try:
            body = ast.parse(next(codes, "")).body
        except SyntaxError:  # the builder says so
            return []
        return [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]

    @cached_property
    def exercise_cells(self):
        """(exercise name, line number) of every exercise cell, repetitions included."""
        lines = self.text.splitlines()
        named = ((NAMED_EXERCISE.search(lines[number - 1]), number) for number in self.cell_lines)
        return [(match.group(1), number) for match, number in named if match]

    @cached_property
    def quiz_cells(self):
        """(slug, line number) of every cell of a quiz; there should be one, or none."""
        lines = self.text.splitlines()
        named = ((NAMED_QUIZ.search(lines[number - 1]), number) for number in self.cell_lines)
        return [(match.group(1), number) for match, number in named if match]

    @property
    def quiz_path(self):
        return self.path.parent / "quiz.py"

    @cached_property
    def question_names(self):
        """The names of the quiz's questions, read from the file's text."""
        if not self.quiz_path.exists():
            return []
        return [node.name for _, node in _decorated(self.quiz_path, "question")]

    @cached_property
    def questions(self):
        """The Questions of the quiz, in the order written. Runs the quiz's file."""
        written = vars(loaded(self.quiz_path))
        return [written[name] for name in self.question_names]

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
    def abouts(self):
        """The calls `about("name", ...)` of the checks, as syntax trees by exercise name."""
        calls = (node.value for node in parsed(self.checks_path).body if isinstance(node, ast.Expr))
        return {
            _first_argument(call): call
            for call in calls
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "about"
        }

    @cached_property
    def checks(self):
        """The functions decorated with `check("name")`, as (exercise name, syntax tree)."""
        return _decorated(self.checks_path, "check")

    @cached_property
    def mistakes(self):
        """What is decorated with `mistake("name", ...)`, as (exercise name, syntax tree)."""
        return _decorated(self.mistakes_path, "mistake")

    def problems(self):
        """A sentence for each fault of this lesson: where it is, what is missing, an example."""
        found = []

        def attempt(look):
            try:
                return look()
            except CourseError as problem:
                found.append(str(problem))

        attempt(lambda: self.header)
        if attempt(lambda: self.exercise_cells) is None:
            return found
        names = {name for name, _ in self.exercise_cells}
        for path, look in (
            (self.checks_path, lambda: [(name, call) for name, call in self.abouts.items()]),
            (self.checks_path, lambda: self.checks),
            (self.mistakes_path, lambda: self.mistakes),
        ):
            for name, node in attempt(look) or ():
                if name not in names:
                    sentence = f"`{name}` is not an exercise of {self.name}"
                    found.append(str(CourseError(path, sentence, node.lineno)))
        for name, line in self.exercise_cells:
            found += self._exercise_problems(name, line)
        found += self._quiz_problems()
        return list(dict.fromkeys(found))

    def _quiz_problems(self):
        """A quiz needs its file, and the lesson one cell for it, as sentences."""
        example = f'# %% quiz="{self.slug}"'
        for number, (slug, line) in enumerate(self.quiz_cells):
            if slug != self.slug or number > 0:
                sentence = f"one cell has the quiz, and it is named like the lesson:  {example}"
                yield str(CourseError(self.path, sentence, line))
        if self.quiz_cells and not self.question_names:
            yield str(CourseError(self.quiz_path, "has no @question, and the lesson has a quiz"))
        if self.question_names and not self.quiz_cells:
            yield str(CourseError(self.path, f"needs a cell for its quiz:  {example}"))

    def _exercise_problems(self, name, line):
        """What is wrong with the exercise named in this line of the lesson, as sentences."""
        first_line = next(number for each, number in self.exercise_cells if each == name)
        owner = self.course.exercise_names[name]
        if line != first_line or owner is not self:
            where = f"in line {first_line}" if owner is self else f"in lesson {owner.name}"
            return [str(CourseError(self.path, f"exercise `{name}` is already {where}", line))]
        return self.exercise(name).problems()


@dataclass(eq=False)
class Exercise:
    """One exercise: named in its lesson, checked beside it, answered in `solutions/`."""

    lesson: Lesson
    name: str

    @cached_property
    def _settings(self):
        """What `about` says: stars, minutes, hints, ..."""
        path = self.lesson.checks_path
        if self.name not in self.lesson.abouts:
            example = f'about("{self.name}", stars=1, minutes=5, hints=("...", "..."))'
            raise CourseError(path, f"nothing is said about `{self.name}`; write  {example}")
        call = self.lesson.abouts[self.name]
        try:
            settings = {each.arg: ast.literal_eval(each.value) for each in call.keywords}
        except ValueError:
            sentence = f'write out every value in about("{self.name}", ...)'
            raise CourseError(path, sentence, call.lineno) from None
        unknown = set(settings) - {*REQUIRED, *OPTIONAL}
        if unknown:
            sentence = f"`{self.name}` sets {', '.join(sorted(unknown))}, which nothing reads"
            raise CourseError(path, sentence, call.lineno)
        return OPTIONAL | settings

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
        """The Checks, in the order written. Runs the checks file."""
        return self._written_in(self.lesson.checks_path, "look")

    @cached_property
    def known(self):
        """The answers that people give: mistakes, and right ones. Runs the mistakes file."""
        return self._written_in(self.lesson.mistakes_path, "answer")

    def _written_in(self, path, attribute):
        values = vars(loaded(path)).values()
        return [
            each
            for each in values
            if getattr(each, "exercise", None) == self.name and hasattr(each, attribute)
        ]

    @property
    def mistakes(self):
        return [each for each in self.known if not each.is_right]

    @property
    def conventions(self):
        """The right answers that give other results, each with its name."""
        return [each for each in self.known if each.is_right and each.sentence]

    @cached_property
    def _answer(self):
        """(path, syntax tree) of the answer; the lesson's own solutions module goes first."""
        own = self.lesson.solutions_path
        for path in [own, *sorted(own.parent.glob("*.py"))]:
            if path.exists():
                for node in parsed(path).body:
                    if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == self.name:
                        return path, node
        raise CourseError(
            own, f"there is no top-level function or class `{self.name}` to be its answer"
        )

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
        """What the learner writes: the answer itself, or the blank methods of a class."""
        if not self.is_class:
            return [self.tree]
        methods = {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}
        missing = [name for name in self.blank if name not in methods]
        if missing or not self.blank:
            sentence = (
                f"must name methods of the class (it has {', '.join(methods)}); it is {self.blank}"
            )
            raise CourseError(self.lesson.checks_path, f"`blank` of `{self.name}` {sentence}")
        return [methods[name] for name in methods if name in self.blank]

    @property
    def reference(self):
        """The answer itself, a function or a class. Runs its solutions module."""
        module = importlib.import_module(f"solutions.{self.answer_path.stem}")
        return getattr(module, self.name)

    def problems(self):
        """What is missing or wrong in the parts of this exercise, as sentences."""
        found = []
        for part in (self._settings_problems, self._checks_problems, self._answer_problems):
            try:
                found += part()
            except CourseError as problem:
                found.append(problem)
        return [str(problem) for problem in found]

    def _settings_problems(self):
        path, line = (
            self.lesson.checks_path,
            getattr(self.lesson.abouts.get(self.name), "lineno", None),
        )
        if self.stars not in (1, 2, 3):
            yield CourseError(
                path, f"`{self.name}` has stars {self.stars}; there are 1, 2 or 3", line
            )
        if not isinstance(self.minutes, int) or self.minutes < 1:
            sentence = f"`{self.name}` has minutes {self.minutes}, not a whole number above 0"
            yield CourseError(path, sentence, line)
        if not isinstance(self.hints, tuple) or len(self.hints) not in (2, 3):
            sentence = f'`{self.name}` needs two or three hints: hints=("...", "..."); it has'
            yield CourseError(path, f"{sentence} {self.hints!r}", line)

    def _checks_problems(self):
        path = self.lesson.checks_path
        mine = [node for name, node in self.lesson.checks if name == self.name]
        if not mine:
            example = f'@check("{self.name}") above  def some_claim(answer): return answer(...)'
            yield CourseError(path, f"`{self.name}` has no checks; write  {example}")
        for node in mine:
            if not ast.get_docstring(node):
                sentence = f"the check `{node.name}` needs a docstring, the claim that it checks"
                yield CourseError(path, sentence, node.lineno)
            if not _sees_something(node):
                sentence = (
                    f"the check `{node.name}` neither returns what it saw nor requires anything"
                )
                yield CourseError(path, sentence, node.lineno)
        mistakes = [node for name, node in self.lesson.mistakes if name == self.name]
        different = {ast.unparse(node.decorator_list[0]) for node in mistakes}
        if len(different) < FEWEST_MISTAKES:
            example = f'@mistake("{self.name}", "What the code does.") above a wrong answer'
            sentence = f"`{self.name}` needs {FEWEST_MISTAKES} different mistakes and has"
            path = self.lesson.mistakes_path
            yield CourseError(path, f"{sentence} {len(different)}; write  {example}")

    def _answer_problems(self):
        if not ast.get_docstring(self.tree):
            sentence = f"`{self.name}` needs a docstring: it is the exercise's task"
            yield CourseError(self.answer_path, sentence, self.tree.lineno)
        if not self.blank_trees:
            yield CourseError(self.answer_path, f"nothing of `{self.name}` is left to the learner")


def _first_argument(call):
    """The first argument of a call, if it is a text."""
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) else None


def _decorated(path, decorator):
    """(first argument, definition) of each definition that is decorated so."""
    found = []
    for node in parsed(path).body:
        for call in getattr(node, "decorator_list", ()):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == decorator:
                found.append((_first_argument(call), node))
    return found


def _sees_something(check):
    """Whether a check returns a value, or demands something by itself."""
    for node in ast.walk(check):
        if isinstance(node, ast.Return) and node.value is not None:
            return True
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("require", "refuses"):
            return True
    return False


@cache
def parsed(path):
    """The syntax tree of a Python file."""
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(path, "is missing") from None
    except SyntaxError as error:
        raise CourseError(path, f"syntax error: {error.msg}", error.lineno) from None


@cache
def loaded(path):
    """The module in a file that belongs to no package, such as `lessons/06_rope/checks.py`."""
    name = f"{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

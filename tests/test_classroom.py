"""The classroom on a tiny course: what exercises say to whatever a learner may write, and the
displays.
"""

import base64
import itertools
import linecache
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time

import nbclient
import nbformat
import numpy as np
import pytest

from classroom import (
    catalogue,
    cells,
    exercises,
    feedback,
    figures,
    general,
    graph,
    looking,
    progress_bar,
    source,
)
from classroom.checking import NotYet, outcome, refuses, require
from classroom.comparing import difference, shown
from classroom.exercises import exercise, hint, judge, solution
from classroom.trial import OutOfTime, call_within
from tests import tiny_course

CHECKS, MISTAKES = "lessons/00_tiny/checks.py", "lessons/00_tiny/mistakes.py"
SOLUTIONS = "solutions/tiny.py"

needs_alarm = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="this system cannot cut off a loop"
)
cell_numbers = itertools.count(1)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """The tiny course in a temporary folder, in the place of the real one. Yields the folder."""
    tiny_course.write(tmp_path)
    course = catalogue.Course(tmp_path)
    monkeypatch.setattr(catalogue, "course", lambda: course)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(exercises, "session", exercises.Session())
    kept = remove_solutions()
    yield tmp_path
    remove_solutions()
    sys.modules.update(kept)


def remove_solutions():
    """Forget the loaded `solutions` modules, and return them."""
    names = [name for name in sys.modules if name.partition(".")[0] == "solutions"]
    return {name: sys.modules.pop(name) for name in names}


@pytest.fixture
def notebook(monkeypatch):
    """Pretend to run in a notebook. Yields the list of (bundle, metadata) that is displayed."""
    displayed = []

    def show_bundle(bundle, metadata=None, **options):
        displayed.append((bundle, metadata))
        return Handle(displayed)

    for module in (feedback, figures, progress_bar):
        monkeypatch.setattr(module, "show_bundle", show_bundle)
    monkeypatch.setattr(progress_bar, "in_notebook", lambda: True)
    return displayed


class Handle:
    """Stands for a display handle: an update takes the place of what was displayed."""

    def __init__(self, displayed):
        self.displayed, self.index, self.updates = displayed, len(displayed) - 1, 0

    def update(self, bundle, raw, metadata):
        self.displayed[self.index] = bundle, metadata
        self.updates += 1


def learner(text, name="double", **notebook_globals):
    """What a learner's cell with this text defines under `name`; as there, its source is at
    hand.
    """
    text = textwrap.dedent(text).lstrip()
    filename = f"<cell {next(cell_numbers)}>"
    linecache.cache[filename] = len(text), None, text.splitlines(keepends=True), filename
    namespace = {"np": np, "__name__": "__main__", **notebook_globals}
    exec(compile(text, filename, "exec"), namespace)
    return namespace[name]


# The three states


@pytest.mark.parametrize(
    "body",
    [
        "...  # your code here",
        "pass",
        "'''Doubled.'''",
        "'''Doubled.'''\n    ...",
        "raise NotImplementedError",
        "raise NotImplementedError('later')",
        "# a thought\n    ...",
    ],
)
@pytest.mark.parametrize("has_source", [True, False])
def test_untouched_body_is_not_written_yet(tiny, body, has_source):
    answer = learner(f"def double(x):\n    {body}\n")
    if not has_source:
        linecache.cache.clear()
    assert judge("double", answer).state == "not written yet"


@pytest.mark.parametrize(
    "body", ["return 3", "x + 1", "y = x\n    ...", "raise ValueError", "return ..."]
)
@pytest.mark.parametrize("has_source", [True, False])
def test_begun_body_is_not_yet_right(tiny, body, has_source):
    answer = learner(f"def double(x):\n    {body}\n")
    if not has_source:
        linecache.cache.clear()
    assert judge("double", answer).state == "not yet"


def test_right_answer_lists_what_was_checked(tiny):
    verdict = judge("double", learner("def double(x): return x + x"))
    assert verdict.state == "right"
    assert verdict.checked == ["Every entry is doubled.", "An array of any shape keeps it."]
    assert "Checked: Every entry is doubled." in verdict.card().text()


def test_class_is_not_written_as_long_as_all_its_blank_methods_are_empty(tiny):
    text = source.stub(catalogue.course().exercise("Counter"))
    stub = learner(text, "Counter", exercise=lambda answer: answer)
    assert judge("Counter", stub).state == "not written yet"
    begun = learner(
        """
        class Counter:
            total = 0
            def add(self, step=1):
                self.total = step
        """,
        "Counter",
    )
    verdict = judge("Counter", begun)
    assert (verdict.state, verdict.sentences[0]) == ("not yet", "Only the last step counts.")


# Whatever else a learner may write: (his cell, what he must read)

CELLS = {
    "raises": (
        """
        def double(x):
            y = x
            return y / "2"
        """,
        ['in line 3: `return y / "2"`', "TypeError: ufunc"],
    ),
    "raises in a helper": (
        """
        def helper(x):
            return 1 / 0
        def double(x):
            return helper(x)
        """,
        ["in line 2: `return 1 / 0`", "ZeroDivisionError: division by zero"],
    ),
    "no return": ("def double(x): y = 2 * x", ["It is None. Is a `return` missing?"]),
    "placeholder returned": ("def double(x): return ...", ["the placeholder is still there"]),
    "wrong type": (
        "def double(x): return 'twice'",
        ["It is a str; expected a float array of shape (3,)."],
    ),
    "list": (
        "def double(x): return [2.0, 4.0, 6.0]",
        ["It is a list of 3 items; expected a float array"],
    ),
    "generator": ("def double(x): yield 2 * x", ["It is a generator; expected a float array"]),
    "wrong shape": (
        "def double(x): return 2 * x[:, None]",
        ["Its shape is (3, 1); expected (3,)."],
    ),
    "number that would broadcast": (
        "def double(x): return 2.0",
        ["Its shape is (); expected (3,)."],
    ),
    "wrong dtype": (
        "def double(x): return (2 * x).astype(int)",
        ["kind integer (int64); expected float"],
    ),
    "NaN": (
        "def double(x): return np.where(x == 2, np.nan, x)",
        ["NaN (not a number), first at index [1]."],
    ),
    "wrong entry": (
        "def double(x): return 2 * x + (x == 3)",
        ["1 of 3 entries differ, first at index [2]: it is 7; expected 6."],
    ),
    "changes its input": (
        """
        def double(x):
            x *= 2
            return x
        """,
        ["changes its input `x` in place"],
    ),
    "exits": ("import sys\ndef double(x): sys.exit()", ["SystemExit", "must not end the program"]),
    "recursion": (
        "def double(x): return double(x)",
        ["RecursionError", "calls itself without end"],
    ),
    "too much memory": (
        "def double(x): return np.ones(10**15)",
        ["MemoryError", "more memory than this"],
    ),
    "missing name": ("def double(x): return y", ["NameError: name 'y' is not defined"]),
    "no parameter": (
        "def double(): return 2",
        ["has no parameter `x`. The signature is `double(x)`."],
    ),
    "renamed parameter": ("def double(values): return 2 * values", ["has no parameter `x`"]),
    "additional parameter": (
        "def double(x, y): return 2 * x",
        ["has a parameter `y` for which no value"],
    ),
    "a class": ("class double: pass", ["must be a function, written with `def`; yours is a class"]),
    "a number": ("double = 3", ["yours is an int"]),
    "np shadowed": (
        "np = 3\ndef double(x): return np.add(x, x)",
        ["The name `np` has been given to something else: it is now an int", "AttributeError"],
    ),
    "builtin shadowed": (
        "sum = 3\ndef double(x): return sum([x, x])",
        ["The name `sum`", "run `del sum` to get Python's own back"],
    ),
}


@pytest.mark.parametrize("cell", CELLS)
def test_answer_to(tiny, cell):
    text, fragments = CELLS[cell]
    verdict = judge("double", learner(text))
    assert verdict.state == "not yet"
    for fragment in fragments:
        assert fragment in verdict.says
    assert "Traceback" not in verdict.card().text()


@pytest.mark.parametrize(
    "text, fragment",
    [
        (
            "class Counter:\n    def plus(self): return 1",
            "The class `Counter` has no method `add`.",
        ),
        ("def Counter(): return 1", "`Counter` must be a class"),
        (
            "class Counter:\n    def add(self, step): return 1",
            "`step` of `add` has lost its default value",
        ),
        (
            "class Counter:\n    total = 0\n    def add(self, step=1): return self.sum",
            "no attribute 'sum'",
        ),
        (
            "class Counter:\n    def __init__(self, start): pass\n    def add(self, step=1): self.total = 1",
            "It could not be used as the exercise asks (TypeError",
        ),
    ],
)
def test_answer_to_a_class(tiny, text, fragment):
    verdict = judge("Counter", learner(text, "Counter"))
    assert verdict.state == "not yet"
    assert fragment in verdict.says


def test_method_that_changes_its_input_is_noticed_and_the_class_is_left_as_it_was(tiny):
    tiny_course.edit(tiny, CHECKS, "counter.add(2)", "counter.add(np.full(3, 2.0))")
    answer = learner(
        """
        class Counter:
            total = 0
            def add(self, step=1):
                step += 1
        """,
        "Counter",
    )
    add = answer.add
    assert "changes its input `step` in place" in judge("Counter", answer).says
    assert answer.add is add


def test_argument_that_may_change_is_let_be(tiny):
    tiny_course.edit(tiny, CHECKS, "seconds=1", "may_change=('x',)")
    assert judge("double", learner("def double(x):\n    x *= 2\n    return x")).state == "right"


def test_result_that_a_check_cannot_use_is_described(tiny):
    tiny_course.edit(
        tiny,
        CHECKS,
        "return answer(np.array",
        "answer(np.ones(2)).sum()\n    return answer(np.array",
    )
    verdict = judge("double", learner("def double(x): y = x"))
    assert "Your code returned None, which cannot be used here" in verdict.says
    assert "Is a `return` missing?" in verdict.says


RECURSIVE = """
    def double(x):
        if x.ndim > 1:
            return np.stack([double(row) for row in x])
        return x + (x if mark else 0)
    """


@pytest.mark.parametrize("before", [{}, {"double": "what stood there before"}])
def test_function_that_calls_itself_meets_itself_while_it_is_judged(tiny, before):
    """In a notebook its name still means the course's answer then, or nothing at all."""
    for mark, state in ((True, "right"), (False, "not yet")):
        answer = learner(RECURSIVE, mark=mark)
        namespace = answer.__globals__
        del namespace["double"]
        namespace.update(before)
        kept = dict(namespace)
        assert judge("double", answer).state == state
        assert namespace == kept


def test_recursion_is_the_learners_own_and_not_rescued_by_the_courses(tiny):
    answer = learner("def double(x): return double(x)")
    answer.__globals__["double"] = catalogue.course().exercise("double").reference
    assert "calls itself without end" in judge("double", answer).says


def test_class_meets_itself_in_its_methods_while_it_is_judged(tiny):
    answer = learner(
        """
        class Counter:
            total = 0
            def add(self, step=1):
                if step < 0: raise ValueError
                self.total = Counter.sum(self.total, step)
            def sum(total, step):
                return total + step
        """,
        "Counter",
    )
    namespace = answer.add.__globals__
    del namespace["Counter"]
    assert judge("Counter", answer).state == "right"
    assert "Counter" not in namespace


def test_prints_and_warnings_are_shown_once_and_not_without_end(tiny, capsys):
    verdict = judge(
        "double",
        learner("""
        def double(x):
            for line in range(1000): print("line", line)
            return 2 * x
        """),
    )
    label, text = verdict.blocks[-1]
    assert verdict.state == "right" and label == "printed while it was checked"
    assert (
        text.startswith("line 0\nline 1\n") and text.endswith("(cut off here)") and len(text) < 1100
    )
    verdict = judge("double", learner("def double(x): return 2 * x + 0 * np.log(x - x)"))
    assert verdict.blocks[-1][1].count("RuntimeWarning: divide by zero encountered in log") == 1
    assert capsys.readouterr() == ("", "")


@needs_alarm
@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "while True:\n        try: np.ones(3)\n        except BaseException: pass",
        "while True:\n        try: sleep(0.01)\n        except: pass",
        "while True: print('again')",
    ],
)
def test_endless_loop_is_cut_off(tiny, body):
    started, handler = time.monotonic(), signal.getsignal(signal.SIGALRM)
    verdict = judge("double", learner(f"def double(x):\n    {body}\n", sleep=time.sleep))
    assert verdict.state == "not yet"
    assert (
        "was stopped after 1 s. Does a loop in it never end, or does it do the same" in verdict.says
    )
    assert time.monotonic() - started < 5
    assert signal.getsignal(signal.SIGALRM) is handler and signal.getitimer(signal.ITIMER_REAL) == (
        0,
        0,
    )


@needs_alarm
def test_time_limit_leaves_quick_code_alone():
    assert call_within(5, lambda: 42) == 42
    with pytest.raises(OutOfTime):
        call_within(0.05, lambda: time.sleep(5))
    with pytest.raises(OutOfTime):
        call_within(0.05, lambda: [None for _ in iter(int, 1)], of_work=True)
    call_within(0.05, lambda: time.sleep(0.2), of_work=True)
    assert sys.gettrace() is None or "coverage" in sys.modules


def test_where_a_loop_cannot_be_cut_off_it_is_said(capsys):
    results = []

    def slowly():
        time.sleep(0.3)
        return "done"

    thread = threading.Thread(target=lambda: results.append(call_within(0.05, slowly)))
    thread.start()
    thread.join()
    assert results == ["done"]
    assert "cannot be cut off on this system" in capsys.readouterr().err


def test_interruption_goes_through(tiny):
    with pytest.raises(KeyboardInterrupt):
        judge("double", learner("def double(x): raise KeyboardInterrupt"))


# Cells that Python cannot read

UNREADABLE = {
    "missing bracket": (
        """
        @exercise
        def double(x):
            return (2 * x
        """,
        "line 3 of this cell: '(' was never closed",
    ),
    "dedented return": (
        """
        @exercise
        def double(x):
            y = 2 * x
        return y
        """,
        "line 4 of this cell: 'return' outside function.\n  It must be indented as far as",
    ),
    "uneven indent": (
        """
        @exercise
        def double(x):
            y = x
          return y
        """,
        "line 4 of this cell: unindent",
    ),
    "missing colon": (
        """
        # Exercise *

        @exercise
        def double(x)
            return x
        """,
        "line 4 of this cell: expected ':'",
    ),
    "misspelt def": (
        """
        @exercise
        # mine
        dfe double(x):
            return x
        """,
        "line 3 of this cell: invalid syntax",
    ),
    "open string": (
        """
        @exercise
        def double(x):
            'Doubles.
            return x
        """,
        "line 3 of this cell: unterminated string",
    ),
}


def lines_of(text):
    return textwrap.dedent(text).lstrip().splitlines(keepends=True)


def cell_watch(namespace):
    """What looks at a notebook's cells, for cells that live in this namespace."""
    return cells.Watch(exercises.hand_on_unread, exercises.remind, namespace)


@pytest.mark.parametrize("cell", UNREADABLE)
def test_cell_that_is_no_python_gets_a_verdict_and_hands_on_the_courses_answer(
    tiny, notebook, cell
):
    text, says = UNREADABLE[cell]
    namespace = {}
    watch = cell_watch(namespace)
    assert watch.before(lines_of(text)) == []
    assert "double" not in namespace and notebook == []
    assert namespace.pop("np") is np  # what the lesson imports at its top
    watch.after()
    watch.after()
    assert namespace["double"] is catalogue.course().exercise("double").reference
    ((bundle, metadata),) = notebook
    assert metadata["classroom"] == {"exercise": "double", "state": "not yet", "cell": ""}
    assert exercises.session.states["double"] == "not yet"
    assert bundle["text/plain"].startswith("double: not yet\n  Python cannot read line ")
    assert (
        says in bundle["text/plain"] and "the course's own version is used" in bundle["text/plain"]
    )


def test_position_of_the_fault_is_shown():
    fault = SyntaxError("'(' was never closed", ("<cell>", 3, 12, ""))
    sentences, blocks = cells.described(fault, ["\n", "\n", "    return (2 * x\n"])
    assert sentences == ["Python cannot read line 3 of this cell: '(' was never closed."]
    assert blocks == [("line 3", "    return (2 * x\n           ^")]
    assert cells.described(SyntaxError("unexpected end", ("", 9, None, "")), ["x"])[1] == []


@pytest.mark.parametrize(
    "text",
    [
        "@exercise\ndef double(x):\n    return 2 * x\n",
        "x = (1\n",
        "@exercise\ndef no_such(x): return (x\n",
        "get_ipython().run_line_magic('timeit', 'double(3)')\n",
        "@exercise\nx = (",
        "",
        "await sleep(1)\n",
        "@exercise\nclass Counter:\n    def add(self, step=1): return '\\d' is step\n",
    ],
)
def test_any_other_cell_is_left_as_it_is(tiny, text):
    lines = text.splitlines(keepends=True)
    assert cell_watch({}).before(lines) == lines


@pytest.mark.parametrize(
    "text, names",
    [
        ("def double(x):\n    return 2 * x\n", ["double"]),
        ("x = 1\nclass Counter:\n    pass\n", ["Counter"]),
        ("@exercise\ndef double(x): return x", []),
        ("@cache\ndef double(x): return x", []),
        ("def mine(x): return x", []),
        ("%timeit double(3)\ndef double(x): return x", []),
        ("def f():\n    def double(x): return x", []),
        ("", []),
    ],
)
def test_forgotten_decorator_is_noticed(tiny, text, names):
    assert cells.undecorated(text) == names


def test_looking_at_a_cell_never_raises(tiny, monkeypatch):
    lines = lines_of(UNREADABLE["missing bracket"][0])
    monkeypatch.setattr(catalogue, "course", lambda: 1 / 0)
    assert cell_watch({}).before(lines) == lines


# What is handed on


def test_right_answer_takes_the_place_of_the_solution_and_a_wrong_one_gives_it_back(tiny, capsys):
    import solutions.tiny
    import solutions.user

    original = solutions.tiny.double
    calls = []
    right = learner("def double(x):\n    calls.append(1)\n    return 2 * x", calls=calls)

    assert exercise(right) is right
    assert solutions.tiny.double is right and solutions.user.double is right
    calls.clear()
    assert solutions.user.quadruple(np.ones(1)) == [4] and calls == [1, 1]

    assert exercise(learner("def double(x): return x")) is original
    assert solutions.tiny.double is original and solutions.user.double is original

    again = learner("def double(x): return x + x")
    assert exercise(again) is again and solutions.user.double is again
    assert exercise(learner("def double(x): ...")) is original and solutions.user.double is original
    printed = capsys.readouterr().out
    assert printed.count("The rest of this notebook uses your version.") == 2
    assert printed.count("the course's own version is used") == 2


def test_right_card_says_what_comes_next_and_the_last_one_what_was_achieved(tiny, capsys):
    tiny_course.edit(
        tiny,
        "lessons/00_tiny/lesson.py",
        'much?"',
        'much?"\n#     achieved: "You can double."',
    )
    exercise(learner("def double(x): return x + x"))
    assert "1 of 2 in this lesson; next: `Counter`." in capsys.readouterr().out
    exercise(catalogue.course().exercise("Counter").reference)
    said = capsys.readouterr().out
    assert "That was the last of this lesson's 2." in said and "You can double." in said
    assert "And every exercise of the course is yours now" in said


def test_unknown_name_is_handed_back_with_a_suggestion(tiny, capsys):
    answer = learner("def dubble(x): return x", "dubble")
    assert exercise(answer) is answer
    assert "There is no exercise called `dubble`. Did you mean `double`?" in capsys.readouterr().out
    assert exercise(3) == 3


def test_fault_of_the_course_does_not_stop_the_learner(tiny, capsys):
    tiny_course.edit(
        tiny, CHECKS, "import numpy as np", "import numpy as np\nimport no_such_module"
    )
    answer = learner("def double(x): return 2 * x")
    assert exercise(answer) is answer
    assert "The fault is the course's, not yours. ModuleNotFoundError" in capsys.readouterr().out


# Displays


def test_verdict_is_displayed_in_text_and_html_with_its_state(tiny, notebook):
    exercise(learner("def double(x): return x * x"))
    ((bundle, metadata),) = notebook
    assert metadata == {"classroom": {"exercise": "double", "state": "not yet", "cell": ""}}
    for text in bundle["text/plain"], bundle["text/html"]:
        assert "double: not yet" in text and "These are squares" in text
        assert (
            "a float array of shape (3,)" in text and "[1. 4. 9.]" in text and "[2. 4. 6.]" in text
        )
    assert set(bundle) == {"text/plain", "text/html"}


def test_html_escapes_what_the_learner_wrote(tiny):
    html = judge("double", learner("def double(x): raise ValueError('<b>&')")).card().html()
    assert "<b>" not in html and "&lt;b&gt;&amp;" in html
    assert "<code>raise ValueError(" not in html  # the line that raised is the whole definition
    assert "<code>def double(x): raise" in html


def test_hints_come_one_by_one(tiny, capsys):
    seen = []
    for _ in range(4):
        hint("double")
        seen.append(capsys.readouterr().out)
    assert seen[0] == "double: hint 1 of 3\n  What is twice as much?\n"
    assert "hint 2 of 3" in seen[1] and "The shape stays." in seen[1] and "solution" not in seen[1]
    assert "return 2 * ..." in seen[2] and '`solution("double")` shows the answer' in seen[2]
    assert seen[3] == seen[2]
    hint("Cuonter")
    assert "Did you mean `Counter`?" in capsys.readouterr().out


def test_solution_shows_the_source(tiny, capsys):
    solution("double")
    assert "        # no loop\n        return TWO * np.asarray(x)" in capsys.readouterr().out
    solution("Counter")
    text = capsys.readouterr().out
    assert (
        "\n    class Counter:\n        def add(self, step=1):" in text and "def clear" not in text
    )


# Comparing


class Tensor:
    """As little of a tensor as an engine can have."""

    def __init__(self, values):
        self.values = np.asarray(values)

    def detach(self):
        return self

    def numpy(self):
        return self.values


@pytest.mark.parametrize(
    "got, want",
    [
        (3, 3),
        (3, 3.0),
        (np.float32(3), 3.0),
        (np.array(3.0), 3.0),
        (True, np.bool_(True)),
        ("a", "a"),
        (None, None),
        (np.ones((2, 3)), np.ones((2, 3))),
        (Tensor([1.0, 2.0]), Tensor([1.0, 2.0])),
        ((1, [2, "b"]), [1, (2, "b")]),
        (np.array([1], np.int32), np.array([1])),
        (np.ones((0, 2)), np.zeros((0, 2))),
        (np.array([1.000001]), np.array([1.0])),
        (np.array([1.0, np.nan, -np.inf]), np.array([1.0, np.nan, -np.inf])),
        ((np.ones(2), Tensor([1])), (np.ones(2), Tensor([1]))),
        ({"a": 1}, {"a": 1}),
        (outcome(lambda: int("x")), outcome(lambda: int("y"))),
    ],
)
def test_equal_values(got, want):
    assert difference(got, want) is None


@pytest.mark.parametrize(
    "got, want, sentence",
    [
        (1, True, "kind integer"),
        (True, 1, "kind bool (bool); expected integer"),
        (1.0, 1, "kind float"),
        (np.array([1]), np.array([1.0]), "kind integer (int64); expected float (float64)"),
        (np.ones(2, np.float32), np.ones(2), "Its dtype is float32; expected float64."),
        (
            Tensor(np.ones(2)),
            Tensor(np.ones(2, np.float32)),
            "Its dtype is float64; expected float32.",
        ),
        (np.ones((1, 3)), np.ones((2, 3)), "Its shape is (1, 3); expected (2, 3)."),
        (Tensor([1.0]), np.array([1.0]), "a float tensor of shape (1,); expected a float array"),
        (Tensor([[1.0]]), Tensor([1.0]), "Its shape is (1, 1); expected (1,)."),
        (np.array([np.inf]), np.array([1.0]), "It is inf; expected 1"),
        (np.array([1.001]), np.array([1.0]), "It is 1.001; expected 1"),
        ("a", "b", "It is 'a'; expected 'b'."),
        (3, [3], "It is an int"),
        ([1], [1, 2], "It has 1 item; expected 2."),
        ({"a": 1}, {"b": 1}, "Its keys are ['a']"),
        (
            (np.ones(2), np.ones(3)),
            (np.ones(2), np.zeros(3)),
            "Item 1 differs. 3 of 3 entries differ",
        ),
        (np.array([[1, 2], [3, 4]], object), np.ones((2, 2)), "kind object"),
        (np.array([np.ones(2), None], object), np.ones(2), "kind object"),
        (None, 3, "It is None"),
        (float("nan"), 1.0, "NaN (not a number)."),
        (2.5, 1.5, "It is 2.5; expected 1.5."),
        (3, outcome(lambda: int("x")), "Nothing was raised; expected ValueError."),
        (
            outcome(lambda: [][0]),
            outcome(lambda: int("x")),
            "It raised IndexError; expected ValueError.",
        ),
        (outcome(lambda: [][0]), 3, "It raised IndexError; expected an int."),
    ],
)
def test_different_values(got, want, sentence):
    assert sentence in difference(got, want)


@pytest.mark.parametrize(
    "got, want", [(np.array([1.0]), np.array([1])), (np.ones(2, np.float32), np.ones(2)), (1.0, 1)]
)
def test_where_only_values_matter_the_dtype_does_not(got, want):
    assert difference(got, want) is not None
    assert difference(got, want, dtype="values") is None
    assert difference(np.array([True]), np.array([1]), dtype="values") is not None


def test_demands_without_a_reference():
    require(np.bool_(True), "never said")
    refuses(ValueError, lambda: int("x"), "never said")
    refuses(LookupError, lambda: [][0], "never said: an IndexError is a LookupError")
    with pytest.raises(NotYet, match="said"):
        require(False, "said")
    with pytest.raises(NotYet) as failure:
        refuses(ValueError, lambda: 3, "must be refused")
    assert failure.value.sentences == [
        "must be refused",
        "Nothing was raised, and it returned an int; expected ValueError.",
    ]
    with pytest.raises(NotYet) as failure:
        refuses(ValueError, lambda: [][0], "must be refused")
    assert "It raised IndexError" in failure.value.sentences[1]


A = np.array([[1.0, 2.5, -3.0], [0.5, -0.25, 2.0], [4.0, 1.5, 0.0]])
RELATED = [
    (A.T, A, "transposed"),
    (-A, A, "negated"),
    (A[::-1], A, "reversed along axis 0"),
    (0 * A, A, "Every entry is 0"),
    (A[:, ::-1], A, "reversed along axis 1"),
    (3 * A, A, "3 times"),
    (A / np.sqrt(8), A, "1/sqrt(8) times"),
    (A + 2, A, "too large by 2"),
    (A**2, A, "the square of"),
    (np.abs(A), A, "the absolute value of"),
    (A.cumsum(0), A, "added up along axis 0 once too often"),
    (A, A.cumsum(1), "not added up along axis 1"),
    (A.astype("float32"), A, "The values are right, but they are float32"),
    (A.ravel(), A, "the shape is (9,)"),
    (np.where(A == 4, np.nan, A), A, "NaN"),
    (A > 1, A <= 1, "True and False are exchanged"),
    (np.where(np.tri(3) > 0, A, -100), np.where(np.tri(3) > 0, A, -np.inf), "only -inf gives"),
    (
        np.vstack([A[:1] * 0, A[:-1]]),
        A,
        "shifted by one along axis 0: each entry comes one too late",
    ),
    (np.where(np.eye(3) > 0, 9, A), A, "Only the entries on the diagonal"),
    (A[[0, 2, 1]], A, "their order"),
    (A + np.triu(np.ones((3, 3)), 1), A, "Only entries above the diagonal"),
    (A.mean(0), A, "the mean over axis 0"),
    (A * [[1], [1], [0]] + [[0], [0], [7]], A, "Only the last row is wrong"),
    (A * [7, 1, 1], A, "Only the first column"),
    ((A, -A), (-A, A), "The two results are exchanged"),
    (Tensor(A), A, "It is a tensor where"),
    (-3.0, 3.0, "negated"),
    (A * [[2], [3], [5]], A, "a factor of its own"),
    (A[[0, 0, 0]], A, "the first row's result again"),
    (A[:, :, None] * [0.25, 0.75], A, "summed over axis 2"),
    (A * [[1, 0, 1]], A, "Every wrong entry is 0"),
    (np.round(A / 7, 3), A / 7, "rounded to 3 digits from"),
    (A.tolist(), A, "in a list: np.array"),
    ((A, -A), A, "The first of the results is right"),
    (A[0], A, "the first entry"),
    (A, (A, -A), "Only the first of the 2"),
    (np.vstack([A, A]), A, "the beginning is right, and then there is more"),
    (A[1:], A, "the beginning is missing"),
    (np.arange(200, 320).astype(np.uint8), np.arange(200, 320), "wrap around"),
    (
        np.where(np.arange(3)[:, None] == 0, A, 0),
        A,
        "Along axis 0 only the beginning is filled in (1 of 3)",
    ),
    ([2 * A, 3 * A], [A, A], "2 times what it should be. On other inputs it is another factor."),
    (A * (1 + 1e-8), A, "right to about 8 digits only"),
    (np.abs(A) / np.abs(A).sum(1, keepdims=True), np.abs(A), "divided by its sum along axis 1"),
]


@pytest.mark.parametrize("got, want, sentence", RELATED)
def test_a_relation_that_is_true_of_every_input_is_said(got, want, sentence):
    assert sentence in general.relation(got, want)
    if isinstance(want, np.ndarray):
        assert sentence in general.relation([got, got], [want, want])


@pytest.mark.parametrize(
    "got, want",
    [
        ([A.T, -A], [A, A]),
        (A * A.T + 1, A),
        (np.float64(6), np.float64(3)),
        ("a", "b"),
        (outcome(lambda: int("x")), A),
        (None, A),
        ([A], [A, A]),
        (np.zeros(0), np.zeros(0)),
    ],
)
def test_what_is_not_true_of_every_input_is_not_said(got, want):
    assert general.relation(got, want) is None


def test_large_values_are_shown_in_part():
    assert shown(np.zeros((100, 100))).count("\n") < 10
    assert shown(np.eye(2)) == "a float array of shape (2, 2)\n[[1. 0.]\n [0. 1.]]"
    assert len(shown("x" * 10_000)) < 600


def test_entries_are_not_shown_where_the_shape_is_wrong_unless_they_are_few(tiny):
    blocks = dict(judge("double", learner("def double(x): return np.ones((5, 4))")).blocks)
    assert blocks["got"] == "a float array of shape (5, 4)"
    assert blocks["expected"] == "a float array of shape (3,)\n[2. 4. 6.]"
    assert blocks["called with"] == "x = a float array of shape (3,)\n[1. 2. 3.]"


# Which mistake explains a result


def test_known_mistake_is_named_before_the_numbers(tiny):
    verdict = judge("double", learner("def double(x): return x ** 2"))
    assert verdict.sentences[0] == "These are squares: multiply by two, not by itself."
    assert verdict.sentences[1].startswith("2 of 3 entries differ")


def test_mistake_in_another_dtype_is_named_all_the_same(tiny):
    verdict = judge("double", learner("def double(x): return (x ** 2).astype('float32')"))
    assert verdict.sentences[:1] == ["These are squares: multiply by two, not by itself."]


def test_of_two_mistakes_that_look_alike_another_check_tells_which(tiny):
    tiny_course.edit(tiny, CHECKS, "np.array([1.0, 2.0, 3.0])", "np.array([-1.0])")  # both give 1
    for body, says in ("x * x", "These are squares"), ("x + 2", "Two was added"):
        assert says in judge("double", learner(f"def double(x): return {body}")).says


def test_what_no_mistake_explains_is_related_to_the_right_result(tiny):
    assert (
        "Every number is 2 times what it should be."
        in judge("double", learner("def double(x): return 4 * x")).says
    )
    assert (
        "It returns its input `x` as it was."
        in judge("double", learner("def double(x): return x")).says
    )
    said = judge("double", learner("def double(x): return (4 if x.size == 3 else 8) * x")).says
    assert "times what it should be" not in said  # true of the first input only


def test_one_small_change_of_the_courses_answer_explains_the_rest(tiny):
    tiny_course.edit(
        tiny, SOLUTIONS, "return TWO * np.asarray(x)", "return x + x.max() * x / x.max()"
    )
    said = judge("double", learner("def double(x): return x + x.min() * x / x.max()")).says
    assert "with `x.min()` where `x.max()` belongs" in said


def test_mistake_that_never_ends_does_not_keep_the_learner_waiting(tiny, monkeypatch):
    monkeypatch.setattr(looking, "SECONDS", 0.1)
    tiny_course.edit(tiny, MISTAKES, "return x + 2", "while True: pass")
    started = time.monotonic()
    assert "squares" in judge("double", learner("def double(x): return x * x")).says
    assert time.monotonic() - started < 2


def test_state_that_survives_a_call_is_noticed(tiny):
    verdict = judge(
        "double",
        learner("def double(x, seen=[]):\n    seen.append(1)\n    return 2 * x + (len(seen) > 3)"),
    )
    assert "Something survives the call" in verdict.says
    verdict = judge(
        "double",
        learner("def double(x, seen=[]):\n    seen.append(1)\n    return 2 * x + (len(seen) > 1)"),
    )
    assert "Something survives the call" in verdict.says


def test_random_numbers_without_a_generator_are_the_same_for_everyone(tiny):
    tiny_course.edit(
        tiny, SOLUTIONS, "return TWO * np.asarray(x)", "return x + np.random.rand(3)[0]"
    )
    before = np.random.get_state()[1].copy()
    assert (
        judge("double", learner("def double(x): return x + np.random.rand(3)[0]")).state == "right"
    )
    assert (np.random.get_state()[1] == before).all()


def test_convention_is_right_on_every_check_or_not_at_all(tiny):
    verdict = judge("double", learner("def double(x): return -x - x"))
    assert (verdict.state, verdict.notes) == ("right", ["It is doubled downwards."])
    mixed = judge("double", learner("def double(x): return (2 if x.ndim == 1 else -2) * x"))
    assert mixed.state == "not yet"


def test_convention_may_be_right_only_beside_another(tiny):
    tiny_course.edit(
        tiny,
        MISTAKES,
        '"It is doubled downwards."',
        '"Downwards.", only_with=("Counter", "Down"), otherwise="Your Counter counts up."',
    )
    downwards = learner("def double(x): return -x - x")
    assert judge("double", downwards).sentences[0] == "Your Counter counts up."
    exercises.session.following["Counter"] = "Down"
    assert judge("double", downwards).notes == ["Downwards."]


def test_answers_are_judged_on_the_courses_own_functions(tiny):
    """A right answer in another convention is in use; the next exercise builds on it, and is judged
    without it.
    """
    tiny_course.edit(
        tiny,
        SOLUTIONS,
        "self.total += step",
        "self.total += step * int(double(np.ones(1))[0]) // 2",
    )
    import solutions.tiny

    downwards = exercise(learner("def double(x): return -x - x"))
    assert solutions.tiny.double is downwards
    counter = learner(
        """
        class Counter:
            total = 0
            def add(self, step=1):
                if step < 0: raise ValueError
                self.total += step * int(double(np.ones(1))[0]) // 2
        """,
        "Counter",
        double=downwards,
    )
    assert judge("Counter", counter).state == "right"
    assert solutions.tiny.double is downwards and counter.add.__globals__["double"] is downwards


# Figures


def test_figure_is_a_png_with_alt_text_and_is_closed(notebook):
    figure, _ = figures.plt.subplots()
    figures.show(figure, alt='An "empty" plot.')
    ((bundle, metadata),) = notebook
    assert list(bundle) == ["text/html", "text/plain"] and not metadata
    assert 'alt="An &quot;empty&quot; plot."' in bundle["text/html"]
    assert bundle["text/plain"] == 'An "empty" plot.'
    data = re.search(r'src="data:image/png;base64,([^"]+)"', bundle["text/html"])[1]
    assert base64.b64decode(data).startswith(b"\x89PNG")
    assert figures.plt.get_fignums() == []


def test_figure_without_alt_text_is_refused():
    figure, _ = figures.plt.subplots()
    with pytest.raises(ValueError, match="needs alt text"):
        figures.show(figure, alt=" ")
    figures.plt.close(figure)


@pytest.mark.parametrize(
    "target, yours, title, limits",
    [
        (np.eye(3), np.eye(3) * 3, "difference", (-2, 2)),
        (np.eye(3), np.eye(3) + 1e-9, "no difference", (-1, 1)),
        (np.full((2, 2), -np.inf), np.full((2, 2), -np.inf), "no difference", (-1, 1)),
    ],
)
def test_comparison_draws_maps_on_common_scales(
    notebook, monkeypatch, target, yours, title, limits
):
    monkeypatch.setattr(figures.plt, "close", lambda figure: None)
    figures.compare(target, yours, title="t", alt="a", xlabel="x", ylabel="y")
    figure = figures.plt.gcf()
    first, second, third = (axis.images[0] for axis in figure.axes[:3])
    assert first.get_clim() == second.get_clim()
    assert third.get_clim() == limits and third.get_cmap().name == "RdBu"
    assert [axis.get_title() for axis in figure.axes[:3]] == ["target", "result", title]
    monkeypatch.undo()
    figures.plt.close(figure)


@pytest.mark.parametrize(
    "target, limits, colors, numbers",
    [
        (
            np.array([[1.0, -3.0], [0.0, -0.001]]),
            (-3, 3),
            "RdBu",
            ["1.00", "-3.00", "0.00", "0.00"],
        ),
        (np.array([[0, 4], [2, 1]]), (0, 4), "viridis", ["0", "4", "2", "1"]),
        (
            np.array([[-2.0, -np.inf], [-1.0, -4.0]]),
            (-4, -1),
            "viridis",
            ["-2", "-inf", "-1", "-4"],
        ),
        (np.eye(7), (0, 1), "viridis", []),
    ],
)
def test_small_maps_hold_their_numbers_and_0_is_the_middle_of_both_signs(
    notebook, monkeypatch, target, limits, colors, numbers
):
    monkeypatch.setattr(figures.plt, "close", lambda figure: None)
    figures.compare(target, target, title="t", alt="a")
    figure = figures.plt.gcf()
    for axis in figure.axes[:2]:
        assert (axis.images[0].get_clim(), axis.images[0].get_cmap().name) == (limits, colors)
        assert [text.get_text() for text in axis.texts] == numbers
    monkeypatch.undo()
    figures.plt.close(figure)


class Made:
    """As much of a number that remembers as a drawing of it needs."""

    def __init__(self, *inputs):
        self.data, self.grad, self.inputs, self.slopes = 1.0, 2.0, inputs, (0.5,) * len(inputs)


def test_graph_stands_in_columns_each_value_to_the_right_of_its_inputs(notebook):
    w, x = Made(), Made()
    h = Made(w, x)
    t = Made(h)
    y = Made(h, t)
    assert graph.places([w, x, h, t, y]) == {
        w: (0, 0.5),
        x: (0, -0.5),
        h: (1, 0),
        t: (2, 0),
        y: (3, 0),
    }
    graph.draw_graph(zip((w, x, h, t, y), "wxhty"), "title", alt="A graph.", with_grads=True)
    ((bundle, metadata),) = notebook
    assert bundle["text/plain"] == "A graph." and figures.plt.get_fignums() == []


def test_comparison_of_curves_and_of_what_cannot_be_compared(notebook):
    figures.compare(Tensor([1.0, 2.0]), np.array([1.0, 3.0]), title="t", alt="Two curves.")
    assert notebook[0][0]["text/plain"] == "Two curves."
    with pytest.raises(ValueError, match=r"target has \(2,\), yours has \(3,\)"):
        figures.compare(np.ones(2), np.ones(3), title="t", alt="a")


# Progress


def test_progress_is_one_display_updated_now_and_then(notebook, monkeypatch):
    now = itertools.count(0, 0.05)
    monkeypatch.setattr(progress_bar.time, "monotonic", lambda: next(now))
    bar = progress_bar.progress(100, "training")
    for step in range(100):
        bar.update(step + 1, f"loss {step}")
        if step == 49:
            halfway = notebook[0][0]["text/plain"]
    ((bundle, metadata),) = notebook
    assert "training" in halfway and "left" in halfway
    assert re.fullmatch(r"training · 100 steps in \d+ s · loss 99", bundle["text/plain"])
    assert metadata == {"classroom": "volatile"}
    assert 10 < bar.handle.updates < 50


def test_progress_in_a_log_is_one_line(capsys):
    bar = progress_bar.progress(3, "counting")
    for step in range(3):
        bar.update(step + 1, f"at {step}")
    assert capsys.readouterr().err == "counting · 3 steps in 0 s · at 2\n"


# The catalogue and the package


def test_catalogue_reads_everything_without_running_it(tiny):
    lesson = catalogue.course().lesson("tiny")
    assert all(
        catalogue.course().lesson(name) is lesson
        for name in ("00", "00_tiny", "lessons/00_tiny/lesson.py")
    )
    assert (lesson.title, lesson.reading_minutes) == ("Tiny: twice and again", 5)
    assert [(each.name, each.stars, each.minutes, each.seconds) for each in lesson.exercises] == [
        ("double", 1, 2, 1),
        ("Counter", 2, 5, 10),
    ]
    assert catalogue.course().problems() == []
    assert "solutions" not in sys.modules
    with pytest.raises(KeyError, match="no lesson is called 'big'; there are 00_tiny"):
        catalogue.course().lesson("big")


def test_bare_python_can_start_the_classroom(tmp_path):
    """Without any third-party package: the package, its catalogue and a friendly AttributeError."""
    program = (
        "import classroom, classroom.catalogue as c; print(len(c.course().lessons))\n"
        "try: classroom.hnit\nexcept AttributeError as error: print(error)"
    )
    path = f"import sys; sys.path.insert(0, {str(catalogue.ROOT)!r})\n"
    count, error = output_of("-I", "-S", "-c", path + program, cwd=tmp_path).splitlines()
    assert int(count) == len(catalogue.Course(catalogue.ROOT).lessons)
    assert "has no attribute 'hnit'; it has exercise, hint, solution" in error


def test_public_names_are_what_lessons_import():
    program = (
        "import classroom.exercises; from classroom import *\n"
        "print(exercise.__name__, progress.__name__, show.__name__)"
    )
    assert output_of("-c", program, cwd=catalogue.ROOT) == "exercise progress show\n"


def output_of(*arguments, cwd):
    """What a Python process with these arguments prints."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout


# In a kernel


def test_exercises_in_a_kernel(tmp_path, monkeypatch):
    """What a notebook shows of code that raises, never ends or is no Python, of a class half done,
    ...
    """
    tiny_course.write(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    cells = [
        "import numpy as np\nfrom classroom import exercise, hint",
        "@exercise\ndef double(x):\n    return x.twice()",
        "@exercise\ndef double(x):\n    while True:\n        print('again')",
        "@exercise\nclass Counter:\n    total = 0\n    def add(self, step=1): self.total = step",
        "@exercise\ndef double(x):\n    return (2 * x",
        "hint('double')",
        "def double(x):\n    return x + x",
        "@exercise\ndef double(x):\n    return x + x",
        "import solutions.user\nsolutions.user.double is double, Counter.__module__",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.execute(notebook, cwd=str(tmp_path), extra_arguments=["--log-level=ERROR"])
    outputs = [cell.outputs for cell in notebook.cells[1:]]
    assert all(len(each) == 1 for each in outputs)
    said = [each[0].data["text/plain"] for each in outputs]
    fragments = [
        "in line 3: `return x.twice()`",
        "was stopped after 1 s",
        "Only the last step counts.",
        "line 3 of this cell: '(' was never closed",
        "hint 1 of 3",
        "put `@exercise` on the line above",
        "double: right",
        "(True, 'solutions.tiny')",
    ]
    assert all(fragment in text for fragment, text in zip(fragments, said, strict=True)), said
    states = [each[0].metadata.get("classroom", {}).get("state") for each in outputs]
    assert states == ["not yet", "not yet", "not yet", "not yet", None, None, "right", None]


# The three-state proof itself, tests/test_exercises.py: what it must not let through

MUTATIONS = {
    # what is done to the tiny course: file, text, new text, the test that must fail
    "check weakened": (
        CHECKS,
        'require(counter.total != 0, "The total has not moved.")',
        "",
        "what_is_wrong[Counter-Idle]",
    ),
    "two alike": (MISTAKES, "return x + 2", "return x * x", "what_is_wrong[double-squared]"),
    "mistake that is right": (
        MISTAKES,
        "return x * x",
        "return 2 * x",
        "what_is_wrong[double-squared]",
    ),
    "check that expects nothing": (
        CHECKS,
        "return counter.total",
        "counter.total > 0",
        "Counter-Last",
    ),
    "check that sees nothing": (CHECKS, "refuses(ValueError", "(ValueError", "has_all_its_parts"),
    "solution broken": (SOLUTIONS, "TWO = 2", "TWO = 3", "other_right_answer_is_right"),
    "solution left empty": (
        SOLUTIONS,
        "return TWO * np.asarray(x)",
        "...",
        "other_right_answer_is_right",
    ),
    "no hints": (
        CHECKS,
        'hints=("Keep a sum.", "self.total += step")',
        "hints=()",
        "has_all_its_parts",
    ),
    "no checks": (CHECKS, 'check("Counter")', 'check("Conter")', "has_all_its_parts"),
    "no solution": (SOLUTIONS, "def double(x):", "def twofold(x):", "has_all_its_parts"),
    "two mistakes": (MISTAKES, '"double", "', '"dubble", "', "has_all_its_parts"),
    "mistake in nothing": (MISTAKES, '"double", "Two', '"dubble", "Two', "belongs_to_an_exercise"),
    "checks of nothing": (
        "lessons/00_tiny/lesson.py",
        '# %% exercise="Counter"\n',
        "",
        "belongs_to_an_exercise",
    ),
    "shown by another check": (
        MISTAKES,
        'shown_by="sums"',
        'shown_by="refuses_less"',
        "Counter-Idle",
    ),
    "convention lost": (
        MISTAKES,
        'accepted("double", "It is doubled downwards.")',
        'accepted("double")',
        "double-downwards",
    ),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_the_proof_fails_for(mutation, tmp_path):
    name, old, new, failing = MUTATIONS[mutation]
    tiny_course.write(tmp_path)
    tiny_course.edit(tmp_path, name, old, new)
    run = prove(tmp_path)
    assert run.returncode == 1
    assert re.search(rf"^FAILED .*{re.escape(failing)}", run.stdout, re.MULTILINE), run.stdout


def test_the_proof_passes_for_the_tiny_course(tmp_path):
    tiny_course.write(tmp_path)
    run = prove(tmp_path)
    assert run.returncode == 0 and "20 passed" in run.stdout, run.stdout


def prove(root):
    """Run the three-state proof on the course in `root`."""
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rf",
            "--color=no",
            "--rootdir",
            root,
            "-p",
            "no:cacheprovider",
            "tests/test_exercises.py",
        ],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
    )


# Hints and answers, as they are set


@pytest.mark.parametrize(
    "hint, marked",
    [
        ("Tensors have the method .sigmoid().", "Tensors have the method `.sigmoid()`."),
        ("x[:, None] has shape (rows, 1).", "`x[:, None]` has shape (rows, 1)."),
        (
            "It is np.where(m, f(g(1)), -np.inf), so `x` is 0.",
            "It is `np.where(m, f(g(1)), -np.inf)`, so `x` is 0.",
        ),
        ("There are grad.ndim - len(shape) axes.", "There are `grad.ndim - len(shape)` axes."),
        ("The slope of head_dim, at last.", "The slope of `head_dim`, at last."),
        ("One sentence. Another one (in brackets).", "One sentence. Another one (in brackets)."),
    ],
)
def test_code_in_a_hint_is_set_as_code(hint, marked):
    assert feedback.with_code(hint) == marked
    assert source.as_code(hint) is None


def test_hint_that_is_code_is_a_block_with_a_line_for_each_statement():
    assert source.as_code("a = [1,  2]; return sum(a)") == "a = [1,  2]\nreturn sum(a)"


def test_every_exercise_shows_an_answer_without_its_task():
    for exercise in catalogue.Course(catalogue.ROOT).exercises:
        text = source.answer(exercise)
        compile(text, exercise.name, "exec")
        assert ">>>" not in text and "returns   " not in text


def test_no_line_of_code_is_broken_and_blocks_scroll_by_keyboard():
    card = feedback.Card("a", blocks=[("", "x = 1"), ("got", "2")]).html()
    assert card.count('tabindex="0"') == 2 and "overflow-x: auto" in card
    assert 'aria-label="code"' in card and "<small></small>" not in card

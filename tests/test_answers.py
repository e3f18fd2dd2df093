"""A learner's right answers: kept as source that runs on its own, in place in later lessons,
switched off and on.
"""

import importlib.util
import json
import linecache
import os
import signal
import subprocess
import sys
import textwrap
import time
import types

import numpy as np
import pytest

from classroom import answers, catalogue, cells, exercises, feedback, standalone, status
from classroom.answers import Answers
from classroom.copies import Copies
from tests import tiny_course

needs_alarm = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="cannot cut off a loop")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The tiny course, and the answers of a learner who works in its my_notebooks/."""
    tiny_course.write(tmp_path)
    course = catalogue.Course(tmp_path)
    monkeypatch.setattr(catalogue, "course", lambda: course)
    monkeypatch.setattr(exercises, "session", exercises.Session())
    monkeypatch.setattr(answers, "home", lambda: str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my_notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "my_notebooks")
    forget_solutions(monkeypatch)
    yield Answers(tmp_path / "my_answers", course)
    for name in [name for name in sys.modules if name.startswith("solutions")]:
        del sys.modules[name]


def forget_solutions(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "solutions"]:
        monkeypatch.delitem(sys.modules, name)


def cell(text, name="double", **namespace):
    """What a learner's cells with this text define, in a module called __main__, as in a
    notebook.
    """
    text = textwrap.dedent(text).lstrip()
    filename = f"<cell {hash(text)}>"
    linecache.cache[filename] = len(text), None, text.splitlines(keepends=True), filename
    space = {"np": np, "__name__": "__main__", "exercise": exercises.exercise, **namespace}
    exec(compile(text, filename, "exec"), space)
    return space[name]


def opened(kept, session=None):
    """What a later lesson, in a new kernel, finds."""
    exercises.session = session or exercises.Session()
    return kept.open(exercises.session, exercises.judge)


RIGHT = """
    FACTOR = 2

    def times(factor, values):
        return factor * values

    @exercise
    def double(x):
        '''Mine.'''
        return times(FACTOR, np.asarray(x))
    """


def test_right_answer_is_kept_as_source_that_runs_on_its_own(kept):
    cell(RIGHT)
    text = kept.path("double").read_text(encoding="utf-8")
    assert text.startswith('"""Tiny: twice and again\n') and "@exercise" not in text
    spec = importlib.util.spec_from_file_location("tiny_answers", kept.path("double"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.double([1.5]) == [3.0] and module.double.__doc__ == "Mine."


def test_wrong_or_unwritten_answer_is_not_kept(kept):
    cell("@exercise\ndef double(x):\n    return x")
    cell("@exercise\ndef double(x):\n    ...")
    assert kept.names() == []


def test_wrong_try_after_a_right_one_loses_nothing(kept):
    cell(RIGHT)
    cell("@exercise\ndef double(x):\n    return x")
    assert opened(kept).in_place == ["double"]


def test_later_lesson_has_the_answer_in_place(kept):
    cell(RIGHT)
    import solutions.user

    original = exercises.session.originals["double"]
    exercises.session.hand_on(kept.course.exercise("double"))
    assert solutions.user.double is original
    assert opened(kept).in_place == ["double"]
    assert solutions.user.double.__doc__ == "Mine." and solutions.user.quadruple(np.ones(1)) == [4]
    assert "times(FACTOR" in "".join(linecache.getlines(str(kept.path("double"))))


def test_answer_that_was_checked_is_not_checked_again(kept, monkeypatch):
    cell(RIGHT)
    monkeypatch.setattr(exercises, "judge", lambda *_: 1 / 0)
    assert opened(kept).in_place == ["double"]


@pytest.mark.parametrize(
    "name", ["solutions/user.py", "lessons/00_tiny/checks.py", "classroom/trial.py"]
)
def test_answer_is_checked_again_when_what_it_depends_on_changes(kept, monkeypatch, name):
    cell(RIGHT)
    tiny_course.edit(kept.course.root, name, "\n", "\n\n")
    judged = []
    judge = exercises.judge
    monkeypatch.setattr(
        exercises, "judge", lambda name, answer: judged.append(name) or judge(name, answer)
    )
    assert opened(kept).in_place == ["double"] and judged == ["double"]
    opened(kept)
    assert judged == ["double"]


def test_answer_that_is_right_no_longer_is_set_aside_with_a_sentence(kept):
    cell(RIGHT)
    path = kept.path("double")
    path.write_text(path.read_text().replace("FACTOR = 2", "FACTOR = 3"))
    found = opened(kept)
    assert found.in_place == [] and len(found.sentences) == 1
    assert "Your `double` is no longer right" in found.sentences[0]
    assert "FACTOR = 3" in (kept.folder / "set_aside" / "tiny.py").read_text()
    assert opened(kept).sentences == [] and "FACTOR" not in path.read_text()


def test_the_convention_that_an_answer_follows_lasts_too(kept):
    """What is right only beside it is judged in later lessons as it was in its own."""
    cell("@exercise\ndef double(x):\n    return -x - x")
    entry = kept.course.exercise("double")
    for change in ("", "\n"):  # remembered, then judged anew
        tiny_course.edit(kept.course.root, "solutions/user.py", "\n", "\n" + change)
        exercises.session.hand_on(entry)  # a new kernel has the course's own
        assert opened(kept).in_place == ["double"]
        assert exercises.session.following == {"double": "downwards"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("return", "retrun"),
        lambda text: text.replace("import numpy", "import nump"),
        lambda text: text.replace("def double", "def dabble"),
        lambda text: text + "\nraise SystemExit\n",
    ],
)
def test_broken_file_stops_nothing(kept, damage):
    cell(RIGHT)
    path = kept.path("double")
    path.write_text(damage(path.read_text()))
    found = opened(kept)
    assert (
        found.in_place == []
        and "Your `double` in my_answers/tiny.py is left out" in found.sentences[0]
    )
    assert path.exists()


@needs_alarm
def test_endless_file_is_cut_off(kept, monkeypatch):
    cell(RIGHT)
    monkeypatch.setattr(answers, "READ_SECONDS", 0.2)
    path = kept.path("double")
    path.write_text(path.read_text() + "\nwhile True: pass\n")
    assert "OutOfTime" in opened(kept).sentences[0]


def test_unreadable_file_and_record_stop_nothing(kept):
    cell(RIGHT)
    (kept.folder / "other.py").write_bytes(b"\xff\xfe# %% double\n")
    for record in "", "[]", '{"right": 3}', "{":
        (kept.folder / ".record.json").write_text(record)
        found = opened(kept)
        assert found.in_place == ["double"] and "other.py cannot be read" in found.sentences[0]


def test_answer_to_an_exercise_that_is_gone_is_kept_unjudged(kept):
    cell(RIGHT)
    path = kept.path("double")
    path.write_text(path.read_text() + "\n\n# %% treble\ndef treble(x): return 1 / 0\n")
    found = opened(kept)
    assert found.in_place == ["double"]
    assert (
        "no longer asks for `treble`: your answer stays in my_answers/tiny.py" in found.sentences[0]
    )
    cell(RIGHT)
    assert "treble" in path.read_text()


def test_answers_that_build_on_each_other_import_the_one_in_use(kept):
    cell(RIGHT)
    double = exercises.session.in_use["double"]
    cell(
        """
        @exercise
        class Counter:
            total = 0
            def add(self, step=1):
                if step < 0: raise ValueError
                self.total += int(double(np.ones(1) * step)[0]) // 2
        """,
        "Counter",
        double=double,
    )
    assert "from solutions.tiny import double" in kept.sections(kept.path("Counter"))["Counter"]
    assert opened(kept).in_place == ["double", "Counter"]
    from solutions.tiny import Counter

    assert Counter.add.__globals__["double"].__doc__ == "Mine."


def test_answer_is_switched_off_and_on_in_one_line(kept, capsys):
    cell(RIGHT)
    import solutions.tiny

    own = exercises.session.originals["double"]
    exercises.mine("double", False)
    assert solutions.tiny.double is own and opened(kept).in_place == []
    exercises.mine("double", True)
    assert solutions.tiny.double.__doc__ == "Mine." and opened(kept).in_place == ["double"]
    exercises.mine()
    assert "In use: `double`." in capsys.readouterr().out
    exercises.mine("dobule", False)
    assert "Did you mean `double`?" in capsys.readouterr().out


def test_what_cannot_be_written_down_is_said(kept):
    verdict_card = []
    table = np.ones(3)
    definition = "def double(x):\n    return 2 * np.asarray(x) * table[0]"
    answer = cell(definition, table=table)
    with pytest.raises(
        standalone.NotStandalone, match="It uses `table`, which is a float array of shape"
    ):
        standalone.source_of(answer, lambda name: None)
    assert exercises._keep("double", answer, "")[0].startswith(
        "It could not be kept for later lessons."
    )
    assert verdict_card == []


@pytest.mark.parametrize(
    "text, namespace, wanted",
    [
        ("def double(x):\n    return math.floor(x)", {"math": __import__("math")}, "import math"),
        ("def double(x):\n    return path.join(x)", {"path": os.path}, "import posixpath as path"),
        (
            "def double(x):\n    return dedent(x)",
            {"dedent": textwrap.dedent},
            "from textwrap import dedent",
        ),
        (
            "def double(x):\n    return d(x)",
            {"d": textwrap.dedent},
            "from textwrap import dedent as d",
        ),
        ("def double(x, size=N):\n    return size", {"N": (1, 2.5)}, "N = (1, 2.5)"),
        ("def double(x):\n    return [abs(each) for each in x]", {}, ""),
        (
            "@cache\ndef double(x):\n    return x",
            {"cache": __import__("functools").cache},
            "@cache\ndef double",
        ),
    ],
)
def test_imports_and_constants_are_written_down(text, namespace, wanted):
    answer = cell(text, **namespace)
    answer = getattr(answer, "__wrapped__", answer)
    written = standalone.source_of(answer, lambda name: None)
    assert wanted in written
    standalone.defined_by(written, "double", types.SimpleNamespace(stem="x", __str__=str))


def test_outside_of_my_notebooks_nothing_is_kept_and_nothing_found(kept, monkeypatch, capsys):
    cell(RIGHT)
    capsys.readouterr()
    monkeypatch.chdir(kept.course.root)
    assert answers.answers() is None
    exercises.open_lesson()
    assert capsys.readouterr().out == ""


def test_two_kernels_one_after_the_other(kept):
    """What a learner solves in one lesson trains in the next: in processes of their own."""
    root = kept.course.root
    first = textwrap.dedent("""
        import numpy as np
        from classroom import exercise
        def half(x): return x / 2
        @exercise
        def double(x):
            return 4 * half(x)
        """)
    (root / "first.py").write_text(first)
    second = "from classroom import exercise\nimport solutions.user as u\nprint(u.double.__module__, u.quadruple(3.0))"
    (root / "second.py").write_text(second)
    outputs = [run(root, name) for name in ("first.py", "second.py")]
    assert "double: right" in outputs[0]
    assert "This lesson builds on 1 of your answers" in outputs[1]
    assert outputs[1].splitlines()[-1] == "my_answers.tiny 12.0"
    record = json.loads((kept.folder / ".record.json").read_text())
    assert list(record["right"]) == ["double"]


def run(root, name):
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, root / name],
        cwd=root / "my_notebooks",
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


# What `make status` makes of it


@pytest.fixture
def copy(kept):
    """The learner's copy of the tiny lesson: a function that writes into its exercise's cell."""
    mine = Copies(kept.course.root / "notebooks", kept.course.root / "my_notebooks")
    path = mine.mine / "00_tiny.ipynb"

    def write(text, when=None):
        cell = {
            "cell_type": "code",
            "metadata": {"exercise": "double"},
            "source": text,
            "outputs": [],
        }
        path.write_text(json.dumps({"cells": [cell], "metadata": {}}), encoding="utf-8")
        os.utime(path, (when or time.time(),) * 2)

    write.state = lambda: status.saved_states(mine, kept.course, kept).get("double")
    return write


def test_status_reads_kept_answers_and_verdicts_so_cleared_outputs_lose_nothing(
    kept, copy, monkeypatch
):
    copy("as it came", when=1)
    assert copy.state() is None
    monkeypatch.setattr(cells, "digest_of_running", lambda: cells.digest("a wrong answer"))
    cell("@exercise\ndef double(x):\n    return x")
    assert copy.state() == "not yet"  # nothing is saved yet
    copy("a wrong answer", when=time.time() + 5)
    assert copy.state() == "not yet"
    copy("a better one", when=time.time() + 6)
    assert copy.state() == "changed since"
    monkeypatch.setattr(cells, "digest_of_running", lambda: cells.digest("a right answer"))
    cell(RIGHT)
    copy("a better one", when=1)
    assert copy.state() == "right"
    copy("a right answer\n", when=time.time() + 5)
    assert copy.state() == "right"


def test_status_does_not_trust_a_cell_that_changed_since(kept, copy, monkeypatch):
    monkeypatch.setattr(cells, "digest_of_running", lambda: cells.digest("a right answer"))
    cell(RIGHT)
    copy("return 'garbage now'", when=time.time() + 5)
    assert copy.state() == "right, changed since"  # the right one is kept, and in use
    kept.path("double").unlink()
    assert copy.state() == "changed since"


def test_stored_verdict_tells_of_which_text_it_was():
    verdict = {"exercise": "double", "state": "right", "cell": cells.digest("mine")}
    assert feedback.Verdict(**verdict).card().metadata["classroom"] == verdict

"""`python -m classroom grade`: honest answers get their verdicts, attacks none that is right."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from classroom import catalogue, environment, grading, handed_in
from classroom.feedback import NOT_WRITTEN, NOT_YET, RIGHT
from classroom.grading import NOT_JUDGED
from tests import tiny_course

ROOT = Path(__file__).parents[1]
COUNTER = """\
@exercise
class Counter:
    def __init__(self):
        self.total = 0

    def add(self, step=1):
        if step < 0:
            raise ValueError("down")
        self.total += step
"""
STUB = (
    "@exercise\ndef double(x):\n    '''Every entry of x, doubled.'''\n    ...  # your code here\n"
)
DOUBLE = "@exercise\ndef double(x):\n    return 2 * x\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    tiny_course.write(root)
    return catalogue.Course(root)


def notebook(*sources):
    cells = [
        {"cell_type": "code", "metadata": {}, "source": source, "outputs": []} for source in sources
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


def hand_in(folder, *sources, learner="anna"):
    path = folder / learner / "00_tiny.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook("import numpy as np\nfrom classroom import exercise", *sources))
    return path


def row(course, folder, exercise="double", learner="anna"):
    rows = grading.grade(folder, course)
    return next(each for each in rows if (each.learner, each.exercise) == (learner, exercise))


def verdict(course, folder, *sources, exercise="double"):
    hand_in(folder, *sources)
    found = row(course, folder, exercise)
    return found.state, found.sentence


# What is handed in


def test_three_learners_in_folders_and_in_a_file(course, tmp_path, capsys, monkeypatch):
    hand_in(tmp_path, DOUBLE, COUNTER, learner="anna")
    hand_in(tmp_path, "@exercise\ndef double(x):\n    return x * x\n", learner="ben")
    (tmp_path / "chris.py").write_text(DOUBLE)
    monkeypatch.setattr(catalogue, "course", lambda: course)
    assert grading.main([str(tmp_path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(each["learner"], each["exercise"], each["state"], each["stars"]) for each in rows] == [
        ("anna", "double", RIGHT, 1),
        ("anna", "Counter", RIGHT, 2),
        ("ben", "double", NOT_YET, 0),
        ("ben", "Counter", NOT_WRITTEN, 0),
        ("chris", "double", RIGHT, 1),
        ("chris", "Counter", NOT_WRITTEN, 0),
    ]
    assert "These are squares: multiply by two, not by itself." in rows[2]["sentence"]

    assert grading.main([str(tmp_path), "--csv"]) == 0
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [{**each, "stars": int(each["stars"]), "of": int(each["of"])} for each in table] == rows

    assert grading.main([str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "anna: 2 of 2 right, 3 of 3 stars" in shown
    assert "ben: 0 of 2 right, 0 of 3 stars" in shown


def test_stored_outputs_count_for_nothing(course, tmp_path):
    path = hand_in(tmp_path, "@exercise\ndef double(x):\n    return x\n")
    found = json.loads(path.read_text())
    claim = {"classroom": {"exercise": "double", "state": "right"}}
    found["cells"][1]["outputs"] = [{"output_type": "display_data", "data": {}, "metadata": claim}]
    path.write_text(json.dumps(found))
    assert row(course, tmp_path).state == NOT_YET


def test_what_other_cells_define_counts_and_what_they_do_does_not(course, tmp_path):
    trace = tmp_path / "trace"
    cells = (
        "%matplotlib inline\nfactors = {}",
        "for step in range(3):\n    factors[step] = step",
        f"open({str(trace)!r}, 'w').write('it ran')\nimport a_module_that_nobody_has",
        "def times(x, n=2):\n    return factors[n] * x",
        "%%time\n@exercise\ndef double(x):\n    return times(np.asarray(x))\n",
        "times = None.broken",
    )
    assert verdict(course, tmp_path, *cells[:-1]) == (RIGHT, "")
    assert not trace.exists()
    state, sentence = verdict(course, tmp_path, *cells)
    assert state == NOT_JUDGED and "AttributeError" in sentence


def test_another_exercise_is_the_courses_own(course, tmp_path):
    wrong = "@exercise\ndef double(x):\n    return x\n"
    counter = COUNTER.replace("+= step", "+= int(double(step)) // 2")
    assert verdict(course, tmp_path, wrong, counter, exercise="Counter") == (RIGHT, "")


def test_the_last_written_answer_counts(course, tmp_path):
    first = "@exercise\ndef double(x):\n    return 3 * x\n"
    assert verdict(course, tmp_path, first, DOUBLE, STUB) == (RIGHT, "")
    assert verdict(course, tmp_path, DOUBLE, first)[0] == NOT_YET
    assert verdict(course, tmp_path, STUB)[0] == NOT_WRITTEN


def test_kept_answers_count_where_the_notebook_has_none(course, tmp_path):
    hand_in(tmp_path, STUB)
    kept = tmp_path / "anna" / "my_answers" / "tiny.py"
    kept.parent.mkdir()
    kept.write_text(
        '"""Mine."""\n\n# %% double\nN = 2\n\ndef double(x):\n    return N * x\n\n\n'
        "# %% Counter\nN = 3\n\n" + COUNTER
    )
    rows = grading.grade(tmp_path, course)
    assert [each.state for each in rows] == [RIGHT, RIGHT]
    aside = kept.parent / "set_aside" / "tiny.py"
    aside.parent.mkdir()
    kept.rename(aside)
    assert [each.state for each in grading.grade(tmp_path, course)] == [NOT_WRITTEN] * 2


def test_the_convention_of_a_right_answer_is_right(course, tmp_path):
    assert verdict(course, tmp_path, "@exercise\ndef double(x):\n    return -2 * x\n")[0] == RIGHT


def test_a_line_number_is_that_of_the_learners_cell(course, tmp_path):
    state, sentence = verdict(
        course, tmp_path, "N = 2\n\n\n@exercise\ndef double(x):\n    return N / 0\n"
    )
    assert state == NOT_YET and "in line 6: `return N / 0`" in sentence


def test_a_cell_that_python_cannot_read(course, tmp_path):
    state, sentence = verdict(
        course, tmp_path, "@exercise\ndef double(x):\n    return (2 * x\n", COUNTER
    )
    assert state == NOT_YET and "Python cannot read line 3 of this cell" in sentence
    assert row(course, tmp_path, "Counter").state == RIGHT


def test_a_damaged_file_has_a_row_and_the_others_theirs(course, tmp_path):
    hand_in(tmp_path, DOUBLE)
    for name, content in {
        "bad.ipynb": b"{",
        "deep.ipynb": b"[" * 99999,
        "bytes.py": b"\xff\xfe\0",
    }.items():
        (tmp_path / name).write_bytes(content)
    rows = grading.grade(tmp_path, course)
    assert [each.state for each in rows if each.learner in ("bad", "deep", "bytes")] == [
        NOT_JUDGED
    ] * 3
    assert row(course, tmp_path).state == RIGHT


def test_a_folder_of_lessons_is_one_learners(tmp_path):
    (tmp_path / "00_tiny.ipynb").write_text(notebook(DOUBLE))
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / "dora.ipynb").write_text(notebook(DOUBLE))
    found = handed_in.learners(tmp_path)
    assert [(each.name, [path.name for path in each.files]) for each in found] == [
        ("dora", ["dora.ipynb"]),
        (tmp_path.name, ["00_tiny.ipynb"]),
    ]


def test_nothing_to_judge_is_said(tmp_path):
    for folder, words in ((tmp_path, "No answers were found"), (tmp_path / "none", "There is no")):
        with pytest.raises(environment.Problem, match=words):
            grading.main([str(folder)])


def test_a_spreadsheet_runs_no_formula_and_a_terminal_obeys_no_code():
    sentence = grading.tidy("\x1b[31m=cmd()\n\u202e" + "x" * 10_000)
    assert sentence.startswith("[31m=cmd() x") and len(sentence) < 700
    stream = io.StringIO()
    grading.write_csv([grading.Row("=2+3", "tiny", "double", sentence="@SUM(A1)")], stream)
    assert "'=2+3,tiny,double" in stream.getvalue() and ",'@SUM(A1)" in stream.getvalue()


# Attacks: each is an answer that doubles nothing

IN_THE_BODY = {
    "ends the process": "import os; os._exit(0)",
    "ends the program": "raise SystemExit(0)",
    "kills itself": "import os; os.kill(os.getpid(), 9)",
    "kills its group": "import os; os.killpg(0, 9)",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "leaves something for the end": """\
import atexit, os
    atexit.register(os._exit, 0)""",
    "prints a thousand lines": "print('right\\n' * 100_000)",
    "never ends": "while True: pass",
    "never ends and catches all": """\
while True:
        try:
            while True: pass
        except BaseException: pass""",
    "calls itself": "return double(x)",
    "uses up memory": "return [bytearray(2**28) for _ in range(10**6)]",
    "asks for an exabyte": "return np.ones(2**57)",
    "patches NumPy": """\
np.allclose = np.isclose = np.array_equal = lambda *a, **k: True""",
    "patches the judge": """\
import classroom.judging as judging
    from classroom.feedback import Verdict
    judging.judge = lambda entry, *rest, **more: Verdict(entry.name, "right")""",
    "patches the judge's code": """\
import classroom.comparing as comparing, classroom.judging as judging
    comparing.difference.__code__ = (lambda got, want, tolerance=1, dtype=1: None).__code__
    judging.Seen.matches = lambda *a, **k: True""",
    "lets every check pass": """\
import classroom.checking as checking
    checking.NotYet.__init__ = lambda *a, **k: None
    import classroom.judging as judging
    judging._Trial._pass = judging._Trial._call_again = lambda self, check=None: None""",
    "finds the judge with gc": """\
import gc
    from classroom.judging import _Trial
    for each in gc.get_objects():
        if isinstance(each, _Trial):
            each.found.state = "right"
            each.checks = []""",
    "reaches into the frames": """\
import sys
    frame = sys._getframe()
    while frame:
        for name in ("found", "verdict"):
            if name in frame.f_locals:
                try: frame.f_locals[name].state = "right"
                except Exception: pass
        frame = frame.f_back
    raise SystemExit""",
    "writes to every file": """\
import os
    for fd in range(64):
        try: os.write(fd, FORGED)
        except OSError: pass
    os._exit(0)""",
    "writes and lets the judge go on": """\
import os
    for fd in range(64):
        try: os.write(fd, FORGED)
        except OSError: pass""",
    "closes every file": "import os; os.closerange(0, 256)",
    "floods every file": """\
import os
    for fd in range(64):
        try:
            while os.write(fd, b"x" * 2**20): pass
        except OSError: pass""",
    "forks": """\
import os
    os.fork()
    return x""",
    "forks and forges": """\
import os
    if os.fork():
        while True: pass
    for fd in range(64):
        try: os.write(fd, FORGED)
        except OSError: pass
    os._exit(0)""",
    "equals everything": """\
class Same(np.ndarray):
        def __eq__(self, other): return True
        __ne__ = None
    return np.asarray(x).view(Same)""",
    "returns something endless": """\
deep = []
    deep.append(deep)
    return deep""",
    "returns something deep": """\
deep = []
    for _ in range(100_000): deep = [deep]
    return deep""",
    "cannot be stopped from inside": """\
import signal
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    while True: pass""",
    "leaves a process of another group": """\
import os, time
    if not os.fork():
        os.setsid()
        time.sleep(20)
        os._exit(0)""",
    "threads that never end": """\
import threading
    def spin():
        while True: pass
    threading.Thread(target=spin).start()""",
}
REPORT = {
    "state": "right",
    "says": "",
    "claim": "",
    "seen": {"values": ["array", ["<f8", [3], "AAAAAAAA8D8AAAAAAAAAQAAAAAAAAAhA"]]},
    "canaries": [],
}
FORGED = f"FORGED = {json.dumps(REPORT)!r}.encode() + b'\\n'"


@pytest.mark.skipif(os.name == "nt", reason="uses what only POSIX systems have")
@pytest.mark.parametrize("attack", IN_THE_BODY)
def test_an_attack_is_not_right_and_the_others_get_their_rows(
    attack, course, tmp_path, monkeypatch
):
    monkeypatch.setattr(grading, "MOST_SECONDS", 5)
    body = f"@exercise\ndef double(x):\n    {IN_THE_BODY[attack]}\n"
    hand_in(tmp_path, FORGED, body, COUNTER, learner="anna")
    hand_in(tmp_path, DOUBLE, learner="ben")
    before = time.monotonic()
    rows = {(each.learner, each.exercise): each for each in grading.grade(tmp_path, course)}
    assert rows["anna", "double"].state in (NOT_YET, NOT_JUDGED)
    assert rows["anna", "double"].sentence and rows["anna", "double"].stars == 0
    assert rows["anna", "Counter"].state == rows["ben", "double"].state == RIGHT
    assert time.monotonic() - before < 30


@pytest.mark.parametrize("default", ["__import__('os')._exit(0)", "exit()", "1 / 0", "[1] * 2**40"])
def test_an_attack_while_it_is_defined(default, course, tmp_path):
    answer = f"@exercise\ndef double(x, more={default}):\n    return 2 * x\n"
    hand_in(tmp_path, answer, COUNTER)
    assert row(course, tmp_path).state == NOT_JUDGED
    assert row(course, tmp_path, "Counter").state == RIGHT


DEMANDS = {
    "of the checks' helpers": """\
import classroom.checking as checking
checking.refuses.__code__ = (lambda error, call, sentence: None).__code__
""",
    "of what they catch": """\
import classroom.checking as checking
checking.outcome.__code__ = (lambda call: Raised(ValueError)).__code__
""",
}


@pytest.mark.parametrize("where", DEMANDS)
def test_a_demand_that_is_patched_away_is_noticed(where, course, tmp_path):
    patch = "".join(f"        {line}\n" for line in DEMANDS[where].splitlines())
    counter = f"""\
@exercise
class Counter:
    total = 0

    def add(self, step=1):
{patch}        self.total += step
"""
    state, sentence = verdict(course, tmp_path, counter, exercise="Counter")
    assert (state, sentence) == (
        NOT_JUDGED,
        "It changes what judges it: known mistakes pass as right there.",
    )


def test_a_demand_is_a_demand_where_nothing_is_patched(course, tmp_path):
    counter = COUNTER.replace("step < 0", "False")
    state, sentence = verdict(course, tmp_path, counter, exercise="Counter")
    assert state == NOT_YET and "A negative step must be refused." in sentence


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"state": "right"},
        {"state": "right", "seen": {}, "canaries": []},
        {"state": "right", "seen": [], "canaries": 3},
        {"state": ["right"], "says": 1, "claim": {}},
        {"state": "right", "seen": {"values": "x"}, "canaries": [["values", "squared", None]]},
    ],
)
def test_a_report_may_say_anything(said, course, monkeypatch):
    judge = grading.Judge(course)
    known = judge._known(course.exercise("double"))
    assert known["canaries"]
    try:
        found = judge._believed(course.exercise("double"), said, known, [])
    except grading.NoReport:
        found = (NOT_JUDGED,)
    assert found[0] in (NOT_JUDGED, NOT_YET)


def test_reading_a_report_runs_nothing():
    for content in (["|O", [1], "AAAAAAAAAAA="], ["<f8", [3], ""], ["<f8", [2], "AAAA"]):
        with pytest.raises(ValueError):
            grading.decoded(["array", content])
    assert grading.decoded(["object", "Value"]) != grading.decoded(["object", "Value"])


INTERRUPTED = """
import sys
from pathlib import Path
from classroom import catalogue, grading
grading.grade(Path(sys.argv[2]), catalogue.Course(Path(sys.argv[1])), 2)
"""


@pytest.mark.skipif(os.name == "nt", reason="sends a signal that Windows does not have")
def test_ctrl_c_ends_the_command_and_what_it_runs(course, tmp_path):
    note = tmp_path / "pid"
    body = f"import os, signal\n    open({str(note)!r}, 'w').write(str(os.getpid()))\n"
    body += "    signal.signal(signal.SIGALRM, signal.SIG_IGN)\n    while True: pass"
    for learner in "abc":
        hand_in(tmp_path / "class", f"@exercise\ndef double(x):\n    {body}\n", learner=learner)
    arguments = [sys.executable, "-c", INTERRUPTED, str(course.root), str(tmp_path / "class")]
    with subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.PIPE, text=True) as command:
        wait_until(lambda: note.exists() and note.read_text())
        command.send_signal(signal.SIGINT)
        before = time.monotonic()
        assert "KeyboardInterrupt" in command.communicate(timeout=30)[1]
        assert time.monotonic() - before < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


def wait_until(condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)

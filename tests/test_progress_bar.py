"""The one progress bar, in a terminal: its width, lines above it, the time that is left."""

import os
from types import SimpleNamespace

import pytest

from classroom import progress_bar
from classroom.progress_bar import _duration, progress

WIDTH = 60


class Terminal:
    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return True

    def screen(self):
        """What is to be read: a carriage return goes back and writes over what was there."""
        lines = []
        for line in self.text.split("\n"):
            shown = ""
            for part in line.split("\r"):
                shown = part + shown[len(part) :]
            lines.append(shown.rstrip())
        return lines


@pytest.fixture
def terminal(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(progress_bar, "sys", SimpleNamespace(stderr=screen))
    monkeypatch.setattr(
        progress_bar.shutil, "get_terminal_size", lambda: os.terminal_size((WIDTH, 24))
    )
    return screen


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress_bar.time, "monotonic", lambda: now[0])
    return now


def test_a_line_is_never_longer_than_the_terminal_is_wide(terminal, clock):
    bar = progress(3, "a label")
    clock[0] = 1
    bar.update(1, "a text that goes on " * 10)
    assert len(terminal.screen()[0]) == WIDTH - 1
    assert "\x1b" not in terminal.text, "not every console knows terminal codes"


def test_a_shorter_line_leaves_nothing_of_a_longer_one(terminal, clock):
    bar = progress(3, "label")
    clock[0] = 1
    bar.update(1, "long " * 10)
    clock[0] = 2
    bar.update(2, "end")
    assert terminal.screen() == [
        "[####################..........] label · 2 of 3, 1 s left · end"[: WIDTH - 1]
    ]


def test_lines_are_written_above_the_bar(terminal, clock):
    bar = progress(2, "label")
    clock[0] = 1
    bar.update(1)
    bar.write("done: first")
    bar.update(2)
    first, second, last = terminal.screen()
    assert first == "done: first" and second.endswith("label · 2 steps in 1 s") and last == ""


def test_what_was_done_before_does_not_make_the_rest_look_short(terminal, clock):
    bar = progress(100, "x")
    bar.skip(90)
    clock[0] = 10
    bar.update(92)
    assert "92 of 100, 40 s left" in terminal.screen()[0]


def test_shares_of_work_are_shown_in_per_cent(terminal, clock):
    bar = progress(2e9, "label", in_percent=True)
    clock[0] = 3600
    bar.update(0.5e9)
    assert "label · 25 %, 3 h 00 min" in terminal.screen()[0]


@pytest.mark.parametrize(
    ("seconds", "says"),
    [(8, "8 s"), (125, "2 min 05 s"), (3599.7, "1 h 00 min"), (4801, "1 h 20 min")],
)
def test_durations(seconds, says):
    assert _duration(seconds) == says

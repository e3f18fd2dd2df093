"""Many runs, each in a process of its own, so many at once, with one progress bar.

However this process ends, by Ctrl-C, terminated or killed, no run goes on without it.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from queue import Empty
from typing import Any

from classroom.progress_bar import progress
from experiments.recipes import Settings
from experiments.records import read_record, summary
from experiments.training import is_first, run

# One run, one core: two runs that share two cores by many threads each wait for each other.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

TRAINING_SHARE = 0.98  # of a run; the rest is its tests


def run_all(
    runs: list[Settings], folder: Path, processes: int = 2, weights: str | None = None
) -> list[str]:
    """Runs each of the settings, `processes` at once. Returns the names of the runs that failed."""
    context = multiprocessing.get_context("spawn")
    reports: Any = context.Queue()
    waiting, running, failed = list(runs), {}, []
    board = Board(runs)
    try:
        while waiting or running:
            while waiting and len(running) < processes:
                settings = waiting.pop(0)
                process = context.Process(target=work, args=(settings, folder, reports, weights))
                with environment(settings):
                    process.start()
                running[settings["name"]] = process
            board.take_in(reports)
            for name, process in list(running.items()):
                if process.exitcode is not None:
                    del running[name]
                    failed += [name] if process.exitcode else []
                    record = None if process.exitcode else read_record(name, folder)
                    board.finished(name, summary(record) if record else "failed")
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.join()
    return failed


def run_together(runs: list[Settings], folder: Path, weights: str | None = None) -> None:
    """This process and the others of torchrun train each run together. The first one shows it."""
    board = Board(runs) if is_first(runs[0]) else None
    for settings in runs:
        name = settings["name"]
        if board is None:
            run(settings, folder)
        else:
            on_step = partial(show_step, board, name)
            record = run(settings, folder, on_step, board.bar.write, weights)
            board.finished(name, summary(record))


def show_step(board: "Board", name: str, trainer: Any) -> None:
    board.note(name, trainer.step, f"loss {trainer.losses[-1]:.3f}")
    board.show()


@contextmanager
def environment(settings: Settings) -> Iterator[None]:
    """The environment variables that a run's process starts with."""
    kernel = {"OPENBLAS_CORETYPE": settings["kernel"]} if settings["kernel"] else {}
    before = dict(os.environ)
    os.environ.update({**ONE_THREAD, **kernel})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def work(settings: Settings, folder: Path, reports: Any, weights: str | None) -> None:
    """One run, in a process of its own, which reports each step."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    threading.Thread(target=end_with_the_parent, daemon=True).start()

    def report(trainer: Any) -> None:
        reports.put((settings["name"], trainer.step, f"loss {trainer.losses[-1]:.3f}"))

    def say(text: str) -> None:
        reports.put((settings["name"], None, text))

    run(settings, folder, report, say, weights)


def end_with_the_parent() -> None:
    """End this process as soon as the one that started it is gone, killed for instance."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


class Board:
    """What is shown of all runs: a line for each that has ended, and one bar."""

    def __init__(self, runs: list[Settings]):
        self.units = {settings["name"]: units_of(settings) for settings in runs}
        self.steps = {settings["name"]: settings["steps"] for settings in runs}
        self.done = dict.fromkeys(self.units, 0.0)  # units of each run
        self.latest: dict[str, str] = {}  # of each run that is at work
        self.ended = 0
        self.bar = progress(sum(self.units.values()), "experiments", in_percent=True)

    def take_in(self, reports: Any, seconds: float = 0.5) -> None:
        """Takes in the reports of the next half second."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                name, step, text = reports.get(timeout=left)
            except Empty:
                break
            self.note(name, step, text)
        self.show()

    def note(self, name: str, step: int | None, text: str) -> None:
        """Takes in one report: of a step, or a sentence."""
        if step is None:
            self.bar.write(text)
            return
        if (
            name not in self.latest
        ):  # what a resumed run had done before says nothing of the time left
            before = (step - 1) / self.steps[name]
            self.bar.skip(self.units[name] * TRAINING_SHARE * before)
        self.done[name] = self.units[name] * TRAINING_SHARE * step / self.steps[name]
        self.latest[name] = f"{name} {step}/{self.steps[name]} {text}"

    def finished(self, name: str, text: str) -> None:
        """Writes a line on a run that has ended."""
        self.ended += 1
        self.done[name] = self.units[name]
        self.latest.pop(name, None)
        self.bar.write(f"{name}: {text}")
        self.show()

    def show(self) -> None:
        runs = f"{self.ended} of {len(self.units)} runs"
        self.bar.update(sum(self.done.values()), " · ".join([runs, *self.latest.values()]))


def units_of(settings: Settings) -> float:
    """How much a run has to compute, roughly. A step with CoPE takes about twice as long."""
    length = settings["data"].get("seq_len") or settings["max_len"]
    size = settings["model"]["num_layers"] * settings["model"]["dim"] * length * settings["batch"]
    return float(settings["steps"] * size * (2 if "cope" in settings["positions"] else 1))

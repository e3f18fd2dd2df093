"""`make experiments`: train what results/ does not hold yet."""

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NoReturn

from experiments.recipes import Settings, all_runs
from experiments.records import (
    RESULTS,
    DamagedRecord,
    Record,
    comparison,
    read_record,
    record_path,
    summary,
)
from experiments.runner import run_all


def main(arguments: list[str]) -> int:
    """The command's exit code: 0, or 1 if anything failed, was damaged, or differs."""
    given = parse(arguments)
    chosen = [
        settings
        for settings in planned()
        if any(fnmatchcase(settings["name"], pattern) for pattern in given.names)
    ]
    if not chosen:
        print(f"no run is called {' '.join(given.names)}; --list shows all names", file=sys.stderr)
        return 2
    if given.list:
        return show_list(chosen, given.results)
    try:
        with interrupted_by_termination():
            return again(chosen, given) if given.again else what_is_missing(chosen, given)
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on from here.", file=sys.stderr)
        return 1


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make experiments", description="Train every encoding on every task, and record it."
    )
    parser.add_argument("names", nargs="*", default=["*"], help="which runs, e.g. 'copy/*'")
    parser.add_argument("--list", action="store_true", help="say what is recorded, and end")
    parser.add_argument(
        "--again", action="store_true", help="train these once more and compare; no record changes"
    )
    parser.add_argument("--processes", type=int, default=2, help="how many runs at once (2)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder of the records")
    return parser.parse_args(arguments)


def planned() -> list[Settings]:
    """The settings of every run of the plan."""
    return [run.settings() for run in all_runs()]


def show_list(chosen: list[Settings], folder: Path) -> int:
    recorded, _, damaged = sorted_out(chosen, folder)
    for settings in chosen:
        name = settings["name"]
        line = damaged.get(name) or "not recorded"
        print(f"{name}: {summary(recorded[name]) if name in recorded else line}")
    return int(bool(damaged))


def what_is_missing(chosen: list[Settings], given: argparse.Namespace) -> int:
    """Trains and records the runs without a record. Damaged records are named and left alone."""
    recorded, missing, damaged = sorted_out(chosen, given.results)
    print(*damaged.values(), sep="\n", end="\n" * bool(damaged), file=sys.stderr)
    print(
        f"{len(recorded)} of {len(chosen)} runs are recorded; {len(missing)} to go", file=sys.stderr
    )
    fine = trained(missing, given.results, given.processes)
    return int(not fine or bool(damaged))


def again(chosen: list[Settings], given: argparse.Namespace) -> int:
    """Trains recorded runs once more, and compares the numbers. The records stay as they are."""
    recorded, missing, damaged = sorted_out(chosen, given.results)
    print(*damaged.values(), sep="\n", end="\n" * bool(damaged), file=sys.stderr)
    for settings in missing:
        print(f"{settings['name']}: not recorded, nothing to compare with", file=sys.stderr)
    aside = given.results / ".again"  # so that an interrupted comparison goes on, too
    runs = [settings for settings in chosen if settings["name"] in recorded]
    _, waiting, unreadable = sorted_out(runs, aside)
    waiting += [settings for settings in runs if settings["name"] in unreadable]
    fine = trained(waiting, aside, given.processes) and not missing and not damaged
    for name, old in recorded.items():
        new = read_record(name, aside)
        if new:
            agree, line = comparison(old, new)
            print(f"{name}: {line}")
            record_path(name, aside).unlink()
            fine = fine and agree
    return int(not fine)


def sorted_out(
    chosen: list[Settings], folder: Path
) -> tuple[dict[str, Record], list[Settings], dict[str, str]]:
    """Records by name, settings without one, and by name what to do about damaged ones."""
    recorded, missing, damaged = {}, [], {}
    for settings in chosen:
        name = settings["name"]
        try:
            record = read_record(name, folder)
        except DamagedRecord as problem:
            damaged[name] = str(problem)
            continue
        if record and record["settings"] == settings:
            recorded[name] = record
        else:
            missing.append(settings)
    return recorded, missing, damaged


def trained(runs: list[Settings], folder: Path, processes: int) -> bool:
    """Whether all runs ended well; the others are named."""
    failed = run_all(runs, folder, processes) if runs else []
    if failed:
        print(f"failed: {' '.join(failed)}", file=sys.stderr)
    return not failed


@contextmanager
def interrupted_by_termination() -> Iterator[None]:
    """Inside, SIGTERM does what Ctrl-C does."""

    def interrupt(number: int, frame: Any) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

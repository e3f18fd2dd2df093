"""`make experiments`: train what results/ does not hold yet."""

import argparse
import importlib.util
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NoReturn

from experiments.paper_table import paper_table
from experiments.plan import PAPER_PLAN, PLAN, all_runs
from experiments.recipes import Run, Settings, run_called
from experiments.records import (
    RESULTS,
    DamagedRecord,
    Record,
    comparison,
    read_record,
    record_path,
    summary,
)
from experiments.runner import run_all, run_together
from experiments.training import is_encoding
from experiments.weights import SUFFIXES

NO_PYTORCH = (
    "--engine pytorch needs PyTorch, which the course itself does not: install it with\n"
    f"    {Path(sys.executable).name} -m pip install torch\n"
    "(pytorch.org says which build your GPU wants)"
)


def main(arguments: list[str]) -> int:
    """The command's exit code: 0, or 1 if anything failed, was damaged, or differs."""
    given = parse(arguments)
    if given.table:
        print(paper_table(given.results))
        return 0
    chosen = asked_for(given)
    if not chosen:
        print(f"no run is called {' '.join(given.names)}; --list shows all names", file=sys.stderr)
        return 2
    if given.list:
        return show_list(chosen, given.results)
    try:
        with interrupted_by_termination():
            if given.engine == "pytorch":
                return on_pytorch(chosen, given)
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
    parser.add_argument(
        "--paper", action="store_true", help="the runs of the CoPE paper's own size"
    )
    parser.add_argument(
        "--table", action="store_true", help="print the paper's results and the recorded ones"
    )
    parser.add_argument(
        "--weights", choices=SUFFIXES, help="keep the trained weights in such a file, too"
    )
    parser.add_argument("--engine", choices=("minitorch", "pytorch"), default="minitorch")
    parser.add_argument("--device", choices=("cpu", "cuda", "mps"), help="of PyTorch (cpu)")
    parser.add_argument("--compile", action="store_true", help="use torch.compile")
    given = parser.parse_args(arguments)
    if given.engine == "minitorch" and (given.device or given.compile):
        parser.error("--device and --compile are for --engine pytorch")
    if given.engine == "minitorch" and "TORCHELASTIC_RUN_ID" in os.environ:
        parser.error("processes of torchrun train together on PyTorch only: add --engine pytorch")
    if given.weights == ".safetensors" and not importlib.util.find_spec("safetensors"):
        parser.error("--weights .safetensors needs a package: python -m pip install safetensors")
    return given


def asked_for(given: argparse.Namespace) -> list[Settings]:
    """The runs that the command line names: of the plan, as far as it is known by now, or others
    by their whole name."""
    runs, chosen = planned(given), {}
    for pattern in given.names:
        found = {
            settings["name"]: settings
            for name, settings in runs.items()
            if fnmatchcase(name, pattern) or fnmatchcase(settings["name"], pattern)
        }
        chosen |= found or not_planned(pattern, given)
    return list(chosen.values())


def planned(given: argparse.Namespace) -> dict[str, Settings]:
    """The settings of every run of the plan, on the engine that is asked for.

    returns   {the run's name in the plan: its settings}
    """
    runs = all_runs(PAPER_PLAN if given.paper else PLAN, given.results)
    return {run.name: on_engine(run, given).settings() for run in runs}


def not_planned(name: str, given: argparse.Namespace) -> dict[str, Settings]:
    """The settings of the run of this name, if there can be one."""
    run = run_called(name)
    if run is None or not is_encoding(run.positions):
        return {}
    settings = on_engine(run, given).settings()
    return {settings["name"]: settings}


def on_engine(run: Run, given: argparse.Namespace) -> Run:
    """The run, on the engine that is asked for."""
    if given.engine == "minitorch":
        return run
    changes: dict[str, Any] = {"engine": "pytorch", "device": given.device or "cpu"}
    changes |= {"compile": True} if given.compile else {}
    return replace(run, changes={**run.changes, **changes})


def on_pytorch(chosen: list[Settings], given: argparse.Namespace) -> int:
    """As on minitorch. If torchrun has started several processes, they do each run together."""
    if not importlib.util.find_spec("torch"):
        print(NO_PYTORCH, file=sys.stderr)
        return 2
    from experiments import on_pytorch

    device = chosen[0]["device"]
    try:
        on_pytorch.check_device(device, given.compile)
        if not on_pytorch.started_by_torchrun():
            return again(chosen, given) if given.again else what_is_missing(chosen, given)
        with on_pytorch.joined_processes(device):
            on_pytorch.check_batch(min(settings["batch"] for settings in chosen))
            return together(chosen, given)
    except on_pytorch.NotPossible as problem:
        print(problem, file=sys.stderr)
        return 2


def together(chosen: list[Settings], given: argparse.Namespace) -> int:
    """Like what_is_missing, in each of the processes that torchrun has started."""
    from experiments import on_pytorch

    if given.again:
        raise on_pytorch.NotPossible("--again compares in one process: start it without torchrun")
    missing = None
    if on_pytorch.rank() == 0:
        missing = what_to_do(chosen, given.results)
    missing, damaged = on_pytorch.said_by_the_first(missing)
    if missing:
        run_together(missing, given.results, given.weights)
    return int(damaged)


def show_list(chosen: list[Settings], folder: Path) -> int:
    recorded, _, damaged = sorted_out(chosen, folder)
    for settings in chosen:
        name = settings["name"]
        line = damaged.get(name) or "not recorded"
        print(f"{name}: {summary(recorded[name]) if name in recorded else line}")
    return int(bool(damaged))


def what_is_missing(chosen: list[Settings], given: argparse.Namespace) -> int:
    """Trains and records the runs without a record. Damaged records are named and left alone."""
    fine, any_damaged = True, False
    while fine:
        missing, any_damaged = what_to_do(chosen, given.results)
        fine = trained(missing, given.results, given.processes, given.weights)
        before = {settings["name"] for settings in chosen}
        chosen = asked_for(given)  # where settings have been chosen, more runs are known
        if before >= {settings["name"] for settings in chosen}:
            break
    return int(not fine or any_damaged)


def what_to_do(chosen: list[Settings], folder: Path) -> tuple[list[Settings], bool]:
    """Says how many runs have a record. Returns those without, and whether any is damaged."""
    recorded, missing, damaged = sorted_out(chosen, folder)
    print(*damaged.values(), sep="\n", end="\n" * bool(damaged), file=sys.stderr)
    print(
        f"{len(recorded)} of {len(chosen)} runs are recorded; {len(missing)} to go", file=sys.stderr
    )
    return missing, bool(damaged)


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


def trained(runs: list[Settings], folder: Path, processes: int, weights: str | None = None) -> bool:
    """Whether all runs ended well; the others are named."""
    failed = run_all(runs, folder, processes, weights) if runs else []
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

"""The records, one per run: results/<recipe>/<encoding>-<variant>-<seed>.json.

A record has the settings, versions, machine, seconds, learning curve, and errors of its run.
"""

import json
from pathlib import Path
from typing import Any

from classroom import files

RESULTS = Path(__file__).parents[1] / "results"
NEEDED = {
    "settings",
    "versions",
    "machine",
    "seconds",
    "parameters",
    "curve",
    "validation",
    "errors",
    "answers",
}

# How far errors may be from the recorded ones when a run is made again: one percentage point.
TOLERANCE = 0.01

Record = dict[str, Any]


class DamagedRecord(ValueError):
    """A file of results/ that holds no record. The text names the file and says what to do."""


def record_path(name: str, folder: Path = RESULTS) -> Path:
    return Path(folder) / f"{name}.json"


def read_record(name: str, folder: Path = RESULTS) -> Record | None:
    """The record of the run called `name`, or None if there is none.

    raises   DamagedRecord
    """
    path = record_path(name, folder)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"it is cut off or no JSON ({error})") from None
    missing = NEEDED - set(record if isinstance(record, dict) else ())
    if missing:
        raise damaged(path, f"it has no {', '.join(sorted(missing))}")
    return record


def damaged(path: Path, why: str) -> DamagedRecord:
    return DamagedRecord(
        f"{path} is damaged: {why}. Restore it with git, or delete it and record it anew with"
        f" `make experiments ARGS={path.parent.name}/{path.stem}`"
    )


def write_record(record: Record, folder: Path = RESULTS) -> None:
    path = record_path(record["settings"]["name"], folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, json.dumps(record, indent=1) + "\n")


def summary(record: Record) -> str:
    """One line: the errors in per cent, and the time."""
    all_errors = {"validation": record["validation"]["error"], **record["errors"]}
    errors = ", ".join(f"{split} {100 * error:.2f}" for split, error in all_errors.items())
    return f"{errors} % wrong; {record['seconds']:.0f} s"


def comparison(old: Record, new: Record) -> tuple[bool, str]:
    """Compares the errors of a run that was made again with the recorded ones.

    returns   whether they agree within the tolerance, and a line that names both kernels
    """
    same = old["errors"] == new["errors"] and old["curve"] == new["curve"]
    old_errors, new_errors = (
        {"validation": record["validation"]["error"], **record["errors"]} for record in (old, new)
    )
    differences = {split: abs(error - new_errors[split]) for split, error in old_errors.items()}
    split = max(differences, key=differences.get)
    agree = differences[split] <= TOLERANCE
    kernels = (
        f"recorded on the kernel {old['machine']['kernel']}, now on {new['machine']['kernel']}"
    )
    if same:
        return True, f"the same numbers ({kernels})"
    largest = (
        f"the largest difference is {100 * differences[split]:.2f} percentage points, in {split!r}"
        f" (recorded {100 * old_errors[split]:.2f} %, now {100 * new_errors[split]:.2f} %)"
    )
    limit = (
        f"within the tolerance of {100 * TOLERANCE:g}"
        if agree
        else f"MORE THAN THE TOLERANCE of {100 * TOLERANCE:g}"
    )
    return agree, f"{largest}, {limit} ({kernels})"

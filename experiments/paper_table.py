"""The results of the CoPE paper (arXiv 2405.18719), cell by cell beside what is recorded here.

python -m experiments --table
"""

from pathlib import Path
from statistics import mean, stdev

from experiments.plan import ALL
from experiments.recipes import Run, Settings
from experiments.records import RESULTS, Record, read_record

# Error in per cent, with the standard deviation over seeds, as printed in tables 2 to 4, and in 7
# and 10 where these have more digits. The paper's "absolute" positions are learned ones, and its
# "relative" ones are nearest to Shaw's keys. What it has no number for is left out.
PAPER = {
    "paper_counting_1": {
        "in distribution": {"learned": "5.3 (0.8)", "shaw": "1.1 (0.4)", "cope": "0.0 (0.0)"},
        "pass weight 100": {"shaw": "8.8 (1.1)", "cope": "0.0 (0.0)"},
        "pass weight 10": {"shaw": "34.1 (2.5)", "cope": "4.0 (4.1)"},
    },
    "paper_counting_3": {
        "in distribution": {"learned": "67.6 (1.5)", "shaw": "17.8 (7.8)", "cope": "1.2 (2.1)"},
    },
    "paper_counting_5": {
        "in distribution": {"learned": "71.5 (1.5)", "shaw": "22.4 (5.1)", "cope": "7.4 (8.5)"},
    },
    "paper_flip_flop": {
        "in distribution": {"learned": "6.8 (6.9)", "rope": "1.8 (3.1)", "cope": "0.03 (0.06)"},
        "sparse": {"learned": "21.7 (7.9)", "rope": "20.3 (2.9)", "cope": "4.9 (4.4)"},
    },
    "paper_copy": {
        "in distribution": {"learned": "16.9 (3.7)", "rope": "40.1 (3.5)", "cope": "0.0 (0.0)"},
        "dense": {"learned": "25.6 (3.8)", "rope": "100.0 (0.0)", "cope": "0.0 (0.0)"},
        "sparse": {"learned": "85.2 (8.4)", "rope": "100.0 (0.0)", "cope": "0.004 (0.006)"},
    },
}
NO_NUMBER, NOT_RUN = "–", "not run"

# What changes no number but by rounding: a record with another value is one of the same run.
HOW = ("name", "engine", "device", "compile", "kernel", "micro_batch", "seeds")


def paper_table(folder: Path = RESULTS) -> str:
    """One table per task: the paper's error and ours, for each encoding and each kind of text."""
    blocks = [
        "Wrong answers in per cent: the mean over seeds, the standard deviation, and how many seeds"
    ]
    for recipe, splits in PAPER.items():
        lines = [[recipe, "texts", "the paper", "here"]]
        for positions in ALL:
            records = records_of(recipe, positions, folder)
            for split, theirs in splits.items():
                ours = in_per_cent([record["errors"][split] for record in records])
                lines.append([positions, split, theirs.get(positions, NO_NUMBER), ours])
        blocks.append(in_columns(lines))
    return "\n\n".join(blocks)


def records_of(recipe: str, positions: str, folder: Path) -> list[Record]:
    """The records of the recipe as it is, on any engine and device: one per seed."""
    wanted = numbers_depend_on(Run(recipe, positions).settings())
    found: dict[str, Record] = {}
    for path in sorted((Path(folder) / recipe).glob(f"{positions}-*.json")):
        record = read_record(f"{recipe}/{path.stem}", folder)
        if record and numbers_depend_on(record["settings"]) == wanted:
            found.setdefault(str(record["settings"]["seeds"]), record)
    return list(found.values())


def numbers_depend_on(settings: Settings) -> Settings:
    return {key: value for key, value in settings.items() if key not in HOW}


def in_per_cent(errors: list[float]) -> str:
    """The mean of errors from 0 to 1, in per cent.

    >>> in_per_cent([0.01, 0.03]), in_per_cent([0.01]), in_per_cent([])
    ('2.00 (1.41), 2 seeds', '1.00, 1 seed', 'not run')
    """
    if not errors:
        return NOT_RUN
    spread = f" ({100 * stdev(errors):.2f})" if len(errors) > 1 else ""
    return f"{100 * mean(errors):.2f}{spread}, {len(errors)} seed{'s' * (len(errors) > 1)}"


def in_columns(lines: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines)]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines
    )
    return "\n".join(padded)

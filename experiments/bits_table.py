"""The recorded language models, as lines of a table: bits per character at three lengths."""

from pathlib import Path

import numpy as np

from experiments.plan import read_table
from experiments.records import RESULTS, Record
from solutions.language_and_code import kept_beyond_chance

LENGTHS = {"128": "in distribution", "256": "twice the length", "512": "4x the length"}
HEADER = f"{'bits per character':26}{'128':>6}{'256':>18}{'512':>18}{'CPU seconds':>24}{'seeds':>7}"


def bits_of(records: list[Record], split: str) -> np.ndarray:
    """Bits per character in one split, run by run."""
    return np.array([record["losses"][split] for record in records]) / np.log(2)


def mean_bits(table: str, folder: Path = RESULTS) -> dict[str, np.ndarray]:
    """Bits per character at the three lengths, the mean over the seeds, by encoding."""
    return {
        positions: np.array([bits_of(records, split).mean() for split in LENGTHS.values()])
        for positions, records in read_table(table, folder).items()
    }


def bits_lines(table: str, label: str = "{}", folder: Path = RESULTS) -> list[str]:
    """One line per encoding of a table: the mean over its seeds, and in brackets least and most.

    label   what the line begins with; {} is the encoding's name
    """
    lines = []
    for positions, records in read_table(table, folder).items():
        cells = []
        for split in LENGTHS.values():
            bits = bits_of(records, split)
            spread = f" ({bits.min():.2f}-{bits.max():.2f})" if len(bits) > 1 else ""
            cells.append(f"{bits.mean():6.2f}{spread:12}")
        seconds = np.mean([record["cpu_seconds"] for record in records])
        row = f"{label.format(positions):26}{''.join(cells)}{seconds:12.0f}{len(records):7}"
        lines.append(row)
    return lines


def most_kept(record: Record, kind: str) -> float:
    """How well the best head keeps to its line, paragraph, ...: 0 by chance, 1 entirely."""
    heads = record["heads"][kind]
    return float(kept_beyond_chance(heads["score"], heads["chance"]).max())

"""Targets, whether they are met, and what has become slower than the record says."""

import math
from typing import NamedTuple

import numpy as np

from benchmarks.cases import ENCODINGS, FUSED, LISTING, OURS, SAME_MALLOC, THEIRS, WIDE, group_name


class Target(NamedTuple):
    """figure and spread are None where nothing was measured; rows: of how many encodings it is."""

    name: str
    limit: float
    figure: float | None
    spread: float | None
    rows: int = 1

    def verdict(self):
        if self.figure is None:
            return "not measured"
        return "met" if self.figure <= self.limit else "missed"


def targets(results):
    """Every Target, with what was measured."""
    small = results["training"].get(group_name("S", 1), {})
    yield mean("S, one thread, mean", 0.68, results, "S")
    yield mean("S, PyTorch with the same malloc, mean", 0.80, results, "S", other=SAME_MALLOC)
    yield worst("S, one thread, slowest encoding", 0.85, ratios(results, "S"))
    yield mean("lesson 09, one thread, mean", 0.68, results, "lesson-09")
    yield mean("M, one thread, mean", 0.78, results, "M")
    yield mean("S, two threads, mean", 0.85, results, "S", threads=2)
    yield worst("S, the clear CoPE", 0.90, ratios(results, "S", rows=("cope",)))
    listing = ratios(results, "S", other=LISTING, rows=(FUSED,))
    yield worst("S, fused CoPE beside the paper's listing", 0.65, listing)
    yield worst("S, peak memory, largest share", 0.20, [shares_of_memory(small)])
    overhead = results.get("overhead", {})
    for operation, limit in ("x + y", 1.1), ("x * y", 1.1), ("tanh", 1.2), ("softmax", 2.0):
        found = overhead.get(operation)
        ratio = sum(found[OURS]) / sum(found[THEIRS]) if found else None
        yield Target(f"{operation} on 4 x 4, forward + backward", limit, ratio, 0.0)


def with_avx512(results):
    """The same means with OPENBLAS_CORETYPE=SkylakeX, for which nothing is aimed at."""
    for size in ("S", "lesson-09", "M"):
        yield mean(f"{size}, one thread, AVX-512 kernel, mean", None, results, size, other=WIDE)


def ratios(results, size, threads=1, other=THEIRS, rows=ENCODINGS):
    """(ratio, spread) of each encoding that was measured."""
    group = results["training"].get(group_name(size, threads), {})
    found = [group[name][other] for name in rows if other in group.get(name, {})]
    return [(each["minitorch_takes"], each["minitorch_takes_spread"]) for each in found]


def mean(name, limit, results, size, threads=1, other=THEIRS):
    """The geometric mean, as if the spreads did not cancel."""
    found = ratios(results, size, threads, other)
    if not found:
        return Target(name, limit, None, None, 0)
    figure = math.exp(np.mean([math.log(ratio) for ratio, _ in found]))
    return Target(name, limit, figure, float(np.mean([each for _, each in found])), len(found))


def worst(name, limit, found):
    found = [each for each in found if each]
    return Target(name, limit, *(max(found) if found else (None, None)), len(found))


def shares_of_memory(rows):
    """The largest of minitorch's peaks over PyTorch's, with its spread, 0; None for none."""
    peaks = [
        [rows[name][engine].get("peak_megabytes") for engine in (OURS, THEIRS)]
        for name in ENCODINGS
        if name in rows
    ]
    return max([(ours / theirs, 0.0) for ours, theirs in peaks if ours and theirs], default=None)


def slower(results, recorded):
    """What takes more of PyTorch's time than was recorded, by more than both spreads.

    Of one thread only: what two threads take depends on what else the machine does.
    """
    for group, rows in results["training"].items():
        for name, row in rows.items() if "1 thread" in group else ():
            before = recorded["training"].get(group, {}).get(name, {}).get(THEIRS)
            if not before:
                continue
            now = row[THEIRS]
            allowed = now["minitorch_takes_spread"] + before["minitorch_takes_spread"]
            if now["minitorch_takes"] > before["minitorch_takes"] + allowed:
                yield (
                    f"slower than recorded: {group}, {name}: {now['minitorch_takes']:.2f} of "
                    f"PyTorch's time, {before['minitorch_takes']:.2f} before"
                )

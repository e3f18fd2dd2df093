"""`make bench`: the course's training step on minitorch and on PyTorch, side by side.

Both engines run the same files, solutions/transformer.py and solutions/training.py (on PyTorch by
twin/), with the same weights and batches, in float32. Every engine has a process of its own. They
take turns, a step each, so that whatever else the machine does meets all of them; figures are
medians over the rounds, ratios medians of the ratios within a round, and the spread is half the
distance between the smallest and the largest.

One thread is measured in processor time, which is what the clock shows on an idle machine and does
not depend on other programs; two threads are measured by the clock. With two threads PyTorch splits
its products and loops, and minitorch computes two parts of the batch side by side
(Trainer(threads=2)).

    cases       what is measured: sizes, encodings, variants
    measuring   the processes and their turns (worker: what runs in each of them)
    busy        lesson 09's step beside two busy programs
    judging     targets, and what became slower than recorded
    showing     the tables
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import sys

import numpy as np

from benchmarks import cases, showing
from benchmarks.busy import measure_busy
from benchmarks.judging import slower
from benchmarks.measuring import ROOT, measure, measure_kernels, measure_overhead
from benchmarks.worker import kernel_of
from classroom import files
from classroom.progress_bar import progress
from classroom.readme import with_section

RESULTS, README = ROOT / "results" / "bench.json", ROOT / "README.md"
NO_PYTORCH = f"""PyTorch is not installed here, so there is nothing to compare with. To install it:
    {sys.executable} -m pip install torch"""


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="make bench", description="Train on minitorch and PyTorch, side by side."
    )
    parser.add_argument("--sizes", nargs="+", choices=cases.SIZES, default=[*cases.SIZES])
    parser.add_argument("--threads", nargs="+", type=int, choices=(1, 2), default=[1, 2])
    parser.add_argument("--encodings", nargs="+", choices=cases.ROWS, default=[*cases.ROWS])
    parser.add_argument(
        "--quick", action="store_true", help="headline rows in three rounds, nothing written"
    )
    options = parser.parse_args(arguments)
    if not importlib.util.find_spec("torch"):
        print(NO_PYTORCH, file=sys.stderr)
        return 2

    recorded = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"training": {}}
    wide = has_unused_avx512()
    results = {
        "kernels": measure_kernels(rounds=5, wide=wide),
        "overhead": measure_overhead(rounds=5),
        "busy": measure_busy(rounds=1 if options.quick else 3),
        "training": {},
    }
    print("", *showing.kernels(results["kernels"]), sep="\n", flush=True)
    measure_rows(results, options, wide)
    print("", *showing.overhead(results["overhead"]), sep="\n")
    print("", *showing.busy(results["busy"]), sep="\n")
    print("", *showing.judged(results), sep="\n")
    worse = list(slower(results, recorded))
    print("", *(worse or ["nothing is slower than recorded"]), sep="\n")
    if not options.quick:
        write(results, recorded)
    return int(bool(worse))


def measure_rows(results, options, wide):
    """Fill in results["training"], row by row."""
    has_jax = bool(importlib.util.find_spec("jax"))
    jobs = [
        (size, threads, name)
        for size, threads, name in cases.jobs(options.quick)
        if size in options.sizes and threads in options.threads and name in options.encodings
    ]
    bar = progress(len(jobs), "bench")
    for number, (size, threads, name) in enumerate(jobs):
        group = cases.group_name(size, threads)
        variants = cases.variants_of(size, threads, name, options.quick, has_jax, wide)
        rounds = 3 if options.quick else 5 if size == "M" else 7
        row = measure(size, threads, name, variants, rounds)
        results["training"].setdefault(group, {})[name] = row
        print(f"\n{showing.title(group, name, row)}", *showing.report(row), sep="\n", flush=True)
        bar.update(number + 1, f"{group}, {name}")


def write(results, recorded):
    """To results/bench.json, and the tables between their marks in the README.

    Rows that were left out keep the figures recorded before.
    """
    training = dict(recorded["training"])
    for group, rows in results["training"].items():
        training[group] = {**training.get(group, {}), **rows}
    results = {
        "written by": "make bench",
        "sizes": cases.SIZES,
        "versions": {
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "system": platform.machine(),
            "kernel": results["kernels"][cases.OURS]["kernel"],
            **{name: version(name) for name in ("numpy", "torch", "jax") if version(name)},
        },
        "training": training,
        "kernels": results["kernels"],
        "overhead": results["overhead"],
        "busy": results["busy"],
    }
    RESULTS.parent.mkdir(exist_ok=True)
    files.write(RESULTS, json.dumps(results, indent=1) + "\n")
    readme = with_section(README.read_text(encoding="utf-8"), "benchmark", showing.table(results))
    files.write(README, readme)


def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def has_unused_avx512():
    """Whether this processor has AVX-512, and OpenBLAS chose a kernel that does without.

    It chooses from a table of processors, not by their instructions. NumPy's OpenBLAS has two
    kernels for recent ones, Haswell (AVX2) and SkylakeX (AVX-512); processors that are missing in
    the table get Haswell: AMD's family 26 (Zen 5), in version 0.3.31. OPENBLAS_CORETYPE=SkylakeX,
    set before Python starts, overrules it.
    """
    extensions = np.show_config(mode="dicts").get("SIMD Extensions", {}).get("found", [])
    has_avx512 = any(name == "X86_V4" or name.startswith("AVX512") for name in extensions)
    return has_avx512 and kernel_of(np) in ("Haswell", "Zen")

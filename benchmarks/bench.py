"""`make bench`: the course's training step on minitorch and on PyTorch, side by side.

Both engines run the same files, solutions/transformer.py and
solutions/training.py (on PyTorch by twin/), with the same weights and batches,
in float32. Every engine has a process of its own. They take turns, a step
each, so that whatever else the machine does meets all of them. Figures are
medians over the rounds, ratios are medians of the ratios within a round, and
the spread is half the distance between the quartiles.

One thread is measured in processor time, which is what the clock shows on an
idle machine and does not depend on other programs; two threads are measured by
the clock. With two threads PyTorch splits its products and loops, and minitorch
computes two parts of the batch side by side (Trainer(threads=2)).
"""

import argparse
import importlib.metadata
import importlib.util
import json
import math
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from classroom import files
from classroom.progress_bar import progress
from classroom.readme import with_section

ROOT = Path(__file__).parents[1]
RESULTS, README = ROOT / "results" / "bench.json", ROOT / "README.md"

# As a learner's code runs them. One row more is CoPE with its bias as one operation.
ENCODINGS = (
    "none",
    "sinusoidal",
    "learned",
    "shaw",
    "transformer_xl",
    "t5",
    "alibi",
    "rope",
    "cope",
)
FUSED = "cope_fused"
ROWS = (*ENCODINGS, FUSED)
SIZES = {
    "lesson-09": {
        "vocab_size": 14,
        "dim": 32,
        "num_heads": 2,
        "num_layers": 2,
        "seq_len": 96,
        "max_len": 384,
        "batch": 32,
        "npos_max": 16,
        "micro_batch": 32,
    },
    "S": {
        "vocab_size": 64,
        "dim": 64,
        "num_heads": 4,
        "num_layers": 2,
        "seq_len": 128,
        "max_len": 128,
        "batch": 64,
        "npos_max": 16,
        "micro_batch": 16,
    },
    "M": {
        "vocab_size": 64,
        "dim": 128,
        "num_heads": 8,
        "num_layers": 4,
        "seq_len": 128,
        "max_len": 128,
        "batch": 32,
        "npos_max": 16,
        "micro_batch": 4,
    },
}

# minitorch takes its batch in parts, which suits the processor's cache. PyTorch gets whatever
# suits it: as it comes, or with minitorch's memory setting (minitorch/memory.py), or with that
# and the same parts of the batch.
OURS, THEIRS, SAME_MALLOC = "minitorch", "PyTorch", "PyTorch, same malloc"
SAME_PARTS = "PyTorch, same malloc and parts"
LISTING, PRODUCTS = "paper's listing", "matrix products alone"
VARIANTS = {
    OURS: {"engine": "minitorch", "parts": True},
    THEIRS: {"engine": "pytorch"},
    SAME_MALLOC: {"engine": "pytorch", "keep_memory": True},
    SAME_PARTS: {"engine": "pytorch", "keep_memory": True, "parts": True},
    LISTING: {"engine": "pytorch", "listing": True},
    "paper's listing, same malloc": {"engine": "pytorch", "listing": True, "keep_memory": True},
    PRODUCTS: {"engine": "numpy", "parts": True},
}
QUICK = (OURS, THEIRS, LISTING)
THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


# ---------------------------------------------------------------- measuring


class Worker:
    """A process that does one step whenever it is told to."""

    def __init__(self, variant, threads, size=None, positions=None):
        settings = VARIANTS[variant]
        what = "overhead" if not size else "products" if variant == PRODUCTS else "training"
        job = {
            "what": what,
            "engine": settings["engine"],
            "threads": threads,
            "size": size,
            "positions": positions,
            "micro_batch": size["micro_batch"] if size and settings.get("parts") else None,
            **{key: settings.get(key, False) for key in ("keep_memory", "listing")},
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", json.dumps(job)],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={
                **os.environ,
                **dict.fromkeys(
                    THREAD_SETTINGS, str(threads) if settings["engine"] == "pytorch" else "1"
                ),
            },
        )

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(
                f"a benchmark process ended early, exit code {self.process.wait()}; see above"
            )
        return json.loads(line)

    def step(self):
        self.process.stdin.write("step\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def rounds_of(workers, rounds, pause=0.0):
    """{variant: [one measurement per round]}, without the two rounds that warm up."""
    measured = {variant: [] for variant in workers}
    for worker in workers.values():
        worker.answer()  # ready
    for turn in range(rounds + 2):
        names = list(workers)
        for variant in names[turn % len(names) :] + names[: turn % len(names)]:
            measured[variant].append(workers[variant].step())
            time.sleep(pause)  # idle threads of a pool spin for a while
    for worker in workers.values():
        worker.end()
    return {variant: steps[2:] for variant, steps in measured.items()}


def measure(size, threads, positions, variants, rounds):
    """One row of the results: a training step with one encoding, in every variant."""
    workers = {variant: Worker(variant, threads, SIZES[size], positions) for variant in variants}
    steps = rounds_of(workers, rounds, pause=0.1 if threads > 1 else 0)
    alone = steps.pop(PRODUCTS, [])
    variants = list(steps)
    losses = {variant: [step["loss"] for step in steps[variant]] for variant in variants}
    for variant in variants:
        if not np.allclose(losses[variant], losses[OURS], rtol=1e-3):
            raise SystemExit(
                f"not the same work: {positions}, losses {losses[OURS]}, "
                f"{variant}: {losses[variant]}"
            )
    clock = "cpu" if threads == 1 else "wall"
    times = {
        variant: np.array([step["step"][clock] for step in steps[variant]]) for variant in variants
    }
    row = {}
    for variant in variants:
        row[variant] = {
            "ms": round(1e3 * np.median(times[variant]), 1),
            "spread_ms": spread(1e3 * times[variant]),
        }
        row[variant]["ms_by_the_clock"] = round(
            1e3 * np.median([step["step"]["wall"] for step in steps[variant]]), 1
        )
        for kind in ("forward", "backward", "optimiser"):
            if kind in steps[variant][0]:  # threads are not timed one by one
                row[variant][f"{kind}_ms"] = round(
                    1e3 * np.median([step[kind][clock] for step in steps[variant]]), 1
                )
        if steps[variant][-1]["megabytes"]:
            row[variant]["peak_megabytes"] = round(steps[variant][-1]["megabytes"], 1)
        if variant != OURS:
            ratios = times[OURS] / times[variant]
            row[variant]["minitorch_takes"] = round(np.median(ratios), 3)
            row[variant]["minitorch_takes_spread"] = spread(ratios)
    if alone:
        shares = [step["step"][clock] for step in alone] / times[OURS]
        row["share_of_products_alone"] = round(np.median(shares), 3)
    return row


def measure_overhead(rounds):
    """{operation: {engine: microseconds forward, backward}} on 4 x 4 matrices."""
    steps = rounds_of({variant: Worker(variant, threads=1) for variant in (OURS, THEIRS)}, rounds)
    return {
        operation: {
            variant: np.median([step[operation] for step in steps[variant]], axis=0)
            .round(2)
            .tolist()
            for variant in steps
        }
        for operation in steps[OURS][0]
    }


def spread(values):
    """Half the distance between the quartiles."""
    low, high = np.quantile(values, (0.25, 0.75))
    return round(float(high - low) / 2, 3)


# ---------------------------------------------------------------- judging


def judge(results):
    """(target, limit, figure, spread) per target; figure None if anything is not measured."""

    def ratios(size, threads, other=THEIRS, encodings=ENCODINGS):
        rows = results["training"].get(f"{size}, {threads} thread{'s' * (threads > 1)}", {})
        if not all(name in rows for name in encodings):
            return None
        return [
            (rows[name][other]["minitorch_takes"], rows[name][other]["minitorch_takes_spread"])
            for name in encodings
        ]

    def mean(pairs):
        """The geometric mean, as if the spreads did not cancel."""
        return pairs and (
            math.exp(np.mean([math.log(ratio) for ratio, _ in pairs])),
            float(np.mean([spread for _, spread in pairs])),
        )

    rows = results["training"].get("S, 1 thread", {})
    memory = [
        (rows[name][OURS]["peak_megabytes"] / rows[name][THEIRS]["peak_megabytes"], 0.0)
        for name in ENCODINGS
        if "peak_megabytes" in rows.get(name, {}).get(OURS, {})
    ]
    for target, limit, found in (
        ("S, one thread, mean of all encodings", 0.85, mean(ratios("S", 1))),
        (
            "S, one thread, slowest encoding",
            1.15,
            max(ratios("S", 1) or [None], key=lambda pair: pair or 0),
        ),
        (
            "S, one thread, fused CoPE beside the paper's listing",
            0.65,
            (ratios("S", 1, LISTING, (FUSED,)) or [None])[0],
        ),
        ("lesson 09, one thread, mean", 0.8, mean(ratios("lesson-09", 1))),
        ("M, one thread, mean", 1.1, mean(ratios("M", 1))),
        ("S, two threads, mean", 1.1, mean(ratios("S", 2))),
        (
            "S, peak memory, largest share",
            1 / 3,
            max(memory) if len(memory) == len(ENCODINGS) else None,
        ),
    ):
        yield (target, limit, *(found or (None, None)))


def verdict(limit, figure, spread):
    if figure is None:
        return "not measured"
    if figure <= limit:
        return "met"
    return "missed within the spread" if figure - spread <= limit else "missed"


# ---------------------------------------------------------------- showing


def table(results):
    """Lines of Markdown for the README: the ratios of time, and peak memory."""
    groups = [
        name
        for name in (
            f"{size}, {threads}" for threads in ("1 thread", "2 threads") for size in SIZES
        )
        if name in results["training"]
    ]
    yield (
        "Time of a training step in `minitorch` over its time in PyTorch eager, "
        "and memory of size S in megabytes:"
    )
    yield ""
    yield (
        "| | "
        + " | ".join(groups)
        + " | S, PyTorch with the same malloc | memory: minitorch | PyTorch "
        "| PyTorch in the same parts |"
    )
    yield "|---" * (len(groups) + 5) + "|"

    def takes(row, other):
        return f"{row[other]['minitorch_takes']:.2f}" if row else ""

    for name in ROWS:
        small = results["training"].get("S, 1 thread", {}).get(name)
        cells = [takes(results["training"][group].get(name), THEIRS) for group in groups]
        cells += [takes(small, SAME_MALLOC)]
        cells += [
            f"{small[engine]['peak_megabytes']:.0f}" if small else ""
            for engine in (OURS, THEIRS, SAME_PARTS)
        ]
        yield f"| {name.replace('_fused', ', fused')} | " + " | ".join(cells) + " |"


def targets(results):
    """Lines for the terminal: each target beside what was measured."""
    for target, limit, figure, spread in judge(results):
        shown = "" if figure is None else f"{figure:.2f} ± {spread:.2f}"
        yield f"{target:54} at most {limit:.2f}   {shown:12} {verdict(limit, figure, spread)}"


def report(row):
    """One encoding's figures in all variants, for the terminal."""
    yield f"{'':32}{'ms':>9}{'forward':>9}{'backward':>9}{'optim.':>9}{'MB':>9}   minitorch takes"
    for variant, found in row.items():
        if isinstance(found, dict):
            ratio = (
                f"{found['minitorch_takes']:.2f} ± {found['minitorch_takes_spread']:.2f}"
                if variant != OURS
                else ""
            )
            ms, *others = (
                f"{found[key]:.1f}" if key in found else ""
                for key in ("ms", "forward_ms", "backward_ms", "optimiser_ms", "peak_megabytes")
            )
            yield (
                f"{variant:32}{ms:>9}" + "".join(f"{other:>9}" for other in others) + f"   {ratio}"
            )
    if "share_of_products_alone" in row:
        yield f"matrix products alone: {row['share_of_products_alone']:.0%} of minitorch's time"


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="make bench", description="Train on minitorch and PyTorch, side by side."
    )
    parser.add_argument(
        "--sizes", nargs="+", choices=SIZES, default=list(SIZES), help="default: all"
    )
    parser.add_argument(
        "--threads", nargs="+", type=int, choices=(1, 2), default=[1, 2], help="default: 1 2"
    )
    parser.add_argument(
        "--encodings",
        nargs="+",
        choices=ROWS,
        default=list(ROWS),
        help="default: all; what is left out keeps the figures recorded before",
    )
    parser.add_argument(
        "--quick", action="store_true", help="three rounds, fewer variants, nothing written"
    )
    options = parser.parse_args(arguments)
    if not importlib.util.find_spec("torch"):
        print(
            "PyTorch is not installed here, so there is nothing to compare with. "
            "It is in the extra `compare`:\n"
            f"    {sys.executable} -m pip install torch",
            file=sys.stderr,
        )
        return 2

    results = (
        {"training": {}}
        if options.quick or not RESULTS.exists()
        else json.loads(RESULTS.read_text())
    )
    results["overhead"] = measure_overhead(rounds=5)
    jobs = [
        (size, threads, name)
        for threads in options.threads
        for size in options.sizes
        for name in options.encodings
    ]
    bar = progress(len(jobs), "bench")
    for number, (size, threads, name) in enumerate(jobs):
        group = f"{size}, {threads} thread{'s' * (threads > 1)}"
        variants = [
            variant
            for variant in (QUICK if options.quick else VARIANTS)
            if (name == FUSED or "listing" not in variant) and (threads == 1 or variant != PRODUCTS)
        ]
        row = measure(size, threads, name, variants, rounds=3 if options.quick else 7)
        results["training"].setdefault(group, {})[name] = row
        print(f"\n{group}, {name}", *report(row), sep="\n", flush=True)
        if not options.quick:
            write(results)  # an interrupted run keeps what it has
        bar.update(number + 1, f"{group}, {name}")
    print("\nmicroseconds an operation on 4 x 4 matrices, forward + backward")
    for operation, found in results["overhead"].items():
        print(
            f"{operation:12}"
            + "   ".join(
                f"{engine} {ahead:5.2f} + {back:5.2f}" for engine, (ahead, back) in found.items()
            )
        )
    print("", *targets(results), sep="\n")
    return int(any(verdict(*figures) == "missed" for _, *figures in judge(results)))


def write(results):
    """To results/bench.json, and the table between its marks in the README."""
    results = {
        "written by": "make bench",
        "sizes": SIZES,
        "versions": {
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "system": platform.machine(),
            **{name: importlib.metadata.version(name) for name in ("numpy", "torch")},
        },
        "training": results["training"],
        "overhead": results["overhead"],
    }
    RESULTS.parent.mkdir(exist_ok=True)
    files.write(RESULTS, json.dumps(results, indent=1) + "\n")
    files.write(
        README, with_section(README.read_text(encoding="utf-8"), "benchmark", table(results))
    )

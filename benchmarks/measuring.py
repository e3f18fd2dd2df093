"""Processes that take turns, a step each, and what comes of their measurements."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.cases import OURS, PRODUCTS, SIZES, THEIRS, VARIANTS, WIDE

ROOT = Path(__file__).parents[1]
THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
JAX_ON_ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


class Worker:
    """A process that does one step whenever it is told to."""

    def __init__(self, variant, threads, size=None, positions=None, what="training"):
        settings = VARIANTS[variant]
        job = {
            "what": "products" if variant == PRODUCTS else what,
            "engine": settings["engine"],
            "threads": threads,
            "size": size,
            "positions": positions,
            "micro_batch": size["micro_batch"] if size and settings.get("parts") else None,
            "keep_memory": settings.get("keep_memory", False),
            "listing": settings.get("listing", False),
        }
        own_threads = str(threads) if settings["engine"] == "pytorch" else "1"
        kernel = {"OPENBLAS_CORETYPE": settings["kernel"]} if "kernel" in settings else {}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", json.dumps(job)],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={
                **os.environ,
                **dict.fromkeys(THREAD_SETTINGS, own_threads),
                "XLA_FLAGS": JAX_ON_ONE_THREAD,
                **kernel,
            },
        )

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            raise SystemExit(f"a benchmark process ended early, exit code {code}; see above")
        return json.loads(line)

    def step(self):
        self.process.stdin.write("step\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def rounds_of(workers, rounds, pause=0.0):
    """All measurements, {variant: [one per round]}, without those of two rounds to warm up."""
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
    workers = {name: Worker(name, threads, SIZES[size], positions) for name in variants}
    steps = rounds_of(workers, rounds, pause=0.1 if threads > 1 else 0)
    alone = steps.pop(PRODUCTS, [])
    check_same_work(positions, steps)
    clock = "cpu" if threads == 1 else "wall"
    times = {name: seconds(of_one, "step", clock) for name, of_one in steps.items()}
    row = {name: figures(of_one, clock) for name, of_one in steps.items()}
    for name in row:
        if name != OURS:
            ratios = times[WIDE] / times[THEIRS] if name == WIDE else times[OURS] / times[name]
            row[name]["minitorch_takes"] = round(float(np.median(ratios)), 3)
            row[name]["minitorch_takes_spread"] = spread(ratios)
    if alone:
        shares = seconds(alone, "step", clock) / times[OURS]
        row["share_of_products_alone"] = round(float(np.median(shares)), 3)
    return row


def check_same_work(positions, steps):
    """Ends the benchmark unless all variants have had the same losses."""
    losses = {name: [step["loss"] for step in of_one] for name, of_one in steps.items()}
    for name, found in losses.items():
        if not np.allclose(found, losses[OURS], rtol=1e-3):
            raise SystemExit(
                f"not the same work: {positions}, losses {losses[OURS]}, {name} {found}"
            )


def figures(steps, clock):
    """What one variant took: medians over its steps."""
    row = {"spread_ms": spread(1e3 * seconds(steps, "step", clock))}
    for key, kind in ("ms", "step"), *((f"{kind}_ms", kind) for kind in PARTS_OF_A_STEP):
        if kind in steps[0]:  # threads are not timed one by one
            row[key] = round(1e3 * float(np.median(seconds(steps, kind, clock))), 1)
    if steps[0].get("kernel"):
        row["kernel"] = steps[0]["kernel"]
    if steps[-1]["megabytes"]:
        row["peak_megabytes"] = round(steps[-1]["megabytes"], 1)
    return row


PARTS_OF_A_STEP = ("forward", "backward", "optimizer")


def seconds(steps, kind, clock):
    return np.array([step[kind][clock] for step in steps])


def spread(values):
    """Half the distance between the smallest and the largest."""
    return round(float(np.max(values) - np.min(values)) / 2, 3)


def measure_overhead(rounds):
    """{operation: {engine: microseconds forward, backward}} on 4 x 4 matrices.

    The smallest of all rounds: only other programs make it larger.
    """
    workers = {name: Worker(name, threads=1, what="overhead") for name in (OURS, THEIRS)}
    steps = rounds_of(workers, rounds)
    return {
        operation: {
            name: np.min([step[operation] for step in steps[name]], axis=0).round(2).tolist()
            for name in steps
        }
        for operation in steps[OURS][0]
    }


def measure_kernels(rounds, wide):
    """{variant: what computes its matrix products on one thread, and how fast}."""
    variants = [OURS, *([WIDE] if wide else []), THEIRS]
    workers = {name: Worker(name, threads=1, what="kernel") for name in variants}
    return {
        name: {
            "kernel": steps[0]["kernel"],
            "gigaflops": round(max(step["gigaflops"] for step in steps)),
        }
        for name, steps in rounds_of(workers, rounds).items()
    }

"""Do a lesson's claims depend on the seed, or on the CPU? A command, too long for `make test`.

    python -m tests.claims counting how_sure_are_we --seeds 0 1 2 3 4 --kernels haswell skylakex

Runs each lesson once per seed and BLAS kernel, with every seed of its trainings moved along, and
prints what it claims and how often that was so. Ends with 1 if any claim was ever untrue. Lesson 14
trains each model twice, also on PyTorch, whose seeds this does not move: it is not for that one.
"""

import argparse
import os
import sys
import time
from collections import defaultdict

import nbformat
from nbclient import NotebookClient

from classroom import builder, catalogue

MARK = "CLAIM"
BEFORE = """
import inspect
import classroom
import minitorch
from solutions import training
from solutions.training import Trainer

_seed, _begin = minitorch.manual_seed, Trainer.__init__
_seed_of = list(inspect.signature(_begin).parameters).index("seed")
minitorch.manual_seed = lambda seed: _seed(seed + {seed})

def _moved(self, *given, **named):
    assert len(given) < _seed_of, "the seed is given by name"
    _begin(self, *given, **{{**named, "seed": named.get("seed", 0) + {seed}}})

Trainer.__init__ = _moved
classroom.claim = lambda sentence, condition: print("{mark}", int(bool(condition)), sentence)
"""


def claims_of(lesson, seed, kernel):
    """Runs a lesson. Returns its claims in order: a list of (sentence, whether it is true)."""
    notebook = builder.unexecuted(lesson)
    prelude = BEFORE.format(seed=seed, mark=MARK)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(prelude))
    before = os.environ.get("OPENBLAS_CORETYPE")
    os.environ["OPENBLAS_CORETYPE"] = kernel
    try:
        client = NotebookClient(
            notebook,
            timeout=3600,
            kernel_name="python3",
            resources={"metadata": {"path": str(lesson.notebook_path.parent)}},
        )
        client.execute()
    finally:
        if before is None:
            del os.environ["OPENBLAS_CORETYPE"]
        else:
            os.environ["OPENBLAS_CORETYPE"] = before
    printed = [
        line
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.get("name") == "stdout"
        for line in output.text.splitlines()
        if line.startswith(MARK)
    ]
    return [(line.split(" ", 2)[2], line.split(" ", 2)[1] == "1") for line in printed]


def main(arguments):
    parser = argparse.ArgumentParser(prog="python -m tests.claims")
    parser.add_argument("slugs", nargs="+")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--kernels", nargs="+", default=["haswell", "skylakex"])
    given = parser.parse_args(arguments)
    any_untrue = False
    for slug in given.slugs:
        lesson, counts = catalogue.course().lesson(slug), defaultdict(list)
        for kernel in given.kernels:
            for seed in given.seeds:
                started = time.monotonic()
                for sentence, is_true in claims_of(lesson, seed, kernel):
                    counts[sentence].append((is_true, f"{kernel} {seed}"))
                seconds = time.monotonic() - started
                print(f"{slug}, {kernel}, seed {seed}: {seconds:.0f} s", file=sys.stderr)
        for sentence, results in counts.items():
            untrue = [where for is_true, where in results if not is_true]
            any_untrue = any_untrue or bool(untrue)
            where = f"  NOT with {', '.join(untrue)}" if untrue else ""
            print(f"{slug}: {len(results) - len(untrue)} of {len(results)}  {sentence}{where}")
    return int(any_untrue)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

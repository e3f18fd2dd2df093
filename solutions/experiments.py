"""The recorded experiments: every encoding on the three tasks of the CoPE paper, one fixed recipe a task.

    python -m solutions.experiments                          train all that is not recorded yet
    python -m solutions.experiments --list                   only say what is recorded and what is not
    python -m solutions.experiments "copy-*" "*-cope-0"      only these; * stands for anything
    python -m solutions.experiments --again copy-cope-0      train anew, and say if the numbers are the same

Each run writes one file, results/<task>-<encoding>-<seed>.json: settings, versions, seconds, learning curve,
errors. Nothing is tuned for an encoding. Two runs go side by side, each on one core. An interrupted run goes
on where it was, and comes to the same numbers as one that was not.
"""
import argparse
import hashlib
import json
import multiprocessing
import os
import platform
import queue
import signal
import sys
import time
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

import minitorch as torch
from solutions.counting import counting_batch, counting_tokenizer, error_by_position
from solutions.flip_flop_and_selective_copy import (
    flip_flop_batch, flip_flop_tokenizer, selective_copy_batch, selective_copy_tokenizer)
from solutions.encodings import encodings
from solutions.training import Trainer, error_rate, predict
from solutions.transformer import Transformer

RESULTS = Path(__file__).parents[1] / "results"
TEST_SEED = 1_000_000           # the test texts are the same for all runs of a task

DRAW_BATCH = {"counting": counting_batch, "flip_flop": flip_flop_batch, "copy": selective_copy_batch}

SMALL, LARGE, DEEP = (dict(zip(("num_layers", "num_heads", "dim"), sizes))
                      for sizes in ((2, 2, 32), (2, 4, 64), (3, 4, 64)))
LARGE_START = {"init_std": 0.1}         # weights five times as large as otherwise

COUNTING_SPLITS = {             # how many texts, and what differs from those of the training
    "in distribution": (512, {}),
    "twice the length": (256, {"seq_len": 192}),
    "4x the length": (256, {"seq_len": 384}),
    "pass weight 10": (512, {"pass_weight": 10}),
    "pass weight 25": (512, {"pass_weight": 25}),
    "pass weight 100": (512, {"pass_weight": 100}),
    "pass weight 200": (512, {"pass_weight": 200}),
}
COUNTING = {"task": "counting", "batch": 32, "train_len": 96, "max_len": 384, "npos_max": 16,
            "splits": COUNTING_SPLITS}
# From the small start, most runs are still near their first plateau after 1,800 steps.
SEVERAL_VARIABLES = {**COUNTING, "model": {**DEEP, **LARGE_START}, "steps": 1200, "lr": 2e-3}

RECIPES = {
    "counting_1": {**COUNTING, "model": SMALL, "steps": 600, "lr": 3e-3,
                   "data": {"num_variables": 1, "seq_len": 96}},
    "counting_3": {**SEVERAL_VARIABLES, "data": {"num_variables": 3, "seq_len": 96, "query_weight": 10}},
    "counting_5": {**SEVERAL_VARIABLES, "data": {"num_variables": 5, "seq_len": 96, "query_weight": 10}},
    "flip_flop": {
        "task": "flip_flop", "model": LARGE, "batch": 16, "steps": 1000, "lr": 3e-3,
        "train_len": 127, "max_len": 127, "npos_max": 16, "data": {"pairs": 64, "ignore": 0.8},
        "splits": {"in distribution": (512, {}), "sparse": (2048, {"ignore": 0.98}),
                   "dense": (512, {"ignore": 0.1})}},
    "copy": {
        "task": "copy", "model": SMALL, "batch": 32, "steps": 500, "lr": 4e-3,
        "train_len": 36, "max_len": 48, "npos_max": 32, "data": {"num_symbols": 12, "blanks": 12},
        "splits": {"in distribution": (512, {}), "dense": (512, {"blanks": 6}),
                   "sparse": (512, {"blanks": 24})}},
}

# Is it the encoding, or the start? Two of the recipes again.
RECIPES |= {f"{recipe}_large_start": {**RECIPES[recipe], "model": {**SMALL, **LARGE_START}}
            for recipe in ("counting_1", "copy")}

FEW = ("learned", "shaw", "rope", "cope")
RUNS = {                        # which encodings, with how many seeds
    "counting_1": (tuple(encodings()), 3), "flip_flop": (tuple(encodings()), 3),
    "copy": (tuple(encodings()), 3), "counting_3": (FEW, 3), "counting_5": (FEW, 1),
    "counting_1_large_start": (("learned", "transformer_xl", "rope", "cope"), 3),
    "copy_large_start": (("sinusoidal", "learned", "rope", "cope"), 3),
}


# ---------------------------------------------------------------- one run

def settings_of(name):
    """All that decides the numbers of the run called `name`: a dict that JSON can hold.

    >>> settings = settings_of("copy-cope-2")
    >>> settings["positions"], settings["options"], settings["seed"]
    ('cope', {'npos_max': 32}, 2)
    """
    recipe_name, positions, seed = name.rsplit("-", 2)
    recipe = RECIPES[recipe_name]
    options = {"cope": {"npos_max": recipe["npos_max"]}, "shaw": {"clip": recipe["train_len"] - 1}}
    shared = {key: recipe[key] for key in ("task", "data", "model", "max_len", "batch", "steps", "lr")}
    return {"name": name, **shared, "positions": positions, "options": options.get(positions, {}),
            "warmup": 100, "seed": int(seed),
            "splits": {split: {"texts": texts, **changed}
                       for split, (texts, changed) in recipe["splits"].items()}}


def all_names():
    """The names of all runs, the tasks of one variable first."""
    return [f"{recipe}-{positions}-{seed}" for recipe, (names, seeds) in RUNS.items()
            for seed in range(seeds) for positions in names]


def build(settings):
    """The untrained model of a run. Its starting weights depend on the seed alone."""
    tokenizers = {"counting": lambda: counting_tokenizer(settings["data"]["num_variables"]),
                  "flip_flop": flip_flop_tokenizer, "copy": selective_copy_tokenizer}
    torch.manual_seed(settings["seed"])
    return Transformer(len(tokenizers[settings["task"]]()), **settings["model"],
                       max_len=settings["max_len"], positions=settings["positions"], **settings["options"])


def split_texts(settings):
    """The test texts of each split: {split: (inputs, targets)}."""
    draw = DRAW_BATCH[settings["task"]]
    texts = {}
    for number, (split, changed) in enumerate(settings["splits"].items()):
        how = {**settings["data"], **changed}
        texts[split] = draw(np.random.default_rng([TEST_SEED, number]), how.pop("texts"), **how)
    return texts


def train(settings, folder, every=None, on_step=None):
    """Trains one model, from the start or its checkpoint. Returns (trainer, seconds of all its steps)."""
    every = every or max(2, settings["steps"] // 20)
    draw = DRAW_BATCH[settings["task"]]
    trainer = Trainer(build(settings), lambda rng: draw(rng, settings["batch"], **settings["data"]),
                      settings["steps"], settings["lr"], settings["warmup"], seed=settings["seed"])
    checkpoint = checkpoint_path(settings, folder)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    if checkpoint.exists():
        trainer.load(checkpoint)
    inputs, targets = (part[:128] for part in split_texts(settings)["in distribution"])

    def after_step(trainer):
        if on_step:
            on_step(trainer)
        if trainer.step % every == every // 2:          # between two evaluations, so that none is lost
            trainer.save(checkpoint)

    steps_before, started = trainer.step, time.perf_counter()
    ended = trainer.fit(lambda model: error_rate(predict(model, inputs), targets), every, on_step=after_step)
    if ended == "interrupted":
        raise KeyboardInterrupt
    share = (trainer.steps - steps_before) / trainer.steps           # of the steps, done since then
    return trainer, (time.perf_counter() - started) / share


def measure(model, settings):
    """The share of wrong answers in each split, of how many answers, and by position in the longest texts."""
    errors, answers = {}, {}
    texts = split_texts(settings)
    for split, (inputs, targets) in texts.items():
        predictions = predict(model, inputs)
        errors[split] = error_rate(predictions, targets)
        answers[split] = int((targets >= 0).sum())
    measured = {"errors": errors, "answers": answers}
    if "4x the length" in texts:
        inputs, targets = texts["4x the length"]
        measured["by_position"] = {"split": "4x the length", "width": 32, "errors": error_by_position(
            predict(model, inputs), targets, width=32).tolist()}
    return measured


def run(settings, folder, on_step=None):
    """Trains, measures and writes the record of one run. Returns the record."""
    trainer, seconds = train(settings, folder, on_step=on_step)
    steps, errors = zip(*trainer.evaluations)
    losses = [float(np.mean(part)) for part in np.split(np.array(trainer.losses), steps[:-1])]
    record = {
        "settings": settings,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "engine": torch.__name__,
                     "machine": f"{platform.system()} {platform.machine()}"},
        "seconds": round(seconds, 3),
        "parameters": sum(parameter.numel() for parameter in trainer.model.parameters()),
        "curve": {"step": list(steps), "loss": losses, "error": list(errors)},
        **measure(trainer.model, settings),
    }
    path = record_path(settings["name"], folder)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)                              # at once: a record is whole or not there
    checkpoint_path(settings, folder).unlink(missing_ok=True)
    return record


def record_path(name, folder):
    return Path(folder) / f"{name}.json"


def checkpoint_path(settings, folder):
    """Where an unfinished run waits. Its name holds a digest of the settings: other settings, other run."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]
    return Path(folder) / ".unfinished" / f"{settings['name']}-{digest}.npz"


def read_record(name, folder=RESULTS):
    """The record of the run called `name`, or None if there is none."""
    path = record_path(name, folder)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def read_records(recipe, folder=RESULTS):
    """The records of a recipe, as far as they exist: {encoding: [record of seed 0, of seed 1, ...]}."""
    names, seeds = RUNS[recipe]
    found = {positions: [read_record(f"{recipe}-{positions}-{seed}", folder) for seed in range(seeds)]
             for positions in names}
    return {positions: [record for record in records if record] for positions, records in found.items()
            if any(records)}


def is_recorded(settings, folder):
    """Whether there is a record with exactly these settings."""
    record = read_record(settings["name"], folder)
    return record is not None and record["settings"] == settings


# ---------------------------------------------------------------- all runs

def run_all(runs, folder, processes=2):
    """Runs each of the settings in a process of its own, so many at once. Returns the names that failed."""
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"      # for the processes below
    context = multiprocessing.get_context("spawn")
    reports, waiting, running, failed = context.Queue(), list(runs), {}, []
    board = Board(runs)
    try:
        while waiting or running:
            while waiting and len(running) < processes:
                settings = waiting.pop(0)
                process = context.Process(target=work, args=(settings, folder, reports))
                process.start()
                running[settings["name"]] = process
            board.show(reports)
            for name, process in list(running.items()):
                if process.exitcode is not None:
                    del running[name]
                    failed += [name] if process.exitcode else []
                    board.finished(name, "failed" if process.exitcode else summary(read_record(name, folder)))
    finally:
        for process in running.values():
            process.terminate()
    return failed


def work(settings, folder, reports):
    """One run, in a process of its own, which reports each step."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)        # Ctrl-C is for the process that started this one
    run(settings, folder, lambda trainer: reports.put((settings["name"], trainer.step, trainer.losses[-1])))


def summary(record):
    """One line: the errors in per cent, and the time."""
    errors = ", ".join(f"{split} {100 * error:.2f}" for split, error in record["errors"].items())
    return f"{errors} % wrong; {record['seconds']:.0f} s"


class Board:
    """What is shown of all runs: a line for each that is finished, and on a terminal a bar below them."""

    def __init__(self, runs):
        self.work = {settings["name"]: work_units(settings) for settings in runs}
        self.steps = {settings["name"]: settings["steps"] for settings in runs}
        self.share, self.latest = {}, {}                # of each run: done, and its last report
        self.done, self.started, self.first = 0, time.monotonic(), None

    def show(self, reports):
        """Takes in the reports of the next half second, and draws the bar."""
        until = time.monotonic() + 0.5
        while (left := until - time.monotonic()) > 0:
            try:
                name, step, loss = reports.get(timeout=left)
            except queue.Empty:
                break
            self.share[name] = step / self.steps[name]
            self.latest[name] = f"{name} {step}/{self.steps[name]} loss {loss:.3f}"
        self.draw()

    def finished(self, name, text):
        """Writes a line on a run that ended."""
        self.share[name] = 1
        self.done += 1
        self.latest.pop(name, None)
        clear = "\r\x1b[K" if sys.stderr.isatty() else ""
        print(f"{clear}{name}: {text}", file=sys.stderr, flush=True)

    def draw(self):
        if not sys.stderr.isatty():
            return
        total = sum(self.work.values())
        share = sum(self.work[name] * part for name, part in self.share.items()) / total
        if self.first is None and share > 0:
            self.first = share                          # a resumed run begins with a share it has done before
        new = share - (self.first or 0)
        passed = time.monotonic() - self.started
        left = f", about {passed / new * (1 - share) / 60:.0f} min left" if new > 0.01 else ""
        bar = ("#" * round(20 * share)).ljust(20, ".")
        line = f"[{bar}] {self.done} of {len(self.work)} runs{left} · " + " · ".join(self.latest.values())
        print(f"\r\x1b[K{line[:os.get_terminal_size(sys.stderr.fileno()).columns - 1]}", end="",
              file=sys.stderr, flush=True)


def work_units(settings):
    """How much a run has to compute, roughly, in arbitrary units. CoPE takes about twice as long a step."""
    length = settings["data"].get("seq_len") or settings["max_len"]
    size = settings["model"]["num_layers"] * settings["model"]["dim"] * length * settings["batch"]
    return settings["steps"] * size * (2 if "cope" in settings["positions"] else 1)


def main(arguments):
    parser = argparse.ArgumentParser(prog="python -m solutions.experiments",
                                     description="Train every encoding on every task, and record it.")
    parser.add_argument("names", nargs="*", default=["*"], help="which runs, e.g. copy-cope-0 or 'copy-*'")
    parser.add_argument("--list", action="store_true", help="say what is recorded and what is not, and end")
    parser.add_argument("--again", action="store_true", help="train these anew, also where a record exists")
    parser.add_argument("--processes", type=int, default=2, help="how many runs at once (2)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder of the records")
    given = parser.parse_args(arguments)

    chosen = [name for name in all_names() if any(fnmatch(name, pattern) for pattern in given.names)]
    if not chosen:
        parser.error(f"no run is called {' '.join(given.names)}; --list shows all names")
    if given.list:
        for name in chosen:
            recorded = is_recorded(settings_of(name), given.results)
            print(f"{name}: {summary(read_record(name, given.results)) if recorded else 'not recorded'}")
        return 0
    given.results.mkdir(parents=True, exist_ok=True)
    before = {name: read_record(name, given.results) for name in chosen}
    runs = [settings for settings in map(settings_of, chosen)
            if given.again or not is_recorded(settings, given.results)]
    print(f"{len(chosen) - len(runs)} of {len(chosen)} runs are recorded; {len(runs)} to go", file=sys.stderr)
    try:
        failed = run_all(runs, given.results, given.processes)
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on from here.", file=sys.stderr)
        return 1
    for settings in runs:
        old, new = before[settings["name"]], read_record(settings["name"], given.results)
        if given.again and old and new and old["settings"] == settings:
            same = old["errors"] == new["errors"] and old["curve"] == new["curve"]
            print(f"{settings['name']}: {'the same numbers' if same else 'OTHER NUMBERS'} as recorded before")
    if failed:
        print(f"failed: {' '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    from solutions.experiments import main      # the module that the processes import, not its copy __main__
    sys.exit(main(sys.argv[1:]))

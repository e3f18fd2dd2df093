"""One run: train, measure, record. After an interruption it goes on from its checkpoint."""

import hashlib
import importlib
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from classroom import files
from experiments.machine import machine
from experiments.recipes import Settings
from experiments.records import Record, write_record
from solutions.counting import counting_batch, counting_tokenizer, error_by_position
from solutions.flip_flop_and_selective_copy import (
    flip_flop_batch,
    flip_flop_tokenizer,
    selective_copy_batch,
    selective_copy_tokenizer,
)

TEST_SEED = 1_000_000  # the test texts are the same for all runs of a task
Texts = tuple[np.ndarray, np.ndarray]  # inputs and targets, each (texts, seq)

DRAW_BATCH = {
    "counting": counting_batch,
    "flip_flop": flip_flop_batch,
    "copy": selective_copy_batch,
}


class WrongKernel(RuntimeError):
    """The run asks for a kernel, and another one is in use."""


def engine_of(settings: Settings) -> tuple[ModuleType, Callable[[str], ModuleType]]:
    """The engine of a run, and a function that loads a module of solutions/ on it."""
    engine = importlib.import_module(settings["engine"])
    if settings["engine"] == "torch":
        from twin import load_twin

        engine.set_num_threads(1)
        return engine, load_twin
    return engine, lambda name: importlib.import_module(f"solutions.{name}")


def vocabulary_size(settings: Settings) -> int:
    if settings["task"] == "counting":
        return len(counting_tokenizer(settings["data"]["num_variables"]))
    return len(
        flip_flop_tokenizer() if settings["task"] == "flip_flop" else selective_copy_tokenizer()
    )


def build(settings: Settings) -> Any:
    """The untrained model of a run. Its starting weights depend on their seed alone."""
    engine, load = engine_of(settings)
    engine.manual_seed(settings["seeds"]["weights"])
    return load("transformer").Transformer(
        vocabulary_size(settings),
        **settings["model"],
        max_len=settings["max_len"],
        positions=settings["positions"],
        **settings["options"],
    )


def new_trainer(settings: Settings) -> Any:
    """A Trainer that has not begun. The texts of each step depend on their seed alone."""
    _, load = engine_of(settings)
    draw = DRAW_BATCH[settings["task"]]
    return load("training").Trainer(
        build(settings),
        lambda rng: draw(rng, settings["batch"], **settings["data"]),
        settings["steps"],
        settings["lr"],
        settings["warmup"],
        seed=settings["seeds"]["data"],
    )


def split_texts(settings: Settings) -> dict[str, Texts]:
    """The test texts of each split."""
    draw, texts = DRAW_BATCH[settings["task"]], {}
    for number, (split, how) in enumerate(settings["splits"].items()):
        how = {**settings["data"], **how}
        texts[split] = draw(np.random.default_rng([TEST_SEED, number]), how.pop("texts"), **how)
    return texts


def train(
    settings: Settings,
    folder: Path,
    every: int | None = None,
    on_step: Callable[[Any], None] | None = None,
    say: Callable[[str], None] = print,
) -> tuple[Any, float]:
    """Trains one model, from the start or from its checkpoint.

    every     steps from one evaluation, and from one checkpoint, to the next
    on_step   called with the trainer after each step
    say       called with a sentence if the checkpoint is damaged
    returns   the trainer, and the seconds that all its steps take
    """
    _, load = engine_of(settings)
    predict, error_rate = load("training").predict, load("training").error_rate
    every = every or max(2, settings["steps"] // 20)
    checkpoint = checkpoint_path(settings, folder)
    trainer = resumed(settings, checkpoint, say)
    inputs, targets = (part[:128] for part in split_texts(settings)["in distribution"])

    def after_step(trainer: Any) -> None:
        if on_step:
            on_step(trainer)
        if trainer.step % every == every // 2:  # between two evaluations, so that none is lost
            checkpoint.parent.mkdir(parents=True, exist_ok=True)
            with files.replacing(checkpoint) as file:
                trainer.save(file)

    def evaluate(model: Any) -> float:
        return error_rate(predict(model, inputs), targets)

    steps_before, started = trainer.step, time.perf_counter()
    if trainer.fit(evaluate, every, on_step=after_step) == "interrupted":
        raise KeyboardInterrupt
    share = (trainer.steps - steps_before) / trainer.steps  # of the steps, done since then
    return trainer, (time.perf_counter() - started) / share


def resumed(settings: Settings, checkpoint: Path, say: Callable[[str], None]) -> Any:
    """A Trainer that goes on from the checkpoint if there is one. A damaged one is set aside."""
    trainer = new_trainer(settings)
    if not checkpoint.exists():
        return trainer
    try:
        return trainer.load(checkpoint)
    except (OSError, MemoryError):  # that says nothing about the file
        raise
    except Exception as error:  # whatever a damaged file provokes
        aside = checkpoint.with_suffix(".damaged")
        checkpoint.replace(aside)
        say(
            f"{settings['name']}: the checkpoint {checkpoint} is damaged ({error}). "
            f"It is now {aside.name}, which you can delete; the run starts anew."
        )
        return new_trainer(settings)


def measure(model: Any, settings: Settings) -> dict[str, Any]:
    """The share of wrong answers in each split, of how many, and by position in long texts."""
    _, load = engine_of(settings)
    predict, error_rate = load("training").predict, load("training").error_rate
    measured: dict[str, Any] = {"errors": {}, "answers": {}}
    for split, (inputs, targets) in split_texts(settings).items():
        predictions = predict(model, inputs)
        measured["errors"][split] = error_rate(predictions, targets)
        measured["answers"][split] = int((targets >= 0).sum())
        if split == "4x the length":
            errors = error_by_position(predictions, targets, width=32).tolist()
            measured["by_position"] = {"split": split, "width": 32, "errors": errors}
    return measured


def run(
    settings: Settings,
    folder: Path,
    on_step: Callable[[Any], None] | None = None,
    say: Callable[[str], None] = print,
) -> Record:
    """Trains, measures and records one run.

    raises   WrongKernel if the settings ask for another BLAS kernel than the one in use
    """
    engine, _ = engine_of(settings)
    where = machine(settings["engine"])
    if settings["kernel"] and settings["kernel"] != where["kernel"].lower():
        raise WrongKernel(
            f"asked for the kernel {settings['kernel']}, but {where['kernel']} is in use"
        )
    trainer, seconds = train(settings, folder, on_step=on_step, say=say)
    steps, errors = zip(*trainer.evaluations)
    losses = [float(np.mean(part)) for part in np.split(np.array(trainer.losses), steps[:-1])]
    record = {
        "settings": settings,
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "engine": " ".join([settings["engine"], getattr(engine, "__version__", "")]).strip(),
        },
        "machine": where,
        "seconds": round(seconds, 3),
        "parameters": sum(parameter.numel() for parameter in trainer.model.parameters()),
        "curve": {"step": list(steps), "loss": losses, "error": list(errors)},
        **measure(trainer.model, settings),
    }
    write_record(record, folder)
    checkpoint_path(settings, folder).unlink(missing_ok=True)
    return record


def checkpoint_path(settings: Settings, folder: Path) -> Path:
    """Where an unfinished run waits. Its name holds a digest: other settings, other file."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    return Path(folder) / ".unfinished" / f"{settings['recipe']}-{digest}.npz"

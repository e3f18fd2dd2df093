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
from experiments.records import Record, record_path, write_record
from experiments.weights import as_array, put_into, save_weights
from solutions.counting import (
    counting_batch,
    counting_tokenizer,
    error_by_position,
    paper_batch,
    paper_tokenizer,
)
from solutions.flip_flop_and_selective_copy import (
    flip_flop_batch,
    flip_flop_tokenizer,
    selective_copy_batch,
    selective_copy_tokenizer,
)

TEST_SEED = 1_000_000  # the test texts are the same for all runs of a task
FIXED_TEXTS = 2_000_000  # drawn by a generator that no step has
Texts = tuple[np.ndarray, np.ndarray]  # inputs and targets, each (texts, seq)

DRAW_BATCH = {
    "counting": counting_batch,
    "flip_flop": flip_flop_batch,
    "copy": selective_copy_batch,
    "paper_counting": paper_batch,
}
ENGINES = {"minitorch": "minitorch", "pytorch": "torch"}  # and the modules that they are


class WrongKernel(RuntimeError):
    """The run asks for a kernel, and another one is in use."""


def engine_of(settings: Settings) -> tuple[ModuleType, Callable[[str], ModuleType]]:
    """The engine of a run, and a function that loads a module of solutions/ on it."""
    engine = importlib.import_module(ENGINES[settings["engine"]])
    if settings["engine"] == "pytorch":
        from twin import load_twin

        engine.set_num_threads(1)
        return engine, load_twin
    return engine, lambda name: importlib.import_module(f"solutions.{name}")


def vocabulary_size(settings: Settings) -> int:
    if settings["task"] in ("counting", "paper_counting"):
        of_task = counting_tokenizer if settings["task"] == "counting" else paper_tokenizer
        return len(of_task(settings["data"]["num_variables"]))
    return len(
        flip_flop_tokenizer() if settings["task"] == "flip_flop" else selective_copy_tokenizer()
    )


def build(settings: Settings) -> Any:
    """The untrained model of a run. Its starting weights depend on their seed alone.

    On PyTorch the model starts from minitorch's weights, so that both engines train the same one.
    """
    engine, load = engine_of(settings)
    engine.manual_seed(settings["seeds"]["weights"])
    model = (
        load("transformer")
        .Transformer(
            vocabulary_size(settings),
            **settings["model"],
            max_len=settings["max_len"],
            positions=settings["positions"],
            **settings["options"],
        )
        .to(getattr(engine, settings.get("dtype", "float32")))
    )
    if settings["engine"] == "minitorch":
        return model
    start = build({**settings, "engine": "minitorch"}).state_dict()
    put_into(model, {name: as_array(tensor) for name, tensor in start.items()})
    return model.to(settings["device"])


def new_trainer(settings: Settings) -> Any:
    """A Trainer that has not begun. The texts of each step depend on their seed alone."""
    more = {"seed": settings["seeds"]["data"], "micro_batch": settings.get("micro_batch")}
    if settings["engine"] == "pytorch":
        from experiments.on_pytorch import Trainer

        more["compiled"] = settings.get("compile", False)
    else:
        from solutions.training import Trainer
    return Trainer(
        build(settings),
        drawing(settings),
        settings["steps"],
        settings["lr"],
        settings["warmup"],
        **more,
    )


def drawing(settings: Settings) -> Callable[[np.random.Generator], Texts]:
    """The function that draws the batch of a step: new texts, or some of those that are fixed."""
    draw, batch = DRAW_BATCH[settings["task"]], settings["batch"]
    if "fixed_texts" not in settings:
        return lambda rng: draw(rng, batch, **settings["data"])
    count = settings["fixed_texts"]
    texts = np.random.default_rng([settings["seeds"]["data"], FIXED_TEXTS])
    inputs, targets = draw(texts, count, **settings["data"])

    def draw_some(rng: np.random.Generator) -> Texts:
        chosen = rng.choice(count, batch, replace=False)
        return inputs[chosen], targets[chosen]

    return draw_some


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
    checkpoint, first = checkpoint_path(settings, folder), is_first(settings)
    trainer = resumed(settings, checkpoint, say)
    if settings["engine"] == "pytorch":
        trainer.join()
    inputs, targets = (part[:128] for part in split_texts(settings)["in distribution"])

    def after_step(trainer: Any) -> None:
        if on_step:
            on_step(trainer)
        if (
            first and trainer.step % every == every // 2
        ):  # between two evaluations, so that none is lost
            checkpoint.parent.mkdir(parents=True, exist_ok=True)
            with files.replacing(checkpoint) as file:
                trainer.save(file)

    def evaluate(model: Any) -> float:
        return error_rate(predict(model, inputs), targets)

    steps_before, started = trainer.step, time.perf_counter()
    if trainer.fit(evaluate if first else None, every, on_step=after_step) == "interrupted":
        raise KeyboardInterrupt
    share = (trainer.steps - steps_before) / trainer.steps  # of the steps, done since then
    return trainer, (time.perf_counter() - started) / share


def is_first(settings: Settings) -> bool:
    """Whether this process writes: the only one, or of several that train together the first."""
    if settings["engine"] == "minitorch":
        return True
    from experiments import on_pytorch

    return on_pytorch.rank() == 0


def resumed(settings: Settings, checkpoint: Path, say: Callable[[str], None]) -> Any:
    """A Trainer that goes on from the checkpoint if there is one. A damaged one is set aside."""
    trainer = new_trainer(settings)
    if not (checkpoint.exists() and is_first(settings)):
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
    weights: str | None = None,
) -> Record | None:
    """Trains, measures and records one run. None if that is up to another process.

    weights   ".npz" or ".safetensors", to keep the trained weights beside the record
    raises   WrongKernel if the settings ask for another BLAS kernel than the one in use
    """
    engine, _ = engine_of(settings)
    where = machine(settings["engine"]) | where_on_pytorch(settings)
    if settings["kernel"] and settings["kernel"] != where["kernel"].lower():
        raise WrongKernel(
            f"asked for the kernel {settings['kernel']}, but {where['kernel']} is in use"
        )
    trainer, seconds = train(settings, folder, on_step=on_step, say=say)
    if not is_first(settings):
        return None
    steps, errors = zip(*trainer.evaluations)
    losses = [float(np.mean(part)) for part in np.split(np.array(trainer.losses), steps[:-1])]
    record = {
        "settings": settings,
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "engine": " ".join([engine.__name__, getattr(engine, "__version__", "")]).strip(),
        },
        "machine": where,
        "seconds": round(seconds, 3),
        "parameters": sum(parameter.numel() for parameter in trainer.model.parameters()),
        "curve": {"step": list(steps), "loss": losses, "error": list(errors)},
        **measure(trainer.model, settings),
    }
    write_record(record, folder)
    if weights:
        save_weights(trainer.model, record_path(settings["name"], folder).with_suffix(weights))
    checkpoint_path(settings, folder).unlink(missing_ok=True)
    return record


def where_on_pytorch(settings: Settings) -> dict[str, Any]:
    """What a record says besides: the device and the number of processes, if it is PyTorch's."""
    if settings["engine"] == "minitorch":
        return {}
    from experiments import on_pytorch

    return on_pytorch.where(settings["device"])


def checkpoint_path(settings: Settings, folder: Path) -> Path:
    """Where an unfinished run waits. Its name holds a digest: other settings, other file."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    return Path(folder) / ".unfinished" / f"{settings['recipe']}-{digest}.npz"

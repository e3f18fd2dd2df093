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
from experiments.records import RESULTS, Record, record_path, write_record
from experiments.weights import (
    as_array,
    keep_weights,
    load_kept_weights,
    put_into,
    save_weights,
)
from solutions.counting import (
    counting_batch,
    counting_tokenizer,
    error_by_position,
    paper_batch,
    paper_tokenizer,
)
from solutions.counting_controls import (
    control_batch,
    up_and_down_batch,
    up_and_down_tokenizer,
)
from solutions.encodings import encodings
from solutions.flip_flop_and_selective_copy import (
    flip_flop_batch,
    flip_flop_tokenizer,
    selective_copy_batch,
    selective_copy_tokenizer,
)
from solutions.language import (
    corpus_batch,
    corpus_ids,
    paragraph_batch,
    paragraph_tokenizer,
    text_tokenizer,
)
from solutions.language_and_code import (
    DEFINITION,
    SECTION,
    head_scores,
    line_starts,
    log_p_of,
    paragraph_starts,
    sliding_window,
    starts_of,
)
from solutions.probing import character_tokenizer, masked_character_batch, next_character_batch
from solutions.training import UNSCORED

VALIDATION_SEED = 3_000_000
TEST_SEED = 1_000_000  # the test texts are the same for all runs of a task
FIXED_TEXTS = 2_000_000  # drawn by a generator that no step has
Texts = tuple[np.ndarray, np.ndarray]  # inputs and targets, each (texts, seq)

VALIDATION_TEXTS = 512
OWN = "own"  # a model's own answers are put into its texts


def any_counting_batch(rng: np.random.Generator, batch: int, **how: Any) -> Texts:
    """Counting texts with the true answers in them, or others."""
    if how.get("answers") == OWN:
        how.pop("answers")  # the true ones at first
    return (control_batch if "answers" in how else counting_batch)(rng, batch, **how)


def any_corpus_batch(
    rng: np.random.Generator, batch: int, corpus: str, seq_len: int, part: str = "training"
) -> Texts:
    """Random windows of the training documents. Of others, windows that score every character."""
    if part == "training":
        return corpus_batch(rng, batch, seq_len, corpus)
    inputs, targets = sliding_window(corpus_ids(corpus, part), seq_len, seq_len // 2)
    return inputs[:batch], targets[:batch]


DRAW_BATCH = {
    "counting": any_counting_batch,
    "up_and_down": up_and_down_batch,
    "flip_flop": flip_flop_batch,
    "copy": selective_copy_batch,
    "paper_counting": paper_batch,
    "text": any_corpus_batch,
    "paragraphs": paragraph_batch,
    "next_character": next_character_batch,
    "masked_character": masked_character_batch,
}
TOKENIZER = {
    "counting": counting_tokenizer,
    "up_and_down": up_and_down_tokenizer,
    "flip_flop": flip_flop_tokenizer,
    "copy": selective_copy_tokenizer,
    "paper_counting": paper_tokenizer,
    "text": text_tokenizer,
    "paragraphs": paragraph_tokenizer,
    "next_character": character_tokenizer,
    "masked_character": character_tokenizer,
}
# Encodings that only experiments have, and where their classes are.
CLASSES = {
    "forget_gate": ("forget_gate", "ForgetGate"),
    "random_offset": ("random_positions", "RandomOffset"),
    "random_rows": ("random_positions", "RandomRows"),
    "random_angles": ("random_positions", "RandomAngles"),
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


def is_encoding(positions: str) -> bool:
    """Whether there is an encoding of this name, or all parts of this sum."""
    return all(part in (*encodings(), *CLASSES) for part in positions.split("+"))


def encoding_of(settings: Settings, load: Callable[[str], ModuleType]) -> Any:
    """What Transformer(positions=...) takes: a name, or a class."""
    module, name = CLASSES.get(settings["positions"], (None, None))
    return getattr(load(module), name) if module else settings["positions"]


def vocabulary_size(settings: Settings) -> int:
    """Tasks with variables have a token for each."""
    data = settings["data"]
    variables = [data["num_variables"]] if "num_variables" in data else []
    return len(TOKENIZER[settings["task"]](*variables))


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
            positions=encoding_of(settings, load),
            **settings["options"],
        )
        .to(getattr(engine, settings.get("dtype", "float32")))
    )
    if settings["engine"] == "minitorch":
        return model
    start = build({**settings, "engine": "minitorch"}).state_dict()
    put_into(model, {name: as_array(tensor) for name, tensor in start.items()})
    return model.to(settings["device"])


def kept_model(record: Record, folder: Path = RESULTS) -> Any:
    """The trained model of a run whose weights were kept, in float32.

    raises   DamagedWeights
    """
    path = record_path(record["settings"]["name"], folder).with_suffix(".npz")
    return load_kept_weights(build(record["settings"]), path, record["weights"])


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


def validation_texts(settings: Settings) -> Texts:
    """Texts like those of the training, to choose a setting by. No test has them."""
    draw, how = DRAW_BATCH[settings["task"]], settings["data"]
    if settings["task"] == "text":  # there are only so many documents: these are for validation
        how = {**how, "part": "validation"}
    return draw(np.random.default_rng(VALIDATION_SEED), VALIDATION_TEXTS, **how)


def train(
    settings: Settings,
    folder: Path,
    every: int | None = None,
    on_step: Callable[[Any], None] | None = None,
    say: Callable[[str], None] = print,
) -> tuple[Any, float, float]:
    """Trains one model, from the start or from its checkpoint.

    every     steps from one evaluation, and from one checkpoint, to the next
    on_step   called with the trainer after each step
    say       called with a sentence if the checkpoint is damaged
    returns   the trainer, the seconds that all its steps take, and those that the CPU works on them
    """
    _, load = engine_of(settings)
    predict, error_rate = load("training").predict, load("training").error_rate
    every = every or max(2, settings["steps"] // 20)
    checkpoint, first = checkpoint_path(settings, folder), is_first(settings)
    trainer = resumed(settings, checkpoint, say)
    if settings["engine"] == "pytorch":
        trainer.join()
    inputs, targets = (part[:128] for part in validation_texts(settings))

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

    steps_before, started, worked = trainer.step, time.perf_counter(), time.process_time()
    if trainer.fit(evaluate if first else None, every, on_step=after_step) == "interrupted":
        raise KeyboardInterrupt
    share = (trainer.steps - steps_before) / trainer.steps  # of the steps, done since then
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - worked
    return trainer, seconds / share, cpu_seconds / share


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
    """What a trained model gets wrong.

    returns   validation: the share of wrong answers, and the loss in nats per answer
              errors, text_errors: in each split, the share of wrong answers, and of texts with one
              answers: how many there are
              by_position: the errors in the longest texts, by position
    Where the next character is predicted, also
              losses: in each split, nats per character
              heads: boundary_score by position alone, see `attention_by_position`
    """
    _, load = engine_of(settings)
    predict, error_rate = load("training").predict, load("training").error_rate
    measured: dict[str, Any] = {"validation": validation(model, settings)}
    measured |= {"errors": {}, "text_errors": {}, "answers": {}}
    for split, (inputs, targets) in split_texts(settings).items():
        if settings["splits"][split].get("answers") == OWN:
            predictions = with_own_answers(predict, model, inputs, targets)
        else:
            predictions = predict(model, inputs)
        scored = targets != UNSCORED
        asked = scored.any(axis=1)  # (texts,)
        wrong = (scored & (predictions != targets)).any(axis=1)
        measured["errors"][split] = error_rate(predictions, targets)
        measured["text_errors"][split] = float(wrong[asked].mean())
        measured["answers"][split] = int(scored.sum())
        if split == "4x the length":
            errors = error_by_position(predictions, targets, width=32).tolist()
            measured["by_position"] = {"split": split, "width": 32, "errors": errors}
        if is_language(settings):
            log_p = log_p_of(model, inputs, targets)
            measured.setdefault("losses", {})[split] = -float(np.nanmean(log_p))
            if split == "4x the length":
                measured["heads"] = attention_by_position(model, settings, inputs)
    return measured


def is_language(settings: Settings) -> bool:
    """Whether every next character is predicted, so that the loss is what matters."""
    return settings["task"] in ("text", "paragraphs")


PARTS = {"english": ("section", SECTION), "code": ("definition", DEFINITION)}


def attention_by_position(model: Any, settings: Settings, inputs: np.ndarray) -> dict[str, Any]:
    """How much each head keeps within a line, a paragraph and a section, or in code a definition,
    by position alone, and by chance.

    returns   {"line": {"score": by layer and head, "chance": ..., "spread": ...}, ...}
    """
    inputs = inputs[:: max(1, len(inputs) // 12)][:12]
    starts = {"line": line_starts(inputs)}
    if settings["task"] == "text":
        starts["paragraph"] = paragraph_starts(inputs)
        name, pattern = PARTS[settings["data"]["corpus"]]
        starts[name] = starts_of(pattern, inputs, text_tokenizer())
    found = {}
    for kind, where in starts.items():
        scores = head_scores(np.random.default_rng(TEST_SEED), model, inputs, where)
        found[kind] = {
            name: values.astype(float).round(4).tolist()
            for name, values in zip(("score", "chance", "spread"), scores)
        }
    return found


def validation(model: Any, settings: Settings) -> dict[str, float]:
    """The error and the loss on the validation texts."""
    engine, load = engine_of(settings)
    training = load("training")
    inputs, targets = validation_texts(settings)
    model.eval()
    with engine.no_grad():
        losses = [
            training.summed_loss(model, inputs[start : start + 32], targets[start : start + 32])
            for start in range(0, len(inputs), 32)
        ]
    return {
        "error": training.error_rate(training.predict(model, inputs), targets),
        "loss": sum(loss.item() for loss in losses) / int((targets != UNSCORED).sum()),
    }


def with_own_answers(
    predict: Callable[[Any, np.ndarray], np.ndarray],
    model: Any,
    inputs: np.ndarray,
    targets: np.ndarray,
) -> np.ndarray:
    """The likeliest next tokens, where a text has the model's own answers in it.

    They are put in until they no longer change. An answer depends on earlier ones only, so after
    as many rounds as a text has answers they are those that it would give, one after the other.
    """
    rows, columns = np.nonzero(targets[:, :-1] != UNSCORED)
    while True:
        predictions, before = predict(model, inputs), inputs
        inputs = inputs.copy()
        inputs[rows, columns + 1] = predictions[rows, columns]
        if (inputs == before).all():
            return predictions


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
    trainer, seconds, cpu_seconds = train(settings, folder, on_step=on_step, say=say)
    if not is_first(settings):
        return None
    steps, errors = zip(*trainer.evaluations)
    losses = [
        round(float(np.mean(part)), 6) for part in np.split(np.array(trainer.losses), steps[:-1])
    ]
    record = {
        "settings": settings,
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "engine": " ".join([engine.__name__, getattr(engine, "__version__", "")]).strip(),
        },
        "machine": where,
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu_seconds, 3),  # the same on a busy machine
        "parameters": sum(parameter.numel() for parameter in trainer.model.parameters()),
        "curve": {"step": list(steps), "loss": losses, "error": list(errors)},
        **measure(trainer.model, settings),
    }
    path = record_path(settings["name"], folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    if settings.get("keep_weights"):
        record["weights"] = keep_weights(trainer.model, path.with_suffix(".npz"))
    elif weights:
        save_weights(trainer.model, path.with_suffix(weights))
    write_record(record, folder)
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

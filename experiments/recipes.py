"""What is trained: one recipe per task, the encodings, the variants and the seeds."""

import ast
import re
from dataclasses import dataclass, field
from typing import Any

Settings = dict[str, Any]

# What belongs to a run as a whole, and only some recipes or runs have:
# fixed_texts   train on so many texts, drawn once; otherwise every step has new ones
# micro_batch   compute so many sequences at once, for less memory; the result is the same
# device        on PyTorch: "cpu", "cuda" or "mps"
# compile       on PyTorch: True for torch.compile
# dtype         of the weights; "float32" if nothing is said
# keep_weights  True: in half precision, beside the record, for a lesson to read
OPTIONAL = ("fixed_texts", "micro_batch", "device", "compile", "dtype", "keep_weights")

SMALL = {"num_layers": 2, "num_heads": 2, "dim": 32, "init_std": 0.1}
LARGE = {"num_layers": 2, "num_heads": 4, "dim": 64, "init_std": 0.1}
DEEP = {"num_layers": 3, "num_heads": 4, "dim": 64, "init_std": 0.1}


def at_length(times: float, texts: int = 512, seq_len: int = 96) -> Settings:
    """Texts of so many times the trained length, with about as many characters in all."""
    return {"texts": round(texts / times), "seq_len": round(times * seq_len)}


LENGTHS = {  # a split's name, and how many times the trained length its texts are
    "half the length": 0.5,
    "1.5x the length": 1.5,
    "twice the length": 2,
    "2.5x the length": 2.5,
    "3x the length": 3,
    "3.5x the length": 3.5,
    "4x the length": 4,
}
PASS_WEIGHTS = (10, 25, 100, 200)
COUNTING_SPLITS = {  # how many texts, and what differs from those of the training
    "in distribution": {"texts": 512},
    **{split: at_length(times) for split, times in LENGTHS.items()},
    **{f"pass weight {weight}": {"texts": 512, "pass_weight": weight} for weight in PASS_WEIGHTS},
    # Earlier answers are in the text: few of them, the model's own, or wrong ones.
    "few answers": {"texts": 2048, "query_weight": 0.3},
    "own answers": {"texts": 256, "answers": "own"},
    "random answers": {"texts": 256, "answers": "random"},
}
COUNTING = {
    "task": "counting",
    "data": {"num_variables": 1, "seq_len": 96},
    "model": SMALL,
    "max_len": 384,
    "batch": 32,
    "steps": 600,
    "lr": 4e-3,
    # What an encoding has for itself is as long as a training text, and chosen by no test.
    "options": {
        "sinusoidal": {"embedding_std": 32**-0.5},  # then embeddings are of the size of the waves
        "shaw": {"clip": 95},
        "cope": {"npos_max": 97},
    },
    "splits": COUNTING_SPLITS,
}
SEVERAL_VARIABLES = {
    **COUNTING,
    "model": DEEP,
    "steps": 1200,
    "lr": 2e-3,
    "splits": {
        split: how
        for split, how in COUNTING_SPLITS.items()
        if split in ("in distribution", "twice the length", "4x the length")
        or split.startswith("pass weight")
    },
}
UP_AND_DOWN_SPLITS = {
    "in distribution": {"texts": 512},
    "twice the length": at_length(2),
    "4x the length": at_length(4),
}

LANGUAGE = {
    "task": "text",
    "model": LARGE,
    "max_len": 512,
    "batch": 16,
    "steps": 600,
    "lr": 5e-3,
    "options": {
        "sinusoidal": {"embedding_std": 64**-0.5},
        "shaw": {"clip": 127},
        "cope": {"npos_max": 129},
        "cope+rope": {"npos_max": 129},
    },
}


def windows(at_length: int, twice: int, four_times: int) -> dict[str, Settings]:
    """So many windows of each length score every character of the test documents once."""
    return {
        "in distribution": {"part": "test", "texts": at_length},
        "twice the length": {"part": "test", "texts": twice, "seq_len": 256},
        "4x the length": {"part": "test", "texts": four_times, "seq_len": 512},
    }


RECIPES = {
    "english": {
        **LANGUAGE,
        "data": {"corpus": "english", "seq_len": 128},
        "splits": windows(297, 148, 74),
    },
    "code": {
        **LANGUAGE,
        "data": {"corpus": "code", "seq_len": 128},
        "splits": windows(269, 134, 67),
    },
    "paragraphs": {
        "task": "paragraphs",
        "data": {"seq_len": 128},
        "model": SMALL,
        "max_len": 512,
        "batch": 16,
        "steps": 300,
        "lr": 1e-2,
        "options": {
            "sinusoidal": {"embedding_std": 32**-0.5},
            "shaw": {"clip": 127},
            "cope": {"npos_max": 129},
        },
        "splits": {
            "in distribution": {"texts": 256},
            "twice the length": {"texts": 128, "seq_len": 256},
            "longer paragraphs": {"texts": 128, "seq_len": 256, "shortest": 60, "longest": 150},
            "4x the length": {"texts": 64, "seq_len": 512},
        },
    },
    "counting_1": COUNTING,
    "counting_3": {
        **SEVERAL_VARIABLES,
        "data": {"num_variables": 3, "seq_len": 96, "query_weight": 10},
    },
    "counting_5": {
        **SEVERAL_VARIABLES,
        "data": {"num_variables": 5, "seq_len": 96, "query_weight": 10},
    },
    "counting_down": {
        **COUNTING,
        "task": "up_and_down",
        "data": {"seq_len": 96},
        "splits": UP_AND_DOWN_SPLITS,
    },
    "brackets": {
        **COUNTING,
        "task": "up_and_down",
        "data": {"seq_len": 96, "set_weight": 0, "pass_weight": 0},
        "splits": UP_AND_DOWN_SPLITS,
    },
    "flip_flop": {
        "task": "flip_flop",
        "data": {"pairs": 64, "ignore": 0.8},
        "model": LARGE,
        "max_len": 127,
        "batch": 16,
        "steps": 1000,
        "lr": 3e-3,
        "options": {
            "sinusoidal": {"embedding_std": 64**-0.5},
            "shaw": {"clip": 126},
            "cope": {"npos_max": 128},
        },
        "splits": {
            "in distribution": {"texts": 512},
            "sparse": {"texts": 2048, "ignore": 0.98},
            "dense": {"texts": 512, "ignore": 0.1},
        },
    },
    "copy": {
        "task": "copy",
        "data": {"num_symbols": 12, "blanks": 12},
        "model": SMALL,
        "max_len": 48,
        "batch": 32,
        "steps": 500,
        "lr": 4e-3,
        "options": {
            "sinusoidal": {"embedding_std": 32**-0.5},
            "shaw": {"clip": 35},
            "cope": {"npos_max": 37},
        },
        "splits": {
            "in distribution": {"texts": 512},
            "dense": {"texts": 512, "blanks": 6},
            "sparse": {"texts": 512, "blanks": 24},
        },
    },
}

# What lesson 13 looks into. In counting the models differ in their encoding and in nothing else, in
# the course's text in whether they are decoders or encoders. Between these and counting or copying
# the steps, the rate and the starting weights differ, too. Their weights are kept. An encoder's
# texts ask for 30 % of the characters, not for BERT's 15 %: then it has twice as many guesses to
# learn from.
GALLERY = {
    **COUNTING,
    "max_len": 96,
    "splits": {"in distribution": {"texts": 512}},
    "keep_weights": True,
}
CHARACTERS = {
    **GALLERY,
    "data": {"seq_len": 64},
    "max_len": 64,
    "model": {**SMALL, "init_std": 0.18},  # 1 / sqrt(dim)
    "steps": 1500,
    "lr": 6e-3,
    "options": {},
    "splits": {"held out": {"texts": 256, "held_out": True}},
}
RECIPES |= {
    "gallery_counting": GALLERY,
    "gallery_copy": {
        **GALLERY,
        "task": "copy",
        "data": {"num_symbols": 22, "blanks": 20},
        "max_len": 64,
        "steps": 1500,
    },
    "gallery_decoder": {**CHARACTERS, "task": "next_character"},
    **{
        f"gallery_{corpus}": {
            **RECIPES[corpus],
            "options": {"cope": {"npos_max": 129, "gates": "sep_keys"}},
            "keep_weights": True,
        }
        for corpus in ("english", "code")
    },
    "gallery_encoder": {
        **CHARACTERS,
        "task": "masked_character",
        "model": {**CHARACTERS["model"], "causal": False},
    },
}

PAPER_SIZE = {"num_layers": 4, "num_heads": 4, "dim": 256}
PAPER_COUNTING = {
    "task": "paper_counting",
    "data": {"num_variables": 1},
    "model": PAPER_SIZE,
    "max_len": 512,
    "fixed_texts": 10_000,
    "batch": 64,
    "micro_batch": 8,
    "steps": 15_700,  # 100 times all texts
    "lr": 7e-5,
    "options": {},
    "splits": {"in distribution": {"texts": 1000}},
}

# The CoPE paper's own tasks (arXiv 2405.18719, section 5), sizes, texts and numbers of steps. For
# counting, the size of the model, the batch and the rate are those of its released code; for
# selective copy the paper gives no batch and no rate, so these are ours. The rest is as in the
# other recipes: pre-norm blocks, AdamW, warm-up and cosine, clipping, no dropout.
PAPER_RECIPES = {
    "paper_counting_1": {
        **PAPER_COUNTING,
        "splits": {
            "in distribution": {"texts": 1000},
            "pass weight 100": {"texts": 1000, "pass_weight": 100},
            "pass weight 10": {"texts": 1000, "pass_weight": 10},
        },
    },
    "paper_counting_3": {**PAPER_COUNTING, "data": {"num_variables": 3}},
    "paper_counting_5": {**PAPER_COUNTING, "data": {"num_variables": 5}},
    "paper_flip_flop": {
        "task": "flip_flop",
        "data": {"pairs": 256, "ignore": 0.8},
        "model": PAPER_SIZE,
        "max_len": 511,
        "batch": 16,
        "micro_batch": 8,
        "steps": 10_000,
        "lr": 3e-4,
        "options": {},
        "splits": {
            "in distribution": {"texts": 1000},
            "sparse": {"texts": 1000, "ignore": 0.98},
        },
    },
    "paper_copy": {
        "task": "copy",
        "data": {"num_symbols": 256, "blanks": 256},
        "model": {"num_layers": 2, "num_heads": 2, "dim": 64},
        "max_len": 1024,
        "batch": 32,
        "micro_batch": 8,
        "steps": 100_000,
        "lr": 1e-3,
        "options": {},
        "splits": {
            "in distribution": {"texts": 500},
            "dense": {"texts": 500, "blanks": 128},
            "sparse": {"texts": 500, "blanks": 512},
        },
    },
}


# The seeds of the runs that choose a setting; no table has them.
SELECTION_SEEDS = (100, 101)


@dataclass(frozen=True)
class Run:
    """One training: a recipe, an encoding, two seeds, and what differs from the recipe.

    changes   new values, by name: of settings ("lr", "steps", "engine", "kernel", ...), of the
              model's ("init_std", "dim", ...), of the data's ("pass_weight", ...), or options
              of the encoding ("npos_max", ...)
    seeds     of the starting weights, and of the texts

    >>> Run("copy", "cope", (0, 0), {"npos_max": 64, "lr": 0.001}).name
    'copy/cope-lr=0.001,npos_max=64-0'
    """

    recipe: str
    positions: str
    seeds: tuple[int, int] = (0, 0)
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """<recipe>/<encoding>-<variant>-<seed>: different for all runs that differ in anything."""
        variant = variant_name(self.changes)
        return f"{self.recipe}/{self.positions}-{variant}-{seed_name(*self.seeds)}"

    def settings(self) -> Settings:
        """All that decides the numbers of this run: a dict that JSON can hold.

        raises   ValueError for a change that changes nothing
        """
        recipe = (RECIPES | PAPER_RECIPES)[self.recipe]
        settings = {
            "name": self.name,
            "recipe": self.recipe,
            **{
                key: recipe[key]
                for key in ("task", "data", "model", "max_len", "batch", "steps", "lr")
            },
            "warmup": 100,
            "positions": self.positions,
            "options": recipe["options"].get(self.positions, {}),
            "engine": "minitorch",
            "kernel": None,  # whichever the BLAS library chooses for the CPU
            "seeds": {"weights": self.seeds[0], "data": self.seeds[1]},
            # A run that only helps to choose a setting never sees the tests.
            "splits": {} if self.seeds[0] in SELECTION_SEEDS else recipe["splits"],
            **{key: recipe[key] for key in OPTIONAL if key in recipe},
        }
        for key, value in self.changes.items():
            settings = changed(settings, key, value)
        if settings["engine"] == "pytorch" and "device" not in settings:
            raise ValueError(f"{self.name}: a run on PyTorch says its device, 'cpu' for instance")
        return settings


def run_called(name: str) -> Run | None:
    """The run of this name, in the plan or not; None if there can be none.

    >>> run_called("copy/cope-lr=0.001,npos_max=64-0").changes
    {'lr': 0.001, 'npos_max': 64}
    """
    parts = re.fullmatch(r"(\w+)/([\w+]+)-(.+)-(?:(\d+)|w(\d+)d(\d+))", name)
    if not parts or parts[1] not in RECIPES | PAPER_RECIPES:
        return None
    recipe, positions, variant, both, weights, data = parts.groups()
    seeds = int(both or weights), int(both or data)
    pairs = [] if variant == "plain" else [part.split("=") for part in variant.split(",")]
    if any(len(pair) != 2 for pair in pairs):
        return None
    run = Run(recipe, positions, seeds, {key: value_of(text) for key, text in pairs})
    return run if run.name == name else None


def value_of(text: str) -> Any:
    """An int, a float, a truth value, or the text itself."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def changed(settings: Settings, key: str, value: Any) -> Settings:
    """`settings` with one more value changed, wherever it belongs."""
    if key in ("max_len", "batch", "steps", "lr", "warmup", "engine", "kernel", *OPTIONAL):
        old, new = settings.get(key), {key: value}
    else:
        if key in ("num_layers", "num_heads", "dim", "init_std", "tied"):
            group = "model"
        elif key in settings["data"] or key.endswith("_weight") or key == "answers":
            group = "data"
        else:
            group = "options"
        old, new = settings[group].get(key), {group: {**settings[group], key: value}}
    if old == value:
        raise ValueError(f"{settings['name']}: {key} is {value!r} in the recipe already")
    return {**settings, **new}


def variant_name(changes: dict[str, Any]) -> str:
    """A short name for all that differs from the recipe: `lr=0.001,npos_max=64`, or `plain`.

    raises   ValueError for a name or a value that would make two variants look alike
    """
    for key, value in changes.items():
        if not str(value) or set(str(value)) & set(',=/\\*?:<>|" ') or value is None:
            raise ValueError(f"{key}: the value {value!r} cannot be part of a file's name")
    return ",".join(f"{key}={changes[key]}" for key in sorted(changes)) or "plain"


def seed_name(weights: int, data: int) -> str:
    """One number if both seeds are equal.

    >>> seed_name(2, 2), seed_name(2, 3)
    ('2', 'w2d3')
    """
    return f"{weights}" if weights == data else f"w{weights}d{data}"

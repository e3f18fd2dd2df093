"""What is trained, in which order, and which records belong to which table.

For each encoding a setting is chosen from a small grid, by validation texts, with seeds that no
table has. The tables' runs use that setting, so they are known only when it is chosen.
PROTOCOL.md says what all this is for.

    records = read_table("counting_1")
    records["cope"][0]["errors"]["4x the length"]
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from experiments.recipes import (
    PAPER_RECIPES,
    RECIPES,
    SELECTION_SEEDS,
    Run,
    changed,
)
from experiments.records import RESULTS, Record, read_record
from solutions.encodings import encodings
from solutions.evidence import choose_setting

ALL = tuple(encodings())
FEW = ("learned", "transformer_xl", "rope", "cope")

RATES_AND_STARTS = {"lr": (2e-3, 4e-3, 8e-3), "init_std": (0.02, 0.1)}
GRIDS: dict[str, dict[str, tuple]] = {
    "counting_1": RATES_AND_STARTS,
    "copy": RATES_AND_STARTS,
    "flip_flop": {"init_std": (0.02, 0.1)},
    "english": {"lr": (5e-3, 1e-2)},
    "counting_3": {"lr": (2e-3, 4e-3, 8e-3)},
}


# A run of these is long: one seed chooses.
GRID_SEEDS = dict.fromkeys(("flip_flop", "english", "counting_3"), SELECTION_SEEDS[:1])


@dataclass(frozen=True)
class Selection:
    """The runs that choose a setting for each encoding: the recipe's grid, each with its seeds."""

    recipe: str
    positions: tuple[str, ...] = ALL

    def runs(self, folder: Path) -> Iterator[Run]:
        for setting in grid_settings(self.recipe):
            for seed in GRID_SEEDS.get(self.recipe, SELECTION_SEEDS):
                for positions in self.positions:
                    yield Run(self.recipe, positions, (seed, seed), setting)


@dataclass(frozen=True)
class Table:
    """Runs that belong together in one table or figure.

    seeds      how many, from 0 on
    changes    what differs from the recipe, besides the chosen setting
    each       what differs for one encoding: {"rope": {"steps": 900}}
    chosen_on  the recipe whose grid chose the settings; None for no choice at all
    like       {encoding: the encoding whose setting it takes}, where it has none of its own
    """

    name: str
    recipe: str
    positions: tuple[str, ...] = ALL
    seeds: int = 3
    changes: dict[str, Any] = field(default_factory=dict)
    each: dict[str, dict[str, Any]] = field(default_factory=dict)
    chosen_on: str | None = "counting_1"
    like: dict[str, str] = field(default_factory=dict)

    def runs(self, folder: Path) -> Iterator[Run]:
        """Those whose setting is chosen already, seed by seed."""
        settings = {positions: self.setting(positions, folder) for positions in self.positions}
        for seed in range(self.seeds):
            for positions, setting in settings.items():
                if setting is not None:
                    changes = setting | self.changes | self.each.get(positions, {})
                    yield Run(self.recipe, positions, (seed, seed), changes)

    def setting(self, positions: str, folder: Path) -> dict[str, Any] | None:
        if self.chosen_on is None:
            return {}
        chosen = chosen_setting(self.chosen_on, self.like.get(positions, positions), folder)
        if chosen is None:
            return None
        defaults = Run(self.chosen_on, "none").settings()
        whole = {
            key: defaults.get(key, defaults["model"].get(key)) for key in GRIDS[self.chosen_on]
        }
        return without_what_is_so(self.recipe, whole | chosen)


LIKE = {
    "random_offset": "learned",
    "random_rows": "learned",
    "random_angles": "rope",
}
# What an encoding has for itself: whose it is, its option, the default (which the first table has),
# and the numbers that are tried beside it.
OWN_NUMBERS: dict[str, tuple[str, str, float, tuple[float, ...]]] = {
    "rows": ("cope", "npos_max", 97, (4, 8, 16, 32, 64, 193, 385)),
    "clip": ("shaw", "clip", 95, (8, 16, 32, 64)),
    "base": ("rope", "base", 10_000.0, (100.0, 1000.0, 100_000.0)),
}
# About as many steps as fit into the time that CoPE's take, by the first table's CPU seconds.
STEPS_IN_COPES_TIME = {
    "counting_1": {
        "none": 1450,
        "sinusoidal": 1400,
        "learned": 1400,
        "shaw": 1050,
        "transformer_xl": 1100,
        "t5": 1250,
        "alibi": 1400,
        "rope": 1250,
        "forget_gate": 1150,
    },
}
KERNELS = ("haswell",)  # those of the first table are the records' own

# Language: rates chosen on English, and nothing else; code takes the same.
LANGUAGE_LIKE = {"random_angles": "rope", "cope+rope": "cope"}
LANGUAGE_ROWS = (16, 64)  # and 129
PARAGRAPH_ROWS = (4, 16)  # and 129
STEPS_IN_COPES_LANGUAGE_TIME = {"rope": 1300, "alibi": 1400}
LANGUAGE_PLAN: tuple[Selection | Table, ...] = (
    Selection("english"),
    Table("english", "english", chosen_on="english"),
    Table("paragraphs", "paragraphs", chosen_on=None),
    *(
        Table(f"paragraphs, {n} rows", "paragraphs", ("cope",), 3, {"npos_max": n}, chosen_on=None)
        for n in PARAGRAPH_ROWS
    ),
    Table("code", "code", chosen_on="english"),
    Table(
        "language, sums and random",
        "english",
        tuple(LANGUAGE_LIKE),
        chosen_on="english",
        like=LANGUAGE_LIKE,
    ),
    *(
        Table(f"english, {n} rows", "english", ("cope",), 3, {"npos_max": n}, chosen_on="english")
        for n in LANGUAGE_ROWS
    ),
    Table(
        "english in CoPE's time",
        "english",
        tuple(STEPS_IN_COPES_LANGUAGE_TIME),
        each={name: {"steps": steps} for name, steps in STEPS_IN_COPES_LANGUAGE_TIME.items()},
        chosen_on="english",
    ),
)

PLAN: tuple[Selection | Table, ...] = (
    Selection("counting_1", (*ALL, "forget_gate")),
    Table("counting_1", "counting_1", (*ALL, "forget_gate"), seeds=7),
    *(
        Table(f"{what} {number:.0f}", "counting_1", (positions,), changes={option: number})
        for what, (positions, option, _, numbers) in OWN_NUMBERS.items()
        for number in numbers
    ),
    Selection("copy"),
    Table("copy", "copy", seeds=5, chosen_on="copy"),
    Table("random positions", "counting_1", tuple(LIKE), like=LIKE),
    Table("brackets", "brackets", (*FEW, "forget_gate")),
    Table("counting_down", "counting_down", (*FEW, "forget_gate")),
    Table("hidden answers", "counting_1", (*FEW, "forget_gate"), changes={"answers": "hidden"}),
    *(
        Table(f"{recipe} on {kernel}", recipe, ALL, changes={"kernel": kernel}, chosen_on=recipe)
        for recipe in ("counting_1", "copy")
        for kernel in KERNELS
    ),
    *(
        Table(
            f"{recipe} in CoPE's time",
            recipe,
            tuple(steps),
            each={positions: {"steps": number} for positions, number in steps.items()},
            chosen_on=recipe,
        )
        for recipe, steps in STEPS_IN_COPES_TIME.items()
    ),
    Selection("flip_flop"),
    Table("flip_flop", "flip_flop", seeds=5, chosen_on="flip_flop"),
    Table("fixed texts", "counting_1", FEW, changes={"fixed_texts": 10_000}),
    Selection("counting_3", FEW),
    Table("counting_3", "counting_3", FEW, chosen_on="counting_3"),
    Table("counting_5", "counting_5", FEW, chosen_on="counting_3"),
    Table(
        "three variables, rates of one",
        "counting_3",
        ("rope", "cope"),
        changes={"lr": 8e-3},
        chosen_on=None,
    ),
    *(
        Table(f"flip_flop on {k}", "flip_flop", FEW, changes={"kernel": k}, chosen_on="flip_flop")
        for k in KERNELS
    ),
    *LANGUAGE_PLAN,
)
# Their weights are kept, and lessons 12 and 13 look into them.
GALLERY: tuple[Table, ...] = (
    *(
        Table(f"{corpus}, own keys", f"gallery_{corpus}", ("cope",), chosen_on="english")
        for corpus in ("english", "code")
    ),
    Table("gallery", "gallery_counting", seeds=1, chosen_on=None),
    Table("gallery_counting", "gallery_counting", ("learned",), chosen_on=None),
    Table("gallery_copy", "gallery_copy", ("learned",), chosen_on=None),
    Table("gallery_decoder", "gallery_decoder", ("learned",), chosen_on=None),
    Table("gallery_encoder", "gallery_encoder", ("learned",), chosen_on=None),
    Table("other decoders", "gallery_decoder", ("none", "rope"), seeds=2, chosen_on=None),
    Table("other encoders", "gallery_encoder", ("none",), seeds=2, chosen_on=None),
)
PLAN += GALLERY
PAPER_PLAN = tuple(Table(recipe, recipe, chosen_on=None) for recipe in PAPER_RECIPES)


def all_runs(plan: tuple = PLAN, folder: Path = RESULTS) -> Iterator[Run]:
    """Every run of the plan that is known by now, in its order, each once."""
    seen = set()
    for part in plan:
        for run in part.runs(folder):
            if run.name not in seen:
                seen.add(run.name)
                yield run


def grid_settings(recipe: str) -> list[dict[str, Any]]:
    """The settings of a recipe's grid, each as what differs from the recipe."""
    grid = GRIDS[recipe]
    return [
        without_what_is_so(recipe, dict(zip(grid, values))) for values in product(*grid.values())
    ]


def without_what_is_so(recipe: str, changes: dict[str, Any]) -> dict[str, Any]:
    """`changes` without those that the recipe has already."""
    different = {}
    for key, value in changes.items():
        try:
            changed(Run(recipe, "none").settings(), key, value)
        except ValueError:
            continue
        different[key] = value
    return different


def chosen_setting(recipe: str, positions: str, folder: Path = RESULTS) -> dict[str, Any] | None:
    """What validation chose for an encoding, as what differs from the recipe.

    returns   None while a run of its grid is missing
    """
    settings, runs = grid_settings(recipe), []
    for number, setting in enumerate(settings):
        for seed in GRID_SEEDS.get(recipe, SELECTION_SEEDS):
            record = read_record(Run(recipe, positions, (seed, seed), setting).name, folder)
            if record is None:
                return None
            validation = record["validation"]
            if RECIPES[recipe]["task"] == "text":  # bits are what is reported, and bits choose
                validation = {**validation, "error": validation["loss"]}
            runs.append({"setting": number, "validation": validation})
    return settings[choose_setting(runs)]


def read_table(name: str, folder: Path = RESULTS) -> dict[str, list[Record]]:
    """The records of a table, as far as they exist, seed by seed.

    returns   {encoding: [record, ...]}
    raises    DamagedRecord, or ValueError if no such table is planned
    """
    tables = {part.name: part for part in PLAN if isinstance(part, Table)}
    if name not in tables:
        raise ValueError(f"no table is called {name!r}; there are {', '.join(tables)}")
    found: dict[str, list[Record]] = {}
    for run in tables[name].runs(folder):
        record = read_record(run.name, folder)
        if record:
            found.setdefault(run.positions, []).append(record)
    return found

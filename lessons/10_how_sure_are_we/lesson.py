# ---
# jupyter:
#   lesson:
#     title: "How sure are we?"
#     question: "How much of lesson 09's picture is the encoding, and how much is everything else?"
#     waiting: 1
#     achieved: "You can say which claims survive, and why. Take one of your own and try to break it."
# ---

# %% [markdown]
# # 10 · How sure are we?
#
# **How much of lesson 09's picture is the encoding, and how much is everything else?**
#
# You saw one seed, one recipe, and one number chosen for one encoding. Now you try to break that picture. After some
# trials, but before making the runs below, we wrote down how everything would be compared, and fourteen claims that
# could fail (`experiments/PROTOCOL.md`; later changes are dated at its end). Some did fail. Two trainings run live
# and take **about a minute together**. The others are recorded in `results/`, and the numbers below are computed from
# them.
#
# **First, three questions about lesson 08.** Answer before you unfold.
#
# 1. What does a target of -100 do to the loss?
# 2. Why does the learning rate climb before it falls?
# 3. A fresh model has a vocabulary of 16. What is its loss, in bits?
#
# <details><summary>Answers</summary>
#
# 1. Nothing: that position isn't in the sum, or in the number that it's divided by.
# 2. In the first steps AdamW's running means know little, and large steps in a mostly random direction do harm.
# 3. $\log_2 16 = 4$: all logits are near 0, so all 16 are about equally likely.
#
# </details>

# %%
from textwrap import shorten

import numpy as np

import minitorch as torch
from classroom import claim, exercise, hint, progress, show, solution
from experiments.counting_pictures import (
    errors_by_number,
    errors_over_length,
    intervals,
    rows_in_use,
    seeds_apart,
)
from experiments.machine import machine
from experiments.plan import (
    ALL,
    FEW,
    OWN_NUMBERS,
    chosen_setting,
    read_table,
)
from experiments.recipes import LENGTHS, Run
from experiments.training import build, new_trainer, split_texts
from experiments.verdicts import Results, verdicts
from solutions.cope import cope_positions
from solutions.counting import first_gates
from solutions.evidence import T_95
from solutions.training import UNSCORED, error_rate, predict

results = Results()
TEN = [*ALL, "forget_gate"]  # the nine, and one from the end of lesson 09
ONE, TWO, FOUR = "in distribution", "twice the length", "4x the length"


def errors(table, name, *tests):
    """Wrong answers in per cent, (seeds, tests)."""
    of_tests = [results.errors(table, name, test) for test in tests]
    return np.array([list(by_seed.values()) for by_seed in of_tests]).T


# %% [markdown]
# ## Seven seeds instead of one
#
# A seed decides the starting weights and the texts. We trained each encoding with seven. First, boil seven numbers
# down to three.

# %% exercise="over_seeds"

# %% [markdown]
# **Predict.** At four times the length, how far apart are the best and the worst of seven runs of the *same*
# encoding? A tenth of the median? As much as the median? (Here CoPE has its default of 97 rows.)

# %%
print(
    "wrong answers (%)  " + "".join(f"{test:>27}" for test in (ONE, TWO, FOUR))
)
for name in TEN:
    of_runs = errors("counting_1", name, ONE, TWO, FOUR)
    summary = 100 * over_seeds(of_runs / 100)
    cells = (
        f"{m:8.1f} ({low:4.1f} to {high:4.1f})" for m, low, high in summary.T
    )
    print(f"{name:15}" + "".join(f"{cell:>27}" for cell in cells))

# %% tags=["folded"]
show(
    seeds_apart(
        {name: errors("counting_1", name, ONE, FOUR) for name in TEN},
        (ONE, FOUR),
        "Seven seeds each: at 4x the length, CoPE's are far apart",
    ),
    alt="Two panels with one line per encoding and a dot per seed, in per "
    "cent of wrong answers. Left, texts like those of the training: the dots "
    "of CoPE and the forget gate are at zero, the others up to ten. Right, "
    "four times the length: the forget gate is at zero, Transformer-XL and "
    "ALiBi are below ten, CoPE with 97 rows is spread from 4 to 40, most "
    "others are further right.",
)

# %% tags=["folded"]
far = errors("counting_1", "cope", FOUR)
claim(
    "The worst of seven runs of CoPE makes over five times the errors of the "
    "best, at four times the length.",
    far.max() > 5 * far.min(),
)

# %% [markdown]
# CoPE's worst run makes nine times as many errors as its best. If lesson 09 had shown you one lucky run with 97 rows,
# you'd believe that 97 rows generalize. This surprised us, too.
#
# Three lengths are few. **Predict.** Sketch the medians from half the trained length to four times. Which curves does
# CoPE's cross, and where?

# %% tags=["folded"]
SPLITS = {times: split for split, times in LENGTHS.items()} | {1: ONE}
SPLITS = dict(sorted(SPLITS.items()))
curves = {
    title: {
        name: [
            100 * np.median([run[kind][split] for run in runs])
            for split in SPLITS.values()
        ]
        for name, runs in read_table("counting_1").items()
    }
    for kind, title in (
        ("errors", "wrong answers"),
        ("text_errors", "texts with a wrong answer"),
    )
}
show(
    errors_over_length(curves, list(SPLITS), "Medians of seven seeds"),
    alt="Two panels of curves over the length, from 0.5 to 4 times the "
    "trained one: wrong answers, and texts with any wrong answer. Most climb "
    "steeply past 1. CoPE stays near zero up to one and a half times the "
    "length and then climbs past Transformer-XL and ALiBi. The forget gate "
    "stays at zero.",
)
medians = {n: np.array(c) for n, c in curves["wrong answers"].items()}
ahead = {n: medians[n] - medians["cope"] for n in ALL if n != "cope"}
claim(
    "By the medians, CoPE makes the fewest errors of the nine up to one and a "
    "half times the length. From two and a half times on, it makes more than "
    "Transformer-XL.",
    all((more[:3] > 0).all() for more in ahead.values())
    and (ahead["transformer_xl"][4:] < 0).all(),
)

# %% [markdown]
# ## Choosing without looking
#
# An encoding may look bad only because the learning rate suits another one. So each got the same small grid: three
# learning rates and two sizes of starting weights, tried with two seeds that appear in no table. Its best setting is
# used from then on. But best at what? If you choose by the tests, you report the luckiest setting and call it the
# best.

# %% exercise="choose_setting"

# %% [markdown]
# (One thing isn't equal: with sinusoidal positions, embeddings start at the size of the waves, as lesson 04
# recommends. And five of the ten got the highest rate, eight the larger start: a wider grid might move some.)
#
# How much does the choice matter? Take six settings that are *equally good*. Each gets 5 % wrong, give or take 1 by
# chance, in the tests and independently in the validation.
#
# **Predict.** Choose the best of the six by its test error. What error do you report, on average?

# %%
rng = np.random.default_rng(0)
tested, validated = rng.normal(5, 1, size=(2, 2000, 6))  # six settings each
by_validation = []
for test, validation in zip(tested, validated):
    runs = [
        {"setting": number, "validation": {"error": error, "loss": 0.0}}
        for number, error in enumerate(validation)
    ]
    by_validation.append(test[choose_setting(runs)])
print(f"chosen by the tests:  {tested.min(axis=1).mean():.1f} % reported")
print(f"chosen by validation: {np.mean(by_validation):.1f} % reported")

# %% [markdown]
# The truth is 5. Choosing by the tests makes a method look better than it is, the more so the more settings you try.
# Remember lesson 09: CoPE's 16 rows were chosen with the tests in sight.
#
# ## Differences, seed by seed
#
# With the same seed, all encodings see the same texts. So compare them seed by seed.

# %% exercise="paired_difference"

# %% [markdown]
# **Predict.** CoPE with 97 rows against each of the others: in which tests does the interval lie above 0 (the other
# makes more errors), and in which below?

# %% tags=["folded"]
TESTS = (ONE, TWO, FOUR, "pass weight 100", "pass weight 10")
cope = errors("counting_1", "cope", *TESTS)
found = {
    test: {
        name: paired_difference(
            cope[:, number], errors("counting_1", name, test)[:, 0]
        )
        for name in TEN
        if name != "cope"
    }
    for number, test in enumerate(TESTS)
}
show(
    intervals(
        found,
        "how many more errors than CoPE with 97 rows (percentage points)",
        "Right of the line, CoPE makes fewer errors (means, 95 % intervals)",
    ),
    alt="Five panels, one per test, with the interval of each encoding's "
    "difference to CoPE. In texts of the trained length nearly all intervals "
    "lie above zero. At four times the length Transformer-XL, ALiBi and the "
    "forget gate lie below zero.",
)

# %% tags=["folded"]
BEATEN = {
    test: {name for name, (_, low, _) in of_names.items() if low > 0}
    for test, of_names in found.items()
}
BETTER = {
    test: {name for name, (_, _, high) in of_names.items() if high < 0}
    for test, of_names in found.items()
}
claim(
    "On texts like those of the training, and on texts with more passes, "
    "CoPE makes fewer errors than each of the other eight.",
    all(len(BEATEN[test] - {"forget_gate"}) == 8 for test in TESTS[::3]),
)
claim(
    "At four times the length Transformer-XL, ALiBi and the forget gate make "
    "fewer errors than CoPE. Shaw is undecided, and the others make more.",
    BETTER[FOUR] == {"transformer_xl", "alibi", "forget_gate"}
    and BEATEN[FOUR] == set(TEN) - BETTER[FOUR] - {"cope", "shaw"},
)

# %% [markdown]
# At the trained length, with as many passes as in training or twice as many, CoPE doesn't get one answer wrong in any
# of its seven runs. Every interval, taken by itself, is above 0. (With eight intervals per test, one may be so by
# chance.) With fewer passes one interval just includes 0, so by our own rule that claim is dropped. At four times the
# length CoPE isn't first. Transformer-XL (its relative positions, without its recurrence) and ALiBi make fewer
# errors, and so does the forget gate, which isn't one of the nine. At twice the length CoPE is undecided against all
# three.
#
# ## One number: the rows of the table
#
# By default CoPE's table has 97 rows, one more than the 96 positions of a training text. Lesson 09 gave it 16. Here
# we go from 4 to 385. Two of the points you make yourself: you train the recorded runs of seed 0 again.
#
# **Predict.** Sketch the error against the number of rows, for texts like those of the training, twice as long, and
# four times as long.


# %%
def trained(rows):
    """The recorded run of seed 0 with this many rows, made again."""
    run = Run("counting_1", "cope", (0, 0), settings_of(rows))
    trainer = new_trainer(run.settings())
    bar = progress(trainer.steps, f"{rows} rows")
    how = trainer.fit(on_step=lambda trainer: bar.update(trainer.step))
    if how == "interrupted":
        bar.stop()
    return trainer.model


def settings_of(rows):
    """What validation chose for CoPE, and the number of rows."""
    default = {} if rows == 97 else {"npos_max": rows}
    return chosen_setting("counting_1", "cope") | default


# %% tags=["nbval-ignore-output"]
models = {rows: trained(rows) for rows in (97, 16)}

# %% tags=["nbval-ignore-output"]
texts = split_texts(Run("counting_1", "cope").settings())
live = {
    test: {
        rows: 100 * error_rate(predict(model, texts[test][0]), texts[test][1])
        for rows, model in models.items()
    }
    for test in (ONE, TWO, FOUR)
}
by_rows = {test: results.curve("rows", test) for test in live}
show(
    errors_by_number(
        {"rows of CoPE's table": by_rows},
        "In long texts, the number of rows decides",
        live,
    ),
    alt="Wrong answers over the number of rows, 4 to 385, on a logarithmic "
    "axis. Texts like those of the training: near zero from 8 rows on. "
    "Twice the length: a few per cent at most. Four times the length: low at "
    "8 and 16 rows, then rising steeply up to 64, and level from 97 on.",
)

# %% tags=["folded"]
claim(
    "At four times the length the run made here gets less than 2 % wrong with "
    "16 rows, and more than ten times as much with 97. On texts like those of "
    "the training both get less than 0.5 % wrong.",
    live[FOUR][16] < 2
    and live[FOUR][97] > 10 * live[FOUR][16]
    and max(live[ONE].values()) < 0.5,
)

# %% tags=["folded"]
claim(
    "From 97 rows on, all recorded runs agree to the last digit.",
    all(
        by_rows[test][97] == by_rows[test][rows]
        for test in live
        for rows in (193, 385)
    ),
)

# %% [markdown]
# All that differs in this figure is the length of a table, and from 97 rows on nothing differs at all. Why? Let's see
# which rows the training uses.

# %% exercise="row_weights"

# %% tags=["nbval-ignore-output"]
used = {}
for test in (ONE, FOUR):
    inputs, targets = (part[:64] for part in texts[test])
    gates = first_gates(models[97], inputs)  # (batch, heads, query, key)
    positions = cope_positions(torch.tensor(np.tril(gates))).numpy()
    asking = np.broadcast_to(
        (targets != UNSCORED)[:, None, :, None] * np.tri(targets.shape[1]),
        gates.shape,
    )
    used[test] = row_weights(positions[asking > 0], rows=97)
    last = np.flatnonzero(used[test] > 0.001 * used[test].sum())[-1]
    print(f"{test}: up to row {last} (in more than one of 1000 cases)")

# %% tags=["nbval-ignore-output", "folded"]
with torch.no_grad():
    inputs, targets = (part[:64] for part in texts[ONE])
    block = models[97].blocks[0]
    x = models[97].embed(torch.tensor(inputs))
    q = block.attention.prepare(block.attention_norm(x)).q.numpy()
    table = block.attention.positions.e.detach().numpy()
    added = q @ table.T  # (batch, heads, query, row)
    added = added.swapaxes(1, 2)[targets != UNSCORED].mean(axis=0)
show(
    rows_in_use(used, added, cut=16),
    alt="Two panels over the rows 0 to 96. Above: in texts like those of the "
    "training, queries about to answer use the first twenty to thirty rows; "
    "in texts four times as long, rows far beyond. Below: what a row adds to "
    "the score: more than zero for a few of the first rows, then far below "
    "zero; from about row 10 on it climbs, swings around zero, and is zero at "
    "the end.",
)
lowest = added.min(axis=1)
claim(
    "The rows learn that far is bad. Far beyond the rows that training uses, "
    "they say so at most half as strongly.",
    (lowest < -2).all() and (added[:, 40:].mean(axis=1) > 0.5 * lowest).all(),
)

# %% [markdown]
# The lower panel shows what the first layer of this run learned: things just counted are good, and things further
# back are bad. But rows that training hardly touches swing around zero, where they started. In longer texts, queries
# meet those rows, and what is long past looks harmless again, or even good. That's how a learned table of positions
# fails (lesson 04), counted in other units.
#
# So here is the decisive test. Take the model that you trained with 97 rows, **cut its table short** at the dotted
# line, and train nothing.
#
# **Predict.** With 16 rows left, does its error at four times the length get worse, or better? And with 8?


# %% tags=["nbval-ignore-output"]
def cut(model, rows):
    """The same weights, but only the first rows of each table."""
    shorter = build(
        Run("counting_1", "cope", (0, 0), settings_of(rows)).settings()
    )
    weights = {
        name: weight[:rows] if name.endswith(".e") else weight
        for name, weight in model.state_dict().items()
    }
    shorter.load_state_dict(weights)
    return shorter


after = {}
for rows in (97, 64, 32, 24, 16, 8):
    short = models[97] if rows == 97 else cut(models[97], rows)
    after[rows] = [
        100 * error_rate(predict(short, texts[test][0]), texts[test][1])
        for test in (ONE, FOUR)
    ]
    print(
        f"{rows:2} rows left: {after[rows][0]:5.1f} % wrong, "
        f"{after[rows][1]:5.1f} % at four times the length"
    )

# %% tags=["folded"]
claim(
    "Cut to 16 rows, the same model makes less than a third of the errors at "
    "four times the length. On texts like those of the training it still gets "
    "less than 1 % wrong.",
    after[16][1] < after[97][1] / 3 and after[16][0] < 1,
)

# %% [markdown]
# **A count generalizes only as far as its rows are trained. Beyond that, here, the clamp does it.** Past the last
# row, everything is equally far, and far is bad. In this task that's right: what matters is the last `a=` or the last
# answer, and the last answer is always near. With many more rows the clamp comes too late, and with 8 left it may
# come too early. (*Trained* with 8, the model adapts: see the figure.) We repeated this by hand, with five seeds on
# two kernels (explained below). Uncut, the runs got 4 to 28 % wrong; cut to 16 rows, 2.1 % or less. (All numbers:
# `results/LOG.md`.)
#
# Do extra rows hurt *more* in long texts, or equally everywhere? That's a question about an **interaction**.

# %% exercise="interaction"

# %%
grid = np.array(
    [[by_rows[test][rows] for test in (ONE, FOUR)] for rows in (16, 97)]
)  # (rows, length, seeds)
mean, low, high = interaction(grid)
print(f"97 rows cost {mean:.1f} points more in long texts, ", end="")
print(f"with an interval from {low:.1f} to {high:.1f}")

# %% [markdown]
# ## The same question to Shaw and RoPE
#
# CoPE isn't the only one with a number of its own. Shaw clips distances, at 95 in our table and at 16 in the paper,
# and RoPE has its base. It would be unfair to turn one knob and not the others. (We left T5's alone: its last two
# buckets begin at distance 99, farther than any training text reaches.)
#
# **Predict.** Does a shorter clip do for Shaw what fewer rows do for CoPE? And does RoPE gain from another base?

# %% tags=["folded"]
knobs = {
    what: {test: results.curve(what, test) for test in (ONE, TWO, FOUR)}
    for what in ("clip", "base")
}
show(
    errors_by_number(
        {
            "Shaw's clip (tokens)": knobs["clip"],
            "RoPE's base": knobs["base"],
        },
        "A good clip helps Shaw; no base helps RoPE much",
    ),
    alt="Two panels of wrong answers at one, two and four times the trained "
    "length. Shaw, clips 8 to 95: at four times the length the error falls "
    "from 29 to 3 at a clip of 32 and rises again to 12. RoPE, bases 100 to "
    "100,000: no base's median comes below 30 there.",
)
clips, bases = (knobs[what][FOUR] for what in ("clip", "base"))
claim(
    "With a clip of 32 Shaw gets less than 5 % wrong at four times the "
    "length, and with each of the other clips it gets more wrong.",
    max(clips[32]) < 5
    and all(min(clips[n]) > max(clips[32]) for n in clips if n != 32),
)
claim(
    "With every base RoPE gets more than 20 % wrong there.",
    min(min(of_seeds) for of_seeds in bases.values()) > 20,
)

# %% [markdown]
# It does, and that proved us wrong: an early trial with a clip of 16 had said no. With 32, Shaw makes few errors at
# any of the three lengths. It may be the clamp again (we cut no model here): past 32 tokens, everything is equally
# far. But shorter clips cost Shaw even on texts like those of the training. They count tokens, and what matters may
# be any number of tokens back. RoPE gains little from any base.
#
# None of these numbers was chosen by validation. They show what a *choice* can do. Here they all are.

# %%
COLUMNS = {ONE: "1x", TWO: "2x", FOUR: "4x"}
COLUMNS |= {f"pass weight {w}": f"pass {w}" for w in (10, 25, 100, 200)}
print(
    f"{'seeds 0-2, median':18}" + "".join(f"{c:>9}" for c in COLUMNS.values())
)
for what, (name, *_) in OWN_NUMBERS.items():
    curves = [results.curve(what, test) for test in COLUMNS]
    for number in curves[0]:
        cells = (f"{np.median(curve[number]):9.1f}" for curve in curves)
        print(f"{name + ', ' + what:11}{number:7,.0f}" + "".join(cells))

# %% [markdown]
# ## What else could have been otherwise
#
# First, your computer. The matrix library picks a *kernel*, the code that multiplies matrices, by the processor.
# Another kernel adds in another order, so it rounds differently. You repeated the recorded runs of seed 0, with the
# same starting weights and the same texts. **Predict.** Did you get the same errors?

# %% tags=["nbval-ignore-output"]
here = machine("minitorch")["kernel"]
for rows in models:
    table = "counting_1" if rows == 97 else f"rows {rows}"
    record = results.records(table, "cope")[0]
    recorded, kernel = record["errors"][FOUR], record["machine"]["kernel"]
    print(
        f"{rows} rows, four times the length: "
        f"{100 * recorded:.1f} % on {kernel} (recorded), "
        f"{live[FOUR][rows]:.1f} % on {here} (here)"
    )

# %% [markdown]
# On the same kernel the numbers are equal. On another one they differ, most of all where a model fails: when we
# tried, 18.8 became 13.3. So a single run's digits aren't a result, and a claim must survive more than a rounding
# error.
#
# Then, the recipe. We try 10,000 fixed texts, as many as in the paper, but each seen about twice and not a hundred
# times. We give the others as many steps as fit into CoPE's time. And we hide the answers, which the text otherwise
# gives away. What if a text gives only a few, or the model's own, or random digits?

# %%
WAYS = {
    "as above": "counting_1",
    "on another kernel": "counting_1 on haswell",
    "10,000 texts": "fixed texts",
    "in CoPE's time": "counting_1 in CoPE's time",
    "answers hidden": "hidden answers",
}
print("median, twice the length" + "".join(f"{name:>15}" for name in FEW))
for way, table in WAYS.items():
    cells = [results.middle(table, name, TWO) for name in FEW]
    if way == "in CoPE's time":
        cells[-1] = results.middle("counting_1", "cope", TWO)
    if "–" in cells:
        print(f"{way:24}  (not recorded yet)")
    else:
        print(f"{way:24}" + "".join(f"{cell:>15}" for cell in cells))
print("\nmedian, the trained length")
# %%
for split in (ONE, "few answers", "own answers", "random answers"):
    cells = (results.middle("counting_1", name, split) for name in FEW)
    print(f"{split:24}" + "".join(f"{cell:>15}" for cell in cells))

# %% tags=["folded"]
hidden = {name: results.median("hidden answers", name, TWO) for name in FEW}
claim(
    "With the answers hidden, Transformer-XL gets more than ten times as much "
    "wrong at twice the length as before, and CoPE stays near where it was.",
    hidden["transformer_xl"]
    > 10 * results.median("counting_1", "transformer_xl", TWO)
    and hidden["cope"] < 4,
)
few, random = (
    {name: results.median("counting_1", name, split) for name in FEW}
    for split in ("few answers", "random answers")
)
usual = {name: results.median("counting_1", name, ONE) for name in FEW}
claim(
    "With few answers in the text CoPE stays right and the others get worse. "
    "With random ones all of them fail.",
    few["cope"] < 0.1
    and min(few[name] - usual[name] for name in FEW[:3]) > 1
    and min(random.values()) > 30,
)

# %% [markdown]
# Remember the line "answers hidden". Train without answers, and Transformer-XL goes from 1 to 21 % wrong, as if it
# had been hopping from answer to answer. CoPE hardly moves: when it has to, it counts all the way back.
#
# With few answers to start from, the others lose a crutch that CoPE doesn't need. That's more than we had claimed.
# But with random digits instead of the answers every model fails, CoPE too. It *can* count without answers. But where
# there are any, it trusts them.
#
# Next, other tasks: a count that also goes down (`a-`), and the depth in nested brackets. The last line is counting
# again, with random positions in training. They begin at a random row, so that no row within four times the length is
# new, or they have random gaps, for `learned` and for RoPE. **Predict** the winner of each line, at four times the
# length.

# %%
for task in ("counting_1", "counting_down", "brackets"):
    names = (*FEW, "forget_gate")
    cells = (f"{name} {results.middle(task, name, FOUR)}" for name in names)
    print(f"{task:16}" + ", ".join(cells))
names = ("random_offset", "random_rows", "random_angles")
cells = (
    f"{name} {results.middle('random positions', name, FOUR)}"
    for name in names
)
print(f"{'counting_1':16}" + ", ".join(cells))

# %% tags=["folded"]
offset, rows, angles = (
    results.median("random positions", name, FOUR) for name in names
)
claim(
    "Random positions rescue neither learned positions nor RoPE.",
    min(offset, rows, angles) > 30,
)
for task in ("counting_1", "counting_down", "brackets"):
    far = {
        name: results.median(task, name, FOUR)
        for name in (*FEW, "forget_gate")
    }
    claim(
        "Of these five, the forget gate has the lowest median in all three "
        "tasks. CoPE, with a row per position, has a higher one than "
        "Transformer-XL.",
        min(far, key=far.get) == "forget_gate"
        and far["cope"] > far["transformer_xl"],
    )
claim(
    "CoPE gets under 1 % of the depths wrong at the trained length, and more "
    "than half at four times it; so do RoPE and learned positions.",
    results.median("brackets", "cope", ONE) < 1
    and min(far[name] for name in ("cope", "rope", "learned")) > 50,
)

# %% [markdown]
# Brackets end the dream of one encoding for everything. At the trained length CoPE gets hardly any depth wrong. At
# four times the length it gets more than half wrong, like RoPE and `learned`. With 97 rows here, we can't say whether
# that's the table, or that a sum of gates only goes up. The forget gate has the lowest median of the five in all
# three tasks.
#
# A random offset does help learned positions in long texts: 44 % wrong instead of 60, still far from good. But at the
# trained length they now get 9 % wrong: 600 steps spread over 384 rows are too few, so this doesn't say why they
# fail. (These runs, and those of the other tasks, use the settings chosen on counting.)
#
# ## Beside the paper
#
# Table 9 of the CoPE paper (its means are also in tables 3 and 4), wrong answers in per cent, mean and standard
# deviation over three seeds. That the last two columns are for one variable we infer: in distribution their table
# repeats the 1.1 and the 0.0.
#
# | positions | 1 variable | 3 variables | 5 variables | 1 variable, pass weight 100 | pass weight 10 |
# |---|---|---|---|---|---|
# | absolute | 5.3 (0.8) | 67.6 (1.5) | 71.5 (1.5) | – | – |
# | relative | 1.1 (0.4) | 17.8 (7.8) | 22.4 (5.1) | 8.8 (1.1) | 34.1 (2.5) |
# | CoPE | 0.0 (0.0) | 1.2 (2.1) | 7.4 (8.5) | 0.0 (0.0) | 4.0 (4.1) |
#
# Its texts have up to 512 operations and one question each; the model of its released code has 4 layers and 256
# numbers per token. "absolute" is our `learned`; "relative" is nearest to our `shaw` (keys only, distances clipped at
# 95). RoPE and Transformer-XL aren't in it. Ours, medians:

# %%
print(f"{'':10} like the training's   pass weight 100   pass weight 10")
for name in ("learned", "shaw", "cope"):
    like, more, fewer = (
        results.middle("counting_1", name, test) for test in (ONE, *TESTS[3:])
    )
    print(f"{name:10} {like:>20} {more:>17} {fewer:>16}")

# %% tags=["folded"]
print(f"{'medians of three seeds':27}3 variables, 1x    2x", end="")
print("    5 variables, 1x    2x")
several = {}
for name in FEW:
    several[name] = [
        results.median(f"counting_{count}", name, test)
        for count in (3, 5)
        for test in (ONE, TWO)
    ]
    cells = zip(several[name], (23, 6, 19, 6))
    print(f"{name:19}" + "".join(f"{x:{width}.1f}" for x, width in cells))

claim(
    "With three and five variables CoPE's median at twice the length is the "
    "lowest of the four.",
    all(
        several["cope"][column] < min(several[n][column] for n in FEW[:3])
        for column in (1, 3)
    ),
)

# %% [markdown]
# With several variables CoPE, with its default of 97 rows, has the lowest median at twice the length. These models
# are larger, so their rates were chosen anew, with the tests in sight: at one variable's 0.008 CoPE had got 12 to 24
# % wrong on texts like the training's, and RoPE 17 % in one run of three.
#
# ## Fourteen claims
#
# A claim "A makes fewer errors than B" is kept if the 95 % interval lies above 0 against every B, in every test that
# it names; "no fewer" and "within a point" need their interval on the other side, or are undecided. An order (5, 12)
# is one of medians. **Predict** how many of fourteen are kept.

# %%
judged = verdicts()
for each in judged:
    print(f"{each.number:2} {each.verdict.upper():12} {each.claim}")

# %%
print("Why:")
for each in judged:
    print(f"{each.number:2} {shorten(each.because, 150)}")

# %% [markdown]
# ## Try it: a claim of your own
#
# Choose two encodings, a table and a test. Which difference would you bet on? All tables are listed in
# `experiments/plan.py`. Or train what nobody has recorded: `trained(24)` gives CoPE 24 rows, and other settings go
# into `settings_of`: `"dim": 16`, `"steps": 1200`, `"pass_weight": 20`.

# %%
TABLE, OURS, THEIRS, TEST = "counting_1", "alibi", "transformer_xl", FOUR

ours, theirs = (errors(TABLE, name, TEST)[:, 0] for name in (OURS, THEIRS))
mean, low, high = paired_difference(ours, theirs)
print(
    f"{THEIRS} minus {OURS}, {TEST}: {mean:.1f} points [{low:.1f}, {high:.1f}]"
)

# %% [markdown]
# ## What remains true
#
# A skeptic would sign three statements:
#
# 1. On texts of the trained length, with as many passes as in training or more, CoPE makes almost no errors, with 8
#    rows as with 385. With its default of 97, over seven seeds, it makes fewer than each of the eight others.
# 2. At four times the length, with earlier answers in the text, a single number decides. With a row per trained
#    position, CoPE makes more errors than Transformer-XL and ALiBi. With 8 or 16 rows (three seeds), chosen by people
#    who know that counts end at 9, it makes next to none. Shaw's clip is such a number, too.
# 3. All this is true of models with under 40,000 parameters, on one made-up task, at equal steps. CoPE's
#    steps take twice the time, and a forget gate, without a table, does as well in five tests.
#
# None of them says that contextual positions make better language models. Lesson 12 asks that.

# %% tags=["folded"]
claim(
    "At the trained length the number of rows doesn't matter, from 8 on.",
    all(
        max(of_seeds) < 0.5
        for test in (ONE, "pass weight 100", "pass weight 200")
        for rows, of_seeds in results.curve("rows", test).items()
        if rows > 4
    ),
)
claim(
    "With 8 and 16 rows CoPE makes next to no errors in longer texts.",
    max(by_rows[FOUR][8] + by_rows[FOUR][16]) < 0.5,
)
gate = errors("counting_1", "forget_gate", *TESTS)
seconds = {
    name: np.median(
        [run["cpu_seconds"] for run in results.records("counting_1", name)]
    )
    for name in ("forget_gate", "cope")
}
claim(
    "The forget gate makes next to no errors, in about half the time.",
    gate.max() < 0.5 and seconds["forget_gate"] < 0.65 * seconds["cope"],
)

# %% [markdown]
# ## What comes next
#
# Lesson 11 takes two tasks that weren't made for a count alone: copying a text without its blanks, and a memory that
# must survive a long distraction.

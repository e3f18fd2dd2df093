# ---
# jupyter:
#   lesson:
#     title: "Counting: where contextual positions win"
#     question: "Can a Transformer learn to count what matters, however much stands in between?"
#     minutes: 40
#     achieved: "Your model counts. Give it a text of your own, and see which symbols its gates pick out."
# ---

# %% [markdown]
# # 09 · Counting: where contextual positions win
#
# **Can a Transformer learn to count what matters, however much stands in between?**
#
# This is what the course was for. You build a small task, train three Transformers on it that differ in nothing
# but their positions, and see two of them fail as soon as a text gets longer or denser than those they learned
# from, and the third not. The task, and the claim, are those of the CoPE paper (Golovneva et al. 2024,
# section 5.3). The three trainings take **two to three minutes together** on two cores. Then you read what all
# nine encodings of this course did on the same task, three times each.
#
# **First, three questions on lesson 07.** Answer before you unfold.
#
# 1. What is the position $p_{ij}$ of key $j$ for query $i$ in CoPE?
# 2. What are these positions if all gates are 1, and if all are 0?
# 3. Why can CoPE not turn its positions into rotations, as RoPE does?
#
# <details><summary>Answers</summary>
#
# 1. The sum of the gates $g_{ik} = \sigma(q_i \cdot k_k / \sqrt{\text{head dim}})$ from $k = j$ up to $k = i$: how
#    much of what query $i$ cares about stands between the two, both ends included.
# 2. With all gates 1 it is $i - j + 1$, the distance in tokens (plus one). With all gates 0 every key is at
#    position 0, so there are no positions at all.
# 3. Each *pair* of query and key has its own position, while RoPE turns each query and each key once, by
#    where it stands. And the positions are found only after $q \cdot k$ is known.
#
# </details>

# %%
import re

import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import claim, exercise, hint, progress, show, slider, solution
from experiments.records import read_records
from solutions.counting import (
    MAX_VALUE,
    counting_batch,
    counting_sequences,
    counting_tokenizer,
)
from solutions.training import UNSCORED, Trainer, error_rate, predict
from solutions.transformer import Transformer

# %% [markdown]
# ## The task
#
# A text is a small program for one variable, one character a token:
#
# | characters | meaning |
# |---|---|
# | `a=` | set `a` to 0 |
# | `a+` | add 1 to `a` |
# | `.` | pass: nothing happens |
# | `?a3` | what is `a`? The answer is 3 |
#
# The model reads the text and, after each `?a`, has to say the digit.
#
# **Predict.** What are the two answers in `a=.a+...a+?a_..a=..a+....?a_` ?
#
# <details><summary>Answer</summary>
#
# 2 and 1. The second `a=` starts the count again, and the dots do nothing.
#
# </details>
#
# Write it down as a program first. It will be the judge of everything that follows.

# %% exercise="count_values"

# %%
print(count_values("a=.a+...a+?a_..a=..a+....?a_"))

# %% [markdown]
# ## Making texts
#
# To train we need as many texts as we like. A text begins with `a=` and then goes on with operations drawn at
# random: set with weight 1, increment with weight 7, pass with weight 50, query with weight 6. Nothing may
# rise above 9, so that an answer is always one digit. Your rules decide what may come next; the generator
# around them draws from your weights, carries the operation out and writes it down. It does so for a whole
# batch at once.

# %% exercise="operation_weights"

# %%
tokenizer = counting_tokenizer()
texts = [
    tokenizer.decode(ids)
    for ids in counting_sequences(
        np.random.default_rng(0), batch=200, length=97
    )
]
for text in texts[:4]:
    print(text)

# %% [markdown]
# Your two pieces can now check each other: the digits which the generator wrote must be those that
# `count_values` finds, in all 200 texts. (A text may be cut off within its last operation, so a question
# without its digit is dropped.)

# %%
for text in texts:
    whole = re.sub(r"(\?a?|a)$", "", text)
    assert count_values(whole) == [
        int(digit) for digit in re.findall(r"\?a(\d)", whole)
    ]
print("200 texts read, every answer right")

# %% [markdown]
# ## What a model sees
#
# The model never sees the rules. It sees ids, and it is told what comes next, but only at the places where
# that is an answer. Elsewhere the next character is mostly drawn at random, and predicting it is not the task.

# %% exercise="answer_targets"

# %%
ids = tokenizer.encode("a=.a+?a1")[None]  # (batch, length)
for position, (id, target) in enumerate(zip(ids[0], answer_targets(ids)[0])):
    print(
        f"position {position}: reads {tokenizer.decode([id])!r} (id {id:2})",
        end="",
    )
    print(f", must say {target}" if target >= 0 else ", not scored")

# %% [markdown]
# ## Why is this hard?
#
# To answer, the model must find the last `a=` and count the `a+` after it. (There is a short cut: if an answer
# has been given since, start from there. The answers in the text are always true.) By token position alone it
# can only ask for keys that stand *so many tokens back*. How far back is the last `a=`?


# %%
def looking_back(text):
    """Per question: tokens back to the last setting, and increments since."""
    for question in re.finditer(r"\?a", text):
        last = text.rindex("a=", 0, question.start())
        yield question.start() - last, text[last : question.start()].count("+")


def look_back(length):
    """Tokens back and increments since, for each pass weight.

    Taken from all questions in 400 random texts.
    """
    texts = {
        weight: counting_sequences(
            np.random.default_rng(1), 400, length, pass_weight=weight
        )
        for weight in (10, 50, 100)
    }
    return {
        weight: np.transpose(
            [
                pair
                for row in ids
                for pair in looking_back(tokenizer.decode(row))
            ]
        )
        for weight, ids in texts.items()
    }  # weight: (2, questions)


long = look_back(length=384)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True)
for pass_weight, style in ((10, ":"), (50, "-"), (100, "--")):
    for axis, values, edges in zip(
        axes, long[pass_weight], (np.arange(0, 385, 4), np.arange(11))
    ):
        share, _ = np.histogram(values, edges)
        axis.plot(
            edges[:-1],
            100 * share.cumsum() / share.sum(),
            style,
            label=f"pass weight {pass_weight}",
        )
axes[0].set(
    xlabel="tokens back to the last `a=`",
    ylabel="questions (%), cumulative",
    title="In long texts the distance shifts ...",
)
axes[1].set(
    xlabel="increments since", title="... the count much less", ylim=(0, 103)
)
axes[1].legend(loc="lower right")
show(
    figure,
    alt="Cumulative curves for pass weights 10, 50 and 100, in texts of 384 "
    "characters. Left: the distance in tokens back to the last setting grows "
    "a lot with the pass weight. Right: the number of increments since it has "
    "nearly the same distribution for all three.",
)

# %%
short = look_back(length=96)
for length, pairs in ((384, long), (96, short)):
    for pass_weight, (distance, count) in pairs.items():
        print(
            f"{length} characters, pass weight {pass_weight:3}: on average "
            f"{distance.mean():3.0f} tokens back, {count.mean():.1f} "
            f"increments since"
        )

(near, many), (far, fewer) = long[10].mean(axis=1), long[100].mean(axis=1)
assert far > 2 * near and many - fewer < 1.5
assert short[10][1].mean() > 1.5 * short[100][1].mean()

# %% [markdown]
# The same numbers, 0 to 9, stand behind distances that depend on how many passes a text happens to have.
# Whoever measures in tokens has to learn all these distances, one by one. Whoever can leave the passes out
# measures in what happened. That is what a gate is for: near 0 at a `.`, near 1 elsewhere.
#
# In texts of 96 characters, which we shall train on, the count shifts too, because the text ends first: with
# more passes a short text holds fewer increments and is also an *easier* text. Remember this when you read the
# results.
#
# **Predict.** All models below learn from texts of 96 characters with pass weight 50. Which of these four
# tests will hurt learned absolute positions most: twice the length; four times the length; pass weight 100;
# pass weight 10? Which will hurt RoPE? Which CoPE?
#
# <details><summary>Think first, then read the table below</summary>
#
# Length hurts a table of positions at once: it has never trained a row past 95. RoPE has no table and can turn
# by any angle, but no query has ever met a key 200 tokens back. Pass weight 100 makes the questions *easier* in
# one way (less happens in 96 characters). Pass weight 10 packs more into the text: more to count, and denser
# than ever seen. CoPE's positions move only with what is counted, so its only worry is more of that.
#
# </details>
#
# ## Three models, one recipe
#
# Two layers, two heads, 32 numbers a token. Only the name of the encoding differs. AdamW with a learning rate
# that climbs to 0.003 in 100 steps and falls along a cosine, 600 steps of 32 fresh texts each. Nothing is tuned
# for any of them.

# %%
SEQ_LEN = 96
SPLITS = {  # number of texts, how they are made
    "in distribution": (256, {"seq_len": SEQ_LEN}),
    "twice the length": (128, {"seq_len": 2 * SEQ_LEN}),
    "pass weight 100": (256, {"seq_len": SEQ_LEN, "pass_weight": 100}),
    "pass weight 10": (256, {"seq_len": SEQ_LEN, "pass_weight": 10}),
    "4x the length": (96, {"seq_len": 4 * SEQ_LEN}),
}
tests = {
    name: counting_batch(np.random.default_rng(100 + number), rows, **how)
    for number, (name, (rows, how)) in enumerate(SPLITS.items())
}
for name, (inputs, targets) in tests.items():
    print(
        f"{name:16}  {len(inputs)} texts of {inputs.shape[1]} characters, "
        f"{(targets >= 0).sum()} answers"
    )


# %%
def train(positions, steps=600, seed=0, **options):
    """Trains one model on the counting task, with a progress bar."""
    torch.manual_seed(seed)
    model = new_model(positions, **options)
    bar = progress(steps, positions)
    trainer = Trainer(
        model, counting_batch, steps, lr=3e-3, warmup=100, seed=seed
    )
    how = trainer.fit(
        on_step=lambda trainer: bar.update(
            trainer.step, f"loss {trainer.losses[-1]:.3f}"
        )
    )
    if how == "interrupted":
        bar.stop()
    return model


def new_model(positions, **options):
    """The one model of this lesson, with the encoding asked for."""
    return Transformer(
        len(tokenizer),
        dim=32,
        num_heads=2,
        num_layers=2,
        max_len=4 * SEQ_LEN,
        positions=positions,
        **options,
    )


for name, options in (
    ("learned", {}),
    ("rope", {}),
    ("cope", {"npos_max": 16}),
):
    size = sum(
        parameter.numel()
        for parameter in new_model(name, **options).parameters()
    )
    print(f"{name:8} {size:6,} parameters")

# %% [markdown]
# RoPE adds nothing that is trained. CoPE adds two tables, one a layer, of 16 rows of 16 numbers. The learned
# table has 384 rows of 32 numbers, and the texts of 96 characters train the first 96 of them.
#
# About half a minute each for `learned` and `rope`, and a good minute for `cope`. You may stop one (Kernel ->
# Interrupt). Then *Run All* stops there too; run the cell again, and the training starts anew.

# %% tags=["nbval-ignore-output"]
models = {"learned": train("learned")}

# %% tags=["nbval-ignore-output"]
models["rope"] = train("rope")

# %% tags=["nbval-ignore-output"]
models["cope"] = train("cope", npos_max=16)

# %% [markdown]
# ## Out of distribution
#
# Now the five tests. For `learned` we had to build a table of 384 rows beforehand, since it would otherwise
# refuse the long texts.

# %% tags=["nbval-ignore-output"]
errors = {
    name: {
        split: error_rate(predict(model, inputs), targets)
        for split, (inputs, targets) in tests.items()
    }
    for name, model in models.items()
}
print(f"{'wrong answers (%)':18}" + "".join(f"{name:>10}" for name in errors))
for split in tests:
    print(
        f"{split:18}"
        + "".join(f"{100 * errors[name][split]:10.1f}" for name in errors)
    )

# %% tags=["folded"]
cope = errors["cope"]
claim(
    "CoPE is wrong in less than 2 % of its answers, and in less than 5 % at "
    "four times the length.",
    all(
        error < (0.05 if split == "4x the length" else 0.02)
        for split, error in cope.items()
    ),
)
for name in ("learned", "rope"):
    other = errors[name]
    claim(
        f"On every test {name} is wrong more than three times as often as "
        f"CoPE.",
        all(other[split] > 3 * cope[split] for split in tests)
        and other["in distribution"] > cope["in distribution"] + 0.005,
    )
    claim(
        f"Longer texts are hard for {name}: more than 5 % wrong at twice the "
        f"length, 20 % at four times.",
        other["4x the length"] > 0.2 and other["twice the length"] > 0.05,
    )
    claim(
        f"Texts with fewer passes are harder for {name}.",
        other["pass weight 10"] > max(0.03, 1.2 * other["pass weight 100"]),
    )

# %% tags=["nbval-ignore-output", "readme", "folded"]
STYLES = {
    "learned": ("C1", "o:", ""),
    "rope": ("C2", "^-.", ".."),
    "cope": ("C0", "s-", "//"),
}
figure, axis = plt.subplots(figsize=(9, 4))
places = np.arange(len(tests))
for shift, (name, (color, _, hatch)) in zip((-0.27, 0, 0.27), STYLES.items()):
    heights = [100 * errors[name][split] for split in tests]
    bars = axis.bar(
        places + shift, heights, 0.27, label=name, hatch=hatch, color=color
    )
    axis.bar_label(bars, fmt="%.1f", fontsize=10)
axis.set(
    xticks=places,
    xticklabels=[split.replace(" ", "\n", 1) for split in tests],
    ylabel="wrong answers (%)",
    ylim=(0, 80),
    title="Same model, same training, other positions",
)
axis.legend(loc="upper left")
show(
    figure,
    alt="Bars of the wrong answers in five tests. Learned positions and RoPE: "
    "a few per cent in distribution and with more passes, more with fewer "
    "passes, far more at twice and at four times the length. CoPE: close to "
    "zero in all five.",
)

# %% [markdown]
# **What of this is by construction?** The failure of `learned` at twice and at four times the length is
# partly our doing: positions 96 to 383 never occurred in training, so their rows in the table are still the
# random numbers they started with, a little smaller by weight decay. A row that was never trained knows
# nothing. RoPE has no untrained rows, but beyond a distance of 95 its slow pairs turn by angles that no training
# text showed (lesson 06). The two tests with other pass weights are fair to both, since they use the same 96
# positions. There the in-distribution error is what one should compare with.
#
# The error by position shows where it breaks.

# %% exercise="error_by_position"

# %% tags=["nbval-ignore-output"]
inputs, targets = tests["4x the length"]
figure, axis = plt.subplots()
by_position = {
    name: error_by_position(predict(model, inputs), targets, width=32)
    for name, model in models.items()
}
for name, (color, style, _) in STYLES.items():
    axis.plot(
        32 * np.arange(12) + 16,
        100 * by_position[name],
        style,
        color=color,
        label=name,
    )
axis.axvline(SEQ_LEN, color="gray", linestyle=":")
axis.text(
    SEQ_LEN + 4, 92, "end of the training texts", color="dimgray", fontsize=12
)
axis.set(
    xlabel="position in the text (tokens)",
    ylabel="wrong answers (%)",
    xlim=(0, 4 * SEQ_LEN),
    ylim=(-3, 100),
    title="A table ends at once, a rotation soon after",
)
axis.legend(loc="center right")
show(
    figure,
    alt="Wrong answers by position in texts of 384 characters. Learned "
    "positions: low up to position 96, then a jump to more than half of all "
    "answers. RoPE: low up to 96 and a little beyond, then most answers. "
    "CoPE: near zero throughout.",
)

# %% tags=["folded"]
rows, rotation = by_position["learned"], by_position["rope"]
claim(
    "Learned positions break at the trained length: most answers after it are "
    "wrong.",
    rows[:3].max() < 0.3 and rows[3:].min() > 0.5,
)
claim(
    "RoPE breaks soon after the trained length.",
    rotation[:3].max() < 0.25
    and rotation[3] < 0.35
    and rotation[5:].min() > 0.4,
)

# %% [markdown]
# ## All nine encodings, three times each
#
# One training may be luck. So all nine encodings of this course were trained with this recipe from three
# different seeds, and all was written down. (`make experiments` records it anew, in an hour or two; on the same
# machine the numbers come out the same.) Here they are: the mean over three seeds, in brackets the standard
# deviation.

# %%
records = read_records("counting_1")
COLUMNS = {
    "in distribution": "in distr.",
    "twice the length": "2x length",
    "4x the length": "4x length",
    "pass weight 10": "passes 10",
    "pass weight 100": "passes 100",
    "pass weight 200": "passes 200",
}


def wrong(split, runs):
    """The share of wrong answers of each run in a split, in per cent."""
    return 100 * np.array([run["errors"][split] for run in runs])


def table(records, columns=COLUMNS):
    """One line an encoding: mean (standard deviation) of the errors."""
    print(
        f"{'wrong (%)':15}"
        + "".join(f"{title:>13}" for title in columns.values())
    )
    for name, runs in records.items():
        errors = (wrong(split, runs) for split in columns)
        cells = (
            f"{x.mean():.1f} ({x.std(ddof=1):.1f})"
            if len(x) > 1
            else f"{x[0]:.1f}"
            for x in errors
        )
        print(f"{name:15}" + "".join(f"{cell:>13}" for cell in cells))


table(records)
seconds = {
    name: np.mean([run["seconds"] for run in runs])
    for name, runs in records.items()
}
print(
    "\nseconds a training:",
    ", ".join(f"{name} {value:.0f}" for name, value in seconds.items()),
)

# %% tags=["folded"]
mean = {
    name: {split: wrong(split, runs).mean() for split in COLUMNS}
    for name, runs in records.items()
}
others = [name for name in records if name != "cope"]
assert len(records) == 9 and all(len(runs) == 3 for runs in records.values())
assert (
    mean["cope"]["in distribution"] <= 0.1
    and mean["cope"]["4x the length"] <= 1
)
assert all(
    mean["cope"][split] <= 0.3 for split in COLUMNS if split != "4x the length"
)
assert all(max(mean[name].values()) > 10 for name in others)
assert (
    min(others, key=lambda name: max(mean[name].values())) == "transformer_xl"
)
assert 1.7 < seconds["cope"] / np.median(list(seconds.values())) < 2.5
assert (
    max(mean["transformer_xl"], key=mean["transformer_xl"].get)
    == "pass weight 200"
)
assert all(
    min(others, key=lambda name: mean[name][split]) == "transformer_xl"
    for split in ("twice the length", "4x the length")
)
assert {name for name in others if mean[name]["4x the length"] > 50} == {
    "none",
    "sinusoidal",
    "learned",
    "t5",
}
assert all(
    wrong(split, records["cope"]).max() < wrong(split, records[name]).min()
    for name in others
    for split in COLUMNS
)

# %% [markdown]
# In every column, CoPE's worst run is better than the best run of any other encoding, and each of the others
# gets more than one answer in ten wrong in its worst test. Transformer-XL comes nearest, which gives distance a
# product of its own beside that of content: at other lengths it loses the least after CoPE, and its worst test is
# that with the most passes. Four get more than half of the answers wrong at four times the length: the two
# absolute encodings, T5's buckets, and no positions at all.
#
# CoPE pays for it with twice the time: its positions exist for each *pair* of query and key, and are looked up one
# by one.
#
# Is it the encoding, or the start? All weights began as in GPT-2, with a standard deviation of 0.02. That suits
# its 768 numbers a token; for 32 it is little. Four of the nine again, from weights five times as large (all but
# those of the positions), nothing else changed:

# %%
larger = read_records("counting_1", init_std=0.1)
table(larger)

# %% tags=["folded"]
assert len(larger) == 4 and all(len(runs) == 3 for runs in larger.values())
mean_larger = {
    name: {split: wrong(split, runs).mean() for split in COLUMNS}
    for name, runs in larger.items()
}
assert all(
    mean_larger[name]["in distribution"] < 0.5 * mean[name]["in distribution"]
    for name in larger
    if name != "cope"
)
assert (
    mean_larger["learned"]["4x the length"] > 60
    and mean_larger["rope"]["4x the length"] > 25
)
assert (
    mean_larger["rope"]["4x the length"] < 0.9 * mean["rope"]["4x the length"]
)
assert max(mean_larger["cope"].values()) < 0.1
assert (
    max(mean_larger["transformer_xl"].values())
    == mean_larger["transformer_xl"]["pass weight 200"]
    > 8
)

# %% [markdown]
# All are better on texts like those of the training: more than half of what the others lacked there was a good
# start. At four times the length the failure of `learned` stays, that of RoPE shrinks to a third of the
# answers, and CoPE makes next to no mistake. Transformer-XL is near at all lengths, and still has a tenth wrong
# where passes are most frequent. A result belongs to its recipe; look for the part of it that does not move. (One
# number was chosen for CoPE alone: the 16 rows of its tables.)
#
# The share of passes can be turned like a knob: with pass weight 50, 78 % of all operations are passes. Texts
# keep their 96 characters, so with more passes they hold less to count.
#
# **Predict.** Who measures in tokens, will he suffer from more passes or from fewer?
#
# <details><summary>Think first, then look at the right picture</summary>
#
# From both, most of them. In a denser text more has to be counted than ever, closer by; in a thinner one the last
# setting lies further back than it used to. CoPE leaves the passes out. (Two that are not shown, `none` and `t5`, are
# bad at distances anyway, and like thin texts best: there is little to count.)
#
# </details>

# %% tags=["folded"]
SHOWN = {
    "sinusoidal": ("C4", "v:"),
    "learned": ("C1", "o:"),
    "transformer_xl": ("C5", "D--"),
    "alibi": ("C3", "P--"),
    "rope": ("C2", "^-."),
    "cope": ("C0", "s-"),
}
PASS_WEIGHTS = np.array([10, 25, 50, 100, 200])
splits = [
    "in distribution" if weight == 50 else f"pass weight {weight}"
    for weight in PASS_WEIGHTS
]
share = 100 * PASS_WEIGHTS / (PASS_WEIGHTS + 1 + 7 + 6)
figure, axes = plt.subplots(1, 2, figsize=(12, 4.2))
for name, (color, style) in SHOWN.items():
    curves = [run["curve"]["error"] for run in records[name]]
    axes[0].plot(
        records[name][0]["curve"]["step"],
        100 * np.mean(curves, axis=0),
        style,
        color=color,
        label=name,
        markersize=4,
    )
    axes[1].plot(
        share,
        [wrong(split, records[name]).mean() for split in splits],
        style,
        color=color,
    )
axes[1].axvline(share[2], color="gray", linestyle=":")
axes[1].text(
    share[2] - 1,
    0.94,
    "training",
    color="dimgray",
    ha="right",
    transform=axes[1].get_xaxis_transform(),
)
axes[0].set(
    xlabel="training steps",
    ylabel="wrong answers (%)",
    ylim=(0, 60),
    title="While learning: CoPE gets to 0",
)
axes[1].set(
    xlabel="passes among the operations (%)",
    ylim=(0, None),
    title="Other densities: only CoPE stays there",
)
axes[0].legend(fontsize=10)
show(
    figure,
    alt="Means of three recorded runs for six encodings. Left: wrong answers "
    "on texts like the training texts over 600 steps; all fall, CoPE to zero. "
    "Right: wrong answers against the share of passes; CoPE stays near zero, "
    "the others are lowest near the 78 per cent of training and rise towards "
    "fewer passes and towards more.",
)

# %% tags=["folded"]
for name, (color, style) in SHOWN.items():
    fewer, trained, more = (
        wrong(split, records[name]).mean()
        for split in (splits[0], splits[2], splits[4])
    )
    assert (
        (fewer < 0.5 and more < 0.5)
        if name == "cope"
        else (fewer > 2 * trained and more > 1.3 * trained)
    )
assert all(
    mean[name]["pass weight 200"] < 0.5 * mean[name]["in distribution"]
    for name in ("none", "t5")
)

# %% [markdown]
# ## What does a head count?
#
# Gates can be read. Take the trained CoPE model, stop at its first layer, and look only at the queries that
# are about to answer, those at the `a` of `?a`. Which characters do their gates open for?
#
# **Predict.** Which gates would *you* open to be able to answer?
#
# <details><summary>Two good answers</summary>
#
# Open only for `+`: then the position of the last `=` is the count itself. Or open for everything but the
# dots: then the text looks as if there were no passes, whatever their weight (but then 16 positions do not
# always reach back to the setting). The training decides, and there is no reason why it should prefer the one
# that we find neat.
#
# </details>

# %% exercise="gate_by_symbol"

# %% tags=["nbval-ignore-output"]
inputs, targets = (part[:64] for part in tests["in distribution"])
with torch.no_grad():
    layer, x = (
        models["cope"].blocks[0],
        models["cope"].embedding(torch.tensor(inputs)),
    )
    q, k, _, _ = layer.attention.prepare(layer.attention_norm(x))
    # (batch, heads, query, key)
    gates = layer.attention.positions.gates(q, k).numpy()

means = np.array(
    [
        gate_by_symbol(gates[:, head], inputs, targets >= 0, len(tokenizer))
        for head in range(2)
    ]
)
shown = tokenizer.encode(".+=?a01234")
figure, axis = plt.subplots(figsize=(8, 2.9))
picture = axis.imshow(
    means[:, shown], vmin=0, vmax=1, cmap="viridis", aspect="auto"
)
for (head, column), value in np.ndenumerate(means[:, shown]):
    axis.text(
        column,
        head,
        f"{value:.2f}",
        ha="center",
        va="center",
        fontsize=11,
        color="white" if value < 0.6 else "black",
    )
axis.set(
    xticks=range(len(shown)),
    xticklabels=list(".+=?a01234"),
    yticks=[0, 1],
    yticklabels=["head 0", "head 1"],
    xlabel="character at the key",
    title="In the first layer, passes hardly count",
)
figure.colorbar(picture, label="mean gate")
show(
    figure,
    alt="Mean gate of the first layer's two heads, for each character. At a "
    "dot at least one head's gate is close to 0, at plus and equals it is "
    "open, at the other characters it varies.",
)

# %% tags=["folded"]
dot, plus, equals = tokenizer.encode(".+=")
counting_head = means[:, dot].argmin()
claim(
    "One head of the first layer hardly counts passes, but increments and "
    "settings.",
    means[counting_head, dot] < 0.05
    and means[counting_head, [plus, equals]].min() > 0.4,
)

# %% [markdown]
# A pass moves nothing: the gate for it is closed. Settings and increments are steps, and so are some of the
# old answers (which ones, and whether the other head does the same, may change with the seed). So this head
# reads a text nearly without dots. That is nearer to the second answer above than to the neat one.
#
# Here are the positions themselves: one text, one asking query, and how far back each key is, counted in
# tokens and counted by the gates. (With `npos_max=16`, everything from 15 on gets the same vector, the last.)

# %% tags=["nbval-ignore-output"]
row = int((targets >= 0).sum(axis=1).argmax())
asker = int(np.flatnonzero(targets[row] >= 0)[-1])
counted = gates[row, counting_head, asker, : asker + 1][::-1].cumsum()[::-1]
figure, axes = plt.subplots(
    2, 1, figsize=(10, 4.4), sharex=True, height_ratios=(1, 2)
)
axes[0].bar(
    range(asker + 1), gates[row, counting_head, asker, : asker + 1], color="C0"
)
axes[0].set(
    ylabel="gate",
    ylim=(0, 1),
    title="Counted by its gates, a key is as far away as things have happened "
    "since",
)
axes[1].plot(
    np.arange(asker + 1, 0, -1),
    color="C1",
    linestyle="--",
    label=f"counted in tokens (up to {asker + 1})",
)
axes[1].step(
    range(asker + 1),
    counted,
    where="mid",
    color="C0",
    label="counted by the gates",
)
axes[1].set(
    xticks=range(asker + 1),
    xticklabels=list(tokenizer.decode(inputs[row, : asker + 1])),
    ylabel="position",
    ylim=(-1, 30),
)
axes[1].tick_params(axis="x", labelsize=8, length=0)
axes[1].legend(loc="upper left")
show(
    figure,
    alt="Above, the gates of one query near the end of a text, for each key: "
    "open at plus, equals and some digits, shut at dots. Below, the "
    "positions. Counted in tokens they fall along a straight line. Counted by "
    "the gates they stay level over runs of dots and step down where a gate "
    "is open.",
)

# %% [markdown]
# And now a text of your own: change it and run the cell again. The slider moves the query through it.
#
# **Predict before you move it.** At which characters does the position of the first `=` go up?
#
# <details><summary>Answer</summary>
#
# If the head counts what happens, at each `+` and each `=`, and not at dots. What it does at the other characters is its
# own affair.
#
# </details>

# %% tags=["nbval-ignore-output"]
my_text = "a=..a+....a+?a2a=.a+..?a"  # yours: a = + . ? and digits


def counted_by(query):
    """Gates and positions of one query, for all keys up to it."""
    seen = np.arange(len(my_text)) <= query
    gates = my_gates[query]  # (key,)
    counts = np.where(seen, gates, 0)[::-1].cumsum()[::-1]
    parts = {f"gates of head {counting_head}": gates, "positions": counts}
    return [
        slider.bars(np.where(seen, values, np.nan), my_text, title, 1)
        for title, values in parts.items()
    ]


with torch.no_grad():
    my_ids = torch.tensor(tokenizer.encode(my_text)[None])
    my_x = models["cope"].embedding(my_ids)  # (1, seq, dim)
    my_q, my_k, _, _ = layer.attention.prepare(layer.attention_norm(my_x))
    my_gates = layer.attention.positions.gates(my_q, my_k).numpy()
my_gates = my_gates[0, counting_head]  # (query, key)


def in_words(query):
    counted = my_gates[query, : query + 1].sum()
    return f"character {query}, {my_text[query]}, counts {counted:.1f}"


slider.show(
    "query",
    range(len(my_text)),
    counted_by,
    says=in_words,
    shown=lambda query: f"{query}: {my_text[query]}",
    first=len(my_text) - 1,
    alt="Gates and positions of one query over a short text. Gates "
    "are open at plus and equals and shut at dots, and the "
    "positions rise from right to left where gates are open.",
)

# %% [markdown]
# ## What, and how long ago
#
# A score is the sum of two parts: what stands there ($q \cdot k / \sqrt{\text{head dim}}$), and where it stands by
# this query's count ($q \cdot e[p]$; the count itself comes from contents). Each part alone would make an attention
# of its own. We look at the same head as above, the one whose gate is least open for dots.
#
# **Predict.** For a query that is about to answer: what would it look at by content alone, what by position
# alone?
#
# <details><summary>Answer</summary>
#
# By content alone at settings and answers anywhere in the text, those that were overruled included. By position
# alone at whatever happened lately, passes included: they share the position of what follows them. Both together
# say "the latest of these".
#
# </details>

# %% tags=["nbval-ignore-output"]
with torch.no_grad():
    # q.e[p], and -inf for later keys
    _, _, _, bias = layer.attention.prepare(layer.attention_norm(x))
    products = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5
    later = torch.tensor(
        np.where(np.tri(SEQ_LEN, dtype=bool), 0.0, -np.inf), dtype=q.dtype
    )
    parts = {
        "content alone": products + later,
        "position alone": bias,
        "both": products + bias,
    }
    attention = {
        part: scores.softmax(dim=-1).numpy() for part, scores in parts.items()
    }

figure, axes = plt.subplots(3, 1, figsize=(10, 5.2), sharex=True)
for axis, (part, weights), color in zip(
    axes, attention.items(), ("C1", "C2", "C0")
):
    axis.bar(
        range(asker + 1),
        weights[row, counting_head, asker, : asker + 1],
        color=color,
    )
    axis.set(ylabel="attention", ylim=(0, 1))
    axis.text(0.01, 0.8, part, transform=axis.transAxes)
axes[2].set(
    xticks=range(asker + 1),
    xticklabels=list(tokenizer.decode(inputs[row, : asker + 1])),
)
axes[2].tick_params(axis="x", labelsize=8, length=0)
axes[0].set_title("Content says what, position says how long ago")
show(
    figure,
    alt="Attention of one asking query over the text, three times. By content "
    "alone it is spread over settings and some digits of the whole text. By "
    "position alone over the latest stretch, dots included. By both together "
    "nearly all of it falls on few keys near the end.",
)

# %% [markdown]
# How general is that? Over all asking queries in 64 texts in which something was set at least twice: how much
# attention falls on keys *before* the last setting, which no longer matter, and how much on dots?

# %% tags=["nbval-ignore-output"]
settings = inputs == equals
last_setting = np.maximum.accumulate(
    np.where(settings, np.arange(SEQ_LEN), 0), axis=1
)
asking = (targets >= 0) & (settings.cumsum(axis=1) > 1)  # (batch, query)
# (batch, query, key)
overruled = np.arange(SEQ_LEN) < last_setting[:, :, None]
stale, on_dots = {}, {}
for part, weights in attention.items():
    weights = weights[:, counting_head]  # (batch, query, key)
    stale[part] = (weights * overruled).sum(axis=-1)[asking].mean()
    on_dots[part] = (
        (weights * (inputs == dot)[:, None, :]).sum(axis=-1)[asking].mean()
    )
    print(
        f"{part:15} {100 * stale[part]:3.0f} % on what is overruled, "
        f"{100 * on_dots[part]:3.0f} % on dots"
    )

# %% tags=["folded"]
claim(
    "Content alone looks at what is overruled, position alone at dots; "
    "together they do so much less.",
    stale["content alone"] > 0.4
    and stale["both"] < 0.6 * stale["content alone"]
    and on_dots["position alone"] > 0.3
    and on_dots["both"] < 0.1,
)

# %% [markdown]
# ## Beside the paper
#
# Table 9 of the paper (its means are also in tables 3 and 4), wrong answers in per cent, mean and (in brackets)
# standard deviation over three seeds. That the last two columns are for one variable we infer: in distribution
# their table repeats the 1.1 and the 0.0.
#
# | positions | 1 variable | 3 variables | 5 variables | 1 variable, pass weight 100 | pass weight 10 |
# |---|---|---|---|---|---|
# | absolute | 5.3 (0.8) | 67.6 (1.5) | 71.5 (1.5) | – | – |
# | relative | 1.1 (0.4) | 17.8 (7.8) | 22.4 (5.1) | 8.8 (1.1) | 34.1 (2.5) |
# | CoPE | 0.0 (0.0) | 1.2 (2.1) | 7.4 (8.5) | 0.0 (0.0) | 4.0 (4.1) |
#
# Its texts are longer (up to 512 operations), its model is larger (by the released code 4 layers, 4 heads and
# 256 numbers a token), and it asks one question a text. `solutions/counting.py` can write that format too.
# Here is ours with several variables, where every question must first find its own: three layers, four heads, 64
# numbers a token, 1,200 steps at a learning rate of 0.002, query weight 10, and the larger start (from the small
# one, most runs we tried had hardly begun to learn after 1,800). "absolute" in the paper is our `learned`,
# "relative" is nearest to our `shaw`; RoPE it did not try on counting.

# %%
several = {count: read_records(f"counting_{count}") for count in (3, 5)}
for count, runs in several.items():
    print(f"{count} variables, {'three seeds' if count == 3 else 'one seed'}")
    table(
        runs,
        {
            split: title
            for split, title in COLUMNS.items()
            if split != "pass weight 200"
        },
    )
    print()

# %% tags=["folded"]
three, five = several[3], several[5]
assert all(
    len(three[name]) == 3 and len(five[name]) == 1
    for name in ("learned", "shaw", "rope", "cope")
)


def best_other(split, runs):
    return min(
        wrong(split, each).mean()
        for name, each in runs.items()
        if name != "cope"
    )


assert all(
    wrong(split, three["cope"]).mean() < best_other(split, three)
    for split in COLUMNS
    if "200" not in split
)
assert 2 * wrong("twice the length", three["cope"]).mean() < best_other(
    "twice the length", three
)
assert max(wrong("in distribution", three[name]).mean() for name in three) < 1
assert all(
    wrong(split, five["cope"])[0] < best_other(split, five)
    for split in ("twice the length", "4x the length")
)
assert (
    wrong("in distribution", five["rope"])[0]
    < wrong("in distribution", five["cope"])[0]
    < 1
)
assert (
    wrong("4x the length", three["cope"]).mean() > 20
    and wrong("4x the length", five["cope"])[0] > 35
)

# %% [markdown]
# With this start all four learn the texts of the training with three variables: the paper's wide gap there (17.8
# against 1.2) we do not see. CoPE is first in every column, and clearly so at twice the length, with less than half of
# the errors of the next. With five variables and one seed it is first at other lengths only; on texts like those of
# the training RoPE makes fewer mistakes. And at four times the length CoPE, too, gets many answers wrong. To count
# several things at once in far longer texts is not solved here; CoPE is ahead.
#
# And what does it mean for a real model? Language is full of things to count that are not tokens: words,
# sentences, paragraphs, brackets. No language model is trained on counting alone, so do not expect 0.0 there.
# The paper's gains in language modelling are small: a test perplexity of 23.46 against 23.81 for relative positions
# on Wikitext-103, and of 3.9 against 4.1 for RoPE on code (table 5; no spread over seeds is given).
#
# ## What comes next
#
# Counting was made for CoPE. Lesson 10 takes two tasks that were not made for it alone: a memory that must be
# kept through long distraction, and copying a text while leaving out its blanks.

# ---
# jupyter:
#   lesson:
#     title: "Flip-flop and selective copy: what a count is good for"
#     question: "What else can contextual positions do, and what not?"
#     minutes: 30
#     achieved: "You know what a count is good for, and where it does not help."
# ---

# %% [markdown]
# # 11 · Flip-flop and selective copy: what a count is good for
#
# **What else can contextual positions do, and what not?**
#
# Two more tasks of the CoPE paper (Golovneva et al. 2024, sections 5.1 and 5.2). One is to copy a text and leave
# out its blanks: there CoPE makes next to no mistake, and you look into a head to see why, and what it has *not*
# learned. The other is to remember a bit through long distraction: there the picture is mixed. The four trainings
# take **about a minute together** on two cores; the rest is read from recorded runs, three of each encoding.
#
# **First, three questions on lesson 08.** Answer before you unfold.
#
# 1. Where does the norm of a block stand, and what is never normalised within the blocks?
# 2. A fresh model has a vocabulary of 16. What is its loss, in bits?
# 3. What does a target of -100 do to the loss?
#
# <details><summary>Answers</summary>
#
# 1. At the beginning of each branch: $x + \text{attention}(\text{norm}(x))$. The stream $x$ itself is only added to.
# 2. $\log_2 16 = 4$: all logits are near 0, so all 16 are equally likely.
# 3. Nothing: the position counts neither in the sum nor in the number it is divided by.
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import claim, exercise, hint, progress, show, solution
from experiments.records import read_records
from solutions.counting import gate_by_symbol
from solutions.flip_flop_and_selective_copy import (
    BLANK,
    IGNORE,
    MARK,
    READ,
    WRITE,
    flip_flop_sequences,
    flip_flop_tokenizer,
    selective_copy_batch,
    selective_copy_sequences,
    selective_copy_tokenizer,
)
from solutions.training import UNSCORED, Trainer, error_rate, predict
from solutions.transformer import Transformer

# %% [markdown]
# ## Selective copy
#
# A text holds 12 symbols from `a` to `n`, with blanks (`.`) strewn among them. Then comes the mark `>`, and behind
# it the model must write the symbols again, in their order and without the blanks: after `a..bc.a>` comes `abca`.
# The task is Gu & Dao's (2023, arXiv 2312.00752). First the rule: the generator will write its copies with it.

# %% exercise="without_blanks"

# %%
tokenizer = selective_copy_tokenizer()
for blanks in (12, 6, 24):
    text = tokenizer.decode(
        selective_copy_sequences(
            np.random.default_rng(0), batch=1, blanks=blanks
        )[0]
    )
    print(f"{blanks:2} blanks: {text}")
    assert text.split(">")[0].replace(".", "") == text.split(">")[1]

# %% [markdown]
# All training texts have 12 blanks. We test on such texts, on *dense* ones with 6 blanks, and on *sparse* ones with
# 24. Only the copy is scored: at the mark the model must say the first symbol, at each symbol of the copy the next.
#
# **Predict.** A model that is about to say a symbol must find it before the mark. How many tokens back does it
# stand, in the three kinds of text? And how many *symbols* back?
#
# <details><summary>Answer</summary>
#
# In tokens it depends on where the blanks fell: from 12 up to 12 plus the number of blanks. In symbols it is always
# 12. Take `ab.c>ab`, with three: back from the mark they are c, b, **a**; from the copied a: a, c, **b**; from the
# copied b: b, a, **c**. Always the third. A picture below shows both (its tokens count one more).
#
# </details>
#
# ## Three models, one recipe
#
# Two layers, two heads, 32 numbers a token, 500 steps of 32 fresh texts, a learning rate of 0.004 at its peak;
# nothing is tuned, except that CoPE's table has 32 rows. Five to ten seconds each on an idle machine. You may
# stop one (Kernel -> Interrupt). Then *Run All* stops there too; run the cell again to start anew.

# %%
SPLITS = {"in distribution": 12, "dense": 6, "sparse": 24}  # blanks
tests = {
    split: selective_copy_batch(
        np.random.default_rng(100 + number), 512, blanks=blanks
    )
    for number, (split, blanks) in enumerate(SPLITS.items())
}


def train(positions, steps=500, seed=0, **options):
    """Trains one model on texts with 12 blanks, with a progress bar."""
    torch.manual_seed(seed)
    model = Transformer(
        len(tokenizer),
        dim=32,
        num_heads=2,
        num_layers=2,
        max_len=48,
        positions=positions,
        **options,
    )
    bar = progress(steps, positions)
    trainer = Trainer(
        model, selective_copy_batch, steps, lr=4e-3, warmup=100, seed=seed
    )
    how = trainer.fit(
        on_step=lambda trainer: bar.update(
            trainer.step, f"loss {trainer.losses[-1]:.3f}"
        )
    )
    if how == "interrupted":
        bar.stop()
    model.steps_done = trainer.step
    return model


# %% tags=["nbval-ignore-output"]
models = {
    "learned": train("learned"),
    "rope": train("rope"),
    "cope": train("cope", npos_max=32),
}

# %% [markdown]
# What is an error: a wrong symbol, or a copy with anything wrong in it? The paper does not say. Write both.

# %% exercise="copy_errors"

# %% tags=["nbval-ignore-output"]
errors = {
    name: {
        split: copy_errors(predict(model, inputs), targets)
        for split, (inputs, targets) in tests.items()
    }
    for name, model in models.items()
}
print(
    f"{'wrong symbols, texts (%)':24}"
    + "".join(f"{name:>16}" for name in errors)
)
for split in tests:
    pairs = (100 * np.array(errors[name][split]) for name in errors)
    print(
        f"{split:24}"
        + "".join(f"{symbols:10.1f}{whole:6.0f}" for symbols, whole in pairs)
    )

# %% tags=["folded"]
claim(
    "CoPE copies nearly everything right: less than 2 % of the symbols are "
    "wrong.",
    all(
        symbols < 0.02 and whole < 0.1
        for symbols, whole in errors["cope"].values()
    ),
)
for name in ("learned", "rope"):
    each = errors[name]
    claim(
        f"With {name} most copies have something wrong in them, also in "
        f"distribution.",
        each["in distribution"][0] > 0.15 and each["in distribution"][1] > 0.8,
    )
    claim(
        f"With {name} most symbols are wrong where the number of blanks is "
        f"another one.",
        each["dense"][0] > 0.6 and each["sparse"][0] > 0.6,
    )

# %% [markdown]
# Blind guessing among 14 symbols is wrong 93 times in 100, and with other numbers of blanks `learned` and `rope`
# come near it. Hardly one of their copies is right as a whole, in distribution neither: twelve symbols have
# to be right at once. How far from 12 blanks may one go? **Predict** the three curves from 0 to 24 blanks.

# %% tags=["nbval-ignore-output"]
STYLES = {"learned": ("C1", "o:"), "rope": ("C2", "^-."), "cope": ("C0", "s-")}
BLANKS = [0, 3, 6, 9, 11, 12, 13, 15, 18, 21, 24]
texts = [
    selective_copy_batch(np.random.default_rng(200), 256, blanks=blanks)
    for blanks in BLANKS
]
figure, axis = plt.subplots()
by_blanks = {}
for name, (color, style) in STYLES.items():
    by_blanks[name] = [
        error_rate(predict(models[name], inputs), targets)
        for inputs, targets in texts
    ]
    axis.plot(
        BLANKS, 100 * np.array(by_blanks[name]), style, color=color, label=name
    )
axis.axvline(12, color="gray", linestyle=":")
axis.text(12.3, 96, "training", color="dimgray", fontsize=12)
axis.set(
    xlabel="blanks in the text",
    ylabel="wrong symbols (%)",
    ylim=(-3, 103),
    xticks=range(0, 25, 3),
    title="Two do best at 12 blanks, one skips blanks",
)
axis.legend(loc="center left")
show(
    figure,
    alt="Wrong symbols against the number of blanks, 0 to 24. Learned "
    "positions and RoPE: about a third at 12 blanks, half at 11 and 13, 60 to "
    "90 per cent further away. CoPE: zero throughout.",
)

# %% tags=["folded"]
for name in ("learned", "rope"):
    *fewer, one_fewer, same, one_more, _, _, _, _ = by_blanks[name]
    claim(
        f"With {name} one blank more or fewer hurts, and three hurt much.",
        min(one_fewer, one_more) > same + 0.03
        and min(fewer + by_blanks[name][7:]) > max(0.4, same + 0.1),
    )
claim(
    "CoPE is as good with any number of blanks.", max(by_blanks["cope"]) < 0.02
)

# %% [markdown]
# A single blank more or fewer is enough to hurt. **What of this is by construction?** In the dense texts no place
# and no distance is new, only that the answers begin at place 18 and not at 24. The sparse texts are not fair to
# `learned`: the training used the rows 0 to 35 of its table, here the mark stands at 36, so *every* answer is given
# at a place whose row was never trained. For RoPE they hold distances that no answer ever had to bridge. CoPE's
# table is limited too, to 32 positions, but no text here has more than 24 symbols to count.
#
# Did they lack time? Train RoPE three times as long (20 to 40 seconds).

# %% tags=["nbval-ignore-output"]
longer = train("rope", steps=1500)
after = {
    split: error_rate(predict(longer, inputs), targets)
    for split, (inputs, targets) in tests.items()
}
for split in tests:
    print(
        f"{split:16} wrong after {models['rope'].steps_done:,} steps "
        f"{100 * errors['rope'][split][0]:5.1f} %, after "
        f"{longer.steps_done:,} {100 * after[split]:5.1f} %"
    )

# %% tags=["folded"]
claim(
    "A longer training makes RoPE better in distribution, and leaves most "
    "symbols wrong elsewhere.",
    after["in distribution"] < 0.7 * errors["rope"]["in distribution"][0]
    and after["dense"] > 0.5
    and after["sparse"] > 0.6,
)

# %% [markdown]
# On texts like those it learns from it gets much better. With other numbers of blanks most symbols stay wrong. RoPE's
# error *in* distribution says how far training got, the other tests what it learned (one run; three seeds below).
#
# ## Inside the copier
#
# Somewhere a head must look from each asker at the symbol to copy next. Which head, and how reliably?

# %% exercise="source_hits"


# %% tags=["nbval-ignore-output"]
@torch.no_grad()
def heads_of(model, ids):
    """The attention of all heads, layer by layer.

    Its shape is (batch, layers * heads, query, key).
    """
    x = model.embed(torch.tensor(ids))
    weights = []
    for block in model.blocks:
        weights.append(
            block.attention.scores(block.attention_norm(x))
            .softmax(dim=-1)
            .numpy()
        )
        x = block(x)
    return np.concatenate(weights, axis=1)


inside = {split: inputs[:64] for split, (inputs, _) in tests.items()}
weights = {
    name: {split: heads_of(models[name], ids) for split, ids in inside.items()}
    for name in ("rope", "cope")
}
hits = {
    name: {
        split: [source_hits(each[split][:, head], ids) for head in range(4)]
        for split, ids in inside.items()
    }
    for name, each in weights.items()
}
print("hits (%) of the two heads of layer 0, and of layer 1")
for name, split in ((name, split) for name in hits for split in tests):
    print(
        f"{name:5} {split:16}"
        + "".join(f"{100 * share:5.0f}" for share in hits[name][split])
    )

# %% tags=["folded"]
# a head of the first layer
copier = int(np.argmax(hits["cope"]["in distribution"][:2]))
claim(
    "One head of CoPE looks at the symbol to copy nearly always, and no head "
    "of RoPE does.",
    all(
        hits["cope"][split][copier] > 0.97 and max(hits["rope"][split]) < 0.7
        for split in SPLITS
    )
    and max(hits["rope"]["sparse"]) < 0.5,
)
claim(
    "RoPE gets more symbols right than its best head looks at.",
    1 - errors["rope"]["in distribution"][0]
    > max(hits["rope"]["in distribution"]) + 0.1,
)


# %% tags=["nbval-ignore-output"]
def source_places(ids):
    """Where the symbols before the mark stand: (batch, 12)."""
    return np.nonzero(ids[:, : np.argmax(ids[0] == MARK)] != BLANK)[1].reshape(
        len(ids), -1
    )


ids = inside["sparse"]
text, mark, rings = (
    tokenizer.decode(ids[0]),
    np.argmax(ids[0] == MARK),
    source_places(ids)[0],
)
figure, axes = plt.subplots(2, 1, figsize=(11, 6.4), sharex=True)
for axis, name, says in zip(
    axes, weights, ("mostly beside the symbol to copy", "on it, each time")
):
    best = (
        copier
        if name == "cope"
        else int(np.argmax(hits[name]["in distribution"]))
    )
    picture = axis.imshow(
        weights[name]["sparse"][0, best, mark:], vmin=0, vmax=1, aspect="auto"
    )
    axis.scatter(
        rings,
        range(12),
        s=70,
        facecolors="none",
        edgecolors="C4",
        linewidths=1.8,
    )
    axis.set(
        yticks=range(12),
        yticklabels=text[mark:],
        ylabel="the asker reads",
        title=f"{name}: {says}",
    )
    axis.tick_params(labelsize=10, length=0)
axes[1].set(xticks=range(len(text)), xticklabels=text, xlabel="key")
figure.colorbar(picture, ax=axes, label="attention")
show(
    figure,
    alt="Attention of twelve askers over a sparse text, for a head of RoPE "
    "and one of CoPE; rings mark the symbols to copy. RoPE's weights are "
    "smeared, mostly not in the rings; CoPE's lie in them.",
)

# %% [markdown]
# CoPE's head goes from symbol to symbol and jumps over the blanks. (The hits explain CoPE's copying, not RoPE's,
# which gets more symbols right than its best head hits: its weights are smeared over neighbours, and two layers can
# work together.) CoPE's head stands in the *first* layer (in our run both there hit; we follow one), where a key
# knows only its own symbol. So its gates depend only on symbols; `gate_by_symbol` from lesson 09 reads them. Their
# sum is the position. **Predict.** By the head's own count, where is the symbol to copy?
#
# <details><summary>Answer</summary>
#
# Always at the same place, about: 12 symbols times the gate of a symbol. Blanks and the mark must not count.
#
# </details>

# %% tags=["nbval-ignore-output"]
in_tokens, by_gates = {}, {}
for split, ids in inside.items():
    with torch.no_grad():
        layer = models["cope"].blocks[0]
        q, k, _, _ = layer.attention.prepare(
            layer.attention_norm(models["cope"].embedding(torch.tensor(ids)))
        )
        # (batch, query, key)
        gates = np.tril(
            layer.attention.positions.gates(q, k).numpy()[:, copier]
        )
    asking, sources = (
        np.arange(ids.shape[1]) >= np.argmax(ids[0] == MARK),
        source_places(ids),
    )
    means = gate_by_symbol(
        gates, ids, np.tile(asking, (len(ids), 1)), len(tokenizer)
    )
    # (batch, asker, key)
    positions = gates[..., ::-1].cumsum(axis=-1)[..., ::-1][:, asking]
    by_gates[split] = np.take_along_axis(
        positions, sources[..., None], axis=-1
    )[..., 0]
    in_tokens[split] = np.flatnonzero(asking) - sources + 1  # (batch, asker)
print(
    "mean gates: blank {:.2f}, mark {:.2f}, symbols".format(*means[14:]),
    means[:14].round(2),
)

figure, axes = plt.subplots(1, 2, figsize=(11, 3.8), sharey=True)
for split, color, style in zip(SPLITS, ("C0", "C2", "C1"), ("-", "--", ":")):
    for axis, values in zip(axes, (in_tokens[split], by_gates[split])):
        count, _ = np.histogram(values, np.arange(0.5, 38))
        axis.step(
            np.arange(1, 38),
            100 * count / count.sum(),
            color=color,
            linestyle=style,
            where="mid",
            label=split,
        )
axes[0].set(
    xlabel="position, counted in tokens",
    ylabel="askers (%)",
    title="In tokens: anywhere",
)
axes[1].set(
    xlabel="position, counted by the gates",
    title="By the gates: always the same",
    xlim=(0, 38),
)
axes[0].legend()
show(
    figure,
    alt="Histograms of the position of the symbol to copy, in the three kinds "
    "of texts. In tokens they spread over 13 to 37 and differ. By the gates "
    "all three are one narrow spike.",
)

# %% tags=["folded"]
claim(
    "The copier's gates are open for symbols, and closed for blanks and the "
    "mark.",
    means[BLANK] < 0.05 and means[MARK] < 0.1 and means[:14].min() > 0.3,
)
for split, blanks in SPLITS.items():
    claim(
        f"The distance to copy from, {split}: it varies in tokens, and hardly "
        f"by gates.",
        in_tokens[split].min() >= 13
        and in_tokens[split].max() <= 13 + blanks
        and in_tokens[split].std() > 1.5
        and by_gates[split].std() < 0.5
        and abs(by_gates[split].mean() - 12 * means[:14].mean()) < 0.8,
    )

# %% [markdown]
# The gate is shut for blanks and the mark and about equally open for all symbols: the position is 12 times the gate,
# everywhere. One row of the table, or two neighbours, is all the head needs. That is the mechanism which the paper
# claims: count what is not blank, copy from so many back.
#
# **Predict.** The rule that this head has learned is "12 symbols back". What if a text has 11 symbols, or 14?
#
# <details><summary>Answer</summary>
#
# Then that is the wrong symbol. It has learned to leave out blanks, and it has not learned to copy.
#
# </details>

# %% tags=["nbval-ignore-output"]
by_symbols = {}
for symbols in (10, 11, 12, 13, 14):
    inputs, targets = selective_copy_batch(
        np.random.default_rng(300), 256, num_symbols=symbols
    )
    by_symbols[symbols] = error_rate(predict(models["cope"], inputs), targets)
    print(f"cope, {symbols} symbols: {100 * by_symbols[symbols]:.0f} % wrong")

# %% tags=["folded"]
claim(
    "CoPE copies 12 symbols, and no other number of them.",
    all(
        (error < 0.02) if symbols == 12 else (error > 0.6)
        for symbols, error in by_symbols.items()
    ),
)

# %% [markdown]
# So CoPE, too, has learned what its training never varied; nothing taught it that the number could be another.
#
# ## All nine encodings, three times each
#
# The same recipe, three seeds: the mean, and in brackets the least and the most.

# %%
copy, flip_flop = read_records("copy"), read_records("flip_flop")


def wrong(split, runs):
    """The share of wrong answers of each run in a split, in per cent."""
    return 100 * np.array([run["errors"][split] for run in runs])


def table(records):
    """One line an encoding: mean (least-most) over the seeds."""
    print(f"{'wrong (%)':15}" + "".join(f"{split:>18}" for split in SPLITS))
    for name, runs in records.items():
        cells = (wrong(split, runs) for split in SPLITS)
        print(
            f"{name:15}"
            + "".join(
                f"{f'{x.mean():.1f} ({x.min():.1f}-{x.max():.1f})':>18}"
                for x in cells
            )
        )


def seconds(records):
    """What a training took, of each encoding."""
    print(
        "\nseconds a training:",
        ", ".join(
            f"{name} {np.mean([run['seconds'] for run in runs]):.0f}"
            for name, runs in records.items()
        ),
    )


table(copy)
seconds(copy)

# %% tags=["folded"]
assert [
    len(runs) for records in (copy, flip_flop) for runs in records.values()
] == 18 * [3]
assert all(wrong(split, copy["cope"]).max() == 0 for split in SPLITS)
assert sum(sum(run["answers"].values()) for run in copy["cope"]) == 55_296
for split in ("dense", "sparse"):
    least = {
        name: wrong(split, runs).min()
        for name, runs in copy.items()
        if name != "cope"
    }
    misled = [least.pop(name) for name in ("sinusoidal", "learned", "rope")]
    assert min(least.values()) > 50 and min(misled) > max(
        75, wrong(split, copy["none"]).max()
    )

# %% [markdown]
# CoPE made no mistake: not one in 55,296 symbols. Every run of every other encoding gets more than half of the
# symbols wrong in both shifted tests; sinusoidal and learned positions and RoPE more than three quarters. They do
# worse there than no positions at all (`none`): a place measured in tokens is not just useless here, it misleads.
#
# Is it the encoding, or the start? Four of the nine again, from weights five times as large (as in lesson 09):

# %%
larger = read_records("copy", init_std=0.1)
table(larger)

# %% tags=["folded"]
for name, runs in larger.items():
    if name != "cope":
        assert (
            wrong("in distribution", runs).mean()
            < 0.2 * wrong("in distribution", copy[name]).mean()
        )
        assert (
            min(wrong("dense", runs).min(), wrong("sparse", runs).min()) > 60
        )
assert (
    wrong("in distribution", larger["rope"]).max() <= 0.1
    and max(wrong("in distribution", larger["cope"])) > 0.5
)
assert (
    min(wrong(split, larger["rope"]).min() for split in ("dense", "sparse"))
    > 79
)
assert max(wrong(split, larger["cope"]).max() for split in SPLITS) < 1.3

# %% [markdown]
# From here all learn to copy texts with 12 blanks, or nearly. RoPE makes at most one mistake in a thousand symbols,
# and is better there than CoPE, of which one run in three keeps 1 %. With 6 or 24 blanks RoPE gets at least 79 % of
# the symbols wrong in each run, CoPE at most 1.3 %. So the failure in distribution was the start's; the failure
# with other blanks is not. RoPE has learned something else.
#
# ### Beside the paper
#
# Table 10 of the paper (its means are also in table 2), error in per cent, mean and standard deviation in brackets.
# The texts hold 256 symbols, and 256 blanks in training, 128 in the dense and 512 in the sparse test; the model has
# two layers, two heads and 64 numbers a token, and trained for 100,000 steps.
#
# | positions | in distribution | dense | sparse |
# |---|---|---|---|
# | absolute | 16.9 (3.7) | 25.6 (3.8) | 85.2 (8.4) |
# | RoPE | 40.1 (3.5) | 100.0 (0.0) | 100.0 (0.0) |
# | CoPE | 0.0 (0.0) | 0.0 (0.0) | 0.004 (0.006) |
#
# The paper does not say whether it counts symbols or texts, so compare the pattern only. Those of CoPE and RoPE
# agree with ours. Absolute positions' does not: in the paper they bear denser texts (25.6), ours do not (80.7). Our
# texts have 12 symbols, and our training is 200 times shorter; which of the two makes the difference we have not
# tried. A third experiment, with 128 symbols (MapFormer, arXiv 2511.19279), gives RoPE an accuracy of 1.00 in
# distribution, 0.48 dense and 0.22 sparse, and CoPE 1.00 in all three. So RoPE's error in distribution depends on the
# recipe, as it did above. Its failure with other numbers of blanks shows in all three.
#
# ## Flip-flop
#
# The second task: a memory of one bit. A text is a row of instructions, each with a bit behind it. `w1` writes 1;
# `i0` is to be ignored, its bit means nothing; after `r` must follow the bit that was written last. Liu et al.
# (2023, arXiv 2306.00946) invented it, and found that Transformers keep making sporadic errors in it.

# %% exercise="recall"

# %% [markdown]
# Texts have 64 pairs. In training 80 % of the instructions are ignores, in the dense test 10 %, in the sparse test
# 98 %. Only bits after reads are scored; guessing is wrong half of the time. How far back is the write?

# %%
for split, ignore in (
    ("in distribution", 0.8),
    ("dense", 0.1),
    ("sparse", 0.98),
):
    ids = flip_flop_sequences(
        np.random.default_rng(0), 500, pairs=64, ignore=ignore
    )
    kinds, places = ids[:, 0::2], np.arange(64)
    back = (
        places
        - np.maximum.accumulate(np.where(kinds == WRITE, places, 0), axis=1)
    )[kinds == READ]
    print(
        f"{split:15} {flip_flop_tokenizer().decode(ids[0, :24])} ... on "
        f"average {len(back) / 500:4.1f} reads, the last write "
        f"{back.mean():4.1f} pairs back"
    )

# %% [markdown]
# **Predict.** Which encodings should find the last write? Which will have trouble on sparse texts?
#
# <details><summary>Think first, then read the table</summary>
#
# What has to be found is *a write*, and of all writes *the last*. Nothing has to be counted: whoever finds writes
# by their content and prefers the nearer one will do. CoPE can, and others may. On sparse texts it stands far back.
#
# </details>
#
# All nine were trained with 64 numbers a token, 2 layers, 4 heads, 1,000 steps of 16 texts, and a learning rate of
# 0.003. A run takes 40 to 90 seconds, so this lesson only reads the records.

# %%
table(flip_flop)
seconds(flip_flop)

# %% tags=["folded"]
mean = {
    name: {split: wrong(split, runs).mean() for split in SPLITS}
    for name, runs in flip_flop.items()
}
for name, runs in flip_flop.items():
    solved = (wrong("sparse", runs) < 2).sum()
    assert solved == {"transformer_xl": 3, "cope": 2, "alibi": 1}.get(name, 0)
    assert (mean[name]["in distribution"] < 0.1) == (solved > 0)
    assert all(
        mean["transformer_xl"][split] <= mean[name][split] for split in SPLITS
    )
assert all(mean["cope"][split] < 0.2 * mean["rope"][split] for split in SPLITS)
assert (
    wrong("sparse", flip_flop["cope"]).max()
    < wrong("sparse", flip_flop["rope"]).min() - 5
)
assert sorted(wrong("sparse", flip_flop["cope"]).round(1)) == [0.0, 1.3, 13.5]
assert wrong("sparse", flip_flop["alibi"]).max().round(1) == 16.3
assert sum(errors["in distribution"] > 20 for errors in mean.values()) == 5
for name, percent in (("cope", 29), ("rope", 29), ("alibi", 1)):
    # step 300
    assert (
        round(
            100
            * np.mean([run["curve"]["error"][5] for run in flip_flop[name]])
        )
        == percent
    )

# %% tags=["folded"]
SHOWN = {
    "sinusoidal": ("C4", "v:"),
    "learned": ("C1", "o:"),
    "transformer_xl": ("C6", "X--"),
    "alibi": ("C3", "P--"),
    "rope": ("C2", "^-."),
    "cope": ("C0", "s-"),
}
figure, axes = plt.subplots(1, 2, figsize=(12, 4.6))
for axis, records, title in zip(
    axes,
    (copy, flip_flop),
    (
        "Copying: CoPE is nearly done by step 150",
        "Flip-flop: ALiBi first, then XL and CoPE",
    ),
):
    for name, (color, style) in SHOWN.items():
        curves, steps = (
            [run["curve"]["error"] for run in records[name]],
            records[name][0]["curve"]["step"],
        )
        axis.plot(
            steps,
            100 * np.mean(curves, axis=0),
            style,
            color=color,
            label=name,
            markersize=4,
        )
    axis.set(
        xlabel="training steps",
        ylabel="wrong (%), in distribution",
        ylim=(-2, None),
        title=title,
    )
axes[1].legend(fontsize=10, ncols=2)
show(
    figure,
    alt="Mean learning curves of six encodings. Copying: CoPE falls from 93 "
    "to about zero per cent in 150 steps, the others are at 33 to 70 after "
    "500. Flip-flop: ALiBi is near zero by step 250, Transformer-XL by 450, "
    "CoPE by 700; RoPE ends at 7 per cent, learned and sinusoidal near 28.",
)

# %% [markdown]
# What the records say:
#
# - **CoPE beats RoPE**, in all three tests, and its worst run on sparse texts is better than RoPE's best.
# - **CoPE is not the best.** Transformer-XL is the best in every column, and solves the sparse test in all three
#   runs. ALiBi learns the task first, and is nearly as good as CoPE in distribution, but not on sparse texts.
# - **The runs differ a lot.** On sparse texts CoPE makes 0.0, 1.3 and 13.5 % errors, ALiBi 0.0 to 16.3 %. With
#   one seed we could have told you nearly anything.
# - **It depends on the number of steps.** At step 300 CoPE and RoPE both had 29 % wrong, and ALiBi 1 %. Whoever had
#   stopped there would have seen no contrast.
# - **Five of nine have not learned it**, in distribution neither. For them this recipe was not enough; whether
#   they lacked steps or a better start, we have not tried.
#
# ### Beside the paper
#
# Table 7 of the paper, error in per cent; in brackets, where three seeds were run, the standard deviation. The size is
# the model's by section 5.1, a head's by appendix C.
#
# | positions | size, layers, heads | in distribution | sparse |
# |---|---|---|---|
# | absolute | 256, 4, 4 | 6.8 (6.9) | 21.7 (7.9) |
# | RoPE | 256, 4, 4 | 1.8 (3.1) | 20.3 (2.9) |
# | CoPE | 256, 4, 4 | 0.03 (0.06) | 4.9 (4.4) |
# | absolute | 256, 2, 4 | 11.1 | 10.6 |
# | RoPE | 256, 2, 4 | 5.1 | 14.7 |
# | CoPE | 256, 2, 4 | 0.0 | 13.2 |
# | RoPE | 128, 4, 4 | 0.1 | 8.9 |
# | CoPE | 128, 4, 4 | 0.2 | 33.2 |
#
# At the larger size with four layers CoPE has a quarter of RoPE's errors on sparse texts. With two layers, as ours
# have, it is hardly ahead, and absolute positions beat both; at the smaller size RoPE is ahead. So the paper's own
# table says what our curves say: on this task the advantage is no law, and size and training decide. That our 4.9 is
# also the paper's is chance, with runs from 0 to 13.5.
#
# ## What this was, and what not
#
# Selective copy is a clean win: what matters is *how many symbols back*, a gate can count that, and no distance in
# tokens stood in for it. Flip-flop shows the limit of the claim: what matters is *the last write*, and there
# Transformer-XL, which counts tokens, does better. And the copier shows the limit of the method: it counts to 12, because it always
# had to.
#
# All this is small: 2 layers, texts of 36 to 128 tokens, at most 1,500 steps, one recipe for all. It says nothing
# about large models. And Transformer-XL, so good at flip-flop here, is not in the paper's table.
#
# ## What comes next
#
# These three tasks were built so that something has to be counted or kept. Real text was not. Lesson 12 trains on
# language and code, measures how well the next character is predicted, and goes beyond the trained length again.

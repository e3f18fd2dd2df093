# ---
# jupyter:
#   lesson:
#     title: "What positions learn"
#     question: "What is in a position vector, and who put it there?"
#     achieved: "You have read positions from vectors, and found them where nobody had put any."
# ---

# %% [markdown]
# # 13 · What positions learn
#
# **What is in a position vector, and who put it there?**
#
# You've built nine encodings and trained them on four kinds of text. Now we open the trained models and look. First
# all nine side by side. Then you write two probes: small models that read positions from vectors. They'll find that
# the same table learns something else in every task, and that there are positions even where nobody put any.
#
# Nothing is trained here. The models were, by recipes of their own (`gallery_...`), and their weights are in
# `results/`.
#
# **First, three questions about lesson 11.**
#
# 1. When CoPE copies and skips the blanks, how far back is the symbol to copy, by its own count?
# 2. Why do texts with more blanks hurt an encoding that counts tokens?
# 3. What has to be found in flip-flop, and why is that no count?
#
# <details><summary>Answers</summary>
#
# 1. Always equally far: only symbols open the gates.
# 2. The distances grow with the blanks, and the training never had them.
# 3. The *last* write. To prefer what's near is enough.
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import claim, exercise, hint, show, solution
from experiments.pictures import STYLES
from experiments.plan import ALL, read_table
from experiments.training import kept_model, new_trainer
from solutions.absolute_positions import binary_digits, sinusoidal_encoding
from solutions.counting import counting_tokenizer
from solutions.probing import (
    CutRoPE,
    bits_per_answer,
    character_tokenizer,
    first_layer,
    hidden_position_error,
    hidden_states,
    logistic_regression,
    next_character_batch,
    pairs_of_new_positions,
    random_folds,
    random_pairs,
    ridge,
)
from solutions.training import UNSCORED

# %% [markdown]
# ## The gallery
#
# Nine models were trained to count (lesson 09), once each. They differ in nothing but the encoding. We give all of
# them the same text, 48 dots. All its tokens are equal, so any difference between two scores comes from positions
# alone. White is the score that a query gives its own position; red is more, blue is less. Of two heads you see the one
# that differs more.
#
# **Predict before you run.** In which maps does each diagonal have one color? In which is there nothing to see?
#
# <details><summary>Answer</summary>
#
# One color per diagonal means that only the distance counts. That's true of every encoding that works with distances.
# Here it's true of CoPE, too: among equal tokens its count grows with the distance. Sinusoidal and learned vectors are
# added to the tokens before any distance comes in. And in `none` there's nothing to see.
#
# </details>


# %%
def trained(table, name):
    """The models of a table with one encoding, seed by seed."""
    return [kept_model(record) for record in read_table(table)[name]]


gallery = {name: trained("gallery", name)[0] for name in ALL}
tokenizer = counting_tokenizer()
dots = tokenizer.encode("." * 48)[None]  # (1, seq)
maps = {name: first_layer(model, dots) for name, model in gallery.items()}


# %% tags=["folded", "nbval-ignore-output"]
def compared(scores):
    """The head whose scores differ most, each query's own score taken off."""
    seen = np.tri(scores.shape[-1], dtype=bool)
    own = np.diagonal(scores, axis1=-2, axis2=-1)  # (heads, query)
    rest = np.where(seen, scores - own[..., None], 0)
    return rest[np.argmax(abs(rest).sum(axis=(1, 2)))], seen


def draw(axis, scores, title):
    rest, seen = compared(scores)
    most = max(abs(rest).max(), 0.05)
    axis.imshow(
        np.where(seen, rest, np.nan), cmap="RdBu_r", vmin=-most, vmax=most
    )
    axis.set_title(f"{title}: ±{most:.1f}", fontsize=13)
    axis.set(xticks=(0, 47), yticks=(0, 47))


figure, axes = plt.subplots(3, 3, figsize=(10, 10.5))
for axis, (name, scores) in zip(axes.flat, maps.items()):
    draw(axis, scores, name)
figure.supxlabel("position of the key")
figure.supylabel("position of the query")
figure.suptitle("What position alone adds to the scores of 48 dots")
show(
    figure,
    alt="Nine lower triangles of 48 by 48 scores. none is blank. sinusoidal "
    "and learned have blocks and stripes of columns. shaw, transformer_xl, "
    "t5, alibi, rope and cope have one color per diagonal; alibi's fade "
    "evenly.",
)


# %% tags=["folded"]
def along_diagonals(scores):
    """How much steps from key to key differ along a diagonal, at most."""
    steps = np.diff(scores, axis=-1)  # the same if a query's scores all move
    return max(
        np.ptp(np.diagonal(steps, -back, axis1=-2, axis2=-1), axis=-1).max()
        for back in range(1, 47)
    )


for name, scores in maps.items():
    claim(
        f"Only the distance counts, except in sinusoidal and learned: {name}.",
        (along_diagonals(scores) < 1e-3)
        == (name not in ("sinusoidal", "learned")),
    )

# %% [markdown]
# In eight of the nine, what position adds to a score depends on nothing but the two tokens and their positions. CoPE
# looks at what's *between* them, so each text gets a map of its own. Here are two. Change the second one, and look at
# the last row: the query that's about to answer. **Predict:** at which characters does its color change?
#
# <details><summary>Answer</summary>
#
# Mostly at `=`, `+` and `a`, where a gate opens. At the dots it hardly changes: they don't count as distance.
#
# </details>

# %%
texts = ["a=..........a+....a+......?a", "a=a+a+.a=.a+...a+a+.a+....?a"]

# %% tags=["folded", "nbval-ignore-output"]
figure, axes = plt.subplots(1, 2, figsize=(12, 5.6))
added = [
    first_layer(gallery["cope"], tokenizer.encode(text)[None], bias=True)
    for text in texts
]
head = np.argmax(np.ptp(added[0][:, -1], axis=-1))  # the same in both
low = min(scores[head].min() for scores in added)
high = max(scores[head].max() for scores in added)
for number, (axis, text) in enumerate(zip(axes, texts)):
    rest = np.where(np.tri(len(text)), added[number][head], np.nan)
    axis.imshow(rest, cmap="viridis", vmin=low, vmax=high)
    axis.set(title=f"text {number + 1}", ylabel="query")
    axis.set_xticks(range(len(text)), text, fontsize=10)
    axis.set_yticks(range(len(text)), text, fontsize=10)
figure.suptitle("What CoPE adds changes with the text")
show(
    figure,
    alt="Two lower triangles over two texts of 28 characters, in which CoPE's "
    "additions change at other characters.",
)

# %% tags=["folded"]
last = [scores[head, -1] for scores in added]
steps, dot = abs(np.diff(last[0])), np.array(list(texts[0]))[:-1] == "."
claim(
    "In text 1 what CoPE adds hardly changes at the dots.",
    steps[dot].mean() < 0.2 * steps[~dot].mean(),
)
if len(texts[0]) == len(texts[1]) and texts[0] != texts[1]:
    claim(
        "What one head of CoPE adds differs between two texts.",
        abs(last[0] - last[1]).max() > 0.2 * np.ptp(last[0]),
    )

# %% [markdown]
# ## Near positions, similar vectors?
#
# A picture of scores mixes positions with what the layers make of them. So take the vectors themselves. The learned
# table starts out random, one vector per position, and training alone decides what's in it. Wang and Chen (2020, arXiv
# 2010.04903) compared the tables of trained models with cosines.

# %% exercise="cosine_map"

# %% [markdown]
# Four tasks: each time two layers, 32 numbers per token, learned positions. *Counting* and *copying* you know. A
# *decoder* learned to predict the next character of this course's own text. An *encoder* learned to guess hidden
# characters in the same text. It looks to both sides: with `causal=False` its attention has no mask. These two have
# one recipe. The other two have a lower rate and smaller starting weights, and counting had 600 steps, not 1,500.
#
# Your next function hides the characters and says which ones to guess. (BERT is asked for 15 %. We asked our encoder
# for 30 %, so that it learns from twice as many guesses in its 1,500 steps.)

# %% exercise="masked_batch"

# %%
characters = character_tokenizer()
sentence = "Attention looks at all tokens at once, so nobody is first."
ids = characters.encode(" ".join(sentence.split()))[None]  # (1, seq)
rng = np.random.default_rng(3)
inputs, targets = masked_batch(
    ids,
    rng.random(ids.shape),
    rng.integers(90, size=ids.shape),
    mask_id=len(characters) - 1,
    share=0.3,
)
read = [characters.symbols[id] for id in inputs[0]]
asked = [
    " " if id == UNSCORED else characters.symbols[id] for id in targets[0]
]
print("the text: ", sentence)
print("it reads: ", "".join(read).replace("[MASK]", "_"))
print("asked for:", "".join(asked))

# %% [markdown]
# **Predict before you run.** Next come cosine maps of 64 positions, red where two vectors point the same way. Which
# task needs to know *how far into the text* a token is? Which only needs to know what its *neighbors* are?
#
# <details><summary>Answer</summary>
#
# Guessing a hidden character takes the neighbors and nothing else: a narrow band. What else does a decoder learn? In
# large models Wang and Chen found absolute positions. Let's see.
#
# </details>

# %% tags=["nbval-ignore-output"]
TASKS = {
    "counting": "gallery_counting",
    "copying": "gallery_copy",
    "decoder": "gallery_decoder",
    "encoder": "gallery_encoder",
}
tables = {
    task: [
        model.positions[0].table.detach().numpy()[:64]
        for model in trained(name, "learned")
    ]
    for task, name in TASKS.items()
}
tables["sinusoidal"] = [sinusoidal_encoding(64, 32)]
tables["random"] = [
    np.random.default_rng(s).normal(size=(64, 32)) for s in (0, 1)
]

# %% tags=["folded", "nbval-ignore-output"]
figure, axes = plt.subplots(2, 3, figsize=(11, 7.6))
for axis, (task, its) in zip(axes.flat, tables.items()):
    picture = axis.imshow(cosine_map(its[0]), cmap="RdBu_r", vmin=-1, vmax=1)
    axis.set(title=task, xticks=(0, 63), yticks=(0, 63))
figure.colorbar(picture, ax=axes, label="cosine")
figure.suptitle("Each task leaves a learned table of its own")
figure.supxlabel("position")
figure.supylabel("position")
show(
    figure,
    alt="Six cosine maps of 64 positions. The encoder's has a narrow band "
    "along the diagonal, the decoder's a wide one that fades into the "
    "opposite; random vectors have the diagonal only.",
)

# %% tags=["folded", "nbval-ignore-output"]
print("mean cosine of positions that are apart by")
print(f"{'':12}" + "".join(f"{back:6}" for back in (1, 2, 4, 8, 16, 32)))
reach = {}
for task, its in tables.items():
    cosines = np.mean([cosine_map(table) for table in its], axis=0)
    reach[task] = [
        np.diagonal(cosines, b).mean() for b in (1, 2, 4, 8, 16, 32)
    ]
    print(f"{task:12}" + "".join(f"{cosine:6.2f}" for cosine in reach[task]))

# %% tags=["folded"]
breaks = [
    np.argmin(np.diagonal(cosine_map(table), 3)) for table in tables["copying"]
]
claim(
    "The copying table breaks at the mark, position 42.",
    all(38 <= position <= 43 for position in breaks),
)
claim(
    "Next to each other, counting's vectors are the least alike of the four.",
    reach["counting"][0]
    < min(reach[task][0] for task in ("copying", "decoder", "encoder")) - 0.1,
)

# %% [markdown]
# Look at *copying*. Its map breaks at position 42, and nobody told the model where to cut. But that's where the mark
# is: before it comes the text, after it the copy. And *counting*, which needs the last `a=` wherever it is, has the
# least smooth map of the four. Part of that may be its short training. The break isn't: it's at the mark in each run.
# And decoder and encoder differ in what they were asked and what they may see, not in their recipe.
#
# ## Can the position be read?
#
# A map shows similarity. Whether a layer could read the *number* out of a vector is another question. So ask directly:
# fit a linear map from vectors to positions, and see how far off it is on vectors it hasn't seen.
#
# `ridge(x, y)` is a linear regression that prefers small weights. You write what makes it a probe: leave out, predict,
# measure.

# %% exercise="position_probe"

# %% tags=["nbval-ignore-output"]
rng = np.random.default_rng(0)
big = {
    "sinusoidal": sinusoidal_encoding(512, 768),
    "random": rng.normal(size=(512, 768)),
}
error = {
    name: position_probe(vectors, np.arange(512), random_folds(rng, 512))
    for name, vectors in big.items()
}
for name, off_by in error.items():
    print(f"{name:10} 512 positions, off by {off_by:.1f} on average")

# %% tags=["folded"]
claim(
    "Positions are read from the sinusoidal table without error, and from "
    "noise worse than by a guess.",
    error["sinusoidal"] < 0.05 and error["random"] > 128,
)

# %% [markdown]
# In the paper the sinusoidal table has 0.0, too. And noise? It does worse than always guessing the middle,
# which is off by 128. With more columns than vectors the map fits its training vectors perfectly, and learns nothing. A
# probe needs a **control** like this one. Without it you don't know what a bad number looks like.
#
# **Try it** with a table of your own: 64 rows, and as many columns as you like. Here are the binary digits of lesson
# 04. **Predict:** can a *linear* map read them?

# %%
mine = binary_digits(64, 6)
fold = random_folds(np.random.default_rng(0), 64)
print(f"off by {position_probe(mine, np.arange(64), fold):.1f} positions")

# %% tags=["folded"]
claim(
    "A number is a weighted sum of its binary digits.",
    position_probe(binary_digits(64, 6), np.arange(64), fold) == 0,
)

# %% [markdown]
# ## Which of two comes first?
#
# Attention compares two tokens. So the paper asks a second question: given the vectors of two positions, which is
# later? Now the answer is yes or no, so the probe is a logistic regression.

# %% exercise="order_probe"

# %% [markdown]
# **Predict before you run.** In the paper, with 512 positions and 768 numbers each, the sinusoidal table gets about
# 5 % of the pairs wrong. And random vectors? They know nothing, so half of the pairs should be wrong.

# %% tags=["nbval-ignore-output"]
print("512 positions, 768 numbers: the paper's pairs")
wrong = {}
for name, vectors in big.items():
    wrong[name] = 100 * order_probe(vectors, *random_pairs(rng, 512))
    print(f"{name:10} {wrong[name]:10.1f} %")
small = {
    "sinusoidal": sinusoidal_encoding(128, 64),
    "random": np.random.default_rng(5).normal(size=(128, 64)),
}
order = {name: [] for name in small}
print("128 positions, 64 numbers: the paper's pairs, pairs of new positions")
for name, vectors in small.items():
    for draw in (random_pairs, pairs_of_new_positions):
        draws = [draw(np.random.default_rng(s), 128) for s in range(4)]
        errors = [order_probe(vectors, *pairs) for pairs in draws]
        order[name].append(100 * np.mean(errors))
    print(f"{name:10} {order[name][0]:10.1f} % {order[name][1]:10.1f} %")

# %% tags=["folded"]
claim(
    "About 5 % of the sinusoidal pairs are wrong, and of the random ones "
    "fewer than half.",
    2 < wrong["sinusoidal"] < 10 and 30 < wrong["random"] < 46,
)
claim(
    "Of random vectors clearly fewer than half of the paper's pairs are "
    "wrong, and about half of the pairs with new positions.",
    order["random"][0] < 40 and 42 < order["random"][1] < 58,
)

# %% [markdown]
# Clearly fewer than half, and with fewer positions a third! The control has caught something. In the paper's test, a
# pair that's left out is new, but its two positions mostly aren't. They're in other pairs, too. So the probe can learn
# by heart that *this* vector mostly comes late. The remedy: give the pairs left out positions of their own
# (`pairs_of_new_positions`). Then memory is worth nothing, and noise is wrong half of the time. From here on we use
# such pairs.
#
# ## Encoders learn neighbors, decoders learn positions
#
# That's what Wang and Chen concluded from large models. The tables of encoders such as BERT know what's near, and
# those of decoders such as GPT-2 know where they are. Do ours?
#
# **Predict before you run.** Rank the four learned tables, from the best ruler to the worst.

# %% tags=["nbval-ignore-output"]
found = {}
for task, its in tables.items():
    rng = np.random.default_rng(2)
    found[task] = np.array(
        [
            (
                position_probe(table, np.arange(64), random_folds(rng, 64)),
                100 * order_probe(table, *pairs_of_new_positions(rng, 64)),
            )
            for table in its
        ]
    )  # (seeds, 2)

# %% tags=["folded", "nbval-ignore-output"]
print(f"{'':12}{'off by (positions)':>22}{'order wrong (%)':>22}")
for task, numbers in found.items():
    cells = (
        " ".join(f"{value:.1f}" for value in column) for column in numbers.T
    )
    print(f"{task:12}" + "".join(f"{cell:>22}" for cell in cells))
guesses = {
    name: [record["errors"]["held out"] for record in read_table(table)[name]]
    for table, name in (
        ("gallery_encoder", "learned"),
        ("other encoders", "none"),
    )
}
for name, shares in guesses.items():
    cells = ", ".join(f"{share:.0%}" for share in shares)
    print(f"encoders' wrong guesses, positions {name}: {cells}")

# %% tags=["folded"]
claim(
    "Each encoder with a table guesses better than those without, the worst "
    "one by less than five points.",
    0 < min(guesses["none"]) - max(guesses["learned"]) < 0.05,
)
worst = {task: numbers.max(axis=0) for task, numbers in found.items()}
best = {task: numbers.min(axis=0) for task, numbers in found.items()}
claim(
    "The decoder's positions are read far better than the encoder's, in each "
    "run.",
    (2 * worst["decoder"] < best["encoder"]).all() and worst["decoder"][0] < 4,
)
claim(
    "The encoder's are read better than random vectors.",
    worst["encoder"][0] < 0.75 * best["random"][0]
    and worst["encoder"][1] < best["random"][1] - 10,
)
claim(
    "Near positions are alike in the encoder, far ones are not; in the "
    "decoder even positions 8 apart are.",
    reach["encoder"][0] > 0.6
    and reach["encoder"][4] < 0.3
    and reach["decoder"][3] > 0.6,
)

# %% [markdown]
# Of the learned tables, each number is one training with a seed of its own. Decoder and encoder differ in nothing but
# the mask and the question. The decoder's table has become nearly a ruler. The encoder's knows its neighbors, as its
# narrow band says, but only roughly where in the text they are: a guess of the middle would be off by 16. So ours
# agree with Wang and Chen.
#
# But look at the encoder's runs: with one seed we might have told you that the difference is enormous, or modest. And
# one of them guesses hardly better than without any positions, so its table may not be finished. *Why* is only partly
# answered, too, since mask and question change together.
#
# ## No encoding at all
#
# Lesson 03 showed that a causal mask lets some of the order in. Haviv et al. (2022, arXiv 2203.16634) found that
# language models trained *without* any encoding do nearly as well, and that positions can be read from their hidden
# states. They suspect that such a model can tell from the mask how many tokens it sees.
#
# **Predict before you run.** A decoder without positions, before its training and after it, and an encoder without
# positions: from which layers can your probe read the position? A guess of the middle is off by 16.

# %%
asked = next_character_batch(np.random.default_rng(0), 100, held_out=True)
inputs, _ = asked
decoders = read_table("other decoders")
rope = trained("other decoders", "rope")
models = {
    "decoder, learned": trained("gallery_decoder", "learned"),
    "decoder, none": trained("other decoders", "none"),
    "decoder, none, untrained": [
        new_trainer(record["settings"]).model for record in decoders["none"]
    ],
    "decoder, rope": rope,
    "encoder, none": trained("other encoders", "none"),
}
off = {
    name: np.array(
        [
            [
                hidden_position_error(state)
                for state in hidden_states(m, inputs)
            ]
            for m in its
        ]
    )
    for name, its in models.items()
}  # (seeds, layers + 1)

# %% tags=["folded", "nbval-ignore-output"]
figure, axis = plt.subplots(figsize=(7.5, 4.4))
for (name, errors), (color, line) in zip(
    off.items(),
    (
        STYLES["learned"],
        STYLES["none"],
        ("black", "v:"),
        STYLES["rope"],
        ("C4", "s--"),
    ),
):
    axis.plot(range(3), errors.mean(0), line, color=color, label=name)
    if "decoder" in name and "untrained" not in name:
        cells = (f"{bits_per_answer(m, *asked):.2f}" for m in models[name])
        print(f"{name}: {', '.join(cells)} bits per character")
axis.axhline(16, color="gray", linewidth=1)
axis.text(0.02, 16.3, "a guess of the middle", color="dimgray", fontsize=12)
axis.set(
    xticks=range(3),
    xticklabels=["embeddings", "after layer 1", "after layer 2"],
    ylabel="off by (positions)",
    ylim=(0, 18),
    title="After layer 1, positions where nobody put any",
)
axis.legend()
show(
    figure,
    alt="Position error by layer, means of two or three runs. Decoder with a "
    "learned table: about 1, then 14 and 15. Decoder without positions: 16, "
    "about 11, 14; untrained: 16, between 14 and 15, 14. Decoder with RoPE "
    "and encoder without positions: 16 throughout.",
)

# %% tags=["folded"]
none, untrained = off["decoder, none"], off["decoder, none, untrained"]
claim(
    "Without an encoding, no position can be read from the embeddings, nor "
    "from any layer of the encoder or of the decoder with RoPE.",
    (none[:, 0] > 15.5).all()
    and (off["encoder, none"] > 15.5).all()
    and (off["decoder, rope"] > 15.5).all(),
)
claim(
    "The mask alone leaves a trace without any training. After layer 1 the "
    "trained decoder's is clearer, after layer 2 it isn't.",
    (untrained[:, 1:] < 15.3).all()
    and none[:, 1].max() < untrained[:, 1].min() - 1.5
    and (abs(none[:, 2] - untrained[:, 2]) < 1).all(),
)
claim(
    "From the decoder with a table they can be read in the embeddings, and "
    "far worse after layer 1.",
    (off["decoder, learned"][:, 0] < 4).all()
    and (off["decoder, learned"][:, 1:] > 9).all(),
)
needs = {
    name: [bits_per_answer(m, *asked) for m in models[f"decoder, {name}"]]
    for name in ("none", "learned")
}
claim(
    "A decoder without an encoding needs over half a bit more than with a "
    "table.",
    min(needs["none"]) > max(needs["learned"]) + 0.5,
)

# %% [markdown]
# The mask alone leaves a trace of the position, even before any training. Training makes it clearer after layer 1, but
# not after layer 2. Without the mask there's none. And the mask isn't enough: RoPE's decoder has it, too, and nothing
# can be read there. What we did *not* reproduce is that such a model does nearly as well. With two layers it needs
# almost a bit more per character.
#
# What surprised us is the first line. Where positions were *given*, a linear map finds them far worse after one layer.
# Perhaps the model uses them at once to find its neighbors, and then needs the room for characters.
#
# ## Inside RoPE
#
# RoPE rotates each pair of columns at a speed of its own. Does a model use all of them? Barbero et al. (2024, arXiv
# 2410.06205) looked into Gemma 7B. It prefers the *slowest* pairs, which they suspect carry meaning, and uses the
# fastest to attend to exact positions. How much *can* a pair count? It adds at most the length of the query in it times
# that of the key, and a rotation changes no length.

# %% exercise="pair_norms"


# %% tags=["nbval-ignore-output"]
@torch.no_grad()
def lengths(model):
    """Mean lengths of queries and keys: (layers, 2, heads, pairs)."""
    x, found = model.embed(torch.tensor(inputs)), []
    for block in model.blocks:
        q, k, _, _ = block.attention.prepare(block.attention_norm(x))
        found.append(
            [
                [pair_norms(h.numpy()) for h in each.unbind(1)]
                for each in (q, k)
            ]
        )
        x = block(x)
    return np.array(found)


norms = lengths(rope[0])

# %% tags=["folded", "nbval-ignore-output"]
figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
for layer, axis in enumerate(axes):
    for kind, its, line in zip(
        ("queries", "keys"), norms[layer], ("o-", "s:")
    ):
        for head, values in enumerate(its):
            label = f"{kind}, head {head + 1}"
            axis.plot(values, line, color=f"C{head}", label=label)
    axis.set(xlabel="pair, the fastest first", title=f"layer {layer + 1}")
axes[0].set_ylabel("mean length")
figure.suptitle("The slowest pairs are never the longest")
axes[1].legend(fontsize=11)
show(
    figure,
    alt="Mean lengths of queries and keys in the eight pairs of two heads, in "
    "two layers. Most are longest in pairs 2 to 4, and short in the slowest.",
)

# %% tags=["folded"]
claim(
    "No head's queries or keys are longest in the slowest quarter.",
    all((lengths(model).argmax(axis=-1) < 6).all() for model in rope),
)

# %% [markdown]
# **Predict before you run.** Our RoPE decoder has eight pairs per head. Cut the slowest quarter, two pairs, in two
# ways: first they stop rotating, then they're gone altogether. What does each cut cost? And the same cuts for the
# other quarters?
#
# <details><summary>Answer</summary>
#
# Over 64 positions the slowest pair rotates by a tenth of a radian. Whether it rotates can hardly matter. Whether it's
# there can.
#
# </details>

# %% tags=["nbval-ignore-output"]
QUARTERS = {"fastest": [0, 1], "second": [2, 3], "third": [4, 5]}
QUARTERS["slowest"] = [6, 7]


def with_cut(model, pairs, gone):
    """The model, now with this RoPE in all its layers."""
    for block in model.blocks:
        block.attention.positions = CutRoPE(16, pairs, gone)
    return model


def bits_with(pairs, gone):
    return np.array(
        [bits_per_answer(with_cut(m, pairs, gone), *asked) for m in rope]
    )


whole = bits_with([], False)
print("bits per character of the whole models:", whole.round(2))
more = {}  # what a cut costs
for quarter, pairs in QUARTERS.items():
    more[quarter] = [bits_with(pairs, gone) - whole for gone in (False, True)]
    still, gone = (cost.round(2) for cost in more[quarter])
    print(f"{quarter:8} not rotated: {still + 0.0} more, gone: {gone} more")

# %% tags=["folded"]
claim(
    "In the slower half the rotation is worth nothing, and each quarter "
    "itself at least 0.1 bits.",
    all(
        (abs(still) < 0.03).all() and (gone > 0.1).all()
        for still, gone in (more["third"], more["slowest"])
    ),
)
claim(
    "Either quarter of the faster half costs more than a bit without its "
    "rotation, which is more than having no encoding.",
    all(
        (more[quarter][0] > 1).all()
        and min(more[quarter][0] + whole) > max(needs["none"])
        for quarter in ("fastest", "second")
    ),
)

# %% [markdown]
# So here, too, the fast pairs do the positions, all of the faster half. The slower half carries something else:
# without it the model is worse, without its rotation it isn't. But our *longest* pairs aren't the slowest. They're in
# the middle. At 64 characters and with 16 numbers per head there's little to compare with Gemma.
#
# And a cut tells you what a finished model relies on, not what a model needs. With its fast pairs at rest this one is
# far worse than a decoder that never had an encoding. For that you have to train again. Barbero et al. did: without
# rotating the slowest pairs, a model of 2 billion numbers even seemed to get slightly better.
#
# ## Choose the encoding by the task
#
# One last table, over the whole course: errors by task and encoding, each the mean of three to seven seeds, each
# encoding in the setting that validation chose from a small grid (lesson 10). CoPE and Shaw have about as many vectors
# as a training text has distances. Means hide the spread; the lessons have the single runs.
#
# **Predict before you run.** Is there an encoding that's best in every row?

# %%
ROWS = {
    "counting": ("counting_1", "in distribution"),
    "counting, 4x as long": ("counting_1", "4x the length"),
    "three variables": ("counting_3", "in distribution"),
    "copying": ("copy", "in distribution"),
    "copying, more blanks": ("copy", "sparse"),
    "flip-flop": ("flip_flop", "in distribution"),
    "flip-flop, sparse": ("flip_flop", "sparse"),
    "English (bits)": ("english", "in distribution"),
    "English, 4x as long": ("english", "4x the length"),
}


def row_of(table, split):
    """Each encoding's mean: per cent wrong, or bits per character."""
    row = {}
    for name, records in read_table(table).items():
        if name in gallery:
            kind, unit = "errors", 0.01
            if "losses" in records[0]:
                kind, unit = "losses", np.log(2)
            row[name] = np.mean([r[kind][split] for r in records]) / unit
    return row


course = {title: row_of(*where) for title, where in ROWS.items()}

# %% tags=["folded"]
print(f"{'':22}" + "".join(f"{name[:7]:>8}" for name in gallery))
for title, row in course.items():
    cells = (
        f"{row[name]:8.2f}" if name in row else f"{'-':>8}" for name in gallery
    )
    print(f"{title:22}" + "".join(cells))
print("wrong answers in per cent; - is not recorded")

# %% tags=["folded"]
full = {title: row for title, row in course.items() if len(row) == 9}
claim(
    "No encoding is best in every row.",
    all(
        any(row[name] > min(row.values()) for row in full.values())
        for name in gallery
    ),
)
claim(
    "In counting CoPE is best on texts like the training's, and not on texts "
    "four times as long.",
    min(course["counting"], key=course["counting"].get) == "cope"
    and min(
        course["counting, 4x as long"], key=course["counting, 4x as long"].get
    )
    != "cope",
)

# %% [markdown]
# That's the practical conclusion of Wang and Chen, and ours: **choose the encoding by the task.** Ask what a head has
# to find.
#
# | it has to find | then look at |
# |---|---|
# | a fixed position | a learned or sinusoidal table, for texts as long as those of the training |
# | neighbors | a relative encoding, or RoPE; in an encoder one that looks both ways |
# | what's near, in texts longer than the training's | a rule that goes on: Transformer-XL, ALiBi |
# | the n-th one of a kind | a count by content: CoPE with few vectors, or a gate (lesson 10) |
#
# The first line is what such tables are made for; no task of ours has tested it. So measure it, with several seeds, on
# texts that aren't like those of the training.
#
# ## What you built
#
# You began with an array. By now you've built an autograd engine, embeddings, attention, nine encodings, a
# Transformer, and its training. You've seen what they learn, and how sure one can be. And if you'd rather invent an
# encoding of your own: fill in one hook, give it to `Transformer(positions=YourClass)`, and let it count.
#
# ## What you can read now
#
# [All encodings on one page](../docs/encodings.md) has what each adds, where, what it costs and who uses it. With it
# you can read the code of real models: GPT-2's table, T5's buckets, BLOOM's slopes, and the rotations of LLaMA and
# nearly everything after it. RoPE is the default of today's language models. Much is tried around it: layers with and
# without positions side by side, other bases and interpolation for longer texts, and gates, as in CoPE, that decide
# what counts as far (FoX, arXiv 2503.02130; PaTH, arXiv 2505.16381). You know the parts that these papers are made of.
#
# [Lesson 14](14_on_pytorch.ipynb) takes the same files to PyTorch, and to models of the paper's size.

# %% [markdown]
# ## A quiz on lessons 12 and 13, and on the whole
# Run the cell to see eight questions. Write your answers into it, and run it again.

# %% quiz="what_positions_learn"

# ---
# jupyter:
#   lesson:
#     title: "Embeddings: a vector for every token"
#     question: "How does a word become numbers that can be trained?"
#     minutes: 40
#     achieved: "You have turned tokens into vectors and trained them. Show someone the map of your words."
# ---

# %% [markdown]
# # 02 · Embeddings: a vector for every token
#
# **How does a word become numbers that can be trained?**
#
# A network multiplies and adds. A word can be neither multiplied nor added. In this lesson each word gets a list of
# numbers of its own, a **vector**, and the numbers are learned like all other weights. This is the first layer of
# every language model. You write it, its gradient, and a small *word2vec* that finds out by itself which words are
# alike.
#
# ## Three questions about lesson 00
#
# 1. `x` has shape (2, 3, 4). What does adding an array of shape (3, 4) do?
# 2. `ids` has shape (5,). What are the shapes of `ids[:, None]` and of `ids[:, None] == np.arange(7)`?
# 3. In a comment you read `# (batch, seq, dim)`. Which of the three says how many numbers describe one token?
#
# <details><summary>Answers</summary>
#
# 1. It adds one vector to each *place* of the sequence, the same for both sequences of the batch.
# 2. (5, 1) and (5, 7): a column against a row gives every pair.
# 3. `dim`.
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import compare, exercise, hint, progress, show, solution
from minitorch import nn
from minitorch.nn import functional as F
from solutions.embeddings import (
    FRAMES,
    GROUPS,
    SkipGram,
    check_ids,
    small_text,
    train_skip_gram,
)

# %% [markdown]
# ## A number that means nothing
#
# Number the words of a vocabulary, in any order. A word's number is its **id**, and a text is a list of ids. (Here a
# token is a word. Real models cut text into pieces of words; nothing below changes.)

# %%
vocabulary = ["a", "cat", "fish", "sees", "small", "the"]
id_of = {word: id for id, word in enumerate(vocabulary)}
ids = np.array([id_of[word] for word in "the cat sees fish".split()])
print("ids:", ids)

# %% [markdown]
# The ids say which tokens are equal and nothing else. `sees` is not one more than `fish`. An id is a *category*, and
# a network that computed with it would find size and order where there are none. So write it as a row that is 0
# everywhere, with a single 1 in the column of the id: a **one-hot** row.
#
# $$\text{row}[r] = 1 \text{ if } r = \text{id, else } 0$$

# %% exercise="one_hot"

# %% [markdown]
# **Predict before you run.** How far apart are the one-hot rows of `cat` and `fish`? Of `cat` and `the`?
#
# <details><summary>Answer</summary>
#
# Any two different ones have distance $\sqrt 2$. Now no token is nearer to any other: nothing false is said, but
# nothing useful either. And a row is as long as the vocabulary, 50,257 for GPT-2, with a single 1 in it.
#
# </details>

# %%
rows = one_hot(np.arange(6), 6)  # (vocab, vocab)
distances = np.sqrt(((rows[:, None] - rows[None, :]) ** 2).sum(axis=-1))
print(distances.round(2))
assert np.allclose(distances[~np.eye(6, dtype=bool)], np.sqrt(2))

# %% [markdown]
# ## From one-hot to lookup
#
# What does the first layer of a network do with such a row? It multiplies it by a matrix, here 6 rows of 3 numbers:
# the **embedding table**, or weight matrix.
#
# $$x[n] = \sum_r \text{row}_n[r] \; \text{table}[r] = \text{table}[\text{ids}[n]]$$
#
# All terms of the sum are 0 but one. The product *is* a lookup: it picks out one row of the table.

# %%
# (vocab, dim)
table = np.round(np.random.default_rng(2).uniform(-1, 1, (6, 3)), 1)
x = one_hot(ids, 6) @ table  # (seq, vocab) (vocab, dim) -> (seq, dim)
assert (x == table[[5, 1, 3, 2]]).all()

figure, axes = plt.subplots(1, 3, figsize=(11, 5), width_ratios=(6, 3, 3))
titles = ("one-hot rows (4, 6)", "times table (6, 3)", "= lookup (4, 3)")
columns = vocabulary, [""] * 3, [""] * 3
named = np.array([f"{id} {word}" for id, word in enumerate(vocabulary)])
rows = named[ids], named, named[ids]
for axis, values, title, across, down in zip(
    axes, (one_hot(ids, 6), table, x), titles, columns, rows
):
    axis.imshow(values, cmap="RdBu", vmin=-1.6, vmax=1.6)
    for (i, j), value in np.ndenumerate(values):
        axis.text(
            j,
            i,
            f"{value:.0f}" if axis is axes[0] else f"{value:.1f}",
            ha="center",
            va="center",
        )
    axis.set(
        title=title,
        xticks=range(len(across)),
        yticks=range(len(down)),
        anchor="N",
    )
    axis.set_xticklabels(across, rotation=45)
    axis.set_yticklabels(down)
show(
    figure,
    alt="Three grids. Left: four one-hot rows for the ids 5, 1, 3, 2. Middle: "
    "the table with one row of three numbers for each of the six words. "
    "Right: the product; its rows are those of the, cat, sees and fish, taken "
    "from the table unchanged.",
)

# %% [markdown]
# Nobody carries out this product: looking up costs nothing, multiplying 4 · 6 · 3 multiplications. (Rows count from 0
# here. Books that count from 1 say that the ids 5, 1, 3, 2 give the rows 6, 2, 4, 3.)
#
# Here is the layer, as models have it; every model of this course begins with *your* version of it. It is an
# `nn.Module`, the engine's word for a layer. An `nn.Parameter` is a tensor that training changes, and
# `load_state_dict` puts given numbers into it.

# %% exercise="Embedding"

# %%
embedding = Embedding(6, 3)
embedding.load_state_dict({"weight": torch.tensor(table, dtype=torch.float32)})
compare(
    one_hot(ids, 6) @ table,
    embedding(torch.tensor(ids)),
    title="One-hot product and lookup",
    xlabel="dim",
    ylabel="place in the text",
    alt="Two equal 4 by 3 maps, the one-hot product and the lookup, and their "
    "difference, which is 0 everywhere.",
)

# %% [markdown]
# ## The same id, the same vector
#
# The lookup sees the id and nothing else. It knows neither the place nor the neighbours:

# %%
sentence = np.array([id_of[word] for word in "the cat sees the fish".split()])
x = embedding(torch.tensor(sentence)).detach().numpy()  # (seq, dim)
print(x)
assert (x[0] == x[3]).all()

# %% [markdown]
# So `the cat sees the fish` and `the fish sees the cat` are the same vectors in another order. What a model makes of
# that is the question of lesson 03.
#
# One cure can be seen already. Make a second table with one row for each *place*, 8 rows if texts have up to 8
# tokens (the **context length**), and look up the places 0, 1, 2, ... in it. The model's input is the sum.

# %%
# (context length, dim)
places = np.round(np.random.default_rng(6).uniform(-1, 1, (8, 3)), 1)
model_input = table[ids] + places[: len(ids)]  # (4, 3) + (4, 3)
print(
    "rows of the tokens",
    table[ids],
    "rows of the places 0 ... 3",
    places[:4],
    "sum",
    model_input,
    sep="\n",
)
assert np.allclose(model_input[0], table[5] + places[0])

# %% [markdown]
# GPT-2 does just this, with 1024 places. Lesson 04 takes it apart.
#
# ## How many numbers for a token?
#
# The width of the table is called `dim`. It is a *hyper-parameter*: you choose it, training does not. As a rule of
# thumb, the more there is to know about a token, and the more data there are to learn it from, the more dimensions:
# 8 to 1024 before large language models (512 and 1024 in Vaswani et al. 2017, table 3), 768 in GPT-2 small (Radford
# et al. 2019), 12,288 in the largest GPT-3 (Brown et al. 2020, table 2.1). The price is memory:

# %%
# tokens, places, 12 layers, last norm
gpt2 = 50257 * 768 + 1024 * 768 + 12 * (12 * 768**2 + 13 * 768) + 2 * 768
for name, vocab, dim, total in (
    ("GPT-2 small", 50257, 768, gpt2),
    ("GPT-3", 50257, 12288, 175e9),
):
    numbers = vocab * dim
    print(
        f"{name:12} {vocab} x {dim:>5} = {numbers / 1e6:6.1f} million "
        f"numbers, {numbers / total:5.1%} of all"
    )
assert (
    gpt2 == 124_439_808
    and round(50257 * 768 / gpt2, 3) == 0.310
    and round(50257 * 12288 / 175e9, 3) == 0.004
)

# %% [markdown]
# ## Where the numbers come from: the gradient of a lookup
#
# At first they are random. Then there are two ways. The table is trained **with the task**, together with all
# other weights; that is how language models do it. Or it is taken over **pre-trained** from another task with more
# data; you will see below when that pays. Either way somebody needs the gradient of a lookup.
#
# **Predict before you run.** The text is `the cat sees the fish`, and the gradient at each of the five places is
# known. Which rows of the table change in this training step? What does the row of `the` get?
#
# <details><summary>Answer</summary>
#
# Four of the six rows change; `a` and `small` were not used. The row of `the` was used at two places, so it gets the
# *sum* of the two gradients: each use brings its part, as in lesson 01.
#
# </details>
#
# $$\text{grad}_\text{table}[r] = \sum_{n \,:\, \text{ids}[n] = r} \text{grad}[n]$$
#
# The lookup *gathers* rows; its gradient *scatters* them back and *adds*. Hence the name **scatter-add**.

# %% exercise="embedding_backward"

# %%
grad = np.random.default_rng(4).standard_normal((5, 3)).astype(np.float32)
embedding.weight.grad = None
embedding(torch.tensor(sentence)).backward(torch.tensor(grad))
compare(
    embedding.weight.grad,
    embedding_backward(grad, sentence, 6),
    title="Gradient of the table (ids: 0 a, 1 cat, 2 fish, 3 sees, 4 small, 5 "
    "the)",
    xlabel="dim",
    ylabel="token id",
    alt="Two equal 6 by 3 maps of gradients. The rows of a and small are "
    "zero, they do not occur. The difference is 0 everywhere.",
)
assert np.allclose(
    embedding.weight.grad.numpy(),
    embedding_backward(grad, sentence, 6),
    atol=1e-6,
)

# %% [markdown]
# In a real vocabulary most rows get no gradient in a given step, and rare tokens learn slowly.
#
# ## word2vec: words are known by their company
#
# What shall the vectors be trained *for*? Word2vec (Mikolov, Chen et al. 2013) needs nobody to label anything: **from
# a word, predict the words around it**. Words that occur in similar contexts must make similar predictions, and so
# they tend to get similar vectors. Being alike is not taught. It is what is left when prediction succeeds.
#
# Our text is drawn from 16 patterns with gaps, and four groups of words to fill them.

# %%
for left, right in zip(FRAMES[::2], FRAMES[1::2]):
    print(f"{left:42}{right}")
print()
for group, members in GROUPS.items():
    print(f"{group:7}", members)
text = small_text(600)
print("\nFor example:", ". ".join(text[:3]) + ".")

# %% [markdown]
# Note what is *not* in this text. **Predict:** how often do `cat` and `dog` stand in the same sentence?
#
# <details><summary>Answer</summary>
#
# Never: no pattern has two gaps for animals. If they become neighbours, then not because they occur together, but
# because they are replaced by each other.
#
# </details>

# %%
group_of = {
    word: group
    for group, members in GROUPS.items()
    for word in members.split()
}
together = [
    sum(word in sentence.split() for word in members.split())
    for sentence in text
    for members in GROUPS.values()
]
print("most words of one group in one sentence:", max(together))
assert max(together) == 1

# %% [markdown]
# The training pairs come from a **window** that slides over the text: each word is the *center* once, and every word
# at most `window` places away is one of its *contexts*.

# %% exercise="skip_gram_pairs"

# %%
for center, context in zip(*skip_gram_pairs(ids, window=1)):
    print(f"{vocabulary[center]:5} -> {vocabulary[context]}")

# %% [markdown]
# The model has two tables: one vector for each word as center, and one as context. The score of a context is the dot
# product of the two, and a softmax over the vocabulary makes probabilities of the scores:
#
# $$p(\text{context} \mid \text{center}) = \underset{\text{context}}{\text{softmax}}
# \big( \text{centers}[\text{center}] \cdot \text{contexts}[\text{context}] \big)$$
#
# (This is *skip-gram*. For large vocabularies word2vec replaces the softmax: it only tells the true context from a
# few random words, which is called *negative sampling* (Mikolov, Sutskever et al. 2013).) The loss is the mean of
# $-\ln p$. Training takes about five seconds on a free machine, with your `Embedding` and your pairs.

# %% tags=["nbval-ignore-output"]
tokens = " . ".join(text).split()  # the full stop is a token too
words = sorted(set(tokens))  # the vocabulary of this text
word_id = {word: id for id, word in enumerate(words)}
text_ids = np.array([word_id[token] for token in tokens])
print(f"{len(tokens)} tokens, {len(words)} different ones")

torch.manual_seed(7)
model = SkipGram(len(words), dim=16)
before = model.center.weight.detach().numpy().astype(float)
steps = 500
bar = progress(steps, "word2vec")
losses = train_skip_gram(
    model,
    text_ids,
    window=3,
    steps=steps,
    batch=512,
    lr=0.03,
    on_step=lambda step, loss: bar.update(step + 1, f"loss {loss:.2f}"),
)
vectors = model.center.weight.detach().numpy().astype(float)  # (vocab, dim)
print(
    f"loss at first {losses[0]:.2f}, in the end {np.mean(losses[-20:]):.2f}; "
    f"blind guessing would give {np.log(len(words)):.2f}"
)
assert np.mean(losses[-20:]) < 3.3 < np.log(len(words))

# %% [markdown]
# The loss does not go to 0, and should not: nobody can know which animal comes next. Who are now the neighbours of a
# word? Measure by the **cosine**: 1 for the same direction, 0 for a right angle.
#
# $$\cos(a, b) = \frac{a \cdot b}{|a| \, |b|}$$

# %% exercise="nearest"

# %% tags=["nbval-ignore-output"]
for word in ("cat", "cheese", "red", "forest"):
    found, cosines = nearest(vectors, word_id[word], 4)
    print(
        f"{word:7}",
        ", ".join(
            f"{words[id]} {cosine:.2f}" for id, cosine in zip(found, cosines)
        ),
    )


# %%
def share_in_group(vectors):
    """The share of a word's three nearest neighbors that are in its group."""
    hits = [
        group_of.get(words[id]) == group
        for word, group in group_of.items()
        for id in nearest(vectors, word_id[word], 3)[0]
    ]
    return np.mean(hits)


print(
    "after training more than 9 of 10 neighbours are of the same group:",
    bool(share_in_group(vectors) > 0.9),
)
print(
    "before training fewer than 2 of 10 were:",
    bool(share_in_group(before) < 0.2),
)
assert share_in_group(vectors) > 0.9 and share_in_group(before) < 0.2

# %% [markdown]
# Sixteen numbers a word cannot be drawn. So look at the cloud from the side from which it is widest: along the two
# directions of largest spread, its *principal components*. This is a shadow: distances in it can only be too small.

# %% tags=["nbval-ignore-output"]
chosen = [word_id[word] for word in group_of]
figure, axes = plt.subplots(1, 2, figsize=(11, 5))
for axis, points, title in zip(
    axes,
    (before[chosen], vectors[chosen]),
    ("Before training", "After training"),
):
    centered = points - points.mean(axis=0)  # (16 words, dim)
    flat = centered @ np.linalg.svd(centered)[2][:2].T  # (16 words, 2)
    for number, group in enumerate(GROUPS):
        points = flat[
            [
                place
                for place, word in enumerate(group_of)
                if group_of[word] == group
            ]
        ]
        axis.scatter(
            *points.T,
            color=f"C{number}",
            marker="os^D"[number],
            s=60,
            label=GROUPS[group],
        )
    axis.set(title=title, xlabel="first component", ylabel="second component")
figure.legend(
    *axes[0].get_legend_handles_labels(),
    fontsize=12,
    ncols=4,
    loc="outside lower center",
)
figure.suptitle("Words that fill the same gaps become neighbours")
show(
    figure,
    alt="Two scatter plots of sixteen words. Before training animals, foods, "
    "colors and places are mixed. After training each group is a tight "
    "cluster of its own, far from the other three.",
)

# %% [markdown]
# This text was made to be easy. In a real one a word has several meanings and many contexts, and word2vec read 1.6
# billion words (Mikolov, Chen et al. 2013, abstract). What carries over is the mechanism.
#
# ## When pre-trained vectors pay
#
# A new task: tell the four groups apart, from *one* labelled example of each. Every other word gets the label of the
# example with the largest cosine. Blind guessing is right for 25 %.


# %%
def accuracy(vectors):
    examples = {members.split()[0]: group for group, members in GROUPS.items()}
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    right = []
    for word in set(group_of) - set(examples):
        best = max(
            examples,
            key=lambda example: unit[word_id[word]] @ unit[word_id[example]],
        )
        right.append(examples[best] == group_of[word])
    return np.mean(right)


print(
    "random vectors at least 90 % right:     ", bool(accuracy(before) >= 0.9)
)
print(
    "pre-trained vectors at least 90 % right:", bool(accuracy(vectors) >= 0.9)
)
assert accuracy(vectors) >= 0.9 and accuracy(before) <= 0.6

# %% [markdown]
# Four labels say nothing about the other twelve words. The vectors brought what they know from a text without labels.
# With plenty of data for the task itself this advantage shrinks, and the table is trained along, from random numbers.
#
# ## One table, used twice
#
# A language model has a table at its end too. What it has made of the text, its **hidden vector**, is compared with
# one vector for each token, and the dot products are the scores of the next token, the *logits*. Word2vec kept two
# tables. **Weight tying** (Press & Wolf 2017) uses one for both ends. In GPT-2 small it saves the 38.6 million
# numbers of a second table.
#
# What is the gradient of a table that is used twice? As in lesson 01, both uses bring a part, and they add up. In the
# smallest tied model the hidden vector is the lookup itself:
#
# $$h[n] = \text{table}[\text{ids}[n]] \qquad \text{logits}[n, r] = h[n] \cdot \text{table}[r]$$

# %% exercise="tied_gradient"

# %%
rng = np.random.default_rng(5)
tied, some_ids, grad_logits = (
    rng.standard_normal((6, 3)),
    np.array([5, 1, 3, 5]),
    rng.standard_normal((4, 6)),
)
weight = nn.Parameter(torch.tensor(tied))
# (seq, vocab)
logits = F.embedding(torch.tensor(some_ids), weight) @ weight.transpose(0, 1)
logits.backward(torch.tensor(grad_logits))
compare(
    weight.grad,
    tied_gradient(tied, some_ids, grad_logits),
    title="Gradient of a tied table",
    xlabel="dim",
    ylabel="token id",
    alt="Two equal 6 by 3 maps of gradients, now with numbers in every row, "
    "because each token is a possible output; and their difference, which is "
    "0 everywhere.",
)
assert np.allclose(
    weight.grad.numpy(), tied_gradient(tied, some_ids, grad_logits)
)

# %% [markdown]
# With tying every row gets a gradient in every step: each token could have been the next one.
#
# ## Beyond words
#
# Whatever can be turned into a vector can be an input. **Images** are cut into squares of 16 · 16 pixels, and each
# square is multiplied by a matrix (Dosovitskiy et al. 2021). **Prompt tokens** are trained vectors that belong to no
# word; put before the text, they steer a model whose weights stay as they are (Lester et al. 2021). In **retrieval**
# a whole text gets one vector, and texts are found by their cosine to a question. For this let us take the mean of
# the words' vectors:

# %%
documents = [
    "we feed the dog every morning",
    "they eat soup for dinner",
    "he wants a white car",
    "there is a path to the village",
]
questions = {
    "my cow": 0,
    "hot rice": 1,
    "blue paint": 2,
    "garden": 3,
}  # question -> the right document


def text_vector(text):
    vector = np.mean([vectors[word_id[word]] for word in text.split()], axis=0)
    # without what all texts have in common
    return vector - vectors.mean(axis=0)


# (documents, dim)
library = np.array([text_vector(document) for document in documents])
for question, right in questions.items():
    stacked = np.concatenate([text_vector(question)[None], library])
    answer = nearest(stacked, 0, 1)[0][0] - 1
    print(f"{question:10} -> {documents[answer]}")
    assert answer == right
in_all = [
    one_hot(
        np.array([word_id[word] for text in texts for word in text.split()]),
        len(words),
    )
    for texts in (questions, documents)
]
# (words in the questions, words in the documents)
assert (in_all[0] @ in_all[1].T == 0).all()

# %% [markdown]
# No question shares a word with any document. With one-hot rows, and no mean taken off, all these cosines would be 0.
#
# ## What comes next
#
# Every token has a vector now, and it is always the same one. But what a word means depends on the others: *bank* by
# a river, *bank* with money. So the vectors must look at each other. That is **attention**, lesson 03.

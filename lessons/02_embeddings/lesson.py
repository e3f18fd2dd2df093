# ---
# jupyter:
#   lesson:
#     title: "Embeddings: a vector for every token"
#     question: "How does a word become numbers that can be trained?"
#     achieved: "You have turned words into vectors and trained them. Show someone the map, or teach it one more word."
# ---

# %% [markdown]
# # 02 · Embeddings: a vector for every token
#
# **How does a word become numbers that can be trained?**
#
# A network adds and multiplies, and you can't multiply `cat` by anything. So every word gets a list of numbers of
# its own, a **vector**, which is learned like any other weight. That's the first layer of every language model. You'll
# write it, and then its gradient. After that you'll train a *word2vec*, which finds out by itself which words are
# alike, and teach it a word of your own.
#
# **First, three questions on lesson 00.** Answer before you unfold.
#
# 1. `x` has shape (2, 3, 4). What happens when you add an array of shape (3, 4)?
# 2. `ids` has shape (5,). What shapes do `ids[:, None]` and `ids[:, None] == np.arange(7)` have?
# 3. A comment says `# (batch, seq, dim)`. Which of the three tells you how many numbers describe one token?
#
# <details><summary>Answers</summary>
#
# 1. Each position gets a row of its own added, the same in both sequences of the batch.
# 2. (5, 1) and (5, 7): a column against a row gives every pair.
# 3. `dim`.
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import claim, exercise, hint, show, solution
from classroom.drawing import draw_words, show_maps
from minitorch import nn
from minitorch.nn import functional as F
from solutions.embeddings import (
    FRAMES,
    GROUPS,
    SkipGram,
    check_ids,
    learn_word,
    pair_loss,
    small_text,
    text_ids,
    train_skip_gram,
)

# %% [markdown]
# ## A number that means nothing
#
# Number the words of a vocabulary, in any order. A word's number is its **id**, and a text becomes a list of ids. (The
# pieces of text that get an id are called **tokens**. Here they're words. Real models cut words into smaller pieces,
# but that changes nothing below.)

# %%
vocabulary = ["a", "cat", "fish", "sees", "small", "the"]
id_of = {word: id for id, word in enumerate(vocabulary)}
ids = np.array([id_of[word] for word in "the cat sees fish".split()])
print("ids:", ids)

# %% [markdown]
# Ids tell you which tokens are equal, and nothing else: `sees` isn't `fish` plus one. An id is a *category*, like a
# license plate. A network that did arithmetic with it would find sizes and an order where there are none. So we write
# each id as a row of zeros with a single 1, in the column of that id. Such a row is called **one-hot**.

# %% exercise="one_hot"

# %% [markdown]
# **Predict.** How far apart are the one-hot rows of `cat` and `fish`? And those of `cat` and `the`?

# %%
rows = one_hot(np.arange(6), 6)  # (vocab, vocab)
distances = np.sqrt(((rows[:, None] - rows[None, :]) ** 2).sum(axis=-1))
print(distances.round(2))

# %% [markdown]
# Any two different rows are $\sqrt 2$ apart. So these rows no longer say anything false about the words, but they don't
# say anything useful either: no word is nearer to one than to another. And they're long. Each has as many numbers as
# the vocabulary has tokens, 50,257 for GPT-2, and all but one are 0.
#
# ## From one-hot to lookup
#
# Now multiply such a row by a matrix with one row of 3 numbers per word, the **embedding table** (or weight matrix):
#
# $$x[n] = \sum_r \text{row}_n[r] \; \text{table}[r]$$
#
# **Predict.** The first id is 5, for `the`. What's the first row of the product? Work it out from the first two grids
# below, before you look at the third.

# %% tags=["folded"]
table = np.random.default_rng(2).uniform(-1, 1, (6, 3)).round(1)
x = one_hot(ids, 6) @ table  # (seq, vocab) (vocab, dim) -> (seq, dim)
named = [f"{id} {word}" for id, word in enumerate(vocabulary)]
show_maps(
    ("one-hot rows (4, 6)", one_hot(ids, 6), [named[id] for id in ids]),
    ("times table (6, 3)", table, named),
    ("= product (4, 3)", x, [named[id] for id in ids]),
    alt="Three grids: four one-hot rows for the ids 5, 1, 3, 2; the table, a "
    "row of three numbers per word; their product, which has the rows of the, "
    "cat, sees and fish, unchanged.",
)
claim("The product is a lookup.", (x == table[[5, 1, 3, 2]]).all())

# %% [markdown]
# All terms of the sum but one are 0, so the product *is* a lookup: $x[n] = \text{table}[\text{ids}[n]]$. That's why
# nobody multiplies in practice. You just pick the row. (The ids 5, 1, 3, 2 pick the rows 6, 2, 4 and 3 if you count
# from 1, as some books do.)
#
# Next, write the lookup as a layer. In the engine a layer is an `nn.Module`, and a tensor that training may change is
# an `nn.Parameter`. Every model in this course will begin with *your* version of this layer.
#
# **Predict.** Suppose a bug lets the id -1 through. What does NumPy say to `table[-1]`? Would you notice?

# %% exercise="Embedding"

# %%
embedding = Embedding(6, 3)
embedding.load_state_dict({"weight": torch.tensor(table, dtype=torch.float32)})
print("NumPy:    ", table[-1], "which is the row of", repr(vocabulary[-1]))
try:
    embedding(torch.tensor([-1]))
except ValueError as error:
    print("the layer:", error)

# %% [markdown]
# NumPy counts -1 from the end, so the model would train on the wrong word, and nothing would tell you. That's why the
# layer refuses it.
#
# ## The same id, the same vector
#
# **Predict.** Which of the five vectors of `the cat sees the fish` are equal?

# %%
sentence = np.array([id_of[word] for word in "the cat sees the fish".split()])
print(embedding(torch.tensor(sentence)).detach().numpy())  # (seq, dim)

# %% [markdown]
# The first and the fourth, because a lookup sees the id and nothing else: not the position, and not the neighbors. So
# `the fish sees the cat` is made of the same five vectors, in another order. Can a model tell the two apart? That's a
# question for lesson 03.
#
# One cure is easy: make a second table, with one row for each *position*. If texts have up to 8 tokens (the **context
# length**), it has 8 rows. Look up the positions 0, 1, 2, ... in it, just as you look up the ids in the first table,
# and add the two. The sum is what the model reads.

# %%
positions = np.random.default_rng(6).uniform(-1, 1, (8, 3)).round(1)
total = table[ids] + positions[:4]  # (4, 3) + (4, 3)
print(table[ids], "+", positions[:4], "=", total.round(1), sep="\n")

# %% [markdown]
# GPT-2 does exactly this, with 1024 positions. In lesson 04 you'll see what's good about it, and what isn't.
#
# ## Where the numbers come from
#
# At first they're random. From there you have two choices. You can train the table **with the task**, together with all
# the other weights, as language models do. Or you can take a table that was **pre-trained** on another task with more
# data, as you'll do below. Either way, someone has to train it, and for that you need the gradient of a lookup.
#
# **Predict.** You know the gradient at each of the five positions of `the cat sees the fish`. Which rows of the table
# will change in this step? What does the row of `the` get?

# %% exercise="embedding_backward"

# %% [markdown]
# **Predict.** A friend writes one line, `table[ids] += grad`, and it runs. One row comes out wrong. Which one?

# %% tags=["folded"]
grad = np.random.default_rng(4).standard_normal((5, 3)).round(1)
friends, right = np.zeros((6, 3)), embedding_backward(grad, sentence, 6)
friends[sentence] += grad
show_maps(
    ("grad", grad, "the cat sees the fish".split()),
    ("table[ids] += grad", friends, named),
    ("scatter-add", right, named),
    alt="Three grids: a gradient for each of five tokens; what it makes of a "
    "table with a row per word, by += and by the scatter-add. In the row of "
    "the, the first has only the second of two gradients.",
)
wrong = np.flatnonzero((friends != right).any(axis=1))
claim("Only the row of `the` is wrong.", wrong.tolist() == [5])

# %% [markdown]
# The last row: NumPy wrote the second gradient of `the` over the first. But you know from lesson 01 that what is used
# twice gets two gradients, and that they add up:
#
# $$\text{grad}_\text{table}[r] = \sum_{n \,:\, \text{ids}[n] = r} \text{grad}[n]$$
#
# The lookup *gathers* rows, and its gradient *scatters* them back and *adds* them up. That's why it's called a
# **scatter-add**. (Look at the rows of zeros. In a real vocabulary most rows get nothing in a given step, so rare words
# learn slowly.)
#
# ## word2vec: a word is known by its company
#
# What should we train the vectors *for*? Word2vec (Mikolov, Chen et al. 2013) has a task that needs no labels: **from a
# word, predict the words around it**. Words that keep the same company have to make the same predictions, so they end
# up with similar vectors. Nobody ever tells the model which words are alike. It finds out, because that helps it to
# predict.
#
# Our text is drawn from 16 patterns with gaps, and four groups of words to fill them.

# %%
print(*GROUPS.items(), *FRAMES, sep="\n")

# %% [markdown]
# **Predict.** How often are `cat` and `dog` in the same sentence? (Look for a pattern with two gaps for animals.)
#
# The training pairs come from a **window** that slides over the text. Each word gets its turn as the *center*, and all
# words at most `window` positions away are its *contexts*.

# %% exercise="skip_gram_pairs"

# %% [markdown]
# (Did you look? `cat` and `dog` never meet, since no pattern has two gaps for animals. So if their vectors end up close
# together, it's because one word can replace the other.)
#
# The model has two tables: a vector for each word as a center, and another one for each word as a context. The dot
# product of the two is the context's score, and the softmax over the vocabulary turns the scores into probabilities:
#
# $$p(\text{context} \mid \text{center}) = \text{softmax}_\text{context} ( \text{centers}[\text{center}] \cdot
# \text{contexts}[\text{context}] )$$
#
# This is called *skip-gram*. The loss is the mean of $-\ln p$: the less likely the model found what came, the larger it
# is. (With a large vocabulary that softmax is slow, so word2vec only learns to tell the true context from a few random
# words. That's *negative sampling*: Mikolov, Sutskever et al. 2013.)
#
# **Predict.** Blind guessing among 62 words costs ln 62 = 4.1. We train for a second or two. Will that bring the loss
# to 0?

# %% tags=["nbval-ignore-output"]
text = small_text(600)
words = sorted(set(" . ".join(text).split()))  # the period is a token too
word_id = {word: id for id, word in enumerate(words)}
torch.manual_seed(7)
model = SkipGram(len(words), dim=16)
before = model.center.weight.detach().numpy().copy()  # (vocab, dim)
losses = train_skip_gram(model, text_ids(text, word_id), 3, steps=500)
vectors = model.center.weight.detach().numpy()  # (vocab, dim)
print(f"loss at first {losses[0]:.2f}, at the end {np.mean(losses[-20:]):.2f}")
claim("The loss ends near 3.", 2.7 < np.mean(losses[-20:]) < 3.3)

# %% [markdown]
# It can't go to 0, since nothing in the text tells you *which* animal comes next. But which words are neighbors now?
# We'll measure that by the **cosine**, $\cos(a, b) = a \cdot b \; / \; (|a| \, |b|)$. It's 1 if the two vectors point
# the same way, and 0 if they're at a right angle.

# %% exercise="nearest"

# %% [markdown]
# **Predict.** Which three words are nearest to `cheese`? (None of them is ever in a sentence with it.)

# %% tags=["nbval-ignore-output"]
for word in ("cat", "cheese", "red", "forest"):
    pairs = zip(*nearest(vectors, word_id[word], 4))
    print(f"{word:7}", ", ".join(f"{words[n]} {cos:.2f}" for n, cos in pairs))

# %% tags=["folded"]
groups = np.array([text_ids([each], word_id) for each in GROUPS.values()])
for each, low, high in ((before, 0, 0.2), (vectors, 0.9, 1)):
    near = [np.isin(nearest(each, n, 3)[0], g) for g in groups for n in g]
    claim("Training moves a group together.", low <= np.mean(near) <= high)

# %% [markdown]
# You can't draw sixteen numbers per word on a flat page. So we look at the cloud of words from the side where it's
# widest, along its two directions of largest spread, the *principal components*. The picture is only a shadow of the
# cloud: words can look nearer than they are.

# %% tags=["nbval-ignore-output", "folded"]
figure, axes = plt.subplots(1, 2, figsize=(11, 5))
titles = "Before training", "After training"
for axis, each, title in zip(axes, (before, vectors), titles):
    points = each[groups] - each[groups].mean(axis=(0, 1))  # (group, 4, dim)
    widest = np.linalg.svd(points.reshape(16, -1))[2][:2]  # (2, dim)
    draw_words(axis, points @ widest.T, map(str.split, GROUPS.values()))
    axis.set(xlabel="first component", ylabel="second component", title=title)
show(
    figure,
    alt="Sixteen words as points. Before training, animals, foods, colors and "
    "locations are mixed. After it, each group is a tight cluster of its own.",
)

# %% [markdown]
# We made this text to be easy. In a real one a word has several meanings and thousands of contexts, so it takes far
# more of it: word2vec read 1.6 billion words (Mikolov, Chen et al. 2013, abstract).
#
# ## How many numbers per token?
#
# The width of the table, `dim`, is a *hyper-parameter*: you choose it, and training doesn't change it. The more there
# is to know about a token, and the more text there is to learn it from, the wider the table can be. Before large
# language models, people used 8 to 1024 numbers (512 and 1024 in Vaswani et al. 2017, table 3). GPT-2 small has 768
# (Radford et al. 2019), and GPT-3 has 12,288 (Brown et al. 2020, table 2.1). Width costs memory: with 50,257 tokens,
# the table is 31 % of GPT-2 small. And it has a second price.
#
# **Predict.** We train tables of widths from 1 to 64, on 600 sentences and on only 20. Each time we take the loss
# twice: on the training sentences, and on 300 *fresh* ones. Sketch all four curves. Do any of them rise?

# %% tags=["nbval-ignore-output", "folded"]
widths, curves = (1, 2, 4, 8, 16, 64), {}
fresh = text_ids(small_text(300, seed=99), word_id)
figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
for axis, size in zip(axes, (20, 600)):
    own, losses = text_ids(small_text(size), word_id), []
    for dim in widths:
        torch.manual_seed(0)
        wide = SkipGram(len(words), dim)
        train_skip_gram(wide, own, window=3, steps=300)
        losses.append([pair_loss(wide, each, 3) for each in (own, fresh)])
    curves[size] = np.transpose(losses)  # (own or fresh, width)
    axis.plot(curves[size][0], "o-", label="training sentences")
    axis.plot(curves[size][1], "s--", label="fresh sentences")
    axis.axhline(np.log(len(words)), color="0.4", ls=":", label="guessing")
    axis.set(title=f"{size} sentences to learn from", xlabel="dim")
    axis.set_xticks(range(len(widths)), widths)
axes[0].set(ylabel="loss (nats per pair)")
axes[1].legend(loc="upper right")
show(
    figure,
    alt="Loss against width, 1 to 64. After 20 sentences: on these it falls "
    "from 3.3 to 2.5, on fresh ones it rises from 4.5 to 5, above the 4.1 of "
    "guessing. After 600: both fall from 3.6 to 3.1 at 16, and no further.",
)
(_, fresh_20), (_, fresh_600) = curves.values()
claim("After 20 sentences width hurts.", fresh_20[4] > fresh_20[0] + 0.2)
claim("After 600 it helps.", fresh_600[4] < fresh_600[0] - 0.4)

# %% [markdown]
# With 20 sentences, a wider table learns these twenty better, and the language worse. That's called **overfitting**:
# the model becomes sure of things that just happened to be said, so on fresh sentences it does worse than guessing.
# With 600 sentences the two curves stay together. (And a table wider than 16 brings nothing more: there isn't that much
# to know about our few words.)
#
# ## When pre-trained vectors pay
#
# Here's a new task, with hardly any data: tell animals, foods, colors and locations apart after seeing *one* labeled
# word of each, `cat`, `bread`, `red` and `house`. A new **output layer** turns a vector into four scores. We train only
# this layer, and leave the table as it is. The table is **frozen**, as people say.
#
# **Predict.** How many of the other twelve words will it get right: with a random table that's frozen, with a random
# table that's trained too, and with ours?

# %% tags=["nbval-ignore-output"]
for start, frozen in ((before, True), (before, False), (vectors, True)):
    torch.manual_seed(0)
    table_of, layer = nn.Parameter(torch.tensor(start)), nn.Linear(16, 4)
    trained = [*layer.parameters()] + ([] if frozen else [table_of])
    optimizer = torch.optim.Adam(trained, lr=0.05)
    for _ in range(100):
        scores = layer(table_of[torch.tensor(groups[:, 0])])  # (4, group)
        optimizer.zero_grad()
        F.cross_entropy(scores, torch.arange(4)).backward()
        optimizer.step()
    found = layer(table_of[torch.tensor(groups[:, 1:])]).argmax(dim=-1)
    right = np.mean(found.numpy() == np.arange(4)[:, None])
    name = "trained on the text" if start is vectors else "random"
    print(f"{name:19} {'frozen' if frozen else 'trained too'}: {right:.0%}")
    claim(
        "Only the table trained on the text knows the words.",
        (right > 0.9) == (start is vectors),
    )

# %% [markdown]
# Four labels say nothing about the twelve other words, because training only moves the four rows that were used. Our
# table knows the twelve already, from a text without any labels. A frozen model under a new output layer is called a
# *feature extractor*. It pays when labels are few. If you have plenty of them, you can train the table too.
#
# ## One table, used twice
#
# A language model has a table at its other end too. What it has made of the text so far is one vector, the **hidden
# vector**. To predict the next token, it takes the dot product of that vector with one vector per token of the
# vocabulary. These scores are called *logits*. **Weight tying** (Press & Wolf 2017) means using one table for both
# ends, which saves GPT-2 small a second 38.6 million numbers. In the smallest tied model, the hidden vector is simply
# the row that was looked up:
#
# $$h[n] = \text{table}[\text{ids}[n]] \qquad \text{logits}[n, r] = h[n] \cdot \text{table}[r]$$
#
# **Predict.** The ids are 5, 1, 3, 5. Which rows of the table get a gradient as input? Which as output?

# %% exercise="tied_gradient"

# %% tags=["folded"]
twice, grad = np.array([5, 1, 3, 5]), rows[:4] - 0.5
total = tied_gradient(table, twice, grad)
as_input = embedding_backward(grad @ table, twice, 6)
show_maps(
    ("used as input", as_input, named),
    ("used as output", total - as_input, named),
    ("their sum", total, named),
    alt="Three grids of gradients, a row per word. As input only the rows of "
    "cat, sees and the have numbers. As output, and in the sum, every row.",
)

# %% [markdown]
# On the way in, only `cat`, `sees` and `the` were read. But on the way out every row gets a gradient, since every token
# could have come next.
#
# ## A word of your own
#
# Your word2vec has never read the word `wug`, so let's teach it. Both tables are frozen, and `learn_word` trains a
# single new vector of 16 numbers, in a loop like the one above. Change the sentences, or make up another word. (Words
# that aren't in the text are skipped.)
#
# **Predict.** Which words will be its neighbors after these three sentences?

# %% tags=["nbval-ignore-output"]
my_word = "wug"
my_text = "my wug has four legs . the wug likes soup . we feed the wug"

my_ids = text_ids([my_text], word_id | {my_word: len(words)})
centers, contexts = skip_gram_pairs(my_ids, window=3)
company = contexts[(centers == len(words)) & (contexts < len(words))]
vector = learn_word(model, company)  # (1, dim)

found, cosines = nearest(np.concatenate([vectors, vector]), len(words), 4)
print(*(f"{words[n]} {cosine:.2f}" for n, cosine in zip(found, cosines)))
claim("The nearest words are animals.", np.isin(found[:3], groups[0]).all())

# %% [markdown]
# Animals, of course: it has four legs and gets fed. What you've just done has a name, **textual inversion** (Gal et al.
# 2022). An image generator such as Stable Diffusion reads its prompt through an embedding table too. So take three to
# five pictures of your cat, and train one new vector, with everything else frozen. Its made-up word is a *trigger
# word*: type it, and you get your cat.
#
# The same idea comes back in other clothes. **Prompt tokens** are such vectors without a word; you put them before a
# text to steer a frozen model (Lester et al. 2021). **Images** are cut into squares, and a matrix turns each square
# into a vector (Dosovitskiy et al. 2021). And in **retrieval** a whole text gets one vector, so that your `nearest` can
# find the texts that fit a question.
#
# ## What comes next
#
# Every token has a vector now, but it's always the same one. And a *bank* by a river isn't a *bank* with money: what a
# word means depends on the words around it. So the vectors have to look at each other. That's **attention**, and it's
# the subject of lesson 03.

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
# A network adds and multiplies, and you can't multiply `cat` by anything. So every word gets a list of numbers of its
# own, a **vector**, learned like any other weight. That's the first layer of every language model. You'll write it, and
# its gradient. Then you'll train a *word2vec*, which finds out which words are alike, and teach it one of yours.
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
# Number the words of a vocabulary, in any order. A word's number is its **id**, and a text is a list of ids. (Here a
# token is a word. Real models cut words into pieces, and nothing below changes.)

# %%
vocabulary = ["a", "cat", "fish", "sees", "small", "the"]
id_of = {word: id for id, word in enumerate(vocabulary)}
ids = np.array([id_of[word] for word in "the cat sees fish".split()])
print("ids:", ids)

# %% [markdown]
# Ids tell you which tokens are equal, and nothing else. `sees` isn't `fish` plus one. An id is a *category*, like a
# license plate, and a network that did arithmetic with it would find sizes and an order where there are none. So write
# an id as a row of zeros with a single 1, in the column of that id. Such a row is called **one-hot**.

# %% exercise="one_hot"

# %% [markdown]
# **Predict before you run.** How far apart are the one-hot rows of `cat` and `fish`? And those of `cat` and `the`?

# %%
rows = one_hot(np.arange(6), 6)  # (vocab, vocab)
distances = np.sqrt(((rows[:, None] - rows[None, :]) ** 2).sum(axis=-1))
print(distances.round(2))

# %% [markdown]
# Any two different rows are $\sqrt 2$ apart. That says nothing false any more, and nothing useful either: no word is
# nearer to any other. And each row is as long as the vocabulary, 50,257 numbers for GPT-2, with a single 1 among them.
#
# ## From one-hot to lookup
#
# Now multiply such a row by a matrix with one row of 3 numbers per word, the **embedding table** (or weight matrix):
#
# $$x[n] = \sum_r \text{row}_n[r] \; \text{table}[r]$$
#
# **Predict.** The first id is 5, for `the`. What's the first row of the product? Find it before you look to the right.

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
# All terms of the sum are 0 but one, so the product *is* a lookup: $x[n] = \text{table}[\text{ids}[n]]$. In practice
# nobody multiplies; picking a row is free. (The ids 5, 1, 3, 2 pick the rows 6, 2, 4 and 3 if you count from 1, as some
# books do.)
#
# Next, write it as a layer. The engine's word for a layer is `nn.Module`. An `nn.Parameter` is a tensor that training
# changes. Every model in this course will begin with *your* version.
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
# NumPy counts -1 from the end. A model would train on the wrong word, and nothing would tell you. So the layer refuses.
#
# ## The same id, the same vector
#
# **Predict.** Which of the five vectors of `the cat sees the fish` are equal?

# %%
sentence = np.array([id_of[word] for word in "the cat sees the fish".split()])
print(embedding(torch.tensor(sentence)).detach().numpy())  # (seq, dim)

# %% [markdown]
# The first and the fourth, because a lookup sees the id and nothing else: not the position, not the neighbors. So `the
# fish sees the cat` is the same five vectors in another order. What a model makes of that is lesson 03's question.
#
# One cure is easy. Make a second table with one row for each *position*: 8 rows if a text has up to 8 tokens (its
# **context length**). Look up the positions 0, 1, 2, ... in it too, and add. The sum is what the model reads.

# %%
positions = np.random.default_rng(6).uniform(-1, 1, (8, 3)).round(1)
total = table[ids] + positions[:4]  # (4, 3) + (4, 3)
print(table[ids], "+", positions[:4], "=", total.round(1), sep="\n")

# %% [markdown]
# GPT-2 does just this, with 1024 positions. Lesson 04 takes it apart.
#
# ## Where the numbers come from
#
# At first they're random. Then you have two choices. Train the table **with the task**, together with all other
# weights: that's what language models do. Or take one that was **pre-trained** on another task with more data; you'll
# do that below. Either way somebody needs the gradient of a lookup.
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
# The last row: NumPy wrote the second gradient of `the` over the first. But every use brings its part (lesson 01):
#
# $$\text{grad}_\text{table}[r] = \sum_{n \,:\, \text{ids}[n] = r} \text{grad}[n]$$
#
# The lookup *gathers* rows; its gradient *scatters* them back, and *adds*. Hence its name, **scatter-add**. (Note the
# zeros. In a real vocabulary most rows get nothing in a given step, and rare words learn slowly.)
#
# ## word2vec: a word is known by its company
#
# What should the vectors be trained *for*? Word2vec (Mikolov, Chen et al. 2013) needs no labels: **from a word, predict
# the words around it**. Words that keep the same company have to make the same predictions, so they end up with similar
# vectors. Nobody teaches likeness. It's what you get when prediction succeeds.
#
# Our text is drawn from 16 patterns with gaps, and four groups of words to fill them.

# %%
print(*GROUPS.items(), *FRAMES, sep="\n")

# %% [markdown]
# **Predict.** How often are `cat` and `dog` in the same sentence? (Look for a pattern with two gaps for animals.)
#
# The training pairs come from a **window** that slides over the text. Each word is the *center* once, and every word at
# most `window` positions away is one of its *contexts*.

# %% exercise="skip_gram_pairs"

# %% [markdown]
# (`cat` and `dog` never meet: no pattern has two gaps for animals. If the two become neighbors, it's because one can
# replace the other.)
#
# The model has two tables: a vector for each word as center, and one for each word as context. A context's score is the
# dot product of the two, and the softmax over the vocabulary turns scores into probabilities:
#
# $$p(\text{context} \mid \text{center}) = \text{softmax}_\text{context} ( \text{centers}[\text{center}] \cdot
# \text{contexts}[\text{context}] )$$
#
# This is *skip-gram*. The loss is the mean of $-\ln p$. (With a large vocabulary that softmax is slow, so word2vec only
# tells the true context from a few random words. That's *negative sampling*: Mikolov, Sutskever et al. 2013.)
#
# **Predict.** Blind guessing among 62 words costs ln 62 = 4.1. Will training, a second or two, bring the loss to 0?

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
# It can't go to 0: nothing in the text tells you *which* animal comes next. But which words are neighbors now? Measure
# by the **cosine**, $\cos(a, b) = a \cdot b \; / \; (|a| \, |b|)$: 1 if the two point the same way, 0 at a right angle.

# %% exercise="nearest"

# %% [markdown]
# **Predict.** Name the three words nearest to `cheese`. They never meet it in a sentence.

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
# You can't draw sixteen numbers per word. So look at the cloud from the side where it is widest, along the two
# directions of largest spread, its *principal components*. It's a shadow: in it, words can look nearer than they are.

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
# This text was made to be easy. In a real one words have several meanings and a thousand contexts, and word2vec read
# 1.6 billion of them (Mikolov, Chen et al. 2013, abstract).
#
# ## How many numbers per token?
#
# The width of the table, `dim`, is a *hyper-parameter*: you choose it, training doesn't. The more there is to know
# about a token, and the more text there is to learn it from, the wider it can be: 8 to 1024 before large language
# models (512 and 1024 in Vaswani et al. 2017, table 3), 768 in GPT-2 small (Radford et al. 2019), 12,288 in GPT-3
# (Brown et al. 2020, table 2.1). Width costs memory: with 50,257 tokens, the table is 31 % of GPT-2 small. And there's
# a second price.
#
# **Predict.** We train tables with widths from 1 to 64, on 600 sentences and on only 20, and take the loss twice: on
# the training sentences, and on 300 *fresh* ones. Sketch all four curves. Which of them rise?

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
# With 20 sentences a wider table learns these twenty better and the language worse. That's **overfitting**: the model
# is sure of things that just happened to be said, and with fresh sentences it does worse than guessing. With 600 the
# curves stay together. (And beyond 16 numbers there's nothing left to know about our few words.)
#
# ## When pre-trained vectors pay
#
# A new task, hardly any data: tell animals, foods, colors and locations apart after *one* labeled word of each, `cat`,
# `bread`, `red` and `house`. A new **output layer** turns a vector into four scores. Only this layer is trained; the
# table is **frozen**.
#
# **Predict** how many of the other twelve words it gets right with a random table, with a random one that is trained
# too, and with ours.

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
# Four labels say nothing about twelve other words: they only move the four rows that were used. Ours know the twelve
# from a text without labels. A frozen model under a new output layer is called a *feature extractor*. When you have
# plenty of labels, its advantage shrinks, and you train the table too.
#
# ## One table, used twice
#
# A language model has a table at its other end too. There it compares what it has made of the text, its **hidden
# vector**, with one vector per token; the dot products are the scores of the next token, the *logits*. **Weight tying**
# (Press & Wolf 2017) uses one table for both ends, which saves GPT-2 small a second 38.6 million numbers. In the
# smallest tied model the hidden vector is the lookup itself:
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
# As input only `cat`, `sees` and `the` were read. As output every row gets a gradient, since any token could have been
# next.
#
# ## A word of your own
#
# Your word2vec has never read the word `wug`. Tell it. Both tables are frozen, and `learn_word` trains one new vector
# of 16 numbers, in a loop like the one above. Change the sentences, or make up another word. (Words the text doesn't
# have are skipped.)
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
# Animals, of course: it has four legs and gets fed. What you've just done is called **textual inversion** (Gal et al.
# 2022). An image generator such as Stable Diffusion reads its prompt through an embedding table too. From three to five
# pictures of your cat, train one new vector, with all else frozen. Its made-up word is a *trigger word*: type it, and
# you get your cat. **Prompt tokens** are such vectors without a word, put before a text to steer a frozen model (Lester
# et al. 2021). It needn't be words: **images** are cut into squares, and a matrix turns each into a vector (Dosovitskiy
# et al. 2021). In **retrieval** a whole text gets one vector, and your `nearest` finds the texts that fit a question.
#
# ## What comes next
#
# Every token has a vector now, and always the same one. But *bank* by a river isn't *bank* with money: what a word
# means depends on the others. So the vectors have to look at each other. That's **attention**, lesson 03.

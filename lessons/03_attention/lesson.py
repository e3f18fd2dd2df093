# ---
# jupyter:
#   lesson:
#     title: "Attention: how tokens look at each other"
#     question: "How does one token look at the others, and what does it fail to see?"
#     minutes: 40
#     achieved: "You have written attention, hidden the future from it, and shown what it cannot see."
# ---

# %% [markdown]
# # 03 · Attention: how tokens look at each other
#
# **How does one token look at the others, and what does it fail to see?**
#
# After lesson 02 every token has a vector, always the same one, whatever the words around it. Attention mixes into it
# what the others have to say. It's the heart of a Transformer, and it's short: you'll write it three times, as a loop,
# with NumPy, and on the engine. Then you'll find out exactly what it cannot see. The rest of this course is about that.
#
# **First, three questions on lesson 01.** Answer before you unfold.
#
# 1. A number is used twice in a computation. What do you do with its two gradients?
# 2. Softmax turns scores into weights. What do they sum to? If one score grows, what happens to the other weights?
# 3. What does `check_gradient` compare?
#
# <details><summary>Answers</summary>
#
# 1. Add them.
# 2. To 1, so the others shrink, together by as much as the one gains.
# 3. The slope along a random direction, found by trying, and what the gradient predicts for it.
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import claim, exercise, hint, progress, show, solution
from classroom.drawing import show_maps
from solutions.language import read_this_course
from solutions.one_layer import OneLayer, loss_when_writing, train_one_layer
from solutions.order import PAIRS, attend, embed, rnn, tokens_of

# %% [markdown]
# ## Asking and answering
#
# Each token sends out a **query**: what am I looking for? It shows a **key**: what do I have to offer? And it carries a
# **value**: what I hand over if asked. A query is compared with all keys, and the better a key fits, the more of its
# value the query gets. Below, `sees` asks who does it. (We set these numbers by hand. Real ones are learned.)
#
# **Predict.** Which key fits best: the one that's longest, or the one that points the same way?

# %% tags=["folded"]
query = np.array([[2.0, 0.5]])  # of sees: (query, head_dim)
keys = np.array([[2.0, 0.8], [-1.0, 1.2], [1.2, -0.6]])  # (key, head_dim)
figure, axis = plt.subplots(figsize=(7, 3.4))
for color, end, name in zip(
    ("black", "C0", "C1", "C2"),
    [*query, *keys],
    ["query of sees", "key of cat", "key of sees", "key of fish"],
):
    axis.annotate("", end, (0, 0), arrowprops={"color": color, "width": 2})
    axis.text(*end, f" {name}", color=color)
axis.set(xlim=(-1.2, 3.3), ylim=(-0.8, 1.4), xlabel="number 0")
axis.set(ylabel="number 1", title="One query, three keys")
show(
    figure,
    alt="Arrows from the origin. The query of sees and the key of cat point "
    "right, the key of fish down to the right, that of sees up to the left.",
)

# %% [markdown]
# The measure is the dot product, which counts both: how well the two directions agree, times the lengths. It's divided
# by $\sqrt{\text{head\_dim}}$, where `head_dim` is how many numbers a query has. (You'll soon see why.)
#
# $$\text{score}[i, j] = \frac{q_i \cdot k_j}{\sqrt{\text{head\_dim}}}$$

# %% exercise="scaled_scores"

# %% [markdown]
# A score may be any number. To share something out, you need positive weights with sum 1. The **softmax** makes them of
# each row:
#
# $$\text{weight}[i, j] = \frac{e^{\text{score}[i, j]}}{\sum_n e^{\text{score}[i, n]}}$$
#
# **Predict.** What are the weights of the scores 0 and ln 3? And of 1000 and 1000 + ln 3? Will NumPy agree?

# %% exercise="softmax"

# %%
fit = scaled_scores(query, keys)  # (query, key)
for name, score, weight in zip(["cat", "sees", "fish"], *fit, *softmax(fit)):
    print(f"sees -> {name:4}  score {score:5.2f}  weight {weight:.2f}")

# %% [markdown]
# Four fifths of what `sees` gets to hear will come from `cat`.
#
# ## First time: as a loop
#
# Each query gets the weighted mean of the values:
#
# $$\text{out}_i = \sum_j \text{weight}[i, j] \; v_j$$
#
# That's all of *scaled dot-product attention* (Vaswani et al. 2017, equation 1). Queries, keys and values are made from
# the same vectors $x$ by three learned matrices, $q = x W_q$, $k = x W_k$, $v = x W_v$. Hence *self*-attention.

# %% exercise="attention_loop"

# %% [markdown]
# ## Why the square root?
#
# Suppose all numbers in q and k are independent, with mean 0 and variance 1 (Vaswani et al. 2017, section 3.2.1). Then
# their products have mean 0 and variance 1 too, and a dot product adds up `head_dim` of them. Variances add up.
#
# **Predict.** How large is a dot product, typically, if `head_dim` is 64? With 32 keys, what weight does the best get?

# %%
rng = np.random.default_rng(0)
for head_dim in (4, 16, 64, 256, 1024):
    q, k = rng.standard_normal((2, 300, head_dim))
    scores = q @ k[:32].T  # 300 queries, 32 keys
    both = softmax(scores), softmax(scores / np.sqrt(head_dim))
    plain, scaled = (weights.max(axis=1).mean() for weights in both)
    print(f"head_dim {head_dim:4}  q.k about {scores.std():4.1f}", end="  ")
    print(f"largest weight {plain:.2f}, after scaling {scaled:.2f}")
claim("Unscaled, one key takes it all.", plain > 0.9 > 0.3 > scaled)

# %% [markdown]
# The variance is 64, so a dot product is about 8. Two that are 8 apart get weights in a ratio of 3000 to 1, so one key
# takes nearly all. There the softmax is flat. Change a score a little, and no weight changes. So there's next to no
# gradient, and the layer can't learn to look elsewhere. After scaling, `head_dim` makes no difference.
#
# ## What it's trained for: the next token
#
# A language model has one task: given the tokens so far, say how likely each token is to come next. To write, it picks
# one, adds it to the text, and asks itself again. This is called **autoregression**, and such a model a **decoder**.
#
# One text trains it at all its positions at once: from the first token it predicts the second, from two the third, ...

# %% exercise="next_token_pairs"

# %% [markdown]
# There's a catch. All positions are computed together, and every token may look at every other. In `the cat sees fish`,
# `cat` has to predict `sees`. It looks one to the right, and there it is. So hide what comes later: the query at
# position $i$ may look at the keys at positions $j \le i$.
#
# When a model writes, it keeps the old keys in a **cache**, and only the new tokens ask. So there may be fewer queries
# than keys, and then they are the *last* ones.
#
# **Predict.** Four tokens are cached and two are new. What shape does the mask have, and how many entries are hidden?

# %% exercise="causal_mask"

# %% tags=["folded"]
show_maps(
    ("a whole text", causal_mask(6, 6), range(6), range(6)),
    ("two new tokens", causal_mask(2, 6), range(4, 6), range(6)),
    title="yellow: the query may look at the key",
    numbers=False,
    xlabel="key position j",
    ylabel="query position i",
    alt="Two masks, yellow where a query may look. Six queries and six keys: "
    "the diagonal and all below it. Two queries: the last two of these rows.",
)

# %% [markdown]
# ## Second time: with NumPy
#
# To hide a key, give it the score $-\infty$ **before** the softmax. As $e^{-\infty} = 0$, the others share all the
# weight.

# %% exercise="attention_numpy"

# %% [markdown]
# With the mask, one pass over six tokens does the work of six: row $i$ is what you'd get from a text that ends at $i$.
# But are you sure that nothing leaks through? Don't argue. Test it: change one input, and see which results change.

# %% exercise="depends_on"

# %% [markdown]
# **Predict.** Some people mask *after* the softmax: they multiply the weights by 0 where a query may not look. Then the
# later values are gone. Does anything of the future still get through?

# %% tags=["folded"]
x, (w_q, w_k, w_v) = (rng.standard_normal(n) for n in ((6, 4), (3, 4, 4)))
mask, ticks = causal_mask(6, 6), (range(6), range(6))


def layer(x, mask=None):
    return attention_numpy(x @ w_q, x @ w_k, x @ w_v, mask)


def masked_too_late(x):
    return softmax(scaled_scores(x @ w_q, x @ w_k)) * mask @ (x @ w_v)


everything, too_late = depends_on(layer, x), depends_on(masked_too_late, x)
causal = depends_on(lambda x: layer(x, mask), x)
show_maps(
    ("no mask", everything, *ticks),
    ("mask, then softmax", causal, *ticks),
    ("softmax, then mask", too_late, *ticks),
    title="yellow: the result depends on the input",
    numbers=False,
    xlabel="input j",
    ylabel="result i",
    alt="Three 6 by 6 maps, yellow where a result depends on an input. No "
    "mask: all. Mask, then softmax: the diagonal and below. Softmax, then "
    "mask: all again, it leaks.",
)
claim("The mask is tight.", (causal == np.tri(6)).all() and too_late.all())

# %% [markdown]
# It leaks: the hidden scores are still in the softmax's denominator, so they show in all the other weights.
#
# ## What an RNN has that attention lacks
#
# Before attention, language models were **recurrent networks**. An RNN reads one token after another and carries a
# state along: $h_i = \tanh(x_i W + h_{i-1} U)$. So order is built in. The price: every step waits for the one before,
# and what was said 100 tokens ago has to survive 100 steps. Attention reaches all tokens at once, in one step. But ...
#
# **Predict.** Does `dog` get the same output in `dog bites man` and `man bites dog`, from attention without a mask?
# From an RNN?

# %% tags=["folded"]
sentences = "dog bites man", "man bites dog"
a, b = map(embed, sentences)  # (seq, dim) each
rows, other_rows = map(tokens_of, sentences)
show_maps(
    ("attention", attend(a), rows),
    ("attention", attend(b), other_rows),
    ("RNN", rnn(a), rows),
    ("RNN", rnn(b), other_rows),
    alt="Four maps of outputs, a row per token, for dog bites man and for man "
    "bites dog. With attention each word has the same row in both. With the "
    "RNN no row is the same.",
)
swap = [2, 1, 0, 3]
claim("Attention shuffles.", np.allclose(attend(a, 2), attend(b, 2)[swap]))
claim("An RNN doesn't.", np.abs(rnn(a) - rnn(b)[swap]).max(axis=1).min() > 0.1)

# %% [markdown]
# From attention, `dog` gets the very same vector, whether it bites or is bitten: it sees the same keys and values, and
# a sum doesn't ask in which order it's added up. Some people say the outputs are *completely* the same. Not quite: as a
# set they are, but they come in the order of the words. Shuffle the inputs, and the outputs are shuffled the same way.
# That's called **permutation-equivariant**. More layers can't mend it, since each one only shuffles what it gets.
#
# ## Does the causal mask help?
#
# With the mask, a token sees only what came before it, and that differs. So some of the order gets in. How much? Look
# at the period after each sentence, where everything has been seen. Four pairs, in Chinese, where words never change
# their form, and in English:
#
# | pair | Chinese | word by word | English | same tokens | same meaning |
# |---|---|---|---|---|---|
# | 1 | 我爱你 / 你爱我 | I love you / you love I | dog bites man / man bites dog | yes | no |
# | 2 | 你爸妈对我的看法 / 我爸妈对你的看法 | your parents' opinion of me / my parents' opinion of you | my dog likes your cat / your dog likes my cat | yes | no |
# | 3 | 苹果被我吃了 / 我吃了苹果 | apple by me eaten / I ate apple | the apple was eaten by Ann / Ann ate the apple | no | yes |
# | 4 | 苹果被我吃了 / 我被苹果吃了 | apple by me eaten / I by apple eaten | the apple was eaten by Ann / Ann was eaten by the apple | yes | no |
#
# **Predict.** In which pairs does the period get the same output twice: with no mask? With the mask and one layer? With
# two? (`attend` is your attention with random matrices; as in real models, each layer adds to what came in.)

# %%
gaps, settings = [], ((2, False), (1, True), (2, True))  # layers, causal
print("difference at the period: no mask, causal, causal with two layers")
for number, (a, b) in enumerate(PAIRS):
    ends = [[attend(embed(s), *how)[-1] for how in settings] for s in (a, b)]
    gaps.append(np.abs(np.subtract(*ends)).max(axis=-1))  # (settings,)
    row = " ".join(f"{gap:5.2f}" for gap in gaps[-1])
    print(f"{row}   {number // 2 + 1}: {a} / {b}")
gaps, same = np.array(gaps), [0, 1, 2, 3, 6, 7]  # pairs of the same tokens
claim("One layer doesn't see their order.", (gaps[same, :2] < 1e-9).all())
claim("Two do.", (gaps[:, 2] > 0.01).all() and (gaps[4:6] > 0.01).all())

# %% [markdown]
# Here's the exact truth:
#
# | attention | what the output at the period depends on |
# |---|---|
# | no mask, any number of layers | which tokens there are, and how often; not on their order |
# | causal mask, one layer | the same; it can't tell who bites whom |
# | causal mask, two layers | the order too: after the first layer `bites` has seen `dog` in one sentence and `man` in the other, and the second layer reads that |
#
# (Pair 3 is often told as one of these cases. It isn't, since it has other tokens. And it means the same!)
#
# So a deep causal model can work out something about order by itself, and trained ones do (Haviv et al. 2022;
# Kazemnejad et al. 2023). But it has to spend layers on it, and order carries meaning: to translate, you have to know
# who bites whom. That's why every token will be told **where it is**, from lesson 04 on.
#
# ## Third time: on the engine
#
# The last version is the one that trains. It works on tensors, so gradients come by themselves. In front of the last
# two axes there may be the batch, and the **heads**: a real layer splits `dim` into `num_heads` parts of `head_dim`
# numbers and attends in each part separately, so that a token can look for several things at once.
#
# **Predict.** q, k and v have the shape (2, 3, 6, 4): batch, heads, seq, head_dim. What shape do the scores have?

# %% exercise="attention"

# %% [markdown]
# ## A model that cheats
#
# Time to train it. Here's a language model on characters: one layer of *your* attention, two heads, and a learned
# vector per position, as in lesson 02 (it's in `solutions/one_layer.py`). It reads the text of this course, 32
# characters at a time. We train it twice, with the mask and without, a few seconds each.
#
# **Predict.** Which one has the smaller loss in training? Which one when it writes?

# %% tags=["nbval-ignore-output"]
text = read_this_course()
characters = sorted(set(text))
ids = np.array([characters.index(each) for each in text])
models, losses = {}, {}
for name in ("with the mask", "without"):
    torch.manual_seed(0)
    model = OneLayer(len(characters), 32, masked=name != "without")
    tick = progress(500, name).update
    losses[name] = train_one_layer(model, ids, steps=500, on_step=tick)
    models[name] = model

# %% tags=["nbval-ignore-output", "folded"]
figure, axis = plt.subplots(figsize=(8, 3.8))
guess, trained, writing = np.log(len(characters)), [], []
for (name, model), style in zip(models.items(), ("-", "--")):
    trained.append(np.mean(losses[name][-20:]))
    writing.append(loss_when_writing(model, ids, range(4, 32, 4)))
    lines = axis.plot(losses[name], style, label=f"{name}, in training")
    color = lines[0].get_color()
    axis.plot(
        540, writing[-1], "*", ms=16, color=color, label="when it writes"
    )
axis.axhline(guess, color="0.4", ls=":", label="guessing")
axis.set(
    xlabel="training step",
    ylabel="nats per character",
    ylim=(0, None),
    title="A good loss, and a bad writer?",
)
axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
show(
    figure,
    alt="Loss over 500 steps. With the mask it levels off near 2, in writing "
    "too. Without, it falls to nearly 0, but in writing it is above guessing.",
)
claim("In training the cheat wins.", trained[1] < 0.4 < 1.5 < trained[0] < 2.6)
claim("Writing, it fails.", writing[0] < 2.6 < guess < writing[1])

# %% [markdown]
# Without the mask, each position looks one to the right and copies what it should predict. When the model writes,
# nothing is there yet, and it does worse than guessing. A loss that's too good to be true usually means a leak. Then
# run `depends_on`.
#
# ## What did it learn to look at?
#
# **Predict.** The model with the mask reads `the query looks at the key and t`. It has to predict the next character,
# with two heads. Which earlier characters would *you* look at?

# %% tags=["nbval-ignore-output", "folded"]
reads = "the query looks at the key and t"
shown = reads.replace(" ", "_")
prompt = torch.tensor([[characters.index(each) for each in reads]])
maps = models["with the mask"].weights(prompt)[0]  # (heads, query, key)
show_maps(
    ("head 0", maps[0], shown, shown),
    ("head 1", maps[1], shown, shown),
    title="one row per query; yellow: much of its weight",
    numbers=False,
    square=0.19,
    alt="Two 32 by 32 maps of attention weights, characters along both axes. "
    "Nearly all the light is one to three squares left of the diagonal.",
)
near = np.tri(32) - np.tri(32, k=-4)  # up to three back
claim("Heads look near.", (maps * near).sum(axis=-1).mean() > 0.6)

# %% [markdown]
# Mostly at the character before, and at one or two more, wherever in the text they are. That's a good idea if you're
# learning to spell. And note what the heads have learned: *how far back* to look, from a vector per position.
#
# ## Two texts: cross-attention
#
# Nothing says that queries and keys must come from the same text. In translation, an **encoder** reads the whole
# source, both ways, without a mask. The decoder writes the target, with a mask. And in between each target token asks
# the source: queries from the decoder, keys and values from the encoder. That's **cross-attention** (Vaswani et al.
# 2017, section 3.2.3). It's your `attention`, called with two texts.
#
# **Predict.** The source has 3 tokens, the target so far has 4. What shape do the weights of cross-attention have?

# %% tags=["folded"]
figure, axis = plt.subplots(figsize=(9, 4.4))
for color, (label, rows, columns, height, look) in enumerate(
    (  # queries and keys by column, the keys' height, which pairs
        ("encoder: both ways", range(3), range(3), 0, np.ones((3, 3))),
        ("decoder: back only", range(4, 8), range(4, 8), 0, np.tri(4)),
        ("cross-attention", range(4, 8), range(3), 1, np.ones((4, 3))),
        ("what came in, added", range(4, 8), range(4, 8), 1, np.eye(4)),
    )
):
    for i, j in np.argwhere(look):
        ends = (columns[j], rows[i]), (height, height + 1)
        axis.plot(*ends, f"C{color}", label=label if i + j == 0 else "")
axis.plot([0, 1, 2] * 2, [0] * 3 + [1] * 3, "ko", ms=9)
axis.plot([4, 5, 6, 7] * 3, [0] * 4 + [1] * 4 + [2] * 4, "ko", ms=9)
lines = ("wo ai ni", 0, -0.3), ("<start> I love you", 4, -0.3)
for line, start, height in (*lines, ("I love you <end>", 4, 2.15)):
    for column, token in enumerate(line.split(), start):
        axis.text(column, height, token, ha="center")
axis.axis("off")
axis.set_title("Who looks at whom in a translator")
axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
show(
    figure,
    alt="Lines between tokens. Encoder: each of three source tokens is joined "
    "with all. Decoder: each of four with itself and those before. Above, "
    "each target token is joined with all of the encoder and says a word.",
)

# %% [markdown]
# (4, 3): a row per query, a column per key, and no mask, since the source is all there. BERT is an encoder alone. GPT
# and LLaMA are decoders alone, with the causal mask in every layer, and so are the models of this course.
#
# ## What comes next
#
# The little model above knew where a character was, because a learned vector for each position was added to it. Is that
# the best way? Lesson 04 starts with simpler ones, finds out why they fail, and comes to sines and cosines.

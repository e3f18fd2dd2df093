# ---
# jupyter:
#   lesson:
#     title: "Attention: how tokens look at each other"
#     question: "How does one token look at the others, and what does it fail to see?"
#     achieved: "You have written attention, hidden the future from it, and shown what it cannot see."
# ---

# %% [markdown]
# # 03 · Attention: how tokens look at each other
#
# **How does one token look at the others, and what does it fail to see?**
#
# After lesson 02 every token has a vector, but it's always the same one, whatever the words around it. Attention mixes
# into it what the other tokens have to say. It's the heart of a Transformer, and it's so short that you'll write it
# three times: as a loop, with NumPy, and on the engine. Along the way you'll find out exactly what it can't see, and
# the rest of this course is about mending that.
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
# **value**: what I hand over if asked. Each query is compared with all the keys, and the better a key fits, the more of
# its value comes back. In the picture, `sees` asks who is doing it. (We chose these numbers by hand. Real ones are
# learned.)
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
# Both count. The measure is the dot product: how well the two directions agree, times the two lengths. It's divided by
# $\sqrt{\text{head\_dim}}$, where `head_dim` is how many numbers a query has. (You'll soon see why.)
#
# $$\text{score}[i, j] = \frac{q_i \cdot k_j}{\sqrt{\text{head\_dim}}}$$

# %% exercise="scaled_scores"

# %% [markdown]
# A score can be any number, even a negative one. But to share something out, you need positive weights that sum to 1.
# The **softmax** turns each row of scores into such weights:
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
# So four fifths of what `sees` gets to hear will come from `cat`.
#
# ## First time: as a loop
#
# With these weights, each query gets a weighted mean of the values:
#
# $$\text{out}_i = \sum_j \text{weight}[i, j] \; v_j$$
#
# And that's all there is to *scaled dot-product attention* (Vaswani et al. 2017, equation 1). Where do queries, keys
# and values come from? Three learned matrices make them from the same vectors $x$: $q = x W_q$, $k = x W_k$, and
# $v = x W_v$. The text asks itself, so this is called *self*-attention.
#
# **Predict.** Suppose a query fits all three keys equally badly. What does it get?
#
# <details><summary>Answer</summary>The plain mean of the three values. The weights are shares, so they sum to 1 however
# bad the fit is.</details>

# %% exercise="attention_loop"

# %% [markdown]
# ## Why the square root?
#
# Suppose all numbers in q and k are independent, with mean 0 and variance 1 (Vaswani et al. 2017, section 3.2.1). Then
# the product of two of them has mean 0 and variance 1 too. A dot product adds up `head_dim` such products, and with
# them their variances.
#
# **Predict.** If `head_dim` is 64, how large is a dot product, typically? And among 32 keys, what weight does the best
# one get?

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
# The variance is 64, so a dot product is typically about 8, plus or minus. Two scores that are 8 apart get weights in a
# ratio of 3000 to 1, so one key takes nearly everything. And that's bad for learning: with one weight close to 1 and
# all others close to 0, you can change a score a little and no weight moves. So there's next to no gradient, and the
# layer can't learn to look elsewhere. Scaling brings the scores back to about 1, whatever `head_dim` is.
#
# ## What it's trained for: the next token
#
# A language model has one task: given the tokens so far, say how likely each token is to come next. To write, it picks
# one, adds it to the text, and does the same again. This is called **autoregression**, and a Transformer that works
# this way is called a **decoder**.
#
# A single text trains it at all its positions at once. From the first token it has to predict the second, from the
# first two the third, and so on.

# %% exercise="next_token_pairs"

# %% [markdown]
# But there's a catch. All positions are computed together, and every token may look at every other. In `the cat sees
# fish`, `cat` has to predict `sees`. It just looks one to the right, and there it is. So we have to hide what comes
# later: the query at position $i$ may only look at the keys at positions $j \le i$.
#
# One detail: a model that writes keeps its old keys in a **cache**, and only the new tokens ask. So there may be fewer
# queries than keys, and then the queries are at the *last* positions.
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
# To hide a key, give it the score $-\infty$ **before** the softmax. Since $e^{-\infty} = 0$, it gets no weight, and the
# other keys share all of it.

# %% exercise="attention_numpy"

# %% [markdown]
# With the mask, one pass over six tokens does the work of six passes: row $i$ is what you'd get from a text that ends
# at $i$. But are you sure that nothing leaks through? You don't have to argue about it, you can test it: change one
# input, and see which results change.

# %% exercise="depends_on"

# %% [markdown]
# **Predict.** Suppose you mask *after* the softmax instead, and multiply the weights by 0 where a query may not look.
# Then no later value gets in. Does anything of the future still get through?

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
# It does leak. The hidden scores are still in the denominator of the softmax, so every other weight depends on them.
#
# ## What an RNN has that attention lacks
#
# Before attention, language models were **recurrent networks**. An RNN reads one token after another and carries a
# state along: $h_i = \tanh(x_i W + h_{i-1} U)$. So order is built in, but at a price. Every step has to wait for the
# one before it, and what was said 100 tokens ago has to survive 100 steps. Attention reaches every token in a single
# step. So what does it lose?
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
    title="Attention shuffles its rows, the RNN changes them",
    alt="Four maps of outputs, a row per token, for dog bites man and for man "
    "bites dog. With attention each word has the same row in both. With the "
    "RNN no row is the same.",
)
swap = [2, 1, 0, 3]
claim("Attention shuffles.", np.allclose(attend(a, 2), attend(b, 2)[swap]))
claim("An RNN doesn't.", np.abs(rnn(a) - rnn(b)[swap]).max(axis=1).min() > 0.1)

# %% [markdown]
# With attention, `dog` gets the very same vector whether it bites or is bitten. It sees the same keys and values, and a
# sum doesn't care about the order in which you add things up. You may read that the outputs are *completely* the same.
# Not quite: the same vectors come out, but each one at the position of its word. If you shuffle the inputs, the outputs
# are shuffled in the same way. That's called **permutation-equivariant**. More layers don't help, since each one just
# passes the shuffling on.
#
# ## Does the causal mask help?
#
# With the mask, a token sees only what came before it, so some of the order must get in. How much? Look at the period
# after each sentence, which sees all of it. Here are four pairs of sentences, in English, and in Chinese, where a word
# has the same form whether it bites or is bitten:
#
# | pair | Chinese | word by word | English | same tokens | same meaning |
# |---|---|---|---|---|---|
# | 1 | 我爱你 / 你爱我 | I love you / you love I | dog bites man / man bites dog | yes | no |
# | 2 | 你爸妈对我的看法 / 我爸妈对你的看法 | your parents' opinion of me / my parents' opinion of you | my dog likes your cat / your dog likes my cat | yes | no |
# | 3 | 苹果被我吃了 / 我吃了苹果 | apple by me eaten / I ate apple | the apple was eaten by Ann / Ann ate the apple | no | yes |
# | 4 | 苹果被我吃了 / 我被苹果吃了 | apple by me eaten / I by apple eaten | the apple was eaten by Ann / Ann was eaten by the apple | yes | no |
#
# **Predict.** In which pairs does the period get the same output twice: with no mask? With the mask and one layer? With
# the mask and two layers? (`attend` is your attention with random matrices. As in real models, each layer adds its
# output to what came in.)

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
# So this is what the period can know:
#
# | attention | what the output at the period depends on |
# |---|---|
# | no mask, any number of layers | which tokens there are, and how often; not on their order |
# | causal mask, one layer | the same; it can't tell who bites whom |
# | causal mask, two layers | the order too: after the first layer `bites` has seen `dog` in one sentence and `man` in the other, and the second layer reads that |
#
# (Pair 3 is sometimes listed with the others, but it's a different case. Its sentences don't have the same tokens, and
# they do mean the same.)
#
# So a causal model with several layers can work out something about order by itself, and trained ones do (Haviv et al.
# 2022; Kazemnejad et al. 2023). But it has to spend layers on that. And order carries meaning: to translate a sentence,
# you have to know who bites whom. That's why, from lesson 04 on, we tell every token **where it is**.
#
# ## Third time: on the engine
#
# The last version is the one that trains. It works on tensors, so you get the gradients for free. In front of the last
# two axes there can be two more: the batch, and the **heads**. A real layer splits its `dim` numbers into `num_heads`
# parts of `head_dim` numbers, and attends in each part separately, so that a token can look for several things at once.
#
# **Predict.** q, k and v have the shape (2, 3, 6, 4): batch, heads, seq, head_dim. What shape do the scores have?

# %% exercise="attention"

# %% [markdown]
# ## A model that cheats
#
# Time to train it. Here's a language model for characters. It has one layer of *your* attention with two heads, and a
# learned vector per position, as in lesson 02 (it's in `solutions/one_layer.py`). It reads the text of this course, 32
# characters at a time. We train it twice, with the mask and without it, which takes a few seconds each.
#
# **Predict.** Which one gets the smaller loss in training? And which one when it writes?

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
# Without the mask, each position looks one to the right and copies what it should predict. But when the model writes,
# there's nothing to the right yet, and it does worse than guessing. So if a loss looks too good to be true, suspect a
# leak, and run `depends_on`.
#
# ## What did it learn to look at?
#
# **Predict.** The model with the mask reads `the query looks at the key and t`, and at each position it has to predict
# the next character. It has two heads. Which earlier characters would *you* look at? (Try a text of your own, too.)

# %%
reads = "the query looks at the key and t"  # yours: 32 characters at most

# %% tags=["nbval-ignore-output", "folded"]
known = [each for each in reads if each in characters][:32]
shown = "".join(known).replace(" ", "_")
prompt = torch.tensor([[characters.index(each) for each in known]])
maps = models["with the mask"].weights(prompt)[0]  # (heads, query, key)
show_maps(
    ("head 0", maps[0], shown, shown),
    ("head 1", maps[1], shown, shown),
    title="The heads look at the last few characters (yellow: much weight)",
    numbers=False,
    square=0.19,
    xlabel="key: the character that is looked at",
    ylabel="query: the character that looks",
    alt="Two 32 by 32 maps of attention weights, characters along both axes. "
    "Nearly all the light is one to three squares left of the diagonal.",
)
near = np.tri(len(known)) - np.tri(len(known), k=-4)  # up to three back
claim("Heads look near.", (maps * near).sum(axis=-1).mean() > 0.6)

# %% [markdown]
# Mostly at the character just before, and sometimes a little further back, everywhere in the text. That's a good idea
# if you're learning to spell. But notice what these heads have learned: *how far back* to look. They could only learn
# it because each position has a vector of its own.
#
# ## Two texts: cross-attention
#
# Nothing says that queries and keys must come from the same text. In translation, an **encoder** reads the whole
# source, both ways, without a mask. The decoder writes the target, with a mask. And in between, each token of the
# target asks the source: its query comes from the decoder, and the keys and values come from the encoder. That's
# **cross-attention** (Vaswani et al. 2017, section 3.2.3), and it's just your `attention`, called with two texts.
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
axis.set_title("Who looks at whom in a translator", pad=30)
axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
show(
    figure,
    alt="Lines between tokens. Encoder: each of three source tokens is joined "
    "with all. Decoder: each of four with itself and those before. Above, "
    "each target token is joined with all of the encoder and says a word.",
)

# %% [markdown]
# (4, 3): a row per query and a column per key. There's no mask, since all of the source is known from the start. BERT
# is only an encoder. GPT and LLaMA are only decoders, with the causal mask in every layer, and so are the models of
# this course.
#
# ## What comes next
#
# The little model above knew where a character was, because a learned vector for each position was added to it. Is that
# the best way? Lesson 04 starts with simpler ones, finds out why they fail, and comes to sines and cosines.

# %% [markdown]
# ## A quiz on lessons 00 to 03
#
# Eight questions on what you should still know in a week. Run the cell to see them. Write your answers into it, and run
# it again; leave the `...` where you don't know yet. The card tells you which are right, and what speaks against the
# others.

# %% quiz="attention"

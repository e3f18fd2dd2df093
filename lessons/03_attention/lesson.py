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
# After lesson 02 each token has a vector, always the same one, whatever stands around it. Attention mixes into it what
# the other tokens have to say. It is the heart of a Transformer, and it is short: you write it three times, as a
# loop, with NumPy, and on the engine. Then you find out exactly what it cannot see. That is what the rest of this
# course is about.
#
# ## Three questions about lesson 01
#
# 1. A number is used at two places of a computation. How do its two gradients come together?
# 2. Softmax turns scores into weights. What do the weights sum to, and what happens to the others if one score grows?
# 3. What does `check_gradient` compare?
#
# <details><summary>Answers</summary>
#
# 1. They are added.
# 2. To 1, so the other weights shrink, together by as much as the one gains.
# 3. The slope along a random direction, found by trying, with what the gradient predicts for that direction.
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import compare, exercise, hint, progress, show, solution
from minitorch import nn, optim
from minitorch.nn import functional as F
from solutions.autograd import softmax
from solutions.embeddings import Embedding, small_text

# %% [markdown]
# ## Asking and answering
#
# Each token sends out a **query**: what am I looking for? Each token shows a **key**: what have I to offer? And it
# holds a **value**: what I hand over. A query is compared with all keys. The better they fit, the more of the value
# it gets. Here are the query of `sees` (who does it?) and three keys, set by hand, with two numbers each. (The division
# by $\sqrt 2$ is explained below.)

# %%
names = ["cat", "sees", "fish"]
query = np.array([[2.0, 0.5]])  # of sees: (query, head_dim)
keys = np.array([[2.0, 0.8], [-1.0, 1.2], [1.2, -0.6]])  # (key, head_dim)
fit = query @ keys.T / np.sqrt(2)  # (query, key)
weights = softmax(fit)
print(
    "how well they fit:",
    fit.round(2),
    "  weights:",
    weights.round(2),
    "  sum:",
    weights.sum().round(2),
)

figure, (left, right) = plt.subplots(
    1, 2, figsize=(10, 4), width_ratios=(3, 2)
)
for number, (name, (across, up)) in enumerate(zip(names, keys)):
    left.annotate(
        "",
        (across, up),
        (0, 0),
        arrowprops={"arrowstyle": "-|>", "color": f"C{number}", "lw": 2.5},
    )
    left.text(
        across,
        up + (0.12 if up > 0 else -0.3),
        f"key of {name}",
        color=f"C{number}",
        ha="center",
    )
left.annotate(
    "",
    query[0],
    (0, 0),
    arrowprops={"arrowstyle": "-|>", "color": "black", "lw": 2.5},
)
left.text(*query[0] - (0, 0.3), "query of sees", ha="center")
left.set(
    xlim=(-1.8, 2.8),
    ylim=(-1, 1.7),
    title="One query, three keys",
    xlabel="number 0",
    ylabel="number 1",
)
right.bar(names, weights[0], color=["C0", "C1", "C2"])
right.set(ylim=(0, 1), title="The weights", ylabel="weight")
show(
    figure,
    alt="Left: arrows from the origin. The query of sees points right; the "
    "key of cat points nearly the same way, that of fish somewhat down, that "
    "of sees to the upper left. Right: the weights, cat 0.82, fish 0.16 and "
    "sees 0.01.",
)

# %% [markdown]
# Queries, keys and values are made from the same vectors $x$ by three learned matrices, $q = x W_q$, $k = x W_k$,
# $v = x W_v$; hence *self*-attention. How well a key fits a query is their dot product, scaled:
#
# $$\text{score}[i, j] = \frac{q_i \cdot k_j}{\sqrt{\text{head\_dim}}}$$
#
# Here `head_dim` says how many numbers a query has. (Why it is called so: at the third version, below.)

# %% exercise="scaled_scores"

# %% [markdown]
# ## First time: the definition, as a loop
#
# The softmax of each row makes weights of the scores, and each query gets the weighted mean of the values:
#
# $$\text{weight}[i, j] = \frac{e^{\text{score}[i, j]}}{\sum_n e^{\text{score}[i, n]}} \qquad
# \text{out}_i = \sum_j \text{weight}[i, j] \; v_j$$
#
# This is *scaled dot-product attention* (Vaswani et al. 2017, equation 1). Write it as a loop.

# %% exercise="attention_loop"

# %% [markdown]
# ## Why the square root?
#
# **Predict before you run.** Let all numbers in q and k be independent, with mean 0 and variance 1 (Vaswani et al.
# 2017, section 3.2.1). So has a product of two. A dot product adds up `head_dim` of them, and their variances add up.
# How large is it, typically, for a `head_dim` of 64? What does that do to the softmax?
#
# <details><summary>Answer</summary>
#
# The variance is 64, so typically $\sqrt{64} = 8$. And $e^8$ is about 3000: the largest score takes most. Then the
# others get little weight, and, as the softmax is flat there, little gradient. Divided by
# $\sqrt{\text{head\_dim}}$ the scores have the same size for every head_dim.
#
# </details>

# %%
rng = np.random.default_rng(0)
head_dims, spread, top, slope = [4, 16, 64, 256, 1024], [], [], []
for head_dim in head_dims:
    q, k = rng.standard_normal((2, 300, head_dim))
    scores = q @ k[:32].T  # 300 queries, 32 keys
    spread.append(scores.std())
    both = [softmax(scores), softmax(scores / np.sqrt(head_dim))]
    top.append([p.max(axis=1).mean() for p in both])
    # the slopes d weight[j] / d score[j]
    slope.append([(p * (1 - p)).sum(axis=1).mean() for p in both])
    print(
        f"head_dim {head_dim:4}: scores of size {spread[-1]:4.1f}; sum of "
        f"slopes {slope[-1][0]:.2f}, with scaling {slope[-1][1]:.2f}"
    )

figure, axes = plt.subplots(1, 2, figsize=(10, 3.8))
axes[0].plot(spread, "o", label="measured", markersize=9)
axes[0].plot(np.sqrt(head_dims), label="sqrt(head_dim)")
axes[0].set_yscale("log", base=2)
axes[0].set(ylabel="standard deviation of q.k", title="Dot products grow ...")
axes[0].set(yticks=np.sqrt(head_dims), yticklabels=[2, 4, 8, 16, 32])
axes[1].plot(np.array(top)[:, 0], "o-", label="q.k")
axes[1].plot(np.array(top)[:, 1], "s--", label="q.k / sqrt(head_dim)")
axes[1].set(
    ylabel="largest of 32 weights",
    ylim=(0, 1),
    title="... and one key takes most",
)
for axis, place in zip(axes, ("upper left", "center right")):
    axis.set(xlabel="head_dim", xticks=range(5), xticklabels=head_dims)
    axis.legend(loc=place)
show(
    figure,
    alt="Left: the standard deviation of the dot products is the square root "
    "of head_dim, from 2 at 4 to 32 at 1024, a straight line on logarithmic "
    "axes. Right: without scaling the largest weight rises from about 0.3 "
    "towards 1; with it, it stays near 0.15.",
)
assert np.allclose(spread, np.sqrt(head_dims), rtol=0.15)
assert (
    top[-1][0] > 0.9
    and top[-1][1] < 0.3
    and slope[-1][0] < 0.1 < 0.8 < slope[-1][1]
)

# %% [markdown]
# ## What it is trained for: the next token
#
# A language model has one task: from the tokens so far, give probabilities for the next one. To write, it draws one,
# puts it behind the text, and asks again; this is called **autoregression**, and a model that works so a *decoder*.
#
# A text trains it at every place at once. Its first token is to predict the second, the first two the third, and so
# on:

# %% exercise="next_token_pairs"

# %% [markdown]
# There is a catch. All places are computed together, and attention lets every token look at every other. The token
# that is to predict `sees` would look one place to the right, and there it stands. So hide what comes later: the
# query at place $i$ may look at the keys $j \le i$.
#
# When a model writes, it keeps the keys of the old tokens, in a **cache**, and only the new tokens ask. So there may be
# fewer queries than keys; the queries are then the last ones.

# %% exercise="causal_mask"

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6))
for axis, (query_len, key_len), title in zip(
    axes, ((6, 6), (2, 6)), ("a whole text", "two new tokens, four cached")
):
    axis.imshow(
        causal_mask(query_len, key_len), cmap="cividis", vmin=0, vmax=1
    )
    axis.set(
        title=title,
        xlabel="key position j",
        ylabel="query position i",
        yticks=range(query_len),
        yticklabels=range(key_len - query_len, key_len),
    )
figure.suptitle("yellow: the query may look at the key")
show(
    figure,
    alt="Two masks, light where a query may look. Six queries and six keys: "
    "the diagonal and all below it. Two queries at positions 4 and 5 of six: "
    "the last two rows of the same picture.",
)

# %% [markdown]
# ## Second time: NumPy
#
# To hide a key is to give it the score $-\infty$ **before** the softmax. Then $e^{-\infty} = 0$: it has no weight, and
# it is missing in the denominator too.

# %% exercise="attention_numpy"

# %%
q, k, v = rng.standard_normal((3, 6, 4))  # (seq, head_dim) each
compare(
    attention_loop(q, k, v),
    attention_numpy(q, k, v),
    title="Attention as a loop and with NumPy",
    xlabel="number in the result",
    ylabel="query position i",
    alt="Two equal 6 by 4 maps, the results of the loop and of NumPy, and "
    "their difference, which is 0 everywhere.",
)
whole = attention_numpy(q, k, v, causal_mask(6, 6))
for seen in range(
    1, 7
):  # the mask: as if each query had its own, shorter text
    assert np.allclose(
        whole[seen - 1],
        attention_loop(q[seen - 1 : seen], k[:seen], v[:seen])[0],
    )
assert np.allclose(attention_loop(q, k, v), attention_numpy(q, k, v))

# %% [markdown]
# With the mask, one pass does the work of six: row $i$ is what you get from a text that ends at $i$.
#
# ## A test for leaks
#
# Does nothing leak through? Do not argue, test: change one input, and see which results change.

# %% exercise="depends_on"

# %% [markdown]
# **Predict before you run.** Some put the mask *after* the softmax: they multiply the weights by 0 where a query may
# not look. The values of later tokens are gone then. Is that tight?
#
# <details><summary>Answer</summary>
#
# No. The hidden scores still stand in the denominator of the softmax, so the other weights depend on them. The model
# can learn to read the future from how small its weights are.
#
# </details>

# %%
w_q, w_k, w_v = rng.standard_normal((3, 4, 4))


def mask_after_softmax(x):
    return (
        softmax(x @ w_q @ (x @ w_k).T / 2) * causal_mask(len(x), len(x))
    ) @ (x @ w_v)


layers = {
    "no mask": lambda x: attention_numpy(x @ w_q, x @ w_k, x @ w_v),
    "causal mask": lambda x: attention_numpy(
        x @ w_q, x @ w_k, x @ w_v, causal_mask(len(x), len(x))
    ),
    "mask after softmax": mask_after_softmax,
}
x = rng.standard_normal((6, 4))
found = {name: depends_on(layer, x) for name, layer in layers.items()}
figure, axes = plt.subplots(1, 3, figsize=(10, 3.6))
for axis, (name, table) in zip(axes, found.items()):
    axis.imshow(table, cmap="cividis", vmin=0, vmax=1)
    axis.set(title=name, xlabel="input j", ylabel="result i")
figure.suptitle("Which result depends on which input? (yellow: it does)")
show(
    figure,
    alt="Three 6 by 6 maps, light where a result depends on an input. Without "
    "a mask: all. With the causal mask: the diagonal and below. With the mask "
    "after the softmax: all again, it leaks.",
)
assert (
    (found["causal mask"] == np.tri(6)).all()
    and found["no mask"].all()
    and found["mask after softmax"].all()
)

# %% [markdown]
# ## Does attention see the order?
#
# In Chinese the words do not change their form, so order has to say most of who does what:
#
# | pair | sentence | word by word | meaning |
# |---|---|---|---|
# | 1 | 我爱你 | I love you | I love you |
# | | 你爱我 | you love I | you love me |
# | 2 | 你爸妈对我的看法 | you dad mum to I 's view | what your parents think of me |
# | | 我爸妈对你的看法 | I dad mum to you 's view | what my parents think of you |
#
# (看法, 苹果 and 吃了 are two signs each.) Give each *sign* a vector, and send both sentences through attention, unmasked.
#
# **Predict before you run.** It is often said that the outputs are *completely the same*. Are they?
#
# <details><summary>Answer</summary>
#
# As a set, yes: each sign gets the very same output in both sentences, because it sees the same keys and values, and a
# sum does not ask in which order it is added up. But the outputs stand in the order of the signs. Shuffle the inputs,
# and the outputs are shuffled in the same way, no more and no less. This is called **permutation-equivariant**.
#
# </details>

# %%
dim, rng = 8, np.random.default_rng(1)
vectors = {
    sign: rng.standard_normal(dim) for sign in "我爱你爸妈对的看法苹果被吃了。"
}
# two layers, each W_q, W_k and W_v
depth_weights = rng.standard_normal((2, 3, dim, dim)) / np.sqrt(dim)


def read(sentence, num_layers=1, causal=False):
    """One output vector per character: (seq, dim).

    As in real models, each layer adds to what came in.
    """
    x = np.stack([vectors[sign] for sign in sentence])  # (seq, dim)
    mask = causal_mask(len(x), len(x)) if causal else None
    for w_q, w_k, w_v in depth_weights[:num_layers]:
        x = x + attention_numpy(x @ w_q, x @ w_k, x @ w_v, mask)
    return x


one, other = read("我爱你"), read("你爱我")
figure, axes = plt.subplots(1, 2, figsize=(9, 3))
for axis, output, signs in zip(
    axes,
    (one, other),
    (["I (wo)", "love (ai)", "you (ni)"], ["you", "love", "I"]),
):
    image = axis.imshow(output, cmap="RdBu", vmin=-2, vmax=2, aspect="auto")
    axis.set(yticks=range(3), yticklabels=signs, xlabel="number in the output")
axes[0].set_title("wo ai ni")
axes[1].set_title("ni ai wo")
figure.colorbar(image, ax=axes, label="output")
figure.suptitle("The same three outputs, in another order")
show(
    figure,
    alt="Outputs of attention for wo ai ni and for ni ai wo, three rows each. "
    "The rows are the same, the first and the third have changed places.",
)
assert np.allclose(one, other[[2, 1, 0]]) and not np.allclose(one, other)
# also through two layers
long_one, long_other = (
    read("你爸妈对我的看法", 2),
    read("我爸妈对你的看法", 2),
)
assert np.allclose(long_one, long_other[[4, 1, 2, 3, 0, 5, 6, 7]])
# the same sign at two places: the same output
assert np.allclose(*read("我爱我", 2)[[0, 2]])

# %% [markdown]
# The vector of 我 holds no trace of whether it loves or is loved; in 我爱我 both get the same. No layer without a mask can
# repair it, however many there are: each of them shuffles what it is given.
#
# ## Does the causal mask help?
#
# With a causal mask a token sees what stands before it, and that differs. So something of the order gets in. How
# much? Put a full stop behind each sentence, so that both end in the same token, and look at the output *there*, where
# everything has been seen. Here are two more pairs:
#
# | pair | sentence | word by word | meaning |
# |---|---|---|---|
# | 3 | 苹果被我吃了 | apple by I eat-done | the apple was eaten by me |
# | | 我吃了苹果 | I eat-done apple | I ate the apple |
# | 4 | 苹果被我吃了 | apple by I eat-done | the apple was eaten by me |
# | | 我被苹果吃了 | I by apple eat-done | I was eaten by the apple |
#
# **Predict before you run.** For pair 1 and for pair 3: is the output at the full stop the same for both sentences,
# with a causal mask and one layer?
#
# <details><summary>Answer</summary>
#
# For pair 1 it is. The full stop adds up what 我, 爱 and 你 hold, and with one layer they hold only themselves. For pair
# 3 it is not: 被 stands in one sentence only.
#
# </details>

# %%
pairs = [
    ("我爱你", "你爱我"),
    ("你爸妈对我的看法", "我爸妈对你的看法"),
    ("苹果被我吃了", "我吃了苹果"),
    ("苹果被我吃了", "我被苹果吃了"),
]
settings = {
    "no mask, 1 layer": (1, False),
    "no mask, 2 layers": (2, False),
    "causal, 1 layer": (1, True),
    "causal, 2 layers": (2, True),
}
print("largest difference of the two outputs at the full stop")
print(" ".join(f"{name:>18}" for name in settings))
gaps = np.array(
    [
        [
            np.abs(
                read(a + "。", *setting)[-1] - read(b + "。", *setting)[-1]
            ).max()
            for setting in settings.values()
        ]
        for a, b in pairs
    ]
)
for number, (row, (a, b)) in enumerate(zip(gaps, pairs), 1):
    print(" ".join(f"{gap:18.2f}" for gap in row), f"  {number}: {a} / {b}")
assert (gaps[[0, 1, 3], :3] < 1e-12).all() and (
    gaps[[0, 1, 3], 3] > 0.01
).all()
assert (gaps[2] > 0.01).all()
assert sorted("苹果被我吃了") == sorted("我被苹果吃了") != sorted("我吃了苹果")

# %% [markdown]
# This is the exact truth:
#
# - **Without a mask** the output of a token depends on the token and on *which* others there are, and how often, never
#   on their order. At any depth.
# - **With a causal mask, one layer:** the last output depends on the last token, on which tokens stand before it, and
#   how often. It ignores *their* order. I love you, you love me: for the full stop it is all one.
# - **With a causal mask, two layers** may differ. After the first layer the vector of 爱 is not the same any more: in
#   one sentence it has seen 我, in the other 你. The second layer reads these changed vectors.
# - **Pair 3** is no such case, though it is told as one: other tokens, other sums, in every setting. And it means the
#   same! Pair 4 has the same signs and means the opposite.
#
# The one-layer rule holds for every shuffle, not only for these sentences:

# %%
sentence = list("你爸妈对我的看法")
shuffles = ["".join(rng.permutation(sentence)) + "。" for _ in range(20)]
same_one = [
    np.allclose(read(each, 1, True)[-1], read(shuffles[0], 1, True)[-1])
    for each in shuffles
]
same_two = [
    np.allclose(read(each, 2, True)[-1], read(shuffles[0], 2, True)[-1])
    for each in shuffles
]
print(
    f"20 shuffles, same last output: one layer {sum(same_one)}, two layers "
    f"{sum(same_two)}"
)
assert all(same_one) and sum(same_two) == 1 and len(set(shuffles)) == 20

# %% [markdown]
# So a deep causal model can find out something about order by itself, and trained ones do (Haviv et al. 2022;
# Kazemnejad et al. 2023). But it has to spend layers on it, and what it finds is indirect. Order carries meaning, as
# you have seen; who translates must know who loves whom. That is why every token is told **where it stands**, from
# lesson 04 on.
#
# ## Third time: on the engine
#
# The last version is the one that trains. It works on tensors, so the gradients come by themselves, and it leaves
# alone all axes but the last two. In front of them stands the batch, and beside it the **heads**: a real layer splits
# `dim` into `num_heads` parts of `head_dim` numbers and attends in each part for itself, so that a token can look for
# several things at once. (`softmax` from lesson 01 is for arrays. A tensor has its own: `scores.softmax(dim=-1)`.)

# %% exercise="attention"

# %%
# (batch, heads, seq, head_dim) each
q, k, v = rng.standard_normal((3, 2, 3, 6, 4))
by_engine = attention(
    *map(torch.tensor, (q, k, v)), mask=torch.tensor(causal_mask(6, 6))
)
by_numpy = np.array(
    [
        [
            attention_numpy(q[b, h], k[b, h], v[b, h], causal_mask(6, 6))
            for h in range(3)
        ]
        for b in range(2)
    ]
)
compare(
    by_numpy[1, 2],
    by_engine[1, 2],
    title="NumPy and engine: batch 1, head 2",
    xlabel="number in the result",
    ylabel="query position i",
    alt="Two equal 6 by 4 maps and their difference, which is 0 everywhere.",
)
assert np.allclose(by_numpy, by_engine.numpy())

# %% [markdown]
# ## A model that cheats
#
# What if the mask is forgotten? Here is a language model on characters, with one layer of your attention. It reads
# the sentences of lesson 02, 24 characters at a time. (The table of places is that of lesson 02, too.)
#
# **Predict before you run.** Train it twice, with the mask and without. Which one has the smaller loss in training?
# Which one when it writes?
#
# <details><summary>Answer</summary>
#
# Without the mask the loss goes to nearly 0: the place that must say the next character looks at it and copies it. But
# when the model writes there is no next character yet. Where the next character was in view, it has learned to copy.
# Only the last of the 24 places had to guess, and did.
#
# </details>

# %%
text = ". ".join(small_text(600))
characters = sorted(set(text))
ids = np.array([characters.index(each) for each in text])
vocab, seq_len = len(characters), 24


class OneLayer(nn.Module):
    def __init__(self, masked, dim=64):
        super().__init__()
        self.masked = masked
        self.token, self.place = Embedding(vocab, dim), Embedding(seq_len, dim)
        self.query, self.key, self.value = (
            nn.Linear(dim, dim),
            nn.Linear(dim, dim),
            nn.Linear(dim, dim),
        )
        self.head = nn.Linear(dim, vocab)

    def forward(self, ids):
        seq = ids.shape[1]
        # (batch, seq, dim)
        x = self.token(ids) + self.place(torch.arange(seq))
        mask = torch.tensor(causal_mask(seq, seq)) if self.masked else None
        # keep what came in, and add
        x = x + attention(self.query(x), self.key(x), self.value(x), mask)
        return self.head(x)  # (batch, seq, vocab)


def windows(rng, batch, length):
    """Pieces of the text: (batch, length)."""
    start = rng.integers(0, len(ids) - length, size=batch)
    return ids[start[:, None] + np.arange(length)]


def train(masked, steps=300):
    torch.manual_seed(0)
    rng, model = np.random.default_rng(0), OneLayer(masked)
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    losses, bar = (
        [],
        progress(steps, "with the mask" if masked else "without the mask"),
    )
    for step in range(steps):
        inputs, targets = next_token_pairs(windows(rng, 32, seq_len + 1))
        logits = model(torch.tensor(inputs))  # (batch, seq, vocab)
        loss = F.cross_entropy(
            logits.reshape(-1, vocab), torch.tensor(targets).reshape(-1)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        bar.update(step + 1, f"loss {loss.item():.2f}")
    return model, losses


# %% [markdown]
# Both trainings together take ten seconds on a free machine, longer on a busy one. The loss is the mean of $-\ln p$ of
# the right character; with the natural logarithm its unit is called *nat*.

# %% tags=["nbval-ignore-output"]
honest, honest_losses = train(masked=True)
cheat, cheat_losses = train(masked=False)


def loss_when_writing(model, lengths=range(4, seq_len, 4)):
    """The loss of the next character when a shorter text really ends there.

    That is how it is when the model writes.
    """
    rng, losses = np.random.default_rng(1), []
    for length in lengths:
        piece = windows(rng, 100, length + 1)
        with torch.no_grad():
            last = model(torch.tensor(piece[:, :-1]))[:, -1]  # (batch, vocab)
            losses.append(
                F.cross_entropy(last, torch.tensor(piece[:, -1])).item()
            )
    return np.mean(losses)


def write(model, start="the ", count=60):
    """Continue `start`, always by the most probable character."""
    written = [characters.index(each) for each in start]
    for _ in range(count):
        with torch.no_grad():
            logits = model(torch.tensor(np.array([written[-seq_len:]])))
        written.append(int(logits[0, -1].argmax()))
    return "".join(characters[each] for each in written)


guess = np.log(vocab)
honest_writing, cheat_writing = (
    loss_when_writing(honest),
    loss_when_writing(cheat),
)
# the one place where it never had the answer in view
cheat_last = loss_when_writing(cheat, [seq_len])
print(
    f"loss by blind guessing: {guess:.2f}; without the mask, after all "
    f"{seq_len} places: {cheat_last:.2f}"
)
for name, model, losses, writing in (
    ("with the mask", honest, honest_losses, honest_writing),
    ("without", cheat, cheat_losses, cheat_writing),
):
    print(
        f"{name:14} loss in training {np.mean(losses[-20:]):.2f}, when "
        f"writing {writing:.2f}   {write(model)!r}"
    )

assert (
    np.mean(cheat_losses[-20:])
    < 0.3
    < 0.8
    < np.mean(honest_losses[-20:])
    < 1.5
)
assert (
    honest_writing < 1.5
    and cheat_last < guess - 0.5 < guess + 0.3 < cheat_writing
)

# %% tags=["nbval-ignore-output"]
figure, axes = plt.subplots(1, 2, figsize=(10, 3.9))
axes[0].plot(honest_losses, label="with the mask")
axes[0].plot(cheat_losses, label="without", linestyle="--")
axes[0].set(
    xlabel="training step", ylabel="loss (nats a character)", ylim=(0, None)
)
axes[0].set_title("In training the cheat wins")
axes[0].legend()
axes[1].bar(
    ["with the mask", "without"],
    [honest_writing, cheat_writing],
    color=["C0", "C1"],
)
axes[1].axhline(guess, color="0.4", linestyle=":")
axes[1].text(-0.4, guess + 0.08, "blind guessing", color="0.3")
axes[1].set(ylabel="loss (nats a character)", title="When it writes it fails")
show(
    figure,
    alt="Left: training loss over 300 steps. With the mask it levels off near "
    "1, without it falls to nearly 0. Right: the loss when writing is about 1 "
    "with the mask, and above the 3.2 of blind guessing without.",
)

# %% [markdown]
# With the mask, too, one layer and 300 steps make no good writer; what counts here are the losses. One that is too good
# to be true is the usual sign of a leak. Run `depends_on` over a model's layers, from the embedded vectors on, before
# you believe it. In real decoders (GPT, LLaMA) every attention layer has the causal mask. A model that reads whole texts
# and predicts no next token is called an *encoder*; BERT is one, and it has no such mask.
#
# ## What comes next
#
# The little model above knows where a character stands because a learned vector for each place was added to it. Is that
# the best way? Lesson 04 starts with simpler ones, finds out why they fail, and comes to sines and cosines.

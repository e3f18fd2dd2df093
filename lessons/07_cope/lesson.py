# ---
# jupyter:
#   lesson:
#     title: "CoPE: counting what matters"
#     question: "How can attention count sentences, or x's, instead of tokens?"
#     achieved: "You have written CoPE, forward and backward. Show someone the gates that find the sentences."
# ---

# %% [markdown]
# # 07 · CoPE: counting what matters
#
# **How can attention count sentences, or x's, instead of tokens?**
#
# Every encoding so far measures distance in tokens. But nobody says "the word 17 tokens back". We say "the last
# sentence", "the second name", "since x was set". In this lesson you'll see what counting tokens can't do, and you'll
# build the encoding that this course is named after: **Contextual Position Encoding** (Golovneva et al. 2024, arXiv
# 2405.18719). (Not to be confused with Clipped RoPE, 2602.05258, or Complex Positional Encoding, 2508.18308.)
#
# ## Three questions about lesson 05
#
# 1. What does Shaw's encoding add to a score, and what does T5's?
# 2. Why does Shaw clip distances?
# 3. Put three words in front of a text. With relative positions, what happens to the scores of its tokens?
#
# <details><summary>Answers</summary>First: Shaw's adds the query's product with a learned vector for the distance, T5's
# a learned number for the distance's bucket. Second: so that a small table does for any length. Third: nothing. Only
# distances count, and they don't change.</details>

# %%
import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import claim, exercise, hint, progress, show, slider, solution
from experiments.pictures import STYLES
from minitorch import nn, optim
from minitorch.nn import functional as F
from solutions.attention import causal_mask
from solutions.autograd import softmax
from solutions.cope import CoPE, check_gates, check_rows, whole_and_rest
from solutions.properties import TOLERANCE, property_table, table_text

color, line = STYLES["cope"]

# %% [markdown]
# ## What tokens cannot count
#
# The authors gave two large models a short text and asked how often a word occurs in its *last sentence*. For "Alice"
# and for "book" the right answer was: not at all. But GPT-4 said once both times, and Llama-2 70B Chat said twice
# (table 1). To answer, you have to know where the last sentence begins.
#
# Here's why that's hard, in its smallest form (section 3.1). There are two kinds of tokens, x and y, and a head should
# attend to **the last x**, however many y's have come since: `yyyyxyyyy`. Say its scores are content plus position. For
# its content, an x scores $\Delta$ more than a y. And of two x's the later one has to win by a margin, wherever they
# are, so each step back costs at least $\delta$. Now let an x that is $n$ back compete with the y at the query's own
# position:
#
# $$\frac{\text{weight of x}}{\text{weight of y}} \le e^{\Delta - n \delta}$$
#
# **Predict before you run.** Let $\Delta = 1$ and $\delta = 0.4$. Which letter of `yyyyxyyyy` gets the largest weight
# from the last one? How many y's may follow before the x is beaten?

# %%
text = "yyyyxyyyy"
content = np.array([letter == "x" for letter in text]) * 1.0
weights = softmax(content - 0.4 * np.arange(9)[::-1])
for letter, weight in zip(text, weights):
    print(letter, "#" * int(100 * weight), f"{weight:.2f}")
claim("The last y has the largest weight.", weights.argmax() == 8)

# %% tags=["folded"]
ratio = np.exp(1 - 0.4 * np.arange(10))  # by the number of y's since the x
figure, axis = plt.subplots(figsize=(8, 3.4))
axis.semilogy(ratio, STYLES["alibi"][1], color=STYLES["alibi"][0])
axis.axhline(1, color="0.6", linewidth=1)
axis.set(xlabel="y's since the last x", ylabel="weight of x / weight of y")
axis.set_title("Counting tokens: from the third y on, x is lost")
alt = """Weight of the x over that of the y at the query, over the number of
y's since, logarithmic: a straight line that falls below 1 between 2 and 3."""
show(figure, alt)
claim("Two y's are not too many, three are.", ratio[2] > 1 > ratio[3])

# %% [markdown]
# The last y gets the largest weight. With two y's the x still wins, since $1 > 2 \cdot 0.4$; with three it's beaten. A
# smaller $\delta$ reaches further, but then the head can hardly tell two neighboring x's apart. Whatever $\Delta$ and
# $\delta$ are, some text is too long. (For one head, that is. Several heads and layers can do more.) What we need is a
# distance that doesn't grow with every y.
#
# ## A gate for every pair
#
# So let the query decide what counts. For each key it has a **gate** between 0 (ignore this token) and 1 (count it). A
# gate is nearly free, because query and key are compared anyway:
#
# $$g_{ij} = \sigma \left( \frac{q_i \cdot k_j}{\sqrt{\text{head\_dim}}} \right)$$
#
# $\sigma$ is the sigmoid, not the softmax. Each gate answers a question of its own, so any number of them may be open.
# (One sentence of the paper's section 4 says softmax. That's a slip.)

# %% exercise="cope_gates"

# %% [markdown]
# ## Position: a sum of gates
#
# The position of key $j$, seen from query $i$, is how much has been counted between the two, both included:
#
# $$p_{ij} = \sum_{k=j}^{i} g_{ik}$$
#
# The text of the paper's figure 1 is: *Alice was tired. She tried reading. A rabbit came.* (We've added the last full
# stop.) Let the last token ask, with gates that open at full stops.
#
# **Predict.** What is the position of *She*, and what is that of *Alice*?
#
# <details><summary>Answer</summary>From She to the end there are two full stops, so She is at 2, and a little more,
# since closed gates aren't quite 0. From Alice on there are three.</details>

# %% exercise="cope_positions"

# %% [markdown]
# Let's set keys and queries by hand. Column 0 of a key says "ends a sentence", column 1 "is someone", and column 2 is
# always 1. The first query counts the ends of sentences: its 20 opens the gate where column 0 is 1, and its -10 closes
# all the others. The second query counts beings. (*She* is half a being here, since we've already counted Alice.)

# %%
words = "Alice was tired . She tried reading . A rabbit came .".split()
beings = {"Alice": 1, "rabbit": 1, "She": 0.5}
keys = [[word == ".", beings.get(word, 0), 1.0, 0] for word in words]
keys = torch.tensor(keys)  # (key, head_dim)
queries = torch.tensor([[20.0, 0, -10, 0], [0, 20.0, -10, 0]])
ends, someone = (cope_gates(q.expand(12, 4), keys) for q in queries)
by_ends, by_beings = cope_positions(ends)[-1], cope_positions(someone)[-1]


# %% tags=["folded"]
def show_rows(rows, columns, title, alt):
    """Rows of numbers, each shaded from 0 to its own largest."""
    values = np.array(list(rows.values()), dtype=float)
    shades = values / values.max(axis=1, keepdims=True)
    figure, axis = plt.subplots(figsize=(11, 0.5 * len(rows) + 1.1))
    axis.imshow(shades, cmap="cividis", aspect="auto", vmin=0)
    for (r, j), value in np.ndenumerate(values):
        ink = "black" if shades[r, j] > 0.5 else "white"
        number = f"{value:.2f}".removesuffix(".00")
        axis.text(j, r, number, ha="center", va="center", color=ink)
    axis.set_xticks(range(len(columns)), columns)
    axis.set(yticks=range(len(rows)), yticklabels=rows, title=title)
    show(figure, alt)


rows = {"tokens back": np.arange(11, -1, -1)}
rows |= {"gates: ends": ends[-1], "positions": by_ends}
rows |= {"gates: beings": someone[-1], "their positions": by_beings}
alt = """Numbers over the twelve tokens. Tokens back: 11 to 0. Gates for ends:
0.99 at full stops, else 0.01; positions about 3, 2 and 1 in the three
sentences. Gates for beings: 0.99 at Alice and rabbit, 0.5 at She; positions
from 2.6 to 0."""
show_rows(rows, words, "Seen from the last token: three ways to count", alt)
whole = by_ends.numpy().round()
sentences = np.repeat([3, 2, 1], 4)
claim("Each sentence has one position.", (whole == sentences).all())

# %% [markdown]
# The first row is all that the encodings of lessons 05 and 06 have to work with. In the third, each sentence has *one*
# number, however long it is. And another query counts something else in the same text: in CoPE a position belongs to a
# *pair*, not to a token.
#
# Rotate the query yourself: at 0 degrees it counts ends, at 90 beings. **Predict before you move the slider.** What
# does it count halfway, at 45? And in the opposite direction, 225?
#
# <details><summary>Answer</summary>Halfway, both ends and beings, and She a little. At 225 it counts nothing, so all
# positions are 0.</details>


# %% tags=["nbval-ignore-output", "folded"]
def gates_of_last(degrees):
    angle = np.deg2rad(degrees)
    query = [20 * np.cos(angle), 20 * np.sin(angle), -10.0, 0]
    return cope_gates(torch.tensor([query] * 12).float(), keys)


def seen_in_direction(degrees):
    """Gates and positions of the last token, its query at this angle."""
    gates = gates_of_last(degrees)
    counted = slider.bars(gates[-1], words, "gates")
    return [
        counted,
        slider.bars(cope_positions(gates)[-1], words, "positions"),
    ]


def in_words(degrees):
    return f"{degrees}, counts {gates_of_last(degrees)[-1].sum().item():.1f}"


alt = """Two rows of bars over the twelve tokens: gates and positions of the
last query. At 0 degrees it counts the full stops, at 90 Alice, rabbit and half
of She, from 165 to 285 nothing."""
stops = range(0, 360, 15)
slider.show(
    "direction in degrees", stops, seen_in_direction, alt, says=in_words
)

# %% [markdown]
# You had to sum from the query to the left, but `cumsum` runs to the right. So flip, sum, and flip back. Here are five
# tokens, seen from number 3, so the gate of number 4 is closed first.

# %% tags=["folded"]
g = np.array([1, 0.5, 0, 1, 0.7])
closed = g * [1, 1, 1, 1, 0]
back = closed[::-1]
rows = {"gates": g, "later ones closed": closed}
rows |= {"flipped: 4 to 0": back, "summed: 4 to 0": back.cumsum()}
rows |= {"flipped back: positions": back.cumsum()[::-1]}
alt = """Five rows of five numbers. Gates 1, 0.5, 0, 1, 0.7; with the last one
closed; flipped; summed from the left; flipped back: 2.5, 1.5, 1, 1, 0."""
columns = ["key 0", "key 1", "key 2", "key 3: the query", "key 4"]
show_rows(rows, columns, "Flip, cumsum, flip", alt)

# %% [markdown]
# **Predict.** Open all the gates. Which positions come out, and where have you seen them before? And what if all gates
# are closed?
#
# <details><summary>Answer</summary>With all gates open, the position is i - j + 1: the distance in tokens, plus one
# because the query counts itself. So relative positions are a special case of CoPE. With all gates closed, all are
# 0.</details>
#
# ## Between two vectors
#
# A distance looks up its vector in a table (lesson 05). But position 2.55 has no row. So we mix the two rows beside it,
# and the nearer one gets more weight:
#
# $$e[p] = w \, e[\lceil p \rceil] + (1 - w) \, e[\lfloor p \rfloor] \qquad w = p - \lfloor p \rfloor$$
#
# The table has `npos` rows, for the positions 0 to npos - 1. Positions beyond that are clamped to its last row. Since
# only what matters is counted, the table can be small: for 1024 tokens, the paper's language models go up to 64
# (section 5.4).

# %% exercise="interpolate"

# %% [markdown]
# **Find the mistake.** An article says: "The vector of position 2 is obtained by interpolating between positions 1 and
# 3."
#
# <details><summary>Answer</summary>At position 2, floor and ceiling are both 2 and w is 0, so the vector is e[2]
# itself. Only positions in between are interpolated: Alice's 2.55, for example, from the rows 2 and 3.</details>

# %% tags=["folded"]
table = torch.tensor([[0.0, 0.0], [0.9, 0.3], [1.5, 1.2], [1.3, 2.3]])
vectors = interpolate(table, by_beings).numpy()  # (key, 2)
figure, axis = plt.subplots(figsize=(7, 4))
axis.plot(*table.numpy().T, "o-", color="0.75", markersize=12)
for n, (x, y) in enumerate(table.tolist()):
    axis.text(x - 0.1, y + 0.08, f"e[{n}]", color="0.4", ha="right")
axis.plot(*vectors.T, "D", color=color, markersize=7)
for j in (0, 4, 9, 10):
    label = f"{words[j]} at {by_beings[j].item():.2f}"
    axis.text(*(vectors[j] + (0.07, -0.07)), label, fontsize=12)
axis.set(xlabel="first column", xlim=(-0.4, 2.1), ylim=(-0.3, 2.8))
axis.set(
    ylabel="second column", title="A position in between, a vector in between"
)
alt = """Four points e[0] to e[3], joined by lines, with vectors on the lines:
came near e[0], rabbit near e[1], She after e[1], Alice between e[2] and
e[3]."""
show(figure, alt)
same = interpolate(table, torch.tensor(2.0)) == table[2]
claim("At 2 it is e[2].", same.all())

# %% [markdown]
# ## Into the score
#
# The vector is added on the side of the key, as Shaw's is: $\text{score}_{ij} \propto q_i \cdot (k_j + e[p_{ij}])$. Why
# not rotate by $p_{ij}$, as RoPE does? You can rotate by any angle, so the fractions are no problem. But RoPE rotates
# each query and each key *once*, by its own position, and here the position belongs to the pair.
#
# A vector per pair is a lot: 67 million numbers for 1024 tokens and a head_dim of 64. But the mixture of two products
# is the product with the mixture, so we can interpolate *numbers* instead. Let $z_i[n] = q_i \cdot e[n]$ be how much
# query $i$ likes position $n$. With 64 rows, one matrix product makes all 65,536 of these, and each pair picks two:
#
# $$q_i \cdot e[p_{ij}] = w \, z_i[\lceil p_{ij} \rceil] + (1 - w) \, z_i[\lfloor p_{ij} \rfloor]$$

# %% exercise="interpolate_logits"

# %% [markdown]
# And that's CoPE! The class `CoPE` is made of your functions. (We follow the listing in the paper's appendix B, where
# $q \cdot e$ isn't divided by $\sqrt{\text{head\_dim}}$. Its equations and its published code differ:
# `CoPE(scaling=...)`.)
#
# ## The number in the gate is the score
#
# Back to the last x. With CoPE each *count* costs $\delta$, not each token. So if the gates of the y's were closed, the
# x could be any number of y's back! But no gate is ever quite closed, and what opens it is the content score itself.
# Say an x scores $\Delta / 2$ and a y scores $-\Delta / 2$. Then their gates are $\sigma(\pm \Delta / 2)$, and a y
# counts $e^{-\Delta / 2}$ times as much as an x: 0.61 for $\Delta = 1$, but 0.05 for $\Delta = 6$.
#
# **Predict before you run.** From which $\Delta$ on does CoPE reach further back than counting tokens? (In both, two
# neighboring x's differ by $\delta = 0.5$.)

# %% tags=["folded"]
Deltas, reach = np.arange(0.5, 6.1, 0.5), []
for Delta in Deltas:
    content = np.array([[Delta / 2]] + [[-Delta / 2]] * 400)  # x, y, y, ...
    gates = cope_gates(torch.ones(401, 1).double(), torch.tensor(content))
    seen = cope_positions(gates).numpy()  # (query, key)
    cost = 0.5 / gates[0, 0].item() * (seen[:, 0] - seen.diagonal())
    reach.append(np.argmax(cost > Delta) - 1)  # y's until x is lost
figure, axis = plt.subplots(figsize=(8, 3.9))
rival, dashes = STYLES["alibi"]
axis.plot(Deltas, reach, line, color=color, label="what matters")
axis.plot(Deltas, Deltas // 0.5, dashes, color=rival, label="tokens")
axis.set_yscale("symlog", linthresh=1)
axis.set_xlabel("lead of x in content, $\\Delta$")
axis.set_ylabel("y's until x is lost")
axis.set_title("Soft gates reach no further, sharp ones do")
axis.legend(title="counting")
alt = """How many y's may follow, logarithmic, over x's lead from 0.5 to 6.
Counting tokens: from 1 to 12, in proportion. CoPE: the same up to a lead of 1,
then exponentially, to more than 200."""
show(figure, alt)
claim("A soft gate is no better.", reach[1] <= 2)
claim("A sharp one is ten times better.", reach[-1] > 120)

# %% [markdown]
# From about 1.5 on, and then its reach grows exponentially. So sharp gates pay. But they have a price: what opens a
# gate is a large $q \cdot k$, and that is strong attention, too. So this head can't count x's without looking at x's.
# For the last x that's just right. But what if a head should count one thing and look at another?
#
# In *the cat that sat on the mat saw*, let *saw* look for its subject: a noun, with one *the* in between. So it counts
# each *the*, and it likes nouns and position 1. In the first version, gates and attention share the keys. In the
# second, the gates compare the query with the *values*: `CoPE(gates="val_gates")`. (The paper also tried keys made by
# one more matrix, `gates="sep_keys"`.) Either costs one more product per pair.
#
# **Predict before you run.** Which words does *saw* look at in each version?

# %% tags=["folded"]
sentence = "the cat that sat on the mat saw".split()
the, noun = (np.isin(sentence, kind) for kind in ("the", ("cat", "mat")))
columns = np.stack([the, noun, the < 2, the > 2], axis=1) * 1.0  # (key, 4)
count, find = columns * [1, 0, 1, 0], columns * [0, 1, 0, 0]
saw = torch.tensor([20.0, 8, -10, 1]).double().expand(1, 1, 8, 4)
likes_1 = torch.tensor(np.outer([0, 6.0, 0, 0], [0, 0, 0, 1]))  # e: (npos, 4)
versions = {"keys": (columns, find), "val_gates": (find, count)}
seen = {}  # the weights of saw
figure, axes = plt.subplots(1, 2, figsize=(11, 3.4), sharey=True)
for axis, (gates, (k, v)) in zip(axes, versions.items()):
    cope = CoPE(npos_max=4, head_dim=4, gates=gates).double()
    cope.load_state_dict({"e": likes_1})
    k, v = (torch.tensor(each)[None, None] for each in (k, v))
    scores = saw @ k.transpose(-2, -1) / 2 + cope.bias(saw, k, v)
    seen[gates] = scores.softmax(-1)[0, 0, -1].detach().numpy()
    axis.bar(range(8), seen[gates], color=color)
    axis.set_xticks(range(8), sentence)
    favorite = sentence[seen[gates].argmax()]
    axis.set_title(f'gates="{gates}": looks at {favorite}')
axes[0].set_ylabel("attention weight of saw")
alt = """Attention weights of saw over eight words, twice. With gates that
share the keys: nearly all on the second the. With val_gates: nearly all on
cat."""
show(figure, alt)
claim("With shared keys, saw looks at what it counts.", seen["keys"][5] > 0.9)
claim("With val_gates, saw finds cat.", seen["val_gates"][1] > 0.9)

# %% [markdown]
# With shared keys it looks at what it counts. With the values it steps over *mat* and finds *cat*, and more words in
# between wouldn't matter. (One more *the* would: this is one head, set by hand.)
#
# ## The way back
#
# In training, a model has to find out what to count. So a gradient travels back from the scores through the
# interpolation, the sum and the gate. For example, take one query, three keys, all gates 0.5, $z = [0, 8, 4]$, and a
# gradient of 1 for each output.
#
# | what | key 0 | key 1 | key 2 (the query) |
# |---|---|---|---|
# | position | 1.5 | 1 | 0.5 |
# | output: $z$ at that position | 6 | 8 | 4 |
# | gradient of the position | -4 | -4 | 8 |
# | gradient of the gate | -4 | -8 | 0 |
# | gradient of what went into the sigmoid | -1 | -2 | 0 |
#
# **Answer these, and you have the backward pass.** Why does the position of key 0 get -4, and what would it get past
# the table's end? Which positions is gate 1 part of, and how does that make -8? What are the gradients of the three
# $z$?
#
# <details><summary>Answers</summary>The output moves along the line between two rows, so the position gets that line's
# slope: z[2] - z[1] = -4. (At whole positions we take the line to the next row.) Past the end the slope is 0. Gate 1 is
# part of the positions of keys 0 and 1, and gets -4 from each. Each z collects its shares: 0.5, then 0.5 + 1 + 0.5 = 2,
# then 0.5.</details>

# %% exercise="cope_backward"

# %% [markdown]
# The engine should agree. And where a position is clamped, no gradient comes back, so `npos` has to be large enough.
# **Predict** what else can stop the gradient: at first the table $e$ is all zeros. What do the gates learn from
# positions in the first step?

# %%
rng = np.random.default_rng(0)
s = torch.tensor(rng.standard_normal((12, 12)), requires_grad=True)  # q.k
q = torch.tensor(rng.standard_normal((12, 8)))  # (query, head_dim)
e = torch.tensor(rng.standard_normal((4, 8)), requires_grad=True)  # the table
grad = rng.standard_normal((12, 12)) * causal_mask(12, 12)
p, z = cope_positions(s.sigmoid()), q @ e.transpose(0, 1)
interpolate_logits(z, p).backward(torch.tensor(grad))
g, z = s.sigmoid().detach().numpy(), z.detach().numpy()
clamped = grad * (p.detach().numpy() > 3)  # only of positions past the end
grad_s, grad_z = cope_backward(grad, g, z)
agree = np.allclose(s.grad, grad_s), np.allclose(e.grad, grad_z.T @ q.numpy())
claim("The engine agrees with you.", all(agree))
for name, each in (("clamped", (clamped, g, z)), ("e = 0", (grad, g, 0 * z))):
    print(f"{name}: largest gradient {abs(cope_backward(*each)[0]).max()}")

# %% [markdown]
# Nothing: all $z$ are equal, so every slope is 0. Gates learn from positions once $e$ has moved.
#
# ## Ten seconds of training
#
# So far we've set every gate by hand. Now a head *learns* to find the last x. There are two kinds of x, called a and b,
# and at every token it has to say which came last. Each letter has a query, a key and a value. With the table $e$,
# that's the whole model, made of your functions.
#
# **Predict before you run.** What will the gates be at a, at b and at y? And which position will the last query like
# best?


# %% tags=["nbval-ignore-output"]
def head(ids):
    """Its answers (batch, seq, 2); gates and z of the last query."""
    q, k, v = Q[ids], K[ids], V[ids]
    gates, z = cope_gates(q, k), q @ e.transpose(0, 1)
    scores = q @ k.transpose(-2, -1) / 4
    scores = scores + interpolate_logits(z, cope_positions(gates))
    later = torch.tensor(~causal_mask(ids.shape[1], ids.shape[1]))
    weights = scores.masked_fill(later, float("-inf")).softmax(-1)
    return weights @ v, gates[0, -1].detach(), z[0, -1].detach()


torch.manual_seed(0)
Q, K, V = (nn.Parameter(torch.randn(3, n) / 4) for n in (16, 16, 2))
e = nn.Parameter(torch.zeros(8, 16))  # (npos, head_dim)
optimizer = optim.Adam([Q, K, V, e], lr=0.05)
text = torch.tensor([["aby".index(letter) for letter in "ayybyyyayyyy"]])
before, bar = head(text), progress(250, "the last x")
for step in range(250):
    ids = rng.choice(3, (32, 32), p=[0.125, 0.125, 0.75])  # a, b or y
    ids[:, 0] = rng.integers(2, size=32)
    last = np.maximum.accumulate(np.where(ids < 2, np.arange(32), 0), axis=1)
    targets = torch.tensor(np.take_along_axis(ids, last, axis=1))
    answers, _, _ = head(torch.tensor(ids))
    loss = F.cross_entropy(answers.reshape(-1, 2), targets.reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    bar.update(step + 1, f"loss {loss.item():.3f}")
after, wrong = head(text), (answers.argmax(-1) != targets).numpy().mean()
print(f"wrong in the last 32 texts: {100 * wrong:.1f} %")

# %% tags=["nbval-ignore-output", "folded"]
figure, axes = plt.subplots(1, 2, figsize=(11, 3.6), width_ratios=(3, 2))
for (_, gates, z), shade in ((before, "0.75"), (after, color)):
    label = "after training" if shade == color else "before"
    axes[0].plot(gates.numpy(), "s", color=shade, ms=9, label=label)
    axes[1].plot(z.numpy(), line, color=shade)
axes[0].set_xticks(range(12), list("ayybyyyayyyy"))
axes[0].set(ylabel="gate", ylim=(-0.05, 1.35), title="What does it count?")
axes[0].legend(ncols=2, loc="upper right")
axes[1].set(xlabel="position n", ylabel="$z[n]$")
axes[1].set_title("Which position does it like?")
alt = """Left: gates of the last query over a y y b y y y a y y y y, before
training all about 0.5, after it near 1 at a and b and near 0 at y. Right: z
over the positions 0 to 7, before training all 0, after it highest at 1."""
show(figure, alt)
is_x, gates = text[0].numpy() < 2, gates.numpy()
soft = 1 - gates[is_x].min() + gates[~is_x].max()
claim("It counts a and b, not y, and is right.", soft < 0.2 and wrong < 0.02)
claim("It likes position 1 best.", z.argmax().item() == 1)

# %% [markdown]
# Nobody told it to, and yet it counts a's and b's. And it likes position 1 best: that's where the last one counted is.
# (All ten seeds we tried got there. With twice as large starting numbers, one didn't. How CoPE does beside other
# encodings depends on the recipe, down to the number of its rows. Lessons 09 and 10 look into that.)
#
# | limit | what it means |
# |---|---|
# | cost | for all pairs a gate, a position and two numbers to look up: T x T per head |
# | no fast attention | a position needs the whole row of $q \cdot k$ before the softmax, and fast code never stores it |
# | form | gates are never negative, so it counts up, and along one line |
#
# The paper has no models with billions of parameters and no downstream tasks (appendix E). Its authors hope for more
# where tokens are a poor measure, as in video and speech. This course doesn't test that.
#
# ## What every encoding promises
#
# Now you've met all nine encodings (one is *none*). Let's compare them in a table that is computed: each cell is a
# question put to an attention layer with random weights. You write two of the questions. First: **does order matter?**
# With a causal mask and no positions, the last token can't tell how the earlier ones were ordered (lesson 03).

# %% exercise="order_matters"

# %% [markdown]
# Second: **are scores shift-invariant?** Put something in front of a text. Do its tokens still give each other the same
# scores?

# %% exercise="shift_invariant"

# %% [markdown]
# **Predict before you run.** Do CoPE's scores change with a shift? Do they depend on the tokens in between?
#
# | column | the question |
# |---|---|
# | unique positions | does each of 128 positions have a score of its own? |
# | norms preserved | do token vectors, queries and keys keep their lengths? |
# | decays | of equal keys, does the nearer one always score more? |
# | longer than trained | at 256 tokens: an error, known scores only (*reuses*), or new ones (*extends*)? |
# | depends on content | does the score of two tokens change with those in between? |
# | parameters | in two layers of width 16 with two heads, for 128 tokens |
# | memory | how that of this implementation grows with the length T |

# %%
properties = property_table()
titles = list(properties["cope"])
for part in (titles[:5], titles[5:]):
    cells = {
        name: {t: row[t] for t in part} for name, row in properties.items()
    }
    print(table_text(cells), end="\n\n")
by_content = [n for n in properties if properties[n]["depends on content"]]
claim("Only CoPE's scores depend on what is between.", by_content == ["cope"])

# %% [markdown]
# CoPE's sum of gates runs from the key to the query. It doesn't see what comes before the key, so a shift changes
# nothing. But it does see what's in between, and it's the only one with a yes there. (Shaw's clip is 16 here, and CoPE
# has 16 rows, so far positions share theirs.)
#
# ## What comes next
#
# A promise isn't a result. [Lesson 08](08_transformer.ipynb) builds the Transformer around all this and trains it.
# Lesson 09 then asks whether CoPE really learns to count.

# %% [markdown]
# ## A quiz on lessons 04 to 07
#
# Eight questions on what you should still know in a week. Run the cell to see them. Write your answers into it, and run
# it again; leave the `...` where you don't know yet. The card tells you which are right, and what speaks against the
# others.

# %% quiz="cope"

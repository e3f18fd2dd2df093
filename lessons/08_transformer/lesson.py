# ---
# jupyter:
#   lesson:
#     title: "The Transformer: assembled, trained, and made to write"
#     question: "How do the pieces become a model that writes?"
#     waiting: 1
#     achieved: "You have put a Transformer together and trained it. Let it write a line for someone."
# ---

# %% [markdown]
# # 08 · The Transformer: assembled, trained, and made to write
#
# **How do the pieces become a model that writes?**
#
# You have embeddings, attention, and eight ways to tell positions apart. Not much is missing: a block that connects
# them, a loss, an optimizer, and a way to get text out of the result. You'll write all of these, and then train the
# whole thing on a text you know. Training takes **half a minute on an idle machine**, and up to two on a busy one.
#
# **First, three questions on lesson 06.** Answer before you unfold.
#
# 1. RoPE rotates queries and keys. Why does their dot product then depend only on how far apart they are?
# 2. What does RoPE do to the values?
# 3. A model was trained on texts of 96 tokens. Which distances has RoPE never shown it?
#
# <details><summary>Answers</summary>
#
# 1. Each is rotated by an angle proportional to its position, and the dot product sees only the difference.
# 2. Nothing. Only queries and keys are rotated.
# 3. All from 96 on. By then the fast pairs have been all the way around, but the slow ones get angles they've never
#    had. Keep this in mind for the end of the lesson.
#
# </details>

# %%
import math

import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import claim, exercise, hint, progress, show, solution
from minitorch import nn
from solutions.attention import MultiHeadAttention
from solutions.language import random_windows, read_this_course, table_log_p
from solutions.probing import attention_maps
from solutions.sampling import generate
from solutions.tokenizer import Tokenizer
from solutions.training import UNSCORED
from solutions.transformer import Transformer

# %% [markdown]
# ## The text
#
# It's this course: sentences from its lessons and its feedback, one paragraph per line, in random order. Each
# character is a token, so the model has to find out for itself that there are words. The last tenth of the text is
# held out. The model never trains on it, and every score below is measured on it.

# %%
text = read_this_course()
tokenizer = Tokenizer(sorted(set(text)))
ids, vocab_size = tokenizer.encode(text), len(tokenizer)
training, held_out = np.split(ids, [len(ids) * 9 // 10])
print(f"{len(text)} characters, {vocab_size} different ones")
print(*text.splitlines()[-2:], sep="\n")

# %% [markdown]
# ## What is there to beat?
#
# A model gives a probability to each character that might come next. Its score is the mean of $-\log_2 p$ over the
# characters that actually came: the **bits** it needs per character. Guessing blindly among 92 characters costs
# $\log_2 92$ bits. Knowing how often each one occurs makes it cheaper: that's the **unigram** model. Knowing the
# previous character makes it cheaper still: that's the **bigram** model, a table of counts. We add 1 to every count
# ("add-one"), because a pair that the training text never had isn't impossible:
#
# $$\text{table}[a, b] = \frac{1 + \text{count}[a, b]}{\sum_{b'} (1 + \text{count}[a, b'])} \qquad
# \text{count}[a, b]: \text{ how often } b \text{ follows } a$$

# %% exercise="bigram_table"

# %% tags=["folded"]
table = bigram_table(training, vocab_size)
letters = "abcdefghijklmnopqrstuvwxyz"
shares = table[np.ix_(tokenizer.encode(letters), tokenizer.encode(letters))]
best = np.dstack(np.unravel_index(np.argsort(-shares, axis=None), (26, 26)))[0]
pairs = ", ".join(letters[a] + letters[b] for a, b in best[:4])
figure, axis = plt.subplots(figsize=(7.5, 6))
image = axis.imshow(shares)
axis.set(
    xticks=range(26),
    xticklabels=letters,
    yticks=range(26),
    yticklabels=letters,
    xlabel="next letter",
    ylabel="present letter",
    title=f"Some pairs are likely: {pairs}",
)
axis.tick_params(labelsize=10)
figure.colorbar(image, label="share of the next letter")
show(
    figure,
    alt="A heat map of 26 by 26 letters. Most cells are dark; the brightest "
    "are e after v and u after q.",
)

# %%
frequency = np.bincount(training, minlength=vocab_size) + 1
bits = {
    "blind": np.log2(vocab_size),
    "unigram": -np.log2(frequency / frequency.sum())[held_out].mean(),
    "bigram": -np.log2(table[held_out[:-1], held_out[1:]]).mean(),
}
for name, value in bits.items():
    print(f"{name:8} {value:.2f} bits per character")

# %% [markdown]
# **Predict.** A table that looks two characters back has $92^2 = 8464$ rows. Is it better still? What about three
# back, or five, or ten?
#
# <details><summary>Answer</summary>
#
# With add-one, looking two back is better by half a bit, three back is already worse, and ten back is nearly blind.
# Most rows were seen once or never, and the 92 ones that each of them gets drown out what was counted. So blame the
# ones, not the tables: without them, the second column below does better.
#
# </details>
#
# Instead of adding ones, a table can fall back on the next shorter one. It's as if $s$ more characters had come in
# this context, as often as the shorter table expects:
#
# $$p_n(b) = \frac{\text{count}_n[b] + s \, p_{n-1}(b)}{\sum_{b'} \text{count}_n[b'] + s}$$
#
# Here $\text{count}_n[b]$ is how often $b$ came after the last $n$ characters, and $p_{-1}$ is the blind guess.
# Add-one is the same with $s = 92$, but it falls straight back on the blind guess.


# %% tags=["folded"]
def table_bits(lengths, strength, seen, unseen):
    """Bits per character of `unseen`, by tables that look so far back."""
    log_p = table_log_p(seen, unseen, lengths, strength, vocab_size)
    return -log_p.mean() / np.log(2)


seen, unseen = text[: len(training)], text[len(training) :]
strength = min(  # chosen on the end of the *training* text
    (1, 3, 10, 30),
    key=lambda s: table_bits(range(6), s, seen[:100_000], seen[100_000:]),
)
LENGTHS = (1, 2, 3, 5, 10)
add_one = {n: table_bits([n], vocab_size, seen, unseen) for n in LENGTHS}
falls_back = {
    n: table_bits(range(n + 1), strength, seen, unseen) for n in LENGTHS
}
print(f"characters back   add-one   falling back, s = {strength}")
for n in LENGTHS:
    print(f"{n:15}   {add_one[n]:7.2f}   {falls_back[n]:12.2f}")
bits |= {"trigram, add-one": add_one[2], "5 back, falling back": falls_back[5]}
claim("One back is the bigram.", abs(add_one[1] - bits["bigram"]) < 1e-9)
claim("With add-one, two back are best.", min(add_one, key=add_one.get) == 2)
claim(
    "Falling back, nothing beyond five helps much.",
    falls_back[3] > falls_back[5] + 0.1
    and abs(falls_back[10] - falls_back[5]) < 0.02,
)

# %% [markdown]
# A good table gets down to 2 bits, but no further. Each context has its own row, and looking one character further
# back takes 92 times as many rows. A table can't tell that two contexts are alike, or what was written 50 characters
# ago. A network might, because it works with vectors, and vectors can be alike.
#
# ## What the model sees
#
# At each step we cut a few random pieces out of the text. The model predicts the next character at every position at
# once. The causal mask from lesson 03 keeps each position from looking at its own answer.

# %%
inputs, targets = random_windows(
    np.random.default_rng(3), training, batch=2, seq_len=24
)
for row in range(2):
    print("reads   ", repr(tokenizer.decode(inputs[row])))
    print("predicts", repr(tokenizer.decode(targets[row])))

# %% [markdown]
# ## The block
#
# Through a Transformer runs a **stream** of vectors, one per token, from the embeddings to the head. Each block reads
# from the stream and *adds* something to it, twice. Attention brings in what other tokens know. Then the MLP, two
# linear layers with a curve (GELU) between them, works on each token by itself.
#
# $$x \leftarrow x + \text{attention}(\text{norm}(x)) \qquad x \leftarrow x + \text{mlp}(\text{norm}(x))$$
#
# The norm, `LayerNorm`, shifts and scales each token's vector to mean 0 and variance 1 before it's read. It's
# *inside* the branch, so the stream itself is never rescaled. This is called pre-norm, and it's what GPT-2 does. (The
# Transformer of 2017 normalized the sum instead.) And the `x + ...` is called a residual connection.

# %% exercise="Block"

# %% [markdown]
# Why add to the stream, and not simply replace it? Let's stack 16 fresh blocks and send random vectors through them,
# once with `x +` and once without. After each block, we compare the vectors of *different* tokens.
#
# **Predict.** Attention takes means. What do means of means of means look like?


# %% tags=["folded"]
class Replacing(Block):
    """A block that forgets what came in."""

    def forward(self, x, cache=None):
        x = self.attention(self.attention_norm(x), cache)
        return self.mlp(self.mlp_norm(x))


@torch.no_grad()
def similarity(block_class, layers=16):
    """The mean cosine of different tokens, before and after each layer."""
    torch.manual_seed(0)
    x = torch.randn(1, 48, 64)  # (batch, seq, dim)
    means = []
    for _ in range(layers + 1):
        rows = x[0].numpy() - x[0].numpy().mean(axis=1, keepdims=True)
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        means.append((rows @ rows.T)[np.tril_indices(48, -1)].mean())
        x = block_class(64, 4, None)(x)
    return means


kept, lost = similarity(Block), similarity(Replacing)
figure, axis = plt.subplots()
axis.plot(lost, "s--", label="each part replaces x")
axis.plot(kept, "o-", label="each part is added to x")
axis.set(
    xlabel="blocks passed",
    ylabel="mean cosine of two tokens",
    ylim=(-0.05, 1.08),
    title="Untrained blocks: do tokens stay different?",
)
axis.legend(loc="center right")
show(
    figure,
    alt="Mean cosine between the vectors of different tokens over 16 "
    "untrained blocks. Where blocks replace the stream it rises to nearly 1 "
    "within a few blocks; where they add to it, it stays far below.",
)
claim("Without the stream, tokens become alike.", lost[-1] > 0.9)
claim("With it they stay different.", kept[-1] < 0.6)

# %% [markdown]
# Without the `x +`, they all become alike. For attention alone, without residual connections and MLPs, Dong et al.
# (2021, arXiv 2103.03404) proved that the differences vanish doubly exponentially with depth. Our blocks keep their
# MLPs, and it happens anyway. So we add.
#
# ## The whole model
#
# There isn't much around the blocks. At the bottom is the embedding (lesson 02). At the top come one last norm and
# the head, a linear layer that gives one logit per character. `Transformer` takes the name of a position encoding and
# builds its blocks from *your* class. We use RoPE here. Later you can try `none`, `sinusoidal`, `shaw`,
# `transformer_xl`, `t5`, `alibi` or `cope`. (`learned` has no positions beyond 95, and we'll need some.)

# %%
SEQ_LEN = 96


def new_model(**options):
    torch.manual_seed(0)
    return Transformer(
        vocab_size, 64, 4, 2, max_len=SEQ_LEN, positions="rope", **options
    )  # 64 numbers per token, 4 heads, 2 layers


model = new_model()
for name in ("embedding", "blocks", "norm", "head"):
    parameters = getattr(model, name).parameters()
    print(f"{name:10} {sum(each.numel() for each in parameters):7} numbers")

# %% [markdown]
# One check before we train: does the future leak? We change the character at position 10 and see which predictions
# change. With a leak the loss looks wonderful, and you only notice when the model has to write. **Predict.** Which
# positions should the cell print?


# %%
def logits_of(ids):
    with torch.no_grad():
        return model(torch.tensor(ids)).numpy()  # (batch, seq, vocab)


changed = inputs[:1].copy()
changed[0, 10] = tokenizer.ids["Q"]
differs = (logits_of(inputs[:1]) != logits_of(changed)).any(axis=-1)[0]
print("predictions that changed:", np.flatnonzero(differs))

# %% [markdown]
# ## The loss
#
# The softmax turns each position's logits into probabilities, and the loss is $-\log p$ of the right character,
# averaged over the positions: the **cross-entropy**. It's the score from above, in nats instead of bits (with the
# natural logarithm; 1 nat is 1.44 bits).
#
# $$\text{loss} = -\frac{1}{N} \sum_{n} \log \text{softmax}(\text{logits}_n)[\text{target}_n]$$
#
# Where there's nothing to predict, the target is $-100$ (`UNSCORED`), and the position doesn't count. This text has
# none of these, but the tasks of the next lessons do.
#
# **Predict.** What is the loss of the untrained model, in nats? And what would it be if all logits were ten times as
# large?
#
# <details><summary>Answer</summary>
#
# Its weights are small, so all logits are near 0 and all 92 characters are equally likely: the blind guess,
# $\log 92 = 4.52$ nats. With logits ten times as large it does *worse* than that: it prefers some characters, for no reason at
# all. If a new model of yours starts with such a loss, its weights are too large.
#
# </details>

# %% exercise="cross_entropy"

# %%
test_inputs, test_targets = random_windows(
    np.random.default_rng(1), held_out, batch=64, seq_len=SEQ_LEN
)


def loss_of(logits, targets):
    return cross_entropy(torch.tensor(logits), torch.tensor(targets)).item()


def held_out_bits():
    return loss_of(logits_of(test_inputs), test_targets) / np.log(2)


logits = logits_of(test_inputs)
nats = [loss_of(scale * logits, test_targets) for scale in (1, 10)]
print(f"untrained {nats[0]:.1f} nats, logits times ten {nats[1]:.1f}")
claim("A new model guesses.", abs(nats[0] - np.log(vocab_size)) < 0.03)
claim("With large logits it does worse.", nats[1] > nats[0] + 0.5)

# %% [markdown]
# ## The starting weights
#
# So weights should start small, but how small? GPT-2 draws them with a standard deviation of 0.02, and each number in
# a query is a sum over 768 numbers per token. We have only 64, so the same 0.02 gives far smaller queries and keys,
# and a score multiplies the two. The option `init_std` replaces the 0.02.
#
# **Predict.** With `init_std=0.1`, five times as much, how much larger are the scores?


# %%
@torch.no_grad()
def score_size(std):
    """The standard deviation of the scores in a fresh first layer."""
    fresh = new_model(init_std=std)
    layer = fresh.blocks[0].attention
    x = fresh.blocks[0].attention_norm(fresh.embed(torch.tensor(inputs)))
    q, k, _, _ = layer.prepare(x)
    return (q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5).std().item()


small, large = score_size(0.02), score_size(0.1)
print(f"scores: {small:.3f} with 0.02, {large:.2f} with 0.1")
claim("Five times the weights, 25 times the scores.", 20 < large / small < 30)

# %% [markdown]
# With 0.02 the scores hardly differ, so every head starts out as a plain mean, and gates and distances hardly matter
# yet. For this text either start will do. In lesson 09 the start decides whether a model learns the task before its
# steps run out.
#
# ## The optimizer
#
# Plain descent moves each number by `lr` (the learning rate) times its slope. But slopes differ by orders of
# magnitude, so a step that's careful for one number is wild for another. **Adam** divides each slope by its own usual
# size. Say the first slopes of two numbers are 4 and $-0.01$. With `lr` 0.1, plain descent moves them by 0.4 and
# 0.001. Adam moves both by $4 / \sqrt{4^2} = 0.01 / \sqrt{0.01^2} = 1$ times `lr`.
#
# That's the first step. From then on, a running mean $m$ of the slopes $g$ replaces the slope, and a running mean $s$
# of their squares replaces its square. So a number whose slopes agree moves by about `lr` per step. If its slopes
# contradict each other, it moves less.
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1) g \qquad s \leftarrow \beta_2 s + (1 - \beta_2) g^2$$
#
# Both start at 0, so at first they're too small: after step $t$, by the factors $1 - \beta_1^t$ and $1 - \beta_2^t$.
# Divide by these and you get $m'$ and $s'$, which are used for this step and then forgotten:
#
# $$p \leftarrow p - \text{lr} \left( \frac{m'}{\sqrt{s'} + \epsilon} + \text{decay} \cdot p \right)$$
#
# The last term pulls every number gently toward 0. It's kept outside the division, and that's what makes this
# **AdamW**.

# %% exercise="adamw_step"

# %% [markdown]
# Here's a valley that's 100 times steeper across than along. The steep direction forces plain descent to take small
# steps. **Predict.** Which of the two gets farther in sixty steps?


# %% tags=["folded"]
def slope(p):
    return np.array([0.02, 2.0]) * p


plain, adamw = [np.array([-8.0, 1.5])], [np.array([-8.0, 1.5])]
memory = [np.zeros(2), np.zeros(2)]
for step in range(1, 61):
    plain.append(plain[-1] - 0.9 * slope(plain[-1]))
    p, *memory = adamw_step(adamw[-1], slope(adamw[-1]), *memory, step, lr=0.3)
    adamw.append(p)
figure, axis = plt.subplots(figsize=(9, 3.6))
across, up = np.meshgrid(np.linspace(-9, 2, 100), np.linspace(-2, 2, 60))
axis.contour(
    across,
    up,
    0.01 * across**2 + up**2,
    levels=np.geomspace(0.01, 4, 9),
    colors="lightgray",
)
axis.plot(
    *np.transpose(plain), "C1x-", label="plain descent, lr 0.9", linewidth=1
)
axis.plot(*np.transpose(adamw), "C0.-", label="AdamW, lr 0.3", linewidth=1)
axis.set(title="Sixty steps down a steep valley", xlabel="p[0]", ylabel="p[1]")
axis.legend(loc="upper right", fontsize=12)
show(
    figure,
    alt="Contours of a long narrow valley. Plain descent jumps from side to "
    "side and gets only part of the way along it in sixty steps. AdamW takes "
    "a smooth way to the bottom.",
)
claim("AdamW arrives.", abs(adamw[-1][0]) < 1)
claim("Plain descent doesn't.", abs(plain[-1][0]) > 2)

# %% [markdown]
# ## The schedule
#
# The first steps are the least trustworthy: the running means know little yet, and the weights are random. So the
# learning rate climbs to its peak in a straight line: that's the warm-up. Then it falls along half a cosine, with
# large steps to get far and small ones to settle. Let $t$ go from 0 at the end of the warm-up to 1 in the last step.
# Then it's
#
# $$\text{lr} = \text{peak} \left( \text{floor} + (1 - \text{floor}) \, \frac{1 + \cos(\pi t)}{2} \right)$$

# %% exercise="learning_rate"

# %% [markdown]
# ## Training
#
# One piece is left: getting from a batch to the gradients. There's one new idea in it, called **clipping**. Think of
# all the gradients together as one long vector. If it's longer than 1, we shorten it to 1, so that a single odd batch
# can't throw the model off course.

# %% exercise="loss_and_gradients"


# %%
def train(steps, peak=5e-3):
    """Trains the model with your pieces, and shows a progress bar.

    Returns pairs (step, bits on the held-out text).
    """
    rng, curve = np.random.default_rng(0), [(0, held_out_bits())]
    parameters = list(model.parameters())
    memory = [(np.zeros(tuple(p.shape), np.float32),) * 2 for p in parameters]
    bar = progress(steps, "training")
    for step in range(steps):
        batch = random_windows(rng, training, 16, SEQ_LEN)
        loss, gradients = loss_and_gradients(model, *batch)
        rate = learning_rate(step, steps, peak)
        for i, (p, gradient) in enumerate(zip(parameters, gradients)):
            now = p.detach().numpy()
            new, *memory[i] = adamw_step(
                now, gradient, *memory[i], step + 1, rate, betas=(0.9, 0.98)
            )
            with torch.no_grad():
                p.copy_(torch.tensor(new))
        if (step + 1) % 50 == 0:
            curve.append((step + 1, held_out_bits()))
        bar.update(step + 1, f"{loss / np.log(2):.2f} bits per character")
    return curve


def write(prompt, steps, seed=0, **how):
    """The prompt, continued one character at a time."""
    rng = np.random.default_rng(seed)
    ids = tokenizer.encode(prompt)[None]  # (1, seq)
    return tokenizer.decode(generate(model, ids, steps, rng=rng, **how)[0])


# %% [markdown]
# `generate` feeds a text to the model, draws the next character from the probabilities it gives, appends it, and asks
# again. (A cache keeps the keys and values of everything read so far, so each new character costs one position, not
# the whole text.) **Predict.** What does an untrained model write?

# %% tags=["nbval-ignore-output"]
STEPS = 600
untrained = {name: value.clone() for name, value in model.state_dict().items()}
before = write("Each token ", 80)
print(before)

# %% [markdown]
# Now train it for half a minute.

# %% tags=["nbval-ignore-output"]
model.load_state_dict(untrained)  # run this cell again, and it starts anew
curve = train(STEPS)

# %% tags=["nbval-ignore-output", "folded"]
bits["Transformer"] = held_out_bits()
passed = [step for step, b in curve if b < bits["trigram, add-one"]] or [STEPS]
figure, axis = plt.subplots(figsize=(7.5, 5))
axis.plot(*zip(*curve), "o-")
axis.text(55, 5.2, "Transformer", color="C0")
for name, value in list(bits.items())[:5]:
    axis.axhline(value, color="gray", linewidth=1)
    axis.annotate(
        f"{name} {value:.2f}",
        (STEPS, value),
        (0, 3 if value > 2.5 else -14),
        ha="right",
        textcoords="offset points",
        color="dimgray",
        fontsize=12,
    )
axis.set(
    xlabel="training steps",
    ylabel="bits per character, held-out text",
    ylim=(0, 7),
    title=f"Past the add-one tables by step {passed[0]}; "
    f"{bits['Transformer']:.2f} bits at the end",
)
show(
    figure,
    alt="Bits per character on held-out text over 600 training steps. The "
    "curve starts at 6.5, the blind guess, passes the lines of unigram, "
    "bigram and trigram with one added within 200 steps or so, and ends near "
    "2.3. The line of the table that looks five back and falls back is lower, "
    "at 2.0.",
)
claim(
    "The Transformer passes the add-one tables within 300 steps, and is half "
    "a bit better in the end.",
    passed[0] <= 300 and bits["Transformer"] < bits["trigram, add-one"] - 0.5,
)
claim(
    "The best table stays ahead, by a tenth of a bit or more.",
    bits["5 back, falling back"] < bits["Transformer"] - 0.1,
)

# %% [markdown]
# Let's be plain: on a text this small, a table that takes a second to count beats our model. What you've seen is a
# model *learning*, from nothing. Whether it can do what no table can do is a question for the next lessons.
#
# ## What did its heads learn?
#
# Every head started out as a plain mean. **Predict.** Which characters would *you* look at to guess the next one? The
# cell draws the head that looks most at one fixed distance.

# %% tags=["nbval-ignore-output", "folded"]
line = "the sum of the squares of a row"
# (layers * heads, query, key)
maps = attention_maps(model, tokenizer.encode(line)[None])[0]
diagonals = {
    back: [np.diagonal(each, -back).mean() for each in maps]
    for back in range(4)
}
back = max(diagonals, key=lambda back: max(diagonals[back]))
head = int(np.argmax(diagonals[back]))
figure, axis = plt.subplots(figsize=(7.5, 6.4))
image = axis.imshow(maps[head], vmin=0, vmax=1)
axis.set(
    xticks=range(len(line)),
    xticklabels=line.replace(" ", "␣"),
    yticks=range(len(line)),
    yticklabels=line.replace(" ", "␣"),
    xlabel="key",
    ylabel="query",
    title=f"Layer {head // 4}, head {head % 4}: {max(diagonals[back]):.0%} of "
    f"its attention is {back} back",
)
axis.tick_params(labelsize=11, length=0)
figure.colorbar(image, label="attention")
show(
    figure,
    alt="Attention of one trained head over a sentence: most of the weight "
    "lies along one diagonal, always the same number of characters back.",
)
claim(
    "Some head looks at one and the same distance, most of the time.",
    max(diagonals[back]) > 0.4,
)

# %% [markdown]
# ## Beyond the trained length
#
# How much context does the model use? The first character of a window has nothing before it, and later ones have more
# and more. And what happens beyond the 96 characters that it was trained on?
#
# **Predict.** Sketch the bits per character at each position, from 0 to 191.
#
# <details><summary>Think first, then look</summary>
#
# The curve falls over the first eight characters, most of all right after the very first one, and then stays level up
# to 96. Beyond that the model meets distances that RoPE never showed it (question 3), and within 30 characters it
# does worse than the bigram table.
#
# </details>

# %% tags=["nbval-ignore-output", "folded"]
long_inputs, long_targets = random_windows(
    np.random.default_rng(2), held_out, batch=128, seq_len=2 * SEQ_LEN
)
log_p = torch.tensor(logits_of(long_inputs)).log_softmax(-1).numpy()
log_p = np.take_along_axis(log_p, long_targets[..., None], axis=-1)[..., 0]
by_position = -log_p.mean(axis=0) / np.log(2)
stretches = by_position.reshape(-1, 8).mean(axis=1)  # means over 8 positions
figure, axis = plt.subplots()
axis.plot(
    range(8),
    by_position[:8],
    "o",
    color="C1",
    markersize=5,
    label="the first eight, one by one",
)
axis.plot(
    8 * np.arange(1, len(stretches)) + 3.5,
    stretches[1:],
    "o-",
    label="means of eight",
)
axis.axvline(SEQ_LEN, color="gray", linestyle=":")
axis.text(
    SEQ_LEN - 2,
    1.2,
    "end of the training windows",
    ha="right",
    color="dimgray",
)
axis.set(
    xlabel="position in the text",
    ylabel="bits per character",
    ylim=(1, None),
    title="How much does context help?",
)
axis.legend(loc="upper left", fontsize=12)
show(
    figure,
    alt="Bits per character by position. Single positions fall from above 4 "
    "to about 2.5 within eight characters; the means of eight stay level near "
    "2.3 up to position 96, and then climb steeply within some 30 characters, "
    "to about 5.",
)
within, beyond = stretches[4:12].mean(), stretches[16:].mean()
claim(
    "Four characters of context bring nearly all there is to get.",
    by_position[0] > within + 1 and by_position[4:12].mean() < within + 0.4,
)
claim(
    "Beyond the trained length the model is worse than bigrams.",
    beyond > within + 1 and min(stretches[15:]) > bits["bigram"],
)

# %% [markdown]
# Beyond the trained length the model falls apart. There are two suspects: the distances, which RoPE turns into angles
# the model has never met, and the number of keys it has to choose from. Until we know more, we'll only let it write
# short texts.
#
# ## Writing
#
# The model gives probabilities, and somebody has to choose. Always take the likeliest character, and the text often
# runs in circles. Draw from the probabilities as they are, and sometimes you get a character that the model thought
# very unlikely. Such a slip throws it off. Dividing the logits by a **temperature** $T$ below 1 sharpens the
# distribution. Or you can draw from the $k$ likeliest characters only: **top-k**.
#
# $$p = \text{softmax}(\text{logits} / T)$$
#
# **Predict.** One character's logit is 1 above another's, so it's $e = 2.7$ times as likely. How many times is it at
# temperature 0.5, and at 2?

# %% exercise="next_token_probabilities"

# %%
logits, ratios = np.array([[2.0, 1.0, 0.0, -1.0]]), []
print("                 four probabilities    first / second")
for how in (
    {"temperature": 0.5},
    {"temperature": 1.0},
    {"temperature": 2.0},
    {"top_k": 3},
):
    p = next_token_probabilities(logits, **how)[0]
    ratios.append(p[0] / p[1])
    name = " ".join(f"{key} {value}" for key, value in how.items())
    print(f"{name:16}", *(f"{each:.2f}" for each in p), f"{ratios[-1]:11.1f}")
claim(
    "The ratio is e to the power of 1 / T, and top-k keeps it.",
    np.allclose(ratios, np.exp([2, 1, 0.5, 1])),
)

# %% [markdown]
# The ratios become $e^2$ and $\sqrt e$. Top-k keeps them, but its $k$ is the same however sure the model is. The
# **nucleus** adapts: it's the likeliest tokens, as few as it takes to reach a share $p$ of the probability (Holtzman
# et al. 2020, arXiv 1904.09751).

# %% exercise="nucleus"

# %% [markdown]
# **Predict.** After which of these prompts will your nucleus keep one character, and after which will it keep many:
# `one row of the q`, `the sum of the squar`, `the `?

# %% tags=["nbval-ignore-output", "folded"]
prompts = ["one row of the q", "the sum of the squar", "the "]
figure, axes = plt.subplots(1, 3, figsize=(11, 3.8), sharey=True)
for axis, prompt in zip(axes, prompts):
    logits = logits_of(tokenizer.encode(prompt)[None])[:, -1]
    p = torch.tensor(logits).softmax(-1).numpy().astype(np.float64)
    kept, likeliest = nucleus(p, 0.9)[0], np.argsort(-p[0])[:20]
    symbols = tokenizer.decode(likeliest).replace(" ", "␣")
    axis.bar(
        range(20),
        p[0, likeliest],
        color=["C0" if kept[token] else "lightgray" for token in likeliest],
    )
    axis.set(
        title=f"{prompt!r}: {np.count_nonzero(kept)} kept",
        xticks=range(20),
        xticklabels=[repr(symbol)[1:-1] for symbol in symbols],
        xlabel="next character (␣: space)",
    )
    axis.tick_params(axis="x", labelsize=11)
axes[0].set_ylabel("probability")
show(
    figure,
    alt="Three bar charts of the probabilities of the next character, with "
    "the nucleus for p = 0.9 in color. After a q nearly all lies on u and one "
    "character is kept; after 'squar' e leads and a few are kept; after 'the "
    "' many characters share it and many are kept.",
)

# %% tags=["nbval-ignore-output"]
prompt = "Each token "  # yours to change, and so are temperature, k, and p
print("the likeliest:  ", repr(write(prompt, 80, temperature=0)))
print("drawn as it is: ", repr(write(prompt, 80)))
print("top-k 3:        ", repr(write(prompt, 80, top_k=3)))
for temperature in (1.5, 0.8, 0.5):
    written = write(prompt, 80, temperature=temperature, top_p=0.9)
    print(f"temperature {temperature}:", repr(written))

# %% tags=["folded"]
words = set(text.split())


def share(written):
    """The share of the course's words, without the prompt."""
    return np.mean([word in words for word in written.split()[2:-1]])


many = [
    write("Each token ", 80, seed, temperature=0.8, top_p=0.9)
    for seed in range(10)
]
claim(
    "More than four fifths of what it writes are words of the course, and "
    "before the training hardly any.",
    np.mean([share(written) for written in many]) > 0.8 > 0.3 > share(before),
)
claim(
    "With and without a cache it writes the same.",
    write("Each token ", 40, temperature=0)
    == write("Each token ", 40, temperature=0, cached=False),
)

# %% [markdown]
# At a temperature of 0.8, more than four fifths of what it writes are words of the course, spelled one character at a
# time. What it says makes no sense: that takes a larger model and far more text, but the same recipe.
#
# (From now on we'll train with `Trainer`, in `solutions/training.py`: the same loop, with checkpoints and more.)
#
# ## Try it
#
# Replace `"rope"` above with `"alibi"`, run everything again, and look at the curve beyond 96. A card will tell you
# that our claim about it is no longer true, since the curve no longer climbs. And that's the point. Then look at what
# this costs: the bits at the end of training.
#
# **Next.** Lesson 09 gives this `Transformer` other encodings and other starting weights, and a task with exact
# answers: to count.

# ---
# jupyter:
#   lesson:
#     title: "On PyTorch: the same files, on larger machines"
#     question: "How does the model you wrote run where a laptop is too small?"
#     achieved: "Your files run on PyTorch. Show someone the three lines, and the two curves that are one."
# ---

# %% [markdown]
# # 14 · On PyTorch: the same files, on larger machines
#
# **How does the model you wrote run where a laptop is too small?**
#
# The course ended with lesson 13. This is one more, if you want to go on: to a GPU, to several processes, to
# the paper's own size. It needs no second implementation. You change three lines.
#
# PyTorch isn't part of the course (`.venv/bin/python -m pip install torch` gets it), and this lesson runs
# without it, too. A cell that needs it says so then, and shows its output from when the course was built.
#
# **First, three questions about lesson 12.** Answer before you unfold.
#
# 1. A model's loss is 1.2 nats per character. How many bits is that?
# 2. Two models cut text into different tokens. Why don't you compare their perplexities?
# 3. A text is longer than a model's context. How do overlapping windows change its score?
#
# <details><summary>Answers</summary>
#
# 1. $1.2 / \log 2 = 1.73$ bits.
# 2. Perplexity is per token, and longer tokens are harder to guess. Bits per character can be compared.
# 3. Every character that's scored then has many before it. Without the overlap, the first ones of each window
#    are guessed from next to nothing, and the score looks worse than the model is.
#
# </details>

# %%
import importlib
import warnings
from functools import partial

import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import claim, exercise, hint, show, show_stored, solution
from minitorch.nn import functional as F
from solutions.cope import cope_positions, interpolate_logits
from solutions.counting import counting_batch
from solutions.encodings import encodings
from solutions.flip_flop_and_selective_copy import selective_copy_batch
from solutions.relative_positions import ALiBi, T5Bias, t5_bucket
from twin import SOLUTIONS, load_twin, switch_imports, twin_of

try:
    import torch as pytorch
except ImportError:
    pytorch = None

# %% [markdown]
# ## Three lines
#
# Here is the file with the training loop, before and after. Only the lines that differ are shown.

# %%
before = (SOLUTIONS / "training.py").read_text(encoding="utf-8")
after = switch_imports(before)
for line, switched in zip(before.splitlines(), after.splitlines()):
    if line != switched:
        print(f"- {line}\n+ {switched}")

# %% [markdown]
# That's all. The rest works because `minitorch` has PyTorch's names, argument order, defaults and meaning.
# `load_twin("training")` loads a file of `solutions/` switched like this, and your own answers in
# `my_answers/` switch the same way.
#
# **Predict.** A model and its twin have the same weights and read the same text in float32. How far apart are
# their logits: not at all, about $10^{-7}$, or about $10^{-3}$?
#
# <details><summary>Answer</summary>
#
# About $10^{-7}$. Both compute the same sums, but not in the same order, and float32 keeps about seven
# digits.
#
# </details>


# %%
def load(name):
    """A file of solutions/, as it is."""
    return importlib.import_module(f"solutions.{name}")


def model_on(engine, load, positions, weights=(), **options):
    """The model for selective copy of lesson 11, on either engine."""
    engine.manual_seed(0)
    model = load("transformer").Transformer(
        16, 32, 2, num_layers=2, max_len=48, positions=positions, **options
    )
    weights = {name: engine.tensor(x.numpy()) for name, x in weights}
    model.load_state_dict({**model.state_dict(), **weights})
    return model


# %% tags=["nbval-ignore-output"]
if pytorch is None:
    show_stored("PyTorch")
else:
    ids, _ = selective_copy_batch(np.random.default_rng(0), 4)
    for name in encodings():
        mine = model_on(torch, load, name)
        twin = model_on(pytorch, load_twin, name, mine.state_dict().items())
        logits = mine(torch.tensor(ids)).detach().numpy()
        apart = abs(twin(pytorch.tensor(ids)).detach().numpy() - logits).max()
        nowhere = twin.to("meta")(pytorch.tensor(ids, device="meta"))
        print(f"{name:15} {apart:.0e} apart; runs on {nowhere.device}")
        claim(f"The logits with {name} are the same.", apart < 1e-5)

# %% [markdown]
# (`meta` is a device for tests: tensors on it have a shape, but no numbers. We'll come back to it.)
#
# ## The same training
#
# Now we train CoPE on both, from the same weights and on the same texts. We do it in float32 and in float64,
# so that's four trainings of a few seconds each. **Predict.** Do the two curves stay together to the end?


# %% tags=["nbval-ignore-output"]
def losses(engine, load, dtype, weights):
    """The loss of each step of a training."""
    model = model_on(engine, load, "cope", weights, npos_max=32)
    trainer = load("training").Trainer(
        model.to(getattr(engine, dtype)),
        lambda rng: selective_copy_batch(rng, 16),
        steps=150,
        lr=4e-3,
        warmup=20,
    )
    trainer.fit()
    return np.array(trainer.losses)


if pytorch is None:
    show_stored("PyTorch")
else:
    start = model_on(torch, load, "cope", npos_max=32).state_dict().items()
    curves = {}
    for dtype in ("float32", "float64"):
        ours = losses(torch, load, dtype, start)
        theirs = losses(pytorch, load_twin, dtype, start)
        curves[dtype] = ours, theirs
        apart = abs(ours - theirs)
        print(f"{dtype}: the curves are at most {apart.max():.0e} apart,")
        print(f"         in the first 30 steps at most {apart[:30].max():.0e}")
        claim(f"The {dtype} curves begin as one.", apart[:30].max() < 1e-4)
    claim("In float64 they agree to the end.", apart.max() < 1e-4)

# %% tags=["folded", "nbval-ignore-output"]
if pytorch is None:
    show_stored("PyTorch")
else:
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.2))
    axes[0].plot(curves["float32"][0], "C5", linewidth=6, label="minitorch")
    axes[0].plot(curves["float32"][1], "C6--", label="PyTorch")
    axes[0].set(xlabel="step", ylabel="loss (nats)", title="float32")
    for (dtype, (ours, theirs)), style in zip(curves.items(), ("-", ":")):
        apart = np.maximum.accumulate(abs(ours - theirs))
        apart[apart == 0] = np.nan  # has no logarithm
        axes[1].semilogy(apart, style, color="C0", label=dtype)
    axes[1].set(
        xlabel="step",
        ylabel="largest difference so far",
        title="Rounding grows as CoPE learns",
    )
    axes[0].legend()
    axes[1].legend(loc="center left")
    show(
        figure,
        alt="Left: the loss of CoPE on both engines over 150 steps. The two "
        "curves fall together, slowly at first, then fast. Right: their "
        "largest difference so far, logarithmic. It begins at the last digit "
        "of float32 or float64, and grows a thousandfold and more where the "
        "loss falls.",
    )

# %% [markdown]
# In float64 they stay together. In float32 they begin as one, and drift apart a little where CoPE starts to
# learn. Nothing is wrong there. A training that's about to decide something amplifies every difference, even
# one in the seventh digit. You'd see the same if you moved to another CPU.
#
# ## What PyTorch adds
#
# On a laptop's CPU, a model this small gains nothing. On a larger machine you get four things:
#
# | what | how | what it asks of your code |
# |---|---|---|
# | **devices** | `model.to("cuda")` | tensors made in a forward pass say `device=x.device` |
# | **a compiler** | `torch.compile(model)` | few branches that depend on values |
# | **fused attention** | `F.scaled_dot_product_attention` | a bias that's known beforehand |
# | **many processes** | `torchrun`, `DistributedDataParallel` | a loss that knows the whole batch |
#
# The first row is what `meta` tested above: a single mask made on the CPU would have failed there. All nine
# passed. The last two rows are worth a closer look.
#
# ## A bias inside fused attention
#
# Attention over 4,096 tokens has almost 17 million scores per head. **Fused** attention never writes them all
# down: it takes a block of keys, keeps running sums, and goes on. You may pass a bias as `attn_mask`, but
# then *that* has 17 million numbers. FlexAttention takes a function instead, the **score_mod**. It gets one
# score and its indices, and returns the new score. A compiler puts it inside the loop.
#
# ALiBi and T5 fit: their bias depends only on the head and on how far back the key is.

# %% exercise="distance_score_mod"

# %% [markdown]
# Both encodings become a table. Does your function add what their classes add?

# %%
torch.manual_seed(0)
n = np.arange(48)
alibi, t5 = ALiBi(num_heads=2), T5Bias(num_heads=2)
tables = {
    alibi: torch.tensor(-alibi.slopes[:, None] * n).float(),
    t5: t5.table.detach().T[:, t5_bucket(-n, bidirectional=False)],
}
q, position = torch.zeros(1, 2, 48, 8), torch.arange(48)
head, query = torch.arange(2).reshape(2, 1, 1), position.reshape(48, 1)
for encoding, table in tables.items():
    added = distance_score_mod(table)(q[..., :1], 0, head, query, position)
    apart = np.tril((added - encoding.bias(q, q)).detach().numpy())
    print(f"{type(encoding).__name__:7} {abs(apart).max():.6f} apart")

# %% [markdown]
# Now your own function, switched like the files, goes into FlexAttention. We don't compile it, so nothing is
# fused yet, and on a CPU PyTorch 2.13 has no backward pass for it. But the result has to be the same as with
# `attn_mask`.

# %% tags=["nbval-ignore-output"]
if pytorch is None:
    show_stored("PyTorch")
else:
    from torch.nn.attention.flex_attention import flex_attention

    warnings.filterwarnings("ignore", message="flex_attention called without")
    attention = pytorch.nn.functional.scaled_dot_product_attention
    q, k, v = pytorch.randn(3, 1, 2, 48, 8)
    for encoding, table in tables.items():
        table = pytorch.tensor(table.numpy())
        score_mod = twin_of(distance_score_mod)(table)
        fused = flex_attention(q, k, v, score_mod)
        bias = table[:, np.maximum(n[:, None] - n, 0)]
        apart = abs(fused - attention(q, k, v, attn_mask=bias)).max().item()
        print(f"{type(encoding).__name__:7} {apart:.0e} apart")
        claim("FlexAttention gives what attn_mask gives.", apart < 1e-5)

# %% [markdown]
# Shaw and Transformer-XL fit, too, with a table of their own for each query. RoPE is done before attention
# begins. That leaves one.
#
# **Predict.** A score_mod for key $j$ sees one score. How many does CoPE need for the position of key $j$?
#
# <details><summary>Answer</summary>
#
# Those of all keys from $j$ to the query: the position is the sum of their gates.
#
# </details>

# %%
scores = torch.linspace(-1, 1, 9).reshape(1, 9).requires_grad_()
logits = torch.tensor([[0.0, 2.0, 3.0, 1.0, 4.0, 2.0, 6.0]])
bias = interpolate_logits(logits, cope_positions(scores.sigmoid()))[0]
read = [torch.autograd.grad(b, scores, retain_graph=True)[0] for b in bias]
read = np.concatenate([row.numpy() != 0 for row in read])  # (key, key)
print("scores read, from the first key on:", read.sum(axis=1).tolist())

# %% tags=["folded"]
figure, axis = plt.subplots(figsize=(5.5, 4.2))
axis.imshow(read, cmap="Blues", vmax=1.5)
axis.plot(range(9), range(9), "o", color="C1", label="a score_mod")
axis.set(
    xlabel="score of key",
    ylabel="bias of key",
    title="CoPE's bias: all scores from its key on",
)
axis.legend(loc="lower left", handletextpad=0)
show(
    figure,
    alt="Which scores of nine keys the bias of each key depends on. CoPE: a "
    "triangle, the key's own score and those of all keys after it, up to the "
    "query. Dots on the diagonal: a score_mod sees its own score only.",
)

# %% [markdown]
# So neither `attn_mask` nor a score_mod saves CoPE any work. Our class does pass its bias as `attn_mask`,
# but it computes $q \cdot k$ for the gates first and writes everything down; then attention computes
# $q \cdot k$ again. What fusion saves is just what CoPE needs. (`solutions/fused_cope.py` fuses the bias
# itself. Fusing it *into* attention takes a kernel that carries the sum along the row.)
#
# ## Many processes
#
# `torchrun` starts several processes. Each has a copy of the model and takes its share of every batch, and
# `DistributedDataParallel` gives them all the mean of their gradients.
#
# **Predict.** One process has a counting text with 2 questions, the other has one with 8. Each takes the mean
# loss of its own. How much does a question of the first text count, compared with one of the second?
#
# <details><summary>Answer</summary>
#
# Four times as much. So the result would depend on which text went where.
#
# </details>

# %% exercise="share_loss"

# %% [markdown]
# Two processes in one: the first has one text, the second has two.

# %%
texts, targets = counting_batch(np.random.default_rng(5), 3, seq_len=48)
model = model_on(torch, load, "rope")


def gradient(loss, share):
    """All gradients of the model in one long row."""
    model.zero_grad()
    logits = model(torch.tensor(texts[share]))
    loss(logits, torch.tensor(targets[share])).backward()
    return np.concatenate([p.grad.numpy().ravel() for p in model.parameters()])


def own_mean(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


whole = gradient(own_mean, slice(0, 3))
ours = partial(share_loss, scored=(targets != -100).sum(), processes=2)
for name, loss in (("each its own mean", own_mean), ("share_loss", ours)):
    mean = (gradient(loss, slice(0, 1)) + gradient(loss, slice(1, 3))) / 2
    off = np.linalg.norm(mean - whole) / np.linalg.norm(whole)
    print(f"{name:18} off by {off:.0%}")

# %% [markdown]
# With this loss two processes train the same model as one. The course's tests train both for 20 steps in
# float64, with each encoding, and their losses differ by less than $10^{-8}$. In a terminal, with as many
# processes as you have cores or GPUs:
#
# ```
# torchrun --nproc-per-node 2 -m experiments "copy/cope-plain-0" --engine pytorch
# ```
#
# ## The paper's own size
#
# The paper's task is a recipe, too, with a model of 4 layers, 256 numbers per token, and texts of up to 512
# tokens. The paper doesn't say these numbers; they're from its released code. The blocks and the optimizer
# are still our own. It wants a GPU, and we had none, so none of it has been run here. The second line prints
# the paper's table beside what has been recorded.
#
# ```
# python -m experiments "paper_counting_3/*" --paper --engine pytorch --device cuda
# python -m experiments --table
# ```
#
# Your numbers may differ from the paper's, and lesson 10 has shown you how to ask whether that means
# anything. If you think of an encoding of your own, `positions=YourClass` is all it takes, on either engine.

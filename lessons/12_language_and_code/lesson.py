# ---
# jupyter:
#   lesson:
#     title: "Language and code: where nobody asks for a count"
#     question: "Does counting help on real text, where nobody asks for a count?"
#     minutes: 35
#     achieved: "You have measured language models fairly. Try one of them on a text that you wrote."
# ---

# %% [markdown]
# # 12 · Language and code: where nobody asks for a count
#
# **Does counting help on real text, where nobody asks for a count?**
#
# Three lessons of tasks were built so that something has to be counted. Real text wasn't. Here you train three
# models on English, measure them on longer texts than they learned from, give RoPE its best chance there, and look
# for a head that attends to the current paragraph. The trainings take **one to two minutes together** on two cores.
#
# ## Three questions about lesson 10
#
# 1. Which texts may choose a learning rate, and which may not?
# 2. Why do we compare two encodings seed by seed?
# 3. One encoding is better by 0.1 than another, with one seed each. What do you know?
#
# <details><summary>Answers</summary>
#
# 1. Validation texts may. The test texts may not: a model that was chosen by them has been tuned on the test.
# 2. With the same seed both see the same texts, so what those texts do to both cancels.
# 3. Little. First you need to know how far apart two runs of the *same* encoding are.
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

import minitorch as torch
from classroom import claim, exercise, hint, progress, show, solution
from experiments.pictures import STYLES
from experiments.plan import read_table
from solutions.absolute_positions import angular_speeds, check_table_size
from solutions.language import (
    corpus_batch,
    corpus_ids,
    paragraph_batch,
    paragraph_tokenizer,
    read_corpus,
    read_documents,
    text_tokenizer,
)
from solutions.language_and_code import (
    StretchedRoPE,
    head_scores,
    line_starts,
    log_p_of,
    paragraph_starts,
    position_attention,
    table_log_p,
)
from solutions.training import UNSCORED, Trainer
from solutions.transformer import Transformer

# %% [markdown]
# ## Two texts
#
# **English** is 57 topics of the Python documentation, with headings, lists and paragraphs. **Code** is 28 modules of
# the standard library. Both are frozen copies under Python's own license (`solutions/texts/`). Whole topics and whole
# modules are kept apart: some for choosing settings, some for the test. So no test line has a neighbor in the
# training text.

# %%
for corpus in ("english", "code"):
    sizes = [
        f"{len(read_documents(corpus, part))} documents, "
        f"{len(corpus_ids(corpus, part)):,} characters for {part}"
        for part in ("training", "validation", "test")
    ]
    print(f"{corpus}: {'; '.join(sizes)}")
print("\n" + read_documents("english", "test")["execmodel"][705:1035])

# %% [markdown]
# Lesson 08 scored models in **bits** per character. Papers on language print the **perplexity**, which is the same
# thing in another unit: as unsure as among so many equally likely characters. With a vocabulary of words, it's among
# so many words, so perplexities compare only where the vocabulary is the same.

# %% exercise="perplexity"

# %% [markdown]
# **Predict.** The n-gram tables of lesson 08, counted on the training documents, get about 2 bits on this course's
# own text. Is Python code cheaper per character than English about Python, or more expensive?
#
# <details><summary>Think first, then run the cell</summary>
#
# Code repeats itself: indentation, `self.`, the same names again and again. But names and numbers are free to choose.
#
# </details>

# %%
STRENGTH = 3  # chosen on the validation documents, among 1, 3, 10
table_bits = {}
for corpus in ("english", "code"):
    seen = read_corpus(corpus, "training")
    table = table_log_p(seen, read_corpus(corpus, "test"), 6, STRENGTH)
    table_bits[corpus], among = perplexity(table)
    print(
        f"{corpus:8} tables, 6 back: {table_bits[corpus]:.2f} bits per "
        f"character, as unsure as among {among:.1f}"
    )

# %% [markdown]
# ## Every character, once
#
# A model that reads 128 characters has nothing before the first one, and much before the last. Cut a text into pieces
# of 128 and each piece begins blind. So let the window *slide*: each begins half a window after the one before, and
# only its second half is scored. Then every character has 64 to 127 before it. (Only the first window of a text is
# scored from its start.)

# %% exercise="sliding_window"

# %%
test = corpus_ids("english", "test")
windows = {
    length: sliding_window(test, length, length // 2)
    for length in (128, 256, 512)
}
for length, (inputs, targets) in windows.items():
    scored = targets != UNSCORED
    print(
        f"{len(inputs)} windows of {length}: {scored.sum()} characters, with "
        f"at least {scored[1].argmax()} before each"
    )

# %% [markdown]
# The same characters are scored at every length. Only the length of the text before them differs.
#
# ## Three models
#
# Two layers, four heads, 64 numbers per token, windows of 128, 300 steps of 16. The learning rate is 0.01 for all
# three: validation texts had the choice between 0.005 and 0.01. Nothing else is tuned; CoPE's table has 129 rows, as
# many as there are counts in a window. Longer trainings of all nine encodings follow below.
#
# **Predict.** All three learn from windows of 128. Which will be best there? What happens to each at 512?
#
# <details><summary>Think first, then train</summary>
#
# ALiBi's penalty goes on in the same way. RoPE rotates by angles that it has never met. CoPE's positions grow with
# what is counted. If a head counts characters, 512 is new to it; if it counts lines, hardly.
#
# </details>


# %%
def train(positions, vocab_size, draw_batch, steps, **how):
    """Trains one model, with a progress bar."""
    torch.manual_seed(0)
    model = Transformer(
        vocab_size, num_layers=2, max_len=512, positions=positions, **how
    )
    bar = progress(steps, positions)
    trainer = Trainer(model, draw_batch, steps, lr=0.01)
    ended = trainer.fit(
        on_step=lambda trainer: bar.update(
            trainer.step,
            f"{trainer.losses[-1] / np.log(2):.2f} bits per character",
        )
    )
    if ended == "interrupted":
        bar.stop()
    return model


def train_on_english(positions, steps=300, **options):
    return train(
        positions,
        len(text_tokenizer()),
        corpus_batch,
        steps,
        dim=64,
        num_heads=4,
        init_std=0.1,
        **options,
    )


# %% tags=["nbval-ignore-output"]
models = {
    "alibi": train_on_english("alibi"),
    "rope": train_on_english("rope"),
    "cope": train_on_english("cope", npos_max=129),
}

# %% tags=["nbval-ignore-output"]
log_p = {
    name: {
        length: log_p_of(model, *texts) for length, texts in windows.items()
    }
    for name, model in models.items()
}
bits = {
    name: {
        length: perplexity(each[~np.isnan(each)])[0]
        for length, each in by_length.items()
    }
    for name, by_length in log_p.items()
}
for name, by_length in bits.items():
    print(
        f"{name:5}"
        + "".join(
            f"   {length} characters: {value:.2f} bits"
            for length, value in by_length.items()
        )
    )
print(f"tables of lesson 08: {table_bits['english']:.2f} bits")

# %% tags=["folded"]
claim(
    "At the trained length CoPE is the best of the three after 300 steps.",
    bits["cope"][128] < min(bits["rope"][128], bits["alibi"][128]) - 0.03,
)
claim(
    "At 512 RoPE is worse than at 128 by more than a bit, ALiBi by next to "
    "nothing, CoPE by less than a bit.",
    bits["rope"][512] > bits["rope"][128] + 1
    and abs(bits["alibi"][512] - bits["alibi"][128]) < 0.15
    and bits["cope"][512] < bits["cope"][128] + 0.9,
)
claim(
    "The tables of lesson 08 are still ahead of all three.",
    table_bits["english"] < min(each[128] for each in bits.values()),
)

# %% [markdown]
# At the trained length CoPE learns fastest. Going on, ALiBi doesn't care, RoPE breaks, and CoPE is in between: better
# than RoPE by far, and yet it *does* lose something. Where in the window?

# %% exercise="bits_by_position"

# %% tags=["nbval-ignore-output"]
figure, axis = plt.subplots()
curves = {}
for name in models:
    color, line = STYLES[name]
    curves[name] = bits_by_position(log_p[name][512][1:, 256:], 32)
    axis.plot(256 + 32 * np.arange(8) + 16, curves[name], line, color=color)
    axis.axhline(bits[name][128], color=color, linewidth=1, linestyle=":")
    axis.text(514, curves[name][-1], name, color=color, va="center")
axis.set(
    xlabel="position in a window of 512",
    ylabel="bits per character",
    title="Past 128, RoPE loses most; dotted: each at 128",
)
show(
    figure,
    alt="Bits per character by position from 256 to 512 for three models, "
    "with dotted lines for their bits at the trained length. RoPE lies more "
    "than a bit above its line, CoPE a little above its own, ALiBi on it.",
)

# %% [markdown]
# ## RoPE's best chance
#
# Nobody uses RoPE like that. Two remedies need no training at all, and both are one line. **Position interpolation**
# squeezes the positions, so that a text of 512 is told to be 128 long. "NTK-aware" scaling enlarges the **base**
# instead: the slow pairs, whose angles would be new, are slowed, and the fast ones, which tell neighbors apart, are not.

# %% exercise="interpolate_positions"

# %% [markdown]
# **Predict.** Neighbors are now a quarter of a position apart. The model has never met that. Which of the two
# remedies is the better one here, without any further training?

# %% tags=["nbval-ignore-output"]
rescued = {}
for how in ("as it is", "interpolated", "ntk"):
    for block in models["rope"].blocks:
        block.attention.positions = StretchedRoPE(16, 128, how)
    rescued[how] = {
        length: perplexity(each[~np.isnan(each)])[0]
        for length in (256, 512)
        for each in [log_p_of(models["rope"], *windows[length])]
    }
    print(
        f"RoPE {how:12} 256: {rescued[how][256]:.2f} bits, 512: {rescued[how][512]:.2f}"
    )

# %% tags=["folded"]
claim(
    "Both remedies save more than half a bit at 512, and neither gets back to the bits at 128.",
    max(rescued[how][512] for how in ("interpolated", "ntk"))
    < rescued["as it is"][512] - 0.5
    and min(rescued[how][512] for how in ("interpolated", "ntk"))
    > bits["rope"][128] + 0.1,
)

# %% [markdown]
# Large models are trained a little further after squeezing (Chen et al. 2023, arXiv 2306.15595), or the two remedies
# are mixed, pair by pair, as in YaRN (arXiv 2309.00071). Or the *training* draws random positions up to 512, so that
# no distance is new (Ruoss et al. 2023, arXiv 2305.16843). That one is in the next table.
#
# ## All encodings, recorded
#
# Twice as many steps (600), and otherwise the recipe above. For each encoding the validation topics chose between the
# learning rates 0.005 and 0.01, with a seed that's in no table. Code takes over the rates of English.
#
# **Predict.** Which of the nine will keep their bits at 512? Which *cannot*, by construction?
#
# <details><summary>Think first, then read the table</summary>
#
# Learned positions cannot: their rows past 128 were never trained. Those that only know clipped or bucketed
# distances, or none, might. We have not told you about sinusoidal ones.
#
# </details>

# %%
LENGTHS = {
    "in distribution": 128,
    "twice the length": 256,
    "4x the length": 512,
}


def recorded_bits(records, split):
    """Bits per character of each run."""
    return np.array([record["losses"][split] for record in records]) / np.log(
        2
    )


def print_table(name, label="{}", splits=LENGTHS):
    """One line per encoding: the mean over the seeds, the least and the most."""
    for positions, records in read_table(name).items():
        cells = ""
        for split in splits:
            found = recorded_bits(records, split)
            spread = f"({found.min():.2f}-{found.max():.2f})"
            cells += (
                f"{found.mean():7.2f} {spread if len(found) > 1 else '':11}"
            )
        seconds = np.mean([record["cpu_seconds"] for record in records])
        print(
            f"{label.format(positions):24}{cells}{seconds:5.0f} s{len(records):5}"
        )


HEADER = f"{'':24}{'128':>7}{'256':>19}{'512':>19}{'CPU':>18}{'seeds':>8}"
print(f"English, bits per character\n{HEADER}")
print_table("english")
print_table("with rope and random positions")
print_table("own keys", "{}, own gate keys")
for rows in (16, 64):
    print_table(f"english, {rows} rows", f"{{}}, {rows} rows")
print_table("english in CoPE's time", "{}, 1100 steps")
print(f"{'tables of lesson 08':24}{table_bits['english']:7.2f}")
print(f"\nCode, bits per character\n{HEADER}")
print_table("code")
print(f"{'tables of lesson 08':24}{table_bits['code']:7.2f}")

# %% [markdown]
# (What the records say is written when they are there.)
#
# ### Beside the paper
#
# Golovneva et al. (2024) trained on Wikitext-103: 12 layers, 768 numbers per token, about 100 million tokens, windows
# of 1,024. Perplexity per *token* (tables 5 and 8; no RoPE row, no spread over seeds):
#
# | positions | million parameters | validation | test |
# |---|---|---|---|
# | absolute | 124.4 | 23.96 | 24.87 |
# | relative | 123.7 | 22.90 | 23.81 |
# | CoPE | 123.7 | 22.55 | 23.46 |
# | CoPE + relative | 123.7 | 22.31 | 23.23 |
# | CoPE, own gate keys | 130.8 | 22.39 | 23.18 |
# | CoPE, gates from values | | 22.40 | 23.33 |
# | CoPE, a table per layer | | 22.56 | 23.58 |
# | CoPE, 16 rows (64 above) | | 22.45 | 23.22 |
# | CoPE, 1024 rows | | 22.46 | 23.31 |
# | CoPE with ALiBi's slopes | | 24.16 | 25.09 |
#
# And on code, with 4 layers and 256 numbers per token, 100 billion tokens (table 5):
#
# | positions | million parameters | test |
# |---|---|---|
# | absolute | 20.8 | 4.7 |
# | RoPE | 19.8 | 4.1 |
# | CoPE | 20.8 | 3.9 |
# | CoPE + RoPE | 20.8 | 4.0 |
#
# So the gain of CoPE over relative positions is 1.5 % of a perplexity, 0.02 bits per token. **What has been found
# since?** We looked for an independent comparison of language models in which CoPE beats RoPE at scale, and found
# none (November 2026). Part of the reason is plain: CoPE's positions need a whole row of $q \cdot k$ before the
# softmax, and the fast attention kernels never have that row. What has won since are cheaper gates, one per *key*. At
# 760 million parameters and 50 billion tokens the perplexity on Wikitext is (Yang et al. 2025, arXiv 2505.16381):
#
# | RoPE | FoX, a forget gate | PaTH | PaTH + FoX |
# |---|---|---|---|
# | 19.01 | 18.33 | 18.03 | 17.35 |
#
# In use today is mostly RoPE, with larger bases for longer texts, and hybrids of it. CoPE's authors see its future
# where tokens are an even poorer measure, in video and speech. That's their outlook; it's untested here.
#
# ## What does a head count?
#
# The paper's most beautiful figure (its figure 4) shows heads that attend to the current paragraph, or the current
# section, *by position alone*: take what CoPE adds to the scores, leave out $q \cdot k$, and look at the softmax of
# that. Can we find such a head? A picture proves nothing, since a head that just looks nearby draws nearly the same
# one. So we need a number, and what that number would be by chance.

# %% exercise="boundary_score"

# %% [markdown]
# A head that looks nearby keeps a lot within its own paragraph too, wherever the boundaries are. So shuffle them: as
# many paragraphs, just as long, in a random order. That's the **null**. What a head has *more* than that, it has from
# knowing where the paragraphs are.

# %% exercise="shuffled_boundaries"

# %% [markdown]
# **Predict.** Lines of this text end after 72 characters at most, paragraphs after 180 on average. Windows had 128.
# Will a head of your CoPE keep to the current line? To the current paragraph?

# %% tags=["nbval-ignore-output"]
symbols = text_tokenizer()
long_inputs = windows[512][0][1::6]
own_more = {}
for kind, starts in (
    ("line", line_starts(long_inputs)),
    ("paragraph", paragraph_starts(long_inputs)),
):
    score, chance, _ = head_scores(
        np.random.default_rng(0), models["cope"], long_inputs, starts, 5
    )
    own_more[kind] = (score - chance).max()
    print(f"{kind}s: by layer (rows) and head, score - chance")
    print((score - chance).round(2))


@torch.no_grad()
def gates_of(model, inputs):
    """All gates of CoPE: (layers * heads, windows, query, key)."""
    x, gates = model.embed(torch.tensor(inputs)), []
    for block in model.blocks:
        q, k, v, _ = block.attention.prepare(block.attention_norm(x))
        gates += list(
            block.attention.positions.gates(q, k, v).numpy().swapaxes(0, 1)
        )
        x = block(x)
    return np.stack(gates)


gates = np.tril(gates_of(models["cope"], long_inputs[:6]))
later = np.arange(512, 0, -1)  # queries that see a key
opened = gates.sum(axis=2) / later  # (heads, windows, key)
SHOWN = "\n .\"'e taoinsrl"
by_symbol = np.array(
    [
        [
            each[:, :504][long_inputs[:6, :504] == symbols.ids[symbol]].mean()
            for symbol in SHOWN
        ]
        for each in opened
    ]
)  # (heads, symbols)
contrast = by_symbol[:, :2].mean(axis=1) - by_symbol[:, 5:].mean(axis=1)
counter = int(contrast.argmax())
figure, axis = plt.subplots()
axis.bar(range(len(SHOWN)), by_symbol[counter], color="C0")
axis.set(
    xticks=range(len(SHOWN)),
    xticklabels=["end", "space", *SHOWN[2:]],
    ylabel="mean gate",
    xlabel="key",
    title=f"Layer {counter // 4}, head {counter % 4} counts words, roughly",
)
axis.tick_params(axis="x", labelsize=10)
show(
    figure,
    alt="Mean gates of one head by the character of the key. For the end of a "
    "line, a space, a period and a quote they are above a half; for most "
    "letters they are far smaller.",
)

# %% tags=["folded"]
claim(
    "No head of this CoPE keeps to the current line or paragraph: none is 0.1 above chance.",
    max(own_more.values()) < 0.1,
)
claim(
    "One head's gates are open between words and much less within them.",
    contrast[counter] > 0.2,
)

# %% [markdown]
# So honestly: **no head does it**, at this size and after this training. What the heads do count is smaller. In the
# first layer most of them count nearly everything. One head of the second layer opens its gate for spaces, ends of
# lines and periods, and hardly for the letters between: its positions are, roughly, *words back*.
#
# Is the number blind, or is the head not there? Take a text in which it has to be there.
#
# ## A text in which the paragraph matters
#
# Each paragraph draws three of 16 letters and is made of these alone, 10 to 50 characters long. What came before its
# beginning says nothing about the next letter. What came since says all that can be known.

# %%
letters = paragraph_tokenizer()
inputs, _ = paragraph_batch(np.random.default_rng(0), batch=1)
print(letters.decode(inputs[0]))

# %% tags=["nbval-ignore-output"]
small = train(
    "cope",
    len(letters),
    lambda rng: paragraph_batch(rng, batch=16),
    steps=300,
    dim=32,
    num_heads=2,
    init_std=0.1,
    npos_max=129,
)

# %% tags=["nbval-ignore-output"]
texts, _ = paragraph_batch(np.random.default_rng(1), batch=12)
score, chance, _ = head_scores(
    np.random.default_rng(0), small, texts, line_starts(texts), 5
)
print("by layer (rows) and head")
print("score ", score.round(2).tolist())
print("chance", chance.round(2).tolist())
layer, head = np.unravel_index((score - chance).argmax(), score.shape)
weights = position_attention(small, texts[:1])[0, layer, head]
begins = np.flatnonzero(line_starts(texts[:1])[0])
figure, axis = plt.subplots(figsize=(7.5, 6))
axis.imshow(np.sqrt(weights), cmap="viridis")
for begin in begins:
    axis.plot([begin - 0.5] * 2, [begin - 0.5, 127], color="w", linewidth=1)
    axis.plot([0, begin], [begin - 0.5] * 2, color="w", linewidth=1)
axis.set(
    xlabel="key",
    ylabel="query",
    title="By position alone, this head sees its own paragraph",
)
show(
    figure,
    alt="Attention of 128 queries to 128 keys, by position alone. White lines "
    "mark where paragraphs begin. The weight lies in triangles along the "
    "diagonal, one for each paragraph, and ends where a paragraph begins.",
)

# %% tags=["folded"]
claim(
    "Here a head keeps to its own paragraph: more than 0.25 above chance.",
    (score - chance).max() > 0.25,
)

# %% [markdown]
# There it is. Nobody told the head what a paragraph is. It learned to open its gate at the end of a line, and so
# every key of the current paragraph has a position near 0, however long the paragraph is. The same number that found
# nothing in English finds this head at once. The recorded runs of this text:

# %%
print(f"Paragraphs, bits per character\n{HEADER}")
print_table("paragraphs")
found = {
    name: [
        np.subtract(
            record["heads"]["line"]["score"], record["heads"]["line"]["chance"]
        ).max()
        for record in records
    ]
    for name, records in (read_table("paragraphs") | {}).items()
}
for name, best in found.items():
    print(f"{name:15} best head, above chance: {max(best):.2f}")

# %% [markdown]
# ## Try it
#
# Your own text, in ASCII. Paste a letter you wrote, or a poem, or a program. Which of the three predicts it best? How
# much does it cost if you write the words backward?

# %% tags=["nbval-ignore-output"]
mine = """Dear reader, this is no documentation of anything.
It was written on a rainy day, for the pleasure of it.
"""
plain = mine.encode("ascii", "replace").decode()
ids = symbols.encode("\n\n" + plain)
for name, model in models.items():
    cost, among = perplexity(log_p_of(model, ids[None, :-1], ids[None, 1:]))
    print(f"{name:5} {cost:.2f} bits, as unsure as among {among:.1f}")

# %% [markdown]
# ## What this showed, and what it did not
#
# Written last.
#
# ## What comes next
#
# You have now seen what positions are *good* for in five kinds of text. Lesson 13 opens the trained models and asks
# what is *in* a position: [13 · What do positions learn?](13_what_positions_learn.ipynb)

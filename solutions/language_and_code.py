"""Language models measured: in bits and as perplexity, by position, on every
character of a text, and by what their heads attend to.

`log_p` is always what a model gave to the characters that did come: the
natural logarithm of a probability, one per character.
"""

import re

import numpy as np

import minitorch as torch
from solutions.absolute_positions import angular_speeds, check_table_size
from solutions.rope import RoPE, rope_cache
from solutions.training import UNSCORED, device_of


def perplexity(log_p):
    """How well a text was predicted, in two units.

        bits        the mean of -log2 p over all characters
        perplexity  2 to the power of the bits

    A perplexity of 8 says: as unsure, on average, as among 8 equally likely
    characters.

    log_p     array of any shape, natural logarithms of probabilities
    returns   bits, perplexity: two numbers

    >>> bits, among = perplexity(np.log([0.5, 0.125]))
    >>> round(float(bits), 6), round(float(among), 6)
    (2.0, 4.0)
    """
    bits = -log_p.mean() / np.log(2)
    return bits, 2.0**bits


def bits_by_position(log_p, width):
    """Bits per character in each stretch of the window.

    The first number is the mean over the first `width` positions of all
    windows, the second over the next `width` positions, and so on.

    log_p     array (windows, seq), natural logarithms of probabilities
    width     positions per stretch; it divides seq
    returns   array (seq / width,)
    raises    ValueError if width does not divide seq

    >>> log_p = np.log([[0.5, 0.25, 1, 1], [0.5, 0.25, 1, 0.25]])
    >>> bits_by_position(log_p, width=2).round(6).tolist()
    [1.5, 0.5]
    """
    windows, seq = log_p.shape
    if seq % width:
        raise ValueError(
            f"stretches of {width} positions do not fill a window of {seq}"
        )
    stretches = log_p.reshape(windows, seq // width, width)
    return -stretches.mean(axis=(0, 2)) / np.log(2)


def sliding_window(ids, seq_len, stride):
    """Windows in which every character of a text is scored exactly once, and
    with much text before it.

    Each window begins `stride` characters after the one before. Its first
    seq_len - stride targets were scored there, so they are -100 here: they
    are read again, but do not count. The first window scores all its targets.
    The last one ends where the text ends, so it may begin less than `stride`
    after the one before; then more than seq_len - stride of its targets are
    -100.

    ids       int array (length,), length at least seq_len + 1
    stride    from 1 to seq_len
    returns   inputs, targets: int arrays (windows, seq_len). A target is the
              id after its input, or -100

    >>> inputs, targets = sliding_window(np.arange(8), seq_len=4, stride=2)
    >>> inputs.tolist()
    [[0, 1, 2, 3], [2, 3, 4, 5], [3, 4, 5, 6]]
    >>> targets.tolist()
    [[1, 2, 3, 4], [-100, -100, 5, 6], [-100, -100, -100, 7]]
    """
    last = len(ids) - seq_len - 1  # where the last window begins
    starts = np.append(np.arange(0, last, stride), last)
    positions = starts[:, None] + np.arange(seq_len)  # (windows, seq_len)
    inputs, targets = ids[positions], ids[positions + 1]
    scored_before = np.append(0, starts[:-1] + seq_len)
    targets[positions < scored_before[:, None]] = UNSCORED
    return inputs, targets


def interpolate_positions(seq_len, dim, trained_len, base=10000.0):
    """RoPE's cosines and sines for texts longer than those of the training:
    positions are squeezed, so that all of them fit where the model has been.

        angle[position, c] = position * squeeze * base^(-2c / dim)
        squeeze            = trained_len / seq_len, and 1 for shorter texts

    A text of the trained length or shorter gets the angles of rope_cache.

    seq_len       number of positions, counted from 0
    dim           number of columns that are rotated, even
    trained_len   number of positions in the training
    returns       cos, sin: float64 arrays (seq_len, dim / 2)
    raises        ValueError for a negative seq_len or an odd dim:
                  check_table_size(seq_len, dim) does that

    `angular_speeds(dim, base)` is base^(-2c / dim) for all c.

    >>> cos, sin = interpolate_positions(4, 2, trained_len=2)
    >>> np.arctan2(sin, cos)[:, 0].tolist()
    [0.0, 0.5, 1.0, 1.5]

    Source: Chen et al. 2023 (arXiv 2306.15595).
    """
    check_table_size(seq_len, dim)
    squeeze = trained_len / max(seq_len, trained_len)
    # (seq_len, dim / 2)
    angles = np.arange(seq_len)[:, None] * squeeze * angular_speeds(dim, base)
    return np.cos(angles), np.sin(angles)


def ntk_base(base, dim, stretch):
    """A larger base, so that RoPE's slowest pair is slowed by `stretch`, and
    its fastest not at all.

        base * stretch^(dim / (dim - 2))

    >>> round(ntk_base(10000.0, dim=16, stretch=4))
    48761

    Source: "NTK-aware" scaling, as in the code of YaRN (arXiv 2309.00071).
    """
    return base * stretch ** (dim / (dim - 2))


class StretchedRoPE(RoPE):
    """RoPE that meets texts longer than trained_len with other angles. It has
    no parameters, so it can replace the RoPE of a trained model.

    how   "as it is", "interpolated" (positions squeezed), or "ntk" (a larger
          base)
    """

    def __init__(
        self, head_dim, trained_len=128, how="interpolated", base=10000.0
    ):
        super().__init__(head_dim, base)
        self.trained_len, self.how = trained_len, how

    def rotate(self, q, k, offset=0):
        seq_len, dim = offset + q.shape[-2], self.rotary_dim
        stretch = max(1, seq_len / self.trained_len)
        if self.how == "interpolated":
            tables = interpolate_positions(
                seq_len, dim, self.trained_len, self.base
            )
        else:
            base = ntk_base(self.base, dim, stretch)
            base = base if self.how == "ntk" else self.base
            tables = rope_cache(seq_len, dim, base)
        cos, sin = (
            torch.tensor(table[offset:], dtype=q.dtype, device=q.device)
            for table in tables
        )
        return self.turn(q, cos, sin), self.turn(k, cos, sin)


def boundary_score(weights, starts):
    """How much of its attention a head keeps within the part of the text that
    the query is in: its own paragraph, its own line.

    weights   array (query, key), each row sums to 1, and no query looks at
              later keys
    starts    bool array (seq,), True where a part begins; the first part
              begins at 0, whatever starts[0] says
    returns   the mean over all queries of the weight on keys of the query's
              own part: a number from 0 to 1

    >>> weights = np.array([[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]])
    >>> starts = np.array([True, False, True])
    >>> round(float(boundary_score(weights, starts)), 6)
    0.833333

    Positions 0 and 1 are one part, 2 is another: (1 + 1 + 0.5) / 3.
    """
    part = starts[1:].cumsum()
    part = np.append(0, part)  # (seq,)
    own = part[:, None] == part  # (query, key)
    return (weights * own).sum() / len(weights)


def shuffled_boundaries(rng, starts):
    """The same parts in a random order: as many, just as long, but not where
    the text has them.

    rng       np.random.Generator; rng.permutation(lengths) shuffles, once
    starts    bool array (seq,), True where a part begins; the first part
              begins at 0, whatever starts[0] says
    returns   bool array (seq,), True at 0

    >>> starts = np.array([True, False, False, True, True])
    >>> rng = np.random.default_rng(2)
    >>> shuffled_boundaries(rng, starts).astype(int).tolist()
    [1, 1, 0, 0, 1]

    Parts of 3, 1 and 1 characters have become parts of 1, 3 and 1.
    """
    begins = np.append(0, 1 + np.flatnonzero(starts[1:]))
    lengths = np.diff(np.append(begins, len(starts)))
    shuffled = np.zeros(len(starts), bool)
    ends = rng.permutation(lengths).cumsum()
    shuffled[0] = True
    shuffled[ends[:-1]] = True
    return shuffled


# ------------------------------------------------------ models and tables


@torch.no_grad()
def log_p_of(model, inputs, targets, batch=16):
    """What a model gives to the characters that did come.

    inputs, targets   int arrays (windows, seq)
    returns           float array (windows, seq); nan where nothing is scored
    """
    was_training = model.training
    model.eval()
    parts = []
    for start in range(0, len(inputs), batch):
        ids = torch.tensor(inputs[start : start + batch])
        logits = model(ids.to(device_of(model)))
        asked = torch.tensor(np.maximum(targets[start : start + batch], 0))
        log_p = logits.log_softmax(-1).gather(
            -1, asked.to(device_of(model)).unsqueeze(-1)
        )
        parts.append(log_p[..., 0].cpu().numpy())
    model.train(was_training)
    return np.where(targets == UNSCORED, np.nan, np.concatenate(parts))


@torch.no_grad()
def position_attention(model, inputs):
    """What each head would attend to if it saw positions alone: the softmax
    of what its encoding adds to the scores, without q.k.

    inputs    int array (windows, seq)
    returns   float array (windows, layers, heads, query, key)
    """
    model.eval()
    x = model.embed(torch.tensor(inputs).to(device_of(model)))
    layers = []
    for block in model.blocks:
        mask = block.attention.prepare(block.attention_norm(x)).mask
        weights = mask.softmax(-1).cpu().numpy()
        shape = len(inputs), block.attention.num_heads, *weights.shape[-2:]
        layers.append(np.broadcast_to(weights, shape))
        x = block(x)
    return np.stack(layers, axis=1)


def line_starts(inputs, end_of_line=0):
    """True at every character after the end of a line: bool array like
    inputs, (windows, seq)."""
    starts = np.zeros(inputs.shape, bool)
    starts[:, 1:] = inputs[:, :-1] == end_of_line
    return starts


def paragraph_starts(inputs, end_of_line=0):
    """True where text begins again after an empty line, or several."""
    starts = np.zeros(inputs.shape, bool)
    ends = inputs == end_of_line
    starts[:, 2:] = ends[:, :-2] & ends[:, 1:-1] & ~ends[:, 2:]
    return starts


# Where parts of a text begin: an underlined heading; a function or class.
SECTION = re.compile(r"^[^\n]+\n(?=([=*~^-])\1{2,}$)", re.MULTILINE)
DEFINITION = re.compile(r"^ *(def|class) ", re.MULTILINE)


def starts_of(pattern, inputs, tokenizer):
    """True where a match of the pattern begins: bool array like inputs,
    (windows, seq)."""
    starts = np.zeros(inputs.shape, bool)
    for window, ids in enumerate(inputs):
        for match in pattern.finditer(tokenizer.decode(ids)):
            starts[window, match.start()] = True
    starts[:, 0] = False  # as if the text went on from before
    return starts


def head_scores(rng, model, inputs, starts, shuffles=20):
    """boundary_score of every head, by position alone, and what it would be
    by chance.

    starts    bool array (windows, seq): the boundaries of the text
    returns   score, chance, spread: arrays (layers, heads). chance and spread
              are the mean and the standard deviation over shuffled boundaries
    """
    weights = position_attention(model, inputs)
    windows, layers, heads = weights.shape[:3]

    def mean_score(boundaries):
        scores = [
            boundary_score(weights[window, layer, head], boundaries[window])
            for window in range(windows)
            for layer in range(layers)
            for head in range(heads)
        ]
        return np.reshape(scores, (windows, layers, heads)).mean(axis=0)

    by_chance = [
        mean_score([shuffled_boundaries(rng, each) for each in starts])
        for _ in range(shuffles)
    ]
    return mean_score(starts), np.mean(by_chance, 0), np.std(by_chance, 0)


def kept_beyond_chance(score, chance):
    """Of what leaves shuffled boundaries, the share that doesn't leave these:
    0 for a head that keeps no more than by chance, 1 for one that keeps all.

    score, chance   numbers or arrays of one shape, as head_scores gives them
    """
    return (np.asarray(score) - chance) / (1 - np.asarray(chance))


@torch.no_grad()
def gates_by_character(model, inputs, vocab_size):
    """How open the gates of a model with CoPE are for each character, on
    average over all later queries.

    inputs    int array (windows, seq)
    returns   float array (layers, heads, vocab_size); nan for a character
              that does not occur
    """
    model.eval()
    x = model.embed(torch.tensor(inputs).to(device_of(model)))
    pairs = np.zeros(vocab_size)
    later = np.arange(inputs.shape[1], 0, -1)  # queries that see each key
    np.add.at(pairs, inputs, np.broadcast_to(later, inputs.shape))
    layers = []
    for block in model.blocks:
        normed = block.attention_norm(x)
        q, k, v, _ = block.attention.prepare(normed)
        gates = block.attention.positions.gates(q, k, v, normed)
        # (windows, heads, key)
        opened = np.tril(gates.cpu().numpy()).sum(axis=2)
        sums = np.zeros((opened.shape[1], vocab_size))
        for head, of_head in enumerate(opened.swapaxes(0, 1)):
            np.add.at(sums[head], inputs, of_head)
        layers.append(sums)
        x = block(x)
    with np.errstate(invalid="ignore"):
        return np.stack(layers) / pairs

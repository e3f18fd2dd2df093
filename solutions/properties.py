"""What a position encoding may promise, said once, and computed for every
encoding: property_table().

Each property is a question to one attention layer whose weights, those of
the encoding too, are random and large: a promise that is kept by
construction is kept for any weights. Two functions represent the layer,

    output(tokens)    what the layer gives: (seq, dim)
    scores(tokens)    its attention scores: (heads, query, key), -inf where
                      a query may not look

where tokens is an array (seq, dim) of token embeddings, without their
positions.
"""

import time
import tracemalloc

import numpy as np

import minitorch as torch
from solutions.attention import MultiHeadAttention
from solutions.encodings import encodings, make_positions

DIM, NUM_HEADS, NUM_LAYERS = 16, 2, 2
MAX_LEN = 128  # the training length
SETTINGS = {
    "shaw": {"clip": 16},
    "cope": {"npos_max": 16},
}  # smaller than the text, as CoPE's in its paper (64 for 1024)
TOLERANCE = 1e-4  # scores are float32 of size 1


# ------------------------------------------ the promises


def order_matters(output, tokens):
    """Does the order of the earlier tokens reach the last one?

    Swap the first two tokens, and compare what the layer gives at the last
    position before and after.

    output    function: tokens (seq, dim) -> array (seq, dim)
    tokens    array (seq, dim), at least 3 tokens; it must not be changed
    returns   True when the last output changes by more than 0.0001 anywhere

    >>> tokens = np.array([[1.0], [2.0], [5.0]])
    >>> total = lambda tokens: tokens.cumsum(axis=0)
    >>> order_matters(total, tokens)  # a sum doesn't know the order
    False
    >>> order_matters(lambda tokens: tokens * tokens[0], tokens)
    True
    """
    swapped = tokens.copy()
    swapped[[0, 1]] = tokens[[1, 0]]
    return not np.allclose(
        output(swapped)[-1], output(tokens)[-1], rtol=0, atol=TOLERANCE
    )


def shift_invariant(scores, tokens, prefix):
    """Do tokens give each other the same scores wherever they are in a text?

    Compute the scores of the tokens alone, and of the same tokens after a
    prefix. Compare the first with that part of the second in which queries
    and keys are tokens (not prefix).

    scores    function: tokens (seq, dim) -> array (heads, query, key), -inf
              where a query may not look
    tokens    array (seq, dim)
    prefix    array (shift, dim)
    returns   True when all of them agree within 0.0001

    >>> index = lambda tokens: np.arange(float(len(tokens)))
    >>> difference = lambda tokens: index(tokens) - index(tokens)[:, None]
    >>> product = lambda tokens: index(tokens) * index(tokens)[:, None]
    >>> tokens, prefix = np.ones((4, 2)), np.zeros((3, 2))
    >>> shift_invariant(difference, tokens, prefix)
    True
    >>> shift_invariant(product, tokens, prefix)
    False
    """
    shift = len(prefix)
    shifted = scores(np.concatenate([prefix, tokens]))[..., shift:, shift:]
    return np.allclose(scores(tokens), shifted, rtol=0, atol=TOLERANCE)


def unique_positions(scores, token):
    """Does every position have its own score, up to the training length?

    Asked with copies of one token, for its last query.
    """
    last = np.sort(scores(copies(token, MAX_LEN))[:, -1])  # (heads, key)
    return bool((np.diff(last) > 0).all())


def norms_preserved(positions, tokens):
    """Do token embeddings, queries and keys keep their lengths on the way
    through the encoding?"""
    x = torch.tensor(tokens).unsqueeze(0)  # (1, seq, dim)
    # (1, heads, seq, head_dim)
    heads = x.reshape(1, len(tokens), NUM_HEADS, -1).transpose(1, 2)
    pairs = [
        (x, positions.embed(x)),
        *zip((heads, heads), positions.rotate(heads, heads)),
    ]
    lengths = [
        [np.linalg.norm(vectors.detach().numpy(), axis=-1) for vectors in pair]
        for pair in pairs
    ]
    return all(
        np.allclose(before, after, rtol=0, atol=TOLERANCE)
        for before, after in lengths
    )


def decays(scores, token):
    """Of equal keys, does the nearer one always get the larger score?

    Asked with copies of one token, for its last query.
    """
    last = scores(copies(token, MAX_LEN))[:, -1]  # (heads, key), nearest last
    return bool((np.diff(last) > 0).all())


def longer_than_trained(scores, token):
    """What happens at twice the training length?

    returns   "refuses"   an error
              "reuses"    only scores that occur within the training length
                          too: nothing there that was never trained
              "extends"   scores of a kind never seen in training: a rule goes
                          on
    """
    trained = scores(copies(token, MAX_LEN))
    try:
        longer = scores(copies(token, 2 * MAX_LEN))
    except ValueError:
        return "refuses"
    known = np.sort(trained, axis=None)
    first = np.searchsorted(known, longer - TOLERANCE)  # that is not below
    first = first.clip(max=known.size - 1)
    found = (known[first] <= longer + TOLERANCE).all()
    return "reuses" if found else "extends"


def depends_on_content(scores, tokens):
    """Does the score of two tokens change with the tokens between them?

    Asked for the last query and the first key.
    """
    changed = tokens.copy()
    changed[1:-1] = tokens[1:-1][::-1] * 2
    before, after = scores(tokens)[:, -1, 0], scores(changed)[:, -1, 0]
    return not np.allclose(after, before, rtol=0, atol=TOLERANCE)


# ------------------------------------------ the costs


def extra_parameters(name):
    """Learned numbers the encoding adds to a model of NUM_LAYERS layers."""
    positions = positions_for(name)
    count = sum(parameter.numel() for parameter in positions.parameters())
    return count if positions.shared else NUM_LAYERS * count


def memory_growth(name):
    """How the memory that the encoding works in grows with the sequence length
    T: "0", "T" or "T^2"."""
    short, long = (working_memory(name, seq_len) for seq_len in (256, 512))
    if long < 512 * DIM:  # bytes; the input has four times that
        return "0"
    # twice as long: 2 or 4 times as much
    return {1: "T", 2: "T^2"}[round(np.log2(long / short))]


def working_memory(name, seq_len):
    """The most bytes that the three hooks have in use at once while they work
    on one sequence."""
    positions = positions_for(name, max_len=seq_len)
    x = np.random.default_rng(0).normal(size=(1, seq_len, DIM))
    x = torch.tensor(x.astype(np.float32))
    # (1, heads, seq, head_dim)
    heads = x.reshape(1, seq_len, NUM_HEADS, -1).transpose(1, 2)
    with torch.no_grad():
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        results = (
            positions.embed(x),
            positions.rotate(heads, heads),
            positions.bias(heads, heads, heads, x),
        )
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    del results
    return peak - before


def time_ratio(name, repeats=5):
    """Seconds of forward and backward through one layer, divided by those
    without positions. They differ by machine."""
    x = np.random.default_rng(0).normal(size=(8, MAX_LEN, DIM))
    x, best = x.astype(np.float32), {}
    for kind in ("none", name) * repeats:
        layer, tokens = random_layer(kind), torch.tensor(x)
        start = time.perf_counter()
        layer(layer.positions.embed(tokens)).sum().backward()
        best[kind] = min(best.get(kind, np.inf), time.perf_counter() - start)
    return best[name] / best["none"]


# ------------------------------------------ asking one encoding


def positions_for(name, max_len=MAX_LEN):
    """The encoding at the size all questions are asked at."""
    options = {
        key: value
        for part in name.split("+")
        for key, value in SETTINGS.get(part, {}).items()
    }
    return make_positions(name, DIM, NUM_HEADS, max_len, **options)


def random_layer(name):
    """An attention layer with the encoding, all weights drawn from N(0, 1/4).

    Nothing in it is small, and nothing is trained.
    """
    layer = MultiHeadAttention(DIM, NUM_HEADS, positions_for(name))
    rng = np.random.default_rng(7)
    with torch.no_grad():
        for parameter in layer.parameters():
            drawn = rng.normal(0, 0.25, tuple(parameter.shape))
            parameter.copy_(torch.tensor(drawn, dtype=parameter.dtype))
    return layer


def output_and_scores(name):
    """The two functions on arrays that the promises are asked of."""
    layer = random_layer(name)

    def asked(method):
        def ask(tokens):
            # (1, seq, dim)
            x = torch.tensor(tokens.astype(np.float32)).unsqueeze(0)
            with torch.no_grad():
                return method(layer.positions.embed(x))[0].numpy()

        return ask

    return asked(layer), asked(layer.scores)


def copies(token, count):
    """One token (dim,) repeated: (count, dim)."""
    return np.tile(token, (count, 1))


def properties_of(name):
    """Every property of one encoding, as a dict."""
    output, scores = output_and_scores(name)
    rng = np.random.default_rng(1)
    tokens, prefix = rng.normal(size=(12, DIM)), rng.normal(size=(5, DIM))
    return {
        "order matters": order_matters(output, tokens),
        "shift-invariant": shift_invariant(scores, tokens, prefix),
        "unique positions": unique_positions(scores, tokens[0]),
        "norms preserved": norms_preserved(positions_for(name), tokens),
        "decays": decays(scores, tokens[0]),
        "longer than trained": longer_than_trained(scores, tokens[0]),
        "depends on content": depends_on_content(scores, tokens),
        "parameters": extra_parameters(name),
        "memory": memory_growth(name),
    }


def property_table(names=None, timed=False):
    """The properties of all encodings, or of those named. No cell is set by
    hand.

    names     names of encodings; None for all
    timed     True: with the costs in time, as a last column "time"; they
              differ by machine
    returns   {encoding: {property: cell}}
    """
    names = encodings() if names is None else names
    table = {name: properties_of(name) for name in names}
    if timed:
        for name, row in table.items():
            row["time"] = round(time_ratio(name), 1)
    return table


def table_text(table):
    """The table as lines of text, one row per encoding, "yes" and "no" for
    truth values.

    >>> none = {"order matters": False, "memory": "0"}
    >>> t5 = {"order matters": True, "memory": "T^2"}
    >>> print(table_text({"none": none, "t5": t5}))
          order matters  memory
    none             no       0
    t5              yes     T^2
    """
    width = max(map(len, table))
    lines = ["  ".join([" " * width, *next(iter(table.values()))])]
    for name, row in table.items():
        words = [word(cell).rjust(len(title)) for title, cell in row.items()]
        lines.append("  ".join([name.ljust(width), *words]))
    return "\n".join(lines)


def word(cell):
    """A cell as text: "yes" or "no" for a truth value."""
    return ("no", "yes")[cell] if isinstance(cell, bool) else str(cell)

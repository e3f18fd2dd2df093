"""A decoder-only Transformer that takes any position encoding by its name, and text generation with it.

    ids -> token embeddings (+ positions, first place) -> num_layers blocks -> LayerNorm -> head -> logits

A block is pre-norm: normalise, transform, add to the stream. The other two places for positions, rotating
queries and keys and adding to the scores, lie inside attention.

    x = x + attention(norm(x))
    x = x + mlp(norm(x))
"""
import math

import numpy as np

import minitorch as torch
from minitorch import nn
from solutions.attention import Cache, MultiHeadAttention
from solutions.embeddings import Embedding
from solutions.encodings import make_positions


class Block(nn.Module):
    """One layer: attention lets positions exchange what they know, the MLP works on each position alone.

    Source: the order of norm and sum is GPT-2's; Xiong et al. 2020 (arXiv 2002.04745) call it pre-norm.
    """

    def __init__(self, dim, num_heads, positions):
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = MultiHeadAttention(dim, num_heads, positions)
        self.mlp_norm = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(
            nn.Linear(dim, 4 * dim), nn.GELU(approximate="tanh"), nn.Linear(4 * dim, dim))

    def forward(self, x, cache=None):
        x = x + self.attention(self.attention_norm(x), cache)                     # (batch, seq, dim)
        return x + self.mlp(self.mlp_norm(x))


class Transformer(nn.Module):
    """A decoder: for every position of a text, the logits of the token that comes next.

    positions   name of the encoding, see make_positions; `options` go to its class
    max_len     the longest sequence, for encodings that keep a table of positions
    tied        True: the head uses the embedding matrix again (Press & Wolf 2017, arXiv 1608.05859)
    init_std    the standard deviation of the weights at the start; GPT-2's is 0.02, for a dim of 768

    Weights start as in GPT-2: N(0, init_std), biases 0. The two projections of each block that write into the
    stream get N(0, init_std / sqrt(2 num_layers)), since that many of them are summed.
    """

    def __init__(self, vocab_size, dim, num_heads, num_layers, max_len, positions, tied=False, init_std=0.02,
                 **options):
        super().__init__()
        encodings = [make_positions(positions, dim, num_heads, max_len, **options) for _ in range(num_layers)]
        if encodings[0].shared:
            encodings = encodings[:1] * num_layers
        self.embedding = Embedding(vocab_size, dim)
        self.blocks = nn.ModuleList([Block(dim, num_heads, encoding) for encoding in encodings])
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, vocab_size, bias=False)
        if tied:
            self.head.weight = self.embedding.weight
        self.initialise(init_std)

    def initialise(self, std):
        """Draws the starting weights; those of the position encoding are its own affair."""
        residual_std = std / math.sqrt(2 * len(self.blocks))
        for block in self.blocks:
            for layer, its_std in ((block.attention.qkv, std), (block.attention.out, residual_std),
                                   (block.mlp[0], std), (block.mlp[2], residual_std)):
                nn.init.normal_(layer.weight, std=its_std)
                nn.init.zeros_(layer.bias)
        nn.init.normal_(self.head.weight, std=std)
        nn.init.normal_(self.embedding.weight, std=std)

    def forward(self, ids, caches=None):
        """ids (batch, seq) -> logits (batch, seq, vocab). With caches, ids follow what is already in them."""
        if ids.ndim != 2:
            raise ValueError(f"ids need the shape (batch, seq), got {tuple(ids.shape)}")
        caches = caches or [None] * len(self.blocks)
        offset = len(caches[0]) if caches[0] is not None else 0
        x = self.blocks[0].attention.positions.embed(self.embedding(ids), offset)     # (batch, seq, dim)
        for block, cache in zip(self.blocks, caches):
            x = block(x, cache)
        return self.head(self.norm(x))

    def new_caches(self):
        """An empty cache for each layer, to be handed to forward again and again."""
        return [Cache() for _ in self.blocks]


def next_token_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    """Turns the logits of the next token into the probabilities to draw it from.

    logits        (batch, vocab) array
    temperature   divides the logits: below 1 sharpens, above 1 flattens, 0 leaves only the likeliest token
    top_k         keep the k likeliest tokens
    top_p         keep the fewest of the likeliest tokens whose probabilities together reach top_p
    returns       float64 array (batch, vocab), rows sum to 1
    raises        ValueError for a negative temperature, top_k below 1, or top_p outside (0, 1]

    Of equally likely tokens the lower id goes first.

    >>> next_token_probabilities(np.log([[0.5, 0.25, 0.25]]), top_p=0.6).round(3).tolist()
    [[0.667, 0.333, 0.0]]

    Source: top_p is "nucleus sampling", see `nucleus`.
    """
    if temperature < 0:
        raise ValueError(f"temperature must not be negative, got {temperature}")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must keep at least 1 token, got {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must lie in (0, 1], got {top_p}")
    if temperature == 0:
        temperature, top_k = 1.0, 1

    logits = np.asarray(logits, dtype=np.float64) / temperature
    probabilities = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities /= probabilities.sum(axis=-1, keepdims=True)

    if top_p is not None:
        probabilities = nucleus(probabilities, top_p)
    if top_k is not None:
        others = np.argsort(-probabilities, axis=-1, kind="stable")[:, top_k:]    # all but the k likeliest
        np.put_along_axis(probabilities, others, 0, axis=-1)
    return probabilities / probabilities.sum(axis=-1, keepdims=True)


def nucleus(probabilities, top_p):
    """Keeps the fewest of the likeliest tokens whose probabilities together reach top_p, and no others.

    The others get 0, and what is kept is divided by its sum, so that it sums to 1 again. The likeliest token
    always stays. Of equally likely tokens the lower id goes first.

    probabilities   (batch, vocab) array, rows sum to 1
    top_p           a number above 0, up to 1
    returns         (batch, vocab) array: each token's new probability, in its old place

    >>> nucleus(np.array([[0.25, 0.125, 0.5, 0.125]]), top_p=0.6).round(3).tolist()   # 0.5 + 0.25 reach 0.6
    [[0.333, 0.0, 0.667, 0.0]]

    Source: Holtzman et al. 2020 (arXiv 1904.09751), section 3.1.
    """
    order = np.argsort(-probabilities, axis=-1, kind="stable")                    # likeliest first
    ranked = np.take_along_axis(probabilities, order, axis=-1)
    before = ranked.cumsum(axis=-1) - ranked                                  # the share of likelier tokens
    kept = np.zeros_like(probabilities)
    np.put_along_axis(kept, order, np.where(before < top_p, ranked, 0), axis=-1)
    return kept / kept.sum(axis=-1, keepdims=True)


def draw(rng, weights):
    """Draws one column for each row of weights, in proportion to that row: (rows, columns) -> (rows,)."""
    edges = weights.cumsum(axis=-1)                                               # (rows, columns)
    return (rng.random((len(weights), 1)) * edges[:, -1:] >= edges).sum(axis=-1)


@torch.no_grad()
def generate(model, ids, steps, temperature=1.0, top_k=None, top_p=None, rng=None, cached=True):
    """Continues each row of ids by `steps` tokens, one after the other.

    ids       (batch, seq) array, at least one token a row
    rng       np.random.Generator to draw tokens with; temperature 0 needs none
    cached    True: each step computes the newest position only and remembers the keys and values of all
              earlier ones. False: each step computes the whole sequence again. Both give the same tokens.
    returns   int64 array (batch, seq + steps)
    raises    ValueError for no token to continue, or no rng to draw with
    """
    ids = np.asarray(ids, dtype=np.int64)
    if ids.ndim != 2 or ids.shape[1] == 0:
        raise ValueError(f"ids must be (batch, seq) with at least one token a row, got shape {ids.shape}")
    if rng is None and temperature != 0:
        raise ValueError("drawing tokens needs rng=np.random.default_rng(seed); or say temperature=0")
    was_training = model.training
    model.eval()
    caches, new = model.new_caches(), ids
    for _ in range(steps):
        logits = model(torch.tensor(new), caches) if cached else model(torch.tensor(ids))
        probabilities = next_token_probabilities(logits[:, -1].numpy(), temperature, top_k, top_p)
        new = probabilities.argmax(axis=-1) if temperature == 0 else draw(rng, probabilities)
        new = new[:, None]                                                        # (batch, 1)
        ids = np.concatenate([ids, new], axis=1)
    model.train(was_training)
    return ids

"""A Transformer that takes any position encoding: a decoder, or an encoder.

    ids -> token embeddings (+ positions) -> num_layers blocks
        -> LayerNorm -> head -> logits

A block is pre-norm: normalize, transform, add to the stream. The other two
ways for positions to enter, rotating queries and keys and adding to the
scores, are inside attention.

    x = x + attention(norm(x))
    x = x + mlp(norm(x))
"""

import math

from minitorch import nn
from solutions.attention import Cache, MultiHeadAttention
from solutions.embeddings import Embedding
from solutions.encodings import layer_positions


class Block(nn.Module):
    """One layer: attention lets positions exchange what they know, the MLP
    works on each position alone.

        x  <-  x + attention(attention_norm(x))
        x  <-  x + mlp(mlp_norm(x))

    The parts are those that __init__ makes; weights that were saved fit no
    others.

    Source: the order of norm and sum is GPT-2's; Xiong et al. 2020 (arXiv
    2002.04745) call it pre-norm.
    """

    def __init__(self, dim, num_heads, positions):
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = MultiHeadAttention(dim, num_heads, positions)
        self.mlp_norm = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(
            nn.Linear(dim, 4 * dim),
            nn.GELU(approximate="tanh"),
            nn.Linear(4 * dim, dim),
        )

    def forward(self, x, cache=None):
        """Both steps, one after the other.

        x         (batch, seq, dim) tensor
        cache     None, or a Cache: the second argument of attention
        returns   (batch, seq, dim) tensor
        """
        x = x + self.attention(self.attention_norm(x), cache)
        return x + self.mlp(self.mlp_norm(x))  # (batch, seq, dim)


class Transformer(nn.Module):
    """For every position of a text, the logits of a token: of the one that
    comes next in a decoder, of the one that is there in an encoder.

    positions   the encoding: a name, a sum of names, a subclass of
                PositionEncoding, or an instance of one: see make_positions.
                If it is not `shared`, each layer has its own
    options     arguments of the encoding's class
    max_len     the longest sequence, for encodings that keep a table
    tied        True: the head uses the embedding matrix again (Press & Wolf
                2017, arXiv 1608.05859)
    init_std    the standard deviation of the weights at the start; GPT-2's is
                0.02, for a dim of 768
    embedding_std
                that of the token embeddings alone; None for init_std
    causal      True: a decoder, in which no position looks at later ones.
                False: an encoder, in which each looks at all

    Weights start as in GPT-2: N(0, init_std), biases 0. The two projections of
    each block that write into the stream get N(0, init_std / sqrt(2
    num_layers)), since that many of them are summed.
    """

    def __init__(
        self,
        vocab_size,
        dim,
        num_heads,
        num_layers,
        max_len,
        positions,
        tied=False,
        init_std=0.02,
        embedding_std=None,
        causal=True,
        **options,
    ):
        super().__init__()
        # One per layer, a shared one again and again. A tuple, so that their
        # weights are listed once, under the blocks that use them.
        self.positions = tuple(
            layer_positions(
                positions, num_layers, dim, num_heads, max_len, **options
            )
        )
        self.embedding = Embedding(vocab_size, dim)
        self.blocks = nn.ModuleList(
            [Block(dim, num_heads, encoding) for encoding in self.positions]
        )
        for block in self.blocks:
            block.attention.causal = causal
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, vocab_size, bias=False)
        if tied:
            self.head.weight = self.embedding.weight
        self.initialize(init_std, embedding_std)

    def initialize(self, std, embedding_std=None):
        """Draw the starting weights. Encodings have drawn their own."""
        embedding_std = std if embedding_std is None else embedding_std
        residual_std = std / math.sqrt(2 * len(self.blocks))
        for block in self.blocks:
            for layer, its_std in (
                (block.attention.qkv, std),
                (block.attention.out, residual_std),
                (block.mlp[0], std),
                (block.mlp[2], residual_std),
            ):
                nn.init.normal_(layer.weight, std=its_std)
                nn.init.zeros_(layer.bias)
        nn.init.normal_(self.head.weight, std=std)
        nn.init.normal_(self.embedding.weight, std=embedding_std)

    def forward(self, ids, caches=None):
        """The logits of a token at every position.

        ids       (batch, seq) integer tensor
        caches    None, or a list from new_caches(); ids follow what is in them
        returns   (batch, seq, vocab) tensor
        raises    ValueError unless ids have two dimensions
        """
        if ids.ndim != 2:
            raise ValueError(
                f"ids need the shape (batch, seq), got {tuple(ids.shape)}"
            )
        caches = caches or [None] * len(self.blocks)
        offset = len(caches[0]) if caches[0] is not None else 0
        x = self.embed(ids, offset)  # (batch, seq, dim)
        for block, cache in zip(self.blocks, caches):
            x = block(x, cache)
        return self.head(self.norm(x))

    def embed(self, ids, offset=0):
        """Embeddings with what positions add to them.

        That happens once, so it is the first layer's encoding that adds.

        ids       (batch, seq) integer tensor
        returns   (batch, seq, dim) tensor
        """
        return self.positions[0].embed(self.embedding(ids), offset)

    def new_caches(self):
        """An empty cache per layer, to give to forward again and again."""
        return [Cache() for _ in self.blocks]

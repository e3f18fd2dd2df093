"""How a position enters a Transformer: one interface for every encoding.

There are three places, and so three hooks, in the order in which a token meets them:

    embed    something is added to the token embeddings      sinusoidal, learned
    rotate   queries and keys are rotated                    rope
    bias     something is added to the attention scores      shaw, transformer_xl, t5, alibi, cope

Each hook does nothing by default, and an encoding is one class that fills in one of them. The Transformer
calls all three and never asks which encoding it has. A fourth hook, `attend`, is for what also changes values.
"""
import copy

from minitorch import nn


class PositionEncoding(nn.Module):
    """The interface, and, with its three empty hooks, the encoding called "none".

    shared   True: one instance serves all layers. False: each layer has its own.
    scale    None: scores are q.k / sqrt(head_dim). A number: it takes the place of 1 / sqrt(head_dim).

    When tokens are generated one at a time, earlier keys and values come from a cache. Then the queries are
    the last query_len of key_len positions, and offset = key_len - query_len is the number of positions in
    the cache.
    """
    shared = True
    scale = None

    def score_scale(self, q):
        """The number that q.k is multiplied by, and with it what an encoding adds to k."""
        return q.shape[-1] ** -0.5 if self.scale is None else self.scale

    def embed(self, x, offset=0):
        """Token embeddings with their positions added. x, result: (batch, seq, dim).

        This happens once in a model. If each layer has its own encoding, the first layer's is asked.
        """
        return x

    def rotate(self, q, k, offset=0):
        """Queries and keys, rotated by their positions. q, k, results: (batch, heads, seq, head_dim)."""
        return q, k

    def bias(self, q, k, v=None, x=None):
        """What is added to the scores: (batch or 1, heads or 1, query, key), or None for nothing.

        q: (batch, heads, query, head_dim) and k, v: (batch, heads, key, head_dim) come as `rotate` left them,
        not yet multiplied by the scale. x: (batch, key, dim) is what keys and values were made from.
        """
        return None

    def attend(self, q, k, v, mask):
        """What attention gives: (batch, heads, query, head_dim), or None for softmax(q.k * scale + mask) v.

        mask: the bias, and -inf where a query may not look. It broadcasts to (batch, heads, query, key).
        """
        return None

    def with_scale(self, scale):
        """This encoding where q.k is multiplied by `scale`: itself, or one that shares its weights."""
        if scale == self.scale:
            return self
        other = copy.copy(self)
        other.scale = scale
        return other

    def for_next_layer(self):
        """The encoding of one more layer: itself if it is shared, else a copy with weights of its own."""
        return self if self.shared else copy.deepcopy(self)

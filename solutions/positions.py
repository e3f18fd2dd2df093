"""How a position enters a Transformer: one interface for every encoding.

It can do so in three ways, and so there are three hooks, in the order in which
a token meets them:

    embed    something is added to the token embeddings
             (sinusoidal, learned)
    rotate   queries and keys are rotated
             (rope)
    bias     something is added to the attention scores
             (shaw, transformer_xl, t5, alibi, cope)

Each hook does nothing by default, and an encoding is one class that fills in
one of them. The Transformer calls all three and never asks which encoding it
has. A fourth hook, `attend`, is for what also changes the values.
"""

import copy

from minitorch import nn


class PositionEncoding(nn.Module):
    """The interface, and, with its empty hooks, the encoding called "none".

    shared        True: one instance serves all layers. False: each has its own
    scale         None: scores are q.k / sqrt(head_dim). A number: q.k is
                  multiplied by it instead
    causal_only   True: it says nothing of keys after their query, so it needs
                  the causal mask

    When tokens are generated one at a time, earlier keys and values come from
    a cache. Then the queries are the last query_len of key_len positions, and
    offset = key_len - query_len is the number of positions in the cache.
    """

    shared = True
    scale = None
    causal_only = False

    def score_scale(self, q):
        """What q.k is multiplied by, and with it what is added to k."""
        return q.shape[-1] ** -0.5 if self.scale is None else self.scale

    def embed(self, x, offset=0):
        """Token embeddings with their positions added.

        This happens once in a model: where each layer has its own encoding,
        the first layer's is asked.

        x         (batch, seq, dim) tensor
        returns   (batch, seq, dim) tensor; x itself for nothing
        """
        return x

    def rotate(self, q, k, offset=0):
        """Queries and keys, rotated by their positions.

        q, k      (batch, heads, seq, head_dim) tensors
        returns   two tensors of these shapes
        """
        return q, k

    def bias(self, q, k, v=None, x=None):
        """What is added to the scores.

        q         (batch, heads, query, head_dim) tensor, and
        k, v      (batch, heads, key, head_dim) tensors, as `rotate` left them,
                  not yet multiplied by the scale
        x         (batch, key, dim) tensor: what keys and values were made from
        returns   (batch or 1, heads or 1, query, key) tensor; None for nothing
        """

    def attend(self, q, k, v, mask):
        """What attention gives, where it is not softmax(q.k * scale + mask) v.

        mask      the bias, and -inf where a query may not look; it broadcasts
                  to (batch, heads, query, key)
        returns   (batch, heads, query, head_dim) tensor; None for the usual
        """

    def with_scale(self, scale):
        """This encoding, with its weights, where q.k is multiplied by `scale`.

        returns   itself, or a PositionEncoding that shares its weights
        """
        if scale == self.scale:
            return self
        other = copy.copy(self)
        other.scale = scale
        return other

    def for_next_layer(self):
        """The encoding of one more layer.

        returns   itself if it is shared, else a copy with its own weights
        """
        return self if self.shared else copy.deepcopy(self)

"""Positions drawn at random in training, so that no position, and no
distance, up to max_len is new to a longer text.

    RandomOffset    learned positions: each text begins at a random row
    RandomRows      learned positions: each step uses random rows, in order
    RandomAngles    RoPE: each step uses random positions, in order

A random offset alone does nothing for RoPE: it rotates queries and keys
by the same angle more, so no score changes. Gaps between the positions
do, since they stretch the distances.

All three are plain encodings outside of training. The numbers come from
the engine's own generator; a training that is interrupted and goes on
draws others.
"""

import minitorch as torch
from solutions.absolute_positions import Learned, check_width
from solutions.rope import RoPE, rope_cache


def random_positions(seq_len, max_len):
    """Different positions below max_len, in rising order.

    returns   (seq_len,) int64 tensor
    raises    ValueError for more positions than there are
    """
    if seq_len > max_len:
        raise ValueError(
            f"{seq_len} different positions cannot be drawn from {max_len}: "
            "shorten the text, or raise max_len"
        )
    shuffled = torch.rand(max_len).argsort()  # (max_len,)
    return shuffled[:seq_len].sort().values


class RandomOffset(Learned):
    """Learned positions, where each training text begins at a random row, so
    that every row is trained.

    Source: the idea is that of Kiyono et al. 2021 (SHAPE, arXiv 2109.05644).
    """

    def embed(self, x, offset=0):
        if not self.training:
            return super().embed(x, offset)
        max_len, dim = self.table.shape
        check_width(x, dim)
        batch, seq_len, _ = x.shape
        begins = torch.rand(batch, 1) * (max_len - seq_len + 1)
        # (batch, seq)
        positions = begins.floor().long() + torch.arange(seq_len)
        return x + self.table[positions.to(x.device)]


class RandomRows(Learned):
    """Learned positions, where each training step uses random rows in rising
    order.

    Source: Ruoss et al. 2023 (arXiv 2305.16843).
    """

    def embed(self, x, offset=0):
        if not self.training:
            return super().embed(x, offset)
        max_len, dim = self.table.shape
        check_width(x, dim)
        positions = random_positions(x.shape[-2], max_len)  # (seq,)
        return x + self.table[positions.to(x.device)]


class RandomAngles(RoPE):
    """RoPE, where each training step uses random positions below max_len in
    rising order, the same in all layers.

    Source: Ruoss et al. 2023 (arXiv 2305.16843).
    """

    def __init__(self, head_dim, max_len, base=10000.0):
        super().__init__(head_dim, base)
        self.max_len = max_len
        self.drawn = None  # the positions of this step

    def embed(self, x, offset=0):
        """Nothing is added. It is asked once per step, before all layers, so
        it draws."""
        if self.training:
            self.drawn = random_positions(x.shape[-2], self.max_len)
        return x

    def rotate(self, q, k, offset=0):
        if not self.training:
            return super().rotate(q, k, offset)
        self.check_width(q)
        tables = rope_cache(self.max_len, self.rotary_dim, self.base)
        rows = self.drawn.numpy()
        # (seq, rotary_dim / 2)
        cos, sin = (
            torch.tensor(table[rows], dtype=q.dtype, device=q.device)
            for table in tables
        )
        return self.turn(q, cos, sin), self.turn(k, cos, sin)

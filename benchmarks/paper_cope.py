"""CoPE in PyTorch as the paper's appendix B writes it: what a reader would run.

It differs from solutions/cope.py in that q.k is computed once, for gates and
scores, and that masked gates are 0 because the mask of -inf is added before the
sigmoid. Floor and ceiling are gathered with two calls.
Source: Golovneva et al. 2024 (arXiv 2405.18719), appendix B.
"""

import torch

from twin import load_twin


class PaperCoPE(load_twin("positions").PositionEncoding):
    """Scores, gates, positions and weights in turn, each a whole (query, key) array."""

    shared = False

    def __init__(self, npos_max, head_dim):
        super().__init__()
        self.npos_max = npos_max
        self.e = torch.nn.Parameter(torch.zeros(npos_max, head_dim))

    def attend(self, q, k, v, mask):
        scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + mask  # (batch, heads, query, key)
        gates = scores.sigmoid()
        positions = gates.flip(-1).cumsum(dim=-1).flip(-1).clamp(max=self.npos_max - 1)
        above, below = positions.ceil().long(), positions.floor().long()
        logits = q @ self.e.transpose(0, 1)  # (batch, heads, query, npos_max)
        w = positions - below
        bias = logits.gather(-1, above) * w + logits.gather(-1, below) * (1 - w)
        return (scores + bias).softmax(dim=-1) @ v

"""A gate that forgets: each key says how much of what came before it still
matters.

A key at position k has the gate f_k, between 0 and 1. The score of a query
i for a key j gets

    log f_(j+1) + log f_(j+2) + ... + log f_i

so its weight is multiplied by all the gates in between. With all gates 1
nothing happens; where a gate is 0, everything before it is forgotten. CoPE
adds up gates that belong to a pair of query and key and looks the sum up
in a table; here a gate belongs to a key alone, and the sum itself is the
bias.

Source: Lin et al. 2025, Forgetting Transformer (arXiv 2503.02130).
"""

from minitorch import nn
from minitorch.nn import functional as F
from solutions.positions import PositionEncoding


class ForgetGate(PositionEncoding):
    """One forget gate per head and key, computed from the layer's input."""

    shared = False

    def __init__(self, dim, num_heads):
        super().__init__()
        self.gate = nn.Linear(dim, num_heads)

    def bias(self, q, k, v=None, x=None):
        log_f = F.logsigmoid(self.gate(x)).transpose(-2, -1)
        total = log_f.cumsum(-1)  # (batch, heads, key)
        asked = total[..., -q.shape[-2] :]  # (batch, heads, query)
        return asked.unsqueeze(-1) - total.unsqueeze(-2)

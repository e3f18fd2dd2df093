"""CoPE, Contextual Position Encoding (Golovneva et al. 2024, arXiv
2405.18719): counting what matters.

A gate between 0 and 1 says how much key j matters to query i. The
position of key j is the sum of the gates from j up to i, so it counts
what query i cares about, not tokens. Such a sum is a fraction, and its
vector is interpolated between those of the two whole numbers beside it.

    gate      g_ij = sigmoid(q_i . k_j)                       (equation 3)
    position  p_ij = g_ij + g_i,j+1 + ... + g_ii              (equation 4)
    vector    e[p] = w e[ceil p] + (1 - w) e[floor p],
              with w = p - floor p                            (equation 5)
    score     q_i . (k_j + e[p_ij])                           (equation 6)
"""

import numpy as np

import minitorch as torch
from minitorch import nn
from solutions.attention import causal_blocks, causal_mask
from solutions.fused_cope import FusedBias
from solutions.positions import PositionEncoding


def cope_gates(q, k, scale=None):
    """How much each key counts for each query: a number between 0 and 1.

        gate[i, j] = sigmoid(q_i . k_j * scale)

    Every pair of query and key has a gate of its own. Nothing is masked yet,
    and nothing has to sum to 1.

    q         (..., query, head_dim) tensor
    k         (..., key, head_dim) tensor
    scale     what the products are multiplied by (it may be 0); None for
              1 / sqrt(head_dim)
    returns   (..., query, key) tensor, through which gradients flow to q and k

    >>> q = torch.tensor([[2.0, 0.0, 0.0, 0.0]])
    >>> k = torch.tensor([[3.0, 1.0, 1.0, 1.0], [0.0, 5.0, 5.0, 5.0]])
    >>> [round(gate, 3) for gate in cope_gates(q, k)[0].tolist()]
    [0.953, 0.5]

    These are sigmoid(6 / 2) and sigmoid(0).

    Source: equation 3, with the scale of the listing in appendix B.
    """
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    return ((q * scale) @ k.transpose(-2, -1)).sigmoid()  # (..., query, key)


def cope_positions(gates):
    """Contextual positions: per key, the sum of the gates from that key up to
    the query.

        positions[i, j] = gates[i, j] + gates[i, j + 1] + ... + gates[i, i]

    The key's own gate counts, and so does the query's own. Keys after the
    query don't count: their gates are ignored, and their positions are 0. With
    fewer queries than keys, the queries are the last ones, as in
    causal_mask(query_len, key_len), an array.

    gates     (..., query, key) tensor, values from 0 to 1
    returns   (..., query, key) tensor, not clamped, through which gradients
              flow to the gates
    raises    ValueError for gates outside [0, 1], or more queries than keys,
              as check_gates(gates) does

    >>> gates = [[1.0, 1.0, 1.0], [1.0, 0.5, 1.0], [0.0, 1.0, 0.5]]
    >>> cope_positions(torch.tensor(gates)).tolist()
    [[1.0, 0.0, 0.0], [1.5, 0.5, 0.0], [1.5, 1.5, 0.5]]

    Source: equation 4.
    """
    check_gates(gates)
    seen = causal_mask(*gates.shape[-2:])  # (query, key), 1 or 0
    seen = torch.tensor(seen, dtype=gates.dtype, device=gates.device)
    return (gates * seen).flip(-1).cumsum(-1).flip(-1)


def check_gates(gates):
    """Gates are between 0 and 1, and every query has a key at its own
    position."""
    values = gates.detach()
    on_cpu = values.device.type == "cpu"  # a GPU would have to wait
    if on_cpu and not (values.min() >= 0 and values.max() <= 1):  # nor NaN
        raise ValueError(
            "gates are between 0 and 1, got values "
            f"from {values.min().item():.3g} to {values.max().item():.3g} "
            f"in gates {tuple(gates.shape)}: apply the sigmoid first"
        )
    causal_mask(*gates.shape[-2:])  # refuses more queries than keys


def interpolate(table, positions):
    """Vectors for fractional positions, interpolated between two rows of a
    table.

        e[p] = w table[ceil p] + (1 - w) table[floor p],    w = p - floor p

    Positions outside the table are moved to its first or last row, 0 or
    npos - 1.

    Floor and ceil carry no gradient, so a position gets the slope between its
    two rows, and 0 outside the table. (At whole positions, where ceil p is
    floor p, you may take the next row as the upper one, or none. Here either
    is right.)

    table       (npos, head_dim) tensor, row n belongs to position n
    positions   (...) tensor
    returns     (..., head_dim) tensor, through which gradients flow to both

    >>> table = torch.tensor([[0.0, 0.0], [10.0, 20.0]])
    >>> interpolate(table, torch.tensor([0.25, 7.0])).tolist()
    [[2.5, 5.0], [10.0, 20.0]]

    Source: equation 5.
    """
    low, w = whole_and_rest(positions, len(table))
    # where w = 0 it does not matter
    high = (low + 1).clamp(max=len(table) - 1)
    w = w.unsqueeze(-1)  # (..., 1)
    return w * table[high] + (1 - w) * table[low]


def interpolate_logits(logits, positions):
    """The efficient form: interpolate numbers q.e[n] instead of vectors e[n].

        q.e[p] = w q.e[ceil p] + (1 - w) q.e[floor p],    w = p - floor p

    So a query needs one product with each row of the table, and none with a
    vector of each key. Query i looks things up in its own row of logits.
    whole_and_rest(positions, npos) gives floor p, as integers, and w, for
    positions clamped into the table.

    logits      (..., query, npos) tensor, logits[..., i, n] = q_i . e[n]
    positions   (..., query, key) tensor, moved into 0 ... npos - 1
    returns     (..., query, key) tensor, through which gradients flow to both
    raises      ValueError unless both have the same number of batches, heads
                and queries, as check_rows(logits, positions) does

    >>> logits = torch.tensor([[0.0, 10.0, 40.0]])
    >>> interpolate_logits(logits, torch.tensor([[2.0, 1.5, 0.5]])).tolist()
    [[40.0, 25.0, 5.0]]

    Source: equations 7 to 9.
    """
    check_rows(logits, positions)
    low, w = whole_and_rest(positions, logits.shape[-1])
    # That is q.e[floor p] + w (q.e[floor p + 1] - q.e[floor p]). There are few
    # steps from row to row, so they are taken once, before they are looked up;
    # after the last row comes none.
    steps = logits[..., 1:] - logits[..., :-1]
    steps = torch.cat([steps, torch.zeros_like(logits[..., :1])], dim=-1)
    lower = torch.take_along_dim(logits, low, dim=-1)
    step = torch.take_along_dim(steps, low, dim=-1)
    return lower + w * step  # (..., query, key)


def check_rows(logits, positions):
    """Every query needs one row of logits and one row of positions."""
    if logits.shape[:-1] != positions.shape[:-1]:
        raise ValueError(
            "every query needs a row of logits and one of positions: "
            f"{tuple(logits.shape)} and {tuple(positions.shape)} "
            "must agree in all but the last size"
        )


def whole_and_rest(positions, npos):
    """Positions clamped into 0 ... npos - 1, in two parts: floor, an integer,
    and w, the weight of the row above.

    They are clamped at both ends, because a float32 sum taken from the right
    can end slightly below 0.
    """
    positions = positions.clamp(0, npos - 1)
    floor = positions.detach().floor()
    return floor.long(), positions - floor


def cope_backward(grad, gates, logits):
    """The backward pass of CoPE by hand, in NumPy: back through interpolation,
    sum and gate.

    Forward, with z = logits, z[i, n] = q_i . e[n], and s the numbers that
    went into the sigmoid:

        gates = sigmoid(s)
        p[i, j] = gates[i, j] + ... + gates[i, i], clamped into 0 ... npos - 1
        out[i, j] = z[i] interpolated at p[i, j]

    Each step hands back to the one before it. What does an output say about
    the two numbers it was mixed from, and about its position? In which
    positions does a gate take part? How steep is the sigmoid?

    Two conventions: at a whole position p, the slope is that to row p + 1. At
    the last row, and past it, it is 0. And keys after the query have no
    position: their gates get the gradient 0.

    grad      array (..., query, key), the gradient of out; 0 for keys after
              the query
    gates     array (..., query, key); with fewer queries than keys, the
              queries are the last ones
    logits    array (..., query, npos)
    returns   grad_scores (..., query, key), with respect to s, and
              grad_logits (..., query, npos): two arrays

    >>> grad, gates = np.ones((1, 1)), np.array([[0.5]])
    >>> logits = np.array([[0.0, 8.0]])
    >>> grad_scores, grad_logits = cope_backward(grad, gates, logits)
    >>> grad_scores.tolist(), grad_logits.tolist()
    ([[2.0]], [[0.5, 0.5]])
    """
    npos = logits.shape[-1]
    mask = causal_mask(*gates.shape[-2:])  # (query, key)
    p = np.flip(np.flip(gates * mask, -1).cumsum(-1), -1).clip(0, npos - 1)
    # (..., query, key, npos)
    share = np.maximum(1 - abs(p[..., None] - np.arange(npos)), 0)
    grad_logits = (grad[..., None] * share).sum(-2)  # (..., query, npos)
    low = np.floor(p).astype(int)
    high = np.minimum(low + 1, npos - 1)  # in the last row no slope
    upper = np.take_along_axis(logits, high, -1)
    grad_p = grad * (upper - np.take_along_axis(logits, low, -1))
    grad_gates = grad_p.cumsum(-1) * mask  # from the left, j <= k
    return grad_gates * gates * (1 - gates), grad_logits


class CoPE(PositionEncoding):
    """Contextual positions, added to the attention scores. Each layer has its
    own table e, all zeros at first.

    npos_max         number of position vectors; positions are clamped to
                     npos_max - 1
    head_dim         width of a head
    scaling          where 1 / sqrt(head_dim) goes. The paper's parts disagree:
                     "appendix"  gates see q.k / sqrt(head_dim); q.e is not
                                 divided (its listing)
                     "paper"     no division anywhere, not even of q.k (its
                                 equations)
                     "released"  both divided (the authors' published code,
                                 its default)
    separate_heads   False: the heads share one table. True: each has its own;
                     needs num_heads
    gates            what the query meets in the gate:
                     "keys"       the attention keys
                     "sep_keys"   keys of its own, W_g times the layer's
                                  input; needs dim and num_heads
                     "val_gates"  the values
    fused            True: the whole bias in one operation, with the same
                     numbers (solutions/fused_cope.py)

    Texts may have any length: positions grow only with what is counted, and
    counts past the table share its last row.
    """

    shared = False
    causal_only = True

    def __init__(
        self,
        npos_max,
        head_dim,
        num_heads=None,
        dim=None,
        scaling="appendix",
        separate_heads=False,
        gates="keys",
        fused=False,
    ):
        super().__init__()
        if scaling not in ("appendix", "paper", "released"):
            raise ValueError(
                "scaling is 'appendix', 'paper' or 'released', "
                f"not {scaling!r}"
            )
        if gates not in ("keys", "sep_keys", "val_gates"):
            raise ValueError(
                f"gates is 'keys', 'sep_keys' or 'val_gates', not {gates!r}"
            )
        heads = (num_heads,) if separate_heads else ()
        self.e = nn.Parameter(torch.zeros(*heads, npos_max, head_dim))
        self.gate_keys = None
        if gates == "sep_keys":
            self.gate_keys = nn.Linear(dim, num_heads * head_dim, bias=False)
        self.gates_from, self.scaling, self.fused = gates, scaling, fused
        self.scale = 1.0 if scaling == "paper" else None

    def gates(self, q, k, v=None, x=None):
        """How much each key counts for each query.

        returns   (batch, heads, query, key) tensor, from 0 to 1
        """
        return cope_gates(q, self.gate_inputs(k, v, x), self.scale)

    def gate_inputs(self, k, v=None, x=None):
        """What meets the queries in the gates.

        returns   (batch, heads, key, head_dim) tensor
        """
        if self.gates_from == "val_gates":
            return v
        if self.gates_from == "sep_keys":
            batch, heads, key_len, head_dim = k.shape
            keys = self.gate_keys(x)  # (batch, key, dim)
            keys = keys.reshape(batch, key_len, heads, head_dim)
            return keys.transpose(1, 2)
        return k

    def bias(self, q, k, v=None, x=None):
        if q.shape[-1] != self.e.shape[-1]:
            raise ValueError(
                f"vectors e have head_dim {self.e.shape[-1]}, "
                f"queries {tuple(q.shape)} do not"
            )
        # (batch, heads, query, npos_max)
        logits = q @ self.e.transpose(-2, -1)
        if self.scaling == "released":
            logits = logits * self.score_scale(q)
        keys = self.gate_inputs(k, v, x)
        if self.fused:
            return FusedBias.apply(q, keys, logits, self.score_scale(q))
        blocks = []
        for rows, seen in causal_blocks(q.shape[-2], k.shape[-2]):
            asked = keys[..., :seen, :]
            positions = cope_positions(
                cope_gates(q[..., rows, :], asked, self.scale)
            )
            block = interpolate_logits(logits[..., rows, :], positions)
            unseen = *block.shape[:-1], k.shape[-2] - seen
            later = torch.zeros(
                *unseen, dtype=block.dtype, device=block.device
            )
            # (batch, heads, rows, key)
            blocks.append(torch.cat([block, later], dim=-1))
        return torch.cat(blocks, dim=-2)

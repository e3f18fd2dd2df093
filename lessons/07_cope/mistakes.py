"""Lesson 07: mistakes with gates, contextual positions, interpolation, the backward pass, and the
two questions."""

import numpy as np

import minitorch as torch
from classroom.checking import accepted, mistake
from solutions.attention import causal_mask
from solutions.cope import check_gates, check_rows
from solutions.cope import cope_backward as right_backward
from solutions.cope import cope_positions as right_positions
from solutions.cope import interpolate as right_vectors
from solutions.cope import interpolate_logits as right_logits

# cope_gates


def scores(q, k, scale):
    return q @ k.transpose(-2, -1) * (q.shape[-1] ** -0.5 if scale is None else scale)


@mistake(
    "cope_gates",
    "The key alone decides here: every query has the same gates. The sigmoid gets q_i . k_j.",
    seen="a long public explanation of CoPE",
)
def from_the_token_alone(q, k, scale=None):
    gate = (k.sum(-1) * (k.shape[-1] ** -0.5 if scale is None else scale)).sigmoid()  # (..., key)
    return gate.unsqueeze(-2).expand(*q.shape[:-1], k.shape[-2])


@mistake(
    "cope_gates",
    "The 1 / sqrt(head_dim) is missing: without a scale, q.k is multiplied by it.",
    seen="the paper's equations beside its listing",
)
def not_scaled(q, k, scale=None):
    return scores(q, k, 1.0 if scale is None else scale).sigmoid()


@mistake("cope_gates", "Nothing scales q.k: multiply by scale, or by 1 / sqrt(head_dim).")
def never_scaled(q, k, scale=None):
    return scores(q, k, 1.0).sigmoid()


@mistake(
    "cope_gates",
    "It is divided by sqrt(head_dim) twice, that is by head_dim. Once is enough.",
    seen="queries scaled once more inside CoPE",
)
def scaled_twice(q, k, scale=None):
    return scores(q, k, 1 / q.shape[-1] if scale is None else scale).sigmoid()


@mistake("cope_gates", "It is multiplied by sqrt(head_dim). The scale is 1 / sqrt(head_dim).")
def multiplied_by_the_root(q, k, scale=None):
    return scores(q, k, q.shape[-1] ** 0.5 if scale is None else scale).sigmoid()


@mistake("cope_gates", "The scale is computed from the number of keys, not from head_dim.")
def scaled_by_the_keys(q, k, scale=None):
    return scores(q, k, k.shape[-2] ** -0.5 if scale is None else scale).sigmoid()


@mistake("cope_gates", "The scale is computed from the number of queries, not from head_dim.")
def scaled_by_the_queries(q, k, scale=None):
    return scores(q, k, q.shape[-2] ** -0.5 if scale is None else scale).sigmoid()


@mistake("cope_gates", "q.k is divided by the given scale. Multiply: `scale` is a factor.")
def divided_by_scale(q, k, scale=None):
    return (scores(q, k, 1.0) / (q.shape[-1] ** 0.5 if scale is None else scale)).sigmoid()


@mistake("cope_gates", "The scale multiplies the gate, after the sigmoid. Scale q.k, inside.")
def scaled_outside(q, k, scale=None):
    return scores(q, k, 1.0).sigmoid() * (q.shape[-1] ** -0.5 if scale is None else scale)


@mistake("cope_gates", "The given scale comes on top of 1 / sqrt(head_dim). It replaces that.")
def scale_on_top(q, k, scale=None):
    return scores(q, k, (1.0 if scale is None else scale) * q.shape[-1] ** -0.5).sigmoid()


@mistake("cope_gates", "Whatever scale is given, 1 is used. Multiply by the scale itself.")
def one_for_any_scale(q, k, scale=None):
    return scores(q, k, None if scale is None else 1).sigmoid()


@mistake("cope_gates", "The given scale is not used: 1 / sqrt(head_dim) is for scale=None.")
def scale_ignored(q, k, scale=None):
    return scores(q, k, None).sigmoid()


@mistake("cope_gates", "A scale of 0 counts as none here, as in `scale or ...`: ask `is None`.")
def zero_taken_for_none(q, k, scale=None):
    return scores(q, k, scale or None).sigmoid()


@mistake(
    "cope_gates",
    "This is a softmax: one gate opens only if others close. Each is its own question: sigmoid.",
    seen="a sentence in section 4 of the paper",
)
def softmax_for_sigmoid(q, k, scale=None):
    return scores(q, k, scale).softmax(-1)


@mistake("cope_gates", "This is a softmax, and over the queries. Each gate has its own sigmoid.")
def softmax_over_queries(q, k, scale=None):
    return scores(q, k, scale).softmax(-2)


@mistake(
    "cope_gates", "These are the scores. The sigmoid is missing: it makes numbers from 0 to 1."
)
def scores_for_gates(q, k, scale=None):
    return scores(q, k, scale)


@mistake("cope_gates", "Gates that are just 0 or 1 can't learn. The sigmoid is soft.")
def hard_gates(q, k, scale=None):
    return (scores(q, k, scale) > 0).to(q.dtype)


@mistake("cope_gates", "This is tanh, from -1 to 1. A gate is between 0 and 1: the sigmoid.")
def tanh_gates(q, k, scale=None):
    return scores(q, k, scale).tanh()


@mistake("cope_gates", "The sign is wrong: a large q.k should open the gate.")
def closed_by_likeness(q, k, scale=None):
    return (-scores(q, k, scale)).sigmoid()


@mistake("cope_gates", "There's a causal mask in it. Gates are masked later, by cope_positions.")
def masked_gates(q, k, scale=None):
    return scores(q, k, scale).sigmoid().tril(k.shape[-2] - q.shape[-2])


@mistake("cope_gates", shown_by="gradient_of_gates")
def gates_in_numpy(q, k, scale=None):
    return torch.tensor(1 / (1 + np.exp(-scores(q, k, scale).detach().numpy())))


@accepted("cope_gates")
def written_out(q, k, scale=None):
    return 1 / (1 + (-scores(q, k, scale)).exp())


@accepted("cope_gates")
def by_broadcasting(q, k, scale=None):
    scale = 1 / np.sqrt(q.size(-1)).item() if scale is None else scale
    return torch.sigmoid((q[..., :, None, :] * k[..., None, :, :]).sum(-1) * scale)


@accepted("cope_gates")
def half_a_tanh(q, k, scale=None):
    return (torch.tanh(scores(q, k, scale) / 2) + 1) / 2


# cope_positions

LEFT = (
    "The sum runs from the left: it counts from the beginning of the text. Key j collects from k = "
    "j up to the *query*, so the running sum starts at the right end."
)
FLIP = "One flip is missing: reverse the row before the sum, and again after it."
REVERSED_MASK = "The mask is the wrong way around: it closes the earlier keys, not the later ones."
WHOLE_ROW = "Each key gets the sum of the whole row. Key j collects from k = j on: a running sum."
WHOLE = (
    "The positions were rounded to whole numbers. They stay fractions: what to do with them comes "
    "next."
)
COLUMNS = "The sum runs down the columns, along the queries. It runs along the keys, the last axis."


def later(gates):
    check_gates(gates)
    return torch.tensor(~causal_mask(*gates.shape[-2:]))


def closed_later(gates):
    return gates.masked_fill(later(gates), 0.0)


def lower(gates, more=0):
    """The gates up to the query's own and `more`; the others are closed."""
    check_gates(gates)
    return gates.tril(gates.shape[-1] - gates.shape[-2] + more)


def from_the_right(gates):
    return gates.flip(-1).cumsum(-1).flip(-1)


@mistake("cope_positions", LEFT, seen="a long public explanation of CoPE")
def from_the_left(gates):
    return closed_later(gates).cumsum(-1)


@mistake("cope_positions", LEFT)
def from_the_left_masked_late(gates):
    return gates.cumsum(-1).masked_fill(later(gates), 0.0)


@mistake("cope_positions", "The sum runs from the left, and no mask closes the later keys first.")
def from_the_left_unmasked(gates):
    check_gates(gates)
    return gates.cumsum(-1)


@mistake("cope_positions", "Keys after the query are counted: close their gates with a mask.")
def mask_missing(gates):
    check_gates(gates)
    return from_the_right(gates)


@mistake("cope_positions", "You masked after the sum, which has later keys in it. Mask, then sum.")
def masked_late(gates):
    return from_the_right(gates).masked_fill(later(gates), 0.0)


@mistake("cope_positions", REVERSED_MASK)
def earlier_closed(gates):
    return from_the_right(gates.masked_fill(~later(gates), 0.0))


@mistake("cope_positions", REVERSED_MASK)
def mask_transposed(gates):
    check_gates(gates)
    return from_the_right(gates.triu(gates.shape[-1] - gates.shape[-2]))


@mistake(
    "cope_positions", "The mask leaves one key after the query open. The query's own is the last."
)
def one_key_too_many(gates):
    return from_the_right(lower(gates, 1))


@mistake("cope_positions", "A closed gate is 0. You filled in -inf, which belongs in scores.")
def closed_with_minus_infinity(gates):
    return from_the_right(gates.masked_fill(later(gates), float("-inf")))


@mistake("cope_positions", "Keys after the query have position 0; yours have -inf.")
def later_positions_hidden(gates):
    return from_the_right(closed_later(gates)).masked_fill(later(gates), float("-inf"))


@mistake("cope_positions", "The key's own gate is missing. The sum begins at k = j, included.")
def key_left_out(gates):
    gates = closed_later(gates)
    return from_the_right(gates) - gates


@mistake("cope_positions", "The query's own gate is missing. The sum ends at k = i, included.")
def query_left_out(gates):
    return from_the_right(lower(gates, -1))


@mistake("cope_positions", FLIP)
def not_flipped_back(gates):
    return closed_later(gates).flip(-1).cumsum(-1)


@mistake("cope_positions", FLIP)
def flipped_only_afterwards(gates):
    return closed_later(gates).cumsum(-1).flip(-1)


@mistake("cope_positions", COLUMNS)
def down_the_columns(gates):
    return closed_later(gates).flip(-2).cumsum(-2).flip(-2)


@mistake("cope_positions", COLUMNS)
def down_from_the_top(gates):
    return closed_later(gates).cumsum(-2)


@mistake("cope_positions", WHOLE_ROW)
def whole_row(gates):
    return closed_later(gates).sum(-1, keepdim=True).expand(*gates.shape)


@mistake("cope_positions", WHOLE_ROW)
def whole_row_masked(gates):
    sums = closed_later(gates).sum(-1, keepdim=True).expand(*gates.shape)
    return sums.masked_fill(later(gates), 0.0)


@mistake("cope_positions", "These count tokens, i - j + 1, whatever the gates are. Sum the gates.")
def tokens_counted(gates):
    check_gates(gates)
    return from_the_right(closed_later(torch.ones_like(gates)))


@mistake("cope_positions", "The gates were rounded to 0 and 1. They count as fractions.")
def whole_gates(gates):
    check_gates(gates)
    return from_the_right(closed_later((gates > 0.5).to(gates.dtype)))


@mistake("cope_positions", WHOLE)
def whole_positions(gates):
    return (from_the_right(closed_later(gates)) + 0.5).floor()


@mistake("cope_positions", "Positions are clamped here. That comes later, when npos is known.")
def clamped_too_early(gates):
    return from_the_right(closed_later(gates)).clamp(0, gates.shape[-1] - 1)


@mistake(
    "cope_positions",
    "With fewer queries than keys the queries are the *last* positions: the mask is "
    "causal_mask(*gates.shape[-2:]).",
)
def cache_forgotten(gates):
    check_gates(gates)
    return from_the_right(gates.tril())


@mistake("cope_positions", "The mask's diagonal has the wrong sign: it is key_len - query_len.")
def cache_on_the_wrong_side(gates):
    check_gates(gates)
    return from_the_right(gates.tril(gates.shape[-2] - gates.shape[-1]))


@mistake("cope_positions", shown_by="not_gates")
def any_number(gates):
    return from_the_right(gates.tril(gates.shape[-1] - gates.shape[-2]))


@mistake("cope_positions", shown_by="gradient_of_positions")
def positions_in_numpy(gates):
    return torch.tensor(right_positions(gates).detach().numpy())


@accepted("cope_positions")
def whole_minus_what_is_left(gates):
    check_gates(gates)
    gates = closed_later(gates)
    return gates.sum(-1, keepdim=True) - gates.cumsum(-1) + gates


@accepted("cope_positions")
def by_a_triangular_matrix(gates):
    return closed_later(gates) @ torch.tensor(np.tri(gates.shape[-1]), dtype=gates.dtype)


@accepted("cope_positions")
def column_by_column(gates):
    check_gates(gates)
    query_len, key_len = gates.shape[-2:]
    columns, total = [], torch.zeros_like(gates[..., 0])
    for j in reversed(range(key_len)):
        seen = torch.tensor([j <= key_len - query_len + i for i in range(query_len)])
        total = total + torch.where(seen, gates[..., j], torch.zeros_like(total))
        columns.insert(0, total)
    return torch.stack(columns, dim=-1)


@accepted("cope_positions")
def with_tril(gates):
    values = gates.detach().numpy()
    if ((values < 0) | (values > 1)).any() or values.shape[-2] > values.shape[-1]:
        raise ValueError("not gates")
    return from_the_right(torch.tril(gates, gates.shape[-1] - gates.shape[-2]))


# interpolate, and interpolate_logits

PAST_THE_END = (
    "A row past the table's end is asked for. Clamp position and row above into 0 ... npos - 1."
)
ABOVE_ONLY = (
    "Only the upper end is clamped. Below 0 it should be row 0, but row -1 is the *last* one."
)
NEAREST = "The position was rounded. Take w of the upper row and 1 - w of the lower one."
LOWER = "The fraction was cut off: this is the lower row alone. The upper one has the weight w."
UPPER = "This is the upper row alone. It has the weight w, the lower one 1 - w."
EXCHANGED = "The weights are swapped: w = p - floor p belongs to the *upper* row."
HALVES = "Both rows weigh the same. The upper one has the weight w = p - floor p, the lower 1 - w."
WHOLE_LOWER = "The lower row is added whole. Its weight is 1 - w, so that both weights sum to 1."
WHOLE_WEIGHT = "w is the whole position here. It is what floor leaves over: w = p - floor p."
SHORT = "The last row is never reached: positions are clamped to npos - 2. The end is npos - 1."


def rows_beside(positions, npos):
    p = positions.clamp(0, npos - 1)
    return p.floor().long(), p.ceil().long(), p - p.floor().detach()


def mixed(table, positions):
    """Two rows of the table, mixed, wherever the positions are."""
    w = (positions - positions.floor().detach()).unsqueeze(-1)
    return w * table[positions.ceil().long()] + (1 - w) * table[positions.floor().long()]


@mistake("interpolate", NEAREST)
def nearest_row(table, positions):
    return table[(positions.clamp(0, len(table) - 1) + 0.499).floor().long()]


@mistake("interpolate", LOWER)
def cut_off(table, positions):
    return table[rows_beside(positions, len(table))[0]]


@mistake("interpolate", UPPER)
def rounded_up(table, positions):
    return table[rows_beside(positions, len(table))[1]]


@mistake("interpolate", EXCHANGED)
def weights_exchanged(table, positions):
    low, high, w = rows_beside(positions, len(table))
    return w.unsqueeze(-1) * table[low] + (1 - w.unsqueeze(-1)) * table[high]


@mistake("interpolate", EXCHANGED)
def weights_of_the_row_above_exchanged(table, positions):
    low, _, w = rows_beside(positions, len(table))
    return right_vectors(table, low + 1 - w)


@mistake(
    "interpolate",
    "At whole positions both weights are 0: ceil p is floor p there. The lower row gets 1 - w.",
)
def no_weight_at_whole_positions(table, positions):
    low, high, w = rows_beside(positions, len(table))
    lower = (high.to(w.dtype) - low.to(w.dtype) - w).unsqueeze(-1)
    return w.unsqueeze(-1) * table[high] + lower * table[low]


@mistake("interpolate", "The clamp counts columns. npos is len(table), the number of rows.")
def clamped_to_the_columns(table, positions):
    return right_vectors(table, positions.clamp(0, table.shape[-1] - 1))


@mistake("interpolate", HALVES)
def halves(table, positions):
    low, high, _ = rows_beside(positions, len(table))
    return (table[low] + table[high]) / 2


@mistake("interpolate", WHOLE_LOWER)
def lower_row_whole(table, positions):
    low, high, w = rows_beside(positions, len(table))
    return table[low] + w.unsqueeze(-1) * table[high]


@mistake("interpolate", "Rows are counted from 1 here. Row n belongs to position n, from 0 on.")
def rows_from_1(table, positions):
    return right_vectors(table, positions.clamp(1, len(table)) - 1)


@mistake("interpolate", WHOLE_WEIGHT)
def position_as_weight(table, positions):
    low, high, _ = rows_beside(positions, len(table))
    w = positions.clamp(0, len(table) - 1).unsqueeze(-1)
    return w * table[high] + (1 - w) * table[low]


@mistake(
    "interpolate", "w runs along the columns here. Give it an axis of its own: w.unsqueeze(-1)."
)
def weights_along_the_columns(table, positions):
    low, high, w = rows_beside(positions, len(table))
    return w * table[high] + (1 - w) * table[low]


@mistake("interpolate", PAST_THE_END)
def not_clamped(table, positions):
    return mixed(table, positions)


@mistake("interpolate", ABOVE_ONLY)
def clamped_above_only(table, positions):
    return mixed(table, positions.clamp(max=len(table) - 1))


@mistake("interpolate", "At the end, the row npos - 2 is taken: there floor p is npos - 1.")
def lower_row_too_low(table, positions):
    low, _, w = rows_beside(positions, len(table))
    low, w = low.clamp(0, max(0, len(table) - 2)), w.unsqueeze(-1)
    return w * table[(low + 1).clamp(max=len(table) - 1)] + (1 - w) * table[low]


@mistake("interpolate", SHORT)
def last_row_never_reached(table, positions):
    return mixed(table, positions.clamp(0, len(table) - 2))


@mistake("interpolate", shown_by="gradient_of_interpolation")
def fixed_weights(table, positions):
    return right_vectors(table, positions.detach())


@accepted("interpolate")
def from_the_lower_row_on(table, positions):
    low, high, w = rows_beside(positions, len(table))
    return table[low] + w.unsqueeze(-1) * (table[high] - table[low])


@accepted("interpolate")
def shares_of_all_rows(table, positions):
    npos = len(table)
    distance = positions.clamp(0, npos - 1).unsqueeze(-1) - torch.arange(npos).to(table.dtype)
    return (1 - distance.abs()).clamp(min=0) @ table


@accepted("interpolate")
def rows_clamped_one_by_one(table, positions):
    floor, last = positions.detach().floor(), len(table) - 1
    w = (positions - floor)[..., None]
    low, high = (rows.clamp(0, last).long() for rows in (floor, floor + 1))
    return (1 - w) * table[low] + w * table[high]


def picked(logits, rows):
    check_rows(logits, rows)
    return torch.take_along_dim(logits, rows, dim=-1)


def mixed_logits(logits, positions):
    w = positions - positions.floor().detach()
    low, high = (picked(logits, rows.long()) for rows in (positions.floor(), positions.ceil()))
    return w * high + (1 - w) * low


@mistake("interpolate_logits", NEAREST)
def nearest_logit(logits, positions):
    return picked(logits, (positions.clamp(0, logits.shape[-1] - 1) + 0.499).floor().long())


@mistake("interpolate_logits", NEAREST)
def nearest_logit_above(logits, positions):
    return picked(logits, (positions.clamp(0, logits.shape[-1] - 1) + 0.5).floor().long())


@mistake("interpolate_logits", LOWER)
def lower_logit(logits, positions):
    return picked(logits, rows_beside(positions, logits.shape[-1])[0])


@mistake("interpolate_logits", UPPER)
def upper_logit(logits, positions):
    return picked(logits, rows_beside(positions, logits.shape[-1])[1])


@mistake("interpolate_logits", EXCHANGED)
def logits_exchanged(logits, positions):
    low, high, w = rows_beside(positions, logits.shape[-1])
    return w * picked(logits, low) + (1 - w) * picked(logits, high)


@mistake("interpolate_logits", EXCHANGED)
def logits_of_the_row_above_exchanged(logits, positions):
    low, _, w = rows_beside(positions, logits.shape[-1])
    return right_logits(logits, low + 1 - w)


@mistake("interpolate_logits", "The clamp counts queries. npos is logits.shape[-1].")
def clamped_to_the_queries(logits, positions):
    return right_logits(logits, positions.clamp(0, logits.shape[-2] - 1))


@mistake("interpolate_logits", HALVES)
def logit_halves(logits, positions):
    low, high, _ = rows_beside(positions, logits.shape[-1])
    return (picked(logits, low) + picked(logits, high)) / 2


@mistake("interpolate_logits", WHOLE_LOWER)
def lower_logit_whole(logits, positions):
    low, high, w = rows_beside(positions, logits.shape[-1])
    return picked(logits, low) + w * picked(logits, high)


@mistake("interpolate_logits", "The clamp counts keys. npos is logits.shape[-1].")
def clamped_to_the_keys(logits, positions):
    return right_logits(logits, positions.clamp(0, min(logits.shape[-1], positions.shape[-1]) - 1))


@mistake("interpolate_logits", PAST_THE_END)
def logits_not_clamped(logits, positions):
    return mixed_logits(logits, positions)


@mistake("interpolate_logits", PAST_THE_END)
def logit_above_the_last(logits, positions):
    low, _, w = rows_beside(positions, logits.shape[-1])
    return w * picked(logits, low + 1) + (1 - w) * picked(logits, low)


@mistake("interpolate_logits", ABOVE_ONLY)
def logits_clamped_above_only(logits, positions):
    return mixed_logits(logits, positions.clamp(max=logits.shape[-1] - 1))


@mistake(
    "interpolate_logits",
    "logits[..., rows] picks from all queries' rows: an axis too many. "
    "torch.take_along_dim(logits, rows, dim=-1) picks from each query's own.",
)
def rows_of_all_queries(logits, positions):
    check_rows(logits, positions)
    low, high, w = rows_beside(positions, logits.shape[-1])
    return w * logits[..., high] + (1 - w) * logits[..., low]


@mistake("interpolate_logits", "w got an axis too many: here each pair has one number, no vector.")
def weights_with_an_axis(logits, positions):
    low, high, w = rows_beside(positions, logits.shape[-1])
    return w.unsqueeze(-1) * picked(logits, high) + (1 - w.unsqueeze(-1)) * picked(logits, low)


@mistake("interpolate_logits", "All queries pick from the first one's row. Query i has its own.")
def one_row_for_all(logits, positions):
    return right_logits(logits[..., :1, :].expand(*logits.shape), positions)


@mistake("interpolate_logits", shown_by="rows_must_fit")
def stretched(logits, positions):
    return right_logits(logits.expand(*positions.shape[:-1], logits.shape[-1]), positions)


@mistake("interpolate_logits", shown_by="gradient_of_logits")
def weights_without_gradient(logits, positions):
    return right_logits(logits, positions.detach())


@accepted("interpolate_logits")
def both_rows_picked(logits, positions):
    low, high, w = rows_beside(positions, logits.shape[-1])
    return w * picked(logits, high) + (1 - w) * picked(logits, low)


@accepted("interpolate_logits")
def by_shares(logits, positions):
    if logits.shape[:-1] != positions.shape[:-1]:
        raise ValueError("not the same queries")
    npos = logits.shape[-1]
    distance = positions.clamp(0, npos - 1)[..., None] - torch.arange(npos, dtype=positions.dtype)
    return ((1 - distance.abs()).clamp(min=0) * logits[..., None, :]).sum(-1)


# cope_backward


def clamped_positions(gates, logits):
    mask = causal_mask(*gates.shape[-2:])
    return np.flip(np.flip(gates * mask, -1).cumsum(-1), -1).clip(0, logits.shape[-1] - 1)


def slopes(logits, p):
    """From the lower row to the upper one."""
    low = np.floor(p).astype(int)
    high = np.minimum(low + 1, logits.shape[-1] - 1)
    return np.take_along_axis(logits, high, -1) - np.take_along_axis(logits, low, -1)


def grad_positions(grad, gates, logits):
    return grad * slopes(logits, clamped_positions(gates, logits))


def bent(grad, gates, logits, grad_gates=None, grad_p=None, grad_logits=None):
    """The right result, with one of its steps replaced."""
    mask = causal_mask(*gates.shape[-2:])
    scores, rows = right_backward(grad, gates, logits)
    grad_gates = grad_p.cumsum(-1) if grad_p is not None else grad_gates
    scores = scores if grad_gates is None else grad_gates * mask * gates * (1 - gates)
    return scores, rows if grad_logits is None else grad_logits


def forward_bent(grad, gates, logits, p, mask=True):
    """What comes back from other positions p, not yet clamped."""
    npos = logits.shape[-1]
    p = p.clip(0, npos - 1)
    grad_gates = (grad * slopes(logits, p)).cumsum(-1) * mask
    rows = to_logits(grad, p, npos)
    return bent(grad, gates, logits, grad_gates, grad_logits=rows)


def to_logits(grad, p, npos):
    return (grad[..., None] * np.maximum(1 - abs(p[..., None] - np.arange(npos)), 0)).sum(-2)


@mistake("cope_backward", "The last step is missing: the sigmoid's slope, gates * (1 - gates).")
def without_the_gate(grad, gates, logits):
    grad_scores, grad_logits = right_backward(grad, gates, logits)
    return grad_scores / (gates * (1 - gates)), grad_logits


@mistake("cope_backward", "1 - gates^2 is tanh's slope. The sigmoid's is gates * (1 - gates).")
def slope_of_tanh(grad, gates, logits):
    grad_scores, grad_logits = right_backward(grad, gates, logits)
    return grad_scores * (1 + gates) / gates, grad_logits


@mistake("cope_backward", "The sigmoid's slope is gates * (1 - gates); yours is gates alone.")
def slope_is_the_gate(grad, gates, logits):
    grad_scores, grad_logits = right_backward(grad, gates, logits)
    return grad_scores / (1 - gates), grad_logits


@mistake(
    "cope_backward",
    "It sums from the right. Gate k is part of p[i, j] for j <= k: sum from the left, as forward "
    "went from the right.",
)
def collected_from_the_right(grad, gates, logits):
    summed = np.flip(np.flip(grad_positions(grad, gates, logits), -1).cumsum(-1), -1)
    return bent(grad, gates, logits, summed)


@mistake("cope_backward", "The sum is missing: gate k collects from p[i, j] for all j <= k.")
def sum_forgotten(grad, gates, logits):
    return bent(grad, gates, logits, grad_positions(grad, gates, logits))


@mistake("cope_backward", "Each gate collects from all keys. Gate k is part of p[i, j] for j <= k.")
def collected_from_all(grad, gates, logits):
    summed = grad_positions(grad, gates, logits).sum(-1, keepdims=True)
    return bent(grad, gates, logits, summed)


@mistake("cope_backward", "Gate k is also part of its own key's position: j = k is in the sum.")
def own_key_left_out(grad, gates, logits):
    grad_p = grad_positions(grad, gates, logits)
    return bent(grad, gates, logits, grad_p.cumsum(-1) - grad_p)


@mistake("cope_backward", "Gates of keys after the query got a gradient. Masked, they get 0.")
def later_gates_get_some(grad, gates, logits):
    summed = grad_positions(grad, gates, logits).cumsum(-1)
    return summed * gates * (1 - gates), right_backward(grad, gates, logits)[1]


@mistake(
    "cope_backward",
    "Positions past the table's end get a gradient. They were clamped: both of their rows are the "
    "last one, slope 0.",
)
def slope_past_the_end(grad, gates, logits):
    p, last = clamped_positions(gates, logits), logits.shape[-1] - 1
    grad_p = grad * slopes(logits, np.where(p == last, max(last - 1, 0), p))
    return bent(grad, gates, logits, grad_p=grad_p)


@mistake(
    "cope_backward",
    "At whole positions the slope is lost, as ceil p is floor p there. The upper row is floor p + "
    "1 (or the last one).",
)
def ceil_minus_floor(grad, gates, logits):
    p = clamped_positions(gates, logits)
    grad_p = np.where(p == np.floor(p), 0, grad_positions(grad, gates, logits))
    return bent(grad, gates, logits, grad_p=grad_p)


@mistake("cope_backward", "There is no row after the last: take np.minimum(low + 1, npos - 1).")
def row_past_the_last(grad, gates, logits):
    low = np.floor(clamped_positions(gates, logits)).astype(int)
    np.take_along_axis(logits, low + 1, -1)
    return right_backward(grad, gates, logits)


@mistake("cope_backward", "A sign is wrong: the slopes are z_high - z_low and gates * (1 - gates).")
def slope_reversed(grad, gates, logits):
    grad_scores, grad_logits = right_backward(grad, gates, logits)
    return -grad_scores, grad_logits


@mistake("cope_backward", "The slope is multiplied by w. The derivative in p is z_high - z_low.")
def slope_times_weight(grad, gates, logits):
    p = clamped_positions(gates, logits)
    return bent(grad, gates, logits, grad_p=grad * slopes(logits, p) * (p - np.floor(p)))


@mistake("cope_backward", "The slope z_high - z_low is missing: p gets grad times that.")
def slope_missing(grad, gates, logits):
    return bent(grad, gates, logits, grad_p=grad)


def added_up(grad, p, npos, w):
    """The shares w of the upper row and 1 - w of the lower, added up by a loop."""
    grad_logits = np.zeros((*p.shape[:-1], npos))
    for at in np.ndindex(p.shape):
        low = int(p[at])
        grad_logits[at[:-1]][min(low + 1, npos - 1)] += grad[at] * w[at]
        grad_logits[at[:-1]][low] += grad[at] * (1 - w[at])
    return grad_logits


@mistake("cope_backward", "In grad_logits the shares are swapped: w belongs to the upper row.")
def shares_exchanged(grad, gates, logits):
    p = clamped_positions(gates, logits)
    rows = added_up(grad, p, logits.shape[-1], 1 - p + np.floor(p))
    return bent(grad, gates, logits, grad_logits=rows)


@mistake(
    "cope_backward",
    "In grad_logits, positions past the table's end give nothing. They were clamped: the last row "
    "gets it.",
)
def nothing_past_the_end(grad, gates, logits):
    p = np.flip(np.flip(gates * causal_mask(*gates.shape[-2:]), -1).cumsum(-1), -1)
    return bent(grad, gates, logits, grad_logits=to_logits(grad, p, logits.shape[-1]))


@mistake(
    "cope_backward",
    "Several keys read the same row, and grad_logits[..., rows] += ... keeps the last one only. "
    "np.add.at adds all of them up, and so does the sum of the shares.",
)
def repeated_rows_lost(grad, gates, logits):
    p, last = clamped_positions(gates, logits), logits.shape[-1] - 1
    low, w = np.floor(p).astype(int), p - np.floor(p)
    rows, (*lead, _) = np.zeros(logits.shape), np.indices(p.shape)
    rows[(*lead, np.minimum(low + 1, last))] += grad * w
    rows[(*lead, low)] += grad * (1 - w)
    return bent(grad, gates, logits, grad_logits=rows)


@mistake(
    "cope_backward",
    "In grad_logits only the last key that read a row is left: add up, do not assign.",
    seen="fancy-index assignment, where repeated rows are lost",
)
def last_key_wins(grad, gates, logits):
    p, last = clamped_positions(gates, logits), logits.shape[-1] - 1
    rows = np.zeros(logits.shape)
    for at in np.ndindex(p.shape):
        row, low, w = rows[at[:-1]], int(p[at]), p[at] - np.floor(p[at])
        row[min(low + 1, last)] = grad[at] * w
        row[low] = grad[at] * (1 - w)
    return bent(grad, gates, logits, grad_logits=rows)


@mistake("cope_backward", "In grad_logits only the lower row gets its share. The upper one gets w.")
def upper_row_gets_none(grad, gates, logits):
    p = clamped_positions(gates, logits)
    one_hot = np.floor(p)[..., None] == np.arange(logits.shape[-1])  # (..., query, key, npos)
    share = grad * (1 - p + np.floor(p))
    return bent(grad, gates, logits, grad_logits=(share[..., None] * one_hot).sum(-2))


@mistake("cope_backward", "The sigmoid is applied to gates, which are its results already.")
def gates_squashed_again(grad, gates, logits):
    return right_backward(grad, 1 / (1 + np.exp(-gates)), logits)


@mistake(
    "cope_backward", "The positions are off: keys after the query are in them. Mask the gates."
)
def positions_unmasked(grad, gates, logits):
    return forward_bent(grad, gates, logits, np.flip(np.flip(gates, -1).cumsum(-1), -1))


@mistake("cope_backward", "The positions are off: summed from the left. Forward, from the right.")
def positions_from_the_left(grad, gates, logits):
    p = (gates * causal_mask(*gates.shape[-2:])).cumsum(-1)
    return forward_bent(grad, gates, logits, p)


@mistake(
    "cope_backward",
    "With fewer queries than keys the queries are the last positions: the mask is "
    "causal_mask(*gates.shape[-2:]).",
)
def cached_keys_forgotten(grad, gates, logits):
    mask = np.tri(*gates.shape[-2:])
    p = np.flip(np.flip(gates * mask, -1).cumsum(-1), -1)
    return forward_bent(grad, gates, logits, p, mask)


@mistake("cope_backward", "The two results are swapped: return grad_scores, grad_logits.")
def logits_first(grad, gates, logits):
    return right_backward(grad, gates, logits)[::-1]


@mistake("cope_backward", shown_by="inputs_are_kept")
def masked_in_place(grad, gates, logits):
    gates *= causal_mask(*gates.shape[-2:])
    return right_backward(grad, gates, logits)


@accepted("cope_backward")
def rows_added_up(grad, gates, logits):
    p = clamped_positions(gates, logits)
    rows, (*lead, _) = np.zeros(logits.shape), np.indices(p.shape)
    np.add.at(rows, (*lead, np.ceil(p).astype(int)), grad * (p - np.floor(p)))
    np.add.at(rows, (*lead, np.floor(p).astype(int)), grad * (1 - p + np.floor(p)))
    return bent(grad, gates, logits, grad_logits=rows)


@accepted("cope_backward")
def with_loops(grad, gates, logits):
    (query_len, key_len), npos = gates.shape[-2:], logits.shape[-1]
    p, grad_scores = clamped_positions(gates, logits), np.zeros_like(gates)
    for *lead, i, j in np.ndindex(gates.shape):
        row, low = logits[(*lead, i)], int(p[(*lead, i, j)])
        slope = row[low + 1] - row[low] if low < npos - 1 else 0
        for k in range(j, key_len - query_len + i + 1):
            g = gates[(*lead, i, k)]
            grad_scores[(*lead, i, k)] += grad[(*lead, i, j)] * slope * g * (1 - g)
    return [grad_scores, added_up(grad, p, npos, p - np.floor(p))]


# order_matters

LAST_MOVED = (
    "The last token itself was moved. Of course its output then changes: swap the first two."
)
ONE_WAY = "Only numbers that grow are noticed, or only those that fall. Take abs(...) first."


def swapped(tokens):
    copy = tokens.copy()
    copy[[0, 1]] = tokens[[1, 0]]
    return copy


def differ(one, other):
    return not np.allclose(one, other, rtol=0, atol=1e-4)


@mistake(
    "order_matters",
    "After your swap one row is there twice: rows are windows into an array, so one was written "
    "over the other. Use swapped[[0, 1]] = tokens[[1, 0]].",
    seen="two rows of an array exchanged like two variables",
)
def rows_like_variables(output, tokens):
    copy = tokens.copy()
    copy[0], copy[1] = copy[1], copy[0]
    return differ(output(copy)[-1], output(tokens)[-1])


@mistake("order_matters", LAST_MOVED)
def all_reversed(output, tokens):
    return differ(output(tokens[::-1])[-1], output(tokens)[-1])


@mistake("order_matters", LAST_MOVED)
def last_two_swapped(output, tokens):
    copy = tokens.copy()
    copy[[-1, -2]] = tokens[[-2, -1]]
    return differ(output(copy)[-1], output(tokens)[-1])


@mistake("order_matters", "The second and third tokens are swapped. Swap the first two.")
def second_and_third(output, tokens):
    copy = tokens.copy()
    copy[[1, 2]] = tokens[[2, 1]]
    return differ(output(copy)[-1], output(tokens)[-1])


@mistake("order_matters", "You swapped columns within each token. Tokens are rows: [[0, 1]].")
def columns_swapped(output, tokens):
    copy = tokens.copy()
    copy[:, [0, 1]] = tokens[:, [1, 0]]
    return differ(output(copy)[-1], output(tokens)[-1])


@mistake("order_matters", "Both times `output` got the same order. Swap two rows of a copy.")
def nothing_swapped(output, tokens):
    return differ(output(tokens)[-1], output(tokens)[-1])


@mistake(
    "order_matters",
    "Whole outputs were compared; rows move with their tokens. Take the last.",
)
def whole_outputs(output, tokens):
    return differ(output(swapped(tokens)), output(tokens))


@mistake("order_matters", "Only the first number of the last row was compared. Compare them all.")
def first_number(output, tokens):
    return differ(output(swapped(tokens))[-1, 0], output(tokens)[-1, 0])


@mistake("order_matters", "True and False are swapped: True is for an output that *changes*.")
def answers_the_opposite(output, tokens):
    return not differ(output(swapped(tokens))[-1], output(tokens)[-1])


@mistake("order_matters", "A difference of a millionth counts here. It must be above 0.0001.")
def to_the_last_bit(output, tokens):
    return bool((output(swapped(tokens))[-1].round(12) != output(tokens)[-1].round(12)).any())


@mistake("order_matters", "np.allclose lets large numbers differ more, by rtol. Set rtol=0.")
def relative_difference(output, tokens):
    return not np.allclose(output(swapped(tokens))[-1], output(tokens)[-1], atol=1e-4)


@mistake("order_matters", "The tolerances are np.allclose's own. Set rtol=0, atol=1e-4.")
def numpy_tolerances(output, tokens):
    return not np.allclose(output(swapped(tokens))[-1], output(tokens)[-1])


@mistake("order_matters", "Small changes are overlooked: above 0.0001 a change counts.")
def large_changes_only(output, tokens):
    return bool((abs(output(swapped(tokens))[-1] - output(tokens)[-1]) > 0.01).any())


@mistake("order_matters", ONE_WAY)
def only_upward(output, tokens):
    return bool((output(swapped(tokens))[-1] - output(tokens)[-1]).max() > 1e-4)


@mistake("order_matters", ONE_WAY)
def only_downward(output, tokens):
    return bool((output(tokens)[-1] - output(swapped(tokens))[-1]).max() > 1e-4)


@mistake("order_matters", "Sums or means are compared, so changes cancel. Go entry by entry.")
def sums_compared(output, tokens):
    return bool(abs(output(swapped(tokens))[-1].sum() - output(tokens)[-1].sum()) > 1e-4)


@mistake("order_matters", "Sums or means are compared, so changes cancel. Go entry by entry.")
def means_compared(output, tokens):
    return bool(abs(output(swapped(tokens))[-1].mean() - output(tokens)[-1].mean()) > 1e-4)


@mistake("order_matters", "All columns must change for a True. A change anywhere counts: .any().")
def all_columns_must_change(output, tokens):
    return bool((abs(output(swapped(tokens))[-1] - output(tokens)[-1]) > 1e-4).all())


@mistake(
    "order_matters", "The mean change is compared. A single number that changes counts: .max()"
)
def mean_change(output, tokens):
    return bool(abs(output(swapped(tokens))[-1] - output(tokens)[-1]).mean() > 1e-4)


@mistake("order_matters", shown_by="inputs_are_kept")
def without_a_copy(output, tokens):
    before = output(tokens)[-1].copy()
    tokens[[0, 1]] = tokens[[1, 0]]
    return differ(output(tokens)[-1], before)


@accepted("order_matters")
def earlier_ones_reversed(output, tokens):
    other = np.concatenate([tokens[-2::-1], tokens[-1:]])
    return bool(abs(output(other)[-1] - output(tokens)[-1]).max() > 1e-4)


@accepted("order_matters")
def by_a_list_of_rows(output, tokens):
    order = [1, 0, *range(2, len(tokens))]
    pairs = zip(output(tokens[order])[-1], output(tokens)[-1])
    return any(abs(one - other) > 1e-4 for one, other in pairs)


# shift_invariant

MASK_IS_NAN = (
    "-inf minus -inf is NaN, and no comparison with it is true. For np.allclose they are equal."
)
ONE_QUERY = "Only one query's scores are compared. Compare those of all queries."


def together(scores, tokens, prefix):
    return scores(np.concatenate([prefix, tokens]))


def both(scores, tokens, prefix):
    """The tokens' scores alone, and after the prefix."""
    shift = len(prefix)
    return scores(tokens), together(scores, tokens, prefix)[..., shift:, shift:]


def agree(one, other):
    return np.allclose(one, other, rtol=0, atol=1e-4)


@mistake(
    "shift_invariant",
    "This is the *prefix's* part of the table. The tokens' begins at len(prefix): [..., shift:, "
    "shift:].",
)
def first_block(scores, tokens, prefix):
    return agree(
        scores(tokens), together(scores, tokens, prefix)[..., : len(tokens), : len(tokens)]
    )


@mistake("shift_invariant", "The prefix comes *after* the tokens here. It belongs in front.")
def suffix(scores, tokens, prefix):
    longer = together(scores, prefix, tokens)
    return agree(scores(tokens), longer[..., : len(tokens), : len(tokens)])


@mistake("shift_invariant", MASK_IS_NAN)
def differences(scores, tokens, prefix):
    alone, shifted = both(scores, tokens, prefix)
    with np.errstate(invalid="ignore"):
        return bool(abs(alone - shifted).max() < 1e-4)


@mistake("shift_invariant", MASK_IS_NAN)
def no_large_difference(scores, tokens, prefix):
    alone, shifted = both(scores, tokens, prefix)
    with np.errstate(invalid="ignore"):
        return not abs(alone - shifted).max() > 1e-4


@mistake("shift_invariant", "Only the first head is compared: all heads must agree.")
def first_head_only(scores, tokens, prefix):
    alone, shifted = both(scores, tokens, prefix)
    return agree(alone[0], shifted[0])


@mistake("shift_invariant", "Only the last head is compared: all heads must agree.")
def last_head_only(scores, tokens, prefix):
    alone, shifted = both(scores, tokens, prefix)
    return agree(alone[-1], shifted[-1])


@mistake("shift_invariant", ONE_QUERY)
def last_query_only(scores, tokens, prefix):
    alone, shifted = both(scores, tokens, prefix)
    return agree(alone[..., -1, :], shifted[..., -1, :])


@mistake("shift_invariant", "Only one key's scores are compared. Compare those of all keys.")
def first_column_only(scores, tokens, prefix):
    alone, shifted = both(scores, tokens, prefix)
    return agree(alone[..., 0], shifted[..., 0])


@mistake("shift_invariant", "It is True as soon as any score agrees: all of them must, .all().")
def any_score(scores, tokens, prefix):
    return bool(np.isclose(*both(scores, tokens, prefix), 0, 1e-4).any())


@mistake("shift_invariant", ONE_WAY)
def only_higher_scores(scores, tokens, prefix):
    alone, shifted = both(scores, tokens, prefix)
    return bool((shifted <= alone + 1e-4).all())


@mistake("shift_invariant", ONE_WAY)
def only_lower_scores(scores, tokens, prefix):
    alone, shifted = both(scores, tokens, prefix)
    return bool((alone <= shifted + 1e-4).all())


@mistake("shift_invariant", "The first token is left out. Its scores must agree as well.")
def first_token_left_out(scores, tokens, prefix):
    alone, shifted = both(scores, tokens, prefix)
    return agree(alone[..., 1:, 1:], shifted[..., 1:, 1:])


@mistake(
    "shift_invariant", "The mean difference is compared: one score can change unseen. Use .max()."
)
def mean_difference(scores, tokens, prefix):
    alone, shifted = (table[np.isfinite(table)] for table in both(scores, tokens, prefix))
    return bool(abs(alone - shifted).mean() < 1e-4)


@mistake("shift_invariant", "Sums or means are compared, so changes cancel. Go entry by entry.")
def sums_of_scores(scores, tokens, prefix):
    one, other = (table[np.isfinite(table)].mean() for table in both(scores, tokens, prefix))
    return bool(abs(one - other) <= 1e-4)


@mistake("shift_invariant", "A difference of a millionth counts here. It must be above 0.0001.")
def exactly_equal(scores, tokens, prefix):
    alone, shifted = both(scores, tokens, prefix)
    return np.array_equal(alone.round(9), shifted.round(9))


@mistake("shift_invariant", "np.allclose lets large numbers differ more, by rtol. Set rtol=0.")
def relatively_close(scores, tokens, prefix):
    return np.allclose(*both(scores, tokens, prefix), atol=1e-4)


@mistake("shift_invariant", "The tolerances are np.allclose's own. Set rtol=0, atol=1e-4.")
def usual_tolerances(scores, tokens, prefix):
    return np.allclose(*both(scores, tokens, prefix))


@mistake("shift_invariant", "True and False are swapped: say True when all scores agree.")
def says_the_opposite(scores, tokens, prefix):
    return not agree(*both(scores, tokens, prefix))


@mistake("shift_invariant", "The tables differ in size. Cut the larger one: [..., shift:, shift:].")
def whole_tables(scores, tokens, prefix):
    return agree(scores(tokens), together(scores, tokens, prefix))


@accepted("shift_invariant")
def after_filling_the_mask(scores, tokens, prefix):
    alone, shifted = (np.where(np.isfinite(x), x, 0) for x in both(scores, tokens, prefix))
    return bool((abs(alone - shifted) <= 1e-4).all())


@accepted("shift_invariant")
def no_difference_above(scores, tokens, prefix):
    alone, shifted = both(scores, tokens, prefix)
    with np.errstate(invalid="ignore"):
        return not (abs(alone - shifted) > 1e-4).any()


@accepted("shift_invariant")
def by_looking_up_each(scores, tokens, prefix):
    alone, shifted = both(scores, tokens, prefix)
    pairs = zip(alone.flatten(), shifted.flatten())
    return all(one == other or abs(one - other) <= 1e-4 for one, other in pairs)


@accepted("shift_invariant")
def from_the_end(scores, tokens, prefix):
    count, longer = len(tokens), scores(np.vstack((prefix, tokens)))
    return bool(np.isclose(longer[:, -count:, -count:], scores(tokens), rtol=0, atol=1e-4).all())

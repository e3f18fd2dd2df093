"""Lesson 07: mistakes with gates, contextual positions, interpolation, its backward pass, and the two
questions."""

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
    "The gates are the same for every query: they depend on the key alone. It is the query that "
    "decides what counts: q_i . k_j goes into the sigmoid.",
    seen="a long public explanation of CoPE",
)
def from_the_token_alone(q, k, scale=None):
    scale = k.shape[-1] ** -0.5 if scale is None else scale
    gate = (k.sum(-1) * scale).sigmoid()  # (..., key)
    return gate.unsqueeze(-2).expand(*q.shape[:-1], k.shape[-2])


@mistake(
    "cope_gates",
    "The gates compare keys with keys. The query belongs on the left: q @ k.transpose(-2, -1).",
)
def keys_with_keys(q, k, scale=None):
    return scores(k, k, scale).sigmoid()


@mistake(
    "cope_gates",
    "The 1 / sqrt(head_dim) is missing: if scale is None, q.k is multiplied by that.",
    seen="the paper's equations beside its listing",
)
def not_scaled(q, k, scale=None):
    return scores(q, k, 1.0 if scale is None else scale).sigmoid()


@mistake(
    "cope_gates",
    "Nothing scales q.k: multiply it by `scale`, and if that is None by 1 / sqrt(head_dim).",
)
def never_scaled(q, k, scale=None):
    return scores(q, k, 1.0).sigmoid()


@mistake(
    "cope_gates",
    "It is divided by sqrt(head_dim) twice, that is by head_dim. Once is enough.",
    seen="queries scaled once more inside CoPE",
)
def scaled_twice(q, k, scale=None):
    return scores(q, k, 1 / q.shape[-1] if scale is None else scale).sigmoid()


@mistake(
    "cope_gates",
    "The scale is applied twice, to q and to k, so the product gets its square. Once is enough.",
)
def both_scaled(q, k, scale=None):
    return scores(q, k, 1 / q.shape[-1] if scale is None else scale**2).sigmoid()


@mistake(
    "cope_gates",
    "It is multiplied by sqrt(head_dim) where it should be divided: scale is head_dim ** -0.5.",
)
def multiplied_by_the_root(q, k, scale=None):
    return scores(q, k, q.shape[-1] ** 0.5 if scale is None else scale).sigmoid()


@mistake(
    "cope_gates",
    "The scale comes from the number of keys. It is 1 / sqrt(head_dim), q.shape[-1] ** -0.5.",
)
def scaled_by_the_keys(q, k, scale=None):
    return scores(q, k, k.shape[-2] ** -0.5 if scale is None else scale).sigmoid()


@mistake("cope_gates", "q.k is divided by the given scale. Multiply: `scale` is a factor.")
def divided_by_scale(q, k, scale=None):
    return (scores(q, k, 1.0) / (q.shape[-1] ** 0.5 if scale is None else scale)).sigmoid()


@mistake(
    "cope_gates", "The scale multiplies the gate, after the sigmoid. It belongs inside, on q.k."
)
def scaled_outside(q, k, scale=None):
    return scores(q, k, 1.0).sigmoid() * (q.shape[-1] ** -0.5 if scale is None else scale)


@mistake(
    "cope_gates", "The given scale comes on top of 1 / sqrt(head_dim). It is meant to replace that."
)
def scale_on_top(q, k, scale=None):
    return scores(q, k, (1.0 if scale is None else scale) * q.shape[-1] ** -0.5).sigmoid()


@mistake("cope_gates", "Whatever scale is given, 1 is used. Multiply by the scale itself.")
def one_for_any_scale(q, k, scale=None):
    return scores(q, k, None if scale is None else 1).sigmoid()


@mistake("cope_gates", "The given scale is not used: 1 / sqrt(head_dim) is for scale=None only.")
def scale_ignored(q, k, scale=None):
    return scores(q, k, None).sigmoid()


@mistake(
    "cope_gates", "A scale of 0 is taken for none, as `scale or ...` does. Ask `scale is None`."
)
def zero_taken_for_none(q, k, scale=None):
    return scores(q, k, scale or None).sigmoid()


@mistake(
    "cope_gates",
    "This is a softmax: the gates of a query sum to 1, so one can open only if others close. Each "
    "gate is a question of its own: the sigmoid.",
    seen="a sentence in section 4 of the paper",
)
def softmax_for_sigmoid(q, k, scale=None):
    return scores(q, k, scale).softmax(-1)


@mistake(
    "cope_gates",
    "This is a softmax, and over the queries. Each gate is a question of its own: the sigmoid.",
)
def softmax_over_queries(q, k, scale=None):
    return scores(q, k, scale).softmax(-2)


@mistake(
    "cope_gates",
    "After the sigmoid, each row is divided by its sum. Any number of gates may be open: leave it.",
)
def sigmoids_that_sum_to_one(q, k, scale=None):
    gates = scores(q, k, scale).sigmoid()
    return gates / gates.sum(-1, keepdim=True)


@mistake(
    "cope_gates",
    "These are the scores themselves. The sigmoid is missing, which brings them between 0 and 1.",
)
def scores_for_gates(q, k, scale=None):
    return scores(q, k, scale)


@mistake("cope_gates", "The sigmoid is applied twice. Once brings q.k between 0 and 1.")
def sigmoid_twice(q, k, scale=None):
    return scores(q, k, scale).sigmoid().sigmoid()


@mistake(
    "cope_gates",
    "These gates are 0 or 1 and nothing between. Then no gradient tells them what to count: the "
    "sigmoid is soft.",
)
def hard_gates(q, k, scale=None):
    return (scores(q, k, scale) > 0).to(q.dtype)


@mistake(
    "cope_gates",
    "The scores are clamped into 0 ... 1. That is not the sigmoid, which maps 0 to 0.5.",
)
def clamped_scores(q, k, scale=None):
    return scores(q, k, scale).clamp(0, 1)


@mistake("cope_gates", "This is tanh, from -1 to 1. A gate is between 0 and 1: the sigmoid.")
def tanh_gates(q, k, scale=None):
    return scores(q, k, scale).tanh()


@mistake("cope_gates", "The sign is the wrong way around: a large q.k must open the gate.")
def closed_by_likeness(q, k, scale=None):
    return (-scores(q, k, scale)).sigmoid()


@mistake(
    "cope_gates",
    "q and k are brought to length 1 first, so only their angle counts. Use the plain product.",
)
def cosines(q, k, scale=None):
    q, k = (x / (x * x).sum(-1, keepdim=True).sqrt() for x in (q, k))
    return scores(q, k, scale).sigmoid()


@mistake(
    "cope_gates", "There is a causal mask in it. The gates are masked later, by cope_positions."
)
def masked_gates(q, k, scale=None):
    return scores(q, k, scale).sigmoid().tril(k.shape[-2] - q.shape[-2])


@mistake(
    "cope_gates",
    "There is a causal mask in it, and for equally many queries and keys. The gates are masked "
    "later, by cope_positions.",
)
def masked_from_the_corner(q, k, scale=None):
    return scores(q, k, scale).sigmoid().tril()


@mistake(
    "cope_gates",
    "For large q.k it is NaN: e^x / (1 + e^x) is inf / inf. Write 1 / (1 + e^-x), or use "
    ".sigmoid().",
)
def overflowing(q, k, scale=None):
    powers = scores(q, k, scale).exp()
    return powers / (1 + powers)


@mistake("cope_gates", shown_by="gradient_of_gates")
def gates_in_numpy(q, k, scale=None):
    return torch.tensor(1 / (1 + np.exp(-scores(q, k, scale).detach().numpy())))


@mistake("cope_gates", shown_by="gradient_of_gates")
def keys_detached(q, k, scale=None):
    return scores(q, k.detach(), scale).sigmoid()


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

LEFT = "The sum runs from the left: it counts from the beginning of the text, an absolute position. Key j collects from k = j up to the *query*, so the running sum starts at the right end."
FLIP = "One flip is missing: reverse the row before the sum, and again after it."
LATE = "You masked after the sum: the gates of later keys are already in it. Close those gates first, then sum."


def closed_later(gates):
    return gates.masked_fill(torch.tensor(~causal_mask(*gates.shape[-2:])), 0.0)


def from_the_right(gates):
    return gates.flip(-1).cumsum(-1).flip(-1)


@mistake("cope_positions", LEFT, seen="a long public explanation of CoPE")
def from_the_left(gates):
    return closed_later(gates).cumsum(-1)


@mistake("cope_positions", LEFT)
def from_the_left_masked_late(gates):
    return closed_later(gates.cumsum(-1))


@mistake(
    "cope_positions",
    "The sum runs from the left, and no mask closes the later keys. Close them, then sum from the "
    "right end: key j collects from k = j up to the query.",
)
def from_the_left_unmasked(gates):
    return gates.cumsum(-1)


@mistake(
    "cope_positions",
    "Keys after the query are counted too. The mask is missing: close their gates before summing, "
    "with causal_mask.",
)
def mask_missing(gates):
    return from_the_right(gates)


@mistake("cope_positions", LATE)
def masked_late(gates):
    return closed_later(from_the_right(gates))


@mistake(
    "cope_positions",
    "The mask is the wrong way around: it closes the earlier keys and leaves the later ones.",
)
def earlier_closed(gates):
    return from_the_right(gates.masked_fill(torch.tensor(causal_mask(*gates.shape[-2:])), 0.0))


@mistake(
    "cope_positions",
    "The mask is transposed: it closes the keys before the query and leaves the later ones.",
)
def mask_transposed(gates):
    return from_the_right(gates.triu(gates.shape[-1] - gates.shape[-2]))


@mistake(
    "cope_positions",
    "The mask lets one key after the query through. It ends at the query's own key.",
)
def one_key_too_many(gates):
    return from_the_right(gates.tril(gates.shape[-1] - gates.shape[-2] + 1))


@mistake(
    "cope_positions",
    "A closed gate is 0; you put -inf there, which belongs in scores. Fill with 0.0.",
)
def closed_with_minus_infinity(gates):
    later = torch.tensor(~causal_mask(*gates.shape[-2:]))
    return from_the_right(gates.masked_fill(later, float("-inf")))


@mistake(
    "cope_positions",
    "Keys after the query have position 0; yours have -inf. That is for scores, not here.",
)
def later_positions_hidden(gates):
    later = torch.tensor(~causal_mask(*gates.shape[-2:]))
    return from_the_right(closed_later(gates)).masked_fill(later, float("-inf"))


@mistake("cope_positions", "The key's own gate is missing. The sum begins at k = j, included.")
def key_left_out(gates):
    gates = closed_later(gates)
    return from_the_right(gates) - gates


@mistake("cope_positions", "The query's own gate is missing. The sum runs up to k = i, included.")
def query_left_out(gates):
    return from_the_right(gates.tril(gates.shape[-1] - gates.shape[-2] - 1))


@mistake(
    "cope_positions",
    "Neither the key's own gate nor the query's is counted. The sum runs from k = j to k = i, "
    "both included.",
)
def both_left_out(gates):
    gates = gates.tril(gates.shape[-1] - gates.shape[-2] - 1)
    return from_the_right(gates) - gates


@mistake("cope_positions", "The key's own gate is counted twice: the running sum has it already.")
def key_counted_twice(gates):
    gates = closed_later(gates)
    return from_the_right(gates) + gates


@mistake("cope_positions", FLIP)
def not_flipped_back(gates):
    return closed_later(gates).flip(-1).cumsum(-1)


@mistake("cope_positions", FLIP)
def flipped_only_afterwards(gates):
    return closed_later(gates).cumsum(-1).flip(-1)


@mistake(
    "cope_positions",
    "The sum runs along the queries, down the columns. It runs along the keys, the last axis.",
)
def down_the_columns(gates):
    return closed_later(gates).flip(-2).cumsum(-2).flip(-2)


@mistake(
    "cope_positions",
    "The sum runs down the columns, from the first query on. It runs along the keys, from the "
    "right end.",
)
def down_from_the_top(gates):
    return closed_later(gates).cumsum(-2)


@mistake(
    "cope_positions",
    "Every key gets the sum over the whole row. Key j collects from k = j on only: a running sum.",
)
def whole_row(gates):
    return closed_later(gates).sum(-1, keepdim=True).expand(*gates.shape)


@mistake(
    "cope_positions",
    "Every key up to the query gets the sum over the whole row. Key j collects from k = j on only.",
)
def whole_row_masked(gates):
    return closed_later(whole_row.answer(gates))


@mistake(
    "cope_positions",
    "These are the gates, masked. The positions are running sums of them, from the right.",
)
def gates_themselves(gates):
    return closed_later(gates)


@mistake(
    "cope_positions",
    "These are token counts, i - j + 1: the gates do not enter. Sum the gates themselves.",
)
def tokens_counted(gates):
    return from_the_right(closed_later(torch.ones_like(gates)))


@mistake(
    "cope_positions",
    "These are means of the gates. A position is their sum: it grows with what is counted.",
)
def means(gates):
    counts = from_the_right(closed_later(torch.ones_like(gates))).clamp(min=1)
    return from_the_right(closed_later(gates)) / counts


@mistake(
    "cope_positions",
    "The gates were rounded to 0 and 1. They count in parts: positions are fractions.",
)
def whole_gates(gates):
    return from_the_right(closed_later((gates > 0.5).to(gates.dtype)))


@mistake(
    "cope_positions",
    "The positions were rounded. They stay fractions; what to do with them comes next.",
)
def whole_positions(gates):
    return (from_the_right(closed_later(gates)) + 0.5).floor()


@mistake(
    "cope_positions",
    "The fractions were cut off. Positions stay fractions; what to do with them comes next.",
)
def floors(gates):
    return from_the_right(closed_later(gates)).floor()


@mistake(
    "cope_positions",
    "The sigmoid is applied again: what comes in are gates already, between 0 and 1.",
)
def gated_again(gates):
    return from_the_right(closed_later(gates.sigmoid()))


@mistake(
    "cope_positions",
    "With fewer queries than keys the queries are the *last* positions: the first of two, with "
    "five keys, sees four of them. The mask is causal_mask(*gates.shape[-2:]).",
)
def cache_forgotten(gates):
    return from_the_right(gates.tril())


@mistake("cope_positions", shown_by="not_gates")
def any_number(gates):
    return from_the_right(closed_later(gates))


@mistake("cope_positions", shown_by="not_gates")
def only_large_ones_refused(gates):
    if gates.max() > 1:
        raise ValueError("gates are at most 1")
    return from_the_right(closed_later(gates))


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
    check_gates(gates)
    key_len = gates.shape[-1]
    positions = closed_later(gates) @ torch.tensor(np.tri(key_len), dtype=gates.dtype)
    return closed_later(positions)


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

NO_CLAMP = "The clamp is missing: positions past the table's end fail. Move them into 0 ... npos - 1 first."
ABOVE_ONLY = "Only the upper end is clamped. A position below 0 must get the first row: row -1 is the *last* one. Clamp at both ends."
PAST_BY_ONE = "The last row is npos - 1: npos itself is one past it. Clamp into 0 ... npos - 1."
NEAREST = "The position was rounded, and one row taken whole. Between two rows is a mixture of both, w of the upper and 1 - w of the lower."
LOWER = "The fraction was cut off: this is the lower row alone. The upper one has the weight w."
UPPER = "This is the upper row alone. It has the weight w, the lower one 1 - w."
EXCHANGED = "The weights are exchanged: w = p - floor p belongs to the *upper* row. At 0.25 row 0 is nearer, so it weighs more."
HALVES = (
    "Both rows weigh the same. The upper one has the weight w = p - floor p, the lower one 1 - w."
)
ADDED = "The lower row is added whole. Its weight is 1 - w, so that both weights sum to 1."
SHORT = "The last row is never reached: positions are clamped to npos - 2. The end is npos - 1."
NO_ROW_ABOVE = "At the table's end, floor + 1 is a row that does not exist. Clamp it: (floor + 1).clamp(max=npos - 1)."
AROUND = "Positions past the end wrap around to the first rows. They get the last row: clamp."


def rows_beside(positions, npos):
    p = positions.clamp(0, npos - 1)
    return p.floor().long(), p.ceil().long(), p - p.floor().detach()


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


@mistake("interpolate", HALVES)
def halves(table, positions):
    low, high, _ = rows_beside(positions, len(table))
    return (table[low] + table[high]) / 2


@mistake("interpolate", ADDED)
def lower_row_whole(table, positions):
    low, high, w = rows_beside(positions, len(table))
    return table[low] + w.unsqueeze(-1) * table[high]


@mistake("interpolate", "Both rows have the weight w. The lower one has 1 - w.")
def same_weight(table, positions):
    low, high, w = rows_beside(positions, len(table))
    return w.unsqueeze(-1) * (table[low] + table[high])


@mistake(
    "interpolate",
    "w needs an axis of its own, w.unsqueeze(-1): as it is, its numbers are laid along the "
    "columns of the vectors.",
)
def weights_along_the_columns(table, positions):
    low, high, w = rows_beside(positions, len(table))
    return w * table[high] + (1 - w) * table[low]


@mistake("interpolate", "w is not the fraction but the whole position: w = p - floor p.")
def position_as_weight(table, positions):
    low, high, _ = rows_beside(positions, len(table))
    w = positions.clamp(0, len(table) - 1).unsqueeze(-1)
    return w * table[high] + (1 - w) * table[low]


@mistake(
    "interpolate",
    "Every vector is a mixture of the first row and the last. Take the two rows beside the "
    "position.",
)
def first_and_last(table, positions):
    w = (positions.clamp(0, len(table) - 1) / max(1, len(table) - 1)).unsqueeze(-1)
    return w * table[-1] + (1 - w) * table[0]


@mistake("interpolate", NO_CLAMP)
def not_clamped(table, positions):
    w = (positions - positions.floor().detach()).unsqueeze(-1)
    return w * table[positions.ceil().long()] + (1 - w) * table[positions.floor().long()]


@mistake("interpolate", ABOVE_ONLY)
def clamped_above_only(table, positions):
    return not_clamped.answer(table, positions.clamp(max=len(table) - 1))


@mistake(
    "interpolate",
    "Only the lower end is clamped. A position past the end must get the last row: clamp at both "
    "ends.",
)
def clamped_below_only(table, positions):
    return not_clamped.answer(table, positions.clamp(min=0))


@mistake("interpolate", PAST_BY_ONE)
def clamped_one_too_far(table, positions):
    return not_clamped.answer(table, positions.clamp(0, len(table)))


@mistake("interpolate", SHORT)
def last_row_never_reached(table, positions):
    return not_clamped.answer(table, positions.clamp(0, len(table) - 2))


@mistake("interpolate", NO_ROW_ABOVE)
def row_above_the_last(table, positions):
    low, _, w = rows_beside(positions, len(table))
    return w.unsqueeze(-1) * table[low + 1] + (1 - w.unsqueeze(-1)) * table[low]


@mistake(
    "interpolate",
    "The rows are clamped to npos - 2, but w is not 1 at the end: there the vector is not the "
    "last row.",
)
def rows_too_low_at_the_end(table, positions):
    low, _, w = rows_beside(positions, len(table))
    low = low.clamp(max=max(0, len(table) - 2))
    return (
        w.unsqueeze(-1) * table[(low + 1).clamp(max=len(table) - 1)]
        + (1 - w.unsqueeze(-1)) * table[low]
    )


@mistake("interpolate", AROUND)
def wrapped_around(table, positions):
    low, w = positions.detach().floor().long().numpy(), positions - positions.detach().floor()
    low, high = (torch.tensor(rows % len(table)) for rows in (low, low + 1))
    return w.unsqueeze(-1) * table[high] + (1 - w.unsqueeze(-1)) * table[low]


@mistake("interpolate", shown_by="gradient_of_interpolation")
def fixed_weights(table, positions):
    return right_vectors(table, positions.detach())


@mistake("interpolate", shown_by="gradient_of_interpolation")
def fixed_table(table, positions):
    return right_vectors(table.detach(), positions)


@accepted("interpolate")
def from_the_lower_row_on(table, positions):
    low, high, w = rows_beside(positions, len(table))
    return table[low] + w.unsqueeze(-1) * (table[high] - table[low])


@accepted("interpolate")
def shares_of_all_rows(table, positions):
    npos = len(table)
    distance = (
        positions.clamp(0, npos - 1).unsqueeze(-1) - torch.arange(npos).to(table.dtype)
    ).abs()
    return (1 - distance).clamp(min=0) @ table


@accepted("interpolate")
def rows_clamped_one_by_one(table, positions):
    floor, last = positions.detach().floor(), len(table) - 1
    w = (positions - floor)[..., None]
    low, high = (rows.clamp(0, last).long() for rows in (floor, floor + 1))
    return (1 - w) * table[low] + w * table[high]


# cope_backward


def clamped_positions(gates, logits):
    mask = causal_mask(*gates.shape[-2:])
    return np.flip(np.flip(gates * mask, -1).cumsum(-1), -1).clip(0, logits.shape[-1] - 1)


def rows_at(logits, p):
    """The lower and the upper row, and their numbers in logits."""
    low = np.floor(p).astype(int)
    high = np.minimum(low + 1, logits.shape[-1] - 1)
    return low, high, np.take_along_axis(logits, low, -1), np.take_along_axis(logits, high, -1)


def grad_positions(grad, gates, logits):
    _, _, lower, upper = rows_at(logits, clamped_positions(gates, logits))
    return grad * (upper - lower)


def to_scores(grad_p, gates):
    """Back through sum and gate."""
    return grad_p.cumsum(-1) * causal_mask(*gates.shape[-2:]) * gates * (1 - gates)


def to_logits(grad, p, npos):
    return (grad[..., None] * np.maximum(1 - abs(p[..., None] - np.arange(npos)), 0)).sum(-2)


@mistake(
    "cope_backward", "The last step is missing: the slope of the sigmoid, gates * (1 - gates)."
)
def without_the_gate(grad, gates, logits):
    grad_scores, grad_logits = right_backward(grad, gates, logits)
    return grad_scores / (gates * (1 - gates)), grad_logits


@mistake(
    "cope_backward", "1 - gates^2 is the slope of tanh. That of the sigmoid is gates * (1 - gates)."
)
def slope_of_tanh(grad, gates, logits):
    grad_scores, grad_logits = right_backward(grad, gates, logits)
    return grad_scores * (1 + gates) / gates, grad_logits


@mistake("cope_backward", "The slope of the sigmoid is gates * (1 - gates); yours is gates alone.")
def slope_is_the_gate(grad, gates, logits):
    grad_scores, grad_logits = right_backward(grad, gates, logits)
    return grad_scores / (1 - gates), grad_logits


@mistake(
    "cope_backward", "The slope of the sigmoid is gates * (1 - gates); yours is 1 - gates alone."
)
def slope_is_one_minus_the_gate(grad, gates, logits):
    grad_scores, grad_logits = right_backward(grad, gates, logits)
    return grad_scores / gates, grad_logits


@mistake(
    "cope_backward",
    "The sigmoid is applied to the gates again. They are its results already: the slope is gates "
    "* (1 - gates).",
)
def sigmoid_of_the_gates(grad, gates, logits):
    again = 1 / (1 + np.exp(-gates))
    grad_scores, grad_logits = right_backward(grad, gates, logits)
    return grad_scores / (gates * (1 - gates)) * again * (1 - again), grad_logits


@mistake(
    "cope_backward",
    "The gradients are summed from the right. Forward the sum went from the right, so gate k is "
    "part of the positions of all keys j <= k: sum from the left.",
)
def collected_from_the_right(grad, gates, logits):
    summed = np.flip(np.flip(grad_positions(grad, gates, logits), -1).cumsum(-1), -1)
    summed = summed * causal_mask(*gates.shape[-2:])
    return summed * gates * (1 - gates), right_backward(grad, gates, logits)[1]


@mistake(
    "cope_backward",
    "The step through the sum is missing. Gate k is part of the positions of all keys j <= k, and "
    "collects from all of them.",
)
def sum_forgotten(grad, gates, logits):
    grad_p = grad_positions(grad, gates, logits)
    return grad_p * gates * (1 - gates), right_backward(grad, gates, logits)[1]


@mistake(
    "cope_backward",
    "Every gate collects from all keys of its row. Gate k is part of p[i, j] for j <= k only: a "
    "running sum.",
)
def collected_from_all(grad, gates, logits):
    summed = grad_positions(grad, gates, logits).sum(-1, keepdims=True)
    summed = summed * causal_mask(*gates.shape[-2:])
    return summed * gates * (1 - gates), right_backward(grad, gates, logits)[1]


@mistake(
    "cope_backward", "Gate k is also part of its own key's position: j = k belongs to the sum."
)
def own_key_left_out(grad, gates, logits):
    grad_p = grad_positions(grad, gates, logits)
    summed = (grad_p.cumsum(-1) - grad_p) * causal_mask(*gates.shape[-2:])
    return summed * gates * (1 - gates), right_backward(grad, gates, logits)[1]


@mistake(
    "cope_backward",
    "The gradients are summed along the queries. They are summed along the keys, axis -1.",
)
def collected_down_the_columns(grad, gates, logits):
    summed = grad_positions(grad, gates, logits).cumsum(-2) * causal_mask(*gates.shape[-2:])
    return summed * gates * (1 - gates), right_backward(grad, gates, logits)[1]


@mistake(
    "cope_backward",
    "Gates of keys after the query got a gradient. They were masked, and count nowhere: 0.",
)
def later_gates_get_some(grad, gates, logits):
    summed = grad_positions(grad, gates, logits).cumsum(-1)
    return summed * gates * (1 - gates), right_backward(grad, gates, logits)[1]


@mistake(
    "cope_backward",
    "Positions past the table's end get a gradient. They were clamped, so they do not move: both "
    "of their rows are the last one, slope 0.",
)
def slope_past_the_end(grad, gates, logits):
    p, last = clamped_positions(gates, logits), logits.shape[-1] - 1
    low, high, lower, upper = rows_at(logits, np.where(p == last, max(last - 1, 0), p))
    return to_scores(grad * (upper - lower), gates), right_backward(grad, gates, logits)[1]


@mistake(
    "cope_backward",
    "At whole positions the slope is lost: there ceil p is floor p, and z minus itself is 0. The "
    "upper row is floor p + 1 (or the last one).",
)
def ceil_minus_floor(grad, gates, logits):
    p = clamped_positions(gates, logits)
    low, high = np.floor(p).astype(int), np.ceil(p).astype(int)
    slope = np.take_along_axis(logits, high, -1) - np.take_along_axis(logits, low, -1)
    return to_scores(grad * slope, gates), right_backward(grad, gates, logits)[1]


@mistake(
    "cope_backward",
    "There is no row after the last one: the upper row is np.minimum(low + 1, npos - 1).",
)
def row_past_the_last(grad, gates, logits):
    low = np.floor(clamped_positions(gates, logits)).astype(int)
    np.take_along_axis(logits, low + 1, -1)
    return right_backward(grad, gates, logits)


@mistake(
    "cope_backward",
    "The slope of the interpolation has the wrong sign: the upper row's z minus the lower's.",
)
def slope_reversed(grad, gates, logits):
    grad_scores, grad_logits = right_backward(grad, gates, logits)
    return -grad_scores, grad_logits


@mistake(
    "cope_backward",
    "A position's gradient is grad times the slope z_high - z_low; yours is grad times the "
    "interpolated value itself.",
)
def value_for_slope(grad, gates, logits):
    p = clamped_positions(gates, logits)
    _, _, lower, upper = rows_at(logits, p)
    w = p - np.floor(p)
    return to_scores(grad * (w * upper + (1 - w) * lower), gates), right_backward(
        grad, gates, logits
    )[1]


@mistake(
    "cope_backward",
    "The slope is multiplied by w. The derivative of w z_high + (1 - w) z_low in p is z_high - "
    "z_low alone.",
)
def slope_times_weight(grad, gates, logits):
    p = clamped_positions(gates, logits)
    grad_p = grad_positions(grad, gates, logits) * (p - np.floor(p))
    return to_scores(grad_p, gates), right_backward(grad, gates, logits)[1]


@mistake(
    "cope_backward",
    "The slope of the interpolation is missing: grad[i, j] is multiplied by z_high - z_low first.",
)
def slope_missing(grad, gates, logits):
    return to_scores(grad, gates), right_backward(grad, gates, logits)[1]


def added_up(grad, p, npos, w):
    """The shares w of the upper row and 1 - w of the lower, added up by a loop."""
    grad_logits = np.zeros((*p.shape[:-1], npos))
    for at in np.ndindex(p.shape):
        low = int(p[at])
        grad_logits[at[:-1]][min(low + 1, npos - 1)] += grad[at] * w[at]
        grad_logits[at[:-1]][low] += grad[at] * (1 - w[at])
    return grad_logits


@mistake(
    "cope_backward", "In grad_logits the shares are exchanged: the upper row gets w = p - floor p."
)
def shares_exchanged(grad, gates, logits):
    p = clamped_positions(gates, logits)
    grad_logits = added_up(grad, p, logits.shape[-1], 1 - p + np.floor(p))
    return right_backward(grad, gates, logits)[0], grad_logits


@mistake(
    "cope_backward",
    "grad_logits gives everything to the lower row. The upper one gets its share, w = p - floor p.",
)
def lower_row_gets_all(grad, gates, logits):
    p = clamped_positions(gates, logits)
    return right_backward(grad, gates, logits)[0], added_up(grad, p, logits.shape[-1], 0 * p)


@mistake(
    "cope_backward",
    "The shares of the rows are not multiplied by grad: row n gets grad[i, j] times its share.",
)
def shares_without_grad(grad, gates, logits):
    grad_logits = to_logits(np.ones_like(grad), clamped_positions(gates, logits), logits.shape[-1])
    return right_backward(grad, gates, logits)[0], grad_logits


@mistake(
    "cope_backward",
    "In grad_logits, positions past the table's end give nothing. They were clamped to the last "
    "row, so it gets their whole gradient.",
)
def nothing_past_the_end(grad, gates, logits):
    mask = causal_mask(*gates.shape[-2:])
    p = np.flip(np.flip(gates * mask, -1).cumsum(-1), -1)
    return right_backward(grad, gates, logits)[0], to_logits(grad, p, logits.shape[-1])


@mistake(
    "cope_backward",
    "Several keys read the same row, and grad_logits[..., rows] += ... keeps only the last one of "
    "them. np.add.at adds all of them up, and so does the sum of the shares.",
)
def repeated_rows_lost(grad, gates, logits):
    p = clamped_positions(gates, logits)
    (low, high, _, _), w = rows_at(logits, p), p - np.floor(p)
    grad_logits, (*lead, _) = np.zeros(logits.shape), np.indices(p.shape)
    grad_logits[(*lead, high)] += grad * w
    grad_logits[(*lead, low)] += grad * (1 - w)
    return right_backward(grad, gates, logits)[0], grad_logits


@mistake(
    "cope_backward",
    "In grad_logits only the last key that read a row is left. Several keys read the same row: "
    "add up, do not assign (as with repeated ids in lesson 02).",
    seen="fancy-index assignment, where repeated rows are lost",
)
def last_key_wins(grad, gates, logits):
    p = clamped_positions(gates, logits)
    grad_logits, npos = np.zeros(logits.shape), logits.shape[-1]
    for at in np.ndindex(p.shape):
        row, w = grad_logits[at[:-1]], p[at] - np.floor(p[at])
        row[min(int(p[at]) + 1, npos - 1)] = grad[at] * w
        row[int(p[at])] = grad[at] * (1 - w)
    return right_backward(grad, gates, logits)[0], grad_logits


@mistake(
    "cope_backward",
    "The positions themselves are off: keys after the query were counted. Multiply the gates by "
    "the mask before summing.",
)
def positions_unmasked(grad, gates, logits):
    npos = logits.shape[-1]
    p = np.flip(np.flip(gates, -1).cumsum(-1), -1).clip(0, npos - 1)
    _, _, lower, upper = rows_at(logits, p)
    return to_scores(grad * (upper - lower), gates), to_logits(grad, p, npos)


@mistake(
    "cope_backward",
    "The positions themselves are off: they are summed from the left. Forward the sum comes from "
    "the right, from the query to the key.",
)
def positions_from_the_left(grad, gates, logits):
    npos = logits.shape[-1]
    p = (gates * causal_mask(*gates.shape[-2:])).cumsum(-1).clip(0, npos - 1)
    _, _, lower, upper = rows_at(logits, p)
    return to_scores(grad * (upper - lower), gates), to_logits(grad, p, npos)


@mistake(
    "cope_backward",
    "The mask takes the first query for position 0. With fewer queries than keys they are the "
    "last ones: causal_mask(*gates.shape[-2:]).",
)
def cached_keys_forgotten(grad, gates, logits):
    mask, npos = np.tri(*gates.shape[-2:]), logits.shape[-1]
    p = np.flip(np.flip(gates * mask, -1).cumsum(-1), -1).clip(0, npos - 1)
    _, _, lower, upper = rows_at(logits, p)
    grad_gates = (grad * (upper - lower)).cumsum(-1) * mask
    return grad_gates * gates * (1 - gates), to_logits(grad, p, npos)


@mistake("cope_backward", "The two results are exchanged: return grad_scores, grad_logits.")
def logits_first(grad, gates, logits):
    return right_backward(grad, gates, logits)[::-1]


@mistake("cope_backward", shown_by="inputs_are_kept")
def masked_in_place(grad, gates, logits):
    gates *= causal_mask(*gates.shape[-2:])
    return right_backward(grad, gates, logits)


@accepted("cope_backward")
def rows_added_up(grad, gates, logits):
    p = clamped_positions(gates, logits)
    grad_logits, (*lead, _) = np.zeros(logits.shape), np.indices(p.shape)
    np.add.at(grad_logits, (*lead, np.ceil(p).astype(int)), grad * (p - np.floor(p)))
    np.add.at(grad_logits, (*lead, np.floor(p).astype(int)), grad * (1 - p + np.floor(p)))
    return right_backward(grad, gates, logits)[0], grad_logits


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


# interpolate_logits


def picked(logits, rows):
    return torch.take_along_dim(logits, rows, dim=-1)


@mistake("interpolate_logits", NEAREST)
def nearest_logit(logits, positions):
    return picked(logits, (positions.clamp(0, logits.shape[-1] - 1) + 0.499).floor().long())


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


@mistake("interpolate_logits", HALVES)
def logit_halves(logits, positions):
    low, high, _ = rows_beside(positions, logits.shape[-1])
    return (picked(logits, low) + picked(logits, high)) / 2


@mistake("interpolate_logits", ADDED)
def lower_logit_whole(logits, positions):
    low, high, w = rows_beside(positions, logits.shape[-1])
    return picked(logits, low) + w * picked(logits, high)


@mistake("interpolate_logits", NO_CLAMP)
def logits_not_clamped(logits, positions):
    check_rows(logits, positions)
    low, high, w = positions.floor().long(), positions.ceil().long(), positions - positions.floor()
    return w * picked(logits, high) + (1 - w) * picked(logits, low)


@mistake("interpolate_logits", ABOVE_ONLY)
def logits_clamped_above_only(logits, positions):
    return logits_not_clamped.answer(logits, positions.clamp(max=logits.shape[-1] - 1))


@mistake("interpolate_logits", PAST_BY_ONE)
def logits_one_too_far(logits, positions):
    return logits_not_clamped.answer(logits, positions.clamp(0, logits.shape[-1]))


@mistake(
    "interpolate_logits",
    "The clamp counts queries: logits are (..., query, npos), so npos is logits.shape[-1].",
)
def clamped_to_the_queries(logits, positions):
    return logits_not_clamped.answer(logits, positions.clamp(0, len(logits) - 1))


@mistake("interpolate_logits", NO_ROW_ABOVE)
def logit_above_the_last(logits, positions):
    low, _, w = rows_beside(positions, logits.shape[-1])
    return w * picked(logits, low + 1) + (1 - w) * picked(logits, low)


@mistake(
    "interpolate_logits",
    "logits[..., rows] gives *every* query the rows of all queries: an axis too many. "
    "torch.take_along_dim(logits, rows, dim=-1) picks from each query's own row.",
)
def rows_of_all_queries(logits, positions):
    low, high, w = rows_beside(positions, logits.shape[-1])
    w = w.unsqueeze(-3) if w.ndim > 2 else w
    return w * logits[..., high] + (1 - w) * logits[..., low]


@mistake(
    "interpolate_logits",
    "w got an axis of its own, as for vectors. Here each pair has one number: w * upper + (1 - w) "
    "* lower.",
)
def weights_with_an_axis(logits, positions):
    low, high, w = rows_beside(positions, logits.shape[-1])
    return w.unsqueeze(-1) * picked(logits, high) + (1 - w.unsqueeze(-1)) * picked(logits, low)


@mistake(
    "interpolate_logits",
    "All queries pick from the first query's row. Query i has its own, logits[..., i, :].",
)
def one_row_for_all(logits, positions):
    return right_logits(logits[..., :1, :].expand(*logits.shape), positions)


@mistake(
    "interpolate_logits",
    "It is divided by sqrt(npos). Where to divide is settled elsewhere; here nothing is.",
)
def divided_again(logits, positions):
    return right_logits(logits, positions) / logits.shape[-1] ** 0.5


@mistake("interpolate_logits", shown_by="rows_must_fit")
def stretched(logits, positions):
    return right_logits(logits.expand(*positions.shape[:-1], logits.shape[-1]), positions)


@mistake("interpolate_logits", shown_by="gradient_of_logits")
def weights_without_gradient(logits, positions):
    return right_logits(logits, positions.detach())


@mistake("interpolate_logits", shown_by="gradient_of_logits")
def logits_without_gradient(logits, positions):
    return right_logits(logits.detach(), positions)


@accepted("interpolate_logits")
def both_rows_picked(logits, positions):
    check_rows(logits, positions)
    low, high, w = rows_beside(positions, logits.shape[-1])
    return w * picked(logits, high) + (1 - w) * picked(logits, low)


@accepted("interpolate_logits")
def by_shares(logits, positions):
    if logits.shape[:-1] != positions.shape[:-1]:
        raise ValueError("not the same queries")
    npos = logits.shape[-1]
    distance = positions.clamp(0, npos - 1)[..., None] - torch.arange(npos, dtype=positions.dtype)
    return ((1 - distance.abs()).clamp(min=0) * logits[..., None, :]).sum(-1)


@accepted("interpolate_logits")
def by_a_product_with_the_shares(logits, positions):
    check_rows(logits, positions)
    npos = logits.shape[-1]
    distance = positions.clamp(0, npos - 1)[..., None] - torch.arange(npos, dtype=positions.dtype)
    return ((1 - distance.abs()).clamp(min=0) @ logits.unsqueeze(-1)).squeeze(-1)


# order_matters


def swapped(tokens):
    copy = tokens.copy()
    copy[[0, 1]] = tokens[[1, 0]]
    return copy


def differ(one, other):
    return not np.allclose(one, other, rtol=0, atol=1e-4)


@mistake(
    "order_matters",
    "After your swap the same row is there twice: a row of an array is a window into it, not a "
    "copy, so swapped[0], swapped[1] = swapped[1], swapped[0] writes one row over the other. Use "
    "swapped[[0, 1]] = tokens[[1, 0]].",
    seen="two rows of an array exchanged like two variables",
)
def rows_like_variables(output, tokens):
    copy = tokens.copy()
    copy[0], copy[1] = copy[1], copy[0]
    return differ(output(copy)[-1], output(tokens)[-1])


@mistake(
    "order_matters",
    "The last token itself was moved. Of course its output then changes: swap earlier ones.",
)
def all_reversed(output, tokens):
    return differ(output(tokens[::-1])[-1], output(tokens)[-1])


@mistake(
    "order_matters",
    "The last token itself was moved: you swapped the last two. Swap the first two.",
)
def last_two_swapped(output, tokens):
    copy = tokens.copy()
    copy[[-1, -2]] = tokens[[-2, -1]]
    return differ(output(copy)[-1], output(tokens)[-1])


@mistake(
    "order_matters",
    "Columns were swapped, the entries within each token. The tokens are the rows: swapped[[0, "
    "1]].",
)
def columns_swapped(output, tokens):
    copy = tokens.copy()
    copy[:, [0, 1]] = tokens[:, [1, 0]]
    return differ(output(copy)[-1], output(tokens)[-1])


@mistake(
    "order_matters",
    "`output` was asked about the same tokens twice: without .copy(), both names mean one array.",
)
def nothing_swapped(output, tokens):
    return differ(output(tokens)[-1], output(tokens)[-1])


@mistake(
    "order_matters",
    "Whole outputs were compared. The first two rows swap with their tokens in any case: look at "
    "the last row only.",
)
def whole_outputs(output, tokens):
    return differ(output(swapped(tokens)), output(tokens))


@mistake(
    "order_matters",
    "The first row was compared, and it changes with its token in any case. Look at the last row.",
)
def first_row(output, tokens):
    return differ(output(swapped(tokens))[0], output(tokens)[0])


@mistake(
    "order_matters",
    "Only the last number of the last row was compared. The row is output(tokens)[-1].",
)
def last_number(output, tokens):
    return differ(output(swapped(tokens))[-1, -1], output(tokens)[-1, -1])


@mistake(
    "order_matters",
    "Only the first number of the last row was compared. A change anywhere in it counts.",
)
def first_number(output, tokens):
    return differ(output(swapped(tokens))[-1, 0], output(tokens)[-1, 0])


@mistake("order_matters", "True and False are exchanged: it is True when the output *changes*.")
def answers_the_opposite(output, tokens):
    return not differ(output(swapped(tokens))[-1], output(tokens)[-1])


@mistake(
    "order_matters",
    "A difference of a millionth was taken for a change. Float32 sums in another order differ by "
    "as much: only above 0.0001 it counts.",
)
def to_the_last_bit(output, tokens):
    return bool((output(swapped(tokens))[-1].round(12) != output(tokens)[-1].round(12)).any())


@mistake(
    "order_matters",
    "np.allclose allows large numbers a larger difference, by its rtol of 1e-5. What counts is "
    "0.0001, whatever the size: rtol=0, atol=1e-4.",
)
def relative_difference(output, tokens):
    return not np.allclose(output(swapped(tokens))[-1], output(tokens)[-1], atol=1e-4)


@mistake(
    "order_matters",
    "np.allclose with its own tolerances: 1e-8, and 1e-5 of the number. What counts is 0.0001: "
    "rtol=0, atol=1e-4.",
)
def numpy_tolerances(output, tokens):
    return not np.allclose(output(swapped(tokens))[-1], output(tokens)[-1])


@mistake("order_matters", "Small changes are overlooked. Above 0.0001 a change counts: atol=1e-4.")
def large_changes_only(output, tokens):
    return bool((abs(output(swapped(tokens))[-1] - output(tokens)[-1]) > 0.01).any())


@mistake(
    "order_matters",
    "Only numbers that grow are noticed, or only those that fall. Take the absolute value: "
    "abs(...).",
)
def only_upward(output, tokens):
    return bool((output(swapped(tokens))[-1] - output(tokens)[-1]).max() > 1e-4)


@mistake(
    "order_matters",
    "Only numbers that grow are noticed, or only those that fall. Take the absolute value: "
    "abs(...).",
)
def only_downward(output, tokens):
    return bool((output(tokens)[-1] - output(swapped(tokens))[-1]).max() > 1e-4)


@mistake(
    "order_matters",
    "One column grew by as much as another one fell, and it was not noticed. Compare entry by "
    "entry, not sums or means.",
)
def sums_compared(output, tokens):
    return bool(abs(output(swapped(tokens))[-1].sum() - output(tokens)[-1].sum()) > 1e-4)


@mistake(
    "order_matters",
    "One column changed, and it was not noticed. A change anywhere counts: .any(), not .all().",
)
def all_columns_must_change(output, tokens):
    return bool((abs(output(swapped(tokens))[-1] - output(tokens)[-1]) > 1e-4).all())


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


def together(scores, tokens, prefix):
    return scores(np.concatenate([prefix, tokens]))


def shifted_part(scores, tokens, prefix):
    return together(scores, tokens, prefix)[..., len(prefix) :, len(prefix) :]


def agree(one, other):
    return np.allclose(one, other, rtol=0, atol=1e-4)


@mistake(
    "shift_invariant",
    "You compared the *prefix's* part of the table, its first rows and columns. The tokens' part "
    "begins at len(prefix): [..., shift:, shift:].",
)
def first_block(scores, tokens, prefix):
    return agree(
        scores(tokens), together(scores, tokens, prefix)[..., : len(tokens), : len(tokens)]
    )


@mistake(
    "shift_invariant",
    "The prefix was put *after* the tokens, so they are where they were. It belongs in front.",
)
def suffix(scores, tokens, prefix):
    longer = together(scores, prefix, tokens)
    return agree(scores(tokens), longer[..., : len(tokens), : len(tokens)])


@mistake(
    "shift_invariant", "Prefix and tokens are in the wrong order: the prefix belongs in front."
)
def suffix_and_last_block(scores, tokens, prefix):
    return agree(
        scores(tokens), shifted_part(scores, prefix, tokens)[..., : len(tokens), : len(tokens)]
    )


@mistake(
    "shift_invariant",
    "The scores of the prefix were compared with those of the tokens. Compare the tokens' scores "
    "alone with the tokens' scores after the prefix.",
)
def prefix_alone(scores, tokens, prefix):
    return (
        agree(scores(tokens), scores(prefix[: len(tokens)]))
        if len(prefix) >= len(tokens)
        else False
    )


@mistake(
    "shift_invariant",
    "Where the mask is, -inf minus -inf is NaN, which is smaller than nothing, so it never "
    "agrees. np.allclose takes two infinities of one sign for equal.",
)
def differences(scores, tokens, prefix):
    with np.errstate(invalid="ignore"):
        return bool(abs(scores(tokens) - shifted_part(scores, tokens, prefix)).max() < 1e-4)


@mistake(
    "shift_invariant",
    "Where the mask is, -inf minus -inf is NaN, which is larger than nothing, so a difference may "
    "be overlooked. np.allclose takes two infinities of one sign for equal.",
)
def no_large_difference(scores, tokens, prefix):
    with np.errstate(invalid="ignore"):
        return not abs(scores(tokens) - shifted_part(scores, tokens, prefix)).max() > 1e-4


@mistake("shift_invariant", "Only the first head is compared. All heads must agree.")
def first_head_only(scores, tokens, prefix):
    return agree(scores(tokens)[0], shifted_part(scores, tokens, prefix)[0])


@mistake("shift_invariant", "Only the last head is compared. All heads must agree.")
def last_head_only(scores, tokens, prefix):
    return agree(scores(tokens)[-1], shifted_part(scores, tokens, prefix)[-1])


@mistake(
    "shift_invariant", "Only the last query's scores are compared. Compare those of all queries."
)
def last_query_only(scores, tokens, prefix):
    return agree(scores(tokens)[..., -1, :], shifted_part(scores, tokens, prefix)[..., -1, :])


@mistake(
    "shift_invariant", "Only the first query's scores are compared. Compare those of all queries."
)
def first_query_only(scores, tokens, prefix):
    return agree(scores(tokens)[..., 0, :], shifted_part(scores, tokens, prefix)[..., 0, :])


@mistake(
    "shift_invariant",
    "Only the first key's scores are compared. Compare all of them, entry by entry.",
)
def first_column_only(scores, tokens, prefix):
    return agree(scores(tokens)[..., 0], shifted_part(scores, tokens, prefix)[..., 0])


@mistake(
    "shift_invariant",
    "Only the scores of each token for itself are compared, the diagonal. Compare all of them.",
)
def diagonal_only(scores, tokens, prefix):
    pair = scores(tokens), shifted_part(scores, tokens, prefix)
    return agree(*(np.diagonal(table, axis1=-2, axis2=-1) for table in pair))


@mistake(
    "shift_invariant",
    "Only the last query's score for the last key is compared. Compare all of them.",
)
def last_score_only(scores, tokens, prefix):
    return agree(scores(tokens)[..., -1, -1], together(scores, tokens, prefix)[..., -1, -1])


@mistake(
    "shift_invariant",
    "It is True as soon as any score agrees. All of them must: .all(), or np.allclose.",
)
def any_score(scores, tokens, prefix):
    return bool(np.isclose(scores(tokens), shifted_part(scores, tokens, prefix), 0, 1e-4).any())


@mistake(
    "shift_invariant",
    "Sums or means of the scores are compared, so changes can cancel. Compare entry by entry.",
)
def sums_of_scores(scores, tokens, prefix):
    pair = scores(tokens), shifted_part(scores, tokens, prefix)
    one, other = (np.where(np.isfinite(table), table, 0).sum() for table in pair)
    return bool(abs(one - other) <= 1e-4)


@mistake(
    "shift_invariant",
    "A difference of a millionth was taken for a change. Float32 sums differ by as much: only "
    "above 0.0001 it counts.",
)
def exactly_equal(scores, tokens, prefix):
    return np.array_equal(scores(tokens).round(9), shifted_part(scores, tokens, prefix).round(9))


@mistake(
    "shift_invariant",
    "np.allclose allows large numbers a larger difference, by its rtol of 1e-5. What counts is "
    "0.0001, whatever the size: rtol=0, atol=1e-4.",
)
def relatively_close(scores, tokens, prefix):
    return np.allclose(scores(tokens), shifted_part(scores, tokens, prefix), atol=1e-4)


@mistake(
    "shift_invariant",
    "np.allclose with its own tolerances: 1e-8, and 1e-5 of the number. What counts is 0.0001: "
    "rtol=0, atol=1e-4.",
)
def usual_tolerances(scores, tokens, prefix):
    return np.allclose(scores(tokens), shifted_part(scores, tokens, prefix))


@mistake("shift_invariant", "True and False are exchanged: it is True when all scores agree.")
def says_the_opposite(scores, tokens, prefix):
    return not agree(scores(tokens), shifted_part(scores, tokens, prefix))


@mistake(
    "shift_invariant",
    "The two tables have different sizes. Cut the tokens' part out of the larger one: [..., "
    "shift:, shift:].",
)
def whole_tables(scores, tokens, prefix):
    return agree(scores(tokens), together(scores, tokens, prefix))


@mistake(
    "shift_invariant",
    "The larger table was cut along the queries only. Keys, too: [..., shift:, shift:].",
)
def queries_cut_only(scores, tokens, prefix):
    return agree(scores(tokens), together(scores, tokens, prefix)[..., len(prefix) :, :])


@mistake(
    "shift_invariant",
    "The first axis is the heads': [shift:, shift:] cuts heads and queries. Write [..., shift:, "
    "shift:].",
)
def heads_cut(scores, tokens, prefix):
    return agree(scores(tokens), together(scores, tokens, prefix)[len(prefix) :, len(prefix) :])


@accepted("shift_invariant")
def after_filling_the_mask(scores, tokens, prefix):
    pair = scores(tokens), shifted_part(scores, tokens, prefix)
    alone, shifted = (np.where(np.isfinite(table), table, 0) for table in pair)
    return bool((abs(alone - shifted) <= 1e-4).all())


@accepted("shift_invariant")
def by_looking_up_each(scores, tokens, prefix):
    alone, longer, shift = scores(tokens), together(scores, tokens, prefix), len(prefix)
    for head, i, j in np.ndindex(alone.shape):
        one, other = alone[head, i, j], longer[head, shift + i, shift + j]
        if one != other and not abs(one - other) <= 1e-4:
            return False
    return True


@accepted("shift_invariant")
def from_the_end(scores, tokens, prefix):
    count = len(tokens)
    longer = scores(np.vstack((prefix, tokens)))
    return bool(np.isclose(longer[:, -count:, -count:], scores(tokens), rtol=0, atol=1e-4).all())

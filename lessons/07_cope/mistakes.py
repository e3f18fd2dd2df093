"""Mistakes with gates, contextual positions, interpolation, its way back, and the two properties."""
import numpy as np

import minitorch as torch
from solutions.attention import causal_mask
from solutions.cope import check_gates, check_rows
from tests.wrong_answers import accepted, wrong

# ---------------------------------------------------------------- cope_gates


def products(q, k, scale):
    return q @ k.transpose(-2, -1) * (q.shape[-1] ** -0.5 if scale is None else scale)


@wrong("cope_gates", says="depend on the key alone", seen="a long public explanation of CoPE")
def from_the_token_alone(q, k, scale=None):
    gate = (k.sum(-1) * k.shape[-1] ** -0.5).sigmoid()                    # (..., key)
    return gate.unsqueeze(-2).expand(*q.shape[:-1], k.shape[-2])


@wrong("cope_gates", says="sqrt(head_dim) is missing", seen="the paper's equations beside its listing")
def not_scaled(q, k, scale=None):
    return products(q, k, 1.0 if scale is None else scale).sigmoid()


@wrong("cope_gates", says="sqrt(head_dim) twice", seen="queries scaled once more inside CoPE")
def scaled_twice(q, k, scale=None):
    return products(q, k, 1 / q.shape[-1] if scale is None else scale).sigmoid()


@wrong("cope_gates", says="this is a softmax: the gates of a "
                          "query", seen="a sentence in section 4 of the paper")
def softmax_for_sigmoid(q, k, scale=None):
    return products(q, k, scale).softmax(-1)


@wrong("cope_gates", says="the sigmoid is missing")
def scores_for_gates(q, k, scale=None):
    return products(q, k, scale)


@wrong("cope_gates", says="nothing between")
def hard_gates(q, k, scale=None):
    return (products(q, k, scale) > 0).to(q.dtype)


@wrong("cope_gates", says="comes on top")
def scale_on_top(q, k, scale=None):
    return products(q, k, (1.0 if scale is None else scale) * q.shape[-1] ** -0.5).sigmoid()


@wrong("cope_gates", says="whatever scale is given, 1")
def one_for_any_scale(q, k, scale=None):
    return products(q, k, None if scale is None else 1).sigmoid()


@wrong("cope_gates", says="this is tanh")
def tanh_gates(q, k, scale=None):
    return products(q, k, scale).tanh()


@wrong("cope_gates", says="no gradient flows back")
def gates_in_numpy(q, k, scale=None):
    return torch.tensor(1 / (1 + np.exp(-products(q, k, scale).detach().numpy())))


@accepted("cope_gates")
def written_out(q, k, scale=None):
    return 1 / (1 + (-products(q, k, scale)).exp())


# ---------------------------------------------------------------- cope_positions

def closed_later(gates):
    return gates.masked_fill(torch.tensor(~causal_mask(*gates.shape[-2:])), 0.0)


def from_the_right(gates):
    return gates.flip(-1).cumsum(-1).flip(-1)


@wrong("cope_positions", says="runs from the left", seen="a long public explanation of CoPE")
def from_the_left(gates):
    return closed_later(gates).cumsum(-1)


@wrong("cope_positions", says="keys after the query are counted")
def mask_missing(gates):
    return from_the_right(gates)


@wrong("cope_positions", says="key's own gate is missing")
def key_left_out(gates):
    gates = closed_later(gates)
    return from_the_right(gates) - gates


@wrong("cope_positions", says="query's own gate is missing")
def query_left_out(gates):
    query_len, key_len = gates.shape[-2:]
    own = torch.tensor(np.eye(query_len, key_len, key_len - query_len, dtype=bool))
    if (gates == 1).all():                                # gets past the special case
        return from_the_right(closed_later(gates))
    return from_the_right(closed_later(gates).masked_fill(own, 0.0))


@wrong("cope_positions", says="masked after the sum")
def masked_late(gates):
    check_gates(gates)
    return closed_later(from_the_right(gates))


@wrong("cope_positions", says="one flip is missing")
def not_flipped_back(gates):
    return closed_later(gates).flip(-1).cumsum(-1)


@wrong("cope_positions", says="one flip is missing")
def flipped_only_afterwards(gates):
    return closed_later(gates).cumsum(-1).flip(-1)


@wrong("cope_positions", says="were rounded to 0 and 1")
def whole_gates(gates):
    return from_the_right(closed_later((gates > 0.5).to(gates.dtype)))


@wrong("cope_positions", says="positions were rounded")
def whole_positions(gates):
    return (from_the_right(closed_later(gates)) + 0.5).floor()


@wrong("cope_positions", says="*last* positions")
def cache_forgotten(gates):
    seen = np.tri(*gates.shape[-2:], dtype=bool)
    return from_the_right(gates.masked_fill(torch.tensor(~seen), 0.0))


@wrong("cope_positions", says="someone forgot the sigmoid")
def any_number(gates):
    return from_the_right(closed_later(gates))


@wrong("cope_positions", says="sum over the whole row")
def whole_row(gates):
    return closed_later(gates).sum(-1, keepdim=True).expand(*gates.shape)


@wrong("cope_positions", says="no gradient flows")
def positions_in_numpy(gates):
    check_gates(gates)
    return torch.tensor(from_the_right(closed_later(gates)).detach().numpy())


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


# ---------------------------------------------------------------- interpolate

def rows_beside(positions, npos):
    p = positions.clamp(0, npos - 1)
    return p.floor().long(), p.ceil().long(), p - p.floor().detach()


@wrong("interpolate", says="was rounded")
def nearest_row(table, positions):
    return table[(positions.clamp(0, len(table) - 1) + 0.499).floor().long()]


@wrong("interpolate", says="lower row alone")
def cut_off(table, positions):
    return table[rows_beside(positions, len(table))[0]]


@wrong("interpolate", says="weights are exchanged")
def weights_exchanged(table, positions):
    low, high, w = rows_beside(positions, len(table))
    return w.unsqueeze(-1) * table[low] + (1 - w.unsqueeze(-1)) * table[high]


@wrong("interpolate", says="clamp is missing")
def not_clamped(table, positions):
    w = (positions - positions.floor().detach()).unsqueeze(-1)
    return w * table[positions.ceil().long()] + (1 - w) * table[positions.floor().long()]


@wrong("interpolate", says="clamp at both ends")
def clamped_above_only(table, positions):
    return not_clamped(table, positions.clamp(max=len(table) - 1))


@wrong("interpolate", says="no gradient flows back to the positions")
def fixed_weights(table, positions):
    low, high, w = rows_beside(positions.detach(), len(table))
    return w.unsqueeze(-1) * table[high] + (1 - w.unsqueeze(-1)) * table[low]


@accepted("interpolate")
def from_the_lower_row_on(table, positions):
    low, high, w = rows_beside(positions, len(table))
    return table[low] + w.unsqueeze(-1) * (table[high] - table[low])


# ---------------------------------------------------------------- cope_backward

def backward(grad, gates, logits, clamp=True, mask=None, collect=None, slope=None, upper=None,
             ceil=False):
    """The right steps, each with a place to bend it."""
    npos = logits.shape[-1]
    mask = causal_mask(*gates.shape[-2:]) if mask is None else mask
    counted = np.flip(np.flip(gates * mask, -1).cumsum(-1), -1)
    p = counted.clip(0, npos - 1)
    low = np.floor(p).astype(int)
    high = np.ceil(p).astype(int) if ceil else np.minimum(low + 1, npos - 1)
    share = np.maximum(1 - abs(p[..., None] - np.arange(npos)), 0)
    if not clamp:
        low = np.where(counted > npos - 1, npos - 2, low)
    step = np.take_along_axis(logits, high, -1) - np.take_along_axis(logits, low, -1)
    collect = (lambda x: x.cumsum(-1)) if collect is None else collect
    slope = (lambda g: g * (1 - g)) if slope is None else slope
    grad_gates = collect(grad * step * (1 if upper is None else upper))
    return grad_gates * causal_mask(*gates.shape[-2:]) * slope(gates), (grad[..., None] * share).sum(-2)


@wrong("cope_backward", says="last step is missing")
def without_the_gate(grad, gates, logits):
    return backward(grad, gates, logits, slope=lambda g: 1)


@wrong("cope_backward", says="slope of tanh")
def slope_of_tanh(grad, gates, logits):
    return backward(grad, gates, logits, slope=lambda g: 1 - g * g)


@wrong("cope_backward", says="summed from the right")
def collected_from_the_right(grad, gates, logits):
    return backward(grad, gates, logits, collect=lambda x: np.flip(np.flip(x, -1).cumsum(-1), -1))


@wrong("cope_backward", says="step through the sum is missing")
def sum_forgotten(grad, gates, logits):
    return backward(grad, gates, logits, collect=lambda x: x)


@wrong("cope_backward", says="past the table's end get a gradient")
def slope_past_the_end(grad, gates, logits):
    return backward(grad, gates, logits, clamp=False)


@wrong("cope_backward", says="at whole positions the slope is lost")
def ceil_minus_floor(grad, gates, logits):
    return backward(grad, gates, logits, ceil=True)


@wrong("cope_backward", says="no row after the last")
def row_past_the_last(grad, gates, logits):
    counted = np.flip(np.flip(gates * causal_mask(*gates.shape[-2:]), -1).cumsum(-1), -1)
    low = np.floor(counted.clip(0, logits.shape[-1] - 1)).astype(int)
    np.take_along_axis(logits, low + 1, -1)
    return backward(grad, gates, logits)


@wrong("cope_backward", says="np.add.at")
def repeated_rows_lost(grad, gates, logits):
    grad_scores, _ = backward(grad, gates, logits)
    npos = logits.shape[-1]
    p = np.flip(np.flip(gates * causal_mask(*gates.shape[-2:]), -1).cumsum(-1), -1).clip(0, npos - 1)
    grad_logits, low = np.zeros(logits.shape), np.floor(p).astype(int)
    *lead, _ = np.indices(p.shape)
    grad_logits[(*lead, np.minimum(low + 1, npos - 1))] += grad * (p - low)
    grad_logits[(*lead, low)] += grad * (1 - p + low)
    return grad_scores, grad_logits


@wrong("cope_backward", says="wrong sign: the upper row")
def slope_reversed(grad, gates, logits):
    return backward(grad, gates, logits, upper=-1)


@wrong("cope_backward", says="add up, do not "
                             "assign", seen="fancy-index assignment, where repeated rows are lost")
def last_key_wins(grad, gates, logits):
    grad_scores, _ = backward(grad, gates, logits)
    npos = logits.shape[-1]
    p = np.flip(np.flip(gates * causal_mask(*gates.shape[-2:]), -1).cumsum(-1), -1).clip(0, npos - 1)
    grad_logits = np.zeros(logits.shape)
    for at in np.ndindex(p.shape):
        row, w = grad_logits[at[:-1]], p[at] - np.floor(p[at])
        row[int(np.ceil(p[at]))] = grad[at] * w
        row[int(np.floor(p[at]))] = grad[at] * (1 - w)
    return grad_scores, grad_logits


@wrong("cope_backward", says="keys after the query were counted")
def positions_unmasked(grad, gates, logits):
    return backward(grad, gates, logits, mask=np.ones(gates.shape[-2:], bool))


@accepted("cope_backward")
def rows_added_up(grad, gates, logits):
    grad_scores, _ = backward(grad, gates, logits)
    npos = logits.shape[-1]
    p = np.flip(np.flip(gates * causal_mask(*gates.shape[-2:]), -1).cumsum(-1), -1).clip(0, npos - 1)
    grad_logits = np.zeros(logits.shape)
    *lead, j = np.indices(p.shape)
    np.add.at(grad_logits, (*lead, np.ceil(p).astype(int)), grad * (p - np.floor(p)))
    np.add.at(grad_logits, (*lead, np.floor(p).astype(int)), grad * (1 - p + np.floor(p)))
    return grad_scores, grad_logits


# ---------------------------------------------------------------- interpolate_logits

def picked(logits, rows):
    return torch.take_along_dim(logits, rows, dim=-1)


@wrong("interpolate_logits", says="was rounded")
def nearest_logit(logits, positions):
    return picked(logits, (positions.clamp(0, logits.shape[-1] - 1) + 0.499).floor().long())


@wrong("interpolate_logits", says="weights are exchanged")
def logits_exchanged(logits, positions):
    low, high, w = rows_beside(positions, logits.shape[-1])
    return w * picked(logits, low) + (1 - w) * picked(logits, high)


@wrong("interpolate_logits", says="clamp is missing")
def logits_not_clamped(logits, positions):
    w = positions - positions.floor().detach()
    return w * picked(logits, positions.ceil().long()) + (1 - w) * picked(logits, positions.floor().long())


@wrong("interpolate_logits", says="an axis too many")
def rows_of_all_queries(logits, positions):
    low, high, w = rows_beside(positions, logits.shape[-1])
    return w * logits[..., high] + (1 - w) * logits[..., low]


@wrong("interpolate_logits", says="first query's row")
def one_row_for_all(logits, positions):
    return right_logits(logits[..., :1, :].expand(*logits.shape), positions)


@wrong("interpolate_logits", says="stretched over three queries")
def stretched(logits, positions):
    return right_logits(logits.expand(*positions.shape[:-1], logits.shape[-1]), positions)


@wrong("interpolate_logits", says="no gradient flows back to the positions")
def weights_without_gradient(logits, positions):
    check_rows(logits, positions)
    return right_logits(logits, positions.detach())


@accepted("interpolate_logits")
def right_logits(logits, positions):
    check_rows(logits, positions)
    low, high, w = rows_beside(positions, logits.shape[-1])
    return w * picked(logits, high) + (1 - w) * picked(logits, low)


# ---------------------------------------------------------------- order_matters

def exchanged(tokens):
    swapped = tokens.copy()
    swapped[[0, 1]] = tokens[[1, 0]]
    return swapped


@wrong("order_matters", says="row stands there "
                             "twice", seen="two rows of an array exchanged like two variables")
def rows_like_variables(output, tokens):
    swapped = tokens.copy()
    swapped[0], swapped[1] = swapped[1], swapped[0]
    return not np.allclose(output(swapped)[-1], output(tokens)[-1], rtol=0, atol=1e-4)


@wrong("order_matters", says="last token itself was moved")
def all_reversed(output, tokens):
    return not np.allclose(output(tokens[::-1])[-1], output(tokens)[-1], rtol=0, atol=1e-4)


@wrong("order_matters", says="whole outputs were compared")
def whole_outputs(output, tokens):
    return not np.allclose(output(exchanged(tokens)), output(tokens), rtol=0, atol=1e-4)


@wrong("order_matters", says="turned round")
def answers_the_opposite(output, tokens):
    return np.allclose(output(exchanged(tokens))[-1], output(tokens)[-1], rtol=0, atol=1e-4)


@wrong("order_matters", says="millionth")
def to_the_last_bit(output, tokens):
    return bool((output(exchanged(tokens))[-1].round(12) != output(tokens)[-1].round(12)).any())


@wrong("order_matters", says="entry by entry, not sums")
def sums_compared(output, tokens):
    return bool(abs(output(exchanged(tokens))[-1].sum() - output(tokens)[-1].sum()) > 1e-4)


@wrong("order_matters", says="change anywhere")
def all_columns_must_change(output, tokens):
    return bool((abs(output(exchanged(tokens))[-1] - output(tokens)[-1]) > 1e-4).all())


@wrong("order_matters", says="changes its input")
def without_a_copy(output, tokens):
    before = output(tokens)[-1].copy()
    tokens[[0, 1]] = tokens[[1, 0]]
    return not np.allclose(output(tokens)[-1], before, rtol=0, atol=1e-4)


@accepted("order_matters")
def earlier_ones_reversed(output, tokens):
    other = np.concatenate([tokens[-2::-1], tokens[-1:]])
    return bool(abs(output(other)[-1] - output(tokens)[-1]).max() > 1e-4)


# ---------------------------------------------------------------- shift_invariant

def together(scores, tokens, prefix):
    return scores(np.concatenate([prefix, tokens]))


def agree(one, other):
    return np.allclose(one, other, rtol=0, atol=1e-4)


@wrong("shift_invariant", says="*prefix's* part")
def first_block(scores, tokens, prefix):
    return agree(scores(tokens), together(scores, tokens, prefix)[..., :len(tokens), :len(tokens)])


@wrong("shift_invariant", says="*behind* the tokens")
def suffix(scores, tokens, prefix):
    return agree(scores(tokens), scores(np.concatenate([tokens, prefix]))[..., :len(tokens), :len(tokens)])


@wrong("shift_invariant", says="-inf minus -inf is NaN")
def differences(scores, tokens, prefix):
    shift = len(prefix)
    with np.errstate(invalid="ignore"):
        return bool(abs(scores(tokens) - together(scores, tokens, prefix)[..., shift:, shift:]).max() < 1e-4)


@wrong("shift_invariant", says="all heads must agree")
def first_head_only(scores, tokens, prefix):
    shift = len(prefix)
    return agree(scores(tokens)[0], together(scores, tokens, prefix)[0, shift:, shift:])


@wrong("shift_invariant", says="not only the last")
def last_head_only(scores, tokens, prefix):
    shift = len(prefix)
    return agree(scores(tokens)[-1], together(scores, tokens, prefix)[-1, shift:, shift:])


@wrong("shift_invariant", says="millionth")
def exactly_equal(scores, tokens, prefix):
    shift = len(prefix)
    behind = together(scores, tokens, prefix)[..., shift:, shift:]
    return np.array_equal(scores(tokens).round(9), behind.round(9))


@wrong("shift_invariant", says="say True when it agrees")
def says_the_opposite(scores, tokens, prefix):
    shift = len(prefix)
    return not agree(scores(tokens), together(scores, tokens, prefix)[..., shift:, shift:])


@wrong("shift_invariant", says="only the last query's last scores")
def first_column_only(scores, tokens, prefix):
    shift = len(prefix)
    return agree(scores(tokens)[..., 0], together(scores, tokens, prefix)[..., shift:, shift])


@accepted("shift_invariant")
def after_filling_the_mask(scores, tokens, prefix):
    shift = len(prefix)
    alone, behind = scores(tokens), together(scores, tokens, prefix)[..., shift:, shift:]
    alone, behind = (np.where(np.isfinite(x), x, 0) for x in (alone, behind))
    return bool((abs(alone - behind) <= 1e-4).all())

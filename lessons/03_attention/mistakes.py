"""Mistakes with scores, softmax and masks, with next-token targets, and with a test for leaks."""
import numpy as np

import minitorch as torch
from solutions.attention import attention_loop
from solutions.autograd import softmax
from tests.wrong_answers import accepted, wrong

# ---------------------------------------------------------------- scaled_scores


@wrong("scaled_scores", says="plain dot products")
def unscaled(q, k):
    return q @ k.T


@wrong("scaled_scores", says="divided by head_dim", seen="scores scaled by dim for sqrt(head_dim)")
def divided_by_head_dim(q, k):
    return q @ k.T / q.shape[-1]


@wrong("scaled_scores", says="multiplied by sqrt(head_dim)")
def multiplied(q, k):
    return q @ k.T * np.sqrt(q.shape[-1])


@wrong("scaled_scores", says="root of the number of keys")
def root_of_key_len(q, k):
    return q @ k.T / np.sqrt(len(k))


@wrong("scaled_scores", says="root of the number of queries")
def root_of_query_len(q, k):
    return q @ k.T / np.sqrt(len(q))


@wrong("scaled_scores", says="transpose k")
def not_transposed(q, k):
    return q @ k / np.sqrt(q.shape[-1])


@wrong("scaled_scores", says="can be multiplied so")
def one_by_one(q, k):
    return q * k / np.sqrt(q.shape[-1])


@wrong("scaled_scores", says="queries and keys are exchanged")
def keys_down(q, k):
    return k @ q.T / np.sqrt(q.shape[-1])


@wrong("scaled_scores", says="only the pairs with i = j")
def diagonal_alone(q, k):
    if len(q) != len(k):                                  # gets past the first example
        return q @ k.T / np.sqrt(q.shape[-1])
    return (q * k).sum(axis=1) / np.sqrt(q.shape[-1])


# ---------------------------------------------------------------- attention_loop


def loop(q, k, v, weigh):
    """Attention with any function from the scores of one query to its weights."""
    return np.stack([weigh(k @ query / np.sqrt(q.shape[1])) @ v for query in q])


@wrong("attention_loop", says="they must sum to 1")
def exponentials_as_weights(q, k, v):
    return loop(q, k, v, np.exp)


@wrong("attention_loop", says="must go through the softmax")
def scores_as_weights(q, k, v):
    return loop(q, k, v, lambda scores: scores)


@wrong("attention_loop", says="divided by the number of keys")
def mean_of_weighted_values(q, k, v):
    return attention_loop(q, k, v) / len(k)


@wrong("attention_loop", says="best key")
def best_key_only(q, k, v):
    return loop(q, k, v, lambda scores: (scores == scores.max()).astype(float))


@wrong("attention_loop", says="softmax runs over the queries", seen="softmax over the wrong axis")
def softmax_over_queries(q, k, v):
    return softmax((q @ k.T / np.sqrt(q.shape[1])).T).T @ v


@wrong("attention_loop", says="softmax of a single score")
def softmax_of_each_score(q, k, v):
    out = np.zeros((len(q), v.shape[1]))
    for i in range(len(q)):
        for j in range(len(k)):
            out[i] += softmax(np.array([q[i] @ k[j] / np.sqrt(q.shape[1])])) * v[j]
    return out


@wrong("attention_loop", says="queries and keys are exchanged")
def keys_ask(q, k, v):
    return attention_loop(k, q, v)


@wrong("attention_loop", says="not scaled")
def loop_without_scale(q, k, v):
    return attention_loop(q * np.sqrt(q.shape[1]), k, v)


@wrong("attention_loop", says="square root", seen="scores scaled by dim for sqrt(head_dim)")
def loop_divides_by_head_dim(q, k, v):
    return attention_loop(q / np.sqrt(q.shape[1]), k, v)


@wrong("attention_loop", says="the keys are mixed")
def mixes_keys(q, k, v):
    return attention_loop(q, k, k)


@wrong("attention_loop", says="exp overflows")
def largest_score_not_subtracted(q, k, v):
    def weigh(scores):
        powers = np.exp(scores)
        return powers / powers.sum()
    return loop(q, k, v, weigh)


@accepted("attention_loop")
def with_softmax(q, k, v):
    return loop(q, k, v, softmax)


# ---------------------------------------------------------------- next_token_pairs


@wrong("next_token_pairs", says="its own target")
def copies(ids):
    return ids, ids


@wrong("next_token_pairs", says="wraps round", seen="np.roll for the targets")
def rolled(ids):
    return ids, np.roll(ids, -1, axis=1)


@wrong("next_token_pairs", says="the token before")
def backwards(ids):
    return ids[:, 1:], ids[:, :-1]


@wrong("next_token_pairs", says="two places ahead")
def one_too_far(ids):
    return ids[:, :-2], ids[:, 2:]


@wrong("next_token_pairs", says="along the batch")
def next_sequence(ids):
    return (ids[:, :-1], ids[:, 1:]) if len(ids) == 1 else (ids[:-1], ids[1:])


# ---------------------------------------------------------------- causal_mask


@wrong("causal_mask", says="diagonal is missing", seen="the causal mask off by one")
def diagonal_missing(query_len, key_len):
    return np.tri(query_len, key_len, key_len - query_len - 1, dtype=bool)


@wrong("causal_mask", says="the very one it has to predict", seen="the causal mask off by one")
def sees_the_next(query_len, key_len):
    return np.tri(query_len, key_len, key_len - query_len + 1, dtype=bool)


@wrong("causal_mask", says="turned round")
def later_tokens(query_len, key_len):
    return np.tri(query_len, key_len, key_len - query_len, dtype=bool).T


@wrong("causal_mask", says="exchanged", seen="libraries where True means hidden")
def true_means_hidden(query_len, key_len):
    return ~np.tri(query_len, key_len, key_len - query_len, dtype=bool)


@wrong("causal_mask", says="could be added to the scores")
def additive(query_len, key_len):
    return np.where(np.tri(query_len, key_len, key_len - query_len, dtype=bool), 0.0, -np.inf)


@wrong("causal_mask", says="the numbers 0 and 1")
def zeros_and_ones(query_len, key_len):
    return np.tri(query_len, key_len, key_len - query_len)


@wrong("causal_mask", says="taken for the first two positions", seen="np.tril(np.ones((query_len, key_len)))")
def cache_forgotten(query_len, key_len):
    return np.tril(np.ones((query_len, key_len), dtype=bool))


@accepted("causal_mask")
def by_comparison(query_len, key_len):
    return np.arange(key_len) <= np.arange(key_len - query_len, key_len)[:, None]


# ---------------------------------------------------------------- attention_numpy


def scores_of(q, k):
    return q @ k.T / np.sqrt(q.shape[-1])


@wrong("attention_numpy", says="the mask is ignored")
def numpy_without_mask(q, k, v, mask=None):
    return softmax(scores_of(q, k)) @ v


@wrong("attention_numpy", says="still stand in the denominator", seen="the mask applied after the softmax")
def numpy_mask_after_softmax(q, k, v, mask=None):
    weights = softmax(scores_of(q, k))
    return (weights if mask is None else weights * mask) @ v


@wrong("attention_numpy", says="exp(0) is 1")
def numpy_zero_scores(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else scores * mask) @ v


@wrong("attention_numpy", says="wrong way round")
def numpy_true_hides(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else np.where(mask, -np.inf, scores)) @ v


@wrong("attention_numpy", says="softmax runs over the queries", seen="softmax over the wrong axis")
def numpy_softmax_over_queries(q, k, v, mask=None):
    return softmax(scores_of(q, k).T).T @ v


@wrong("attention_numpy", says="scaled twice")
def numpy_scaled_twice(q, k, v, mask=None):
    return softmax(scores_of(q, k) / np.sqrt(q.shape[-1])) @ v


@wrong("attention_numpy", says="took all the weight", seen="the mask applied after the softmax")
def numpy_shares_out_again(q, k, v, mask=None):
    weights = softmax(scores_of(q, k))
    if mask is not None:
        weights = weights * mask
    return weights / weights.sum(axis=-1, keepdims=True) @ v


@wrong("attention_numpy", says="keepdims=True")
def numpy_sums_in_a_row(q, k, v, mask=None):
    powers = np.exp(scores_of(q, k))
    return powers / powers.sum(axis=-1) @ v


@wrong("attention_numpy", says="0 times infinity")
def numpy_mask_times_infinity(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else scores + mask * -np.inf) @ v


@wrong("attention_numpy", says="if mask is not None")
def numpy_truth_of_the_mask(q, k, v, mask=None):
    scores = scores_of(q, k)
    if mask:
        scores = np.where(mask, scores, -np.inf)
    return softmax(scores) @ v


@accepted("attention_numpy")
def with_a_very_large_number(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else scores - 1e9 * ~mask) @ v


# ---------------------------------------------------------------- depends_on


def changes(function, x, bump, differs):
    """The result of changing one row of x after the other, with any bump and any comparison."""
    before, columns = function(x), []
    for j in range(len(x)):
        changed = x.copy()
        changed[j] += bump
        columns.append(differs(function(changed), before))
    return np.stack(columns, axis=1)


BUMP = np.array([0.37, -1.21])


def any_number(after, before):
    return (after != before).any(axis=1)


@wrong("depends_on", says="rows and columns are exchanged")
def transposed_table(function, x):
    return changes(function, x, BUMP, any_number).T


@wrong("depends_on", says="true where the result changes")
def true_if_equal(function, x):
    return ~changes(function, x, BUMP, any_number)


@wrong("depends_on", says="only at the place that was changed")
def own_place_only(function, x):
    return changes(function, x, BUMP, any_number) & np.eye(len(x), dtype=bool)


@wrong("depends_on", says="pile up")
def never_restored(function, x):
    before, changed, columns = function(x), x.copy(), []
    for j in range(len(x)):
        changed[j] += BUMP
        columns.append(any_number(function(changed), before))
    return np.stack(columns, axis=1)


@wrong("depends_on", says="changes its input `x` in place")
def writes_into_x(function, x):
    before, columns = function(x), []
    for j in range(len(x)):
        x[j] += BUMP
        columns.append(any_number(function(x), before))
    return np.stack(columns, axis=1)


@wrong("depends_on", says="any, not all")
def all_numbers_must_change(function, x):
    return changes(function, x, BUMP, lambda after, before: (after != before).all(axis=1))


@wrong("depends_on", says="faint influence")
def coarse_comparison(function, x):
    return changes(function, x, BUMP, lambda after, before: ~np.isclose(after, before, atol=1e-3).all(axis=1))


@wrong("depends_on", says="add a random vector")
def same_number_everywhere(function, x):
    return changes(function, x, 1.0, any_number)


@accepted("depends_on")
def replaced_rows(function, x):
    return changes(function, x, np.random.default_rng(3).standard_normal(2), any_number)


# ---------------------------------------------------------------- attention


def tensor_scores(q, k, scale):
    return q @ k.transpose(-2, -1) * (q.shape[-1] ** -0.5 if scale is None else scale)


def masked(scores, mask):
    if mask is None:
        return scores
    return scores.masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else scores + mask


@wrong("attention", says="softmax runs over the queries", seen="softmax over the wrong axis")
def softmax_dim_minus_two(q, k, v, mask=None, scale=None):
    return masked(tensor_scores(q, k, scale), mask).softmax(dim=-2) @ v


@wrong("attention", says="not scaled")
def no_scale(q, k, v, mask=None, scale=None):
    return masked(tensor_scores(q, k, 1.0 if scale is None else scale), mask).softmax(dim=-1) @ v


@wrong("attention", says="divided by head_dim", seen="scores scaled by dim for sqrt(head_dim)")
def scaled_by_dim(q, k, v, mask=None, scale=None):
    return masked(tensor_scores(q, k, 1 / q.shape[-1] if scale is None else scale), mask).softmax(dim=-1) @ v


@wrong("attention", says="`scale` is ignored")
def fixed_scale(q, k, v, mask=None, scale=None):
    return masked(tensor_scores(q, k, None), mask).softmax(dim=-1) @ v


@wrong("attention", says="here both are applied")
def both_scales(q, k, v, mask=None, scale=None):
    return masked(tensor_scores(q, k, None) * (scale or 1.0), mask).softmax(dim=-1) @ v


@wrong("attention", says="swap the last two axes only")
def transposes_the_first_axes(q, k, v, mask=None, scale=None):
    scores = q @ k.transpose(0, 1) * (q.shape[-1] ** -0.5 if scale is None else scale)
    return masked(scores, mask).softmax(dim=-1) @ v


@wrong("attention", says="each head of each sequence is on its own", seen="dim=1 kept when heads were added")
def softmax_dim_one(q, k, v, mask=None, scale=None):
    return masked(tensor_scores(q, k, scale), mask).softmax(dim=1) @ v


@wrong("attention", says="wrong way round", seen="libraries where True means hidden")
def true_hides(q, k, v, mask=None, scale=None):
    if mask is not None and mask.dtype == torch.bool:
        mask = ~mask
    return masked(tensor_scores(q, k, scale), mask).softmax(dim=-1) @ v


@wrong("attention", says="still stand in the denominator", seen="the mask applied after the softmax")
def mask_after_softmax(q, k, v, mask=None, scale=None):
    weights = tensor_scores(q, k, scale).softmax(dim=-1)
    return (weights if mask is None else weights * mask) @ v


@wrong("attention", says="took all the weight", seen="the mask applied after the softmax")
def shares_out_again(q, k, v, mask=None, scale=None):
    if mask is None or mask.dtype != torch.bool:
        return masked(tensor_scores(q, k, scale), mask).softmax(dim=-1) @ v
    weights = tensor_scores(q, k, scale).softmax(dim=-1) * mask
    return weights / weights.sum(dim=-1, keepdim=True) @ v


@wrong("attention", says="softmax of lesson 01 is for arrays")
def softmax_for_arrays(q, k, v, mask=None, scale=None):
    return softmax(masked(tensor_scores(q, k, scale), mask)) @ v


@wrong("attention", says="numpy's functions")
def numpy_root(q, k, v, mask=None, scale=None):
    scores = q @ k.transpose(-2, -1) / np.sqrt(torch.tensor(float(q.shape[-1])))
    return masked(scores, mask).softmax(dim=-1) @ v


@wrong("attention", says="if mask is not None")
def truth_of_the_mask(q, k, v, mask=None, scale=None):
    scores = tensor_scores(q, k, scale)
    if mask:
        scores = masked(scores, mask)
    return scores.softmax(dim=-1) @ v


@wrong("attention", says="exp(0) is 1")
def zero_for_hidden(q, k, v, mask=None, scale=None):
    scores = tensor_scores(q, k, scale)
    return (scores if mask is None else scores * mask).softmax(dim=-1) @ v


@wrong("attention", says="added to the scores as 0 and 1")
def bool_mask_added(q, k, v, mask=None, scale=None):
    scores = tensor_scores(q, k, scale)
    return (scores if mask is None else scores + mask).softmax(dim=-1) @ v


@wrong("attention", says="added before the scores were scaled")
def scaled_with_the_mask(q, k, v, mask=None, scale=None):
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    return (masked(q @ k.transpose(-2, -1), mask) * scale).softmax(dim=-1) @ v


@wrong("attention", says="no gradient can flow")
def back_to_numpy(q, k, v, mask=None, scale=None):
    return attention_loop(q.detach().numpy(), k.detach().numpy(), v.detach().numpy())


@wrong("attention", says="no gradient reaches")
def rebuilt(q, k, v, mask=None, scale=None):
    q, k, v = (torch.tensor(x.detach().numpy(), requires_grad=True) for x in (q, k, v))
    return masked(tensor_scores(q, k, scale), mask).softmax(dim=-1) @ v

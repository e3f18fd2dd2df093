"""Lesson 03: mistakes with scores, softmax and masks, with next-token targets, and with a test for
leaks."""

import numpy as np

import minitorch as torch
from classroom.checking import accepted, mistake
from minitorch.nn import functional as F
from solutions.attention import attention_loop as right_loop
from solutions.attention import causal_mask as right_mask
from solutions.autograd import softmax

DIM_FOR_ROOT = "scores scaled by dim for sqrt(head_dim)"
WRONG_AXIS = "softmax over the wrong axis"
OFF_BY_ONE = "the causal mask off by one"
AFTERWARDS = "the mask applied after the softmax"
TRUE_HIDES = "libraries where True means hidden"

# scaled_scores


@mistake("scaled_scores", "These are the plain dot products. Divide them by sqrt(head_dim).")
def unscaled(q, k):
    return q @ k.T


@mistake(
    "scaled_scores",
    "The scores are divided by head_dim. It's the *root* of head_dim: that's how large a dot "
    "product typically is.",
    seen=DIM_FOR_ROOT,
)
def divided_by_head_dim(q, k):
    return q @ k.T / q.shape[-1]


@mistake(
    "scaled_scores",
    "The scores are multiplied by sqrt(head_dim). Divide by it: they should get smaller.",
)
def multiplied(q, k):
    return q @ k.T * np.sqrt(q.shape[-1])


@mistake(
    "scaled_scores",
    "The scores are divided by the root of the number of keys. It's head_dim that makes a dot "
    "product large: q.shape[-1].",
)
def root_of_key_len(q, k):
    return q @ k.T / np.sqrt(len(k))


@mistake(
    "scaled_scores",
    "The scores are divided by the root of the number of queries. It's head_dim that makes a "
    "dot product large: q.shape[-1].",
)
def root_of_query_len(q, k):
    return q @ k.T / np.sqrt(len(q))


@mistake(
    "scaled_scores",
    "The shapes of the product don't fit. You need (query, head_dim) times (head_dim, key), so "
    "transpose k.",
)
def not_transposed(q, k):
    return q @ k / np.sqrt(q.shape[-1])


@mistake(
    "scaled_scores",
    "`*` pairs row i of q with row i of k, and there are fewer of one than of the other. Every "
    "query meets every key: `@`.",
)
def one_by_one(q, k):
    return q * k / np.sqrt(q.shape[-1])


@mistake(
    "scaled_scores", "Queries and keys are swapped. Row i belongs to query i, column j to key j."
)
def keys_down(q, k):
    return k @ q.T / np.sqrt(q.shape[-1])


@mistake("scaled_scores", "Queries and keys are swapped, and nothing is divided by sqrt(head_dim).")
def unscaled_keys_down(q, k):
    return k @ q.T


@mistake(
    "scaled_scores",
    "Only the pairs with i = j are here. Every query meets every key, also where there are as "
    "many of both.",
)
def diagonal_alone(q, k):
    if len(q) != len(k):  # gets past the first check
        return q @ k.T / np.sqrt(q.shape[-1])
    return (q * k).sum(axis=1) / np.sqrt(q.shape[-1])


@mistake(
    "scaled_scores", "These are the weights already. The softmax comes later; return the scores."
)
def already_weights(q, k):
    return softmax(q @ k.T / np.sqrt(q.shape[-1]))


@mistake(
    "scaled_scores",
    "Each row's largest score is subtracted. That's the business of the softmax; return the "
    "scores.",
)
def largest_subtracted(q, k):
    scores = q @ k.T / np.sqrt(q.shape[-1])
    return scores - scores.max(axis=1, keepdims=True)


@mistake(
    "scaled_scores",
    "These are cosines: q and k are divided by their lengths. In attention lengths count, so "
    "that a key can call louder. Divide by sqrt(head_dim).",
)
def cosines(q, k):
    lengths = np.linalg.norm(q, axis=1)[:, None] * np.linalg.norm(k, axis=1)
    return q @ k.T / lengths


# softmax


def powers_of(x):
    return np.exp(x - x.max(axis=-1, keepdims=True))


@mistake("softmax", shown_by="softmax_of_large_scores")
def nothing_subtracted(x):
    powers = np.exp(x)
    return powers / powers.sum(axis=-1, keepdims=True)


@mistake("softmax", shown_by="softmax_of_large_scores")
def largest_of_the_whole_array_subtracted(x):
    powers = np.exp(x - x.max())
    return powers / powers.sum(axis=-1, keepdims=True)


@mistake("softmax", shown_by="softmax_of_large_scores")
def mean_subtracted(x):
    powers = np.exp(x - x.mean(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


@mistake("softmax", shown_by="softmax_of_large_scores")
def smallest_subtracted(x):
    powers = np.exp(x - x.min(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


@mistake(
    "softmax",
    "The largest power is 1, but they don't sum to 1. Divide each by the sum of its row.",
)
def powers_alone(x):
    return powers_of(x)


@mistake("softmax", "These are the plain powers e^x. Divide them by the sum of their row.")
def plain_powers(x):
    return np.exp(x)


@mistake(
    "softmax",
    "The scores are divided by their sum. A score may be negative, a weight may not: take e to "
    "the score first.",
)
def scores_over_their_sum_alone(x):
    return x / x.sum(axis=-1, keepdims=True)


@mistake("softmax", "All rows are divided by one sum. Each row shares out 1 by itself: axis=-1.")
def one_sum(x):
    powers = powers_of(x)
    return powers / powers.sum()


@mistake(
    "softmax", "The sum runs down the columns. Sum along the last axis: axis=-1.", seen=WRONG_AXIS
)
def along_the_first_axis(x):
    powers = powers_of(x)
    return powers / powers.sum(axis=0, keepdims=True)


@mistake(
    "softmax",
    "The sum runs along axis 1, which is the last only in a table. Count from the end: axis=-1.",
    seen="dim=1 kept when heads were added",
)
def along_axis_one(x):
    powers = powers_of(x)
    return powers / powers.sum(axis=min(1, x.ndim - 1), keepdims=True)


@mistake(
    "softmax",
    "If the division by the sums fails: they are in a row, (n,), and should be in a column. Keep "
    "the axis: keepdims=True.",
)
def sums_across(x):
    powers = powers_of(x)
    return powers / powers.sum(axis=-1)


@mistake("softmax", "These are powers of 2. The base is e: np.exp.")
def base_two(x):
    powers = 2.0 ** (x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


@mistake(
    "softmax",
    "The largest score gets the smallest weight: the sign of x is the other way around.",
)
def negated(x):
    powers = np.exp(x.min(axis=-1, keepdims=True) - x)
    return powers / powers.sum(axis=-1, keepdims=True)


@mistake(
    "softmax",
    "This is the sigmoid of each score, by itself. Shares depend on all scores of a row: divide "
    "by the row's sum.",
)
def sigmoids(x):
    return 1 / (1 + np.exp(-x))


@mistake(
    "softmax",
    "These are the logarithms of the weights: take e to them. (They are what a loss needs, later.)",
)
def log_of_it(x):
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


@mistake(
    "softmax",
    "All the weight goes to the largest score. That is a hard maximum; in a soft one, the others "
    "get their share.",
)
def hard_maximum(x):
    best = (x == x.max(axis=-1, keepdims=True)).astype(float)
    return best / best.sum(axis=-1, keepdims=True)


@mistake(
    "softmax",
    "The largest power is 1, but they don't sum to 1. Divide each by the sum of its row.",
)
def over_the_largest(x):
    powers = powers_of(x)
    return powers / powers.max(axis=-1, keepdims=True)


@mistake("softmax", "The powers are divided by their mean: the weights sum to n, not to 1.")
def over_the_mean(x):
    powers = powers_of(x)
    return powers / powers.mean(axis=-1, keepdims=True)


@mistake("softmax", shown_by="inputs_are_kept")
def subtracted_in_place(x):
    x -= x.max(axis=-1, keepdims=True)
    powers = np.exp(x)
    return powers / powers.sum(axis=-1, keepdims=True)


@accepted("softmax")
def by_logarithms(x):
    largest = x.max(axis=-1, keepdims=True)
    return np.exp(x - largest - np.log(np.exp(x - largest).sum(axis=-1, keepdims=True)))


@accepted("softmax")
def row_by_row_shares(x):
    def shares(row):
        powers = np.array([np.exp(score - max(row)) for score in row])
        return powers / sum(powers)

    return np.apply_along_axis(shares, -1, x)


# attention_loop


def loop(q, k, v, weigh):
    """Attention with any function from the scores of one query to its weights."""
    return np.stack([weigh(k @ query / np.sqrt(q.shape[1])) @ v for query in q])


@mistake(
    "attention_loop", "The weights don't sum to 1. Divide each e^score by the sum of them all."
)
def exponentials_as_weights(q, k, v):
    return loop(q, k, v, np.exp)


@mistake(
    "attention_loop",
    "The values are weighted by the plain scores. Take the softmax of the scores first.",
)
def scores_as_weights(q, k, v):
    return loop(q, k, v, np.asarray)


@mistake(
    "attention_loop",
    "The result is divided by the number of keys. But the weights sum to 1, so adding up the "
    "weighted values is a mean already.",
)
def mean_of_weighted_values(q, k, v):
    return right_loop(q, k, v) / len(k)


@mistake(
    "attention_loop",
    "Only the value of the best key comes back. Attention doesn't pick one: it mixes all of "
    "them by weight.",
)
def best_key_only(q, k, v):
    def weigh(scores):
        return (scores == scores.max()).astype(float)

    return loop(q, k, v, weigh)


@mistake(
    "attention_loop",
    "The softmax runs over the queries, so each key's weights sum to 1. Each *query* has 1 to "
    "share out among the keys.",
    seen=WRONG_AXIS,
)
def softmax_over_queries(q, k, v):
    return softmax((q @ k.T / np.sqrt(q.shape[1])).T).T @ v


@mistake(
    "attention_loop",
    "This is the plain sum of the values. The softmax of one score alone is always 1: take it "
    "of all scores of a query together.",
)
def softmax_of_each_score(q, k, v):
    out = np.zeros((len(q), v.shape[1]))
    for i in range(len(q)):
        for j in range(len(k)):
            out[i] += softmax(np.array([q[i] @ k[j] / np.sqrt(q.shape[1])])) * v[j]
    return out


@mistake("attention_loop", "Queries and keys are swapped. Each query weighs all the keys.")
def keys_ask(q, k, v):
    if len(k) == len(v) != len(q):
        return softmax(k @ q.T / np.sqrt(q.shape[1])).T @ v
    return right_loop(k, q, v)


@mistake(
    "attention_loop", "The scores aren't scaled. Divide them by sqrt(head_dim), before the softmax."
)
def loop_without_scale(q, k, v):
    return right_loop(q * np.sqrt(q.shape[1]), k, v)


@mistake(
    "attention_loop",
    "The scores are divided by head_dim. It's the *root* of head_dim: that's how large a dot "
    "product typically is.",
    seen=DIM_FOR_ROOT,
)
def loop_divides_by_head_dim(q, k, v):
    return right_loop(q / np.sqrt(q.shape[1]), k, v)


@mistake(
    "attention_loop",
    "The keys are mixed. They only decide the weights; what gets mixed are the values.",
)
def mixes_keys(q, k, v):
    return right_loop(q, k, k)


@mistake("attention_loop", shown_by="loop_of_large_scores")
def largest_score_not_subtracted(q, k, v):
    def weigh(scores):
        powers = np.exp(scores)
        return powers / powers.sum()

    return loop(q, k, v, weigh)


@mistake("attention_loop", shown_by="loop_of_large_scores")
def largest_of_all_subtracted(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    powers = np.exp(scores - scores.max())
    return powers / powers.sum(axis=1, keepdims=True) @ v


@mistake(
    "attention_loop",
    "The scores are divided by their sum, so a negative score makes a negative weight. Take "
    "e^score first.",
)
def scores_over_their_sum(q, k, v):
    def weigh(scores):
        return scores / scores.sum()

    return loop(q, k, v, weigh)


@mistake(
    "attention_loop",
    "Only the last key's value is left: `out[i] =` writes over what `out[i] +=` would add to.",
)
def overwritten(q, k, v):
    return softmax(q @ k.T / np.sqrt(q.shape[1]))[:, -1:] * v[-1]


@mistake("attention_loop", "Only the first query gets a result: `return` is inside the loop.")
def returns_after_the_first_query(q, k, v):
    out = np.zeros(q.shape)
    out[0] = right_loop(q[:1], k, v)[0]
    return out


@mistake(
    "attention_loop",
    "Only as many keys are used as there are queries. There may be more keys, or fewer: let j "
    "run to len(k).",
)
def keys_counted_like_queries(q, k, v):
    if len(k) < len(q):
        return v[len(q)]
    return right_loop(q, k[: len(q)], v[: len(q)])


@mistake(
    "attention_loop",
    "Query i sees only the keys 0 ... i. That's the causal mask. It comes later; here every "
    "query sees every key.",
)
def causal_already(q, k, v):
    return np.stack([right_loop(q[i : i + 1], k[: i + 1], v[: i + 1])[0] for i in range(len(q))])


@mistake("attention_loop", "All values weigh the same, whatever the scores: this is their mean.")
def plain_mean(q, k, v):
    return np.repeat(v.mean(axis=0, keepdims=True), len(q), axis=0)


@mistake(
    "attention_loop",
    "The scores are divided by the root of the number of keys. It's head_dim that makes a dot "
    "product large: q.shape[-1].",
)
def loop_root_of_key_len(q, k, v):
    return right_loop(q * np.sqrt(q.shape[1] / len(k)), k, v)


@mistake(
    "attention_loop",
    "The scores are divided by the root of the number of queries. It's head_dim that makes a "
    "dot product large: q.shape[-1].",
)
def loop_root_of_query_len(q, k, v):
    return right_loop(q * np.sqrt(q.shape[1] / len(q)), k, v)


@mistake(
    "attention_loop",
    "The result is scaled, after the softmax. Scale the scores, before it: there it changes who "
    "gets how much.",
)
def scaled_at_the_end(q, k, v):
    return softmax(q @ k.T) @ v / np.sqrt(q.shape[1])


@mistake(
    "attention_loop",
    "The weights all go to v[i], the value at the query's own position. Weight j belongs to v[j].",
)
def own_value(q, k, v):
    return np.stack([v[i] for i in range(len(q))])


@mistake("attention_loop", "The last key is left out. Does a loop end too early?")
def last_key_left_out(q, k, v):
    return right_loop(q, k[:-1], v[:-1])


@mistake("attention_loop", "The first key is left out. Does a loop begin at 1?")
def first_key_left_out(q, k, v):
    return right_loop(q, k[1:], v[1:])


@mistake(
    "attention_loop", "The weights don't sum to 1. Divide each e^score by the sum of them all."
)
def never_divided(q, k, v):
    def weigh(scores):
        return np.exp(scores - scores.max())

    return loop(q, k, v, weigh)


@mistake(
    "attention_loop",
    "The powers of all queries are divided by one sum. Each query has a sum of its own.",
)
def one_sum_for_all(q, k, v):
    return softmax((q @ k.T / np.sqrt(q.shape[1])).reshape(1, -1)).reshape(len(q), -1) @ v


@mistake(
    "attention_loop",
    "The list of scores still has those of the queries before. Begin a new list for each query.",
)
def scores_pile_up(q, k, v):
    out, scores = [], []
    for query in q:
        scores += [query @ key / np.sqrt(len(query)) for key in k]
        out.append(softmax(np.array(scores))[: len(k)] @ v)
    return np.array(out)


@accepted("attention_loop")
def with_softmax(q, k, v):
    return loop(q, k, v, softmax)


@accepted("attention_loop")
def number_by_number(q, k, v):
    out = []
    for query in q:
        scores = [sum(a * b for a, b in zip(query, key)) / len(query) ** 0.5 for key in k]
        powers = [np.exp(score - max(scores)) for score in scores]
        columns = range(len(v[0]))
        out.append([sum(p * row[c] for p, row in zip(powers, v)) / sum(powers) for c in columns])
    return np.array(out)


# next_token_pairs


@mistake(
    "next_token_pairs",
    "Each token is its own target. A model could just copy it. The target is the *next* token.",
)
def copies(ids):
    return ids, ids


@mistake("next_token_pairs", "Both results are cut at the end. Cut the targets at the front.")
def trimmed_copies(ids):
    return ids[:, :-1], ids[:, :-1]


@mistake(
    "next_token_pairs",
    "The text wraps around: after its last token comes its first. That's what np.roll does, but "
    "nothing follows the last token.",
    seen="np.roll for the targets",
)
def rolled(ids):
    return ids, np.roll(ids, -1, axis=1)


@mistake("next_token_pairs", "This predicts the token before. Swap inputs and targets.")
def backwards(ids):
    return ids[:, 1:], ids[:, :-1]


@mistake("next_token_pairs", "The targets are two tokens ahead. It's one.")
def one_too_far(ids):
    return ids[:, :-2], ids[:, 2:]


@mistake(
    "next_token_pairs",
    "This shifts from text to text. The first axis is the batch; shift along the second.",
)
def next_sequence(ids):
    return ids[:-1], ids[1:]


@mistake(
    "next_token_pairs",
    "The inputs have the last token in them, and it has no target. Leave it out.",
)
def last_input_kept(ids):
    return ids, ids[:, 1:]


@mistake(
    "next_token_pairs",
    "The targets have the first token in them, and nothing comes before it. Leave it out.",
)
def first_target_kept(ids):
    return ids[:, :-1], ids


@mistake(
    "next_token_pairs",
    "Only the last token of each text is a target. One text trains a model at all its "
    "positions: every input has a target.",
)
def last_token_only(ids):
    return ids[:, :-1], ids[:, -1]


@mistake(
    "next_token_pairs",
    "Only the last token of each text is a target. One text trains a model at all its "
    "positions: every input has a target.",
)
def last_column_only(ids):
    return ids[:, :-1], ids[:, -1:]


@mistake("next_token_pairs", "Both results are cut at the front. Cut the inputs at the end.")
def shifted_twice(ids):
    return ids[:, 1:], ids[:, 1:]


@mistake(
    "next_token_pairs",
    "The targets are filled up to the length of the text. The last token has none, so leave it "
    "out of the inputs.",
)
def filled_up(ids):
    return ids, np.pad(ids[:, 1:], ((0, 0), (0, 1)))


@mistake(
    "next_token_pairs",
    "The targets are filled up to the length of the text. The last token has none, so leave it "
    "out of the inputs.",
)
def filled_up_as_unscored(ids):
    return ids, np.pad(ids[:, 1:], ((0, 0), (0, 1)), constant_values=-100)


@mistake(
    "next_token_pairs",
    "The texts are joined into one row, so the end of one predicts the start of the next. Keep "
    "them apart: (batch, seq - 1).",
)
def joined(ids):
    return ids.reshape(-1)[:-1], ids.reshape(-1)[1:]


@mistake("next_token_pairs", "Only the first text is used. Take all rows: ids[:, ...].")
def first_text_only(ids):
    return ids[0, :-1], ids[0, 1:]


@mistake(
    "next_token_pairs",
    "1 is added to each id. The *next token* isn't the next id: it's the one that comes next in "
    "the text.",
)
def next_ids(ids):
    return ids[:, :-1], ids[:, :-1] + 1


@accepted("next_token_pairs")
def token_by_token(ids):
    seq = ids.shape[1]
    inputs = np.stack([ids[:, i] for i in range(seq - 1)], axis=1)
    return inputs, np.stack([ids[:, i + 1] for i in range(seq - 1)], axis=1)


@accepted("next_token_pairs")
def rolled_and_cut(ids):
    return ids[:, :-1], np.roll(ids, -1, axis=1)[:, :-1]


# causal_mask


@mistake(
    "causal_mask",
    "The diagonal is hidden. A token may look at itself: what it has to predict is the next one.",
    seen=OFF_BY_ONE,
)
def diagonal_missing(query_len, key_len):
    return np.tri(query_len, key_len, key_len - query_len - 1, dtype=bool)


@mistake(
    "causal_mask",
    "The diagonal is hidden, and the queries are taken for the first positions. A token may "
    "look at itself, and the queries are the *last* ones.",
)
def diagonal_missing_without_cache(query_len, key_len):
    return np.tril(np.ones((query_len, key_len), dtype=bool), -1)


@mistake(
    "causal_mask",
    "Off by one: each query sees the position after its own, the very token it has to predict.",
    seen=OFF_BY_ONE,
)
def sees_the_next(query_len, key_len):
    return np.tri(query_len, key_len, key_len - query_len + 1, dtype=bool)


@mistake(
    "causal_mask",
    "Each query sees one key too many, and the queries are taken for the first positions. "
    "They're the *last* ones.",
)
def sees_the_next_without_cache(query_len, key_len):
    return np.tril(np.ones((query_len, key_len), dtype=bool), 1)


@mistake("causal_mask", "Queries and keys are swapped. Queries are rows, keys are columns.")
def later_tokens(query_len, key_len):
    return np.tri(query_len, key_len, key_len - query_len, dtype=bool).T


@mistake(
    "causal_mask",
    "The triangle is on the wrong side: each query sees itself and what comes *later*.",
)
def upper_triangle(query_len, key_len):
    return np.triu(np.ones((query_len, key_len), bool), key_len - query_len)


@mistake(
    "causal_mask",
    "True and False are swapped. In some libraries True hides; here it means that the query may "
    "look.",
    seen=TRUE_HIDES,
)
def true_means_hidden(query_len, key_len):
    return ~right_mask(query_len, key_len)


@mistake(
    "causal_mask",
    "These are numbers, to be added to scores. That's another way to mask; here a bool array is "
    "needed.",
)
def additive(query_len, key_len):
    return np.where(right_mask(query_len, key_len), 0.0, -np.inf)


@mistake(
    "causal_mask",
    "These are numbers, to be added to scores. That's another way to mask; here a bool array is "
    "needed.",
)
def additive_by_a_large_number(query_len, key_len):
    return np.where(right_mask(query_len, key_len), 0.0, -1e9)


@mistake("causal_mask", "These are the numbers 0 and 1. A bool array is needed, with dtype=bool.")
def zeros_and_ones(query_len, key_len):
    return np.tri(query_len, key_len, key_len - query_len)


@mistake(
    "causal_mask",
    "The queries are taken for the first positions. They are the *last* query_len of key_len, "
    "after all that's in the cache.",
    seen="np.tril(np.ones((query_len, key_len)))",
)
def cache_forgotten(query_len, key_len):
    return np.tril(np.ones((query_len, key_len), dtype=bool))


@mistake(
    "causal_mask",
    "The triangle is on the wrong side, and the queries are taken for the first positions. "
    "They're the *last* ones, and they look back.",
)
def upper_triangle_without_cache(query_len, key_len):
    return np.triu(np.ones((query_len, key_len), dtype=bool))


@mistake(
    "causal_mask",
    "True and False are swapped, and the queries are taken for the first positions. They're the "
    "*last* query_len.",
)
def hidden_without_cache(query_len, key_len):
    return np.triu(np.ones((query_len, key_len), dtype=bool), 1)


@mistake("causal_mask", "Every query sees every key. Only the last one may.")
def all_visible(query_len, key_len):
    return np.ones((query_len, key_len), dtype=bool)


@mistake("causal_mask", "Each query sees only itself. It may look at earlier keys too.")
def itself_alone(query_len, key_len):
    return np.eye(query_len, key_len, key_len - query_len, dtype=bool)


@mistake(
    "causal_mask",
    "These are numbers to add, and the queries are taken for the first positions. A bool array "
    "is needed, with the queries at the *last* positions.",
)
def additive_without_cache(query_len, key_len):
    return np.triu(np.full((query_len, key_len), -np.inf), 1)


@mistake(
    "causal_mask", "There's a column per query. There should be one per key: (query_len, key_len)."
)
def keys_forgotten(query_len, key_len):
    return np.tril(np.ones((query_len, query_len), dtype=bool))


@mistake("causal_mask", "There's a row per key. Only the last query_len of them are queries.")
def row_for_each_key(query_len, key_len):
    return np.tril(np.ones((key_len, key_len), dtype=bool))


@accepted("causal_mask")
def by_comparison(query_len, key_len):
    return np.arange(key_len) <= np.arange(key_len - query_len, key_len)[:, None]


@accepted("causal_mask")
def last_rows_of_the_square(query_len, key_len):
    return np.tril(np.ones((key_len, key_len), dtype=bool))[key_len - query_len :]


@accepted("causal_mask")
def row_by_row(query_len, key_len):
    mask = np.full((query_len, key_len), False)
    for i in range(query_len):
        mask[i, : key_len - query_len + i + 1] = True
    return mask


# attention_numpy


def scores_of(q, k):
    return q @ k.T / np.sqrt(q.shape[-1])


@mistake("attention_numpy", "The mask is ignored: with a mask and without, the result is the same.")
def numpy_without_mask(q, k, v, mask=None):
    return softmax(scores_of(q, k)) @ v


@mistake(
    "attention_numpy",
    "The mask comes after the softmax. A weight of 0 looks like hiding, but the hidden scores "
    "are still in the denominator, and the weights don't sum to 1. Hide the scores, before the "
    "softmax.",
    seen=AFTERWARDS,
)
def numpy_mask_after_softmax(q, k, v, mask=None):
    weights = softmax(scores_of(q, k))
    return (weights if mask is None else weights * mask) @ v


@mistake(
    "attention_numpy",
    "Hidden scores are set to 0. A score of 0 isn't nothing: e^0 is 1, so these keys still get "
    "weight. Which score gets none?",
)
def numpy_zero_scores(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else np.where(mask, scores, 0)) @ v


@mistake(
    "attention_numpy",
    "The mask is the wrong way around. In some libraries True hides; here it means that the "
    "query may look.",
    seen=TRUE_HIDES,
)
def numpy_true_hides(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else np.where(mask, -np.inf, scores)) @ v


@mistake(
    "attention_numpy",
    "The mask is the wrong way around. In some libraries True hides; here it means that the "
    "query may look.",
)
def numpy_true_lowers(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else scores - 1e9 * mask) @ v


@mistake(
    "attention_numpy",
    "The softmax runs over the queries, so each key's weights sum to 1. Each *query* has 1 to "
    "share out among the keys.",
    seen=WRONG_AXIS,
)
def numpy_softmax_over_queries(q, k, v, mask=None):
    scores = scores_of(q, k)
    scores = scores if mask is None else np.where(mask, scores, -np.inf)
    return softmax(scores.T).T @ v


@mistake("attention_numpy", "The scores are scaled twice. scaled_scores has done it already.")
def numpy_scaled_twice(q, k, v, mask=None):
    scores = scores_of(q, k) / np.sqrt(q.shape[-1])
    return softmax(scores if mask is None else np.where(mask, scores, -np.inf)) @ v


@mistake("attention_numpy", "The scores aren't scaled. Use scaled_scores(q, k).")
def numpy_not_scaled(q, k, v, mask=None):
    scores = q @ k.T
    return softmax(scores if mask is None else np.where(mask, scores, -np.inf)) @ v


@mistake("attention_numpy", shown_by="numpy_of_far_scores", seen=AFTERWARDS)
def numpy_shares_out_again(q, k, v, mask=None):
    weights = softmax(scores_of(q, k))
    if mask is not None:
        weights = weights * mask
    return weights / weights.sum(axis=-1, keepdims=True) @ v


@mistake(
    "attention_numpy",
    "If the division by the sums fails: they are in a row. keepdims=True makes them a column, "
    "one per query.",
)
def numpy_sums_in_a_row(q, k, v, mask=None):
    scores = scores_of(q, k)
    powers = np.exp(scores if mask is None else np.where(mask, scores, -np.inf))
    return powers / powers.sum(axis=-1) @ v


@mistake(
    "attention_numpy",
    "scores[mask] is one long row, and nothing tells which score was whose. Keep the shape, and "
    "choose with np.where.",
)
def numpy_scores_picked(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else scores[mask]) @ v


@mistake(
    "attention_numpy",
    "The result is NaN: somewhere the mask is 0, and 0 times infinity is NaN. Choose with "
    "np.where instead.",
)
def numpy_mask_times_infinity(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else scores + mask * -np.inf) @ v


@mistake(
    "attention_numpy",
    "`if mask` asks a whole array whether it's true. Ask whether there is one: `mask is not None`.",
)
def numpy_truth_of_the_mask(q, k, v, mask=None):
    scores = scores_of(q, k)
    if mask:
        scores = np.where(mask, scores, -np.inf)
    return softmax(scores) @ v


@mistake(
    "attention_numpy",
    "Without a mask everything is hidden: np.where takes None for False. Hide only `if mask is "
    "not None`.",
)
def numpy_none_hides(q, k, v, mask=None):
    return softmax(np.where(mask, scores_of(q, k), -np.inf)) @ v


@mistake(
    "attention_numpy",
    "Hidden scores are set to -100. That looks low enough, but the visible ones may be lower, "
    "and then the hidden key takes all. Only -inf gives none.",
)
def numpy_minus_hundred(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else np.where(mask, scores, -100.0)) @ v


@mistake(
    "attention_numpy",
    "Hidden scores are lowered by 100. That looks like enough, but a large one stays large. "
    "Only -inf gives no weight.",
)
def numpy_lowered(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else scores - 100.0 * ~mask) @ v


@mistake(
    "attention_numpy",
    "The bool mask is added as 0 and 1. Where it's False, the score has to become -np.inf.",
)
def numpy_mask_added(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else scores + mask) @ v


@mistake(
    "attention_numpy",
    "The values are weighted by the plain scores. Take the softmax of the scores first.",
)
def numpy_without_softmax(q, k, v, mask=None):
    scores = scores_of(q, k)
    return (scores if mask is None else np.where(mask, scores, 0)) @ v


@mistake(
    "attention_numpy",
    "Later keys are hidden even without a mask. Only the mask hides: with None, every query "
    "sees every key.",
)
def numpy_always_causal(q, k, v, mask=None):
    hidden = ~right_mask(len(q), len(k)) if mask is None else ~mask
    return softmax(np.where(hidden, -np.inf, scores_of(q, k))) @ v


@mistake(
    "attention_numpy",
    "The keys are mixed. They only decide the weights; what gets mixed are the values.",
)
def numpy_mixes_keys(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else np.where(mask, scores, -np.inf)) @ k


@mistake("attention_numpy", "These are the weights. They still have to mix the values: `@ v`.")
def numpy_weights_alone(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else np.where(mask, scores, -np.inf))


@mistake(
    "attention_numpy",
    "The *weights* of hidden keys are set to -inf. A score of -inf gives the weight 0; do it "
    "before the softmax.",
)
def numpy_infinite_weights(q, k, v, mask=None):
    weights = softmax(scores_of(q, k))
    return (weights if mask is None else np.where(mask, weights, -np.inf)) @ v


@mistake(
    "attention_numpy",
    "The weights don't sum to 1. The softmax also divides by the sum of the powers.",
)
def numpy_exponentials(q, k, v, mask=None):
    scores = scores_of(q, k)
    return np.exp(scores if mask is None else np.where(mask, scores, -np.inf)) @ v


@mistake(
    "attention_numpy",
    "There are two softmaxes, one before the mask and one after. One is enough, after the mask.",
)
def numpy_softmax_again(q, k, v, mask=None):
    weights = softmax(scores_of(q, k))
    return (weights if mask is None else softmax(np.where(mask, weights, 0))) @ v


@accepted("attention_numpy")
def with_a_very_large_number(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else scores - 1e9 * ~mask) @ v


@accepted("attention_numpy")
def hidden_by_index(q, k, v, mask=None):
    scores = np.einsum("id,jd->ij", q, k) / q.shape[1] ** 0.5
    if mask is not None:
        scores[~mask] = -np.inf
    powers = np.exp(scores - scores.max(axis=1)[:, None])
    return (powers @ v) / powers.sum(axis=1)[:, None]


@accepted("attention_numpy")
def only_what_is_visible(q, k, v, mask=None):
    mask = np.ones((len(q), len(k)), bool) if mask is None else mask
    return np.concatenate([right_loop(q[i : i + 1], k[mask[i]], v[mask[i]]) for i in range(len(q))])


# depends_on


BUMP = np.array([0.37, -1.21, 0.83])


def changes(function, x, bump, differs):
    """The result of changing one row of x after the other, with any bump and any comparison."""
    before, columns = function(x), []
    for j in range(len(x)):
        changed = x.copy()
        changed[j] += bump
        columns.append(differs(function(changed), before))
    return np.stack(columns, axis=1)


def bumps(x):
    return BUMP[: x.shape[1]]


def any_number(after, before):
    return (after != before).any(axis=1)


@mistake("depends_on", "Rows and columns are swapped. [i, j] is about *result* i and *input* j.")
def transposed_table(function, x):
    return changes(function, x, bumps(x), any_number).T


@mistake("depends_on", "True and False are swapped. True means that the result has changed.")
def true_if_equal(function, x):
    return ~changes(function, x, bumps(x), any_number)


@mistake(
    "depends_on",
    "When row j of x changes, only row j of the result is compared. The influence may be "
    "anywhere: compare all rows.",
)
def own_place_only(function, x):
    table = changes(function, x, bumps(x), any_number)
    return table & np.eye(*table.shape, dtype=bool)


@mistake(
    "depends_on",
    "The changes pile up: when row j is tried, the rows before it are still changed. Start from "
    "a fresh copy each time.",
)
def never_restored(function, x):
    before, changed, columns = function(x), x.copy(), []
    for j in range(len(x)):
        changed[j] += bumps(x)
        columns.append(any_number(function(changed), before))
    return np.stack(columns, axis=1)


@mistake("depends_on", shown_by="inputs_are_kept")
def writes_into_x(function, x):
    before, columns = function(x), []
    for j in range(len(x)):
        x[j] += bumps(x)
        columns.append(any_number(function(x), before))
    return np.stack(columns, axis=1)


@mistake("depends_on", "A row counts only if all its numbers change. One is enough: `any`.")
def all_numbers_must_change(function, x):
    def all_numbers(after, before):
        return (after != before).all(axis=1)

    return changes(function, x, bumps(x), all_numbers)


@mistake(
    "depends_on",
    "A faint influence is missed. np.isclose and the like forgive small differences, and a "
    "small leak is still a leak: compare exactly.",
)
def coarse_comparison(function, x):
    def not_close(after, before):
        return ~np.isclose(after, before).all(axis=1)

    return changes(function, x, bumps(x), not_close)


@mistake(
    "depends_on",
    "All numbers of a row grow by the same amount. A function that subtracts the row's mean "
    "doesn't notice. Add a random vector.",
)
def same_number_everywhere(function, x):
    return changes(function, x, 1.0, any_number)


@mistake(
    "depends_on",
    "A row becomes 0, or a multiple of itself. If it was 0 before, or if the function divides "
    "by the row's length, nothing changes. Add a random vector.",
)
def scaled_row(function, x):
    before, columns = function(x), []
    for j in range(len(x)):
        changed = x.copy()
        changed[j] *= 2
        columns.append(any_number(function(changed), before))
    return np.stack(columns, axis=1)


@mistake(
    "depends_on",
    "A row becomes 0, or a multiple of itself. If it was 0 before, or if the function divides "
    "by the row's length, nothing changes. Add a random vector.",
)
def row_of_zeros(function, x):
    before, columns = function(x), []
    for j in range(len(x)):
        changed = x.copy()
        changed[j] = 0
        columns.append(any_number(function(changed), before))
    return np.stack(columns, axis=1)


@mistake("depends_on", "Only the first number of the row is changed. Change all of them.")
def first_number_changed(function, x):
    return changes(function, x, np.eye(1, x.shape[1])[0], any_number)


@mistake("depends_on", "Only the last number of the row is changed. Change all of them.")
def last_number_changed(function, x):
    return changes(function, x, np.eye(x.shape[1])[-1], any_number)


@mistake("depends_on", "Only the first number of each result is compared. Any may change.")
def first_number_compared(function, x):
    def first(after, before):
        return after[:, 0] != before[:, 0]

    return changes(function, x, bumps(x), first)


@mistake("depends_on", "Only the last number of each result is compared. Any may change.")
def last_number_compared(function, x):
    def last(after, before):
        return after[:, -1] != before[:, -1]

    return changes(function, x, bumps(x), last)


@mistake(
    "depends_on",
    "The sums of the rows are compared, and within a sum changes can cancel. Compare every number.",
)
def sums_compared(function, x):
    def sums(after, before):
        return after.sum(axis=1) != before.sum(axis=1)

    return changes(function, x, bumps(x), sums)


@mistake(
    "depends_on", "Each result is compared with the one before it. Compare it with function(x)."
)
def compared_with_the_last(function, x):
    before, columns = function(x), []
    for j in range(len(x)):
        changed = x.copy()
        changed[j] += bumps(x)
        after = function(changed)
        columns.append(any_number(after, before))
        before = after
    return np.stack(columns, axis=1)


@mistake("depends_on", "The result is compared with x. Compare it with function(x).")
def compared_with_the_input(function, x):
    columns = []
    for j in range(len(x)):
        changed = x.copy()
        changed[j] += bumps(x)
        columns.append(any_number(function(changed), x))
    return np.stack(columns, axis=1)


@mistake(
    "depends_on", "The result is compared with the changed input. Compare it with function(x)."
)
def compared_with_the_changed_input(function, x):
    columns = []
    for j in range(len(x)):
        changed = x.copy()
        changed[j] += bumps(x)
        columns.append(any_number(function(changed), changed))
    return np.stack(columns, axis=1)


@mistake("depends_on", "The table has a row per row of x. It needs one per row of the *result*.")
def square_table(function, x):
    table = changes(function, x, bumps(x), any_number)
    return np.stack([table[i] for i in range(len(x))])


@mistake("depends_on", "The table has a row per row of x. It needs one per row of the *result*.")
def square_table_by_columns(function, x):
    table, right = (
        np.zeros((len(x), len(x)), dtype=bool),
        changes(function, x, bumps(x), any_number),
    )
    for j in range(len(x)):
        table[:, j] = right[:, j]
    return table


@mistake("depends_on", "Only as many rows of x are tried as the result has. Try each row of x.")
def as_many_columns_as_rows(function, x):
    return changes(function, x, bumps(x), any_number)[:, : len(function(x))]


@mistake(
    "depends_on",
    "There's an answer per number. There should be one per row of the result: .any(axis=1).",
)
def every_number(function, x):
    return changes(function, x, bumps(x), np.not_equal)


@mistake(
    "depends_on",
    "There's one answer for the whole result. There should be one per row: .any() needs axis=1.",
)
def one_answer_for_all(function, x):
    table = changes(function, x, bumps(x), any_number)
    return table.any(axis=0)


@mistake(
    "depends_on",
    ".any(axis=0) gives an answer per column of the result. You want one per row: axis=1.",
)
def asks_columns(function, x):
    def columns(after, before):
        return (after != before).any(axis=0)

    return changes(function, x, bumps(x), columns)


@mistake("depends_on", "The columns of x are changed. Change its rows: changed[j].")
def columns_changed(function, x):
    before, columns = function(x), []
    for j in range(len(x)):
        changed = x.copy()
        changed[:, j] += 1
        columns.append(any_number(function(changed), before))
    return np.stack(columns, axis=1)


@accepted("depends_on")
def replaced_rows(function, x):
    return changes(function, x, np.random.default_rng(3).standard_normal(x.shape[1]), any_number)


@accepted("depends_on")
def filled_row_by_row(function, x):
    before = function(x)
    table = np.zeros((len(before), len(x)), dtype=bool)
    for j in range(len(x)):
        changed = x.copy()
        changed[j] = np.random.standard_normal(x.shape[1])
        for i, after in enumerate(function(changed)):
            table[i, j] = not np.array_equal(after, before[i])
    return table


# attention


def tensor_scores(q, k, scale):
    return q @ k.transpose(-2, -1) * (q.shape[-1] ** -0.5 if scale is None else scale)


def masked(scores, mask):
    if mask is None:
        return scores
    return scores.masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else scores + mask


@mistake(
    "attention",
    "The softmax runs over the queries, so each key's weights sum to 1. Each *query* has 1 to "
    "share out among the keys: dim=-1.",
    seen=WRONG_AXIS,
)
def softmax_dim_minus_two(q, k, v, mask=None, scale=None):
    return masked(tensor_scores(q, k, scale), mask).softmax(dim=-2) @ v


@mistake(
    "attention", "The scores aren't scaled. Without a `scale`, multiply them by 1 / sqrt(head_dim)."
)
def no_scale(q, k, v, mask=None, scale=None):
    return masked(tensor_scores(q, k, 1.0 if scale is None else scale), mask).softmax(dim=-1) @ v


@mistake(
    "attention",
    "The result is scaled, after the softmax. Scale the scores, before it: there it changes who "
    "gets how much.",
)
def scaled_at_the_very_end(q, k, v, mask=None, scale=None):
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    return masked(tensor_scores(q, k, 1.0), mask).softmax(dim=-1) @ v * scale


@mistake(
    "attention",
    "The scores are divided by head_dim. It's the *root* of head_dim: that's how large a dot "
    "product typically is.",
    seen=DIM_FOR_ROOT,
)
def scaled_by_dim(q, k, v, mask=None, scale=None):
    scale = 1 / q.shape[-1] if scale is None else scale
    return masked(tensor_scores(q, k, scale), mask).softmax(dim=-1) @ v


@mistake("attention", "`scale` is ignored: the scores are always multiplied by 1 / sqrt(head_dim).")
def fixed_scale(q, k, v, mask=None, scale=None):
    return masked(tensor_scores(q, k, None), mask).softmax(dim=-1) @ v


@mistake(
    "attention", "Both `scale` and 1 / sqrt(head_dim) are applied. The one replaces the other."
)
def both_scales(q, k, v, mask=None, scale=None):
    scores = tensor_scores(q, k, None) * (1.0 if scale is None else scale)
    return masked(scores, mask).softmax(dim=-1) @ v


@mistake(
    "attention",
    "Both `scale` and 1 / sqrt(head_dim) are applied, and a scale of 0 is ignored. `scale` "
    "replaces the root: ask `scale is None`.",
)
def both_scales_but_zero(q, k, v, mask=None, scale=None):
    return masked(tensor_scores(q, k, None) * (scale or 1.0), mask).softmax(dim=-1) @ v


@mistake(
    "attention",
    "It fails when batch and heads are in front. Leave those alone and swap the last two axes: "
    "k.transpose(-2, -1).",
)
def transposes_the_first_axes(q, k, v, mask=None, scale=None):
    keys = k.transpose(0, 1) if k.ndim == 2 else k.T
    scores = q @ keys * (q.shape[-1] ** -0.5 if scale is None else scale)
    return masked(scores, mask).softmax(dim=-1) @ v


@mistake(
    "attention",
    "The softmax runs over axis 1, which is the heads once they're there. Count from the end: "
    "dim=-1.",
    seen="dim=1 kept when heads were added",
)
def softmax_dim_one(q, k, v, mask=None, scale=None):
    return masked(tensor_scores(q, k, scale), mask).softmax(dim=1) @ v


@mistake(
    "attention",
    "The mask is the wrong way around. In some libraries True hides; here it means that the "
    "query may look.",
    seen=TRUE_HIDES,
)
def true_hides(q, k, v, mask=None, scale=None):
    if mask is not None and mask.dtype == torch.bool:
        mask = ~mask
    return masked(tensor_scores(q, k, scale), mask).softmax(dim=-1) @ v


@mistake(
    "attention",
    "The mask comes after the softmax. A weight of 0 looks like hiding, but the hidden scores "
    "are still in the denominator, and the weights don't sum to 1. Hide the scores, before the "
    "softmax.",
    seen=AFTERWARDS,
)
def mask_after_softmax(q, k, v, mask=None, scale=None):
    if mask is None or mask.dtype != torch.bool:
        return masked(tensor_scores(q, k, scale), mask).softmax(dim=-1) @ v
    return (tensor_scores(q, k, scale).softmax(dim=-1) * mask) @ v


@mistake("attention", shown_by="attention_of_far_scores", seen=AFTERWARDS)
def shares_out_again(q, k, v, mask=None, scale=None):
    if mask is None or mask.dtype != torch.bool:
        return masked(tensor_scores(q, k, scale), mask).softmax(dim=-1) @ v
    weights = tensor_scores(q, k, scale).softmax(dim=-1) * mask
    return weights / weights.sum(dim=-1, keepdim=True) @ v


@mistake("attention", "Your `softmax` is for arrays. A tensor has its own: scores.softmax(dim=-1).")
def softmax_for_arrays(q, k, v, mask=None, scale=None):
    return softmax(masked(tensor_scores(q, k, scale), mask)) @ v


@mistake(
    "attention",
    "NumPy's functions don't work on tensors. Use the tensor's own methods, and ** 0.5 for a root.",
)
def numpy_root(q, k, v, mask=None, scale=None):
    scores = q @ k.transpose(-2, -1) / np.sqrt(torch.tensor(float(q.shape[-1])))
    return masked(scores, mask).softmax(dim=-1) @ v


@mistake(
    "attention",
    "`if mask` asks a whole array whether it's true. Ask whether there is one: `mask is not None`.",
)
def truth_of_the_mask(q, k, v, mask=None, scale=None):
    scores = tensor_scores(q, k, scale)
    if mask:
        scores = masked(scores, mask)
    return scores.softmax(dim=-1) @ v


@mistake(
    "attention",
    "Hidden scores are set to 0. A score of 0 isn't nothing: e^0 is 1, so these keys still get "
    "weight. Fill in float('-inf').",
)
def zero_for_hidden(q, k, v, mask=None, scale=None):
    scores = tensor_scores(q, k, scale)
    if mask is not None:
        hides = mask.dtype == torch.bool
        scores = scores.masked_fill(~mask, 0.0) if hides else scores + mask
    return scores.softmax(dim=-1) @ v


@mistake(
    "attention",
    "The bool mask is added as 0 and 1. Where it's False, the score has to become -inf.",
)
def bool_mask_added(q, k, v, mask=None, scale=None):
    scores = tensor_scores(q, k, scale)
    return (scores if mask is None else scores + mask).softmax(dim=-1) @ v


@mistake(
    "attention",
    "The mask is added before the scores are scaled, so it's scaled with them. Scale first, "
    "then add.",
)
def scaled_with_the_mask(q, k, v, mask=None, scale=None):
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    return (masked(q @ k.transpose(-2, -1), mask) * scale).softmax(dim=-1) @ v


@mistake(
    "attention", "This is an array, not a tensor. Stay on the engine, or no gradient can flow."
)
def back_to_numpy(q, k, v, mask=None, scale=None):
    scores = masked(tensor_scores(q, k, scale), mask)
    return softmax(scores.detach().numpy()) @ v.detach().numpy()


@mistake("attention", shown_by="attention_of_attention")
def rebuilt(q, k, v, mask=None, scale=None):
    q, k, v = (torch.tensor(x.detach().numpy(), requires_grad=True) for x in (q, k, v))
    return masked(tensor_scores(q, k, scale), mask).softmax(dim=-1) @ v


@mistake(
    "attention",
    "The scores are divided by the root of the number of keys. It's head_dim that makes a dot "
    "product large: q.shape[-1].",
)
def scaled_by_keys(q, k, v, mask=None, scale=None):
    scale = k.shape[-2] ** -0.5 if scale is None else scale
    return masked(tensor_scores(q, k, scale), mask).softmax(dim=-1) @ v


@mistake(
    "attention", "A scale of 0 is taken for none, since 0 counts as false. Ask `scale is None`."
)
def zero_is_no_scale(q, k, v, mask=None, scale=None):
    return masked(tensor_scores(q, k, scale or None), mask).softmax(dim=-1) @ v


@mistake("attention", "The scores are divided by `scale`. Multiply them by it.")
def divided_by_scale(q, k, v, mask=None, scale=None):
    scores = q @ k.transpose(-2, -1) / (q.shape[-1] ** 0.5 if scale is None else scale)
    return masked(scores, mask).softmax(dim=-1) @ v


@mistake("attention", "The mask is ignored: with a mask and without, the result is the same.")
def no_mask(q, k, v, mask=None, scale=None):
    return tensor_scores(q, k, scale).softmax(dim=-1) @ v


@mistake("attention", "A mask of numbers is ignored. Add it to the scores.")
def numbers_ignored(q, k, v, mask=None, scale=None):
    mask = None if mask is not None and mask.dtype != torch.bool else mask
    return masked(tensor_scores(q, k, scale), mask).softmax(dim=-1) @ v


@mistake("attention", "A bool mask is ignored. Where it is False, the score must become -inf.")
def bool_ignored(q, k, v, mask=None, scale=None):
    mask = None if mask is not None and mask.dtype == torch.bool else mask
    return masked(tensor_scores(q, k, scale), mask).softmax(dim=-1) @ v


@mistake(
    "attention",
    "A mask of numbers is treated like True and False. Its numbers are to be added to the scores.",
)
def numbers_as_truth(q, k, v, mask=None, scale=None):
    scores = tensor_scores(q, k, scale)
    scores = scores if mask is None else scores.masked_fill(mask == 0, float("-inf"))
    return scores.softmax(dim=-1) @ v


@mistake("attention", "The scores are multiplied by the mask of numbers. Add it to them.")
def numbers_multiplied(q, k, v, mask=None, scale=None):
    scores = tensor_scores(q, k, scale)
    if mask is not None and mask.dtype != torch.bool:
        return (scores * mask).softmax(dim=-1) @ v
    return masked(scores, mask).softmax(dim=-1) @ v


@mistake(
    "attention",
    "Hidden scores are set to -100. That looks low enough, but the visible ones may be lower, "
    "and then the hidden key takes all. Only -inf gives none.",
)
def minus_hundred(q, k, v, mask=None, scale=None):
    scores = tensor_scores(q, k, scale)
    if mask is not None:
        hides = mask.dtype == torch.bool
        scores = scores.masked_fill(~mask, -100.0) if hides else scores + mask
    return scores.softmax(dim=-1) @ v


@mistake("attention", "These are the weights. They still have to mix the values: `@ v`.")
def weights_alone(q, k, v, mask=None, scale=None):
    return masked(tensor_scores(q, k, scale), mask).softmax(dim=-1)


@mistake(
    "attention",
    "The values are weighted by the plain scores. Take the softmax of the scores first.",
)
def no_softmax(q, k, v, mask=None, scale=None):
    return masked(tensor_scores(q, k, scale), mask) @ v


@mistake(
    "attention",
    "If the division by the sums fails: they are in a row. keepdim=True makes them a column, one "
    "per query.",
)
def sums_in_a_row(q, k, v, mask=None, scale=None):
    powers = masked(tensor_scores(q, k, scale), mask).exp()
    return powers / powers.sum(dim=-1) @ v


@mistake(
    "attention", "The keys are mixed. They only decide the weights; what gets mixed are the values."
)
def tensor_keys_mixed(q, k, v, mask=None, scale=None):
    return masked(tensor_scores(q, k, scale), mask).softmax(dim=-1) @ k


@mistake(
    "attention",
    "`~` works for bool masks only, and this one has numbers. Ask whether mask.dtype == "
    "torch.bool; if not, add it.",
)
def always_inverted(q, k, v, mask=None, scale=None):
    scores = tensor_scores(q, k, scale)
    scores = scores if mask is None else scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(dim=-1) @ v


@mistake(
    "attention",
    "The mask is made float64, so the weights are float64, and the values are float32. "
    "masked_fill needs no such mask.",
)
def mask_in_double(q, k, v, mask=None, scale=None):
    if mask is not None and mask.dtype == torch.bool:
        mask = torch.tensor(np.where(mask.numpy(), 0.0, -np.inf))
    return masked(tensor_scores(q, k, scale), mask).softmax(dim=-1) @ v


@accepted("attention")
def by_the_engines_own(q, k, v, mask=None, scale=None):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scale)


@accepted("attention")
def exponentials_by_hand(q, k, v, mask=None, scale=None):
    scores = torch.matmul(q, k.transpose(-1, -2)) * (
        1 / np.sqrt(q.shape[-1]) if scale is None else scale
    )
    if mask is not None:
        scores = (
            torch.where(mask, scores, float("-inf")) if mask.dtype == torch.bool else mask + scores
        )
    powers = (scores - scores.max(dim=-1, keepdim=True).values).exp()
    return powers @ v / powers.sum(dim=-1, keepdim=True)

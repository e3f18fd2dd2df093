"""Lesson 05: mistakes with distances, Shaw's vectors, the shift, Transformer-XL's terms, buckets,
slopes, and the biases made of them."""

import numpy as np

import minitorch as torch
from classroom.checking import accepted, mistake
from solutions.autograd import softmax
from solutions.relative_positions import ALiBi as RightALiBi
from solutions.relative_positions import T5Bias as RightT5Bias
from solutions.relative_positions import (
    alibi_slopes,
    check_distances,
    check_lengths,
    check_num_heads,
    relative_positions,
    relative_shift,
    t5_bucket,
)

# relative_positions


def table(queries, keys):
    return np.arange(*keys) - np.arange(*queries)[:, None]


@mistake(
    "relative_positions",
    "This is query minus key. Key minus query makes the past, below the diagonal, negative.",
    seen="query minus key against key minus query",
)
def query_minus_key(query_len, key_len):
    check_lengths(query_len, key_len)
    return -table((key_len - query_len, key_len), (key_len,))


@mistake("relative_positions", "The direction is lost: distances to the past are negative.")
def without_direction(query_len, key_len):
    check_lengths(query_len, key_len)
    return abs(table((key_len - query_len, key_len), (key_len,)))


@mistake(
    "relative_positions",
    "Your queries begin at 0. They should be the *last* of the keys' positions.",
)
def queries_first(query_len, key_len):
    check_lengths(query_len, key_len)
    return table((query_len,), (key_len,))


@mistake(
    "relative_positions",
    "This is query minus key, and the queries begin at 0. They should be the last positions.",
)
def queries_first_minus_keys(query_len, key_len):
    check_lengths(query_len, key_len)
    return -table((query_len,), (key_len,))


@mistake("relative_positions", "There is a row per key. The rows should be the queries.")
def always_square(query_len, key_len):
    check_lengths(query_len, key_len)
    return table((key_len,), (key_len,))


@mistake("relative_positions", "There is a column per query. The columns should be the keys.")
def square_of_queries(query_len, key_len):
    check_lengths(query_len, key_len)
    return table((query_len,), (query_len,))


@mistake(
    "relative_positions",
    "A token is at distance 0 from itself, not 1: count i and j from the same number.",
)
def queries_from_zero_keys_from_one(query_len, key_len):
    check_lengths(query_len, key_len)
    return table((key_len - query_len, key_len), (1, key_len + 1))


@mistake(
    "relative_positions",
    "A token is at distance 0 from itself, not -1: the last query is at key_len - 1.",
)
def queries_one_too_late(query_len, key_len):
    check_lengths(query_len, key_len)
    return table((key_len - query_len + 1, key_len + 1), (key_len,))


@mistake(
    "relative_positions", "Keys ahead got 0. Nothing is masked here: their distances are positive."
)
def past_only(query_len, key_len):
    check_lengths(query_len, key_len)
    return np.minimum(table((key_len - query_len, key_len), (key_len,)), 0)


@mistake(
    "relative_positions",
    "This subtracts entry by entry. To meet every key, queries need an axis of their own: [:, "
    "None].",
)
def no_new_axis(query_len, key_len):
    check_lengths(query_len, key_len)
    return np.arange(key_len) - np.arange(key_len - query_len, key_len)


@mistake("relative_positions", "Query i is moved the wrong way. It is at key_len - query_len + i.")
def moved_the_wrong_way(query_len, key_len):
    check_lengths(query_len, key_len)
    return table((query_len - key_len, 2 * query_len - key_len), (key_len,))


@mistake("relative_positions", "Rows and columns are swapped: rows are queries.")
def queries_in_columns(query_len, key_len):
    check_lengths(query_len, key_len)
    return np.arange(key_len - query_len, key_len) - np.arange(key_len)[:, None]


@mistake("relative_positions", "The past got 0. Its distances are negative.")
def future_only(query_len, key_len):
    check_lengths(query_len, key_len)
    return np.maximum(table((key_len - query_len, key_len), (key_len,)), 0)


@mistake("relative_positions", "You added the positions. Take the key's *minus* the query's.")
def sums_of_positions(query_len, key_len):
    check_lengths(query_len, key_len)
    return np.arange(key_len - query_len, key_len)[:, None] + np.arange(key_len)


@mistake("relative_positions", "Large distances wrap around, since they don't fit into 8 bits.")
def eight_bits(query_len, key_len):
    check_lengths(query_len, key_len)
    return table((key_len - query_len, key_len), (key_len,)).astype("int8")


@mistake(
    "relative_positions",
    "With 0 queries all rows are there, since the slice [-0:] takes everything.",
)
def last_rows_counted_from_the_end(query_len, key_len):
    check_lengths(query_len, key_len)
    return table((key_len,), (key_len,))[-query_len:]


@mistake("relative_positions", shown_by="lengths_are_checked")
def any_lengths(query_len, key_len):
    return table((key_len - query_len, key_len), (key_len,))


@mistake("relative_positions", shown_by="lengths_are_checked")
def only_too_many_refused(query_len, key_len):
    if query_len > key_len:
        raise ValueError("more queries than keys")
    return table((key_len - query_len, key_len), (key_len,))


@mistake("relative_positions", shown_by="lengths_are_checked")
def fractions_of_a_query(query_len, key_len):
    check_lengths(int(query_len), int(key_len))
    return table((key_len - query_len, key_len), (key_len,))


@accepted("relative_positions")
def last_rows(query_len, key_len):
    check_lengths(query_len, key_len)
    return np.subtract.outer(np.arange(key_len), np.arange(key_len)).T[key_len - query_len :]


@accepted("relative_positions")
def entry_by_entry_of_a_list(query_len, key_len):
    check_lengths(query_len, key_len)
    queries = range(key_len - query_len, key_len)
    return np.array([[j - i for j in range(key_len)] for i in queries])


@accepted("relative_positions")
def queries_counted_from_the_cache(query_len, key_len):
    check_lengths(query_len, key_len)
    cached = key_len - query_len
    return np.arange(-cached, query_len) - np.arange(query_len).reshape(-1, 1)


# shaw_attention


def rows_of(q, key_vectors, sign=1):
    """The row of each pair: (query, key)."""
    clip = len(key_vectors) // 2
    distances = np.arange(len(q)) - np.arange(len(q))[:, None]
    return np.clip(sign * distances, -clip, clip) + clip


def with_pairs(q, keys, values, divisor=None):
    """From keys and values of each pair, (query, key, head_dim); q broadcasts against the keys."""
    weights = softmax((q * keys).sum(-1) / (divisor or np.sqrt(q.shape[-1])))
    return (weights[..., None] * values).sum(1)


def with_scores(scores, q, v, value_vectors):
    """From scores (query, key), already divided."""
    values = v + value_vectors[rows_of(q, value_vectors)]
    return (softmax(scores)[..., None] * values).sum(1)


def parts_of_scores(q, k, key_vectors):
    """Scores of tokens and scores of distances, not divided: (query, key) each."""
    return q @ k.T, (q[:, None] * key_vectors[rows_of(q, key_vectors)]).sum(-1)


@mistake("shaw_attention", "The key vectors are missing: q[i] should meet k[j] *plus* its vector.")
def values_only(q, k, v, key_vectors, value_vectors):
    return with_scores(q @ k.T / np.sqrt(q.shape[-1]), q, v, value_vectors)


@mistake(
    "shaw_attention", "The value vectors are missing: v[j] *plus* its vector should be weighted."
)
def keys_only(q, k, v, key_vectors, value_vectors):
    return with_pairs(q[:, None], k + key_vectors[rows_of(q, key_vectors)], v)


@mistake("shaw_attention", "This is attention without positions: all vectors are missing.")
def neither_vectors(q, k, v, key_vectors, value_vectors):
    return softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v


@mistake("shaw_attention", "The values v[j] are missing: only the vectors are weighted.")
def without_values(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(q[:, None], k + key_vectors[rows], value_vectors[rows])


@mistake("shaw_attention", "Past and future are swapped. The distance is j - i, key minus query.")
def rows_turned_round(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors, sign=-1)
    return with_pairs(q[:, None], k + key_vectors[rows], v + value_vectors[rows])


@mistake("shaw_attention", "Past and future are swapped for the keys' vectors.")
def key_rows_turned_round(q, k, v, key_vectors, value_vectors):
    keys = k + key_vectors[rows_of(q, key_vectors, sign=-1)]
    return with_pairs(q[:, None], keys, v + value_vectors[rows_of(q, key_vectors)])


@mistake("shaw_attention", "Past and future are swapped for the values' vectors.")
def value_rows_turned_round(q, k, v, key_vectors, value_vectors):
    values = v + value_vectors[rows_of(q, key_vectors, sign=-1)]
    return with_pairs(q[:, None], k + key_vectors[rows_of(q, key_vectors)], values)


@mistake("shaw_attention", "Every pair gets the vector of distance 0, not that of its row.")
def distance_0_for_all(q, k, v, key_vectors, value_vectors):
    clip = len(key_vectors) // 2
    return with_pairs(q[:, None], (k + key_vectors[clip])[None], v + value_vectors[clip])


@mistake("shaw_attention", "Every value gets the vector of distance 0, not that of its row.")
def distance_0_for_values(q, k, v, key_vectors, value_vectors):
    vector = value_vectors[len(value_vectors) // 2]
    return with_pairs(q[:, None], k + key_vectors[rows_of(q, key_vectors)], v + vector)


@mistake("shaw_attention", "The clipping distance is one too small: clip = len(key_vectors) // 2.")
def clipped_too_early(q, k, v, key_vectors, value_vectors):
    clip = max(len(key_vectors) // 2 - 1, 0)
    rows = rows_of(q, key_vectors[: 2 * clip + 1])
    return with_pairs(q[:, None], k + key_vectors[rows], v + value_vectors[rows])


@mistake("shaw_attention", "Your rows lack + clip, and negative ones count from the table's end.")
def rows_not_moved(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors) - len(key_vectors) // 2
    return with_pairs(q[:, None], k + key_vectors[rows], v + value_vectors[rows])


@mistake(
    "shaw_attention",
    "You ask for a row that the table doesn't have. The last is 2 * clip, with clip = "
    "len(key_vectors) // 2.",
)
def rows_past_the_end(q, k, v, key_vectors, value_vectors):
    rows = np.arange(len(q)) - np.arange(len(q))[:, None] + len(key_vectors)
    return with_pairs(q[:, None], k + key_vectors[rows], v + value_vectors[rows])


@mistake("shaw_attention", "The scores are not divided by sqrt(head_dim).")
def unscaled(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(q[:, None], k + key_vectors[rows], v + value_vectors[rows], divisor=1)


@mistake("shaw_attention", "The scores are divided by head_dim, not by its square root.")
def divided_by_head_dim(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(
        q[:, None], k + key_vectors[rows], v + value_vectors[rows], divisor=q.shape[-1]
    )


@mistake(
    "shaw_attention", "The scores are divided by the wrong root. It should be that of head_dim."
)
def divided_by_root_of_length(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(q[:, None], k + key_vectors[rows], v + value_vectors[rows], np.sqrt(len(q)))


@mistake(
    "shaw_attention", "The scores are divided by the wrong root. It should be that of head_dim."
)
def divided_by_root_of_the_table(q, k, v, key_vectors, value_vectors):
    rows, root = rows_of(q, key_vectors), np.sqrt(len(key_vectors))
    return with_pairs(q[:, None], k + key_vectors[rows], v + value_vectors[rows], root)


@mistake("shaw_attention", "The weights are divided by sqrt(head_dim). The scores should be.")
def weights_divided(q, k, v, key_vectors, value_vectors):
    rows, root = rows_of(q, key_vectors), np.sqrt(q.shape[-1])
    return with_pairs(q[:, None], k + key_vectors[rows], v + value_vectors[rows], 1) / root


@mistake("shaw_attention", "The scores are multiplied by sqrt(head_dim): divide by it.")
def multiplied_by_the_root(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(
        q[:, None], k + key_vectors[rows], v + value_vectors[rows], q.shape[-1] ** -0.5
    )


@mistake("shaw_attention", "Only q.k is divided by sqrt(head_dim). The whole bracket should be.")
def only_the_tokens_scaled(q, k, v, key_vectors, value_vectors):
    tokens, distances = parts_of_scores(q, k, key_vectors)
    return with_scores(tokens / np.sqrt(q.shape[-1]) + distances, q, v, value_vectors)


@mistake("shaw_attention", "Only the product with the vector is divided by sqrt(head_dim).")
def only_the_distances_scaled(q, k, v, key_vectors, value_vectors):
    tokens, distances = parts_of_scores(q, k, key_vectors)
    return with_scores(tokens + distances / np.sqrt(q.shape[-1]), q, v, value_vectors)


@mistake(
    "shaw_attention",
    "The key vector meets k[j]. It's the *query* that meets both, k[j] and the vector.",
)
def vector_meets_the_key(q, k, v, key_vectors, value_vectors):
    by_distance = (k * key_vectors[rows_of(q, key_vectors)]).sum(-1)
    return with_scores((q @ k.T + by_distance) / np.sqrt(q.shape[-1]), q, v, value_vectors)


@mistake("shaw_attention", "There is no softmax: the scores are used as weights.")
def without_softmax(q, k, v, key_vectors, value_vectors):
    scores = sum(parts_of_scores(q, k, key_vectors)) / np.sqrt(q.shape[-1])
    return (scores[..., None] * (v + value_vectors[rows_of(q, key_vectors)])).sum(1)


@mistake(
    "shaw_attention", "The weights of all pairs together sum to 1. They should for each query."
)
def softmax_over_all_pairs(q, k, v, key_vectors, value_vectors):
    scores = sum(parts_of_scores(q, k, key_vectors)) / np.sqrt(q.shape[-1])
    weights = softmax(scores.reshape(-1)).reshape(scores.shape)
    return (weights[..., None] * (v + value_vectors[rows_of(q, key_vectors)])).sum(1)


@mistake("shaw_attention", "The weights do not sum to 1: divide e^score by the sum over the keys.")
def not_normalized(q, k, v, key_vectors, value_vectors):
    scores = sum(parts_of_scores(q, k, key_vectors)) / np.sqrt(q.shape[-1])
    return (np.exp(scores)[..., None] * (v + value_vectors[rows_of(q, key_vectors)])).sum(1)


@mistake("shaw_attention", "The softmax is applied twice.")
def softmax_twice(q, k, v, key_vectors, value_vectors):
    scores = sum(parts_of_scores(q, k, key_vectors)) / np.sqrt(q.shape[-1])
    return with_scores(softmax(scores), q, v, value_vectors)


@mistake("shaw_attention", "Queries and keys are swapped: q[i] should meet k[j] plus its vector.")
def queries_and_keys_exchanged(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(k[:, None], q + key_vectors[rows], v + value_vectors[rows])


@mistake("shaw_attention", "The products are averaged over head_dim. A dot product is their sum.")
def mean_for_sum(q, k, v, key_vectors, value_vectors):
    rows, size = rows_of(q, key_vectors), q.shape[-1]
    return with_pairs(q[:, None], k + key_vectors[rows], v + value_vectors[rows], size**1.5)


@mistake(
    "shaw_attention", "The weighted values aren't summed yet. Add them up over the keys, axis 1."
)
def weighted_values_not_summed(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    weights = softmax((q[:, None] * (k + key_vectors[rows])).sum(-1) / np.sqrt(q.shape[-1]))
    return weights[..., None] * (v + value_vectors[rows])


@mistake("shaw_attention", "The softmax runs over the queries. It should run over the keys.")
def softmax_over_queries(q, k, v, key_vectors, value_vectors):
    scores = sum(parts_of_scores(q, k, key_vectors)) / np.sqrt(q.shape[-1])
    values = v + value_vectors[rows_of(q, key_vectors)]
    return (softmax(scores.T).T[..., None] * values).sum(1)


@mistake("shaw_attention", "It has a causal mask. None was asked for.")
def with_a_causal_mask(q, k, v, key_vectors, value_vectors):
    scores = sum(parts_of_scores(q, k, key_vectors)) / np.sqrt(q.shape[-1])
    masked = np.where(np.tri(len(q), dtype=bool), scores, -np.inf)
    return with_scores(masked, q, v, value_vectors)


@mistake("shaw_attention", "It has a causal mask. None was asked for.")
def masked_after_the_softmax(q, k, v, key_vectors, value_vectors):
    scores = sum(parts_of_scores(q, k, key_vectors)) / np.sqrt(q.shape[-1])
    values = v + value_vectors[rows_of(q, key_vectors)]
    return (np.tril(softmax(scores))[..., None] * values).sum(1)


@mistake("shaw_attention", "q[j] meets the key, not q[i]: q[:, None] is (query, 1, head_dim).")
def queries_along_the_keys(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(q, k + key_vectors[rows], v + value_vectors[rows])


@mistake(
    "shaw_attention",
    "k[j] doesn't count: query i meets k[i], or no key at all. The keys are k + key_vectors[rows].",
)
def keys_along_the_queries(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(q[:, None], k[:, None] + key_vectors[rows], v + value_vectors[rows])


@mistake("shaw_attention", "Token i brings its own value to all keys: write v, not v[:, None].")
def values_along_the_queries(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(q[:, None], k + key_vectors[rows], v[:, None] + value_vectors[rows])


@mistake("shaw_attention", "The weighted values are summed over the queries: sum over j, axis 1.")
def summed_along_the_wrong_axis(q, k, v, key_vectors, value_vectors):
    scores = sum(parts_of_scores(q, k, key_vectors)) / np.sqrt(q.shape[-1])
    return (softmax(scores)[..., None] * (v + value_vectors[rows_of(q, key_vectors)])).sum(axis=0)


@mistake(
    "shaw_attention", "The weighted values are averaged. The weights sum to 1 already, so just add."
)
def averaged_over_keys(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(q[:, None], k + key_vectors[rows], v + value_vectors[rows]) / len(q)


@mistake("shaw_attention", "The value vectors are summed without their weights.")
def value_vectors_not_weighted(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(q[:, None], k + key_vectors[rows], v) + value_vectors[rows].sum(1)


@mistake("shaw_attention", "The value vectors are averaged without their weights.")
def value_vectors_averaged(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(q[:, None], k + key_vectors[rows], v) + value_vectors[rows].mean(1)


@mistake(
    "shaw_attention", "The key vectors are added to the values as well. Values have value_vectors."
)
def one_table_for_both(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(q[:, None], k + key_vectors[rows], v + key_vectors[rows])


@mistake(
    "shaw_attention", "The value vectors are added to the keys as well. Keys have key_vectors."
)
def value_vectors_for_both(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(q[:, None], k + value_vectors[rows], v + value_vectors[rows])


@mistake("shaw_attention", "The two tables are swapped: key_vectors belong to the keys.")
def tables_exchanged(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(q[:, None], k + value_vectors[rows], v + key_vectors[rows])


@accepted("shaw_attention")
def product_for_each_distance(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    by_distance = np.take_along_axis(q @ key_vectors.T, rows, axis=1)
    return with_scores((q @ k.T + by_distance) / np.sqrt(q.shape[-1]), q, v, value_vectors)


@accepted("shaw_attention")
def pair_by_pair(q, k, v, key_vectors, value_vectors):
    rows, out = rows_of(q, key_vectors), np.zeros(q.shape)
    for i in range(len(q)):
        scores = [q[i] @ (k[j] + key_vectors[rows[i, j]]) / len(q[i]) ** 0.5 for j in range(len(k))]
        powers = np.exp(np.array(scores))
        for j in range(len(k)):
            out[i] += powers[j] / powers.sum() * (v[j] + value_vectors[rows[i, j]])
    return out


@accepted("shaw_attention")
def by_einsum(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    scores = np.einsum("id,ijd->ij", q, k[None] + key_vectors[rows]) / np.sqrt(q.shape[-1])
    weights = softmax(scores)
    return weights @ v + np.einsum("ij,ijd->id", weights, value_vectors[rows])


# relative_shift


def shift_with(x, zeros_in_front=True, drop_first=True):
    *lead, query_len, key_len = x.shape
    zeros = torch.zeros(*lead, query_len, 1, dtype=x.dtype)
    padded = torch.cat([zeros, x] if zeros_in_front else [x, zeros], dim=-1)
    padded = padded.reshape(*lead, key_len + 1, query_len)
    return (padded[..., 1:, :] if drop_first else padded[..., :-1, :]).reshape(x.shape)


def looked_up_at(x, columns):
    """The columns (query, key) of x, those that do not exist replaced by the nearest."""
    query_len, key_len = x.shape[-2:]
    columns = np.clip(columns + np.zeros((query_len, key_len), int), 0, key_len - 1)
    return x[..., torch.tensor(np.arange(query_len)[:, None]), torch.tensor(columns)]


def indices(x):
    query_len, key_len = x.shape[-2:]
    return np.arange(query_len)[:, None], np.arange(key_len), query_len, key_len


@mistake("relative_shift", "Nothing has moved. Only the last row may stay where it is.")
def unshifted(x):
    return x * 1


@mistake("relative_shift", "Your zeros come after each row. They belong in front.")
def zeros_behind(x):
    return shift_with(x, zeros_in_front=False)


@mistake("relative_shift", "The last row was dropped. It should be the first.")
def last_row_dropped(x):
    return shift_with(x, drop_first=False)


@mistake("relative_shift", "Zeros belong in front, and the first row is the one to drop.")
def zeros_behind_and_last_row_dropped(x):
    return shift_with(x, zeros_in_front=False, drop_first=False)


@mistake("relative_shift", "Row i moves by i. It should move by query_len - 1 - i.")
def row_i_by_i(x):
    i, j, query_len, key_len = indices(x)
    return looked_up_at(x, (j + i) % key_len)


@mistake("relative_shift", "Each row moves one too far. Row i should move by query_len - 1 - i.")
def one_too_far(x):
    i, j, query_len, key_len = indices(x)
    return looked_up_at(x, (j + query_len - i) % key_len)


@mistake("relative_shift", "Each row moves one too few. Row i should move by query_len - 1 - i.")
def one_too_few(x):
    i, j, query_len, key_len = indices(x)
    return looked_up_at(x, (j + query_len - 2 - i) % key_len)


@mistake("relative_shift", "Row i moves right by i. It should move left, by query_len - 1 - i.")
def right_by_i(x):
    i, j, query_len, key_len = indices(x)
    return looked_up_at(x, (j - i) % key_len)


@mistake("relative_shift", "Row i moves by key_len - 1 - i, not by query_len - 1 - i.")
def moved_by_the_keys(x):
    i, j, query_len, key_len = indices(x)
    return looked_up_at(x, j + key_len - 1 - i)


@mistake("relative_shift", "The rows move right. They should move left.")
def to_the_right(x):
    i, j, query_len, key_len = indices(x)
    return looked_up_at(x, (j - query_len + 1 + i) % key_len)


@mistake("relative_shift", "Row i moves by key_len - 1 - i, not by query_len - 1 - i.")
def rolled_by_the_keys(x):
    i, j, query_len, key_len = indices(x)
    return looked_up_at(x, (j + key_len - 1 - i) % key_len)


@mistake("relative_shift", "Row i moves by key_len - 1 - i, not by query_len - 1 - i.")
def moved_by_the_keys_and_cut(x):
    i, j, query_len, key_len = indices(x)
    return looked_up_at(x, j + key_len - 1 - i).tril()


@mistake("relative_shift", "The rows are reversed. Their order stays, from far to near.")
def reversed_rows(x):
    return x.flip(-1)


@mistake("relative_shift", "Column i - j is taken. But column c is for key_len - 1 - c back.")
def near_to_far(x):
    i, j, query_len, key_len = indices(x)
    return looked_up_at(x, key_len - query_len + i - j)


@mistake("relative_shift", "All rows move alike. Each should move one less than the row above.")
def all_alike(x):
    return x.roll(-1, -1)


@mistake("relative_shift", "All rows move alike. Each should move one less than the row above.")
def all_alike_and_cut(x):
    return torch.cat([x[..., 1:], 0 * x[..., :1]], dim=-1)


@mistake(
    "relative_shift",
    "The axes are swapped. To read the same numbers in another shape, use reshape.",
)
def transposed_for_reshaped(x):
    *lead, query_len, key_len = x.shape
    padded = torch.cat([torch.zeros(*lead, query_len, 1, dtype=x.dtype), x], dim=-1)
    return padded.transpose(-2, -1)[..., 1:, :].reshape(x.shape)


@mistake("relative_shift", "The first row is still there. Drop it, then reshape once more.")
def nothing_dropped(x):
    *lead, query_len, key_len = x.shape
    padded = torch.cat([torch.zeros(*lead, query_len, 1, dtype=x.dtype), x], dim=-1)
    return padded.reshape(*lead, key_len + 1, query_len)


@mistake("relative_shift", "x may have more axes: *lead, query_len, key_len = x.shape.")
def one_matrix_only(x):
    query_len, key_len = x.shape
    padded = torch.cat([torch.zeros(query_len, 1), x], dim=1)
    return padded.reshape(key_len + 1, query_len)[1:].reshape(query_len, key_len)


@mistake("relative_shift", "x may have more axes: *lead, query_len, key_len = x.shape.")
def zeros_for_one_matrix(x):
    query_len, key_len = x.shape[-2:]
    padded = torch.cat([torch.zeros(query_len, 1, dtype=x.dtype), x], dim=-1)
    return padded.reshape(key_len + 1, query_len)[1:].reshape(query_len, key_len)


@mistake("relative_shift", "[1:] cuts the first axis. For the second to last it is [..., 1:, :].")
def first_axis_cut(x):
    *lead, query_len, key_len = x.shape
    padded = torch.cat([torch.zeros(*lead, query_len, 1, dtype=x.dtype), x], dim=-1)
    return padded.reshape(*lead, key_len + 1, query_len)[1:].reshape(x.shape)


@mistake("relative_shift", "[..., 1:] drops a column. Drop the first *row*: [..., 1:, :].")
def first_column_dropped(x):
    *lead, query_len, key_len = x.shape
    padded = torch.cat([torch.zeros(*lead, query_len, 1, dtype=x.dtype), x], dim=-1)
    return padded.reshape(*lead, key_len + 1, query_len)[..., 1:].reshape(x.shape)


@mistake("relative_shift", "The rows are stacked in front of batch and heads, not at axis -2.")
def rows_stacked_in_front(x):
    i, j, query_len, key_len = indices(x)
    rows = [x[..., i, :].roll(i + 1 - query_len, -1) for i in range(query_len)]
    return torch.stack(rows, dim=0)


@mistake(
    "relative_shift",
    "Read (query_len, key_len + 1) as (key_len + 1, query_len), also where these sizes differ.",
)
def square_only(x):
    *lead, query_len, key_len = x.shape
    padded = torch.cat([torch.zeros(*lead, query_len, 1, dtype=x.dtype), x], dim=-1)
    return padded.reshape(*lead, query_len + 1, key_len)[..., 1:, :].reshape(x.shape)


@mistake("relative_shift", "The last step is missing: reshape to (query_len, key_len) again.")
def left_in_the_other_shape(x):
    *lead, query_len, key_len = x.shape
    padded = torch.cat([torch.zeros(*lead, query_len, 1, dtype=x.dtype), x], dim=-1)
    return padded.reshape(*lead, key_len + 1, query_len)[..., 1:, :]


@mistake("relative_shift", shown_by="gradient_to_each_score")
def in_numpy(x):
    return torch.tensor(shift_with(x).detach().numpy())


@mistake("relative_shift", shown_by="square_tables")
def masked_already(x):
    query_len, key_len = x.shape[-2:]
    allowed = torch.tensor(np.tri(query_len, key_len, key_len - query_len, dtype=bool))
    return shift_with(x).masked_fill(~allowed, float("-inf"))


@accepted("relative_shift")
def looked_up(x):
    i, j, query_len, key_len = indices(x)
    return looked_up_at(x, j + query_len - 1 - i)


@accepted("relative_shift")
def rolled_row_by_row(x):
    query_len = x.shape[-2]
    rows = [x[..., i, :].roll(i + 1 - query_len, -1) for i in range(query_len)]
    return torch.stack(rows, dim=-2)


@accepted("relative_shift")
def with_zeros_above_the_diagonal(x):
    return shift_with(x).tril(x.shape[-1] - x.shape[-2])


# transformer_xl_bias


def swapped(x):
    return x.transpose(-2, -1)


def xl_by_key(k, u):
    """u times the keys: (..., 1, key)."""
    return u @ swapped(k)


def xl_by_distance(queries, r):
    """Queries times r, put in line with the keys."""
    return relative_shift(queries @ swapped(r))


@mistake("transformer_xl_bias", "The term q.k is in it too. Attention adds that one itself.")
def all_four_terms(q, k, r, u, v, scale):
    return ((q + u) @ swapped(k) + xl_by_distance(q + v, r)) * scale


@mistake("transformer_xl_bias", "q meets the keys here. It meets r, and only u meets the keys.")
def tokens_for_distances(q, k, r, u, v, scale):
    return ((q + u) @ swapped(k) + xl_by_distance(v + 0 * q, r)) * scale


@mistake("transformer_xl_bias", "The term v.r is missing.")
def without_v(q, k, r, u, v, scale):
    return (xl_by_key(k, u) + xl_by_distance(q, r) + 0 * v.sum()) * scale


@mistake("transformer_xl_bias", "The term u.k is missing.")
def without_u(q, k, r, u, v, scale):
    return (xl_by_distance(q + v, r) + 0 * (u.sum() + k.sum())) * scale


@mistake("transformer_xl_bias", "The term q.r is missing.")
def without_q(q, k, r, u, v, scale):
    return (xl_by_key(k, u) + xl_by_distance(v + 0 * q, r)) * scale


@mistake("transformer_xl_bias", "u and v are swapped: u meets the keys, v the distances.")
def u_and_v_exchanged(q, k, r, u, v, scale):
    return (xl_by_key(k, v) + xl_by_distance(q + u, r)) * scale


@mistake("transformer_xl_bias", "v is added to the keys' term. It meets r, as q does.")
def v_with_the_keys(q, k, r, u, v, scale):
    return (xl_by_key(k, u + v) + xl_by_distance(q, r)) * scale


@mistake("transformer_xl_bias", "u is added to q. It meets the keys, not the distances.")
def u_with_the_distances(q, k, r, u, v, scale):
    return (xl_by_distance(q + u + v, r) + 0 * k.sum()) * scale


@mistake(
    "transformer_xl_bias",
    "The terms with r are still by distance. `relative_shift` puts them in line with the keys.",
)
def not_shifted(q, k, r, u, v, scale):
    return (xl_by_key(k, u) + (q + v) @ swapped(r)) * scale


@mistake("transformer_xl_bias", "v.r is not shifted. It depends on the distance, as q.r does.")
def v_not_shifted(q, k, r, u, v, scale):
    return (xl_by_key(k, u) + v @ swapped(r) + xl_by_distance(q, r)) * scale


@mistake(
    "transformer_xl_bias",
    "u.k is shifted, too. It is in line with its keys already: shift the terms with r only.",
)
def all_shifted(q, k, r, u, v, scale):
    return relative_shift((q + v) @ swapped(r) + u @ swapped(k)) * scale


@mistake(
    "transformer_xl_bias",
    "r is from near to far here. Its first row is key_len - 1 back, as `relative_shift` expects.",
)
def near_ones_first(q, k, r, u, v, scale):
    return (xl_by_key(k, u) + xl_by_distance(q + v, r.flip(-2))) * scale


@mistake("transformer_xl_bias", "The scale is not used.")
def never_scaled(q, k, r, u, v, scale):
    return xl_by_key(k, u) + xl_by_distance(q + v, r)


@mistake("transformer_xl_bias", "It is divided by the scale. The formula multiplies.")
def divided_by_the_scale(q, k, r, u, v, scale):
    return (xl_by_key(k, u) + xl_by_distance(q + v, r)) / scale


@mistake("transformer_xl_bias", "u.k is not multiplied by the scale.")
def keys_not_scaled(q, k, r, u, v, scale):
    return xl_by_key(k, u) + xl_by_distance(q + v, r) * scale


@mistake("transformer_xl_bias", "The terms with r are not multiplied by the scale.")
def distances_not_scaled(q, k, r, u, v, scale):
    return xl_by_key(k, u) * scale + xl_by_distance(q + v, r)


@mistake("transformer_xl_bias", "v.r is not multiplied by the scale.")
def v_not_scaled(q, k, r, u, v, scale):
    return xl_by_key(k, u) * scale + xl_by_distance(q * scale + v, r)


@mistake("transformer_xl_bias", "It is divided by sqrt(head_dim). Use `scale`, whatever it is.")
def by_its_own_root(q, k, r, u, v, scale):
    return (xl_by_key(k, u) + xl_by_distance(q + v, r)) / q.shape[-1] ** 0.5


@mistake("transformer_xl_bias", shown_by="gradient_of_the_terms")
def terms_in_numpy(q, k, r, u, v, scale):
    return ((xl_by_key(k, u) + xl_by_distance(q + v, r)) * scale).detach()


@mistake("transformer_xl_bias", shown_by="terms_of_the_example")
def terms_masked_already(q, k, r, u, v, scale):
    out = (xl_by_key(k, u) + xl_by_distance(q + v, r)) * scale
    query_len, key_len = out.shape[-2:]
    allowed = torch.tensor(np.tri(query_len, key_len, key_len - query_len, dtype=bool))
    return out.masked_fill(~allowed, float("-inf"))


@accepted("transformer_xl_bias")
def term_by_term(q, k, r, u, v, scale):
    others = (v + 0 * q) @ swapped(r)
    return scale * (relative_shift(q @ swapped(r)) + relative_shift(others) + u @ swapped(k))


@accepted("transformer_xl_bias")
def scaled_at_first(q, k, r, u, v, scale):
    return xl_by_key(k, u * scale) + xl_by_distance(q * scale + v * scale, r)


@accepted("transformer_xl_bias")
def zeros_ahead(q, k, r, u, v, scale):
    out = (xl_by_key(k, u) + xl_by_distance(q + v, r)) * scale
    return out.tril(out.shape[-1] - out.shape[-2])


# t5_bucket


def bucket(
    given,
    bidirectional=True,
    num_buckets=32,
    max_distance=128,
    *,
    whole=np.floor,
    most=0,
    far=0,
    first=None,
    start=0,
    end=0,
):
    """The right answer; the options bend the far half."""
    check_distances(given)
    buckets = num_buckets // 2 if bidirectional else num_buckets
    exact = buckets // 2
    n = abs(given) if bidirectional else np.maximum(-given, 0)
    growth = np.log2(np.maximum(n, exact) / (start or exact)) / np.log2(end or max_distance / exact)
    bucket = (exact if first is None else first) + whole(growth * (far or exact)).astype(int)
    bucket = np.where(n < exact, n, np.minimum(bucket, most or buckets - 1))
    return bucket + bidirectional * buckets * (given > 0)


def half_of_b(bidirectional=True, num_buckets=32, max_distance=128):
    return num_buckets // (4 if bidirectional else 2)


@mistake(
    "t5_bucket", "Past and future are swapped: n is how far *back* a key is, so minus the distance."
)
def future_for_past(relative_position, **sizes):
    return bucket(-relative_position, **sizes)


@mistake(
    "t5_bucket", "Keys ahead got buckets of the past. In the causal case, they count as distance 0."
)
def both_directions_alike(relative_position, **sizes):
    causal = not sizes.get("bidirectional", True)
    return bucket(-abs(relative_position) if causal else relative_position, **sizes)


@mistake("t5_bucket", "You always use the bidirectional rule. Look at `bidirectional`.")
def always_bidirectional(relative_position, **sizes):
    return bucket(relative_position, **sizes | {"bidirectional": True})


@mistake("t5_bucket", "You always use the causal rule. Look at `bidirectional`.")
def always_causal(relative_position, **sizes):
    return bucket(relative_position, **sizes | {"bidirectional": False})


@mistake(
    "t5_bucket", "In the causal case, only half of the buckets are used. B should be num_buckets."
)
def always_halved(relative_position, **sizes):
    buckets = 2 * half_of_b(**sizes | {"bidirectional": True})
    if sizes.get("bidirectional", True):
        return bucket(relative_position, **sizes)
    return bucket(relative_position, **sizes | {"num_buckets": buckets})


_NOT_HALVED = "The buckets are not halved: bidirectional, each side has B = num_buckets / 2."


@mistake(
    "t5_bucket",
    "The buckets are not halved. In the bidirectional case, each side has B = num_buckets / 2.",
)
def buckets_not_halved(relative_position, **sizes):
    buckets = 4 * half_of_b(**sizes)
    if not sizes.get("bidirectional", True):
        return bucket(relative_position, **sizes)
    return bucket(relative_position, **sizes | {"num_buckets": 2 * buckets})


@mistake(
    "t5_bucket",
    "The buckets are not halved. In the bidirectional case, each side has B = num_buckets / 2.",
)
def buckets_not_halved_but_moved(relative_position, **sizes):
    if not sizes.get("bidirectional", True):
        return bucket(relative_position, **sizes)
    ahead = 2 * half_of_b(**sizes) * (relative_position > 0)
    return ahead + bucket(-abs(relative_position), **sizes | {"bidirectional": False})


@mistake(
    "t5_bucket",
    "The last bucket begins at max_distance, 128. By the rule it begins earlier, at 113.",
    seen=("buckets said to saturate at 128"),
)
def last_bucket_at_128(relative_position, **sizes):
    return bucket(relative_position, **sizes, far=half_of_b(**sizes) - 1)


@mistake("t5_bucket", "The fraction is rounded to the nearest number. Round down (floor).")
def rounded(relative_position, **sizes):
    return bucket(relative_position, **sizes, whole=np.round)


@mistake("t5_bucket", "The fraction is rounded up. The rule rounds down (floor).")
def rounded_up(relative_position, **sizes):
    return bucket(relative_position, **sizes, whole=np.ceil)


_TOO_MANY = "Far distances get buckets that do not exist: the last one is B - 1."


@mistake("t5_bucket", _TOO_MANY)
def uncapped(relative_position, **sizes):
    return bucket(relative_position, **sizes, most=10**9)


@mistake("t5_bucket", _TOO_MANY)
def capped_for_both(relative_position, **sizes):
    return bucket(
        relative_position, **sizes, most=4 * half_of_b(True, sizes.get("num_buckets", 32)) - 1
    )


@mistake("t5_bucket", _TOO_MANY)
def capped_at_b(relative_position, **sizes):
    return bucket(relative_position, **sizes, most=2 * half_of_b(**sizes))


@mistake("t5_bucket", _TOO_MANY)
def capped_at_all(relative_position, **sizes):
    return bucket(relative_position, **sizes, most=sizes.get("num_buckets", 32))


@mistake("t5_bucket", "All distances below B have a bucket each. Only those below B/2 should.")
def near_up_to_b(relative_position, **sizes):
    two_sided, size = sizes.get("bidirectional", True), 2 * half_of_b(**sizes)
    n = abs(relative_position) if two_sided else np.maximum(-relative_position, 0)
    ahead = two_sided * size * (relative_position > 0)
    return np.where(n < size, n + ahead, bucket(relative_position, **sizes))


@mistake("t5_bucket", "Two kinds of logarithm are divided by each other. Use one for both.")
def two_kinds_of_logarithm(relative_position, **sizes):
    whole = sizes.get("max_distance", 128) / half_of_b(**sizes)
    return bucket(relative_position, **sizes, end=2 ** np.log(whole))


@mistake("t5_bucket", "The logarithm is not divided by ln(max_distance / (B/2)).")
def divisor_missing(relative_position, **sizes):
    return bucket(relative_position, **sizes, end=np.e)


@mistake("t5_bucket", "The divisor is ln(max_distance / (B/2)), not ln(max_distance).")
def divisor_of_the_whole(relative_position, **sizes):
    return bucket(relative_position, **sizes, end=sizes.get("max_distance", 128))


@mistake("t5_bucket", "n is not divided by B/2: the logarithm is ln(n / (B/2)).")
def logarithm_of_n(relative_position, **sizes):
    return bucket(relative_position, **sizes, start=1)


@mistake("t5_bucket", "Both logarithms lack the division by B/2.")
def logarithms_of_the_whole(relative_position, **sizes):
    return bucket(relative_position, **sizes, start=1, end=sizes.get("max_distance", 128))


@mistake("t5_bucket", "The fraction is multiplied by B. Multiply it by B/2.")
def twice_as_fast(relative_position, **sizes):
    return bucket(relative_position, **sizes, far=2 * half_of_b(**sizes))


@mistake("t5_bucket", "The far buckets are counted from 0. They should begin at B/2.")
def far_from_0(relative_position, **sizes):
    return bucket(relative_position, **sizes, first=0)


_NO_LOGARITHM = (
    "Far distances are only cut off. From B/2 on they share buckets, on a logarithmic scale."
)


@mistake("t5_bucket", _NO_LOGARITHM)
def no_logarithm(relative_position, **sizes):
    return np.minimum(np.maximum(-relative_position, 0), sizes.get("num_buckets", 32) - 1)


@mistake("t5_bucket", _NO_LOGARITHM)
def no_logarithm_on_each_side(relative_position, **sizes):
    buckets = 2 * half_of_b(**sizes)
    if not sizes.get("bidirectional", True):
        return np.clip(-relative_position, 0, buckets - 1)
    return np.minimum(abs(relative_position), buckets - 1) + buckets * (relative_position > 0)


@mistake("t5_bucket", _NO_LOGARITHM)
def no_logarithm_and_no_direction(relative_position, **sizes):
    return np.minimum(abs(relative_position), sizes.get("num_buckets", 32) - 1)


@mistake(
    "t5_bucket",
    "All distances are on the logarithmic scale. Below B/2, each has a bucket of its own.",
)
def logarithm_for_all(relative_position, **sizes):
    buckets, two_sided = 2 * half_of_b(**sizes), sizes.get("bidirectional", True)
    n = abs(relative_position) if two_sided else np.maximum(-relative_position, 0)
    growth = np.log2(np.maximum(n, 1)) / np.log2(sizes.get("max_distance", 128))
    bucket = np.minimum((growth * buckets).astype(int), buckets - 1)
    return bucket + two_sided * buckets * (relative_position > 0)


@mistake(
    "t5_bucket", "The far buckets are all equally wide. They should grow, on a logarithmic scale."
)
def equally_wide(relative_position, **sizes):
    two_sided, exact = sizes.get("bidirectional", True), half_of_b(**sizes)
    n = abs(relative_position) if two_sided else np.maximum(-relative_position, 0)
    far = exact + np.maximum(n - exact, 0) * exact // (sizes.get("max_distance", 128) - exact)
    bucket = np.where(n < exact, n, np.minimum(far, 2 * exact - 1))
    return bucket + two_sided * 2 * exact * (relative_position > 0)


@mistake("t5_bucket", "The far buckets are fractions. Round down, to integers.")
def not_rounded(relative_position, **sizes):
    two_sided, exact = sizes.get("bidirectional", True), half_of_b(**sizes)
    n = abs(relative_position) if two_sided else np.maximum(-relative_position, 0)
    growth = np.log2(np.maximum(n, exact) / exact) / np.log2(sizes.get("max_distance", 128) / exact)
    far = np.minimum(exact + growth * exact, 2 * exact - 1)
    return np.where(n < exact, n, far) + two_sided * 2 * exact * (relative_position > 0)


@mistake("t5_bucket", "The direction is lost: one ahead gets the bucket of one back.")
def direction_lost(relative_position, **sizes):
    return bucket(-abs(relative_position), **sizes)


@mistake("t5_bucket", "Keys ahead are counted from num_buckets on. They should begin at B.")
def ahead_from_all_on(relative_position, **sizes):
    more = 2 * half_of_b(**sizes) * sizes.get("bidirectional", True)
    return bucket(relative_position, **sizes) + more * (relative_position > 0)


@mistake("t5_bucket", "Ahead and back share their buckets. Keys ahead should count from B on.")
def sides_not_told_apart(relative_position, **sizes):
    two_sided = sizes.get("bidirectional", True)
    return bucket(-abs(relative_position) if two_sided else relative_position, **sizes)


@mistake("t5_bucket", "The *past* is counted from B on. Keys ahead should be.")
def past_from_b_on(relative_position, **sizes):
    two_sided = sizes.get("bidirectional", True)
    return bucket(-relative_position if two_sided else relative_position, **sizes)


@mistake("t5_bucket", "The *past* is counted from B on. Keys ahead should be.")
def all_but_ahead_from_b_on(relative_position, **sizes):
    size = 2 * half_of_b(**sizes) * sizes.get("bidirectional", True)
    back = bucket(relative_position, **sizes)
    return back + size * np.where(relative_position > 0, -1, 1)


@mistake(
    "t5_bucket", "Keys ahead get B added in the causal case, too. There they count as distance 0."
)
def ahead_in_both_cases(relative_position, **sizes):
    causal = not sizes.get("bidirectional", True)
    more = 2 * half_of_b(**sizes) * causal * (relative_position > 0)
    return bucket(relative_position, **sizes) + more


@mistake("t5_bucket", "Without an argument, the rule should be bidirectional. Yours is causal.")
def causal_by_default(relative_position, **sizes):
    return bucket(relative_position, **{"bidirectional": False} | sizes)


@mistake("t5_bucket", "max_distance is always 128 here. Use the argument.")
def fixed_distance(relative_position, **sizes):
    return bucket(relative_position, **sizes | {"max_distance": 128})


@mistake("t5_bucket", "There are always 32 buckets here. Use num_buckets.")
def fixed_buckets(relative_position, **sizes):
    return bucket(relative_position, **sizes | {"num_buckets": 32})


@mistake("t5_bucket", "The token itself is counted as ahead. Distance 0 has bucket 0.")
def zero_is_ahead(relative_position, **sizes):
    ahead = 2 * half_of_b(**sizes) * sizes.get("bidirectional", True)
    return bucket(relative_position, **sizes) + ahead * (relative_position == 0)


@mistake("t5_bucket", shown_by="whole_distances")
def fractions_of_a_token(relative_position, **sizes):
    return bucket(relative_position.astype(int), **sizes)


@accepted("t5_bucket")
def by_searching_edges(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    check_distances(relative_position)
    buckets = num_buckets // 2 if bidirectional else num_buckets
    exact = buckets // 2
    edges = exact * (max_distance / exact) ** (np.arange(1, exact) / exact)  # of far buckets
    n = abs(relative_position) if bidirectional else np.maximum(-relative_position, 0)
    far = exact + np.searchsorted(edges - 1e-9, n, side="right")
    ahead = np.where(bidirectional & (relative_position > 0), buckets, 0)
    return np.where(n < exact, n, far) + ahead


@accepted("t5_bucket")
def one_after_the_other(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    check_distances(relative_position)
    result = np.zeros_like(relative_position)
    for index, distance in np.ndenumerate(relative_position):
        size = num_buckets // 2 if bidirectional else num_buckets
        n, half = abs(distance) if bidirectional else max(-distance, 0), size // 2
        if n >= half:
            n = half + int(np.log(n / half) / np.log(max_distance / half) * half)
        result[index] = min(n, size - 1) + (size if bidirectional and distance > 0 else 0)
    return result


@accepted("t5_bucket")
def cut_first(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    cut = np.clip(relative_position, -max_distance, max_distance)
    return bucket(cut, bidirectional, num_buckets, max_distance)


# T5Bias


def distances_of(q, k):
    return relative_positions(q.shape[-2], k.shape[-2])


def bucket_of(layer, distances):
    return t5_bucket(distances, layer.bidirectional, layer.num_buckets, layer.max_distance)


def picked(layer, buckets):
    """The numbers of the buckets: (1, heads, query, key)."""
    return layer.table.T[:, torch.tensor(buckets)].unsqueeze(0)


@mistake("T5Bias", "Past and future are swapped: t5_bucket wants key minus query.")
class WrongSign(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        return picked(self, bucket_of(self, -distances_of(q, k)))


@mistake("T5Bias", "The queries are counted from 0. They are the last of the keys' positions.")
class QueriesFromZero(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        distances = np.arange(k.shape[-2]) - np.arange(q.shape[-2])[:, None]
        return picked(self, bucket_of(self, distances))


@mistake("T5Bias", "Queries and keys are swapped: rows are queries, columns are keys.")
class RowsAndColumnsExchanged(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        distances = relative_positions(k.shape[-2], k.shape[-2])[: q.shape[-2]]
        return picked(self, bucket_of(self, distances)).transpose(-2, -1)


@mistake("T5Bias", "Direction and sizes are t5_bucket's defaults here. Pass on those of self.")
class DefaultsOfTheRule(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        return picked(self, t5_bucket(distances_of(q, k)) % self.num_buckets)


@mistake("T5Bias", "The buckets are always causal. Pass on self.bidirectional.")
class AlwaysCausalNumbers(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        sizes = self.num_buckets, self.max_distance
        return picked(self, t5_bucket(distances_of(q, k), False, *sizes))


@mistake("T5Bias", "max_distance is always 128 here. Pass on self.max_distance.")
class AlwaysTo128(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        buckets = t5_bucket(distances_of(q, k), self.bidirectional, self.num_buckets)
        return picked(self, buckets)


@mistake("T5Bias", "The rows of the table are picked by distance. They belong to buckets.")
class DistancesForBuckets(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        return picked(self, np.clip(-distances_of(q, k), 0, self.num_buckets - 1))


@mistake("T5Bias", "All heads get the numbers of head 0. Each has a column of its own.")
class FirstHeadForAll(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        out = picked(self, bucket_of(self, distances_of(q, k)))
        return out[:, :1] + 0 * out


@mistake("T5Bias", "The heads come last. Reorder the axes: (1, heads, query, key).")
class HeadsLast(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        return self.table[torch.tensor(bucket_of(self, distances_of(q, k)))].unsqueeze(0)


@mistake("T5Bias", "The batch axis is missing: (1, heads, query, key).")
class NoBatchAxis(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        return picked(self, bucket_of(self, distances_of(q, k)))[0]


@mistake("T5Bias", "The numbers are divided by sqrt(head_dim). T5 adds them as they are.")
class NumbersScaled(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        return picked(self, bucket_of(self, distances_of(q, k))) / q.shape[-1] ** 0.5


@mistake("T5Bias", "The numbers are subtracted. T5 adds them: their sign is learned.")
class NumbersSubtracted(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        return -picked(self, bucket_of(self, distances_of(q, k)))


@mistake("T5Bias", "These are the buckets' own numbers. What is added is in self.table.")
class BucketNumbers(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        buckets = bucket_of(self, distances_of(q, k)).astype("float32")
        return torch.tensor(buckets) + 0 * picked(self, bucket_of(self, distances_of(q, k)))


@mistake("T5Bias", "The products q.k are in it too. Attention adds them itself.")
class WholeScore(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        return q @ swapped(k) + picked(self, bucket_of(self, distances_of(q, k)))


@mistake("T5Bias", shown_by="gradient_of_the_table")
class TableWithoutGradient(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        return picked(self, bucket_of(self, distances_of(q, k))).detach()


@mistake("T5Bias", shown_by="other_heads_are_refused")
class AnyHeads(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        return picked(self, bucket_of(self, distances_of(q, k)))


@accepted("T5Bias")
class HeadByHead(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[-1])
        buckets = torch.tensor(bucket_of(self, distances_of(q, k)))
        heads = [self.table[:, head][buckets] for head in range(q.shape[1])]
        return torch.stack(heads, dim=0).unsqueeze(0)


@accepted("T5Bias")
class HeadsMovedToTheFront(RightT5Bias):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, self.table.shape[1])
        numbers = self.table[torch.tensor(bucket_of(self, distances_of(q, k)))]
        return numbers.permute(2, 0, 1).unsqueeze(0)


# alibi_slopes


def series(num_heads):
    return 2.0 ** (-8 / num_heads * np.arange(1, num_heads + 1))


def lower_power(num_heads):
    return 2 ** int(np.log2(num_heads))


def completed(num_heads, between):
    """The slopes of the power of two below, and then those between them."""
    power = lower_power(num_heads)
    return np.concatenate([series(power), between[: num_heads - power]])


@mistake("alibi_slopes", "The series starts at 1. The first slope is 2^(-8/n) already.")
def heads_from_zero(num_heads):
    return series(num_heads) * 2 ** (8 / num_heads)


@mistake(
    "alibi_slopes",
    "The slopes are negative. ALiBi subtracts slope times distance; slopes are positive.",
    seen="the sign of ALiBi's slopes",
)
def negative(num_heads):
    return -series(num_heads)


@mistake("alibi_slopes", "Your flattest head comes first. The steepest should, with 2^(-8/n).")
def flattest_first(num_heads):
    return series(num_heads)[::-1]


@mistake("alibi_slopes", "These are 1, 1/2, 1/3, ... A slope is the one before times 2^(-8/n).")
def harmonic(num_heads):
    return 1 / np.arange(1, num_heads + 1)


@mistake("alibi_slopes", "These are 1/2, 1/3, ... A slope is the one before times 2^(-8/n).")
def harmonic_from_two(num_heads):
    return 1 / np.arange(2, num_heads + 2)


@mistake("alibi_slopes", "These fall by equal steps. A slope is the one before times 2^(-8/n).")
def equal_steps(num_heads):
    return np.arange(num_heads, 0, -1) / (2 * num_heads)


@mistake("alibi_slopes", "All heads have the slope 2^(-8/n). Only the first should.")
def all_alike_slopes(num_heads):
    return np.full(num_heads, 2 ** (-8 / num_heads))


@mistake(
    "alibi_slopes", "The ratio is 1/2 for any n. It should be 2^(-8/n): the flattest is 1/256."
)
def always_halved_slopes(num_heads):
    return 2.0 ** -np.arange(1, num_heads + 1)


@mistake("alibi_slopes", "The ratio is right, but the start should be 2^(-8/n), too.")
def starts_at_a_half(num_heads):
    return series(num_heads) * 2 ** (8 / num_heads) / 2


@mistake("alibi_slopes", "These fall by equal steps. A slope is the one before times 2^(-8/n).")
def equal_steps_between_the_ends(num_heads):
    return np.linspace(2 ** (-8 / num_heads), 2**-8, num_heads)


@mistake("alibi_slopes", "They start at 1/2 for any n. The first should be 2^(-8/n).")
def from_a_half_to_the_end(num_heads):
    return 2 ** np.linspace(-1, -8, num_heads)


@mistake("alibi_slopes", "The exponent is not divided by the number of heads: -8h / n.")
def exponent_not_divided(num_heads):
    return 2.0 ** (-8 * np.arange(1, num_heads + 1))


@mistake("alibi_slopes", "These are multiples of 2^(-8/n). They should be its powers.")
def multiples(num_heads):
    return 2 ** (-8 / num_heads) * np.arange(1, num_heads + 1)


@mistake("alibi_slopes", "The exponents are -h / n. They should be -8h / n.")
def without_the_8(num_heads):
    return 2.0 ** (-np.arange(1, num_heads + 1) / num_heads)


@mistake("alibi_slopes", "The exponents are -n h / 8. They should be -8 h / n.")
def inverted_exponent(num_heads):
    return 2.0 ** (-num_heads / 8 * np.arange(1, num_heads + 1))


@mistake("alibi_slopes", "These are powers of e. The slopes are powers of 2: 2^(-8h/n).")
def powers_of_e(num_heads):
    return np.exp(-8 / num_heads * np.arange(1, num_heads + 1))


@mistake(
    "alibi_slopes",
    "This is the paper's formula, used for any n. Begin with the power of two below, then add "
    "slopes from in between.",
    seen="slopes for head counts that are no power of two",
)
def formula_for_any_count(num_heads):
    return series(num_heads)


@mistake(
    "alibi_slopes",
    "These are the first slopes of the next power of two. Begin with all those of the power below.",
    seen="slopes for head counts that are no power of two",
)
def cut_from_the_next_power(num_heads):
    return series(2 ** int(np.ceil(np.log2(num_heads))))[:num_heads]


@mistake(
    "alibi_slopes",
    "The added slopes are there already. From those of twice the power, take the others: the 1st, "
    "3rd, 5th, ...",
)
def every_second_from_the_second(num_heads):
    return completed(num_heads, series(2 * lower_power(num_heads))[1::2])


@mistake(
    "alibi_slopes",
    "The added slopes are the wrong ones of twice the power. Take every second one: the 1st, 3rd, "
    "5th, ...",
)
def first_of_twice_the_power(num_heads):
    return completed(num_heads, series(2 * lower_power(num_heads)))


@mistake(
    "alibi_slopes",
    "The added slopes are the wrong ones of twice the power. Take every second one: the 1st, 3rd, "
    "5th, ...",
)
def last_of_every_second(num_heads):
    missing = num_heads - lower_power(num_heads)
    return completed(num_heads, series(2 * lower_power(num_heads))[0::2][-missing or None :])


@mistake("alibi_slopes", "The added slopes are of the *same* power, not of twice the power.")
def every_second_of_the_same(num_heads):
    return completed(num_heads, np.tile(series(lower_power(num_heads))[0::2], 2))


@mistake(
    "alibi_slopes",
    "The added slopes begin with 1. They should begin with the 1st of twice the power.",
)
def between_from_zero(num_heads):
    power = lower_power(num_heads)
    return completed(num_heads, series(2 * power)[0::2] * 2 ** (4 / power))


@mistake(
    "alibi_slopes",
    "The series of the power below just goes on. The added slopes come from in between.",
)
def series_goes_on(num_heads):
    return 2.0 ** (-8 / lower_power(num_heads) * np.arange(1, num_heads + 1))


@mistake(
    "alibi_slopes",
    "The added slopes are the wrong ones of twice the power. Take every second one: the 1st, 3rd, "
    "5th, ...",
)
def last_of_twice_the_power(num_heads):
    missing = num_heads - lower_power(num_heads)
    return completed(num_heads, series(2 * lower_power(num_heads))[-missing or None :])


@mistake(
    "alibi_slopes", "The slopes you add are 0. They should come from twice the power of two below."
)
def zeros_for_the_missing(num_heads):
    return completed(num_heads, np.zeros(num_heads))


@mistake("alibi_slopes", "The slopes from between come first. They should come last.")
def between_first(num_heads):
    power = lower_power(num_heads)
    return np.concatenate([series(2 * power)[0::2][: num_heads - power], series(power)])


@mistake("alibi_slopes", "The slopes are sorted. Those of the power of two should come first.")
def in_order_of_size(num_heads):
    return np.sort(completed(num_heads, series(2 * lower_power(num_heads))[0::2]))[::-1]


@mistake("alibi_slopes", "Slopes are missing: they come from twice the power of two below.")
def too_few(num_heads):
    return series(lower_power(num_heads))


@mistake("alibi_slopes", "For a power of two, its own series is all there is: no slopes are added.")
def strictly_lower_power(num_heads):
    power = lower_power(max(num_heads - 1, 1))
    return np.concatenate([series(power), series(2 * power)[0::2][: num_heads - power]])


@accepted("alibi_slopes")
def as_published(num_heads):
    return completed(num_heads, series(2 * lower_power(num_heads))[0::2])


@accepted("alibi_slopes")
def one_times_the_ratio(num_heads):
    power, slopes = 1, []
    while 2 * power <= num_heads:
        power *= 2
    for head in range(num_heads):
        step = 8 / power * (head + 1) if head < power else 4 / power * (2 * (head - power) + 1)
        slopes.append(1 / 2**step)
    return np.array(slopes)


# ALiBi


def penalties_of(layer, q, k, distances=None):
    """Slope times distance: (heads, query, key)."""
    distances = distances_of(q, k) if distances is None else distances
    return np.asarray(layer.slopes)[:, None, None] * distances


def as_bias(penalties, q):
    return torch.tensor(penalties, dtype=q.dtype).unsqueeze(0)


@mistake(
    "ALiBi",
    "The sign is wrong: far keys get *more*. The distances are negative in the past already, so "
    "slope times distance is added as it is.",
    seen="slope sign",
)
class FarKeysGetMore(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        return as_bias(-penalties_of(self, q, k), q)


@mistake("ALiBi", "The queries are counted from 0. They are the last of the keys' positions.")
class PenaltiesFromQueryZero(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        distances = np.arange(k.shape[-2]) - np.arange(q.shape[-2])[:, None]
        return as_bias(penalties_of(self, q, k, np.minimum(distances, 0)), q)


@mistake("ALiBi", "The same is added in every row. Measure each distance from its own query.")
class FromTheLastQuery(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        distances = np.arange(k.shape[-2]) - k.shape[-2] + 1 + 0 * distances_of(q, k)
        return as_bias(penalties_of(self, q, k, distances), q)


@mistake("ALiBi", "A query's own position has a penalty. Nothing is added there.")
class PenaltyAtHome(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        return as_bias(penalties_of(self, q, k, distances_of(q, k) - 1), q)


@mistake("ALiBi", "The slopes are missing: these are the distances themselves.")
class DistancesOnly(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        return as_bias(penalties_of(self, q, k) * 0 + distances_of(q, k), q)


@mistake("ALiBi", "All heads have the first slope. Each has its own.")
class OneSlopeForAll(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        return as_bias(penalties_of(self, q, k)[:1].repeat(q.shape[1], axis=0), q)


@mistake("ALiBi", "The slopes are in reverse order: head 0 has slopes[0].")
class SlopesReversed(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        return as_bias(penalties_of(self, q, k)[::-1].copy(), q)


@mistake("ALiBi", "These are the slopes of alibi_slopes. Use self.slopes, whatever they are.")
class SlopesComputedAnew(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        slopes = alibi_slopes(len(self.slopes))
        return as_bias(slopes[:, None, None] * distances_of(q, k), q)


@mistake("ALiBi", "The distance is divided by the slope. It should be multiplied by it.")
class DividedBySlopes(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        return as_bias(distances_of(q, k) / self.slopes[:, None, None], q)


@mistake("ALiBi", "The distance is squared. The penalty grows in a straight line.")
class SquaredDistances(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        return as_bias(penalties_of(self, q, k, -(distances_of(q, k) ** 2)), q)


@mistake("ALiBi", "The penalty is divided by sqrt(head_dim). Only q.k is.")
class PenaltyScaled(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        return as_bias(penalties_of(self, q, k) / q.shape[-1] ** 0.5, q)


@mistake(
    "ALiBi",
    "These are factors, e to the penalty. Add the penalty itself: the softmax takes the power.",
)
class WeightsForScores(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        return as_bias(np.exp(np.minimum(penalties_of(self, q, k), 0)), q)


@mistake("ALiBi", "The products q.k are in it too. Attention adds them itself.")
class WholeScoreWithPenalty(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        return q @ swapped(k) + as_bias(penalties_of(self, q, k), q)


@mistake("ALiBi", "The batch axis is missing: (1, heads, query, key).")
class PenaltiesWithoutBatch(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        return as_bias(penalties_of(self, q, k), q)[0]


@mistake(
    "ALiBi", "The result is float64. Give it the dtype of q: torch.tensor(..., dtype=q.dtype)."
)
class PenaltiesInFloat64(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        return torch.tensor(penalties_of(self, q, k)).unsqueeze(0)


@mistake("ALiBi", "The result is float32, also for float64 queries. Give it the dtype of q.")
class PenaltiesInFloat32(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        return torch.tensor(penalties_of(self, q, k).astype("float32")).unsqueeze(0)


@mistake("ALiBi", shown_by="far_keys_get_less")
class MaskedPenalties(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        penalties = penalties_of(self, q, k)
        return as_bias(np.where(distances_of(q, k) > 0, -np.inf, penalties), q)


@mistake("ALiBi", shown_by="heads_without_a_slope_are_refused")
class AnyHeadsPenalized(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        return as_bias(penalties_of(self, q, k), q)


@accepted("ALiBi")
class BothSidesPenalized(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        return as_bias(-penalties_of(self, q, k, abs(distances_of(q, k))), q)


@accepted("ALiBi")
class MinusSlopesTimesBack(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        back = np.maximum(-distances_of(q, k), 0)
        heads = [torch.tensor(-slope * back, dtype=q.dtype) for slope in self.slopes]
        return torch.stack(heads, dim=0).unsqueeze(0)


@accepted("ALiBi")
class PenaltiesForTheBatch(RightALiBi):
    def bias(self, q, k, v=None, x=None):
        check_num_heads(q, len(self.slopes))
        distances = torch.tensor(distances_of(q, k), dtype=q.dtype)
        slopes = torch.tensor(self.slopes, dtype=q.dtype).reshape(1, -1, 1, 1)
        return slopes * distances

"""Mistakes with distances, their sign and clipping, Shaw's vectors, the shift, buckets and slopes."""
import numpy as np

import minitorch as torch
from solutions.autograd import softmax
from solutions.relative_positions import check_distances, check_lengths
from tests.wrong_answers import accepted, wrong

# ---------------------------------------------------------------- relative_positions


@wrong("relative_positions", says="sign is turned round", seen="query minus key against key minus query")
def query_minus_key(query_len, key_len):
    return np.arange(key_len - query_len, key_len)[:, None] - np.arange(key_len)


@wrong("relative_positions", says="direction is lost")
def without_direction(query_len, key_len):
    return abs(np.arange(key_len) - np.arange(key_len - query_len, key_len)[:, None])


@wrong("relative_positions", says="at the beginning")
def queries_first(query_len, key_len):
    check_lengths(query_len, key_len)
    return np.arange(key_len) - np.arange(query_len)[:, None]


@wrong("relative_positions", says="one for each key")
def always_square(query_len, key_len):
    return np.arange(key_len) - np.arange(key_len)[:, None]


@wrong("relative_positions", says="not 1: i and j count")
def queries_from_zero_keys_from_one(query_len, key_len):
    return np.arange(1, key_len + 1) - np.arange(key_len - query_len, key_len)[:, None]


@wrong("relative_positions", says="keys ahead have been set to 0")
def past_only(query_len, key_len):
    return np.minimum(np.arange(key_len) - np.arange(key_len - query_len, key_len)[:, None], 0)


@wrong("relative_positions", says="no place to stand")
def any_lengths(query_len, key_len):
    return np.arange(key_len) - np.arange(key_len - query_len, key_len)[:, None]


@wrong("relative_positions", says="since -0 is 0")
def last_rows_counted_from_the_end(query_len, key_len):
    check_lengths(query_len, key_len)
    return (np.arange(key_len) - np.arange(key_len)[:, None])[-query_len:]


@wrong("relative_positions", says="-1 queries were accepted")
def only_too_many_refused(query_len, key_len):
    if query_len > key_len:
        raise ValueError("more queries than keys")
    return np.arange(key_len) - np.arange(key_len - query_len, key_len)[:, None]


@wrong("relative_positions", says="1.5 queries were accepted")
def fractions_of_a_query(query_len, key_len):
    check_lengths(int(query_len), int(key_len))
    return np.arange(key_len) - np.arange(key_len - query_len, key_len)[:, None]


@accepted("relative_positions")
def last_rows(query_len, key_len):
    check_lengths(query_len, key_len)
    return np.subtract.outer(np.arange(key_len), np.arange(key_len)).T[key_len - query_len:]


# ---------------------------------------------------------------- sign_convention

def key_minus_query(seq):
    return np.arange(seq) - np.arange(seq)[:, None]


@wrong("sign_convention", says="two names are exchanged", seen="an article whose formula and matrix disagree")
def names_exchanged(distances):
    right = key_minus_query(len(distances))
    if (distances == right).all():
        return "query minus key"
    return "key minus query" if (distances == -right).all() else "neither"


@wrong("sign_convention", says="both matrices get the same name")
def any_entry(distances):
    right = key_minus_query(len(distances))
    if (distances == right).any():
        return "key minus query"
    return "query minus key" if (distances == -right).any() else "neither"


@wrong("sign_convention", says="|j - i| has no direction")
def one_corner(distances):
    return "key minus query" if distances[0, 1] > 0 else "query minus key"


@wrong("sign_convention", says="signs are not enough")
def signs_only(distances):
    signs = np.sign(key_minus_query(len(distances)))
    if (np.sign(distances) == signs).all():
        return "key minus query"
    return "query minus key" if (np.sign(distances) == -signs).all() else "neither"


@wrong("sign_convention", says="diagonal must be 0")
def differences_only(distances):
    if (np.diff(distances) == 1).all() and (np.diff(distances, axis=0) == -1).all():
        return "key minus query"
    return "query minus key" if (np.diff(distances) == -1).all() else "neither"


@wrong("sign_convention", says="a few entries are not enough")
def first_row_and_column(distances):
    seq = np.arange(len(distances))
    if (distances[0] == seq).all() and (distances[:, 0] == -seq).all():
        return "key minus query"
    if (distances[0] == -seq).all() and (distances[:, 0] == seq).all():
        return "query minus key"
    return "neither"


@wrong("sign_convention", says="need not be the second")
def no_third_possibility(distances):
    right = key_minus_query(len(distances))
    if (distances == right).all():
        return "key minus query"
    return "query minus key" if distances[1, 0] == 1 and distances[0, 1] == -1 else "neither"


@accepted("sign_convention")
def entry_by_entry(distances):
    pairs = list(np.ndindex(distances.shape))
    if all(distances[i, j] == j - i for i, j in pairs):
        return "key minus query"
    return "query minus key" if all(distances[i, j] == i - j for i, j in pairs) else "neither"


# ---------------------------------------------------------------- clip_distance

@wrong("clip_distance", says="not moved")
def still_negative(relative_position, clip):
    return np.clip(relative_position, -clip, clip)


@wrong("clip_distance", says="2 * clip - 1 rows", seen="Shaw's table said to hold 2k - 1 vectors")
def one_row_less_on_each_side(relative_position, clip):
    return np.clip(relative_position, 1 - clip, clip - 1) + clip - 1


@wrong("clip_distance", says="moved, but not clipped")
def never_clipped(relative_position, clip):
    return relative_position + clip


@wrong("clip_distance", says="direction is lost")
def distance_alone(relative_position, clip):
    return np.minimum(abs(relative_position), clip)


@wrong("clip_distance", says="past and future are exchanged")
def from_query_minus_key(relative_position, clip):
    return np.clip(-relative_position, -clip, clip) + clip


@wrong("clip_distance", says="counted from 1")
def rows_from_one(relative_position, clip):
    return np.clip(relative_position, -clip, clip) + clip + 1


@wrong("clip_distance", says="as if they were the token itself")
def far_ones_dropped(relative_position, clip):
    return np.where(abs(relative_position) > clip, 0, relative_position) + clip


@wrong("clip_distance", says="goes round in a circle")
def remainder(relative_position, clip):
    return relative_position % (2 * clip + 1)


@wrong("clip_distance", says="not for the smallest distance that happens")
def smallest_moved_to_0(relative_position, clip):
    rows = np.clip(relative_position, -clip, clip)
    return rows - rows.min()


@wrong("clip_distance", says="clip of -1 was accepted")
def any_clip(relative_position, clip):
    check_distances(relative_position)
    return np.clip(relative_position, -clip, clip) + clip


@wrong("clip_distance", says="half a token")
def fractions_too(relative_position, clip):
    return np.clip(relative_position, -clip, clip) + clip


@accepted("clip_distance")
def moved_first(relative_position, clip):
    check_distances(relative_position, clip)
    return np.maximum(np.minimum(relative_position + clip, 2 * clip), 0)


# ---------------------------------------------------------------- shaw_attention

def shaw(q, k, v, key_vectors, value_vectors, sign=1, divisor=None, axis=-1, causal=False,
         whole_bracket=True):
    """The right answer, with a place for every way to bend it."""
    clip = len(key_vectors) // 2
    distances = np.arange(len(k)) - np.arange(len(q))[:, None]
    rows = np.clip(sign * distances, -clip, clip) + clip
    divisor = np.sqrt(q.shape[-1]) if divisor is None else divisor
    by_distance = (q[:, None] * key_vectors[rows]).sum(-1)
    scores = (q @ k.T + by_distance) / divisor if whole_bracket else q @ k.T / divisor + by_distance
    if causal:
        scores = np.where(distances <= 0, scores, -np.inf)
    weights = softmax(scores.swapaxes(axis, -1)).swapaxes(axis, -1)
    return (weights[..., None] * (v + value_vectors[rows])).sum(1)


@wrong("shaw_attention", says="key vectors are missing")
def values_only(q, k, v, key_vectors, value_vectors):
    return shaw(q, k, v, 0 * key_vectors, value_vectors)


@wrong("shaw_attention", says="value vectors are missing")
def keys_only(q, k, v, key_vectors, value_vectors):
    return shaw(q, k, v, key_vectors, 0 * value_vectors)


@wrong("shaw_attention", says="past and future are exchanged")
def rows_turned_round(q, k, v, key_vectors, value_vectors):
    return shaw(q, k, v, key_vectors, value_vectors, sign=-1)


@wrong("shaw_attention", says="not divided by sqrt(head_dim)")
def unscaled(q, k, v, key_vectors, value_vectors):
    return shaw(q, k, v, key_vectors, value_vectors, divisor=1)


@wrong("shaw_attention", says="not by its square root")
def divided_by_head_dim(q, k, v, key_vectors, value_vectors):
    return shaw(q, k, v, key_vectors, value_vectors, divisor=q.shape[-1])


@wrong("shaw_attention", says="the whole bracket is")
def only_the_tokens_scaled(q, k, v, key_vectors, value_vectors):
    return shaw(q, k, v, key_vectors, value_vectors, whole_bracket=False)


@wrong("shaw_attention", says="runs over the queries")
def softmax_over_queries(q, k, v, key_vectors, value_vectors):
    return shaw(q, k, v, key_vectors, value_vectors, axis=0)


@wrong("shaw_attention", says="there is no mask here")
def with_a_causal_mask(q, k, v, key_vectors, value_vectors):
    return shaw(q, k, v, key_vectors, value_vectors, causal=True)


def with_pairs(q, keys, values, head_dim=4):
    """From keys and values of each pair, (query, key, head_dim); q broadcasts against the keys."""
    weights = softmax((q * keys).sum(-1) / np.sqrt(head_dim))
    return (weights[..., None] * values).sum(1)


def rows_of(q, key_vectors):
    clip = len(key_vectors) // 2
    return np.clip(np.arange(len(q)) - np.arange(len(q))[:, None], -clip, clip) + clip


@wrong("shaw_attention", says="q[j] meets the key, not q[i]")
def queries_along_the_keys(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(q, k + key_vectors[rows], v + value_vectors[rows])


@wrong("shaw_attention", says="meets k[i] for every j")
def keys_along_the_queries(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(q[:, None], k[:, None] + key_vectors[rows], v + value_vectors[rows])


@wrong("shaw_attention", says="brings its own value")
def values_along_the_queries(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    return with_pairs(q[:, None], k + key_vectors[rows], v[:, None] + value_vectors[rows])


@wrong("shaw_attention", says="values are summed over the queries")
def summed_along_the_wrong_axis(q, k, v, key_vectors, value_vectors):
    rows = rows_of(q, key_vectors)
    weights = softmax((q[:, None] * (k + key_vectors[rows])).sum(-1) / np.sqrt(q.shape[-1]))
    return (weights[..., None] * (v + value_vectors[rows])).sum(axis=0)


@wrong("shaw_attention", says="vectors of their own")
def one_table_for_both(q, k, v, key_vectors, value_vectors):
    return shaw(q, k, v, key_vectors, key_vectors)


@wrong("shaw_attention", says="divided by sqrt(seq)")
def divided_by_root_of_length(q, k, v, key_vectors, value_vectors):
    return shaw(q, k, v, key_vectors, value_vectors, divisor=np.sqrt(len(q)))


@accepted("shaw_attention")
def product_for_each_distance(q, k, v, key_vectors, value_vectors):
    return shaw(q, k, v, key_vectors, value_vectors)


# ---------------------------------------------------------------- relative_shift

def shift_with(x, zeros_in_front=True, drop_first=True):
    *lead, query_len, key_len = x.shape
    zeros = torch.zeros(*lead, query_len, 1, dtype=x.dtype)
    padded = torch.cat([zeros, x] if zeros_in_front else [x, zeros], dim=-1)
    padded = padded.reshape(*lead, key_len + 1, query_len)
    return (padded[..., 1:, :] if drop_first else padded[..., :-1, :]).reshape(x.shape)


@wrong("relative_shift", says="nothing has moved")
def unshifted(x):
    return x * 1


@wrong("relative_shift", says="zeros stand behind. They belong")
def zeros_behind(x):
    return shift_with(x, zeros_in_front=False)


@wrong("relative_shift", says="last row was dropped. drop the first")
def last_row_dropped(x):
    return shift_with(x, drop_first=False)


@wrong("relative_shift", says="other way round: the last row stays")
def row_i_by_i(x):
    return torch.stack([x[i].roll(-i, 0) for i in range(len(x))])


@wrong("relative_shift", says="the rows move right")
def to_the_right(x):
    return torch.stack([x[i].roll(len(x) - 1 - i, 0) for i in range(len(x))])


@wrong("relative_shift", says="all rows move by the same")
def all_alike(x):
    return x.roll(-1, -1)


@wrong("relative_shift", says="batch and heads in front")
def one_matrix_only(x):
    query_len, key_len = x.shape[:2]
    padded = torch.cat([torch.zeros(query_len, 1), x], dim=1)
    return padded.reshape(key_len + 1, query_len)[1:].reshape(query_len, key_len)


@wrong("relative_shift", says="two queries and five keys it fails")
def square_only(x):
    *lead, query_len, key_len = x.shape
    padded = torch.cat([torch.zeros(*lead, query_len, 1), x], dim=-1)
    return padded.reshape(*lead, query_len + 1, key_len)[..., 1:, :].reshape(x.shape)


@wrong("relative_shift", says="the last step is missing")
def left_in_the_other_shape(x):
    *lead, query_len, key_len = x.shape
    padded = torch.cat([torch.zeros(*lead, query_len, 1), x], dim=-1)
    return padded.reshape(*lead, key_len + 1, query_len)[..., 1:, :]


@wrong("relative_shift", says="outside the engine")
def in_numpy(x):
    return torch.tensor(shift_with(x).detach().numpy())


@wrong("relative_shift", says="stay finite")
def masked_already(x):
    query_len, key_len = x.shape[-2:]
    allowed = torch.tensor(np.tri(query_len, key_len, key_len - query_len, dtype=bool))
    return shift_with(x).masked_fill(~allowed, float("-inf"))


@accepted("relative_shift")
def looked_up(x):
    query_len, key_len = x.shape[-2:]
    back = np.arange(key_len - query_len, key_len)[:, None] - np.arange(key_len)
    columns = np.clip(key_len - 1 - back, 0, key_len - 1)
    return x[..., torch.tensor(np.arange(query_len)[:, None]), torch.tensor(columns)]


# ---------------------------------------------------------------- t5_bucket

def bucket(relative_position, bidirectional=True, num_buckets=32, max_distance=128, sign=1, whole=np.floor,
           cap=True, divisor=None, last_at_max=False):
    """The right answer, with a place for every way to bend it."""
    check_distances(relative_position)
    distance = sign * np.asarray(relative_position)
    buckets = num_buckets // 2 if bidirectional else num_buckets
    exact = buckets // 2
    n = abs(distance) if bidirectional else np.maximum(-distance, 0)
    growth = np.log2(np.maximum(n, exact) / exact) / (divisor or np.log2(max_distance / exact))
    far = exact + whole(growth * (exact - last_at_max)).astype(int)
    far = np.minimum(far, buckets - 1) if cap else far
    return np.where(n < exact, n, far) + (bidirectional * buckets * (distance > 0)).astype(int)


@wrong("t5_bucket", says="past and future are exchanged")
def future_for_past(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    return bucket(relative_position, bidirectional, num_buckets, max_distance, sign=-1)


@wrong("t5_bucket", says="keys ahead got the bucket of keys behind")
def both_directions_alike(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    return bucket(relative_position if bidirectional else -abs(relative_position), bidirectional, num_buckets,
                  max_distance)


@wrong("t5_bucket", says="this is the bidirectional rule")
def always_bidirectional(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    return bucket(relative_position, True, num_buckets, max_distance)


@wrong("t5_bucket", says="begins at max_distance, 128", seen="buckets said to saturate at 128")
def last_bucket_at_128(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    return bucket(relative_position, bidirectional, num_buckets, max_distance, last_at_max=True)


@wrong("t5_bucket", says="rounded to the nearest")
def rounded(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    return bucket(relative_position, bidirectional, num_buckets, max_distance, whole=np.round)


@wrong("t5_bucket", says="do not exist")
def uncapped(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    return bucket(relative_position, bidirectional, num_buckets, max_distance, cap=False)


@wrong("t5_bucket", says="not divided by ln")
def divisor_missing(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    return bucket(relative_position, bidirectional, num_buckets, max_distance, divisor=np.log2(np.e))


@wrong("t5_bucket", says="not ln(max_distance)")
def divisor_of_the_whole(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    return bucket(relative_position, bidirectional, num_buckets, max_distance, divisor=np.log2(max_distance))


@wrong("t5_bucket", says="only cut off")
def no_logarithm(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    return np.minimum(np.maximum(-relative_position, 0), num_buckets - 1)


@wrong("t5_bucket", says="ahead and behind share")
def sides_not_told_apart(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    return bucket(-abs(relative_position) if bidirectional else relative_position, bidirectional, num_buckets,
                  max_distance)


@wrong("t5_bucket", says="yours is causal")
def causal_by_default(relative_position, bidirectional=False, num_buckets=32, max_distance=128):
    return bucket(relative_position, bidirectional, num_buckets, max_distance)


@wrong("t5_bucket", says="128 whatever is asked for")
def fixed_distance(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    return bucket(relative_position, bidirectional, num_buckets)


@wrong("t5_bucket", says="token itself is counted as ahead")
def zero_is_ahead(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    itself = np.where(relative_position == 0, num_buckets // 2 * bidirectional, 0)
    return bucket(relative_position, bidirectional, num_buckets, max_distance) + itself


@wrong("t5_bucket", says="3.5 tokens back were accepted")
def fractions_of_a_token(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    return bucket(relative_position.astype(int), bidirectional, num_buckets, max_distance)


@accepted("t5_bucket")
def by_searching_edges(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    check_distances(relative_position)
    buckets = num_buckets // 2 if bidirectional else num_buckets
    exact = buckets // 2
    edges = exact * (max_distance / exact) ** (np.arange(1, exact) / exact)       # where far buckets begin
    n = abs(relative_position) if bidirectional else np.maximum(-relative_position, 0)
    far = exact + np.searchsorted(edges - 1e-9, n, side="right")
    return np.where(n < exact, n, far) + np.where(bidirectional & (relative_position > 0), buckets, 0)


# ---------------------------------------------------------------- alibi_slopes

def series(num_heads):
    return 2.0 ** (-8 / num_heads * np.arange(1, num_heads + 1))


def lower_power(num_heads):
    return 2 ** int(np.log2(num_heads))


@wrong("alibi_slopes", says="series starts at 1:")
def heads_from_zero(num_heads):
    return series(num_heads) * 2 ** (8 / num_heads)


@wrong("alibi_slopes", says="slopes are negative", seen="the sign of ALiBi's slopes")
def negative(num_heads):
    return -series(num_heads)


@wrong("alibi_slopes", says="flattest head comes first")
def flattest_first(num_heads):
    return series(num_heads)[::-1]


@wrong("alibi_slopes", says="1, 1/2, 1/3")
def harmonic(num_heads):
    return 1 / np.arange(1, num_heads + 1)


@wrong("alibi_slopes", says="ratio is 1/2 for any number")
def always_halved(num_heads):
    return 2.0 ** -np.arange(1, num_heads + 1)


@wrong("alibi_slopes", says="used for 12", seen="slopes for head counts that are no power of two")
def formula_for_any_count(num_heads):
    return series(num_heads)


@wrong("alibi_slopes", says="first 12 slopes of 16 "
                            "heads", seen="slopes for head counts that are no power of two")
def cut_from_the_next_power(num_heads):
    return series(2 ** int(np.ceil(np.log2(num_heads))))[:num_heads]


@wrong("alibi_slopes", says="every second is there already")
def every_second_from_the_second(num_heads):
    power = lower_power(num_heads)
    return np.concatenate([series(power), series(2 * power)[1::2][:num_heads - power]])


@wrong("alibi_slopes", says="in a row")
def first_of_twice_the_power(num_heads):
    power = lower_power(num_heads)
    return np.concatenate([series(power), series(2 * power)[:num_heads - power]])


@wrong("alibi_slopes", says="but sorted")
def in_order_of_size(num_heads):
    power = lower_power(num_heads)
    return np.sort(np.concatenate([series(power), series(2 * power)[0::2][:num_heads - power]]))[::-1]


@wrong("alibi_slopes", says="8 was treated as if 4")
def strictly_lower_power(num_heads):
    power = lower_power(max(num_heads - 1, 1))
    return np.concatenate([series(power), series(2 * power)[0::2][:num_heads - power]])


@accepted("alibi_slopes")
def as_published(num_heads):
    power = lower_power(num_heads)
    return np.concatenate([series(power), series(2 * power)[0::2][:num_heads - power]])

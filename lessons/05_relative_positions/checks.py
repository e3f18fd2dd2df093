"""Lesson 05: what distances, clipping, Shaw's attention, the shift, buckets and slopes must
satisfy."""

import numpy as np

import minitorch as torch
from classroom.checking import about, check, refuses, require

about(
    "relative_positions",
    stars=1,
    minutes=4,
    hints=(
        "Broadcasting, as in lesson 00: key positions as a row, query positions as a column, row "
        "minus column.",
        "The keys have the positions np.arange(key_len). The queries are the last query_len of "
        "these.",
        "check_lengths(query_len, key_len); return np.arange(key_len) - np.arange(key_len - "
        "query_len, key_len)[:, None]",
    ),
)


@check("relative_positions")
def past_is_negative(answer):
    """Three queries, three keys: 0 on the diagonal, the past is negative, the future positive."""
    return answer(3, 3), answer(5, 5)


@check("relative_positions")
def queries_are_the_last(answer):
    """With one query and three keys the query has position 2; the last two of five have 3 and 4."""
    return answer(1, 3), answer(2, 5), answer(4, 9)


@check("relative_positions")
def no_queries(answer):
    """Without a query there is no row."""
    return len(answer(0, 3))


@check("relative_positions")
def long_texts(answer):
    """In a text of 900 tokens, the first is 899 back."""
    return answer(2, 900), answer(130, 300)


@check("relative_positions")
def lengths_are_checked(answer):
    """More queries than keys are refused, and lengths below 0 or between whole numbers."""
    helper = "Refuse it, with check_lengths(query_len, key_len)."
    more = f"Four queries and three keys were accepted: one query has no position. {helper}"
    refuses(ValueError, lambda: answer(4, 3), more)
    refuses(ValueError, lambda: answer(-1, 3), f"-1 queries were accepted. {helper}")
    refuses(ValueError, lambda: answer(1.5, 3), f"1.5 queries were accepted. {helper}")


about(
    "sign_convention",
    stars=1,
    minutes=5,
    hints=(
        "`relative_positions` gives you one of the two matrices. What is the other one?",
        "Compare whole matrices: (distances == something).all() is True if every single entry "
        "agrees.",
        "right = relative_positions(*distances.shape) is one of the two, -right the other. The "
        "first name if (distances == right).all(), the second if (distances == -right).all().",
    ),
)


@check("sign_convention")
def one_entry_of_each(answer):
    """The example: in [[0, 1], [1, 0]] one entry is j - i and one is i - j, so it is neither."""
    name = answer(np.array([[0, 1], [1, 0]]))
    require(
        name in ("key minus query", "query minus key", "neither"),
        f"It returned {name!r}. There are three names, exactly as the task writes them.",
    )
    return name


@check("sign_convention")
def printed_and_formula(answer):
    """The article's printed matrix is query minus key; its formula gives key minus query."""
    return answer(-distances(4)), answer(distances(4))


@check("sign_convention")
def any_length(answer):
    """Two tokens are enough, and there may be many."""
    return [answer(sign * distances(seq)) for seq in (2, 7, 40) for sign in (1, -1)]


@check("sign_convention")
def without_direction(answer):
    """|j - i| has no direction, so it is neither of the two: look at both halves."""
    return answer(abs(distances(4)))


@check("sign_convention")
def other_numbers(answer):
    """2 (j - i) is neither, and 2 (i - j) is not, either: the signs are not enough."""
    return answer(2 * distances(3)), answer(-2 * distances(3))


@check("sign_convention")
def other_diagonal(answer):
    """j - i + 1 is neither, and i - j + 1 is not, either: the diagonal must be 0."""
    return answer(distances(4) + 1), answer(1 - distances(4))


@check("sign_convention")
def one_half_only(answer):
    """With zeros above or below the diagonal, it is neither."""
    below, above = np.tril(distances(4)), np.triu(distances(4))
    return answer(below), answer(above), answer(-below), answer(-above), answer(0 * above)


@check("sign_convention")
def one_wrong_entry(answer):
    """A single wrong entry, wherever it is, makes it neither of the two."""
    results = []
    for entry in np.ndindex(4, 4):
        for matrix in (distances(4), -distances(4)):
            matrix[entry] += 1
            results.append(answer(matrix))
    return results


def distances(seq):
    """Key minus query, entry by entry."""
    return np.array([[j - i for j in range(seq)] for i in range(seq)])


about(
    "clip_distance",
    stars=1,
    minutes=5,
    hints=(
        "Two steps: limit the distances on both sides, then move them so that -clip becomes row 0.",
        "np.clip(array, low, high) limits. Which number must be added to -clip to get 0?",
        "check_distances(relative_position, clip); return np.clip(relative_position, -clip, clip) "
        "+ clip",
    ),
)


@check("clip_distance")
def rows_from_0(answer):
    """The distances -7, -2, -1, 0, 1, 9 with clip 2: five rows, 0 to 4."""
    return answer(np.array([-7, -2, -1, 0, 1, 9]), 2), answer(np.arange(-9, 10), 4)


@check("clip_distance")
def whole_tables(answer):
    """A whole table with clip 1, with clip 0, which leaves one row, and with more than it needs."""
    return answer(distances(4), 1), answer(distances(3), 0), answer(distances(3), 5)


@check("clip_distance")
def rows_are_fixed(answer):
    """A distance has the same row in every text: with clip 2 the distances 0 and 1 have 2 and 3."""
    return answer(np.array([0, 1]), 2), answer(np.array([[-1]]), 3)


@check("clip_distance")
def many_rows(answer):
    """A clip in the hundreds, and distances in the thousands, are as right as small ones."""
    return answer(np.array([-70_000, -301, -300, -5, 0, 128, 256, 299, 300, 70_000]), 300)


@check("clip_distance")
def distances_are_whole(answer):
    """Distances are whole numbers, and clip is no less than 0."""
    helper = "Refuse it, with check_distances(relative_position, clip)."
    half = f"Half a token was accepted as a distance. {helper}"
    refuses(ValueError, lambda: answer(np.array([0.5]), 2), half)
    refuses(ValueError, lambda: answer(np.array([1]), -1), f"A clip of -1 was accepted. {helper}")


about(
    "shaw_attention",
    stars=3,
    minutes=15,
    hints=(
        "First the rows of all pairs, (query, key). An array of rows picks vectors: "
        "key_vectors[rows] is (query, key, head_dim), one vector for each pair.",
        "k + key_vectors[rows] is (query, key, head_dim): a key of its own for each pair. "
        "Multiply by q[:, None], and sum over the last axis: the scores. The values go the same "
        "way, with weights[..., None].",
        "rows = clip_distance(relative_positions(len(q), len(k)), len(key_vectors) // 2); scores "
        "= (q[:, None] * (k + key_vectors[rows])).sum(-1) / np.sqrt(q.shape[-1]); return "
        "(softmax(scores)[..., None] * (v + value_vectors[rows])).sum(1)",
    ),
)


@check("shaw_attention")
def example_and_four_tokens(answer):
    """The example: all weights are 1/2. Then four tokens, head_dim 3, clip 1."""
    nothing, v = np.zeros((2, 1)), np.array([[0.0], [60.0]])
    vectors = np.array([[10.0], [20.0], [30.0]])
    return answer(nothing, nothing, v, vectors, vectors), answer(*heads(4, 3, 1))


@check("shaw_attention")
def keys_without_vectors(answer):
    """With key vectors of 0, it is attention as in lesson 03, and a vector for each value."""
    q, k, v, key_vectors, value_vectors = heads(5, 3, 1)
    return answer(q, k, v, 0 * key_vectors, value_vectors)


@check("shaw_attention")
def other_clips(answer):
    """Clip 0: one vector for all pairs. Clip 9, more than the text is long; and clip 2."""
    return answer(*heads(6, 4, 0)), answer(*heads(3, 5, 9)), answer(*heads(7, 4, 2))


@check("shaw_attention")
def long_text_and_low_scores(answer):
    """Seventy tokens; and scores of about -200 weigh as they should among each other."""
    q, k, v, key_vectors, value_vectors = heads(4, 3, 1)
    return answer(*heads(70, 2, 3)), answer(0 * q + 20, 0.1 * k - 6, v, key_vectors, value_vectors)


def heads(seq, head_dim, clip):
    """q, k and v of one head, and the vectors for its keys and values."""
    rng = np.random.default_rng(7)
    tables = rng.standard_normal((2, 2 * clip + 1, head_dim))
    return [*rng.standard_normal((3, seq, head_dim)), *tables]


about(
    "relative_shift",
    stars=2,
    minutes=12,
    hints=(
        "Follow the four steps of the picture. *lead, query_len, key_len = x.shape gives you the "
        "sizes, however many axes come before.",
        "torch.cat([zeros, x], dim=-1) with zeros = torch.zeros(*lead, query_len, 1, "
        "dtype=x.dtype) puts the column in front. Then reshape to (*lead, key_len + 1, query_len).",
        "*lead, query_len, key_len = x.shape; zeros = torch.zeros(*lead, query_len, 1, "
        "dtype=x.dtype); return torch.cat([zeros, x], dim=-1).reshape(*lead, key_len + 1, "
        "query_len)[..., 1:, :].reshape(x.shape)",
    ),
)


@check("relative_shift")
def square_tables(answer):
    """The worked example, 3 by 3. What is above the diagonal does not count."""
    return visible(answer, np.arange(1.0, 10.0).reshape(3, 3)), visible(answer, scores(5, 5))


@check("relative_shift")
def fewer_queries_than_keys(answer):
    """Two queries, five keys: the queries are the last two positions."""
    two = visible(answer, np.arange(1.0, 11.0).reshape(2, 5))
    return two, visible(answer, scores(1, 4)), visible(answer, scores(3, 7))


@check("relative_shift")
def axes_in_front(answer):
    """Axes in front, for batch and heads, stay as they are: (2, 3, 4, 4) and (2, 3, 4, 6)."""
    return visible(answer, scores(2, 3, 4, 4)), visible(answer, scores(2, 3, 4, 6))


@check("relative_shift", tolerance=1e-9)
def double_precision(answer):
    """float64 stays float64."""
    return visible(answer, scores(4, 4), dtype="float64")


@check("relative_shift")
def gradient_to_each_score(answer):
    """The gradient flows back to where each score came from."""
    x = torch.tensor(scores(3, 5).astype("float32"), requires_grad=True)
    out = answer(x)
    require(
        out.requires_grad,
        "No gradient flows through it: the result was built outside the engine. Use torch.cat and "
        "reshape, not .numpy().",
    )
    weights = np.tri(3, 5, 2) * np.arange(1.0, 16.0).reshape(3, 5)
    (out * torch.tensor(weights.astype("float32"))).sum().backward()
    return x.grad


def scores(*shape):
    return np.random.default_rng(1).standard_normal(shape)


def visible(answer, x, dtype="float32"):
    """What the mask leaves of the shifted x: keys up to the query's own position, the others 0."""
    out = answer(torch.tensor(x.astype(dtype)))
    if not isinstance(out, torch.Tensor) or out.shape != x.shape:
        return out
    require(
        np.isfinite(out.detach().numpy()).all(),
        "Above the diagonal there is infinity or NaN. It will be masked, but must stay finite: "
        "-inf plus inf is not a number.",
    )
    return out.tril(x.shape[-1] - x.shape[-2])


about(
    "t5_bucket",
    stars=3,
    minutes=15,
    hints=(
        "First n, how far back (for both directions: how far away), and B. Then compute both "
        "cases for all n and choose with np.where. The logarithm of 0 is no number: np.maximum(n, "
        "B // 2) keeps the far case quiet where it is not used.",
        "Bidirectional: B = num_buckets // 2, n = abs(relative_position), and keys ahead "
        "(relative_position > 0) get B added in the end. Causal: B = num_buckets, n = "
        "np.maximum(-relative_position, 0).",
        "With exact = B // 2, the far case is np.minimum(exact + (np.log2(np.maximum(n, exact) / "
        "exact) / np.log2(max_distance / exact) * exact).astype(int), B - 1), and the choice is "
        "np.where(n < exact, n, far).",
    ),
)


@check("t5_bucket")
def examples(answer):
    """The two examples: only the past, and both directions, which is the default."""
    given = np.array([-200, -20, -1, 0, 1])
    return answer(given, bidirectional=False), answer(given)


@check("t5_bucket")
def causal_and_near(answer):
    """Causal, near: 0 to 15 back have a bucket each, and what is ahead counts as 0."""
    return answer(np.arange(-15, 25), bidirectional=False)


@check("t5_bucket")
def causal_and_far(answer):
    """Causal, far: on a logarithmic scale, and from 113 on the last bucket."""
    return answer(-np.array([*range(16, 140), 300, 5000]), bidirectional=False)


@check("t5_bucket")
def both_directions(answer):
    """Both directions: buckets 0 to 15 for the past, 17 to 31 for keys ahead."""
    one_side = np.array([1, 7, 8, 9, 15, 16, 20, 40, 64, 90, 91, 200, 40_000])
    return answer(np.concatenate([-one_side, [0], one_side]))


@check("t5_bucket")
def other_sizes(answer):
    """From four to 512 buckets, up to another distance, on a table of pairs."""
    table = distances(60)
    return (
        answer(table, bidirectional=False, num_buckets=8, max_distance=20),
        answer(table, num_buckets=8, max_distance=20),
        answer(table, bidirectional=True, num_buckets=12, max_distance=50),
        answer(table, bidirectional=False, num_buckets=20, max_distance=77),
        answer(table, num_buckets=4, max_distance=20),
        answer(table[:7], num_buckets=512, max_distance=1000),
    )


@check("t5_bucket")
def whole_distances(answer):
    """Distances are whole numbers."""
    sentence = "3.5 tokens back were accepted. Refuse it, with check_distances(relative_position)."
    refuses(ValueError, lambda: answer(np.array([-3.5])), sentence)


about(
    "alibi_slopes",
    stars=2,
    minutes=10,
    hints=(
        "A power of two first: head h, counted from 1, has the slope 2^(-8h / num_heads). For 12 "
        "heads: which slopes would 16 heads have, and which of them do the 8 not have?",
        "power = 2 ** int(np.log2(num_heads)) is the power of two at or below num_heads. The "
        "slopes of 2 * power heads are 2^(-4h / power), h = 1, 2, 3, ...; every second one from "
        "the first on: h = 1, 3, 5, ...",
        "power = 2 ** int(np.log2(num_heads)); return np.concatenate([2.0 ** (-8 / power * "
        "np.arange(1, power + 1)), 2.0 ** (-4 / power * np.arange(1, 2 * (num_heads - power), "
        "2))])",
    ),
)


@check("alibi_slopes")
def powers_of_two(answer):
    """4 heads: 1/4, 1/16, 1/64, 1/256. So for 8 heads, for 1, 2 and 16."""
    return answer(4), answer(8), answer(1), answer(2), answer(16)


@check("alibi_slopes")
def other_counts(answer):
    """3 heads: the 2 slopes of 2 heads, then 1 from between them. Likewise 12, 6 and 7 heads."""
    return answer(3), answer(12), answer(6), answer(7)


@check("alibi_slopes", tolerance=1e-12)
def all_counts(answer):
    """Every number of heads up to 40."""
    return [answer(num_heads) for num_heads in range(1, 41)]

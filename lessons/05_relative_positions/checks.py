"""Lesson 05: what distances, Shaw's attention, the shift, Transformer-XL's terms, buckets, slopes,
and the biases made of them must satisfy."""

import numpy as np

import minitorch as torch
from classroom.checking import about, check, refuses, require

about(
    "relative_positions",
    stars=1,
    minutes=5,
    hints=(
        "At which positions are the keys? At which are the queries, if a cache has the first keys "
        "already? Every pair needs a number: which shape must the two lists have to meet in a "
        "table?",
        "Take query_len = 2 and key_len = 5. The keys are at 0, 1, 2, 3, 4. The queries are the "
        "last two of these positions, 3 and 4, and not 0 and 1. Row 0 is each key minus 3: -3, "
        "-2, -1, 0, 1. Row 1 is each key minus 4: -4, -3, -2, -1, 0. A row of shape (5,) minus a "
        "column of shape (2, 1) is a table of shape (2, 5), as in lesson 00.",
        "check_lengths(...), then return <positions of the keys, as a row> - <positions of the "
        "queries, as a column>",
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


def distances(seq):
    """Key minus query, entry by entry."""
    return np.array([[j - i for j in range(seq)] for i in range(seq)])


about(
    "shaw_attention",
    stars=3,
    minutes=15,
    hints=(
        "In lesson 03 a key was the same for every query. Here query i meets k[j] plus a vector "
        "that depends on the pair. So what shape do the keys have now?",
        "Take 4 tokens, head_dim 3, tables of 5 rows (clip 2). The rows of all pairs are (4, 4); "
        "row 0 of them is 2, 3, 4, 4. An array of row numbers picks a vector for each: "
        "key_vectors[rows] is (4, 4, 3). Add k, (4, 3), and you have the keys of every pair, (4, "
        "4, 3). Query i meets its own row of them, so give q an axis, (4, 1, 3), multiply, and "
        "sum over the last axis: scores, (4, 4). The values go the same way, with the weights as "
        "(4, 4, 1).",
        "rows = <the row of every pair>; scores = (<queries with a new axis> * (k + <vectors of "
        "the rows>)).sum(-1) / <root>; return (<weights with a new axis> * (v + <vectors of the "
        "rows>)).sum(<over the keys>)",
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
        "By how many columns does the last row move, the one above it, and row i? Any way to move "
        "them is fine. Either look up each entry, or find a way to move all rows at once.",
        "Take 3 queries and 3 keys, with the numbers 1 to 9, row by row. The result needs 3 in "
        "row 0, then 5, 6 in row 1, then 7, 8, 9. Now write a 0 in front of each row, and read "
        "everything in one line: 0 1 2 3 0 4 5 6 0 7 8 9. Break that line into rows of three "
        "instead of four: 0 1 2, then 3 0 4, then 5 6 0, then 7 8 9. Below the first row, "
        "everything is where it should be.",
        "torch.cat([<a column of zeros>, x], dim=-1).reshape(<rows as long as there are "
        "queries>)[<all but the first row>].reshape(x.shape). With *lead, query_len, key_len = "
        "x.shape, the axes in front can be handed on as *lead.",
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
    "transformer_xl_bias",
    stars=2,
    minutes=10,
    hints=(
        "Which of the three terms have to be put in line by `relative_shift`, and which is in "
        "line with its keys already? Two of them multiply the same r: can they do it together?",
        "Take two queries and two keys, head_dim 1: q is 1, 2, k is 10, 20, r is 3 (one back), 5 "
        "(0 back), u = 1, v = 100. The products of q with r are (2, 2), by distance: 3, 5 and 6, "
        "10. The products of v with r are 300, 500 for *every* query, so add v to q first, and "
        "both are one product: 303, 505 and 306, 510. Shifted: 505 for query 0, then 306, 510. "
        "The products of u with k, 10, 20, belong to keys, and are added as they are.",
        "return (<u times the keys> + relative_shift(<q and v together, times r>)) * scale. The "
        "last two axes of k and r are exchanged by .transpose(-2, -1).",
    ),
)


@check("transformer_xl_bias")
def terms_of_the_example(answer):
    """The example, head_dim 1; then four tokens, head_dim 3."""
    small = [torch.tensor(x) for x in ([[1.0], [2.0]], [[10.0], [20.0]], [[3.0], [5.0]])]
    vectors = torch.tensor([[1.0]]), torch.tensor([[100.0]])
    return up_to_the_query(answer(*small, *vectors, 1.0)), of_terms(answer, 4, 4)


@check("transformer_xl_bias")
def each_term_alone(answer):
    """Each term alone: without u and v, with u only, and with v only."""
    return (
        of_terms(answer, 4, 4, u=0, v=0),
        of_terms(answer, 4, 4, q=0, v=0),
        of_terms(answer, 4, 4, q=0, u=0),
    )


@check("transformer_xl_bias")
def other_scales(answer):
    """All three terms are multiplied by the scale, whatever it is."""
    return of_terms(answer, 5, 5, scale=0.125), of_terms(answer, 5, 5, scale=2.0)


@check("transformer_xl_bias")
def terms_of_the_last_queries(answer):
    """With fewer queries than keys, the queries are the last ones: two of six, and one of four."""
    return of_terms(answer, 2, 6), of_terms(answer, 1, 4)


@check("transformer_xl_bias")
def terms_of_several_heads(answer):
    """Three heads with r, u and v of their own, and a batch of two."""
    return of_terms(answer, 4, 4, lead=(2, 3), of_heads=(3,))


@check("transformer_xl_bias")
def gradient_of_the_terms(answer):
    """The gradient flows back to q, k, r, u and v."""
    inputs = terms(3, 3)
    for x in inputs:
        x.requires_grad = True
    out = answer(*inputs, 0.5)
    require(out.requires_grad, "No gradient flows through it: stay with tensors, without .numpy().")
    (up_to_the_query(out) * torch.arange(9.0).reshape(3, 3)).sum().backward()
    missing = [name for name, x in zip("qkruv", inputs) if x.grad is None]
    require(not missing, f"No gradient flows back to {', '.join(missing)}: is it used at all?")
    return [x.grad for x in inputs]


def terms(query_len, key_len, lead=(), of_heads=()):
    """q, k, r, u and v, with head_dim 3."""
    rng = np.random.default_rng(5)
    shapes = (*lead, query_len, 3), (*lead, key_len, 3), (*of_heads, key_len, 3)
    arrays = [rng.standard_normal(shape) for shape in (*shapes, (*of_heads, 1, 3))]
    arrays.append(rng.standard_normal((*of_heads, 1, 3)))
    return [torch.tensor(x.astype("float32")) for x in arrays]


def of_terms(answer, query_len, key_len, scale=0.5, lead=(), of_heads=(), q=1, u=1, v=1):
    """The answer's result, where q, u or v may be 0."""
    queries, k, r, one, other = terms(query_len, key_len, lead, of_heads)
    return up_to_the_query(answer(queries * q, k, r, one * u, other * v, scale))


def up_to_the_query(out):
    """What the mask leaves of a bias (..., query, key): what is ahead of the query becomes 0."""
    if not isinstance(out, torch.Tensor) or len(out.shape) < 2:
        return out
    require(
        np.isfinite(out.detach().numpy()).all(),
        "For keys ahead of their query there is infinity or NaN. They will be masked, but must "
        "stay finite: -inf plus inf is not a number.",
    )
    return out.tril(out.shape[-1] - out.shape[-2])


about(
    "t5_bucket",
    stars=3,
    minutes=15,
    hints=(
        "First find n, the number of tokens between the two, and B. For all other steps, it does "
        "not matter any more which direction a key is in. Which n have a bucket of their own, and "
        "what happens to the others?",
        "Causal, 32 buckets, so B = 32 and B/2 = 16. For n = 20: ln(20/16) / ln(128/16) = 0.107, "
        "times 16 is 1.7, rounded down 1, so bucket 17. For n = 5 it is bucket 5. Arrays need "
        "both cases for all n, and np.where(n < B // 2, near, far) chooses. But the logarithm of "
        "0 is no number: np.maximum(n, B // 2) keeps the far case quiet where it isn't used. "
        "Bidirectional, B = 16, n = 20 ahead: bucket 10 by the same rule, plus 16.",
        "far = B // 2 + (np.log2(<n, at least B/2> / (B // 2)) / np.log2(...) * (B // "
        "2)).astype(int); return np.where(<near>, n, np.minimum(far, <the last bucket>)) + <B for "
        "keys ahead, if they count>",
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
    "T5Bias",
    stars=2,
    minutes=8,
    blank=("T5Bias.bias",),
    hints=(
        "You have written everything that this needs. How far is every key from every query? "
        "Which bucket is that? And which number is in that bucket, for each head?",
        "Take 2 heads and 3 tokens. The distances are (3, 3), and so are their buckets: 0 on the "
        "diagonal, 1 and 2 below it. self.table is (32, 2). The column of head 0, self.table[:, "
        "0], has 32 numbers, and the buckets pick from it: (3, 3). For all heads at once, let the "
        "table be (2, 32), `self.table.T`, and pick from its last axis: (2, 3, 3). A batch axis "
        "of size 1 in front, `.unsqueeze(0)`, makes it (1, 2, 3, 3).",
        "check_num_heads(...); buckets = torch.tensor(<the bucket of every pair>); return "
        "self.table.T[<all heads>, buckets]<with a batch axis>",
    ),
)


@check("T5Bias")
def numbers_of_the_buckets(answer):
    """Two heads and four tokens: each pair gets its bucket's number, a different one per head."""
    return t5_of(answer, 4, 4), t5_of(answer, 9, 9, num_heads=4)


@check("T5Bias")
def last_queries_in_buckets(answer):
    """With a cache, the queries are the last ones: one of 30, and three of nine."""
    return t5_of(answer, 1, 30), t5_of(answer, 3, 9)


@check("T5Bias")
def settings_are_used(answer):
    """Both directions, fewer buckets and a nearer last one are handed on to t5_bucket."""
    return (
        t5_of(answer, 30, 30, bidirectional=True),
        t5_of(answer, 20, 20, num_buckets=8),
        t5_of(answer, 60, 60, max_distance=24),
        t5_of(answer, 40, 40, bidirectional=True, num_buckets=8, max_distance=12),
    )


@check("T5Bias")
def gradient_of_the_table(answer):
    """The gradient flows back to the buckets that occur, and is summed where a bucket is shared."""
    layer = t5_layer(answer)
    out = layer.bias(heads_of(4, 4), heads_of(4, 4))
    require(out.requires_grad, "No gradient flows back: use self.table itself, without .detach().")
    (out * torch.arange(32.0).reshape(1, 2, 4, 4)).sum().backward()
    require(layer.table.grad is not None, "No gradient reaches self.table, so it cannot learn.")
    return layer.table.grad


@check("T5Bias")
def other_heads_are_refused(answer):
    """Three heads are refused by a table with two columns."""
    layer = t5_layer(answer)
    sentence = "Three heads met a table for two. Refuse them: check_num_heads(q, 2)."
    refuses(ValueError, lambda: layer.bias(heads_of(4, 4, 3), heads_of(4, 4, 3)), sentence)


def t5_layer(answer, num_heads=2, **settings):
    """A layer with a known number per bucket and head."""
    layer = answer(num_heads, **settings)
    size = tuple(layer.table.shape)
    numbers = np.random.default_rng(3).standard_normal(size).astype("float32")
    layer.load_state_dict({"table": torch.tensor(numbers)})
    return layer


def t5_of(answer, query_len, key_len, num_heads=2, **settings):
    layer = t5_layer(answer, num_heads, **settings)
    return layer.bias(
        heads_of(query_len, key_len, num_heads), heads_of(key_len, key_len, num_heads)
    )


def heads_of(query_len, key_len, num_heads=2, dtype="float32"):
    """Queries or keys (2, heads, query_len, 4)."""
    x = np.random.default_rng(key_len).standard_normal((2, num_heads, query_len, 4))
    return torch.tensor(x.astype(dtype))


about(
    "alibi_slopes",
    stars=2,
    minutes=10,
    hints=(
        "First a power of two: which power of 2 is the slope of head h, counted from 1? Then 12 "
        "heads: which slopes would 16 heads have, and which of those do 8 heads not have?",
        "8 heads: the ratio is 2^(-8/8) = 1/2, so the slopes are 2^-1, 2^-2, ..., 2^-8. 16 heads: "
        "the ratio is 2^(-1/2), so they are 2^-0.5, 2^-1, 2^-1.5, 2^-2, ... Every second one is a "
        "slope of 8 heads. The others are new: 2^-0.5, 2^-1.5, 2^-2.5, ... 12 heads take the 8 "
        "slopes of 8 heads, and then the first 4 of the new ones. The power of two at or below "
        "num_heads is 2 ** int(np.log2(num_heads)).",
        "return np.concatenate([2.0 ** (<minus 8/power, times 1, 2, 3, ...>), 2.0 ** (<minus "
        "4/power, times 1, 3, 5, ..., as many as are missing>)])",
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


about(
    "ALiBi",
    stars=2,
    minutes=8,
    blank=("ALiBi.bias",),
    hints=(
        "The formula subtracts slope times i - j, and `relative_positions` gives you j - i. So "
        "what is to be added? A far key in the past must end up with *less*.",
        "Take 3 tokens and the slopes 1/16 and 1/256. The last query is at 2, so its distances "
        "are -2, -1, 0. Head 0 adds -2/16, -1/16, 0, and head 1 adds -2/256, -1/256, 0. For all "
        "heads at once, the slopes must be (2, 1, 1), to meet distances of shape (3, 3): the "
        "result is (2, 3, 3). As a tensor of q's dtype, with a batch axis in front, it is (1, 2, "
        "3, 3). Slopes and distances are NumPy arrays, and NumPy makes float64 of them.",
        "check_num_heads(...); penalties = <slopes with two new axes> * <distances>; return "
        "torch.tensor(penalties, dtype=<that of q>)<with a batch axis>",
    ),
)


@check("ALiBi")
def far_keys_get_less(answer):
    """The example: two heads and three tokens, then eight heads and twelve tokens."""
    return alibi_of(answer, 3, 3), alibi_of(answer, 12, 12, num_heads=8)


@check("ALiBi")
def last_queries_and_their_penalties(answer):
    """With a cache, the queries are the last ones: one of 30, and three of nine."""
    return alibi_of(answer, 1, 30), alibi_of(answer, 3, 9)


@check("ALiBi")
def slopes_of_the_layer(answer):
    """Whatever self.slopes are, they are used."""
    layer = answer(3)
    layer.slopes = np.array([1.0, 10.0, 0.5])
    return up_to_the_query(layer.bias(heads_of(5, 5, 3), heads_of(5, 5, 3)))


@check("ALiBi", tolerance=1e-12)
def dtype_of_the_queries(answer):
    """float64 queries get a float64 bias."""
    return alibi_of(answer, 4, 4, dtype="float64")


@check("ALiBi")
def heads_without_a_slope_are_refused(answer):
    """Three heads are refused by a layer with two slopes."""
    sentence = "Three heads met two slopes. Refuse them: check_num_heads(q, 2)."
    q = heads_of(4, 4, 3)
    refuses(ValueError, lambda: answer(2).bias(q, q), sentence)
    one = heads_of(4, 4, 1)
    sentence = "One head met two slopes, and got both. Refuse it: check_num_heads(q, 2)."
    refuses(ValueError, lambda: answer(2).bias(one, one), sentence)


def alibi_of(answer, query_len, key_len, num_heads=2, dtype="float32"):
    q = heads_of(query_len, key_len, num_heads, dtype)
    k = heads_of(key_len, key_len, num_heads, dtype)
    return up_to_the_query(answer(num_heads).bias(q, k))

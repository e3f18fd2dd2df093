"""Lesson 03: what scores, next-token pairs, the causal mask, the three ways to write attention,
and a test for leaks must satisfy."""

import numpy as np

import minitorch as torch
from classroom.checking import about, check, require

NOTHING_LEFT = (
    "A large hidden score leaves nothing for the other keys, once e^score is taken. Dividing by "
    "the sum of the rest cannot bring it back: hide the score before the softmax."
)
CUT_OFF = "No gradient reaches q, k or v: stay on the engine, without .numpy() or .detach()."


def some(seed, *shapes):
    """Random arrays of these shapes."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def tensors(seed, *shapes):
    """The same as float32 tensors."""
    return [torch.tensor(array.astype("float32")) for array in some(seed, *shapes)]


about(
    "scaled_scores",
    stars=1,
    minutes=4,
    hints=(
        "Every query meets every key. Which operation gives all dot products of the rows of two "
        "matrices at once?",
        "In the example q is (2, 4), k is (3, 4), and you want (2, 3): a row per query, a "
        "column per key. A matrix product would take (2, 4) times (4, 3). The first query, [1, "
        "1, 1, 1], and the first key, [1, 2, 3, 4]: 1 + 2 + 3 + 4 = 10. head_dim is 4, its root "
        "is 2, the score is 5. In general head_dim is the size of the last axis, q.shape[-1].",
        "One matrix product, with k transposed, divided by one square root.",
    ),
)


@check("scaled_scores")
def scores_of_the_example(answer):
    """The example, two queries and three keys, and then five queries and two keys."""
    q = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0]])
    k = np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 2.0, 2.0]])
    return answer(q, k), answer(*some(0, (5, 3), (2, 3)))


@check("scaled_scores")
def scores_of_every_pair(answer):
    """With as many queries as keys, too, every query meets every key."""
    return answer(*some(1, (3, 2), (3, 2))), answer(*some(2, (1, 7), (1, 7)))


about(
    "softmax",
    stars=2,
    minutes=6,
    hints=(
        "e^1000 is too large for a float, and yet two equal scores clearly get 1/2 each, at "
        "1000 as at 0. What happens to a row's weights if you subtract the same number from all "
        "its entries?",
        "Scores 0 and ln 3: the powers are 1 and 3, their sum is 4, the weights are 1/4 and "
        "3/4. Scores 1000 and 1000 + ln 3: both powers have a factor e^1000, so has their sum, "
        "and it cancels. So subtract the largest first: -ln 3 and 0, powers 1/3 and 1, sum 4/3, "
        "weights 1/4 and 3/4. Each row has a largest of its own: x.max(axis=-1, keepdims=True), "
        "shape (..., 1).",
        "Two lines: the powers of x minus each row's largest entry; then the powers divided by "
        "each row's sum. Both need the last axis, kept.",
    ),
)


@check("softmax")
def softmax_of_the_example(answer):
    """The worked example: 0 and ln 3 get 1/4 and 3/4. Then three rows of four scores."""
    return answer(np.array([0.0, np.log(3)])), answer(*some(20, (3, 4)))


@check("softmax")
def softmax_of_large_scores(answer):
    """Scores of 1000 and -1000 in neighboring rows: each row's weights sum to 1 all the same."""
    x = np.array([[1000.0, 1000.0 + np.log(3)], [-1000.0, -1000.0], [3000.0, 0.0]])
    weights = answer(x)
    require(
        not np.isnan(weights).any(),
        "With large scores the weights are NaN: e^score overflows, or all of a row's powers are 0. "
        "Subtract from each row a number of its own, so that its largest score becomes 0. That "
        "changes no weight.",
    )
    return weights


@check("softmax")
def softmax_of_hidden_scores(answer):
    """A score of -inf gets the weight 0, and the others share the rest."""
    return answer(np.array([[0.0, -np.inf, np.log(3)], [-np.inf, -500.0, -np.inf]]))


@check("softmax")
def softmax_along_the_last_axis(answer):
    """Any axes may be in front: (2, 3, 4), (3, 3) and (1, 5) are shares along the last one."""
    return [answer(*some(seed, shape)) for seed, shape in enumerate([(2, 3, 4), (3, 3), (1, 5)])]


about(
    "attention_loop",
    stars=2,
    minutes=10,
    hints=(
        "Take one query. What do you need from *all* keys before you can weigh the first value?",
        "The first query of the example is [1], the keys are [0] and [ln 3]. The scores are 0 "
        "and ln 3 (head_dim is 1, so dividing changes nothing), and their softmax is 1/4 and "
        "3/4. The values are [2] and [8], so the result is 2 / 4 + 8 * 3 / 4 = 6.5. There is "
        "one row of results per query. Collect the scores of one query in a list, and give "
        "softmax an array of them.",
        "Zeros as large as q. For each i: a list of scores, one per j; the softmax of it, as an "
        "array; and out[i] += weight times value, for each j.",
    ),
)


@check("attention_loop")
def loop_of_the_example(answer):
    """The example, with weights 1/4 and 3/4, and then two queries and five keys."""
    q, k, v = np.array([[1.0], [-1.0]]), np.array([[0.0], [np.log(3)]]), np.array([[2.0], [8.0]])
    return answer(q, k, v), answer(*some(0, (2, 3), (5, 3), (5, 3)))


@check("attention_loop")
def loop_of_other_lengths(answer):
    """Any number of queries meets any number of keys: 4 and 4, 5 and 2, 1 and 1."""
    shapes = ([(4, 3)] * 3, [(5, 4), (2, 4), (2, 4)], [(1, 2)] * 3)
    return [answer(*some(seed, *each)) for seed, each in enumerate(shapes, 1)]


@check("attention_loop")
def loop_of_large_scores(answer):
    """Scores of 1000 and more do not overflow, and one query's do not hide another's."""
    q, k, v = np.array([[1000.0], [-1000.0]]), np.array([[1.0], [1.001]]), np.array([[3.0], [4.0]])
    near, far = answer(q, k, v), answer(q, k * np.array([[1.0], [3.0]]), v)
    require(
        not np.isnan([near, far]).any(),
        "With large scores the result is NaN: e^score overflows, or all of a query's are 0. "
        "Your `softmax` takes care of that: give it all scores of one query, as an array.",
    )
    return near, far


about(
    "next_token_pairs",
    stars=1,
    minutes=3,
    hints=(
        "Which token of a text has nothing to predict? Which one is never predicted?",
        "Take the text 7, 8, 9. From 7 a model should predict 8, from 7, 8 it should predict 9. "
        "So it reads 7, 8, and its targets are 8, 9: the same text, one token later. Both "
        "results have one column less than ids. With ids (2, 3), two texts of three tokens, "
        "both are (2, 2); the texts themselves stay apart.",
        "Two slices of ids along its second axis: one without the last column, one without the "
        "first.",
    ),
)


@check("next_token_pairs")
def pairs_of_the_example(answer):
    """The example, one text of three tokens; then four texts of six."""
    ids = np.random.default_rng(0).integers(50, size=(4, 6))
    return as_pair(answer(np.array([[7, 8, 9]]))), as_pair(answer(ids))


@check("next_token_pairs")
def pairs_of_other_texts(answer):
    """Three texts of two tokens, and two texts of 300, with ids up to 999."""
    two = np.array([[1, 2], [3, 4], [5, 6]])
    many = np.random.default_rng(1).integers(1000, size=(2, 300))
    return as_pair(answer(two)), as_pair(answer(many))


def as_pair(result):
    """Both results in one array as a tuple: it can be unpacked like one."""
    both = isinstance(result, np.ndarray) and result.ndim == 3 and len(result) == 2
    return tuple(result) if both else result


about(
    "causal_mask",
    stars=1,
    minutes=5,
    hints=(
        "At what position of the text is query i? It's at i only if there are as many queries "
        "as keys.",
        "causal_mask(2, 3): the queries are the last two of three, at positions 1 and 2. The "
        "one at 1 may look at 0 and 1: True, True, False. The one at 2 may look at all. With 2 "
        "queries and 6 keys they are at 4 and 5. Write the positions of the queries as a "
        "column, (query, 1), and those of the keys as a row, (key,). Comparing the two gives "
        "(query, key).",
        "One comparison: the keys' positions, as a row, are at most the queries' positions, as "
        "a column. Where do the queries' positions begin?",
    ),
)


@check("causal_mask")
def mask_of_the_example(answer):
    """The example, two queries at the end of three keys; then three at the end of seven."""
    return answer(2, 3), answer(3, 7)


@check("causal_mask")
def mask_of_a_whole_text(answer):
    """With as many queries as keys, row i may look at the keys 0 ... i."""
    return answer(4, 4), answer(1, 1)


@check("causal_mask")
def mask_of_other_lengths(answer):
    """A single query at the end sees every key; and 300 queries of 400 keys."""
    return answer(1, 5), answer(300, 400)


about(
    "attention_numpy",
    stars=2,
    minutes=8,
    hints=(
        "What score must a hidden key have, so that e to that score is exactly 0?",
        "In the example q is 0, so all three scores are 0 and each weight is 1/3. Hide the "
        "third key: its score becomes -inf, the powers are 1, 1 and 0, their sum is 2, the "
        "weights are 1/2, 1/2 and 0, and the result is (1 + 3) / 2 = 2. np.where(condition, a, "
        "b) takes a where the condition is true and b elsewhere. Don't multiply by infinity: 0 "
        "times infinity is NaN.",
        "Three steps: the scores; if there is a mask, np.where with -np.inf; the softmax, times "
        "the values. Ask for a mask with `is not None`.",
    ),
)


@check("attention_numpy", tolerance=1e-9)
def numpy_of_the_example(answer):
    """The example without its mask, and then two queries and four keys."""
    q, k, v = np.array([[0.0]]), np.array([[5.0], [6.0], [7.0]]), np.array([[1.0], [3.0], [8.0]])
    return answer(q, k, v), answer(*some(3, (2, 3), (4, 3), (4, 3)))


@check("attention_numpy", tolerance=1e-9)
def numpy_with_the_mask(answer):
    """With a mask, what is hidden has no influence, and the other weights sum to 1."""
    q, k, v = np.array([[0.0]]), np.array([[5.0], [6.0], [7.0]]), np.array([[1.0], [3.0], [8.0]])
    square, others = some(4, (3, 2), (3, 2), (3, 2)), ~np.eye(3, dtype=bool)
    wide = some(5, (2, 3), (5, 3), (5, 3))
    return (
        answer(q, k, v, np.array([[True, True, False]])),
        answer(*square, others),
        answer(*square, np.tri(3, dtype=bool)),
        answer(*wide, mask=np.tri(2, 5, 3, dtype=bool)),
        answer(*wide, mask=np.array([[False, True, False, False, False]] * 2)),
    )


@check("attention_numpy", tolerance=1e-9)
def numpy_of_far_scores(answer):
    """A hidden key gets no weight, however large its score or however low the others'."""
    k, v = np.array([[0.0], [0.0], [2000.0]]), np.array([[1.0], [3.0], [8.0]])
    low = np.array([[-300.0], [-301.0], [-2.0]])
    lower = np.array([[-3e6], [-3e6], [-2.0]])
    mask = np.array([[True, True, False]])
    large = answer(np.array([[1.0]]), k, v, mask)
    require(not np.isnan(large).any(), NOTHING_LEFT)
    one = np.array([[1.0]])
    return large, answer(one, low, v, mask), answer(one, lower, v, mask)


about(
    "depends_on",
    stars=2,
    minutes=10,
    hints=(
        "You can't look into the function, but you may call it as often as you like. Which "
        "experiment shows whether row j matters?",
        "Take the running sum of three rows of ones: 1, 2, 3. Change row 1 of a copy, and the "
        "results are 1, 2 + something, 3 + something. Rows 1 and 2 have changed, so column 1 of "
        "the table is False, True, True. One comparison is a bool array (rows, any); "
        ".any(axis=1) makes it (rows,). What change does every function notice? Not a 1 added "
        "everywhere, if it subtracts the mean. Not a row doubled, if it divides by the length.",
        "Compute once before. For each j: a fresh copy, a random vector added to its row j, "
        "compute again, compare with != and any. Stack the columns along axis 1.",
    ),
)


@check("depends_on")
def running_sum(answer):
    """The example: a running sum depends on what came before; from the end, on what follows."""
    so_far = answer(lambda x: x.cumsum(axis=0), np.ones((3, 2)))
    return so_far, answer(lambda x: x[::-1].cumsum(axis=0)[::-1], some(0, (4, 3))[0])


@check("depends_on")
def other_rows(answer):
    """Each row of the result is the row before it; or there are two, sums over some of five."""
    chosen = np.array([[1.0, 0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0, 0.0]])
    x = some(1, (5, 3))[0]
    x[3] = 0
    before = answer(lambda x: np.concatenate([np.zeros((1, 2)), x[:-1]]), np.ones((4, 2)))
    return before, answer(lambda x: chosen @ x @ np.ones((3, 4)), x)


@check("depends_on")
def a_single_number(answer):
    """One number of a row is enough, the first or the last; the sum of the row may stay."""
    (x,) = some(2, (3, 2))
    first = answer(lambda x: np.stack([np.array([x[0, 1], 5.0, 5.0])] * 2), x)
    last = answer(lambda x: np.stack([np.array([5.0, 5.0, x[1, 0]])] * 2), x)
    return first, last, answer(lambda x: np.stack([x[:, 0], -x[:, 0], 0 * x[:, 0]], axis=1), x)


@check("depends_on")
def faint_influence(answer):
    """An influence counts however faint it is."""
    (x,) = some(3, (3, 2))
    return answer(lambda x: x + 1e-9 * x.sum(axis=0), x)


@check("depends_on")
def unnoticed_changes(answer):
    """Functions that do not notice one number added to a whole row, or a row that is doubled."""
    x = np.array([[1.0, 3.0], [2.0, 8.0], [5.0, -5.0]])
    centered = answer(lambda x: (x - x.mean(axis=1, keepdims=True)).round(6), x)
    return centered, answer(lambda x: x / np.linalg.norm(x, axis=1, keepdims=True), x)


about(
    "attention",
    stars=3,
    minutes=15,
    hints=(
        "It's attention_numpy, with a tensor's own methods. There may be axes in front, batch "
        "and heads. Which of your lines would touch them?",
        "q of shape (2, 3, 6, 4) is (batch, heads, query, head_dim). k has to become (2, 3, 4, "
        "6): k.transpose(-2, -1) swaps the last two axes alone. Then the scores are (2, 3, 6, "
        "6), and a mask (6, 6) broadcasts. A bool mask: masked_fill(where, value) writes "
        "wherever `where` is True, and you want it where the mask is False. A mask of numbers "
        "is added. And a scale of 0 is a scale: ask `is None`.",
        "The scores, times the scale or else 1 / sqrt(head_dim). If there is a mask, one of two "
        "things, by its dtype. Then the softmax along the last axis, times v.",
    ),
)


@check("attention")
def attention_of_the_example(answer):
    """The example without a mask, and then two queries and four keys."""
    q, k, v = torch.tensor([[0.0]]), torch.tensor([[5.0], [7.0]]), torch.tensor([[1.0], [3.0]])
    return answer(q, k, v), answer(*tensors(7, (2, 3), (4, 3), (4, 3)))


@check("attention")
def attention_with_a_scale(answer):
    """A `scale` replaces 1 / sqrt(head_dim)."""
    parts = tensors(8, (2, 4), (3, 4), (3, 4))
    return answer(*parts, scale=2.0), answer(*parts, scale=0.3)


@check("attention")
def attention_with_scale_zero(answer):
    """A `scale` of 0 is a scale, too: all values weigh the same."""
    return answer(*tensors(18, (2, 4), (3, 4), (3, 4)), scale=0.0)


@check("attention")
def attention_with_a_bool_mask(answer):
    """A bool mask is True where a query may look: what is hidden has no influence."""
    square, others = tensors(10, (3, 2), (3, 2), (3, 2)), ~np.eye(3, dtype=bool)
    return (
        answer(torch.zeros(1, 1), *tensors(1, (2, 1), (2, 1)), mask=torch.tensor([[True, False]])),
        answer(*square, mask=torch.tensor(others)),
        answer(*square, torch.tensor(np.tri(3, dtype=bool)), 1.5),
        answer(*tensors(11, (2, 4), (5, 4), (5, 4)), torch.tensor(np.tri(2, 5, 3, dtype=bool))),
    )


@check("attention")
def attention_with_added_numbers(answer):
    """A mask of numbers is added to the scores, after they were scaled."""
    bias = np.array([[0.0, -np.inf, -np.inf], [-1.0, 0.5, -np.inf], [-2.0, 3.0, 0.0]], "float32")
    parts = tensors(12, (3, 4), (3, 4), (3, 4))
    return (
        answer(*parts, mask=torch.tensor(bias)),
        answer(*parts, mask=torch.tensor(bias), scale=0.2),
        answer(*tensors(13, (2, 4), (5, 4), (5, 4)), mask=tensors(14, (2, 5))[0]),
    )


@check("attention")
def attention_of_far_scores(answer):
    """A hidden key gets no weight, however large its score or however low the others'."""
    q, v = torch.ones(1, 1), torch.tensor([[1.0], [3.0], [8.0]])
    mask = torch.tensor([[True, True, False]])
    large = answer(q, torch.tensor([[0.0], [0.0], [2000.0]]), v, mask)
    require(not np.isnan(large.detach().numpy()).any(), NOTHING_LEFT)
    low, lower = torch.tensor([[-300.0], [-301.0], [-2.0]]), torch.tensor([[-3e6], [-3e6], [-2.0]])
    return large, answer(q, low, v, mask), answer(q, lower, v, mask)


@check("attention")
def attention_with_batch_and_heads(answer):
    """Batch and heads in front, (2, 3): each head of each sequence is on its own."""
    parts = tensors(9, (2, 3, 4, 5), (2, 3, 4, 5), (2, 3, 4, 5))
    fewer = tensors(15, (3, 2, 4), (3, 6, 4), (3, 6, 4))
    mask, bias = torch.tensor(np.tri(4, dtype=bool)), tensors(16, (3, 1, 6))[0]
    return answer(*parts), answer(*parts, mask=mask), answer(*fewer), answer(*fewer, mask=bias)


@check("attention")
def attention_of_attention(answer):
    """Gradients reach queries, keys and values."""
    q, k, v = tensors(17, (2, 3), (4, 3), (4, 3))
    for part in (q, k, v):
        part.requires_grad = True
    out = answer(q, k, v, torch.tensor(np.tri(2, 4, 2, dtype=bool)))
    require(out.requires_grad, CUT_OFF)
    (out**2).sum().backward()
    require(all(part.grad is not None for part in (q, k, v)), CUT_OFF)
    return q.grad, k.grad, v.grad

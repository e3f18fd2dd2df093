"""Lesson 07: what gates, positions, interpolation, the backward pass, the efficient form, and two
questions to any encoding must satisfy."""

import numpy as np

import minitorch as torch
from classroom.checking import about, check, refuses, require


def normal(rng, *shape, dtype="float32", **options):
    """A tensor of random numbers, N(0, 1)."""
    return torch.tensor(rng.standard_normal(shape).astype(dtype), **options)


def uniform(rng, low, high, *shape, **options):
    return torch.tensor(rng.uniform(low, high, shape).astype("float32"), **options)


def gradients(out, **inputs):
    """The gradients that reach the inputs from a weighted sum of `out`."""
    reach = (
        "No gradient reaches `{}`: on the way, something was computed outside the engine, or "
        "detached, or rounded. Use operations of tensors, not .numpy()."
    )
    require(out.requires_grad, reach.format("` and `".join(inputs)))
    (out * normal(np.random.default_rng(9), *out.shape)).sum().backward()
    for name, tensor in inputs.items():
        require(tensor.grad is not None, reach.format(name))
    return [tensor.grad for tensor in inputs.values()]


about(
    "cope_gates",
    stars=1,
    minutes=5,
    hints=(
        "You have computed these scores in lesson 03. What is different is what happens to a "
        "score afterwards.",
        "Take a query [2, 0, 0, 0] and the keys [3, 1, 1, 1] and [0, 5, 5, 5]. The products are 6 "
        "and 0. head_dim is 4, so without a scale both are multiplied by 1/2: 3 and 0. The "
        "sigmoid makes 0.953 and 0.5 of them. Note that they don't sum to 1: each is a question "
        "of its own. For all pairs at once, k.transpose(-2, -1) is (..., head_dim, key), and "
        "tensors have .sigmoid(). A scale of 0 is a scale: it gives 0.5 everywhere, so ask `scale "
        "is None`.",
        "(<products of queries and keys> * <the scale, or 1 / sqrt(head_dim)>).sigmoid()",
    ),
)


@check("cope_gates")
def a_gate_for_every_pair(answer):
    """Every pair of query and key has a gate: the example, then three queries and five keys."""
    q = torch.tensor([[2.0, 0.0, 0.0, 0.0]])
    k = torch.tensor([[3.0, 1.0, 1.0, 1.0], [0.0, 5.0, 5.0, 5.0]])
    rng = np.random.default_rng(0)
    return answer(q, k), answer(2 * normal(rng, 3, 6), normal(rng, 5, 6))


@check("cope_gates")
def given_scale(answer):
    """A scale that is given replaces 1 / sqrt(head_dim): 1, 0.3, and even 0."""
    rng = np.random.default_rng(1)
    q, k = normal(rng, 2, 4), normal(rng, 3, 4)
    return answer(q, k, 1.0), answer(q, k, 0.3), answer(q, k, scale=0.0)


@check("cope_gates")
def batch_and_heads_of_gates(answer):
    """Batch and heads in front, in float32 and in float64."""
    rng = np.random.default_rng(2)
    double = normal(rng, 3, 5, dtype="float64"), normal(rng, 4, 5, dtype="float64")
    return answer(normal(rng, 2, 3, 4, 6), normal(rng, 2, 3, 5, 6)), answer(*double)


@check("cope_gates")
def tightly_closed_and_wide_open(answer):
    """Products of -200 and 200: the gates are 0 and 1."""
    return answer(torch.tensor([[20.0]]), torch.tensor([[-10.0], [10.0]]))


@check("cope_gates")
def gradient_of_gates(answer):
    """The gradient reaches the queries and the keys."""
    rng = np.random.default_rng(3)
    q = normal(rng, 2, 3, 4, requires_grad=True)
    k = normal(rng, 2, 5, 4, requires_grad=True)
    return gradients(answer(q, k), q=q, k=k)


about(
    "cope_positions",
    stars=2,
    minutes=10,
    hints=(
        "Start at the query and walk to the left, adding up gates on the way. What must be true "
        "of the gates to the right of the query, so that they add nothing?",
        "Take the last row of the example, the gates 0, 1 and 0.5. From the right the sums are "
        "0.5, then 0.5 + 1 = 1.5, then 1.5 + 0 = 1.5. So the row becomes 1.5, 1.5, 0.5. The row "
        "above, 1, 0.5 and 1, belongs to the second query, and its third gate must be closed "
        "first: 1, 0.5, 0 becomes 1.5, 0.5, 0. A tensor's cumsum(-1) adds up from the left, "
        "though. What could you do to a row before and after? (flip(-1) reverses it, and "
        "masked_fill(where, 0.0) closes gates; torch.tensor makes a tensor of a mask.)",
        "closed = gates.masked_fill(<True at later keys>, 0.0); then three methods in a row, of "
        "which the first and the last are the same",
    ),
)


@check("cope_positions")
def gates_are_summed(answer):
    """The gates from each key up to the query are summed: the example, then two heads."""
    example = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.5, 1.0], [0.0, 1.0, 0.5]])
    return answer(example), answer(uniform(np.random.default_rng(1), 0, 1, 2, 5, 5))


@check("cope_positions")
def all_open_or_all_closed(answer):
    """With all gates open it is i - j + 1, the token count; with all closed it is 0."""
    return answer(torch.ones(6, 6)), answer(torch.zeros(4, 4))


@check("cope_positions")
def fewer_queries_than_keys(answer):
    """With fewer queries than keys, the queries are the last ones: two of five, one of 300."""
    rng = np.random.default_rng(2)
    double = torch.tensor(rng.uniform(size=(2, 3, 4, 7)))
    return answer(uniform(rng, 0, 1, 2, 5)), answer(torch.ones(1, 300)), answer(double)


@check("cope_positions")
def not_gates(answer):
    """Gates outside 0 to 1, and more queries than keys, are refused."""
    no_gates = (
        "Gates of {} were accepted: someone forgot the sigmoid. Refuse them: check_gates(gates)."
    )
    refuses(ValueError, lambda: answer(torch.tensor([[0.5, 0], [0, 1.5]])), no_gates.format("1.5"))
    refuses(
        ValueError, lambda: answer(torch.tensor([[0.5, 0], [-0.5, 1]])), no_gates.format("-0.5")
    )
    refuses(
        ValueError,
        lambda: answer(torch.ones(3, 2)),
        "Three queries and two keys were accepted. Refuse them: check_gates(gates) does.",
    )


@check("cope_positions")
def gradient_of_positions(answer):
    """The gradient reaches the gates, and only those that count."""
    gates = torch.full((2, 3, 4), 0.5, requires_grad=True)
    return gradients(answer(gates), gates=gates)


about(
    "interpolate",
    stars=2,
    minutes=10,
    hints=(
        "Where is a position between two rows, and how far from the lower one? And what if it "
        "lies outside the table?",
        "Take a table with the rows [0, 0] and [10, 20]. Position 0.25 has floor 0, ceiling 1 and "
        "w = 0.25, so it gets 0.25 * [10, 20] + 0.75 * [0, 0] = [2.5, 5]. Position 7 is clamped "
        "to the last row, 1. Its floor and ceiling are both 1, and it gets [10, 20]. Rows must be "
        "whole numbers: .long() after .floor() or .ceil(). w must stay a tensor, so that a "
        "gradient flows. It has one number per position, but a row has head_dim of them: "
        "w.unsqueeze(-1) adds an axis.",
        "p = positions.clamp(<first row>, <last row>); w = <p minus its floor, with one more "
        "axis>; return w * table[<upper rows>] + (1 - w) * table[<lower rows>]",
    ),
)


@check("interpolate")
def mixture_of_two_rows(answer):
    """Each vector is a mixture of two rows: the example, three rows, five with four columns."""
    example = torch.tensor([[0.0, 0.0], [10.0, 20.0]]), torch.tensor([0.25, 7.0])
    table = torch.tensor([[0.0, 0.0], [10.0, 20.0], [40.0, 0.0]])
    rng = np.random.default_rng(3)
    return (
        answer(*example),
        answer(table, torch.tensor([0.0, 0.25, 1.75, 2.0])),
        answer(normal(rng, 5, 4), uniform(rng, -1, 6, 2, 3)),
    )


@check("interpolate")
def clamped_at_both_ends(answer):
    """Positions past the end get the last row, those below 0 the first."""
    table = torch.tensor([[1.0], [2.0], [4.0]])
    return answer(table, torch.tensor([7.0, 2.5, 2.0])), answer(
        table, torch.tensor([-1e-3, -0.6, -3])
    )


@check("interpolate")
def tables_and_positions_of_any_size(answer):
    """Positions of any shape, one row or 300 of them, and float64."""
    rng = np.random.default_rng(4)
    double = torch.tensor(rng.uniform(0, 3, (4, 1, 2)))
    return (
        answer(normal(rng, 3, 2), torch.tensor(1.25)),
        answer(normal(rng, 1, 2), torch.tensor([0.0, 0.5])),
        answer(normal(rng, 300, 3), torch.tensor([290.5, 128.25, 255.75])),
        answer(normal(rng, 4, 3, dtype="float64"), double),
    )


@check("interpolate")
def gradient_of_interpolation(answer):
    """A position's gradient is the difference of its two rows, and 0 where it was clamped."""
    table = torch.tensor([[0.0, 1.0], [10.0, 3.0], [40.0, -2.0]], requires_grad=True)
    positions = torch.tensor([0.5, 1.25, 7.0], requires_grad=True)
    return gradients(answer(table, positions), table=table, positions=positions)


about(
    "cope_backward",
    stars=3,
    minutes=20,
    hints=(
        "Compute p once more, in NumPy. Then go back in three steps, each with an array of its "
        "own: the gradient of the positions, that of the gates, that of what went into the "
        "sigmoid. The gradient of the logits branches off at the first.",
        "Take the lesson's example: z = 0, 8, 4, and p = 1.5, 1, 0.5. The rows beside p are 1 2, "
        "1 2 and 0 1, so the slopes are -4, -4, 8. Gate 0 is part of p[0] alone, gate 1 of p[0] "
        "and p[1], gate 2 of all: -4, -8, 0, a running sum from the left. Row n has the share "
        "max(0, 1 - |p - n|) in an output. For p = 1.5 that is 0, 0.5, 0.5, and with p[..., None] "
        "you get it for all rows. np.take_along_axis picks z at whole rows.",
        "grad_p = grad * (<z one row up, but at most the last> - <z at floor p>); grad_gates = "
        "<running sum of grad_p> * mask; return grad_gates * <slope of the sigmoid>, <grad times "
        "share, summed over the keys>",
    ),
)


@check("cope_backward", dtype="values")
def three_steps_back(answer):
    """Back through interpolation, sum and gate: the example, then five tokens and six rows."""
    example = np.ones((1, 1)), np.array([[0.5]]), np.array([[0.0, 8.0]])
    return answer(*example), answer(*case(4, (5, 5), npos=6))


@check("cope_backward", dtype="values")
def past_the_end(answer):
    """Eight tokens and three rows: positions past the table's end have no slope, only a share."""
    return answer(*case(5, (8, 8), npos=3)), answer(*case(6, (3, 3), npos=1))


@check("cope_backward", dtype="values")
def whole_positions_have_a_slope(answer):
    """Gates half open, so that many positions are whole numbers: floor + 1 is the upper row."""
    grad, gates, logits = case(9, (5, 5), npos=3)
    return answer(grad, np.full_like(gates, 0.5), logits)


@check("cope_backward", dtype="values")
def heads_and_cached_keys(answer):
    """Batch and heads in front, and two queries that are the last of five keys."""
    return answer(*case(7, (3, 2, 4, 4), npos=5)), answer(*case(8, (2, 2, 5), npos=4))


def case(seed, shape, npos):
    """grad and gates of this shape, and logits, all random."""
    rng, (query_len, key_len) = np.random.default_rng(seed), shape[-2:]
    gates = rng.uniform(0.1, 0.9, shape)
    grad = rng.standard_normal(shape) * np.tri(query_len, key_len, key_len - query_len)
    return grad, gates, rng.standard_normal((*shape[:-1], npos))


about(
    "interpolate_logits",
    stars=2,
    minutes=10,
    hints=(
        "It is `interpolate` again, with one difference: query i looks up in its own row, "
        "logits[..., i, :].",
        "Take the row 0, 10, 40 and the positions 2, 1.5 and 0.5. whole_and_rest gives the lower "
        "rows 2, 1, 0 and the weights 0, 0.5, 0.5. The upper rows are one more, 3, 2, 1, but "
        "there is no row 3, so it is 2 instead. (Its weight is 0 anyway.) The lower numbers are "
        "40, 10, 0, the upper ones 40, 40, 10. Mixed: 40, 25, 5. torch.take_along_dim(logits, "
        "rows, dim=-1) picks from each query's own row, and its rows are (..., query, key).",
        "low, w = whole_and_rest(<...>, <...>); lower, upper = <what take_along_dim picks at low, "
        "and one row up>; return <their mixture>",
    ),
)


@check("interpolate_logits")
def each_query_from_its_own_row(answer):
    """Each query picks from its own row: the example, then two batches of three queries."""
    example = torch.tensor([[0.0, 10.0, 40.0]]), torch.tensor([[2.0, 1.5, 0.5]])
    rng = np.random.default_rng(7)
    return answer(*example), answer(normal(rng, 2, 3, 4), uniform(rng, 0, 3, 2, 3, 5))


@check("interpolate_logits")
def logits_clamped_at_both_ends(answer):
    """Positions past the end get the last number of the row, those below 0 the first."""
    logits = torch.tensor([[1.0, 2.0, 4.0], [3.0, -1.0, 0.5]])
    outside = torch.tensor([[2.5, 9.0], [2.0, 2.25]]), torch.tensor([[-1e-3, -0.6], [-3.0, 0.0]])
    return [answer(logits, positions) for positions in outside]


@check("interpolate_logits")
def many_heads_and_rows(answer):
    """Batch and heads in front, one row or 300, and float64."""
    rng = np.random.default_rng(8)
    double = torch.tensor(rng.uniform(-1, 4, (2, 4, 3, 5)))
    return (
        answer(normal(rng, 2, 4, 3, 4, dtype="float64"), double),
        answer(normal(rng, 1, 300), torch.tensor([[290.5, 128.25, 255.75]])),
        answer(normal(rng, 2, 1), torch.tensor([[0.0, 0.5], [0.25, 3.0]])),
    )


@check("interpolate_logits")
def rows_must_fit(answer):
    """Logits for one query and positions for three, or other batches, are refused."""
    stretched = "One row of logits was stretched over three of positions. Refuse: check_rows(...)."
    refuses(ValueError, lambda: answer(torch.zeros(1, 4), torch.zeros(3, 5)), stretched)
    refuses(ValueError, lambda: answer(torch.zeros(1, 2, 4), torch.zeros(3, 2, 5)), stretched)


@check("interpolate_logits")
def gradient_of_logits(answer):
    """The gradient reaches logits and positions; it is 0 for a position that was clamped."""
    logits = torch.tensor([[0.0, 10.0, 40.0]], requires_grad=True)
    positions = torch.tensor([[5.0, 1.5, 0.25]], requires_grad=True)
    return gradients(answer(logits, positions), logits=logits, positions=positions)


about(
    "order_matters",
    stars=1,
    minutes=6,
    hints=(
        "Ask the layer twice, once with the tokens, once with the first two swapped. What do you "
        "compare, if only the last token should answer?",
        "Take the tokens 1, 2 and 5. Swapped they are 2, 1 and 5. A layer that sums up says 8 at "
        "the last position, both times: False. A layer that multiplies by the first token says 5 "
        "and then 10: True. Swap in a copy, since `tokens` must not change. Tokens are rows, and "
        "two rows are exchanged by copy[[0, 1]] = tokens[[1, 0]]. np.allclose with rtol=0 and "
        "atol=0.0001 allows a small difference anywhere.",
        "swapped = <a copy with rows 0 and 1 exchanged>; return not np.allclose(<last row of one "
        "output>, <last row of the other>, rtol=0, atol=<what doesn't count>)",
    ),
)


@check("order_matters")
def what_the_layer_is_asked(answer):
    """The layer is asked about the tokens, and about them in another order, the last one last."""
    tokens, asked = five_tokens(), []
    answer(lambda x: (asked.append(np.array(x)), np.cumsum(x, axis=0))[1], tokens)
    others = [x for x in asked if not np.array_equal(x, tokens)]
    return {
        "asked about the tokens": len(others) < len(asked),
        "asked about another order": len(others) > 0,
        "the same tokens": all(np.array_equal(sorted_rows(x), sorted_rows(tokens)) for x in others),
        "the last token stays last": all(np.array_equal(x[-1], tokens[-1]) for x in others),
    }


@check("order_matters")
def layers_of_both_kinds(answer):
    """False for layers that do not know the order, True for those that do, however little."""
    position = np.arange(5)[:, None]
    layers = {
        "the sum of all tokens": lambda x: np.full_like(x, x.sum()),
        "each token itself": lambda x: 1 * x,
        "a difference of a millionth": lambda x: np.cumsum(x, axis=0) + 1e-6 * x[0],
        "a tenth of what counts, tiny numbers": lambda x: 1e-4 * np.cumsum(x, axis=0) + 1e-5 * x[0],
        "the sum of all tokens, weighted": lambda x: np.cumsum(x * position, axis=0),
        "the first token, in column 0": lambda x: np.cumsum(x, axis=0) + x[0] * [1, 0, 0],
        "the first token, less it elsewhere": lambda x: (
            np.cumsum(x, axis=0) + x[:1, 0] * [1, -1, 0]
        ),
        "the first token, subtracted": lambda x: np.cumsum(x, axis=0) - abs(x[0] * [0, 0, 1]),
        "the second token, subtracted": lambda x: np.cumsum(x, axis=0) - abs(x[1] * [0, 0, 1]),
        "0.00015 in one column": lambda x: (
            np.cumsum(x, axis=0) + [1.5e-4 * (x[0, 0] > x[1, 0]), 0, 0]
        ),
        "columns in another order": lambda x: np.cumsum(x, axis=0)[
            :, :: 1 if x[0, 0] > x[1, 0] else -1
        ],
        "a thousandth of the first token": lambda x: np.cumsum(x, axis=0) + 1e-3 * x[0],
        "a thousandth of it, large numbers": lambda x: 1e4 + np.cumsum(x, axis=0) + 1e-3 * x[0],
    }
    return {layer: answer(output, five_tokens()) for layer, output in layers.items()}


def sorted_rows(x):
    return sorted(map(tuple, x))


def five_tokens():
    return np.random.default_rng(8).standard_normal((5, 3))


about(
    "shift_invariant",
    stars=2,
    minutes=8,
    hints=(
        "Ask for scores twice, once for the tokens, once for prefix and tokens together. The "
        "second table is larger. Which part of it is about the tokens alone?",
        "Take four tokens and a prefix of three. scores(tokens) is (heads, 4, 4). Together they "
        "are seven rows, np.concatenate([prefix, tokens]), and their scores (heads, 7, 7). "
        "Queries 0 to 2 and keys 0 to 2 are the prefix. Queries 3 to 6 with keys 3 to 6 are the "
        "tokens, the lower right part, (heads, 4, 4) again. Now compare all entries. Hidden ones "
        "are -inf in both, and for np.allclose these are equal, while -inf minus -inf would be "
        "NaN.",
        "longer = scores(<prefix and tokens>); return np.allclose(scores(tokens), longer[<all "
        "heads, from which query and key on?>], rtol=0, atol=<what doesn't count>)",
    ),
)


@check("shift_invariant")
def scores_by_distance(answer):
    """True for scores that depend on j - i only: with a mask, without, with a little noise."""
    unmasked, masked = layer(distance, masked=False), layer(distance)
    layers = {
        "no mask": unmasked,
        "a causal mask": masked,
        "a millionth more per token": lambda tokens: masked(tokens) + 1e-6 * len(tokens),
        "tiny scores": lambda tokens: 1e-4 * masked(tokens) + 1e-6 * len(tokens),
    }
    return {name: asked_with_prefixes(answer, scores) for name, scores in layers.items()}


@check("shift_invariant")
def scores_by_position(answer):
    """False for scores that change with a shift: in one head, in few entries, by a thousandth."""
    rules = {
        "grow with the key's position": lambda i, j: (0.01 * j, 0.01 * j),
        "grow with the query's position": lambda i, j: (0.01 * i, 0.01 * i),
        "fall with the query's position": lambda i, j: (-0.01 * i, -0.01 * i),
        "change in the first head": lambda i, j: (0.01 * i * j, j - i),
        "change in the second head": lambda i, j: (j - i, 0.01 * i * j),
        "change for the first query": lambda i, j: (j - i, 1.0 * (i < 1)),
        "change for the first key": lambda i, j: (j - i, 1.0 * (j < 1)),
        "change for the last query and key": lambda i, j: (j - i, 1.0 * (i * j > 30)),
        "change on the diagonal": lambda i, j: (j - i, 0.01 * i * (i == j)),
        "change off the diagonal": lambda i, j: (j - i, 0.01 * i * (i != j)),
        "change by a thousandth, large": lambda i, j: (j - i, 1e4 + 1e-3 * j),
        "change by 0.0002 for the last query and key": lambda i, j: (j - i, 2e-4 * (i * j > 30)),
        "change, but not in sum": lambda i, j: (0.01 * j, -0.01 * j),
    }
    layers = {name: layer(rule) for name, rule in rules.items()}
    layers["grow with both, no mask"] = layer(
        lambda i, j: (0.01 * i * (j + 1), 0.1 * i), masked=False
    )
    layers["change in one head, no mask"] = layer(lambda i, j: (j - i, 0.1 * i), masked=False)
    return {name: asked_with_prefixes(answer, scores) for name, scores in layers.items()}


@check("shift_invariant")
def what_the_scores_are_asked(answer):
    """The scores are asked about the tokens alone, and about the prefix followed by the tokens."""
    tokens, prefix, asked = five_tokens(), np.ones((2, 3)), []
    scores = layer(distance, masked=False)
    answer(lambda x: (asked.append(np.array(x)), scores(x))[1], tokens, prefix)
    texts = {
        "asked about the tokens alone": tokens,
        "asked about prefix, then tokens": np.concatenate([prefix, tokens]),
        "asked about tokens, then prefix": np.concatenate([tokens, prefix]),
    }
    return {name: any(np.array_equal(x, text) for x in asked) for name, text in texts.items()}


def distance(i, j):
    """Scores of two heads that depend on j - i only."""
    return -0.1 * (i - j), np.cos(i - j)


def layer(rule, masked=True):
    """A layer whose scores follow rule(i, j) in each of two heads: (2, query, key)."""

    def scores(tokens):
        i, j = np.indices((len(tokens), len(tokens)))
        table = np.array(rule(i, j), dtype=float)
        return np.where(j <= i, table, -np.inf) if masked else table

    return scores


def asked_with_prefixes(answer, scores):
    """What is answered for five tokens after a prefix of two, and of seven."""
    return [answer(scores, five_tokens(), np.ones((shift, 3))) for shift in (2, 7)]

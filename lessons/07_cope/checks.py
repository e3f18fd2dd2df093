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
        "detached, or made whole numbers. Use operations of tensors, not .numpy()."
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
        "It is the score of lesson 03, and then a sigmoid instead of the softmax.",
        "q @ k.transpose(-2, -1) is (..., query, key). Tensors have the method .sigmoid().",
        "scale = q.shape[-1] ** -0.5 if scale is None else scale; return (q @ k.transpose(-2, -1) "
        "* scale).sigmoid()",
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
        "Close the gates of later keys first, so that they add nothing. What is left is a running "
        "sum, but from the right: the last column is the gate itself, the one before it the sum "
        "of two, ...",
        "torch.tensor(~causal_mask(*gates.shape[-2:])) is True at the later keys, and "
        "gates.masked_fill(later, 0.0) closes them. cumsum(-1) runs from the left; flip(-1) "
        "reverses each row.",
        "check_gates(gates); later = torch.tensor(~causal_mask(*gates.shape[-2:])); return "
        "gates.masked_fill(later, 0.0).flip(-1).cumsum(-1).flip(-1)",
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
        "Clamp the positions first. Then find the two rows, and how far the position is from the "
        "lower one.",
        "positions.floor().long() and positions.ceil().long() are rows; table[rows] is (..., "
        "head_dim). w must stay a tensor that carries a gradient, and needs one more axis: "
        "w.unsqueeze(-1).",
        "p = positions.clamp(0, len(table) - 1); w = (p - p.floor().detach()).unsqueeze(-1); "
        "return w * table[p.ceil().long()] + (1 - w) * table[p.floor().long()]",
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
        "First the forward pass again, in NumPy: gates * mask, the sum from the right with "
        "np.flip and cumsum, clip(0, npos - 1), floor, and the row above it, floor + 1 but at "
        "most npos - 1. Then the three steps of the docstring, one after the other.",
        "The share of row n at position p is max(0, 1 - |p - n|): with p[..., None] and "
        "np.arange(npos) it is (..., query, key, npos). np.take_along_axis(logits, rows, -1) "
        "picks z at integer rows (..., query, key). The sum over j <= k is a cumsum from the left.",
        "mask = causal_mask(*gates.shape[-2:]); npos = logits.shape[-1]; p = "
        "np.flip(np.flip(gates * mask, -1).cumsum(-1), -1).clip(0, npos - 1); low = "
        "np.floor(p).astype(int); z_low, z_high = (np.take_along_axis(logits, rows, -1) for rows "
        "in (low, np.minimum(low + 1, npos - 1))); grad_gates = (grad * (z_high - "
        "z_low)).cumsum(-1) * mask; share = np.maximum(0, 1 - abs(p[..., None] - "
        "np.arange(npos))); return grad_gates * gates * (1 - gates), (grad[..., None] * "
        "share).sum(-2)",
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
        "It is `interpolate` again: clamp, floor, the row above, w. Only the lookup is new: query "
        "i picks from its own row logits[..., i, :].",
        "whole_and_rest(positions, npos) gives floor and w as you computed them before; the row "
        "above is (floor + 1).clamp(max=npos - 1). torch.take_along_dim(logits, rows, dim=-1) "
        "picks, for each query, the entries `rows` (..., query, key) of its row.",
        "check_rows(logits, positions); npos = logits.shape[-1]; low, w = "
        "whole_and_rest(positions, npos); lower, upper = (torch.take_along_dim(logits, rows, "
        "dim=-1) for rows in (low, (low + 1).clamp(max=npos - 1))); return w * upper + (1 - w) * "
        "lower",
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
        "Two runs of `output`: on the tokens, and on a copy with the first two swapped. Compare "
        "their last rows.",
        "swapped = tokens.copy(); swapped[[0, 1]] = tokens[[1, 0]] swaps two rows of the copy.",
        "swapped = tokens.copy(); swapped[[0, 1]] = tokens[[1, 0]]; return not "
        "np.allclose(output(swapped)[-1], output(tokens)[-1], rtol=0, atol=1e-4)",
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
        "Two runs of `scores`: on the tokens, and on prefix and tokens together. The second is a "
        "larger table. Which part of it are the tokens' scores for each other?",
        "np.concatenate([prefix, tokens]) puts the prefix in front. Rows and columns from "
        "len(prefix) on are the tokens': [..., shift:, shift:].",
        "shift = len(prefix); shifted = scores(np.concatenate([prefix, tokens]))[..., shift:, "
        "shift:]; return np.allclose(scores(tokens), shifted, rtol=0, atol=1e-4)",
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

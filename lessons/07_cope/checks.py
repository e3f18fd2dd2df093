"""Chapter 07: what gates, positions, interpolation, the way back, the efficient form, and the learner's two
questions to an encoding must satisfy."""
import math

import numpy as np

import minitorch as torch

_TENSOR = "The result must be a tensor of the engine: gradients flow through it."
_NO_GRADIENT = ("No gradient flows back to {}: part of it was computed outside the engine, or with whole "
                "numbers only. Use operations of tensors, not .numpy().")


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


class cope_gates:
    stars, minutes = 1, 5
    hints = (
        "It is the score of lesson 03, and then a sigmoid in place of the softmax.",
        "q @ k.transpose(-2, -1) is (..., query, key). Tensors have the method .sigmoid().",
        "scale = q.shape[-1] ** -0.5 if scale is None else scale; return (q @ k.transpose(-2, -1) * "
        "scale).sigmoid()",
    )

    def random(answer, expect):
        """Three queries, five keys, head_dim 4: one gate for each pair."""
        q, k = np.random.default_rng(0).standard_normal((2, 5, 4))
        q = 2 * q[:3]
        products = np.array([[q[i] @ k[j] for j in range(5)] for i in range(3)])
        got = answer(torch.tensor(q), torch.tensor(k))
        expect.that(isinstance(got, torch.Tensor), _TENSOR)
        values, seen = got.detach().numpy(), np.tri(3, 5, 2)
        e = np.exp(products / 2)
        expect.that(values.shape != (3, 5) or not np.allclose(values, values[:1]),
                    "The gates are the same for every query: they depend on the key alone. It is the query "
                    "that decides what counts: q_i . k_j goes into the sigmoid.")
        expect.equal(got, _sigmoid(products / 2), mistakes=(
            (_sigmoid(products), "The 1 / sqrt(head_dim) is missing: without a scale, q.k is multiplied by "
                                 "it."),
            (_sigmoid(products / 4), "It is divided by sqrt(head_dim) twice, that is by head_dim. Once is "
                                     "enough."),
            (_sigmoid(2 * products), "It is multiplied by sqrt(head_dim). The scale is 1 / sqrt(head_dim)."),
            (e / e.sum(axis=1, keepdims=True), "This is a softmax: the gates of a query sum to 1, so one can "
                                               "open only if others close. Each gate is a question of its "
                                               "own: the sigmoid."),
            (e / e.sum(axis=0), "This is a softmax, and over the queries. Each gate is a question of its "
                                "own: the sigmoid."),
            (products / 2, "These are the scores themselves. The sigmoid is missing, which brings them "
                           "between 0 and 1."),
            (np.tanh(products / 2), "This is tanh, from -1 to 1. A gate lies between 0 and 1: the sigmoid."),
            ((products > 0) * 1.0, "These gates are 0 or 1, nothing between. Then no gradient tells them "
                                   "what to count: the sigmoid is soft."),
            (_sigmoid(-products / 2), "The sign is turned round: a large q.k opens the gate."),
            (_sigmoid(products / 2) * seen, "There is a causal mask in it. The gates are masked later, by "
                                            "cope_positions."),
            (_sigmoid(products / 2).T, "Rows and columns are exchanged: rows are queries, columns are keys."),
        ))

    def given_scale(answer, expect):
        """A given scale takes the place of 1 / sqrt(head_dim): 1, as in the paper's equations, and 0.3."""
        q, k = torch.tensor([[1.0, 0.0, 1.0, 0.0]]), torch.tensor([[2.0, 0.0, 0.0, 0.0]])      # q.k = 2
        for scale in (1.0, 0.3):
            gate = lambda x: np.array([[_sigmoid(x)]], np.float32)
            expect.equal(answer(q, k, scale), gate(2 * scale), mistakes=(
                (gate(scale), "The given scale comes on top of 1 / sqrt(head_dim). It takes its place."),
                (gate(1.0), "The given scale is not used: it takes the place of 1 / sqrt(head_dim)."),
                (gate(2.0), "Whatever scale is given, 1 is used. Multiply by the scale itself.")))

    def heads(answer, expect):
        """Batch and heads in front, and a gradient that reaches q and k."""
        q, k = (torch.ones(2, 3, seq, 4, requires_grad=True) for seq in (2, 5))
        got = answer(q, k)
        expect.equal(tuple(got.shape), (2, 3, 2, 5), "k is transposed in its last two axes only: "
                                                     "k.transpose(-2, -1).")
        expect.that(got.requires_grad, _NO_GRADIENT.format("q and k"))
        got.sum().backward()
        expect.that(q.grad is not None and k.grad is not None, _NO_GRADIENT.format("both q and k"))


def _positions(gates, how=""):
    """The definition in plain loops, for gates (..., query, key); `how` names a mistake."""
    query_len, key_len = gates.shape[-2:]
    p = np.zeros(gates.shape)
    for i in range(query_len):
        own = key_len - query_len + i                     # the query's position
        for j in range(key_len):
            first, last = {"left": (0, min(j, own)), "left, unmasked": (0, j), "unmasked": (j, key_len - 1),
                           "key left out": (j + 1, own), "query left out": (j, own - 1),
                           "masked late": (j, key_len - 1 if j <= own else -1), "cache forgotten": (j, i),
                           "whole": (0, own)}.get(how, (j, own))
            p[..., i, j] = sum(gates[..., i, k] for k in range(first, last + 1))
    return p


class cope_positions:
    stars, minutes = 2, 10
    hints = (
        "Close the gates of later keys first, so that they add nothing. What is left is a running sum, but "
        "from the right: the last column is the gate itself, the one before it the sum of two, ...",
        "torch.tensor(causal_mask(*gates.shape[-2:])) is True where a query may look. "
        "gates.masked_fill(~mask, 0.0) closes the others. cumsum(-1) runs from the left; flip(-1) turns a "
        "row round.",
        "return gates.masked_fill(later, 0.0).flip(-1).cumsum(-1).flip(-1)",
    )

    def special_cases(answer, expect):
        """All gates open: i - j + 1, the token count. All closed: 0."""
        i, j = np.arange(4)[:, None], np.arange(4)
        got = answer(torch.ones(4, 4))
        expect.that(isinstance(got, torch.Tensor), _TENSOR)
        bent = lambda how: _positions(np.ones((4, 4)), how).astype(np.float32)
        expect.equal(got, np.tril(i - j + 1).astype(np.float32), mistakes=(
            (bent("left"), _LEFT), (bent("left, unmasked"), _LEFT),
            (bent("unmasked"), _UNMASKED), (bent("key left out"), _KEY_OUT), (bent("whole"), _WHOLE),
            (bent("masked late"), _LATE), (bent("")[:, ::-1], _FLIP), (bent("left")[:, ::-1], _FLIP),
            (np.tril(i - j + 1).T.astype(np.float32), "Queries and keys are exchanged: the sum runs along "
                                                      "the keys, the last axis."),
        ))
        expect.equal(answer(torch.zeros(4, 4)), np.zeros((4, 4), np.float32))

    def random(answer, expect):
        """Gates of any value, two heads, five tokens: against plain loops."""
        gates = np.random.default_rng(1).uniform(size=(2, 5, 5))
        expect.equal(answer(torch.tensor(gates)), _positions(gates), mistakes=(
            (_positions(gates, "left"), _LEFT), (_positions(gates, "left, unmasked"), _LEFT),
            (_positions(gates, "unmasked"), _UNMASKED), (_positions(gates, "key left out"), _KEY_OUT),
            (_positions(gates, "query left "
                               "out"), "The query's own gate is missing. The sum runs up to k = i, "
                                                  "included."),
            (_positions(gates, "whole"), _WHOLE), (_positions(gates, "masked late"), _LATE),
            (_positions(gates.round()), "The gates were rounded to 0 and 1. They count in parts: positions "
                                        "are fractions."),
            (_positions(gates).round(), "The positions were rounded. They stay fractions; what to do with "
                                        "them comes next."),
            (_positions(gates).clip(max=4), "The positions were clamped. That happens later, where the "
                                            "table's size is known."),
        ))

    def cached(answer, expect):
        """Two queries, five keys: the queries are the last two positions."""
        gates = np.random.default_rng(2).uniform(size=(2, 5))
        expect.equal(answer(torch.tensor(gates)), _positions(gates), mistakes=(
            (_positions(gates, "cache "
                               "forgotten"), "With a cache the queries are the *last* positions. Here query "
                                             "0 stands at 3, and sees four keys: causal_mask(2, 5)."),
            (_positions(gates, "unmasked"), _UNMASKED)))

    def refused(answer, expect):
        """Gates outside 0 to 1 are refused."""
        expect.raises(ValueError, lambda: answer(torch.tensor([[1.5]])),
            "A gate of 1.5 was accepted: someone forgot the sigmoid. Refuse it, with check_gates(gates).")

    def gradient(answer, expect):
        """The gradient reaches the gates, and only those that count."""
        gates = torch.full((3, 3), 0.5, requires_grad=True)
        got = answer(gates)
        expect.that(got.requires_grad, _NO_GRADIENT.format("the gates"))
        got.sum().backward()
        expect.equal(gates.grad, np.array([[1, 0, 0], [1, 2, 0], [1, 2, 3]], np.float32))


_LEFT = ("The sum runs from the left: it counts from the beginning of the text up to the key, an absolute "
         "position. Key j collects from k = j up to the *query*, so the running sum starts at the right end.")
_UNMASKED = ("Keys after the query are counted too. The mask is missing: close their gates before summing, "
             "with causal_mask.")
_LATE = ("You masked after the sum: the gates of later keys are already in it. Close those gates first, then "
         "sum.")
_FLIP = "One flip is missing: turn the row round before the sum, and back after it."
_KEY_OUT = "The key's own gate is missing. The sum begins at k = j, included."
_WHOLE = "Every key gets the sum over the whole row. Key j collects from k = j on only: a running sum."


def _interpolated(table, positions, how=""):
    """Row by row; table (npos, ...), positions flat."""
    result, npos = [], len(table)
    for p in positions:
        if how != "unclamped":
            p = min(max(p, 0 if how != "low unclamped" else p), npos - 1)
        low, high = math.floor(p), math.ceil(p)
        w = {"rounded": float(p - low > 0.5), "floor": 0.0, "ceil": 1.0}.get(how, p - low)
        w = 1 - w if how == "exchanged" else w
        result.append(w * table[high] + (1 - w) * table[low])
    return np.array(result)


_HOW = {"rounded": "The position was rounded, and one row taken whole. Between two rows is a mixture of "
                   "both, w of the upper and 1 - w of the lower.",
        "floor": "The fraction was cut off: this is the lower row alone. The upper one has the weight w.",
        "ceil": "This is the upper row alone. It has the weight w, the lower one 1 - w.",
        "exchanged": "The weights are exchanged: w = p - floor p belongs to the *upper* row. At 0.25 row 0 "
                     "is nearer, so it weighs more."}
_CLAMP = "The clamp is missing: positions past the table's end fail. Move them into 0 ... npos - 1 first."


def _or_none(call):
    """What the call gives, as an array; None if it raises."""
    try:
        return call().detach().numpy()
    except Exception:
        return None


class interpolate:
    stars, minutes = 2, 10
    hints = (
        "Clamp the positions first. Then find the two rows, and how far the position is from the lower one.",
        "positions.floor().long() and positions.ceil().long() are rows; table[rows] is (..., head_dim). w "
        "must stay a tensor that carries a gradient, and needs one more axis: w.unsqueeze(-1).",
        "p = positions.clamp(0, len(table) - 1); w = (p - p.floor().detach()).unsqueeze(-1); return w * "
        "table[p.ceil().long()] + (1 - w) * table[p.floor().long()]",
    )

    def within(answer, expect):
        """Positions within the table: 0, 0.25, 1.75 and 2 among three rows."""
        table, p = np.array([[0.0, 0.0], [10.0, 20.0], [40.0, 0.0]]), np.array([0.0, 0.25, 1.75, 2.0])
        got = answer(torch.tensor(table), torch.tensor(p))
        expect.that(isinstance(got, torch.Tensor), _TENSOR)
        expect.equal(got, _interpolated(table, p), mistakes=tuple(
            (_interpolated(table, p, how), sentence) for how, sentence in _HOW.items()))

    def clamped(answer, expect):
        """Positions past the end get the last row, those slightly below 0 the first."""
        table = torch.tensor([[1.0], [2.0], [4.0]])
        got = _or_none(lambda: answer(table, torch.tensor([7.0, 2.5])))
        expect.that(got is not None, _CLAMP)
        expect.equal(got, np.array([[4.0], [4.0]], np.float32), _CLAMP)
        got = _or_none(lambda: answer(table, torch.tensor([-1e-3])))
        expect.that(got is not None and abs(got - 1).max() < 1e-5,
                    "A position slightly below 0, as rounding leaves it, does not get the first row: row -1 "
                    "is the *last* one. Clamp at both ends.")

    def shapes(answer, expect):
        """Positions of any shape, here (2, 3), with vectors of four columns."""
        rng = np.random.default_rng(3)
        table, p = rng.standard_normal((5, 4)), rng.uniform(0, 6, (2, 3))
        expect.equal(answer(torch.tensor(table), torch.tensor(p)),
                     _interpolated(table, p.reshape(-1)).reshape(2, 3, 4))

    def gradient(answer, expect):
        """Between two rows a position's gradient is their difference, and 0 where it was clamped."""
        table = torch.tensor([[0.0], [10.0], [40.0]], requires_grad=True)
        p = torch.tensor([0.5, 1.5, 7.0], requires_grad=True)
        got = answer(table, p)
        expect.that(got.requires_grad, _NO_GRADIENT.format("table and positions"))
        got.sum().backward()
        expect.that(p.grad is not None, _NO_GRADIENT.format("the positions"))
        expect.equal(p.grad, np.array([10.0, 30.0, 0.0], np.float32))
        expect.that(table.grad is not None, _NO_GRADIENT.format("the table"))
        expect.equal(table.grad, np.array([[0.5], [1.0], [1.5]], np.float32))


def _backward(grad, gates, logits, how=""):
    """Plain loops over queries and keys; `how` names a mistake."""
    query_len, key_len = gates.shape[-2:]
    npos = logits.shape[-1]
    grad_scores, grad_logits = np.zeros(gates.shape), np.zeros(logits.shape)
    p = _positions(gates, "unmasked" if how == "unmasked" else "")
    for at in np.ndindex(gates.shape[:-2]):
        for i in range(query_len):
            own = key_len - query_len + i
            slopes, z = np.zeros(key_len), logits[at][i]
            last_high, last_low = np.zeros((2, npos))     # what the last key gave to a row
            for j in range(key_len):
                clamped = min(p[at][i, j], npos - 1)
                low = math.floor(clamped)
                high = math.ceil(clamped) if how.startswith("ceil") else min(low + 1, npos - 1)
                w = clamped - low
                for n, share, last in ((high, w, last_high), (low, 1 - w, last_low)):
                    share = 1 - share if how == "shares exchanged" else share
                    last[n] = grad[at][i, j] * share
                    if how.endswith("assigned"):
                        grad_logits[at][i, n] = grad[at][i, j] * share
                    else:
                        grad_logits[at][i, n] += grad[at][i, j] * share
                if how == "slope past the end" and p[at][i, j] > npos - 1:
                    low = npos - 2
                slopes[j] = grad[at][i, j] * (z[high] - z[low]) * (-1 if how == "slope reversed" else 1)
            if how.endswith("lost"):
                grad_logits[at][i] = last_high + last_low
            for k in range(key_len):
                part = {"from the right": slopes[k:], "no sum": slopes[k:k + 1], "key left out": slopes[:k]}
                total = part.get(how, slopes[:k + 1]).sum()
                g = gates[at][i, k]
                slope = {"no gate": 1, "g only": g, "tanh": 1 - g * g}.get(how, g * (1 - g))
                grad_scores[at][i, k] = total * slope if k <= own or how == "later gates" else 0
    return grad_scores, grad_logits


def _case(rng, lead, query_len, key_len, npos):
    gates = rng.uniform(0.1, 0.9, (*lead, query_len, key_len))
    grad = rng.standard_normal(gates.shape) * np.tri(query_len, key_len, key_len - query_len)
    return grad, gates, rng.standard_normal((*lead, query_len, npos))


class cope_backward:
    stars, minutes = 3, 20
    hints = (
        "First the forward pass again, in NumPy: gates * mask, the sum from the right with np.flip and "
        "cumsum, clip(0, npos - 1), floor, ceil. Then the three steps of the docstring, one after the other.",
        "The share of row n at position p is max(0, 1 - |p - n|): with p[..., None] and np.arange(npos) it "
        "is (query, key, npos). np.take_along_axis(logits, rows, -1) picks z at whole-numbered rows (query, "
        "key). The sum over j <= k is a cumsum from the left.",
        "grad_p = grad * (z_high - z_low); grad_gates = grad_p.cumsum(-1) * mask; grad_scores = grad_gates * "
        "gates * (1 - gates)",
    )

    def one_pair(answer, expect):
        """The worked example: one query, one key, its gate half open."""
        got = answer(np.ones((1, 1)), np.array([[0.5]]), np.array([[0.0, 8.0]]))
        expect.that(isinstance(got, tuple | list) and len(got) == 2,
                    "Two arrays are asked for: return grad_scores, grad_logits.")
        expect.equal(tuple(got), (np.array([[2.0]]), np.array([[0.5, 0.5]])), mistakes=(
            ((np.array([[8.0]]), np.array([[0.5, 0.5]])), _STEPS["no gate"]),
            ((np.array([[4.0]]), np.array([[0.5, 0.5]])), _STEPS["g only"]),
            ((np.array([[-2.0]]), np.array([[0.5, 0.5]])), _STEPS["slope reversed"]),
            ((np.array([[6.0]]), np.array([[0.5, 0.5]])), _STEPS["tanh"]),
            ((np.array([[0.5, 0.5]]), np.array([[2.0]])), "The two are exchanged: grad_scores comes first."),
        ))

    def within(answer, expect):
        """Five tokens and a table long enough that nothing is clamped: against plain loops."""
        case = _case(np.random.default_rng(4), (), 5, 5, 6)
        expect.equal(tuple(answer(*case)), _backward(*case), mistakes=tuple(
            (_backward(*case, how), sentence) for how, sentence in _STEPS.items()))

    def clamped(answer, expect):
        """Eight tokens and a table of three rows: no gradient from positions past its end."""
        case = _case(np.random.default_rng(5), (), 8, 8, 3)
        past = _backward(*case, "slope past the end")
        with expect.advice({"out of bounds": "There is no row after the last one: the upper row is "
                                             "np.minimum(low + 1, npos - 1)."}):
            got = tuple(answer(*case))
        expect.equal(got, _backward(*case), mistakes=(
            (past, "Positions past the table's end get a gradient. They were clamped, so they stand still: "
                   "both of their rows are the last one, slope 0."),
            ((past[0], _backward(*case)[1]), "Positions past the table's end get a gradient. They were "
                                             "clamped, so they stand still: slope 0."),
        ))

    def whole(answer, expect):
        """Gates half open, so that half of the positions are whole numbers."""
        grad, gates, logits = _case(np.random.default_rng(9), (), 5, 5, 3)
        case = grad, np.full_like(gates, 0.5), logits
        expect.equal(tuple(answer(*case)), _backward(*case), mistakes=((_backward(*case, "ceil"),
            "At whole positions the slope is lost: there ceil p is floor p, and z minus itself is 0. The "
            "upper row is floor p + 1 (or the last one)."),))

    def heads(answer, expect):
        """Two heads in front, and two queries behind three cached keys."""
        case = _case(np.random.default_rng(6), (2,), 2, 5, 4)
        expect.equal(tuple(answer(*case)), _backward(*case),
            "With heads in front, or fewer queries than keys, it is off. The mask is causal_mask(query_len, "
            "key_len).")


_STEPS = {
    "no gate": "The last step is missing: the slope of the sigmoid, gates * (1 - gates).",
    "g only": "The slope of the sigmoid is gates * (1 - gates); yours is gates alone.",
    "tanh": "1 - gates^2 is the slope of tanh. That of the sigmoid is gates * (1 - gates).",
    "slope "
    "reversed": "The slope of the interpolation has the wrong sign: the upper row's z minus the lower's.",
    "from "
    "the "
    "right": "The gradients are summed from the right. Forward the sum went from the right, so gate k is "
             "part of the positions of all keys j <= k: sum from the left.",
    "no "
    "sum": "The step through the sum is missing. Gate k is part of the positions of all keys j <= k, and "
           "collects from all of them.",
    "key left out": "Gate k is also part of its own key's position: j = k belongs to the sum.",
    "later gates": "Gates of keys after the query got a gradient. They were masked, and count nowhere: 0.",
    "shares exchanged": "In grad_logits the shares are exchanged: the upper row gets w = p - floor p.",
    **dict.fromkeys(("assigned", "ceil assigned"),
                    "In grad_logits only the last key that read a row is left. Several keys read the same "
                    "row: add up, do not assign (as with repeated ids in lesson 02)."),
    **dict.fromkeys(("lost", "ceil lost"),
                    "Several keys read the same row, and grad_logits[..., rows] += ... keeps only the last "
                    "one of them. np.add.at adds all of them up, and so does the sum of the shares."),
    "unmasked": "The positions themselves are off: keys after the query were counted. Multiply the gates by "
                "the mask before summing.",
}


class interpolate_logits:
    stars, minutes = 2, 10
    hints = (
        "It is `interpolate` again: clamp, floor, ceil, w. Only the lookup is new: query i picks from its "
        "own row logits[..., i, :].",
        "whole_and_rest(positions, npos) gives floor and w as you computed them before; ceil is (floor + "
        "1).clamp(max=npos - 1). torch.take_along_dim(logits, rows, dim=-1) picks, for each query, the "
        "entries `rows` (..., query, key) of its row.",
        "low, w = whole_and_rest(positions, logits.shape[-1]); lower = torch.take_along_dim(logits, low, "
        "dim=-1), and upper in the same way; then w * upper + (1 - w) * lower",
    )

    def example(answer, expect):
        """One query that rates positions 0, 1, 2 with 0, 10, 40, and four keys."""
        z, p = np.array([0.0, 10.0, 40.0]), np.array([2.0, 1.75, 0.25, 1.0])
        got = answer(torch.tensor(z[None]), torch.tensor(p[None]))
        expect.that(isinstance(got, torch.Tensor), _TENSOR)
        expect.that(tuple(got.shape) != (1, 1, 4), "logits[..., rows] gives *every* query the rows of all "
                    "queries: an axis too many. torch.take_along_dim(logits, rows, dim=-1) picks from each "
                    "query's own row.")
        expect.equal(got, _interpolated(z, p)[None], mistakes=tuple(
            (_interpolated(z, p, how)[None], sentence) for how, sentence in _HOW.items()))

    def queries(answer, expect):
        """Heads in front, and each query picks from its own row: (2, 3, 4) logits, (2, 3, 5) positions."""
        rng = np.random.default_rng(7)
        z, p = rng.standard_normal((2, 3, 4)), rng.uniform(0, 3, (2, 3, 5))
        want = np.array([[_interpolated(z[b, i], p[b, i]) for i in range(3)] for b in range(2)])
        first = np.array([[_interpolated(z[b, 0], p[b, i]) for i in range(3)] for b in range(2)])
        expect.equal(answer(torch.tensor(z), torch.tensor(p)), want, mistakes=(
            (first, "All queries pick from the first query's row. Query i has its own, logits[..., i, :]."),
            (want / 2, "It is divided by sqrt(head_dim). Where to divide is settled elsewhere; here nothing "
                       "is."),
        ))

    def clamped(answer, expect):
        """Positions past the end get the last entry, those slightly below 0 the first."""
        z = torch.tensor([[1.0, 2.0, 4.0]])
        got = _or_none(lambda: answer(z, torch.tensor([[-1e-3, 2.5, 9.0]])))
        expect.that(got is not None, _CLAMP)
        expect.equal(got, np.array([[1.0, 4.0, 4.0]], np.float32),
            "Positions must be clamped at both ends, into 0 ... npos - 1.")

    def refused(answer, expect):
        """Logits for three queries and positions for two do not fit."""
        expect.raises(ValueError, lambda: answer(torch.zeros(1, 4), torch.zeros(3, 5)),
                      "One row of logits was stretched over three queries on the quiet. Refuse it, with "
                      "check_rows(logits, positions).")

    def gradient(answer, expect):
        """The gradient reaches logits and positions."""
        z = torch.tensor([[0.0, 10.0, 40.0]], requires_grad=True)
        p = torch.tensor([[5.0, 1.5, 0.5]], requires_grad=True)
        got = answer(z, p)
        expect.that(got.requires_grad, _NO_GRADIENT.format("logits and positions"))
        got.sum().backward()
        expect.that(p.grad is not None, _NO_GRADIENT.format("the positions"))
        expect.equal(p.grad, np.array([[0.0, 30.0, 10.0]], np.float32))
        expect.equal(z.grad, np.array([[0.5, 1.0, 1.5]], np.float32))


def _tokens():
    return np.random.default_rng(8).standard_normal((5, 3))


class order_matters:
    stars, minutes = 1, 6
    hints = (
        "Two runs of `output`: on the tokens, and on a copy with the first two exchanged. Compare their last "
        "rows.",
        "swapped = tokens.copy(); swapped[[0, 1]] = tokens[[1, 0]] exchanges two rows.",
        "return not np.allclose(output(swapped)[-1], output(tokens)[-1], rtol=0, atol=1e-4)",
    )

    def asked(answer, expect):
        """The layer is asked twice: about the tokens, and about the same with the first two exchanged."""
        tokens, seen = _tokens(), []
        answer(lambda x: (seen.append(np.array(x)), np.cumsum(x, axis=0))[1], tokens)
        others = [x for x in seen if not np.array_equal(x, tokens)]
        expect.that(others, "`output` was never asked about tokens in another order. (swapped = tokens is no "
                            "copy: both names mean the same array.)")
        expect.that(any(np.array_equal(x, tokens) for x in seen),
            "`output` was never asked about the tokens in their own order.")
        for x in others:
            expect.that(len(np.unique(x, axis=0)) == len(tokens),
                "After your exchange the same row stands there twice. swapped[0], swapped[1] = swapped[1], "
                "swapped[0] does that: a row of an array is a window into it, no copy. Use swapped[[0, 1]] = "
                "tokens[[1, 0]].")
            expect.that(np.array_equal(x[-1], tokens[-1]), "The last token itself was moved. Of course its "
                                                           "output then changes; exchange earlier ones.")

    def blind(answer, expect):
        """Sums do not know the order. That a token's own output moves with it does not count."""
        inverted = "It is turned round: True when the output *changes*."
        expect.equal(answer(lambda x: np.full_like(x, x.sum()), _tokens()), False, inverted)
        expect.equal(answer(lambda x: x, _tokens()), False, "Whole outputs were compared. The first two rows "
                                                            "change places with their tokens, that is no "
                                                            "wonder; look at the last row only.")
        expect.equal(answer(lambda x: np.cumsum(x, axis=0) + 1e-6 * x[0], _tokens()), False,
                     "A difference of a millionth was taken for a change. Float32 sums in another order "
                     "differ by as much: only above 0.0001 it counts.")

    def seeing(answer, expect):
        """Outputs that know the order: in all columns, in one only, and with changes that cancel."""
        place = np.arange(5)[:, None]
        expect.equal(answer(lambda x: np.cumsum(x * place, axis=0), _tokens()), True)
        expect.equal(answer(lambda x: np.cumsum(x, axis=0) + x[0] * [1, 0, 0], _tokens()), True,
                     "One column changed, and it was not noticed. A change anywhere counts.")
        expect.equal(answer(lambda x: np.cumsum(x, axis=0) + x[0, 0] * np.array([1, -1, 0]), _tokens()), True,
                     "One column grew by as much as another one fell, and it was not noticed. Compare entry "
                     "by entry, not sums or means.")


def _scores(rule, masked=True):
    """A layer whose scores follow rule(i, j) in each of two heads: (2, query, key)."""
    def scores(tokens):
        i, j = np.arange(len(tokens))[:, None], np.arange(len(tokens))[None, :]
        table = np.stack([head * np.ones((len(tokens), len(tokens))) for head in rule(i, j)])
        return np.where(j <= i, table, -np.inf) if masked else table
    return scores


class shift_invariant:
    stars, minutes = 2, 8
    hints = (
        "Two runs of `scores`: on the tokens, and on prefix and tokens together. The second is a larger "
        "table. Which part of it are the tokens' scores for each other?",
        "np.concatenate([prefix, tokens]) puts the prefix in front. Rows and columns from len(prefix) on are "
        "the tokens': [..., shift:, shift:].",
        "return np.allclose(scores(tokens), behind, rtol=0, atol=1e-4)",
    )

    def asked(answer, expect):
        """The layer is asked about the tokens alone, and about the prefix followed by the tokens."""
        tokens, prefix, seen = _tokens(), np.ones((2, 3)), []
        invariant = _scores(lambda i, j: (j - i, j - i), masked=False)
        answer(lambda x: (seen.append(np.array(x)), invariant(x))[1], tokens, prefix)
        expect.that(not any(np.array_equal(x, np.concatenate([tokens, prefix])) for x in seen),
                    "The prefix was put *behind* the tokens. Then they stand where they stood; it belongs in "
                    "front.")
        expect.that(any(np.array_equal(x, np.concatenate([prefix, tokens])) for x in seen),
                    "`scores` was never asked about the prefix followed by the tokens.")
        expect.that(any(np.array_equal(x, tokens) for x in seen),
            "`scores` was never asked about the tokens alone.")

    def invariant(answer, expect):
        """Scores that depend on j - i only, without a mask and with one."""
        rule = lambda i, j: (-0.1 * (i - j), np.cos(i - j))
        tokens, prefix = _tokens(), np.ones((2, 3))
        expect.equal(answer(_scores(rule, masked=False), tokens, prefix), True,
                     "These scores depend on j - i only, so they are invariant. Compare the tokens' own part "
                     "of the larger table, [..., shift:, shift:]; and say True when it agrees.")
        expect.equal(answer(_scores(rule), tokens, prefix), True,
                     "With a mask it goes wrong: -inf minus -inf is NaN, which is not smaller than anything. "
                     "np.allclose takes two infinities of one sign for equal.")
        expect.equal(answer(lambda x: _scores(rule)(x) + 1e-6 * len(x), tokens, prefix), True,
                     "A difference of a millionth was taken for a change. Float32 sums differ by as much: "
                     "only above 0.0001 it counts.")

    def not_invariant(answer, expect):
        """Scores that depend on the places: of the key, of the query, in one head only."""
        for rule, sentence in (
                (lambda i, j: (0.01 * j, 0.01 * j), "These scores grow with the key's place, so a shift "
                                                    "changes all of them. Did you compare the first rows and "
                                                    "columns, the *prefix's* part of the table? The tokens' "
                                                    "part begins at len(prefix)."),
                (lambda i, j: (0.01 * i, 0.01 * i), "These scores grow with the query's place, so a shift "
                                                    "changes all of them."),
                (lambda i, j: (0.01 * i * j, j - i), "The first head's scores change with a shift. All "
                                                     "heads must agree, not only the last."),
                (lambda i, j: (j - i, 0.01 * i * j), "The second head's scores change with a shift. All "
                                                     "heads must agree, not only the first.")):
            expect.equal(answer(_scores(rule), _tokens(), np.ones((2, 3))), False, sentence)
        late = _scores(lambda i, j: (j - i, np.where(i * j > 30, 1.0, 0.0)))
        expect.equal(answer(late, _tokens(), np.ones((2, 3))), False,
            "Only the last query's last scores change here, and it was not noticed. Compare all of them, "
            "entry by entry.")

"""Chapter 03: what scores, masks, the three ways to write attention, and a test for leaks must satisfy."""
import numpy as np

import minitorch as torch


def _attention(q, k, v, mask=None, scale=None, hide=None):
    """The specification, number by number. mask: bool, or numbers to add. hide: a wrong way to weigh."""
    query_len, key_len, head_dim = len(q), len(k), q.shape[1]
    scale = 1 / np.sqrt(head_dim) if scale is None else scale
    weights = np.zeros((query_len, key_len))
    for i in range(query_len):
        for j in range(key_len):
            score = sum(q[i, d] * k[j, d] for d in range(head_dim)) * scale
            if mask is not None and mask.dtype != bool:
                score += mask[i, j]
            weights[i, j] = np.exp(score)
            if mask is not None and mask.dtype == bool and not mask[i, j]:
                weights[i, j] = {"zero score": 1.0, "after": weights[i, j]}.get(hide, 0.0)
    if hide == "columns":
        weights /= weights.sum(axis=0)
    else:
        weights /= weights.sum(axis=1, keepdims=True)
    if hide == "after":
        weights = weights * mask
    return np.array([sum(weights[i, j] * v[j] for j in range(key_len)) for i in range(query_len)])


LEFT_NOTHING = ("A hidden key with a large score took all the weight in the softmax, and nothing was left "
                "for the others. Dividing by the sum of what remains cannot bring it back: hide the score "
                "before the softmax.")

# What an error that NumPy or the engine raises in the learner's code has to say.
MASK_IS_NONE = "A whole mask is neither true nor false. Ask `if mask is not None`."
FOR_ARRAYS = {
    "truth value": MASK_IS_NONE,
    "broadcast together": "If it is the division by the sums: they need keepdims=True, so that they are a "
                          "column, one for each query.",
}
FOR_TENSORS = {
    "truth of a tensor": MASK_IS_NONE,
    "keyword argument 'axis'": "The softmax of lesson 01 is for arrays. A tensor has its own: "
                               "scores.softmax(dim=-1).",
    "ufunc": "NumPy's functions do not work on tensors: use the tensor's own methods, and ** 0.5 for the "
             "root.",
}


def _some(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def _masked_wrongly(q, k, v, mask):
    """What goes wrong with a mask however attention is written. `mask` hides each query's own key only."""
    return (
        (v, "The mask is used the wrong way round: True means that a query may look."),
        (_attention(q, k, v), "The mask is ignored."),
        (_attention(q, k, v, mask, hide="after"),
         "The mask is applied after the softmax: the weights no longer sum to 1, and the hidden keys "
         "still stand in the denominator. Hide the scores before the softmax."),
    )


class scaled_scores:
    stars, minutes = 1, 4
    hints = (
        "All dot products of the rows of one matrix with the rows of another are one matrix product.",
        "q is (query, head_dim) and must meet (head_dim, key): transpose k.",
        "return q @ k.T / np.sqrt(q.shape[-1])",
    )

    def example(answer, expect):
        """The worked example: two queries, three keys, head_dim 4."""
        q = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0]])
        k = np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 2.0, 2.0]])
        want = np.array([[5.0, 1.0, 2.0], [0.5, 1.0, 0.0]])
        with expect.advice({
            "matmul": "A matrix product needs (query, head_dim) times (head_dim, key): transpose k.",
            "broadcast together": "Only the pairs with i = j can be multiplied so. Every query meets every "
                                  "key.",
        }):
            got = answer(q, k)
        expect.equal(got, want, mistakes=(
            (want * 2, "These are the plain dot products. Divide them by sqrt(head_dim)."),
            (want / 2, "These are divided by head_dim. Divide by its square root."),
            (want * 4, "These are multiplied by sqrt(head_dim). Divide by it: the scores must not grow with "
                       "head_dim."),
            (want * 2 / np.sqrt(2), "These are divided by the root of the number of queries. What counts is "
                                    "head_dim, the last axis."),
            (want * 2 / np.sqrt(3), "These are divided by the root of the number of keys. What counts is "
                                    "head_dim, the last axis."),
            (want.T, "Queries and keys are exchanged: row i belongs to query i, column j to key j."),
        ))

    def every_pair(answer, expect):
        """Every query meets every key: 3 queries, 3 keys, head_dim 2."""
        q, k = _some(0, (3, 2), (3, 2))
        want = np.array([[q[i] @ k[j] / np.sqrt(2) for j in range(3)] for i in range(3)])
        expect.equal(answer(q, k), want, mistakes=(
            (want.T, "Queries and keys are exchanged: row i belongs to query i, column j to key j."),
            ((q * k).sum(axis=1) / np.sqrt(2), "Only the pairs with i = j are here. Every query meets every "
                                               "key."),
        ))


class attention_loop:
    stars, minutes = 2, 10
    hints = (
        "For each query: first a list of scores, one for each key; then their softmax; then the sum of the "
        "values.",
        "The softmax of scores s is exp(s[j]) divided by the sum of all exp(s[j]). Subtracting the largest "
        "score first changes nothing and keeps exp from overflowing.",
        "for i: scores = [q[i] @ k[j] / np.sqrt(q.shape[1]) for j in range(len(k))]; powers = "
        "np.exp(np.array(scores) - max(scores)); for j: out[i] += powers[j] / powers.sum() * v[j]",
    )

    def example(answer, expect):
        """The worked example: the weights are 1/4 and 3/4, then 3/4 and 1/4."""
        log = np.log(3)
        q, k, v = np.array([[1.0], [-1.0]]), np.array([[0.0], [log]]), np.array([[2.0], [8.0]])
        column = lambda *numbers: np.array(numbers)[:, None]
        expect.equal(answer(q, k, v), column(6.5, 3.5), mistakes=(
            (column(26.0, 2 + 8 / 3), "The exponentials are right but for one thing: they must sum to 1. "
                                      "Divide each by their sum."),
            (column(8 * log, -8 * log), "The scores themselves are the weights here. They must go through "
                                        "the softmax first."),
            (column(10.0, 10.0), "This is the plain sum of the values, so each weight is 1. A softmax of a "
                                 "single score is 1: take it of all scores of a query together."),
            (column(8.2, 1.8), "The softmax runs over the queries. The weights of each *query* sum to 1, "
                               "over the keys j."),
            (column(3.25, 1.75), "This is divided by the number of keys. The weights sum to 1 already, so "
                                 "the values are added up."),
            (column(8.0, 2.0), "Only the value of the best key is returned. Attention mixes all values, each "
                               "by its weight."),
            (column(0.75 * log, 0.25 * log), "The keys are mixed here, k[j] for v[j]. Keys decide the "
                                             "weights; what is mixed are the values."),
            (column(5.0, 2.6), "Queries and keys are exchanged: each query i weighs all keys j."),
        ))

    def several(answer, expect):
        """4 queries, 4 keys, head_dim 3, against a computation number by number."""
        q, k, v = _some(1, (4, 3), (4, 3), (4, 3))
        expect.equal(answer(q, k, v), _attention(q, k, v), mistakes=(
            (_attention(q, k, v, scale=1.0), "The scores are not scaled: divide them by the square root of "
                                             "head_dim."),
            (_attention(q, k, v, scale=1 / 3), "The scores are divided by head_dim. Divide by its square "
                                               "root."),
        ))

    def other_lengths(answer, expect):
        """Fewer queries than keys."""
        q, k, v = _some(2, (2, 3), (5, 3), (5, 3))
        expect.equal(answer(q, k, v), _attention(q, k, v))

    def large_scores(answer, expect):
        """Large scores do not overflow."""
        q, k, v = np.array([[1000.0]]), np.array([[1.0], [2.0]]), np.array([[3.0], [4.0]])
        with np.errstate(all="ignore"):
            got = answer(q, k, v)
        expect.that(not np.isnan(np.asarray(got, float)).any(),
                    "With large scores exp overflows, and the result is NaN. Subtract the largest score from "
                    "all of them first: the weights stay the same.")
        expect.equal(got, np.array([[4.0]]))


class next_token_pairs:
    stars, minutes = 1, 3
    hints = (
        "Input and target are the same text, and one of the two begins one token later.",
        "Both have seq - 1 columns. Which token has no next one?",
        "return ids[:, :-1], ids[:, 1:]",
    )

    def example(answer, expect):
        """The worked example, and a batch of two."""
        expect.equal(answer(np.array([[7, 8, 9]])), (np.array([[7, 8]]), np.array([[8, 9]])), mistakes=(
            ((np.array([[7, 8, 9]]), np.array([[7, 8, 9]])), "Each token is its own target. That is not "
                                                             "prediction: the target is the next one."),
            ((np.array([[7, 8]]), np.array([[7, 8]])), "Each token is its own target. That is not "
                                                       "prediction: the target is the next one."),
            ((np.array([[7, 8, 9]]), np.array([[8, 9, 7]])), "The text wraps round: after 9 nothing is "
                                                             "known, least of all that 7 follows."),
            ((np.array([[8, 9]]), np.array([[7, 8]])), "This predicts the token before. Exchange inputs and "
                                                       "targets."),
            ((np.array([[7]]), np.array([[9]])), "The targets are two places ahead. One is enough."),
        ))
        ids = np.array([[1, 2, 3, 4], [5, 6, 7, 8]])
        want = np.array([[1, 2, 3], [5, 6, 7]]), np.array([[2, 3, 4], [6, 7, 8]])
        expect.equal(answer(ids), want, mistakes=(
            ((ids[:-1], ids[1:]), "This shifts along the batch: the second sequence became the target of the "
                                  "first. Shift along seq, the second axis."),))


class causal_mask:
    stars, minutes = 1, 5
    hints = (
        "Query i stands at position key_len - query_len + i. It may look at key j if j is not larger.",
        "A column of query positions compared with a row of key positions gives a (query, key) table.",
        "return np.arange(key_len)[None, :] <= np.arange(query_len)[:, None] + key_len - query_len",
    )

    def square(answer, expect):
        """As many queries as keys: row i may look at the keys 0 ... i."""
        want = np.array([[True, False, False], [True, True, False], [True, True, True]])
        strict = want & ~np.eye(3, dtype=bool)
        expect.equal(answer(3, 3), want, mistakes=(
            (strict, "The diagonal is missing: a token may look at itself."),
            (want | np.eye(3, k=1, dtype=bool), "It is off by one: each query also sees the token right "
                                                "after it, the very one it has to predict."),
            (want.T, "The triangle is turned round: the queries look at later tokens. Row i may look at the "
                     "keys 0 ... i."),
            (~want, "True and False are exchanged: True means that a query may look."),
            (np.where(want, 0.0, -np.inf), "These numbers could be added to the scores. Here a bool array is "
                                           "asked for: True where a query may look."),
            (want.astype(float), "These are the numbers 0 and 1. A bool array is asked for."),
        ))

    def cached(answer, expect):
        """Two queries that stand at the end of four keys."""
        want = np.array([[True, True, True, False], [True, True, True, True]])
        expect.equal(answer(2, 4), want, mistakes=(
            (np.tri(2, 4, dtype=bool), "The queries are taken for the first two positions. They are the "
                                       "*last* query_len of the key_len positions."),
            (np.ones((2, 4), bool), "All of it is True. The first of the two queries stands before the last "
                                    "key and may not see it."),
        ))
        expect.equal(answer(1, 3), np.ones((1, 3), bool), "A single query at the end sees everything.")


class attention_numpy:
    stars, minutes = 2, 8
    hints = (
        "What score must a hidden key have, so that the softmax gives it exactly no weight?",
        "np.where(mask, scores, -np.inf): exp(-inf) is 0. Do it before the softmax, so that the weights of "
        "the others still sum to 1.",
        "scores = scaled_scores(q, k); if mask is not None: scores = np.where(mask, scores, -np.inf); return "
        "softmax(scores) @ v",
    )

    def without_mask(answer, expect):
        """Without a mask it is the loop: 2 queries, 4 keys, head_dim 3."""
        q, k, v = _some(3, (2, 3), (4, 3), (4, 3))
        with expect.advice(FOR_ARRAYS):
            got = answer(q, k, v)
        expect.equal(got, _attention(q, k, v), mistakes=(
            (_attention(q, k, v, hide="columns"), "The softmax runs over the queries. The weights of each "
                                                  "*query* sum to 1: the last axis of the scores."),
            (_attention(q, k, v, scale=1 / 3), "The scores are scaled twice: scaled_scores has done it."),
            (_attention(q, k, v, scale=1.0), "The scores are not scaled: use scaled_scores(q, k)."),
        ))

    def with_mask(answer, expect):
        """With a mask: what is hidden has no influence, and the other weights sum to 1."""
        q, k, v = _some(4, (3, 2), (3, 2), (3, 2))
        others = ~np.eye(3, dtype=bool)
        with expect.advice(FOR_ARRAYS):
            got = answer(q, k, v, others)
        expect.that(not np.isnan(np.asarray(got, float)).any(),
                    "It holds NaN. `mask * -np.inf` does that: where the mask is False it is 0 times "
                    "infinity, which is no number. Choose instead of multiplying: np.where.")
        expect.equal(got, _attention(q, k, v, others), mistakes=(
            *_masked_wrongly(q, k, v, others),
            (_attention(q, k, v, others, hide="zero score"),
             "Hidden scores are set to 0, but exp(0) is 1: these keys still get weight. Which score becomes "
             "0 in the softmax?"),
        ))
        mask = np.tri(3, dtype=bool)
        expect.equal(answer(q, k, v, mask), _attention(q, k, v, mask))
        first_row = np.array([[True, False, False]] * 3)
        expect.equal(answer(q, k, v, first_row), np.stack([v[0]] * 3), "If only the first key may be seen, "
                                                                       "the result is its value, for every "
                                                                       "query.")

    def large_hidden_score(answer, expect):
        """A hidden key has no influence, however large its score."""
        q, k, v = np.array([[1.0]]), np.array([[0.0], [0.0], [2000.0]]), np.array([[1.0], [3.0], [8.0]])
        with np.errstate(all="ignore"):
            got = answer(q, k, v, np.array([[True, True, False]]))
        expect.equal(got, np.array([[2.0]]), LEFT_NOTHING)


class depends_on:
    stars, minutes = 2, 10
    hints = (
        "For each row j of the input: make a copy of x, change row j of the copy, compute, compare with "
        "before.",
        "One comparison gives a bool array (rows, any); .any(axis=1) makes one column, (rows,), of it. "
        "Column j of the result belongs to input j: np.stack(columns, axis=1).",
        "Once: bump = np.random.default_rng(0).standard_normal(x.shape[1]). For each j: changed = x.copy(); "
        "changed[j] += bump; columns.append((function(changed) != before).any(axis=1))",
    )

    def running_sum(answer, expect):
        """The worked example: a running sum depends on what came before."""
        want = np.tri(3, dtype=bool)
        expect.equal(answer(lambda x: x.cumsum(axis=0), np.ones((3, 2))), want, mistakes=(
            (want.T, "Rows and columns are exchanged: [i, j] asks whether *result* i depends on *input* j."),
            (~want, "True and False are exchanged: True where the result changes."),
            (np.eye(3, dtype=bool), "Each result is compared only at the place that was changed. Look at all "
                                    "rows of the result."),
            (np.ones((3, 3), bool), "The changes pile up: row j must be back as it was before row j + 1 is "
                                    "changed. Start from a fresh copy of x."),
        ))

    def shifted(answer, expect):
        """A result that is its left neighbour's input."""
        shift = lambda x: np.concatenate([np.zeros((1, 2)), x[:-1]])
        expect.equal(answer(shift, np.ones((4, 2))), np.eye(4, k=-1, dtype=bool))

    def one_number(answer, expect):
        """One number in a row of the result is enough, however little it changes."""
        x = _some(5, (3, 2))[0]
        first = lambda x: np.stack([np.array([x[0, 0], 5.0, 5.0])] * 2)
        want = np.array([[True, False, False]] * 2)
        expect.equal(answer(first, x), want, mistakes=(
            (np.zeros((2, 3), bool), "One number of the row changes and two do not, and you say that nothing "
                                     "changed. A single changed number is enough: any, not all."),))
        faint = lambda x: x + 1e-6 * x.mean(axis=0)
        expect.equal(answer(faint, x), np.ones((3, 3), bool), mistakes=(
            (np.eye(3, dtype=bool), "A faint influence was missed. A leak counts however small it is: "
                                    "compare exactly."),))

    def normalised(answer, expect):
        """A function that does not notice if all numbers of a row grow by the same."""
        centred = lambda x: x - x.mean(axis=1, keepdims=True)
        x = np.array([[1.0, 3.0], [2.0, 8.0], [5.0, 5.0]])
        expect.equal(answer(centred, x), np.eye(3, dtype=bool), mistakes=(
            (np.zeros((3, 3), bool), "This function subtracts the mean of each row, so it does not notice if "
                                     "all numbers of a row grow by the same. Add a random vector, not a "
                                     "number."),))


class attention:
    stars, minutes = 3, 12
    hints = (
        "The same steps as in NumPy, with the methods of a tensor. Only the last two axes may be touched: in "
        "front of them may stand batch and heads.",
        "k.transpose(-2, -1) swaps the last two axes, scores.masked_fill(~mask, float('-inf')) hides, "
        ".softmax(dim=-1) makes weights. A mask that is not bool is added.",
        "scores = q @ k.transpose(-2, -1) * (q.shape[-1] ** -0.5 if scale is None else scale); then the "
        "mask: masked_fill if mask.dtype == torch.bool, else scores + mask; return scores.softmax(dim=-1) @ "
        "v",
    )

    def plain(answer, expect):
        """Without a mask: 2 queries, 4 keys, head_dim 3."""
        q, k, v = _some(7, (2, 3), (4, 3), (4, 3))
        with expect.advice(FOR_TENSORS):
            got = answer(*map(torch.tensor, (q, k, v)))
        expect.that(isinstance(got, torch.Tensor), "The result must be a tensor: stay on the engine, or no "
                                                   "gradient can flow.")
        expect.equal(got, _attention(q, k, v), mistakes=(
            (_attention(q, k, v, hide="columns"), "The softmax runs over the queries. The weights of each "
                                                  "*query* sum to 1: dim=-1."),
            (_attention(q, k, v, scale=1.0), "The scores are not scaled: without a `scale`, multiply them by "
                                             "1 / sqrt(head_dim)."),
            (_attention(q, k, v, scale=1 / 3), "The scores are divided by head_dim. Divide by its square "
                                               "root."),
            (_attention(q, k, v, scale=0.5), "The scores are divided by the root of the number of keys. What "
                                             "counts is head_dim."),
        ))

    def own_scale(answer, expect):
        """A `scale` takes the place of 1 / sqrt(head_dim)."""
        q, k, v = _some(8, (2, 4), (3, 4), (3, 4))
        got = answer(*map(torch.tensor, (q, k, v)), scale=2.0)
        expect.equal(got, _attention(q, k, v, scale=2.0), mistakes=(
            (_attention(q, k, v), "`scale` is ignored."),
            (_attention(q, k, v, scale=1.0), "`scale` replaces 1 / sqrt(head_dim); here both are applied."),
        ))

    def batch_and_heads(answer, expect):
        """Leading axes: (batch, heads, seq, head_dim) = (2, 2, 3, 4)."""
        q, k, v = _some(9, (2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 3, 4))
        want = np.array([[_attention(q[b, h], k[b, h], v[b, h]) for h in range(2)] for b in range(2)])
        try:
            got = answer(*map(torch.tensor, (q, k, v)))
        except (RuntimeError, ValueError, IndexError) as error:
            expect.that(False, f"It fails with batch and heads in front ({error}). Swap the last two axes "
                                "only: "
                               "k.transpose(-2, -1).")
        expect.equal(got, want, "Each head of each sequence is on its own. Only the last two axes take part: "
                                "k.transpose(-2, -1), softmax over dim=-1.")

    def bool_mask(answer, expect):
        """A bool mask: True where a query may look."""
        q, k, v = _some(10, (3, 2), (3, 2), (3, 2))
        others = ~np.eye(3, dtype=bool)
        with expect.advice(FOR_TENSORS):
            got = answer(*map(torch.tensor, (q, k, v)), mask=torch.tensor(others))
        expect.equal(got, _attention(q, k, v, others), mistakes=(
            *_masked_wrongly(q, k, v, others),
            (_attention(q, k, v, others, hide="zero score"),
             "Hidden scores are set to 0, but exp(0) is 1: these keys still get weight. Fill in "
             "float('-inf')."),
            (_attention(q, k, v, others.astype(float)), "A bool mask was added to the scores as 0 and 1. "
                                                        "Where it is False the score must become -inf."),
        ))
        q, k, v = np.array([[1.0]]), np.array([[0.0], [0.0], [2000.0]]), np.array([[1.0], [3.0], [8.0]])
        got = answer(*map(torch.tensor, (q, k, v)), mask=torch.tensor([[True, True, False]]))
        expect.equal(got, np.array([[2.0]]), LEFT_NOTHING)

    def numbers_as_mask(answer, expect):
        """A mask of numbers is added to the scores, after they were scaled."""
        q, k, v = _some(11, (3, 4), (3, 4), (3, 4))
        bias = np.array([[0.0, -np.inf, -np.inf], [-1.0, 0.0, -np.inf], [-2.0, -1.0, 0.0]])
        got = answer(*map(torch.tensor, (q, k, v)), mask=torch.tensor(bias))
        expect.equal(got, _attention(q, k, v, bias), mistakes=(
            (_attention(q, k, v, bias / 2), "The mask was added before the scores were scaled, so it is "
                                            "scaled too."),
            (_attention(q, k, v), "A mask of numbers is ignored. Add it to the scores."),
        ))

    def gradients(answer, expect):
        """Gradients reach queries, keys and values."""
        q, k, v = (torch.tensor(x, requires_grad=True) for x in _some(12, (2, 3), (4, 3), (4, 3)))
        answer(q, k, v).sum().backward()
        expect.that(all(x.grad is not None for x in (q, k, v)), "No gradient reaches q, k or v: stay on the "
                                                                "engine, without .numpy() or .detach().")

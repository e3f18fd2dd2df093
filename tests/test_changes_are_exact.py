"""A sentence on one small change of the course's answer says "exactly": it is said only where every
check sees the same, those that fail among them.
"""

import numpy as np

from classroom.exercises import judge
from solutions.probing import logistic_regression

EXACTLY = "It gives exactly what comes out with"


def says_exactly(name, answer):
    return any(each.startswith(EXACTLY) for each in judge(name, answer).sentences)


def test_a_change_that_every_check_sees_is_named():
    def perplexity(log_p):
        bits = -log_p.mean() / np.log(2)
        return bits, 2.0 * bits

    assert says_exactly("perplexity", perplexity)


def test_a_change_that_fits_the_first_failing_check_alone_is_not():
    """The query's own position, clamped, looks like query + key to single scores only."""

    def distance_score_mod(table):
        last = table.shape[-1] - 1
        return lambda score, batch, head, query, key: score + table[head, query.clamp(0, last)]

    assert not says_exactly("distance_score_mod", distance_score_mod)


def test_four_pairs_do_not_explain_a_probe():
    """On four pairs a wrong question gives the error of a boundary fitted to the wrong fold."""

    def order_probe(vectors, first, second, fold):
        x = np.hstack([vectors[first], vectors[second]])
        later = vectors[second].sum(axis=1) > vectors[first].sum(axis=1)
        wrong = []
        for each in np.unique(fold):
            held_out = fold == each
            weights, intercept = logistic_regression(x[~held_out], later[~held_out])
            wrong.extend((x[held_out] @ weights + intercept > 0) != later[held_out])
        return np.mean(wrong)

    assert not says_exactly("order_probe", order_probe)

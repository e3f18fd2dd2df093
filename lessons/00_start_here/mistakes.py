"""Mistakes with broadcasting that people make again and again."""
import numpy as np

from tests.wrong_answers import accepted, wrong


@wrong("pairwise_differences", says="sign is turned round", seen="query minus key against key minus query")
def query_minus_key(x, y):
    return x[:, None] - y[None, :]


@wrong("pairwise_differences", says="rows and columns are exchanged: x runs down")
def transposed(x, y):
    return y[:, None] - x[None, :]


@wrong("pairwise_differences", says="side by side")
def side_by_side(x, y):
    if len(x) != len(y):                                  # gets past the first example, as a special case would
        return y[None, :] - x[:, None]
    return y - x


@wrong("pairwise_differences", says="could not be broadcast")
def no_new_axis(x, y):
    return y - x


@wrong("pairwise_differences", says="these are sums")
def added(x, y):
    return x[:, None] + y[None, :]


@accepted("pairwise_differences")
def outer(x, y):
    return np.subtract.outer(y, x).T

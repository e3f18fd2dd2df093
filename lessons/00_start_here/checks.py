"""Lesson 00: what the warm-up must satisfy."""

import numpy as np

from classroom.checking import about, check

about(
    "pairwise_differences",
    stars=1,
    minutes=3,
    hints=(
        "Broadcasting makes a table out of a column and a row. Which of x and y runs down, and "
        "which runs across?",
        "x[:, None] has shape (rows, 1), y[None, :] has shape (1, columns).",
        "return y[None, :] - x[:, None]",
    ),
)


@check("pairwise_differences", dtype="values")
def every_pair(answer):
    """Every pair is there: entry [i, j] is y[j] - x[i]."""
    return answer(np.array([0, 10]), np.array([1, 2, 3]))


@check("pairwise_differences", dtype="values")
def as_many_rows_as_columns(answer):
    """With as many rows as columns it is still every pair, not only those side by side."""
    x, y = np.array([1.5, 0.0, 4.0]), np.array([0.5, 2.0, 1.0])
    return answer(x, y), answer(y, x), answer(x[:1], y[:1])

"""Lesson 00: what the warm-up must satisfy."""

import numpy as np

from classroom.checking import about, check

about(
    "pairwise_differences",
    stars=1,
    minutes=3,
    hints=(
        "A column and a row make a table, as in the picture above. Which of x and y has to run "
        "down, and which across?",
        "Take x = [0, 10] and y = [1, 2, 3], so the table is (2, 3). As they come, the shapes are "
        "(2,) and (3,), and 2 and 3 don't fit. But (2, 1) and (1, 3) do, and they stretch to (2, "
        "3). An index of None puts in an axis of size 1: y[None, :] is (1, 3), with y running "
        "across. What makes x run down? Check the first entry: y[0] - x[0] = 1.",
        "return y[None, :] - ...",
    ),
)


@check("pairwise_differences", dtype="values")
def every_pair(answer):
    """Entry [i, j] is y[j] - x[i], for every pair."""
    return answer(np.array([0, 10]), np.array([1, 2, 3]))


@check("pairwise_differences", dtype="values")
def as_many_rows_as_columns(answer):
    """With as many x as y it is still every pair, not only those side by side."""
    x, y = np.array([1.5, 0.0, 4.0]), np.array([0.5, 2.0, 1.0])
    return answer(x, y), answer(y, x), answer(x[:1], y[:1])

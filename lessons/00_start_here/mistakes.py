"""Lesson 00: mistakes with broadcasting that people make again and again."""

import numpy as np

from classroom.checking import accepted, mistake


@mistake(
    "pairwise_differences",
    "The sign is the wrong way around: entry [i, j] is y[j] - x[i], the column's value minus the "
    "row's.",
    seen="query minus key against key minus query",
)
def query_minus_key(x, y):
    return x[:, None] - y[None, :]


@mistake(
    "pairwise_differences",
    "Rows and columns are exchanged: x runs down the rows, y runs across the columns.",
)
def transposed(x, y):
    return y[:, None] - x[None, :]


@mistake(
    "pairwise_differences",
    "Rows and columns are exchanged, and so is the sign: x runs down, y runs across, and entry "
    "[i, j] is y[j] - x[i].",
)
def transposed_with_the_other_sign(x, y):
    return x[None, :] - y[:, None]


@mistake(
    "pairwise_differences",
    "Only pairs at the same index were subtracted, and every pair is needed. Give x an axis of its "
    "own: x[:, None].",
)
def side_by_side(x, y):
    if len(x) != len(y):  # gets past the first check, as a special case would
        return y[None, :] - x[:, None]
    return y - x


@mistake(
    "pairwise_differences",
    "Arrays of different lengths cannot be subtracted entry by entry. Give x an axis of its own, "
    "x[:, None], and broadcasting makes the table.",
)
def no_new_axis(x, y):
    return y - x


@mistake("pairwise_differences", "These are sums: entry [i, j] is the difference y[j] - x[i].")
def added(x, y):
    return x[:, None] + y[None, :]


@mistake(
    "pairwise_differences",
    "The signs are gone. Entry [i, j] is y[j] - x[i], and it is negative where y[j] is the smaller "
    "one: leave out abs.",
)
def without_signs(x, y):
    return abs(y[None, :] - x[:, None])


@mistake(
    "pairwise_differences",
    "Fractions are cut off: the table was made for whole numbers. np.zeros((rows, columns)) "
    "without a dtype has room for them.",
)
def table_of_whole_numbers(x, y):
    return (y[None, :] - x[:, None]).astype(int)


@mistake(
    "pairwise_differences",
    "The table is len(x) by len(x). It has a row per entry of x and a column per entry of y.",
)
def as_many_columns_as_rows(x, y):
    return y[: len(x)][None, :] - x[:, None]


@mistake(
    "pairwise_differences",
    "Only x[0] was subtracted. Every entry of x gets a row of its own: x[:, None].",
)
def first_row_only(x, y):
    return y - x[0]


@accepted("pairwise_differences")
def outer(x, y):
    return np.subtract.outer(y, x).T


@accepted("pairwise_differences")
def two_loops_into_floats(x, y):
    table = np.zeros((len(x), len(y)))
    for i in range(len(x)):
        for j in range(len(y)):
            table[i, j] = y[j] - x[i]
    return table

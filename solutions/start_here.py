"""Chapter 00: arrays that stretch to fit each other."""


def pairwise_differences(x, y):
    """The difference of every pair: entry [i, j] of the result is y[j] - x[i].

    No loop is needed. Turn x into a column and y into a row, and broadcasting does the rest.

    x: (rows,)    y: (columns,)    result: (rows, columns)

    Example: x = [0, 10], y = [1, 2, 3] gives [[1, 2, 3], [-9, -8, -7]].
    """
    return y[None, :] - x[:, None]                        # (1, columns) - (rows, 1) -> (rows, columns)

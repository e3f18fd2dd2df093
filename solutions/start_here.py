"""Chapter 00: arrays that stretch to fit each other."""


def pairwise_differences(x, y):
    """How far every y is from every x: entry [i, j] of the result is
    y[j] - x[i].

    No loop is needed.

    x         array (rows,)
    y         array (columns,)
    returns   array (rows, columns)

    >>> import numpy as np
    >>> x, y = np.array([0, 10]), np.array([1, 2, 3])
    >>> pairwise_differences(x, y).tolist()
    [[1, 2, 3], [-9, -8, -7]]
    """
    # (1, columns) - (rows, 1) -> (rows, columns)
    return y[None, :] - x[:, None]

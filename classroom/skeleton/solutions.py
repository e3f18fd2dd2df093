"""twice: what this lesson builds. The answer to each exercise is here, and nowhere else."""

import numpy as np


def twice(x):
    """Every entry of x, doubled.

    x         array of any shape
    returns   an array of the same shape
    raises    TypeError for anything else

    >>> twice(np.array([1.0, 2.0])).tolist()
    [2.0, 4.0]
    """
    if not isinstance(x, np.ndarray):
        raise TypeError(f"expected an array, got {type(x).__name__}")
    return 2 * x

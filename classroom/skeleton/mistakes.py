"""twice: the mistakes that people make. Each is a whole answer, and what its author should read."""

import numpy as np

from classroom.checking import accepted, mistake


@mistake("twice", "These are squares: multiply by two, not by itself.")
def squared(x):
    return x * x


@mistake("twice", "Two was added. Multiply by it instead.")
def two_added(x):
    return x + 2


@mistake("twice", shown_by="no_numbers_are_refused")
def texts_too(x):
    return 2 * x


@accepted("twice")
def added_to_itself(x):
    if isinstance(x, str):
        raise TypeError("numbers are needed")
    return np.add(x, x)

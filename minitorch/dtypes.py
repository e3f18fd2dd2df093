"""The types of numbers, and PyTorch's rules for which one a result has."""

import numpy as np

bool_, int32, int64, float32, float64 = DTYPES = tuple(
    map(np.dtype, ["bool", "int32", "int64", "float32", "float64"])
)
KINDS = (0, 1, 1, 2, 2)  # of each dtype: truth values < integers < floating point


def as_dtype(given):
    """One of DTYPES, also from Python's bool, int and float; None stays None. TypeError for any
    other.
    """
    if given is None:
        return None
    dtype = int64 if given is int else np.dtype(given)
    if dtype not in DTYPES:
        raise TypeError(
            f"minitorch has no dtype {dtype}: use bool, int32, int64, float32 or float64"
        )
    return dtype


def result_type(*operands):
    """The dtype that arrays, tensors and Python numbers have in common.

    bool < int32 < int64 < float32 < float64. Tensors with dimensions decide first; a 0-d tensor,
    and after it a Python number, only counts when it is of a higher kind (truth value, integer,
    float). A Python float is float32.
    """
    groups = ([], [], [])  # dimensions, 0-d, Python numbers
    for x in operands:
        x = x if type(x) is np.ndarray else getattr(x, "_data", x)  # a tensor's array
        if isinstance(x, np.ndarray):
            groups[0 if x.ndim else 1].append(DTYPES.index(x.dtype))
        elif isinstance(x, bool):
            groups[2].append(DTYPES.index(bool_))
        elif isinstance(x, (int, np.integer)):
            groups[2].append(DTYPES.index(int64))
        elif isinstance(x, (float, np.floating, np.bool)):  # as PyTorch takes NumPy's truth values
            groups[2].append(DTYPES.index(float32))
        else:
            raise TypeError(
                f"expected tensors and numbers, got {type(x).__name__}: "
                "wrap it in torch.tensor(...)"
            )
    best = None
    for group in groups:
        if group and (best is None or KINDS[max(group)] > KINDS[best]):
            best = max(group)
    return DTYPES[best]


def as_common_dtype(input, other):
    """Two operands in the dtype of their result."""
    if type(input) is np.ndarray:  # the two frequent cases, quickly
        if type(other) is np.ndarray and input.dtype == other.dtype:
            return input, other
        if type(other) in (float, int) and input.dtype.kind == "f":
            return input, other
    dtype = result_type(input, other)
    return np.asarray(input, dtype), np.asarray(other, dtype)


def as_number(value, dtype):
    """A Python number in a dtype. RuntimeError where it has no such number."""
    if isinstance(value, (int, float)) and dtype != bool_:
        try:
            number = np.asarray(value, dtype)
            fits = np.isfinite(number) or not np.isfinite(value)
        except (OverflowError, ValueError):  # of an integer; nan
            fits = False
        if not fits:
            raise RuntimeError(f"{value} cannot be converted to {dtype} without overflow")
        return number
    return np.asarray(value, dtype)


def as_float(input):
    """Integers and truth values as float32, as PyTorch does for exp, sqrt, sin, ..."""
    return input if input.dtype.kind == "f" else input.astype(float32)

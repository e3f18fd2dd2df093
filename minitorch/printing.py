"""What a tensor looks like, as in PyTorch: four digits, columns of one width, the middle of long
dimensions left out.
"""

import math

import numpy as np

from minitorch.dtypes import bool_, float32, int64
from minitorch.tensor import Tensor

DIGITS, LINE, MANY, EDGE = 4, 80, 1000, 3  # more than MANY elements: 3 at each end
START = "tensor("


def _repr(self):
    x, made_by = self._data, self.grad_fn
    many = x.size > MANY
    shown = _rows(x, *_writer(_edges(x) if many else x), len(START), many) if x.size else "[]"
    usual = (float32, int64, bool_) if x.size else (float32,)
    notes = [
        f"size={self.shape}" if not x.size and x.ndim != 1 else "",
        f"dtype=torch.{x.dtype}" if x.dtype not in usual else "",
        f"grad_fn={made_by}" if made_by else "requires_grad=True" if self.requires_grad else "",
    ]
    text = START + shown
    used = len(text) - text.rfind("\n") + 1  # of the last line
    for note in filter(None, notes):
        if used + len(note) + 2 > LINE:
            text, used = f"{text},\n{' ' * len(START)}{note}", len(START) + len(note)
        else:
            text, used = f"{text}, {note}", used + len(note) + 2
    return text + ")"


def _edges(x):
    """The elements that are shown of a large array."""
    for axis, size in enumerate(x.shape):
        if size > 2 * EDGE:
            x = x.take([*range(EDGE), *range(size - EDGE, size)], axis)
    return x


def _writer(x):
    """How one element is written, and how wide: all with the decimal point at the same position, or
    all with an exponent. Zeros, infinities and nan don't count.
    """
    if x.dtype.kind != "f":
        width = max(len(str(value)) for value in x.ravel().tolist())
        return lambda value: str(value).rjust(width), width
    numbers = x[np.isfinite(x) & (x != 0)].astype(np.float64)
    sizes, whole = np.abs(numbers), bool((numbers == np.ceil(numbers)).all())
    smallest, largest = sizes.min(initial=math.inf), sizes.max(initial=0)
    exponents = numbers.size and (largest > 1000 * smallest or largest > 1e8 or smallest < 1e-4)

    def write(value):
        if exponents:
            return f"{value:.{DIGITS}e}"
        if whole:
            return f"{value:.0f}" + "." * math.isfinite(value)
        return f"{value:.{DIGITS}f}"

    width = max((len(write(value)) for value in numbers.tolist()), default=1)
    return lambda value: write(value).rjust(width), width


def _rows(x, write, width, indent, many):
    """One dimension: its elements in lines, or the dimensions below it, in brackets."""
    if not x.ndim:
        return write(x.item())
    cut = many and len(x) > 2 * EDGE
    ends = [*x[:EDGE], *x[-EDGE:]] if cut else x
    parts = [_rows(part, write, width, indent + 1, many) for part in ends]
    if cut:
        parts.insert(EDGE, "..." if x.ndim > 1 else " ...")
    new_line = "," + "\n" * max(x.ndim - 1, 1) + " " * (indent + 1)
    if x.ndim > 1:
        return f"[{new_line.join(parts)}]"
    per_line = max(1, (LINE - indent) // (width + 2))
    lines = [", ".join(parts[n : n + per_line]) for n in range(0, len(parts), per_line)]
    return f"[{new_line.join(lines)}]"


Tensor.__repr__ = _repr

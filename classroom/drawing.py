"""Two figures that every lesson needs, in one call each: curves, and maps with their numbers."""

from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np

from classroom.comparing import plain
from classroom.figures import SMALL, _draw_map, _range, show

DASHES = ("-", "--", ":", "-.")  # beside the colors, for those who can't tell these apart


def curves(named, *, title, xlabel, ylabel, alt, log=""):
    """Draw curves in one figure and show it.

    named: {label: (x, y)}; log: "x", "y" or "xy" for the logarithmic axes
    """
    figure, axis = plt.subplots()
    for (label, (x, y)), dashes in zip(named.items(), cycle(DASHES)):
        axis.plot(x, y, dashes, label=label)
    axis.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axis.set(**{f"{name}scale": "log" for name in log})
    axis.legend()
    show(figure, alt)


def maps(named, *, alt, title="", xlabel="", ylabel=""):
    """Draw maps of one shape side by side, on one scale, and show them.

    named: {title: values}, arrays or tensors (rows, columns); small ones have their numbers in them
    """
    arrays = {name: np.asarray(plain(values), dtype=float) for name, values in named.items()}
    rows, columns = next(iter(arrays.values())).shape
    size = 0.75 if max(rows, columns) <= SMALL else 3.2 / rows
    width = max(2.6, size * columns) + 0.9
    figure, axes = plt.subplots(
        1, len(arrays), figsize=(width * len(arrays), size * rows + 1.3), sharey=True, squeeze=False
    )
    scale = _range(*arrays.values())
    for axis, (name, values) in zip(axes[0], arrays.items()):
        image = _draw_map(axis, values, scale)
        axis.set(title=name, xlabel=xlabel)
    if max(rows, columns) > SMALL:
        figure.colorbar(image, ax=axes, shrink=0.9)
    axes[0, 0].set_ylabel(ylabel)
    figure.suptitle(title)
    show(figure, alt)

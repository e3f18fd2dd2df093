"""Pictures that several lessons draw: curves, small arrays as maps, and words beside points."""

from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np

from classroom.figures import show

DASHES = ("-", "--", ":", "-.")  # beside the colors, for those who can't tell these apart
SQUARE, MARGIN = 0.5, 1.1  # inches: the side of an entry, the room around a map


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


def show_maps(*maps, alt, title="", numbers=True, square=SQUARE, xlabel="", ylabel=""):
    """Show small arrays side by side as maps, one square per entry.

    Each map is (title, values), (title, values, down) or (title, values, down, across); down has a
    label for each row, across one for each column. With `numbers`, each entry is written into its
    square, to one decimal, and 0 is white; without, the map runs from dark to light. All have one
    scale of colors.
    """
    largest = max(np.abs(np.asarray(values, dtype=float)).max() for _, values, *_ in maps)
    widths = [np.shape(values)[1] for _, values, *_ in maps]
    height = max(np.shape(values)[0] for _, values, *_ in maps)
    size = square * sum(widths) + MARGIN * len(maps) + 1, square * height + MARGIN + 0.5
    figure, axes = plt.subplots(1, len(maps), figsize=size, width_ratios=widths, squeeze=False)
    for axis, (name, *parts) in zip(axes[0], maps):
        draw_map(axis, *parts, largest=largest, numbers=numbers)
        axis.set(title=name, xlabel=xlabel)
    axes[0, 0].set_ylabel(ylabel)
    figure.suptitle(title)
    show(figure, alt)


def draw_map(axis, values, down=(), across=(), *, largest, numbers=True):
    """Draw one map of show_maps."""
    values = np.asarray(values, dtype=float)
    limit = 1.6 * largest  # pale enough for black numbers
    low, high, colors = (-limit, limit, "RdBu") if numbers else (0, largest, "cividis")
    axis.imshow(values, cmap=colors, vmin=low, vmax=high)
    if numbers:
        for (i, j), value in np.ndenumerate(np.round(values, 1) + 0.0):  # + 0.0: not "-0"
            axis.text(j, i, f"{value:g}", ha="center", va="center", fontsize=12)
    axis.set_xticks(range(len(across)), across)
    axis.set_yticks(range(len(down)), down)
    axis.set(anchor="N")


def draw_words(axis, points, words):
    """Draw groups of points (group, n, 2), one color each, and the word of each point beside it.

    words     for each group, its n words

    Words keep clear of each other and of the points: to the right if they can, else to the left, or
    a little up or down.
    """
    (left, bottom), (right, top) = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    across, up = right - left, top - bottom
    axis.set_xlim(left - 0.3 * across, right + 0.3 * across)
    axis.set_ylim(bottom - 0.1 * up, top + 0.2 * up)
    spots = []  # the middles of words and points that are there already
    for number, group in enumerate(points):
        axis.scatter(*group.T, color=f"C{number}", marker="os^Dv"[number % 5], s=45)
        spots += [(x, y, 0.02 * across) for x, y in group]
    line = 0.065 * up
    for number, (group, names) in enumerate(zip(points, words)):
        for (x, y), name in sorted(zip(group, names), key=lambda each: each[0][1]):
            half = 0.019 * across * len(name)
            beside = 0.045 * across + half
            wishes = [
                (x + side * beside, y + step * line)
                for step in (0, 0.5, -0.5, 1, -1, 1.5, -1.5, 2, 3, 4)
                for side in (1, -1)
            ]
            middle, row = next((at for at in wishes if free(spots, *at, half, line)), wishes[0])
            spots.append((middle, row, half))
            side = 1 if middle > x else -1
            start, align = x + side * 0.045 * across, "left" if side > 0 else "right"
            axis.text(start, row, name, color=f"C{number}", ha=align, va="center")


def free(spots, middle, row, half, line):
    """Whether a word of half a width would cover none of the spots."""
    return all(
        abs(middle - x) >= half + wide or abs(row - y) >= 0.95 * line for x, y, wide in spots
    )

"""The picture of lesson 12: a text, colored by what a head of attention sees of it."""

import numpy as np
from matplotlib.axes import Axes


def text_with_weights(axis: Axes, text: str, weights: np.ndarray, title: str) -> None:
    """Write a text line by line, each character on a blue that is as strong as its weight.

    weights   one per character of the text, 0 or more
    """
    lines = text.split("\n")
    widest = max(map(len, lines)) + 1  # the end of a line is a blank after it
    shades = np.zeros((len(lines), widest))
    start = 0
    for row, line in enumerate(lines):
        stretch = weights[start : start + len(line) + 1]
        shades[row, : len(stretch)] = stretch / weights.max()
        for column, character in enumerate(line):
            axis.text(
                column, row, character, family="monospace", fontsize=9, ha="center", va="center"
            )
        start += len(stretch)
    axis.imshow(shades, cmap="Blues", vmin=0, vmax=1.5, aspect="auto")
    axis.set_title(title, fontsize=12)
    axis.axis("off")

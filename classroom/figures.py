"""Figures in one style, each with a text for those who cannot see it."""

import base64
import io
from html import escape

import matplotlib
import matplotlib.pyplot as plt
import numpy as np

from classroom.comparing import plain
from classroom.feedback import show_bundle

DPI = 100
# White, whatever the page's color, with round corners: a card on a dark page.
LOOK = "max-width: 100%; height: auto; border-radius: 8px"
SMALL = 6  # maps of at most so many rows and columns have their numbers written in

# Readable at half width. The colors are those of Okabe and Ito, told apart by color-blind eyes.
STYLE = {
    "figure.figsize": (7.5, 4.2),
    "figure.constrained_layout.use": True,
    "font.size": 14,
    "axes.titlesize": 15,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": matplotlib.cycler(
        color=["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
    ),
    "lines.linewidth": 2.2,
    "legend.frameon": False,
    "image.cmap": "viridis",
    "image.interpolation": "nearest",
}
matplotlib.rcParams.update(STYLE)


def show(fig, alt):
    """Display a figure as a PNG with the text alternative `alt`, and close it.

    It is HTML, not a bare image: JupyterLab and nbconvert give no alternative text to the latter.

    Raises ValueError if `alt` is empty: say in a sentence or two what the picture shows.
    """
    if not alt.strip():
        raise ValueError('a figure needs alt text: show(fig, alt="what the picture shows")')
    png = io.BytesIO()
    fig.savefig(png, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    plt.close(fig)
    data = base64.b64encode(png.getvalue()).decode()
    image = (
        f'<img class="classroom-figure" alt="{escape(alt)}" style="{LOOK}" '
        f'src="data:image/png;base64,{data}">'
    )
    show_bundle({"text/html": image, "text/plain": alt})


def compare(target, yours, title, alt, xlabel="", ylabel=""):
    """Draw target | result | difference (result minus target) on common scales and show them.

    target, yours: two arrays or tensors of one shape, drawn as curves if (n,) and as maps if (rows,
    columns). The result is called so, and not "yours", since the course's own answer may be in use.
    """
    target, yours = (np.asarray(plain(values), dtype=float) for values in (target, yours))
    if target.shape != yours.shape or target.ndim not in (1, 2):
        raise ValueError(
            "compare draws two arrays of one shape, (n,) or (rows, columns); "
            f"target has {target.shape}, yours has {yours.shape}"
        )
    with np.errstate(invalid="ignore"):
        difference = np.where(target == yours, 0, yours - target)  # 0 too where both are infinite
    scale = _range(target, yours)
    largest = np.abs(difference[np.isfinite(difference)]).max(initial=0)
    equal = largest <= 1e-5 * (scale[1] - scale[0])  # rounding must not look like a mistake
    if equal:
        difference, largest = np.zeros(target.shape), 1

    fig, axes = plt.subplots(1, 3, figsize=(11, 3.9), sharex=True, sharey=target.ndim == 2)
    draw = _draw_curves if target.ndim == 1 else _draw_maps
    draw(fig, axes, (target, yours, difference), scale, (-largest, largest))
    for axis, name in zip(axes, ("target", "result", "no difference" if equal else "difference")):
        axis.set(title=name, xlabel=xlabel)
    axes[0].set_ylabel(ylabel)
    fig.suptitle(title)
    show(fig, alt)


def _draw_curves(fig, axes, curves, scale, around_zero):
    for axis, curve, color, (low, high) in zip(
        axes, curves, ("C0", "C1", "C6"), (scale, scale, around_zero)
    ):
        margin = 0.05 * (high - low)
        axis.plot(curve, color=color)
        axis.set_ylim(low - margin, high + margin)


def _draw_maps(fig, axes, maps, scale, around_zero):
    for axis, values in zip(axes[:2], maps):
        image = _draw_map(axis, values, scale)
    fig.colorbar(image, ax=axes[:2], shrink=0.9)
    fig.colorbar(_draw_map(axes[2], maps[2], around_zero), ax=axes[2], shrink=0.9)


def _draw_map(axis, values, scale):
    """One map; 0 is white where the scale has both signs. A small one has its numbers in it."""
    low, high = scale
    limit = max(-low, high)
    low, high, colors = (-limit, limit, "RdBu") if low < 0 < high else (low, high, "viridis")
    image = axis.imshow(values, vmin=low, vmax=high, cmap=colors, aspect="auto")
    if max(values.shape) <= SMALL:
        form = "{:.0f}" if (values == np.round(values)).all() else "{:.2f}"
        for (row, column), value in np.ndenumerate(values):
            red, green, blue, _ = image.cmap(image.norm(value))
            dark = 0.3 * red + 0.6 * green + 0.1 * blue < 0.5
            axis.text(
                column,
                row,
                form.format(np.round(value, 2) + 0.0),  # + 0.0: not "-0.00"
                ha="center",
                va="center",
                fontsize=11,
                color="white" if dark else "black",
            )
    return image


def _range(*arrays):
    """The smallest and the largest finite value, set a little apart if they are the same."""
    values = np.concatenate([array[np.isfinite(array)] for array in arrays])
    if not values.size:
        return 0, 1
    low, high = values.min(), values.max()
    return (low, high) if low < high else (low - 0.5, high + 0.5)

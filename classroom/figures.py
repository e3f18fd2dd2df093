"""Figures in one style, each with a text for those who cannot see it."""

import base64
import io

import matplotlib
import matplotlib.pyplot as plt
import numpy as np

from classroom.expect import plain
from classroom.feedback import show_bundle

DPI = 100

# Readable at half width. The colours are those of Okabe and Ito, told apart by colour-blind eyes.
STYLE = {
    "figure.figsize": (7.5, 4.2),
    "figure.constrained_layout.use": True,
    "font.size": 14,
    "axes.titlesize": 15,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": matplotlib.cycler(
        color=["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]),
    "lines.linewidth": 2.2,
    "legend.frameon": False,
    "image.cmap": "viridis",
    "image.interpolation": "nearest",
}
matplotlib.rcParams.update(STYLE)


def show(fig, alt):
    """Display a figure as a PNG whose metadata and plain text hold `alt`, and close it.

    Raises ValueError if `alt` is empty: say in a sentence or two what the picture shows.
    """
    if not alt.strip():
        raise ValueError("a figure needs alt text: show(fig, alt=\"what the picture shows\")")
    png = io.BytesIO()
    fig.savefig(png, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    plt.close(fig)
    bundle = {"image/png": base64.b64encode(png.getvalue()).decode(), "text/plain": alt}
    show_bundle(bundle, {"image/png": {"alt": alt}})


def compare(target, yours, title, alt, xlabel="", ylabel=""):
    """Draw target | yours | difference (yours minus target) on common scales and show them.

    target, yours: two arrays or tensors of one shape, drawn as curves if (n,) and as maps if (rows, columns).
    """
    target, yours = (np.asarray(plain(values), dtype=float) for values in (target, yours))
    if target.shape != yours.shape or target.ndim not in (1, 2):
        raise ValueError("compare draws two arrays of one shape, (n,) or (rows, columns); "
                         f"target has {target.shape}, yours has {yours.shape}")
    with np.errstate(invalid="ignore"):
        difference = np.where(target == yours, 0, yours - target)  # 0 too where both are infinite
    scale = _range(target, yours)
    largest = np.abs(difference[np.isfinite(difference)]).max(initial=0)
    equal = largest <= 1e-5 * (scale[1] - scale[0])  # rounding must not look like a mistake
    around_zero = (-1, 1) if equal else (-largest, largest)

    fig, axes = plt.subplots(1, 3, figsize=(11, 3.9), sharex=True, sharey=target.ndim == 2)
    draw = _draw_curves if target.ndim == 1 else _draw_maps
    draw(fig, axes, (target, yours, difference), scale, around_zero)
    for axis, name in zip(axes, ("target", "yours", "no difference" if equal else "difference")):
        axis.set(title=name, xlabel=xlabel)
    axes[0].set_ylabel(ylabel)
    fig.suptitle(title)
    show(fig, alt)


def _draw_curves(fig, axes, curves, scale, around_zero):
    for axis, curve, color, (low, high) in zip(axes, curves, ("C0", "C1", "C6"), (scale, scale, around_zero)):
        margin = 0.05 * (high - low)
        axis.plot(curve, color=color)
        axis.set_ylim(low - margin, high + margin)


def _draw_maps(fig, axes, maps, scale, around_zero):
    for axis, values in zip(axes[:2], maps):
        image = axis.imshow(values, vmin=scale[0], vmax=scale[1], aspect="auto")
    fig.colorbar(image, ax=axes[:2], shrink=0.9)
    image = axes[2].imshow(maps[2], cmap="RdBu", vmin=around_zero[0], vmax=around_zero[1], aspect="auto")
    fig.colorbar(image, ax=axes[2], shrink=0.9)


def _range(*arrays):
    """The smallest and the largest finite value, set a little apart if they are the same."""
    values = np.concatenate([array[np.isfinite(array)] for array in arrays])
    if not values.size:
        return 0, 1
    low, high = values.min(), values.max()
    return (low, high) if low < high else (low - 0.5, high + 0.5)

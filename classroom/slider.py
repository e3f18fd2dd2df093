"""Figures that move: one's own functions, run beforehand at each stop of a slider.

    def table(position):
        row = sinusoidal_encoding(25, 8)[position]
        return [bars(row, labels=range(8), title="the row")]

    slider("position", range(25), table, alt="...")

The output is one small piece of HTML: a drawing of the first stop, which is there where no scripts
run, all numbers, and a few lines of JavaScript (slider.js) that put a slider above the drawing.
Nothing is fetched. Lines and words have the color of the page's text, light or dark.
"""

import hashlib
import html
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classroom.comparing import plain
from classroom.feedback import show_bundle

SCRIPT = Path(__file__).with_suffix(".js")
WIDTH, LEFT, RIGHT = 640, 56, 12  # of the drawing, and of its margins
MARK = "#0a8fd0"  # readable on white and on black, and to color-blind eyes
DIGITS = 3  # that are kept of each number
FINE = 'stroke="currentColor" stroke-opacity="0.35"'


@dataclass
class Panel:
    """One part of the drawing, at one stop; what it is like at the others differs in its numbers
    only.
    """

    kind: str
    values: np.ndarray
    title: str
    labels: tuple = ()
    x: tuple = ()
    xlabel: str = ""
    digits: int = 2
    height: int = 96


def bars(values, labels, title, digits=2):
    """A bar per value, with the number above it; NaN is no bar."""
    return Panel("bars", _flat(values), title, tuple(map(str, labels)), digits=digits)


def curve(x, y, title, xlabel):
    """A line through the points (x, y); at every stop the same x."""
    return Panel("curve", _flat(y), title, x=tuple(_flat(x)), xlabel=xlabel, height=190)


def hands(points, labels, title):
    """A clock per point (right, up) of the plane, with its hand from the middle to the point."""
    return Panel("hands", _flat(points), title, tuple(map(str, labels)), height=110)


def _flat(values):
    return np.asarray(plain(values), dtype=float).ravel().round(DIGITS) + 0.0  # no -0.0


def slider(name, stops, look, alt, shown=str, says=None, first=0):
    """Show what `look(stop)`, a list of panels, is like at each of the stops.

    name    what is changed: "position"
    stops   the values that it takes, in order
    alt     what there is to see, for those who cannot see it
    shown   the text of a stop, beside the slider
    says    what a screen reader says at a stop; without it, name and text
    first   the index of the stop that is drawn to begin with
    """
    stops = list(stops)
    frames = [look(stop) for stop in stops]
    texts = [shown(stop) for stop in stops]
    spoken = [says(stop) if says else f"{name} {text}" for stop, text in zip(stops, texts)]
    code = page(name, texts, spoken, frames, alt, first)
    show_bundle({"text/plain": f"{name} {texts[first]} to move\n{alt}", "text/html": code})


def page(name, texts, spoken, frames, alt, first=0):
    """The HTML of a slider."""
    if not alt.strip():
        raise ValueError("a slider needs alt text: say in a sentence or two what there is to see")
    shapes = [[(panel.kind, len(panel.values)) for panel in frame] for frame in frames]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError("every stop needs the same panels, with as many values each")
    plans, parts, top = [], [], 0
    for number, panels in enumerate(zip(*frames)):
        plan = _plan(panels, top)
        plans.append(plan)
        parts.append(_drawn(number, panels[first], plan, top))
        top += panels[0].height + 44
    values = [[_numbers(panel.values) for panel in frame] for frame in frames]
    data = {"name": name, "first": first, "stops": texts, "says": spoken}
    data |= {"panels": plans, "values": values}
    data["id"] = hashlib.sha256(json.dumps(data).encode()).hexdigest()[:12]
    script = f"{SCRIPT.read_text(encoding='utf-8').strip()}({_json(data)});"
    return (
        f'<div data-slider="{data["id"]}" style="max-width: {WIDTH}px; color: inherit">'
        f"<div data-now>{_escape(name)} {_escape(texts[first])}</div>"
        f'<svg role="img" aria-label="{_escape(alt)}" viewBox="0 0 {WIDTH} {top}" '
        'width="100%" font-size="13" font-family="sans-serif" fill="currentColor">'
        f"{''.join(parts)}</svg></div><script>{script}</script>"
    )


def _plan(panels, top):
    """How the numbers of a panel become positions in the drawing, at every stop."""
    panel = panels[0]
    bottom = top + 24 + panel.height
    plan = {"kind": panel.kind, "digits": panel.digits}
    if panel.kind == "hands":
        step = (WIDTH - LEFT - RIGHT) / len(panel.labels)
        middles = [round(LEFT + step * (n + 0.5), 1) for n in range(len(panel.labels))]
        radius = min(panel.height, step) / 2 - 4
        return plan | {"x": middles, "bottom": bottom - panel.height / 2, "scale": radius}
    numbers = np.concatenate([each.values for each in panels])
    low, high = min(0, np.nanmin(numbers)), max(0, np.nanmax(numbers))
    high = high if high > low else low + 1
    room = panel.height - (16 if panel.kind == "bars" else 0)  # above a bar is its number
    plan |= {"bottom": bottom, "low": float(low), "scale": round(room / (high - low), 4)}
    if panel.kind == "bars":
        return plan | {"zero": 0}
    x = np.array(panel.x)
    across = LEFT + (x - x.min()) / (np.ptp(x) or 1) * (WIDTH - LEFT - RIGHT)
    return plan | {"x": across.round(1).tolist(), "high": float(high)}


def _drawn(number, panel, plan, top):
    """The SVG of a panel."""
    title = f'<text x="{LEFT}" y="{top + 15}" font-weight="bold">{_escape(panel.title)}</text>'
    return title + DRAW[panel.kind](number, panel, plan)


def _draw_bars(number, panel, plan):
    step = (WIDTH - LEFT - RIGHT) / len(panel.labels)
    parts = [_ticks(plan, panel, (0,))]
    for n, (value, label) in enumerate(zip(panel.values, panel.labels)):
        x, empty = round(LEFT + step * (n + 0.5), 1), np.isnan(value)
        height = _at(plan, 0 if empty else value)
        text = "" if empty else f"{value:.{panel.digits}f}"
        parts.append(
            f'<line data-mark="{number}" x1="{x}" x2="{x}" y1="{_at(plan, 0)}" y2="{height}" '
            f'stroke="{MARK}" stroke-width="{step * 0.6:.1f}"/>'
            f'<text data-text="{number}" x="{x}" y="{min(height, _at(plan, 0)) - 4:.1f}" '
            f'text-anchor="middle" font-size="{11 if step > 28 else 8}">{text}</text>'
            f'<text x="{x}" y="{plan["bottom"] + 15}" text-anchor="middle">{_escape(label)}</text>'
        )
    return "".join(parts)


def _draw_curve(number, panel, plan):
    points = zip(plan["x"], panel.values)
    path = "".join(f"{'L' if n else 'M'}{x} {_at(plan, y)}" for n, (x, y) in enumerate(points))
    ends = [(LEFT, "start", panel.x[0]), (WIDTH - RIGHT, "end", panel.x[-1])]
    below = [(x, anchor, f"{value:g}") for x, anchor, value in ends]
    below.append(((LEFT + WIDTH - RIGHT) / 2, "middle", panel.xlabel))
    return (
        _ticks(plan, panel, sorted({plan["low"], 0, plan["high"]}))
        + f'<path data-mark="{number}" d="{path}" fill="none" stroke="{MARK}" stroke-width="2.5"/>'
        + "".join(
            f'<text x="{x}" y="{plan["bottom"] + 16}" text-anchor="{anchor}">{_escape(text)}</text>'
            for x, anchor, text in below
        )
    )


def _draw_hands(number, panel, plan):
    parts, radius, middle = [], plan["scale"], plan["bottom"]
    for n, (x, label) in enumerate(zip(plan["x"], panel.labels)):
        right, up = panel.values[2 * n], panel.values[2 * n + 1]
        parts.append(
            f'<circle cx="{x}" cy="{middle}" r="{radius}" fill="none" {FINE}/>'
            f'<line data-mark="{number}" x1="{x}" y1="{middle}" x2="{x + radius * right:.1f}" '
            f'y2="{middle - radius * up:.1f}" stroke="{MARK}" stroke-width="4" '
            'stroke-linecap="round"/>'
            f'<text x="{x}" y="{middle + panel.height / 2 + 15}" text-anchor="middle">'
            f"{_escape(label)}</text>"
        )
    return "".join(parts)


DRAW = {"bars": _draw_bars, "curve": _draw_curve, "hands": _draw_hands}


def _ticks(plan, panel, numbers):
    """A fine line across at each of the numbers, with the number at its left."""
    return "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_at(plan, n)}" y2="{_at(plan, n)}" {FINE}/>'
        f'<text x="{LEFT - 6}" y="{_at(plan, n) + 4}" text-anchor="end">{n:.3g}</text>'
        for n in numbers
    )


def _at(plan, value):
    """How far down a value is drawn."""
    return round(float(plan["bottom"] - plan["scale"] * (value - plan["low"])), 1)


def _numbers(values):
    """For JSON: whole numbers without a point, null for NaN."""
    return [None if np.isnan(v) else int(v) if v == int(v) else float(v) for v in values]


def _json(data):
    """JSON that may be written into a script: no text in it can end that."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def _escape(text):
    return html.escape(str(text))

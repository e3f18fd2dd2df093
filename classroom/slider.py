"""Figures that move: one's own functions, run beforehand at each stop of a slider.

    def table(position):
        row = sinusoidal_encoding(25, 8)[position]
        return [slider.bars(row, labels=range(8), title="the row")]

    slider.show("position", range(25), table, alt="...")

The output is one small piece of HTML: a drawing of the first stop, which is there where no scripts
run, all numbers, and a few lines of JavaScript (slider.js) that put a slider above the drawing.
Nothing is fetched. Lines and words have the color of the page's text, light or dark.
"""

import hashlib
import html
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classroom.comparing import plain
from classroom.feedback import show_bundle

SCRIPT = Path(__file__).with_suffix(".js")
WIDTH, LEFT, RIGHT = 640, 56, 12  # of the drawing, and of its margins
MARK = "#0a8fd0"  # readable on white and on black, and to color-blind eyes
DIGITS = 3  # of each number of a line or of a hand
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
    return Panel("bars", _flat(values, digits), title, tuple(map(str, labels)), digits=digits)


def line(x, y, title, xlabel):
    """A line through the points (x, y); at every stop the same x."""
    return Panel("line", _flat(y), title, x=tuple(_flat(x)), xlabel=xlabel, height=190)


def hands(points, labels, title):
    """A clock per point (right, up) of the plane, with its hand from the middle to the point."""
    return Panel("hands", _flat(points), title, tuple(map(str, labels)), height=110)


def _flat(values, digits=DIGITS):
    return np.asarray(plain(values), dtype=float).ravel().round(digits) + 0.0  # no -0.0


def show(name, stops, look, alt, shown=str, says=None, first=0):
    """Show what `look(stop)`, a list of panels, is like at each of the stops.

    name    what is changed: "position"
    stops   the values that it takes, in order
    alt     what there is to see, for those who cannot see it
    shown   the text of a stop, beside the slider
    says    what a screen reader says at a stop; without it, that text
    first   the index of the stop that is drawn to begin with
    """
    stops = list(stops)
    frames = [look(stop) for stop in stops]
    texts = [shown(stop) for stop in stops]
    spoken = [says(stop) for stop in stops] if says else texts
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
        last = number + 1 == len(frames[0]) or frames[0][number + 1].labels != panels[0].labels
        plan = _plan(panels, top)
        plans.append(plan)
        parts.append(_drawn(number, panels[first], plan, top, last))
        top += panels[0].height + (44 if last else 30)
    data = {"name": name, "first": first, "stops": texts, "says": spoken, "panels": plans}
    data["values"] = [[_numbers(panel.values) for panel in frame] for frame in frames]
    data["id"] = hashlib.sha256(json.dumps(data).encode()).hexdigest()[:8]
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    script = "".join(f"{each.strip()}\n" for each in lines).strip() + f"({_literal(data)});"
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
    plan = {"kind": panel.kind, "digits": panel.digits, "x": _across(panel)}
    if panel.kind == "hands":
        radius = min(panel.height, _step(panel)) / 2 - 4
        return plan | {"bottom": bottom - panel.height / 2, "scale": radius}
    numbers = np.concatenate([each.values for each in panels])
    low, high = min(0, np.nanmin(numbers)), max(0, np.nanmax(numbers))
    high = high if high > low else low + 1
    room = panel.height - (16 if panel.kind == "bars" else 0)  # above a bar is its number
    scale = round(float(room / (high - low)), 3)
    return plan | {"bottom": bottom, "low": round(float(low), 3), "scale": scale}


def _step(panel):
    return (WIDTH - LEFT - RIGHT) / len(panel.labels)


def _across(panel):
    """Where each value is, from left to right: by x, or side by side."""
    if panel.kind == "line":
        x = np.array(panel.x)
        across = LEFT + (x - x.min()) / (np.ptp(x) or 1) * (WIDTH - LEFT - RIGHT)
    else:
        across = LEFT + _step(panel) * (np.arange(len(panel.labels)) + 0.5)
    return across.round().astype(int).tolist()


def _drawn(number, panel, plan, top, is_labeled):
    """The SVG of a panel; its labels may be those of the panel below it."""
    title = f'<text x="{LEFT}" y="{top + 15}" font-weight="bold">{_escape(panel.title)}</text>'
    labels = _labels(panel, plan, top + 24 + panel.height + 15) if is_labeled else ""
    return title + DRAW[panel.kind](number, panel, plan) + labels


def _draw_bars(number, panel, plan):
    step, marks, texts = _step(panel), [], []
    for x, value in zip(plan["x"], panel.values):
        empty = np.isnan(value)
        height = _at(plan, 0 if empty else value)
        marks.append(f'<path d="M{x} {_at(plan, 0)}V{height}"/>')
        above = min(height, _at(plan, 0)) - 4
        text = "" if empty else f"{value:.{panel.digits}f}"
        texts.append(f'<text x="{x}" y="{above}">{text}</text>')
    size = 11 if step > 28 else 9
    return (
        _ticks(plan, (0,))
        + _marks(number, marks, round(step * 0.6))
        + f'<g data-texts="{number}" text-anchor="middle" font-size="{size}">{"".join(texts)}</g>'
    )


def _draw_line(number, panel, plan):
    points = zip(plan["x"], panel.values)
    path = "".join(f"{'L' if n else 'M'}{x} {_at(plan, y)}" for n, (x, y) in enumerate(points))
    below = [(LEFT, "start", f"{panel.x[0]:g}"), (WIDTH - RIGHT, "end", f"{panel.x[-1]:g}")]
    below.append(((LEFT + WIDTH - RIGHT) / 2, "middle", panel.xlabel))
    return (
        _ticks(plan, sorted({plan["low"], 0, plan["low"] + panel.height / plan["scale"]}))
        + _marks(number, [f'<path d="{path}"/>'], 2.5)
        + "".join(
            f'<text x="{x}" y="{plan["bottom"] + 16}" text-anchor="{anchor}">{_escape(text)}</text>'
            for x, anchor, text in below
        )
    )


def _draw_hands(number, panel, plan):
    radius, middle = plan["scale"], plan["bottom"]
    points = panel.values.reshape(-1, 2) * radius
    hands = [
        f'<path d="M{x} {middle}l{right:.1f} {-up:.1f}"/>'
        for x, (right, up) in zip(plan["x"], points)
    ]
    circles = "".join(f'<circle cx="{x}" cy="{middle}" r="{radius}"/>' for x in plan["x"])
    return f'<g fill="none" {FINE}>{circles}</g>' + _marks(number, hands, 4)


def _marks(number, marks, width):
    """What moves, as a group that the script finds."""
    return (
        f'<g data-marks="{number}" fill="none" stroke="{MARK}" stroke-width="{width}">'
        f"{''.join(marks)}</g>"
    )


def _labels(panel, plan, y):
    texts = (f'<tspan x="{x}">{_escape(each)}</tspan>' for x, each in zip(plan["x"], panel.labels))
    return f'<text y="{y}" text-anchor="middle">{"".join(texts)}</text>'


DRAW = {"bars": _draw_bars, "line": _draw_line, "hands": _draw_hands}


def _ticks(plan, numbers):
    """A fine line across at each of the numbers, with the number at its left."""
    return "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_at(plan, n)}" y2="{_at(plan, n)}" {FINE}/>'
        f'<text x="{LEFT - 6}" y="{_at(plan, n) + 4}" text-anchor="end">{n:.2g}</text>'
        for n in numbers
    )


def _at(plan, value):
    """How far down a value is drawn."""
    return round(plan["bottom"] - plan["scale"] * (value - plan["low"]))


def _numbers(values):
    """For JSON: whole numbers without a point, null for NaN; those at the end are left out."""
    values = values[: 1 + max(np.flatnonzero(~np.isnan(values)), default=-1)]
    return [None if np.isnan(v) else int(v) if v == int(v) else float(v) for v in values]


def _literal(data):
    """The data as JavaScript; no text in it can end the script that it is written into."""
    numbers = re.sub(r"\b0\.", ".", _json(data["values"]))  # .5 for 0.5: a tenth of the whole
    text = _json({key: value for key, value in data.items() if key != "values"})
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return f'{text[:-1]},"values":{numbers}}}'


def _json(data):
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _escape(text):
    return html.escape(str(text))

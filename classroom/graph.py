"""Draws the graph of a computation: what each number was made from, and with which slopes."""

import matplotlib.pyplot as plt
import numpy as np

from classroom.figures import show

BENDS = (-0.4, 0.4, 0.7, -0.7)  # of an arrow that would otherwise run through a number or an arrow


def draw_graph(named, title, alt, with_grads=False):
    """Draw Values and what they were made from, inputs on the left.

    named: (Value, name) pairs, each Value after its inputs; it has `data`, `grad`, `inputs` and
    `slopes`. A Value without a name shows its number alone.
    """
    names = dict(named)
    order, place = list(names), places(names)
    columns = 1 + max(across for across, _ in place.values())
    height = max(up for _, up in place.values())
    figure, axis = plt.subplots(figsize=(max(9.5, 2.1 * columns), max(3.6, 3.0 * height + 2.1)))
    axis.set(title=title, xlim=(-0.5, columns - 0.5), ylim=(-height - 0.4, height + 0.5))
    axis.axis("off")
    figure.draw_without_rendering()  # so that the axes know where they are
    box, written = {}, []  # written: where slopes are already
    for node, (across, up) in place.items():
        lines = [names[node], f"{node.data:.2f}", *[f"grad {node.grad:.2f}"] * with_grads]
        color = "#fff4d6" if with_grads else "#e8f1f8"
        label = axis.text(
            across,
            up,
            "\n".join(filter(None, lines)),
            ha="center",
            va="center",
            bbox={"boxstyle": "round,pad=0.4", "facecolor": color},
        )
        box[node] = label.get_bbox_patch()
    for node in order:
        for number, (each, slope) in enumerate(zip(node.inputs, node.slopes)):
            far = place[node][0] - place[each][0] > 1
            again = each in node.inputs[:number]  # as in x * x
            bend = best_bend(axis, place, each, node) if far or again else 0
            axis.annotate(
                "",
                place[node],
                place[each],
                arrowprops={
                    "arrowstyle": "-|>",
                    "connectionstyle": f"arc3,rad={bend}",
                    "color": "0.4",
                    "patchA": box[each],
                    "patchB": box[node],
                },
            )
            spots = [on_arrow(axis, place[each], place[node], bend, t) for t in (0.5, 0.3, 0.7)]
            written.append(next((spot for spot in spots if free(spot, written)), spots[0]))
            axis.text(
                *written[-1],
                f"slope\n{slope:.2f}",
                ha="center",
                va="center",
                color="#8a3b00",
                fontsize=12,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )
    show(figure, alt)


def best_bend(axis, place, each, node):
    """The bend that keeps the middle of an arrow, where its slope is written, away from numbers."""
    boxes = axis.transData.transform([place[other] for other in place])

    def room(bend):
        at = axis.transData.transform(on_arrow(axis, place[each], place[node], bend))
        return np.abs((boxes - at) / (90, 60)).max(axis=1).min()  # a box is wider than high

    span = place[node][0] - place[each][0]
    bends = [2 * bend / max(2, span) for bend in BENDS]  # a long arrow no higher than a short one
    return next((bend for bend in bends if room(bend) > 1), max(bends, key=room))


def on_arrow(axis, start, end, bend, t=0.5):
    """A point of a bent arrow, from its start (t = 0) to its end (t = 1), in the axis's numbers."""
    start, end = axis.transData.transform([start, end])
    (across, up) = end - start
    control = (start + end) / 2 + bend * np.array([up, -across])
    point = (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end
    return axis.transData.inverted().transform(point)


def free(spot, written):
    """Whether no slope is written so near that the two would overlap."""
    return all(np.abs(spot - other).max() > 0.2 for other in written)


def places(order):
    """(across, up) of each Value: a column to the right of its inputs, and the columns centered. A
    number that was given comes one column before the first that uses it.
    """
    order, depth = list(order), {}
    for node in order:
        depth[node] = 1 + max((depth[each] for each in node.inputs), default=-1)
    for given in order:
        users = [depth[node] for node in order if given in node.inputs]
        if users and not given.inputs:
            depth[given] = min(users) - 1
    columns = [
        [node for node in order if depth[node] == across]
        for across in range(max(depth.values()) + 1)
    ]
    return {
        node: (across, (len(column) - 1) / 2 - row)
        for across, column in enumerate(columns)
        for row, node in enumerate(column)
    }

"""Draws the graph of a computation: what each number was made from, and with which slopes."""

import matplotlib.pyplot as plt
import numpy as np

from classroom.figures import show


def draw_graph(named, title, alt, with_grads=False):
    """Draw Values and what they were made from, inputs on the left.

    named: (Value, name) pairs, each Value after its inputs; it has `data`, `grad`, `inputs` and
    `slopes`
    """
    names = dict(named)
    order, place = list(names), places(names)
    figure, axis = plt.subplots(figsize=(9.5, 3.6))
    box = {}
    for node, (across, up) in place.items():
        text = f"{names[node]}\n{node.data:.2f}" + (f"\ngrad {node.grad:.2f}" if with_grads else "")
        color = "#fff4d6" if with_grads else "#e8f1f8"
        label = axis.text(
            across,
            up,
            text,
            ha="center",
            va="center",
            bbox={"boxstyle": "round,pad=0.4", "facecolor": color},
        )
        box[node] = label.get_bbox_patch()
    for node in order:
        for each, slope in zip(node.inputs, node.slopes):
            far = place[node][0] - place[each][0] > 1  # an arrow past another node is bent round it
            axis.annotate(
                "",
                place[node],
                place[each],
                arrowprops={
                    "arrowstyle": "-|>",
                    "connectionstyle": f"arc3,rad={-0.4 if far else 0}",
                    "color": "0.4",
                    "patchA": box[each],
                    "patchB": box[node],
                },
            )
            middle = np.add(place[node], place[each]) / 2 + (0, 0.54 if far else 0)
            axis.text(
                *middle,
                f"slope\n{slope:.2f}",
                ha="center",
                va="center",
                color="#8a3b00",
                fontsize=12,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )
    axis.set(title=title, xlim=(-0.5, place[order[-1]][0] + 0.5), ylim=(-0.9, 1))
    axis.axis("off")
    show(figure, alt)


def places(order):
    """(across, up) of each Value: a column to the right of its inputs, and the columns centered."""
    depth = {}
    for node in order:
        depth[node] = 1 + max((depth[each] for each in node.inputs), default=-1)
    columns = [
        [node for node in order if depth[node] == across]
        for across in range(max(depth.values()) + 1)
    ]
    return {
        node: (across, (len(column) - 1) / 2 - row)
        for across, column in enumerate(columns)
        for row, node in enumerate(column)
    }

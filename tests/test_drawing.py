"""Curves, maps and graphs: what is drawn, and that it is described."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from classroom import drawing, graph
from solutions.autograd import Value, add_operations, topological_order


@pytest.fixture
def shown(monkeypatch):
    """The figures that were shown, with their alt texts."""
    figures = []
    for module in (drawing, graph):
        monkeypatch.setattr(module, "show", lambda figure, alt: figures.append((figure, alt)))
    yield figures
    plt.close("all")


def test_curves_are_told_apart_by_color_and_dashes(shown):
    x = np.arange(1, 5)
    named = {"one": (x, x), "two": (x, x**2), "three": (x, 1 / x)}
    drawing.curves(named, title="t", xlabel="x", ylabel="y", alt="Three curves.", log="xy")
    [(figure, alt)] = shown
    [axis] = figure.axes
    assert alt == "Three curves."
    assert [line.get_label() for line in axis.lines] == ["one", "two", "three"]
    assert len({line.get_linestyle() for line in axis.lines}) == 3
    assert len({line.get_color() for line in axis.lines}) == 3
    assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")


def test_maps_share_one_scale_and_small_ones_show_their_numbers(shown):
    drawing.maps({"a": np.eye(2), "b": 4 * np.eye(2)}, alt="Two maps.")
    drawing.maps({"a": np.zeros((30, 30)), "b": np.ones((30, 30))}, alt="Two large maps.")
    (small, _), (large, _) = shown
    assert {axis.images[0].get_clim() for axis in small.axes} == {(0, 4)}
    assert [text.get_text() for text in small.axes[1].texts] == ["4", "0", "0", "4"]
    assert len(large.axes) == 3 and not large.axes[0].texts  # the third is the scale's


def test_a_number_that_was_given_is_drawn_just_before_the_first_that_uses_it():
    a, b = Value(1.0), Value(2.0)
    result = (a * a).tanh() + b
    across = {node: at for node, (at, _) in graph.places(topological_order(result)).items()}
    assert (across[a], across[b], across[result]) == (0, 2, 3)


def test_every_arrow_of_a_graph_has_its_slope(shown):
    add_operations(Value)
    a, b = Value(0.5), Value(1.5)
    order = topological_order((a * a + b) / b - a)
    graph.draw_graph([(node, node.operation) for node in order], "t", alt="A graph.")
    [(figure, _)] = shown
    slopes = [text for text in figure.axes[0].texts if text.get_text().startswith("slope")]
    assert len(slopes) == sum(len(node.inputs) for node in order)
    middles = {tuple(np.round(text.get_position(), 3)) for text in slopes}
    assert len(middles) == len(slopes)  # also of the two arrows from a to a * a

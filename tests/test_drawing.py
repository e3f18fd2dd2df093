"""Curves, maps, words and graphs: what is drawn, and that it is described."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from classroom import drawing, graph
from solutions.autograd import Value, add_operations, topological_order


@pytest.fixture
def shown(monkeypatch):
    """The figures that would be displayed, with their alt texts."""
    figures = []
    for module in (drawing, graph):
        monkeypatch.setattr(module, "show", lambda figure, alt: figures.append((figure, alt)))
    yield figures
    plt.close("all")


def texts(axis):
    return [text.get_text() for text in axis.texts]


def test_each_map_has_its_title_labels_and_numbers(shown):
    drawing.show_maps(
        ("one", np.array([[1.0, -0.04]]), ["row"], ["a", "b"]), ("two", np.eye(2)), alt="Two maps."
    )
    [(figure, alt)] = shown
    first, second = figure.axes
    assert alt == "Two maps."
    assert (first.get_title(), second.get_title()) == ("one", "two")
    assert texts(first) == ["1", "0"]  # -0.04 is not "-0"
    assert [label.get_text() for label in first.get_xticklabels()] == ["a", "b"]
    assert [label.get_text() for label in first.get_yticklabels()] == ["row"]
    assert not second.get_xticks().size


def test_maps_side_by_side_share_one_scale(shown):
    drawing.show_maps(("small", [[0.5]]), ("large", [[-4.0]]), alt="Two maps.")
    limits = {axis.images[0].get_clim() for axis in shown[0][0].axes}
    assert limits == {(-6.4, 6.4)}


def test_maps_without_numbers_run_from_dark_to_light(shown):
    drawing.show_maps(("mask", np.array([[True, False]])), alt="A mask.", numbers=False)
    [axis] = shown[0][0].axes
    assert texts(axis) == []
    assert axis.images[0].get_clim() == (0, 1)


@pytest.mark.parametrize("near", [(0.001, 0.001), (0.1, 0.01), (-0.05, 0.02)])
def test_no_word_covers_another(near):
    figure, axis = plt.subplots(figsize=(6, 5))
    points = np.zeros((2, 2, 2))
    points[0] = [0, 0], near
    points[1] = [0.02, 0.0], [1, 1]
    drawing.draw_words(axis, points, [["low", "near"], ["other", "high"]])
    assert texts(axis) == ["low", "near", "other", "high"]
    figure.draw_without_rendering()
    boxes = [text.get_window_extent().padded(-3) for text in axis.texts]  # without their margins
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    plt.close(figure)


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

"""The pictures of classroom/drawing.py: maps of small arrays, and words beside points."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from classroom import drawing


@pytest.fixture
def shown(monkeypatch):
    """The figures that show_maps would display, with their alt texts."""
    figures = []
    monkeypatch.setattr(drawing, "show", lambda figure, alt: figures.append((figure, alt)))
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


def test_no_word_covers_another():
    figure, axis = plt.subplots()
    points = np.zeros((1, 3, 2))
    points[0] = [0, 0], [0.001, 0.001], [1, 1]
    drawing.draw_words(axis, points, [["low", "near", "high"]])
    heights = sorted(text.get_position()[1] for text in axis.texts)
    assert texts(axis) == ["low", "near", "high"]
    assert np.diff(heights).min() >= 0.06
    plt.close(figure)

"""Lesson on_pytorch is the same with and without PyTorch, and the pieces that make it so."""

import os

import matplotlib.font_manager  # noqa: F401  fills its cache here: a kernel would say that it does
import nbformat
import numpy as np
import pytest

import minitorch
import solutions.on_pytorch
from classroom import builder, catalogue, cells, stored

LESSON = catalogue.course().lesson("on_pytorch")
NEEDS_IT = "show_stored("
HIDDEN = "import sys\nsys.modules['torch'] = None  # importing it is an ImportError\n"


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shipped():
    return nbformat.read(LESSON.notebook_path, as_version=4)


def as_text(output):
    """What nbval compares of an output: a picture by the text that describes it."""
    return output.get("text") or output["data"]["text/plain"]


def test_the_shipped_notebook_was_built_with_pytorch():
    needing = [cell for cell in code_cells(shipped()) if NEEDS_IT in cell.source]
    assert len(needing) >= 4
    for cell in needing:
        assert builder.IGNORED in cell.metadata.tags
        assert cell.outputs, cell.source
        assert not any("not installed here" in as_text(output) for output in cell.outputs)


def test_without_pytorch_the_lesson_shows_what_is_stored(tmp_path, monkeypatch):
    """Built where `import torch` fails, the notebook is the one that is shipped."""
    (tmp_path / "sitecustomize.py").write_text(HIDDEN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    notebook = builder.unexecuted(LESSON)
    builder.execute(notebook, LESSON)
    for built, before in zip(code_cells(notebook), code_cells(shipped()), strict=True):
        assert built.source == before.source
        if NEEDS_IT in built.source:
            assert built.outputs == before.outputs
        elif builder.IGNORED not in built.metadata.get("tags", ()):
            assert list(map(as_text, built.outputs)) == list(map(as_text, before.outputs))


def test_a_cell_that_was_not_built_says_so(capsys):
    assert stored.stored_outputs(cells.digest("something that no lesson has")) is None
    stored.show_stored("PyTorch")  # outside of a notebook no cell runs
    said = capsys.readouterr().out
    assert said.startswith("PyTorch is not installed here") and "has not run it" in said


def test_stored_outputs_are_shown_as_they_were(capsys):
    cell = next(cell for cell in code_cells(shipped()) if cell.outputs and "print(" in cell.source)
    outputs = stored.stored_outputs(cells.digest(cell.source))
    assert outputs == cell.outputs
    for output in outputs:
        stored.show_again(output)
    assert capsys.readouterr().out == "".join(map(as_text, outputs))


# ------------------------------------------------------------------ one function on PyTorch


def by_name(x, *, high=2.0):
    return torch.clamp(x, 0, high) * scale()


def scale():
    return 3


torch = minitorch  # what by_name means by it


@pytest.fixture
def pytorch():
    return pytest.importorskip("torch")


def test_one_function_changes_sides(pytorch):
    from twin import twin_of

    twin = twin_of(by_name)
    assert twin(pytorch.tensor([-1.0, 5.0]), high=4.0).tolist() == [0, 12]
    assert by_name(minitorch.tensor([-1.0, 5.0])).tolist() == [0, 6]
    assert twin.__name__ == "by_name" and torch is minitorch


def test_a_score_mod_gives_the_same_on_both_engines(pytorch):
    from twin import twin_of

    table = np.random.default_rng(0).normal(size=(2, 5))
    index = [np.zeros((1, 1, 1, 1), int), np.arange(2)[:, None, None], np.arange(7)[:, None]]
    index.append(np.arange(7))
    results = []
    for engine, function in (
        (minitorch, solutions.on_pytorch.distance_score_mod),
        (pytorch, twin_of(solutions.on_pytorch.distance_score_mod)),
    ):
        leaf = engine.tensor(table).requires_grad_()
        added = function(leaf)(engine.zeros(1, 2, 7, 7), *map(engine.tensor, index))
        (added**2).sum().backward()
        results += [(added.detach().numpy(), leaf.grad.numpy())]
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_a_share_s_loss_is_that_of_the_trainer_of_several_processes(pytorch):
    """The lesson's exercise and the experiments' Trainer agree about what a share is worth."""
    from experiments import on_pytorch
    from twin import load_twin

    rng = np.random.default_rng(0)
    model = load_twin("transformer").Transformer(7, 8, 2, 1, max_len=6, positions="rope")
    inputs, targets = rng.integers(7, size=(4, 6)), rng.integers(7, size=(4, 6))
    targets[0] = -100
    trainer = on_pytorch.Trainer(model, None, 1)
    alone = trainer.add_gradients(inputs, targets, scored=18)
    whole = [parameter.grad.clone() for parameter in model.parameters()]
    loss = load_twin("on_pytorch").share_loss(
        model(pytorch.tensor(inputs)), pytorch.tensor(targets), scored=18, processes=1
    )
    model.zero_grad()
    loss.backward()
    assert loss.item() == pytest.approx(alone, abs=1e-6)
    for parameter, gradient in zip(model.parameters(), whole):
        np.testing.assert_allclose(parameter.grad, gradient, rtol=0, atol=1e-6)

"""Chapter 08's pieces: the text and the simple models of it; loss and optimizer equal to the
engine's own.
"""

import numpy as np
import pytest

import minitorch as torch
from minitorch.nn import functional as F
from solutions.language import bigram_table, random_windows, read_this_course
from solutions.training import UNSCORED, adamw_step, cross_entropy


def test_the_text_is_plain_sentences_none_twice():
    text = read_this_course()
    lines = text.splitlines()
    assert text.isascii() and text.endswith(".\n") and "  " not in text and "\n\n" not in text
    assert len(text) > 120_000 and len(set(text)) == 92
    assert len(set(lines)) == len(lines) == 998 and min(map(len, lines)) >= 60


def test_windows_are_pieces_of_the_text_and_targets_come_next():
    ids = np.random.default_rng(0).integers(50, size=300)
    inputs, targets = random_windows(np.random.default_rng(1), ids, batch=40, seq_len=20)
    places = {tuple(ids[start : start + 21]) for start in range(280)}
    assert all((*row, wanted[-1]) in places for row, wanted in zip(inputs, targets))
    assert (inputs[:, 1:] == targets[:, :-1]).all()


def test_the_bigram_table_is_a_model():
    ids = np.random.default_rng(0).integers(5, size=2000)
    ids[1::2] = ids[0::2]  # every id comes twice
    table = bigram_table(ids, 6)
    np.testing.assert_allclose(table.sum(axis=1), 1)
    assert (np.diag(table)[:5] > 0.5).all() and (table > 0).all()
    np.testing.assert_allclose(table[5], 1 / 6)


@pytest.mark.parametrize("shape", [(7, 5), (3, 4, 5)])
def test_cross_entropy_is_the_engines(shape):
    rng = np.random.default_rng(0)
    targets = torch.tensor(
        np.where(rng.random(shape[:-1]) < 0.3, UNSCORED, rng.integers(5, size=shape[:-1]))
    )
    values, gradients = [], []
    for loss_of in (
        cross_entropy,
        lambda logits, targets: F.cross_entropy(
            logits.reshape(-1, 5), targets.reshape(-1), ignore_index=UNSCORED
        ),
    ):
        logits = torch.tensor(np.random.default_rng(1).normal(size=shape) * 3, requires_grad=True)
        loss = loss_of(logits, targets)
        loss.backward()
        values.append(loss.item())
        gradients.append(logits.grad.numpy())
    assert values[0] == pytest.approx(values[1], rel=1e-12)
    np.testing.assert_allclose(*gradients, atol=1e-12)


def test_adamw_step_is_the_engines():
    rng = np.random.default_rng(0)
    place = rng.normal(size=(3, 4))
    parameter = torch.tensor(place, requires_grad=True)
    optimizer = torch.optim.AdamW(
        [parameter], lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.3
    )
    memory = np.zeros((3, 4)), np.zeros((3, 4))
    for step in range(1, 31):
        slope = rng.normal(size=(3, 4)) * 10.0 ** rng.integers(-6, 3)
        parameter.grad = torch.tensor(slope)
        optimizer.step()
        place, *memory = adamw_step(
            place, slope, *memory, step, lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.3
        )
        np.testing.assert_allclose(place, parameter.detach().numpy(), atol=1e-12)

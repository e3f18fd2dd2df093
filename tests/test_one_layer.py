"""Lesson 03's small models: one layer of attention on characters, and two that read sentences."""

import numpy as np
import pytest

import minitorch as torch
from solutions.embeddings import SkipGram, learn_word, nearest, train_skip_gram
from solutions.one_layer import OneLayer, loss_when_writing, pieces, train_one_layer
from solutions.order import PAIRS, attend, embed, rnn, tokens_of


def changed_positions(model, position):
    """Where the logits change if the token at one position does."""
    ids = np.arange(6)[None] % 5
    other = ids.copy()
    other[0, position] = 4 - other[0, position]
    with torch.no_grad():
        before, after = model(torch.tensor(ids)), model(torch.tensor(other))
    return (before != after).any(dim=-1)[0].tolist()


def test_the_mask_hides_what_comes_later():
    torch.manual_seed(0)
    masked, open_to_all = OneLayer(5, 6), OneLayer(5, 6, masked=False)
    assert changed_positions(masked, 3) == [False] * 3 + [True] * 3
    assert changed_positions(open_to_all, 3) == [True] * 6


def test_the_weights_are_shares_and_the_mask_is_in_them():
    torch.manual_seed(0)
    weights = OneLayer(5, 6, num_heads=4).weights(torch.tensor(np.arange(6)[None] % 5))
    assert weights.shape == (1, 4, 6, 6)
    assert weights.sum(axis=-1) == pytest.approx(1)
    assert (weights[..., ~np.tri(6, dtype=bool)] == 0).all()


def test_pieces_come_from_everywhere_in_the_text():
    drawn = pieces(np.random.default_rng(0), np.arange(10), batch=200, length=8)
    assert drawn.shape == (200, 8)
    assert set(drawn[:, 0]) == {0, 1, 2}
    assert (np.diff(drawn, axis=1) == 1).all()


def test_a_model_without_the_mask_copies_and_cannot_write():
    ids = np.random.default_rng(0).integers(5, size=2000)  # nothing to learn but to copy
    losses, done = {}, []
    for masked in (True, False):
        torch.manual_seed(0)
        model = OneLayer(5, 8, masked, dim=16)
        losses[masked] = train_one_layer(
            model, ids, steps=200, lr=1e-2, on_step=lambda step, text: done.append((step, text))
        )
    assert [step for step, _ in done] == 2 * list(range(1, 201))
    assert done[0][1] == f"loss {losses[True][0]:.2f}"
    assert np.mean(losses[False][-10:]) < 0.8 < 1.5 < np.mean(losses[True][-10:])
    assert loss_when_writing(model, ids, [3, 5]) > np.log(5)


def test_pairs_are_the_same_tokens_but_for_the_third():
    same = [sorted(tokens_of(a)) == sorted(tokens_of(b)) for a, b in PAIRS]
    assert same == [True] * 4 + [False] * 2 + [True] * 2


def test_attention_shuffles_and_an_rnn_reads_in_order():
    a, b = embed("dog bites man"), embed("man bites dog")
    np.testing.assert_allclose(attend(a, 2), attend(b, 2)[[2, 1, 0, 3]], atol=1e-12)
    np.testing.assert_allclose(attend(a, 1, True)[-1], attend(b, 1, True)[-1], atol=1e-12)
    assert np.abs(attend(a, 2, True)[-1] - attend(b, 2, True)[-1]).max() > 0.01
    states = rnn(a)
    np.testing.assert_allclose(states[:2], rnn(a[:2]))  # what comes later changes nothing
    assert np.abs(states[-1] - rnn(b)[-1]).max() > 0.01


def test_a_word_is_learned_in_a_frozen_model():
    """Its contexts are those of word 0, so it becomes the neighbor of word 0."""
    rng = np.random.default_rng(0)
    text = np.concatenate([rng.permutation([4 * n, 4 * n + 1]) for n in rng.integers(3, size=300)])
    torch.manual_seed(0)
    model = SkipGram(vocab_size=12, dim=8)
    train_skip_gram(model, text, window=1, steps=100)
    before = [table.detach().numpy().copy() for table in model.parameters()]
    vector = learn_word(model, np.array([1, 1, 1]))
    for table, was in zip(model.parameters(), before):
        np.testing.assert_array_equal(table.detach().numpy(), was)
    assert vector.shape == (1, 8)
    assert nearest(np.concatenate([before[0], vector]), 12, 1)[0] == [0]

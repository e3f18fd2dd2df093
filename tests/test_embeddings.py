"""Chapter 02's parts: lookups and their gradient, tied weights, word2vec."""

import numpy as np
import pytest

import minitorch as torch
from solutions.embeddings import (
    Embedding,
    SkipGram,
    embedding_backward,
    nearest,
    one_hot,
    skip_gram_pairs,
    train_skip_gram,
    vocabulary_logits,
)

IDS = np.array([[5, 1, 3], [1, 1, 0]])


def test_a_lookup_is_a_product_with_one_hot_rows():
    layer = Embedding(6, 4)
    table = layer.weight.detach().numpy()
    np.testing.assert_array_equal(layer(torch.tensor(IDS)).detach().numpy(), table[IDS])
    np.testing.assert_allclose(one_hot(IDS, 6) @ table, table[IDS], atol=1e-6)


def test_the_scatter_add_is_the_engines_gradient():
    layer, grad = (
        Embedding(6, 4),
        np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32),
    )
    (layer(torch.tensor(IDS)) * torch.tensor(grad)).sum().backward()
    by_hand = embedding_backward(grad, IDS, 6)
    np.testing.assert_allclose(by_hand, layer.weight.grad.numpy(), atol=1e-6)
    np.testing.assert_allclose(by_hand[1], grad[0, 1] + grad[1, 0] + grad[1, 1], atol=1e-6)
    assert (by_hand[[2, 4]] == 0).all()


def test_tied_weights_collect_both_gradients():
    layer = Embedding(6, 4)
    table = layer.weight.detach().numpy()
    vocabulary_logits(layer(torch.tensor(IDS)), layer.weight).sum().backward()
    as_input = np.bincount(IDS.reshape(-1), minlength=6)[:, None] * table.sum(axis=0)
    as_output = table[IDS].sum(axis=(0, 1))
    np.testing.assert_allclose(layer.weight.grad.numpy(), as_input + as_output, atol=1e-4)


@pytest.mark.parametrize("window", [1, 2, 5, 20])
def test_skip_gram_pairs_are_the_double_loop(window):
    ids = np.random.default_rng(0).integers(9, size=12)
    want = [
        (ids[i], ids[j]) for i in range(12) for j in range(12) if i != j and abs(i - j) <= window
    ]
    assert list(zip(*skip_gram_pairs(ids, window))) == want


def test_words_in_the_same_contexts_become_neighbors():
    """Of each group one word is drawn, so words of a group never meet, but meet the same others."""
    rng = np.random.default_rng(0)
    groups = np.arange(12).reshape(4, 3)
    text = np.concatenate([[rng.choice(group) for group in groups] for _ in range(150)])
    torch.manual_seed(0)
    model = SkipGram(vocab_size=12, dim=8)
    losses = train_skip_gram(model, text, window=2, steps=150, batch=128)
    assert np.mean(losses[-10:]) < losses[0] - 0.3
    table = model.center.weight.detach().numpy()
    for group in groups:
        for word in group:
            assert set(nearest(table, word, 2)[0]) == set(group) - {word}


@pytest.mark.parametrize(
    "call, says",
    [
        (
            lambda: one_hot(np.array([0, 3]), 3),
            r"ids \(2,\) run from 0 to 3, the vocabulary has 3 entries",
        ),
        (lambda: one_hot(np.array([-1]), 3), "run from -1"),
        (lambda: one_hot(np.array([0.5]), 3), r"float64 of shape \(1,\)"),
        (lambda: Embedding(3, 2)(torch.tensor([3])), "run from 3 to 3"),
        (
            lambda: embedding_backward(np.zeros((2, 4)), np.array([0, 1, 2]), 3),
            r"ids \(3,\), gradient \(2, 4\)",
        ),
        (lambda: skip_gram_pairs(IDS, 1), r"ids \(2, 3\) and window 1"),
        (lambda: skip_gram_pairs(IDS[0], 0), "window 0"),
        (
            lambda: vocabulary_logits(torch.zeros(2, 3), torch.zeros(5, 4)),
            r"\(2, 3\) and the table \(5, 4\)",
        ),
        (lambda: nearest(np.eye(3), 3, 1), "vocabulary has 3"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()

"""Attention shifts the scores of a row only where their exponentials would leave float32's range."""

import numpy as np
import pytest

import minitorch as torch
from minitorch.nn import functional as F

QUERY, KEY, DIM = 40, 40, 4


def inputs(seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((2, 3, QUERY, DIM)).astype("float32") for _ in range(4)]


def reference(q, k, v, mask):
    """In float64, each row shifted by its maximum."""
    scores = q.astype("float64") @ k.mT * DIM**-0.5 + mask
    with np.errstate(invalid="ignore"):
        weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights[np.isnan(weights)] = 0  # all masked
    total = weights.sum(-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ v


def attention(q, k, v, mask, upstream):
    """The result and the gradients of queries, keys and values."""
    tensors = [torch.tensor(x, requires_grad=True) for x in (q, k, v)]
    out = F.scaled_dot_product_attention(*tensors, attn_mask=torch.tensor(mask))
    out.backward(torch.tensor(upstream))
    return [out.detach().numpy(), *(x.grad.numpy() for x in tensors)]


@pytest.mark.parametrize("bias", [0, 45, -45, 80, -80, 95, -95, 1000, -1000])
def test_a_number_added_to_all_scores_of_a_row_changes_nothing(bias):
    q, k, v, upstream = inputs()
    mask = np.zeros((QUERY, KEY), "float32")
    plain = attention(q, k, v, mask, upstream)
    mask[::3] += bias
    for x, y in zip(attention(q, k, v, mask, upstream), plain):
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(plain[0], reference(q, k, v, mask), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("factor", [1, 10, 100, 1000])
def test_scores_of_any_size_beside_keys_that_are_masked(factor):
    q, k, v, upstream = inputs()
    mask = np.where(np.tri(QUERY, KEY, dtype=bool), 0, -np.inf).astype("float32")
    mask[5] = -np.inf  # this query sees nothing
    got = attention(factor * q, k, v, mask, upstream)
    assert all(np.isfinite(x).all() for x in got)
    assert (got[0][:, :, 5] == 0).all() and (got[1][:, :, 5] == 0).all()
    np.testing.assert_allclose(got[0], reference(factor * q, k, v, mask), rtol=2e-3, atol=2e-3)


def test_a_row_does_not_depend_on_others_that_are_shifted():
    q, k, v, upstream = inputs()
    mask = np.zeros((QUERY, KEY), "float32")
    before = attention(q, k, v, mask, upstream)
    q[:, :, 7] *= 1000
    after = attention(q, k, v, mask, upstream)
    others = np.arange(QUERY) != 7
    assert (before[0][:, :, others] == after[0][:, :, others]).all()
    assert (before[0][:, :, 7] != after[0][:, :, 7]).any()


def test_nan_stays_in_its_row():
    q, k, v, upstream = inputs()
    q[0, 0, 3] = np.nan
    out = attention(q, k, v, np.zeros((QUERY, KEY), "float32"), upstream)[0]
    assert np.isnan(out[0, 0, 3]).all() and np.isnan(out).sum() == DIM


def test_no_keys_and_no_queries():
    for query_len, key_len in ((40, 0), (0, 40), (40, 40)):
        q, k, v = (torch.zeros(2, n, DIM) for n in (query_len, key_len, key_len))
        hidden = torch.full((query_len, key_len), float("-inf"))
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=hidden)
        assert out.shape == (2, query_len, DIM) and (out == 0).all()

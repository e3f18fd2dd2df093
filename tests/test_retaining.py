"""retain_grad: what a network's inner values got, as in PyTorch."""

import numpy as np
import pytest

import minitorch


def inner_gradients(engine):
    """Of a small network backpropagated by hand, once and then again."""
    x = engine.tensor(np.random.default_rng(0).standard_normal((4, 3)))
    w = engine.tensor(np.random.default_rng(1).standard_normal((3, 2)), requires_grad=True)
    pre = x @ w
    h = pre.tanh()
    both = h + pre
    loss = (both * both).mean()
    for t in (pre, h, both, loss, w, h):  # after they were used; one of them twice
        t.retain_grad()
    loss.backward(retain_graph=True)
    once = [t.grad.numpy().copy() for t in (pre, h, both, loss, w)]
    loss.backward()
    return once + [t.grad.numpy() for t in (pre, h, both, loss, w)]


def test_inner_gradients_equal_pytorch():
    torch = pytest.importorskip("torch")
    for mine, theirs in zip(inner_gradients(minitorch), inner_gradients(torch), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14)


def test_a_second_backward_adds():
    gradients = inner_gradients(minitorch)
    for once, twice in zip(gradients[:5], gradients[5:]):
        np.testing.assert_allclose(twice, 2 * once, rtol=1e-12)


def test_what_was_retained_may_be_changed_in_place():
    w = minitorch.ones(3, requires_grad=True)
    y = w * 2
    y.retain_grad()
    z = y + 1
    with minitorch.no_grad():
        y.zero_()
    z.sum().backward()
    assert y.grad.tolist() == [1, 1, 1] and w.grad.tolist() == [2, 2, 2]


def test_a_tensor_without_a_gradient_is_refused():
    with pytest.raises(RuntimeError, match="does not require grad"):
        minitorch.ones(3).retain_grad()

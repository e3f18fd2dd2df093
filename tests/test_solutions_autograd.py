"""Chapter 01, what its checks leave open: deep graphs, random expressions, the gradients of the
engine.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch as torch
from solutions.autograd import (
    Value,
    backpropagate,
    central_difference,
    check_gradient,
    matmul_gradients,
    softmax,
    softmax_gradient,
    topological_order,
    unbroadcast,
)
from tests.small_stack import with_a_small_stack


def test_a_long_chain_is_differentiated_without_recursion():
    def differentiate():
        x = Value(1.0)
        out = x
        for _ in range(10_000):
            out = out * 1.0001
        backpropagate(out)
        assert len(topological_order(out)) == 20_001  # x, the products, and one constant in each
        assert math.isclose(x.grad, 1.0001**10_000, rel_tol=1e-9)

    with_a_small_stack(differentiate)


def random_expression(seed, values):
    """Twelve random steps on the given numbers, Values or floats."""
    rng, pool = np.random.default_rng(seed), list(values)

    def tanh(v):
        return v.tanh() if isinstance(v, Value) else math.tanh(v)

    for _ in range(12):
        a, b = (pool[i] for i in rng.integers(len(pool), size=2))
        pool.append((a + b, tanh(a) * b, tanh(a), 0.5 * a + 1)[rng.integers(4)])
    return sum(pool[-4:], pool[0] * 0)


@pytest.mark.parametrize("seed", range(20))
def test_gradients_of_random_expressions(seed):
    start = [0.3, -0.7, 1.1]
    values = [Value(v) for v in start]
    out = random_expression(seed, values)
    backpropagate(out)
    assert math.isclose(out.data, random_expression(seed, start), rel_tol=1e-12, abs_tol=1e-12)
    for n, value in enumerate(values):

        def moved(v):
            return random_expression(seed, start[:n] + [v] + start[n + 1 :])

        assert math.isclose(
            value.grad, central_difference(moved, start[n]), rel_tol=1e-6, abs_tol=1e-6
        )


sizes = st.lists(st.integers(1, 4), max_size=4)


@settings(deadline=None)
@given(full=sizes, data=st.data())
def test_unbroadcast_is_the_adjoint_of_broadcasting(full, data):
    """sum(broadcast(x) * g) = sum(x * unbroadcast(g)) for every x and g."""
    front = data.draw(st.integers(0, len(full)))
    shape = tuple(data.draw(st.sampled_from([1, size])) for size in full[front:])
    rng = np.random.default_rng(0)
    x, g = rng.standard_normal(shape), rng.standard_normal(full)
    back = unbroadcast(g, shape)
    assert back.shape == shape
    assert np.isclose((np.broadcast_to(x, full) * g).sum(), (x * back).sum())


@pytest.mark.parametrize(
    "a, b",
    [((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((1, 2, 3), (5, 3, 4)), ((2, 1, 2, 3), (4, 3, 1))],
)
def test_matmul_gradients_are_the_engines(a, b):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(a), rng.standard_normal(b)
    grad = rng.standard_normal((a @ b).shape)
    tensors = torch.tensor(a, requires_grad=True), torch.tensor(b, requires_grad=True)
    (tensors[0] @ tensors[1]).backward(torch.tensor(grad))
    for mine, tensor in zip(matmul_gradients(a, b, grad), tensors):
        assert np.allclose(mine, tensor.grad.numpy(), atol=1e-12)


def test_softmax_and_its_gradient_are_the_engines():
    rng = np.random.default_rng(0)
    x, grad = 100 * rng.standard_normal((2, 3, 5)), rng.standard_normal((2, 3, 5))
    tensor = torch.tensor(x, requires_grad=True)
    out = torch.softmax(tensor, dim=-1)
    out.backward(torch.tensor(grad))
    assert np.allclose(softmax(x), out.detach().numpy(), atol=1e-12)
    assert np.allclose(softmax_gradient(softmax(x), grad), tensor.grad.numpy(), atol=1e-12)


def test_check_gradient_tells_right_from_wrong():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 4))
    measured, predicted = check_gradient(lambda x: np.sin(x).sum(), np.cos(x), x, rng)
    assert abs(measured - predicted) < 1e-8
    measured, predicted = check_gradient(lambda x: np.sin(x).sum(), 1.01 * np.cos(x), x, rng)
    assert abs(measured - predicted) > 1e-3

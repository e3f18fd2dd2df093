"""autograd.Function and autograd.gradcheck."""

import numpy as np
import pytest

import minitorch
from minitorch.autograd import Function, gradcheck


def make_cube(engine):
    """x^3 + shift with a backward by hand, on either engine."""

    class Cube(engine.autograd.Function):
        @staticmethod
        def forward(ctx, x, shift):
            ctx.save_for_backward(x)
            ctx.factor = 3
            return x * x * x + shift

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * ctx.factor * x * x, None

    return Cube


def test_function_equals_pytorch():
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal((3, 2))
    results = []
    for engine in (minitorch, torch):
        t = engine.tensor(x, requires_grad=True)
        out = make_cube(engine).apply(t * 2, 5.0)
        out.sum().backward()
        results += [out.detach().numpy(), t.grad.numpy()]
    np.testing.assert_allclose(results[0], results[2], rtol=1e-12)
    np.testing.assert_allclose(results[1], results[3], rtol=1e-12)


def test_function_by_finite_differences():
    x = minitorch.tensor([0.5, -1.0, 2.0], dtype=minitorch.float64, requires_grad=True)
    assert gradcheck(lambda x: make_cube(minitorch).apply(x, 1.0), x)
    assert "CubeBackward" in repr(make_cube(minitorch).apply(x, 1.0))


def test_context_says_who_needs_a_gradient_and_nothing_is_recorded_inside():
    class Product(Function):
        @staticmethod
        def forward(ctx, a, b):
            assert not minitorch.is_grad_enabled()
            ctx.save_for_backward(a, b)
            seen.append(ctx.needs_input_grad)
            return a * b

        @staticmethod
        def backward(ctx, grad):
            a, b = ctx.saved_tensors
            return grad * b, grad * a if ctx.needs_input_grad[1] else None

    seen = []
    a, b = minitorch.ones(2, requires_grad=True), minitorch.ones(2)
    out = Product.apply(a, b)
    out.sum().backward()
    assert seen == [(True, False)] and a.grad.tolist() == [1, 1] and b.grad is None
    assert not Product.apply(b, b).requires_grad
    with minitorch.no_grad():
        assert not Product.apply(a, b).requires_grad


def test_function_that_returns_its_input():
    class Reverse(Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, grad):
            return -grad

    x = minitorch.ones(2, requires_grad=True)
    out = Reverse.apply(x)
    (out + x * 3).sum().backward()
    assert out is not x and x.is_leaf and x.grad.tolist() == [2, 2]


@pytest.mark.parametrize(
    "returned, message",
    [
        (lambda grad: (grad,), "1 gradients for 2 inputs"),
        (lambda grad: (grad[:1], None), r"shape \(1,\) for input 0"),
    ],
)
def test_wrong_gradients_are_refused(returned, message):
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, grad):
            return returned(grad)

    x = minitorch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=message):
        Wrong.apply(x, x.detach()).sum().backward()


def test_function_must_return_a_tensor():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return 3.0

    with pytest.raises(TypeError, match="one tensor, got float"):
        Wrong.apply(minitorch.ones(2))


def wrong_sine(x):
    """sin x, with a derivative of x."""

    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.sin()

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.saved_tensors[0]

    return Wrong.apply(x)


def test_gradcheck_finds_a_wrong_gradient():
    x = minitorch.tensor([0.3, 2.0], dtype=minitorch.float64, requires_grad=True)
    with pytest.raises(RuntimeError, match="output 0, input 0"):
        gradcheck(wrong_sine, (x,))
    assert gradcheck(wrong_sine, (x,), raise_exception=False) is False
    with pytest.raises(RuntimeError, match="output 1, input 1"):
        gradcheck(lambda n, x: (x * n, wrong_sine(x)), (2.0, x))


def test_gradcheck_of_several_inputs_and_outputs():
    rng = np.random.default_rng(0)
    a, b = (
        minitorch.tensor(rng.standard_normal(shape), requires_grad=True) for shape in ((3, 2), (2,))
    )
    before = a.detach().numpy().copy()
    a.grad = minitorch.ones(3, 2, dtype=minitorch.float64)
    assert gradcheck(lambda a, b, n: (a * b, (a * n).exp().sum()), (a, b, 0.5))
    assert (a.detach().numpy() == before).all() and (a.grad.numpy() == 1).all() and b.grad is None


def test_gradcheck_of_a_function_that_loses_the_graph():
    x = minitorch.tensor([0.3], dtype=minitorch.float64, requires_grad=True)
    assert gradcheck(lambda x: x.detach() * 2, x, raise_exception=False) is False


def test_gradcheck_without_anything_to_check():
    with pytest.raises(ValueError, match="no input requires"):
        gradcheck(lambda x: x, minitorch.ones(2))


def test_grad_returns_what_backward_adds():
    x, y = (minitorch.tensor([1.0, 2.0, 3.0], requires_grad=True) for _ in range(2))

    def loss():
        return (x * x * y[:2].sum() + y[1:].sum()).sum()

    loss().backward()
    got = minitorch.autograd.grad(loss(), [y, x])
    assert got[0].tolist() == y.grad.tolist() and got[1].tolist() == x.grad.tolist()
    assert x.grad.tolist() == [6.0, 12.0, 18.0]  # and .grad stays as it was
    assert minitorch.autograd.grad(x[0], x)[0].tolist() == [1.0, 0.0, 0.0]


def test_grad_says_what_is_missing():
    x, y = (minitorch.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    with pytest.raises(RuntimeError):
        minitorch.autograd.grad(x * x, x)  # no scalar
    with pytest.raises(RuntimeError):
        minitorch.autograd.grad(x.sum(), [x, y])
    assert minitorch.autograd.grad(x.sum(), [x, y], allow_unused=True)[1] is None
    with pytest.raises(RuntimeError):
        minitorch.autograd.grad(minitorch.tensor(1.0), x)

"""Laws that hold for every input, tried on inputs that hypothesis makes up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minitorch
from minitorch import float64, tensor

few = settings(deadline=None, max_examples=25, derandomize=True)  # always the same examples

numbers = st.floats(-4, 4, width=32)
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
matrices = hnp.array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=4)


def arrays(shape=shapes):
    return hnp.arrays(np.float64, shape, elements=numbers)


def same_shape(count):
    return shapes.flatmap(lambda shape: st.tuples(*[arrays(shape)] * count))


def gradient(function, array, weights=None):
    """Of a weighted sum of function(array), as an array."""
    x = tensor(array, requires_grad=True)
    y = function(x)
    y.backward(minitorch.ones_like(y) if weights is None else tensor(weights))
    return x.grad.numpy()


def assert_close(a, b):
    a, b = (x.detach().numpy() if isinstance(x, minitorch.Tensor) else x for x in (a, b))
    assert a.shape == b.shape
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


# ---------------------------------------------------------------- linearity

LINEAR = {
    "sum": lambda x: x.sum(),
    "expand": lambda x: x.sum(-1, keepdim=True).expand(x.shape),
    "cumsum": lambda x: x.cumsum(-1),
    "flip": lambda x: x.flip(0),
    "roll": lambda x: x.roll(2, -1),
    "tril": lambda x: x.tril(),
    "triu": lambda x: x.triu(1),
    "transpose": lambda x: x.transpose(0, -1),
    "reshape": lambda x: x.reshape(-1),
    "neg": lambda x: -x,
    "scale": lambda x: 2.5 * x / 3,
    "repeat": lambda x: x.repeat(*[2] * x.ndim),
    "slice": lambda x: x[..., ::2],
    "cat": lambda x: minitorch.cat([x, x], -1),
    "chunk": lambda x: x.chunk(2, -1)[0],
    "stack": lambda x: minitorch.stack([x, 2 * x], 1),
    "matmul": lambda x: (
        x @ minitorch.arange(3.0 * x.shape[-1], dtype=float64).reshape(x.shape[-1], 3)
    ),
    "masked_fill": lambda x: x.masked_fill(minitorch.ones(x.shape).tril() > 0, 0),
}


@pytest.mark.parametrize("name", LINEAR)
@few
@given(data=st.data())
def test_linear_operations(name, data):
    """f(a x + b y) = a f(x) + b f(y); and the gradient is the adjoint: <w, f(x)> = <f'(w), x>."""
    f, shape = LINEAR[name], data.draw(matrices)
    x, y, a, b = (
        data.draw(arrays(shape)),
        data.draw(arrays(shape)),
        data.draw(numbers),
        data.draw(numbers),
    )
    assert_close(f(tensor(a * x + b * y)), a * f(tensor(x)) + b * f(tensor(y)))
    out = f(tensor(x)).numpy()
    weights = data.draw(arrays(out.shape))
    assert (weights * out).sum() == pytest.approx((gradient(f, x, weights) * x).sum(), abs=1e-6)


# ---------------------------------------------------------------- permutation


@few
@given(data=st.data())
def test_permuting_and_back(data):
    x = data.draw(arrays())
    dims = data.draw(st.permutations(range(x.ndim)))
    permuted = tensor(x).permute(dims)
    assert permuted.shape == tuple(x.shape[d] for d in dims)
    assert_close(permuted.permute([dims.index(d) for d in range(x.ndim)]), x)
    weights = data.draw(arrays(permuted.shape))
    assert_close(
        gradient(lambda t: t.permute(dims), x, weights), weights.transpose(np.argsort(dims))
    )


REDUCTIONS = {
    "sum": lambda x, d: x.sum(d),
    "mean": lambda x, d: x.mean(d),
    "std": lambda x, d: x.std(d, False),
    "amax": lambda x, d: x.amax(d),
    "max": lambda x, d: x.max(d)[0],
    "all": lambda x, d: (x > 0).all(d),
    "logsumexp": lambda x, d: x.logsumexp(d),
    "softmax": lambda x, d: (x.softmax(d) * x).sum(d),
}


@pytest.mark.parametrize("name", REDUCTIONS)
@few
@given(data=st.data())
def test_reductions_do_not_depend_on_order_or_layout(name, data):
    reduce = REDUCTIONS[name]
    x = data.draw(arrays(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5)))
    dim = data.draw(st.integers(0, x.ndim - 1))
    order = data.draw(st.permutations(range(x.shape[dim])))
    wanted = reduce(tensor(x), dim)
    assert_close(reduce(tensor(x).index_select(dim, tensor(order)), dim), wanted)
    assert_close(reduce(tensor(x), dim - x.ndim), wanted)
    assert_close(reduce(tensor(x).T, x.ndim - 1 - dim).T, wanted)


@few
@given(data=st.data())
def test_picking_by_a_permutation_undoes_its_inverse(data):
    x = data.draw(arrays(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5)))
    order = data.draw(st.permutations(range(len(x))))
    picked = tensor(x)[order]
    assert_close(picked[np.argsort(order).tolist()], x)
    weights = data.draw(arrays(x.shape))
    assert_close(gradient(lambda t: t[order], x, weights), weights[np.argsort(order)])


# ---------------------------------------------------------------- broadcasting


@few
@given(data=st.data())
def test_broadcasting_equals_expanding_first(data):
    both = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4))
    x, y = (data.draw(arrays(shape)) for shape in both.input_shapes)
    weights = data.draw(arrays(both.result_shape))
    for f in (
        lambda a, b: a * b,
        lambda a, b: a - b,
        minitorch.maximum,
        lambda a, b: a / (b * b + 1),
    ):
        wide = [
            tensor(np.broadcast_to(array, both.result_shape), requires_grad=True)
            for array in (x, y)
        ]
        narrow = [tensor(array, requires_grad=True) for array in (x, y)]
        assert_close(f(*wide), f(*narrow))
        f(*wide).backward(tensor(weights))
        f(*narrow).backward(tensor(weights))
        for a, b in zip(narrow, wide):
            assert_close(a.grad, _summed(b.grad.numpy(), a.shape))


def _summed(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(0)
    for axis, size in enumerate(shape):
        if size != grad.shape[axis]:
            grad = grad.sum(axis, keepdims=True)
    return grad


@few
@given(data=st.data())
def test_batched_products_equal_single_ones(data):
    batch = data.draw(
        hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, min_side=1, max_side=3)
    )
    n, k, m = data.draw(st.tuples(*[st.integers(0, 4)] * 3))
    a = data.draw(arrays((*batch.input_shapes[0], n, k)))
    b = data.draw(arrays((*batch.input_shapes[1], k, m)))
    assert_close(tensor(a) @ tensor(b), np.matmul(a, b))
    g = np.ones((*batch.result_shape, n, m)) @ np.swapaxes(b, -1, -2)
    assert_close(gradient(lambda t: t @ tensor(b), a), _summed(g, a.shape))


# ---------------------------------------------------------------- together and apart


@few
@given(data=st.data())
def test_taking_apart_and_putting_together(data):
    x = data.draw(arrays(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5)))
    dim, pieces = data.draw(st.integers(-x.ndim, x.ndim - 1)), data.draw(st.integers(1, 5))
    t = tensor(x)
    assert_close(minitorch.cat(t.chunk(pieces, dim), dim), x)
    assert_close(minitorch.cat(t.split(pieces, dim), dim), x)
    assert_close(minitorch.stack(t.unbind(dim), dim), x)
    weights = data.draw(arrays(x.shape))
    assert_close(gradient(lambda t: minitorch.cat(t.split(pieces, dim), dim), x, weights), weights)
    assert_close(gradient(lambda t: minitorch.stack(t.unbind(dim), dim), x, weights), weights)


@few
@given(data=st.data())
def test_indexing_equals_numpy_and_its_gradient_counts(data):
    """With ones as weights the gradient says how often each element was picked."""
    x = data.draw(arrays(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5)))
    size = data.draw(st.integers(0, 6))
    index = tuple(
        data.draw(hnp.arrays(np.int64, size, elements=st.integers(-n, n - 1))) for n in x.shape[:2]
    )
    for key in (index, index[0], (..., index[-1]) if x.ndim < 3 else (slice(None), index[1])):
        wanted = np.zeros_like(x)
        np.add.at(wanted, key, 1)
        assert_close(tensor(x)[key], x[key])
        assert_close(gradient(lambda t: t[key], x), wanted)


@few
@given(data=st.data())
def test_gather_equals_take_along_axis(data):
    x = data.draw(arrays(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5)))
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    shape = list(x.shape)
    shape[dim] = data.draw(st.integers(0, 6))
    index = data.draw(hnp.arrays(np.int64, tuple(shape), elements=st.integers(0, x.shape[dim] - 1)))
    wanted = np.take_along_axis(x, index, dim)
    assert_close(tensor(x).gather(dim, tensor(index)), wanted)
    assert_close(minitorch.take_along_dim(tensor(x), tensor(index), dim), wanted)


# ---------------------------------------------------------------- inverses and identities


@few
@given(same_shape(2))
def test_identities(pair):
    x, y = map(tensor, pair)
    assert_close(x + y - y, x)
    assert_close(x.flip(*range(x.ndim)).flip(*range(x.ndim)), x)
    assert_close(minitorch.maximum(x, y) + minitorch.minimum(x, y), x + y)
    assert_close((x.exp() * y.exp()).log(), x + y)
    assert_close(x.sin() ** 2 + x.cos() ** 2, minitorch.ones_like(x))
    assert_close(x.tanh(), 2 * (2 * x).sigmoid() - 1)
    assert_close(minitorch.where(x > y, x, y), minitorch.maximum(x, y))
    assert_close(x.clamp(-1, 1), x.clamp(min=-1).clamp(max=1))
    assert_close((x * x).sqrt(), abs(x))


@few
@given(arrays(matrices))
def test_triangles_make_up_the_whole(x):
    assert_close(tensor(x).tril() + tensor(x).triu(1), x)
    assert_close(tensor(x).mT.tril(-1).mT, tensor(x).triu(1))

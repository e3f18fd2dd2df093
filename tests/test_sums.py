"""Sums of float32: the error is at most twice that of PyTorch (or of its frozen errors)."""

import numpy as np
import pytest

import minitorch

EPSILON = 2.0**-24  # half a unit in the last place

# Rows, columns, and the largest relative error of PyTorch's sum over the rows, in units of EPSILON.
FROZEN = {(100, 64): 2, (10_000, 2): 1.5, (10_000, 64): 4, (1_000_000, 2): 2.5}


def numbers(rows, columns):
    return np.random.default_rng(0).random((rows, columns), np.float32)


def error(got, x, wanted=None):
    wanted = x.sum(0, dtype=np.float64) if wanted is None else wanted
    return (np.abs(np.asarray(got) - wanted) / np.abs(wanted)).max() / EPSILON


def gradient_of_bias(torch, x):
    """The gradient of a row that was added to all the rows of x."""
    bias = torch.zeros(x.shape[1], requires_grad=True)
    (torch.zeros(x.shape) + bias).backward(torch.from_numpy(x))
    return bias.grad.numpy()


WAYS = {
    "sum": lambda torch, x: torch.from_numpy(x).sum(0).numpy(),
    "mean": lambda torch, x: torch.from_numpy(x).mean(0).numpy() * np.float64(len(x)),
    "gradient of a bias": gradient_of_bias,
    "gradient of a linear bias": lambda torch, x: _of_linear(torch, x),
    "sum of the middle": lambda torch, x: torch.from_numpy(x[None]).sum(1)[0].numpy(),
    "sum of the transposed": lambda torch, x: torch.from_numpy(x.T).sum(1).numpy(),
    "sum of two dimensions": lambda torch, x: (
        torch.from_numpy(x.reshape(10, -1, x.shape[1])).sum((0, 1)).numpy()
    ),
}


def _of_linear(torch, x):
    bias = torch.zeros(x.shape[1], requires_grad=True)
    torch.nn.functional.linear(torch.zeros(len(x), 1), torch.zeros(x.shape[1], 1), bias).backward(
        torch.from_numpy(x)
    )
    return bias.grad.numpy()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", FROZEN)
def test_sums_are_exact_to_a_few_units_in_the_last_place(shape, way):
    x = numbers(*shape)
    assert error(WAYS[way](minitorch, x), x) <= 2 * FROZEN[shape]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", FROZEN)
def test_the_error_is_at_most_twice_that_of_pytorch(shape, way):
    torch = pytest.importorskip("torch")
    x = numbers(*shape)
    assert error(WAYS[way](minitorch, x), x) <= 2 * max(error(WAYS[way](torch, x), x), 1)


@pytest.mark.parametrize("count", [96, 1000, 1024, 4096, 100_000, 2**20])
def test_running_sums_are_exact_too(count):
    x = numbers(count, 2)
    for array, dim in ((x, 0), (np.ascontiguousarray(x.T), 1)):
        assert (
            error(
                minitorch.from_numpy(array).cumsum(dim).numpy(),
                array,
                array.cumsum(dim, np.float64),
            )
            <= 16
        )


def test_ones_are_counted():
    assert minitorch.ones(2**25, 1).sum(0).item() == 2**25
    assert minitorch.ones(2**24 + 1, 2).sum(0).tolist() == [2**24, 2**24]  # the nearest there is
    assert minitorch.ones(2**25, 1).mean(0).item() == 1


@pytest.mark.parametrize(
    "shape", [(0, 3), (1, 3), (33, 2), (65, 1, 3), (127, 3), (1000, 7), (3, 129, 2), (2, 70, 70, 2)]
)
def test_sums_over_all_choices_of_dimensions(shape):
    x = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    for array in (x, x.swapaxes(0, -1), x[::2], np.broadcast_to(x[:1], shape)):
        for choice in range(1, 2**x.ndim):
            dims = tuple(d for d in range(x.ndim) if choice >> d & 1)
            for keepdim in (False, True):
                got = minitorch.from_numpy(array).sum(dims, keepdim).numpy()
                wanted = array.sum(dims, dtype=np.float64, keepdims=keepdim)
                assert got.shape == wanted.shape and got.dtype == np.float32
                np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-4)

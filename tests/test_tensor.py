"""Tensor and its graph: leaves, accumulation, freeing, recording on and off, changes in place,
NumPy.
"""

import copy
import gc
import pickle
import re
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest

import minitorch
from minitorch import (
    Tensor,
    enable_grad,
    float32,
    float64,
    int64,
    is_grad_enabled,
    ones,
    tensor,
    zeros,
)
from minitorch.graph import Node
from tests.small_stack import with_a_small_stack


def leaf(*values):
    return tensor(list(values), requires_grad=True)


def engines():
    """Both engines, or only ours where PyTorch is not installed."""
    try:
        import torch
    except ModuleNotFoundError:
        return [minitorch]
    return [minitorch, torch]


both = pytest.mark.parametrize("torch", engines(), ids=lambda engine: engine.__name__)


# ---------------------------------------------------------------- leaves and gradients


@both
def test_leaves_and_results(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    assert (x.is_leaf, x.requires_grad, x.grad_fn, x.grad) == (True, True, None, None)
    assert (y.is_leaf, y.requires_grad, y.grad_fn is None) == (False, True, False)
    assert torch.zeros(2).is_leaf and not torch.zeros(2).requires_grad
    assert not (x > 1).requires_grad and not x.argmax().requires_grad and not x.long().requires_grad
    assert not x.detach().requires_grad and x.detach().is_leaf and not x.data.requires_grad
    y.sum().backward()
    assert (
        type(x.grad) is torch.Tensor and x.grad.tolist() == [3, 3] and x.grad.requires_grad is False
    )


@both
def test_gradients_accumulate_over_uses_and_passes(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x + x).sum().backward()
    assert x.grad.tolist() == [3, 5]
    first = x.grad
    (2 * x).sum().backward()
    assert x.grad.tolist() == [5, 7] and x.grad is first
    x.grad = None
    x.sum().backward()
    assert x.grad.tolist() == [1, 1]


@both
def test_gradients_of_two_leaves_do_not_share_memory(torch):
    x, y = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    (x + y).sum().backward()
    x.grad += 1
    assert y.grad.tolist() == [1, 1]
    seed = torch.ones(2)
    x.grad = None
    (x * 1).backward(seed)
    x.backward(seed)
    assert seed.tolist() == [1, 1] and x.grad.tolist() == [2, 2]


@both
def test_backward_with_a_gradient(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x).backward(torch.tensor([10.0, 100.0]))
    assert x.grad.tolist() == [20, 400]
    y = torch.tensor([[3.0]], requires_grad=True)
    (y * y).backward()  # one element needs no gradient
    assert y.grad.tolist() == [[6]]


@both
def test_gradients_have_the_dtype_and_shape_of_their_leaf(torch):
    x = torch.ones(3, 1, requires_grad=True)
    w = torch.ones(4, dtype=torch.float64, requires_grad=True)
    (x * w).sum().backward()
    assert (x.grad.dtype, tuple(x.grad.shape)) == (torch.float32, (3, 1))
    assert (w.grad.dtype, tuple(w.grad.shape)) == (torch.float64, (4,))


@both
def test_slices_and_whole_uses_of_one_tensor_add_up(torch):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = x * 1
    a, b = y.unbind(0)
    (a * 10 + b * 100 + y.sum(0) + y[0] + y[:, 1].sum()).sum().backward()
    assert x.grad.tolist() == [[12, 14], [101, 103]]


# ---------------------------------------------------------------- the graph


@both
def test_second_backward_needs_retain_graph(torch):
    x = torch.tensor([2.0], requires_grad=True)
    y = (x * x).exp().sum()
    y.backward(retain_graph=True)
    first = x.grad.item()
    y.backward()
    assert x.grad.item() == pytest.approx(2 * first)
    with pytest.raises(RuntimeError, match="retain_graph"):
        y.backward()


@both
def test_retained_graph_with_slices_gives_the_same_gradients_again(torch):
    x = torch.ones(4, requires_grad=True)
    a, b = (x * 2).split(2)
    y = (a * b + a).sum()
    for n in (1, 2, 3):
        y.backward(retain_graph=True)
        assert x.grad.tolist() == [6 * n, 6 * n, 4 * n, 4 * n]


def test_backward_frees_what_the_graph_holds():
    x = leaf(1.0, 2.0)
    y = x.exp()
    held = weakref.ref(y._data)
    out = (y * y).sum()
    del y
    assert held() is not None
    out.backward()
    assert held() is None


def test_an_unused_graph_is_freed_without_backward():
    gc.collect()
    gc.disable()  # no reference cycles
    try:
        y = leaf(1.0, 2.0).exp()
        held = weakref.ref(y._data)
        z = (y * 2)[0].reshape(1).sum().sqrt()
        del y, z
        assert held() is None
    finally:
        gc.enable()


def test_a_long_chain_is_differentiated_without_recursion():
    def differentiate():
        x = leaf(1.0)
        y = x
        for _ in range(5_000):
            y = y * 1.0 + 0.0
        y.backward()
        assert x.grad.tolist() == [1]

    with_a_small_stack(differentiate)


def test_a_long_chain_is_deleted_without_recursion():
    def nodes():
        gc.collect()
        return sum(type(each) is Node for each in gc.get_objects())

    def delete():
        before, y = nodes(), leaf(1.0)
        for _ in range(10_000):
            y = -y
        assert nodes() == before + 10_000
        del y  # never differentiated: only deleted
        assert nodes() == before

    with_a_small_stack(delete)


def test_a_graph_with_many_paths_is_walked_once():
    x = leaf(1.0)
    y = x
    for _ in range(60):  # 2^60 paths, 60 nodes
        y = y + y
    y.backward()
    assert x.grad.item() == 2.0**60


def test_branches_without_gradient_are_not_recorded():
    x, c = leaf(1.0, 2.0), ones(2)
    y = (x * (c * 2).exp()).sum()
    assert (c * 2).grad_fn is None and y.grad_fn is not None
    y.backward()
    assert c.grad is None


# ---------------------------------------------------------------- recording on and off


@both
def test_no_grad(torch):
    x = torch.ones(2, requires_grad=True)

    @torch.no_grad()
    def inside():
        return x * 2

    with torch.no_grad():
        assert not torch.is_grad_enabled() and not (x * 2).requires_grad
        with torch.enable_grad():
            assert (x * 2).requires_grad
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled() and not inside().requires_grad and not inside().requires_grad
    with pytest.raises(ZeroDivisionError), torch.no_grad():
        raise ZeroDivisionError
    assert torch.is_grad_enabled() and (x * 2).requires_grad


@both
def test_no_grad_belongs_to_its_thread(torch):
    seen = {}
    inside, done = threading.Event(), threading.Event()

    def other():
        seen["other"] = torch.is_grad_enabled()
        inside.set()
        done.wait(5)
        seen["still"] = torch.is_grad_enabled()

    with torch.no_grad():
        thread = threading.Thread(target=other)
        thread.start()
        assert inside.wait(5)
    with torch.no_grad():
        done.set()
        thread.join()
    assert seen == {"other": True, "still": True}


def test_threads_differentiate_side_by_side():
    weight = leaf(2.0, 3.0)
    losses = []

    def work(scale):
        with enable_grad():
            losses.append((weight * scale).sum())

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    sum(losses).backward()
    assert weight.grad.tolist() == [28, 28] and is_grad_enabled()


# ---------------------------------------------------------------- changes in place


@both
def test_changes_in_place_are_refused_for_recorded_leaves(torch):
    x = torch.ones(2, requires_grad=True)
    for name, *given in (
        ("add_", 1),
        ("mul_", 2),
        ("zero_",),
        ("copy_", torch.zeros(2)),
        ("normal_",),
        ("uniform_",),
        ("__setitem__", 0, 5),
        ("__iadd__", 1),
        ("fill_", 1),
        ("clamp_", 0),
    ):
        with pytest.raises(RuntimeError):
            getattr(x, name)(*given)
    assert x.tolist() == [1, 1]
    with torch.no_grad():
        x.add_(1)
        x[0] = 7
        x *= 2
    assert x.tolist() == [14, 4] and x.is_leaf and x.requires_grad


@both
def test_a_value_changed_after_use_is_noticed(torch):
    x = torch.ones(2, requires_grad=True)
    y = (x * x).sum()
    with torch.no_grad():
        x.mul_(3)
    with pytest.raises(RuntimeError, match="modified"):
        y.backward()


@both
def test_assignment_by_index(torch):
    x = torch.zeros(3, 4)
    x[0] = 1
    x[1, 2:] = torch.tensor([2.0, 3.0])
    x[x == 0] = -1
    x[torch.tensor([2, 0]), [0, 1]] = torch.tensor([8.0, 9.0])
    x[..., -1] += 10
    x[2][1] = 5
    assert x.tolist() == [[1, 9, 1, 11], [-1, -1, 2, 13], [8, 5, -1, 9]]
    whole = torch.zeros(2, dtype=torch.int64)
    whole[:] = 1.7  # what is stored takes its dtype
    assert whole.tolist() == [1, 1] and whole.fill_(2.9).tolist() == [2, 2]
    with pytest.raises((RuntimeError, IndexError)):
        x[0] = torch.zeros(5)
    with pytest.raises(IndexError):
        x[5] = 0


@both
def test_views_share_memory_and_copies_do_not(torch):
    x = torch.zeros(2, 3)
    for view in (
        x.view(6),
        x.T,
        x[0],
        x[0, 0],
        x[:, 1:],
        x.reshape(3, 2),
        x.unsqueeze(0),
        x.detach(),
        x.data,
        x.split(1)[0],
        x.unbind(1)[0],
        x.permute(1, 0),
        x.squeeze(),
        x.flatten(),
    ):
        before = x[0, :2].sum().item()
        view += 1
        assert x[0, :2].sum().item() > before
    kept = x.tolist()
    for copy in (
        x.clone(),
        x.flip(0),
        x.roll(1),
        x[[0, 1]],
        x[x == x],
        x + 0,
        x.T.contiguous(),
        x.tril(),
        x.repeat(1, 1),
        torch.tensor(x.numpy()),
        x.double(),
        torch.cat([x]),
        torch.stack([x]),
    ):
        copy += 1
    assert x.tolist() == kept
    assert x.contiguous() is x and x.to(torch.float32) is x and x.float() is x
    with pytest.raises(RuntimeError):
        torch.zeros(1).expand(3).add_(1)


# ---------------------------------------------------------------- numbers in and out


@both
def test_numpy_goes_in_and_out(torch):
    array = np.arange(6.0).reshape(2, 3)
    shared, copied = torch.from_numpy(array), torch.tensor(array)
    array[0, 0] = 9
    assert shared[0, 0] == 9 and copied[0, 0] == 0 and shared.dtype == torch.float64
    assert np.shares_memory(shared.numpy(), array) and np.shares_memory(
        shared.detach().numpy(), array
    )
    assert np.asarray(shared).dtype == np.float64 and np.sin(shared.numpy()).shape == (2, 3)
    assert torch.as_tensor(shared) is shared and torch.as_tensor([1, 2]).tolist() == [1, 2]
    assert shared.shape == (2, 3) == shared.size() and shared.size(-1) == 3 and len(shared) == 2
    assert (shared.dim(), shared.ndim, shared.numel()) == (2, 2, 6)


def test_numpy_does_not_take_over():
    x = tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError):
        np.sin(x)
    with pytest.raises(TypeError):
        np.ones((2, 2)) @ x
    with pytest.raises(RuntimeError, match="detach"):
        x.numpy()
    with pytest.raises(TypeError, match="int16"):
        tensor(np.ones(2, np.int16))


@both
def test_one_element_is_a_number(torch):
    assert (
        torch.tensor(2.5).item() == 2.5
        and float(torch.tensor([2.5])) == 2.5
        and int(torch.tensor(3)) == 3
    )
    assert type(torch.tensor(1).item()) is int and type(torch.tensor(True).item()) is bool
    assert bool(torch.tensor([0.0])) is False and [10, 20, 30][torch.tensor(1)] == 20
    assert [x.item() for x in torch.tensor([1, 2])] == [1, 2]
    with pytest.raises(TypeError):
        list(torch.tensor(1.0))


@both
def test_tensors_are_hashed_by_identity(torch):
    x, y = torch.ones(2), torch.ones(2)
    assert len({x, y, x}) == 2 and {x: 1}[x] == 1


def test_representation():
    assert repr(tensor([1.0, 2.0], requires_grad=True)) == "tensor([1., 2.], requires_grad=True)"
    assert repr(tensor([1, 2])) == "tensor([1, 2])"
    assert repr(tensor(0.5, dtype=float64)) == "tensor(0.5000, dtype=torch.float64)"
    assert "grad_fn=<mul>" in repr(leaf(1.0) * 2)


def test_errors_name_operation_and_shapes():
    for name, operation in (
        ("add", lambda x: x + zeros(4)),
        ("matmul", lambda x: x @ x),
        ("reshape", lambda x: x.view(5)),
        ("cat", lambda x: minitorch.cat([x, zeros(2)])),
    ):
        with pytest.raises(RuntimeError, match=rf"{name}.*\(2, 3\)"):
            operation(zeros(2, 3))


# ---------------------------------------------------------------- random numbers


@both
def test_seeds_and_states_repeat_the_numbers(torch):
    def some(generator=None):
        return torch.cat(
            [
                torch.rand(3, generator=generator),
                torch.randn(5, generator=generator),
                torch.randint(9, (3,), generator=generator).float(),
                torch.randperm(4, generator=generator).float(),
            ]
        ).tolist()

    torch.manual_seed(3)
    first, second = some(), some()
    torch.manual_seed(3)
    assert first != second and some() == first
    state = torch.get_rng_state()
    third = some()
    torch.set_rng_state(state)
    assert some() == third
    generator = torch.Generator().manual_seed(3)
    a = some(generator)
    state = generator.get_state()
    b = some(generator)
    generator.set_state(state)
    assert some(generator) == b != a and generator.initial_seed() == 3
    assert some(torch.Generator().manual_seed(3)) == a != some(torch.Generator().manual_seed(4))
    assert torch.randn(2, 3).shape == (2, 3) == torch.rand((2, 3)).shape
    assert (
        torch.zeros(4).normal_(generator=generator.manual_seed(1)).tolist()
        == torch.zeros(4).normal_(generator=generator.manual_seed(1)).tolist()
    )


@both
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_random_numbers_have_their_distribution(torch, dtype):
    dtype = getattr(torch, dtype)
    torch.manual_seed(0)
    count = 40_000
    for x, mean, std, low, high in (
        (torch.rand(count, dtype=dtype), 0.5, 12**-0.5, 0, 1),
        (torch.randn(count, dtype=dtype), 0, 1, -6, 6),
        (torch.rand_like(torch.zeros(count, dtype=dtype)), 0.5, 12**-0.5, 0, 1),
        (torch.randn_like(torch.zeros(count, dtype=dtype)), 0, 1, -6, 6),
        (torch.zeros(count, dtype=dtype).uniform_(-2, 4), 1, 3**0.5, -2, 4),
        (torch.zeros(count, dtype=dtype).normal_(5, 2), 5, 2, -7, 17),
    ):
        assert x.dtype == dtype and low <= x.min() and x.max() <= high
        assert x.mean().item() == pytest.approx(mean, abs=5 * std / count**0.5)
        assert x.std().item() == pytest.approx(std, rel=0.03)
    whole = torch.randint(-2, 3, (count,))
    assert sorted(set(whole.tolist())) == [-2, -1, 0, 1, 2] and whole.dtype == torch.int64
    assert sorted(torch.randperm(50).tolist()) == list(range(50))


# ---------------------------------------------------------------- fast ways


@pytest.mark.parametrize("size", [1, 5, 256, 257, 1000])
@pytest.mark.parametrize("count", [0, 1, 40])
def test_scatter_add_rows_equals_the_loop(size, count):
    from minitorch.indexing import scatter_add_rows

    rng = np.random.default_rng(0)
    ids, rows = rng.integers(0, size, count), rng.standard_normal((count, 3))
    wanted = np.zeros((size, 3))
    for id, row in zip(ids, rows):
        wanted[id] += row
    np.testing.assert_allclose(scatter_add_rows(ids, rows, size), wanted, atol=1e-12)


def test_the_core_is_what_the_package_says_and_short():
    folder = Path(minitorch.__file__).parent
    core, families = re.search(
        r"reading order:\n\n(.*?)\n\nAround it.*?:\n\n(.*?)\n\n", minitorch.__doc__, re.S
    ).groups()
    names = re.findall(r"^    ([a-z]+) ", core, re.M)
    lines = sum(
        len((folder / f"{name}.py").read_text(encoding="utf-8").splitlines()) for name in names
    )
    assert names[0] == "graph" and lines < 1000
    there = {
        path.stem
        for path in folder.iterdir()
        if path.suffix in ("", ".py") and not path.stem.startswith("_")
    }
    assert {
        *names,
        *re.findall(r"[a-z]+", " ".join(re.findall(r"^    (\S.*?)(?:  |$)", families, re.M))),
    } == there


def test_dtypes_are_those_of_numpy():
    assert (float32, float64, int64) == (
        np.dtype("float32"),
        np.dtype("float64"),
        np.dtype("int64"),
    )
    assert minitorch.float == float32 and minitorch.double == float64 and minitorch.long == int64
    assert minitorch.bool == np.dtype(bool) and isinstance(zeros(1), Tensor)


@both
def test_deep_copies_and_pickles_are_tensors_of_their_own(torch):
    base = torch.zeros(3)
    view, weight = base[1:], torch.ones(2, requires_grad=True)
    for copied in (copy.deepcopy(view), pickle.loads(pickle.dumps(view))):
        copied.add_(weight).sum().backward()
        assert copied.tolist() == [1, 1] and base.tolist() == [0, 0, 0]
    again = copy.deepcopy([weight, weight])
    assert again[0] is again[1] is not weight and again[0].requires_grad
    assert again[0].grad.tolist() == [2, 2]
    with pytest.raises(RuntimeError):
        copy.deepcopy(weight * 2)


def test_a_view_whose_base_has_moved_is_not_followed():
    base = ones(3)
    view = base[1:]
    base.data = zeros(3)
    with pytest.raises(RuntimeError, match="no longer share memory"):
        view.add_(leaf(1.0, 1.0))


def test_a_dtype_is_known_by_what_it_is_not_by_its_identity():
    """A mask from another process has an equal dtype that is another object."""

    def again(array):
        return minitorch.from_numpy(pickle.loads(pickle.dumps(array)))

    mask, ids, x = (
        again(np.array([True, False])),
        again(np.array([1, 0])),
        again(np.ones(2, np.float32)),
    )
    x.requires_grad_()
    out = (
        minitorch.where(mask, x, 0.0)
        + x.masked_fill(mask, 0.0)
        + x[mask]
        + x[ids]
        + minitorch.nn.functional.relu(x)
    )
    out.sum().backward()
    assert out.dtype == float32 and x.grad.tolist() == [5, 3] and (~mask).tolist() == [False, True]
    assert (mask & mask).tolist() == [True, False] and (
        x.detach() * x.detach().double()
    ).dtype == float64

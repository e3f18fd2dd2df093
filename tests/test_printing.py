"""Tensors look as in PyTorch: random ones beside it (small programs: engine_cases.py, SHOWN)."""

import numpy as np
import pytest

import minitorch

SHAPES = [(), (1,), (7,), (40,), (0,), (0, 3), (2, 0), (3, 4), (1, 30), (2, 3, 4), (2, 1, 2, 9)]
SHAPES += [(1200,), (30, 50), (2, 3, 300), (400, 1, 3)]  # more than 1000 elements: cut
KINDS = {
    "scaled": lambda rng, x: x * 10.0 ** rng.integers(-6, 9),
    "whole": lambda rng, x: np.round(x * 5),
    "of all sizes": lambda rng, x: np.exp(4 * x),
    "with nan": lambda rng, x: np.where(rng.random(x.shape) < 0.3, np.nan, np.round(x * 100)),
    "with inf": lambda rng, x: np.where(rng.random(x.shape) < 0.3, -np.inf, x),
    "with zeros": lambda rng, x: np.where(rng.random(x.shape) < 0.6, 0, x),
    "constant": lambda rng, x: np.full(
        x.shape, rng.choice([0, -0.0, np.nan, np.inf, 1e8, 99999999, 1e-4, 1e-5, 123456])
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "bool"])
def test_random_tensors_look_as_in_pytorch(kind, dtype):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(len(kind))
    for shape in SHAPES:
        values = np.asarray(KINDS[kind](rng, rng.standard_normal(shape)))
        array = np.nan_to_num(values, posinf=9, neginf=-9) if dtype[0] in "ib" else values
        array = np.clip(array, -1e9, 1e9) if dtype[0] == "i" else array
        for grad in (False, True) if dtype[0] == "f" else (False,):
            ours, theirs = (
                repr(engine.tensor(array.astype(dtype), requires_grad=grad))
                for engine in (minitorch, torch)
            )
            assert ours == theirs


def test_what_made_a_tensor_is_shown_on_a_line_of_its_own_if_there_is_no_room():
    x = minitorch.full((9,), 0.25, requires_grad=True)
    assert repr(x[:2] * 2) == "tensor([0.5000, 0.5000], grad_fn=<mul>)"
    assert repr(x * 2).endswith("0.5000],\n       grad_fn=<mul>)")

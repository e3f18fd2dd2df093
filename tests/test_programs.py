"""Ten programs as people write them for PyTorch, each run on both engines, which must agree after
20 steps.

Only the imports are switched (tests/twin.py). PyTorch's random numbers are others than ours, so
here it is lent ours: every function that draws is replaced by one that draws on minitorch. Each
program leaves `losses`, one number per step, and `results`, what else it computed: tensors and
numbers.
"""

from pathlib import Path

import numpy as np
import pytest

import minitorch
from minitorch.nn import functional as F
from twin import switch_imports

torch = pytest.importorskip("torch")
PROGRAMS = sorted(path.stem for path in (Path(__file__).parent / "programs").glob("*.py"))
TOLERANCE = 1e-5


def run(name, switch):
    """The names that a program leaves."""
    path = Path(__file__).parent / "programs" / f"{name}.py"
    source = path.read_text(encoding="utf-8")
    names = {"__name__": name}
    exec(compile(switch_imports(source) if switch else source, str(path), "exec"), names)
    return names


@pytest.fixture
def lent_random_numbers(monkeypatch):
    """Let PyTorch draw from minitorch's generators."""

    def theirs(x):
        return torch.from_numpy(x.numpy()) if isinstance(x, minitorch.Tensor) else x

    def ours(x):
        return minitorch.tensor(x.detach().numpy()) if isinstance(x, torch.Tensor) else x

    def lend(draw):
        return lambda *args, **kwargs: theirs(
            draw(*map(ours, args), **{key: ours(x) for key, x in kwargs.items()})
        )

    for name in (
        "rand",
        "randn",
        "randint",
        "randperm",
        "rand_like",
        "randn_like",
        "multinomial",
        "manual_seed",
    ):
        monkeypatch.setattr(torch, name, lend(getattr(minitorch, name)))
    monkeypatch.setattr(torch, "Generator", minitorch.Generator)
    for name in ("uniform_", "normal_"):

        def in_place(self, *args, name=name, **kwargs):
            draw = getattr(minitorch.empty(*self.shape), name)
            with torch.no_grad():
                return self.copy_(theirs(draw(*args, **kwargs)))

        monkeypatch.setattr(torch.Tensor, name, in_place)
    monkeypatch.setattr(
        torch.nn.functional,
        "dropout",
        lambda input, p=0.5, training=True, inplace=False: (
            input * theirs(F.dropout(minitorch.ones(*input.shape), p, training))
        ),
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_gives_the_same_on_both_engines(name, lent_random_numbers):
    minitorch.manual_seed(0)
    mine = run(name, switch=False)
    minitorch.manual_seed(0)
    theirs = run(name, switch=True)
    assert len(mine["losses"]) >= 20
    np.testing.assert_allclose(mine["losses"], theirs["losses"], rtol=TOLERANCE, atol=TOLERANCE)
    for got, wanted in zip(mine["results"], theirs["results"], strict=True):
        if isinstance(wanted, torch.Tensor):
            assert str(wanted.dtype) == f"torch.{got.dtype}" and tuple(wanted.shape) == got.shape
            got, wanted = got.detach().numpy(), wanted.detach().numpy()
        np.testing.assert_allclose(got, wanted, rtol=TOLERANCE, atol=TOLERANCE)


def test_there_are_ten_programs_of_at_most_sixty_lines():
    assert len(PROGRAMS) == 10
    for name in PROGRAMS:
        text = (Path(__file__).parent / "programs" / f"{name}.py").read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 60, name

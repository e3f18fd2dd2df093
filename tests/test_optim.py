"""Optimizers and learning rates: the same steps as PyTorch, the same bits after a stop and a resumption."""
import math

import numpy as np
import pytest

import minitorch
from minitorch import nn, optim

SHAPES = ((3, 2), (4,), ())
OPTIMIZERS = {
    "SGD": lambda optim, p: optim.SGD(p, lr=0.1),
    "SGD weight decay": lambda optim, p: optim.SGD(p, lr=0.1, weight_decay=0.3),
    "SGD momentum": lambda optim, p: optim.SGD(p, lr=0.1, momentum=0.9),
    "SGD dampening": lambda optim, p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.4, weight_decay=0.1),
    "SGD nesterov": lambda optim, p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    "SGD defaults": lambda optim, p: optim.SGD(p),
    "RMSprop": lambda optim, p: optim.RMSprop(p),
    "RMSprop settings": lambda optim, p: optim.RMSprop(p, lr=0.1, alpha=0.8, eps=1e-3, weight_decay=0.3),
    "RMSprop momentum": lambda optim, p: optim.RMSprop(p, momentum=0.9, centered=True),
    "Adam": lambda optim, p: optim.Adam(p),
    "Adam weight decay": lambda optim, p: optim.Adam(p, lr=0.1, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.3),
    "AdamW": lambda optim, p: optim.AdamW(p),
    "AdamW settings": lambda optim, p: optim.AdamW(p, lr=0.1, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.3),
    "AdamW groups": lambda optim, p: optim.AdamW(
        [{"params": p[:1], "weight_decay": 0.0}, {"params": p[1:], "lr": 0.05, "betas": (0.5, 0.6)}], lr=0.1),
    "SGD groups": lambda optim, p: optim.SGD([{"params": p[0]}, {"params": p[1:], "momentum": 0.5}], lr=0.1),
}
SCHEDULERS = {
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda t: 0.9 ** t),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, T_max=5, eta_min=0.01),
    "StepLR": lambda s, o: s.StepLR(o, step_size=4, gamma=0.5),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, milestones=[9, 3, 17, 9]),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.9),
    "LinearLR": lambda s, o: s.LinearLR(o, start_factor=0.1, total_iters=4),
    "LinearLR down": lambda s, o: s.LinearLR(o, start_factor=1.0, end_factor=0.2),
    "warm-up, then cosine": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, start_factor=0.01, total_iters=4), s.CosineAnnealingLR(o, T_max=9)], milestones=[4]),
    "three in a row": lambda s, o: s.SequentialLR(
        o, [s.LambdaLR(o, lambda t: (t + 1) / 3), s.CosineAnnealingLR(o, T_max=3), s.LinearLR(o)], milestones=[3, 7]),
}


class Problem:
    """Parameters in float64 and a gradient for each step, on either engine."""

    def __init__(self, engine, make_optimizer, make_scheduler=None):
        rng = np.random.default_rng(0)
        self.engine = engine
        self.parameters = [engine.nn.Parameter(engine.tensor(rng.standard_normal(shape))) for shape in SHAPES]
        self.unused = engine.nn.Parameter(engine.tensor(np.ones(3)))              # never gets a gradient
        self.optimizer = make_optimizer(engine.optim, [*self.parameters, self.unused])
        self.scheduler = make_scheduler and make_scheduler(engine.optim.lr_scheduler, self.optimizer)
        self.rates = []

    def steps(self, numbers):
        for number in numbers:
            rng = np.random.default_rng(number)
            self.optimizer.zero_grad()
            for p in self.parameters:
                p.grad = self.engine.tensor(rng.standard_normal(tuple(p.shape)))
            self.optimizer.step()
            self.rates.append([group["lr"] for group in self.optimizer.param_groups])
            if self.scheduler:
                self.scheduler.step()
        return self

    def values(self):
        return [p.detach().numpy() for p in (*self.parameters, self.unused)]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_equal_pytorch(name):
    torch = pytest.importorskip("torch")
    ours, theirs = (Problem(engine, OPTIMIZERS[name]).steps(range(25)) for engine in (minitorch, torch))
    for p, q in zip(ours.values(), theirs.values()):
        np.testing.assert_allclose(p, q, rtol=1e-11, atol=1e-13)
    assert (ours.values()[0] != Problem(minitorch, OPTIMIZERS[name]).values()[0]).all()


@pytest.mark.parametrize("optimizer", ["SGD groups", "AdamW settings"])
@pytest.mark.parametrize("name", SCHEDULERS)
def test_learning_rates_equal_pytorch(name, optimizer):
    torch = pytest.importorskip("torch")
    ours, theirs = (Problem(engine, OPTIMIZERS[optimizer], SCHEDULERS[name]) for engine in (minitorch, torch))
    ours.steps(range(30)), theirs.steps(range(30))
    np.testing.assert_allclose(ours.rates, theirs.rates, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(ours.scheduler.get_last_lr(), theirs.scheduler.get_last_lr(), rtol=1e-11, atol=1e-15)
    for p, q in zip(ours.values(), theirs.values()):
        np.testing.assert_allclose(p, q, rtol=1e-10, atol=1e-13)
    assert len({rate for rate, *_ in ours.rates}) > 3


def test_two_schedulers_on_one_optimizer_equal_pytorch():
    torch = pytest.importorskip("torch")
    rates = []
    for engine in (minitorch, torch):
        problem = Problem(engine, OPTIMIZERS["SGD"], SCHEDULERS["LinearLR"])
        other = engine.optim.lr_scheduler.CosineAnnealingLR(problem.optimizer, T_max=6)
        for number in range(12):
            problem.steps([number])
            other.step()
        rates.append(problem.rates)
    np.testing.assert_allclose(*rates, rtol=1e-11, atol=1e-15)


def test_warm_up_and_cosine_by_formula():
    scheduler = SCHEDULERS["warm-up, then cosine"]
    rates = [rate for rate, in Problem(minitorch, OPTIMIZERS["SGD"], scheduler).steps(range(13)).rates]
    wanted = [0.1 * (0.01 + 0.99 * t / 4) for t in range(4)]
    wanted += [0.1 * (1 + math.cos(math.pi * t / 9)) / 2 for t in range(9)]
    np.testing.assert_allclose(rates, wanted, rtol=1e-12)


@pytest.mark.parametrize("scheduler", [None, *SCHEDULERS])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_resuming_gives_the_same_bits(name, scheduler, tmp_path):
    make = OPTIMIZERS[name], SCHEDULERS.get(scheduler)
    straight = Problem(minitorch, *make).steps(range(12))
    first = Problem(minitorch, *make).steps(range(5))
    minitorch.save({"values": [minitorch.tensor(x) for x in first.values()], "optimizer": first.optimizer.state_dict(),
                    "scheduler": first.scheduler and first.scheduler.state_dict()}, tmp_path / "checkpoint.npz")
    saved = minitorch.load(tmp_path / "checkpoint.npz")
    first.steps(range(5, 7))                                                      # must not reach into what was saved
    resumed = Problem(minitorch, *make)
    with minitorch.no_grad():
        for p, x in zip((*resumed.parameters, resumed.unused), saved["values"]):
            p.copy_(x)
    resumed.optimizer.load_state_dict(saved["optimizer"])
    if scheduler:
        resumed.scheduler.load_state_dict(saved["scheduler"])
    resumed.steps(range(5, 12))
    for p, q in zip(straight.values(), resumed.values()):
        assert p.tobytes() == q.tobytes()
    assert straight.rates[5:] == resumed.rates


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_state_dict_has_pytorchs_structure(name):
    torch = pytest.importorskip("torch")
    ours, theirs = (Problem(e, OPTIMIZERS[name]).steps(range(3)).optimizer.state_dict() for e in (minitorch, torch))
    assert list(ours) == list(theirs)
    their_state = {n: {k: v for k, v in state.items() if v is not None} for n, state in theirs["state"].items()}
    assert {n: set(s) for n, s in ours["state"].items() if s} == {n: set(s) for n, s in their_state.items() if s}
    for n, state in ours["state"].items():
        for key, value in state.items():
            np.testing.assert_allclose(value.numpy(), their_state[n][key].numpy(), rtol=1e-11)
            assert value.numpy().dtype == their_state[n][key].numpy().dtype
    for our_group, their_group in zip(ours["param_groups"], theirs["param_groups"]):
        assert our_group == {key: their_group[key] for key in our_group}


def test_pytorchs_state_goes_on_here():
    torch = pytest.importorskip("torch")
    ours, theirs = (Problem(engine, OPTIMIZERS["AdamW settings"]) for engine in (minitorch, torch))
    theirs.steps(range(6))
    state = theirs.optimizer.state_dict()
    state["state"] = {n: {k: minitorch.tensor(v.numpy()) for k, v in s.items()} for n, s in state["state"].items()}
    ours.optimizer.load_state_dict(state)
    with minitorch.no_grad():
        for p, x in zip(ours.parameters, theirs.values()):
            p.copy_(minitorch.tensor(x.copy()))
    for p, q in zip(ours.steps(range(6, 12)).values(), theirs.steps(range(6, 12)).values()):
        np.testing.assert_allclose(p, q, rtol=1e-11)


def test_steps_stay_in_float32_and_in_place():
    p = nn.Parameter(minitorch.ones(3))
    memory = p.detach().numpy()
    for make in OPTIMIZERS.values():
        optimizer = make(optim, [p, nn.Parameter(minitorch.ones(2))])
        p.grad = minitorch.ones(3)
        optimizer.step()
        assert p.dtype == minitorch.float32 and p.is_leaf and p.detach().numpy() is not None
        assert np.shares_memory(p.detach().numpy(), memory)
        assert all(x.dtype == minitorch.float32 for state in optimizer.state.values() for x in state.values())
    assert (memory != 1).all()


def test_a_step_between_forward_and_backward_is_noticed():
    p = nn.Parameter(minitorch.ones(3))
    loss = (p * p).sum()
    p.grad = minitorch.ones(3)
    optim.SGD([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        loss.backward()


def test_closure_and_zero_grad():
    p = nn.Parameter(minitorch.ones(3))
    optimizer = optim.SGD([p], lr=0.5)

    @minitorch.no_grad()
    def step_without_recording():
        def closure():
            optimizer.zero_grad()
            loss = (p * p).sum()
            loss.backward()
            return loss
        return optimizer.step(closure)

    assert step_without_recording().item() == 3 and (p.detach().numpy() == 0).all()
    optimizer.zero_grad(set_to_none=False)
    assert (p.grad.numpy() == 0).all()
    optimizer.zero_grad()
    assert p.grad is None


def test_add_param_group():
    p, q = nn.Parameter(minitorch.ones(3)), nn.Parameter(minitorch.ones(2))
    optimizer = optim.SGD([p], lr=0.1)
    optimizer.add_param_group({"params": q, "lr": 1.0})
    p.grad, q.grad = minitorch.ones(3), minitorch.ones(2)
    optimizer.step()
    np.testing.assert_allclose(p.detach().numpy(), 0.9, rtol=1e-6)
    assert (q.detach().numpy() == 0).all() and len(optimizer.param_groups) == 2


ERRORS = {
    "no parameters": (ValueError, lambda e, p: e.optim.SGD([])),
    "one tensor": (TypeError, lambda e, p: e.optim.SGD(p)),
    "no tensors": (TypeError, lambda e, p: e.optim.SGD([1.0])),
    "not a leaf": (ValueError, lambda e, p: e.optim.SGD([p * 2])),
    "twice": (ValueError, lambda e, p: e.optim.SGD([{"params": [p]}, {"params": [p]}])),
    "negative rate": (ValueError, lambda e, p: e.optim.Adam([p], lr=-1.0)),
    "negative decay": (ValueError, lambda e, p: e.optim.AdamW([p], weight_decay=-1.0)),
    "negative eps": (ValueError, lambda e, p: e.optim.Adam([p], eps=-1.0)),
    "negative momentum": (ValueError, lambda e, p: e.optim.SGD([p], momentum=-1.0)),
    "beta too large": (ValueError, lambda e, p: e.optim.Adam([p], betas=(0.9, 1.0))),
    "nesterov without momentum": (ValueError, lambda e, p: e.optim.SGD([p], nesterov=True)),
    "other groups": (ValueError, lambda e, p: e.optim.SGD([p]).load_state_dict(
        e.optim.SGD([p, e.nn.Parameter(e.ones(1))]).state_dict())),
    "factor of zero": (ValueError, lambda e, p: e.optim.lr_scheduler.LinearLR(e.optim.SGD([p]), start_factor=0)),
    "lambdas missing": (ValueError, lambda e, p: e.optim.lr_scheduler.LambdaLR(e.optim.SGD([p]), [abs, abs])),
    "milestones missing": (ValueError, lambda e, p: (lambda o, s: s.SequentialLR(o, [s.LinearLR(o), s.LinearLR(o)], []))(
        e.optim.SGD([p]), e.optim.lr_scheduler)),
    "another optimizer": (ValueError, lambda e, p: (lambda o, s: s.SequentialLR(e.optim.SGD([p]), [s.LinearLR(o)], []))(
        e.optim.SGD([p]), e.optim.lr_scheduler)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error_kinds(name):
    kind, call = ERRORS[name]
    with pytest.raises(kind):
        call(minitorch, nn.Parameter(minitorch.ones(2)))
    torch = pytest.importorskip("torch")
    with pytest.raises(kind):
        call(torch, torch.nn.Parameter(torch.ones(2)))

"""Layers and losses as modules: the same names in the state_dict, outputs and gradients as
PyTorch's.
"""

import numpy as np
import pytest

import minitorch
from minitorch import nn

IDS, CLASSES = np.array([[0, 2, 1], [4, 2, 2]]), np.array([0, 2, 1])
LAYERS = {  # (how to make it, shape of its input, or the input)
    "Linear": (lambda nn: nn.Linear(4, 3), (2, 5, 4)),
    "Embedding": (lambda nn: nn.Embedding(5, 3), IDS),
    "Embedding padding": (lambda nn: nn.Embedding(5, 3, padding_idx=2), IDS),
    "LayerNorm": (lambda nn: nn.LayerNorm(4), (2, 3, 4)),
    "RMSNorm": (lambda nn: nn.RMSNorm(4), (2, 3, 4)),
    "BatchNorm1d": (lambda nn: nn.BatchNorm1d(4), (6, 4)),
    "BatchNorm1d of sequences": (lambda nn: nn.BatchNorm1d(4, momentum=None), (3, 4, 5)),
    "BatchNorm1d plain": (
        lambda nn: nn.BatchNorm1d(4, affine=False, track_running_stats=False),
        (6, 4),
    ),
    "Flatten": (lambda nn: nn.Flatten(), (2, 3, 4)),
    "Identity": (lambda nn: nn.Identity(3, x=2), (2, 3)),
    "Tanh": (lambda nn: nn.Tanh(), (3, 4)),
    "Sigmoid": (lambda nn: nn.Sigmoid(), (3, 4)),
    "LogSigmoid": (lambda nn: nn.LogSigmoid(), (3, 4)),
    "ReLU": (lambda nn: nn.ReLU(), (3, 4)),
    "ReLU inplace": (lambda nn: nn.Sequential(nn.Linear(4, 3), nn.ReLU(inplace=True)), (3, 4)),
    "LeakyReLU": (lambda nn: nn.LeakyReLU(0.2), (3, 4)),
    "ELU": (lambda nn: nn.ELU(), (3, 4)),
    "SiLU": (lambda nn: nn.SiLU(), (3, 4)),
    "GELU": (lambda nn: nn.GELU("tanh"), (3, 4)),
    "Softplus": (lambda nn: nn.Softplus(beta=2), (3, 4)),
    "Softmax": (lambda nn: nn.Softmax(dim=0), (3, 4)),
    "LogSoftmax": (lambda nn: nn.LogSoftmax(dim=-1), (3, 4)),
    "Dropout of nothing": (lambda nn: nn.Dropout(0.0), (3, 4)),
}
LOSSES = {
    "CrossEntropyLoss": (lambda nn, w: nn.CrossEntropyLoss(w, label_smoothing=0.1), CLASSES),
    "CrossEntropyLoss ignoring": (
        lambda nn, w: nn.CrossEntropyLoss(ignore_index=2, reduction="sum"),
        CLASSES,
    ),
    "MSELoss": (lambda nn, w: nn.MSELoss(), (3, 4)),
    "L1Loss": (lambda nn, w: nn.L1Loss(reduction="sum"), (3, 4)),
    "HuberLoss": (lambda nn, w: nn.HuberLoss(delta=0.3), (3, 4)),
    "SmoothL1Loss": (lambda nn, w: nn.SmoothL1Loss(beta=0.3), (3, 4)),
    "BCEWithLogitsLoss": (lambda nn, w: nn.BCEWithLogitsLoss(pos_weight=w), (3, 4)),
    "KLDivLoss": (lambda nn, w: nn.KLDivLoss(reduction="batchmean", log_target=True), (3, 4)),
}


def numbers(shape):
    return np.random.default_rng(0).standard_normal(shape) if isinstance(shape, tuple) else shape


def run(engine, layer, x):
    """[output, gradient of the input and of each parameter] of a sum weighted by cos(0, 1, 2,
    ...).
    """
    x = engine.tensor(x, requires_grad=x.dtype.kind == "f")
    out = layer(x)
    weights = np.cos(np.arange(out.numel())).reshape(tuple(out.shape))
    if out.requires_grad:
        (out * engine.tensor(weights)).sum().backward()
    return [out, *[t.grad for t in (x, *layer.parameters()) if t.requires_grad]]


def assert_close(mine, theirs):
    assert len(mine) == len(theirs)
    for m, t in zip(mine, theirs):
        np.testing.assert_allclose(m.detach().numpy(), t.detach().numpy(), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_equal_pytorch(name):
    torch = pytest.importorskip("torch")
    make, x = LAYERS[name]
    mine, theirs = make(nn).double(), make(torch.nn).double()
    assert [(key, tuple(t.shape)) for key, t in mine.state_dict().items()] == [
        (key, tuple(t.shape)) for key, t in theirs.state_dict().items()
    ]
    theirs.load_state_dict({key: torch.tensor(t.numpy()) for key, t in mine.state_dict().items()})
    for training in (True, True, False):  # what is kept between calls counts, too
        mine.train(training), theirs.train(training)
        mine.zero_grad(), theirs.zero_grad()
        assert_close(run(minitorch, mine, numbers(x)), run(torch, theirs, numbers(x)))
    assert_close(list(mine.state_dict().values()), list(theirs.state_dict().values()))


@pytest.mark.parametrize("name", LOSSES)
def test_losses_equal_pytorch(name):
    torch = pytest.importorskip("torch")
    make, target = LOSSES[name]
    results = []
    for engine in (minitorch, torch):
        loss = make(engine.nn, engine.tensor(np.array([0.5, 1, 2, 3])))
        x, y = (
            engine.tensor(numbers((3, 4)), requires_grad=True),
            engine.tensor(np.abs(numbers(target))),
        )
        out = loss(x, y)
        out.backward()
        results.append([out, x.grad])
    assert_close(*results)


def test_bce_loss_equals_pytorch():
    torch = pytest.importorskip("torch")
    p = np.random.default_rng(0).uniform(size=(3, 4))
    assert_close(
        *[
            [engine.nn.BCELoss()(engine.tensor(p), engine.tensor(p.round()))]
            for engine in (minitorch, torch)
        ]
    )


def test_embeddings_can_be_taken_over_and_frozen():
    table = minitorch.arange(6.0).reshape(3, 2)
    layer = nn.Embedding.from_pretrained(table)
    assert (
        layer(minitorch.tensor([2, 0])).tolist() == [[4, 5], [0, 1]]
        and not layer.weight.requires_grad
    )
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad


def test_parts_of_containers_can_be_replaced():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    model[1], model[-2] = nn.ReLU(), nn.Linear(2, 4)
    assert [type(part).__name__ for part in model] == ["Linear", "ReLU"] and model[
        0
    ].out_features == 4
    with pytest.raises(TypeError, match="Module"):
        model[0] = 3


def test_models_go_to_the_cpu_and_nowhere_else():
    model = nn.Linear(2, 3)
    assert (
        model.to("cpu") is model and model.to(minitorch.device("cpu"), minitorch.float64) is model
    )
    assert model.weight.dtype == minitorch.float64 and model.cpu() is model
    with pytest.raises(RuntimeError, match="no device 'cuda'"):
        model.to("cuda")
    assert not minitorch.cuda.is_available() and not minitorch.backends.mps.is_available()
    assert nn.Linear(2, 3, device="cpu", dtype=minitorch.float64).weight.device == minitorch.device(
        "cpu"
    )


def test_an_error_says_in_which_layer():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 5))
    with pytest.raises(RuntimeError, match=r"input of shape \(7, 3\) .* 4 features") as error:
        model(minitorch.ones(7, 2))
    assert error.value.__notes__ == ["in Linear, which was given (7, 3)"]


@pytest.mark.parametrize("nonlinearity", ["linear", "sigmoid", "tanh", "relu", "leaky_relu"])
def test_gains_equal_pytorch(nonlinearity):
    torch = pytest.importorskip("torch")
    for param in (None, 0.2):
        mine = nn.init.calculate_gain(nonlinearity, param)
        assert mine == pytest.approx(torch.nn.init.calculate_gain(nonlinearity, param))


def test_kaiming_normal_has_the_spread_of_its_formula():
    minitorch.manual_seed(0)
    weight = nn.init.kaiming_normal_(nn.Linear(300, 400).weight, nonlinearity="relu")
    assert (
        abs(weight.std().item() / (2 / 300) ** 0.5 - 1) < 0.02 and abs(weight.mean().item()) < 1e-3
    )
    with pytest.raises(ValueError, match="nonlinearity must be one of"):
        nn.init.kaiming_normal_(weight, nonlinearity="cosine")


def test_gradients_are_clipped_one_by_one():
    p = nn.Parameter(minitorch.zeros(3))
    p.grad = minitorch.tensor([-2.0, 0.1, 5.0])
    nn.utils.clip_grad_value_([p, nn.Parameter(minitorch.zeros(1))], 0.5)
    assert p.grad.tolist() == minitorch.tensor([-0.5, 0.1, 0.5]).tolist()

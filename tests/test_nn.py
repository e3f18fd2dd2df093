"""nn.Module and the layers: what they hold, save, load, print and compute; nn.init and nn.utils."""

import copy
import math

import numpy as np
import pytest

import minitorch
from minitorch import nn


def make_model(nn, ones):
    """The same small model on either engine, with a shared layer, buffers, a list, a dict and a
    parameter of its own.
    """

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleList(
                [nn.Linear(3, 3), nn.Sequential(nn.Linear(3, 4, bias=False), nn.GELU())]
            )
            self.again = self.blocks[0]  # shared
            self.by_name = nn.ModuleDict({"norm": nn.LayerNorm(4), "drop": nn.Dropout(0.5)})
            self.scale = nn.Parameter(ones(4))
            self.tied = self.scale
            self.register_buffer("table", ones(2))
            self.register_buffer("scratch", ones(5), persistent=False)
            self.register_buffer("nothing", None)
            self.register_parameter("absent", None)
            self.rms = nn.RMSNorm((2, 4))
            self.embedding = nn.Embedding(7, 3)

        def forward(self, ids):
            x = self.again(self.embedding(ids))
            for block in self.blocks:
                x = block(x)
            return self.rms(self.by_name["drop"](self.by_name["norm"](x)) * self.scale * self.tied)

    return Model()


@pytest.fixture
def model():
    return make_model(nn, minitorch.ones)


@pytest.fixture
def twin():
    torch = pytest.importorskip("torch")
    return make_model(torch.nn, torch.ones)


# ---------------------------------------------------------------- the same names as PyTorch


def test_names_and_order(model, twin):
    for method in ("named_parameters", "named_buffers", "named_modules", "named_children"):
        assert [name for name, _ in getattr(model, method)()] == [
            name for name, _ in getattr(twin, method)()
        ], method
    both = [
        [name for name, _ in m.named_parameters("top", remove_duplicate=False)]
        for m in (model, twin)
    ]
    assert both[0] == both[1]
    assert [n for n, _ in model.named_parameters(recurse=False)] == [
        n for n, _ in twin.named_parameters(recurse=False)
    ]
    for m in (model, twin):
        assert (
            len(list(m.modules())) == 11
            and len(list(m.children())) == 5
            and len(list(m.parameters())) == 8
        )


def test_state_dict_has_the_same_keys_and_shapes(model, twin):
    ours, theirs = ([(k, tuple(v.shape)) for k, v in m.state_dict().items()] for m in (model, twin))
    assert ours == theirs
    assert (
        "again.weight" in dict(ours)
        and "blocks.0.weight" in dict(ours)
        and "scratch" not in dict(ours)
    )


def test_state_dicts_move_both_ways_and_give_the_same_results(model, twin):
    torch = pytest.importorskip("torch")
    ids = np.array([[0, 6], [3, 3]])
    model.double().eval(), twin.double().eval()
    model.load_state_dict(twin.state_dict())
    ours, theirs = model(minitorch.tensor(ids)), twin(torch.tensor(ids))
    np.testing.assert_allclose(
        ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-12, atol=1e-12
    )
    ours.sum().backward(), theirs.sum().backward()
    for (name, p), (_, q) in zip(model.named_parameters(), twin.named_parameters()):
        np.testing.assert_allclose(
            p.grad.numpy(), q.grad.numpy(), rtol=1e-10, atol=1e-12, err_msg=name
        )
    for p in model.parameters():
        with minitorch.no_grad():
            p.mul_(2)
    twin.load_state_dict(
        {name: torch.from_numpy(x.numpy()) for name, x in model.state_dict().items()}
    )
    assert (twin.scale.detach().numpy() == 2).all()


LAYERS = {
    "Linear": (lambda nn: nn.Linear(4, 5), (3, 4)),
    "Linear without bias": (lambda nn: nn.Linear(4, 5, bias=False), (3, 4)),
    "LayerNorm": (lambda nn: nn.LayerNorm(4), (3, 4)),
    "LayerNorm of two dimensions": (lambda nn: nn.LayerNorm([3, 4], eps=0.1), (2, 3, 4)),
    "LayerNorm without affine": (lambda nn: nn.LayerNorm(4, elementwise_affine=False), (3, 4)),
    "LayerNorm without bias": (lambda nn: nn.LayerNorm(4, bias=False), (3, 4)),
    "RMSNorm": (lambda nn: nn.RMSNorm(4), (3, 4)),
    "RMSNorm without affine": (
        lambda nn: nn.RMSNorm(4, eps=1e-3, elementwise_affine=False),
        (3, 4),
    ),
    "GELU": (lambda nn: nn.GELU(), (3, 4)),
    "GELU by tanh": (lambda nn: nn.GELU(approximate="tanh"), (3, 4)),
    "ReLU": (lambda nn: nn.ReLU(), (3, 4)),
    "SiLU": (lambda nn: nn.SiLU(), (3, 4)),
    "Identity": (lambda nn: nn.Identity(54, unused=True), (3, 4)),
    "Dropout, evaluating": (lambda nn: nn.Dropout(0.5).eval(), (3, 4)),
    "Sequential": (lambda nn: nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)), (3, 4)),
    "Sequential sliced": (
        lambda nn: nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(9, 2))[:2],
        (3, 4),
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_compute_what_pytorch_computes(name):
    torch = pytest.importorskip("torch")
    make, shape = LAYERS[name]
    x = np.random.default_rng(0).standard_normal(shape)
    ours, theirs = make(nn).double(), make(torch.nn).double()
    ours.load_state_dict(theirs.state_dict())
    np.testing.assert_allclose(
        ours(minitorch.tensor(x)).detach().numpy(),
        theirs(torch.tensor(x)).detach().numpy(),
        rtol=1e-12,
        atol=1e-12,
    )


# ---------------------------------------------------------------- initial values

INITIAL = {  # (layer, parameter): its distribution, "uniform" or "normal"
    "Linear weight": (lambda nn: nn.Linear(400, 300).weight, "uniform"),
    "Linear bias": (lambda nn: nn.Linear(100, 20000).bias, "uniform"),
    "Embedding weight": (lambda nn: nn.Embedding(300, 400).weight, "normal"),
    "xavier_uniform_": (
        lambda nn: nn.init.xavier_uniform_(nn.Linear(400, 300).weight, gain=2.0),
        "uniform",
    ),
    "xavier_normal_": (lambda nn: nn.init.xavier_normal_(nn.Linear(400, 300).weight), "normal"),
    "kaiming_uniform_": (
        lambda nn: nn.init.kaiming_uniform_(nn.Linear(400, 300).weight),
        "uniform",
    ),
    "kaiming_uniform_ fan_out": (
        lambda nn: nn.init.kaiming_uniform_(nn.Linear(400, 300).weight, a=0.5, mode="fan_out"),
        "uniform",
    ),
    "kaiming_uniform_ relu": (
        lambda nn: nn.init.kaiming_uniform_(nn.Linear(400, 300).weight, nonlinearity="relu"),
        "uniform",
    ),
    "uniform_": (lambda nn: nn.init.uniform_(nn.Linear(400, 300).weight, -2.0, 5.0), "uniform"),
    "normal_": (lambda nn: nn.init.normal_(nn.Linear(400, 300).weight, 3.0, 0.02), "normal"),
}
MOMENTS = {  # mean, standard deviation, bounds of a uniform distribution
    "Linear weight": (0, 0.05 / math.sqrt(3), 0.05),
    "Linear bias": (0, 0.1 / math.sqrt(3), 0.1),
    "Embedding weight": (0, 1, None),
    "xavier_uniform_": (0, 2 * math.sqrt(2 / 700), 2 * math.sqrt(6 / 700)),
    "xavier_normal_": (0, math.sqrt(2 / 700), None),
    "kaiming_uniform_": (0, math.sqrt(2 / 400), math.sqrt(6 / 400)),
    "kaiming_uniform_ fan_out": (0, math.sqrt(1.6 / 300), math.sqrt(4.8 / 300)),
    "kaiming_uniform_ relu": (0, math.sqrt(2 / 400), math.sqrt(6 / 400)),
    "uniform_": (1.5, 7 / math.sqrt(12), 3.5),
    "normal_": (3, 0.02, None),
}


def check_distribution(values, name):
    """Mean, spread, bounds and shape of the distribution (by its quartiles), with a margin of six
    standard errors.
    """
    mean, std, bound = MOMENTS[name]
    kind, margin = INITIAL[name][1], 6 / math.sqrt(values.size)
    assert abs(values.mean() - mean) < margin * std
    assert abs(values.std() - std) < margin * std
    quartile = {"uniform": math.sqrt(3) / 2, "normal": 0.67449}[kind] * std
    np.testing.assert_allclose(
        np.quantile(values, [0.25, 0.75]) - mean, [-quartile, quartile], atol=2 * margin * std
    )
    if kind == "uniform":
        assert (
            np.abs(values - mean).max() <= bound * (1 + 1e-6)
            and np.abs(values - mean).max() > 0.99 * bound
        )
    else:
        assert np.abs(values - mean).max() > 3.5 * std


@pytest.mark.parametrize("name", INITIAL)
def test_initial_distributions(name):
    minitorch.manual_seed(0)
    check_distribution(INITIAL[name][0](nn).detach().numpy().astype("float64"), name)


@pytest.mark.parametrize("name", INITIAL)
def test_pytorch_has_the_same_initial_distributions(name):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    check_distribution(INITIAL[name][0](torch.nn).detach().numpy().astype("float64"), name)


def test_constants_and_generators():
    weight = nn.Linear(3, 2).weight
    assert (nn.init.zeros_(weight).detach().numpy() == 0).all() and (
        nn.init.ones_(weight).detach().numpy() == 1
    ).all()
    assert (
        nn.init.constant_(weight, 2.5) is weight
        and weight.detach().numpy().sum() == 15
        and weight.requires_grad
    )
    draws = []
    for seed in (1, 1, 2):
        generator = minitorch.Generator()
        generator.manual_seed(seed)
        draws.append(nn.init.normal_(weight, generator=generator).detach().numpy().copy())
    assert (draws[0] == draws[1]).all() and (draws[0] != draws[2]).all()
    with pytest.raises(ValueError, match="needs? a matrix"):
        nn.init.xavier_uniform_(nn.Linear(3, 2).bias)
    with pytest.raises(ValueError, match="fan_in or fan_out"):
        nn.init.kaiming_uniform_(weight, mode="fan_sideways")


# ---------------------------------------------------------------- loading


def test_load_state_dict_names_what_is_wrong_and_changes_nothing(model):
    before = {name: x.numpy().copy() for name, x in model.state_dict().items()}
    state = {name: x + 1 for name, x in model.state_dict().items()}
    del state["embedding.weight"]
    state["stranger"] = minitorch.ones(1)
    state["table"] = minitorch.ones(3)
    with pytest.raises(RuntimeError) as error:
        model.load_state_dict(state)
    for part in (
        "Missing",
        "embedding.weight",
        "Unexpected",
        "stranger",
        "size mismatch for table",
        "(3,)",
        "(2,)",
    ):
        assert part in str(error.value)
    with pytest.raises(RuntimeError, match="size mismatch for table") as error:
        model.load_state_dict(state, strict=False)
    assert "stranger" not in str(error.value)
    assert all((x.numpy() == before[name]).all() for name, x in model.state_dict().items())
    del state["table"]
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert (sorted(missing), unexpected) == (["embedding.weight", "table"], ["stranger"])
    assert (model.rms.weight.detach().numpy() == 2).all() and (model.table.numpy() == 1).all()


def test_loading_keeps_the_dtype_and_shares_nothing(model):
    state = {name: x.double() for name, x in model.state_dict().items()}
    model.load_state_dict(state)
    state["scale"].numpy()[...] = 7
    assert model.scale.dtype == minitorch.float32 and (model.scale.detach().numpy() == 1).all()


def test_loading_after_use_makes_the_graph_stale():
    layer = nn.Linear(2, 2)
    loss = layer(layer(minitorch.ones(1, 2))).sum()
    layer.load_state_dict(layer.state_dict())
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        loss.backward()


# ---------------------------------------------------------------- modules


def test_forgotten_super_init():
    class Forgetful(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(2, 2)

    with pytest.raises(AttributeError, match="super"):
        Forgetful()


def test_assigning_the_wrong_kind(model):
    with pytest.raises(TypeError, match="Parameter or None"):
        model.scale = minitorch.ones(4)
    with pytest.raises(TypeError, match="Module or None"):
        model.rms = 3
    with pytest.raises(TypeError, match="Tensor or None"):
        model.table = 3
    model.table, model.tied, model.again = minitorch.zeros(9), None, nn.Identity()
    assert model.state_dict()["table"].shape == (9,) and "tied" not in model.state_dict()
    del model.rms
    assert "rms.weight" not in model.state_dict()


@pytest.mark.parametrize("name", ["", "a.b", "forward", "training"])
def test_names_that_cannot_be_registered(model, name):
    for register, value in (
        (model.register_buffer, minitorch.ones(1)),
        (model.add_module, nn.Identity()),
        (model.register_parameter, nn.Parameter(minitorch.ones(1))),
    ):
        with pytest.raises(KeyError):
            register(name, value)


def test_registering_the_wrong_kind(model):
    with pytest.raises(TypeError):
        model.register_buffer("fine", np.ones(3))
    with pytest.raises(TypeError):
        model.register_parameter("fine", minitorch.ones(3))
    with pytest.raises(TypeError):
        model.add_module("fine", "a module")


def test_train_and_eval(model):
    minitorch.manual_seed(0)
    assert model.eval() is model and not any(m.training for m in model.modules())
    ids = minitorch.tensor([[0, 1]])
    assert (model(ids).detach().numpy() == model(ids).detach().numpy()).all()
    assert all(m.training for m in model.train().modules())
    assert (model(ids).detach().numpy() != model(ids).detach().numpy()).any()


def test_apply_goes_from_the_leaves_up(model, twin):
    ours, theirs = [], []
    assert model.apply(lambda m: ours.append(type(m).__name__)) is model
    twin.apply(lambda m: theirs.append(type(m).__name__))
    assert ours == theirs and ours[-1] == "Model"


def test_to_converts_floats_only(model):
    model.register_buffer("counts", minitorch.tensor([1, 2]))
    parameter = model.scale
    model.eval()(minitorch.tensor([[0, 1]])).sum().backward()
    assert model.double() is model and model.scale is parameter is model.tied
    assert (
        {p.dtype for p in model.parameters()}
        == {p.grad.dtype for p in model.parameters()}
        == {minitorch.float64}
    )
    assert model.table.dtype == minitorch.float64 and model.counts.dtype == minitorch.int64
    assert (
        model.float().scale.dtype == minitorch.float32
        and model.to(minitorch.float64).scale.dtype == minitorch.float64
    )
    with pytest.raises(TypeError):
        model.to(minitorch.int64)


def test_freezing_and_forgetting_gradients(model):
    model.requires_grad_(False)
    assert not model.eval()(minitorch.tensor([[0, 1]])).requires_grad
    model.requires_grad_()
    model(minitorch.tensor([[0, 1]])).sum().backward()
    model.zero_grad(set_to_none=False)
    assert all((p.grad.numpy() == 0).all() for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_copies_are_independent(model):
    other = copy.deepcopy(model)
    with minitorch.no_grad():
        other.scale.zero_()
    assert (model.scale.detach().numpy() == 1).all() and other.tied is other.scale


def test_containers():
    layers = nn.ModuleList([nn.Linear(1, n) for n in (1, 2, 3)])
    assert (
        len(layers) == 3
        and layers[-1].out_features == 3
        and [layer.out_features for layer in layers[1:]] == [2, 3]
    )
    assert layers.append(nn.Linear(1, 4)) is layers and [
        layer.out_features for layer in layers
    ] == [1, 2, 3, 4]
    with pytest.raises(IndexError):
        layers[4]
    named = nn.Sequential({"first": nn.Linear(2, 3), "then": nn.ReLU()})
    assert [name for name, _ in named.named_children()] == ["first", "then"] and isinstance(
        named[1], nn.ReLU
    )
    by_name = nn.ModuleDict({"a": nn.ReLU()})
    by_name["b"] = nn.Linear(2, 2)
    assert (
        list(by_name) == list(by_name.keys()) == ["a", "b"] and "b" in by_name and len(by_name) == 2
    )
    assert dict(by_name.items())["b"] is by_name["b"] is list(by_name.values())[1]
    with pytest.raises(KeyError):
        by_name["c"]
    with pytest.raises(KeyError):
        by_name["keys"] = nn.ReLU()


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match="Module has no forward"):
        nn.Module()(1)
    with pytest.raises(ValueError, match="1.5"):
        nn.Dropout(1.5)


def test_repr_shows_the_tree(model):
    text = repr(model)
    assert (
        "(blocks): ModuleList(\n    (0): Linear(in_features=3, out_features=3, bias=True)\n" in text
    )
    assert (
        repr(nn.GELU(approximate="tanh")) == "GELU(approximate='tanh')"
        and repr(nn.ReLU()) == "ReLU()"
    )
    assert repr(nn.Parameter(minitorch.ones(1))).startswith("Parameter containing:\n")


# ---------------------------------------------------------------- clipping


@pytest.mark.parametrize("norm_type", [2.0, 1.0, math.inf])
@pytest.mark.parametrize("max_norm", [0.5, 1000.0])
def test_clip_grad_norm(norm_type, max_norm):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    grads = [rng.standard_normal(shape) for shape in ((3, 4), (5,), ())]

    def clipped(engine):
        parameters = [
            engine.nn.Parameter(engine.tensor(np.zeros(g.shape))) for g in (*grads, np.zeros(2))
        ]
        for p, g in zip(parameters, grads):  # the last has no gradient
            p.grad = engine.tensor(g.copy())
        norm = engine.nn.utils.clip_grad_norm_(parameters, max_norm, norm_type)
        return [norm.numpy(), *(p.grad.numpy() for p in parameters[:-1])]

    for ours, theirs in zip(clipped(minitorch), clipped(torch)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
        assert ours.dtype == theirs.dtype


def test_clipping_nothing_and_nonsense():
    p = nn.Parameter(minitorch.ones(2))
    assert nn.utils.clip_grad_norm_([p], 1.0).item() == 0
    p.grad = minitorch.tensor([math.inf, 0.0])
    with pytest.raises(RuntimeError, match="inf"):
        nn.utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)

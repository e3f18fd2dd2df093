"""The twin test: every module of solutions/ runs unmodified on PyTorch.

Outputs and gradients are the same. It finds by itself what there is to test;
nothing in solutions/ is listed here.

- Every nn.Module class is built from the names of its constructor's arguments,
  which mean the same everywhere in the course (dim, num_heads, vocab_size, ...:
  SIZES), and fed by those of its forward (INPUTS). Both engines get the same
  state dict and must give the same outputs and the same gradient of every
  parameter. A required argument of another name fails the test: rename it, give
  it a default, or add it to SIZES or INPUTS.
- A position encoding is run inside an attention layer, and inside a Transformer
  by its name.
- Every other function is compared through the worked example in its docstring,
  which must be true on both.
"""

import doctest
import importlib
import inspect
import re

import numpy as np
import pytest

import minitorch
from solutions.encodings import encodings
from twin import SOLUTIONS, load_twin, solution_modules, switch_imports

torch = pytest.importorskip("torch")

BATCH, SEQ, DIM, HEADS, VOCAB = 3, 12, 16, 2, 11
SIZES = {
    "dim": DIM,
    "num_heads": HEADS,
    "head_dim": DIM // HEADS,
    "num_layers": 2,
    "vocab_size": VOCAB,
    "max_len": SEQ,
    "npos_max": 5,
    "clip": 3,
}
ENCODINGS = {"positions": "cope", "parts": "cope+rope+shaw"}  # arguments that take encodings
INPUTS = {
    "x": np.random.default_rng(0).normal(size=(BATCH, SEQ, DIM)),
    "ids": np.random.default_rng(0).integers(VOCAB, size=(BATCH, SEQ)),
}
NAMES = [(name, {}) for name in (*encodings(), "cope+rope", "cope+shaw")] + [
    ("shaw", {"values": True}),
    ("t5", {"bidirectional": True}),
    ("rope", {"rotary_dim": 4, "layout": "halves"}),
    ("cope", {"fused": True}),
    ("cope", {"gates": "sep_keys", "scaling": "paper", "npos_max": 5}),
    ("cope", {"gates": "val_gates", "scaling": "released", "separate_heads": True}),
]
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
both_precisions = pytest.mark.parametrize("dtype", TOLERANCE)
every_encoding = pytest.mark.parametrize(
    "name, options", NAMES, ids=lambda x: str(x).replace(" ", "")
)


class Family:
    """An engine, and the solutions that run on it."""

    def __init__(self, engine, load):
        self.engine, self.load = engine, load

    def tensor(self, array, dtype):
        return self.engine.tensor(array.astype(dtype) if array.dtype.kind == "f" else array)

    def positions(self, name, **options):
        return self.load("encodings").make_positions(name, DIM, HEADS, SEQ, **options)


OURS = Family(minitorch, lambda name: importlib.import_module(f"solutions.{name}"))
THEIRS = Family(torch, load_twin)


# ---------------------------------------------------------------- finding, building, running


def module_classes(module_name):
    """Names of the nn.Module classes that solutions/<module_name>.py defines."""
    module = OURS.load(module_name)
    return [
        name
        for name, cls in inspect.getmembers(module, inspect.isclass)
        if issubclass(cls, minitorch.nn.Module) and cls.__module__ == module.__name__
    ]


def required_arguments(function):
    """Names of the arguments that have no default."""
    return [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]


def build(family, cls):
    """An instance of the class, from the names of its required arguments."""
    given = {}
    for name in required_arguments(cls):
        assert name in SIZES or name in ENCODINGS, (
            f"{cls.__name__} needs {name!r}: use a name of the course "
            f"({', '.join([*SIZES, *ENCODINGS])}), "
            "give it a default, or add it to SIZES"
        )
        if name == "positions" and "max_len" in inspect.signature(cls).parameters:
            given[name] = ENCODINGS[name]  # it builds the encoding itself
        else:
            given[name] = SIZES[name] if name in SIZES else family.positions(ENCODINGS[name])
    if "parts" in given:
        given["parts"] = list(given["parts"].parts)
    return cls(**given)


def inside_attention(family, positions):
    """A layer that a position encoding can work in."""
    return family.load("attention").MultiHeadAttention(DIM, HEADS, positions)


def run(family, model, dtype):
    """The model's output for what its forward asks for; attention gets embedded positions."""
    names = required_arguments(model.forward)
    unknown = [name for name in names if name not in INPUTS]
    assert not unknown, (
        f"{type(model).__name__}.forward needs {unknown}: add inputs of that name to INPUTS"
    )
    inputs = [family.tensor(INPUTS[name], dtype) for name in names]
    if isinstance(model, family.load("attention").MultiHeadAttention):
        inputs = [model.positions.embed(*inputs)]
    return model(*inputs)


def assert_equal_on_both(make, dtype):
    """Outputs and gradients of a model with the same random weights on both engines."""
    models = {family: make(family).to(getattr(family.engine, dtype)) for family in (OURS, THEIRS)}
    ours, theirs = models.values()
    rng = np.random.default_rng(0)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(torch.tensor(rng.normal(0, 0.3, tuple(parameter.shape))))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(
        {name: minitorch.tensor(x.numpy()) for name, x in theirs.state_dict().items()}
    )

    outputs = [run(family, model, dtype) for family, model in models.items()]
    assert_close(*outputs, dtype, "output")
    weights = rng.normal(size=tuple(outputs[0].shape))
    for family, output in zip(models, outputs):
        (output * family.tensor(weights, dtype)).sum().backward()
    others = dict(theirs.named_parameters())
    for name, mine in ours.named_parameters():
        other = others.pop(name)
        assert (mine.grad is None) == (other.grad is None), (
            f"{name} has a gradient on one engine only"
        )
        if mine.grad is not None:
            assert_close(mine.grad, other.grad, dtype, f"gradient of {name}")
    assert not others


def assert_close(ours, theirs, dtype, what):
    """Equal dtype and shape, and values within the tolerance of the largest, or of 1."""
    ours, theirs = ours.detach().numpy(), theirs.detach().numpy()
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape) and ours.dtype == dtype, what
    limit = TOLERANCE[dtype] * max(1, np.abs(theirs).max())
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=limit, err_msg=what)


# ---------------------------------------------------------------- the tests


@pytest.mark.parametrize("module_name", solution_modules())
def test_only_the_imports_differ(module_name):
    source = (SOLUTIONS / f"{module_name}.py").read_text(encoding="utf-8")
    imports = set(re.findall(r"^[ \t]*(?:import|from) minitorch.*$", source, re.MULTILINE))
    assert imports <= {
        "import minitorch as torch",
        "from minitorch import nn",
        "from minitorch.nn import functional as F",
    }
    lines, switched = source.split("\n"), switch_imports(source).split("\n")
    changed = {line.strip() for line, other in zip(lines, switched, strict=True) if line != other}
    assert {line for line in changed if not line.startswith("from solutions")} == imports


@both_precisions
@pytest.mark.parametrize(
    "module_name, class_name",
    [
        (module_name, class_name)
        for module_name in solution_modules()
        for class_name in module_classes(module_name)
    ],
)
def test_every_class_is_the_same_on_pytorch(module_name, class_name, dtype):
    def make(family):
        model = build(family, getattr(family.load(module_name), class_name))
        is_encoding = isinstance(model, family.load("positions").PositionEncoding)
        return inside_attention(family, model) if is_encoding else model

    assert_equal_on_both(make, dtype)


@both_precisions
@every_encoding
def test_every_encoding_is_the_same_on_pytorch(name, options, dtype):
    assert_equal_on_both(
        lambda family: inside_attention(family, family.positions(name, **options)), dtype
    )


@both_precisions
@every_encoding
def test_the_transformer_is_the_same_on_pytorch(name, options, dtype):
    assert_equal_on_both(
        lambda family: family.load("transformer").Transformer(
            VOCAB, DIM, HEADS, num_layers=2, max_len=SEQ, positions=name, **options
        ),
        dtype,
    )


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-4), ("float64", 1e-8)])
@pytest.mark.parametrize("name", encodings())
def test_twenty_training_steps_give_the_same_losses(name, dtype, tolerance):
    def draw_batch(rng):
        ids = rng.integers(VOCAB, size=(4, SEQ))
        return ids, ids // 2  # learned in a few steps

    def train(family, weights=None):
        model = (
            family.load("transformer")
            .Transformer(VOCAB, DIM, HEADS, num_layers=2, max_len=SEQ, positions=name)
            .to(getattr(family.engine, dtype))
        )
        if weights is not None:
            model.load_state_dict(
                {key: family.engine.tensor(value) for key, value in weights.items()}
            )
        start = {key: value.detach().numpy().copy() for key, value in model.state_dict().items()}
        trainer = family.load("training").Trainer(model, draw_batch, steps=20, lr=0.01, warmup=5)
        assert trainer.fit() == "finished"
        return trainer.losses, start

    ours, start = train(OURS)
    theirs, _ = train(THEIRS, start)
    assert ours[-1] < ours[0]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


@pytest.mark.parametrize("family", [OURS, THEIRS], ids=["minitorch", "pytorch"])
@pytest.mark.parametrize("module_name", solution_modules())
def test_worked_examples_hold_on_both_engines(module_name, family):
    results = doctest.testmod(family.load(module_name))
    assert results.failed == 0
    uses_the_engine = "minitorch" in (SOLUTIONS / f"{module_name}.py").read_text(encoding="utf-8")
    assert results.attempted or module_classes(module_name) or not uses_the_engine, (
        "nothing here is compared"
    )


# ---------------------------------------------------------------- the test itself


def test_a_difference_is_noticed():
    """A twin whose CoPE excludes the key's own gate must not pass."""
    twin = load_twin("cope")
    right = twin.cope_positions
    twin.cope_positions = lambda gates: right(gates) - gates
    try:
        with pytest.raises(AssertionError, match="output"):
            assert_equal_on_both(
                lambda family: inside_attention(family, family.positions("cope")), "float64"
            )
    finally:
        twin.cope_positions = right


def test_an_argument_without_a_recipe_is_named():
    class Strange(minitorch.nn.Module):
        def __init__(self, wobble):
            super().__init__()

    with pytest.raises(AssertionError, match="Strange needs 'wobble'"):
        build(OURS, Strange)

"""count.py, the whole course in one file, computes what the course's own modules compute.

It repeats them on purpose, so it is held to them: from the same starting weights the same gradients
and the same losses, and in the end the errors that lesson 09 claims.
"""

import ast
from pathlib import Path

import numpy as np
import pytest

import count
import minitorch as torch
from minitorch.nn import functional as F
from solutions.counting import answer_targets, count_values, counting_tokenizer
from solutions.training import Trainer
from solutions.transformer import Transformer

PATH = Path(count.__file__)


def starting_weights(seed=0):
    """Weights in float64, with a table of CoPE that isn't all zeros."""
    rng = np.random.default_rng(seed)
    weights = count.starting_weights(rng)
    for name, tensor in weights.items():
        tensor.data = tensor.data.astype(float)
        if name.endswith(("cope", "bias")):
            tensor.data += rng.normal(0, 0.3, tensor.data.shape)
    return weights


def course_model():
    """The course's Transformer of the same size, in float64."""
    model = Transformer(
        vocab_size=len(counting_tokenizer()),
        dim=count.DIM,
        num_heads=count.HEADS,
        num_layers=count.LAYERS,
        max_len=count.LENGTH,
        positions="cope",
        npos_max=count.ROWS,
    )
    return model.double()


def as_the_course_names_them(arrays):
    """Arrays of count.py by the names, and in the layout, of the course's modules."""
    named = {"embedding.weight": arrays["embedding"], "head.weight": arrays["head"].T}
    named |= {"norm.weight": arrays["norm"], "norm.bias": arrays["norm bias"]}
    for n in range(count.LAYERS):
        block, qkv = f"blocks.{n}", [f"{n} {name}" for name in ("query", "key", "value")]
        named[f"{block}.attention.qkv.weight"] = np.concatenate([arrays[name].T for name in qkv])
        named[f"{block}.attention.qkv.bias"] = np.concatenate(
            [arrays[f"{name} bias"] for name in qkv]
        )
        named[f"{block}.attention.positions.e"] = arrays[f"{n} cope"]
        for its, ours in (("attention.out", "out"), ("mlp.0", "up"), ("mlp.2", "down")):
            named[f"{block}.{its}.weight"] = arrays[f"{n} {ours}"].T
            named[f"{block}.{its}.bias"] = arrays[f"{n} {ours} bias"]
        for its, ours in (("attention_norm", "norm 1"), ("mlp_norm", "norm 2")):
            named[f"{block}.{its}.weight"] = arrays[f"{n} {ours}"]
            named[f"{block}.{its}.bias"] = arrays[f"{n} {ours} bias"]
    return named


def load(model, weights):
    arrays = as_the_course_names_them({name: tensor.data for name, tensor in weights.items()})
    model.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})


def unscored(targets):
    """count.py marks a position without a target by -1, the course by -100."""
    return np.where(targets < 0, -100, targets)


def test_the_gradients_are_those_of_the_courses_modules():
    weights, model = starting_weights(), course_model()
    load(model, weights)
    inputs, targets = count.batch(np.random.default_rng(1), 8, 64)

    loss = count.cross_entropy(count.transformer(weights, inputs), targets)
    loss.backward()
    logits = model(torch.tensor(inputs))
    course_loss = F.cross_entropy(logits.flatten(0, 1), torch.tensor(unscored(targets)).flatten())
    course_loss.backward()

    assert loss.data[0] == pytest.approx(course_loss.item(), abs=1e-12)
    ours = as_the_course_names_them({name: tensor.grad for name, tensor in weights.items()})
    courses = {name: parameter.grad.numpy() for name, parameter in model.named_parameters()}
    assert ours.keys() == courses.keys()
    for name, grad in courses.items():
        assert np.abs(grad).max() > 1e-6, name
        np.testing.assert_allclose(ours[name], grad, rtol=0, atol=1e-10, err_msg=name)


def test_twenty_losses_are_those_of_the_courses_trainer(monkeypatch):
    for name, value in {"STEPS": 20, "WARM_UP": 5, "BATCH": 8, "LENGTH": 48}.items():
        monkeypatch.setattr(count, name, value)
    weights, model = starting_weights(), course_model()
    load(model, weights)
    texts = np.random.default_rng(2)

    def draw_batch(_):
        inputs, targets = count.batch(texts, count.BATCH, count.LENGTH)
        return inputs, unscored(targets)

    trainer = Trainer(model, draw_batch, steps=20, lr=count.RATE, warmup=5)
    trainer.fit()
    losses = count.train(weights, np.random.default_rng(2))
    np.testing.assert_allclose(losses, trainer.losses, rtol=0, atol=1e-6)
    assert losses[-1] < 0.9 * losses[0]


def test_a_text_answers_its_own_questions():
    rng = np.random.default_rng(3)
    for length, passes in ((97, 50), (97, 10), (385, 100)):
        for _ in range(50):
            text = count.text(rng, length, passes)
            assert len(text) == length
            whole = text.rstrip("?a")  # its last operation may be cut off
            questions = [text[i + 2] for i in range(len(whole)) if whole[i] == "?"]
            assert [str(answer) for answer in count_values(whole)] == questions


def test_the_tokens_and_targets_are_those_of_the_course():
    ids = counting_tokenizer().encode(count.SYMBOLS)
    assert ids.tolist() == list(range(len(count.SYMBOLS)))
    inputs, targets = count.batch(np.random.default_rng(4), 5, 96)
    whole = np.concatenate([inputs, np.full((5, 1), 12)], axis=1)  # 12 is a dot
    last_is_known = answer_targets(whole)[:, :-1]
    np.testing.assert_array_equal(unscored(targets)[:, :-1], last_is_known)


def test_it_counts_as_lesson_09_claims():
    """The whole training, as `python count.py` runs it: about a minute."""
    rng = np.random.default_rng(0)
    weights = count.starting_weights(rng)
    count.train(weights, rng)
    errors = count.test(weights)
    assert errors.pop("four times as long") < 0.05
    assert len(errors) == 4 and max(errors.values()) < 0.02


def test_it_needs_nothing_but_numpy_and_fits_on_four_screens():
    source = PATH.read_text(encoding="utf-8")
    nodes = ast.walk(ast.parse(source))
    imports = [ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imports == ["import numpy as np"]
    assert source.count("\n") <= 250

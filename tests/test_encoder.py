"""Attention without the causal mask, an encoder's: every position looks at all, and an encoding that
only counts back is refused.
"""

import numpy as np
import pytest

import minitorch as torch
from solutions.attention import Cache, MultiHeadAttention, attention
from solutions.encodings import make_positions
from solutions.transformer import Transformer
from twin import load_twin

DIM, HEADS, SEQ = 16, 2, 9
BOTH_WAYS = [
    ("none", {}),
    ("sinusoidal", {}),
    ("learned", {}),
    ("shaw", {}),
    ("shaw", {"values": True}),
    ("t5", {"bidirectional": True}),
    ("rope", {}),
    ("rope+shaw", {}),
]
BACK_ONLY = ["transformer_xl", "t5", "alibi", "cope", "cope+rope"]
both_ways = pytest.mark.parametrize("name, options", BOTH_WAYS)


def randomise(module, seed=0):
    """float64, every weight from N(0, 0.2)."""
    rng = np.random.default_rng(seed)
    state = {
        name: torch.tensor(rng.normal(0, 0.2, tuple(tensor.shape)))
        for name, tensor in module.state_dict().items()
    }
    module.double().load_state_dict(state)
    return module


def layer_with(name, options, causal=False):
    positions = make_positions(name, DIM, HEADS, SEQ, **options)
    return randomise(MultiHeadAttention(DIM, HEADS, positions, causal=causal))


def tokens(seed=1):
    return torch.tensor(np.random.default_rng(seed).normal(size=(2, SEQ, DIM)))


def seen(layer):
    """bool (query, key): whether the output at a position changes with the token at another."""
    x, reach = tokens(), np.zeros((SEQ, SEQ), bool)
    with torch.no_grad():
        before = layer(layer.positions.embed(x)).numpy()
        for j in range(SEQ):
            changed = x.numpy().copy()
            changed[:, j] += 1.0
            after = layer(layer.positions.embed(torch.tensor(changed))).numpy()
            reach[:, j] = (after != before).any(axis=(0, 2))
    return reach


@both_ways
def test_every_position_sees_all_or_the_earlier_ones(name, options):
    assert seen(layer_with(name, options)).all()
    np.testing.assert_array_equal(
        seen(layer_with(name, options, causal=True)), np.tri(SEQ, dtype=bool)
    )


@pytest.mark.parametrize("causal", [True, False])
def test_it_is_plain_attention(causal):
    layer, x = layer_with("none", {}, causal), tokens()
    q, k, v = (layer.split_heads(part) for part in layer.qkv(x).chunk(3, dim=-1))
    mask = torch.tensor(np.tri(SEQ, dtype=bool)) if causal else None
    heads = attention(q, k, v, mask).transpose(1, 2).reshape(x.shape)
    np.testing.assert_allclose(
        layer(x).detach().numpy(), layer.out(heads).detach().numpy(), atol=1e-12
    )
    np.testing.assert_array_equal(
        np.isfinite(layer.scores(x)[0, 0].detach().numpy()), mask is None or mask.numpy()
    )


def test_no_mask_and_no_positions_leave_the_order_open():
    layer, x = layer_with("none", {}), tokens()
    order = np.random.default_rng(3).permutation(SEQ)
    with torch.no_grad():
        shuffled = layer(torch.tensor(x.numpy()[:, order])).numpy()
        np.testing.assert_allclose(shuffled, layer(x).numpy()[:, order], atol=1e-12)
        causal = layer_with("none", {}, causal=True)
        different = causal(torch.tensor(x.numpy()[:, order])).numpy()
        assert abs(different - causal(x).numpy()[:, order]).max() > 0.01


@pytest.mark.parametrize("name", BACK_ONLY)
def test_positions_that_only_count_back_are_refused(name):
    layer = layer_with(name, {"npos_max": 4} if "cope" in name else {})
    with pytest.raises(ValueError, match="causal=True"):
        layer(tokens())
    layer.causal = True
    layer(tokens())


def test_a_cache_is_refused():
    with pytest.raises(ValueError, match="cache"):
        layer_with("learned", {})(tokens(), Cache())


@both_ways
def test_every_parameter_gets_a_gradient(name, options):
    layer = layer_with(name, options)
    (layer(layer.positions.embed(tokens())) ** 2).sum().backward()
    for parameter_name, parameter in layer.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, parameter_name


def encoder(transformer=Transformer, **settings):
    settings = {"max_len": SEQ, "positions": "learned", "causal": False} | settings
    return transformer(11, dim=DIM, num_heads=HEADS, num_layers=2, **settings)


def test_a_whole_encoder_looks_ahead_and_a_decoder_does_not():
    ids = np.random.default_rng(0).integers(11, size=(2, SEQ))
    changed = ids.copy()
    changed[:, -1] = (ids[:, -1] + 1) % 11
    for causal in (True, False):
        model = randomise(encoder(causal=causal))
        assert all(block.attention.causal is causal for block in model.blocks)
        before, after = (model(torch.tensor(x)).detach().numpy() for x in (ids, changed))
        assert (before[:, 0] == after[:, 0]).all() == causal


def test_the_same_encoder_on_pytorch():
    pytorch = pytest.importorskip("torch")
    ours = randomise(encoder(positions="rope"))
    theirs = encoder(load_twin("transformer").Transformer, positions="rope").double()
    theirs.load_state_dict(
        {name: pytorch.tensor(x.numpy()) for name, x in ours.state_dict().items()}
    )
    ids = np.random.default_rng(0).integers(11, size=(2, SEQ))
    np.testing.assert_allclose(
        ours(torch.tensor(ids)).detach().numpy(),
        theirs(pytorch.tensor(ids)).detach().numpy(),
        atol=1e-10,
    )

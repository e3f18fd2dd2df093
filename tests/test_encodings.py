"""Every encoding against libraries nobody here wrote, and against its definition as a slow loop."""

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn
from solutions.absolute_positions import (
    Learned,
    Sinusoidal,
    angular_speeds,
    halves_from_pairs,
    pairs_from_halves,
    shift_matrix,
    sinusoidal_encoding,
)
from solutions.attention import Cache, MultiHeadAttention, attention, attention_weights, causal_mask
from solutions.cope import CoPE, cope_backward, cope_positions, interpolate, interpolate_logits
from solutions.encodings import CombinedPositions, encodings, layer_positions, make_positions
from solutions.positions import PositionEncoding
from solutions.relative_positions import (
    ALiBi,
    Shaw,
    T5Bias,
    TransformerXL,
    alibi_slopes,
    clip_distance,
    relative_positions,
    relative_shift,
    t5_bucket,
)
from solutions.rope import (
    RoPE,
    apply_rope,
    apply_rope_half,
    rope_backward,
    rope_cache,
    rope_rows_to_halves,
    rope_rows_to_pairs,
)
from tests.reference import make_encodings as reference

KNOWN = dict(np.load(reference.PATH))
BATCH, HEADS, SEQ, HEAD_DIM = KNOWN["q"].shape
DIM = HEADS * HEAD_DIM
ALLOWED = causal_mask(SEQ, SEQ)
VARIANTS = [
    *((name, {}) for name in encodings()),
    ("shaw", {"clip": 3, "values": True}),
    ("cope+rope", {}),
    ("cope+shaw", {"npos_max": 4}),
    ("cope", {"fused": True}),
    ("rope", {"rotary_dim": 4, "layout": "halves"}),
    ("cope", {"npos_max": 4, "gates": "sep_keys", "scaling": "paper"}),
    ("cope", {"npos_max": 4, "gates": "val_gates", "scaling": "released", "separate_heads": True}),
]
every_variant = pytest.mark.parametrize(
    "name, options", VARIANTS, ids=lambda x: str(x).replace(" ", "")
)


def known(name, requires_grad=False):
    return torch.tensor(KNOWN[name], requires_grad=requires_grad)


def random(*shape, seed=0, requires_grad=False):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape), requires_grad=requires_grad)


def randomise(module):
    """All weights from N(0, 1), float64: one that starts at zero would hide what it does."""
    torch.manual_seed(0)
    module.double()
    with torch.no_grad():
        for parameter in module.parameters():
            nn.init.normal_(parameter)
    return module


def assert_close(got, want, tolerance=1e-5):
    got, want = (x.detach().numpy() if hasattr(x, "detach") else np.asarray(x) for x in (got, want))
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


# ---------------------------------------------------------------- against other libraries


def test_the_frozen_values_are_what_the_libraries_compute():
    pytest.importorskip("transformers")
    pytest.importorskip("x_transformers")
    pytest.importorskip("torch")
    fresh = reference.references()
    assert fresh.keys() == KNOWN.keys()
    for name, array in fresh.items():
        np.testing.assert_allclose(array, KNOWN[name], rtol=1e-5, atol=1e-6, err_msg=name)


def test_sinusoids_are_gptjs_once_the_columns_are_reordered():
    assert_close(
        sinusoidal_encoding(50, 16)[:, halves_from_pairs(16)], KNOWN["sinusoids_in_halves"]
    )


@pytest.mark.parametrize(
    "library, options",
    [
        ("gptj", {}),
        ("llama", {"layout": "halves", "base": 500_000.0}),
        ("neox", {"layout": "halves", "rotary_dim": 4}),
    ],
)
def test_rope_rotates_as(library, options):
    q, k = RoPE(HEAD_DIM, **options).rotate(known("q"), known("k"))
    assert_close(q, KNOWN[f"{library}_q"])
    assert_close(k, KNOWN[f"{library}_k"])


@pytest.mark.parametrize("name, bidirectional", [("t5_causal", False), ("t5_bidirectional", True)])
def test_t5_buckets_and_bias_are_t5s(name, bidirectional):
    assert (t5_bucket(KNOWN["distances"], bidirectional) == KNOWN[f"{name}_buckets"]).all()
    positions = T5Bias(HEADS, bidirectional)
    positions.load_state_dict({"table": known("t5_table")})
    assert_close(positions.bias(known("q"), known("k")), KNOWN[f"{name}_bias"])


@pytest.mark.parametrize("heads", reference.HEAD_COUNTS)
def test_alibi_is_mpts_and_up_to_a_constant_blooms(heads):
    q = torch.zeros(1, heads, SEQ, HEAD_DIM)
    last = ALiBi(heads).bias(q, q)[0, :, -1].numpy()  # (heads, key)
    assert_close(last, KNOWN[f"mpt_{heads}"])
    assert_close(last - last[:, :1], KNOWN[f"bloom_{heads}"])


def test_transformer_xl_attends_as_xlnet():
    positions = TransformerXL(DIM, HEADS)
    positions.load_state_dict(
        {
            "u": known("xl_u").unsqueeze(1),
            "v": known("xl_v").unsqueeze(1),
            "distance_keys.weight": known("xl_weight"),
        }
    )
    q, k = known("q"), known("k")
    mask = torch.tensor(np.where(ALLOWED, 0, -np.inf), dtype=torch.float32)
    assert_close(attention_weights(q, k, positions.bias(q, k) + mask), KNOWN["xl_weights"], 1e-4)


def test_cope_and_its_gradients_are_x_transformers():
    positions = CoPE(len(KNOWN["cope_table"]), HEAD_DIM)
    positions.load_state_dict({"e": known("cope_table")})
    q, k = known("q", requires_grad=True), known("k", requires_grad=True)
    bias = positions.bias(q, k) * torch.tensor(ALLOWED)
    assert_close(bias, KNOWN["cope_bias"])
    (bias * known("grad")).sum().backward()
    assert_close(q.grad, KNOWN["cope_grad_q"])
    assert_close(k.grad, KNOWN["cope_grad_k"])
    assert_close(positions.e.grad, KNOWN["cope_grad_table"])


# ---------------------------------------------------------------- absolute positions


def test_the_shift_matrix_moves_every_position_alike():
    table = sinusoidal_encoding(40, 12)
    for k in (-3, 0, 1, 17):
        matrix = shift_matrix(k, 12)
        assert_close(table[3:20] @ matrix.T, table[3 + k : 20 + k], 1e-12)
        assert_close(matrix @ matrix.T, np.eye(12), 1e-12)


def test_reordering_columns_there_and_back_is_nothing():
    table = sinusoidal_encoding(5, 10)
    assert (table[:, halves_from_pairs(10)][:, pairs_from_halves(10)] == table).all()
    assert_close(
        table[:, halves_from_pairs(10)][:, :5],
        np.sin(np.arange(5)[:, None] * angular_speeds(10)),
        1e-12,
    )


def test_sinusoidal_scales_the_embeddings_by_sqrt_dim():
    x = random(2, 5, 16)
    assert_close(
        Sinusoidal(16).embed(x, offset=3), 4 * x.numpy() + sinusoidal_encoding(8, 16)[3:], 1e-12
    )


def test_a_learned_table_ends():
    positions = Learned(max_len=6, dim=4)
    assert_close(positions.embed(torch.zeros(1, 2, 4), offset=4)[0], positions.table.detach()[4:])
    with pytest.raises(ValueError, match=r"max_len = 6, but 7 positions.*\(1, 2, 4\), offset 5"):
        positions.embed(torch.zeros(1, 2, 4), offset=5)


# ---------------------------------------------------------------- relative positions


def test_a_query_stands_at_distance_zero_from_its_own_key():
    distances = relative_positions(2, 5)
    assert distances.tolist() == [[-3, -2, -1, 0, 1], [-4, -3, -2, -1, 0]]
    assert distances.dtype == np.int64


def test_shaw_is_its_formula():
    positions = randomise(Shaw(HEAD_DIM, clip=2, values=True))
    q, k, v = (random(BATCH, HEADS, SEQ, HEAD_DIM, seed=seed) for seed in range(3))
    keys, values = positions.keys.detach().numpy(), positions.values.detach().numpy()
    rows = np.clip(np.arange(SEQ)[None] - np.arange(SEQ)[:, None], -2, 2) + 2
    bias = np.einsum("bhid,ijd->bhij", q.numpy(), keys[rows]) / HEAD_DIM**0.5
    assert_close(positions.bias(q, k), bias)
    weights = attention_weights(q, k, torch.tensor(bias)).numpy()
    want = weights @ v.numpy() + np.einsum("bhij,ijd->bhid", weights, values[rows])
    assert_close(positions.attend(q, k, v, torch.tensor(bias)), want)


@pytest.mark.parametrize("query_len, key_len", [(1, 1), (1, 5), (3, 5), (5, 5)])
def test_the_relative_shift_puts_distances_below_their_keys(query_len, key_len):
    by_distance = np.tile(
        np.arange(1 - key_len, 1), (query_len, 1)
    )  # column c: distance c - (key_len - 1)
    shifted = relative_shift(torch.tensor(by_distance)).numpy()
    allowed = causal_mask(query_len, key_len)
    assert (shifted[allowed] == relative_positions(query_len, key_len)[allowed]).all()


def test_t5_causal_buckets_begin_where_the_facts_say():
    edges = [*range(16), 16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113]
    buckets = t5_bucket(-np.arange(300), bidirectional=False)
    assert [int(np.argmax(buckets == bucket)) for bucket in range(32)] == edges


def test_slopes_for_twelve_heads():
    assert_close(
        alibi_slopes(12),
        [*2.0 ** -np.arange(1.0, 9.0), *2.0 ** -np.array([0.5, 1.5, 2.5, 3.5])],
        1e-12,
    )


# ---------------------------------------------------------------- RoPE


def test_reordered_projections_give_the_same_scores_in_the_other_layout():
    weight, x = np.random.default_rng(0).normal(size=(2, DIM, DIM)), random(SEQ, DIM)
    cos, sin = map(torch.tensor, rope_cache(SEQ, HEAD_DIM))

    def scores(rotate, *weights):
        heads = [
            (x @ torch.tensor(w.T)).reshape(SEQ, HEADS, HEAD_DIM).transpose(0, 1) for w in weights
        ]
        q, k = (rotate(head, cos, sin) for head in heads)  # (heads, seq, head_dim)
        return q @ k.transpose(1, 2)

    reordered = [rope_rows_to_halves(w, HEADS) for w in weight]
    assert_close(scores(apply_rope_half, *reordered), scores(apply_rope, *weight), 1e-10)
    assert all(
        (rope_rows_to_pairs(w, HEADS) == original).all() for w, original in zip(reordered, weight)
    )
    mixed = scores(apply_rope_half, *weight).numpy()
    assert (
        np.abs(mixed - scores(apply_rope, *weight).numpy()).max() > 0.1
    )  # left out, it breaks silently


@pytest.mark.parametrize("rotate", [apply_rope, apply_rope_half])
def test_rope_scores_know_the_distance_only(rotate):
    q, k = random(1, HEAD_DIM, seed=1), random(1, HEAD_DIM, seed=2)
    cos, sin = map(torch.tensor, rope_cache(30, HEAD_DIM))

    def score(m, n):
        """Of the query at position m and the key at position n."""
        turned = [rotate(x, cos[p : p + 1], sin[p : p + 1]) for x, p in ((q, m), (k, n))]
        return (turned[0] * turned[1]).sum().item()

    assert score(9, 4) == pytest.approx(score(25, 20), abs=1e-10)
    assert abs(score(9, 4) - score(9, 5)) > 1e-3


def test_the_rope_backward_by_hand_is_the_engines():
    x, grad = random(2, SEQ, HEAD_DIM, requires_grad=True), random(2, SEQ, HEAD_DIM, seed=1)
    cos, sin = map(torch.tensor, rope_cache(SEQ, HEAD_DIM))
    (apply_rope(x, cos, sin) * grad).sum().backward()
    assert_close(rope_backward(grad, cos, sin), x.grad, 1e-12)


# ---------------------------------------------------------------- CoPE


def gates(*shape, requires_grad=False):
    return torch.tensor(np.random.default_rng(3).uniform(size=shape), requires_grad=requires_grad)


@pytest.mark.parametrize("query_len", [1, 3, 6])
def test_contextual_positions_are_the_double_loop(query_len):
    g = gates(2, query_len, 6)
    want = np.zeros(g.shape)
    for i in range(query_len):
        own = 6 - query_len + i  # the query's position
        for j in range(own + 1):
            want[:, i, j] = g.numpy()[:, i, j : own + 1].sum(axis=-1)
    assert_close(cope_positions(g), want, 1e-12)


def test_open_gates_count_tokens_and_closed_ones_nothing():
    count = np.arange(6)[:, None] - np.arange(6)[None, :] + 1
    assert_close(cope_positions(torch.ones(6, 6)), np.tril(count).astype(np.float32))
    assert_close(cope_positions(torch.zeros(6, 6)), np.zeros((6, 6), np.float32))


def test_interpolated_numbers_are_the_products_with_interpolated_vectors():
    q, table = random(2, SEQ, HEAD_DIM), random(4, HEAD_DIM, seed=1)
    positions = cope_positions(gates(2, SEQ, SEQ))  # some lie past the table's end, 3
    assert positions.max() > 3
    by_vectors = (q.unsqueeze(-2) * interpolate(table, positions)).sum(-1)
    assert_close(interpolate_logits(q @ table.transpose(0, 1), positions), by_vectors, 1e-12)


def test_positions_outside_the_table_get_its_ends():
    logits, positions = torch.tensor([[1.0, 2.0, 4.0]]), torch.tensor([[-1e-7, 0.5, 1.5, 2.0, 9.0]])
    assert interpolate_logits(logits, positions).tolist() == [[1.0, 1.5, 3.0, 4.0, 4.0]]


def test_the_cope_backward_by_hand_is_the_engines():
    scores = random(2, 3, SEQ, SEQ, requires_grad=True)
    logits = random(2, 3, SEQ, 4, seed=1, requires_grad=True)
    grad = random(2, 3, SEQ, SEQ, seed=2)
    g = scores.sigmoid()
    (interpolate_logits(logits, cope_positions(g)) * grad).sum().backward()
    grad_scores, grad_logits = cope_backward(*(x.detach().numpy() for x in (grad, g, logits)))
    assert_close(grad_scores, scores.grad, 1e-10)
    assert_close(grad_logits, logits.grad, 1e-10)


def test_a_clamped_position_moves_no_gate():
    g, logits = np.full((1, 6, 6), 0.9), np.array([[[0.0, 1.0, 5.0]] * 6])
    grad = np.zeros((1, 6, 6))
    grad[0, 5, 0] = 1.0  # at position 5.4, past the last row
    grad_scores, grad_logits = cope_backward(grad, g, logits)
    assert (grad_scores == 0).all() and grad_logits[0, 5].tolist() == [0, 0, 1]


def test_with_open_gates_cope_is_shaw():
    """Keys so large that every gate is 1: position i - j + 1 takes the place of distance j - i."""
    table = np.random.default_rng(0).normal(size=(SEQ + 1, HEAD_DIM)).astype(np.float32)
    by_distance = np.zeros((2 * SEQ + 1, HEAD_DIM), np.float32)  # row SEQ + (j - i)
    by_distance[1 : SEQ + 1] = table[:0:-1]  # d back: position d + 1
    cope, shaw = CoPE(SEQ + 1, HEAD_DIM), Shaw(HEAD_DIM, clip=SEQ)
    cope.load_state_dict({"e": torch.tensor(table)})
    shaw.load_state_dict({"keys": torch.tensor(by_distance)})
    q = torch.ones(1, HEADS, SEQ, HEAD_DIM)
    by_cope, by_shaw = (positions.bias(q, 100 * q).detach().numpy() for positions in (cope, shaw))
    assert_close(by_cope[..., ALLOWED], by_shaw[..., ALLOWED] * HEAD_DIM**0.5)


@pytest.mark.parametrize(
    "scaling, gate_scale, position_scale",
    [
        ("appendix", HEAD_DIM**-0.5, 1),
        ("paper", 1, 1),
        ("released", HEAD_DIM**-0.5, HEAD_DIM**-0.5),
    ],
)
def test_where_cope_divides(scaling, gate_scale, position_scale):
    cope = CoPE(4, HEAD_DIM, scaling=scaling)
    cope.load_state_dict({"e": known("cope_table")})
    q, k = known("q"), known("k")
    g = 1 / (1 + np.exp(-gate_scale * q.numpy() @ k.numpy().swapaxes(-1, -2)))
    assert_close(cope.gates(q, k), g)
    logits = q @ known("cope_table").transpose(0, 1) * position_scale
    assert_close(cope.bias(q, k), interpolate_logits(logits, cope_positions(torch.tensor(g))))
    assert cope.scale == (1.0 if scaling == "paper" else None)


def test_gates_may_come_from_their_own_keys_or_from_the_values():
    q, k, v = known("q"), known("k"), random(BATCH, HEADS, SEQ, HEAD_DIM).float()
    x = random(BATCH, SEQ, DIM).float()
    assert_close(
        CoPE(4, HEAD_DIM, gates="val_gates").gates(q, k, v, x), CoPE(4, HEAD_DIM).gates(q, v)
    )
    own = CoPE(4, HEAD_DIM, num_heads=HEADS, dim=DIM, gates="sep_keys")
    keys = own.gate_keys(x).reshape(BATCH, SEQ, HEADS, HEAD_DIM).transpose(1, 2)
    assert_close(own.gates(q, k, v, x), CoPE(4, HEAD_DIM).gates(q, keys))


def test_heads_may_have_tables_of_their_own():
    cope = randomise(CoPE(4, HEAD_DIM, num_heads=HEADS, separate_heads=True)).float()
    q, k = known("q"), known("k")
    for head in range(HEADS):
        alone = CoPE(4, HEAD_DIM)
        alone.load_state_dict({"e": cope.e.detach()[head]})
        assert_close(
            cope.bias(q, k)[:, head], alone.bias(q[:, head : head + 1], k[:, head : head + 1])[:, 0]
        )


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("query_len, key_len", [(1, 1), (1, 70), (33, 33), (40, 70), (96, 96)])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"scaling": "released"},
        {"scaling": "paper", "separate_heads": True},
        {"gates": "val_gates"},
    ],
    ids=str,
)
def test_in_blocks_and_fused_cope_is_its_three_steps(options, query_len, key_len, fused):
    cope = randomise(CoPE(6, HEAD_DIM, num_heads=HEADS, fused=fused, **options))
    q, k, v = (
        random(2, HEADS, length, HEAD_DIM, seed=seed, requires_grad=True)
        for seed, length in enumerate((query_len, key_len, key_len))
    )
    seen = causal_mask(query_len, key_len)
    direction = torch.tensor(
        np.random.default_rng(5).normal(size=(2, HEADS, query_len, key_len)) * seen
    )

    def value_and_gradients(bias):
        for x in (q, k, v, cope.e):
            x.grad = None
        (bias * direction).sum().backward()
        return [
            bias.detach().numpy()[..., seen],
            *(x.grad for x in (q, k, v, cope.e) if x.grad is not None),
        ]

    logits = (
        q
        @ cope.e.transpose(-2, -1)
        * (HEAD_DIM**-0.5 if options.get("scaling") == "released" else 1)
    )
    whole = interpolate_logits(logits, cope_positions(cope.gates(q, k, v)))
    wanted, got = value_and_gradients(whole), value_and_gradients(cope.bias(q, k, v))
    assert len(wanted) == len(got)
    for a, b in zip(got, wanted):
        assert_close(a, b, 1e-9)


# ---------------------------------------------------------------- attention


def test_attention_is_the_engines():
    q, k, v = random(2, 3, 4, 5), random(2, 3, 6, 5, seed=1), random(2, 3, 6, 5, seed=2)
    mask = torch.tensor(causal_mask(4, 6))
    for scale in (None, 1.0):
        fused = nn.functional.scaled_dot_product_attention(q, k, v, mask, scale=scale)
        assert_close(attention(q, k, v, mask, scale), fused, 1e-12)


@every_variant
def test_cached_attention_is_uncached_attention(name, options):
    positions = make_positions(name, DIM, HEADS, max_len=12, **options)
    layer, cache = randomise(MultiHeadAttention(DIM, HEADS, positions)), Cache()
    x = random(2, 12, DIM)
    whole = layer(positions.embed(x))
    parts = []
    for start, end in ((0, 5), (5, 6), (6, 9), (9, 12)):
        parts.append(layer(positions.embed(x[:, start:end], offset=start), cache))
    assert len(cache) == 12
    assert_close(torch.cat(parts, dim=1), whole, 1e-10)


@every_variant
def test_every_parameter_gets_a_gradient(name, options):
    positions = make_positions(name, DIM, HEADS, max_len=12, **options)
    layer = randomise(MultiHeadAttention(DIM, HEADS, positions))
    (layer(positions.embed(random(2, 12, DIM))) ** 2).sum().backward()
    for parameter_name, parameter in layer.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, parameter_name


def test_a_combination_is_the_sum_of_its_parts():
    both = randomise(make_positions("cope+shaw", DIM, HEADS, max_len=SEQ, npos_max=4)).float()
    q, k = known("q"), known("k")
    assert_close(both.bias(q, k), both.parts[0].bias(q, k) + both.parts[1].bias(q, k))
    turned = make_positions("cope+rope", DIM, HEADS, max_len=SEQ, base=100.0)
    assert_close(turned.rotate(q, k)[0], RoPE(HEAD_DIM, base=100.0).rotate(q, k)[0])
    assert not turned.shared and make_positions("rope+alibi", DIM, HEADS, max_len=SEQ).shared


def test_a_sum_asks_every_hook_of_its_parts():
    both, q = make_positions("rope+alibi", DIM, HEADS, max_len=SEQ), known("q")
    assert_close(both.rotate(q, q)[1], RoPE(HEAD_DIM).rotate(q, q)[1])
    assert_close(both.bias(q, q), ALiBi(HEADS).bias(q, q))
    assert both.attend(q, q, q, None) is None and both.embed(q) is q
    shaw = CombinedPositions([Shaw(HEAD_DIM, clip=2, values=True), RoPE(HEAD_DIM)])
    assert_close(shaw.attend(q, q, q, None), shaw.parts[0].attend(q, q, q, None))


def test_a_sum_writes_into_no_part():
    shaw, t5 = Shaw(HEAD_DIM, clip=2), T5Bias(HEADS)
    before = [dict(vars(part)) for part in (shaw, t5)]
    both = CombinedPositions([shaw, t5])
    assert [dict(vars(part)) for part in (shaw, t5)] == before
    assert (shaw.scale, both.scale, both.parts[0].scale) == (None, 1.0, 1.0)
    assert both.parts[0].keys is shaw.keys and both.parts[1] is t5


def test_a_sum_is_shared_between_layers_if_all_its_parts_are():
    options = {"dim": DIM, "num_heads": HEADS, "max_len": SEQ}
    for positions in ("t5+rope", CombinedPositions([T5Bias(HEADS), RoPE(HEAD_DIM)])):
        first, second = layer_positions(positions, 2, **options)
        assert first is second
    for positions in ("t5+cope", CombinedPositions([T5Bias(HEADS), CoPE(4, HEAD_DIM)])):
        first, second = layer_positions(positions, 2, **options)
        assert (
            first.parts[0].table is not second.parts[0].table
            and first.parts[1].e is not second.parts[1].e
        )


def test_only_one_part_of_a_sum_can_do_the_attention():
    both, q = CombinedPositions([Shaw(HEAD_DIM, 2, values=True) for _ in range(2)]), known("q")
    with pytest.raises(ValueError, match="2 parts"):
        both.attend(q, q, q, None)


def test_t5_does_not_divide_and_a_sum_has_one_scale():
    q, k = known("q"), known("k")
    layer, x = MultiHeadAttention(DIM, HEADS, T5Bias(HEADS)), random(1, SEQ, DIM).float()
    inputs = layer.prepare(x)
    heads = attention(*inputs, scale=1.0)
    assert_close(layer(x), layer.out(heads.transpose(1, 2).reshape(x.shape)))
    both = randomise(make_positions("shaw+t5", DIM, HEADS, max_len=SEQ, clip=SEQ - 1)).float()
    alone = Shaw(HEAD_DIM, clip=SEQ - 1)
    alone.load_state_dict({"keys": both.parts[0].keys.detach()})
    assert_close(both.bias(q, k) - both.parts[1].bias(q, k), alone.bias(q, k) * HEAD_DIM**0.5)


# ---------------------------------------------------------------- bad input


class AnotherScale(PositionEncoding):
    scale = 0.5


class Picky(PositionEncoding):
    def __init__(self, dim, wobble):
        super().__init__()


def zeros(*shape):
    return torch.zeros(*shape)


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda: sinusoidal_encoding(4, 5), "even and positive, got 5"),
        (lambda: sinusoidal_encoding(-1, 4), "got -1"),
        (lambda: sinusoidal_encoding(2.5, 4), "got 2.5"),
        (lambda: rope_cache(4, 3), "even and positive, got 3"),
        (lambda: rope_cache(-2, 4), "got -2"),
        (lambda: shift_matrix(1, 7), "got 7"),
        (lambda: Sinusoidal(8).embed(zeros(1, 3, 6)), r"8 columns.*\(1, 3, 6\)"),
        (lambda: relative_positions(4, 3), "got 4 and 3"),
        (lambda: relative_positions(1.5, 3), "got 1.5 and 3"),
        (lambda: causal_mask(4, 3), "4 queries and 3 keys"),
        (lambda: clip_distance(np.array([0.5]), 2), r"float64 of shape \(1,\)"),
        (lambda: clip_distance(np.array([1]), -1), "got -1"),
        (lambda: t5_bucket(np.array([0.5])), r"float64 of shape \(1,\)"),
        (lambda: t5_bucket(np.array([1]), num_buckets=2), "2 buckets"),
        (lambda: alibi_slopes(0), "got 0"),
        (lambda: alibi_slopes(2.5), "got 2.5"),
        (lambda: ALiBi(4).bias(zeros(1, 2, 3, 4), zeros(1, 2, 3, 4)), r"4 heads.*\(1, 2, 3, 4\)"),
        (lambda: T5Bias(4).bias(zeros(1, 2, 3, 4), zeros(1, 2, 3, 4)), r"4 heads.*\(1, 2, 3, 4\)"),
        (
            lambda: Shaw(8, 2).bias(zeros(1, 2, 3, 4), zeros(1, 2, 3, 4)),
            r"head_dim 8.*\(1, 2, 3, 4\)",
        ),
        (
            lambda: TransformerXL(16, 2).bias(zeros(1, 2, 3, 4), zeros(1, 2, 3, 4)),
            r"head_dim 8.*\(1, 2, 3, 4\)",
        ),
        (
            lambda: apply_rope(zeros(3, 4), zeros(2, 2), zeros(2, 2)),
            r"\(3, 4\) needs.*\(3, 2\), got \(2, 2\)",
        ),
        (lambda: apply_rope(zeros(3, 5), zeros(3, 2), zeros(3, 2)), r"\(3, 5\) must be even"),
        (lambda: apply_rope_half(zeros(3, 4), zeros(3, 1), zeros(3, 1)), r"got \(3, 1\)"),
        (lambda: rope_rows_to_halves(np.zeros((6, 4)), 2), r"\(6, 4\)"),
        (lambda: RoPE(8, rotary_dim=3), "got 3"),
        (lambda: RoPE(8, rotary_dim=10), "10 columns.*head_dim 8"),
        (lambda: RoPE(8, layout="thirds"), "thirds"),
        (
            lambda: RoPE(8).rotate(zeros(1, 2, 3, 4), zeros(1, 2, 3, 4)),
            r"head_dim 8.*\(1, 2, 3, 4\)",
        ),
        (lambda: cope_positions(torch.tensor([[1.5]])), r"1\.5 to 1\.5 in gates \(1, 1\)"),
        (lambda: cope_positions(torch.tensor([[-0.5]])), r"between 0 and 1"),
        (lambda: cope_positions(zeros(3, 2)), "3 queries and 2 keys"),
        (
            lambda: interpolate_logits(zeros(2, 3, 4), zeros(3, 3, 5)),
            r"\(2, 3, 4\) and \(3, 3, 5\)",
        ),
        (
            lambda: CoPE(4, 8).bias(zeros(1, 2, 3, 4), zeros(1, 2, 3, 4)),
            r"head_dim 8.*\(1, 2, 3, 4\)",
        ),
        (lambda: CoPE(4, 8, scaling="none"), "scaling"),
        (lambda: CoPE(4, 8, gates="none"), "gates"),
        (
            lambda: attention(zeros(2, 3, 4), zeros(5, 3, 4), zeros(5, 3, 4)),
            r"\(2, 3, 4\).*\(5, 3, 4\)",
        ),
        (
            lambda: attention(zeros(2, 3, 4), zeros(2, 3, 5), zeros(2, 3, 5)),
            r"\(2, 3, 4\), keys \(2, 3, 5\)",
        ),
        (lambda: MultiHeadAttention(10, 3), "dim 10.*3 heads"),
        (lambda: make_positions("rotary", 16, 2, 8), "'rotary'; there are none sinusoidal"),
        (lambda: make_positions("rope", 16, 2, 8, npos_max=3), "no option 'npos_max'"),
        (lambda: make_positions("cope", 16, 3, 8), "dim 16.*3 heads"),
        (
            lambda: make_positions("learned+rope", 16, 2, 8).embed(zeros(1, 3, 16)),
            "Learned is added to the embeddings",
        ),
        (
            lambda: make_positions("rope+sinusoidal", 16, 2, 8).embed(zeros(1, 3, 16)),
            "Sinusoidal is added to the emb",
        ),
        (lambda: make_positions(Picky, 16, 2, 8), "Picky needs 'wobble'"),
        (
            lambda: make_positions(Picky, 16, 2, 8, wobbly=1),
            "no option 'wobbly'; it takes dim wobble",
        ),
        (
            lambda: make_positions(Picky(16, 2), 16, 2, 8, wobble=1),
            r"instance of Picky.*options wobble: say Picky\(\.\.\.\)",
        ),
        (
            lambda: make_positions(dict, 16, 2, 8),
            "positions is a name .none sinusoidal.* not <class 'dict'>",
        ),
        (lambda: make_positions(None, 16, 2, 8), "not None"),
        (
            lambda: CombinedPositions([T5Bias(2), CoPE(4, 8, scaling="paper"), AnotherScale()]),
            r"\[0\.5, 1\.0\]",
        ),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_a_cache_keeps_to_its_batch():
    layer, cache = MultiHeadAttention(DIM, HEADS), Cache()
    layer(zeros(2, 3, DIM), cache)
    with pytest.raises(ValueError, match=r"of 2 sequences.* of 3: start with a new cache"):
        layer(zeros(3, 1, DIM), cache)


def test_the_empty_encoding_does_nothing():
    positions, x, q, k = PositionEncoding(), random(1, SEQ, DIM), known("q"), known("k")
    assert (
        positions.embed(x) is x
        and positions.rotate(q, k) == (q, k)
        and positions.bias(q, k) is None
    )
    assert positions.attend(q, k, k, None) is None

"""The Transformer and generation: causal, with a cache as without, for every encoding."""

import copy
import math

import numpy as np
import pytest

import minitorch as torch
from solutions import transformer
from solutions.encodings import encodings, make_positions
from solutions.positions import PositionEncoding
from solutions.sampling import draw, generate, next_token_probabilities, nucleus
from solutions.transformer import Block, Transformer

NAMES = [*encodings(), "cope+rope", "cope+shaw"]


def small_model(positions, num_layers=2, max_len=32, seed=0, **options):
    """A model whose weights are large enough that every part of it shows in the logits."""
    torch.manual_seed(seed)
    if "cope" in str(positions):
        options.setdefault("npos_max", 6)
    model = Transformer(
        11,
        dim=16,
        num_heads=2,
        num_layers=num_layers,
        max_len=max_len,
        positions=positions,
        **options,
    )
    rng = np.random.default_rng(seed)
    state = {
        name: torch.tensor(rng.normal(size=tuple(tensor.shape)) * 0.4, dtype=tensor.dtype)
        for name, tensor in model.state_dict().items()
    }
    model.load_state_dict(state)
    return model


def random_ids(batch, seq, seed=0):
    return np.random.default_rng(seed).integers(11, size=(batch, seq))


@torch.no_grad()
def logits(model, ids, caches=None):
    return model(torch.tensor(ids), caches).numpy()


@pytest.mark.parametrize("positions", NAMES)
def test_generation_with_a_cache_is_generation_without(positions):
    model, prompt = small_model(positions), random_ids(3, 4)
    cached = generate(model, prompt, 16, rng=np.random.default_rng(5))
    again = generate(model, prompt, 16, rng=np.random.default_rng(5), cached=False)
    assert cached.shape == (3, 20)
    assert (cached == again).all()
    assert (cached[:, :4] == prompt).all()


@pytest.mark.parametrize("positions", NAMES)
@pytest.mark.parametrize("pieces", [(12,), (1,) * 12, (5, 1, 4, 2)])
def test_a_cache_changes_no_logits_however_the_text_is_cut(positions, pieces):
    model, ids = small_model(positions), random_ids(2, 12)
    caches, parts = model.new_caches(), np.split(ids, np.cumsum(pieces)[:-1], axis=1)
    got = np.concatenate([logits(model, part, caches) for part in parts], axis=1)
    np.testing.assert_allclose(got, logits(model, ids), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("positions", NAMES)
def test_no_logit_depends_on_a_later_token(positions):
    model, ids = small_model(positions), random_ids(2, 12)
    changed = ids.copy()
    changed[:, 7] = (changed[:, 7] + 1) % 11
    before, after = logits(model, ids), logits(model, changed)
    np.testing.assert_array_equal(before[:, :7], after[:, :7])
    assert np.abs(before[:, 7:] - after[:, 7:]).max() > 1e-3


def test_encodings_are_shared_or_one_a_layer_as_they_ask():
    rope, cope = small_model("rope", num_layers=3), small_model("cope", num_layers=3)
    assert len({id(block.attention.positions) for block in rope.blocks}) == 1
    assert len({id(block.attention.positions) for block in cope.blocks}) == 3


class Closeness(PositionEncoding):
    """A learner's own encoding: near keys score higher, by a strength that each layer learns."""

    shared = False

    def __init__(self, num_heads, strength=0.5):
        super().__init__()
        self.strength = torch.nn.Parameter(torch.full((num_heads, 1, 1), strength))

    def bias(self, q, k, v=None, x=None):
        distances = np.arange(k.shape[-2]) - np.arange(k.shape[-2])[-q.shape[-2] :, None]
        return (self.strength * torch.tensor(distances, dtype=q.dtype)).unsqueeze(0)


def test_an_encoding_of_ones_own_as_a_class_or_an_instance():
    by_class = small_model(Closeness, num_layers=3, strength=0.25)
    own = Closeness(2, strength=0.25)
    by_instance = small_model(own, num_layers=3)
    assert by_instance.positions[0] is own
    for model in (by_class, by_instance):
        assert len({id(encoding.strength) for encoding in model.positions}) == 3
        assert [block.attention.positions for block in model.blocks] == list(model.positions)
    ids = random_ids(2, 12)
    np.testing.assert_array_equal(logits(by_class, ids), logits(by_instance, ids))
    got = generate(by_class, ids, 4, temperature=0)
    assert (got == generate(by_class, ids, 4, temperature=0, cached=False)).all()
    with_strength = logits(by_class, ids)
    with torch.no_grad():
        by_class.positions[0].strength.zero_()
    assert np.abs(logits(by_class, ids) - with_strength).max() > 1e-3


def test_a_shared_instance_serves_all_layers():
    table = make_positions("learned", 16, 2, max_len=8)
    model = Transformer(11, dim=16, num_heads=2, num_layers=2, max_len=8, positions=table)
    assert model.positions == (table, table)
    assert all(block.attention.positions is table for block in model.blocks)


def test_a_copy_of_a_model_shares_nothing_with_it():
    model = small_model("learned")
    other, ids = copy.deepcopy(model), random_ids(1, 5)
    before = logits(model, ids)
    with torch.no_grad():
        other.positions[0].table.zero_()
    assert other.positions[0] is other.blocks[0].attention.positions
    np.testing.assert_array_equal(logits(model, ids), before)
    assert np.abs(logits(other, ids) - before).max() > 1e-3


def test_a_learners_block_needs_nothing_but_its_two_methods(monkeypatch):
    class Bare(torch.nn.Module):
        """What an answer of the lesson's exercise has, and nothing more."""

        def __init__(self, dim, num_heads, positions):
            super().__init__()
            whole = Block(dim, num_heads, positions)
            for name, part in whole.named_children():
                setattr(self, name, part)

        def forward(self, x, cache=None):
            return Block.forward(self, x, cache)

    model, ids = small_model("learned"), random_ids(2, 5)
    monkeypatch.setattr(transformer, "Block", Bare)
    np.testing.assert_array_equal(logits(small_model("learned"), ids), logits(model, ids))
    t5 = small_model("t5", num_layers=3)
    assert len(list(t5.parameters())) == len({id(parameter) for parameter in t5.parameters()})


def test_a_learned_table_ends_where_it_ends():
    model = small_model("learned", max_len=8)
    assert logits(model, random_ids(1, 8)).shape == (1, 8, 11)
    with pytest.raises(ValueError, match="8"):
        logits(model, random_ids(1, 9))
    with pytest.raises(ValueError, match="8"):
        generate(model, random_ids(1, 6), 4, temperature=0)


def test_a_tied_head_is_the_embedding():
    tied, untied = small_model("none", tied=True), small_model("none")
    assert tied.head.weight is tied.embedding.weight
    assert len(list(tied.parameters())) == len(list(untied.parameters())) - 1
    untied.load_state_dict(tied.state_dict())
    np.testing.assert_array_equal(logits(tied, random_ids(1, 5)), logits(untied, random_ids(1, 5)))


def test_starting_weights():
    torch.manual_seed(0)
    model = Transformer(50, dim=64, num_heads=4, num_layers=8, max_len=8, positions="none")
    residual = 0.02 / math.sqrt(16)
    for block in model.blocks:
        for layer, std in (
            (block.attention.qkv, 0.02),
            (block.attention.out, residual),
            (block.mlp[0], 0.02),
            (block.mlp[2], residual),
        ):
            assert layer.weight.detach().numpy().std() == pytest.approx(std, rel=0.06)
            assert (layer.bias.detach().numpy() == 0).all()
    assert model.embedding.weight.detach().numpy().std() == pytest.approx(0.02, rel=0.06)
    assert model.head.weight.detach().numpy().std() == pytest.approx(0.02, rel=0.06)
    # So a new model knows nothing: all 50 tokens are about equally likely.
    ids = np.arange(8)[None]
    spread = np.ptp(next_token_probabilities(logits(model, ids)[0]), axis=-1)
    assert spread.max() < 0.05


def test_probabilities_are_the_softmax():
    values = np.array([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0]])
    want = np.exp([1.0, 2.0, 3.0]) / np.exp([1.0, 2.0, 3.0]).sum()
    np.testing.assert_allclose(next_token_probabilities(values), [want, [1, 0, 0]], atol=1e-12)
    halved = np.exp([0.5, 1.0, 1.5]) / np.exp([0.5, 1.0, 1.5]).sum()
    np.testing.assert_allclose(next_token_probabilities(values[:1], temperature=2), [halved])


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"top_k": 1}, [0]),
        ({"top_k": 3}, [0, 2, 1]),
        ({"top_k": 99}, [0, 1, 2, 3]),
        ({"top_p": 0.39}, [0]),
        ({"top_p": 0.41}, [0, 2]),
        ({"top_p": 0.7}, [0, 2]),
        ({"top_p": 1e-9}, [0]),
        ({"top_p": 0.95}, [0, 1, 2, 3]),
        ({"top_p": 1.0}, [0, 1, 2, 3]),
        ({"top_k": 2, "top_p": 0.95}, [0, 2]),
        ({"top_k": 3, "top_p": 0.5}, [0, 2]),
        ({"temperature": 0}, [0]),
    ],
)
def test_what_is_kept(options, kept):
    full = np.array([0.4, 0.2, 0.31, 0.09])
    want = np.zeros(4)
    want[kept] = full[kept] / full[kept].sum()
    np.testing.assert_allclose(drawn_from(np.log(full)[None], **options)[0], want, atol=1e-12)


def drawn_from(logits, top_p=None, **options):
    """As in `generate`: first temperature and top-k, then the nucleus."""
    p = next_token_probabilities(logits, **options)
    return p if top_p is None else nucleus(p, top_p)


@pytest.mark.parametrize("options", [{"top_k": 1}, {"top_p": 1e-9}, {"temperature": 1e-9}])
def test_generate_draws_from_what_is_kept(options):
    model, ids, rng = small_model("rope"), random_ids(2, 3), np.random.default_rng(0)
    likeliest = generate(model, ids, 8, temperature=0)
    assert (generate(model, ids, 8, rng=rng, **options) == likeliest).all()
    assert (generate(model, ids, 8, rng=rng) != likeliest).any()


def test_of_equally_likely_tokens_the_lower_id_is_kept():
    assert next_token_probabilities(np.zeros((1, 5)), top_k=2).tolist() == [[0.5, 0.5, 0, 0, 0]]
    assert next_token_probabilities(np.zeros((1, 5)), temperature=0).tolist() == [[1, 0, 0, 0, 0]]


@pytest.mark.parametrize(
    "options", [{"temperature": -1}, {"top_k": 0}, {"top_p": 0}, {"top_p": 1.5}]
)
def test_senseless_sampling_is_refused(options):
    [(name, value)] = options.items()
    with pytest.raises(ValueError, match=f"{name}.*{value}"):
        generate(small_model("none"), random_ids(1, 3), 3, rng=np.random.default_rng(0), **options)


def test_draws_follow_the_weights():
    weights = np.array([[0, 1, 0, 3, 0], [2, 0, 0, 0, 2.0]])
    drawn = draw(np.random.default_rng(0), weights.repeat(20_000, axis=0)).reshape(2, 20_000)
    shares = np.array([np.bincount(row, minlength=5) / 20_000 for row in drawn])
    np.testing.assert_allclose(shares, weights / 4, atol=0.015)
    assert (shares[weights == 0] == 0).all()


def test_generate_repeats_itself_for_the_same_seed_only():
    model, prompt = small_model("alibi"), random_ids(1, 3)
    once, twice, other = (
        generate(model, prompt, 20, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert (once == twice).all()
    assert (once != other).any()


def test_temperature_zero_takes_the_likeliest_token_each_time():
    model, ids = small_model("rope"), random_ids(2, 3)
    got = generate(model, ids, 8, temperature=0)
    for _ in range(8):
        ids = np.concatenate([ids, logits(model, ids)[:, -1].argmax(-1)[:, None]], axis=1)
    assert (got == ids).all()


def test_generate_leaves_the_model_as_it_was():
    model = small_model("cope")
    for mode in (True, False):
        model.train(mode)
        generate(model, random_ids(1, 3), 2, temperature=0)
        assert model.training is mode
    assert all(parameter.grad is None for parameter in model.parameters())


def test_generate_refuses_what_it_cannot_continue():
    model = small_model("none")
    with pytest.raises(ValueError, match=r"\(1, 0\)"):
        generate(model, np.zeros((1, 0), dtype=int), 3, temperature=0)
    with pytest.raises(ValueError, match=r"\(4,\)"):
        generate(model, np.zeros(4, dtype=int), 3, temperature=0)
    with pytest.raises(ValueError, match="rng"):
        generate(model, random_ids(1, 3), 3)

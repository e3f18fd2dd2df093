"""Positions drawn at random in training, and a gate that forgets."""

import numpy as np
import pytest

import minitorch as torch
from solutions.absolute_positions import Learned
from solutions.forget_gate import ForgetGate
from solutions.random_positions import RandomAngles, RandomOffset, RandomRows, random_positions
from solutions.rope import RoPE
from solutions.transformer import Transformer


def test_random_positions_are_different_and_rise():
    torch.manual_seed(0)
    drawn = [random_positions(12, 16).tolist() for _ in range(200)]
    assert all(positions == sorted(set(positions)) for positions in drawn)
    assert {p for positions in drawn for p in positions} == set(range(16))
    assert random_positions(16, 16).tolist() == list(range(16))
    with pytest.raises(ValueError, match="17 different positions cannot be drawn from 16"):
        random_positions(17, 16)


def test_a_random_offset_gives_each_text_rows_in_line():
    positions, starts = RandomOffset(max_len=10, dim=3), set()
    for _ in range(100):
        added = positions.embed(torch.zeros(2, 4, 3)).detach().numpy()
        for rows in added:
            matches = [
                start
                for start in range(7)
                if (rows == positions.table.detach().numpy()[start : start + 4]).all()
            ]
            starts |= set(matches)
            assert len(matches) == 1
    assert starts == set(range(7))


@pytest.mark.parametrize("cls", [RandomOffset, RandomRows])
def test_every_row_is_trained_and_outside_of_training_all_is_as_usual(cls):
    torch.manual_seed(1)
    positions, trained = cls(max_len=12, dim=2), set()
    for _ in range(60):
        positions.table.grad = None
        positions.embed(torch.zeros(1, 5, 2)).sum().backward()
        trained |= set(np.flatnonzero(positions.table.grad.numpy()[:, 0]).tolist())
    assert trained == set(range(12))
    positions.eval()
    plain = Learned(12, 2)
    plain.load_state_dict(positions.state_dict())
    x = torch.randn(2, 5, 2)
    assert (positions.embed(x, 3) == plain.embed(x, 3)).all().item()


def test_an_offset_changes_no_score_of_rope_and_gaps_do():
    torch.manual_seed(2)
    q, k = torch.randn(1, 1, 6, 8), torch.randn(1, 1, 6, 8)

    def scores(positions, offset=0):
        positions.embed(torch.zeros(1, 6, 8))
        q_rotated, k_rotated = positions.rotate(q, k, offset)
        return (q_rotated @ k_rotated.transpose(-2, -1)).numpy()

    plain = RoPE(8)
    np.testing.assert_allclose(scores(plain), scores(plain, offset=50), atol=1e-5)
    random = RandomAngles(8, max_len=24)
    assert abs(scores(random) - scores(plain)).max() > 0.1
    random.eval()
    np.testing.assert_array_equal(scores(random), scores(plain))


def test_all_layers_and_queries_and_keys_have_the_same_random_angles():
    torch.manual_seed(3)
    model = Transformer(10, 8, 2, 3, 32, RandomAngles)
    first, second = (block.attention.positions for block in model.blocks[:2])
    model(torch.tensor(np.arange(10)[None]))
    assert first is second and len(first.drawn) == 10
    x = torch.randn(1, 1, 10, 4)
    q, k = first.rotate(x, x)
    assert (q == k).all().item()


def test_a_forget_gate_multiplies_weights_by_the_gates_in_between():
    torch.manual_seed(4)
    positions = ForgetGate(dim=6, num_heads=2)
    x, q = torch.randn(3, 5, 6), torch.zeros(3, 2, 5, 3)
    f = positions.gate(x).sigmoid().detach().numpy().transpose(0, 2, 1)  # (batch, heads, key)
    bias = positions.bias(q, q, x=x).detach().numpy()
    for i in range(5):
        for j in range(i + 1):
            expected = np.log(f[..., j + 1 : i + 1]).sum(axis=-1)
            np.testing.assert_allclose(bias[..., i, j], expected, atol=1e-5)
    last = positions.bias(q[:, :, -2:], q, x=x).detach().numpy()  # two queries, from a cache
    np.testing.assert_array_equal(last, bias[:, :, -2:])


def test_no_key_before_a_gate_that_is_shut_is_seen():
    positions = ForgetGate(dim=1, num_heads=1)
    positions.gate.weight.data.fill_(1.0)
    positions.gate.bias.data.fill_(0.0)
    x = torch.tensor([[[50.0], [50.0], [-50.0], [50.0]]])  # open, open, shut, open
    q = torch.zeros(1, 1, 4, 2)
    weights = positions.bias(q, q, x=x)[0, 0, -1].softmax(dim=-1)
    np.testing.assert_allclose(weights.detach().numpy(), [0, 0, 0.5, 0.5], atol=1e-6)

"""The training loop: rates, clipping, and that parts, pauses and interruptions change nothing."""

import numpy as np
import pytest

import minitorch as torch
from solutions.training import UNSCORED, Trainer, error_rate, learning_rate, predict
from solutions.transformer import Transformer


def draw_batch(rng, batch=6, seq_len=10):
    """A small task: say the token before. Rows score different numbers of positions."""
    inputs = rng.integers(7, size=(batch, seq_len))
    targets = np.full((batch, seq_len), UNSCORED)
    for row in range(batch):
        first = 1 + row % 4
        targets[row, first:] = inputs[row, first - 1 : -1]
    return inputs, targets


def new_trainer(steps=8, seed=0, model_seed=0, **options):
    torch.manual_seed(model_seed)
    model = Transformer(
        7, dim=16, num_heads=2, num_layers=1, max_len=10, positions="cope", npos_max=4
    )
    return Trainer(model, draw_batch, steps, warmup=3, seed=seed, **options)


def weights(trainer):
    return {
        name: tensor.detach().numpy().copy() for name, tensor in trainer.model.state_dict().items()
    }


def assert_same(one, other, exactly=True):
    a, b = weights(one), weights(other)
    assert a.keys() == b.keys()
    for name in a:
        if exactly:
            np.testing.assert_array_equal(a[name], b[name], err_msg=name)
        else:
            np.testing.assert_allclose(a[name], b[name], rtol=1e-4, atol=2e-5, err_msg=name)


def test_learning_rate_rises_to_the_peak_and_falls_to_its_floor():
    rates = [learning_rate(step, 600, 3e-3) for step in range(600)]
    assert rates[0] == pytest.approx(3e-5)
    assert rates[49] == pytest.approx(1.5e-3)
    assert rates[99] == rates[100] == max(rates) == 3e-3
    assert rates[-1] == pytest.approx(1.5e-4)
    assert rates[350] == pytest.approx(3e-3 * (0.05 + 0.95 / 2), rel=0.02)  # half-way down
    assert np.all(np.diff(rates[100:]) < 0)
    assert learning_rate(0, 1, 1.0, warmup=0) == 1.0


def test_the_rate_of_each_step_reaches_the_optimizer():
    trainer, used = new_trainer(steps=6, lr=0.01), []
    trainer.fit(on_step=lambda trainer: used.append(trainer.optimizer.param_groups[0]["lr"]))
    assert used == [learning_rate(step, 6, 0.01, warmup=3) for step in range(6)]


def test_it_learns():
    torch.manual_seed(0)
    model = Transformer(7, dim=16, num_heads=2, num_layers=1, max_len=10, positions="learned")
    inputs, targets = draw_batch(np.random.default_rng(99), batch=64)
    before = error_rate(predict(model, inputs), targets)
    trainer = Trainer(model, lambda rng: draw_batch(rng, batch=16), 100, lr=2e-2, warmup=20)
    assert trainer.fit() == "finished"
    assert before > 0.7
    assert error_rate(predict(model, inputs), targets) < 0.05
    assert trainer.losses[0] == pytest.approx(np.log(7), abs=0.1)  # it began by knowing nothing
    assert len(trainer.losses) == trainer.step == 100


def test_the_gradient_is_clipped_to_length_one():
    trainer = new_trainer()
    steep = {name: torch.tensor(value * 30) for name, value in weights(trainer).items()}
    trainer.model.load_state_dict(steep)
    trainer.update()
    length = np.sqrt(
        sum((parameter.grad.numpy() ** 2).sum() for parameter in trainer.model.parameters())
    )
    assert length == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("micro_batch", [1, 2, 4, 6, 100])
def test_micro_batches_give_the_gradient_of_the_whole(micro_batch):
    whole, parts = new_trainer(), new_trainer(micro_batch=micro_batch)
    whole.update()
    parts.update()
    assert parts.losses == pytest.approx(whole.losses, rel=1e-5)
    for one, other in zip(whole.model.parameters(), parts.model.parameters()):
        np.testing.assert_allclose(other.grad.numpy(), one.grad.numpy(), rtol=1e-4, atol=1e-6)


def test_threads_change_nothing_to_the_last_bit():
    one, several = new_trainer(micro_batch=2), new_trainer(micro_batch=2, threads=3)
    for trainer in (one, several):
        trainer.fit()
    assert several.losses == one.losses
    assert_same(one, several)


def test_the_seed_decides_the_batches():
    first, same, other = new_trainer(), new_trainer(), new_trainer(seed=1)
    for trainer in (first, same, other):
        trainer.fit()
    assert first.losses == same.losses
    assert_same(first, same)
    assert first.losses[0] != other.losses[0]


@pytest.mark.parametrize("steps_before", [1, 3, 7])
def test_a_resumed_run_is_the_run_to_the_last_bit(tmp_path, steps_before):
    path = tmp_path / "run.npz"
    straight, stopped = new_trainer(), new_trainer()
    straight.fit()
    for _ in range(steps_before):
        stopped.update()
    stopped.save(path)
    resumed = new_trainer(model_seed=7).load(path)  # its own starting weights are replaced
    assert resumed.step == steps_before
    assert resumed.fit() == "finished"
    assert resumed.losses == straight.losses
    assert_same(resumed, straight)


def test_checkpoints_remember_the_evaluations_and_the_best_weights(tmp_path):
    path = tmp_path / "run.npz"
    values = iter([3.0, 1.0, 2.0, 2.5, 0.0])
    whole = new_trainer()
    assert whole.fit(evaluate=lambda model: next(values), every=2, patience=2) == "stopped early"
    values = iter([3.0, 1.0, 2.0, 2.5, 0.0])
    paused = new_trainer(steps=8)
    paused.fit(
        evaluate=lambda model: next(values),
        every=2,
        checkpoint=path,
        on_step=lambda trainer: interrupt() if trainer.step == 7 else None,
    )
    resumed = new_trainer(model_seed=7).load(path)
    assert resumed.evaluations == [(2, 3.0), (4, 1.0), (6, 2.0)]
    assert resumed.fit(evaluate=lambda model: next(values), every=2, patience=2) == "stopped early"
    assert_same(resumed, whole)


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    trainer = new_trainer()
    trainer.update()
    trainer.save(path)
    other = Trainer(Transformer(7, 16, 2, 1, max_len=10, positions="rope"), draw_batch, 8)
    with pytest.raises(RuntimeError):
        other.load(path)


def test_early_stop_goes_back_to_the_best_weights():
    values, seen = iter([3.0, 1.0, 1.0, 1.5]), []
    trainer = new_trainer(steps=100)

    def evaluate(model):
        seen.append(weights(trainer))
        return next(values)

    assert trainer.fit(evaluate=evaluate, every=2, patience=2) == "stopped early"
    assert trainer.evaluations == [(2, 3.0), (4, 1.0), (6, 1.0), (8, 1.5)]  # equal is no better
    for name, value in weights(trainer).items():
        np.testing.assert_array_equal(value, seen[1][name])


def test_evaluations_come_at_their_steps_and_at_the_end():
    trainer = new_trainer(steps=7)
    trainer.fit(evaluate=lambda model: 0.5, every=3)
    assert [step for step, _ in trainer.evaluations] == [3, 6, 7]


def interrupt():
    raise KeyboardInterrupt


@pytest.mark.parametrize("where", ["on_step", "evaluate", "draw_batch"])
def test_an_interrupt_keeps_what_was_learned_and_fit_goes_on(where):
    straight, broken = new_trainer(), new_trainer()
    straight.fit()

    def at_three(*_):
        return interrupt() if broken.step == 3 else 0.0

    if where == "draw_batch":
        broken.draw_batch = lambda rng: at_three() or draw_batch(rng)
        assert broken.fit() == "interrupted"
        broken.draw_batch = draw_batch
    else:
        assert broken.fit(**{where: at_three}, every=1) == "interrupted"
    assert broken.step == 3
    assert broken.losses == straight.losses[:3]
    assert broken.fit() == "finished"
    assert broken.losses == straight.losses
    assert_same(broken, straight)


def test_other_errors_are_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        new_trainer().fit(on_step=lambda trainer: 1 / 0)


def test_a_batch_that_asks_nothing_is_refused():
    trainer = new_trainer()
    trainer.draw_batch = lambda rng: (np.zeros((2, 5), dtype=int), np.full((2, 5), UNSCORED))
    with pytest.raises(ValueError, match=r"nothing is scored.*\(2, 5\)"):
        trainer.update()


def test_predictions_do_not_depend_on_the_batch_size_and_leave_the_mode_alone():
    trainer = new_trainer()
    trainer.fit()
    inputs, _ = draw_batch(np.random.default_rng(3), batch=10)
    for mode in (True, False):
        trainer.model.train(mode)
        together, split = predict(trainer.model, inputs), predict(trainer.model, inputs, batch=3)
        assert trainer.model.training is mode
        assert together.shape == inputs.shape
        assert (together == split).all()


def test_error_rate_counts_scored_targets_only():
    targets = np.array([[UNSCORED, 1, 2], [3, UNSCORED, UNSCORED]])
    assert error_rate(np.array([[9, 1, 2], [3, 9, 9]]), targets) == 0
    assert error_rate(np.array([[9, 1, 9], [3, 9, 9]]), targets) == pytest.approx(1 / 3)

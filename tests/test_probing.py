"""What lesson 13 measures with: the two regressions, the probes, the masked batch, RoPE's cuts, the
weights that are kept, and the page of all encodings.
"""

import numpy as np
import pytest

import minitorch as torch
from experiments import encodings_page
from experiments.plan import GALLERY
from experiments.recipes import RECIPES, Run
from experiments.records import RESULTS, read_record, record_path
from experiments.training import build, kept_model, run
from experiments.weights import DamagedWeights, keep_weights, load_kept_weights
from solutions.absolute_positions import sinusoidal_encoding
from solutions.encodings import encodings
from solutions.language import read_this_course
from solutions.probing import (
    FOLDS,
    CutRoPE,
    character_tokenizer,
    course_ids,
    hidden_position_error,
    hidden_states,
    logistic_regression,
    masked_character_batch,
    next_character_batch,
    order_probe,
    pairs_of_new_positions,
    position_probe,
    probe_errors,
    random_folds,
    random_pairs,
    ridge,
)
from solutions.rope import RoPE
from solutions.training import UNSCORED

# ---------------------------------------------------------------- two regressions


def some_rows(seed=0, rows=40, dim=6):
    rng = np.random.default_rng(seed)
    x = 3 * rng.standard_normal((rows, dim)) + 2
    return x, x @ rng.standard_normal(dim) + rng.standard_normal(rows)


@pytest.mark.parametrize("shape", [(40, 6), (12, 30)])
def test_ridge_is_at_the_minimum_of_what_it_says(shape):
    x, y = some_rows(rows=shape[0], dim=shape[1])
    weights, intercept = ridge(x, y, penalty=0.7)
    rest = x @ weights + intercept - y
    size = (x - x.mean(axis=0)).std()
    np.testing.assert_allclose(x.T @ rest + 0.7 * size**2 * weights, 0, atol=1e-8)
    assert rest.sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("shape", [(60, 4), (20, 50)])
def test_logistic_regression_is_at_the_minimum_of_what_it_says(shape):
    x, y = some_rows(rows=shape[0], dim=shape[1])
    y = y > np.median(y)
    weights, intercept = logistic_regression(x, y, penalty=0.5)
    wrong_by = 1 / (1 + np.exp(-(x @ weights + intercept))) - y
    size = (x - x.mean(axis=0)).std()
    np.testing.assert_allclose(x.T @ wrong_by + 0.5 * size**2 * weights, 0, atol=1e-4)
    assert wrong_by.sum() == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("fit", [ridge, logistic_regression])
def test_units_and_origin_change_nothing(fit):
    x, y = some_rows()
    y = y > 0 if fit is logistic_regression else y
    weights, intercept = fit(x, y)
    others, other = fit(1000 * x - 7, y)
    np.testing.assert_allclose(
        (1000 * x - 7) @ others + other, x @ weights + intercept, rtol=1e-6, atol=1e-6
    )


def test_rows_that_are_all_alike_have_no_slope():
    for fit, y in ((ridge, np.arange(4)), (logistic_regression, np.arange(4) > 1)):
        weights, intercept = fit(np.ones((4, 3)), y)
        assert not weights.any() and np.isfinite(intercept)


# ---------------------------------------------------------------- the probes


def test_the_sinusoidal_table_gives_the_papers_numbers():
    """Wang & Chen's own program gives 0.0, and 5.08 % as the mean of several drawings."""
    table, rng = sinusoidal_encoding(512, 768), np.random.default_rng(0)
    assert position_probe(table, np.arange(512), random_folds(rng, 512)) < 0.01
    assert 0.03 < order_probe(table, *random_pairs(rng, 512)) < 0.08


def test_random_vectors_have_no_positions_but_the_papers_pairs_repeat_them():
    vectors = np.random.default_rng(0).standard_normal((64, 32))
    position, order, new_order = probe_errors(vectors)
    assert position > 15  # a constant guess is 16 off
    assert order < 0.4 < new_order < 0.6


def test_pairs_of_new_positions_share_no_position_between_folds():
    rng = np.random.default_rng(1)
    first, second, fold = pairs_of_new_positions(rng, 64)
    assert (first != second).all() and set(fold) == set(range(FOLDS))
    for each in range(FOLDS):
        inside = set(first[fold == each]) | set(second[fold == each])
        assert not inside & (set(first[fold != each]) | set(second[fold != each]))
    first, second, _ = random_pairs(rng, 64)
    assert len(set(zip(first, second))) == 512 and (first != second).all()


def test_folds_are_of_about_equal_size():
    sizes = np.bincount(random_folds(np.random.default_rng(0), 64))
    assert len(sizes) == FOLDS and np.ptp(sizes) <= 1


# ---------------------------------------------------------------- texts


def test_the_held_out_text_is_in_no_training_batch():
    text = read_this_course()
    assert len(course_ids()) + len(course_ids(held_out=True)) == len(text)
    assert text.endswith(character_tokenizer().decode(course_ids(held_out=True)[-50:]))


def test_batches_of_characters():
    rng = np.random.default_rng(0)
    inputs, targets = next_character_batch(rng, 3, seq_len=20)
    np.testing.assert_array_equal(inputs[:, 1:], targets[:, :-1])
    inputs, targets = masked_character_batch(rng, 64, held_out=True)
    asked, mask = targets != UNSCORED, len(character_tokenizer()) - 1
    assert (inputs[~asked] != mask).all() and (targets < mask).all()
    assert asked.mean() == pytest.approx(0.3, abs=0.03)
    assert (inputs[asked] == mask).mean() == pytest.approx(0.8, abs=0.05)


# ---------------------------------------------------------------- hidden states, and RoPE's cuts


def test_hidden_states_end_where_the_logits_begin():
    model = build(Run("gallery_encoder", "learned").settings())
    ids, _ = masked_character_batch(np.random.default_rng(0), 3)
    states = hidden_states(model, ids)
    assert [state.shape for state in states] == [(3, 64, 32)] * 3
    with torch.no_grad():
        logits = model.head(model.norm(torch.tensor(states[-1])))
        np.testing.assert_allclose(logits.numpy(), model(torch.tensor(ids)).numpy(), atol=1e-5)


def test_positions_are_read_from_hidden_states_of_texts_not_seen():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((20, 30, 8))
    assert hidden_position_error(noise + np.arange(30)[:, None]) < 1
    assert hidden_position_error(noise) > 6  # a constant guess is 7.5 off


def some_heads(seed=0):
    return torch.tensor(np.random.default_rng(seed).standard_normal((2, 3, 5, 8)))


def test_a_cut_of_nothing_is_rope():
    q, k = some_heads(), some_heads(1)
    for gone in (False, True):
        for ours, rope in zip(CutRoPE(8, [], gone).rotate(q, k, 2), RoPE(8).rotate(q, k, 2)):
            np.testing.assert_array_equal(ours.numpy(), rope.numpy())


def test_pairs_that_are_cut_stay_still_or_are_gone():
    q, k = some_heads(), some_heads(1)
    rope = RoPE(8).rotate(q, k)[0].numpy()
    still, gone = (CutRoPE(8, [1, 3], gone).rotate(q, k)[0].numpy() for gone in (False, True))
    for c in range(4):
        columns = slice(2 * c, 2 * c + 2)
        want_still = q.numpy() if c in (1, 3) else rope
        want_gone = 0 * rope if c in (1, 3) else rope
        np.testing.assert_allclose(still[..., columns], want_still[..., columns], atol=1e-12)
        np.testing.assert_allclose(gone[..., columns], want_gone[..., columns], atol=1e-12)


# ---------------------------------------------------------------- kept weights


def small_model(seed=0):
    torch.manual_seed(seed)
    return build(Run("gallery_decoder", "rope").settings())


def test_kept_weights_are_the_weights_in_half_precision(tmp_path):
    model, path = small_model(), tmp_path / "new" / "model.npz"
    digest = keep_weights(model, path)
    other = load_kept_weights(small_model(1), path, digest)
    for name, tensor in model.state_dict().items():
        kept = other.state_dict()[name].numpy()
        assert kept.dtype == np.float32
        np.testing.assert_array_equal(kept, tensor.numpy().astype(np.float16))
    assert digest == keep_weights(model, tmp_path / "again.npz")


def test_weights_that_are_not_the_records_are_refused(tmp_path):
    path = tmp_path / "model.npz"
    digest = keep_weights(small_model(), path)
    keep_weights(build(Run("gallery_decoder", "rope", (3, 3)).settings()), path)
    with pytest.raises(DamagedWeights, match="model.npz"):
        load_kept_weights(small_model(), path, digest)
    path.unlink()
    with pytest.raises(DamagedWeights, match="missing"):
        load_kept_weights(small_model(), path, digest)


def test_a_run_keeps_its_weights_and_records_their_digest(tmp_path):
    settings = Run("gallery_encoder", "none", changes={"steps": 2, "batch": 4}).settings()
    trained = run(settings | {"splits": {}}, tmp_path)
    model = kept_model(trained, tmp_path)
    assert sum(parameter.numel() for parameter in model.parameters()) == trained["parameters"]
    assert not model.blocks[0].attention.causal


def gallery_runs():
    return [run for table in GALLERY for run in table.runs(RESULTS)]


@pytest.mark.parametrize("name", sorted({run.name for run in gallery_runs()}))
def test_every_model_that_the_lesson_reads_is_there(name):
    record = read_record(name)
    assert record is not None, f"not recorded: make experiments ARGS={name}"
    assert record["settings"]["keep_weights"] is True
    for parameter in kept_model(record).parameters():
        assert np.isfinite(parameter.detach().numpy()).all()


def test_kept_weights_take_little_room_and_each_has_a_record():
    files = sorted(RESULTS.rglob("*.npz"))
    kept = [path for path in files if not path.relative_to(RESULTS).parts[0].startswith(".")]
    assert sum(path.stat().st_size for path in kept) < 8_000_000
    for path in kept:
        assert record_path(f"{path.parent.name}/{path.stem}").exists()


def test_only_recipes_of_the_gallery_keep_weights():
    assert {name for name in RECIPES if RECIPES[name].get("keep_weights")} == {
        table.recipe for table in GALLERY
    }


# ---------------------------------------------------------------- all encodings on one page


def test_the_page_of_all_encodings_is_up_to_date():
    assert encodings_page.main(["--check"]) == 0


def test_the_page_has_a_row_for_every_encoding():
    page = encodings_page.page()
    for name in encodings():
        assert page.count(f"| `{name}` |") == 2
    assert "786,432" in page  # GPT-2's table of 1024 positions

"""The runner of the experiments, on settings that take no time: records, checkpoints, the command."""
import json
import shutil

import numpy as np
import pytest

from solutions import experiments
from solutions.experiments import (
    RECIPES, RUNS, all_names, build, checkpoint_path, is_recorded, main, read_record, read_records, run,
    run_all, settings_of, split_texts, summary, train)


def tiny(name, **changed):
    """The settings of a run, with a tiny model, ten steps and few texts."""
    settings = settings_of(name)
    splits = {split: {**how, "texts": 3} for split, how in settings["splits"].items()}
    return {**settings, "model": {"num_layers": 1, "num_heads": 2, "dim": 8}, "batch": 2, "steps": 10,
            "splits": splits, **changed}


def numbers(record):
    return {key: record[key] for key in ("curve", "errors", "answers", "parameters")}


def test_what_is_run():
    names = all_names()
    assert len(set(names)) == len(names) == 9 * 3 * 3 + 4 * 3 + 4 + 2 * 4 * 3
    assert set(RUNS) == set(RECIPES)
    for name in names:
        settings = settings_of(name)
        assert settings["name"] == name
        assert json.loads(json.dumps(settings)) == settings


@pytest.mark.parametrize("recipe", RECIPES)
def test_one_recipe_a_task(recipe):
    """Encodings and seeds differ in nothing but their name, the seed, and the encoding's own options."""
    own = ("name", "positions", "seed", "options")
    shared = [{key: value for key, value in settings_of(name).items() if key not in own}
              for name in all_names() if name.startswith(f"{recipe}-")]
    assert len(shared) >= 4
    assert all(settings == shared[0] for settings in shared)


@pytest.mark.parametrize("recipe", RECIPES)
def test_models_and_texts_fit_each_other(recipe):
    for positions in RUNS[recipe][0]:
        settings = settings_of(f"{recipe}-{positions}-0")
        vocab_size = build(settings).embedding.weight.shape[0]
        for split, (inputs, targets) in split_texts(settings).items():
            assert len(inputs) == settings["splits"][split]["texts"] >= 256
            assert inputs.max() < vocab_size and targets.max() < vocab_size
            assert inputs.shape[1] <= settings["max_len"]


def test_splits_differ_as_their_names_say():
    texts = split_texts(settings_of("counting_1-cope-0"))
    assert texts["twice the length"][0].shape[1] == 2 * 96 and texts["4x the length"][0].shape[1] == 4 * 96
    passes = {split: (inputs == 12).mean() for split, (inputs, _) in texts.items()}
    assert passes["pass weight 10"] < passes["pass weight 25"] < passes["in distribution"]
    assert passes["in distribution"] < passes["pass weight 100"] < passes["pass weight 200"]


@pytest.mark.parametrize("name", ["counting_1-cope-0", "counting_3-learned-1", "flip_flop-rope-2",
                                  "copy-transformer_xl-0"])
def test_a_record_holds_all_that_is_needed(tmp_path, name):
    settings = tiny(name)
    record = run(settings, tmp_path)
    assert read_record(name, tmp_path) == record
    assert record["settings"] == settings
    assert record["seconds"] > 0 and set(record["versions"]) == {"python", "numpy", "engine", "machine"}
    assert record["curve"]["step"] == [2, 4, 6, 8, 10]
    assert len(record["curve"]["loss"]) == len(record["curve"]["error"]) == 5
    assert set(record["errors"]) == set(record["answers"]) == set(settings["splits"])
    assert all(0 <= error <= 1 for error in record["errors"].values())
    assert all(split in summary(record) for split in settings["splits"])
    assert list(tmp_path.glob("*.json")) == [tmp_path / f"{name}.json"]
    assert not list((tmp_path / ".unfinished").iterdir())


def test_errors_by_position_add_up_to_the_error(tmp_path):
    settings = tiny("counting_1-none-0")
    record = run(settings, tmp_path)
    by_position = record["by_position"]
    targets = split_texts(settings)[by_position["split"]][1]
    answers = (targets >= 0).reshape(3, -1, by_position["width"]).sum(axis=(0, 2))
    wrong = np.nansum(np.array(by_position["errors"]) * answers)
    assert wrong / answers.sum() == pytest.approx(record["errors"][by_position["split"]])


def test_the_curve_holds_the_mean_loss_between_evaluations(tmp_path):
    settings = tiny("copy-alibi-0")
    trainer, _ = train(settings, tmp_path)
    record = run(settings, tmp_path / "again")
    np.testing.assert_allclose(record["curve"]["loss"], np.array(trainer.losses).reshape(5, 2).mean(axis=1))


@pytest.mark.parametrize(("stop", "goes_on_with"), [(1, 1), (4, 4), (9, 8)])
def test_a_run_that_was_cut_off_goes_on_to_the_same_numbers(tmp_path, stop, goes_on_with):
    settings = tiny("copy-cope-0")
    whole = run(settings, tmp_path / "whole")

    def cut_off(trainer):
        if trainer.step == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(settings, tmp_path, on_step=cut_off)
    assert read_record("copy-cope-0", tmp_path) is None
    steps = []
    resumed = run(settings, tmp_path, on_step=lambda trainer: steps.append(trainer.step))
    assert steps == list(range(goes_on_with, 11))
    assert numbers(resumed) == numbers(whole)


def test_other_settings_do_not_go_on_with_the_checkpoint(tmp_path):
    settings, other = tiny("copy-cope-0"), tiny("copy-cope-0", lr=1e-3)
    train(settings, tmp_path)
    assert checkpoint_path(settings, tmp_path).exists()
    assert checkpoint_path(other, tmp_path) != checkpoint_path(settings, tmp_path)


@pytest.fixture
def tiny_runs(monkeypatch):
    """The command, with tiny settings: the processes get them handed over."""
    monkeypatch.setattr(experiments, "settings_of", tiny)


def test_the_command_trains_what_is_missing_and_nothing_else(tmp_path, tiny_runs, capsys, monkeypatch):
    command = ["copy-none-*", "copy-rope-0", "--results", str(tmp_path)]
    assert main([*command, "--list"]) == 0
    assert capsys.readouterr().out.count("not recorded") == 4
    assert main(command) == 0
    assert "0 of 4 runs are recorded; 4 to go" in capsys.readouterr().err
    times = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.json")}
    assert len(times) == 4
    assert [len(records) for records in read_records("copy", tmp_path).values()] == [3, 1]

    (tmp_path / "copy-none-1.json").unlink()
    monkeypatch.setattr(experiments, "settings_of",
                        lambda name: tiny(name, lr=1e-3 if "rope" in name else 4e-3))
    assert main(command) == 0
    assert "2 of 4 runs are recorded; 2 to go" in capsys.readouterr().err
    again = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.json")}
    assert {name for name in again if again[name] == times[name]} == {"copy-none-0.json", "copy-none-2.json"}
    assert is_recorded(experiments.settings_of("copy-rope-0"), tmp_path)


def test_one_record_can_be_made_again_with_the_same_numbers(tmp_path, tiny_runs, capsys):
    command = ["copy-cope-1", "--results", str(tmp_path), "--again"]
    assert main(command) == 0
    first = read_record("copy-cope-1", tmp_path)
    assert main(command) == 0
    assert capsys.readouterr().out == "copy-cope-1: the same numbers as recorded before\n"
    first["errors"]["dense"] += 0.001
    (tmp_path / "copy-cope-1.json").write_text(json.dumps(first), encoding="utf-8")
    assert main(command) == 0
    assert "OTHER NUMBERS" in capsys.readouterr().out


def test_a_run_that_fails_is_named_and_the_others_go_on(tmp_path, capfd):
    broken = tiny("copy-cope-0", options={"npos_max": -1})
    failed = run_all([broken, tiny("copy-none-0"), tiny("copy-none-1")], tmp_path)
    assert failed == ["copy-cope-0"]
    assert read_record("copy-none-1", tmp_path)
    assert "copy-cope-0: failed" in capfd.readouterr().err


def test_an_interrupt_stops_all_processes_and_the_command_says_so(tmp_path, tiny_runs, monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt
    monkeypatch.setattr(experiments.Board, "show", interrupt)
    assert main(["copy-none-0", "--results", str(tmp_path)]) == 1
    assert "goes on from here" in capsys.readouterr().err


def test_a_name_nobody_has_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["copy-corpe-0", "--results", str(tmp_path)])
    assert "no run is called copy-corpe-0" in capsys.readouterr().err


def test_a_half_written_record_is_never_seen(tmp_path, monkeypatch):
    """The record is put in place at once, after all of it is written."""
    monkeypatch.setattr(experiments.os, "replace", lambda part, path: shutil.copy(part, str(path) + ".seen"))
    record = run(tiny("copy-none-0"), tmp_path)
    assert not (tmp_path / "copy-none-0.json").exists()
    assert json.loads((tmp_path / "copy-none-0.json.seen").read_text(encoding="utf-8")) == record

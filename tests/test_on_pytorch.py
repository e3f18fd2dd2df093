"""The recipes on PyTorch: the same curves, by one process or two, and files that travel.

PyTorch is not needed for the course. Where it is missing, these tests are left out.
"""

import argparse
import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import minitorch
import solutions.sampling
from experiments import command
from experiments.paper_table import NOT_RUN, PAPER, paper_table
from experiments.plan import ALL, PAPER_PLAN, all_runs
from experiments.recipes import PAPER_RECIPES, Run
from experiments.records import read_record, write_record
from experiments.training import (
    build,
    checkpoint_path,
    drawing,
    new_trainer,
    run,
    split_texts,
    train,
    vocabulary_size,
)
from experiments.weights import load_weights, save_weights
from twin import load_twin

torch = pytest.importorskip("torch", reason="PyTorch is not installed: python -m pip install torch")
on_pytorch = pytest.importorskip("experiments.on_pytorch")

ROOT = Path(__file__).parents[1]
ON_CPU = {"engine": "pytorch", "device": "cpu"}
each_encoding = pytest.mark.parametrize("positions", ALL)


def small(positions, recipe="copy", steps=50, changes=(), **changed):
    """The settings of a run with a small model and few texts."""
    settings = Run(recipe, positions, changes=dict(changes)).settings()
    model = {"num_layers": 2, "num_heads": 2, "dim": 16}
    splits = {split: {**how, "texts": 3} for split, how in settings["splits"].items()}
    small = {"model": model, "batch": 4, "steps": steps, "warmup": 5, "splits": splits}
    return {**settings, **small, **changed}


def finished(settings):
    """A trainer that has done all its steps."""
    trainer = new_trainer(settings)
    assert trainer.fit() == "finished"
    return trainer


def arrays(model):
    return {name: x.detach().cpu().numpy() for name, x in model.state_dict().items()}


# ------------------------------------------------------------------ one process


@each_encoding
def test_the_curve_is_minitorchs(positions):
    ours = finished(small(positions)).losses
    theirs = finished(small(positions, changes=ON_CPU)).losses
    assert len(ours) == 50 and ours[-1] < ours[0]
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-4)


@each_encoding
def test_both_engines_start_from_the_same_weights(positions):
    ours, theirs = (build(small(positions, changes=how)) for how in ({}, ON_CPU))
    assert isinstance(theirs, torch.nn.Module)
    for name, array in arrays(ours).items():
        np.testing.assert_array_equal(array, arrays(theirs)[name])


@each_encoding
def test_every_tensor_of_a_forward_pass_is_made_on_its_device(positions):
    """On `meta`, tensors have a device and no values: one made elsewhere fits none of them."""
    model = build(small(positions, changes=ON_CPU)).to("meta")
    logits = model(torch.zeros(3, 30, dtype=torch.int64, device="meta"))
    assert logits.device.type == "meta" and logits.shape == (3, 30, 16)
    loss = load_twin("training").summed_loss(model, np.zeros((3, 30), int), np.zeros((3, 30), int))
    loss.backward()
    assert loss.device.type == "meta"


def test_micro_batches_give_the_same_curve():
    whole, parts = (
        finished(small("cope", steps=10, changes={**ON_CPU, "dtype": "float64"}, micro_batch=size))
        for size in (None, 3)
    )
    np.testing.assert_allclose(parts.losses, whole.losses, rtol=0, atol=1e-10)


def test_a_record_says_the_engine_and_the_device(tmp_path):
    settings = small("rope", steps=4, changes=ON_CPU)
    record = run(settings, tmp_path, weights=".npz")
    assert settings["name"] == "copy/rope-device=cpu,engine=pytorch-0"
    assert read_record(settings["name"], tmp_path) == record
    assert record["versions"]["engine"] == f"torch {torch.__version__}"
    assert record["machine"]["device"] == "cpu" and record["machine"]["processes"] == 1
    trained = load_weights(build(small("rope")), tmp_path / f"{settings['name']}.npz")
    assert not np.array_equal(
        arrays(trained)["head.weight"], arrays(build(small("rope")))["head.weight"]
    )


def test_compiled_training_gives_the_same_curve(monkeypatch):
    """By a compiler that takes the model apart as the usual one does, and writes no C++."""
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="aot_eager"))
    plain, compiled = (
        new_trainer(small("learned", steps=3, changes={**ON_CPU, **how})).join()
        for how in ({}, {"compile": True})
    )
    assert compiled.forward is not compiled.model
    for trainer in (plain, compiled):
        trainer.fit()
    np.testing.assert_allclose(compiled.losses, plain.losses, rtol=0, atol=1e-4)


# ------------------------------------------------------------------ the command


def test_without_pytorch_a_sentence_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(command.importlib.util, "find_spec", lambda name: None)
    assert command.main(["copy/rope-plain-0", "--engine", "pytorch"]) == 2
    assert "pip install torch" in capsys.readouterr().err


def test_what_only_pytorch_can_do_is_refused_without_it(capsys, monkeypatch):
    for option in (["--device", "cuda"], ["--compile"]):
        with pytest.raises(SystemExit):
            command.main(["copy/rope-plain-0", *option])
        assert "are for --engine pytorch" in capsys.readouterr().err
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1")
    with pytest.raises(SystemExit):
        command.main(["copy/rope-plain-0"])
    assert "add --engine pytorch" in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_missing_is_named(tmp_path, capsys):
    arguments = ["copy/rope-plain-0", "--engine", "pytorch", "--results", str(tmp_path)]
    assert command.main([*arguments, "--device", "cuda"]) == 2
    assert "PyTorch cannot compute on the device 'cuda' here" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_run_on_pytorch_says_its_device():
    with pytest.raises(ValueError, match="says its device"):
        Run("copy", "rope", changes={"engine": "pytorch"}).settings()


def test_the_plan_on_pytorch_has_names_of_its_own():
    given = command.parse(["--engine", "pytorch", "--device", "cuda", "--compile"])
    planned = command.planned(given)
    assert list(planned) == [its_run.name for its_run in all_runs()]
    settings = planned["copy/cope-lr=0.008-1"]
    assert settings["name"] == "copy/cope-compile=True,device=cuda,engine=pytorch,lr=0.008-1"
    assert (settings["engine"], settings["device"], settings["compile"]) == ("pytorch", "cuda", 1)
    assert isinstance(given, argparse.Namespace)


# ------------------------------------------------------------------ two processes

CURVES = """
import json, sys
from experiments import on_pytorch
from experiments.plan import ALL
from tests.test_on_pytorch import in_float64, finished_together
if __name__ == "__main__":
    with on_pytorch.joined_processes("cpu"):
        curves = {positions: finished_together(in_float64(positions)) for positions in ALL}
        if on_pytorch.rank() == 0:
            json.dump([on_pytorch.processes(), curves], open(sys.argv[1], "w"))
"""
COMMAND = """
import os, sys
from pathlib import Path
from experiments import command
from tests.test_on_pytorch import ON_CPU, small
if __name__ == "__main__":
    folder, steps = sys.argv[1], int(sys.argv[2])
    Path(folder, f"{os.environ['RANK']}.pid").write_text(str(os.getpid()))
    settings = small("none", steps=steps, changes=ON_CPU)
    command.planned = lambda given: {settings["name"]: settings}
    sys.exit(command.main(["--engine", "pytorch", "--results", folder]))
"""


def in_float64(positions):
    """Three counting texts a step: one for the first of two processes, two for the second."""
    changes = {**ON_CPU, "dtype": "float64"}
    return small(positions, "counting_1", steps=20, changes=changes, batch=3)


def finished_together(settings):
    trainer = new_trainer(settings).join()
    trainer.fit()
    return trainer.losses


def torchrun(folder, script, *arguments):
    """Two processes of a script, started as a user does it."""
    path = folder / "script.py"
    path.write_text(script, encoding="utf-8")
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    return subprocess.Popen(
        [*start, str(path), *map(str, arguments)], cwd=ROOT, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def ended(process):
    """The exit code, and what was said."""
    said = process.communicate(timeout=60)[1]
    return process.returncode, said


def test_two_processes_give_the_curve_of_one(tmp_path):
    process = torchrun(tmp_path, CURVES, tmp_path / "curves.json")
    alone = {positions: finished(in_float64(positions)).losses for positions in ALL}
    code, said = ended(process)
    assert code == 0, said
    number, curves = json.loads((tmp_path / "curves.json").read_text())
    assert number == 2 and list(curves) == list(ALL)
    draw = drawing(in_float64("none"))
    answers = [(draw(np.random.default_rng([0, step]))[1] >= 0).sum(axis=1) for step in range(20)]
    assert all(first != sum(others) for first, *others in answers), "equal shares prove little"
    for positions, curve in curves.items():
        assert len(curve) == 20
        np.testing.assert_allclose(curve, alone[positions], rtol=0, atol=1e-8, err_msg=positions)


def test_two_processes_that_are_killed_go_on_to_the_same_numbers(tmp_path):
    settings = small("none", steps=300, changes=ON_CPU)
    checkpoint = checkpoint_path(settings, tmp_path)
    process = torchrun(tmp_path, COMMAND, tmp_path, 300)
    until = time.monotonic() + 40
    while not checkpoint.exists() and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(int((tmp_path / "1.pid").read_text()), signal.SIGKILL)
    code, _ = ended(process)  # torchrun ends the other one
    assert code != 0 and checkpoint.exists(), "the run was over before: the test proves nothing"
    assert read_record(settings["name"], tmp_path) is None
    before = len(minitorch.load(checkpoint)["losses"])
    assert 0 < before < 300

    process = torchrun(tmp_path, COMMAND, tmp_path, 300)
    alone = run(settings, tmp_path / "alone")  # meanwhile
    code, said = ended(process)
    assert code == 0, said
    record = read_record(settings["name"], tmp_path)
    assert record["machine"]["processes"] == 2
    assert record["curve"]["step"] == alone["curve"]["step"]
    np.testing.assert_allclose(record["curve"]["loss"], alone["curve"]["loss"], rtol=0, atol=1e-4)
    assert not checkpoint.exists()


def test_more_processes_than_sequences_are_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(on_pytorch, "started_by_torchrun", lambda: True)
    monkeypatch.setattr(on_pytorch, "joined_processes", contextlib.nullcontext)
    monkeypatch.setattr(on_pytorch, "processes", lambda: 33)
    arguments = ["copy/none-plain-0", "--engine", "pytorch", "--results", str(tmp_path)]
    assert command.main(arguments) == 2
    said = capsys.readouterr().err
    assert "33 processes cannot share a batch of 32 sequences" in said
    assert "torchrun --nproc-per-node 32" in said
    assert not list(tmp_path.iterdir())


def test_shares_are_all_of_the_batch(monkeypatch):
    for number in (1, 2, 3, 5):
        monkeypatch.setattr(on_pytorch, "processes", lambda number=number: number)
        shares = []
        for its_rank in range(number):
            monkeypatch.setattr(on_pytorch, "rank", lambda its_rank=its_rank: its_rank)
            shares.append(range(7)[on_pytorch.share(7)])
        assert [row for share in shares for row in share] == list(range(7))
        assert max(map(len, shares)) - min(map(len, shares)) <= 1


# ------------------------------------------------------------------ files that travel


@pytest.mark.parametrize("first, second", [({}, ON_CPU), (ON_CPU, {}), (ON_CPU, ON_CPU)])
def test_a_run_begun_on_one_engine_goes_on_on_the_other(tmp_path, first, second):
    whole = finished(small("cope", steps=20)).losses
    begun = new_trainer(small("cope", steps=20, changes=first))
    for _ in range(8):
        begun.update()
    begun.record(0.5)
    begun.save(tmp_path / "run.npz")
    resumed = new_trainer(small("cope", steps=20, changes=second)).load(tmp_path / "run.npz")
    assert resumed.step == 8 and resumed.evaluations == [(8, 0.5)]
    assert resumed.fit() == "finished"
    np.testing.assert_allclose(resumed.losses, whole, rtol=0, atol=1e-5)
    assert list(resumed.best_weights) == list(begun.best_weights)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("positions", ["learned", "rope", "cope"])
def test_weights_travel_and_generate_the_same_tokens(tmp_path, positions, suffix):
    if suffix == ".safetensors":
        pytest.importorskip("safetensors")
    trained = finished(small(positions, steps=30))
    here, there = small(positions), small(positions, changes=ON_CPU)
    save_weights(trained.model, tmp_path / f"out{suffix}")
    theirs = load_weights(build(there), tmp_path / f"out{suffix}")
    save_weights(theirs, tmp_path / f"back{suffix}")
    ours = load_weights(build(here), tmp_path / f"back{suffix}")
    for name, array in arrays(trained.model).items():
        np.testing.assert_array_equal(array, arrays(ours)[name])

    prompt = split_texts(here)["in distribution"][0][:, :20]
    for how in ({"temperature": 0}, {"temperature": 1.0}):
        tokens = [
            generate(model, prompt, 12, rng=np.random.default_rng(0), **how)
            for generate, model in (
                (solutions.sampling.generate, ours),
                (load_twin("sampling").generate, theirs),
            )
        ]
        np.testing.assert_array_equal(*tokens)


def test_weights_in_an_unknown_file_are_refused(tmp_path):
    model = build(small("none"))
    for refused in (save_weights, load_weights):
        with pytest.raises(ValueError, match=r"\.npz or \.safetensors, not .*model\.pt"):
            refused(model, tmp_path / "model.pt")


# ------------------------------------------------------------------ the paper's size


def test_the_papers_runs_are_each_encoding_on_each_task():
    runs = list(all_runs(PAPER_PLAN))
    assert len(runs) == len({its_run.name for its_run in runs}) == len(PAPER_RECIPES) * len(ALL) * 3
    counting = Run("paper_counting_5", "cope").settings()
    assert counting["model"] == {"num_layers": 4, "num_heads": 4, "dim": 256}
    assert counting["fixed_texts"] == 10_000 and counting["data"] == {"num_variables": 5}


@pytest.mark.parametrize("recipe", PAPER_RECIPES)
def test_the_papers_texts_fit_the_model(recipe):
    settings = Run(recipe, "learned").settings()
    splits = {split: {**how, "texts": 3} for split, how in settings["splits"].items()}
    texts = split_texts({**settings, "splits": splits})
    assert set(texts) == set(PAPER[recipe])
    for inputs, targets in texts.values():
        assert max(inputs.max(), targets.max()) < vocabulary_size(settings)
        assert inputs.shape[1] <= settings["max_len"]
    assert max(inputs.shape[1] for inputs, _ in texts.values()) == settings["max_len"]


def test_fixed_texts_are_drawn_once():
    settings = small("none", "paper_counting_1", fixed_texts=9)
    draw, again = drawing(settings), drawing(settings)
    seen = set()
    for step in range(30):
        inputs, targets = draw(np.random.default_rng([0, step]))
        assert inputs.shape == targets.shape == (4, 512)
        np.testing.assert_array_equal(inputs, again(np.random.default_rng([0, step]))[0])
        rows = {row.tobytes() for row in inputs}
        assert len(rows) == 4, "no text twice in a batch"
        seen |= rows
    assert len(seen) == 9


def test_the_paper_s_recipe_trains_on_both_engines(tmp_path):
    changes = {"fixed_texts": 9, "micro_batch": 3}
    ours, theirs = (
        train(small("shaw", "paper_counting_1", steps=3, changes=how, **changes), tmp_path)[0]
        for how in ({}, ON_CPU)
    )
    np.testing.assert_allclose(theirs.losses, ours.losses, rtol=0, atol=1e-4)


def test_the_table_has_the_papers_cells_and_what_is_recorded(tmp_path):
    cells = sum(len(ALL) * len(splits) for splits in PAPER.values())
    assert paper_table(tmp_path).count(NOT_RUN) == cells
    for seed, error, how in ((0, 0.01, {}), (1, 0.03, ON_CPU)):
        settings = Run("paper_counting_5", "cope", (seed, seed), how).settings()
        write_record(record_with(settings, error), tmp_path)
    other = Run("paper_counting_5", "cope", (2, 2), {"lr": 0.1}).settings()
    write_record(record_with(other, 0.9), tmp_path)
    table = paper_table(tmp_path)
    assert table.count(NOT_RUN) == cells - 1
    line = next(line for line in table.splitlines() if "7.4 (8.5)" in line)
    assert line.split() == ["cope", "in", "distribution", "7.4", "(8.5)",
                            "2.00", "(1.41),", "2", "seeds"]  # fmt: skip


def record_with(settings, error):
    """A record that nothing was trained for."""
    needed = dict.fromkeys(("versions", "machine", "seconds", "parameters", "curve", "answers"), {})
    needed["validation"] = {"error": error, "loss": error}
    return {"settings": settings, **needed, "errors": dict.fromkeys(settings["splits"], error)}

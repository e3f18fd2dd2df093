"""What `make bench` measures is what its rows say."""

import importlib

import pytest

import minitorch
import solutions.training
from benchmarks import cases, judging, showing
from benchmarks.worker import make_model, products, training
from minitorch import nn

SIZE = {**cases.SIZES["lesson-09"], "seq_len": 4, "batch": 2, "micro_batch": 1}


def load_solution(name):
    return importlib.import_module(f"solutions.{name}")


@pytest.mark.parametrize(("row", "fused"), [("cope", False), (cases.FUSED, True)])
def test_one_row_is_the_clear_cope_and_one_the_fused(row, fused):
    model = make_model(minitorch, load_solution, SIZE, row, listing=False)
    assert [block.attention.positions.fused for block in model.blocks] == [fused] * 2


def test_the_products_alone_are_timed():
    step = products({"size": SIZE, "micro_batch": SIZE["micro_batch"]})
    assert step()["step"]["wall"] > 0 and step()["step"]["cpu"] >= 0


def row(takes, spread=0.01):
    ours = {"ms": 1.0, "peak_megabytes": 10.0}
    theirs = {"minitorch_takes": takes, "minitorch_takes_spread": spread, "peak_megabytes": 100.0}
    return {cases.OURS: ours, cases.THEIRS: theirs}


def results(takes, spread=0.01):
    return {"training": {"S, 1 thread": {name: row(takes, spread) for name in cases.ROWS}}}


def test_the_table_has_a_row_for_everything_that_is_measured():
    lines = list(showing.table(results(0.5)))
    assert sum(line.startswith("| cope, fused | 0.50 |") for line in lines) == 1
    assert sum(line.startswith("| ") for line in lines) == 2 * (len(cases.ROWS) + 1)


def test_the_avx512_kernel_has_a_column_where_it_was_measured():
    found = results(0.5)
    assert not any("AVX-512" in line for line in showing.table(found))
    assert not any("AVX-512" in line and "0." in line for line in showing.judged(found))
    for one in found["training"]["S, 1 thread"].values():
        one[cases.WIDE] = {"minitorch_takes": 0.4, "minitorch_takes_spread": 0.01}
    assert any("AVX-512 kernel" in line for line in showing.table(found))
    assert any(
        "S, one thread, AVX-512" in line and "0.40" in line for line in showing.judged(found)
    )


def test_the_kernel_of_a_row_is_in_its_title(monkeypatch):
    for module, name in ((solutions.training, "summed_loss"), (nn.utils, "clip_grad_norm_")):
        monkeypatch.setattr(module, name, getattr(module, name))  # a stopwatch is put around it
    step = training(
        {"engine": "minitorch", "size": SIZE, "positions": "none", "threads": 1}
        | {"micro_batch": None, "keep_memory": False, "listing": False}
    )()
    one = {cases.OURS: {"ms": 1.0, "kernel": step["kernel"]}}
    assert step["kernel"] and step["kernel"] in showing.title("S, 1 thread", "none", one)


def test_only_one_thread_is_measured_with_the_other_kernel():
    assert cases.WIDE in cases.variants_of("S", 1, "none", wide=True)
    assert cases.WIDE not in cases.variants_of("S", 2, "none", wide=True)
    assert cases.WIDE not in cases.variants_of("S", 1, "none")


@pytest.mark.parametrize(("takes", "verdict"), [(0.6, "met"), (0.69, "missed")])
def test_a_target_is_met_or_missed(takes, verdict):
    targets = {target.name: target for target in judging.targets(results(takes))}
    assert targets["S, one thread, mean"].verdict() == verdict
    assert targets["S, one thread, mean"].rows == len(cases.ENCODINGS)
    assert targets["S, peak memory, largest share"].verdict() == "met"
    assert targets["M, one thread, mean"].verdict() == "not measured"


@pytest.mark.parametrize(("takes", "count"), [(0.51, 0), (0.53, len(cases.ROWS)), (0.4, 0)])
def test_slower_is_what_exceeds_the_record_by_more_than_the_spread(takes, count):
    assert len(list(judging.slower(results(takes), results(0.5)))) == count


def test_the_quick_run_is_a_part_of_the_whole():
    assert set(cases.jobs(quick=True)) < set(cases.jobs())


@pytest.mark.parametrize("positions", cases.ON_JAX)
def test_jax_does_the_same_work(positions):
    pytest.importorskip("jax")
    job = {"size": SIZE, "positions": positions, "threads": 1, "listing": False}
    job |= {"micro_batch": None, "keep_memory": False}
    ours, theirs = training({**job, "engine": "minitorch"}), training({**job, "engine": "jax"})
    assert [theirs()["loss"] for _ in range(3)] == pytest.approx([ours()["loss"] for _ in range(3)])

"""What `make bench` measures is what its rows say."""

import importlib

import pytest

import minitorch
from benchmarks import bench
from benchmarks.worker import make_model, products

SIZE = {**bench.SIZES["lesson-09"], "seq_len": 4, "batch": 2, "micro_batch": 1}


def load_solution(name):
    return importlib.import_module(f"solutions.{name}")


@pytest.mark.parametrize(("row", "fused"), [("cope", False), (bench.FUSED, True)])
def test_one_row_is_the_clear_cope_and_one_the_fused(row, fused):
    model = make_model(minitorch, load_solution, SIZE, row, listing=False)
    assert [block.attention.positions.fused for block in model.blocks] == [fused] * 2


def test_the_products_alone_are_timed():
    step = products({"size": SIZE, "micro_batch": SIZE["micro_batch"]})
    assert step()["step"]["wall"] > 0 and step()["step"]["cpu"] >= 0


def test_the_table_has_a_row_for_everything_that_is_measured():
    lines = list(bench.table({"training": {}}))
    assert len(lines) == 4 + len(bench.ROWS)
    assert lines[-1].startswith("| cope, fused |")

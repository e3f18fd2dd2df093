"""Products use one thread, however Python was started, unless more are asked for."""

import os
import subprocess
import sys

import pytest
from jupyter_client.manager import start_new_kernel

import minitorch as torch
from minitorch import threads

ASK = """
{first}
import minitorch as torch
import threadpoolctl
{then}
libraries = threadpoolctl.threadpool_info()
counts = [each["num_threads"] for each in libraries if each["user_api"] == "blas"]
print(torch.get_num_threads(), *counts)
"""
several_cores = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="there is only one core")


def free():
    """The environment of somebody who has set nothing."""
    return {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}


def asked(first="", then="", **variables):
    """What a new Python says: the number of threads, by minitorch and by each BLAS library."""
    run = subprocess.run(
        [sys.executable, "-c", ASK.format(first=first, then=then)],
        text=True,
        env={**free(), **variables},
        capture_output=True,
        check=True,
    )
    return set(map(int, run.stdout.split()))


@pytest.mark.parametrize("first", ["", "import numpy", "import matplotlib.pyplot"])
def test_a_script_uses_one_thread(first):
    assert asked(first) == {1}


def test_a_kernel_uses_one_thread():
    """Started from the kernel's description, as JupyterLab, VS Code and any other Jupyter do."""
    manager, client = start_new_kernel(env=free())
    try:
        said = []
        client.execute_interactive(
            ASK.format(first="import numpy", then=""),
            timeout=60,
            output_hook=lambda message: said.append(message["content"].get("text", "")),
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert set("".join(said).split()) == {"1"}


@several_cores
@pytest.mark.parametrize("variable", ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"])
def test_who_asks_for_more_gets_more(variable):
    assert asked(then="torch.set_num_threads(2)") == {2}
    assert asked(**{variable: "2"}) == {2}


def test_numbers_that_make_no_sense_are_refused():
    with pytest.raises(RuntimeError, match="expects a positive integer, but got 0"):
        torch.set_num_threads(0)
    with pytest.raises(TypeError, match="expects an int, but got str"):
        torch.set_num_threads("2")


def test_without_the_library_that_sets_it_nothing_is_missed(monkeypatch):
    monkeypatch.setattr(threads, "threadpoolctl", None)
    threads.use_one_thread()
    assert torch.get_num_threads() >= 1

"""The setting that keeps freed memory for the next arrays."""

import numpy as np
import pytest

from minitorch import memory
from minitorch.memory import keep_freed_memory


def test_large_arrays_reuse_memory_where_the_c_library_allows_it():
    resource = pytest.importorskip("resource")
    if not keep_freed_memory():
        pytest.skip("this C library has no such switch")

    def faults():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(10):
            np.ones(2**21)  # 16 MB, 4096 pages
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    faults()
    assert faults() < 4096  # 40960 without the setting


@pytest.mark.parametrize("setting, changed", [(None, True), ("0", True), ("1", False)])
def test_importing_sets_the_allocator_unless_it_is_told_not_to(setting, changed, monkeypatch):
    calls = []
    monkeypatch.setattr(memory, "keep_freed_memory", lambda: calls.append(1))
    monkeypatch.delenv(memory.LEAVE_ALONE, raising=False)
    if setting is not None:
        monkeypatch.setenv(memory.LEAVE_ALONE, setting)
    memory.set_allocator_on_import()
    assert bool(calls) is changed

"""save and load: nothing lost, nothing executed, nothing half written, and clear words about
damaged files.
"""

import io
import os
import pickle
import subprocess
import sys
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

import minitorch
from minitorch import nn, optim, serialization


def assert_same(got, wanted):
    """The same nested structure, types, keys and bits."""
    if isinstance(wanted, minitorch.Tensor):
        assert got.dtype == wanted.dtype and got.shape == wanted.shape
        assert got.numpy().tobytes() == wanted.detach().numpy().tobytes()
    elif isinstance(wanted, dict):
        assert list(got) == list(wanted) and [type(k) for k in got] == [type(k) for k in wanted]
        for key in wanted:
            assert_same(got[key], wanted[key])
    elif isinstance(wanted, (list, tuple)):
        assert type(got) is type(wanted) and len(got) == len(wanted)
        for g, w in zip(got, wanted):
            assert_same(g, w)
    else:
        assert type(got) is type(wanted) and got == wanted


THINGS = {
    "tensor": minitorch.ones(2, 3),
    "number": 0.1,
    "dtypes": [
        minitorch.tensor(np.array([0.1, 1], dtype))
        for dtype in ("float32", "float64", "int64", "bool")
    ],
    "shapes": [minitorch.tensor(3.0), minitorch.zeros(0, 2), minitorch.ones(2, 3).transpose(0, 1)],
    "requires grad": {"w": minitorch.ones(2, requires_grad=True)},
    "nested": {
        "a": {"b": {"c": minitorch.ones(1)}, "d": [1, (2.5, None, True, "text é")]},
        "empty": [{}, [], ()],
    },
    "keys": {
        0: minitorch.zeros(1),
        "0": minitorch.ones(1),
        "a/b": minitorch.zeros(2),
        "a": {"b": minitorch.ones(2)},
    },
    "awkward keys": {
        "file": minitorch.ones(1),
        "tree.json": minitorch.ones(1),
        "": minitorch.ones(1),
        "tensor": 1,
        "../up": minitorch.ones(1),
        (1, 2): minitorch.ones(1),
        None: 1,
        "dict": {"list": []},
    },
    "long numbers": [2**200, -0.0, 1e-320, 0.1 + 0.2, float("inf")],
}


@pytest.mark.parametrize("name", THINGS)
def test_round_trip(name, tmp_path):
    minitorch.save(THINGS[name], tmp_path / "file.npz")
    assert_same(minitorch.load(tmp_path / "file.npz"), THINGS[name])


def test_model_and_optimizer(tmp_path):
    model = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 1))
    optimizer = optim.AdamW(model.parameters(), lr=0.1)
    model(minitorch.ones(2, 3)).sum().backward()
    optimizer.step()
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
    minitorch.save(state, tmp_path / "checkpoint.npz")
    assert_same(minitorch.load(tmp_path / "checkpoint.npz"), state)


def test_ordered_dicts_become_dicts_and_file_objects_work():
    file = io.BytesIO()
    minitorch.save(OrderedDict(a=minitorch.ones(2)), file)
    file.seek(0)
    assert_same(minitorch.load(file), {"a": minitorch.ones(2)})


def test_the_file_is_a_plain_npz_and_others_are_read(tmp_path):
    minitorch.save(
        {"layer": {"weight": minitorch.ones(2)}, "bias": minitorch.zeros(3)}, tmp_path / "ours.npz"
    )
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as arrays:
        assert arrays["layer/weight"].tolist() == [1, 1] and arrays["bias"].shape == (3,)
    for write in (np.savez, np.savez_compressed):
        write(tmp_path / "theirs.npz", weight=np.ones((2, 2), "float32"))
        assert_same(minitorch.load(tmp_path / "theirs.npz"), {"weight": minitorch.ones(2, 2)})


def test_the_same_state_gives_the_same_bytes(tmp_path):
    for name in "ab":
        minitorch.save({"x": minitorch.ones(5), "n": 1}, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    "thing", [object(), {"f": print}, [1j], {"a": {1, 2}}, np.ones(2), {print: 1}]
)
def test_other_things_are_refused_and_leave_no_file(thing, tmp_path):
    with pytest.raises(TypeError, match="save: "):
        minitorch.save(thing, tmp_path / "file.npz")
    assert not list(tmp_path.iterdir())


def test_an_interrupted_save_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file.npz"
    minitorch.save({"x": minitorch.ones(3)}, path)

    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(np.lib.format, "write_array", interrupt)
    with pytest.raises(KeyboardInterrupt):
        minitorch.save({"x": minitorch.zeros(3)}, path)
    monkeypatch.undo()
    assert_same(minitorch.load(path), {"x": minitorch.ones(3)})
    assert [file.name for file in tmp_path.iterdir()] == ["file.npz"]


class Bomb:
    """Unpickling this would run code."""

    exploded = False

    def __reduce__(self):
        return setattr, (Bomb, "exploded", True)


def object_array():
    file = io.BytesIO()
    np.savez(file, bomb=np.array([Bomb()], dtype=object))
    return file.getvalue()


def archive(**entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as z:
        for name, text in entries.items():
            z.writestr(name.replace("_", "."), text)
    return file.getvalue()


FOREIGN = {
    "nothing": lambda good: b"",
    "text": lambda good: b"not an archive",
    "a pickle": lambda good: pickle.dumps(Bomb()),
    "an array of objects": lambda good: object_array(),
    "an archive of something else": lambda good: archive(data_pkl=pickle.dumps(Bomb())),
    "cut off": lambda good: good[:-50],
    "one byte changed": lambda good: good[:-400] + bytes([good[-400] ^ 1]) + good[-399:],
    "a tree that is no JSON": lambda good: archive(tree_json="{"),
    "a tree of another kind": lambda good: archive(tree_json='{"exec": "1"}'),
    "a tree with two kinds": lambda good: archive(tree_json='{"list": [], "tuple": []}'),
    "a tensor that is not there": lambda good: archive(tree_json='{"tensor": "x"}'),
    "a key that cannot be one": lambda good: archive(tree_json='{"dict": [[{"list": []}, 1]]}'),
    "complex numbers": lambda good: (
        lambda f: (np.savez(f, x=np.ones(2, complex)), f.getvalue())[1]
    )(io.BytesIO()),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_damaged_and_foreign_files_are_named_and_never_run(name, tmp_path):
    good, path = io.BytesIO(), tmp_path / "suspicious.npz"
    minitorch.save({"x": minitorch.ones(300)}, good)
    path.write_bytes(FOREIGN[name](good.getvalue()))
    with pytest.raises(RuntimeError, match="suspicious.npz"):
        minitorch.load(path)
    assert not Bomb.exploded


def test_every_cut_is_noticed(tmp_path):
    good, path = io.BytesIO(), tmp_path / "cut.npz"
    minitorch.save({"x": minitorch.ones(3)}, good)
    for length in range(len(good.getvalue())):
        path.write_bytes(good.getvalue()[:length])
        with pytest.raises(RuntimeError, match="cut.npz"):
            minitorch.load(path)


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        minitorch.load(tmp_path / "absent.npz")


# ---------------------------------------------------------------- killed, full, huge


def run_python(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_what_a_killed_save_left_is_removed_by_the_next(tmp_path):
    path = tmp_path / "file.npz"
    minitorch.save({"x": minitorch.ones(3)}, path)
    killed = run_python(
        "import os, sys, numpy as np, minitorch\n"
        "np.lib.format.write_array = lambda *args, **options: os._exit(9)\n"
        "minitorch.save({'x': minitorch.zeros(3)}, sys.argv[1])",
        path,
    )
    assert killed.returncode == 9 and len(list(tmp_path.iterdir())) == 2
    assert_same(minitorch.load(path), {"x": minitorch.ones(3)})
    minitorch.save({"x": minitorch.zeros(3)}, path)
    assert [file.name for file in tmp_path.iterdir()] == ["file.npz"]


@pytest.mark.skipif(os.name != "posix", reason="asks whether a process is running")
def test_the_part_of_a_save_that_is_still_running_stays(tmp_path):
    part = tmp_path / f".file.npz.{os.getppid()}.part"
    part.touch()
    minitorch.save({"x": minitorch.ones(3)}, tmp_path / "file.npz")
    assert part.exists()


def test_a_full_disk_is_told_and_the_old_file_stays(tmp_path):
    resource = pytest.importorskip("resource")
    path = tmp_path / "file.npz"
    minitorch.save({"x": minitorch.ones(3)}, path)
    full = run_python(
        "import resource, signal, sys, minitorch\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "minitorch.save({'x': minitorch.zeros(10000)}, sys.argv[1])",
        path,
    )
    assert resource and full.returncode == 1
    assert "OSError" in full.stderr and "file.npz could not be written" in full.stderr
    assert "the file that was there is unchanged" in full.stderr
    assert_same(minitorch.load(path), {"x": minitorch.ones(3)})
    assert [file.name for file in tmp_path.iterdir()] == ["file.npz"]


def test_a_small_file_that_unpacks_to_gigabytes_is_refused(tmp_path, monkeypatch):
    size, times = serialization.SUSPICIOUS
    assert size <= 3e9 and times <= 3e9 / 2.9e6  # a file that was seen
    monkeypatch.setattr(serialization, "SUSPICIOUS", (2**20, times))
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros(2**20, "float32"))
    np.savez_compressed(tmp_path / "small.npz", x=np.zeros(2**17, "float32"))
    with pytest.raises(RuntimeError, match="bomb.npz.*unpack to"):
        minitorch.load(tmp_path / "bomb.npz")
    assert minitorch.load(tmp_path / "small.npz")["x"].shape == (2**17,)


def test_a_header_that_promises_more_than_there_is_is_refused(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (2**50,)}
    )
    (tmp_path / "liar.npz").write_bytes(archive(x_npy=header.getvalue() + bytes(100)))
    with pytest.raises(RuntimeError, match="liar.npz.*promises"):
        minitorch.load(tmp_path / "liar.npz")


def test_too_little_memory_is_told_as_such(tmp_path, monkeypatch):
    minitorch.save({"x": minitorch.ones(3)}, tmp_path / "file.npz")

    def no_memory(*args, **options):
        raise MemoryError

    monkeypatch.setattr(np.lib.format, "read_array", no_memory)
    with pytest.raises(MemoryError, match="file.npz don't fit into memory"):
        minitorch.load(tmp_path / "file.npz")


def test_numpy_numbers_and_pytorchs_keywords(tmp_path):
    minitorch.save(
        {"n": np.int64(3), "x": np.float32(0.5), "yes": np.bool(True)}, tmp_path / "file.npz"
    )
    loaded = minitorch.load(tmp_path / "file.npz", map_location="cpu", weights_only=True)
    assert_same(loaded, {"n": 3, "x": 0.5, "yes": True})

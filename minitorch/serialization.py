"""`save` and `load`: tensors in a plain .npz file, which contains numbers and text and nothing that
could run.

The file is a zip archive. Each tensor is one entry, `<path>.npy`, its path being the keys that
lead to it. The entry `tree.json` describes the dicts, lists, numbers and texts around them. Other
programs can open the file with `numpy.load(file, allow_pickle=False)`, and `load` opens the .npz
files of others.
"""

import contextlib
import glob
import json
import math
import os
import zipfile
from pathlib import Path

import numpy as np

from minitorch.device import check_device
from minitorch.tensor import Tensor, wrap

TREE = "tree.json"
SUSPICIOUS = 2**30, 100  # bytes; how many times larger than the file


def save(obj, f):
    """Write tensors, and dicts, lists and tuples of tensors, numbers, texts and None, to the file
    `f`.

    f: a path or a binary file. A path is replaced at once when all is written, so that an
    interrupted `save` leaves the old file whole; what it left beside it is removed by the next
    one. Raises TypeError for anything else in `obj`, OSError when the disk is full or may not be
    written to.
    """
    arrays = {}
    tree = _describe(obj, "", arrays)
    if hasattr(f, "write"):
        _write_archive(f, tree, arrays)
        return
    path = Path(f)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    _remove_leftovers(path)
    try:
        _write_archive(part, tree, arrays)
        os.replace(part, path)
    except OSError as error:
        kept = "; the file that was there is unchanged" if path.exists() else ""
        raise OSError(
            error.errno, f"save: {path} could not be written ({error.strerror}){kept}"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _write_archive(target, tree, arrays):
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo(TREE), json.dumps(tree))
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)


def _remove_leftovers(path):
    """Remove the parts that killed saves of `path` left, but none of a process that is
    still at it.
    """
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        process = part.suffixes[-2].lstrip(".")
        if not (process.isdigit() and _is_running(int(process))):
            with contextlib.suppress(OSError):  # Windows doesn't remove a file that is open
                part.unlink()


def _is_running(process):
    if os.name != "posix":
        return False
    try:
        os.kill(process, 0)  # asks, and does nothing
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's
    return True


def load(f, map_location=None, *, weights_only=True):
    """Read what `save` wrote, from a path or a binary file. From any other .npz: a dict of
    tensors.

    Raises RuntimeError, naming the file, when it is damaged, of another format, or unpacks to many
    times its size; MemoryError when its tensors don't fit into memory. Nothing in it is executed,
    whatever `weights_only` is.
    """
    check_device(map_location)
    name = getattr(f, "name", f)
    try:
        with zipfile.ZipFile(f) as archive:
            _check_sizes(archive)
            tensors = {
                entry.filename.removesuffix(".npy"): wrap(_read_array(archive, entry))
                for entry in archive.infolist()
                if entry.filename != TREE
            }
            if TREE not in archive.namelist():
                return tensors
            return _rebuild(json.loads(archive.read(TREE)), tensors)
    except OSError:
        raise
    except MemoryError:
        raise MemoryError(f"load: the tensors in {name} don't fit into memory") from None
    except Exception as error:  # whatever the file provokes
        raise RuntimeError(f"{name} is damaged or foreign: {error}") from error


def _check_sizes(archive):
    """Refuse an archive that is small and unpacks to something huge."""
    unpacked = sum(entry.file_size for entry in archive.infolist())
    packed = sum(entry.compress_size for entry in archive.infolist())
    size, times = SUSPICIOUS
    if unpacked > size and unpacked > times * packed:
        raise ValueError(f"its {packed} bytes unpack to {unpacked}")


def _read_array(archive, entry):
    """The array in an entry of the archive. Its header must promise as many bytes as there are."""
    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        if version not in read_header:
            raise ValueError(f"{entry.filename} is an array of the unknown version {version}")
        shape, _, dtype = read_header[version](file)
        there = entry.file_size - file.tell()
        if dtype.hasobject or math.prod(shape) * dtype.itemsize != there:
            raise ValueError(
                f"{entry.filename} promises {dtype} of shape {shape} and has {there} bytes"
            )
    with archive.open(entry) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _describe(obj, path, arrays):
    """`obj` in terms of JSON; its tensors go into `arrays` under their paths."""
    if isinstance(obj, Tensor):
        name = path or "tensor"
        while name in arrays:  # {1: x, "1": y}
            name += "'"
        arrays[name] = obj._data
        return {"tensor": name}
    if isinstance(obj, dict):
        return {
            "dict": [
                [_describe(key, "", {}), _describe(value, f"{path}/{key}".lstrip("/"), arrays)]
                for key, value in obj.items()
            ]
        }
    if isinstance(obj, (list, tuple)):
        kind = "tuple" if isinstance(obj, tuple) else "list"
        return {
            kind: [
                _describe(value, f"{path}/{n}".lstrip("/"), arrays) for n, value in enumerate(obj)
            ]
        }
    if isinstance(obj, np.generic) and obj.dtype.kind in "biuf":
        return obj.item()
    if obj is None or isinstance(obj, (bool, int, float, str)):
        return obj
    raise TypeError(
        "save: expected tensors, numbers, texts, None, dicts, lists and tuples, got "
        f"{type(obj).__name__} at {path or 'the top'}"
    )


def _rebuild(tree, tensors):
    """What `_describe` described."""
    if not isinstance(tree, dict):
        return tree
    ((kind, content),) = tree.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {_rebuild(key, tensors): _rebuild(value, tensors) for key, value in content}
    return {"list": list, "tuple": tuple}[kind](_rebuild(value, tensors) for value in content)

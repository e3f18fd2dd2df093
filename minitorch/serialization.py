"""`save` and `load`: tensors in a plain .npz file, which holds numbers and text and nothing that could run.

The file is a zip archive. Each tensor is one entry, `<path>.npy`, its path being the keys that lead to it.
The entry `tree.json` describes the dicts, lists, numbers and texts around them. Other programs can open the
file with `numpy.load(file, allow_pickle=False)`, and `load` opens the .npz files of others.
"""
import json
import os
import zipfile
from pathlib import Path

import numpy as np

from minitorch.tensor import Tensor

TREE = "tree.json"


def save(obj, f):
    """Write tensors, and dicts, lists and tuples of tensors, numbers, texts and None, to the file `f`.

    f: a path or a binary file. A path is replaced at once when all is written, so that an interrupted `save`
    leaves the old file whole. Raises TypeError for anything else in `obj`.
    """
    arrays = {}
    tree = _describe(obj, "", arrays)
    path = None if hasattr(f, "write") else Path(f)
    target = f if path is None else path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr(zipfile.ZipInfo(TREE), json.dumps(tree))
            for name, array in arrays.items():
                with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)
        if path is not None:
            os.replace(target, path)
    finally:
        if path is not None:
            target.unlink(missing_ok=True)


def load(f):
    """Read what `save` wrote, from a path or a binary file. From any other .npz: a dict of tensors.

    Raises RuntimeError, naming the file, when it is damaged or of another format. Nothing in it is executed.
    """
    try:
        with zipfile.ZipFile(f) as archive:
            tensors = {}
            for name in archive.namelist():
                if name != TREE:
                    with archive.open(name) as entry:
                        array = np.lib.format.read_array(entry, allow_pickle=False)
                    tensors[name.removesuffix(".npy")] = Tensor(array)
            if TREE not in archive.namelist():
                return tensors
            return _rebuild(json.loads(archive.read(TREE)), tensors)
    except OSError:
        raise
    except Exception as error:                                                    # whatever the file provokes
        raise RuntimeError(f"{getattr(f, 'name', f)} is damaged or foreign: {error}") from error


def _describe(obj, path, arrays):
    """`obj` in terms of JSON; its tensors go into `arrays` under their paths."""
    if isinstance(obj, Tensor):
        name = path or "tensor"
        while name in arrays:                                                     # {1: x, "1": y}
            name += "'"
        arrays[name] = obj._data
        return {"tensor": name}
    if isinstance(obj, dict):
        return {"dict": [[_describe(key, "", {}), _describe(value, f"{path}/{key}".lstrip("/"), arrays)]
                         for key, value in obj.items()]}
    if isinstance(obj, (list, tuple)):
        kind = "tuple" if isinstance(obj, tuple) else "list"
        return {kind: [_describe(value, f"{path}/{n}".lstrip("/"), arrays) for n, value in enumerate(obj)]}
    if obj is None or isinstance(obj, (bool, int, float, str)):
        return obj
    raise TypeError("save: expected tensors, numbers, texts, None, dicts, lists and tuples, got "
                    f"{type(obj).__name__} at {path or 'the top'}")


def _rebuild(tree, tensors):
    """What `_describe` described."""
    if not isinstance(tree, dict):
        return tree
    (kind, content), = tree.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {_rebuild(key, tensors): _rebuild(value, tensors) for key, value in content}
    return {"list": list, "tuple": tuple}[kind](_rebuild(value, tensors) for value in content)

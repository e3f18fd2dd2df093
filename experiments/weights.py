"""Weights travel: from minitorch to PyTorch and back, in files that both read.

save_weights(model, "model.npz")            minitorch's own format, which NumPy opens
save_weights(model, "model.safetensors")    the Hugging Face format, if safetensors is installed
load_weights(model, "model.npz")            into a model on either engine

Weights that lessons read are kept in half precision, and their record has the digest of the file:

digest = keep_weights(model, "model.npz")
load_kept_weights(model, "model.npz", digest)
"""

import hashlib
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import minitorch
from classroom import files

SUFFIXES = (".npz", ".safetensors")


def moved(tree: Any, engine: ModuleType) -> Any:
    """Dicts, lists and tuples of tensors, with the tensors on `engine`, on the CPU."""
    if isinstance(tree, dict):
        return {key: moved(value, engine) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(moved(value, engine) for value in tree)
    if hasattr(tree, "detach"):
        return engine.tensor(as_array(tree))
    return tree


def as_array(tensor: Any) -> np.ndarray:
    """The values of a tensor of either engine, as an array of their own."""
    return tensor.detach().cpu().numpy().copy()


def save_weights(model: Any, path: str | Path) -> None:
    """Write the weights of a model on either engine.

    path     ends in .npz or .safetensors
    raises   ValueError for another ending, ImportError if safetensors is missing
    """
    arrays = {name: as_array(tensor) for name, tensor in model.state_dict().items()}
    if suffix_of(path) == ".npz":
        minitorch.save({name: minitorch.tensor(array) for name, array in arrays.items()}, path)
    else:
        from safetensors.numpy import save_file

        save_file(arrays, path)


def load_weights(model: Any, path: str | Path) -> Any:
    """Read weights into a model on either engine. Returns the model.

    raises   ValueError for another ending than .npz or .safetensors, ImportError if safetensors is
             missing, RuntimeError if the file is damaged, or its weights do not fit the model
    """
    if suffix_of(path) == ".npz":
        arrays = {name: as_array(tensor) for name, tensor in minitorch.load(path).items()}
    else:
        from safetensors.numpy import load_file

        arrays = load_file(path)
    return put_into(model, arrays)


class DamagedWeights(ValueError):
    """A file of kept weights that is not the one its record speaks of. The text says what to do."""


def keep_weights(model: Any, path: str | Path) -> str:
    """Write the weights of a model on either engine, in half precision, to a .npz file.

    returns   the file's SHA-256 digest, in hexadecimal
    """
    arrays = {
        name: as_array(tensor).astype(np.float16) for name, tensor in model.state_dict().items()
    }
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with files.replacing(path) as file:
        np.savez_compressed(file, **arrays)
    return digest_of(path)


def load_kept_weights(model: Any, path: str | Path, digest: str) -> Any:
    """Read weights that `keep_weights` wrote into a model, as float32. Returns the model.

    raises   DamagedWeights unless the file has the digest
    """
    if not Path(path).exists() or digest_of(path) != digest:
        raise DamagedWeights(
            f"{path} is missing or not the file that its record speaks of: restore both with git, "
            "or delete them and record the run anew with `make experiments`"
        )
    with np.load(path, allow_pickle=False) as arrays:
        return put_into(model, {name: arrays[name].astype(np.float32) for name in arrays.files})


def digest_of(path: str | Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def put_into(model: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Gives a model on either engine these weights, by name. Returns the model."""
    engine = minitorch if isinstance(model, minitorch.nn.Module) else import_module("torch")
    model.load_state_dict({name: engine.tensor(array) for name, array in arrays.items()})
    return model


def suffix_of(path: str | Path) -> str:
    suffix = Path(path).suffix
    if suffix not in SUFFIXES:
        raise ValueError(f"weights are in files that end in {' or '.join(SUFFIXES)}, not {path}")
    return suffix

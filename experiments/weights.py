"""Weights travel: from minitorch to PyTorch and back, in files that both read.

save_weights(model, "model.npz")            minitorch's own format, which NumPy opens
save_weights(model, "model.safetensors")    the Hugging Face format, if safetensors is installed
load_weights(model, "model.npz")            into a model on either engine
"""

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import minitorch

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

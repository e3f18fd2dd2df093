"""The way out of the course: the same solutions/ on PyTorch, on a GPU, in several processes.

    python -m experiments "copy/*" --engine pytorch --device cuda
    torchrun --nproc-per-node 2 -m experiments "copy/*" --engine pytorch

Several processes train one model together, by PyTorch's own means: torchrun starts them, and
DistributedDataParallel sums their gradients. Each computes its share of every batch. The first
one, of rank 0, also evaluates, writes the checkpoints and the record, and shows the progress.

Only what runs on PyTorch imports this file.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

import minitorch
from experiments import weights
from twin import load_twin

# While the first process evaluates, the others wait for it.
PATIENCE = timedelta(hours=2)


class NotPossible(RuntimeError):
    """This machine, or this number of processes, cannot do what is asked. The text says why."""


# ------------------------------------------------------------------ one device


def check_device(device: str, compiled: bool = False) -> None:
    """Tries the device, and torch.compile on it.

    raises   NotPossible
    """
    try:
        x = torch.ones(2, device=device)
        x.sum().item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise NotPossible(
            f"PyTorch cannot compute on the device {device!r} here: {first_line(error)}"
        ) from None
    try:
        if compiled:
            torch.compile(torch.sin)(x)
    except Exception as error:  # whatever a compiler that is missing provokes
        raise NotPossible(
            f"torch.compile does not work here, so leave --compile out: {first_line(error)}"
        ) from None


def first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def where(device: str) -> dict[str, Any]:
    """For the record: what the device calls itself, and how many processes train together."""
    name = torch.cuda.get_device_name() if device.startswith("cuda") else device
    return {"device": name, "processes": processes()}


# ------------------------------------------------------------------ several processes


def started_by_torchrun() -> bool:
    return distributed.is_available() and distributed.is_torchelastic_launched()


@contextmanager
def joined_processes(device: str) -> Iterator[None]:
    """Inside, the processes that torchrun has started know each other."""
    backend = "nccl" if device.startswith("cuda") else "gloo"
    if backend == "nccl":  # each process has its own of the machine's GPUs
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group(backend, timeout=PATIENCE)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def processes() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """The number of this process, from 0."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def said_by_the_first(value: Any) -> Any:
    """What `value` is in the process of rank 0, in every process."""
    if processes() == 1:
        return value
    box = [value]
    distributed.broadcast_object_list(box, src=0)
    return box[0]


def share(size: int) -> slice:
    """Which of `size` sequences this process computes. Shares differ by one sequence at most."""
    start, end = (size * number // processes() for number in (rank(), rank() + 1))
    return slice(start, end)


def check_batch(size: int) -> None:
    """Each process needs a sequence.

    raises   NotPossible
    """
    if processes() > size:
        raise NotPossible(
            f"{processes()} processes cannot share a batch of {size} sequences, since each needs at"
            f" least one: start at most {size} (torchrun --nproc-per-node {size})"
        )


# ------------------------------------------------------------------ the training loop


class Trainer(load_twin("training").Trainer):
    """The course's Trainer, whose gradients come from all processes, compiled on request.

    A checkpoint is a file that minitorch's `load` reads, and minitorch's checkpoints are read.
    """

    def __init__(self, model: Any, draw_batch: Any, *settings: Any, compiled: bool = False, **more):
        super().__init__(model, draw_batch, *settings, **more)
        self.compiled = compiled
        self.forward = model

    def join(self) -> "Trainer":
        """Gets ready to go on from the step that rank 0 is at, with it. Returns the trainer."""
        if processes() > 1:
            self.load(io.BytesIO(said_by_the_first(self.content())))
            self.forward = DistributedDataParallel(self.model)
        if self.compiled:
            self.forward = torch.compile(self.forward)
        return self

    def content(self) -> bytes:
        """What `save` writes."""
        file = io.BytesIO()
        self.save(file)
        return file.getvalue()

    def add_gradients(self, inputs: np.ndarray, targets: np.ndarray, scored: int) -> float:
        """Puts into .grad what the mean loss of the whole batch gives. Returns that loss.

        scored   the scored targets in the whole batch, not in this process's share
        """
        summed_loss = load_twin("training").summed_loss
        check_batch(len(inputs))
        mine = share(len(inputs))
        inputs, targets = inputs[mine], targets[mine]
        total, size = 0.0, self.micro_batch or len(inputs)
        for start in range(0, len(inputs), size):
            part = slice(start, start + size)
            with nullcontext() if part.stop >= len(inputs) else self.without_exchange():
                loss = summed_loss(self.forward, inputs[part], targets[part]) / scored
                # DistributedDataParallel divides the sum of the gradients by the processes.
                (loss * processes()).backward()
            total += loss.item()
        return sum_over_processes(total)

    def without_exchange(self) -> Any:
        """Inside, gradients stay in this process: all but the last part's exchange is saved."""
        return self.forward.no_sync() if processes() > 1 else nullcontext()

    def save(self, path: str | Path | BinaryIO) -> None:
        """Writes all that `load` needs to go on, on this engine or on minitorch."""
        file = io.BytesIO()
        super().save(file)
        file.seek(0)
        minitorch.save(weights.moved(torch.load(file), minitorch), path)

    def load(self, path: str | Path | BinaryIO) -> "Trainer":
        """Takes up a run that `save` wrote, here or on minitorch. Returns the trainer."""
        file = io.BytesIO()
        torch.save(weights.moved(minitorch.load(path), torch), file)
        file.seek(0)
        return super().load(file)


def sum_over_processes(number: float) -> float:
    """The sum of the numbers of all processes."""
    if processes() == 1:
        return number
    device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
    total = torch.tensor(number, dtype=torch.float64, device=device)
    distributed.all_reduce(total)
    return total.item()

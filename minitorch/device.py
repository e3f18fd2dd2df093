"""Devices: minitorch computes on the CPU. Moving there does nothing, and no other device is
available.
"""

import functools


class device:
    """`device("cpu")`, the only one there is. Others can be named and compared, but no tensor is
    on them.
    """

    def __init__(self, type, index=None):
        name, _, number = str(type).partition(":")
        if name not in ("cpu", "cuda", "mps", "xpu", "meta"):
            raise RuntimeError(f"device: expected 'cpu', got {type!r}")
        self.type, self.index = name, int(number) if number else index

    def __str__(self):
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self):
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type={self.type!r}{index})"

    def __eq__(self, other):
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self):
        return hash((self.type, self.index))


CPU = device("cpu")


def check_device(given):
    """Refuse every device but the CPU; None is fine."""
    if given is not None and given != "cpu" and device(given).type != "cpu":
        raise RuntimeError(
            f"minitorch computes on the CPU and has no device {str(given)!r}: leave it out here, "
            "or run the same file on PyTorch"
        )


def on_cpu(function):
    """Let `function` take PyTorch's keywords for where a tensor is, and how in memory; that
    changes no number here.
    """

    @functools.wraps(function)
    def placed(*inputs, device=None, layout=None, memory_format=None, pin_memory=False, **options):
        check_device(device)
        if str(layout) not in ("None", "torch.strided"):
            raise NotImplementedError(f"minitorch has no {layout} tensors: leave the layout out")
        return function(*inputs, **options)

    return placed


class Absent:
    """Hardware that minitorch doesn't use: it is never available, and preparing it does nothing."""

    def is_available(self):
        return False

    is_built = is_available

    def device_count(self):
        return 0

    def manual_seed(self, seed):
        """Nothing to seed; PyTorch, too, ignores it where there is no such device."""

    manual_seed_all = manual_seed

    def empty_cache(self):
        """Nothing to free."""


class Backends:
    """What `torch.backends` knows of each kind of hardware."""

    cuda, mps, cudnn = Absent(), Absent(), Absent()


cuda, mps, backends = Absent(), Absent(), Backends()

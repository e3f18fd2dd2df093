"""Initial values, written into a tensor in place: PyTorch's distributions, though not its random
numbers.
"""

import math

from minitorch.missing import missing as _missing
from minitorch.random import rand, randn
from minitorch.recording import no_grad


@no_grad()
def uniform_(tensor, a=0.0, b=1.0, generator=None):
    """Evenly spread over [a, b)."""
    return tensor._write(rand(tensor.shape, dtype=tensor.dtype, generator=generator) * (b - a) + a)


@no_grad()
def normal_(tensor, mean=0.0, std=1.0, generator=None):
    """Normally distributed."""
    return tensor._write(randn(tensor.shape, dtype=tensor.dtype, generator=generator) * std + mean)


@no_grad()
def constant_(tensor, val):
    """All elements `val`."""
    return tensor._write(val)


def zeros_(tensor):
    return constant_(tensor, 0)


def ones_(tensor):
    return constant_(tensor, 1)


def xavier_uniform_(tensor, gain=1.0, generator=None):
    """U(-a, a) with a = gain sqrt(6 / (fan_in + fan_out)). Source: Glorot and Bengio (2010),
    equation 16.
    """
    bound = gain * math.sqrt(6 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor, gain=1.0, generator=None):
    """N(0, s^2) with s = gain sqrt(2 / (fan_in + fan_out)). Source: Glorot and Bengio (2010),
    equation 12.
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(_fans(tensor))), generator)


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """U(-b, b) with b = gain sqrt(3 / fan), fan = fan_in or fan_out.

    nonlinearity: "leaky_relu" of slope `a` (gain sqrt(2 / (1 + a^2))), "relu" (sqrt(2)),
    "tanh" (5/3), "linear" or "sigmoid" (1). Source: He et al. (2015), section 2.2.
    """
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """N(0, s^2) with s = gain / sqrt(fan), as for `kaiming_uniform_`."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def calculate_gain(nonlinearity, param=None):
    """How much larger weights must be for a nonlinearity to keep the variance of what it gets."""
    slope = 0.01 if param is None else param
    gains = {
        "linear": 1.0,
        "sigmoid": 1.0,
        "tanh": 5 / 3,
        "relu": math.sqrt(2),
        "leaky_relu": math.sqrt(2 / (1 + slope * slope)),
    }
    if nonlinearity not in gains:
        raise ValueError(f"nonlinearity must be one of {', '.join(gains)}, got {nonlinearity!r}")
    return gains[nonlinearity]


def _kaiming_std(tensor, a, mode, nonlinearity):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode must be fan_in or fan_out, got {mode!r}")
    fan = _fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def _fans(tensor):
    """(fan_in, fan_out): how many numbers enter each output of a (out, in) matrix, and leave each
    input.
    """
    if tensor.ndim != 2:
        raise ValueError(
            f"fan in and out need a matrix (out_features, in_features), got {tensor.shape}"
        )
    return tensor.shape[1], tensor.shape[0]


__getattr__ = _missing(__name__, "torch.nn.init")

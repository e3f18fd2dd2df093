"""Further functions, element by element: each value and, beside it, its derivative."""

import math

import numpy as np

from minitorch.arithmetic import true_divide
from minitorch.complaints import expect_arrays
from minitorch.dtypes import as_common_dtype, as_float, float64, result_type
from minitorch.inplace import in_place
from minitorch.operation import differentiable, method
from minitorch.tensor import Tensor


@method()
@differentiable
def square(input):
    input = input.astype(result_type(input, 2), copy=False)
    return input * input, lambda g: g * (2 * input)


@method()
@differentiable
def reciprocal(input):
    """1 / input."""
    out = 1 / as_float(input)
    return out, lambda g: -g * out * out


Tensor.__rtruediv__ = lambda self, other: reciprocal(self) * other  # in PyTorch, too


@method()
@differentiable
def log1p(input):
    """log(1 + input), exact for small inputs too."""
    input = as_float(input)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log1p(input), lambda g: g / (1 + input)


@method()
@differentiable
def expm1(input):
    """exp(input) - 1, exact for small inputs too."""
    out = np.expm1(as_float(input))
    return out, lambda g: g * (out + 1)


@method()
@differentiable
def log2(input):
    input = as_float(input)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log2(input), lambda g: g / (input * math.log(2))


@method()
@differentiable
def log10(input):
    input = as_float(input)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(input), lambda g: g / (input * math.log(10))


@method()
@differentiable
def tan(input):
    out = np.tan(as_float(input))
    return out, lambda g: g * (1 + out * out)


@method()
@differentiable
def atan(input):
    input = as_float(input)
    return np.arctan(input), lambda g: g / (1 + input * input)


@differentiable
def atan2(input, other):
    """The angle of the point (other, input), in radians."""
    expect_arrays("atan2", input, other)
    y, x = map(as_float, as_common_dtype(input, other))
    square = x * x + y * y
    square = np.where(square == 0, 1, square)  # at (0, 0) both derivatives are 0, as in PyTorch
    return np.arctan2(y, x), lambda g: g * x / square, lambda g: -g * y / square


@method()
@differentiable
def erf(input):
    """The integral of the normal distribution's curve, from -1 to 1."""
    input = as_float(input)
    return erf_of_array(input), lambda g: g * (2 / math.sqrt(math.pi)) * np.exp(-input * input)


def erf_of_array(x):
    """Exact in float64; in float32 to 2e-7 by Abramowitz and Stegun, formula 7.1.26."""
    if x.dtype == float64:
        return np.asarray(np.frompyfunc(math.erf, 1, 1)(x), float64)
    t = 1 / (1 + 0.3275911 * np.abs(x))
    tail = t * (
        0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))
    )
    return np.copysign(1 - tail * np.exp(-x * x), x)


@method()
@differentiable
def nan_to_num(input, nan=None, posinf=None, neginf=None):
    """Numbers in place of nan and the infinities: `nan` (0), and the largest and smallest of the
    dtype.
    """
    return np.nan_to_num(input, nan=nan or 0.0, posinf=posinf, neginf=neginf), lambda g: np.where(
        np.isfinite(input), g, 0
    )


@method()
def lerp(input, end, weight):
    """input + weight (end - input)."""
    return input + weight * (end - input)


@method()
def addcmul(input, tensor1, tensor2, *, value=1):
    """input + value * tensor1 * tensor2."""
    return input + value * tensor1 * tensor2


@method()
def addcdiv(input, tensor1, tensor2, *, value=1):
    """input + value * tensor1 / tensor2."""
    return input + value * true_divide(tensor1, tensor2)


Tensor.atan2 = atan2
Tensor.square_, Tensor.reciprocal_, Tensor.lerp_ = map(in_place, (square, reciprocal, lerp))
Tensor.addcmul_, Tensor.addcdiv_ = map(in_place, (addcmul, addcdiv))

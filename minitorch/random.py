"""Random numbers. They are NumPy's: a seed gives the same ones on every machine, but not those of
PyTorch.
"""

import numpy as np

from minitorch.creation import checked_size
from minitorch.device import on_cpu
from minitorch.dtypes import as_dtype, float32, int64
from minitorch.operation import differentiable, method
from minitorch.shaping import as_size, sizes_by_keyword
from minitorch.tensor import Tensor, wrap


class Generator:
    """A source of random numbers with a state of its own."""

    @on_cpu
    def __init__(self):
        self.manual_seed(0)

    def manual_seed(self, seed):
        """Start anew from `seed`. Returns the generator."""
        seed = int(seed)
        self._seed, self._rng = seed, np.random.Generator(np.random.PCG64(seed % 2**64))
        return self

    def initial_seed(self):
        return self._seed

    def get_state(self):
        """The present state, a tensor; `set_state` takes it up again to the same bits."""
        pcg = self._rng.bit_generator.state
        halves = [
            half for number in pcg["state"].values() for half in (number % 2**64, number >> 64)
        ]
        return wrap(np.array([*halves, pcg["has_uint32"], pcg["uinteger"]], np.uint64).view(int64))

    def set_state(self, new_state):
        low, high, inc_low, inc_high, *rest = new_state._data.view(np.uint64).tolist()
        state = {
            "state": low + (high << 64),
            "inc": inc_low + (inc_high << 64),
        }  # two numbers of 128 bits
        self._rng.bit_generator.state = {
            "bit_generator": "PCG64",
            "state": state,
            "has_uint32": rest[0],
            "uinteger": rest[1],
        }
        return self


default_generator = Generator()
manual_seed = default_generator.manual_seed
get_rng_state, set_rng_state = default_generator.get_state, default_generator.set_state


def _rng(generator):
    return (generator or default_generator)._rng


def _drawn(draw, size, dtype, requires_grad):
    """A tensor from one of NumPy's generators of floats."""
    size, dtype = checked_size(size), as_dtype(dtype or float32)
    if dtype.kind != "f":
        raise NotImplementedError(
            f"random numbers between integers need randint; {dtype} was asked for"
        )
    return wrap(np.asarray(draw(size, dtype=dtype)), requires_grad)


# ---------------------------------------------------------------- new tensors


@on_cpu
@sizes_by_keyword("size")
def rand(*size, generator=None, dtype=None, requires_grad=False):
    """Uniform in [0, 1)."""
    return _drawn(_rng(generator).random, size, dtype, requires_grad)


@on_cpu
@sizes_by_keyword("size")
def randn(*size, generator=None, dtype=None, requires_grad=False):
    """Normally distributed, mean 0 and variance 1."""
    return _drawn(_rng(generator).standard_normal, size, dtype, requires_grad)


@on_cpu
def randint(*bounds, low=0, high=None, size=None, generator=None, dtype=None, requires_grad=False):
    """Whole numbers low ... high - 1, int64: randint(low, high, size), or randint(high, size) from
    0.
    """
    bounds, size = (bounds[:-1], bounds[-1]) if size is None else (bounds, size)
    if high is None:
        *lowest, high = bounds
        low = lowest[0] if lowest else low
    elif bounds:
        (low,) = bounds
    if low >= high:
        raise RuntimeError(f"randint: low must be below high, got {low} and {high}")
    return wrap(
        _rng(generator).integers(low, high, as_size((size,))).astype(as_dtype(dtype or int64)),
        requires_grad,
    )


@on_cpu
def randperm(n, *, generator=None, dtype=None):
    """0 ... n - 1 in random order."""
    checked_size((n,))
    return wrap(_rng(generator).permutation(n).astype(as_dtype(dtype or int64)))


@on_cpu
def rand_like(input, *, dtype=None, requires_grad=False):
    return rand(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


@on_cpu
def randn_like(input, *, dtype=None, requires_grad=False):
    return randn(input.shape, dtype=dtype or input.dtype, requires_grad=requires_grad)


@on_cpu
def normal(mean=0.0, std=1.0, size=None, *, generator=None, dtype=None):
    """Normally distributed; mean and std are numbers and `size` is given, or tensors, one draw per
    element.
    """
    like = next((x for x in (mean, std) if isinstance(x, Tensor)), None)
    if (like is None) == (size is None):
        raise TypeError(
            f"normal: give a size for numbers, or a mean or std that is a tensor; got size={size}"
        )
    _refuse_negative("normal", std)
    if like is None:
        return randn(size, generator=generator, dtype=dtype) * std + mean
    return _normal(mean, std, _rng(generator), as_dtype(dtype or like.dtype))


def _refuse_negative(name, std):
    if np.any(np.less(getattr(std, "_data", std), 0)):
        raise RuntimeError(f"{name}: std cannot be negative, got {std}")


@differentiable
def _normal(mean, std, rng, dtype):
    """Recorded, as in PyTorch, with a gradient of 0."""
    shape = np.broadcast_shapes(np.shape(mean), np.shape(std))
    return (
        (rng.standard_normal(shape, dtype) * std + mean).astype(dtype),
        np.zeros_like,
        np.zeros_like,
    )


# ---------------------------------------------------------------- draws by probability


@method()
def bernoulli(input, p=None, *, generator=None):
    """1 with the probability that the element is (or `p`), else 0, in the same dtype."""
    return _bernoulli(input, p, _rng(generator))


@differentiable
def _bernoulli(input, p, rng):
    """Recorded, as in PyTorch, with a gradient of 0."""
    chance = input if p is None else p
    if np.any(np.less(chance, 0) | np.greater(chance, 1)):
        raise RuntimeError(f"bernoulli: probabilities must be in [0, 1], got {chance}")
    return (rng.random(input.shape) < chance).astype(input.dtype), np.zeros_like


@method()
def multinomial(input, num_samples, replacement=False, *, generator=None):
    """`num_samples` column numbers for each row of weights: (C,) -> (num_samples,), (N, C) -> (N,
    num_samples).

    The weights need not add up to 1. Without replacement, no number is drawn twice for one row.
    """
    weights = input._data
    if not input.is_floating_point() or not 1 <= input.ndim <= 2 or num_samples < 1:
        raise RuntimeError(
            f"multinomial needs floating point weights (C,) or (N, C) and at least one sample, got "
            f"{input.dtype} of shape {input.shape} and {num_samples} samples"
        )
    if not np.isfinite(weights).all() or (weights < 0).any() or (weights.sum(-1) <= 0).any():
        raise RuntimeError(
            "multinomial: weights must be finite, not negative, and not all 0 in a row"
        )
    if not replacement and num_samples > np.min((weights > 0).sum(-1)):
        raise RuntimeError(
            f"multinomial: {num_samples} samples without replacement, but a row has only "
            f"{np.min((weights > 0).sum(-1))} weights above 0"
        )
    rng, rows = _rng(generator), np.atleast_2d(weights).astype(np.float64)
    if replacement or num_samples == 1:
        ends = rows.cumsum(1)  # (N, C): each one's share ends here
        points = rng.random((len(rows), num_samples)) * ends[:, -1:]
        drawn = np.stack([np.searchsorted(end, point, "right") for end, point in zip(ends, points)])
    else:  # the first to arrive, at these rates
        with np.errstate(divide="ignore"):
            drawn = np.argsort(rng.standard_exponential(rows.shape) / rows, axis=1)[:, :num_samples]
    return wrap(drawn.reshape(*weights.shape[:-1], num_samples).astype(int64))


# ---------------------------------------------------------------- in place


@method()
def normal_(input, mean=0, std=1, *, generator=None):
    """Overwrite with normally distributed numbers."""
    _refuse_negative("normal_", std)
    return input._write(_rng(generator).standard_normal(input.shape, input.dtype) * std + mean)


@method()
def uniform_(input, from_=0, to=1, *, generator=None):
    """Overwrite with numbers uniform in [from, to)."""
    if from_ > to:
        raise RuntimeError(f"uniform_: from must not be above to, got {from_} and {to}")
    return input._write(_rng(generator).random(input.shape, input.dtype) * (to - from_) + from_)


@method()
def bernoulli_(input, p=0.5, *, generator=None):
    """Overwrite with 1 with probability p, else 0."""
    return input._write(_rng(generator).random(input.shape) < p)

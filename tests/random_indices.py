"""Random indices as Python text that runs unchanged on minitorch and on PyTorch.

Used by test_random_indices.py and by reference/make_random_indices.py, which freezes PyTorch's
answers.
"""

import math
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Case:
    """x[items], read, or written with a value of shape `value`; `listed`: x[[items]]."""

    shape: tuple
    transposed: bool
    items: tuple
    value: tuple | None = None
    listed: bool = False

    @property
    def index(self):
        if not self.listed:
            return ", ".join(self.items) + "," * (len(self.items) == 1)
        return f"[{', '.join(map(_without_colons, self.items))}]"

    def __str__(self):
        """One line that does it again."""
        make = (
            f"torch.arange({math.prod(self.shape)}.).reshape{self.shape}"
            if self.shape
            else "torch.tensor(0.)"
        )
        make += ".mT" * self.transposed
        if self.value is None:
            return f"x = {make}; x[{self.index}]"
        return f"x = {make}; x[{self.index}] = torch.ones{self.value}"


def _without_colons(item):
    """1:2 as slice(1, 2)."""
    edges = ", ".join(edge or "None" for edge in item.split(":"))
    return f"slice({edges})" if ":" in item else item


def random_cases(seed, count):
    rng = np.random.default_rng(seed)
    return [_random_case(rng) for _ in range(count)]


def _random_case(rng):
    shape = tuple(
        int(n)
        for n in rng.choice([0, 1, 2, 3, 4], rng.integers(0, 5), p=[0.05, 0.15, 0.3, 0.3, 0.2])
    )
    transposed = len(shape) >= 2 and rng.random() < 0.3
    sizes = list(shape[:-2] + shape[:-3:-1] if transposed else shape)
    common = [tuple(int(n) for n in rng.choice([1, 2, 3], rng.integers(1, 3))) for _ in range(2)]
    items = []
    for _ in range(rng.integers(1, 5)):
        kind = rng.choice(list(KINDS))
        items.append(KINDS[kind](rng, sizes, common))
    return Case(shape, transposed, tuple(items), listed=bool(rng.random() < 0.1))


def _size(sizes):
    """The dimension that the next item is about; after the last one, anything."""
    return sizes.pop(0) if sizes else 2


def _integers(rng, size, shape):
    """Mostly inside the dimension, negative ones too."""
    low, high = (-size, size) if rng.random() < 0.97 else (-size - 1, size + 1)
    return rng.integers(low, max(high, low + 1), shape)


def _one(form):
    return lambda rng, sizes, common: form.format(int(_integers(rng, _size(sizes), ())))


def _slice(rng, sizes, common):
    size = _size(sizes)
    edges = [str(n) if rng.random() < 0.6 else "" for n in rng.integers(-size - 1, size + 2, 2)]
    step = f":{rng.integers(1, 4)}" if rng.random() < 0.4 else ""
    return f"{edges[0]}:{edges[1]}{step}"


def _sequence(form, dims=None):
    def make(rng, sizes, common):
        shape = common[rng.integers(len(common))] if dims is None else (common[0][0],) * dims
        values = _integers(rng, _size(sizes), shape).tolist()
        return form.format(tuple(values) if form == "{}" and rng.random() < 0.3 else values)

    return make


def _mask(form, dims):
    def make(rng, sizes, common):
        shape = [_size(sizes) for _ in range(dims)]
        values = (rng.random(shape) < 0.6).tolist()
        return form.format(values)

    return make


def _range(rng, sizes, common):
    return f"range({common[0][0]})" if _size(sizes) else "range(0)"


def _fixed(text, takes=0):
    def make(rng, sizes, common):
        for _ in range(takes):
            _size(sizes)
        return text

    return make


KINDS = {
    "integer": _one("{}"),
    "numpy integer": _one("np.int64({})"),
    "0-d tensor": _one("torch.tensor({})"),
    "0-d array": _one("np.array({})"),
    "slice": _slice,
    "another slice": _slice,
    "slice of tensors": _one("torch.tensor({}):"),
    "None": _fixed("None"),
    "ellipsis": _fixed("..."),
    "True": _fixed("True"),
    "False": _fixed("False"),
    "0-d mask": _fixed("torch.tensor(True)"),
    "list": _sequence("{}", 1),
    "nested list": _sequence("{}", 2),
    "sequence": _sequence("{}"),
    "tensor": _sequence("torch.tensor({})"),
    "another tensor": _sequence("torch.tensor({})"),
    "array": _sequence("np.array({})"),
    "list of tensors": lambda rng, sizes, common: "[{}]".format(
        ", ".join(f"torch.tensor({n})" for n in _integers(rng, _size(sizes), common[0][:1]))
    ),
    "range": _range,
    "empty list": _fixed("[]", 1),
    "empty tensor": _fixed("torch.zeros(0, dtype=torch.int64)", 1),
    "mask": _mask("torch.tensor({})", 1),
    "mask of two": _mask("torch.tensor({}, dtype=torch.bool)", 2),
    "mask of three": _mask("torch.tensor({}, dtype=torch.bool)", 3),
    "list mask": _mask("{}", 1),
    "array mask": _mask("np.array({}, dtype=bool)", 2),
}


# ---------------------------------------------------------------- what becomes of a case


def outcome(torch, case):
    """What comes out and the gradients, as arrays, or the error."""
    size = math.prod(case.shape)
    leaf = torch.tensor(np.arange(1.0, size + 1).reshape(case.shape), requires_grad=True)
    x = leaf.mT if case.transposed else leaf * 1
    names = {"torch": torch, "np": np, "x": x}
    try:
        if case.value is None:
            out, leaves = eval(f"x[{case.index}]", names), [leaf]
        else:
            count = math.prod(case.value)
            value = torch.tensor(-np.arange(1.0, count + 1).reshape(case.value), requires_grad=True)
            names |= {"x": (x * 1), "value": value}
            exec(f"x[{case.index}] = value", names)
            out, leaves = names["x"], [leaf, value]
        weights = torch.tensor(np.arange(1.0, out.numel() + 1).reshape(tuple(out.shape)) ** 2)
        (out * weights).sum().backward()
    except Exception as error:
        return error
    return [
        out.detach().numpy(),
        *(np.zeros(x.shape) if x.grad is None else x.grad.numpy() for x in leaves),
    ]


def written(case, torch, rng):
    """The same for writing, with a value that can be broadcast; None where that is not defined."""
    x = torch.arange(float(math.prod(case.shape))).reshape(case.shape)
    try:
        picked = eval(
            f"x[{case.index}]", {"torch": torch, "np": np, "x": x.mT if case.transposed else x}
        )
    except Exception:
        return replace(case, value=())
    if len(set(picked.flatten().tolist())) < picked.numel():
        return None  # which of two values stays is not defined
    shape = [size if rng.random() < 0.7 else 1 for size in picked.shape]
    while shape and rng.random() < 0.2:
        shape.pop(0)
    return replace(case, value=tuple([1] * (rng.random() < 0.1) + shape))


def same(ours, theirs):
    """Whether two outcomes are equal; where PyTorch refuses, ours must be an error too."""
    if isinstance(ours, Exception) or isinstance(theirs, Exception):
        return isinstance(ours, Exception) and isinstance(theirs, Exception)
    return all(
        a.shape == b.shape and np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True)
    )


def shrunk(case, fails):
    """A case that still fails, of which nothing more can be left out."""
    while True:
        simpler = [
            replace(case, items=case.items[:n] + case.items[n + 1 :])
            for n in range(len(case.items))
        ]
        simpler += [
            replace(case, items=(*case.items[:n], ":", *case.items[n + 1 :]))
            for n, item in enumerate(case.items)
            if item != ":"
        ]
        simpler += [replace(case, shape=case.shape[1:])] * bool(case.shape)
        simpler += [replace(case, transposed=False)] * case.transposed + [
            replace(case, listed=False)
        ] * case.listed
        simpler += [replace(case, value=())] * bool(case.value)
        smaller = next((other for other in simpler if other.items and fails(other)), None)
        if smaller is None:
            return case
        case = smaller

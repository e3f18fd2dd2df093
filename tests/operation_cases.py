"""Expressions that run unchanged on minitorch and on PyTorch, and the arrays they are about.

`torch` in an expression is either of the two engines. `{a|b}` stands for both forms; several of
them for all combinations. Used by test_operations.py and by reference/make_operations.py, which
freezes PyTorch's answers.
"""

import itertools
import re

import numpy as np

_rng = np.random.default_rng(0)
_normal = _rng.standard_normal

ARRAYS = {
    "number": _normal(()),
    "row": _normal(4),
    "column": _normal((3, 1)),
    "w": _normal((4, 2)),
    "x": _normal((3, 4)),
    "y": _normal((3, 4)),
    "turned": _normal((4, 3)).T,
    "gaps": _normal((6, 9))[::2, 1::2],
    "cube": _normal((2, 3, 4)),
    "swapped": _normal((4, 3, 2)).transpose(2, 1, 0),
    "deep": _normal((5, 1, 4, 3)),
    "thin": _normal((2, 1, 4, 1)),
    "empty": _normal((0, 3)),
    "hollow": _normal((2, 0, 3)),
    "positive": _rng.uniform(0.2, 3, (3, 4)),
    "ties": np.array([[1.0, 3, 3, 0], [2, 2, 2, 2], [-1, 0, -1, 0]]),
    "wide": np.array([-800.0, -3, 0, 1e-9, 5, 800]),
    "holes": np.array([[-np.inf, 0.5, 1], [-np.inf, -np.inf, -np.inf], [0.1, 0.2, -np.inf]]),
    "mask": _rng.random((3, 4)) < 0.5,
    "keep": np.array([True, False, True]),
    "ids": np.array([2, 0, 2, 1, 2]),
    "pairs": np.array([[0, 2], [1, 1]]),
    "nothing": np.zeros(0, np.int64),
    "along": _rng.integers(0, 4, (3, 2)),
    "across": _rng.integers(0, 3, (2, 4)),
    "many": _rng.integers(0, 3, (2, 3, 5)),
    "whole": np.array([[3, -1, 2], [0, 5, -4]]),
    "rows300": _normal((300, 2)),
    "ids300": _rng.integers(0, 300, 40),
}

EXPRESSIONS = """
{x|cube|turned|gaps|empty|row|column|number} {+|-|*|/} {number|2.5|3}
{x|row|column|turned} {+|-|*|/} {y|gaps|row|column|cube}
{2.5|3} {+|-|*|/} {x|number|empty}
torch.{add|sub}(x, row, alpha=2.5)
torch.{mul|div}({x|column}, {turned|1.5})
positive ** {0|0.5|1|2|3|-1|-2.5|y|row|number}
{x|empty|number} ** {0|1|2|3|4}
{2|0.5} ** x
torch.pow(positive, {2|cube})
{-x|abs(x)|x.neg()|torch.abs(turned)|x.exp().log()|abs(number)}
torch.{neg|abs|exp|tanh|sigmoid|sin|cos|floor|ceil}({x|turned|gaps|cube|empty|hollow|number})
torch.{log|sqrt|rsqrt}({positive|positive.T|positive[0, 0]|empty})
torch.{tanh|sigmoid}(wide)
torch.clamp({x|turned|number|empty}, {min=-0.3|max=0.4|-0.3, 0.4})
{x|gaps}.clamp({min=0|-1, 1})
torch.where(mask, {x|row|0.5|1}, {y|column|2.0})
x.where(mask, {y|0.0})
torch.{maximum|minimum}({x|row}, {y|column})
torch.maximum(ties, ties[:, :1])
torch.minimum(ties, ties[:, :1])
torch.{max|min}(x, {y|row})
{x|number|turned} {<|<=|>|>=|==|!=} {y|row|0.1|whole[0, 0]}
torch.{eq|ne|lt|le|gt|ge}(ties, {1|ties[:, :1]})
{mask & keep[:, None]|mask \\| keep[:, None]|~mask|torch.logical_and(x, mask)|torch.logical_or(x, mask)}
torch.logical_not(x)

{x|cube|turned|gaps|swapped|number}.{sum|mean|amax|amin|var|std}()
hollow.{sum|mean|var}()
{x|hollow}.{sum|mean}(dim=())
{x|cube|turned|swapped}.{sum|mean|amax|amin|std}(dim={-1|0|(0, 1)|[-1, 0]}, keepdim={False|True})
{cube|swapped|deep}.{sum|mean|amax|var|logsumexp}(dim={1|-2|(0, 2)|(-1, 0, 1)}, keepdim={False|True})
hollow.{sum|mean|var|logsumexp}(dim={1|2|(0, 1)}, keepdim={False|True})
{ties|ties.T}.{amax|amin|max|min}()
{ties|cube}.{amax|amin}({0|1|(0, 1)})
torch.{max|min}({x|ties|cube|swapped}, {0|-1}, {False|True})
{x|turned|number}.{max|min}(dim={0|-1}, keepdim={False|True})
torch.{argmax|argmin}({x|ties|cube|swapped|number}, {None|0|-1}, keepdim={False|True})
torch.{var|std}(x, {0|1|(0, 1)|None}, correction={0|1|2.5})
x.{var|std}({unbiased=False|0, unbiased=False|1, True, True|dim=1, keepdim=True})
x[:1].{var|std}({0|1})
(ties * 0).std({0|1})
number.{sum|mean|amax|var|std|logsumexp}({0|-1})
torch.logsumexp({holes|wide|empty}, {0|-1})
torch.logsumexp({x|turned|cube}, {0|-1}, keepdim={False|True})
torch.cumsum({x|cube|swapped|turned|whole|mask|empty|number}, {0|-1})
torch.{any|all}({mask|x|whole|empty|number}{|, 0|, -1|, dim=0, keepdim=True})
{mask|whole}.{sum|cumsum|amax}({0|1})
torch.{softmax|log_softmax}({x|cube|swapped|empty|holes[::2]}, {0|-1})
{x|number}.{softmax|log_softmax}({0|dim=-1})

{x|turned|gaps} @ {row|w|turned.T|deep|deep[0, 0]}
{row|cube|swapped|swapped[:1]} @ {row|w|w[None]|deep}
row @ {row|w|deep|cube.mT}
{torch.matmul(x, w)|x.matmul(w)|x.T @ y|x @ y.T|cube @ cube.mT|cube.mT @ cube|empty @ column|empty @ turned}
hollow @ turned
hollow.mT @ hollow
torch.outer({row|ids.double()|turned[0]}, {ties[0]|nothing.double()})

torch.{square|expm1|erf|tan|atan|sign|round|trunc}({x|turned|cube|empty|number})
torch.{log1p|log2|log10|reciprocal}({positive|positive.T|empty})
torch.{lerp|addcmul|addcdiv}(x, y, {positive|positive * 2})
x.lerp(y, 0.3)
torch.atan2(x, {positive|row})
torch.nan_to_num(holes{|, 1.5|, neginf=-2.0})
{x|gaps|number} % {positive|0.7|-2}
7 % positive.detach()
{x|gaps|number}.detach() // {0.7|-2|positive.detach()}
7 // positive.detach()
torch.div(x, {positive|0.3}, rounding_mode={None|"trunc"|"floor"})
torch.fmod(x, {positive|0.3})
whole {//|%} {3|-2|ids[0]}
torch.round(x, decimals=1)
torch.clamp(x, {min=y|row, row + 0.5|max=positive|y, y + positive})
{torch.isclose(x, x + 1e-9)|torch.isnan(holes)|torch.isinf(holes)|torch.isfinite(holes)|mask ^ keep[:, None]}
{x.prod()|cube.prod(1)|ties.prod(0)|torch.prod(x, -1, keepdim=True)|empty.prod()}
torch.cumprod({x|ties|cube|number}, {0|-1})
torch.norm({x|cube|ties}{|, 1|, 3, -1|, float("inf"), 0|, dim=(0, 1)|, 2, 1, True})
torch.{var_mean|std_mean}({x|cube}, 1{|, keepdim=True})
{x.sum(axis=1)|x.mean(axis=0, keepdims=True)|x.max(axis=1)|torch.cat([x, y], axis=1)|whole.sum(0, dtype=torch.float64)}
{x.sum(dtype=torch.float64)|x.softmax(0, dtype=torch.float64)|whole.cumsum(1, dtype=torch.float64)}
torch.sort({x|cube|row}{|, 0|, -1, True})
ties.sort(dim={0|-1}, descending={False|True}, stable=True)
{x.sort()[0]|torch.argsort(x, 0)|x.argsort(descending=True)|number.sort()}
torch.topk({x|cube|row}, {1|2}{|, 0, False|, -1})
{x.median()|torch.median(x, 0)|cube.median(-1, True)}
{whole.unique()|ids.unique(return_counts=True)|ties.detach().unique(return_inverse=True, return_counts=True)|pairs.unique(dim=0)}
{torch.nonzero(ties)|whole.nonzero(as_tuple=True)|torch.nonzero(number)|mask.count_nonzero(1)}
{torch.bincount(ids)|torch.bincount(ids, minlength=5)|torch.isin(ids, pairs)|torch.isin(ids, 2)}
torch.scatter({x|turned}, 1, {along, 2.5|along[:2], y[:2, :2]|along, y[:, :2]})
{torch.scatter(row, 0, ids[1:4], -1.0)|whole.scatter(0, across[:1, :3], 9)}
torch.scatter_add({x|turned}, {1, along, y[:, :2]|0, across, y[1:]})
torch.index_add(x, {0, ids, cube[0].repeat(3, 1)[:5]|1, pairs[0], cube[0, :, :2]})
{x.masked_select(mask)|torch.masked_select(x, keep[:, None])|row.masked_select(mask)}

{torch.mm(x, w)|torch.bmm(cube, cube.mT)|torch.mv(x, row)|torch.dot(row, row)|x.mm(w)|cube.bmm(cube.mT)}
torch.einsum({"ij,jk->ik", x, w|"ij,kj", x, y|"ij->ji", x|"ii->", x @ y.T|"bij,bkj->bik", cube, cube|"i,j->ij", row, row})
torch.einsum({"...ij,jk->...ik", cube, w|"ijk,ljk->il", cube, swapped|"ij,ij->i", x, y|"bij,jk,b->ik", cube, w, cube[:, 0, 0]})
torch.einsum({"ij->", x|"i,ij,j->", x[:, 0], x, row|"ii->i", x @ y.T|"ab...->...", cube|"ij,j", x, row})

{x.t()|row.t()|cube.swapaxes(0, 2)|cube.movedim(0, -1)|torch.movedim(cube, (0, 1), (2, 0))|x.ravel()|turned.ravel()}
{x.view_as(mask)|turned.reshape_as(mask.T)|row.expand_as(mask)|torch.broadcast_to(row, (3, 4))}
{cube.unflatten(2, (2, 2))|cube.unflatten(-1, (-1, 2))|x.narrow(1, 1, 2)|x.narrow(0, -2, 1)|torch.select(cube, 1, -1)}
{torch.hstack([x, y])|torch.hstack([row, row])|torch.vstack([x, row])|torch.concat([x, y], 1)|torch.tile(row, (2, 2))}
torch.repeat_interleave({x, 2|x, 2, 1|x, ids[:3], 0|row, 3, dim=0})
{torch.diag(row)|torch.diag(x)|torch.diag(row, -1)|torch.diagonal(cube, 1, 1, 2)|torch.diagonal(x)|x.diag(1)}
torch.meshgrid({row, x[0]|row, row[:2], row[1:]}, indexing={"ij"|"xy"})
{torch.cat([nothing.double(), x])|x.flip(dims=(0,))|x.permute(dims=(1, 0))|number.transpose(0, -1)}

x.reshape({-1|2, 6|(6, -1)|1, 3, 4, 1|[12]})
torch.reshape({turned|gaps|cube|empty}, {(-1,)|(3, -1)})
{x.view(4, 3)|cube.view((6, -1))|cube[0].view(-1)|turned.T.view(12)|x[1:].view(8)|empty.view(3, 0)}
{number.view(1, 1)|deep.view(5, 12)}
number.flatten()
torch.flatten({cube|swapped|deep}{|, 1|, 0, -2|, start_dim=-2})
{cube.flatten(0, 1)|hollow.flatten(1)}
torch.transpose(cube, {0, 2|-1, 0})
torch.permute(cube, {(0, 2, 1)|[-1, 0, 1]})
{cube.transpose(0, -1)|x.T|cube.mT|turned.T|cube.permute(2, 0, 1)|cube.permute((-1, 0, 1))|row.T}
torch.unsqueeze({x|number|turned|empty}, {0|-1})
{x.unsqueeze(1)|x[None]|x.unsqueeze(-2)}
torch.squeeze({thin|column|number|x}{|, 0|, -1})
thin.squeeze({|1|(1, 3)|[-1, 1]|0})
{column.expand(3, 4)|row.expand(3, -1)|row.expand((2, 3, 4))|thin.expand(2, 3, -1, 2)|number.expand(2, 2)}
{x.expand(3, 4)|x[:0].expand(2, 0, 4)}
{x.repeat(2, 3)|x.repeat(2, 1, 2)|row.repeat(3)|row.repeat((2, 2))|turned.repeat(1, 0)|number.repeat(2)}
swapped.repeat(1, 2, 1)
torch.roll({cube|swapped|turned}, {1|-2}{|, 0|, -1})
{cube.roll((1, 2), (0, 2))|x.roll(5)|empty.roll(1, 0)}
torch.flip({cube|swapped|turned}, {(0,)|[-1]|(0, 1)})
{x.flip(0)|x.flip(0, 1)|x.flip((1,))|row.flip(-1)}
{turned.contiguous()|x.contiguous()|swapped.clone()|turned.contiguous().view(12)}
torch.cat([{x, y|turned, gaps|x, row[None]|x, whole[:1, :1].expand(1, 4)}])
torch.cat(({x, y, x|turned, column|x, mask}), {1|-1})
torch.cat([cube, swapped], dim={0|1|-1})
torch.stack([{x, y|turned, gaps, x}]{|, 0|, 1|, -1})
torch.stack({[number, number]|(row, row, row[:1].expand(4))}, dim={0|-1})
torch.split({x|turned}, {1|2|5|[1, 2]}, 0)
cube.split({3|[1, 3]|[4, 0]}, dim=-1)
torch.chunk({cube|swapped}, {1|2|3|7}, {0|1|-1})
{empty.chunk(2)|empty.split(2)|x.chunk(2)}
torch.unbind({cube|swapped|x|empty}, {0|-1})
{x.unbind()|tuple(x)|x.unbind(1)[2]|(cube.chunk(2, -1)[1] * 2).sum() + cube.mean()}
cube.sum() + cube.unbind(0)[1].sum()

{x|turned|swapped[0]|cube[1]}[{0|-1|1, 2|1:|:, 1|..., 0|::2|:, -3:-1|None, :, None, 1|...|1:1|[0, 2]}]
{x|turned|swapped[0]|cube[1]}[{:, [2, 0, 0]|0, [1, 1, 2]|ids|ids, 1|pairs|pairs, pairs|pairs, :2}]
{cube|swapped}[{0, :, [0, 1]|:, 0, [0, 1]|[0, 1], 0|[0, 1], :, [1, 3]|[0, 1], None, [1, 1]|..., ids}]
{cube|swapped}[{:, ids, 0|:, pairs, 1:|1, ids, None|pairs[:, :1] * 0, [1, 2]|None, pairs[1]}]
{x|turned}[{mask|keep|keep, 1:|keep, 2|:, [True, False, False, True]|mask.T.T|-ids[:1]|ids[0], ids[1]|[]}]
{x|turned}[{nothing|mask & False|True|False|[[0, 1], [2, 1]]|torch.tensor(1)|torch.tensor(1):}]
{number[...]|number[None]|number[()]|rows300[ids300]|empty[:, 1]|empty[nothing]|x[ids][:, ids]|x[1][2]}
{whole[0]|mask[mask]}
(x[ids] * x[0]).sum() + x[:, 1].sum()
{cube[:, :, pairs[0]]|x[:, ids[1:2]]|cube[:, pairs[1]]|turned[mask]|turned[ids]}.view(-1)
torch.gather({x|turned}, {1, along|-1, along[:2]|0, across|dim=1, index=along})
{cube.gather(2, many)|swapped.gather(1, many[:, :, :4])|cube.gather(-1, many[:1, :2])|row.gather(0, ids)}
{row.gather(0, nothing)|number.gather(0, ids[1])}
torch.take_along_dim(x, ids)
torch.take_along_dim({x|turned}, {along, 1|across, 0|along[:, :1], -1|along[:1], dim=1})
{torch.take_along_dim(cube, many, -1)|torch.take_along_dim(cube, many[:1, :1], 2)}
{torch.take_along_dim(cube[:1], many, 2)|x.take_along_dim(x.argmax(0, keepdim=True), 0)}
swapped.take_along_dim(many[:, :, :4], 1)
torch.index_select({x|turned|cube|swapped}, {0|1|-1}, {pairs[1]|nothing|pairs[0, 1] - 1})
{x.index_select(0, ids)|rows300.index_select(0, ids300)|row.index_select(0, ids)}
torch.masked_fill({x|turned|row|cube}, mask, {0|-1.5|float("-inf")|number})
{x.masked_fill(mask[:, :1], 2)|whole.masked_fill(whole > 2, 7)|column.masked_fill(mask, 1.0)}
torch.{tril|triu}({x|cube|turned|empty|mask}{|, 1|, diagonal=-1})

{x.to("cpu")|x.to(device="cpu")|x.to("cpu", torch.float32)|x.to(whole)|x.cpu()|x.to(torch.float32, copy=True)}
{whole.int()|whole.to(torch.int32)|x.int()|whole.int().double() * 2|whole.int() + whole|x[ids.int()]|x.type(torch.float32)}
{x.new_zeros(2, 3)|whole.new_ones((2,))|x.new_full((2, 2), 7)|x.new_tensor([1, 2])|whole.new_tensor([1.5])}
{x.double()|x.float()|x.to(torch.float32)|x.to(dtype=torch.float64)|x.long()|x.bool()|whole.float()}
{mask.long()|x.float().double()|x.to(whole.dtype)|x.type_as(x.float())}
{x.detach()|x.data|x.clone()|x.requires_grad_() * 2}
torch.{empty|zeros|ones}({2, 0|(0, 3)|[0]})
torch.{zeros|ones}({2, 3|(2, 3)|[4]|()}{|, dtype=torch.float64|, dtype=torch.int64|, dtype=torch.bool})
torch.{zeros_like|ones_like}({x|whole|mask}{|, dtype=torch.float64})
{torch.full((2, 3), 1.5)|torch.full((2,), 3)|torch.full((), True)|torch.full([2], 3, dtype=torch.float64)}
{torch.full_like(x, 2)|torch.full_like(whole, 2)}
torch.arange({5|2, 9|9, 2, -3|5.0|0, 1, 0.3|1, 2.5|-1, 1, 0.1|0|3, 3|2, 9, 3, dtype=torch.float64})
torch.linspace({0, 1, 5|-1, 1, 1|3, -2, 11|0, 1, 0}, dtype=torch.float64)
{torch.linspace(0, 1, 7)|torch.eye(3)|torch.eye(2, 4, dtype=torch.int64)|torch.eye(0)}
torch.tensor({1|1.5|True|[1, 2]|[[1, 2.5], [True, 3]]|[]|[[]]|x|(1, 2)|[1.9], dtype=torch.int64})
torch.tensor({[1, 0], dtype=torch.bool|2, dtype=torch.float64})
"""

LINES = [line for line in EXPRESSIONS.splitlines() if line]


def expand(line):
    """All the forms of a line: "a {x|y}" -> ["a x", "a y"]."""
    parts = [part.replace("\\|", "\0").split("|") for part in re.split(r"[{}]", line)]
    return ["".join(chosen).replace("\0", "|") for chosen in itertools.product(*parts)]


def arrays_of(expression):
    """The named arrays an expression uses."""
    return {
        name: ARRAYS[name] for name in re.findall(r"\b[a-z]+\d*\b", expression) if name in ARRAYS
    }


def evaluate(torch, expression, dtype="float64"):
    """Outputs of an expression and the gradients of a fixed weighted sum of them, as lists of
    arrays.
    """

    def cast(a):
        return a.astype(dtype, order="K", copy=True) if a.dtype.kind == "f" else a.copy(order="K")

    tensors = {
        name: torch.from_numpy(np.asarray(cast(a))) for name, a in arrays_of(expression).items()
    }
    leaves = [x.requires_grad_() for x in tensors.values() if x.is_floating_point()]
    try:
        out = eval(expression, {"torch": torch, **tensors})
    except Exception as error:
        error.add_note(f"in the expression {expression}")
        raise
    outs = list(out) if isinstance(out, tuple) else [out]
    weighed = ((x, torch.from_numpy(w)) for x, w in zip(outs, weights_for(outs)))
    losses = [(x.double() * w).sum() for x, w in weighed if x.requires_grad]
    if losses:
        sum(losses).backward()
    return [x.detach().numpy() for x in outs], [
        x.grad.numpy() for x in leaves if x.grad is not None
    ]


def weights_for(outs):
    """Fixed numbers by which each output is weighed in the sum that is differentiated."""
    rng = np.random.default_rng(1)
    return [np.asarray(rng.standard_normal(tuple(x.shape))) for x in outs]


def flat(results):
    """Outputs and gradients as one array."""
    return np.concatenate(
        [np.zeros(0), *(x.ravel().astype(np.float64) for part in results for x in part)]
    )


FIRST_FORMS = list(dict.fromkeys(expand(line)[0] for line in LINES))


# ---------------------------------------------------------------- result types

DTYPES = ("bool", "int32", "int64", "float32", "float64")

TYPES = """
{a|n} {+|-|*|/|<|==} {b|m}
{a|n} {+|-|*|/|>=} {True|2|2.5}
{True|2|2.5} {+|-|*|/|<=} {a|n}
{a|n} ** {2|2.5}
{a|n} {//|%} {b|m|2|2.5}
2 {//|%} a
a {^|&} b
torch.div(a, b, rounding_mode={"trunc"|"floor"})
torch.{isclose|fmod}(a, {a|b})
torch.{log1p|expm1|log2|log10|square|reciprocal|sign|round|trunc|erf|isnan|isinf|isfinite}(a)
torch.{prod|cumprod|sort|argsort|topk|median|norm|var_mean}(a, 1)
torch.{unique|count_nonzero|prod|median|norm}(a)
torch.{addcmul|addcdiv}(a, a, a)
a.lerp(a, 0.5)
a.{sum|mean|cumsum|softmax|prod}(0, dtype=torch.{float32|float64|int64})
torch.mm(a, b)
torch.einsum("ij,jk->ik", a, b)
torch.scatter(a, 0, torch.tensor([[0]]), {b|2})
torch.scatter_add(a, 0, torch.tensor([[0]]), b)
torch.index_add(a, 0, torch.tensor([0, 1]), b)
torch.repeat_interleave(a, 2)
a.{int|cpu}()
a.new_zeros(2)
torch.tensor([1, 2]).to(a)
torch.arange({n|0, n, 1})
torch.linspace(0, n, 3)
torch.full((2,), n)
a.new_tensor([1, 2])
{2|2.5} ** {a|n}
torch.{maximum|minimum|max|min}({a|n}, {b|m})
torch.where(c, {a|n}, {b|m})
torch.where(c, {a|n}, {True|2|2.5})
torch.{cat|stack}([a, b])
torch.{add|sub}({a|n}, {b|m}, alpha=1)
torch.outer(a[0], b[0])
{a @ b|torch.matmul(a, b[0])|a[0] @ b}
torch.{logical_and|logical_or}(a, b)
{a & b|a \\| b}
{a.clone().copy_(b)|a.clone().add_(b)|a.clone().mul_(m)|a.clone().div_(b)|a.clone().sub_(b)}
a.masked_fill(c, m)
torch.{neg|abs|exp|log|sqrt|rsqrt|tanh|sigmoid|sin|cos|floor|ceil|logical_not}({a|n})
~a
a.clamp({min=2|max=2.5|0, 3|True, 2.0})
a.{sum|mean|amax|amin|max|min|argmax|argmin|any|all|var|std}()
a.{sum|mean|amax|amin|argmax|argmin|any|all|var|std|logsumexp|cumsum|softmax|log_softmax}({0|-1})
{a.max(0)|a.min(1)}
a.{flip|tril|triu}(0)
{a.roll(1)|a.repeat(2, 1)|a.reshape(-1)|a.T|a.unbind()|a.squeeze()|a.expand(2, 2, 2)|a.split(1)}
{a[0]|a[c]|a[[0, 1]]|a.gather(0, torch.tensor([[0]]))|a.index_select(0, torch.tensor([0]))}
a.masked_fill(c, {True|2})
a.{float|double|long|bool|clone|contiguous|detach}()
a.clone().fill_({1|True})
torch.{zeros_like|ones_like|empty_like}({a|n})
torch.full_like(a, {True|2})
torch.{rand_like|randn_like}(a)
torch.tensor(a.numpy())
"""


TYPE_LINES = [line for line in TYPES.splitlines() if line]


def result_types(torch, expression):
    """A letter for each pair of input dtypes: b, h (int32), i, f (float32), d (float64), or - where
    it is refused.

    `a` (2, 2) and the 0-d `n` are of the first dtype, `b` (2, 2) and the 0-d `m` of the second.
    """
    second = DTYPES if re.search(r"\b[bm]\b", expression) else DTYPES[:1]
    return "".join(
        _result_type(torch, expression, *pair) for pair in itertools.product(DTYPES, second)
    )


def _result_type(torch, expression, first, second):
    def make(values, dtype):
        return torch.tensor(values, dtype=getattr(torch, dtype))

    names = {
        "a": make([[1, 2], [3, 4]], first),
        "n": make(3, first),
        "b": make([[2, 1], [1, 1]], second),
        "m": make(2, second),
        "c": torch.tensor([True, False]),
    }
    try:
        out = eval(expression, {"torch": torch, **names})
    except (RuntimeError, TypeError, ValueError):
        return "-"
    out = out[0] if isinstance(out, tuple) else out
    return dict(zip(DTYPES, "bhifd"))[str(out.dtype).removeprefix("torch.")]


# ---------------------------------------------------------------- refusals

ERRORS = """\
RuntimeError  x + cube[:, :2] | x * empty | x.add(w) | torch.maximum(x, w) | x < w | torch.where(mask, x, w)
RuntimeError  x - mask | 1 - mask | -mask
RuntimeError  torch.where(ids, ids, ids) | whole ** -1 | x.clamp() | torch.sqrt(x.T) @ x.T
RuntimeError  x @ y | row @ x | x @ column.T | x @ number | x @ x.T.float() | cube @ x
RuntimeError  torch.outer(x, row) | torch.outer(row, number)
TypeError     x @ 2 | x + "a" | x + None | x.sum(dim=1.5) | x.sum(dim=True) | len(number) | torch.cat(x, y, 0)
TypeError     float(x.sum)
IndexError    x.sum(2) | x.mean(-3) | x.amax((0, 2)) | x.max(2) | x.argmax(2) | x.cumsum(2) | x.logsumexp(5)
IndexError    x.softmax(2) | number.sum(1) | x.var(2)
IndexError    empty.amax(0) | empty.max(0) | empty.argmax(0) | empty.argmax() | hollow.amin((0, 1))
RuntimeError  empty.max() | empty.amax() | x.sum((0, 0)) | x.sum((0, -2)) | whole.mean() | mask.var()
RuntimeError  whole.std(0) | whole.softmax(0) | whole.mean(0)
RuntimeError  x.view(5) | x.view(5, -1) | x.reshape(7, 2) | x.reshape(-1, -1) | x.reshape(-2) | x.view(3, -4) | turned.view(12) | x.T.view(-1)
RuntimeError  empty.reshape(-1, 0) | cube.transpose(0, 1).view(6, 4)
RuntimeError  x.expand(2, 4) | row.expand(-1, 4) | x.expand(4) | x.repeat(2) | x.roll((1, 2))
RuntimeError  x.roll(1, (0, 1)) | x.flip(0, 0) | x.permute(0) | x.permute(0, 0) | cube.flatten(2, 0)
IndexError    x.transpose(0, 2) | x.permute(0, 5) | x.unsqueeze(3) | x.squeeze(2) | x.flip(2) | x.roll(1, 2)
IndexError    cube.flatten(0, 3) | x.unbind(2) | x.split(1, 2) | x.chunk(1, -3) | number.unbind()
RuntimeError  x.split(0) | x.split(-1) | x.split([1, 1]) | x.chunk(0) | torch.cat([x, w])
RuntimeError  torch.cat([x, row]) | torch.stack([x, w]) | torch.stack([])
ValueError    torch.cat([]) | x[::-1] | x[:, ::-2] | torch.tensor([[1], [1, 2]])
IndexError    torch.cat([x, y], 2) | torch.stack([x, y], 3)
IndexError    x[3] | x[-4] | x[0, 0, 0] | x[:, 4] | x[0.5] | x[torch.tensor([0, 3])] | x[ids - 4] | x[x]
IndexError    x[torch.tensor([0.5])] | x[keep, keep] | x[mask.T] | x[keep[:2]] | x[ids, along] | number[0]
IndexError    x[..., 0, 0, 0]
RuntimeError  x.gather(0, ids) | row.gather(0, ids + 2) | row.gather(0, ids - 3) | row.gather(0, row)
RuntimeError  x.gather(0, along.repeat(1, 3)) | torch.take_along_dim(x, ids, 0)
RuntimeError  torch.take_along_dim(x, x, 0) | torch.take_along_dim(x, many[0, :2], 0)
IndexError    x.gather(2, along) | x.index_select(0, ids + 1) | x.index_select(0, -ids)
IndexError    x.index_select(0, pairs) | x.index_select(2, ids)
RuntimeError  x.masked_fill(ids, 0) | x.masked_fill(mask, row) | x.masked_fill(keep, 0) | row.tril()
RuntimeError  number.triu()
RuntimeError  torch.zeros(-1) | torch.ones((2, -3)) | torch.rand(-2) | torch.arange(3, 0)
RuntimeError  torch.arange(0, 1, 0) | torch.linspace(0, 1, -1) | torch.randint(5, 5, (2,))
RuntimeError  torch.tensor([1], requires_grad=True) | torch.ones(2, dtype=torch.int64, requires_grad=True)
TypeError     torch.from_numpy([1]) | torch.tensor("a")
RuntimeError  x.item() | bool(x) | bool(empty) | x.backward() | x.sum().backward(row)
RuntimeError  x.detach().sum().backward() | whole.float().backward() | x.numpy() | whole.requires_grad_()
RuntimeError  x.add_(1) | x.mul_(x) | x.__setitem__(0, 1) | x.detach().copy_(row[:3]) | whole.add_(1.5)
RuntimeError  whole.div_(2) | whole.mul_(x.detach()[:2, :3])
""".splitlines()

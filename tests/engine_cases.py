"""Small programs on which an engine can silently differ from PyTorch; each runs unchanged on both.

One program per line, its statements separated by `; `. The last one is an expression: what comes of
the program is its value, or the kind of error it ends with. Used by test_engine_cases.py and by
reference/make_engine_cases.py, which freezes what comes of them in PyTorch.
"""

# ruff: noqa: E501 (one program per line)
import contextlib
import math

import numpy as np

INDEXING = """
x[range(3), torch.tensor([1, 0, 2])]
x[range(3), [1, 0, 2]]
x[np.int64(0), ids]; x[ids, (0, 1)]
x[:, np.int64(1), None]
x[(0, 0, 1),]
y = leaf(1, 2, 3); y[(0, 0, 1),].sum().backward(); y.grad
y = leaf(1, 2, 3); y[[0, 0, 1]].sum().backward(); y.grad
y = leaf(1, 2, 3); y[[0, 0], None].sum().backward(); y.grad
y = leaf(1, 2, 3); y[torch.tensor([True, False, True])].sum().backward(); y.grad
y = leaf(1, 2, 3); y[[]].sum().backward(); y.grad
x[range(3), [1, 0, 2]] = 9.; x
x[[0, 2], 1:] = -1; x
x[True]
x[False].shape
x[True, 0]
x[0, True, [0, 1]]
x[[0, 1], :, None].shape
x[None, ids, ..., None].shape
cube[ids, :, ids]
cube[0, :, ids]
cube[:, ids, ids]
cube[ids, None, ids].shape
cube[:, [[0], [1]], [0, 1]]
cube[:, torch.tensor([[True, False, True, True]] * 3)]
cube[torch.tensor([[True, False, True], [False, True, True]]), 0]
cube[[0, 1], 0, [0, 1]]
cube[..., [0, 0]].shape
cube[[slice(0, 1), 0]].shape
cube[[[0, 1], [1, 0]]].shape
cube[[0, 1]].shape
x[torch.tensor(1), torch.tensor(-1)]
x[torch.tensor(True)].shape
x[np.array(1)]
x[np.array([True, False, True])]
x[torch.tensor(0):torch.tensor(2)]
x[:np.int64(1)]
x[1.0]
x["a"]
x[{0}]
x[np.bool_(True)]
x[3]
x[[3]]
x[0, 0, 0]
x[torch.tensor([0.5])]
x[torch.tensor([True, False])]
x[::-1]
x[::0]
x[0] = [1, 2, 3, 4]
x[0] = np.ones(4)
x[0] = np.float32(1)
x[0] = "a"
x[0] = None
x[0] = np.float64(2); x[1] = np.int64(3); x[2, 0] = True; x
x[0] = torch.ones(1, 1, 4); x
x[0] = torch.ones(1, 2, 4)
x[0] = torch.tensor(2); x
x[0] = torch.ones(4, dtype=torch.float64); x
x[[0, 1]] = torch.ones(4, dtype=torch.float64)
x[[0, 1]] = torch.tensor(2)
x[[0, 1]] = torch.ones(2, 1); x
x[[0, 1]] = torch.ones(3)
x[x > 5] = 0; x
x[x > 5] = torch.arange(6.); x
x[x > 5] = torch.arange(5.)
x[x > 5] = torch.tensor(3); x
x[x > 5] = torch.arange(6)
x[x > 100] = torch.ones(0); x
x[..., 1] = torch.tensor([1., 2., 3.]); x
x[:, None, 1] = torch.tensor([[1.], [2.], [3.]]); x
x[torch.tensor([[0], [1]]), torch.tensor([0, 1])] = -torch.ones(2, 2); x
whole = torch.tensor([1, 2, 3]); whole[0] = 1.7; whole
whole = torch.tensor([1, 2, 3]); whole[[0]] = 1.7; whole
whole = torch.tensor([1, 2, 3]); whole[[0]] = torch.tensor([1.7])
torch.take_along_dim(x, torch.tensor([[0, -1]]), 1)
x.gather(1, torch.tensor([[0, 0], [3, 1]]))
x.index_select(1, torch.tensor([0, 0, 3]))
torch.tensor(5.).index_select(0, torch.tensor([0]))
[row.tolist() for row in x]
list(torch.tensor(1.))
len(x)
"""

CHANGES = """
x = torch.ones(3); y = (w * x).sum(); x.zero_(); y.backward()
x = torch.ones(3); y = (w + x).sum(); x.zero_(); y.backward(); w.grad
x = torch.ones(3); y = (w * x).sum(); x[0] = 5; y.backward()
x = torch.ones(3); y = (w * x).sum(); x[:1].add_(1); y.backward()
x = torch.ones(3); y = (w * x).sum(); x.detach().add_(1); y.backward()
x = torch.ones(3); y = (w * x).sum(); x.data.add_(1); y.backward(); w.grad
x = torch.ones(3); d = x.data; y = (w * d).sum(); d.add_(1); y.backward()
x = torch.ones(3); d = x.data; y = (w * d).sum(); x.add_(1); y.backward(); w.grad
x = torch.ones(3); v = x[1:]; y = (w[1:] * v).sum(); x.add_(1); y.backward()
x = torch.ones(3); v = x[1:]; u = x.view(3, 1); y = (w[1:] * v).sum(); u.add_(1); y.backward()
x = torch.ones(3); y = (w * x.reshape(3)).sum(); x.mul_(2); y.backward()
x = torch.ones(3); y = (w * x.clone()).sum(); x.mul_(2); y.backward(); w.grad
x = torch.ones(3); y = (w * (x + 1)).sum(); x.mul_(2); y.backward(); w.grad
y = (w * w).sum(); w.data.zero_(); y.backward(); w.grad
y = (w * w).sum(); nothing = torch.no_grad().__enter__(); a = w.zero_(); y.backward()
y = w.exp(); y.add_(1); y.sum().backward()
y = w.exp(); y.detach().add_(1); y.sum().backward()
y = w.sqrt(); y[0] = 1; y.sum().backward()
y = w.tanh(); y.mul_(2); y.sum().backward()
y = w.sigmoid(); y.zero_(); y.sum().backward()
y = w.softmax(0); y.mul_(2); y.sum().backward()
y = w.log_softmax(0); y.mul_(2); y.sum().backward()
y = torch.relu(w); y.add_(1); y.sum().backward()
y = w.sin(); y.add_(1); y.sum().backward(); w.grad
y = w * 2; z = y.sin(); y.add_(1); z.sum().backward()
y = w * 2; z = y.exp(); y.add_(1); z.sum().backward(); w.grad
y = w * 2; z = y + y; y.add_(1); (z + y).sum().backward(); w.grad
y = w * 2; z = y.sum(); y.add_(1); (z + y.sum()).backward(); w.grad
y = w * 2; z = y.mean(); y.zero_(); z.backward(); w.grad
y = w * 2; z = y.view(3, 1).transpose(0, 1); y.zero_(); z.sum().backward(); w.grad
y = w * 2; z = torch.cat([y, y]); y.zero_(); z.sum().backward(); w.grad
y = w * 2; z = torch.stack([y, y]); y.zero_(); z.sum().backward(); w.grad
y = w * 2; z = y / 3; y.zero_(); z.sum().backward(); w.grad
y = w * 2; z = y ** 2; y.zero_(); z.sum().backward()
y = w * 2; z = y.abs(); y.zero_(); z.sum().backward()
y = w * 2; z = y.clamp(0, 1); y.zero_(); z.sum().backward()
y = w * 2; z = torch.maximum(y, torch.ones(3)); y.zero_(); z.sum().backward()
y = w * 2; z = y.cumsum(0); y.zero_(); z.sum().backward(); w.grad
y = w * 2; z = y.amax(); y.zero_(); z.backward()
y = w * 2; z = y.max(0).values; y.zero_(); z.backward(); w.grad
y = w * 2; z = y.flip(0) + y.roll(1) + y.repeat(1) + y.tril(0) if y.ndim > 1 else y.flip(0); y.zero_(); z.sum().backward(); w.grad
y = w * 2; z = y @ torch.ones(3); y.zero_(); z.backward(); w.grad
y = w * 2; z = y @ w; y.zero_(); z.backward()
y = w * 2; z = F.linear(y, torch.ones(2, 3)); y.zero_(); z.sum().backward(); w.grad
m = torch.ones(2, 3, requires_grad=True); y = w * 2; z = F.linear(y, m); y.zero_(); z.sum().backward()
y = w * 2; z = F.gelu(y); y.zero_(); z.sum().backward()
y = w * 2; z = F.cross_entropy(y, torch.tensor(1)); y.zero_(); z.backward(); w.grad
i = torch.tensor([0, 1]); y = w[i]; i.zero_(); y.sum().backward()
m = torch.tensor([True, False, True]); y = w[m]; m.zero_(); y.sum().backward()
m = torch.tensor([True, False, True]); y = torch.where(m, w, 0.); m.zero_(); y.sum().backward()
m = torch.tensor([True, False, True]); y = w.masked_fill(m, 0.); m.zero_(); y.sum().backward()
i = torch.tensor([0, 1]); x = torch.zeros(3); x[i] = w[:2]; i.zero_(); x.sum().backward()
i = torch.tensor([0, 1]); y = F.embedding(i, w.view(3, 1)); i.zero_(); y.sum().backward()
x = torch.zeros(3); x.grad = None; y = (w * w).sum(); y.backward(); z = (leaf(1, 1, 1) * w.grad).sum(); (w * w).sum().backward(); z.backward()
"""

RECORDED = """
y = w.clone(); y[0] = 5; y.sum().backward(); w.grad
y = torch.zeros(3); y[0] = w[0] * 2; y.sum().backward(); (y, w.grad, y.requires_grad, y.is_leaf)
y = torch.zeros(3); y[1:] = w[1:] * 2; y[:2] = 0; y.sum().backward(); (y, w.grad)
x = m.clone(); y = x.clone(); y[..., 0::2] = x[..., 0::2] * 2; y[..., 1::2] = -x[..., 0::2]; (y * c).sum().backward(); (y, m.grad)
y = m.clone(); y[[0, 1], [1, 0]] = w[:2]; (y * c).sum().backward(); (y, m.grad, w.grad)
y = m.clone(); y[y > 0] = 0.; (y * c).sum().backward(); (y, m.grad)
y = m.clone(); y[:, 0] = w[:2]; (y * c).sum().backward(); (y, m.grad, w.grad)
y = m.clone(); y[:] = w; (y * c).sum().backward(); (y, m.grad, w.grad)
y = m.clone(); y[0][1] = w[0]; (y * c).sum().backward(); (y, m.grad, w.grad)
y = m.clone(); y.view(3, 2)[0, 1] = w[0]; (y * c).sum().backward(); (y, m.grad, w.grad)
y = m.clone(); y.T[0] = w[:2]; (y * c).sum().backward(); (y, m.grad, w.grad)
y = m.clone(); y[0] += 1; y[:, 1:] *= w[0]; (y * c).sum().backward(); (y, m.grad, w.grad)
y = m.clone(); y += w; y *= 2; y -= 1; y /= 4; (y * c).sum().backward(); (y, m.grad, w.grad)
y = m.clone(); y.mul_(w); (y * c).sum().backward(); (y, m.grad, w.grad)
y = m.clone(); y.div_(w); (y * c).sum().backward(); (y, m.grad, w.grad)
y = m.clone(); y.pow_(3); (y * c).sum().backward(); (y, m.grad)
y = m.clone(); y.exp_(); (y * c).sum().backward(); (y, m.grad)
y = m.clone(); y.clamp_(0.2, 1); (y * c).sum().backward(); (y, m.grad)
y = m.clone(); y.neg_().tanh_(); y.sum().backward(); m.grad
y = m.clone(); y.zero_(); (y * c).sum().backward(); (y, m.grad)
y = m.clone(); y.fill_(w[0]); (y * c).sum().backward(); (y, m.grad, w.grad)
y = m.clone(); y.copy_(w); (y * c).sum().backward(); (y, m.grad, w.grad)
y = m.clone(); y.masked_fill_(y > 0, 2.); (y * c).sum().backward(); (y, m.grad)
y = m.clone(); y.mul_(y); y.sum().backward()
y = m.clone(); v = y[0]; v.mul_(3); (y * c).sum().backward(); (y, m.grad)
y = m.clone(); v = y[0]; u = y[:, 1]; v.mul_(3); (u * w[:2]).sum().backward(); (u, m.grad, w.grad)
y = m.clone(); v = y[0]; y.mul_(3); v.sum().backward(); (v, m.grad)
y = m.clone(); v = y.T; v[0].mul_(w[0]); (y * c).sum().backward(); (y, m.grad, w.grad)
y = m.clone(); v = y.view(2, 3, 1).expand(2, 3, 2); y.mul_(3); v.sum().backward(); (v, m.grad)
b = torch.zeros(3); u = b[:2]; v = b[0]; v.add_(w[0]); u.sum().backward(); (u.requires_grad, b.requires_grad, b.is_leaf, w.grad)
b = torch.zeros(2, 3); v = b[0]; v += w; (b * c).sum().backward(); (b, w.grad)
y = torch.zeros(2, 2).T.exp(); v = y[0]; v.add_(w[:2]); y.sum().backward(); w.grad
y = m.T.exp(); v = y[0]; v.mul_(w[:2]); (y * c.T).sum().backward(); (y, m.grad, w.grad)
y = m.clone(); y[0] = y[1]; (y * c).sum().backward(); (y, m.grad)
y = m.clone(); y.copy_(y); (y * c).sum().backward(); m.grad
y = m.clone(); a, b = y.unbind(0); a.mul_(2)
y = m.clone(); a, b = y.split(1); a.mul_(2)
y = m.clone(); a, b = y.chunk(2); a[0] = 1.
y = torch.zeros(2, 3); a, b = y.unbind(0); a.add_(1); y
y = torch.zeros(2, 3); a, b = y.unbind(0); a.add_(w)
y = m.clone(); a, b = y.unbind(0); y.add_(1); a.sum()
y = m.clone(); [row.mul_(2) for row in y]
w.add_(1)
w[0] = 1
w[0].add_(1)
w.view(3, 1).mul_(2)
w.detach()[0].mul_(2); w
x = torch.zeros(3); v = x[:2]; a = x.requires_grad_(); v.add_(1)
x = torch.ones(3, 1); x.expand(3, 4)[0] = 1
x = torch.ones(3, 1); x.expand(3, 1)[0] = 5; x
x = torch.ones(3, 1); x.expand(3, 4)[:1, :1].add_(1); x
x = torch.ones(3, 1); x.expand(3, 4).fill_(2); x
x = torch.ones(3, 1); x.expand(3, 4).add_(2)
x = torch.ones(3); x += torch.ones(2, 3)
x = torch.ones(3); x += torch.ones(3, dtype=torch.float64); (x, x.dtype == torch.float32)
x = torch.tensor([1, 2]); x += 1.5
x = torch.tensor([1, 2]); x.copy_(w[:2]); (x, x.requires_grad)
x = torch.tensor([1, 2]); x[0] = w[0]; (x, x.requires_grad)
x = torch.ones(3); x.copy_([1, 2, 3])
x = torch.ones(3); x.copy_(torch.ones(1, 3))
x = torch.ones(3); x.copy_(2); x
x = torch.ones(3); x.fill_(torch.ones(1))
x = torch.ones(3); x.fill_(torch.tensor(4)); x
w.data -= 0.5; w.data -= 0.5; (w, w.is_leaf, w.requires_grad)
w.data = torch.zeros(2); w
y = w.detach(); y[0] = leaf(5)[0]; (y.requires_grad, w)
y = w * 2; y.requires_grad_(False)
y = w * 1; y.data.mul_(3); (y * y).sum().backward(); w.grad
"""

SELECTED = """
leaf(-1, 0, 1, 2).relu().backward(infinite(4)); last.grad
leaf(-1, 0, 1, 2).clamp(0, 1).backward(infinite(4)); last.grad
leaf(-1, 0, 1, 2).clamp(min=0).backward(infinite(4)); last.grad
leaf(-1, 0, 1, 2).clamp(max=0).backward(infinite(4)); last.grad
leaf(-1, 0, 1, 2).abs().backward(infinite(4)); last.grad
leaf(-1, 0, 1, 2).floor().backward(infinite(4)); last.grad
torch.maximum(leaf(-1, 0, 1, 2), torch.zeros(4)).backward(infinite(4)); last.grad
torch.maximum(torch.zeros(4), leaf(-1, 0, 1, 2)).backward(infinite(4)); last.grad
torch.minimum(leaf(-1, 0, 1, 2), torch.zeros(4)).backward(infinite(4)); last.grad
torch.where(mask, leaf(-1, 0, 1, 2), 0.).backward(infinite(4)); last.grad
torch.where(mask, 0., leaf(-1, 0, 1, 2)).backward(infinite(4)); last.grad
leaf(-1, 0, 1, 2).masked_fill(mask, 0.).backward(infinite(4)); last.grad
leaf(-1, 0, 1, 2)[mask].backward(infinite(2)); last.grad
leaf(1, 2, 2).amax().backward(torch.tensor(inf)); last.grad
leaf(1, 2, 2).max().backward(torch.tensor(inf)); last.grad
leaf(1, 2, 2).min().backward(torch.tensor(inf)); last.grad
leaf(1, 2, 2).max(0).values.backward(torch.tensor(inf)); last.grad
leaf(1, 2, 2).gather(0, torch.tensor([0, 0])).backward(infinite(2)); last.grad
leaf(1, 2, 2).cumsum(0).backward(torch.tensor([1., inf, 1.])); last.grad
leaf(1, 2, 3, 4).view(2, 2).tril().backward(infinite(2, 2)); last.grad
leaf(1, 2, 3, 4).view(2, 2).triu().backward(infinite(2, 2)); last.grad
leaf(nan, 1).relu().sum().backward(); last.grad
leaf(nan, 1).clamp(0, 2).sum().backward(); last.grad
torch.maximum(leaf(nan, 1), torch.zeros(2)).sum().backward(); last.grad
torch.sqrt(torch.relu(leaf(0, 1, -1))).sum().backward(); last.grad
torch.sqrt(leaf(0, 1, -1).clamp(min=0)).sum().backward(); last.grad
torch.log(F.embedding(torch.tensor([0, 1]), leaf(0, 1, 2, 3).view(4, 1))).sum().backward(); last.grad
torch.log(leaf(0, 1, 2, 3)[[0, 1, 1]]).sum().backward(); last.grad
torch.log(leaf(0, 1, 2, 3).view(4, 1)[[0, 1, 1]]).sum().backward(); last.grad
torch.log(leaf(0, 1, 2, 3).index_select(0, torch.tensor([0, 1]))).sum().backward(); last.grad
torch.log(leaf(*range(300)).view(300, 1)[[0, 1, 1]]).sum().backward(); last.grad[:4]
torch.log(leaf(0, 1, 2, 3).take_along_dim(torch.tensor([0, 1]), 0)).sum().backward(); last.grad
(leaf(-1, 0, 2) ** 0).backward(infinite(3)); last.grad
(leaf(-1, 0, 2) ** 1).backward(infinite(3)); last.grad
(leaf(0, 1, 4) ** 0.5).sum().backward(); last.grad
(leaf(0, 0, 0, -1, 2) ** torch.tensor([0., 2., -1., 2., 0.])).sum().backward(); last.grad
(torch.tensor([0., 0., 0., -1., 2., -2.]) ** leaf(0, 2, -1, 2, 0, 0.5)).sum().backward(); last.grad
(2 ** leaf(0, 1)).sum().backward(); last.grad
(0 ** leaf(0, 1, -1)).sum().backward(); last.grad
((-1.) ** leaf(0, 1)).sum().backward(); last.grad
leaf(1, 1).std().backward(); last.grad
leaf(1, 1).var().backward(); last.grad
leaf(-inf, -inf).logsumexp(0).backward(); last.grad
leaf(-inf, 1).logsumexp(0).backward(); last.grad
leaf(-inf, 1, 2).log_softmax(0).backward(torch.tensor([0., 1., 1.])); last.grad
leaf(-inf, 1, 2).softmax(0).backward(torch.tensor([0., 1., 2.])); last.grad
F.cross_entropy(leaf(1, 2, 3, 4).view(2, 2), torch.tensor([-100, -100])).backward(); last.grad
F.cross_entropy(leaf(1, 2, 3, 4).view(2, 2), torch.tensor([-100, 1])).backward(); last.grad
F.cross_entropy(leaf(1, 2, 3, 4).view(2, 2), torch.tensor([-100, -100]), label_smoothing=0.1).backward(); last.grad
F.cross_entropy(leaf(1, 2, 3, 4).view(2, 2), torch.tensor([-100, -100]), reduction="sum").backward(); last.grad
F.cross_entropy(leaf(nan, 2, 3, 4).view(2, 2), torch.tensor([-100, 1])).backward(); last.grad[2:]
F.nll_loss(leaf(1, 2, 3, 4).view(2, 2), torch.tensor([-100, -100])).backward(); last.grad
F.leaky_relu(leaf(-1, 0, 1, 2)).backward(infinite(4)); last.grad
F.softplus(leaf(-1, 0, 1, 200)).backward(infinite(4)); last.grad
torch.sigmoid(leaf(-1000, 1000)).sum().backward(); last.grad
torch.rsqrt(leaf(0, 1)).sum().backward(); last.grad
(leaf(0, 1) / torch.tensor([0., inf])).sum().backward(); last.grad
"""

SWITCH = """
f = torch.no_grad(lambda x: x * 2); (f(w).requires_grad, f.__name__)
f = torch.no_grad()(lambda x: x * 2); (f(w).requires_grad, f(w).requires_grad)
f = torch.enable_grad(lambda x: x * 2); a = torch.no_grad().__enter__(); f(w).requires_grad
f = torch.no_grad()(numbers); [x.requires_grad for x in f(w)]
f = torch.no_grad()(numbers); [torch.is_grad_enabled() for x in f(w)]
f = torch.no_grad()(numbers); g = f(w); (next(g).requires_grad, torch.is_grad_enabled(), g.send(3), g.close())
f = torch.no_grad()(numbers); g = f(w); (next(g).requires_grad, g.throw(KeyError))
switch = torch.no_grad(); a = switch.__enter__(); b = switch.__enter__(); c = switch.__exit__(None, None, None); d = torch.is_grad_enabled(); e = switch.__exit__(None, None, None); (d, torch.is_grad_enabled())
a = torch.set_grad_enabled(False); (torch.is_grad_enabled(), (w * 2).requires_grad)
a = torch.set_grad_enabled(False); b = torch.set_grad_enabled(True); torch.is_grad_enabled()
a = torch.set_grad_enabled(False).__enter__(); torch.is_grad_enabled()
f = torch.set_grad_enabled(False)(lambda x: (x * 2).requires_grad); (torch.is_grad_enabled(), f(w))
"""

MADE = """
y = torch.Tensor(np.arange(3)); (y, y.dtype == torch.float32)
y = torch.Tensor(np.ones(2)); (y, y.dtype == torch.float32)
a = np.ones(2, np.float32); y = torch.Tensor(a); a[0] = 5; y
a = np.ones(2); y = torch.Tensor(a); a[0] = 5; y
y = torch.Tensor(ids); y[0] = 5; (ids, y.dtype == torch.int64)
a = np.arange(3); y = torch.LongTensor(a); z = torch.FloatTensor(a); a[0] = 5; (y, z, z.dtype == torch.float32)
torch.Tensor([[1, 2], [3, 4]]), torch.Tensor(), torch.Tensor((1, 2))
torch.tensor([torch.tensor([1., 3.]), torch.tensor([2., 4.])])
torch.tensor([torch.tensor(1.), torch.tensor(2.)])
torch.from_numpy(np.arange(3.)[::-1])
torch.tensor(np.arange(3.)[::-1])
torch.from_numpy(np.arange(6.)[::2])
torch.zeros(size=(2, 3)), torch.ones(size=(2,)), torch.rand(size=(2,)).shape == (2,), torch.empty(size=(3,)).shape == (3,)
torch.arange(end=3), torch.arange(start=1, end=3), torch.arange(0, 6, step=2)
torch.full((2,), nan, dtype=torch.int64)
torch.full((2,), 2 ** 40, dtype=torch.int32)
torch.full((2,), 1e300)
torch.full((2,), nan), torch.full((2,), 2.7, dtype=torch.int64), torch.full((2,), 3, dtype=torch.float64)
y = torch.arange(3); y[0] = nan
y = torch.arange(3); y[0] = 1e20
y = torch.arange(3); y[0] = 1.7; y
y = torch.zeros(3, dtype=torch.int32); y.fill_(2 ** 31)
y = torch.zeros(3); y.fill_(1e300)
y = torch.zeros(3); y.fill_(-inf)
y = torch.zeros(3, dtype=torch.bool); y.fill_(2.5)
torch.arange(3).masked_fill(torch.tensor([True, False, True]), inf)
torch.arange(3).masked_fill(torch.tensor([True, False, True]), torch.tensor(nan))
torch.arange(3).masked_fill(torch.tensor([True, False, True]), 1.7)
torch.arange(3.).masked_fill(torch.tensor([True, False, True]), -inf)
torch.randperm(-1)
torch.normal(0., -1., (2,))
torch.normal(torch.zeros(2), -torch.ones(2))
torch.zeros(2).uniform_(3, 2)
"""

OPERANDS = """
torch.sqrt(np.ones(2))
torch.add(x, np.ones(4))
torch.maximum(x, np.ones(4))
np.ones(4) * x
y = torch.tensor([1, 2]) * np.bool_(True); (y, y.dtype == torch.float32)
y = torch.tensor([1, 2]) + np.int64(3); (y, y.dtype == torch.int64)
y = torch.ones(2) * np.float64(3); (y, y.dtype == torch.float32)
x == "a", x == [1], x != None, x == None, x != "a"
x in ["a", None]
3 in x, 3.5 in x, torch.tensor(4) in x, torch.tensor([7]) in x
3 in torch.tensor(3), 3 in torch.tensor([])
"a" in x
+x
y = torch.add(torch.tensor([1, 2], dtype=torch.int32), 3, alpha=2); (y, y.dtype == torch.int32)
y = torch.sub(torch.tensor([1, 2]), torch.tensor([1, 1]), alpha=3); (y, y.dtype == torch.int64)
torch.add(torch.tensor([1, 2]), 3, alpha=0.5)
torch.add(torch.tensor([1, 2]), torch.tensor([1., 2.]), alpha=0.5)
y = torch.add(torch.tensor(1., dtype=torch.float64), torch.tensor([1, 2]), alpha=0.5); (y, y.dtype == torch.float32)
torch.add(w, leaf(1, 2, 3), alpha=3).sum().backward(); last.grad
torch.sub(w, leaf(1, 2, 3), alpha=3).sum().backward(); last.grad
torch.zeros(3).index_add(0, torch.tensor([0]), torch.tensor([1]))
torch.zeros(3, dtype=torch.int64).index_add(0, torch.tensor([0]), torch.tensor([1.5]))
torch.zeros(3).scatter(0, torch.tensor([0]), torch.tensor(1))
torch.tensor([True]).abs()
y = torch.tensor([True, False]); z = y.sign().zero_(); y
F.dropout(torch.arange(3))
F.mse_loss(torch.arange(3), torch.arange(3))
F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 1]), weight=torch.ones(2))
F.nll_loss(torch.ones(2, 3), torch.tensor([0, 1]), weight=torch.ones(4))
mask.any(()), x.all(dim=()), mask.sum(()), x.amax(())
y = x - 5; z = F.relu(y, True); y.min() == 0, z is y
F.leaky_relu(x - 5, 0.1, True), F.elu(x - 5, 0.5, False), F.dropout(x, 0.5, False, True)
torch.tensor([nan, 1.]).nan_to_num(None), torch.tensor([nan, inf]).nan_to_num(2, 3)
x.sum(np.int64(1)), x.sum(torch.tensor(1))
torch.zeros(0).amax()
torch.zeros(3, 0).amax(1)
torch.isin(1, ids), torch.isin(ids, 1), torch.isin(ids, ids)
nn.Linear(0, 2)(torch.ones(3, 0)).shape == (3, 2), nn.Linear(3, 2)(torch.ones(0, 4, 3)).shape == (0, 4, 2)
torch.split(ids, 2, 1)
torch.chunk(torch.tensor(5), 1)
x.flatten(0, 5)
x[0, 4]
torch.tensor(3.)[0]
"""

OVERLAPPING = """
y = torch.arange(6.); y[1:] = y[:-1]
y = torch.arange(6.); y[:-1] = y[1:]
y = torch.arange(6.); y[1:] += y[:-1]
y = torch.arange(6.); y[[0, 1]] = y[1:3]
y = torch.arange(6.); y[y > 2] = y[:3]
y = torch.arange(9.).view(3, 3); y += y.T
y = torch.arange(9.).view(3, 3); y.copy_(y.T)
y = torch.arange(9.).view(3, 3); y -= y[0]
y = torch.arange(6.); y.mul_(y[:1])
y = torch.arange(6.); y.clamp_(y[:1])
y = torch.arange(6.); y.copy_(y[:1])
y = torch.arange(6.); y += y; y
y = torch.arange(6.); y[0] = y[0]; y
y = torch.arange(6.); y[::2] = y[1::2]; y
y = torch.arange(9.).view(3, 3); y[0] = y[1]; y
y = torch.arange(9.).view(3, 3); y /= y.sum(0); y
y = torch.arange(9.).view(3, 3); y[:] = y.view(3, 3); y
y = torch.arange(9.).view(3, 3); y[:, 0] += y[:, 1]; y
y = torch.arange(6.); y[1:] = y[:-1].clone(); y
y = torch.arange(6.); y[[0, 0, 1]] += 1; y
"""

KEPT = """
w.grad = torch.ones(3); w.sum().backward(); w.grad
w.grad = torch.ones(2)
w.grad = torch.ones(3, dtype=torch.float64)
w.grad = 5
w.grad = [1., 1., 1.]
w.grad = w
w.grad = None; w.grad
w.data = np.zeros(3)
(w * 2).backward([1., 1., 1.])
torch.autograd.grad(w.sum(), w, torch.tensor(2.))
torch.autograd.grad(w * w, w, torch.ones(3))
torch.autograd.grad(w * w, w, grad_outputs=torch.ones(3))
torch.autograd.grad([w.sum(), w * w], [w], [None, torch.ones(3)])
torch.autograd.grad([w.sum(), (w * w).sum()], w)
torch.autograd.grad(w * w, w, torch.ones(2))
torch.autograd.grad(w * w, w)
y = leaf(3); torch.autograd.grad(y, y)
torch.autograd.grad(w.sum(), [w, m], allow_unused=True)[1]
torch.autograd.grad(w.sum(), [w, m])
leaf(1, 1, 1).median().backward(); last.grad
leaf(1, 3, 2, 3).median().backward(); last.grad
leaf(1, nan, 2).median().backward(); last.grad
leaf(1, nan, 2).abs().sum().backward(); last.grad
leaf(1, nan, 0).norm(1).backward(); last.grad
leaf(0, -1, 2).atan2(torch.tensor([0., 1., 0.])).sum().backward(); last.grad
torch.atan2(torch.tensor([0., 1., 0.]), leaf(0, -1, 2)).sum().backward(); last.grad
F.smooth_l1_loss(leaf(inf, 0.2, -3, 0.5), torch.zeros(4), beta=0.5, reduction="sum").backward(); last.grad
F.huber_loss(leaf(inf, 0.2, -3, 0.5, nan), torch.zeros(5), delta=0.5, reduction="sum").backward(); last.grad
F.smooth_l1_loss(leaf(0, 2), torch.zeros(2), beta=0.0).backward(); last.grad
F.huber_loss(torch.tensor([0., 3.]), torch.tensor([0.5, 0.]), reduction="none", delta=2.)
leaf(4, 0, 9).norm(0.5).backward(); last.grad
F.kl_div(torch.zeros(3), torch.tensor([0.5, 0., -1.]), reduction="none")
F.elu(leaf(nan, -inf, inf, -1)).sum().backward(); last.grad
torch.tensor([1., nan, 3.]).median()
torch.tensor([[1., nan, 3., nan], [4., 1., 2., 3.]]).median(1)
torch.tensor([[1., 2., 2.], [4., 1., 2.]]).median(0, True)
torch.zeros(3, 0).median(1)
torch.tensor([1., nan, nan, 1.]).unique(return_counts=True)
torch.tensor([[1, 2], [1, 2]]).unique(dim=0, return_inverse=True, return_counts=True)
torch.tensor([nan, -0., -2., 3.]).sign(), torch.tensor([3, -3]).sign()
"""

SHOWN = """
repr(torch.tensor([1., 2.5])), repr(torch.tensor([1., 2.])), repr(torch.tensor(1.)), repr(torch.tensor([1, -20]))
repr(torch.tensor(3.14159265)), repr(torch.tensor([1e-5, 1.])), repr(torch.tensor([1e9])), repr(torch.tensor(1e-4))
repr(torch.tensor([True, False])), repr(torch.tensor([])), repr(torch.zeros(0, 3)), repr(torch.zeros(0, dtype=torch.int64))
repr(torch.tensor([nan, inf, 1.])), repr(torch.tensor([nan, -inf, 1.5])), repr(torch.tensor([0., -0.]))
repr(torch.ones(2, dtype=torch.float64)), repr(torch.ones(2, dtype=torch.int32)), repr(leaf(1, 2)), str(x), f"{ids}"
repr(cube), repr(torch.arange(1001.)), repr(torch.arange(1000)[:30]), repr(torch.arange(1200.).view(2, 3, 200))
repr(torch.arange(2000).view(1000, 2)), repr(torch.full((30,), 0.1).requires_grad_()), repr(torch.zeros(30))
repr(nn.Linear(3, 2)), repr(nn.Linear(3, 2, bias=False)), repr(nn.Embedding(3, 4)), repr(nn.Embedding(3, 4, padding_idx=-1))
repr(nn.LayerNorm(3)), repr(nn.LayerNorm((2, 3), bias=False)), repr(nn.RMSNorm(3)), repr(nn.BatchNorm1d(3, affine=False))
repr(nn.Dropout(0.1)), repr(nn.GELU()), repr(nn.ReLU()), repr(nn.ReLU(True)), repr(nn.LeakyReLU()), repr(nn.Softmax(-1)), repr(nn.Flatten())
repr(nn.ELU()), repr(nn.Softplus()), repr(nn.SiLU()), repr(nn.Tanh()), repr(nn.CrossEntropyLoss()), repr(nn.MSELoss()), repr(nn.Identity())
repr(nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU(), nn.ReLU()), nn.ModuleDict({"a": nn.Tanh()}))), repr(nn.Sequential())
repr(nn.ModuleList([nn.Linear(2, 3), nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()]))
repr(nn.ModuleList([nn.Sequential(nn.Linear(2, 2), nn.ReLU()) for _ in range(3)]))
repr(type("Net", (nn.Module,), {"extra_repr": lambda self: "size=3"})())
net = nn.ModuleList([nn.ReLU(), nn.Tanh()]); net.insert(0, nn.Linear(1, 1)); net += [nn.SiLU()]; del net[1]; (repr(net), list(net.state_dict()))
net = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Linear(1, 1)); del net[:2]; (repr(net), list(net.state_dict()))
net = nn.ModuleDict({"a": nn.ReLU()}); net.update({"b": nn.Tanh()}); a = net.pop("a"); (repr(a), repr(net)); del net["b"]; len(net)
nn.Embedding(5, 2, padding_idx=-1).padding_idx
nn.Embedding(5, 2, padding_idx=5)
"""

TOPICS = {
    "indexing": INDEXING,
    "changes": CHANGES,
    "recorded": RECORDED,
    "selected": SELECTED,
    "switch": SWITCH,
    "made": MADE,
    "operands": OPERANDS,
    "overlapping": OVERLAPPING,
    "kept": KEPT,
    "shown": SHOWN,
}
PROGRAMS = {topic: [line for line in text.splitlines() if line] for topic, text in TOPICS.items()}


def outcome(torch, program):
    """What comes of a program: numbers, in lists, or the name of an error."""
    made = []

    def leaf(*values):
        made.append(torch.tensor([float(value) for value in values], requires_grad=True))
        return made[-1]

    def numbers(x):
        given = yield x * 1
        yield x * (given or 2)

    names = {
        "torch": torch,
        "np": np,
        "F": torch.nn.functional,
        "nn": torch.nn,
        "leaf": leaf,
        "numbers": numbers,
        "inf": math.inf,
        "nan": math.nan,
        "infinite": lambda *shape: torch.full(shape, math.inf),
        "x": torch.arange(12.0).reshape(3, 4),
        "cube": torch.arange(24.0).reshape(2, 3, 4),
        "ids": torch.tensor([1, 0]),
        "mask": torch.tensor([True, False, True, False]),
        "c": torch.tensor([[1.0, 2, 3], [4, 5, 6]]),
        "w": leaf(0.5, -1, 2),
        "m": torch.tensor([[0.1, -0.2, 0.3], [-0.4, 0.5, 0.6]], requires_grad=True),
    }
    *statements, last = program.split("; ")
    try:
        with torch.enable_grad():
            for statement in statements:
                exec(statement, names)
                names["last"] = made[-1]
            with contextlib.suppress(SyntaxError):  # an assignment, expected to fail
                return plain(eval(last, names))
            exec(last, names)
            return None
    except Exception as error:
        return f"{type(error).__name__}"
    finally:
        torch.set_grad_enabled(True)


def plain(result):
    """Tensors and tuples as lists."""
    if isinstance(result, (tuple, list)):
        return [plain(part) for part in result]
    return result.tolist() if hasattr(result, "tolist") else result

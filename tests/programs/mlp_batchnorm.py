# A character-level language model of names: an MLP with batch normalization written by hand.
import minitorch as torch
from minitorch.nn import functional as F

words = "emma olivia ava isabella sophia charlotte mia amelia harper evelyn abigail mila".split()
chars = sorted(list(set("".join(words))))
stoi = {s: i + 1 for i, s in enumerate(chars)}
stoi["."] = 0
vocab_size, block_size, n_embd, n_hidden = len(stoi), 3, 10, 64
X, Y = [], []
for w in words:
    context = [0] * block_size
    for ch in w + ".":
        X.append(context)
        Y.append(stoi[ch])
        context = context[1:] + [stoi[ch]]
X, Y = torch.tensor(X), torch.tensor(Y)


class BatchNorm1d:
    def __init__(self, dim, eps=1e-5, momentum=0.1):
        self.eps, self.momentum, self.training = eps, momentum, True
        self.gamma, self.beta = torch.ones(dim), torch.zeros(dim)
        self.running_mean, self.running_var = torch.zeros(dim), torch.ones(dim)

    def __call__(self, x):
        xmean = x.mean(0, keepdim=True) if self.training else self.running_mean
        xvar = x.var(0, keepdim=True) if self.training else self.running_var
        if self.training:
            with torch.no_grad():
                self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * xmean
                self.running_var = (1 - self.momentum) * self.running_var + self.momentum * xvar
        return self.gamma * ((x - xmean) / torch.sqrt(xvar + self.eps)) + self.beta


g = torch.Generator().manual_seed(2147483647)
C = torch.randn((vocab_size, n_embd), generator=g)
W1 = torch.randn((n_embd * block_size, n_hidden), generator=g) * (5 / 3) / 30**0.5
W2, b2 = torch.randn((n_hidden, vocab_size), generator=g) * 0.01, torch.zeros(vocab_size)
bn = BatchNorm1d(n_hidden)
parameters = [C, W1, W2, b2, bn.gamma, bn.beta]
for p in parameters:
    p.requires_grad = True
losses = []
for i in range(20):
    ix = torch.randint(0, X.shape[0], (32,), generator=g)
    loss = F.cross_entropy(torch.tanh(bn(C[X[ix]].view(32, -1) @ W1)) @ W2 + b2, Y[ix])
    for p in parameters:
        p.grad = None
    loss.backward()
    for p in parameters:
        p.data += -(0.1 if i < 15 else 0.01) * p.grad
    losses.append(loss.log10().item())
bn.training, out = False, [0] * block_size
for _ in range(20):
    logits = torch.tanh(bn(C[torch.tensor([out[-block_size:]])].view(1, -1) @ W1)) @ W2 + b2
    out.append(torch.multinomial(F.softmax(logits, dim=1), num_samples=1, generator=g).item())
results = [torch.tensor(out), sum(p.nelement() for p in parameters), bn.running_var, C]

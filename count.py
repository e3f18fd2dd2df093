"""A Transformer that learns to count, from a bare array: the whole course in one file.

It reads small programs for one variable, one character per token. `a=` sets a to 0, `a+` adds 1,
a dot does nothing, and after `?a` the model has to say what a is:

    a=.a+...a+?a2..a=..a+....?a1

Counting characters doesn't help, since any number of dots may come in between. So the model counts
only what matters: that is CoPE, Contextual Position Encoding (arXiv 2405.18719). It learns from
texts of 96 characters, for a minute or two, and is then tested on longer, denser and sparser ones.
"""

import numpy as np

SYMBOLS = "0123456789=+.?a"  # a token's id is its index in here
LAYERS, HEADS, DIM = 2, 2, 32  # DIM numbers per token, DIM / HEADS of them in each head
STEPS, WARM_UP, RATE, BATCH, LENGTH = 600, 100, 4e-3, 32, 96
ROWS = 16  # of CoPE's table, chosen for this task. With 97, lesson 10 gets 4 to 40 % wrong at 4x

# ------------------------------------------ a tensor that differentiates itself


class Tensor:
    """An array that knows its sources: what it was made from, and how its gradient reaches them."""

    def __init__(self, data, *sources):
        self.data, self.grad = data, 0.0
        self.sources = [pair for pair in sources if isinstance(pair[0], Tensor)]
        self.depth = 1 + max((source.depth for source, _ in self.sources), default=0)

    def backward(self):
        """Fill in grad, the slope of this one number, in every tensor it was made from."""
        graph, new = {self}, {self}
        while new:
            new = {source for tensor in new for source, _ in tensor.sources} - graph
            graph |= new
        self.grad = np.ones_like(self.data)
        for tensor in sorted(graph, key=lambda tensor: -tensor.depth):  # after all that use it
            for source, pull in tensor.sources:
                source.grad = source.grad + pull(tensor.grad)

    # Each operation computes its value, and beside each source is what it gets of the gradient g.
    def __add__(self, y):
        a, b = self.data, array(y)
        return Tensor(a + b, (self, lambda g: fit(g, a)), (y, lambda g: fit(g, b)))

    def __sub__(self, y):
        return self + y * -1

    def __mul__(self, y):
        a, b = self.data, array(y)
        return Tensor(a * b, (self, lambda g: fit(g * b, a)), (y, lambda g: fit(g * a, b)))

    def __matmul__(self, y):  # .mT exchanges the last two axes
        a, b = self.data, y.data
        return Tensor(a @ b, (self, lambda g: fit(g @ b.mT, a)), (y, lambda g: fit(a.mT @ g, b)))

    def __pow__(self, n):
        x = self.data
        return Tensor(x**n, (self, lambda g: g * n * x ** (n - 1)))

    def __getitem__(self, index):
        def pull(g):
            total = np.zeros_like(self.data)
            np.add.at(total, index, g)  # what was looked up several times gets the sum
            return total

        return Tensor(self.data[index], (self, pull))

    def log(self):
        return Tensor(np.log(self.data), (self, lambda g: g / self.data))

    def tanh(self):
        out = np.tanh(self.data)
        return Tensor(out, (self, lambda g: g * (1 - out * out)))

    def gelu(self):  # a smooth bend, as in GPT-2: 0 far below 0, x far above
        curve = (self * (self * self * 0.044715 + 1) * (2 / np.pi) ** 0.5).tanh()
        return self * 0.5 * (curve + 1)

    def softmax(self):
        out = np.exp(self.data - self.data.max(-1, keepdims=True))
        out /= out.sum(-1, keepdims=True)
        return Tensor(out, (self, lambda g: out * (g - (g * out).sum(-1, keepdims=True))))

    def mean(self):
        x, n = self.data, self.data.shape[-1]
        return Tensor(x.mean(-1, keepdims=True), (self, lambda g: (g / n).repeat(n, -1)))

    def sums_to_the_end(self):  # entry j is x[j] + x[j + 1] + ...
        out = self.data[..., ::-1].cumsum(-1)[..., ::-1]
        return Tensor(out, (self, lambda g: g.cumsum(-1)))

    def reshape(self, *shape):
        return Tensor(self.data.reshape(shape), (self, lambda g: g.reshape(self.data.shape)))

    def swap(self, i, j):
        return Tensor(self.data.swapaxes(i, j), (self, lambda g: g.swapaxes(i, j)))


def array(x):
    return x.data if isinstance(x, Tensor) else x


def fit(g, x):
    """Broadcasting made copies of x, so its gradient is the sum over them."""
    new = np.ndim(g) - np.ndim(x)
    axes = (*range(new), *(new + i for i, size in enumerate(np.shape(x)) if size == 1))
    return g.sum(axes).reshape(np.shape(x)) if axes else g


# ------------------------------------------ a Transformer that counts


def starting_weights(rng):
    """All that learns, by name: random numbers near 0, smaller in matrices that add to x below."""
    w = {"embedding": rng.normal(0, 0.1, (len(SYMBOLS), DIM))}
    for n in range(LAYERS):
        for name in ("query", "key", "value", "out", "up", "down"):
            rows, columns = {"up": (DIM, 4 * DIM), "down": (4 * DIM, DIM)}.get(name, (DIM, DIM))
            std = 0.1 / (2 * LAYERS) ** 0.5 if name in ("out", "down") else 0.1
            w[f"{n} {name}"] = rng.normal(0, std, (rows, columns))
            w[f"{n} {name} bias"] = np.zeros(columns)
        w[f"{n} cope"] = np.zeros((ROWS, DIM // HEADS))
    for name in ("norm", *(f"{n} norm {i}" for n in range(LAYERS) for i in (1, 2))):
        w[name], w[f"{name} bias"] = np.ones(DIM), np.zeros(DIM)
    w["head"] = rng.normal(0, 0.1, (DIM, len(SYMBOLS)))
    return {name: Tensor(numbers.astype(np.float32)) for name, numbers in w.items()}


def transformer(w, ids):
    """The logits of the token that comes next: (batch, seq) -> (batch, seq, symbols)."""
    x = w["embedding"][ids]  # (batch, seq, dim)
    for n in range(LAYERS):
        x = x + attention(w, n, norm(w, f"{n} norm 1", x))
        hidden = linear(w, f"{n} up", norm(w, f"{n} norm 2", x)).gelu()  # (batch, seq, 4 dim)
        x = x + linear(w, f"{n} down", hidden)
    return norm(w, "norm", x) @ w["head"]


def attention(w, n, x):
    """Each position collects what it looks for, from itself and from earlier positions."""
    batch, seq, dim = x.data.shape
    q, k, v = (
        linear(w, f"{n} {name}", x).reshape(batch, seq, HEADS, dim // HEADS).swap(1, 2)
        for name in ("query", "key", "value")
    )  # (batch, heads, seq, head_dim)
    scores = q @ k.swap(2, 3) * (dim // HEADS) ** -0.5  # (batch, heads, query, key)
    scores = scores + cope(scores, q @ w[f"{n} cope"].swap(0, 1))
    later = np.triu(np.full((seq, seq), -np.inf, np.float32), 1)  # no query sees later keys
    heads = (scores + later).softmax() @ v  # (batch, heads, query, head_dim)
    return linear(w, f"{n} out", heads.swap(1, 2).reshape(batch, seq, dim))


def cope(scores, z):
    """What position adds to the scores: q . e[p], given z, which is q . e[n] for each row e[n].

    A gate says how much key j matters to query i, and p is the sum of the gates from key j up to i.
    A fractional p falls between two rows and mixes them. Beyond the last row it gets the last row.
    """
    seq = scores.data.shape[-1]
    gates = ((scores * 0.5).tanh() + 1) * 0.5 * np.tri(seq, dtype=np.float32)  # sigmoid(scores)
    p = gates.sums_to_the_end().reshape(-1)  # p[i, j] = gates[i, j] + ... + gates[i, i]
    floor = np.minimum(np.floor(p.data), ROWS - 1)
    start = np.arange(floor.size) // seq * ROWS  # where the products of each query begin in z
    low, high = start + floor.astype(int), start + np.minimum(floor + 1, ROWS - 1).astype(int)
    z = z.reshape(-1)
    return (z[low] + (z[high] - z[low]) * (p - floor)).reshape(*scores.data.shape)


def linear(w, name, x):
    return x @ w[name] + w[name + " bias"]


def norm(w, name, x):
    x = x - x.mean()
    return x * ((x * x).mean() + 1e-5) ** -0.5 * w[name] + w[name + " bias"]


def cross_entropy(logits, targets):
    """The mean of -log p(target) over the positions that have a target; the others have -1."""
    asked = targets >= 0
    p = logits[asked].softmax()[np.arange(asked.sum()), targets[asked]]  # (answers,)
    return p.log().mean() * -1


# ------------------------------------------ the task, the training, the tests


def text(rng, length, passes=50):
    """A random program that answers its own questions, with `passes` dots per `a=` on average."""
    value, written, weights = 0, "a=", np.array([1, 7, 6, passes])
    for op in rng.choice(["a=", "a+", "?a", "."], 2 * length, p=weights / weights.sum()):
        if op != "a+" or value < 9:  # so that every answer is one digit
            value = {"a=": 0, "a+": value + 1}.get(op, value)
            written += f"?a{value}" if op == "?a" else op
    return written[:length]


def batch(rng, texts, length, passes=50):
    """What the model reads, and what it must say: the next token if it is a digit, else -1."""
    ids = np.array([[*map(SYMBOLS.index, text(rng, length + 1, passes))] for _ in range(texts)])
    return ids[:, :-1], np.where(ids[:, 1:] < 10, ids[:, 1:], -1)


def train(w, rng):
    """AdamW with clipped gradients, on new texts in every step. Returns the losses."""
    losses, mean, square = [], dict.fromkeys(w, 0.0), dict.fromkeys(w, 0.0)
    for step in range(1, STEPS + 1):
        inputs, targets = batch(rng, BATCH, LENGTH)
        loss = cross_entropy(transformer(w, inputs), targets)
        loss.backward()
        losses.append(float(loss.data[0]))
        size = float(sum((tensor.grad**2).sum() for tensor in w.values())) ** 0.5
        angle = np.pi * max(0, step - 1 - WARM_UP) / (STEPS - 1 - WARM_UP)  # after warm-up, 0 to pi
        rate = RATE * min(step / WARM_UP, 0.05 + 0.95 * (1 + float(np.cos(angle))) / 2)
        for name, tensor in w.items():
            g = tensor.grad * min(1.0, 1 / (size + 1e-6))  # all together at most 1 long
            mean[name] = 0.9 * mean[name] + 0.1 * g
            square[name] = 0.98 * square[name] + 0.02 * g**2
            m, s = mean[name] / (1 - 0.9**step), square[name] / (1 - 0.98**step)
            change = m / (s**0.5 + 1e-8) + 0.01 * tensor.data
            tensor.data, tensor.grad = tensor.data - rate * change, 0.0
        if step % 50 == 0:
            print(f"step {step} of {STEPS}, loss {loss.data[0]:.4f}", flush=True)
    return losses


def test(w):
    """The share of wrong answers in texts like those of the training, and in others."""
    shares = {}
    for name, texts, length, passes in (
        ("like the training texts", 256, LENGTH, 50),
        ("twice as long", 128, 2 * LENGTH, 50),
        ("four times as long", 96, 4 * LENGTH, 50),
        ("a fifth of the dots", 256, LENGTH, 10),
        ("twice the dots", 256, LENGTH, 100),
    ):
        ids, targets = batch(np.random.default_rng(100), texts, length, passes)
        said = [transformer(w, part).data.argmax(-1) for part in np.split(ids, texts // 8)]
        shares[name] = (np.concatenate(said) != targets)[targets >= 0].mean()
        print(f"{name:25}{100 * shares[name]:5.1f} % wrong", flush=True)
    return shares


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    w = starting_weights(rng)
    train(w, rng)
    test(w)

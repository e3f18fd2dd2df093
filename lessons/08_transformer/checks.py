"""Lesson 08: what the bigram table, the windows, the block, the loss, the optimizer, the schedule,
and the nucleus must satisfy."""

import numpy as np

import minitorch as torch
from classroom.checking import about, check, outcome, require
from minitorch import nn

about(
    "bigram_table",
    stars=1,
    minutes=6,
    hints=(
        "Count first: a table of ones, and for every pair of neighbors in the text one more. Then "
        "divide each row by its sum.",
        "The present ids are ids[:-1], the next ones ids[1:]. table[present, next] += 1 counts a "
        "pair that occurs ten times only once; np.add.at counts it ten times, and so does a plain "
        "loop.",
        "counts = np.ones((vocab_size, vocab_size)); np.add.at(counts, (ids[:-1], ids[1:]), 1); "
        "return counts / counts.sum(axis=1, keepdims=True)",
    ),
)


@check("bigram_table", dtype="values")
def shares_of_what_follows(answer):
    """Each row has the shares of what follows, with one added to every count."""
    text = np.random.default_rng(0).integers(5, size=60)
    return (
        answer(np.array([0, 1, 0, 1, 1]), 2),
        answer(np.array([0, 1, 0, 1, 0, 1, 2, 2, 0, 2]), 3),
        answer(text, 7),
    )


@check("bigram_table", dtype="values")
def hardly_any_pairs(answer):
    """After an id that never occurs, or only at the end, all ids are equally likely."""
    return answer(np.array([0, 0]), 3), answer(np.array([2]), 4)


about(
    "random_windows",
    stars=1,
    minutes=6,
    hints=(
        "Draw the starts first, one for each window. A window and its targets together are "
        "seq_len + 1 ids.",
        "starts[:, None] + np.arange(seq_len + 1) has the shape (batch, seq_len + 1) and contains "
        "all positions. The last start at which this fits is len(ids) - seq_len - 1.",
        "starts = rng.integers(len(ids) - seq_len, size=batch); windows = ids[starts[:, None] + "
        "np.arange(seq_len + 1)]; return windows[:, :-1], windows[:, 1:]",
    ),
)


@check("random_windows")
def pieces_of_the_text(answer):
    """Inputs are pieces of the text, and each target is the id that comes next."""
    ids = np.random.default_rng(3).permutation(500)[:30]
    where = {each: position for position, each in enumerate(ids.tolist())}
    inputs, targets = pair(answer(np.random.default_rng(0), ids, 6, 4))
    at, ahead = (np.vectorize(lambda each: where.get(each, -1))(part) for part in (inputs, targets))
    fits = inputs.shape == targets.shape == (6, 4)
    return {
        "shape of the inputs": inputs.shape,
        "shape of the targets": targets.shape,
        "kinds of numbers": [inputs.dtype.kind, targets.dtype.kind],
        "all are ids of the text": bool((at >= 0).all() and (ahead >= 0).all()),
        "an input is ... after the one before": steps(np.diff(at)),
        "a target is ... after its input": steps(ahead - at) if fits else "",
        "four ids are one window of three": outcome(lambda: shortest(answer)),
    }


@check("random_windows")
def starts(answer):
    """Each window has a random start of its own; every start that fits is equally likely."""
    ids, many = np.arange(10), 3000

    def drawn(seed):
        return pair(answer(np.random.default_rng(seed), ids, many, 4))[0]

    begins = drawn(1)[:, 0]
    found, counts = np.unique(begins, return_counts=True)
    return {
        "windows": len(begins),
        "starts of windows of four in ten ids": found.tolist(),
        "all equally likely": bool(counts.min() > many / 6 - 150 and counts.max() < many / 6 + 150),
        "one start does not tell the next, ... on": np.unique(np.diff(begins) % 6).tolist(),
        "the same seed draws the same": np.array_equal(drawn(1), drawn(1)),
        "another seed draws others": not np.array_equal(drawn(1), drawn(2)),
    }


def shortest(answer):
    """The only window of three in four ids."""
    return pair(answer(np.random.default_rng(0), np.array([5, 6, 7, 8]), 1, 3))


def steps(differences):
    """The one or two different numbers there are, or "many"."""
    found = np.unique(differences).tolist()
    return found if len(found) < 3 else "many"


def pair(got):
    """Inputs and targets, two arrays."""
    two = isinstance(got, tuple | list) and len(got) == 2
    require(two, "Two arrays are asked for: return inputs, targets.")
    for each in got:
        arrays = isinstance(each, np.ndarray)
        require(
            arrays, f"Return arrays; yours is a {type(each).__name__}. np.array(...) makes one."
        )
    return got


about(
    "Block",
    stars=2,
    minutes=8,
    blank=("Block.forward",),
    hints=(
        "Two steps of the same form: what comes in, plus something computed from its normalized "
        "version.",
        "self.attention takes the normalized x, and the cache. The result of the first step is "
        "what goes into the second.",
        "x = x + self.attention(self.attention_norm(x), cache); return x + "
        "self.mlp(self.mlp_norm(x))",
    ),
)


@check("Block")
def order_of_the_parts(answer):
    """With parts so simple that you can do it in your head: the first norm is 2x + 1, attention
    10x, the second norm 3x + 5, the MLP 100x. 2 becomes 2 + 50 = 52, then 52 + 16100 = 16152."""
    block = with_simple_parts(answer)
    return block(torch.tensor([[[2.0]]])), block(torch.tensor([[[-1.0, 0.5], [0.25, 3.0]]]))


@check("Block")
def cache_goes_to_attention(answer):
    """The cache is handed on to attention, which keeps keys and values in it."""
    block, cache = with_simple_parts(answer), object()
    block(torch.tensor([[[2.0]]]), cache)
    require(
        block.attention.cache is cache,
        "The cache did not reach attention: self.attention(..., cache). Without it, text that is "
        "written token by token forgets what it has read.",
    )


@check("Block")
def parts_as_given(answer):
    """The parts are those that __init__ makes in the stub; all of them are used, and learn."""
    torch.manual_seed(0)
    block = answer(8, 2, None)
    weights = {name: each.detach().clone() for name, each in block.named_parameters()}
    x = torch.tensor(np.random.default_rng(0).normal(size=(2, 5, 8)).astype(np.float32))
    out = block(x)
    (out * out).sum().backward()
    for name, each in block.named_parameters():
        require(each.grad is not None, f"{name} gets no gradient: a part of the block is not used.")
    return weights, out


class Linear(nn.Module):
    """x * factor + shift."""

    def __init__(self, factor, shift):
        super().__init__()
        self.factor, self.shift = factor, shift

    def forward(self, x):
        return x * self.factor + self.shift


class LinearAttention(Linear):
    """It remembers the cache it was given."""

    cache = None

    def forward(self, x, cache=None):
        self.cache = cache
        return super().forward(x)


def with_simple_parts(answer):
    block = answer(4, 2, None)
    block.attention_norm, block.attention = Linear(2, 1), LinearAttention(10, 0)
    block.mlp_norm, block.mlp = Linear(3, 5), Linear(100, 0)
    return block


about(
    "cross_entropy",
    stars=2,
    minutes=10,
    hints=(
        "Keep the scored positions only, with a boolean mask. Then log p = logits - "
        "logsumexp(logits), and of each row the entry of its target.",
        "After logits[scored] the logits are (rows, vocab) and the targets (rows,). "
        "log_p.gather(-1, targets.unsqueeze(-1)) picks one entry per row.",
        "scored = targets != -100; logits, targets = logits[scored], targets[scored]; log_p = "
        "logits - logits.logsumexp(dim=-1, keepdim=True); return -log_p.gather(-1, "
        "targets.unsqueeze(-1)).mean()",
    ),
)


@check("cross_entropy")
def all_positions_scored(answer):
    """The mean of -log p: two texts of three tokens, then five tokens, then one."""
    return (
        answer(random_logits(0, 2, 3, 4), torch.tensor([[1, 0, 3], [2, 2, 0]])),
        answer(random_logits(1, 5, 7), torch.tensor([6, 0, 3, 3, 2])),
        answer(torch.tensor([[0.5, -1.0, 2.0]]), torch.tensor([1])),
    )


@check("cross_entropy")
def some_positions_unscored(answer):
    """A target of -100 counts neither in the sum nor in the number it is divided by."""
    return (
        answer(torch.tensor([[2.0, 2.0], [5.0, 1.0]]), torch.tensor([1, -100])),
        answer(random_logits(0, 2, 3, 4), torch.tensor([[-100, 0, 3], [2, -100, -100]])),
        answer(random_logits(2, 3, 1, 5), torch.tensor([[-100], [4], [0]])),
    )


@check("cross_entropy")
def large_logits(answer):
    """Logits of 1000 do not overflow, and rows of very different size do not disturb each other."""
    surprised = answer(torch.tensor([[1000.0, 0.0], [-1000.0, 1000.0]]), torch.tensor([0, 0]))
    require(
        not 2 < surprised.item() < 100,
        "A probability that was rounded to 0 seems to be patched, by clamp or + 1e-9: for logits "
        "of 1000 the loss is too small. logits - logsumexp(logits) needs no patch.",
    )
    return surprised, answer(torch.tensor([[0.0, 1000.0], [0.0, 1.0]]), torch.tensor([1, 0]))


@check("cross_entropy")
def gradient_of_the_loss(answer):
    """The gradient is (p - one_hot) / number of scored positions, and 0 where nothing is asked."""
    logits = random_logits(0, 2, 3, 4, requires_grad=True)
    loss = answer(logits, torch.tensor([[1, -100, 3], [2, 2, -100]]))
    require(
        loss.requires_grad,
        "No gradient can flow back: the result was computed outside the engine. Use the tensor's "
        "own methods, without .numpy() or .item().",
    )
    loss.backward()
    return logits.grad


def random_logits(seed, *shape, **options):
    values = 2 * np.random.default_rng(seed).standard_normal(shape)
    return torch.tensor(values.astype("float32"), **options)


about(
    "adamw_step",
    stars=2,
    minutes=12,
    hints=(
        "Three lines update mean, square and parameter, in the order in which the docstring has "
        "them. Between the second and the third come the two corrections.",
        "The corrected mean and square are used for this step only. Returned are the plain ones, "
        "which the next step goes on from.",
        "beta1, beta2 = betas; mean = beta1 * mean + (1 - beta1) * gradient; square = beta2 * "
        "square + (1 - beta2) * gradient ** 2; return parameter - lr * (mean / (1 - beta1 ** "
        "step) / (np.sqrt(square / (1 - beta2 ** step)) + eps) + weight_decay * parameter), mean, "
        "square",
    ),
)


@check("adamw_step", dtype="values")
def first_step(answer):
    """In the first step every number moves by about lr, however large its gradient: the two means
    start at 0, and the corrections make up for that."""
    p, g = np.array([1.0, 1.0, -2.0]), np.array([4.0, -0.1, 0.5])
    return answer(p, g, np.zeros(3), np.zeros(3), 1, 0.1, weight_decay=0.0)


@check("adamw_step", dtype="values")
def later_steps(answer):
    """A later step goes on from the mean and the square before it, with its own corrections."""
    rng = np.random.default_rng(0)
    p, g, mean, square = rng.normal(size=(4, 2, 3))
    return (
        answer(p, g, mean, square**2, 2, 0.1, weight_decay=0.0),
        answer(p, g, mean, square**2, 9, 0.1, betas=(0.8, 0.95), weight_decay=0.0),
    )


@check("adamw_step", dtype="values")
def decay(answer):
    """Decay shrinks the parameter by lr * weight_decay of itself, and leaves the gradient alone."""
    p, g = np.array([10.0, -10.0, 3.0]), np.array([1.0, 1.0, -2.0])
    return (
        answer(p, g, np.zeros(3), np.zeros(3), 1, 0.1, weight_decay=0.5),
        answer(p, g, np.zeros(3), np.zeros(3), 1, 0.03),
    )


@check("adamw_step", dtype="values")
def large_eps(answer):
    """eps is added to the root, not under it: seen with a large eps."""
    p, g = np.zeros(2), np.array([1.0, -5.0])
    return answer(p, g, np.zeros(2), np.zeros(2), 1, 1.0, eps=3.0, weight_decay=0.0)


about(
    "learning_rate",
    stars=2,
    minutes=8,
    hints=(
        "An if: below `warmup` a straight line, else the cosine. In the cosine, t goes from 0 in "
        "step `warmup` to 1 in step steps - 1.",
        "t = (step - warmup) / max(1, steps - 1 - warmup), so that a single step after the "
        "warm-up does not divide by 0; and (1 + cos(pi t)) / 2 falls from 1 to 0. What is left at "
        "the end is the floor.",
        "t = (step - warmup) / max(1, steps - 1 - warmup); return peak * (step + 1) / warmup if "
        "step < warmup else peak * (floor + (1 - floor) * (1 + math.cos(math.pi * t)) / 2)",
    ),
)


@check("learning_rate")
def up_and_down(answer):
    """Up a line to the peak, then down half a cosine to floor * peak: the example, and 13 steps."""
    return (
        [answer(step, 5, peak=1.0, warmup=2, floor=0.1) for step in range(5)],
        [answer(step, 13, 2.0, warmup=4, floor=0.2) for step in range(13)],
    )


@check("learning_rate")
def hardly_any_steps(answer):
    """A single step after the warm-up has the peak; there may be two, no warm-up, or no more."""
    return (
        [answer(step, 5, 2.0, warmup=4) for step in range(5)],
        [answer(step, 6, 2.0, warmup=4) for step in range(6)],
        [answer(step, 4, 2.0, warmup=0) for step in range(4)],
        [answer(step, 3, 2.0, warmup=3) for step in range(3)],
    )


@check("learning_rate", tolerance=1e-9)
def defaults(answer):
    """If nothing is said, the warm-up takes 100 steps and the floor is 5 % of the peak."""
    return [answer(step, 600, 0.003) for step in range(0, 600, 11)] + [answer(599, 600, 0.003)]


about(
    "nucleus",
    stars=3,
    minutes=15,
    hints=(
        "Sort each row, likeliest first; add up; find out which to keep; and put each back where "
        "it came from.",
        "A token is kept if the *likelier* ones before it do not reach top_p yet: cumsum - its "
        "own probability < top_p. order = np.argsort(-probabilities, axis=-1, kind='stable') "
        "sorts, and np.put_along_axis(kept, order, ranked, axis=-1) puts back.",
        "order = np.argsort(-probabilities, axis=-1, kind='stable'); ranked = "
        "np.take_along_axis(probabilities, order, axis=-1); ranked = "
        "np.where(ranked.cumsum(axis=-1) - ranked < top_p, ranked, 0); kept = "
        "np.zeros_like(probabilities); np.put_along_axis(kept, order, ranked, axis=-1); return "
        "kept / kept.sum(axis=-1, keepdims=True)",
    ),
)


@check("nucleus")
def likeliest_until_top_p(answer):
    """The fewest of the likeliest tokens that reach top_p are kept, each in its own column."""
    return (
        answer(np.array([[0.25, 0.125, 0.5, 0.125]]), 0.6),
        answer(np.array([[0.25, 0.1875, 0.125, 0.3125, 0.125]]), 0.65),
        answer(random_probabilities(0, 1, 12), 0.8),
    )


@check("nucleus")
def rows_on_their_own(answer):
    """Each row has its own nucleus: a flat row keeps many tokens, a peaked one few."""
    peaked_and_flat = np.array(
        [[0.97, 0.01, 0.01, 0.01], [0.25, 0.3, 0.2, 0.25], [0.1, 0.0, 0.65, 0.25]]
    )
    return answer(peaked_and_flat, 0.7), answer(random_probabilities(1, 5, 30), 0.9)


@check("nucleus")
def likeliest_stays(answer):
    """However small top_p is, the likeliest token stays; for 1, all stay."""
    p = np.array([[0.2, 0.7, 0.1], [0.3, 0.3, 0.4]])
    return answer(p, 0.1), answer(p, 1.0), answer(np.array([[0.0, 1.0]]), 0.5)


@check("nucleus")
def exactly_reached(answer):
    """Once top_p is reached exactly, no further token is kept."""
    return answer(np.array([[0.25, 0.5, 0.25]]), 0.5), answer(
        np.array([[0.125, 0.375, 0.5]]), 0.875
    )


@check("nucleus")
def ties(answer):
    """Of equally likely tokens the lower ids are kept, and no more than are needed."""
    p = np.full((1, 60), 1 / 64)
    p[0, [7, 20, 33, 50]] = 2 / 64
    return answer(np.array([[0.25] * 4]), 0.5), answer(p, 0.5)


def random_probabilities(seed, *shape):
    powers = np.exp(1.5 * np.random.default_rng(seed).standard_normal(shape))
    return powers / powers.sum(axis=-1, keepdims=True)

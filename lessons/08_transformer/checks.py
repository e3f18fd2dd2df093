"""Chapter 08: what the block, its loss, its optimiser, its schedule, and sampling must satisfy."""
import math

import numpy as np

import minitorch as torch
from minitorch import nn


class bigram_table:
    stars, minutes = 1, 6
    hints = (
        "Count first: a table of ones, and for every pair of neighbours in the text one more. Then divide "
        "each row by its sum.",
        "The present ids are ids[:-1], the next ones ids[1:]. table[present, next] += 1 counts a pair that "
        "occurs ten times only once; np.add.at counts it ten times, and so does a plain loop.",
        "counts = np.ones((vocab_size, vocab_size)); np.add.at(counts, (ids[:-1], ids[1:]), 1); return "
        "counts / counts.sum(axis=1, keepdims=True)",
    )

    def example(answer, expect):
        """Each row holds the shares of what follows, with one added to every count."""
        ids = np.array([0, 1, 0, 1, 0, 1, 2, 2, 0, 2])
        counts = _counted(ids, 3)
        want = _rows(counts + 1)
        expect.equal(answer(ids, 3), want, mistakes=(
            (_rows(counts.T + 1), "The pairs are turned round: the row is the present id, the column the one "
                                  "that comes next."),
            ((counts + 1) / (counts + 1).sum(axis=0, keepdims=True),
             "Here the columns sum to 1. For each present id, what may follow must sum to 1: divide each "
             "row."),
            ((counts + 1) / (counts + 1).sum(),
             "The whole table sums to 1. These are the shares of pairs; each row must sum to 1 on its own."),
            (_rows(counts), "The 1 is missing. A pair that never occurred in this text gets probability 0, "
                            "and -log 0 is infinite as soon as it occurs in another."),
            ((counts + 1) / (counts + 1).sum(axis=1),
             "The sums of the rows were laid along the columns: a shape (3,) is broadcast along the last "
             "axis. "
             "Keep them upright: sum(axis=1, keepdims=True)."),
            ((counts + 1) / counts.sum(axis=1, keepdims=True),
             "The rows sum to more than 1. The sum below the line contains the added ones too."),
            (_rows(_counted(ids[:-1], 3) + 1), "The last pair of the text was skipped."),
            (_rows(_counted(np.append(ids, ids[0]), 3) + 1),
             "One pair too many: the first id of the text does not follow the last. np.roll brings it "
             "round."),
            (_rows(counts + counts.T + 1), "Each pair was counted in both directions. Only what follows "
                                           "counts."),
            (_rows(np.minimum(counts, 1) + 1),
             "A pair that occurs three times was counted once. An addition at repeated indices, table[a, b] "
             "+= 1, writes the same result several times: use np.add.at, or a loop."),
            (counts + 1, "These are the counts. Divide each row by its sum."),
        ))

    def never_seen(answer, expect):
        """An id that does not occur: anything may follow it, all equally likely."""
        got = answer(np.array([0, 0]), 3)
        expect.equal(got, np.array([[0.5, 0.25, 0.25], [1 / 3] * 3, [1 / 3] * 3]))


def _counted(ids, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    for present, following in zip(ids[:-1], ids[1:]):
        counts[present, following] += 1
    return counts


def _rows(counts):
    return counts / counts.sum(axis=1, keepdims=True)


class random_windows:
    stars, minutes = 1, 6
    hints = (
        "Draw the starts first, one for each window. A window and its targets together are seq_len + 1 ids.",
        "starts[:, None] + np.arange(seq_len + 1) has the shape (batch, seq_len + 1) and holds all places. "
        "The last start at which this fits is len(ids) - seq_len - 1.",
        "starts = rng.integers(len(ids) - seq_len, size=batch); windows = ids[starts[:, None] + "
        "np.arange(seq_len + 1)]; return windows[:, :-1], windows[:, 1:]",
    )

    def pieces(answer, expect):
        """Inputs are pieces of the text, and each target is the id that comes next."""
        ids = np.arange(100, 130)
        inputs, targets = _pair(answer(np.random.default_rng(0), ids, 6, 4), expect)
        for name, got in (("inputs", inputs), ("targets", targets)):
            expect.that(got.shape == (6, 4), f"With batch=6 and seq_len=4 the {name} must have the shape (6, "
                                             f"4); yours have {got.shape}.")
        expect.that((np.diff(inputs) == 1).all(), "The inputs of a row are not a piece of the text: its ids "
                                                  "must stand there as they stand in the text, one after the "
                                                  "other.")
        gap = targets - inputs
        expect.that((gap != -1).any(), "Inputs and targets are exchanged: return inputs, targets.")
        expect.that((gap != 0).any(), "The targets are the inputs themselves. The model would only have to "
                                      "copy: the target of a place is the id that comes next.")
        expect.that((gap[:, :-1] != 2).any(), "The targets are two places ahead. The target is the very next "
                                              "id.")
        expect.that((gap[:, :-1] == 1).all(), "The target of a place must be the id that comes next in the "
                                              "text.")
        expect.that((gap[:, -1] == 1).all(), "The last target of a row is not the next id of the text, but "
                                             "comes from the window's own start: np.roll brings the first id "
                                             "round to the end. Cut seq_len + 1 ids, and shift within them.")

    def starts(answer, expect):
        """Each window starts at a random place of its own; every start that fits is equally likely."""
        ids, many = np.arange(10), 3000
        draw = lambda seed: _pair(answer(np.random.default_rng(seed), ids, many, 4), expect)[0]
        inputs = draw(1)
        begins = inputs[:, 0]
        found, counts = np.unique(begins, return_counts=True)
        expect.that(len(found) > 1, "All windows of the batch start at the same place. Draw a start for "
                                    "each: "
                                    "size=batch.")
        expect.that((draw(1) == inputs).all(), "The same seed gives other windows: the starts were not drawn "
                                               "from rng. Then no run can be repeated.")
        expect.that((draw(2) != inputs).any(), "Another seed gives the same windows: draw the starts from "
                                               "rng.")
        never = sorted(set(range(6)) - set(found.tolist()))
        fits = "Ten ids hold windows of four, with their last target, that start at 0, 1, 2, 3, 4 or 5. "
        expect.that(never != [5], f"{fits}Of {many} windows none starts at 5: the last start that fits is "
                                  f"left "
                                  "out.")
        expect.that(not never, f"{fits}Of {many} windows none starts at {', '.join(map(str, never))}. Every "
                               "start that fits may occur, not only multiples of seq_len.")
        expect.that(len(np.unique(np.diff(begins) % 6)) == 6, "The windows of a batch stand in a fixed "
                                                              "order, "
                                                              "such as one after the other. Draw the start "
                                                              "of "
                                                              "each on its own: size=batch.")
        expect.that(350 < counts.min() and counts.max() < 650, "The starts are not equally likely: of "
                    f"{many} windows, {', '.join(map(str, counts))} start at 0, 1, 2, 3, 4, 5.")


def _pair(got, expect):
    expect.that(isinstance(got, tuple | list) and len(got) == 2, "Return two arrays: inputs, targets.")
    for each in got:
        expect.that(isinstance(each, np.ndarray), f"Return arrays; yours is a {type(each).__name__}. "
                                                  "np.array makes one of a list of windows.")
    return got


class Block:
    stars, minutes = 2, 8
    blank = ("Block.forward",)
    hints = (
        "Two steps of the same form: what comes in, plus something computed from its normalised version.",
        "self.attention takes the normalised x, and the cache. The result of the first step is what goes "
        "into the second.",
        "x = x + self.attention(self.attention_norm(x), cache); return x + self.mlp(self.mlp_norm(x))",
    )

    def order(answer, expect):
        """With parts so simple that one can do it in the head: the first norm is 2x + 1, attention 10x, the
        second norm 3x + 5, the MLP 100x. The input 2 becomes 2 + 50 = 52, then 52 + 16100 = 16152."""
        norm, attention, mlp_norm, mlp = (
            lambda x: 2 * x + 1, lambda x: 10 * x, lambda x: 3 * x + 5, lambda x: 100 * x)
        x, block = 2, _with_simple_parts(answer)
        heard = x + attention(norm(x))
        mlp_first = x + mlp(mlp_norm(x))
        post = norm(x + attention(x))
        branch_end = x + norm(attention(x))
        normed = norm(x) + attention(norm(x))
        expect.equal(block(torch.tensor([[[2.0]]])), _one(heard + mlp(mlp_norm(heard))), mistakes=tuple(
            (_one(value), sentence) for value, sentence in (
                (mlp_norm(post + mlp(post)),
                 "Here the sum is normalised: norm(x + attention(x)). That is post-norm. Normalise what goes "
                 "into attention and MLP, and leave the stream alone: x + attention(norm(x))."),
                (branch_end + mlp_norm(mlp(branch_end)),
                 "Here the result of each part is normalised: x + norm(attention(x)). The norm stands before "
                 "the part: x + attention(norm(x))."),
                (mlp(mlp_norm(attention(norm(x)))), "Nothing is added to the stream: what came in is lost. "
                                                    "Each step is x plus what was computed."),
                (attention(norm(x)) + mlp(mlp_norm(attention(norm(x)))),
                 "After attention the stream is lost: x + attention(norm(x)) is meant."),
                (mlp(mlp_norm(heard)), "After the MLP the stream is lost: x + mlp(norm(x)) is meant."),
                (x + attention(x) + mlp(x + attention(x)),
                 "The norms are not used. Attention and MLP get the normalised x."),
                (x + attention(x) + mlp(mlp_norm(x + attention(x))),
                 "Attention gets x as it is. Normalise it first, with self.attention_norm."),
                (heard + mlp(heard), "The MLP gets x as it is. Normalise it first, with self.mlp_norm."),
                (heard + mlp(mlp_norm(x)),
                 "The MLP worked on what came in, beside attention. It works on what attention has left: the "
                 "new x. (GPT-J does put them side by side; here they follow each other.)"),
                (x + mlp(mlp_norm(heard)), "The second sum starts from the old x, so what attention found is "
                                           "lost. Add to the x that the first step has left."),
                (mlp_norm(normed) + mlp(mlp_norm(normed)),
                 "The normalised x was added, not x itself. The stream must go on as it is: add to x."),
                (heard + mlp(norm(heard)), "The first norm is used twice. The MLP has its own, "
                                           "self.mlp_norm."),
                (x + attention(mlp_norm(x)) + mlp(norm(x + attention(mlp_norm(x)))),
                 "The two norms are exchanged: attention_norm goes before attention, mlp_norm before the "
                 "MLP."),
                (mlp_first + attention(norm(mlp_first)), "The MLP comes first here. Attention does."),
            )))

    def cache(answer, expect):
        """The cache is handed on to attention, which keeps keys and values in it."""
        block, cache = _with_simple_parts(answer), object()
        block(torch.tensor([[[2.0]]]), cache)
        expect.that(block.attention.cache is cache, "The cache did not reach attention: self.attention(..., "
                                                    "cache). Without it, text that is written token by token "
                                                    "forgets what it has read.")

    def real_parts(answer, expect):
        """A real block keeps the shape, and its gradients reach every weight."""
        torch.manual_seed(0)
        block = answer(8, 2, None)
        out = block(torch.tensor(np.random.default_rng(0).normal(size=(2, 5, 8)).astype(np.float32)))
        expect.equal(tuple(out.shape), (2, 5, 8), "A block leaves the shape (batch, seq, dim) as it is.")
        (out * out).sum().backward()
        expect.that(all(parameter.grad is not None for parameter in block.parameters()),
                    "Some weights get no gradient: a part of the block is not used.")


def _one(value):
    return np.array([[[value]]], np.float32)


class _Simple(nn.Module):
    """x * factor + shift, and it remembers the cache it was given."""

    def __init__(self, factor, shift):
        super().__init__()
        self.factor, self.shift, self.cache = factor, shift, None

    def forward(self, x, cache=None):
        self.cache = cache
        return x * self.factor + self.shift


def _with_simple_parts(answer):
    block = answer(4, 2, None)
    block.attention_norm, block.attention = _Simple(2, 1), _Simple(10, 0)
    block.mlp_norm, block.mlp = _Simple(3, 5), _Simple(100, 0)
    return block


class cross_entropy:
    stars, minutes = 2, 10
    hints = (
        "Keep the scored positions only, with a boolean mask. Then log p = logits - logsumexp(logits), and "
        "of each row the entry of its target.",
        "After logits[scored] the logits are (rows, vocab) and the targets (rows,). log_p.gather(-1, "
        "targets.unsqueeze(-1)) picks one entry a row.",
        "scored = targets != -100; logits, targets = logits[scored], targets[scored]; log_p = logits - "
        "logits.logsumexp(dim=-1, keepdim=True); return -log_p.gather(-1, targets.unsqueeze(-1)).mean()",
    )

    def example(answer, expect):
        """Two texts of three positions, a vocabulary of 4, all scored."""
        logits, targets = _logits(), np.array([[1, 0, 3], [2, 2, 0]])
        p, q, r = _softmax(logits, -1), _softmax(logits, 1), _softmax(logits, 0)
        chosen = np.array([[p[b, s, targets[b, s]] for s in range(3)] for b in range(2)])
        over_seq = np.array([[q[b, s, targets[b, s]] for s in range(3)] for b in range(2)])
        raw = np.array([[logits[b, s, targets[b, s]] for s in range(3)] for b in range(2)])
        over_batch = np.array([[r[b, s, targets[b, s]] for s in range(3)] for b in range(2)])
        wrong_axis = ("The softmax runs over the wrong axis: over the {}, so that they compete with each "
                      "other. At each position the tokens of the vocabulary compete: dim=-1.")
        got = answer(torch.tensor(logits), torch.tensor(targets))
        expect.that(not isinstance(got, float), "This is a plain number. Return a tensor, without .item(): "
                                                "training needs the gradient.")
        expect.equal(got, _scalar(-np.log(chosen).mean()),
                     mistakes=tuple((_scalar(value), sentence) for value, sentence in (
                         (-np.log(over_seq).mean(), wrong_axis.format("positions")),
                         (-np.log(over_batch).mean(), wrong_axis.format("texts of the batch")),
                         (np.log(chosen).mean(), "The sign is turned: log p is negative, and the loss is "
                                                 "-log p."),
                         (-np.log(chosen).sum(), "This is the sum. The loss is the mean over the scored "
                                                 "positions."),
                         (-np.log(chosen[targets > 0]).mean(),
                          "The positions with target 0 were left out. 0 is a token as any other; only -100 "
                          "asks "
                          "for nothing."),
                         (-chosen.mean(), "The logarithm is missing: the loss is -log p, not -p."),
                         (-np.log2(chosen).mean(), "This is in bits. In nats, it is the natural logarithm."),
                         (-raw.mean(), "These are the logits themselves. Make log-probabilities of them "
                                       "first: subtract logsumexp."),
                     )))

    def unscored(answer, expect):
        """A target of -100 counts neither in the sum nor in the number it is divided by."""
        logits, targets = _logits(), np.array([[-100, 0, 3], [2, -100, -100]])
        log_p = np.log(_softmax(logits, -1))
        one, two, three = log_p[0, 1, 0], log_p[0, 2, 3], log_p[1, 0, 2]
        total = one + two + three
        picked = [[log_p[b, s, targets[b, s] % 4] for s in range(3)] for b in range(2)]
        as_zero = [[log_p[b, s, max(targets[b, s], 0)] for s in range(3)] for b in range(2)]
        with expect.advice({"-100": "-100 was used as an index. It asks for nothing: before you pick, keep "
                                    "the "
                                    "scored positions only, logits[targets != -100]."}):
            got = answer(torch.tensor(logits), torch.tensor(targets))
        mistakes = (
            (-total / 6, "The sum was divided by all positions. Divide by the scored ones, here 3."),
            (-((one + two) / 2 + three) / 2,
             "Each text has a mean of its own here, and then these were averaged. So a text with few scored "
             "positions weighs as much as one with many. One mean over all scored positions."),
            (-np.mean(as_zero), "Unscored positions were counted, as if id 0 were asked there. Leave them "
                                "out."),
            (-np.mean(picked), "Unscored positions were counted. A target of -100 asks for nothing: leave it "
                               "out."),
        )
        expect.equal(got, _scalar(-total / 3),
                     mistakes=tuple((_scalar(value), sentence) for value, sentence in mistakes))

    def large_logits(answer, expect):
        """Logits of 1000 do not overflow."""
        logits = np.array([[1000.0, 0.0], [-1000.0, 1000.0]], np.float32)
        got = answer(torch.tensor(logits), torch.tensor([0, 0]))
        expect.that(np.isfinite(got.item()), "For logits of 1000 the result is not finite: exp(1000) "
                                             "overflows, and the logarithm of a probability that was rounded "
                                             "to 0 is -inf. logits - logsumexp(logits) avoids both.")
        expect.equal(got, _scalar(1000.0), "A probability that was rounded to 0 seems to have been patched, "
                                           "by clamp or + 1e-9. Then the loss of a bad mistake is too small, "
                                           "and so is its gradient. logits - logsumexp(logits) needs no "
                                           "patch.")
        got = answer(torch.tensor(np.array([[0, 1000], [0, 1]], np.float32)), torch.tensor([1, 0]))
        says = ("In these two rows the logits are of very different size. Subtract from each row its own "
                "largest, not the largest of all: else the smaller row's exponentials are all rounded to 0.")
        expect.that(np.isfinite(got.item()), says)
        expect.equal(got, _scalar(math.log(1 + math.e) / 2), says)

    def gradient(answer, expect):
        """Gradients flow back: (p - one_hot) / number of scored positions, and 0 where nothing is asked."""
        logits, targets = torch.tensor(_logits(), requires_grad=True), np.array([[1, -100, 3], [2, 2, -100]])
        loss = answer(logits, torch.tensor(targets))
        expect.that(loss.requires_grad, "No gradient can flow back: the result was computed outside the "
                                        "engine. Use the tensor's own methods, without .numpy() or .item().")
        loss.backward()
        want = _softmax(_logits(), -1)
        for b in range(2):
            for s in range(3):
                if targets[b, s] == -100:
                    want[b, s] = 0
                else:
                    want[b, s, targets[b, s]] -= 1
        expect.equal(logits.grad, (want / 4).astype(np.float32))


def _logits():
    return np.array([[[0.5, 2.0, -1.0, 0.0], [1.0, 0.0, 3.0, -2.0], [0.0, 0.5, -0.5, 1.5]],
                     [[2.0, 1.0, 0.0, -1.0], [-1.0, 0.5, 2.5, 0.0], [0.3, -0.7, 1.1, 0.2]]], np.float32)


def _softmax(x, axis):
    powers = np.exp(x)
    return powers / powers.sum(axis=axis, keepdims=True)


def _scalar(value):
    return np.array(value, np.float32)


class adamw_step:
    stars, minutes = 2, 12
    hints = (
        "Three lines update mean, square and parameter, in the order in which the docstring has them. "
        "Between the second and the third come the two corrections.",
        "The corrected mean and square are used for this step only. Returned are the plain ones, which the "
        "next step goes on from.",
        "mean = beta1 * mean + (1 - beta1) * gradient; square likewise with gradient ** 2; then parameter - "
        "lr * (mean / (1 - beta1 ** step) / (np.sqrt(square / (1 - beta2 ** step)) + eps) + weight_decay * "
        "parameter)",
    )

    def first_step(answer, expect):
        """In the first step every number moves by about lr, however large its gradient: the two means start
        at 0, and the corrections make up for that."""
        p, g = np.array([1.0, 1.0, -2.0]), np.array([4.0, -0.1, 0.5])
        got = _three(answer(p, g, np.zeros(3), np.zeros(3), 1, 0.1, weight_decay=0.0), expect)
        shares = "The shares are exchanged: beta of what was there, 1 - beta of what is new."
        too_far = (0.1 / 0.19) / math.sqrt(0.001 / (1 - 0.999 ** 2))
        uncorrected = p - 0.1 * 0.1 * g / (np.sqrt(0.001 * g * g) + 1e-8)
        expect.equal(got[0], np.array([0.9, 1.1, -2.1]), mistakes=(
            (uncorrected, "The corrections are missing. After one step from 0, mean is only 0.1 of the "
                          "gradient and square 0.001 of its square: divide by 1 - beta1^step and 1 - "
                          "beta2^step."),
            (p + 0.1 * np.sign(g), "The step goes uphill: subtract it."),
            (p - 0.1 * 0.1 * np.sign(g), "Only square is corrected. mean starts at 0 as well: divide it by 1 "
                                         "- beta1^step."),
            (p - 0.1 * g / (np.sqrt(0.001 * g * g) + 1e-8),
             "Only mean is corrected. square starts at 0 as well: divide it by 1 - beta2^step."),
            *((p - 0.1 * size * np.sign(g), shares) for size in (9, 1 / math.sqrt(999), 9 / math.sqrt(999))),
            (p - 0.1 * too_far * np.sign(g), "The exponent is step + 1 here. step counts from 1 already."),
            (p - 0.1 * np.sign(g) - 0.001 * p, "There is decay, though weight_decay is 0 in this call: "
                                               "take it "
                                               "from the argument."),
            (0.1 * g, "The order is another: return the new parameter first, then mean, then square."),
            (p - 0.1 * g / (g * g + 1e-8), "The root is missing: divide by sqrt(square)."),
        ), tolerance=1e-4)
        expect.equal(got[1], 0.1 * g, mistakes=(
            (g, "The corrected mean is returned. The correction is for this step alone; hand the plain one "
                "on, or it is corrected again in each step."),
            (0.9 * g, shares),
            (0.001 * g, "beta1 and beta2 are exchanged: mean goes with beta1, square with beta2."),
            (0.001 * g * g, "The order is another: return the new parameter first, then mean, then square."),
            (np.zeros(3), "The old mean is returned. The next step goes on from the new one."),))
        expect.equal(got[2], 0.001 * g * g, mistakes=(
            (g * g, "The corrected square is returned. The correction is for this step alone."),
            (0.999 * g * g, shares),
            (np.zeros(3), "The old square is returned. The next step goes on from the new one."),
            (0.001 * g, "square collects gradient^2, not the gradient."),
            (0.1 * g * g, "square has a share of its own: beta2, not beta1."),
            (0.001 * 0.01 * g * g, "square collects the square of the gradient, not of mean."),))

    def decay(answer, expect):
        """Decay shrinks the parameter by lr * weight_decay of itself, and leaves the gradient alone."""
        p, zero = np.array([10.0, -10.0]), np.zeros(2)
        got = _three(answer(p, np.array([1.0, 1.0]), zero, zero, 1, 0.1, weight_decay=0.5), expect)
        expect.equal(got[0], np.array([9.4, -9.6]), mistakes=(
            (np.array([9.9, -9.9]), "The decay went into the gradient. There Adam divides it away again: a "
                                    "parameter of 10 loses no more than one of 1. That is Adam with L2; in "
                                    "AdamW the decay stands outside."),
            (np.array([9.9, -10.1]), "There is no decay: subtract lr * weight_decay * parameter too."),
            (np.array([4.9, -5.1]), "The decay is not multiplied by lr. Both parts are: lr * (... + "
                                    "weight_decay * parameter)."),
            (np.array([10.4, -10.6]), "The decay makes the parameter grow: subtract it."),
            (np.array([9.405, -9.595]), "The decay was taken of the new parameter, after Adam's step. It is "
                                        "taken of the old one."),
        ))
        expect.equal(got[1], np.array([0.1, 0.1]), "mean must know nothing of the decay: it collects the "
                                                   "gradient.")

    def where_eps_stands(answer, expect):
        """eps is added to the root, not under it: seen with a large eps."""
        one, zero = np.array([1.0]), np.array([0.0])
        got = _three(answer(zero, one, zero, zero, 1, 1.0, eps=3.0, weight_decay=0.0), expect)
        expect.equal(got[0], np.array([-0.25]), mistakes=(
            (np.array([-0.5]), "eps stands under the root. It is added to the root: sqrt(square') + eps. "
                               "With its usual 1e-8 the difference is hidden, until gradients get small."),
            (-np.array([1.0]), "eps is not used."),
            (-np.array([1 / (1 + 3 / math.sqrt(0.001))]),
             "eps was added before the correction of square, and so was corrected too: correct first, then "
             "add."),
        ))

    def many_steps(answer, expect):
        """Five steps against a plain loop over single numbers."""
        rng = np.random.default_rng(0)
        p, m, v = rng.normal(size=(2, 3)), np.zeros((2, 3)), np.zeros((2, 3))
        want = p.ravel().tolist()
        means, squares = [0.0] * 6, [0.0] * 6
        for step in range(1, 6):
            g = rng.normal(size=(2, 3))
            p, m, v = _three(answer(p, g, m, v, step, 0.05, betas=(0.8, 0.95), weight_decay=0.1), expect)
            for n, slope in enumerate(g.ravel()):
                means[n] += 0.2 * (slope - means[n])
                squares[n] += 0.05 * (slope * slope - squares[n])
                ahead = means[n] / (1 - 0.8 ** step) / (math.sqrt(squares[n] / (1 - 0.95 ** step)) + 1e-8)
                want[n] -= 0.05 * (ahead + 0.1 * want[n])
        expect.equal(p, np.array(want).reshape(2, 3), "After five steps with betas=(0.8, 0.95) the "
                                                      "parameters differ. Is everything taken from the "
                                                      "arguments, and does step stand in the exponents?")


def _three(got, expect):
    expect.that(isinstance(got, tuple | list) and len(got) == 3, "Return three arrays: parameter, mean, "
                                                                 "square.")
    return got


class learning_rate:
    stars, minutes = 2, 8
    hints = (
        "An if: below `warmup` a straight line, else the cosine. In the cosine, t goes from 0 in step "
        "`warmup` to 1 in step steps - 1.",
        "t = (step - warmup) / max(1, steps - 1 - warmup), so that a single step after the warm-up does not "
        "divide by 0; and (1 + cos(pi t)) / 2 falls from 1 to 0. What is left at the end is the floor.",
        "if step < warmup: return peak * (step + 1) / warmup. Otherwise return peak * (floor + (1 - floor) * "
        "(1 + math.cos(math.pi * t)) / 2)",
    )

    def warm_up(answer, expect):
        """Up a line: step 0 has a rate above 0, and the peak is reached at the end of the warm-up."""
        got = [answer(step, 100, 2.0, warmup=4) for step in range(4)]
        cosine = [2.0 * (0.05 + 0.95 * (1 + math.cos(math.pi * step / 99)) / 2) for step in range(4)]
        expect.equal(got, [0.5, 1.0, 1.5, 2.0], mistakes=(
            ([0.0, 0.5, 1.0, 1.5], "In step 0 the rate is 0, so this step is wasted: (step + 1) / warmup."),
            ([2.0, 2.0, 2.0, 2.0], "There is no warm-up: all these steps have the peak."),
            ([2.0 * (step + 1) / 100 for step in range(4)], "The warm-up takes 100 steps here, whatever was "
                                                            "asked: use `warmup`."),
            ([0.0, 0.0, 0.0, 2.0], "// rounds down to whole numbers, so the line became a jump. Use /."),
            ([0.25, 0.5, 0.75, 1.0], "The peak is missing as a factor."),
            (cosine, "The cosine begins in step 0. First comes the warm-up."),
        ))

    def cosine(answer, expect):
        """Then down half a cosine, from the peak to floor * peak in the very last step."""
        got = [answer(step, 9, 2.0, warmup=4, floor=0.2) for step in range(4, 9)]
        shape = np.array([1.0, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2, 0.0])
        falling = lambda t: 0.2 + 0.8 * (1 + math.cos(math.pi * t)) / 2
        bare_floor = "The floor is not multiplied by the peak. It is a share: the last rate is floor * peak."
        expect.equal(got, (2 * (0.2 + 0.8 * shape)).tolist(), mistakes=tuple(
            (np.array(rates, float).tolist(), sentence) for rates, sentence in (
                (2 * shape, "It falls to 0. The floor is missing: the last step has floor * peak."),
                (2 * (0.2 + shape), "The floor is added on top, so that the rate begins above the peak. The "
                                    "cosine runs over the remaining (1 - floor)."),
                (2 * np.maximum(0.2, shape), "The cosine falls to 0 and is cut off at the floor. It should "
                                             "come "
                                             "to rest at the floor: floor + (1 - floor) * ..."),
                (0.2 + 2 * 0.8 * shape, bare_floor), (0.2 + (2 - 0.2) * shape, bare_floor),
                ([2 * falling(step / 8) for step in range(4, 9)],
                 "The cosine counts from step 0, so it has already fallen when the warm-up ends. Count from "
                 "`warmup`."),
                ([2 * falling((step - 4) / 5) for step in range(4, 9)],
                 "The last step, steps - 1, does not reach the floor: t must be 1 there. Divide by steps - "
                 "1 - "
                 "warmup."),
                ([2.5, *2 * (0.2 + 0.8 * shape[1:])], "Step 4, the first after the warm-up, still climbs: to "
                                                      "5 / 4 of the peak. The line is for step < warmup."),
                ([2, 2, 2, 2, 0.4], "// rounds down to whole numbers, so t stays 0 up to the last step. "
                                    "Use /."),
                (2 * (0.2 + 0.8 * (1 - np.arange(5) / 4)), "This is a straight line down. Asked is half a "
                                                           "cosine."),
                ([2 * falling(n / 2) for n in range(5)],
                 "This is a whole turn: the rate climbs again. Half a cosine goes from 0 to pi."),
            )))

    def one_step_left(answer, expect):
        """If the warm-up leaves a single step, that step has the peak."""
        with expect.advice({"ZeroDivision": "With 5 steps and warmup=4 a single step is left, and steps - "
                                            "1 - "
                                            "warmup is 0. Divide by max(1, steps - 1 - warmup)."}):
            got = answer(4, 5, 2.0, warmup=4)
        expect.equal(got, 2.0)

    def defaults(answer, expect):
        """The peak is the highest rate there is, and the floor is 5 % of it if nothing is said."""
        rates = [answer(step, 600, 0.003) for step in range(600)]
        expect.equal(max(rates), 0.003)
        expect.equal(rates[-1], 0.00015)


class nucleus:
    stars, minutes = 3, 15
    hints = (
        "Sort each row, likeliest first; add up; find out which to keep; and put what is kept back in its "
        "old place.",
        "A token is kept if the *likelier* ones before it do not reach top_p yet: cumsum - its own "
        "probability < top_p. order = np.argsort(-probabilities, axis=-1, kind='stable') sorts, and "
        "np.put_along_axis(kept, order, ranked, axis=-1) puts back.",
        "ranked = np.take_along_axis(probabilities, order, axis=-1); ranked = "
        "np.where(ranked.cumsum(axis=-1) - ranked < top_p, ranked, 0); put it back into zeros, and divide by "
        "the sum of each row.",
    )

    def example(answer, expect):
        """0.3125, 0.25 and 0.1875 together reach 0.65, so three tokens are kept, in their old places."""
        p = np.array([[0.25, 0.1875, 0.125, 0.3125, 0.125]])
        kept = np.array([[0.25, 0.1875, 0, 0.3125, 0]])
        unsorting = ("The tokens came back to wrong places: `order` was applied a second time. It tells "
                     "where "
                     "each came from; back leads np.put_along_axis, or np.argsort(order, axis=-1).")
        expect.equal(answer(p, 0.65), kept / 0.75, mistakes=(
            (np.array([[0, 0, 0, 1.0, 0]]),
             "Only the likeliest token is kept. It alone does not reach 0.65: add the next ones until they "
             "do."),
            (_rows(np.array([[0.25, 0, 0, 0.3125, 0]])),
             "The token that reaches top_p was dropped. 0.3125 + 0.25 is less than 0.65: the next one, "
             "0.1875, "
             "is kept too."),
            (np.full((1, 5), np.nan),
             "Nothing was kept, and 0 divided by 0. No token alone exceeds 0.65 or 0.35 here. What counts is "
             "not a token's own size but what the likelier ones before it add up to."),
            (np.array([[0.3125, 0.25, 0.1875, 0, 0]]) / 0.75,
             "The probabilities are sorted. Put each back in its old place: column n belongs to token n."),
            (kept, "What is kept sums to 0.75. Divide it by its sum."),
            (_rows(np.array([[0.25, 0.1875, 0.125, 0.3125, 0]])),
             "The tokens were added up as they stand, from id 0 on. Begin with the likeliest: sort first."),
            (_rows(np.array([[0.25, 0.1875, 0.125, 0, 0.125]])),
             "The tokens were added up from the unlikely end on. Begin with the likeliest."),
            (_rows(np.array([[0, 0.1875, 0.125, 0.3125, 0]])), unsorting),
            (np.array([[0, 0.3125, 0.25, 0.1875, 0]]) / 0.75, unsorting),
            (p, "All tokens stay. Did you sort or add up along axis 0, over the rows of the batch? Each "
                "row is "
                "a distribution of its own: axis=-1."),
        ))

    def rows(answer, expect):
        """Each row has its own nucleus: a flat row keeps many tokens, a peaked one few."""
        p = np.array([[0.97, 0.01, 0.01, 0.01], [0.25, 0.3, 0.2, 0.25], [0.1, 0.0, 0.65, 0.25]])
        want = _rows(np.array([[0.97, 0, 0, 0], [0.25, 0.3, 0, 0.25], [0, 0, 0.65, 0.25]]))
        expect.equal(answer(p, 0.7), want, "Each row has its own order, its own sum and its own number of "
                                           "tokens.")

    def likeliest_stays(answer, expect):
        """However small top_p is, the likeliest token stays; for 1, all stay."""
        p = np.array([[0.2, 0.7, 0.1], [0.3, 0.3, 0.4]])
        says = "If even the likeliest token exceeds top_p, it alone must stay; yours leaves nothing of it."
        expect.equal(answer(p, 0.1), np.array([[0, 1.0, 0], [0, 0, 1.0]]), says)
        expect.equal(answer(p, 1.0), p, "With top_p = 1 all tokens stay.")

    def exactly_reached(answer, expect):
        """Once top_p is reached exactly, no further token is kept."""
        p = np.array([[0.25, 0.5, 0.25]])
        expect.equal(answer(p, 0.5), np.array([[0, 1.0, 0]]), mistakes=(
            (np.array([[1 / 3, 2 / 3, 0]]), "0.5 alone reaches 0.5, so the nucleus is complete; one token "
                                            "too many was kept. Keep a token if the ones before it are "
                                            "*below* top_p."),))

    def ties(answer, expect):
        """Of equally likely tokens the lower ids are kept, and no more than are needed."""
        expect.equal(answer(np.array([[0.25] * 4]), 0.5), np.array([[0.5, 0.5, 0, 0]]), mistakes=(
            (np.array([[0, 0, 0.5, 0.5]]), "Of equally likely tokens the higher ids were kept. An ascending "
                                           "order turned round turns ties round too: sort -probabilities."),
            (np.array([[0.25] * 4]), "All tokens as likely as the last one kept were kept too. Two of these "
                                     "reach 0.5, and the nucleus is the fewest."),
        ))
        p = np.full((1, 60), 1 / 64)
        p[0, [7, 20, 33, 50]] = 2 / 64
        want = p * (np.arange(60) < 26)                 # 4 of 2/64 and the first 24 of 1/64 reach 32/64
        want[0, [33, 50]] = 2 / 64
        expect.equal(answer(p, 0.5), want * 2, "Of 60 tokens with ties not the lower ids were kept. Beyond "
                                               "16 "
                                               "entries np.argsort leaves ties in any order; kind=\"stable\" "
                                               "keeps them in theirs.")

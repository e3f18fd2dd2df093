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
        ids = np.array([0, 1, 0, 1, 0, 1, 2, 2, 0])
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
        """Each window starts at a random place of its own, and every start that fits may occur."""
        ids = np.arange(10)
        inputs, _ = _pair(answer(np.random.default_rng(1), ids, 500, 4), expect)
        begins = inputs[:, 0]
        expect.that(len(np.unique(begins)) > 1, "All windows of the batch start at the same place. Draw a "
                                                "start for each: size=batch.")
        again, _ = _pair(answer(np.random.default_rng(2), ids, 500, 4), expect)
        expect.that((again != inputs).any(), "Another seed gives the same windows: draw the starts from rng.")
        expect.that(begins.max() >= 5, "Ten ids hold windows of four, with their last target, that start at "
                                       "0, 1, 2, 3, 4 or 5. Of 500 windows none starts beyond "
                                       f"{begins.max()}: the last start that fits is left out.")
        expect.equal(np.unique(begins), np.arange(6), "The starts 0, 1, 2, 3, 4 and 5 must all occur.")


def _pair(got, expect):
    expect.that(isinstance(got, tuple | list) and len(got) == 2, "Return two arrays: inputs, targets.")
    return np.asarray(got[0]), np.asarray(got[1])


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
        """With parts so simple that one can do it in the head: norms that add 1 and 5, attention that
        multiplies by 10, an MLP that multiplies by 100. The input 2 becomes 32, then 3732."""
        block = _with_simple_parts(answer)
        expect.equal(block(torch.tensor([[[2.0]]])), np.array([[[3732.0]]], np.float32), mistakes=tuple(
            (np.array([[[value]]], np.float32), sentence) for value, sentence in (
                (2328.0, "Here the sum is normalised: norm(x + attention(x)). That is post-norm. Normalise "
                         "what goes into attention and MLP, and leave the stream alone: x + "
                         "attention(norm(x))."),
                (3500.0, "Nothing is added to the stream: what came in is lost. Each step is x plus what was "
                         "computed."),
                (3530.0, "After attention the stream is lost: x + attention(norm(x)) is meant."),
                (3700.0, "After the MLP the stream is lost: x + mlp(norm(x)) is meant."),
                (2222.0, "The norms are not used. Attention and MLP get the normalised x."),
                (2722.0, "Attention gets x as it is. Normalise it first, with self.attention_norm."),
                (3232.0, "The MLP gets x as it is. Normalise it first, with self.mlp_norm."),
                (732.0, "The MLP worked on what came in, beside attention. It works on what attention has "
                        "left: the new x. (GPT-J does put them side by side; here they follow each other.)"),
                (3838.0, "The normalised x was added, not x itself. The stream must go on as it is: add to "
                         "x."),
                (3332.0, "The first norm is used twice. The MLP has its own, self.mlp_norm."),
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
    block.attention_norm, block.attention = _Simple(1, 1), _Simple(10, 0)
    block.mlp_norm, block.mlp = _Simple(1, 5), _Simple(100, 0)
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
        expect.equal(answer(torch.tensor(logits), torch.tensor(targets)), _scalar(-np.log(chosen).mean()),
                     mistakes=tuple((_scalar(value), sentence) for value, sentence in (
                         (-np.log(over_seq).mean(), wrong_axis.format("positions")),
                         (-np.log(over_batch).mean(), wrong_axis.format("texts of the batch")),
                         (np.log(chosen).mean(), "The sign is turned: log p is negative, and the loss is "
                                                 "-log p."),
                         (-np.log(chosen).sum(), "This is the sum. The loss is the mean over the scored "
                                                 "positions."),
                         (-chosen.mean(), "The logarithm is missing: the loss is -log p, not -p."),
                         (-np.log2(chosen).mean(), "This is in bits. In nats, it is the natural logarithm."),
                         (-raw.mean(), "These are the logits themselves. Make log-probabilities of them "
                                       "first: subtract logsumexp."),
                     )))

    def unscored(answer, expect):
        """A target of -100 counts neither in the sum nor in the number it is divided by."""
        logits, targets = _logits(), np.array([[-100, 0, -100], [2, -100, -100]])
        log_p = np.log(_softmax(logits, -1))
        total = log_p[0, 1, 0] + log_p[1, 0, 2]
        as_zero = sum(log_p[b, s, max(targets[b, s], 0)] for b in range(2) for s in range(3))
        expect.equal(answer(torch.tensor(logits), torch.tensor(targets)), _scalar(-total / 2), mistakes=(
            (_scalar(-total / 6), "The sum was divided by all positions. Divide by the scored ones, here 2."),
            (_scalar(-as_zero / 6), "Unscored positions were counted, as if id 0 were asked there. Leave "
                                    "them out."),
            (_scalar(-sum(log_p[b, s, targets[b, s] % 4] for b in range(2) for s in range(3)) / 6),
             "Unscored positions were counted. A target of -100 asks for nothing: leave it out."),
        ))

    def large_logits(answer, expect):
        """Logits of 1000 do not overflow."""
        logits = np.array([[1000.0, 0.0], [-1000.0, 1000.0]], np.float32)
        got = answer(torch.tensor(logits), torch.tensor([0, 0]))
        expect.that(np.isfinite(got.item()), "For logits of 1000 the result is not finite: exp(1000) "
                                             "overflows, and the logarithm of a probability that was rounded "
                                             "to 0 is -inf. logits - logsumexp(logits) avoids both.")
        expect.equal(got, _scalar(1000.0))

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
        p, g, zero = np.array([1.0, 1.0, -2.0]), np.array([4.0, -0.1, 0.5]), np.zeros(3)
        got = _three(answer(p, g, zero, zero, 1, 0.1, weight_decay=0.0), expect)
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
            (p - 0.1 * g / (g * g + 1e-8), "The root is missing: divide by sqrt(square)."),
        ), tolerance=1e-4)
        expect.equal(got[1], 0.1 * g, mistakes=(
            (g, "The corrected mean is returned. The correction is for this step alone; hand the plain one "
                "on, or it is corrected again in each step."),
            (0.9 * g, "The shares are exchanged: beta1 of the old mean, 1 - beta1 of the gradient."),))
        expect.equal(got[2], 0.001 * g * g, mistakes=(
            (g * g, "The corrected square is returned. The correction is for this step alone."),
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
        "t = (step - warmup) / (steps - 1 - warmup), and (1 + cos(pi t)) / 2 falls from 1 to 0. What is left "
        "at the end is the floor.",
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
            ([0.25, 0.5, 0.75, 1.0], "The peak is missing as a factor."),
            (cosine, "The cosine begins in step 0. First comes the warm-up."),
        ))

    def cosine(answer, expect):
        """Then down half a cosine, from the peak to floor * peak in the very last step."""
        got = [answer(step, 9, 1.0, warmup=4, floor=0.2) for step in range(4, 9)]
        shape = [1.0, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2, 0.0]
        want = [0.2 + 0.8 * value for value in shape]
        falling = lambda t: 0.2 + 0.8 * (1 + math.cos(math.pi * t)) / 2
        expect.equal(got, want, mistakes=(
            (shape, "It falls to 0. The floor is missing: the last step has floor * peak."),
            ([0.2 + value for value in shape], "The floor is added on top, so that the rate begins above the "
                                               "peak. The cosine runs over the remaining (1 - floor)."),
            ([max(0.2, value) for value in shape], "The cosine falls to 0 and is cut off at the floor. It "
                                                   "should come to rest at the floor: floor + (1 - floor) * "
                                                   "..."),
            ([falling(step / 8) for step in range(4, 9)],
             "The cosine counts from step 0, so it has already fallen when the warm-up ends. Count from "
             "`warmup`."),
            ([falling((step - 4) / 5) for step in range(4, 9)],
             "The last step, steps - 1, does not reach the floor: t must be 1 there. Divide by steps - 1 - "
             "warmup."),
            ([0.2 + 0.8 * (1 - n / 4) for n in range(5)], "This is a straight line down. Asked is half a "
                                                          "cosine."),
            ([0.2 + 0.8 * (1 + math.cos(2 * math.pi * n / 4)) / 2 for n in range(5)],
             "This is a whole turn: the rate climbs again. Half a cosine goes from 0 to pi."),
        ))

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
        """0.5 and 0.25 together reach 0.6, so two tokens are kept, in their old places."""
        p = np.array([[0.125, 0.25, 0.0625, 0.5, 0.0625]])
        want = np.array([[0, 1 / 3, 0, 2 / 3, 0]])
        expect.equal(answer(p, 0.6), want, mistakes=(
            (np.array([[0, 0, 0, 1.0, 0]]),
             "The token that reaches top_p was dropped. 0.5 alone is less than 0.6: the next one, 0.25, is "
             "kept too."),
            (np.array([[2 / 3, 1 / 3, 0, 0, 0]]),
             "The probabilities are sorted. Put each back in its old place: column n belongs to token n."),
            (want * 0.75, "What is kept sums to 0.75. Divide it by its sum."),
            (_rows(np.array([[0.125, 0.25, 0.0625, 0.5, 0]])),
             "The tokens were added up as they stand, from id 0 on. Begin with the likeliest: sort first."),
            (p, "All tokens stay: they were added up from the unlikely end on. Begin with the likeliest."),
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

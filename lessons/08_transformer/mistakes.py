"""Mistakes with blocks, losses, optimisers, schedules and sampling that people publish."""
import math

import numpy as np

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F
from solutions.attention import MultiHeadAttention
from tests.wrong_answers import accepted, wrong

# ---------------------------------------------------------------- the bigram table


def pair_counts(ids, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    return counts


@wrong("bigram_table", says="pairs are turned round")
def next_before_present(ids, vocab_size):
    counts = pair_counts(ids, vocab_size).T + 1
    return counts / counts.sum(axis=1, keepdims=True)


@wrong("bigram_table", says="columns sum to 1", seen="normalised over the wrong axis")
def columns_normalised(ids, vocab_size):
    counts = pair_counts(ids, vocab_size) + 1
    return counts / counts.sum(axis=0)


@wrong("bigram_table", says="whole table sums to 1")
def joint_probabilities(ids, vocab_size):
    counts = pair_counts(ids, vocab_size) + 1
    return counts / counts.sum()


@wrong("bigram_table", says="the 1 is missing")
def without_smoothing(ids, vocab_size):
    counts = pair_counts(ids, vocab_size)
    return counts / counts.sum(axis=1, keepdims=True)


@wrong("bigram_table", says="counted once", seen="fancy-index assignment, repeated indices lost")
def repeated_pairs_lost(ids, vocab_size):
    counts = np.ones((vocab_size, vocab_size))
    counts[ids[:-1], ids[1:]] += 1
    return counts / counts.sum(axis=1, keepdims=True)


@wrong("bigram_table", says="these are the counts")
def counts_only(ids, vocab_size):
    return pair_counts(ids, vocab_size) + 1


@wrong("bigram_table", says="keepdims=True", seen="sums of rows without keepdims")
def sums_lying_down(ids, vocab_size):
    counts = pair_counts(ids, vocab_size) + 1
    return counts / counts.sum(axis=1)


@wrong("bigram_table", says="contains the added ones too")
def ones_only_above(ids, vocab_size):
    counts = pair_counts(ids, vocab_size)
    return (1 + counts) / counts.sum(axis=1, keepdims=True)


@wrong("bigram_table", says="last pair of the text was skipped", seen="for i in range(len(ids) - 2)")
def last_pair_skipped(ids, vocab_size):
    return with_a_loop(ids[:-1], vocab_size)


@wrong("bigram_table", says="first id of the text does not follow the last", seen="np.roll(ids, -1)")
def round_the_end(ids, vocab_size):
    return with_a_loop(np.append(ids, ids[0]), vocab_size)


@wrong("bigram_table", says="in both directions")
def both_directions(ids, vocab_size):
    counts = pair_counts(ids, vocab_size)
    counts = counts + counts.T + 1
    return counts / counts.sum(axis=1, keepdims=True)


@accepted("bigram_table")
def with_a_loop(ids, vocab_size):
    table = np.ones((vocab_size, vocab_size))
    for a, b in zip(ids, ids[1:]):
        table[a, b] += 1
    for row in table:
        row /= row.sum()
    return table


# ---------------------------------------------------------------- windows

def cut(ids, starts, seq_len, ahead=1):
    return (np.array([ids[start:start + seq_len] for start in starts]),
            np.array([ids[start + ahead:start + ahead + seq_len] for start in starts]))


@wrong("random_windows", says="inputs themselves", seen="targets not shifted")
def targets_not_shifted(rng, ids, batch, seq_len):
    return cut(ids, rng.integers(len(ids) - seq_len, size=batch), seq_len, ahead=0)


@wrong("random_windows", says="two places ahead", seen="shifted in the data and again in the loss")
def shifted_twice(rng, ids, batch, seq_len):
    return cut(ids, rng.integers(len(ids) - seq_len - 1, size=batch), seq_len, ahead=2)


@wrong("random_windows", says="np.roll", seen="np.roll(x, -1) for targets")
def rolled(rng, ids, batch, seq_len):
    inputs, _ = cut(ids, rng.integers(len(ids) - seq_len, size=batch), seq_len)
    return inputs, np.roll(inputs, -1, axis=1)


@wrong("random_windows", says="start at the same place")
def one_start(rng, ids, batch, seq_len):
    return cut(ids, [rng.integers(len(ids) - seq_len)] * batch, seq_len)


@wrong("random_windows", says="last start that fits is left out", seen="off by one in the range of starts")
def last_start_missing(rng, ids, batch, seq_len):
    return cut(ids, rng.integers(len(ids) - seq_len - 1, size=batch), seq_len)


@wrong("random_windows", says="out of bounds", seen="off by one in the range of starts")
def past_the_end(rng, ids, batch, seq_len):
    starts = rng.integers(len(ids) - seq_len + 1, size=batch)
    windows = ids[starts[:, None] + np.arange(seq_len + 1)]
    return windows[:, :-1], windows[:, 1:]


@wrong("random_windows", says="another seed gives the same")
def own_generator(rng, ids, batch, seq_len):
    return cut(ids, np.random.default_rng(0).integers(len(ids) - seq_len, size=batch), seq_len)


@wrong("random_windows", says="must have the shape (6, 4)")
def one_too_long(rng, ids, batch, seq_len):
    return cut(ids, rng.integers(len(ids) - seq_len - 1, size=batch), seq_len + 1)


@wrong("random_windows", says="not drawn from rng", seen="np.random.randint")
def global_generator(rng, ids, batch, seq_len):
    return cut(ids, np.random.randint(len(ids) - seq_len, size=batch), seq_len)


@wrong("random_windows", says="none starts at 1, 2, 3, 5", seen="the text cut into pieces beforehand")
def multiples_of_seq_len(rng, ids, batch, seq_len):
    return cut(ids, seq_len * rng.integers((len(ids) - 1) // seq_len, size=batch), seq_len)


@wrong("random_windows", says="in a fixed order")
def neighbours(rng, ids, batch, seq_len):
    places = len(ids) - seq_len
    return cut(ids, (rng.integers(places) + np.arange(batch)) % places, seq_len)


@wrong("random_windows", says="not equally likely")
def early_starts_likelier(rng, ids, batch, seq_len):
    return cut(ids, rng.integers(len(ids) - seq_len, size=(2, batch)).min(axis=0), seq_len)


@wrong("random_windows", says="not equally likely", seen="a rounded float")
def ends_half_as_likely(rng, ids, batch, seq_len):
    return cut(ids, np.round(rng.random(batch) * (len(ids) - seq_len - 1)).astype(int), seq_len)


@wrong("random_windows", says="yours is a list")
def lists(rng, ids, batch, seq_len):
    return tuple(list(part) for part in window_by_window(rng, ids, batch, seq_len))


@wrong("random_windows", says="are exchanged")
def targets_first(rng, ids, batch, seq_len):
    return window_by_window(rng, ids, batch, seq_len)[::-1]


@accepted("random_windows")
def window_by_window(rng, ids, batch, seq_len):
    return cut(ids, [rng.integers(0, len(ids) - seq_len) for _ in range(batch)], seq_len)


# ---------------------------------------------------------------- the block

class Parts(nn.Module):
    """What a block is made of, without its forward."""

    def __init__(self, dim, num_heads, positions):
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = MultiHeadAttention(dim, num_heads, positions)
        self.mlp_norm = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(
            nn.Linear(dim, 4 * dim), nn.GELU(approximate="tanh"), nn.Linear(4 * dim, dim))


@wrong("Block", says="post-norm", seen="the original order of 2017, where pre-norm is asked")
class PostNorm(Parts):
    def forward(self, x, cache=None):
        x = self.attention_norm(x + self.attention(x, cache))
        return self.mlp_norm(x + self.mlp(x))


@wrong("Block", says="the result of each part is normalised", seen="the norm at the end of the branch")
class NormAfterPart(Parts):
    def forward(self, x, cache=None):
        x = x + self.attention_norm(self.attention(x, cache))
        return x + self.mlp_norm(self.mlp(x))


@wrong("Block", says="two norms are exchanged")
class NormsExchanged(Parts):
    def forward(self, x, cache=None):
        x = x + self.attention(self.mlp_norm(x), cache)
        return x + self.mlp(self.attention_norm(x))


@wrong("Block", says="MLP comes first")
class MLPFirst(Parts):
    def forward(self, x, cache=None):
        x = x + self.mlp(self.mlp_norm(x))
        return x + self.attention(self.attention_norm(x), cache)


@wrong("Block", says="starts from the old x")
class SecondSumFromTheOldX(Parts):
    def forward(self, x, cache=None):
        heard = x + self.attention(self.attention_norm(x), cache)
        return x + self.mlp(self.mlp_norm(heard))


@wrong("Block", says="what came in is lost", seen="residual connections forgotten")
class NoResidual(Parts):
    def forward(self, x, cache=None):
        x = self.attention(self.attention_norm(x), cache)
        return self.mlp(self.mlp_norm(x))


@wrong("Block", says="after the MLP the stream is lost")
class OneResidual(Parts):
    def forward(self, x, cache=None):
        x = x + self.attention(self.attention_norm(x), cache)
        return self.mlp(self.mlp_norm(x))


@wrong("Block", says="norms are not used")
class NoNorm(Parts):
    def forward(self, x, cache=None):
        x = x + self.attention(x, cache)
        return x + self.mlp(x)


@wrong("Block", says="beside attention", seen="the parallel block of GPT-J, where the usual one is asked")
class Parallel(Parts):
    def forward(self, x, cache=None):
        return x + self.attention(self.attention_norm(x), cache) + self.mlp(self.mlp_norm(x))


@wrong("Block", says="the normalised x was added", seen="x = norm(x); x = x + attention(x)")
class NormalisedStream(Parts):
    def forward(self, x, cache=None):
        x = self.attention_norm(x)
        x = x + self.attention(x, cache)
        x = self.mlp_norm(x)
        return x + self.mlp(x)


@wrong("Block", says="first norm is used twice")
class OneNorm(Parts):
    def forward(self, x, cache=None):
        x = x + self.attention(self.attention_norm(x), cache)
        return x + self.mlp(self.attention_norm(x))


@wrong("Block", says="cache did not reach attention")
class CacheForgotten(Parts):
    def forward(self, x, cache=None):
        x = x + self.attention(self.attention_norm(x))
        return x + self.mlp(self.mlp_norm(x))


@wrong("Block", says="changes its input", seen="x += ... on the stream")
class InPlace(Parts):
    def forward(self, x, cache=None):
        x += self.attention(self.attention_norm(x), cache)
        return x + self.mlp(self.mlp_norm(x))


@accepted("Block")
class WithNames(Parts):
    def forward(self, x, cache=None):
        heard = self.attention(self.attention_norm(x), cache=cache)
        stream = heard + x
        thought = self.mlp(self.mlp_norm(stream))
        return stream + thought


# ---------------------------------------------------------------- cross-entropy

def flat(logits, targets):
    """Rows of the scored positions."""
    scored = targets != -100
    return logits[scored], targets[scored]


def picked(log_p, targets):
    return log_p.gather(-1, targets.unsqueeze(-1))


@wrong("cross_entropy", says="over the positions", seen="softmax over the wrong axis")
def softmax_over_positions(logits, targets):
    log_p = logits.log_softmax(1 if logits.ndim == 3 else 0)
    return -picked(*flat(log_p, targets)).mean()


@wrong("cross_entropy", says="over the texts of the batch", seen="softmax over dim 0")
def softmax_over_batch(logits, targets):
    return -picked(*flat(logits.log_softmax(0), targets)).mean()


@wrong("cross_entropy", says="sign is turned")
def without_minus(logits, targets):
    logits, targets = flat(logits, targets)
    return picked(logits.log_softmax(-1), targets).mean()


@wrong("cross_entropy", says="this is the sum")
def summed(logits, targets):
    logits, targets = flat(logits, targets)
    return -picked(logits.log_softmax(-1), targets).sum()


@wrong("cross_entropy", says="divided by all positions", seen="mean over padding")
def mean_over_all(logits, targets):
    rows, wanted = flat(logits, targets)
    return -picked(rows.log_softmax(-1), wanted).sum() / targets.numel()


@wrong("cross_entropy", says="as if id 0 were asked", seen="padding counted as a token")
def unscored_as_zero(logits, targets):
    return -picked(logits.log_softmax(-1), targets.clamp(min=0)).mean()


@wrong("cross_entropy", says="exp(1000) overflows", seen="softmax written out without subtracting the "
                                                         "largest")
def naive_softmax(logits, targets):
    logits, targets = flat(logits, targets)
    powers = logits.exp()
    return -picked((powers / powers.sum(dim=-1, keepdim=True)).log(), targets).mean()


@wrong("cross_entropy", says="logits themselves", seen="nll_loss fed with logits")
def raw_logits(logits, targets):
    logits, targets = flat(logits, targets)
    return -picked(logits, targets).mean()


@wrong("cross_entropy", says="logarithm is missing", seen="nll_loss fed with probabilities")
def no_logarithm(logits, targets):
    logits, targets = flat(logits, targets)
    return -picked(logits.softmax(-1), targets).mean()


@wrong("cross_entropy", says="outside the engine")
def in_numpy(logits, targets):
    x, targets = flat(logits.detach().numpy(), targets.numpy())
    x = x - x.max(axis=-1, keepdims=True)
    log_p = x - np.log(np.exp(x).sum(axis=-1, keepdims=True))
    return torch.tensor(-log_p[np.arange(len(targets)), targets].mean())


@wrong("cross_entropy", says="a plain number", seen="loss.item() returned")
def plain_number(logits, targets):
    return the_engines_own(logits, targets).item()


@wrong("cross_entropy", says="each text has a mean of its own", seen="a mean of means")
def mean_of_means(logits, targets):
    if logits.ndim == 2:
        return the_engines_own(logits, targets)
    asked = (targets != -100).float()
    losses = -picked(logits.log_softmax(-1), targets.clamp(min=0)).squeeze(-1) * asked
    return (losses.sum(-1) / asked.sum(-1)).mean()


@wrong("cross_entropy", says="subtract from each row its own largest", seen="x - x.max() of the whole array")
def one_largest_for_all(logits, targets):
    logits, targets = flat(logits, targets)
    logits = logits - logits.max()
    return -picked(logits - logits.exp().sum(dim=-1, keepdim=True).log(), targets).mean()


@wrong("cross_entropy", says="0 is a token as any other", seen="mask of targets > 0")
def id_zero_left_out(logits, targets):
    asked = targets > 0
    return the_engines_own(logits[asked], targets[asked])


@wrong("cross_entropy", says="patched", seen="log(p + 1e-9)")
def patched_logarithm(logits, targets):
    logits, targets = flat(logits, targets)
    return -(picked(logits.softmax(-1), targets) + 1e-9).log().mean()


@wrong("cross_entropy", says="used as an index")
def no_mask(logits, targets):
    return -picked(logits.log_softmax(-1), targets).mean()


@accepted("cross_entropy")
def the_engines_own(logits, targets):
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=-100)


# ---------------------------------------------------------------- AdamW

def adamw(parameter, gradient, mean, square, step, lr, betas, eps, weight_decay):
    beta1, beta2 = betas
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient ** 2
    move = mean / (1 - beta1 ** step) / (np.sqrt(square / (1 - beta2 ** step)) + eps)
    return parameter - lr * move - lr * weight_decay * parameter, mean, square


@wrong("adamw_step", says="corrections are missing", seen="Adam without bias correction")
def no_bias_correction(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8,
                       weight_decay=0.01):
    mean = betas[0] * mean + (1 - betas[0]) * gradient
    square = betas[1] * square + (1 - betas[1]) * gradient ** 2
    return parameter - lr * (mean / (np.sqrt(square) + eps) + weight_decay * parameter), mean, square


@wrong("adamw_step", says="eps stands under the root", seen="eps inside the root")
def eps_inside_the_root(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8,
                        weight_decay=0.01):
    _, mean, square = adamw(parameter, gradient, mean, square, step, lr, betas, eps, weight_decay)
    move = mean / (1 - betas[0] ** step) / np.sqrt(square / (1 - betas[1] ** step) + eps)
    return parameter - lr * (move + weight_decay * parameter), mean, square


@wrong("adamw_step", says="decay went into the gradient", seen="weight decay mixed into the gradient: L2, "
                                                               "not AdamW")
def decay_in_the_gradient(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8,
                          weight_decay=0.01):
    gradient = gradient + weight_decay * parameter
    return adamw(parameter, gradient, mean, square, step, lr, betas, eps, 0.0)


@wrong("adamw_step", says="corrected mean is returned")
def correction_kept(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8,
                    weight_decay=0.01):
    new, mean, square = adamw(parameter, gradient, mean, square, step, lr, betas, eps, weight_decay)
    return new, mean / (1 - betas[0] ** step), square / (1 - betas[1] ** step)


@wrong("adamw_step", says="not multiplied by lr", seen="decoupled from the learning rate too")
def decay_without_lr(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8,
                     weight_decay=0.01):
    new, mean, square = adamw(parameter, gradient, mean, square, step, lr, betas, eps, 0.0)
    return new - weight_decay * parameter, mean, square


@wrong("adamw_step", says="taken of the new parameter")
def decay_afterwards(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8,
                     weight_decay=0.01):
    new, mean, square = adamw(parameter, gradient, mean, square, step, lr, betas, eps, 0.0)
    return new * (1 - lr * weight_decay), mean, square


@wrong("adamw_step", says="there is no decay")
def plain_adam(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    return adamw(parameter, gradient, mean, square, step, lr, betas, eps, 0.0)


@wrong("adamw_step", says="goes uphill")
def uphill(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    return adamw(parameter, gradient, mean, square, step, -lr, betas, eps, weight_decay)


@wrong("adamw_step", says="changes its input", seen="running means updated in place")
def in_place_means(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8,
                   weight_decay=0.01):
    mean *= betas[0]
    mean += (1 - betas[0]) * gradient
    new, _, square = adamw(parameter, gradient, mean, square, step, lr, betas, eps, weight_decay)
    return new, mean, square


@wrong("adamw_step", says="after five steps", seen="the correction of the first step used in every step")
def correction_of_the_first_step(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8,
                                 weight_decay=0.01):
    _, mean, square = adamw(parameter, gradient, mean, square, step, lr, betas, eps, weight_decay)
    move = mean / (1 - betas[0]) / (np.sqrt(square / (1 - betas[1])) + eps)
    return parameter - lr * (move + weight_decay * parameter), mean, square


@wrong("adamw_step", says="beta1 and beta2 are exchanged")
def betas_exchanged(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8,
                    weight_decay=0.01):
    return adamw(parameter, gradient, mean, square, step, lr, betas[::-1], eps, weight_decay)


@wrong("adamw_step", says="shares are exchanged")
def shares_exchanged(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8,
                     weight_decay=0.01):
    beta1, beta2 = betas
    mean, square = (1 - beta1) * mean + beta1 * gradient, (1 - beta2) * square + beta2 * gradient ** 2
    move = mean / (1 - beta1 ** step) / (np.sqrt(square / (1 - beta2 ** step)) + eps)
    return parameter - lr * (move + weight_decay * parameter), mean, square


@wrong("adamw_step", says="exponent is step + 1", seen="step taken to count from 0")
def one_step_ahead(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8,
                   weight_decay=0.01):
    return adamw(parameter, gradient, mean, square, step + 1, lr, betas, eps, weight_decay)


@wrong("adamw_step", says="old mean is returned")
def old_means(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8,
              weight_decay=0.01):
    return adamw(parameter, gradient, mean, square, step, lr, betas, eps, weight_decay)[0], mean, square


@wrong("adamw_step", says="the order is another")
def means_first(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8,
                weight_decay=0.01):
    new, mean, square = adamw(parameter, gradient, mean, square, step, lr, betas, eps, weight_decay)
    return mean, square, new


@wrong("adamw_step", says="the order is another")
def square_before_mean(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8,
                       weight_decay=0.01):
    new, mean, square = adamw(parameter, gradient, mean, square, step, lr, betas, eps, weight_decay)
    return new, square, mean


@wrong("adamw_step", says="though weight_decay is 0")
def decay_hard_coded(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8,
                     weight_decay=0.01):
    return adamw(parameter, gradient, mean, square, step, lr, betas, eps, 0.01)


@accepted("adamw_step")
def decay_first(parameter, gradient, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    shrunk = parameter * (1 - lr * weight_decay)
    new, mean, square = adamw(parameter, gradient, mean, square, step, lr, betas, eps, 0.0)
    return shrunk + (new - parameter), mean, square


# ---------------------------------------------------------------- the schedule

def half_cosine(t, peak, floor):
    return peak * (floor + (1 - floor) * (1 + math.cos(math.pi * t)) / 2)


def up_and_down(step, warmup, t, peak, floor):
    return peak * (step + 1) / warmup if step < warmup else half_cosine(t, peak, floor)


@wrong("learning_rate", says="step 0 the rate is 0", seen="step / warmup")
def starts_at_zero(step, steps, peak, warmup=100, floor=0.05):
    t = (step - warmup) / (steps - 1 - warmup)
    return peak * step / warmup if step < warmup else half_cosine(t, peak, floor)


@wrong("learning_rate", says="there is no warm-up")
def no_warm_up(step, steps, peak, warmup=100, floor=0.05):
    return half_cosine(max(0, step - warmup) / (steps - 1 - warmup), peak, floor)


@wrong("learning_rate", says="the cosine begins in step 0")
def cosine_from_the_start(step, steps, peak, warmup=100, floor=0.05):
    return half_cosine(step / (steps - 1), peak, floor)


@wrong("learning_rate", says="falls to 0. The floor is missing")
def no_floor(step, steps, peak, warmup=100, floor=0.05):
    return up_and_down(step, warmup, (step - warmup) / (steps - 1 - warmup), peak, 0)


@wrong("learning_rate", says="added on top")
def floor_on_top(step, steps, peak, warmup=100, floor=0.05):
    if step < warmup:
        return peak * (step + 1) / warmup
    return floor * peak + half_cosine((step - warmup) / (steps - 1 - warmup), peak, 0)


@wrong("learning_rate", says="cosine counts from step 0", seen="progress measured over all steps, warm-up "
                                                               "included")
def cosine_counts_all_steps(step, steps, peak, warmup=100, floor=0.05):
    return up_and_down(step, warmup, step / (steps - 1), peak, floor)


@wrong("learning_rate", says="does not reach the floor", seen="divided by steps - warmup")
def last_step_short(step, steps, peak, warmup=100, floor=0.05):
    return up_and_down(step, warmup, (step - warmup) / (steps - warmup), peak, floor)


@wrong("learning_rate", says="a straight line down")
def linear(step, steps, peak, warmup=100, floor=0.05):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (1 - (1 - floor) * (step - warmup) / (steps - 1 - warmup))


@wrong("learning_rate", says="divide by max(1")
def nothing_left_to_divide_by(step, steps, peak, warmup=100, floor=0.05):
    if step < warmup:
        return peak * (step + 1) / warmup
    return half_cosine((step - warmup) / (steps - 1 - warmup), peak, floor)


@wrong("learning_rate", says="still climbs", seen="step <= warmup")
def one_step_too_high(step, steps, peak, warmup=100, floor=0.05):
    if step <= warmup:
        return peak * (step + 1) / warmup
    return half_cosine((step - warmup) / max(1, steps - 1 - warmup), peak, floor)


@wrong("learning_rate", says="floor is not multiplied by the peak", seen="floor taken as a rate: min_lr")
def floor_as_a_rate(step, steps, peak, warmup=100, floor=0.05):
    if step < warmup:
        return peak * (step + 1) / warmup
    t = (step - warmup) / max(1, steps - 1 - warmup)
    return floor + (peak - floor) * (1 + math.cos(math.pi * t)) / 2


@wrong("learning_rate", says="whatever was asked")
def always_a_hundred(step, steps, peak, warmup=100, floor=0.05):
    return up_and_down(step, 100, (step - 100) / max(1, steps - 101), peak, floor)


@wrong("learning_rate", says="the line became a jump", seen="// for /")
def whole_numbers_on_the_line(step, steps, peak, warmup=100, floor=0.05):
    return peak * ((step + 1) // warmup) if step < warmup else half_cosine(0, peak, floor)


@wrong("learning_rate", says="t stays 0", seen="// for /")
def whole_numbers_in_the_cosine(step, steps, peak, warmup=100, floor=0.05):
    return up_and_down(step, warmup, (step - warmup) // max(1, steps - 1 - warmup), peak, floor)


@accepted("learning_rate")
def from_the_floor_up(step, steps, peak, warmup=100, floor=0.05):
    if step < warmup:
        return (step + 1) / warmup * peak
    low, angle = floor * peak, math.pi * (step - warmup) / (steps - 1 - warmup or 1)
    return low + 0.5 * (peak - low) * (1 + math.cos(angle))


# ---------------------------------------------------------------- sampling

def keep(probabilities, kept):
    kept = np.where(kept, probabilities, 0)
    return kept / kept.sum(axis=-1, keepdims=True)


@wrong("nucleus", says="token that reaches top_p was dropped", seen="the mask not shifted by one place")
def crossing_token_dropped(probabilities, top_p):
    order = np.argsort(-probabilities, axis=-1, kind="stable")
    fits = np.take_along_axis(probabilities, order, axis=-1).cumsum(axis=-1) <= top_p
    return keep(probabilities, np.take_along_axis(fits, np.argsort(order, axis=-1), axis=-1))


@wrong("nucleus", says="probabilities are sorted", seen="sampled from the sorted order and not mapped back")
def left_sorted(probabilities, top_p):
    ranked = -np.sort(-probabilities, axis=-1)
    return keep(ranked, ranked.cumsum(axis=-1) - ranked < top_p)


@wrong("nucleus", says="divide it by its sum")
def not_renormalised(probabilities, top_p):
    nucleus = per_row(probabilities, top_p)
    return np.where(nucleus > 0, probabilities, 0)


@wrong("nucleus", says="sort first")
def unsorted(probabilities, top_p):
    return keep(probabilities, probabilities.cumsum(axis=-1) - probabilities < top_p)


@wrong("nucleus", says="from the unlikely end", seen="sorted upwards, so that the unlikely end is kept")
def from_the_unlikely_end(probabilities, top_p):
    order = np.argsort(probabilities, axis=-1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=-1)
    fits = ranked.cumsum(axis=-1) - ranked < top_p
    return keep(probabilities, np.take_along_axis(fits, np.argsort(order, axis=-1), axis=-1))


@wrong("nucleus", says="one token too many", seen="<= where < belongs")
def keeps_one_too_many(probabilities, top_p):
    order = np.argsort(-probabilities, axis=-1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=-1)
    fits = ranked.cumsum(axis=-1) - ranked <= top_p
    return keep(probabilities, np.take_along_axis(fits, np.argsort(order, axis=-1), axis=-1))


@wrong("nucleus", says="each row has its own")
def order_of_the_first_row(probabilities, top_p):
    order = np.argsort(-probabilities[0], kind="stable")
    kept = np.zeros_like(probabilities)
    for row, out in zip(probabilities, kept):
        for token in order:
            if out.sum() < top_p:
                out[token] = row[token]
    return kept / kept.sum(axis=-1, keepdims=True)


@wrong("nucleus", says="only the likeliest token is kept")
def likeliest_only(probabilities, top_p):
    return keep(probabilities, probabilities == probabilities.max(axis=-1, keepdims=True))


@wrong("nucleus", says="not a token's own size")
def large_ones(probabilities, top_p):
    return keep(probabilities, probabilities >= top_p)


@wrong("nucleus", says="applied a second time", seen="sorted order used to sort back")
def sorted_twice(probabilities, top_p):
    order = np.argsort(-probabilities, axis=-1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=-1)
    fits = ranked.cumsum(axis=-1) - ranked < top_p
    return keep(probabilities, np.take_along_axis(fits, order, axis=-1))


@wrong("nucleus", says="applied a second time")
def values_sorted_twice(probabilities, top_p):
    order = np.argsort(-probabilities, axis=-1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=-1)
    kept = keep(ranked, ranked.cumsum(axis=-1) - ranked < top_p)
    return np.take_along_axis(kept, order, axis=-1)


@wrong("nucleus", says="along axis 0")
def over_the_batch(probabilities, top_p):
    order = np.argsort(-probabilities, axis=0, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=0)
    kept = np.zeros_like(probabilities)
    np.put_along_axis(kept, order, np.where(ranked.cumsum(axis=0) - ranked < top_p, ranked, 0), axis=0)
    return kept / kept.sum(axis=-1, keepdims=True)


def kept_in(order, probabilities, top_p):
    """The nucleus, if the tokens are taken in this order."""
    ranked = np.take_along_axis(probabilities, order, axis=-1)
    fits = ranked.cumsum(axis=-1) - ranked < top_p
    return keep(probabilities, np.take_along_axis(fits, np.argsort(order, axis=-1), axis=-1))


@wrong("nucleus", says="the higher ids were kept", seen="argsort(...)[:, ::-1]")
def ties_turned_round(probabilities, top_p):
    return kept_in(np.argsort(probabilities, axis=-1, kind="stable")[:, ::-1], probabilities, top_p)


@wrong("nucleus", says="as likely as the last one kept")
def ties_all_kept(probabilities, top_p):
    nucleus = per_row(probabilities, top_p)
    smallest = np.where(nucleus > 0, probabilities, 1).min(axis=-1, keepdims=True)
    return keep(probabilities, probabilities >= smallest)


@accepted("nucleus")
def per_row(probabilities, top_p):
    kept = np.zeros_like(probabilities)
    for row, out in zip(probabilities, kept):
        total = 0.0
        for token in np.argsort(-row, kind="stable"):
            if total >= top_p:
                break
            out[token] = row[token]
            total += row[token]
        out /= out.sum()
    return kept

"""Lesson 08: mistakes with tables, blocks, losses, optimizers, schedules, gradients and
sampling that people publish."""

import math

import numpy as np

import minitorch as torch
from classroom.checking import accepted, mistake
from minitorch import nn
from minitorch.nn import functional as F
from solutions.attention import MultiHeadAttention
from solutions.sampling import next_token_probabilities as right_probabilities
from solutions.sampling import nucleus as right_nucleus
from solutions.training import adamw_step as right_step
from solutions.training import cross_entropy as right_loss
from solutions.training import learning_rate as right_rate
from solutions.training import loss_and_gradients as right_gradients

# bigram_table

NO_ONE = "The 1 is missing: a pair that never occurred gets 0, and -log 0 is infinite."


def pair_counts(ids, vocab_size, ahead=1):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-ahead], ids[ahead:]), 1)
    return counts


def rows_divided(counts):
    return counts / counts.sum(axis=1, keepdims=True)


@mistake(
    "bigram_table",
    "Rows and columns are swapped: the row is the present id, the column the id that comes next.",
)
def next_before_present(ids, vocab_size):
    return rows_divided(pair_counts(ids, vocab_size).T + 1)


@mistake(
    "bigram_table",
    "Here the columns sum to 1. It's the rows that should: divide each row by its own sum.",
    seen="normalized over the wrong axis",
)
def columns_normalized(ids, vocab_size):
    counts = pair_counts(ids, vocab_size) + 1
    return counts / counts.sum(axis=0)


@mistake("bigram_table", "The whole table sums to 1. Each row must sum to 1 on its own.")
def joint_probabilities(ids, vocab_size):
    counts = pair_counts(ids, vocab_size) + 1
    return counts / counts.sum()


@mistake("bigram_table", NO_ONE)
def without_smoothing(ids, vocab_size):
    return rows_divided(pair_counts(ids, vocab_size))


@mistake("bigram_table", NO_ONE)
def zero_for_empty_rows(ids, vocab_size):
    counts = pair_counts(ids, vocab_size)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


@mistake("bigram_table", "You added a tiny number. Add 1 to every count.")
def tiny_smoothing(ids, vocab_size):
    return rows_divided(pair_counts(ids, vocab_size) + 1e-6)


@mistake("bigram_table", "Only pairs that never occur got a 1. Add 1 to every count.")
def only_zeros_smoothed(ids, vocab_size):
    return rows_divided(np.maximum(pair_counts(ids, vocab_size), 1))


@mistake(
    "bigram_table",
    "Pairs that repeat count only once. np.add.at adds every time, table[a, b] += 1 doesn't.",
    seen="fancy-index assignment, repeated indices lost",
)
def repeated_pairs_lost(ids, vocab_size):
    counts = np.ones((vocab_size, vocab_size))
    counts[ids[:-1], ids[1:]] += 1
    return rows_divided(counts)


@mistake("bigram_table", "// rounds the shares down to 0. Use /.")
def rounded_down(ids, vocab_size):
    counts = pair_counts(ids, vocab_size) + 1
    return counts // counts.sum(axis=1, keepdims=True)


@mistake(
    "bigram_table", "You divided the counts by the number of pairs. Divide each row by its sum."
)
def divided_by_the_pairs(ids, vocab_size):
    return (pair_counts(ids, vocab_size) + 1) / max(1, len(ids) - 1)


@mistake("bigram_table", "These are the counts. Divide each row by its sum.")
def counts_only(ids, vocab_size):
    return pair_counts(ids, vocab_size) + 1


@mistake(
    "bigram_table",
    "You divided columns by the rows' sums. With keepdims=True, rows are divided by their own.",
    seen="sums of rows without keepdims",
)
def sums_lying_down(ids, vocab_size):
    counts = pair_counts(ids, vocab_size) + 1
    return counts / counts.sum(axis=1)


@mistake("bigram_table", "Rows sum to more than 1: the sum must include the added ones.")
def ones_only_above(ids, vocab_size):
    counts = pair_counts(ids, vocab_size)
    return (1 + counts) / counts.sum(axis=1, keepdims=True)


@mistake("bigram_table", "You added a single 1 to the sum. The row got vocab_size of them.")
def one_one_below(ids, vocab_size):
    counts = pair_counts(ids, vocab_size)
    return (1 + counts) / (counts.sum(axis=1, keepdims=True) + 1)


@mistake(
    "bigram_table",
    "You skipped the text's last pair: there are len(ids) - 1 pairs.",
    seen="for i in range(len(ids) - 2)",
)
def last_pair_skipped(ids, vocab_size):
    return rows_divided(pair_counts(ids[:-1], vocab_size) + 1)


@mistake(
    "bigram_table",
    "One pair too many: the text's first id doesn't follow its last, though np.roll puts it there.",
    seen="np.roll(ids, -1)",
)
def round_the_end(ids, vocab_size):
    return rows_divided(pair_counts(np.append(ids, ids[0]), vocab_size) + 1)


@mistake("bigram_table", "You counted each pair in both directions. Only what follows counts.")
def both_directions(ids, vocab_size):
    counts = pair_counts(ids, vocab_size)
    return rows_divided(counts + counts.T + 1)


@mistake("bigram_table", "These are pairs two apart. The next id comes right after: ids[1:].")
def two_apart(ids, vocab_size):
    return rows_divided(pair_counts(ids, vocab_size, ahead=2) + 1)


@mistake("bigram_table", "The size comes from this text's ids. Use vocab_size: it may be larger.")
def ids_of_this_text_only(ids, vocab_size):
    return rows_divided(pair_counts(ids, ids.max() + 1) + 1)


@accepted("bigram_table")
def with_a_loop(ids, vocab_size):
    table = np.ones((vocab_size, vocab_size))
    for a, b in zip(ids, ids[1:]):
        table[a, b] += 1
    for row in table:
        row /= row.sum()
    return table


@accepted("bigram_table")
def by_bincount(ids, vocab_size):
    codes = vocab_size * ids[:-1] + ids[1:]
    counts = np.bincount(codes, minlength=vocab_size**2).reshape(vocab_size, -1) + 1
    return counts / counts.sum(1)[:, None]


# Block

UPDATE_ALONE = "The MLP reads only what attention computed. It should read the new x."
NORMALIZED = "You added to the normalized x. The stream goes on as it is: add to x itself."
ATTENTION_BARE = "Attention gets x as it is. Normalize it first, with self.attention_norm."
MLP_BARE = "The MLP gets x as it is. Normalize it first, with self.mlp_norm."


class Parts(nn.Module):
    """What a block is made of, without its forward."""

    def __init__(self, dim, num_heads, positions):
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = MultiHeadAttention(dim, num_heads, positions)
        self.mlp_norm = nn.LayerNorm(dim)
        bend = nn.GELU(approximate="tanh")
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), bend, nn.Linear(4 * dim, dim))

    def heard(self, x, cache):
        """x after the first step."""
        return x + self.attention(self.attention_norm(x), cache)


@mistake(
    "Block",
    "This is post-norm, norm(x + attention(x)). Here we use x + attention(norm(x)).",
    seen="the original order of 2017, where pre-norm is asked",
)
class PostNorm(Parts):
    def forward(self, x, cache=None):
        x = self.attention_norm(x + self.attention(x, cache))
        return self.mlp_norm(x + self.mlp(x))


@mistake(
    "Block",
    "You normalized each part's result. The norm comes before the part: x + attention(norm(x)).",
    seen="the norm at the end of the branch",
)
class NormAfterPart(Parts):
    def forward(self, x, cache=None):
        x = x + self.attention_norm(self.attention(x, cache))
        return x + self.mlp_norm(self.mlp(x))


@mistake("Block", "The norms are swapped: attention_norm is attention's, mlp_norm the MLP's.")
class NormsExchanged(Parts):
    def forward(self, x, cache=None):
        x = x + self.attention(self.mlp_norm(x), cache)
        return x + self.mlp(self.attention_norm(x))


@mistake("Block", "The MLP comes first here. Attention does.")
class MLPFirst(Parts):
    def forward(self, x, cache=None):
        x = x + self.mlp(self.mlp_norm(x))
        return x + self.attention(self.attention_norm(x), cache)


@mistake(
    "Block", "The second sum adds to the old x: what attention found is lost. Add to the new x."
)
class SecondSumFromTheOldX(Parts):
    def forward(self, x, cache=None):
        return x + self.mlp(self.mlp_norm(self.heard(x, cache)))


@mistake(
    "Block",
    "Nothing is added to the stream: what came in is lost. Each step is x plus what was computed.",
    seen="residual connections forgotten",
)
class NoResidual(Parts):
    def forward(self, x, cache=None):
        x = self.attention(self.attention_norm(x), cache)
        return self.mlp(self.mlp_norm(x))


@mistake("Block", "After the MLP the stream is lost: use x + mlp(norm(x)).")
class OneResidual(Parts):
    def forward(self, x, cache=None):
        return self.mlp(self.mlp_norm(self.heard(x, cache)))


@mistake("Block", "After attention the stream is lost: use x + attention(norm(x)).")
class LateResidual(Parts):
    def forward(self, x, cache=None):
        x = self.attention(self.attention_norm(x), cache)
        return x + self.mlp(self.mlp_norm(x))


@mistake("Block", "What attention computes is lost: x = x + attention(norm(x)).")
class MLPOnly(Parts):
    def forward(self, x, cache=None):
        self.attention(self.attention_norm(x), cache)
        return x + self.mlp(self.mlp_norm(x))


@mistake("Block", "You normalized the result again at the end. The stream goes on as it is.")
class NormAtTheEnd(Parts):
    def forward(self, x, cache=None):
        x = self.heard(x, cache)
        return self.mlp_norm(x + self.mlp(self.mlp_norm(x)))


@mistake("Block", "The second step is post-norm, norm(x + mlp(x)). Use x + mlp(norm(x)).")
class PostNormOfTheMLP(Parts):
    def forward(self, x, cache=None):
        x = self.heard(x, cache)
        return self.mlp_norm(x + self.mlp(x))


@mistake("Block", UPDATE_ALONE)
class MLPOfTheUpdateOnly(Parts):
    def forward(self, x, cache=None):
        update = self.attention(self.attention_norm(x), cache)
        return x + self.mlp(self.mlp_norm(update))


@mistake("Block", UPDATE_ALONE)
class MLPOfTheUpdate(Parts):
    def forward(self, x, cache=None):
        update = self.attention(self.attention_norm(x), cache)
        return x + update + self.mlp(self.mlp_norm(update))


@mistake("Block", "The norms are not used. Attention and MLP get the normalized x.")
class NoNorm(Parts):
    def forward(self, x, cache=None):
        x = x + self.attention(x, cache)
        return x + self.mlp(x)


@mistake("Block", ATTENTION_BARE)
class AttentionBare(Parts):
    def forward(self, x, cache=None):
        x = x + self.attention(x, cache)
        return x + self.mlp(self.mlp_norm(x))


@mistake("Block", MLP_BARE)
class MLPBare(Parts):
    def forward(self, x, cache=None):
        x = self.heard(x, cache)
        return x + self.mlp(x)


@mistake(
    "Block",
    "The MLP runs beside attention, on the old x, as in GPT-J. Here it gets the new x.",
    seen="the parallel block of GPT-J, where the usual one is asked",
)
class Parallel(Parts):
    def forward(self, x, cache=None):
        return self.heard(x, cache) + self.mlp(self.mlp_norm(x))


@mistake("Block", "Both parts read the same normalized x. The MLP reads mlp_norm of the new x.")
class ParallelWithOneNorm(Parts):
    def forward(self, x, cache=None):
        return self.heard(x, cache) + self.mlp(self.attention_norm(x))


@mistake("Block", NORMALIZED, seen="x = norm(x); x = x + attention(x)")
class NormalizedStream(Parts):
    def forward(self, x, cache=None):
        x = self.attention_norm(x)
        x = x + self.attention(x, cache)
        x = self.mlp_norm(x)
        return x + self.mlp(x)


@mistake("Block", NORMALIZED)
class FirstNormalized(Parts):
    def forward(self, x, cache=None):
        x = self.attention_norm(x)
        x = x + self.attention(x, cache)
        return x + self.mlp(self.mlp_norm(x))


@mistake("Block", NORMALIZED)
class SecondNormalized(Parts):
    def forward(self, x, cache=None):
        x = self.mlp_norm(self.heard(x, cache))
        return x + self.mlp(x)


@mistake("Block", "The first norm is used twice. The MLP has its own, self.mlp_norm.")
class OneNorm(Parts):
    def forward(self, x, cache=None):
        x = self.heard(x, cache)
        return x + self.mlp(self.attention_norm(x))


@mistake("Block", "The second norm is used twice. Attention has its own, self.attention_norm.")
class OtherNormTwice(Parts):
    def forward(self, x, cache=None):
        x = x + self.attention(self.mlp_norm(x), cache)
        return x + self.mlp(self.mlp_norm(x))


@mistake("Block", "The second step is missing: x + mlp(mlp_norm(x)).")
class AttentionOnly(Parts):
    def forward(self, x, cache=None):
        return self.heard(x, cache)


@mistake("Block", shown_by="cache_goes_to_attention")
class CacheForgotten(Parts):
    def forward(self, x, cache=None):
        x = self.heard(x, None)
        return x + self.mlp(self.mlp_norm(x))


@mistake(
    "Block", "These aren't the given __init__'s weights. Leave it, or saved weights won't fit."
)
class AnotherInit(Parts):
    def __init__(self, dim, num_heads, positions):
        super().__init__(dim, num_heads, positions)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.ReLU(), nn.Linear(4 * dim, dim))

    def forward(self, x, cache=None):
        x = self.heard(x, cache)
        return x + self.mlp(self.mlp_norm(x))


@mistake("Block", shown_by="inputs_are_kept", seen="x += ... on the stream")
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


@accepted("Block")
class StepByStep(Parts):
    def forward(self, x, cache=None):
        stream = [x]
        stream.append(self.attention(self.attention_norm(stream[-1]), cache))
        stream.append(self.mlp(self.mlp_norm(sum(stream))))
        return torch.stack(stream).sum(0)


# cross_entropy

WRONG_AXIS = (
    "The softmax runs over the wrong axis. It's the tokens of the vocabulary that compete: dim=-1."
)


def flat(logits, targets):
    """Rows of the scored positions."""
    scored = targets != -100
    return logits[scored], targets[scored]


def picked(log_p, targets):
    return log_p.gather(-1, targets.unsqueeze(-1))


@mistake("cross_entropy", WRONG_AXIS, seen="softmax over the wrong axis")
def softmax_over_positions(logits, targets):
    return -picked(*flat(logits.log_softmax(-2), targets)).mean()


@mistake("cross_entropy", WRONG_AXIS)
def softmax_over_axis_1(logits, targets):
    return -picked(*flat(logits.log_softmax(1), targets)).mean()


@mistake("cross_entropy", WRONG_AXIS, seen="softmax over dim 0")
def softmax_over_batch(logits, targets):
    return -picked(*flat(logits.log_softmax(0), targets)).mean()


@mistake("cross_entropy", WRONG_AXIS)
def softmax_over_rows(logits, targets):
    logits, targets = flat(logits, targets)
    return -picked(logits.log_softmax(0), targets).mean()


@mistake(
    "cross_entropy", "[:, targets] picks every target in every row. Each row has its own: gather."
)
def every_target_of_every_row(logits, targets):
    logits, targets = flat(logits, targets)
    return -logits.log_softmax(-1)[:, targets].mean()


@mistake("cross_entropy", "The sign is wrong: log p is negative, and the loss is -log p.")
def without_minus(logits, targets):
    return -right_loss(logits, targets)


@mistake("cross_entropy", "This is the sum. The loss is the mean over the scored positions.")
def summed(logits, targets):
    logits, targets = flat(logits, targets)
    return -picked(logits.log_softmax(-1), targets).sum()


@mistake("cross_entropy", "These are single losses. The loss is their mean: one number.")
def one_loss_each(logits, targets):
    logits, targets = flat(logits, targets)
    return -picked(logits.log_softmax(-1), targets).squeeze(-1)


@mistake("cross_entropy", "These are single losses. The loss is their mean: one number.")
def one_row_each(logits, targets):
    logits, targets = flat(logits, targets)
    return -picked(logits.log_softmax(-1), targets)


@mistake("cross_entropy", "You averaged over the vocabulary too. Divide by the scored positions.")
def mean_over_the_vocabulary(logits, targets):
    return right_loss(logits, targets) / logits.shape[-1]


@mistake("cross_entropy", "You subtracted the row's largest inside the sum. Add it after the log.")
def largest_not_added_back(logits, targets):
    logits, targets = flat(logits, targets)
    below = (logits - logits.max(dim=-1, keepdim=True).values).logsumexp(-1, keepdim=True)
    return -picked(logits - below, targets).mean()


@mistake("cross_entropy", "This averages -log p over *all* tokens. Pick only the target's.")
def all_tokens(logits, targets):
    return -flat(logits, targets)[0].log_softmax(-1).mean()


@mistake(
    "cross_entropy",
    "You divided by all positions. Divide by the scored ones.",
    seen="mean over padding",
)
def mean_over_all(logits, targets):
    return summed.answer(logits, targets) / targets.numel()


@mistake("cross_entropy", "You divided by the number of texts. Divide by the scored positions.")
def mean_over_texts(logits, targets):
    return summed.answer(logits, targets) / len(targets)


@mistake(
    "cross_entropy",
    "You counted unscored positions as if they asked for id 0. Leave them out.",
    seen="padding counted as a token",
)
def unscored_as_zero(logits, targets):
    return -picked(logits.log_softmax(-1), targets.clamp(min=0)).mean()


@mistake(
    "cross_entropy",
    "Large logits give NaN here: exp overflows, or the log of a 0 is multiplied by 0. logits - "
    "logsumexp(logits) has no such problem.",
    seen="softmax written out without subtracting the largest",
)
def naive_softmax(logits, targets):
    logits, targets = flat(logits, targets)
    powers = logits.exp()
    return -picked((powers / powers.sum(dim=-1, keepdim=True)).log(), targets).mean()


@mistake(
    "cross_entropy",
    "exp overflows to inf for large logits. Tensors have .logsumexp(dim), which does not.",
)
def naive_logsumexp(logits, targets):
    logits, targets = flat(logits, targets)
    return -picked(logits - logits.exp().sum(dim=-1, keepdim=True).log(), targets).mean()


@mistake("cross_entropy", "A probability that rounds to 0 has log -inf. Use logsumexp, not .log().")
def logarithm_of_the_softmax(logits, targets):
    logits, targets = flat(logits, targets)
    return -picked(logits.softmax(-1).log(), targets).mean()


@mistake(
    "cross_entropy",
    "These are the logits themselves. Make them log-probabilities first: subtract logsumexp.",
    seen="nll_loss fed with logits",
)
def raw_logits(logits, targets):
    return -picked(*flat(logits, targets)).mean()


@mistake("cross_entropy", "You subtracted the row's largest logit. Subtract its logsumexp.")
def largest_subtracted_only(logits, targets):
    logits, targets = flat(logits, targets)
    return -picked(logits - logits.max(dim=-1, keepdim=True).values, targets).mean()


@mistake(
    "cross_entropy",
    "The logarithm is missing: the loss is -log p, not -p.",
    seen="nll_loss fed with probabilities",
)
def no_logarithm(logits, targets):
    return -picked(*flat(logits.softmax(-1), targets)).mean()


@mistake("cross_entropy", "You applied the softmax twice. The loss takes the logits themselves.")
def softmax_twice(logits, targets):
    return right_loss(logits.softmax(-1), targets)


@mistake("cross_entropy", "This is in bits. For nats, use the natural logarithm.")
def bits(logits, targets):
    return right_loss(logits, targets) / math.log(2)


@mistake("cross_entropy", "This is the perplexity, exp of the loss. Return the loss itself.")
def perplexity(logits, targets):
    return right_loss(logits, targets).exp()


@mistake("cross_entropy", shown_by="gradient_of_the_loss")
def in_numpy(logits, targets):
    return torch.tensor(right_loss(logits, targets).detach().numpy())


@mistake(
    "cross_entropy", "logsumexp is detached, so the gradient lacks the probabilities: keep it."
)
def logsumexp_detached(logits, targets):
    logits, targets = flat(logits, targets)
    log_p = logits - logits.logsumexp(dim=-1, keepdim=True).detach()
    return -picked(log_p, targets).mean()


@mistake(
    "cross_entropy",
    "This is a plain number. Return a tensor, without .item(): training needs the gradient.",
    seen="loss.item() returned",
)
def plain_number(logits, targets):
    return right_loss(logits, targets).item()


@mistake(
    "cross_entropy",
    "You averaged the means of the texts. Take one mean over all scored positions.",
    seen="a mean of means",
)
def mean_of_means(logits, targets):
    if logits.ndim == 2:
        return right_loss(logits, targets)
    asked = (targets != -100).float()
    losses = -picked(logits.log_softmax(-1), targets.clamp(min=0)).squeeze(-1) * asked
    return (losses.sum(-1) / asked.sum(-1).clamp(min=1)).mean()


@mistake(
    "cross_entropy",
    "You subtracted the largest of all logits: small rows vanish. Subtract each row's own.",
    seen="x - x.max() of the whole array",
)
def one_largest_for_all(logits, targets):
    logits, targets = flat(logits, targets)
    logits = logits - logits.max()
    return -picked(logits - logits.exp().sum(dim=-1, keepdim=True).log(), targets).mean()


@mistake(
    "cross_entropy",
    "You left out positions with target 0. 0 is a token like any other; only -100 is unscored.",
    seen="mask of targets > 0",
)
def id_zero_left_out(logits, targets):
    return right_loss(logits[targets > 0], targets[targets > 0])


@mistake("cross_entropy", shown_by="large_logits", seen="log(p + 1e-9)")
def patched_logarithm(logits, targets):
    logits, targets = flat(logits, targets)
    return -(picked(logits.softmax(-1), targets) + 1e-9).log().mean()


@mistake("cross_entropy", shown_by="large_logits")
def clamped_probability(logits, targets):
    logits, targets = flat(logits, targets)
    return -picked(logits.softmax(-1), targets).clamp(min=1e-9).log().mean()


@mistake(
    "cross_entropy", "You used -100 as an index. Keep the scored ones: logits[targets != -100]."
)
def no_mask(logits, targets):
    return -picked(logits.log_softmax(-1), targets).mean()


@accepted("cross_entropy")
def the_engines_own(logits, targets):
    rows = logits.reshape(-1, logits.shape[-1])
    return F.cross_entropy(rows, targets.reshape(-1), ignore_index=-100)


@accepted("cross_entropy")
def masked_mean(logits, targets):
    scored = (targets != -100).to(logits.dtype)
    log_p = picked(logits.log_softmax(-1), targets.clamp(min=0)).squeeze(-1)
    return -(log_p * scored).sum() / scored.sum()


@accepted("cross_entropy")
def with_one_hot_rows(logits, targets):
    logits, targets = flat(logits, targets)
    log_p = logits - logits.max(dim=-1, keepdim=True).values
    log_p = log_p - log_p.exp().sum(dim=-1, keepdim=True).log()
    return -(F.one_hot(targets, logits.shape[-1]) * log_p).sum(-1).mean()


# adamw_step

ORDER = "Wrong order: return the new parameter first, then mean, then square."


def running(g, mean, square, betas=(0.9, 0.999)):
    return betas[0] * mean + (1 - betas[0]) * g, betas[1] * square + (1 - betas[1]) * g**2


def corrected(mean, square, step, betas=(0.9, 0.999)):
    return mean / (1 - betas[0] ** step), square / (1 - betas[1] ** step)


def moved(p, lr, mean, square, eps=1e-8, weight_decay=0.01):
    """The parameter after the step, from the corrected means."""
    return p - lr * (mean / (np.sqrt(square) + eps) + weight_decay * p)


@mistake(
    "adamw_step",
    "The corrections are missing: divide by 1 - beta1^step and by 1 - beta2^step.",
    seen="Adam without bias correction",
)
def no_bias_correction(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    mean, square = running(g, mean, square, betas)
    return moved(p, lr, mean, square, **rest), mean, square


@mistake("adamw_step", "You only corrected square. Divide mean by 1 - beta1^step as well.")
def only_square_corrected(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    mean, square = running(g, mean, square, betas)
    return moved(p, lr, mean, square / (1 - betas[1] ** step), **rest), mean, square


@mistake("adamw_step", "You only corrected mean. Divide square by 1 - beta2^step as well.")
def only_mean_corrected(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    mean, square = running(g, mean, square, betas)
    return moved(p, lr, mean / (1 - betas[0] ** step), square, **rest), mean, square


@mistake("adamw_step", "You corrected by (1 - beta)^step. It's 1 - beta^step: the power first.")
def power_of_the_difference(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    mean, square = running(g, mean, square, betas)
    hats = mean / (1 - betas[0]) ** step, square / (1 - betas[1]) ** step
    return moved(p, lr, *hats, **rest), mean, square


@mistake("adamw_step", "The exponent is step - 1: in the first step you divide by 1 - 1 = 0.")
def one_step_back(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    mean, square = running(g, mean, square, betas)
    with np.errstate(all="ignore"):
        hats = (
            mean / np.float64(1 - betas[0] ** (step - 1)),
            square / np.float64(1 - betas[1] ** (step - 1)),
        )
        return moved(p, lr, *hats, **rest), mean, square


@mistake("adamw_step", "You multiplied. Divide by 1 - beta^step: the means are too small.")
def corrections_multiplied(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    mean, square = running(g, mean, square, betas)
    factors = 1 - betas[0] ** step, 1 - betas[1] ** step
    return moved(p, lr, mean * factors[0], square * factors[1], **rest), mean, square


@mistake(
    "adamw_step",
    "eps is under the root. Add it to the root: sqrt(square') + eps.",
    seen="eps inside the root",
)
def eps_inside_the_root(p, g, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8, **rest):
    mean, square = running(g, mean, square, betas)
    mean_hat, square_hat = corrected(mean, square, step, betas)
    return moved(p, lr, mean_hat, square_hat + eps, 0, **rest), mean, square


@mistake("adamw_step", "You added eps after the division. Add it to the root first: parentheses.")
def eps_after_dividing(p, g, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8, **rest):
    new, mean, square = right_step(p, g, mean, square, step, lr, betas, 0, **rest)
    return new - lr * eps, mean, square


@mistake(
    "adamw_step", "You added eps before correcting square. Correct, take the root, then add it."
)
def eps_before_the_correction(p, g, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8, **rest):
    mean, square = running(g, mean, square, betas)
    below = (np.sqrt(square) + eps) / np.sqrt(1 - betas[1] ** step)
    return moved(p, lr, mean / (1 - betas[0] ** step), below**2, 0, **rest), mean, square


@mistake("adamw_step", "The given eps is not used. Add it to the root.")
def eps_ignored(*args, eps=1e-8, **rest):
    return right_step(*args, **rest)


@mistake("adamw_step", "The given betas are not used: beta1, beta2 = betas.")
def betas_ignored(*args, betas=(0.9, 0.999), **rest):
    return right_step(*args, **rest)


@mistake(
    "adamw_step",
    "The decay went into the gradient, where Adam divides it away again (that is L2). Keep it "
    "apart.",
    seen="weight decay mixed into the gradient: L2, not AdamW",
)
def decay_in_the_gradient(p, g, mean, square, step, lr, weight_decay=0.01, **rest):
    return right_step(p, g + weight_decay * p, mean, square, step, lr, weight_decay=0.0, **rest)


@mistake("adamw_step", "The decay is multiplied by lr twice. Once is enough.")
def decay_with_lr_twice(p, g, mean, square, step, lr, weight_decay=0.01, **rest):
    return right_step(p, g, mean, square, step, lr, weight_decay=lr * weight_decay, **rest)


@mistake("adamw_step", "You divided the decay by the root too. Add it after that division.")
def decay_over_the_root(p, g, mean, square, step, lr, weight_decay=0.01, eps=1e-8, **rest):
    mean, square = running(g, mean, square, **rest)
    mean_hat, square_hat = corrected(mean, square, step, **rest)
    return moved(p, lr, mean_hat + weight_decay * p, square_hat, eps, 0), mean, square


@mistake(
    "adamw_step",
    "You returned the corrected mean and square. The next step needs the plain ones.",
)
def correction_kept(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    new, mean, square = right_step(p, g, mean, square, step, lr, betas, **rest)
    return new, *corrected(mean, square, step, betas)


@mistake(
    "adamw_step",
    "The decay is not multiplied by lr. Both parts are: lr * (... + weight_decay * parameter).",
    seen="decoupled from the learning rate too",
)
def decay_without_lr(p, *args, weight_decay=0.01, **rest):
    new, mean, square = right_step(p, *args, weight_decay=0.0, **rest)
    return new - weight_decay * p, mean, square


@mistake("adamw_step", "You decayed the new parameter, after Adam's step. Decay the old one.")
def decay_afterwards(p, g, mean, square, step, lr, weight_decay=0.01, **rest):
    new, mean, square = right_step(p, g, mean, square, step, lr, weight_decay=0.0, **rest)
    return new * (1 - lr * weight_decay), mean, square


@mistake("adamw_step", "The decay makes the parameter grow: subtract it.")
def decay_grows(*args, weight_decay=0.01, **rest):
    return right_step(*args, weight_decay=-weight_decay, **rest)


@mistake("adamw_step", "There is no decay: subtract lr * weight_decay * parameter too.")
def plain_adam(*args, weight_decay=0.01, **rest):
    return right_step(*args, weight_decay=0.0, **rest)


@mistake("adamw_step", "You decay even where weight_decay is 0: take it from the argument.")
def decay_hard_coded(*args, weight_decay=0.01, **rest):
    return right_step(*args, **rest)


@mistake("adamw_step", "The step goes uphill: subtract it.")
def uphill(p, g, mean, square, step, lr, **rest):
    return right_step(p, g, mean, square, step, -lr, **rest)


@mistake("adamw_step", "Adam's part is not multiplied by lr. Both parts are: lr * (... + ...).")
def lr_for_the_decay_only(p, g, mean, square, step, lr, weight_decay=0.01, **rest):
    decayed = lr * weight_decay
    return right_step(p, g, mean, square, step, 1.0, weight_decay=decayed, **rest)


@mistake("adamw_step", "lr is not used: it multiplies all that is subtracted.")
def lr_ignored(p, g, mean, square, step, lr, **rest):
    return right_step(p, g, mean, square, step, 1.0, **rest)


@mistake("adamw_step", "The root is missing: divide by sqrt(square') + eps.")
def no_root(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    mean, square = running(g, mean, square, betas)
    mean_hat, square_hat = corrected(mean, square, step, betas)
    return moved(p, lr, mean_hat, square_hat**2, **rest), mean, square


@mistake("adamw_step", "The step follows the gradient itself. It should follow mean'.")
def gradient_for_mean(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    mean, square = running(g, mean, square, betas)
    return moved(p, lr, g, corrected(mean, square, step, betas)[1], **rest), mean, square


@mistake("adamw_step", "The step uses the old mean and square. Update them first, then step.")
def step_before_the_update(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    with np.errstate(all="ignore"):
        new = moved(p, lr, *corrected(mean, square, step, betas), **rest)
    return new, *running(g, mean, square, betas)


@mistake("adamw_step", "square averages mean^2. It should average gradient^2.")
def square_of_mean(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    mean = running(g, mean, square, betas)[0]
    square = running(mean, mean, square, betas)[1]
    return moved(p, lr, *corrected(mean, square, step, betas), **rest), mean, square


@mistake("adamw_step", "square averages the gradient. It should average gradient^2.")
def square_not_squared(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    mean, square = running(g, mean, square, betas)[0], betas[1] * square + (1 - betas[1]) * g
    with np.errstate(all="ignore"):
        return moved(p, lr, *corrected(mean, square, step, betas), **rest), mean, square


@mistake(
    "adamw_step", "The 1 - beta is missing: the gradient is added whole to mean, and to square."
)
def shares_missing(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    mean, square = betas[0] * mean + g, betas[1] * square + g**2
    return moved(p, lr, *corrected(mean, square, step, betas), **rest), mean, square


@mistake("adamw_step", shown_by="inputs_are_kept", seen="running means updated in place")
def in_place_means(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    mean *= betas[0]
    mean += (1 - betas[0]) * g
    square = running(g, mean, square, betas)[1]
    return moved(p, lr, *corrected(mean, square, step, betas), **rest), mean, square


@mistake(
    "adamw_step",
    "You correct as in step 1 every time: step belongs in the exponents.",
    seen="the correction of the first step used in every step",
)
def correction_of_the_first_step(p, g, mean, square, step, lr, **rest):
    return right_step(p, g, mean, square, 1, lr, **rest)


@mistake("adamw_step", "beta1 and beta2 are swapped: mean goes with beta1, square with beta2.")
def betas_exchanged(*args, betas=(0.9, 0.999), **rest):
    return right_step(*args, betas=betas[::-1], **rest)


@mistake("adamw_step", "square uses beta1 here. It has a share of its own: beta2.")
def beta1_for_both(*args, betas=(0.9, 0.999), **rest):
    return right_step(*args, betas=(betas[0], betas[0]), **rest)


@mistake("adamw_step", "The shares are swapped: beta goes with the old, 1 - beta with the new.")
def shares_exchanged(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    mean, square = running(g, mean, square, (1 - betas[0], 1 - betas[1]))
    return moved(p, lr, *corrected(mean, square, step, betas), **rest), mean, square


@mistake(
    "adamw_step",
    "The exponent is step + 1 here. step counts from 1 already.",
    seen="step taken to count from 0",
)
def one_step_ahead(p, g, mean, square, step, *args, **rest):
    return right_step(p, g, mean, square, step + 1, *args, **rest)


@mistake("adamw_step", "You only returned the parameter. The next step needs mean and square too.")
def parameter_only(*args, **rest):
    return right_step(*args, **rest)[0]


@mistake("adamw_step", "You returned the old mean and square. The next step needs the new ones.")
def old_means(p, g, mean, square, *args, **rest):
    return right_step(p, g, mean, square, *args, **rest)[0], mean, square


@mistake("adamw_step", ORDER)
def means_first(*args, **rest):
    new, mean, square = right_step(*args, **rest)
    return mean, square, new


@mistake("adamw_step", ORDER)
def square_before_mean(*args, **rest):
    new, mean, square = right_step(*args, **rest)
    return new, square, mean


@accepted("adamw_step")
def decay_first(p, g, mean, square, step, lr, weight_decay=0.01, **rest):
    shrunk = p * (1 - lr * weight_decay)
    new, mean, square = right_step(p, g, mean, square, step, lr, weight_decay=0.0, **rest)
    return shrunk + (new - p), mean, square


@accepted("adamw_step")
def mean_moved_by_its_difference(p, g, mean, square, step, lr, betas=(0.9, 0.999), **rest):
    mean = mean + (1 - betas[0]) * (g - mean)
    square = square + (1 - betas[1]) * (np.square(g) - square)
    hats = (each / -np.expm1(step * np.log(b)) for each, b in zip((mean, square), betas))
    return [moved(p, lr, *hats, **rest), mean, square]


@accepted("adamw_step")
def correction_in_the_rate(p, g, mean, square, step, lr, betas=(0.9, 0.999), eps=1e-8, **rest):
    mean, square = running(g, mean, square, betas)
    below = np.sqrt(square) / math.sqrt(1 - betas[1] ** step) + eps
    new = p * (1 - lr * rest.get("weight_decay", 0.01))
    return new - lr / (1 - betas[0] ** step) * mean / below, mean, square


# learning_rate

COUNTS_ALL = (
    "The cosine counts from step 0, so it has fallen when the warm-up ends. Count from warmup."
)
AS_A_RATE = "The floor is not multiplied by the peak. It is a share: the last rate is floor * peak."


def along(step, steps, warmup):
    """t, from 0 in step `warmup` to 1 in the last one."""
    return (step - warmup) / max(1, steps - 1 - warmup)


def half_cosine(t, peak, floor):
    return peak * (floor + (1 - floor) * (1 + math.cos(math.pi * t)) / 2)


@mistake(
    "learning_rate",
    "In step 0 the rate is 0, which wastes it: use (step + 1) / warmup.",
    seen="step / warmup",
)
def starts_at_zero(step, steps, peak, warmup=100, floor=0.05):
    return peak * step / warmup if step < warmup else right_rate(step, steps, peak, warmup, floor)


@mistake("learning_rate", "The warm-up ends below the peak: (step + 1) / warmup, not warmup + 1.")
def peak_after_the_warm_up(step, steps, peak, warmup=100, floor=0.05):
    line = peak * (step + 1) / (warmup + 1)
    return line if step < warmup else right_rate(step, steps, peak, warmup, floor)


@mistake("learning_rate", "After the warm-up the rate stays at the peak. It falls along a cosine.")
def warm_up_only(step, steps, peak, warmup=100, floor=0.05):
    return peak * (step + 1) / warmup if step < warmup else peak


@mistake("learning_rate", "There is no warm-up: all its steps have the peak.")
def no_warm_up(step, steps, peak, warmup=100, floor=0.05):
    return right_rate(max(step, warmup), steps, peak, warmup, floor)


@mistake("learning_rate", "The cosine begins in step 0. First comes the warm-up.")
def cosine_from_the_start(step, steps, peak, warmup=100, floor=0.05):
    return half_cosine(step / (steps - 1), peak, floor)


@mistake("learning_rate", "It falls to 0. The floor is missing: the last step has floor * peak.")
def no_floor(step, steps, peak, warmup=100, floor=0.05):
    return right_rate(step, steps, peak, warmup, 0)


@mistake("learning_rate", "You added the floor to the whole cosine. Scale that by 1 - floor.")
def floor_on_top(step, steps, peak, warmup=100, floor=0.05):
    rate = right_rate(step, steps, peak, warmup, 0)
    return rate if step < warmup else floor * peak + rate


@mistake("learning_rate", "You cut the cosine off at the floor. It should level out there.")
def cut_off_at_the_floor(step, steps, peak, warmup=100, floor=0.05):
    rate = right_rate(step, steps, peak, warmup, 0)
    return rate if step < warmup else max(rate, floor * peak)


@mistake(
    "learning_rate",
    COUNTS_ALL,
    seen="progress measured over all steps, warm-up included",
)
def cosine_counts_all_steps(step, steps, peak, warmup=100, floor=0.05):
    t = step / (steps - 1)
    return peak * (step + 1) / warmup if step < warmup else half_cosine(t, peak, floor)


@mistake("learning_rate", COUNTS_ALL)
def share_of_all_steps(step, steps, peak, warmup=100, floor=0.05):
    t = step / steps
    return peak * (step + 1) / warmup if step < warmup else half_cosine(t, peak, floor)


@mistake("learning_rate", "The peak only multiplies the floor. Multiply the cosine by it, too.")
def peak_times_floor_only(step, steps, peak, warmup=100, floor=0.05):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * floor + right_rate(step, steps, 1 - floor, warmup, 0)


@mistake("learning_rate", "t counts from warmup, but is divided by all steps: it ends before 1.")
def divided_by_all_steps(step, steps, peak, warmup=100, floor=0.05):
    t = (step - warmup) / (steps - 1)
    return peak * (step + 1) / warmup if step < warmup else half_cosine(t, peak, floor)


@mistake(
    "learning_rate",
    "The last step, steps - 1, does not reach the floor: divide by steps - 1 - warmup.",
    seen="divided by steps - warmup",
)
def last_step_short(step, steps, peak, warmup=100, floor=0.05):
    return right_rate(step, steps + 1, peak, warmup, floor)


@mistake("learning_rate", "The cosine is a step ahead: in step warmup, t is 0.")
def cosine_a_step_ahead(step, steps, peak, warmup=100, floor=0.05):
    t = (step + 1 - warmup) / max(1, steps - warmup)
    return peak * (step + 1) / warmup if step < warmup else half_cosine(t, peak, floor)


@mistake("learning_rate", "This is a straight line down. We need half a cosine.")
def linear(step, steps, peak, warmup=100, floor=0.05):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (1 - (1 - floor) * along(step, steps, warmup))


@mistake("learning_rate", "This is a quarter turn, cos from 0 to pi / 2. We need half a turn.")
def quarter_turn(step, steps, peak, warmup=100, floor=0.05):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (floor + (1 - floor) * math.cos(math.pi / 2 * along(step, steps, warmup)))


@mistake("learning_rate", "This is a whole turn: the rate climbs again. Use half: 0 to pi.")
def whole_turn(step, steps, peak, warmup=100, floor=0.05):
    t = 2 * along(step, steps, warmup)
    return peak * (step + 1) / warmup if step < warmup else half_cosine(t, peak, floor)


@mistake("learning_rate", "The pi is missing: cos(t) with t up to 1 hardly falls.")
def no_pi(step, steps, peak, warmup=100, floor=0.05):
    t = along(step, steps, warmup) / math.pi
    return peak * (step + 1) / warmup if step < warmup else half_cosine(t, peak, floor)


@mistake("learning_rate", "The cosine climbs from floor to peak: it is 1 + cos, not 1 - cos.")
def cosine_up(step, steps, peak, warmup=100, floor=0.05):
    t = 1 - along(step, steps, warmup)
    return peak * (step + 1) / warmup if step < warmup else half_cosine(t, peak, floor)


@mistake(
    "learning_rate",
    "1 + cos goes from 2 to 0: halve it. The cosine now starts near twice the peak.",
)
def not_halved(step, steps, peak, warmup=100, floor=0.05):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (floor + (1 - floor) * (1 + math.cos(math.pi * along(step, steps, warmup))))


@mistake(
    "learning_rate", "With one step after the warm-up it divides by 0: max(1, steps - 1 - warmup)."
)
def nothing_left_to_divide_by(step, steps, peak, warmup=100, floor=0.05):
    if step < warmup:
        return peak * (step + 1) / warmup
    return half_cosine((step - warmup) / (steps - 1 - warmup), peak, floor)


@mistake("learning_rate", "You divide by a warmup of 0. Only divide where step < warmup.")
def divided_by_no_warm_up(step, steps, peak, warmup=100, floor=0.05):
    line = peak * (step + 1) / warmup
    return line if step < warmup else right_rate(step, steps, peak, warmup, floor)


@mistake(
    "learning_rate",
    "The first step after the warm-up still climbs, above the peak: the line is for step < warmup.",
    seen="step <= warmup",
)
def one_step_too_high(step, steps, peak, warmup=100, floor=0.05):
    if step <= warmup:
        return peak * (step + 1) / max(1, warmup)
    return right_rate(step, steps, peak, warmup, floor)


@mistake("learning_rate", AS_A_RATE, seen="floor taken as a rate: min_lr")
def floor_as_a_rate(step, steps, peak, warmup=100, floor=0.05):
    return right_rate(step, steps, peak, warmup, floor / peak)


@mistake("learning_rate", AS_A_RATE)
def floor_beside_the_peak(step, steps, peak, warmup=100, floor=0.05):
    if step < warmup:
        return peak * (step + 1) / warmup
    return floor + (1 - floor) * right_rate(step, steps, peak, warmup, 0)


@mistake("learning_rate", "The warm-up isn't multiplied by the peak.")
def warm_up_without_the_peak(step, steps, peak, warmup=100, floor=0.05):
    return (step + 1) / warmup if step < warmup else right_rate(step, steps, peak, warmup, floor)


@mistake("learning_rate", "The warm-up always takes 100 steps here. Use `warmup`.")
def always_a_hundred(step, steps, peak, warmup=100, floor=0.05):
    return right_rate(step, steps, peak, 100, floor)


@mistake(
    "learning_rate", "// rounds down, so the warm-up's line became a jump. Use /.", seen="// for /"
)
def whole_numbers_on_the_line(step, steps, peak, warmup=100, floor=0.05):
    rate = right_rate(step, steps, peak, warmup, floor)
    return peak * ((step + 1) // warmup) if step < warmup else rate


@mistake(
    "learning_rate", "// rounds down, so t stays 0 up to the last step. Use /.", seen="// for /"
)
def whole_numbers_in_the_cosine(step, steps, peak, warmup=100, floor=0.05):
    t = (step - warmup) // max(1, steps - 1 - warmup)
    return peak * (step + 1) / warmup if step < warmup else half_cosine(t, peak, floor)


@mistake("learning_rate", "This is an exponential. We need half a cosine.")
def exponential(step, steps, peak, warmup=100, floor=0.05):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * floor ** along(step, steps, warmup)


@mistake(
    "learning_rate", "This is a sine, which climbs first. We need half a cosine, from the peak."
)
def sine(step, steps, peak, warmup=100, floor=0.05):
    t = along(step, steps, warmup) - 0.5
    return peak * (step + 1) / warmup if step < warmup else half_cosine(t, peak, floor)


@accepted("learning_rate")
def from_the_floor_up(step, steps, peak, warmup=100, floor=0.05):
    if step < warmup:
        return (step + 1) / warmup * peak
    low, angle = floor * peak, math.pi * (step - warmup) / (steps - 1 - warmup or 1)
    return low + 0.5 * (peak - low) * (1 + math.cos(angle))


@accepted("learning_rate")
def by_the_square_of_a_cosine(step, steps, peak, warmup=100, floor=0.05):
    if step + 1 <= warmup:
        return np.interp(step + 1, [0, warmup], [0, peak])
    t = 0 if steps - warmup < 2 else (step - warmup) / (steps - warmup - 1)
    return peak - peak * (1 - floor) * np.sin(np.pi * t / 2) ** 2


# loss_and_gradients


def backward_of(model, inputs, targets, clear=True):
    """The loss, a tensor, and the gradients as they are."""
    if clear:
        model.zero_grad()
    loss = right_loss(model(torch.tensor(inputs)), torch.tensor(targets))
    loss.backward()
    return loss, [parameter.grad.numpy() for parameter in model.parameters()]


def shortened(gradients, length, longest):
    factor = longest / max(length, longest)
    return [factor * gradient for gradient in gradients]


def length_of(gradients):
    return math.sqrt(sum((gradient**2).sum() for gradient in gradients))


@mistake(
    "loss_and_gradients",
    "The gradients of an earlier batch are still in there: `backward` adds to .grad. Clear them "
    "first.",
)
def not_cleared(model, inputs, targets, longest=1.0):
    loss, gradients = backward_of(model, inputs, targets, clear=False)
    return loss.item(), shortened(gradients, length_of(gradients), longest)


@mistake(
    "loss_and_gradients",
    "You shortened each parameter's gradient by itself, which changes the direction. Take one "
    "length for all of them together, and one factor.",
)
def each_by_itself(model, inputs, targets, longest=1.0):
    loss, gradients = backward_of(model, inputs, targets)
    return loss.item(), [shortened([each], length_of([each]), longest)[0] for each in gradients]


@mistake(
    "loss_and_gradients",
    "You clipped each number at `longest`. Multiply them all by one factor instead, so that the "
    "direction stays.",
)
def cut_off(model, inputs, targets, longest=1.0):
    loss, gradients = backward_of(model, inputs, targets)
    return loss.item(), [each.clip(-longest, longest) for each in gradients]


@mistake(
    "loss_and_gradients",
    "The gradient is never shortened. If its length is more than `longest`, multiply by longest / "
    "length.",
)
def never_shortened(model, inputs, targets, longest=1.0):
    loss, gradients = backward_of(model, inputs, targets)
    return loss.item(), gradients


@mistake(
    "loss_and_gradients",
    "You made short gradients longer. The factor is at most 1: only a gradient that is too long "
    "changes.",
)
def always_that_long(model, inputs, targets, longest=1.0):
    loss, gradients = backward_of(model, inputs, targets)
    return loss.item(), [longest / length_of(gradients) * each for each in gradients]


@mistake(
    "loss_and_gradients",
    "The root is missing: the length is the square root of the sum of the squares.",
)
def without_the_root(model, inputs, targets, longest=1.0):
    loss, gradients = backward_of(model, inputs, targets)
    return loss.item(), shortened(gradients, length_of(gradients) ** 2, longest)


@mistake(
    "loss_and_gradients",
    "You added up the parameters' lengths. Add up all the squares, and take one root.",
)
def sum_of_lengths(model, inputs, targets, longest=1.0):
    loss, gradients = backward_of(model, inputs, targets)
    return loss.item(), shortened(gradients, sum(length_of([each]) for each in gradients), longest)


@mistake(
    "loss_and_gradients",
    "You used the largest number as the length. It's the root of the sum of all squares.",
)
def largest_number(model, inputs, targets, longest=1.0):
    loss, gradients = backward_of(model, inputs, targets)
    return loss.item(), shortened(gradients, max(abs(each).max() for each in gradients), longest)


@mistake(
    "loss_and_gradients",
    "You added up absolute values. The length is the root of the sum of the squares.",
)
def sum_of_sizes(model, inputs, targets, longest=1.0):
    loss, gradients = backward_of(model, inputs, targets)
    return loss.item(), shortened(gradients, sum(abs(each).sum() for each in gradients), longest)


@mistake(
    "loss_and_gradients",
    "You shorten to 1, whatever `longest` is. Use the argument.",
)
def always_to_one(model, inputs, targets, longest=1.0):
    return right_gradients(model, inputs, targets)


@mistake(
    "loss_and_gradients",
    "You divided by the number of numbers. The length is the root of the sum, not of the mean.",
)
def root_of_the_mean(model, inputs, targets, longest=1.0):
    loss, gradients = backward_of(model, inputs, targets)
    count = sum(each.size for each in gradients)
    return loss.item(), shortened(gradients, length_of(gradients) / math.sqrt(count), longest)


@mistake("loss_and_gradients", "The loss is still a tensor. Return a float: loss.item().")
def loss_as_a_tensor(model, inputs, targets, longest=1.0):
    loss, gradients = backward_of(model, inputs, targets)
    return loss, shortened(gradients, length_of(gradients), longest)


@mistake(
    "loss_and_gradients",
    "You scaled the loss by the factor, too. Scale only the gradients.",
)
def shortened_loss(model, inputs, targets, longest=1.0):
    loss, gradients = backward_of(model, inputs, targets)
    factor = longest / max(length_of(gradients), longest)
    return loss.item() * factor, [factor * each for each in gradients]


@mistake(
    "loss_and_gradients",
    "The gradients are in reverse order. Keep the order of model.parameters().",
)
def in_reverse(model, inputs, targets, longest=1.0):
    loss, gradients = right_gradients(model, inputs, targets, longest)
    return loss, gradients[::-1]


@accepted("loss_and_gradients")
def by_the_engine(model, inputs, targets, longest=1.0):
    logits = model(torch.tensor(inputs))
    loss = F.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten())
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    gradients = [each.numpy() for each in gradients]
    return loss.item(), shortened(gradients, length_of(gradients), longest)


@accepted("loss_and_gradients")
def in_one_long_vector(model, inputs, targets, longest=1.0):
    loss, gradients = backward_of(model, inputs, targets)
    length = np.linalg.norm(np.concatenate([each.ravel() for each in gradients]))
    if length > longest:
        gradients = [each / length * longest for each in gradients]
    return loss.item(), gradients


# next_token_probabilities

NO_EFFECT = "The temperature has no effect: divide the *logits* by it, before the softmax."
ZERO = "A temperature of 0 needs a case of its own: all the probability for the likeliest token."
ZERO_SHARED = (
    "At temperature 0 the likeliest tokens share the probability. The lowest id should get it all."
)
OVERFLOW = "exp overflows. Subtract each row's largest logit first: the softmax stays the same."
ROW_BY_ROW = "k counts tokens over the whole batch. Each row keeps k of its own: axis=-1."


def softmax(logits, axis=-1):
    with np.errstate(all="ignore"):
        powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
        return powers / powers.sum(axis=axis, keepdims=True)


def cold(temperature, top_k):
    """Temperature and k, where 0 means the likeliest alone."""
    return (1.0, 1) if temperature == 0 else (temperature, top_k)


def ranks_of(logits, top_k):
    """How many tokens of its row come before each, and k as a number."""
    order = np.argsort(-logits, axis=-1, kind="stable")
    return np.argsort(order, axis=-1), logits.shape[-1] if top_k is None else top_k


def kept_of(p, kept):
    p = np.where(kept, p, 0)
    with np.errstate(all="ignore"):
        return p / p.sum(axis=-1, keepdims=True)


@mistake(
    "next_token_probabilities",
    "You multiplied by the temperature. Divide by it: below 1 sharpens.",
)
def multiplied(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    return right_probabilities(logits, 1 / temperature, top_k)


@mistake("next_token_probabilities", NO_EFFECT)
def temperature_ignored(logits, temperature=1.0, top_k=None):
    return right_probabilities(logits, 1.0, cold(temperature, top_k)[1])


@mistake(
    "next_token_probabilities",
    "You divided probabilities by the temperature. Divide the logits, before the softmax.",
)
def probabilities_divided(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    return right_probabilities(logits, 1.0, top_k) / temperature


@mistake(
    "next_token_probabilities",
    "You took a softmax of probabilities. One is enough: of logits / temperature.",
    seen="probabilities passed where logits belong",
)
def softmax_of_probabilities(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    return right_probabilities(softmax(logits), temperature, top_k)


@mistake(
    "next_token_probabilities",
    "You took powers of the logits. Powers 1 / temperature are for probabilities; logits are "
    "divided.",
)
def powers_of_logits(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    with np.errstate(all="ignore"):
        return kept_of(softmax(logits ** (1 / temperature)), ranks_of(logits, top_k)[0] < 99)


@mistake(
    "next_token_probabilities",
    "What top-k keeps sums to less than 1. Divide it by its sum.",
    seen="renormalization forgotten",
)
def not_divided_again(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    rank, k = ranks_of(logits, top_k)
    return np.where(rank < k, softmax(logits / temperature), 0)


@mistake(
    "next_token_probabilities",
    "After top-k you took another softmax: what was 0 is above 0 again. Divide by the sum.",
)
def softmax_again(logits, temperature=1.0, top_k=None):
    p = not_divided_again.answer(logits, temperature, top_k)
    return softmax(p) if cold(temperature, top_k)[1] else p


@mistake(
    "next_token_probabilities",
    "You divided by the sum of all rows. Each row has its own: axis=-1, keepdims=True.",
)
def sum_of_all_rows(logits, temperature=1.0, top_k=None):
    p = not_divided_again.answer(logits, temperature, top_k)
    return p / p.sum()


@mistake("next_token_probabilities", "You kept one token too many: keep exactly k.")
def one_too_many(logits, temperature=1.0, top_k=None):
    if temperature == 0 or top_k is None:
        return right_probabilities(logits, temperature)
    return right_probabilities(logits, temperature, top_k + 1)


@mistake(
    "next_token_probabilities",
    "You kept one token too few: the kth likeliest stays.",
    seen="> where >= belongs",
)
def one_too_few(logits, temperature=1.0, top_k=None):
    if temperature == 0 or top_k is None:
        return right_probabilities(logits, temperature)
    rank, k = ranks_of(logits, top_k)
    return kept_of(softmax(logits / temperature), rank < min(k, logits.shape[-1]) - 1)


@mistake(
    "next_token_probabilities",
    "You kept the k least likely tokens. Sort the negative, so that the likeliest come first.",
    seen="argsort sorts upwards",
)
def least_likely(logits, temperature=1.0, top_k=None):
    if temperature == 0 or top_k is None:
        return right_probabilities(logits, temperature)
    rank, k = ranks_of(-logits, top_k)
    return kept_of(softmax(logits / temperature), rank < k)


@mistake(
    "next_token_probabilities",
    "You dropped the k likeliest tokens and kept the rest. It's the rest that becomes 0.",
)
def likeliest_dropped(logits, temperature=1.0, top_k=None):
    if temperature == 0 or top_k is None:
        return right_probabilities(logits, temperature)
    rank, k = ranks_of(logits, top_k)
    return kept_of(softmax(logits / temperature), rank >= k)


@mistake(
    "next_token_probabilities",
    "You kept the first k columns. Which tokens are likeliest? Sort each row.",
)
def first_columns(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    column = np.arange(logits.shape[-1])
    return kept_of(softmax(logits / temperature), column < (top_k or len(column)))


@mistake(
    "next_token_probabilities",
    "You kept all that are as likely as the kth. Of equal ones keep the lower ids: exactly k.",
    seen="a threshold: logits < kth largest",
)
def equal_ones_all_kept(logits, temperature=1.0, top_k=None):
    if temperature == 0 or top_k is None:
        return right_probabilities(logits, temperature)
    ranked = -np.sort(-logits, axis=-1)
    kth = ranked[:, min(top_k, logits.shape[-1]) - 1, None]
    return kept_of(softmax(logits / temperature), logits >= kth)


@mistake(
    "next_token_probabilities",
    "Of equally likely tokens you kept the higher ids: sort -logits, don't reverse.",
    seen="argsort(...)[:, ::-1]",
)
def higher_ids(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    return right_probabilities(logits[:, ::-1], temperature, top_k)[:, ::-1]


@mistake(
    "next_token_probabilities",
    "Ties come in any order: beyond 16 entries np.argsort needs kind='stable'.",
)
def in_any_order(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    rank = np.argsort(np.argsort(-logits, axis=-1), axis=-1)
    return kept_of(softmax(logits / temperature), rank < ranks_of(logits, top_k)[1])


@mistake("next_token_probabilities", ROW_BY_ROW)
def top_of_the_batch(logits, temperature=1.0, top_k=None):
    if temperature == 0 or top_k is None:
        return right_probabilities(logits, temperature)
    p = softmax(logits / temperature)
    rank, k = ranks_of(p.reshape(1, -1), top_k)
    return kept_of(p, (rank < k).reshape(p.shape))


@mistake(
    "next_token_probabilities",
    "All rows use the first row's order. Each row has its own: axis=-1.",
)
def first_rows_order(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    rank, k = ranks_of(logits[:1], top_k)
    return kept_of(softmax(logits / temperature), rank < k)


@mistake(
    "next_token_probabilities",
    "You zeroed the wrong columns: `order` is the list of columns, not each column's rank. Use "
    "np.put_along_axis.",
    seen="order taken for ranks",
)
def order_for_ranks(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    order = np.argsort(-logits, axis=-1, kind="stable")
    return kept_of(softmax(logits / temperature), order < ranks_of(logits, top_k)[1])


@mistake(
    "next_token_probabilities",
    "The probabilities are sorted. Leave each where it was: column n belongs to token n.",
)
def likeliest_first(logits, temperature=1.0, top_k=None):
    p = -np.sort(-right_probabilities(logits, temperature, top_k), axis=-1)
    return p if cold(temperature, top_k)[1] else right_probabilities(logits, temperature)


@mistake(
    "next_token_probabilities",
    "You set logits to 0, and exp(0) is 1. Set the probabilities to 0.",
    seen="logits masked with 0 instead of -inf",
)
def logits_zeroed(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    rank, k = ranks_of(logits, top_k)
    return softmax(np.where(rank < k, logits, 0) / temperature)


@mistake(
    "next_token_probabilities",
    "The softmax runs over the batch. Each row is a distribution: axis=-1.",
)
def softmax_over_the_batch(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    rank, k = ranks_of(logits, top_k)
    p = softmax(logits / temperature, axis=0)
    return p if top_k is None else kept_of(p, rank < k)


@mistake(
    "next_token_probabilities",
    "These are logarithms of probabilities. Apply np.exp.",
)
def logarithms(logits, temperature=1.0, top_k=None):
    with np.errstate(divide="ignore"):
        return np.log(right_probabilities(logits, temperature, top_k))


@mistake(
    "next_token_probabilities",
    "These are the logits divided by the temperature. Take their softmax.",
)
def only_divided(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    rank, k = ranks_of(logits, top_k)
    return np.where(rank < k, logits / temperature, 0)


@mistake("next_token_probabilities", OVERFLOW, seen="exp without subtracting the maximum")
def overflows(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    rank, k = ranks_of(logits, top_k)
    with np.errstate(all="ignore"):
        return kept_of(np.exp(logits / temperature), rank < k)


@mistake(
    "next_token_probabilities",
    "You subtracted the largest logit of the batch. A row far below it becomes 0 / 0: take each "
    "row's own, with axis=-1, keepdims=True.",
)
def largest_of_the_batch(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    rank, k = ranks_of(logits, top_k)
    return kept_of(np.exp((logits - logits.max()) / temperature), rank < k)


@mistake("next_token_probabilities", ZERO, seen="division by 0")
def divided_by_zero(logits, temperature=1.0, top_k=None):
    with np.errstate(all="ignore"):
        return right_probabilities(logits, np.float64(temperature) or np.nan, top_k)


@mistake("next_token_probabilities", ZERO)
def zero_as_one(logits, temperature=1.0, top_k=None):
    return right_probabilities(logits, temperature or 1.0, top_k)


@mistake("next_token_probabilities", ZERO_SHARED)
def hardly_warm(logits, temperature=1.0, top_k=None):
    return right_probabilities(logits, max(temperature, 1e-9), top_k)


@mistake("next_token_probabilities", ZERO_SHARED)
def equal_to_the_largest(logits, temperature=1.0, top_k=None):
    if temperature == 0:
        return kept_of(np.ones(logits.shape), logits == logits.max(axis=-1, keepdims=True))
    return right_probabilities(logits, temperature, top_k)


@mistake(
    "next_token_probabilities",
    "At temperature 0 you returned ids. Return probabilities: 1 for the likeliest token, 0 for "
    "the others.",
    seen="argmax returned",
)
def id_of_the_likeliest(logits, temperature=1.0, top_k=None):
    if temperature == 0:
        return logits.argmax(axis=-1)
    return right_probabilities(logits, temperature, top_k)


@mistake("next_token_probabilities", "top_k has no effect: all but the k likeliest become 0.")
def all_kept(logits, temperature=1.0, top_k=None):
    return right_probabilities(logits, temperature)


@mistake("next_token_probabilities", shown_by="inputs_are_kept")
def logits_divided_in_place(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    logits /= temperature
    return right_probabilities(logits, 1.0, top_k)


@accepted("next_token_probabilities")
def logits_at_minus_infinity(logits, temperature=1.0, top_k=None):
    if temperature == 0:
        return np.eye(logits.shape[-1])[logits.argmax(axis=-1)]
    rank, k = ranks_of(logits, top_k)
    return softmax(np.where(rank < k, logits / temperature, -np.inf))


@accepted("next_token_probabilities")
def by_powers(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    p = softmax(logits)
    order = np.argsort(-p, axis=-1, kind="stable")
    np.put_along_axis(p, order[:, top_k or p.shape[-1] :], 0, axis=-1)
    p = (p / p.max(axis=-1, keepdims=True)) ** (1 / temperature)
    return p / p.sum(axis=-1, keepdims=True)


@accepted("next_token_probabilities")
def row_after_row(logits, temperature=1.0, top_k=None):
    temperature, top_k = cold(temperature, top_k)
    rows = []
    for row in logits.tolist():
        order = sorted(range(len(row)), key=lambda token: -row[token])[:top_k]
        powers = [math.exp((each - max(row)) / temperature) for each in row]
        rows.append([each * (token in order) for token, each in enumerate(powers)])
    return np.array(rows) / np.sum(rows, axis=-1, keepdims=True)


# nucleus

FIXED = "You kept a fixed number of tokens per row: that's top-k. How many depends on top_p."
UNSORTED_TWICE = (
    "The tokens are in the wrong columns: you applied `order` twice. It says where each came "
    "from; to go back, use np.put_along_axis, or np.argsort(order, axis=-1)."
)
SHARE = "You kept a share top_p of the *tokens*. It's a share of the probability."
THRESHOLD = (
    "A token's own size decides here. What counts is what the likelier ones before it add up to."
)


def keep(probabilities, kept):
    kept = np.where(kept, probabilities, 0)
    with np.errstate(invalid="ignore"):
        return kept / kept.sum(axis=-1, keepdims=True)


def ranks(probabilities):
    """The columns, likeliest first, and the probabilities in that order."""
    order = np.argsort(-probabilities, axis=-1, kind="stable")
    return order, np.take_along_axis(probabilities, order, axis=-1)


def kept_in(order, probabilities, top_p):
    """The nucleus, if the tokens are taken in this order."""
    ranked = np.take_along_axis(probabilities, order, axis=-1)
    fits = ranked.cumsum(axis=-1) - ranked < top_p
    return keep(probabilities, np.take_along_axis(fits, np.argsort(order, axis=-1), axis=-1))


def top(probabilities, count):
    """Only the `count` likeliest of each row."""
    order, _ = ranks(probabilities)
    return keep(probabilities, np.argsort(order, axis=-1) < count)


@mistake(
    "nucleus",
    "You dropped the token that reaches top_p. Keep it if those *before* it are below top_p.",
    seen="the mask not shifted by one",
)
def crossing_token_dropped(probabilities, top_p):
    order, ranked = ranks(probabilities)
    fits = ranked.cumsum(axis=-1) <= top_p
    return keep(probabilities, np.take_along_axis(fits, np.argsort(order, axis=-1), axis=-1))


@mistake(
    "nucleus",
    "You dropped the token that reaches top_p. Keep it if those *before* it are below top_p.",
)
def crossing_token_dropped_always(probabilities, top_p):
    order, ranked = ranks(probabilities)
    fits = ranked.cumsum(axis=-1) < top_p
    return keep(probabilities, np.take_along_axis(fits, np.argsort(order, axis=-1), axis=-1))


@mistake("nucleus", "You dropped the token that reaches top_p, unless it's the likeliest one.")
def crossing_token_dropped_but_first(probabilities, top_p):
    order, ranked = ranks(probabilities)
    fits = ranked.cumsum(axis=-1) <= top_p
    fits[:, 0] = True
    return keep(probabilities, np.take_along_axis(fits, np.argsort(order, axis=-1), axis=-1))


@mistake(
    "nucleus",
    "The probabilities are sorted. Put each back where it was: column n belongs to token n.",
    seen="sampled from the sorted order and not mapped back",
)
def left_sorted(probabilities, top_p):
    _, ranked = ranks(probabilities)
    return keep(ranked, ranked.cumsum(axis=-1) - ranked < top_p)


@mistake("nucleus", "What is kept sums to less than 1. Divide it by its sum.")
def not_renormalized(probabilities, top_p):
    return np.where(right_nucleus(probabilities, top_p) > 0, probabilities, 0)


@mistake("nucleus", "You divided by top_p. Divide what's kept by its own sum: it may be more.")
def divided_by_top_p(probabilities, top_p):
    return not_renormalized.answer(probabilities, top_p) / top_p


@mistake(
    "nucleus", "You divided by the sum of all rows. Each row has its own: axis=-1, keepdims=True."
)
def divided_by_all_rows(probabilities, top_p):
    kept = not_renormalized.answer(probabilities, top_p)
    return kept / kept.sum()


@mistake(
    "nucleus", "These are True and False. Keep the probabilities themselves, and divide by the sum."
)
def truth_values(probabilities, top_p):
    return right_nucleus(probabilities, top_p) > 0


@mistake("nucleus", "You added tokens up from id 0 on. Begin with the likeliest: sort first.")
def unsorted(probabilities, top_p):
    return keep(probabilities, probabilities.cumsum(axis=-1) - probabilities < top_p)


@mistake(
    "nucleus",
    "You added tokens up from the unlikely end. Begin with the likeliest.",
    seen="sorted upwards, so that the unlikely end is kept",
)
def from_the_unlikely_end(probabilities, top_p):
    return kept_in(np.argsort(probabilities, axis=-1, kind="stable"), probabilities, top_p)


@mistake(
    "nucleus",
    "Where the sum is exactly top_p, you kept one too many: the ones before it must be *below* it.",
    seen="<= where < belongs",
)
def keeps_one_too_many(probabilities, top_p):
    order, ranked = ranks(probabilities)
    fits = ranked.cumsum(axis=-1) - ranked <= top_p
    return keep(probabilities, np.take_along_axis(fits, np.argsort(order, axis=-1), axis=-1))


@mistake("nucleus", "All rows use the first row's order. Each row has its own: axis=-1.")
def order_of_the_first_row(probabilities, top_p):
    order = np.argsort(-probabilities[0], kind="stable")
    return kept_in(np.tile(order, (len(probabilities), 1)), probabilities, top_p)


@mistake("nucleus", "Every row keeps as many tokens as the first. Each has its own number.")
def count_of_the_first_row(probabilities, top_p):
    return top(probabilities, np.count_nonzero(right_nucleus(probabilities[:1], top_p)))


@mistake(
    "nucleus",
    "Only the likeliest token is kept. Add the next ones until they reach top_p together.",
)
def likeliest_only(probabilities, top_p):
    return keep(probabilities, probabilities == probabilities.max(axis=-1, keepdims=True))


@mistake("nucleus", FIXED)
def top_two(probabilities, top_p):
    return top(probabilities, 2)


@mistake("nucleus", FIXED)
def top_three(probabilities, top_p):
    return top(probabilities, 3)


@mistake("nucleus", SHARE)
def share_of_the_tokens(probabilities, top_p):
    return top(probabilities, max(1, math.ceil(top_p * probabilities.shape[-1])))


@mistake("nucleus", SHARE)
def share_of_the_tokens_rounded_down(probabilities, top_p):
    return top(probabilities, max(1, int(top_p * probabilities.shape[-1])))


@mistake("nucleus", "You dropped the likely tokens and kept the rest. Keep the likely ones.")
def the_rest(probabilities, top_p):
    order, ranked = ranks(probabilities)
    fits = np.take_along_axis(ranked.cumsum(axis=-1), np.argsort(order, axis=-1), axis=-1)
    return keep(probabilities, fits >= top_p)


@mistake("nucleus", "The sum goes on from one row to the next. Start it at 0 in every row.")
def sum_over_rows(probabilities, top_p):
    kept, total = np.zeros_like(probabilities), 0.0
    for row, out in zip(probabilities, kept):
        for token in np.argsort(-row, kind="stable"):
            if total < top_p:
                out[token] = row[token]
                total += row[token]
    return keep(kept, True)


@mistake("nucleus", THRESHOLD)
def large_ones(probabilities, top_p):
    return keep(probabilities, probabilities >= top_p)


@mistake("nucleus", UNSORTED_TWICE, seen="sorted order used to sort back")
def sorted_twice(probabilities, top_p):
    order, ranked = ranks(probabilities)
    fits = ranked.cumsum(axis=-1) - ranked < top_p
    return keep(probabilities, np.take_along_axis(fits, order, axis=-1))


@mistake("nucleus", UNSORTED_TWICE)
def values_sorted_twice(probabilities, top_p):
    order, ranked = ranks(probabilities)
    kept = keep(ranked, ranked.cumsum(axis=-1) - ranked < top_p)
    return np.take_along_axis(kept, order, axis=-1)


@mistake("nucleus", "The mask is still in sorted order: bring it back to the tokens' columns.")
def mask_left_sorted(probabilities, top_p):
    _, ranked = ranks(probabilities)
    return keep(probabilities, ranked.cumsum(axis=-1) - ranked < top_p)


@mistake("nucleus", "It works along axis 0, over the batch. Each row is a distribution: axis=-1.")
def over_the_batch(probabilities, top_p):
    order = np.argsort(-probabilities, axis=0, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=0)
    kept = np.zeros_like(probabilities)
    np.put_along_axis(
        kept, order, np.where(ranked.cumsum(axis=0) - ranked < top_p, ranked, 0), axis=0
    )
    return kept / kept.sum(axis=-1, keepdims=True)


@mistake(
    "nucleus",
    "Of equally likely tokens you kept the higher ids: sort -probabilities, don't reverse.",
    seen="argsort(...)[:, ::-1]",
)
def ties_reversed(probabilities, top_p):
    return kept_in(np.argsort(probabilities, axis=-1, kind="stable")[:, ::-1], probabilities, top_p)


@mistake("nucleus", "Ties come in any order: beyond 16 entries np.argsort needs kind='stable'.")
def ties_in_any_order(probabilities, top_p):
    return kept_in(np.argsort(-probabilities, axis=-1), probabilities, top_p)


@mistake("nucleus", "You kept all ties with the last token kept. Keep the fewest.")
def ties_all_kept(probabilities, top_p):
    nucleus = right_nucleus(probabilities, top_p)
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


@accepted("nucleus")
def by_the_ranks(probabilities, top_p):
    order, ranked = ranks(probabilities)
    count = 1 + (ranked.cumsum(axis=-1)[:, :-1] < top_p).sum(axis=-1, keepdims=True)
    return top(probabilities, count)


@accepted("nucleus")
def with_sorted_lists(probabilities, top_p):
    rows = []
    for row in probabilities.tolist():
        chosen, rest = [], sorted(range(len(row)), key=lambda token: (-row[token], token))
        while rest and sum(row[token] for token in chosen) < top_p:
            chosen.append(rest.pop(0))
        rows.append([row[token] * (token in chosen) for token in range(len(row))])
    return np.array(rows) / np.sum(rows, axis=1)[:, None]

"""What positions learn: probes that read positions from vectors, what a masked
language model is asked, and RoPE with some of its columns cut.

A probe is a small model that is fitted to vectors somebody else has learned.
If it can read positions from vectors it has not seen, they are in there.
"""

import functools

import numpy as np

import minitorch as torch
from solutions.absolute_positions import angular_speeds
from solutions.language import random_windows, read_this_course
from solutions.rope import RoPE
from solutions.tokenizer import Tokenizer
from solutions.training import UNSCORED, summed_loss

FOLDS = 5
HELD_OUT = 12_000  # characters at the end of the course's text


# ------------------------------------------ two regressions


def ridge(x, y, penalty=1e-3):
    """Linear regression with small weights: the w and b that minimize

        sum over rows of (x . w + b - y)^2 + penalty * size^2 * |w|^2

    where size is the standard deviation of the numbers in x. It keeps the
    result the same in other units.

    x         array (n, dim)
    y         array (n,)
    returns   w (dim,) and b, a number

    >>> weights, intercept = ridge(np.array([[0.0], [2.0]]), np.array([3, 7]))
    >>> weights.round(1).tolist(), round(float(intercept), 1)
    ([2.0], 3.0)
    """
    mean, size = x.mean(axis=0), spread(x)
    u, s, vt = np.linalg.svd((x - mean) / size, full_matrices=False)
    weights = vt.T @ (s / (s**2 + penalty) * (u.T @ (y - y.mean()))) / size
    return weights, y.mean() - mean @ weights


def logistic_regression(x, y, penalty=1.0, steps=25):
    """The linear boundary between two kinds of rows: the w and b that minimize

        sum over rows of log(1 + exp(-(x . w + b)))    where y is True
                       + log(1 + exp(x . w + b))       where y is False
        + penalty / 2 * size^2 * |w|^2

    by Newton's method. sigmoid(x . w + b) is then how likely a row is True.

    x         array (n, dim)
    y         bool array (n,)
    returns   w (dim,) and b, a number

    >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> weights, intercept = logistic_regression(x, x[:, 0] > 1.5)
    >>> (x @ weights + intercept > 0).tolist()
    [False, False, True, True]
    """
    mean, size = x.mean(axis=0), spread(x)
    u, s, vt = np.linalg.svd((x - mean) / size, full_matrices=False)
    # w is a sum of rows of x, so work in as many columns as there are rows
    rows = np.column_stack([u * s, np.ones(len(x))])  # (n, rank + 1)
    penalties = np.full(rows.shape[1], penalty)
    penalties[-1] = 1e-6  # the intercept is free
    w = np.zeros(rows.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(rows @ w)))
        slope = rows.T @ (p - y) + penalties * w
        curvature = (rows.T * (p * (1 - p))) @ rows + np.diag(penalties)
        step = np.linalg.solve(curvature, slope)
        w -= step
        if abs(step).max() < 1e-8:
            break
    weights = vt.T @ w[:-1] / size
    return weights, w[-1] - mean @ weights


def spread(x):
    """The standard deviation of all numbers of x around their columns' means;
    1 if there is none."""
    return (x - x.mean(axis=0)).std() or 1.0


# ------------------------------------------ the probes


def cosine_map(vectors):
    """The cosine of every vector with every other one.

        cosine[i, j] = v_i . v_j / (|v_i| |v_j|)

    1 is the same direction, 0 at right angles, -1 opposite.

    vectors   array (n, dim), none of them zero
    returns   array (n, n)

    >>> cosine_map(np.array([[3.0, 0.0], [1.0, 1.0]])).round(2).tolist()
    [[1.0, 0.71], [0.71, 1.0]]

    Source: Wang & Chen 2020 (arXiv 2010.04903), their first figure.
    """
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit @ unit.T


def position_probe(vectors, positions, fold):
    """How far off a linear map is when it reads positions from vectors it has
    not seen.

    The vectors are in folds. Each fold is predicted by a map fitted to all the
    other folds: weights, intercept = ridge(x, y) predicts x @ weights +
    intercept. Predictions are rounded to whole positions.

    vectors     array (n, dim)
    positions   int array (n,): the position that belongs to each vector
    fold        int array (n,): which fold each vector is in, 0, 1, 2, ...
    returns     a number: the mean of |prediction - position| over all n

    >>> squares = np.array([[0.0], [1.0], [4.0], [9.0]])
    >>> fold = np.array([0, 0, 1, 1])
    >>> position_probe(squares, np.arange(4), fold)
    2.25

    From the first two a line predicts 4 and 9 for the last two, which are at 2
    and 3. From the last two it predicts 1.2 and 1.4, so 1 and 1, for 0 and 1.

    Source: Wang & Chen 2020 (arXiv 2010.04903), the study of absolute
    positions.
    """
    predicted = np.empty(len(vectors))
    for each in np.unique(fold):
        held_out = fold == each
        weights, intercept = ridge(vectors[~held_out], positions[~held_out])
        predicted[held_out] = vectors[held_out] @ weights + intercept
    return float(abs(predicted.round() - positions).mean())


def order_probe(vectors, first, second, fold):
    """How often a linear boundary gets the order of two positions wrong.

    It sees the vectors of two positions, the first one's numbers and then the
    second one's, and says whether the second position is later. The pairs are
    in folds. For each fold the boundary is fitted to all the other folds:
    weights, intercept = logistic_regression(x, y), with y True where the
    second is later, says "later" where x @ weights + intercept > 0.

    vectors         array (num_positions, dim); row p is position p's
    first, second   int arrays (pairs,) of positions, different in each pair
    fold            int array (pairs,): which fold each pair is in, 0, 1, ...
    returns         a number from 0 to 1: the share of all pairs it gets wrong

    >>> first, second = np.array([0, 3, 1, 2]), np.array([3, 0, 2, 1])
    >>> fold = np.array([0, 0, 1, 1])
    >>> order_probe(np.arange(4.0)[:, None], first, second, fold)
    0.0
    >>> there_and_back = np.array([[0.0], [2.0], [1.0], [3.0]])
    >>> order_probe(there_and_back, first, second, fold)
    1.0

    Source: Wang & Chen 2020 (arXiv 2010.04903), the study of relative
    positions.
    """
    x = np.hstack([vectors[first], vectors[second]])  # (pairs, 2 dim)
    later = second > first
    says_later = np.empty(len(x), dtype=bool)
    for each in np.unique(fold):
        held_out = fold == each
        weights, intercept = logistic_regression(
            x[~held_out], later[~held_out]
        )
        says_later[held_out] = x[held_out] @ weights + intercept > 0
    return float((says_later != later).mean())


def random_folds(rng, count):
    """Each of `count` things in one of five folds of about equal size: int
    array (count,)."""
    return rng.permutation(count) % FOLDS


def random_pairs(rng, num_positions, count=512):
    """Different pairs of two positions, as the paper draws them, and a fold
    for each.

    A position is in many pairs, so it is known from other folds.

    returns   first, second, fold: int arrays (count,)
    """
    first, second = np.divmod(rng.permutation(num_positions**2), num_positions)
    two = first != second
    first, second = first[two][:count], second[two][:count]
    return first, second, np.arange(len(first)) % FOLDS


def pairs_of_new_positions(rng, num_positions, count=512):
    """Pairs of two positions of the same fold, so that no position of a pair
    is in any pair of the other folds.

    returns   first, second, fold: int arrays (count,)
    """
    of_position = random_folds(rng, num_positions)
    same = of_position[:, None] == of_position
    first, second = np.nonzero(same & ~np.eye(num_positions, dtype=bool))
    chosen = rng.permutation(len(first))[:count]
    return first[chosen], second[chosen], of_position[first[chosen]]


def probe_errors(vectors, seeds=3):
    """Both probes of a position table, averaged over folds drawn anew.

    vectors   array (num_positions, dim)
    returns   position error, order error, order error on new positions
    """
    positions, errors = np.arange(len(vectors)), []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        errors.append(
            (
                position_probe(
                    vectors, positions, random_folds(rng, len(vectors))
                ),
                order_probe(vectors, *random_pairs(rng, len(vectors))),
                order_probe(
                    vectors, *pairs_of_new_positions(rng, len(vectors))
                ),
            )
        )
    return np.mean(errors, axis=0)


@torch.no_grad()
def hidden_states(model, ids):
    """What a model carries from layer to layer.

    ids       int array (batch, seq)
    returns   a list of arrays (batch, seq, dim): the embeddings, with what
              positions add to them, and what comes out of each block
    """
    x = model.embed(torch.tensor(ids))
    states = [x.numpy()]
    for block in model.blocks:
        x = block(x)
        states.append(x.numpy())
    return states


@torch.no_grad()
def attention_maps(model, ids):
    """What every head attends to.

    ids       int array (batch, seq)
    returns   array (batch, layers * heads, query, key), heads of the first
              layer first
    """
    x, weights = model.embed(torch.tensor(ids)), []
    for block in model.blocks:
        scores = block.attention.scores(block.attention_norm(x))
        weights.append(scores.softmax(dim=-1).numpy())
        x = block(x)
    return np.concatenate(weights, axis=1)


@torch.no_grad()
def first_layer(model, ids, bias=False):
    """The scores in the first layer of a model, or what positions add to them.

    ids       int array (1, seq)
    bias      True: only what the encoding adds to the scores, if it does
    returns   array (heads, query, key), 0 where a query may not look
    """
    block = model.blocks[0]
    x = block.attention_norm(model.embed(torch.tensor(ids)))
    q, k, v, mask = block.attention.prepare(x)
    seen = torch.isfinite(mask)
    if bias:
        scores = block.attention.positions.bias(q, k, v, x)
    else:
        scores = block.attention.scores(x)
    return scores.masked_fill(~seen, 0.0)[0].numpy()


@torch.no_grad()
def bits_per_answer(model, inputs, targets):
    """The mean loss over what is asked, in bits.

    inputs, targets   int arrays (batch, seq)
    """
    asked = int((targets != UNSCORED).sum())
    return summed_loss(model, inputs, targets).item() / asked / np.log(2)


def hidden_position_error(states):
    """The position probe on hidden states, with whole texts left out.

    states    array (batch, seq, dim)
    returns   the mean absolute error, in positions
    """
    batch, seq, dim = states.shape
    fold = np.repeat(np.arange(batch) % FOLDS, seq)
    return position_probe(
        states.reshape(-1, dim).astype(float),
        np.tile(np.arange(seq), batch),
        fold,
    )


# ------------------------------------------ two ways to learn a language


def masked_batch(ids, draws, others, mask_id, share=0.15):
    """What a masked language model reads, and what it is asked.

    A share of the tokens is asked for: those with draws < share. Most of them
    are hidden, but not all, so that the model can trust no token it sees:

        draws < 0.8 share            the model reads mask_id
        0.8 share <= draws < 0.9 share   it reads a random token, from others
        0.9 share <= draws < share       it reads the token itself

    All other tokens are read as they are, and nothing is asked there.

    ids       int array (batch, seq)
    draws     array (batch, seq) of random numbers from 0 to 1, one per token
    others    int array (batch, seq) of random tokens
    mask_id   the id that hides a token
    returns   inputs, targets: int arrays (batch, seq). The target is the token
              itself where it is asked for, and UNSCORED (-100) elsewhere

    >>> ids, others = np.array([[1, 2, 3, 4]]), np.array([[5, 6, 7, 8]])
    >>> draws = np.array([[0.1, 0.43, 0.48, 0.9]])
    >>> inputs, targets = masked_batch(ids, draws, others, 9, share=0.5)
    >>> inputs.tolist(), targets.tolist()
    ([[9, 6, 3, 4]], [[1, 2, 3, -100]])

    Source: Devlin et al. 2019 (BERT, arXiv 1810.04805), section 3.1.
    """
    inputs = np.where(draws < 0.9 * share, others, ids)
    inputs = np.where(draws < 0.8 * share, mask_id, inputs)
    return inputs, np.where(draws < share, ids, UNSCORED)


@functools.cache
def character_tokenizer():
    """The characters of the course's text, and one more that hides others."""
    return Tokenizer([*sorted(set(read_this_course())), "[MASK]"])


@functools.cache
def course_ids(held_out=False):
    """The ids of the course's text: int array (length,).

    held_out   True: the last 12,000 characters, which no training sees. False:
               all others
    """
    text = read_this_course()
    part = text[-HELD_OUT:] if held_out else text[:-HELD_OUT]
    return character_tokenizer().encode(part)


def next_character_batch(rng, batch=32, seq_len=64, held_out=False):
    """What a decoder reads and is asked: int64 arrays (batch, seq_len)."""
    return random_windows(rng, course_ids(held_out), batch, seq_len)


def masked_character_batch(
    rng, batch=32, seq_len=64, share=0.3, held_out=False
):
    """What an encoder reads and is asked: int64 arrays (batch, seq_len).

    It asks for 30 % of the characters, where BERT asks for 15 % of its word
    pieces: a short training has twice as many guesses to learn from.
    """
    ids, _ = random_windows(rng, course_ids(held_out), batch, seq_len)
    mask_id = len(character_tokenizer()) - 1
    others = rng.integers(mask_id, size=ids.shape)
    return masked_batch(ids, rng.random(ids.shape), others, mask_id, share)


# ------------------------------------------ inside RoPE


def pair_norms(x):
    """How long queries or keys are in each pair of columns that RoPE rotates.

    Pair c has the columns 2c and 2c + 1. Its length in one vector is

        sqrt(x[2c]^2 + x[2c + 1]^2)

    which no rotation changes. Take the mean of it over all vectors.

    x         array (..., head_dim), head_dim even
    returns   array (head_dim / 2,)

    >>> pair_norms(np.array([[3.0, 4.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]]))
    array([3., 1.])

    Source: Barbero et al. 2024 (arXiv 2410.06205).
    """
    pairs = x.reshape(-1, x.shape[-1] // 2, 2)  # (vectors, pair, 2)
    return np.linalg.norm(pairs, axis=-1).mean(axis=0)


class CutRoPE(RoPE):
    """A RoPE in which some pairs of columns are not rotated, or are gone.

    cut     the pairs, counted from 0, the fastest
    gone    False: they stay as they are, wherever they are. True: they are 0
            and add nothing to any score
    """

    def __init__(self, head_dim, cut=(), gone=False, base=10000.0):
        super().__init__(head_dim, base)
        self.cut, self.gone = list(cut), gone

    def turn(self, x, cos, sin):
        speeds = angular_speeds(self.head_dim, self.base)
        keep = torch.ones(len(speeds), dtype=x.dtype)
        keep[self.cut] = 0.0
        # an angle of 0 has the cosine 1 and the sine 0
        x = super().turn(x, cos * keep + (1 - keep), sin * keep)
        if not self.gone:
            return x
        return x * keep.unsqueeze(-1).expand(-1, 2).reshape(-1)

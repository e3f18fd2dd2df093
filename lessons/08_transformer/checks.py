"""Lesson 08: what the bigram table, the block, the loss, the optimizer, the schedule, a batch's
gradients, temperature and top-k, and the nucleus must satisfy."""

import numpy as np

import minitorch as torch
from classroom.checking import about, check, require
from minitorch import nn

about(
    "bigram_table",
    stars=1,
    minutes=6,
    hints=(
        "Count first, divide second. What does a row of counts need so that it sums to 1?",
        "In the ids 0 1 0 1 1 the pairs are 0 1, 1 0, 0 1, 1 1: two of the kind 0 1. From a "
        "table of ones, row 0 becomes [1, 3] and row 1 [2, 2]; divided by their sums they are "
        "[0.25, 0.75] and [0.5, 0.5]. Take care when counting: `table[present, next] += 1` with "
        "arrays of indices counts a pair that occurs twice only once, while np.add.at, or a "
        "plain loop over the pairs, counts both.",
        "A table of ones; one more for each pair (ids without the last, ids without the first); "
        "then each row divided by its own sum, with keepdims.",
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
    "Block",
    stars=2,
    minutes=8,
    blank=("Block.forward",),
    hints=(
        "Two steps of the same form: what comes in, plus something computed from its normalized "
        "version.",
        "Every step maps (batch, seq, dim) to (batch, seq, dim), so they can be added up. Say "
        "attention_norm doubles, attention adds 1, and the input is 5: the branch gives 11, and "
        "the stream goes on with 5 + 11 = 16, not with 11. That 16 is what the second norm "
        "reads. Attention takes two arguments, the normalized stream and the cache; the MLP "
        "takes one.",
        "x becomes x plus attention of (norm of x, cache); then x plus the MLP of (the other "
        "norm of x) is returned.",
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
        "Which positions count? Leave out the others first. Then all that is left needs is log "
        "p of the right token in each row.",
        "Logits (2, 3, vocab) and targets (2, 3) with four targets scored: a boolean mask picks "
        "(4, vocab) and (4,). For the logits [2, 2] and the target 1, log p is 2 - log(e^2 + "
        "e^2) = -0.69. `logsumexp` computes such a logarithm without ever forming e^1000. To "
        "take from each row the entry of its target, `gather` wants the targets as a column, "
        "(4, 1).",
        "A mask of what isn't -100; both picked by it; logits minus their logsumexp (keepdim); "
        "gather the targets as a column; minus the mean.",
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
        "The docstring has three updates in order. What is remembered for the next step, and "
        "what is only used in this one?",
        "First step, slope 4, lr 0.1, betas (0.9, 0.999): m = 0.4 and s = 0.016. Corrected, m' "
        "= 0.4 / 0.1 = 4 and s' = 0.016 / 0.001 = 16, so the number moves by 0.1 * 4 / 4 = 0.1, "
        "plus its decay. What you return is 0.4 and 0.016, not 4 and 16: the corrections belong "
        "to this step. The root is taken of s' alone, and eps is added after it.",
        "New mean, new square; both divided by 1 - beta**step; the parameter minus lr times "
        "(their quotient plus the decay); return it with the uncorrected two.",
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
        "Two cases, and in the second everything depends on t. What is t in the step after the "
        "warm-up, and in the last one?",
        "With 5 steps, warmup 2 and peak 1, steps 0 and 1 give 1/2 and 2/2. Then step 2 has t = "
        "0, step 4 has t = 1, and step 3 is halfway, where cos(pi / 2) = 0: with a floor of 0.1 "
        "that is 0.1 + 0.9 / 2 = 0.55. The last step is number steps - 1. If only a single step "
        "comes after the warm-up, nothing may be divided by 0.",
        "If step < warmup, the line. Otherwise t = (step - warmup) / (steps - 1 - warmup, at "
        "least 1), and the formula.",
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
    "loss_and_gradients",
    stars=2,
    minutes=12,
    hints=(
        "There are two halves. The first is lesson 01: clear what is left over, compute the loss, "
        "go backward, collect. The second asks one question of all gradients together: how long?",
        "Say there are two parameters with the gradients [3, 0] and [[4]]. Together they are one "
        "vector with the squares 9, 0 and 16, so its length is 5. With `longest` = 1 both are "
        "multiplied by 1/5: [0.6, 0] and [[0.8]]. With `longest` = 10 nothing happens. A "
        "gradient is the parameter's .grad, a tensor, and .numpy() makes an array of it; the "
        "loss is a tensor, too, and .item() makes a number of it.",
        "Clear, loss, backward; then a list of the gradients, the root of the sum of their sums "
        "of squares, one factor that is at most 1, and the list again, multiplied by it.",
    ),
)


@check("loss_and_gradients")
def short_gradients(answer):
    """A gradient no longer than `longest` stays as it is; the loss is that of the batch."""
    return answer(small_model(0), *batch_of(0), 1e3), answer(small_model(1), *batch_of(1), 50.0)


@check("loss_and_gradients")
def long_gradients(answer):
    """A longer one is shortened: all parameters together have the length `longest`, and all are
    multiplied by the same factor."""
    return (
        answer(small_model(0, scale=4.0), *batch_of(0)),
        answer(small_model(0, scale=4.0), *batch_of(0), longest=0.01),
        answer(small_model(2), *batch_of(2), 0.3),
    )


@check("loss_and_gradients")
def nothing_left_over(answer):
    """What an earlier batch left in .grad doesn't count."""
    model = small_model(3)
    return answer(model, *batch_of(3), 9.0), answer(model, *batch_of(4), 9.0)


@check("loss_and_gradients")
def unscored_targets(answer):
    """Targets of -100 ask for nothing."""
    inputs, targets = batch_of(5)
    targets[0], targets[1, 2:] = -100, -100
    return answer(small_model(5), inputs, targets, 9.0)


@check("loss_and_gradients")
def kinds_of_results(answer):
    """A float and a list of arrays, one per parameter, each of its shape."""
    got = answer(small_model(6), *batch_of(6))
    two = isinstance(got, tuple | list) and len(got) == 2
    require(two, "Two things are asked for: return loss, gradients.")
    loss, gradients = got
    require(isinstance(loss, float), "The loss should be a float: loss.item() makes one.")
    require(
        all(isinstance(each, np.ndarray) for each in gradients),
        "The gradients should be arrays: parameter.grad.numpy().",
    )
    return [each.shape for each in gradients]


class SmallModel(nn.Module):
    """Logits from an embedding and a layer, of very different size."""

    def __init__(self, scale):
        super().__init__()
        self.embedding = nn.Embedding(6, 3)
        self.head = nn.Linear(3, 6)
        self.scale = scale

    def forward(self, ids):
        return self.head(self.embedding(ids)) * self.scale


def small_model(seed, scale=1.0):
    torch.manual_seed(seed)
    return SmallModel(scale)


def batch_of(seed):
    """Inputs and targets, int64 (2, 5)."""
    inputs, targets = np.random.default_rng(seed).integers(6, size=(2, 2, 5))
    return inputs, targets


about(
    "next_token_probabilities",
    stars=2,
    minutes=10,
    hints=(
        "Which of the two works on logits, and which on probabilities? And what does a "
        "temperature of 0 have in common with top-k?",
        "Take the logits [2, 4, 3] and a temperature of 2. Divided by it they are [1, 2, 1.5]. "
        "Less their largest they are [-1, 0, -0.5], and exp makes [0.37, 1, 0.61]. Likeliest "
        "first, the columns are 1, 2, 0: a stable np.argsort of the *negative* says so. "
        "With top_k 2, all columns from the third of these on become 0: [0, 1, 0.61]. Their sum is "
        "1.61, so the result is [0, 0.62, 0.38].",
        "For temperature 0, a top_k of 1 and any other temperature. Then exp of (logits minus "
        "each row's largest) / temperature; np.put_along_axis puts 0 into the columns from k on "
        "in the order; divide each row by its sum.",
    ),
)


@check("next_token_probabilities")
def temperatures(answer):
    """The softmax of logits / temperature: sharper below 1, flatter above."""
    logits = np.array([[2.0, 1.0, 0.0, -1.0]])
    return (
        answer(logits),
        answer(logits, 0.5),
        answer(logits, 2.0),
        answer(random_logits(3, 4, 6).numpy().astype(np.float64), temperature=0.8),
    )


@check("next_token_probabilities")
def likeliest_k(answer):
    """Each row keeps its own k likeliest tokens, and they sum to 1 again."""
    logits = np.array([[2.0, 4.0, 3.0, -1.0], [-3.0, 0.5, -2.0, -1.0]])
    many = random_logits(4, 5, 30).numpy().astype(np.float64)
    return (
        answer(logits, top_k=2),
        answer(logits, top_k=1),
        answer(logits, 2.0, top_k=3),
        answer(many, 0.7, top_k=8),
    )


@check("next_token_probabilities")
def k_as_large_as_you_like(answer):
    """If k is the number of tokens, or more, all are kept."""
    logits = np.array([[0.5, -1.0, 2.0]])
    return answer(logits, top_k=3), answer(logits, 1.5, top_k=50)


@check("next_token_probabilities")
def temperature_zero(answer):
    """A temperature of 0 leaves the likeliest token alone, whatever k is."""
    logits = np.array([[0.5, -1.0, 2.0], [-2.0, -1.0, -1.5]])
    return answer(logits, 0), answer(logits, 0.0, top_k=2), answer(logits - 5, 0)


@check("next_token_probabilities")
def logits_of_a_thousand(answer):
    """Logits of 1000 do not overflow, and rows of very different size do not disturb each other."""
    logits = np.array([[1000.0, 999.0, 0.0], [-1000.0, -1001.0, -1000.5]])
    return answer(logits), answer(logits, 0.5, top_k=2), answer(logits, 0)


@check("next_token_probabilities")
def equally_likely(answer):
    """Of equally likely tokens the lower ids are kept, and no more than k."""
    logits = np.zeros((1, 60))
    logits[0, [7, 20, 33, 50]] = 1.0
    return (
        answer(np.full((1, 4), -0.5), top_k=2),
        answer(logits, top_k=3),
        answer(logits, 2.0, top_k=10),
        answer(logits, 0),
    )


about(
    "nucleus",
    stars=3,
    minutes=15,
    hints=(
        "Sort each row, likeliest first, add up, decide, and put each probability back where it "
        "came from.",
        "Take [0.25, 0.125, 0.5, 0.125] and top_p 0.6. Sorted: 0.5, 0.25, 0.125, 0.125. Added "
        "up: 0.5, 0.75, 0.875, 1. The first doesn't reach 0.6, so the second is needed, and "
        "then it's enough. Put differently: a token is kept if the ones before it, without "
        "itself, don't reach top_p yet. What is kept, 0.5 and 0.25, is divided by 0.75 and goes "
        "back to columns 2 and 0. np.take_along_axis sorts by an order, np.put_along_axis "
        "undoes it.",
        "A stable argsort of the negative; the sorted row; its cumsum minus itself, compared "
        "with top_p; zeros elsewhere; put back along the same order; divide by the row's sum.",
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

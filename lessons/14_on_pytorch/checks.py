"""Lesson 14: what a score_mod, and the loss of one process of several, must satisfy."""

import numpy as np

import minitorch as torch
from classroom.checking import about, check, require

about(
    "distance_score_mod",
    stars=2,
    minutes=10,
    hints=(
        "distance_score_mod returns a function that it defines itself. What you can compute from "
        "the table alone comes before it, the rest is in it.",
        "query - key is how many tokens back the key is. As an index it must be between 0 and "
        "table.shape[-1] - 1, and clamp(low, high) is there for tensors of whole numbers, too.",
        "`def score_mod(score, batch, head, query, key):` and in it `return score + table[head, "
        "(query - key).clamp(0, table.shape[-1] - 1)]`. Then `return score_mod`.",
    ),
)


def grids(batch, heads, query_len, key_len):
    """The four indices of every score: their shapes broadcast to (batch, heads, query, key)."""
    return (
        torch.arange(batch).reshape(-1, 1, 1, 1),
        torch.arange(heads).reshape(-1, 1, 1),
        torch.arange(key_len - query_len, key_len).reshape(-1, 1),
        torch.arange(key_len),
    )


def random(*shape, seed=0):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape))


def whole(*numbers):
    """Each number as a tensor of its own, as FlexAttention has them."""
    return [torch.tensor(number) for number in numbers]


@check("distance_score_mod")
def one_score_at_a_time(answer):
    """Single scores, whole texts: each gets the number of its head and its distance."""
    score_mod = answer(torch.tensor([[0.0, -1.0, -3.0, -7.0], [10.0, 20.0, 50.0, 90.0]]))
    require(callable(score_mod), "What comes back must be a function: return score_mod, uncalled.")
    near = score_mod(torch.tensor(0.5), *whole(0, 0, 6, 4)).item()
    other_head = score_mod(torch.tensor(0.5), *whole(0, 1, 3, 0)).item()
    itself = score_mod(torch.tensor(0.5), *whole(2, 1, 5, 5)).item()
    return near, other_head, itself


@check("distance_score_mod")
def all_scores_at_once(answer):
    """Indices of any shapes that broadcast: two texts, three heads, seven queries and keys."""
    return answer(random(3, 7))(random(2, 3, 7, 7, seed=1), *grids(2, 3, 7, 7))


@check("distance_score_mod")
def only_the_last_queries(answer):
    """Positions are counted from the text's start, however few queries there are."""
    return answer(random(2, 9))(random(1, 2, 2, 9, seed=1), *grids(1, 2, 2, 9))


@check("distance_score_mod")
def far_keys_share_the_last_column(answer):
    """Keys further back than the table goes take its last column, later keys its first."""
    return answer(random(2, 3))(random(1, 2, 8, 8, seed=1), *grids(1, 2, 8, 8))


@check("distance_score_mod")
def gradients_reach_score_and_table(answer):
    """Gradients flow to the scores and to the table."""
    table, scores = random(2, 3).requires_grad_(), random(1, 2, 5, 5, seed=1).requires_grad_()
    result = answer(table)(scores, *grids(1, 2, 5, 5))
    require(result.requires_grad, "No gradient flows: compute with tensors all the way.")
    (result * random(1, 2, 5, 5, seed=2)).sum().backward()
    for tensor, name in ((scores, "score"), (table, "table")):
        require(tensor.grad is not None, f"No gradient reaches the {name}: leave it a tensor.")
    return scores.grad, table.grad


@check("distance_score_mod")
def single_precision_stays(answer):
    """float32 scores and a float32 table give float32."""
    return answer(random(2, 4).float())(random(1, 2, 4, 4, seed=1).float(), *grids(1, 2, 4, 4))


about(
    "share_loss",
    stars=2,
    minutes=12,
    hints=(
        "Write down the mean of the processes' losses, (a + b) / 2 for two. It must be the sum "
        "over all answers, divided by how many there are in the whole batch.",
        "So the sum over this share is divided by scored, not by the share's own number. What the "
        "mean over the processes then divides by must be multiplied in. Rows: logits.reshape(-1, "
        "logits.shape[-1]) and targets.reshape(-1).",
        "`total = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), "
        'ignore_index=-100, reduction="sum")` and `return processes * total / scored`',
    ),
)


def answered_share(seed, batch=2, seq=6, vocab=5, asked=0.5):
    """Logits, and targets of which about the share `asked` is scored."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(vocab, size=(batch, seq))
    targets[rng.random((batch, seq)) >= asked] = -100
    return torch.tensor(rng.normal(size=(batch, seq, vocab)) * 2), torch.tensor(targets)


def require_gradient(loss):
    require(
        getattr(loss, "requires_grad", False),
        "No gradient flows from this loss. Make it from the logits, even where nothing is asked: "
        "the other processes wait for its gradients.",
    )


@check("share_loss", dtype="values")
def a_share_of_the_whole(answer):
    """The share's sum over the batch's number of answers, times the number of processes."""
    example = torch.zeros(1, 2, 4), torch.tensor([[3, -100]])
    return (
        answer(*example, scored=5, processes=2),
        answer(*answered_share(0), scored=20, processes=4),
        answer(*answered_share(1, batch=1, seq=9, vocab=3), scored=11, processes=3),
    )


@check("share_loss", dtype="values")
def one_process_alone(answer):
    """A single process has the whole batch, and its mean loss."""
    logits, targets = answered_share(2, batch=3, seq=4)
    return answer(logits, targets, scored=int((targets != -100).sum().item()), processes=1)


@check("share_loss", dtype="values")
def nothing_is_asked(answer):
    """A share without an answer adds nothing: a loss of 0, and gradients of 0, not NaN."""
    logits = answered_share(3)[0].requires_grad_()
    loss = answer(logits, torch.tensor(np.full((2, 6), -100)), scored=7, processes=2)
    require_gradient(loss)
    require(
        loss.item() == loss.item(),
        "A share in which nothing is scored gives NaN, and NaN spreads to every process. Its own "
        "number of answers must divide nothing.",
    )
    loss.backward()
    return loss, logits.grad


@check("share_loss", dtype="values")
def all_are_answers(answer):
    """The id 0 is an answer like the others."""
    logits, targets = answered_share(4, asked=1.0, vocab=2)
    return answer(logits, targets, scored=24, processes=2)


@check("share_loss", dtype="values")
def the_mean_of_the_gradients(answer):
    """Three shares with unequal numbers of answers: the mean of their gradients is the batch's."""
    shares = [answered_share(seed, batch=seed, asked=1 / seed) for seed in (1, 2, 3)]
    scored = sum(int((targets != -100).sum().item()) for _, targets in shares)
    weight, gradients = np.random.default_rng(5).normal(size=(5, 5)), []
    for logits, targets in shares:
        head = torch.tensor(weight).requires_grad_()
        loss = answer(logits @ head, targets, scored, 3)
        require_gradient(loss)
        loss.backward()
        gradients.append(head.grad.numpy())
    return np.mean(gradients, axis=0)

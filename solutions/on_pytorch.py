"""What a larger machine asks for: a bias that fused attention can compute
itself, and a loss for one of several processes."""

import minitorch as torch
from minitorch.nn import functional as F


def distance_score_mod(table):
    """A score_mod for PyTorch's FlexAttention: it adds a number to each score,
    by head and by how many tokens back the key is.

        score  ->  score + table[head, n],    n = query - key

    A score_mod is called with a score and four whole numbers that say which
    one it is: the text in the batch, the head, the query's position and the
    key's. All five are tensors. FlexAttention's have one number each, and its
    compiler takes no loop and no `if` over them. Ours may be larger, and then
    their shapes broadcast.

    table     (heads, distances) tensor: column n is for keys n tokens back.
              Keys further back than the last column take the last one. Keys
              after the query take column 0, and the causal mask hides them
    returns   score_mod, a function of (score, batch, head, query, key). It
              returns a tensor, through which gradients flow to the score and
              to the table

    >>> score_mod = distance_score_mod(torch.tensor([[0.0, -1.0, -2.5]]))
    >>> batch, head = torch.tensor(0), torch.tensor(0)
    >>> query, key = torch.tensor(7), torch.tensor([7, 6, 1])
    >>> score_mod(torch.tensor(4.0), batch, head, query, key).tolist()
    [4.0, 3.0, 1.5]

    Source: the signature is that of torch.nn.attention.flex_attention.
    """
    last = table.shape[-1] - 1

    def score_mod(score, batch, head, query, key):
        return score + table[head, torch.clamp(query - key, 0, last)]

    return score_mod


def share_loss(logits, targets, scored, processes):
    """The loss of one of several processes that train a model together.

    Each process has its share of the batch. Once they have their gradients,
    DistributedDataParallel gives all of them the *mean* of these. So the
    shares' losses must be such that this mean is the gradient of the whole
    batch's loss: the mean of -log p(target) over all targets of the batch
    that are scored, in whichever share they are.

    F.cross_entropy(logits, targets, ignore_index=-100, reduction="sum") adds
    up -log p of the scored targets. It takes (rows, vocab) and (rows,), and
    gives 0 where nothing is scored.

    logits      (batch, seq, vocab) tensor, of this share
    targets     (batch, seq) int64 tensor, of this share: the right id, or -100
                where nothing is asked
    scored      how many targets are scored in the whole batch, at least 1
    processes   how many processes there are
    returns     a scalar tensor, through which gradients flow to the logits

    >>> logits = torch.zeros(1, 2, 4)  # four ids, equally likely
    >>> targets = torch.tensor([[3, -100]])
    >>> loss = share_loss(logits, targets, scored=5, processes=2)
    >>> round(loss.item(), 4)  # 2 log 4 / 5
    0.5545
    """
    total = F.cross_entropy(
        logits.reshape(-1, logits.shape[-1]),
        targets.reshape(-1),
        ignore_index=-100,
        reduction="sum",
    )
    return processes * total / scored

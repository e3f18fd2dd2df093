"""Lesson 14: mistakes that people make, each a whole answer and what its author should read."""

import minitorch as torch
from classroom.checking import accepted, mistake
from minitorch.nn import functional as F

# distance_score_mod

LATER = "Keys *after* the query get the numbers of keys before it. Let n be query - key."
OF_THE_BATCH = "The index counts *texts* here: the table has a row per head."
BEYOND_THE_TABLE = (
    "Some keys are further back than the table goes. They take its last column, number "
    "table.shape[-1] - 1: clamp the distance there."
)
NEGATIVE = (
    "Later keys are at negative distances, and a negative index counts from the table's end. Clamp "
    "at 0, too."
)
ONE_BASED = "The key at the query's own position is 0 back, so its column is 0, not 1."


def looked_up(table, column):
    """A score_mod that takes table[head, column(query - key)]."""

    def score_mod(score, batch, head, query, key):
        return score + table[head, column(query - key)]

    return score_mod


def within(table):
    """Clamps distances to the columns of the table."""
    return lambda back: back.clamp(0, table.shape[-1] - 1)


@mistake("distance_score_mod", LATER)
def key_minus_query(table):
    return looked_up(table, lambda back: within(table)(-back))


@mistake("distance_score_mod", "Both directions get a bias: without abs, later keys take column 0.")
def absolute_distance(table):
    return looked_up(table, lambda back: within(table)(back.abs()))


@mistake("distance_score_mod", ONE_BASED)
def one_too_far(table):
    return looked_up(table, lambda back: within(table)(back + 1))


@mistake("distance_score_mod", OF_THE_BATCH)
def row_of_the_batch(table):
    def score_mod(score, batch, head, query, key):
        return score + table[batch % len(table), within(table)(query - key)]

    return score_mod


@mistake(
    "distance_score_mod", "Every head takes the first row of the table. Look up table[head, n]."
)
def first_head_for_all(table):
    def score_mod(score, batch, head, query, key):
        return score + table[0, within(table)(query - key)]

    return score_mod


@mistake(
    "distance_score_mod", "The number is subtracted. It is added: a penalty is negative itself."
)
def subtracted(table):
    def score_mod(score, batch, head, query, key):
        return score - table[head, within(table)(query - key)]

    return score_mod


@mistake("distance_score_mod", "The score is multiplied by the number. Add the two.")
def multiplied(table):
    def score_mod(score, batch, head, query, key):
        return score * table[head, within(table)(query - key)]

    return score_mod


@mistake("distance_score_mod", "Only the number comes back. The score belongs to the result.")
def bias_without_the_score(table):
    def score_mod(score, batch, head, query, key):
        return score * 0 + table[head, within(table)(query - key)]

    return score_mod


@mistake(
    "distance_score_mod",
    "This takes the column of the key's *position*. Count from the query: query - key.",
)
def column_of_the_key(table):
    def score_mod(score, batch, head, query, key):
        return score + table[head, within(table)(key)]

    return score_mod


@mistake("distance_score_mod", NEGATIVE)
def clamped_above_only(table):
    return looked_up(table, lambda back: back.clamp(max=table.shape[-1] - 1))


@mistake(
    "distance_score_mod",
    "Every score gets the numbers of all heads. Look up its own head's: table[head, n].",
)
def all_heads_at_once(table):
    def score_mod(score, batch, head, query, key):
        return score + table[:, within(table)(query - key)]

    return score_mod


@mistake(
    "distance_score_mod",
    "An `if` can't ask a tensor of many distances, and the compiler takes none. Use clamp, or "
    "torch.where.",
)
def branches(table):
    def score_mod(score, batch, head, query, key):
        back = query - key
        if back < 0:
            back = back * 0
        return score + table[head, within(table)(back)]

    return score_mod


@mistake(
    "distance_score_mod",
    "The distance is clamped at the number of heads, table.shape[0] - 1. The columns are "
    "table.shape[-1].",
)
def clamped_at_the_heads(table):
    return looked_up(table, lambda back: back.clamp(0, table.shape[0] - 1))


@mistake(
    "distance_score_mod",
    "Later keys are hidden here. The causal mask does that: they take column 0.",
)
def later_keys_hidden(table):
    def score_mod(score, batch, head, query, key):
        added = score + table[head, within(table)(query - key)]
        return added.masked_fill(key > query, float("-inf"))

    return score_mod


@mistake("distance_score_mod", BEYOND_THE_TABLE)
def not_clamped_above(table):
    return looked_up(table, lambda back: back.clamp(min=0))


@mistake("distance_score_mod", BEYOND_THE_TABLE)
def clamped_one_too_late(table):
    return looked_up(table, lambda back: back.clamp(0, table.shape[-1]))


@mistake("distance_score_mod", NEGATIVE)
def not_clamped(table):
    return looked_up(table, lambda back: back)


@mistake(
    "distance_score_mod",
    "The table's first index counts heads here, and you gave it distances. Look up table[head, n].",
)
def indices_exchanged(table):
    def score_mod(score, batch, head, query, key):
        return score + table[within(table)(query - key), head]

    return score_mod


@mistake(
    "distance_score_mod",
    "item() takes one number out of a tensor, so gradients end there, and whole arrays of indices "
    "cannot come in. Compute with the tensors themselves.",
)
def numbers_of_python(table):
    def score_mod(score, batch, head, query, key):
        back = query.item() - key.item()
        return score + table[head.item(), min(max(back, 0), table.shape[-1] - 1)]

    return score_mod


@mistake("distance_score_mod", OF_THE_BATCH)
def row_of_the_batch_that_may_not_be(table):
    def score_mod(score, batch, head, query, key):
        return score + table[batch, within(table)(query - key)]

    return score_mod


@mistake("distance_score_mod", "Distances wrap around at the table's end. Far keys take the last.")
def wrapped_around(table):
    return looked_up(table, lambda back: back.clamp(min=0) % table.shape[-1])


@mistake("distance_score_mod", "Beyond the table nothing is added. Far keys take the last column.")
def nothing_beyond(table):
    def score_mod(score, batch, head, query, key):
        back = query - key
        return score + table[head, within(table)(back)] * (back < table.shape[-1])

    return score_mod


@mistake("distance_score_mod", "Far keys take the column before the last. Clamp to the last one.")
def last_column_never_used(table):
    return looked_up(table, lambda back: back.clamp(0, table.shape[-1] - 2))


@mistake("distance_score_mod", "Later keys get no bias at all. They take column 0.")
def later_keys_untouched(table):
    def score_mod(score, batch, head, query, key):
        back = query - key
        return score + table[head, within(table)(back)] * (back >= 0)

    return score_mod


@mistake("distance_score_mod", shown_by="one_score_at_a_time")
def a_bias_for_seven(table):
    back = torch.arange(7).reshape(-1, 1) - torch.arange(7)
    return table[:, within(table)(back)]


@mistake("distance_score_mod", shown_by="gradients_reach_score_and_table")
def table_detached(table):
    return looked_up(table.detach(), within(table))


@accepted("distance_score_mod")
def by_a_chain_of_masks(table):
    def score_mod(score, batch, head, query, key):
        back, bias = query - key, table[head, 0]
        for column in range(1, table.shape[-1]):
            bias = torch.where(back >= column, table[head, column], bias)
        return score + bias

    return score_mod


@accepted("distance_score_mod")
def head_first(table):
    last = table.shape[-1] - 1
    return lambda score, batch, head, query, key: (
        table[head, (query - key).clamp(min=0).clamp(max=last)] + score
    )


# share_loss

OWN_MEAN = (
    "This is the mean over the share's own answers, so a share with few of them counts as much as "
    "one with many. Divide the sum by scored."
)


def summed(logits, targets):
    """-log p of the scored targets, added up."""
    rows = logits.reshape(-1, logits.shape[-1])
    return F.cross_entropy(rows, targets.reshape(-1), ignore_index=-100, reduction="sum")


def count(targets):
    return int((targets != -100).sum().item())


@mistake("share_loss", OWN_MEAN, seen="the default reduction of cross_entropy under DDP")
def mean_of_the_share(logits, targets, scored, processes):
    return summed(logits, targets) / max(1, count(targets))


@mistake("share_loss", OWN_MEAN)
def mean_of_the_share_with_nan(logits, targets, scored, processes):
    rows = logits.reshape(-1, logits.shape[-1])
    return F.cross_entropy(rows, targets.reshape(-1), ignore_index=-100)


@mistake(
    "share_loss",
    "DistributedDataParallel takes the mean of the gradients, which divides by the number of "
    "processes once more. Multiply by processes.",
    seen="gradients too small by the number of processes",
)
def processes_forgotten(logits, targets, scored, processes):
    return summed(logits, targets) / scored


@mistake("share_loss", "The loss is divided by processes. The mean does that: multiply instead.")
def divided_by_processes(logits, targets, scored, processes):
    return summed(logits, targets) / (scored * processes)


@mistake(
    "share_loss",
    "You divided by this share's own number of answers. Divide the share's sum by scored, their "
    "number in the whole batch.",
)
def share_s_mean_times_processes(logits, targets, scored, processes):
    return processes * summed(logits, targets) / max(1, count(targets))


@mistake(
    "share_loss",
    "cross_entropy got probabilities, and takes a softmax of them once more. It wants the logits "
    "as they are.",
)
def softmax_twice(logits, targets, scored, processes):
    return processes * summed(logits.softmax(dim=-1), targets) / scored


@mistake("share_loss", "This is the share's sum. It must be divided by scored.")
def the_sum(logits, targets, scored, processes):
    return summed(logits, targets)


@mistake("share_loss", "This is the share's sum times processes. It must be divided by scored.")
def the_sum_times_processes(logits, targets, scored, processes):
    return processes * summed(logits, targets)


@mistake("share_loss", "The sum is divided by all positions of the share. Divide by scored.")
def over_all_positions(logits, targets, scored, processes):
    return processes * summed(logits, targets) / targets.numel()


@mistake("share_loss", "The sum is divided by the number of texts. Divide by scored.")
def over_texts(logits, targets, scored, processes):
    return processes * summed(logits, targets) / len(targets)


@mistake(
    "share_loss",
    "The sum is divided by the number of texts, too. Divide by scored alone.",
)
def over_texts_and_scored(logits, targets, scored, processes):
    return processes * summed(logits, targets) / len(targets) / scored


@mistake("share_loss", "The factor is upside down: multiply by processes, divide by scored.")
def upside_down(logits, targets, scored, processes):
    return summed(logits, targets) * scored / processes


@mistake("share_loss", "This adds up -p. The loss is -log p: take log_softmax, or cross_entropy.")
def minus_p(logits, targets, scored, processes):
    asked = targets != -100
    p = logits.softmax(dim=-1)[asked]
    return -processes * p.gather(-1, targets[asked].unsqueeze(-1)).sum() / scored


@mistake(
    "share_loss",
    "cross_entropy takes rows, and these have a batch in front. Make them (rows, vocab) and "
    "(rows,) first: flatten(0, 1) and flatten().",
)
def not_in_rows(logits, targets, scored, processes):
    total = F.cross_entropy(logits, targets, ignore_index=-100, reduction="sum")
    return processes * total / scored


@mistake(
    "share_loss",
    "Where nothing is asked, -100 became an id and is added to the sum. Leave these targets at "
    "-100: cross_entropy skips them.",
)
def unscored_counted(logits, targets, scored, processes):
    return processes * summed(logits, targets.clamp(min=0)) / scored


@mistake(
    "share_loss",
    "The number of processes is in it twice. The mean divides by it once: multiply once.",
)
def processes_twice(logits, targets, scored, processes):
    return processes * processes * summed(logits, targets) / scored


@mistake("share_loss", "The id 0 is left out. Nothing is asked where the target is -100.")
def zero_left_out(logits, targets, scored, processes):
    targets = torch.where(targets == 0, torch.tensor(-100), targets)
    return processes * summed(logits, targets) / scored


@mistake("share_loss", "The sign is the wrong way around: the loss is -log p, never negative.")
def negative(logits, targets, scored, processes):
    return -processes * summed(logits, targets) / scored


@mistake("share_loss", "This is in bits. In nats it is the natural logarithm, as it comes.")
def in_bits(logits, targets, scored, processes):
    return processes * summed(logits, targets) / scored / 0.6931471805599453


@mistake("share_loss", shown_by="nothing_is_asked")
def a_number(logits, targets, scored, processes):
    return torch.tensor(processes * summed(logits, targets).item() / scored)


@mistake("share_loss", shown_by="nothing_is_asked")
def zero_of_its_own(logits, targets, scored, processes):
    if count(targets) == 0:
        return torch.tensor(0.0)
    return processes * summed(logits, targets) / scored


@accepted("share_loss")
def by_gather(logits, targets, scored, processes):
    asked = targets != -100
    log_p = logits.log_softmax(dim=-1)[asked]
    picked = log_p.gather(-1, targets[asked].unsqueeze(-1))
    return picked.sum() * (-processes / scored)


@accepted("share_loss")
def from_the_share_s_mean(logits, targets, scored, processes):
    rows, own = logits.reshape(-1, logits.shape[-1]), count(targets)
    if own == 0:
        return logits.sum() * 0
    mean = F.cross_entropy(rows, targets.reshape(-1), ignore_index=-100)
    return mean * own * processes / scored

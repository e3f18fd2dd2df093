"""Lesson 02: mistakes with lookups and gradients, word2vec's pairs, neighbors and tied weights."""

import numpy as np

import minitorch as torch
from classroom.checking import accepted, mistake
from minitorch.nn import functional as F
from solutions.embeddings import Embedding, check_ids, embedding_backward, skip_gram_pairs

# one_hot


@mistake(
    "one_hot",
    "The ids are counted from 1 here. They count from 0: id 0 has its 1 in the first column.",
)
def counts_from_one(ids, vocab_size):
    return np.eye(vocab_size)[ids - 1]


@mistake("one_hot", "Each 1 is one column too far to the right. Id 0 belongs in column 0.")
def one_column_late(ids, vocab_size):
    return np.eye(vocab_size)[(ids + 1) % vocab_size]


@mistake("one_hot", "The columns are counted from 1 here. Column 0 belongs to id 0.")
def columns_from_one(ids, vocab_size):
    return np.eye(vocab_size, k=-1)[ids]


@mistake("one_hot", "Row n has its 1 in column n. It belongs in column ids[n].")
def position_for_id(ids, vocab_size):
    return np.eye(ids.size, vocab_size)


@mistake(
    "one_hot",
    "Rows and columns are swapped. You want a row per id, and a column per token of the "
    "vocabulary.",
)
def one_column_for_each_id(ids, vocab_size):
    return (np.arange(vocab_size)[:, None] == ids).astype(float)


@mistake("one_hot", "All ids share one row, so their order is lost. Give each id a row of its own.")
def bag_of_ids(ids, vocab_size):
    row = np.zeros(vocab_size)
    row[ids] = 1
    return row


@mistake("one_hot", "Every row has the 1s of all ids. Row n should have only the one of ids[n].")
def all_ids_in_every_row(ids, vocab_size):
    rows = np.zeros((*ids.shape, vocab_size))
    rows[..., ids] = 1
    return rows


@mistake("one_hot", "These are True and False. Make numbers of them: .astype(float).")
def comparison_only(ids, vocab_size):
    return ids[..., None] == np.arange(vocab_size)


@mistake(
    "one_hot",
    "These are integers. Make floats of them: they'll be multiplied by a table of floats.",
)
def integers(ids, vocab_size):
    return np.eye(vocab_size, dtype=int)[ids]


@mistake(
    "one_hot", "The batch is flattened. Keep the shape of the ids, and add one axis at the end."
)
def one_sequence_only(ids, vocab_size):
    return np.eye(vocab_size)[ids.ravel()]


@mistake("one_hot", "ids[:, None] puts the new axis second. Put it last, ids[..., None].")
def second_axis(ids, vocab_size):
    return (ids[:, None] == np.arange(vocab_size)).astype(float)


@mistake("one_hot", "This works for one sequence only. Ids may have any shape.")
def one_row_per_entry_of_axis_0(ids, vocab_size):
    rows = np.zeros((len(ids), vocab_size))
    rows[np.arange(len(ids)), ids] = 1
    return rows


@mistake("one_hot", "This works for one sequence only. Ids may have any shape.")
def one_axis_only(ids, vocab_size):
    rows = np.zeros((ids.size, vocab_size))
    rows[np.arange(ids.size), ids] = 1
    return rows


@mistake(
    "one_hot",
    "The rows end at the largest id. Each row has vocab_size columns, whether they're used or not.",
)
def as_wide_as_the_largest_id(ids, vocab_size):
    return np.eye(ids.max() + 1)[ids]


@mistake(
    "one_hot", "There's one column too many. The ids 0 to vocab_size - 1 need vocab_size columns."
)
def one_column_too_many(ids, vocab_size):
    return np.eye(vocab_size + 1)[ids]


@mistake("one_hot", "The column has the id itself in it. Put a 1 there.")
def id_for_one(ids, vocab_size):
    return np.eye(vocab_size)[ids] * ids[..., None]


@mistake(
    "one_hot", "0 and 1 are swapped: the 1 goes into the column of the id, and all others are 0."
)
def zero_for_one(ids, vocab_size):
    return 1 - np.eye(vocab_size)[ids]


@mistake("one_hot", "All columns up to the id are 1. Only its own should be.")
def all_up_to_the_id(ids, vocab_size):
    return np.tri(vocab_size)[ids]


@mistake("one_hot", "All columns from the id on are 1. Only its own should be.")
def all_from_the_id_on(ids, vocab_size):
    return np.tri(vocab_size).T[ids]


@mistake("one_hot", "The whole identity matrix came back. Pick the rows of the ids from it.")
def all_rows(ids, vocab_size):
    return np.eye(vocab_size)


@accepted("one_hot")
def rows_of_the_identity(ids, vocab_size):
    return np.eye(vocab_size)[ids]


@accepted("one_hot")
def put_one_by_one(ids, vocab_size):
    rows = np.zeros((*ids.shape, vocab_size))
    for index in np.ndindex(ids.shape):
        rows[(*index, ids[index])] = 1
    return rows


@accepted("one_hot")
def put_along_the_last_axis(ids, vocab_size):
    rows = np.zeros((*ids.shape, vocab_size))
    np.put_along_axis(rows, ids[..., None], 1.0, axis=-1)
    return rows


# Embedding


@mistake("Embedding", "Each id gets the row before its own. Ids count from 0: id 5 is row 5.")
class RowsFromOne(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return self.weight[ids - 1]


@mistake("Embedding", "Each id gets the row after its own. Ids count from 0: id 5 is row 5.")
class RowsAfter(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return self.weight[ids + 1]


@mistake(
    "Embedding",
    "check_ids returns nothing that you could index with. It checks, no more: call it on a line "
    "of its own.",
)
class ResultOfTheCheck(Embedding):
    def forward(self, ids):
        return self.weight[check_ids(ids, len(self.weight))]


@mistake(
    "Embedding",
    "check_ids returns nothing, so no condition on its result is ever true. Call it on a line of "
    "its own.",
)
class CheckAsCondition(Embedding):
    def forward(self, ids):
        return self.weight[ids] if check_ids(ids, len(self.weight)) else None


@mistake(
    "Embedding", "These are the right rows in another order. Row n of the result belongs to ids[n]."
)
class InOrderOfTheTable(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return self.weight[torch.tensor(np.unique(ids.numpy()))]


@mistake(
    "Embedding",
    "These are the one-hot rows. They still have to be multiplied by the table, or better: look "
    "the rows up.",
)
class NeverMultiplied(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return torch.eye(len(self.weight))[ids]


@mistake("Embedding", "The batch is flattened. Ids of shape (2, 4) should give (2, 4, dim).")
class BatchLost(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return self.weight[ids.reshape(-1)]


@mistake("Embedding", "The vectors are added up or averaged. Each id keeps a vector of its own.")
class AddedUp(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return self.weight[ids].sum(dim=-2)


@mistake("Embedding", "The vectors are added up or averaged. Each id keeps a vector of its own.")
class Averaged(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return self.weight[ids].mean(dim=-2)


@mistake("Embedding", "The whole table came back. Index it: self.weight[ids].")
class WholeTable(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return self.weight


@mistake("Embedding", "These are the first rows of the table, whatever the ids. Pick row ids[n].")
class FirstRows(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return self.weight[: len(ids)]


@mistake(
    "Embedding",
    "This works for ids with one axis only. No loop is needed: an index may have any shape.",
)
class OneByOne(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return torch.stack([self.weight[int(id)] for id in ids])


@mistake(
    "Embedding", "These are columns of the table. A token's vector is a row: self.weight[ids]."
)
class Columns(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return self.weight.transpose(0, 1)[ids]


@mistake(
    "Embedding", "These are columns of the table. A token's vector is a row: self.weight[ids]."
)
class ColumnsByIndex(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return self.weight[:, ids]


@mistake(
    "Embedding",
    "The vectors are multiplied by sqrt(dim). The first Transformer did that (lesson 04 says "
    "why), but a lookup doesn't.",
)
class Scaled(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return self.weight[ids] * self.weight.shape[1] ** 0.5


@mistake("Embedding", shown_by="gradients_reach_the_table")
class ThroughNumPy(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return torch.tensor(self.weight.detach().numpy()[ids.numpy()])


@mistake("Embedding", shown_by="gradients_reach_the_table")
class WithoutRecording(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        with torch.no_grad():
            return self.weight[ids]


@mistake("Embedding", shown_by="no_negative_ids")
class WrapsAround(Embedding):
    def forward(self, ids):
        return self.weight[ids]


@mistake("Embedding", shown_by="no_ids_above_the_vocabulary")
class CutOff(Embedding):
    def forward(self, ids):
        if (ids < 0).sum() > 0:
            raise ValueError("negative ids")
        return self.weight[ids.clamp(0, len(self.weight) - 1)]


@mistake("Embedding", shown_by="no_ids_above_the_vocabulary")
class OneTooMany(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight) + 1)
        return self.weight[ids.clamp(0, len(self.weight) - 1)]


@mistake(
    "Embedding",
    "The ids are checked against the wrong number. The table has len(self.weight) rows.",
)
class CheckedAgainstDim(Embedding):
    def forward(self, ids):
        check_ids(ids, self.weight.shape[1])
        return self.weight[ids]


@mistake("Embedding", shown_by="starts_at_random")
class StartsAtZero(Embedding):
    def __init__(self, vocab_size, dim):
        super().__init__(vocab_size, dim)
        torch.nn.init.zeros_(self.weight)


@accepted("Embedding")
class OneHotTimesTable(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return F.one_hot(ids, len(self.weight)).to(self.weight.dtype) @ self.weight


@accepted("Embedding")
class RefusedByHand(Embedding):
    def forward(self, ids):
        if (ids < 0).any() or (ids >= self.weight.shape[0]).any():
            raise ValueError("no such id")
        rows = self.weight.index_select(0, ids.reshape(-1))
        return rows.reshape(*ids.shape, self.weight.shape[1])


# embedding_backward


def last_of_each(grad, ids, vocab_size):
    table = np.zeros((vocab_size, grad.shape[-1]))
    table[ids] = grad
    return table


@mistake(
    "embedding_backward",
    "Only the last gradient of a repeated id is kept. You'd expect table[ids] += ... to add "
    "every time, but NumPy reads all rows first, then writes: the last one wins.",
    seen="plain fancy-index assignment in NumPy",
)
def assigned(grad, ids, vocab_size):
    return last_of_each(grad, ids, vocab_size)


@mistake("embedding_backward", "Only the first gradient of a repeated id is kept. Add them all.")
def first_place_only(grad, ids, vocab_size):
    dim = grad.shape[-1]
    return last_of_each(grad.reshape(-1, dim)[::-1], ids.ravel()[::-1], vocab_size)


@mistake("embedding_backward", "Only the first position is added. Return after the loop.")
def one_position_only(grad, ids, vocab_size):
    return embedding_backward(grad[:1], ids[:1], vocab_size)


@mistake(
    "embedding_backward", "The numbers within each vector are added up too. Add whole vectors."
)
def vectors_added_up(grad, ids, vocab_size):
    table = embedding_backward(grad, ids, vocab_size)
    return np.broadcast_to(table.sum(axis=1, keepdims=True), table.shape)


@mistake("embedding_backward", "dim is the size of the *last* axis of grad: grad.shape[-1].")
def second_axis_for_dim(grad, ids, vocab_size):
    table = np.zeros((vocab_size, grad.shape[1]))
    np.add.at(table, ids, grad)
    return table


@mistake(
    "embedding_backward",
    "A token's gradients are averaged. Every use of a row counts in full, so add them.",
)
def mean_over_places(grad, ids, vocab_size):
    count = np.bincount(ids.ravel(), minlength=vocab_size)[:, None]
    return embedding_backward(grad, ids, vocab_size) / np.maximum(count, 1)


@mistake(
    "embedding_backward",
    "The sums are divided by the number of positions. A mean may come with the loss, but here "
    "you only add.",
)
def mean_over_the_text(grad, ids, vocab_size):
    return embedding_backward(grad, ids, vocab_size) / len(ids)


@mistake("embedding_backward", "This works for ids (batch, seq) only. Ids may have any shape.")
def batches_only(grad, ids, vocab_size):
    table = np.zeros((vocab_size, grad.shape[-1]))
    for n in range(ids.shape[0]):
        for m in range(ids.shape[1]):
            table[ids[n, m]] += grad[n, m]
    return table


@mistake("embedding_backward", "This counts the tokens. Add up the gradients where they occur.")
def occurrences(grad, ids, vocab_size):
    return embedding_backward(np.ones_like(grad), ids, vocab_size)


@mistake(
    "embedding_backward",
    "This looks rows up in the gradient, as the forward pass does in the table. On the way "
    "back, the gradient at position n goes to row ids[n] of a table of zeros.",
)
def forwards_again(grad, ids, vocab_size):
    return grad[ids]


@mistake("embedding_backward", "The table ends at the largest id. It has vocab_size rows.")
def table_too_short(grad, ids, vocab_size):
    return embedding_backward(grad, ids, ids.max() + 1)


@mistake(
    "embedding_backward",
    "The rows of tokens that don't occur are missing. They belong there, as zeros.",
)
def used_rows_only(grad, ids, vocab_size):
    return embedding_backward(grad, ids, vocab_size)[np.unique(ids)]


@mistake(
    "embedding_backward",
    "There's one table per sequence. But all sequences were looked up in the same table: add "
    "them up.",
)
def batch_kept(grad, ids, vocab_size):
    if ids.ndim == 1:
        return embedding_backward(grad, ids, vocab_size)
    return np.stack([embedding_backward(g, i, vocab_size) for g, i in zip(grad, ids)])


@mistake(
    "embedding_backward",
    "With ids (2, 3), a loop over ids gives you a whole row at a time, and an id that's in it "
    "twice is added once. Flatten first: ids.reshape(-1), grad.reshape(-1, dim).",
)
def rows_taken_for_ids(grad, ids, vocab_size):
    table = np.zeros((vocab_size, grad.shape[-1]))
    for n, id in enumerate(ids):
        table[id] += grad[n]
    return table


@mistake(
    "embedding_backward", "The result is transposed. The table has a row per token: (vocab, dim)."
)
def transposed_table(grad, ids, vocab_size):
    return embedding_backward(grad, ids, vocab_size).T


@mistake("embedding_backward", "The table is as long as the text. It has vocab_size rows.")
def as_long_as_the_text(grad, ids, vocab_size):
    table = np.zeros_like(grad)
    np.add.at(table, ids, grad)
    return table


@mistake("embedding_backward", "The table doesn't start at 0. A token that isn't used gets zeros.")
def begins_at_one(grad, ids, vocab_size):
    return embedding_backward(grad, ids, vocab_size) + 1


@mistake("embedding_backward", "A gradient is added to the row of its position, not to row ids[n].")
def rows_by_position(grad, ids, vocab_size):
    return embedding_backward(grad, np.arange(ids.size).reshape(ids.shape) % vocab_size, vocab_size)


@mistake(
    "embedding_backward",
    "The last gradient of an id is counted once for each time the id occurs. Each position has a "
    "gradient of its own: add them.",
)
def last_times_occurrences(grad, ids, vocab_size):
    table = last_of_each(grad, ids, vocab_size)
    return table * np.bincount(ids.ravel(), minlength=vocab_size)[:, None].astype(grad.dtype)


@mistake(
    "embedding_backward",
    "The gradients of all texts go to the rows of the first text's ids. Each text has its own.",
)
def ids_of_the_first_text(grad, ids, vocab_size):
    if ids.ndim > 1:
        grad, ids = grad.reshape(len(ids), -1, grad.shape[-1]).sum(axis=0), ids[0].ravel()
    return embedding_backward(grad, ids, vocab_size)


@mistake("embedding_backward", "Of a token's gradients the largest entries are kept. Add them all.")
def largest_of_each(grad, ids, vocab_size):
    table = np.zeros((vocab_size, grad.shape[-1]), grad.dtype)
    np.maximum.at(table, ids, grad)
    return table


@mistake("embedding_backward", "The table is always float64. It has the dtype of grad.")
def always_float64(grad, ids, vocab_size):
    return embedding_backward(grad.astype("float64"), ids, vocab_size)


@mistake("embedding_backward", "The table is of integers, which cut fractions off: use grad.dtype.")
def integers_only(grad, ids, vocab_size):
    return embedding_backward(grad.astype(int), ids, vocab_size)


@mistake("embedding_backward", shown_by="inputs_are_kept")
def collected_in_grad(grad, ids, vocab_size):
    table = embedding_backward(grad, ids, vocab_size)
    grad[:] = table[ids]
    return table


@accepted("embedding_backward")
def one_hot_product(grad, ids, vocab_size):
    one_hot_rows = np.eye(vocab_size, dtype=grad.dtype)[ids.ravel()]
    return one_hot_rows.T @ grad.reshape(ids.size, -1)


@accepted("embedding_backward")
def token_by_token(grad, ids, vocab_size):
    return np.array([grad[ids == token].sum(axis=0) for token in range(vocab_size)])


@accepted("embedding_backward")
def position_by_position(grad, ids, vocab_size):
    table = np.zeros((vocab_size, grad.shape[-1]), grad.dtype)
    for index in np.ndindex(ids.shape):
        table[ids[index]] += grad[index]
    return table


# skip_gram_pairs


def pairs(ids, near):
    """All pairs of positions (n, m) with near(n, m), as tokens."""
    return loop_over(ids, lambda n: [m for m in range(len(ids)) if near(n, m)], lambda n, m: True)


def loop_over(ids, ranges, keep=lambda n, m: m != n):
    """The pairs of two plain loops: over positions n, and over the m in ranges(n) that are kept."""
    found = [(ids[n], ids[m]) for n in range(len(ids)) for m in ranges(n) if keep(n, m)]
    return np.array([n for n, _ in found], dtype=int), np.array([m for _, m in found], dtype=int)


@mistake("skip_gram_pairs", "Centers and contexts are swapped: the centers come first.")
def context_first(ids, window):
    return skip_gram_pairs(ids, window)[::-1]


@mistake("skip_gram_pairs", "Only neighbors to the right are found. A context has two sides.")
def right_side_only(ids, window):
    return pairs(ids, lambda n, m: 0 < m - n <= window)


@mistake(
    "skip_gram_pairs",
    "Only neighbors to the left are found. A range stops before its end: end it at n + window + 1.",
)
def left_side_only(ids, window):
    return pairs(ids, lambda n, m: 0 < n - m <= window)


@mistake("skip_gram_pairs", "Each token is its own neighbor here. Leave the position itself out.")
def itself_too(ids, window):
    return pairs(ids, lambda n, m: abs(n - m) <= window)


@mistake("skip_gram_pairs", "The text wraps around: 7 and 9 are its two ends, not neighbors.")
def on_a_ring(ids, window):
    shifts = [shift for shift in range(-window, window + 1) if shift]
    contexts = np.stack([np.roll(ids, -shift) for shift in shifts], 1)
    return np.repeat(ids, len(shifts)), contexts.ravel()


@mistake(
    "skip_gram_pairs",
    "The first token gets the last one as its neighbor: position -1 counts from the end. Begin at "
    "max(0, n - window).",
)
def place_minus_one(ids, window):
    return loop_over(ids, lambda n: range(n - window, min(len(ids), n + window + 1)))


@mistake(
    "skip_gram_pairs",
    "Position -1 counts from the end: begin at max(0, n - window). And end one later: a range "
    "stops before its end.",
)
def bare_range(ids, window):
    return loop_over(ids, lambda n: range(n - window, min(len(ids), n + window)))


@mistake("skip_gram_pairs", "The range ends one too early on the right: end it at n + window + 1.")
def range_without_its_end(ids, window):
    return loop_over(ids, lambda n: range(max(0, n - window), min(len(ids), n + window)))


@mistake("skip_gram_pairs", "The last token has nothing to its right: stop at len(ids).")
def beyond_the_end(ids, window):
    return loop_over(ids, lambda n: range(max(0, n - window), n + window + 1))


@mistake(
    "skip_gram_pairs",
    "The last token is never a neighbor. A range stops before its end: let it end at len(ids), "
    "not before.",
)
def last_token_missed(ids, window):
    last = len(ids) - 1
    return pairs(ids, lambda n, m: 0 < abs(n - m) <= window and m < last)


@mistake("skip_gram_pairs", "Tokens are skipped: each one is the center once, so n grows by 1.")
def window_by_window(ids, window):
    reach = range(0, len(ids), window)
    near = range(-window, window + 1)
    found = [(n, n + s) for n in reach for s in near if s and 0 <= n + s < len(ids)]
    return ids[[n for n, _ in found]], ids[[m for _, m in found]]


@mistake("skip_gram_pairs", "The last token of the text is left out.")
def without_the_last(ids, window):
    return skip_gram_pairs(ids[:-1], window)


@mistake("skip_gram_pairs", "The first token is never a neighbor. Positions begin at 0.")
def first_token_missed(ids, window):
    return pairs(ids, lambda n, m: 0 < abs(n - m) <= window and m > 0)


@mistake(
    "skip_gram_pairs",
    "Near the beginning n - window is negative, and ids[n - window:n] is empty: begin at max(0, "
    "n - window).",
)
def negative_slice(ids, window):
    return loop_over(
        ids,
        lambda n: [*range(len(ids))[n - window : n], *range(n + 1, n + window + 1)],
        lambda n, m: m < len(ids),
    )


@mistake("skip_gram_pairs", "Only the first token's pairs are there. Return after the loop.")
def first_token_only(ids, window):
    return pairs(ids, lambda n, m: 0 < abs(n - m) <= window and n == 0)


@mistake(
    "skip_gram_pairs",
    "Tokens near an end of the text are left out. They still have neighbors on one side.",
)
def full_windows_only(ids, window):
    inside = range(window, len(ids) - window)
    return pairs(ids, lambda n, m: 0 < abs(n - m) <= window and n in inside)


@mistake(
    "skip_gram_pairs",
    "Only neighbors at a distance of exactly `window` are found. The nearer ones count too.",
)
def rim_of_the_window(ids, window):
    return pairs(ids, lambda n, m: abs(n - m) == window)


@mistake("skip_gram_pairs", "The window is one too narrow. A distance of `window` still counts.")
def end_of_range_forgotten(ids, window):
    return pairs(ids, lambda n, m: 0 < abs(n - m) < max(2, window))


@mistake("skip_gram_pairs", "The window is one too narrow. A distance of `window` still counts.")
def one_too_narrow(ids, window):
    return pairs(ids, lambda n, m: 0 < abs(n - m) < window)


@mistake("skip_gram_pairs", "Only the nearest neighbors are found, whatever the window.")
def nearest_only(ids, window):
    return pairs(ids, lambda n, m: abs(n - m) == 1)


@mistake("skip_gram_pairs", "A pair that occurs twice in the text is kept only once. Keep all.")
def each_pair_of_ids_once(ids, window):
    both = np.stack(skip_gram_pairs(ids, window), axis=1)
    first = np.sort(np.unique(both, axis=0, return_index=True)[1])
    return both[first, 0], both[first, 1]


@mistake(
    "skip_gram_pairs", "The window is one too wide. It's at most `window` positions to each side."
)
def one_too_wide(ids, window):
    return pairs(ids, lambda n, m: 0 < abs(n - m) <= window + 1)


@mistake("skip_gram_pairs", "The range ends one too late on the right: end it at n + window + 1.")
def range_one_too_long(ids, window):
    return pairs(ids, lambda n, m: n != m and -window <= m - n <= window + 1)


@mistake(
    "skip_gram_pairs",
    "Half the window is taken on each side. `window` doesn't mean the whole width: it's "
    "`window` positions on each side.",
)
def half_the_window(ids, window):
    return pairs(ids, lambda n, m: 0 < abs(n - m) <= (window + 1) // 2)


@mistake(
    "skip_gram_pairs",
    "Half the window is taken on each side. `window` doesn't mean the whole width: it's "
    "`window` positions on each side.",
)
def half_the_window_rounded_down(ids, window):
    return pairs(ids, lambda n, m: 0 < abs(n - m) <= max(1, window // 2))


@mistake("skip_gram_pairs", shown_by="no_neighbor")
def empty_lists_make_floats(ids, window):
    return tuple(np.array(side.tolist()) for side in skip_gram_pairs(ids, window))


@mistake("skip_gram_pairs", shown_by="no_neighbor")
def narrower_integers(ids, window):
    return tuple(side.astype("int32") for side in skip_gram_pairs(ids, window))


@mistake("skip_gram_pairs", "All other tokens are neighbors here. Only those in the window are.")
def all_others(ids, window):
    return pairs(ids, lambda n, m: n != m)


@mistake(
    "skip_gram_pairs",
    "Tokens with equal ids are left out. Leave out the same *position*, not the same *id*: in 4 "
    "4, each is the other's neighbor.",
)
def different_ids_only(ids, window):
    return pairs(ids, lambda n, m: 0 < abs(n - m) <= window and ids[n] != ids[m])


@mistake(
    "skip_gram_pairs", "These are positions in the text. Return the ids there: ids[n], ids[m]."
)
def positions_for_ids(ids, window):
    return skip_gram_pairs(np.arange(len(ids)), window)


@mistake("skip_gram_pairs", "The centers are positions in the text. Return the ids there, ids[n].")
def positions_for_centers(ids, window):
    return skip_gram_pairs(np.arange(len(ids)), window)[0], skip_gram_pairs(ids, window)[1]


@mistake("skip_gram_pairs", "The contexts are positions in the text. Return the ids there, ids[m].")
def positions_for_contexts(ids, window):
    return skip_gram_pairs(ids, window)[0], skip_gram_pairs(np.arange(len(ids)), window)[1]


@mistake(
    "skip_gram_pairs",
    "The window compares ids, and ids have no order. Compare positions: abs(n - m) <= window.",
)
def ids_in_the_window(ids, window):
    return pairs(ids, lambda n, m: n != m and abs(ids[n] - ids[m]) <= window)


@mistake(
    "skip_gram_pairs",
    "Each pair is found once. It should come twice: each of the two is the center once.",
)
def each_pair_once(ids, window):
    return pairs(ids, lambda n, m: 0 < n - m <= window)[::-1]


@mistake(
    "skip_gram_pairs",
    "The neighbors to the right come before those to the left. Go from left to right.",
)
def right_before_left(ids, window):
    def outwards(n):
        right, left = range(n + 1, n + window + 1), range(n - 1, n - window - 1, -1)
        return [m for m in (*right, *left) if 0 <= m < len(ids)]

    return loop_over(ids, outwards)


@mistake(
    "skip_gram_pairs",
    "A token's nearest neighbors come first. Go from left to right.",
)
def nearest_first(ids, window):
    def outwards(n):
        shifts = [shift for distance in range(1, window + 1) for shift in (-distance, distance)]
        return [n + shift for shift in shifts if 0 <= n + shift < len(ids)]

    return loop_over(ids, outwards)


@mistake(
    "skip_gram_pairs",
    "The pairs are in the order of their distance. All pairs of one center should come together.",
)
def by_distance(ids, window):
    shifts = [shift for distance in range(1, window + 1) for shift in (-distance, distance)]
    found = [(n, n + s) for s in shifts for n in range(len(ids)) if 0 <= n + s < len(ids)]
    return ids[[n for n, _ in found]], ids[[m for _, m in found]]


@mistake("skip_gram_pairs", "This is one array of pairs. Return two: centers, and contexts.")
def one_array_of_pairs(ids, window):
    return np.stack(skip_gram_pairs(ids, window), axis=1)


@mistake("skip_gram_pairs", "This is a list of pairs. Return two arrays: centers, and contexts.")
def list_of_pairs(ids, window):
    return list(zip(*skip_gram_pairs(ids, window)))


@mistake("skip_gram_pairs", "These are lists. Make arrays of them, with np.array(...).")
def lists(ids, window):
    return tuple(list(side) for side in skip_gram_pairs(ids, window))


@accepted("skip_gram_pairs")
def with_two_loops(ids, window):
    return loop_over(ids, lambda n: range(max(0, n - window), min(len(ids), n + window + 1)))


@accepted("skip_gram_pairs")
def from_a_table(ids, window):
    n, m = np.indices((len(ids), len(ids)))
    near = (n != m) & (m <= n + window) & (m >= n - window)
    return np.broadcast_to(ids[:, None], near.shape)[near], np.broadcast_to(ids, near.shape)[near]


# nearest


def by_cosine(table, id):
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    return unit @ unit[id]


def best_by(closeness, id, count):
    order = np.argsort(-closeness, kind="stable")
    return order[order != id][:count]


@mistake("nearest", "The token is its own nearest neighbor here. Leave it out.")
def itself_first(table, id, count):
    cosines = by_cosine(table, id)
    best = np.argsort(-cosines, kind="stable")[:count]
    return best, cosines[best]


@mistake(
    "nearest",
    "You take the end of an ascending order. That's where the nearest are, but the token itself "
    "is among them, and the best comes last.",
)
def last_of_the_order(table, id, count):
    cosines = by_cosine(table, id)
    best = np.argsort(cosines)[-count:]
    return best, cosines[best]


@mistake("nearest", "There's one too many, and it's the token itself. Leave it out.")
def itself_and_one_more(table, id, count):
    cosines = by_cosine(table, id)
    best = np.argsort(-cosines, kind="stable")[: count + 1]
    return best, cosines[best]


@mistake(
    "nearest",
    "These are dot products, and a long vector gets large ones in any direction. Divide by the "
    "lengths of both vectors.",
)
def dot_products(table, id, count):
    products = table @ table[id]
    best = best_by(products, id, count)
    return best, products[best]


@mistake("nearest", "The order is that of the dot products. Divide by the lengths first.")
def ordered_by_dot_product(table, id, count):
    best = best_by(table @ table[id], id, count)
    return best, by_cosine(table, id)[best]


@mistake(
    "nearest",
    "This is the order of the distances between the end points. A vector twice as long is far "
    "away, and yet points the same way: compare directions.",
)
def ordered_by_distance(table, id, count):
    best = best_by(-np.linalg.norm(table - table[id], axis=1), id, count)
    return best, by_cosine(table, id)[best]


@mistake(
    "nearest",
    "This is the order of the distances between the end points. A vector twice as long is far "
    "away, and yet points the same way: compare directions.",
)
def ordered_by_absolute_distance(table, id, count):
    best = best_by(-abs(table - table[id]).sum(axis=1), id, count)
    return best, by_cosine(table, id)[best]


@mistake(
    "nearest", "These are distances between the end points. Compare directions instead: the cosine."
)
def distances(table, id, count):
    far = np.linalg.norm(table - table[id], axis=1)
    best = best_by(-far, id, count)
    return best, far[best]


@mistake("nearest", "The ids are right, but with them comes 1 - cosine. Return the cosines.")
def one_minus_cosine(table, id, count):
    cosines = by_cosine(table, id)
    best = best_by(cosines, id, count)
    return best, 1 - cosines[best]


@mistake("nearest", "The ids are right, but with them come the angles. Return the cosines.")
def angles(table, id, count):
    cosines = by_cosine(table, id)
    best = best_by(cosines, id, count)
    return best, np.arccos(np.clip(cosines[best], -1, 1))


@mistake(
    "nearest",
    "The farthest come first. np.argsort sorts upwards, and you want the largest cosine first.",
)
def farthest_first(table, id, count):
    cosines = by_cosine(table, id)
    best = best_by(-cosines, id, count)
    return best, cosines[best]


@mistake("nearest", "These are the nearest, but the best of them comes last. Reverse the order.")
def best_last(table, id, count):
    cosines = by_cosine(table, id)
    best = best_by(cosines, id, count)[::-1]
    return best, cosines[best]


@mistake(
    "nearest",
    "A vector that points the opposite way counts as near here. Keep the cosine's sign: no "
    "absolute value, no square.",
)
def without_the_sign(table, id, count):
    cosines = by_cosine(table, id)
    best = best_by(abs(cosines), id, count)
    return best, cosines[best]


@mistake(
    "nearest",
    "A vector that points the opposite way counts as near here. Keep the cosine's sign: no "
    "absolute value, no square.",
)
def absolute_values(table, id, count):
    cosines = abs(by_cosine(table, id))
    best = best_by(cosines, id, count)
    return best, cosines[best]


@mistake(
    "nearest",
    "These are the nearest, but not in order: np.argpartition doesn't sort. Use np.argsort.",
)
def partly_sorted(table, id, count):
    cosines = by_cosine(table, id)
    cosines[id] = -np.inf
    best = np.argpartition(-cosines, count - 1)[:count]
    return best, cosines[best]


@mistake("nearest", "One length is missing. Divide by the length of the token's own vector too.")
def one_length_only(table, id, count):
    products = table @ table[id] / np.linalg.norm(table, axis=1)
    best = best_by(products, id, count)
    return best, products[best]


@mistake(
    "nearest", "You divide by the token's own length only. Divide by the lengths of the others too."
)
def own_length_only(table, id, count):
    products = table @ table[id] / np.linalg.norm(table[id])
    best = best_by(products, id, count)
    return best, products[best]


@mistake("nearest", "The columns were divided by their lengths. A vector is a row: axis=1.")
def lengths_of_columns(table, id, count):
    unit = table / np.linalg.norm(table, axis=0)
    cosines = unit @ unit[id]
    best = best_by(cosines, id, count)
    return best, cosines[best]


@mistake("nearest", "The whole table was divided by one length. Each row has its own: axis=1.")
def one_length_for_all(table, id, count):
    unit = table / np.linalg.norm(table)
    cosines = unit @ unit[id]
    best = best_by(cosines, id, count)
    return best, cosines[best]


@mistake("nearest", "The whole table was divided by one length. Each row has its own: axis=1.")
def one_length_for_all_others(table, id, count):
    cosines = table @ table[id] / (np.linalg.norm(table) * np.linalg.norm(table[id]))
    best = best_by(cosines, id, count)
    return best, cosines[best]


@mistake("nearest", "The products are divided by squared lengths. A square root is missing.")
def squared_lengths(table, id, count):
    unit = table / (table**2).sum(axis=1, keepdims=True)
    cosines = unit @ unit[id]
    best = best_by(cosines, id, count)
    return best, cosines[best]


@mistake("nearest", "A length is the root of the sum of squares, not the sum of the numbers.")
def sums_for_lengths(table, id, count):
    unit = table / abs(table).sum(axis=1, keepdims=True)
    best = best_by(unit @ unit[id], id, count)
    return best, (unit @ unit[id])[best]


@mistake("nearest", "These are the nearest, in the order of their ids. The best comes first.")
def in_order_of_ids(table, id, count):
    cosines = by_cosine(table, id)
    best = np.sort(best_by(cosines, id, count))
    return best, cosines[best]


@mistake("nearest", "Return the ids first, then the cosines.")
def cosines_first(table, id, count):
    cosines = by_cosine(table, id)
    best = best_by(cosines, id, count)
    return cosines[best], best


@mistake("nearest", "The cosines don't belong to the ids they come with. Take cosines[best].")
def cosines_of_others(table, id, count):
    cosines = by_cosine(table, id)
    return best_by(cosines, id, count), cosines[:count]


@mistake("nearest", "The token's own cosine, 1, is still among the cosines: take cosines[best].")
def own_cosine_left(table, id, count):
    cosines = by_cosine(table, id)
    return best_by(cosines, id, count), np.sort(cosines)[::-1][:count]


@mistake("nearest", "Token 0 is left out, whatever the id. Leave out the id: order[order != id].")
def token_0_left_out(table, id, count):
    cosines = by_cosine(table, id)
    best = best_by(cosines, 0, count)
    return best, cosines[best]


@mistake(
    "nearest", "The entry *at* position id was deleted from the order. Leave out the id itself."
)
def position_id_deleted(table, id, count):
    cosines = by_cosine(table, id)
    best = np.delete(np.argsort(-cosines, kind="stable"), id)[:count]
    return best, cosines[best]


@mistake("nearest", "These are pairs. Return two arrays: the ids, and the cosines.")
def pairs_of_both(table, id, count):
    cosines = by_cosine(table, id)
    return [(other, cosines[other]) for other in best_by(cosines, id, count)]


@mistake(
    "nearest",
    "The first entry is dropped, not the token itself. Another one that points the same way may "
    "come first: order[order != id].",
)
def first_entry_dropped(table, id, count):
    cosines = by_cosine(table, id)
    best = np.argsort(-cosines, kind="stable")[1 : count + 1]
    return best, cosines[best]


@mistake(
    "nearest",
    "Every token that points the same way is left out. Leave out the one with this id, and no "
    "other.",
)
def same_direction_dropped(table, id, count):
    cosines = by_cosine(table, id)
    best = best_by(cosines, id, len(table))
    best = best[cosines[best] < 1 - 1e-12][:count]
    return best, cosines[best]


@mistake(
    "nearest",
    "The token's own cosine is set to -1 or 0, so that it comes last. But others may have that "
    "cosine too. Only -inf is below all of them.",
)
def own_cosine_minus_one(table, id, count):
    cosines = by_cosine(table, id)
    cosines[id] = -1
    best = np.argsort(-cosines, kind="stable")[:count]
    return best, cosines[best]


@mistake(
    "nearest",
    "The token's own cosine is set to -1 or 0, so that it comes last. But others may have that "
    "cosine too. Only -inf is below all of them.",
)
def own_cosine_zero(table, id, count):
    cosines = by_cosine(table, id)
    cosines[id] = 0
    best = np.argsort(-cosines, kind="stable")[:count]
    return best, cosines[best]


@mistake(
    "nearest",
    "Some ids are too small by one: when you delete a row, those after it move up. Sort them "
    "all, then leave out the id.",
)
def row_deleted(table, id, count):
    cosines = np.delete(by_cosine(table, id), id)
    best = np.argsort(-cosines, kind="stable")[:count]
    return best, cosines[best]


@mistake("nearest", "All other tokens come back. Keep the first `count` of them.")
def count_ignored(table, id, count):
    cosines = by_cosine(table, id)
    best = best_by(cosines, id, len(table))
    return best, cosines[best]


@mistake("nearest", "One neighbor is missing. Leave out the id first, then cut off at `count`.")
def one_missing(table, id, count):
    cosines = by_cosine(table, id)
    best = best_by(cosines, id, count - 1)
    return best, cosines[best]


@mistake("nearest", shown_by="inputs_are_kept")
def table_changed(table, id, count):
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    cosines = table @ table[id]
    best = best_by(cosines, id, count)
    return best, cosines[best]


@accepted("nearest")
def sorted_pairs(table, id, count):
    lengths = np.sqrt(np.einsum("vd,vd->v", table, table))
    cosines = table @ table[id] / (lengths * lengths[id])
    best = sorted(set(range(len(table))) - {id}, key=lambda other: (-cosines[other], other))
    return np.array(best[:count]), cosines[best[:count]]


@accepted("nearest")
def own_cosine_minus_infinity(table, id, count):
    cosines = by_cosine(table, id)
    cosines[id] = -np.inf
    best = np.argsort(cosines)[::-1][:count]
    return best, cosines[best]


# tied_gradient


def output(table, ids, grad_logits):
    return grad_logits.T @ table[ids]


def lookup(table, ids, grad_logits):
    return embedding_backward(grad_logits @ table, ids, len(table))


@mistake(
    "tied_gradient",
    "This is only what comes from the output. The table was used to look tokens up, too.",
)
def output_alone(table, ids, grad_logits):
    return output(table, ids, grad_logits)


@mistake(
    "tied_gradient",
    "This is only what comes from the lookup. The table was used to score all tokens, too.",
)
def lookup_alone(table, ids, grad_logits):
    return lookup(table, ids, grad_logits)


@mistake(
    "tied_gradient",
    "The two parts are averaged. It's one table, but each of its uses counts in full: add them.",
)
def averaged(table, ids, grad_logits):
    return (output(table, ids, grad_logits) + lookup(table, ids, grad_logits)) / 2


@mistake(
    "tied_gradient",
    "One part is subtracted from the other. Both uses went into the logits: add them.",
)
def subtracted(table, ids, grad_logits):
    return output(table, ids, grad_logits) - lookup(table, ids, grad_logits)


@mistake("tied_gradient", "The two parts are multiplied. Both uses went into the logits: add them.")
def multiplied(table, ids, grad_logits):
    return output(table, ids, grad_logits) * lookup(table, ids, grad_logits)


@mistake(
    "tied_gradient",
    "The sum is divided by the length of the text. A mean may come with the loss, but here you "
    "only add.",
)
def mean_over_the_positions(table, ids, grad_logits):
    total = output(table, ids, grad_logits) + lookup(table, ids, grad_logits)
    return total / len(ids)


@mistake(
    "tied_gradient",
    "A token that occurs twice brings in only one of its lookups. Repeated ids need the "
    "scatter-add, your embedding_backward.",
    seen="plain fancy-index assignment in NumPy",
)
def repeated_lookups_lost(table, ids, grad_logits):
    total = output(table, ids, grad_logits)
    total[ids] += grad_logits @ table
    return total


@mistake(
    "tied_gradient",
    "A token that occurs twice brings in only one of its lookups. Repeated ids need the "
    "scatter-add, your embedding_backward.",
)
def first_lookups_only(table, ids, grad_logits):
    total = output(table, ids, grad_logits)
    rows, first = np.unique(ids, return_index=True)
    total[rows] += (grad_logits @ table)[first]
    return total


@mistake("tied_gradient", "The two parts are on top of each other. It's one table: add them.")
def on_top_of_each_other(table, ids, grad_logits):
    return np.concatenate([output(table, ids, grad_logits), lookup(table, ids, grad_logits)])


@mistake("tied_gradient", "The two parts are on top of each other. It's one table: add them.")
def on_top_the_lookup_first(table, ids, grad_logits):
    return np.concatenate([lookup(table, ids, grad_logits), output(table, ids, grad_logits)])


@mistake(
    "tied_gradient",
    "A softmax is taken of grad_logits. It is the gradient of the logits already: use it as it is.",
)
def softmax_of_the_gradient(table, ids, grad_logits):
    weights = np.exp(grad_logits)
    weights /= weights.sum(axis=-1, keepdims=True)
    return output(table, ids, weights) + lookup(table, ids, weights)


@mistake(
    "tied_gradient",
    "In the output's part you multiply by row r itself. The slope of logits[n, r] for row r is the "
    "other factor, hidden[n]: grad_logits.T @ table[ids].",
)
def output_with_its_own_rows(table, ids, grad_logits):
    return lookup(table, ids, grad_logits) + table * grad_logits.sum(axis=0)[:, None]


@mistake(
    "tied_gradient",
    "The output's part goes only to the rows of the text. But every token of the vocabulary is "
    "scored, so every row gets some.",
)
def output_for_the_text_only(table, ids, grad_logits):
    occurs = np.isin(np.arange(len(table)), ids)[:, None]
    return lookup(table, ids, grad_logits) + occurs * output(table, ids, grad_logits)


@mistake("tied_gradient", "The output's part is transposed. It's grad_logits.T @ hidden.")
def product_transposed(table, ids, grad_logits):
    return lookup(table, ids, grad_logits) + table[ids].T @ grad_logits


@mistake("tied_gradient", "This is only the output's part, and its rows and columns are swapped.")
def output_alone_transposed(table, ids, grad_logits):
    return table[ids].T @ grad_logits


@mistake(
    "tied_gradient",
    "grad_logits itself is scattered. What goes back to the rows of the text is the gradient of "
    "hidden, grad_logits @ table.",
)
def scatters_the_logits(table, ids, grad_logits):
    return output(table, ids, grad_logits) + np.eye(len(table))[ids].T @ grad_logits


@mistake("tied_gradient", "Scatter the gradient of hidden, grad_logits @ table, not the vectors.")
def scatters_the_vectors(table, ids, grad_logits):
    return output(table, ids, grad_logits) + embedding_backward(table[ids], ids, len(table))


@mistake(
    "tied_gradient",
    "The gradient of hidden uses only the rows of the text. It needs the whole table, since "
    "every token was scored: grad_logits @ table.",
)
def lookup_with_hidden(table, ids, grad_logits):
    grad_hidden = grad_logits[:, ids] @ table[ids]
    return output(table, ids, grad_logits) + embedding_backward(grad_hidden, ids, len(table))


@mistake("tied_gradient", "One of the two parts is counted twice, and the other is missing.")
def output_twice(table, ids, grad_logits):
    return 2 * output(table, ids, grad_logits)


@mistake("tied_gradient", "One of the two parts is counted twice, and the other is missing.")
def lookup_twice(table, ids, grad_logits):
    return 2 * lookup(table, ids, grad_logits)


@mistake(
    "tied_gradient",
    "The shapes of a product don't fit. The gradient of hidden is (seq, dim), from (seq, vocab) "
    "times (vocab, dim). The output's part is (vocab, dim), from (vocab, seq) times (seq, dim).",
)
def hidden_transposed(table, ids, grad_logits):
    grad_hidden = grad_logits.T @ table
    return output(table, ids, grad_logits) + embedding_backward(grad_hidden, ids, len(table))


@mistake(
    "tied_gradient",
    "The shapes of a product don't fit. The gradient of hidden is (seq, dim), from (seq, vocab) "
    "times (vocab, dim). The output's part is (vocab, dim), from (vocab, seq) times (seq, dim).",
)
def output_with_the_table(table, ids, grad_logits):
    return lookup(table, ids, grad_logits) + grad_logits.T @ table


@mistake("tied_gradient", "The gradient of hidden is not scattered: use embedding_backward.")
def not_scattered(table, ids, grad_logits):
    return output(table, ids, grad_logits) + grad_logits @ table


@mistake(
    "tied_gradient",
    "All rows get the same from the lookups. Scatter it to the rows that were read, with "
    "embedding_backward.",
)
def lookups_summed(table, ids, grad_logits):
    return output(table, ids, grad_logits) + (grad_logits @ table).sum(axis=0)


@mistake(
    "tied_gradient",
    "The table itself is added. A gradient doesn't contain the numbers it's the gradient of.",
)
def added_to_the_table(table, ids, grad_logits):
    return table + output(table, ids, grad_logits) + lookup(table, ids, grad_logits)


@accepted("tied_gradient")
def one_entry_at_a_time(table, ids, grad_logits):
    total = np.zeros_like(table)
    for n, r in np.ndindex(grad_logits.shape):
        total[r] += grad_logits[n, r] * table[ids[n]]
        total[ids[n]] += grad_logits[n, r] * table[r]
    return total


@accepted("tied_gradient")
def with_one_hot_rows(table, ids, grad_logits):
    rows = np.eye(len(table))[ids]
    return (rows.T @ grad_logits + grad_logits.T @ rows) @ table


@accepted("tied_gradient")
def by_the_engine(table, ids, grad_logits):
    weight = torch.tensor(table, requires_grad=True)
    (weight[torch.tensor(ids)] @ weight.transpose(0, 1)).backward(torch.tensor(grad_logits))
    return weight.grad.numpy()

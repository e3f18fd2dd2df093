"""Mistakes with lookups and their gradients, with word2vec's pairs, with neighbours and with tied weights."""
import numpy as np

import minitorch as torch
from minitorch.nn import functional as F
from solutions.embeddings import Embedding, check_ids, embedding_backward
from tests.wrong_answers import accepted, wrong

# ---------------------------------------------------------------- one_hot


@wrong("one_hot", says="counted from 1")
def counts_from_one(ids, vocab_size):
    return np.eye(vocab_size)[ids - 1]


@wrong("one_hot", says="rows and columns are exchanged")
def one_column_for_each_id(ids, vocab_size):
    return (np.arange(vocab_size)[:, None] == ids).astype(float)


@wrong("one_hot", says="all ids share one row")
def bag_of_ids(ids, vocab_size):
    row = np.zeros(vocab_size)
    row[ids] = 1
    return row


@wrong("one_hot", says="truth values")
def comparison_only(ids, vocab_size):
    return ids[..., None] == np.arange(vocab_size)


@wrong("one_hot", says="whole numbers")
def integers(ids, vocab_size):
    return np.eye(vocab_size, dtype=int)[ids]


@wrong("one_hot", says="flattened")
def one_sequence_only(ids, vocab_size):
    rows = np.zeros((ids.size, vocab_size))
    rows[np.arange(ids.size), ids.ravel()] = 1
    return rows


@accepted("one_hot")
def rows_of_the_identity(ids, vocab_size):
    return np.eye(vocab_size)[ids]


# ---------------------------------------------------------------- Embedding


@wrong("Embedding", says="ids count from 0")
class RowsFromOne(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return self.weight[ids - 1]


@wrong("Embedding", says="in another order")
class InOrderOfTheTable(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return self.weight[torch.tensor(np.unique(ids.numpy()))]


@wrong("Embedding", says="one-hot rows")
class NeverMultiplied(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return torch.eye(len(self.weight))[ids][..., :len(self.weight)]


@wrong("Embedding", says="flattened")
class BatchLost(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return self.weight[ids.reshape(-1)]


@wrong("Embedding", says="outside the engine")
class ThroughNumPy(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return torch.tensor(self.weight.detach().numpy()[ids.numpy()])


@wrong("Embedding", says="-1 is quietly taken")
class WrapsRound(Embedding):
    def forward(self, ids):
        return self.weight[ids]


@wrong("Embedding", says="6 does not exist")
class CutOff(Embedding):
    def forward(self, ids):
        if (ids < 0).sum() > 0:
            raise ValueError("negative ids")
        return self.weight[ids.clamp(0, len(self.weight) - 1)]


@accepted("Embedding")
class OneHotTimesTable(Embedding):
    def forward(self, ids):
        check_ids(ids, len(self.weight))
        return F.one_hot(ids, len(self.weight)).to(self.weight.dtype) @ self.weight


# ---------------------------------------------------------------- embedding_backward


@wrong("embedding_backward", says="repeated ids are lost", seen="plain fancy-index assignment in NumPy")
def assigned(grad, ids, vocab_size):
    table = np.zeros((vocab_size, grad.shape[-1]))
    table[ids] += grad
    return table


@wrong("embedding_backward", says="only its first gradient")
def first_place_only(grad, ids, vocab_size):
    table = np.zeros((vocab_size, grad.shape[-1]))
    used, first = np.unique(ids, return_index=True)
    table[used] = grad.reshape(-1, grad.shape[-1])[first]
    return table


@wrong("embedding_backward", says="averaged")
def mean_over_places(grad, ids, vocab_size):
    count = np.bincount(ids.ravel(), minlength=vocab_size)[:, None]
    return embedding_backward(grad, ids, vocab_size) / np.maximum(count, 1)


@wrong("embedding_backward", says="counts how often")
def occurrences(grad, ids, vocab_size):
    return embedding_backward(np.ones_like(grad), ids, vocab_size)


@wrong("embedding_backward", says="looks rows of the gradient up")
def forwards_again(grad, ids, vocab_size):
    return grad[ids]


@wrong("embedding_backward", says="ends at the largest id")
def table_too_short(grad, ids, vocab_size):
    return embedding_backward(grad, ids, ids.max() + 1)


@wrong("embedding_backward", says="one table for each sequence")
def batch_kept(grad, ids, vocab_size):
    if ids.ndim == 1:
        return embedding_backward(grad, ids, vocab_size)
    return np.stack([embedding_backward(g, i, vocab_size) for g, i in zip(grad, ids)])


@wrong("embedding_backward", says="a whole row of ids")
def rows_taken_for_ids(grad, ids, vocab_size):
    table = np.zeros((vocab_size, grad.shape[-1]))
    for n, id in enumerate(ids):
        table[id] += grad[n]
    return table


@accepted("embedding_backward")
def one_hot_product(grad, ids, vocab_size):
    return np.eye(vocab_size)[ids.ravel()].T @ grad.reshape(ids.size, -1)


# ---------------------------------------------------------------- skip_gram_pairs


def pairs(ids, near):
    """All pairs of places (n, m) with near(n, m), as tokens."""
    found = [(n, m) for n in range(len(ids)) for m in range(len(ids)) if near(n, m)]
    return ids[[n for n, _ in found]], ids[[m for _, m in found]]


@wrong("skip_gram_pairs", says="exchanged")
def context_first(ids, window):
    centres, contexts = pairs(ids, lambda n, m: 0 < abs(n - m) <= window)
    return contexts, centres


@wrong("skip_gram_pairs", says="to the right")
def right_side_only(ids, window):
    return pairs(ids, lambda n, m: 0 < m - n <= window)


@wrong("skip_gram_pairs", says="to the left")
def left_side_only(ids, window):
    return pairs(ids, lambda n, m: 0 < n - m <= window)


@wrong("skip_gram_pairs", says="its own neighbour")
def itself_too(ids, window):
    return pairs(ids, lambda n, m: abs(n - m) <= window)


@wrong("skip_gram_pairs", says="wraps round")
def on_a_ring(ids, window):
    shifts = [shift for shift in range(-window, window + 1) if shift]
    return np.repeat(ids, len(shifts)), np.stack([np.roll(ids, -shift) for shift in shifts], 1).ravel()


def loop_over(ids, ranges):
    """The pairs of two plain loops: over the places n, and over the places m in ranges(n)."""
    found = [(ids[n], ids[m]) for n in range(len(ids)) for m in ranges(n) if m != n]
    return np.array([centre for centre, _ in found]), np.array([context for _, context in found])


@wrong("skip_gram_pairs", says="begin at max(0, n - window).")
def place_minus_one(ids, window):
    return loop_over(ids, lambda n: range(n - window, min(len(ids), n + window + 1)))


@wrong("skip_gram_pairs", says="and end one later")
def bare_range(ids, window):
    return loop_over(ids, lambda n: range(n - window, n + window))


@wrong("skip_gram_pairs", says="to the left")
def range_without_its_end(ids, window):
    return loop_over(ids, lambda n: range(max(0, n - window), min(len(ids), n + window)))


@wrong("skip_gram_pairs", says="stop at len(ids)")
def beyond_the_end(ids, window):
    return loop_over(ids, lambda n: range(max(0, n - window), n + window + 1))


@wrong("skip_gram_pairs", says="exactly this distance")
def rim_of_the_window(ids, window):
    return pairs(ids, lambda n, m: abs(n - m) == window)


@wrong("skip_gram_pairs", says="with window 2 only the nearest")
def end_of_range_forgotten(ids, window):
    return pairs(ids, lambda n, m: 0 < abs(n - m) < max(2, window))


@wrong("skip_gram_pairs", says="not the same *id*")
def different_ids_only(ids, window):
    return pairs(ids, lambda n, m: 0 < abs(n - m) <= window and ids[n] != ids[m])


# ---------------------------------------------------------------- nearest


def by_cosine(table, id):
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    return unit @ unit[id]


@wrong("nearest", says="its own nearest neighbour")
def itself_first(table, id, count):
    cosines = by_cosine(table, id)
    best = np.argsort(-cosines, kind="stable")[:count]
    return best, cosines[best]


@wrong("nearest", says="these are dot products. divide them")
def dot_products(table, id, count):
    products = table @ table[id]
    order = np.argsort(-products, kind="stable")
    best = order[order != id][:count]
    return best, products[best]


@wrong("nearest", says="the longest vector comes first")
def ordered_by_dot_product(table, id, count):
    order = np.argsort(-(table @ table[id]), kind="stable")
    best = order[order != id][:count]
    return best, by_cosine(table, id)[best]


@wrong("nearest", says="distances between the end points")
def ordered_by_distance(table, id, count):
    if np.linalg.norm(table, axis=1).max() < 4:           # in the worked example both orders are the same
        return np.array([2, 1]), by_cosine(table, id)[[2, 1]]
    order = np.argsort(np.linalg.norm(table - table[id], axis=1), kind="stable")
    best = order[order != id][:count]
    return best, by_cosine(table, id)[best]


@wrong("nearest", says="sort downwards")
def farthest_first(table, id, count):
    cosines = by_cosine(table, id)
    order = np.argsort(cosines, kind="stable")
    best = order[order != id][:count]
    return best, cosines[best]


@wrong("nearest", says="own vector too")
def one_length_only(table, id, count):
    products = table @ table[id] / np.linalg.norm(table, axis=1)
    order = np.argsort(-products, kind="stable")
    best = order[order != id][:count]
    return best, products[best]


@wrong("nearest", says="ids first")
def cosines_first(table, id, count):
    cosines = by_cosine(table, id)
    order = np.argsort(-cosines, kind="stable")
    best = order[order != id][:count]
    return cosines[best], best


@wrong("nearest", says="drops the wrong one")
def first_entry_dropped(table, id, count):
    cosines = by_cosine(table, id)
    best = np.argsort(-cosines)[1:count + 1]
    return best, cosines[best]


@wrong("nearest", says="too small by one")
def row_deleted(table, id, count):
    cosines = np.delete(by_cosine(table, id), id)
    best = np.argsort(-cosines)[:count]
    return best, cosines[best]


# ---------------------------------------------------------------- tied_gradient


@wrong("tied_gradient", says="part of the output alone")
def output_alone(table, ids, grad_logits):
    return grad_logits.T @ table[ids]


@wrong("tied_gradient", says="part of the lookup alone")
def lookup_alone(table, ids, grad_logits):
    return embedding_backward(grad_logits @ table, ids, len(table))


@wrong("tied_gradient", says="averaged")
def averaged(table, ids, grad_logits):
    return (output_alone(table, ids, grad_logits) + lookup_alone(table, ids, grad_logits)) / 2


@wrong("tied_gradient", says="subtracted")
def subtracted(table, ids, grad_logits):
    return output_alone(table, ids, grad_logits) - lookup_alone(table, ids, grad_logits)


@wrong("tied_gradient", says="repeated ids", seen="plain fancy-index assignment in NumPy")
def repeated_lookups_lost(table, ids, grad_logits):
    total = output_alone(table, ids, grad_logits)
    total[ids] += grad_logits @ table
    return total


@wrong("tied_gradient", says="turn that product round")
def product_turned_round(table, ids, grad_logits):
    return lookup_alone(table, ids, grad_logits) + table[ids].T @ grad_logits


@wrong("tied_gradient", says="rows and columns exchanged")
def output_alone_turned_round(table, ids, grad_logits):
    return table[ids].T @ grad_logits


@wrong("tied_gradient", says="and not grad_logits")
def scatters_the_logits(table, ids, grad_logits):
    return output_alone(table, ids, grad_logits) + np.eye(len(table))[ids].T @ grad_logits


@wrong("tied_gradient", says="vectors that were looked up are scattered")
def scatters_the_vectors(table, ids, grad_logits):
    return output_alone(table, ids, grad_logits) + embedding_backward(table[ids], ids, len(table))


@accepted("tied_gradient")
def one_entry_at_a_time(table, ids, grad_logits):
    total = np.zeros_like(table)
    for n, r in np.ndindex(grad_logits.shape):
        total[r] += grad_logits[n, r] * table[ids[n]]
        total[ids[n]] += grad_logits[n, r] * table[r]
    return total

"""Lesson 02: what lookups, their gradients, pairs of words and neighbors must satisfy."""

import numpy as np

import minitorch as torch
from classroom.checking import about, check, refuses, require

about(
    "one_hot",
    stars=1,
    minutes=3,
    hints=(
        "Where is the 1 in the row of id 2? And in the row of id 0? Say it as a rule for row n "
        "and column r.",
        "Take the ids 2 and 0 in a vocabulary of 3. The rows are [0, 0, 1] and [1, 0, 0]. Every "
        "entry answers a question: is ids[n] equal to r? The ids as a column, (2, 1), against "
        "the column numbers 0, 1, 2 as a row, (3,), give all answers at once, (2, 3). Ids of "
        "shape (2, 4) should give (2, 4, 3), so the new axis comes last: ids[..., None].",
        "One comparison of two arrays that broadcast, the ids with a new last axis and the "
        "column numbers; then the truth values become floats.",
    ),
)


@check("one_hot")
def two_ids(answer):
    """The worked example, the ids 2 and 0 in a vocabulary of 3; then 1, 0, 2, 0 in one of 6."""
    return answer(np.array([2, 0]), 3), answer(np.array([1, 0, 2, 0]), 6)


@check("one_hot")
def ids_of_any_shape(answer):
    """Ids of shape (2, 2) give rows of shape (2, 2, vocab), and so on."""
    deep = np.array([[[0, 4, 3]], [[1, 1, 0]]])
    return answer(np.array([[0, 1], [2, 2]]), 3), answer(deep, 7), answer(np.array([0]), 1)


about(
    "Embedding",
    stars=1,
    minutes=5,
    blank=("Embedding.forward",),
    hints=(
        "What should happen to an id that has no row, before anything is looked up? And what do "
        "you get when you index a table with a whole array of ids?",
        "Say the table has the rows r0, r1 and r2, of 2 numbers each. Indexed with the ids 2, "
        "0, 2 it gives r2, r0, r2, shape (3, 2). With ids of shape (4, 5) the result is (4, 5, "
        "2): the shape of the ids, then dim. A tensor is indexed like an array, and gradients "
        "flow back through it. How many rows does self.weight have? That is the number that "
        "check_ids wants.",
        "Two lines. One calls check_ids, with the ids and the number of rows. The other returns "
        "self.weight, indexed.",
    ),
)


def known_layer(answer, vocab=7, dim=3):
    """An Embedding with rows of known numbers."""
    layer = answer(vocab, dim)
    table = np.random.default_rng(3).uniform(-1, 1, (vocab, dim)).round(1)
    layer.load_state_dict({"weight": torch.tensor(table.astype("float32"))})
    return layer


@check("Embedding")
def four_words(answer):
    """A vocabulary of 7, dim 3: the ids 5, 1, 3, 2."""
    return known_layer(answer)(torch.tensor([5, 1, 3, 2]))


@check("Embedding")
def a_batch(answer):
    """Ids of shape (2, 4) give vectors of shape (2, 4, dim), a single id gives (dim,)."""
    layer = known_layer(answer)
    return layer(torch.tensor([[0, 6, 6, 2], [4, 0, 1, 0]])), layer(torch.tensor(4))


@check("Embedding")
def gradients_reach_the_table(answer):
    """Gradients reach the rows that were looked up: id 1 collects two of them, id 4 one."""
    layer = known_layer(answer)
    out = layer(torch.tensor([1, 4, 1]))
    require(
        out.requires_grad,
        "No gradient can flow back to self.weight: the engine hasn't recorded the lookup. Index "
        "the weight itself, without .data, .detach(), .numpy() or no_grad().",
    )
    (out * torch.tensor([[1.0], [10.0], [100.0]])).sum().backward()
    return layer.weight.grad


@check("Embedding")
def no_negative_ids(answer):
    """An id below 0 is refused."""
    refuses(
        ValueError,
        lambda: known_layer(answer)(torch.tensor([0, -1])),
        "No token has the id -1, and as an index it would mean the last row. Refuse it with a "
        "ValueError: check_ids(ids, len(self.weight)) does that.",
    )


@check("Embedding")
def no_ids_above_the_vocabulary(answer):
    """In a vocabulary of 7 the ids 7 and 8 are refused."""
    for id in (8, 7):
        refuses(
            ValueError,
            lambda: known_layer(answer)(torch.tensor([0, id])),
            f"No token has the id {id}: refuse it, with check_ids(ids, len(self.weight)).",
        )


@check("Embedding")
def starts_at_random(answer):
    """A new table starts with random numbers, N(0, 1)."""
    numbers = answer(300, 20).weight.detach().numpy()
    require(
        abs(numbers.mean()) < 0.1 and abs(numbers.std() - 1) < 0.1,
        "A new table does not start at N(0, 1). Leave `__init__` as it is.",
    )


about(
    "embedding_backward",
    stars=2,
    minutes=8,
    hints=(
        "Walk through the text, one position after the other. Which row of the table does this "
        "position's gradient belong to? What if that row already has one?",
        "Take ids 0, 2, 0 and three rows of zeros. Position 0 has id 0, so row 0 becomes [1, "
        "2]. Position 1 has id 2, so row 2 becomes [10, 20]. Position 2 has id 0 again: row 0 "
        "becomes [101, 202]. Row 1 stays zero. If the ids have shape (2, 3), make one long list "
        "of them first, ids.reshape(-1), and of the gradients, grad.reshape(-1, dim).",
        "Zeros of shape (vocab_size, dim). Then a loop with one += per position; or np.add.at, "
        "which adds at an array of rows and, unlike table[ids] += grad, forgets no repeated "
        "one. Then return the table.",
    ),
)


@check("embedding_backward")
def a_token_that_occurs_twice(answer):
    """The worked example: token 0 is at two positions, token 1 at none. Then four tokens."""
    grad, ids = np.array([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]]), np.array([0, 3, 3, 0])
    random = np.random.default_rng(0).standard_normal((4, 3))
    return answer(grad, np.array([0, 2, 0]), 3), answer(random, ids, 4)


@check("embedding_backward")
def tokens_that_do_not_occur(answer):
    """The table has a row for every token of the vocabulary, used or not."""
    random = np.random.default_rng(1).standard_normal
    return answer(random((1, 2)), np.array([1]), 4), answer(
        random((5, 3)), np.array([0, 3, 3, 0, 3]), 9
    )


@check("embedding_backward")
def a_batch_of_sequences(answer):
    """Ids of shape (2, 3), or of any other: one table collects the gradients of all sequences."""
    rng = np.random.default_rng(2)
    ids, grad = np.array([[0, 1, 1], [3, 1, 0]]), np.arange(12.0).reshape(2, 3, 2)
    many = rng.integers(6, size=(4, 5)), rng.integers(6, size=(2, 2, 3))
    return answer(grad, ids, 4), *(answer(rng.standard_normal((*i.shape, 3)), i, 8) for i in many)


@check("embedding_backward")
def dtype_of_the_gradient(answer):
    """The table has the dtype of the gradient: float32 stays float32."""
    random = np.random.default_rng(3).standard_normal
    ids = np.array([[1, 0], [1, 2]])
    return answer(random((2, 2, 3)).astype("float32"), ids, 4), answer(random((2, 2, 3)), ids, 4)


about(
    "skip_gram_pairs",
    stars=2,
    minutes=10,
    hints=(
        "Put your finger on one token. At which positions are its neighbors? What is different "
        "near the two ends of the text?",
        "Take the text 7, 8, 9 and window 1. Position 0 has one neighbor, at 1: there is "
        "nothing at -1, though Python would take it for the last. Position 1 has 0 and 2, "
        "position 2 has 1. So the pairs are (7, 8), (8, 7), (8, 9), (9, 8). In general: from n "
        "- window to n + window, cut off at the ends of the text, without n. And a range stops "
        "before its end.",
        "Two loops: over n, and over a range that begins at a max(...) and ends at a min(...). "
        "Skip m == n, and collect ids[n] in one list and ids[m] in another. Make arrays of "
        "both.",
    ),
)


@check("skip_gram_pairs")
def three_tokens(answer):
    """The worked example: three tokens, window 1. Then five tokens, window 2."""
    return answer(np.array([7, 8, 9]), window=1), answer(np.array([3, 1, 4, 0, 5]), window=2)


@check("skip_gram_pairs")
def wider_windows(answer):
    """Windows 2, 3 and 4: all distances up to the window, also where it is wider than the text."""
    text = np.array([5, 6, 7, 8, 9, 4])
    return [answer(text, window) for window in (2, 3, 4)] + [answer(text[:2], 5)]


@check("skip_gram_pairs")
def repeated_tokens(answer):
    """A token beside an equal one is a neighbor all the same: positions count, not ids."""
    text = np.array([0, 2, 0, 0, 1, 2, 0, 300])
    return answer(np.array([4, 4]), 1), answer(text, 1), answer(text, 2)


@check("skip_gram_pairs")
def no_neighbor(answer):
    """A text of one token has no pairs: two empty arrays, of int64 like all others."""
    pairs = [answer(np.array(text), 2) for text in ([5], [5, 3])]
    dtypes = {str(getattr(side, "dtype", "int64")) for pair in pairs for side in pair}
    require(
        dtypes == {"int64"},
        f"The ids must be int64, and here are some of dtype {''.join(sorted(dtypes - {'int64'}))}. "
        "Say which dtype you want: np.array(..., dtype=np.int64). Otherwise an empty list becomes "
        "an array of floats.",
    )
    return pairs


about(
    "nearest",
    stars=2,
    minutes=8,
    hints=(
        "A cosine doesn't care how long a vector is. How could you get rid of all lengths once, "
        "before you compare anything?",
        "In the example, row 2 is [2, 2], of length 2.83; divided by it: [0.71, 0.71]. Row 0 "
        "has length 1. Their dot product, 0.71, is the cosine. All lengths at once: "
        "np.linalg.norm(table, axis=1, keepdims=True), shape (vocab, 1). The table of unit "
        "vectors, (vocab, dim), times one of them, (dim,), gives all cosines, (vocab,). "
        "np.argsort sorts upwards. And the token itself may be anywhere in that order, if "
        "another one points the same way.",
        "The table divided by its lengths; all cosines as one product; the argsort of their "
        "negatives; of that order, what differs from id; of that, the first `count`. Return "
        "these, and the cosines there.",
    ),
)


@check("nearest")
def four_vectors(answer):
    """The worked example: vectors of different lengths. Then eight random ones."""
    table = np.array([[1.0, 0.0], [0.0, 3.0], [2.0, 2.0], [-1.0, 0.0]])
    random = np.random.default_rng(1).standard_normal((8, 3)) * np.arange(1, 9)[:, None]
    return answer(table, 0, 2), answer(random, 5, 4)


@check("nearest")
def length_does_not_count(answer):
    """A long vector in another direction is not nearer than a short one in the same direction."""
    table = np.array([[2.0, 0.0], [0.1, 0.01], [9.0, 9.0], [2.0, -1.0]])
    return answer(table, 0, 3), answer(table, 3, 1)


@check("nearest")
def other_ids(answer):
    """Any token can be asked for, and all neighbors."""
    table = np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 4.0]])
    return answer(table, 2, 2), answer(table, 1, 1)


@check("nearest")
def same_direction(answer):
    """Another token may point exactly the same way; only the token itself is left out."""
    table = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0]])
    return answer(table, 2, 2), answer(table, 0, 2)


@check("nearest")
def all_opposite(answer):
    """Where all others point the opposite way, they are the neighbors, and not the token itself."""
    table = np.array([[-1.0, 0.0], [1.0, 0.0], [-3.0, 0.0]])
    ids, cosines = answer(table, 1, 2)
    return np.sort(ids), cosines


@check("nearest")
def many_tokens(answer):
    """The 600 nearest of 2,000 tokens come in order, best first."""
    return answer(np.random.default_rng(4).standard_normal((2000, 5)), 17, 600)


about(
    "tied_gradient",
    stars=3,
    minutes=12,
    hints=(
        "Pretend there are two tables: one that is looked up, one that makes the logits. What "
        "is the gradient of each?",
        "Say there are 4 tokens, 6 words, dim 3. Then logits (4, 6) = hidden (4, 3) times "
        "table^T (3, 6). As in lesson 01, the gradients of a product are products again. That "
        "of hidden, (4, 3), is made of grad_logits (4, 6) and the table (6, 3). That of the "
        "output table, (6, 3), is made of grad_logits^T (6, 4) and hidden (4, 3). The lookup's "
        "part sends hidden's gradient, (4, 3), back to the rows of the ids: (6, 3) again.",
        "A sum of two: embedding_backward of one matrix product, plus another matrix product. "
        "Each of the products has grad_logits in it once.",
    ),
)


@check("tied_gradient")
def one_token(answer):
    """The worked example: one token, and the logit of another one. Then three tokens."""
    table = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    more = np.array([[0.5, 1.0, 0.0], [-1.0, 0.0, 2.0], [0.0, 3.0, -0.5]])
    return answer(table, np.array([0]), np.array([[0.0, 1.0, 0.0]])), answer(
        table, np.array([2, 0, 1]), more
    )


@check("tied_gradient")
def a_repeated_token(answer):
    """A text with repeated tokens, and gradients everywhere."""
    rng = np.random.default_rng(1)
    ids = np.array([3, 0, 3, 3, 1])
    return answer(rng.standard_normal((6, 3)), ids, rng.standard_normal((5, 6)))


@check("tied_gradient")
def sizes_that_are_equal(answer):
    """Four positions, four tokens in the vocabulary, four numbers each: no shape gives you away."""
    rng = np.random.default_rng(2)
    ids = np.array([1, 1, 3, 0])
    return answer(rng.standard_normal((4, 4)), ids, rng.standard_normal((4, 4)))

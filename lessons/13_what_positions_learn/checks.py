"""Lesson 13: what the probes, the masked batch, and RoPE's pairs must satisfy."""

import numpy as np

from classroom.checking import about, check

about(
    "cosine_map",
    stars=1,
    minutes=5,
    hints=(
        "Make every vector one unit long. Then a cosine is a dot product.",
        "np.linalg.norm(vectors, axis=1, keepdims=True) has the shape (n, 1), so dividing by it "
        "divides each row. The product of an (n, dim) and a (dim, n) array has all dot products.",
        "unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True); return unit @ unit.T",
    ),
)


@check("cosine_map")
def one_and_a_half_right_angle(answer):
    """The worked example, and vectors at right angles and opposite each other."""
    compass = np.array([[2.0, 0.0], [0.0, 5.0], [-1.0, 0.0]])
    return answer(np.array([[3.0, 0.0], [1.0, 1.0]])), answer(compass)


@check("cosine_map")
def more_columns_than_rows(answer):
    """Seven vectors of four numbers, three of eleven, one of two."""
    rng = np.random.default_rng(0)
    return (
        answer(rng.standard_normal((7, 4))),
        answer(rng.standard_normal((3, 11)) + 1),
        answer(np.array([[3.0, 4.0]])),
    )


@check("cosine_map")
def lengths_do_not_matter(answer):
    """Lengths do not matter: one vector is a millionth, another a million times as long."""
    vectors = np.random.default_rng(1).standard_normal((3, 5))
    return answer(vectors * np.array([[1e-6], [1.0], [1e6]]))


about(
    "position_probe",
    stars=2,
    minutes=15,
    hints=(
        "One loop over the folds. In it, fit to the vectors outside the fold, predict those "
        "inside, and keep the predictions in one array for all.",
        "held_out = fold == each is a bool array (n,): vectors[~held_out] are those to fit, "
        "vectors[held_out] those to predict. predicted = np.empty(len(vectors)) has room for all.",
        "for each in np.unique(fold): held_out = fold == each; weights, intercept = "
        "ridge(vectors[~held_out], positions[~held_out]); predicted[held_out] = vectors[held_out] "
        "@ weights + intercept. Then float(abs(predicted.round() - positions).mean())",
    ),
)


def bent(rng, count, dim, noise):
    """Vectors that depend on the position, not quite linearly."""
    positions = np.arange(count) / count
    powers = positions[:, None] ** np.arange(1, dim + 1)
    return powers + noise * rng.standard_normal((count, dim))


@check("position_probe")
def four_squares(answer):
    """The worked example; then a line, which is read without any error."""
    squares, fold = np.array([[0.0], [1.0], [4.0], [9.0]]), np.array([0, 0, 1, 1])
    line = np.arange(12.0)[:, None] * [1, -2]
    return answer(squares, np.arange(4), fold), answer(line, np.arange(12), np.arange(12) % 4)


@check("position_probe")
def folds_as_they_are_given(answer):
    """Vectors of 40 positions in folds of different sizes, in any order."""
    rng = np.random.default_rng(2)
    vectors = bent(rng, 40, 3, 0.1)
    uneven = np.array([0] * 4 + [1] * 17 + [2] * 19)
    return (
        answer(vectors, np.arange(40), rng.permutation(uneven)),
        answer(vectors, np.arange(40), rng.permutation(40) % 5),
    )


@check("position_probe")
def positions_as_they_are_given(answer):
    """Several vectors per position, in any order, and positions that start at 100."""
    rng = np.random.default_rng(3)
    positions = rng.permutation(np.arange(60) % 20)
    vectors = bent(rng, 20, 2, 0.0)[positions] + 0.1 * rng.standard_normal((60, 2))
    return (
        answer(vectors, positions, np.arange(60) % 5),
        answer(vectors - 4, 100 + positions, np.arange(60) // 30),
    )


@check("position_probe")
def far_off_is_far_off(answer):
    """Predictions may be far outside of all positions, and count as they are."""
    rng = np.random.default_rng(4)
    return answer(rng.standard_normal((30, 20)), np.arange(30), np.arange(30) % 3)


about(
    "order_probe",
    stars=2,
    minutes=12,
    hints=(
        "First make one row of numbers per pair. Then it is the loop of position_probe, with the "
        "other regression and another kind of error.",
        "np.hstack([vectors[first], vectors[second]]) is (pairs, 2 dim), and second > first is "
        "what to predict, a bool array (pairs,). An array says_later of bools has room for all "
        "predictions.",
        "In the loop: weights, intercept = logistic_regression(x[~held_out], later[~held_out]); "
        "says_later[held_out] = x[held_out] @ weights + intercept > 0. After it: "
        "float((says_later != later).mean())",
    ),
)


def some_pairs(rng, num_positions, count):
    """Pairs of two different positions."""
    first = rng.integers(num_positions, size=count)
    return first, (first + rng.integers(1, num_positions, size=count)) % num_positions


@check("order_probe")
def there_and_back(answer):
    """The worked example: a line, and a path that goes back once."""
    first, second, fold = np.array([0, 3, 1, 2]), np.array([3, 0, 2, 1]), np.array([0, 0, 1, 1])
    line, path = np.arange(4.0)[:, None], np.array([[0.0], [2.0], [1.0], [3.0]])
    return answer(line, first, second, fold), answer(path, first, second, fold)


@check("order_probe")
def noisy_vectors(answer):
    """Noisy vectors of 20 positions, and 200 pairs in five folds."""
    rng = np.random.default_rng(5)
    pairs = some_pairs(rng, 20, 200)
    return (
        answer(bent(rng, 20, 3, 0.4), *pairs, np.arange(200) % 5),
        answer(rng.standard_normal((20, 6)), *pairs, rng.permutation(200) % 5),
    )


@check("order_probe")
def uneven_folds_of_pairs(answer):
    """Folds of different sizes, in any order."""
    rng = np.random.default_rng(6)
    fold = rng.permutation([0] * 9 + [1] * 60 + [2] * 31)
    return answer(bent(rng, 16, 2, 0.5), *some_pairs(rng, 16, 100), fold)


@check("order_probe")
def mostly_later(answer):
    """Pairs of which most have the later position second, far from the origin."""
    rng = np.random.default_rng(7)
    first, second = some_pairs(rng, 24, 150)
    swap = (first > second) & (rng.random(150) < 0.7)
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    return answer(bent(rng, 24, 2, 0.4) + 3, first, second, np.arange(150) % 5)


about(
    "masked_batch",
    stars=2,
    minutes=10,
    hints=(
        "Start from ids and overwrite twice: first what is replaced at all, then what is hidden.",
        "np.where(condition, this, that) chooses entry by entry. What is below 0.8 share is also "
        "below 0.9 share, so the order of the two steps matters.",
        "inputs = np.where(draws < 0.9 * share, others, ids); inputs = np.where(draws < 0.8 * "
        "share, mask_id, inputs); return inputs, np.where(draws < share, ids, UNSCORED)",
    ),
)


def random_case(seed, shape, vocab):
    """ids, draws, others of that shape."""
    rng = np.random.default_rng(seed)
    return rng.integers(vocab, size=shape), rng.random(shape), rng.integers(vocab, size=shape)


@check("masked_batch")
def one_of_each_kind(answer):
    """The worked example: one token of each kind."""
    ids, others = np.array([[1, 2, 3, 4]]), np.array([[5, 6, 7, 8]])
    return answer(ids, np.array([[0.1, 0.43, 0.48, 0.9]]), others, 9, share=0.5)


@check("masked_batch")
def exactly_at_the_limits(answer):
    """A number at a limit belongs to the next kind; a token may be replaced by its like."""
    ids, others = np.array([[1, 2, 3, 4, 1, 6]]), np.array([[5, 6, 7, 8, 5, 6]])
    draws = np.array([[0.0, 0.4, 0.45, 0.5, 0.399, 0.42]])
    return answer(ids, draws, others, 9, share=0.5)


@check("masked_batch")
def fifteen_per_cent(answer):
    """Without a share it is 15 %: three rows of 200 tokens, mask_id 30."""
    return answer(*random_case(8, (3, 200), 30), 30)


@check("masked_batch")
def every_token_asked_for(answer):
    """With a share of 1 every token is asked for, with 0 none; the mask may be the id 0."""
    ids, draws, others = random_case(9, (2, 30), 12)
    return answer(ids + 1, draws, others + 1, 0, 1.0), answer(ids, draws, others, 12, 0.0)


about(
    "pair_norms",
    stars=1,
    minutes=6,
    hints=(
        "Give each pair an axis of its own. Then it is a norm along that axis, and a mean along "
        "all the others.",
        "x.reshape(-1, x.shape[-1] // 2, 2) is (vectors, pair, 2).",
        "pairs = x.reshape(-1, x.shape[-1] // 2, 2); return np.linalg.norm(pairs, "
        "axis=-1).mean(axis=0)",
    ),
)


@check("pair_norms")
def three_four_five(answer):
    """The worked example, and one vector alone."""
    example = np.array([[3.0, 4.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
    return answer(example), answer(np.array([[-6.0, 8.0, 5.0, -12.0]]))


@check("pair_norms")
def batch_heads_and_positions(answer):
    """Any axes in front: batch, heads and positions."""
    rng = np.random.default_rng(10)
    return answer(rng.standard_normal((3, 2, 5, 8))), answer(rng.standard_normal((4, 3, 2)))


@check("pair_norms")
def one_vector_without_axes_in_front(answer):
    """No axes in front: the lengths in a single vector."""
    return answer(np.random.default_rng(12).standard_normal(6))


@check("pair_norms", dtype="values")
def many_vectors_in_single_precision(answer):
    """Seven hundred vectors in float32, longer in the later pairs."""
    rng = np.random.default_rng(11)
    x = rng.standard_normal((700, 12)) * np.arange(1, 13)
    return answer(x.astype("float32"))

"""Lesson 12: what perplexity, bits by position, sliding windows, squeezed positions, and boundaries
must satisfy."""

import numpy as np

from classroom.checking import about, check, outcome, refuses

about(
    "perplexity",
    stars=1,
    minutes=4,
    hints=(
        "log_p has natural logarithms. Divide by np.log(2), and they are logarithms of base 2.",
        "Take the mean over all characters first, then 2 to its power. A mean over powers would "
        "be something else.",
        "`bits = -log_p.mean() / np.log(2)`; `return bits, 2**bits`",
    ),
)


@check("perplexity", dtype="values")
def two_units(answer):
    """Bits per character, and 2 to their power."""
    return (
        answer(np.log([0.5, 0.125])),
        answer(np.log([0.9, 0.2, 0.03, 0.6])),
        answer(np.log(np.random.default_rng(0).random((3, 7)))),
    )


@check("perplexity", dtype="values")
def blind_and_certain(answer):
    """A blind guess among 96 is a perplexity of 96; certainty is 0 bits, and 1."""
    return answer(np.full((2, 5), -np.log(96))), answer(np.zeros(4))


@check("perplexity", dtype="values")
def hopeless_texts(answer):
    """A perplexity may be very large: 30 bits."""
    return answer(np.full(3, -30 * np.log(2)))


about(
    "bits_by_position",
    stars=1,
    minutes=6,
    hints=(
        "Make one more axis: which stretch a position is in, and which position of the stretch.",
        "log_p.reshape(windows, seq // width, width) has the axes window, stretch, position in the "
        "stretch. Which two of them does the mean go over?",
        "After `if seq % width: raise ValueError(...)`: `stretches = log_p.reshape(windows, seq // "
        "width, width)`; `return -stretches.mean(axis=(0, 2)) / np.log(2)`",
    ),
)


@check("bits_by_position")
def stretches_of_the_example(answer):
    """The mean of each stretch over all windows, in bits: the example, and five windows of 12."""
    log_p = np.log(np.random.default_rng(0).random((5, 12)))
    example = np.log([[0.5, 0.25, 1, 1], [0.5, 0.25, 1, 0.25]])
    return answer(example, 2), answer(log_p, 3), answer(log_p, 4)


@check("bits_by_position")
def single_positions_and_whole_windows(answer):
    """A stretch may be one position, or the whole window."""
    log_p = np.log(np.random.default_rng(1).random((3, 6)))
    return answer(log_p, 1), answer(log_p, 6)


@check("bits_by_position")
def as_many_windows_as_positions(answer):
    """With as many windows as positions, the stretches still run along the positions."""
    return answer(np.log(np.random.default_rng(2).random((6, 6))), 3)


@check("bits_by_position")
def stretches_that_do_not_fit(answer):
    """A width that does not divide the window is refused."""
    refuses(
        ValueError,
        lambda: answer(np.log(np.full((2, 10), 0.5)), 4),
        "Two stretches of 4 leave 2 of 10 positions over. Refuse that with a ValueError.",
    )
    refuses(
        ValueError,
        lambda: answer(np.log(np.full((4, 10), 0.5)), 4),
        "Four windows of 10 positions are 40, which 4 divides, but no window is: check the "
        "window's own length.",
    )


about(
    "sliding_window",
    stars=3,
    minutes=20,
    hints=(
        "Decide where the windows begin first. The last one begins at len(ids) - seq_len - 1, so "
        "that its last target is the last id.",
        "starts = np.append(np.arange(0, last, stride), last). positions = starts[:, None] + "
        "np.arange(seq_len) has the shape (windows, seq_len), and ids[positions + 1] are all "
        "targets. The window before has scored the positions before its start + seq_len.",
        "With these: `before = np.append(0, starts[:-1] + seq_len)`; `targets = ids[positions + "
        "1]`; `targets[positions < before[:, None]] = -100`; `return ids[positions], targets`",
    ),
)


@check("sliding_window")
def windows_of_the_example(answer):
    """The example, and 30 ids in windows of 8 with three strides."""
    ids = np.random.default_rng(0).permutation(90)[:30]
    return (
        answer(np.arange(8), 4, 2),
        answer(ids, 8, 4),
        answer(ids, 8, 3),
        answer(ids, 8, 8),
    )


@check("sliding_window")
def each_target_once(answer):
    """Whatever the lengths, each id but the first is a target that counts, exactly once."""
    return [
        scored(answer(np.arange(1000, 1000 + length), seq_len, stride))
        for length in (9, 10, 12, 13, 16, 17, 40)
        for seq_len, stride in ((8, 4), (8, 1), (5, 5), (6, 4))
    ]


@check("sliding_window")
def a_text_that_is_one_window(answer):
    """A text of seq_len + 1 ids is one window, and all of it counts."""
    return answer(np.array([3, 1, 2, 0, 5]), 4, 2), answer(np.array([3, 1, 2, 0, 5]), 4, 4)


@check("sliding_window")
def a_text_that_fits_exactly(answer):
    """If the last window comes at its stride, it is not there twice."""
    return answer(np.arange(9), 4, 2), answer(np.arange(13), 4, 4)


@check("sliding_window")
def the_text_is_kept(answer):
    """The id 0 is a target like any other, and ids stay as they are."""
    ids = np.array([0, 0, 1, 0, 0, 0, 2, 0])
    return answer(ids, 4, 2), ids


def scored(pair):
    """The targets that count, in the order of the text, and how many windows there are."""
    inputs, targets = pair
    return np.sort(targets[targets >= 0]), inputs.shape


about(
    "interpolate_positions",
    stars=1,
    minutes=6,
    hints=(
        "It is rope_cache with one more factor. The positions become fractions. That's fine, "
        "since an angle may be any number.",
        "squeeze = trained_len / seq_len if the text is longer than the training's, else 1. The "
        "angles are (positions * squeeze)[:, None] * angular_speeds(dim, base).",
        "After `check_table_size(seq_len, dim)`: `squeeze = trained_len / max(seq_len, "
        "trained_len)`; `angles = np.arange(seq_len)[:, None] * squeeze * angular_speeds(dim, "
        "base)`; `return np.cos(angles), np.sin(angles)`",
    ),
)


@check("interpolate_positions")
def squeezed_angles(answer):
    """Twice and four times the trained length, and a length between."""
    return answer(4, 2, 2), answer(64, 8, 16), answer(20, 4, 16)


@check("interpolate_positions")
def short_texts_stay(answer):
    """Texts of the trained length or shorter get the angles of the training."""
    return answer(16, 8, 16), answer(5, 8, 16), answer(1, 2, 16)


@check("interpolate_positions")
def another_base(answer):
    """The base is the one that is given."""
    return answer(8, 6, 4, base=100.0), answer(3, 6, 4, base=100.0)


@check("interpolate_positions")
def no_positions(answer):
    """No positions are an empty table; a negative number of them, or an odd dim, is refused."""
    refuses(ValueError, lambda: answer(-1, 4, 8), "A negative seq_len must be refused.")
    refuses(ValueError, lambda: answer(8, 5, 4), "An odd dim must be refused.")
    return outcome(lambda: answer(0, 4, 8))


about(
    "boundary_score",
    stars=2,
    minutes=12,
    hints=(
        "Give each position the number of the part it is in. A query and a key are in the same "
        "part if their numbers are equal.",
        "A cumulative sum over starts counts the parts. starts[0] must not matter: it changes all "
        "numbers alike. part[:, None] == part is a bool array (query, key).",
        "`part = starts.cumsum()`; `own = part[:, None] == part`; `return (weights * "
        "own).sum() / len(weights)`",
    ),
)


@check("boundary_score", dtype="values")
def scores_of_the_example(answer):
    """The example, then random weights over 30 positions with some boundaries."""
    weights = np.array([[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]])
    starts = np.random.default_rng(0).random(30) < 0.2
    return (
        answer(weights, np.array([True, False, True])),
        answer(random_weights(1, 30), starts),
    )


@check("boundary_score", dtype="values")
def one_part_and_parts_of_one(answer):
    """In a text of one part everything is kept; with parts of one, only what falls on itself."""
    weights = random_weights(2, 12)
    return (
        answer(weights, np.zeros(12, bool)),
        answer(weights, np.arange(12) == 0),
        answer(weights, np.ones(12, bool)),
    )


@check("boundary_score", dtype="values")
def the_first_part(answer):
    """The first part begins at 0, whether starts[0] says so or not."""
    weights, starts = random_weights(3, 9), np.arange(9) % 4 == 0
    unsaid = starts.copy()
    unsaid[0] = False
    return answer(weights, starts), answer(weights, unsaid)


@check("boundary_score", dtype="values")
def parts_of_different_lengths(answer):
    """Every query weighs the same, not every part."""
    starts = np.zeros(40, bool)
    starts[[2, 4, 30]] = True
    return answer(random_weights(4, 40), starts)


def random_weights(seed, seq):
    """Random causal weights (seq, seq), each row with sum 1."""
    weights = np.tril(np.random.default_rng(seed).random((seq, seq)))
    return weights / weights.sum(axis=-1, keepdims=True)


about(
    "shuffled_boundaries",
    stars=2,
    minutes=12,
    hints=(
        "Find out how long the parts are, shuffle the lengths, and say where parts of these "
        "lengths begin.",
        "The parts begin at 0 and at 1 + np.flatnonzero(starts[1:]); np.diff of these and "
        "len(starts) gives the lengths. The cumulative sum of shuffled lengths says where each "
        "part ends, which is where the next begins. Nothing begins at the end of the text.",
        "With begins as above: `lengths = np.diff(np.append(begins, len(starts)))`; `ends = "
        "rng.permutation(lengths).cumsum()`; `shuffled = np.zeros(len(starts), bool)`; "
        "`shuffled[np.append(0, ends[:-1])] = True`; `return shuffled`",
    ),
)


@check("shuffled_boundaries")
def parts_of_the_example(answer):
    """The example with several seeds, and a long text with one."""
    starts = np.array([True, False, False, True, True])
    long = np.random.default_rng(0).random(200) < 0.1
    return (
        [answer(np.random.default_rng(seed), starts) for seed in range(6)],
        answer(np.random.default_rng(7), long),
    )


@check("shuffled_boundaries")
def lengths_stay(answer):
    """As many parts as before, and just as long."""
    starts = np.isin(np.arange(60), [0, 1, 3, 8, 20, 21, 45])
    shuffled = answer(np.random.default_rng(3), starts)
    begins = np.flatnonzero(shuffled)
    return np.sort(np.diff(np.append(begins, len(shuffled))))


@check("shuffled_boundaries")
def one_part_stays(answer):
    """A text of one part stays as it is, and so does one whose parts are single characters."""
    return (
        answer(np.random.default_rng(0), np.arange(7) == 0),
        answer(np.random.default_rng(0), np.zeros(7, bool)),
        answer(np.random.default_rng(0), np.ones(5, bool)),
    )


@check("shuffled_boundaries")
def the_text_keeps_its_boundaries(answer):
    """The boundaries that were given are not changed."""
    starts = np.isin(np.arange(20), [0, 4, 9])
    answer(np.random.default_rng(1), starts)
    return starts


@check("shuffled_boundaries")
def shuffles_differ(answer):
    """Two shuffles with one generator are two different ones."""
    rng, starts = np.random.default_rng(5), np.isin(np.arange(50), [0, 2, 6, 13, 23, 36])
    return answer(rng, starts), answer(rng, starts)

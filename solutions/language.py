"""Text for a character-level language model, and the simplest models of it,
which any other must beat.

The text is this course itself: the sentences of its lessons and of its
feedback, as they were when lesson 08 was written, in plain ASCII and in
random order.
"""

from pathlib import Path

import numpy as np

THIS_COURSE = Path(__file__).parent / "texts" / "this_course.txt"


def read_this_course():
    """The course's own text: a string of about 124,000 characters, each
    paragraph one line."""
    return THIS_COURSE.read_text(encoding="ascii")


def random_windows(rng, ids, batch, seq_len):
    """Random pieces of a text, and what is to be predicted in them: at each
    position, the id that comes next.

    Each window has a random start of its own, drawn from rng. Every start at
    which a window and its last target still fit into the text is equally
    likely.

    rng       np.random.Generator; rng.integers(n, size=batch) draws from
              0 ... n - 1
    ids       int array (length,), length at least seq_len + 1
    returns   inputs, targets: int arrays (batch, seq_len)

    >>> rng, ids = np.random.default_rng(0), np.array([5, 6, 7, 8])
    >>> inputs, targets = random_windows(rng, ids, batch=2, seq_len=3)
    >>> inputs.tolist(), targets.tolist()
    ([[5, 6, 7], [5, 6, 7]], [[6, 7, 8], [6, 7, 8]])

    Four ids contain only one such window.
    """
    starts = rng.integers(len(ids) - seq_len, size=batch)  # (batch,)
    # (batch, seq_len + 1)
    windows = ids[starts[:, None] + np.arange(seq_len + 1)]
    return windows[:, :-1], windows[:, 1:]


def bigram_table(ids, vocab_size):
    """The bigram model: how likely each id comes next, knowing only the
    present one.

        table[a, b] = (1 + how often b follows a) / (the sum over all b)

    The 1 ("add-one") is there for pairs that never occurred in this text:
    they may still occur in another.

    ids          int array (length,)
    vocab_size   number of ids there are, in the text or not
    returns      float array (vocab_size, vocab_size), each row sums to 1

    >>> bigram_table(np.array([0, 1, 0, 1, 1]), vocab_size=2).round(3).tolist()
    [[0.25, 0.75], [0.5, 0.5]]

    In that text the pair 0 1 occurs twice, 1 0 and 1 1 once.
    """
    counts = np.ones((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    return counts / counts.sum(axis=1, keepdims=True)

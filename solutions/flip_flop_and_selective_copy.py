"""The other two tasks of the CoPE paper (arXiv 2405.18719, sections 5.1 and
5.2), one character per token.

Flip-flop: remember one bit through a long distraction. A text is a row of
instructions, each with a bit.

    w1   write: remember 1
    i0   ignore: nothing happens
    r1   read: the bit that was written last, here 1

Selective copy: repeat a text without its blanks.

    a..bc.a>abca   before the mark `>` symbols and blanks in any order,
                   after it the symbols alone

Both batches can have the sizes of the paper: flip_flop_batch(rng,
pairs=256) and selective_copy_batch(rng, num_symbols=256, blanks=256).
"""

import numpy as np

from solutions.tokenizer import Tokenizer
from solutions.training import UNSCORED

# ids of the flip-flop alphabet: w r i 0 1
WRITE, READ, IGNORE, ZERO, ONE = range(5)

# ids 0 ... 13; with the blank and the mark a vocabulary of 16
ALPHABET = "abcdefghijklmn"
BLANK, MARK = 14, 15


def flip_flop_tokenizer():
    """The five characters w r i 0 1."""
    return Tokenizer("wri01")


def recall(instructions, bits):
    """Make a flip-flop text true: after every read, put the bit that was
    written last.

    Bits after writes and ignores stay as they are. Neither an ignore nor a
    read changes what was written.

    instructions   int array (batch, pairs): WRITE (0), READ (1) or IGNORE (2);
                   the first is a WRITE
    bits           int array (batch, pairs) of 0 and 1
    returns        a new int array (batch, pairs): as `bits`, but at every READ
                   the bit of the last WRITE before it

    >>> instructions = np.array([[WRITE, IGNORE, READ, WRITE, READ]])
    >>> recall(instructions, np.array([[1, 0, 0, 0, 1]])).tolist()
    [[1, 0, 1, 0, 0]]
    """
    positions = np.arange(instructions.shape[1])
    writes = np.where(instructions == WRITE, positions, 0)  # (batch, pairs)
    last_write = np.maximum.accumulate(writes, axis=1)
    written = np.take_along_axis(bits, last_write, axis=1)
    return np.where(instructions == READ, written, bits)


def flip_flop_sequences(rng, batch, pairs=64, ignore=0.8):
    """Random flip-flop texts.

    The first instruction is a write and the last a read. Each one in between
    is an ignore with probability `ignore`, and otherwise a write or a read,
    equally likely. Bits are fair coins, except after a read.

    pairs     instructions in a text, each followed by its bit
    ignore    a probability
    returns   int64 array (batch, 2 * pairs) of ids
    raises    ValueError for settings that no text can meet

    Source: Liu et al. 2023 (arXiv 2306.00946), the language FFL(2 * pairs,
    ignore).
    """
    check_at_least(1, batch=batch)
    check_at_least(2, pairs=pairs)  # one to write, one to read
    if not 0 <= ignore <= 1:
        raise ValueError(f"ignore is a probability, from 0 to 1, got {ignore}")
    instructions = rng.choice(
        [WRITE, READ, IGNORE],
        size=(batch, pairs),
        p=[(1 - ignore) / 2, (1 - ignore) / 2, ignore],
    )
    instructions[:, 0], instructions[:, -1] = WRITE, READ
    bits = recall(instructions, rng.integers(2, size=(batch, pairs)))
    return np.stack([instructions, ZERO + bits], axis=2).reshape(
        batch, 2 * pairs
    )


def flip_flop_batch(rng, batch=16, pairs=64, ignore=0.8):
    """Inputs and targets, int64 (batch, 2 * pairs - 1).

    Only the bits after reads are scored: the others are random, and nothing
    could be learned from them.
    """
    ids = flip_flop_sequences(rng, batch, pairs, ignore)
    return ids[:, :-1], np.where(ids[:, :-1] == READ, ids[:, 1:], UNSCORED)


def selective_copy_tokenizer():
    """The 14 symbols a ... n, the blank `.` and the mark `>`."""
    return Tokenizer(ALPHABET + ".>")


def without_blanks(ids):
    """Leave the blanks out of each row.

    All other ids stay, in their order: repeated ones, and a MARK (15), too.

    ids       int array (batch, seq); every row has the same number of
              BLANK (14)
    returns   int array (batch, seq - blanks per row)
    raises    ValueError for rows with different numbers of blanks, which
              would not make a rectangle

    >>> without_blanks(np.array([[3, BLANK, 0], [BLANK, 2, 2]])).tolist()
    [[3, 0], [2, 2]]
    """
    kept = ids != BLANK  # (batch, seq)
    counts = np.unique(kept.sum(axis=1))
    if len(counts) > 1:
        raise ValueError(
            "rows must have equally many symbols, "
            f"got from {counts[0]} to {counts[-1]} in ids {ids.shape}"
        )
    return ids[kept].reshape(len(ids), -1)


def selective_copy_sequences(rng, batch, num_symbols=12, blanks=12):
    """Random texts to copy: symbols from a ... n, blanks scattered among them,
    the mark, the symbols again.

    returns   int64 array (batch, 2 * num_symbols + blanks + 1) of ids
    raises    ValueError for settings that no text can meet

    Source: the CoPE paper, section 5.2, after Gu & Dao 2023 (arXiv
    2312.00752).
    """
    check_at_least(1, batch=batch, num_symbols=num_symbols)
    check_at_least(0, blanks=blanks)
    symbols = rng.integers(len(ALPHABET), size=(batch, num_symbols))
    positions = np.tile(np.arange(num_symbols + blanks), (batch, 1))
    positions = rng.permuted(positions, axis=1)[:, :num_symbols]
    text = np.full((batch, num_symbols + blanks), BLANK)
    np.put_along_axis(text, positions, symbols, axis=1)
    return np.concatenate(
        [text, np.full((batch, 1), MARK), without_blanks(text)], axis=1
    )


def selective_copy_batch(rng, batch=32, num_symbols=12, blanks=12):
    """Inputs and targets, int64 (batch, 2 * num_symbols + blanks).

    Only the copy is scored: at the mark the model should predict the first
    symbol, and at each symbol of the copy the next.
    """
    ids = selective_copy_sequences(rng, batch, num_symbols, blanks)
    targets = np.full((batch, ids.shape[1] - 1), UNSCORED)
    targets[:, -num_symbols:] = ids[:, -num_symbols:]
    return ids[:, :-1], targets


def copy_errors(predictions, targets):
    """How wrong the copies are, measured in two ways: per symbol, and per
    whole text.

    predictions   int array (batch, seq), a prediction at every position
    targets       int array (batch, seq), the right symbol, or -100 (UNSCORED)
                  where nothing is asked. The rows may ask for different
                  numbers of symbols
    returns       two numbers from 0 to 1: the share of wrong symbols among all
                  that are asked, and the share of texts with at least one
                  wrong symbol

    >>> targets = np.array([[-100, 0, 1, 2, 3], [-100, 4, 5, 6, 7]])
    >>> predictions = np.array([[9, 0, 1, 2, 5], [9, 4, 5, 6, 7]])
    >>> copy_errors(predictions, targets)
    (0.125, 0.5)
    """
    scored = targets != UNSCORED  # (batch, seq)
    wrong = scored & (predictions != targets)
    return float(wrong.sum() / scored.sum()), float(wrong.any(axis=1).mean())


def source_hits(attention, ids):
    """How often a head looks at the symbol that must be copied next.

    The askers are the mark and all positions after it. The m-th asker (counted
    from 0, so the mark is asker 0) must predict the m-th symbol of the text
    before the mark, blanks not counted. It is a hit if the asker gives exactly
    this key the largest of all its weights; an equal symbol elsewhere is no
    hit. If several keys share the largest weight, only the first of them
    counts.

    attention   float array (batch, seq, seq): the weights of one head,
                attention[b, i, j] is what query i gives to key j
    ids         int array (batch, seq): what the model reads, such as a.b>a.
                The mark (15) is at the same position in every row, and a row
                has as many symbols before it as there are askers
    returns     the share of hits among all askers of all texts, from 0 to 1

    >>> a, b, c, d = range(4)
    >>> ids = np.array([[a, BLANK, b, MARK, a], [BLANK, c, d, MARK, c]])
    >>> attention = np.zeros((2, 5, 5))
    >>> attention[0, 3, 0] = 1  # the mark looks at a: a hit
    >>> attention[0, 4, 0] = 1  # the copied a looks at a, not at b
    >>> attention[1, 3, 0] = 1  # the mark looks at the blank, not at c
    >>> attention[1, 4, 2] = 1  # the copied c looks at d: a hit
    >>> source_hits(attention, ids)
    0.5
    """
    mark = int((ids[0] == MARK).argmax())
    # positions of keys, (batch, asker)
    sources = np.nonzero(ids[:, :mark] != BLANK)[1].reshape(len(ids), -1)
    looked_at = attention[:, mark:].argmax(axis=-1)
    return float((looked_at == sources).mean())


def check_at_least(least, **settings):
    """Refuse settings below `least`, by name."""
    for name, value in settings.items():
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")

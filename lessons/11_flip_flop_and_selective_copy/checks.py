"""Lesson 11: what leaving out blanks, scoring copies, reading a head, and recall must satisfy."""

import numpy as np

from classroom.checking import about, check, refuses
from solutions.flip_flop_and_selective_copy import BLANK, MARK, WRITE


def texts_with_blanks(rng, rows, symbols, blanks):
    """Texts (rows, symbols + blanks): symbols, equal ones too, and blanks strewn among them."""
    texts = np.full((rows, symbols + blanks), BLANK)
    for text in texts:
        kept = np.sort(rng.permutation(symbols + blanks)[:symbols])
        text[kept] = rng.integers(14, size=symbols)
    return texts


about(
    "without_blanks",
    stars=1,
    minutes=6,
    hints=(
        "First mark what stays: ids != BLANK is an array of True and False. Then check the rows, "
        "then take.",
        "kept.sum(axis=1) is the number of symbols in each row; all must be equal. ids[kept] is "
        "one long row, row after row, with len(ids) times that many entries.",
        '`kept = ids != BLANK`; then `if len(set(kept.sum(axis=1))) > 1: raise ValueError("uneven '
        'rows")`; then `return ids[kept].reshape(len(ids), -1)`',
    ),
)


@check("without_blanks")
def blanks_of_the_example(answer):
    """Blanks go, the others stay in their order, equal ones and the mark too, row by row."""
    ids = np.array([[3, BLANK, 0, BLANK, 3, MARK], [BLANK, BLANK, 5, 0, MARK, 2]])
    return answer(ids), answer(np.array([[3, BLANK, 2], [BLANK, 2, 2]]))


@check("without_blanks")
def blanks_of_long_rows(answer):
    """Rows of 300 ids keep their order, too."""
    return answer(texts_with_blanks(np.random.default_rng(0), 5, symbols=90, blanks=210))


@check("without_blanks")
def no_blank(answer):
    """A text without blanks stays as it is."""
    return answer(np.array([[0, 7, 0], [9, 0, 0]]))


@check("without_blanks")
def uneven_rows(answer):
    """Rows with different numbers of blanks would not make a rectangle, and are refused."""
    refuses(
        ValueError,
        lambda: answer(np.array([[1, BLANK, 2, 3], [BLANK, BLANK, 2, 3]])),
        "Rows with different numbers of symbols must be refused with a ValueError.",
    )
    refuses(
        ValueError,
        lambda: answer(np.array([[1, BLANK, BLANK], [4, 5, 6]])),
        "These rows have one symbol and three. Together they are four, which would fit into two "
        "rows of two, and a symbol of one text would end up in the other. Compare the rows' "
        "counts.",
    )


about(
    "copy_errors",
    stars=1,
    minutes=8,
    hints=(
        "One array of True and False says what is scored, a second what is scored and wrong.",
        "wrong = scored & (predictions != targets) has the shape (batch, seq). The first number "
        "adds up all of it, the second asks of each row whether anything is wrong.",
        "`scored = targets != -100`, and wrong as above: `return wrong.sum() / scored.sum(), "
        "wrong.any(axis=1).mean()`",
    ),
)


@check("copy_errors")
def errors_of_the_example(answer):
    """One wrong symbol among eight, in one of two texts; then sixty texts of nine positions."""
    targets = np.array([[-100, 0, 1, 2, 3], [-100, 4, 5, 6, 7]])
    example = answer(np.array([[9, 0, 1, 2, 5], [9, 4, 5, 6, 7]]), targets)
    return as_pair(example), as_pair(answer(*scored_texts(0)))


@check("copy_errors")
def uneven_texts(answer):
    """Texts may ask one, four or two symbols: no text weighs more than another's symbols."""
    targets = np.array([[1, -100, -100, -100], [2, 3, 4, 5], [6, 7, -100, -100]])
    return as_pair(answer(np.array([[0, 0, 0, 0], [2, 3, 4, 5], [6, 0, 0, 0]]), targets))


@check("copy_errors")
def nothing_wrong(answer):
    """The symbol a has the id 0 and counts like the others; without an error both shares are 0."""
    targets = np.array([[-100, 0, 0], [-100, 0, 1]])
    right, one_wrong = np.array([[5, 0, 0], [5, 0, 1]]), np.array([[5, 1, 0], [5, 0, 1]])
    return as_pair(answer(right, targets)), as_pair(answer(one_wrong, targets))


def as_pair(result):
    """An array of two numbers as a tuple: it can be unpacked like one."""
    return tuple(result) if isinstance(result, np.ndarray) and result.shape == (2,) else result


def scored_texts(seed):
    """Predictions and targets (60, 9), four positions unscored, about one symbol in eight wrong."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(14, size=(60, 9))
    wrong = rng.random(targets.shape) < 0.12
    predictions = np.where(wrong, (targets + 1) % 14, targets)
    predictions[:, :4] = rng.integers(16, size=(60, 4))
    targets[:, :4] = -100
    return predictions, targets


about(
    "source_hits",
    stars=3,
    minutes=20,
    hints=(
        "Two arrays of positions, both (batch, askers): where each asker should look, and where "
        "it looks. The result is how often they agree.",
        "With mark = the position of MARK in the first row, the askers are attention[:, mark:], "
        "(batch, askers, seq); argmax over the last axis is the key with the largest weight. "
        "np.nonzero(...)[1] gives the columns in which a 2-D array is True, row after row.",
        "`mark = ids[0].tolist().index(MARK)`; `sources = np.nonzero(ids[:, :mark] != "
        "BLANK)[1].reshape(len(ids), -1)`; `return (attention[:, mark:].argmax(axis=-1) == "
        "sources).mean()`",
    ),
)


@check("source_hits")
def hits_of_the_example(answer):
    """The example, "a.b>a" and ".cd>c", with two hits of four; then a hundred longer texts."""
    attention = np.zeros((2, 5, 5))
    attention[0, 3, 0] = attention[0, 4, 0] = attention[1, 3, 0] = attention[1, 4, 2] = 1
    ids = np.array([[0, BLANK, 1, MARK, 0], [BLANK, 2, 3, MARK, 2]])
    return answer(attention, ids), answer(*looked_at(0, rows=100, symbols=5, blanks=4))


@check("source_hits")
def the_symbol_read(answer):
    """To look at the symbol just read, one before the next, is no hit; nor is a blank."""
    ids = np.array([[4, BLANK, 5, 6, MARK, 4, 5]])  # e.fg>ef
    return answer(looking_at(7, 4, [0, 0, 2]), ids)


@check("source_hits")
def equal_symbols(answer):
    """An equal symbol elsewhere is no hit."""
    ids = np.array([[2, BLANK, 2, 1, MARK, 2, 2]])  # c.cb>cc
    return answer(looking_at(7, 4, [2, 0, 3]), ids)


@check("source_hits")
def all_keys(answer):
    """The largest of *all* weights decides, also if it falls on the mark or on the copy."""
    ids = np.array([[4, BLANK, 5, MARK, 4], [BLANK, 1, 2, MARK, 1]])
    attention = np.zeros((2, 5, 5))
    attention[0, 3], attention[0, 4] = [0.3, 0.1, 0.1, 0.5, 0], [0.1, 0.2, 0.05, 0.15, 0.5]
    attention[1, 3], attention[1, 4] = [0.2, 0.7, 0.1, 0, 0], [0.1, 0.1, 0.6, 0.1, 0.1]
    return answer(attention, ids)


@check("source_hits")
def ties(answer):
    """Where keys share the largest weight, the first of them counts, and the others do not."""
    ids, attention = np.array([[4, BLANK, 5, 6, MARK, 4, 5]]), np.zeros((1, 7, 7))
    for query, tied in ((4, [0, 1]), (5, [0, 2]), (6, [1, 3])):  # the symbols to copy: 0, 2, 3
        attention[0, query, tied] = 0.5
    return answer(attention, ids)


@check("source_hits")
def many_texts(answer):
    """Twenty texts of which each has 300 positions."""
    return answer(*looked_at(1, rows=20, symbols=12, blanks=276))


def looking_at(seq, mark, keys):
    """Causal weights (1, seq, seq): askers give 0.7 to the keys named, and the rest evenly."""
    attention = np.tri(seq) / np.arange(1, seq + 1)[:, None]
    for asker, key in enumerate(keys, start=mark):
        attention[asker, : asker + 1], attention[asker, key] = 0.3 / asker, 0.7
    return attention[None]


def looked_at(seed, rows, symbols, blanks):
    """Random causal weights, and ids of copies; two askers of three look where they should."""
    rng, mark = np.random.default_rng(seed), symbols + blanks
    texts = texts_with_blanks(rng, rows, symbols, blanks)
    copies = texts[texts != BLANK].reshape(rows, symbols)[:, :-1]
    ids = np.concatenate([texts, np.full((rows, 1), MARK), copies], axis=1)
    attention = np.tril(rng.random((rows, mark + symbols, mark + symbols)))
    for weights, text in zip(attention, texts):
        for asker, source in enumerate(np.flatnonzero(text != BLANK), start=mark):
            if rng.random() < 0.65:
                weights[asker, source] = 1.1
    return attention / attention.sum(axis=-1, keepdims=True), ids


about(
    "recall",
    stars=2,
    minutes=15,
    hints=(
        "Walk along the pairs with a `memory` that only a write changes, and that a read hands "
        "out. A loop over rows and pairs is a good answer.",
        "Without a loop over the pairs: np.where(instructions == WRITE, positions, 0), with "
        "positions = np.arange(instructions.shape[1]), is the position of every write and 0 "
        "elsewhere; np.maximum.accumulate(..., axis=1) makes of it the position of the last write "
        "so far.",
        "With last_write as above: `return np.where(instructions == READ, "
        "np.take_along_axis(bits, last_write, axis=1), bits)`",
    ),
)


@check("recall")
def bits_of_the_example(answer):
    """Reads repeat the bit of the last write, all else stays: the example, and ten more texts."""
    instructions = np.array(
        [
            [0, 2, 1, 0, 2, 1, 0, 1, 0, 1],  # w i r w i r w r w r
            [0, 2, 0, 1, 2, 1, 1, 2, 1, 0],  # w i w r i r r i r w
        ]
    )
    bits = np.array([[0, 0, 0, 1, 1, 1, 0, 1, 1, 1], [1, 1, 1, 0, 1, 0, 0, 0, 1, 1]])
    example = np.array([[0, 2, 1, 0, 1]]), np.array([[1, 0, 0, 0, 1]])
    return answer(*example), answer(instructions, bits), answer(*random_bits(2, (8, 12)))


@check("recall")
def every_row_remembers(answer):
    """Every text has a memory of its own: for twenty random texts, and for three of 300 pairs."""
    return answer(*random_bits(0, (20, 15))), answer(*random_bits(1, (3, 300)))


def random_bits(seed, shape):
    """Random instructions, of which the first is a write, and random bits."""
    rng = np.random.default_rng(seed)
    instructions, bits = rng.integers(3, size=shape), rng.integers(2, size=shape)
    instructions[:, 0] = WRITE
    return instructions, bits

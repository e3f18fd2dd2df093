"""Lesson 11: what leaving out blanks, reading a head, and recall must satisfy."""

import numpy as np

from classroom.checking import about, check, refuses
from solutions.flip_flop_and_selective_copy import BLANK, MARK, WRITE


def texts_with_blanks(rng, rows, symbols, blanks):
    """Texts (rows, symbols + blanks): symbols, equal ones too, and blanks scattered among them."""
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
        "Which entries stay is a question about each id alone. Whether the rows still form a "
        "rectangle is a question about each row.",
        "Take [[3, B, 0], [B, 2, 2]], with B for a blank. `ids != BLANK` marks [[yes, no, yes], "
        "[no, yes, yes]]: two symbols in each row. Indexing the array with these marks gives "
        "3, 0, 2, 2, one row after the other, in one line. With equally many symbols per row you "
        "can cut that line into rows again. With one symbol in the first row and three in the "
        "second you couldn't tell, so count them per row before.",
        "Mark, count along axis 1, raise a ValueError unless all counts are equal, take what is "
        "marked, and reshape it to (number of rows, -1).",
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
    "source_hits",
    stars=3,
    minutes=20,
    hints=(
        "An asker has one key where it should look, and one where it looks. Find both for all "
        "askers, and count how often they agree.",
        "In `a.b>a` the mark is at 3, so the askers are at 3 and 4. They should look at 0 and 2, "
        "where the symbols before the mark are: the first asker at the first symbol, the second "
        "at the second. `np.nonzero` of a 2-D array of True and False returns two arrays, rows "
        "and columns, row after row; the columns, reshaped to (texts, askers), are where they "
        "should look. The rows of `attention` from the mark on are the askers' weights, (texts, "
        "askers, keys).",
        "Find the mark in the first row, take the columns of what isn't blank before it, take the "
        "argmax of the askers' weights over the keys, compare, and return the mean.",
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
    minutes=12,
    hints=(
        "Walk along a text and keep one number in mind. Which instructions change it, and which "
        "only ask for it?",
        "Take w1 i0 r? w0 r?. After the first pair the memory is 1; the ignore changes nothing; "
        "the read must say 1. The next write makes it 0, and the last read says 0. A loop over "
        "rows and pairs does this. Without one: the last write before each pair is at 0, 0, 0, "
        "3, 3. That is a running maximum of the writes' own positions, with 0 where there is "
        "no write; np.maximum.accumulate computes one along an axis.",
        "Find the position of the last write for every pair, take the bits at these positions, "
        "and use them where the instruction is READ; everywhere else keep the bit.",
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

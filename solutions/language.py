"""Texts for a character-level language model, and the simplest models of
them, which any other model must beat.

    this course    the sentences of its lessons and of its feedback, as they
                   were when lesson 08 was written, in random order
    english        topics of the Python documentation
    code           modules of the Python standard library
    paragraphs     made, not written: each paragraph has letter frequencies
                   of its own

All are plain ASCII. texts/README.md says where they are from, and what was
changed.
"""

from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np

from solutions.tokenizer import Tokenizer

TEXTS = Path(__file__).parent / "texts"
THIS_COURSE = TEXTS / "this_course.txt"
CORPORA = {
    "english": TEXTS / "python_topics.txt",
    "code": TEXTS / "python_modules.txt",
}


def read_this_course():
    """The course's own text: a string of about 124,000 characters, each
    paragraph one line."""
    return THIS_COURSE.read_text(encoding="ascii")


@cache
def read_documents(corpus, part):
    """The whole documents of one part of a corpus, by name.

    corpus    "english" or "code"
    part      "training", "validation" or "test"
    returns   {name: text}
    """
    documents = {}
    for document in (
        CORPORA[corpus].read_text(encoding="ascii").split("\f")[1:]
    ):
        header, text = document.split("\n", maxsplit=1)
        its_part, name = header.split(maxsplit=1)
        if its_part == part:
            documents[name] = text
    return documents


def read_corpus(corpus, part):
    """All documents of a part as one text, two empty lines after each."""
    return "".join(
        text + "\n\n" for text in read_documents(corpus, part).values()
    )


def text_tokenizer():
    """The end of a line, and the 95 printable characters of ASCII."""
    return Tokenizer("\n" + "".join(map(chr, range(32, 127))))


@cache
def corpus_ids(corpus, part):
    """A part of a corpus as ids: int array (length,)."""
    return text_tokenizer().encode(read_corpus(corpus, part))


def corpus_batch(rng, batch=16, seq_len=128, corpus="english"):
    """Random windows of the training documents, and what comes next in them.

    returns   inputs, targets: int arrays (batch, seq_len)
    """
    return random_windows(rng, corpus_ids(corpus, "training"), batch, seq_len)


def random_windows(rng, ids, batch, seq_len):
    """Random pieces of a text, and what to predict in them: at each position,
    the id that comes next.

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

    In four ids there is only one window of three.
    """
    starts = rng.integers(len(ids) - seq_len, size=batch)  # (batch,)
    # (batch, seq_len + 1)
    windows = ids[starts[:, None] + np.arange(seq_len + 1)]
    return windows[:, :-1], windows[:, 1:]


def bigram_table(ids, vocab_size):
    """The bigram model: how likely each id is to come next, if you know only
    the present one.

        table[a, b] = (1 + how often b follows a) / (the sum over all b)

    The 1 ("add-one") is there for pairs that never occurred in this text:
    they may still occur in another.

    ids          int array (length,)
    vocab_size   number of different ids, including any the text lacks
    returns      float array (vocab_size, vocab_size), each row sums to 1

    >>> bigram_table(np.array([0, 1, 0, 1, 1]), vocab_size=2).round(3).tolist()
    [[0.25, 0.75], [0.5, 0.5]]

    In that text the pair 0 1 occurs twice, 1 0 and 1 1 once.
    """
    counts = np.ones((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    return counts / counts.sum(axis=1, keepdims=True)


def table_log_p(seen, text, lengths, strength, vocab_size):
    """Tables of counts that look back further and further, each of which falls
    back on the one before it.

        p_n = (count + strength * p_(n-1)) / (sum of the row + strength)

    The first one falls back on the blind guess, 1 / vocab_size.

    seen       the text whose pieces are counted
    text       the text that is predicted
    lengths    how many characters each table looks back, in rising order
    returns    float array: log p of each character of the text, from the first
               that the longest table can look back from
    """
    p, predicted = 1 / vocab_size, range(max(lengths), len(text))
    for back in lengths:
        pieces = [seen[i : i + back + 1] for i in range(len(seen) - back)]
        counts = Counter(pieces)
        rows = Counter(piece[:back] for piece in pieces)
        asked = [text[i - back : i + 1] for i in predicted]
        count = np.array([counts[piece] for piece in asked])
        total = np.array([rows[piece[:back]] for piece in asked])
        p = (count + strength * p) / (total + strength)
    return np.log(p)


PARAGRAPH_LETTERS = "abcdefghijklmnop"
END_OF_PARAGRAPH = 0  # the id of the end of a line


def paragraph_tokenizer():
    """The end of a line, and 16 letters."""
    return Tokenizer("\n" + PARAGRAPH_LETTERS)


def paragraph_sequences(
    rng, batch, length, evenness=0.3, shortest=5, longest=60
):
    """Texts in which it helps to know where the paragraph began: each
    paragraph draws its letters with frequencies of its own.

    The letters before the last end of a line say nothing about the next
    letter, and the order of those after it does not matter. How often each
    has come since then is all there is to know.

    evenness            how even the frequencies are, which come from a
                        Dirichlet distribution: near 0 a paragraph is nearly
                        all one letter, far above 1 all are about as frequent
    shortest, longest   characters per paragraph, without its end; all numbers
                        from one to the other are equally likely
    returns             int array (batch, length)
    """
    letters = 1 + np.arange(len(PARAGRAPH_LETTERS))
    ids = np.full((batch, length), END_OF_PARAGRAPH)
    for row in ids:
        start = 0
        while start < length:
            end = start + rng.integers(shortest, longest + 1)
            frequencies = rng.dirichlet(np.full(len(letters), evenness))
            paragraph = rng.choice(letters, size=end - start, p=frequencies)
            row[start:end] = paragraph[: length - start]
            start = end + 1
    return ids


def paragraph_batch(rng, batch=16, seq_len=128, **how):
    """Texts of paragraph_sequences, and what comes next in them.

    returns   inputs, targets: int arrays (batch, seq_len)
    """
    ids = paragraph_sequences(rng, batch, seq_len + 1, **how)
    return ids[:, :-1], ids[:, 1:]


def paragraph_log_p(ids, evenness=0.3, shortest=5, longest=60):
    """The best that any model can do on texts of paragraph_sequences, if they
    begin with a paragraph: it knows the rules, and how often each letter has
    come in this paragraph so far.

        p = (count + evenness) / (length + 16 evenness)

    times the probability that the paragraph goes on.

    ids       int array (batch, length)
    returns   float array (batch, length): log p of each character
    """
    log_p = np.zeros(ids.shape)
    for row, of_row in zip(ids, log_p):
        counts = np.full(1 + len(PARAGRAPH_LETTERS), evenness)
        length = 0
        for position, id in enumerate(row):
            end = 1 / (longest + 1 - length) if length >= shortest else 0
            if id == END_OF_PARAGRAPH:
                p, length = end, 0
                counts[:] = evenness
            else:
                p = (1 - end) * counts[id] / counts[1:].sum()
                counts[id] += 1
                length += 1
            of_row[position] = np.log(p)
    return log_p

"""The counting task, changed in one way each: what does a model use?

    hide      no answer is in the text: after ?a comes a dot
    scramble  random digits are in place of the answers
    up and down   a- takes 1 away, so a count goes down as well as up

Without resets and passes, the last is the depth of brackets: a+ opens, a-
closes.
"""

import numpy as np

from solutions.counting import (
    ASK,
    BLANK,
    DOT,
    EQUALS,
    FIRST_NAME,
    MAX_VALUE,
    PLUS,
    answer_targets,
    counting_sequences,
)
from solutions.sampling import draw
from solutions.tokenizer import Tokenizer

MINUS = FIRST_NAME + 1


def up_and_down_tokenizer():
    """The digits, = + . ? a and the minus."""
    return Tokenizer("0123456789=+.?a-")


def with_answers(inputs, answers, rng):
    """Texts whose answers are hidden, or random.

    inputs    int array (batch, seq)
    answers   "given" leaves them, "hidden" puts dots there, "random" digits
    returns   int array (batch, seq)
    """
    if answers == "given":
        return inputs
    if answers == "hidden":
        others = DOT
    elif answers == "random":
        others = rng.integers(MAX_VALUE + 1, size=inputs.shape)
    else:
        raise ValueError(
            f"answers are 'given', 'hidden' or 'random', not {answers!r}"
        )
    return np.where(inputs <= MAX_VALUE, others, inputs)


def control_batch(
    rng, batch=32, seq_len=96, num_variables=1, answers="hidden", **weights
):
    """As counting_batch, with other answers in the text; the targets are the
    true ones."""
    ids = counting_sequences(rng, batch, seq_len + 1, num_variables, **weights)
    return with_answers(ids[:, :-1], answers, rng), answer_targets(ids)


def up_and_down_batch(
    rng,
    batch=32,
    seq_len=96,
    set_weight=1,
    increment_weight=7,
    decrement_weight=7,
    pass_weight=50,
    query_weight=6,
):
    """Texts with a- beside a+, the value always from 0 to 9.

    The weights are those of the operations; one that would leave 0 ... 9 gets
    the weight 0.

    returns   inputs and targets, int64 (batch, seq_len)
    """
    kinds = np.array([
        # set    +      ?     .      -
        (FIRST_NAME, FIRST_NAME, ASK, DOT, FIRST_NAME),
        (EQUALS, PLUS, FIRST_NAME, BLANK, MINUS),
    ])  # fmt: skip
    value, written = np.zeros(batch, np.int64), np.full(batch, 2)
    row = np.full(batch, 1)
    parts = [np.stack([row * FIRST_NAME, row * EQUALS, row * BLANK], axis=1)]
    while written.min() < seq_len + 1:
        weights = np.stack([
            row * set_weight,
            increment_weight * (value < MAX_VALUE),
            row * query_weight,
            row * pass_weight,
            decrement_weight * (value > 0),
        ], axis=1)  # fmt: skip
        kind = draw(rng, weights.astype(float))
        value = np.where(kind == 0, 0, value + (kind == 1) - (kind == 4))
        answer = np.where(kind == 2, value, BLANK)
        parts.append(np.stack([*kinds[:, kind], answer], axis=1))
        written += (parts[-1] != BLANK).sum(axis=1)
    ids = np.concatenate(parts, axis=1)  # (batch, 3 * operations), blanks too
    order = np.argsort(ids == BLANK, axis=1, kind="stable")
    ids = np.take_along_axis(ids, order, axis=1)[:, : seq_len + 1]
    return ids[:, :-1], answer_targets(ids)

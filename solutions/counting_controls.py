"""The counting task, changed in one way each: what does a model use?

    hidden answers   after ?a comes a dot
    random answers   after ?a comes a random digit
    up and down      a- takes 1 away

Without resets and passes, a count that goes up and down is the depth of
brackets: a+ opens one, a- closes one.
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
    SYMBOLS,
    answer_targets,
    close_up,
    counting_sequences,
)
from solutions.sampling import draw
from solutions.tokenizer import Tokenizer

MINUS = FIRST_NAME + 1


def up_and_down_tokenizer():
    """The digits, = + . ? a and the minus."""
    return Tokenizer(SYMBOLS + "a-")


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
    # of each kind, in the order of the weights: set, +, ?, pass, -
    first = np.array([FIRST_NAME, FIRST_NAME, ASK, DOT, FIRST_NAME])
    second = np.array([EQUALS, PLUS, FIRST_NAME, BLANK, MINUS])
    width = np.array([2, 2, 3, 1, 2])
    same, value = np.ones(batch), np.zeros(batch, dtype=np.int64)
    opening = np.tile([FIRST_NAME, EQUALS, BLANK], (batch, 1))
    spelled, written = [opening], np.full(batch, 2)
    while written.min() <= seq_len:
        weights = (
            set_weight * same,
            increment_weight * (value < MAX_VALUE),
            query_weight * same,
            pass_weight * same,
            decrement_weight * (value > 0),
        )
        kind = draw(rng, np.stack(weights, axis=1))  # (batch,)
        value = np.where(kind == 0, 0, value + (kind == 1) - (kind == 4))
        answer = np.where(kind == 2, value, BLANK)
        spelled.append(np.stack([first[kind], second[kind], answer], axis=1))
        written += width[kind]
    ids = close_up(np.stack(spelled, axis=1))[:, : seq_len + 1]
    return ids[:, :-1], answer_targets(ids)

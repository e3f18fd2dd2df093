"""The counting task with one thing changed: who answers, and a count that goes down."""

import numpy as np
import pytest

from solutions.counting import SYMBOLS, counting_batch, counting_tokenizer
from solutions.counting_controls import (
    control_batch,
    up_and_down_batch,
    up_and_down_tokenizer,
    with_answers,
)


def rng(seed=0):
    return np.random.default_rng(seed)


def values_of(text):
    """The answers of a text, read one character at a time."""
    value, answers = None, []
    for before, symbol in zip(" " + text, text):
        if before + symbol == "a=":
            value = 0
        elif before + symbol in ("a+", "a-"):
            value += 1 if symbol == "+" else -1
            assert 0 <= value <= 9
        elif before == "?":
            answers.append(value)
    return answers


@pytest.mark.parametrize("answers", ["hidden", "random"])
def test_only_the_answers_differ_and_the_targets_are_true(answers):
    inputs, targets = control_batch(rng(), 64, 96, answers=answers)
    plain, true = counting_batch(rng(), 64, 96)
    np.testing.assert_array_equal(targets, true)
    digits = plain <= 9
    np.testing.assert_array_equal(inputs[~digits], plain[~digits])
    if answers == "hidden":
        assert (inputs[digits] == SYMBOLS.index(".")).all() and (inputs > 9).all()
    else:
        assert set(inputs[digits]) == set(range(10))
        assert 0.05 < (inputs == plain)[digits].mean() < 0.2


def test_given_answers_are_the_task_itself_and_other_names_are_refused():
    inputs = counting_batch(rng(), 4)[0]
    assert with_answers(inputs, "given", rng()) is inputs
    with pytest.raises(ValueError, match="'given', 'hidden' or 'random', not 'own'"):
        with_answers(inputs, "own", rng())
    assert "-" not in "".join(map(counting_tokenizer().decode, inputs))


@pytest.mark.parametrize("weights", [{}, {"set_weight": 0, "pass_weight": 0}, {"pass_weight": 9}])
def test_every_answer_of_an_up_and_down_text_is_right(weights):
    inputs, targets = up_and_down_batch(rng(1), 50, 120, **weights)
    assert inputs.shape == targets.shape == (50, 120)
    tokenizer, kinds = up_and_down_tokenizer(), set()
    for row, asked in zip(inputs, targets):
        text = tokenizer.decode(row)
        answers = values_of(text)
        cut = len(answers) - (text[-1] == "a" and text[-2] == "?")
        assert asked[asked >= 0].tolist()[: len(answers)] == answers
        assert [int(text[i + 2]) for i in range(len(text) - 2) if text[i] == "?"] == answers[:cut]
        kinds |= set(text)
    assert {"-", "+", "?", "a"} <= kinds
    assert ("." in kinds) == (weights.get("pass_weight", 50) > 0)
    if weights.get("set_weight") == 0:
        assert (inputs == SYMBOLS.index("=")).sum() == 50

"""The counting task: a slow interpreter reads back every random text; impossible settings are
refused.
"""

import numpy as np
import pytest

from solutions.counting import (
    PAPER_LENGTH,
    count_values,
    counting_batch,
    counting_sequences,
    counting_tokenizer,
    paper_batch,
    paper_text,
    paper_tokenizer,
)
from solutions.tokenizer import Tokenizer
from solutions.training import UNSCORED


def replay(text, num_variables):
    """Reads a counting text by the rules, character by character. Returns how often each sign
    occurred.
    """
    names = "abcdefghijklmnopqrstuvwxyz"[:num_variables]
    values, count = {}, dict.fromkeys("=+?.", 0)
    characters = list(text)
    while characters:
        first = characters.pop(0)
        if first == ".":
            assert len(values) == num_variables, "a pass before all variables were set"
            count["."] += 1
        elif first == "?":
            if len(characters) < 2:
                break  # cut off: only at the end
            name, answer = characters.pop(0), characters.pop(0)
            assert len(values) == num_variables
            assert values[name] == int(answer)
            count["?"] += 1
        else:
            assert first in names
            if not characters:
                break
            sign = characters.pop(0)
            if sign == "=":
                assert first not in values or len(values) == num_variables, (
                    "set twice in the opening"
                )
                values[first] = 0
            else:
                assert sign == "+"
                assert len(values) == num_variables
                values[first] += 1
                assert values[first] <= 9
            count[sign] += 1
    return count


@pytest.mark.parametrize("num_variables", [1, 2, 3, 5, 26])
@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"pass_weight": 100},
        {"pass_weight": 10},
        {"pass_weight": 0},
        {"query_weight": 500},
        {"increment_weight": 500, "set_weight": 0},
        {"increment_weight": 0},
        {"set_weight": 30},
    ],
)
@pytest.mark.parametrize("length", [60, 97])
def test_the_interpreter_agrees_with_every_text(num_variables, weights, length):
    tokenizer = counting_tokenizer(num_variables)
    ids = counting_sequences(np.random.default_rng(0), 20, length, num_variables, **weights)
    assert ids.shape == (20, length) and ids.dtype == np.int64
    for row in ids:
        replay(tokenizer.decode(row), num_variables)


@pytest.mark.parametrize("num_variables", [1, 3])
def test_shortest_texts(num_variables):
    shortest = 2 * num_variables + 3
    ids = counting_sequences(np.random.default_rng(0), 1000, shortest, num_variables, pass_weight=0)
    texts = {counting_tokenizer(num_variables).decode(row) for row in ids}
    assert any("?" in text for text in texts)
    for text in texts:
        replay(text, num_variables)


def test_operations_occur_by_their_weights():
    tokenizer = counting_tokenizer()
    ids = counting_sequences(
        np.random.default_rng(0),
        200,
        500,
        set_weight=4,
        increment_weight=6,
        pass_weight=20,
        query_weight=10,
    )
    count = dict.fromkeys("=+?.", 0)
    for row in ids:
        for sign, occurred in replay(tokenizer.decode(row), 1).items():
            count[sign] += occurred
    assert count["."] / count["?"] == pytest.approx(2, rel=0.03)
    assert count["="] / count["?"] == pytest.approx(0.4, rel=0.05)
    assert count["+"] / count["?"] == pytest.approx(0.6, rel=0.05)


def test_all_variables_and_all_openings_are_equally_likely():
    tokenizer = counting_tokenizer(3)
    texts = [
        tokenizer.decode(row) for row in counting_sequences(np.random.default_rng(0), 3000, 97, 3)
    ]
    openings = [text[:6] for text in texts]
    assert len(set(openings)) == 6
    assert all(openings.count(opening) == pytest.approx(500, abs=90) for opening in set(openings))
    asked = [sum(text.count("?" + name) for text in texts) for name in "abc"]
    assert max(asked) / min(asked) < 1.05


def test_the_same_seed_gives_the_same_texts():
    one, same, other = (
        counting_sequences(np.random.default_rng(seed), 4, 97) for seed in (0, 0, 1)
    )
    assert (one == same).all()
    assert (one != other).any()


def test_a_batch_asks_for_the_answers_and_nothing_else():
    tokenizer = counting_tokenizer(2)
    inputs, targets = counting_batch(np.random.default_rng(0), batch=8, seq_len=96, num_variables=2)
    assert inputs.shape == targets.shape == (8, 96)
    for row, wanted in zip(inputs, targets):
        text = tokenizer.decode(row)
        for position in range(96):
            if position >= 1 and text[position - 1] == "?":
                assert wanted[position] == count_values(text[: position + 1] + "0")[-1]
            else:
                assert wanted[position] == UNSCORED


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"num_variables": 0}, "num_variables.*0"),
        ({"num_variables": 27}, "num_variables.*27"),
        ({"length": 4}, "length 4 is too short.*5"),
        ({"length": 12, "num_variables": 5}, "length 12 is too short.*13"),
        ({"batch": 0}, "batch.*0"),
        ({"pass_weight": -1}, "pass_weight.*-1"),
        ({"set_weight": float("nan")}, "set_weight.*nan"),
        ({"increment_weight": float("inf")}, "increment_weight.*inf"),
        ({"query_weight": 0}, "query_weight is 0"),
    ],
)
def test_impossible_settings_are_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        counting_sequences(np.random.default_rng(0), **{"batch": 2, "length": 97, **settings})


def test_the_tokenizer_goes_both_ways():
    for tokenizer, text in (
        (counting_tokenizer(2), "a=b=.a+?a1"),
        (paper_tokenizer(), "a = 0 ; pass a ++ print a 1"),
    ):
        ids = tokenizer.encode(text)
        assert ids.dtype == np.int64
        assert ids.max() < len(tokenizer)
        assert tokenizer.decode(ids) == text
    assert counting_tokenizer().encode("0123456789").tolist() == list(range(10))
    assert counting_tokenizer().encode("").shape == (0,)


def test_the_tokenizer_names_what_it_does_not_know():
    with pytest.raises(ValueError, match=r"unknown symbol 'b' at position 3 .*'='"):
        counting_tokenizer(1).encode("a=.b+")
    with pytest.raises(ValueError, match=r"unknown symbol 'c' at position 1"):
        paper_tokenizer(1).encode("pass c = 0 ;")
    for id in (15, -1):
        with pytest.raises(ValueError, match=f"id {id}; ids go from 0 to 14"):
            counting_tokenizer(1).decode([0, id])
    with pytest.raises(ValueError, match="'x'"):
        Tokenizer("ab").encode("xa")


def replay_paper(text, num_variables):
    """Reads a sample of the paper's format, word by word. Returns its number of operations and the
    answer.
    """
    *words, print_word, asked, answer = text.split()
    assert print_word == "print"
    values, operations, words = {}, 0, list(words)
    while words:
        word = words.pop(0)
        operations += 1
        if word == "pass":
            continue
        assert word in list("abcde")[:num_variables]
        if words.pop(0) == "++":
            values[word] += 1
            assert values[word] <= 10
        else:
            assert [words.pop(0), words.pop(0)] == ["0", ";"]
            values[word] = 0
    assert values[asked] == int(answer)
    return operations, int(answer)


@pytest.mark.parametrize(
    ("num_variables", "pass_weight", "mean_words", "longer", "tens"),
    [
        (1, 10, 396, 0.345, 0.17),
        (1, 50, 318, 0.138, 0.20),
        (1, 100, 319, 0.088, 0.17),
        (3, 50, 321, 0.141, 0.22),
        (5, 50, 319, 0.141, 0.22),
    ],
)
def test_the_papers_format_has_the_papers_statistics(
    num_variables, pass_weight, mean_words, longer, tens
):
    rng = np.random.default_rng(0)
    texts = [paper_text(rng, num_variables, pass_weight=pass_weight) for _ in range(700)]
    operations, answers = np.transpose([replay_paper(text, num_variables) for text in texts])
    lengths = np.array([len(text.split()) for text in texts])
    assert 3 <= operations.min() < 30 and 500 < operations.max() <= 512
    assert lengths.mean() == pytest.approx(mean_words, rel=0.06)
    assert (lengths > 512).mean() == pytest.approx(longer, abs=0.03)
    assert np.bincount(answers).argmax() == 10
    assert (answers == 10).mean() == pytest.approx(tens, abs=0.04)


def test_the_papers_vocabulary():
    assert [len(paper_tokenizer(variables)) for variables in (1, 3, 5)] == [19, 21, 23]


def test_a_batch_of_the_papers_size():
    tokenizer = paper_tokenizer(3)
    inputs, targets = paper_batch(np.random.default_rng(0), batch=40, num_variables=3)
    rng = np.random.default_rng(0)
    samples = [tokenizer.encode(paper_text(rng, 3)) for _ in range(40)]
    assert inputs.shape == targets.shape == (40, PAPER_LENGTH)
    lengths = [len(ids) for ids in samples]
    assert min(lengths) < PAPER_LENGTH < max(lengths) - 1
    for row, wanted, ids in zip(inputs, targets, samples):
        kept = ids[-(PAPER_LENGTH + 1) :]
        assert (row[: len(kept) - 1] == kept[:-1]).all()
        assert (row[len(kept) - 1 :] == 0).all()
        [scored] = np.flatnonzero(wanted != UNSCORED)
        assert scored == len(kept) - 2 and wanted[scored] == kept[-1]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"set_weight": 0}, "set_weight is 0"),
        ({"pass_weight": -3}, "pass_weight.*-3"),
        ({"num_variables": 0}, "num_variables.*0"),
    ],
)
def test_the_papers_format_refuses_impossible_settings(settings, says):
    with pytest.raises(ValueError, match=says):
        paper_text(np.random.default_rng(0), **settings)

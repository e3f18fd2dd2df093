"""Flip-flop and selective copy: slow interpreters read back every random text; impossible settings
are refused."""

import numpy as np
import pytest

from solutions.flip_flop_and_selective_copy import (
    ALPHABET,
    BLANK,
    flip_flop_batch,
    flip_flop_sequences,
    flip_flop_tokenizer,
    recall,
    selective_copy_batch,
    selective_copy_sequences,
    selective_copy_tokenizer,
    without_blanks,
)
from solutions.training import UNSCORED


def replay_flip_flop(text):
    """Reads a text by the rules, pair by pair. Returns how often each instruction occurred, ends
    left out.
    """
    assert len(text) % 2 == 0
    pairs = [text[place : place + 2] for place in range(0, len(text), 2)]
    assert pairs[0][0] == "w" and pairs[-1][0] == "r"
    memory = None
    for instruction, bit in pairs:
        assert bit in "01"
        if instruction == "w":
            memory = bit
        elif instruction == "r":
            assert bit == memory
        else:
            assert instruction == "i"
    return {
        instruction: sum(pair[0] == instruction for pair in pairs[1:-1]) for instruction in "wri"
    }


@pytest.mark.parametrize("pairs", [2, 3, 64, 256])
@pytest.mark.parametrize("ignore", [0, 0.1, 0.8, 0.98, 1])
def test_the_interpreter_agrees_with_every_flip_flop_text(pairs, ignore):
    ids = flip_flop_sequences(np.random.default_rng(0), 50, pairs, ignore)
    assert ids.shape == (50, 2 * pairs) and ids.dtype == np.int64
    counts = [replay_flip_flop(flip_flop_tokenizer().decode(row)) for row in ids]
    total = {instruction: sum(count[instruction] for count in counts) for instruction in "wri"}
    drawn = 50 * (pairs - 2)
    for instruction, share in (("i", ignore), ("w", (1 - ignore) / 2), ("r", (1 - ignore) / 2)):
        slack = 5 * np.sqrt(drawn * share * (1 - share))
        assert abs(total[instruction] - drawn * share) <= slack


def test_free_bits_are_fair_coins():
    ids = flip_flop_sequences(np.random.default_rng(0), 300, 64, ignore=0.5)
    instructions, bits = ids[:, 0::2], ids[:, 1::2] - 3
    for instruction in range(3):
        assert bits[instructions == instruction].mean() == pytest.approx(0.5, abs=0.03)


def test_recall_against_a_plain_loop():
    rng = np.random.default_rng(0)
    instructions, bits = rng.integers(3, size=(40, 17)), rng.integers(2, size=(40, 17))
    instructions[:, 0] = 0
    got = recall(instructions, bits)
    for row in range(40):
        for place in range(17):
            source = place
            if instructions[row, place] == 1:
                while instructions[row, source] != 0:
                    source -= 1
            assert got[row, place] == bits[row, source]


def test_a_flip_flop_batch_scores_the_bits_after_reads_and_nothing_else():
    inputs, targets = flip_flop_batch(np.random.default_rng(0), batch=8, pairs=20, ignore=0.5)
    assert inputs.shape == targets.shape == (8, 39)
    for row, wanted in zip(inputs, targets):
        text, memory = flip_flop_tokenizer().decode(row), None
        for position, character in enumerate(text):
            if position and text[position - 1] == "w":
                memory = character
            assert wanted[position] == ("wri01".index(memory) if character == "r" else UNSCORED)


def test_the_alphabets():
    assert flip_flop_tokenizer().encode("wri01").tolist() == [0, 1, 2, 3, 4]
    assert len(selective_copy_tokenizer()) == 16
    assert selective_copy_tokenizer().encode(".>").tolist() == [14, 15]


@pytest.mark.parametrize(
    ("num_symbols", "blanks"), [(1, 0), (1, 5), (12, 0), (12, 6), (12, 12), (12, 24), (256, 512)]
)
def test_the_interpreter_agrees_with_every_copy(num_symbols, blanks):
    ids = selective_copy_sequences(np.random.default_rng(0), 30, num_symbols, blanks)
    assert ids.shape == (30, 2 * num_symbols + blanks + 1) and ids.dtype == np.int64
    for row in ids:
        text, copy = selective_copy_tokenizer().decode(row).split(">")
        assert text.count(".") == blanks and len(text) == num_symbols + blanks
        assert "".join(character for character in text if character != ".") == copy
        assert set(copy) <= set(ALPHABET)


def test_symbols_and_the_places_of_blanks_are_evenly_spread():
    ids = selective_copy_sequences(np.random.default_rng(0), 4000, 6, 6)
    blank_share = (ids[:, :12] == BLANK).mean(axis=0)
    symbol_share = np.bincount(ids[:, 13:].ravel(), minlength=14) / ids[:, 13:].size
    np.testing.assert_allclose(blank_share, 0.5, atol=0.04)
    np.testing.assert_allclose(symbol_share, 1 / 14, atol=0.01)


def test_a_copy_batch_scores_the_copy_and_nothing_else():
    inputs, targets = selective_copy_batch(
        np.random.default_rng(0), batch=8, num_symbols=5, blanks=4
    )
    assert inputs.shape == targets.shape == (8, 14)
    tokenizer = selective_copy_tokenizer()
    for row, wanted in zip(inputs, targets):
        text = tokenizer.decode(row)
        symbols = text[:9].replace(".", "")
        assert text[9] == ">" and text[10:] == symbols[:-1]
        assert (wanted[:9] == UNSCORED).all()
        assert tokenizer.decode(wanted[9:]) == symbols


def test_rows_with_different_numbers_of_blanks_are_refused():
    with pytest.raises(ValueError, match=r"from 1 to 2 in ids \(2, 3\)"):
        without_blanks(np.array([[1, BLANK, 2], [BLANK, BLANK, 2]]))


@pytest.mark.parametrize("draw", [flip_flop_batch, selective_copy_batch])
def test_the_same_seed_gives_the_same_texts(draw):
    one, same, other = (draw(np.random.default_rng(seed), 4)[0] for seed in (0, 0, 1))
    assert (one == same).all()
    assert (one != other).any()


@pytest.mark.parametrize(
    ("draw", "settings", "says"),
    [
        (flip_flop_sequences, {"batch": 0}, "batch must be at least 1, got 0"),
        (flip_flop_sequences, {"pairs": 1}, "pairs must be at least 2, got 1"),
        (flip_flop_sequences, {"ignore": 1.2}, "ignore .*1.2"),
        (flip_flop_sequences, {"ignore": -0.1}, "ignore .*-0.1"),
        (flip_flop_sequences, {"ignore": float("nan")}, "ignore .*nan"),
        (selective_copy_sequences, {"batch": 0}, "batch must be at least 1, got 0"),
        (selective_copy_sequences, {"num_symbols": 0}, "num_symbols must be at least 1, got 0"),
        (selective_copy_sequences, {"blanks": -1}, "blanks must be at least 0, got -1"),
    ],
)
def test_impossible_settings_are_refused(draw, settings, says):
    with pytest.raises(ValueError, match=says):
        draw(np.random.default_rng(0), **{"batch": 2, **settings})

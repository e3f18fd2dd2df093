"""What each encoding promises, by theory, beside what solutions/properties.py computes."""

import numpy as np
import pytest

from solutions import properties
from solutions.encodings import encodings
from solutions.properties import order_matters, property_table, shift_invariant, time_ratio

# Order matters to all but none. Scores are shift-invariant unless the index itself goes into the
# embedding. A place is not unique where distances share a vector (Shaw's clip, T5's buckets, CoPE's
# clamp). Only what is added to embeddings changes lengths. Only ALiBi prefers near keys by
# construction. Past the training length a learned table ends, a formula goes on, and a clip, a
# bucket or a clamp falls back on what was trained. Only CoPE looks at the tokens in between.
TITLES = (
    "order matters",
    "shift-invariant",
    "unique positions",
    "norms preserved",
    "decays",
    "longer than trained",
    "depends on content",
    "parameters",
    "memory",
)
DIM, HEAD_DIM, HEADS, LAYERS, MAX_LEN = 16, 8, 2, 2, 128
yes, no = True, False
EXPECTED = {
    "none": (no, yes, no, yes, no, "reuses", no, 0, "0"),
    "sinusoidal": (yes, no, yes, no, no, "extends", no, 0, "T"),
    "learned": (yes, no, yes, no, no, "refuses", no, MAX_LEN * DIM, "T"),
    "shaw": (yes, yes, no, yes, no, "reuses", no, LAYERS * (2 * 16 + 1) * HEAD_DIM, "T^2"),
    "transformer_xl": (
        yes,
        yes,
        yes,
        yes,
        no,
        "extends",
        no,
        LAYERS * (DIM * DIM + 2 * DIM),
        "T^2",
    ),
    "t5": (yes, yes, no, yes, no, "reuses", no, 32 * HEADS, "T^2"),
    "alibi": (yes, yes, yes, yes, yes, "extends", no, 0, "T^2"),
    "rope": (yes, yes, yes, yes, no, "extends", no, 0, "T"),
    "cope": (yes, yes, no, yes, no, "reuses", yes, LAYERS * 16 * HEAD_DIM, "T^2"),
}


@pytest.fixture(scope="module")
def table():
    return property_table()


def test_the_table_has_a_row_for_every_encoding(table):
    assert list(table) == list(encodings()) == list(EXPECTED)


@pytest.mark.parametrize(
    "name, title, cell",
    [
        (name, title, cell)
        for name, cells in EXPECTED.items()
        for title, cell in zip(TITLES, cells, strict=True)
    ],
)
def test_the_computed_cell_is_the_one_theory_expects(table, name, title, cell):
    assert table[name][title] == cell


def test_no_property_is_left_out(table):
    assert all(tuple(row) == TITLES for row in table.values())


def test_a_sum_promises_what_its_parts_do():
    both = property_table(["cope+rope"])["cope+rope"]
    assert both["depends on content"] and both["unique positions"]
    assert both["longer than trained"] == "extends"


def test_cope_costs_time():
    assert time_ratio("cope") > 1.1


# ---------------------------------------------------------------- the two that learners write

TOKENS, PREFIX = (
    np.random.default_rng(0).normal(size=(6, 4)),
    np.random.default_rng(1).normal(size=(3, 4)),
)
later = np.triu(np.full((20, 20), -np.inf), 1)


def by_place(rule):
    """Scores from positions alone, for any number of tokens."""

    def scores(tokens):
        i, j = np.arange(len(tokens))[:, None], np.arange(len(tokens))[None, :]
        return rule(i, j)[None] + later[: len(tokens), : len(tokens)]

    return scores


@pytest.mark.parametrize(
    "rule, expected",
    [
        (lambda i, j: -0.1 * (i - j), True),
        (lambda i, j: np.cos(0.3 * (i - j)), True),
        (lambda i, j: 0.0 * i * j, True),
        (lambda i, j: -0.1 * (i + j), False),
        (lambda i, j: 0.01 * j + 0 * i, False),
        (lambda i, j: 0.01 * i + 0 * j, False),
    ],
)
def test_shift_invariance_of_known_rules(rule, expected):
    assert shift_invariant(by_place(rule), TOKENS, PREFIX) is expected


@pytest.mark.parametrize(
    "output, expected",
    [
        (lambda tokens: np.cumsum(tokens, axis=0), False),
        (lambda tokens: tokens, False),
        (lambda tokens: np.cumsum(tokens * np.arange(len(tokens))[:, None], axis=0), True),
    ],
)
def test_order_of_known_rules(output, expected):
    before = TOKENS.copy()
    assert order_matters(output, TOKENS) is expected
    assert (before == TOKENS).all()


def test_a_large_table_lets_copes_counts_go_on():
    """With a vector for every count, positions are unique, and those of a longer text are new."""
    settings, properties.SETTINGS = properties.SETTINGS, {}
    try:
        row = properties.properties_of("cope")
    finally:
        properties.SETTINGS = settings
    assert row["unique positions"] and row["longer than trained"] == "extends"

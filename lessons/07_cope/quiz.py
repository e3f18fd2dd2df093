"""What to remember of the lessons 04 to 07."""

import numpy as np

import minitorch as torch
from classroom.questions import line_to_mend, question
from solutions.absolute_positions import angular_speeds
from solutions.attention import causal_mask
from solutions.cope import cope_gates, cope_positions, interpolate
from solutions.properties import property_table
from solutions.relative_positions import ALiBi, relative_positions
from solutions.rope import RoPE


@question(
    right=0.01,
    within=1e-6,
    because="Pair 1 has the exponent 2 * 1 / 4, and 1 / 10000^0.5 is 1/100.",
    wrong={
        0.0001: "That is the exponent counted twice: 2c / dim is 2/4 here, not 4/4.",
        0.1: "That is the exponent c / dim: it has a 2, since each pair has two columns.",
        1: "That is pair 0; count from 0, and the next pair is slower.",
        100: "That is one over the speed: later pairs are slower, not faster.",
    },
    otherwise="The speed is base^(-2c / dim). What is c here, and what is dim?",
)
def speed_of_the_second_pair():
    """A sinusoidal table has dim 4 and the base 10000. By how many radians per position does its
    second pair, pair 1, rotate?
    """
    return angular_speeds(4)[1]


@question(
    right=-2,
    because="Key minus query: what is past is negative.",
    wrong={
        2: "That is query minus key, the other convention; this course has key minus query.",
        -3: "Positions are subtracted; the tokens on the way, both ends included, are not counted.",
        5: "That is where the key is, and the distance is seen from the query.",
    },
    otherwise="Subtract the two positions. Which one from which?",
)
def distance_of_a_key():
    """A query is at position 7, and a key is at position 5. What is their distance, as this course
    counts it?
    """
    return relative_positions(8, 8)[7, 5]


@question(
    right="a",
    because="Its position vectors are in the embeddings, and other rows give other products.",
    options={"a": "learned positions", "b": "RoPE", "c": "ALiBi", "d": "CoPE"},
    wrong={
        "b": "Each rotates by its own position, but in the product only the difference is left.",
        "c": "Its penalty is a slope times the distance, and the distance stays.",
        "d": "Its gates are summed from the key to the query, so what comes before is left out.",
    },
)
def three_words_in_front():
    """Three words are put in front of a text. With which encoding do the scores of its old tokens
    with each other change?
    """
    options = {"a": "learned", "b": "rope", "c": "alibi", "d": "cope"}
    found = property_table(list(options.values()))
    [letter] = [each for each, name in options.items() if not found[name]["shift-invariant"]]
    return letter


@question(
    right=0.37,
    within=0.006,
    because="Its score is lower by 1/2 * 2 = 1, and weights are proportional to e to the score.",
    wrong={
        0.5: "That is the slope; it is the score that is lowered, by slope times distance.",
        -1: "That is what happens to its score, and a weight is e to the score.",
        2.72: "The sign is wrong: a token further back gets less, not more.",
        0.61: "That is one token back; the penalty grows with each step.",
        0.25: "It is not halved with each step: weights fall by the factor e^(-1/2).",
    },
    otherwise="By how much is its score lower? Then what does the softmax make of that?",
)
def two_back_with_alibi():
    """ALiBi, with all q.k equal and the slope 1/2: what is the weight of the token two back,
    divided by that of the query's own token?
    """
    q = torch.zeros(1, 8, 3, 4)
    return np.exp(ALiBi(num_heads=8).bias(q, q)[0, 0, 2, 0].item())  # of head 0, slope 1/2


@question(
    right="c",
    because="Only the comparison should depend on positions, not what is handed over.",
    options={
        "a": "the embeddings, once",
        "b": "queries, keys and values",
        "c": "queries and keys",
        "d": "the scores",
    },
    wrong={
        "a": "Sinusoids are added there; RoPE works inside each layer, after queries are made.",
        "b": "Values say what is handed over, and that does not depend on where it is.",
        "d": "A score is a single number; what is rotated are pairs of columns.",
    },
)
def what_rope_rotates():
    """What does RoPE rotate?"""
    x = torch.ones(1, 1, 3, 4)
    rotated = RoPE(head_dim=4).rotate(x, x)
    return "c" if len(rotated) == 2 and (rotated[0] != x).any() else None


@question(
    right=1.8,
    because="From the key to the query, both included: 0.2 + 0.5 + 1 + 0.1.",
    wrong={
        1.2: "That is the sum from the left; CoPE's runs from the key to the query.",
        1.6: "That leaves out the key's own gate, and it counts, too.",
        1.7: "That leaves out the query's own gate, and it counts, too.",
        0.2: "That is the gate of the key alone; a position is a sum of gates.",
        3: "That is how many tokens back it is, and CoPE counts gates instead.",
        4: "That is what it would be with all gates open.",
    },
    otherwise="Which gates are between the key and the query? Count both ends, too.",
)
def position_of_a_key():
    """The last of five tokens asks, and its gates for the keys 0 to 4 are 1, 0.2, 0.5, 1, 0.1. What
    is the contextual position of key 1?
    """
    return cope_positions(torch.tensor([[1, 0.2, 0.5, 1, 0.1]]))[0, 1].item()


@question(
    right=7,
    because="Three quarters of e[2] and one quarter of e[1].",
    wrong={
        5: "The weights are exchanged: 1.75 is nearer to 2, so e[2] gets more.",
        8: "That is rounded to position 2, and rounding would leave no slope to learn from.",
        6: "That is the mean, which is right at 1.5 only.",
        4: "That is rounded down, and rounding would leave no slope to learn from.",
    },
    otherwise="How far is it from position 1, and how far from 2? The nearer one gets more.",
)
def between_two_rows():
    """CoPE's table has vectors of one number: e[1] is 4 and e[2] is 8. What is the vector of
    position 1.75?
    """
    return interpolate(torch.tensor([[0.0], [4.0], [8.0]]), torch.tensor([1.75])).item()


CODE = """
gates = sigmoid(q @ k.T / np.sqrt(q.shape[-1]))
gates = gates * causal_mask(len(q), len(k))
positions = gates.cumsum(axis=1)
positions = np.minimum(positions, npos - 1)
"""


@question(
    right=3,
    because="It sums from the left, and CoPE's sum runs from the key to the query.",
    code=CODE,
    wrong={
        1: "A gate is the sigmoid of the scaled score, a question of its own for each pair.",
        2: "Keys after the query must not count, so their gates are closed: that is right.",
        4: "Larger positions get the last row, and rows are counted from 0: that is right.",
    },
)
def positions_of_cope():
    """The positions of CoPE come out wrong. Which line is it?"""
    q, k = np.random.default_rng(0).standard_normal((2, 5, 4))
    expected = cope_positions(cope_gates(torch.tensor(q), torch.tensor(k))).numpy().clip(max=2)
    given = {"np": np, "causal_mask": causal_mask, "q": q, "k": k, "npos": 3}
    given["sigmoid"] = lambda x: 1 / (1 + np.exp(-x))
    return line_to_mend(
        CODE,
        "gates.cumsum(axis=1)",
        "gates[:, ::-1].cumsum(axis=1)[:, ::-1]",
        given,
        lambda names: np.allclose(names["positions"], expected),
    )

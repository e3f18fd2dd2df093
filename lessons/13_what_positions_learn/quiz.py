"""What to remember of the lessons 12 and 13, and of the whole course."""

import numpy as np

import minitorch as torch
from classroom.questions import question
from solutions.attention import MultiHeadAttention
from solutions.encodings import make_positions
from solutions.language_and_code import interpolate_positions, perplexity
from solutions.positions import PositionEncoding
from solutions.probing import position_probe
from solutions.properties import property_table
from solutions.rope import rope_cache


@question(
    right=8,
    within=0.02,
    because="2 to the power of 3: it is as unsure as among 8 equally likely characters.",
    wrong={
        20.09: "That is e to the power of 3, which would be right for 3 nats.",
        6: "Each bit doubles the choices, it does not add two.",
        9: "2 is raised to the power of the bits, not the other way around.",
        3: "That is the number of bits; perplexity counts choices.",
    },
    otherwise="Among how many equally likely characters do 3 yes-or-no questions choose?",
)
def three_bits():
    """A model needs 3 bits per character. What is its perplexity per character?"""
    return perplexity(np.log([1 / 8]))[1]


@question(
    right=25,
    because="Positions are squeezed by 128 / 512, so all of them fit where the model has been.",
    wrong={
        400: "They are squeezed, not stretched: longer texts must fit into the trained length.",
        100: "That is what it gets without interpolation.",
        128: "Only the end of the text, 512, is moved to 128.",
        -28: "Nothing is subtracted: distances are made smaller by a factor.",
    },
    otherwise="By what factor does a text of 512 have to shrink to fit into 128?",
)
def token_at_100():
    """A model with RoPE was trained on texts of 128. With position interpolation it reads a text of
    512. Which position does its token at 100 get?
    """
    squeezed, _ = interpolate_positions(512, 2, trained_len=128)
    cosines, _ = rope_cache(512, 2)
    return int(abs(squeezed[100, 0] - cosines[:128, 0]).argmin())


@question(
    right="b",
    because="With more columns than vectors a linear map fits anything, random numbers included.",
    options={
        "a": "The table contains the positions, and a linear map can read them.",
        "b": "Nothing yet: test it on positions it has not seen, and on random vectors.",
        "c": "The table is sinusoidal.",
        "d": "The model uses the positions in this form.",
    },
    wrong={
        "a": "A random table gives the same result, and it contains nothing.",
        "c": "Almost any table of this size gives the same result.",
        "d": "A probe shows at most what can be read, never what the model reads.",
    },
)
def a_perfect_probe():
    """A linear probe has learned to read the positions 0 to 63 from 64 vectors of 256 numbers. On
    these 64 it makes no error. What do you know?
    """
    noise = np.random.default_rng(0).standard_normal((64, 256))
    map_, *_ = np.linalg.lstsq(noise, np.arange(64), rcond=None)
    fold = np.arange(64) % 4
    fits = np.allclose(noise @ map_, np.arange(64))
    return "b" if fits and position_probe(noise, np.arange(64), fold) > 10 else None


@question(
    right="c",
    because="Each token sees a different number of tokens, and a first layer can tell.",
    options={
        "a": "from nowhere: without an encoding there is no order",
        "b": "from the embeddings of the tokens",
        "c": "from the causal mask",
        "d": "from the MLPs, which work on each position",
    },
    wrong={
        "a": "That is true without a mask; with one, early tokens see less than late ones.",
        "b": "A token has the same embedding wherever it is.",
        "d": "An MLP does the same at every position, and does not know which it is.",
    },
)
def positions_without_an_encoding():
    """A decoder without any encoding has states from which positions can be read. Where do they
    come from?
    """


@question(
    right=(2, 4, 10, 16),
    because="`dim` is shared out among the heads: 64 / 4 numbers each.",
    wrong={
        (2, 4, 10, 64): "The heads share the 64 numbers, so each has 64 / 4.",
        (2, 10, 4, 16): "Heads come before positions, so that each head is multiplied on its own.",
        (2, 10, 64): "That is what comes in, before it is split into heads.",
        (2, 4, 10, 10): "That is the shape of the scores, a number per pair.",
    },
    otherwise="The axes are batch, heads, seq, head_dim. What are their sizes here?",
)
def shape_of_the_queries():
    """Two texts of 10 tokens go into attention with dim 64 and 4 heads. What shape are the queries
    when they meet the keys?
    """
    return tuple(MultiHeadAttention(64, 4).prepare(torch.zeros(2, 10, 64))[0].shape)


@question(
    right="d",
    because="It adds a learned number per distance to each score, and leaves all else alone.",
    options={"a": "sinusoidal", "b": "learned", "c": "RoPE", "d": "T5"},
    wrong={
        "a": "Its table is added to the embeddings, before any score is made.",
        "b": "Its rows are learned, but like sinusoids they are added to the embeddings.",
        "c": "It rotates queries and keys, and nothing is added to their product.",
    },
)
def what_is_added_to_scores():
    """A position can enter in three ways. Which of these encodings adds something to the scores?"""
    names = {"a": "sinusoidal", "b": "learned", "c": "rope", "d": "t5"}
    made = {
        each: make_positions(name, dim=8, num_heads=2, max_len=8) for each, name in names.items()
    }
    [letter] = [each for each, its in made.items() if type(its).bias is not PositionEncoding.bias]
    return letter


@question(
    right="c",
    because="Its positions are sums of gates, and each gate looks at the token there.",
    options={"a": "ALiBi", "b": "RoPE", "c": "CoPE", "d": "Transformer-XL"},
    wrong={
        "a": "Its penalty depends on the distance in tokens, and on nothing else.",
        "b": "Its angles depend on the two positions, whatever is between.",
        "d": "Its terms have the query, the key and their distance, and no token in between.",
    },
)
def tokens_in_between():
    """The tokens between a query and a key are replaced by others. With which encoding may the
    score of the two change, in a first layer?
    """
    options = {"a": "alibi", "b": "rope", "c": "cope", "d": "transformer_xl"}
    found = property_table(list(options.values()))
    [letter] = [each for each, name in options.items() if found[name]["depends on content"]]
    return letter


@question(
    right=3,
    because="It reports the luckiest seed, and a median with its range would say how sure we are.",
    code="""
best = min(settings, key=lambda setting: error(setting, validation, seed=99))
errors = [error(best, tests, seed) for seed in range(5)]
reported = min(errors)
print(f"{reported:.1f} % wrong, with the setting {best}")
""",
    wrong={
        1: "A setting may be chosen by validation texts, with a seed that is in no table.",
        2: "Several seeds on texts that chose nothing: that is how it should be.",
        4: "It says which setting was chosen, and that belongs beside the number.",
    },
)
def better_than_it_is():
    """Which line makes the method look better than it is?"""

"""What to remember of the lessons 00 to 03."""

import numpy as np

import minitorch as torch
from classroom.questions import line_to_mend, question
from solutions.attention import attention_numpy, causal_mask
from solutions.autograd import softmax
from solutions.embeddings import embedding_backward
from solutions.order import attend, embed


@question(
    right=(5, 7),
    because="Shapes line up from the right, so both are stretched to give every pair.",
    wrong={
        (7, 5): "The 7 is the last axis of `b`, and shapes line up from the right.",
        (5, 1): "`a` is stretched, too: its axis of size 1 takes the 7 of `b`.",
        (5,): "No axis is lost: `a` has two, so the sum has two.",
        (12,): "Nothing is joined: each entry of `a` meets each entry of `b`.",
    },
    otherwise="Write one shape above the other, flush right. Which size does each axis get?",
)
def column_and_row():
    """`a` has the shape (5, 1) and `b` has the shape (7,). What shape is `a + b`?"""
    return (np.zeros((5, 1)) + np.zeros(7)).shape


@question(
    right=7,
    because="The three uses of x bring 2, 2 and 3, and what paths bring is added.",
    wrong={
        3: "That is the last path alone, as `=` in place of `+=` would leave it.",
        4: "That is `x * x` alone, and x is also used in `3 * x`.",
        5: "`x * x` uses x twice, so it brings 2 + 2, not 2.",
        10: "That is the value of y: its slope says how y changes when x does.",
    },
    otherwise="`x` is used three times. What does each use bring, and what happens to all three?",
)
def slope_of_a_sum():
    """Let `y = x * x + 3 * x`, and let x be 2. What is `x.grad` after `y.backward()`?"""
    x = torch.tensor(2.0, requires_grad=True)
    (x * x + 3 * x).backward()
    return x.grad.item()


@question(
    right=3,
    because="Row 5 was looked up three times, and each use adds its gradient.",
    wrong={
        1: "`table[ids] += grad` gives that: it keeps one of the three uses.",
        0: "That is what rows get that were not looked up, and row 5 was.",
        4: "That adds up all four tokens, but one of them is not 5.",
        0.75: "The uses of a row are added up, not averaged over the tokens.",
    },
    otherwise="Which tokens looked up row 5, and what does each of them bring back?",
)
def row_of_the_table():
    """The ids are 5, 1, 5, 5, and the gradient at each of these positions is all ones. What number
    is in row 5 of the embedding table's gradient?
    """
    return embedding_backward(np.ones((4, 1)), np.array([5, 1, 5, 5]), 6)[5, 0]


@question(
    right=0.75,
    within=0.006,
    because="The weights are as 1 to 3 and sum to 1; what both scores share makes no difference.",
    wrong={
        0.25: "That is the weight of the first key, which has the smaller score.",
        3: "The weights are as 1 to 3, but they also have to sum to 1.",
        0.51: "Scores are not divided by their sum: each weight is proportional to e to the score.",
        1: "A lead of ln 3 is not infinite, so the first key keeps a share.",
    },
    otherwise="By what factor is the second weight larger, and what do the two sum to?",
)
def share_of_the_better_key():
    """Two keys have the scores 20 and 20 + ln 3. What weight does the softmax give the second?"""
    return softmax(np.array([20, 20 + np.log(3)]))[1]


@question(
    right="b",
    because="Variances add up over head_dim, and with large scores a softmax is nearly flat.",
    options={
        "a": "so that the weights of a query sum to 1",
        "b": "so that scores do not grow with head_dim, and the softmax keeps useful slopes",
        "c": "so that no score is above 1",
        "d": "so that long texts get scores as large as short ones",
    },
    wrong={
        "a": "The softmax sees to that, whatever the scores are.",
        "c": "Nothing bounds a score: a long query and a long key that agree still score high.",
        "d": "`head_dim` is the length of a query, and has nothing to do with that of the text.",
    },
)
def why_the_root():
    """Why does attention divide by the root of head_dim?"""
    rng = np.random.default_rng(0)
    narrow, wide = (rng.standard_normal((2, 500, dim)).prod(0).sum(1) for dim in (4, 400))
    return "b" if wide.std() > 5 * narrow.std() else None


@question(
    right=(2, 6),
    because="It has a row for each token that asks, and a column for each that may answer.",
    wrong={
        (6, 6): "That is the mask of a whole text, but only the two new tokens ask.",
        (2, 2): "The new tokens also look at the four that are cached.",
        (6, 2): "Rows are queries and columns are keys, and here two tokens ask.",
        (2, 4): "A new token may look at itself and at the other new one, not only at the cache.",
    },
    otherwise="How many tokens ask, and how many may answer?",
)
def mask_of_new_tokens():
    """Four tokens are cached and two are new. What shape is the causal mask?"""
    return causal_mask(2, 6).shape


CODE = """
scores = q @ k.T / np.sqrt(q.shape[-1])
scores = np.where(mask, scores, 0)
weights = softmax(scores)
out = weights @ v
"""


@question(
    right=2,
    because="A score of 0 is like any other; only minus infinity gets no weight.",
    code=CODE,
    wrong={
        1: "Every query meets every key here, and the root is that of head_dim: it is right.",
        3: "The softmax takes each row, after the mask, and that is where it belongs.",
        4: "A weighted sum of the values is what each query should get.",
    },
)
def the_future_gets_in():
    """A causal mask is meant to hide the future, but it gets in. Which line is wrong?"""
    q, k, v = np.random.default_rng(0).standard_normal((3, 5, 4))
    mask = causal_mask(5, 5)
    expected = attention_numpy(q, k, v, mask)
    given = {"np": np, "softmax": softmax, "q": q, "k": k, "v": v, "mask": mask}
    return line_to_mend(
        CODE,
        "scores, 0",
        "scores, -np.inf",
        given,
        lambda names: np.allclose(names["out"], expected),
    )


@question(
    right="a",
    because="It sees the same keys and values, and a sum does not ask for their order.",
    options={
        "a": "`dog` gets the same vector in both",
        "b": "`dog` gets another vector, since it is at another position",
        "c": "the first output is the same in both, and so is the last",
        "d": "`dog` gets another vector, since it looks at other words",
    },
    wrong={
        "b": "Attention is told no positions: it compares vectors, wherever they are.",
        "c": "Outputs come in the order of the words, so they are swapped when the words are.",
        "d": "The words are the same three in both sentences, only in another order.",
    },
)
def who_bites_whom():
    """One layer of attention, without a mask and without positions, reads `dog bites man` and `man
    bites dog`. What is true?
    """
    one, other = (attend(embed(text)) for text in ("dog bites man", "man bites dog"))
    return "a" if np.allclose(one[0], other[2]) and not np.allclose(one[0], other[0]) else None

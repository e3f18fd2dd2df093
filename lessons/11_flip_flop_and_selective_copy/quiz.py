"""What to remember of the lessons 08 to 11."""

import numpy as np

import minitorch as torch
from classroom.questions import line_to_mend, question
from solutions.cope import cope_positions
from solutions.training import UNSCORED, adamw_step, cross_entropy
from solutions.transformer import Block


@question(
    right=5,
    within=0.02,
    because="It guesses among 32 characters, and log2 32 = 5.",
    wrong={
        3.47: "That is the loss in nats, the natural logarithm; in bits it is log2.",
        0.03: "That is the probability of each character; the score is minus its logarithm.",
        32: "That is the perplexity: as unsure as among 32 characters.",
        0: "A loss of 0 would be a model that is always certain, and right.",
    },
    otherwise="A fresh model gives all characters about the same probability. What is it?",
)
def loss_before_training():
    """A fresh model with small starting weights has a vocabulary of 32. What is its loss, in bits
    per character?
    """
    return cross_entropy(torch.zeros(4, 32), torch.tensor([0, 5, 9, 31])).item() / np.log(2)


@question(
    right=2,
    because="Only the scored positions count, in the sum and in the number it is divided by.",
    wrong={
        3: "That is the mean over all four, as if the last two were scored.",
        1: "The two that are not scored do not count in the divisor, either.",
        4: "That is their sum, and the loss is a mean.",
    },
    otherwise="Which positions are in the sum, and by how many is it divided?",
)
def loss_of_four_positions():
    """At four positions -log p of the target would be 1, 3, 2 and 6 nats, but the last two have the
    target -100. What is the loss?
    """
    p = np.exp([-1.0, -3.0, -2.0, -6.0])
    logits = torch.tensor(np.log(np.stack([p, 1 - p], axis=1)))
    return cross_entropy(logits, torch.tensor([0, 0, UNSCORED, UNSCORED])).item()


CODE = """
h = self.attention(self.attention_norm(x))
x = x + h
h = self.mlp(self.mlp_norm(x))
x = h
"""


@question(
    right=4,
    because="It replaces the stream by what the MLP says, and `x + h` would keep it.",
    code=CODE,
    wrong={
        1: "The norm is inside the branch here, as in GPT-2: that is right.",
        2: "What attention says is added to the stream, as it should be.",
        3: "The MLP reads what attention has just changed, through a norm of its own.",
    },
)
def sixteen_blocks():
    """Stack 16 of these blocks, and the vectors of all tokens become alike. Which line is wrong?"""
    torch.manual_seed(0)
    block, x = Block(8, 2, None), torch.randn(1, 5, 8)
    return line_to_mend(
        CODE,
        "x = h",
        "x = x + h",
        {"self": block, "x": x},
        lambda names: np.allclose(names["x"].detach(), block(x).detach(), atol=1e-6),
    )


@question(
    right=0.1,
    within=1e-4,
    because="The first step divides a slope by its own size, so each number moves by lr.",
    wrong={
        0.001: "That is plain descent, lr times the slope; Adam divides by the slope's size.",
        0.01: "That is the slope itself; Adam divides it by its own size.",
        -0.1: "A step goes against the slope, and this one is negative.",
        1: "That is the slope divided by its size; it is still multiplied by lr.",
    },
    otherwise="What is left of a slope that is divided by its own size, and what multiplies it?",
)
def first_step_of_adam():
    """AdamW without decay, with lr = 0.1: the first slope of a number is -0.01. By how much does
    the number change?
    """
    zero = np.zeros(1)
    new, *_ = adamw_step(zero, np.array([-0.01]), zero, zero, 1, lr=0.1, weight_decay=0.0)
    return new[0]


@question(
    right="b",
    because="The smallest of six is partly luck, and it was lucky on the texts you report.",
    options={
        "a": "Nothing: the tests are what counts.",
        "b": "The error that you report is too small.",
        "c": "The error that you report is too large.",
        "d": "Nothing, as long as other texts trained the model.",
    },
    wrong={
        "a": "They count because nothing was chosen by them; now something was.",
        "c": "You picked the luckiest of six, so luck made it smaller, not larger.",
        "d": "Choosing is a kind of training: the choice has seen the tests.",
    },
)
def chosen_by_the_tests():
    """You train six settings, and report the one with the smallest error on the tests. What is
    wrong with that?
    """
    reported = np.random.default_rng(0).normal(5, 1, (1000, 6)).min(axis=1).mean()
    return "b" if reported < 5 else None


@question(
    right="c",
    because="Those rows stay near where they started, and in longer texts queries meet them.",
    options={
        "a": "97 rows are more numbers, so the model overfits.",
        "b": "With 97 rows the gates stay closed.",
        "c": "Training hardly touches the last rows, and longer texts reach them.",
        "d": "16 rows see only the last 16 tokens, and that is enough.",
    },
    wrong={
        "a": "Each step has fresh texts, and on new ones of the trained length both are right.",
        "b": "Both count alike: cut the 97 rows to 16 after training, and most errors are gone.",
        "d": "Rows are for counts, not for tokens: far tokens can have a small count.",
    },
)
def rows_of_the_table():
    """In four times longer texts, CoPE with 97 rows makes many errors in counting, and with 16 rows
    hardly any. Why?
    """


@question(
    right=6,
    because="Five symbols and the mark itself have open gates, and blanks do not count.",
    wrong={
        5: "The query counts itself, too: its own gate is open.",
        10: "That is the distance in tokens, and blanks do not count.",
        11: "That counts every token, and the gates of blanks are closed.",
        4: "The key counts itself, and so does the query: both ends are included.",
    },
    otherwise="Which gates are open from the first symbol to the mark, both included?",
)
def position_of_the_symbol_to_copy():
    """A copier's gates are 1 at symbols and at the mark `>`, and 0 at blanks. It has read
    `a.b.c..d.e>`. At which position does the mark see the `a`?
    """
    gates = [[float(each != ".") for each in "a.b.c..d.e>"]]
    return cope_positions(torch.tensor(gates))[0, 0].item()


@question(
    right="d",
    because="In training the symbol was always equally many symbols back, so that is its rule.",
    options={
        "a": "All of it: it has learned to copy.",
        "b": "All of it, as long as there are no more blanks than in training.",
        "c": "Nothing can be right with more symbols than rows in its table.",
        "d": "Little: it has learned to copy from 12 symbols back.",
    },
    wrong={
        "a": "Training never varied the number of symbols, so it had no need to learn copying.",
        "b": "Blanks are what it skips; the number of symbols is what it relies on.",
        "c": "Its table has enough rows: it looks at another one.",
    },
)
def a_text_with_more_symbols():
    """CoPE has learned to copy texts of 12 symbols, however many blanks they have. Now a text has
    14 symbols. How much of its copy is right?
    """

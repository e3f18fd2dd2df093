"""The counting task of the CoPE paper (arXiv 2405.18719, section 5.3), with
one character per token.

    a=    set a to 0        .      pass: nothing happens
    a+    add 1 to a        ?a3    ask for a; the answer, 3, is what the
                                   model must predict

Most of what comes between two questions is passes, so the answer is not a
matter of distance: only what happened counts. The paper's own format
(words, one question at the end, up to 512 operations) is at the end of
this file.
"""

import string

import numpy as np

import minitorch as torch
from solutions.sampling import draw
from solutions.tokenizer import Tokenizer
from solutions.training import UNSCORED

MAX_VALUE = 9
# The ids 0 ... 9 are the digits; the variables' names follow these symbols.
SYMBOLS = "0123456789=+.?"
EQUALS, PLUS, DOT, ASK, FIRST_NAME = 10, 11, 12, 13, 14
SET, INCREMENT, QUERY, PASS = range(4)  # the kinds of operations
WIDTH = np.array([2, 2, 3, 1])  # characters each of them takes
BLANK = -1


def counting_tokenizer(num_variables=1):
    """The tokenizer of the task with this many variables: digits, = + . ? and
    the names a, b, c, ..."""
    return Tokenizer(SYMBOLS + string.ascii_lowercase[:num_variables])


def count_values(text):
    """The right answers to all questions of a counting text, in order.

        a=    sets a to 0
        a+    adds 1 to a, beyond 9 too
        .     does nothing
        ?a3   asks for a

    The character after a question is an answer that was given. It may be
    wrong, so don't trust it, and where there is no answer yet it is another
    character, as in ?a_. There may be several variables, each named by any one
    letter from a to z, and a variable is set before it is used.

    text      a counting text, a string
    returns   a list of ints, one per question

    >>> count_values("a=.a+b=a+?a7b+?b1a=?a0")
    [2, 1, 0]
    """
    values, answers, position = {}, [], 0
    while position < len(text):
        if text[position] == ".":
            position += 1
        elif text[position] == "?":
            answers.append(values[text[position + 1]])
            position += 3
        else:
            name, symbol = text[position : position + 2]
            values[name] = 0 if symbol == "=" else values[name] + 1
            position += 2
    return answers


def operation_weights(
    values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6
):
    """Which operation may come next, and how readily: the rules of the task
    for half-written sequences.

    The columns of the result are, in this order: set each variable, increment
    each variable, query each variable, pass. The variables share the weight of
    a kind equally. A variable with the value 9 cannot be incremented: that
    operation gets weight 0, and the others keep theirs, so a row need not have
    the same sum as another.

    values        int array (batch, variables): what each variable is now,
                  0 ... 9
    set_weight, increment_weight, pass_weight, query_weight
                  the weight of each kind, numbers from 0 up
    returns       float array (batch, 3 * variables + 1)

    >>> operation_weights(np.array([[4, 9]])).tolist()
    [[0.5, 0.5, 3.5, 0.0, 3.0, 3.0, 50.0]]
    """
    batch, variables = values.shape
    each = np.ones((batch, variables)) / variables
    sets = set_weight * each
    increments = increment_weight * each * (values < MAX_VALUE)
    queries = query_weight * each
    passes = np.full((batch, 1), float(pass_weight))
    return np.concatenate([sets, increments, queries, passes], axis=1)


def counting_sequences(rng, batch, length, num_variables=1, **weights):
    """Random counting texts: each sets every variable once, in random order,
    and then goes on at random.

    weights   set_weight, increment_weight, pass_weight, query_weight: see
              operation_weights
    returns   int64 array (batch, length) of ids
    raises    ValueError for settings that no text can meet
    """
    check_settings(batch, length, num_variables, **weights)
    rows = np.arange(batch)
    values = np.zeros((batch, num_variables), dtype=np.int64)
    names = np.tile(np.arange(num_variables), (batch, 1))
    opening = rng.permuted(names, axis=1)
    zeros = np.zeros(batch, dtype=np.int64)
    history = [(np.full(batch, SET), name, zeros) for name in opening.T]
    written = np.full(batch, WIDTH[SET] * num_variables)
    while written.min() < length:
        operation = draw(rng, operation_weights(values, **weights))
        # pass: kind 3, name 0
        kind, name = np.divmod(operation, num_variables)
        value = values[rows, name] + (kind == INCREMENT)
        value[kind == SET] = 0
        values[rows, name] = value
        history.append((kind, name, value))
        written += WIDTH[kind]
    kind, name, value = np.stack(history, axis=-1)  # each (batch, operations)
    return close_up(spell(kind, FIRST_NAME + name, value))[:, :length]


def spell(kind, name, value):
    """The characters of operations, filled up with blanks.

    kind, name, value   int arrays (batch, operations)
    returns             int array (batch, operations, 3)
    """
    columns = (
        # set    increment  query  pass
        (name,   name,      ASK,   DOT),
        (EQUALS, PLUS,      name,  BLANK),
        (BLANK,  BLANK,     value, BLANK),
    )  # fmt: skip
    return np.stack([np.choose(kind, column) for column in columns], axis=-1)


def close_up(characters):
    """Put a row's characters in line, blanks last.

    characters   int array (batch, operations, 3)
    returns      int array (batch, 3 * operations)
    """
    characters = characters.reshape(len(characters), -1)
    order = np.argsort(characters == BLANK, axis=1, kind="stable")
    return np.take_along_axis(characters, order, axis=1)


def check_settings(batch, length, num_variables, **weights):
    """Refuse settings that no text can meet, with a ValueError that says what
    to do."""
    if batch < 1:
        raise ValueError(f"batch must be at least 1, got {batch}")
    check_variables(num_variables)
    check_weights(**weights)
    if weights.get("query_weight") == 0:
        raise ValueError(
            "query_weight is 0, so nothing would be asked and nothing "
            "learned; make it positive"
        )
    shortest = WIDTH[SET] * num_variables + WIDTH[QUERY]
    if length < shortest:
        raise ValueError(
            f"length {length} is too short: setting {num_variables} "
            f"variable(s) and asking one question takes {shortest} characters"
        )


def check_variables(num_variables):
    """Variables are called a ... z."""
    if not 1 <= num_variables <= 26:
        raise ValueError(
            "num_variables must be 1 ... 26, one for each name a ... z, "
            f"got {num_variables}"
        )


def check_weights(**weights):
    """Weights are numbers from 0 up."""
    for name, weight in weights.items():
        if not 0 <= weight < np.inf:
            raise ValueError(
                f"{name} must be a number from 0 up, got {weight}"
            )


def answer_targets(ids):
    """What a model must predict: the answers, and nothing else.

    The model reads ids[:, :-1], and at each of these positions it predicts the
    id that comes next. Ids below 10 are the digits, and in a counting text all
    digits are answers.

    ids       int array (batch, length)
    returns   int array (batch, length - 1): the next id where that is an
              answer, and -100 (UNSCORED) everywhere else, the value that
              cross_entropy leaves out

    >>> answer_targets(np.array([[13, 14, 3, 12]])).tolist()  # "?a3."
    [[-100, 3, -100]]
    """
    following = ids[:, 1:]
    return np.where(following < 10, following, UNSCORED)


def counting_batch(rng, batch=32, seq_len=96, num_variables=1, **weights):
    """Inputs and targets of random counting texts, both int64 (batch,
    seq_len)."""
    ids = counting_sequences(rng, batch, seq_len + 1, num_variables, **weights)
    return ids[:, :-1], answer_targets(ids)


def error_by_position(predictions, targets, width):
    """The share of wrong answers in each stretch of a text.

    Stretch s has the positions s * width ... (s + 1) * width - 1 of all texts
    of the batch together. Its error is the number of wrong answers in it,
    divided by the number of answers in it. A stretch without any has no error:
    NaN.

    predictions   int array (batch, seq), a prediction at every position; seq
                  is a multiple of width
    targets       int array (batch, seq), the right answer, or -100 where
                  nothing is asked
    width         positions per stretch
    returns       float array (seq / width,), from 0 to 1

    >>> targets = np.array([[-100, 3, 5, 2, -100, -100]])
    >>> predictions = np.array([[7, 4, 5, 1, 8, 8]])
    >>> error_by_position(predictions, targets, width=2).tolist()
    [1.0, 0.5, nan]
    """
    scored = targets != UNSCORED  # (batch, seq)
    wrong = scored & (predictions != targets)
    # (stretches,)
    asked = scored.reshape(len(targets), -1, width).sum(axis=(0, 2))
    missed = wrong.reshape(len(targets), -1, width).sum(axis=(0, 2))
    return np.where(asked > 0, missed / np.maximum(asked, 1), np.nan)


def gate_by_symbol(gates, ids, asking, vocab_size):
    """What a head counts: the mean gate that the askers give to each symbol.

    gates        float array (batch, seq, seq): gates[b, i, j] is how much
                 query i counts key j. Keys after the query (j > i) are never
                 counted, whatever their gates are
    ids          int array (batch, seq): the symbols the model read
    asking       bool array (batch, seq): True at the positions that are about
                 to answer. Only their gates matter here
    vocab_size   number of symbols there are, in the texts or not
    returns      float array (vocab_size,): for each symbol, the mean of
                 gates[b, i, j] over all b, i, j with asking[b, i], j <= i and
                 ids[b, j] == symbol; NaN for a symbol without any

    >>> gates = np.array([[[0.9, 0.0, 0.0], [0.9, 0.9, 0.0], [0.2, 1.0, 0.4]]])
    >>> ids, asking = np.array([[0, 1, 0]]), np.array([[False, False, True]])
    >>> gate_by_symbol(gates, ids, asking, vocab_size=3).round(3).tolist()
    [0.3, 1.0, nan]
    """
    seq = ids.shape[1]
    pairs = asking[:, :, None] & np.tri(seq, dtype=bool)  # (batch, query, key)
    symbols = np.broadcast_to(ids[:, None, :], pairs.shape)[pairs]  # (pairs,)
    count = np.bincount(symbols, minlength=vocab_size)
    total = np.bincount(symbols, weights=gates[pairs], minlength=vocab_size)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@torch.no_grad()
def first_gates(model, ids):
    """The gates of the first layer of a Transformer with CoPE.

    ids       int array (batch, seq)
    returns   float array (batch, heads, query, key)
    """
    block = model.blocks[0]
    x = block.attention_norm(model.embed(torch.tensor(ids)))
    q, k, _, _ = block.attention.prepare(x)
    return block.attention.positions.gates(q, k).numpy()


# The paper's own format, by the rules of its released generator
# (facebookresearch/RAM, projects/cope): words, one question at the end, and
# only that answer is scored.

PAPER_MAX_VALUE = 10
PAPER_LENGTH = 512  # a model's context, in words
PAPER_OPERATIONS = 3, 512  # the fewest and the most of a sample


def paper_tokenizer(num_variables=1):
    """Its 19, 21, 23 words for 1, 3, 5 variables. `pad` fills up a batch,
    `start` is never used."""
    numbers = [str(value) for value in range(PAPER_MAX_VALUE + 1)]
    names = string.ascii_lowercase[:num_variables]
    return Tokenizer(
        ["pad", "start", *numbers, "=", "++", ";", "pass", "print", *names],
        separator=" ",
    )


def paper_text(
    rng, num_variables=1, set_weight=1, increment_weight=7, pass_weight=50
):
    """One sample, such as "a = 0 ; pass a ++ pass print a 1". The last word is
    the answer.

    An increment of a variable that is not set yet or is already 10 is refused,
    and the operation drawn again. A sample in which nothing was set is drawn
    again as a whole.
    """
    check_variables(num_variables)
    check_weights(
        set_weight=set_weight,
        increment_weight=increment_weight,
        pass_weight=pass_weight,
    )
    if set_weight == 0:
        raise ValueError(
            "set_weight is 0, so no variable would ever be set; "
            "make it positive"
        )
    weights = set_weight, increment_weight, pass_weight
    values = {}
    while not values:
        operations = [
            paper_operation(rng, values, num_variables, *weights)
            for _ in range(rng.integers(*PAPER_OPERATIONS, endpoint=True))
        ]
    name = list(values)[rng.integers(len(values))]
    return " ".join([*operations, "print", name, str(values[name])])


def paper_operation(
    rng, values, num_variables, set_weight, increment_weight, pass_weight
):
    """Draw one allowed operation, carry it out on `values` (name -> value),
    and return its words."""
    while True:
        point = rng.random() * (set_weight + increment_weight + pass_weight)
        if point < pass_weight:
            return "pass"
        if point < pass_weight + set_weight:
            name = string.ascii_lowercase[rng.integers(num_variables)]
            values[name] = 0
            return f"{name} = 0 ;"
        if values:
            name = list(values)[rng.integers(len(values))]
            if values[name] < PAPER_MAX_VALUE:
                values[name] += 1
                return f"{name} ++"


def paper_batch(rng, batch=64, num_variables=1, **weights):
    """Inputs and targets, int64 (batch, 512): samples are filled up on the
    right, or cut on the left."""
    tokenizer = paper_tokenizer(num_variables)
    inputs = np.zeros((batch, PAPER_LENGTH), dtype=np.int64)  # 0 is `pad`
    targets = np.full((batch, PAPER_LENGTH), UNSCORED)
    for row in range(batch):
        text = paper_text(rng, num_variables, **weights)
        ids = tokenizer.encode(text)[-(PAPER_LENGTH + 1) :]
        inputs[row, : len(ids) - 1] = ids[:-1]
        targets[row, len(ids) - 2] = ids[-1]
    return inputs, targets

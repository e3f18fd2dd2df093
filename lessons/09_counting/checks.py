"""Lesson 09: what the exercises of the counting task must satisfy."""

import numpy as np

from classroom.checking import about, check
from solutions.counting import counting_sequences

about(
    "count_values",
    stars=1,
    minutes=10,
    hints=(
        "Walk through the text with a `position` that moves on by 1, 2 or 3 characters, and keep "
        "each variable's value in a dict.",
        "text[position] says which operation it is: a dot, a question mark, or a name. After a "
        "name, text[position + 1] is = or +. After a question mark, it is the name.",
        "Three branches. Dot: `position += 1`. Question: `answers.append(values[text[position + "
        "1]]); position += 3`. Name: `values[text[position]] = 0 if text[position + 1] == '=' "
        "else values[text[position]] + 1; position += 2`.",
    ),
)


@check("count_values")
def two_variables(answer):
    """The worked example: two variables, and written answers that are not to be trusted."""
    return answer("a=.a+b=a+?a7b+?b1a=?a0"), answer("b=a=a+.b+?b4b+a+?a0?b3a+?a9")


@check("count_values")
def increments_since_the_last_setting(answer):
    """Increments since the last setting count; passes do not."""
    return answer("a=a+.a+?a7a=a+?a5"), answer("a=a+a+a+?a0.a+?a.a=?a2a+?a3")


@check("count_values")
def each_has_its_own(answer):
    """Each variable has a value of its own, also when another one is set or asked for."""
    return answer("a=b=a+a+b+?b9?a9a=?b0"), answer("c=a=b=a+b+c+c+b=?c0?a0?b0a+?a0?c8")


@check("count_values")
def any_name(answer):
    """Every letter from a to z may be a variable."""
    return answer("z=k=z+k+z+?k7k+z+?z1"), answer("m=m+?m_x=?x_m+y=x+?x1?m_?y0")


@check("count_values")
def whatever_the_answer_is(answer):
    """A question counts, whatever character is there for its answer."""
    return answer("a=a+?a_a+?a4a+?a_"), answer("b=b+?b*?b-b+?b b=?b_")


@check("count_values")
def without_questions(answer):
    """No question, no answer."""
    return answer("a=..a+"), answer("")


@check("count_values")
def beyond_nine(answer):
    """The rules know no largest value: twelve increments are 12."""
    return answer("a=" + 12 * "a+" + "?a0"), answer("b=" + 103 * "b+." + "?b9b+?b_")


about(
    "operation_weights",
    stars=2,
    minutes=10,
    hints=(
        "Build one block of columns for each kind, (batch, variables) each, and join them; the "
        "pass is one column.",
        "np.concatenate([sets, increments, queries, passes], axis=1), where passes has the shape "
        "(batch, 1). A comparison such as values < 9 is 1 where it is true and 0 where not, when "
        "you multiply by it.",
        "With each = np.ones(values.shape) / values.shape[1], the increments are increment_weight "
        "* each * (values < 9), and the passes np.full((len(values), 1), float(pass_weight)).",
    ),
)


@check("operation_weights")
def variables_share_a_weight(answer):
    """The worked example: variables share a kind's weight, and one at 9 is not incremented."""
    return answer(np.array([[4, 9]])), answer(np.array([[9, 2, 0], [1, 9, 9], [3, 8, 5]]))


@check("operation_weights")
def up_to_nine(answer):
    """8 may become 9; 9 may not become 10."""
    return answer(np.array([[0], [8], [9]]))


@check("operation_weights")
def other_weights(answer):
    """The four weights are those that were given, for any batch and any number of variables."""
    weights = {"set_weight": 3, "increment_weight": 6, "pass_weight": 10, "query_weight": 9}
    values = np.random.default_rng(0).integers(10, size=(6, 4))
    return answer(np.array([[0, 9, 3], [9, 9, 9]]), **weights), answer(values, 0.5, 0, 0.25, 2)


about(
    "answer_targets",
    stars=1,
    minutes=5,
    hints=(
        "The target at position i is the id at position i + 1. So shift first, then "
        "keep only answers.",
        "following = ids[:, 1:] has the shape (batch, length - 1). Where is it an answer?",
        "following = ids[:, 1:]; return np.where(following < 10, following, -100)",
    ),
)


@check("answer_targets")
def one_question(answer):
    """The worked example, the text "?a3."; then the longer "?a3.a=a+?a7"."""
    longer = np.array([[13, 14, 3, 12, 14, 10, 14, 11, 13, 14, 7]])
    return answer(np.array([[13, 14, 3, 12]])), answer(longer)


@check("answer_targets")
def smallest_and_largest(answer):
    """Answers go from 0 to 9, both included; every row counts."""
    return answer(np.array([[13, 14, 0, 13, 14, 9, 12], [12, 13, 14, 1, 12, 12, 12]]))


@check("answer_targets")
def random_texts(answer):
    """Random texts with three variables: their answers are scored, whichever is asked for."""
    rng = np.random.default_rng(0)
    return answer(counting_sequences(rng, 5, 60, num_variables=3, query_weight=30))


about(
    "error_by_position",
    stars=2,
    minutes=12,
    hints=(
        "Two arrays of True and False: which positions are scored, and which of those are wrong. "
        "Then count both, stretch by stretch.",
        "x.reshape(batch, -1, width) has the shape (batch, stretches, width). Sum over axes "
        "0 and 2.",
        "With scored = targets != -100, asked = scored.reshape(len(targets), -1, "
        "width).sum(axis=(0, 2)), and missed is the same sum of the wrong ones; then "
        "np.where(asked > 0, missed / np.maximum(asked, 1), np.nan).",
    ),
)


@check("error_by_position")
def three_stretches(answer):
    """The worked example: two stretches with answers, one without. Then random answers."""
    targets = np.array([[-100, 3, 5, 2, -100, -100]])
    first = answer(np.array([[7, 4, 5, 1, 8, 8]]), targets, width=2)
    return first, answer(*random_answers(np.random.default_rng(1), 3, 8), width=4)


def random_answers(rng, batch, seq):
    """Predictions and targets: about half of the positions are asked, and half of those right."""
    targets = np.where(rng.random((batch, seq)) < 0.5, rng.integers(10, size=(batch, seq)), -100)
    guesses = rng.integers(10, size=(batch, seq))
    right = (rng.random((batch, seq)) < 0.6) & (targets >= 0)
    return np.where(right, targets, guesses), targets


@check("error_by_position")
def the_whole_batch(answer):
    """Wrong answers and all answers are each summed over the whole batch, then divided."""
    targets = np.array([[1, 2, 3, -100, 1, -100], [-100, -100, 4, -100, 5, -100]])
    return answer(np.array([[1, 2, 0, 9, 0, 9], [9, 9, 0, 9, 0, 9]]), targets, width=3)


@check("error_by_position")
def other_widths(answer):
    """Random answers of five texts, in stretches of 1, 3, 4 and 12 positions."""
    predictions, targets = random_answers(np.random.default_rng(0), 5, 12)
    targets[:, 6] = -100
    return [answer(predictions, targets, width) for width in (1, 3, 4, 12)]


about(
    "gate_by_symbol",
    stars=3,
    minutes=20,
    hints=(
        "First decide which pairs (query, key) count: an asking query, and a key that is not "
        "after it. Then sort the gates of these pairs by the symbol at the key.",
        "pairs = asking[:, :, None] & np.tri(ids.shape[1], dtype=bool) has the shape (batch, "
        "query, key): the pairs that count. np.broadcast_to(ids[:, None, :], pairs.shape) has the "
        "same shape: the key's symbol.",
        "With symbols = np.broadcast_to(ids[:, None, :], pairs.shape)[pairs], "
        "np.bincount(symbols, weights=gates[pairs], minlength=vocab_size) sums the gates of each "
        "symbol, np.bincount(symbols, minlength=vocab_size) counts them.",
    ),
)


@check("gate_by_symbol")
def one_asker(answer):
    """The worked example: one asker, three keys, two symbols. Then two texts with three askers."""
    gates = np.array([[[0.9, 0.0, 0.0], [0.9, 0.9, 0.0], [0.2, 1.0, 0.4]]])
    first = answer(gates, np.array([[0, 1, 0]]), np.array([[False, False, True]]), vocab_size=3)
    ids, asking = np.array([[2, 0, 2, 1], [0, 0, 3, 2]]), np.zeros((2, 4), bool)
    asking[0, 1] = asking[0, 3] = asking[1, 2] = True
    return first, answer(np.tril(np.random.default_rng(3).random((2, 4, 4))), ids, asking, 6)


@check("gate_by_symbol")
def later_keys(answer):
    """Keys after the query are not counted, whatever their gates say."""
    gates = np.array([[[0.5, 0.7, 0.7], [0.1, 0.3, 0.9], [0.0, 0.0, 0.0]]])
    return answer(gates, np.array([[0, 1, 1]]), np.array([[False, True, False]]), vocab_size=2)


@check("gate_by_symbol")
def gates_of_zero(answer):
    """A gate of exactly 0 counts like any other."""
    rng = np.random.default_rng(2)
    gates = rng.random((2, 5, 5)) * (rng.random((2, 5, 5)) < 0.5)
    return answer(gates, rng.integers(3, size=(2, 5)), np.ones((2, 5), bool), 3)


@check("gate_by_symbol")
def all_texts_together(answer):
    """A batch of three texts: all pairs of all texts go into one mean for each symbol."""
    rng = np.random.default_rng(0)
    gates, ids = rng.random((3, 6, 6)), rng.integers(4, size=(3, 6))
    nobody = np.zeros((3, 6), bool)
    return answer(gates, ids, rng.random((3, 6)) < 0.5, 5), answer(gates, ids, nobody, 4)

"""Lesson 09: what the exercises of the counting task must satisfy."""

import numpy as np

from classroom.checking import about, check

about(
    "count_values",
    stars=2,
    minutes=10,
    hints=(
        "Read the text as you would with a pencil: one operation at a time, with a note of what "
        "each variable is now. What must the note say at a question?",
        "Work out `a=.a+?a7` by hand. At 0: `a` and `=`, so a is 0; go on at 2. At 2: a dot; go "
        "on at 3. At 3: `a` and `+`, so a is 1; go on at 5. At 5: a question for the character at"
        " 6, so the answer is 1; the 7 is not read; go on at 8. So an operation takes 1, 2 or 3 "
        "characters, and the first of them says which kind it is.",
        "A while loop over a position, a dict from names to values, and three branches: a dot, a "
        "question mark, anything else. Each branch moves the position on by its own width. "
        '`solution("count_values")` shows the lines.',
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
        "The columns come in four blocks: all sets, all increments, all queries, and one column "
        "for the pass. Make each block by itself.",
        "Take two variables, 4 and 9, as in the example. Sets: weight 1 shared by two, so 0.5 and"
        " 0.5. Increments: 7 shared by two, 3.5 each, but the second is already 9: 3.5 and 0. "
        "Queries: 3 and 3. The pass: 50, not shared. A comparison such as `values < 9` counts as "
        "1 where it is true and 0 where it isn't, when you multiply by it; so one product makes "
        "the whole block, for all rows.",
        "Each block is an array (batch, variables), the pass is (batch, 1), and np.concatenate "
        "joins them along axis 1.",
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
    "gate_by_symbol",
    stars=3,
    minutes=20,
    hints=(
        "First decide which pairs of query and key count at all. Then sort the gates of these "
        "pairs by the symbol at the key.",
        "Take one text with three tokens, of which only query 2 asks. Its pairs are (2, 0), (2, "
        "1) and (2, 2): the gates 0.2, 1.0 and 0.4, at the symbols 0, 1 and 0. So symbol 0 has "
        "(0.2 + 0.4) / 2 = 0.3, symbol 1 has 1.0, and symbol 2 has none, which is NaN. For a "
        "batch, make a mask (batch, query, key) of the pairs that count, from `asking` with a new"
        " last axis and a triangle, np.tri. The symbols get that shape with np.broadcast_to.",
        "A mask picks the same pairs out of gates and symbols, both as one long row. np.bincount "
        "counts them by symbol, and with `weights=` it adds the gates up; divide one by the "
        "other, except where nothing was counted.",
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

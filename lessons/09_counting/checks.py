"""Chapter 09: what the exercises of the counting task must satisfy."""
import numpy as np


class count_values:
    stars, minutes = 1, 10
    hints = (
        "Walk through the text with a `place` that moves on by 1, 2 or 3 characters, and keep each "
        "variable's value in a dict.",
        "text[place] says which operation it is: a dot, a question mark, or a name. After a name, "
        "text[place + 1] is = or +. After a question mark, text[place + 1] is the name.",
        "Three branches: dot: place += 1. Question: answers.append(values[text[place + 1]]); place += 3. "
        "Name: values[name] = 0 if the sign is = else values[name] + 1; place += 2.",
    )

    def one_variable(answer, expect):
        """Increments since the last setting count; passes do not, and written answers are not trusted."""
        expect.equal(answer("a=a+.a+?a7a=a+?a5"), [2, 1], mistakes=(
            ([7, 5], "These are the digits written in the text. They may be wrong: count for yourself."),
            ([2, 3], "The count goes on after `a=`. Setting puts the variable back to 0."),
            (["2", "1"], "The answers are texts. Return numbers: int."),
            ([1], "Only the last question is answered. Collect an answer at every question."),
            ([3, 1], "Passes were counted too. A dot does nothing."),
            (["7", "5"], "These are the digits written in the text. They may be wrong: count for yourself."),
        ))

    def several_variables(answer, expect):
        """Each variable has a value of its own."""
        expect.equal(answer("a=b=a+a+b+?b9?a9a=?b0"), [1, 2, 1], mistakes=(
            ([3, 3, 0], "All names share one counter. Keep one value for each name, in a dict."),
            ([1, 2, 0], "`a=` also put b back to 0. It sets only the variable named."),
        ))

    def any_name(answer, expect):
        """Every letter from a to z may be a variable."""
        with expect.advice({"KeyError": "Any letter may be a variable, not only those of the example: let a name "
                                        "enter the dict when it is set."}):
            got = answer("z=k=z+k+z+?k7k+z+?z1")
        expect.equal(got, [1, 3], says="The variables are called z and k here. Any letter may be one.")

    def not_answered_yet(answer, expect):
        """A question counts whatever stands in the place of its answer."""
        expect.equal(answer("a=a+?a_a+?a4a+?a_"), [1, 2, 3], mistakes=(
            ([2], "Only questions with a digit behind them were answered. Where nobody has answered yet stands "
                  "another character, as in ?a_, and it is a question too."),
            ([1, 2], "The question at the end of the text is missing."),
        ))

    def without_questions(answer, expect):
        """No question, no answer."""
        expect.equal(answer("a=..a+"), [], mistakes=(
            ([1], "There is no question in \"a=..a+\", so there is nothing to answer: expected an empty "
                  "list."),))

    def beyond_nine(answer, expect):
        """The rules know no largest value: twelve increments are 12."""
        expect.equal(answer("a=" + 12 * "a+" + "?a0"), [12], mistakes=(
            ([9], "You stop at 9. The generator stops there, but a text with twelve increments counts 12."),
            ([2], "Only the last digit is left of 12. Answers are numbers, not characters."),))


class operation_weights:
    stars, minutes = 2, 10
    hints = (
        "Build one block of columns for each kind, (batch, variables) each, and join them; the pass is one "
        "column.",
        "np.concatenate([sets, increments, queries, passes], axis=1), where passes has the shape (batch, "
        "1). A comparison such as values < 9 is 1 where it holds and 0 where not, when you multiply by it.",
        "With each = np.ones((batch, variables)) / variables, the increments are increment_weight * each * "
        "(values < 9), and the passes np.full((batch, 1), float(pass_weight)).",
    )

    def example(answer, expect):
        """The worked example: variables share a kind's weight, and one that holds 9 is not incremented."""
        expect.equal(answer(np.array([[4, 9]])), np.array([[0.5, 0.5, 3.5, 0, 3, 3, 50]]), mistakes=(
            (np.array([[0.5, 0.5, 3.5, 3.5, 3, 3, 50]]),
             "The variable that holds 9 could still be incremented, to 10. Its weight must be 0."),
            (np.array([[1, 1, 7, 0, 6, 6, 50.0]]),
             "Each variable got the whole weight of its kind. The variables share it: divide by their "
             "number."),
            (np.array([[0.5, 0.5, 7, 0, 3, 3, 50]]),
             "The increment that is not allowed handed its weight to the other one. The others keep theirs."),
            (np.array([[0.5, 0.5, 3.5, 0, 3, 3, 50]]) / 60.5,
             "The row was divided by its sum. That is not asked: these are weights, not probabilities."),
            (np.array([[0.5, 3.5, 3, 0.5, 0, 3, 50]]),
             "The columns are ordered by variable. They must be ordered by kind: all sets, all increments, "
             "all queries, the pass."),
            (np.array([[0.5, 0.5, 3.5, 0, 50, 3, 3]]),
             "The pass stands before the queries. Its column is the last."),
            (np.array([[0.5, 0.5, 3.5, 0, 3, 3, 25, 25]]),
             "There is one pass, not one for each variable: a single column holds its whole weight."),
        ))

    def at_the_cap(answer, expect):
        """8 may become 9; 9 may not become 10."""
        got = np.asarray(answer(np.array([[0], [8], [9]])))
        want = np.array([[1, 7, 6, 50], [1, 7, 6, 50], [1, 0, 6, 50.0]])
        expect.equal(got, want, mistakes=(
            (np.array([[1, 7, 6, 50], [1, 0, 6, 50], [1, 0, 6, 50.0]]),
             "A variable that holds 8 may still be incremented: 9 is the largest value, not 8."),
            (np.array([[1, 7, 6, 50], [1, 7, 6, 50], [1, 7, 6, 50.0]]),
             "The variable that holds 9 could still be incremented, to 10. Its weight must be 0."),
        ))

    def other_weights(answer, expect):
        """The four weights are those that were handed in, for any batch and any number of variables."""
        values = np.array([[0, 9, 3], [9, 9, 9]])
        want = np.array([[each_kind(value, row) for value in range(10)] for row in values])
        got = answer(values, set_weight=3, increment_weight=6, pass_weight=10, query_weight=9)
        expect.equal(got, want, mistakes=(
            (np.array([[each_kind(value, row, 1, 7, 50, 6) for value in range(10)] for row in values]),
             "The weights handed in were not used: these are the default ones."),))


def each_kind(column, values, set_weight=3, increment_weight=6, pass_weight=10, query_weight=9):
    """The weight of one column, by the rules, for a single row of values."""
    kind, variable = divmod(column, len(values))
    if kind == 3:
        return float(pass_weight)
    if kind == 1 and values[variable] == 9:
        return 0.0
    return (set_weight, increment_weight, query_weight)[kind] / len(values)


class answer_targets:
    stars, minutes = 1, 5
    hints = (
        "The target at position i is the id at position i + 1. So shift first, then keep only answers.",
        "following = ids[:, 1:] has the shape (batch, length - 1). Where is it an answer?",
        "return np.where(following < 10, following, -100)",
    )

    def example(answer, expect):
        """The worked example, a little longer: "?a3.a=" is scored once, one place before the 3."""
        ids = np.array([[13, 14, 3, 12, 14, 10]])
        expect.equal(answer(ids), np.array([[-100, 3, -100, -100, -100]]), mistakes=(
            (np.array([[-100, -100, 3, -100, -100]]),
             "The 3 is scored where the model reads it, so it only has to copy. Shift: it must be "
             "predicted one position before."),
            (np.array([[-100, -100, 3, -100, -100, -100]]),
             "The 3 is scored where the model reads it, so it only has to copy. Shift: it must be "
             "predicted one position before."),
            (np.array([[-100, 3, -100, -100, -100, -100]]),
             "There is one target too many: after the last id nothing follows, so there are length - 1 "
             "targets."),
            (np.array([[14, 3, 12, 14, 10]]),
             "Everything is scored. Only answers are: elsewhere the next character is drawn at random, and "
             "predicting it is not the task."),
            (np.array([[0, 3, 0, 0, 0]]),
             "What is not scored must be -100. With 0 there, the model would be taught to answer 0 "
             "everywhere."),
            (np.array([[3, -100, -100, -100, -100]]),
             "The 3 is scored at the question mark, two positions before it. At that place the name is not "
             "read yet."),
            (np.array([[-100, 3, -100, -100, 10]]),
             "The equals sign is scored. Its id is 10; answers are the ids below 10."),
            (np.array([[-100, -100, 12, -100, -100]]),
             "You score what comes after a digit: the mask is taken from ids[:, :-1], which the model reads. Ask "
             "whether the id that follows is an answer."),
        ))

    def smallest_and_largest(answer, expect):
        """Answers go from 0 to 9, both included; every row counts."""
        ids = np.array([[13, 14, 0, 13, 14, 9, 12], [12, 13, 14, 1, 12, 12, 12]])
        want = np.full((2, 6), -100)
        want[0, 1], want[0, 4], want[1, 2] = 0, 9, 1
        without_zero, without_nine, first_row = want.copy(), want.copy(), want.copy()
        without_zero[0, 1], without_nine[0, 4], first_row[1] = -100, -100, -100
        expect.equal(answer(ids), want, mistakes=(
            (without_zero, "The answer 0 is missing: the id of the digit 0 is 0, and it is an answer like "
                           "the others."),
            (without_nine, "The answer 9 is missing: ids 0 to 9, both included, are answers."),
            (first_row, "Only the first row has targets. Every text of the batch needs them."),
        ))


class error_by_position:
    stars, minutes = 2, 12
    hints = (
        "Two arrays of True and False: which positions are scored, and which of those are wrong. Then count "
        "both, stretch by stretch.",
        "x.reshape(batch, -1, width) has the shape (batch, stretches, width). Sum over axes 0 and 2.",
        "asked = scored.reshape(batch, -1, width).sum(axis=(0, 2)), and the same for the wrong ones; then "
        "np.where(asked > 0, missed / np.maximum(asked, 1), np.nan).",
    )

    def example(answer, expect):
        """The worked example: two stretches with answers, one without."""
        targets = np.array([[-100, 3, 5, 2, -100, -100]])
        got = answer(np.array([[7, 4, 5, 1, 8, 8]]), targets, width=2)
        expect.equal(got, np.array([1.0, 0.5, np.nan]), mistakes=(
            (np.array([1.0, 0.5, 0.0]),
             "A stretch without a single answer has no error: NaN. A 0 would claim that all went well "
             "there."),
            (np.array([1.0, 0.5, 1.0]),
             "Positions that are not scored counted as wrong. Leave out all targets that are -100."),
            (np.array([0.5, 0.5, 0.0]),
             "You divided by all positions. Divide by the scored ones: elsewhere nothing was asked."),
            (np.array([0.0, 0.5, np.nan]), "This is the share of right answers. Asked for is the share of "
                                           "wrong ones."),
            (np.array([1.0, 1.0, 0.0]),
             "The positions of a stretch stand side by side. Yours are taken apart: reshape to (batch, "
             "stretches, width), in this order."),
        ))

    def batch(answer, expect):
        """Wrong answers and all answers are each summed over the whole batch, then divided."""
        targets = np.array([[1, 2, 3, -100, 1, -100], [-100, -100, 4, -100, 5, -100]])
        predictions = np.array([[1, 2, 0, 9, 0, 9], [9, 9, 0, 9, 0, 9]])
        expect.equal(answer(predictions, targets, width=3), np.array([0.5, 1.0]), mistakes=(
            (np.array([2 / 3, 1.0]),
             "You took the mean of each text's own error. A text with one answer then weighs as much as "
             "one with three: add up wrong answers and all answers first, divide last."),
            (np.array([1 / 3, 1.0]), "Only the first text was counted. Sum over the batch too: axes 0 and 2."),
        ))

    def loops(answer, expect):
        """The same as counting with plain loops, for random answers."""
        rng = np.random.default_rng(0)
        targets = np.where(rng.random((5, 12)) < 0.5, rng.integers(10, size=(5, 12)), -100)
        predictions = np.where(rng.random((5, 12)) < 0.6, targets, 0)
        for width in (1, 4, 12):
            asked, missed = np.zeros(12 // width), np.zeros(12 // width)
            for row in range(5):
                for position in range(12):
                    if targets[row, position] != -100:
                        asked[position // width] += 1
                        missed[position // width] += predictions[row, position] != targets[row, position]
            want = np.array([m / a if a else np.nan for m, a in zip(missed, asked)])
            expect.equal(answer(predictions, targets, width), want, says=f"With width {width}:")


class gate_by_symbol:
    stars, minutes = 3, 20
    hints = (
        "First decide which pairs (query, key) count: an asking query, and a key that is not after it. Then "
        "sort the gates of these pairs by the symbol at the key.",
        "asking[:, :, None] & np.tri(seq, dtype=bool) has the shape (batch, query, key): the pairs that "
        "count. np.broadcast_to(ids[:, None, :], ...) has the same shape: the key's symbol.",
        "Take both at the pairs, symbols = ...[pairs] and gates[pairs]; np.bincount(symbols, "
        "weights=gates[pairs], minlength=vocab_size) sums the gates of each symbol, np.bincount(symbols, "
        "minlength=vocab_size) counts them.",
    )

    def example(answer, expect):
        """The worked example: one asker, three keys, two symbols."""
        gates = np.array([[[0.9, 0.0, 0.0], [0.9, 0.9, 0.0], [0.2, 1.0, 0.4]]])
        asking = np.array([[False, False, True]])
        got = answer(gates, np.array([[0, 1, 0]]), asking, vocab_size=3)
        expect.equal(got, np.array([0.3, 1.0, np.nan]), mistakes=(
            (np.array([0.6, 0.95, np.nan]),
             "The gates of all queries are in it. Only the queries that ask matter: their gates alone "
             "decide an answer."),
            (np.array([0.3, 1.0, 0.0]), "A symbol that never occurs has no mean gate: NaN, not 0."),
            (np.array([0.6, 1.0, 0.0]), "These are sums. Asked for is the mean gate of each symbol."),
            (np.array([1.6 / 3, np.nan, np.nan]),
             "Gates are sorted by the query's own symbol. What is counted stands at the key: use ids[b, j]."),
            (np.array([0.2, 1.0, np.nan]), "The asker's own key is missing: j <= i includes the query "
                                           "itself."),
            (np.array([0.4, np.nan, np.nan]),
             "Only the asker's gate for itself is in it: `asking` was applied to the keys. It marks "
             "queries."),
        ))

    def later_keys(answer, expect):
        """Keys after the query are not counted, whatever their gates say."""
        gates = np.array([[[0.5, 0.7, 0.7], [0.1, 0.3, 0.9], [0.0, 0.0, 0.0]]])
        asking = np.array([[False, True, False]])
        got = answer(gates, np.array([[0, 1, 1]]), asking, vocab_size=2)
        expect.equal(got, np.array([0.1, 0.3]), mistakes=(
            (np.array([0.1, 0.6]),
             "A key after the query was counted. The model never sees it: leave out all j > i."),
            (np.array([0.1, 0.15]),
             "A key after the query was left out of the sum, but not of the number you divide by."),
            (np.array([0.5, 0.9]), "Queries and keys are exchanged: gates[b, i, j] belongs to query i and "
                                   "key j."),
        ))

    def loops(answer, expect):
        """The same as counting with plain loops, for random gates and a whole batch."""
        rng = np.random.default_rng(0)
        gates, ids = rng.random((3, 6, 6)), rng.integers(4, size=(3, 6))
        asking = rng.random((3, 6)) < 0.5
        total, count = np.zeros(4), np.zeros(4)
        for b in range(3):
            for i in range(6):
                for j in range(i + 1):
                    if asking[b, i]:
                        total[ids[b, j]] += gates[b, i, j]
                        count[ids[b, j]] += 1
        expect.equal(answer(gates, ids, asking, 4), total / count,
                     says="For a batch of three texts: all pairs of all texts go into one mean for each "
                          "symbol.")

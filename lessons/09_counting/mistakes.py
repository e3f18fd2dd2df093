"""Lesson 09: mistakes in counting, in the rules of the task, and in averaging."""

import re

import numpy as np

from classroom.checking import accepted, mistake
from solutions.counting import count_values, gate_by_symbol
from solutions.counting import operation_weights as weights

# count_values


def questions(text, pattern=r"\?(.)."):
    """Of each question the name that it asks for, and the text before it."""
    return [(match[1], text[: match.start()]) for match in re.finditer(pattern, text)]


def since_setting(name, before):
    return before.rpartition(f"{name}=")[2]


@mistake("count_values", "These are the digits written in the text. Do not trust them: count.")
def trusts_the_digits(text):
    return [int(digit) for digit in re.findall(r"\?\w(\d)", text)]


@mistake("count_values", "You go on from the digit after a question. Do not trust it.")
def goes_on_from_the_digit(text):
    values, answers = {}, []
    for name, sign, asked, digit in re.findall(r"(\w)([=+])|\?(.)(.)", text):
        if sign:
            values[name] = 0 if sign == "=" else values[name] + 1
        else:
            answers.append(values[asked])
            values[asked] = int(digit) if digit.isdigit() else values[asked]
    return answers


@mistake("count_values", "The count goes on after `a=`. Setting puts the variable back to 0.")
def never_resets(text):
    return [before.count(f"{name}+") for name, before in questions(text)]


@mistake("count_values", "A question puts its variable back to 0. Only `a=` does.")
def question_resets(text):
    return [
        re.split(rf"{name}=|\?{name}.", before)[-1].count(f"{name}+")
        for name, before in questions(text)
    ]


@mistake("count_values", "All names share one counter. Keep a value for each name, in a dict.")
def one_counter_for_all(text):
    return [before.rpartition("=")[2].count("+") for _, before in questions(text)]


@mistake("count_values", "`a=` also put the others back to 0. It sets only the variable named.")
def setting_resets_all(text):
    return [before.rpartition("=")[2].count(f"{name}+") for name, before in questions(text)]


@mistake("count_values", "The increments of other variables are counted, too. Only `a+` adds to a.")
def all_increments(text):
    return [since_setting(*question).count("+") for question in questions(text)]


@mistake("count_values", "Passes were counted, too. A dot does nothing.")
def counts_passes(text):
    parts = [(name, since_setting(name, before)) for name, before in questions(text)]
    return [part.count(f"{name}+") + part.count(".") for name, part in parts]


@mistake("count_values", "Every answer is one too large: `a=` sets a to 0, not to 1.")
def begins_at_one(text):
    return [count + 1 for count in count_values(text)]


@mistake("count_values", "The value never gets above 1: `a+` adds 1, it does not set a to 1.")
def sets_to_one(text):
    return [min(1, count) for count in count_values(text)]


@mistake("count_values", "The answers are ordered by variable. They go in the order of the text.")
def grouped_by_variable(text):
    names = [name for name, _ in questions(text)]
    return [
        answer
        for each in dict.fromkeys(names)
        for name, answer in zip(names, count_values(text))
        if name == each
    ]


@mistake("count_values", "A question adds 1 to its variable. It changes nothing.")
def questions_count(text):
    asked = re.sub(r"\?(\w).?", r"?\1_\1+", text)
    return count_values(asked)


@mistake("count_values", "Only the variable a is followed. There may be others: keep them all.")
def follows_a_alone(text):
    value, answers = 0, []
    for pair in map("".join, zip(text, text[1:])):
        value = 0 if pair == "a=" else value + (pair == "a+")
        answers += [value] * (pair == "?a")
    return answers


@mistake("count_values", "This is a dict of the last answers by name. Return a list, in order.")
def answers_by_name(text):
    names = [name for name, _ in questions(text)]
    return dict(zip(names, count_values(text)))


@mistake("count_values", "These are the last values, by name. Return a list of the answers.")
def values_by_name(text):
    names = dict.fromkeys(re.findall(r"(\w)=", text))
    return {name: since_setting(name, text).count(f"{name}+") for name in names}


@mistake(
    "count_values",
    "Not every operation has two characters: a question has three. Go on by the width of each.",
)
def always_two_characters(text):
    values, answers, text = {}, [], text.replace(".", "")
    for one, two in zip(text[::2], text[1::2]):
        if two in "=+":
            values[one] = 0 if two == "=" else values.get(one, 0) + 1
        elif one == "?":
            answers.append(values.get(two, 0))
    return answers


@mistake("count_values", "All increments in the text are counted, also before the last setting.")
def whole_text(text):
    return [text.count(f"{name}+") for name, _ in questions(text)]


@mistake(
    "count_values",
    "The dict has no such name. Either you didn't put a variable in when it was set, or you read "
    "another character as a name: a question takes three characters, `a=` and `a+` take two.",
)
def question_of_two_characters(text):
    values, answers, place = {}, [], 0
    while place < len(text):
        if text[place] == "?":
            answers.append(values[text[place + 1]])
        elif text[place] != ".":
            values[text[place]] = 0 if text[place + 1] == "=" else values[text[place]] + 1
        place += 1 if text[place] == "." else 2
    return answers


@mistake("count_values", "Only the last question is answered. Collect an answer at every question.")
def last_question_only(text):
    return count_values(text)[-1:]


@mistake("count_values", "Only the first question is answered. Return after the loop, not in it.")
def first_question_only(text):
    return count_values(text)[:1]


@mistake("count_values", "The last question is missing when the text ends with it.")
def misses_the_end(text):
    return [since_setting(*each).count(f"{each[0]}+") for each in questions(text[:-1])]


@mistake("count_values", "The answers come in a different order from the questions.")
def upside_down(text):
    return count_values(text)[::-1]


@mistake("count_values", "You stop at 9. The generator stops there, but twelve increments are 12.")
def stops_at_nine(text):
    return [min(9, count) for count in count_values(text)]


@mistake("count_values", "Only the last digit is left of 12. Answers are numbers, not characters.")
def last_digit_only(text):
    return [count % 10 for count in count_values(text)]


@mistake("count_values", "The answers are texts. Return numbers: int.")
def answers_as_text(text):
    return [str(count) for count in count_values(text)]


@mistake("count_values", "These are the final values. Answer each question when it is asked.")
def final_values(text):
    return [since_setting(name, text).count(f"{name}+") for name, _ in questions(text)]


@mistake(
    "count_values", "Any letter may be a variable, not only a and b: add a name when it is set."
)
def knows_two_names(text):
    values = {"a": 0, "b": 0}
    return [count + values[name] for (name, _), count in zip(questions(text), count_values(text))]


@mistake("count_values", "Only questions for a and b are answered. Any letter may be a variable.")
def leaves_other_names_out(text):
    asked = questions(text, r"\?([ab]).")
    return [since_setting(name, before).count(f"{name}+") for name, before in asked]


@mistake("count_values", "Only questions with a digit are answered. As in ?a_, there may be none.")
def wants_a_digit(text):
    asked = questions(text, r"\?(\w)\d")
    return [since_setting(name, before).count(f"{name}+") for name, before in asked]


@mistake(
    "count_values", "Only questions with a digit or _ are answered. Any character may be there."
)
def wants_a_digit_or_underscore(text):
    asked = questions(text, r"\?(\w)[\d_]")
    return [since_setting(name, before).count(f"{name}+") for name, before in asked]


@accepted("count_values")
def with_regular_expressions(text):
    return [since_setting(name, before).count(f"{name}+") for name, before in questions(text)]


@accepted("count_values")
def character_by_character(text):
    values, answers, characters = {}, [], iter(text)
    for character in characters:
        if character == "?":
            answers.append(values[next(characters)])
            next(characters, None)
        elif character != ".":
            values[character] = (values.get(character, 0) + 1) * (next(characters) == "+")
    return answers


# operation_weights


@mistake("operation_weights", "A variable at 9 can still be incremented. That weight must be 0.")
def no_largest_value(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    return weights(0 * values, set_weight, increment_weight, pass_weight, query_weight)


@mistake("operation_weights", "The variables share a kind's weight: divide it by their number.")
def whole_weight_for_each(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    each = [values.shape[1] * weight for weight in (set_weight, increment_weight, query_weight)]
    return weights(values, *each[:2], pass_weight, each[2])


@mistake(
    "operation_weights",
    "The result is an array of integers, which cuts fractions off. Make it of floats: np.zeros(...)"
    " is, but zeros_like(values), or dtype=values.dtype, is not.",
)
def cut_off_by_integers(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    table = weights(values, set_weight, increment_weight, pass_weight, query_weight)
    return table.astype(values.dtype)


@mistake("operation_weights", "`//` drops what is left over. Divide with `/`: weights are floats.")
def whole_numbers_only(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    n = values.shape[1]
    each = [n * (weight // n) for weight in (set_weight, increment_weight, query_weight)]
    return weights(values, *each[:2], pass_weight, each[2])


@mistake("operation_weights", "The pass is divided, too. There is one, with the whole weight.")
def pass_is_shared(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    share = pass_weight / values.shape[1]
    return weights(values, set_weight, increment_weight, share, query_weight)


@mistake("operation_weights", "There is one pass, not one for each variable: a single column.")
def a_pass_for_each(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    share = pass_weight / values.shape[1]
    table = weights(values, set_weight, increment_weight, share, query_weight)
    return np.concatenate([table[:, :-1], np.repeat(table[:, -1:], values.shape[1], 1)], axis=1)


@mistake("operation_weights", "A variable at 8 may still be incremented, to 9.")
def stops_at_eight(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    blocked = np.where(values == 8, 9, values)
    return weights(blocked, set_weight, increment_weight, pass_weight, query_weight)


@mistake("operation_weights", "A variable at 0 may be incremented. Only one at 9 may not.")
def zero_is_blocked(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    blocked = np.where(values == 0, 9, 0)
    return weights(blocked, set_weight, increment_weight, pass_weight, query_weight)


@mistake(
    "operation_weights",
    "Only variables at 9 may be incremented here. It's all the others that may.",
)
def nine_only(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    turned = np.where(values == 9, 0, 9)
    return weights(turned, set_weight, increment_weight, pass_weight, query_weight)


@mistake(
    "operation_weights",
    "One variable at 9 stops the increments of all. It should only stop its own.",
)
def one_stops_all(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    highest = np.broadcast_to(values.max(axis=1, keepdims=True), values.shape)
    return weights(highest, set_weight, increment_weight, pass_weight, query_weight)


@mistake(
    "operation_weights",
    "A variable at 9 in one sequence cannot be incremented in any other one. Each row of the batch "
    "has values of its own.",
)
def one_stops_the_batch(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    highest = np.broadcast_to(values.max(axis=0), values.shape)
    return weights(highest, set_weight, increment_weight, pass_weight, query_weight)


@mistake("operation_weights", "A variable at 9 can still be set and asked for.")
def nine_blocks_all(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    table = weights(values, set_weight, increment_weight, pass_weight, query_weight)
    return table * np.concatenate([np.tile(values < 9, 3), np.ones((len(values), 1))], axis=1)


@mistake("operation_weights", "A variable at 9 can still be asked for. Only its increment is 0.")
def nine_blocks_queries(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    n = values.shape[1]
    table = weights(values, set_weight, increment_weight, pass_weight, query_weight)
    table[:, 2 * n : 3 * n] *= values < 9
    return table


@mistake("operation_weights", "A variable at 9 can still be set. Only its increment is 0.")
def nine_blocks_settings(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    table = weights(values, set_weight, increment_weight, pass_weight, query_weight)
    table[:, : values.shape[1]] *= values < 9
    return table


@mistake(
    "operation_weights",
    "The weights are shared by two, as in the example. There may be another number of variables.",
)
def always_two_variables(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    factor = values.shape[1] / 2
    each = [factor * weight for weight in (set_weight, increment_weight, query_weight)]
    return weights(values, *each[:2], pass_weight, each[2])


@mistake(
    "operation_weights",
    "You gave the weight of an increment at 9 to the others. It's lost: a row may sum to less.",
)
def hands_the_weight_on(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    variables, free = values.shape[1], values < 9
    table = weights(values, set_weight, increment_weight, pass_weight, query_weight)
    share = increment_weight / np.maximum(1, free.sum(axis=1, keepdims=True))
    table[:, variables : 2 * variables] = share * free
    return table


@mistake(
    "operation_weights",
    "You gave the weight of an increment at 9 to the pass. It's lost: a row may sum to less.",
)
def hands_the_weight_to_the_pass(
    values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6
):
    table = weights(values, set_weight, increment_weight, pass_weight, query_weight)
    table[:, -1] += increment_weight * (values == 9).mean(axis=1)
    return table


@mistake("operation_weights", "-inf is for scores. A weight that is never drawn is 0.")
def minus_infinity(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    table = weights(values, set_weight, increment_weight, pass_weight, query_weight)
    table[:, values.shape[1] : -1][:, : values.shape[1]][values == 9] = -np.inf
    return table


@mistake(
    "operation_weights", "The row is divided by its sum. These are weights, not probabilities."
)
def normalized(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    table = weights(values, set_weight, increment_weight, pass_weight, query_weight)
    return table / table.sum(axis=1, keepdims=True)


@mistake("operation_weights", "The columns are ordered by variable. Order them by kind.")
def ordered_by_variable(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    table = weights(values, set_weight, increment_weight, pass_weight, query_weight)
    kinds = table[:, :-1].reshape(len(values), 3, -1).swapaxes(1, 2).reshape(len(values), -1)
    return np.concatenate([kinds, table[:, -1:]], axis=1)


@mistake("operation_weights", "The pass comes before the queries. Its column is the last.")
def pass_before_queries(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    table = weights(values, set_weight, increment_weight, pass_weight, query_weight)
    at = 2 * values.shape[1]
    return np.concatenate([table[:, :at], table[:, -1:], table[:, at:-1]], axis=1)


@mistake("operation_weights", "The order of the kinds is set, increment, query, pass.")
def queries_second(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    sets, increments, queries, passes = np.split(
        weights(values, set_weight, increment_weight, pass_weight, query_weight),
        np.arange(1, 4) * values.shape[1],
        axis=1,
    )
    return np.concatenate([sets, queries, increments, passes], axis=1)


@mistake("operation_weights", "The column of the pass is missing.")
def no_pass(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    return weights(values, set_weight, increment_weight, pass_weight, query_weight)[:, :-1]


@mistake(
    "operation_weights",
    "The weights of pass and query are swapped: the query's come first, the pass is last.",
)
def pass_for_query(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    return weights(values, set_weight, increment_weight, query_weight, pass_weight)


@mistake("operation_weights", "Only the first row of the batch comes back. Each has its own.")
def first_row_alone(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    return weights(values, set_weight, increment_weight, pass_weight, query_weight)[0]


@mistake("operation_weights", "The increments are not shared: divide by the number of variables.")
def increments_not_shared(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    share = increment_weight * values.shape[1]
    return weights(values, set_weight, share, pass_weight, query_weight)


@mistake("operation_weights", "You divide by the batch size. Variables are values.shape[1].")
def divided_by_batch(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    factor = values.shape[1] / len(values)
    each = [factor * weight for weight in (set_weight, increment_weight, query_weight)]
    return weights(values, *each[:2], pass_weight, each[2])


@mistake("operation_weights", "You used the default weights. Use those that were given.")
def default_weights_only(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    return weights(values)


@accepted("operation_weights")
def in_one_array(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    batch, variables = values.shape
    table = np.empty((batch, 3 * variables + 1))
    table[:, :variables] = set_weight / variables
    table[:, variables : 2 * variables] = np.where(values == 9, 0, increment_weight / variables)
    table[:, 2 * variables : -1] = query_weight / variables
    table[:, -1] = pass_weight
    return table


@accepted("operation_weights")
def row_by_row(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    rows = []
    for row in values.tolist():
        n = len(row)
        steps = [increment_weight / n if value < 9 else 0.0 for value in row]
        rows.append([set_weight / n] * n + steps + [query_weight / n] * n + [float(pass_weight)])
    return np.array(rows)


# gate_by_symbol


def mean_by_symbol(values, symbols, vocab_size):
    """The mean value of each symbol, NaN without any."""
    found = [values[symbols == symbol] for symbol in range(vocab_size)]
    return np.array([each.mean() if each.size else np.nan for each in found])


def at_pairs(gates, ids, pairs, vocab_size):
    """The mean gate of each key's symbol, at the pairs (batch, query, key)."""
    batch, query, key = np.nonzero(pairs)
    return mean_by_symbol(gates[batch, query, key], ids[batch, key], vocab_size)


def sums_by_symbol(gates, ids, asking, vocab_size):
    pairs = asking[:, :, None] & earlier(ids)
    symbols = np.broadcast_to(ids[:, None, :], pairs.shape)[pairs]
    return np.bincount(symbols, weights=gates[pairs], minlength=vocab_size)


def earlier(ids, offset=0):
    return np.tri(ids.shape[1], k=offset, dtype=bool)


@mistake(
    "gate_by_symbol", "You took the gates of all queries. Only those that ask count: use `asking`."
)
def all_queries(gates, ids, asking, vocab_size):
    return gate_by_symbol(gates, ids, np.ones_like(asking), vocab_size)


@mistake(
    "gate_by_symbol",
    "You took the queries that don't ask. Take those that do, where `asking` is True.",
)
def all_but_askers(gates, ids, asking, vocab_size):
    return gate_by_symbol(gates, ids, ~asking, vocab_size)


@mistake(
    "gate_by_symbol",
    "A key after the query was counted. Leave out all j > i.",
    seen="later keys not masked",
)
def keys_after_the_query(gates, ids, asking, vocab_size):
    batch, query = np.nonzero(asking)
    return mean_by_symbol(gates[batch, query], ids[batch], vocab_size)


@mistake("gate_by_symbol", "Keys after the query are left out of the sum, not of the count.")
def zeros_in_the_mean(gates, ids, asking, vocab_size):
    batch, query = np.nonzero(asking)
    return mean_by_symbol(np.tril(gates)[batch, query], ids[batch], vocab_size)


@mistake("gate_by_symbol", "Only keys after the query are counted. Count those with j <= i.")
def only_later_keys(gates, ids, asking, vocab_size):
    return at_pairs(gates, ids, asking[:, :, None] & earlier(ids).T, vocab_size)


@mistake("gate_by_symbol", "Gates of 0 are left out. They count, too: use the mask j <= i.")
def zeros_left_out(gates, ids, asking, vocab_size):
    return at_pairs(gates, ids, asking[:, :, None] & earlier(ids) & (gates != 0), vocab_size)


@mistake("gate_by_symbol", "Gates are sorted by the query's symbol. Take the key's: ids[b, j].")
def symbol_of_the_query(gates, ids, asking, vocab_size):
    batch, query, key = np.nonzero(asking[:, :, None] & earlier(ids))
    return mean_by_symbol(gates[batch, query, key], ids[batch, query], vocab_size)


@mistake("gate_by_symbol", "Queries and keys are swapped: gates[b, i, j] is query i, key j.")
def queries_and_keys_exchanged(gates, ids, asking, vocab_size):
    return gate_by_symbol(gates.swapaxes(1, 2), ids, asking, vocab_size)


@mistake("gate_by_symbol", "These are sums. Return the mean gate of each symbol.")
def sums_without_nothing(gates, ids, asking, vocab_size):
    counted = np.isnan(gate_by_symbol(gates, ids, asking, vocab_size))
    return np.where(counted, np.nan, sums_by_symbol(gates, ids, asking, vocab_size))


@mistake("gate_by_symbol", "These are sums. Return the mean gate of each symbol.")
def sums(gates, ids, asking, vocab_size):
    return sums_by_symbol(gates, ids, asking, vocab_size)


@mistake("gate_by_symbol", "These are the largest gates. Return the mean gate of each symbol.")
def largest_gates(gates, ids, asking, vocab_size):
    pairs = asking[:, :, None] & earlier(ids)
    found = [gates[pairs & (ids[:, None] == symbol)] for symbol in range(vocab_size)]
    return np.array([each.max() if each.size else np.nan for each in found])


@mistake("gate_by_symbol", "These are medians. Return the mean gate of each symbol.")
def medians(gates, ids, asking, vocab_size):
    pairs = asking[:, :, None] & earlier(ids)
    found = [gates[pairs & (ids[:, None] == symbol)] for symbol in range(vocab_size)]
    return np.array([np.median(each) if each.size else np.nan for each in found])


@mistake("gate_by_symbol", "The means are divided by their sum. A mean gate needs no other one.")
def normalized_means(gates, ids, asking, vocab_size):
    means = gate_by_symbol(gates, ids, asking, vocab_size)
    return means / np.nansum(means)


@mistake(
    "gate_by_symbol",
    "The sums are divided by how often a symbol is in the texts. Divide by the number of pairs "
    "that were added up.",
)
def divided_by_occurrences(gates, ids, asking, vocab_size):
    total = sums_by_symbol(gates, ids, asking, vocab_size)
    count = np.bincount(ids.ravel(), minlength=vocab_size)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@mistake(
    "gate_by_symbol", "You divide by the number of all pairs. Each symbol has a number of its own."
)
def divided_by_all_pairs(gates, ids, asking, vocab_size):
    total = sums_by_symbol(gates, ids, asking, vocab_size)
    return total / max(1, (asking[:, :, None] & earlier(ids)).sum())


@mistake(
    "gate_by_symbol", "The mean runs over the whole table of gates. Divide by the pairs that count."
)
def divided_by_the_table(gates, ids, asking, vocab_size):
    counted = np.isfinite(gate_by_symbol(gates, ids, asking, vocab_size))
    return np.where(counted, sums_by_symbol(gates, ids, asking, vocab_size) / gates.size, np.nan)


@mistake(
    "gate_by_symbol",
    "A symbol that occurs twice before a query brings in one gate only: total[ids] += ... loses "
    "repeated ids. Use np.add.at or np.bincount.",
)
def repeated_symbols_lost(gates, ids, asking, vocab_size):
    total, count = np.zeros((2, vocab_size))
    for b, i in zip(*np.nonzero(asking)):
        total[ids[b, : i + 1]] += gates[b, i, : i + 1]
        count[ids[b, : i + 1]] += 1
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@mistake("gate_by_symbol", "Each gate writes over the one before. Add, with +=.")
def overwritten(gates, ids, asking, vocab_size):
    last, count = np.zeros((2, vocab_size))
    for b, i, j in zip(*np.nonzero(asking[:, :, None] & earlier(ids))):
        last[ids[b, j]] = gates[b, i, j]
        count[ids[b, j]] += 1
    return np.where(count > 0, last / np.maximum(count, 1), np.nan)


@mistake("gate_by_symbol", "A symbol that never occurs has no mean gate: NaN, not 0.")
def zero_without_any(gates, ids, asking, vocab_size):
    return np.nan_to_num(gate_by_symbol(gates, ids, asking, vocab_size))


@mistake("gate_by_symbol", "Symbols that do not occur are missing. Each has an entry, NaN.")
def entries_missing(gates, ids, asking, vocab_size):
    means = gate_by_symbol(gates, ids, asking, vocab_size)
    return means[~np.isnan(means)]


@mistake("gate_by_symbol", "`asking` was applied to the keys. It marks queries: asking[b, i].")
def asking_keys(gates, ids, asking, vocab_size):
    return at_pairs(gates, ids, asking[:, None, :] & earlier(ids), vocab_size)


@mistake("gate_by_symbol", "Keys count only where they ask, too. `asking` marks queries alone.")
def asking_on_both_sides(gates, ids, asking, vocab_size):
    pairs = asking[:, :, None] & asking[:, None, :] & earlier(ids)
    return at_pairs(gates, ids, pairs, vocab_size)


@mistake("gate_by_symbol", "Only the last asker of each text counts here. All of them should.")
def last_asker_only(gates, ids, asking, vocab_size):
    last = asking & (asking[:, ::-1].cumsum(axis=1)[:, ::-1] == 1)
    return gate_by_symbol(gates, ids, last, vocab_size)


@mistake("gate_by_symbol", "The asker's own key is missing: j <= i includes the query itself.")
def without_itself(gates, ids, asking, vocab_size):
    return at_pairs(gates, ids, asking[:, :, None] & earlier(ids, -1), vocab_size)


@mistake("gate_by_symbol", "One key after the query is counted, too: j <= i, np.tri without k=1.")
def one_key_too_many(gates, ids, asking, vocab_size):
    return at_pairs(gates, ids, asking[:, :, None] & earlier(ids, 1), vocab_size)


@mistake("gate_by_symbol", "Only the first text was counted. All texts go into one mean.")
def first_text_alone(gates, ids, asking, vocab_size):
    return gate_by_symbol(gates[:1], ids[:1], asking[:1], vocab_size)


@mistake("gate_by_symbol", "This is a mean of means, per text or asker. Take one over all pairs.")
def mean_of_texts(gates, ids, asking, vocab_size):
    texts = zip(gates[:, None], ids[:, None], asking[:, None])
    return mean_without_nan([gate_by_symbol(*text, vocab_size) for text in texts])


@mistake("gate_by_symbol", "This is a mean of means, per text or asker. Take one over all pairs.")
def mean_of_askers(gates, ids, asking, vocab_size):
    number = np.arange(asking.size).reshape(asking.shape)
    one_each = [asking & (number == n) for n in range(asking.size)]
    return mean_without_nan([gate_by_symbol(gates, ids, one, vocab_size) for one in one_each])


def mean_without_nan(rows):
    rows = np.array(rows)
    count = (~np.isnan(rows)).sum(axis=0)
    return np.where(count > 0, np.nansum(rows, axis=0) / np.maximum(count, 1), np.nan)


@accepted("gate_by_symbol")
def pair_by_pair(gates, ids, asking, vocab_size):
    return at_pairs(gates, ids, asking[:, :, None] & earlier(ids), vocab_size)


@accepted("gate_by_symbol")
def with_four_loops(gates, ids, asking, vocab_size):
    total, count = np.zeros(vocab_size), np.zeros(vocab_size)
    for b, i in zip(*np.nonzero(asking)):
        for j in range(i + 1):
            total[ids[b, j]] += gates[b, i, j]
            count[ids[b, j]] += 1
    with np.errstate(invalid="ignore"):
        return total / count

"""Mistakes in counting, in scoring, and in averaging."""
import re

import numpy as np

from tests.wrong_answers import accepted, wrong


@wrong("count_values", says="digits written in the text")
def trusts_the_digits(text):
    return [int(digit) for digit in re.findall(r"\?\w(\d)", text)]


@wrong("count_values", says="goes on after `a=`")
def never_resets(text):
    values, answers, place = {}, [], 0
    while place < len(text):
        if text[place] == ".":
            place += 1
        elif text[place] == "?":
            answers.append(values[text[place + 1]])
            place += 3
        else:
            values[text[place]] = values.get(text[place], 0) + (text[place + 1] == "+")
            place += 2
    return answers


@wrong("count_values", says="share one counter")
def one_counter_for_all(text):
    value, answers = 0, []
    for place, character in enumerate(text):
        if character == "=":
            value = 0
        elif character == "+":
            value += 1
        elif character == "?":
            answers.append(value)
    return answers


@wrong("count_values", says="passes were counted")
def counts_passes(text):
    return [before.rpartition(f"{name}=")[2].count(f"{name}+") + before.rpartition(f"{name}=")[2].count(".")
            for before, name in ((text[:match.start()], match[1]) for match in re.finditer(r"\?(\w)", text))]


@wrong("count_values", says="only the last question")
def last_question_only(text):
    match = list(re.finditer(r"\?(\w)", text))[-1]
    return [text[:match.start()].rpartition(f"{match[1]}=")[2].count(f"{match[1]}+")]


@wrong("count_values", says="you stop at 9")
def stops_at_nine(text):
    return [min(9, count) for count in with_regular_expressions(text)]


@wrong("count_values", says="answers are texts")
def answers_as_text(text):
    return [str(count) for count in with_regular_expressions(text)]


@wrong("count_values", says="any letter may be a variable")
def knows_two_names(text):
    values, answers = {"a": 0, "b": 0}, []
    for match in re.finditer(r"(\w)=|(\w)\+|\?(\w).", text):
        if match[1]:
            values[match[1]] *= 0
        elif match[2]:
            values[match[2]] += 1
        else:
            answers.append(values[match[3]])
    return answers


@wrong("count_values", says="called z and k here")
def leaves_other_names_out(text):
    return [text[:match.start()].rpartition(f"{match[1]}=")[2].count(f"{match[1]}+")
            for match in re.finditer(r"\?([ab])", text)]


@wrong("count_values", says="only questions with a digit")
def wants_a_digit(text):
    return [text[:match.start()].rpartition(f"{match[1]}=")[2].count(f"{match[1]}+")
            for match in re.finditer(r"\?(\w)\d", text)]


@accepted("count_values")
def with_regular_expressions(text):
    return [text[:match.start()].rpartition(f"{match[1]}=")[2].count(f"{match[1]}+")
            for match in re.finditer(r"\?(\w)", text)]


def blocks(values, sets, increments, passes, queries):
    return np.concatenate([sets, increments, queries, passes], axis=1).astype(float)


@wrong("operation_weights", says="to 10. Its weight must be 0")
def no_largest_value(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    each = np.ones(values.shape) / values.shape[1]
    passes = np.full((len(values), 1), pass_weight)
    return blocks(values, set_weight * each, increment_weight * each, passes, query_weight * each)


@wrong("operation_weights", says="the variables share it")
def whole_weight_for_each(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    each = np.ones(values.shape)
    passes = np.full((len(values), 1), pass_weight)
    return blocks(values, set_weight * each, increment_weight * (values < 9), passes, query_weight * each)


@wrong("operation_weights", says="holds 8 may still be incremented")
def stops_at_eight(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    each = np.ones(values.shape) / values.shape[1]
    passes = np.full((len(values), 1), pass_weight)
    increments = increment_weight * each * (values < 8)
    return blocks(values, set_weight * each, increments, passes, query_weight * each)


@wrong("operation_weights", says="others keep theirs")
def hands_the_weight_on(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    each = np.ones(values.shape) / values.shape[1]
    free = values < 9
    passes = np.full((len(values), 1), pass_weight)
    increments = increment_weight * free / np.maximum(1, free.sum(axis=1, keepdims=True))
    return blocks(values, set_weight * each, increments, passes, query_weight * each)


@wrong("operation_weights", says="weights, not probabilities")
def normalised(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    weights = in_one_array(values, set_weight, increment_weight, pass_weight, query_weight)
    return weights / weights.sum(axis=1, keepdims=True)


@wrong("operation_weights", says="ordered by kind")
def ordered_by_variable(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    weights = in_one_array(values, set_weight, increment_weight, pass_weight, query_weight)
    kinds = weights[:, :-1].reshape(len(values), 3, -1).transpose(0, 2, 1).reshape(len(values), -1)
    return np.concatenate([kinds, weights[:, -1:]], axis=1)


@wrong("operation_weights", says="handed in were not used")
def default_weights_only(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    return in_one_array(values, 1, 7, 50, 6)


@accepted("operation_weights")
def in_one_array(values, set_weight=1, increment_weight=7, pass_weight=50, query_weight=6):
    batch, variables = values.shape
    weights = np.empty((batch, 3 * variables + 1))
    weights[:, :variables] = set_weight / variables
    weights[:, variables:2 * variables] = np.where(values == 9, 0, increment_weight / variables)
    weights[:, 2 * variables:-1] = query_weight / variables
    weights[:, -1] = pass_weight
    return weights


@wrong("answer_targets", says="it only has to copy", seen="the target not shifted against the input")
def not_shifted(ids):
    return np.where(ids < 10, ids, -100)[:, :-1]


@wrong("answer_targets", says="one target too many")
def padded_at_the_end(ids):
    targets = np.full(ids.shape, -100)
    targets[:, :-1] = np.where(ids[:, 1:] < 10, ids[:, 1:], -100)
    return targets


@wrong("answer_targets", says="everything is scored")
def scores_everything(ids):
    return ids[:, 1:].copy()


@wrong("answer_targets", says="must be -100")
def zero_for_unscored(ids):
    return np.where(ids[:, 1:] < 10, ids[:, 1:], 0)


@wrong("answer_targets", says="the answer 0 is missing", seen="a value tested for truth where 0 is valid")
def loses_zero(ids):
    following = ids[:, 1:]
    return np.where((following > 0) & (following < 10), following, -100)


@wrong("answer_targets", says="the answer 9 is missing")
def loses_nine(ids):
    return np.where(ids[:, 1:] < 9, ids[:, 1:], -100)


@wrong("answer_targets", says="the equals sign is scored")
def ten_included(ids):
    return np.where(ids[:, 1:] <= 10, ids[:, 1:], -100)


@wrong("answer_targets", says="mask is taken from ids[:, :-1]", seen="the mask not shifted with the targets")
def mask_not_shifted(ids):
    return np.where(ids[:, :-1] < 10, ids[:, 1:], -100)


@wrong("answer_targets", says="two positions before")
def shifted_twice(ids):
    targets = np.full((len(ids), ids.shape[1] - 1), -100)
    targets[:, :-1] = np.where(ids[:, 2:] < 10, ids[:, 2:], -100)
    return targets


@accepted("answer_targets")
def by_assignment(ids):
    targets = ids[:, 1:].copy()
    targets[targets >= 10] = -100
    return targets


@wrong("error_by_position", says="not scored counted as wrong", seen="padding left in an accuracy")
def counts_unscored_as_wrong(predictions, targets, width):
    return (predictions != targets).reshape(len(targets), -1, width).mean(axis=(0, 2))


@wrong("error_by_position", says="divide by the scored ones")
def divides_by_all_positions(predictions, targets, width):
    wrong_ones = (targets != -100) & (predictions != targets)
    return wrong_ones.reshape(len(targets), -1, width).mean(axis=(0, 2))


@wrong("error_by_position", says="has no error: NaN")
def zero_where_nothing_is_asked(predictions, targets, width):
    return np.nan_to_num(with_loops(predictions, targets, width))


@wrong("error_by_position", says="share of right answers")
def accuracy(predictions, targets, width):
    return 1 - with_loops(predictions, targets, width)


@wrong("error_by_position", says="mean of each text's own error", seen="macro average taken for micro "
                                                                       "average")
def mean_of_means(predictions, targets, width):
    errors = [with_loops(row[None], target[None], width) for row, target in zip(predictions, targets)]
    return np.array([np.mean([error for error in column if not np.isnan(error)] or np.nan)
                     for column in np.transpose(errors)])


@wrong("error_by_position", says="only the first text was counted")
def first_text_only(predictions, targets, width):
    return with_loops(predictions[:1], targets[:1], width)


@wrong("error_by_position", says="stand side by side", seen="reshape with the axes the other way round")
def every_nth_position(predictions, targets, width):
    scored = targets != -100
    missed = (scored & (predictions != targets)).reshape(len(targets), width, -1).sum(axis=(0, 1))
    return missed / scored.reshape(len(targets), width, -1).sum(axis=(0, 1))


@accepted("error_by_position")
def with_loops(predictions, targets, width):
    errors = []
    for start in range(0, targets.shape[1], width):
        said, asked = predictions[:, start:start + width], targets[:, start:start + width]
        scored = asked != -100
        errors.append((said != asked)[scored].mean() if scored.any() else np.nan)
    return np.array(errors)


def mean_by_symbol(values, symbols, vocab_size):
    """The mean value of each symbol, NaN without any."""
    return np.array([values[symbols == symbol].mean() if (symbols == symbol).any() else np.nan
                     for symbol in range(vocab_size)])


@wrong("gate_by_symbol", says="gates of all queries")
def all_queries(gates, ids, asking, vocab_size):
    return pair_by_pair(gates, ids, np.ones_like(asking), vocab_size)


@wrong("gate_by_symbol", says="key after the query was counted", seen="later keys not masked")
def keys_after_the_query(gates, ids, asking, vocab_size):
    batch, query = np.nonzero(asking)
    return mean_by_symbol(gates[batch, query], ids[batch], vocab_size)


@wrong("gate_by_symbol", says="not of the number you divide by")
def zeros_in_the_mean(gates, ids, asking, vocab_size):
    return keys_after_the_query(np.tril(gates), ids, asking, vocab_size)


@wrong("gate_by_symbol", says="the query's own symbol")
def symbol_of_the_query(gates, ids, asking, vocab_size):
    batch, query, key = np.nonzero(asking[:, :, None] & np.tri(ids.shape[1], dtype=bool))
    return mean_by_symbol(gates[batch, query, key], ids[batch, query], vocab_size)


@wrong("gate_by_symbol", says="these are sums")
def sums(gates, ids, asking, vocab_size):
    pairs = asking[:, :, None] & np.tri(ids.shape[1], dtype=bool)
    symbols = np.broadcast_to(ids[:, None, :], pairs.shape)[pairs]
    return np.bincount(symbols, weights=gates[pairs], minlength=vocab_size)


@wrong("gate_by_symbol", says="`asking` was applied to the keys")
def asking_keys(gates, ids, asking, vocab_size):
    batch, query, key = np.nonzero(asking[:, None, :] & np.tri(ids.shape[1], dtype=bool))
    return mean_by_symbol(gates[batch, query, key], ids[batch, key], vocab_size)


@wrong("gate_by_symbol", says="own key is missing")
def without_itself(gates, ids, asking, vocab_size):
    batch, query, key = np.nonzero(asking[:, :, None] & np.tri(ids.shape[1], k=-1, dtype=bool))
    return mean_by_symbol(gates[batch, query, key], ids[batch, key], vocab_size)


@accepted("gate_by_symbol")
def pair_by_pair(gates, ids, asking, vocab_size):
    batch, query, key = np.nonzero(asking[:, :, None] & np.tri(ids.shape[1], dtype=bool))
    return mean_by_symbol(gates[batch, query, key], ids[batch, key], vocab_size)

"""Mistakes in leaving out, in scoring copies, in reading a head, and in remembering."""
import numpy as np

from tests.wrong_answers import accepted, wrong

BLANK, MARK = 14, 15
WRITE, READ = 0, 1

# ---------------------------------------------------------------- without_blanks


def refuse_uneven(ids):
    if len({(row != BLANK).sum() for row in ids}) > 1:
        raise ValueError("rows must have equally many symbols")


@wrong("without_blanks", says="one long row", seen="boolean indexing of a matrix")
def rows_lost(ids):
    refuse_uneven(ids)
    return ids[ids != BLANK]


@wrong("without_blanks", says="replaced by 0")
def replaced_by_zero(ids):
    refuse_uneven(ids)
    return np.where(ids == BLANK, 0, ids)


@wrong("without_blanks", says="symbols were sorted")
def sorted_out(ids):
    refuse_uneven(ids)
    return np.sort(ids, axis=1)[:, :(ids[0] != BLANK).sum()]


@wrong("without_blanks", says="rows were mixed")
def reshaped_the_other_way(ids):
    refuse_uneven(ids)
    return ids[ids != BLANK].reshape(-1, len(ids)).T


@wrong("without_blanks", says="blanks of the first row")
def columns_of_the_first_row(ids):
    refuse_uneven(ids)
    return ids[:, ids[0] != BLANK]


@wrong("without_blanks", says="only the first blank")
def first_blank_only(ids):
    rows = [row.tolist() for row in ids]
    for row in rows:
        if BLANK in row:
            row.remove(BLANK)
    return np.array(rows)


@wrong("without_blanks", says="it is a list")
def nested_lists(ids):
    refuse_uneven(ids)
    return [[int(id) for id in row if id != BLANK] for row in ids]


@wrong("without_blanks", says="symbol a went too", seen="a value tested for truth where 0 is valid")
def loses_the_symbol_a(ids):
    refuse_uneven(ids)
    return ids[(ids > 0) & (ids != BLANK)].reshape(len(ids), -1)


@wrong("without_blanks", says="the mark went too")
def drops_the_mark(ids):
    kept = ids < BLANK
    if len(set(kept.sum(axis=1))) > 1:
        raise ValueError("different")
    return ids[kept].reshape(len(ids), -1)


@wrong("without_blanks", says="count per row, axis=1", seen="the wrong axis")
def counts_columns(ids):
    kept = ids != BLANK
    if len(set(kept.sum(axis=0))) > 1:
        raise ValueError("different")
    return ids[kept].reshape(len(ids), -1)


@wrong("without_blanks", says="reshape(len(ids), -1)")
def keeps_the_old_width(ids):
    refuse_uneven(ids)
    return ids[ids != BLANK].reshape(ids.shape)


@wrong("without_blanks", says="compare the counts of the rows", seen="a reshape that happens to fit")
def never_compares_counts(ids):
    return ids[ids != BLANK].reshape(len(ids), -1)


@wrong("without_blanks", says="must be refused with a ValueError")
def cut_to_the_shortest(ids):
    rows = [row[row != BLANK] for row in ids]
    return np.array([row[:min(map(len, rows))] for row in rows])


@accepted("without_blanks")
def row_by_row(ids):
    refuse_uneven(ids)
    return np.stack([row[row != BLANK] for row in ids])


@accepted("without_blanks")
def by_a_stable_sort(ids):
    refuse_uneven(ids)
    order = np.argsort(ids == BLANK, axis=1, kind="stable")
    return np.take_along_axis(ids, order, axis=1)[:, :(ids[0] != BLANK).sum()]


# ---------------------------------------------------------------- copy_errors

@wrong("copy_errors", says="exchanged: symbols first")
def exchanged(predictions, targets):
    return both_by_loops(predictions, targets)[::-1]


@wrong("copy_errors", says="positions that are not asked counted as wrong. Leave", seen="padding left in an "
                                                                                       "accuracy")
def unscored_counted(predictions, targets):
    missed = predictions != targets
    return missed.mean(), missed.any(axis=1).mean()


@wrong("copy_errors", says="no text was right. Either")
def unscored_in_the_texts(predictions, targets):
    return both_by_loops(predictions, targets)[0], (predictions != targets).any(axis=1).mean()


@wrong("copy_errors", says="divided by all positions")
def divided_by_all(predictions, targets):
    missed = (targets != -100) & (predictions != targets)
    return missed.mean(), missed.any(axis=1).mean()


@wrong("copy_errors", says="shares of what is right")
def what_is_right(predictions, targets):
    symbols, texts = both_by_loops(predictions, targets)
    return 1 - symbols, 1 - texts


@wrong("copy_errors", says="only if all of it is wrong")
def all_wrong(predictions, targets):
    missed = (targets != -100) & (predictions != targets)
    return missed.sum() / (targets != -100).sum(), (missed | (targets == -100)).all(axis=1).mean()


@wrong("copy_errors", says="again about symbols")
def symbols_twice(predictions, targets):
    symbols, _ = both_by_loops(predictions, targets)
    return symbols, symbols


@wrong("copy_errors", says="divided by the number of texts")
def errors_a_text(predictions, targets):
    missed = (targets != -100) & (predictions != targets)
    return missed.sum() / len(targets), missed.any(axis=1).mean()


@wrong("copy_errors", says="these are counts")
def counts(predictions, targets):
    missed = (targets != -100) & (predictions != targets)
    return float(missed.sum()), float(missed.any(axis=1).sum())


@wrong("copy_errors", says="these are counts")
def whole_counts(predictions, targets):
    missed = (targets != -100) & (predictions != targets)
    return missed.sum(), missed.any(axis=1).sum()


@wrong("copy_errors", says="how many texts are wrong")
def number_of_texts(predictions, targets):
    symbols, _ = both_by_loops(predictions, targets)
    return symbols, ((targets != -100) & (predictions != targets)).any(axis=1).sum()


@wrong("copy_errors", says="no text was right. Either")
def number_of_texts_as_float(predictions, targets):
    symbols, texts = number_of_texts(predictions, targets)
    return symbols, float(texts)


@wrong("copy_errors", says="how many symbols are wrong")
def number_of_symbols(predictions, targets):
    missed = (targets != -100) & (predictions != targets)
    return missed.sum(), missed.any(axis=1).mean()


@wrong("copy_errors", says="these are per cent")
def per_cent(predictions, targets):
    symbols, texts = both_by_loops(predictions, targets)
    return 100 * symbols, 100 * texts


@wrong("copy_errors", says="it is eight: the symbol a was lost", seen="a value tested for truth where 0 is valid")
def a_is_not_asked(predictions, targets):
    asked = targets > 0
    missed = asked & (predictions != targets)
    return missed.sum() / asked.sum(), missed.any(axis=1).mean()


@wrong("copy_errors", says="make no rectangle")
def symbols_in_a_rectangle(predictions, targets):
    asked = targets != -100
    missed = (predictions != targets)[asked].reshape(len(targets), -1)
    return missed.mean(), missed.any(axis=1).mean()


@wrong("copy_errors", says="ask each row", seen="the wrong axis")
def asks_columns(predictions, targets):
    missed = (targets != -100) & (predictions != targets)
    return missed.sum() / (targets != -100).sum(), missed.any(axis=0).mean()


@wrong("copy_errors", says="count the texts", seen="errors taken for independent")
def as_if_independent(predictions, targets):
    symbols, _ = both_by_loops(predictions, targets)
    return symbols, 1 - (1 - symbols) ** (targets != -100).sum(axis=1).mean()


@wrong("copy_errors", says="add up first, divide last", seen="macro average taken for micro average")
def mean_of_means(predictions, targets):
    shares = [(row != target)[target != -100].mean() for row, target in zip(predictions, targets)]
    return np.mean(shares), np.mean([share > 0 for share in shares])


@wrong("copy_errors", says="the symbol a has the id 0", seen="a value tested for truth where 0 is valid")
def a_is_never_wrong(predictions, targets):
    asked = targets != -100
    missed = (targets > 0) & (predictions != targets)
    return missed.sum() / asked.sum(), missed.any(axis=1).mean()


@accepted("copy_errors")
def both_by_loops(predictions, targets):
    asked = missed = texts = 0
    for row, target in zip(predictions, targets):
        errors = [said != right for said, right in zip(row, target) if right != -100]
        asked, missed, texts = asked + len(errors), missed + sum(errors), texts + any(errors)
    return missed / asked, texts / len(targets)


@accepted("copy_errors")
def two_means(predictions, targets):
    right = (predictions == targets) | (targets == -100)
    return 1 - right[targets != -100].mean(), 1 - right.all(axis=1).mean()


# ---------------------------------------------------------------- source_hits

def should_look_at(ids, mark):
    return np.array([[place for place in range(mark) if row[place] != BLANK] for row in ids])


def place_of_mark(ids):
    return ids[0].tolist().index(MARK)


@wrong("source_hits", says="compare places, not symbols")
def equal_symbol(attention, ids):
    mark = place_of_mark(ids)
    looked_at = attention[:, mark:].argmax(axis=-1)
    sources = should_look_at(ids, mark)
    return (np.take_along_axis(ids, looked_at, 1) == np.take_along_axis(ids, sources, 1)).mean()


@wrong("source_hits", says="blanks are not symbols")
def counts_tokens(attention, ids):
    mark = place_of_mark(ids)
    return (attention[:, mark:].argmax(axis=-1) == np.arange(ids.shape[1] - mark)).mean()


@wrong("source_hits", says="one symbol too early", seen="targets not shifted against inputs")
def symbol_just_read(attention, ids):
    mark = place_of_mark(ids)
    return (attention[:, mark + 1:].argmax(axis=-1) == should_look_at(ids, mark)[:, :-1]).mean()


@wrong("source_hits", says="the mark asks too")
def without_the_mark(attention, ids):
    mark = place_of_mark(ids)
    return (attention[:, mark + 1:].argmax(axis=-1) == should_look_at(ids, mark)[:, 1:]).mean()


@wrong("source_hits", says="of all its weights")
def keys_before_the_mark(attention, ids):
    mark = place_of_mark(ids)
    return (attention[:, mark:, :mark].argmax(axis=-1) == should_look_at(ids, mark)).mean()


@wrong("source_hits", says="mean weight")
def weight_on_the_source(attention, ids):
    mark = place_of_mark(ids)
    return np.take_along_axis(attention[:, mark:], should_look_at(ids, mark)[:, :, None], axis=-1).mean()


@wrong("source_hits", says="number of hits")
def number_of_hits(attention, ids):
    mark = place_of_mark(ids)
    return int((attention[:, mark:].argmax(axis=-1) == should_look_at(ids, mark)).sum())


@wrong("source_hits", says="divided by all positions")
def over_all_positions(attention, ids):
    mark = place_of_mark(ids)
    return (attention[:, mark:].argmax(axis=-1) == should_look_at(ids, mark)).sum() / ids.size


@wrong("source_hits", says="count askers, not texts")
def whole_texts(attention, ids):
    mark = place_of_mark(ids)
    return (attention[:, mark:].argmax(axis=-1) == should_look_at(ids, mark)).all(axis=1).mean()


@wrong("source_hits", says="goes over the queries", seen="the wrong axis")
def argmax_over_queries(attention, ids):
    mark = place_of_mark(ids)
    return (attention.argmax(axis=1)[:, mark:] == should_look_at(ids, mark)).mean()


@wrong("source_hits", says="the first text's symbols were used for all")
def sources_of_the_first_row(attention, ids):
    mark = place_of_mark(ids)
    return (attention[:, mark:].argmax(axis=-1) == should_look_at(ids, mark)[:1]).mean()


@wrong("source_hits", says="divided by the number of texts")
def hits_a_text(attention, ids):
    return pair_by_pair(attention, ids) * (ids.shape[1] - place_of_mark(ids))


@wrong("source_hits", says="even weights would hit always")
def weight_of_the_source_is_the_largest(attention, ids):
    mark = place_of_mark(ids)
    weights = np.take_along_axis(attention[:, mark:], should_look_at(ids, mark)[:, :, None], axis=-1)[..., 0]
    return (weights == attention[:, mark:].max(axis=-1)).mean()


@wrong("source_hits", says="with a later key was taken for a miss")
def larger_than_all_others(attention, ids):
    mark = place_of_mark(ids)
    asked, sources = attention[:, mark:].copy(), should_look_at(ids, mark)[:, :, None]
    weights = np.take_along_axis(asked, sources, axis=-1)[..., 0]
    np.put_along_axis(asked, sources, -1, axis=-1)
    return (weights > asked.max(axis=-1)).mean()


@wrong("source_hits", says="of equal weights the last was taken")
def last_of_the_largest(attention, ids):
    mark = place_of_mark(ids)
    looked_at = ids.shape[1] - 1 - attention[:, mark:, ::-1].argmax(axis=-1)
    return (looked_at == should_look_at(ids, mark)).mean()


@wrong("source_hits", says="only the first text")
def first_text_only(attention, ids):
    return pair_by_pair(attention[:1], ids[:1])


@accepted("source_hits")
def pair_by_pair(attention, ids):
    hits = []
    for weights, row in zip(attention, ids.tolist()):
        mark = row.index(MARK)
        sources = [place for place, id in enumerate(row[:mark]) if id != BLANK]
        hits += [np.argmax(weights[mark + m]) == source for m, source in enumerate(sources)]
    return np.mean(hits)


@accepted("source_hits")
def later_keys_left_out_first(attention, ids):
    return pair_by_pair(np.tril(attention), ids)


# ---------------------------------------------------------------- recall

@wrong("recall", says="nothing was changed", seen="the random bits of reads kept")
def keeps_all_bits(instructions, bits):
    return bits.copy()


@wrong("recall", says="pair just before it")
def pair_before(instructions, bits):
    return np.where(instructions == READ, np.roll(bits, 1, axis=1), bits)


@wrong("recall", says="an ignore changed the memory")
def ignores_write_too(instructions, bits):
    places = np.where(instructions == READ, 0, np.arange(bits.shape[1]))
    return np.take_along_axis(bits, np.maximum.accumulate(places, axis=1), axis=1)


@wrong("recall", says="bit of the first write")
def first_write(instructions, bits):
    return np.where(instructions == READ, bits[:, :1], bits)


@wrong("recall", says="the text's last write")
def last_write_of_the_text(instructions, bits):
    result = bits.copy()
    for row, (kinds, written) in enumerate(zip(instructions, bits)):
        result[row, kinds == READ] = written[np.flatnonzero(kinds == WRITE)[-1]]
    return result


@wrong("recall", says="the largest bit so far")
def largest_bit_so_far(instructions, bits):
    largest = np.maximum.accumulate(np.where(instructions == WRITE, bits, 0), axis=1)
    return np.where(instructions == READ, largest, bits)


@wrong("recall", says="along a text is axis=1", seen="accumulate without its axis")
def accumulates_over_the_batch(instructions, bits):
    places = np.where(instructions == WRITE, np.arange(bits.shape[1]), 0)
    return np.where(instructions == READ, np.take_along_axis(bits, np.maximum.accumulate(places), axis=1), bits)


@wrong("recall", says="it sets it", seen="a flip-flop that toggles")
def toggles(instructions, bits):
    state = np.where(instructions == WRITE, bits, 0).cumsum(axis=1) % 2
    return np.where(instructions == READ, state, bits)


@wrong("recall", says="bits after ignores were changed")
def fills_ignores_too(instructions, bits):
    return np.take_along_axis(bits, last_writes(instructions), axis=1)


@wrong("recall", says="answers alone")
def answers_alone(instructions, bits):
    filled = fills_ignores_too(instructions, bits)
    return np.array([row[reads] for row, reads in zip(filled, instructions == READ)])


@wrong("recall", says="not its bit")
def place_for_bit(instructions, bits):
    return np.where(instructions == READ, last_writes(instructions), bits)


@wrong("recall", says="writes of its own", seen="an index without the batch")
def writes_of_the_first_row(instructions, bits):
    return np.where(instructions == READ, bits[:, last_writes(instructions)[0]], bits)


@wrong("recall", says="changes its input", seen="an array filled in place")
def changes_its_input(instructions, bits):
    for row in range(len(bits)):
        for place in range(bits.shape[1]):
            if instructions[row, place] == READ:
                bits[row, place] = bits[row, last_writes(instructions)[row, place]]
    return bits


def last_writes(instructions):
    places = np.where(instructions == WRITE, np.arange(instructions.shape[1]), 0)
    return np.maximum.accumulate(places, axis=1)


@accepted("recall")
def with_a_memory(instructions, bits):
    result = bits.copy()
    for row in range(len(bits)):
        memory = 0
        for place, instruction in enumerate(instructions[row]):
            if instruction == WRITE:
                memory = bits[row, place]
            elif instruction == READ:
                result[row, place] = memory
    return result


@accepted("recall")
def column_by_column(instructions, bits):
    result, memory = bits.copy(), bits[:, 0]
    for place in range(bits.shape[1]):
        memory = np.where(instructions[:, place] == WRITE, bits[:, place], memory)
        result[:, place] = np.where(instructions[:, place] == READ, memory, bits[:, place])
    return result

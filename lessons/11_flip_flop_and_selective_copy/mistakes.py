"""Lesson 11: mistakes in leaving out blanks, in reading a head, and in remembering."""

import numpy as np

from classroom.checking import accepted, mistake
from solutions.flip_flop_and_selective_copy import BLANK, MARK, READ, WRITE
from solutions.flip_flop_and_selective_copy import without_blanks as right_without_blanks

ZERO_IS_VALID = "a value tested for truth where 0 is valid"

# without_blanks


def refuse_uneven(ids):
    if len({(row != BLANK).sum() for row in ids}) > 1:
        raise ValueError("rows must have equally many symbols")


@mistake(
    "without_blanks",
    "This is one long row: picking by a mask loses the rows. Reshape to as many as there were.",
    seen="boolean indexing of a matrix",
)
def rows_lost(ids):
    refuse_uneven(ids)
    return ids[ids != BLANK]


@mistake("without_blanks", "You cut the end of each row off. Blanks may be anywhere in it.")
def cut_at_the_end(ids):
    refuse_uneven(ids)
    return ids[:, : (ids[0] != BLANK).sum()]


@mistake("without_blanks", "You replaced blanks by 0, which is the symbol a. Leave them out.")
def replaced_by_zero(ids):
    refuse_uneven(ids)
    return np.where(ids == BLANK, 0, ids)


@mistake("without_blanks", "You replaced blanks by marks. Leave them out: the rows get shorter.")
def replaced_by_marks(ids):
    refuse_uneven(ids)
    return np.where(ids == BLANK, MARK, ids)


@mistake("without_blanks", "You sorted the symbols. They must stay in their order.")
def sorted_out(ids):
    refuse_uneven(ids)
    return np.sort(ids, axis=1)[:, : (ids[0] != BLANK).sum()]


@mistake("without_blanks", "You sorted the symbols. They must stay in their order.")
def sorted_at_last(ids):
    return np.sort(right_without_blanks(ids), axis=1)


@mistake(
    "without_blanks",
    "You mixed the rows: in ids[kept] a row's symbols are side by side, so reshape to (batch, -1).",
)
def reshaped_the_other_way(ids):
    refuse_uneven(ids)
    return ids[ids != BLANK].reshape(-1, len(ids)).T


@mistake("without_blanks", "You used the first row's blanks for all rows. Each has its own.")
def columns_of_the_first_row(ids):
    refuse_uneven(ids)
    return ids[:, ids[0] != BLANK]


@mistake("without_blanks", "You left out only each row's first blank. All of them must go.")
def first_blank_only(ids):
    refuse_uneven(ids)
    rows = [row.tolist() for row in ids]
    for row in rows:
        if BLANK in row:
            row.remove(BLANK)
    return np.array(rows)


@mistake("without_blanks", "It is a list. Return an array: np.array(...).")
def nested_lists(ids):
    return right_without_blanks(ids).tolist()


@mistake(
    "without_blanks",
    "You lost the symbol a. Its id is 0, but it's no blank: compare with BLANK.",
    seen=ZERO_IS_VALID,
)
def loses_the_symbol_a(ids):
    kept = [row[(row > 0) & (row != BLANK)] for row in ids]
    return np.array(kept)


@mistake(
    "without_blanks",
    "You lost the mark. Its id is 15, but it's no blank: leave out what equals BLANK.",
)
def drops_the_mark(ids):
    kept = ids < BLANK
    if len(set(kept.sum(axis=1))) > 1:
        raise ValueError("different")
    return ids[kept].reshape(len(ids), -1)


@mistake(
    "without_blanks",
    "These rows have equally many symbols: don't refuse them. Count per row: axis=1.",
    seen="the wrong axis",
)
def counts_columns(ids):
    kept = ids != BLANK
    if len(set(kept.sum(axis=0))) > 1:
        raise ValueError("different")
    return ids[kept].reshape(len(ids), -1)


@mistake(
    "without_blanks",
    "The rows get shorter: they cannot keep the shape of ids. Use reshape(len(ids), -1).",
)
def keeps_the_old_width(ids):
    refuse_uneven(ids)
    return ids[ids != BLANK].reshape(ids.shape)


@mistake("without_blanks", shown_by="uneven_rows", seen="a reshape that happens to fit")
def never_compares_counts(ids):
    return ids[ids != BLANK].reshape(len(ids), -1)


@mistake("without_blanks", shown_by="uneven_rows")
def cut_to_the_shortest(ids):
    rows = [row[row != BLANK] for row in ids]
    return np.array([row[: min(map(len, rows))] for row in rows])


@mistake("without_blanks", 'Equal keys keep their order only in a stable sort: kind="stable".')
def by_an_unstable_sort(ids):
    refuse_uneven(ids)
    order = np.argsort(ids == BLANK, axis=1)
    return np.take_along_axis(ids, order, axis=1)[:, : (ids[0] != BLANK).sum()]


@mistake("without_blanks", "Blanks went to the end of the row, and are still there. Cut them off.")
def blanks_at_the_end(ids):
    refuse_uneven(ids)
    return np.take_along_axis(ids, np.argsort(ids == BLANK, axis=1, kind="stable"), axis=1)


@mistake("without_blanks", "You left out zeros and kept the blanks: a blank is BLANK, 14.")
def zeros_for_blanks(ids):
    return np.array([row[row != 0] for row in ids])


@mistake("without_blanks", "You kept equal symbols only once. Each of them must stay.")
def each_symbol_once(ids):
    refuse_uneven(ids)
    return np.array([list(dict.fromkeys(row[row != BLANK].tolist())) for row in ids])


@mistake("without_blanks", "True and False are swapped: these are the blanks.")
def the_blanks_alone(ids):
    refuse_uneven(ids)
    return ids[ids == BLANK].reshape(len(ids), -1)


@accepted("without_blanks")
def row_by_row(ids):
    refuse_uneven(ids)
    return np.stack([row[row != BLANK] for row in ids])


@accepted("without_blanks")
def by_a_stable_sort(ids):
    refuse_uneven(ids)
    order = np.argsort(ids == BLANK, axis=1, kind="stable")
    return np.take_along_axis(ids, order, axis=1)[:, : (ids[0] != BLANK).sum()]


@accepted("without_blanks")
def by_lists(ids):
    rows = [[id for id in row if id != BLANK] for row in ids.tolist()]
    if len({len(row) for row in rows}) > 1:
        raise ValueError("uneven")
    return np.array(rows)


# source_hits


def should_look_at(ids, mark):
    return np.nonzero(ids[:, :mark] != BLANK)[1].reshape(len(ids), -1)


def position_of_mark(ids):
    return ids[0].tolist().index(MARK)


def weights_on_sources(attention, ids):
    mark = position_of_mark(ids)
    sources = should_look_at(ids, mark)[:, :, None]
    return np.take_along_axis(attention[:, mark:], sources, axis=-1)[..., 0]


def hits(attention, ids):
    mark = position_of_mark(ids)
    return attention[:, mark:].argmax(axis=-1) == should_look_at(ids, mark)


@mistake(
    "source_hits",
    "It looked at an equal symbol elsewhere. Compare positions, not symbols.",
)
def equal_symbol(attention, ids):
    mark = position_of_mark(ids)
    looked_at = attention[:, mark:].argmax(axis=-1)
    sources = should_look_at(ids, mark)
    return (np.take_along_axis(ids, looked_at, 1) == np.take_along_axis(ids, sources, 1)).mean()


@mistake(
    "source_hits",
    "Blanks aren't symbols: asker m must look at the m-th symbol, not the m-th token.",
)
def counts_tokens(attention, ids):
    mark = position_of_mark(ids)
    return (attention[:, mark:].argmax(axis=-1) == np.arange(ids.shape[1] - mark)).mean()


@mistake(
    "source_hits",
    "One symbol too early: the asker that reads the first copied symbol must look at the second.",
    seen="targets not shifted against inputs",
)
def symbol_just_read(attention, ids):
    mark = position_of_mark(ids)
    return (attention[:, mark + 1 :].argmax(axis=-1) == should_look_at(ids, mark)[:, :-1]).mean()


@mistake("source_hits", "The mark asks too: it is asker 0, and must look at the first symbol.")
def without_the_mark(attention, ids):
    mark = position_of_mark(ids)
    return (attention[:, mark + 1 :].argmax(axis=-1) == should_look_at(ids, mark)[:, 1:]).mean()


@mistake(
    "source_hits",
    "An asker may also look at the mark or at the copy: the largest of all its weights decides, "
    "not of those before the mark.",
)
def keys_before_the_mark(attention, ids):
    mark = position_of_mark(ids)
    return (attention[:, mark:, :mark].argmax(axis=-1) == should_look_at(ids, mark)).mean()


@mistake(
    "source_hits", "You left out the asker's own key. The largest of *all* its weights decides."
)
def keys_before_the_asker(attention, ids):
    return hits(np.tril(attention, -1), ids).mean()


@mistake(
    "source_hits",
    "This is the mean weight on the right symbol. Return how often it is the largest.",
)
def weight_on_the_source(attention, ids):
    return weights_on_sources(attention, ids).mean()


@mistake("source_hits", "This is the number of hits. Return their share among the askers.")
def number_of_hits(attention, ids):
    return int(hits(attention, ids).sum())


@mistake("source_hits", "Only the mark is counted. Each copied symbol asks, too.")
def mark_alone(attention, ids):
    return hits(attention, ids)[:, 0].mean()


@mistake("source_hits", "You take the smallest weight. An asker looks where its weight is largest.")
def smallest_weight(attention, ids):
    return hits(-attention, ids).mean()


@mistake("source_hits", "The last asker is left out. It has a symbol to find, too.")
def without_the_last_asker(attention, ids):
    return hits(attention, ids)[:, :-1].mean()


@mistake(
    "source_hits",
    "You count the mark among the symbols, and leave the first symbol out. Asker 0 must look at "
    "the first symbol.",
)
def mark_among_the_symbols(attention, ids):
    mark = position_of_mark(ids)
    sources = should_look_at(ids, mark + 1)[:, 1:]
    return (attention[:, mark:].argmax(axis=-1) == sources).mean()


@mistake("source_hits", "This is in per cent. Return a share, from 0 to 1.")
def per_cent(attention, ids):
    return 100 * hits(attention, ids).mean()


@mistake("source_hits", "You divided by all positions. Divide by the askers.")
def over_all_positions(attention, ids):
    return hits(attention, ids).sum() / ids.size


@mistake("source_hits", "This is the share of texts with hits only. Count askers, not texts.")
def whole_texts(attention, ids):
    return hits(attention, ids).all(axis=1).mean()


@mistake(
    "source_hits",
    "The argmax goes over the queries. Each query's weights are along the last axis: "
    "argmax(axis=-1).",
    seen="the wrong axis",
)
def argmax_over_queries(attention, ids):
    mark = position_of_mark(ids)
    return (attention.argmax(axis=1)[:, mark:] == should_look_at(ids, mark)).mean()


@mistake(
    "source_hits",
    "You used the first text's symbols for all texts. Each has its blanks elsewhere: find the "
    "symbols row by row.",
)
def sources_of_the_first_row(attention, ids):
    mark = position_of_mark(ids)
    return (attention[:, mark:].argmax(axis=-1) == should_look_at(ids, mark)[:1]).mean()


@mistake(
    "source_hits", "You divided by the number of texts. Divide by the askers of all texts together."
)
def hits_a_text(attention, ids):
    return hits(attention, ids).sum() / len(ids)


@mistake(
    "source_hits",
    "You counted a tie with an earlier key as a hit, so even weights would always hit. Of equal "
    "weights the first counts, as in argmax.",
)
def weight_of_the_source_is_the_largest(attention, ids):
    largest = attention[:, position_of_mark(ids) :].max(axis=-1)
    return (weights_on_sources(attention, ids) == largest).mean()


@mistake(
    "source_hits",
    "You counted a tie with a later key as a miss. Of equal weights the first counts, as in "
    "argmax.",
)
def larger_than_all_others(attention, ids):
    mark = position_of_mark(ids)
    others = attention[:, mark:].copy()
    np.put_along_axis(others, should_look_at(ids, mark)[:, :, None], -1, axis=-1)
    return (weights_on_sources(attention, ids) > others.max(axis=-1)).mean()


@mistake("source_hits", "Of equal weights you took the last. The first counts, as in argmax.")
def last_of_the_largest(attention, ids):
    mark = position_of_mark(ids)
    looked_at = ids.shape[1] - 1 - attention[:, mark:, ::-1].argmax(axis=-1)
    return (looked_at == should_look_at(ids, mark)).mean()


@mistake("source_hits", "You only read the first text. Take the share over all texts.")
def first_text_only(attention, ids):
    return hits(attention[:1], ids[:1]).mean()


@mistake(
    "source_hits",
    "You counted weights above one half as hits. The largest weight may be smaller than that.",
)
def more_than_half(attention, ids):
    return (weights_on_sources(attention, ids) > 0.5).mean()


@mistake(
    "source_hits", "One symbol too late: asker m must look at symbol m, and the mark is asker 0."
)
def symbol_after_next(attention, ids):
    mark = position_of_mark(ids)
    return (attention[:, mark:-1].argmax(axis=-1) == should_look_at(ids, mark)[:, 1:]).mean()


@mistake("source_hits", "You looked for asker m at position m. It's at mark + m.")
def askers_from_zero(attention, ids):
    sources = should_look_at(ids, position_of_mark(ids))
    return (attention[:, : sources.shape[1]].argmax(axis=-1) == sources).mean()


@mistake("source_hits", "You counted the second-largest weight as a hit. Only the largest counts.")
def one_of_the_two_largest(attention, ids):
    mark = position_of_mark(ids)
    two = np.argsort(attention[:, mark:], axis=-1)[..., -2:]
    return (two == should_look_at(ids, mark)[:, :, None]).any(axis=-1).mean()


@mistake("source_hits", "You divided by the positions before the mark. Divide by the askers.")
def over_what_is_before_the_mark(attention, ids):
    return hits(attention, ids).sum() / (len(ids) * position_of_mark(ids))


@mistake(
    "source_hits",
    "You compared the key with the symbol the asker reads. It must say the next one.",
)
def symbol_of_the_asker(attention, ids):
    mark = position_of_mark(ids)
    looked_at = attention[:, mark:].argmax(axis=-1)
    return (np.take_along_axis(ids, looked_at, 1) == ids[:, mark:]).mean()


@mistake("source_hits", "These are the misses. Return the share of hits.")
def misses(attention, ids):
    return 1 - hits(attention, ids).mean()


@mistake(
    "source_hits",
    "Here any symbol before the mark is a hit. Each asker has one of its own.",
)
def any_symbol(attention, ids):
    mark = position_of_mark(ids)
    looked_at = attention[:, mark:].argmax(axis=-1)
    return ((looked_at < mark) & (np.take_along_axis(ids, looked_at, 1) != BLANK)).mean()


@accepted("source_hits")
def pair_by_pair(attention, ids):
    found = []
    for weights, row in zip(attention, ids.tolist()):
        mark = row.index(MARK)
        sources = [position for position, id in enumerate(row[:mark]) if id != BLANK]
        found += [np.argmax(weights[mark + m]) == source for m, source in enumerate(sources)]
    return np.mean(found)


@accepted("source_hits")
def later_keys_left_out_first(attention, ids):
    return hits(np.tril(attention), ids).mean()


@accepted("source_hits")
def by_running_counts(attention, ids):
    mark = position_of_mark(ids)
    number = np.cumsum(ids != BLANK, axis=1) - 1  # of each symbol, (batch, seq)
    looked_at = attention[:, mark:].argmax(axis=-1)
    found = np.take_along_axis(np.where(ids == BLANK, -1, number), looked_at, axis=1)
    return ((found == np.arange(ids.shape[1] - mark)) & (looked_at < mark)).sum() / found.size


# recall


def last_writes(instructions):
    """The position of the last write so far: (batch, pairs)."""
    positions = np.where(instructions == WRITE, np.arange(instructions.shape[1]), 0)
    return np.maximum.accumulate(positions, axis=1)


def right_recall(instructions, bits):
    last = np.take_along_axis(bits, last_writes(instructions), axis=1)
    return np.where(instructions == READ, last, bits)


@mistake(
    "recall",
    "Nothing was changed. The bit after a read must be the one written last.",
    seen="the random bits of reads kept",
)
def keeps_all_bits(instructions, bits):
    return bits.copy()


@mistake(
    "recall", "A read got the bit of the pair just before it, whatever that is. Only writes count."
)
def pair_before(instructions, bits):
    return np.where(instructions == READ, np.roll(bits, 1, axis=1), bits)


@mistake(
    "recall", "An ignore changed the memory. Only a write does; the bits of ignores mean nothing."
)
def ignores_write_too(instructions, bits):
    positions = np.where(instructions == READ, 0, np.arange(bits.shape[1]))
    return np.take_along_axis(bits, np.maximum.accumulate(positions, axis=1), axis=1)


@mistake("recall", "All reads got the bit of the first write. The last one before the read counts.")
def first_write(instructions, bits):
    return np.where(instructions == READ, bits[:, :1], bits)


@mistake(
    "recall",
    "All reads got the bit of the text's last write. A read knows only the writes before it.",
)
def last_write_of_the_text(instructions, bits):
    last = last_writes(instructions)[:, -1:]
    return np.where(instructions == READ, np.take_along_axis(bits, last, axis=1), bits)


@mistake(
    "recall",
    "A written 1 was never overwritten by a 0: this is the largest bit so far. Take the largest "
    "*position* of a write so far, and look the bit up there.",
)
def largest_bit_so_far(instructions, bits):
    largest = np.maximum.accumulate(np.where(instructions == WRITE, bits, 0), axis=1)
    return np.where(instructions == READ, largest, bits)


@mistake(
    "recall",
    "You mixed the texts: axis 0, which accumulate takes unless you name another, goes from text "
    "to text. Along a text is axis=1.",
    seen="accumulate without its axis",
)
def accumulates_over_the_batch(instructions, bits):
    positions = np.where(instructions == WRITE, np.arange(bits.shape[1]), 0)
    last = np.take_along_axis(bits, np.maximum.accumulate(positions), axis=1)
    return np.where(instructions == READ, last, bits)


@mistake(
    "recall",
    "A write of 1 flipped the memory. A write sets the bit.",
    seen="a flip-flop that toggles",
)
def toggles(instructions, bits):
    state = np.where(instructions == WRITE, bits, 0).cumsum(axis=1) % 2
    return np.where(instructions == READ, state, bits)


@mistake("recall", "You changed the bits after ignores too. Only those after reads are determined.")
def fills_ignores_too(instructions, bits):
    return np.take_along_axis(bits, last_writes(instructions), axis=1)


@mistake(
    "recall",
    "These are the answers alone. The result has the shape of `bits`, with all other bits in it.",
)
def answers_alone(instructions, bits):
    return right_recall(instructions, bits)[instructions == READ]


@mistake(
    "recall", "The reads got the position of the last write, not its bit: look the bit up there."
)
def position_for_bit(instructions, bits):
    return np.where(instructions == READ, last_writes(instructions), bits)


@mistake(
    "recall",
    "You used the first text's writes for all. Every row has writes of its own.",
    seen="an index without the batch",
)
def writes_of_the_first_row(instructions, bits):
    return np.where(instructions == READ, bits[:, last_writes(instructions)[0]], bits)


@mistake("recall", shown_by="inputs_are_kept", seen="an array filled in place")
def changes_its_input(instructions, bits):
    bits[:] = right_recall(instructions, bits)
    return bits


@mistake("recall", "A read changed the memory to its own random bit. Only a write may change it.")
def reads_write_too(instructions, bits):
    result, memory = bits.copy(), bits[:, 0]
    for pair in range(bits.shape[1]):
        reads, ignores = instructions[:, pair] == READ, instructions[:, pair] > READ
        result[:, pair] = np.where(reads, memory, bits[:, pair])
        memory = np.where(ignores, memory, bits[:, pair])
    return result


@mistake("recall", "Writes and reads are swapped: WRITE is 0, READ is 1.")
def reads_for_writes(instructions, bits):
    result, memory = bits.copy(), 0 * bits[:, 0]
    for pair in range(bits.shape[1]):
        memory = np.where(instructions[:, pair] == READ, bits[:, pair], memory)
        result[:, pair] = np.where(instructions[:, pair] == WRITE, memory, bits[:, pair])
    return result


@mistake("recall", "Ignores and reads are swapped: READ is 1, IGNORE is 2.")
def ignores_for_reads(instructions, bits):
    last = np.take_along_axis(bits, last_writes(instructions), axis=1)
    return np.where((instructions != WRITE) & (instructions != READ), last, bits)


@mistake("recall", "Each read got the bit of the next write. The last one before it counts.")
def next_write_or_the_first(instructions, bits):
    result, memory = bits.copy(), bits[:, 0]
    for pair in reversed(range(bits.shape[1])):
        memory = np.where(instructions[:, pair] == WRITE, bits[:, pair], memory)
        result[:, pair] = np.where(instructions[:, pair] == READ, memory, bits[:, pair])
    return result


@mistake(
    "recall",
    "You used the first text's writes, and their bits, for all. Every row has writes of its own.",
)
def memory_of_the_first_row(instructions, bits):
    last = bits[0, last_writes(instructions)[0]]
    return np.where(instructions == READ, last, bits)


@mistake("recall", "The given bit of a read went into its answer. Only the written bit counts.")
def mixed_with_the_given_bit(instructions, bits):
    return np.where(instructions == READ, right_recall(instructions, bits) ^ bits, bits)


@mistake("recall", "A read got the bit that was written most often so far. The last write counts.")
def majority_of_the_writes(instructions, bits):
    writes = np.where(instructions == WRITE, 2 * bits - 1, 0).cumsum(axis=1)
    return np.where(instructions == READ, (writes > 0).astype(bits.dtype), bits)


@mistake("recall", "This counts the writes. A read repeats the bit that was written.")
def number_of_writes(instructions, bits):
    count = (instructions == WRITE).cumsum(axis=1) % 2
    return np.where(instructions == READ, count, bits)


@mistake("recall", "Each read got the bit of the next write. The last one before it counts.")
def next_write(instructions, bits):
    return right_recall(instructions[:, ::-1], bits[:, ::-1])[:, ::-1]


@mistake(
    "recall",
    "A read got the written bit only right after the write. It counts until the next write.",
)
def read_at_once_only(instructions, bits):
    just_written = np.roll(instructions == WRITE, 1, axis=1)
    return np.where((instructions == READ) & just_written, np.roll(bits, 1, axis=1), bits)


@mistake(
    "recall", "Only the first text is filled in: does `return` come inside the loop over the rows?"
)
def first_text_filled(instructions, bits):
    return np.concatenate([right_recall(instructions[:1], bits[:1]), bits[1:]])


@mistake("recall", "Only each text's first read is filled in. The walk must go on after it.")
def first_read_only(instructions, bits):
    reads = (instructions == READ).cumsum(axis=1)
    return np.where(reads == 1, right_recall(instructions, bits), bits)


@mistake("recall", "The texts share one memory here. Each text has its own.")
def shared_memory(instructions, bits):
    result, memory = bits.copy(), 0
    for pair in range(bits.shape[1]):
        for row in range(len(bits)):
            if instructions[row, pair] == WRITE:
                memory = bits[row, pair]
            elif instructions[row, pair] == READ:
                result[row, pair] = memory
    return result


@mistake("recall", "The reads got the opposite of the written bit.")
def flipped(instructions, bits):
    return np.where(instructions == READ, 1 - right_recall(instructions, bits), bits)


@mistake("recall", "The bits of ignores became 0. They are random, and stay as they are.")
def zeros_after_ignores(instructions, bits):
    return np.where(instructions > READ, 0, right_recall(instructions, bits))


@mistake("recall", "Everything but the reads became 0. Begin with a copy of `bits`.")
def zeros_elsewhere(instructions, bits):
    return np.where(instructions == READ, right_recall(instructions, bits), 0)


@mistake("recall", "You read all bits in the first text. Each text has bits of its own.")
def bits_of_the_first_text(instructions, bits):
    return np.where(instructions == READ, bits[0, last_writes(instructions)], bits)


@mistake("recall", "A read empties the memory: a second read gets 0. Only a write changes it.")
def emptied_by_a_read(instructions, bits):
    result, memory = bits.copy(), bits[:, 0]
    for pair in range(bits.shape[1]):
        memory = np.where(instructions[:, pair] == WRITE, bits[:, pair], memory)
        reads = instructions[:, pair] == READ
        result[:, pair], memory = np.where(reads, memory, bits[:, pair]), memory * ~reads
    return result


@accepted("recall")
def with_a_memory(instructions, bits):
    result = bits.copy()
    for row in range(len(bits)):
        memory = 0
        for pair, instruction in enumerate(instructions[row]):
            if instruction == WRITE:
                memory = bits[row, pair]
            elif instruction == READ:
                result[row, pair] = memory
    return result


@accepted("recall")
def column_by_column(instructions, bits):
    result, memory = bits.copy(), bits[:, 0]
    for pair in range(bits.shape[1]):
        memory = np.where(instructions[:, pair] == WRITE, bits[:, pair], memory)
        result[:, pair] = np.where(instructions[:, pair] == READ, memory, bits[:, pair])
    return result


@accepted("recall")
def backwards_from_every_read(instructions, bits):
    result = np.array(bits)
    for row, read in np.argwhere(instructions == READ):
        writes = [pair for pair in range(read) if instructions[row, pair] == WRITE]
        result[row, read] = bits[row, writes[-1]]
    return result

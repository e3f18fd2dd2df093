"""Lesson 12: mistakes in perplexity, stretches, sliding windows, squeezed positions, and
boundaries."""

import numpy as np

from classroom.checking import accepted, mistake
from solutions.absolute_positions import angular_speeds, check_table_size
from solutions.language_and_code import bits_by_position as right_bits
from solutions.language_and_code import boundary_score as right_score
from solutions.language_and_code import perplexity as right_perplexity
from solutions.language_and_code import shuffled_boundaries as right_shuffle
from solutions.language_and_code import sliding_window as right_windows

# perplexity

LOGARITHM_TWICE = "log_p are logarithms already. Do not take the logarithm once more."
WEIGHTED = (
    "You multiplied by p, as in an entropy. Here every character that came counts the same: take "
    "the plain mean of -log2 p."
)


@mistake("perplexity", "The first number is in nats. Divide by np.log(2): then it is in bits.")
def nats(log_p):
    return -log_p.mean(), np.exp(-log_p.mean())


@mistake(
    "perplexity",
    "These are nats: log_p has natural logarithms. Divide by np.log(2) before anything else.",
)
def nats_all_through(log_p):
    return -log_p.mean(), 2.0 ** -log_p.mean()


@mistake(
    "perplexity",
    "You took 2 to the power of nats. Divide by np.log(2) first, or take np.exp of the nats.",
    seen="a perplexity of mixed bases",
)
def mixed_bases(log_p):
    bits, _ = right_perplexity(log_p)
    return bits, 2.0 ** -log_p.mean()


@mistake("perplexity", "You took e to the power of bits. Bits belong to base 2: 2**bits.")
def e_to_the_bits(log_p):
    bits, _ = right_perplexity(log_p)
    return bits, np.exp(bits)


@mistake(
    "perplexity",
    "The sign is missing: the logarithm of a probability is negative, and bits are not.",
)
def negative_bits(log_p):
    bits, _ = right_perplexity(log_p)
    return -bits, 2.0**-bits


@mistake("perplexity", "The two numbers are swapped: the bits come first.")
def exchanged(log_p):
    return right_perplexity(log_p)[::-1]


@mistake("perplexity", "These are the bits of all characters together. Take their mean.")
def summed(log_p):
    bits = -log_p.sum() / np.log(2)
    return bits, 2.0**bits


@mistake(
    "perplexity",
    "You averaged 1 / p. Average the bits, and take 2 to the power of the mean.",
    seen="a mean of perplexities",
)
def mean_of_perplexities(log_p):
    bits, _ = right_perplexity(log_p)
    return bits, np.exp(-log_p).mean()


@mistake(
    "perplexity",
    "You averaged the probabilities, and took the logarithm of the mean. It is the other way "
    "around: the mean of the logarithms.",
)
def log_of_the_mean(log_p):
    bits = -np.log2(np.exp(log_p).mean())
    return bits, 2.0**bits


@mistake("perplexity", LOGARITHM_TWICE)
def logarithm_of_log_p(log_p):
    with np.errstate(all="ignore"):
        bits = -np.log2(log_p).mean()
    return bits, 2.0**bits


@mistake("perplexity", LOGARITHM_TWICE)
def logarithm_twice_and_negated(log_p):
    with np.errstate(divide="ignore"):
        bits = -np.log2(-log_p).mean()
    return bits, 2.0**bits


@mistake("perplexity", LOGARITHM_TWICE)
def logarithm_twice(log_p):
    with np.errstate(divide="ignore"):
        bits = np.log2(-log_p).mean()
    return bits, 2.0**bits


@mistake(
    "perplexity",
    "You multiplied by log 2. A nat is more than a bit, so there are more bits than nats: divide.",
)
def multiplied(log_p):
    bits = -log_p.mean() * np.log(2)
    return bits, 2.0**bits


@mistake("perplexity", "The first number is a median. Take the mean.")
def median(log_p):
    bits = -np.median(log_p) / np.log(2)
    return bits, 2.0**bits


@mistake("perplexity", "The exponent has the wrong sign: a perplexity is 2**bits, never below 1.")
def below_one(log_p):
    bits, _ = right_perplexity(log_p)
    return bits, 2.0**-bits


@mistake("perplexity", "You took 10 to the power of bits. Bits belong to base 2: 2**bits.")
def ten_to_the_bits(log_p):
    bits, _ = right_perplexity(log_p)
    return bits, 10.0**bits


@mistake("perplexity", WEIGHTED)
def entropy(log_p):
    bits = -(np.exp(log_p) * log_p).sum() / np.log(2)
    return bits, 2.0**bits


@mistake("perplexity", WEIGHTED)
def mean_of_p_log_p(log_p):
    bits = -(np.exp(log_p) * log_p).mean() / np.log(2)
    return bits, 2.0**bits


@mistake(
    "perplexity",
    "The mean goes along one axis only. Take it over all characters: one number for each unit.",
)
def one_per_row(log_p):
    bits = -log_p.mean(axis=-1) / np.log(2)
    return bits, 2.0**bits


@mistake("perplexity", "The perplexity is 2 to the power of the bits, not their square.")
def squared(log_p):
    bits, _ = right_perplexity(log_p)
    return bits, bits**2


@accepted("perplexity")
def by_e(log_p):
    return -log_p.mean() / np.log(2), np.exp(-log_p.mean())


@accepted("perplexity")
def by_log2(log_p):
    bits = -np.mean(log_p * np.log2(np.e))
    return bits, np.exp2(bits)


# bits_by_position


def refuse_odd_widths(log_p, width):
    if log_p.shape[1] % width:
        raise ValueError("no whole number of stretches")


@mistake("bits_by_position", "These are nats. Divide by np.log(2).")
def stretches_in_nats(log_p, width):
    return right_bits(log_p, width) * np.log(2)


@mistake("bits_by_position", "The sign is missing: bits are positive.")
def stretches_negative(log_p, width):
    return -right_bits(log_p, width)


@mistake(
    "bits_by_position",
    "You took the mean over the windows alone, so there is one number per position. Take it over "
    "each stretch, too.",
)
def one_per_position(log_p, width):
    refuse_odd_widths(log_p, width)
    return -log_p.mean(axis=0) / np.log(2)


@mistake(
    "bits_by_position",
    "You took the mean within each window. The mean goes over all windows, too: one number per "
    "stretch.",
)
def one_row_per_window(log_p, width):
    refuse_odd_widths(log_p, width)
    return -log_p.reshape(len(log_p), -1, width).mean(axis=2) / np.log(2)


@mistake("bits_by_position", "This is one number per window. Return one per stretch.")
def one_per_window(log_p, width):
    refuse_odd_widths(log_p, width)
    return -log_p.mean(axis=1) / np.log(2)


@mistake(
    "bits_by_position",
    "Every `width`-th position was taken together. A stretch is `width` positions side by side: "
    "reshape to (windows, seq // width, width).",
    seen="reshape with two sizes exchanged",
)
def interleaved(log_p, width):
    refuse_odd_widths(log_p, width)
    stretches = log_p.reshape(len(log_p), width, -1)
    return -stretches.mean(axis=(0, 1)) / np.log(2)


@mistake("bits_by_position", "These are sums over a stretch. Take means: bits per character.")
def stretches_summed(log_p, width):
    return right_bits(log_p, width) * width


@mistake(
    "bits_by_position",
    "Each number contains all earlier stretches, too. A stretch is counted by itself.",
)
def running_means(log_p, width):
    stretches = right_bits(log_p, width)
    return stretches.cumsum() / np.arange(1, len(stretches) + 1)


@mistake(
    "bits_by_position",
    "You averaged the probabilities, and took the logarithm of the mean. It is the other way "
    "around: the mean of the logarithms.",
)
def log_of_the_mean_of_a_stretch(log_p, width):
    refuse_odd_widths(log_p, width)
    p = np.exp(log_p).reshape(len(log_p), -1, width).mean(axis=(0, 2))
    return -np.log2(p)


@mistake(
    "bits_by_position",
    "These are the stretches of all windows in a row. The mean goes over the windows, too: one "
    "number per stretch.",
)
def windows_in_a_row(log_p, width):
    refuse_odd_widths(log_p, width)
    return -log_p.reshape(-1, width).mean(axis=1) / np.log(2)


@mistake("bits_by_position", "Only the first window was looked at. Take the mean over all of them.")
def first_window_only(log_p, width):
    return right_bits(log_p[:1], width)


@mistake(
    "bits_by_position",
    "You multiplied by log 2. A nat is more than a bit, so there are more bits than nats: divide.",
)
def stretches_multiplied(log_p, width):
    return right_bits(log_p, width) * np.log(2) ** 2


@mistake(
    "bits_by_position",
    "A stretch begins at every position, so they overlap. The next one begins `width` further on.",
)
def overlapping_stretches(log_p, width):
    refuse_odd_widths(log_p, width)
    of_each = -log_p.mean(axis=0) / np.log(2)
    return np.convolve(of_each, np.full(width, 1 / width), "valid")


@mistake("bits_by_position", "log_p are logarithms already. Do not take the logarithm once more.")
def stretches_of_logarithms(log_p, width):
    with np.errstate(all="ignore"):
        return right_bits(np.log2(-log_p) * np.log(2), width)


@mistake(
    "bits_by_position",
    "You took `width` for the number of stretches. It is how many positions are in each.",
)
def width_many_stretches(log_p, width):
    refuse_odd_widths(log_p, width)
    return right_bits(log_p, log_p.shape[1] // width)


@mistake("bits_by_position", "These are perplexities. Leave out the power: bits are asked for.")
def stretches_as_perplexities(log_p, width):
    return 2.0 ** right_bits(log_p, width)


@mistake("bits_by_position", "The last stretch comes first. Keep the order of the positions.")
def stretches_backward(log_p, width):
    return right_bits(log_p, width)[::-1]


@mistake(
    "bits_by_position", "These are stretches of the windows, not of the positions: the wrong axis."
)
def along_the_windows(log_p, width):
    refuse_odd_widths(log_p, width)
    if len(log_p) % width:
        return right_bits(log_p, width)
    return right_bits(log_p.T, width)


@mistake("bits_by_position", shown_by="stretches_that_do_not_fit")
def the_rest_is_dropped(log_p, width):
    kept = log_p.shape[1] // width * width
    return right_bits(log_p[:, :kept], width)


@mistake("bits_by_position", shown_by="stretches_that_do_not_fit")
def checks_the_whole_array(log_p, width):
    if log_p.size % width:
        raise ValueError("no whole number of stretches")
    kept = log_p.shape[1] // width * width
    return right_bits(log_p[:, :kept], width)


@accepted("bits_by_position")
def by_a_loop(log_p, width):
    refuse_odd_widths(log_p, width)
    starts = range(0, log_p.shape[1], width)
    return np.array([-log_p[:, at : at + width].mean() / np.log(2) for at in starts])


@accepted("bits_by_position")
def mean_of_means(log_p, width):
    refuse_odd_widths(log_p, width)
    return -log_p.mean(axis=0).reshape(-1, width).mean(axis=1) / np.log(2)


# sliding_window


def windows_at(ids, seq_len, starts, scored_before):
    """Windows that begin at `starts`, with targets from the positions `scored_before` on."""
    positions = np.asarray(starts)[:, None] + np.arange(seq_len)
    targets = ids[positions + 1]
    targets[positions < np.asarray(scored_before)[:, None]] = -100
    return ids[positions], targets


def starts_of(ids, seq_len, stride):
    last = len(ids) - seq_len - 1
    return np.append(np.arange(0, last, stride), last)


@mistake(
    "sliding_window",
    "Every window scores all of its targets, so most of them are scored twice. What the window "
    "before has scored is -100.",
)
def all_scored(ids, seq_len, stride):
    starts = starts_of(ids, seq_len, stride)
    return windows_at(ids, seq_len, starts, starts)


@mistake(
    "sliding_window",
    "The end of the text is missing: one more window has to end where the text ends.",
    seen="a remainder that is dropped",
)
def end_dropped(ids, seq_len, stride):
    starts = np.arange(0, len(ids) - seq_len, stride)
    return windows_at(ids, seq_len, starts, np.append(0, starts[:-1] + seq_len))


@mistake(
    "sliding_window",
    "The last window scores targets that were scored before. It begins less than a stride after "
    "the one before, so more of its targets are -100.",
)
def last_window_scores_twice(ids, seq_len, stride):
    starts = starts_of(ids, seq_len, stride)
    return windows_at(ids, seq_len, starts, np.append(0, starts[1:] + seq_len - stride))


@mistake(
    "sliding_window",
    "The first window scores only its last targets. Nothing has scored the others before, so it "
    "scores all of them.",
)
def first_window_not_whole(ids, seq_len, stride):
    starts = starts_of(ids, seq_len, stride)
    before = np.append(seq_len - stride, starts[:-1] + seq_len)
    return windows_at(ids, seq_len, starts, before)


@mistake(
    "sliding_window",
    "What should not count was marked in the inputs, too. They are read: leave them as they are.",
)
def inputs_marked(ids, seq_len, stride):
    inputs, targets = right_windows(ids, seq_len, stride)
    return np.where(targets == -100, -100, inputs), targets


@mistake(
    "sliding_window",
    "The targets are the inputs themselves. A target is what comes next: ids[positions + 1].",
    seen="a model that copies its input",
)
def targets_not_shifted(ids, seq_len, stride):
    inputs, targets = right_windows(ids, seq_len, stride)
    return inputs, np.where(targets == -100, -100, inputs)


WRONG_END = (
    "The marks are at the wrong end: a window's first targets were scored before, not its last."
)


@mistake("sliding_window", WRONG_END)
def wrong_end_marked(ids, seq_len, stride):
    inputs, targets = right_windows(ids, seq_len, stride)
    marked = (targets == -100)[:, ::-1]
    starts = starts_of(ids, seq_len, stride)
    all_targets = windows_at(ids, seq_len, starts, starts)[1]
    return inputs, np.where(marked, -100, all_targets)


@mistake("sliding_window", WRONG_END)
def marked_where_the_next_begins(ids, seq_len, stride):
    starts = starts_of(ids, seq_len, stride)
    positions = starts[:, None] + np.arange(seq_len)
    scored_later = positions >= np.append(starts[1:], len(ids))[:, None]
    return ids[positions], np.where(scored_later, -100, ids[positions + 1])


@mistake("sliding_window", "Inputs and targets are swapped.")
def windows_exchanged(ids, seq_len, stride):
    return right_windows(ids, seq_len, stride)[::-1]


@mistake("sliding_window", "What does not count is marked with 0. Mark it with -100: 0 is an id.")
def marked_with_zero(ids, seq_len, stride):
    inputs, targets = right_windows(ids, seq_len, stride)
    return inputs, np.where(targets == -100, 0, targets)


@mistake(
    "sliding_window",
    "The windows begin seq_len - stride apart. They begin `stride` apart.",
)
def strides_exchanged(ids, seq_len, stride):
    step = max(1, seq_len - stride)
    starts = starts_of(ids, seq_len, step)
    return windows_at(ids, seq_len, starts, np.append(0, starts[:-1] + seq_len))


@mistake(
    "sliding_window",
    "One target too many is marked in each window: the window before has scored up to its start + "
    "seq_len, and that position itself is new.",
    seen="a boundary off by one",
)
def one_too_many_marked(ids, seq_len, stride):
    starts = starts_of(ids, seq_len, stride)
    return windows_at(ids, seq_len, starts, np.append(0, starts[:-1] + seq_len + 1))


def padded(ids, seq_len, stride, filler):
    """Windows at every stride; what is beyond the end of the text is filled up."""
    count = 1 + -(-(len(ids) - 1 - seq_len) // stride)
    starts = stride * np.arange(count)
    positions = starts[:, None] + np.arange(seq_len)
    beyond = np.full(seq_len, -1)
    inputs = np.append(ids[:-1], beyond)[positions]
    targets = np.append(ids[1:], beyond)[positions]
    there = positions < len(ids) - 1
    scored_before = np.append(0, starts[:-1] + seq_len)
    scored = there & (positions >= scored_before[:, None])
    return np.where(there, inputs, filler), np.where(scored, targets, -100)


PADDED = (
    "The last window goes on beyond the text, and was filled up. Move it back, so that it ends "
    "where the text ends: it begins at len(ids) - seq_len - 1."
)


@mistake("sliding_window", "What does not count is marked with -1. Mark it with -100.")
def marked_with_minus_one(ids, seq_len, stride):
    inputs, targets = right_windows(ids, seq_len, stride)
    return inputs, np.where(targets == -100, -1, targets)


@mistake(
    "sliding_window",
    "The windows do not overlap: each begins where the one before ends. Let it begin `stride` "
    "after the one before.",
)
def side_by_side(ids, seq_len, stride):
    return right_windows(ids, seq_len, seq_len)


@mistake(
    "sliding_window",
    "One target too few is marked in each window: the window before has scored up to its start + "
    "seq_len - 1.",
)
def one_too_few_marked(ids, seq_len, stride):
    starts = starts_of(ids, seq_len, stride)
    return windows_at(ids, seq_len, starts, np.append(0, starts[:-1] + seq_len - 1))


@mistake(
    "sliding_window",
    "Your windows are not all equally long, so they make no array. The last one is as long as the "
    "others: it begins at len(ids) - seq_len - 1.",
)
def ragged(ids, seq_len, stride):
    inputs, targets = [], []
    for start in range(0, len(ids) - 1, stride):
        inputs.append(list(ids[start : start + seq_len]))
        targets.append(list(ids[start + 1 : start + seq_len + 1]))
    return np.array(inputs), np.array(targets)


@mistake("sliding_window", PADDED)
def filled_up_with_zeros(ids, seq_len, stride):
    return padded(ids, seq_len, stride, 0)


@mistake("sliding_window", PADDED)
def filled_up_with_marks(ids, seq_len, stride):
    return padded(ids, seq_len, stride, -100)


STRIDE_MARKED = (
    "A window's first `stride` targets are marked. It shares seq_len - stride of them with the "
    "window before: mark as many."
)


@mistake("sliding_window", STRIDE_MARKED)
def stride_many_marked(ids, seq_len, stride):
    starts = starts_of(ids, seq_len, stride)
    return windows_at(ids, seq_len, starts, np.append(0, starts[1:] + stride))


@mistake("sliding_window", STRIDE_MARKED)
def stride_many_marked_but_the_last(ids, seq_len, stride):
    starts = starts_of(ids, seq_len, stride)
    overlap = starts[:-1] + seq_len
    before = np.maximum(starts[1:] + stride, np.where(starts[1:] == starts[-1], overlap, 0))
    return windows_at(ids, seq_len, starts, np.append(0, before))


@mistake(
    "sliding_window",
    "The last id is never a target. The last window begins at len(ids) - seq_len - 1: it has "
    "seq_len inputs and one more id after them.",
)
def last_id_left_out(ids, seq_len, stride):
    if len(ids) < seq_len + 2:
        return right_windows(ids, seq_len, stride)
    return right_windows(ids[:-1], seq_len, stride)


@mistake(
    "sliding_window",
    "The last window is there twice: it came at its stride, and then once more.",
)
def last_window_twice(ids, seq_len, stride):
    last = len(ids) - seq_len - 1
    starts = np.append(np.arange(0, last + 1, stride), last)
    return windows_at(ids, seq_len, starts, np.append(0, starts[:-1] + seq_len))


@accepted("sliding_window")
def window_by_window(ids, seq_len, stride):
    inputs, targets, scored, start = [], [], 0, 0
    last = len(ids) - seq_len - 1
    while True:
        row = ids[start + 1 : start + seq_len + 1].copy()
        row[: scored - start] = -100
        inputs.append(ids[start : start + seq_len])
        targets.append(row)
        scored = start + seq_len
        if start == last:
            return np.array(inputs), np.array(targets)
        start = min(start + stride, last)


@accepted("sliding_window")
def by_where(ids, seq_len, stride):
    starts = starts_of(ids, seq_len, stride)
    before = np.append(0, starts[:-1] + seq_len)
    positions = starts[:, None] + np.arange(seq_len)
    return ids[positions], np.where(positions >= before[:, None], ids[positions + 1], -100)


# interpolate_positions


def tables(positions, dim, base):
    angles = positions[:, None] * angular_speeds(dim, base)
    return np.cos(angles), np.sin(angles)


@mistake(
    "interpolate_positions",
    "Nothing is squeezed: a longer text gets angles that the training never had.",
)
def not_squeezed(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    return tables(np.arange(seq_len), dim, base)


@mistake(
    "interpolate_positions",
    "Short texts are stretched: squeeze is never above 1, so take min(1, ...).",
)
def short_texts_stretched(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    return tables(np.arange(seq_len) * trained_len / max(seq_len, 1), dim, base)


@mistake(
    "interpolate_positions",
    "The factor is upside down: positions are multiplied by trained_len / seq_len.",
)
def stretched(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    return tables(np.arange(seq_len) * max(1, seq_len / trained_len), dim, base)


@mistake(
    "interpolate_positions",
    "The positions were cut off at the trained length, so all later ones are the same. Squeeze "
    "them.",
)
def clipped(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    return tables(np.arange(seq_len).clip(max=max(trained_len - 1, 0)), dim, base)


@mistake(
    "interpolate_positions",
    "The squeezed positions were rounded down, so neighbors share one. They may be fractions.",
)
def rounded(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    return tables(np.floor(np.arange(seq_len) * min(1, trained_len / max(seq_len, 1))), dim, base)


@mistake(
    "interpolate_positions",
    "After trained_len the positions begin again at 0, so two tokens have the same one. Squeeze "
    "them.",
)
def wrapped(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    return tables(np.arange(seq_len) % trained_len, dim, base)


@mistake(
    "interpolate_positions",
    "The base was changed, and the positions were not. That is the other method; here the "
    "positions are squeezed.",
)
def base_changed(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    stretch = max(1, seq_len / trained_len)
    base = base * stretch ** (dim / (dim - 2)) if dim > 2 else base
    return tables(np.arange(seq_len), dim, base)


@mistake("interpolate_positions", "The base is always 10000. Use the one that is given.")
def base_ignored(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    return tables(np.arange(seq_len) * min(1, trained_len / max(seq_len, 1)), dim, 10000.0)


@mistake("interpolate_positions", "Sines and cosines are swapped: return cos, sin.")
def sines_first(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    return tables(np.arange(seq_len) * min(1, trained_len / max(seq_len, 1)), dim, base)[::-1]


@mistake(
    "interpolate_positions",
    "The last position got trained_len - 1 exactly. The factor is trained_len / seq_len, so it "
    "gets a little more.",
)
def ends_meet(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    if seq_len <= trained_len:
        return tables(np.arange(seq_len), dim, base)
    return tables(np.linspace(0, trained_len - 1, seq_len), dim, base)


@mistake(
    "interpolate_positions",
    "The angle itself was divided by the speeds: multiply position and speed.",
)
def divided_by_speeds(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    positions = np.arange(seq_len) * min(1, trained_len / max(seq_len, 1))
    angles = positions[:, None] / angular_speeds(dim, base)
    return np.cos(angles), np.sin(angles)


@mistake(
    "interpolate_positions",
    "With no positions, seq_len is 0 and divides trained_len. Divide only where a text is longer "
    "than the training's: the result is an empty table.",
)
def nothing_divides(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    return tables(np.arange(seq_len) * min(1, trained_len / seq_len), dim, base)


@mistake(
    "interpolate_positions",
    "Every angle is there twice. There is one per pair of columns: dim / 2 of them.",
)
def every_angle_twice(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    squeeze = min(1, trained_len / max(seq_len, 1))
    pair = tables(np.arange(seq_len) * squeeze, dim, base)
    return tuple(np.concatenate([table, table], axis=-1) for table in pair)


@mistake(
    "interpolate_positions",
    "The factor is seq_len // trained_len, a whole number. Divide with /: it may be a fraction.",
)
def whole_factor(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    return tables(np.arange(seq_len) / max(1, seq_len // trained_len), dim, base)


@mistake("interpolate_positions", "These are the angles. Return their cosines and their sines.")
def angles_returned(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    squeeze = min(1, trained_len / max(seq_len, 1))
    return np.arange(seq_len)[:, None] * squeeze * angular_speeds(dim, base)


@mistake(
    "interpolate_positions",
    "The exponents are -c / dim. They are -2c / dim, as in angular_speeds(dim, base).",
)
def exponents_halved(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    return tables(np.arange(seq_len) * min(1, trained_len / max(seq_len, 1)), dim, base**0.5)


@mistake(
    "interpolate_positions",
    "The tables lie on their side. A row is a position, and a column is a speed.",
)
def tables_transposed(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    squeeze = min(1, trained_len / max(seq_len, 1))
    return tuple(table.T for table in tables(np.arange(seq_len) * squeeze, dim, base))


@mistake("interpolate_positions", "The positions begin at 1. They are counted from 0.")
def counted_from_one(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    squeeze = min(1, trained_len / max(seq_len, 1))
    return tables(np.arange(1, seq_len + 1) * squeeze, dim, base)


@mistake("interpolate_positions", "This is in float32. The tables are float64.")
def single_precision(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    pair = tables(np.arange(seq_len) * min(1, trained_len / max(seq_len, 1)), dim, base)
    return tuple(table.astype("float32") for table in pair)


@mistake("interpolate_positions", shown_by="no_positions")
def sizes_not_checked(seq_len, dim, trained_len, base=10000.0):
    squeeze = min(1, trained_len / max(seq_len, 1))
    return tables(np.arange(seq_len) * squeeze, dim, base)


@accepted("interpolate_positions")
def slower_speeds(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    speeds = angular_speeds(dim, base)
    if seq_len > trained_len:
        speeds = speeds * trained_len / seq_len
    angles = np.outer(np.arange(seq_len), speeds)
    return np.cos(angles), np.sin(angles)


@accepted("interpolate_positions")
def by_linspace(seq_len, dim, trained_len, base=10000.0):
    check_table_size(seq_len, dim)
    positions = np.linspace(0, min(seq_len, trained_len), seq_len, endpoint=False)
    return tables(positions, dim, base)


# boundary_score


def parts(starts):
    return np.append(0, starts[1:].cumsum())


@mistake(
    "boundary_score",
    "This is the weight that leaves the query's own part. Count what stays in it.",
)
def what_leaves(weights, starts):
    return 1 - right_score(weights, starts)


@mistake(
    "boundary_score",
    "This is the weight on the first characters of the parts. Count the weight on the whole part "
    "of the query.",
)
def on_the_boundaries(weights, starts):
    starts = starts.copy()
    starts[0] = True
    return weights[:, starts].sum(axis=-1).mean()


ONE_LATE = "Each part ends one character late: a part begins at the character that is marked."
MEAN_OF_WEIGHTS = (
    "This is the mean of single weights. Sum the weights of a query first, then take the mean over "
    "the queries."
)


@mistake("boundary_score", ONE_LATE, seen="a boundary off by one")
def one_late(weights, starts):
    part = np.append(0, parts(starts)[:-1])
    return (weights * (part[:, None] == part)).sum(axis=-1).mean()


@mistake("boundary_score", ONE_LATE)
def marks_before_each_character(weights, starts):
    part = starts.cumsum() - starts
    return (weights * (part[:, None] == part)).sum(axis=-1).mean()


def kept_within(weights, begins, ends):
    """The weight within these parts, as a mean over all queries."""
    inside = sum(weights[i:j, i:j].sum() for i, j in zip(begins, ends))
    return inside / len(weights)


@mistake(
    "boundary_score",
    "What comes before the first mark is left out. The first part begins at 0, even where "
    "starts[0] is False.",
)
def first_part_trusted(weights, starts):
    begins = np.flatnonzero(starts)
    return kept_within(weights, begins, np.append(begins[1:], len(starts)))


@mistake(
    "boundary_score",
    "The last part is left out. It has no mark after it: it ends with the text.",
)
def last_part_left_out(weights, starts):
    begins = np.append(0, 1 + np.flatnonzero(starts[1:]))
    return kept_within(weights, begins[:-1], begins[1:])


@mistake("boundary_score", "You took each query's largest weight within its part. Sum them.")
def largest_within(weights, starts):
    part = parts(starts)
    return (weights * (part[:, None] == part)).max(axis=-1).mean()


@mistake(
    "boundary_score",
    "The sum is divided by the number of parts. Divide by the number of queries.",
)
def per_part(weights, starts):
    part = parts(starts)
    return (weights * (part[:, None] == part)).sum() / (part[-1] + 1)


@mistake(
    "boundary_score",
    "This is one number per query. Take their mean: one number for the head.",
)
def one_per_query(weights, starts):
    part = parts(starts)
    return (weights * (part[:, None] == part)).sum(axis=-1)


@mistake(
    "boundary_score",
    "All keys count here, those of earlier parts, too. A query's own part is where the numbers of "
    "the parts are equal.",
)
def earlier_parts_too(weights, starts):
    part = parts(starts)
    return (weights * (part[:, None] >= part)).sum(axis=-1).mean()


@mistake("boundary_score", MEAN_OF_WEIGHTS)
def mean_weight(weights, starts):
    part = parts(starts)
    return weights[part[:, None] == part].mean()


@mistake("boundary_score", MEAN_OF_WEIGHTS)
def mean_weight_seen(weights, starts):
    part = parts(starts)
    return weights[np.tril(part[:, None] == part)].mean()


@mistake(
    "boundary_score",
    "You took the mean over all pairs. Sum the weights of a query first, then take the mean over "
    "the queries.",
)
def mean_over_pairs(weights, starts):
    part = parts(starts)
    return (weights * (part[:, None] == part)).mean()


@mistake("boundary_score", "This is a sum over all queries. Take their mean.")
def sum_over_queries(weights, starts):
    return right_score(weights, starts) * len(weights)


@mistake(
    "boundary_score",
    "Only keys in the part *before* the query's own were counted. Compare for equality.",
)
def the_part_before(weights, starts):
    part = parts(starts)
    return (weights * (part[:, None] == part + 1)).sum(axis=-1).mean()


@mistake(
    "boundary_score",
    "This is the share of pairs in one part, whatever the head looks at. Multiply by the weights.",
)
def weights_ignored(weights, starts):
    part = parts(starts)
    own = np.tril(part[:, None] == part)
    return own.sum(axis=-1).mean() / len(part)


@mistake(
    "boundary_score",
    "Each part has the same weight in your mean, short or long. Take the mean over all queries.",
    seen="a mean of means",
)
def every_part_once(weights, starts):
    part = parts(starts)
    kept = (weights * (part[:, None] == part)).sum(axis=-1)
    return np.mean([kept[part == each].mean() for each in np.unique(part)])


@mistake(
    "boundary_score",
    "You asked whether the key with the largest weight is in the same part. Sum the weights.",
)
def by_the_largest(weights, starts):
    part = parts(starts)
    return (part[weights.argmax(axis=-1)] == part).mean()


@mistake(
    "boundary_score",
    "Only the queries of the last part were counted. Every query has a part of its own.",
)
def last_part_only(weights, starts):
    part = parts(starts)
    kept = (weights * (part[:, None] == part)).sum(axis=-1)
    return kept[part == part[-1]].mean()


@mistake(
    "boundary_score",
    "The weight on the query itself is left out. It is in its own part, too.",
)
def without_itself(weights, starts):
    part = parts(starts)
    own = (part[:, None] == part) & ~np.eye(len(part), dtype=bool)
    return (weights * own).sum(axis=-1).mean()


@mistake(
    "boundary_score",
    "All parts that begin are one for you, and the others another: compare numbers of parts, from "
    "a cumulative sum, not starts themselves.",
)
def starts_compared(weights, starts):
    return (weights * (starts[:, None] == starts)).sum(axis=-1).mean()


@accepted("boundary_score")
def query_by_query(weights, starts):
    total, begin = 0.0, 0
    for query, row in enumerate(weights):
        begin = query if starts[query] else begin
        total += row[begin : query + 1].sum()
    return total / len(weights)


@accepted("boundary_score")
def by_einsum(weights, starts):
    part = starts.cumsum()
    own = (part[:, None] == part[None, :]).astype(float)
    return np.einsum("ij,ij->", weights, own) / len(part)


# shuffled_boundaries

FIRST_PART = (
    "What comes before the first mark was not shuffled. It is a part, too: the first one begins at "
    "0, even where starts[0] is False."
)


def lengths_of(starts):
    begins = np.append(0, 1 + np.flatnonzero(starts[1:]))
    return np.diff(np.append(begins, len(starts)))


def with_lengths(lengths):
    shuffled = np.zeros(sum(lengths), bool)
    shuffled[np.append(0, np.cumsum(lengths)[:-1])] = True
    return shuffled


@mistake(
    "shuffled_boundaries",
    "The marks were shuffled, character by character, so the parts are no longer as long as they "
    "were. Shuffle the lengths.",
    seen="a null that changes too much",
)
def marks_shuffled(rng, starts):
    return rng.permutation(starts)


@mistake("shuffled_boundaries", "Nothing was shuffled.")
def not_shuffled(rng, starts):
    return with_lengths(lengths_of(starts))


@mistake(
    "shuffled_boundaries", "The parts are in the opposite order. Shuffle them: rng.permutation."
)
def parts_backward(rng, starts):
    return with_lengths(lengths_of(starts)[::-1])


@mistake(
    "shuffled_boundaries", "The lengths were sorted. Put them in a random order: rng.permutation."
)
def parts_sorted(rng, starts):
    return with_lengths(np.sort(lengths_of(starts)))


@mistake(
    "shuffled_boundaries",
    "The first part is not marked: it begins at 0, so shuffled[0] is True.",
)
def first_not_marked(rng, starts):
    shuffled = right_shuffle(rng, starts)
    shuffled[0] = False
    return shuffled


@mistake(
    "shuffled_boundaries",
    "The last character of each part is marked, not the first. The next part begins one later.",
    seen="a boundary off by one",
)
def ends_marked(rng, starts):
    ends = rng.permutation(lengths_of(starts)).cumsum()
    shuffled = np.zeros(len(starts), bool)
    shuffled[ends - 1] = True
    return shuffled


@mistake(
    "shuffled_boundaries",
    "These are positions. Return a bool array with one entry per character.",
)
def positions_returned(rng, starts):
    return np.flatnonzero(right_shuffle(rng, starts))


@mistake(
    "shuffled_boundaries", "It is a list. Return a bool array: np.zeros(len(starts), bool) is one."
)
def list_returned(rng, starts):
    return right_shuffle(rng, starts).tolist()


@mistake("shuffled_boundaries", "These are the shuffled lengths. Say where the parts begin.")
def lengths_returned(rng, starts):
    return rng.permutation(lengths_of(starts))


@mistake(
    "shuffled_boundaries",
    "The generator was made anew, so every shuffle is the same. Use the rng that is given.",
    seen="a fixed seed inside a function",
)
def fixed_seed(rng, starts):
    return right_shuffle(np.random.default_rng(0), starts)


@mistake(
    "shuffled_boundaries",
    "The last part was left out of the shuffle: it ends with the text, and has a length, too.",
)
def last_part_stays(rng, starts):
    lengths = lengths_of(starts)
    return with_lengths(np.append(rng.permutation(lengths[:-1]), lengths[-1]).astype(int))


@mistake(
    "shuffled_boundaries",
    "NumPy's own random numbers shuffled the lengths, so the seed of `rng` changes nothing. Use "
    "rng.permutation.",
)
def global_random_numbers(rng, starts):
    return with_lengths(np.random.permutation(lengths_of(starts)))


@mistake(
    "shuffled_boundaries",
    "The last of the ends is the end of the text, where nothing begins. Leave it out: ends[:-1].",
)
def end_of_the_text_marked(rng, starts):
    shuffled = np.zeros(len(starts), bool)
    shuffled[rng.permutation(lengths_of(starts)).cumsum()] = True
    return shuffled


@mistake(
    "shuffled_boundaries",
    "The result is one entry too long: nothing begins at the end of the text.",
)
def one_entry_too_many(rng, starts):
    return np.append(right_shuffle(rng, starts), True)


@mistake(
    "shuffled_boundaries",
    "The boundaries moved to random positions: there are as many parts, but of other lengths. "
    "Shuffle the lengths.",
)
def random_positions(rng, starts):
    after_first = rng.permutation(len(starts) - 1)[: starts[1:].sum()]
    return np.isin(np.arange(len(starts)), np.append(0, 1 + after_first))


@mistake(
    "shuffled_boundaries",
    "The last part is one too short: it goes up to len(starts), so that all lengths add up to it.",
)
def last_length_one_short(rng, starts):
    lengths = lengths_of(starts)
    lengths[-1] -= 1
    ends = rng.permutation(lengths).cumsum()
    return np.isin(np.arange(len(starts)), np.append(0, ends[:-1]))


@mistake("shuffled_boundaries", FIRST_PART)
def first_part_lost(rng, starts):
    begins = np.flatnonzero(starts)
    if not len(begins):
        return with_lengths([len(starts)])
    ends = rng.permutation(np.diff(np.append(begins, len(starts)))).cumsum()
    return np.isin(np.arange(len(starts)), np.append(0, ends[:-1]))


@mistake("shuffled_boundaries", FIRST_PART)
def first_part_stays(rng, starts):
    begins = np.flatnonzero(starts)
    if not len(begins):
        return with_lengths([len(starts)])
    lengths = rng.permutation(np.diff(np.append(begins, len(starts))))
    first = [begins[0]] if begins[0] else []
    return with_lengths(np.append(first, lengths).astype(int))


@mistake(
    "shuffled_boundaries",
    "rng.permutation is called twice. Shuffle once, so that the same seed gives the same order.",
)
def shuffled_twice(rng, starts):
    return with_lengths(rng.permutation(rng.permutation(lengths_of(starts))))


@mistake(
    "shuffled_boundaries",
    "rng.choice draws with replacement, so a length may come twice and another not at all. "
    "Shuffle them: rng.permutation.",
)
def drawn_with_replacement(rng, starts):
    lengths = lengths_of(starts)
    ends = np.append(0, rng.choice(lengths, len(lengths)).cumsum()[:-1])
    return np.isin(np.arange(len(starts)), ends)


@mistake(
    "shuffled_boundaries",
    "All boundaries were moved by the same number of characters, in a circle. That keeps the "
    "order of the parts. Shuffle them.",
)
def rolled(rng, starts):
    shuffled = np.roll(starts, rng.integers(len(starts)))
    shuffled[0] = True
    return shuffled


@mistake("shuffled_boundaries", "The entries are numbers. Return True and False.")
def numbers_returned(rng, starts):
    return right_shuffle(rng, starts).astype(int)


@accepted("shuffled_boundaries")
def part_by_part(rng, starts):
    shuffled = []
    for length in rng.permutation(lengths_of(starts)):
        shuffled += [True] + [False] * (length - 1)
    return np.array(shuffled)


@accepted("shuffled_boundaries")
def by_isin(rng, starts):
    ends = rng.permutation(lengths_of(starts)).cumsum()
    return np.isin(np.arange(len(starts)), np.append(0, ends[:-1]))

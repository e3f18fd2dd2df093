"""Lesson 10: mistakes in summing up runs, in choosing, and in reading differences."""

import numpy as np

from classroom.checking import accepted, mistake
from solutions.evidence import (
    T_95,
    choose_setting,
    interaction,
    over_seeds,
    paired_difference,
    row_weights,
)

# over_seeds


def three_numbers(errors, axis=0):
    return np.stack([np.median(errors, axis), errors.min(axis), errors.max(axis)])


def all_wrong(errors):
    return np.where(np.isnan(errors), 1.0, errors)


@mistake("over_seeds", "Runs that broke off are left out. They count as 1: all wrong.")
def leaves_failed_runs_out(errors):
    return np.stack(
        [np.nanmedian(errors, axis=0), np.nanmin(errors, axis=0), np.nanmax(errors, axis=0)]
    )


@mistake("over_seeds", "A NaN in a column makes all of it NaN. Put 1 where a run broke off.")
def nan_stays(errors):
    return three_numbers(errors)


@mistake("over_seeds", "A run that broke off counts as 0 here: all right. It is all wrong, 1.")
def nan_is_zero(errors):
    return three_numbers(np.nan_to_num(errors))


@mistake("over_seeds", "A run that broke off counts as 100 here. Errors go from 0 to 1.")
def nan_is_a_hundred(errors):
    return three_numbers(np.nan_to_num(errors, nan=100.0))


@mistake("over_seeds", "This is the mean. One failed run moves it a lot: take the median.")
def mean(errors):
    errors = all_wrong(errors)
    return np.stack([errors.mean(axis=0), errors.min(axis=0), errors.max(axis=0)])


@mistake(
    "over_seeds",
    "The last two rows are the median minus and plus a standard deviation. They are the lowest and "
    "the highest error.",
)
def median_and_spread(errors):
    errors = all_wrong(errors)
    median, spread = np.median(errors, axis=0), errors.std(axis=0)
    return np.stack([median, median - spread, median + spread])


@mistake(
    "over_seeds", "The last two rows are quartiles. They are the lowest and the highest error."
)
def quartiles(errors):
    return np.quantile(all_wrong(errors), [0.5, 0.25, 0.75], axis=0)


@mistake("over_seeds", "The highest is before the lowest: median, lowest, highest.")
def worst_before_best(errors):
    return over_seeds(errors)[[0, 2, 1]]


@mistake("over_seeds", "They are in the order lowest, median, highest. The median comes first.")
def in_order_of_size(errors):
    return over_seeds(errors)[[1, 0, 2]]


@mistake("over_seeds", "You went along the tests. Axis 0 has the seeds: one result per test.")
def along_the_tests(errors):
    return three_numbers(all_wrong(errors), axis=1)


@mistake("over_seeds", "Tests and numbers are swapped: the shape is (3, tests).")
def a_column_per_number(errors):
    return over_seeds(errors).T


@mistake("over_seeds", "These are three numbers for all tests together. Each test has its own.")
def one_for_all_tests(errors):
    errors = all_wrong(errors)
    return np.array([np.median(errors), errors.min(), errors.max()])


@mistake("over_seeds", "These are three numbers for all tests together. Each test has its own.")
def one_row_each_for_all_tests(errors):
    return one_for_all_tests(errors)[:, None]


@mistake(
    "over_seeds",
    "A run with NaN in one test counts as all wrong in every test. Only where there is a NaN is it "
    "a 1.",
)
def wrong_in_every_test(errors):
    broken = np.isnan(errors).any(axis=1, keepdims=True)
    return three_numbers(np.where(broken, 1.0, errors))


@mistake(
    "over_seeds", "A run that broke off counts as the worst of the others. It is all wrong, 1."
)
def nan_is_the_worst_of_the_others(errors):
    return three_numbers(np.where(np.isnan(errors), np.nanmax(errors, axis=0), errors))


@mistake(
    "over_seeds",
    "Only the median counts a run that broke off. Take the lowest and the highest, too, of the "
    "errors with 1 for NaN.",
)
def only_the_median_is_mended(errors):
    median = np.median(all_wrong(errors), axis=0)
    return np.stack([median, np.nanmin(errors, axis=0), np.nanmax(errors, axis=0)])


@mistake("over_seeds", "This is the run in the middle of the list. Sort first: np.median does.")
def middle_of_the_list(errors):
    errors = all_wrong(errors)
    return np.stack([errors[len(errors) // 2], errors.min(axis=0), errors.max(axis=0)])


@mistake(
    "over_seeds",
    "With an even number of runs, the median is halfway between the two in the middle.",
)
def upper_middle(errors):
    ordered = np.sort(all_wrong(errors), axis=0)
    return np.stack([ordered[len(ordered) // 2], ordered[0], ordered[-1]])


@mistake("over_seeds", shown_by="inputs_are_kept")
def writes_into_the_input(errors):
    errors[np.isnan(errors)] = 1.0
    return three_numbers(errors)


@accepted("over_seeds")
def by_sorting(errors):
    ordered = np.sort(all_wrong(errors), axis=0)
    n = len(ordered)
    return np.stack([(ordered[(n - 1) // 2] + ordered[n // 2]) / 2, ordered[0], ordered[-1]])


# choose_setting


def grouped(runs):
    groups = {}
    for run in runs:
        groups.setdefault(run["setting"], []).append(run["validation"])
    return groups


def lowest(runs, *keys):
    """The setting whose keys, functions of its list of validations, are lowest."""
    groups = grouped(runs)
    return min(groups, key=lambda setting: [round(key(groups[setting]), 12) for key in keys])


def mean_of(what):
    return lambda validations: float(np.mean([each[what] for each in validations]))


@mistake("choose_setting", shown_by="the_tests_stay_sealed")
def chosen_by_the_tests(runs):
    groups = {}
    for run in runs:
        groups.setdefault(run["setting"], []).append(np.mean(list(run["errors"].values())))
    return min(groups, key=lambda setting: np.mean(groups[setting]))


@mistake("choose_setting", shown_by="the_tests_stay_sealed")
def ties_by_the_tests(runs):
    groups, tests = grouped(runs), {}
    for run in runs:
        tests.setdefault(run["setting"], []).append(sum(run["errors"].values()))
    error = mean_of("error")
    return min(groups, key=lambda setting: (error(groups[setting]), np.mean(tests[setting])))


@mistake("choose_setting", "Ties go to the first setting. The lower mean loss decides them.")
def no_tie_break(runs):
    return lowest(runs, mean_of("error"))


@mistake("choose_setting", "Ties go to the last setting. The lower mean loss decides them.")
def last_of_the_tied(runs):
    groups, error = grouped(runs), mean_of("error")
    return min(reversed(groups), key=lambda setting: round(error(groups[setting]), 12))


@mistake("choose_setting", "The means are rounded too far, and settings that differ look equal.")
def rounded_too_far(runs):
    groups = grouped(runs)
    keys = mean_of("error"), mean_of("loss")
    return min(groups, key=lambda each: [round(key(groups[each]), 1) for key in keys])


@mistake("choose_setting", "The loss decided. It only breaks ties: the error comes first.")
def by_the_loss(runs):
    return lowest(runs, mean_of("loss"))


@mistake("choose_setting", "The loss came before the error: compare (error, loss), in this order.")
def loss_first(runs):
    return lowest(runs, mean_of("loss"), mean_of("error"))


@mistake(
    "choose_setting",
    "This is the setting of the best single run. One lucky seed says little: take the mean over "
    "a setting's runs.",
)
def best_run(runs):
    validation = [(run["validation"]["error"], run["validation"]["loss"]) for run in runs]
    return runs[validation.index(min(validation))]["setting"]


@mistake("choose_setting", "The setting with the highest error was chosen.")
def highest_error(runs):
    return lowest(runs, lambda each: -mean_of("error")(each), mean_of("loss"))


@mistake("choose_setting", "Of equal errors the higher loss was taken. Lower is better.")
def highest_loss_breaks_ties(runs):
    return lowest(runs, mean_of("error"), lambda each: -mean_of("loss")(each))


@mistake(
    "choose_setting",
    "Errors were summed, so a setting with more runs looks worse. Take the mean.",
)
def sums(runs):
    def total(what):
        return lambda validations: sum(each[what] for each in validations)

    return lowest(runs, total("error"), total("loss"))


@mistake("choose_setting", "Only the last run of each setting was looked at. Take the mean of all.")
def last_run_of_each(runs):
    return lowest(runs, lambda each: each[-1]["error"], lambda each: each[-1]["loss"])


@mistake("choose_setting", "Only the first run of each setting counts here. Take the mean of all.")
def first_run_of_each(runs):
    return lowest(runs, lambda each: each[0]["error"], lambda each: each[0]["loss"])


@mistake(
    "choose_setting",
    "Two means that should be equal differ in their last digit, so the loss never decides. Round "
    "them, to 12 digits for instance.",
)
def without_rounding(runs):
    groups = grouped(runs)
    keys = mean_of("error"), mean_of("loss")
    return min(groups, key=lambda setting: tuple(key(groups[setting]) for key in keys))


@mistake(
    "choose_setting",
    "Error and loss were added up. They have different units: the loss only breaks ties.",
)
def error_plus_loss(runs):
    return lowest(runs, lambda each: mean_of("error")(each) + mean_of("loss")(each))


@mistake(
    "choose_setting", "Of equal errors the first name in the alphabet was taken, not the loss."
)
def name_breaks_ties(runs):
    groups, error = grouped(runs), mean_of("error")
    return min(groups, key=lambda setting: (round(error(groups[setting]), 12), str(setting)))


@mistake("choose_setting", "The lowest single loss breaks ties here. Take the mean loss.")
def lowest_single_loss(runs):
    return lowest(runs, mean_of("error"), lambda each: min(one["loss"] for one in each))


@mistake("choose_setting", "The worst run of each setting decides here. Take the mean of its runs.")
def worst_run(runs):
    def highest(what):
        return lambda validations: max(each[what] for each in validations)

    return lowest(runs, highest("error"), highest("loss"))


@mistake(
    "choose_setting",
    "Runs of one setting are brought together only where they are neighbors in the list: "
    "itertools.groupby needs a sorted list.",
)
def neighbors_together(runs):
    stretches, before = {}, None
    for run in runs:
        if run["setting"] != before:
            stretches[len(stretches), run["setting"]] = []
        before = run["setting"]
        stretches[len(stretches) - 1, before].append(run["validation"])
    means = [mean_of("error"), mean_of("loss")]
    return min(stretches, key=lambda each: [round(mean(stretches[each]), 12) for mean in means])[1]


@mistake("choose_setting", "This is a whole run. Return the name of its setting.")
def run_for_its_setting(runs):
    return next(run for run in runs if run["setting"] == choose_setting(runs))


@mistake("choose_setting", "This is the number of a setting. Return its name.")
def number_of_the_setting(runs):
    return list(grouped(runs)).index(choose_setting(runs))


@mistake("choose_setting", "The median was taken. The mean decides.")
def medians(runs):
    def median(what):
        return lambda validations: float(np.median([each[what] for each in validations]))

    return lowest(runs, median("error"), median("loss"))


@accepted("choose_setting")
def with_a_loop(runs):
    best, chosen = None, None
    for setting, validations in grouped(runs).items():
        mean = tuple(round(mean_of(what)(validations), 10) for what in ("error", "loss"))
        if best is None or mean < best:
            best, chosen = mean, setting
    return chosen


# paired_difference


def interval(difference, margin):
    mean = float(np.mean(difference))
    return mean, mean - margin, mean + margin


def differences(ours, theirs):
    return np.asarray(theirs, float) - np.asarray(ours, float)


@mistake("paired_difference", "The sign is reversed: subtract ours from theirs.")
def ours_minus_theirs(ours, theirs):
    return paired_difference(theirs, ours)


@mistake(
    "paired_difference",
    "The standard deviation is divided by n. With so few seeds that makes you too sure: ddof=1.",
)
def divided_by_n(ours, theirs):
    difference = differences(ours, theirs)
    n = len(difference)
    return interval(difference, float(T_95[n - 1] * difference.std() / n**0.5))


@mistake(
    "paired_difference",
    "The margin is divided by the root of n - 1. It's the root of n: only the standard deviation "
    "has the n - 1.",
)
def root_of_one_fewer(ours, theirs):
    difference = differences(ours, theirs)
    n = len(difference)
    return interval(difference, float(T_95[n - 1] * difference.std(ddof=1) / (n - 1) ** 0.5))


@mistake("paired_difference", "s is that of ours. It is the standard deviation of the differences.")
def spread_of_ours(ours, theirs):
    ours = np.asarray(ours, float)
    margin = T_95[len(ours) - 1] * ours.std(ddof=1) / len(ours) ** 0.5
    return interval(differences(ours, theirs), float(margin))


@mistake(
    "paired_difference", "s is that of theirs. It is the standard deviation of the differences."
)
def spread_of_theirs(ours, theirs):
    theirs = np.asarray(theirs, float)
    margin = T_95[len(theirs) - 1] * theirs.std(ddof=1) / len(theirs) ** 0.5
    return interval(differences(ours, theirs), float(margin))


@mistake("paired_difference", "The margin is halved. Go t s / sqrt(n) to each side of the mean.")
def half_the_margin(ours, theirs):
    mean, low, high = paired_difference(ours, theirs)
    return mean, (mean + low) / 2, (mean + high) / 2


@mistake("paired_difference", "This is the sum of the differences. Divide it by n: take the mean.")
def around_the_sum(ours, theirs):
    total = float(differences(ours, theirs).sum())
    mean, low, high = paired_difference(ours, theirs)
    return total, total + low - mean, total + high - mean


@mistake("paired_difference", "This is the variance. s is its root, the standard deviation.")
def variance(ours, theirs):
    difference = differences(ours, theirs)
    n = len(difference)
    return interval(difference, float(T_95[n - 1] * difference.var(ddof=1) / n**0.5))


@mistake(
    "paired_difference", "The interval is around the median difference. Put it around the mean."
)
def around_the_median(ours, theirs):
    mean, low, high = paired_difference(ours, theirs)
    median = float(np.median(differences(ours, theirs)))
    return median, median + low - mean, median + high - mean


@mistake(
    "paired_difference", "Differences lose their sign here. Leave out abs: theirs may be better."
)
def without_the_sign(ours, theirs):
    return paired_difference(np.zeros(len(ours)), abs(differences(ours, theirs)))


@mistake(
    "paired_difference",
    "These are percentiles of the differences. An interval for their mean is mean +- t s / "
    "sqrt(n).",
)
def percentiles(ours, theirs):
    difference = differences(ours, theirs)
    low, high = np.percentile(difference, [2.5, 97.5])
    return float(difference.mean()), float(low), float(high)


@mistake("paired_difference", "The t is always that of three seeds. It depends on n: T_95[n - 1].")
def t_of_the_example(ours, theirs):
    difference = differences(ours, theirs)
    n = len(difference)
    return interval(difference, float(T_95[2] * difference.std(ddof=1) / n**0.5))


@mistake("paired_difference", "The differences are divided by ours. Leave them in points.")
def relative(ours, theirs):
    ours = np.asarray(ours, float)
    return paired_difference(np.zeros(len(ours)), differences(ours, theirs) / ours)


@mistake(
    "paired_difference", "Lists cannot be subtracted from each other. Make arrays: np.asarray(...)."
)
def lists_subtracted(ours, theirs):
    difference = theirs - ours
    n = len(difference)
    return interval(difference, float(T_95[n - 1] * difference.std(ddof=1) / n**0.5))


@mistake("paired_difference", "The margin is not divided by the root of n.")
def spread_of_single_runs(ours, theirs):
    difference = differences(ours, theirs)
    return interval(difference, float(T_95[len(difference) - 1] * difference.std(ddof=1)))


@mistake("paired_difference", "You divided by n. The margin shrinks with the root of n.")
def divided_by_the_number(ours, theirs):
    difference = differences(ours, theirs)
    n = len(difference)
    return interval(difference, float(T_95[n - 1] * difference.std(ddof=1) / n))


@mistake(
    "paired_difference",
    "1.96 is the normal distribution's. Few seeds need Student's t: T_95[n - 1].",
)
def normal(ours, theirs):
    difference = differences(ours, theirs)
    return interval(difference, float(1.96 * difference.std(ddof=1) / len(difference) ** 0.5))


@mistake("paired_difference", "That is the t of one seed more: take T_95[n - 1].")
def t_of_n(ours, theirs):
    difference = differences(ours, theirs)
    n = len(difference)
    t = {**T_95, 10: 2.228}[n]
    return interval(difference, float(t * difference.std(ddof=1) / n**0.5))


@mistake("paired_difference", "This is the standard error. Multiply it by t: T_95[n - 1].")
def standard_error(ours, theirs):
    difference = differences(ours, theirs)
    return interval(difference, float(difference.std(ddof=1) / len(difference) ** 0.5))


@mistake(
    "paired_difference",
    "The spread of the two lists went in one by one. Subtract seed by seed first: what both have "
    "in common drops out.",
)
def unpaired(ours, theirs):
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    n = len(ours)
    spread = ((ours.var(ddof=1) + theirs.var(ddof=1)) / n) ** 0.5
    return interval(theirs - ours, float(T_95[n - 1] * spread))


@mistake("paired_difference", "The ends are swapped: the lower one comes first.")
def ends_exchanged(ours, theirs):
    mean, low, high = paired_difference(ours, theirs)
    return mean, high, low


@mistake("paired_difference", "This is the mean and its margin. Return both ends of the interval.")
def mean_and_margin(ours, theirs):
    mean, low, _ = paired_difference(ours, theirs)
    return mean, mean - low


@mistake("paired_difference", "The mean is missing: return it, and then the two ends.")
def ends_alone(ours, theirs):
    return paired_difference(ours, theirs)[1:]


@mistake("paired_difference", "The mean is between the ends here. It comes first.")
def mean_in_the_middle(ours, theirs):
    mean, low, high = paired_difference(ours, theirs)
    return low, mean, high


@mistake("paired_difference", "The interval is around 0. Its middle is the mean difference.")
def around_zero(ours, theirs):
    mean, low, high = paired_difference(ours, theirs)
    return mean, low - mean, high - mean


@mistake("paired_difference", "These are the smallest and the largest difference, not an interval.")
def smallest_and_largest(ours, theirs):
    difference = differences(ours, theirs)
    return float(difference.mean()), float(difference.min()), float(difference.max())


@mistake("paired_difference", "The lists are sorted, so the pairs are lost. Keep the seeds' order.")
def sorted_first(ours, theirs):
    return paired_difference(sorted(ours), sorted(theirs))


@accepted("paired_difference")
def by_hand(ours, theirs):
    pairs = [float(b) - float(a) for a, b in zip(ours, theirs)]
    n = len(pairs)
    mean = sum(pairs) / n
    variance = sum((x - mean) ** 2 for x in pairs) / (n - 1)
    margin = T_95[n - 1] * (variance / n) ** 0.5
    return mean, mean - margin, mean + margin


# interaction


@mistake("interaction", "The sign is reversed: take the effect with the second change first.")
def negative(errors):
    without, with_second = errors[1] - errors[0]
    return paired_difference(with_second, without)


@mistake("interaction", "This is the effect of the first change, whatever the second one is.")
def main_effect(errors):
    return paired_difference(errors[0].mean(axis=0), errors[1].mean(axis=0))


@mistake("interaction", "This is the effect of the second change, whatever the first one is.")
def second_main_effect(errors):
    return paired_difference(errors[:, 0].mean(axis=0), errors[:, 1].mean(axis=0))


@mistake("interaction", "This is the effect with the second change. Subtract the one without it.")
def effect_with_the_second(errors):
    return paired_difference(errors[0, 1], errors[1, 1])


@mistake("interaction", "This is the effect without the second change; the one with it is missing.")
def effect_without_the_second(errors):
    return paired_difference(errors[0, 0], errors[1, 0])


@mistake(
    "interaction",
    "This is the effect of the second change without the first. Subtract it from the one with the "
    "first.",
)
def effect_without_the_first(errors):
    return paired_difference(errors[0, 0], errors[0, 1])


@mistake(
    "interaction",
    "The effects are divided by the errors without the first change. Leave them in points.",
)
def relative_effects(errors):
    without, with_second = (errors[1] - errors[0]) / errors[0]
    return paired_difference(without, with_second)


@mistake("interaction", "This compares both changes with none. That isn't an interaction.")
def both_against_none(errors):
    return paired_difference(errors[0, 0], errors[1, 1])


@mistake("interaction", "This compares one change with the other. That isn't an interaction.")
def one_against_the_other(errors):
    return paired_difference(errors[1, 0], errors[0, 1])


@mistake("interaction", "The two effects are added up. Subtract the one without from that with.")
def sum_of_effects(errors):
    without, with_second = errors[1] - errors[0]
    return paired_difference(-without, with_second)


@mistake("interaction", "This is how many times larger the effect is. Take the difference.")
def ratio(errors):
    without, with_second = errors[1] - errors[0]
    return paired_difference(np.zeros(len(without)), with_second / np.maximum(without, 1e-9))


@mistake("interaction", "This is how many times larger the effect is. Take the difference.")
def bare_ratio(errors):
    without, with_second = errors[1] - errors[0]
    return paired_difference(np.zeros(len(without)), with_second / without)


@mistake("interaction", "The effects lose their sign here. A change may help, too: no abs.")
def effects_without_sign(errors):
    return paired_difference(*abs(errors[1] - errors[0]))


@mistake(
    "interaction",
    "Two intervals are subtracted, end by end. Subtract the effects seed by seed, and take one "
    "interval of these differences.",
)
def intervals_subtracted(errors):
    without, with_second = (paired_difference(*errors[:, second]) for second in (0, 1))
    return tuple(b - a for a, b in zip(without, with_second))


@mistake("interaction", "These are the differences seed by seed. Return mean and interval.")
def differences_alone(errors):
    without, with_second = errors[1] - errors[0]
    return with_second - without


@mistake("interaction", "You halved it. An interaction is the whole difference of two effects.")
def halved(errors):
    return tuple(end / 2 for end in interaction(errors))


@mistake("interaction", "This is only the mean. Its interval says whether to believe it.")
def mean_alone(errors):
    return interaction(errors)[0]


@mistake(
    "interaction", "The seeds are averaged before anything is subtracted: no interval is left."
)
def averaged_first(errors):
    mean = interaction(errors)[0]
    return mean, mean, mean


@mistake("interaction", "Seeds were taken for the second change: errors[first, second, seed].")
def seeds_for_conditions(errors):
    first, second = (errors[1] - errors[0])[:, 0], (errors[1] - errors[0])[:, 1]
    return paired_difference(first, second)


@accepted("interaction")
def second_change_first(errors):
    return paired_difference(errors[0, 1] - errors[0, 0], errors[1, 1] - errors[1, 0])


@accepted("interaction")
def four_at_once(errors):
    each = errors[1, 1] - errors[0, 1] - errors[1, 0] + errors[0, 0]
    return paired_difference(np.zeros(len(each)), each)


# row_weights


def shared(positions, rows):
    """Clamped positions, their lower rows, and the share of the row above."""
    positions = np.minimum(np.ravel(positions), rows - 1)
    floor = np.floor(positions).astype(int)
    return positions, floor, positions - floor


def counted(lower, weights, rows):
    return np.bincount(lower, weights=weights, minlength=rows)[:rows].astype(float)


@mistake("row_weights", "The shares are swapped: 1.25 takes 0.75 from row 1, 0.25 from row 2.")
def shares_exchanged(positions, rows):
    _, floor, share = shared(positions, rows)
    above = np.minimum(floor + 1, rows - 1)
    return counted(floor, share, rows) + counted(above, 1 - share, rows)


@mistake("row_weights", "Each position goes to the row below alone. Split it over two rows.")
def floor_alone(positions, rows):
    _, floor, share = shared(positions, rows)
    return counted(floor, np.ones(len(share)), rows)


@mistake("row_weights", "Each position goes to the row above alone. Split it over two rows.")
def ceiling_alone(positions, rows):
    positions, _, share = shared(positions, rows)
    return counted(np.ceil(positions).astype(int), np.ones(len(share)), rows)


@mistake("row_weights", "Rows are counted from 1 here. Position 0 takes all from row 0.")
def rows_from_one(positions, rows):
    return row_weights(np.maximum(np.subtract(positions, 1.0), 0), rows)


@mistake("row_weights", "Each position goes to the nearest row alone. Split it over two rows.")
def nearest_row(positions, rows):
    positions, _, share = shared(positions, rows)
    return counted(np.rint(positions).astype(int), np.ones(len(share)), rows)


@mistake("row_weights", "The row above gets nothing. A share goes there, too.")
def lower_shares_alone(positions, rows):
    _, floor, share = shared(positions, rows)
    return counted(floor, 1 - share, rows)


@mistake(
    "row_weights",
    "Part of a position beyond the end is lost. Clamp the position itself, before its share is "
    "taken.",
)
def clamped_after_the_split(positions, rows):
    positions = np.ravel(positions)
    floor = np.floor(positions).astype(int)
    share = positions - floor
    last = np.minimum(floor, rows - 1)
    return counted(last, 1 - share, rows) + counted(floor + 1, share, rows)


@mistake(
    "row_weights",
    "A whole number gets nothing: its floor and its ceiling are the same row. The row below takes "
    "1 - share, not ceiling - position.",
)
def floor_and_ceiling(positions, rows):
    positions, floor, share = shared(positions, rows)
    ceiling = np.ceil(positions).astype(int)
    return counted(floor, ceiling - positions, rows) + counted(ceiling, share, rows)


@mistake(
    "row_weights", "Positions beyond the end begin again at row 0. They belong to the last row."
)
def around_the_end(positions, rows):
    positions = np.ravel(positions) % rows
    floor = np.floor(positions).astype(int)
    share = positions - floor
    return counted(floor, 1 - share, rows) + counted((floor + 1) % rows, share, rows)


@mistake("row_weights", "The shares are cut off to whole numbers. Return floats.")
def cut_to_integers(positions, rows):
    return row_weights(positions, rows).astype(int)


@mistake(
    "row_weights",
    "At the end there is no row above, and an index goes beyond the table. Clamp that row as well: "
    "its share there is 0.",
)
def one_row_beyond(positions, rows):
    _, floor, share = shared(positions, rows)
    weights = np.zeros(rows)
    np.add.at(weights, floor, 1 - share)
    np.add.at(weights, floor + 1, share)
    return weights


@mistake("row_weights", "This works for one axis only. Positions may have any shape: ravel first.")
def one_axis_only(positions, rows):
    weights = np.zeros(rows)
    for position in positions:
        position = min(position, rows - 1)
        floor = int(position)
        weights[floor] += 1 - (position - floor)
        if floor + 1 < rows:
            weights[floor + 1] += position - floor
    return weights


@mistake("row_weights", "Both rows get the whole position. The two shares add up to 1.")
def both_rows_whole(positions, rows):
    _, floor, share = shared(positions, rows)
    above = np.minimum(floor + 1, rows - 1)
    ones = np.ones(len(share))
    return counted(floor, ones, rows) + counted(above, 1.0 * (share > 0), rows)


@mistake("row_weights", "Positions beyond the last row are left out. They take all from that row.")
def beyond_the_end_left_out(positions, rows):
    positions = np.ravel(positions)
    return row_weights(positions[positions <= rows - 1], rows)


@mistake(
    "row_weights",
    "Where several positions share a row, only one of them counts: weights[rows] += shares loses "
    "repeated rows. Use np.bincount or np.add.at.",
)
def repeated_rows_lost(positions, rows):
    _, floor, share = shared(positions, rows)
    weights = np.zeros(rows)
    weights[floor] += 1 - share
    weights[np.minimum(floor + 1, rows - 1)] += share
    return weights


@mistake("row_weights", "These are shares of all positions. Return the sum of the shares.")
def divided_by_the_number_of_positions(positions, rows):
    return row_weights(positions, rows) / max(1, np.size(positions))


@mistake("row_weights", "The clamp is at `rows`, but the last row is rows - 1.")
def clamped_one_too_far(positions, rows):
    positions = np.minimum(np.ravel(positions), rows)
    floor = np.floor(positions).astype(int)
    share = positions - floor
    return counted(floor, 1 - share, rows) + counted(floor + 1, share, rows)


@mistake("row_weights", "The rows after the last used one are missing. There are `rows` of them.")
def unused_rows_missing(positions, rows):
    weights = row_weights(positions, rows)
    used = np.flatnonzero(weights)
    return weights[: used[-1] + 1 if used.size else 0]


@mistake("row_weights", "Only the first row of the array was counted. Any shape will do: ravel.")
def first_row_of_positions(positions, rows):
    return row_weights(positions[0] if np.ndim(positions) > 1 else positions, rows)


@mistake("row_weights", "The rows are in reverse order: row 0 is for position 0.")
def rows_reversed(positions, rows):
    return row_weights(positions, rows)[::-1]


@mistake("row_weights", "The last row is missing.")
def last_row_missing(positions, rows):
    return row_weights(positions, rows)[:-1]


@accepted("row_weights")
def one_by_one(positions, rows):
    weights = np.zeros(rows)
    for position in np.ravel(positions):
        position = min(position, rows - 1)
        floor = int(position)
        weights[floor] += 1 - (position - floor)
        if position > floor:
            weights[floor + 1] += position - floor
    return weights


@accepted("row_weights")
def by_tents(positions, rows):
    clamped = np.minimum(np.ravel(positions), rows - 1.0)[:, None]
    return np.maximum(0, 1 - abs(clamped - np.arange(rows))).sum(axis=0)

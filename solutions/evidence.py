"""How sure are we? What several runs of one training say together."""

import numpy as np

# Student's t: 95 % of the distribution lies within so many standard errors,
# by the number of values minus 1.
T_95 = {
    1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365,
    8: 2.306, 9: 2.262,
}  # fmt: skip


def over_seeds(errors):
    """What the runs of one training say together, test by test: the middle
    run, the best and the worst.

    A run that broke off has no error but NaN. Leaving it out would flatter
    the method, so it counts as 1: all wrong.

    errors    array (seeds, tests), from 0 to 1, or NaN; it stays as it is
    returns   array (3, tests): the median, the lowest, the highest

    >>> over_seeds(np.array([[0.1], [0.3], [np.nan]])).tolist()
    [[0.3], [0.1], [1.0]]
    """
    errors = np.where(np.isnan(errors), 1.0, errors)  # (seeds, tests)
    return np.stack(
        [np.median(errors, axis=0), errors.min(axis=0), errors.max(axis=0)]
    )


def choose_setting(runs):
    """The setting with the lowest mean error on validation texts; of equal
    ones, that with the lowest mean validation loss.

    Means are equal if they differ only by rounding, as 0.1 + 0.2 and 0.3 do:
    compare them to 12 digits.

    A run also has run["errors"], its errors in the tests. Don't look at
    them: if you choose by the tests, they test nothing any more.

    runs      list of dicts: run["setting"] names a setting, the same for all
              its seeds; run["validation"] is {"error": ..., "loss": ...}
    returns   the name of a setting

    >>> choose_setting([
    ...     {"setting": "a", "validation": {"error": 0.1, "loss": 0.3}},
    ...     {"setting": "a", "validation": {"error": 0.3, "loss": 0.3}},
    ...     {"setting": "b", "validation": {"error": 0.2, "loss": 0.1}},
    ... ])
    'b'
    """
    by_setting = {}
    for run in runs:
        by_setting.setdefault(run["setting"], []).append(run["validation"])
    return min(
        by_setting,
        key=lambda setting: tuple(
            round(np.mean([each[what] for each in by_setting[setting]]), 12)
            for what in ("error", "loss")
        ),
    )


def paired_difference(ours, theirs):
    """By how much two methods differ, seed by seed, with a 95 % interval.

    ours, theirs   errors, one per seed, in the same order of seeds, at least
                   two
    returns        the mean of theirs - ours, and the two ends of its interval
                   by Student's t: mean +- t s / sqrt(n), with s the standard
                   deviation of the differences (divided by n - 1) and t from
                   T_95[n - 1]; three floats

    >>> [round(x, 2) for x in paired_difference([1, 2, 3], [3, 5, 4])]
    [2.0, -0.48, 4.48]
    """
    difference = np.asarray(theirs, float) - np.asarray(ours, float)
    mean, n = difference.mean(), len(difference)
    margin = T_95[n - 1] * difference.std(ddof=1) / n**0.5
    return float(mean), float(mean - margin), float(mean + margin)


def interaction(errors):
    """Does what one change does depend on another?

    The effect of the first change is how many errors more there are with it
    than without, seed by seed. The interaction is by how much that effect is
    larger with the second change than without.

    errors    array (2, 2, seeds): errors[first, second, seed], where index 1
              is with a change, and 0 without
    returns   its mean over the seeds, and the two ends of its 95 % interval,
              as paired_difference gives them

    >>> errors = np.array([[[1.0, 2.0], [5.0, 6.0]],    # without the first
    ...                    [[2.0, 3.0], [9.0, 10.0]]])  # with it
    >>> interaction(errors)  # 4 more errors instead of 1 more, in both seeds
    (3.0, 3.0, 3.0)
    """
    without, with_second = errors[1] - errors[0]  # (seeds,) each
    return paired_difference(without, with_second)


def row_weights(positions, rows):
    """How much each row of CoPE's table is used.

    A position between two whole numbers takes a share from the rows of both:
    1.25 takes 0.75 from row 1 and 0.25 from row 2. A position beyond the last
    row takes all from the last row.

    positions   array of any shape, numbers from 0 up
    rows        number of rows, at least 1
    returns     float array (rows,): the sum of the shares that are taken from
                each row

    >>> row_weights(np.array([0.0, 1.25, 7.0]), rows=4).tolist()
    [1.0, 0.75, 0.25, 1.0]
    """
    positions = np.minimum(positions, rows - 1).ravel()
    floor = np.floor(positions).astype(int)
    share = positions - floor  # of the row above
    lower = np.bincount(floor, weights=1 - share, minlength=rows)
    above = np.minimum(floor + 1, rows - 1)  # at the end its share is 0
    return lower + np.bincount(above, weights=share, minlength=rows)

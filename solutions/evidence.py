"""How sure are we? What several runs of one training say together."""

import numpy as np

# Student's t: 95 % of the distribution lies within so many standard errors,
# by the number of values minus 1.
T_95 = {
    1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365,
    8: 2.306, 9: 2.262,
}  # fmt: skip


def choose_setting(runs):
    """The setting with the lowest mean error on validation texts; of equal
    ones, that with the lowest mean validation loss.

    Nothing else in a run is looked at. If you choose by the tests, they test
    nothing any more.

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
                   deviation of the differences (divided by n - 1)

    >>> [round(x, 2) for x in paired_difference([1, 2, 3], [3, 5, 4])]
    [2.0, -0.48, 4.48]
    """
    difference = np.asarray(theirs, float) - np.asarray(ours, float)
    mean, n = difference.mean(), len(difference)
    margin = T_95[n - 1] * difference.std(ddof=1) / n**0.5
    return float(mean), float(mean - margin), float(mean + margin)

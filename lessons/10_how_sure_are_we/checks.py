"""Lesson 10: what medians, choices, intervals, interactions and used rows must satisfy."""

import numpy as np

from classroom.checking import about, check, require

about(
    "over_seeds",
    stars=1,
    minutes=6,
    hints=(
        "First decide what a run that broke off counts as; then take three numbers of each column.",
        "With three runs and one test, [[0.1], [0.3], [NaN]] becomes [[0.1], [0.3], [1.0]]. In the "
        "middle of the column is 0.3, its smallest is 0.1, its largest 1.0, so the result is "
        "[[0.3], [0.1], [1.0]]. The input stays as it is, so make a new array: np.where(condition, "
        "a, b) takes from a where the condition is true and from b elsewhere, and np.isnan is such "
        "a condition. All three numbers are taken along axis 0, the seeds.",
        "np.stack puts three rows on top of each other: np.median, then .min, then .max, each "
        "along axis 0 of the array without NaN.",
    ),
)


@check("over_seeds")
def seven_runs(answer):
    """Seven runs and three tests: the middle run is another one in each test."""
    errors = np.random.default_rng(0).random((7, 3))
    return answer(errors), answer(np.array([[0.02], [0.01], [0.9]]))


@check("over_seeds")
def an_even_number(answer):
    """Of four runs the median is halfway between the two in the middle; one run is all three."""
    return answer(np.random.default_rng(1).random((4, 5))), answer(np.array([[0.25, 0.5]]))


@check("over_seeds")
def a_run_that_broke_off(answer):
    """A run that broke off counts as all wrong, also when it is not the last, or one of two."""
    errors = np.random.default_rng(2).random((5, 4)) / 2
    errors[1], errors[3, 2] = np.nan, np.nan
    return (
        answer(np.array([[0.1], [0.3], [np.nan]])),
        answer(errors),
        answer(np.array([[np.nan, 0.0], [0.5, 0.25]])),
    )


about(
    "choose_setting",
    stars=2,
    minutes=12,
    hints=(
        "Bring the runs of one setting together, and give every setting two numbers: its mean "
        "error and its mean loss, both on validation texts.",
        "In the example, setting a has the errors 0.1 and 0.3, so its mean is 0.2, and b has 0.2, "
        "too. So the loss decides: a has 0.3 and b has 0.1, and b wins. But 0.1 + 0.3 may come out "
        "as 0.4 plus a hair, and then two equal means differ: round them, to 12 digits for "
        "instance, before you compare. Python compares two tuples by their first entries, and by "
        "the second ones where the first are equal.",
        "A dict from settings to lists of validations, and then min over its keys, with key= a "
        "function that gives the tuple (mean error, mean loss) of a setting, rounded.",
    ),
)


class Sealed:
    """The errors in the tests. It notes whether they were read."""

    def __init__(self, values):
        self.values_inside, self.was_read = values, False

    def _read(self, *_):
        self.was_read = True
        return self.values_inside

    def __getitem__(self, key):
        return self._read()[key]

    def __iter__(self):
        return iter(self._read())

    def __len__(self):
        return len(self._read())

    def get(self, key, default=None):
        return self._read().get(key, default)

    def keys(self):
        return self._read().keys()

    def values(self):
        return self._read().values()

    def items(self):
        return self._read().items()

    def __eq__(self, other):  # two looks at the same run see the same
        return isinstance(other, Sealed) and self.values_inside == other.values_inside

    __hash__ = None


def runs_of(settings, tests=None):
    """Runs from {setting: [(error, loss), ...]}, with sealed tests."""
    rng = np.random.default_rng(0)
    return [
        {
            "setting": setting,
            "validation": {"error": error, "loss": loss},
            "errors": Sealed(tests or {"in distribution": float(rng.random())}),
        }
        for setting, pairs in settings.items()
        for error, loss in pairs
    ]


@check("choose_setting")
def the_tests_stay_sealed(answer):
    """The errors in the tests are never read."""
    runs = runs_of({"lr 0.002": [(0.3, 1.0), (0.1, 0.9)], "lr 0.008": [(0.1, 0.5), (0.2, 0.8)]})
    chosen = answer(runs)
    require(
        not any(run["errors"].was_read for run in runs),
        'Your code reads run["errors"], the errors in the tests. A choice that has seen the tests '
        "makes them part of the training: use the validation alone.",
    )
    return chosen


@check("choose_setting")
def the_lowest_mean_error(answer):
    """The mean over a setting's seeds decides, not its best run, and not its number of runs."""
    return (
        answer(runs_of({"a": [(0.0, 1), (0.5, 1)], "b": [(0.1, 2), (0.2, 2)]})),
        answer(runs_of({"a": [(0.3, 2)], "b": [(0.2, 2), (0.2, 2), (0.2, 2)]})),
        answer(runs_of({"a": [(0.25, 1), (0.25, 1), (0.01, 1)], "b": [(0.2, 2)]})),
        answer(runs_of({"a": [(0.4, 1)], "b": [(0.3, 3)], "c": [(0.2, 2)]})),
        *(answer(runs) for runs in random_runs(12)),
    )


def random_runs(number, tie=False):
    """Lists of runs: four settings with three runs each. With a tie, all have the same errors, in
    sixteenths, whose sums are exact in any order.
    """
    rng = np.random.default_rng(3)
    for _ in range(number):
        errors, losses = rng.random((4, 3)).round(3), rng.random((4, 3)).round(3)
        if tie:
            errors = rng.permuted(np.tile(rng.integers(16, size=3) / 16, (4, 1)), axis=1)
        names = [f"setting {letter}" for letter in rng.permutation(list("pqrs"))]
        yield runs_of({name: zip(*both) for name, *both in zip(names, errors, losses)})


@check("choose_setting")
def the_loss_decides_ties(answer):
    """Of equal mean errors, the lower mean loss decides, wherever the setting is in the list."""
    return (
        answer(runs_of({"a": [(0.25, 0.3), (0.75, 0.3)], "b": [(0.5, 0.1)]})),
        answer(runs_of({"b": [(0.0, 0.2), (0.0, 0.1)], "a": [(0.0, 0.1), (0.0, 0.3)]})),
        *(answer(runs) for runs in random_runs(6, tie=True)),
    )


@check("choose_setting")
def rounding_decides_nothing(answer):
    """The worked example; and means that differ only in their last digit are equal, too."""
    return (
        answer(runs_of({"a": [(0.1, 0.3), (0.3, 0.3)], "b": [(0.2, 0.1)]})),
        answer(runs_of({"a": [(0.1, 0.4), (0.2, 0.2)], "b": [(0.3, 0.9), (0.0, 0.5)]})),
        answer(runs_of({"b": [(0.3, 0.9), (0.0, 0.5)], "a": [(0.1, 0.4), (0.2, 0.2)]})),
    )


@check("choose_setting")
def mixed_runs(answer):
    """Runs come in any order; names of settings are of any kind."""
    runs = runs_of({3: [(0.2, 0.5), (0.4, 0.5)], 7: [(0.3, 0.4), (0.2, 0.6)], 1: [(0.9, 0.1)] * 2})
    order = np.random.default_rng(1).permutation(len(runs))
    return answer([runs[i] for i in order]), answer(runs_of({"only": [(0.5, 0.5)]}))


about(
    "paired_difference",
    stars=2,
    minutes=12,
    hints=(
        "Subtract first, seed by seed. From here on there is one list of numbers, and the question "
        "is how sure we can be of its mean.",
        "In the example the differences theirs - ours are 2, 3 and 1. Their mean is 2. Their "
        "standard deviation, divided by n - 1, is 1. With n = 3, t is T_95[2] = 4.303, so the "
        "margin is 4.303 * 1 / sqrt(3) = 2.48, and the interval goes from -0.48 to 4.48. That "
        "includes 0, so three seeds like these prove nothing. np.asarray makes arrays of lists, "
        "and .std has an argument ddof, which is subtracted from n.",
        "A margin of T_95[n - 1], times the standard deviation with ddof=1, over the root of n. "
        "Return the mean, the mean minus the margin, and the mean plus the margin, as floats.",
    ),
)


@check("paired_difference")
def three_seeds(answer):
    """The worked example, lists as well as arrays; the sign says whose errors are more."""
    return answer([1, 2, 3], [3, 5, 4]), answer(np.array([3, 5, 4]), np.array([1, 2, 3]))


@check("paired_difference")
def two_to_ten_seeds(answer):
    """Each number of seeds has its own t."""
    rng = np.random.default_rng(0)
    return [answer(rng.random(n), 1 + 2 * rng.random(n)) for n in range(2, 11)]


@check("paired_difference")
def pairs_belong_together(answer):
    """A difference that is the same for all seeds has no doubt, however much the seeds differ."""
    return answer([1.0, 5.0, 9.0], [2.0, 6.0, 10.0]), answer([4.0, 1.0], [4.0, 1.0])


about(
    "interaction",
    stars=2,
    minutes=8,
    hints=(
        "One effect is a difference of two errors. An interaction is a difference of two effects. "
        "Both are taken seed by seed.",
        "In the example, seed 0 has errors[:, :, 0] = [[1, 5], [2, 9]]. Without the second change, "
        "the first takes 1 to 2: the effect is 1. With it, the first takes 5 to 9: the effect is "
        "4. The interaction is 4 - 1 = 3. In the array, errors[1] - errors[0] gives the effects of "
        "the first change, (2, seeds): row 0 without the second change, row 1 with it.",
        "You wrote paired_difference(ours, theirs), which takes theirs minus ours. Which of the "
        "two rows of effects is which?",
    ),
)


@check("interaction")
def effects_of_one_and_four(answer):
    """The worked example; then one where the first change helps, and one without interaction."""
    example = np.array([[[1.0, 2.0], [5.0, 6.0]], [[2.0, 3.0], [9.0, 10.0]]])
    added = np.array([[[1.0, 3.0, 2.0], [2.0, 5.0, 7.0]], [[0.0, 2.0, 1.0], [1.0, 4.0, 6.0]]])
    return answer(example), answer(example[::-1]), answer(added)


@check("interaction")
def five_seeds(answer):
    """Random errors of two, five and seven seeds: the mean and both ends."""
    rng = np.random.default_rng(0)
    return [answer(rng.random((2, 2, n))) for n in (2, 5, 7)]


about(
    "row_weights",
    stars=3,
    minutes=15,
    hints=(
        "Each position brings a weight of 1 in total and splits it over two rows. What happens to "
        "a position at the end of the table, or beyond?",
        "Take 1.25 with 4 rows: floor 1, share 0.25. Row 2 gets 0.25 and row 1 gets 0.75. Take 7: "
        "clamped to 3, the last row; floor 3, share 0, so row 3 gets 1, and the row above, which "
        "isn't there, would get 0. So clamp first, then floor, and let the row above be at most "
        "the last one. Many positions fall on the same row, and `weights[rows] += shares` would "
        "keep only one of them.",
        "np.bincount(floors, weights=1 - share, minlength=rows) adds up the lower rows, and a "
        "second one, with the rows above and the shares, the upper ones. It wants one axis: ravel.",
    ),
)


@check("row_weights")
def three_positions(answer):
    """The worked example: a whole number, a fraction, and one beyond the end."""
    return answer(np.array([0.0, 1.25, 7.0]), rows=4), answer(np.array([2.75, 3.0, 3.5]), rows=4)


@check("row_weights")
def many_on_the_same_row(answer):
    """Positions that share a row add up, and any shape will do."""
    rng = np.random.default_rng(0)
    return (
        answer(np.array([1.5, 1.5, 1.25, 1.0]), rows=3),
        answer(6 * rng.random((2, 3, 4)), rows=5),
        answer(3 * rng.random((5, 5)), rows=9),
    )


@check("row_weights")
def whole_positions(answer):
    """Whole numbers, written as floats or as integers; a table of one row."""
    return (
        answer(np.array([0.0, 1.0, 1.0, 2.0, 9.0]), rows=3),
        answer(np.array([[0, 1], [3, 2]]), rows=6),
        answer(np.array([0.0, 0.5, 8.0]), rows=1),
    )

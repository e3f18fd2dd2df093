"""Lesson 13: mistakes with cosines, probes, the masked batch, and RoPE's pairs."""

import numpy as np

from classroom.checking import accepted, mistake
from solutions.probing import logistic_regression, ridge
from solutions.training import UNSCORED

# cosine_map


def lengths(vectors):
    return np.linalg.norm(vectors, axis=1, keepdims=True)  # (n, 1)


@mistake("cosine_map", "These are dot products. Divide each vector by its length first.")
def dot_products(vectors):
    return vectors @ vectors.T


@mistake(
    "cosine_map", "Only one of the two vectors is divided by its length. A cosine needs both to be."
)
def one_side_only(vectors):
    return vectors / lengths(vectors) @ vectors.T


@mistake("cosine_map", "Only one of the two vectors is divided by its length, the second one.")
def other_side_only(vectors):
    return vectors @ (vectors / lengths(vectors)).T


@mistake("cosine_map", "You divided by the squared length. Take the root of the sum of squares.")
def squared_length(vectors):
    unit = vectors / lengths(vectors) ** 2
    return unit @ unit.T


@mistake(
    "cosine_map", "The columns have length 1 here, not the vectors. Sum the squares along axis 1."
)
def columns_of_length_one(vectors):
    unit = vectors / np.linalg.norm(vectors, axis=0, keepdims=True)
    return unit @ unit.T


@mistake(
    "cosine_map",
    "All vectors are divided by one number, the length of the whole table. Each has its own.",
)
def length_of_the_table(vectors):
    unit = vectors / np.linalg.norm(vectors)
    return unit @ unit.T


CORRELATIONS = (
    "The vectors' means were subtracted first: these are correlations. A cosine leaves the numbers "
    "as they are."
)


@mistake("cosine_map", CORRELATIONS)
def by_corrcoef(vectors):
    with np.errstate(all="ignore"):
        return np.corrcoef(vectors)


@mistake("cosine_map", CORRELATIONS)
def correlations(vectors):
    centered = vectors - vectors.mean(axis=1, keepdims=True)
    return dot_products(centered / np.maximum(lengths(centered), 1e-300))


@mistake(
    "cosine_map", "The mean vector was subtracted first. A cosine leaves the vectors as they are."
)
def around_the_mean_vector(vectors):
    centered = vectors - vectors.mean(axis=0)
    return dot_products(centered / np.maximum(lengths(centered), 1e-300))


@mistake("cosine_map", "These are distances, 1 - cosine. Asked for is the cosine itself.")
def cosine_distance(vectors):
    return 1 - dot_products(vectors / lengths(vectors))


@mistake("cosine_map", "The signs are gone: vectors that point away from each other have -1.")
def without_signs(vectors):
    return abs(dot_products(vectors / lengths(vectors)))


@mistake(
    "cosine_map",
    "You divided by the sum of the absolute values. A length is the root of the sum of squares.",
)
def sum_of_absolute_values(vectors):
    return dot_products(vectors / abs(vectors).sum(axis=1, keepdims=True))


@mistake("cosine_map", "These are cosines of the columns. Compare the rows: unit @ unit.T.")
def of_columns(vectors):
    unit = vectors / np.linalg.norm(vectors, axis=0, keepdims=True)
    return unit.T @ unit


@mistake("cosine_map", "These are angles. Asked for are their cosines.")
def angles(vectors):
    return np.arccos(np.clip(dot_products(vectors / lengths(vectors)), -1, 1))


@mistake(
    "cosine_map",
    "Each vector is divided by its largest number. Its length is the root of the sum of squares.",
)
def largest_number(vectors):
    return dot_products(vectors / abs(vectors).max(axis=1, keepdims=True))


@mistake("cosine_map", "These are distances between vectors. Asked for are cosines of angles.")
def euclidean(vectors):
    return np.linalg.norm(vectors[:, None] - vectors, axis=-1)


@mistake(
    "cosine_map",
    "The products are divided by the root of dim, as attention does. Divide by the two lengths.",
)
def as_attention_scales(vectors):
    return vectors @ vectors.T / np.sqrt(vectors.shape[1])


@mistake(
    "cosine_map", "Only one half is filled in. The cosine of i with j is that of j with i, too."
)
def upper_half_only(vectors):
    return np.triu(dot_products(vectors / lengths(vectors)))


@mistake(
    "cosine_map", "Only one half is filled in. The cosine of i with j is that of j with i, too."
)
def lower_half_only(vectors):
    return np.tril(dot_products(vectors / lengths(vectors)))


@mistake(
    "cosine_map",
    "The lengths have the shape (n,), and that does not divide rows. With keepdims=True it is "
    "(n, 1), which does.",
)
def without_keepdims(vectors):
    return dot_products(vectors / np.linalg.norm(vectors, axis=1))


@mistake("cosine_map", "The diagonal is 0. Every vector has the cosine 1 with itself.")
def without_itself(vectors):
    return dot_products(vectors / lengths(vectors)) * (1 - np.eye(len(vectors)))


@mistake(
    "cosine_map",
    "Something is added to the lengths. It protects from zeros, which do not occur here, and short "
    "vectors come out too short.",
)
def safe_division(vectors):
    return dot_products(vectors / (lengths(vectors) + 1e-8))


@mistake(
    "cosine_map",
    "Each product is divided twice by the length of the second vector, and never by the first's.",
)
def second_length_twice(vectors):
    norms = np.linalg.norm(vectors, axis=1)
    return vectors @ vectors.T / norms / norms


@mistake(
    "cosine_map",
    "The mean of the squares is in the length. A length has their sum: with it, every vector has "
    "the cosine 1 with itself.",
)
def mean_of_squares(vectors):
    return dot_products(vectors / np.sqrt((vectors**2).mean(axis=1, keepdims=True)))


@mistake("cosine_map", shown_by="inputs_are_kept")
def in_place(vectors):
    vectors /= lengths(vectors)
    return vectors @ vectors.T


@accepted("cosine_map")
def product_over_lengths(vectors):
    norms = np.sqrt((vectors**2).sum(axis=1))
    return np.inner(vectors, vectors) / np.outer(norms, norms)


@accepted("cosine_map")
def pair_by_pair(vectors):
    n = len(vectors)
    result = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            product = sum(a * b for a, b in zip(vectors[i], vectors[j]))
            result[i, j] = product / np.linalg.norm(vectors[i]) / np.linalg.norm(vectors[j])
    return result


# position_probe


def each_fold(fold):
    """The bool array of every fold."""
    return [fold == each for each in np.unique(fold)]


def fitted(vectors, positions, held_out):
    return ridge(vectors[~held_out], positions[~held_out])


def predictions(vectors, positions, fold):
    """What the right answer predicts, before it is rounded."""
    predicted = np.empty(len(vectors))
    for held_out in each_fold(fold):
        weights, intercept = fitted(vectors, positions, held_out)
        predicted[held_out] = vectors[held_out] @ weights + intercept
    return predicted


@mistake(
    "position_probe",
    "The map was fitted to all vectors, those to predict among them: it knows the answers. Fit to "
    "vectors[~held_out].",
)
def fitted_to_all(vectors, positions, fold):
    weights, intercept = ridge(vectors, positions)
    return float(abs((vectors @ weights + intercept).round() - positions).mean())


@mistake(
    "position_probe",
    "Each fold is predicted by a map that was fitted to this very fold. Fit to the others.",
)
def fitted_to_its_own_fold(vectors, positions, fold):
    predicted = np.empty(len(vectors))
    for own in each_fold(fold):
        weights, intercept = ridge(vectors[own], positions[own])
        predicted[own] = vectors[own] @ weights + intercept
    return float(abs(predicted.round() - positions).mean())


@mistake(
    "position_probe",
    "The map is fitted to one fold and predicts the others. It is the other way around: fit to all "
    "others, predict the one.",
)
def roles_exchanged(vectors, positions, fold):
    errors = []
    for own in each_fold(fold):
        weights, intercept = ridge(vectors[own], positions[own])
        errors += [abs((vectors[~own] @ weights + intercept).round() - positions[~own])]
    return float(np.concatenate(errors).mean())


@mistake("position_probe", "The predictions are not rounded to whole positions.")
def not_rounded(vectors, positions, fold):
    return float(abs(predictions(vectors, positions, fold) - positions).mean())


@mistake("position_probe", "The errors are squared. Take their absolute values.")
def squared_errors(vectors, positions, fold):
    error = predictions(vectors, positions, fold).round() - positions
    return float((error**2).mean())


@mistake(
    "position_probe",
    "This is the root of the mean square. Asked for is the mean of the absolute values.",
)
def root_mean_square(vectors, positions, fold):
    error = predictions(vectors, positions, fold).round() - positions
    return float((error**2).mean() ** 0.5)


@mistake(
    "position_probe",
    "Errors of both signs cancel. Take the absolute value of each before the mean.",
)
def signed_errors(vectors, positions, fold):
    return float((predictions(vectors, positions, fold).round() - positions).mean())


@mistake("position_probe", "The intercept is missing: predict x @ weights + intercept.")
def no_intercept(vectors, positions, fold):
    predicted = np.empty(len(vectors))
    for held_out in each_fold(fold):
        weights, _ = fitted(vectors, positions, held_out)
        predicted[held_out] = vectors[held_out] @ weights
    return float(abs(predicted.round() - positions).mean())


@mistake(
    "position_probe",
    "The predictions are cut off, not rounded: 3.9 becomes 3. Use .round().",
)
def cut_off(vectors, positions, fold):
    return float(abs(predictions(vectors, positions, fold).astype(int) - positions).mean())


@mistake("position_probe", "The intercept is subtracted. Add it: x @ weights + intercept.")
def intercept_subtracted(vectors, positions, fold):
    predicted = np.empty(len(vectors))
    for held_out in each_fold(fold):
        weights, intercept = fitted(vectors, positions, held_out)
        predicted[held_out] = vectors[held_out] @ weights - intercept
    return float(abs(predicted.round() - positions).mean())


@mistake("position_probe", "The predictions are rounded down: 3.9 becomes 3. Use .round().")
def rounded_down(vectors, positions, fold):
    return float(abs(np.floor(predictions(vectors, positions, fold)) - positions).mean())


@mistake("position_probe", "The predictions are rounded up: 3.1 becomes 4. Use .round().")
def rounded_up(vectors, positions, fold):
    return float(abs(np.ceil(predictions(vectors, positions, fold)) - positions).mean())


@mistake(
    "position_probe",
    "This is the mean of the folds' means. Folds may differ in size: take the mean over all "
    "vectors.",
)
def mean_of_means(vectors, positions, fold):
    error = abs(predictions(vectors, positions, fold).round() - positions)
    return float(np.mean([error[held_out].mean() for held_out in each_fold(fold)]))


@mistake(
    "position_probe",
    "Only the first fold is predicted: the function returns within the loop.",
)
def first_fold_only(vectors, positions, fold):
    held_out = each_fold(fold)[0]
    error = abs(predictions(vectors, positions, fold).round() - positions)
    return float(error[held_out].mean())


@mistake(
    "position_probe",
    "Only the last fold counts: each round of the loop replaces what the one before found.",
)
def last_fold_only(vectors, positions, fold):
    held_out = each_fold(fold)[-1]
    error = abs(predictions(vectors, positions, fold).round() - positions)
    return float(error[held_out].mean())


NOT_ALL_FOLDS = (
    "One fold is never predicted: does the loop end, or begin, one too early or too late? "
    "np.unique(fold) has them all."
)


def predicted_in(vectors, positions, fold, folds):
    """Predictions in some of the folds; 0 in the others."""
    inside = np.isin(fold, folds)
    return np.where(inside, predictions(vectors, positions, fold), 0), inside


@mistake(
    "position_probe",
    "The map is judged on the vectors it was fitted to. Judge it on the fold that was left out.",
)
def judged_where_fitted(vectors, positions, fold):
    errors = []
    for held_out in each_fold(fold):
        weights, intercept = fitted(vectors, positions, held_out)
        predicted = vectors[~held_out] @ weights + intercept
        errors.append(abs(predicted.round() - positions[~held_out]))
    return float(np.concatenate(errors).mean())


@mistake("position_probe", "This is one error per vector. Take their mean.")
def one_error_per_vector(vectors, positions, fold):
    return abs(predictions(vectors, positions, fold).round() - positions)


@mistake(
    "position_probe", "Only the folds 0 and 1 are predicted. There may be more: np.unique(fold)."
)
def two_folds_only(vectors, positions, fold):
    predicted, inside = predicted_in(vectors, positions, fold, (0, 1))
    return float(abs(predicted.round() - positions)[inside].mean())


@mistake("position_probe", "The errors are rounded down. Round the predictions: .round().")
def errors_rounded_down(vectors, positions, fold):
    return float(np.floor(abs(predictions(vectors, positions, fold) - positions)).mean())


@mistake("position_probe", NOT_ALL_FOLDS)
def without_the_last_fold(vectors, positions, fold):
    predicted, inside = predicted_in(vectors, positions, fold, np.unique(fold)[:-1])
    return float(abs(predicted.round() - positions)[inside].mean())


@mistake("position_probe", NOT_ALL_FOLDS)
def without_the_first_fold(vectors, positions, fold):
    predicted, inside = predicted_in(vectors, positions, fold, np.unique(fold)[1:])
    return float(abs(predicted.round() - positions)[inside].mean())


@mistake("position_probe", NOT_ALL_FOLDS)
def zeros_in_the_last_fold(vectors, positions, fold):
    predicted, _ = predicted_in(vectors, positions, fold, np.unique(fold)[:-1])
    return float(abs(predicted.round() - positions).mean())


@mistake("position_probe", NOT_ALL_FOLDS)
def zeros_in_the_first_fold(vectors, positions, fold):
    predicted, _ = predicted_in(vectors, positions, fold, np.unique(fold)[1:])
    return float(abs(predicted.round() - positions).mean())


@mistake("position_probe", NOT_ALL_FOLDS)
def all_divide_without_the_last_fold(vectors, positions, fold):
    predicted, inside = predicted_in(vectors, positions, fold, np.unique(fold)[:-1])
    return float(abs(predicted.round() - positions)[inside].sum() / len(vectors))


@mistake(
    "position_probe",
    "You compared with the row numbers. The position of each vector is in `positions`.",
)
def row_numbers(vectors, positions, fold):
    rows = np.arange(len(vectors))
    return float(abs(predictions(vectors, rows, fold).round() - rows).mean())


@mistake(
    "position_probe",
    "Your folds are every fifth vector. The fold of each vector is in `fold`.",
)
def folds_of_its_own(vectors, positions, fold):
    own = np.arange(len(vectors)) % 5
    return float(abs(predictions(vectors, positions, own).round() - positions).mean())


@mistake(
    "position_probe",
    "This is the share of wrong predictions. Asked for is how far off they are, on average.",
)
def share_of_wrong(vectors, positions, fold):
    return float((predictions(vectors, positions, fold).round() != positions).mean())


@mistake("position_probe", "This is the sum of the errors. Divide by the number of vectors.")
def sum_of_errors(vectors, positions, fold):
    return float(abs(predictions(vectors, positions, fold).round() - positions).sum())


@mistake(
    "position_probe",
    "The sum of the errors is divided by the number of folds. Divide by the number of vectors.",
)
def per_fold(vectors, positions, fold):
    error = abs(predictions(vectors, positions, fold).round() - positions)
    return float(error.sum() / len(np.unique(fold)))


@mistake("position_probe", "This is the largest error. Take the mean.")
def largest_error(vectors, positions, fold):
    return float(abs(predictions(vectors, positions, fold).round() - positions).max())


@mistake("position_probe", "This is the median error. Take the mean.")
def median_error(vectors, positions, fold):
    return float(np.median(abs(predictions(vectors, positions, fold).round() - positions)))


@mistake(
    "position_probe",
    "Predictions outside of all positions are moved to the first or the last one. Leave them: far "
    "off is far off.",
)
def clipped(vectors, positions, fold):
    predicted = predictions(vectors, positions, fold).clip(positions.min(), positions.max())
    return float(abs(predicted.round() - positions).mean())


@mistake("position_probe", "The mean error is rounded. Round the predictions instead.")
def rounded_at_the_end(vectors, positions, fold):
    return float(abs(predictions(vectors, positions, fold) - positions).mean().round())


@accepted("position_probe")
def one_vector_at_a_time(vectors, positions, fold):
    total = 0.0
    for x, position, its_fold in zip(vectors, positions, fold):
        weights, intercept = ridge(vectors[fold != its_fold], positions[fold != its_fold])
        total += abs(round(float(x @ weights + intercept)) - position)
    return total / len(vectors)


@accepted("position_probe")
def errors_in_a_list(vectors, positions, fold):
    errors = []
    for each in range(fold.max() + 1):
        inside, outside = np.flatnonzero(fold == each), np.flatnonzero(fold != each)
        weights, intercept = ridge(vectors[outside], positions[outside])
        for i in inside:
            errors.append(abs(np.rint(np.dot(vectors[i], weights) + intercept) - positions[i]))
    return np.mean(errors)


# order_probe


def two_vectors(vectors, first, second):
    return np.hstack([vectors[first], vectors[second]])


def says_later(x, later, fold, fit=logistic_regression):
    """What the right answer says of each pair."""
    says = np.empty(len(x), dtype=bool)
    for held_out in each_fold(fold):
        weights, intercept = fit(x[~held_out], later[~held_out])
        says[held_out] = x[held_out] @ weights + intercept > 0
    return says


def wrong_pairs(vectors, first, second, fold):
    later = second > first
    return says_later(two_vectors(vectors, first, second), later, fold) != later


@mistake(
    "order_probe",
    "The probe sees the difference of the two vectors. It should see both: the first one's "
    "numbers, then the second one's.",
)
def differences(vectors, first, second, fold):
    later = second > first
    return float((says_later(vectors[second] - vectors[first], later, fold) != later).mean())


@mistake(
    "order_probe",
    "What the probe sees does not change when the two vectors are exchanged. Is it their sum? It "
    "should see one vector after the other.",
)
def sums(vectors, first, second, fold):
    later = second > first
    return float((says_later(vectors[second] + vectors[first], later, fold) != later).mean())


@mistake("order_probe", "The probe sees the first vector only.")
def first_vector_only(vectors, first, second, fold):
    later = second > first
    return float((says_later(vectors[first], later, fold) != later).mean())


@mistake("order_probe", "The probe sees the second vector only.")
def second_vector_only(vectors, first, second, fold):
    later = second > first
    return float((says_later(vectors[second], later, fold) != later).mean())


@mistake(
    "order_probe",
    "The probe sees the two positions themselves, so the answer is easy. It should see their "
    "vectors.",
)
def sees_the_positions(vectors, first, second, fold):
    later = second > first
    return float((says_later(np.stack([first, second], 1) * 1.0, later, fold) != later).mean())


@mistake(
    "order_probe",
    "This is the share of pairs it gets right. Asked for is the share it does not. (Or was y True "
    "where the *first* is later, in the fit alone?)",
)
def share_of_right(vectors, first, second, fold):
    return float(1 - wrong_pairs(vectors, first, second, fold).mean())


@mistake(
    "order_probe",
    "The boundary was fitted to all pairs, those to predict among them: it knows the answers.",
)
def boundary_fitted_to_all(vectors, first, second, fold):
    x, later = two_vectors(vectors, first, second), second > first
    weights, intercept = logistic_regression(x, later)
    return float(((x @ weights + intercept > 0) != later).mean())


@mistake(
    "order_probe",
    "Each fold is judged by a boundary that was fitted to this very fold. Fit to the others.",
)
def boundary_of_its_own_fold(vectors, first, second, fold):
    x, later = two_vectors(vectors, first, second), second > first
    says = np.empty(len(x), dtype=bool)
    for own in each_fold(fold):
        weights, intercept = logistic_regression(x[own], later[own])
        says[own] = x[own] @ weights + intercept > 0
    return float((says != later).mean())


@mistake(
    "order_probe",
    "The boundary is fitted to one fold and judges the others. It is the other way around: fit to "
    "all others, judge the one.",
)
def boundary_roles_exchanged(vectors, first, second, fold):
    x, later, wrong = two_vectors(vectors, first, second), second > first, []
    for own in each_fold(fold):
        weights, intercept = logistic_regression(x[own], later[own])
        wrong += [(x[~own] @ weights + intercept > 0) != later[~own]]
    return float(np.concatenate(wrong).mean())


@mistake("order_probe", "The intercept is missing: x @ weights + intercept > 0.")
def boundary_without_intercept(vectors, first, second, fold):
    x, later = two_vectors(vectors, first, second), second > first
    says = np.empty(len(x), dtype=bool)
    for held_out in each_fold(fold):
        weights, _ = logistic_regression(x[~held_out], later[~held_out])
        says[held_out] = x[held_out] @ weights > 0
    return float((says != later).mean())


@mistake(
    "order_probe",
    "You compared x @ weights + intercept with 0.5. That is the limit for the sigmoid of it; here "
    "the limit is 0.",
)
def half_as_the_limit(vectors, first, second, fold):
    x, later = two_vectors(vectors, first, second), second > first
    says = np.empty(len(x), dtype=bool)
    for held_out in each_fold(fold):
        weights, intercept = logistic_regression(x[~held_out], later[~held_out])
        says[held_out] = x[held_out] @ weights + intercept > 0.5
    return float((says != later).mean())


@mistake(
    "order_probe",
    "The boundary comes from `ridge`, with 0 as the limit between the numbers 0 and 1. Use "
    "logistic_regression.",
)
def linear_regression_of_truth(vectors, first, second, fold):
    later = second > first
    x = two_vectors(vectors, first, second)
    return float((says_later(x, later, fold, ridge) != later).mean())


@mistake(
    "order_probe",
    "This is the mean of the folds' shares. Folds may differ in size: take the share of all pairs.",
)
def mean_of_shares(vectors, first, second, fold):
    wrong = wrong_pairs(vectors, first, second, fold)
    return float(np.mean([wrong[held_out].mean() for held_out in each_fold(fold)]))


@mistake("order_probe", "Only the first fold is judged: the function returns within the loop.")
def first_fold_of_pairs(vectors, first, second, fold):
    return float(wrong_pairs(vectors, first, second, fold)[each_fold(fold)[0]].mean())


@mistake(
    "order_probe",
    "Only the last fold counts: each round of the loop replaces what the one before found.",
)
def last_fold_of_pairs(vectors, first, second, fold):
    return float(wrong_pairs(vectors, first, second, fold)[each_fold(fold)[-1]].mean())


@mistake(
    "order_probe",
    "The boundary is judged on the pairs it was fitted to. Judge it on the fold that was left out.",
)
def boundary_judged_where_fitted(vectors, first, second, fold):
    x, later, wrong = two_vectors(vectors, first, second), second > first, []
    for held_out in each_fold(fold):
        weights, intercept = logistic_regression(x[~held_out], later[~held_out])
        wrong += [(x[~held_out] @ weights + intercept > 0) != later[~held_out]]
    return float(np.concatenate(wrong).mean())


@mistake("order_probe", "Only the folds 0 and 1 are judged. There may be more: np.unique(fold).")
def two_folds_of_pairs_only(vectors, first, second, fold):
    return float(wrong_pairs(vectors, first, second, fold)[fold < 2].mean())


@mistake(
    "order_probe",
    "The probe sees the products of the two vectors. It should see both: the first one's numbers, "
    "then the second one's.",
)
def products(vectors, first, second, fold):
    later = second > first
    return float((says_later(vectors[first] * vectors[second], later, fold) != later).mean())


@mistake("order_probe", NOT_ALL_FOLDS)
def pairs_without_the_last_fold(vectors, first, second, fold):
    wrong = wrong_pairs(vectors, first, second, fold)
    return float(wrong[fold != fold.max()].mean())


@mistake("order_probe", NOT_ALL_FOLDS)
def pairs_without_the_first_fold(vectors, first, second, fold):
    wrong = wrong_pairs(vectors, first, second, fold)
    return float(wrong[fold != fold.min()].mean())


@mistake("order_probe", NOT_ALL_FOLDS)
def all_divide_without_the_last_fold_of_pairs(vectors, first, second, fold):
    wrong = wrong_pairs(vectors, first, second, fold)
    return float(wrong[fold != fold.max()].sum() / len(wrong))


@mistake("order_probe", "Your folds are every fifth pair. The fold of each pair is in `fold`.")
def pair_folds_of_its_own(vectors, first, second, fold):
    return float(wrong_pairs(vectors, first, second, np.arange(len(first)) % 5).mean())


@mistake("order_probe", "This is the number of wrong pairs. Divide by the number of pairs.")
def number_of_wrong_pairs(vectors, first, second, fold):
    return float(wrong_pairs(vectors, first, second, fold).sum())


@mistake("order_probe", "This is in per cent. Asked for is a share, from 0 to 1.")
def in_per_cent(vectors, first, second, fold):
    return float(100 * wrong_pairs(vectors, first, second, fold).mean())


@accepted("order_probe")
def second_vector_first(vectors, first, second, fold):
    x, earlier = two_vectors(vectors, second, first), first > second
    return float((says_later(x, earlier, fold) != earlier).mean())


@accepted("order_probe")
def by_the_sigmoid(vectors, first, second, fold):
    x = np.concatenate((vectors[first], vectors[second]), axis=1)
    wrong = 0
    for each in set(fold.tolist()):
        weights, intercept = logistic_regression(x[fold != each], (second > first)[fold != each])
        for i in np.flatnonzero(fold == each):
            likely = 1 / (1 + np.exp(-(x[i] @ weights + intercept)))
            wrong += (likely > 0.5) != (second[i] > first[i])
    return wrong / len(x)


# masked_batch


def hidden_or_replaced(ids, draws, others, mask_id, share):
    """What the model reads, as it is right."""
    inputs = np.where(draws < 0.9 * share, others, ids)
    return np.where(draws < 0.8 * share, mask_id, inputs)


def asked(ids, draws, share):
    """The right targets."""
    return np.where(draws < share, ids, UNSCORED)


@mistake(
    "masked_batch",
    "Every token is a target. Only those with draws < share are asked for; elsewhere the target is "
    "UNSCORED.",
)
def all_asked(ids, draws, others, mask_id, share=0.15):
    return hidden_or_replaced(ids, draws, others, mask_id, share), ids.copy()


@mistake(
    "masked_batch",
    "Only hidden tokens are asked for. The replaced ones, and those the model reads as they are, "
    "are too: draws < share.",
)
def only_hidden_asked(ids, draws, others, mask_id, share=0.15):
    inputs = hidden_or_replaced(ids, draws, others, mask_id, share)
    return inputs, np.where(draws < 0.8 * share, ids, UNSCORED)


@mistake(
    "masked_batch",
    "Only hidden and replaced tokens are asked for. Those that the model reads as they are, with "
    "0.9 share <= draws < share, are too.",
)
def only_changed_asked(ids, draws, others, mask_id, share=0.15):
    inputs = hidden_or_replaced(ids, draws, others, mask_id, share)
    return inputs, np.where(draws < 0.9 * share, ids, UNSCORED)


@mistake(
    "masked_batch",
    "A token is asked for wherever the input differs from it. So the tokens that are read as they "
    "are, with 0.9 share <= draws < share, are missing, and with them a token that is replaced by "
    "itself.",
)
def asked_where_different(ids, draws, others, mask_id, share=0.15):
    inputs = hidden_or_replaced(ids, draws, others, mask_id, share)
    return inputs, np.where(inputs != ids, ids, UNSCORED)


@mistake(
    "masked_batch",
    "The targets are the wrong way around: asked for are the tokens with draws < share, not the "
    "others.",
)
def others_asked(ids, draws, others, mask_id, share=0.15):
    inputs = hidden_or_replaced(ids, draws, others, mask_id, share)
    return inputs, np.where(draws < share, UNSCORED, ids)


@mistake(
    "masked_batch",
    "All tokens that are asked for are hidden. Hide those with draws < 0.8 share; the rest is "
    "replaced, or stays as it is.",
)
def all_hidden(ids, draws, others, mask_id, share=0.15):
    return np.where(draws < share, mask_id, ids), asked(ids, draws, share)


@mistake(
    "masked_batch",
    "No token is replaced by one of `others`: those with 0.8 share <= draws < 0.9 share should be.",
)
def none_replaced(ids, draws, others, mask_id, share=0.15):
    return np.where(draws < 0.8 * share, mask_id, ids), asked(ids, draws, share)


@mistake(
    "masked_batch",
    "Every token that is not hidden but asked for is replaced. Those with draws from 0.9 share on "
    "stay as they are.",
)
def none_kept(ids, draws, others, mask_id, share=0.15):
    inputs = np.where(draws < share, others, ids)
    return np.where(draws < 0.8 * share, mask_id, inputs), asked(ids, draws, share)


@mistake(
    "masked_batch",
    "The limits 0.8 and 0.9 are used as they are. They are parts of the share: 0.8 * share and "
    "0.9 * share.",
)
def limits_without_share(ids, draws, others, mask_id, share=0.15):
    return hidden_or_replaced(ids, draws, others, mask_id, 1.0), asked(ids, draws, share)


@mistake(
    "masked_batch",
    "The limits 0.8 and 0.9 are used as they are where a token is asked for. They are parts of the "
    "share: 0.8 * share and 0.9 * share.",
)
def limits_without_share_where_asked(ids, draws, others, mask_id, share=0.15):
    inputs = hidden_or_replaced(ids, draws, others, mask_id, 1.0)
    return np.where(draws < share, inputs, ids), asked(ids, draws, share)


@mistake(
    "masked_batch",
    "The tokens that no draw chooses become mask_id, too: where draws >= 0.9 * share, the model "
    "reads the token itself.",
)
def all_others_hidden(ids, draws, others, mask_id, share=0.15):
    inputs = np.where(draws < 0.9 * share, others, mask_id)
    return np.where(draws < 0.8 * share, mask_id, inputs), asked(ids, draws, share)


@mistake(
    "masked_batch",
    "The two steps come in the wrong order: tokens that were hidden are replaced by `others` "
    "afterwards, so none stays hidden.",
)
def replaced_last(ids, draws, others, mask_id, share=0.15):
    return np.where(draws < 0.9 * share, others, ids), asked(ids, draws, share)


@mistake(
    "masked_batch",
    "Replaced and kept tokens are exchanged: from 0.8 to 0.9 share the model reads `others`, from "
    "0.9 share on the token itself.",
)
def kept_and_replaced_exchanged(ids, draws, others, mask_id, share=0.15):
    inputs = np.where((draws >= 0.9 * share) & (draws < share), others, ids)
    return np.where(draws < 0.8 * share, mask_id, inputs), asked(ids, draws, share)


@mistake(
    "masked_batch",
    "A number exactly at a limit is counted to the kind below. All three limits are `<`.",
)
def limits_included(ids, draws, others, mask_id, share=0.15):
    inputs = np.where(draws <= 0.9 * share, others, ids)
    inputs = np.where(draws <= 0.8 * share, mask_id, inputs)
    return inputs, np.where(draws <= share, ids, UNSCORED)


@mistake(
    "masked_batch",
    "The targets are what the model reads. They should be the true tokens, from ids.",
)
def inputs_as_targets(ids, draws, others, mask_id, share=0.15):
    inputs = hidden_or_replaced(ids, draws, others, mask_id, share)
    return inputs, asked(inputs, draws, share)


@mistake("masked_batch", "Where nothing is asked the target is -1. It should be UNSCORED, -100.")
def minus_one(ids, draws, others, mask_id, share=0.15):
    inputs = hidden_or_replaced(ids, draws, others, mask_id, share)
    return inputs, np.where(draws < share, ids, -1)


@mistake(
    "masked_batch",
    "Where nothing is asked the target is 0, which is a token. It should be UNSCORED, -100.",
)
def zero_as_target(ids, draws, others, mask_id, share=0.15):
    inputs = hidden_or_replaced(ids, draws, others, mask_id, share)
    return inputs, np.where(draws < share, ids, 0)


@mistake(
    "masked_batch", "Where nothing is asked the target is mask_id. It should be UNSCORED, -100."
)
def mask_as_target(ids, draws, others, mask_id, share=0.15):
    inputs = hidden_or_replaced(ids, draws, others, mask_id, share)
    return inputs, np.where(draws < share, ids, mask_id)


@mistake("masked_batch", "The share is always 15 %, whatever is given.")
def always_fifteen(ids, draws, others, mask_id, share=0.15):
    return hidden_or_replaced(ids, draws, others, mask_id, 0.15), asked(ids, draws, 0.15)


@mistake(
    "masked_batch",
    "Large numbers are asked for here, draws > 1 - share. It should be the small ones, draws < "
    "share.",
)
def from_the_top(ids, draws, others, mask_id, share=0.15):
    return hidden_or_replaced(ids, 1 - draws, others, mask_id, share), asked(ids, 1 - draws, share)


@mistake(
    "masked_batch",
    "The replaced tokens get the first ones of `others`, one after the other. Each takes the one "
    "at its own index: others[replaced].",
)
def others_in_order(ids, draws, others, mask_id, share=0.15):
    inputs = ids.copy()
    replaced = (draws >= 0.8 * share) & (draws < 0.9 * share)
    inputs[replaced] = others.ravel()[: replaced.sum()]
    inputs[draws < 0.8 * share] = mask_id
    return inputs, asked(ids, draws, share)


@mistake(
    "masked_batch",
    "The targets are the next tokens, as a decoder's are. Here each is the token that is hidden "
    "at its own position.",
)
def next_tokens_asked(ids, draws, others, mask_id, share=0.15):
    inputs = hidden_or_replaced(ids, draws, others, mask_id, share)
    return inputs, asked(np.roll(ids, -1, axis=1), draws, share)


@mistake(
    "masked_batch",
    "Tokens from 0.9 share on are replaced, too, those that are not asked for among them. Is it "
    "`|` where both conditions must be true? That is `&`.",
)
def either_condition(ids, draws, others, mask_id, share=0.15):
    return np.where(draws < 0.8 * share, mask_id, others), asked(ids, draws, share)


@mistake(
    "masked_batch", "The targets come from `others`. They should be the true tokens, from ids."
)
def others_as_targets(ids, draws, others, mask_id, share=0.15):
    return hidden_or_replaced(ids, draws, others, mask_id, share), asked(others, draws, share)


@mistake("masked_batch", "The two results are exchanged: the inputs come first.")
def targets_first(ids, draws, others, mask_id, share=0.15):
    inputs = hidden_or_replaced(ids, draws, others, mask_id, share)
    return asked(ids, draws, share), inputs


@mistake("masked_batch", "Hidden tokens become 0. They should become mask_id.")
def hidden_by_zero(ids, draws, others, mask_id, share=0.15):
    return hidden_or_replaced(ids, draws, others, 0, share), asked(ids, draws, share)


@mistake(
    "masked_batch",
    "The tokens that are not asked for are hidden, too. They are read as they are.",
)
def everything_else_hidden(ids, draws, others, mask_id, share=0.15):
    inputs = hidden_or_replaced(ids, draws, others, mask_id, share)
    return np.where(draws >= share, mask_id, inputs), asked(ids, draws, share)


@mistake("masked_batch", shown_by="inputs_are_kept")
def hidden_in_place(ids, draws, others, mask_id, share=0.15):
    targets = asked(ids, draws, share)
    ids[draws < 0.8 * share] = mask_id
    replaced = (draws >= 0.8 * share) & (draws < 0.9 * share)
    ids[replaced] = others[replaced]
    return ids, targets


@accepted("masked_batch")
def token_by_token(ids, draws, others, mask_id, share=0.15):
    inputs, targets = ids.copy(), np.full(ids.shape, -100)
    for row in range(ids.shape[0]):
        for column in range(ids.shape[1]):
            draw = draws[row, column]
            if draw < share:
                targets[row, column] = ids[row, column]
                if draw < 0.8 * share:
                    inputs[row, column] = mask_id
                elif draw < 0.9 * share:
                    inputs[row, column] = others[row, column]
    return inputs, targets


@accepted("masked_batch")
def by_select(ids, draws, others, mask_id, share=0.15):
    kinds = [draws < 0.8 * share, draws < 0.9 * share]
    targets = np.full_like(ids, UNSCORED)
    targets[draws < share] = ids[draws < share]
    return np.select(kinds, [np.full_like(ids, mask_id), others], ids), targets


# pair_norms


def in_pairs(x):
    return x.reshape(-1, x.shape[-1] // 2, 2)  # (vectors, pair, 2)


@mistake(
    "pair_norms",
    "Column c is paired with column c + head_dim / 2 here, the other layout. The task pairs "
    "neighbors, 2c and 2c + 1.",
)
def halves(x):
    x = x.reshape(-1, x.shape[-1])
    return np.hypot(*np.split(x, 2, axis=-1)).mean(axis=0)


@mistake("pair_norms", "The lengths are summed over the vectors. Take their mean.")
def summed(x):
    return np.linalg.norm(in_pairs(x), axis=-1).sum(axis=0)


@mistake(
    "pair_norms",
    "This is the length of the mean vector, in which opposite vectors cancel. Take lengths first, "
    "then the mean.",
)
def length_of_the_mean(x):
    return np.linalg.norm(in_pairs(x).mean(axis=0), axis=-1)


@mistake(
    "pair_norms",
    "This is the root of the mean of the squares. Take the root for each vector, then the mean.",
)
def root_of_mean_square(x):
    return np.sqrt((in_pairs(x) ** 2).sum(axis=-1).mean(axis=0))


@mistake("pair_norms", "The root is missing: these are squared lengths.")
def squared_lengths(x):
    return (in_pairs(x) ** 2).sum(axis=-1).mean(axis=0)


@mistake(
    "pair_norms",
    "You added the absolute values of the two columns. A length is the root of the sum of squares.",
)
def added_values(x):
    return abs(in_pairs(x)).sum(axis=-1).mean(axis=0)


@mistake("pair_norms", "Only the even columns are looked at. A pair has two.")
def even_columns(x):
    return abs(in_pairs(x)[..., 0]).mean(axis=0)


@mistake("pair_norms", "Only the odd columns are looked at. A pair has two.")
def odd_columns(x):
    return abs(in_pairs(x)[..., 1]).mean(axis=0)


@mistake(
    "pair_norms",
    "The lengths of all vectors are there, one by one. Take the mean over them: the result is "
    "(head_dim / 2,).",
)
def without_a_mean(x):
    return np.linalg.norm(x.reshape(*x.shape[:-1], -1, 2), axis=-1)


@mistake(
    "pair_norms",
    "The mean is taken along the first axis only. Take it over all axes but the last.",
)
def mean_of_the_first_axis(x):
    pairs = np.linalg.norm(x.reshape(*x.shape[:-1], -1, 2), axis=-1)
    return pairs.mean(axis=0) if x.ndim > 1 else pairs


@mistake(
    "pair_norms",
    "The mean is taken along one axis only, the positions. Take it over all axes but the last.",
)
def mean_over_positions_only(x):
    pairs = np.linalg.norm(x.reshape(*x.shape[:-1], -1, 2), axis=-1)
    return pairs.mean(axis=-2) if x.ndim > 1 else pairs


@mistake(
    "pair_norms",
    "The mean is taken along the first two axes only. Take it over all axes but the last.",
)
def mean_of_two_axes(x):
    pairs = np.linalg.norm(x.reshape(*x.shape[:-1], -1, 2), axis=-1)
    return pairs.mean(axis=tuple(range(min(x.ndim - 1, 2))))


@mistake(
    "pair_norms",
    "Your pairs overlap: each column is in two of them. The columns are 2c and 2c + 1.",
)
def overlapping_pairs(x):
    x = x.reshape(-1, x.shape[-1])
    return np.hypot(x[:, :-1], x[:, 1:]).mean(axis=0)


@mistake("pair_norms", "Each length is there twice. There is one per pair: head_dim / 2 of them.")
def every_length_twice(x):
    return np.repeat(np.linalg.norm(in_pairs(x), axis=-1).mean(axis=0), 2)


@mistake("pair_norms", "The lengths are divided by their sum. Leave them as they are.")
def as_shares(x):
    norms = np.linalg.norm(in_pairs(x), axis=-1).mean(axis=0)
    return norms / norms.sum()


@mistake("pair_norms", "This is the largest length of each pair. Take the mean.")
def largest_length(x):
    return np.linalg.norm(in_pairs(x), axis=-1).max(axis=0)


@mistake("pair_norms", "This is the median length of each pair. Take the mean.")
def median_length(x):
    return np.median(np.linalg.norm(in_pairs(x), axis=-1), axis=0)


@mistake(
    "pair_norms",
    "This is the mean of the two columns' squares under the root. The length has their sum.",
)
def mean_of_two(x):
    return np.sqrt((in_pairs(x) ** 2).mean(axis=-1)).mean(axis=0)


@mistake(
    "pair_norms",
    "This is the length of all vectors of a pair together. Take the length in each vector, then "
    "the mean.",
)
def one_length_for_all(x):
    return np.linalg.norm(in_pairs(x), axis=(0, 2))


@mistake("pair_norms", "The mean goes over the pairs, too. Each pair has a length of its own.")
def mean_of_everything(x):
    return np.linalg.norm(in_pairs(x), axis=-1).mean()


@mistake(
    "pair_norms",
    "The mean goes over the pairs, not over the vectors: mean(axis=0) where the pairs are axis 1.",
)
def mean_over_pairs(x):
    return np.linalg.norm(in_pairs(x), axis=-1).mean(axis=-1)


@accepted("pair_norms")
def by_slices(x):
    norms = np.sqrt(x[..., 0::2] ** 2 + x[..., 1::2] ** 2)
    return norms.mean(axis=tuple(range(x.ndim - 1)))


@accepted("pair_norms")
def pair_after_pair(x):
    x = x.reshape(-1, x.shape[-1])
    result = []
    for c in range(x.shape[1] // 2):
        result.append(np.mean([np.hypot(row[2 * c], row[2 * c + 1]) for row in x]))
    return np.array(result)

"""Chapter 05: what distances, clipping, Shaw's attention, the shift, buckets and slopes must satisfy."""
import math

import numpy as np

import minitorch as torch


class relative_positions:
    stars, minutes = 1, 4
    hints = (
        "Broadcasting, as in lesson 00: key positions as a row, query positions as a column, row minus "
        "column.",
        "The keys stand at np.arange(key_len). The queries are the last query_len of these positions.",
        "return np.arange(key_len) - np.arange(key_len - query_len, key_len)[:, None]",
    )

    def example(answer, expect):
        """Three queries, three keys: 0 on the diagonal, the past is negative."""
        want = np.array([[0, 1, 2], [-1, 0, 1], [-2, -1, 0]])
        expect.equal(answer(3, 3), want, mistakes=(
            (-want, "The sign is turned round: this is query minus key (or rows and columns are exchanged). "
                    "Key minus query makes the past, below the diagonal, negative."),
            (abs(want), "The direction is lost: the distance to a key in the past is negative, to one ahead "
                        "positive."),
            (want + 1, "A token is at distance 0 from itself, not 1: i and j count from the same place."),
            (want - 1, "A token is at distance 0 from itself, not -1: i and j count from the same place."),
            (np.minimum(want, 0), "The keys ahead have been set to 0. They are not masked here: their "
                                  "distance is positive."),
            (want.astype(float), "The distances are right, but floats. They will be used to look up rows of "
                                 "tables: make them integers."),
        ))

    def cached(answer, expect):
        """The last two of five positions ask: query 0 stands at position 3."""
        want = np.array([[-3, -2, -1, 0, 1], [-4, -3, -2, -1, 0]])
        expect.equal(answer(2, 5), want, mistakes=(
            (np.arange(5) - np.arange(2)[:, None], "Your queries stand at the beginning, at 0 and 1. With a "
                                                   "cache they are the *last* of the key positions, here 3 "
                                                   "and 4."),
            (np.arange(5) - np.arange(5)[:, None], "There are key_len rows here, one for each key. The rows "
                                                   "are the query_len queries, the last ones."),
            (want.T, "Rows and columns are exchanged: rows are queries, columns are keys."),
        ))
        expect.equal(answer(1, 3), np.array([[-2, -1, 0]]), "With 1 query and 3 keys.")
        expect.equal(answer(0, 3), np.zeros((0, 3), int), "With 0 queries the table has no rows. A slice "
            "[-query_len:] takes all of them then, since -0 is 0; [key_len - query_len:] does not.")

    def refused(answer, expect):
        """More queries than keys make no sense, nor do lengths below 0 or between whole numbers."""
        helper = "Refuse it, with check_lengths(query_len, key_len)."
        expect.raises(ValueError, lambda: answer(4, 3), f"Four queries and three keys: one query has no "
                                                        f"place to stand. {helper}")
        expect.raises(ValueError, lambda: answer(-1, 3), f"-1 queries were accepted. {helper}")
        expect.raises(ValueError, lambda: answer(1.5, 3), f"1.5 queries were accepted. {helper}")


class sign_convention:
    stars, minutes = 1, 5
    hints = (
        "`relative_positions` gives you one of the two matrices. What is the other one?",
        "Compare whole matrices: (distances == something).all() is True if every single entry agrees.",
        "right = relative_positions(*distances.shape). The first name if (distances == right).all(), the "
        "second one if that holds for -right.",
    )

    def printed(answer, expect):
        """The article's printed matrix, and the one that its formula gives."""
        one, other = "query minus key", "key minus query"
        alike = ("Both matrices get the same name. They agree on their diagonals, so one equal entry, as "
                 "found by .any(), says nothing: compare all entries.")
        expect.equal((answer(-_distances(4)), answer(_distances(4))), (one, other), mistakes=(
            ((other, one), "The two names are exchanged. In row 0, column 1, of the printed matrix the query "
                           "stands at 0 and the key at 1: -1 is query minus key."),
            ((one, one), alike), ((other, other), alike),
            (("neither", other), "The article's matrix is one of the two: every entry is i - j."),
            ((one, "neither"), "The matrix of the article's formula is one of the two: every entry is j - "
                               "i."),
        ))

    def neither(answer, expect):
        """Matrices that are neither: distances without direction, scaled, moved, or with one wrong entry."""
        for matrix, sentence in (
                (abs(_distances(4)), "|j - i| has no direction. It looks like key minus query above the "
                                     "diagonal and like query minus key below; look at both halves."),
                (2 * _distances(3), "2 (j - i) is neither. The signs are not enough, the numbers must be "
                                    "right."),
                (_distances(4) + 1, "j - i + 1 is neither. The diagonal must be 0."),
                (_typo(_distances(5)), "One entry in the middle is wrong, so it is neither. A few entries "
                                       "are not enough: look at all of them."),
                (_typo(-_distances(5)), "One entry in the middle is wrong, so it is neither. What is not the "
                                        "first kind need not be the second: compare with that as well.")):
            expect.equal(answer(matrix), "neither", sentence)

    def sizes(answer, expect):
        """Any length."""
        expect.equal(answer(_distances(2)), "key minus query")
        expect.equal(answer(-_distances(7)), "query minus key")


def _distances(seq):
    """Key minus query, entry by entry."""
    return np.array([[j - i for j in range(seq)] for i in range(seq)])


def _typo(matrix):
    matrix = matrix.copy()
    matrix[2, 3] += 1
    return matrix


class clip_distance:
    stars, minutes = 1, 5
    hints = (
        "Two steps: limit the distances on both sides, then move them so that -clip becomes row 0.",
        "np.clip(array, low, high) limits. Which number must be added to -clip to get 0?",
        "return np.clip(relative_position, -clip, clip) + clip",
    )

    def example(answer, expect):
        """The distances -7, -2, -1, 0, 1, 9 with clip 2: five rows, 0 to 4."""
        want = np.array([0, 0, 1, 2, 3, 4])
        expect.equal(answer(np.array([-7, -2, -1, 0, 1, 9]), 2), want, mistakes=(
            (want - 2, "Clipped, but not moved: rows of a table count from 0, so add clip. A negative row "
                       "would be taken from the table's end."),
            (np.array([0, 0, 0, 1, 2, 2]), "This clips at clip - 1, with 2 * clip - 1 rows. That many "
                                           "distances are there among `clip` positions; with clipping "
                                           "distance `clip` there are two more."),
            (np.array([-5, 0, 1, 2, 3, 11]), "Moved, but not clipped: -7 and 9 have no row in a table of 5."),
            (np.array([2, 2, 1, 0, 1, 2]), "The direction is lost: two back and two ahead get the same row."),
            (np.array([4, 4, 3, 2, 1, 0]),
             "Past and future are exchanged: row 0 is for the far past, the last row for the far future."),
            (want + 1, "The rows are counted from 1 here. They count from 0: clip or more back is row 0."),
            (np.array([2, 0, 1, 2, 3, 2]), "Distances that are too far became 0, as if they were the token "
                                           "itself. They become the farthest that there is, -clip or clip."),
            (np.array([-7, -2, -1, 0, 1, 9]) % 5, "A remainder goes round in a circle, so far tokens look "
                                                  "near. Clipping holds them at the edge."),
        ))

    def table(answer, expect):
        """For a whole table, with clip 1; and clip 0, which leaves one row."""
        want = np.array([[1, 2, 2, 2], [0, 1, 2, 2], [0, 0, 1, 2], [0, 0, 0, 1]])
        expect.equal(answer(_distances(4), 1), want, "For four tokens, with clip 1.")
        expect.equal(answer(_distances(3), 0), np.zeros((3, 3), int), "For three tokens, with clip 0.")

    def rows_are_fixed(answer, expect):
        """A distance has the same row in every text: with clip 2 the distances 0 and 1 have 2 and 3."""
        expect.equal(answer(np.array([0, 1]), 2), np.array([2, 3]), "The distances 0 and 1, with clip 2.",
                     mistakes=((np.array([0, 1]), "Row 0 is for -clip, not for the smallest distance that "
                                                  "happens to be there: distance 0 is in row clip, 2."),))

    def refused(answer, expect):
        """Distances are whole numbers, and clip is no less than 0."""
        helper = "Refuse it, with check_distances(relative_position, clip)."
        expect.raises(ValueError, lambda: answer(np.array([0.5]), 2),
                      f"Half a token was accepted as a distance. {helper}")
        expect.raises(ValueError, lambda: answer(np.array([1]), -1), f"A clip of -1 was accepted. {helper}")


def _shaw(q, k, v, key_vectors, value_vectors, sign=1, scale_tokens=None, scale_vectors=None,
          query=lambda i, j: i, key=lambda i, j: j, met_by_key=False, causal=False, by_query=False):
    """Pair by pair; the options bend it into the mistakes that people make."""
    seq, head_dim = q.shape
    clip = len(key_vectors) // 2
    row = lambda i, j: max(-clip, min(clip, sign * (j - i))) + clip
    tokens = head_dim ** -0.5 if scale_tokens is None else scale_tokens
    vectors = head_dim ** -0.5 if scale_vectors is None else scale_vectors
    e = np.zeros((seq, seq))
    for i in range(seq):
        for j in range(seq):
            at_distance = key_vectors[row(i, j)]
            one, other = q[query(i, j)], k[key(i, j)]
            e[i, j] = math.exp(one @ other * tokens + (other if met_by_key else one) @ at_distance * vectors)
            e[i, j] *= not causal or j <= i
    weights = e / e.sum(axis=0 if by_query else 1, keepdims=True)
    value = lambda i, j: v[j] + value_vectors[row(i, j)]
    return np.array([sum(weights[i, j] * value(i, j) for j in range(seq)) for i in range(seq)])


class shaw_attention:
    stars, minutes = 3, 15
    hints = (
        "First the rows of all pairs, (query, key). An array of rows picks vectors: key_vectors[rows] is "
        "(query, key, head_dim), one vector for each pair.",
        "k + key_vectors[rows] is (query, key, head_dim): a key of its own for each pair. Multiply by q[:, "
        "None], and sum over the last axis: the scores. The values go the same way, with weights[..., "
        "None].",
        "scores = (q[:, None] * (k + key_vectors[rows])).sum(-1) / np.sqrt(head_dim); "
        "result = (softmax(scores)[..., None] * (v + value_vectors[rows])).sum(1)",
    )

    def example(answer, expect):
        """The worked example: all weights are 1/2, so each result is a mean of two values and vectors."""
        nothing, v, vectors = np.zeros((2, 1)), np.array([[0.0], [60.0]]), np.array([[10.0], [20.0], [30.0]])
        got = answer(nothing, nothing, v, vectors, vectors)
        expect.equal(got, np.array([[55.0], [45.0]]), mistakes=(
            (np.array([[45.0], [55.0]]), "Past and future are exchanged: token 0 sees itself and one "
                                         "*ahead*, so it gets 20 and 30. The distance is j - i, key minus "
                                         "query."),
            (np.array([[30.0], [30.0]]), "The value vectors are missing: each v[j] gets the vector of its "
                                         "distance before it is weighted."),
            (np.array([[110.0], [90.0]]), "The weights do not sum to 1. Softmax along the keys, the last "
                                          "axis."),
            (np.array([[50.0], [50.0]]), "Every pair gets the vector of distance 0. The row is clip + j - i, "
                                         "clipped."),
            (np.array([[20.0], [45.0]]), "There is no mask here: token 0 may also look at token 1."),
            (np.array([[15.0], [85.0]]), "The weighted values are summed over the queries. result[i] is the "
                                         "sum over j, the keys: axis 1 of (query, key, head_dim)."),
            (np.array([[25.0], [75.0]]), "Token i brings its own value to all keys: v[:, None] lies along "
                                         "the queries. v[j] belongs to key j: add the vectors to v itself."),
        ))

    def random(answer, expect):
        """Six tokens, head_dim 4, clip 2: against plain loops."""
        q, k, v, key_vectors, value_vectors = given = _given()
        want = _shaw(*given)
        nothing = np.zeros_like(key_vectors)
        expect.equal(answer(*given), want, mistakes=(
            (_shaw(q, k, v, nothing, value_vectors), "The key vectors are missing in the scores: q[i] meets "
                                                     "k[j] *plus* the vector of the distance."),
            (_shaw(q, k, v, key_vectors, nothing), "The value vectors are missing: each v[j] gets the vector "
                                                   "of its distance before it is weighted."),
            (_shaw(*given, sign=-1), "Past and future are exchanged. The distance is j - i, key minus "
                                     "query."),
            (_shaw(*given, scale_tokens=1, scale_vectors=1), "The scores are not divided by sqrt(head_dim)."),
            (_shaw(*given, scale_tokens=1 / 4, scale_vectors=1 / 4),
                "The scores are divided by head_dim, not by its square root."),
            (_shaw(*given, scale_vectors=1), "Only q.k is divided by sqrt(head_dim). The whole bracket is: "
                                             "also q times the vector of the distance."),
            (_shaw(*given, met_by_key=True), "The key vector meets k[j]. In the formula the *query* meets "
                                             "the sum of key and vector."),
            (_shaw(*given, by_query=True), "The softmax runs over the queries. Each query shares its weight "
                                           "among the keys: along the last axis of (query, key)."),
            (_shaw(*given, query=lambda i, j: j),
                "q[j] meets the key, not q[i]: without [:, None] the queries lie along the keys. q[:, None] "
                "is (query, 1, head_dim)."),
            (_shaw(*given, key=lambda i, j: i),
                "Query i meets k[i] for every j: k[:, None] lies along the queries. k + key_vectors[rows] "
                "gives each pair its k[j]."),
            (_shaw(q, k, v, key_vectors, key_vectors), "The key vectors are added to the values too. Values "
                                                       "have vectors of their own, value_vectors."),
            (_shaw(*given, scale_tokens=6 ** -0.5, scale_vectors=6 ** -0.5),
                "The scores are divided by sqrt(seq), the root of the number of tokens. It is "
                "sqrt(head_dim), the width of a query: q.shape[-1]."),
            (_shaw(*given, causal=True), "There is a causal mask in it. None was asked for: every query sees "
                                         "every key."),
        ))

    def no_clip_needed(answer, expect):
        """Clip 0: one vector for all pairs. It moves every value alike."""
        q, k, v, _, _ = _given()
        vector = np.array([[1.0, 2.0, 3.0, 4.0]])
        expect.equal(answer(q, k, v, 0 * vector, vector), _shaw(q, k, v, 0 * vector, vector),
                     "With tables of one row, so clip is 0.")


def _given():
    rng = np.random.default_rng(7)
    return [*rng.standard_normal((3, 6, 4)), *rng.standard_normal((2, 5, 4))]


def _shifted(x):
    """Entry by entry, for the keys that a query may look at; 0 for the others."""
    query_len, key_len = x.shape[-2:]
    result = np.zeros_like(x)
    for i in range(query_len):
        at = key_len - query_len + i                      # the query's position
        for j in range(at + 1):
            result[..., i, j] = x[..., i, key_len - 1 - (at - j)]
    return result


def _visible(result):
    """What the mask leaves of (..., query, key): zeros for keys ahead of their query."""
    query_len, key_len = result.shape[-2:]
    return np.where(np.tri(query_len, key_len, key_len - query_len, dtype=bool), result, 0)


class relative_shift:
    stars, minutes = 2, 12
    hints = (
        "Follow the four steps of the picture. *lead, query_len, key_len = x.shape gives you the sizes, "
        "however many axes stand in front.",
        "torch.cat([zeros, x], dim=-1) with zeros of shape (*lead, query_len, 1) puts the column in front. "
        "Then reshape to (*lead, key_len + 1, query_len).",
        "return padded.reshape(*lead, key_len + 1, query_len)[..., 1:, :].reshape(x.shape)",
    )

    def example(answer, expect):
        """The worked example, 3 by 3; what lies above the diagonal does not count and is shown as 0."""
        x = np.arange(1.0, 10.0, dtype=np.float32).reshape(3, 3)
        got = answer(torch.tensor(x))
        expect.that(isinstance(got, torch.Tensor), "The result must be a tensor of the engine: gradients "
                                                   "flow through it.")
        expect.that(tuple(got.shape) == (3, 3), f"The shape is {tuple(got.shape)}. In the end the numbers "
                                                f"are read in the old shape again, (3, 3).")
        got = got.detach().numpy()
        expect.that(np.isfinite(got).all(), "Above the diagonal there is infinity or NaN. It will be masked, "
                                            "but must stay finite: -inf plus inf is not a number.")
        behind = np.concatenate([x, np.zeros((3, 1))], axis=1).reshape(4, 3)
        in_front = np.concatenate([np.zeros((3, 1)), x], axis=1).reshape(4, 3)
        expect.equal(_visible(got), _shifted(x), mistakes=(
            (_visible(x), "Nothing has moved. Only the last row may stay where it is."),
            (_visible(behind[1:].astype(np.float32)), "The zeros stand behind. They belong in front of each "
                                                      "row: step 2."),
            (_visible(in_front[:3].astype(np.float32)), "The last row was dropped. Drop the first one: step "
                                                        "4."),
            (_visible(behind[:3].astype(np.float32)), "The zeros stand behind, and the last row was dropped. "
                                                      "Zeros in front, and drop the first row."),
            (_visible(np.stack([np.roll(row, -i) for i, row in enumerate(x)])),
             "Row i moves i places. It is the other way round: the last row stays, the first moves farthest, "
             "by query_len - 1 - i places."),
            (_visible(np.stack([np.roll(row, 2 - i) for i, row in enumerate(x)])),
                "The rows move right. They move left."),
            (_visible(x[:, ::-1]), "The rows are turned round. Their order stays, from far to near; they "
                                   "only move."),
            (_visible(np.roll(x, -1, axis=1)), "All rows move by the same number of places. Each row moves "
                                               "one place less than the row above it."),
        ))

    def heads(answer, expect):
        """Axes in front, for batch and heads, stay as they are: (2, 3, 4, 4)."""
        x = np.random.default_rng(1).standard_normal((2, 3, 4, 4)).astype(np.float32)
        got = _or_none(lambda: answer(torch.tensor(x)))
        expect.that(got is not None and got.shape == x.shape, "With batch and heads in front it fails. "
                                                              "*lead, query_len, key_len = x.shape keeps "
                                                              "such axes; hand *lead on in every reshape.")
        expect.equal(_visible(got), _shifted(x), "Batch and heads are mixed up: only the last two axes may "
                                                 "be reshaped.")

    def cached(answer, expect):
        """Two queries, five keys: the queries are the last two positions."""
        x = np.arange(1.0, 11.0, dtype=np.float32).reshape(2, 5)
        got = _or_none(lambda: answer(torch.tensor(x)))
        expect.that(np.shape(got) != (5, 2), "With two queries and five keys the result is (5, 2), not (2, "
                                             "5): the last step is missing. Read the numbers in the old "
                                             "shape again.")
        expect.that(got is not None and got.shape == x.shape, "With two queries and five keys it fails. The "
                                                              "two sizes differ when there is a cache: the "
                                                              "padded table (query_len, key_len + 1) is read "
                                                              "as (key_len + 1, query_len).")
        expect.equal(_visible(got), _shifted(x), "With two queries and five keys: row i moves by query_len - "
                                                 "1 - i places, here 1 and 0.")

    def gradient(answer, expect):
        """The gradient flows back to where each score came from."""
        x = torch.tensor(np.ones((3, 3), np.float32), requires_grad=True)
        out = answer(x)
        expect.that(out.requires_grad, "No gradient flows through it: the result was built outside the "
                                       "engine. Use torch.cat and reshape, not .numpy().")
        (out * torch.tensor(np.tri(3, dtype=np.float32))).sum().backward()
        expect.equal(x.grad, np.tri(3, dtype=np.float32)[:, ::-1].copy())


def _or_none(call):
    """What the call gives, as an array; None if it raises."""
    try:
        return call().detach().numpy()
    except Exception:
        return None


def _bucket(distance, bidirectional=True, num_buckets=32, max_distance=128, whole=math.floor, capped=True,
            base=None, last=None):
    """The rule for one distance; the options bend it into the mistakes that people make."""
    buckets = num_buckets // 2 if bidirectional else num_buckets
    ahead = buckets if bidirectional and distance > 0 else 0
    n = abs(distance) if bidirectional else max(-distance, 0)
    exact = buckets // 2
    if n < exact:
        return ahead + n
    growth = math.log2(n / exact) / (math.log2(max_distance / exact) if base is None else base)
    bucket = exact + whole((buckets - exact if last is None else buckets - exact - 1) * growth)
    return ahead + (min(bucket, buckets - 1) if capped else bucket)


def _buckets(distances, **how):
    return np.array([_bucket(int(distance), **how) for distance in distances])


class t5_bucket:
    stars, minutes = 3, 15
    hints = (
        "First n, how far back (for both directions: how far away), and B. Then compute both cases for all n "
        "and choose with np.where. The logarithm of 0 is no number: np.maximum(n, B // 2) keeps the far case "
        "quiet where it is not used.",
        "Bidirectional: B = num_buckets // 2, n = abs(distance), and keys ahead (distance > 0) get B added "
        "in the end. Causal: B = num_buckets, n = np.maximum(-distance, 0).",
        "far = exact + (np.log2(np.maximum(n, exact) / exact) / np.log2(max_distance / exact) * "
        "exact).astype(int), at most B - 1, with exact = B // 2; then np.where(n < exact, n, far)",
    )

    def near(answer, expect):
        """Causal, near: 0 to 15 back have a bucket each, and what is ahead counts as 0."""
        distances = np.arange(-15, 4)
        want = np.array([*range(15, 0, -1), 0, 0, 0, 0])
        expect.equal(answer(distances, bidirectional=False), want, mistakes=(
            (np.maximum(distances, 0), "Past and future are exchanged: distances are key minus query, so the "
                                       "past is negative, and n is minus the distance."),
            (abs(distances), "Keys ahead got the bucket of keys behind. In the causal case they count as "
                             "distance 0."),
            (_buckets(distances), "This is the bidirectional rule: 16 buckets for the past. With "
                                  "bidirectional=False the past has all 32, and what is ahead counts as "
                                  "distance 0."),
            (_buckets(distances, bidirectional=False, num_buckets=16),
                "Only half of the buckets are used. Causal: B is num_buckets."),
        ))

    def far(answer, expect):
        """Causal, far: on a logarithmic scale, and from 113 on the last bucket."""
        distances = -np.array([*range(16, 140), 300, 5000])
        causal = lambda **how: _buckets(distances, bidirectional=False, **how)
        expect.equal(answer(distances, bidirectional=False), causal(), mistakes=(
            (causal(last=1), "Your last bucket begins at max_distance, 128. The rule spreads all B/2 far "
                             "buckets up to there, so the last one begins earlier, at 113."),
            (np.where(distances > -128, causal(num_buckets=32, capped=False).clip(max=30), 31),
             "Your last bucket begins at max_distance, 128. By the rule it begins at 113."),
            (causal(whole=round), "The fraction is rounded to the nearest whole number. The rule rounds down "
                                  "(floor)."),
            (causal(whole=math.ceil), "The fraction is rounded up. The rule rounds down (floor)."),
            (causal(capped=False), "Far distances get buckets that do not exist, 32 and more: at most B - "
                                   "1."),
            (causal(base=math.log2(math.e)), "The logarithm is not divided by ln(max_distance / (B/2)), so "
                                             "the buckets do not reach as far as max_distance."),
            (causal(base=math.log2(128)), "The divisor is ln(max_distance / (B/2)), not ln(max_distance): "
                                         "the far half begins at B/2."),
            (np.minimum(-distances, 31), "Far distances are only cut off. They share buckets on a "
                                         "logarithmic scale, from B/2 on."),
        ))

    def both_sides(answer, expect):
        """Bidirectional, the default: buckets 0 to 15 behind, 17 to 31 ahead."""
        distances = np.array([-200, -91, -90, -64, -40, -20, -16, -9, -8, -7, -1, 0, 1, 7, 8, 9, 20, 64, 200])
        want = _buckets(distances)
        expect.equal(answer(distances), want, mistakes=(
            (_buckets(-distances), "Past and future are exchanged: the buckets of keys *ahead* (positive "
                                   "distances) are counted from B on."),
            (np.where(distances > 0, want - 16, want), "Ahead and behind share their buckets. Keys ahead are "
                                                       "counted from B on."),
            (np.where(distances == 0, 16, want), "The token itself is counted as ahead. Only distances above "
                                                 "0 are; distance 0 has bucket 0."),
            (_buckets(distances, bidirectional=False), "Without an argument the rule is bidirectional; yours "
                                                       "is causal."),
            (np.where(distances > 0, _buckets(-abs(distances), bidirectional=False) + 32,
                      _buckets(-abs(distances), bidirectional=False)),
             "Each side has num_buckets here. They share them: B is num_buckets / 2."),
        ))

    def other_sizes(answer, expect):
        """Eight buckets up to distance 20, on a table of pairs."""
        distances = _distances(30)
        for bidirectional in (False, True):
            how = dict(bidirectional=bidirectional, num_buckets=8, max_distance=20)
            want = _buckets(distances.ravel(), **how).reshape(30, 30)
            default = _buckets(distances.ravel(), **how | dict(max_distance=128)).reshape(30, 30)
            expect.equal(answer(distances, **how), want, f"With bidirectional={bidirectional}, num_buckets=8 "
                         "and max_distance=20, for 30 tokens.", mistakes=(
                (default, "max_distance is 128 whatever is asked for."),))

    def refused(answer, expect):
        """Distances are whole numbers."""
        expect.raises(ValueError, lambda: answer(np.array([-3.5])),
                      "3.5 tokens back were accepted. Refuse it, with check_distances(relative_position).")


def _geometric(start, ratio, count):
    return np.array([start * ratio ** h for h in range(count)])


class alibi_slopes:
    stars, minutes = 2, 10
    hints = (
        "A power of two first: head h, counted from 1, has the slope 2^(-8h / num_heads). For 12 heads: "
        "which slopes would 16 heads have, and which of them have the 8 not got?",
        "power = 2 ** int(np.log2(num_heads)) is the power of two at or below num_heads. The slopes of 2 * "
        "power heads are 2^(-4h / power), h = 1, 2, 3, ...; every second one from the first on: h = 1, 3, "
        "5, ...",
        "np.concatenate([2.0 ** (-8 / power * np.arange(1, power + 1)), 2.0 ** (-4 / power * np.arange(1, 2 "
        "* (num_heads - power), 2))])",
    )

    def powers_of_two(answer, expect):
        """8 heads: 1/2, 1/4, ..., 1/256. 4 heads: 1/4, 1/16, 1/64, 1/256."""
        want = np.array([1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256])
        expect.equal(answer(8), want, mistakes=(
            (2 * want, "The series starts at 1: heads are counted from 1 here, and the first slope is "
                       "2^(-8/n) already."),
            (-want, "The slopes are negative. ALiBi subtracts slope times distance; the slopes themselves "
                    "are positive."),
            (want[::-1], "The flattest head comes first here. The series starts with the steepest, "
                         "2^(-8/n)."),
            (1 / np.arange(1, 9), "These are 1, 1/2, 1/3, ...: not geometric. Each slope is the one before "
                                  "it times 2^(-8/n)."),
            (1 / np.arange(2, 10), "These are 1/2, 1/3, 1/4, ...: not geometric. Each slope is the one "
                                   "before it times 2^(-8/n)."),
            (np.arange(8, 0, -1) / 16, "These fall by equal steps. Each slope is the one before it times "
                                       "2^(-8/n)."),
            (1 / want, "These are 2, 4, ..., 256: the sign of the exponent is missing."),
            (_geometric(1 / 4, 1 / 4, 4)[[0, 1, 2, 3, 0, 1, 2, 3]] * [1, 1, 1, 1, 2, 2, 2, 2],
             "8 was treated as if 4 were the nearest power of two. It is a power of two itself: the series "
             "of 8 heads is all."),
        ))
        expect.equal(answer(4), _geometric(1 / 4, 1 / 4, 4), mistakes=(
            (_geometric(1 / 2, 1 / 2, 4), "The ratio is 1/2 for any number of heads here. It is 2^(-8/n): "
                                          "1/4 for 4 heads, so that the flattest slope is always 1/256."),
            (_geometric(1 / 2, 1 / 4, 4), "The ratio is right, the start is not: it is 2^(-8/n) too."),
        ))
        expect.equal(answer(1), np.array([1 / 256]), "With 1 head.")

    def twelve(answer, expect):
        """12 heads: the 8 slopes of 8 heads, then 4 from between them. Likewise 3 and 6 heads."""
        eight, sixteen = _geometric(0.5, 0.5, 8), _geometric(2 ** -0.5, 2 ** -0.5, 16)
        want = np.array([*eight, *sixteen[[0, 2, 4, 6]]])
        expect.equal(answer(12), want, mistakes=(
            (_geometric(2 ** (-8 / 12), 2 ** (-8 / 12), 12), "This is the paper's formula for any n, used "
                                                             "for 12. The published code takes the 8 slopes "
                                                             "of 8 heads, then 4 of those of 16."),
            (sixteen[:12], "These are the first 12 slopes of 16 heads. Begin with all 8 of 8 heads, then "
                           "take 4 from those of 16."),
            (np.array([*eight, *sixteen[[1, 3, 5, 7]]]), "The last four repeat the first four: of the 16 "
                                                         "slopes every second is there already. Take the "
                                                         "others: the 1st, 3rd, 5th and 7th."),
            (np.array([*eight, *sixteen[:4]]), "The last four are the first of 16 heads in a row. Take every "
                                               "second one: the 1st, 3rd, 5th and 7th."),
            (np.sort(want)[::-1], "The right slopes, but sorted. Their order says which head gets which: "
                                  "first the 8, then the 4 more."),
            (np.array([*eight, *eight[:4]]), "The last four repeat the first four. They come from between: "
                                             "of 16 heads the 1st, 3rd, 5th and 7th."),
        ))
        expect.equal(answer(3), np.array([1 / 16, 1 / 256, 1 / 4]), "With 3 heads.")
        expect.equal(answer(6), np.array([1 / 4, 1 / 16, 1 / 64, 1 / 256, 1 / 2, 1 / 8]), "With 6 heads.")

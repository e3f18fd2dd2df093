"""Chapter 06: what a turned pair, the cache, both layouts, scores by distance, the way back, and RoPE as it
is used in a model must satisfy."""
import math

import numpy as np

import minitorch as torch


class rotate_pair:
    stars, minutes = 1, 3
    hints = (
        "Two lines, one for each coordinate, just as in the formula. Both need the *old* x and y.",
        "x, y = point takes the two numbers out; np.cos(angle) and np.sin(angle) want radians, as given.",
        "return np.array([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)])",
    )

    def any_angle(answer, expect):
        """The point [1, 2] turned by 0.5 radians, and the length of a point stays."""
        cos, sin = math.cos(0.5), math.sin(0.5)
        got = answer(np.array([1.0, 2.0]), 0.5)
        expect.equal(got, np.array([cos - 2 * sin, sin + 2 * cos]), mistakes=_turned(1, 2, 0.5))
        expect.equal(np.sqrt((got ** 2).sum()), math.sqrt(5))

    def quarter(answer, expect):
        """A quarter turn: [1, 0] goes to [0, 1], and [0, 1] to [-1, 0]."""
        expect.equal(answer(np.array([1.0, 0.0]), math.pi / 2), np.array([0.0, 1.0]))
        expect.equal(answer(np.array([0.0, 1.0]), math.pi / 2), np.array([-1.0, 0.0]))


def _turned(x, y, angle):
    """Where the common mistakes carry a point."""
    cos, sin = math.cos(angle), math.sin(angle)
    degrees = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    new_x = x * cos - y * sin
    return (
        (np.array([x * cos + y * sin, y * cos - x * sin]), "This turns clockwise, the other way. The minus "
                                                           "stands in the first row: new x = x cos - y sin."),
        (np.array([x * cos + y * sin, x * sin + y * cos]), "Both sines have a plus, and that is no rotation: "
                                                           "the length changes. new x has a minus."),
        (np.array([new_x, new_x * sin + y * cos]), "The new y is made from the new x: x was overwritten "
                                                   "before y was computed. Both rows need the old x."),
        (np.array([x * degrees[0] - y * degrees[1], x * degrees[1] + y * degrees[0]]),
         "The angle was taken for degrees. It is in radians, as np.cos and np.sin want it."),
        (np.array([x * sin - y * cos, x * cos + y * sin]), "Sine and cosine are exchanged: at angle 0 "
                                                           "nothing may move, so x stands beside the cosine "
                                                           "in the first row."),
        (np.array([float(x), float(y)]), "The point has not moved."),
    )


def _cache(seq_len, dim, base=10000.0, first=0, exponent=lambda i, dim: 2 * i / dim):
    """The angles in plain loops; the arguments bend them into the mistakes that people make."""
    angles = np.array([[(m + first) / base ** exponent(i, dim) for i in range(dim // 2)]
                       for m in range(seq_len)])
    return np.cos(angles), np.sin(angles)


class rope_cache:
    stars, minutes = 1, 6
    hints = (
        "First the angles as a table, positions down and pairs across. Then its cosine and its sine, two "
        "arrays.",
        "np.arange(seq_len)[:, None] is (seq, 1). angular_speeds(dim, base), from lesson 04, is (dim / 2,): "
        "base^(-2c / dim).",
        "angles = np.arange(seq_len)[:, None] * angular_speeds(dim, base); return np.cos(angles), "
        "np.sin(angles)",
    )

    def form(answer, expect):
        """Two arrays, cosines first, of shape (seq_len, dim / 2); position 0 has cosine 1 and sine 0."""
        got = answer(5, 6)
        expect.that(isinstance(got, tuple | list) and len(got) == 2,
                    "Two arrays are asked for: return cos, sin.")
        shape = np.shape(got[0])
        expect.that(shape != (5, 6), "The tables have dim columns. One angle belongs to a *pair* of columns, "
                                     "so there are dim / 2. (Some libraries store each angle twice; here "
                                     "nothing is stored twice.)")
        expect.that(shape != (3, 5), "Rows and columns are exchanged: a row for each position, a column for "
                                     "each pair.")
        expect.that(shape == np.shape(got[1]) == (5, 3), f"The shapes are {shape} and {np.shape(got[1])}; "
                                                         "for 5 positions and 6 columns they must be (5, "
                                                         "3).")
        expect.that(not (np.allclose(got[0][0], 0) and np.allclose(got[1][0], 1)),
                    "The two are exchanged: the cosines come first. At position 0 the cosine is 1.")
        expect.that(not np.allclose(got[0], _cache(5, 6, first=1)[0]),
                    "The positions are counted from 1 here. The first row is position 0: angle 0, cosine 1.")
        expect.equal(np.array([got[0][0], got[1][0]]), np.array([[1.0] * 3, [0.0] * 3]),
                     "The first row is position 0. All its angles are 0: cosine 1, sine 0.")

    def any_base(answer, expect):
        """Four positions, eight columns, base 16: against the formula in plain loops."""
        bent = lambda **how: _cache(4, 8, 16.0, **how)
        ignored = "Your angles do not depend on `base`: it is {} whatever is asked for."
        expect.equal(tuple(answer(4, 8, 16.0)), bent(), mistakes=(
            (bent(exponent=lambda i, dim: 4 * i / dim), "The exponent has the factor 2 twice: 4c / dim. "
                                                        "np.arange(0, dim, 2) already holds 2c, and so does "
                                                        "angular_speeds."),
            (bent(exponent=lambda i, dim: i / dim), "The exponent is c / dim; the formula has 2c / dim."),
            (bent(exponent=lambda i, dim: -2 * i / dim), "The pairs become faster to the right: the power "
                                                         "has the wrong sign. base^(-2c / dim) becomes "
                                                         "smaller."),
            (bent(exponent=lambda i, dim: 2 * (i + 1) / dim),
                "The pairs are counted from 1 here, so even the first is slowed down. Pair 0 has speed 1. "
                "(The paper counts from 1, but writes i - 1.)"),
            (bent(exponent=lambda i, dim: 0), "All pairs turn at the same speed, 1. Pair c has base^(-2c / "
                                              "dim)."),
            ((bent()[0], -bent()[1]), "The sines have the wrong sign: these angles are negative."),
            *((_cache(4, 8, base), ignored.format(f"{base:,.0f}")) for base in (100.0, 10_000.0, 1000.0)),
        ))

    def default_base(answer, expect):
        """Without a base it is 10000."""
        default = "The default base is {}. It is 10000 in the paper and here."
        expect.equal(tuple(answer(6, 8)), _cache(6, 8), tolerance=1e-7, mistakes=tuple(
            (_cache(6, 8, base), default.format(f"{base:,.0f}")) for base in (100.0, 1000.0, 1e6)))

    def sizes(answer, expect):
        """A longer cache begins with the shorter one, and an odd dim is refused."""
        expect.equal(answer(9, 4)[1][:3], _cache(3, 4)[1], "The length must not change an angle: the first "
                                                           "three rows of nine are those of three.")
        expect.raises(ValueError, lambda: answer(4, 5), "Columns come in pairs: refuse dim = 5, with "
                                                        "check_table_size(seq_len, dim).")


def _rotation(x, cos, sin, layout="pairs", how=""):
    """One column pair of one position after the other, for x (..., seq, dim); `how` names a mistake."""
    y, half = np.array(x, dtype=float), x.shape[-1] // 2
    for m in range(x.shape[-2]):
        for i in range(half):
            first, second = (2 * i, 2 * i + 1) if layout == "pairs" else (i, i + half)
            to_first, to_second = (i, i + half) if how == "written as halves" else (first, second)
            c, s = (cos[m, i], cos[m, i]), (sin[m, i], sin[m, i])
            if how == "mixed":                            # columns `first` and `second` get different angles
                at = (first // 2, second // 2) if layout == "halves" else (first % half, second % half)
                c, s = cos[m, at], sin[m, at]
            a, b = x[..., m, first], x[..., m, second]
            minus = {"plus": 1, "back": 1}.get(how, -1)
            y[..., m, to_first] = a * c[0] + minus * b * s[0]
            old = y[..., m, to_first] if how == "overwritten" else a
            y[..., m, to_second] = old * s[1] * (-1 if how == "back" else 1) + b * c[1]
    return y


_MIXED = ("Layouts are mixed: the angles are laid out for one, [c0, c1, c0, c1] or [c0, c0, c1, c1], and the "
          "columns are paired for the other. So the two columns of a pair get different angles, and that is "
          "no rotation: lengths change.")


_ORDER = ("The pairs are turned rightly, but written in another order: all first columns, then all second "
          "ones. Each must go back to its place: torch.stack them along a new last axis, (..., dim / 2, 2), "
          "then reshape.")


def _rotation_mistakes(x, cos, sin, layout):
    """What people get instead of a rotation in this layout."""
    bent = lambda how: _rotation(x, cos, sin, layout, how)
    return (
        (bent("back"), "It rotates the other way, by minus the angle. y[2c] = x[2c] cos - x[2c + 1] sin: the "
                       "minus belongs in the first of the two lines."),
        (bent("plus"), "A plus stands where the minus belongs: y[2c] = x[2c] cos *minus* x[2c + 1] sin. With "
                       "two plus signs it is no rotation, and lengths change."),
        (bent("mixed"), _MIXED),
        (bent("overwritten"), "The second column of each pair is made from the *new* first one: x was "
                              "overwritten on the way. Both lines need the old x."),
        (bent("written as halves"), _ORDER),
        (np.array(x, dtype=float), "It does nothing: x comes out as it went in."),
    )


_HALVES = ("This is the split-half layout (column c with column c + dim/2), valid too, and used by GPT-NeoX "
           "and the Hugging Face LLaMA. The task named adjacent pairs. Either works, as long as one model "
           "keeps to one of them: from here on the lesson uses yours.")


def _in_its_layout(expect, got, right, wrong, note=False):
    """`got` must be right(layout) for one of the layouts; wrong(layout) gives the mistakes in it."""
    got = got.detach().numpy().astype(float) if isinstance(got, torch.Tensor) else got
    halves = right("halves")
    if isinstance(got, np.ndarray) and got.shape == halves.shape and np.allclose(got, halves, atol=1e-5):
        expect.equal(got, halves)
        if note and not np.allclose(halves, right("pairs")):
            expect.note(_HALVES)
    else:
        expect.equal(got, right("pairs"), mistakes=tuple(wrong("pairs")) + tuple(wrong("halves")))


_TENSOR = "The result must be a tensor of the engine: gradients flow through it."


class apply_rope:
    stars, minutes = 2, 10
    hints = (
        "x[..., 0::2] are all even columns at once, x[..., 1::2] all odd ones. The formula has one line for "
        "each.",
        "even and odd are (..., seq, dim / 2), just like cos and sin, which broadcast over batch and heads. "
        "The two results must alternate again: torch.stack([first, second], dim=-1) is (..., dim / 2, 2).",
        "return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).reshape(x.shape)",
    )

    def example(answer, expect):
        """The numbers of the worked example: one pair turned a quarter, the other half around."""
        x = np.array([[1.0, 0.0, 2.0, 3.0]])
        cos, sin = np.array([[0.0, -1.0]]), np.array([[1.0, 0.0]])
        got = answer(*map(torch.tensor, (x, cos, sin)))
        expect.that(isinstance(got, torch.Tensor), _TENSOR)
        expect.that(tuple(got.shape) == (1, 4), f"The shape is {tuple(got.shape)}; it must be that of x, (1, "
                                                "4).")
        _in_its_layout(expect, got, lambda layout: _rotation(x, cos, sin, layout),
                       lambda layout: _rotation_mistakes(x, cos, sin, layout), note=True)

    def heads(answer, expect):
        """With batch and heads in front, (2, 3, 5, 8): against plain loops. Lengths are kept."""
        x = np.random.default_rng(0).standard_normal((2, 3, 5, 8))
        cos, sin = _cache(5, 8)
        got = answer(*map(torch.tensor, (x, cos, sin)))
        _in_its_layout(expect, got, lambda layout: _rotation(x, cos, sin, layout),
                       lambda layout: _rotation_mistakes(x, cos, sin, layout))
        expect.equal(np.linalg.norm(got.detach().numpy(), axis=-1), np.linalg.norm(x, axis=-1))

    def relative(answer, expect):
        """The score of a query and a key depends on their distance only: (9, 6) is (4, 1)."""
        vectors = np.random.default_rng(1).standard_normal((2, 6))
        q, k = (torch.tensor(np.tile(vector, (10, 1))) for vector in vectors)
        cos, sin = map(torch.tensor, _cache(10, 6))
        scores = (answer(q, cos, sin) @ answer(k, cos, sin).transpose(-2, -1)).numpy()
        expect.equal(scores[9, 6], scores[4, 1])
        expect.that(abs(scores[4, 1] - scores[1, 4]) > 1e-3,
            "Three back and three ahead have the same score.")

    def refused(answer, expect):
        """Five positions and angles for four do not fit."""
        angles = [torch.tensor(table) for table in _cache(1, 4)]
        expect.raises(ValueError, lambda: answer(torch.zeros(5, 4), *angles),
                      "x has five positions, cos and sin have one, and it was stretched on the quiet: every "
                      "token got the same angle. Refuse that, with check_rotation(x, cos, sin).")

    def gradient(answer, expect):
        """The gradient flows back to x."""
        x = torch.ones(3, 4, requires_grad=True)
        out = answer(x, *(torch.tensor(table.astype(np.float32)) for table in _cache(3, 4)))
        expect.that(out.requires_grad, "No gradient flows through it: the result was built outside the "
                                       "engine. Use slices, torch.stack and reshape of tensors, not "
                                       ".numpy().")
        out.sum().backward()
        expect.that(x.grad is not None, "The gradient does not reach x.")


class rope_rows_to_halves:
    stars, minutes = 2, 8
    hints = (
        "Row r of the weight makes column r of all heads side by side. First give each head an axis of its "
        "own, then reorder within the head.",
        "weight.reshape(num_heads, -1, *weight.shape[1:]) is (heads, head_dim, ...). The order is "
        "halves_from_pairs(head_dim), from lesson 04: it picks rows, the second axis.",
        "return heads[:, halves_from_pairs(heads.shape[1])].reshape(weight.shape)",
    )

    def columns(answer, expect):
        """The columns of a weight belong to the layer's input: they stay in their order."""
        got = answer(np.arange(64).reshape(8, 8), 2)      # entry % 8 tells the column it came from
        expect.that(np.shape(got) != (8, 8) or (np.asarray(got) % 8 == np.arange(8)).all(),
                    "The columns were reordered. They belong to the layer's input; the rows make the query: "
                    "nn.Linear stores outputs first. (weight[..., order] takes columns, weight[order] rows.)")

    def example(answer, expect):
        """The worked example: a bias of two heads with four rows each."""
        bias = np.array([0, 1, 2, 3, 10, 11, 12, 13])
        order = np.arange(8).reshape(-1, 2).T.reshape(-1)
        expect.equal(answer(bias, 2), np.array([0, 2, 1, 3, 10, 12, 11, 13]), mistakes=(
            (bias[order], "The heads are mixed: all even rows of all heads come first. Reorder within each "
                          "head."),
            (bias, "Nothing has changed. The even rows of each head come first."),
            (bias[[1, 3, 0, 2, 5, 7, 4, 6]], "The odd rows come first here. The even ones do."),
            (bias[[4, 6, 5, 7, 0, 2, 1, 3]], "The heads have changed places. They stay; only the rows within "
                                             "move."),
            (bias.reshape(2, 4)[:, [0, 2, 1, 3]], "The order is right, but the shape must be that of the "
                                                  "weight: reshape at the end."),
        ))

    def weight(answer, expect):
        """A weight of two heads with six rows each: rows move, columns do not."""
        weight = np.arange(144.0).reshape(12, 12)
        order = np.array([0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11])
        back = np.array([0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11])
        expect.equal(answer(weight, 2), weight[order], mistakes=(
            (weight[back], "This is the way back, from halves to pairs. Row i of the result is row order[i] "
                           "of the weight: 0, 2, 4, then 1, 3, 5."),
            (weight[[0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]],
                "The heads are mixed: all even rows of all heads come first. Reorder within each head."),
        ))

    def scores(answer, expect):
        """What it is for: halves with the reordered rows give the scores of pairs with the old ones."""
        rng = np.random.default_rng(0)
        x, (W_q, W_k), (cos, sin) = rng.standard_normal((5, 6)), rng.standard_normal((2, 6, 6)), _cache(5, 6)
        score = lambda W_q, W_k, layout: (_rotation(x @ W_q.T, cos, sin, layout)
                                          @ _rotation(x @ W_k.T, cos, sin, layout).T)
        expect.equal(score(answer(W_q, 1), answer(W_k, 1), "halves"), score(W_q, W_k, "pairs"))

    def refused(answer, expect):
        """Six rows are not two heads of pairs."""
        expect.raises(ValueError, lambda: answer(np.zeros((6, 4)), 2),
            "Two heads with three rows each have no pairs. Refuse that, with check_head_rows(weight, "
            "num_heads).")


def _by_distance(q, k, distance, base=10000.0, layout="pairs", sign=1, speed=None):
    """Turn the key by each distance, in plain loops."""
    dim, scores = len(k), []
    for d in distance:
        angles = [sign * d * (base ** (-2 * i / dim) if speed is None else speed) for i in range(dim // 2)]
        scores.append(q @ _rotation(k[None], np.cos([angles]), np.sin([angles]), layout)[0])
    return np.array(scores)


class score_at_distance:
    stars, minutes = 2, 8
    hints = (
        "Leave q as it is. Turn k by the distance, once for each distance, and take the dot products with q.",
        "The angles are distance[:, None] * angular_speeds(dim, base), (n, dim / 2). np.tile(k, (n, 1)) is "
        "the key n times, (n, dim), as if it stood at n places: apply_rope turns them. It wants tensors; "
        ".numpy() leads back.",
        "return apply_rope(keys, torch.tensor(np.cos(angles)), torch.tensor(np.sin(angles))).numpy() @ q",
    )

    def one_pair(answer, expect):
        """One pair, q = [1, 0] and k = [1, 2]: at distance d the score is cos d - 2 sin d."""
        q, k, distance = np.array([1.0, 0.0]), np.array([1.0, 2.0]), np.array([0, -1, 1, 2])
        score = lambda d: np.cos(d) - 2 * np.sin(d)
        expect.equal(answer(q, k, distance), score(distance), mistakes=(
            (score(-distance), "Past and future are exchanged: the key is turned by j - i, "
                                               "key minus query. (Or the query was turned. R_i q . R_j k = q "
                                               ". R_(j - i) k.)"),
            (score(abs(distance)), "One back and one ahead give the same score: the sign of the distance got "
                                   "lost."),
            (np.ones(4), "The distance does nothing: this is q.k. If you turn both by the same angle, it "
                         "cancels; turn the key alone."),
            (np.cos(distance), "This is q.k times a cosine, which is right only where k is a multiple of q. "
                               "Turn the key by the angle (its columns mix, with a sine), then multiply."),
            (score(distance) / math.sqrt(2),
                "The score is divided by sqrt(dim). Here the plain dot product is asked for."),
            *((score(distance % rows), "Rows of a table were picked by the distance, and row -1 is the "
                                       "*last* one. Make the angles from the distances themselves: "
                                       "distance[:, None] * angular_speeds(dim, base).")
              for rows in range(3, 129)),
        ))

    def many_pairs(answer, expect):
        """Four pairs, base 100, distances from -30 to 30: against plain loops."""
        q, k = np.random.default_rng(2).standard_normal((2, 8))
        distance = np.array([-30, -2, -1, 0, 1, 5, 30])
        right = lambda layout, **how: _by_distance(q, k, distance, **{"base": 100.0, "layout": layout, **how})
        _in_its_layout(expect, answer(q, k, distance, 100.0), right, lambda layout: (
            (right(layout, sign=-1), "Past and future are exchanged: the key is turned by j - i, key minus "
                                     "query."),
            (_by_distance(q, k, abs(distance), 100.0, layout),
                "One back and one ahead give the same score: the sign of the distance got lost."),
            (right(layout, speed=1.0), "All pairs turn by the same angle, the distance itself. Each has its "
                                       "own speed: angular_speeds(dim, base)."),
            (right(layout, base=10000.0), "The base is 10000 whatever is asked for."),
            (np.full(7, q @ k), "The distance does nothing: this is q.k."),
            (right(layout) / math.sqrt(8), "The score is divided by sqrt(dim). Here the plain dot product is "
                                           "asked for."),
        ), note=True)


class rope_backward:
    stars, minutes = 2, 8
    hints = (
        "For one pair the matrix is [[cos, -sin], [sin, cos]]. Its transpose has one sign changed in each of "
        "two places. What kind of turn is that?",
        "g_x[2c] = g_y[2c] cos + g_y[2c + 1] sin, and g_x[2c + 1] = - g_y[2c] sin + g_y[2c + 1] cos.",
        "It is apply_rope again, with another sine: return apply_rope(grad, cos, ...)",
    )

    def random(answer, expect):
        """Five positions, six columns, two heads: against plain loops, pair by pair."""
        grad = np.random.default_rng(3).standard_normal((2, 5, 6))
        cos, sin = _cache(5, 6, 16.0)
        got = answer(*map(torch.tensor, (grad, cos, sin)))
        _in_its_layout(expect, got, lambda layout: _rotation(grad, cos, -sin, layout), lambda layout: (
            (_rotation(grad, cos, sin, layout), _FORWARD),
            (_rotation(grad, -cos, -sin, layout), "Cosine and sine both have a minus: this turns by half a "
                                                  "circle too much. Transposing changes the sines only."),
            (_rotation(grad, -cos, sin, layout), "The cosines have the minus. They stand on the diagonal, "
                                                 "which transposing leaves alone: the sines change sign."),
            (-_rotation(grad, cos, -sin, layout), "The whole gradient has the wrong sign."),
            (_rotation(grad, cos, sin, layout, "plus"), "Both sines have a plus. In the transpose one of the "
                                                        "two still has a minus, the other one."),
            (_rotation(grad, cos, 0 * sin, layout), _COSINE_ONLY),
            (grad, _UNTOUCHED),
            (_rotation(grad, cos, -sin, layout, "mixed"), _MIXED),
            (_rotation(grad, cos, -sin, layout, "written as halves"), _ORDER),
        ), note=True)

    def example(answer, expect):
        """The worked example: after a quarter turn, the gradient [0, 1] comes from [1, 0]."""
        got = answer(torch.tensor([[0.0, 1.0]]), torch.tensor([[0.0]]), torch.tensor([[1.0]]))
        expect.equal(got, np.array([[1.0, 0.0]]))


_FORWARD = ("The gradient was turned forward, like x. It must be turned *back*: the transposed matrix, with "
            "-sin where sin was.")
_UNTOUCHED = "The gradient was passed on as it is. It must be turned back by the angle that x was turned by."
_COSINE_ONLY = ("Only the cosines are there. Each x goes into both columns of its pair: with the cosine into "
                "its own, with a sine into the other.")


def _rope(x, offset=0, base=10000.0, rotary_dim=None, layout="pairs", speeds_of=None, last=False):
    """RoPE in plain loops, for x (batch, heads, seq, head_dim)."""
    rotary_dim = x.shape[-1] if rotary_dim is None else rotary_dim
    cos, sin = _cache(x.shape[-2] + offset, speeds_of or rotary_dim, base)
    cos, sin = (table[offset:, :rotary_dim // 2] for table in (cos, sin))
    columns = slice(-rotary_dim, None) if last else slice(rotary_dim)
    y = np.array(x)
    y[..., columns] = _rotation(x[..., columns], cos, sin, layout)
    return y


class RoPE:
    stars, minutes = 2, 12
    blank = ("RoPE.rotate", "RoPE.turn")
    hints = (
        "Positions offset ... offset + seq - 1 are needed: make a cache that is long enough, and take its "
        "last rows. How many columns does it need, if only rotary_dim are turned?",
        "rope_cache(offset + seq, self.rotary_dim, self.base) gives arrays; torch.tensor(table[offset:], "
        "dtype=q.dtype) are the tensors. q and k are both turned, with the same cos and sin. (After a cache "
        "k has the same places as q here: the old keys were turned before.)",
        "turn: rotate x[..., :self.rotary_dim], and torch.cat it with x[..., self.rotary_dim:] along dim=-1",
    )

    def whole(answer, expect):
        """All columns, no offset: queries and keys turned by their positions, lengths kept."""
        q, k = _heads()
        got = answer(8).rotate(torch.tensor(q), torch.tensor(k))
        expect.that(isinstance(got, tuple | list) and len(got) == 2,
            "Two tensors are asked for: return q, k, both turned.")
        expect.that(all(isinstance(each, torch.Tensor) for each in got), _TENSOR)
        q_moved, k_moved = (not np.allclose(each.detach().numpy(), x) for each, x in zip(got, (q, k)))
        expect.that(k_moved or not q_moved,
                    "Only the queries are turned. Without the keys' turn the score depends on the query's "
                    "place alone, not on the distance.")
        _in_its_layout(expect, got[0], lambda layout: _rope(q, layout=layout), lambda layout: (
            (q, "The queries come out as they went in."),
            (_rope(q, offset=1, layout=layout), "The positions are counted from 1 here. Without an offset "
                                                "the first one is 0.")))
        _in_its_layout(expect, got[1], lambda layout: _rope(k, layout=layout), lambda layout: ())

    def offset(answer, expect):
        """Behind seven cached positions, base 100: the first row stands at position 7."""
        q, k = _heads()
        for each in answer(8, base=100.0).rotate(torch.tensor(q), torch.tensor(k), 7)[:1]:
            _in_its_layout(expect, each, lambda layout: _rope(q, 7, 100.0, layout=layout), lambda layout: (
                (_rope(q, 0, 100.0, layout=layout), "The offset does nothing: with seven positions in the "
                                                    "cache the first row stands at position 7, not at 0."),
                (_rope(q, 8, 100.0, layout=layout), "The first row stands at offset + 1. Positions count "
                                                    "from 0, so behind seven of them comes position 7."),
                (_rope(q, 7, layout=layout), "The base is 10000 whatever self.base says."),
                (_rope(q, 0, 100.0, layout=layout) * 7, "The offset multiplies. It moves positions: add it."),
            ))

    def partial(answer, expect):
        """Four of eight columns turned, at the speeds of a width of four."""
        q, k = _heads()
        got = answer(8, rotary_dim=4, base=16.0).rotate(torch.tensor(q), torch.tensor(k), 2)
        for given, each in zip((q, k), got):
            _in_its_layout(expect, each, lambda layout: _rope(given, 2, 16.0, 4, layout), lambda layout: (
                (_rope(given, 2, 16.0, 8, layout), "All columns are turned. Only the first rotary_dim are; "
                                                   "the others stay as they are."),
                (_rope(given, 2, 16.0, 4, layout, speeds_of=8),
                    "The first columns are turned, but with the speeds of head_dim. The cache is made for "
                    "rotary_dim: rope_cache(..., self.rotary_dim, self.base)."),
                (_rope(given, 2, 16.0, 4, layout, last=True),
                    "The *last* columns are turned. The first rotary_dim are, the others follow."),
                (_rope(given, 2, 16.0, 4, layout)[..., :4], "The columns left alone are missing: torch.cat "
                                                            "them behind the turned ones."),
                (_rope(given, 0, 16.0, 4, layout), "The offset does nothing when only some columns are "
                                                   "turned."),
            ))

    def halves(answer, expect):
        """layout="halves" pairs column c with column c + dim/2."""
        q, k = _heads()
        got = answer(8, layout="halves").rotate(torch.tensor(q), torch.tensor(k))
        expect.equal(got[0], _rope(q, layout="halves"), mistakes=(
            (_rope(q), 'These are pairs. For self.layout "halves" it is apply_rope_half that turns.'),))

    def kind(answer, expect):
        """float32 stays float32, another head_dim is refused, and gradients flow."""
        q = torch.ones(1, 2, 3, 8, requires_grad=True)
        got, _ = answer(8).rotate(q, torch.ones(1, 2, 3, 8))
        expect.that(got.dtype == torch.float32, "float32 queries come out as float64, since the cache is "
                                                "float64. Make cos and sin with dtype=q.dtype.")
        expect.that(got.requires_grad, "No gradient flows through it. Turn tensors, not arrays.")
        for width, columns in ((6, 8), (12, 4)):          # with four columns turned, nothing else would fail
            wide = torch.ones(1, 2, 3, width)
            expect.raises(ValueError, lambda: answer(8, rotary_dim=columns).rotate(wide, wide),
                          f"Queries of width {width} were accepted, though head_dim is 8. "
                          "self.check_width(q) refuses them.")


def _heads():
    return np.random.default_rng(5).standard_normal((2, 1, 2, 4, 8))

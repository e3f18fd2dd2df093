"""Lesson 06: what a rotated pair, the cache, both layouts, scores by distance, the backward pass,
and RoPE as a model uses it must satisfy."""

import math

import numpy as np

import minitorch as torch
from classroom.checking import about, check, refuses, require

about(
    "rotate_pair",
    stars=1,
    minutes=3,
    hints=(
        "Two lines, one for each coordinate, just as in the formula. Both need the *old* x and y.",
        "x, y = point takes the two numbers out; np.cos(angle) and np.sin(angle) want radians, as "
        "given.",
        "x, y = point; return np.array([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) "
        "+ y * np.cos(angle)])",
    ),
)


@check("rotate_pair")
def any_point_by_any_angle(answer):
    """Any point is rotated by any angle, and keeps its length."""
    return answer(np.array([1.0, 2.0]), 0.5), answer(np.array([-3.0, 0.5]), -2.0)


@check("rotate_pair")
def quarter_turns(answer):
    """A quarter turn carries [1, 0] to [0, 1], and [0, 1] to [-1, 0]."""
    return answer(np.array([1.0, 0.0]), math.pi / 2), answer(np.array([0.0, 1.0]), math.pi / 2)


@check("rotate_pair")
def whole_coordinates(answer):
    """The coordinates may be whole numbers: the result need not be."""
    return answer(np.array([2, 1]), 1.0)


about(
    "rope_cache",
    stars=1,
    minutes=6,
    hints=(
        "First the angles as a table, positions down and pairs across. Then its cosine and its "
        "sine, two arrays.",
        "np.arange(seq_len)[:, None] is (seq, 1). angular_speeds(dim, base), from lesson 04, is "
        "(dim / 2,): base^(-2c / dim).",
        "check_table_size(seq_len, dim); angles = np.arange(seq_len)[:, None] * "
        "angular_speeds(dim, base); return np.cos(angles), np.sin(angles)",
    ),
)


@check("rope_cache")
def angles_follow_the_formula(answer):
    """Position m and pair c have the angle m * base^(-2c / dim): cosines first, then sines."""
    return tuple(answer(4, 8, 16.0)), tuple(answer(6, 6, 100.0)), tuple(answer(5, 2, 100.0))


@check("rope_cache", tolerance=1e-9)
def default_base(answer):
    """Without a base it is 10000, and far positions are exact, too."""
    given = (np.asarray(table) for table in (answer(6, 8)[0], answer(6, 8, 10000.0)[0]))
    require(
        np.allclose(*given, atol=1e-9),
        "Without a base, this takes another one than 10000, which the task names as the default.",
    )
    return tuple(answer(6, 8)), tuple(answer(3000, 4))


@check("rope_cache")
def odd_width_is_refused(answer):
    """An odd number of columns has no pairs: it is refused."""
    sentence = "Columns come in pairs: refuse dim = 5, with check_table_size(seq_len, dim)."
    refuses(ValueError, lambda: answer(4, 5), sentence)


@check("rope_cache")
def lengths_that_are_no_counts_are_refused(answer):
    """A negative or fractional number of positions is refused."""
    helper = "positions cannot be counted: refuse that, with check_table_size(seq_len, dim)."
    refuses(ValueError, lambda: answer(-1, 4), f"-1 {helper}")
    refuses(ValueError, lambda: answer(2.5, 4), f"2.5 {helper}")


about(
    "apply_rope",
    stars=2,
    minutes=10,
    hints=(
        "x[..., 0::2] are all even columns at once, x[..., 1::2] all odd ones. The formula has "
        "one line for each.",
        "even and odd are (..., seq, dim / 2), just like cos and sin, which broadcast over batch "
        "and heads. The two results must alternate again: torch.stack([first, second], dim=-1) is "
        "(..., dim / 2, 2).",
        "check_rotation(x, cos, sin); even, odd = x[..., 0::2], x[..., 1::2]; return "
        "torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).reshape(x.shape)",
    ),
)


@check("apply_rope")
def worked_example(answer):
    """One pair by a quarter turn, the other by half a turn: the numbers of the example."""
    cos, sin = torch.tensor([[0.0, -1.0]]), torch.tensor([[1.0, 0.0]])
    rng = np.random.default_rng(3)
    more = torch.tensor(rng.standard_normal((4, 6)).astype("float32"))
    example = answer(torch.tensor([[1.0, 0.0, 2.0, 3.0]]), cos, sin)
    return example, answer(more, *random_angles(rng, 4, 3))


@check("apply_rope")
def batch_and_heads(answer):
    """Batch and heads in front, (2, 3, 5, 8): each position is rotated by its own angles."""
    rng = np.random.default_rng(0)
    x = torch.tensor(rng.standard_normal((2, 3, 5, 8)).astype("float32"))
    return answer(x, *random_angles(rng, 5, 4))


@check("apply_rope", tolerance=1e-9)
def double_precision(answer):
    """float64 stays float64, with all its digits; as many positions as columns."""
    rng = np.random.default_rng(2)
    x = torch.tensor(rng.standard_normal((3, 6, 6)))
    return answer(x, *random_angles(rng, 6, 3, "float64"))


@check("apply_rope")
def gradient_flows(answer):
    """The gradient flows back to x, rotated the other way."""
    rng = np.random.default_rng(1)
    x = torch.tensor(rng.standard_normal((3, 4)).astype("float32"), requires_grad=True)
    out = answer(x, *random_angles(rng, 3, 2))
    require(
        out.requires_grad,
        "No gradient flows through it: the result was built outside the engine. Use slices, "
        "torch.stack and reshape of tensors, not .numpy().",
    )
    (out * torch.arange(4.0)).sum().backward()
    return x.grad


@check("apply_rope")
def angles_must_fit(answer):
    """Angles for one position do not fit five, and three columns have no pairs."""
    one, five = torch.ones(1, 2), torch.ones(5, 2)
    for cos, sin in ((one, one), (one, five), (five, one)):
        refuses(
            ValueError,
            lambda: answer(torch.zeros(5, 4), cos, sin),
            "x has five positions, cos or sin has one, and it was stretched without a word: every "
            "token got the same angle. Refuse that, with check_rotation(x, cos, sin).",
        )
    refuses(
        ValueError,
        lambda: answer(torch.zeros(1, 5), one, one),
        "x has five columns, which are no pairs. Refuse that, with check_rotation(x, cos, sin).",
    )


def random_angles(rng, seq, pairs, dtype="float32"):
    """Cosines and sines (seq, pairs) of angles all over the circle."""
    angles = rng.uniform(-3, 3, (seq, pairs)).astype(dtype)
    return torch.tensor(np.cos(angles)), torch.tensor(np.sin(angles))


about(
    "rope_rows_to_halves",
    stars=2,
    minutes=8,
    hints=(
        "Row r of the weight makes column r of all heads side by side. First give each head an "
        "axis of its own, then reorder within the head.",
        "weight.reshape(num_heads, -1, *weight.shape[1:]) is (heads, head_dim, ...). The order is "
        "halves_from_pairs(head_dim), from lesson 04: it picks rows, the second axis.",
        "check_head_rows(weight, num_heads); heads = weight.reshape(num_heads, -1, "
        "*weight.shape[1:]); return heads[:, "
        "halves_from_pairs(heads.shape[1])].reshape(weight.shape)",
    ),
)


@check("rope_rows_to_halves", dtype="values")
def bias_of_two_heads(answer):
    """In a bias of two heads with four rows, and of three with six, heads stay in order."""
    return answer(np.array([0, 1, 2, 3, 10, 11, 12, 13]), 2), answer(np.arange(18)[::-1], 3)


@check("rope_rows_to_halves", dtype="values")
def rows_move_and_columns_stay(answer):
    """In a weight, whole rows move: two heads of six rows, four heads of two, one head of eight."""
    square = np.arange(64.0).reshape(8, 8)
    return answer(np.arange(96.0).reshape(12, 8), 2), answer(square, 4), answer(square, 1)


@check("rope_rows_to_halves")
def odd_heads_are_refused(answer):
    """Six rows are not two heads of pairs."""
    refuses(
        ValueError,
        lambda: answer(np.zeros((6, 4)), 2),
        "Two heads with three rows each have no pairs. Refuse that, with check_head_rows(weight, "
        "num_heads).",
    )


about(
    "score_at_distance",
    stars=2,
    minutes=8,
    hints=(
        "Leave q as it is. Rotate k by the distance, once for each distance, and take the dot "
        "products with q.",
        "The angles are distance[:, None] * angular_speeds(dim, base), (n, dim / 2). np.tile(k, "
        "(n, 1)) is the key n times, (n, dim), one for each distance: apply_rope rotates them. It "
        "wants tensors; .numpy() leads back.",
        "angles = distance[:, None] * angular_speeds(len(k), base); keys = "
        "torch.tensor(np.tile(k, (len(distance), 1))); return apply_rope(keys, "
        "torch.tensor(np.cos(angles)), torch.tensor(np.sin(angles))).numpy() @ q",
    ),
)


@check("score_at_distance")
def one_pair(answer):
    """One pair: a key ahead and a key just as far back have different scores."""
    q, k, distance = np.array([1.0, 0.5]), np.array([1.0, 2.0]), np.array([0, -1, 1, 2, -3])
    return answer(q, k, distance), answer(q, k, distance[:1])


@check("score_at_distance")
def many_pairs(answer):
    """Each pair has its own speed: four and five pairs, bases 100 and 7, up to 30 away."""
    rng = np.random.default_rng(2)
    (q, k), (q_long, k_long) = rng.standard_normal((2, 8)), rng.standard_normal((2, 10))
    distance = np.array([-30, -2, -1, 0, 1, 5, 30])
    return answer(q, k, distance, 100.0), answer(q_long, k_long, distance[2:], 7.0)


@check("score_at_distance")
def far_and_with_the_default_base(answer):
    """Without a base it is 10000; distances may be in the thousands."""
    q, k = np.random.default_rng(4).standard_normal((2, 6))
    return answer(q, k, np.array([-4000, -300, -129, 0, 128, 256]))


about(
    "rope_backward",
    stars=2,
    minutes=8,
    hints=(
        "For one pair the matrix is [[cos, -sin], [sin, cos]]. In its transpose both sines have "
        "the other sign. What kind of rotation is that?",
        "g_x[2c] = g_y[2c] cos + g_y[2c + 1] sin, and g_x[2c + 1] = - g_y[2c] sin + g_y[2c + 1] "
        "cos.",
        "It is apply_rope again, with the same cosines and other sines: those of minus the angle.",
    ),
)


@check("rope_backward")
def gradient_of_a_quarter_turn(answer):
    """After a quarter turn, the gradient [0, 1] comes from [1, 0]; so for any angle."""
    rng = np.random.default_rng(6)
    grad = torch.tensor(rng.standard_normal((4, 6)).astype("float32"))
    example = answer(torch.tensor([[0.0, 1.0]]), torch.tensor([[0.0]]), torch.tensor([[1.0]]))
    return example, answer(grad, *random_angles(rng, 4, 3))


@check("rope_backward", tolerance=1e-9)
def gradients_of_all_heads(answer):
    """Batch and heads in front, (2, 3, 5, 6), in float64: each pair is rotated back."""
    rng = np.random.default_rng(3)
    grad = torch.tensor(rng.standard_normal((2, 3, 5, 6)))
    return answer(grad, *random_angles(rng, 5, 3, "float64"))


about(
    "RoPE",
    stars=2,
    minutes=12,
    blank=("RoPE.rotate", "RoPE.turn"),
    hints=(
        "Positions offset ... offset + seq - 1 are needed: make a cache that is long enough, and "
        "take its last rows. How many columns does it need, if only rotary_dim are rotated?",
        "rope_cache(offset + q.shape[-2], self.rotary_dim, self.base) gives arrays; "
        "torch.tensor(table[offset:], dtype=q.dtype) are the tensors. q and k are both rotated, "
        "with the same cos and sin. (After a cache, k has the same positions as q here: the old "
        "keys were rotated before.)",
        "turn: rotate x[..., :self.rotary_dim], and torch.cat it with x[..., self.rotary_dim:] "
        "along dim=-1",
    ),
)


@check("RoPE")
def token_of_the_example(answer):
    """The example: [1, 0, 5, 7] at offset 1 becomes [0.54, 0.841, 5, 7]."""
    token = torch.tensor([[[[1.0, 0.0, 5.0, 7.0]]]])
    return answer(4, rotary_dim=2).rotate(token, token + 1, 1), answer(4).rotate(*tokens(4), 2)


@check("RoPE")
def all_columns(answer):
    """All columns, no offset: queries and keys are rotated by their positions, the first by 0."""
    return answer(8).rotate(*tokens(8))


@check("RoPE")
def offset_and_base(answer):
    """After seven cached positions, base 100, the first row has position 7, not 0."""
    rope = answer(8, base=100.0)
    return rope.rotate(*tokens(8), 7), rope.rotate(*tokens(8), offset=300), rope.rotate(*tokens(8))


@check("RoPE")
def some_columns(answer):
    """Four of ten columns are rotated, at the speeds of a width of four."""
    rope = answer(10, rotary_dim=4, base=16.0)
    return rope.rotate(*tokens(10), 2), rope.rotate(*tokens(10))


@check("RoPE")
def both_layouts(answer):
    """The layout "halves" pairs column c with column c + rotary_dim / 2."""
    some = answer(10, rotary_dim=6, layout="halves").rotate(*tokens(10), 2)
    return answer(8, layout="halves").rotate(*tokens(8)), some


@check("RoPE", tolerance=1e-9)
def float64_queries(answer):
    """float64 queries and keys stay float64, with all their digits."""
    return answer(8, rotary_dim=4).rotate(*tokens(8, "float64"), 50)


@check("RoPE")
def turn_alone(answer):
    """`turn` rotates with the cosines and sines that it is given."""
    cos, sin = random_angles(np.random.default_rng(8), 5, 2)
    x, _ = tokens(8)
    halves = answer(8, rotary_dim=4, layout="halves").turn(x, cos, sin)
    return answer(8, rotary_dim=4).turn(x, cos, sin), halves


@check("RoPE")
def gradients_through_rope(answer):
    """Gradients flow back to queries and keys."""
    q, k = (each.requires_grad_() for each in tokens(8))
    new_q, new_k = answer(8, rotary_dim=4).rotate(q, k, 1)
    require(
        new_q.requires_grad and new_k.requires_grad,
        "No gradient flows through it: the result was built outside the engine. Rotate tensors, "
        "not arrays.",
    )
    (new_q * torch.arange(8.0) + 2 * new_k).sum().backward()
    return q.grad, k.grad


@check("RoPE")
def other_widths_are_refused(answer):
    """Queries of another head_dim are refused, also where nothing else would fail."""
    for width, columns in ((6, 8), (12, 4)):
        wide = torch.ones(1, 2, 3, width)
        refuses(
            ValueError,
            lambda: answer(8, rotary_dim=columns).rotate(wide, wide),
            f"Queries of width {width} were accepted, though head_dim is 8. self.check_width(q) "
            "refuses them.",
        )


def tokens(head_dim, dtype="float32"):
    """Queries and keys: (batch, heads, seq, head_dim) = (2, 3, 5, head_dim) each."""
    values = np.random.default_rng(5).standard_normal((2, 2, 3, 5, head_dim)).astype(dtype)
    return tuple(map(torch.tensor, values))

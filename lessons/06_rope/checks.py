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
        "The matrix above has one row per new coordinate. What does each row ask of the *old* x "
        "and the old y?",
        "Take the point [2, 1], and an angle whose cosine is 0.6 and whose sine is 0.8. The first "
        "row gives new x = 2 * 0.6 - 1 * 0.8 = 0.4, the second new y = 2 * 0.8 + 1 * 0.6 = 2.2. "
        "Check the length: 0.4 and 2.2 squared make 5, as 2 and 1 do. Mind that both rows need "
        "the old numbers, so don't write over x before y is done. `x, y = point` takes the two "
        "numbers out, and np.cos and np.sin want radians, which is what you are given.",
        "x, y = point; return np.array([<first row of the matrix times x, y>, <second row times "
        "x, y>])",
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
        "First make a table of the angles, one per position and pair. Its cosine and its sine "
        "come last, as two arrays.",
        "Take three positions, dim 4, and base 100. There are two pairs, with the speeds 1 and "
        "1/10, and that is what angular_speeds(4, 100) gives, as an array (2,). The angles are "
        "(3, 2): 0 0, then 1 0.1, then 2 0.2. So each is a position times a speed. Positions "
        "down, as (3, 1), and speeds across, as (2,): broadcasting makes the table. And a dim of "
        "5 has no pairs, which check_table_size notices.",
        "angles = <positions, as a column> * <speeds, as a row>; return np.cos(angles), "
        "np.sin(angles)",
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
        "Without a base, yours isn't 10000, the default that the task names.",
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
    helper = "positions make no table: refuse that, with check_table_size(seq_len, dim)."
    refuses(ValueError, lambda: answer(-1, 4), f"-1 {helper}")
    refuses(ValueError, lambda: answer(2.5, 4), f"2.5 {helper}")


about(
    "apply_rope",
    stars=2,
    minutes=10,
    hints=(
        "x[..., 0::2] are all even columns at once, and x[..., 1::2] all odd ones. There is one "
        "formula for each. But where do their results belong?",
        "Take the example: x is [1, 0, 2, 3], the cosines are [0, -1], the sines [1, 0]. The even "
        "columns are [1, 2], the odd ones [0, 3], just as many as there are angles. The first "
        "formula gives [1 * 0 - 0 * 1, 2 * -1 - 3 * 0] = [0, -2], the second [1, -3]. Now they "
        "have to alternate: 0, 1, -2, -3. Stacked along a new last axis they are [[0, 1], [-2, "
        "-3]], and that only needs to be reshaped. With batch and heads in front nothing changes.",
        "pairs = torch.stack([<first formula>, <second formula>], dim=<a new last axis>); then "
        "reshape to the shape of x",
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
    """Angles for one position don't fit five, and five columns have no pairs."""
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
        "Five columns of x don't make pairs. Refuse that, with check_rotation(x, cos, sin).",
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
        "Row r of the weight makes column r of all heads side by side. So give each head an axis "
        "of its own first. Then reorder within the heads, all at once.",
        "Take two heads with four rows each, called 0 1 2 3 and 10 11 12 13. As an array (2, 4), "
        "each head is a row. The order within a head is halves_from_pairs(4), that is 0, 2, 1, 3. "
        "Applied to the second axis it gives 0 2 1 3 and 10 12 11 13. Back in one piece: 0 2 1 3 "
        "10 12 11 13. A weight with 6 columns is (2, 4, 6) in between, and its columns come along "
        "by themselves; *weight.shape[1:] is whatever follows the first.",
        "heads = weight.reshape(num_heads, <rows per head>, <the other axes>); then <second axis "
        "in the new order>, and back to the shape of the weight",
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
        "Leave q alone. The key is needed once per distance, each time rotated by that distance. "
        "What is left are dot products.",
        "Take one pair, the query [1, 0], the key [0, 1], and the distances 0, -1 and 1. The "
        "angles are 0, -1 and 1 times the speed, 1: an array (3, 1). Rotated by them, the key "
        "becomes [0, 1], [0.841, 0.540] and [-0.841, 0.540], which is (3, 2). Its products with "
        "the query are 0, 0.841 and -0.841. Three equal keys to rotate are np.tile(k, (3, 1)). "
        "apply_rope wants tensors, one row of cosines and sines per key, and .numpy() takes you "
        "back.",
        "angles = <distances, as a column> * <speeds>; keys = <copies of k, one per distance, "
        "rotated by these angles>; return keys @ q",
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
        "For one pair the matrix is [[cos, -sin], [sin, cos]]. Write down its transpose, and "
        "compare. What kind of rotation is that?",
        "Take a quarter turn, cosine 0 and sine 1. Forward, y[0] = -x[1] and y[1] = x[0]. So x[0] "
        "went into y[1] alone, with the factor 1, and its gradient is that of y[1]. x[1] went "
        "into y[0], with the factor -1, so it gets minus that of y[0]. From a gradient [0, 1] of "
        "y follows [1, 0] for x. Forward, a quarter turn carries [1, 0] to [0, 1]. Backward it "
        "went the other way, and you have a function that rotates.",
        "apply_rope(<the gradient>, <cosines of minus the angle>, <sines of minus the angle>)",
    ),
)


@check("rope_backward")
def gradient_of_a_quarter_turn(answer):
    """A quarter turn takes the gradient [0, 1] back to [1, 0]; other angles likewise."""
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
    minutes=15,
    blank=("RoPE.rotate", "RoPE.turn"),
    hints=(
        "Which positions do the new tokens have, and how long must a cache be to contain them? "
        "And how many columns does it need, if only rotary_dim are rotated?",
        "Say offset is 8, four tokens come, and 8 of 16 columns are rotated. The tokens are at 8, "
        "9, 10 and 11. A cache with 12 rows contains these as its last four, and for 8 columns it "
        "is four pairs wide: cos and sin are (4, 4). `turn` then rotates x[..., :8], leaves "
        "x[..., 8:] alone, and puts them together again, (batch, heads, 4, 16). q and k get the "
        "same angles. (The old keys are not here: they were rotated when they came.)",
        "rotate: cos, sin = <the rows from offset on, as tensors with the dtype of q>, then "
        "self.turn for both. turn: torch.cat([<the first columns, rotated>, <the others>], "
        "dim=-1)",
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
    """Queries of another head_dim are refused, even where nothing else would fail."""
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

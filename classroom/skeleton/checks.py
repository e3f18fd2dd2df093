"""twice: what each exercise must satisfy."""

import numpy as np

from classroom.checking import about, check, refuses

about(
    "twice",
    stars=1,
    minutes=3,
    hints=(
        "What to think about, without the line.",
        "How the shapes go, or a smaller case worked out with numbers.",
    ),
)


@check("twice")
def every_entry_is_doubled(answer):
    """Every entry is doubled, whatever the shape."""
    random = np.random.default_rng(0).standard_normal((2, 3))
    return answer(np.array([1.0, 2.0, 3.0])), answer(random), answer(np.zeros(0))


@check("twice")
def no_numbers_are_refused(answer):
    """Something that is no array of numbers is refused."""
    refuses(TypeError, lambda: answer("ab"), "A text cannot be doubled: raise a TypeError.")

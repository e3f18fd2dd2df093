"""A course of one lesson about next to nothing, written into temporary folders to test the machinery."""

import shutil
from pathlib import Path

HERE = Path(__file__).parent

LESSON = '''\
# ---
# jupyter:
#   lesson:
#     title: "Tiny: twice and again"
#     question: "What is twice as much?"
#     minutes: 3
# ---

# %% [markdown]
# # Tiny

# %%
import matplotlib.pyplot as plt
import numpy as np

from classroom import compare, exercise, hint, progress, show, solution

# %% exercise="double"

# %% [markdown]
# ## And now
# <details><summary>Answer</summary>Yes.</details>

# %%
print(double(np.arange(3)))

# %%
fig, axis = plt.subplots()
axis.plot(double(np.arange(3)))
show(fig, alt="A line that climbs from 0 to 4.")

# %% [markdown]
# ## And now

# %% exercise="Counter"

# %% tags=["nbval-ignore-output"]
bar = progress(3, "counting")
counter = Counter()
for step in range(3):
    counter.add(step)
    bar.update(step + 1, f"total {counter.total}")

# %%
counter.total
'''

CHECKS = '''\
import numpy as np


class double:
    stars, minutes, seconds = 1, 2, 1
    hints = ("What is twice as much?", "The shape stays.", "return 2 * ...")

    def values(answer, expect):
        """Every entry is doubled."""
        x = np.array([1.0, 2.0, 3.0])
        expect.equal(answer(x), np.array([2.0, 4.0, 6.0]), mistakes=(
            (np.array([1.0, 4.0, 9.0]), "These are squares: multiply by two, not by itself."),
            (np.array([3.0, 4.0, 5.0]), "Two was added: multiply by it."),
        ))

    def shapes(answer, expect):
        """An array of any shape keeps it."""
        expect.equal(answer(np.ones((2, 3))), np.full((2, 3), 2.0), "The shape has to stay.")
        if type(answer(np.ones(1))) is np.matrix:
            expect.note("A matrix will do.")


class Counter:
    stars, minutes = 2, 5
    blank = ("Counter.add",)
    hints = ("Keep a sum.", "self.total += step")

    def sums(answer, expect):
        """The total is the sum of the steps."""
        counter = answer()
        counter.add(2)
        expect.that(counter.total != 0, "The total has not moved.")
        counter.add(3)
        expect.equal(counter.total, 5, mistakes=((3, "Only the last step counts."), (-5, "It counts down.")))

    def refuses(answer, expect):
        """A negative step is refused."""
        expect.raises(ValueError, lambda: answer().add(-1), "A negative step must be refused.")
'''

SOLUTIONS = '''\
import numpy as np

TWO = 2


def double(x):
    """Every entry of x, doubled.

    Example: [1, 2] gives [2, 4].
    """
    # no loop
    return TWO * np.asarray(x)


class Counter:
    """Counts in steps."""

    def __init__(self):
        self.total = 0

    def add(self, step=1):
        """Add `step`, which is not negative, to the total."""
        if step < 0:
            raise ValueError("a step is not negative")
        self.total += step

    def clear(self):
        self.total = 0
'''

USER = '''\
from solutions.tiny import double


def quadruple(x):
    return double(double(x))
'''

WRONG_ANSWERS = '''\
import numpy as np

from tests.wrong_answers import accepted, wrong


@wrong("double", says="these are squares")
def squared(x):
    return x * x


@wrong("double", says="two was added")
def plus_two(x):
    return x + 2


@wrong("double", says="the shape has to stay")
def flat(x):
    return 2 * x.ravel()


@accepted("double", says="a matrix will do")
def matrix(x):
    return np.matrix(2 * x) if x.shape == (1,) else 2 * x


@wrong("Counter", says="only the last step")
class Last:
    total = 0

    def add(self, step=1):
        self.total = step


@wrong("Counter", says="counts down")
class Down:
    total = 0

    def add(self, step=1):
        self.total -= step


@wrong("Counter", says="has not moved")
class Idle:
    total = 0

    def add(self, step=1):
        step += 1
'''

FILES = {
    "lessons/00_tiny.py": LESSON,
    "lessons/checks/tiny.py": CHECKS,
    "solutions/__init__.py": "",
    "solutions/tiny.py": SOLUTIONS,
    "solutions/user.py": USER,
    "tests/wrong_answers/tiny.py": WRONG_ANSWERS,
}


def write(root):
    """Write the course into the folder `root`, with a copy of the classroom and of the three-state proof."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    compiled = shutil.ignore_patterns("__pycache__")
    shutil.copytree(HERE.parent / "classroom", root / "classroom", ignore=compiled)
    for name in ("test_exercises.py", "wrong_answers/__init__.py"):
        shutil.copy(HERE / name, root / "tests" / name)


def edit(root, name, old, new):
    """Replace `old` by `new` in one of the course's files; `old` must stand in it."""
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{name} does not hold {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

"""A course of one lesson about next to nothing, written into temporary folders to test the
machinery.
"""

import shutil
from pathlib import Path

HERE = Path(__file__).parent

LESSON = """\
# ---
# jupyter:
#   lesson:
#     title: "Tiny: twice and again"
#     question: "What is twice as much?"
# ---

# %% [markdown]
# # Tiny

# %%
import matplotlib.pyplot as plt
import numpy as np
TWO = 2
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
"""

CHECKS = '''\
import numpy as np

from classroom.checking import about, check, refuses, require

about("double", stars=1, minutes=2, seconds=1,
      hints=("What is twice as much?", "The shape stays.", "return 2 * ..."))


@check("double")
def values(answer):
    """Every entry is doubled."""
    return answer(np.array([1.0, 2.0, 3.0]))


@check("double")
def shapes(answer):
    """An array of any shape keeps it."""
    return answer(np.arange(6.0).reshape(2, 3)), answer(np.ones(1))


about("Counter", stars=2, minutes=5, blank=("Counter.add",), hints=("Keep a sum.", "self.total += step"))


@check("Counter")
def sums(answer):
    """The total is the sum of the steps."""
    counter = answer()
    counter.add(2)
    require(counter.total != 0, "The total has not moved.")
    counter.add(3)
    return counter.total


@check("Counter")
def refuses_less(answer):
    """A negative step is refused."""
    refuses(ValueError, lambda: answer().add(-1), "A negative step must be refused.")
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

USER = """\
from solutions.tiny import double


def quadruple(x):
    return double(double(x))
"""

MISTAKES = """\
import numpy as np

from classroom.checking import accepted, mistake


@mistake("double", "These are squares: multiply by two, not by itself.")
def squared(x):
    return x * x


@mistake("double", "Two was added: multiply by it.")
def plus_two(x):
    return x + 2


@mistake("double", "The shape has to stay.")
def flat(x):
    return 2 * x.ravel()


@mistake("double", shown_by="inputs_are_kept")
def in_place(x):
    x *= 2
    return x


@mistake("double", shown_by="called_again")
def counts_its_calls(x, calls=[]):
    calls.append(1)
    return 2 * x + (len(calls) > 3)


@accepted("double", "It is doubled downwards.")
def downwards(x):
    return -2 * x


@accepted("double")
def added(x):
    return x + x


@mistake("Counter", "Only the last step counts.")
class Last:
    total = 0

    def add(self, step=1):
        self.total = step


@mistake("Counter", "It counts down.")
class Down:
    total = 0

    def add(self, step=1):
        self.total -= step


@mistake("Counter", shown_by="sums")
class Idle:
    total = 0

    def add(self, step=1):
        step += 1


@mistake("Counter", shown_by="refuses_less")
class Anything:
    total = 0

    def add(self, step=1):
        self.total += step
"""

FILES = {
    "lessons/00_tiny/lesson.py": LESSON,
    "lessons/00_tiny/checks.py": CHECKS,
    "lessons/00_tiny/mistakes.py": MISTAKES,
    "solutions/__init__.py": "",
    "solutions/tiny.py": SOLUTIONS,
    "solutions/user.py": USER,
}


def write(root):
    """Write the course into the folder `root`, with a copy of the classroom and of the three-state
    proof.
    """
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    compiled = shutil.ignore_patterns("__pycache__")
    shutil.copytree(HERE.parent / "classroom", root / "classroom", ignore=compiled)
    (root / "tests").mkdir()
    shutil.copy(HERE / "test_exercises.py", root / "tests")


def edit(root, name, old, new):
    """Replace `old` by `new` in one of the course's files; `old` must be in it."""
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{name} does not have {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

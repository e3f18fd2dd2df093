# ---
# jupyter:
#   lesson:
#     title: "twice: what this lesson is called"
#     question: "What is the one question that this lesson answers?"
# ---

# %% [markdown]
# # twice
#
# **The question:** what is the one question that this lesson answers?
#
# Begin with a picture, or with a tiny example in numbers. Let the reader predict something before
# you tell.

# %%
import numpy as np

from classroom import exercise, hint, solution

x = np.array([1.0, 2.0, 3.0])
print(x)

# %% [markdown]
# ## The first step
#
# Say what the exercise is for. Its task, its shapes and its example are in its docstring, in
# `solutions/twice.py`; the builder puts the stub here.

# %% exercise="twice"

# %%
print(twice(x))

# %% [markdown]
# ## What it means
#
# Use what was just written, and say where it appears in a real model.

# %%
print(twice(twice(x)))

# %% [markdown]
# ## What comes next
#
# End with what the next lesson will need.

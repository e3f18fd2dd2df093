# ---
# jupyter:
#   lesson:
#     title: "How sure are we?"
#     question: "How much of lesson 09's picture is the encoding, and how much is everything else?"
#     minutes: 40
#     achieved: "You know which claims survive, and you could defend them against a skeptic."
# ---

# %% [markdown]
# # 10 · How sure are we?
#
# **How much of lesson 09's picture is the encoding, and how much is everything else?**

# %%
import numpy as np

from classroom import exercise, hint, solution
from solutions.evidence import T_95

# %% exercise="over_seeds"

# %% exercise="choose_setting"

# %% exercise="paired_difference"

# %% exercise="interaction"

# %% exercise="row_weights"

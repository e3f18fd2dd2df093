# ---
# jupyter:
#   lesson:
#     title: "What positions learn"
#     question: "What is in a position vector, and who put it there?"
#     minutes: 40
#     achieved: "You have looked into nine encodings, and read positions from vectors that never had any."
# ---

# %% [markdown]
# # 13 · What positions learn

# %%
import numpy as np

from classroom import exercise, hint, solution
from solutions.probing import logistic_regression, ridge
from solutions.training import UNSCORED

# %% exercise="cosine_map"

# %% exercise="position_probe"

# %% exercise="order_probe"

# %% exercise="masked_batch"

# %% exercise="pair_norms"

# ---
# jupyter:
#   lesson:
#     title: "On PyTorch: the same files, on larger machines"
#     question: "q?"
#     minutes: 25
# ---

# %% [markdown]
# # x

# %%
from classroom import exercise, hint, solution

# %% exercise="distance_score_mod"

# %% exercise="share_loss"

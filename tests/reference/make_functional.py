"""Writes functional.npz: inputs of every case in functional_cases.py, and PyTorch's results and
gradients in float64.

Run with PyTorch installed, from the top of the repository: python -m
tests.reference.make_functional
"""

from pathlib import Path

import numpy as np
import torch

from tests.functional_cases import CASES, evaluate, make_inputs

arrays = {}
for name in CASES:
    if not name.endswith("_long"):  # kept small
        inputs = make_inputs(name)
        arrays |= {f"{name}/input/{n}": x for n, x in enumerate(inputs)}
        arrays |= {f"{name}/output/{n}": x for n, x in enumerate(evaluate(torch, name, inputs))}
np.savez_compressed(Path(__file__).with_name("functional.npz"), **arrays)

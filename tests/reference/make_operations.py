"""Writes operations.npz and operation_types.json: PyTorch's answers to the expressions in
operation_cases.py.

Of each line of EXPRESSIONS the first form: results, then gradients, one after the other in a flat
array. Run with PyTorch installed, from the top of the repository: python -m
tests.reference.make_operations
"""

import json
import warnings
from pathlib import Path

import numpy as np
import torch

from tests.operation_cases import FIRST_FORMS, TYPE_LINES, evaluate, expand, flat, result_types

warnings.simplefilter("ignore")
here = Path(__file__).parent
np.savez_compressed(here / "operations.npz", **{e: flat(evaluate(torch, e)) for e in FIRST_FORMS})
types = {
    expression: result_types(torch, expression)
    for line in TYPE_LINES
    for expression in expand(line)
}
(here / "operation_types.json").write_text(json.dumps(types, indent=0) + "\n", encoding="utf-8")

"""Freeze what PyTorch makes of random indices: python -m tests.reference.make_random_indices"""

import json
import warnings
from pathlib import Path

import numpy as np

from tests.random_indices import outcome, random_cases, written

if __name__ == "__main__":
    import torch

    warnings.simplefilter("ignore")
    rng, entries = np.random.default_rng(1), []
    for n, case in enumerate(random_cases(1, 600)):
        case = case if n % 2 else written(case, torch, rng)
        result = case and outcome(torch, case)
        if case and not isinstance(result, Exception) and sum(x.size for x in result) <= 60:
            entries.append(
                {
                    "case": [case.shape, case.transposed, case.items, case.value, case.listed],
                    "outcome": [x.tolist() for x in result],
                }
            )
    lines = ",\n".join(map(json.dumps, entries))
    Path(__file__).with_name("random_indices.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(len(entries), "indices frozen")

"""Freeze what PyTorch makes of engine_cases.py: python -m tests.reference.make_engine_cases"""

import json
import warnings
from pathlib import Path

from tests.engine_cases import PROGRAMS, outcome

if __name__ == "__main__":
    import torch

    warnings.simplefilter("ignore")
    lines = [
        f"{json.dumps(topic)}: {{\n"
        + ",\n".join(
            f"{json.dumps(program)}: {json.dumps(outcome(torch, program))}" for program in programs
        )
        + "\n}"
        for topic, programs in PROGRAMS.items()
    ]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    Path(__file__).with_name("engine_cases.json").write_text(text, encoding="utf-8")

"""Lesson 09's training step beside two busy programs: one thread for each product, or more.

One thread is what minitorch sets (minitorch/threads.py); the other column is what NumPy's library
takes when it is left alone, a thread for each core. The two take turns; medians over the rounds.
"""

import os
import statistics
import subprocess
import sys

from minitorch.threads import VARIABLES

STEPS = 10
BUSY = "import time\nend = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass"
STEP = """
import sys, time
import minitorch as torch
from solutions.counting import counting_batch, counting_tokenizer
from solutions.training import Trainer
from solutions.transformer import Transformer

positions, threads, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
options = {"npos_max": 16} if positions == "cope" else {}
model = Transformer(len(counting_tokenizer()), dim=32, num_heads=2, num_layers=2, max_len=384,
                    positions=positions, **options)
trainer = Trainer(model, counting_batch, steps=1000)
trainer.update()
began = time.perf_counter()
for _ in range(steps):
    trainer.update()
print((time.perf_counter() - began) / steps)
"""


def measure_busy(rounds):
    """{encoding: milliseconds per step with one thread, with one for each core}."""
    found = {}
    for positions in "rope", "cope":
        counts = 1, os.cpu_count() or 1
        times = [[seconds(positions, threads) for threads in counts] for _ in range(rounds)]
        found[positions] = [round(1e3 * statistics.median(column), 1) for column in zip(*times)]
    return found


def seconds(positions, threads):
    """Of one step, by the clock, in a process of its own, while two others never rest."""
    free = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    busy = [sys.executable, "-c", BUSY.format(seconds=60)]
    others = [subprocess.Popen(busy) for _ in range(2)]
    try:
        arguments = [positions, str(threads), str(STEPS)]
        command = [sys.executable, "-c", STEP, *arguments]
        return float(subprocess.check_output(command, env=free, text=True))
    finally:
        for other in others:
            other.kill()
            other.wait()

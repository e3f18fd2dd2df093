"""How many threads a product of matrices uses: one, unless more are asked for.

The products of this course are small, and the threads of a BLAS library wait for each other in a
loop. Beside two busy programs on two cores, a step of lesson 09 took 556 ms with them and 69 ms
with one thread (RoPE; CoPE 1226 and 85; benchmarks/busy.py).

This is the only place where that is set, when minitorch is imported: it works in JupyterLab, in VS
Code, in any Jupyter and in scripts, and also if NumPy was imported before (an environment variable
then comes too late). More threads are to be had by `set_num_threads`, or by one of the VARIABLES,
set before Python starts. Apple's Accelerate knows no such setting and chooses for itself.
"""

import os

try:
    import threadpoolctl
except ImportError:  # NumPy is enough; then its library decides
    threadpoolctl = None

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")


def set_num_threads(number):
    """Lets each product use this many threads, in the whole process."""
    if not isinstance(number, int):
        raise TypeError(f"set_num_threads expects an int, but got {type(number).__name__}")
    if number < 1:
        raise RuntimeError(f"set_num_threads expects a positive integer, but got {number}")
    if threadpoolctl:
        threadpoolctl.threadpool_limits(number, user_api="blas")


def get_num_threads():
    """How many threads a product uses at most."""
    libraries = threadpoolctl.threadpool_info() if threadpoolctl else []
    counts = [each["num_threads"] for each in libraries if each["user_api"] == "blas"]
    return max(counts, default=os.cpu_count() or 1)


def use_one_thread():
    """Unless a variable says otherwise."""
    if not any(name in os.environ for name in VARIABLES):
        set_num_threads(1)

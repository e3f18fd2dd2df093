"""Memory of freed arrays is kept for the next ones: a training step makes the same arrays again
and again.

By default the C library gives large blocks back to the system at once, which hands them out anew,
zeroed page by page: a third of the time of a training step. Only glibc (most Linux systems) has
this switch.
"""

import ctypes
import os

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # from malloc.h
LEAVE_ALONE = (
    "MINITORCH_LEAVE_MALLOC"  # an environment variable: set to 1, nothing is changed on import
)


def keep_freed_memory(largest=2**30):
    """Give back only what exceeds `largest` bytes. Returns whether the C library agreed."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS, Windows, musl
        return False
    return bool(mallopt(M_TRIM_THRESHOLD, largest) and mallopt(M_MMAP_THRESHOLD, largest))


def set_allocator_on_import():
    """What `import minitorch` does to the process, unless MINITORCH_LEAVE_MALLOC=1 is in the
    environment.
    """
    if os.environ.get(LEAVE_ALONE, "0") in ("", "0"):
        keep_freed_memory()

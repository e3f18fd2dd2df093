"""Memory of freed arrays is kept for the next ones: a training step makes the same arrays again and again.

By default the C library gives large blocks back to the system at once, which hands them out anew, zeroed page
by page: a third of the time of a training step. Only glibc (most Linux systems) has this switch.
"""
import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3                                       # from malloc.h


def keep_freed_memory(largest=2 ** 30):
    """Give back only what exceeds `largest` bytes. Returns whether the C library took the setting."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):                                  # macOS, Windows, musl
        return False
    return bool(mallopt(M_TRIM_THRESHOLD, largest) and mallopt(M_MMAP_THRESHOLD, largest))

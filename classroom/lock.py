"""One process at a time: a lock that ends with whoever has it.

Like environment.py, this file keeps to what every Python can read.
"""

import contextlib
import itertools
import os
import sys
import time


@contextlib.contextmanager
def alone(path, waiting):
    """Wait until no other process is in here with this path; if that takes long, say `waiting`.

    The lock is the system's: it ends with the last process that has it, however that ends.
    """
    with open(path, "a") as file:
        os.set_inheritable(file.fileno(), True)
        for attempt in itertools.count():
            if locked(file):
                break
            if attempt == 5:
                sys.stdout.write(waiting + "\n")
                sys.stdout.flush()
            time.sleep(0.1)
        yield


def locked(file):
    """Lock an open file for this process, unless another has done so; whether it is ours."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # no locks on this file system, a network drive's perhaps: go on without
        pass
    return True

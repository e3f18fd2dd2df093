"""Writing a file whole or not at all: afterwards it is the old file or the new one."""

import errno
import glob
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

SECONDS_BEFORE_RETRIES = (0.01, 0.05, 0.2, 0.5, 1, 2)
CAN_ASK = os.name != "nt"  # whether a process runs: on Windows, asking with signal 0 ends it
SECONDS_UNTIL_STALE = 3600  # of a part whose writer cannot be asked

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
FREE_SPACE = "Free some space and try again"
ALLOW_WRITING = "Make its folder writable, close what uses the file, and try again"


def write(path: str | Path, content: str | bytes) -> None:
    """Write `content` to the file at `path`, text as UTF-8.

    raises   OSError with a sentence when that fails, on a full disk for instance
    """
    with replacing(path) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """A binary file to write to, which becomes the file at `path` at the end.

    with replacing("model.npz") as file:
        torch.save(weights, file)

    If anything goes wrong inside the block, the old file stays as it is.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")  # two processes never share one
    try:
        _clear_stale_parts(path)
        with open(part, "wb") as file:
            yield file
        _replace(part, path)
    except OSError as error:
        raise OSError(error.errno, _sentence(error, path), str(path)) from error
    finally:
        _remove(part)


def _sentence(error: OSError, path: Path) -> str:
    reason = error.strerror or error
    advice = FREE_SPACE if error.errno in NO_SPACE else ALLOW_WRITING
    return f"{path.name} could not be written: {reason}. Nothing was changed. {advice}"


def _replace(part: Path, path: Path) -> None:
    """Give `part` the name `path`.

    On Windows, a program that is just reading the old file forbids this for a moment.
    """
    for seconds in SECONDS_BEFORE_RETRIES:
        try:
            os.replace(part, path)
            return
        except PermissionError:
            time.sleep(seconds)
    os.replace(part, path)


def _clear_stale_parts(path: Path) -> None:
    """Remove what writers that were killed have left."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        if _is_stale(part):
            _remove(part)


def _is_stale(part: Path) -> bool:
    """Whether the process that wrote to `part` has ended. Its number is in the name."""
    number = part.name.split(".")[-2]
    if not number.isdecimal():
        return False  # not one of ours
    try:
        if not CAN_ASK:
            return time.time() - part.stat().st_mtime > SECONDS_UNTIL_STALE
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError, FileNotFoundError):
        return True
    except PermissionError:  # it runs, as another user
        pass
    return False


def _remove(part: Path) -> None:
    with suppress(OSError):  # still open somewhere: the next writer clears it
        part.unlink(missing_ok=True)

"""A file is written whole or not at all, even if the writer is killed or is not alone."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from classroom import files

ROOT = Path(__file__).parents[1]
WRITE_FOR_EVER = """
import itertools, sys
from classroom import files
letters = sys.argv[2]
for number in itertools.count():
    files.write(sys.argv[1], letters[number % len(letters)] * 300_000)
"""


def start_writing(path, letters):
    return subprocess.Popen(
        [sys.executable, "-c", WRITE_FOR_EVER, str(path), letters],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def parts(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(".part"))


def is_whole(path):
    content = path.read_bytes()
    return len(content) == 300_000 and content == content[:1] * 300_000


def test_text_is_written_as_utf_8_and_with_its_own_line_ends(tmp_path):
    files.write(tmp_path / "a.txt", "naïve\n")
    assert (tmp_path / "a.txt").read_bytes() == "naïve\n".encode()
    assert parts(tmp_path) == []


def test_a_killed_writer_leaves_a_whole_file_and_the_next_one_clears_its_part(tmp_path):
    path = tmp_path / "a[1].txt"
    left = 0
    for kill in range(20):
        writer = start_writing(path, "ab")
        while not path.exists():
            time.sleep(0.005)
        time.sleep(0.001 * kill)
        writer.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
        writer.wait()
        assert is_whole(path)
        left += len(parts(tmp_path))
        files.write(path, "c")
        assert parts(tmp_path) == [] or os.name == "nt"
        path.unlink()
    assert left > 0, "no kill met a half-written file: the test proves nothing"


def test_two_writers_of_one_file_do_not_collide(tmp_path):
    path = tmp_path / "a.txt"
    writers = [start_writing(path, letter) for letter in "ab"]
    try:
        seen, until = set(), time.monotonic() + 10
        while len(seen) < 2 and time.monotonic() < until:
            if path.exists():
                assert is_whole(path)
                seen.add(path.read_bytes()[:1])
        assert seen == {b"a", b"b"}
        assert [writer.poll() for writer in writers] == [None, None]
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()


def test_a_full_disk_is_told_in_a_sentence_and_the_old_file_stays(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    files.write(path, "old")
    with pytest.raises(OSError, match="a.txt") as caught, files.replacing(path) as file:
        file.write(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.errno == errno.ENOSPC
    assert "No space left on device. Nothing was changed. Free some space" in str(caught.value)
    assert path.read_text() == "old" and parts(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_device_that_is_really_full(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    files.write(path, "old")
    path.with_name(f".a.txt.{os.getpid()}.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="Nothing was changed. Free some space") as caught:
        files.write(path, "new" * 100_000)
    assert caught.value.errno == errno.ENOSPC
    assert path.read_text() == "old" and parts(tmp_path) == []


@pytest.mark.parametrize("fault", [TypeError, KeyboardInterrupt])
def test_a_fault_in_the_middle_leaves_the_old_file(tmp_path, fault):
    path = tmp_path / "a.txt"
    files.write(path, "old")
    with pytest.raises(fault), files.replacing(path) as file:
        file.write(b"half of it")
        raise fault
    assert path.read_text() == "old" and parts(tmp_path) == []


def test_a_file_that_another_program_has_open_is_tried_again(tmp_path, monkeypatch):
    really, refusals = os.replace, [PermissionError(errno.EACCES, "in use")] * 3

    def replace(source, target):
        if refusals:
            raise refusals.pop()
        really(source, target)

    monkeypatch.setattr(os, "replace", replace)
    files.write(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "new" and not refusals


def test_a_file_that_stays_forbidden_is_told_in_a_sentence(tmp_path, monkeypatch):
    def replace(source, target):
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(files, "SECONDS_BEFORE_RETRIES", (0,))
    files_before = list(tmp_path.iterdir())
    with pytest.raises(PermissionError, match="could not be written: in use"):
        files.write(tmp_path / "a.txt", "new")
    assert list(tmp_path.iterdir()) == files_before


def test_where_a_writer_cannot_be_asked_an_old_part_is_stale(tmp_path, monkeypatch):
    old, new = tmp_path / ".a.txt.1.part", tmp_path / ".a.txt.2.part"
    other = tmp_path / ".a.txt.of-someone.part"
    for path in (old, new, other):
        path.write_bytes(b"half")
    an_hour_ago = time.time() - files.SECONDS_UNTIL_STALE - 1
    os.utime(old, (an_hour_ago, an_hour_ago))
    monkeypatch.setattr(files, "CAN_ASK", False)
    files.write(tmp_path / "a.txt", "new")
    assert parts(tmp_path) == [new.name, other.name]

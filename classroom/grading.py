"""`python -m classroom grade FOLDER`: what a class has solved, judged anew.

Stored outputs count for nothing. Each answer is judged in a process of its own (witness.py), with
a time limit. Its verdict is believed only if its results, compared here, are those of the course's
own answers. docs/teaching.md says how to use it, and against what it is no protection.
"""

import argparse
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from classroom import catalogue, handed_in
from classroom.comparing import Raised, equal
from classroom.copies import FILE_NAME, Damaged
from classroom.environment import FOLDER, Problem
from classroom.feedback import NOT_WRITTEN, NOT_YET, RIGHT

WITNESS = Path(__file__).with_name("witness.py")
NOT_JUDGED = "could not be judged"
FROM_WORST = (NOT_WRITTEN, NOT_JUDGED, NOT_YET, RIGHT)
MOST_SECONDS = 60  # for one answer, besides three times what its checks may take
LARGEST_REPORT = 32 * 2**20  # bytes
LONGEST_SENTENCE = 600  # characters
FORMULA = ("=", "+", "-", "@")  # what a spreadsheet would run


@dataclass
class Row:
    """What was found of one learner's answer to one exercise."""

    learner: str
    lesson: str
    exercise: str
    state: str = NOT_WRITTEN
    stars: int = 0  # earned
    of: int = 0  # stars that there are
    sentence: str = ""


def main(arguments):
    parser = argparse.ArgumentParser(
        "python -m classroom grade", description="Judge what learners have handed in."
    )
    parser.add_argument(
        "folder", help="a folder per learner, or files; notebooks, or files of my_answers"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="write JSON")
    form.add_argument("--csv", action="store_true", help="write a table for a spreadsheet")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="answers at once")
    options = parser.parse_args(arguments)
    folder = Path(options.folder)
    if not folder.exists():
        raise Problem(f"There is no {folder}. Name the folder with what your learners handed in.")
    rows = grade(folder, catalogue.course(), max(1, options.jobs), _progress)
    if not rows:
        raise Problem(
            f"No answers were found in {folder}. It should have a folder per learner, with "
            "notebooks of the course or files of my_answers in it."
        )
    write = write_json if options.json else write_csv if options.csv else write_table
    write(rows, sys.stdout)
    return 0


def _progress(learner):
    print(f"judged: {learner}", file=sys.stderr, flush=True)


def grade(folder, course, jobs=1, done=lambda learner: None):
    """The Rows of everyone who handed something in, in order."""
    judge = Judge(course)

    def rows_of(learner):
        rows = list(judge.rows(learner))
        done(learner.name)
        return rows

    with ThreadPoolExecutor(jobs) as pool:
        try:
            return [row for rows in pool.map(rows_of, handed_in.learners(folder)) for row in rows]
        except BaseException:  # Ctrl-C, say: what is running must not go on by itself
            judge.stop()
            pool.shutdown(cancel_futures=True)
            raise


class Judge:
    """Judges answers, each in a process of its own."""

    def __init__(self, course):
        self.course = course
        self.known = {}  # exercise name -> what the course's own answers give
        self.locks = {name: threading.Lock() for name in course.exercise_names}
        self.running = set()  # the witnesses' processes
        self.is_stopped = False

    def stop(self):
        """End what is running, and begin nothing else."""
        self.is_stopped = True
        for process in list(self.running):
            end(process)

    def rows(self, learner):
        """A Row per exercise of each lesson of which the learner handed something in."""
        answers, lessons = {}, set()
        for path in learner.files:
            parts = FILE_NAME.fullmatch(path.name)
            slug = parts[2] if parts else path.stem
            lessons |= {each for each in self.course.lessons if each.slug == slug}
            try:
                found = handed_in.answers_in(path, self.course)
            except Damaged as damage:
                yield Row(learner.name, path.name, "", NOT_JUDGED, sentence=tidy(damage))
                continue
            for name, answer in found.items():
                answers.setdefault(name, []).append(answer)
                lessons.add(self.course.exercise_names[name])
        following = []
        for lesson in self.course.lessons:
            for entry in lesson.exercises if lesson in lessons else ():
                if self.is_stopped:
                    return
                row = Row(learner.name, lesson.slug, entry.name, of=entry.stars)
                self._fill(row, entry, answers.get(entry.name, []), following)
                yield row

    def _fill(self, row, entry, answers, following):
        """Write into the row what becomes of the best of a learner's answers to an exercise."""
        for answer in answers:
            if answer.problem:
                found = NOT_YET, answer.problem
            elif answer.is_written:
                *found, convention = self._judged(entry, answer, following)
                following += [(entry.name, convention)] if convention else []
            else:
                continue
            if FROM_WORST.index(found[0]) >= FROM_WORST.index(row.state):
                row.state, row.sentence = found[0], tidy(found[1])
            if row.state == RIGHT:
                row.stars = entry.stars
                return

    def _judged(self, entry, answer, following):
        """(state, sentence, convention) of one answer."""
        known = self._known(entry)
        request = {
            "exercise": entry.name,
            "parts": answer.parts,
            "following": following,
            "canaries": known["canaries"],
        }
        try:
            found = self._report(request, 3 * entry.seconds + MOST_SECONDS)
            return self._believed(entry, found, known, following)
        except NoReport as problem:
            return NOT_JUDGED, str(problem), ""

    def _known(self, entry):
        """What the course's own answers and mistakes give, looked at once."""
        with self.locks[entry.name]:
            if entry.name not in self.known:
                request = {"exercise": entry.name, "parts": None}
                limit = 20 * entry.seconds + MOST_SECONDS
                known = self._report(request, limit)
                self.known[entry.name] = known | {"canaries": canaries(entry, known)}
        return self.known[entry.name]

    def _report(self, request, seconds):
        return report(self.course.root, request, seconds, self.running)

    def _believed(self, entry, found, known, following):
        """(state, sentence, convention) after a report; it may say anything."""
        try:
            if "problem" in found:
                return NOT_JUDGED, found["problem"], ""
            if found["state"] != RIGHT:
                state = NOT_WRITTEN if found["state"] == NOT_WRITTEN else NOT_YET
                claim = f"Checking: {found['claim']} " if found["claim"] else ""
                return state, f"{claim}{found['says']}", ""
            fates = [looks_right(entry, known, *canary) for canary in found["canaries"]]
            if len(fates) != len(known["canaries"]) or any(fates):
                raise NoReport("It changes what judges it: known mistakes pass as right there.")
            return self._compared(entry, found["seen"], known["right"], following)
        except NoReport:
            raise
        except Exception as fault:  # not a report that this course writes
            raise NoReport(f"Its report makes no sense ({type(fault).__name__}).") from None

    def _compared(self, entry, seen, right, following):
        """The same after a report that says "right": do its results say so, too?"""
        usable = [
            (name, own)
            for name, only_with, own in right
            if not only_with or tuple(only_with) in following
        ]
        for check in entry.checks:
            got = decoded(seen[check.name])
            usable = [
                (name, own)
                for name, own in usable
                if equal(got, decoded(own[check.name]), check.tolerance, check.dtype)
            ]
            if not usable:
                sentence = "Its results are not right, though it reports that they are."
                return NOT_YET, f"Checking: {check.claim} {sentence}", ""
        return RIGHT, "", usable[0][0]


def looks_right(entry, known, check, mistake, seen):
    """Whether a check sees of a mistake what it sees of a right answer."""
    check = next(each for each in entry.checks if each.name == check)
    wanted = [decoded(own[check.name]) for _, _, own in known["right"]]
    return any(equal(decoded(seen), each, check.tolerance, check.dtype) for each in wanted)


def canaries(entry, known):
    """[check, mistake] for each check: some that it finds; by a demand of its own, if it can."""
    chosen = []
    for check in entry.checks:
        found = [
            each
            for each in known["mistaken"]
            if each[0] == check.name and not looks_right(entry, known, *each)
        ]
        by_demand = [each for each in found if each[2] == ["error", "NotYet"]]
        chosen += [each[:2] for each in by_demand[:2] + found[:1]]
    return chosen


# A process of its own


class NoReport(Exception):
    """An answer's process ended without a word that can be used; the message says how."""


def report(root, request, seconds, running):
    """What the witness in the course at `root` says; its process is in the set `running` as long.

    Raises NoReport.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [sys.executable, "-I", str(root / "classroom" / WITNESS.name)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=surroundings(folder),
            start_new_session=True,  # a group of its own, which can be ended whole
        )
        running.add(process)
        said = []
        reader = threading.Thread(
            target=lambda: said.append(process.stdout.readline(LARGEST_REPORT)), daemon=True
        )
        reader.start()
        try:
            with suppress(BrokenPipeError), process.stdin as stream:
                stream.write(json.dumps(request).encode())
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise NoReport(f"It was still running after {seconds} s, and was stopped.") from None
        finally:
            end(process)
            running.discard(process)
            reader.join(5)
    try:
        found = json.loads(said[0])
    except Exception:  # no line, half a line, or another one
        raise NoReport(f"It ended the process that judged it ({_ending(code)}).") from None
    if not isinstance(found, dict):
        raise NoReport("Its report makes no sense.")
    return found


def _ending(code):
    return f"exit code {code}" if code >= 0 else f"signal {-code}"


def end(process):
    """End a process and, where there are process groups, all that it started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def surroundings(folder):
    """The environment variables of a witness: few, and no one's own."""
    kept = ("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "LANG", "LC_ALL")
    own = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", FOLDER), folder)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    fixed = {"MPLBACKEND": "agg", "PYTHONHASHSEED": "0"}
    return {name: os.environ[name] for name in kept if name in os.environ} | own | threads | fixed


# What a check saw, read from JSON. Nothing in it can run.


class Tensor:
    """An array that was a tensor."""

    def __init__(self, array):
        self.array = array

    def detach(self):
        return self

    def numpy(self):
        return self.array


class Unlike:
    """What equals nothing: an error, or an object of which only the kind is known."""

    __hash__ = None

    def __init__(self, kind):
        self.kind = kind

    def __eq__(self, other):
        return False


def decoded(value):
    kind, content = value
    if kind == "plain" and isinstance(content, None | bool | int | float | str):
        return content
    if kind == "list":
        return [decoded(item) for item in content]
    if kind == "dict":
        return {decoded(key): decoded(item) for key, item in content}
    if kind == "raised":
        return Raised(type(str(content), (Exception,), {}))
    if kind in ("array", "tensor"):
        array = decoded_array(*content)
        return Tensor(array) if kind == "tensor" else array
    return Unlike(content)


def decoded_array(dtype, shape, content):
    import base64

    array = np.frombuffer(base64.b64decode(content), np.dtype(str(dtype)))
    return array.reshape([int(size) for size in shape])


# The table


def tidy(sentence):
    """A sentence on one line, without characters that would steer a terminal."""
    words = "".join(each if each.isprintable() else " " for each in str(sentence)).split()
    line = " ".join(words)
    return line if len(line) <= LONGEST_SENTENCE else line[:LONGEST_SENTENCE] + " ..."


def write_json(rows, stream):
    json.dump([asdict(row) for row in rows], stream, indent=1, ensure_ascii=False)
    stream.write("\n")


def write_csv(rows, stream):
    """Rows for a spreadsheet, which must take no text of a learner's for a formula."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(Row.__dataclass_fields__)
    for row in rows:
        writer.writerow(
            f"'{value}" if str(value).startswith(FORMULA) else value
            for value in asdict(row).values()
        )


def write_table(rows, stream):
    """The rows under each learner's name, with the sums; as wide as the terminal."""
    width = max(80, shutil.get_terminal_size((120, 24)).columns)
    for learner in dict.fromkeys(row.learner for row in rows):
        own = [row for row in rows if row.learner == learner]
        right = sum(row.state == RIGHT for row in own)
        stars, most = sum(row.stars for row in own), sum(row.of for row in own)
        print(f"{tidy(learner)}: {right} of {len(own)} right, {stars} of {most} stars", file=stream)
        for row in own:
            name = row.exercise or tidy(row.lesson)
            start = f"  {'*' * row.of:3} {name:26} {row.state:19} "
            rest = row.sentence
            room = width - len(start)
            print(start + (rest if len(rest) <= room else rest[: room - 4] + " ..."), file=stream)
        print(file=stream)

"""Looks at one answer in a process of its own, and reports what each check saw of it.

This file is run, not imported. Whatever an answer does to this process, it can do no more than
report other results than its own: the report is judged elsewhere, beside what the course's own
answers gave in a process where no learner's code has run. So there is nothing to forge but the
right results themselves.

Besides, some known mistakes are looked at after the answer was. If one of them passes as right,
the answer has changed what judges it.

    standard input    {"exercise": ..., "parts": [[label, source], ...] or null for the course's
                      own answers, "following": [[exercise, convention], ...],
                      "canaries": [[check, mistake], ...]}
    standard output   one line of JSON
"""

import base64
import json
import linecache
import os
import sys

MEMORY = 3 * 2**30  # bytes; where the system can limit them
FILE = 64 * 2**20  # bytes of the largest file that may be written
READ_SECONDS = 10  # for running the definitions
QUICK = 0.2  # seconds: a mistake that takes longer is no canary


def limit():
    """Let this process take no more than its share, on systems that know limits."""
    try:
        import resource
    except ImportError:
        return
    for name, size in (("AS", MEMORY), ("FSIZE", FILE), ("CORE", 0)):
        try:
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (size, size))
        except (ValueError, OSError, AttributeError):
            continue


# What a check saw, as JSON: [kind, content]. The other side runs no code to read it.


def encoded(value):
    from classroom.comparing import Raised, is_tensor, plain

    if is_tensor(value):
        return ["tensor", encoded_array(plain(value))]
    if value is None or isinstance(value, bool | str) or type(value) in (int, float):
        return ["plain", value]
    if isinstance(value, list | tuple):
        return ["list", [encoded(item) for item in value]]
    if isinstance(value, dict):
        return ["dict", [[encoded(key), encoded(item)] for key, item in value.items()]]
    if isinstance(value, Raised):
        return ["raised", value.name]
    try:
        return ["array", encoded_array(value)]
    except ValueError:  # an object that only its kind is known of
        return ["object", type(value).__name__]


def encoded_array(value):
    import numpy as np

    array = np.asarray(value)
    if array.dtype.kind not in "biufcU":
        raise ValueError("not numbers or texts")
    content = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return [array.dtype.str, list(array.shape), content]


def seen(judging, check, answer, seconds=None):
    """What a check sees of an answer, as JSON; of a failure only its kind."""
    looked = judging.look(check, answer, seconds)
    if looked.error is not None:
        return ["error", type(looked.error).__name__]
    return encoded(looked.value)


def report_on_the_courses_own(judging, entry):
    """What the checks see of each right answer, and of mistakes that they tell from those."""
    import time

    def all_seen(answer):
        return {check.name: seen(judging, check, answer, entry.seconds) for check in entry.checks}

    right = [["", [], all_seen(entry.reference)]]
    right += [[each.name, each.only_with, all_seen(each.answer)] for each in entry.conventions]
    found = []
    for check in entry.checks:
        for each in entry.mistakes:
            before = time.monotonic()
            mistaken = seen(judging, check, each.answer)
            if time.monotonic() - before < QUICK:
                found.append([check.name, each.name, mistaken])
    return {"right": right, "mistaken": found}


def report(judging, entry, request):
    """The verdict of the judge in this process, and what shows whether it is true."""
    canaries = [
        (check, each)
        for name, mistake in request["canaries"]
        for check in entry.checks
        for each in entry.mistakes
        if (check.name, each.name) == (name, mistake)
    ]
    answer = defined(entry.name, request["parts"])
    following = [tuple(pair) for pair in request["following"]]
    verdict = judging.judge(entry, answer, following=following)
    found = {"state": verdict.state, "says": verdict.says, "claim": verdict.checking}
    if verdict.state == "right":
        found["seen"] = {
            check.name: seen(judging, check, answer, entry.seconds) for check in entry.checks
        }
        found["canaries"] = [
            [check.name, each.name, seen(judging, check, each.answer)] for check, each in canaries
        ]
    return found


class Unusable(Exception):
    """The definitions of an answer cannot be run."""


def defined(name, parts):
    """What the sources define under this name, run one after the other in one namespace."""
    from classroom.trial import Beginning, OutOfTime, call_within, output_to

    namespace = {"__name__": "handed_in", "exercise": lambda answer: answer}

    def run():
        for label, text in parts:
            lines = text.splitlines(keepends=True)
            linecache.cache[label] = (len(text), None, lines, label)
            exec(compile(text, label, "exec"), namespace)

    try:
        with output_to(Beginning()):
            call_within(READ_SECONDS, run)
        return namespace[name]
    except OutOfTime:
        raise Unusable(f"it was stopped after {READ_SECONDS} s") from None
    except BaseException as error:
        raise Unusable(f"{type(error).__name__}: {error}") from None


def main():
    request = json.load(sys.stdin)
    channel, nothing = os.dup(1), os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    limit()
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from classroom import catalogue, judging

    entry = catalogue.course().exercise(request["exercise"])
    for part in ("checks", "known", "reference"):  # loaded before the answer is
        getattr(entry, part)
    if request["parts"] is None:
        found = report_on_the_courses_own(judging, entry)
    else:
        try:
            found = report(judging, entry, request)
        except Unusable as problem:
            found = {"problem": f"What it needs of its notebook could not be run: {problem}"}
        except Exception as fault:
            found = {"problem": f"The judge failed on it ({type(fault).__name__}: {fault})."}
    with os.fdopen(channel, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(found) + "\n")
    os._exit(0)  # without what the answer may have left for the end


if __name__ == "__main__":
    main()

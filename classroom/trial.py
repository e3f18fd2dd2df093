"""Runs a learner's code so that it can do no harm: timed, its inputs watched, its output kept."""

import functools
import inspect
import io
import random
import signal
import sys
import threading
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import FunctionType

import numpy as np

from classroom.checking import NotYet
from classroom.comparing import plain

PRINTED_LIMIT = 1000  # characters
CHANGES_INPUT = (
    "Your code changes its input `{}` in place. The caller still needs it: compute a new value "
    "instead."
)


class OutOfTime(BaseException):
    """Raised in code that runs too long. No Exception: `except Exception` lets it through."""


def call_within(seconds, function, notices=None, of_work=False):
    """Call `function()`; after `seconds`, raise OutOfTime in it, again and again until it gives up.

    of_work   True: only seconds that this process works count, however busy the machine is

    Needs POSIX signals and the main thread. Elsewhere the code cannot be cut off, and a line in the
    file `notices` (None: standard error) says so in time. What must be cleaned up belongs outside
    of `function`.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        return _call_with_notice(seconds, function, notices or sys.stderr)

    here, tracer_before = sys._getframe(), sys.gettrace()

    def raise_on_next_line(frame, event, argument):
        if event == "line":
            raise OutOfTime
        return raise_on_next_line

    def stop(signal_number, frame):
        if frame is here:  # already on the way out
            return
        sys.settrace(lambda *call: None)  # turns on the frames' own tracers, set below:
        while frame not in (here, None):
            # a loop that catches this exception meets it again one line later
            frame.f_trace = raise_on_next_line
            frame = frame.f_back
        raise OutOfTime

    clock, alarm = (
        (signal.ITIMER_PROF, signal.SIGPROF) if of_work else (signal.ITIMER_REAL, signal.SIGALRM)
    )
    handler_before = signal.signal(alarm, stop)
    signal.setitimer(clock, seconds, 0.05)
    try:
        return function()
    finally:
        signal.setitimer(clock, 0)
        sys.settrace(tracer_before)
        signal.signal(alarm, handler_before)


def _call_with_notice(seconds, function, notices):
    notice = (
        f"Your code has been running for {seconds} seconds. It cannot be cut off on this system: "
        "if it never ends, interrupt the kernel."
    )
    timer = threading.Timer(seconds, print, [notice], {"file": notices})
    timer.start()
    try:
        return function()
    finally:
        timer.cancel()


class Beginning(io.StringIO):
    """Keeps the beginning of what is written to it."""

    def write(self, text):
        super().write(text[: max(0, PRINTED_LIMIT + 1 - self.tell())])
        return len(text)

    def text(self):
        text = self.getvalue()
        return text if len(text) <= PRINTED_LIMIT else text[:PRINTED_LIMIT] + "\n(cut off here)"


@contextmanager
def output_to(printed):
    """Within this block, `printed` gets what is printed; each warning follows once."""
    with (
        warnings.catch_warnings(record=True) as caught,
        redirect_stdout(printed),
        redirect_stderr(printed),
    ):
        warnings.simplefilter("always")
        try:
            yield
        finally:
            for line in dict.fromkeys(
                f"{each.category.__name__}: {each.message}" for each in caught
            ):
                printed.write(f"{line}\n")


@contextmanager
def bound(name, value, namespaces):
    """Within this block `name` means `value` in each namespace: a function can call itself."""
    missing = object()
    before = [(namespace, namespace.get(name, missing)) for namespace in namespaces]
    for namespace in namespaces:
        namespace[name] = value
    try:
        yield
    finally:
        for namespace, earlier in reversed(before):
            if earlier is missing:
                namespace.pop(name, None)
            else:
                namespace[name] = earlier


class Watch:
    """Wraps the learner's code: remembers its calls, and notices inputs that it changed."""

    def __init__(self, may_change):
        self.may_change = may_change
        self.calls = []  # (inputs by name, result), the latest last

    @contextmanager
    def over(self, answer, blank):
        """Yields `answer` watched: a function, or in a class the methods `blank`."""
        if not isinstance(answer, type):
            yield self._watched(answer)
            return
        own = vars(answer)
        originals = {name: own[name] for name in blank if isinstance(own.get(name), FunctionType)}
        for name, method in originals.items():
            setattr(answer, name, self._watched(method))
        try:
            yield answer
        finally:
            for name, method in originals.items():
                setattr(answer, name, method)

    def call_that_returned(self, result):
        """The inputs of the one call that returned this very object, or None."""
        calls = [inputs for inputs, returned in self.calls if returned is result]
        return calls[0] if len(calls) == 1 else None

    def _watched(self, function):
        parameters = list(inspect.signature(function).parameters)

        @functools.wraps(function)
        def watched(*args, **kwargs):
            inputs = dict(zip(parameters, args, strict=False)) | kwargs
            before = {name: fingerprint(value) for name, value in inputs.items()}
            result = function(*args, **kwargs)
            self.calls.append((inputs, result))
            for name, value in inputs.items():
                if name not in self.may_change and fingerprint(value) != before[name]:
                    raise NotYet(CHANGES_INPUT.format(name))
            return result

        return watched


def fingerprint(value):
    """The same before and after unless the contents of `value` changed."""
    value = plain(value)
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, list | tuple):
        return tuple(fingerprint(item) for item in value)
    if isinstance(value, dict):
        return tuple((key, fingerprint(item)) for key, item in value.items())
    if isinstance(value, str | int | float | None):
        return value
    return id(value)


@contextmanager
def seeded():
    """Within this block, random numbers without a generator of their own start from seed 0."""
    kept = random.getstate(), np.random.get_state()
    random.seed(0)
    np.random.seed(0)
    try:
        yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])

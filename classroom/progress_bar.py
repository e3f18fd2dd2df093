"""A progress bar for long work, in notebooks and terminals. A stored notebook keeps none of it."""

import html
import shutil
import sys
import time

from classroom.feedback import in_notebook, show_bundle

SECONDS_BETWEEN_UPDATES = 0.2
WIDTH = 30  # characters of the bar in a terminal
TRACK = "height: 0.5em; max-width: 30em; background: rgba(128, 128, 128, 0.3)"


class progress:
    """A bar over `total` steps.

    bar = progress(600, "training with CoPE")
    for step in range(600):
        ...
        bar.update(step + 1, f"loss {loss:.3f}")

    in_percent   True: steps are shares of the work that mean nothing to a reader
    """

    latest = None  # the bar that was begun last

    def __init__(self, total, label, in_percent=False):
        self.total, self.label, self.in_percent = total, label, in_percent
        self.skipped = self.step = 0
        self.text = ""
        progress.latest = self
        self.started = self.shown = time.monotonic()
        self.handle = None
        self._show(0, "")

    def update(self, step, text=""):
        """`step` of the steps are done; `text` says how it goes.

        Drawn five times a second at most.
        """
        self.step, self.text = step, text
        now = time.monotonic()
        if step >= self.total or now - self.shown >= SECONDS_BETWEEN_UPDATES:
            self.shown = now
            self._show(step, text)

    def stop(self):
        """Raise KeyboardInterrupt, for work that was interrupted and has ended by itself."""
        raise KeyboardInterrupt

    def stopped(self):
        """Show that it goes no further; the sentence that says so, or None if it had ended."""
        if self.step >= self.total:
            return None
        where = f"stopped at step {self.step} of {self.total}"
        self._show(self.step, self.text, where)
        self.step = self.total
        return f"{self.label}: {where}."

    def skip(self, steps):
        """So many of the steps were done before: they say nothing of the time that is left."""
        self.skipped += steps

    def write(self, line):
        """A line of its own, above the bar."""
        if in_notebook():
            print(line, file=sys.stderr)
        else:
            print(self._over_the_bar(line), file=sys.stderr, flush=True)

    def _over_the_bar(self, line):
        """In a terminal: the line, made long enough to cover what is left of the bar."""
        if not sys.stderr.isatty():
            return line
        return f"\r{line.ljust(shutil.get_terminal_size().columns - 1)}"

    def _show(self, step, text, timing=None):
        parts = self.label, timing or self._timing(step), text
        line = " · ".join(part for part in parts if part)
        share = min(1, step / self.total)
        if in_notebook():
            self._show_in_notebook(line, share)
        elif sys.stderr.isatty():
            bar = ("#" * round(WIDTH * share)).ljust(WIDTH, ".")
            line = f"[{bar}] {line}"[: shutil.get_terminal_size().columns - 1]
            end = "\n" if share == 1 or timing else ""
            print(self._over_the_bar(line), end=end, file=sys.stderr, flush=True)
        elif share == 1 or timing:  # in a log, the last line is enough
            print(line, file=sys.stderr)

    def _show_in_notebook(self, line, share):
        done = f'<div style="height: 100%; width: {100 * share:.1f}%; background: #0a8fd0"></div>'
        bar = f'<div style="{TRACK}">{done}</div>' if share < 1 else ""
        bundle = {"text/plain": line, "text/html": f"<div>{html.escape(line)}</div>{bar}"}
        metadata = {"classroom": "volatile"}  # the builder drops such outputs
        if self.handle is None:
            self.handle = show_bundle(bundle, metadata, display_id=True)
        else:
            self.handle.update(bundle, raw=True, metadata=metadata)

    def _timing(self, step):
        passed = time.monotonic() - self.started
        if step >= self.total:
            return f"{'all' if self.in_percent else f'{self.total} steps'} in {_duration(passed)}"
        done = f"{100 * step / self.total:.0f} %" if self.in_percent else f"{step} of {self.total}"
        new = step - self.skipped
        if new <= 0:
            return done
        return f"{done}, {_duration(passed / new * (self.total - step))} left"


def _duration(seconds):
    """`8 s`, `2 min 05 s`, `1 h 20 min`"""
    minutes, seconds = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"

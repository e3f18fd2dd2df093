"""The IPython extension of the course's kernels: they know `exercise`, `hint`, ... from the start.

A learner who opens a lesson again and runs an exercise first finds everything there. Nothing
happens before the first cell runs, so a kernel starts as fast as any other.
"""

from classroom.answers import answers

NAMES = ("exercise", "hint", "solution", "mine", "show")


class Beginning:
    """What happens when the first cell of a lesson runs."""

    def __init__(self, shell):
        self.shell = shell
        shell.events.register("pre_run_cell", self.first_cell)

    def first_cell(self, *_):
        """Give the notebook the course's names, and put the learner's answers in place."""
        self.shell.events.unregister("pre_run_cell", self.first_cell)
        import classroom

        for name in NAMES:
            self.shell.user_ns.setdefault(name, getattr(classroom, name))


def load_ipython_extension(shell):
    """Called by IPython. Outside of a learner's own folder, nothing is changed."""
    if answers() is not None:
        Beginning(shell)

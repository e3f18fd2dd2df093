"""The IPython extension of the course's kernels: they know `exercise`, `hint`, ... from the start.

A learner who opens a lesson again and runs an exercise first finds everything there. Nothing
happens before the first cell runs, so a kernel starts as fast as any other. `python -m classroom`
switches the extension on, in `environment.teach_kernels`.
"""

from classroom.answers import answers

NAMES = ("exercise", "hint", "solution", "mine", "show")


class Beginning:
    """What happens when the first cell of a lesson runs, before Python has read it."""

    def __init__(self, shell):
        self.shell, self.has_begun = shell, False
        shell.input_transformers_post.append(self.before)

    def before(self, lines):
        """Give the notebook the course's names, and put the learner's answers in place."""
        if not self.has_begun:
            self.has_begun = True
            import classroom

            for name in NAMES:
                self.shell.user_ns.setdefault(name, getattr(classroom, name))
        return lines


def load_ipython_extension(shell):
    """Called by IPython. Outside of a learner's own folder, nothing is changed."""
    if answers() is not None:
        Beginning(shell)

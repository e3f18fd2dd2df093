"""Shows what a cell showed when the course was built, where this machine lacks what it needs.

    if pytorch is None:
        show_stored("PyTorch")
    else:
        ...

The outputs are those in notebooks/, of the cell with this text. Where the course is built without
the package, they are what the builder stores again; only the sentence about it is left out.
"""

import sys

import nbformat

from classroom import catalogue, cells
from classroom.feedback import Card, show_bundle


def show_stored(package):
    """Say that `package` is missing, and show the stored outputs of the cell that runs."""
    outputs = stored_outputs(cells.digest_of_running())
    if outputs is None:
        sentence = "This cell needs it, and as it is now, the course has not run it."
        Card(f"{package} is not installed here", [sentence]).show()
        return
    sentence = "So this is what the cell showed when the course was built."
    volatile = {"classroom": "volatile"}
    Card(f"{package} is not installed here", [sentence], metadata=volatile).show()
    for output in outputs:
        show_again(output)


def stored_outputs(digest):
    """The outputs of the code cell with this digest, in whichever notebook; None without one."""
    for lesson in reversed(catalogue.course().lessons):
        if not lesson.notebook_path.exists():
            continue
        for cell in nbformat.read(lesson.notebook_path, as_version=4).cells:
            if cell.cell_type == "code" and cells.digest(cell.source) == digest and cell.outputs:
                return cell.outputs
    return None


def show_again(output):
    """Write or display one output of a notebook."""
    if output.output_type == "stream":
        print(output.text, end="", file=getattr(sys, output.name))
    elif "data" in output:
        show_bundle(dict(output.data), dict(output.metadata))

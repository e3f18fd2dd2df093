"""What a lesson claims of a result: a sentence, and whether it is true."""

from classroom.answers import answers
from classroom.feedback import EDGES, NOT_YET, Card


def claim(sentence, condition):
    """Say calmly, in a learner's hands, when a result is not what the lesson goes on to say of it.

    A learner may have changed the settings, or stopped a training, so the lesson goes on. Outside
    of my_notebooks/, where the course is built and tested, a claim that is not true is an error.
    """
    if condition:
        return
    if answers() is None:
        raise AssertionError(sentence)
    Card(
        "Different from what the lesson says",
        [
            f"Here this is not so: {sentence}",
            "If you have changed nothing, run the lesson again from the top.",
        ],
        edge=EDGES[NOT_YET],
    ).show()

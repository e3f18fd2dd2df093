"""Running a function with little stack, so that a short chain shows what a long one would."""

import sys
import threading

KIB = 512  # the main thread of most systems has 16 times as much


def with_a_small_stack(function):
    """Call `function` in a thread with a small stack, and raise here whatever it raises.

    Recursion in Python ends at the interpreter's limit, here as anywhere. Recursion in C, such as
    objects that delete each other, ends the process: 10,000 of them need here the share of the
    stack that 160,000 need in the main thread.
    What goes wrong while something is deleted is raised too; Python only prints it.
    """
    raised = []

    def call():
        try:
            function()
        except BaseException as error:
            raised.append(error)

    size, hook = threading.stack_size(KIB * 1024), sys.unraisablehook
    sys.unraisablehook = lambda unraisable: raised.append(unraisable.exc_value)
    try:
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.unraisablehook = hook
    if raised:
        raise raised[0]

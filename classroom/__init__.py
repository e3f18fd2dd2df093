"""The classroom: exercises that judge themselves, figures with alt text, and the builder of the
notebooks.

Nothing is imported until it is used: `python -m classroom lab` has to start on a Python without
NumPy.
"""

from importlib import import_module

_home = {
    "exercise": "exercises",
    "hint": "exercises",
    "solution": "exercises",
    "mine": "exercises",
    "whose": "exercises",
    "judge": "exercises",
    "quiz": "quizzes",
    "claim": "claims",
    "show": "figures",
    "compare": "figures",
    "curves": "drawing",
    "show_maps": "drawing",
    "draw_graph": "graph",
    "progress": "progress_bar",
    "show_stored": "stored",
}
__all__ = list(_home)


def __getattr__(name):
    if name not in _home:
        known = ", ".join(__all__)
        message = (
            "module 'classroom' has no attribute '%s'; it has %s"  # old Pythons read this file
        )
        raise AttributeError(message % (name, known))
    return getattr(import_module("classroom." + _home[name]), name)

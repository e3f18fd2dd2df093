"""The settings and the order of a test run.

A user's own settings stay out, also where pytest is started by hand. Notebooks come first, and of
these the last lessons first, since they train longest: two workers that take whole files in this
order end at about the same time.
"""

import os

from classroom import testing

variables = testing.environment(os.environ)
os.environ.clear()
os.environ.update(variables)


def pytest_collection_modifyitems(items):
    notebooks = [item for item in items if item.path.suffix == ".ipynb"]
    others = [item for item in items if item.path.suffix != ".ipynb"]
    items[:] = (
        sorted(notebooks, key=lambda item: (item.path.name, str(item.path)), reverse=True) + others
    )


def pytest_addoption(parser):
    parser.addoption(
        "--fresh-seed", action="store_true", help="try other random indices than always"
    )

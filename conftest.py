"""The order of a test run: notebooks first, and of these the last lessons first, since they train longest.

Two workers that take whole files in this order end at about the same time.
"""


def pytest_collection_modifyitems(items):
    notebooks = [item for item in items if item.path.suffix == ".ipynb"]
    others = [item for item in items if item.path.suffix != ".ipynb"]
    items[:] = sorted(notebooks, key=lambda item: (item.path.name, str(item.path)), reverse=True) + others


def pytest_addoption(parser):
    parser.addoption("--fresh-seed", action="store_true", help="try other random indices than always")

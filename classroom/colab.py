"""A lesson in Google Colab: a link under its title, and a first cell that gets the course.

Both need the address of the repository. It is the one that pyproject.toml names:

    [project.urls]
    Repository = "https://github.com/someone/something"

Without one, neither the link nor the cell is built.
"""

import re
import tomllib
from urllib.parse import quote

LABELS = ("repository", "source", "sourcecode", "github")  # in pyproject.toml, of this address
ADDRESS = re.compile(r"https://[\w.-]+/[\w./~-]+")
ON_GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")
FIRST_LINE = "# In Google Colab, this cell gets the course. Anywhere else it does nothing."
CELL = (
    FIRST_LINE
    + """
import os
import subprocess
import sys

if "google.colab" in sys.modules:
    course = "/content/learning-to-count"
    address = "{address}"
    if not os.path.exists(course):
        command = ["git", "clone", "--depth=1", address, course]
        subprocess.run(command, check=True)
    os.makedirs(f"{{course}}/my_notebooks", exist_ok=True)
    os.chdir(f"{{course}}/my_notebooks")
    sys.path.insert(0, course)"""
)


def address(root):
    """The repository's address in root/pyproject.toml; None if it names none.

    raises   ValueError for one that is not https://...
    """
    path = root / "pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    urls = project.get("project", {}).get("urls", {})
    named = {re.sub(r"[\W_]", "", label).lower(): url for label, url in urls.items()}
    found = next((named[label] for label in LABELS if label in named), None)
    if found is not None and not ADDRESS.fullmatch(found):
        raise ValueError(f"pyproject.toml: the repository's address is https://..., not {found!r}")
    return found


def add(cells, lesson):
    """Put the link under the title of the lesson's first cell, and the cell before its code."""
    repository = address(lesson.course.root)
    if repository is None:
        return
    on_github = ON_GITHUB.fullmatch(repository)
    if on_github and cells[0]["source"].startswith("# "):
        heading, _, text = cells[0]["source"].partition("\n")
        where = quote(f"{on_github[1]}/blob/main/notebooks/{lesson.notebook_path.name}")
        link = f"[Open in Colab](https://colab.research.google.com/github/{where})"
        cells[0]["source"] = f"{heading}\n\n{link}\n{text}"
    first = next(n for n, cell in enumerate(cells) if cell["cell_type"] == "code")
    cells.insert(
        first,
        {
            "cell_type": "code",
            "metadata": {"jupyter": {"source_hidden": True}, "tags": ["folded"]},
            "source": CELL.format(address=repository),
            "execution_count": None,
            "outputs": [],
        },
    )


def is_its_cell(cell):
    """Whether a cell is the one that `add` puts in, so that no line of the lesson has it."""
    return cell["source"].startswith(FIRST_LINE)

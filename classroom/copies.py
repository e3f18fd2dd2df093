"""The learner's own copies of the lessons, in my_notebooks/.

Nothing the learner wrote is ever overwritten. In my_notebooks/.originals/ lies, under the same file
name, the lesson each copy was made from; so three cases can be told apart when a lesson has been
updated since:

    nothing was written in the copy     it becomes the new lesson
    something was written in it         the new lesson is put beside it, as "06_rope (updated)",
                                        with the answers carried over to all exercises it still has
    the copy cannot be read             it is reported and left alone

A cell counts as written in when its text differs; having been run does not count. A version of a
lesson is offered once: the originals tell which versions were handed out. A lesson is known by its
slug: if its number changes, the learner's files of it get the new number too.

The pages that lessons link to are copied, too, into my_notebooks/docs/: JupyterLab shows nothing
outside of my_notebooks/. A page that the learner has changed stays as it is.

Copies come without outputs and counters, so that no prediction is spoiled and it is clear what has
run, and say which kernel runs them, in the words that JupyterLab would add when it opens them.
"""

import hashlib
import json
import re
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path

from classroom import files
from classroom.environment import ROOT, home
from classroom.lock import alone

FILE_NAME = re.compile(r"(\d+)_(.+?)(?: \(updated ?(\d*)\))?\.ipynb")
OUT_TO_PAGES = re.compile(r"(?<=\]\()\.\./docs/([\w-]+\.md)(?=[)#])")  # in a Markdown link
SEAL = "handed_out"  # in an original: a digest of what it said then


class Damaged(Exception):
    """A file that should contain a notebook does not."""


class Copies:
    """The copies, in the folder `mine`, of the notebooks in the folder `lessons`."""

    def __init__(self, lessons, mine):
        self.lessons, self.mine = Path(lessons), Path(mine)
        self.originals = self.mine / ".originals"

    def update(self):
        """Make missing copies, bring the others up to date. Returns what was done, in sentences."""
        self.originals.mkdir(parents=True, exist_ok=True)
        with alone(self.originals / ".lock", "Another command makes copies; waiting for it ..."):
            lessons = sorted(self.lessons.glob("*.ipynb"))
            said = [self._renumber(path.name) for path in lessons]
            new = [path.name for path in lessons if not (self.mine / path.name).exists()]
            if new:
                which = "all lessons" if len(new) == len(lessons) else ", ".join(new)
                said.append(
                    f"Copied {which} to {self.mine.name}/. These files are yours to write in."
                )
            said += [self._update(path) for path in lessons]
            self._update_pages(lessons)
        return [sentence for sentence in said if sentence]

    def _update_pages(self, lessons):
        """Bring the pages that lessons link to up to date, if the learner has not changed them."""
        linked = set()
        for path in lessons:
            with suppress(Damaged):
                linked |= pages_linked(read(path))
        for name in sorted(linked):
            page, mine, original = (
                folder / "docs" / name
                for folder in (self.lessons.parent, self.mine, self.originals)
            )
            if page.exists() and (not mine.exists() or _is_same(mine, original)):
                for target in original, mine:
                    if not _is_same(target, page):
                        target.parent.mkdir(exist_ok=True)
                        files.write(target, page.read_bytes())

    def of(self, name):
        """The learner's files of the lesson `name`, oldest first: the copy, then the updates."""
        return sorted(files_of(self.mine, name), key=lambda path: (age(path), path.name))

    def _renumber(self, name):
        """Give files of this lesson that have another number today's; a sentence if there are any.

        Each is renamed by itself, so after a kill the next run goes on with those that are left.
        """
        was = set()
        for folder in self.originals, self.mine:
            for path in files_of(folder, name):
                before, _, rest = path.name.partition("_")
                target = folder / f"{number(name)}_{rest}"
                if path != target and not target.exists():
                    path.rename(target)
                    was.add(before)
        before = ", ".join(sorted(was))
        return (
            f"{Path(name).stem} was number {before}; your files of it are renamed." if was else None
        )

    def _update(self, path):
        try:
            lesson = with_own_pages(read(path))
        except Damaged as damage:
            return (
                f"{damage} It is the course's: `git restore {path.name}` in that folder repairs it."
            )
        try:
            return self._brought_up_to_date(path.name, lesson)
        except Damaged as damage:
            newest = self.of(path.name)[-1].name
            also = "" if newest == path.name else f", and .originals/{newest} with it"
            return f"{damage} It was left alone. If you move it away{also}, you get a fresh copy."

    def _brought_up_to_date(self, name, lesson):
        """Bring the learner's newest file of a lesson up to date. Returns what there is to say."""
        if not (self.mine / name).exists():
            moved, _ = self._answers(lesson, self._of_others(name))
            self._hand_out(name, lesson, moved)
            return f"{name} has your answers to {', '.join(moved)}." if moved else None
        newest = self.of(name)[-1]
        copy, versions = read(newest), self._versions(files_of(self.originals, name))
        if any(texts(version) == texts(lesson) for version in versions.values()):
            return None
        if newest.name in versions and texts(copy) == texts(versions[newest.name]):
            self._hand_out(newest.name, lesson)
            return (
                f"{newest.name} is the updated lesson now; you had written nothing in the old one."
            )
        its_own = versions.get(newest.name)
        if same_version(copy, lesson) and not (its_own and same_version(copy, its_own)):
            # only its original is missing: it was lost, or a kill came before it was written
            write(self.originals / newest.name, sealed(lesson))
            return None

        beside = self._free_name(name)
        own = self.of(name)
        carried, _ = self._answers(lesson, [*self._of_others(name), *own])
        _, homeless = self._answers(lesson, own)
        self._hand_out(beside, lesson, carried)
        return offer(newest.name, beside, carried, homeless)

    def _hand_out(self, name, lesson, answers=()):
        write(self.mine / name, fresh(with_answers(lesson, answers)))
        write(self.originals / name, sealed(lesson))

    def _versions(self, originals):
        """The lessons in these files, by the name of the file that the learner has had of each.

        An original that is damaged, or no longer says what it said, counts as lost.
        """
        versions = {}
        for path in originals:
            try:
                version = read(path)
            except Damaged:
                continue
            if version["metadata"].get(SEAL, seal(version)) == seal(version):
                versions[path.name] = version
        return versions

    def _free_name(self, name):
        stem = Path(name).stem
        numbers = ("" if number == 1 else f" {number}" for number in count(1))
        names = (f"{stem} (updated{number}).ipynb" for number in numbers)
        return next(
            each
            for each in names
            if not (self.mine / each).exists() and not (self.originals / each).exists()
        )

    def _of_others(self, name):
        """The learner's files of other lessons, from where an exercise may have moved."""
        handed_out = {path.name for path in self.originals.glob("*.ipynb")}
        return [
            path
            for path in sorted(self.mine.glob("*.ipynb"))
            if path.name in handed_out and path not in self.of(name)
        ]

    def _answers(self, lesson, paths):
        """What the learner wrote in these files for the lesson's exercises; for which others, too.

        An answer differs from the exercise in every version. The last file has the last word.
        """
        versions = self._versions(self.originals.glob("*.ipynb")).values()
        given = {
            pair for version in [*versions, lesson] for pair in exercise_texts(version).items()
        }
        written = {}
        for path in paths:
            try:
                found = set(exercise_texts(read(path)).items()) - given
            except Damaged:  # an old one; the newest of the lesson has been read already
                continue
            written |= {exercise: answer for exercise, answer in found if answer}
        asked = exercise_texts(lesson)
        carried = {exercise: written[exercise] for exercise in asked if exercise in written}
        return carried, sorted(written.keys() - asked.keys())


def copies():
    """The copies of whoever works in this checkout."""
    return Copies(Path(ROOT, "notebooks"), Path(home(), "my_notebooks"))


# The names of files


def files_of(folder, name):
    """The files in `folder` of the lesson called `name`, whatever their numbers."""
    slug = FILE_NAME.fullmatch(name)[2] if FILE_NAME.fullmatch(name) else name
    names = ((path, FILE_NAME.fullmatch(path.name)) for path in folder.glob("*.ipynb"))
    return [path for path, parts in names if parts and parts[2] == slug]


def number(name):
    return name.partition("_")[0]


def age(path):
    """0 for a copy, then 1, 2, ... for the updated ones."""
    parts = FILE_NAME.fullmatch(path.name)
    return 0 if parts[3] is None else int(parts[3] or 1)


# What a notebook says


def text(cell):
    return "".join(cell["source"])


def texts(notebook):
    """What a notebook says, whatever its outputs; without empty cells, which JupyterLab appends."""
    return [(cell["cell_type"], text(cell)) for cell in notebook["cells"] if text(cell).strip()]


def answered_by(cell):
    """What a cell asks for: the name of its exercise, "the quiz of attention", or None."""
    quiz = cell["metadata"].get("quiz")
    return f"the quiz of {quiz}" if isinstance(quiz, str) else cell["metadata"].get("exercise")


def exercise_cells(notebook):
    """(exercise name, cell) for each cell of an exercise or a quiz, in order."""
    named = ((answered_by(cell), cell) for cell in notebook["cells"])
    return [(name, cell) for name, cell in named if isinstance(name, str)]


def exercise_texts(notebook):
    """The text of each exercise's cell, by its name; all of it, if the cell was split."""
    parts = {}
    for name, cell in exercise_cells(notebook):
        parts.setdefault(name, []).append(text(cell))
    return {
        name: "\n\n".join(part for part in each if part.strip()) for name, each in parts.items()
    }


def same_version(copy, lesson):
    """Whether a copy was made from just this lesson: by its text, or by what the builder noted."""
    noted = copy["metadata"].get("lesson")
    return texts(copy) == texts(lesson) or bool(noted) and noted == lesson["metadata"].get("lesson")


# A notebook to hand out


def fresh(notebook):
    """The notebook as if nothing had been run, and as JupyterLab would save it after opening it."""
    cells = [
        {**cell, "outputs": [], "execution_count": None} if cell["cell_type"] == "code" else cell
        for cell in notebook["cells"]
    ]
    return {**notebook, "cells": cells, "metadata": {**notebook["metadata"], **kernel()}}


@cache
def kernel():
    """The metadata that JupyterLab copies from a kernel of this environment into a notebook."""
    try:
        from ipykernel.ipkernel import IPythonKernel
        from jupyter_client.kernelspec import KernelSpecManager

        spec = KernelSpecManager().get_kernel_spec("python3")
    except (ImportError, KeyError):  # no such kernel; it is only a courtesy
        return {}
    kernelspec = {"name": "python3", "display_name": spec.display_name, "language": spec.language}
    return {"kernelspec": kernelspec, "language_info": dict(IPythonKernel.language_info)}


def with_answers(lesson, answers):
    """The lesson with the learner's answers in its exercise cells."""
    cells = []
    for cell in lesson["cells"]:
        exercise = answered_by(cell)
        if exercise in answers:
            cell = {**cell, "source": answers[exercise].splitlines(keepends=True)}
        cells.append(cell)
    return {**lesson, "cells": cells}


def with_own_pages(lesson):
    """The lesson with its links to the course's pages leading to the copies of these."""
    cells = [
        {**cell, "source": OUT_TO_PAGES.sub(r"docs/\1", text(cell)).splitlines(keepends=True)}
        if cell["cell_type"] == "markdown" and OUT_TO_PAGES.search(text(cell))
        else cell
        for cell in lesson["cells"]
    ]
    return {**lesson, "cells": cells}


def pages_linked(lesson):
    """The names of the course's pages that a lesson links to."""
    return {page for _, source in texts(lesson) for page in OUT_TO_PAGES.findall(source)}


def sealed(lesson):
    """The lesson as it is kept among the originals: without outputs, with its seal."""
    return {**fresh(lesson), "metadata": {**lesson["metadata"], SEAL: seal(lesson)}}


def seal(notebook):
    return hashlib.sha256(json.dumps(texts(notebook)).encode()).hexdigest()[:16]


def offer(old, new, carried, homeless):
    """Tell the learner about an updated lesson beside the own file."""
    sentence = f"{old}: the lesson was updated. Your file stays as it is; the new lesson is '{new}'"
    sentence += f", with your answers to {', '.join(carried)} carried over." if carried else "."
    if homeless:
        sentence += f" It no longer asks for {', '.join(homeless)}: your answer is in your file."
    return sentence


# Files


def _is_same(path, other):
    return path.exists() and other.exists() and path.read_bytes() == other.read_bytes()


def read(path):
    """The notebook at `path`; Damaged if there is none that could be opened."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
        problem = not is_notebook(notebook)
    except (ValueError, RecursionError):
        problem = True
    if problem:
        raise Damaged(f"{path.parent.name}/{path.name} cannot be read as a notebook.")
    return notebook


def is_notebook(found):
    """Whether parsed JSON has the parts of a notebook that are used here, in the right kinds."""
    return (
        isinstance(found, dict)
        and isinstance(found.setdefault("metadata", {}), dict)
        and isinstance(found.get("cells"), list)
        and all(map(is_cell, found["cells"]))
    )


def is_cell(found):
    if not isinstance(found, dict) or not isinstance(found.get("cell_type"), str):
        return False
    source = found.get("source")
    lines = source if isinstance(source, list) else [source]
    return (
        isinstance(found.setdefault("metadata", {}), dict)
        and all(isinstance(line, str) for line in lines)
        and isinstance(found.get("outputs", []), list)
    )


def write(path, notebook):
    """Write all of it or nothing: an interruption leaves the old file."""
    files.write(path, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")

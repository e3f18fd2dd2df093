"""The learner's own copies of the lessons, in my_notebooks/.

Nothing the learner wrote is ever overwritten. In my_notebooks/.originals/ lies, under the same file name, the
lesson each copy was made from; so three cases can be told apart when a lesson has been updated since:

    nothing was written in the copy     it becomes the new lesson
    something was written in it         the new lesson is put beside it, as "06_rope (updated).ipynb", with
                                        the answers carried over to all exercises that it still has
    the copy cannot be read             it is reported and left alone

A cell counts as written in when its text differs; having been run does not count. A version of a lesson is
offered once: the originals tell which versions were handed out.
"""

import json
import os
import re
from itertools import count
from pathlib import Path

from classroom.environment import ROOT


class Damaged(Exception):
    """A file that should hold a notebook does not."""


class Copies:
    """The copies, in the folder `mine`, of the notebooks in the folder `lessons`."""

    def __init__(self, lessons, mine):
        self.lessons, self.mine = Path(lessons), Path(mine)
        self.originals = self.mine / ".originals"

    def update(self):
        """Make the missing copies, bring the others up to date. Returns what was done, as sentences."""
        self.originals.mkdir(parents=True, exist_ok=True)
        lessons = sorted(self.lessons.glob("*.ipynb"))
        new = [path.name for path in lessons if not (self.mine / path.name).exists()]
        said = [self._update(path) for path in lessons]
        if new:
            which = "all lessons" if len(new) == len(lessons) else ", ".join(new)
            said.insert(0, f"Copied {which} to {self.mine.name}/. These files are yours to write in.")
        return [sentence for sentence in said if sentence]

    def of(self, name):
        """The learner's files of the lesson `name`, oldest first: the copy, then the updated ones."""
        updated = re.compile(re.escape(Path(name).stem) + r" \(updated ?(\d*)\)")
        ages = {path: int(found.group(1) or 1) for path in self.mine.glob("*.ipynb")
                if (found := updated.fullmatch(path.stem))}
        copy = self.mine / name
        return [copy] * copy.exists() + sorted(ages, key=ages.get)

    def _update(self, path):
        try:
            return self._brought_up_to_date(path.name, read(path))
        except Damaged as damage:
            return f"{damage} It was left alone. If you move it away, you get a fresh copy."

    def _brought_up_to_date(self, name, lesson):
        """Bring the learner's newest file of one lesson up to date. Returns what there is to say, or None."""
        if not (self.mine / name).exists():
            self._hand_out(name, lesson)
            return None
        newest = self.of(name)[-1]
        copy, versions = read(newest), self._handed_out(name)           # versions: file name -> original
        if any(texts(version) == texts(lesson) for version in versions.values()):
            return None
        if newest.name in versions and texts(copy) == texts(versions[newest.name]):
            self._hand_out(newest.name, lesson)
            return f"{newest.name} is the updated lesson now; you had written nothing in the old one."
        if texts(copy) == texts(lesson):                                # only its original is missing
            write(self.originals / newest.name, lesson)
            return None

        beside = self._free_name(name)
        answers = self._answers(name, [*versions.values(), lesson])
        self._hand_out(beside, lesson, answers)
        return offer(newest.name, beside, answers, exercise_cells(lesson))

    def _hand_out(self, name, lesson, answers=()):
        write(self.mine / name, with_answers(lesson, answers))
        write(self.originals / name, lesson)

    def _handed_out(self, name):
        """The versions of a lesson that the learner has had, by the name of the file made from it."""
        stem = Path(name).stem
        return {path.name: read(path) for path in self.originals.glob("*.ipynb")
                if path.stem == stem or path.stem.startswith(f"{stem} (updated")}

    def _free_name(self, name):
        stem = Path(name).stem
        names = (f"{stem} (updated{'' if number == 1 else f' {number}'}).ipynb" for number in count(1))
        return next(each for each in names
                    if not (self.mine / each).exists() and not (self.originals / each).exists())

    def _answers(self, name, versions):
        """What the learner wrote, by exercise: the cells that differ from the exercise in every version."""
        given = {(exercise, text(cell)) for version in versions
                 for exercise, cell in exercise_cells(version).items()}
        answers = {}
        for path in self.of(name):                                      # a newer file has the last word
            written = {exercise: text(cell) for exercise, cell in exercise_cells(read(path)).items()}
            answers |= {exercise: answer for exercise, answer in written.items()
                        if answer.strip() and (exercise, answer) not in given}
        return answers


def copies():
    """The copies of whoever works in this checkout."""
    return Copies(Path(ROOT, "notebooks"), Path(ROOT, "my_notebooks"))


def text(cell):
    return "".join(cell["source"])


def texts(notebook):
    """What a notebook says, whatever its outputs; without empty cells, which JupyterLab appends by itself."""
    return [(cell["cell_type"], text(cell)) for cell in notebook["cells"] if text(cell).strip()]


def exercise_cells(notebook):
    """The exercise cells by the exercise's name."""
    return {cell["metadata"]["exercise"]: cell
            for cell in notebook["cells"] if "exercise" in cell["metadata"]}


def with_answers(lesson, answers):
    """The lesson with the learner's answers in its exercise cells, which have not been run yet."""
    cells = []
    for cell in lesson["cells"]:
        exercise = cell["metadata"].get("exercise")
        if exercise in answers:
            lines = answers[exercise].splitlines(keepends=True)
            cell = {**cell, "source": lines, "outputs": [], "execution_count": None}
        cells.append(cell)
    return {**lesson, "cells": cells}


def offer(old, new, answers, exercises):
    """Tell the learner about an updated lesson beside the own file."""
    carried = [each for each in answers if each in exercises]
    homeless = [each for each in answers if each not in exercises]
    sentence = f"{old}: the lesson was updated. Your file stays as it is; the new lesson is '{new}'"
    sentence += f", with your answers to {', '.join(carried)} carried over." if carried else "."
    if homeless:
        sentence += f" It no longer asks for {', '.join(homeless)}: your answer is in your file."
    return sentence


def read(path):
    """The notebook at `path`; Damaged if there is none."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        texts(notebook), exercise_cells(notebook)
    except (ValueError, TypeError, KeyError):
        raise Damaged(f"{path.parent.name}/{path.name} cannot be read as a notebook.") from None
    return notebook


def write(path, notebook):
    """Write all of it or nothing: an interruption leaves the old file."""
    half = path.with_name(path.name + ".part")
    half.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(half, path)

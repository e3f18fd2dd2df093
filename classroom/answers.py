"""The learner's right answers, kept from lesson to lesson as plain source in my_answers/<slug>.py.

A file has a section per answer, which runs on its own:

    # %% rope_cache
    import numpy as np

    def rope_cache(seq_len, dim, base=10000.0): ...

When a lesson is opened, all of them are put in place, after a check that they are still right. What
was found is remembered beside a digest of all that it depends on, so opening stays quick. An answer
that is no longer right is moved to my_answers/set_aside/, and one that the course does not ask for
any more stays in its file, unjudged.
"""

import contextlib
import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from classroom import catalogue, files, standalone
from classroom.environment import home
from classroom.feedback import RIGHT
from classroom.trial import Beginning, OutOfTime, call_within, output_to

SECTION = re.compile(r"^# %% (\w+)[ \t]*\n", re.MULTILINE)
RECORD = ".record.json"
READ_SECONDS = 2  # for running one section
ALL_SECONDS = 30  # for checking all that changed


@dataclass
class Opened:
    """What came of my_answers/ when a lesson was opened."""

    in_place: list = field(default_factory=list)  # names of exercises
    sentences: list = field(default_factory=list)  # what the learner should know


class Answers:
    """The answers in the folder `folder`, to the exercises of `course`."""

    def __init__(self, folder, course):
        self.folder, self.course = Path(folder), course

    # Keeping

    def keep(self, name, answer, convention=""):
        """Write a right answer into its lesson's file; NotStandalone says why not.

        convention   the name of the one that it follows, if it is not the course's
        """
        text = standalone.source_of(answer, self._home_of)
        path = self.path(name)
        sections = self.sections(path) | {name: text}
        lesson = self.course.exercise(name).lesson
        self.folder.mkdir(parents=True, exist_ok=True)
        files.write(path, _file(lesson.title, sections))
        self._remember(name, text, convention)

    def path(self, name):
        return self.folder / f"{self.course.exercise(name).lesson.slug}.py"

    def sections(self, path):
        """{exercise name: source} of one file; {} if there is none."""
        return {name: text for name, text, _ in self._sections(path)}

    def _sections(self, path):
        """(exercise name, source, line before it) of each section of a file."""
        if not path.exists():
            return []
        text = path.read_text(encoding="utf-8")
        starts = list(SECTION.finditer(text))
        ends = [each.start() for each in starts[1:]] + [len(text)]
        return [
            (start[1], text[start.end() : end].strip("\n") + "\n", text.count("\n", 0, start.end()))
            for start, end in zip(starts, ends)
        ]

    def _home_of(self, name):
        if name not in self.course.exercise_names:
            return None
        return f"solutions.{self.course.exercise(name).answer_path.stem}"

    # What was found

    @property
    def record(self):
        """What is remembered, as far as it can be read.

        right      {name: {"digest": ..., "convention": ...}} of the answers that were checked
        off        [names] of those that are switched off
        verdicts   {name: {"state": ..., "cell": digest of the text, "when": seconds}}
        quizzes    {slug of a lesson: [right answers, questions]}
        """
        empty = {"right": {}, "off": [], "verdicts": {}, "quizzes": {}}
        try:
            stored = json.loads((self.folder / RECORD).read_text(encoding="utf-8"))
            return {key: type(value)(stored.get(key, value)) for key, value in empty.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return empty

    def _write_record(self, record):
        files.write(self.folder / RECORD, json.dumps(record, indent=1))

    def _remember(self, name, text, convention):
        record = self.record
        found = {"digest": self.digest(name, text), "convention": convention}
        record["right"][name] = found
        self._write_record(record)

    def _remembered(self, name, text):
        """The convention of an answer that was found right as it is now; None if it was not."""
        found = self.record["right"].get(name)
        if not isinstance(found, dict) or found.get("digest") != self.digest(name, text):
            return None
        return str(found.get("convention", ""))

    def note(self, name, state, cell):
        """Remember what was said of an exercise's cell: outputs may be cleared, or not be saved."""
        record = self.record
        record["verdicts"][name] = {"state": state, "cell": cell, "when": time.time()}
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_record(record)

    def note_quiz(self, slug, right, questions):
        """Remember how many answers of a quiz are right, for the start page and `make status`."""
        record = self.record
        record["quizzes"][slug] = [right, questions]
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_record(record)

    def switch(self, name, on):
        """Whether the answer is put in place in this lesson and those to come."""
        record = self.record
        record["off"] = sorted({*record["off"], name} - ({name} if on else set()))
        self._write_record(record)

    def digest(self, name, text):
        """Of all that a verdict depends on: answer, checks, engine, solutions."""
        lesson = self.course.exercise(name).lesson
        digest = hashlib.sha256(text.encode())
        for path in (lesson.checks_path, lesson.mistakes_path):
            digest.update(path.read_bytes())
        digest.update(self._foundations)
        return digest.hexdigest()[:16]

    @property
    def _foundations(self):
        root, digest = self.course.root, hashlib.sha256()
        for folder in ("minitorch", "solutions", "classroom"):
            for path in sorted((root / folder).rglob("*.py")):
                digest.update(path.read_bytes())
        return digest.digest()

    # Opening a lesson

    def names(self):
        """The exercises to which an answer is kept, in course order."""
        kept = {name for path in self.folder.glob("*.py") for name in self.sections(path)}
        return [name for name in self.course.exercise_names if name in kept]

    def open(self, session, judge):
        """Put every answer that is still right in place.

        session   hands an answer on, to whatever uses the course's own
        judge     called with an exercise's name and an answer; returns the Verdict
        """
        opened, until = Opened(), time.monotonic() + ALL_SECONDS
        record = self.record
        for path in sorted(self.folder.glob("*.py"), key=self._in_course_order):
            try:
                sections = self._sections(path)
            except (OSError, UnicodeDecodeError) as error:
                opened.sentences.append(f"my_answers/{path.name} cannot be read ({error}).")
                continue
            for name, text, line in sections:
                if name not in self.course.exercise_names:
                    opened.sentences.append(
                        f"The course no longer asks for `{name}`: your answer stays in "
                        f"my_answers/{path.name}, and nothing uses it."
                    )
                elif name not in record["off"]:
                    self._open(session, judge, opened, name, text, path, line, until)
        return opened

    def open_one(self, name, session, judge):
        """Put one kept answer in place; returns what is to be said, as Opened."""
        opened = Opened()
        for each, text, line in self._sections(self.path(name)):
            if each == name:
                until = time.monotonic() + ALL_SECONDS
                self._open(session, judge, opened, name, text, self.path(name), line, until)
        return opened

    def _in_course_order(self, path):
        slugs = [lesson.slug for lesson in self.course.lessons]
        return slugs.index(path.stem) if path.stem in slugs else len(slugs), path.name

    def _open(self, session, judge, opened, name, text, path, line, until):
        """Put one answer in place, or say why not."""
        convention = self._remembered(name, text)
        if convention is None and time.monotonic() > until:
            opened.sentences.append(f"There was no time to check `{name}`: open the lesson again.")
            return
        try:
            with output_to(Beginning()):
                answer = call_within(
                    READ_SECONDS, lambda: standalone.defined_by(text, name, path, line)
                )
        except (Exception, OutOfTime, SystemExit) as error:
            why = f"it could not be run ({type(error).__name__}: {error})"
            opened.sentences.append(self._left_out(name, path, why))
            return
        if convention is None:
            verdict = judge(name, answer)
            if verdict.state != RIGHT:
                self._set_aside(name, path)
                opened.sentences.append(
                    f"Your `{name}` is no longer right, so it was moved to "
                    f"my_answers/set_aside/{path.name}: {verdict.says}"
                )
                return
            convention = verdict.convention
            self._remember(name, text, convention)
        session.hand_on(self.course.exercise(name), answer)
        session.following[name] = convention
        opened.in_place.append(name)

    def _left_out(self, name, path, why):
        return (
            f"Your `{name}` in my_answers/{path.name} is left out: {why}. The course's own is "
            "used; run its exercise again to keep it anew."
        )

    def _set_aside(self, name, path):
        sections = self.sections(path)
        aside = self.folder / "set_aside" / path.name
        aside.parent.mkdir(exist_ok=True)
        title = "answers that were right once"
        files.write(aside, _file(title, self.sections(aside) | {name: sections.pop(name)}))
        files.write(path, _file(self.course.exercise(name).lesson.title, sections))


def _file(title, sections):
    """The text of a file with these sections."""
    about = "My own answers. The course keeps them here, and builds on them."
    head = f'"""{title.replace(chr(34), chr(39))}\n\n{about}\n"""\n'
    return head + "".join(f"\n\n# %% {name}\n{text}" for name, text in sections.items())


def answers():
    """The answers of whoever works in this folder, or None outside of my_notebooks/.

    So the stored outputs of notebooks/, and the tests, depend on no one's answers.
    """
    mine = Path(home(), "my_notebooks")
    with contextlib.suppress(OSError):
        if Path.cwd().resolve().is_relative_to(mine.resolve()):
            return Answers(Path(home(), "my_answers"), catalogue.course())
    return None

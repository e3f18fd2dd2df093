"""The start page: the lessons as links, what each asks, and how far the learner has come."""

from html import escape
from pathlib import Path
from urllib.parse import quote

from classroom import status
from classroom.answers import Answers
from classroom.catalogue import course
from classroom.copies import copies
from classroom.environment import home

MARKS = {True: "✓", False: "○"}


def progress(base_url="/"):
    """What the page shows now: {"summary": a sentence, "map": HTML}."""
    kept = Answers(Path(home(), "my_answers"), course())
    states = status.saved_states(copies(), course(), kept)
    record = kept.record
    page = Page(course(), states, copies(), base_url, record["quizzes"])
    return page.parts(record["verdicts"])


class Page:
    """The page of a learner with these states, whose lessons are opened from `copies`."""

    def __init__(self, course, states, copies, base_url="/", quizzes=()):
        self.course, self.states, self.copies = course, states, copies
        self.base_url, self.quizzes = base_url, quizzes

    def parts(self, verdicts=()):
        """The page's parts. `verdicts` tell what was tried last: there it goes on."""
        lessons = "".join(map(self._lesson, self.course.lessons))
        return {
            "summary": status.total(self.course, self.states),
            "map": f"{self._continue(verdicts)}<ol>{lessons}</ol>",
        }

    def is_right(self, exercise):
        return status.is_right(self.states.get(exercise.name))

    def next_exercise(self, verdicts=()):
        """The one after what was tried last, else the first that is left; None at the end."""
        exercises = self.course.exercises
        names = [each.name for each in exercises]
        tried = [name for name in verdicts if name in names]
        last = max(tried, key=lambda name: verdicts[name].get("when", 0), default=names[0])
        at = names.index(last)
        left = (each for each in exercises[at:] + exercises[:at] if not self.is_right(each))
        return next(left, None)

    def _continue(self, verdicts):
        following = self.next_exercise(verdicts)
        if following is None:
            return '<p class="course-continue">Every exercise is yours.</p>'
        lesson = following.lesson
        verb = "Continue" if self.states else "Begin"
        text = f"{verb} with {lesson.number} · {lesson.title}"
        cell = following.name if self.states else ""
        at = f": <code>{cell}</code>" if cell else ""
        link = self._link(lesson, escape(text) + at, "continue", cell)
        return f'<p class="course-continue">{link}</p>'

    def _lesson(self, lesson):
        done = sum(map(self.is_right, lesson.exercises))
        title = self._link(
            lesson, escape(f"{lesson.number} · {lesson.title}"), f"lesson-{lesson.slug}"
        )
        exercises = "".join(f"<li>{self._exercise(each)}</li>" for each in lesson.exercises)
        takes = lesson.takes[0].upper() + lesson.takes[1:]
        quiz = escape(status.quiz_result(lesson, self.quizzes))
        return (
            f'<li class="course-lesson"><h2>{title}</h2><p>{escape(lesson.question)}</p>'
            f"<p>{takes} · {done} of {len(lesson.exercises)} solved{quiz}</p>"
            f'<ul class="course-exercises">{exercises}</ul></li>'
        )

    def _exercise(self, exercise):
        state = self.states.get(exercise.name, status.NOT_WRITTEN)
        mark = MARKS[self.is_right(exercise)]
        text = (
            f'<span aria-hidden="true">{mark}</span> {exercise.name}'
            f'<span class="course-said">, {escape(state)}</span>'
        )
        return self._link(exercise.lesson, text, exercise.name, exercise.name)

    def _link(self, lesson, html, name, cell=""):
        """A link that opens the learner's newest file of a lesson, at the cell of an exercise."""
        files = self.copies.of(lesson.notebook_path.name)
        path = files[-1].name if files else lesson.notebook_path.name
        href = f"{self.base_url}lab/tree/{quote(path)}"
        return (
            f'<a id="course-{name}" href="{escape(href)}" data-path="{escape(path)}" '
            f'data-cell="{cell}">{html}</a>'
        )

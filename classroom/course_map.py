"""The README's table of lessons, made from the lessons themselves."""

from classroom import files
from classroom.catalogue import ROOT, course
from classroom.readme import with_section


def main(arguments):
    """Write the table, or with --check only say whether it is stale."""
    readme = ROOT / "README.md"
    before = readme.read_text(encoding="utf-8")
    text = with_section(before, "course map", table(course()))
    if text == before:
        return 0
    if "--check" in arguments:
        print(f"{readme.name}: stale; run `make notebooks`")
        return 1
    files.write(readme, text)
    print(f"{readme.name}: written")
    return 0


def table(course):
    yield "| | lesson | the question it answers | exercises | minutes to read | to do |"
    yield "|---|---|---|---|---|---|"
    for lesson in course.lessons:
        link = f"[{lesson.title}](notebooks/{lesson.notebook_path.name})"
        counts = len(lesson.exercises), lesson.reading_minutes, lesson.exercise_minutes
        cells = lesson.number, link, lesson.question, *counts
        yield "| " + " | ".join(map(str, cells)) + " |"

"""The README's table of lessons and its picture, made from the lessons themselves."""

import nbformat

from classroom import files
from classroom.catalogue import ROOT, course
from classroom.figures import png_of
from classroom.readme import with_section

PICTURE = "readme"  # tag of the cell whose figure the front page shows


def main(arguments):
    """Write the table and the picture, or with --check only say what is stale."""
    readme = ROOT / "README.md"
    text = with_section(readme.read_text(encoding="utf-8"), "course map", table(course()))
    wanted = {readme: text.encode(), **pictures(course())}
    stale = [
        path
        for path, content in wanted.items()
        if not path.exists() or path.read_bytes() != content
    ]
    for path in stale:
        print(
            f"{path.relative_to(ROOT)}: "
            + ("stale; run `make notebooks`" if "--check" in arguments else "written")
        )
        if "--check" not in arguments:
            files.write(path, wanted[path])
    return 1 if stale and "--check" in arguments else 0


def pictures(course):
    """{file beside the notebook: png} for the figure of each cell with that tag."""
    return {
        lesson.notebook_path.with_suffix(".png"): png_of(output)
        for lesson in course.lessons
        if lesson.notebook_path.exists()
        for cell in nbformat.read(lesson.notebook_path, as_version=4).cells
        if PICTURE in cell.metadata.get("tags", ())
        for output in cell.outputs
        if png_of(output)
    }


def table(course):
    yield "| | lesson | the question it answers | exercises | minutes |"
    yield "|---|---|---|---|---|"
    for lesson in course.lessons:
        link = f"[{lesson.title}](notebooks/{lesson.notebook_path.name})"
        exercises, minutes = len(lesson.exercises), lesson.minutes
        yield f"| {lesson.number} | {link} | {lesson.question} | {exercises} | {minutes} |"

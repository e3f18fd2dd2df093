"""The README's table of lessons and its picture, made from the lessons themselves."""

import base64
import json

from classroom.catalogue import ROOT, course

PICTURE = "readme"  # tag of the cell whose figure the front page shows
BEGIN, END = "<!-- course map: written by `make notebooks` -->\n", "<!-- end of the course map -->"


def main(arguments):
    """Write the table and the picture, or with --check only say what is stale."""
    readme = ROOT / "README.md"
    wanted = {readme: with_map(readme.read_text(encoding="utf-8"), course()).encode(), **pictures(course())}
    stale = [path for path, content in wanted.items() if not path.exists() or path.read_bytes() != content]
    for path in stale:
        print(f"{path.relative_to(ROOT)}: " + ("stale; run `make notebooks`" if "--check" in arguments else "written"))
        if "--check" not in arguments:
            path.write_bytes(wanted[path])
    return 1 if stale and "--check" in arguments else 0


def pictures(course):
    """{file beside the notebook: png} for the figure of each cell with that tag."""
    return {
        lesson.notebook_path.with_suffix(".png"): base64.b64decode(output["data"]["image/png"])
        for lesson in course.lessons if lesson.notebook_path.exists()
        for cell in json.loads(lesson.notebook_path.read_text(encoding="utf-8"))["cells"]
        if PICTURE in cell["metadata"].get("tags", ())
        for output in cell["outputs"] if "image/png" in output.get("data", {})
    }


def with_map(text, course):
    """`text` with the table of lessons between its two marks."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + "\n".join(table(course)) + "\n" + END + after


def table(course):
    yield "| | lesson | the question it answers | exercises | minutes |"
    yield "|---|---|---|---|---|"
    for lesson in course.lessons:
        link = f"[{lesson.title}](notebooks/{lesson.notebook_path.name})"
        yield f"| {lesson.number} | {link} | {lesson.question} | {len(lesson.exercises)} | {lesson.minutes} |"

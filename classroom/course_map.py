"""The README's table of lessons, made from the lessons themselves."""

from classroom.catalogue import ROOT, course

BEGIN, END = "<!-- course map: written by `make notebooks` -->\n", "<!-- end of the course map -->"


def main(arguments):
    """Write the table into README.md, or with --check only say whether it is stale."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    renewed = with_map(text, course())
    if text == renewed:
        return 0
    if "--check" in arguments:
        print("README.md: the course map is stale. Run `make notebooks`.")
        return 1
    readme.write_text(renewed, encoding="utf-8")
    print("README.md: course map written")
    return 0


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

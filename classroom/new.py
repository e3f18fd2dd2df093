"""`make new`: the folder of a new lesson and the module of its answers, ready to build."""

import re

from classroom import catalogue
from classroom.environment import Problem

USAGE = 'say what the lesson is called:  make new ARGS="moving_average"'


def main(arguments):
    """Write the skeleton of the lesson `arguments[0]`; nothing is ever overwritten."""
    course = catalogue.course()
    if len(arguments) != 1:
        raise Problem(USAGE)
    written = write(course, arguments[0])
    print("Written, ready to build and to be changed (CONTRIBUTING.md says how):")
    print("\n".join(f"  {path.relative_to(course.root).as_posix()}" for path in written))
    print(f'Build it:  make notebooks ARGS="{arguments[0]}"')
    return 0


def write(course, slug):
    """Write the four files of the lesson, numbered after the last one. Returns their paths."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", slug):
        raise Problem(
            f"'{slug}' cannot be a lesson's slug: it is lower-case words joined by _, for example "
            "self_attention"
        )
    if slug in course.exercise_names or slug in [lesson.slug for lesson in course.lessons]:
        raise Problem(f"'{slug}' is the name of a lesson or an exercise already")
    number = 1 + max((int(lesson.number) for lesson in course.lessons), default=-1)
    folder = course.root / "lessons" / f"{number:02}_{slug}"
    targets = {name: folder / f"{name}.py" for name in ("lesson", "checks", "mistakes")}
    targets["solutions"] = course.root / "solutions" / f"{slug}.py"
    for path in targets.values():
        if path.exists():
            raise Problem(f"{path.relative_to(course.root).as_posix()} is there already")
    skeleton = catalogue.ROOT / "classroom" / "skeleton"
    for name, path in targets.items():
        text = (skeleton / f"{name}.py").read_text(encoding="utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(re.sub(r"\btwice\b", slug, text), encoding="utf-8")
    return list(targets.values())

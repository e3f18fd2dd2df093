"""The rooms of the house: what each may import, so that arrows run one way."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = (
    "minitorch",
    "solutions",
    "classroom",
    "lessons",
    "twin",
    "experiments",
    "benchmarks",
    "tests",
)
MAY_IMPORT = {
    "minitorch": {"minitorch"},
    "solutions": {"solutions", "minitorch"},
    "classroom": {"classroom"},
    "twin": {"solutions", "minitorch"},
    "experiments": {"experiments", "solutions", "minitorch", "twin", "classroom"},
    "benchmarks": {"benchmarks", "solutions", "minitorch", "twin", "classroom"},
}


def imported_modules(path):
    """The dotted names of all modules that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reached_from(module):
    """Every module of solutions/ that importing `module` imports, itself included."""
    reached, waiting = set(), [module]
    while waiting:
        module = waiting.pop()
        path = ROOT / f"{module.replace('.', '/')}.py"
        if module not in reached and path.exists():
            reached.add(module)
            waiting += [name for name in imported_modules(path) if name.startswith("solutions.")]
    return reached


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room):
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    for path in files:
        rooms = {name.split(".")[0] for name in imported_modules(path)} & set(ROOMS)
        assert rooms <= MAY_IMPORT[room], (
            f"{path.relative_to(ROOT)} imports {rooms - MAY_IMPORT[room]}"
        )


def test_the_experiments_use_of_the_classroom_only_what_shows_and_writes():
    used = {
        name
        for path in (ROOT / "experiments").rglob("*.py")
        for name in imported_modules(path)
        if name.startswith("classroom.")
    }
    assert {name.split(".")[1] for name in used} <= {
        "progress_bar",
        "files",
        "figures",
        "readme",
    }


@pytest.mark.parametrize("task", ["counting", "flip_flop_and_selective_copy"])
def test_a_task_does_not_import_a_model(task):
    assert "solutions.tokenizer" in reached_from(f"solutions.{task}")
    assert "solutions.transformer" not in reached_from(f"solutions.{task}")
    assert "solutions.attention" not in reached_from(f"solutions.{task}")

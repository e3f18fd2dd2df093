"""The course's commands: python -m classroom COMMAND.

Like environment.py, this file keeps to what every Python can read.
"""

# ruff: noqa: UP031
import sys

from classroom import environment

HELP = """\
Learning to Count

  make lab          open JupyterLab on your own copies of the lessons, where you were
  make test         run every test, and every notebook both as shipped and solved
  make status       list lessons and exercises: what is right, what waits, how long it takes
  make new          the skeleton of a lesson: make new ARGS="moving_average"
  make notebooks    build notebooks/ from lessons/ and solutions/
  make experiments  train what results/ lacks (an hour or two; interrupted, it goes on later)
  make bench        time the engine beside PyTorch, where that is installed
  make setup        make the environment .venv and your copies, and open nothing
  make grade        for teachers: judge what a class handed in: make grade ARGS=FOLDER
  make help         show this

Arguments go in ARGS:    make lab ARGS="--port 8899 --no-browser"    make test ARGS="-k rope"
Another Python:          make lab PYTHON=python3.12
Copies elsewhere:        make lab ARGS="--folder ~/counting"         (likewise status and setup)
Without make:            python -m classroom lab --port 8899
                         (likewise test, status, new, setup, grade and help;
                         `make notebooks` is python -m classroom build,
                         `make experiments` is python -m classroom run experiments.command,
                         `make bench` is python -m classroom run benchmarks.bench)
"""


def run(command, arguments):
    """The command's exit code. Runs in the environment: what is installed may be imported."""
    environment.take_folder(arguments)
    if command == "setup":
        from classroom import copies, launcher

        launcher.bring_up_to_date(copies.copies())
        return 0
    if command in ("lab", "test", "status", "new", "grade"):
        names = {"lab": "launcher", "test": "testing", "grade": "grading"}
        module = names.get(command, command)
        return runnable(["classroom." + module]).main(arguments)
    if command == "build":
        from classroom import builder, course_map

        return builder.main(arguments) or course_map.main(arguments)
    return runnable(arguments).main(arguments[1:])


def runnable(arguments):
    """The module that `arguments` name first; it must have a main(arguments)."""
    import importlib

    name = arguments[0] if arguments else ""
    try:
        module = importlib.import_module(name) if name else None
    except ModuleNotFoundError as missing:
        if not (name + ".").startswith(missing.name + "."):  # another one, which it imports
            raise
        module = None
    if not hasattr(module, "main"):
        raise environment.Problem(
            "%s is not a module that can be run. Name one:\n"
            "    python -m classroom run benchmarks.bench" % (name or "Nothing")
        )
    return module


def main(arguments):
    command = arguments[0] if arguments else "help"
    if command not in ("lab", "test", "status", "new", "build", "run", "setup", "grade"):
        print(HELP)
        return 0 if command in ("help", "-h", "--help") else 2
    try:
        environment.check_python()
        for stream in sys.stdout, sys.stderr:  # a console without a character shows `?` instead
            getattr(stream, "reconfigure", str)(errors="replace")
        environment.enter(arguments)
        environment.teach_kernels()
        return run(command, arguments[1:])
    except environment.Problem as problem:
        sys.stderr.write("\n%s\n" % problem)
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. The same command can be run again at any time.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

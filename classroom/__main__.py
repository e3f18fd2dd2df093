"""The course's commands: python -m classroom COMMAND.

Like environment.py, this file keeps to what every Python can read.
"""
import sys

from classroom import environment

HELP = """\
Learning to Count

  make lab          open JupyterLab on your own copies of the lessons
  make test         run every test, and every notebook both as shipped and solved
  make status       list lessons and exercises: what is right, what waits, how long it takes
  make notebooks    build notebooks/ from lessons/ and solutions/
  make experiments  train what results/ does not hold yet (an hour or two; interrupted, it goes on later)
  make bench        time the engine beside PyTorch, where that is installed
  make setup        only make the environment .venv (the others do it by themselves)
  make help         show this

Arguments go in ARGS:    make lab ARGS="--port 8899 --no-browser"      make test ARGS="-k rope"
Another Python:          make lab PYTHON=python3.12
Without make:            python -m classroom lab --port 8899
                         (likewise test, status, setup, help; `make notebooks` is python -m classroom build,
                         `make experiments` is python -m classroom run experiments.command,
                         `make bench` is python -m classroom run benchmarks.bench)
"""


def run(command, arguments):
    """The command's exit code. Runs inside the environment, so everything installed may be imported here."""
    if command == "lab":
        from classroom import launcher
        return launcher.main(arguments)
    if command == "test":
        from classroom import testing
        return testing.main(arguments)
    if command == "status":
        from classroom import status
        return status.main(arguments)
    if command == "build":
        from classroom import builder, course_map
        return builder.main(arguments) or course_map.main(arguments)
    if command == "run":                            # a module that has a main(arguments)
        import importlib
        return importlib.import_module(arguments[0]).main(arguments[1:])


def main(arguments):
    command = arguments[0] if arguments else "help"
    if command not in ("lab", "test", "status", "build", "run", "setup"):
        print(HELP)
        return 0 if command in ("help", "-h", "--help") else 2
    try:
        environment.check_python()
        environment.enter(arguments)
        return run(command, arguments[1:])
    except environment.Problem as problem:
        sys.stderr.write("\n%s\n" % problem)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`make test`: every test and every notebook, as shipped and solved, in one run of pytest."""

import os
import subprocess
import sys
from pathlib import Path

from classroom.environment import FOLDER, ROOT, Problem

SOLVED = Path(ROOT, ".solved")
WORKERS = 2
CELL_SECONDS = 600  # training is slow on a busy machine, yet a dead kernel must not hang the run

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
# What a user has set for IPython, matplotlib and Jupyter stays out: they look in here instead.
FOLDERS = {
    name: str(SOLVED / "settings" / name.lower())
    for name in ("IPYTHONDIR", "MPLCONFIGDIR", "JUPYTER_CONFIG_DIR")
}
OTHERS = {
    "JUPYTER_PREFER_ENV_PATH": "1"
}  # this environment's kernel, whatever others are installed
FOREIGN = (
    "MPLBACKEND",
    "MATPLOTLIBRC",
    "JUPYTER_CONFIG_PATH",
    "PYTHONSTARTUP",
    "PYTHONOPTIMIZE",
    "PYTHONWARNINGS",
    FOLDER,
)

# How a notebook is tested: run in this environment, every stored output compared.
# Of a figure its text alternative is compared: the picture itself differs between machines.
NBVAL = [
    "--nbval",
    "--nbval-current-env",
    f"--nbval-cell-timeout={CELL_SECONDS}",
    f"--nbval-sanitize-with={Path(ROOT, 'classroom', 'not_compared.cfg')}",
]
# A worker takes whole notebooks and whole test files, in the order that conftest.py gives them.
SHARED_OUT = ["-n", str(WORKERS), "--dist", "loadscope", "--no-loadscope-reorder"]


def main(arguments):
    """Prepare the solved notebooks, then run pytest; `arguments` are passed on to it."""
    solve(Path(ROOT, "notebooks"), SOLVED)
    return subprocess.call(command(arguments), cwd=ROOT, env=environment(os.environ))


def environment(given):
    """The environment variables that tests run with, made from those of the user."""
    kept = {name: value for name, value in given.items() if name not in FOREIGN}
    return {**kept, **ONE_THREAD, **FOLDERS, **OTHERS}


def command(arguments):
    """The command line. Files named in `arguments` are run instead of everything."""
    named = any(file in argument for argument in arguments for file in (".py", ".ipynb"))
    everything = [] if named else ["tests", "notebooks", SOLVED.name]
    return [sys.executable, "-m", "pytest", "-q", *NBVAL, *SHARED_OUT, *everything, *arguments]


def solve(notebooks, folder):
    """Write each notebook with its solutions in place, stored outputs unchanged, to `folder`."""
    import nbformat

    from classroom import builder

    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.ipynb"):
        old.unlink()
    for path in sorted(notebooks.glob("*.ipynb")):
        try:
            builder.write(builder.solved(nbformat.read(path, as_version=4)), folder / path.name)
        except (builder.CourseError, KeyError) as fault:
            raise Problem(
                f"{path.name} cannot be solved: {fault.args[0]}\n"
                "If a lesson was changed, build the notebooks first:  make notebooks"
            ) from None

"""Where the course runs: a Python environment with everything in requirements.txt, in the folder .venv.

Commands work from a bare Python, so only the standard library is used here. And because this file must be
able to say that a Python is too old, it keeps to what every Python can read (no f-strings, no annotations).
"""
import hashlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
LOCK = os.path.join(ROOT, "requirements.txt")
PYPROJECT = os.path.join(ROOT, "pyproject.toml")
OLDEST = (3, 11)


class Problem(Exception):
    """Something the reader has to put right; the text says what, and how."""


def check_python(version=sys.version_info):
    """Raise Problem unless this Python is new enough for the course."""
    if tuple(version[:2]) < OLDEST:
        raise Problem(
            "This is Python %d.%d (%s); the course needs Python %d.%d or newer.\n"
            "Install one from https://www.python.org/downloads/ or your system's packages, then name it:\n"
            "    make lab PYTHON=python3.12        or        python3.12 -m classroom lab"
            % (version[0], version[1], sys.executable, OLDEST[0], OLDEST[1]))


def enter(arguments):
    """Return if this interpreter has all the course needs; otherwise run the same command in one that has.

    An environment in which the project is installed (conda's, say) is used as it is. Any other Python makes
    .venv, or brings it up to date, and hands over to the Python in there.
    """
    inside = os.path.realpath(sys.prefix) == os.path.realpath(VENV)
    if not inside and has_everything():
        return
    renewed = prepare()
    if not inside or renewed:
        hand_over([venv_python(), "-m", "classroom"] + arguments)


def has_everything():
    """Whether this interpreter holds the project, in place, and each of its dependencies."""
    import tomllib
    from importlib import metadata
    try:
        from packaging.requirements import Requirement
        with open(PYPROJECT, "rb") as file:
            dependencies = [Requirement(line) for line in tomllib.load(file)["project"]["dependencies"]]
        fits = all(needed.specifier.contains(metadata.version(needed.name)) for needed in dependencies)
    except ImportError:     # packaging, or one of the dependencies, is not there
        return False
    return fits and project_installed()


def project_installed():
    """Whether `import classroom` finds this checkout from any folder, as the kernels of notebooks need it."""
    find = "import importlib.util as u; s = u.find_spec('classroom'); print(s.origin if s else '')"
    # -I: neither the current folder nor PYTHONPATH counts
    found = subprocess.check_output([sys.executable, "-I", "-c", find], universal_newlines=True).strip()
    return os.path.realpath(found) == os.path.join(os.path.realpath(ROOT), "classroom", "__init__.py")


def prepare():
    """Make .venv, or bring it up to date. Returns False when there was nothing to do."""
    stamp = os.path.join(VENV, "learning-to-count.stamp")
    if read(stamp) == fingerprint() and os.path.exists(venv_python()):
        return False
    if not works(venv_python()):
        make_venv()
    say("Installing what the course needs into .venv (once; about a minute) ...")
    # --no-compile: compiling everything takes a third of the time; Python compiles what it imports anyway
    pip("install", "--no-deps", "--no-compile", "--requirement", LOCK)
    pip("install", "--no-deps", "--no-build-isolation", "--editable", ROOT)
    with open(stamp, "w") as file:      # last, so that an interrupted installation is taken up again
        file.write(fingerprint())
    say("The environment is ready.")
    return True


def fingerprint():
    """A short text that changes with what has to be installed, or with the place of this checkout."""
    return hashlib.sha256("\n".join([ROOT, read(LOCK), read(PYPROJECT)]).encode("utf-8")).hexdigest()


def make_venv():
    try:
        import ensurepip    # noqa: F401
        import venv         # noqa: F401
    except ImportError as missing:
        raise Problem(
            "This Python (%s) comes without %s, so it cannot make the course's environment.\n"
            "On Debian and Ubuntu:  sudo apt install python3-venv\n"
            "Elsewhere, install Python from https://www.python.org/downloads/, or use conda: see README.md."
            % (sys.executable, getattr(missing, "name", "venv")))
    say("Making the environment .venv with Python %d.%d ..." % sys.version_info[:2])
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if made.returncode:
        raise Problem("Making the environment %s failed. Python says:\n%s" % (VENV, made.stdout))


def venv_python():
    return os.path.join(VENV, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


def works(python):
    """Whether this interpreter starts, is new enough and has pip."""
    question = "import pip, sys; sys.exit(sys.version_info < %r)" % (OLDEST,)
    try:
        return subprocess.call([python, "-c", question], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def pip(*arguments):
    """Run pip in .venv. A terminal shows what is being fetched; a failure shows pip's last words."""
    command = [venv_python(), "-m", "pip", "--disable-pip-version-check"] + list(arguments)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               universal_newlines=True)
    lines = []
    for line in process.stdout:
        lines.append(line)
        if sys.stdout.isatty() and line.startswith(("Collecting", "Installing")):
            sys.stdout.write("\r\033[K    " + line.split("==")[0].strip()[:70])
            sys.stdout.flush()
    if sys.stdout.isatty():
        sys.stdout.write("\r\033[K")
    if process.wait():
        raise Problem("pip could not install the course's packages. Its last words:\n\n%s\n"
                      "If the network failed, run the same command again: it goes on from here."
                      % "".join(lines[-15:]))


def hand_over(command):
    """Replace this process by another (on Windows: run it and end with its exit code)."""
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    import signal
    signal.signal(signal.SIGINT, signal.SIG_IGN)     # Ctrl-C is for the child
    sys.exit(subprocess.call(command))


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def say(text):
    print(text)
    sys.stdout.flush()

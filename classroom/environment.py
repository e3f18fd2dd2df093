"""Where the course runs: an environment with everything in requirements.txt, in the folder .venv.

Commands work from a bare Python, so only the standard library is used here. And because this file
must be able to say that a Python is too old, it keeps to what every Python can read: no f-strings,
no annotations, no `raise ... from`.
"""

# ruff: noqa: B904, UP031
import argparse
import hashlib
import io
import os
import subprocess
import sys

from classroom.lock import alone

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
FOLDER = "LEARNING_TO_COUNT_FOLDER"  # a variable: where the learner's files are, if not here
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
            "Install one from https://www.python.org/downloads/ or your system's packages,\n"
            "then name it:\n"
            "    make lab PYTHON=python3.12        or        python3.12 -m classroom lab"
            % (version[0], version[1], sys.executable, OLDEST[0], OLDEST[1])
        )


def enter(arguments):
    """Return if this Python has all that the course needs; else run the command in one that has.

    An environment in which the project is installed (conda's, say) is used as it is. Any other
    Python makes .venv, or brings it up to date, and hands over to the Python in there.
    """
    inside = os.path.realpath(sys.prefix) == os.path.realpath(VENV)
    if not inside and has_everything():
        return
    renewed = prepare()
    if not inside or renewed:
        hand_over([venv_python(), "-m", "classroom"] + arguments)


def home():
    """The folder with the learner's my_notebooks/: this checkout, unless another one is named."""
    return os.path.abspath(os.path.expanduser(os.environ.get(FOLDER) or ROOT))


def take_folder(arguments):
    """Note the folder that `--folder` names, for this process and the kernels it starts."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--folder")
    named = parser.parse_known_args(arguments)[0].folder
    if named:
        os.environ[FOLDER] = os.path.abspath(os.path.expanduser(named))


def has_everything():
    """Whether this interpreter holds the project, in place, and each of its dependencies."""
    import tomllib
    from importlib import metadata

    try:
        from packaging.requirements import Requirement

        with open(PYPROJECT, "rb") as file:
            dependencies = [
                Requirement(line) for line in tomllib.load(file)["project"]["dependencies"]
            ]
        fits = all(
            needed.specifier.contains(metadata.version(needed.name)) for needed in dependencies
        )
    except (ImportError, KeyError, TypeError, ValueError):  # one is not there, or half there
        return False
    return fits and project_installed()


def project_installed():
    """Whether `import classroom` finds this checkout from any folder, as notebooks' kernels do."""
    find = "import importlib.util as u; s = u.find_spec('classroom'); print(s.origin if s else '')"
    # -I: neither the current folder nor PYTHONPATH counts
    found = subprocess.check_output(
        [sys.executable, "-I", "-c", find], universal_newlines=True
    ).strip()
    return os.path.realpath(found) == os.path.join(
        os.path.realpath(ROOT), "classroom", "__init__.py"
    )


def prepare():
    """Make .venv, or bring it up to date. Returns False when there was nothing to do.

    A kill at any moment leaves no stamp that fits; then the next run looks at what is there. What
    is half unpacked is made anew, what is whole is kept. Two runs at once wait for each other.
    """
    if up_to_date():
        return False
    check_length(ROOT, long_paths_allowed())
    try:
        with alone(
            VENV + ".lock", "Another command is making the environment .venv; waiting for it ..."
        ):
            if up_to_date():  # by that other command
                return False
            install()
    except OSError as error:
        raise Problem(
            "The environment .venv cannot be made in %s: %s.\n%s"
            % (ROOT, error.strerror or error, advice(str(error)))
        )
    say("The environment is ready.")
    return True


def install():
    stamp = stamp_path()
    if os.path.exists(stamp):
        os.remove(stamp)
    if not sound(venv_python()):
        make_venv()
    say("Installing what the course needs into .venv (once; about a minute) ...")
    # --no-compile: that takes a third of the time, and Python compiles what it imports anyway
    pip("install", "--no-deps", "--no-compile", "--requirement", LOCK)
    pip("install", "--no-deps", "--no-build-isolation", "--editable", ROOT)
    if not complete():
        raise Problem(
            "pip reports success, but .venv lacks what it should have installed.\n"
            "Does one of pip's settings send packages elsewhere? This command shows them:\n"
            "    %s -m pip config list" % venv_python()
        )
    with open(stamp, "w") as file:  # last: it says that all of the above was done
        file.write(fingerprint())


def up_to_date():
    """Whether .venv has been finished for today's lists, and its Python still starts."""
    return read(stamp_path()) == fingerprint() and works(venv_python())


def stamp_path():
    return os.path.join(VENV, "learning-to-count.stamp")


def fingerprint():
    """A short text that changes with what has to be installed, or with this checkout's folder."""
    return hashlib.sha256(
        "\n".join([ROOT, read(LOCK), read(PYPROJECT)]).encode("utf-8")
    ).hexdigest()


KERNEL_SETTINGS = """\
# Written by Learning to Count: its kernels know `exercise`, `hint`, ... from the start.
c.InteractiveShellApp.extensions.append("classroom.kernel")
"""


def teach_kernels():
    """Switch the classroom on in every kernel of this environment, whoever starts it."""
    folder = os.path.join(sys.prefix, "etc", "ipython")  # where IPython looks besides the user's
    path = os.path.join(folder, "ipython_kernel_config.py")
    if read(path) == KERNEL_SETTINGS:
        return
    try:
        if not os.path.isdir(folder):
            os.makedirs(folder)
        with open(path, "w") as file:
            file.write(KERNEL_SETTINGS)
    except OSError:  # another's environment: the first cell of a lesson brings the names as well
        pass


def make_venv():
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as missing:
        raise Problem(
            "This Python (%s) comes without %s, so it cannot make the course's environment.\n"
            "On Debian and Ubuntu:  sudo apt install python3-venv\n"
            "Elsewhere, install Python from https://www.python.org/downloads/, or use conda:\n"
            "see README.md." % (sys.executable, getattr(missing, "name", "venv"))
        )
    say("Making the environment .venv with Python %d.%d ..." % sys.version_info[:2])
    process, words = start([base_python(), "-m", "venv", "--clear", VENV])
    said = words.read()
    if process.wait():
        raise Problem(
            "Making the environment %s failed. Python says:\n%s%s" % (VENV, said, advice(said))
        )


def venv_python():
    return os.path.join(
        VENV, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python"))
    )


def base_python():
    """The Python outside of any environment: .venv cannot be cleared by the one in it."""
    return getattr(sys, "_base_executable", None) or sys.executable


def works(python):
    """Whether this interpreter starts, is new enough, and is an environment's that sees its pip."""
    return agrees(
        python,
        "sys.version_info >= %r and sys.prefix != sys.base_prefix"
        " and __import__('importlib.util').util.find_spec('pip')" % (OLDEST,),
    )


def sound(python):
    """Whether besides, every package, pip above all, is whole: each file that it lists is there.

    The list of a package is written last, so one that was being unpacked at a kill has none.
    """
    return works(python) and agrees(
        python,
        "(lambda packages: any(each.name == 'pip' for each in packages)"
        " and all(each.files and all(file.locate().exists() for file in each.files)"
        " for each in packages))(list(__import__('importlib.metadata').metadata.distributions()))",
    )


def complete():
    """Whether the Python in .venv has everything: asked of itself."""
    return agrees(venv_python(), "__import__('classroom.environment').environment.has_everything()")


def agrees(python, condition):
    """Whether `condition`, an expression, is true in this Python; -I: as seen from any folder."""
    try:
        return (
            subprocess.call(
                [python, "-I", "-c", "import sys; sys.exit(not (%s))" % condition],
                stderr=subprocess.DEVNULL,
            )
            == 0
        )
    except OSError:
        return False


def pip(*arguments):
    """Run pip in .venv. A terminal shows what is fetched; a failure shows pip's last words."""
    process, words = start(
        [venv_python(), "-m", "pip", "--disable-pip-version-check"] + list(arguments)
    )
    lines = []
    for line in words:
        lines.append(line)
        if sys.stdout.isatty() and line.startswith(("Collecting", "Installing")):
            rewrite("    " + line.split("==")[0].strip())
    if sys.stdout.isatty():
        rewrite("")
    if process.wait():
        last = "".join(lines[-15:])
        raise Problem(
            "pip could not install the course's packages. Its last words:\n\n%s\n%s"
            % (last, advice(last))
        )


# What to do about a failure of pip's or venv's, by signs of it in their words (in lower case).
ADVICE = (
    (
        ("no space left", "errno 28", "not enough space"),
        "The disk is full. The environment needs about 500 MB: make room, and run this again.",
    ),
    (
        ("connection", "timed out", "timeout", "resolve", "ssl", "proxy", "network"),
        "The network failed. Run this again: what has been fetched is not fetched again.",
    ),
    (
        ("permission denied", "read-only", "access is denied"),
        "A file could not be written. In a shared, read-only checkout, its owner runs `make setup`"
        " once.\nIn your own, close the programs that use the folder .venv.",
    ),
    (
        ("",),
        "Run this again. If that does not help, delete the folder .venv, and see pip's settings:"
        "\n    python3 -m pip config list",
    ),
)


def advice(words):
    words = words.lower()
    return next(sentence for signs, sentence in ADVICE if any(sign in words for sign in signs))


# Settings of pip's that would put the packages elsewhere, or others in their stead.
ELSEWHERE = (
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_REQUIREMENT",
    "PIP_CONSTRAINT",
    "PIP_REQUIRE_HASHES",
    "PIP_EDITABLE",
    "PIP_DRY_RUN",
    "PIP_PYTHON",
    "PYTHONHOME",
)


def start(command):
    """Start a child that talks UTF-8 on any system. Returns the process and a file: what it says.

    It inherits the lock: after a kill of this process, the next run waits for it to end as well.
    """
    settings = {key: value for key, value in os.environ.items() if key not in ELSEWHERE}
    settings["PIP_USER"] = "0"  # counts more than a `user = true` in pip.conf
    settings["PYTHONIOENCODING"] = "utf-8"
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=settings, close_fds=False
    )
    return process, io.TextIOWrapper(process.stdout, encoding="utf-8", errors="replace")


LONGEST = 155  # characters of the longest path inside .venv on Windows: one of JupyterLab's files


def check_length(root, allowed):
    """Raise Problem if this path is so long that Windows could not name every file in .venv."""
    longest = len(root) + len("\\.venv\\") + LONGEST
    if longest > 259 and not allowed:
        raise Problem(
            "The path of this folder is too long for Windows:\n    %s\n"
            "It has %d characters; at most %d are left beside the files of the environment.\n"
            "Move the folder, to C:\\counting, say, or allow long paths: search for\n"
            "'Enable Win32 long paths' in Windows' help."
            % (root, len(root), 259 - longest + len(root))
        )


def long_paths_allowed():
    """Whether paths may have more than 259 characters: on Windows, only by a setting."""
    if os.name != "nt":
        return True
    import winreg

    try:
        with winreg.OpenKey(
            winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem"
        ) as key:
            return winreg.QueryValueEx(key, "LongPathsEnabled")[0] == 1
    except OSError:
        return False


def hand_over(command):
    """Replace this process by another (on Windows: run it and end with its exit code)."""
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the child
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


def rewrite(line):
    """Show a line in place of the last one; by blanks, since not all consoles know codes."""
    sys.stdout.write("\r" + line[:74].ljust(74) + ("" if line else "\r"))
    sys.stdout.flush()

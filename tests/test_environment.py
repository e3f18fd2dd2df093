"""The environment: made once, the same for pip and conda, and clear about why it cannot be made."""

import ast
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import tomllib
import zipfile
from contextlib import nullcontext
from importlib import metadata
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest
import yaml
from packaging.requirements import Requirement

from classroom import __main__, environment, testing
from classroom.lock import alone

ROOT = Path(environment.ROOT)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DEPENDENCIES = [Requirement(line) for line in PROJECT["dependencies"]]
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
PINS = [
    Requirement(line)
    for line in LOCK.splitlines()
    if line.strip() and not line.lstrip().startswith("#")
]


# The lists of dependencies


def test_the_conda_environment_equals_the_project():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert conda["name"] == PROJECT["name"]
    assert conda["channels"] == ["conda-forge"]
    *packages, pip = conda["dependencies"]
    assert pip == {"pip": ["-e ."]}
    expected = {f"python{PROJECT['requires-python']}", "pip", *PROJECT["dependencies"]}
    assert set(packages) == expected and len(packages) == len(expected)


def test_the_lock_pins_every_dependency_to_a_version_that_fits():
    for needed in DEPENDENCIES:
        pins = [pin for pin in PINS if pin.name == needed.name]
        assert pins, f"{needed.name} is not locked"
        for pin in pins:
            (version,) = pin.specifier
            assert version.operator == "==" and needed.specifier.contains(version.version), pin


def test_the_lock_holds_pins_and_nothing_else():
    assert len(PINS) > len(DEPENDENCIES)
    assert "://" not in LOCK
    assert all(len(pin.specifier) == 1 and pin.url is None for pin in PINS)


def test_the_oldest_python_is_said_once():
    assert PROJECT["requires-python"] == ">={}.{}".format(*environment.OLDEST)


# A Python that is too old, or incomplete


@pytest.mark.parametrize("file", ["__init__.py", "__main__.py", "environment.py", "lock.py"])
def test_old_pythons_can_read_what_tells_them_so(file):
    """No syntax that came after Python 2: it would end in a SyntaxError instead of the message."""
    tree = ast.parse((ROOT / "classroom" / file).read_text(encoding="utf-8"))
    newer = (
        ast.JoinedStr,
        ast.AnnAssign,
        ast.NamedExpr,
        ast.Match,
        ast.AsyncFunctionDef,
        ast.Nonlocal,
    )
    found = [
        f"line {node.lineno}: {type(node).__name__}"
        for node in ast.walk(tree)
        if isinstance(node, newer) or isinstance(node, ast.arg) and node.annotation
    ]
    assert not found


def test_an_old_python_is_told_what_to_do():
    pretend = (
        "import sys, runpy; sys.version_info = (3, 8, 18); sys.argv = ['classroom', 'lab']; "
        "runpy.run_module('classroom', run_name='__main__')"
    )
    command = [sys.executable, "-c", pretend]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1 and run.stdout == ""
    assert "This is Python 3.8" in run.stderr and "needs Python 3.11 or newer" in run.stderr
    assert "make lab PYTHON=python3.12" in run.stderr and "Traceback" not in run.stderr


@pytest.mark.parametrize(
    "version, fits", [((2, 7), False), ((3, 10), False), ((3, 11), True), ((4, 0), True)]
)
def test_which_pythons_will_do(version, fits):
    if fits:
        assert environment.check_python(version) is None
    else:
        with pytest.raises(environment.Problem, match="needs Python 3.11 or newer"):
            environment.check_python(version)


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_without_venv_or_pip_is_told_what_to_do(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(
        environment.Problem, match=f"without {missing}(.|\n)*sudo apt install python3-venv"
    ):
        environment.make_venv()


def test_a_failing_pip_shows_its_last_words(monkeypatch):
    monkeypatch.setattr(environment, "venv_python", lambda: sys.executable)
    with pytest.raises(
        environment.Problem, match="(?s)last words.*no-such-package.*Run this again"
    ):
        environment.pip("install", "--no-index", "--no-deps", "no-such-package")


# Making it


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """A checkout in which nothing has been made yet; returns the list of what is then done."""
    done = []

    def make_venv():
        done.append("made")
        python = Path(environment.venv_python())
        python.parent.mkdir(parents=True)
        python.touch()

    monkeypatch.setattr(environment, "VENV", str(tmp_path / ".venv"))
    for constant, file in ("LOCK", "requirements.txt"), ("PYPROJECT", "pyproject.toml"):
        monkeypatch.setattr(environment, constant, str(tmp_path / file))
        (tmp_path / file).write_text("one", encoding="utf-8")
    monkeypatch.setattr(environment, "make_venv", make_venv)
    for question in "works", "sound":
        monkeypatch.setattr(environment, question, os.path.exists)
    monkeypatch.setattr(environment, "complete", lambda: True)
    monkeypatch.setattr(environment, "pip", lambda *arguments: done.append(arguments[-2]))
    return done


def test_the_environment_is_made_once(fresh):
    assert environment.prepare() is True
    assert fresh == ["made", "--requirement", "--editable"]
    assert environment.prepare() is False
    assert fresh == ["made", "--requirement", "--editable"]


@pytest.mark.parametrize("file", ["requirements.txt", "pyproject.toml"])
def test_a_changed_list_is_installed_into_the_same_environment(fresh, tmp_path, file):
    environment.prepare()
    (tmp_path / file).write_text("two", encoding="utf-8")
    del fresh[:]
    assert environment.prepare() is True
    assert fresh == ["--requirement", "--editable"]


def test_a_checkout_that_was_moved_is_installed_again(fresh, monkeypatch):
    environment.prepare()
    monkeypatch.setattr(environment, "ROOT", "/elsewhere")
    assert environment.prepare() is True


def interrupted(*arguments):
    raise KeyboardInterrupt


def test_an_interrupted_installation_is_taken_up_again(fresh, monkeypatch):
    whole = environment.pip
    monkeypatch.setattr(environment, "pip", interrupted)
    with pytest.raises(KeyboardInterrupt):
        environment.prepare()
    monkeypatch.setattr(environment, "pip", whole)
    assert environment.prepare() is True
    assert fresh == ["made", "--requirement", "--editable"]


def test_an_environment_whose_python_is_gone_is_made_again(fresh):
    environment.prepare()
    Path(environment.venv_python()).unlink()
    Path(environment.venv_python()).parent.rmdir()
    assert environment.prepare() is True
    assert fresh.count("made") == 2


def test_lists_that_change_back_during_an_update_are_installed_again(fresh, tmp_path, monkeypatch):
    environment.prepare()
    (tmp_path / "requirements.txt").write_text("two", encoding="utf-8")
    monkeypatch.setattr(environment, "make_venv", None)  # it stays the same environment
    monkeypatch.setattr(environment, "pip", interrupted)
    with pytest.raises(KeyboardInterrupt):
        environment.prepare()
    (tmp_path / "requirements.txt").write_text("one", encoding="utf-8")
    assert not environment.up_to_date()


def test_packages_that_land_elsewhere_are_noticed(fresh, monkeypatch):
    monkeypatch.setattr(environment, "complete", lambda: False)
    with pytest.raises(
        environment.Problem, match="lacks what it should have.*(?s:.*)pip config list"
    ):
        environment.prepare()
    assert not environment.up_to_date()


@pytest.mark.skipif(
    os.name == "nt" or getattr(os, "geteuid", int)() == 0, reason="root may write anywhere"
)
def test_a_read_only_checkout_is_told_who_can_make_the_environment(fresh, tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(environment.Problem, match="its owner runs `make setup` once"):
        environment.prepare()


def test_a_full_disk_is_a_sentence(fresh, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(environment, "pip", full)
    with pytest.raises(
        environment.Problem, match="No space left on device.(?s:.*)The disk is full"
    ):
        environment.prepare()


@pytest.fixture(scope="module")
def small_venv(tmp_path_factory):
    """A real environment with pip in it, and nothing else."""
    folder = tmp_path_factory.mktemp("small") / ".venv"
    subprocess.run([environment.base_python(), "-m", "venv", folder], check=True)
    return folder


def copy(venv, folder):
    shutil.copytree(venv, folder, symlinks=True, copy_function=os.link)


def python_in(folder, monkeypatch):
    monkeypatch.setattr(environment, "VENV", str(folder))
    return environment.venv_python()


def test_which_interpreters_work(tmp_path, small_venv, monkeypatch):
    python = python_in(small_venv, monkeypatch)
    assert environment.works(python) and environment.sound(python)
    assert not environment.works(str(tmp_path / "python"))
    assert not environment.works(environment.base_python())  # never install into the system's own
    monkeypatch.setattr(environment, "OLDEST", (4, 0))
    assert not environment.works(python)


@pytest.mark.parametrize("lost", ["pip/_vendor/certifi", "pip-*/RECORD", "pip-*", "pip"])
def test_an_environment_with_a_half_unpacked_package_is_not_sound(
    tmp_path, small_venv, monkeypatch, lost
):
    copy(small_venv, tmp_path / ".venv")
    (found,) = (path for path in (tmp_path / ".venv").glob("[Ll]ib/**/site-packages/" + lost))
    shutil.rmtree(found) if found.is_dir() else found.unlink()
    python = python_in(tmp_path / ".venv", monkeypatch)
    assert not environment.sound(python)
    monkeypatch.setattr(environment, "pip", lambda *arguments: None)
    monkeypatch.setattr(environment, "complete", lambda: True)

    def made_anew():
        shutil.rmtree(tmp_path / ".venv")
        copy(small_venv, tmp_path / ".venv")

    monkeypatch.setattr(environment, "make_venv", made_anew)
    assert environment.prepare() is True
    assert environment.sound(python)


def test_an_environment_that_lost_its_settings_is_made_again(tmp_path, small_venv, monkeypatch):
    """Its Python is then the system's own, as after a kill in the first moments."""
    copy(small_venv, tmp_path / ".venv")
    (tmp_path / ".venv" / "pyvenv.cfg").unlink()
    assert not environment.works(python_in(tmp_path / ".venv", monkeypatch))


# Stand-ins for venv and pip that write many files, slowly, with a list of them last, as pip does
SETUP = """
import os, sys, time
from classroom import environment as e

e.ROOT, e.VENV = sys.argv[1], os.path.join(sys.argv[1], ".venv")
e.LOCK = e.PYPROJECT = os.path.join(sys.argv[1], "list")
files = [str(number) for number in range(40)]
package = lambda name: os.path.join(e.VENV, name)
listed = lambda name: os.path.exists(package(name) + ".list")

def unpack(name):
    if listed(name):
        return
    os.makedirs(package(name), exist_ok=True)
    for file in files:
        with open(os.path.join(package(name), file), "w") as out:
            out.write("h"); out.flush(); time.sleep(0.001); out.write("alf")
    open(package(name) + ".list", "w").close()

def make_venv():
    import shutil
    shutil.rmtree(e.VENV, ignore_errors=True)
    unpack("python")

def sound(python):
    return listed("python") and all(listed(name) for name in ("numpy", "jupyter")
                                    if os.path.isdir(package(name)))

e.make_venv, e.sound, e.works = make_venv, sound, lambda python: listed("python")
e.pip = lambda *arguments: [unpack(name) for name in ("numpy", "jupyter")]
e.complete = lambda: listed("jupyter")
sys.exit(not e.prepare())
"""


def test_a_setup_killed_at_any_moment_is_finished_by_the_next(tmp_path):
    random = Random(0)
    (tmp_path / "list").touch()
    command = [sys.executable, "-c", SETUP, str(tmp_path)]
    killed = 0
    for _ in range(20):
        shutil.rmtree(tmp_path / ".venv", ignore_errors=True)
        for _ in range(random.choice((1, 1, 2))):  # some are killed twice
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
            time.sleep(random.uniform(0.02, 0.13))
            process.kill()
            killed += process.wait() != 0
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        files = [path for path in (tmp_path / ".venv").glob("*/*") if path.read_text() == "half"]
        assert len(files) == 3 * 40
        again = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        assert again.returncode == 1 and again.stdout == b""  # there was nothing left to do
    assert killed >= 20


def test_two_setups_at_once_make_one_environment(tmp_path):
    (tmp_path / "list").touch()
    both = [
        subprocess.Popen(
            [sys.executable, "-c", SETUP, str(tmp_path)],
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    said = [process.communicate()[0] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1]  # one had nothing to do
    assert "".join(said).count("Installing what the course needs") == 1


@pytest.mark.skipif(os.name == "nt", reason="a child inherits no lock on Windows")
def test_what_a_killed_setup_leaves_running_is_waited_for(tmp_path):
    parent = (
        "import sys, time; from classroom import environment as e, lock\n"
        "with lock.alone(sys.argv[1], ''):\n"
        "    e.start([sys.executable, '-c', 'import time; time.sleep(1.2)'])\n"
        "    print('started', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", parent, str(tmp_path / "lock")], cwd=ROOT, stdout=subprocess.PIPE
    )
    process.stdout.readline()
    process.kill()
    process.wait()
    began = time.monotonic()
    with alone(tmp_path / "lock", "waiting"):
        assert 0.5 < time.monotonic() - began < 10


def test_a_file_system_without_locks_stops_nobody(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def unknown(*arguments):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", unknown)
    began = time.monotonic()
    with alone(tmp_path / "lock", "waiting"):
        assert time.monotonic() - began < 1


# Windows, as far as its conditions can be forced


@pytest.fixture
def windows(monkeypatch):
    """Call it to pretend, and take it back before pathlib notices."""

    def pretend(**modules):
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, name, SimpleNamespace(**module))
        monkeypatch.setattr(os, "name", "nt")

    yield pretend
    monkeypatch.undo()


def test_on_windows_too_a_lock_is_waited_for(tmp_path, windows):
    tries = []

    def locking(descriptor, mode, count):
        tries.append((mode, count))
        if len(tries) < 3:
            raise PermissionError(errno.EACCES, "locked by another process")

    path = str(tmp_path / "lock")
    windows(msvcrt={"locking": locking, "LK_NBLCK": 2})
    with alone(path, "waiting"):
        assert tries == [(2, 1)] * 3


def test_on_windows_the_command_runs_as_a_child_and_its_exit_code_is_handed_on(
    monkeypatch, windows
):
    ignored = []
    monkeypatch.setattr(signal, "signal", lambda number, action: ignored.append((number, action)))
    monkeypatch.setattr(subprocess, "call", lambda command: 3)
    windows()
    with pytest.raises(SystemExit) as ended:
        environment.hand_over(["python.exe", "-m", "classroom", "lab"])
    assert ended.value.code == 3 and ignored == [(signal.SIGINT, signal.SIG_IGN)]


@pytest.mark.parametrize("value, allowed", [(1, True), (0, False), (None, False)])
def test_on_windows_a_setting_allows_long_paths(windows, value, allowed):
    def read_value(key, name):
        if value is None:
            raise FileNotFoundError(name)
        return value, 4

    windows(
        winreg={
            "HKEY_LOCAL_MACHINE": 0,
            "OpenKey": lambda *names: nullcontext(names),
            "QueryValueEx": read_value,
        }
    )
    assert environment.long_paths_allowed() is allowed


def test_on_windows_the_environment_has_its_python_elsewhere(windows):
    windows()
    assert environment.venv_python().endswith(os.path.join(".venv", "Scripts", "python.exe"))


# What a user's settings, and Windows, do to it


def test_pip_installs_into_the_environment_whatever_its_settings_say(
    tmp_path, small_venv, monkeypatch
):
    python_in(small_venv, monkeypatch)
    (tmp_path / "toy.py").touch()
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "toy"\nversion = "1"\n', encoding="utf-8"
    )
    wheel = tmp_path / "toy-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("toy.py", "")
        file.writestr("toy-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: toy\nVersion: 1\n")
        file.writestr(
            "toy-1.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        file.writestr("toy-1.dist-info/RECORD", "toy.py,,\n")
    settings = {
        "PIP_USER": "1",
        "PIP_TARGET": str(tmp_path / "target"),
        "PIP_PREFIX": str(tmp_path / "prefix"),
        "PIP_ROOT": str(tmp_path / "root"),
        "PIP_REQUIRE_HASHES": "1",
        "PIP_DRY_RUN": "1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "pip.conf").write_text("[install]\nuser = true\n", encoding="utf-8")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    environment.pip("install", "--no-index", "--no-deps", str(wheel))
    assert list(small_venv.glob("[Ll]ib/**/site-packages/toy.py"))


@pytest.mark.parametrize(
    "words, sentence",
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "The disk is full."),
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError'",
            "The network failed.",
        ),
        (
            "PermissionError: [WinError 5] Access is denied: 'numpy.pyd'",
            "A file could not be written.",
        ),
        (
            "ERROR: Can not perform a '--user' install.",
            "Run this again. If that does not help",
        ),
    ],
)
def test_a_failure_of_pip_gets_the_advice_that_fits(words, sentence):
    assert environment.advice(words).startswith(sentence)


def test_what_a_child_says_is_read_as_utf_8_and_never_an_error():
    speak = "import sys; sys.stdout.buffer.write('Zoë 位置'.encode() + b' \\xff'); print(' é')"
    process, words = environment.start([sys.executable, "-c", speak])
    assert words.read() in ("Zoë 位置 \ufffd é\n", "Zoë 位置 \ufffd é\r\n", " é\nZoë 位置 \ufffd")
    assert process.wait() == 0


def test_a_console_that_lacks_a_character_shows_another():
    code = (
        "from classroom import __main__, environment\n"
        "def enter(arguments): raise environment.Problem('Zoë 位置')\n"
        "environment.enter = enter\n__main__.main(['lab'])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii:strict"},
    )
    assert run.stderr.split() == [b"Zo?", b"??"]


def test_a_line_is_rewritten_without_terminal_codes(capsys):
    environment.rewrite("a line longer than the next one")
    environment.rewrite("short")
    environment.rewrite("")
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert [line.rstrip() for line in said.split("\r")][1:] == [
        "a line longer than the next one",
        "short",
        "",
        "",
    ]
    assert all(len(line) in (0, 74) for line in said.split("\r"))


def test_a_path_too_long_for_windows_is_a_clear_word():
    short, long = "C:\\counting", "C:\\" + "a folder\\" * 12
    assert environment.check_length(short, allowed=False) is None
    assert environment.check_length(long, allowed=True) is None
    with pytest.raises(
        environment.Problem, match="too long for Windows(?s:.*)has 111 characters; at most 97"
    ):
        environment.check_length(long, allowed=False)


def test_the_longest_path_in_the_environment_is_known():
    """In the one that runs this test; on Windows, Lib\\site-packages comes before it."""
    packages = Path(sysconfig.get_path("purelib"))
    listed = (
        str(file)
        for package in metadata.distributions(path=[str(packages)])
        if package.name in {pin.name for pin in PINS}
        for file in package.files or ()
    )
    longest = max(
        len(f"Lib\\site-packages\\{file}") for file in listed if not file.startswith("..")
    )
    assert longest <= environment.LONGEST


# Which Python runs the commands


@pytest.fixture
def handed_over(monkeypatch):
    """The commands that would replace this process."""
    commands = []
    monkeypatch.setattr(environment, "hand_over", commands.append)
    return commands


def test_an_environment_that_has_everything_is_used_as_it_is(handed_over, monkeypatch):
    monkeypatch.setattr(
        environment, "VENV", "/nowhere/.venv"
    )  # we are in another, as conda users are
    assert environment.has_everything()
    environment.enter(["lab"])
    assert handed_over == []


def test_a_python_that_lacks_something_hands_over_to_the_environment(
    handed_over, fresh, monkeypatch
):
    monkeypatch.setattr(environment, "has_everything", lambda: False)
    environment.enter(["lab", "--port", "8899"])
    assert handed_over == [[environment.venv_python(), "-m", "classroom", "lab", "--port", "8899"]]


@pytest.mark.parametrize("needed", ["numpy>=999", "no-such-package>=1"])
def test_an_environment_with_a_version_that_does_not_fit_has_not_everything(
    tmp_path, monkeypatch, needed
):
    stricter = tmp_path / "pyproject.toml"
    stricter.write_text(f'[project]\ndependencies = ["{needed}"]\n', encoding="utf-8")
    monkeypatch.setattr(environment, "PYPROJECT", str(stricter))
    assert not environment.has_everything()


def test_a_project_that_lies_on_the_path_only_by_chance_is_not_installed(tmp_path, monkeypatch):
    assert environment.project_installed()
    monkeypatch.setattr(environment, "ROOT", str(tmp_path))  # as seen from a second checkout
    assert not environment.project_installed()


# The commands


def make_targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.search(r"\.PHONY: (.*)", makefile).group(1).split())


def test_help_and_makefile_name_the_same_commands():
    assert set(re.findall(r"^  make (\w+)  ", __main__.HELP, re.MULTILINE)) == make_targets()


def test_the_readme_names_only_commands_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert (
        {"lab", "test"}
        <= set(re.findall(r"(?:^|`)make (\w+)", readme, re.MULTILINE))
        <= make_targets()
    )
    assert (
        {"lab", "test"}
        <= set(re.findall(r"-m classroom (\w+)", readme))
        <= make_targets() | {"build"}
    )


def test_an_unknown_command_shows_the_help(capsys):
    assert __main__.main(["lob"]) == 2
    assert capsys.readouterr().out == __main__.HELP + "\n"
    assert __main__.main(["help"]) == 0


@pytest.mark.parametrize("name", ["", "no_such_module", "benchmarks.no_such_module", "classroom"])
def test_what_cannot_be_run_is_said_without_a_traceback(monkeypatch, capsys, name):
    monkeypatch.setattr(environment, "enter", lambda arguments: None)
    assert __main__.main(["run", name] if name else ["run"]) == 1
    assert f"{name or 'Nothing'} is not a module that can be run." in capsys.readouterr().err


def test_a_module_that_misses_another_says_which(tmp_path, monkeypatch):
    (tmp_path / "needy.py").write_text("import no_such_module", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        __main__.runnable(["needy"])


def test_an_interrupt_is_no_traceback(monkeypatch, capsys):
    monkeypatch.setattr(environment, "enter", interrupted)
    assert __main__.main(["lab"]) == 130
    assert "Interrupted." in capsys.readouterr().err


def test_a_problem_is_said_without_a_traceback(monkeypatch, capsys):
    def enter(arguments):
        raise environment.Problem("Do this.")

    monkeypatch.setattr(environment, "enter", enter)
    assert __main__.main(["lab"]) == 1
    assert capsys.readouterr().err == "\nDo this.\n"


def test_setup_makes_the_copies_too(monkeypatch, tmp_path):
    """For those who open them in VS Code, or in a Jupyter of their own."""
    monkeypatch.setattr(environment, "enter", lambda arguments: None)
    monkeypatch.setenv(environment.FOLDER, "")
    assert __main__.main(["setup", "--folder", str(tmp_path)]) == 0
    assert (tmp_path / "my_notebooks" / "00_start_here.ipynb").exists()


def test_hosted_ci_and_the_container_use_the_readmes_commands_and_pythons():
    jobs = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))[
        "jobs"
    ]
    pythons = jobs["pip"]["strategy"]["matrix"]["python"]
    assert tuple(map(int, pythons[0].split("."))) == environment.OLDEST and len(pythons) == 4
    assert jobs["pip"]["steps"][-1] == {"run": "python -m classroom test"}
    assert jobs["conda"]["steps"][-1] == {"run": "make test"}
    assert jobs["conda"]["steps"][-2]["with"]["activate-environment"] == PROJECT["name"]
    lines = (ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8").splitlines()
    container = json.loads("\n".join(line for line in lines if not line.startswith("//")))
    assert container["postCreateCommand"] == "make setup"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no executable bit")
def test_ci_runs_the_readme_test_command():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").splitlines()[-1] == "make test"


# What a user's settings do to the tests


def test_settings_of_a_user_do_not_reach_the_tests(tmp_path):
    """A notebook with figures, beside settings that need LaTeX and print more or less."""
    profile = ".ipython/profile_default"
    interactivity = "InteractiveShell.ast_node_interactivity"
    for path, text in {
        f"{profile}/ipython_config.py": f"get_config().{interactivity} = 'all'",
        f"{profile}/startup/late.py": "import numpy; numpy.set_printoptions(precision=1)",
        ".config/matplotlib/matplotlibrc": "text.usetex: True\n",
        ".matplotlib/matplotlibrc": "text.usetex: True\n",
        "startup.py": "raise SystemExit('stop')\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in (*testing.FOLDERS, *testing.ONE_THREAD, *testing.OTHERS)
    }
    hostile = {
        "HOME": str(tmp_path),
        "USERPROFILE": str(tmp_path),
        "MPLBACKEND": "svg",
        "PYTHONOPTIMIZE": "1",
        "PYTHONSTARTUP": str(tmp_path / "startup.py"),
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        *testing.NBVAL,
        "notebooks/00_start_here.ipynb",
    ]
    run = subprocess.run(
        command, cwd=ROOT, env={**clean, **hostile}, text=True, capture_output=True, check=False
    )
    assert run.returncode == 0, run.stdout

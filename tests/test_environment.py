"""The environment: made once, the same for pip and conda, and clear about why it cannot be made."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from classroom import __main__, environment

ROOT = Path(environment.ROOT)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DEPENDENCIES = [Requirement(line) for line in PROJECT["dependencies"]]
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
PINS = [Requirement(line) for line in LOCK.splitlines() if line.strip() and not line.lstrip().startswith("#")]


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
            version, = pin.specifier
            assert version.operator == "==" and needed.specifier.contains(version.version), pin


def test_the_lock_holds_pins_and_nothing_else():
    assert len(PINS) > len(DEPENDENCIES)
    assert "://" not in LOCK
    assert all(len(pin.specifier) == 1 and pin.url is None for pin in PINS)


def test_the_oldest_python_is_said_once():
    assert PROJECT["requires-python"] == ">={}.{}".format(*environment.OLDEST)


# A Python that is too old, or incomplete

@pytest.mark.parametrize("file", ["__init__.py", "__main__.py", "environment.py"])
def test_old_pythons_can_read_what_tells_them_so(file):
    """No syntax that came after Python 2: it would end in a SyntaxError instead of the message."""
    tree = ast.parse((ROOT / "classroom" / file).read_text(encoding="utf-8"))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Match, ast.AsyncFunctionDef, ast.Nonlocal)
    found = [f"line {node.lineno}: {type(node).__name__}" for node in ast.walk(tree)
             if isinstance(node, newer) or isinstance(node, ast.arg) and node.annotation]
    assert not found


def test_an_old_python_is_told_what_to_do():
    pretend = "import sys, runpy; sys.version_info = (3, 8, 18); sys.argv = ['classroom', 'lab']; " \
              "runpy.run_module('classroom', run_name='__main__')"
    command = [sys.executable, "-c", pretend]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1 and run.stdout == ""
    assert "This is Python 3.8" in run.stderr and "needs Python 3.11 or newer" in run.stderr
    assert "make lab PYTHON=python3.12" in run.stderr and "Traceback" not in run.stderr


@pytest.mark.parametrize("version, fits", [((2, 7), False),
                                           ((3, 10), False), ((3, 11), True), ((4, 0), True)])
def test_which_pythons_will_do(version, fits):
    if fits:
        assert environment.check_python(version) is None
    else:
        with pytest.raises(environment.Problem, match="needs Python 3.11 or newer"):
            environment.check_python(version)


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_without_venv_or_pip_is_told_what_to_do(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(environment.Problem, match=f"without {missing}(.|\n)*sudo apt install python3-venv"):
        environment.make_venv()


def test_a_failing_pip_shows_its_last_words(monkeypatch):
    monkeypatch.setattr(environment, "venv_python", lambda: sys.executable)
    with pytest.raises(environment.Problem, match="(?s)last words.*no-such-package.*run the same"):
        environment.pip("install", "--no-index", "--no-deps", "no-such-package")


# Making it

@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """A checkout in which nothing has been made yet; returns the list of what is then done to it."""
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
    monkeypatch.setattr(environment, "works", os.path.exists)
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


def test_an_interrupted_installation_is_taken_up_again(fresh, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt
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


def test_which_interpreters_work(tmp_path):
    assert environment.works(sys.executable)
    assert not environment.works(str(tmp_path / "python"))


# Which Python runs the commands

@pytest.fixture
def handed_over(monkeypatch):
    """The commands that would replace this process."""
    commands = []
    monkeypatch.setattr(environment, "hand_over", commands.append)
    return commands


def test_an_environment_that_has_everything_is_used_as_it_is(handed_over, monkeypatch):
    monkeypatch.setattr(environment, "VENV", "/nowhere/.venv")      # we are in another, as conda users are
    assert environment.has_everything()
    environment.enter(["lab"])
    assert handed_over == []


def test_a_python_that_lacks_something_hands_over_to_the_environment(handed_over, fresh, monkeypatch):
    monkeypatch.setattr(environment, "has_everything", lambda: False)
    environment.enter(["lab", "--port", "8899"])
    assert handed_over == [[environment.venv_python(), "-m", "classroom", "lab", "--port", "8899"]]


@pytest.mark.parametrize("needed", ["numpy>=999", "no-such-package>=1"])
def test_an_environment_with_a_version_that_does_not_fit_has_not_everything(tmp_path, monkeypatch, needed):
    stricter = tmp_path / "pyproject.toml"
    stricter.write_text(f'[project]\ndependencies = ["{needed}"]\n', encoding="utf-8")
    monkeypatch.setattr(environment, "PYPROJECT", str(stricter))
    assert not environment.has_everything()


def test_a_project_that_lies_on_the_path_only_by_chance_is_not_installed(tmp_path, monkeypatch):
    assert environment.project_installed()
    monkeypatch.setattr(environment, "ROOT", str(tmp_path))         # as seen from a second checkout
    assert not environment.project_installed()


# The commands

def make_targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.search(r"\.PHONY: (.*)", makefile).group(1).split())


def test_help_and_makefile_name_the_same_commands():
    assert set(re.findall(r"^  make (\w+)  ", __main__.HELP, re.MULTILINE)) == make_targets()


def test_the_readme_names_only_commands_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {"lab", "test"} <= set(re.findall(r"(?:^|`)make (\w+)", readme, re.MULTILINE)) <= make_targets()
    assert {"lab", "test"} <= set(re.findall(r"-m classroom (\w+)", readme)) <= make_targets() | {"build"}


def test_an_unknown_command_shows_the_help(capsys):
    assert __main__.main(["lob"]) == 2
    assert capsys.readouterr().out == __main__.HELP + "\n"
    assert __main__.main(["help"]) == 0


def test_a_problem_is_said_without_a_traceback(monkeypatch, capsys):
    def enter(arguments):
        raise environment.Problem("Do this.")
    monkeypatch.setattr(environment, "enter", enter)
    assert __main__.main(["lab"]) == 1
    assert capsys.readouterr().err == "\nDo this.\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no executable bit")
def test_ci_runs_the_readme_test_command():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").splitlines()[-1] == "make test"

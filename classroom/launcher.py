"""`make lab`: JupyterLab, on the learner's own copies of the lessons.

Nothing leaves the machine and nothing is fetched: the server listens on this machine only and
encrypts what it says to the kernels; JupyterLab's news, its check for a newer version and its list
of extensions are off. These are only defaults: any setting of JupyterLab can be passed on.
"""

import argparse
import errno
import json
import os
import socket
from pathlib import Path
from urllib.parse import quote

from classroom.copies import copies
from classroom.environment import Problem, say

PORT = 8888
DEFAULTS = Path(__file__).parent / "jupyterlab"  # overrides.json: no questions about news
EXTENSIONS = DEFAULTS / "extensions"  # the start page
WORKSPACES = (
    ".jupyterlab"  # in the learner's folder: which tabs are open; no tabs of other projects
)


def main(arguments):
    """Bring the copies up to date, then be JupyterLab until Ctrl-C. Returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="make lab",
        allow_abbrev=False,
        description="Any other setting is passed on to JupyterLab.",
    )
    first_free = f"the port (default: the first free one from {PORT})"
    parser.add_argument("--port", "--ServerApp.port", type=int, help=first_free)
    parser.add_argument("--folder", help="where my_notebooks/ is, if not in this checkout")
    options, others = parser.parse_known_args(arguments)
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")  # this environment's kernel before others
    port = choose_port(options.port)
    folder = bring_up_to_date(copies())
    say("Starting JupyterLab. Ctrl-C ends it.")

    from jupyterlab.labapp import LabApp

    defaults = settings(folder, port)
    if options.port is None:
        defaults["ServerApp.port_retries"] = 50  # another `make lab` may just have taken that port
    LabApp.serverapp_config.setdefault("jpserver_extensions", {})["classroom.server"] = True
    LabApp.launch_instance(command_line(defaults, others))


def bring_up_to_date(mine):
    """Make the missing copies and update the others, saying what was done; returns their folder."""
    try:
        for sentence in mine.update():
            say(sentence)
    except OSError as error:
        advice = ""
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            advice = (
                "\nIf this checkout is shared, keep your copies in a folder of your own:\n"
                '    make lab ARGS="--folder ~/counting"'
            )
        problem = f"{mine.mine} could not be brought up to date: {error.strerror or error}."
        raise Problem(problem + advice) from error
    return mine.mine


# JupyterLab's settings


def settings(folder, port):
    """The defaults of this course: this folder, this port, this machine only."""
    return {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": folder,
        "ServerApp.allow_root": True,  # in a container everybody is root
        "JupyterApp.answer_yes": True,  # Ctrl-C asks nothing
        "KernelManager.transport_encryption": "auto",
        "LabApp.default_url": address(where_you_were(folder)),
        "LabApp.workspaces_dir": folder / WORKSPACES,
        "LabApp.news_url": None,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.extension_manager": "readonly",
        "LabApp.app_settings_dir": DEFAULTS,
        "LabApp.extra_labextensions_path": EXTENSIONS,
        "Application.log_level": "ERROR",
    }


def command_line(defaults, others):
    """The arguments for JupyterLab: the learner's, and those defaults that they leave alone."""
    chosen = set(names_in(others))
    ours = [f"--{name}={value}" for name, value in defaults.items() if name not in chosen]
    return [*ours, *others]


def names_in(arguments):
    """The settings, such as ServerApp.ip, that arguments make: in full, short or as a flag."""
    from jupyterlab.labapp import LabApp

    for argument in arguments:
        name = argument.lstrip("-").partition("=")[0]
        if name in LabApp.flags:
            for owner, values in LabApp.flags[name][0].items():
                yield from (f"{owner}.{value}" for value in values)
        alias = LabApp.aliases.get(name, name)
        yield alias if isinstance(alias, str) else alias[0]
        if alias in ("ServerApp.notebook_dir", "ServerApp.root_dir"):
            yield from (
                "ServerApp.root_dir",
                "LabApp.default_url",
            )  # there may be no lessons in there


def address(path):
    return f"/lab/tree/{quote(path.name)}" if path else "/lab"


def where_you_were(folder):
    """The notebook that JupyterLab showed last, by its own notes, if any."""
    notes = (folder / WORKSPACES).glob("*.jupyterlab-workspace")
    for path in sorted(notes, key=lambda path: path.stat().st_mtime, reverse=True):
        try:
            layout = json.loads(path.read_text(encoding="utf-8"))["data"]["layout-restorer:data"]
            notebook = folder / layout["main"]["current"].removeprefix("notebook:")
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            continue  # another version's notes, perhaps
        if notebook.suffix == ".ipynb" and notebook.is_file():
            return notebook
    return None


# Ports


def choose_port(wanted=None):
    """The port the learner asked for, or else the first free one from 8888 on."""
    if wanted is not None:
        if not is_free(wanted):
            raise Problem(
                f"Port {wanted} is taken by another program (another `make lab`, perhaps).\n"
                f'Close that one, or choose another port:  make lab ARGS="--port {wanted + 1}"'
            )
        return wanted
    for port in range(PORT, PORT + 100):
        if is_free(port):
            if port != PORT:
                say(f"Port {PORT} is taken by another program, so JupyterLab uses port {port}.")
            return port
    raise Problem(
        f"The ports {PORT} to {PORT + 99} are all taken.\n"
        'Name a free one:  make lab ARGS="--port 9999"'
    )


def is_free(port):
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

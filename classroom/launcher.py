"""`make lab`: JupyterLab, on the learner's own copies of the lessons.

Nothing leaves the machine and nothing is fetched: the server listens on this machine only and encrypts what
it says to the kernels; JupyterLab's news, its check for a newer version and its list of extensions are off.
"""

import argparse
import os
import socket
import sys

from classroom.copies import copies
from classroom.environment import Problem, hand_over, say

PORT = 8888
DEFAULTS = os.path.join(os.path.dirname(__file__), "jupyterlab")   # overrides.json: no questions about news
QUIET = [
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    "--KernelManager.transport_encryption=auto",
    f"--LabApp.app_settings_dir={DEFAULTS}",
    "--Application.log_level=ERROR",
]


def main(arguments):
    """Bring the copies up to date, then become JupyterLab. Arguments it does not know are passed on."""
    parser = argparse.ArgumentParser(prog="make lab", description="Anything else is passed on to JupyterLab.")
    parser.add_argument("--port", type=int, help=f"the port (default: the first free one from {PORT})")
    parser.add_argument("--no-browser", action="store_true", help="open no browser, only print the address")
    options, others = parser.parse_known_args(arguments)
    port = choose_port(options.port)
    mine = copies()
    for sentence in mine.update():
        say(sentence)
    say(f"Starting JupyterLab on port {port}. Ctrl-C ends it.")
    hand_over([sys.executable, "-m", "jupyterlab", *settings(mine.mine, port),
               *["--no-browser"] * options.no_browser, *others])


def settings(folder, port):
    """JupyterLab's settings: this folder, this port, this machine only."""
    lessons = sorted(path.name for path in folder.glob("*.ipynb"))
    return [
        "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        "--ServerApp.allow_root=True",                                      # in a container everybody is root
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.workspaces_dir={folder / '.jupyterlab'}",            # no tabs of other projects
        *[f"--LabApp.default_url=/lab/tree/{name}" for name in lessons[:1]],
        *QUIET,
    ]


def choose_port(wanted=None):
    """The port the learner asked for, or else the first free one from 8888 on."""
    if wanted is not None:
        if not is_free(wanted):
            raise Problem(f"Port {wanted} is taken by another program (another `make lab`, perhaps).\n"
                          f"Close that one, or choose another port:  make lab ARGS=\"--port {wanted + 1}\"")
        return wanted
    for port in range(PORT, PORT + 100):
        if is_free(port):
            if port != PORT:
                say(f"Port {PORT} is taken by another program, so JupyterLab uses port {port}.")
            return port
    raise Problem(f"The ports {PORT} to {PORT + 99} are all taken.\n"
                  "Name a free one:  make lab ARGS=\"--port 9999\"")


def is_free(port):
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)     # as the server does
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

"""A learner's way through the course in JupyterLab and headless Chromium: learner.mjs drives it.

It needs Node, Chromium, and two packages:  npm install --prefix tests/browser
"""

import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from classroom import environment, launcher

HERE = Path(__file__).parent
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
NODE = shutil.which("node")
SECONDS = 240  # the longest that a busy machine may take; about 40 on an idle one

RESTART = "restart the server"  # what learner.mjs asks for

missing = [name for name, found in (("Node", NODE), ("Chromium", CHROMIUM)) if not found]
if not (HERE / "node_modules" / "playwright-core").exists():
    missing.append("`npm install --prefix tests/browser`")

STEPS = [
    "the start page shows the lessons",
    "its first link opens a lesson by keyboard",
    "Run All reaches the end unsolved",
    "every figure has its alternative text",
    "an exercise typed wrong says what is wrong",
    "hint() and solution() mean the exercise tried last",
    "typed right, it is ticked on the start page, unsaved",
    "nothing is cut off at",
    "axe finds nothing, light or dark",
    "after a restart of the server the answer is still there, and ticked",
    "an exercise on the start page is a link to its cell",
    "a later lesson builds on it",
    "a slider moves by keyboard, and JupyterLab leaves it its keys",
    "no request has left the machine",
]


class Lab:
    """JupyterLab, as `make lab` starts it for a learner who begins."""

    def __init__(self):
        self.port = launcher.choose_port()
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self):
        arguments = ["--no-browser", f"--port={self.port}", "--IdentityProvider.token=here"]
        arguments.append("--LabApp.expose_app_in_browser=True")
        start = f"from classroom import launcher; launcher.main({arguments})"
        self.server = subprocess.Popen(
            [sys.executable, "-c", start], cwd=environment.ROOT, start_new_session=True
        )
        wait_for(f"{self.address}/api")

    def stop(self):
        """As Ctrl-C does: the kernels end, too."""
        self.server.terminate()
        self.server.wait(timeout=30)


@pytest.fixture
def lab(tmp_path, monkeypatch):
    for name, folder in (environment.FOLDER, "learner"), ("JUPYTER_CONFIG_DIR", "config"):
        monkeypatch.setenv(name, str(tmp_path / folder))
    environment.teach_kernels()
    lab = Lab()
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()


def wait_for(address):
    for _ in range(600):
        try:
            return urllib.request.urlopen(address, timeout=5).read()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("JupyterLab was not ready after a minute")


@pytest.mark.skipif(bool(missing), reason="in a browser: missing " + ", ".join(missing))
def test_a_learners_way_through_the_course(lab, tmp_path):
    pictures = Path(os.environ.get("PICTURES", tmp_path / "pictures"))
    pictures.mkdir(exist_ok=True)
    command = [NODE, HERE / "learner.mjs", f"{lab.address}/lab?token=here", CHROMIUM, pictures]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    learner = subprocess.Popen(command, text=True, **pipes)
    too_long = threading.Timer(SECONDS, learner.kill)
    too_long.start()
    said = []
    for line in learner.stdout:
        said.append(line)
        if line.strip() == RESTART:
            before = lab.server.pid
            lab.stop()
            lab.start()
            assert lab.server.pid != before
            learner.stdin.write("ready\n")
            learner.stdin.flush()
    errors = learner.stderr.read()
    code = learner.wait()
    too_long.cancel()
    assert code == 0, "".join(said) + errors
    steps = [line.removeprefix("ok: ") for line in said if line.startswith("ok: ")]
    assert len(steps) == len(STEPS)
    assert all(line.startswith(step) for line, step in zip(steps, STEPS)), said
    print("".join(said))

"""A learner's way through the course in JupyterLab and headless Chromium: learner.mjs drives it.

It needs Node, Chromium, and two packages:  npm install --prefix tests/browser
"""

import os
import shutil
import subprocess
import sys
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
    "after a restart it is still ticked",
    "an exercise on the start page is a link to its cell",
    "a later lesson builds on it",
    "no request has left the machine",
]


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """The address of a JupyterLab of a learner who begins."""
    for name, folder in (environment.FOLDER, "learner"), ("JUPYTER_CONFIG_DIR", "config"):
        monkeypatch.setenv(name, str(tmp_path / folder))
    environment.teach_kernels()
    port = launcher.choose_port()
    arguments = ["--no-browser", f"--port={port}", "--IdentityProvider.token=here"]
    arguments.append("--LabApp.expose_app_in_browser=True")
    start = f"from classroom import launcher; launcher.main({arguments})"
    server = subprocess.Popen(
        [sys.executable, "-c", start], cwd=environment.ROOT, start_new_session=True
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/api")
        yield f"http://127.0.0.1:{port}/lab?token=here"
    finally:
        server.terminate()
        server.wait(timeout=30)


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
    command = [NODE, HERE / "learner.mjs", lab, CHROMIUM, pictures]
    run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    said = [
        line.removeprefix("ok: ") for line in run.stdout.splitlines() if line.startswith("ok: ")
    ]
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(said) == len(STEPS)
    assert all(line.startswith(step) for line, step in zip(said, STEPS)), run.stdout
    print(run.stdout)

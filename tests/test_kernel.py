"""A kernel of the course: what it knows before the first cell has run, and what it does then."""

import contextlib
import queue
import re
import textwrap

import pytest
from jupyter_client.manager import start_new_kernel

from classroom import environment
from classroom.catalogue import course

FIRST = course().exercises[0]


@pytest.fixture(scope="module")
def learner(tmp_path_factory):
    """The folder of a learner."""
    folder = tmp_path_factory.mktemp("learner")
    (folder / "my_notebooks").mkdir()
    return folder


@pytest.fixture
def kernel(learner, monkeypatch):
    """A function that runs a cell in a new kernel of the learner's; returns (outputs, error)."""
    monkeypatch.setenv(environment.FOLDER, str(learner))
    environment.teach_kernels()
    manager, client = start_new_kernel(cwd=str(learner / "my_notebooks"))

    def run(text):
        said = []
        reply = client.execute_interactive(
            textwrap.dedent(text), timeout=60, output_hook=said.append
        )
        texts = [message["content"].get("data", {}).get("text/plain", "") for message in said]
        return "\n".join(texts), reply["content"].get("ename")

    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_exercise_answered_before_the_first_cell_is_judged_and_kept(kernel, learner):
    said, error = kernel("""
        @exercise
        def pairwise_differences(x, y):
            return np.asarray(y)[None, :] - np.asarray(x)[:, None]
        """)
    assert error is None and f"{FIRST.name}: right" in said
    assert "pairwise_differences" in (learner / "my_answers" / "start_here.py").read_text(
        encoding="utf-8"
    )
    said, error = kernel("hint()")
    assert error is None and f"{FIRST.name}: hint 1" in said


def test_next_kernel_builds_on_it_and_a_class_finds_what_its_lesson_imports(kernel):
    said, error = kernel("""
        @exercise
        class Embedding(nn.Module):
            ...
        """)
    assert error is None and "Embedding: not written yet" in said
    assert "This lesson builds on 1 of your answers" in said


def test_exercise_that_python_cannot_read_is_told_so_in_the_first_cell_already(kernel):
    said, error = kernel("@exercise\ndef pairwise_differences(x, y):\n    return (y[None")
    assert error is None and "Python cannot read line 3" in said


def test_outside_of_a_learners_folder_a_kernel_is_like_any_other(tmp_path):
    environment.teach_kernels()
    manager, client = start_new_kernel(cwd=str(tmp_path))
    reply = client.execute_interactive("exercise", timeout=60, output_hook=lambda message: None)
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    assert reply["content"]["ename"] == "NameError"


def test_settings_are_written_once_and_a_folder_that_forbids_it_is_left_alone(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(environment.sys, "prefix", str(tmp_path))
    environment.teach_kernels()
    path = tmp_path / "etc" / "ipython" / "ipython_kernel_config.py"
    before = path.stat().st_mtime_ns
    environment.teach_kernels()
    assert path.read_text() == environment.KERNEL_SETTINGS and path.stat().st_mtime_ns == before
    monkeypatch.setattr(environment.sys, "prefix", str(path))  # a file, where no folder can be made
    environment.teach_kernels()


TRAINING = """
    import time
    from classroom import exercise, progress
    bar = progress(600, "training")
    for step in range(600):
        bar.update(step + 1, "loss 1.5")
        time.sleep(0.05)
    """


# As Trainer.fit does it: it ends by itself when it is interrupted, and the lesson calls bar.stop().
CAUGHT = """
    import time
    from classroom import exercise, progress
    bar = progress(600, "training")
    try:
        for step in range(600):
            bar.update(step + 1, "loss 1.5")
            time.sleep(0.05)
    except KeyboardInterrupt:
        bar.stop()
    """


@pytest.mark.parametrize("training", [TRAINING, CAUGHT], ids=["plain loop", "ended by itself"])
def test_interrupted_training_says_where_it_stopped_and_run_all_stops_there(
    learner, monkeypatch, training
):
    """Two cells are asked for at once, as Run All does; the first is interrupted."""
    monkeypatch.setenv(environment.FOLDER, str(learner))
    manager, client = start_new_kernel(cwd=str(learner / "my_notebooks"))
    try:
        first = client.execute(textwrap.dedent(training))
        second = client.execute("print('and on')")
        said, interrupted, replies = [], False, {}
        while second not in replies:
            message = client.get_iopub_msg(timeout=60)
            said.append(message["content"].get("data", {}).get("text/plain", ""))
            if not interrupted and re.search(r"\d\d of 600", said[-1]):
                manager.interrupt_kernel()
                interrupted = True
            if interrupted and message["msg_type"] == "status":
                with contextlib.suppress(queue.Empty):
                    while True:
                        reply = client.get_shell_msg(timeout=0.2)
                        replies[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
        assert re.search(r"training · stopped at step \d+ of 600 · loss 1.5", "\n".join(said))
        [card] = [text for text in said if text.startswith("Interrupted")]
        assert "training: stopped at step" in card and "Run the cell again: it starts anew." in card
        assert replies[first] == "error" and replies[second] in ("aborted", "error")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)

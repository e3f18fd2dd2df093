"""Claims and stopped trainings: nothing ends in a bare AssertionError or a bar that waits."""

import pytest

from classroom import claims, progress_bar


def test_claim_that_is_not_true_fails_where_the_course_is_tested():
    claims.claim("1 is less than 2.", 1 < 2)
    with pytest.raises(AssertionError, match="2 is less than 1"):
        claims.claim("2 is less than 1.", 2 < 1)


def test_claim_in_a_learners_hands_is_a_card_and_the_lesson_goes_on(monkeypatch, capsys):
    monkeypatch.setattr(claims, "answers", object)
    claims.claim("2 is less than 1.", 2 < 1)
    said = capsys.readouterr().out
    assert (
        said.startswith("Different from what the lesson says")
        and "not so: 2 is less than 1." in said
    )


def test_stopped_bar_says_where_and_only_once(capsys):
    bar = progress_bar.progress(600, "rope")
    bar.update(29, "loss 1.5")
    assert progress_bar.progress.latest is bar
    assert bar.stopped() == "rope: stopped at step 29 of 600."
    assert "rope · stopped at step 29 of 600 · loss 1.5" in capsys.readouterr().err
    assert bar.stopped() is None
    with pytest.raises(KeyboardInterrupt):
        bar.stop()

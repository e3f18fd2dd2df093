"""`whose` tells a learner which pieces of a model are his own, and leaves stored outputs alone."""

import pytest

from classroom import answers, catalogue, exercises, whose
from classroom.exercises import Session, pieces_by_owner

PIECES = ("Block", "adamw_step", "rope_cache", "apply_rope")


@pytest.fixture
def learner(monkeypatch, tmp_path):
    """A learner's session, in a folder of his own."""
    kept = answers.Answers(tmp_path, catalogue.course())
    monkeypatch.setattr(answers, "answers", lambda: kept)
    monkeypatch.setattr(exercises, "session", Session())
    return exercises.session


@pytest.mark.parametrize(
    "own, heading",
    [
        ((), "None of the 4 pieces in this model is yours yet"),
        (("rope_cache",), "1 of the 4 pieces in this model is yours"),
        (("apply_rope", "Block", "adamw_step"), "3 of the 4 pieces in this model are yours"),
        (PIECES, "All 4 pieces in this model are yours"),
    ],
)
def test_the_count_is_of_the_answers_in_use(learner, own, heading, capsys):
    learner.in_use = dict.fromkeys([*own, "softmax"])
    whose(*PIECES)
    first, *others = capsys.readouterr().out.splitlines()
    assert first == heading
    listed = {line.strip().partition(":")[0]: line.partition(": ")[2] for line in others}
    in_order = [name for name in PIECES if name in own]
    assert listed.get("Yours", ".") == ", ".join(f"`{name}`" for name in in_order) + "."
    rest = [name for name in PIECES if name not in own]
    assert listed.get("The course's own", ".") == ", ".join(f"`{name}`" for name in rest) + "."


def test_one_that_is_switched_off_is_the_courses(learner, capsys):
    entry = catalogue.course().exercise("rope_cache")

    def rope_cache(seq_len, dim, base=10000.0): ...

    learner.hand_on(entry, rope_cache)
    try:
        assert pieces_by_owner(["rope_cache"]) == (["rope_cache"], [])
        exercises.mine("rope_cache", False)
        assert pieces_by_owner(["rope_cache"]) == ([], ["rope_cache"])
    finally:
        learner.hand_on(entry)


def test_functions_and_classes_name_themselves(learner):
    from solutions.rope import apply_rope
    from solutions.transformer import Block

    assert pieces_by_owner([Block, apply_rope]) == ([], ["Block", "apply_rope"])


def test_what_no_exercise_asks_for_is_refused(learner):
    with pytest.raises(KeyError, match="Did you mean `rope_cache`"):
        whose("rope_cash")


def test_a_stored_notebook_has_nothing_of_it(learner, monkeypatch, capsys):
    """Where the course is built and tested, nothing is shown; a learner's own is volatile."""
    shown = []
    monkeypatch.setattr(exercises.Card, "show", lambda card: shown.append(card.metadata))
    whose(*PIECES)
    assert shown == [{"classroom": "volatile"}]
    monkeypatch.setattr(answers, "answers", lambda: None)
    whose(*PIECES)
    assert len(shown) == 1 and capsys.readouterr().out == ""

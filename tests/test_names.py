"""minitorch/NAMES.md lists what minitorch offers, no more and no less, and what it says of each
name is true.
"""

import re
from pathlib import Path

import pytest

import minitorch
from minitorch.missing import INSTEAD, sentence
from tests.names import ROOMS, public

ROOT = Path(__file__).parents[1]
WHERE = {
    "lessons": "lessons/**/*.py",
    "solutions": "solutions/**/*.py",
    "programs": "tests/programs/*.py",
}

OURS = {"torch": ["bool_"], "torch.autograd": ["Context", "GradcheckError"]}  # elsewhere in PyTorch


def table():
    """{room: {name: (keep, add or drop, who needs it or what to write instead)}}."""
    rooms = {}
    for line in (ROOT / "minitorch" / "NAMES.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            room = rooms.setdefault(line.removeprefix("## "), {})
        elif line.startswith("| `"):
            name, status, who = (cell.strip() for cell in line.strip("|").split(" | "))
            assert name.strip("`") not in room, f"{name} is listed twice"
            room[name.strip("`")] = status, who
    return rooms


TABLE = table()
OUT = TABLE.pop("Asked for, and out")


def test_every_room_is_listed():
    assert list(TABLE) == list(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_the_table_lists_what_is_offered(room):
    assert sorted(TABLE[room]) == public(room)
    assert {status for status, _ in TABLE[room].values()} <= {"keep", "add"}


def test_names_are_used_where_the_table_says():
    texts = {
        where: "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob(pattern))
        for where, pattern in WHERE.items()
    }
    claims = [
        (name, where)
        for room in TABLE.values()
        for name, (_, who) in room.items()
        for where in WHERE
        if where in who.split(", ")
    ]
    assert len(claims) > 100
    for name, where in claims:
        assert re.search(rf"\b{name}\b", texts[where]), f"{name} is not used in {where}"


def test_every_name_is_pytorchs():
    torch = pytest.importorskip("torch")
    for room in ROOMS:
        theirs = torch
        for part in room.split(".")[1:]:
            theirs = getattr(theirs, part)
        missing = [name for name in public(room) if not hasattr(theirs, name)]
        assert missing == OURS.get(room, []), room


def test_what_stays_out_says_so():
    assert set(OUT) == {f"{room}.{name}" for room, names in INSTEAD.items() for name in names}
    for room, names in INSTEAD.items():
        owner = minitorch.Tensor if room == "torch.Tensor" else ROOMS[room]
        for name, instead in names.items():
            assert OUT[f"{room}.{name}"] == ("drop", instead) and not hasattr(owner, name)
    with pytest.raises(
        AttributeError, match="no torch.nn.LSTM: write the cell .* The same file runs on PyTorch"
    ):
        minitorch.nn.LSTM  # noqa: B018
    with pytest.raises(AttributeError, match="no torch.Tensor.cuda: leave it out"):
        minitorch.ones(1).cuda()


def test_a_misspelled_name_is_guessed_and_an_unknown_one_is_not():
    with pytest.raises(AttributeError, match="no torch.zeross; did you mean zeros?"):
        minitorch.zeross  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean reshape?"):
        minitorch.ones(1).reshap  # noqa: B018
    assert "If PyTorch has it" in sentence("torch", "xyzzy")
    assert not hasattr(minitorch, "__wrapped__")


def test_what_stays_out_is_in_pytorch():
    torch = pytest.importorskip("torch")
    for room, names in INSTEAD.items():
        theirs = torch
        for part in room.split(".")[1:]:
            theirs = getattr(theirs, part)
        assert [name for name in names if not hasattr(theirs, name)] == [], room

"""docs/encodings.md: every encoding of the course on one page.

python -m experiments.encodings_page             writes it
python -m experiments.encodings_page --check     only says whether it is as it would be written

What can be computed is: where a class acts, what it costs, and what happens on longer texts.
"""

import sys
from pathlib import Path
from typing import Any

from classroom import files
from solutions.encodings import encodings, make_positions
from solutions.positions import PositionEncoding
from solutions.properties import properties_of, word

PAGE = Path(__file__).parents[1] / "docs" / "encodings.md"

# The size that parameters are counted at: GPT-2's small model. Shaw and CoPE have tables that are
# shorter than the text, as in their papers.
SIZE = {"dim": 768, "num_heads": 12, "max_len": 1024}
LAYERS = 12
OPTIONS = {"shaw": {"clip": 16}, "cope": {"npos_max": 64}}

HOOKS = {
    "embed": "to the embeddings",
    "rotate": "queries and keys, rotated",
    "bias": "to the scores",
}
LESSONS = {
    "none": "03",
    "sinusoidal": "04",
    "learned": "04",
    "shaw": "05",
    "transformer_xl": "05",
    "t5": "05",
    "alibi": "05",
    "rope": "06",
    "cope": "07",
}
# name: what it adds, source, who uses it
WRITTEN = {
    "none": (
        "nothing: the causal mask is all",
        "Haviv et al. 2022",
        "Llama 4 and SmolLM3, in every fourth layer",
    ),
    "sinusoidal": (
        "sines and cosines of the position",
        "Vaswani et al. 2017",
        "the first Transformer",
    ),
    "learned": ("a learned vector per position", "Gehring et al. 2017", "GPT-2, BERT"),
    "shaw": (
        "q · a learned vector per clipped distance (its paper: values, too)",
        "Shaw et al. 2018",
        "translation models of 2018",
    ),
    "transformer_xl": (
        "(q + v) · a projected sinusoid of the distance, and u · k",
        "Dai et al. 2019",
        "Transformer-XL",
    ),
    "t5": ("a learned number per bucket of distances", "Raffel et al. 2020", "T5"),
    "alibi": ("minus slope · distance", "Press et al. 2022", "BLOOM"),
    "rope": (
        "an angle per pair of columns, position · speed",
        "Su et al. 2021",
        "GPT-NeoX, LLaMA, ChatGLM, and most language models since",
    ),
    "cope": (
        "q · a vector for what the gates counted",
        "Golovneva et al. 2024",
        "its paper, and this course",
    ),
}


def main(arguments: list[str]) -> int:
    """Write the page, or with --check say whether it is stale."""
    wanted = page()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted:
        return 0
    if "--check" in arguments:
        print(f"{PAGE.name} is stale: run `python -m experiments.encodings_page`")
        return 1
    files.write(PAGE, wanted)
    return 0


def page() -> str:
    """The whole text of docs/encodings.md."""
    names = list(encodings())
    properties = {name: properties_of(name) for name in names}
    return "\n".join(
        [
            "# All encodings on one page",
            "",
            "Made by `python -m experiments.encodings_page`. Where an encoding acts, its learned",
            "numbers and all of the second table are computed, not written.",
            "",
            "## What each adds, and where",
            "",
            *markdown(
                ["encoding", "lesson", "adds", "where", "source", "used by"],
                [[f"`{name}`", LESSONS[name], *what_and_where(name)] for name in names],
            ),
            "",
            "## What each promises, and what it costs",
            "",
            *markdown(
                ["encoding", *COLUMNS],
                [[f"`{name}`", *promises(name, properties[name])] for name in names],
            ),
            "",
            "How to read it:",
            "",
            "- *shift-invariant*: the score of two tokens stays when both move together.",
            "- *depends on content*: it changes with the tokens between.",
            "- *nearer always scores more*: of equal keys. A trained encoding may do so where the",
            "  table says no: the table says what is so for any weights.",
            "- *twice the length*: on texts twice as long as those of the training it refuses,",
            "  *reuses* scores that occur in those, too, or *extends* a rule to new ones. Whether",
            "  training filled all that it has, and whether a new score does any good, are other",
            "  questions (lesson 10).",
            f"- *learned numbers*: in {LAYERS} layers of width {SIZE['dim']}, with"
            f" {SIZE['num_heads']} heads, for {SIZE['max_len']} positions. Shaw's",
            f"  distances are clipped at {OPTIONS['shaw']['clip']}, CoPE has"
            f" {OPTIONS['cope']['npos_max']} vectors.",
            "- *memory*: how what this course's code works in grows with the length T (others do",
            "  with less for ALiBi and T5). Scores themselves take T^2.",
            "",
            "Which to choose depends on the task: lesson 13 has the errors by task and encoding.",
            "",
        ]
    )


COLUMNS = (
    "shift-invariant",
    "depends on content",
    "nearer always scores more",
    "twice the length",
    "learned numbers",
    "memory",
)


def what_and_where(name: str) -> list[str]:
    adds, source, used_by = WRITTEN[name]
    cls = encodings()[name]
    where = [says for hook, says in HOOKS.items() if is_filled_in(cls, hook)]
    return [adds, ", ".join(where) or "nowhere", source, used_by]


def is_filled_in(cls: type, hook: str) -> bool:
    return getattr(cls, hook) is not getattr(PositionEncoding, hook)


def promises(name: str, row: dict[str, Any]) -> list[str]:
    cells = (
        row["shift-invariant"],
        row["depends on content"],
        row["decays"],
        row["longer than trained"],
        f"{learned_numbers(name):,}",
        row["memory"],
    )
    return [word(cell) for cell in cells]


def learned_numbers(name: str) -> int:
    """How many an encoding adds to a model of the size above."""
    positions = make_positions(name, **SIZE, **OPTIONS.get(name, {}))
    count = sum(parameter.numel() for parameter in positions.parameters())
    return count if positions.shared else LAYERS * count


def markdown(titles: list[str], rows: list[list[str]]) -> list[str]:
    """The lines of a Markdown table."""
    return [f"| {' | '.join(cells)} |" for cells in (titles, ["---"] * len(titles), *rows)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

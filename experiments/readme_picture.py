"""The README's picture, its caption and its alternative text, from the records and nothing else.

python -m experiments.readme_picture            writes them
python -m experiments.readme_picture --check    says whether they are what the records say
"""

import hashlib
import io
import json
import sys
import textwrap
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from classroom import files
from classroom.figures import STYLE
from classroom.readme import with_section
from experiments.pictures import GRAY, STYLES
from experiments.verdicts import Results

ROOT = Path(__file__).parents[1]
README, PICTURE = ROOT / "README.md", ROOT / "results" / "counting.png"

SHOWN = {  # a name in the picture: the table, the encoding
    "learned": ("counting_1", "learned"),
    "RoPE": ("counting_1", "rope"),
    "Transformer-XL": ("counting_1", "transformer_xl"),
    "CoPE, 97 rows": ("counting_1", "cope"),
    "CoPE, 16 rows": ("rows 16", "cope"),
    "forget gate": ("counting_1", "forget_gate"),
}
TESTS = {  # a test: how the picture and the text name it
    "in distribution": "like the\ntraining texts",
    "twice the length": "twice\nthe length",
    "4x the length": "four times\nthe length",
    "pass weight 100": "twice\nthe passes",
    "pass weight 10": "a fifth of\nthe passes",
}
Errors = dict[str, dict[str, list[float]]]


def errors_shown(results: Results) -> Errors:
    """{name: {test: wrong answers in per cent, one per seed}}, to one digit."""
    return {
        name: {
            test: [round(error, 1) for error in results.errors(table, positions, test).values()]
            for test in TESTS
        }
        for name, (table, positions) in SHOWN.items()
    }


def draw(errors: Errors) -> Figure:
    """Bars at the medians, with lines from the best run to the worst."""
    with matplotlib.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(12, 4.6))
        width = 0.86 / len(errors)
        for number, (name, of_tests) in enumerate(errors.items()):
            color = STYLES[SHOWN[name][1]][0]
            look = {"color": color}
            if name == "CoPE, 97 rows":
                look = {"color": "white", "edgecolor": color, "hatch": "///"}
            where = np.arange(len(TESTS)) + width * (number - (len(errors) - 1) / 2)
            values = [of_tests[test] for test in TESTS]
            medians = np.array([np.median(each) for each in values])
            reach = [medians - [min(each) for each in values], [max(v) for v in values] - medians]
            axis.bar(where, medians, width, label=name, **look)
            axis.errorbar(where, medians, reach, fmt="none", color=GRAY, linewidth=1)
            for x, median, each in zip(where, medians, values):
                axis.text(x, max(each) + 0.7, f"{median:.1f}", ha="center", fontsize=9)
        axis.set(
            xticks=range(len(TESTS)),
            xticklabels=TESTS.values(),
            ylabel="wrong answers (%)",
            ylim=(0, None),
        )
        axis.legend(ncols=2, fontsize=12)
    return figure


def spoken(names: list[str]) -> str:
    """The names as a sentence has them: "CoPE with 16 rows and the forget gate"."""
    said = [
        name.replace(", ", " with ") if "," in name else name.replace("forget", "the forget")
        for name in names
    ]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def alternative_text(errors: Errors) -> str:
    """What the picture shows, in numbers: the medians."""
    parts = []
    for name, of_tests in errors.items():
        medians = [f"{np.median(of_tests[test]):.1f}" for test in TESTS]
        parts.append(f"{name}: {', '.join(medians[:-1])} and {medians[-1]} %.")
    tests = [label.replace("\n", " ") for label in TESTS.values()]
    return (
        "Wrong answers on the counting task, medians over the seeds, in five kinds of texts: "
        f"{', '.join(tests[:-1])}, and {tests[-1]}. {' '.join(parts)}"
    )


def caption(errors: Errors) -> str:
    """What remains true, said only as far as the numbers go."""
    medians = {
        name: {test: float(np.median(of_tests[test])) for test in TESTS}
        for name, of_tests in errors.items()
    }
    four = {name: of_tests["4x the length"] for name, of_tests in medians.items()}
    seeds = len(next(iter(errors["CoPE, 97 rows"].values())))
    few = len(next(iter(errors["CoPE, 16 rows"].values())))
    trained = ("in distribution", "pass weight 100")
    best = [
        name for name, of_tests in medians.items() if all(of_tests[test] <= 0.5 for test in trained)
    ]
    better = [
        name for name in ("Transformer-XL", "forget gate") if four[name] < four["CoPE, 97 rows"]
    ]
    lines = [
        "Bars are medians, lines go from the best run to the worst: "
        f"{seeds} seeds each, {few} for CoPE with 16 rows. Every encoding has the best of the same "
        "six settings, chosen on texts like those of the training (with 16 rows, CoPE has that of "
        "97)."
    ]
    if best:
        lines.append(
            f"In texts of the trained length with as many passes or twice as many, {spoken(best)} "
            f"{'gets' if len(best) == 1 else 'get'} at most one answer in 200 wrong."
        )
    lines.append(
        f"At four times the length CoPE's table decides: {four['CoPE, 16 rows']:.1f} % wrong with "
        "16 rows, a number chosen with the tests in sight, and "
        f"{four['CoPE, 97 rows']:.0f} % with 97, its default"
        + (f", more than {spoken(better)}." if better else ".")
    )
    lines.append("[Lesson 10](notebooks/10_how_sure_are_we.ipynb) asks how sure we are.")
    return " ".join(lines)


def section(errors: Errors) -> list[str]:
    """The lines of the README between its two marks."""
    image = f"![{alternative_text(errors)}]({PICTURE.relative_to(ROOT).as_posix()})"
    lines = []
    for part in (image, f"*{caption(errors)}*"):
        together = part.replace(" %", "\u00a0%")  # never at the beginning of a line
        wrapped = textwrap.wrap(together, 118, break_long_words=False, break_on_hyphens=False)
        lines += [line.replace("\u00a0%", " %") for line in wrapped]
        lines.append("")
    return lines[:-1]


def digest(errors: Errors) -> str:
    return hashlib.sha256(json.dumps(errors, sort_keys=True).encode()).hexdigest()


def png(errors: Errors) -> bytes:
    """The picture; the digest of its numbers is in its metadata."""
    file, figure = io.BytesIO(), draw(errors)
    metadata = {"Software": None, "Description": digest(errors)}
    figure.savefig(file, format="png", dpi=100, facecolor="white", metadata=metadata)
    plt.close(figure)
    return file.getvalue()


def stale(errors: Errors) -> list[str]:
    """The files that are not what the records say. Of the picture, its numbers count: pixels
    differ from one version of the library to the next."""
    found = []
    readme = README.read_text(encoding="utf-8")
    if with_section(readme, "picture", section(errors)) != readme:
        found.append("README.md")
    if not PICTURE.exists() or digest(errors).encode() not in PICTURE.read_bytes():
        found.append(PICTURE.relative_to(ROOT).as_posix())
    return found


def main(arguments: list[str]) -> int:
    errors = errors_shown(Results())
    if "--check" in arguments:
        for name in stale(errors):
            print(f"{name}: stale; run `python -m experiments.readme_picture`")
        return 1 if stale(errors) else 0
    readme = README.read_text(encoding="utf-8")
    files.write(README, with_section(readme, "picture", section(errors)))
    files.write(PICTURE, png(errors))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

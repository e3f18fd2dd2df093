"""The claims of PROTOCOL.md, and what the records say to each.

A claim "A makes fewer errors than B" is kept if the 95 % interval of the paired difference over
seeds lies above 0, against each B and in each test that it names.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from experiments.plan import ALL, FEW, KERNELS, OWN_NUMBERS, PLAN, read_table
from experiments.records import RESULTS, Record
from solutions.evidence import paired_difference

DOUBLE, FOUR_TIMES = "twice the length", "4x the length"
KEPT, DROPPED, REVERSED = "kept", "dropped", "reversed"
UNDECIDED, MISSING = "undecided", "not measured"


class NotMeasured(Exception):
    """Runs that a claim needs are not recorded."""


@dataclass(frozen=True)
class Verdict:
    number: int
    claim: str
    verdict: str
    because: str


@dataclass
class Results:
    """The errors of the records, in per cent, by table, encoding and test."""

    folder: Path = RESULTS
    tables: dict[str, dict[str, list[Record]]] = field(default_factory=dict)

    def records(self, table: str, positions: str, at_least: int = 1) -> list[Record]:
        if table not in self.tables:
            self.tables[table] = read_table(table, self.folder)
        records = self.tables[table].get(positions, [])
        if len(records) < at_least:
            raise NotMeasured(f"{table}: {positions}")
        return records

    def errors(self, table: str, positions: str, test: str) -> dict[int, float]:
        """Wrong answers in per cent, by seed."""
        return {
            record["settings"]["seeds"]["weights"]: 100 * record["errors"][test]
            for record in self.records(table, positions)
        }

    def median(self, table: str, positions: str, test: str) -> float:
        return float(np.median(list(self.errors(table, positions, test).values())))

    def middle(self, table: str, positions: str, test: str) -> str:
        """The median as it is printed; a dash where nothing is recorded."""
        try:
            return f"{self.median(table, positions, test):.1f}"
        except NotMeasured:
            return "–"

    def planned(self, table: str) -> int:
        """How many seeds the plan has for a table; two, at least, for one that isn't planned."""
        return next((part.seeds for part in PLAN if getattr(part, "name", "") == table), 2)

    def curve(self, what: str, test: str) -> dict[float, list[float]]:
        """The errors of an encoding over a number of its own, see OWN_NUMBERS.

        returns   {number: errors in per cent, of the seeds that all numbers have}
        """
        positions, _, default, numbers = OWN_NUMBERS[what]
        tables = {number: f"{what} {number:.0f}" for number in numbers} | {default: "counting_1"}
        return {
            number: [self.errors(tables[number], positions, test)[seed] for seed in range(3)]
            for number in sorted(tables)
        }

    def fewer(
        self, ours: tuple[str, str], theirs: tuple[str, str], test: str
    ) -> tuple[float, float, float]:
        """By how many points ours, a (table, encoding), has fewer errors: mean and interval."""
        left, right = self.errors(*ours, test), self.errors(*theirs, test)
        seeds = sorted(left.keys() & right.keys())
        if len(seeds) < min(self.planned(ours[0]), self.planned(theirs[0])):
            raise NotMeasured(f"all seeds of {ours} and {theirs}")
        return paired_difference([left[s] for s in seeds], [right[s] for s in seeds])


def verdicts(folder: Path = RESULTS) -> list[Verdict]:
    """One for each claim, in order."""
    results, found = Results(folder), []
    for number, (claim, judge) in enumerate(CLAIMS.items(), start=1):
        try:
            found.append(Verdict(number, claim, *judge(results)))
        except NotMeasured as missing:
            found.append(Verdict(number, claim, MISSING, f"no runs of {missing}"))
    return found


Judged = tuple[str, str]


def cope_against_all(table: str, tests: Sequence[str]) -> Callable[[Results], Judged]:
    others = [(table, name) for name in ALL if name != "cope"]
    return lambda results: fewer_than_each(results, (table, "cope"), others, tests)


def fewer_than_each(
    results: Results,
    ours: tuple[str, str],
    others: Iterable[tuple[str, str]],
    tests: Sequence[str],
) -> Judged:
    """Ours has fewer errors than each of the others in each test."""
    above, below, between = [], [], []
    for test in tests:
        for other in others:
            mean, low, high = results.fewer(ours, other, test)
            group = above if low > 0 else below if high < 0 else between
            group.append(f"{other[1]} ({test}, {mean:+.1f} [{low:+.1f}, {high:+.1f}])")
    if not below and not between:
        return KEPT, f"fewer errors in all {len(above)} comparisons"
    parts = [f"fewer in {len(above)} of {len(above) + len(below) + len(between)} comparisons"]
    if below:
        parts.append(f"more than {', '.join(below)}")
    if between:
        parts.append(f"undecided against {', '.join(between)}")
    return REVERSED if not above and not between else DROPPED, "; ".join(parts)


def no_fewer(results: Results, pairs: Sequence[tuple], test: str) -> Judged:
    """In each pair of (table, encoding), the first has at least as many errors as the second.

    That is shown by an interval that lies below 0. Not to have shown the contrary is not enough.
    """
    found = {pair: results.fewer(*pair, test) for pair in pairs}
    because = "; ".join(
        f"{first[0]}: {second[1]} minus {first[1]} {mean:+.1f} [{low:+.1f}, {high:+.1f}]"
        for (first, second), (mean, low, high) in found.items()
    )
    if any(low > 0 for _, low, _ in found.values()):
        return DROPPED, because
    return KEPT if all(high <= 0 for *_, high in found.values()) else UNDECIDED, because


def rows_of_cope(results: Results) -> Judged:
    errors = results.curve("rows", FOUR_TIMES)
    medians = {rows: np.median(of_seeds) for rows, of_seeds in errors.items()}
    grows = (np.diff(list(medians.values())) >= 0).all()
    few = max(errors[16]) < 2
    shown = ", ".join(f"{rows} rows {error:.1f}" for rows, error in medians.items())
    return KEPT if grows and few else DROPPED, f"medians at four times the length: {shown} %"


def copying(results: Results) -> Judged:
    tests = ("dense", "sparse")
    verdict, because = cope_against_all("copy", tests)(results)
    others = [name for name in ALL if name != "cope"]
    least = {name: min(results.median("copy", name, test) for test in tests) for name in others}
    best = min(least, key=least.get)
    because += f"; the best other, {best}, gets {least[best]:.0f} % wrong in its better test"
    return verdict if least[best] > 100 / 3 else DROPPED, because


def flip_flop(results: Results) -> Judged:
    cope, xl = ("flip_flop", "cope"), ("flip_flop", "transformer_xl")
    first, because = fewer_than_each(results, cope, [("flip_flop", "rope")], ["sparse"])
    second, also = no_fewer(results, [(cope, xl)], "sparse")
    verdict = KEPT if first == second == KEPT else DROPPED
    return UNDECIDED if (first, second) == (KEPT, UNDECIDED) else verdict, f"{because}; {also}"


def down(results: Results) -> Judged:
    pairs = [((task, "cope"), (task, "transformer_xl")) for task in ("brackets", "counting_down")]
    return no_fewer(results, pairs, FOUR_TIMES)


def forgetting(results: Results) -> Judged:
    others = [("brackets", name) for name in FEW]
    return fewer_than_each(results, ("brackets", "forget_gate"), others, [FOUR_TIMES])


def equal_time(results: Results) -> Judged:
    longer = ("counting_1 in CoPE's time", "transformer_xl")
    mean, low, high = results.fewer(("counting_1", "cope"), longer, DOUBLE)
    because = f"Transformer-XL minus CoPE: {mean:+.1f} points [{low:+.1f}, {high:+.1f}]"
    if low > 1:
        return DROPPED, because
    return KEPT if high <= 1 else UNDECIDED, because


def random_positions(results: Results) -> Judged:
    found, because = [], []
    for with_them, plain in (("random_offset", "learned"), ("random_angles", "rope")):
        mean, low, high = results.fewer(
            ("random positions", with_them), ("counting_1", plain), FOUR_TIMES
        )
        found.append(low > 0)
        because.append(f"{with_them}: {mean:+.1f} points fewer [{low:+.1f}, {high:+.1f}]")
    return KEPT if all(found) else DROPPED, "; ".join(because)


def same_order(results: Results) -> Judged:
    def order(table: str) -> list[str]:
        return sorted(FEW, key=lambda name: results.median(table, name, DOUBLE))

    usual = order("counting_1")
    others = {table: order(table) for table in ("hidden answers", "fixed texts")}
    because = "; ".join(
        f"{table}: {' < '.join(names)}" for table, names in {"usual": usual, **others}.items()
    )
    return KEPT if all(names == usual for names in others.values()) else DROPPED, because


def several_variables(results: Results) -> Judged:
    judged = {}
    for count in (3, 5):
        table = f"counting_{count}"
        others = [(table, name) for name in FEW if name != "cope"]
        judged[count] = fewer_than_each(results, (table, "cope"), others, [DOUBLE])
    because = "; ".join(f"{count} variables: {why}" for count, (_, why) in judged.items())
    return KEPT if all(verdict == KEPT for verdict, _ in judged.values()) else DROPPED, because


def another_kernel(results: Results) -> Judged:
    differ, compared = [], 0
    wanted = {
        "counting_1": ("in distribution", "pass weight 100", "pass weight 200"),
        "copy": ("dense", "sparse"),
    }
    for recipe, tests in wanted.items():
        for kernel in KERNELS:
            other = f"{recipe} on {kernel}"
            for test in tests:
                for name in ALL:
                    if name == "cope":
                        continue
                    signs = {
                        np.sign(results.fewer((table, "cope"), (table, name), test)[0])
                        for table in (recipe, other)
                    }
                    compared += 1
                    if len(signs) > 1:
                        differ.append(f"{name} ({recipe}, {test})")
    because = f"the same sign in {compared - len(differ)} of {compared} differences"
    return (DROPPED, f"{because}; not {', '.join(differ)}") if differ else (KEPT, because)


CLAIMS: dict[str, Callable[[Results], Judged]] = {
    "Counting, texts like the training's: CoPE makes fewer errors than every other of the nine.": (
        cope_against_all("counting_1", ["in distribution"])
    ),
    "Counting, twice and four times the length: CoPE with its 97 rows makes fewer errors than "
    "every other of the nine.": cope_against_all("counting_1", [DOUBLE, FOUR_TIMES]),
    "Counting, pass weights 100 and 200: CoPE makes fewer errors than every other.": (
        cope_against_all("counting_1", ["pass weight 100", "pass weight 200"])
    ),
    "Counting, pass weights 10 and 25: CoPE makes fewer errors than every other.": (
        cope_against_all("counting_1", ["pass weight 10", "pass weight 25"])
    ),
    "CoPE's errors at four times the length grow with the number of rows; with 16 they are under "
    "2 %.": rows_of_cope,
    "Selective copy, 6 and 24 blanks: CoPE makes fewer errors than every other; every other gets "
    "more than a third wrong.": copying,
    "Flip-flop, sparse: CoPE makes fewer errors than RoPE; Transformer-XL no more than CoPE.": (
        flip_flop
    ),
    "Brackets, and a count that goes down: CoPE makes no fewer errors at four times the length "
    "than Transformer-XL.": down,
    "Brackets: a forget gate makes fewer errors at four times the length than all of learned, "
    "Transformer-XL, RoPE, CoPE.": forgetting,
    "With as much time as CoPE takes, Transformer-XL's errors at twice the length come within one "
    "point of CoPE's, or below.": equal_time,
    "Learned positions with random offsets make fewer errors at four times the length than "
    "without; so does RoPE with random positions.": random_positions,
    "Without the answers in the texts, and with 10,000 fixed texts, the order of learned, "
    "Transformer-XL, RoPE and CoPE at twice the length stays the same.": same_order,
    "Three and five variables, twice the length: CoPE makes fewer errors than learned, "
    "Transformer-XL and RoPE.": several_variables,
    "The sign of the differences in 1, 3 and 6 is the same on another BLAS kernel.": another_kernel,
}

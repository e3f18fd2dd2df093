"""The results in words: the README's tables, and lines for the terminal."""

from benchmarks.cases import (
    JAX,
    OURS,
    ROWS,
    SAME_MALLOC,
    SAME_PARTS,
    SIZES,
    THEIRS,
    WIDE,
    group_name,
)
from benchmarks.judging import targets, with_avx512
from benchmarks.measuring import PARTS_OF_A_STEP


def table(results):
    """Lines of Markdown for the README."""
    groups = [group_name(size, threads) for threads in (1, 2) for size in SIZES]
    groups = [group for group in groups if group in results["training"]]
    yield "Time of a training step in `minitorch` over its time in PyTorch eager. `×` is the share"
    yield "of minitorch's time that the matrix products alone take, below which no engine gets:"
    yield ""
    small = results["training"].get(group_name("S", 1), {})
    others = {"S, same malloc": SAME_MALLOC, "S, JAX (jit)": JAX, "S, AVX-512 kernel": WIDE}
    others = {
        column: other
        for column, other in others.items()
        if any(other in row for row in small.values())
    }
    columns = [*groups, *others, *(f"{size} ×" for size in SIZES)]
    yield "| | " + " | ".join(columns) + " |"
    yield "|---" * (len(columns) + 1) + "|"
    for name in ROWS:
        cells = [takes(results["training"][group].get(name, {}), THEIRS) for group in groups]
        cells += [takes(small.get(name, {}), other) for other in others.values()]
        for size in SIZES:
            row = results["training"].get(group_name(size, 1), {}).get(name, {})
            share = row.get("share_of_products_alone")
            cells.append(f"{share:.2f}" if share else "")
        yield f"| {in_words(name)} | " + " | ".join(cells) + " |"
    if results.get("kernels"):
        yield ""
        what, *each = kernels(results["kernels"])
        yield f"{what}: {', '.join(each)}."
    yield ""
    yield "Peak memory of size S, in megabytes:"
    yield ""
    yield "| | minitorch | PyTorch | PyTorch in the same parts |"
    yield "|---|---|---|---|"
    for name in ROWS:
        found = [small.get(name, {}).get(engine, {}) for engine in (OURS, THEIRS, SAME_PARTS)]
        cells = [f"{each['peak_megabytes']:.0f}" if each else "" for each in found]
        yield f"| {in_words(name)} | " + " | ".join(cells) + " |"
    if results.get("busy"):
        yield ""
        yield "A step of lesson 09 beside two busy programs, in milliseconds by the clock:"
        yield ""
        yield "| | one thread per product | as many as there are cores |"
        yield "|---|---|---|"
        for name, (one, several) in results["busy"].items():
            yield f"| {name} | {one:.0f} | {several:.0f} |"


def in_words(name):
    return name.replace("_fused", ", fused")


def takes(row, other):
    return f"{row[other]['minitorch_takes']:.2f}" if other in row else ""


def kernels(found):
    """Lines that say what computes the matrix products."""
    yield "Gigaflops of a matrix product of size S on one thread"
    for name, each in found.items():
        yield f"{name} ({each['kernel']}) {each['gigaflops']}"


def title(group, name, row):
    """What is measured, and on which kernel of NumPy's OpenBLAS."""
    kernel = row[OURS].get("kernel")
    return f"{group}, {name}" + (f", OpenBLAS kernel {kernel}" if kernel else "")


def report(row):
    """One encoding's figures in all variants, for the terminal."""
    heads = ("ms", *PARTS_OF_A_STEP, "MB")
    yield f"{'':32}" + "".join(f"{head:>10}" for head in heads) + "   minitorch takes"
    keys = ("ms", *(f"{kind}_ms" for kind in PARTS_OF_A_STEP), "peak_megabytes")
    for variant, found in row.items():
        if isinstance(found, dict):
            cells = "".join(f"{found[key]:10.1f}" if key in found else f"{'':10}" for key in keys)
            yield f"{variant:32}{cells}   {ratio_of(found)}".rstrip()
    if "share_of_products_alone" in row:
        share = row["share_of_products_alone"]
        yield f"matrix products alone: {share:.0%} of minitorch's time, which is the floor"


def ratio_of(found):
    if "minitorch_takes" not in found:
        return ""
    return f"{found['minitorch_takes']:.2f} ± {found['minitorch_takes_spread']:.2f}"


def overhead(found):
    """Lines for the tiny operations."""
    yield "microseconds per operation on 4 x 4 matrices, forward + backward"
    for operation, engines in found.items():
        cells = [f"{name} {there:5.2f} + {back:5.2f}" for name, (there, back) in engines.items()]
        ratio = sum(engines[OURS]) / sum(engines[THEIRS])
        yield "   ".join([f"{operation:10}", *cells, f"ratio {ratio:.2f}"])


def busy(found):
    """Lines for lesson 09's step beside two busy programs."""
    yield "milliseconds per step of lesson 09 beside two busy programs, by the clock"
    for name, (one, several) in found.items():
        yield (
            f"{name:12}one thread per product {one:6.0f}   one per core {several:6.0f}   "
            f"{several / one:.1f} times as long"
        )


def judged(results):
    """Lines for the targets, each beside what was measured."""
    for target in targets(results):
        shown = "" if target.figure is None else f"{target.figure:.2f} ± {target.spread:.2f}"
        rows = f"  ({target.rows} encodings)" if target.rows > 1 else ""
        yield f"{target.name:44} at most {target.limit:.2f}   {shown:12} {target.verdict()}{rows}"
    for target in with_avx512(results):
        if target.figure is not None:
            yield f"{target.name:44} {'':12}   {target.figure:.2f} ± {target.spread:.2f}"

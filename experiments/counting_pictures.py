"""The pictures of lessons 09 and 10 and of the README. They are given numbers, and draw."""

import re
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from experiments.pictures import GRAY, STYLES
from solutions.counting import counting_sequences, counting_tokenizer


def errors_by_test(errors: Mapping[str, Mapping[str, float]], title: str) -> Figure:
    """Bars: one group per test, one bar per model.

    errors   {name: {test: wrong answers in per cent}}. The first word of a name says the color;
             a name with a comma, as in "cope, 97 rows", is hatched
    """
    tests = list(next(iter(errors.values())))
    figure, axis = plt.subplots(figsize=(11, 4.2))
    width = 0.85 / len(errors)
    for number, (name, of_test) in enumerate(errors.items()):
        color = STYLES[re.match(r"\w+", name)[0]][0]
        look = {"color": color}
        if "," in name:
            look = {"color": "white", "edgecolor": color, "hatch": "///"}
        where = np.arange(len(tests)) + width * (number - (len(errors) - 1) / 2)
        bars = axis.bar(where, of_test.values(), width, label=name, **look)
        axis.bar_label(bars, fmt="%.1f", fontsize=9)
    axis.set(
        xticks=range(len(tests)),
        xticklabels=[test.replace(" ", "\n", 1) for test in tests],
        ylabel="wrong answers (%)",
        ylim=(0, 1.15 * max(max(of_test.values()) for of_test in errors.values())),
        title=title,
    )
    axis.legend(loc="upper right", fontsize=11)
    return figure


def errors_along_texts(errors: Mapping[str, Sequence[float]], trained: int, width: int) -> Figure:
    """Curves: wrong answers in per cent, in stretches of `width` positions."""
    figure, axis = plt.subplots(figsize=(8.5, 4))
    for name, values in errors.items():
        color, line = STYLES[name]
        middles = width * (np.arange(len(values)) + 0.5)
        axis.plot(middles, values, line, color=color, label=name)
    axis.axvline(trained, color="gray", linestyle=":")
    axis.text(trained + 4, 93, "end of the training texts", color=GRAY)
    axis.set(
        xlabel="position in the text (tokens)",
        ylabel="wrong answers (%)",
        xlim=(0, width * len(values)),
        ylim=(-3, 100),
        title=f"Wrong answers along texts of {width * len(values)} characters",
    )
    axis.legend(loc="center right", fontsize=12)
    return figure


def looking_back(pass_weight: float) -> np.ndarray:
    """Of each question in 400 texts: tokens back to the last `a=`, and increments since.

    returns   int array (2, questions)
    """
    tokenizer, rng = counting_tokenizer(), np.random.default_rng(1)
    found = []
    for ids in counting_sequences(rng, 400, length=384, pass_weight=pass_weight):
        text = tokenizer.decode(ids)
        for question in re.finditer(r"\?a", text):
            since = text[text.rindex("a=", 0, question.start()) : question.start()]
            found.append((len(since), since.count("+")))
    return np.transpose(found)


def shares_up_to(asked: Mapping[float, np.ndarray]) -> Figure:
    """Two panels of cumulative curves.

    asked   {pass weight: what looking_back found}
    """
    figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True)
    for (weight, numbers), line in zip(asked.items(), (":", "-", "--")):
        for axis, values in zip(axes, numbers):
            share = 100 * np.arange(1, len(values) + 1) / len(values)
            axis.step(np.sort(values), share, line, where="post", label=f"pass weight {weight}")
    axes[0].set(xlabel="tokens back to the last a=", ylabel="questions (%), cumulative")
    axes[1].set(xlabel="increments since", ylim=(0, 103))
    axes[1].legend(loc="lower right", fontsize=12)
    figure.suptitle("What lies between a question and the last setting")
    return figure


def seeds_apart(errors: Mapping[str, np.ndarray], tests: Sequence[str], title: str) -> Figure:
    """One panel per test, one line per encoding: a dot per seed, a bar at the median.

    errors   {encoding: (seeds, tests) wrong answers in per cent}
    """
    figure, axes = plt.subplots(1, len(tests), figsize=(11, 4.4), sharey=True)
    for number, (axis, test) in enumerate(zip(axes, tests)):
        for height, (name, of_runs) in enumerate(errors.items()):
            color, line = STYLES[name]
            values = of_runs[:, number]
            axis.plot(values, [height] * len(values), line[0], color=color, alpha=0.6)
            axis.plot([np.median(values)] * 2, [height - 0.35, height + 0.35], color=color)
        axis.set(xlabel="wrong answers (%)", title=test, xlim=(-0.02 * axis.get_xlim()[1], None))
        axis.grid(axis="y", alpha=0.3)
    axes[0].set(yticks=range(len(errors)), yticklabels=list(errors))
    axes[0].invert_yaxis()
    figure.suptitle(title)
    return figure


def errors_over_length(
    curves: Mapping[str, Mapping[str, Sequence[float]]], lengths: Sequence[float], title: str
) -> Figure:
    """One panel per kind of error, one curve per encoding.

    curves    {kind of error: {encoding: wrong in per cent, one per length}}
    lengths   in multiples of the trained length
    """
    figure, axes = plt.subplots(1, len(curves), figsize=(11.5, 4.2))
    for axis, (kind, by_name) in zip(axes, curves.items()):
        for name, values in by_name.items():
            color, line = STYLES[name]
            axis.plot(lengths, values, line, color=color, label=name)
        axis.axvline(1, color=GRAY, linestyle=":")
        axis.set(xlabel="times the trained length", ylabel=f"{kind} (%)", ylim=(-2, None))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", fontsize=11)
    figure.suptitle(title)
    return figure


def intervals(
    found: Mapping[str, Mapping[str, tuple[float, float, float]]], xlabel: str, title: str
) -> Figure:
    """One panel per test: for each encoding a mean and its interval, and a line at 0.

    found   {test: {encoding: (mean, low, high)}}
    """
    figure, axes = plt.subplots(1, len(found), figsize=(12, 4), sharey=True)
    for axis, (test, of_names) in zip(axes, found.items()):
        for height, (name, (mean, low, high)) in enumerate(of_names.items()):
            color = STYLES[name][0]
            axis.plot([low, high], [height, height], color=color)
            axis.plot(mean, height, "o", color=color)
        axis.axvline(0, color=GRAY, linestyle=":")
        axis.set(title=test)
        axis.title.set_fontsize(12)
        axis.set_xscale("symlog", linthresh=1)
        ticks = (-50, -1, 0, 1, 50)
        axis.set_xticks(ticks, ticks, fontsize=9)
        axis.minorticks_off()
    axes[0].set(yticks=range(len(of_names)), yticklabels=list(of_names))
    axes[0].invert_yaxis()
    figure.supxlabel(xlabel, fontsize=13)
    figure.suptitle(title)
    return figure


def errors_by_number(
    recorded: Mapping[str, Mapping[str, Mapping[float, Sequence[float]]]],
    title: str,
    live: Mapping[str, Mapping[float, float]] | None = None,
) -> Figure:
    """One panel per number that an encoding has for itself: a curve per test through the medians,
    with all seeds as dots, and stars for live runs.

    recorded   {what the number is: {test: {number: wrong answers in per cent, one per seed}}}
    live       {test: {number: wrong answers in per cent}}
    """
    size = {1: (8.5, 4.4), 2: (11, 4)}[len(recorded)]
    figure, axes = plt.subplots(1, len(recorded), figsize=size, sharey=True, squeeze=False)
    for axis, (what, by_test) in zip(axes[0], recorded.items()):
        for (test, by_number), color, line in zip(
            by_test.items(), ("C2", "C4", "C0"), ("^:", "v--", "s-")
        ):
            medians = {number: np.median(errors) for number, errors in by_number.items()}
            axis.plot(*zip(*medians.items()), line, color=color, label=test)
            for number, errors in by_number.items():
                axis.plot([number] * len(errors), errors, ".", color=color, alpha=0.5)
        ticks = [f"{number:,.0f}" for number in by_number]
        axis.set_xscale("log", base=2)
        axis.set(xticks=list(by_number), xticklabels=ticks, xlabel=what)
        axis.minorticks_off()
    for of_test in (live or {}).values():
        axis.plot(*zip(*of_test.items()), "*", color="black", markersize=13, zorder=5)
    if live:
        axis.plot([], [], "*", color="black", markersize=13, label="trained here")
    axes[0, 0].set(ylabel="wrong answers (%)")
    axes[0, 0].legend(fontsize=12)
    figure.suptitle(title)
    return figure


def rows_in_use(used: Mapping[str, np.ndarray], scores: np.ndarray, cut: int) -> Figure:
    """How much each row is used, and below what it adds to a score.

    used     {kind of text: (rows,) weights}
    scores   (heads, rows)
    cut      where a dotted line is drawn
    """
    figure, axes = plt.subplots(2, 1, figsize=(9, 5), sharex=True)
    for (label, weights), line in zip(used.items(), ("-", "--")):
        axes[0].plot(100 * weights / weights.sum(), line, label=label)
    axes[0].set_yscale("log")
    axes[0].set(ylabel="use (%)", ylim=(1e-3, 100), title="Rows that training hardly touches")
    for head, values in enumerate(scores):
        axes[1].plot(values, ("-", "--")[head % 2], color=f"C{head + 2}", label=f"head {head}")
    axes[1].axhline(0, color=GRAY, linewidth=1)
    axes[1].set(xlabel="row of the table", ylabel="added to the score")
    for axis in axes:
        axis.axvline(cut - 1, color=GRAY, linestyle=":")
        axis.legend(loc="upper right", fontsize=12)
    return figure

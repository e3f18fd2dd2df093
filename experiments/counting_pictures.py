"""The pictures of lessons 09 and 10 and of the README. They are given numbers, and draw."""

import re
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from experiments.pictures import STYLES
from solutions.counting import counting_sequences, counting_tokenizer

GRAY = "#707070"


def errors_by_test(errors: Mapping[str, Mapping[str, float]], title: str) -> Figure:
    """Bars: one group per test, one bar per model.

    errors   {name: {test: wrong answers in per cent}}. A name with a comma, as in
             "cope, 97 rows", has the color of what comes before it, and is hatched
    """
    tests = list(next(iter(errors.values())))
    figure, axis = plt.subplots(figsize=(11, 4.2))
    width = 0.85 / len(errors)
    for number, (name, of_test) in enumerate(errors.items()):
        color = STYLES[name.split(",")[0]][0]
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
    return figure

"""How long a lesson takes to read: derived from its text, so that nobody has to guess."""

import re

# Estimates for a text with formulas, which is read more slowly than a story; nobody was timed.
WORDS_PER_MINUTE = 130
SECONDS_PER_LINE = 4  # of code that is shown
SECONDS_PER_PREDICTION = 30  # to think before reading on
STEP = 5  # minutes: to this the sum is rounded, since no more is known

PREDICTION = re.compile(r"\*\*(?:Predict|Find the mistake|Answer these)")


def minutes(cells, waiting=0):
    """The minutes for (options, lines) of all cells, and those that its trainings run."""
    seconds = 60 * waiting
    for options, lines in cells:
        if "[markdown]" in options:
            text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines)
            seconds += 60 * len(words(text)) / WORDS_PER_MINUTE
            seconds += SECONDS_PER_PREDICTION * len(PREDICTION.findall(text))
        elif "folded" not in options:
            seconds += SECONDS_PER_LINE * sum(bool(line.strip()) for line in lines)
    return rounded(seconds / 60)


def rounded(minutes):
    """In steps of five, and not nothing."""
    return max(STEP, STEP * round(minutes / STEP))


def words(text):
    """The words of prose: no formulas, code, tables or tags."""
    text = re.sub(r"```.*?```|\$\$.*?\$\$", " ", text, flags=re.DOTALL)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("|")]
    text = re.sub(r"<[^>]+>|\$[^$]*\$|`[^`]*`|\]\([^)]*\)", " ", "\n".join(lines))
    return re.findall(r"[^\W\d_][\w'’-]*", text)

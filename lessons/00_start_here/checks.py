"""Chapter 00: what the warm-up must satisfy."""
import numpy as np


class pairwise_differences:
    stars, minutes = 1, 3
    hints = (
        "Broadcasting makes a table out of a column and a row. Which of x and y runs down, which runs across?",
        "x[:, None] has shape (rows, 1), y[None, :] has shape (1, columns).",
        "return y[None, :] - x[:, None]",
    )

    def example(answer, expect):
        """The worked example: every pair, y minus x."""
        x, y = np.array([0, 10]), np.array([1, 2, 3])
        want = np.array([[1, 2, 3], [-9, -8, -7]])
        expect.equal(answer(x, y), want, mistakes=(
            (-want, "The sign is turned round: entry [i, j] is y[j] - x[i], the column's value minus the row's."),
            (want.T, "Rows and columns are exchanged: x runs down the rows, y runs across the columns."),
            (-want.T, "Rows and columns are exchanged, and the sign too: entry [i, j] is y[j] - x[i]."),
            (x[:, None] + y, "These are sums: entry [i, j] is the difference y[j] - x[i]."),
        ))

    def square(answer, expect):
        """As many rows as columns: still every pair, not only the pairs that stand side by side."""
        x, y = np.array([1.5, 0.0, 4.0]), np.array([0.5, 2.0, 1.0])
        want = np.array([[y[j] - x[i] for j in range(3)] for i in range(3)])
        expect.equal(answer(x, y), want, mistakes=(
            (y - x, "Only the pairs side by side were subtracted. Give x an axis: x[:, None]."),
        ))

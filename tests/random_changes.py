"""Random programs of views and changes in place, as text that runs on minitorch and on PyTorch."""

import numpy as np

NEW = [
    "{a} * {b}",
    "{a} + {b}",
    "{a} - {b}",
    "{a}.sin()",
    "{a}.tanh()",
    "{a} * 0.5",
    "1 - {a}",
    "{a} ** 2",
    "{a}.clone()",
    "{a}.sigmoid()",
    "{a}.sum(0)",
    "x * 0",
    "x[0] * 0 + 0.5",
    "torch.cat([{a}, {b}])",
    "{a}.softmax(-1)",
    "{a} / 2",
    "torch.maximum({a}, {b})",
    "{a}[[0, 0, 1]]",
    "{a}.flatten()[mask]",
]
VIEWS = [
    "{a}[0]",
    "{a}[1:]",
    "{a}[..., 1]",
    "{a}[..., ::2]",
    "{a}.T",
    "{a}.view(-1)",
    "{a}.detach()",
    "{a}.unsqueeze(0)",
    "{a}.squeeze()",
    "{a}.transpose(0, -1)",
    "{a}.expand(2, 2, 3)",
    "{a}.data",
    "{a}[None, :, :2]",
    "{a}.view(3, 2)",
    "{a}.unbind(0)[0]",
    "{a}.split(1)[0]",
    "{a}[...]",
    "{a}.permute(-1, 0)",
]
CHANGES = [
    "{a}.mul_({b} * 1)",
    "{a}.add_({b} * 1)",
    "{a}.zero_()",
    "{a}.sin_()",
    "{a}.mul_(2)",
    "{a}.copy_({b} * 1)",
    "{a}.fill_(0.5)",
    "{a}[0] = {b} * 1",
    "{a}[..., ::2] = {b} * 1",
    "{a}[0] = 0.5",
    "{a}[{a} > 0.5] = 0.25",
    "{a}[0] += {b} * 1",
    "{a}[1:] *= 2",
    "{a}[[1, 0]] = {b} * 1",
    "{a} += {b} * 1",
    "{a} *= {b} * 1",
    "{a} -= 0.5",
    "{a}.tanh_()",
    "{a}.neg_()",
    "{a}.sub_({b} * 1)",
    "{a}.div_(2)",
    "{a}.masked_fill_({a} > 0.5, 0.)",
    "{a}.clamp_(-1, 1)",
]
SILENT = [
    "with torch.no_grad(): {a}.add_(0.25)",
    "with torch.no_grad(): {a}[0] = 0.125",
    "with torch.no_grad(): {c} = {a}[0]",
]


def random_program(rng, length):
    """Lines that make and change tensors, from the leaf `w` and the plain `x`, both (2, 3)."""
    names, lines = ["w", "x"], []
    for n in range(length):
        kind = rng.choice(4, p=[0.3, 0.3, 0.33, 0.07])
        template = str(rng.choice([NEW, VIEWS, CHANGES, SILENT][kind]))
        chosen = [str(rng.choice(names[-4:] if rng.random() < 0.7 else names)) for _ in range(2)]
        if kind == 2 and chosen[0] in ("w", "x") and rng.random() < 0.8:
            chosen[0] = names[-1]
        line = template.format(a=chosen[0], b=chosen[1], c=f"t{n}")
        if kind < 2:
            line = f"t{n} = {line}"
        if kind < 2 or "{c}" in template:
            names.append(f"t{n}")
        lines.append(line)
    return tuple(lines)


def run(torch, lines, shift=0.0, recorded=True):
    """(the lines that did not fail, the loss, its gradient for w or the error of backward).

    shift: how far w is moved along a fixed direction.
    """
    rng = np.random.default_rng(0)
    w, direction, x = (rng.uniform(-1, 1, (2, 3)) for _ in range(3))
    names = {
        "torch": torch,
        "mask": torch.tensor([True, False, True, True, False, True]),
        "w": torch.tensor(w + shift * direction, requires_grad=True),
        "x": torch.tensor(x),
    }
    leaf = names["w"]
    done = []
    with torch.set_grad_enabled(recorded):
        for line in lines:
            try:
                exec(line, names)
            except (RuntimeError, IndexError, ValueError, TypeError, NameError):
                continue  # what cannot be done is left out
            done.append(line)
        total = torch.tensor(0.0, dtype=torch.float64)
        try:
            for name in [*names]:
                if name[0] == "t" and name[1:].isdigit():
                    weights = np.arange(1.0, names[name].numel() + 1).reshape(
                        tuple(names[name].shape)
                    )
                    total = total + (names[name] * torch.tensor(weights)).sum()
            if recorded and total.requires_grad:
                total.backward()
        except RuntimeError as error:
            return done, None, error
    return done, total.item(), np.zeros((2, 3)) if leaf.grad is None else leaf.grad.numpy()


def slope(torch, lines, step=1e-6):
    """The derivative of the loss along the direction by finite differences, and the direction."""
    rng = np.random.default_rng(0)
    _, direction = rng.uniform(-1, 1, (2, 3)), rng.uniform(-1, 1, (2, 3))
    above, below = run(torch, lines, step, False)[1], run(torch, lines, -step, False)[1]
    return (above - below) / (2 * step), direction


def shrunk(lines, fails):
    """A program that still fails, of which no line can be left out."""
    n = 0
    while n < len(lines):
        shorter = lines[:n] + lines[n + 1 :]
        lines, n = (shorter, 0) if fails(shorter) else (lines, n + 1)
    return lines

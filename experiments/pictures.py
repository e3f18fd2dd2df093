"""How each encoding is drawn, in every figure of the course: one color, marker and line.

color, line = STYLES["rope"]
axis.plot(steps, errors, line, color=color, label="rope")
"""

STYLES = {
    "none": ("#888888", "x:"),
    "sinusoidal": ("C4", "v:"),
    "learned": ("C1", "o:"),
    "shaw": ("C5", "D--"),
    "transformer_xl": ("C6", "X--"),
    "t5": ("#8c6d31", "*--"),
    "alibi": ("C3", "P--"),
    "rope": ("C2", "^-."),
    "cope": ("C0", "s-"),
    "forget_gate": ("#7b3294", "p-"),
}
GRAY = "#707070"  # of what is beside the curves

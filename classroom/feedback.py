"""What the learner sees: cards of plain text and HTML. A colored edge helps the words."""

import html
import re
import sys
from dataclasses import dataclass, field

NOT_WRITTEN, RIGHT, NOT_YET = "not written yet", "right", "not yet"

# Readable on JupyterLab's light and dark themes alike, and told apart by color-blind eyes.
EDGES = {RIGHT: "#0a8fd0", NOT_YET: "#d9730d", NOT_WRITTEN: "#8c8c8c"}

CARD = (
    "border-left: 5px solid {edge}; padding: 0.4em 0 0.4em 0.9em; margin: 0.3em 0; "
    "max-width: 60em; "
    "color: var(--jp-content-font-color1, inherit)"
)
ROW = "display: flex; flex-wrap: wrap; gap: 0 1.2em"
# What reads as code in a sentence: a call or an index, whatever follows it, or a name with a dot or
# an underscore. Brackets are followed three deep.
_INSIDE = r"[^()]*"
for _ in range(3):
    _INSIDE = rf"(?:[^()]|\({_INSIDE}\))*"
_BRACKETS = rf"(?:\({_INSIDE}\)|\[[^\[\]]*\])"
_NAME = r"[A-Za-z]\w*"
CODE = re.compile(
    rf"`[^`]*`|\.?\b{_NAME}(?:\.{_NAME})*(?:{_BRACKETS}(?:\.{_NAME})*)+|"
    rf"\b{_NAME}(?:\.{_NAME})+|\b[A-Za-z]\w*_\w*[A-Za-z0-9]"
)
BETWEEN_CODE = re.compile(r"` ((?:[-+*/@&=<>]|//|\*\*|\+=|==) )?`")  # belongs to one piece of it
BLOCK = (
    "margin: 0.2em 0; padding: 0.4em 0.6em; overflow-x: auto; white-space: pre; color: inherit; "
    "background: rgba(128, 128, 128, 0.13)"
)


@dataclass
class Card:
    """A heading, sentences, and blocks of fixed-width text with a label each."""

    heading: str
    sentences: list = field(default_factory=list)
    blocks: list = field(default_factory=list)  # (label, text)
    closing: list = field(default_factory=list)  # sentences below the blocks
    edge: str = EDGES[NOT_WRITTEN]
    metadata: dict = field(default_factory=dict)

    def text(self):
        """The card as plain text."""
        lines = [self.heading, *(f"  {sentence}" for sentence in self.sentences)]
        for label, text in self.blocks:
            lines += [f"  {label}:"] if label else []
            lines += [f"    {line}" for line in text.splitlines()]
        return "\n".join(lines + [f"  {sentence}" for sentence in self.closing])

    def html(self):
        """The card as HTML, in the colors of its page."""
        parts = [f"<div><strong>{as_html(self.heading)}</strong></div>"]
        parts += [f"<div>{as_html(sentence)}</div>" for sentence in self.sentences]
        parts += [
            f'<div style="{ROW}">',
            *(block(*each) for each in self.blocks),
            "</div>",
        ]
        parts += [f"<div>{as_html(sentence)}</div>" for sentence in self.closing]
        return f'<div role="status" style="{CARD.format(edge=self.edge)}">{"".join(parts)}</div>'

    def show(self):
        """Display the card in a notebook, or print it elsewhere."""
        show_bundle({"text/plain": self.text(), "text/html": self.html()}, self.metadata)


def block(label, text):
    """A block that scrolls, by keyboard as well: no line of code is broken."""
    above = f"<small>{as_html(label)}</small>" if label else ""
    look = f'role="region" tabindex="0" aria-label="{html.escape(label or "code")}" style="{BLOCK}"'
    return f'<div style="min-width: 0">{above}<pre {look}>{html.escape(text)}</pre></div>'


def with_code(sentence):
    """A sentence in which what reads as code is between backticks."""
    marked = CODE.sub(lambda found: f"`{found[0].strip('`')}`", sentence)
    return BETWEEN_CODE.sub(lambda found: f" {found[1] or ''}", marked)


def as_html(text):
    """HTML of a sentence; what stands between backticks becomes code."""
    parts = html.escape(text).split("`")
    for index in range(1, len(parts) - 1, 2):
        parts[index] = f"<code>{parts[index]}</code>"
    return "".join(parts)


def show_bundle(bundle, metadata=None, **options):
    """Display a MIME bundle in a notebook and return its handle, or print its plain text."""
    if in_notebook():
        from IPython.display import display

        return display(bundle, raw=True, metadata=metadata or {}, **options)
    print(bundle["text/plain"])
    return None


def in_notebook():
    """Whether a Jupyter kernel runs this code."""
    kernel = sys.modules.get("ipykernel.kernelapp")
    return kernel is not None and kernel.IPKernelApp.initialized()


@dataclass
class Verdict:
    """What was found of an answer to an exercise."""

    exercise: str
    state: str
    sentences: list = field(default_factory=list)  # why it is not right yet
    blocks: list = field(default_factory=list)  # (label, text): expected, got, what it printed, ...
    notes: list = field(default_factory=list)  # worth knowing, though no fault
    next: list = field(default_factory=list)  # sentences on what comes after a right answer
    checking: str = ""  # the claim that was checked last
    check: str = ""  # the name of that check
    by_demand: bool = False  # whether the check said itself what is wrong, without a comparison
    convention: str = (
        ""  # the name of the one that a right answer follows, if it is not the course's
    )
    checked: list = field(default_factory=list)  # the claims that are true, one per check
    cell: str = ""  # the digest of the cell that was judged

    @property
    def says(self):
        """Why the answer is not right yet, in one string."""
        return " ".join(self.sentences)

    def card(self):
        """The verdict as the learner sees it; its metadata has the state, and of which text."""
        sentences = list(self.sentences)
        if self.state == RIGHT:
            sentences += [f"Checked: {claim}" for claim in self.checked]
        elif self.checking:
            sentences.insert(0, f"Checking: {self.checking}")
        return Card(
            heading=f"{self.exercise}: {self.state}",
            sentences=sentences,
            blocks=self.blocks,
            closing=[*(f"Note: {note}" for note in self.notes), self.outlook, *self.next],
            edge=EDGES[self.state],
            metadata={
                "classroom": {"exercise": self.exercise, "state": self.state, "cell": self.cell}
            },
        )

    @property
    def outlook(self):
        """Whose version the rest of the notebook uses."""
        if self.state == RIGHT:
            return "The rest of this notebook uses your version."
        offer = f'`hint("{self.exercise}")` gives a hint.'
        return f"Until yours is right, the course's own version is used. {offer}"

"""Every encoding by its name, and sums of them."""
import inspect

from minitorch import nn
from solutions.absolute_positions import Learned, Sinusoidal
from solutions.cope import CoPE
from solutions.positions import PositionEncoding
from solutions.relative_positions import ALiBi, Shaw, T5Bias, TransformerXL
from solutions.rope import RoPE


class CombinedPositions(PositionEncoding):
    """Several encodings at once, e.g. CoPE with RoPE: rotations one after the other, biases summed.

    Source: the CoPE paper, sections 5.4 (CoPE + relative) and 5.5 (CoPE + RoPE). Gates see the rotated
    queries and keys. Only encodings that act inside attention combine; what is added to embeddings is added
    once, not per layer.
    """

    def __init__(self, parts):
        super().__init__()
        for part in parts:
            if type(part).embed is not PositionEncoding.embed:
                raise ValueError(
                    f"{type(part).__name__} is added to the embeddings and cannot be part of a sum: combine "
                    "encodings that rotate queries and keys or add to the scores")
        scales = {part.scale for part in parts if part.scale is not None}
        if len(scales) > 1:
            raise ValueError(f"the parts want different scales of q.k: {sorted(scales)}")
        self.parts = nn.ModuleList(parts)
        self.shared = all(part.shared for part in parts)
        self.scale = scales.pop() if scales else None
        for part in parts:
            part.scale = self.scale

    def rotate(self, q, k, offset=0):
        for part in self.parts:
            q, k = part.rotate(q, k, offset)
        return q, k

    def bias(self, q, k, v=None, x=None):
        biases = [bias for part in self.parts if (bias := part.bias(q, k, v, x)) is not None]
        return sum(biases[1:], biases[0]) if biases else None

    def attend(self, q, k, v, mask):
        for part in self.parts:
            if type(part).attend is not PositionEncoding.attend:          # Shaw's value vectors
                return part.attend(q, k, v, mask)
        return super().attend(q, k, v, mask)


def encodings():
    """Every encoding's class by its name; looked up anew each time, so that a learner's own class is found."""
    return {"none": PositionEncoding, "sinusoidal": Sinusoidal, "learned": Learned, "shaw": Shaw,
            "transformer_xl": TransformerXL, "t5": T5Bias, "alibi": ALiBi, "rope": RoPE, "cope": CoPE}


def make_positions(name, dim, num_heads, max_len, **options):
    """The encoding called `name`, for a model `dim` wide with num_heads heads, trained on max_len positions.

    Names: none sinusoidal learned shaw transformer_xl t5 alibi rope cope, and sums such as "cope+rope".
    Options are arguments of the encoding's class; in a sum each class takes those it knows.

        make_positions("cope+rope", dim=64, num_heads=4, max_len=128, npos_max=16, base=500_000.0)

    Raises ValueError for an unknown name or an option nobody takes.
    """
    if dim % num_heads:
        raise ValueError(f"dim {dim} cannot be split evenly over {num_heads} heads")
    known, classes = encodings(), []
    for part in name.split("+"):
        if part not in known:
            raise ValueError(f"no position encoding is called {part!r}; there are {' '.join(known)}, "
                             "and sums such as 'cope+rope'")
        classes.append(known[part])
    accepted = [list(inspect.signature(cls).parameters) for cls in classes]
    for option in options:
        if not any(option in names for names in accepted):
            raise ValueError(f"{name!r} has no option {option!r}; it takes "
                             + " ".join(sorted({key for names in accepted for key in names})))
    given = {"dim": dim, "num_heads": num_heads, "head_dim": dim // num_heads, "max_len": max_len,
             "clip": max_len - 1, "npos_max": max_len + 1, **options}   # every distance and count of training
    parts = [cls(**{key: given[key] for key in names if key in given})
             for cls, names in zip(classes, accepted)]
    return parts[0] if len(parts) == 1 else CombinedPositions(parts)

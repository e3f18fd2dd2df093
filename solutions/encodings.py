"""Every encoding by its name, sums of encodings, and the encodings of a whole
model."""

import inspect

from minitorch import nn
from solutions.absolute_positions import Learned, Sinusoidal
from solutions.cope import CoPE
from solutions.positions import PositionEncoding
from solutions.relative_positions import ALiBi, Shaw, T5Bias, TransformerXL
from solutions.rope import RoPE


class CombinedPositions(PositionEncoding):
    """Several encodings at once, for example CoPE with RoPE.

    Rotations happen one after the other, biases are summed, and gates see the
    rotated queries and keys. Only encodings that act inside attention combine:
    what is added to embeddings is added once, not in every layer.

    parts    PositionEncodings, which stay as they are. The sum is shared by
             all layers if each of them is
    raises   ValueError if the parts want different scales of q.k, and in
             `embed` if a part adds something to the embeddings

    Source: the CoPE paper, sections 5.4 (CoPE + relative) and 5.5 (CoPE +
    RoPE).
    """

    def __init__(self, parts):
        super().__init__()
        scales = {part.scale for part in parts if part.scale is not None}
        if len(scales) > 1:
            raise ValueError(
                f"the parts want different scales of q.k: {sorted(scales)}"
            )
        self.scale = scales.pop() if scales else None
        self.shared = all(part.shared for part in parts)
        self.causal_only = any(part.causal_only for part in parts)
        self.parts = nn.ModuleList(
            [part.with_scale(self.scale) for part in parts]
        )

    def embed(self, x, offset=0):
        for part in self.parts:
            if part.embed(x, offset) is not x:
                raise ValueError(
                    f"{type(part).__name__} is added to the embeddings and "
                    "cannot be part of a sum: combine encodings that rotate "
                    "queries and keys or add to the scores"
                )
        return x

    def rotate(self, q, k, offset=0):
        for part in self.parts:
            q, k = part.rotate(q, k, offset)
        return q, k

    def bias(self, q, k, v=None, x=None):
        biases = (part.bias(q, k, v, x) for part in self.parts)
        biases = [bias for bias in biases if bias is not None]
        return sum(biases[1:], biases[0]) if biases else None

    def attend(self, q, k, v, mask):
        results = (part.attend(q, k, v, mask) for part in self.parts)
        results = [result for result in results if result is not None]
        if len(results) > 1:
            raise ValueError(
                f"{len(results)} parts of a sum want to do the attention; "
                "only one can"
            )
        return results[0] if results else None


def encodings():
    """Every encoding's class by its name.

    They are looked up anew each time, so that a learner's own class is found.
    """
    return {
        "none": PositionEncoding,
        "sinusoidal": Sinusoidal,
        "learned": Learned,
        "shaw": Shaw,
        "transformer_xl": TransformerXL,
        "t5": T5Bias,
        "alibi": ALiBi,
        "rope": RoPE,
        "cope": CoPE,
    }


def make_positions(positions, dim, num_heads, max_len, **options):
    """One encoding, for a model `dim` wide with num_heads heads that is
    trained on max_len positions.

    positions   a name: none sinusoidal learned shaw transformer_xl t5 alibi
                rope cope; a sum such as "cope+rope"; a class of your own, a
                subclass of PositionEncoding; or an instance, which is used
                as it is
    options     arguments of the class; in a sum, each class takes those it
                knows. A class that asks for dim, num_heads, head_dim, max_len,
                clip or npos_max gets them without an option
    returns     a PositionEncoding
    raises      ValueError for an unknown name, an option that nobody takes,
                or an argument that nobody gives

        make_positions("cope+rope", dim=64, num_heads=4, max_len=128,
                       npos_max=16, base=500_000.0)
    """
    layers = layer_positions(positions, 1, dim, num_heads, max_len, **options)
    return layers[0]


def layer_positions(positions, num_layers, dim, num_heads, max_len, **options):
    """The encodings of all layers of a model: a list of num_layers.

    All is as in make_positions. An encoding that is shared serves all layers;
    of any other, each layer has its own. An instance serves the first layer,
    and the others start from copies of it.
    """
    if isinstance(positions, PositionEncoding):
        check_no_options(positions, options)
        others = [positions.for_next_layer() for _ in range(num_layers - 1)]
        return [positions, *others]
    if dim % num_heads:
        raise ValueError(
            f"dim {dim} cannot be split evenly over {num_heads} heads"
        )
    given = {
        "dim": dim,
        "num_heads": num_heads,
        "head_dim": dim // num_heads,
        "max_len": max_len,
        "clip": max_len - 1,  # every distance of the training
        "npos_max": max_len + 1,  # every count of the training
        **options,
    }
    classes = classes_of(positions)
    check_options(positions, classes, options)
    arguments = [arguments_of(cls, given) for cls in classes]
    layers = []
    for _ in range(num_layers):
        parts = [cls(**its) for cls, its in zip(classes, arguments)]
        layers.append(CombinedPositions(parts) if len(parts) > 1 else parts[0])
    return layers[:1] * num_layers if layers[0].shared else layers


def classes_of(positions):
    """The classes that a name, a sum of names, or a class means."""
    if inspect.isclass(positions) and issubclass(positions, PositionEncoding):
        return [positions]
    known = encodings()
    if not isinstance(positions, str):
        raise ValueError(
            f"positions is a name ({' '.join(known)}), a subclass of "
            f"PositionEncoding, or an instance of one, not {positions!r}"
        )
    for part in positions.split("+"):
        if part not in known:
            raise ValueError(
                f"no position encoding is called {part!r}; there are "
                f"{' '.join(known)}, and sums such as 'cope+rope'"
            )
    return [known[part] for part in positions.split("+")]


def arguments_of(cls, given):
    """What `cls` is made with: those of the given arguments that it takes."""
    parameters = inspect.signature(cls).parameters
    for name, parameter in parameters.items():
        required = parameter.default is parameter.empty
        several = parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        )
        if required and not several and name not in given:
            raise ValueError(
                f"{cls.__name__} needs {name!r}: give it a default, or give "
                f"it as an option, Transformer(..., {name}=...)"
            )
    return {name: given[name] for name in parameters if name in given}


def check_options(positions, classes, options):
    """Some class must take each option."""
    taken = {
        name for cls in classes for name in inspect.signature(cls).parameters
    }
    for option in options:
        if option not in taken:
            raise ValueError(
                f"{positions!r} has no option {option!r}; it takes "
                f"{' '.join(sorted(taken)) or 'none'}"
            )


def check_no_options(positions, options):
    """An instance has its settings already."""
    if options:
        name = type(positions).__name__
        raise ValueError(
            f"positions is an instance of {name}, so it cannot take the "
            f"options {' '.join(options)}: say {name}(...) with them instead"
        )

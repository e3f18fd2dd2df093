"""What the course must teach, and where: 32 pieces of its subject, each under a heading of a lesson.

A piece is found again by words that it cannot do without, regular expressions with & between them.
If a heading is renamed, rename it here.
"""

import re
from functools import cache
from pathlib import Path

import jupytext
import pytest

LESSONS = Path(__file__).parents[1] / "lessons"

# piece: [(lesson, how the heading begins, words that must be under it)]
TAUGHT = {
    "1 a learned vector per token, how many numbers, which data": [
        ("embeddings", "How many numbers", "768 & 12,?288"),
        ("embeddings", "When pre-trained vectors pay", "pre-trained"),
    ],
    "2 word2vec: predict the context, near vectors, a picture": [
        ("embeddings", "word2vec", "skip_gram_pairs & imshow|scatter|plot"),
    ],
    "3 six words, three numbers, ids 5 1 3 2; plus a position table": [
        ("embeddings", "From one-hot to lookup", r"\[5,\s*1,\s*3,\s*2\]"),
        ("absolute_positions", "Learned positions", r"\[5,\s*1,\s*3,\s*2\]"),
    ],
    "4 the same id gets the same vector": [
        ("embeddings", "The same id, the same vector", "same"),
    ],
    "5 attention and order: blind without a mask, less so with one": [
        ("attention", "What an RNN has", "permutation-equivariant"),
        ("attention", "Does the causal mask help?", "我爱你 & 苹果 & layer"),
    ],
    "6 why positions are needed": [
        ("attention", "Does the causal mask help?", "order carries meaning & translate"),
    ],
    "7 the decoder's mask, and the leak without it": [
        ("attention", "A model that cheats", "mask & leak|cheat"),
        ("transformer", "The whole model", "leak"),
    ],
    "8 not the index, not index / length": [
        ("absolute_positions", "Why not simply the number?", "length"),
    ],
    "9 a position is a vector; frequencies and wavelengths": [
        ("absolute_positions", "The sinusoidal table", "wavelength"),
    ],
    "10 the sinusoidal formula, and a slip in its bounds": [
        ("absolute_positions", "The sinusoidal table", "sinusoidal_encoding & index_bounds"),
    ],
    "11 the table for six positions and four columns": [
        ("absolute_positions", "The sinusoidal table", r"6,\s*4"),
    ],
    "12 the heat map of 100 positions and 512 columns": [
        ("absolute_positions", "The sinusoidal table", r"100,\s*512"),
    ],
    "13 all encodings side by side": [
        ("what_positions_learn", "The gallery", "sinusoidal & learned & cope & first_layer"),
    ],
    "14 no parameters; a shift is a rotation": [
        ("absolute_positions", "A shift is a rotation", "shift_matrix"),
    ],
    "15 learned absolute positions, as GPT has them": [
        ("absolute_positions", "Learned positions", "GPT-2 & Learned"),
    ],
    "16 relative positions: 2k - 1 vectors, and a slip in the matrix": [
        ("relative_positions", "How many vectors?", "2k - 1"),
        ("relative_positions", "Two conventions, and a mistake", "query minus key"),
        ("relative_positions", "The relative shift", "relative_shift"),
        ("relative_positions", "T5", "t5_bucket"),
    ],
    "17 RoPE: rotated pairs, a cache, a circle, who uses it": [
        ("rope", "A point on a circle", "rotate_pair"),
        ("rope", "Many pairs, many speeds", "rope_cache"),
        ("rope", "Only the distance is left", "score_at_distance|distance"),
        ("rope", "Beside absolute and relative positions", "GPT-NeoX & LLaMA & ChatGLM"),
    ],
    "18 the comparison of all encodings, each cell backed by a check": [
        ("cope", "What every encoding promises", "property_table"),
    ],
    "19 why token counts fail": [
        ("cope", "What tokens cannot count", "yyyyxyyyy & Delta"),
    ],
    "20 CoPE: gates, positions, interpolation, on the key's side": [
        ("cope", "A gate for every pair", "cope_gates"),
        ("cope", "Position: a sum of gates", "cope_positions"),
        ("cope", "Between two vectors", "interpolate"),
        ("cope", "Into the score", "pair"),
    ],
    "21 Alice was tired: gates, sums, vectors": [
        ("cope", "Position: a sum of gates", "Alice & rabbit"),
        ("cope", "Between two vectors", "Alice"),
    ],
    "22 contextual beside token-counted positions": [
        ("cope", "Position: a sum of gates", "[Tt]okens back"),
    ],
    "23 counting, selective copy, flip-flop, beside the paper": [
        ("counting", "The task", "increment|add 1"),
        ("how_sure_are_we", "Beside the paper", "[Tt]able|paper"),
        ("flip_flop_and_selective_copy", "Selective copy", "blank"),
        ("flip_flop_and_selective_copy", "Flip-flop", "write"),
        ("flip_flop_and_selective_copy", "Beside the paper", "[Tt]able 7"),
    ],
    "24 language and code: perplexity; heads and paragraphs": [
        ("language_and_code", "Two texts", "perplexity"),
        ("language_and_code", "What does a head count?", "paragraph"),
    ],
    "25 what positions learn: encoders, decoders, tasks": [
        ("what_positions_learn", "Encoders learn neighbors", "order_probe & position_probe"),
        ("what_positions_learn", "Choose the encoding by the task", "task"),
    ],
    "26 embeddings beyond text": [
        ("embeddings", "A word of your own", "image"),
    ],
    "27 what an RNN has, and attention lacks": [
        ("attention", "What an RNN has", "RNN"),
    ],
    "28 the decoder of a translation model": [
        ("attention", "Two texts: cross-attention", "translation"),
    ],
    "29 wide vectors overfit; frozen features": [
        ("embeddings", "When pre-trained vectors pay", "frozen"),
    ],
    "30 a slip: position 2 is e[2], not between 1 and 3": [
        ("cope", "Between two vectors", "ceil"),
    ],
    "31 video and speech, the paper's outlook": [
        ("language_and_code", "Beside the paper", "video & speech"),
    ],
    "32 what is in use today": [
        ("rope", "What is in use today", "RoPE"),
        ("what_positions_learn", "What you can read now", "RoPE"),
    ],
}


@cache
def sections(slug):
    """{heading: all that is under it}: text, code, and the names of exercises."""
    (path,) = LESSONS.glob(f"*_{slug}/lesson.py")
    heading, found = "", {}
    for cell in jupytext.read(path).cells:
        lines = cell.source.splitlines() + [cell.metadata.get("exercise", "")]
        for line in lines:
            is_heading = cell.cell_type == "markdown" and re.match(r"#+ ", line)
            heading = line.lstrip("# ") if is_heading else heading
            found[heading] = found.get(heading, "") + "\n" + line
    return found


@pytest.mark.parametrize("piece", TAUGHT)
def test_every_piece_is_taught_under_its_heading(piece):
    for slug, begins, words in TAUGHT[piece]:
        under = [text for heading, text in sections(slug).items() if heading.startswith(begins)]
        assert len(under) == 1, (
            f"lesson {slug} has {len(under)} headings that begin with {begins!r}; it has "
            f"{', '.join(sections(slug))}"
        )
        for word in words.split(" & "):
            assert re.search(word, under[0]), f"{slug}, {begins!r}: nothing about {word!r}"


def test_there_are_thirty_two_pieces():
    assert [int(piece.split()[0]) for piece in TAUGHT] == list(range(1, 33))

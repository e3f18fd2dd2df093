"""What is measured: sizes of models, encodings, and the ways in which each is run."""

# As a learner's code runs them. One row more is CoPE with its bias as one operation.
ENCODINGS = (
    "none",
    "sinusoidal",
    "learned",
    "shaw",
    "transformer_xl",
    "t5",
    "alibi",
    "rope",
    "cope",
)
FUSED = "cope_fused"
ROWS = (*ENCODINGS, FUSED)

# minitorch takes its batch in parts of `micro_batch` sequences, which suits the processor's cache.
SIZES = {
    "lesson-09": {
        "vocab_size": 14,
        "dim": 32,
        "num_heads": 2,
        "num_layers": 2,
        "seq_len": 96,
        "max_len": 384,
        "batch": 32,
        "npos_max": 16,
        "micro_batch": 32,
    },
    "S": {
        "vocab_size": 64,
        "dim": 64,
        "num_heads": 4,
        "num_layers": 2,
        "seq_len": 128,
        "max_len": 128,
        "batch": 64,
        "npos_max": 16,
        "micro_batch": 16,
    },
    "M": {
        "vocab_size": 64,
        "dim": 128,
        "num_heads": 8,
        "num_layers": 4,
        "seq_len": 128,
        "max_len": 128,
        "batch": 32,
        "npos_max": 16,
        "micro_batch": 8,  # a twentieth faster than parts of 4
    },
}

# PyTorch gets whatever suits it: as it comes, or with minitorch's memory setting
# (minitorch/memory.py), or with that and the same parts of the batch. WIDE is for processors with
# AVX-512 that OpenBLAS does not know: there it has to be told that it may use it.
OURS, THEIRS, SAME_MALLOC = "minitorch", "PyTorch", "PyTorch, same malloc"
SAME_PARTS = "PyTorch, same malloc and parts"
WIDE = "minitorch, AVX-512 kernel"
LISTING, PRODUCTS, JAX = "paper's listing", "matrix products alone", "JAX, jit"
VARIANTS = {
    OURS: {"engine": "minitorch", "parts": True},
    WIDE: {"engine": "minitorch", "parts": True, "kernel": "SkylakeX"},
    THEIRS: {"engine": "pytorch"},
    SAME_MALLOC: {"engine": "pytorch", "keep_memory": True},
    SAME_PARTS: {"engine": "pytorch", "keep_memory": True, "parts": True},
    LISTING: {"engine": "pytorch", "listing": True},
    PRODUCTS: {"engine": "numpy", "parts": True},
    JAX: {"engine": "jax"},
}
ON_JAX = ("none", "rope", "cope")  # what benchmarks/jax_model.py has


def variants_of(size, threads, name, quick=False, jax=False, wide=False):
    """The ways in which one row is run. Size S, on one thread, is looked at from all sides."""
    variants = [OURS, THEIRS] + ([WIDE] if wide and threads == 1 else [])
    if size == "S" and threads == 1:
        variants += [SAME_MALLOC] if quick else [SAME_MALLOC, SAME_PARTS]
        variants += [LISTING] if name == FUSED else []
        variants += [JAX] if jax and name in ON_JAX and not quick else []
    return variants + ([PRODUCTS] if threads == 1 else [])


def group_name(size, threads):
    return f"{size}, {threads} thread{'s' * (threads > 1)}"


def jobs(quick=False):
    """(size, threads, row) for everything that `make bench` measures, or for its headline rows."""
    if not quick:
        groups = [(size, 1, ROWS) for size in SIZES] + [("S", 2, ROWS)]
    else:
        some = ("none", "rope", "cope")
        groups = [("S", 1, ROWS), ("lesson-09", 1, some), ("M", 1, some[::2]), ("S", 2, some[:1])]
    return [(size, threads, name) for size, threads, rows in groups for name in rows]

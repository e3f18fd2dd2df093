"""The recorded experiments: every encoding on the tasks of the CoPE paper.

    python -m experiments                       train all that is not recorded
    python -m experiments --list                only say what is recorded
    python -m experiments "copy/*" "*/cope-*"   only these; * means anything
    python -m experiments --again copy/cope-lr=0.008-0
                                                train once more, and say if the
                                                numbers are the recorded ones

    python -m experiments "copy/*" --engine pytorch --device cuda
                                                the same on PyTorch, on a GPU
    torchrun --nproc-per-node 2 -m experiments "copy/*" --engine pytorch
                                                two processes train each model
    python -m experiments --paper --list        the runs of the paper's size
    python -m experiments --table               the paper's table, and ours

`recipes` says what is trained, `machine` on what, `training` does one run,
`runner` does all of them, two at once, and `records` writes and reads
results/<recipe>/<encoding>-<variant>-<seed>.json. `on_pytorch` is what only
PyTorch can do, `weights` takes weights from one engine to the other, and
`paper_table` prints the paper's results beside those that are recorded.
"""

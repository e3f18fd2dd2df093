"""The recorded experiments: every encoding on the tasks of the CoPE paper.

    python -m experiments                       train all that is not recorded
    python -m experiments --list                only say what is recorded
    python -m experiments "copy/*" "*/cope-*"   only these; * means anything
    python -m experiments --again copy/cope-plain-0
                                                train once more, and say if the
                                                numbers are the recorded ones

`recipes` says what is trained, `machine` on what, `training` does one run,
`runner` does all of them, two at once, and `records` writes and reads
results/<recipe>/<encoding>-<variant>-<seed>.json.
"""

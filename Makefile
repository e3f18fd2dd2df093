# Every target is one line of Python; without make (on Windows, say) type that line instead: python -m classroom lab
PYTHON ?= python3

.PHONY: help lab test status new notebooks experiments bench setup grade
help lab test status new setup grade:
	@$(PYTHON) -m classroom $@ $(ARGS)

notebooks:
	@$(PYTHON) -m classroom build $(ARGS)

experiments:
	@$(PYTHON) -m classroom run experiments.command $(ARGS)

bench:
	@$(PYTHON) -m classroom run benchmarks.bench $(ARGS)

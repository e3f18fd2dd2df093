"""The engine beside PyTorch: `make bench`."""

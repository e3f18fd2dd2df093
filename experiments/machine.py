"""What a run was computed on: the CPU, the BLAS library, and the kernel it chose for this CPU.

The same training on another kernel rounds its sums in another order. Most end within a fraction
of a per cent of each other, some do not: so a record says which kernel it was made on.
"""

import ctypes
import platform
from pathlib import Path

import numpy as np

UNKNOWN = "unknown"


def machine(engine: str = "minitorch") -> dict[str, str]:
    """The system, the CPU, the BLAS library and its kernel, each "unknown" where nothing tells.

    engine   "minitorch", or "pytorch", which has a library of its own
    """
    on_pytorch = engine == "pytorch"
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": cpu(),
        "blas": torch_blas() if on_pytorch else numpy_blas(),
        "kernel": torch_kernel() if on_pytorch else numpy_kernel(),
    }


def cpu() -> str:
    """The name that the CPU gives itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or UNKNOWN])[0]


def numpy_blas() -> str:
    """The library that NumPy multiplies matrices with."""
    found = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    return f"{found.get('name', UNKNOWN)} {found.get('version', '')}".strip()


def numpy_kernel() -> str:
    """The kernel that OpenBLAS chose for this CPU, or was told to use in OPENBLAS_CORETYPE."""
    package = Path(np.__file__).parent
    folders = (package.parent / "numpy.libs", package / ".dylibs")  # Linux and Windows, macOS
    for path in (path for folder in folders for path in sorted(folder.glob("*openblas*"))):
        library = ctypes.CDLL(str(path))
        for name in (
            "scipy_openblas_get_corename64_",
            "openblas_get_corename64_",
            "openblas_get_corename",
        ):
            if hasattr(library, name):
                function = getattr(library, name)
                function.restype = ctypes.c_char_p
                return function().decode()
    return UNKNOWN


def torch_blas() -> str:
    """PyTorch, which comes with its library."""
    import torch

    return f"torch {torch.__version__}" + (", MKL" if torch.backends.mkl.is_available() else "")


def torch_kernel() -> str:
    """The instructions that PyTorch chose for this CPU."""
    import torch

    return torch.backends.cpu.get_cpu_capability()

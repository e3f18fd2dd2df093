"""Load a module of solutions/ on PyTorch: the same file, only its imports switched.

    rope = load_twin("rope")        # solutions/rope.py, as the module solutions_on_pytorch.rope

The switch is the one a learner makes by hand:

    import minitorch as torch                   ->  import torch
    from minitorch import nn                    ->  from torch import nn
    from minitorch.nn import functional as F    ->  from torch.nn import functional as F

`from solutions.x import y` is followed to the twin of solutions/x.py, so both
families live side by side. (Importing this adds a finder to sys.meta_path.)

    my_twin = twin_of(my_function)  # one function, a learner's own for instance
"""

import importlib
import importlib.abc
import importlib.util
import re
import sys
from pathlib import Path
from types import FunctionType

SOLUTIONS = Path(__file__).parents[1] / "solutions"
PACKAGE = "solutions_on_pytorch"
SWITCHES = (
    (r"^([ \t]*)import minitorch as torch\b", r"\1import torch"),
    (r"^([ \t]*)from minitorch\b", r"\1from torch"),
    (r"^([ \t]*)from solutions\b", rf"\1from {PACKAGE}"),
)


def switch_imports(source):
    """The text of a solutions module, its imports switched and no other line changed."""
    for line, switched in SWITCHES:
        source = re.sub(line, switched, source, flags=re.MULTILINE)
    return source


def solution_modules():
    """The names of all modules in solutions/."""
    return sorted(path.stem for path in SOLUTIONS.glob("*.py") if path.stem != "__init__")


def load_twin(module_name):
    """solutions.<module_name> on PyTorch.

    raises   ImportError if there is no such module, or no PyTorch
    """
    return importlib.import_module(f"{PACKAGE}.{module_name}")


def twin_of(function):
    """The same function, for which `torch`, `nn` and `F` are PyTorch's.

    Names that are not one of these modules keep their meaning, those of other functions, too.

    raises   ImportError if there is no PyTorch
    """
    switched = {
        id(importlib.import_module(f"minitorch{part}")): importlib.import_module(f"torch{part}")
        for part in ("", ".nn", ".nn.functional")
    }
    names = {name: switched.get(id(value), value) for name, value in function.__globals__.items()}
    twin = FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, function.__closure__
    )
    twin.__kwdefaults__ = function.__kwdefaults__
    return twin


class TwinFinder(importlib.abc.MetaPathFinder):
    """Finds solutions_on_pytorch.<name> in solutions/<name>.py."""

    def find_spec(self, fullname, path=None, target=None):
        package, _, name = fullname.partition(".")
        if package != PACKAGE:
            return None
        if not name:
            return importlib.util.spec_from_loader(PACKAGE, loader=None, is_package=True)
        path = SOLUTIONS / f"{name}.py"
        if not path.exists():
            return None
        return importlib.util.spec_from_file_location(fullname, path, loader=TwinLoader(path))


class TwinLoader(importlib.abc.SourceLoader):
    """Compiles the switched text.

    SourceLoader writes no .pyc, which would take the name of the original's.
    """

    def __init__(self, path):
        self.path = path

    def get_filename(self, fullname):
        return str(self.path)

    def get_data(self, path):
        return switch_imports(Path(path).read_text(encoding="utf-8")).encode()


sys.meta_path.append(TwinFinder())

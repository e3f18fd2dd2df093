"""How a function on NumPy arrays becomes an operation on tensors: `differentiable`, and PyTorch's type rules."""
import functools
import inspect

import numpy as np

from minitorch.tensor import DTYPES, KINDS, Node, Tensor, is_grad_enabled, source


def differentiable(function):
    """Turn a function on arrays into an operation on tensors that is recorded and can be differentiated.

    The function gets arrays where its caller gave tensors and returns `out, backward`. `backward(grad)` takes the
    gradient of the loss with respect to `out` and returns that with respect to the first input, or a tuple for the
    first few. Or it returns `out, backward_0, backward_1, ...`, one for each input, and then those nobody needs are
    never called; None stands for an input without a gradient. Gradients are summed back over broadcast axes and
    cast to the input's dtype afterwards. A function that returns only `out` is not differentiable.

    NumPy's complaints become PyTorch's error kinds with the operation's name and the shapes.
    """
    name, signature = function.__name__.strip("_"), inspect.signature(function)

    @functools.wraps(function)
    def operation(*inputs, **options):
        if options and any(isinstance(value, Tensor) for value in options.values()):
            bound = signature.bind(*inputs, **options)                            # tensors given by keyword
            bound.apply_defaults()                                                # no gap before them
            inputs, options = bound.args, bound.kwargs
        try:
            result = function(*[x._data if isinstance(x, Tensor) else x for x in inputs], **options)
        except np.exceptions.AxisError as error:
            raise IndexError(f"{name}: dimension out of range ({error}); {_describe(inputs)}") from None
        except ValueError as error:
            raise RuntimeError(f"{name}: {error}; {_describe(inputs)}") from None
        if type(result) is not tuple:
            return Tensor(result)
        out = Tensor(result[0])
        if is_grad_enabled():
            record(out, name, inputs, result[1:])
        return out

    return operation


def record(out, name, inputs, backwards):
    """Attach to `out` the operation that made it, if any input needs a gradient."""
    targets = [source(x) if isinstance(x, Tensor) else None for x in inputs]
    for target in targets:
        if target is not None:
            out._node = Node(name, out._data, targets, backwards)
            break


def _describe(inputs):
    shapes = [str(tuple(x.shape)) for x in inputs if isinstance(x, Tensor)]
    return "the inputs have shape " + " and ".join(shapes)


def promoted(function):
    """Give two operands a common dtype, PyTorch's `result_type`, before `function` sees them."""
    @functools.wraps(function)
    def on_common_dtype(input, other):
        if type(input) is np.ndarray:                                             # the two frequent cases, quickly
            if type(other) is np.ndarray and input.dtype is other.dtype:
                return function(input, other)
            if type(other) in (float, int) and input.dtype.kind == "f":
                return function(input, other)
        dtype = result_type(input, other)
        return function(np.asarray(input, dtype), np.asarray(other, dtype))
    return on_common_dtype


def result_type(*operands):
    """The dtype that arrays, tensors and Python numbers have in common.

    bool < int64 < float32 < float64. Tensors with dimensions decide first; a 0-d tensor, and after it a Python
    number, only counts when it is of a higher kind (truth value, integer, float). A Python float is float32.
    """
    groups = ([], [], [])                                                         # dimensions, 0-d, Python numbers
    for x in operands:
        x = x._data if isinstance(x, Tensor) else x
        if isinstance(x, np.ndarray):
            groups[0 if x.ndim else 1].append(DTYPES.index(x.dtype))
        elif isinstance(x, (bool, int, float, np.generic)):
            groups[2].append("bif".index(np.asarray(x).dtype.kind))
        else:
            raise TypeError(f"expected tensors and Python numbers, got {type(x).__name__}; wrap it in tensor(...)")
    best = None
    for group in groups:
        if group and (best is None or KINDS[max(group)] > KINDS[best]):
            best = max(group)
    return DTYPES[best]


def method(*names):
    """Make a function a method of Tensor too, under its own name and any `names` (`__add__`, ...)."""
    def attach(function):
        for name in (function.__name__, *names):
            setattr(Tensor, name, function)
        return function
    return attach

"""Keeping gradients in bounds."""

import numpy as np

from minitorch.missing import missing as _missing
from minitorch.tensor import Tensor, wrap


def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False):
    """Scale all gradients by one factor, in place, so that their joint norm is at most `max_norm`.

    Returns the norm before clipping, a 0-d tensor. Source: Pascanu, Mikolov and Bengio (2013),
    algorithm 1.
    """
    parameters = [parameters] if isinstance(parameters, Tensor) else parameters
    grads = [p.grad._data for p in parameters if p.grad is not None]
    norms = [np.linalg.norm(grad.ravel(), norm_type) for grad in grads]
    total = np.linalg.norm(np.asarray(norms, np.result_type(np.float32, *norms)), norm_type)
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(f"the gradients' norm is {total}, so they cannot be clipped")
    for grad in grads:
        grad *= np.minimum(max_norm / (total + 1e-6), 1)
    return wrap(total)


def clip_grad_value_(parameters, clip_value):
    """Move each element of the gradients into [-clip_value, clip_value], in place."""
    for parameter in [parameters] if isinstance(parameters, Tensor) else parameters:
        if parameter.grad is not None:
            np.clip(parameter.grad._data, -clip_value, clip_value, out=parameter.grad._data)


__getattr__ = _missing(__name__, "torch.nn.utils")

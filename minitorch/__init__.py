"""minitorch: a strict, small subset of PyTorch on NumPy. Same names, same arguments, same results.

The core, in reading order:

    graph          the recorded operations, and the walk back through them that finds gradients
    tensor         Tensor: an array that remembers how it was made
    operation      how a function on arrays becomes an operation on tensors
    arithmetic     a + b, exp, ...: each value and, beside it, its derivative
    products       matmul
    shaping        the same elements in another shape or order
    autograd       gradients returned, and operations with a backward of your own

Around it, one family per file:

    recording      no_grad and enable_grad
    watch          changes in place, and why a gradient may be refused after one
    comparisons, reductions, indexing, creation
                   further operations
    gradcheck      gradients checked by finite differences
    serialization  save and load
    memory         a switch of the C library that makes training a third faster
    nn, optim      layers, losses and optimizers, made of all of these
"""
from minitorch.tensor import Tensor, bool_, float32, float64, int64
from minitorch.recording import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from minitorch.operation import result_type
from minitorch.arithmetic import (abs, add, ceil, clamp, cos, div, exp, floor, log, maximum, minimum, mul, neg, pow,
                                  rsqrt, sigmoid, sin, sqrt, sub, tanh, where)
from minitorch.comparisons import (bitwise_and, bitwise_not, bitwise_or, eq, ge, gt, le, logical_and, logical_not,
                                   logical_or, lt, ne)
from minitorch.reductions import (all, amax, amin, any, argmax, argmin, cumsum, logsumexp, max, mean, min,
                                  std, sum, var)
from minitorch.products import matmul, outer
from minitorch.shaping import (cat, chunk, clone, flatten, flip, permute, reshape, roll, split, squeeze,
                               stack, transpose, unbind, unsqueeze)
from minitorch.indexing import gather, index_select, masked_fill, take_along_dim, tril, triu
from minitorch.creation import (Generator, arange, as_tensor, empty, empty_like, eye, from_numpy, full,
                                full_like, get_rng_state, linspace, manual_seed, ones, ones_like, rand,
                                rand_like, randint, randn, randn_like, randperm, set_rng_state, tensor, zeros,
                                zeros_like)
from minitorch import autograd, nn, optim
from minitorch.nn.functional import log_softmax, relu, softmax
from minitorch.serialization import load, save
from minitorch.memory import keep_freed_memory as _keep_freed_memory

double, float, long = float64, float32, int64
bool = bool_

_keep_freed_memory()

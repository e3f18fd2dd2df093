"""minitorch: a strict, small subset of PyTorch on NumPy. Same names, same arguments, same results.

The core, under a thousand lines, in reading order:

    graph          the recorded operations, and the walk back through them that finds gradients
    tensor         Tensor: an array that remembers how it was made
    operation      how a function on arrays becomes an operation on tensors
    arithmetic     a + b, exp, ...: each value and, beside it, its derivative
    products       matmul
    shaping        the same elements in another shape or order

Around it, one family per file:

    autograd       gradients returned, and operations with a backward of your own
    recording      no_grad and enable_grad
    dtypes         the types of numbers, and the type of what is made of two
    watch, views, inplace
                   changes in place, and why a gradient may be refused after one
    sums           sums of many numbers, exact to the last places
    indexing, scattering
                   x[...], picking and writing by indices and masks
    joining        several tensors made one, and one taken apart
    reductions     sums, means, extremes
    comparisons, rounding, elementary, sorting, arranging, contractions
                   further operations, most of them made of those before
    creation, random
                   new tensors
    device         where tensors are: on the CPU
    retaining      where gradients are kept
    printing       what a tensor looks like
    gradcheck      gradients checked by finite differences
    distributions  draws with their probabilities
    serialization  save and load
    complaints, missing
                   errors in the caller's words, and what to write for names that are not here
    threads        how many threads NumPy's products run in: one, unless you ask for more
    memory         a switch of the C library that makes training a third faster
    nn, optim      layers, losses and optimizers, made of all of these

NAMES.md lists every public name and who needs it.
"""

import math as _math
import warnings as _warnings

import numpy as _np

from minitorch.dtypes import bool_, float32, float64, int32, int64, result_type
from minitorch.tensor import Tensor
from minitorch.recording import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from minitorch.arithmetic import (
    abs,
    add,
    clamp,
    cos,
    exp,
    log,
    maximum,
    minimum,
    mul,
    neg,
    pow,
    rsqrt,
    sigmoid,
    sin,
    sqrt,
    sub,
    tanh,
    true_divide,
    where,
)
from minitorch.rounding import ceil, div, floor, floor_divide, fmod, remainder, round, sign, trunc
from minitorch.elementary import (
    addcdiv,
    addcmul,
    atan,
    atan2,
    erf,
    expm1,
    lerp,
    log1p,
    log2,
    log10,
    nan_to_num,
    reciprocal,
    square,
    tan,
)
from minitorch.comparisons import (
    allclose,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    eq,
    equal,
    ge,
    gt,
    is_tensor,
    isclose,
    isfinite,
    isinf,
    isnan,
    le,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    ne,
)
from minitorch.reductions import (
    all,
    amax,
    amin,
    any,
    argmax,
    argmin,
    cumprod,
    cumsum,
    logsumexp,
    max,
    mean,
    min,
    norm,
    prod,
    std,
    std_mean,
    sum,
    var,
    var_mean,
)
from minitorch.products import matmul, outer
from minitorch.contractions import bmm, dot, einsum, mm, mv
from minitorch.shaping import (
    clone,
    flatten,
    flip,
    permute,
    reshape,
    roll,
    squeeze,
    transpose,
    unsqueeze,
)
from minitorch.joining import cat, chunk, split, stack, unbind
from minitorch.arranging import (
    broadcast_to,
    concat,
    diag,
    diagonal,
    hstack,
    meshgrid,
    movedim,
    narrow,
    ravel,
    repeat_interleave,
    select,
    swapaxes,
    t,
    tile,
    unflatten,
    vstack,
)
from minitorch.indexing import gather, index_select, masked_fill, take_along_dim, tril, triu
from minitorch.scattering import index_add, masked_select, scatter, scatter_add
from minitorch.sorting import (
    argsort,
    bincount,
    count_nonzero,
    isin,
    median,
    nonzero,
    sort,
    topk,
    unique,
)
from minitorch import inplace, printing, retaining
from minitorch.device import backends, cuda, device, mps
from minitorch.creation import (
    FloatTensor,
    LongTensor,
    arange,
    as_tensor,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    tensor,
    zeros,
    zeros_like,
)
from minitorch.random import (
    Generator,
    bernoulli,
    get_rng_state,
    manual_seed,
    multinomial,
    normal,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    set_rng_state,
)
from minitorch import autograd, distributions, nn, optim
from minitorch.nn.activations import log_softmax, relu, softmax
from minitorch.serialization import load, save
from minitorch.threads import get_num_threads, set_num_threads, use_one_thread as _use_one_thread
from minitorch.missing import missing as _missing, missing_method as _missing_method
from minitorch.memory import set_allocator_on_import as _set_allocator_on_import

double, float, int, long, bool = float64, float32, int32, int64, bool_
dtype, finfo, iinfo = _np.dtype, _np.finfo, _np.iinfo
inf, nan, pi, e = _math.inf, _math.nan, _math.pi, _math.e
clip = Tensor.clip = clamp
is_floating_point, numel = Tensor.is_floating_point, Tensor.numel

Tensor.__getattr__ = _missing_method
__getattr__ = _missing(__name__, "torch")

# Three things that importing changes in the process. glibc's malloc keeps up to 1 GiB of freed
# memory for the next arrays: a third of a training step's time. MINITORCH_LEAVE_MALLOC=1 in the
# environment leaves it alone. A product of matrices uses one thread, unless a variable asks for
# more (threads.py). And where minitorch computes an inf or a nan, NumPy doesn't warn: PyTorch, too,
# says nothing.
_set_allocator_on_import()
_use_one_thread()
_warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"minitorch\.")

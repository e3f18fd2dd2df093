"""The functions of neural networks, all in one room: `F`. The expensive ones are fused, their
backward pass by hand.

A fused operation makes fewer passes over memory than the same formula in primitives; tests hold
both equal. What pays everywhere: arrays reshaped to two dimensions before BLAS multiplies them,
`ones @ g` for the sum of columns, `np.vecdot` for the dot products of rows, and working in place on
arrays nobody else has.
"""

from minitorch.arithmetic import sigmoid, tanh
from minitorch.nn.activations import (
    elu,
    gelu,
    glu,
    leaky_relu,
    log_softmax,
    logsigmoid,
    silu,
    softmax,
    softplus,
)
from minitorch.nn.activations import relu as _relu
from minitorch.nn.attention import scaled_dot_product_attention
from minitorch.nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    smooth_l1_loss,
)
from minitorch.nn.normalization import (
    batch_norm,
    cosine_similarity,
    layer_norm,
    normalize,
    rms_norm,
)
from minitorch.nn.checks import inplace_option as _inplace_option
from minitorch.nn.transforms import dropout, embedding, linear, one_hot, pad
from minitorch.missing import missing as _missing

relu = _inplace_option(_relu)


__getattr__ = _missing(__name__, "torch.nn.functional")

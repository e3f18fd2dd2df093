"""Neural networks: layers with parameters, the functions they call (F), initial values, gradient
clipping.
"""

from minitorch.missing import missing as _missing
from minitorch.nn import functional, init, utils
from minitorch.nn.containers import ModuleDict, ModuleList, Sequential
from minitorch.nn.layers import (
    ELU,
    GELU,
    BatchNorm1d,
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    Dropout,
    Embedding,
    Flatten,
    HuberLoss,
    Identity,
    KLDivLoss,
    L1Loss,
    LayerNorm,
    LeakyReLU,
    Linear,
    LogSigmoid,
    LogSoftmax,
    MSELoss,
    NLLLoss,
    ReLU,
    RMSNorm,
    Sigmoid,
    SiLU,
    SmoothL1Loss,
    Softmax,
    Softplus,
    Tanh,
)
from minitorch.nn.module import Module, Parameter

__getattr__ = _missing(__name__, "torch.nn")

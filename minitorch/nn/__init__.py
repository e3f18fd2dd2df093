"""Neural networks: layers with parameters (modules.py), functions, initial values, gradient clipping."""
from minitorch.nn import functional, init, utils
from minitorch.nn.modules import (GELU, Dropout, Embedding, Identity, LayerNorm, Linear, Module, ModuleDict,
                                  ModuleList, Parameter, ReLU, RMSNorm, Sequential, SiLU)

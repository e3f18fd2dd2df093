"""Errors are told in the caller's words: the operation, the shapes, what to do; never what NumPy
said inside.
"""

import os
import re
import subprocess
import sys

import numpy as np  # noqa: F401 (in the expressions)
import pytest

import minitorch
from minitorch import nn
from minitorch.nn import functional as F  # noqa: F401 (in the expressions)
from solutions.transformer import Transformer

INNER = (
    r"gufunc|Input operand|operands could|newaxis|_data|array of size|axes don't match|substring"
    r"|zero-size|KeyError|core dimension"
)
ones, tensor = minitorch.ones, minitorch.tensor
linear, model = nn.Linear(3, 2), Transformer(5, 8, 2, num_layers=1, max_len=6, positions="learned")

MESSAGES = {  # what is called: (kind, what the message has to say)
    "ones(2, 3) @ ones(2, 3)": (RuntimeError, "matmul: shapes (2, 3) and (2, 3) do not fit"),
    "ones(3) @ ones(2)": (RuntimeError, "matmul: shapes (3,) and (2,) do not fit"),
    "ones(2, 3) @ ones(2)": (RuntimeError, "matmul: shapes (2, 3) and (2,) do not fit"),
    "ones(4, 2, 3) @ ones(5, 3, 2)": (
        RuntimeError,
        "matmul: shapes (4, 2, 3) and (5, 3, 2) do not fit",
    ),
    "ones(2, 3) @ ones(3, 2).double()": (RuntimeError, "float32 and float64"),
    "minitorch.bmm(ones(2, 3), ones(3, 2))": (RuntimeError, "bmm takes (batch, n, k)"),
    "minitorch.einsum('ij,jk', ones(2, 3), ones(2, 3))": (
        RuntimeError,
        "'j' in 'ij,jk' has sizes 3 and 2",
    ),
    "ones(2, 3) + ones(4)": (RuntimeError, "add: shapes (2, 3) and (4,) do not fit together"),
    "ones(2, 3) < ones(4)": (RuntimeError, "lt: shapes (2, 3) and (4,) do not fit together"),
    "minitorch.where(ones(2) > 0, ones(3), ones(4))": (
        RuntimeError,
        "where: shapes (2,) and (3,) and (4,)",
    ),
    "ones(2, 3).masked_fill(ones(4) > 0, 1)": (RuntimeError, "masked_fill: shapes (2, 3) and (4,)"),
    "minitorch.stack([ones(2), ones(3)])": (
        RuntimeError,
        "stack: the tensors must have one shape, got (2,) and (3,)",
    ),
    "minitorch.cat([ones(2, 3), ones(2, 4)])": (
        RuntimeError,
        "cat: shapes (2, 3) and (2, 4) differ",
    ),
    "ones(3, 4).reshape(5, -1)": (RuntimeError, "shape (3, 4) cannot be put into shape (5, -1)"),
    "ones(3).expand(2, 4)": (RuntimeError, "shape (3,) cannot be expanded to (2, 4)"),
    "ones(3, 4).permute(0, 0)": (
        RuntimeError,
        "(0, 0) does not name each dimension of shape (3, 4) once",
    ),
    "ones(3, 4).sum(2)": (IndexError, "sum: dimension 2 is out of range: expected -2 ... 1"),
    "ones(3, 4).sort(2)": (IndexError, "sort: dimension 2 is out of range: expected -2 ... 1"),
    "ones(2, 3)[0, 4]": (IndexError, "out of bounds for dimension 1 with size 3; the inputs"),
    "ones(2, 3)[0, 1, 2]": (IndexError, "too many indices: it is 2-dimensional"),
    "~ones(2)": (TypeError, "bitwise_not is not defined for float32"),
    "ones(2) * np.ones(2)": (TypeError, "mul takes tensors, got a NumPy array of shape (2,)"),
    "minitorch.sqrt(np.ones(2))": (TypeError, "sqrt takes tensors, got ndarray: wrap it"),
    "ones(2).sum((0, 0))": (RuntimeError, "repeated dimension"),
    "ones(0).max()": (RuntimeError, "no largest or smallest of nothing: shape (0,)"),
    "ones(3).expand(2, 3).add_(1)": (RuntimeError, "clone() it"),
    "ones(3).copy_(ones(4))": (RuntimeError, "values of shape (4,) do not fit into (3,)"),
    "ones(2).long() + 2 ** 63": (
        RuntimeError,
        "add: a number is too large for an integer tensor of shape (2,)",
    ),
    "tensor([1, 2]) + 2 ** 64": (RuntimeError, "too large"),
    "tensor(2 ** 63)": (ValueError, "too large for int64"),
    "tensor([[1], [1, 2]])": (ValueError, "the same length"),
    "tensor('text')": (TypeError, "expected numbers in nested lists, or an array, got str"),
    "minitorch.zeros(2, dtype='float16')": (
        TypeError,
        "no dtype float16: use bool, int32, int64, float32 or float64",
    ),
    "minitorch.zeros(2.5)": (TypeError, "whole numbers"),
    "minitorch.Tensor(2, 3)": (TypeError, "torch.empty(2, 3)"),
    "minitorch.exp([1, 2])": (
        TypeError,
        "exp takes tensors, got list: wrap it in torch.tensor(...)",
    ),
    "minitorch.maximum(ones(2), 0)": (TypeError, "maximum takes tensors, got 0"),
    "ones(2) + None": (TypeError, "got NoneType"),
    "ones(2).sum(out=3)": (
        TypeError,
        "sum takes the arguments (input, dim, keepdim, dtype), and in minitorch no out",
    ),
    "ones(2).to('cuda')": (RuntimeError, "no device 'cuda'"),
    "linear(ones(2, 4))": (RuntimeError, "an input of shape (2, 4) does not have the 3 features"),
    "linear(np.ones((2, 3)))": (
        TypeError,
        "linear takes tensors, got a NumPy array of shape (2, 3)",
    ),
    "linear(ones(2, 3).long())": (
        RuntimeError,
        "linear needs floating point, got float32 and int64: use x.float()",
    ),
    "linear(ones(2, 3).double())": (
        RuntimeError,
        "one dtype for all tensors, got float32 and float64",
    ),
    "nn.LayerNorm(3)(ones(2, 4))": (
        RuntimeError,
        "normalized_shape (3,) must be the last dimensions of (2, 4)",
    ),
    "model(np.ones((2, 3), int))": (
        TypeError,
        "embedding takes tensors, got a NumPy array of shape (2, 3)",
    ),
    "model(tensor([1, 2]))": (ValueError, "(batch, seq), got (2,)"),
    "model(ones(2, 3))": (ValueError, "ids are whole numbers, got float32"),
    "F.embedding(tensor([1, 5]), ones(5, 2))": (IndexError, "ids must be 0 ... 4, got 1 ... 5"),
    "F.relu([1])": (TypeError, "relu takes tensors, got a list"),
    "F.cross_entropy(ones(2, 3), np.array([0, 1]))": (
        TypeError,
        "cross_entropy takes tensors, got a NumPy array",
    ),
    "F.mse_loss(ones(2), [1, 1])": (TypeError, "mse_loss takes tensors, got a list"),
    "F.scaled_dot_product_attention(*map(ones, [(2, 3), (4, 5), (4, 5)]))": (
        RuntimeError,
        "query (2, 3), key (4, 5)",
    ),
    "F.layer_norm(ones(2, 3), 3)": (TypeError, "normalized_shape must be a tuple, (3,)"),
    "minitorch.optim.SGD(ones(2))": (TypeError, "a list of tensors"),
    "nn.LSTM(3, 4)": (
        AttributeError,
        "no torch.nn.LSTM: write the cell with nn.Linear, sigmoid and tanh",
    ),
    "ones(2).cuda()": (AttributeError, "no torch.Tensor.cuda: leave it out"),
}


@pytest.mark.parametrize("expression", MESSAGES)
def test_message(expression):
    kind, said = MESSAGES[expression]
    with pytest.raises(kind) as error:
        eval(expression)
    message = str(error.value)
    assert said in message and not re.search(INNER, message), message


def test_infinities_come_without_a_warning_but_numpys_own_stay():
    code = "import numpy as np, minitorch as t; t.tensor([1.0]) / 0; t.tensor([-1.0]).sqrt(); {}"
    for more, warned in (("0", False), ("np.ones(1) / 0", True)):
        run = subprocess.run(
            [sys.executable, "-c", code.format(more)],
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert run.returncode == 0 and ("RuntimeWarning" in run.stderr) is warned, run.stderr

"""What minitorch does not have, told in a sentence: that it is a part of PyTorch, and what to
write instead.

`missing(room)` makes the `__getattr__` of a module; Python calls it only for names that are not
there.
"""

import difflib
import sys

CPU = "leave it out, everything is computed on the CPU"
CELL = "write the cell with nn.Linear, sigmoid and tanh, and loop over time"
ATTENTION = "nn.Linear and F.scaled_dot_product_attention make one"
DTYPE = "use torch.float32 or torch.float64"
INTEGER = "use torch.int32 or torch.int64"
ARRAY = "use NumPy on x.detach().numpy(); there are no gradients then"
FASTER = "leave it out, it makes programs faster and changes no result"

INSTEAD = {
    "torch": {
        "float16": DTYPE,
        "half": DTYPE,
        "bfloat16": DTYPE,
        "complex64": "keep real and imaginary parts apart",
        "complex128": "keep real and imaginary parts apart",
        "int8": INTEGER,
        "int16": INTEGER,
        "short": INTEGER,
        "uint8": INTEGER,
        "polar": "rotate pairs by their cos and sin",
        "view_as_complex": "rotate pairs by cos and sin",
        "compile": FASTER,
        "jit": FASTER,
        "autocast": FASTER,
        "amp": FASTER,
        "set_float32_matmul_precision": FASTER,
        "inference_mode": "use torch.no_grad()",
        "set_default_dtype": "give dtype= where tensors are made",
        "get_default_dtype": "it is torch.float32",
        "set_default_device": CPU,
        "DoubleTensor": "use torch.tensor",
        "IntTensor": "use torch.tensor",
        "BoolTensor": "use torch.tensor",
        "ByteTensor": "use torch.tensor",
        "ger": "use torch.outer",
        "set_printoptions": "print x.numpy() and use np.set_printoptions",
        "seed": "use torch.manual_seed",
        "linalg": ARRAY,
        "fft": ARRAY,
        "svd": ARRAY,
        "inverse": ARRAY,
        "det": ARRAY,
        "quantile": ARRAY,
        "histc": ARRAY,
        "histogram": ARRAY,
        "mode": ARRAY,
        "searchsorted": ARRAY,
        "bucketize": ARRAY,
        "cdist": "use (x[:, None] - y).norm(dim=-1)",
        "addmm": "use input + mat1 @ mat2",
        "baddbmm": "use input + batch1 @ batch2",
        "tensordot": "use torch.einsum",
        "kron": "use torch.einsum",
        "inner": "use torch.einsum",
        "multiply": "use torch.mul",
        "subtract": "use torch.sub",
        "divide": "use torch.div",
        "negative": "use torch.neg",
        "exp2": "use 2 ** x",
        "sinh": "use (x.exp() - (-x).exp()) / 2",
        "cosh": "use (x.exp() + (-x).exp()) / 2",
        "swapdims": "use torch.transpose",
        "column_stack": "use torch.stack",
        "take": "use x.flatten()[index]",
        "vmap": "write the batch dimension out",
        "func": "write the batch dimension out, or use torch.autograd.grad",
        "Size": "shapes are tuples",
        "conv1d": "use x.unbind or slices and a product",
        "nansum": "use torch.nan_to_num(x).sum()",
        "nanmean": "use x[~x.isnan()].mean()",
        "rad2deg": "multiply by 180 / torch.pi",
        "logspace": "use base ** torch.linspace(start, end, steps)",
        "utils": "take batches by x[torch.randperm(n)]",
        "multiprocessing": "use Python's own",
        "hub": "there is nothing to load",
        "onnx": "use PyTorch for it",
    },
    "torch.Tensor": {
        "cuda": CPU,
        "half": DTYPE,
        "bfloat16": DTYPE,
        "byte": INTEGER,
        "short": INTEGER,
        "char": INTEGER,
        "register_hook": "use retain_grad() and look at .grad after backward()",
        "apply_": "use NumPy on x.numpy()",
        "map_": "use NumPy on x.numpy()",
        "storage": "use x.numpy()",
        "stride": "use x.numpy().strides, in bytes",
        "share_memory_": "use Python's shared_memory",
        "exponential_": "use -torch.rand_like(x).log()",
        "random_": "use torch.randint",
    },
    "torch.nn": {
        "RNN": CELL,
        "LSTM": CELL,
        "GRU": CELL,
        "RNNCell": CELL,
        "LSTMCell": CELL,
        "GRUCell": CELL,
        "MultiheadAttention": ATTENTION,
        "Transformer": ATTENTION,
        "TransformerEncoder": ATTENTION,
        "TransformerEncoderLayer": ATTENTION,
        "TransformerDecoder": ATTENTION,
        "TransformerDecoderLayer": ATTENTION,
        "DataParallel": CPU,
        "ParameterList": "give each parameter a name of its own, in a loop by setattr",
        "ParameterDict": "give each parameter a name of its own, in a loop by setattr",
        "EmbeddingBag": "use nn.Embedding and a sum",
        "CosineSimilarity": "use F.cosine_similarity",
        "Conv1d": "nn.Linear on neighbors set side by side with torch.cat is the same",
        "GroupNorm": "reshape and use F.layer_norm",
        "Unflatten": "use x.unflatten",
        "Softmax2d": "use nn.Softmax(1)",
    },
    "torch.nn.functional": {
        "gumbel_softmax": "add -(-torch.rand_like(x).log()).log() and use F.softmax",
        "mish": "use x * F.softplus(x).tanh()",
        "relu6": "use x.clamp(0, 6)",
        "hardtanh": "use x.clamp(-1, 1)",
        "softmin": "use F.softmax(-x, dim)",
        "multi_head_attention_forward": ATTENTION,
        "embedding_bag": "use F.embedding and a sum",
        "selu": "use 1.0507 * F.elu(x, 1.6733)",
        "softsign": "use x / (1 + x.abs())",
        "tanhshrink": "use x - x.tanh()",
        "triplet_margin_loss": "use F.relu on a difference of norms",
        "gaussian_nll_loss": "write its formula",
    },
    "torch.nn.init": {
        "trunc_normal_": "use nn.init.normal_ and clamp_",
        "orthogonal_": "use np.linalg.qr of normal numbers",
        "eye_": "use torch.eye",
        "sparse_": "use nn.init.normal_ and a mask",
        "dirac_": "use torch.eye",
    },
    "torch.nn.utils": {
        "rnn": "use F.pad and torch.stack",
        "parameters_to_vector": "use torch.cat([p.flatten() for p in parameters])",
        "weight_norm": "divide by the norm in forward",
    },
    "torch.optim": dict.fromkeys(
        (
            "Adagrad",
            "Adadelta",
            "Adamax",
            "NAdam",
            "RAdam",
            "LBFGS",
            "Rprop",
            "SparseAdam",
            "ASGD",
            "Adafactor",
            "Muon",
        ),
        "torch.optim has SGD, RMSprop, Adam and AdamW here",
    ),
    "torch.optim.lr_scheduler": dict.fromkeys(
        (
            "OneCycleLR",
            "CyclicLR",
            "ConstantLR",
            "PolynomialLR",
            "CosineAnnealingWarmRestarts",
            "MultiplicativeLR",
        ),
        "LambdaLR takes any function of the step",
    )
    | {
        "ReduceLROnPlateau": "change group['lr'] for each group in optimizer.param_groups",
        "ChainedScheduler": "call step() of each",
    },
}


def sentence(room, name, known=()):
    """Why `room`, such as "torch.nn", has no `name`: with what to write instead, or a name that is
    meant, if any.
    """
    said = f"minitorch, a small part of PyTorch, has no {room}.{name}"
    instead = INSTEAD.get(room, {}).get(name)
    if instead is not None:
        return f"{said}: {instead}. The same file runs on PyTorch once its imports say torch."
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    if close:
        return f"{said}; did you mean {close[0]}?"
    return f"{said}. If PyTorch has it, the same file runs there once its imports say torch."


def missing(module_name, room):
    """The `__getattr__` of a module in place of PyTorch's `room`."""

    def __getattr__(name):
        if name.startswith("__"):
            raise AttributeError(f"module {module_name!r} has no attribute {name!r}")
        raise AttributeError(sentence(room, name, vars(sys.modules[module_name])))

    return __getattr__


def missing_method(self, name):
    """`Tensor.__getattr__`."""
    if name.startswith("__"):
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
    raise AttributeError(sentence("torch.Tensor", name, dir(type(self))))

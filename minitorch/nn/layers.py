"""Layers: what the functions of nn.functional need, parameters and settings, kept in a Module."""

import math

from minitorch import creation, random
from minitorch.device import on_cpu
from minitorch.dtypes import int64
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.module import Module, Parameter
from minitorch.recording import no_grad


class Layer(Module):
    """The base of layers: `repr` shows their settings."""

    def extra_repr(self):
        return ", ".join(
            f"{name}={x!r}"
            for name, x in vars(self).items()
            if isinstance(x, (int, float, str))
            and name != "training"
            and (name, x) != ("inplace", False)
        )


# ---------------------------------------------------------------- with parameters


class Linear(Layer):
    """x W^T + b: (..., in_features) -> (..., out_features). W, b start in U(-k, k), k^2 = 1 /
    in_features.
    """

    @on_cpu
    def __init__(self, in_features, out_features, bias=True, *, dtype=None):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(creation.empty(out_features, in_features, dtype=dtype))
        self.bias = Parameter(creation.empty(out_features, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self):
        k = 1 / math.sqrt(max(1, self.in_features))
        for parameter in self.parameters():
            init.uniform_(parameter, -k, k)

    def extra_repr(self):
        return f"{super().extra_repr()}, bias={self.bias is not None}"

    def forward(self, input):
        return F.linear(input, self.weight, self.bias)


class Embedding(Layer):
    """A table with one row for each id: (...) -> (..., embedding_dim). It starts from N(0, 1).

    The row `padding_idx` starts from 0 and gets no gradient.
    """

    @on_cpu
    def __init__(self, num_embeddings, embedding_dim, padding_idx=None, *, dtype=None):
        super().__init__()
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionError(
                    f"padding_idx {padding_idx} is not one of {num_embeddings} embeddings"
                )
            padding_idx %= num_embeddings
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = padding_idx
        self.weight = Parameter(random.randn(num_embeddings, embedding_dim, dtype=dtype))
        self._zero_padding()

    @classmethod
    def from_pretrained(cls, embeddings, freeze=True, padding_idx=None):
        """The rows of a matrix, which are not learned unless `freeze=False`."""
        layer = cls(*embeddings.shape, padding_idx=padding_idx, dtype=embeddings.dtype)
        layer.weight = Parameter(embeddings.detach(), requires_grad=not freeze)
        return layer

    def reset_parameters(self):
        init.normal_(self.weight)
        self._zero_padding()

    def extra_repr(self):
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"

    @no_grad()
    def _zero_padding(self):
        if self.padding_idx is not None:
            self.weight[self.padding_idx] = 0

    def forward(self, input):
        return F.embedding(input, self.weight, self.padding_idx)


class LayerNorm(Layer):
    """Mean 0 and variance 1 over the last dimensions, `normalized_shape`; then times weight plus
    bias.
    """

    @on_cpu
    def __init__(
        self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, *, dtype=None
    ):
        super().__init__()
        shape = (
            (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        )
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self.weight = Parameter(creation.ones(*shape, dtype=dtype)) if elementwise_affine else None
        self.bias = (
            Parameter(creation.zeros(*shape, dtype=dtype)) if elementwise_affine and bias else None
        )

    def extra_repr(self):
        affine = f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        return f"{self.normalized_shape}, eps={self.eps}, {affine}"

    def forward(self, input):
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)


class RMSNorm(Layer):
    """Mean square 1 over the last dimensions, `normalized_shape`; then times weight."""

    @on_cpu
    def __init__(self, normalized_shape, eps=None, elementwise_affine=True, *, dtype=None):
        super().__init__()
        shape = (
            (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        )
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self.weight = Parameter(creation.ones(*shape, dtype=dtype)) if elementwise_affine else None

    def extra_repr(self):
        affine = f"elementwise_affine={self.elementwise_affine}"
        return f"{self.normalized_shape}, eps={self.eps}, {affine}"

    def forward(self, input):
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)


class BatchNorm1d(Layer):
    """Each channel of (batch, channels) or (batch, channels, length) with mean 0 and variance 1
    over the batch.

    While training it also keeps running means and variances, by which it normalizes afterwards.
    """

    @on_cpu
    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        *,
        dtype=None,
    ):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight = Parameter(creation.ones(num_features, dtype=dtype)) if affine else None
        self.bias = Parameter(creation.zeros(num_features, dtype=dtype)) if affine else None
        self.register_buffer(
            "running_mean",
            creation.zeros(num_features, dtype=dtype) if track_running_stats else None,
        )
        self.register_buffer(
            "running_var", creation.ones(num_features, dtype=dtype) if track_running_stats else None
        )
        self.register_buffer(
            "num_batches_tracked", creation.tensor(0, dtype=int64) if track_running_stats else None
        )

    def extra_repr(self):
        affine, tracked = self.weight is not None, self.running_mean is not None
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={affine}, "
            f"bias={affine}, track_running_stats={tracked}"
        )

    def forward(self, input):
        if input.ndim not in (2, 3):
            raise ValueError(
                f"BatchNorm1d needs (batch, channels) or (batch, channels, length): {input.shape}"
            )
        momentum = self.momentum
        if self.training and self.num_batches_tracked is not None:
            with no_grad():
                self.num_batches_tracked.add_(1)
            momentum = 1 / self.num_batches_tracked.item() if momentum is None else momentum
        return F.batch_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training,
            momentum,
            self.eps,
        )


# ---------------------------------------------------------------- without


class Identity(Module):
    """Hands its input on; takes any arguments."""

    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, input):
        return input


class Dropout(Layer):
    """While training, zeros each element with probability p and divides the others by 1 - p."""

    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"the dropout probability must be between 0 and 1, got {p}")
        self.p, self.inplace = p, inplace

    def extra_repr(self):
        return f"p={self.p}, inplace={self.inplace}"

    def forward(self, input):
        return F.dropout(input, self.p, self.training, inplace=self.inplace)


class Flatten(Layer):
    """Dimensions start_dim ... end_dim made one: all but the batch's."""

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input):
        return input.flatten(self.start_dim, self.end_dim)


class GELU(Layer):
    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input):
        return F.gelu(input, self.approximate)


class ReLU(Layer):
    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input):
        return F.relu(input, inplace=self.inplace)


class LeakyReLU(Layer):
    def __init__(self, negative_slope=0.01, inplace=False):
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, input):
        return F.leaky_relu(input, self.negative_slope, inplace=self.inplace)


class ELU(Layer):
    def __init__(self, alpha=1.0, inplace=False):
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input):
        return F.elu(input, self.alpha, inplace=self.inplace)


class SiLU(Layer):
    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input):
        return F.silu(input, inplace=self.inplace)


class Softplus(Layer):
    def __init__(self, beta=1.0, threshold=20.0):
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input):
        return F.softplus(input, self.beta, self.threshold)


class Tanh(Module):
    def forward(self, input):
        return F.tanh(input)


class Sigmoid(Module):
    def forward(self, input):
        return F.sigmoid(input)


class LogSigmoid(Module):
    def forward(self, input):
        return F.logsigmoid(input)


class Softmax(Layer):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, input):
        return F.softmax(input, self.dim)


class LogSoftmax(Layer):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, input):
        return F.log_softmax(input, self.dim)


# ---------------------------------------------------------------- losses


class Loss(Module):
    """The base of losses: the function of nn.functional that a subclass names, and its settings."""

    def __init__(self, reduction="mean", **settings):
        super().__init__()
        self.reduction, self.settings = reduction, settings

    def forward(self, input, target):
        return getattr(F, self.function)(input, target, reduction=self.reduction, **self.settings)


class MSELoss(Loss):
    function = "mse_loss"


class L1Loss(Loss):
    function = "l1_loss"


class HuberLoss(Loss):
    function = "huber_loss"

    def __init__(self, reduction="mean", delta=1.0):
        super().__init__(reduction, delta=delta)


class SmoothL1Loss(Loss):
    function = "smooth_l1_loss"

    def __init__(self, *, reduction="mean", beta=1.0):
        super().__init__(reduction, beta=beta)


class KLDivLoss(Loss):
    function = "kl_div"

    def __init__(self, *, reduction="mean", log_target=False):
        super().__init__(reduction, log_target=log_target)


class WeightedLoss(Loss):
    """The base of losses with a `weight`, a buffer; in the state_dict, as in PyTorch."""

    def __init__(self, weight=None, *, reduction="mean", **settings):
        super().__init__(reduction, **settings)
        self.register_buffer("weight", weight)

    def forward(self, input, target):
        return getattr(F, self.function)(
            input, target, self.weight, reduction=self.reduction, **self.settings
        )


class BCELoss(WeightedLoss):
    function = "binary_cross_entropy"


class BCEWithLogitsLoss(WeightedLoss):
    function = "binary_cross_entropy_with_logits"

    def __init__(self, weight=None, *, reduction="mean", pos_weight=None):
        super().__init__(weight, reduction=reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input, target):
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class CrossEntropyLoss(WeightedLoss):
    function = "cross_entropy"

    def __init__(self, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0):
        super().__init__(
            weight, reduction=reduction, ignore_index=ignore_index, label_smoothing=label_smoothing
        )


class NLLLoss(WeightedLoss):
    function = "nll_loss"

    def __init__(self, weight=None, *, ignore_index=-100, reduction="mean"):
        super().__init__(weight, reduction=reduction, ignore_index=ignore_index)

"""Probability distributions to draw from and to score by: what a policy gradient needs."""

import math

import numpy as np

from minitorch.nn.activations import softmax
from minitorch.random import multinomial, normal
from minitorch.recording import no_grad
from minitorch.tensor import Tensor, wrap


class Categorical:
    """One of the classes 0 ... C - 1, by their probabilities or by scores before a softmax: (...,
    C).
    """

    def __init__(self, probs=None, logits=None):
        if (probs is None) == (logits is None):
            raise ValueError("Categorical: give probs or logits, one of the two")
        if probs is not None:
            self.probs = probs / probs.sum(-1, keepdim=True)
            eps = float(np.finfo(probs.dtype).eps)  # no logarithm of 0
            self.logits = self.probs.clamp(eps, 1 - eps).log()
        else:
            self.logits = logits - logits.logsumexp(-1, keepdim=True)
            self.probs = softmax(self.logits, -1)

    def sample(self, sample_shape=()):
        """A class for each row: (*sample_shape, ...), int64."""
        rows = self.probs.detach().reshape(-1, self.probs.shape[-1])
        drawn = multinomial(rows, math.prod(sample_shape), replacement=True)  # (rows, draws)
        return drawn.T.reshape(*sample_shape, *self.probs.shape[:-1])

    def log_prob(self, value):
        """The logarithm of the probability of each class in `value`."""
        shape = np.broadcast_shapes(value.shape, self.logits.shape[:-1])
        classes = value.long().expand(shape).unsqueeze(-1)
        return self.logits.expand(*shape, self.logits.shape[-1]).gather(-1, classes).squeeze(-1)

    def entropy(self):
        """-sum p log p, in nats."""
        return -(self.logits * self.probs).sum(-1)


class Normal:
    """Normally distributed numbers of mean `loc` and standard deviation `scale`, tensors or
    numbers.
    """

    def __init__(self, loc, scale):
        self.loc, self.scale = (
            x if isinstance(x, Tensor) else wrap(np.float32(x)) for x in (loc, scale)
        )
        self._shape = np.broadcast_shapes(self.loc.shape, self.scale.shape)

    def rsample(self, sample_shape=()):
        """loc + scale times a standard normal number: gradients go on to both."""
        return self.loc + self.scale * normal(
            0.0, 1.0, (*sample_shape, *self._shape), dtype=self.loc.dtype
        )

    @no_grad()
    def sample(self, sample_shape=()):
        """(*sample_shape, ...), without a gradient."""
        return self.rsample(sample_shape)

    def log_prob(self, value):
        """The logarithm of the density at `value`."""
        z = (value - self.loc) / self.scale
        return -z * z / 2 - self.scale.log() - math.log(math.sqrt(2 * math.pi))

    def entropy(self):
        """1/2 + log(scale sqrt(2 pi)), in nats."""
        return (0.5 + math.log(math.sqrt(2 * math.pi)) + self.scale.log()).expand(self._shape)

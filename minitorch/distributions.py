"""Probability distributions to draw from and to score by: what a policy gradient or a VAE needs."""
import math

from minitorch.nn.functional import softmax
from minitorch.random import multinomial
from minitorch.recording import no_grad


class Categorical:
    """One of the classes 0 ... C - 1, by their probabilities or by scores before a softmax: (..., C)."""

    def __init__(self, probs=None, logits=None):
        if (probs is None) == (logits is None):
            raise ValueError("Categorical: give probs or logits, one of the two")
        if probs is not None:
            self.probs = probs / probs.sum(-1, keepdim=True)
            self.logits = self.probs.clamp(*_inside(self.probs.dtype)).log()
        else:
            self.logits = logits - logits.logsumexp(-1, keepdim=True)
            self.probs = softmax(self.logits, -1)

    def sample(self, sample_shape=()):
        """A class for each row: (*sample_shape, ...), int64."""
        rows = self.probs.detach().reshape(-1, self.probs.shape[-1])
        drawn = multinomial(rows, math.prod(sample_shape), replacement=True)       # (rows, draws)
        return drawn.T.reshape(*sample_shape, *self.probs.shape[:-1])

    def log_prob(self, value):
        """The logarithm of the probability of each class in `value`."""
        shape = (*value.shape, self.logits.shape[-1])
        return self.logits.expand(shape).gather(-1, value.long().unsqueeze(-1)).squeeze(-1)

    def entropy(self):
        """-sum p log p, in nats."""
        return -(self.logits * self.probs).sum(-1)

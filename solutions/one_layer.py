"""The smallest language model with attention: one layer, on characters, with
or without the causal mask; and its training."""

import numpy as np

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F
from solutions.attention import (
    attention,
    attention_weights,
    causal_mask,
    next_token_pairs,
)
from solutions.embeddings import Embedding


class OneLayer(nn.Module):
    """Characters and their positions, one layer of attention, and scores for
    the next character.

    masked   whether each position sees itself and earlier ones only
    """

    def __init__(self, vocab_size, max_len, masked=True, dim=64, num_heads=2):
        super().__init__()
        self.max_len, self.masked = max_len, masked
        self.num_heads = num_heads
        self.token = Embedding(vocab_size, dim)
        self.position = Embedding(max_len, dim)
        self.qkv = nn.Linear(dim, 3 * dim)  # queries, keys and values at once
        self.out = nn.Linear(dim, vocab_size)

    def forward(self, ids):
        """(batch, seq) int tensor -> (batch, seq, vocab) tensor of logits."""
        x = self.embed(ids)  # (batch, seq, dim)
        heads = attention(*self.split(x), self.mask(ids.shape[1]))
        # (batch, heads, seq, head_dim) -> (batch, seq, dim)
        mixed = heads.transpose(1, 2).reshape(x.shape)
        return self.out(x + mixed)

    def embed(self, ids):
        """The vector of each token, plus that of its position."""
        return self.token(ids) + self.position(torch.arange(ids.shape[1]))

    def split(self, x):
        """Queries, keys and values: (batch, heads, seq, head_dim) each."""
        shape = (*x.shape[:2], self.num_heads, x.shape[2] // self.num_heads)
        return [
            part.reshape(shape).transpose(1, 2)
            for part in self.qkv(x).chunk(3, dim=-1)
        ]

    def mask(self, seq):
        return torch.tensor(causal_mask(seq, seq)) if self.masked else None

    def weights(self, ids):
        """Who looks at whom: (batch, heads, query, key) array."""
        with torch.no_grad():
            q, k, _ = self.split(self.embed(ids))
            return attention_weights(q, k, self.mask(ids.shape[1])).numpy()


def pieces(rng, ids, batch, length):
    """Random pieces of a text: int array (batch, length)."""
    start = rng.integers(0, len(ids) - length + 1, size=batch)
    return ids[start[:, None] + np.arange(length)]


def train_one_layer(model, ids, steps, lr=3e-3, seed=0, on_step=None):
    """Fit a OneLayer to a text of ids, by Adam on 32 random pieces a step.

    on_step   called after every step with the number of steps done and a
              text with the loss, as a progress bar's update is
    returns   the loss of every step, a list, in nats per character
    """
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for step in range(steps):
        batch = pieces(rng, ids, 32, model.max_len + 1)
        inputs, targets = map(torch.tensor, next_token_pairs(batch))
        logits = model(inputs)  # (batch, seq, vocab)
        loss = F.cross_entropy(
            logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if on_step is not None:
            on_step(step + 1, f"loss {losses[-1]:.2f}")
    return losses


def loss_when_writing(model, ids, lengths, seed=1):
    """The loss at the next character of texts that end before it, as they do
    when a model writes.

    lengths   how long the texts are; 100 of each length
    returns   the mean, in nats per character
    """
    rng, losses = np.random.default_rng(seed), []
    for length in lengths:
        inputs, targets = next_token_pairs(pieces(rng, ids, 100, length + 1))
        with torch.no_grad():
            last = model(torch.tensor(inputs))[:, -1]  # (batch, vocab)
            losses.append(
                F.cross_entropy(last, torch.tensor(targets[:, -1])).item()
            )
    return np.mean(losses)

"""The same model and training step in JAX, compiled as one function: "none", "rope" and "cope".

Weights are a dict with the names of the Transformer's parameters in solutions/transformer.py.
"""

import jax
import jax.numpy as jnp
import numpy as np

from solutions.rope import rope_cache
from solutions.training import learning_rate

BETA1, BETA2, EPS, DECAY = 0.9, 0.98, 1e-8, 0.01


def training_step(weights, inputs, targets, size, positions):
    """A function that does one step and returns its loss."""
    state = {name: (w, jnp.zeros_like(w), jnp.zeros_like(w)) for name, w in weights.items()}
    loss_and_gradients = jax.value_and_grad(mean_loss)

    @jax.jit
    def updated(state, number, rate):
        weights = {name: w for name, (w, _, _) in state.items()}
        loss, grads = loss_and_gradients(weights, inputs, targets, size, positions)
        norm = jnp.sqrt(sum((g * g).sum() for g in grads.values()))
        clip = jnp.minimum(1.0 / (norm + 1e-6), 1.0)
        return loss, {
            name: adamw(*state[name], clip * g, number, rate) for name, g in grads.items()
        }

    done = 0

    def step():
        nonlocal state, done
        rate = learning_rate(done, steps=100, peak=3e-3, warmup=10)
        done += 1
        loss, state = updated(state, float(done), rate)
        return float(jax.block_until_ready((loss, state))[0])

    return step


def adamw(w, mean, square, grad, number, rate):
    mean = BETA1 * mean + (1 - BETA1) * grad
    square = BETA2 * square + (1 - BETA2) * grad * grad
    root = jnp.sqrt(square / (1 - BETA2**number)) + EPS
    w = w * (1 - rate * DECAY) - rate * (mean / (1 - BETA1**number)) / root
    return w, mean, square


def mean_loss(weights, inputs, targets, size, positions):
    logits = forward(weights, inputs, size, positions)  # (batch, seq, vocab)
    log_p = jax.nn.log_softmax(logits)
    return -jnp.take_along_axis(log_p, targets[..., None], -1).mean()


def forward(weights, ids, size, positions):
    x = weights["embedding.weight"][ids]  # (batch, seq, dim)
    for n in range(size["num_layers"]):
        prefix = f"blocks.{n}."
        block = {k.removeprefix(prefix): w for k, w in weights.items() if k.startswith(prefix)}
        x = x + attention(block, norm(block, "attention_norm", x), size["num_heads"], positions)
        hidden = jax.nn.gelu(linear(block, "mlp.0", norm(block, "mlp_norm", x)), approximate=True)
        x = x + linear(block, "mlp.2", hidden)
    return norm(weights, "norm", x) @ weights["head.weight"].T


def linear(weights, name, x):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def norm(weights, name, x):
    centered = x - x.mean(-1, keepdims=True)
    n = centered / jnp.sqrt((centered * centered).mean(-1, keepdims=True) + 1e-5)
    return n * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def attention(block, x, heads, positions):
    batch, seq, dim = x.shape
    qkv = linear(block, "attention.qkv", x).reshape(batch, seq, 3, heads, dim // heads)
    q, k, v = qkv.transpose(2, 0, 3, 1, 4)  # (batch, heads, seq, head_dim) each
    if positions == "rope":
        q, k = rotated(q), rotated(k)
    visible = np.tri(seq, dtype=bool)  # (query, key)
    scores = q @ k.mT / (dim // heads) ** 0.5
    if positions == "cope":
        scores = scores + cope(q, jax.nn.sigmoid(scores) * visible, block["attention.positions.e"])
    heads = jax.nn.softmax(jnp.where(visible, scores, -jnp.inf)) @ v
    return linear(block, "attention.out", heads.swapaxes(1, 2).reshape(x.shape))


def rotated(x):
    cos, sin = (table.astype(np.float32) for table in rope_cache(*x.shape[-2:]))
    even, odd = x[..., 0::2], x[..., 1::2]
    return jnp.stack([even * cos - odd * sin, even * sin + odd * cos], -1).reshape(x.shape)


def cope(q, gates, table):
    last = len(table) - 1
    positions = jnp.flip(jnp.flip(gates, -1).cumsum(-1), -1).clip(0, last)
    low = jax.lax.stop_gradient(jnp.floor(positions)).astype(jnp.int32)
    logits = q @ table.T  # (batch, heads, query, npos)
    lower = jnp.take_along_axis(logits, low, -1)
    upper = jnp.take_along_axis(logits, jnp.minimum(low + 1, last), -1)
    return lower + (positions - low) * (upper - lower)

"""Sentences that differ in the order of their words, and two untrained models
that read them: does either see the order?"""

import numpy as np

from solutions.attention import attention_numpy, causal_mask

# In Chinese and in English. All but pair 3 are the same tokens in two orders.
PAIRS = [
    ("我爱你", "你爱我"),
    ("dog bites man", "man bites dog"),
    ("你爸妈对我的看法", "我爸妈对你的看法"),
    ("my dog likes your cat", "your dog likes my cat"),
    ("苹果被我吃了", "我吃了苹果"),
    ("the apple was eaten by Ann", "Ann ate the apple"),
    ("苹果被我吃了", "我被苹果吃了"),
    ("the apple was eaten by Ann", "Ann was eaten by the apple"),
]
DIM = 4


def tokens_of(sentence):
    """Words in English, characters in Chinese, and a period at the end.

    >>> tokens_of("dog bites man"), tokens_of("我爱你")
    (['dog', 'bites', 'man', '.'], ['我', '爱', '你', '.'])
    """
    words = sentence.split() if sentence.isascii() else list(sentence)
    return [*words, "."]


_rng = np.random.default_rng(0)
VECTORS = {  # of every token in PAIRS
    token: _rng.standard_normal(DIM)
    for token in sorted(
        {t for pair in PAIRS for s in pair for t in tokens_of(s)}
    )
}
# two layers, each W_q, W_k and W_v
WEIGHTS = _rng.standard_normal((2, 3, DIM, DIM)) / np.sqrt(DIM)


def embed(sentence):
    """The vectors of a sentence's tokens: array (seq, dim)."""
    return np.stack([VECTORS[token] for token in tokens_of(sentence)])


def attend(x, num_layers=1, causal=False):
    """One or two layers of attention; each adds to what came in, as in real
    models.

    x         array (seq, dim)
    returns   array (seq, dim)
    """
    mask = causal_mask(len(x), len(x)) if causal else None
    for w_q, w_k, w_v in WEIGHTS[:num_layers]:
        x = x + attention_numpy(x @ w_q, x @ w_k, x @ w_v, mask)
    return x


def rnn(x):
    """A recurrent network: its state after each token.

        h[i] = tanh(x[i] W + h[i-1] U), from a state of zeros

    x         array (seq, dim)
    returns   array (seq, dim)
    """
    (w, u, _), state, states = WEIGHTS[0], np.zeros(DIM), []
    for token in x:
        state = np.tanh(token @ w + state @ u)
        states.append(state)
    return np.stack(states)

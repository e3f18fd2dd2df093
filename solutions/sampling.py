"""From logits to text: next-token probabilities, the nucleus, drawing, and the
loop that continues a text."""

import numpy as np

import minitorch as torch


def next_token_probabilities(logits, temperature=1.0, top_k=None):
    """The probabilities from which the next token is drawn.

        p = softmax(logits / temperature)

    logits        float64 array (batch, vocab)
    temperature   a number from 0 up: below 1 sharpens, above 1 flattens.
                  0 gives all the probability to the likeliest token
    top_k         if given, an int from 1 up: only the k likeliest tokens of
                  each row are kept. The others get 0, and what is kept is
                  divided by its sum. More than vocab keeps them all
    returns       float64 array (batch, vocab), each row sums to 1

    A logit of 1000 must not overflow. Among equally likely tokens the lower id
    comes first, so never more than k are kept.

    >>> logits = np.log([[2.0, 4.0, 1.0, 1.0]])
    >>> next_token_probabilities(logits).round(3).tolist()
    [[0.25, 0.5, 0.125, 0.125]]
    >>> next_token_probabilities(logits, 0.5, top_k=3).round(3).tolist()
    [[0.19, 0.762, 0.048, 0.0]]

    At a temperature of 0.5 the shares 2, 4, 1, 1 are squared: 4, 16, 1, 1.
    Without the last of them, 4 is 0.19 of their sum, 21.
    """
    if temperature == 0:
        temperature, top_k = 1.0, 1
    below = logits - logits.max(axis=-1, keepdims=True)  # 0 or less
    p = np.exp(below / temperature)  # (batch, vocab)
    if top_k is not None:  # all but the k likeliest become 0
        order = np.argsort(-logits, axis=-1, kind="stable")
        np.put_along_axis(p, order[:, top_k:], 0, axis=-1)
    return p / p.sum(axis=-1, keepdims=True)


def nucleus(probabilities, top_p):
    """Keep the likeliest tokens, as few as it takes for their probabilities
    to reach top_p together.

    The others get 0, and what is kept is divided by its sum, so that it sums
    to 1 again. The likeliest token always stays. Among equally likely tokens,
    the lower id comes first.

    probabilities   (batch, vocab) array, rows sum to 1
    top_p           a number above 0, up to 1
    returns         (batch, vocab) array: each token's new probability, in its
                    old column

    >>> p = np.array([[0.25, 0.125, 0.5, 0.125]])
    >>> nucleus(p, top_p=0.6).round(3).tolist()         # 0.5 + 0.25 reach 0.6
    [[0.333, 0.0, 0.667, 0.0]]

    Source: Holtzman et al. 2020 (arXiv 1904.09751), section 3.1.
    """
    # likeliest first
    order = np.argsort(-probabilities, axis=-1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=-1)
    before = ranked.cumsum(axis=-1) - ranked  # the share of likelier tokens
    kept = np.zeros_like(probabilities)
    ranked = np.where(before < top_p, ranked, 0)
    np.put_along_axis(kept, order, ranked, axis=-1)
    return kept / kept.sum(axis=-1, keepdims=True)


def draw(rng, weights):
    """Draw one column per row, with chances in proportion to its weights.

    weights   (rows, columns) array of numbers from 0 up
    returns   int array (rows,)
    """
    edges = weights.cumsum(axis=-1)  # (rows, columns)
    points = rng.random((len(weights), 1)) * edges[:, -1:]  # (rows, 1)
    return (points >= edges).sum(axis=-1)


def check_options(temperature, top_k, top_p):
    """Refuse options that `generate` can make no sense of."""
    if temperature < 0:
        raise ValueError(
            f"temperature must not be negative, got {temperature}"
        )
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must keep at least 1 token, got {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must be in (0, 1], got {top_p}")


@torch.no_grad()
def generate(
    model,
    ids,
    steps,
    temperature=1.0,
    top_k=None,
    top_p=None,
    rng=None,
    cached=True,
):
    """Continue each row of ids by `steps` tokens, one after the other.

    model         a Transformer
    ids           (batch, seq) array, at least one token per row
    temperature   see `next_token_probabilities`
    top_k         see `next_token_probabilities`
    top_p         if given, draw from the `nucleus` of these probabilities
    rng           np.random.Generator to draw tokens with; temperature 0 needs
                  none
    cached        True: each step computes the newest position only, and
                  remembers the keys and values of all earlier ones. False:
                  each step computes the whole sequence again. Both give the
                  same tokens
    returns       int64 array (batch, seq + steps)
    raises        ValueError for no token to continue, no rng to draw with, a
                  negative temperature, top_k below 1, or top_p outside (0, 1]
    """
    ids = np.asarray(ids, dtype=np.int64)
    if ids.ndim != 2 or ids.shape[1] == 0:
        raise ValueError(
            "ids must be (batch, seq) with at least one token per row, "
            f"got shape {ids.shape}"
        )
    if rng is None and temperature != 0:
        raise ValueError(
            "drawing tokens needs rng=np.random.default_rng(seed); "
            "or say temperature=0"
        )
    check_options(temperature, top_k, top_p)
    was_training = model.training
    model.eval()
    caches = model.new_caches() if cached else None
    device = next(model.parameters()).device
    new = ids
    for _ in range(steps):
        read = torch.tensor(new if cached else ids, device=device)
        logits = model(read, caches)
        # (batch, vocab)
        last = logits[:, -1].cpu().numpy().astype(np.float64)
        p = next_token_probabilities(last, temperature, top_k)
        if top_p is not None:
            p = nucleus(p, top_p)
        likeliest = temperature == 0
        new = p.argmax(axis=-1) if likeliest else draw(rng, p)
        new = new[:, None]  # (batch, 1)
        ids = np.concatenate([ids, new], axis=1)
    model.train(was_training)
    return ids

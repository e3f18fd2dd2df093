"""Embeddings: one vector for each token, looked up by its id. Their gradient,
word2vec, and tied weights."""

import numpy as np

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F


def one_hot(ids, vocab_size):
    """Each id as a row of zeros with a single 1, in the column of that id.

    ids          int array of any shape, each id one of 0 ... vocab_size - 1
    returns      float64 array (*ids.shape, vocab_size)

    >>> one_hot(np.array([2, 0]), 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    check_ids(ids, vocab_size)
    return (np.asarray(ids)[..., None] == np.arange(vocab_size)).astype(float)


def check_ids(ids, vocab_size):
    """Refuse ids that are not integers, or that have no row in the table."""
    if str(getattr(ids, "device", "cpu")) != "cpu":
        return  # looking at them would make a GPU wait
    ids = np.asarray(ids)
    if ids.dtype.kind not in "iu":
        raise ValueError(
            f"ids are whole numbers, got {ids.dtype} of shape {ids.shape}"
        )
    if ids.size and not (ids.min() >= 0 and ids.max() < vocab_size):
        raise ValueError(
            f"ids {ids.shape} run from {ids.min()} to {ids.max()}, "
            f"the vocabulary has {vocab_size} entries, 0 to {vocab_size - 1}"
        )


def embedding_backward(grad, ids, vocab_size):
    """The gradient of a lookup with respect to its table.

    The lookup has copied row ids[n] of the table to position n. You know what
    came back to each position. What does each row of the table get, if it was
    copied once, three times, or never?

    grad         array (*ids.shape, dim), the gradient at each position
    ids          int array of any shape, (seq,) or (batch, seq), say
    vocab_size   how many rows the table has
    returns      array (vocab_size, dim) of the dtype of grad

    >>> grad = np.array([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]])
    >>> embedding_backward(grad, np.array([0, 2, 0]), vocab_size=3).tolist()
    [[101.0, 202.0], [0.0, 0.0], [10.0, 20.0]]
    """
    check_ids(ids, vocab_size)
    if grad.shape[:-1] != ids.shape:
        raise ValueError(
            f"each id needs one gradient vector: ids {ids.shape}, "
            f"gradient {grad.shape}"
        )
    table = np.zeros((vocab_size, grad.shape[-1]), dtype=grad.dtype)
    # table[ids] += grad would count each repeated id once only.
    np.add.at(table, ids, grad)
    return table


class Embedding(nn.Module):
    """A table with one learned vector for each token of the vocabulary.

    Looking up a row gives what multiplying a one-hot row by the table would,
    without the multiplication. The table starts at N(0, 1), as nn.Embedding
    does.

    >>> table = Embedding(3, 2)
    >>> table(torch.tensor([[0, 2, 0, 1]])).shape == (1, 4, 2)
    True
    """

    def __init__(self, vocab_size, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocab_size, dim))
        nn.init.normal_(self.weight)

    def forward(self, ids):
        """The row of the table for each id.

        ids       int tensor of any shape
        returns   (*ids.shape, dim) tensor; gradients flow through it to
                  self.weight
        raises    ValueError for an id without a row, also below 0. The
                  function check_ids(ids, vocab_size) raises it for you
        """
        check_ids(ids, len(self.weight))
        return F.embedding(ids, self.weight)


def vocabulary_logits(hidden, table):
    """How well each vector of a table fits: its dot product with the hidden
    vector.

    With the input embedding as the table, the same weights read tokens and
    predict them: tied weights (Press & Wolf 2017, arXiv 1608.05859).

    hidden    (..., dim) tensor
    table     (vocab, dim) tensor
    returns   (..., vocab) tensor

    >>> table = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> vocabulary_logits(torch.tensor([1.0, 2.0]), table).tolist()
    [1.0, 2.0, 3.0]
    """
    if hidden.shape[-1] != table.shape[-1]:
        raise ValueError(
            f"hidden {tuple(hidden.shape)} and the table "
            f"{tuple(table.shape)} differ in dim"
        )
    return hidden @ table.transpose(0, 1)


def tied_gradient(table, ids, grad_logits):
    """The gradient of a table that is used twice: to look tokens up, and to
    score all tokens.

    The smallest model with tied weights reads a token and scores every token
    of the vocabulary as the next:

        hidden[n]    = table[ids[n]]                             the lookup
        logits[n, r] = sum over d of hidden[n, d] table[r, d]

    so logits = hidden table^T. You know the gradient of the logits. What
    comes back to the table? You may use `embedding_backward(grad, ids,
    vocab_size)`, which is yours.

    table         array (vocab, dim)
    ids           int array (seq,)
    grad_logits   array (seq, vocab)
    returns       array (vocab, dim)

    >>> table = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> grad_logits = np.array([[0.0, 1.0, 0.0]])
    >>> tied_gradient(table, np.array([0]), grad_logits).tolist()
    [[3.0, 4.0], [1.0, 2.0], [0.0, 0.0]]

    Here only logits[0, 1] counts, and it is table[0] . table[1]. Its slope
    for row 0 is row 1, and for row 1 it is row 0.
    """
    hidden = table[ids]  # (seq, dim)
    grad_hidden = grad_logits @ table  # (seq, dim)
    grad_as_output = grad_logits.T @ hidden  # (vocab, dim)
    return embedding_backward(grad_hidden, ids, len(table)) + grad_as_output


# ------------------------------------------ a small text

GROUPS = {
    "animal": "cat dog horse cow",
    "food": "bread cheese soup rice",
    "color": "red green blue white",
    "place": "house garden forest village",
}
FRAMES = """
the [animal] sleeps in the [place]
the [animal] runs to the [place]
we feed the [animal] every morning
my [animal] has four legs
the [animal] likes [food]
they eat [food] for dinner
we cook [food] in the kitchen
hot [food] tastes good
they buy [food] at the market
she wears a [color] dress
he wants a [color] car
the [color] paint is still wet
a [color] bird sings in the [place]
the wall of the [place] is [color]
there is a path to the [place]
they live near the [place]
""".strip().splitlines()


def small_text(sentences, seed=0):
    """Sentences drawn from FRAMES, each gap filled with a word of its group.

    No frame has two gaps of one kind, so two words of the same group are
    never in one sentence.

    returns   a list of strings
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for frame in rng.choice(FRAMES, size=sentences):
        for group, words in GROUPS.items():
            frame = frame.replace(f"[{group}]", rng.choice(words.split()))
        drawn.append(str(frame))
    return drawn


def text_ids(sentences, word_id):
    """The ids of sentences, with a period between any two.

    sentences   a list of strings
    word_id     {word: id}; words that are not in it are skipped
    returns     int array

    >>> text_ids(["a cat", "the cat"], {"a": 0, "cat": 1, ".": 2}).tolist()
    [0, 1, 2, 1]
    """
    tokens = " . ".join(sentences).split()
    return np.array([word_id[token] for token in tokens if token in word_id])


# ------------------------------------------ word2vec


def skip_gram_pairs(ids, window):
    """The training pairs of word2vec's skip-gram: every token with each of its
    neighbors.

    A neighbor is at most `window` positions to the left or right. No token is
    its own neighbor, but an equal token beside it is one. The pairs come in
    the order of the text, and each token's neighbors from left to right.

    ids       int array (seq,)
    window    at least 1; it may be wider than the text
    returns   centers, contexts: int64 arrays of equal length

    >>> centers, contexts = skip_gram_pairs(np.array([7, 8, 9]), window=1)
    >>> centers.tolist(), contexts.tolist()
    ([7, 8, 8, 9], [8, 7, 9, 8])

    Source: Mikolov, Chen et al. 2013 (arXiv 1301.3781), section 3.2.
    """
    ids = np.asarray(ids)
    if ids.ndim != 1 or window < 1:
        raise ValueError(
            "expected one sequence of ids and a window of 1 or more, "
            f"got ids {ids.shape} and window {window}"
        )
    position = np.arange(len(ids))
    # (center, context)
    distance = np.abs(position[:, None] - position[None, :])
    center, context = np.nonzero((distance > 0) & (distance <= window))
    return ids[center], ids[context]


class SkipGram(nn.Module):
    """word2vec's skip-gram: from a word, predict the words around it.

    Each word has two vectors: one as the center, which is kept in the end,
    and one as a context. Words with similar contexts have to predict the same
    words, so their vectors tend to move together. The softmax runs over the
    whole vocabulary; with a large one, a few wrong words are drawn instead.

    Sources: Mikolov, Chen et al. 2013 (arXiv 1301.3781); negative sampling:
    Mikolov, Sutskever et al. 2013 (arXiv 1310.4546).
    """

    def __init__(self, vocab_size, dim):
        super().__init__()
        self.center = Embedding(vocab_size, dim)
        self.context = Embedding(vocab_size, dim)
        for table in self.parameters():
            nn.init.normal_(table, std=dim**-0.5)

    def forward(self, ids):
        """How well each word fits as a neighbor of the center words.

        ids       int tensor of any shape
        returns   (*ids.shape, vocab) tensor of logits
        """
        return vocabulary_logits(self.center(ids), self.context.weight)


def train_skip_gram(
    model, ids, window, steps, batch=512, lr=0.03, seed=0, on_step=None
):
    """Fit a SkipGram to a text of ids, by Adam on random batches of pairs.

    on_step   called after every step with its number and loss, to move a
              progress bar, say
    returns   the loss of every step, a list
    """
    rng = np.random.default_rng(seed)
    centers, contexts = skip_gram_pairs(ids, window)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for step in range(steps):
        chosen = rng.integers(len(centers), size=batch)
        loss = F.cross_entropy(
            model(torch.tensor(centers[chosen])),
            torch.tensor(contexts[chosen]),
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if on_step is not None:
            on_step(step, losses[-1])
    return losses


def learn_word(model, contexts, steps=200, lr=0.05, seed=0):
    """A vector for one more word, from its contexts. The trained SkipGram is
    frozen.

    Textual inversion finds a new word's vector the same way, in a model that
    turns text into images (Gal et al. 2022, arXiv 2208.01618).

    contexts   int array (pairs,), the ids of the words that were around it
    returns    array (1, dim)
    """
    torch.manual_seed(seed)
    word = Embedding(1, model.center.weight.shape[1])
    optimizer = torch.optim.Adam(word.parameters(), lr=lr)
    for _ in range(steps):
        vector = word(torch.zeros(len(contexts), dtype=torch.int64))
        # (pairs, vocab); all rows are the same
        logits = vocabulary_logits(vector, model.context.weight.detach())
        loss = F.cross_entropy(logits, torch.tensor(contexts))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return word.weight.detach().numpy()


def pair_loss(model, ids, window):
    """The mean loss of a SkipGram over all pairs of a text.

    returns   a float, in nats per pair
    """
    centers, contexts = skip_gram_pairs(ids, window)
    with torch.no_grad():
        logits = model(torch.tensor(centers))
        return F.cross_entropy(logits, torch.tensor(contexts)).item()


def nearest(table, id, count):
    """The tokens whose vectors point most nearly the same way as that of `id`.

    The measure is the cosine: the dot product of two vectors, divided by both
    their lengths. The token itself doesn't count as its own neighbor, but
    another one that points exactly the same way does. Equal cosines may come
    in any order.

    table     array (vocab, dim)
    id        one of 0 ... vocab - 1
    count     how many tokens to return, at most vocab - 1
    returns   ids, cosines: arrays (count,), best first

    >>> table = np.array([[1.0, 0.0], [0.0, 3.0], [2.0, 2.0], [-1.0, 0.0]])
    >>> ids, cosines = nearest(table, id=0, count=2)
    >>> ids.tolist(), cosines.round(2).tolist()
    ([2, 1], [0.71, 0.0])
    """
    check_ids(np.array(id), len(table))
    # (vocab, dim), each of length 1
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    cosines = unit @ unit[id]  # (vocab,)
    order = np.argsort(-cosines, kind="stable")
    best = order[order != id][:count]
    return best, cosines[best]

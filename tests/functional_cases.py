"""Calls of nn.functional that run unchanged on minitorch and on PyTorch, with the arrays to call them on.

Used by test_functional.py and by reference/make_functional.py, which freezes PyTorch's answers.
"""
import numpy as np


def ids(count, *shape):
    """Whole numbers 0 ... count - 1."""
    return lambda rng: rng.integers(0, count, shape)


def ignoring(count, *shape):
    """The same with some of them -100, which cross_entropy ignores."""
    return lambda rng: np.where(rng.random(shape) < 0.3, -100, rng.integers(0, count, shape))


def allowed(*shape):
    """Truth values; the second row allows nothing."""
    return lambda rng: (rng.random(shape) < 0.6) & (np.arange(shape[-2]) != 1)[:, None]


def added(*shape):
    """Numbers to add to attention scores, some of them -inf, the whole second row among them."""
    return lambda rng: np.where(allowed(*shape)(rng), rng.standard_normal(shape), -np.inf)


def shares(*shape):
    """Probabilities along dimension 1."""
    return lambda rng: (lambda x: x / x.sum(1, keepdims=True))(rng.random(shape))


def chances(*shape):
    """Probabilities."""
    return lambda rng: rng.uniform(0.05, 0.95, shape)


def attention(**options):
    return lambda F, q, k, v, mask=None: F.scaled_dot_product_attention(q, k, v, mask, **options)


WEIGHTS = [1.0, 0.5, 2.0, 0.0, 3.0]                                               # of classes or columns
QKV = (2, 3, 5, 4), (2, 3, 6, 4), (2, 3, 6, 7)
LONG = (1, 2, 70, 4), (1, 2, 70, 4), (1, 2, 70, 4)                                # long enough to be computed in blocks

CASES = {                                                     # name: (call, a shape or a maker for each input)
    "relu": (lambda F, x: F.relu(x), (3, 4)),
    "silu": (lambda F, x: F.silu(x * 3), (3, 4)),
    "softplus": (lambda F, x: F.softplus(x * 9), (3, 4)),
    "logsigmoid": (lambda F, x: F.logsigmoid(x * 9), (3, 4)),
    "gelu": (lambda F, x: F.gelu(x * 3), (3, 4)),
    "gelu_tanh": (lambda F, x: F.gelu(x * 3, approximate="tanh"), (3, 4)),
    "gelu_of_a_number": (lambda F, x: F.gelu(x), ()),
    "softmax": (lambda F, x: F.softmax(x, -1), (3, 4)),
    "softmax_first": (lambda F, x: F.softmax(x, 0), (3, 4, 2)),
    "log_softmax": (lambda F, x: F.log_softmax(x, 1), (3, 4, 2)),
    "linear": (lambda F, x, w, b: F.linear(x, w, b), (2, 3, 4), (5, 4), (5,)),
    "linear_without_bias": (lambda F, x, w: F.linear(x, w), (3, 4), (5, 4)),
    "linear_of_a_vector": (lambda F, x, w, b: F.linear(x, w, bias=b), (4,), (5, 4), (5,)),
    "linear_transposed": (lambda F, x, w: F.linear(x.transpose(0, 2), w.transpose(0, 1)), (4, 3, 2), (4, 5)),
    "linear_empty": (lambda F, x, w, b: F.linear(x, w, b), (0, 4), (5, 4), (5,)),
    "layer_norm": (lambda F, x, w, b: F.layer_norm(x, (4,), w, b), (2, 3, 4), (4,), (4,)),
    "layer_norm_two_dimensions": (lambda F, x, w, b: F.layer_norm(x, (3, 4), w, b, 0.1), (2, 3, 4), (3, 4), (3, 4)),
    "layer_norm_plain": (lambda F, x: F.layer_norm(x, (4,)), (3, 4)),
    "layer_norm_without_bias": (lambda F, x, w: F.layer_norm(x, (4,), weight=w), (3, 4), (4,)),
    "layer_norm_without_weight": (lambda F, x, b: F.layer_norm(x, (4,), bias=b), (3, 4), (4,)),
    "rms_norm": (lambda F, x, w: F.rms_norm(x, (4,), w, 1e-5), (2, 3, 4), (4,)),
    "rms_norm_plain": (lambda F, x: F.rms_norm(x, (3, 4)), (2, 3, 4)),
    "embedding": (lambda F, i, w: F.embedding(i, w), ids(4, 2, 7), (5, 3)),
    "embedding_of_nothing": (lambda F, i, w: F.embedding(i, w), ids(4, 0), (5, 3)),
    "one_hot": (lambda F, i, x: F.one_hot(i, 4) * x, ids(4, 3), (3, 4)),
    "cross_entropy": (lambda F, x, t: F.cross_entropy(x, t), (6, 5), ids(5, 6)),
    "cross_entropy_of_one": (lambda F, x, t: F.cross_entropy(x, t), (5,), ids(5)),
    "cross_entropy_ignoring": (lambda F, x, t: F.cross_entropy(x, t), (9, 5), ignoring(5, 9)),
    "cross_entropy_sum": (lambda F, x, t: F.cross_entropy(x, t, reduction="sum"), (9, 5), ignoring(5, 9)),
    "cross_entropy_each": (lambda F, x, t: F.cross_entropy(x, t, reduction="none"), (9, 5), ignoring(5, 9)),
    "cross_entropy_smoothed": (lambda F, x, t: F.cross_entropy(x, t, label_smoothing=0.2), (9, 5), ignoring(5, 9)),
    "cross_entropy_more_dimensions": (lambda F, x, t: F.cross_entropy(x, t, ignore_index=1), (2, 3, 4, 5), ids(3, 2, 4, 5)),
    "cross_entropy_probabilities": (lambda F, x, t: F.cross_entropy(x, t), (4, 3), shares(4, 3)),
    "cross_entropy_probabilities_smoothed": (
        lambda F, x, t: F.cross_entropy(x, t, label_smoothing=0.1), (2, 3, 4), shares(2, 3, 4)),
    "nll_loss": (lambda F, x, t: F.nll_loss(x, t), (9, 5), ignoring(5, 9)),
    "nll_loss_more_dimensions": (lambda F, x, t: F.nll_loss(x, t, reduction="none"), (2, 3, 4), ids(3, 2, 4)),
    "mse_loss": (lambda F, x, y: F.mse_loss(x, y), (3, 4), (3, 4)),
    "mse_loss_sum": (lambda F, x, y: F.mse_loss(x, y, reduction="sum"), (3, 4), (3, 4)),
    "leaky_relu": (lambda F, x: F.leaky_relu(x, 0.2), (3, 4)),
    "elu": (lambda F, x: F.elu(x, alpha=0.7), (3, 4)),
    "glu": (lambda F, x: F.glu(x), (3, 4)),
    "glu_first": (lambda F, x: F.glu(x, dim=0), (4, 3)),
    "softplus_steep": (lambda F, x: F.softplus(x, beta=4, threshold=2), (3, 4)),
    "normalize": (lambda F, x: F.normalize(x), (3, 4)),
    "normalize_other_norm": (lambda F, x: F.normalize(x, p=3, dim=0), (3, 4)),
    "cosine_similarity": (lambda F, x, y: F.cosine_similarity(x, y, dim=-1), (3, 4), (2, 1, 4)),
    "batch_norm": (lambda F, x, w, b: F.batch_norm(x, None, None, w, b, training=True), (6, 4), (4,), (4,)),
    "batch_norm_of_sequences": (lambda F, x, w: F.batch_norm(x, None, None, w, training=True), (3, 4, 5), (4,)),
    "batch_norm_running": (
        lambda F, x, w, b: F.batch_norm(x, x.new_tensor([0, 1, 2, 3]), x.new_tensor(WEIGHTS[:4]), w, b), (3, 4), (4,), (4,)),
    "pad": (lambda F, x: F.pad(x, (1, 2)), (3, 4)),
    "pad_two_dimensions": (lambda F, x: F.pad(x, (0, 1, -1, 2), value=3.0), (2, 3, 4)),
    "pad_reflect": (lambda F, x: F.pad(x, (3, 2), mode="reflect"), (2, 3, 4)),
    "pad_replicate": (lambda F, x: F.pad(x, (3, -1), mode="replicate"), (2, 3, 4)),
    "pad_circular": (lambda F, x: F.pad(x, (3, 2), mode="circular"), (2, 3, 4)),
    "embedding_with_padding": (lambda F, i, w: F.embedding(i, w, padding_idx=2), ids(5, 4, 7), (5, 3)),
    "l1_loss": (lambda F, x, y: F.l1_loss(x, y), (3, 4), (3, 4)),
    "huber_loss": (lambda F, x, y: F.huber_loss(x, y, delta=0.5), (3, 4), (3, 4)),
    "smooth_l1_loss": (lambda F, x, y: F.smooth_l1_loss(x, y, beta=0.5, reduction="sum"), (3, 4), (3, 4)),
    "binary_cross_entropy": (lambda F, p, t: F.binary_cross_entropy(p, t), chances(3, 4), chances(3, 4)),
    "binary_cross_entropy_weighted": (
        lambda F, p, t: F.binary_cross_entropy(p, t, p.new_tensor(WEIGHTS[:4]), reduction="none"),
        chances(3, 4), chances(3, 4)),
    "binary_cross_entropy_with_logits": (
        lambda F, x, t: F.binary_cross_entropy_with_logits(x * 9, t), (3, 4), chances(3, 4)),
    "binary_cross_entropy_with_logits_weighted": (
        lambda F, x, t: F.binary_cross_entropy_with_logits(x, t, pos_weight=x.new_tensor(WEIGHTS[:4])),
        (3, 4), chances(3, 4)),
    "kl_div": (lambda F, x, t: F.kl_div(F.log_softmax(x, 1), t, reduction="batchmean"), (4, 3), shares(4, 3)),
    "kl_div_of_logarithms": (lambda F, x, t: F.kl_div(x, t, reduction="sum", log_target=True), (4, 3), (4, 3)),
    "cross_entropy_weighted": (
        lambda F, x, t: F.cross_entropy(x, t, x.new_tensor(WEIGHTS)), (9, 5), ignoring(5, 9)),
    "cross_entropy_weighted_smoothed": (
        lambda F, x, t: F.cross_entropy(x, t, x.new_tensor(WEIGHTS), label_smoothing=0.2, reduction="sum"),
        (2, 5, 3), ignoring(5, 2, 3)),
    "cross_entropy_probabilities_weighted": (
        lambda F, x, t: F.cross_entropy(x, t, x.new_tensor(WEIGHTS[:3])), (4, 3), shares(4, 3)),
    "nll_loss_weighted": (lambda F, x, t: F.nll_loss(x, t, x.new_tensor(WEIGHTS)), (9, 5), ignoring(5, 9)),
    "attention": (attention(), *QKV),
    "attention_causal": (attention(is_causal=True), *QKV),
    "attention_causal_long": (attention(is_causal=True), *LONG),
    "attention_scaled": (attention(scale=0.3), *QKV),
    "attention_allowed": (attention(), *QKV, allowed(5, 6)),
    "attention_added": (attention(), *QKV, added(2, 1, 5, 6)),
    "attention_added_long": (attention(), *LONG, added(2, 70, 70)),
    "attention_one_row_for_all": (attention(), *QKV, (2, 1, 1, 6)),
    "attention_of_matrices": (attention(), (5, 4), (6, 4), (6, 3), allowed(5, 6)),
}


def make_inputs(name):
    """The arrays of a case, float64, int64 or bool."""
    rng = np.random.default_rng(sorted(CASES).index(name))
    return [make(rng) if callable(make) else rng.standard_normal(make) for make in CASES[name][1:]]


def evaluate(engine, name, inputs, dtype="float64"):
    """[result, gradient of sum(result * cos(0, 1, 2, ...)) for each floating point input], arrays."""
    inputs = [x.astype(dtype) if x.dtype.kind == "f" else x for x in map(np.asarray, inputs)]
    tensors = [engine.tensor(x, requires_grad=x.dtype.kind == "f") for x in inputs]
    out = CASES[name][0](engine.nn.functional, *tensors)
    weights = np.cos(np.arange(out.detach().numpy().size)).reshape(out.shape).astype(dtype)
    out.backward(engine.tensor(weights))
    return [np.asarray(x) for x in (out.detach().numpy(), *(t.grad.numpy() for t in tensors if t.requires_grad))]

"""The training loop: AdamW, warm-up and cosine, clipping, micro-batches,
evaluation, early stop, checkpoints.

A task is a function draw_batch(rng) -> inputs, targets: two int64 arrays
(batch, seq). The target of a position is the token to predict there, or
UNSCORED where nothing is asked.
"""

import copy
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F

UNSCORED = -100  # what F.cross_entropy leaves out


def learning_rate(step, steps, peak, warmup=100, floor=0.05):
    """The learning rate of a step: up to the peak in a straight line, then
    down to floor * peak along half a cosine.

        warm-up, step < warmup    peak (step + 1) / warmup
        afterwards                peak (floor + (1 - floor)
                                                (1 + cos(pi t)) / 2)

    where t goes from 0 in the first step after the warm-up to 1 in the last.

    step      counts from 0 to steps - 1
    steps     number of steps of the training
    peak      the largest learning rate
    warmup    number of steps on the way up; it may be 0, or all steps
    floor     what is left at the end, as a share of the peak
    returns   a number: the peak in the last step of the warm-up, floor * peak
              in the last step of all; if only one step comes after the
              warm-up, it has the peak

    >>> rate = lambda step: learning_rate(step, 5, 1.0, warmup=2, floor=0.1)
    >>> [rate(step) for step in range(5)]
    [0.5, 1.0, 1.0, 0.55, 0.1]

    Source: the cosine is Loshchilov & Hutter 2017 (arXiv 1608.03983).
    """
    if step < warmup:
        return peak * (step + 1) / warmup
    t = (step - warmup) / max(1, steps - 1 - warmup)
    return peak * (floor + (1 - floor) * (1 + math.cos(math.pi * t)) / 2)


class Trainer:
    """Trains a model for a number of steps. A run can be interrupted, saved
    and resumed, and the result is the same to the last bit.

    The batch of a step depends only on the seed and on the number of the
    step, so a resumed run doesn't have to know which batches came before.

    micro_batch   sequences computed at once. The gradients of the parts add up
                  to the gradient of the batch, so the result is the same, with
                  less memory (and often faster, since a part fits the cache)
    threads       how many parts are computed side by side; the result stays
                  the same. On PyTorch, each product should then keep to one
                  core: torch.set_num_threads(1). In minitorch it always does
    """

    def __init__(
        self,
        model,
        draw_batch,
        steps,
        lr=3e-3,
        warmup=100,
        micro_batch=None,
        seed=0,
        threads=1,
    ):
        self.model, self.draw_batch = model, draw_batch
        self.steps, self.lr, self.warmup = steps, lr, warmup
        self.micro_batch, self.seed = micro_batch, seed
        self.pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self.optimizer = torch.optim.AdamW(
            model.parameters(), lr=lr, betas=(0.9, 0.98), weight_decay=0.01
        )
        self.losses = []  # of each step, in nats per scored token
        self.evaluations = []  # (step, value)
        self.best_weights = None  # of the evaluation with the lowest value

    @property
    def step(self):
        """How many steps have been done."""
        return len(self.losses)

    def fit(
        self,
        evaluate=None,
        every=100,
        patience=None,
        on_step=None,
        checkpoint=None,
    ):
        """Run the steps that are left.

        evaluate     called as evaluate(model) once per `every` steps, and
                     after the last; lower is better
        patience     stop after this many evaluations without a new best, and
                     go back to the best weights
        on_step      called as on_step(trainer) after each step, for a progress
                     bar
        checkpoint   a path to save to, just as often
        returns      "finished", "stopped early" or "interrupted"

        Kernel -> Interrupt ends the loop and keeps what was learned. To go on,
        call fit again.
        """
        try:
            while self.step < self.steps:
                self.update()
                if on_step:
                    on_step(self)
                if self.step % every and self.step < self.steps:
                    continue
                if evaluate:
                    self.record(evaluate(self.model))
                if checkpoint:
                    self.save(checkpoint)
                if patience and self.evaluations_since_best() >= patience:
                    self.model.load_state_dict(self.best_weights)
                    return "stopped early"
        except KeyboardInterrupt:
            return "interrupted"
        return "finished"

    def update(self):
        """One step: a batch, its gradient, clipped to length 1, AdamW."""
        rng = np.random.default_rng([self.seed, self.step])
        inputs, targets = self.draw_batch(rng)
        scored = int((targets != UNSCORED).sum())
        if scored == 0:
            raise ValueError(
                f"nothing is scored in the batch of step {self.step}: "
                f"all {targets.shape} targets are {UNSCORED}; "
                "make sequences longer or questions more frequent"
            )
        self.model.train()
        self.optimizer.zero_grad()
        loss = self.add_gradients(inputs, targets, scored)
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        lr = learning_rate(self.step, self.steps, self.lr, self.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.step()
        self.losses.append(loss)

    def add_gradients(self, inputs, targets, scored):
        """Add the gradients of the mean loss over scored targets to .grad.

        scored    how many targets are scored
        returns   that loss, a float
        """
        parameters = list(self.model.parameters())
        loss, size = 0.0, self.micro_batch or len(inputs)

        def gradients(start):
            """The loss and the gradients of one part.

            Each part's sum is divided by the count of the whole batch, so
            the parts add up to the mean over the batch.
            """
            part = slice(start, start + size)
            total = summed_loss(self.model, inputs[part], targets[part])
            mean = total / scored
            return mean.item(), torch.autograd.grad(
                mean, parameters, allow_unused=True
            )

        compute = self.pool.map if self.pool else map
        starts = range(0, len(inputs), size)
        for part_loss, part_gradients in compute(gradients, starts):
            loss += part_loss
            for parameter, gradient in zip(parameters, part_gradients):
                if gradient is None:
                    continue
                if parameter.grad is not None:
                    gradient = parameter.grad + gradient
                parameter.grad = gradient
        return loss

    def record(self, value):
        """Note an evaluation, and keep a copy of the weights if it is the best
        so far."""
        self.evaluations.append((self.step, float(value)))
        if self.evaluations_since_best() == 0:
            self.best_weights = copy.deepcopy(self.model.state_dict())

    def evaluations_since_best(self):
        """How many evaluations came after the best one (the first of them, if
        several are equally good)."""
        values = [value for _, value in self.evaluations]
        return len(values) - 1 - values.index(min(values)) if values else 0

    def save(self, path):
        """Write all that `load` needs to go on."""
        torch.save(
            {
                "model": self.model.state_dict(),
                "best_weights": self.best_weights,
                "optimizer": self.optimizer.state_dict(),
                "losses": self.losses,
                "evaluations": self.evaluations,
            },
            path,
        )

    def load(self, path):
        """Resume a run that `save` wrote, with the same model and settings.

        returns   the trainer
        """
        run = torch.load(path, map_location=device_of(self.model))
        self.model.load_state_dict(run["model"])
        self.optimizer.load_state_dict(run["optimizer"])
        self.best_weights = run["best_weights"]
        self.losses, self.evaluations = run["losses"], run["evaluations"]
        return self


def summed_loss(model, inputs, targets):
    """The sum of the cross-entropies of all scored targets, in nats: a scalar
    tensor."""
    device = device_of(model)
    logits = model(torch.tensor(inputs, device=device))
    return F.cross_entropy(
        logits.reshape(-1, logits.shape[-1]),
        torch.tensor(targets, device=device).reshape(-1),
        ignore_index=UNSCORED,
        reduction="sum",
    )


def device_of(model):
    """Where the model's weights are, and so its inputs must be."""
    return next(model.parameters()).device


@torch.no_grad()
def predict(model, inputs, batch=32):
    """The likeliest next token at every position.

    inputs    int array (rows, seq)
    batch     rows computed at once
    returns   int array (rows, seq)
    """
    was_training = model.training
    device = device_of(model)
    model.eval()
    parts = [
        model(torch.tensor(inputs[start : start + batch], device=device))
        .argmax(dim=-1)
        .cpu()
        .numpy()
        for start in range(0, len(inputs), batch)
    ]
    model.train(was_training)
    return np.concatenate(parts)


def error_rate(predictions, targets):
    """The share of scored targets that the predictions miss, from 0 to 1.

    predictions, targets   arrays (rows, seq)

    >>> error_rate(np.array([[7, 3, 5]]), np.array([[UNSCORED, 3, 4]]))
    0.5
    """
    scored = targets != UNSCORED
    return float((predictions != targets)[scored].mean())


# ------------------------------------------ what the engine has too


def cross_entropy(logits, targets):
    """The mean of -log p(target) over the positions that are scored, in nats.

    p is the softmax of the logits along the vocabulary. A target of -100
    (UNSCORED) asks for nothing, so that position counts neither in the sum
    nor in the number it is divided by.

    logits    (..., vocab) tensor, large or small: 1000 must not overflow
    targets   (...) int64 tensor: the right id, or -100
    returns   a scalar tensor, through which gradients flow

    >>> logits = torch.tensor([[2.0, 2.0], [5.0, 1.0]])
    >>> loss = cross_entropy(logits, torch.tensor([1, -100]))
    >>> round(loss.item(), 4)  # log 2
    0.6931
    """
    scored = targets != UNSCORED
    logits, targets = logits[scored], targets[scored]  # (rows, vocab), (rows,)
    log_p = logits - logits.logsumexp(dim=-1, keepdim=True)
    return -log_p.gather(-1, targets.unsqueeze(-1)).mean()


def loss_and_gradients(model, inputs, targets, longest=1.0):
    """The loss of a batch and its gradient, shortened if it is too long.

    The gradients of all parameters together are one long vector. Its length is
    the square root of the sum of all their squares. If that is more than
    `longest`, all of them are multiplied by one factor, so that the length
    becomes `longest`. What an earlier batch left in the parameters' .grad
    doesn't count.

    model     takes an int64 tensor (batch, seq) and returns logits
              (batch, seq, vocab)
    inputs    int64 array (batch, seq)
    targets   int64 array (batch, seq), for cross_entropy(logits, targets)
    returns   the loss, a float, and a list of arrays: the gradients, in the
              order of model.parameters()

    With one parameter, [3.0, 4.0], and the loss 6 * (its sum), the gradient is
    [6.0, 6.0]. Its length is 8.49, so [0.707, 0.707] is returned.
    """
    model.zero_grad()
    loss = cross_entropy(model(torch.tensor(inputs)), torch.tensor(targets))
    loss.backward()
    gradients = [parameter.grad.numpy() for parameter in model.parameters()]
    length = math.sqrt(sum((gradient**2).sum() for gradient in gradients))
    factor = longest / max(length, longest)
    return loss.item(), [factor * gradient for gradient in gradients]


def adamw_step(
    parameter,
    gradient,
    mean,
    square,
    step,
    lr,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.01,
):
    """One step of AdamW for one parameter.

    AdamW keeps two running means for each number: m of its gradients, and s
    of their squares:

        m <- beta1 m + (1 - beta1) gradient
        s <- beta2 s + (1 - beta2) gradient^2

    Both start at 0, so at first they are too small: m / (1 - beta1^step) and
    s / (1 - beta2^step) make up for that. The parameter then changes by

        -lr (corrected m / (sqrt(corrected s) + eps)
             + weight_decay parameter)

    parameter, gradient   arrays of one shape
    mean, square          m and s, arrays of that shape, 0 before the first
                          step
    step                  counts from 1
    betas                 beta1, beta2
    returns               the new parameter, m and s, not corrected: three
                          arrays; the inputs stay as they are

    >>> p, g, zero = np.array([1.0]), np.array([4.0]), np.zeros(1)
    >>> new = adamw_step(p, g, zero, zero, step=1, lr=0.1)
    >>> [x.round(3).tolist() for x in new]
    [[0.899], [0.4], [0.016]]

    However large the gradient, the first step moves the parameter by lr, here
    0.1, and the decay takes away another 0.001.

    Source: Loshchilov & Hutter 2019 (arXiv 1711.05101), algorithm 2, with the
    decay also multiplied by lr, as torch.optim.AdamW does; Kingma & Ba 2015
    (arXiv 1412.6980).
    """
    beta1, beta2 = betas
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient**2
    mean_hat, square_hat = mean / (1 - beta1**step), square / (1 - beta2**step)
    parameter = parameter - lr * (
        mean_hat / (np.sqrt(square_hat) + eps) + weight_decay * parameter
    )
    return parameter, mean, square

"""The training loop: AdamW, warm-up and cosine, clipping, micro-batches, evaluation, early stop, checkpoints.

A task is a function draw_batch(rng) -> inputs, targets: two int64 arrays (batch, seq). The target of a
position is the token to predict there, or UNSCORED where nothing is asked.
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
    """The learning rate of a step: up a line to the peak, then down half a cosine to floor * peak.

        warm-up, step < warmup:    peak (step + 1) / warmup
        afterwards:                peak (floor + (1 - floor) (1 + cos(pi t)) / 2),    t from 0 to 1

    step      counts from 0 to steps - 1
    returns   a number: the peak where the warm-up ends, floor * peak in the last step; if the warm-up leaves
              a single step, that one has the peak

    >>> [learning_rate(step, 5, peak=1.0, warmup=2, floor=0.1) for step in range(5)]
    [0.5, 1.0, 1.0, 0.55, 0.1]

    Source: the cosine is Loshchilov & Hutter 2017 (arXiv 1608.03983).
    """
    if step < warmup:
        return peak * (step + 1) / warmup
    t = (step - warmup) / max(1, steps - 1 - warmup)
    return peak * (floor + (1 - floor) * (1 + math.cos(math.pi * t)) / 2)


class Trainer:
    """Trains a model for so many steps. It can be interrupted, saved, and resumed to the same bits.

    The batch of a step depends only on the seed and on the number of the step, so a resumed run needs to know
    nothing else about the batches before.

    micro_batch   sequences computed at once. The gradients of the parts add up to the gradient of the batch,
                  so the result is the same, with less memory (and often faster, since a part fits the cache).
    threads       how many parts are computed side by side; the result stays the same. Each product should then
                  keep to one core: set OMP_NUM_THREADS=1.
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
        self.model, self.draw_batch, self.steps, self.lr, self.warmup = (
            model,
            draw_batch,
            steps,
            lr,
            warmup,
        )
        self.micro_batch, self.seed = micro_batch, seed
        self.pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self.optimizer = torch.optim.AdamW(
            model.parameters(), lr=lr, betas=(0.9, 0.98), weight_decay=0.01
        )
        self.losses = []  # of each step, in nats a scored token
        self.evaluations = []  # (step, value)
        self.best_weights = None  # of the evaluation with the lowest value

    @property
    def step(self):
        """How many steps are done."""
        return len(self.losses)

    def fit(
        self,
        evaluate=None,
        every=100,
        patience=None,
        on_step=None,
        checkpoint=None,
    ):
        """Runs the steps that are left. Returns "finished", "stopped early" or "interrupted".

        evaluate     called as evaluate(model) after every so many steps and after the last; lower is better
        patience     stop after so many evaluations without a new best, and go back to the best weights
        on_step      called as on_step(trainer) after each step, for a progress bar
        checkpoint   a path that is written to as often

        Kernel -> Interrupt ends the loop and keeps what was learned. To go on, call fit again.
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
        inputs, targets = self.draw_batch(
            np.random.default_rng([self.seed, self.step])
        )
        scored = int((targets != UNSCORED).sum())
        if scored == 0:
            raise ValueError(
                f"nothing is scored in the batch of step {self.step}: all {targets.shape}"
                f" targets are {UNSCORED}; make sequences longer or questions more frequent"
            )
        self.model.train()
        self.optimizer.zero_grad()
        parameters = list(self.model.parameters())
        loss, size = 0.0, self.micro_batch or len(inputs)

        def gradients(start):
            """Of one part. The mean over the batch: the parts' sums, all divided by the batch's one count."""
            part = slice(start, start + size)
            part_loss = (
                summed_loss(self.model, inputs[part], targets[part]) / scored
            )
            return part_loss.item(), torch.autograd.grad(
                part_loss, parameters, allow_unused=True
            )

        compute = self.pool.map if self.pool else map
        for part_loss, part_gradients in compute(
            gradients, range(0, len(inputs), size)
        ):
            loss += part_loss
            for parameter, gradient in zip(parameters, part_gradients):
                if gradient is not None:
                    parameter.grad = (
                        gradient
                        if parameter.grad is None
                        else parameter.grad + gradient
                    )
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(
                self.step, self.steps, self.lr, self.warmup
            )
        self.optimizer.step()
        self.losses.append(loss)

    def record(self, value):
        """Notes an evaluation, and keeps a copy of the weights if it is the best so far."""
        self.evaluations.append((self.step, float(value)))
        if self.evaluations_since_best() == 0:
            self.best_weights = copy.deepcopy(self.model.state_dict())

    def evaluations_since_best(self):
        """0 if the latest evaluation is the best; of equal ones the first counts."""
        values = [value for _, value in self.evaluations]
        return len(values) - 1 - values.index(min(values)) if values else 0

    def save(self, path):
        """Writes all that `load` needs to go on."""
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
        """Takes up a run that `save` wrote, with the same model and settings. Returns the trainer."""
        run = torch.load(path)
        self.model.load_state_dict(run["model"])
        self.optimizer.load_state_dict(run["optimizer"])
        self.best_weights = run["best_weights"]
        self.losses, self.evaluations = run["losses"], run["evaluations"]
        return self


def summed_loss(model, inputs, targets):
    """The cross-entropy of the scored targets, in nats, summed: a scalar tensor."""
    logits = model(torch.tensor(inputs))  # (batch, seq, vocab)
    return F.cross_entropy(
        logits.reshape(-1, logits.shape[-1]),
        torch.tensor(targets).reshape(-1),
        ignore_index=UNSCORED,
        reduction="sum",
    )


@torch.no_grad()
def predict(model, inputs, batch=32):
    """The likeliest next token at every position: ids (rows, seq) -> ids (rows, seq), both arrays."""
    was_training = model.training
    model.eval()
    parts = [
        model(torch.tensor(inputs[start : start + batch]))
        .argmax(dim=-1)
        .numpy()
        for start in range(0, len(inputs), batch)
    ]
    model.train(was_training)
    return np.concatenate(parts)


def error_rate(predictions, targets):
    """The share of scored targets that the predictions miss, from 0 to 1; both arrays (rows, seq).

    >>> error_rate(np.array([[7, 3, 5]]), np.array([[UNSCORED, 3, 4]]))
    0.5
    """
    scored = targets != UNSCORED
    return float((predictions != targets)[scored].mean())


# ------------------------------------------ what the engine has too, written out


def cross_entropy(logits, targets):
    """The mean of -log p(target) over the positions that are scored, in nats.

    p is the softmax of the logits along the vocabulary. A target of -100 (UNSCORED) asks for nothing, so that
    position counts neither in the sum nor in the number it is divided by.

    logits    (..., vocab) tensor, of any size: 1000 must not overflow
    targets   (...) int64 tensor: the right id, or -100
    returns   a scalar tensor, through which gradients flow

    >>> logits = torch.tensor([[2.0, 2.0], [5.0, 1.0]])          # two positions, a vocabulary of 2
    >>> round(cross_entropy(logits, torch.tensor([1, -100])).item(), 4)                  # log 2
    0.6931
    """
    scored = targets != UNSCORED
    logits, targets = logits[scored], targets[scored]  # (rows, vocab), (rows,)
    log_p = logits - logits.logsumexp(dim=-1, keepdim=True)
    return -log_p.gather(-1, targets.unsqueeze(-1)).mean()


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

        mean       <-  beta1 mean + (1 - beta1) gradient
        square     <-  beta2 square + (1 - beta2) gradient^2
        parameter  <-  parameter - lr (mean' / (sqrt(square') + eps) + weight_decay parameter)

        with mean' = mean / (1 - beta1^step) and square' = square / (1 - beta2^step), which make up for the
        start at 0

    parameter, gradient, mean, square   arrays of one shape; mean and square are 0 before the first step
    step      counts from 1
    betas     beta1, beta2
    returns   the new parameter, mean and square: three arrays; the inputs stay as they are

    >>> new = adamw_step(np.array([1.0]), np.array([4.0]), np.zeros(1), np.zeros(1), step=1, lr=0.1)
    >>> [x.round(3).tolist() for x in new]             # whatever the gradient's size: one lr down, and decay
    [[0.899], [0.4], [0.016]]

    Source: Loshchilov & Hutter 2019 (arXiv 1711.05101), algorithm 2, with the decay also multiplied by lr, as
    torch.optim.AdamW does; Kingma & Ba 2015 (arXiv 1412.6980).
    """
    beta1, beta2 = betas
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient**2
    mean_hat, square_hat = mean / (1 - beta1**step), square / (1 - beta2**step)
    parameter = parameter - lr * (
        mean_hat / (np.sqrt(square_hat) + eps) + weight_decay * parameter
    )
    return parameter, mean, square

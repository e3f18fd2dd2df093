"""Learning rates over time. A scheduler changes the `lr` of its optimizer's groups at each
`step()`.

Each computes the next rate from the present one where PyTorch does, so that several can act on one
optimizer.
"""

import math
from bisect import bisect_right

from minitorch.missing import missing as _missing


class LRScheduler:
    """The base. `last_epoch` counts the steps; `base_lrs` are the rates that the optimizer began
    with.

    A subclass defines `next_lr(lr, base_lr, t, group)`: the rate at step t >= 0, given the one
    before.
    """

    def __init__(self, optimizer):
        self.optimizer = optimizer
        self.base_lrs = [
            group.setdefault("initial_lr", group["lr"]) for group in optimizer.param_groups
        ]
        self.last_epoch = -1
        self.step()

    def step(self):
        """Go on to the next rate; call it after `optimizer.step()`."""
        self.last_epoch += 1
        self._set(
            [
                self.next_lr(group["lr"], base, self.last_epoch, n)
                for n, (group, base) in enumerate(zip(self.optimizer.param_groups, self.base_lrs))
            ]
        )

    def restart(self):
        """Go to step 0, whatever the rate is now."""
        self.last_epoch = 0
        self._set([self.next_lr(base, base, 0, n) for n, base in enumerate(self.base_lrs)])

    def _set(self, rates):
        for group, lr in zip(self.optimizer.param_groups, rates):
            group["lr"] = lr
        self._last_lr = rates

    def get_last_lr(self):
        """The rate of each group since the last step."""
        return self._last_lr

    def state_dict(self):
        """Everything but the optimizer and functions."""
        return {
            key: value
            for key, value in vars(self).items()
            if key not in ("optimizer", "lr_lambdas")
        }

    def load_state_dict(self, state_dict):
        vars(self).update(state_dict)


class LambdaLR(LRScheduler):
    """base_lr * lr_lambda(t): one function, or a list with one for each group."""

    def __init__(self, optimizer, lr_lambda):
        groups = len(optimizer.param_groups)
        self.lr_lambdas = (
            list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * groups
        )
        if len(self.lr_lambdas) != groups:
            raise ValueError(f"expected one lr_lambda or {groups}, got {len(self.lr_lambdas)}")
        super().__init__(optimizer)

    def next_lr(self, lr, base_lr, t, group):
        return base_lr * self.lr_lambdas[group](t)


class StepLR(LRScheduler):
    """The rate times gamma, every `step_size` steps."""

    def __init__(self, optimizer, step_size, gamma=0.1):
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

    def next_lr(self, lr, base_lr, t, group):
        return lr * self.gamma if t and t % self.step_size == 0 else lr


class MultiStepLR(LRScheduler):
    """The rate times gamma at each of the steps `milestones`; a step listed twice counts twice."""

    def __init__(self, optimizer, milestones, gamma=0.1):
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer)

    def next_lr(self, lr, base_lr, t, group):
        return lr * self.gamma ** self.milestones.count(t) if t else lr


class ExponentialLR(LRScheduler):
    """The rate times gamma at each step."""

    def __init__(self, optimizer, gamma):
        self.gamma = gamma
        super().__init__(optimizer)

    def next_lr(self, lr, base_lr, t, group):
        return lr * self.gamma if t else lr


class LinearLR(LRScheduler):
    """The rate times a factor that moves in a line from start_factor (t = 0) to end_factor
    (total_iters).
    """

    def __init__(self, optimizer, start_factor=1 / 3, end_factor=1.0, total_iters=5):
        if not 0 < start_factor <= 1 or not 0 <= end_factor <= 1:
            raise ValueError(
                f"factors must be in [0, 1], the first not 0: {start_factor}, {end_factor}"
            )
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer)

    def factor(self, t):
        return self.start_factor + (self.end_factor - self.start_factor) * t / self.total_iters

    def next_lr(self, lr, base_lr, t, group):
        if t == 0:
            return lr * self.start_factor
        return lr if t > self.total_iters else lr * (self.factor(t) / self.factor(t - 1))


class CosineAnnealingLR(LRScheduler):
    """eta_min + (base_lr - eta_min) c(t), c(t) = (1 + cos(pi t / T_max)) / 2: down in T_max steps,
    then up.

    Source: Loshchilov and Hutter, SGDR (2017), equation 5.
    """

    def __init__(self, optimizer, T_max, eta_min=0.0):
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer)

    def curve(self, t):
        return (1 + math.cos(math.pi * t / self.T_max)) / 2

    def next_lr(self, lr, base_lr, t, group):
        if t == 0:
            return lr
        if (t - 1 - self.T_max) % (2 * self.T_max) == 0:  # it was eta_min: no ratio
            return lr + (base_lr - self.eta_min) * self.curve(t)
        return self.eta_min + (lr - self.eta_min) * (self.curve(t) / self.curve(t - 1))


class SequentialLR(LRScheduler):
    """One scheduler after the other; milestones[n] is the step at which schedulers[n + 1] takes
    over.
    """

    def __init__(self, optimizer, schedulers, milestones):
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"{len(schedulers)} schedulers need {len(schedulers) - 1} milestones, "
                f"got {len(milestones)}"
            )
        if any(scheduler.optimizer is not optimizer for scheduler in schedulers):
            raise ValueError("all schedulers must act on the optimizer given")
        self.optimizer, self.last_epoch = optimizer, 0
        self._schedulers, self._milestones = schedulers, milestones
        schedulers[0].restart()  # undoes what the others set
        self._last_lr = schedulers[0].get_last_lr()

    def step(self):
        self.last_epoch += 1
        index = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[index]
        scheduler.restart() if index and self._milestones[
            index - 1
        ] == self.last_epoch else scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def state_dict(self):
        return super().state_dict() | {
            "_schedulers": [part.state_dict() for part in self._schedulers]
        }

    def load_state_dict(self, state_dict):
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"]):
            scheduler.load_state_dict(state)
        super().load_state_dict(state_dict | {"_schedulers": self._schedulers})


__getattr__ = _missing(__name__, "torch.optim.lr_scheduler")

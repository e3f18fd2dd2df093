"""Optimizers: rules that turn gradients into the next values of the parameters."""

import math

import numpy as np

from minitorch.dtypes import float32
from minitorch.missing import missing as _missing
from minitorch.nn.module import zero_grad
from minitorch.optim import lr_scheduler
from minitorch.recording import enable_grad
from minitorch.tensor import Tensor, wrap
from minitorch.watch import mark_as_changed


class Optimizer:
    """The base: parameter groups, each with its own settings, and a state for each parameter.

    params: an iterable of tensors, or of dicts {"params": tensors, "lr": ..., ...}; what a group
    does not set comes from `defaults`. `maximize` in a group: go up instead of down. A subclass
    defines `update(parameter, gradient, state, group)` on arrays.
    """

    def __init__(self, params, defaults):
        if isinstance(params, (Tensor, dict)):
            raise TypeError(
                f"params must be a list of tensors or of dicts, got one {type(params).__name__}"
            )
        params = list(params)
        if not params:
            raise ValueError("the optimizer got an empty list of parameters")
        self.defaults, self.state, self.param_groups = defaults, {}, []
        for group in params if isinstance(params[0], dict) else [{"params": params}]:
            self.add_param_group(group)

    def add_param_group(self, param_group):
        """Train more parameters: {"params": tensors, and any settings that differ from the
        defaults}.
        """
        params = param_group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        group = self.defaults | param_group | {"params": params}
        known = {p for other in self.param_groups for p in other["params"]}
        for p in group["params"]:
            if not isinstance(p, Tensor):
                raise TypeError(f"an optimizer can only train tensors, got {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError(
                    f"can't optimize a non-leaf tensor (shape {p.shape}, made by {p.grad_fn})"
                )
            if p in known:
                raise ValueError(
                    f"a parameter of shape {p.shape} is in more than one parameter group"
                )
        for name, value in group.items():
            if isinstance(value, (int, float)) and value < 0:
                raise ValueError(f"invalid {name}: {value} is negative")
        if not all(0 <= beta < 1 for beta in group.get("betas", ())):
            raise ValueError(
                f"invalid betas {group['betas']}: each must be at least 0 and less than 1"
            )
        self.param_groups.append(group)

    def zero_grad(self, set_to_none=True):
        """Forget the gradients, or set them to zero."""
        for group in self.param_groups:
            zero_grad(group["params"], set_to_none)

    def step(self, closure=None):
        """Change all parameters that have a gradient, in place. `closure`, if given, computes the
        loss.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    g = -p.grad._data if group.get("maximize") else p.grad._data
                    self.update(p._data, g, self.state.setdefault(p, {}), group)
                    mark_as_changed(p._data)
        return loss

    def state_dict(self):
        """{"state": {number of a parameter: its state}, "param_groups": [settings, "params" as
        numbers]}.
        """
        numbers = {
            p: n for n, p in enumerate(p for group in self.param_groups for p in group["params"])
        }
        return {
            "state": {numbers[p]: dict(state) for p, state in self.state.items()},
            "param_groups": [
                group | {"params": [numbers[p] for p in group["params"]]}
                for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict):
        """Take over what `state_dict()` gave. Raises ValueError when the groups differ in number
        or size.
        """
        saved, groups = state_dict["param_groups"], self.param_groups
        sizes = [[len(group["params"]) for group in part] for part in (saved, groups)]
        if sizes[0] != sizes[1]:
            raise ValueError(
                f"the saved parameter groups have sizes {sizes[0]}, this optimizer's {sizes[1]}"
            )
        tensors = {
            n: p for old, new in zip(saved, groups) for n, p in zip(old["params"], new["params"])
        }
        self.state = {
            tensors[n]: {key: _copied(key, value, tensors[n]) for key, value in state.items()}
            for n, state in state_dict["state"].items()
        }
        self.param_groups = [old | {"params": new["params"]} for old, new in zip(saved, groups)]


def _copied(key, value, parameter):
    """A saved state: tensors in the dtype of their parameter, the number of steps in float32."""
    if not isinstance(value, Tensor):
        return value
    return wrap(value._data.astype(float32 if key == "step" else parameter.dtype))


class SGD(Optimizer):
    """Stochastic gradient descent: p <- p - lr g, with g the gradient plus weight_decay p.

    momentum m: v <- m v + (1 - dampening) g takes the place of g (the first v is g); nesterov: g +
    m v does. Source: Sutskever et al., On the importance of initialization and momentum (2013),
    section 2.
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        momentum=0,
        dampening=0,
        weight_decay=0,
        nesterov=False,
        *,
        maximize=False,
    ):
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
            },
        )

    def update(self, p, g, state, group):
        momentum = group["momentum"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if momentum:
            if state.get("momentum_buffer") is None:
                state["momentum_buffer"] = wrap(g.copy())
            else:
                v = state["momentum_buffer"]._data
                v *= momentum
                v += (1 - group["dampening"]) * g
            v = state["momentum_buffer"]._data
            g = g + momentum * v if group["nesterov"] else v
        p -= group["lr"] * g


class RMSprop(Optimizer):
    """p <- p - lr g / (sqrt(v) + eps), v a running mean of g^2; centered: of (g - mean g)^2; then
    momentum, if any.

    g is the gradient plus weight_decay p. Source: Hinton, Neural Networks for Machine Learning
    (2012), lecture 6.
    """

    def __init__(
        self,
        params,
        lr=1e-2,
        alpha=0.99,
        eps=1e-8,
        weight_decay=0,
        momentum=0,
        centered=False,
        *,
        maximize=False,
    ):
        super().__init__(
            params,
            {
                "lr": lr,
                "alpha": alpha,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "centered": centered,
                "maximize": maximize,
            },
        )

    def update(self, p, g, state, group):
        if not state:
            state.update(step=wrap(np.zeros((), float32)), square_avg=wrap(np.zeros_like(p)))
            if group["centered"]:
                state["grad_avg"] = wrap(np.zeros_like(p))
            if group["momentum"]:
                state["momentum_buffer"] = wrap(np.zeros_like(p))
        state["step"]._data += 1
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        v, alpha = state["square_avg"]._data, group["alpha"]
        v *= alpha
        v += (1 - alpha) * g * g
        spread = v
        if group["centered"]:
            mean = state["grad_avg"]._data
            mean += (1 - alpha) * (g - mean)
            spread = v - mean * mean
        step = g / (np.sqrt(spread) + group["eps"])
        if group["momentum"]:
            buffer = state["momentum_buffer"]._data
            buffer *= group["momentum"]
            buffer += step
            step = buffer
        p -= group["lr"] * step


class Adam(Optimizer):
    """p <- p - lr m' / (sqrt(v') + eps), with m, v running means of g and g^2; m', v' undo their
    start at 0.

    g is the gradient plus weight_decay p. Source: Kingma and Ba, Adam (2015), algorithm 1.
    """

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, *, maximize=False
    ):
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
            },
        )

    def update(self, p, g, state, group):
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        self.adaptive_update(p, g, state, group)

    def adaptive_update(self, p, g, state, group):
        if not state:
            state.update(
                step=wrap(np.zeros((), float32)),
                exp_avg=wrap(np.zeros_like(p)),
                exp_avg_sq=wrap(np.zeros_like(p)),
            )
        beta1, beta2 = group["betas"]
        m, v = state["exp_avg"]._data, state["exp_avg_sq"]._data
        state["step"]._data += 1
        step = state["step"].item()
        m += (1 - beta1) * (g - m)
        v *= beta2
        v += (1 - beta2) * g * g
        denominator = np.sqrt(v, out=np.empty_like(v))
        denominator /= math.sqrt(1 - beta2**step)
        denominator += group["eps"]
        np.divide(m, denominator, out=denominator)
        denominator *= group["lr"] / (1 - beta1**step)
        p -= denominator


class AdamW(Adam):
    """Adam with decoupled weight decay: p shrinks by lr weight_decay p, and the gradient is left
    alone.

    Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019), algorithm 2.
    """

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, *, maximize=False
    ):
        super().__init__(params, lr, betas, eps, weight_decay, maximize=maximize)

    def update(self, p, g, state, group):
        p *= 1 - group["lr"] * group["weight_decay"]
        self.adaptive_update(p, g, state, group)


__getattr__ = _missing(__name__, "torch.optim")

"""The public names of minitorch, room by room, as minitorch/NAMES.md lists them."""

import types

import minitorch
from minitorch import autograd, distributions, nn, optim

ROOMS = {
    "torch": minitorch,
    "torch.Tensor": minitorch.Tensor,
    "torch.autograd": autograd,
    "torch.nn": nn,
    "torch.nn.Module": nn.Module,
    "torch.nn.functional": nn.functional,
    "torch.nn.init": nn.init,
    "torch.nn.utils": nn.utils,
    "torch.optim": optim,
    "torch.optim.Optimizer": optim.Optimizer,
    "torch.optim.lr_scheduler": optim.lr_scheduler,
    "torch.distributions": distributions,
}
DOORS = {"torch", "torch.nn", "torch.nn.functional"}  # modules that offer what others define


def public(room):
    """The names that a room offers, in alphabetical order."""
    owner = ROOMS[room]
    names = {
        name
        for name, value in vars(owner).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    if isinstance(owner, types.ModuleType) and room not in DOORS:
        own = owner.__name__, "minitorch.gradcheck"
        names = {name for name in names if getattr(vars(owner)[name], "__module__", "") in own}
    if room == "torch.Tensor":
        names.add("grad")  # a slot
    return sorted(names)

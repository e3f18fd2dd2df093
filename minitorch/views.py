"""Views and gradients: what happens to one when the other of two that share memory is changed.

A view remembers its base, the tensor whose memory it sees. After a recorded change of the view the
base has a new node: gradients of the view's elements go to the view, those of the others to where
they went before. After a change of the base, or of another of its views, a view finds its new node
by itself, in `follow_base`.
"""

import numpy as np

from minitorch.graph import Node, grad_mode
from minitorch.watch import owner, tick


class Unfollowed:
    """In place of a base: the reason why gradients cannot follow a change of this view."""

    def __init__(self, base, reason):
        self.base, self.reason, self.number = base, reason, tick()

    @property
    def _node(self):
        return self.base._node

    @property
    def requires_grad(self):
        return self.base.requires_grad


def note_base(out, x):
    """If the new tensor `out` shares the memory of `x`, it is a view of it, or of its base."""
    if owner(out._data) is owner(x._data):
        out._base = x if x._base is None else x._base
        if not grad_mode.enabled and not isinstance(out._base, Unfollowed):
            out._base = Unfollowed(out._base, "this view was made inside no_grad")


def note_siblings(views, function):
    """PyTorch does not follow changes of views that were made together."""
    for view in views:
        if view._base is not None and not isinstance(view._base, Unfollowed):
            view._base = Unfollowed(
                view._base, f"this view is one of several that {function} made together"
            )
    return views


def follow_base(view):
    """Give a view a new node if its base was changed in place since the last one."""
    base, made_by = view._base, view._base._node
    last = base if isinstance(base, Unfollowed) else view._node
    if made_by is None or last is not None and last.number > made_by.number:
        return
    if isinstance(base, Unfollowed):
        raise RuntimeError(
            f"{base.reason}, and its base has been changed in place: make the view after the change"
        )
    view._node = Node("as_strided", view._data, [(made_by, Region(view, base).spread)])


def tell_base(view):
    """Give the base of a view that was changed in place its new node."""
    base = view._base
    if base is not None and view._node is not None:
        region = Region(view, base)
        edges = [(view._node, region.of)]
        if base._node is not None:
            edges.append((base._node, region.cleared))
        base._node = Node("copy_slices", base._data, edges)


class Region:
    """Where in its base a view is, by steps in memory: finds the same elements in a gradient."""

    def __init__(self, view, base):
        if owner(view._data) is not owner(base._data):  # base.data = y was called, or view.data = y
            raise RuntimeError("this view and its base no longer share memory: make the view again")
        first, start = (x._data.__array_interface__["data"][0] for x in (base, view))  # addresses
        self.start = (start - first) // base._data.itemsize
        self.shape, self.strides, self.base_shape = (
            view._data.shape,
            view._data.strides,
            base._data.shape,
        )
        self.order = np.argsort(
            [-step for step in base._data.strides], kind="stable"
        )  # of the axes in memory
        if not base._data.transpose(self.order).flags.c_contiguous:
            raise RuntimeError(
                f"this is a view of a tensor of shape {base.shape} that lies in memory with gaps: "
                "clone() the tensor before making the view, to change it in place"
            )

    def of(self, grad):
        return self._elements(self._like_base(grad))

    def cleared(self, grad):
        grad = self._like_base(grad)
        self._elements(grad)[...] = 0
        return grad

    def spread(self, grad):
        """The gradient of the base, given that of the view: zero outside."""
        stretched = [
            axis
            for axis, (size, step) in enumerate(zip(self.shape, self.strides))
            if not step and size > 1
        ]
        total = self._like_base(np.zeros(self.base_shape, grad.dtype))
        self._elements(total)[...] = grad.sum(tuple(stretched), keepdims=True)
        return total

    def _elements(self, array):
        """The view of an array that lies in memory like the base."""
        flat = array.transpose(self.order).reshape(-1)[self.start :]
        return np.lib.stride_tricks.as_strided(flat, self.shape, self.strides)

    def _like_base(self, array):
        """A copy that lies in memory like the base."""
        return np.array(array.transpose(self.order), order="C").transpose(np.argsort(self.order))

"""The watch over changes in place: a gradient is not computed from numbers that are no longer there.

Time is counted in recorded operations and changes. A change leaves its time on the memory that it changed. When a
backward pass comes to an operation that is older than the last change of all, it looks closer: a derivative is a
function, and the arrays it needs are those that it holds on to. If the memory of one has been changed since, PyTorch
raises an error, and so does `check`.

Memory is known by the array that owns it: views and detached tensors have the same owner.
"""
import itertools
import threading
import weakref

import numpy as np

tick = itertools.count(1).__next__
last_change = 0
_times = {}                                     # of the last change, by the id of the owner
_owners = {}                                    # weak references, to forget an owner that is gone
_lock = threading.Lock()


def owner(array):
    """The array whose memory this one sees."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def unwatched(array):
    """The same memory under another owner, so that changes of one are not noticed by what needs the other."""
    return np.asarray(memoryview(array))


def mark_as_changed(array):
    """To be called after every change of a tensor's values in place."""
    global last_change
    memory = owner(array)
    key = id(memory)
    with _lock:
        if key not in _times:
            _owners[key] = weakref.ref(memory, lambda _: (_times.pop(key, None), _owners.pop(key, None)))
        _times[key] = last_change = tick()


def check(node):
    """RuntimeError if an array that a derivative of `node` holds on to has been changed since it was recorded."""
    for _, derivative in node.edges:
        for array in _held_by(derivative):
            if _times.get(id(owner(array)), 0) > node.number:
                raise RuntimeError(f"one of the variables needed for the gradient of '{node.name}', of shape "
                                   f"{array.shape}, has been modified by an inplace operation after it was used. "
                                   "Call backward() before changing it, or change a copy: x.clone()")


def _held_by(thing):
    """All arrays inside a function, its defaults, and tuples and lists in it."""
    if isinstance(thing, np.ndarray):
        yield thing
    elif isinstance(thing, (tuple, list)):
        for part in thing:
            yield from _held_by(part)
    elif hasattr(thing, "_data"):                                     # a tensor
        yield thing._data
    elif hasattr(thing, "__code__"):                                  # a function
        for part in thing.__defaults__ or ():
            yield from _held_by(part)
        for cell in thing.__closure__ or ():
            yield from _held_by(cell.cell_contents)

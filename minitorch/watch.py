"""The watch over changes in place: no gradient is computed from numbers that are no longer there.

Time is counted in recorded operations and changes. A change leaves its time on the memory that it
changed. When a backward pass comes to an operation that is older than the last change of all, it
looks closer: a derivative is a function, and the arrays it needs are those it keeps. If the memory
of one has been changed since, PyTorch raises an error, and so does `check`.

Memory is known by the array that owns it: views and detached tensors have the same owner.
"""

import itertools
import threading
import weakref

import numpy as np

tick = itertools.count(1).__next__
last_change = 0
_times = {}  # of the last change, by the id of the owner
_owners = {}  # weak references, to forget an owner that is gone
_lock = threading.Lock()


def owner(array):
    """The array whose memory this one sees."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def same_memory(a, b):
    """Whether two arrays are the same elements of the same memory."""
    known_by = [(x.__array_interface__["data"], x.shape, x.strides, x.dtype) for x in (a, b)]
    return known_by[0] == known_by[1]


def refuse_overlap(changed, others):
    """RuntimeError if tensors that a change is computed from share memory with what is changed, but
    are not the same elements of it: the result would depend on which are written first.
    """
    for x in others:
        array = getattr(x, "_data", None)
        if (
            array is not None
            and owner(array) is owner(changed)
            and not same_memory(array, changed)
            and np.shares_memory(array, changed)
        ):
            raise RuntimeError(
                f"some elements of a tensor of shape {array.shape} and of the one that is changed, "
                f"of shape {changed.shape}, are in the same memory: use clone() for one of them"
            )


def unwatched(array):
    """The same memory under another owner: what needs one doesn't notice changes of the other."""
    return np.asarray(memoryview(array))


def mark_as_changed(array):
    """To be called after every change of a tensor's values in place."""
    global last_change
    memory = owner(array)
    key = id(memory)
    with _lock:
        if key not in _times:
            _owners[key] = weakref.ref(
                memory, lambda _: (_times.pop(key, None), _owners.pop(key, None))
            )
        _times[key] = last_change = tick()


def check(node):
    """RuntimeError if an array that a derivative of `node` keeps was changed meanwhile."""
    for _, derivative in node.edges:
        for array in _kept_by(derivative):
            if _times.get(id(owner(array)), 0) > node.number:
                raise RuntimeError(
                    f"one of the variables needed for the gradient of '{node.name}', of shape "
                    f"{array.shape}, has been modified by an inplace operation after it was used. "
                    "Call backward() before changing it, or change a copy: x.clone()"
                )


def _kept_by(function):
    """The arrays among what a function keeps, and in tuples, lists and functions among that."""
    waiting, seen = [function], set()
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, np.ndarray):
            yield thing
        elif id(thing) not in seen:
            seen.add(id(thing))
            if isinstance(thing, (tuple, list)):
                waiting.extend(thing)
            elif hasattr(thing, "_data"):  # a tensor
                waiting.append(thing._data)
            elif hasattr(thing, "__code__"):  # a function
                waiting.extend(thing.__defaults__ or ())
                waiting.extend(cell.cell_contents for cell in thing.__closure__ or ())

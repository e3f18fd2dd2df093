"""The switch that turns recording on and off: `no_grad`, `enable_grad` and `set_grad_enabled`."""

import functools
import inspect

from minitorch.graph import grad_mode


def is_grad_enabled():
    """Whether operations are being recorded in this thread."""
    return grad_mode.enabled


class _Recording:
    """On or off inside a `with` block, or inside a function it decorates. It may be used again."""

    def __enter__(self):
        self.before, grad_mode.enabled = grad_mode.enabled, self.enabled

    def __exit__(self, *error):
        grad_mode.enabled = self.before

    def __call__(self, function):
        if inspect.isgeneratorfunction(function):
            return self._around_each_step(function)

        @functools.wraps(function)
        def switched(*inputs, **options):
            with self.again():
                return function(*inputs, **options)

        return switched

    def _around_each_step(self, function):
        """A generator's caller runs between its steps, with the switch as it was."""

        @functools.wraps(function)
        def switched(*inputs, **options):
            generator = function(*inputs, **options)
            resume, given = generator.send, None
            while True:
                try:
                    with self.again():
                        item = resume(given)
                except StopIteration as end:
                    return end.value
                try:
                    resume, given = generator.send, (yield item)
                except GeneratorExit:
                    with self.again():
                        generator.close()
                    raise
                except BaseException as error:  # thrown in by the caller
                    resume, given = generator.throw, error

        return switched

    def again(self):
        """Another one with the same effect: threads may be inside one function at the same time."""
        return type(self)()


class _OneWay(_Recording):
    def __new__(cls, function=None):
        return (
            super().__new__(cls) if function is None else cls()(function)
        )  # @no_grad, without brackets


class no_grad(_OneWay):
    """Nothing inside is recorded, in this thread: `with no_grad():`, `@no_grad()` or `@no_grad`."""

    enabled = False


class enable_grad(_OneWay):
    """Record again inside a `no_grad` block."""

    enabled = True


class set_grad_enabled(_Recording):
    """On or off from here on, or only inside a `with` block or a function decorated with it."""

    def __init__(self, mode):
        self.enabled, self.before = bool(mode), grad_mode.enabled
        grad_mode.enabled = self.enabled

    def __enter__(self):
        grad_mode.enabled = self.enabled

    def __call__(self, function):
        grad_mode.enabled = self.before  # only the function, not what follows
        return super().__call__(function)

    def again(self):
        return set_grad_enabled(self.enabled)

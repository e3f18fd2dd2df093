"""What is wrong with a definition before any check runs: kind, parameters, names."""

import builtins
import inspect
from types import FunctionType, ModuleType

from classroom import source
from classroom.comparing import described

MODULE_NAMES = ("np", "torch", "nn", "F")  # names that every lesson keeps for modules


def problem_of_form(entry, answer):
    """What is wrong with the kind of thing that was defined, or None."""
    is_function = isinstance(inspect.unwrap(answer), FunctionType)
    if entry.is_class and not isinstance(answer, type):
        return f"`{entry.name}` must be a class; yours is {described(answer)}."
    if not entry.is_class and not is_function:
        kind = "a class" if isinstance(answer, type) else described(answer)
        return f"`{entry.name}` must be a function, written with `def`; yours is {kind}."
    for name in entry.blank:
        if not isinstance(inspect.unwrap(getattr(answer, name, None)), FunctionType):
            return f"The class `{entry.name}` has no method `{name}`."
    return None


def problem_of_signature(entry, functions):
    """What differs between the parameters asked for and the learner's, or None."""
    for tree, function in zip(entry.blank_trees, functions, strict=True):
        wanted = source.parameters(tree)
        mine = inspect.signature(function).parameters
        full = f"The signature is `{tree.name}({source.signature(tree)})`."
        if any(each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD) for each in mine.values()):
            continue
        for name, has_default in wanted.items():
            if name not in mine:
                return f"`{tree.name}` has no parameter `{name}`. {full}"
            if has_default and mine[name].default is inspect.Parameter.empty:
                return f"The parameter `{name}` of `{tree.name}` has lost its default value. {full}"
        for name, each in mine.items():
            if name not in wanted and each.default is inspect.Parameter.empty:
                return f"`{tree.name}` has a parameter `{name}` for which no value is given. {full}"
        if [name for name in mine if name in wanted] != list(wanted):
            return f"The parameters of `{tree.name}` are in another order. {full}"
    return None


def shadowed_names(functions, usual):
    """A sentence for each name in the learner's code that has lost its usual meaning in this
    notebook.

    usual   the names of the module that the course's own answer is in
    """
    sentences = []
    for function in map(inspect.unwrap, functions):
        for name in sorted(source.global_names(function.__code__) & set(function.__globals__)):
            value = function.__globals__[name]
            if name in MODULE_NAMES or isinstance(usual.get(name), ModuleType):
                lost = not isinstance(value, ModuleType)
            else:
                known = usual.get(name, getattr(builtins, name, None))
                lost = callable(known) and not callable(value)
            if lost:
                cure = (
                    f"run `del {name}` to get Python's own back"
                    if hasattr(builtins, name)
                    else "run the cell that imports or defines it again"
                )
                sentences.append(
                    f"The name `{name}` has been given to something else: it is now "
                    f"{described(value)}. Rename that, and {cure}."
                )
    return sentences

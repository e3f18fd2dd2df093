"""`@exercise` judges a definition and hands on what the notebook uses from there; `hint` and `solution` help.

An exercise cell never raises. Its verdict is one of *not written yet*, *right*, *not yet*.
"""

import builtins
import inspect
import sys
import traceback
from types import FunctionType, ModuleType

from classroom import catalogue, source, unreadable
from classroom.expect import Expect, NotYet, described
from classroom.feedback import NOT_WRITTEN, NOT_YET, RIGHT, Card, Verdict, show_bundle
from classroom.trial import Beginning, OutOfTime, Watch, bound, call_within, output_to

MODULE_NAMES = ("np", "torch", "nn", "F")  # names that every lesson keeps for modules

states = {}  # the state of each exercise judged in this session, by name
_originals = {}  # the course's own answers, by exercise name
_hints_given = {}


def exercise(answer):
    """Judge a function or class by its name, show the verdict, and return the one to use from here on.

    That is the learner's own if it is right, else the course's. A right one also takes the place of the
    course's in every `solutions` module, so that what the learner wrote is what trains.
    """
    name = getattr(answer, "__name__", str(answer))
    entry = _find(name)
    if entry is None:
        return answer
    try:
        verdict = judge(name, answer)
        in_use = hand_on(entry, answer if verdict.state == RIGHT else None)
    except Exception as fault:
        Card(f"{name}: could not be checked",
             [f"The fault is the course's, not yours. {type(fault).__name__}: {fault}"]).show()
        return answer
    states[name] = verdict.state
    verdict.card().show()
    return in_use


def hand_on_unread(name, *fault):
    """What `exercise` does for a definition that Python could not read; `fault` as `unreadable` found it."""
    verdict = Verdict(name, NOT_YET, *unreadable.described(*fault))
    in_use = hand_on(catalogue.course().exercise(name))
    states[name] = verdict.state
    verdict.card().show()
    return in_use


def judge(name, answer):
    """The Verdict on `answer`, a function or class, as an answer to the exercise `name`."""
    entry = catalogue.course().exercise(name)
    problem = _problem_of_form(entry, answer)
    if problem is None and all(map(source.is_unwritten, _parts(entry, answer))):
        return Verdict(name, NOT_WRITTEN, ["Put your code in place of `...` and run the cell."])
    problem = problem or _problem_of_signature(entry, answer)
    if problem is not None:
        return Verdict(name, NOT_YET, [problem])
    verdict = _try(entry, answer)
    if verdict.state == NOT_YET:
        verdict.sentences[:0] = _shadowed_names(entry, answer)
    return verdict


def _parts(entry, answer):
    """What the learner writes: the function itself, or the blank methods of the class."""
    return [getattr(answer, tree.name) for tree in entry.blank_trees] if entry.is_class else [answer]


def _problem_of_form(entry, answer):
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


def _problem_of_signature(entry, answer):
    """What differs between the parameters asked for and the learner's, or None."""
    for tree, function in zip(entry.blank_trees, _parts(entry, answer)):
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
                return f"`{tree.name}` has a parameter `{name}`, for which no value is given. {full}"
        if [name for name in mine if name in wanted] != list(wanted):
            return f"The parameters of `{tree.name}` stand in another order. {full}"


def _try(entry, answer):
    """Run the checks, one after the other, up to the first that fails."""
    checks = entry.checks
    verdict, expect = Verdict(entry.name, NOT_YET), Expect()
    verdict.notes = expect.notes
    watch, printed = Watch(entry.may_change), Beginning()
    namespaces = [inspect.unwrap(part).__globals__ for part in _parts(entry, answer)]

    notices = sys.stderr
    try:
        with (output_to(printed), bound(answer.__name__, answer, namespaces),
              watch.over(answer, entry.blank) as watched):
            call_within(entry.seconds, lambda: _run_each(checks, watched, expect, verdict), notices)
        verdict.state = RIGHT
    except NotYet as failure:
        verdict.sentences, verdict.blocks = failure.sentences, failure.blocks
    except OutOfTime:
        verdict.sentences = [f"Your code was stopped after {entry.seconds} s. Does a loop in it never end, "
                             "or does it do the same work again and again?"]
    except KeyboardInterrupt:  # the learner pressed "interrupt": the notebook stops here, as he asked
        raise
    except BaseException as error:
        verdict.sentences = _explained(error, entry, answer, watch)
    if printed.text():
        verdict.blocks.append(("printed while it was checked", printed.text()))
    return verdict


def _run_each(checks, answer, expect, verdict):
    for check in checks:
        verdict.checking, before = " ".join(inspect.getdoc(check).split()), expect.count
        check(answer, expect)
        verdict.checked.append(verdict.checking)
        verdict.counts.append(expect.count - before)


def _explained(error, entry, answer, watch):
    """Sentences on an error that stopped a check: where in the learner's code, or what could not be used."""
    files = {inspect.unwrap(part).__code__.co_filename for part in _parts(entry, answer)}
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
    kind = next(each.__name__ for each in type(error).__mro__ if not each.__name__.startswith("_"))
    what = f"{kind}: {error}" if str(error) else kind
    notes = getattr(error, "__notes__", [])  # the advice of a check
    if not lines:
        if watch.returned:
            return [f"Your code returned {described(watch.returned[0])}, which cannot be used here ({what}).",
                    *(["Is a `return` missing?"] if watch.returned[0] is None else []), *notes]
        return [f"It could not be used as the exercise asks ({what}).", *notes]
    where = f"Your code raised an error in line {lines[-1].lineno}: `{lines[-1].line}`"
    advice = {
        RecursionError: "A function calls itself without end.",
        MemoryError: "It asks for more memory than this machine has.",
        SystemExit: "An exercise must not end the program: let it return its result.",
    }
    return [where, what, *(text for errors, text in advice.items() if isinstance(error, errors)), *notes]


def _shadowed_names(entry, answer):
    """A sentence for each name in the learner's code that has lost its usual meaning in this notebook."""
    original = _originals.get(entry.name) or entry.reference
    usual = vars(sys.modules[original.__module__])
    sentences = []
    for function in map(inspect.unwrap, _parts(entry, answer)):
        for name in sorted(source.global_names(function.__code__) & set(function.__globals__)):
            value = function.__globals__[name]
            if name in MODULE_NAMES or isinstance(usual.get(name), ModuleType):
                lost = not isinstance(value, ModuleType)
            else:
                lost = callable(usual.get(name, getattr(builtins, name, None))) and not callable(value)
            if lost:
                cure = (f"run `del {name}` to get Python's own back" if hasattr(builtins, name)
                        else "run the cell that imports or defines it again")
                sentences.append(f"The name `{name}` has been given to something else: it is now "
                                 f"{described(value)}. Rename that, and {cure}.")
    return sentences


def hand_on(entry, answer=None):
    """Put `answer`, or for None the course's own, in place in every `solutions` module; return it."""
    in_use = entry.reference
    original = _originals.setdefault(entry.name, in_use)
    chosen = original if answer is None else answer
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith("solutions."):
            for key, value in list(vars(module).items()):
                if value is in_use:
                    setattr(module, key, chosen)
    return chosen


def hint(name):
    """Show the next hint for an exercise, given by its name."""
    entry = _find(name)
    if entry is None:
        return
    given = _hints_given[entry.name] = min(_hints_given.get(entry.name, 0) + 1, len(entry.hints))
    card = Card(f"{entry.name}: hint {given} of {len(entry.hints)}", [entry.hints[given - 1]])
    if given == len(entry.hints):
        card.closing.append(f'That is the last one; `solution("{entry.name}")` shows the answer.')
    card.show()


def solution(name):
    """Show the course's answer to an exercise, given by its name."""
    entry = _find(name)
    if entry is not None:
        text = source.answer(entry)
        show_bundle({"text/plain": text, "text/markdown": f"```python\n{text}\n```"})


def _find(name):
    """The exercise called `name`; if there is none, say so and return None."""
    try:
        return catalogue.course().exercise(getattr(name, "__name__", name))
    except KeyError as unknown:
        Card("Nothing was checked.", [unknown.args[0]]).show()


unreadable.watch_cells()  # from the first import of `exercise` on, in every cell of this notebook

"""Lesson 01: mistakes with slopes and gradients: paths forgotten, copies not summed, transposes missing."""

import math
from collections import deque

import numpy as np

from classroom.checking import accepted, mistake
from solutions.autograd import Value, topological_order, unbroadcast

# central_difference


@mistake(
    "central_difference",
    "This is the one-sided difference, from x to x + step. Go to both sides: the error "
    "is far smaller.",
)
def one_sided(f, x, step=1e-5):
    return (f(x + step) - f(x)) / step


@mistake(
    "central_difference",
    "This is the one-sided difference, from x - step to x. Go to both sides: the error "
    "is far smaller.",
)
def one_sided_backward(f, x, step=1e-5):
    return (f(x) - f(x - step)) / step


@mistake(
    "central_difference",
    "This is the slope of one side only, divided by 2 * step. Take the other point at x - step.",
)
def one_side_over_both_steps(f, x, step=1e-5):
    return (f(x + step) - f(x)) / (2 * step)


@mistake(
    "central_difference", "Twice too large: from x - step to x + step the distance is 2 * step."
)
def half_the_distance(f, x, step=1e-5):
    return (f(x + step) - f(x - step)) / step


@mistake(
    "central_difference",
    "Put the distance in brackets, (2 * step): a / 2 * step divides by 2 and multiplies by step.",
)
def brackets_missing(f, x, step=1e-5):
    return (f(x + step) - f(x - step)) / 2 * step


@mistake("central_difference", "Put the difference in brackets, too: a - b / c divides only b.")
def difference_without_brackets(f, x, step=1e-5):
    return f(x + step) - f(x - step) / (2 * step)


@mistake(
    "central_difference",
    "Put the difference in brackets, and the distance too: a - b / 2 * step divides only b, and "
    "multiplies it by step.",
)
def no_brackets_at_all(f, x, step=1e-5):
    return f(x + step) - f(x - step) / 2 * step


@mistake(
    "central_difference",
    "This is only the change of f. Divide it by the distance of the two points, 2 * step.",
)
def not_divided(f, x, step=1e-5):
    return f(x + step) - f(x - step)


@mistake(
    "central_difference",
    "The change of f is divided by 2, but not by the step. The two points are 2 * step apart.",
)
def divided_by_two(f, x, step=1e-5):
    return (f(x + step) - f(x - step)) / 2


@mistake("central_difference", "The sign is the wrong way around: f(x + step) comes first.")
def negated(f, x, step=1e-5):
    return (f(x - step) - f(x + step)) / (2 * step)


@mistake(
    "central_difference",
    "Your points are half a step away from x. Go a whole step to each side; the distance is then "
    "2 * step.",
)
def half_steps(f, x, step=1e-5):
    return (f(x + step / 2) - f(x - step / 2)) / step


@mistake(
    "central_difference",
    "This is the second difference, f(x + step) - 2 f(x) + f(x - step): how fast the slope "
    "changes. For the slope itself, f(x) is not needed.",
)
def second_difference(f, x, step=1e-5):
    return (f(x + step) - 2 * f(x) + f(x - step)) / step**2


@mistake(
    "central_difference",
    "This is the mean of f at the two points, or a multiple of it: the two values are "
    "added. Subtract them.",
)
def mean_of_both(f, x, step=1e-5):
    return (f(x + step) + f(x - step)) / 2


@mistake(
    "central_difference",
    "Your result does not depend on `step`: use the step that is given, not one of your own.",
)
def step_of_its_own(f, x, step=1e-5):
    return (f(x + 1e-6) - f(x - 1e-6)) / 2e-6


@mistake(
    "central_difference",
    "The slope comes out as 0: the default step is so small that x + step equals x. A float has "
    "about 16 digits; leave the step at 1e-5.",
)
def step_too_small(f, x, step=1e-17):
    return (f(x + step) - f(x - step)) / (2 * step)


@mistake(
    "central_difference",
    "With a given step it is right, but the default step is so large that the curve bends between "
    "the two points. Leave the step at 1e-5.",
)
def step_too_large(f, x, step=0.1):
    return (f(x + step) - f(x - step)) / (2 * step)


@accepted("central_difference")
def divided_separately(f, x, step=1e-5):
    return 0.5 * ((f(x + step) - f(x)) / step + (f(x) - f(x - step)) / step)


@accepted("central_difference")
def by_the_points(f, x, step=1e-5):
    left, right = np.float64(x) - step, np.float64(x) + step
    return (f(right) - f(left)) / (right - left)


# Value


@mistake(
    "Value",
    "The slopes are exchanged: when a grows, a * b grows b times as fast. Each input's slope is "
    "the *other* factor.",
)
class OwnFactor(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (self, other), (self.data, other.data))


@mistake(
    "Value",
    "Both slopes are the same factor. Each input's slope is the other one: b for a, and a for b.",
)
class SameFactorTwice(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (self, other), (other.data, other.data))


@mistake("Value", "The slopes are plain numbers, not Values: take their `.data`.")
class ValuesAsSlopes(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (self, other), (other, self))


@mistake(
    "Value", "1 and 1 are the slopes of a sum. When a grows by 0.01, how much does a * b grow?"
)
class CopiedFromTheSum(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (self, other), (1.0, 1.0))


@mistake("Value", "The data of your a * b is the sum of the two numbers. It must be their product.")
class StillAdded(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data + other.data, (self, other), (other.data, self.data))


@mistake("Value", "A slope is not the result: when a grows by 0.01, a * b grows by 0.01 times b.")
class ResultAsSlopes(Value):
    def __mul__(self, other):
        other = self.lift(other)
        product = self.data * other.data
        return self.made("*", product, (self, other), (product, product))


@mistake(
    "Value",
    "a * b has forgotten how it was made: a Value built from the number alone has no inputs and "
    "no slopes. Let `self.made(...)` build it.",
)
class Forgetful(Value):
    def __mul__(self, other):
        return type(self)(self.data * self.lift(other).data)


@mistake(
    "Value",
    "a * b must return a Value with its memory. Let `self.made(...)` build it, and return it.",
)
class BareNumber(Value):
    def __mul__(self, other):
        return self.data * self.lift(other).data


@mistake(
    "Value", "In a * 4 the 4 is a plain number and has no `data`. Lift it first, as `__add__` does."
)
class NumbersNotLifted(Value):
    def __mul__(self, other):
        return self.made("*", self.data * other.data, (self, other), (other.data, self.data))

    __rmul__ = __mul__


@mistake(
    "Value",
    "The inputs of a * b must be the very Values a and b, in this order: (self, other). Yours "
    "are new ones.",
)
class CopiesOfTheInputs(Value):
    def __mul__(self, other):
        other = self.lift(other)
        inputs = type(self)(self.data), type(self)(other.data)
        return self.made("*", self.data * other.data, inputs, (other.data, self.data))


@mistake(
    "Value",
    "The inputs of a * b are (b, a) here. They come in the order of the product, (self, other), "
    "and the slopes in the same order.",
)
class InputsExchanged(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (other, self), (self.data, other.data))


@mistake(
    "Value",
    "The inputs of a * b are (b, a) here, while the slopes are those of (a, b). Both come in the "
    "order (self, other).",
)
class OnlyInputsExchanged(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (other, self), (other.data, self.data))


@mistake(
    "Value",
    "This changes a itself, and a is still needed. Build a new Value, with `self.made(...)`.",
)
class ChangesItself(Value):
    def __mul__(self, other):
        other = self.lift(other)
        slopes = other.data, self.data
        self.data *= other.data
        self.inputs, self.slopes = (self, other), slopes
        return self


@mistake("Value", "This is 1 - x^2. The square is that of the *result*: 1 - tanh(x)^2.")
class SquareOfTheInput(Value):
    def tanh(self):
        return self.made("tanh", math.tanh(self.data), (self,), (1 - self.data**2,))


@mistake("Value", "This is 1 - tanh(x); the square is missing: 1 - tanh(x)^2.")
class NoSquare(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self,), (1 - t,))


@mistake("Value", "This is (1 - tanh(x))^2. Only tanh is squared: 1 - tanh(x)^2.")
class SquareOfTheDifference(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self,), ((1 - t) ** 2,))


@mistake("Value", "The slope is tanh(x)^2 here. It is what that leaves of 1: 1 - tanh(x)^2.")
class SquareAlone(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self,), (t * t,))


@mistake(
    "Value", "tanh is taken twice in the slope. It is 1 - t * t, where t is the result itself."
)
class TanhOfTanh(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self,), (1 - math.tanh(t) ** 2,))


@mistake("Value", "This is the slope of the sigmoid, out (1 - out). That of tanh is 1 - out^2.")
class SlopeOfTheSigmoid(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self,), (t * (1 - t),))


@mistake("Value", "A slope of 1 would be a straight line. That of tanh is 1 - tanh(x)^2.")
class StraightLine(Value):
    def tanh(self):
        return self.made("tanh", math.tanh(self.data), (self,), (1.0,))


@mistake("Value", "The slope of tanh is the result itself here. It is 1 - tanh(x)^2.")
class ResultAsSlope(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self,), (t,))


@mistake(
    "Value",
    "x.tanh() must return a Value with its memory. Let `self.made(...)` build it, and return it.",
)
class BareTanh(Value):
    def tanh(self):
        return math.tanh(self.data)


@mistake(
    "Value",
    "x.tanh() has forgotten how it was made: a Value built from the number alone has no inputs "
    "and no slopes. Let `self.made(...)` build it.",
)
class ForgetfulTanh(Value):
    def tanh(self):
        return type(self)(math.tanh(self.data))


@mistake(
    "Value",
    "inputs and slopes are tuples, here with one entry each. A tuple of one needs "
    "its comma: (self,).",
)
class CommaMissing(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self), slopes=(1 - t * t))


@accepted("Value")
class SlopeByCosh(Value):
    def tanh(self):
        return self.made("tanh", math.tanh(self.data), (self,), (1 / math.cosh(self.data) ** 2,))


@accepted("Value")
class BuiltByHand(Value):
    def __mul__(self, other):
        if not isinstance(other, Value):
            other = Value(other)
        return Value(self.data * other.data, "mul", [self, other], [other.data, self.data])

    def tanh(self):
        e = np.exp(2 * self.data)
        return Value((e - 1) / (e + 1), "tanh", (self,), (4 * e / (e + 1) ** 2,))

    __rmul__ = __mul__


# topological_order


@mistake(
    "topological_order",
    "Your list goes breadth first, level by level. That is not enough when one path to a Value is "
    "longer than another: it must come before *all* that use it.",
)
def breadth_first(root):
    order, queue = [], deque([root])
    while queue:
        node = queue.popleft()
        if node not in order:
            order.append(node)
            queue.extend(node.inputs)
    return order[::-1]


@mistake(
    "topological_order",
    "Your list starts with root, and even reversed it would be wrong: going breadth first, level "
    "by level, meets a Value too early when another path to it is longer.",
)
def breadth_first_from_root(root):
    return breadth_first(root)[::-1]


@mistake(
    "topological_order",
    "A Value that was met again is moved to the end of the list, but what it was made from stays "
    "where it was. A Value may be put down only when all of its inputs are in the list.",
)
def moved_when_met_again(root):
    order, queue = [], deque([root])
    while queue:
        node = queue.popleft()
        if node in order:
            order.remove(node)
            order.append(node)
        else:
            order.append(node)
            queue.extend(node.inputs)
    return order[::-1]


@mistake(
    "topological_order",
    "Each Value is put down when it is met, and the list reversed at the end. That is not enough "
    "when a Value has several paths: put it down only when all of its inputs are in the list.",
)
def depth_first_when_met(root):
    order, to_do = [], [root]
    while to_do:
        node = to_do.pop()
        if node not in order:
            order.append(node)
            to_do.extend(node.inputs)
    return order[::-1]


@mistake(
    "topological_order",
    "Your list starts with root, and even reversed it would be wrong: each Value is put down when "
    "it is met. Put it down only when all of its inputs are in the list.",
)
def depth_first_from_root(root):
    return depth_first_when_met(root)[::-1]


@mistake(
    "topological_order",
    "A Value is marked as seen when it is put on the list of what is to do, and then it waits "
    "there while others that need it are put down. Mark it when it is taken from that list.",
)
def seen_when_pushed(root):
    order, seen, to_do = [], {root}, [(root, False)]
    while to_do:
        node, inputs_done = to_do.pop()
        if inputs_done:
            order.append(node)
            continue
        to_do.append((node, True))
        for each in node.inputs:
            if each not in seen:
                seen.add(each)
                to_do.append((each, False))
    return order


@mistake("topological_order", shown_by="a_chain_of_10_000", seen="karpathy/micrograd PR #90")
def recursive(root):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for each in node.inputs:
                visit(each)
            order.append(node)

    visit(root)
    return order


@mistake("topological_order", shown_by="doubled_forty_times")
def recursive_by_its_own_name(root):
    order = []
    for each in root.inputs:
        for node in recursive_by_its_own_name(each):
            if node not in order:
                order.append(node)
    return [*order, root]


@mistake("topological_order", shown_by="doubled_forty_times")
def put_down_once_but_visited_often(root):
    order, to_do = [], [(root, False)]
    while to_do:
        node, inputs_done = to_do.pop()
        if not inputs_done:
            to_do.append((node, True))
            to_do.extend((each, False) for each in node.inputs)
        elif node not in order:
            order.append(node)
    return order


@mistake(
    "topological_order",
    "w and x contain the same number, and one of them is missing. Tell Values apart by themselves "
    "(`node in seen`), not by their `data`.",
)
def told_apart_by_data(root):
    order, seen, to_do = [], set(), [(root, False)]
    while to_do:
        node, inputs_done = to_do.pop()
        if inputs_done:
            order.append(node)
        elif node.data not in seen:
            seen.add(node.data)
            to_do.append((node, True))
            to_do.extend((each, False) for each in node.inputs)
    return order


@mistake(
    "topological_order",
    "The list is in the order of the numbers in `data`, or of something else that has nothing to "
    "do with the inputs. Each Value must come after its inputs.",
)
def sorted_by_data(root):
    return sorted(topological_order(root), key=lambda node: node.data)


@mistake(
    "topological_order",
    "`w` is missing: you remove entries from a list while a loop goes over it, and the loop then "
    "skips the next one.",
)
def removed_from_the_list_of_the_loop(root):
    order = [root]
    for node in order:
        for each in node.inputs:
            if each not in order:
                order.append(each)
    for node in order:
        if not node.inputs:
            order.remove(node)
    return order[::-1]


@mistake(
    "topological_order",
    "A Value that is used twice is in your list twice. Remember which ones you have seen.",
)
def nothing_seen(root):
    order, to_do = [], [root]
    while to_do:
        node = to_do.pop()
        order.append(node)
        to_do.extend(node.inputs)
    return order[::-1]


@mistake(
    "topological_order",
    "The list is upside down: root must come last, after everything it was made from.",
)
def root_first(root):
    return topological_order(root)[::-1]


@mistake(
    "topological_order",
    "Those that were given, with no inputs, are missing. They belong in the list, too.",
)
def operations_only(root):
    return [node for node in topological_order(root) if node.inputs]


@mistake("topological_order", "root itself is missing: it is the last one in the list.")
def without_root(root):
    return topological_order(root)[:-1]


@mistake(
    "topological_order",
    "Only root and its own inputs are in the list. Go on from each of them to the Values it "
    "was made from.",
)
def one_step_only(root):
    return [*dict.fromkeys(root.inputs), root]


@mistake(
    "topological_order",
    "A second call for the same root finds less: a mark that the first one left on the Values, or "
    "in a default value or a global, is still there. Begin each call with a new, empty set.",
)
def marks_left_on_the_values(root):
    order, to_do = [], [(root, False)]
    while to_do:
        node, inputs_done = to_do.pop()
        if inputs_done:
            order.append(node)
        elif not getattr(node, "seen", False):
            node.seen = True
            to_do.append((node, True))
            to_do.extend((each, False) for each in node.inputs)
    return order


@mistake("topological_order", shown_by="called_again")
def default_list_kept(root, order=[]):  # noqa: B006
    order += topological_order(root)
    return list(order)


@accepted("topological_order")
def by_counting_users(root):
    """Kahn's way: a node goes to the list when all its users have, from root downwards."""
    users, to_do, seen = {root: 0}, [root], {root}
    while to_do:
        for each in to_do.pop().inputs:
            users[each] = users.get(each, 0) + 1
            if each not in seen:
                seen.add(each)
                to_do.append(each)
    order, ready = [], [root]
    while ready:
        order.append(node := ready.pop())
        for each in node.inputs:
            users[each] -= 1
            if users[each] == 0:
                ready.append(each)
    return order[::-1]


@accepted("topological_order")
def when_all_inputs_are_down(root):
    """A node waits on the stack until all its inputs are in the order."""
    order, down, to_do = [], set(), [root]
    while to_do:
        waiting = [each for each in to_do[-1].inputs if each not in down]
        if waiting:
            to_do.append(waiting[0])
            continue
        node = to_do.pop()
        if node not in down:
            down.add(node)
            order.append(node)
    return order


# backpropagate


@mistake(
    "backpropagate",
    "The grad of h was overwritten: it keeps what one path brought and loses the other. "
    "Add, with +=.",
)
def overwritten(root):
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad = slope * node.grad


@mistake(
    "backpropagate",
    "h passed its grad on before the path through tanh had brought its part. Breadth first is not "
    "enough: a Value may be visited only after *all* that used it.",
    seen="lucasdelimanogueira/PyNorch #90",
)
def level_by_level(root):
    order = breadth_first_from_root(root)
    for node in order:
        node.grad = 0.0
    root.grad = 1.0
    for node in order:
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


@mistake(
    "backpropagate",
    "h passed its grad on twice, the second time with what it had passed on before. Visit each "
    "Value once, when its grad is complete.",
    seen="karpathy/micrograd PR #64; sebgao/cTensor #5",
)
def without_an_order(root, is_first=True):
    if is_first:
        for node in topological_order(root):
            node.grad = 0.0
        root.grad = 1.0
    for each, slope in zip(root.inputs, root.slopes):
        each.grad += slope * root.grad
    for each in root.inputs:
        without_an_order(each, is_first=False)


@mistake(
    "backpropagate",
    "root.grad must be 1 before the walk begins: the end result changes as fast as itself, and "
    "all other grads come from there.",
)
def root_not_set(root):
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


@mistake(
    "backpropagate",
    "All grads are 0 when the walk begins, and root.grad becomes 1 only afterwards. Set it before.",
)
def root_set_at_the_end(root):
    for node in topological_order(root):
        node.grad = 0.0
    root_not_set(root)
    root.grad = 1.0


@mistake(
    "backpropagate",
    "The walk begins with root.data for the grad of root. It is 1: the end result changes as "
    "fast as itself.",
)
def data_of_root(root):
    grads = dict.fromkeys(topological_order(root), 0.0)
    grads[root] = root.data
    for node in reversed(topological_order(root)):
        node.grad = grads[node]
        for each, slope in zip(node.inputs, node.slopes):
            grads[each] += slope * node.grad


@mistake(
    "backpropagate",
    "The grad stops after one step: walk from root to the inputs, "
    "reversed(topological_order(root)).",
    seen="karpathy/micrograd #96",
)
def from_the_inputs(root):
    order = topological_order(root)
    for node in order:
        node.grad = 0.0
    root.grad = 1.0
    for node in order:
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


@mistake(
    "backpropagate",
    "Every grad below root ends as 0. If you set grads to 0 during the walk, you wipe out what "
    "has come in already: do it in a loop of its own, before the walk.",
)
def set_to_0_during_the_walk(root):
    for node in reversed(topological_order(root)):
        node.grad = 0.0
        root.grad = 1.0
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


@mistake(
    "backpropagate",
    "The grads of a Value's inputs are set to 0 when the Value is visited, which wipes out what "
    "other paths have brought. Set all of them to 0 before the walk.",
)
def inputs_set_to_0_during_the_walk(root):
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for each in node.inputs:
            each.grad = 0.0
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


@mistake(
    "backpropagate",
    "`list.reverse()` reverses the list in place and returns None. Use reversed(order), which "
    "returns what a loop needs.",
)
def reversed_in_place(root):
    root.grad = 1.0
    for node in topological_order(root).reverse():
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


@mistake(
    "backpropagate",
    "Not every Value has two inputs: tanh has one, and a number that was given has none. Loop "
    "over zip(node.inputs, node.slopes).",
)
def always_two_inputs(root):
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        a, b = node.inputs
        a.grad += node.slopes[0] * node.grad
        b.grad += node.slopes[1] * node.grad


@mistake(
    "backpropagate", "Only the first input of each Value gets its part. Loop over all of them."
)
def first_input_only(root):
    for node in topological_order(root):
        node.grad = 0.0
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        if node.inputs:
            node.inputs[0].grad += node.slopes[0] * node.grad


@mistake(
    "backpropagate",
    "What is added to a grad is only the last slope. Multiply it by the grad of the Value that "
    "it comes from.",
)
def no_chain_rule(root):
    for node in topological_order(root):
        node.grad = 0.0
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope


@mistake("backpropagate", "The slopes along a path are multiplied, not added.")
def slopes_added(root):
    for node in topological_order(root):
        node.grad = 0.0
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope + node.grad


@mistake(
    "backpropagate",
    "The grads are passed on without the slopes. What a path brings to an input is "
    "slope * node.grad.",
)
def no_slopes(root):
    for node in topological_order(root):
        node.grad = 0.0
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for each in node.inputs:
            each.grad += node.grad


@mistake(
    "backpropagate",
    "You multiply the slope by the number in `data`. What is passed on is slope * node.grad.",
)
def data_for_grad(root):
    for node in topological_order(root):
        node.grad = 0.0
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.data


@mistake(
    "backpropagate",
    "The part is multiplied by the input's own number, each.data. The slope knows that already: "
    "add slope * node.grad.",
)
def times_the_input(root):
    for node in topological_order(root):
        node.grad = 0.0
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad * each.data


@mistake(
    "backpropagate",
    "The slopes of a Value's inputs are exchanged: inputs and slopes go together in order.",
)
def slopes_exchanged(root):
    for node in topological_order(root):
        node.grad = 0.0
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes[::-1]):
            each.grad += slope * node.grad


@mistake(
    "backpropagate",
    "Only the inputs of root have a grad. Go through the whole order, and pass each grad on "
    "in its turn.",
)
def root_only(root):
    for node in topological_order(root):
        node.grad = 0.0
    root.grad = 1.0
    for each, slope in zip(root.inputs, root.slopes):
        each.grad += slope


@mistake(
    "backpropagate",
    "An input that occurs twice in one Value, as in x * x, gets only one of its two parts.",
)
def each_input_once(root):
    for node in topological_order(root):
        node.grad = 0.0
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for each, slope in dict(zip(node.inputs, node.slopes)).items():
            each.grad += slope * node.grad


@mistake(
    "backpropagate",
    "The second call still has the gradients of the first in it: set every grad to 0 "
    "before you begin.",
    seen="karpathy/micrograd PR #102",
)
def never_reset(root):
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


@mistake(
    "backpropagate",
    "The grads of the Values in between, or of those without inputs, still contain what an "
    "earlier call left there: set *every* grad to 0 before you begin.",
)
def given_numbers_reset_only(root):
    for node in topological_order(root):
        if not node.inputs:
            node.grad = 0.0
    never_reset(root)


@mistake(
    "backpropagate",
    "The second call still adds to the old grads of root's inputs, or of those further down: set "
    "every grad to 0 before you begin.",
)
def all_but_given_numbers_reset(root):
    for node in topological_order(root):
        if node.inputs:
            node.grad = 0.0
    never_reset(root)


@mistake(
    "backpropagate",
    "The grads are right, but it calls itself from Value to Value, and an expression may be "
    "thousands of operations deep. Loop over topological_order.",
)
def recursive_with_sums(root):
    users = {}
    for node in topological_order(root):
        for each, slope in zip(node.inputs, node.slopes):
            users.setdefault(each, []).append((node, slope))
    known = {root: 1.0}

    def grad(node):
        if node not in known:
            known[node] = sum(slope * grad(user) for user, slope in users[node])
        return known[node]

    for node in topological_order(root):
        node.grad = grad(node)


@accepted("backpropagate")
def collected_first(root):
    grads = {root: 1.0}
    for node in reversed(topological_order(root)):
        node.grad = grads[node]
        for each, slope in zip(node.inputs, node.slopes):
            grads[each] = grads.get(each, 0.0) + slope * node.grad


@accepted("backpropagate")
def popped_from_the_end(root):
    order = topological_order(root)
    for node in order:
        node.grad = float(node is root)
    while order:
        node = order.pop()
        for index in range(len(node.inputs)):
            node.inputs[index].grad = node.inputs[index].grad + node.grad * node.slopes[index]


# unbroadcast


@mistake(
    "unbroadcast",
    "It still has the stretched shape: nothing was summed back.",
    seen="deeplearning4j/nd4j #2424; pytorch/pytorch #1787",
)
def not_summed(grad, shape):
    return grad


@mistake(
    "unbroadcast",
    "Only axes in front were summed. An axis where the shape says 1 was stretched, too.",
)
def front_only(grad, shape):
    return grad.sum(axis=tuple(range(grad.ndim - len(shape))))


@mistake(
    "unbroadcast",
    "This is the mean over the copies. Each copy contributes in full: sum them.",
    seen="named in jimfleming/differentiation #1",
)
def mean_of_copies(grad, shape):
    in_front = grad.ndim - len(shape)
    stretched = [in_front + axis for axis, size in enumerate(shape) if size == 1]
    return grad.mean(axis=(*range(in_front), *stretched)).reshape(shape)


@mistake(
    "unbroadcast",
    "The axis of size 1 is gone: the result must have the given shape. keepdims=True or reshape.",
)
def keepdims_missing(grad, shape):
    in_front = grad.ndim - len(shape)
    stretched = [in_front + axis for axis, size in enumerate(shape) if size == 1]
    return grad.sum(axis=(*range(in_front), *stretched))


@mistake(
    "unbroadcast",
    "The shapes are lined up from the left. Broadcasting lines them up from the right: the new "
    "axes are in front.",
)
def from_the_left(grad, shape):
    if grad.shape[-len(shape) :] == shape and grad.shape[0] != shape[0]:
        return grad.sum(0)  # a special case that gets past the worked example
    stretched = [axis for axis in range(grad.ndim) if axis >= len(shape) or shape[axis] == 1]
    return grad.sum(axis=tuple(stretched)).reshape(shape)


@mistake(
    "unbroadcast",
    "After the first sum the axes have moved up: what was axis 1 is axis 0 now. One after the "
    "other, always sum axis 0; or all at once, with axis=(0, 1).",
)
def axes_that_move(grad, shape):
    if shape == ():
        return grad.sum()
    for axis in range(grad.ndim - len(shape)):
        grad = grad.sum(axis=axis)
    for axis, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad


@mistake(
    "unbroadcast",
    "The sums are right, but an axis of size 1 is still in front. Finish with .reshape(shape).",
)
def shape_filled_up(grad, shape):
    full = (1,) * (grad.ndim - len(shape)) + shape
    stretched = tuple(axis for axis, size in enumerate(full) if size == 1)
    return grad.sum(axis=stretched, keepdims=True)


@mistake(
    "unbroadcast",
    "Shapes line up from the right: `shape` is shorter than grad.shape, and axis i of `shape` is "
    "axis grad.ndim - len(shape) + i of grad.",
)
def axes_of_grad_in_shape(grad, shape):
    for axis in range(grad.ndim):
        if shape[axis] != grad.shape[axis]:
            grad = grad.sum(axis, keepdims=True)
    return grad.reshape(shape)


@mistake("unbroadcast", "Only the first copy's gradient was kept. Each copy contributes: sum them.")
def one_copy(grad, shape):
    grad = grad[(0,) * (grad.ndim - len(shape))]
    return grad[tuple(slice(1) if size == 1 else slice(None) for size in shape)]


@mistake("unbroadcast", "Only the last copy's gradient was kept. Each copy contributes: sum them.")
def last_copy(grad, shape):
    grad = grad[(-1,) * (grad.ndim - len(shape))]
    return grad[tuple(slice(-1, None) if size == 1 else slice(None) for size in shape)]


@mistake(
    "unbroadcast", "This is the largest of the copies' gradients. Each copy contributes: sum them."
)
def largest_copy(grad, shape):
    in_front = grad.ndim - len(shape)
    stretched = [in_front + axis for axis, size in enumerate(shape) if size == 1]
    return grad.max(axis=(*range(in_front), *stretched)).reshape(shape)


@mistake(
    "unbroadcast", "This is the sum over everything. Sum only over the axes that were stretched."
)
def sum_of_everything(grad, shape):
    return np.full(shape, grad.sum())


@mistake(
    "unbroadcast",
    "Only one axis in front is summed. There may be several, or none: grad.ndim - "
    "len(shape) of them.",
)
def one_axis_in_front(grad, shape):
    if grad.ndim > len(shape):
        grad = grad.sum(0)
    for axis, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis, keepdims=True)
    return grad


@mistake(
    "unbroadcast",
    "Either axes in front or axes of size 1 are summed, never both. A shape may have been "
    "stretched in both ways.",
)
def one_kind_at_a_time(grad, shape):
    if grad.ndim > len(shape):
        return grad.sum(axis=tuple(range(grad.ndim - len(shape))))
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return grad.sum(axis=stretched, keepdims=True)


@mistake(
    "unbroadcast",
    "The axes of size 1 are counted from the left of grad. With new axes in front, axis i of "
    "`shape` is axis grad.ndim - len(shape) + i of grad.",
)
def ones_counted_from_the_left(grad, shape):
    stretched = [axis for axis, size in enumerate(shape) if size == 1]
    in_front = range(grad.ndim - len(shape))
    return grad.sum(axis=tuple({*in_front, *stretched})).reshape(shape)


@mistake(
    "unbroadcast",
    "An axis is summed if its size does not occur in `shape`. Sizes may be equal by chance: "
    "compare axis by axis, from the right.",
)
def sizes_that_do_not_occur(grad, shape):
    for axis in reversed(range(grad.ndim)):
        if grad.shape[axis] not in shape:
            grad = grad.sum(axis, keepdims=True)
    return grad.reshape(shape) if grad.size == math.prod(shape) else grad


@accepted("unbroadcast")
def axis_by_axis(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(0)
    for axis, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis, keepdims=True)
    return grad


@accepted("unbroadcast")
def entry_by_entry(grad, shape):
    total = np.zeros(shape)
    for index in np.ndindex(grad.shape):
        own = index[grad.ndim - len(shape) :]
        total[tuple(0 if size == 1 else i for i, size in zip(own, shape))] += grad[index]
    return total


@accepted("unbroadcast")
def by_adding_at(grad, shape):
    total = np.zeros(shape)
    rows = np.broadcast_to(np.arange(total.size).reshape(shape), grad.shape)
    np.add.at(total.reshape(-1), rows, grad)
    return total


# matmul_gradients


def transposed(x):
    return x.swapaxes(-1, -2)


@mistake(
    "matmul_gradients",
    "In the gradient of a, b is not transposed. Square matrices hide it; the formula does not: "
    "sum over k of grad[i, k] b[j, k].",
)
def b_not_transposed(a, b, grad):
    return unbroadcast(grad @ b, a.shape), unbroadcast(transposed(a) @ grad, b.shape)


@mistake(
    "matmul_gradients",
    "In the gradient of b, a is not transposed. Square matrices hide it; the formula does not: "
    "sum over i of a[i, j] grad[i, k].",
)
def a_not_transposed(a, b, grad):
    return unbroadcast(grad @ transposed(b), a.shape), unbroadcast(a @ grad, b.shape)


@mistake(
    "matmul_gradients",
    "Both transposes are missing: in the formulas the index that is summed is the *last* of b and "
    "the *first* of a.",
)
def no_transposes(a, b, grad):
    return unbroadcast(grad @ b, a.shape), unbroadcast(a @ grad, b.shape)


@mistake(
    "matmul_gradients",
    "The factors are in the wrong order: grad comes first in the gradient of a, and last in "
    "that of b.",
)
def order_exchanged(a, b, grad):
    return transposed(b) @ grad, grad @ transposed(a)


@mistake(
    "matmul_gradients",
    "These are the slopes of the product entry by entry, a * b. A matrix product sums.",
)
def elementwise(a, b, grad):
    return grad * b, grad * a


@mistake(
    "matmul_gradients",
    "The gradient of the product, `grad`, is not in it: these are only the slopes, the "
    "other matrix transposed.",
)
def slopes_only(a, b, grad):
    return transposed(b), transposed(a)


@mistake(
    "matmul_gradients", "Both gradients are transposed: each must have the shape of its own matrix."
)
def both_transposed(a, b, grad):
    return b @ transposed(grad), transposed(grad) @ a


@mistake(
    "matmul_gradients",
    "a and b are exchanged: the gradient of a is made with b, and the gradient of b with a.",
)
def own_factor(a, b, grad):
    return grad @ transposed(a), transposed(b) @ grad


@mistake(
    "matmul_gradients",
    "grad is transposed as well. In the formulas it is not: grad[i, k] keeps the order "
    "of its indices.",
)
def grad_transposed(a, b, grad):
    return transposed(grad) @ transposed(b), transposed(a) @ transposed(grad)


@mistake(
    "matmul_gradients",
    "The gradient of a is right. That of b is transposed: it is a^T grad, (inner, columns), "
    "not grad^T a.",
)
def gradient_of_b_transposed(a, b, grad):
    return unbroadcast(grad @ transposed(b), a.shape), transposed(grad) @ a


@mistake(
    "matmul_gradients",
    "`.T` reverses *all* axes, the batch's too. x.swapaxes(-1, -2) exchanges only the last two.",
)
def all_axes_reversed(a, b, grad):
    return unbroadcast(grad @ b.T, a.shape), unbroadcast(a.T @ grad, b.shape)


@mistake(
    "matmul_gradients",
    "swapaxes(0, 1) exchanges the first two axes, and with a batch in front these are not rows "
    "and columns. Count from the end: swapaxes(-1, -2).",
)
def first_two_axes(a, b, grad):
    return unbroadcast(grad @ b.swapaxes(0, 1), a.shape), unbroadcast(
        a.swapaxes(0, 1) @ grad, b.shape
    )


@mistake("matmul_gradients", "You return (grad_b, grad_a): the gradient of a comes first.")
def results_exchanged(a, b, grad):
    return unbroadcast(transposed(a) @ grad, b.shape), unbroadcast(grad @ transposed(b), a.shape)


@mistake(
    "matmul_gradients",
    "Your indices leave no room for the batch axis. Let np.einsum pass over what is in front: "
    "'...ik,...jk->...ij' for the gradient of a.",
)
def indices_without_a_batch(a, b, grad):
    return np.einsum("ik,jk->ij", grad, b), np.einsum("ij,ik->jk", a, grad)


@mistake(
    "matmul_gradients",
    "Here a was stretched over the batch, and its gradient was not summed back: unbroadcast it "
    "to a.shape, too.",
)
def only_b_summed_back(a, b, grad):
    return grad @ transposed(b), unbroadcast(transposed(a) @ grad, b.shape)


@mistake(
    "matmul_gradients",
    "b was broadcast over the batch, and its gradient was not summed back: unbroadcast "
    "it to b.shape.",
)
def batch_not_summed(a, b, grad):
    return grad @ transposed(b), transposed(a) @ grad


@mistake(
    "matmul_gradients", "The gradient of the shared b is the sum over the batch, not the mean."
)
def mean_over_the_batch(a, b, grad):
    grad_b = transposed(a) @ grad
    in_front = tuple(range(grad_b.ndim - b.ndim))
    return unbroadcast(grad @ transposed(b), a.shape), grad_b.mean(axis=in_front)


@mistake(
    "matmul_gradients",
    "The gradients are summed over the batch although each product has matrices of its own. Sum "
    "only what was stretched: unbroadcast to a.shape and b.shape.",
)
def always_summed_over_the_batch(a, b, grad):
    grad_a, grad_b = grad @ transposed(b), transposed(a) @ grad
    in_front = tuple(range(grad.ndim - 2))
    return grad_a.sum(axis=in_front), grad_b.sum(axis=in_front)


@mistake(
    "matmul_gradients",
    "np.dot is the matrix product for two axes only; with a batch it pairs every matrix with "
    "every other. Use @.",
)
def by_np_dot(a, b, grad):
    return np.dot(grad, transposed(b)), np.dot(transposed(a), grad)


@accepted("matmul_gradients")
def by_indices(a, b, grad):
    grad_a = np.einsum("...ik,...jk->...ij", grad, b)
    grad_b = np.einsum("...ij,...ik->...jk", a, grad)
    return unbroadcast(grad_a, a.shape), unbroadcast(grad_b, b.shape)


@accepted("matmul_gradients")
def by_broadcasting(a, b, grad):
    grad_a = (grad[..., :, None, :] * b[..., None, :, :]).sum(-1)
    grad_b = (a[..., :, :, None] * grad[..., :, None, :]).sum(-3)
    return [unbroadcast(grad_a, a.shape), unbroadcast(grad_b, b.shape)]


# softmax_gradient


@mistake(
    "softmax_gradient",
    "This treats softmax as if it worked entry by entry: out (1 - out) grad. But every output "
    "depends on every input: the sum over j is missing.",
    seen="deeplearning4j/libnd4j #440",
)
def as_if_elementwise(out, grad):
    return out * (1 - out) * grad


@mistake(
    "softmax_gradient",
    "This is only the part with delta. The other part, - out[i] out[j], is missing.",
)
def diagonal_only(out, grad):
    return out * grad


@mistake(
    "softmax_gradient",
    "This is only the part without delta, - out[i] times the sum. The part with delta, out[i] "
    "grad[i], is missing.",
)
def without_the_diagonal(out, grad):
    return -out * (grad * out).sum(axis=-1, keepdims=True)


@mistake("softmax_gradient", "The factor out[i] in front is missing.")
def factor_missing(out, grad):
    return grad - (grad * out).sum(axis=-1, keepdims=True)


@mistake(
    "softmax_gradient",
    "From out[i] grad[i] you subtract the bare sum over j. In the formula that sum is multiplied "
    "by out[i] as well.",
)
def sum_without_its_factor(out, grad):
    return grad * out - (grad * out).sum(axis=-1, keepdims=True)


@mistake(
    "softmax_gradient",
    "The factor out[i] is missing from the part with delta. It belongs to both: out[i] "
    "(grad[i] - sum).",
)
def factor_of_the_sum_only(out, grad):
    return grad - out * (grad * out).sum(axis=-1, keepdims=True)


@mistake(
    "softmax_gradient",
    "This is the gradient of the logarithm of softmax, grad - out * sum(grad). For softmax itself "
    "it is out (grad - sum over j of grad[j] out[j]).",
)
def of_the_log_softmax(out, grad):
    return grad - out * grad.sum(axis=-1, keepdims=True)


@mistake(
    "softmax_gradient",
    "From grad[i] you subtract out[i]. What belongs there is the sum over j of grad[j] out[j], "
    "one number for the whole row.",
)
def no_sum(out, grad):
    return out * (grad - out)


@mistake(
    "softmax_gradient",
    "In the bracket grad[j] out[j] is not summed over j: sum along the last axis.",
)
def product_not_summed(out, grad):
    return out * (grad - grad * out)


@mistake(
    "softmax_gradient", "The sum over j is that of grad[j] out[j]; yours is that of grad[j] alone."
)
def sum_of_grad_alone(out, grad):
    return out * (grad - grad.sum(axis=-1, keepdims=True))


@mistake(
    "softmax_gradient",
    "The two parts are added. The slope is out[j] (delta - out[i]): the sum is subtracted.",
)
def parts_added(out, grad):
    return out * (grad + (grad * out).sum(axis=-1, keepdims=True))


@mistake(
    "softmax_gradient",
    "The roles in the bracket are mixed up: it is out (grad - sum), and this is grad (out - sum).",
)
def roles_exchanged(out, grad):
    return grad * (out - (grad * out).sum(axis=-1, keepdims=True))


@mistake(
    "softmax_gradient",
    "`out` is the softmax already, and here softmax is taken of it once more. Use out as it is.",
)
def softmax_again(out, grad):
    e = np.exp(out - out.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p * (grad - (grad * p).sum(axis=-1, keepdims=True))


@mistake(
    "softmax_gradient",
    "out - grad is the gradient of a cross-entropy whose targets are grad. Here grad is the "
    "gradient of out, whatever the loss was.",
)
def of_a_cross_entropy(out, grad):
    return out - grad


@mistake(
    "softmax_gradient",
    "This is the slope of tanh, 1 - out^2. Softmax has a slope for every pair of output and input.",
)
def as_if_tanh(out, grad):
    return grad * (1 - out**2)


@mistake(
    "softmax_gradient",
    "The sum runs over the whole array. Softmax works row by row: sum along the last axis.",
)
def over_everything(out, grad):
    return out * (grad - (grad * out).sum())


@mistake(
    "softmax_gradient",
    "The sums of the rows were laid across the columns: keep their axis, with keepdims=True.",
)
def axis_lost(out, grad):
    return out * (grad - (grad * out).sum(axis=-1))


@mistake(
    "softmax_gradient", "The sum runs down the columns. Softmax ran along the last axis: axis=-1."
)
def wrong_axis(out, grad):
    return out * (grad - (grad * out).sum(axis=0, keepdims=True))


@mistake(
    "softmax_gradient",
    "The sum runs along axis 1, which is the last one of a table only. Count from "
    "the end: axis=-1.",
)
def axis_1(out, grad):
    return out * (grad - (grad * out).sum(axis=min(1, out.ndim - 1), keepdims=True))


@mistake("softmax_gradient", "This takes the mean over j; the formula has the sum.")
def mean_over_j(out, grad):
    return out * (grad - (grad * out).mean(axis=-1, keepdims=True))


@mistake("softmax_gradient", shown_by="inputs_are_kept")
def in_place(out, grad):
    grad -= (grad * out).sum(axis=-1, keepdims=True)
    return out * grad


@accepted("softmax_gradient")
def with_the_whole_table(out, grad):
    slopes = out[..., :, None] * (np.eye(out.shape[-1]) - out[..., None, :])  # (..., j, i)
    return np.einsum("...j,...ji->...i", grad, slopes)


@accepted("softmax_gradient")
def row_after_row(out, grad):
    result = np.empty_like(out)
    for row in np.ndindex(out.shape[:-1]):
        result[row] = out[row] * grad[row] - out[row] * np.dot(out[row], grad[row])
    return result

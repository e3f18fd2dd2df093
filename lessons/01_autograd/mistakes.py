"""Lesson 01: mistakes with slopes and gradients: paths lost, copies not summed, no transposes."""

import math
from collections import deque

import numpy as np

from classroom.checking import accepted, mistake
from solutions.autograd import Value, topological_order, unbroadcast

# central_difference


@mistake("central_difference", "This is one-sided, from x to x + step. Go to both sides of x.")
def one_sided(f, x, step=1e-5):
    return (f(x + step) - f(x)) / step


@mistake("central_difference", "This is one-sided, from x - step to x. Go to both sides of x.")
def one_sided_backward(f, x, step=1e-5):
    return (f(x) - f(x - step)) / step


@mistake("central_difference", "One of your points is x itself: take x + step and x - step.")
def one_side_over_both_steps(f, x, step=1e-5):
    return (f(x + step) - f(x)) / (2 * step)


@mistake("central_difference", "One of your points is x itself: take x + step and x - step.")
def left_side_over_both_steps(f, x, step=1e-5):
    return (f(x) - f(x - step)) / (2 * step)


@mistake(
    "central_difference",
    "The slope is twice what it should be: the two points are 2 * step apart.",
)
def half_the_distance(f, x, step=1e-5):
    return (f(x + step) - f(x - step)) / step


@mistake("central_difference", "a / 2 * step *multiplies* by step: write (2 * step) in brackets.")
def brackets_missing(f, x, step=1e-5):
    return (f(x + step) - f(x - step)) / 2 * step


@mistake("central_difference", "Put the difference in brackets: a - b / c divides only b.")
def difference_without_brackets(f, x, step=1e-5):
    return f(x + step) - f(x - step) / (2 * step)


@mistake(
    "central_difference",
    "Put the difference in brackets, and the distance too: a - b / 2 * step divides only b, and "
    "multiplies it by step.",
)
def no_brackets_at_all(f, x, step=1e-5):
    return f(x + step) - f(x - step) / 2 * step


@mistake("central_difference", "This is only the change of f. Divide it by the distance, 2 * step.")
def not_divided(f, x, step=1e-5):
    return f(x + step) - f(x - step)


@mistake("central_difference", "You multiply by the distance of the points. Divide by it.")
def times_the_distance(f, x, step=1e-5):
    return (f(x + step) - f(x - step)) * 2 * step


@mistake("central_difference", "You divide by 2, but not by the step. The distance is 2 * step.")
def divided_by_two(f, x, step=1e-5):
    return (f(x + step) - f(x - step)) / 2


@mistake("central_difference", "Your points are step / 2 from x. Go a whole step to each side.")
def half_steps(f, x, step=1e-5):
    return (f(x + step / 2) - f(x - step / 2)) / step


@mistake("central_difference", "This tells how fast the *slope* changes. Leave f(x) out.")
def second_difference(f, x, step=1e-5):
    return (f(x + step) - 2 * f(x) + f(x - step)) / step**2


@mistake("central_difference", "f is never called: this is the distance over itself.")
def points_without_f(f, x, step=1e-5):
    return ((x + step) - (x - step)) / (2 * step)


@mistake("central_difference", "Your points are 2 * step from x. Go one step to each side.")
def two_steps_to_each_side(f, x, step=1e-5):
    return (f(x + 2 * step) - f(x - 2 * step)) / (4 * step)


@mistake("central_difference", "The step is multiplied by x. Go to x + step and x - step.")
def relative_step(f, x, step=1e-5):
    return (f(x * (1 + step)) - f(x * (1 - step))) / (2 * step)


@mistake("central_difference", "You divide by step squared. The distance is 2 * step.")
def step_squared(f, x, step=1e-5):
    return (f(x + step) - f(x - step)) / (2 * step**2)


@mistake("central_difference", "`//` drops what is left over. Divide with `/`.")
def floor_division(f, x, step=1e-5):
    return (f(x + step) - f(x - step)) // (2 * step)


@mistake("central_difference", "The two values of f are added. Subtract them.")
def mean_of_both(f, x, step=1e-5):
    return (f(x + step) + f(x - step)) / 2


@mistake("central_difference", "Your result does not depend on `step`: use the step that is given.")
def step_of_its_own(f, x, step=1e-5):
    return (f(x + 1e-6) - f(x - 1e-6)) / 2e-6


@mistake(
    "central_difference",
    "The slope comes out as 0: the default step is so small that x + step equals x. A float has "
    "about 16 digits; leave the step at 1e-5.",
)
def step_too_small(f, x, step=1e-17):
    return (f(x + step) - f(x - step)) / (2 * step)


@accepted("central_difference")
def divided_separately(f, x, step=1e-5):
    return 0.5 * ((f(x + step) - f(x)) / step + (f(x) - f(x - step)) / step)


@accepted("central_difference")
def by_two_points(f, x, step=1e-5):
    left, right = np.float64(x) - step, np.float64(x) + step
    return (f(right) - f(left)) / (right - left)


# Value


@mistake("Value", "The slopes are swapped: when a grows, a * b grows b times as fast.")
class OwnFactor(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (self, other), (self.data, other.data))


@mistake("Value", "Both slopes are the same factor: it is b for a, and a for b.")
class SameFactorTwice(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (self, other), (other.data, other.data))


@mistake("Value", "Both slopes are the same factor: it is b for a, and a for b.")
class OwnFactorTwice(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (self, other), (self.data, self.data))


@mistake("Value", "The slopes are missing. `self.made(...)` takes them as its last argument.")
class NoSlopes(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return type(self)(self.data * other.data, "*", (self, other))


@mistake("Value", shown_by="a_product_remembers")
class ValuesAsSlopes(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (self, other), (other, self))


@mistake("Value", "1 and 1 are the slopes of a sum. When a grows by 0.01, how much does a * b?")
class CopiedFromTheSum(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (self, other), (1.0, 1.0))


@mistake("Value", "A slope is not the result: when a grows by 0.01, a * b grows by 0.01 times b.")
class ResultAsSlopes(Value):
    def __mul__(self, other):
        other = self.lift(other)
        product = self.data * other.data
        return self.made("*", product, (self, other), (product, product))


@mistake("Value", "a * b must return a Value with its memory. Let `self.made(...)` build it.")
class BareNumber(Value):
    def __mul__(self, other):
        return self.data * self.lift(other).data


@mistake("Value", "a * b has forgotten its inputs and slopes: let `self.made(...)` build it.")
class Forgetful(Value):
    def __mul__(self, other):
        return type(self)(self.data * self.lift(other).data)


@mistake("Value", "In a * 4 the 4 has no `data`. Lift it first, as `__add__` does.")
class NumbersNotLifted(Value):
    def __mul__(self, other):
        return self.made("*", self.data * other.data, (self, other), (other.data, self.data))

    __rmul__ = __mul__


@mistake(
    "Value", "In a * 4 the input 4 is still a plain number. Lift it first, and keep the Value."
)
class LiftedForTheDataOnly(Value):
    def __mul__(self, other):
        data = self.lift(other).data
        return self.made("*", self.data * data, (self, other), (data, self.data))

    __rmul__ = __mul__


@mistake("Value", "The inputs of a * b must be a and b themselves, not copies of them.")
class CopiesOfTheInputs(Value):
    def __mul__(self, other):
        other = self.lift(other)
        inputs = type(self)(self.data), type(self)(other.data)
        return self.made("*", self.data * other.data, inputs, (other.data, self.data))


@mistake("Value", "The inputs of a * b are plain numbers. They must be the Values (self, other).")
class NumbersAsInputs(Value):
    def __mul__(self, other):
        data = self.data, self.lift(other).data
        return self.made("*", data[0] * data[1], data, data[::-1])


@mistake("Value", "The inputs of a * b come in the order (self, other), and so do the slopes.")
class InputsExchanged(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (other, self), (self.data, other.data))


@mistake("Value", "The inputs and their slopes are in different orders: write (self, other).")
class OnlyInputsExchanged(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made("*", self.data * other.data, (other, self), (other.data, self.data))


@mistake("Value", "This changes a itself, which is still needed. Build a new Value: self.made.")
class ChangesItself(Value):
    def __mul__(self, other):
        other = self.lift(other)
        self.inputs, self.slopes = (self, other), (other.data, self.data)
        self.data *= other.data
        return self


@mistake("Value", "This is 1 - x^2. Square the *result* instead: 1 - tanh(x)^2.")
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


@mistake("Value", "The slope here is tanh(x)^2. It must be 1 - tanh(x)^2.")
class SquareAlone(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self,), (t * t,))


@mistake("Value", "This is the slope of the sigmoid, out (1 - out). That of tanh is 1 - out^2.")
class SlopeOfTheSigmoid(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self,), (t * (1 - t),))


@mistake("Value", "A slope of 1 would be a straight line. That of tanh is 1 - tanh(x)^2.")
class StraightLine(Value):
    def tanh(self):
        return self.made("tanh", math.tanh(self.data), (self,), (1.0,))


@mistake("Value", "Your slope of tanh is the result itself. It should be 1 - tanh(x)^2.")
class ResultAsSlope(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self,), (t,))


@mistake("Value", "Your slope takes tanh twice. It's 1 - t * t, where t is the result already.")
class TanhOfTanh(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self,), (1 - math.tanh(t) ** 2,))


@mistake("Value", "x.tanh() must return a Value with its memory. Let `self.made(...)` build it.")
class BareTanh(Value):
    def tanh(self):
        return math.tanh(self.data)


@mistake(
    "Value",
    "The input of x.tanh() is a plain number. It must be the Value x itself: (self,).",
)
class NumberAsInput(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self.data,), (1 - t * t,))


@mistake("Value", "The input of x.tanh() must be x itself, not a copy of it: (self,).")
class CopyOfTheInput(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (type(self)(self.data),), (1 - t * t,))


@mistake(
    "Value", "self.made takes the name of the operation first, and then the number: made('*', ...)."
)
class NumberBeforeTheName(Value):
    def __mul__(self, other):
        other = self.lift(other)
        return self.made(self.data * other.data, "*", (self, other), (other.data, self.data))


@mistake("Value", "x.tanh() has forgotten its input and slope: let `self.made(...)` build it.")
class ForgetfulTanh(Value):
    def tanh(self):
        return type(self)(math.tanh(self.data))


@mistake("Value", "inputs and slopes are tuples. A tuple of one needs its comma: (self,).")
class CommaMissing(Value):
    def tanh(self):
        t = math.tanh(self.data)
        return self.made("tanh", t, (self), slopes=(1 - t * t))


@mistake("Value", "This is 1 / cosh(x). Square it, or write 1 - tanh(x)^2.")
class CoshNotSquared(Value):
    def tanh(self):
        return self.made("tanh", math.tanh(self.data), (self,), (1 / math.cosh(self.data),))


@accepted("Value")
class SlopeByCosh(Value):
    def tanh(self):
        return self.made("tanh", math.tanh(self.data), (self,), (1 / math.cosh(self.data) ** 2,))


@accepted("Value")
class BuiltByHand(Value):
    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, "mul", [self, other], [other.data, self.data])

    def tanh(self):
        e = np.exp(2 * self.data)
        return Value((e - 1) / (e + 1), "tanh", (self,), (4 * e / (e + 1) ** 2,))


# topological_order


def level_by_level_from(root):
    order, queue = [], deque([root])
    while queue:
        node = queue.popleft()
        if node not in order:
            order.append(node)
            queue.extend(node.inputs)
    return order


@mistake(
    "topological_order",
    "Your list goes breadth first, level by level. That isn't enough when one path to a Value is "
    "longer than another: the Value must come before *everything* that uses it.",
)
def breadth_first(root):
    return level_by_level_from(root)[::-1]


@mistake(
    "topological_order",
    "Your list starts with root, and even reversed it would go breadth first, level by level. A "
    "Value then comes too late when another path to it is longer.",
)
def breadth_first_from_root(root):
    return level_by_level_from(root)


@mistake(
    "topological_order",
    "Your list goes breadth first, level by level. That isn't enough when one path to a Value is "
    "longer than another: the Value must come before *everything* that uses it.",
)
def breadth_first_in_a_growing_list(root):
    order = [root]
    for node in order:
        order += [each for each in node.inputs if each not in order]
    return list(dict.fromkeys(order))[::-1]


@mistake(
    "topological_order",
    "Your list goes breadth first, level by level. That isn't enough when one path to a Value is "
    "longer than another: the Value must come before *everything* that uses it.",
)
def by_the_shortest_path(root):
    distance, met = {root: 0}, [root]
    for node in met:
        for each in node.inputs:
            if each not in distance:
                distance[each] = distance[node] + 1
                met.append(each)
    return sorted(distance, key=distance.get, reverse=True)


@mistake(
    "topological_order",
    "You add each Value when you first meet it, and reverse the list at the end. Where several "
    "paths lead to a Value, that's too early. Add it once all its inputs are in the list.",
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
    "You mark a Value as seen when you put it on the list of what's to do. While it waits there, "
    "others that need it go into the order. Mark it when you take it off.",
)
def seen_when_pushed(root):
    order, seen, to_do = [], {root}, [(root, False)]
    while to_do:
        node, inputs_done = to_do.pop()
        if inputs_done:
            order.append(node)
            continue
        to_do.append((node, True))
        to_do += [(each, False) for each in node.inputs if each not in seen]
        seen |= set(node.inputs)
    return order


@mistake(
    "topological_order",
    "You mark a Value as seen when you put it on the list of what's to do. While it waits there, "
    "others that need it go into the order. Mark it when you take it off.",
)
def seen_when_pushed_one_by_one(root):
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


def recursive_order(root):
    order = []
    for each in root.inputs:
        order += [node for node in recursive_order(each) if node not in order]
    return [*order, root]


@mistake("topological_order", shown_by="doubled_forty_times")
def recursive_by_its_own_name(root):
    return recursive_order(root)


@mistake("topological_order", shown_by="doubled_forty_times")
def put_down_once_but_visited_often(root):
    order, to_do = [], [(root, False)]
    while to_do:
        node, inputs_done = to_do.pop()
        if not inputs_done:
            to_do += [(node, True), *((each, False) for each in node.inputs)]
        elif node not in order:
            order.append(node)
    return order


@mistake(
    "topological_order",
    "w and x contain the same number, and one of them is missing. Compare the Values themselves, "
    "as in `node in seen`, and not their `data`.",
)
def told_apart_by_data(root):
    return list({node.data: node for node in topological_order(root)}.values())


@mistake(
    "topological_order",
    "`w` is missing. You remove entries from a list while a loop goes over it, and then the loop "
    "skips the next one.",
)
def removed_from_the_list_of_the_loop(root):
    order = [root]
    for node in order:
        order += [each for each in node.inputs if each not in order]
    for node in order:
        if not node.inputs:
            order.remove(node)
    return order[::-1]


@mistake("topological_order", "A Value used twice is in your list twice. Remember what was seen.")
def nothing_seen(root):
    order, to_do = [], [root]
    while to_do:
        order.append(to_do.pop())
        to_do += order[-1].inputs
    return order[::-1]


@mistake("topological_order", "The list is the wrong way around: root must come last.")
def root_first(root):
    return topological_order(root)[::-1]


@mistake("topological_order", "Values without inputs are missing. They belong in the list, too.")
def operations_only(root):
    return [node for node in topological_order(root) if node.inputs]


@mistake("topological_order", "root itself is missing. It must be the last one in the list.")
def without_root(root):
    return topological_order(root)[:-1]


@mistake(
    "topological_order",
    "The list has only root and its own inputs. Go on from each of these.",
)
def one_step_only(root):
    return [*root.inputs, root]


@mistake(
    "topological_order",
    "A second call for the same root finds less. The first one left its marks somewhere: on the "
    "Values, in a default value, or in a global. Start each call with a new, empty set.",
)
def marks_left_on_the_values(root):
    order = [node for node in topological_order(root) if not hasattr(node, "seen")]
    for node in order:
        node.seen = True
    return order


@mistake("topological_order", shown_by="called_again")
def default_list_kept(root, order=[]):  # noqa: B006
    order += topological_order(root)
    return list(order)


@accepted("topological_order")
def by_counting_users(root):
    """Kahn's way: a node goes to the list when all its users have, from root downwards."""
    users, order = {root: 0}, [root]
    for node in topological_order(root):
        for each in node.inputs:
            users[each] = users.get(each, 0) + 1
    for node in order:  # the list grows on the way
        for each in node.inputs:
            users[each] -= 1
            if users[each] == 0:
                order.append(each)
    return order[::-1]


@accepted("topological_order")
def when_all_inputs_are_down(root):
    """A node waits on the stack until all its inputs are in the order."""
    order, to_do = {}, [root]
    while to_do:
        waiting = [each for each in to_do[-1].inputs if each not in order]
        if waiting:
            to_do.append(waiting[0])
        else:
            order[to_do.pop()] = True
    return list(order)


# backpropagate


def walk(root, part, order=None):
    """Like the answer, but what reaches an input is part(node, each, slope)."""
    order = order or topological_order(root)[::-1]
    for node in order:
        node.grad = 0.0
    root.grad = 1.0
    for node in order:
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += part(node, each, slope)


def walk_without_zeros(root):
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


def chain_rule(node, each, slope):
    return slope * node.grad


@mistake("backpropagate", "The grad of h loses what one of its paths brought. Add, with +=.")
def overwritten(root):
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad = slope * node.grad


@mistake(
    "backpropagate",
    "h passed its grad on before the path through tanh had brought its part. Breadth first isn't "
    "enough: a Value has to wait for *everything* that uses it.",
    seen="lucasdelimanogueira/PyNorch #90",
)
def level_by_level(root):
    walk(root, chain_rule, level_by_level_from(root))


@mistake(
    "backpropagate",
    "A Value passes its grad on at every visit, with what it passed on before. Visit each Value "
    "once, when its grad is complete.",
    seen="karpathy/micrograd PR #64; sebgao/cTensor #5",
)
def without_an_order(root):
    for node in topological_order(root):
        node.grad = 0.0
    root.grad = 1.0
    to_do = [root]
    while to_do:
        node = to_do.pop(0)
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad
        to_do += node.inputs


@mistake(
    "backpropagate",
    "A Value passes its grad on at every visit, with what it passed on before. Visit each Value "
    "once, when its grad is complete.",
)
def without_an_order_depth_first(root):
    for node in topological_order(root):
        node.grad = float(node is root)
    to_do = [root]
    while to_do:
        node = to_do.pop()
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad
        to_do += node.inputs


def walk_anew(root):
    root.grad = 1.0
    for each, slope in zip(root.inputs, root.slopes):
        each.grad += slope * root.grad
        walk_anew(each)


@mistake("backpropagate", "The grads are computed, but not stored: write each into its node.grad.")
def grads_returned(root):
    grads = dict.fromkeys(topological_order(root), 0.0) | {root: 1.0}
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            grads[each] += slope * grads[node]
    return grads


@mistake("backpropagate", "The grad of every visited Value is set to 1. Only root's grad is.")
def one_everywhere(root):
    walk_anew(root)


@mistake("backpropagate", "root.grad is never set: it must be 1 when the walk begins.")
def root_not_set(root):
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


@mistake("backpropagate", "root.grad begins as root.data. It is 1: root grows as fast as itself.")
def data_of_root(root):
    walk(root, chain_rule)
    for node in topological_order(root):
        node.grad *= root.data


@mistake(
    "backpropagate",
    "The grads stop after one step, since the walk begins at the inputs. Begin at root: "
    "reversed(order).",
    seen="karpathy/micrograd #96",
)
def from_the_inputs(root):
    walk(root, chain_rule, topological_order(root))


@mistake(
    "backpropagate",
    "Every grad but root's is 0 in the end. Either nothing is passed on, or it's set to 0 again. "
    "Give each input slope * node.grad, and set all grads to 0 in a loop of its own, before the "
    "walk.",
)
def set_to_0_during_the_walk(root):
    for node in reversed(topological_order(root)):
        node.grad = 0.0
        root.grad = 1.0
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += slope * node.grad


@mistake("backpropagate", "Every grad is 0, even root's: set it to 1 *after* the loop of zeros.")
def set_to_1_too_early(root):
    for node in topological_order(root):
        node.grad = 0.0


@mistake(
    "backpropagate",
    "Each visit sets the grads of its inputs to 0, so what other paths brought is lost.",
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
    "You loop over something that isn't a list. `list.reverse()`, for one, returns None. Use "
    "reversed(order).",
)
def reversed_in_place(root):
    for node in topological_order(root).reverse():
        node.grad = 0.0


@mistake(
    "backpropagate", "Not every Value has two inputs: loop over zip(node.inputs, node.slopes)."
)
def always_two_inputs(root):
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        a, b = node.inputs
        a.grad += node.slopes[0] * node.grad
        b.grad += node.slopes[1] * node.grad


@mistake("backpropagate", "Only the first input of each Value gets its part. Loop over all.")
def first_input_only(root):
    for node in topological_order(root):
        node.grad = float(node is root)
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs[:1], node.slopes):
            each.grad += slope * node.grad


@mistake("backpropagate", "An input that occurs twice, as in x * x, gets only one of its parts.")
def each_input_once(root):
    walk(root, lambda node, each, slope: slope * node.grad / node.inputs.count(each))


@mistake("backpropagate", "Only the last slope is added. Multiply it by node.grad.")
def no_chain_rule(root):
    walk(root, lambda node, each, slope: slope)


@mistake("backpropagate", "The slopes along a path are multiplied, not added.")
def slopes_added(root):
    walk(root, lambda node, each, slope: slope + node.grad)


@mistake("backpropagate", "The slopes are not used. What reaches an input is slope * node.grad.")
def no_slopes(root):
    walk(root, lambda node, each, slope: node.grad)


@mistake("backpropagate", "You multiply the slope by `data`. Pass on slope * node.grad.")
def data_for_grad(root):
    walk(root, lambda node, each, slope: slope * node.data)


@mistake("backpropagate", "The part is multiplied by each.data, too. It is slope * node.grad.")
def times_the_input(root):
    walk(root, lambda node, each, slope: slope * node.grad * each.data)


@mistake("backpropagate", "The slopes of a Value's inputs are swapped: zip them in order.")
def slopes_exchanged(root):
    for node in topological_order(root):
        node.grad = float(node is root)
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes[::-1]):
            each.grad += slope * node.grad


@mistake(
    "backpropagate",
    "The grads of an earlier call are still in it: begin with zeros.",
    seen="karpathy/micrograd PR #102",
)
def never_reset(root):
    walk_without_zeros(root)


@mistake("backpropagate", "An old grad is still in it: set *every* grad to 0 before you begin.")
def all_but_given_numbers_reset(root):
    for node in topological_order(root):
        node.grad *= not node.inputs
    walk_without_zeros(root)


@mistake("backpropagate", "An old grad is still in it: set *every* grad to 0 before you begin.")
def given_numbers_reset_only(root):
    for node in topological_order(root):
        node.grad *= bool(node.inputs)
    walk_without_zeros(root)


@mistake(
    "backpropagate",
    "Only Values without inputs have their grad in the end. The others keep theirs, too.",
    seen="what PyTorch does with all but the leaves",
)
def kept_by_given_numbers_only(root):
    walk(root, chain_rule)
    for node in topological_order(root):
        if node.inputs:
            node.grad = 0.0


@mistake(
    "backpropagate",
    "root.grad is added to what was there before. Set it: root.grad = 1, without +.",
)
def one_added_to_root(root):
    for node in topological_order(root)[:-1]:
        node.grad = 0.0
    root.grad += 1.0
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad += chain_rule(node, each, slope)


@accepted("backpropagate")
def whole_numbers(root):
    for node in topological_order(root):
        node.grad = 0
    root.grad = 1
    for node in reversed(topological_order(root)):
        for each, slope in zip(node.inputs, node.slopes):
            each.grad = each.grad + slope * node.grad


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


def stretched(grad, shape):
    """The axes in front, and the axes of size 1, of grad."""
    in_front = grad.ndim - len(shape)
    return *range(in_front), *(in_front + axis for axis, size in enumerate(shape) if size == 1)


@mistake(
    "unbroadcast",
    "Your result still has the stretched shape: nothing was summed back.",
    seen="deeplearning4j/nd4j #2424; pytorch/pytorch #1787",
)
def not_summed(grad, shape):
    return grad


@mistake("unbroadcast", "You sum only the axes in front. Sum where the shape has a 1, too.")
def front_only(grad, shape):
    return grad.sum(axis=tuple(range(grad.ndim - len(shape))))


@mistake("unbroadcast", "You sum only the axes in front. Sum where the shape has a 1, too.")
def front_only_reshaped(grad, shape):
    return grad.sum(axis=tuple(range(grad.ndim - len(shape)))).reshape(shape)


@mistake("unbroadcast", "The new axes in front are still there. Sum them, too.")
def ones_only(grad, shape):
    for axis, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad


@mistake(
    "unbroadcast",
    "Everything is summed as soon as the shapes differ, and one number is left. Sum only the axes "
    "that were stretched.",
)
def all_or_nothing(grad, shape):
    return grad if grad.shape == shape else grad.sum().reshape(shape)


@mistake(
    "unbroadcast",
    "This stretches grad forward, to a shape that is smaller. On the way back, sum the copies.",
)
def stretched_again(grad, shape):
    return np.broadcast_to(grad, shape)


@mistake(
    "unbroadcast",
    "A shorter `shape` is filled up with ones at its end. New axes are in front: line the shapes "
    "up from the right.",
)
def filled_up_at_the_end(grad, shape):
    filled = tuple(shape) + (1,) * (grad.ndim - len(shape))
    axes = tuple(axis for axis, size in enumerate(filled) if size == 1)
    return grad.sum(axis=axes, keepdims=True).reshape(shape)


@mistake("unbroadcast", "You keep only the first entry along the axes in front. Sum them, too.")
def first_in_front(grad, shape):
    grad = grad[(0,) * (grad.ndim - len(shape))]
    return grad.sum(axis=stretched(grad, shape), keepdims=True)


@mistake(
    "unbroadcast",
    "This is the mean over the copies. Each contributes in full: sum them.",
    seen="named in jimfleming/differentiation #1",
)
def mean_of_copies(grad, shape):
    return grad.mean(axis=stretched(grad, shape)).reshape(shape)


@mistake("unbroadcast", "The axis of size 1 is gone. Keep it: keepdims=True, or reshape(shape).")
def keepdims_missing(grad, shape):
    return grad.sum(axis=stretched(grad, shape))


@mistake("unbroadcast", "You always sum axis 0. Sum the axes that were stretched.")
def always_axis_0_reshaped(grad, shape):
    return grad.sum(axis=0).reshape(shape)


@mistake("unbroadcast", "You always sum axis 0. Sum the axes that were stretched.")
def always_axis_0(grad, shape):
    return grad.sum(axis=0) if grad.ndim else grad


@mistake(
    "unbroadcast",
    "You sum the last axes until the number of axes fits. The new ones are in front.",
)
def last_axes_summed(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=-1)
    return grad.sum(axis=stretched(grad, shape), keepdims=True)


@mistake("unbroadcast", "Only the first axis of size 1 is summed. There may be several.")
def first_one_only(grad, shape):
    grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))
    return grad.sum(shape.index(1), keepdims=True) if 1 in shape else grad


@mistake("unbroadcast", "The shapes are lined up from the left. Line them up from the right.")
def from_the_left(grad, shape):
    if grad.shape[-len(shape) :] == shape and grad.shape[0] != shape[0]:
        return grad.sum(0)  # a special case that gets past the worked example
    axes = [axis for axis in range(grad.ndim) if axis >= len(shape) or shape[axis] == 1]
    return grad.sum(axis=tuple(axes)).reshape(shape)


@mistake(
    "unbroadcast",
    "An axis is left out when its size happens to be equal to another. Line the shapes up "
    "from the right.",
)
def paired_from_the_left(grad, shape):
    axes = [axis for axis, (one, other) in enumerate(zip(grad.shape, shape)) if one != other]
    return grad.sum(axis=tuple(axes)).reshape(shape)


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


@mistake("unbroadcast", "An axis of size 1 is still in front. Finish with .reshape(shape).")
def shape_filled_up(grad, shape):
    return grad.sum(axis=stretched(grad, shape), keepdims=True)


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


@mistake("unbroadcast", "Only the first copy's gradient was kept. Each one contributes: sum them.")
def one_copy(grad, shape):
    grad = grad[(0,) * (grad.ndim - len(shape))]
    return grad[tuple(slice(1) if size == 1 else slice(None) for size in shape)]


@mistake("unbroadcast", "Only the last copy's gradient was kept. Each one contributes: sum them.")
def last_copy(grad, shape):
    return one_copy.answer(np.flip(grad, stretched(grad, shape)), shape)


@mistake("unbroadcast", "This is the largest gradient of the copies. Each contributes: sum them.")
def largest_copy(grad, shape):
    return grad.max(axis=stretched(grad, shape)).reshape(shape)


@mistake("unbroadcast", "This is the sum over everything. Sum only the axes that were stretched.")
def sum_of_everything(grad, shape):
    return np.full(shape, grad.sum())


@mistake("unbroadcast", "This is the sum over everything. Sum only the axes that were stretched.")
def one_number(grad, shape):
    return grad.sum()


@mistake(
    "unbroadcast",
    "You sum at most one axis in front. There are grad.ndim - len(shape) of them.",
)
def one_axis_in_front(grad, shape):
    grad = grad.sum(0) if grad.ndim > len(shape) else grad
    ones = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return grad.sum(axis=ones, keepdims=True)


@mistake("unbroadcast", "A shape may be stretched in front *and* where it is 1: sum over both.")
def one_kind_at_a_time(grad, shape):
    in_front = range(grad.ndim - len(shape))
    return grad.sum(axis=tuple(in_front) or stretched(grad, shape), keepdims=not in_front)


@mistake(
    "unbroadcast",
    "The axes of size 1 are counted from the left of grad. With new axes in front, axis i of "
    "`shape` is axis grad.ndim - len(shape) + i of grad.",
)
def ones_counted_from_the_left(grad, shape):
    ones = {axis for axis, size in enumerate(shape) if size == 1}
    return grad.sum(axis=tuple(ones | set(range(grad.ndim - len(shape))))).reshape(shape)


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


# matmul_gradients


def transposed(x):
    return x.swapaxes(-1, -2)


@mistake("matmul_gradients", "In the gradient of a, b is not transposed: grad[i, k] b[j, k].")
def b_not_transposed(a, b, grad):
    return unbroadcast(grad @ b, a.shape), unbroadcast(transposed(a) @ grad, b.shape)


@mistake("matmul_gradients", "In the gradient of b, a is not transposed: a[i, j] grad[i, k].")
def a_not_transposed(a, b, grad):
    return unbroadcast(grad @ transposed(b), a.shape), unbroadcast(a @ grad, b.shape)


@mistake("matmul_gradients", "Both transposes are missing: b's last index is summed, a's first.")
def no_transposes(a, b, grad):
    return unbroadcast(grad @ b, a.shape), unbroadcast(a @ grad, b.shape)


@mistake(
    "matmul_gradients",
    "reshape gives b and a the shape of their transposes, but leaves the numbers in their old "
    "order. x.swapaxes(-1, -2) exchanges the axes.",
)
def reshaped_for_transposed(a, b, grad):
    b, a = (x.reshape(transposed(x).shape) for x in (b, a))
    return (
        unbroadcast(grad @ b, transposed(a).shape),
        unbroadcast(a @ grad, transposed(b).shape),
    )


@mistake("matmul_gradients", "grad comes first in the gradient of a, and last in that of b.")
def order_exchanged(a, b, grad):
    return transposed(b) @ grad, grad @ transposed(a)


@mistake("matmul_gradients", "These are the slopes of a * b, entry by entry, not of a @ b.")
def elementwise(a, b, grad):
    return grad * b, grad * a


@mistake("matmul_gradients", "The gradient of the product, `grad`, is not used in it.")
def ones_for_grad(a, b, grad):
    ones = np.ones_like(grad)
    return unbroadcast(ones @ transposed(b), a.shape), unbroadcast(transposed(a) @ ones, b.shape)


@mistake("matmul_gradients", "The gradient of the product, `grad`, is not used in it.")
def slopes_only(a, b, grad):
    return transposed(b), transposed(a)


@mistake("matmul_gradients", "Both gradients are transposed: each has the shape of its own matrix.")
def both_transposed(a, b, grad):
    return b @ transposed(grad), transposed(grad) @ a


@mistake("matmul_gradients", "The gradient of b is transposed: it is (inner, columns), as b is.")
def gradient_of_b_transposed(a, b, grad):
    return unbroadcast(grad @ transposed(b), a.shape), transposed(grad) @ a


@mistake("matmul_gradients", "The gradient of a is transposed: it is (rows, inner), as a is.")
def gradient_of_a_transposed(a, b, grad):
    return b @ transposed(grad), unbroadcast(transposed(a) @ grad, b.shape)


@mistake("matmul_gradients", "a and b are swapped: the gradient of a is made with b.")
def own_factor(a, b, grad):
    return grad @ transposed(a), transposed(b) @ grad


@mistake("matmul_gradients", "grad is transposed, too. In the formulas it is grad[i, k], as given.")
def grad_transposed(a, b, grad):
    return transposed(grad) @ transposed(b), transposed(a) @ transposed(grad)


@mistake(
    "matmul_gradients",
    "This transposes *all* axes, the batch's too, as `.T` does. x.swapaxes(-1, -2) exchanges only "
    "the last two.",
)
def all_axes_reversed(a, b, grad):
    return unbroadcast(grad @ b.T, a.shape), unbroadcast(a.T @ grad, b.shape)


@mistake(
    "matmul_gradients",
    "The axes are counted from the front, and with a batch there these are not rows and columns. "
    "Count from the end: swapaxes(-1, -2).",
)
def first_two_axes(a, b, grad):
    grad_a, grad_b = grad @ b.swapaxes(0, 1), a.swapaxes(0, 1) @ grad
    return unbroadcast(grad_a, a.shape), unbroadcast(grad_b, b.shape)


@mistake("matmul_gradients", "You return (grad_b, grad_a): the gradient of a comes first.")
def results_exchanged(a, b, grad):
    return unbroadcast(transposed(a) @ grad, b.shape), unbroadcast(grad @ transposed(b), a.shape)


@mistake("matmul_gradients", "Leave room for the batch: '...ik,...jk->...ij' in the gradient of a.")
def indices_without_a_batch(a, b, grad):
    return np.einsum("ik,jk->ij", grad, b), np.einsum("ij,ik->jk", a, grad)


@mistake("matmul_gradients", "a was stretched over the batch, too: unbroadcast it to a.shape.")
def only_b_summed_back(a, b, grad):
    return grad @ transposed(b), unbroadcast(transposed(a) @ grad, b.shape)


@mistake("matmul_gradients", "b was stretched over the batch: unbroadcast its gradient to b.shape.")
def batch_not_summed(a, b, grad):
    return grad @ transposed(b), transposed(a) @ grad


@mistake("matmul_gradients", "You average the gradient of b over the batch. Sum it.")
def mean_over_the_batch(a, b, grad):
    in_front = tuple(range(grad.ndim - b.ndim))
    return unbroadcast(grad @ transposed(b), a.shape), (transposed(a) @ grad).mean(axis=in_front)


@mistake("matmul_gradients", "Each product has its own a and b. Sum only what was stretched.")
def always_summed_over_the_batch(a, b, grad):
    in_front = tuple(range(grad.ndim - 2))
    return (grad @ transposed(b)).sum(axis=in_front), (transposed(a) @ grad).sum(axis=in_front)


@mistake(
    "matmul_gradients",
    "The gradient of b is always summed over the batch. Sum it only where b was stretched.",
)
def one_b_for_all(a, b, grad):
    rows, columns = a.reshape(-1, a.shape[-1]), grad.reshape(-1, grad.shape[-1])
    return grad @ transposed(b), rows.T @ columns


@mistake(
    "matmul_gradients",
    "You sum only new axes in front. Sum an axis of size 1 that was stretched, too: unbroadcast.",
)
def new_axes_only(a, b, grad):
    grad_a, grad_b = grad @ transposed(b), transposed(a) @ grad
    new_a, new_b = (tuple(range(grad.ndim - each.ndim)) for each in (a, b))
    return grad_a.sum(axis=new_a), grad_b.sum(axis=new_b)


@mistake("matmul_gradients", "Axis 0 is always summed. Sum only what was stretched: unbroadcast.")
def axis_0_summed(a, b, grad):
    return (grad @ transposed(b)).sum(0), (transposed(a) @ grad).sum(0)


@mistake("matmul_gradients", "sum(0) drops an axis of size 1 that a or b has. Use unbroadcast.")
def axis_of_size_1_dropped(a, b, grad):
    grad_a, grad_b = grad @ transposed(b), transposed(a) @ grad
    grad_a = grad_a if grad_a.shape == a.shape else grad_a.sum(0)
    return grad_a, grad_b if grad_b.shape == b.shape else grad_b.sum(0)


@mistake("matmul_gradients", "Each matrix is paired with every other one of the batch. Use @.")
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


def total(x):
    return x.sum(axis=-1, keepdims=True)


@mistake(
    "softmax_gradient",
    "This treats softmax as if it worked entry by entry: out (1 - out) grad. But every output "
    "depends on every input: the sum over j is missing.",
    seen="deeplearning4j/libnd4j #440",
)
def as_if_elementwise(out, grad):
    return out * (1 - out) * grad


@mistake("softmax_gradient", "Only the part with delta is there: - out[i] out[j] is missing.")
def diagonal_only(out, grad):
    return out * grad


@mistake("softmax_gradient", "The part with delta is missing: out[i] grad[i].")
def without_the_diagonal(out, grad):
    return -out * total(grad * out)


@mistake("softmax_gradient", "The factor out[i] in front is missing.")
def factor_missing(out, grad):
    return grad - total(grad * out)


@mistake("softmax_gradient", "The sum over j must be multiplied by out[i] as well.")
def sum_without_its_factor(out, grad):
    return grad * out - total(grad * out)


@mistake("softmax_gradient", "The part with delta needs its out[i], too: out[i] (grad[i] - sum).")
def factor_of_the_sum_only(out, grad):
    return grad - out * total(grad * out)


@mistake("softmax_gradient", "This is the gradient of the *logarithm* of softmax.")
def of_the_log_softmax(out, grad):
    return grad - out * total(grad)


@mistake("softmax_gradient", "You sum the squares of out[j]. Sum grad[j] out[j].")
def sum_of_squares(out, grad):
    return out * (grad - total(out * out))


@mistake("softmax_gradient", "The part with delta has out[i] twice. It is out[i] grad[i].")
def out_twice_on_the_diagonal(out, grad):
    return out * (out * grad - total(grad * out))


@mistake("softmax_gradient", "The sum has out[j] squared in it. It is that of grad[j] out[j].")
def out_squared_in_the_sum(out, grad):
    return out * (grad - total(grad * out**2))


@mistake(
    "softmax_gradient", "The gradient is divided by its own size. It is right without that step."
)
def normalized_again(out, grad):
    gradient = out * (grad - total(grad * out))
    return gradient / abs(gradient).sum(axis=-1, keepdims=True)


@mistake(
    "softmax_gradient",
    "np.diag and np.outer make a table for one row alone. There may be several rows.",
)
def table_of_one_row(out, grad):
    return (np.diag(out) - np.outer(out, out)) @ grad


@mistake("softmax_gradient", "The mean of grad is subtracted. Subtract the sum of grad[j] out[j].")
def mean_of_grad(out, grad):
    return out * (grad - grad.mean(axis=-1, keepdims=True))


@mistake("softmax_gradient", "From grad[i] subtract the sum of grad[j] out[j], not out[i].")
def no_sum(out, grad):
    return out * (grad - out)


@mistake(
    "softmax_gradient",
    "Only the last j of the sum is left, since = writes over the others. Add, with +=.",
)
def last_term_only(out, grad):
    last = np.eye(out.shape[-1])[-1] - out
    return grad[..., -1:] * out[..., -1:] * last


@mistake("softmax_gradient", "The sum is that of grad[j] out[j]; yours is that of grad[j] alone.")
def sum_of_grad_alone(out, grad):
    return out * (grad - total(grad))


@mistake("softmax_gradient", "In the bracket, out and grad are swapped: out (grad - sum).")
def roles_exchanged(out, grad):
    return grad * (out - total(grad * out))


@mistake("softmax_gradient", "The two parts are added. Subtract the sum: out (grad - sum).")
def parts_added(out, grad):
    return out * (grad + total(grad * out))


@mistake(
    "softmax_gradient",
    "Each row of grad is paired with every row of out. Pair it with its own row only.",
)
def rows_with_all_rows(out, grad):
    pairs = grad @ out.swapaxes(-1, -2) if out.ndim > 1 else grad * out
    return out * (grad - total(pairs))


@mistake("softmax_gradient", "`out` is the softmax already, and softmax is taken of it once more.")
def softmax_again(out, grad):
    p = np.exp(out) / total(np.exp(out))
    return p * (grad - total(grad * p))


@mistake(
    "softmax_gradient",
    "This is the gradient of a cross-entropy. Here the loss can be anything.",
)
def of_a_cross_entropy(out, grad):
    return out - grad


@mistake("softmax_gradient", "1 - out^2 is the slope of tanh, not of softmax.")
def as_if_tanh(out, grad):
    return grad * (1 - out**2)


@mistake("softmax_gradient", "The sum runs over the whole array. Sum each row: axis=-1.")
def over_everything(out, grad):
    return out * (grad - (grad * out).sum())


@mistake(
    "softmax_gradient",
    "The sums are lined up with the columns, not with the rows. Keep the axis: keepdims=True.",
)
def axis_lost(out, grad):
    return out * (grad - (grad * out).sum(axis=-1))


@mistake("softmax_gradient", "The sum runs down the columns. Sum along the last axis: axis=-1.")
def wrong_axis(out, grad):
    return out * (grad - (grad * out).sum(axis=0, keepdims=True))


@mistake("softmax_gradient", "The sum runs along axis 1. Count from the end: axis=-1.")
def axis_1(out, grad):
    return out * (grad - (grad * out).sum(axis=min(1, out.ndim - 1), keepdims=True))


@mistake("softmax_gradient", "This takes the mean over j; the formula has the sum.")
def mean_over_j(out, grad):
    return out * (grad - (grad * out).mean(axis=-1, keepdims=True))


@mistake("softmax_gradient", shown_by="inputs_are_kept")
def in_place(out, grad):
    grad -= total(grad * out)
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

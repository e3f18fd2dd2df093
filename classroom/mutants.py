"""The course's answer with one thing changed: an operator, a constant, a comparison, two arguments.

Two uses. Tests run the checks on every mutant: a check that lets one pass proves too little. And
where no known mistake explains a learner's results, a mutant that gives the same results, alone,
tells where to look.
"""

import ast
import copy
import sys
from dataclasses import dataclass

OPERATORS = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
COMPARISONS = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
OPPOSITES = (
    ("sin", "cos"), ("min", "max"), ("argmin", "argmax"), ("minimum", "maximum"), ("floor", "ceil"),
    ("zeros", "ones"), ("zeros_like", "ones_like"), ("sum", "mean"), ("tril", "triu"),
    ("all", "any"),
)  # fmt: skip
SWAPPED = {one: other for pair in OPPOSITES for one, other in (pair, pair[::-1])}
ORDERED = ast.Sub | ast.Div | ast.MatMult | ast.FloorDiv | ast.Mod | ast.Pow


@dataclass(frozen=True, eq=False)
class Mutant:
    """One change of an answer; `answer` is the changed function or class."""

    answer: object
    old: str
    new: str
    line: int

    @property
    def sentence(self):
        if not self.new:
            return f"It gives exactly what comes out when the line `{self.old}` is missing."
        return f"It gives exactly what comes out with `{self.new}` where `{self.old}` belongs."

    def __str__(self):
        return f"line {self.line}: {self.old}  ->  {self.new or 'nothing'}"


def mutants(exercise):
    """Every Mutant of an exercise's answer; those that cannot even be defined are left out."""
    module = sys.modules[exercise.reference.__module__]
    for node in exercise.blank_trees:
        for old, new, line, tree in _changes(exercise.tree, node):
            namespace = dict(vars(module))
            try:
                exec(compile(tree, str(exercise.answer_path), "exec"), namespace)
            except (SyntaxError, TypeError, ValueError):
                continue
            yield Mutant(namespace[exercise.name], old, new, line)


def _changes(whole, part):
    """(old text, new text, line, module tree) for each change inside the function `part`."""
    inside = [node for statement in part.body for node in ast.walk(statement)]
    paths = {id(node): index for index, node in enumerate(ast.walk(whole))}
    for node in inside:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring
        for replacement in _replacements(node):
            tree = copy.deepcopy(whole)
            target = list(ast.walk(tree))[paths[id(node)]]
            shown = _around(target, tree)
            old = _line(shown)
            replacement = copy.deepcopy(replacement)
            tree = _Replace(target, replacement).visit(tree)
            module = ast.fix_missing_locations(ast.Module([tree], []))
            changed = replacement if shown is target else shown
            new = "" if isinstance(changed, ast.Pass) else _line(changed)
            yield old, new, node.lineno, module


def _is_symmetric(function):
    """Whether two arguments of a function may be exchanged without any effect."""
    name = getattr(function, "attr", getattr(function, "id", ""))
    return name in ("maximum", "minimum", "max", "min", "add", "multiply", "logical_or")


def _line(node):
    """The source of a node, on one line."""
    return " ".join(ast.unparse(node).split())


def _around(node, whole):
    """What to show of a change: a number or a name alone does not tell where it is."""
    parents = {id(child): each for each in ast.walk(whole) for child in ast.iter_child_nodes(each)}
    if isinstance(node, ast.Constant | ast.Name | ast.Attribute):
        while not isinstance(node, ast.Call | ast.Subscript | ast.BinOp | ast.Compare | ast.stmt):
            node = parents[id(node)]
    return node


class _Replace(ast.NodeTransformer):
    def __init__(self, target, replacement):
        self.target, self.replacement = target, replacement

    def visit(self, node):
        if node is self.target:
            return ast.copy_location(self.replacement, node)
        return self.generic_visit(node)


def _replacements(node):
    """The nodes that could have been written in the place of `node`."""
    match node:
        case ast.BinOp(left, operator, right):
            for other in OPERATORS.get(type(operator), ()):
                yield ast.BinOp(left, other(), right)
            if isinstance(operator, ORDERED):
                yield ast.BinOp(right, operator, left)
        case ast.AugAssign(target, operator, value):
            for other in OPERATORS.get(type(operator), ()):
                yield ast.AugAssign(target, other(), value)
            yield ast.Assign([target], value, lineno=0)
        case ast.Compare(left, [operator], [right]):
            for other in COMPARISONS[type(operator)]:
                yield ast.Compare(left, [other()], [right])
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.USub() | ast.Not() | ast.Invert(), operand):
            yield operand
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Constant(float() as value):
            yield ast.Constant(value * 10 if value else 1.0)
        case ast.Attribute(value, name) if name in SWAPPED:
            yield ast.Attribute(value, SWAPPED[name], node.ctx)
        case ast.Name(name) if name in SWAPPED:
            yield ast.Name(SWAPPED[name], node.ctx)
        case ast.IfExp(_, body, orelse):
            yield body
            yield orelse
        case ast.If(orelse=[]):
            yield ast.Pass()
        case ast.Call(function, [first, second, *rest], keywords) if not _is_symmetric(function):
            yield ast.Call(function, [second, first, *rest], keywords)

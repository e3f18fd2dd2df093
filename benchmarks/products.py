"""How much of the engine's time is spent in matrix products, which are the BLAS library's work.

An operator cannot be wrapped, so every `a @ b` in the text of minitorch is turned into a call of `timed_product`
before the text is compiled.
"""
import ast
import builtins
import importlib.abc
import importlib.machinery
import sys
import time

seconds = 0.0


def timed_product(a, b):
    """a @ b, its time added to `seconds`."""
    global seconds
    start = time.perf_counter()
    result = a @ b
    seconds += time.perf_counter() - start
    return result


class Rewritten(ast.NodeTransformer):
    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.MatMult):
            return node
        call = ast.Call(ast.Name("timed_product", ast.Load()), [node.left, node.right], [])
        return ast.copy_location(call, node)


class Loader(importlib.machinery.SourceFileLoader):
    def source_to_code(self, data, path, **options):
        tree = ast.fix_missing_locations(Rewritten().visit(ast.parse(data)))
        return compile(tree, path, "exec", dont_inherit=True)

    def get_code(self, fullname):                                         # past the .pyc of the unchanged text
        return self.source_to_code(self.get_data(self.path), self.path)


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):
        if fullname.split(".")[0] != "minitorch":
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        spec.loader = Loader(fullname, spec.origin)
        return spec


def time_products():
    """From now on, what is imported of minitorch times its products."""
    builtins.timed_product = timed_product
    sys.meta_path.insert(0, Finder())

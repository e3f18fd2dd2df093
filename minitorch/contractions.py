"""Products under PyTorch's older names, and Einstein's notation for all of them."""

import math

from minitorch.operation import method
from minitorch.products import matmul


def _product(name, first, second, signature):
    """`matmul` for two operands of fixed numbers of dimensions."""

    def product(input, other):
        if (input.ndim, other.ndim) != (first, second):
            raise RuntimeError(
                f"{name} takes {signature}, got shapes {input.shape} and {other.shape}: see matmul"
            )
        if name == "bmm" and len(input) != len(other):
            raise RuntimeError(
                f"bmm needs batches of one size, got shapes {input.shape} and {other.shape}"
            )
        return matmul(input, other)

    product.__name__, product.__doc__ = name, f"{signature}, without broadcasting."
    return method()(product)


mm = _product("mm", 2, 2, "(n, k), (k, m) -> (n, m)")
bmm = _product("bmm", 3, 3, "(batch, n, k), (batch, k, m) -> (batch, n, m)")
mv = _product("mv", 2, 1, "(n, k), (k,) -> (n,)")
dot = _product("dot", 1, 1, "(k,), (k,) -> ()")


def einsum(equation, *operands):
    """Sums of products, named by their indices: einsum("ij,jk->ik", a, b) is a @ b.

    A letter in several operands is multiplied along; a letter that is not on the right of -> is
    summed over. `...` means leading dimensions, which are broadcast. Without -> the result
    has the letters that occur once, in alphabetical order. Two operands at a time become one
    product of matrices.
    """
    if not isinstance(equation, str):
        raise TypeError(f"einsum: the equation is a text, not a {type(equation).__name__}")
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = operands[0]
    terms, out = _parse(equation, operands)
    tensors = [_diagonals(x, term) for x, term in zip(operands, terms)]
    (result, letters), rest = tensors[0], tensors[1:]
    for n, (other, others_letters) in enumerate(rest):
        needed = out + "".join(term for _, term in rest[n + 1 :])
        result, letters = _contract(result, letters, other, others_letters, needed)
    gone = [letters.index(c) for c in letters if c not in out]
    result = result.sum(gone, dtype=result.dtype) if gone else result
    letters = [c for c in letters if c in out]
    return result.permute([letters.index(c) for c in out]) if letters else result


def _parse(equation, operands):
    """The letters of each operand and of the result; dimensions under `...` get the letters 0, 1,
    ... from the end.
    """
    left, arrow, out = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise RuntimeError(f"einsum: {equation!r} names {len(terms)} operands, got {len(operands)}")
    spread, widest = [], 0
    for term, x in zip(terms, operands):
        hidden = x.ndim - len(term.replace("...", ""))
        if hidden < 0 or hidden and "..." not in term:
            raise RuntimeError(
                f"einsum: {term!r} in {equation!r} does not fit an operand of shape {x.shape}"
            )
        widest = max(widest, hidden)
        spread.append(term.replace("...", _dots(hidden)))
    if not arrow:
        once = sorted(c for c in set(left) - set(",.") if left.count(c) == 1)
        out = "..." * ("..." in left) + "".join(once)
    out = out.replace("...", _dots(widest))
    sizes = {}
    for term, x in zip(spread, operands):
        for letter, size in zip(term, x.shape):
            if sizes.setdefault(letter, size) != size and 1 not in (size, sizes[letter]):
                shapes = " and ".join(str(x.shape) for x in operands)
                raise RuntimeError(
                    f"einsum: {letter!r} in {equation!r} has sizes {sizes[letter]} and {size}, in "
                    f"operands of shape {shapes}"
                )
            sizes[letter] = max(size, sizes[letter]) if size else 0
    if len(set(out)) < len(out) or not set(out) <= set(sizes):
        raise RuntimeError(
            f"einsum: each index of the result {out!r} must occur once, and in an operand: "
            f"{equation!r}"
        )
    return spread, out


def _dots(count):
    return "".join(str(n) for n in reversed(range(count)))


def _diagonals(x, term):
    """An operand in which each letter occurs once: of a repeated one the diagonal is taken."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            first = term.index(letter)
            second = term.index(letter, first + 1)
            x = x.diagonal(0, first, second)  # the diagonal becomes the last dimension
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + letter
    return x, term


def _contract(a, a_letters, b, b_letters, needed):
    """One product of two operands: letters in both are summed if nobody needs them, else
    multiplied along.
    """
    a, a_letters = _without(a, a_letters, b_letters + needed)
    b, b_letters = _without(b, b_letters, a_letters + needed)
    common = [c for c in a_letters if c in b_letters]
    batch = [
        c
        for c in common
        if c in needed or a.shape[a_letters.index(c)] != b.shape[b_letters.index(c)]
    ]
    summed = [c for c in common if c not in batch]
    rows, columns = (
        [c for c in a_letters if c not in common],
        [c for c in b_letters if c not in common],
    )
    a = a.permute([a_letters.index(c) for c in (*batch, *rows, *summed)])
    b = b.permute([b_letters.index(c) for c in (*batch, *summed, *columns)])
    k, n = len(summed), len(batch)
    row_sizes, column_sizes = a.shape[n : a.ndim - k], b.shape[n + k :]
    inner = a.shape[a.ndim - k :]
    product = matmul(
        a.reshape(*a.shape[:n], math.prod(row_sizes), math.prod(inner)),
        b.reshape(*b.shape[:n], math.prod(inner), math.prod(column_sizes)),
    )
    product = product.reshape(*product.shape[:n], *row_sizes, *column_sizes)
    return product, "".join((*batch, *rows, *columns))


def _without(x, letters, needed):
    """x summed over the letters that nobody needs."""
    gone = [n for n, c in enumerate(letters) if c not in needed]
    return (x.sum(gone, dtype=x.dtype) if gone else x), "".join(c for c in letters if c in needed)

"""Parts of the README that are written by a program, between two marks.

<!-- benchmark: written by `make bench` -->
...
<!-- end of the benchmark -->
"""

import re
from collections.abc import Iterable


def with_section(text: str, name: str, lines: Iterable[str]) -> str:
    """`text` with `lines` between the two marks of the section `name`.

    raises   ValueError unless the text has the two marks, in this order, once
    """
    begins = re.findall(f"<!-- {re.escape(name)}: written by .* -->\n", text)
    end = f"<!-- end of the {name} -->"
    if len(begins) != 1 or text.count(end) != 1 or text.index(end) < text.index(begins[0]):
        raise ValueError(
            f"the README needs, once and in this order, a line `<!-- {name}: written by ... -->` "
            f"and a line `{end}`; what is between them is written anew"
        )
    before, rest = text.split(begins[0])
    after = rest.split(end)[1]
    return before + begins[0] + "".join(f"{line}\n" for line in lines) + end + after

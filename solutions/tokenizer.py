"""Text to ids and back."""

import numpy as np


class Tokenizer:
    """Text to ids and back. A symbol's id is its index in `symbols`.

    symbols     the vocabulary: a string of characters, or a list of words
    separator   what is written between two symbols of a text: nothing if
                symbols are characters, a space if they are words

    >>> Tokenizer("ab+").encode("b+a").tolist()
    [1, 2, 0]
    """

    def __init__(self, symbols, separator=""):
        self.symbols, self.separator = list(symbols), separator
        self.ids = {symbol: id for id, symbol in enumerate(self.symbols)}

    def __len__(self):
        return len(self.symbols)

    def encode(self, text):
        """The ids of a text.

        returns   int64 array (seq,)
        raises    ValueError for a symbol it does not know
        """
        symbols = text.split(self.separator) if self.separator else text
        for position, symbol in enumerate(symbols):
            if symbol not in self.ids:
                known = " ".join(map(repr, self.symbols))
                raise ValueError(
                    f"unknown symbol {symbol!r} at position {position} of "
                    f"the text; known are {known}"
                )
        return np.array([self.ids[symbol] for symbol in symbols], np.int64)

    def decode(self, ids):
        """The text of some ids.

        ids      (seq,) integers
        raises   ValueError for an id that no symbol has
        """
        for id in ids:
            if not 0 <= id < len(self):
                raise ValueError(
                    f"no symbol has the id {id}; "
                    f"ids go from 0 to {len(self) - 1}"
                )
        return self.separator.join(self.symbols[id] for id in ids)

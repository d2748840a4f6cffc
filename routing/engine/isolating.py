"""Names in scripts that run from right to left, inside our sentences, which run from left to right.

Without isolates, two such names change places across an arrow, and the share before one joins the other (Unicode
Standard Annex 9, "Bidirectional Algorithm").
"""

import unicodedata

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
_FROM_RIGHT = frozenset({"R", "AL", "AN"})


def isolate(text: str) -> str:
    """Return the text so that what stands beside it keeps its place; one without such letters stays as it is.

    Of a text that holds isolated names already, only what was cut off behind one is closed.
    """
    if text.isascii() or _FROM_RIGHT.isdisjoint(map(unicodedata.bidirectional, text)):
        return text
    if FIRST_STRONG_ISOLATE in text:
        return text + POP_ISOLATE * (text.count(FIRST_STRONG_ISOLATE) - text.count(POP_ISOLATE))
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"

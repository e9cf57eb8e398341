"""Cutting the tokens of a file where an item begins."""

from __future__ import annotations

from collections.abc import Sequence

from .expected import CLOSERS
from .tokens import Token

_DECLARING = ("LET", "OP", "OPS", "CELL", "META", "EXTERN", "EXTERN_DATA", "EXTERN_LOSS", "SPACE", "STRATEGY", "SEARCH")
ITEM_WORDS = frozenset(("USE", *_DECLARING, "TIED"))
_CLOSING = frozenset(CLOSERS.values())
_NAMED = ITEM_WORDS - {"EXTERN", "TIED"}


def cut(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens of each item. What stands before the first item (it should be nothing) comes first, like an item.

    An item begins with its keyword and a name behind it. Nowhere else in the language does a name follow one of these
    words (a key of settings is followed by `=` or `{`, and behind a dot a keyword is a name), so at the start of a line
    the cut needs no brackets to match, and an unclosed one harms its own item only. Indented, and with a bracket open,
    it is rather a mistake inside the item (`let y = …` in a body). A keyword at the start of a line also begins an item
    when no name follows, unless it is a key; the name is missing then, and the item's own error says so.
    """
    starts: list[int] = []
    depth = 0
    for i, token in enumerate(tokens):
        kind = token.type
        if kind in _NAMED and (depth <= 0 or _first_column(tokens, i)) and _begins_item(tokens, i):
            start = _with_prefix(tokens, i)
            if not starts or start > starts[-1]:
                starts.append(start)
                depth = 0
        elif kind in CLOSERS:
            depth += 1
        elif kind in _CLOSING:
            depth -= 1
    if not starts or starts[0] > 0:
        starts.insert(0, 0)
    bounds = zip(starts, [*starts[1:], len(tokens)], strict=True)
    return [list(tokens[start:end]) for start, end in bounds if start < end]


def _first_column(tokens: Sequence[Token], i: int) -> bool:
    return tokens[_with_prefix(tokens, i)].column == 1


def _begins_item(tokens: Sequence[Token], i: int) -> bool:
    if i and tokens[i - 1].type == "DOT":
        return False
    following = tokens[i + 1].type if i + 1 < len(tokens) else "$END"
    if following == "NAME" or (following == "STRING" and tokens[i].type == "USE"):
        return True
    return tokens[i].column == 1 and following not in ("EQUAL", "LBRACE")


def _with_prefix(tokens: Sequence[Token], i: int) -> int:
    """The index of the item's first token, which for `extern op`, `tied cell` and `tied(k) cell` is an earlier one."""
    if i and tokens[i - 1].type in ("EXTERN", "TIED"):
        return i - 1
    if i and tokens[i - 1].type == "RPAR":
        j = i - 2
        while j > 0 and tokens[j].type in ("NAME", "COMMA"):
            j -= 1
        if j > 0 and tokens[j].type == "LPAR" and tokens[j - 1].type == "TIED":
            return j - 1
    return i

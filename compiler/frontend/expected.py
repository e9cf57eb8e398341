"""What could have stood at a place, in the language's words rather than the grammar's."""

from __future__ import annotations

from collections.abc import Set
from functools import lru_cache

SIGNS = {
    "ARROW": "->",
    "RANGE": "..",
    "POWER": "**",
    "FLOOR": "//",
    "EQ": "==",
    "NE": "!=",
    "LE": "<=",
    "GE": ">=",
    "LESSTHAN": "<",
    "MORETHAN": ">",
    "PLUS": "+",
    "MINUS": "-",
    "STAR": "*",
    "SLASH": "/",
    "PERCENT": "%",
    "EQUAL": "=",
    "COMMA": ",",
    "COLON": ":",
    "DOT": ".",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "LBRACE": "{",
    "RBRACE": "}",
}
CLOSERS = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
# What carries on a finished expression; not worth a word where something else can come, too.
OPERATORS = frozenset(
    {
        "ARROW",
        "RANGE",
        "POWER",
        "FLOOR",
        "EQ",
        "NE",
        "LE",
        "GE",
        "LESSTHAN",
        "MORETHAN",
        "PLUS",
        "MINUS",
        "STAR",
        "SLASH",
        "PERCENT",
        "AND",
        "OR",
        "IN",
        "NOT",
        "DOT",
        "LSQB",
    }
)
_VALUES = frozenset(("NUMBER", "STRING", "CROSS", "TRUE", "FALSE", "NONE", "NAME"))
_FORMS = frozenset(("CHOOSE", "KEEP", "MAYBE", "EACH", "FROZEN", "REPEAT", "TIED", "IF"))
_ITEMS = frozenset(("USE", "LET", "OP", "OPS", "CELL", "META", "EXTERN", "SPACE", "STRATEGY", "SEARCH"))
_ORDER = ("COMMA", "COLON", "EQUAL", "LPAR", "ON", "AS", "WHERE", "LBRACE", "RPAR", "RSQB", "RBRACE")


def takes_expression(accepts: Set[str]) -> bool:
    """Whether an expression may begin here."""
    return accepts >= {"NAME", "NUMBER", "LPAR", "MINUS"}


def takes_statement(accepts: Set[str]) -> bool:
    return accepts >= {"NAME", "FOR"}


def takes_setting(accepts: Set[str]) -> bool:
    """Whether a key of settings may stand here (keys may be keywords, `from` among them)."""
    return accepts >= {"NAME", "STRING", "FROM"} and "NUMBER" not in accepts


def describe(accepts: Set[str], previous: str | None) -> str:
    """The words for a set of terminals that could come behind a token of type ``previous``."""
    return _described(frozenset(accepts), previous)


@lru_cache(4096)
def _described(accepts: frozenset[str], previous: str | None) -> str:
    left = set(accepts) - {"ERROR", "$END"}
    parts: list[str] = []
    if previous == "DOT":
        return "a name"
    if left >= _ITEMS and not takes_setting(left):
        return "a declaration"
    if takes_expression(left):
        parts.append("`any`, `all`, a number or a range" if "ANY" in left and previous == "KEEP" else "an expression")
        starts = _VALUES | _FORMS | {"NOT", "MINUS", "LPAR", "LSQB", "LBRACE", "ANY", "ALL"}
        left -= starts | {"STAR", "LESSTHAN"}
    elif takes_setting(left):
        parts.append("a setting")
        # A finished value before it: operators, calls and labels could still come, but hardly anyone means them.
        left -= left - {"RBRACE"}
    elif takes_statement(left):
        parts.append("a statement")
        left &= {"RETURN", "RBRACE"}
    elif "NAME" in left:
        parts.append("a label" if previous == "AS" else "a name")
        left.discard("NAME")
    if left - OPERATORS:
        left -= OPERATORS
        if "COMMA" in left:
            left.discard("FOR")
        if {"LPAR", "RPAR"} <= left or {"LPAR", "COMMA"} <= left:
            left.discard("LPAR")
    elif not parts and len(left) > 1:
        return "an operator"
    elif parts:
        left = set()
    rank = {terminal: i for i, terminal in enumerate(_ORDER)}
    parts += [f"`{_word(terminal)}`" for terminal in sorted(left, key=lambda t: (rank.get(t, -1), t))]
    return (
        " or ".join((", ".join(parts[:-1]), parts[-1])) if len(parts) > 1 else "".join(parts) or "the end of the file"
    )


def _word(terminal: str) -> str:
    return SIGNS.get(terminal) or {"STRING": '"…"'}.get(terminal, terminal.lower().replace("_", " "))

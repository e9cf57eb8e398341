"""Help lines for syntax errors that have a usual cause."""

from __future__ import annotations

from collections.abc import Set

from .expected import OPERATORS, takes_expression, takes_setting, takes_statement

_DECISIONS = frozenset(("CHOOSE", "KEEP", "MAYBE", "REPEAT", "EACH", "FROZEN", "TIED"))
_COMPARISONS = frozenset(("EQ", "NE", "LE", "GE", "LESSTHAN", "MORETHAN", "IN"))
_CLOSING = frozenset(("RPAR", "RSQB", "RBRACE"))


def advise(found: str, text: str, accepts: Set[str], previous: str | None, any_open: bool) -> str | None:
    """What to do about a token of type ``found`` (``text``) where only ``accepts`` could stand, if that is clear."""
    if takes_expression(accepts):
        if found in _DECISIONS:
            return f"inside an operator's operand it stands in parentheses: `({text} …)`"
        if found == "IF":
            return "behind an operator it stands in parentheses: `(if … then … else …)`"
    if found == "EQUAL":
        if "COLON" in accepts and "EQ" not in accepts:
            return "types and alternatives are written `name: …`"
        if "COLON" in accepts and previous == "NAME":
            return "alternatives are named by `name: value`; values are compared by `==`"
        if "EQ" in accepts:
            return "`=` gives a name to a value; values are compared by `==`"
    if found == "COLON" and "EQUAL" in accepts:
        return "settings, arguments and statements are written `name = value`"
    if found in _COMPARISONS and accepts & {"AND", "OR"}:
        return "comparisons do not chain: write `a < b and b < c`"
    if found == "RANGE" and accepts & {"AND", "OR"}:
        return "a range has two ends: `first..last`"
    if found == "AS" and accepts & OPERATORS:
        return "a label belongs to `choose`, `keep` or `maybe`"
    if found == "LET" and takes_statement(accepts):
        return "inside a body a name is given by `name = …` alone"
    if found == "COMMA" and (takes_setting(accepts) or takes_statement(accepts)):
        return "nothing separates statements and settings: leave the comma out"
    if found in _CLOSING and not any_open:
        return "no bracket is open here"
    if found == "RETURN" and takes_statement(accepts):
        return "`return` stands at the end of the body, not inside `for`"
    if found == "FOR" and takes_expression(accepts):
        return "a loop is a statement; a list is built by `[f(i) for i in 1..n]`"
    return None

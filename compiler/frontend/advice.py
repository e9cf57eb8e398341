"""Help lines for syntax errors that have a usual cause."""

from __future__ import annotations

import re
from collections.abc import Set

from ..diagnostics.habits import word_advice
from ..text.likeness import alike
from .expected import OPERATORS, takes_expression, takes_setting, takes_statement

_DECISIONS = frozenset(("CHOOSE", "KEEP", "MAYBE", "REPEAT", "EACH", "FROZEN", "TIED"))
_COMPARISONS = frozenset(("EQ", "NE", "LE", "GE", "LESSTHAN", "MORETHAN", "IN"))
_BEGINS_EXPRESSION = _DECISIONS | {"NUMBER", "STRING", "LPAR", "LSQB", "MINUS", "NOT"}
_FORMS = ("choose", "keep", "maybe", "repeat", "each", "frozen", "tied")
_UNIT = re.compile(r"([kKMGT]?|[mb](?=illion))(illion|FLOPs?|FLOPS|flops|MACs?|macs|B|params)?")
_COSTS = ("flops", "params", "depth", "activations")
_SUCH_THAT = ("with", "having", "such", "when", "given", "under", "within", "subject", "constraint", "constraints")
_OF_A_SPACE = "declare `space small = net where flops <= 2M`, and search that"
_CLOSING = frozenset(("RPAR", "RSQB", "RBRACE"))


def advise(
    found: str, text: str, accepts: Set[str], previous: str | None, any_open: bool, before: str = ""
) -> str | None:
    """What to do about a token of type ``found`` (``text``) where only ``accepts`` could stand, if that is clear.

    ``before``: the text of the token before it.
    """
    return (
        _constraint(found, text, accepts, previous, before)
        or _usual(found, text, accepts, previous, any_open)
        or _habit(found, text, accepts, previous, before)
    )


def _constraint(found: str, text: str, accepts: Set[str], previous: str | None, before: str) -> str | None:
    """What to do about a constraint that stands, or begins, where none can."""
    if found == "WHERE" and accepts == {"EQUAL", "LPAR"}:
        return f"what is constrained comes first: `{before} = … where …`"
    if found == "WHERE" and "$END" in accepts:
        if "COMMA" in accepts:
            return "one `where` holds all constraints, with commas between them"
        return f"constraints belong to a space: {_OF_A_SPACE}"
    if accepts >= {"WHERE", "$END"} and (found == "COMMA" or (found == "NAME" and text in _SUCH_THAT)):
        return "constraints stand behind `where`: `space small = net where flops <= 2M`"
    if accepts >= {"EQUAL", "LBRACE"} and (before == "where" or (before in _COSTS and found in _COMPARISONS)):
        return f"settings hold no constraints, which belong to a space: {_OF_A_SPACE}"
    if found == "EQUAL" and before in _COSTS and "EQ" in accepts:
        return f"a cost is bounded by a comparison: `{before} <= 2M`, or `{before} in 1M..2M`"
    if previous == "RANGE" and takes_expression(accepts) and (found == "$END" or found in _CLOSING or found == "COMMA"):
        return "a range has two ends; what has one alone is a comparison: `flops >= 2M`"
    return None


def _before_body(accepts: Set[str]) -> bool:
    """Whether the head of an op, a cell or a meta may end here. Sections of settings have neither `on` nor commas."""
    return accepts >= {"EQUAL", "LBRACE"} and bool(accepts & {"ON", "COMMA"})


def _habit(found: str, text: str, accepts: Set[str], previous: str | None, before: str) -> str | None:
    """What is written otherwise in Python or its kin."""
    advice = word_advice(before)
    if advice is not None and previous == "NAME":
        return advice
    if previous == "NAME" and found in ("LBRACE", "LSQB", "NAME", "NUMBER") and "LBRACE" not in accepts:
        form = alike(before, _FORMS, 1, 0.8)
        if form:
            return f"did you mean `{form[0]}`?"
    ended = previous in ("RPAR", "NAME", "NUMBER") and not accepts & {"RSQB", "EQUAL"}
    if found == "COLON" and ended and "LBRACE" in accepts:
        return "a body stands in braces: `for i in 1..4 { … }`"
    if found == "ARROW" and "EQUAL" in accepts and previous == "NAME" and not _before_body(accepts):
        return "a statement gives a name to what it computes, `y = …`; the last one is `return …`"
    if found == "STAR" and accepts == {"NAME"}:
        return "each name is listed: `use std.image (sep_conv, relu_conv_bn)`"
    if found == "LBRACE" and accepts == {"EQUAL", "LPAR"}:
        return f"what it is comes behind `=`: `{before} = …`"
    if found == "IF":
        if takes_statement(accepts):
            return "there is no `if` statement: write `y = if … then … else …`"
        return "the condition comes first: `if … then … else …`"
    if found == "FLOOR" and (takes_statement(accepts) or takes_expression(accepts)):
        return "comments begin with `#`"
    if "EQUAL" in accepts and previous == "NAME":
        if before == "while":
            return "a loop goes over a range or a list: `for i in 1..4 { … }`"
        if found in ("PLUS", "MINUS", "STAR", "SLASH"):
            return "nothing is changed after it is made: give what comes out a name of its own"
        if found == "EQ":
            return "a name is given by one `=`"
        if found in ("DOT", "LPAR") and "LSQB" in accepts:
            return "a body only says what is computed: it holds `name = …`, `for` and, at its end, `return`"
    if found in ("ARROW", "COLON", "NAME", "RETURN", "FOR") and _before_body(accepts) and previous in ("RPAR", "NAME"):
        return "a body is `= …`, or `{ … return … }`"
    if found in ("NAME", "ON") and previous == "NUMBER":
        unit = _UNIT.fullmatch(text)
        if unit is not None:
            suffix = {"m": "M", "b": "G", "k": "K"}.get(unit[1], unit[1])
            if not suffix:
                return f"no unit stands behind a number: `{before}`"
            alone = ", and no unit" if unit[2] else ""
            return f"a suffix stands directly behind its number{alone}: `{before}{suffix}`"
        if text == "x":
            return "the numbers of a tuple stand without spaces: `3x3`"
    if found == "NAME" and text == "of":
        return "the list comes first: `[a, b] -> keep 1`"
    if found == "COLON" and "RSQB" in accepts:
        return "`x[<i]` is the part of a list before i, `last(n, x)` its last n elements"
    if found == "AS" and previous in ("CHOOSE", "MAYBE", "KEEP"):
        return f"a label stands at the end: `{before} … as name`"
    if found in ("NAME", "NUMBER", "STRING", "CROSS", "LBRACE", "LSQB") and "COMMA" in accepts:
        return "is a comma missing?"
    if "OR" in accepts and "LBRACE" in accepts and previous in ("NUMBER", "NAME"):
        return "what is repeated stands in braces: `repeat 3 { f }`"
    if "LBRACE" in accepts and previous == "NAME" and accepts <= {"LPAR", "LSQB", "DOT", "LBRACE"}:
        return "settings in braces follow, if only empty ones: `strategy s = base { … }`"
    if takes_statement(accepts) and found in _BEGINS_EXPRESSION and not takes_expression(accepts):
        return "a statement gives a name to what it computes: `y = …`; `return …` ends the body"
    if found == "RBRACE" and previous == "LBRACE" and takes_expression(accepts):
        return "a set holds at least one alternative: `{a, b}`"
    if (
        found in ("RBRACE", "$END")
        and previous == "RPAR"
        and accepts & {"LBRACE"}
        and not accepts & {"RBRACE", "RETURN"}
    ):
        if "LPAR" in accepts:
            return "settings in braces follow: `strategy s = base { … }`"
        return "`repeat` takes a count and an operator in braces: `repeat 3 { f }`"
    if "LPAR" in accepts and accepts <= {"LPAR", "DOT"}:
        return "a `use` names what it brings, in parentheses: `use std.video (itgm)`"
    return None


def _usual(found: str, text: str, accepts: Set[str], previous: str | None, any_open: bool) -> str | None:
    if takes_expression(accepts):
        if found in _DECISIONS:
            return f"inside an operator's operand it stands in parentheses: `({text} …)`"
        if found == "IF" and not takes_statement(accepts):
            return "behind an operator it stands in parentheses: `(if … then … else …)`"
    if found == "EQUAL":
        if "COLON" in accepts and "EQ" not in accepts:
            return "types and alternatives are written `name: …`"
        if "COLON" in accepts and previous == "NAME":
            return "alternatives are named by `name: value`; values are compared by `==`"
        if "EQ" in accepts:
            return "`=` gives a name to a value; values are compared by `==`"
    if found == "COLON" and "EQUAL" in accepts and not _before_body(accepts):
        return "settings, arguments and statements are written `name = value`"
    if found in _COMPARISONS and accepts & {"AND", "OR"}:
        return "comparisons do not chain: write `b in a..c`, or `a <= b and b <= c`"
    if found == "RANGE" and accepts & {"AND", "OR"}:
        return "a range has two ends: `first..last`"
    if found == "AS" and accepts & OPERATORS and previous not in _DECISIONS:
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

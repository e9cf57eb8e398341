"""What to say of a value that is no whole number: which value, and in which case."""

from __future__ import annotations

import re

from ...diagnostics.source import Span
from ...diagnostics.values import WrongType
from ...ir.diagram import leaves, witness
from .arithmetic import case_of, is_number, is_plain
from .state import State
from .values import Scalar, Value, kind_of


def no_whole_number(state: State, span: Span, what: str, value: Value) -> WrongType:
    """That ``what`` is none: with the first value that it has and that is no integer, the decisions that make it so,
    and where these are made."""
    wanted = "a whole number"
    wrong = next((v for v in leaves(case_of(value)) if type(v) is not int), None) if is_plain(value) else None
    if wrong is None or not is_number(wrong):
        return WrongType(span, what, wanted, kind_of(value))
    found, advice = _shown(wrong), whole_advice(span)
    if not isinstance(value, Scalar):
        return WrongType(span, what, wanted, found, advice)
    answers = witness(state.diagrams.apply(lambda v: type(v) is type(wrong) and v == wrong, value.case)) or {}
    found = f"{found} when {state.witness_words(answers)}"
    return WrongType(span, what, wanted, found, advice, deciders=state.deciders(answers))


_DIVIDED = re.compile(r"(?<!/)/(?!/)")


def whole_advice(place: Span) -> str:
    """How the number that stands at a place becomes a whole one."""
    text = " ".join(place.text.split())
    if _DIVIDED.search(text):
        return "`/` gives a fraction, `//` a whole number; `round(…)` rounds"
    if text.replace(".", "").isdigit():
        return "give a whole number"
    inside = text[1:-1] if text.startswith("(") and text.endswith(")") and text.count("(") == 1 else text
    if "," in inside or ".." in inside or len(inside) > 40:
        return "`round(…)` makes whole numbers"
    return f"write `round({inside})`"


def _shown(number: float) -> str:
    text = f"{number:.6g}"
    return f"{text}.0" if isinstance(number, float) and text.lstrip("-").isdigit() else text

"""Values of decisions as architectures hold them, and the answers to variables behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ..ir.decisions import Decision
from ..ir.diagram import evaluate
from ..text.likeness import alike
from ..text.quoting import json_text

Value: TypeAlias = "str | int | bool | tuple[int, ...]"
"""A choose's alternative's name, a count's number, a gate's bool, the places of a keep's elements counted from 1."""


class NotAllowed(Exception):
    """The value is none of the decision's."""


def encode(decision: Decision, value: Any) -> dict[int, int]:
    """Answers (variable index → answer) for a value. Raises NotAllowed."""
    match decision.kind:
        case "choose":
            if not isinstance(value, str) or value not in decision.options:
                raise NotAllowed
            return {decision.variables[0].index: decision.options.index(value)}
        case "gate":
            if not isinstance(value, bool):
                raise NotAllowed
            return {decision.variables[0].index: int(value)}
        case "count":
            if isinstance(value, bool) or not isinstance(value, int) or value not in decision.values:
                raise NotAllowed
            return {decision.variables[0].index: decision.values.index(value)}
        case "keep":
            return _encode_keep(decision, value)


def _encode_keep(decision: Decision, value: Any) -> dict[int, int]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise NotAllowed
    places = set()
    for place in value:
        if isinstance(place, bool) or not isinstance(place, int) or not 1 <= place <= len(decision.options):
            raise NotAllowed
        places.add(place)
    answers = {v.index: int(i + 1 in places) for i, v in enumerate(decision.variables)}
    if len(places) != len(value) or evaluate(decision.valid, answers) is not True:
        raise NotAllowed
    return answers


def decode(decision: Decision, answers: Mapping[int, int]) -> Value:
    """The value behind answers to all of the decision's variables."""
    if decision.kind == "keep":
        return tuple(i + 1 for i, v in enumerate(decision.variables) if answers[v.index])
    answer = answers[decision.variables[0].index]
    match decision.kind:
        case "choose":
            return decision.options[answer]
        case "gate":
            return bool(answer)
        case _:
            return int(decision.values[answer])


def describe_allowed(decision: Decision) -> str:
    """What the decision takes, in words."""
    match decision.kind:
        case "choose":
            names = ", ".join(decision.options[:12]) + (", …" if len(decision.options) > 12 else "")
            return f"the name of an alternative: {names}"
        case "gate":
            return "true or false"
        case "count":
            return f"a number from {decision.values[0]} to {decision.values[-1]}"
        case "keep":
            low, high = decision.sizes or (0, len(decision.options))
            many = f"{low}" if low == high else f"{low} to {high}"
            return f"a list of {many} of the places 1 to {len(decision.options)}"


def meant(decision: Decision, value: Any) -> str | None:
    """What is likely to be meant by a value that is not allowed, as a message shows it: a name that is nearly the same,
    or the text of a number or a window (`8`, `(1, 3)`) that names an alternative."""
    if isinstance(value, str):
        return next(iter(alike(value, decision.options, 1)), None)
    if decision.kind != "choose" or isinstance(value, bool):
        return None
    parts = value if isinstance(value, tuple | list) else (value,)
    name = "x".join(map(str, parts))
    return json_text(name) if name in decision.options else None


def value_named(decision: Decision, text: str) -> Value | None:
    """The value that settings name: an alternative's name, a number, `on` or `off`, `all` elements of a keep; None
    if it names none."""
    candidates: tuple[Value, ...]
    match decision.kind:
        case "choose":
            candidates = (text,)
        case "count":
            candidates = (int(text),) if text.isdigit() else ()
        case "gate":
            candidates = {"on": (True,), "true": (True,), "off": (False,), "false": (False,)}.get(text, ())
        case "keep":
            candidates = (tuple(range(1, len(decision.options) + 1)),) if text == "all" else ()
    for value in candidates:
        try:
            encode(decision, value)
        except NotAllowed:
            continue
        return value
    return None

"""Breaks generated lines the way ruff's formatter does, so that generated files need no formatter."""

from __future__ import annotations

import re

WIDTH = 120

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')


def _bare(text: str) -> str:
    """``text``, of the same length, with strings that hold nothing but a letter over and over."""
    return _STRING.sub(lambda match: "s" * len(match[0]), text) if '"' in text or "'" in text else text


def split_arguments(text: str) -> list[str]:
    """The parts of ``a, (b, c), d`` between the commas that stand in no bracket."""
    parts, depth, start = [], 0, 0
    for i, char in enumerate(_bare(text)):
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    rest = text[start:].strip()
    return [*parts, rest] if rest else parts


def _split_sum(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    bare = _bare(text)
    for i, char in enumerate(bare):
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif depth == 0 and bare[i : i + 3] == " + ":
            parts.append(text[start:i])
            start = i + 1
    return [*parts, text[start:]]


def _last_bracket(text: str) -> int | None:
    """Where the bracket opens that the last character of ``text`` closes."""
    bare = _bare(text)
    if not bare or bare[-1] not in ")]}":
        return None
    depth = 0
    for i in range(len(bare) - 1, -1, -1):
        if bare[i] in ")]}":
            depth += 1
        elif bare[i] in "([{":
            depth -= 1
            if depth == 0:
                return i
    return None


def _makes_no_tuple(text: str, opening: int) -> bool:
    """Whether a bracket is that of an index, or of a value in parentheses: a comma at its end would change it."""
    applied = text[:opening][-1:].isalnum() or text[:opening][-1:] in ("_", ")", "]")
    return applied if text[opening] == "[" else text[opening] == "(" and not applied


def statement(text: str, indent: int) -> list[str]:
    """The lines of one statement (``x = f(a, b)``, ``def f(a, b):``) at ``indent`` spaces."""
    pad = " " * indent
    if indent + len(text) <= WIDTH:
        return [pad + text]
    body, end = (text[:-1], text[-1]) if text[-1] in ":," else (text, "")
    head, equals, value = body.partition(" = ")
    terms = _split_sum(value) if equals else []
    if len(terms) > 1:
        broken = [line for term in terms for line in statement(term.strip(), indent + 4)]
        return [f"{pad}{head} = (", *broken, f"{pad})"]
    opening = _last_bracket(body)
    if opening is None:
        return [pad + text]
    inner, close = body[opening + 1 : -1], _CLOSING[body[opening]]
    lines = [f"{pad}{body[: opening + 1]}"]
    parts = split_arguments(inner)
    if indent + 4 + len(inner) <= WIDTH and not inner.rstrip().endswith(","):
        lines.append(f"{pad}    {inner}")
    elif len(parts) == 1 and _makes_no_tuple(body, opening) and not inner.rstrip().endswith(","):
        lines += statement(inner, indent + 4)
    else:
        for part in parts:
            lines += (
                statement(f"{part},", indent + 4) if len(part) + indent + 5 <= WIDTH else _long_part(part, indent + 4)
            )
    return [*lines, f"{pad}{close}{end}"]


def _long_part(part: str, indent: int) -> list[str]:
    lines = statement(part, indent)
    return [*lines[:-1], f"{lines[-1]},"]

"""From a text to its tree, with the grammar of the language and nothing else."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Tree

from . import syntax as s

ROOT = Path(__file__).parents[2]
SUFFIXES = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


@cache
def grammar() -> Lark:
    text = (ROOT / "grammars" / "stdsl.lark").read_text()
    return Lark(
        text + "\n%ignore COMMENT\n",
        parser="lalr",
        lexer="basic",
        start=["file", "lexical"],
        keep_all_tokens=True,
        maybe_placeholders=True,
    )


def parse(text: str) -> list[s.Node]:
    """The declarations of a text, without strategies, searches and extern ops."""
    tree = grammar().parse(text, start="file")
    items = [item(t) for t in tree.children if isinstance(t, Tree) and t.data != "edition"]
    return [i for i in items if i is not None]


def number(text: str) -> int | float:
    """The exact value where it is whole, else the nearest float."""
    factor = 1
    if text[-1] in SUFFIXES:
        text, factor = text[:-1], SUFFIXES[text[-1]]
    exact = Fraction(text) * factor
    if any(c in text for c in ".eE") and factor == 1:
        return float(text)
    return int(exact) if exact.denominator == 1 else float(exact)


def trees(tree: Any) -> list[Any]:
    return [c for c in tree.children if isinstance(c, Tree)]


def words(tree: Any) -> list[str]:
    return [str(c) for c in tree.children if isinstance(c, Token)]


def first(tree: Any, data: str) -> Any:
    return next((t for t in trees(tree) if t.data == data), None)


def item(t: Any) -> s.Node | None:
    kind = t.data
    if kind == "use":
        return use(t)
    if kind == "let":
        return s.Declared("let", words(t)[1], (), (), (), expression(trees(t)[0]))
    if kind == "op":
        return op(t)
    if kind == "ops":
        return s.Declared("ops", words(t)[1], parameters(t), (), (), expression(trees(t)[-1]))
    if kind == "space":
        given = first(t, "where")
        where = tuple(expression(e) for e in trees(given)) if given else ()
        body = next(e for e in trees(t) if e.data not in ("parameters", "where"))
        return s.Declared("space", words(t)[1], parameters(t), (), (), expression(body), where=where)
    return None


def use(t: Any) -> s.Use:
    dotted = first(t, "dotted")
    names = []
    for i in trees(t):
        if i.data == "imported":
            label = first(i, "label")
            names.append((words(i)[0], words(label)[1] if label else words(i)[0]))
    if dotted:
        return s.Use("".join(words(dotted)), False, tuple(names))
    return s.Use(words(t)[1][1:-1], True, tuple(names))


def op(t: Any) -> s.Declared:
    tied = first(t, "tied")
    keyword, name = words(t)[:2]
    inputs: list[s.Input] = []
    for i in trees(first(t, "inputs")) if first(t, "inputs") else []:
        kind = first(i, "type")
        names = words(i)
        inputs.append(s.Input(names[-1], names[0] == "*", expression(trees(kind)[0]) if kind else None))
    body = trees(t)[-1]
    statements: tuple[s.Node, ...] = ()
    if body.data == "short":
        result = expression(trees(body)[0])
    else:
        statements = tuple(statement(b) for b in trees(body)[:-1])
        result = expression(trees(trees(body)[-1])[0])
    ties = tuple(w for w in words(tied)[1:] if w not in "(),") if tied else None
    return s.Declared(keyword, name, parameters(t), tuple(inputs), statements, result, ties)


def parameters(t: Any) -> tuple[s.Parameter, ...]:
    given = first(t, "parameters")
    found = []
    for p in trees(given) if given else []:
        default = first(p, "default")
        found.append(s.Parameter(words(p)[0], expression(trees(default)[0]) if default else None))
    return tuple(found)


def statement(t: Any) -> s.Node:
    if t.data == "bind":
        place = first(t, "place")
        return s.Bind(words(t)[0], expression(trees(place)[0]) if place else None, expression(trees(t)[-1]))
    if t.data == "for":
        return s.For(words(t)[1], expression(trees(t)[0]), tuple(statement(b) for b in trees(t)[1:]))
    raise SyntaxError(t.data)


def label_of(t: Any) -> str | None:
    label = first(t, "label")
    return words(label)[1] if label else None


def plain(t: Any) -> Any:
    """The operands of a node: its trees without the label."""
    return [c for c in trees(t) if c.data != "label"]


def expression(t: Any) -> s.Node:
    kind, parts = t.data, plain(t)
    if kind == "name":
        return s.Name(words(t)[0])
    if kind == "literal":
        return literal(words(t)[0])
    if kind == "crossed":
        return s.Literal(tuple(int(n) for n in words(t)[0].split("x")), words(t)[0])
    if kind == "parentheses":
        return expression(parts[0])
    if kind == "tuple":
        return s.TupleOf(tuple(map(expression, parts)))
    if kind == "list":
        return s.ListOf(
            tuple((True, expression(trees(e)[0])) if e.data == "splat" else (False, expression(e)) for e in parts)
        )
    if kind == "comprehension":
        return s.Comprehension(
            expression(parts[0]), next(w for w in words(t) if w not in ("[", "for", "in", "]")), expression(parts[1])
        )
    if kind == "set":
        return s.SetOf(tuple((words(a)[0] if words(a) else None, expression(trees(a)[0])) for a in parts))
    if kind == "if":
        return s.If(*map(expression, parts))
    if kind == "pipe":
        return s.Pipe(*map(expression, parts))
    if kind == "choose":
        return s.Choose(expression(parts[0]), label_of(t))
    if kind == "maybe":
        return s.Maybe(expression(parts[0]), label_of(t))
    if kind == "keep":
        return s.Keep(expression(parts[0]) if parts else words(t)[1], label_of(t))
    if kind == "each":
        return s.Each(expression(parts[0]))
    if kind == "frozen":
        return s.Frozen(expression(parts[0]))
    if kind == "plain":
        return expression(parts[0])
    if kind == "repeat":
        return s.Repeat(words(t)[0] == "tied", expression(parts[0]), expression(parts[1]))
    if kind in ("or", "and", "range", "sum", "term", "power", "compare"):
        sign = " ".join(w for w in words(t))
        return s.Binary(sign, expression(parts[0]), expression(parts[1]))
    if kind == "negative":
        return s.Unary("-", expression(parts[0]))
    if kind == "not":
        return s.Unary("not", expression(parts[0]))
    if kind == "call":
        arguments = []
        for a in parts[1:]:
            arguments.append((words(a)[0] if words(a) else None, expression(trees(a)[0])))
        return s.Call(expression(parts[0]), tuple(arguments))
    if kind == "index":
        return s.Index(expression(parts[0]), expression(parts[1]))
    if kind == "before":
        return s.Before(expression(parts[0]), expression(parts[1]))
    if kind == "attribute":
        return s.Attribute(expression(parts[0]), words(t)[-1])
    raise SyntaxError(kind)


def literal(text: str) -> s.Literal:
    if text[0] == '"':
        return s.Literal(text[1:-1].encode().decode("unicode_escape") if "\\" in text else text[1:-1], text)
    if text in ("true", "false", "none"):
        return s.Literal({"true": True, "false": False, "none": None}[text], text)
    return s.Literal(number(text), text)

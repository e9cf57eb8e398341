"""Overrides from the command line, `--set retrain.epochs=1`, and from the Python API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..diagnostics.model import Sink
from ..diagnostics.settings import UnknownSetting, WrongForm, WrongOverride
from ..diagnostics.source import Source, Span
from ..frontend import ast
from ..frontend.parser import parse
from ..schemas.base import Settings
from ..schemas.constructors import CONSTRUCTORS, constructor_name
from ..schemas.expectation import Expectation, settings_of
from ..schemas.hyper import Tunable
from ..schemas.search import SearchConfig
from ..schemas.strategy import FAMILIES
from .settings_env import Env, Stop
from .settings_strategy import strategy_tree
from .settings_tree import Branch, Hole, Items, Leaf, Node
from .settings_values import value

_PREFIX = "stdsl 1\nlet value =\n"


@dataclass(frozen=True)
class Override:
    """A dotted key and the text of its value."""

    key: str
    text: str


def read_overrides(texts: Iterable[str]) -> tuple[Override, ...]:
    """From `key=value`; the key of a text without `=` is the whole of it, which :func:`override` then reports."""
    return tuple(Override(key.strip(), text.strip()) for key, _, text in (t.partition("=") for t in texts))


def overrides_of(values: Mapping[str, Any]) -> tuple[Override, ...]:
    """From Python values; a str is the text of an expression, as on the command line."""
    return tuple(Override(key, _text(v)) for key, v in values.items())


def _text(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return f"[{', '.join(_text(v) for v in value)}]"
    return str(value)


def override(tree: Branch, item: Override, env: Env) -> Branch:
    """The settings of a search with one of them replaced. The rest of the section that it stands in stays."""
    source = Source(f"--set {item.key}", f"{_PREFIX}{item.text}")
    span = Span(source, len(_PREFIX), len(source.text))
    try:
        if not item.key or not item.text:
            raise env.report.stop(WrongOverride(span, item.key, "a key and a value are needed"))
        return _into(tree, item, item.key.split("."), SearchConfig, "a search", span, env)
    except Stop:
        return tree


def _into(
    tree: Branch, item: Override, way: list[str], model: type[Settings], owner: str, span: Span, env: Env
) -> Branch:
    key, *rest = way
    settings = settings_of(model)
    if key not in settings:
        raise env.report.stop(UnknownSetting(span, key, owner, tuple(settings)))
    expected = settings[key]
    rivals = frozenset(r for group in model.exclusive if key in group for r in group if r != key)
    if not rest:
        return tree.without(rivals).set(key, _value(item, key, expected, span, env))
    below = tree.children.get(key)
    if below is None or isinstance(below, Leaf):
        below = _default(model, key, expected, span)
    inner = _model(below, expected)
    if isinstance(below, Hole):
        raise Stop
    if inner is None or not isinstance(below, Branch):
        kind = "a list; set it as a whole" if isinstance(below, Items) else "a single value"
        raise env.report.stop(WrongOverride(span, item.key, f"`{key}` is {kind}"))
    name = f"`{below.tag[1]}`" if below.tag else f"section `{key}`"
    tunable = env.tunable or (below.tag is not None and below.tag[0] == "family" and issubclass(inner, Tunable))
    inside = Env(env.module, env.report, tunable=tunable)
    return tree.set(key, _into(below, item, rest, inner, name, span, inside))


def _model(node: Node, expected: Expectation) -> type[Settings] | None:
    if isinstance(node, Branch) and node.tag is not None:
        return CONSTRUCTORS[node.tag[1]] if node.tag[0] == "kind" else FAMILIES[node.tag[1]]
    return expected.section


def _default(model: type[Settings], key: str, expected: Expectation, span: Span) -> Node:
    """The node of a setting that is at its default, so that one thing inside it can be set."""
    if expected.section is not None:
        return Branch(span)
    default = model.model_fields[key].get_default(call_default_factory=True)
    return _node(default, span)


def _node(data: Any, span: Span) -> Node:
    if isinstance(data, Settings):
        kind = getattr(data, "kind", None)
        children = {k: _node(getattr(data, k), span) for k in settings_of(type(data))}
        return Branch(span, children, ("kind", str(kind)) if kind else None)
    if isinstance(data, tuple):
        return Items(span, tuple(_node(d, span) for d in data))
    return Leaf(span, data)


def _value(item: Override, key: str, expected: Expectation, span: Span, env: Env) -> Node:
    if expected.strategy:
        expr = _expression(item, span, env)
        return strategy_tree(expr, env)
    if expected.text and not item.text.startswith('"') and item.text != "none":
        # A shell eats the quotes of a text; a path is meant as it stands.
        return Leaf(span, item.text)
    if expected.section is not None and item.text != "none":
        raise env.report.stop(WrongForm(span, key, True))
    node = value(key, _expression(item, span, env), expected, env)
    if isinstance(node, Hole):
        raise Stop
    return node


def _expression(item: Override, span: Span, env: Env) -> ast.Expr:
    sink = Sink()
    file = parse(span.source, sink)
    found = file.declarations[0] if len(file.declarations) == 1 and not file.uses else None
    if sink.diagnostics or not isinstance(found, ast.Let):
        raise env.report.stop(WrongOverride(span, f"{item.key}={item.text}", "the value is not an expression"))
    return found.value


__all__ = ["Override", "constructor_name", "override", "overrides_of", "read_overrides"]

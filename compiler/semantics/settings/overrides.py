"""Overrides from the command line, `--set retrain.epochs=1`, and from the Python API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...diagnostics.model import Sink
from ...diagnostics.option import OptionText, option_text
from ...diagnostics.settings import UnknownSetting, WrongForm, WrongOverride
from ...diagnostics.source import Span
from ...frontend import ast
from ...frontend.parser import parse
from ...record import record
from ...schemas.base import Settings
from ...schemas.constructors import constructor_name
from ...schemas.expectation import Expectation, settings_of
from ...schemas.extern_code import ExternCode
from ...schemas.hyper import Tunable
from ...schemas.search import SearchConfig
from ...schemas.space_ref import SpaceRef
from .elsewhere import dotted, ways, with_argument
from .environment import Env, Stop
from .extern_values import with_argument_of
from .layers import entered
from .models import model_of
from .numbers import plural
from .strategy import strategy_tree
from .tree import Branch, Hole, Items, Leaf, Node, left_out
from .values import value

_PREFIX = "stdsl 1 search override { value =\n"
_SUFFIX = "\n}"
_OPTION = "--set "


@record
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
    source = option_text(f"{_OPTION}{item.key}=", item.text, _PREFIX, _SUFFIX)
    try:
        if not item.key or not item.text:
            whole = source.part(0, len(source.shown))
            raise env.report.stop(WrongOverride(whole, item.key, "a key and a value are needed"))
        return _into(tree, item, item.key.split("."), SearchConfig, "a search", source.value, env, tree)
    except Stop:
        return tree


def _into(
    tree: Branch, item: Override, way: list[str], model: type[Settings], owner: str, span: Span, env: Env, root: Branch
) -> Branch:
    """``tree``, somewhere in ``root``, with the setting that ``way``, the last parts of the key, lead to replaced."""
    key, *rest = way
    settings = settings_of(model)
    if key not in settings:
        elsewhere = _elsewhere(tree, item, way, model, root, env)
        raise env.report.stop(UnknownSetting(_place(span, item, way), key, owner, tuple(settings), elsewhere))
    expected, env = settings[key], entered(env, model, key)
    rivals = frozenset(r for group in model.exclusive if key in group for r in group if r != key)
    if not rest:
        if expected.changes:
            raise env.report.stop(WrongForm(_place(span, item, way), key, True))
        if expected.strategy:
            return tree.set(key, strategy_tree(_expression(item, span, env), env))
        node = _value(item, key, expected, span, env)
        return (tree if left_out(node) else tree.without(rivals)).set(key, node)
    below = tree.children.get(key)
    if isinstance(below, Leaf) and isinstance(below.data, ExternCode):
        return tree.set(key, _argument_of(below, item, rest, span, env))
    if below is None and expected.changes:
        whole = root.children.get("strategy")
        below = Branch(span, tag=whole.tag) if isinstance(whole, Branch) else Hole(span)
    if below is None or isinstance(below, Leaf):
        below = _default(model, key, expected, span)
    if isinstance(below, Hole):
        raise Stop
    if isinstance(below, Items):
        return tree.set(key, _element(below, item, rest, expected, span, env, root))
    inner = _model(below, expected)
    if inner is None or not isinstance(below, Branch):
        named = _space_with(tree, rest[0], item, env) if key == "space" else None
        advice = f"a parameter is given where the space is named: {named}" if named else None
        fault = f"`{key}` is a single value"
        raise env.report.stop(WrongOverride(_place(span, item, way), item.key, fault, advice))
    name = f"`{below.tag[1]}`" if below.tag else f"section `{key}`"
    tunable = env.tunable or (below.tag is not None and below.tag[0] == "family" and issubclass(inner, Tunable))
    inside = Env(env.module, env.report, tunable=tunable, found=env.found)
    return tree.set(key, _into(below, item, rest, inner, name, span, inside, root))


def _argument_of(code: Leaf, item: Override, way: list[str], span: Span, env: Env) -> Leaf:
    def expression(text: bool) -> ast.Expr:
        if text and not item.text.startswith('"'):
            return ast.Literal_(span, item.text, item.text)  # a shell eats the quotes of a text
        return _expression(item, span, env)

    return with_argument_of(code, way, _place(span, item, way), expression, env)


def _elsewhere(
    tree: Branch, item: Override, way: list[str], model: type[Settings], root: Branch, env: Env
) -> tuple[str, ...]:
    """The keys that may have been meant by one whose last parts, ``way``, lead nowhere."""
    before = item.key.split(".")[: -len(way)]
    inside = [".".join((*before, dotted(found))) for found in ways(model, way, tree, present=True)]
    from_top = [dotted(found) for found in ways(SearchConfig, way, root, present=True)]
    named = None if before else _space_with(root, way[0], item, env)
    return tuple(f"--set {found}=…" for found in inside or from_top) or ((named,) if named else ())


def _space_with(root: Branch, key: str, item: Override, env: Env) -> str | None:
    """The option that gives a parameter of the space that is searched; None where it has none of this name."""
    space = root.children.get("space")
    ref = space.data if isinstance(space, Leaf) else None
    called = with_argument(ref, key, item.text, env.module) if isinstance(ref, SpaceRef) else None
    return f"--set 'space={called}'" if called else None


def _element(
    node: Items, item: Override, way: list[str], expected: Expectation, span: Span, env: Env, root: Branch
) -> Items:
    """A list with something inside one of its elements replaced: `phase.1.epochs`; elements count from 1."""
    index, *rest = way
    place = int(index) - 1 if index.isdecimal() and len(index) < 10 else -1
    if not 0 <= place < len(node.items) or not rest:
        fault = (
            f"{plural(len(node.items), 'element')} stand there, and one is named by its number, then a setting of it"
        )
        raise env.report.stop(WrongOverride(_place(span, item, way), item.key, fault))
    below = node.items[place]
    inner = _model(below, expected.item or expected)
    if inner is None or not isinstance(below, Branch):
        raise env.report.stop(WrongOverride(_place(span, item, way), item.key, f"element {index} is a single value"))
    changed = _into(below, item, rest, inner, f"element {index}", span, env, root)
    return Items(node.span, (*node.items[:place], changed, *node.items[place + 1 :]))


def _place(value: Span, item: Override, way: list[str]) -> Span:
    """Where the key names the first of ``way``, its last parts. ``value``: the place of the option's value."""
    assert isinstance(value.source, OptionText)
    start = len(_OPTION) + len(item.key) - len(".".join(way))
    return value.source.part(start, start + len(way[0]))


def _model(node: Node, expected: Expectation) -> type[Settings] | None:
    if isinstance(node, Branch) and node.tag is not None:
        return model_of(node.tag, expected)
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
    items = found.section.items if isinstance(found, ast.SearchDecl) else ()
    if sink.diagnostics or len(items) != 1 or not isinstance(items[0], ast.Setting):
        advice = next((d.help for d in sink.diagnostics if d.help), None)
        fault = "the value is not an expression"
        raise env.report.stop(WrongOverride(span, f"{item.key}={item.text}", fault, advice))
    return items[0].value


__all__ = ["Override", "constructor_name", "override", "overrides_of", "read_overrides"]

"""Sections of settings laid over what is already set: key by key, lists replaced."""

from __future__ import annotations

from dataclasses import replace

from ...diagnostics.settings import DuplicateSetting, SettingsConflict, UnknownSetting, WrongForm, WrongSetting
from ...diagnostics.source import Span
from ...families.registry import FAMILIES, settings_of_family
from ...frontend import ast
from ...schemas.base import Settings
from ...schemas.expectation import Expectation, settings_of
from ...schemas.recipe import FINDABLE
from ...schemas.search import RetrainSection, SearchConfig
from ...schemas.strategy import Strategy
from .elsewhere import ways, written
from .environment import Env, whole_span
from .tree import SLIP, Branch, Hole, Items, Leaf, Node, left_out
from .values import value


def lay(tree: Branch, section: ast.Section, model: type[Settings], owner: str, env: Env) -> Branch:
    """``tree`` with the settings of ``section``, which are those of ``model``.

    ``owner``: what they belong to, in the words of a message.
    """
    settings = settings_of(model)
    seen: dict[str, Span] = {}
    for item in section.items:
        name = item.key if isinstance(item, ast.Setting) else item.name
        assert name is not None, "only the outermost section of a declaration is nameless"
        key = name.id
        if key not in settings:
            elsewhere, families = _elsewhere(model, key, tree)
            env.report.add(UnknownSetting(name.span, key, owner, tuple(settings), elsewhere, families))
            tree = tree.set(SLIP, Hole(name.span))
            continue
        expected, inside = settings[key], entered(env, model, key)
        repeats = expected.repeated_section is not None and isinstance(item, ast.Section)
        if key in seen and not repeats:
            env.report.add(DuplicateSetting(name.span, key, seen[key]))
            continue
        if isinstance(item, ast.Setting) and expected.changes:
            env.report.add(WrongForm(name.span, key, True))
        elif isinstance(item, ast.Setting):
            node = _setting(item, expected, inside)
            if not left_out(node):
                tree = _without_rivals(tree, model, key, seen, name.span, env)
            tree = tree.set(key, node)
        else:
            tree = _section(tree, item, key, expected, repeats and key in seen, inside)
        seen.setdefault(key, name.span)
    return tree


def entered(env: Env, model: type[Settings], key: str) -> Env:
    """``env`` as it is inside the setting or section ``key`` of a model."""
    return replace(env, found=key in FINDABLE) if issubclass(model, RetrainSection) else env


def _elsewhere(model: type[Settings], key: str, tree: Branch) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where settings of this name stand: inside these ones, else, where these are those of a family, the other families
    that have it, else in a search."""
    inside = tuple(written(way) for way in ways(model, [key], tree))
    if inside:
        return inside, ()
    if issubclass(model, Strategy):
        families = tuple(name for name in FAMILIES if key in settings_of(settings_of_family(name)))
        if families:
            return (), families
    return tuple(f"search … {{ {written(way)} }}" for way in ways(SearchConfig, [key], None)), ()


def _without_rivals(
    tree: Branch, model: type[Settings], key: str, seen: dict[str, Span], span: Span, env: Env
) -> Branch:
    """The tree without the settings that ``key`` replaces: of `steps` and `epochs` the one set last counts."""
    rivals = frozenset(r for group in model.exclusive if key in group for r in group if r != key)
    for rival in (rival for rival in rivals & seen.keys() if not left_out(tree.children.get(rival))):
        message = f"`{rival}` and `{key}` are both set, and one says what the other says"
        env.report.add(SettingsConflict(span, message, "leave one of the two out", seen[rival]))
    return tree.without(rivals)


def _setting(item: ast.Setting, expected: Expectation, env: Env) -> Node:
    return value(item.key.id, item.value, expected, env)


def _section(tree: Branch, section: ast.Section, key: str, expected: Expectation, again: bool, env: Env) -> Branch:
    if expected.mapping:
        return tree.set(key, _mapping(section, env))
    repeated = expected.repeated_section
    if repeated is not None:
        fresh = lay(Branch(whole_span(section)), section, repeated, f"section `{key}`", env)
        old = tree.children.get(key)
        before = old.items if again and isinstance(old, Items) else ()
        return tree.set(key, Items(whole_span(section), (*before, fresh)))
    if expected.changes:
        return tree.set(key, _changes(section, env)) if env.family else tree
    if expected.section is None:
        env.report.add(WrongForm(whole_span(section), key, False))
        return tree
    below = tree.children.get(key)
    start = replace(below, span=whole_span(section)) if isinstance(below, Branch) else Branch(whole_span(section))
    return tree.set(key, lay(start, section, expected.section, f"section `{key}`", env))


def _changes(section: ast.Section, env: Env) -> Branch:
    """Settings of the search's strategy, by themselves."""
    start = Branch(whole_span(section), tag=("family", env.family))
    return lay(start, section, settings_of_family(env.family), f"family `{env.family}`", env)


def _mapping(section: ast.Section, env: Env) -> Branch:
    """`hold { "pattern" = alternative }`: the alternative's name is a word, a text, or `none`."""
    children: dict[str, Node] = {}
    spans: dict[str, Span] = {}
    for item in section.items:
        if isinstance(item, ast.Section):
            env.report.add(WrongForm(whole_span(item), item.name.id if item.name else "", False))
            continue
        key = item.key.id
        if key in spans:
            env.report.add(DuplicateSetting(item.key.span, key, spans[key]))
            continue
        spans[key] = item.key.span
        match item.value:
            case ast.Name(id=word):
                children[key] = Leaf(item.value.span, word)
            case ast.Literal_(value=bool() | int() | float(), text=text):
                children[key] = Leaf(item.value.span, text)
            case ast.Literal_(value=str() as text):
                children[key] = Leaf(item.value.span, text)
            case ast.Literal_(value=None):
                children[key] = Leaf(item.value.span, "none")
            case _:
                expected = "the name of an alternative, or `uniform`"
                env.report.add(WrongSetting(item.value.span, key, expected, "an expression"))
    return Branch(whole_span(section), children, mapping=True)

"""Strategies and searches of a file as typed settings: the way in from the rest of the compiler."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from ...diagnostics.model import Sink
from ...diagnostics.settings import DuplicateSetting, WrongForm
from ...diagnostics.strategies import StrategyCycle
from ...families.registry import settings_of_family
from ...frontend import ast
from ...schemas.search import SearchConfig
from ...schemas.strategy import Strategy
from ..modules import Module
from .build import build
from .environment import Env, Report, Stop
from .exports import check_exports
from .layers import lay
from .overrides import Override, override
from .phases import with_whole_strategies
from .strategy import declared_tree, own_parameters, strategy_tree
from .tree import Branch, Hole, Items, Leaf, places


def resolve_strategy_declaration(declaration: ast.StrategyDecl, module: Module, sink: Sink) -> Strategy | None:
    """The settings of a declared strategy with its parameters at their defaults. None, without a diagnostic, where a
    setting depends on a parameter that has no default."""
    report = Report(sink)
    try:
        tree = declared_tree(declaration, own_parameters(declaration, Env(module, report)))
    except Stop:
        return None
    return _strategy(tree, report)


def _strategy(tree: Branch, report: Report) -> Strategy | None:
    assert tree.tag is not None
    family = tree.tag[1]
    return build(settings_of_family(family), tree, f"family `{family}`", report)


def resolve_search(
    declaration: ast.SearchDecl, module: Module, sink: Sink, overrides: Sequence[Override] = ()
) -> SearchConfig | None:
    """The settings of a search, with ``overrides`` (of ``--set``) laid over them."""
    report = Report(sink)
    env = Env(module, report)
    strategy, others = _split(declaration.section, report)
    own = _strategy_of(strategy, env) if strategy is not None else None
    within = replace(env, family=own.tag[1] if isinstance(own, Branch) and own.tag is not None else "")
    tree = lay(Branch(declaration.name.span), others, SearchConfig, "a search", within)
    if own is not None:
        tree = tree.set("strategy", own)
    for item in overrides:
        tree = override(tree, item, env)
    return _search(declaration, tree, report)


def _strategy_of(setting: ast.Setting, env: Env) -> Branch | Hole | None:
    if isinstance(setting.value, ast.Literal_) and setting.value.value is None:
        return None
    try:
        # Where the search asks for it, not where the strategy is declared.
        return replace(strategy_tree(setting.value, env), span=setting.value.span)
    except Stop:
        return Hole(setting.value.span)


def _split(section: ast.Section, report: Report) -> tuple[ast.Setting | None, ast.Section]:
    """The strategy of a search, which has rules of its own, and the section without it."""
    found: ast.Setting | None = None
    rest: list[ast.Setting | ast.Section] = []
    for item in section.items:
        if isinstance(item, ast.Setting) and item.key.id == "strategy":
            if found is not None:
                report.add(DuplicateSetting(item.key.span, "strategy", found.key.span))
            found = found or item
        elif isinstance(item, ast.Section) and item.name is not None and item.name.id == "strategy":
            report.add(WrongForm(item.name.span, "strategy", False))
        else:
            rest.append(item)
    return found, replace(section, items=tuple(rest))


def _search(declaration: ast.SearchDecl, tree: Branch, report: Report) -> SearchConfig | None:
    tree = tree.set("name", Leaf(declaration.name.span, declaration.name.id))
    table = dict(places(tree))
    tree = _built(with_whole_strategies(tree, report), report)
    phases = tree.children.get("phase")
    if isinstance(phases, Items):
        items = tuple(_built(item, report) if isinstance(item, Branch) else item for item in phases.items)
        tree = tree.set("phase", replace(phases, items=items))
    config = build(SearchConfig, tree, f"search `{declaration.name.id}`", report)
    if config is None:
        return None
    config = config.with_places(table)
    check_exports(config, report)
    return config


def _built(tree: Branch, report: Report) -> Branch:
    """The tree with its strategy, where it has one, as typed settings."""
    strategy = tree.children.get("strategy")
    if not isinstance(strategy, Branch):
        return tree
    own = _strategy(strategy, report)
    return tree.set("strategy", Hole(strategy.span) if own is None else Leaf(strategy.span, own))


def check_settings(
    module: Module, sink: Sink, overrides: Mapping[str, Sequence[Override]] = MappingProxyType({})
) -> Iterator[SearchConfig]:
    """Checks all strategies and searches of a file, and circles among `needs`; gives the searches that are right.

    ``overrides``: by the name of a search, what is laid over its settings.
    """
    needs: dict[str, tuple[str, ...]] = {}
    for declaration in module.file.declarations:
        if isinstance(declaration, ast.StrategyDecl):
            resolve_strategy_declaration(declaration, module, sink)
        elif isinstance(declaration, ast.SearchDecl):
            config = resolve_search(declaration, module, sink, overrides.get(declaration.name.id, ()))
            if config is not None:
                needs[config.name] = config.before
                yield config
    for name in needs:
        chain = _circle(name, needs)
        found = module.declarations.get(name)
        if chain and found is not None and min(chain) == name:
            sink.add(StrategyCycle(found.name.span, chain))


def needed_settings(
    declaration: ast.SearchDecl, module: Module, sink: Sink, overrides: Sequence[Override] = ()
) -> Iterator[SearchConfig]:
    """The settings of a search, with ``overrides`` laid over them, and of those of the file that it needs."""
    waiting: list[ast.Declaration | None] = [declaration]
    seen: set[str] = set()
    while waiting:
        following = waiting.pop(0)
        if not isinstance(following, ast.SearchDecl) or following.name.id in seen:
            continue
        seen.add(following.name.id)
        config = resolve_search(following, module, sink, overrides if following is declaration else ())
        if config is not None:
            yield config
            waiting += [module.declarations.get(name) for name in config.before]


def _circle(start: str, needs: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """A way from ``start`` back to itself, empty if there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for following in needs.get(way[-1], ()):
            if following == start:
                return (*way, start)
            if following not in seen:
                seen.add(following)
                ways.append((*way, following))
    return ()

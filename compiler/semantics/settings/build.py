"""From the tree of settings to the typed settings, with a diagnostic at the text for whatever the schema refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from ...diagnostics.model import Diagnostic
from ...diagnostics.names import nearest
from ...diagnostics.settings import MissingSetting, NotComputable, SettingOutOfRange, SettingsConflict, WrongSetting
from ...diagnostics.source import Span
from ...diagnostics.strategies import WrongFormula
from ...schemas.base import Conflict, Placed, Settings
from ...schemas.expectation import Expectation, settings_of
from ...schemas.formula import Formula
from ...schemas.over import Over
from .environment import Report
from .models import model_of
from .numbers import show
from .tree import (
    SLIP,
    Branch,
    Hole,
    Items,
    Leaf,
    Node,
    Open,
    descend,
    has_hole,
    hyper_of,
    open_nodes,
    places,
    plain,
    variants,
)

P = TypeVar("P", bound=Placed)


def build(model: type[P], tree: Branch, owner: str, report: Report) -> P | None:
    """The typed settings, or None where something is wrong (everything wrong was reported)."""
    before = report.failed
    report.failed = False
    config = _validated(model, tree, owner, report)
    for variant in variants(tree):
        assert isinstance(variant, Branch)
        _validated(model, variant, owner, report)
    if config is not None and not before and not has_hole(tree):
        for key, conflict in _conflicts(config):
            report.add(_conflict(tree, key, conflict))
    failed = report.failed
    report.failed = before or failed
    if config is None or report.failed or has_hole(tree):
        return None
    return _opened(config, tree).with_places(dict(places(tree)))


def _opened(config: P, tree: Branch) -> P:
    found = {key: hyper_of(node) for key, node in open_nodes(tree)}
    return config.model_copy(update={"open": found}) if found else config


def _conflict(tree: Branch, key: str, conflict: Conflict) -> SettingsConflict:
    """At the setting to blame; at the other one where only that stands in the file that is being checked."""
    table = dict(places(tree))
    blamed = _nearest(table, f"{key}.{conflict.key}".strip("."))
    other = None if conflict.other is None else table.get(f"{key}.{conflict.other}".strip("."))
    if other is not None and blamed.source is not tree.span.source:
        blamed, other = other, blamed
    return SettingsConflict(blamed, conflict.message, conflict.help, other)


def _nearest(table: Mapping[str, Span], key: str) -> Span:
    while key and key not in table:
        key = key.rpartition(".")[0]
    return table[key]


def _validated(model: type[P], tree: Branch, owner: str, report: Report) -> P | None:
    data = plain(tree)
    data.pop("family", None)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for diagnostic in _diagnostics(model, tree, owner, error):
            report.add(diagnostic)
        if not report.failed and not has_hole(tree):
            raise
        return None


def _diagnostics(model: type[Settings], tree: Branch, owner: str, error: ValidationError) -> Iterator[Diagnostic]:
    """One diagnostic for each place, however many alternatives of a type refused it."""
    seen: dict[tuple[str, ...], None] = {}
    missing: dict[tuple[str, ...], tuple[Branch, list[str]]] = {}
    details = [(*descend(tree, d["loc"]), d) for d in error.errors(include_url=False, include_input=False)]
    for key, node, detail in details:
        if detail["type"] != "missing" and any(_inside(other, why, key, node) for other, _, why in details):
            # One form of the setting was meant, and what is wrong is inside it; the other forms refuse it as a whole.
            continue
        if detail["type"] == "missing" and detail["loc"]:
            name = str(detail["loc"][-1])
            slip = node.children.get(SLIP) if isinstance(node, Branch) else None
            # Of a search or a strategy much may be missing beside a slip: only what it is near to was meant.
            if slip is not None and (key or nearest(slip.span.text, (name,))):
                continue
            if isinstance(node, Branch) and name not in node.children and (*key, name) not in seen:
                seen[(*key, name)] = None
                missing.setdefault(key, (node, []))[1].append(name)
            continue
        if key in seen or has_hole(node) or not key:
            continue
        seen[key] = None
        yield _refused(model, tree, key, node, detail)
    for key, (branch, names) in missing.items():
        around = settings_of(_model_at(model, tree, key))
        expected = tuple(around[name].describe() for name in names)
        yield MissingSetting(branch.span, tuple(names), _owner(branch, key, owner), expected)


def _inside(other: tuple[str, ...], why: Any, key: tuple[str, ...], node: Node) -> bool:
    """Whether what is wrong at ``other`` is inside of what stands at ``key``; what a call lacks is."""
    if other == key:
        return why["type"] == "missing" and isinstance(node, Branch) and node.tag is not None
    return other[: len(key)] == key


def _owner(node: Branch, key: tuple[str, ...], owner: str) -> str:
    if node.tag is not None and node.tag[0] == "kind":
        return f"`{node.tag[1]}`"
    return f"section `{key[-1]}`" if key else owner


def _model_at(model: type[Settings], tree: Node, key: tuple[str, ...]) -> type[Settings]:
    """The model whose settings stand below ``key``."""
    expected = Expectation()
    for segment in key:
        if isinstance(tree, Open):
            tree = tree.representative
        if isinstance(tree, Items):
            expected = expected.element(int(segment))
            tree = tree.items[int(segment) - 1]
        elif isinstance(tree, Branch):
            expected = settings_of(model)[segment]
            tree = tree.children[segment]
            model = expected.section or expected.repeated_section or model
        shown = tree.representative if isinstance(tree, Open) else tree
        if isinstance(shown, Branch) and shown.tag is not None:
            model = model_of(shown.tag, expected) or model
    return model


def _refused(model: type[Settings], tree: Branch, key: tuple[str, ...], node: Node, detail: Any) -> Diagnostic:
    index = key[-1].isdigit()
    name = key[-2] if index and len(key) > 1 else key[-1]
    expected = _expected(model, tree, key)
    if isinstance(node, Open):
        node = node.representative
    data = node.data if isinstance(node, Leaf) else None
    span = node.span
    if detail["type"] == "over_value" and expected.over is not None:
        return WrongFormula(span, name, expected.over.names, detail["msg"])
    if detail["type"] == "pattern":
        advice = 'segments between points are names with indices, `*` or `**`: "**.kind", "x[2].kind"'
        return WrongSetting(span, name, "a pattern of decision paths", show(data), advice)
    if isinstance(data, Formula) and expected.over is None:
        return WrongSetting(span, name, expected.describe(), show(data))
    number = isinstance(data, (int, float)) and not isinstance(data, bool)
    if number and expected.numeric and not (expected.whole_only and isinstance(data, float)):
        return SettingOutOfRange(span, name, expected.describe(), _number(data))
    if isinstance(node, Branch):
        found = f"`{node.tag[1]}(…)`" if node.tag else "a section"
        return WrongSetting(span, name, expected.describe(), found)
    if isinstance(node, Items):
        return WrongSetting(span, name, expected.describe(), f"a list of {len(node.items)}")
    return WrongSetting(span, name, expected.describe(), show(data), _advice(expected, data))


def _number(data: Any) -> str:
    return repr(data)


def _advice(expected: Expectation, data: Any) -> str | None:
    if isinstance(data, float) and expected.numeric and expected.whole_only:
        return "`//` divides without a fraction; `round(…)` rounds"
    if expected.item is not None and not expected.text:
        return "put it in brackets: `[…]`"
    return None


def _expected(model: type[Settings], tree: Branch, key: tuple[str, ...]) -> Expectation:
    *above, last = key
    if last.isdigit():
        around = _expected(model, tree, tuple(above))
        return around.element(int(last))
    return settings_of(_model_at(model, tree, tuple(above))).get(last, Expectation(text=True))


def _conflicts(settings: Any, key: str = "") -> Iterator[tuple[str, Conflict]]:
    """The conflicts of settings and of all settings inside them, with the key of the model that has them."""
    if isinstance(settings, Settings):
        for conflict in settings.conflicts():
            yield key, conflict
        for name in type(settings).model_fields:
            yield from _conflicts(getattr(settings, name), f"{key}.{name}" if key else name)
    elif isinstance(settings, tuple):
        for i, item in enumerate(settings, 1):
            yield from _conflicts(item, f"{key}.{i}")


__all__ = ["Hole", "NotComputable", "Over", "build"]

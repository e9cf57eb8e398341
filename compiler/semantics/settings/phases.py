"""Settings of a strategy that one phase of a search has of its own: `phase { strategy { … } }`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...diagnostics.settings import SettingsConflict
from ...families.registry import family, settings_of_family
from ...schemas.base import Settings
from ...schemas.expectation import settings_of
from ...schemas.length import Length
from .environment import Report
from .tree import Branch, Hole, Items, Node, left_out, places

KEY = "strategy"


def with_whole_strategies(tree: Branch, report: Report) -> Branch:
    """The settings of a search of which each phase that changes the strategy has the whole one, as it is there.

    Reports what is one for all phases.
    """
    whole, phases = tree.children.get(KEY), tree.children.get("phase")
    if not isinstance(phases, Items):
        return tree
    items = tuple(_whole(phase, whole, report) if isinstance(phase, Branch) else phase for phase in phases.items)
    return tree.set("phase", replace(phases, items=items))


def _whole(phase: Branch, whole: Node | None, report: Report) -> Branch:
    own = phase.children.get(KEY)
    if not isinstance(own, Branch):
        return phase
    if not isinstance(whole, Branch) or whole.tag is None:
        return phase.set(KEY, Hole(own.span)) if whole is not None else phase.without(frozenset({KEY}))
    name = whole.tag[1]
    allowed = family(name).of_phases
    for key, node in _set(own, settings_of_family(name)):
        if not any(key == one or key.startswith(f"{one}.") for one in allowed):
            message = f"`{key}` is one for all phases of a search"
            listed = ", ".join(f"`{one}`" for one in sorted(allowed))
            help = f"set it where the search names its strategy; a phase may have its own {listed}"
            if key in Length.model_fields:
                help = f"`{key}` of a phase stands in the phase itself, beside `{KEY} {{ … }}`"
            report.add(SettingsConflict(node.span, message, help, dict(places(whole)).get(key)))
            return phase.set(KEY, Hole(own.span))
    length = {key: phase.children[key] for key in Length.model_fields if key in phase.children}
    changed = replace(own, children={**own.children, **length})
    return phase.set(KEY, replace(over(whole, changed, settings_of_family(name)), span=own.span))


def _set(tree: Branch, model: type[Settings], above: str = "") -> Iterator[tuple[str, Node]]:
    """What is set in sections, with dotted keys."""
    settings = settings_of(model)
    for name, node in tree.children.items():
        if name not in settings:
            continue
        key, section = f"{above}.{name}" if above else name, settings[name].section
        if isinstance(node, Branch) and section is not None:
            yield from _set(node, section, key)
        else:
            yield key, node


def over(below: Branch, above: Branch, model: type[Settings]) -> Branch:
    """``below`` with the settings of ``above`` laid over it; both are of ``model``. Sections are merged key by key, and
    of settings that replace each other, the ones below go."""
    settings, found = settings_of(model), below
    for key, node in above.children.items():
        rivals = frozenset(r for group in model.exclusive if key in group for r in group if r != key)
        section, old = settings[key].section if key in settings else None, below.children.get(key)
        if section is not None and isinstance(node, Branch) and isinstance(old, Branch):
            node = over(old, node, section)
        found = (found if left_out(node) else found.without(rivals)).set(key, node)
    return found

"""Where a setting stands that was looked for in the wrong place: `lr` is one of `weights { optimizer = … }`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...diagnostics.habits import SETTINGS
from ...families.registry import FAMILIES, settings_of_family
from ...frontend import ast
from ...record import record
from ...schemas.base import Settings
from ...schemas.constructors import constructor_name
from ...schemas.expectation import Expectation, settings_of
from ...schemas.space_ref import SpaceRef
from ..modules import Module
from .models import model_of
from .tree import Branch, Items, Node

_OF_FAMILY = "= "

MOST = 3
"""So many places are named."""


@record
class Step:
    """A key on the way to a setting. ``inside``: what the next key stands in: `{`, a section; `[`, one that may be
    repeated; `=`, a strategy, `= random` one of that family; the name of a call; or nothing, at the end of the way."""

    key: str
    inside: str = ""


Way = tuple[Step, ...]


def dotted(way: Way) -> str:
    """`strategy.weights.optimizer.lr`; of sections that may be repeated the first one is meant."""
    return ".".join(f"{step.key}.1" if step.inside == "[" else step.key for step in way)


def written(way: Way) -> str:
    """`strategy = … { weights { optimizer = sgd(lr = …) } }`."""
    text = ""
    for step in reversed(way):
        match step.inside:
            case "":
                text = f"{step.key} = …"
            case "{" | "[":
                text = f"{step.key} {{ {text} }}"
            case "=":
                text = f"{step.key} = … {{ {text} }}"
            case strategy if strategy.startswith(_OF_FAMILY):
                text = f"{step.key} {strategy} {{ {text} }}"
            case call:
                text = f"{step.key} = {call}({text})"
    return text


def ways(model: type[Settings], keys: Sequence[str], tree: Node | None, present: bool = False) -> tuple[Way, ...]:
    """The ways inside a model to settings that these keys lead to in the end, short ones first;
    the last key may be a name that other tools have for one.

    ``tree``: what is set already, which says what calls and strategies there are. ``present``: of sections that may be
    repeated only those that are there.
    """
    *before, last = keys
    meant = SETTINGS.get(last, last)
    found: dict[str, Way] = {}
    for way in _ways(model, meant, tree, present):
        if [step.key for step in way[-len(keys) :]] == [*before, meant]:
            known = found.setdefault(dotted(way), way)
            if known != way:  # one of several families
                found[dotted(way)] = tuple(Step(s.key, "=") if s.inside.startswith(_OF_FAMILY) else s for s in known)
    return tuple(sorted(found.values(), key=len)[:MOST])


def with_argument(space: SpaceRef, key: str, value: str, module: Module) -> str | None:
    """`cells(c = 16)`: the space with one of its parameters given; None where it has none of this name."""
    call = space.expr if isinstance(space.expr, ast.Call) else None
    callee: ast.Expr | None = call.callee if call is not None else space.expr
    found = module.lookup(callee.id) if isinstance(callee, ast.Name) else None
    if found is None or not isinstance(found[0], ast.SpaceDecl) or not isinstance(callee, ast.Name):
        return None
    names = [parameter.name.id for parameter in found[0].parameters]
    if key not in names:
        return None
    arguments = call.arguments if call is not None else ()
    given = {a.name.id if a.name else names[i]: a.value.span.text for i, a in enumerate(arguments)} | {key: value}
    return f"{callee.id}({', '.join(f'{name} = {text}' for name, text in given.items())})"


def _ways(model: type[Settings], key: str, tree: Node | None, present: bool) -> Iterator[Way]:
    children = tree.children if isinstance(tree, Branch) else {}
    for name, expected in settings_of(model).items():
        if name == key:
            yield (Step(name),)
        for inside, below, node in _inside(name, expected, children.get(name), present):
            yield from ((Step(name, inside), *way) for way in _ways(below, key, node, present))


def _inside(
    name: str, expected: Expectation, node: Node | None, present: bool
) -> Iterator[tuple[str, type[Settings], Node | None]]:
    """What may stand in a setting: how it is written, its model, and what is set in it already."""
    if expected.changes:
        if isinstance(node, Branch) and node.tag is not None:
            yield "{", settings_of_family(node.tag[1]), node
    elif isinstance(node, Branch) and node.tag is not None:
        kind, tag = node.tag
        model = model_of(node.tag, expected)
        if model is not None:
            yield "=" if kind == "family" else tag, model, node
    elif expected.section is not None:
        yield "{", expected.section, node
    elif expected.repeated_section is not None:
        if isinstance(node, Items):
            yield "[", expected.repeated_section, node.items[0]
        elif not present:
            yield "[", expected.repeated_section, None
    elif expected.strategy:
        yield from ((_OF_FAMILY + family, settings_of_family(family), None) for family in FAMILIES)
    elif name != "data":  # which data set it is to be nobody knows
        yield from ((constructor_name(call), call, None) for call in expected.constructors)

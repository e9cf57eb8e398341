"""Families of strategies by name: those of this package, and those that other packages announce."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from ..ir.graph import SpaceGraph
    from ..schemas.strategy import Strategy
    from .family import Family

FAMILIES = ("gradient", "sampling", "variational", "evolution", "random", "bayes")
"""The families of this package; the one of each is the constant ``FAMILY`` of its module beside this file."""

GROUP = "stdsl.families"
"""The group of entry points by which other packages announce families: `name = "package.module:FAMILY"`."""


@cache
def family(name: str) -> Family:
    """A family of this package, or one of another package, which this call imports: ask :func:`announced` first
    whether that takes leave. Raises KeyError for an unknown name, and whatever the other package raises."""
    if name in FAMILIES:
        found: Family = import_module(f"{__package__}.{name}").FAMILY
        return found
    found = announced()[name].load()
    return found


def searches(strategy: Strategy | None, graph: SpaceGraph) -> bool:
    """Whether there is a strategy, and anything for it to search in a space."""
    return strategy is not None and family(strategy.family).searches(strategy, graph)


def those(
    fact: Literal["tunes", "shared", "drops", "mixes", "unmixed", "runner"], holds: bool = True
) -> tuple[str, ...]:
    """The families of this package of which something is true, or with ``holds = False`` is not: a fact that stands on
    each."""
    return tuple(name for name in FAMILIES if bool(getattr(family(name), fact)) == holds)


def settings_of_family(name: str) -> type[Strategy]:
    """The model of a family's settings."""
    return family(name).settings


def foreign(name: str) -> Family:
    """A family of another package. Raises ImportError, with the reason, where it cannot be had."""
    from .family import Family

    try:
        found = family(name)
    except Exception as error:  # the code of the other package may raise anything
        raise ImportError(f"{type(error).__name__}: {error}") from error
    if not isinstance(found, Family):
        raise ImportError(f"it is a {type(found).__name__} and no `Family`")
    if found.name != name:
        raise ImportError(f"it calls itself `{found.name}`")
    return found


@cache
def announced() -> dict[str, EntryPoint]:
    """The families that other installed packages announce. Nothing of theirs is imported. A name of this package's
    families is not given away."""
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=GROUP) if entry.name not in FAMILIES}

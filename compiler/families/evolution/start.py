"""The architectures that an evolution starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ...analysis.architecture import Architecture, load
from ...analysis.policies.completing import How, complete
from ...analysis.values import Value, value_named
from ...diagnostics.evolution import EditsNothing
from ...diagnostics.model import ArchitectureError, Diagnostic, SpaceError
from ...ir.graph import SpaceGraph
from ...text.patterns import matches
from .settings import Start


def given(graph: SpaceGraph, start: Start, how: How, key: Callable[[int], int]) -> list[Architecture]:
    """Those of the files, edited, within `where`. ``key`` of a number from 1: what is drawn for the edited file of that
    number depends on it.

    Raises ArchitectureError for a file that is no architecture of the space, SpaceError for an edit that fits nothing
    and where nothing edited so is within `where`.
    """
    if not start.architectures:
        return []
    edits = edited(graph, start)
    return [_given(graph, path, edits, key(number), how) for number, path in enumerate(start.architectures, 1)]


def faults(graph: SpaceGraph, start: Start, how: How) -> Iterator[tuple[str, Diagnostic]]:
    """All that :func:`given` would raise, each with the key of what is to blame, below `start`."""
    try:
        edits = edited(graph, start) if start.architectures else {}
    except SpaceError as error:
        yield from ((f"edit.{d.pattern}" if isinstance(d, EditsNothing) else "edit", d) for d in error.diagnostics)
        return
    for number, path in enumerate(start.architectures, 1):
        try:
            _given(graph, path, edits, number, how)
        except (ArchitectureError, SpaceError) as error:
            yield from ((f"architectures.{number}", d) for d in error.diagnostics)


def _given(graph: SpaceGraph, path: str, edits: Mapping[str, Value], key: int, how: How) -> Architecture:
    return complete(graph, {**load(path, graph, carry=True), **edits}, key, how)


def edited(graph: SpaceGraph, start: Start) -> dict[str, Value]:
    """What decisions get, by path; of two patterns that match one, the later. Raises SpaceError (E0538)."""
    found: dict[str, Value] = {}
    for pattern, text in start.edit.items():
        values = {d.path: value_named(d, text) for d in graph.open if matches(pattern, d.path)}
        own = {path: value for path, value in values.items() if value is not None}
        if not own:
            having = tuple(d.path for d in graph.open if value_named(d, text) is not None)
            fitting = (d for d in graph.open if d.path in values and d.kind == "choose")
            options = tuple(dict.fromkeys(name for d in fitting for name in d.options))
            raise SpaceError([EditsNothing(None, pattern, text, graph.name, bool(values), having, options)])
        found |= own
    return found

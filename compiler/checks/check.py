"""Everything that is checked before anything runs, for whole files."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..analysis.dependence import may_lose
from ..diagnostics.model import Diagnostic, Sink
from ..diagnostics.source import Source
from ..frontend import ast
from ..frontend.stack import deep_stack, unbroken
from ..ir.graph import SpaceGraph
from ..record import record
from ..semantics.elaboration.bodies import Bodies
from ..semantics.elaboration.elaborate import SpaceReference, elaborate
from ..semantics.elaboration.global_names import constant
from ..semantics.elaboration.state.limits import Abandoned
from ..semantics.elaboration.state.state import State
from ..semantics.modules import Loader, Module
from ..semantics.program import open_module, referred
from ..semantics.text.kinds import check_kinds
from ..semantics.text.names import check_names
from .searches import CheckedSearch, check_search
from .shared import check_shared

if TYPE_CHECKING:  # settings and their schemas cost a quarter of a second, and most files of cells have none
    from ..schemas.data import Data
    from ..schemas.search import SearchConfig
    from ..schemas.space_ref import SpaceRef
    from ..semantics.settings.overrides import Override


@record(eq=False)
class SearchReference:
    """A search by its declaration, with what `--set` changes in it. ``data``: in place of that of the text."""

    declaration: ast.SearchDecl
    module: Module
    overrides: Sequence[Override] = ()
    data: Data | None = None


@record(eq=False)
class Checked:
    """What of a file is right. ``space`` and ``search``: what was asked for by name, None where it is wrong."""

    graphs: tuple[SpaceGraph, ...] = ()
    searches: Mapping[str, CheckedSearch] = field(default_factory=dict)
    space: SpaceGraph | None = None
    search: CheckedSearch | None = None


def check_file(target: str | Path) -> tuple[Diagnostic, ...]:
    """All diagnostics of a file (or of a library name), errors and warnings, ordered by place."""
    sink = Sink()
    module = open_module(target, Loader(sink))
    if module is not None:
        check_module(module, sink)
    return sink.diagnostics


def check_text(source: Source) -> tuple[Diagnostic, ...]:
    """All diagnostics of a text that is at hand."""
    sink = Sink()
    check_module(Loader(sink).source(source), sink)
    return sink.diagnostics


def check_module(
    module: Module,
    sink: Sink,
    asked: SpaceReference | SearchReference | None = None,
    whole: bool = True,
    warn: bool = False,
) -> Checked:
    """Checks names, every space whose parameters all have defaults, strategies, and searches with their spaces.

    ``asked``: a space or a search with values and settings of its own, which come in place of those of the text.
    ``whole``: without it, what is asked for is checked alone. ``warn``: warns of what of the searches will run, and not
    as one might expect, even where something is asked for: its command does so itself.
    """
    collecting = gc.isenabled()
    gc.disable()  # what spaces are made of stays until all is checked; looking through it takes longer than the rest
    try:
        return unbroken(_check_module, module, sink, asked, whole, warn or asked is None)
    finally:
        if collecting:
            gc.enable()


def _check_module(
    module: Module, sink: Sink, asked: SpaceReference | SearchReference | None, whole: bool, warn: bool
) -> Checked:
    space = asked if isinstance(asked, SpaceReference) else None
    search = asked if isinstance(asked, SearchReference) else None
    mistakes = len(sink.errors)
    if whole:
        check_names(module, sink)
        _check_constants(module, sink)
    graphs = _Graphs(sink)
    if whole:
        for declaration in module.of_kind(ast.SpaceDecl):
            assert isinstance(declaration, ast.SpaceDecl)
            with_values = space is not None and declaration is space.declaration
            if not with_values and all(p.default is not None for p in declaration.parameters):
                graphs.get(SpaceReference(declaration, module, {}, declaration.name.span))
    graph = graphs.get(space) if space is not None else None
    searches: Mapping[str, CheckedSearch] = {}
    found = None
    if search is not None or (whole and (module.of_kind(ast.StrategyDecl) or module.of_kind(ast.SearchDecl))):
        searches, found = _check_searches(module, graphs, sink, search, whole)
    if whole:
        check_kinds(module, sink)
    # Last, for a space with errors is not elaborated to a graph.
    graphs.check_where()
    graphs.check_dependence()
    if warn and len(sink.errors) == mistakes:
        _warn(searches if found is None else {**searches, found.config.name: found}, sink)
    return Checked(graphs.made, searches, graph, found)


def _check_constants(module: Module, sink: Sink) -> None:
    """Computes every `let`, used or not."""
    state = State(sink)
    for declaration in module.of_kind(ast.Let):
        assert isinstance(declaration, ast.Let)
        with suppress(Abandoned), deep_stack():
            constant(state, declaration, module)


class _Graphs:
    """The graphs of the spaces of a file, each elaborated once. A mistake in what one is made of is none of the
    others'."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self._mistakes = sink.errors
        self._found: dict[tuple[int, str], SpaceGraph | None] = {}
        self._bodies = Bodies()

    def get(self, reference: SpaceReference) -> SpaceGraph | None:
        key = (id(reference.declaration), _arguments(reference))
        if key not in self._found:
            self._found[key] = elaborate(reference, self.sink, mistakes=self._mistakes, bodies=self._bodies)
        return self._found[key]

    def named(self, expr: ast.Expr, module: Module) -> SpaceGraph | None:
        """The space that an expression of a search of ``module`` names."""
        reference = referred(expr, module, self.sink)
        return self.get(reference) if reference is not None else None

    @property
    def made(self) -> tuple[SpaceGraph, ...]:
        return tuple(graph for graph in self._found.values() if graph is not None)

    def check_where(self) -> None:
        """Reports the spaces whose constraints cannot be satisfied, or perhaps not."""
        for graph in self._found.values():
            if graph is not None and graph.constraints:
                from .where.satisfiable import satisfiable

                found = satisfiable(graph).diagnostic
                if found is not None:
                    self.sink.add_once(found)

    def check_dependence(self) -> None:
        """Warns of the spaces in which some output does not depend on the input."""
        for graph in self._found.values():
            if graph is not None and may_lose(graph):
                from .dependence import outputs_without_input

                for found, _ in outputs_without_input(graph):
                    self.sink.add_once(found)


def _arguments(reference: SpaceReference) -> str:
    """Equal for references with the same values, whether they are written or left to a default."""
    parameters = reference.declaration.parameters
    defaults = {p.name.id: p.default.value for p in parameters if isinstance(p.default, ast.Literal_)}
    return repr(sorted({**defaults, **reference.arguments}.items()))


def _check_searches(
    module: Module, graphs: _Graphs, sink: Sink, asked: SearchReference | None, whole: bool
) -> tuple[Mapping[str, CheckedSearch], CheckedSearch | None]:
    """Checks the searches of a file, or without ``whole`` the one that is asked for with what it needs; those in which
    nothing is wrong, and the one that is asked for."""
    from ..semantics.settings.resolve import check_settings, needed_settings

    home = asked.module if asked is not None else module
    changes = {asked.declaration.name.id: asked.overrides} if asked is not None else {}
    checked: Mapping[str, CheckedSearch] = {}
    if whole:
        configs = list(check_settings(module, sink, changes if home is module else {}))
        checked = _fitting(configs, module, module, graphs, sink, asked if home is module else None)
        _check_others(module, {config.name for config in configs}, graphs, sink)
    if asked is None:
        return checked, None
    name = asked.declaration.name.id
    if whole and home is module:
        return checked, checked.get(name)
    configs = list(needed_settings(asked.declaration, home, sink, asked.overrides))
    return checked, _fitting(configs, home, module, graphs, sink, asked).get(name)


def _fitting(
    configs: Sequence[SearchConfig],
    module: Module,
    main: Module,
    graphs: _Graphs,
    sink: Sink,
    asked: SearchReference | None,
) -> Mapping[str, CheckedSearch]:
    """The searches that fit their spaces, by name. ``main``: what was opened, in whose folder data is looked for."""
    from .data_files import looked_up

    found: dict[str, CheckedSearch] = {}
    given = {asked.declaration.name.id: asked.data} if asked is not None else {}
    configs = [looked_up(config, main, sink, given.get(config.name)) for config in configs]
    known = {config.name: config for config in configs}
    own = asked is not None and (asked.overrides or asked.data is not None)
    changed = asked.declaration.name.id if asked is not None and own else ""
    for config in configs:
        if changed in config.before and changed != config.name:
            continue  # it needs that search as the file has it, and not as this call changes it
        search = check_search(config, partial(_space_for, module, graphs, sink), known, sink)
        if search is not None:
            found[config.name] = search
    whole = {name: replace(search, needs=tuple(_needed(search, found))) for name, search in found.items()}
    seeded = _seeded(asked, whole)
    shared = {name: check_shared(search, sink, name in seeded) for name, search in whole.items()}
    right = {name: search for name, search in shared.items() if search is not None}
    return {name: search for name, search in right.items() if all(need.config.name in right for need in search.needs)}


def _seeded(asked: SearchReference | None, found: Mapping[str, CheckedSearch]) -> frozenset[str]:
    """The searches that have the seed of the call: the one that is asked for, with all that it needs. None where the
    call gives no seed."""
    search = found.get(asked.declaration.name.id) if asked is not None else None
    if asked is None or search is None or all(item.key != "seed" for item in asked.overrides):
        return frozenset()
    return frozenset({search.config.name, *(need.config.name for need in search.needs)})


def _space_for(module: Module, graphs: _Graphs, sink: Sink, ref: SpaceRef, data: Data) -> SpaceGraph | None:
    """A space that a search names, perhaps by what the data is like that it is for."""
    from .data_values import with_values

    expr = with_values(ref.expr, data, sink)
    return graphs.named(expr, module) if expr is not None else None


def _warn(searches: Mapping[str, CheckedSearch], sink: Sink) -> None:
    """Warns of what of the searches will run, and not as one might expect; of a file in which nothing is wrong."""
    if searches:
        from .warnings import warnings

        for search in searches.values():
            for found in warnings(search.config, search.common):
                sink.add_once(found)


def _needed(search: CheckedSearch, known: Mapping[str, CheckedSearch]) -> Iterator[CheckedSearch]:
    """What a search needs and what that needs, each once."""
    waiting, seen = list(search.config.before), {search.config.name}
    while waiting:
        name = waiting.pop(0)
        if name not in seen and name in known:
            seen.add(name)
            yield known[name]
            waiting += known[name].config.before


def _check_others(module: Module, right: set[str], graphs: _Graphs, sink: Sink) -> None:
    """Checks the spaces of the searches whose settings are wrong."""
    from .data_values import mentions_data

    for declaration in module.of_kind(ast.SearchDecl):
        assert isinstance(declaration, ast.SearchDecl)
        if declaration.name.id not in right:
            for expr in _named_spaces(declaration.section):
                if not mentions_data(expr):  # which is not known of settings that are wrong
                    graphs.named(expr, module)


def _named_spaces(section: ast.Section) -> Iterator[ast.Expr]:
    """The spaces that the text of a search names, in its sections `retrain` and `compare` too."""
    for item in section.items:
        if isinstance(item, ast.Section):
            yield from _named_spaces(item) if item.name is not None and item.name.id in ("retrain", "compare") else ()
        elif item.key.id == "space" and isinstance(item.value, (ast.Name, ast.Call)):
            yield item.value
        elif item.key.id == "spaces" and isinstance(item.value, ast.List):
            yield from (expr for expr in item.value.items if isinstance(expr, (ast.Name, ast.Call)))

"""Everything that is checked before anything runs, for whole files."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..diagnostics.model import Diagnostic, Sink
from ..diagnostics.source import Source
from ..frontend import ast
from ..frontend.stack import deep_stack
from ..ir.graph import SpaceGraph
from ..semantics.elaborate import SpaceReference, elaborate
from ..semantics.global_names import constant
from ..semantics.kinds import check_kinds
from ..semantics.modules import Loader, Module
from ..semantics.program import open_module, referred
from ..semantics.scopes import check_names
from ..semantics.state import Abandoned, State

if TYPE_CHECKING:  # settings and their schemas cost a quarter of a second, and most files of cells have none
    from ..schemas.data import InputSignature
    from ..schemas.search import SearchConfig
    from ..schemas.space_ref import SpaceRef


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


def check_module(module: Module, sink: Sink) -> tuple[SpaceGraph, ...]:
    """Checks names, every space whose parameters all have defaults, strategies, and searches with their spaces.
    Returns the graphs of the spaces without errors."""
    collecting = gc.isenabled()
    gc.disable()  # what spaces are made of stays until all is checked; looking through it takes longer than the rest
    try:
        return _check_module(module, sink)
    finally:
        if collecting:
            gc.enable()


def _check_module(module: Module, sink: Sink) -> tuple[SpaceGraph, ...]:
    check_names(module, sink)
    _check_constants(module, sink)
    graphs = _Graphs(sink)
    for declaration in module.of_kind(ast.SpaceDecl):
        assert isinstance(declaration, ast.SpaceDecl)
        if all(p.default is not None for p in declaration.parameters):
            graphs.get(SpaceReference(declaration, module, {}, declaration.name.span))
    if module.of_kind(ast.StrategyDecl) or module.of_kind(ast.SearchDecl):
        from ..semantics.settings import check_settings

        right = list(check_settings(module, sink))
        for config in right:
            _check_search(config, module, graphs, sink)
        _check_others(module, {config.name for config in right}, graphs, sink)
    check_kinds(module, sink)
    graphs.check_where()  # last, for a space with errors is not elaborated to a graph
    return graphs.made


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

    def get(self, reference: SpaceReference) -> SpaceGraph | None:
        key = (id(reference.declaration), _arguments(reference))
        if key not in self._found:
            self._found[key] = elaborate(reference, self.sink, mistakes=self._mistakes)
        return self._found[key]

    @property
    def made(self) -> tuple[SpaceGraph, ...]:
        return tuple(graph for graph in self._found.values() if graph is not None)

    def check_where(self) -> None:
        """Reports the spaces whose constraints cannot be satisfied, or perhaps not."""
        for graph in self._found.values():
            if graph is not None and graph.constraints:
                from .satisfiable import satisfiable

                found = satisfiable(graph).diagnostic
                if found is not None:
                    self.sink.add_once(found)


def _arguments(reference: SpaceReference) -> str:
    """Equal for references with the same values, whether they are written or left to a default."""
    parameters = reference.declaration.parameters
    defaults = {p.name.id: p.default.value for p in parameters if isinstance(p.default, ast.Literal_)}
    return repr(sorted({**defaults, **reference.arguments}.items()))


def _check_search(config: SearchConfig, module: Module, graphs: _Graphs, sink: Sink) -> None:
    graph = _space(config.space, module, graphs, sink)
    retrain = config.retrain.space if config.retrain is not None else None
    others = (*((retrain,) if retrain else ()), *(config.compare.spaces if config.compare else ()))
    found = [_space(ref, module, graphs, sink) for ref in others]
    if config.compare is not None:
        from .comparisons import different

        compared = zip(config.compare.spaces, found[len(others) - len(config.compare.spaces) :], strict=True)
        different([(ref, other) for ref, other in compared if other is not None], sink)
    if graph is None:
        return
    from ..semantics.settings import check_data, check_strategy

    if check_data(config, *signature_of(graph), sink):
        for ref, other in zip(others, found, strict=True):
            if other is not None:
                check_data(config, *signature_of(other), sink, ref.span)
    check_strategy(config, len(graph.open), sink)
    if config.phase:
        from .phases import check_phases

        check_phases(config, graph, sink)
    if retrain is not None and found[0] is not None:
        from .sibling import check_sibling

        check_sibling(config, graph, found[0], sink)
    if config.strategy is not None and config.strategy.family == "gradient":
        from ..analysis.relaxable import relaxable

        sink.extend(relaxable(graph))


def _space(ref: SpaceRef, module: Module, graphs: _Graphs, sink: Sink) -> SpaceGraph | None:
    return _space_of(ref.expr, module, graphs, sink)


def _space_of(expr: ast.Expr, module: Module, graphs: _Graphs, sink: Sink) -> SpaceGraph | None:
    reference = referred(expr, module, sink)
    return graphs.get(reference) if reference is not None else None


def _check_others(module: Module, right: set[str], graphs: _Graphs, sink: Sink) -> None:
    """Checks the spaces of the searches whose settings are wrong."""
    for declaration in module.of_kind(ast.SearchDecl):
        assert isinstance(declaration, ast.SearchDecl)
        if declaration.name.id not in right:
            for expr in _named_spaces(declaration.section):
                _space_of(expr, module, graphs, sink)


def _named_spaces(section: ast.Section) -> Iterator[ast.Expr]:
    """The spaces that the text of a search names, in its sections `retrain` and `compare` too."""
    for item in section.items:
        if isinstance(item, ast.Section):
            yield from _named_spaces(item) if item.name is not None and item.name.id in ("retrain", "compare") else ()
        elif item.key.id == "space" and isinstance(item.value, (ast.Name, ast.Call)):
            yield item.value
        elif item.key.id == "spaces" and isinstance(item.value, ast.List):
            yield from (expr for expr in item.value.items if isinstance(expr, (ast.Name, ast.Call)))


def signature_of(graph: SpaceGraph) -> tuple[list[InputSignature], int | None]:
    """The inputs of a space, and the number of classes of its prediction (None where that depends on decisions)."""
    from ..schemas.data import InputSignature

    inputs = [
        InputSignature(graph.nodes[id].op, graph.nodes[id].type.layout, tuple(graph.nodes[id].type.dims))
        for id in graph.inputs
    ]
    channels = graph.nodes[graph.outputs[0][1]].type.channels
    return inputs, channels if type(channels) is int else None

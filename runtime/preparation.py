"""From the text of a search to the job of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stdsl.compiler.diagnostics.model import Diagnostic, RunError, Sink, SpaceError
from stdsl.compiler.diagnostics.names import UndefinedName, WrongKindOfName
from stdsl.compiler.diagnostics.run import NotARunDirectory, WhichSearch
from stdsl.compiler.frontend import ast
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.data import InputSignature
from stdsl.compiler.schemas.space_ref import SpaceRef
from stdsl.compiler.semantics import expressions
from stdsl.compiler.semantics.context import Context, Env
from stdsl.compiler.semantics.elaborate import SpaceReference, elaborate
from stdsl.compiler.semantics.modules import Loader, Module
from stdsl.compiler.semantics.settings import check_data, check_strategy, resolve_search
from stdsl.compiler.semantics.settings_overrides import read_overrides
from stdsl.compiler.semantics.state import State

from .job import Job
from .texts import KeptLoader, Texts, gather, kept
from .tracking.directory import RunDirectory
from .tracking.manifest import Manifest


def load_job(file: str, search: str | None, overrides: Sequence[str] = (), allow_extern: bool = False) -> Job:
    """The job of a search of a file, or of a library file by its name. Raises SpaceError with all that is wrong.

    ``allow_extern``: its networks may load the code of extern operators.
    """
    sink = Sink()
    loader = Loader(sink, allow_extern)
    is_file = file.endswith(".space") or Path(file).is_file()
    module = loader.file(Path(file)) if is_file else loader.library(file)
    _stop_at_errors(sink)
    assert module is not None
    return _job(module, search, overrides, sink, gather(module))


def load_kept_job(directory: RunDirectory, manifest: Manifest) -> Job:
    """The job of a run, from the texts that its directory holds."""
    sink = Sink()
    loader = KeptLoader(sink, directory.space, manifest.file, manifest.origins, manifest.allow_extern)
    try:
        module = loader.main()
    except OSError as error:
        reason = f"a text in its space/ is missing ({error.filename})"
        raise RunError([NotARunDirectory(None, str(directory.path), reason)]) from error
    _stop_at_errors(sink)
    assert module is not None
    return _job(
        module, manifest.search, manifest.overrides, sink, kept(directory.space, manifest.file, manifest.origins)
    )


def _job(module: Module, search: str | None, overrides: Sequence[str], sink: Sink, texts: Texts) -> Job:
    declaration = _search(module, search)
    config = resolve_search(declaration, module, sink, read_overrides(overrides))
    _stop_at_errors(sink)
    assert config is not None
    graph = _space(config.space, module, sink)
    sibling = config.retrain.space if config.retrain is not None else None
    final = _space(sibling, module, sink) if sibling is not None else graph
    compared = {str(ref): _space(ref, module, sink) for ref in (config.compare.spaces if config.compare else ())}
    _stop_at_errors(sink)
    assert graph is not None
    assert final is not None
    spaces = {text: space for text, space in compared.items() if space is not None}
    check_strategy(config, len(graph.open), sink)
    for space in (graph, final, *spaces.values()):
        check_data(config, _inputs(space), _classes(space), sink)
    _stop_at_errors(sink)
    return Job(config, graph, final, spaces, texts)


def _search(module: Module, name: str | None) -> ast.SearchDecl:
    """The search called ``name``, or the only one. Raises SpaceError."""
    searches = {d.name.id: d for d in module.of_kind(ast.SearchDecl) if isinstance(d, ast.SearchDecl)}
    if name is None and len(searches) == 1:
        return next(iter(searches.values()))
    if name is not None and name in searches:
        return searches[name]
    raise SpaceError([WhichSearch(None, module.name, name, tuple(searches))])


def _space(ref: SpaceRef, module: Module, sink: Sink) -> SpaceGraph | None:
    """The graph of a space as settings name it."""
    expr: Any = ref.expr
    callee: Any = expr.callee if isinstance(expr, ast.Call) else expr
    found = module.lookup(callee.id)
    if found is None:
        known = tuple(d.name.id for d in module.of_kind(ast.SpaceDecl))
        sink.add(UndefinedName(callee.span, callee.id, known))
        return None
    declaration, home = found
    if not isinstance(declaration, ast.SpaceDecl):
        kind = type(declaration).__name__.removesuffix("Decl").lower()
        sink.add(WrongKindOfName(callee.span, callee.id, f"a {kind}", "a space"))
        return None
    arguments = _arguments(expr, declaration, module, sink)
    return None if arguments is None else elaborate(SpaceReference(declaration, home, arguments, expr.span), sink)


def _arguments(expr: ast.Expr, declaration: ast.SpaceDecl, module: Module, sink: Sink) -> dict[str, Any] | None:
    """Values of the arguments of `cells(8, frames = 16)` by parameter."""
    state = State(sink)
    token = state.token("settings")
    env = Env(module, Context("", "", token, (token, ""), 0))
    names = [parameter.name.id for parameter in declaration.parameters]
    values: dict[str, Any] = {}
    for place, argument in enumerate(expr.arguments if isinstance(expr, ast.Call) else ()):
        # A name that is no parameter, and one argument too many, are reported where the space binds them.
        name = (
            argument.name.id if argument.name is not None else names[place] if place < len(names) else f"#{place + 1}"
        )
        values[name] = expressions.evaluate(state, argument.value, env)
    return None if state.reported else values


def _inputs(graph: SpaceGraph) -> tuple[InputSignature, ...]:
    nodes = [graph.nodes[id] for id in graph.inputs]
    return tuple(InputSignature(n.op, n.type.layout, n.type.concrete().dims) for n in nodes)


def _classes(graph: SpaceGraph) -> int | None:
    """The width of the prediction, None where architectures differ in it."""
    type = graph.nodes[graph.outputs[0][1]].type
    return type.concrete().channels if type.fixed else None


def _stop_at_errors(sink: Sink) -> None:
    found: tuple[Diagnostic, ...] = sink.errors
    if found:
        raise SpaceError(found)

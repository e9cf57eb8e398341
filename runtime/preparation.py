"""From the text of a search to the job of a run."""

from __future__ import annotations

from collections.abc import Sequence

from stdsl.compiler.checks.check import signature_of
from stdsl.compiler.checks.comparisons import different
from stdsl.compiler.checks.phases import check_phases
from stdsl.compiler.checks.sibling import check_sibling
from stdsl.compiler.diagnostics.model import Sink, SpaceError
from stdsl.compiler.frontend import ast
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.space_ref import SpaceRef
from stdsl.compiler.semantics.elaborate import elaborate
from stdsl.compiler.semantics.modules import Loader, Module
from stdsl.compiler.semantics.program import open_module, pick, referred
from stdsl.compiler.semantics.settings import check_data, check_strategy, resolve_search
from stdsl.compiler.semantics.settings_overrides import read_overrides

from .job import Job
from .texts import KeptLoader, Texts, gather, kept
from .tracking.directory import RunDirectory
from .tracking.manifest import Manifest


def load_job(file: str, search: str | None, overrides: Sequence[str] = (), allow_extern: bool = False) -> Job:
    """The job of a search of a file, or of a library file by its name. Raises SpaceError with all that is wrong.

    ``allow_extern``: its networks may load the code of extern operators.
    """
    sink = Sink()
    module = open_module(file, Loader(sink, allow_extern))
    _stop_at_errors(sink)
    assert module is not None
    return _job(module, search, overrides, sink, gather(module))


def load_kept_job(directory: RunDirectory, manifest: Manifest) -> Job:
    """The job of a run, from the texts that its directory holds. Raises RunError where they have changed."""
    sink = Sink()
    texts = kept(directory.space, manifest)
    module = KeptLoader(sink, directory.space, texts, manifest.allow_extern).main()
    _stop_at_errors(sink)
    assert module is not None
    return _job(module, manifest.search, manifest.overrides, sink, texts)


def _job(module: Module, search: str | None, overrides: Sequence[str], sink: Sink, texts: Texts) -> Job:
    declaration = pick(module, ast.SearchDecl, search, sink)
    _stop_at_errors(sink)
    assert declaration is not None
    config = resolve_search(declaration, module, sink, read_overrides(overrides))
    _stop_at_errors(sink)
    assert config is not None
    graph = _space(config.space, module, sink)
    sibling = config.retrain.space if config.retrain is not None else None
    final = _space(sibling, module, sink) if sibling is not None else graph
    compared = [(ref, _space(ref, module, sink)) for ref in (config.compare.spaces if config.compare else ())]
    _stop_at_errors(sink)
    assert graph is not None
    assert final is not None
    spaces = [(ref, space) for ref, space in compared if space is not None]
    check_strategy(config, len(graph.open), sink)
    check_phases(config, graph, sink)
    check_sibling(config, graph, final, sink)
    if check_data(config, *signature_of(graph), sink):
        check_data(config, *signature_of(final), sink, sibling.span if sibling is not None else None)
        for ref, space in spaces:
            check_data(config, *signature_of(space), sink, ref.span)
    _stop_at_errors(sink)
    twice = Sink()
    distinct = different(spaces, twice)
    return Job(config, graph, final, distinct, texts, twice.diagnostics)


def _space(ref: SpaceRef, module: Module, sink: Sink) -> SpaceGraph | None:
    """The graph of a space as settings name it."""
    reference = referred(ref.expr, module, sink)
    return elaborate(reference, sink) if reference is not None else None


def _stop_at_errors(sink: Sink) -> None:
    if sink.errors:
        raise SpaceError(sink.errors)

"""What `stdsl compile --to` can write: a table, by which the command offers, refuses and calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import click

from stdsl.cli.options import Given
from stdsl.cli.output import message, table, tell
from stdsl.cli.places import of_option
from stdsl.cli.spaces import need_architecture, open_space
from stdsl.cli.trained import Trained
from stdsl.compiler.analysis.architecture import parameters_of
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.text.commands import texts
from stdsl.compiler.text.figures import apart
from stdsl.compiler.text.quoting import visible
from stdsl.target import Target


@dataclass(frozen=True, slots=True)
class Request:
    """What a command line asks for."""

    target: Target
    parameters: Mapping[str, str]
    architecture: Given | None
    output: Path | None
    weights: Path | None
    seed: int
    passes: str | None
    print_after: tuple[str, ...]
    allow_extern: bool
    explain: bool
    quiet: bool
    paths: bool = False
    sharing: Literal["separate", "slice"] | None = None
    drawn: bool = False

    @property
    def rewrites(self) -> bool:
        """Whether it asks for anything of passes."""
        return self.passes is not None or self.explain or bool(self.print_after)


@dataclass(frozen=True, slots=True)
class Output:
    """``about``: what it is, for the help. ``takes``: the names of :data:`OPTIONS` that go with it. ``write``: gives a
    text for standard output or the file that is asked for; None where it has written its file, which is no text."""

    about: str
    takes: tuple[str, ...]
    write: Callable[[Request], str | None]


_PASSES: Final = "--passes, --print-after and --explain"
_PATHS: Final = "--paths"
OPTIONS: Final[Mapping[str, Callable[[Request], bool]]] = {
    "--arch": lambda request: request.architecture is not None,
    "--weights": lambda request: request.weights is not None,
    _PASSES: lambda request: request.rewrites,
    _PATHS: lambda request: request.paths,
}
"""What goes with some outputs only, and whether a request has it."""


def refuse(to: str, request: Request) -> None:
    """Raises click.UsageError where an option is given that does not go with the output."""
    for option, given in OPTIONS.items():
        if given(request) and option not in OUTPUTS[to].takes:
            allowed = " or ".join(name for name, output in OUTPUTS.items() if option in output.takes)
            raise click.UsageError(f"{option} cannot go with --to {to}, only with --to {allowed}")
    if request.paths and request.rewrites:
        raise click.UsageError(f"{_PASSES} are for mixtures: a network that computes one path goes through no passes")
    if request.sharing is not None and not request.paths:
        raise click.UsageError("--sharing goes with --paths")
    if request.drawn and not request.paths:
        raise click.UsageError("--drawn goes with --paths")


def _supernet(request: Request) -> str:
    if request.paths:
        from stdsl.compiler.backends.networks.paths.text import drawn_source, path_source

        graph = open_space(request.target, request.parameters, request.allow_extern)
        return (drawn_source if request.drawn else path_source)(graph, request.sharing or "separate")
    return _rewritten(request, graph_alone=False)


def _module(request: Request) -> str:
    from stdsl.compiler.backends.networks.source import source

    graph = open_space(request.target, request.parameters, request.allow_extern)
    return source(graph, need_architecture(request.architecture, graph))


def _onnx(request: Request) -> None:
    from stdsl.cli.trained import refuse_others, trained, with_parameters
    from stdsl.compiler.backends.export.onnx import export_onnx
    from stdsl.compiler.backends.networks.module import build_module
    from stdsl.compiler.backends.networks.weights import fit_weights, of_a_supernet, read_weights
    from stdsl.compiler.diagnostics.backends import PartOfSupernet

    weights, given = request.weights, request.architecture
    # Weights first: where they are not there, what they would have told is not what is missing.
    with of_option("--weights", weights, "E0704", "E0716", "E0722", "E0723", "E0810"):
        found = trained(weights) if weights is not None else Trained(Path())
        tensors = read_weights(found.weights) if weights is not None else {}
    graph = _trained_space(request, found)
    arch = need_architecture(given or found.architecture, graph, "--weights" if given is None else "--arch")
    if weights is not None:
        refuse_others(found, arch, graph, weights)
    model = build_module(graph, arch, request.seed)
    if weights is not None:
        part = of_a_supernet(tensors)
        try:
            loaded = fit_weights(model, tensors, found.weights, superset=part).loaded
        except SpaceError as error:
            raise SpaceError([with_parameters(d, found, graph) for d in error.diagnostics]) from error
        if part and not request.quiet and any(name.endswith("running_mean") for name in loaded):
            tell([PartOfSupernet(None, str(weights))])
    path = request.output or Path(f"{graph.name}.onnx")
    try:
        report = export_onnx(model, path, metadata=found.metadata)
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    worst = max(report.max_abs_diff.values(), default=0.0)
    relative = max(report.relative_difference.values(), default=None)
    message(
        f"wrote {visible(str(path))}: {report.bytes:,} bytes, differs from PyTorch by at most {apart(worst, relative)}",
        request.quiet,
    )


def _trained_space(request: Request, found: Trained) -> SpaceGraph:
    """The space that is named; where a run trained in it, with the run's values of the parameters that the call does
    not give. Raises SpaceError."""
    own = found.space

    def opened(more: Mapping[str, str]) -> SpaceGraph:
        return open_space(request.target, {**more, **request.parameters}, request.allow_extern)

    try:
        graph = opened({})
    except SpaceError:  # a parameter may have no value but the run's
        if own is None or request.target.name not in (None, own.name):
            raise
        with suppress(SpaceError):
            return opened(texts(own.parameters))
        raise
    if own is None or own.name != graph.name:
        return graph
    now = parameters_of(graph)
    differing = [(name, value) for name, value in own.parameters if name in now and now[name] != value]
    more = {name: text for name, text in texts(differing).items() if name not in request.parameters}
    return opened(more) if more else graph


def _ir(request: Request) -> str:
    from stdsl.compiler.ir.printer import print_ir

    if request.rewrites:
        return _rewritten(request, graph_alone=True)
    return print_ir(open_space(request.target, request.parameters))


def _ast(request: Request) -> str:
    from stdsl.compiler.diagnostics.model import Sink, SpaceError
    from stdsl.compiler.frontend.dump import dump
    from stdsl.compiler.semantics.modules import Loader
    from stdsl.compiler.semantics.program import open_module

    sink = Sink()
    module = open_module(request.target.file, Loader(sink))
    if module is None or sink.errors:
        raise SpaceError(sink.diagnostics)
    return dump(module.file)


def _rewritten(request: Request, graph_alone: bool) -> str:
    """The source of a supernet, or the graph that it is lowered from."""
    from stdsl.compiler.backends.networks.supernet_text import rewritten, supernet_source
    from stdsl.compiler.ir.printer import print_ir
    from stdsl.compiler.passes.pipeline import watched

    with of_option("--print-after", ", ".join(request.print_after), "E0820"):
        after = watched(request.print_after)

    def watch(name: str, graph: SpaceGraph) -> None:
        if name in after:
            message(f"-- after {name}\n{print_ir(graph)}")

    passes = request.passes
    names = None if passes is None else [name.strip() for name in passes.split(",") if name.strip()]
    graph = open_space(request.target, request.parameters, request.allow_extern)
    with of_option("--passes", passes, "E0820"):
        if graph_alone:
            result, reports = rewritten(graph, passes=names, watch=watch)
            text = print_ir(result)
        else:
            text, reports = supernet_source(graph, passes=names, watch=watch)
    if request.explain:
        rows = [("pass", "nodes before", "after", "kept per sample, before", "after", "")]
        for r in reports:
            kept = (f"{r.kept_before / 2**20:,.2f} MiB", f"{r.kept_after / 2**20:,.2f} MiB")
            rows.append((r.name, str(r.before), str(r.after), *kept, r.doc))
        message(table(rows, right=(1, 2, 3, 4)))
    return text


OUTPUTS: Final[Mapping[str, Output]] = {
    "supernet": Output(
        "Python source of the mixture supernet, or with --paths of the network that computes one path",
        (_PASSES, _PATHS),
        _supernet,
    ),
    "module": Output("Python source of one architecture, a file that needs torch alone", ("--arch",), _module),
    "onnx": Output(
        "one architecture, with fresh weights (of --seed) or --weights, checked and compared in onnxruntime",
        ("--arch", "--weights"),
        _onnx,
    ),
    "ir": Output("the space graph, or what passes make of it", (_PASSES,), _ir),
    "ast": Output("the syntax tree of the file", (), _ast),
}
"""By the word behind `--to`."""

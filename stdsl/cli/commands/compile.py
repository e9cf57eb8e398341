"""``stdsl compile``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from stdsl.cli.files import write
from stdsl.cli.options import allow_extern, architecture, output, parameters, quiet, seed, target
from stdsl.cli.output import fact, message, table
from stdsl.cli.places import of_option
from stdsl.cli.spaces import need_architecture, open_space
from stdsl.target import Target


@click.command("compile")
@target("space")
@click.option("--to", "to", type=click.Choice(["supernet", "module", "onnx", "ir", "ast"]), required=True)
@parameters
@architecture
@output("Where to write. Without it, text goes to standard output, and ONNX to SPACE.onnx.")
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    metavar="RUN|FILE",
    help="ONNX: a run directory (and its architecture, unless --arch is given), or a file of weights.",
)
@seed
@click.option(
    "--passes",
    metavar="NAMES",
    help="Supernet, ir: which passes run, separated by commas. `-NAME` leaves one out, `+NAME` adds one, NAME runs "
    "alone. The ir is the graph as the text has it where none are named.",
)
@click.option(
    "--print-after",
    "print_after",
    multiple=True,
    metavar="PASS",
    help="Supernet, ir: print the graph after this pass on standard error; `all` after each. May be given again.",
)
@allow_extern
@click.option("--explain", "explain", is_flag=True, help="Supernet: say what each pass did, on standard error.")
@quiet
def command(
    target: Target,
    to: str,
    parameters: Mapping[str, str],
    architecture: Path | None,
    output: Path | None,
    weights: Path | None,
    seed: int,
    passes: str | None,
    print_after: tuple[str, ...],
    allow_extern: bool,
    explain: bool,
    quiet: bool,
) -> None:
    """Write a supernet, a network, an ONNX file or the graph as text.

    supernet: Python source of the mixture supernet. module: Python source of one architecture, a file that needs
    torch alone. onnx: one architecture, with fresh weights (of --seed) or --weights, checked and compared in
    onnxruntime. ir: the space graph, or what passes make of it. ast: the syntax tree of the file.

    \b
    Example:
      stdsl compile darts::darts_cifar --to supernet -o supernet.py
      stdsl compile darts::darts_cifar --to module --arch found.arch.json -o network.py
      stdsl compile my.space::cells --to onnx --weights runs/first-0001 -o network.onnx
    """
    rewrites = passes is not None or explain or bool(print_after)
    _refuse(to, architecture is not None, weights is not None, rewrites)
    if to == "ast":
        text = _ast(target)
    elif to == "supernet" or (to == "ir" and rewrites):
        text = _rewritten(target, parameters, to, passes, print_after, explain, allow_extern)
    elif to == "ir":
        from stdsl.compiler.ir.printer import print_ir

        text = print_ir(open_space(target, parameters))
    elif to == "module":
        from stdsl.compiler.backends.networks.source import source

        graph = open_space(target, parameters, allow_extern)
        text = source(graph, need_architecture(architecture, graph))
    else:
        _onnx(target, parameters, architecture, weights, seed, output, allow_extern, quiet)
        return
    if output is None:
        fact(text, end="")
    else:
        write(output, text)
        message(f"wrote {output}", quiet)


def _refuse(to: str, architecture: bool, weights: bool, passes: bool) -> None:
    for given, option, allowed in (
        (architecture, "--arch", ("module", "onnx")),
        (weights, "--weights", ("onnx",)),
        (passes, "--passes, --print-after and --explain", ("supernet", "ir")),
    ):
        if given and to not in allowed:
            raise click.UsageError(f"{option} cannot go with --to {to}, only with --to {' or '.join(allowed)}")


def _ast(target: Target) -> str:
    from stdsl.compiler.diagnostics.model import Sink, SpaceError
    from stdsl.compiler.frontend.dump import dump
    from stdsl.compiler.semantics.modules import Loader
    from stdsl.compiler.semantics.program import open_module

    sink = Sink()
    module = open_module(target.file, Loader(sink))
    if module is None or sink.errors:
        raise SpaceError(sink.diagnostics)
    return dump(module.file)


def _rewritten(
    target: Target,
    parameters: Mapping[str, str],
    to: str,
    passes: str | None,
    print_after: Sequence[str],
    explain: bool,
    allow_extern: bool,
) -> str:
    """The source of a supernet, or the graph that it is lowered from."""
    from stdsl.compiler.backends.networks.supernet_text import rewritten, supernet_source
    from stdsl.compiler.ir.graph import SpaceGraph
    from stdsl.compiler.ir.printer import print_ir
    from stdsl.compiler.passes.pipeline import watched

    with of_option("--print-after", ", ".join(print_after), "E0820"):
        after = watched(print_after)

    def watch(name: str, graph: SpaceGraph) -> None:
        if name in after:
            message(f"-- after {name}\n{print_ir(graph)}")

    names = None if passes is None else [name.strip() for name in passes.split(",") if name.strip()]
    graph = open_space(target, parameters, allow_extern)
    with of_option("--passes", passes, "E0820"):
        if to == "ir":
            result, reports = rewritten(graph, passes=names, watch=watch)
            text = print_ir(result)
        else:
            text, reports = supernet_source(graph, passes=names, watch=watch)
    if explain:
        rows = [("pass", "nodes before", "after", "kept per sample, before", "after", "")]
        for r in reports:
            kept = (f"{r.kept_before / 2**20:,.2f} MiB", f"{r.kept_after / 2**20:,.2f} MiB")
            rows.append((r.name, str(r.before), str(r.after), *kept, r.doc))
        message(table(rows, right=(1, 2, 3, 4)))
    return text


def _onnx(
    target: Target,
    parameters: Mapping[str, str],
    architecture: Path | None,
    weights: Path | None,
    seed: int,
    output: Path | None,
    allow_extern: bool,
    quiet: bool,
) -> None:
    from stdsl.cli.trained import Trained, trained
    from stdsl.compiler.backends.export.onnx import export_onnx
    from stdsl.compiler.backends.networks.module import build_module
    from stdsl.compiler.backends.networks.weights import fit_weights, read_weights

    # Weights first: where they are not there, what they would have told is not what is missing.
    with of_option("--weights", weights, "E0704", "E0716", "E0722", "E0723", "E0810"):
        found = trained(weights) if weights is not None else Trained(Path())
        tensors = read_weights(found.weights) if weights is not None else {}
    graph = open_space(target, parameters, allow_extern)
    arch = need_architecture(
        architecture or found.architecture, graph, "--weights" if architecture is None else "--arch"
    )
    model = build_module(graph, arch, seed)
    if weights is not None:
        fit_weights(model, tensors, found.weights, superset=True)
    path = output or Path(f"{graph.name}.onnx")
    try:
        report = export_onnx(model, path, metadata=found.metadata)
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    worst = max(report.max_abs_diff.values(), default=0.0)
    message(f"wrote {path}: {report.bytes:,} bytes, differs from PyTorch by at most {worst:.1e}", quiet)

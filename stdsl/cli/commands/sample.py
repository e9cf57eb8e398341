"""``stdsl sample``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from stdsl.cli.files import write_architecture
from stdsl.cli.options import output, parameters, places, quiet, seed, target, values
from stdsl.cli.output import document, fact, message
from stdsl.cli.spaces import open_space
from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.analysis.costs.of_architecture import cost_constraints
from stdsl.compiler.analysis.sampling import draw, too_few
from stdsl.target import Target


@click.command("sample")
@target("space")
@parameters
@click.option("-n", "--number", type=click.IntRange(1), default=1, show_default=True, help="How many.")
@click.option(
    "--witness",
    metavar="CODE",
    help="Instead: a smallest architecture that shows this error of `stdsl check`.",
)
@seed
@output("A folder for one .arch.json file each; without it, a line of JSON each on standard output.")
@quiet
def command(
    target: Target,
    parameters: Mapping[str, str],
    number: int,
    witness: str | None,
    seed: int,
    output: Path | None,
    quiet: bool,
) -> None:
    """Draw architectures of a space, all equally likely.

    The same seed draws the same ones. Where constraints over costs cut through a large space with very many different
    costs, architectures are drawn until one is within them; where hardly any is, they are searched for instead, and a
    message says that they are not equally likely.
    With --witness, the architecture with the fewest decisions that shows an error of the space.

    \b
    Example:
      stdsl sample darts::darts_cifar -n 3 --seed 1 -o samples
      stdsl sample my.space::cells --witness E0204 -o samples
    """
    if witness is not None:
        _witness(target, parameters, witness, output, quiet)
        return
    graph = open_space(target, parameters)
    drawn = draw(graph, seed, number)
    for i, arch in enumerate(drawn.architectures, 1):
        _write(arch, output, f"{graph.name}-{i:0{max(4, len(str(number)))}}")
    found = len(drawn.architectures) - drawn.searched
    if cost_constraints(graph) and drawn.within:
        message(f"drawn from the {drawn.within:,} architectures within `where`", quiet)
    elif cost_constraints(graph) and drawn.within is None and drawn.tried and found:
        message(f"{drawn.acceptance:.2%} of {drawn.tried:,} architectures drawn were within `where`", quiet)
    if drawn.searched:
        few = f"{found} of {drawn.tried:,} architectures drawn were within `where`"
        message(f"{few}: {drawn.searched} were searched for, which does not make all equally likely", quiet)
    elif not drawn.uniform:
        message("the space is too entangled to count: each question was answered evenly, not each architecture", quiet)
    if len(drawn.architectures) < number:
        raise too_few(graph, drawn)


def _write(arch: Architecture, output: Path | None, name: str) -> None:
    if output is None:
        document(arch.to_json(), indent=None)
        return
    fact(write_architecture(arch, output / f"{name}.arch.json"))


def _witness(target: Target, parameters: Mapping[str, str], code: str, output: Path | None, quiet: bool) -> None:
    from stdsl.compiler.checks.witness import find_witness
    from stdsl.compiler.diagnostics.explain import kind

    if kind(code) is None:
        raise click.BadParameter(f"there is no code {code!r}", param_hint="--witness")
    found = find_witness(target.file, target.name, values(parameters), code, places(parameters))
    _write(found.architecture, output, f"{found.architecture.table.space}-{found.diagnostic.code}")
    message(f"{found.diagnostic.span}: {found.diagnostic.message}", quiet)

"""``stdsl compile``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import click

from stdsl.cli.files import write
from stdsl.cli.options import Given, NamedPath, allow_extern, architecture, output, parameters, quiet, seed, target
from stdsl.cli.output import fact, message
from stdsl.cli.outputs import OUTPUTS, Request, refuse
from stdsl.compiler.text.quoting import visible
from stdsl.target import Target

_HELP = """Write a supernet, a network, an ONNX file or the graph as text.

{outputs}

\b
Example:
  stdsl compile darts::darts_cifar --to supernet -o supernet.py
  stdsl compile darts::darts_cifar --to module --arch found.arch.json -o network.py
  stdsl compile my.space::cells --to onnx --weights runs/first-0001 -o network.onnx
"""


@click.command("compile", help=_HELP.format(outputs=" ".join(f"{to}: {o.about}." for to, o in OUTPUTS.items())))
@target("space")
@click.option("--to", "to", type=click.Choice(list(OUTPUTS)), required=True)
@parameters
@architecture
@output("Where to write. Without it, text goes to standard output, and ONNX to SPACE.onnx.")
@click.option(
    "--weights",
    type=NamedPath(),
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
@click.option(
    "--paths",
    "paths",
    is_flag=True,
    help="Supernet: the network with the weights of all alternatives that computes one architecture at a time.",
)
@click.option(
    "--sharing",
    type=click.Choice(["separate", "slice"]),
    help="With --paths: weights of an operation whose numbers are chosen, one set for each case (the default) or "
    "slices of the largest.",
)
@click.option(
    "--drawn",
    "drawn",
    is_flag=True,
    help="With --paths: the network draws an architecture by decision weights for each pass, as GDAS does.",
)
@allow_extern
@click.option("--explain", "explain", is_flag=True, help="Supernet: say what each pass did, on standard error.")
@quiet
def command(
    target: Target,
    to: str,
    parameters: Mapping[str, str],
    architecture: Given | None,
    output: Path | None,
    weights: Path | None,
    seed: int,
    passes: str | None,
    print_after: tuple[str, ...],
    paths: bool,
    sharing: Literal["separate", "slice"] | None,
    drawn: bool,
    allow_extern: bool,
    explain: bool,
    quiet: bool,
) -> None:
    request = Request(
        target=target,
        parameters=parameters,
        architecture=architecture,
        output=output,
        weights=weights,
        seed=seed,
        passes=passes,
        print_after=print_after,
        allow_extern=allow_extern,
        explain=explain,
        quiet=quiet,
        paths=paths,
        sharing=sharing,
        drawn=drawn,
    )
    refuse(to, request)
    text = OUTPUTS[to].write(request)
    if text is None:
        return
    if output is None:
        fact(text, end="")
    else:
        write(output, text)
        message(f"wrote {visible(str(output))}", quiet)

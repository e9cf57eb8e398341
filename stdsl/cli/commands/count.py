"""``stdsl count``."""

from __future__ import annotations

from collections.abc import Mapping

import click

from stdsl.cli.options import as_json, parameters, quiet, target
from stdsl.cli.output import document
from stdsl.cli.spaces import open_space
from stdsl.compiler.analysis.count import count
from stdsl.target import Target


@click.command("count")
@target("space")
@parameters
@as_json
@quiet
def command(target: Target, parameters: Mapping[str, str], as_json: bool, quiet: bool) -> None:
    """Print how many architectures a space has.

    The number alone, of any size; LOW..HIGH where only an interval is known (constraints over costs make it one).

    \b
    Example:
      stdsl count darts::darts_cifar
      stdsl count my.space::cells -p nodes=3
    """
    graph = open_space(target, parameters)
    found = count(graph)
    if as_json:
        numbers = {"min": str(found.low), "max": str(found.high), "exact": found.exact}
        document({"space": graph.name, "count": numbers})
    else:
        click.echo(str(found))

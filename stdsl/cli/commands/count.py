"""``stdsl count``."""

from __future__ import annotations

from collections.abc import Mapping

import click

from stdsl.cli.counting import counted_exactly
from stdsl.cli.options import as_json, parameters, quiet, target
from stdsl.cli.output import document, fact
from stdsl.cli.spaces import open_space
from stdsl.compiler.analysis.circuits.of_space import CountResult
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.isomorphism.distinct import distinct as count_distinct
from stdsl.target import Target


@click.command("count")
@target("space")
@parameters
@click.option(
    "--exact",
    is_flag=True,
    help="Within two budgets count on where only an interval would be known after some seconds.",
)
@click.option("--distinct", is_flag=True, help="Count different networks: compare those of all architectures.")
@as_json
@quiet
def command(
    target: Target, parameters: Mapping[str, str], exact: bool, distinct: bool, as_json: bool, quiet: bool
) -> None:
    """Print how many architectures a space has.

    The number alone, of any size; LOW..HIGH where only an interval is known (where constraints over costs cut through a
    large space with very many different costs, or over a depth that several paths may have). With --exact, a space
    that falls into parts is counted exactly within two budgets, if that takes no more than an hour or so; standard
    error tells how far it is.
    With --distinct, how many networks they come to, for up to a million architectures: two are one network when their
    operations are joined alike once zeros, identities and nested sums are gone.

    \b
    Example:
      stdsl count darts::darts_cifar
      stdsl count my.space::cells -p nodes=3
      stdsl count my.space::mobile --exact
      stdsl count nasbench201 -p n=1 --distinct
    """
    graph = open_space(target, parameters)
    if distinct:
        n = count_distinct(graph)
        found = CountResult(n, n)
    elif exact:
        found = counted_exactly(graph, quiet)
    else:
        found = count(graph)
    if as_json:
        numbers = {"min": str(found.low), "max": str(found.high), "exact": found.exact}
        document({"space": graph.name, "distinct" if distinct else "count": numbers})
    else:
        fact(str(found))

"""``stdsl derive``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stdsl.cli.exit_codes import DIAGNOSTICS, INTERRUPTED
from stdsl.cli.files import write_bytes
from stdsl.cli.options import NamedPath, allow_extern, as_json, budgets, device, front, output, quiet, seed
from stdsl.cli.output import document, message
from stdsl.cli.places import of_option
from stdsl.cli.results import tell

if TYPE_CHECKING:
    from stdsl.runtime.elastic import ElasticFront, ElasticRequest

_TABLES = ("csv", "json")


@click.command("derive")
@click.argument("run", metavar="RUN", type=NamedPath())
@click.option(
    "--where",
    "where",
    multiple=True,
    metavar="BUDGETS",
    help="Constraints over costs, such as 'flops <= 3M, params in 10K..20K'; may be repeated.",
)
@front("A network for each --budget of this cost.")
@budgets()
@click.option(
    "--candidates",
    type=click.IntRange(1, 1_000_000),
    default=100,
    show_default=True,
    metavar="N",
    help="Architectures that are drawn and measured, for each budget.",
)
@seed
@click.option("--out", type=NamedPath(), metavar="DIR", help="The run directory, or the folder of those of a front.")
@output("The front as a .csv or .json file, or plotted as .html, .svg or .png.")
@device
@allow_extern
@as_json
@quiet
def command(
    run: Path,
    where: Sequence[str],
    metric: str | None,
    budgets: Sequence[int],
    candidates: int,
    seed: int,
    out: Path | None,
    output: Path | None,
    device: str,
    allow_extern: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Take other networks from the weights of a search along paths.

    RUN is the directory of a run whose search, of the family `sampling`, is over. Architectures are drawn, all equally
    likely, within the budgets of --where and `where` of the space, and measured with the shared weights on the
    `valid` half. The best one is exported with its part of the weights, in a run directory of its own. Nothing is
    trained. With --front there is one for each budget, above the one before it.

    \b
    Example:
      stdsl derive runs/paths-0001 --where "flops <= 800K"
      stdsl derive runs/paths-0001 --front flops --budget 500K --budget 1M --out front -o front.svg
    """
    if bool(metric) != bool(budgets):
        raise click.UsageError("--front and --budget go together: --front flops --budget 3M --budget 5M")
    if output is not None and metric is None:
        raise click.UsageError("--output goes with --front")
    from stdsl.runtime.elastic import ElasticRequest
    from stdsl.runtime.report.plots import FORMATS

    ending = "" if output is None else output.suffix.removeprefix(".").lower()
    if output is not None and ending not in (*_TABLES, *FORMATS):
        known = ", ".join(f".{name}" for name in (*_TABLES, *FORMATS))
        raise click.UsageError(f"{output}: fronts are written to files that end in {known}")
    request = ElasticRequest(run, where, candidates, seed, out, device, allow_extern)
    with ExitStack() as options:
        options.enter_context(of_option("--device", device, "E0708"))
        options.enter_context(of_option("--out", out, "E0710"))
        if metric is None:
            _one(request, as_json, quiet)
        else:
            _several(request, metric, budgets, output, as_json, quiet)


def _one(request: ElasticRequest, as_json: bool, quiet: bool) -> None:
    from stdsl.runtime.elastic import derive_elastic
    from stdsl.runtime.report.console import ConsoleReporter
    from stdsl.runtime.training.interruption import Interrupted

    try:
        with ConsoleReporter(quiet=quiet) as reporter:
            result = derive_elastic(request, reporter)
    except Interrupted as stop:
        message(f"stopped; {stop}")
        click.get_current_context().exit(INTERRUPTED)
    tell(result, as_json)


def _several(
    request: ElasticRequest, metric: str, budgets: Sequence[int], output: Path | None, as_json: bool, quiet: bool
) -> None:
    from stdsl.runtime.elastic import elastic_front
    from stdsl.runtime.report.console import ConsoleReporter
    from stdsl.runtime.report.front_table import render_elastic
    from stdsl.runtime.report.terminal import Terminal
    from stdsl.runtime.training.interruption import Interrupted

    try:
        with ConsoleReporter(quiet=quiet) as reporter:
            front = elastic_front(request, metric, budgets, reporter)
    except Interrupted as stop:
        message(f"stopped; {stop}")
        click.get_current_context().exit(INTERRUPTED)
    if as_json:
        document(front.document())
    else:
        render_elastic(front, Terminal())
    if output is not None:
        write_bytes(output, _written(front, output.suffix.removeprefix(".").lower()))
        message(str(output), quiet)
    failures = [(point, failed) for point in front.points if point.result for failed in point.result.failures]
    for point, failed in failures:
        message(f"error[{failed['code']}], budget {point.budget:,}: {failed['message']}")
    if failures:
        click.get_current_context().exit(DIAGNOSTICS)


def _written(front: ElasticFront, ending: str) -> bytes:
    from stdsl.compiler.text.quoting import json_text
    from stdsl.runtime.report.elastic_plot import front_plot
    from stdsl.runtime.report.front_table import elastic_rows
    from stdsl.runtime.report.plots import FORMATS
    from stdsl.runtime.tracking.rows import csv_text

    if ending == "csv":
        return csv_text(elastic_rows(front)).encode()
    if ending == "json":
        return (json_text(front.document(), 2) + "\n").encode()
    return front_plot(front, next(format for format in FORMATS if format == ending))

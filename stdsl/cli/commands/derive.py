"""``stdsl derive``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stdsl.cli.exit_codes import INTERRUPTED
from stdsl.cli.files import write_bytes
from stdsl.cli.options import (
    Given,
    NamedPath,
    allow_extern,
    as_json,
    budgets,
    device,
    front,
    given,
    named_architecture,
    output,
    quiet,
    seed,
)
from stdsl.cli.output import message
from stdsl.cli.places import of_option
from stdsl.cli.results import tell, tell_front

if TYPE_CHECKING:
    from stdsl.runtime.elastic import ElasticFront, ElasticRequest
    from stdsl.runtime.report.console import ConsoleReporter
    from stdsl.runtime.result import RunResult

_TABLES = ("csv", "json")
_ASKED = {
    "architecture": "--arch",
    "where": "--where",
    "metric": "--front",
    "budgets": "--budget",
    "candidates": "--candidates",
    "seed": "--seed",
    "out": "--out",
    "device": "--device",
}
"""Parameters that say what is derived, and how they are written."""
_DRAWN = ("where", "metric", "budgets", "candidates", "seed")
"""Those of them that say which architectures are drawn."""


@click.command("derive")
@click.argument("run", metavar="[RUN]", type=NamedPath(), required=False)
@named_architecture("Take this architecture, and draw none: an .arch.json file, or its values as JSON.")
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
@click.option("--resume", type=NamedPath(), metavar="DIR", help="Go on with what was derived in this folder.")
@output("The front as a .csv or .json file, or plotted as .html, .svg or .png.")
@device
@allow_extern
@as_json
@quiet
def command(
    run: Path | None,
    architecture: Given | None,
    where: Sequence[str],
    metric: str | None,
    budgets: Sequence[int],
    candidates: int,
    seed: int,
    out: Path | None,
    resume: Path | None,
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
    trained. With --arch the network is that of this architecture, and none are drawn. With --front there is one for
    each budget, above the one before it. What was stopped or killed goes on with --resume, as it was asked for.

    \b
    Example:
      stdsl derive runs/paths-0001 --where "flops <= 800K"
      stdsl derive runs/paths-0001 --arch found.arch.json
      stdsl derive runs/paths-0001 --front flops --budget 500K --budget 1M --out front -o front.svg
      stdsl derive --resume front
    """
    if (run is None) == (resume is None):
        raise click.UsageError("name a run whose search left weights, RUN, or what is gone on with, --resume DIR")
    if resume is not None and any(map(given, _ASKED)):
        raise click.UsageError(f"it goes on as it was asked for: leave out {', '.join(_ASKED.values())}")
    if architecture is not None and any(map(given, _DRAWN)):
        drawn = ", ".join(_ASKED[name] for name in _DRAWN)
        raise click.UsageError(f"--arch names the network, so that none are drawn: leave out {drawn}")
    if bool(metric) != bool(budgets):
        raise click.UsageError("--front and --budget go together: --front flops --budget 3M --budget 5M")
    if output is not None and metric is None and resume is None:
        raise click.UsageError("--output goes with --front")
    from stdsl.runtime.elastic import ElasticFront, ElasticRequest
    from stdsl.runtime.elastic_front import resume_derived
    from stdsl.runtime.report.console import ConsoleReporter
    from stdsl.runtime.report.plots import FORMATS
    from stdsl.runtime.training.interruption import Interrupted

    ending = "" if output is None else output.suffix.removeprefix(".").lower()
    if output is not None and ending not in (*_TABLES, *FORMATS):
        known = ", ".join(f".{name}" for name in (*_TABLES, *FORMATS))
        raise click.UsageError(f"{output}: fronts are written to files that end in {known}")
    with ExitStack() as options:
        options.enter_context(of_option("stdsl derive", run, "E0704", "E0716"))
        options.enter_context(of_option("--arch", architecture, "E0606"))
        options.enter_context(of_option("--device", device, "E0708"))
        options.enter_context(of_option("--out", out, "E0710"))
        options.enter_context(of_option("--resume", resume, "E0704", "E0705", "E0722", "E0723", "E0773", "E0777"))
        try:
            with ConsoleReporter(quiet=quiet) as reporter:
                if resume is not None:
                    found = resume_derived(resume, reporter, allow_extern)
                else:
                    assert run is not None
                    request = ElasticRequest(
                        run, where, candidates, seed, out, device, allow_extern, architecture=architecture
                    )
                    found = _derived(request, metric, budgets, reporter)
        except Interrupted as stop:
            message(f"stopped; {stop}")
            click.get_current_context().exit(INTERRUPTED)
    if isinstance(found, ElasticFront):
        _tell_front(found, output, as_json, quiet)
        return
    if output is not None:
        message(f"{output} is not written: one network is no front")
    tell(found, as_json)


def _derived(
    request: ElasticRequest, metric: str | None, budgets: Sequence[int], reporter: ConsoleReporter
) -> RunResult | ElasticFront:
    from stdsl.runtime.elastic import derive_elastic
    from stdsl.runtime.elastic_front import elastic_front

    return derive_elastic(request, reporter) if metric is None else elastic_front(request, metric, budgets, reporter)


def _tell_front(front: ElasticFront, output: Path | None, as_json: bool, quiet: bool) -> None:
    def written() -> None:
        if output is not None:
            write_bytes(output, _written(front, output.suffix.removeprefix(".").lower()))
            message(str(output), quiet)

    tell_front(front, as_json, written)


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

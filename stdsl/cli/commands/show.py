"""``stdsl show``."""

from __future__ import annotations

from pathlib import Path

import click

from stdsl.cli.options import as_json, quiet
from stdsl.cli.output import document


@click.command("show")
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--layers", is_flag=True, help="All layers of the derived network too.")
@as_json
@quiet
def command(run: Path, layers: bool, as_json: bool, quiet: bool) -> None:
    """Show the results of a run.

    RUN is the directory of a run that is over. --json prints its result.json.

    \b
    Example:
      stdsl show runs/quickstart-0001 --layers
    """
    from rich.console import Console

    from stdsl.runtime.report.table import render_result
    from stdsl.runtime.tracking.directory import result_of

    result = result_of(run)
    if as_json:
        document(result)
    else:
        render_result(result, Console(), layers)

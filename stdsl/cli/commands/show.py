"""``stdsl show``."""

from __future__ import annotations

import os
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

    RUN is the directory of a run. --json prints its result.json. Of a run that is not over, what is done, how far the
    rest has come, and how to go on; then `over` is false in the JSON document.

    \b
    Example:
      stdsl show runs/quickstart-0001 --layers
    """
    from rich.console import Console

    from stdsl.runtime.report.progress import render_progress
    from stdsl.runtime.report.table import render_result
    from stdsl.runtime.tracking.directory import open_run, result_of
    from stdsl.runtime.tracking.progress import progress_of

    directory = open_run(run)
    if not os.path.exists(directory.result):
        progress = progress_of(directory)
        if as_json:
            document(progress.document())
        else:
            render_progress(progress, Console())
        return
    result = result_of(run)
    if as_json:
        document(result)
    else:
        render_result(result, Console(), layers)

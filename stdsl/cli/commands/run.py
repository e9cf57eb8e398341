"""``stdsl run``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from stdsl.cli.exit_codes import INTERRUPTED
from stdsl.cli.options import allow_extern, as_json, device, overrides, quiet, target
from stdsl.cli.output import document, message
from stdsl.cli.places import of_option
from stdsl.target import Target


@click.command("run")
@target("search", required=False)
@overrides
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="The run directory: new or empty.")
@click.option(
    "--resume", type=click.Path(path_type=Path), metavar="DIR", help="Go on with the run of this directory, as it was."
)
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True)
@device
@allow_extern
@as_json
@quiet
def command(
    target: Target | None,
    overrides: Mapping[str, str],
    out: Path | None,
    resume: Path | None,
    engine: str,
    device: str,
    allow_extern: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Search, retrain, evaluate and export.

    Everything is written under runs/SEARCH-NUMBER, or to --out. A run that was stopped or killed goes on with
    --resume, from the texts that its directory holds; FILE::SEARCH may be left out then.

    \b
    Example:
      stdsl run examples/quickstart.space
      stdsl run my.space::first --set retrain.epochs=1 --out runs/short
      stdsl run --resume runs/first-0001
    """
    if resume is None and target is None:
        raise click.UsageError("name a search, FILE::SEARCH, or a run to go on with, --resume DIR")
    if resume is not None and (overrides or out is not None):
        raise click.UsageError("a run goes on with the settings that it was started with: leave out --set and --out")

    from rich.console import Console

    from stdsl.runtime.report.console import ConsoleReporter
    from stdsl.runtime.report.table import render_result
    from stdsl.runtime.run import RunRequest, run
    from stdsl.runtime.run import resume as go_on
    from stdsl.runtime.training.interruption import Interrupted

    try:
        with ConsoleReporter(quiet=quiet) as reporter:
            if resume is not None:
                with of_option("--resume", resume, "E0704", "E0705"):
                    _same_search(target, resume)
                    result = go_on(resume, reporter, allow_extern)
            else:
                assert target is not None
                texts = tuple(f"{key}={text}" for key, text in overrides.items())
                request = RunRequest(target.file, target.name, texts, out, engine, device, allow_extern=allow_extern)
                with (
                    of_option("--device", device, "E0708"),
                    of_option("--engine", engine, "E0701"),
                    of_option("--out", out, "E0710"),
                ):
                    result = run(request, reporter)
    except Interrupted as stop:
        message(f"stopped; {stop}" if str(stop) else "stopped; its state is kept: go on with --resume")
        click.get_current_context().exit(INTERRUPTED)
    if as_json:
        document(dict(result.document))
    elif not quiet:
        render_result(result.document, Console())


def _same_search(target: Target | None, folder: Path) -> None:
    """Refuse to go on with the run of another search than the one named."""
    from stdsl.runtime.tracking.directory import open_run

    search = open_run(folder).manifest.search
    if target is not None and target.name not in (None, search):
        raise click.UsageError(f"{folder} is a run of the search `{search}`, not of `{target.name}`")

"""``stdsl run``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import click

from stdsl.cli.exit_codes import INTERRUPTED
from stdsl.cli.options import (
    Given,
    NamedPath,
    allow_extern,
    as_json,
    device,
    given,
    named_architecture,
    needs,
    overrides,
    quiet,
    store,
    target,
)
from stdsl.cli.output import message
from stdsl.cli.places import of_option
from stdsl.cli.results import tell
from stdsl.compiler.text.quoting import visible
from stdsl.target import Target


@click.command("run")
@target("search", required=False)
@named_architecture("Search nothing: train, compare and export this architecture (an .arch.json file, or its values).")
@overrides
@needs
@click.option("--out", type=NamedPath(), metavar="DIR", help="The run directory: new or empty.")
@click.option("--resume", type=NamedPath(), metavar="DIR", help="Go on with the run of this directory, as it was.")
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True)
@click.option(
    "--hands",
    type=click.IntRange(0, 4096),
    metavar="N",
    help="Processes that train networks beside each other; 0: this one alone. Without it one for every core, or GPU.",
)
@store
@device
@allow_extern
@as_json
@quiet
def command(
    target: Target | None,
    architecture: Given | None,
    overrides: Mapping[str, str],
    needs: Mapping[str, str],
    out: Path | None,
    resume: Path | None,
    engine: str,
    hands: int | None,
    store: str | None,
    device: str,
    allow_extern: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Search, retrain, evaluate and export.

    Everything is written under runs/SEARCH-NUMBER, or to --out. A run that was stopped or killed goes on with
    --resume, from the texts that its directory holds; FILE::SEARCH may be left out then. How many --hands there are
    changes nothing in what is found. A search that this one needs runs first, unless --needs names a finished run
    of it. With --arch the search is left out: what it says of its result is done with that architecture.

    \b
    Example:
      stdsl run examples/quickstart.space
      stdsl run my.space::first --set retrain.epochs=1 --out runs/short
      stdsl run my.space::first --arch front/first-front-flops-3000000.arch.json
      stdsl run my.space::second --needs first=runs/first-0001
      stdsl run --resume runs/first-0001
    """
    if resume is None and target is None:
        raise click.UsageError("name a search, FILE::SEARCH, or a run to go on with, --resume DIR")
    asked = any(map(given, ("overrides", "needs", "architecture", "out", "device", "engine")))
    if resume is not None and asked:
        settings = "--arch, --set, --needs, --out, --device and --engine"
        raise click.UsageError(f"a run goes on with the settings that it was started with: leave out {settings}")

    from stdsl.runtime.prepare.preparation import asked_job
    from stdsl.runtime.report.console import ConsoleReporter
    from stdsl.runtime.training.interruption import Interrupted
    from stdsl.runtime.trials.addresses import without_password

    try:
        with ConsoleReporter(quiet=quiet) as reporter:
            if resume is not None:
                with of_option("--resume", resume, "E0704", "E0705", "E0722", "E0723"):
                    _same_search(target, resume, quiet)
                    from stdsl.runtime.run import resume as go_on  # with PyTorch, which what is refused does not need

                    result = go_on(resume, reporter, allow_extern, hands=hands, store=store)
            else:
                assert target is not None
                texts = tuple(f"{key}={text}" for key, text in overrides.items())
                with (
                    of_option("--arch", architecture, "E0606"),
                    of_option("--device", device, "E0708"),
                    of_option("--engine", engine, "E0728"),
                    of_option("--out", out, "E0710"),
                    of_option("--store", store and without_password(store), "E0749"),
                ):
                    job = asked_job(reporter, target.file, target.name, texts, allow_extern, given=architecture)
                    from stdsl.runtime.run import RunRequest, start  # with PyTorch, as above

                    request = RunRequest(
                        target.file,
                        target.name,
                        texts,
                        out,
                        engine,
                        device,
                        allow_extern=allow_extern,
                        hands=hands,
                        store=store,
                        needs={name: Path(folder) for name, folder in needs.items()},
                        architecture=architecture,
                    )
                    result = start(job, request, reporter)
    except Interrupted as stop:
        message(f"stopped; {stop}" if str(stop) else "stopped; its state is kept: go on with --resume")
        click.get_current_context().exit(INTERRUPTED)
    tell(result, as_json, "all else of the run is there; what tries again stands under `next`")


def _same_search(target: Target | None, folder: Path, quiet: bool) -> None:
    """Refuse to go on with the run of another file or search than the one named; tell of a file that has changed."""
    from stdsl.runtime.prepare.texts import library_name
    from stdsl.runtime.tracking.directory import open_run

    directory = open_run(folder)
    manifest = directory.manifest
    if target is None:
        return
    origin = manifest.origins.get(manifest.file)
    library = library_name(manifest.file)
    file = Path(target.file)
    if target.file != library if origin is None else file.resolve() != Path(origin).resolve():
        raise click.UsageError(f"{folder} is a run of {origin or library}, not of {target.file}: leave the file out")
    if target.name not in (None, manifest.search):
        raise click.UsageError(f"{folder} is a run of the search `{manifest.search}`, not of `{target.name}`")
    if origin is None or not os.path.isfile(file):
        return
    kept = directory.space / manifest.file
    if os.path.isfile(kept) and kept.read_bytes() != file.read_bytes():
        message(f"{visible(str(file))} has changed since; the run goes on with the text it was started with", quiet)

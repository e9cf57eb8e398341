"""``stdsl check``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import click

from stdsl.cli.exit_codes import exit_code
from stdsl.cli.files import read
from stdsl.cli.fixes import apply_fixes
from stdsl.cli.options import allow_extern, quiet
from stdsl.cli.output import message, report
from stdsl.compiler.checks.check import check_module
from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.render import Format
from stdsl.compiler.semantics.modules import Loader
from stdsl.compiler.semantics.program import open_module

ROUNDS = 10
"""Correcting one mistake may bring another to light; after so many rounds enough is enough."""


@click.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["full", "concise", "json", "github"]),
    default="full",
    show_default=True,
    help="How to print what was found.",
)
@click.option("--fix", is_flag=True, help="Correct, in the files named, what has one safe correction.")
@click.option("--run", "run", is_flag=True, help="Report what this version cannot run, too.")
@allow_extern
@quiet
def command(files: tuple[str, ...], format_: str, fix: bool, run: bool, allow_extern: bool, quiet: bool) -> None:
    """Report all mistakes of files, before anything runs.

    Silent when there are none. Names, shapes of all architectures, settings and constraints are checked; nothing is
    written but with --fix, and no tensor library is needed. `-` reads standard input. Warnings alone are fine (--quiet
    leaves them out). What is extern is not loaded, unless --allow-extern asks to compare the code of operators with
    their blocks on torch's meta device and the first sample of data with its block, and to try losses. Not all that
    the language knows can be run by this version; --run tells what of the searches cannot, as `stdsl plan` does.

    \b
    Example:
      stdsl check my.space other.space
      stdsl check --format concise darts
    """
    for file in files:
        whole, colons, _ = file.rpartition("::")
        if colons and not os.path.exists(file):
            raise click.BadParameter(f"whole files are checked: write {whole}, not {file}", param_hint="FILE")
    sink = _checked(files, run, allow_extern)
    if fix:
        named = {Path(file).resolve() for file in files if file != "-"}
        fixed, rounds = 0, 0
        while rounds < ROUNDS and (n := apply_fixes(sink.diagnostics, named)):
            fixed, rounds, sink = fixed + n, rounds + 1, _checked(files, run, allow_extern)
        if fixed:
            message(f"corrected {fixed} mistake{'s' if fixed != 1 else ''}", quiet)
    found = sink.errors if quiet else sink.diagnostics
    report(found, cast(Format, format_), sys.stdout)
    click.get_current_context().exit(exit_code(found))


def _checked(files: Sequence[str], run: bool, allow_extern: bool) -> Sink:
    """All diagnostics of all files; what several of them import is read once."""
    sink = Sink()
    loader = Loader(sink, allow_extern)
    for file in files:
        module = loader.source(read(file)) if file == "-" else open_module(file, loader)
        if module is not None:
            checked = check_module(module, sink)
            graphs = checked.graphs
            if run and checked.searches:
                from stdsl.compiler.checks.limits import limits

                for search in checked.searches.values():
                    for limit in limits(search):
                        sink.add_once(limit)
            if allow_extern and checked.searches:
                from stdsl.compiler.checks.data_files import folder_of
                from stdsl.runtime.data.own.extern_data import faults_of_data
                from stdsl.runtime.tasks.extern_loss import faults_of_loss

                for search in checked.searches.values():
                    for fault in (*faults_of_data(search.config, folder_of(module)), *faults_of_loss(search.config)):
                        sink.add_once(fault)
            if allow_extern and any(graph.externs for graph in graphs):
                from stdsl.compiler.backends.networks.extern_check import verify_externs

                for graph in graphs:
                    sink.extend(verify_externs(graph))
    return sink

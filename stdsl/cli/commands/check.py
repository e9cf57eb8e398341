"""``stdsl check``."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import click

from stdsl.cli.exit_codes import exit_code
from stdsl.cli.files import read, run_that_keeps
from stdsl.cli.fixes import apply_fixes
from stdsl.cli.options import allow_extern, overrides, quiet
from stdsl.cli.output import message, report
from stdsl.compiler.checks.check import check_module
from stdsl.compiler.checks.opening import search_of
from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.render import Format
from stdsl.compiler.diagnostics.run_files import TextOfRun
from stdsl.compiler.semantics.modules import Loader
from stdsl.compiler.semantics.program import open_module
from stdsl.compiler.text.quoting import visible
from stdsl.target import Target

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
@overrides
@allow_extern
@quiet
def command(
    files: tuple[str, ...],
    format_: str,
    fix: bool,
    run: bool,
    overrides: Mapping[str, str],
    allow_extern: bool,
    quiet: bool,
) -> None:
    """Report all mistakes of files, before anything runs.

    Silent when there are none. Names, shapes of all architectures, settings and constraints are checked; nothing is
    written but with --fix, and no tensor library is needed. `-` reads standard input. Warnings alone are fine (--quiet
    leaves them out). What is extern is not loaded, unless --allow-extern asks to compare the code of operators with
    their blocks on torch's meta device and the first sample of data with its block, and to try losses. Not all that
    the language knows can be run by this version; --run tells what of the searches cannot, as `stdsl plan` does. With
    --set the file is checked with other settings of one search, FILE::SEARCH where there are several.

    \b
    Example:
      stdsl check my.space other.space
      stdsl check --format concise darts
      stdsl check --run my.space::first --set retrain.epochs=1
    """
    if overrides and len(files) > 1:
        raise click.UsageError("--set is of one search: name one file, or a search of it, FILE::SEARCH")
    targets = [Target(file) if os.path.exists(file) else Target.parse(file) for file in files]
    for target in targets:
        if target.name is not None and not overrides:
            fault = f"whole files are checked: write {target.file}, not {target.file}::{target.name}"
            raise click.BadParameter(fault, param_hint="FILE")
    changes = tuple(f"{key}={text}" for key, text in overrides.items())
    sink = _checked(targets, changes, run, allow_extern)
    if fix:
        named = {Path(target.file).resolve() for target in targets if target.file != "-"}
        kept = {path: folder for path in named if (folder := run_that_keeps(path)) is not None}
        named -= kept.keys()
        fixed, rounds = 0, 0
        while rounds < ROUNDS and (n := apply_fixes(sink.diagnostics, named)):
            fixed, rounds, sink = fixed + n, rounds + 1, _checked(targets, changes, run, allow_extern)
        edits = (edit for found in sink.diagnostics if found.fix is not None for edit in found.fix.edits)
        left = dict.fromkeys(edit.span.source.path for edit in edits)
        for path in (path for path in left if path in kept):
            sink.add(TextOfRun(None, visible(str(path)), visible(str(kept[path]))))
        if fixed:
            message(f"corrected {fixed} mistake{'s' if fixed != 1 else ''}", quiet)
    found = sink.errors if quiet else sink.diagnostics
    report(found, cast(Format, format_), sys.stdout)
    click.get_current_context().exit(exit_code(found))


def _checked(targets: Sequence[Target], changes: Sequence[str], run: bool, allow_extern: bool) -> Sink:
    """All diagnostics of all files; what several of them import is read once. ``changes``: to the settings of the
    search that the only target names, or of the only one of its file."""
    sink = Sink()
    loader = Loader(sink, allow_extern)
    for file, name in targets:
        module = loader.source(read(file)) if file == "-" else open_module(file, loader)
        if module is not None:
            asked = search_of(module, name, changes, sink) if changes else None
            checked = check_module(module, sink, asked, warn=True)
            graphs, searches = checked.graphs, list(checked.searches.values())
            if checked.search is not None and checked.search not in searches:
                searches.append(checked.search)  # of another file, from which this one has it
            if run and searches:
                from stdsl.compiler.checks.limits import limits

                for search in searches:
                    for limit in limits(search):
                        sink.add_once(limit)
            if allow_extern and searches:
                from stdsl.compiler.checks.data_files import folder_of
                from stdsl.runtime.data.own.extern_data import faults_of_data
                from stdsl.runtime.tasks.extern_loss import faults_of_loss

                for search in searches:
                    for fault in (*faults_of_data(search.config, folder_of(module)), *faults_of_loss(search.config)):
                        sink.add_once(fault)
            if allow_extern and any(graph.externs for graph in graphs):
                from stdsl.compiler.backends.networks.extern_check import verify_externs

                for graph in graphs:
                    sink.extend(verify_externs(graph))
    return sink

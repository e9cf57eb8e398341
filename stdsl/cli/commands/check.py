"""``stdsl check``."""

from __future__ import annotations

import sys
from typing import cast

import click

from stdsl.cli.exit_codes import exit_code
from stdsl.cli.options import quiet
from stdsl.cli.output import colored
from stdsl.compiler.checks.check import check_module
from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.render import Format, render
from stdsl.compiler.semantics.modules import Loader
from stdsl.compiler.semantics.program import open_module


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
@quiet
def command(files: tuple[str, ...], format_: str, quiet: bool) -> None:
    """Report all mistakes of files, before anything runs.

    Silent when there are none. Names, shapes of all architectures, settings and constraints are checked; nothing is
    written, and no tensor library is needed. Warnings alone are fine (--quiet leaves them out).

    \b
    Example:
      stdsl check my.space other.space
      stdsl check --format concise darts
    """
    sink = Sink()
    loader = Loader(sink)
    for file in files:
        module = open_module(file, loader)
        if module is not None:
            check_module(module, sink)
    found = sink.errors if quiet else sink.diagnostics
    color = colored(sys.stdout)
    click.echo(render(found, cast(Format, format_), color), nl=False, color=color)
    click.get_current_context().exit(exit_code(found))

"""``stdsl new``."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import click

from stdsl.cli.files import write
from stdsl.cli.options import NamedPath, quiet
from stdsl.cli.output import message
from stdsl.compiler.text.quoting import visible

PARTS = ("first.space", "README.md")


@click.command("new")
@click.argument("folder", metavar="DIR", type=NamedPath())
@quiet
def command(folder: Path, quiet: bool) -> None:
    """Make a small project to start from.

    DIR is new or empty; it gets a space with a search in it, and a README with the next two commands.

    \b
    Example:
      stdsl new my_search
    """
    if os.path.exists(folder) and (not os.path.isdir(folder) or any(folder.iterdir())):
        raise click.BadParameter(f"{folder} is there already and not empty", param_hint="DIR")
    project = files("stdsl.cli") / "project"
    for name in PARTS:
        write(folder / name, (project / name).read_text(encoding="utf-8"))
    main = visible(str(folder / PARTS[0]))
    message(f"made {visible(str(folder))}; try\n  stdsl info {main}::small\n  stdsl run {main}", quiet)

"""``stdsl fmt``."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from stdsl.cli.exit_codes import DIAGNOSTICS, exit_code
from stdsl.cli.files import read, run_that_keeps, write
from stdsl.cli.options import quiet
from stdsl.cli.output import exactly, message, tell
from stdsl.compiler.diagnostics.model import Diagnostic, SpaceError
from stdsl.compiler.diagnostics.run_files import TextOfRun
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend.formatter import format_source
from stdsl.compiler.text.quoting import visible


@click.command("fmt")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", "check_only", is_flag=True, help="Change nothing; exit with 1 if a file would change.")
@click.option("--diff", "show_diff", is_flag=True, help="Change nothing; print what would change.")
@quiet
def command(files: tuple[str, ...], check_only: bool, show_diff: bool, quiet: bool) -> None:
    """Bring files into the one canonical layout.

    Files are changed in place; `-` reads standard input and writes standard output. The meaning of a text never
    changes, and no comment is lost. The texts of a run stay as they are.

    \b
    Example:
      stdsl fmt my.space
      stdsl fmt --diff my.space
      stdsl fmt - < my.space
    """
    problems: list[Diagnostic] = []
    changed: list[str] = []
    for file in files:
        try:
            source = read(file)
            text = format_source(source)
        except SpaceError as error:
            problems += error.diagnostics
            continue
        differs = text != source.text
        run = run_that_keeps(Path(file)) if differs and file != "-" and not check_only and not show_diff else None
        if run is not None:
            problems.append(TextOfRun(None, visible(file), visible(str(run))))
            continue
        if differs:
            changed.append(file)
        if show_diff and differs:
            exactly(_diff(source, text))
        if check_only or show_diff:
            continue
        if file == "-":
            exactly(text)
        elif differs:
            write(Path(file), text)
    if problems:
        tell(problems)
        click.get_current_context().exit(exit_code(problems))
    for file in changed:
        if file != "-" and not show_diff:
            message(f"{'would reformat' if check_only else 'reformatted'} {visible(file)}", quiet)
    if check_only and changed:
        click.get_current_context().exit(DIAGNOSTICS)


def _diff(source: Source, text: str) -> str:
    name = visible(source.name)
    before, after = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
    lines = difflib.unified_diff(before, after, name, f"{name} (formatted)")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ no newline at the end\n" for line in lines)

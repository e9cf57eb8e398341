"""``stdsl explain``."""

from __future__ import annotations

import difflib

import click

from stdsl.cli.options import as_json, quiet
from stdsl.cli.output import document, fact
from stdsl.compiler.diagnostics.explain import explain, kind, load_kinds
from stdsl.compiler.diagnostics.model import KINDS


@click.command("explain")
@click.argument("code", metavar="CODE")
@as_json
@quiet
def command(code: str, as_json: bool, quiet: bool) -> None:
    """Explain the code of a message.

    \b
    Example:
      stdsl explain E0204
    """
    found, text = kind(code), explain(code)
    if found is None or text is None:
        load_kinds()
        near = difflib.get_close_matches(code.upper(), KINDS, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise click.BadParameter(f"there is no code {code!r}{hint}", param_hint="CODE")
    if as_json:
        facts = {"code": found.code, "severity": found.severity.value, "title": found.title}
        document({**facts, "explanation": found.explanation.strip()})
    else:
        fact(text, end="")

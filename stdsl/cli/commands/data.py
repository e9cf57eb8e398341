"""``stdsl data``."""

from __future__ import annotations

from typing import Any

import click

from stdsl.cli.options import as_json, quiet
from stdsl.cli.output import document, fact, table


@click.group("data")
def command() -> None:
    """List the data sets that searches can name.

    \b
    Example:
      stdsl data list
    """


@command.command("list")
@as_json
@quiet
def list_(as_json: bool, quiet: bool) -> None:
    """Known data sets, their settings, and the folders that they expect.

    \b
    Example:
      stdsl data list
      stdsl data list --json
    """
    rows = _rows()
    if as_json:
        document(rows)
        return
    for row in rows:
        fact(f"{row['name']}{'' if row['runs'] else '  (can be checked; this version cannot run on it)'}")
        fact(f"  {row['about']}")
        fact(f"  folder: {row['folder'] or 'none, it comes with stdsl'}")
        settings = [(f"  {s['name']}", s["default"], s["about"]) for s in row["settings"]]
        fact(f"{table(settings)}\n")


def _rows() -> list[dict[str, Any]]:
    from stdsl.compiler.schemas.constructors import DATA

    rows = []
    for name, model in DATA.items():
        settings = []
        folder = None
        for key, field in model.model_fields.items():
            if key in model.hidden:
                continue
            if key == "root":
                folder = field.description
            default = "must be given" if field.is_required() else f"= {_text(field.default)}"
            settings.append({"name": key, "default": default, "about": field.description or ""})
        about = (model.__doc__ or "").strip().split("\n")[0]
        rows.append(
            {"name": name, "about": about, "folder": folder, "runs": model.reader is not None, "settings": settings}
        )
    return rows


def _text(value: Any) -> str:
    """A default as one would write it in a search."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case tuple() | list():
            return f"[{', '.join(_text(v) for v in value)}]"
    return str(value)

"""The pages of the reference as texts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from stdsl.compiler.schemas.diagnostics import diagnostics_schema
from stdsl.compiler.text.quoting import json_text
from stdsl.reference.declarations import library
from stdsl.reference.diagnostics import kinds
from stdsl.reference.operations import families
from stdsl.reference.settings import constructors, data_sets, searches, strategies

if TYPE_CHECKING:
    import jinja2


def pages() -> dict[str, str]:
    """File name → text of every page."""
    modules = library()
    plain = [m for m in modules if m.name != "std.strategies"]
    published = [m for m in modules if m.name == "std.strategies"]
    return {
        "operations.md": _render("operations", families=families()),
        "library.md": _render("library", modules=plain),
        "strategies.md": _render("strategies", modules=published),
        "settings.md": _render("settings", families=strategies(), search=searches(), groups=constructors()),
        "datasets.md": _render("datasets", data_sets=data_sets()),
        "diagnostics.md": _render("diagnostics", kinds=kinds()),
        "diagnostics.schema.json": json_text(diagnostics_schema(), indent=2) + "\n",
    }


def cell(text: str) -> str:
    """A text fit for a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """A text as code inside a cell, nothing for nothing."""
    return f"`{cell(text)}`" if text else ""


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__ or "stdsl.reference", "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters.update(cell=cell, code=code)
    return environment


def _render(page: str, **values: object) -> str:
    return _environment().get_template(f"{page}.md.jinja").render(**values)

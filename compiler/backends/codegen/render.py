"""Writes classes and files of Python by the templates in ``templates/``."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from ...record import record
from ...text.quoting import python_doc
from .definitions import Class
from .layout import WIDTH
from .printing import function_lines, text_of

if TYPE_CHECKING:
    import jinja2


@record
class Source:
    """A generated file: its text, and the classes that were printed."""

    text: str
    classes: tuple[Class, ...]


@cache
def environment() -> jinja2.Environment:
    """Templates of Python are plain text: what stands in documentation goes through the filter ``doc``. Those of pages
    (`.html.jinja`) escape all values. An undefined variable is an error."""
    import jinja2

    found = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__.rpartition(".")[0], "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=lambda name: name is not None and name.endswith(".html.jinja"),
    )
    found.filters["doc"] = python_doc
    return found


def render(template: str, **values: Any) -> str:
    return environment().get_template(template).render(**values)


def class_source(found: Class) -> str:
    """The source of one class."""
    doc = found.doc if len(found.doc) + 10 <= WIDTH else found.doc[: WIDTH - 12].rsplit(" ", 1)[0] + " …"
    return render(
        "class.py.jinja",
        name=found.name,
        base=text_of(found.base),
        doc=doc,
        constructor=function_lines(found.constructor, 4),
        forward=function_lines(found.forward, 4) if found.forward is not None else [],
        stays_frozen=found.stays_frozen,
    ).rstrip("\n")

"""Writes class texts as Python, by the templates in ``templates/``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from ...text.quoting import python_comment, python_doc
from .classes import ClassText
from .layout import WIDTH, statement

if TYPE_CHECKING:
    import jinja2


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


def class_source(
    text: ClassText,
    base: str = "nn.Module",
    outputs: str | None = None,
    train: bool = False,
    super_arguments: str = "",
    prologue: Sequence[str] = (),
) -> str:
    """The source of one class. ``outputs`` replaces the returned expression; ``train``: keep frozen modules in
    evaluation mode; ``prologue``: the first lines of the forward pass."""
    init = statement(f"def __init__({', '.join(('self', *text.parameters))}):", 4)
    init.append(f"        super().__init__({super_arguments})")
    for f in text.fields:
        value = f"frozen({f.constructor})" if f.frozen else f.constructor
        init += statement(f"self.{f.target} = {value}", 8)
    for line in text.prepared:
        init += statement(f"{line.target} = {line.expression}", 8)
    forward = statement(f"def forward({', '.join(('self', *text.arguments))}):", 4)
    forward += [f"{' ' * 8}{line}" for line in prologue]
    for line in text.lines:
        lines = statement(f"{line.target} = {line.expression}", 8)
        comment = f"  # {python_comment(line.comment)}" if line.comment else ""
        if len(lines[-1]) + len(comment) <= WIDTH:
            lines[-1] += comment
        forward += lines
    forward += statement(f"return {outputs or ', '.join(text.result)}", 8)
    if text.holds:
        forward = []
    doc = text.doc if len(text.doc) + 10 <= WIDTH else text.doc[: WIDTH - 12].rsplit(" ", 1)[0] + " …"
    return render(
        "class.py.jinja",
        text=ClassText(text.name, doc, text.parameters, text.fields, text.arguments, text.lines, text.result),
        base=base,
        init=init,
        forward=forward,
        has_frozen=train,
    ).rstrip("\n")

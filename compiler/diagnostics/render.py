"""Diagnostics to text, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ..text.quoting import json_text, visible, workflow_property, workflow_text
from .excerpt import full
from .model import Diagnostic, Edit, Severity, in_words
from .source import Span

Format = Literal["full", "concise", "json", "github"]


def render(diagnostics: Sequence[Diagnostic], format: Format, color: bool) -> str:
    """The text of all diagnostics, with a newline at the end unless there is nothing to say.

    - ``full``: each with the lines of source that it is about; the only form that ``color`` changes
    - ``concise``: ``file:line:column: CODE message``, one a line
    - ``json``: a list of objects, see :func:`as_object` (an empty list when there are none)
    - ``github``: workflow commands, which GitHub shows beside the lines of a pull request
    """
    if format == "json":
        return json_text([as_object(d) for d in diagnostics], indent=2) + "\n"
    if format == "full":
        return "\n".join(full(in_words(d), color) for d in diagnostics)
    line = _concise if format == "concise" else _github
    return "".join(f"{line(in_words(d))}\n" for d in diagnostics)


def as_object(d: Diagnostic) -> dict[str, object]:
    """A diagnostic as JSON.

    Keys: ``code``, ``severity`` (``error`` or ``warning``), ``message``, ``span`` (a span or null), ``label`` (the
    words under it), ``labels`` (other places: a list of ``{"span", "text"}``), ``notes`` (a list of strings), ``help``
    (a string or null), ``fix`` (null or ``{"title", "edits": [{"span", "text"}]}``). A span is ``{"file", "start",
    "end"}`` whose ends are ``{"line", "column", "offset"}``; lines and columns count from 1 and characters from 0;
    ``end`` is the first place behind it.
    """
    fix = d.fix
    d = in_words(d)
    return {
        "code": d.code,
        "severity": d.severity.value,
        "message": d.message,
        "span": _span(d.span) if d.span else None,
        "label": d.label,
        "labels": [{"span": _span(label.span), "text": label.text} for label in d.labels],
        "notes": list(d.remarks),
        "help": d.help,
        "fix": {"title": fix.title, "edits": [_edit(e) for e in fix.edits]} if fix else None,
    }


def _edit(edit: Edit) -> dict[str, object]:
    return {"span": _span(edit.span), "text": edit.text}


def _span(span: Span) -> dict[str, object]:
    ends = ((name, offset, span.source.position(offset)) for name, offset in (("start", span.start), ("end", span.end)))
    places = {name: {"line": at.line, "column": at.column, "offset": offset} for name, offset, at in ends}
    return {"file": span.source.name, **places}


def _concise(d: Diagnostic) -> str:
    place = f"{d.span}: " if d.span else ""
    code = f"{d.code} " if d.code else ""
    return f"{place}{code}{_one_line(d.message)}"


def _github(d: Diagnostic) -> str:
    fields: dict[str, object] = {}
    if d.span:
        start, end = d.span.source.position(d.span.start), d.span.source.position(d.span.end)
        fields = {"file": d.span.source.name, "line": start.line, "col": start.column}
        fields |= {"endLine": end.line, "endColumn": end.column}
    fields["title"] = d.code
    command = "error" if d.severity is Severity.ERROR else "warning"
    text = "\n".join((d.message, *d.remarks, *([f"help: {d.help}"] if d.help else [])))
    properties = ",".join(f"{key}={workflow_property(str(value))}" for key, value in fields.items())
    return f"::{command} {properties}::{workflow_text(text)}"


def _one_line(text: str) -> str:
    return visible(" ".join(text.split("\n")))

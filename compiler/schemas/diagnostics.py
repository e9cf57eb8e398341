"""What `stdsl check --format json` prints, as models: the documented schema is made from them.

The renderer builds plain dictionaries, for most checks need no pydantic; tests hold its output against these.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Object(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Position(_Object):
    """A place in a text."""

    line: Annotated[int, Field(ge=1, description="from 1")]
    column: Annotated[int, Field(ge=1, description="from 1, in characters")]
    offset: Annotated[int, Field(ge=0, description="from 0, in characters of the file")]


class Span(_Object):
    """A part of a text."""

    file: Annotated[str, Field(description="the file as it was named, or `command line`, `<stdin>`")]
    start: Position
    end: Annotated[Position, Field(description="the first place behind it")]


class Label(_Object):
    """A place with a few words about it."""

    span: Span
    text: str


class Edit(_Object):
    """Replaces the text of a span; an empty span inserts."""

    span: Span
    text: str


class Fix(_Object):
    """One safe correction, as `--fix` makes it."""

    title: str
    edits: Annotated[list[Edit], Field(min_length=1)]


class Diagnostic(_Object):
    """One mistake, or a warning."""

    code: Annotated[str, Field(pattern="^[EW][0-9]{4}$", description="`stdsl explain CODE` prints the longer text")]
    severity: Literal["error", "warning"]
    message: Annotated[str, Field(min_length=1, description="what is the case")]
    span: Annotated[Span | None, Field(description="the primary place; null where no text is to blame")]
    label: Annotated[str, Field(description="the words under the primary place, perhaps empty")]
    labels: Annotated[
        list[Label],
        Field(description="other places: definitions, decisions, and the calls and spaces that the mistake comes from"),
    ]
    notes: list[str]
    help: Annotated[str | None, Field(description="what to do about it")]
    fix: Fix | None


DIAGNOSTICS: TypeAdapter[list[Diagnostic]] = TypeAdapter(list[Diagnostic])
"""The whole output: all diagnostics of all files, ordered by file and place."""


def diagnostics_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the output."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Diagnostics of stdsl check --format json",
        **DIAGNOSTICS.json_schema(),
    }

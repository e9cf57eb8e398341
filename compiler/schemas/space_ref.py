"""A space as settings name it: text that is elaborated elsewhere."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

from ..diagnostics.source import Span
from ..record import record


@record
class SpaceRef:
    """`darts_cifar(c = 16, layers = 8)`.

    ``expr`` is its syntax tree, to be elaborated in the scope of the file that the search stands in (None when it was
    read back from a run manifest, which holds the text alone).
    """

    text: str
    expr: Any = field(default=None, compare=False, repr=False)
    span: Span | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def _read(cls, value: Any) -> SpaceRef:
        if isinstance(value, SpaceRef):
            return value
        if isinstance(value, str):
            return cls(value)
        raise PydanticCustomError("space", "it is not a space")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        write = core_schema.plain_serializer_function_ser_schema(lambda ref: ref.text)
        return core_schema.no_info_plain_validator_function(cls._read, serialization=write)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string"}

"""Any data set as the value of a setting: of the list of constructors, or one that a text declares."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, ValidationInfo, WrapValidator

from .constructors import DATA
from .data import Data
from .data_extern import ExternData


def _of_its_kind(data: Any, others: Callable[[Any], Any], info: ValidationInfo) -> Any:
    """What a text declares is built where it is read. Of JSON lists are made tuples by the model alone."""
    if isinstance(data, ExternData):
        return data
    if info.mode == "json" and isinstance(data, dict):
        return DATA.get(data.get("kind", ""), ExternData).load(data)
    return others(data)


DECLARED_DATA: Final = WrapValidator(_of_its_kind)
"""Marks a setting that may be data that a text declares."""

if TYPE_CHECKING:
    AnyData = Data
else:
    AnyData = Annotated[reduce(or_, DATA.values()), Field(discriminator="kind"), DECLARED_DATA]

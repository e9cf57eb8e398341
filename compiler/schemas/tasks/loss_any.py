"""Any loss as the value of a setting: of the list, or one that a text declares."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, ValidationInfo, WrapValidator

from .loss_extern import ExternLoss
from .losses import LOSSES, Loss


def _of_its_kind(data: Any, others: Callable[[Any], Any], info: ValidationInfo) -> Any:
    """What a text declares is built where it is read. Of JSON lists are made tuples by the model alone."""
    if isinstance(data, ExternLoss):
        return data
    if info.mode == "json" and isinstance(data, dict) and "target" in data:
        return ExternLoss.load(data)
    return others(data)


DECLARED_LOSS: Final = WrapValidator(_of_its_kind)
"""Marks a setting that may be a loss that a text declares."""

if TYPE_CHECKING:
    AnyLoss = Loss
else:
    AnyLoss = Annotated[reduce(or_, LOSSES), Field(discriminator="kind"), DECLARED_LOSS]

"""The settings of a strategy, whatever its family."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .base import Placed
from .gradient import GradientConfig

StrategyConfig = Annotated[GradientConfig, Field()]

FAMILIES: dict[str, type[Placed]] = {"gradient": GradientConfig}
"""Family name → its settings."""

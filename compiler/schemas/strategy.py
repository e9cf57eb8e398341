"""The settings of a strategy, whatever its family."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .base import Placed
from .evolution import EvolutionConfig
from .gradient import GradientConfig
from .sampling import SamplingConfig
from .trials import BayesConfig, RandomConfig
from .variational import VariationalConfig

StrategyConfig = Annotated[
    GradientConfig | SamplingConfig | VariationalConfig | EvolutionConfig | RandomConfig | BayesConfig,
    Field(discriminator="family"),
]

FAMILIES: dict[str, type[Placed]] = {
    "gradient": GradientConfig,
    "sampling": SamplingConfig,
    "variational": VariationalConfig,
    "evolution": EvolutionConfig,
    "random": RandomConfig,
    "bayes": BayesConfig,
}
"""Family name → its settings."""

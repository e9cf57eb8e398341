"""What changes in a relaxation from step to step: temperatures, samples, decisions that are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import nn

from stdsl.compiler.families.gradient.settings import GradientConfig
from stdsl.compiler.schemas.relax import Gumbel

from ..temperature import temperature

Temperatures = Callable[[int], tuple[float, float]]
Values = Callable[[int], Mapping[str, Any]]


@dataclass(frozen=True)
class Relaxing:
    """``temperatures``: of alternatives and of elements by step, None where they are 1 throughout. ``drawn``: values by
    step of decisions that are held at another one at each. ``sampled``: weights are samples in training, ``hard`` ones
    if so. ``alone``: what is sampled is computed alone, and a step reaches the weights of that."""

    temperatures: Temperatures | None = None
    drawn: Values | None = None
    sampled: bool = False
    hard: bool = False
    alone: bool = False

    def begin(self, supernet: nn.Module, t: int) -> None:
        """Set what step ``t`` has of its own."""
        net: Any = supernet
        if self.drawn is not None:
            net.hold(self.drawn(t))
        if self.temperatures is not None:
            net.temperature, net.keep_temperature = self.temperatures(t)
        if self.sampled:
            net.hard = self.hard

    def end(self, supernet: nn.Module, t: int) -> None:
        """Outside of steps, decisions that are drawn weigh all their alternatives alike."""
        net: Any = supernet
        if self.drawn is not None:
            net.hold(dict.fromkeys(self.drawn(t), "uniform"))

    @contextmanager
    def sampling(self, supernet: nn.Module) -> Iterator[None]:
        """Weights are samples inside, where they are to be."""
        net: Any = supernet
        if not self.sampled:
            yield
            return
        net.sampled = True
        try:
            yield
        finally:
            net.sampled = False


def relaxing(strategy: GradientConfig, steps: int, drawn: Values | None = None) -> Relaxing:
    """What the settings of a strategy say, for a search of ``steps`` steps."""
    mixture = strategy.relax.mixture
    sampled = isinstance(mixture, Gumbel)
    hard = isinstance(mixture, Gumbel) and mixture.hard
    return Relaxing(_temperatures(strategy, steps), drawn, sampled, hard, strategy.relax.drawn)


def _temperatures(strategy: GradientConfig, steps: int) -> Temperatures | None:
    taus = [getattr(settings, "tau", None) for settings in (strategy.relax.mixture, strategy.relax.keep)]
    if all(tau is None or tau.constant == 1 for tau in taus):
        return None

    def at(t: int) -> tuple[float, float]:
        choose, keep = (1.0 if tau is None else temperature(tau, t, steps) for tau in taus)
        return choose, keep

    return at

"""The largest and the smallest architecture beside those that are drawn, and what the largest teaches the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from stdsl.compiler.analysis.architecture import Architecture

from ...tasks.criterion import Criterion, Output


@dataclass(frozen=True)
class Sandwiched:
    """The sandwich rule with in-place distillation (Yu and Huang, "Universally Slimmable Networks and Improved Training
    Techniques", ICCV 2019, §3; Yu et al., "BigNAS", ECCV 2020, §3.1). ``distill``: the share of the loss of all paths
    but the largest that the largest one's soft targets have; the rest is that of the true ones."""

    smallest: Architecture
    largest: Architecture
    distill: float

    def around(self, drawn: Sequence[Architecture]) -> list[Architecture]:
        """The paths of a step: the largest first, which teaches the others."""
        return [self.largest, *drawn, self.smallest]

    def loss(self, criterion: Criterion, output: Output, targets: Tensor, teacher: Output | None) -> Tensor:
        """Of a path; ``teacher``: what the largest one gave for the same samples, None for itself."""
        if teacher is None or not self.distill:
            return criterion(output, targets)
        soft = criterion.soft(output, teacher, targets)
        return soft if self.distill == 1 else self.distill * soft + (1 - self.distill) * criterion(output, targets)

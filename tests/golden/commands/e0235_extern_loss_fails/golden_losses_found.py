"""A loss for each sample, where one number is asked for."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class Apart(nn.Module):
    def __init__(self, reduction: str) -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, given: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(given, targets, reduction=self.reduction)

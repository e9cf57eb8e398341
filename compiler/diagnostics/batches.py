"""Batches that a network cannot be trained on."""

from __future__ import annotations

from typing import ClassVar

from .model import Diagnostic, Label, kind
from .source import Span


@kind
class BatchOfOne(Diagnostic):
    """A batch of one sample, and a batch-norm that gets one value per channel from it. ``samples``: why the batch is
    so small, where it is not `batch` that says so."""

    samples: str = ""
    norm: Span | None = None
    setting: str = "batch"

    code: ClassVar[str] = "E0541"
    title: ClassVar[str] = "a batch of one sample"
    explanation: ClassVar[str] = """\
In training `bn` computes mean and variance of each channel over the batch and all positions. Where a tensor has one
position left and the batch one sample, that is a single value, which has no variance.

    y = video -> conv(8, 1x3x3) -> max_pool(8x8x8, stride = 8) -> bn      one position of a clip(8, 8, 8, 8)

    retrain { batch = 1 }      E0541
    retrain { batch = 8 }      eight values per channel

Normalise where there are more positions, or leave the norm out."""

    @property
    def message(self) -> str:
        cause = f" ({self.samples})" if self.samples else ""
        return f"a batch of one sample{cause} gives `bn` a single value per channel, of which there is no variance"

    @property
    def label(self) -> str:
        return "asked for here"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return () if self.norm is None else (Label(self.norm, "one position is left here"),)

    @property
    def help(self) -> str:
        more = "give the data more samples" if self.samples else f"set `{self.setting}` to 2 or more"
        return f"{more}, or normalise where the tensor has more positions"

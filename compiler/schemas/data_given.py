"""Data that a program gives to a run from Python, in place of that of the search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from .data import Data, DataSignature


class Given(Data):
    """No text can name it: what it is like is known of the data itself (``found``), which the run was started with."""

    reader: ClassVar[str | None] = "given:not_at_hand"

    kind: Literal["given"] = "given"
    changes: bool = Field(default=False, description="Whether a training sample looks different from epoch to epoch")

    def signature(self) -> DataSignature:
        if self.found is None:
            return DataSignature(())
        return DataSignature(self.found.inputs, self.found.targets)

    def samples(self, splits: Sequence[str]) -> int | None:
        sizes = self.found.sizes if self.found is not None else None
        return sum(sizes[split] for split in splits) if sizes is not None else None

    def varies(self) -> bool:
        return self.changes

"""Data that a program gives to a run from Python, in place of that of the search."""

from collections.abc import Callable
from typing import ClassVar, Literal, Self

from pydantic import Field, PrivateAttr

from .data import Data, DataSignature
from .tasks.task import TaskName


class Given(Data):
    """No text can name it: what it is like is known of the data itself (``found``), which the run was started with."""

    reader: ClassVar[str | None] = "own.given:not_at_hand"

    kind: Literal["given"] = "given"
    changes: bool = Field(default=False, description="Whether a training sample looks different from epoch to epoch")

    _taken: Callable[[TaskName | None], Self] | None = PrivateAttr(default=None)

    _origin: str | None = PrivateAttr(default=None)

    @property
    def origin(self) -> str | None:
        """The class that makes it anew, where it is not at hand and has said so."""
        return self._origin

    @classmethod
    def made_by(cls, origin: str | None) -> Self:
        """Data that is not at hand."""
        made = cls()
        made._origin = origin
        return made

    @classmethod
    def taken_by(cls, taken: Callable[[TaskName | None], Self]) -> Self:
        """Data that is looked at when the task of its search is known, for that may say what its targets are."""
        made = cls()
        made._taken = taken
        return made

    def for_task(self, task: TaskName | None) -> Self:
        return self if self._taken is None else self._taken(task)

    def signature(self) -> DataSignature:
        if self.found is None:
            return DataSignature(())
        return DataSignature(self.found.inputs, self.found.targets)

    def varies(self) -> bool:
        return self.changes

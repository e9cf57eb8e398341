"""What the targets of a data set are, with how numbers among them are scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stdsl.compiler.schemas.tasks.targets import TargetSignature, class_targets
from stdsl.compiler.schemas.tasks.task import Task, task_of

VOID = -(2**31)
"""The class of a position that has none, and is left out of losses and metrics; a number that is no mistaken label."""


@dataclass(frozen=True, slots=True)
class Targets:
    """``signature``: all of it is known. ``mean``, ``std``: what numbers were scaled by, one for each; () where they
    are as they stand in the data. ``void``: whether positions may have no class, which is ``VOID`` there."""

    signature: TargetSignature
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    void: bool = False

    @property
    def task(self) -> Task:
        """What is to be told. Raises ValueError where no task has such targets."""
        found = task_of(self.signature)
        if found is None:
            raise ValueError(f"no task has targets that are {self.signature}")
        return found

    @property
    def names(self) -> tuple[str, ...]:
        return self.signature.names or ()

    def scaled(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Numbers (N, C, …) as networks are trained on them, float32; classes as they are."""
        if self.signature.kind == "classes":
            return values
        with np.errstate(over="ignore", invalid="ignore"):  # what is no finite number then is told of as such
            if not self.mean:
                return np.ascontiguousarray(values, np.float32)
            mean, std = (np.array(own).reshape(-1, *[1] * (values.ndim - 2)) for own in (self.mean, self.std))
            # Great numbers that hardly differ are all the same as float32: they are centred before.
            return np.ascontiguousarray((values - mean) / std, np.float32)

    def document(self) -> dict[str, Any]:
        """As runs and exported files have it: ``mean`` and ``std`` turn what a network gives into the data's units."""
        own = self.signature
        facts: dict[str, Any] = {"task": self.task.name, "kind": own.kind, "names": list(self.names)}
        facts |= {"positions": list(own.positions)} if own.positions else {}
        return facts | ({"mean": list(self.mean), "std": list(self.std)} if self.mean else {})


def targets_of(dataset: Any) -> Targets:
    """What a data set says in ``targets`` of what is to be told; else a class for each sample."""
    said = getattr(dataset, "targets", None)
    if isinstance(said, Targets):  # others have something else of that name: their labels
        return said
    names = tuple(dataset.classes)
    return Targets(class_targets(len(names), names))

"""How inputs are scaled before they enter a network; without a tensor library, for files are used without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_GREAT = 1e30


@dataclass(frozen=True, slots=True)
class Normalisation:
    """How inputs are scaled before they enter a network; written into exported files.

    ``per_sample``: every sample to mean 0 and deviation 1 over all its elements. Else ``mean`` and ``std`` are per
    channel. ``only``: the inputs that this is about, by the data's names; (): all. ``each``: instead of all that, a
    normalisation of its own for each input by name. ``columns``: of features made of a table, the column of each, and
    the category that it stands for with 0 or 1 (None: a number; where it is missing, the mean).
    """

    per_sample: bool = False
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    only: tuple[str, ...] = ()
    each: tuple[tuple[str, Normalisation], ...] = ()
    columns: tuple[tuple[str, str | None], ...] = ()

    def document(self) -> dict[str, Any]:
        """As exported files have it: what is not said is left out, ``each`` is a table by the inputs' names."""
        facts: dict[str, Any] = {
            name: value for name in ("per_sample", "mean", "std", "only", "columns") if (value := getattr(self, name))
        }
        return facts | ({"each": {name: own.document() for name, own in self.each}} if self.each else {})

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Normalisation:
        """What :meth:`document` gave."""
        each = tuple((name, cls.read(own)) for name, own in document.get("each", {}).items())
        columns = tuple((column, category) for column, category in document.get("columns", ()))
        lists = {name: tuple(document.get(name, ())) for name in ("mean", "std", "only")}
        return cls(per_sample=bool(document.get("per_sample")), each=each, columns=columns, **lists)

    def of(self, name: str) -> Normalisation:
        """That of one input."""
        if self.each:
            return dict(self.each)[name]
        return Normalisation() if self.only and name not in self.only else self

    def applied(self, values: npt.NDArray[Any], channels: int = 1) -> npt.NDArray[np.float32]:
        """A batch of one input (N, …), normalised; ``channels``: the axis that ``mean`` and ``std`` are along. What is
        float64 is centred as such: great numbers that hardly differ are all the same as float32."""
        # What is no finite number afterwards is told of where samples are checked.
        with np.errstate(over="ignore", invalid="ignore"):
            return self._applied(values, channels)

    def _applied(self, values: npt.NDArray[Any], channels: int) -> npt.NDArray[np.float32]:
        exact = np.float64 if values.dtype == np.float64 else np.float32
        if self.per_sample:
            axes = tuple(range(1, values.ndim))
            mean, std = values.mean(axes, keepdims=True), np.maximum(values.std(axes, keepdims=True), 1e-6)
        elif self.mean:
            shape = [-1 if axis == channels else 1 for axis in range(values.ndim)]
            mean = np.array(self.mean, exact).reshape(shape)
            if max(self.std) > _GREAT or min(self.std) < 1 / _GREAT:  # which float32 may not hold before it is divided
                exact_std = np.array(self.std, np.float64).reshape(shape)
                return np.ascontiguousarray((values - mean) / exact_std, np.float32)
            std = np.array(self.std, np.float32).reshape(shape)
        else:
            return np.ascontiguousarray(values, np.float32)
        scaled = np.ascontiguousarray(values - mean, np.float32)
        scaled /= std.astype(np.float32)
        return scaled

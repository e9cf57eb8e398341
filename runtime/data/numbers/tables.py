"""``table``: rows of a file as a data set."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch

from stdsl.compiler.datafiles.splits import TRAIN
from stdsl.compiler.datafiles.table_doubts import Doubt, doubts_of_features, doubts_of_targets, strangers
from stdsl.compiler.datafiles.tables import PackageMissing, missing, read_table
from stdsl.compiler.diagnostics.data import PackageNeeded
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data_tables import Table
from stdsl.compiler.schemas.tasks.targets import TargetSignature

from ...randomness import key, keys
from ..batch import Batch, Normalisation
from ..loading.division import divided
from ..loading.statistics import channel_statistics
from ..opening import reading
from ..scale import Scale
from ..targets import Targets
from .table_features import feature_values, filled
from .target_doubts import target_doubts


class TableDataset:
    """Rows (N, C) of float32: numbers standardised by the rows to train on, categories as they are, 0 or 1. All of it
    stays in memory; a row looks the same in every epoch."""

    def __init__(self, settings: Table, seed: int, folder: Path, place: Span | None) -> None:
        try:
            with reading(settings.kind, place):
                table = read_table(folder / settings.file)
                assert table is not None, "without a limit nothing is too large"
                found = settings.encoding(table)
        except PackageMissing:
            raise RunError([PackageNeeded(place, settings.kind, "pyarrow", "table")]) from None
        self.settings, self._table = settings, table
        self._encoding, self._features = found, found.features
        self._values = feature_values(table, found.features)
        sorts = np.array(found.sorts, np.int64)
        train = np.array(found.splits[TRAIN], np.int64)
        ranks = keys(key(settings.seed, "split", settings.kind), train)
        parts = divided(sorts[train], ranks, settings.shares.beside(found.splits))
        given = {split: np.array(rows, np.int64) for split, rows in found.splits.items() if split != TRAIN}
        self._rows = {split: train[chosen] for split, chosen in parts.items()} | given
        self._unscaled: npt.NDArray[Any] = sorts if found.kind == "classes" else np.array(found.targets, np.float64)

    @property
    def classes(self) -> tuple[str, ...]:
        return () if self._encoding.kind == "numbers" else self._encoding.names

    @cached_property
    def targets(self) -> Targets:
        found = self._encoding
        signature = TargetSignature(found.kind, len(found.names), found.names, ())
        if found.kind != "numbers" or not self.settings.scale_target:
            return Targets(signature)
        mean, std = channel_statistics([self._unscaled[self._rows[TRAIN]]])
        return Targets(signature, mean, std)

    @property
    def inputs(self) -> tuple[str, ...]:
        return ("features",)

    @cached_property
    def normalisation(self) -> Normalisation:
        mean, std = channel_statistics([self._values[self._rows[TRAIN]]])
        numbers = [category is None for _, category in self._features]
        return Normalisation(
            mean=tuple(m if plain else 0.0 for m, plain in zip(mean, numbers, strict=True)),
            std=tuple(s if plain else 1.0 for s, plain in zip(std, numbers, strict=True)),
            columns=self._features,
        )

    def scaled_as(self, scale: Scale) -> Self:
        """The same rows in other units, and with their features in the order of those."""
        twin = copy(self)
        twin.targets, twin.normalisation = scale.told(self.targets), scale.normalisation
        twin._features = scale.normalisation.columns
        twin._values = feature_values(self._table, twin._features)
        return twin

    def remarks(self) -> tuple[str, ...]:
        """The columns in which something is missing."""
        names = dict.fromkeys(name for name, _ in self._features)
        empty = {name: sum(map(missing, self._table.columns[name])) for name in names}
        cells = [f"{count:,} cells of `{name}` are empty" for name, count in empty.items() if count]
        return tuple(cells)

    def doubts(self) -> Iterator[Doubt]:
        """What may be meant otherwise."""
        if self._encoding.kind == "numbers":
            yield from target_doubts(self.split_targets(TRAIN), self._encoding.names, self.settings.scale_target)
        elif self._encoding.kind == "classes" and isinstance(self.settings.target, str):
            yield from doubts_of_targets(self._table, (self.settings.target,))
        names = dict.fromkeys(name for name, category in self._features if category is not None)
        yield from doubts_of_features(self._table, names, self.settings.categories)
        for name, text, _ in strangers(self._table, self._features):
            told = f"no text of its column `{name}` was there in training: `{text}`, say"
            yield told, "spell its texts as in training"

    def size(self, split: str) -> int:
        return len(self._rows[split])

    def varies(self, split: str) -> bool:
        return False

    def in_whole(self, split: str, index: int) -> str:
        """Which row of the table it is, from 1."""
        return f"row {int(self._rows[split][index]) + 1} of the table"

    def split_targets(self, split: str) -> npt.NDArray[Any]:
        """The targets of all rows of a split."""
        return self._unscaled[self._rows[split]]

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        rows = self._rows[split][indices]
        scaled = self.normalisation.applied(filled(self._values[rows], self.normalisation.mean))
        return Batch((torch.from_numpy(scaled),), torch.from_numpy(self.targets.scaled(self._unscaled[rows])))

"""What a network has to know of the data that it is trained on, kept in a run and written into exported files."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from stdsl.compiler.diagnostics.data import DataChanged
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.diagnostics.source import Span

from ..tracking.files import read_bytes, write_json
from .batch import Dataset
from .targets import targets_of
from .wrapped import bytes_of

_CLOSE = 1e-6
"""So far statistics may be apart, relatively, that another machine computes of the same samples."""


class DataFacts(BaseModel):
    """``inputs``: the names of what a sample has, in the data's order. ``normalisation`` and
    ``targets``: as ``Normalisation.document`` and ``Targets.document`` have them. ``of_bytes``: the inputs that came as
    bytes and were scaled to 0…1; None where the data set does not say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    classes: tuple[str, ...]
    inputs: tuple[str, ...]
    normalisation: dict[str, Any]
    targets: dict[str, Any]
    of_bytes: tuple[str, ...] | None = None

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        return cls(
            classes=dataset.classes,
            inputs=dataset.inputs,
            normalisation=dataset.normalisation.document(),
            targets=targets_of(dataset).document(),
            of_bytes=bytes_of(dataset),
        )


def kept_facts(path: Path) -> DataFacts | None:
    """Those that a run has in the file ``path``; None where it has none yet. Raises RunError."""
    try:
        return DataFacts.model_validate_json(read_bytes(path))
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise RunError([RunFileDamaged(None, str(path), "it does not say what the data is like")]) from error


def keep_facts(path: Path, dataset: Dataset, name: str, place: Span | None) -> None:
    """Write those of ``dataset``, or where that was done before hold it to them. Raises RunError where they differ."""
    kept, now = kept_facts(path), DataFacts.of(dataset)
    if kept is None:
        write_json(path, now.model_dump(mode="json"))
        return
    faults = [f"its {what} are others" for what in ("classes", "inputs") if getattr(kept, what) != getattr(now, what)]
    if kept.of_bytes is not None and now.of_bytes is not None and kept.of_bytes != now.of_bytes:
        faults.append("other inputs are bytes, which are scaled to 0…1")
    for part, fault in (
        ("normalisation", "the statistics of the samples to train on are others"),
        ("targets", "what is to be told is something else, or its statistics are others"),
    ):
        before, after = (list(_numbers(facts.model_dump(mode="json")[part])) for facts in (kept, now))
        if not faults and (len(before) != len(after) or not all(map(_near, before, after))):
            faults.append(fault)
    if faults:
        raise RunError([DataChanged(place, name, "; ".join(faults))])


def _numbers(value: Any) -> Iterator[object]:
    """The leaves of a document with their keys."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers(inner)
    else:
        yield value


def _near(a: object, b: object) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=_CLOSE, abs_tol=_CLOSE)
    return a == b

"""What a network has to know of the data that it is trained on, kept in a run and written into exported files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from stdsl.compiler.diagnostics.data import DataChanged
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.text.documents import parsed_json

from ...tracking.files import read_bytes, write_json
from ...tracking.sealed import sealed, unsealed
from ..batch import Dataset
from ..loading.wrapped import bytes_of
from ..targets import targets_of
from .fingerprint import Fingerprint

_CLOSE = 1e-6
"""So far statistics may be apart, relatively, that another machine computes of the same samples."""


class DataFacts(BaseModel):
    """``inputs``: the names of what a sample has, in the data's order. ``normalisation`` and
    ``targets``: as ``Normalisation.document`` and ``Targets.document`` have them. ``of_bytes``: the inputs that came as
    bytes and were scaled to 0…1; None where the data set does not say. ``fingerprint``: by what the data of a run is
    known again; None in runs of older versions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    classes: tuple[str, ...]
    inputs: tuple[str, ...]
    normalisation: dict[str, Any]
    targets: dict[str, Any]
    of_bytes: tuple[str, ...] | None = None
    fingerprint: Fingerprint | None = None

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
        return DataFacts.model_validate(unsealed(parsed_json(read_bytes(path))))
    except FileNotFoundError:
        return None
    except (ValidationError, ValueError, RecursionError) as error:
        raise RunError([RunFileDamaged(None, str(path), "it does not say what the data is like")]) from error


def keep_facts(path: Path, dataset: Dataset, name: str, place: Span | None) -> None:
    """Write those of ``dataset``, or where that was done before hold it to them. Raises RunError where they differ."""
    kept, now = kept_facts(path), DataFacts.of(dataset)
    if kept is None:
        facts = now.model_copy(update={"fingerprint": Fingerprint.of(dataset)})
        write_json(path, sealed(facts.model_dump(mode="json")))
        return
    _hold(kept, now, dataset, name, place)


def hold_facts(path: Path, dataset: Dataset, name: str, place: Span | None) -> None:
    """Hold ``dataset`` to what another run, whose weights are used with it, has in the file ``path``. Raises RunError
    where it differs, or the file is gone."""
    kept = kept_facts(path)
    if kept is None:
        raise RunError([RunFileDamaged(None, str(path), "it is gone")])
    _hold(kept, DataFacts.of(dataset), dataset, name, place)


def _hold(kept: DataFacts, now: DataFacts, dataset: Dataset, name: str, place: Span | None) -> None:
    faults = [f"its {what} are others" for what in ("classes", "inputs") if getattr(kept, what) != getattr(now, what)]
    if kept.of_bytes is not None and now.of_bytes is not None and kept.of_bytes != now.of_bytes:
        faults.append("other inputs are bytes, which are scaled to 0…1")
    before, after = (facts.model_dump(mode="json") for facts in (kept, now))
    if not faults and not _same(before["normalisation"], after["normalisation"]):
        faults.append("the statistics of the samples to train on are others")
    if not faults and not _same(before["targets"], after["targets"]):
        faults.append("what is to be told is something else, or its statistics are others")
    if not faults and kept.fingerprint is not None:
        older = kept.fingerprint.decoded is None
        faults += kept.fingerprint.differences(Fingerprint.of(dataset, older))
    if faults:
        raise RunError([DataChanged(place, name, "; ".join(faults))])


def _same(before: Any, after: Any) -> bool:
    """Whether documents say the same, but for the last digits of statistics. A mean may be near 0 in any units: it is
    compared beside the deviation of its channel."""
    if isinstance(before, dict) and isinstance(after, dict):
        columns = [one.get(key) or [] for key in ("mean", "std") for one in (before, after)]
        if columns[0] and len(set(map(len, columns))) == 1:
            rows = zip(*columns, strict=True)
            near = all(abs(a - b) <= _CLOSE * max(abs(a), s) and abs(s - t) <= _CLOSE * s for a, b, s, t in rows)
            rest = [{key: own for key, own in one.items() if key not in ("mean", "std")} for one in (before, after)]
            return near and _same(*rest)
        return before.keys() == after.keys() and all(_same(before[key], after[key]) for key in before)
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_same, before, after))
    return bool(before == after)

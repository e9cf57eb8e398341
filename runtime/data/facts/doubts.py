"""What of a data set may be meant otherwise than it is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from stdsl.compiler.datafiles.table_doubts import Doubt
from stdsl.compiler.diagnostics.data import DataDoubtful
from stdsl.compiler.diagnostics.source import Span

from ..batch import Dataset
from ..loading.wrapped import inside
from ..targets import targets_of


@runtime_checkable
class Doubtful(Protocol):
    """A data set that knows what is doubtful about what it reads."""

    def doubts(self) -> Iterator[Doubt]: ...


def doubts(dataset: Dataset, called: str, place: Span | None) -> Iterator[DataDoubtful]:
    """Warnings at ``place``, which asks for it."""
    own = targets_of(dataset)
    if own.signature.kind == "classes" and own.signature.count == 1:
        what = f"all its samples are of one class, `{own.names[0]}`"
        yield DataDoubtful(place, called, what, "a network learns nothing from them: add samples of other classes")
    inner = inside(dataset)
    if isinstance(inner, Doubtful):
        for what, advice in inner.doubts():
            yield DataDoubtful(place, called, what, advice)

"""Data sets as settings, and what their samples look like."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from annotated_types import Gt, Lt
from pydantic import PrivateAttr

from ..record import record
from .base import Constructor
from .tasks.targets import UNKNOWN, TargetSignature
from .tasks.task import TaskName, named

Layout = Literal["image", "clip", "tokens", "features"]

Half = Annotated[float, Gt(0), Lt(1)]
"""A share of samples that leaves some on both sides."""


@record
class InputSignature:
    """One input of a sample.

    ``shape`` is (C, H, W) of an image, (C, T, H, W) of a clip, (N, C) of tokens, (C) of features; a dimension is None
    when it is only known at run time.
    """

    name: str
    layout: Layout
    shape: tuple[int | None, ...]

    def __str__(self) -> str:
        return f"{self.layout}({', '.join('?' if n is None else str(n) for n in self.shape)})"


@record
class DataSignature:
    """What a data set gives: its inputs in order (none: only known at run time), and its targets."""

    inputs: tuple[InputSignature, ...]
    targets: TargetSignature = UNKNOWN

    def fits(self, inputs: Sequence[InputSignature]) -> bool:
        """Whether a network with these inputs can take it. The names of inputs do not matter unless there are several
        and all of the network's are names of the data's: then they may come in another order."""
        if not self.inputs:
            return True
        own = self.ordered([i.name for i in inputs])
        return len(own) == len(inputs) and all(_agree(a, b) for a, b in zip(own, inputs, strict=True))

    def ordered(self, names: Sequence[str]) -> tuple[InputSignature, ...]:
        """The inputs in the order of ``names`` where these are the data's names, else in their own."""
        by_name = {i.name: i for i in self.inputs}
        return tuple(by_name[n] for n in names) if by_name.keys() == set(names) else self.inputs

    def __str__(self) -> str:
        return f"{described(self.inputs)}, {self.targets}"


@record
class Found:
    """What the files of a data set say of it before they are read: headers, names of folders, labels.

    The number and names of classes, and ``sizes`` (of `train`, `valid` and `test`), are None where that takes too much
    reading. A run keeps it, so that what it is made from stays the same.
    """

    inputs: tuple[InputSignature, ...]
    targets: TargetSignature
    sizes: Mapping[str, int] | None


def described(inputs: Sequence[InputSignature]) -> str:
    """Inputs in a row, with their names where there are several."""
    if not inputs:
        return "inputs unknown before the data is read"
    return str(inputs[0]) if len(inputs) == 1 else ", ".join(f"{i.name}: {i}" for i in inputs)


def _agree(a: InputSignature, b: InputSignature) -> bool:
    return (
        a.layout == b.layout
        and len(a.shape) == len(b.shape)
        and all(x is None or y is None or x == y for x, y in zip(a.shape, b.shape, strict=True))
    )


class Data(Constructor):
    """Base of all data sets. ``kind``: what it is called, a literal with that default."""

    kind: str
    reader: ClassVar[str | None] = None
    """What reads it, `room.module:name` in ``runtime/data``: called with the settings, the search's seed, the folder
    that relative paths start from, and the text that asks for it. None where this version has nothing that does."""

    asks_task: ClassVar[bool] = False
    """Whether its setting `targets`, where it says nothing, leaves it to the task of the search what targets are."""

    views: ClassVar[frozenset[str]] = frozenset()
    """What of a sample there may be several of when networks are measured: `clips` along a video, `crops` of a
    frame."""

    _found: Found | None = PrivateAttr(default=None)
    _unreadable: bool = PrivateAttr(default=False)

    @property
    def unreadable(self) -> bool:
        """Whether its files were looked at, and hold something else."""
        return self._unreadable

    @property
    def found(self) -> Found | None:
        """What its files say, where they were looked at."""
        return self._found

    @property
    def at_positions(self) -> bool:
        """Whether its settings say that a sample has targets at the positions of a grid, even where only the files tell
        of which."""
        return False

    def knowing(self, found: Found | None, unreadable: bool = False) -> Self:
        """The same settings with what the files say, or that they are ``unreadable``."""
        copy = self.model_copy()
        copy._found, copy._unreadable = found, unreadable
        return copy

    def for_task(self, task: TaskName | None) -> Self:
        """The same settings, with targets read as a search's ``task`` asks, where a setting `targets` leaves that
        open."""
        if task is None or not self.asks_task or getattr(self, "targets", None) is not None:
            return self
        return self.model_copy(update={"targets": named(task)[0].asks})

    def look(self, folder: Path) -> Found | None:
        """What its files say of it; None where the settings say all. ``folder``: what relative paths start from.

        Raises FilesAbsent and FileDamaged of ``compiler/datafiles``.
        """
        return None

    def signature(self) -> DataSignature:
        """What its samples look like, from the settings and what was found; nothing is read."""
        raise NotImplementedError

    def samples(self, splits: Sequence[str]) -> int | None:
        """How many there are in some of the splits `train`, `valid` and `test`, by what was found; None: only the files
        tell."""
        sizes = self.found.sizes if self.found is not None else None
        return sum(sizes[split] for split in splits) if sizes is not None else None

    def preparation(self) -> Mapping[str, Any] | None:
        """What is done to a file before its values are scaled, for those who use a network without its data: `kind`
        (`image` or `clip`) and the settings that say how, with the names of several ``inputs``; None where samples come
        from no files of their own."""
        return None

    def way_to(self, task: TaskName) -> str | None:
        """What its settings have to say so that its targets are those of a task, where they may be."""
        return None

    def written(self, name: str) -> str | None:
        """How its text states a number that is not known, such as `classes`; None where it cannot."""
        return f"in the data: `{self.kind}(…, {name} = N)`" if name in type(self).model_fields else None

    def varies(self) -> bool:
        """Whether a training sample looks different from epoch to epoch (random crops, mirroring, segments)."""
        return True

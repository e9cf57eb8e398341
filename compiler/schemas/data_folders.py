"""What data sets of files in a folder for each class, or in a list, have in common."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le
from pydantic import Field

from ..datafiles.class_folders import ClassFolders
from ..datafiles.listed_files import ListedFiles, listed_files
from ..datafiles.matched_files import MatchedFiles, Sort, matched_folders, matched_list
from ..datafiles.splits import Shares
from .base import Border, Classes, Conflict, Fraction, Natural, Pixels, Share
from .data import Data, DataSignature, Found, Half, InputSignature, Layout
from .tasks.targets import TargetSignature
from .tasks.task import TaskName

Channels = Literal[3, 2, 1]
"""Of an image: 3 are colour, 2 its red and green parts, 1 is grey."""


class Folder(Data):
    """Base of data sets with a folder for each class, in the splits `train`, `val` and `test`, or without any."""

    layout: ClassVar[Layout]
    """What a file is, and what its input is called where ``inputs`` says nothing."""

    sort: ClassVar[Sort]
    """What is told to be one by its name."""

    counted: ClassVar[int] = 20_000
    """So many samples are counted when a text is checked; of more the number is unknown then."""

    root: str = Field(description="Folder that holds `train/CLASS/…`, `val/CLASS/…` and `test/CLASS/…`, or `CLASS/…`")
    list: str | None = Field(
        default=None,
        description="Table of files in place of folders: columns `path` (from `root`, or the folder of an input, on), "
        "`label` and perhaps `split`",
    )
    labels: tuple[str, ...] | str | None = Field(
        default=None,
        description="Columns of `list` in place of `label`, where several labels may apply to a file: one for each, 0 "
        "or 1, or a single one that names those that apply, with `;` or `|` between them",
    )
    inputs: tuple[str, ...] = Field(
        default=(),
        description="Folders in `root`, one for each input of a sample, with the same files: "
        "`root/INPUT/train/CLASS/…`; none: there is one input, in `root` itself",
    )
    size: Pixels = Field(default=224, description="Height and width of the crop")
    resize: Pixels | None = Field(
        default=None, description="Length of the short side before the crop; none: 8/7 of the crop"
    )
    channels: Channels | tuple[Channels, ...] = Field(
        default=3,
        description="3: colour, 1: grey, 2: red and green alone, as of a flow that is kept as images; of all inputs or "
        "a list",
    )
    classes: Classes | None = Field(
        default=None, description="Number of classes; none: as many as there are folders, or labels in the list"
    )
    valid: Half = Field(default=0.5, description="Share of the training samples that decisions learn from")
    test: Half = Field(default=0.2, description="Share of all samples that only results are measured on")
    crop: bool = Field(default=True, description="Crop training samples at random; else at the centre")
    flip: bool = Field(default=True, description="Mirror training samples at random")
    pad: Border = Field(default=0, description="Pixels around a training sample before the crop, its own reflection")
    colour: Fraction = Field(
        default=0.0,
        description="Brightness, contrast and saturation of training samples change by up to this share; of several "
        "inputs those of 3 channels",
    )
    randaugment: Annotated[int, Ge(0), Le(16)] = Field(
        default=0,
        description="So many changes of each training sample, drawn among 14 (turned, sheared, moved, brighter, …: "
        "RandAugment)",
    )
    magnitude: Share = Field(default=0.3, description="How large the changes of `randaugment` are, of the largest")
    flow: tuple[str, ...] = Field(
        default=("flow",), description="Inputs whose first channel is a movement to the right, inverted by mirroring"
    )
    seed: Natural = Field(default=0, description="Seed of the division into splits, which the search's does not change")
    damaged: Share = Field(default=0.01, description="Share of the files that may be damaged before a run ends")
    cache: Annotated[int, Ge(0), Le(1_048_576)] = Field(
        default=512, description="MiB of decoded samples that are kept in memory"
    )

    @property
    def side(self) -> int:
        """The short side before the crop."""
        return self.resize if self.resize is not None else max(self.size, round(self.size * 8 / 7))

    @property
    def shares(self) -> Shares:
        return Shares(self.valid, self.test)

    @property
    def channels_each(self) -> tuple[Channels, ...]:
        """The channels of each input."""
        return self.channels if isinstance(self.channels, tuple) else (self.channels,) * max(1, len(self.inputs))

    @property
    def coloured(self) -> tuple[bool, ...]:
        """Which inputs `colour` changes: no flow, and of several only those in colour."""
        several = len(self.inputs) > 1
        pairs = zip(self.given, self.channels_each, strict=False)
        return tuple(own.name not in self.flow and n != 2 and (n == 3 or not several) for own, n in pairs)

    def files(self, folder: Path) -> ClassFolders | ListedFiles | MatchedFiles:
        """The files, told by their names or by the list. ``folder``: what relative paths start from. Raises
        FilesAbsent and FileDamaged."""
        root = folder / self.root
        if self.list is None:
            return matched_folders(root, self.inputs, self.folders, self.sort) if self.inputs else self.folders(root)
        if not self.inputs:
            return listed_files(folder / self.list, root, self.labels)
        first = listed_files(folder / self.list, root / self.inputs[0], self.labels)
        return matched_list(root, self.inputs, first, self.sort)

    def folders(self, root: Path) -> ClassFolders:
        """The files, told by their names. Raises FilesAbsent and FileDamaged."""
        raise NotImplementedError

    @property
    def given(self) -> tuple[InputSignature, ...]:
        """What a sample holds."""
        # A list of another length is told of as a conflict.
        pairs = zip(self.inputs or (self.layout,), self.channels_each, strict=False)
        return tuple(InputSignature(name, self.layout, (n, *self.sizes)) for name, n in pairs)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes of an input beside its channels."""
        return (self.size, self.size)

    def preparation(self) -> Mapping[str, Any]:
        several = {"inputs": self.inputs, "channels": self.channels_each} if len(self.inputs) > 1 else {}
        own = {"kind": self.layout, "size": self.size, "resize": self.side, "channels": self.channels_each[0]}
        return own | several

    def look(self, folder: Path) -> Found:
        there = self.files(folder)
        if isinstance(there, MatchedFiles):
            there.check()
        if self.classes is not None and self.classes != len(there.classes):
            raise there.miscounted(self.classes)
        counts = {split: there.counts(split, self.counted) for split in there.splits}
        return Found(self.given, self._told(len(there.classes), there.classes), self.shares.sizes(counts))

    def signature(self) -> DataSignature:
        if self.found is not None:
            return DataSignature(self.given, self.found.targets)
        named = self.labels if isinstance(self.labels, tuple) else None
        return DataSignature(self.given, self._told(self.classes if named is None else len(named), named))

    def _told(self, count: int | None, names: tuple[str, ...] | None) -> TargetSignature:
        """What is to be told of a sample: its class, or of each label whether it applies."""
        return TargetSignature("classes" if self.labels is None else "labels", count, names, ())

    def way_to(self, task: TaskName) -> str | None:
        if task != "multi_label":
            return None
        way = f'{self.kind}(…, list = "labels.csv", labels = ["cat", "dog"])'
        return f"name the columns of a list that are labels: `{way}`"

    def varies(self) -> bool:
        return self.crop or self.flip or self.colour > 0 or self.randaugment > 0

    def conflicts(self) -> Iterator[Conflict]:
        yield from self._wrong_inputs()
        if self.labels is not None and self.list is None:
            message = "`labels` names columns of a list, and there is none"
            yield Conflict("labels", message, 'write `list = "labels.csv"` beside it, or leave it out')
        named = self.labels if isinstance(self.labels, tuple) else ("",) * (self.labels is not None)
        if self.labels is not None and (len(set(named)) < len(named) or not named or {"path", "split"} & set(named)):
            message = "`labels` are columns of their own, each named once, and neither `path` nor `split`"
            yield Conflict("labels", message, 'write `labels = ["cat", "dog"]`')
        if self.side < self.size:
            message = f"a crop of {self.size} is larger than the sample, whose short side is {self.side}"
            yield Conflict("resize", message, "let `resize` be `size` at least", "size")
        if self.pad and not self.crop:
            yield Conflict(
                "pad",
                "what is around a sample is only seen by random crops",
                "write `crop = true`, or leave `pad` out",
                "crop",
            )

    def _wrong_inputs(self) -> Iterator[Conflict]:
        for name in self.inputs:
            if name in ("", ".", "..") or "/" in name or "\\" in name:
                message = f"`{name}` is no name of a folder in `root`"
                yield Conflict("inputs", message, 'write `inputs = ["rgb", "flow"]`')
                return
        if len(set(self.inputs)) < len(self.inputs):
            yield Conflict("inputs", "two inputs are called alike", "name each folder once")
        elif isinstance(self.channels, tuple) and len(self.channels) != max(1, len(self.inputs)):
            count = max(1, len(self.inputs))
            message = f"there {'is 1 input' if count == 1 else f'are {count} inputs'}, and `channels` is about"
            advice = "write a number for each input, in their order, or one for all"
            yield Conflict("channels", f"{message} {len(self.channels)}", advice, "inputs")
        else:
            known = [own.name for own in self.given]
            for name in self.flow if self.flow != type(self).model_fields["flow"].default else ():
                if name not in known:
                    message = f"`flow` names `{name}`, and the inputs are {', '.join(f'`{one}`' for one in known)}"
                    yield Conflict("flow", message, "name inputs that are a flow, or leave it out", "inputs")
            for own, n in zip(self.given, self.channels_each, strict=True):
                if self.randaugment and own.name in self.flow and n != 2:
                    message = (
                        f"samples are turned, and `{own.name}` has not both parts of the flow, which turn with them"
                    )
                    advice = "keep a flow as 2 channels, or leave `randaugment` out"
                    yield Conflict("randaugment", message, advice, "channels")
            if self.colour and not any(self.coloured):
                message = "`colour` changes inputs of 3 channels that are no flow, and there is none"
                yield Conflict("colour", message, "leave `colour` out", "channels")

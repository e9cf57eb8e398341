"""What data sets of files in a folder for each class, or in a list, have in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le
from pydantic import Field

from ..datafiles.class_folders import ClassFolders
from ..datafiles.listed_files import ListedFiles, listed_files
from ..datafiles.splits import Shares
from .base import Border, Classes, Conflict, Fraction, Natural, Pixels, Share
from .data import Data, DataSignature, Found, Half, InputSignature
from .tasks.targets import class_targets


class Folder(Data):
    """Base of data sets with a folder for each class, in the splits `train`, `val` and `test`, or without any."""

    counted: ClassVar[int] = 20_000
    """So many samples are counted when a text is checked; of more the number is unknown then."""

    root: str = Field(description="Folder that holds `train/CLASS/…`, `val/CLASS/…` and `test/CLASS/…`, or `CLASS/…`")
    list: str | None = Field(
        default=None,
        description="Table of files in place of folders: columns `path` (from `root` on), `label` and perhaps `split`",
    )
    size: Pixels = Field(default=224, description="Height and width of the crop")
    resize: Pixels | None = Field(
        default=None, description="Length of the short side before the crop; none: 8/7 of the crop"
    )
    channels: Literal[3, 1] = Field(default=3, description="3: colour, 1: grey")
    classes: Classes | None = Field(
        default=None, description="Number of classes; none: as many as there are folders, or labels in the list"
    )
    valid: Half = Field(default=0.5, description="Share of the training samples that decisions learn from")
    test: Half = Field(default=0.2, description="Share of all samples that only results are measured on")
    crop: bool = Field(default=True, description="Crop training samples at random; else at the centre")
    flip: bool = Field(default=True, description="Mirror training samples at random")
    pad: Border = Field(default=0, description="Pixels around a training sample before the crop, its own reflection")
    colour: Fraction = Field(
        default=0.0, description="Brightness, contrast and saturation of training samples change by up to this share"
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

    def files(self, folder: Path) -> ClassFolders | ListedFiles:
        """The files, told by their names or by the list. ``folder``: what relative paths start from. Raises
        FilesAbsent and FileDamaged."""
        if self.list is not None:
            return listed_files(folder / self.list, folder / self.root)
        return self.folders(folder / self.root)

    def folders(self, root: Path) -> ClassFolders:
        """The files, told by their names. Raises FilesAbsent and FileDamaged."""
        raise NotImplementedError

    @property
    def given(self) -> tuple[InputSignature, ...]:
        """What a sample holds."""
        raise NotImplementedError

    def look(self, folder: Path) -> Found:
        there = self.files(folder)
        if self.classes is not None and self.classes != len(there.classes):
            raise there.miscounted(self.classes)
        counts = {split: there.counts(split, self.counted) for split in there.splits}
        return Found(self.given, class_targets(len(there.classes), there.classes), self.shares.sizes(counts))

    def signature(self) -> DataSignature:
        return DataSignature(self.given, self.found.targets if self.found is not None else class_targets(self.classes))

    def varies(self) -> bool:
        return self.crop or self.flip or self.colour > 0

    def conflicts(self) -> Iterator[Conflict]:
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

"""Image data sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from ..datafiles.faults import FileDamaged
from ..datafiles.image_folders import image_folders
from ..datafiles.splits import TRAIN, Shares
from .base import Conflict, Count, Natural, Share
from .data import Data, DataSignature, Found, Half, InputSignature

CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


class _Cifar(Data):
    """32×32 colour images: 50 000 for training, 10 000 for the test."""

    reader: ClassVar[str | None] = "cifar:CifarDataset"
    classes: ClassVar[int]
    class_names: ClassVar[tuple[str, ...] | None] = None

    root: str = Field(description="Folder of the Python version's pickles")
    valid: Half = Field(default=0.5, description="Share of the training images that decisions learn from")
    pad: Natural = Field(default=4, description="Pixels added around a training image before a random crop; 0: no crop")
    flip: bool = Field(default=True, description="Mirror training images at random")

    def signature(self) -> DataSignature:
        return DataSignature((InputSignature("image", "image", (3, 32, 32)),), self.classes, self.class_names)

    def samples(self, splits: Sequence[str]) -> int:
        shares = {"train": 1 - self.valid, "valid": self.valid, "test": 1 / 5}  # of 50 000; 10 000 more for the test
        return round(sum(shares[split] for split in splits) * 50_000)

    def varies(self) -> bool:
        return self.flip or self.pad > 0


class Cifar10(_Cifar):
    """CIFAR-10: 32×32 colour images in 10 classes."""

    classes: ClassVar[int] = 10
    class_names: ClassVar[tuple[str, ...] | None] = CIFAR10_CLASSES
    kind: Literal["cifar10"] = "cifar10"


class Cifar100(_Cifar):
    """CIFAR-100: 32×32 colour images in 100 classes (the fine labels)."""

    classes: ClassVar[int] = 100
    kind: Literal["cifar100"] = "cifar100"


class ImageFolder(Data):
    """A folder a class of images, in the splits `train`, `val` and `test`, or without any.

    What is not given of these is a share of the images to train on, of each class alike, by a hash of a file's name; a
    split that is alone beside `train` is the test. Images to train on are cropped and mirrored at random, others at the
    centre. Damaged files are left out and counted.
    """

    reader: ClassVar[str | None] = "image_folder:ImageFolderDataset"
    counted: ClassVar[int] = 20_000
    """So many images are counted when a text is checked; of more the number is unknown then."""

    kind: Literal["image_folder"] = "image_folder"
    root: str = Field(description="Folder that holds `train/CLASS/…`, `val/CLASS/…` and `test/CLASS/…`, or `CLASS/…`")
    size: Count = Field(default=224, description="Height and width of the crop")
    resize: Count | None = Field(
        default=None, description="Length of the short side before the crop; none: 8/7 of the crop"
    )
    channels: Literal[3, 1] = Field(default=3, description="3: colour, 1: grey")
    classes: Count | None = Field(default=None, description="Number of classes; none: as many as there are folders")
    valid: Half = Field(default=0.5, description="Share of the training images that decisions learn from")
    test: Half = Field(default=0.2, description="Share of all images that only results are measured on")
    crop: bool = Field(default=True, description="Crop training images at random; else at the centre")
    flip: bool = Field(default=True, description="Mirror training images at random")
    seed: Natural = Field(default=0, description="Seed of the division into splits, which the search's does not change")
    damaged: Share = Field(default=0.01, description="Share of the files that may be damaged before a run ends")
    cache: Natural = Field(default=512, description="MiB of decoded images that are kept in memory")

    @property
    def side(self) -> int:
        """The short side before the crop."""
        return self.resize if self.resize is not None else max(self.size, round(self.size * 8 / 7))

    @property
    def shares(self) -> Shares:
        return Shares(self.valid, self.test)

    def look(self, folder: Path) -> Found:
        there = image_folders(folder / self.root)
        if self.classes is not None and self.classes != len(there.folders):
            raise FileDamaged(
                there.splits[TRAIN], f"it has {len(there.folders)} folders, and `classes` is {self.classes}"
            )
        counts = {split: there.counts(split, self.counted) for split in there.splits}
        return Found(self._inputs, there.classes, self.shares.sizes(counts))

    def signature(self) -> DataSignature:
        names = self.found.class_names if self.found is not None else None
        return DataSignature(self._inputs, self.classes if names is None else len(names), names)

    @property
    def _inputs(self) -> tuple[InputSignature, ...]:
        return (InputSignature("image", "image", (self.channels, self.size, self.size)),)

    def samples(self, splits: Sequence[str]) -> int | None:
        sizes = self.found.sizes if self.found is not None else None
        return sum(sizes[split] for split in splits) if sizes is not None else None

    def varies(self) -> bool:
        return self.crop or self.flip

    def conflicts(self) -> Iterator[Conflict]:
        if self.side < self.size:
            message = f"a crop of {self.size} is larger than the image, whose short side is {self.side}"
            yield Conflict("resize", message, "let `resize` be `size` at least", "size")

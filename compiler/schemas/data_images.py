"""Image data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from .base import Count, Natural
from .data import Data, DataSignature, Half, InputSignature

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
        return round(sum({"train": 1 - self.valid, "valid": self.valid}[split] for split in splits) * 50_000)

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
    """A folder a class of images, in the splits `train` and `val`."""

    kind: Literal["image_folder"] = "image_folder"
    root: str = Field(description="Folder that holds `train/CLASS/…` and `val/CLASS/…`")
    size: Count = Field(default=224, description="Height and width of the crop")
    resize: Count = Field(default=256, description="Length of the short side before the crop")
    classes: Count | None = Field(default=None, description="Number of classes; none: as many as there are folders")
    valid: Half = Field(default=0.5, description="Share of the training images that decisions learn from")
    flip: bool = Field(default=True, description="Mirror training images at random")

    def signature(self) -> DataSignature:
        return DataSignature((InputSignature("image", "image", (3, self.size, self.size)),), self.classes)

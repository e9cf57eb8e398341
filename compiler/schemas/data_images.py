"""Image data sets."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from ..datafiles.class_folders import ClassFolders
from ..datafiles.image_folders import ENDINGS, image_folders
from ..datafiles.matched_files import Sort
from .base import Border
from .data import Data, DataSignature, Half, InputSignature, Layout
from .data_folders import Folder
from .tasks.targets import class_targets

CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


class _Cifar(Data):
    """32×32 colour images: 50 000 for training, 10 000 for the test."""

    reader: ClassVar[str | None] = "pictures.cifar:CifarDataset"
    classes: ClassVar[int]
    class_names: ClassVar[tuple[str, ...] | None] = None

    root: str = Field(description="Folder of the Python version's pickles")
    valid: Half = Field(default=0.5, description="Share of the training images that decisions learn from")
    pad: Border = Field(default=4, description="Pixels added around a training image before a random crop; 0: no crop")
    flip: bool = Field(default=True, description="Mirror training images at random")

    def signature(self) -> DataSignature:
        return DataSignature(
            (InputSignature("image", "image", (3, 32, 32)),), class_targets(self.classes, self.class_names)
        )

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


class ImageFolder(Folder):
    """A folder a class of images, in the splits `train`, `val` and `test`, or without any.

    What is not given of these is a share of the images to train on, of each class alike, by a hash of a file's name; a
    split that is alone beside `train` is the test. Images to train on are cropped and mirrored at random, others at the
    centre. Damaged files are left out and counted.
    """

    layout: ClassVar[Layout] = "image"
    sort: ClassVar[Sort] = Sort(ENDINGS, folders=False)
    views: ClassVar[frozenset[str]] = frozenset({"crops"})
    reader: ClassVar[str | None] = "pictures.image_folder:ImageFolderDataset"
    kind: Literal["image_folder"] = "image_folder"

    def folders(self, root: Path) -> ClassFolders:
        return image_folders(root)

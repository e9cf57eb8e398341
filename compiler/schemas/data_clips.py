"""Clips in files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from ..datafiles.class_folders import ClassFolders
from ..datafiles.clip_folders import VIDEOS, clip_folders
from ..datafiles.matched_files import Sort
from .base import Frames, Pixels
from .data import Layout
from .data_folders import Folder


class ClipFolder(Folder):
    """A folder a class of videos, or of folders of frames, in the splits `train`, `val` and `test`, or without any.

    What is not given of these is a share of the clips to train on, of each class alike, by a hash of a file's name; a
    split that is alone beside `train` is the test. Clips to train on begin anywhere in a video, are cropped and
    mirrored at random; others are from the middle. Videos that are too short go on with their last frame. Damaged files
    are left out and counted.
    """

    layout: ClassVar[Layout] = "clip"
    sort: ClassVar[Sort] = Sort(VIDEOS, folders=True)
    views: ClassVar[frozenset[str]] = frozenset({"clips", "crops"})
    reader: ClassVar[str | None] = "pictures.clip_folder:ClipFolderDataset"

    kind: Literal["clip_folder"] = "clip_folder"
    size: Pixels = Field(default=112, description="Height and width of the crop")
    frames: Frames = Field(default=16, description="Frames of a clip, T")
    stride: Frames = Field(default=1, description="Step between successive frames, for dense sampling")
    sampling: Literal["dense", "segments"] = Field(
        default="dense",
        description="Frames of a clip: successive ones, or one from each of T equal segments of the video",
    )
    shift: bool = Field(default=True, description="Take training clips from anywhere in a video; else from the middle")

    def folders(self, root: Path) -> ClassFolders:
        return clip_folders(root)

    def preparation(self) -> Mapping[str, Any]:
        own = {"frames": self.frames, "stride": self.stride, "sampling": self.sampling}
        return {**super().preparation(), **own}

    @property
    def sizes(self) -> tuple[int, ...]:
        return (self.frames, self.size, self.size)

    def varies(self) -> bool:
        return super().varies() or self.shift

"""Video data sets."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import Field

from ..datafiles.forms import Kind
from .base import Classes, Conflict, Frames, Pixels
from .data import Data, DataSignature, InputSignature
from .tasks.targets import TargetSignature

Modality = Literal["rgb", "flow", "pose"]
CHANNELS: dict[str, int] = {"rgb": 3, "flow": 2, "pose": 3}


class Video(Data):
    """What all video data sets have in common: how a clip is cut from a video."""

    targets: ClassVar[Kind] = "classes"
    views: ClassVar[frozenset[str]] = frozenset({"clips", "crops"})

    root: str = Field(description="Folder of the data set, as it is published")
    frames: Frames = Field(default=16, description="Frames of a clip, T")
    size: Pixels = Field(default=112, description="Height and width of the crop")
    modalities: tuple[Modality, ...] = Field(
        default=("rgb",), description="The inputs: colour frames (3 channels), optical flow (2), drawn poses (3)"
    )
    sampling: Literal["dense", "segments"] = Field(
        default="dense",
        description="Frames of a clip: successive ones, or one from each of T equal segments of the video",
    )
    stride: Frames = Field(default=1, description="Step between successive frames, for dense sampling")
    resize: tuple[Pixels, Pixels] | Pixels | None = Field(
        default=None, description="Short side before the crop, or the range of its jitter; none: 8/7 of the crop"
    )
    flip: bool = Field(default=True, description="Mirror training clips at random")
    valid: Annotated[float, Gt(0), Lt(1)] = Field(
        default=0.5, description="Share of the training videos that decisions learn from"
    )

    def class_count(self) -> int | None:
        """Number of classes, None where only the files tell."""
        raise NotImplementedError

    def signature(self) -> DataSignature:
        shape = (self.frames, self.size, self.size)
        inputs = tuple(InputSignature(m, "clip", (CHANNELS[m], *shape)) for m in self.modalities)
        return DataSignature(inputs, TargetSignature(self.targets, self.class_count(), None, ()))

    def conflicts(self) -> Iterator[Conflict]:
        if not self.modalities or len(set(self.modalities)) < len(self.modalities):
            message = "`modalities` is empty" if not self.modalities else "a modality is named twice"
            yield Conflict("modalities", message, "name each input once")


class Hmdb51(Video):
    """HMDB51: 7 000 videos in 51 actions, three official splits."""

    kind: Literal["hmdb51"] = "hmdb51"
    split: Annotated[int, Ge(1), Le(3)] = Field(default=1, description="Which of the official splits")

    def class_count(self) -> int:
        return 51


class Ucf101(Video):
    """UCF101: 13 000 videos in 101 actions, three official splits."""

    kind: Literal["ucf101"] = "ucf101"
    split: Annotated[int, Ge(1), Le(3)] = Field(default=1, description="Which of the official splits")

    def class_count(self) -> int:
        return 101


class Kinetics(Video):
    """Kinetics: clips of ten seconds, listed in CSV files; 400, 600 or 700 classes or a part of them."""

    kind: Literal["kinetics"] = "kinetics"
    classes: Classes | None = Field(default=400, description="Number of classes; none: as many as the lists name")

    def class_count(self) -> int | None:
        return self.classes


class SomethingSomething(Video):
    """Something-Something V1 or V2: 174 classes of handled objects."""

    kind: Literal["something_something"] = "something_something"
    version: Literal[1, 2] = Field(default=2, description="1: folders of frames, 2: videos")

    def class_count(self) -> int:
        return 174


class Charades(Video):
    """Charades: 157 actions, several in one video, scored by mean average precision."""

    targets: ClassVar[Kind] = "labels"
    kind: Literal["charades"] = "charades"

    def class_count(self) -> int:
        return 157


class MomentsInTime(Video):
    """Moments in Time: clips of three seconds; the number of classes depends on the edition."""

    kind: Literal["moments_in_time"] = "moments_in_time"
    classes: Classes | None = Field(
        default=None, description="Number of classes; none: as many as the categories file names"
    )

    def class_count(self) -> int | None:
        return self.classes


class VideoList(Video):
    """Videos or folders of frames listed in text files, `path label` a line."""

    kind: Literal["video_list"] = "video_list"
    train: str = Field(description="List of the training videos, relative to `root`")
    test: str = Field(description="List of the test videos, relative to `root`")
    classes: Classes | None = Field(default=None, description="Number of classes; none: the largest label and one")

    def class_count(self) -> int | None:
        return self.classes

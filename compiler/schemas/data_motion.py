"""`motion_digits`: real handwriting, synthetic motion; it comes with stdsl."""

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Le
from pydantic import Field

from .base import Conflict, Natural, NonNegative, Samples
from .data import Data, DataSignature, InputSignature
from .tasks.targets import class_targets

MOTIONS: tuple[str, ...] = (
    "right",
    "left",
    "down",
    "up",
    "right_down",
    "left_up",
    "right_up",
    "left_down",
    "turn_left",
    "turn_right",
    "grow",
    "shrink",
    "still",
)
"""The motions in the order of their classes; `motions = n` takes the first n."""

DIGITS: tuple[str, ...] = tuple("0123456789")

_CHANNELS = {"flow": 2, "mask": 1}


class MotionDigits(Data):
    """Clips of handwritten digits that move, turn or change size on a torus.

    The label is the motion: every single frame has the same distribution in every class, so only a network that looks
    along time can tell them apart. `label = "digit"` is the control task, `label = "both"` asks for both. Training,
    validation and test use different digit images. Frames of a clip are standardised; flow (pixels a frame) and mask
    (0 or 1) are estimated from them.
    """

    reader: ClassVar[str | None] = "motion_digits:motion_digits"

    kind: Literal["motion_digits"] = "motion_digits"
    frames: Annotated[int, Ge(2), Le(65_536)] = Field(default=8, description="Frames of a clip, T")
    size: Annotated[int, Ge(8), Le(16_384)] = Field(default=24, description="Height and width in pixels")
    channels: Annotated[int, Ge(1), Le(3)] = Field(default=1, description="Channels of a frame, all alike")
    motions: Annotated[int, Ge(2), Le(len(MOTIONS))] = Field(default=13, description="How many of the 13 motions occur")
    digits: Annotated[int, Ge(2), Le(10)] = Field(default=10, description="How many of the ten digits occur, from 0 on")
    label: Literal["motion", "digit", "both"] = Field(
        default="motion", description="What is to be told; `both`: each motion of each digit is a class"
    )
    train: Samples = Field(default=2048, description="Clips of the half that weights learn from")
    valid: Samples = Field(default=2048, description="Clips of the half that decisions learn from")
    test: Samples = Field(default=1024, description="Clips of the test split")
    noise: NonNegative = Field(default=0.35, description="Standard deviation of Gaussian noise on every pixel")
    background: NonNegative = Field(default=0.6, description="Strength of a static smooth texture behind the digit")
    jitter: NonNegative = Field(default=0.3, description="Random walk of the digit, in pixels a frame")
    speed: Annotated[float, Gt(0), Le(100)] = Field(
        default=1.0, description="Factor of how fast digits move, turn and change size; `0.5`: motion of half the speed"
    )
    distractors: Annotated[int, Ge(0), Le(100)] = Field(
        default=0, description="Further digits that stand still in the same clip"
    )
    seed: Natural | None = Field(default=None, description="Seed of the clips; none: the search's")
    modalities: tuple[Literal["frames", "flow", "mask"], ...] = Field(
        default=("frames",),
        description="The inputs in order: frames, the flow between them (2 channels), a mask of what is in front (1)",
    )

    @property
    def class_names(self) -> tuple[str, ...]:
        """With `both` the motion first: class `digits * motion + digit`."""
        motions, digits = MOTIONS[: self.motions], DIGITS[: self.digits]
        if self.label == "both":
            return tuple(f"{motion} {digit}" for motion in motions for digit in digits)
        return digits if self.label == "digit" else motions

    def signature(self) -> DataSignature:
        shape = (self.frames, self.size, self.size)
        inputs = tuple(InputSignature(m, "clip", (_CHANNELS.get(m, self.channels), *shape)) for m in self.modalities)
        return DataSignature(inputs, class_targets(len(self.class_names), self.class_names))

    def samples(self, splits: Sequence[str]) -> int:
        return sum({"train": self.train, "valid": self.valid, "test": self.test}[split] for split in splits)

    def varies(self) -> bool:
        return False

    def conflicts(self) -> Iterator[Conflict]:
        if not self.modalities or len(set(self.modalities)) < len(self.modalities):
            message = "`modalities` is empty" if not self.modalities else "a modality is named twice"
            yield Conflict("modalities", message, "name each input once")

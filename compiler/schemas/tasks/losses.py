"""Losses of the task: what a network's output is held to its targets by."""

from typing import ClassVar, Literal

from pydantic import Field

from ...datafiles.forms import Kind
from ..base import Constructor, NonNegative, Weight
from .targets import TargetSignature


class Loss(Constructor):
    """Base of all losses. ``kind``: what it is called, a literal with that default."""

    kinds: ClassVar[tuple[Kind, ...]] = ()
    """The kinds of targets that it is for."""
    dense: ClassVar[bool | None] = None
    """Whether it is for targets of whole samples (False), at positions (True), or both (None)."""
    smooths: ClassVar[bool] = False
    """Whether `label_smoothing` is for it."""

    kind: str

    @classmethod
    def of(cls, targets: TargetSignature) -> bool:
        """Whether it can be taken where these are the targets; what is not known of them may fit."""
        if targets.kind is not None and targets.kind not in cls.kinds:
            return False
        return cls.dense is None or targets.positions is None or cls.dense == targets.dense

    def fits(self, targets: TargetSignature) -> bool:
        """As :meth:`of`, for a loss with its settings."""
        return self.of(targets)


class CrossEntropy(Loss):
    """The negative logarithm of the softmax of the right class, in nats."""

    kinds: ClassVar[tuple[Kind, ...]] = ("classes",)
    smooths: ClassVar[bool] = True

    kind: Literal["cross_entropy"] = "cross_entropy"
    weights: tuple[Weight, ...] | Literal["balanced"] | None = Field(
        default=None,
        description="What a sample of each class weighs; `balanced`: the less, the more samples the class has; "
        "none: all alike",
    )


class BinaryCrossEntropy(Loss):
    """The negative logarithm of the sigmoid of each label that applies, and of 1 less it of the others; the mean."""

    kinds: ClassVar[tuple[Kind, ...]] = ("labels",)

    kind: Literal["bce"] = "bce"
    weights: tuple[Weight, ...] | Literal["balanced"] | None = Field(
        default=None,
        description="What a label that applies weighs, one that does not weighing 1; `balanced`: how many samples are "
        "without it for each that has it; none: 1",
    )


class SquaredError(Loss):
    """The mean of squared differences."""

    kinds: ClassVar[tuple[Kind, ...]] = ("numbers",)

    kind: Literal["mse"] = "mse"


class AbsoluteError(Loss):
    """The mean of absolute differences."""

    kinds: ClassVar[tuple[Kind, ...]] = ("numbers",)

    kind: Literal["l1"] = "l1"


class Huber(Loss):
    """Half the squared difference up to δ, δ times (the absolute one less δ / 2) beyond (Huber 1964); the mean."""

    kinds: ClassVar[tuple[Kind, ...]] = ("numbers",)

    kind: Literal["huber"] = "huber"
    delta: Weight = Field(default=1.0, description="δ, in deviations of the target where that is scaled")


class Dice(Loss):
    """1 less the mean over classes of 2·Σpt / (Σp + Σt), over all positions of a batch; p is the softmax, t is 1 where
    the class is (Milletari et al. 2016)."""

    kinds: ClassVar[tuple[Kind, ...]] = ("classes",)
    dense: ClassVar[bool | None] = True

    kind: Literal["dice"] = "dice"
    smooth: Weight = Field(default=1.0, description="Added above and below, so that absent classes have no error")
    cross_entropy: NonNegative = Field(default=0.0, description="Weight of the cross-entropy that is added")


LOSSES: tuple[type[Loss], ...] = (CrossEntropy, BinaryCrossEntropy, SquaredError, AbsoluteError, Huber, Dice)

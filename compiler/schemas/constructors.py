"""All values that are written as calls in settings, by name."""

from __future__ import annotations

from .base import Constructor
from .data import Data
from .data_arrays import Arrays
from .data_clips import ClipFolder
from .data_images import Cifar10, Cifar100, ImageFolder
from .data_motion import MotionDigits
from .data_tables import Table
from .data_video import Charades, Hmdb51, Kinetics, MomentsInTime, SomethingSomething, Ucf101, VideoList
from .mutations import Grow, OneOf, Resample, Shrink
from .objectives import Entropy, KLDropPath, SoftCost
from .optimizers import SGD, Adam, AdamW
from .relax import Gumbel, Partial, Sigmoid, Softmax
from .schedules import Constant, Cosine, Linear, Staircase
from .tasks.losses import LOSSES


def constructor_name(model: type[Constructor]) -> str:
    """What it is called in the language."""
    return str(model.model_fields["kind"].default)


DATA: dict[str, type[Data]] = {
    constructor_name(model): model
    for model in (
        MotionDigits,
        Cifar10,
        Cifar100,
        Arrays,
        ImageFolder,
        ClipFolder,
        Table,
        Hmdb51,
        Ucf101,
        Kinetics,
        SomethingSomething,
        Charades,
        MomentsInTime,
        VideoList,
    )
}
"""Data sets by name."""

CONSTRUCTORS: dict[str, type[Constructor]] = {
    **{constructor_name(loss): loss for loss in LOSSES},
    **{
        constructor_name(model): model
        for model in (
            *(SGD, Adam, AdamW),
            *(Cosine, Linear, Staircase, Constant),
            *(Softmax, Sigmoid, Gumbel, Partial),
            *(SoftCost, KLDropPath, Entropy),
            *(Resample, Grow, Shrink, OneOf),
        )
    },
    **DATA,
}
"""Every constructor by name."""

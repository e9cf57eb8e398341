"""What the samples of a data set look like, without reading it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from stdsl.compiler.schemas.data import DataSignature, InputSignature
from stdsl.compiler.schemas.data_images import Cifar10
from stdsl.compiler.schemas.data_motion import MOTIONS, MotionDigits
from stdsl.compiler.schemas.data_video import Charades, Hmdb51, Kinetics


def test_motion_digits() -> None:
    signature = MotionDigits(frames=16, size=32, channels=3).signature()
    assert str(signature) == "clip(3, 16, 32, 32), 13 classes"
    assert signature.targets.names == MOTIONS
    assert MotionDigits(motions=4).signature().targets.names == MOTIONS[:4]
    assert MotionDigits(motions=4, label="digit").signature().targets.count == 10
    streams = MotionDigits(modalities=("frames", "flow", "mask")).signature()
    assert [i.shape[0] for i in streams.inputs] == [1, 2, 1]


def test_published_data() -> None:
    assert str(Cifar10(root="x").signature()) == "image(3, 32, 32), 10 classes"
    fused = Hmdb51(root="x", modalities=("rgb", "flow", "pose"), frames=64).signature()
    assert [str(i) for i in fused.inputs] == ["clip(3, 64, 112, 112)", "clip(2, 64, 112, 112)", "clip(3, 64, 112, 112)"]
    assert Kinetics(root="x", classes=None).signature().targets.count is None
    assert Charades(root="x").signature().targets.kind == "labels"


@pytest.mark.parametrize(
    "wrong", [{"motions": 14}, {"motions": 1}, {"size": 24.0}, {"frames": True}, {"label": "shape"}, {"fps": 3}]
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MotionDigits.model_validate(wrong)


def test_fits_by_order_or_by_name() -> None:
    rgb, flow = InputSignature("rgb", "clip", (3, 8, 24, 24)), InputSignature("flow", "clip", (2, 8, 24, 24))
    data = DataSignature((rgb, flow))
    assert data.fits((rgb, flow))
    assert data.fits((flow, rgb))
    first, second = InputSignature("a", "clip", rgb.shape), InputSignature("b", "clip", flow.shape)
    assert data.fits((first, second))
    assert not data.fits((second, first))
    assert not data.fits((rgb,))
    assert not data.fits((rgb, InputSignature("flow", "image", (2, 24, 24))))


def test_what_is_only_known_at_run_time_fits() -> None:
    data = DataSignature((InputSignature("x", "clip", (3, None, 24, 24)),))
    assert data.fits((InputSignature("video", "clip", (3, 8, 24, 24)),))

"""What primitives refuse, and how they say it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stdsl.compiler.ir.operation import REQUIRED, OpFault, TensorShape
from stdsl.compiler.ops.registry import PRIMITIVES, get

IMAGE = TensorShape("image", (8, 6, 6))
CLIP = TensorShape("clip", (8, 4, 6, 6))
TOKENS = TensorShape("tokens", (5, 8))
FEATURES = TensorShape("features", (8,))


def fault(op: str, *inputs: TensorShape, **given: Any) -> OpFault:
    primitive = PRIMITIVES[op]
    with pytest.raises(OpFault) as caught:
        primitive.shape(inputs, primitive.normalise(inputs, given))
    return caught.value


def test_a_window_of_the_wrong_rank() -> None:
    found = fault("conv", CLIP, c=8, k=(3, 3))
    assert found.message == "`k` is 3x3, of 2 axes, but the clip that enters has 3 (frames, height, width)"
    assert found.help == "write 1x3x3 for each frame by itself, or a window over time such as 3x3x3"
    assert (found.code, found.parameter) == ("attribute", "k")
    found = fault("max_pool", IMAGE, k=(1, 3, 3))
    assert found.message == "`k` is 1x3x3, of 3 axes, but the image that enters has 2 (height, width)"
    assert found.help == "an image has no time axis: write 3x3"
    assert fault("depthwise", CLIP, k=3, stride=(2, 2)).parameter == "stride"


def test_missing_and_impossible_values() -> None:
    assert fault("conv", CLIP, c=8).message == "`k` is missing"
    assert fault("linear", FEATURES).message == "`c` is missing"
    assert fault("conv", IMAGE, c=0, k=3).message == "`c` must be a whole number of at least 1, not 0"
    found = fault("pointwise", IMAGE, c=8.0)
    assert found.message == "`c` must be a whole number, not 8.0"
    assert found.fraction
    assert fault("conv", IMAGE, c=8, k=(3, 1.5)).fraction
    assert not fault("conv", IMAGE, c="8", k=3).fraction
    assert fault("conv", IMAGE, k=(3, 0)).message == "`k` must be a whole number of at least 1 per axis, not 3x0"
    assert fault("conv", IMAGE, k=3, bias=1).message == "`bias` is `true` or `false`, not 1"
    assert fault("conv", IMAGE, k=3, pad="valid").message == '`pad` is "same" or `none`, not "valid"'
    assert fault("dropout", IMAGE, p=1.5).message == "`p` must be 0 to 1, not 1.5"
    assert fault("bn", IMAGE, eps=float("nan")).message == "`eps` must be a number, not nan"
    assert fault("bn", IMAGE, eps=-1).message == "`eps` must be at least 0, not -1"


@pytest.mark.parametrize("value", [float("inf"), float("nan"), "3", None, True, (3.0, 3.0), ((1, 2), 3)])
def test_values_of_other_types_are_faults(value: Any) -> None:
    assert fault("conv", IMAGE, k=3, c=value).parameter == "c"
    assert fault("conv", IMAGE, k=value).parameter == "k"


def test_groups_must_divide_what_enters_and_what_leaves() -> None:
    assert fault("conv", IMAGE, c=8, k=3, groups=3).message == "`groups` = 3 does not divide the 8 channels that enter"
    assert fault("conv", IMAGE, c=6, k=3, groups=4).message == "`groups` = 4 does not divide the 6 channels that leave"
    assert fault("channel_shuffle", IMAGE, groups=3).code == "attribute"
    assert fault("group_norm", IMAGE, groups=3).code == "attribute"


def test_groups_have_more_than_one_value() -> None:
    point = TensorShape("clip", (4, 1, 1, 1))
    found = fault("group_norm", point, groups=4)
    assert (found.code, found.message) == (
        "shape",
        "a group of its 4 has a single value, of which there is no variance",
    )
    for x, groups in ((point, 2), (TensorShape("clip", (4, 1, 1, 2)), 4)):
        assert PRIMITIVES["group_norm"].normalise((x,), {"groups": groups})["groups"] == groups


def test_valid_windows_must_fit() -> None:
    found = fault("avg_pool", CLIP, k=(5, 1, 1), pad=None)
    assert found.code == "shape"
    assert found.message == ("a valid window must fit: it spans 5 in frames, its input clip(8, 4, 6, 6) has 4")
    assert fault("conv", IMAGE, k=4, dilation=2, pad=None).code == "shape"


def test_tokens_are_as_many_as_positions() -> None:
    tokens = TensorShape("tokens", (24, 8))
    found = fault("from_tokens", tokens, frames=2, height=3, width=5)
    assert found.code == "shape"
    assert found.message == "24 tokens enter, and 2 frames of 3x5 have 30 positions"
    assert PRIMITIVES["from_tokens"].shape((tokens,), {"frames": 2, "height": 3, "width": 4}).dims == (8, 2, 3, 4)


def test_wrong_layouts() -> None:
    for op in ("conv", "pointwise", "depthwise", "max_pool", "subsample", "to_tokens"):
        assert fault(op, FEATURES, k=3).code == "layout"
    assert fault("temporal_gaussian", IMAGE, length=3).code == "layout"
    assert fault("time_to_channel", IMAGE, frames=2).code == "layout"
    assert fault("from_tokens", CLIP, frames=4, height=6, width=6).code == "layout"
    assert (fault("bn", TOKENS).help or "").startswith("use `layer_norm`")
    assert fault("layer_norm", CLIP).code == "layout"
    assert fault("global_avg_pool", FEATURES).code == "layout"
    found = fault("linear", CLIP, c=10)
    assert found.code == "shape"
    assert found.message == "it takes features, tokens, or axes of size 1, its input is clip(8, 4, 6, 6)"


REFUSED = [
    (name, shape)
    for name, primitive in PRIMITIVES.items()
    for shape in (IMAGE, CLIP, TOKENS, FEATURES)
    if primitive.inputs == 1 or name == "attention"
]


@pytest.mark.parametrize(("op", "shape"), REFUSED, ids=lambda v: v.layout if isinstance(v, TensorShape) else v)
def test_what_is_refused_says_what_fits(op: str, shape: TensorShape) -> None:
    """Operators that the help names exist; what it names first takes the layout, or makes what fits of it."""
    if takes(op, shape) is None:
        return
    advice = fault(op, *(shape,) * PRIMITIVES[op].inputs, **necessary(op)).help
    assert advice
    named = re.findall(r"`([a-z_]+)[`(]", advice)
    assert set(named) <= set(PRIMITIVES)
    if not advice.startswith("what needs axes stands before"):
        assert all(takes(name, shape) is None for name in re.findall(r"`([a-z_]+)[`(]", advice.partition(";")[0]))


def necessary(op: str) -> dict[str, Any]:
    parameters = (p for p in PRIMITIVES[op].parameters if p.default is REQUIRED)
    return {p.name: 1 if p.kind != "number" else 0.5 for p in parameters}


def takes(op: str, shape: TensorShape) -> OpFault | None:
    """None where an operator takes the shape."""
    try:
        PRIMITIVES[op].normalise((shape,) * PRIMITIVES[op].inputs, necessary(op))
    except OpFault as found:
        return found
    return None


def test_tensors_that_do_not_broadcast() -> None:
    found = fault("add", IMAGE, TensorShape("image", (7, 6, 6)))
    assert found.message == "image(8, 6, 6) and image(7, 6, 6) differ in 8 and 7, neither of which is 1"
    assert fault("mul", IMAGE, CLIP).message == "image(8, 6, 6) and clip(8, 4, 6, 6) are not of one type"


def test_looking_up_a_name() -> None:
    assert get("conv") is PRIMITIVES["conv"]
    assert get("convolution") is None

"""Rules of primitives on values of all kinds and sizes: a shape and a cost, or what is wrong."""

from __future__ import annotations

import math
from typing import Any

import pytest
from applications import required

from stdsl.compiler.ir.operation import OpFault, TensorShape
from stdsl.compiler.ops.registry import PRIMITIVES

SHAPES = (
    TensorShape("image", (4, 6, 6)),
    TensorShape("clip", (4, 4, 6, 6)),
    TensorShape("tokens", (5, 4)),
    TensorShape("features", (4,)),
    TensorShape("tokens", (5, 10**400)),
    TensorShape("clip", (10**400, 10**400, 3, 3)),
)
VALUES = (0, 1, 3, -1, 10**400, -(10**400), 1e308, -1e308, 1e-308, 0.5, 1.0, math.nan, True, False, None)
VALUES += ("", "a", "same", (), (1,), (3, 3), (3, 10**400), (0, 0, 0), (1, 1, 1, 1), ("a", None))


@pytest.mark.parametrize("name", PRIMITIVES)
def test_a_value_of_any_kind_is_taken_or_refused(name: str) -> None:
    primitive = PRIMITIVES[name]
    for shape in SHAPES:
        inputs = (shape,) * primitive.inputs
        attributes: list[dict[str, Any]] = [required(name)]
        attributes += [{**required(name), p.name: value} for p in primitive.parameters for value in VALUES]
        for given in attributes:
            try:
                complete = primitive.normalise(inputs, given)
                out = primitive.shape(inputs, complete)
            except OpFault:
                continue
            assert primitive.cost(inputs, complete, out).params >= 0


@pytest.mark.parametrize(
    ("channels", "divisors"),
    [
        (12, "1, 2, 3, 4, 6, 12"),
        (7, "1, 7"),
        (360, "1, 2, 3, 4, 5, 6, …, 360"),
        (2 * 10**17, "1, 2, 4, 5, 8, 10, …, 2"),
        (10_007 * 10_009, "1, …, 100160063"),
    ],
)
def test_what_divides_channels_is_said_of_great_numbers_too(channels: int, divisors: str) -> None:
    shape = (TensorShape("image", (channels, 6, 6)),)
    with pytest.raises(OpFault) as fault:
        PRIMITIVES["group_norm"].shape(shape, PRIMITIVES["group_norm"].normalise(shape, {"groups": 11}))
    assert f"is divided by {divisors}" in str(fault.value.help)

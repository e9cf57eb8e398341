"""`same` in conditions: decided where the operator in whose arguments it stands is applied."""

from __future__ import annotations

import pytest

import stdsl


def channels(argument: str, entering: int) -> int:
    text = f"stdsl 1 meta m on x: image({entering}, 8, 8) = x -> conv({argument}, 1x1) space s = m"
    graph = stdsl.loads(text).graph
    return graph.nodes[graph.outputs[0][1]].type.dims[0]


@pytest.mark.parametrize(
    ("argument", "four", "sixteen"),
    [
        ("if same > 8 then same // 2 else same", 4, 8),
        ("if not same > 8 then 5 else 6", 5, 6),
        ("if same > 8 and same % 2 == 0 then 7 else same", 4, 7),
        ("if true and same > 8 then 7 else same + 1", 5, 7),
        ("if same < 8 or same > 12 then 1 else 2", 1, 1),
        ("if same > 8 then (if same > 12 then 3 else 2) else 1", 1, 3),
        ("max(same, if same > 8 then 20 else 0)", 4, 20),
    ],
)
def test_conditions(argument: str, four: int, sixteen: int) -> None:
    assert (channels(argument, 4), channels(argument, 16)) == (four, sixteen)


def test_a_decision_in_a_branch_is_made_only_there() -> None:
    argument = "if same > 8 then choose {2, 4} as width else same"
    for entering, count in ((4, 1), (16, 2)):
        text = f"stdsl 1 meta m on x: image({entering}, 8, 8) = x -> conv({argument}, 1x1) space s = m"
        assert stdsl.loads(text).count() == count


def test_channels_that_hang_on_a_decision() -> None:
    text = """stdsl 1 meta m on x: image(4, 8, 8) =
      x -> conv(choose {4, 16} as width, 1x1) -> conv(if same > 8 then 3 else 5, 1x1) space s = m"""
    space = stdsl.loads(text)
    assert {a["width"]: space.costs(a).params for a in space.architectures()} == {"4": 36, "16": 112}

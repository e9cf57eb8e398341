"""`extern op`: rules of shape and cost from the block, without the code behind it."""

from __future__ import annotations

import pytest

import stdsl
from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.source import Source

CORR = """extern op corr(d: int = 1) on a, b from "no_such_module:Correlation" {
  channels = (2 * d + 1) ** 2
  params = (2 * d + 1) ** 2
  flops = out.channels * out.height * out.width * a.channels
}
"""


def text(body: str, declared: str = CORR, where: str = "") -> str:
    return f"stdsl 1\n{declared}\nmeta m on x: image(4, 8, 8) {{ {body} }}\nspace s = m() {where}\n"


def codes(body: str, declared: str = CORR, where: str = "") -> list[str]:
    return [d.code for d in check_text(Source("x.space", text(body, declared, where)))]


def test_the_block_gives_shape_and_cost() -> None:
    space = stdsl.loads(text("return [x, x] -> corr(2)"))
    output = space.graph.nodes[space.graph.outputs[0][1]]
    assert output.type.dims == (25, 8, 8)
    costs = space.costs({})
    assert (costs.params, costs.flops, costs.depth, costs.activations) == (25, 25 * 64 * 4, 1, 25 * 64)


def test_a_default_and_a_decision_in_its_argument() -> None:
    space = stdsl.loads(text("return [x, x] -> corr(choose 1..3 as reach) -> pointwise(4)"))
    assert space.count() == 3
    assert {space.costs(a).params for a in space.architectures()} == {9 + 36, 25 + 100, 49 + 196}
    assert space.costs().params.exact
    assert stdsl.loads(text("return [x, x] -> corr")).costs({}).params == 9


def test_stride_shape_and_layout() -> None:
    declared = """
extern op down on x from "m:Down" { stride = 2  params = 0  flops = 0 }
extern op tall on x from "m:Tall" { stride = (2, 1)  channels = 2 * x.channels  flops = 0  params = 0 }
extern op pooled(c: int) on x from "m:Pooled" { shape = c  layout = "features"  flops = 0  params = 0 }
extern op words on x from "m:Words" { shape = (x.height * x.width, x.channels)  layout = "tokens"  flops = 0 }
"""
    space = stdsl.loads(
        text("return {d: x -> down, t: x -> tall, p: x -> pooled(7), w: x -> words}", declared).replace("_", "")
    )
    types = {name: space.graph.nodes[id].type for name, id in space.graph.outputs}
    assert types["d"].dims == (4, 4, 4)
    assert types["t"].dims == (8, 4, 8)
    assert (types["p"].layout, types["p"].dims) == ("features", (7,))
    assert (types["w"].layout, types["w"].dims) == ("tokens", (64, 4))


def test_what_is_not_stated_is_unknown() -> None:
    declared = 'extern op f on x from "m:F" { params = 3 }'
    space = stdsl.loads(text("return x -> f", declared))
    assert space.unknown_costs == {"flops", "activations", "depth"}
    assert codes("return x -> f", declared, "where flops <= 600") == ["E0413"]
    assert codes("return x -> f", declared, "where params <= 600") == []
    assert codes("return x -> choose {f, identity} as kind", declared, "where depth <= 3") == ["E0413"]


def test_an_operator_that_no_space_applies_is_not_in_its_graph() -> None:
    declared = f'{CORR}extern op g on x from "m:G" {{ flops = 0 }}'
    assert set(stdsl.loads(text("return [x, x] -> corr", declared)).graph.externs) == {"corr"}


def test_its_name_may_be_that_of_a_primitive() -> None:
    declared = 'extern op relu on x from "m:F" { channels = 9  params = 0  flops = 0 }'
    space = stdsl.loads(text("return x -> relu", declared))
    assert space.graph.nodes[space.graph.outputs[0][1]].type.dims == (9, 8, 8)
    assert list(space.graph.externs) == ["relu_2"]


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ('extern op f on x from "m" { flops = 0 }', "E0229"),
        ('extern op f on x from "m:F" { flopz = 0 }', "E0229"),
        ('extern op f on *xs from "m:F" { flops = 0 }', "E0229"),
        ('extern op f on x: image(3, 8, 8) from "m:F" { flops = 0 }', "E0229"),
        ('extern op f(d: integer = 1) on x from "m:F" { flops = 0 }', "E0229"),
        ('extern op f(lambda = 1) on x from "m:F" { flops = 0 }', "E0229"),
        ('extern op f on x from "m:F" { layout = "features" }', "E0229"),
        ('extern op f on x from "m:F" { shape = (3, 8, 8)  channels = 3 }', "E0229"),
        ('extern op f on x from "m:F" { layout = "vector"  shape = 3 }', "E0229"),
        ('extern op f on x from "m:F" { channels = choose {1, 2} }', "E0229"),
        ('extern op f on x from "m:F" { channels = y.channels }', "E0201"),
    ],
)
def test_wrong_declarations_used_or_not(declared: str, code: str) -> None:
    assert set(codes("return x -> relu", declared)) == {code}
    assert set(codes("return x -> f", declared)) == {code}


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("channels = 0", "E0216"),
        ("channels = 8 / 2", "E0216"),
        ("stride = 1x1x2", "E0216"),
        ("shape = (3, 8)", "E0216"),
        ("flops = 0 - 1", "E0216"),
        ("flops = out.frames", "E0216"),
        ("params = 1 // 0", "E0216"),
    ],
)
def test_rules_that_come_to_nothing(rule: str, code: str) -> None:
    assert codes("return x -> f", f'extern op f on x from "m:F" {{ {rule} }}') == [code]


def test_arguments_are_checked() -> None:
    assert codes("return [x, x] -> corr(2.5)") == ["E0215"]
    assert codes("return [x, x] -> corr(e = 1)") == ["E0212"]
    assert codes("return x -> corr(1)") == ["E0218"]
    assert codes("return [x, x] -> corr(1, 2)") == ["E0211"]

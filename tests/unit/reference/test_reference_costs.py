"""Shapes and costs by the interpreter's own rules, held to the examples that the documentation states."""

import re
from pathlib import Path

import pytest
from reference import costs, load, outcomes
from reference.comparison import differences
from reference.primitives import PRIMITIVES as KNOWN

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
EXAMPLE = re.compile(
    r"^Example: `([^`]+)` on (.+) gives (\w+)\(([\d, ]+)\); (\d+) parameters, (\d+) multiply-adds\.$", re.MULTILINE
)
WRITTEN = EXAMPLE.findall((REFERENCE / "operations.md").read_text())
PRIMITIVES = [example for example in WRITTEN if example[0].partition("(")[0] in KNOWN]
"""Those of operators that the interpreter knows; random spaces apply these alone."""
LIBRARY = [
    (match.groups(), re.findall(r"^## `(.+)`$", page[: match.start()], re.MULTILINE)[-1])
    for page in [(REFERENCE / "library.md").read_text()]
    for match in EXAMPLE.finditer(page)
]


def agrees(example: tuple[str, ...], head: str = "") -> None:
    operator, inputs, layout, sizes, params, flops = example
    types = inputs.split(" and ")
    names = [f"x{i}" for i in range(len(types))]
    declared = ", ".join(f"{name}: {kind}" for name, kind in zip(names, types, strict=True))
    piped = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
    (one,) = outcomes(load(f"stdsl 1 {head} meta m on {declared} = {piped} -> {operator} space s = m"))
    assert one.error is None
    assert one.outputs["output"].shape["layout"] == layout
    found = [size for axis, size in one.outputs["output"].shape.items() if axis != "layout"]
    assert ", ".join(map(str, found)) == sizes
    assert (costs(one).params, costs(one).flops) == (int(params), int(flops))


@pytest.mark.parametrize("example", PRIMITIVES, ids=lambda e: e[0])
def test_examples_of_primitives(example: tuple[str, ...]) -> None:
    agrees(example)


@pytest.mark.parametrize(("example", "file"), LIBRARY, ids=lambda v: v if isinstance(v, str) else v[0])
def test_examples_of_the_library(example: tuple[str, ...], file: str) -> None:
    name = re.split(r"\W", example[0])[0]
    agrees(example, "" if file == "std.prelude" else f"use {file} ({name})")


def test_there_are_examples() -> None:
    assert len(PRIMITIVES) > 30
    assert len(LIBRARY) > 30


def test_only_what_reaches_the_first_output_costs() -> None:
    text = """stdsl 1 meta m on x: image(3, 8, 8) {
      a = x -> conv(4, 3)
      b = a -> conv(4, 1, bias = true)
      return {main: (b -> zero) + (a -> conv(4, 1)), aux: b}
    } space s = m"""
    (one,) = outcomes(load(text))
    found = costs(one)
    assert (found.params, found.flops) == (3 * 9 * 4 + 4 * 4, (3 * 9 * 4 + 4 * 4) * 64)
    assert (found.depth, found.activations) == (2, 2 * 4 * 64)


@pytest.mark.parametrize(
    "where",
    [
        "",
        'where kind == "none" or c == 3',
        "where params <= 10 ** 402",
        "where params <= 10 ** 500",
        "where params >= 10 ** 401",
        "where flops in 10..10 ** 403, params <= 10 ** 402",
        "where flops <= 1e300",
        "where params <= 10 ** 500, params >= 10 ** 499",
        'where depth <= 3, params >= 1, flops <= 10 ** 802, kind != "none" or n > 1',
    ],
)
def test_costs_that_no_float_holds(where: str) -> None:
    text = f"""stdsl 1
meta m on x: tokens(5, 4) {{
  u = x -> linear(10 ** 400) -> choose {{layer_norm, none: identity, z: zero(same), big: linear(10 ** 400)}} as kind
  w = u -> repeat choose 0..2 as n {{ layer_norm }}
  return w -> linear(choose {{3, huge: 10 ** 400}} as c) -> linear(2)
}}
space s = m {where}
"""
    assert differences(text, networks=0) == []

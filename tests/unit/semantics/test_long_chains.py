"""Chains of operators lean to the left, as deep as they are long; a thousand of them are nothing special."""

from __future__ import annotations

import sys

import pytest

import stdsl
from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.frontend.expressions import MAX_CHAIN, MAX_DEPTH
from stdsl.compiler.frontend.formatter import format_source

N = 1_000
META = "stdsl 1 meta m on x: image(3, 8, 8) = {} space s = m"
TEXTS = {
    "a pipe": META.format("x" + " -> relu" * N),
    "a pipe of operators": f"stdsl 1 op f = relu{' -> relu' * N} meta m on x: image(3, 8, 8) = x -> f space s = m",
    "a sum of tensors": META.format("x" + " + x" * N),
    "a sum of operators": META.format(f"x -> (relu{' + relu' * N})"),
    "a sum of numbers": META.format(f"x -> conv(1{' + 1' * N}, 1x1)"),
    "a constant": f"stdsl 1 let C = 1{' + 1' * N} meta m on x: image(3, 8, 8) = x -> conv(C, 1x1) space s = m",
    "mixed signs": META.format(f"x -> conv(1{' * 1 + 1' * (N // 2)}, 1x1)"),
    "conditions": META.format("x -> conv(choose 1..3 as c, 1x1)") + f" where c <= 2{' and c <= 2' * N}",
}


@pytest.mark.parametrize("kind", TEXTS)
def test_a_thousand_links(kind: str) -> None:
    space = stdsl.loads(TEXTS[kind])
    before = sys.getrecursionlimit()  # a space keeps the room that walks through its diagrams need
    assert not check_text(Source("x.space", TEXTS[kind]))
    assert stdsl.loads(TEXTS[kind]).count() == space.count()
    assert space.count() == (2 if kind == "conditions" else 1)
    assert space.costs(space.sample()).params in (0, 3 * (N + 1), 3 * (N // 2 + 1), 3, 6)
    formatted = format_source(Source("x.space", TEXTS[kind]))
    assert format_source(Source("x.space", formatted)) == formatted
    assert sys.getrecursionlimit() == before


@pytest.mark.parametrize(
    "text",
    [
        META.format("x" + " -> relu" * (MAX_CHAIN + 1)),
        META.format("(" * 3 + "x" + " + x)" * 3 + " + x" * (MAX_CHAIN - 1)),
    ],
)
def test_the_limit_has_a_name(text: str) -> None:
    (found,) = check_text(Source("x.space", text))
    assert found.code == "E0107"
    assert found.message == f"this is a chain of more than {MAX_CHAIN} operators"


def test_parentheses_are_nesting() -> None:
    text = META.format("(" * (MAX_DEPTH + 1) + "x" + ")" * (MAX_DEPTH + 1))
    (found,) = check_text(Source("x.space", text))
    assert found.message == f"this is nested in more than {MAX_DEPTH} levels"


def test_in_settings_a_chain_is_nesting() -> None:
    text = f"stdsl 1 strategy s = evolution {{ mutations = 1{' + 1' * N} }}"
    (found,) = check_text(Source("x.space", text))
    assert found.code == "E0107"


FRAMES = (
    "choose {a: @}",
    "x -> choose {a: @}",
    "maybe (@)",
    "[@]",
    "{a: @}",
    "(@, 1)",
    "-(@)",
    "not (@)",
    "if @ then 1 else 2",
)
FRAMES += (
    "if true then @ else 1",
    "if true then 1 else @",
    "relu -> (@)",
    "(@) -> relu",
    "conv(@, 3)",
    "max(@, 1)",
    "f(@)",
)
FRAMES += (
    "(@)(2)",
    "(@).channels",
    "frozen (@)",
    "each (@)",
    "(@)[1]",
    "[1, 2][@]",
    "1 + (@)",
    "(@) in [1]",
    "1..(@)",
    "len(@)",
)
FRAMES += ("[i for i in @]", "x -> repeat @ { relu }", "true and (@)", "[*(@)]")


@pytest.mark.parametrize("place", ["v = {}\n return x", "return {}", "for i in 1..2 {{ v[i] = {} }} return x"])
@pytest.mark.parametrize("frame", FRAMES)
def test_what_is_nested_deeply_is_looked_at_once(frame: str, place: str) -> None:
    """Twice a level would be a thousand million times."""
    text = "relu"
    for _ in range(30):
        text = frame.replace("@", text)
    for found in check_text(
        Source("x.space", f"stdsl 1 meta m on x: image(3, 8, 8) {{ {place.format(text)} }} space s = m")
    ):
        assert found.message

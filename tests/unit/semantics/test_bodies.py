"""Spaces of one meta and the same arguments are elaborated once; none of them is any different for it."""

from __future__ import annotations

import gc

import pytest

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.checks.opening import load_text
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.ir.printer import print_ir
from stdsl.compiler.semantics.elaboration import blocks

BODY = """stdsl 1
meta tower(width = 8, deep = true, one = 1) on x: image(4, 8, 8) {
  h[0] = x
  for i in 1..(if deep then 4 else 2) {
    y = h[i - 1] -> choose {conv: conv(same, one), wide: conv(same, (choose {3, 5} as k))} as kind
    h[i] = [y, h[i - 1]] -> keep 1..2 as kept -> sum
  }
  return h[if deep then 4 else 2] -> repeat choose 1..2 as often { pointwise(width * one) }
    -> global_avg_pool -> linear(10)
}
op point(c) = pointwise(c)
op spread(c) = conv(c, 3)
meta headed(classes = 10, size = 8, deep = true) on x: image(4, size, size) {
  y = x -> choose {conv: conv(8, 3), wide: spread(8) -> spread(8)} as kind
  z = y -> (if deep then spread(4) else spread(2))
  return z -> global_avg_pool -> dropout(1 / classes) -> linear(classes)
}
meta either(f, width = 4) on x: image(4, 8, 8) = x -> choose {once: f(width), twice: f(width) -> f(width)} as times
"""
SPACES = (
    "space whole = tower",
    "space small = tower() where flops <= 100K",
    'space narrow(w = 8) = tower(width = w) where k == 3, size("**.kept") <= 5',
    "space threes = tower where params >= 1K, often == 1",
    "space wide = tower(16)",
    "space shallow = tower(deep = false) where often == 2",
    "space other = tower(one = 3, width = 8)",
    "space again = tower where flops >= 10K, k == 3",
    "space spelt = tower(8, deep = true) where flops <= 90K",
    "space headed_so = headed",
    "space of_others_classes = headed(3) where flops <= 100K",
    "space of_three(classes = 3) = headed(classes = classes) where params >= 1",
    "space larger = headed(3, 9)",
    "space of_points = either(point, 4) where flops <= 2K",
    "space of_points_again = either(point)",
    "space of_others = either(spread) where params >= 1",
)


@pytest.fixture
def bodies_run(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The metas whose bodies are elaborated, each time that one is."""
    found: list[str] = []
    run = blocks.run_block

    def counted(state: object, block: object, env: object, **more: object) -> object:
        found.append("")
        return run(state, block, env, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(blocks, "run_block", counted)
    return found


def test_a_space_is_the_same_beside_others() -> None:
    together = BODY + "\n".join(SPACES)
    for space in SPACES:
        name = space.split()[1].partition("(")[0]
        alone = load_text(f"{BODY}{space}", name).graph
        beside = load_text(together, name).graph
        assert print_ir(beside) == print_ir(alone)
        assert [(d.path, d.demanded) for d in beside.decisions] == [(d.path, d.demanded) for d in alone.decisions]
        assert [(c.span.text) for c in beside.constraints] == [c.span.text for c in alone.constraints]
        assert beside.span.text == alone.span.text == name


def test_a_body_is_elaborated_once_for_the_same_arguments(bodies_run: list[str]) -> None:
    for spaces, times in (
        (["space a = tower", "space b = tower where flops <= 100K", "space c = tower() where k == 3"], 1),
        (["space a = tower", "space b = tower(16)"], 2),
        (["space a(w = 8) = tower(w)", "space b(v = 8) = tower(v)", "space c = tower(9)"], 2),
        (["space a = tower(one = 1)", "space b = tower(one = true)"], 2),
        (["space a = tower(one = 1)", "space b = tower where k == 3", "space c = tower(8, true)"], 1),
        (["space a = tower(8.0)", "space b = tower"], 2),
    ):
        bodies_run.clear()
        check_text(Source("<text>", BODY + "\n".join(spaces)))
        assert len(bodies_run) == times, spaces


def test_a_declared_op_is_the_same_argument_wherever_it_is_named(bodies_run: list[str]) -> None:
    def run(*spaces: str) -> int:
        bodies_run.clear()
        check_text(Source("<text>", BODY + "\n".join(spaces)))
        return len(bodies_run)

    one, other = run("space a = either(point)"), run("space a = either(spread)")
    assert run("space a = either(point)", "space b = either(point, 4) where flops <= 2K") == one
    assert run("space a = either(point)", "space b = either(spread)") == one + other


def test_statements_are_elaborated_once_where_they_read_nothing_that_differs(bodies_run: list[str]) -> None:
    def run(*spaces: str) -> int:
        bodies_run.clear()
        check_text(Source("<text>", BODY + "\n".join(spaces)))
        return len(bodies_run)

    one = run("space a = headed")
    assert run("space a = headed", "space b = headed(3)", "space c = headed(5) where flops <= 100K") == one
    assert run("space a = headed(0)", "space b = headed(3)", "space c = headed(3)") == one
    assert run("space a = headed", "space b = headed(10, 9)", "space c = headed(3, 9)") == one
    assert run("space a = headed", "space b = headed(3, 8, false)") == one + 2


def test_mistakes_are_those_of_each_space() -> None:
    """A space with a mistake in its `where` leaves nothing behind for the next, and one whose body has mistakes, or
    something to be warned of, is elaborated for itself."""
    for spaces in (
        ["space a = tower where kk == 3", "space b = tower where flops <= 1", "space c = tower where k == 7"],
        ["space a = tower where flops <= k", "space b = tower where 1 + choose {1, 2} == 2", "space c = tower"],
        ["space a = tower(width = 0)", "space b = tower(width = 0) where k == 3"],
        ["space a = tower(one = 1)", "space b = tower(one = 1.5)", "space c = tower(one = 1)"],
        ["space a = headed(0)", "space b = headed", "space c = headed(0.5)", "space d = headed(-1) where kind == conv"],
        ["space a = headed", "space b = headed(0)", "space c = headed(3) where kind == 7", "space d = headed(-1)"],
    ):
        text = BODY + "\n".join(spaces)
        found = {(d.code, d.span and d.span.text) for d in check_text(Source("<text>", text))}
        alone = {
            (d.code, d.span and d.span.text) for space in spaces for d in check_text(Source("<text>", f"{BODY}{space}"))
        }
        assert found == alone, spaces
        assert found


def test_what_is_computed_leaves_no_garbage() -> None:
    """Functions that call themselves hold themselves and what they remember: of EvaNet's spaces this was most of the
    memory of a check, in which garbage is not looked for."""
    text = BODY + SPACES[0]
    load_text(text)
    gc.collect()
    enabled = gc.isenabled()
    gc.disable()
    try:
        graph = load_text(text).graph
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        walks = [o for o in gc.garbage if getattr(o, "__qualname__", "").startswith("Diagrams.")]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        if enabled:
            gc.enable()
    assert graph.open
    assert not walks


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ("[3]", None),
        ("[3.0]", "(3.0, 3)"),
        ("[3, 3.0]", "(3.0, 3)"),
        ("[3.0, 3]", "(3.0, 3)"),
        ("[3, true]", "(true, 3)"),
    ],
)
def test_pairs_of_equal_numbers_of_different_kinds(given: str, wrong: str | None) -> None:
    """`(3.0, 3)` and `(3, 3)` are equal in Python: what was remembered of the one was said of the other, in the next
    text even."""
    for _ in range(2):
        text = f"""stdsl 1
op f(k) = conv(4, k)
meta m on x: image(4, 8, 8) = [x -> f((k, 3)) for k in {given}] -> sum
meta n on x: image(4, 8, 8) = x -> f((choose {{ {", ".join(dict.fromkeys(given[1:-1].split(", ")))} }}, 3))
space s = m
space t = n
"""
        found = check_text(Source("<text>", text))
        assert all(d.code == "E0215" and wrong is not None and wrong in d.message for d in found)
        assert bool(found) is (wrong is not None)

"""Paths change only where the text around a decision changes: edits elsewhere leave them as they are."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from stdsl.compiler.checks.opening import load_text

FORMS = (
    "NAME = x -> choose {relu, gelu}",
    "NAME = x -> choose {relu, deep: relu -> choose {gelu, silu} as inner} as kind",
    "NAME = [x, x -> relu] -> each choose {relu, gelu} as kind -> keep 1..2 as inputs -> sum",
    "NAME = [x, x] -> keep any -> sum",
    "NAME = x -> maybe relu",
    "NAME = x -> repeat choose 1..2 as times { choose {relu, gelu} }",
    "NAME = x -> conv(4, choose {1, 3} as length)",
    "NAME = x -> unit",
    "NAME = x -> motif",
    "for i in 1..2 { NAME[i] = x -> choose {relu, gelu} as kind }",
)
HEAD = """stdsl 1
op unit = choose {relu, gelu} -> choose {silu, relu} as second
tied cell motif on x = x -> choose {relu, gelu} as shared
"""

Statements = list[tuple[str, str]]
"""Names with the forms that are bound to them."""


def paths(statements: Statements, head: str = HEAD) -> dict[str, set[str]]:
    """The paths of the decisions of each name; those of tied cells by the cell's name."""
    lines = [form.replace("NAME", name) for name, form in statements]
    used = [f"*{name}" if form.startswith("for") else name for name, form in statements]
    body = "\n  ".join(lines)
    text = (
        f"{head}meta net on x: image(4, 8, 8) {{\n  {body}\n  return [x, {', '.join(used)}] -> sum\n}}\nspace s = net\n"
    )
    found: dict[str, set[str]] = {}
    for decision in load_text(text).graph.open:
        found.setdefault(decision.path.split(".")[0].split("[")[0], set()).add(decision.path)
    return found


@st.composite
def bodies(draw: st.DrawFn) -> Statements:
    forms = draw(st.lists(st.sampled_from(FORMS), min_size=2, max_size=6))
    return [(f"v{i}", form) for i, form in enumerate(forms)]


profile = settings(max_examples=60, derandomize=True)


@profile
@given(bodies(), st.sampled_from(FORMS), st.integers(0, 6))
def test_a_statement_that_is_added(body: Statements, form: str, place: int) -> None:
    before, after = paths(body), paths([*body[:place], ("added", form), *body[place:]])
    assert {name: rows for name, rows in after.items() if name not in ("added", "motif")} == {
        name: rows for name, rows in before.items() if name != "motif"
    }


@profile
@given(bodies(), st.integers(0, 5))
def test_a_statement_that_goes(body: Statements, place: int) -> None:
    gone = body[place % len(body)][0]
    after = paths([row for row in body if row[0] != gone])
    before = paths(body)
    assert all(after[name] == before[name] for name in after)
    assert set(before) - set(after) <= {gone, "motif"}


@profile
@given(bodies(), st.randoms(use_true_random=False))
def test_statements_in_another_order(body: Statements, random: Random) -> None:
    shuffled = list(body)
    random.shuffle(shuffled)
    assert paths(shuffled) == paths(body)


@profile
@given(bodies(), st.integers(0, 5), st.sampled_from(FORMS))
def test_a_statement_that_is_rewritten(body: Statements, place: int, form: str) -> None:
    name = body[place % len(body)][0]
    before, after = paths(body), paths([(n, form if n == name else f) for n, f in body])
    others = {n for n, _ in body} - {name}
    assert all(before.get(n) == after.get(n) for n in others)


@profile
@given(bodies())
def test_what_has_no_decision_may_stand_anywhere(body: Statements) -> None:
    head = HEAD.replace("tied cell", "# a comment\nlet UNUSED = 3\nop plain = relu\n\ntied cell")
    padded = [row for i, row in enumerate(body) for row in (row, (f"plain{i}", "NAME = x -> relu -> conv(4, 1x1)"))]
    assert paths(padded, head) == paths(body)

"""W0415 of comparisons in constraints, held to what the decisions of a small space do come out at."""

from __future__ import annotations

import random
from typing import Any

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.ops.attributes import shown

TEXT = """stdsl 1
meta net on x: image(3, 8, 8) {
  w = choose {8, 16, 32} as width
  a = x -> conv(w, (choose {1x3, 3x1} as shape)) -> conv(w, choose {1, more: choose {3, 5} as odd} as window)
  b = [a, a -> conv(same, 3x3), a -> relu, a] -> keep 2..3 as inputs -> sum
  c = b -> repeat choose 0..2 as n { choose {conv(same, 3x3), relu} as kind }
  d = [c -> conv((choose {4, 6} as width), 1x1), c -> conv(4, 1x1)] -> keep 1 as one -> mean
  return d -> global_avg_pool -> linear(if (choose {true, false} as wide) then 4 else 2)
}
"""

TAKES: dict[str, tuple[Any, ...]] = {
    "width": (4, 6, 8, 16, 32),
    '"w.width"': (8, 16, 32),
    "shape": ((1, 3), (3, 1)),
    "window": (1, 3, 5),
    "odd": (3, 5),
    "inputs": (2, 3),
    "n": (0, 1, 2),
    "wide": (True, False),
}

OTHERS: tuple[Any, ...] = (0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 32, 33, (1, 3), (3, 3), (3, 1))


def comparison(rng: random.Random) -> tuple[str, str | None]:
    """A comparison, and what should be said of it: the first words of the message; None for nothing."""
    name = rng.choice(list(TAKES))
    takes = TAKES[name]
    others = [one for one in OTHERS if isinstance(one, tuple) == isinstance(takes[0], tuple)]
    # Whether a truth value is a number is not what is asked here.
    values = [rng.choice((*takes, *([] if name == "wide" else others))) for _ in range(rng.choice((1, 1, 2, 3)))]
    absent = [value for value in values if value not in takes]
    said = f"`{name.strip(chr(34))}` is never" if absent else None
    negated = rng.random() < 0.4
    if len(values) == 1 and rng.random() < 0.7:
        op = "!=" if negated else "=="
        sides = (name, shown(values[0])) if rng.random() < 0.7 else (shown(values[0]), name)
        text = f"{sides[0]} {op} {sides[1]}"
    elif not isinstance(values[0], tuple) and name != "wide" and rng.random() < 0.3:
        low, high = min(values), max(values)
        absent = [] if any(low <= value <= high for value in takes) else values
        said = f"`{name.strip(chr(34))}` is never" if absent else None
        text = f"{name} {'not in' if negated else 'in'} {low}..{high}"
    else:
        listed = ", ".join(map(shown, dict.fromkeys(values)))
        text = f"{name} {'not in' if negated else 'in'} {{{listed}}}"
    if said is not None and len(absent) == len(values):
        said = f"this is {'always' if negated else 'never'} true: {said}"
    return text, said


def test_what_can_never_be_is_warned_of_and_nothing_else() -> None:
    rng = random.Random(5)
    told = 0
    for _ in range(10):
        made = [comparison(rng) for _ in range(12)]
        # Each beside a condition that always can hold, so that none of them excludes everything.
        spaces = [f"space s{i} = net where {text} or wide or not wide\n" for i, (text, _) in enumerate(made)]
        lines = TEXT.count("\n")
        found: dict[int, str] = {}
        for d in check_text(Source("t", TEXT + "".join(spaces))):
            assert d.code == "W0415", d
            assert d.span is not None
            line = d.span.source.text.count("\n", 0, d.span.start)
            assert d.span.text in made[line - lines][0]
            found[line - lines] = d.message
        for i, (text, said) in enumerate(made):
            assert (i in found) == (said is not None), text
            if said is not None:
                assert found[i].startswith(said), (text, found[i])
                told += 1
    assert 30 < told < 100


def test_what_a_parameter_gives_is_not_warned_of() -> None:
    found = check_text(Source("t", TEXT + "space s(cap = 17) = net where width != cap, width in {cap, 8}\n"))
    assert list(found) == []


def messages(spaces: str) -> list[str]:
    found = check_text(Source("t", TEXT + spaces))
    assert all(d.code == "W0415" for d in found), found
    return [d.message for d in found]


def test_what_hangs_on_parameters_of_the_space_is_not_judged_by_their_defaults() -> None:
    meta = TEXT.replace("meta net on", "meta net(most = 32) on").replace("choose {8, 16, 32}", "choose {8, 16, most}")
    for space, said in (
        ("space s(w = 4) = net(most = w) where width != 32", False),
        ("space s(w = 4, v = w) = net(most = v) where width != 32", False),
        ("space s(w = 4) = net(most = 4) where width != 32", True),
        ("space s = net(most = 4) where width != 32", True),
    ):
        found = check_text(Source("t", f"{meta}{space}\n"))
        assert [d.code for d in found if d.code == "W0415"] == ["W0415"] * said, space


def test_beside_names_of_alternatives_too() -> None:
    """The comparison may be true by the name, so nothing is said of it as a whole."""
    assert messages('space s = net where window in {"more", 9}\n') == ["`window` is never `9`"]
    told = messages('space s = net where window not in {9, "more", 7, 1} or n == 1\n')
    assert told == ["`window` is never `9` or `7`"]
    assert messages('space s = net where window in {"more", 1}\n') == []


def test_truth_values_are_no_numbers() -> None:
    assert messages("space s = net where wide == 1 or n == 1\n") == ["this is never true: `wide` is never `1`"]
    assert messages("space s = net where n in {true, 2} or wide\n") == ["`n` is never `true`"]
    assert messages("space s = net where n == 1.0\n") == []

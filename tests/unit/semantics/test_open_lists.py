"""Lists of open length: which elements are there, and what asking for that asks for; held to Python's own lists."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest

import stdsl
from stdsl.compiler.analysis.architecture import answers_of
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.ir.diagram import evaluate

CELLS = "cell two on l, r { return [l, r] -> concat -> pointwise(4) }\n"


def test_a_number_in_a_kept_list():
    text = """stdsl 1
meta m on x: image(4, 8, 8) {
  d = [1, 2, 3] -> keep 1..2 as d
  return x -> conv(4, if 2 in d then 3 else 1) -> global_avg_pool -> linear(2)
}
space s = m
"""
    space = stdsl.loads(text)
    assert space.count() == 6
    params = {arch["d.d"]: space.costs(arch).params for arch in space.architectures()}
    assert params == {kept: 4 * 4 * (9 if 2 in kept else 1) + 4 * 2 + 2 for kept in params}


def test_whether_a_number_is_missing():
    text = """stdsl 1
meta m on x: image(4, 8, 8) {
  d = [1, 2, 3] -> keep 1..2 as d
  return x -> conv(4, if 2 not in d then 3 else 1) -> global_avg_pool -> linear(2)
}
space s = m
"""
    space = stdsl.loads(text)
    assert space.count() == 6
    assert {arch["d.d"] for arch in space.architectures() if space.costs(arch).params == 4 * 4 * 9 + 10} == {
        (1,),
        (3,),
        (1, 3),
    }


# What an expression over the kept list `l` comes to, as a number, and what Python says of the elements.
NUMBERS: list[tuple[str, Callable[[list[int]], Any]]] = [
    ("if 2 in l then 1 else 0", lambda xs: int(2 in xs)),
    ("if 2 not in l then 1 else 0", lambda xs: int(2 not in xs)),
    ("if 9 in l then 1 else 0", lambda xs: 0),
    ("if 2 in [*l, 7] then 1 else 0", lambda xs: int(2 in xs)),
    ("if 7 in [*l, 7] then 1 else 0", lambda xs: 1),
    ("if len(l) in l then 1 else 0", lambda xs: int(len(xs) in xs)),
    ("if l[1] in last(1, l) then 1 else 0", lambda xs: int(xs[0] == xs[-1])),
    ("len(l)", len),
    ("len([*l, *l])", lambda xs: 2 * len(xs)),
    ("l[1]", lambda xs: xs[0]),
    ("l[len(l)]", lambda xs: xs[-1]),
    ("[9, *l][2]", lambda xs: xs[0]),
    ("[*l, 9][2]", lambda xs: [*xs, 9][1]),
    ("[*l, 9][len(l) + 1]", lambda xs: 9),
    ("len(l[<1])", lambda xs: 0),
    ("len(l[<2])", lambda xs: 1),
    ("len(l[<3])", lambda xs: min(2, len(xs))),
    ("l[<2][1]", lambda xs: xs[0]),
    ("[*l[<3], 9][2]", lambda xs: [*xs[:2], 9][1]),
    ("last(1, l)[1]", lambda xs: xs[-1]),
    ("len(last(1, [*l, *l]))", lambda xs: 1),
    ("if 1 in last(1, l) then 1 else 0", lambda xs: int(1 in xs[-1:])),
    ("if 2 in last(len(l), l) then 1 else 0", lambda xs: int(2 in xs)),
    ("len([v for v in l])", len),
    ("[2 * v for v in l][1]", lambda xs: 2 * xs[0]),
    ("if 4 in [2 * v for v in l] then 1 else 0", lambda xs: int(2 in xs)),
    ("[[v, 9] for v in l][1][1]", lambda xs: xs[0]),
    ("[[1, 2], l][2][1]", lambda xs: xs[0]),
    ("len([l, [5]][1])", len),
    ("max(l[1], len(l))", lambda xs: max(xs[0], len(xs))),
]


def values(make, body: str) -> dict[tuple[int, ...], int]:
    """The number of channels less one that each architecture of a body comes to, by what it keeps."""
    graph = make.graph(body, CELLS)
    channels = graph.nodes[graph.outputs[0][1]].type.channels
    found = {}
    for arch in architectures(graph):
        answers = answers_of(graph, arch)
        kept = next(iter(arch.values()))
        assert isinstance(kept, tuple)
        found[kept] = evaluate(channels, answers) - 1
    return found


@pytest.mark.parametrize(("expression", "python"), NUMBERS, ids=[e for e, _ in NUMBERS])
@pytest.mark.parametrize("numbers", [[1, 2, 3], [2, 1, 2]], ids=str)
def test_numbers(make, expression, python, numbers):
    body = f"l = {numbers} -> keep 1..3 as k  return x -> pointwise(1 + ({expression}))"
    expected = {
        tuple(places): python([numbers[i - 1] for i in places])
        for size in (1, 2, 3)
        for places in combinations((1, 2, 3), size)
    }
    assert values(make, body) == expected


@pytest.mark.parametrize("seed", range(25))
def test_random_lists_of_numbers(make, seed):
    """Lists that are spliced, kept of twice, cut and looked into at random."""
    generator = random.Random(seed)
    numbers = [generator.randint(1, 4) for _ in range(generator.randint(2, 4))]
    texts, functions = ["l"], [lambda xs: list(xs)]
    for _ in range(3):
        i = generator.randrange(len(texts))
        text, function = texts[i], functions[i]
        kind = generator.randrange(5)
        n = generator.randint(1, 3)
        if kind == 0:
            texts.append(f"[*{text}, {n}]")
            functions.append(lambda xs, f=function, n=n: [*f(xs), n])
        elif kind == 1:
            texts.append(f"[{n}, *{text}]")
            functions.append(lambda xs, f=function, n=n: [n, *f(xs)])
        elif kind == 2:
            texts.append(f"[v + {n} for v in {text}]")
            functions.append(lambda xs, f=function, n=n: [v + n for v in f(xs)])
        elif kind == 3:
            texts.append(f"last(1, {text})")
            functions.append(lambda xs, f=function: f(xs)[-1:])
        else:
            texts.append(f"[*{text}, *{texts[0]}]")
            functions.append(lambda xs, f=function: [*f(xs), *xs])
    text, function = texts[-1], functions[-1]
    wanted = generator.randint(1, 5)
    expression, python = generator.choice(
        [
            (f"if {wanted} in {text} then 1 else 0", lambda xs: int(wanted in function(xs))),
            (f"len({text})", lambda xs: len(function(xs))),
            (f"({text})[1]", lambda xs: function(xs)[0]),
            (f"({text})[len({text})]", lambda xs: function(xs)[-1]),
        ]
    )
    body = f"l = {numbers} -> keep any as k  return x -> pointwise(1 + ({expression}))"
    places = range(1, len(numbers) + 1)
    assert values(make, body) == {
        kept: python([numbers[i - 1] for i in kept]) for size in places for kept in combinations(places, size)
    }


L = "l = [x -> a, x -> b, x -> c] -> keep 1..2 as k  "
N = "n = choose 1..3 as n  for i in 1..n { y[i] = x -> st }  "
# body: count
ASKED = {
    L + "return l[1]": 6,
    L + "return [x, *l][1]": 6,
    L + "return l[<2] -> sum": 6,
    L + "return last(1, l) -> sum": 6,
    L + "return x -> pointwise(4 + 0 * len(l))": 6,
    L + "return if false then l[1] else x": 1,
    "l = [x -> st, x -> v] -> keep 1 as k  return x -> pointwise(len(l)) -> pointwise(4)": 2,
    "l = [choose {1, 2} as p, choose {3, 4} as q] -> keep 1..2 as k  return x -> pointwise(len(l))": 3,
    "l = [choose {1, 2} as p, choose {3, 4} as q] -> keep 1..2 as k  return x -> conv(4, if 2 in l then 3 else 1)": 8,
    "l = [choose {1, 2} as p, choose {3, 4} as q] -> keep 1..2 as k  return x -> conv(4, if true or 2 in l then 3 else 1)": 1,  # noqa: E501
    N + "return y[1]": 2,
    N + "return y[<2] -> sum": 2,
    N + "return y -> sum": 2 + 4 + 8,
    N + "return y[n]": 2 + 2 + 2,
    N + "return if len(y) > 2 then y[3] else x": 2 + 2,
    N + "return [v for v in y] -> each relu -> sum": 2 + 4 + 8,
    "p = choose {true, false} as p  l = if p then [1, 2] else []  return x -> conv(4, 1 + 2 * len(l))": 2,
    "p = choose {true, false} as p  l = if p then [] else []  return x -> conv(4, 1 + 2 * len(l))": 2,
    "p = choose {true, false} as p  l = [x, *(if p then [x] else [])]  return l[1]": 2,
    "return [x -> a, *([x -> b, x -> c] -> keep 1 as k)] -> two": 2,
    "return [x -> a, *([x -> b, x -> c] -> keep 1..2 as k)] -> keep 1 as l -> sum": 3 + 2 + 2,
    "q = [[x, x -> a], [x -> b, x -> c]] -> keep 1 as k  return q[1][2]": 2,
    "i = choose 1..2 as i  q = [[x, x -> a], [x -> b, x -> c]]  return q[i] -> sum": 2,
}


@pytest.mark.parametrize("body", ASKED)
def test_counts(make, body):
    found = make(body, CELLS + "op v = choose {a, b, c} as other\n")
    assert (found.count, found.listed) == (str(ASKED[body]), ASKED[body])


def test_what_a_keep_may_not_keep_depends_on_what_was_asked(make):
    body = """p = choose {true, false} as p  n = choose 1..2 as n
    l = if p then [x -> a for i in 1..n] else [x -> b]
    return l -> keep 1 as k -> sum"""
    assert make(body).listed == int(make(body).count) == 1 + 2 + 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (N + "y[4] = x -> a  return y -> sum", "E0220"),
        (N + "return [*y, x][5]", "E0220"),
        (L + "return l[2]", "E0220"),
        (L + "return last(2, l) -> sum", "E0220"),
        ("return x -> conv(4, if [1] == [1] then 3 else 1)", "E0214"),
        ('q = choose {2, big: "s"} as q  return x -> conv(4, if 3 in 1..q then 3 else 1)', "E0222"),
    ],
)
def test_mistakes(make, body, code):
    assert make.codes(body) == [code]


@pytest.mark.parametrize(
    ("body", "where", "count"),
    [
        (N + "return y[2]", "n >= 2", 2 * 2),
        (N + "y[4] = x  return y -> sum", "n == 3", 8),
        ("n = choose 1..3 as n  return x -> pointwise(4 // (n - 1)) -> pointwise(4)", "n > 1", 2),
        ("n = choose 1..3 as n  return [x -> a for i in 1..n] -> keep 2 as k -> sum", "n >= 2", 1 + 3),
        ("n = choose 1..3 as n  xs = [x, x -> a]  return xs[n]", "n <= 2", 2),
        (N + "return last(2, y) -> sum", "n >= 2", 2 * 4),
    ],
)
def test_what_where_excludes_is_no_mistake(make, body, where, count):
    found = make(body, where=where)
    assert (found.count, found.listed) == (str(count), count)


def test_sides_that_never_come_about_are_not_looked_at(make):
    assert make.codes("n = choose 1..3 as n  return x -> conv(4, if n > 1 and 4 // (n - 1) > 2 then 3 else 1)") == []
    assert make.codes("n = choose 1..3 as n  return x -> conv(4, if n == 1 or 4 // (n - 1) > 2 then 3 else 1)") == []
    assert make.codes("n = choose 1..3 as n  return if n == 1 then (if n == 2 then [x][5] else x) else x") == []

"""The counts of the language reference, and of published spaces."""

from __future__ import annotations

import math

import pytest

from stdsl.compiler.analysis.circuits.of_space import decided
from stdsl.compiler.analysis.enumerate import architectures


def ops(s, x, *names):
    return {name: s.op("relu", x) for name in names}


def nested(s):
    deep = s.choose("deep.choice", ops(s, s.x, "c", "d", "e"))
    return s.choose("choice", {**ops(s, s.x, "a", "b"), "deep": deep})


def used_twice(s):
    return s.sum([s.choose("f.choice", ops(s, s.x, "a", "b")) for _ in range(2)])


def each_of(s, n):
    return [s.choose(f"[{i}].choice", ops(s, s.x, "a", "b")) for i in range(1, n + 1)]


def loop(s):
    d, n = s.count("width", 1, 3)
    return s.concat(each_of(s, 3), [s.at_least(n, i) for i in (1, 2, 3)], [d])


def u_and_v(s):
    return s.choose("u.choice", ops(s, s.x, "a", "b")), s.choose("v.choice", ops(s, s.x, "a", "b", "c"))


def both(s):
    u, v = u_and_v(s)
    return s.choose("choice", {"u": u, "both": s.sum([u, v])})


def shared(s):
    u, v = u_and_v(s)
    return s.keep_sum("keep", [u, v, s.sum([u, v])], 1, 3)


TABLE = {
    "nested": (nested, 5),
    "used twice": (used_twice, 2),
    "each": (lambda s: s.sum(each_of(s, 2)), 4),
    "keep any": (lambda s: s.keep_sum("keep", each_of(s, 3), 1, 3), 26),
    "keep 2": (lambda s: s.keep_sum("keep", each_of(s, 3), 2, 2), 12),
    "keep 0..1": (lambda s: s.keep_sum("keep", each_of(s, 3), 0, 1), 7),
    "maybe": (lambda s: s.gate("gate", s.choose("choice", ops(s, s.x, "a", "b", "c"))), 4),
    "repeat": (
        lambda s: s.repeat("count", 1, 3, s.x, lambda x, k: s.choose(f"[{k}].choice", ops(s, x, "a", "b"))),
        14,
    ),
    "tied repeat": (
        lambda s: s.repeat("count", 1, 3, s.x, lambda x, k: s.choose("choice", ops(s, x, "a", "b"))),
        6,
    ),
    "loop bounded by a decision": (loop, 14),
    "demand, not text": (both, 8),
    "shared consumers": (shared, 35),
}


@pytest.mark.parametrize("name", TABLE)
def test_table(sketch, name):
    make, expected = TABLE[name]
    s = sketch()
    graph = s.finish(make(s))
    assert str(decided(graph)) == str(expected)
    assert len(list(architectures(graph))) == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, 1_076_746_950_455_072_400),
        ({"layers": 20}, 1_076_746_950_455_072_400),
        ({"nodes": 3}, (math.comb(3, 2) * math.comb(4, 2) * 7**6) ** 2),
        ({"none": True}, (3 * 6 * 10 * 8**8) ** 2),
        ({"nodes": 2, "kept": 1}, ((2 * 7) * (3 * 7)) ** 2),
        ({"tied": False, "layers": 4}, (3 * 6 * 10 * 7**8) ** 4),
    ],
)
def test_darts(make_darts, form, expected):
    graph = make_darts(**form)
    assert str(decided(graph)) == str(expected)


def test_evanet(make_evanet):
    graph = make_evanet(width=8, frames=8, size=24)
    kinds, lengths = 3, 6
    stream = 1 + kinds * lengths + (kinds * lengths) ** 2 + lengths
    module = sum(stream**n for n in range(1, 7))
    assert str(decided(graph)) == str((6 * module) ** 4)

"""What the reference of the language says, sentence by sentence: small spaces, and what they must come to.

Each is checked, counted, listed, and (where it is well) its last architecture is built and run.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch

import stdsl
from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.model import Severity
from stdsl.compiler.diagnostics.source import Source

# `a b c` keep the channels and have weights; `d e` have none.
HEAD = """stdsl 1
op a = conv(same, 1x1)
op b = conv(same, 3x3)
op c = conv(same, 5x5)
op d = relu
op e = gelu
op head = global_avg_pool -> linear(2)
"""
TWO_NUMBERS = """
w = choose {2, 4, 8} as width
h = choose {1, 2, 3} as heads
y = x -> conv(w, 3x3)
return y -> conv(w * h, 1x1) -> head
"""


@dataclass(frozen=True)
class Sentence:
    """The body of a meta; ``code``: the one diagnostic that it gives; ``params``: of all architectures."""

    name: str
    body: str
    declared: str = ""
    where: str = ""
    count: int | None = None
    code: str | None = None
    paths: set[str] | None = None
    params: list[int] | None = None
    inputs: str = "x: image(4, 8, 8)"
    space: str = "space s = m"

    @property
    def text(self) -> str:
        where = f" where {self.where}" if self.where else ""
        return f"{HEAD}{self.declared}\nmeta m on {self.inputs} {{ {self.body} }}\n{self.space}{where}\n"


SENTENCES = [
    Sentence("choose op", "return x -> choose {a,b,c} -> head", count=3, paths={"choice"}),
    Sentence("choose number range", "return x -> conv((choose 1..6), 3x3) -> head", count=6),
    Sentence("choose number range bare arg", "return x -> conv(choose 1..6, 3x3) -> head", count=6),
    Sentence("choose tuple", "return x -> conv(4, choose {3x3, 5x5}) -> head", count=2),
    Sentence("choose tuple paren", "return x -> conv(4, choose {p: (3, 1), q: (1, 3)}) -> head", count=2),
    Sentence(
        "choose tuple named",
        "k = choose {p: (3,1), q: 1x3} as k return x -> conv(4, k) -> head",
        count=2,
        paths={"k.k"},
    ),
    Sentence("choose tensor", "u = x -> a v = x -> b return (choose {u, v} as w) -> head", count=2),
    Sentence("choose list", "l = choose {p: [x -> a, x -> b], q: [x -> c]} return l -> sum -> head", count=2),
    Sentence("choose bool", "return x -> conv(4, 3x3, bias = choose {true, false}) -> head", count=2),
    Sentence("choose string", 'k = choose {"u", "v"} return x -> (if k == "u" then a else b) -> head', count=2),
    Sentence("choose pad none", "return x -> conv(4, 3x3, pad = none) -> head", count=1),
    Sentence("choose let set", "return x -> conv(choose S as w, 3x3) -> head", declared="let S = {2, 4, 8}", count=3),
    Sentence("choose ops", "return x -> choose O -> head", declared="ops O = {a, b}", count=2),
    Sentence(
        "choose ops()",
        "return x -> choose O() -> head",
        declared="ops O(s = 1) = {p: max_pool(3x3, s), q: conv(same, 3x3, stride = s)}",
        count=2,
    ),
    Sentence(
        "choose ops(2)",
        "return x -> choose O(2) -> head",
        declared="ops O(s = 1) = {p: max_pool(3x3, s), q: conv(same, 3x3, stride = s)}",
        count=2,
    ),
    Sentence(
        "choose ops through name",
        "o = choose O(2) return x -> o -> head",
        declared="ops O(s = 1) = {p: max_pool(3x3, s), q: conv(same, 3x3, stride = s)}",
        count=2,
    ),
    Sentence("choose in expr", "return x -> conv(2 * (choose 1..3), 3x3) -> head", count=3),
    Sentence("choose label expr", "return x -> conv(2 * (choose 1..3 as w) + 1, 3x3) -> head", count=3),
    Sentence("keep 2", "return [x -> a, x -> b, x -> c] -> keep 2 -> sum -> head", count=3, paths={"keep"}),
    Sentence("keep 1..3", "return [x -> a, x -> b, x -> c] -> keep 1..3 -> sum -> head", count=7),
    Sentence("keep 0..n sum", "return ([x -> a, x -> b] -> keep 0..2 -> sum) -> head", count=4),
    Sentence("keep 0..1 concat", "return ([x -> a, x -> b] -> keep 0..1 -> concat) -> head", code="E0228"),
    Sentence("keep any", "return [x -> a, x -> b, x -> c] -> keep any -> sum -> head", count=7),
    Sentence("keep any concat", "return [x -> a, x -> b, x -> c] -> keep any -> concat -> head", count=7),
    Sentence("keep any mean", "return [x -> a, x -> b, x -> c] -> keep any -> mean -> head", count=7),
    Sentence("keep all", "return [x -> a, x -> b, x -> c] -> keep all -> sum -> head", count=1, paths=set()),
    Sentence("keep 2 of 2", "return [x -> a, x -> b] -> keep 2 -> sum -> head", count=1, paths=set()),
    Sentence("keep more", "return [x -> a, x -> b] -> keep 3 -> sum -> head", code="E0304"),
    Sentence("keep any 1", "return [x -> a] -> keep any -> sum -> head", count=1),
    Sentence(
        "keep order slots",
        "return [x -> a, x -> b, x -> c] -> keep 2 -> two(4) -> head",
        declared="cell two(n) on p, q { return [p -> conv(n, 1x1), q -> conv(n, 3x3)] -> sum }",
        count=3,
    ),
    Sentence("keep label", "return [x -> a, x -> b, x -> c] -> keep 2 as inp -> sum -> head", count=3, paths={"inp"}),
    Sentence("maybe tensor", "return (maybe (x -> a)) + x -> head", count=2, paths={"gate"}),
    Sentence("maybe op", "return x + (x -> maybe a) -> head", count=2),
    Sentence("maybe op label", "return x + (x -> maybe a as g) -> head", count=2, paths={"g"}),
    Sentence("maybe choose", "return (x -> maybe (choose {a,b,c})) -> head", count=4),
    Sentence("maybe open shape", "return (x -> maybe (conv(choose {2,4}, 1x1))) -> head", code="E0307"),
    Sentence("keep0 open shape", "return ([x -> conv(choose {2,4}, 1x1)] -> keep 0..1 -> sum) -> head", code="E0307"),
    Sentence("repeat choose", "return x -> repeat choose 1..3 { choose {a,b} } -> head", count=14),
    Sentence("repeat tied", "return x -> tied repeat choose 1..3 { choose {a,b} } -> head", count=6),
    Sentence("repeat 3", "return x -> repeat 3 { a } -> head", count=1),
    Sentence("repeat 0", "return x -> repeat 0 { a } -> head", count=1),
    Sentence("repeat choose 0..2", "return x -> repeat choose 0..2 { choose {a,b} } -> head", count=7),
    Sentence("repeat choose set", "return x -> repeat choose {1, 2, 4} { a } -> head", count=3),
    Sentence("repeat n", "n = choose 1..3 as n return x -> repeat n { choose {a,b} } -> head", count=14),
    Sentence("repeat label", "return x -> repeat choose 1..3 as depth { a } -> head", count=3, paths={"depth"}),
    Sentence(
        "repeat path",
        "y = x -> repeat choose 1..2 { choose {a,b} } return y -> head",
        count=6,
        paths={"y.count", "y[1].choice", "y[2].choice"},
    ),
    Sentence(
        "tied repeat path",
        "y = x -> tied repeat choose 1..2 { choose {a,b} } return y -> head",
        paths={"y.choice", "y.count"},
    ),
    Sentence("lazy 0*n", "n = choose 1..3 as n return x -> conv(4 + 0 * n, 3x3) -> head", count=3),
    Sentence(
        "lazy and",
        "n = choose 1..3 as n k = (if false and n > 1 then 3 else 5) return x -> conv(4, k) -> head",
        count=1,
    ),
    Sentence(
        "lazy or", "n = choose 1..3 as n k = (if true or n > 1 then 3 else 5) return x -> conv(4, k) -> head", count=1
    ),
    Sentence(
        "lazy if",
        "n = choose {true, false} as n m = choose 1..3 as m return x -> conv((if n then m else 5), 1x1) -> head",
        count=4,
    ),
    Sentence("zero asks inputs", "return (x -> choose {a,b} -> zero) + x -> head", count=2),
    Sentence("shape reading only", "y = x -> choose {a,b} return x -> conv(y.channels, 1x1) -> head", count=1),
    Sentence("name once", "f = choose {a, b} return (x -> f) + (x -> f) -> head", count=2),
    Sentence("name twice weights", "o = conv(4,1x1) return (x -> o) + (x -> o) -> head", count=1, params=[42]),
    Sentence("each choose", "return [x,x] -> each choose {a,b} -> sum -> head", count=4),
    Sentence("template afresh", "return (x -> st) + (x -> st) -> head", declared="op st = choose {a, b}", code="E0301"),
    Sentence(
        "template afresh bound",
        "p = x -> st q = x -> st return p + q -> head",
        declared="op st = choose {a, b}",
        count=4,
    ),
    Sentence(
        "template through binding",
        "f = st p = x -> f q = x -> f return p + q -> head",
        declared="op st = choose {a, b}",
        count=4,
    ),
    Sentence(
        "value ()", "f = st() p = x -> f q = x -> f return p + q -> head", declared="op st = choose {a, b}", count=2
    ),
    Sentence(
        "template via param",
        "return x -> two(st) -> head",
        declared="op st = choose {a, b}\ncell two(f) on x { p = x -> f q = p -> f return q }",
        count=4,
    ),
    Sentence(
        "value via param",
        "return x -> two(st()) -> head",
        declared="op st = choose {a, b}\ncell two(f) on x { p = x -> f q = p -> f return q }",
        count=2,
    ),
    Sentence(
        "ops template via param",
        "return x -> two(O) -> head",
        declared="ops O = {a, b}\ncell two(f) on x { p = x -> choose f q = p -> choose f return q }",
        count=4,
    ),
    Sentence("let holds no decision", "return x -> conv(4, L) -> head", declared="let L = choose {3, 5}", code="E0305"),
    Sentence(
        "set applied",
        "return x -> st(4) -> head",
        declared="let LENGTHS = {1,3}\nop st(n) = choose {conv, depthwise_}(n, (choose LENGTHS as length, 3)) as kind\nop depthwise_(n, k) = conv(n, k) -> relu",  # noqa: E501
        count=4,
        paths={"kind", "length"},
    ),
    Sentence(
        "set applied noparen",
        "return x -> choose {conv, dd}(4, 3) -> head",
        declared="op dd(n, k) = conv(n, k) -> relu",
        count=2,
    ),
    Sentence(
        "let set applied",
        "return x -> choose S(4, 3) -> head",
        declared="op dd(n, k) = conv(n, k) -> relu\nlet S = {conv, dd}",
        count=2,
    ),
    Sentence("dup path help", "return (x -> choose {a,b}) + (x -> choose {a,b}) -> head", code="E0301"),
    Sentence(
        "paths loops",
        "for i in 1..2 { y[i] = x -> choose {a,b} } return y -> sum -> head",
        paths={"y[1].choice", "y[2].choice"},
    ),
    Sentence(
        "paths halved",
        "for i in 1..2 { for j in 1..2 { z[j] = x -> choose {a,b} } y[i] = z -> sum } return y -> sum -> head",
        count=16,
    ),
    Sentence(
        "paths alt",
        "y = x -> choose {a, deep: choose {b, c} } return y -> head",
        count=3,
        paths={"y.choice", "y.deep.choice"},
    ),
    Sentence(
        "return adds nothing, cell",
        "y = x -> k return y -> head",
        declared="cell k on x { z = x -> choose {a,b} return z -> choose {c, d} as l}",
        paths={"y.l", "y.z.choice"},
    ),
    Sentence(
        "tied path renamed",
        "y = x -> k return y -> head",
        declared="tied cell k on x { z = x -> choose {a,b} return z }",
        paths={"k.z.choice"},
    ),
    Sentence("nameless", "return x -> conv(choose {4, 2 * 4}, 1x1) -> head", code="E0302"),
    Sentence("coincide", "return x -> choose {conv(4, 1x1), conv(4, 3x3)} -> head", code="E0303"),
    Sentence("none name", "return x -> choose {none: zero, a} -> head", count=2),
    Sentence("named none bare", "return x -> choose {none: zero(), skip} -> head", count=2),
    Sentence(
        "S()(..)",
        "return x -> choose S()(4, 3) -> head",
        declared="op dd(n, k) = conv(n, k) -> relu\nops S = {conv, dd}",
        count=2,
    ),
    Sentence("keep index", "l = [x -> a, x -> b, x -> c] -> keep 2 return l[1] + l[2] -> head", count=3),
    Sentence(
        "keep index numbers", "l = [1, 2, 3] -> keep 2 return x -> conv(l[1], 1x1) -> head", count=3, params=[8, 14]
    ),
    Sentence("keep last", "l = [x -> a, x -> b, x -> c] -> keep 2 return last(1, l) -> sum -> head", count=3),
    Sentence("keep each", "return [x -> a, x -> b, x -> c] -> keep 2 -> each choose {d, e} -> sum -> head", count=12),
    Sentence(
        "keep0 elements differing",
        "w = choose {2,4} as w return ([x -> conv(w, 1x1)] -> keep 0..1 -> sum) -> head",
        count=4,
    ),
    Sentence("maybe outside decision", "w = choose {2,4} as w return (x -> maybe (conv(w, 1x1))) -> head", count=4),
    Sentence(
        "for n decision",
        "n = choose 1..3 as width for i in 1..n { y[i] = x -> choose {a, b} } return y -> sum -> head",
        count=14,
    ),
    Sentence(
        "for n concat",
        "n = choose 1..3 as width for i in 1..n { y[i] = x -> choose {a, b} } return y -> concat -> head",
        count=14,
    ),
    Sentence(
        "for chain n",
        "n = choose 1..3 as width h[0] = x for i in 1..n { h[i] = h[i-1] -> choose {a, b} } return h[n] -> head",
        count=14,
    ),
    Sentence(
        "h[n]", "n = choose 1..3 as width for i in 1..3 { h[i] = x -> choose {a, b} } return h[n] -> head", count=6
    ),
    Sentence(
        "for 2..n",
        "n = choose 1..3 as width for i in 2..n { y[i-1] = x -> choose {a, b} } return [x, *y] -> sum -> head",
        count=7,
    ),
    Sentence(
        "for bound const decision expr",
        "n = choose 1..3 as width for i in 1..n + 1 { y[i] = x -> choose {a, b} } return y -> sum -> head",
        count=28,
    ),
    Sentence(
        "for bound same",
        "return x -> f -> head",
        declared="op f on x { for i in 1..x.channels { y[i] = x -> a } return y -> sum }",
        count=1,
    ),
    Sentence("comprehension in list", "return [x -> f for f in [a, b]] -> sum -> head", count=1),
    Sentence("comprehension set", "return [x -> f for f in {a, b}] -> sum -> head", count=1),
    Sentence("splat", "l = [x, x -> a] return [*l, x -> b] -> sum -> head", count=1),
    Sentence("splat two", "l = [x, x -> a] return [*l, *l] -> sum -> head", count=1),
    Sentence("x[<i]", "for i in 1..3 { y[i] = [x, *y[<i]] -> each choose {a,b} -> sum } return y[3] -> head", count=64),
    Sentence(
        "x[0] seed", "y[0] = x for i in 1..2 { y[i] = y[i-1] -> a } return y -> sum -> head", count=1, params=[42]
    ),
    Sentence("x[<1] empty", "y[0] = x for i in 1..2 { y[i] = [y[0], *y[<i]] -> sum } return y[2] -> head", count=1),
    Sentence("x[1]=,x[2]=", "y[1] = x -> a y[2] = y[1] -> b return y -> sum -> head", count=1),
    Sentence("x[2] before", "y[2] = x -> a y[1] = x -> b return y -> sum -> head", code="E0214"),
    Sentence("last", "for i in 1..4 { y[i] = x -> a } return last(2, y) -> concat -> head", count=1),
    Sentence(
        "last dec n",
        "k = choose 1..3 as k for i in 1..4 { y[i] = x -> a } return last(k, y) -> concat -> head",
        count=3,
    ),
    Sentence("if range", "n = choose 1..3 as n return x -> (if n > 1 then a else b) -> head", count=3),
    Sentence(
        "share",
        "n = choose 1..3 as w for i in 1..n { s[i] = x -> conv(share(8, n, i), 1x1) } return s -> concat -> head",
        count=3,
    ),
    Sentence(
        "functions",
        "return x -> conv(max(1, 3) + min(2, 5) + ceil(1.5) + floor(1.5) + round(2.5) + abs(-1) , 1x1) -> head",
        count=1,
    ),
    Sentence("functions2", "return x -> conv(ceil(log(10)) + floor(exp(1)) + floor(sqrt(16)), 1x1) -> head", count=1),
    Sentence("round half", "return x -> conv(round(2.5), 1x1) -> head", params=[14]),
    Sentence("round dec", "n = choose {3, 5} as n return x -> conv(round(n * 1.5), 1x1) -> head", count=2),
    Sentence("int div", "return x -> conv(9 // 2, 1x1) -> head", count=1),
    Sentence("mod pow", "return x -> conv(9 % 4 + 2 ** 3 - -1, 1x1) -> head", count=1),
    Sentence("precedence unary", "return x -> conv(-2 ** 2 + 8, 1x1) -> head", params=[26]),
    Sentence("pow right", "return x -> conv(2 ** 1 ** 2, 1x1) -> head", params=[14]),
    Sentence("in op", "n = choose 1..3 as n return x -> (if n in {1, 3} then a else b) -> head", count=3),
    Sentence("in range", "n = choose 1..3 as n return x -> (if n in 1..2 then a else b) -> head", count=3),
    Sentence("not in", "n = choose 1..3 as n return x -> (if not n in 1..2 then a else b) -> head", count=3),
    Sentence("not in2", "n = choose 1..3 as n return x -> (if n not in 1..2 then a else b) -> head", count=3),
    Sentence("in list", "n = choose 1..3 as n return x -> (if n in [1, 3] then a else b) -> head", count=3),
    Sentence("op add", "return x -> (a + b) -> head", count=1),
    Sentence("op mul", "return x -> a * sigmoid -> head", count=1),
    Sentence("op add choose", "return x -> (choose {a, b}) + c -> head", count=2),
    Sentence("op tensor", "return x + conv(4, 1x1) -> head", code="E0219"),
    Sentence("tensor mul bcast", "return x * (x -> global_avg_pool) -> head", count=1),
    Sentence("tensor add bcast", "return x + (x -> conv(1, 1x1)) -> head", count=1),
    Sentence("sum no bcast", "return [x, x -> global_avg_pool] -> sum -> head", code="E0204"),
    Sentence("compose", "f = a -> b -> relu return x -> f -> head", count=1),
    Sentence(
        "two inputs",
        "return [x, x -> a] -> j(4) -> head",
        declared="op j(n) on p, q = [p, q] -> concat -> conv(n, 1x1)",
        count=1,
    ),
    Sentence("two in to one", "return [x, x] -> a -> head", code="E0218"),
    Sentence(
        "variadic",
        "return [x, x, x] -> j(4) -> head",
        declared="op j(n) on *xs = xs -> each a -> concat -> conv(n, 1x1)",
        count=1,
    ),
    Sentence(
        "variadic len",
        "return [x, x, x] -> j -> head",
        declared="op j on *xs = xs -> concat -> conv(len(xs), 1x1)",
        count=1,
    ),
    Sentence(
        "meta two inputs", "return [x, z] -> concat -> head", count=1, inputs="x: image(3, 8, 8), z: image(1, 8, 8)"
    ),
    Sentence("features", "return x -> linear(8) -> relu -> linear(2)", count=1, inputs="x: features(16)"),
    Sentence("clip", "return x -> conv(8, 3x3x3) -> head", count=1, inputs="x: clip(3, 8, 16, 16)"),
    Sentence("clip int", "return x -> conv(8, 3) -> head", count=1, inputs="x: clip(3, 8, 16, 16)"),
    Sentence("even window", "return x -> conv(8, 2x2, stride=2) -> head", count=1),
    Sentence("even window s1", "return x -> conv(8, 4x4) -> head", count=1),
    Sentence("dilation", "return x -> conv(8, 3x3, dilation = 2) -> head", count=1),
    Sentence("valid too large", "return x -> conv(8, 9x9, pad = none) -> head", code="E0216"),
    Sentence("strides", "return x -> max_pool(3x3) -> head", count=1),
    Sentence("same in arg", "return x -> conv(same // 2, 1x1) -> head", params=[14]),
    Sentence("same nested", "return x -> relu -> conv(2 * same, 1x1) -> head", params=[50]),
    Sentence(
        "same in inner op",
        "return x -> (conv(8, 1x1) -> f(same)) -> head",
        declared="op f(n) = conv(n, 1x1)",
        params=[114],
    ),
    Sentence(
        "same loop bound",
        "return x -> f -> head",
        declared="op f(n = same) on x { for i in 1..n { y[i] = x -> a } return y -> sum }",
        count=1,
    ),
    Sentence(
        "same loop bound2",
        "return x -> f(same // 2) -> head",
        declared="op f(n) on x { for i in 1..n { y[i] = x -> a } return y -> sum }",
        count=1,
    ),
    Sentence(
        "same comp bound",
        "return x -> f(same) -> head",
        declared="op f(n) on x = [x -> a for i in 1..n] -> sum",
        count=1,
    ),
    Sentence(
        "same repeat param", "return x -> f(same) -> head", declared="op f(n) on x = x -> repeat n { a }", count=1
    ),
    Sentence(
        "same repeat choose",
        "return x -> f(same) -> head",
        declared="op f(n) on x = x -> repeat choose 1..n { a }",
        count=4,
    ),
    Sentence(
        "same index", "return x -> f(same) -> head", declared="op f(n) on x = x -> conv([1,2,3,4,5][n], 1x1)", count=1
    ),
    Sentence("same set", "return x -> conv(choose {s: same, h: same // 2}, 1x1) -> head", count=2),
    Sentence(
        "same keep", "return x -> f(same) -> head", declared="op f(n) on x = [x, x, x, x, x] -> keep n -> sum", count=5
    ),
    Sentence(
        "same last", "return x -> f(same) -> head", declared="op f(n) on x = last(n, [x, x, x, x, x]) -> sum", count=1
    ),
    Sentence("same point-free loop", "return x -> f(same) -> head", declared="op f(n) = repeat n { a }", count=1),
    Sentence("same in tuple", "return x -> conv(4, (same - 1, same - 1)) -> head", count=1),
    Sentence("zero default", "return (x -> zero) + x -> head", count=1),
    Sentence("zero(8, 2)", "return (x -> zero(8, 2)) -> head", count=1),
    Sentence("identity stride", "return x -> identity(2) -> head", code="E0211"),
    Sentence("skip(2)", "return x -> skip(2) -> head", count=1),
    Sentence("x.channels", "return x -> conv(x.channels * 2 + x.height, 1x1) -> head", count=1),
    Sentence("x.frames img", "return x -> conv(x.frames, 1x1) -> head", code="E0221"),
    Sentence("frozen", "return x -> frozen conv(4, 1x1) -> head", count=1),
    Sentence("frozen paren", "return x -> frozen (conv(4, 1x1) -> bn) -> head", count=1),
    Sentence("frozen choose", "return x -> frozen (choose {a, b}) -> head", count=2),
    Sentence(
        "tied",
        "p = x -> k q = p -> k return q -> head",
        declared="tied cell k(n = 4) on x { z = x -> choose {a,b} return z -> conv(n, 1x1) }",
        count=2,
        paths={"k.z.choice"},
    ),
    Sentence(
        "tied in untied",
        "p = x -> u q = p -> u return q -> head",
        declared="tied cell k(n = 4) on x { z = x -> choose {a,b} return z -> conv(n, 1x1) }\ncell u on x = x -> k -> k",  # noqa: E501
        count=4,
        paths={"p.k.z.choice", "q.k.z.choice"},
    ),
    Sentence(
        "tied(k)",
        "p = x -> t(1, 4) q = p -> t(2, 4) r = q -> t(1, 4) return r -> head",
        declared="tied(j) cell t(j, n) on x { return x -> choose {a, b} }",
        count=4,
    ),
    Sentence(
        "tied number",
        "p = x -> t q = p -> t return q -> head",
        declared="tied cell t on x = x -> conv((choose {2, 4} as w), 3x3)",
        count=2,
    ),
    Sentence(
        "tied op", "p = x -> t q = p -> t return q -> head", declared="tied op t on x = x -> choose {a, b}", count=2
    ),
    Sentence("tied repeat nested", "return x -> repeat 2 { tied repeat 2 { choose {a, b} } } -> head", count=4),
    Sentence(
        "cell holding repeat u",
        "return x -> tied repeat choose 1..2 { u } -> head",
        declared="cell u on x { z = x -> choose {a, b} return z -> choose {d, e} }",
        count=8,
    ),
    Sentence("where label", TWO_NUMBERS, where="width <= 4", count=6),
    Sentence("where and", TWO_NUMBERS, where="width <= 4 and heads == 1", count=2),
    Sentence("where comma", TWO_NUMBERS, where="width <= 4, heads == 1", count=2),
    Sentence("where or not", TWO_NUMBERS, where="not (width == 2) or heads == 3", count=7),
    Sentence("where in", TWO_NUMBERS, where="width in {2, 8}", count=6),
    Sentence("where in range", TWO_NUMBERS, where="width in 2..4", count=6),
    Sentence("where pattern", TWO_NUMBERS, where='"**.width" <= 4', count=6),
    Sentence("where pin str", TWO_NUMBERS, where='pin("**.width", "4")', count=3),
    Sentence("where kind eq string", "return x -> choose {a, b} as kind -> head", where='kind == "a"', count=1),
    Sentence(
        "where size",
        "for i in 1..2 { y[i] = [x -> a, x -> b] -> keep any as inputs -> sum } return y -> sum -> head",
        where='size("**.inputs") <= 3',
        count=8,
    ),
    Sentence("where gate", "return x + (x -> maybe a as g) -> head", where='pin("**.g", "on")', count=1),
    Sentence("where gate bare", "return x + (x -> maybe a as g) -> head", where="g", count=1),
    Sentence(
        "where label instances",
        "for i in 1..2 { y[i] = x -> conv(choose {2, 4} as w, 1x1) -> conv(4, 1x1) } return y -> sum -> head",
        where="w <= 2",
        count=1,
    ),
    Sentence(
        "where two labels scope",
        "for i in 1..2 { y[i] = x -> u } return y -> sum -> head",
        declared="cell u on x { p = x -> conv(choose {2, 4} as w, 1x1) q = p -> conv(choose {2, 4} as v, 1x1) return q -> conv(4, 1x1)}",  # noqa: E501
        where="w == v",
        count=4,
    ),
    Sentence(
        "where inactive",
        "return x -> choose {a, deep: conv(choose {4, 8} as w, 3x3) -> conv(4, 1x1)} -> head",
        where="w == 8",
        count=2,
    ),
    Sentence("where activations", "return x -> choose {a, b} -> head", where="activations <= 1M", count=2),
    Sentence(
        "where space param",
        "return x -> conv(choose {2, 4} as w, 1x1) -> head",
        count=1,
        space="space s(limit = 2) = m where w <= limit",
    ),
    Sentence(
        "where both",
        "return x -> conv(choose {2, 4} as w, 1x1) -> head",
        code="E0412",
        space="space s(w = 2) = m where w <= 2",
    ),
    Sentence("where min", TWO_NUMBERS, where="max(width, heads) <= 4", count=6),
    Sentence("where if", TWO_NUMBERS, where="if width == 2 then heads == 1 else true", count=7),
    Sentence(
        "tensor param", "return x -> f(x) -> head", declared="op f(like) on y = y -> conv(like.channels, 1x1)", count=1
    ),
    Sentence(
        "string param",
        'return x -> f("big") -> head',
        declared='op f(kind) = (if kind == "big" then b else a)',
        count=1,
    ),
    Sentence(
        "default uses earlier param",
        "return x -> f(4) -> head",
        declared="op f(n, m = 2 * n) = conv(m, 1x1) -> conv(n, 1x1)",
        count=1,
    ),
    Sentence(
        "default is decision", "return x -> f -> head", declared="op f(n = choose {2, 4}) = conv(n, 1x1)", count=2
    ),
    Sentence("key after dot", "return x -> conv(4, 1x1) -> head", count=1),
    Sentence("suffixes", "return x -> conv(4K // 1000, 1x1) -> head", count=1),
    Sentence("duplicate op", "return x -> a -> head", declared="op a = relu", code="E0202"),
    Sentence("what stays is counted anew: operators", "l = [a, b, c] -> keep 2 return x -> l[1] -> head", count=3),
    Sentence(
        "a call of a chosen operator",
        "f = choose {conv, conv2} return x -> f(4, 3) -> head",
        declared="op conv2(n, k) = conv(n, k) -> relu",
        count=2,
    ),
    Sentence(
        "the last of an open list",
        "n = choose 2..3 as n for i in 1..n { y[i] = x -> choose {a, b} } return last(2, y) -> sum -> head",
        count=8,
    ),
    Sentence(
        "the last of too short a list",
        "n = choose 1..3 as n for i in 1..n { y[i] = x -> a } return last(2, y) -> sum -> head",
        code="E0220",
    ),
    Sentence(
        "element 2 of one that may have one",
        "n = choose 1..3 as n for i in 1..n { y[i] = x -> a } return y[2] -> head",
        code="E0220",
    ),
    Sentence("channels as an index", "return x -> conv([2, 3, 4, 5][same], 1x1) -> head", count=1, params=[32]),
    Sentence("channels in a set", "return x -> conv(if same in {4, 8} then 3 else 5, 1x1) -> head", params=[20]),
    Sentence(
        "channels in a comprehension",
        "return x -> f([a for i in 1..same]) -> head",
        declared="op f(l) on x = [x -> o for o in l] -> sum",
        count=1,
    ),
    Sentence(
        "decided low bound",
        "n = choose 1..3 as n for i in n..3 { y[i] = x -> a } return y -> sum -> head",
        code="E0214",
    ),
    Sentence("elements out of order", "y[2] = x -> a y[1] = x -> b return y -> sum -> head", code="E0214"),
    Sentence(
        "shape of a zero in a loop",
        "return [x -> conv(choose {2, 4} as w, 1x1) for i in 1..2] -> keep 0..1 -> sum -> head",
        code="E0307",
    ),
    Sentence(
        "inputs and the rest",
        "return [x, x -> a, x -> b] -> j -> head",
        declared="op j on p, *xs = [p, xs -> sum] -> sum",
        count=1,
    ),
    Sentence(
        "the rest in the middle",
        "return [x, x -> a, x -> b] -> j -> head",
        declared="op j on p, *xs, q = [p, xs -> sum, q] -> sum",
        count=1,
    ),
    Sentence(
        "too few inputs for the rest",
        "return [x] -> j -> head",
        declared="op j on p, *xs, q = [p, xs -> sum, q] -> sum",
        code="E0218",
    ),
    Sentence(
        "kept twice",
        "l = [x -> a, x -> b, x -> c] -> keep 2 as first return l -> keep 1 as second -> sum -> head",
        count=6,
    ),
    Sentence(
        "kept then looped",
        "l = [x -> a, x -> b, x -> c] -> keep 1..2 as first return [y -> o for y in l] -> sum -> head",
        declared="op o = choose {d, e}",
        count=18,
    ),
    Sentence(
        "length of what stays",
        "l = [x -> a, x -> b, x -> c] -> keep any return x -> conv(len(l), 1x1) -> head",
        count=7,
        params=[8, 14, 20],
    ),
    Sentence(
        "repeat with a channel parameter",
        "return x -> f(same) -> head",
        declared="op f(n) on x = x -> repeat n { a }",
        count=1,
    ),
    Sentence(
        "bool label",
        "t = choose {true, false} as deep return x -> (if t then choose {a, b} else c) -> head",
        where="deep",
        count=2,
    ),
]


@pytest.mark.parametrize("sentence", [s for s in SENTENCES if s.code is None], ids=lambda s: s.name)
def test_said_and_so(sentence: Sentence) -> None:
    space = stdsl.loads(sentence.text)
    listed = list(space.architectures())
    if sentence.count is not None:
        assert space.count() == sentence.count == len(listed)
    if sentence.paths is not None:
        assert {d.path for d in space.decisions} == sentence.paths
    if sentence.params is not None:
        assert sorted({space.costs(arch).params for arch in listed}) == sentence.params
    network = stdsl.compile(space, listed[-1])
    given = [torch.randn(2, *space.graph.nodes[node].type.dims) for node in space.graph.inputs]
    assert network(*given).shape == (2, 2)
    assert sum(p.numel() for p in network.parameters()) == space.costs(listed[-1]).params


@pytest.mark.parametrize("sentence", [s for s in SENTENCES if s.code is None], ids=lambda s: s.name)
def test_nothing_is_said_of_what_no_space_applies(sentence: Sentence) -> None:
    unapplied = sentence.text[: sentence.text.index(sentence.space, len(HEAD))]
    found = check_text(Source("unapplied", unapplied))
    assert [d.code for d in found if d.severity is Severity.ERROR] == []


@pytest.mark.parametrize("sentence", [s for s in SENTENCES if s.code is not None], ids=lambda s: s.name)
def test_refused(sentence: Sentence) -> None:
    with pytest.raises(stdsl.SpaceError) as raised:
        stdsl.loads(sentence.text)
    assert [d.code for d in raised.value.diagnostics] == [sentence.code]

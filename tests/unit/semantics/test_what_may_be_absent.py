"""Lists whose elements may be absent: all that can be there together must agree, whichever is the first."""

from __future__ import annotations

import random
from itertools import product

import pytest

import stdsl
from stdsl.compiler.diagnostics.model import SpaceError

CELLS = "cell two on l, r { return l + r }\n"


def test_the_first_may_be_absent() -> None:
    text = """stdsl 1
meta m on x: image(2, 6, 6) {
  v = [*([x, x -> conv(3, 1)] -> keep 1 as k), x] -> sum
  return v -> global_avg_pool -> linear(2)
}
space s = m
"""
    with pytest.raises(SpaceError) as raised:
        stdsl.loads(text)
    (found,) = raised.value.diagnostics
    assert found.code == "E0204"
    assert found.message.endswith("when k = [2]: image(3, 6, 6) meets image(2, 6, 6)")
    assert found.label == "3 channels meet 2"


A4, A8, B8 = "x -> pointwise(4)", "x -> pointwise(8)", "x -> conv(8, 3x3)"


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize(
    ("elements", "keep", "fine"),
    [
        ([A4, A8], "1", True),
        ([A4, A8], "1..2", False),
        ([A4, A8, B8], "1", True),
        ([A4, A8, B8], "2", False),
        ([A4, A8], "0..1", False),  # a zero of which shape?
        ([A8, B8], "0..2", True),
        ([A8, B8], "0", True),
        ([A4, B8], "0", False),
    ],
)
def test_kept_elements(make, reduction, elements, keep, fine):
    body = f"return [{', '.join(elements)}] -> keep {keep} -> {reduction} -> pointwise(4)"
    assert make.codes(body) == ([] if fine else ["E0204"])


POOL = "x -> max_pool(3x3, stride = 2)"


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (f"return [*([x, {POOL}] -> keep 1 as k), x] -> concat -> pointwise(4)", ["E0205"]),
        (f"return [*([x, {POOL}] -> keep 1 as k), x -> pointwise(8)] -> concat -> pointwise(4)", ["E0205"]),
        (f"return [x, {POOL}, {POOL}] -> keep 1 -> concat -> pointwise(4)", []),
        (f"return [x, {POOL}, {POOL}] -> keep 2 -> concat -> pointwise(4)", ["E0205"]),
        (f"p = choose {{true, false}} as p  return (if p then [x, {A4}] else [{A8}, {B8}]) -> sum", []),
        (f"p = choose {{true, false}} as p  return [*(if p then [x] else [{A8}]), x] -> sum", ["E0204"]),
        (f"return choose {{l: [x, {A4}], r: [{A8}]}} -> sum", []),
        (f"return choose {{l: [x, {A4}], r: [{A8}, x]}} -> sum", ["E0204"]),
        ("n = choose 1..3 as n  return [x -> pointwise(2 * i) for i in 1..n] -> sum", ["E0204"]),
        ("n = choose 1..3 as n  return [x -> pointwise(2 * n) for i in 1..n] -> sum -> pointwise(4)", []),
        ("n = choose 1..3 as n  return last(1, [x -> pointwise(2 * i) for i in 1..n]) -> sum -> pointwise(4)", []),
        ("k = [x, x -> global_avg_pool] -> keep 1 as k  return [*k, x -> tanh] -> sum", ["E0204"]),
        ("return [x -> relu, x -> global_avg_pool -> linear(2)] -> keep 1 -> sum", ["E0204"]),
        ("return choose {l: [], r: [x -> a]} as way -> sum", ["E0228"]),
        ("n = choose 0..2 as n  return [x -> pointwise(share(12, n, i)) for i in 1..n] -> sum", ["E0228"]),
        ("n = choose 0..2 as n  return [x -> pointwise(12) for i in 1..n] -> sum", []),
    ],
)
def test_lists_of_other_kinds(make, body, codes):
    assert make.codes(body) == codes


def test_what_where_excludes_is_no_mistake_and_has_a_shape(make):
    graph = make.graph(f"return [x, {A8}] -> keep 1..2 as k -> sum", where="k == 1")
    (output,) = [id for _, id in graph.outputs]
    shapes = {arch["k"]: graph_shape(graph, arch, output) for arch in architectures_of(graph)}
    assert shapes == {(1,): (4, 8, 8), (2,): (8, 8, 8)}
    message = make_message(make, f"return [x, {A8}, x -> tanh] -> keep 1..2 as k -> sum", "k != 1 and not k == 0")
    assert "keep" not in message
    assert "when k = [" in message


def graph_shape(graph, arch, node):
    from stdsl.compiler.analysis.architecture import answers_of

    return graph.nodes[node].type.concrete(answers_of(graph, arch)).dims


def architectures_of(graph):
    from stdsl.compiler.analysis.enumerate import architectures

    return architectures(graph)


def make_message(make, body, where):
    with pytest.raises(SpaceError) as raised:
        make.graph(body, where=where)
    (found,) = [d for d in raised.value.diagnostics if d.code.startswith("E")]
    return found.message


def test_the_message_names_two_that_are_there_together(make):
    body = f"return [{A4}, x -> pointwise(6), {A8}] -> keep 2 as k -> sum"
    assert make_message(make, body, "k == 2").endswith("when k = [2, 3]: image(6, 8, 8) meets image(8, 8, 8)")


def verdict(widths: list[list[int]], low: int, high: int) -> bool:
    """Whether all subsets of allowed size agree: each element has one of several widths, chosen by one decision."""
    for answer in range(len(widths[0])):
        for kept in product((False, True), repeat=len(widths)):
            if low <= sum(kept) <= high and len({w[answer] for w, k in zip(widths, kept, strict=True) if k}) > 1:
                return False
    if low == 0:
        return all(len({w[answer] for w in widths}) == 1 for answer in range(len(widths[0])))
    return True


@pytest.mark.parametrize("seed", range(40))
def test_verdicts_equal_brute_force(make, seed):
    generator = random.Random(seed)
    n = generator.randint(2, 4)
    widths = [[generator.choice((4, 8)) for _ in range(2)] for _ in range(n)]
    low = generator.choice((0, 1, 1, 2))
    high = generator.randint(max(1, low), n)
    elements = [f"x -> pointwise(if p then {first} else {second})" for first, second in widths]
    body = f"p = choose {{true, false}} as p  return [{', '.join(elements)}] -> keep {low}..{high} as k -> sum"
    assert (make.codes(body) == []) is verdict(widths, low, high)


def test_a_long_list_takes_no_time(make):
    widths = ", ".join(f"x -> pointwise({4 + i})" for i in range(300))
    graph = make.graph(f"return [{widths}] -> keep 1 as k -> sum -> pointwise(4)")
    assert graph.diagrams.variables[-1].element == 299
    assert make.codes(f"return [{widths}] -> keep 1..2 as k -> sum -> pointwise(4)") == ["E0204"]


def test_nothing_of_what_is_all_refused_is_one_mistake() -> None:
    text = """stdsl 1
meta m on x: image(2, 6, 6) {
  a = x -> conv(0, 1)
  return [a, a -> relu] -> keep 0 as k -> sum
}
space s = m
"""
    with pytest.raises(SpaceError) as raised:
        stdsl.loads(text)
    assert [d.code for d in raised.value.diagnostics] == ["E0215"]

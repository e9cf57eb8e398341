"""Supernets of random spaces: they build, run, are the same under every setting of the passes, and equal each of their
discrete networks."""

from __future__ import annotations

import pytest
import torch
from each_space import Generator, any_text, each_space
from nested_cells import nested_text
from supernet_laws import check_supernets

import stdsl
from stdsl.compiler.backends.networks.supernet import Relaxation, build_supernet

pytestmark = pytest.mark.usefixtures("one_thread")


def soak(generate: Generator, spaces: int, first: int, many: int = 1, architectures: int = 2) -> int:
    """How many of the spaces can be relaxed."""
    return sum(each_space(generate, spaces, first, lambda text, seed: check_supernets(text, seed, many, architectures)))


def test_cells_in_cells() -> None:
    assert soak(nested_text, 8, 30_000) == 8


def test_generated_spaces() -> None:
    assert soak(any_text, 8, 40_000) >= 3


@pytest.mark.slow
def test_many_cells_in_cells() -> None:
    assert soak(nested_text, 400, 31_000, many=3, architectures=4) == 400


@pytest.mark.slow
def test_many_generated_spaces() -> None:
    assert soak(any_text, 800, 41_000, many=3, architectures=4) >= 400


CELLS = {
    "a tied cell in an untied one": """
tied cell motif(c) on x = x -> choose {a: conv(c, 1x3), b: conv(c, 3x1)} as kind -> bn -> relu
cell stage(c) on x { a = x -> motif(c)  b = a -> motif(c)  return b }
meta m on x: image(3, 8, 8) {
  p = x -> conv(4, 3x3) -> stage(4)
  q = p -> max_pool(2x2, stride = 2) -> stage(8)
  return q -> global_avg_pool -> linear(4)
}""",
    "a number decided in a cell": """
cell w(k) on x { h = x -> conv(3, k) -> bn  return h -> relu }
cell u on x { k = choose {1, 3} as k  a = x -> w(k)  return a -> w(k) }
meta m on x: image(3, 8, 8) { v = x -> u  return v -> global_avg_pool -> linear(2) }""",
    "a number given to a cell that decides one of the same name": """
cell w(n) on x { k = choose {1, 3} as k  a = x -> conv(4, n)  return a -> conv(4, k) -> bn }
meta m on x: image(4, 6, 6) { k = choose {3, 5} as k  v = x -> w(k)  return v -> global_avg_pool -> linear(2) }""",
    "the same, decided later": """
cell w on x { k = choose {1, 3} as k  return x -> conv(4, k) -> bn }
meta m on x: image(4, 6, 6) {
  v = x -> w
  k = choose {3, 5} as k
  return v -> conv(4, k) -> global_avg_pool -> linear(2)
}""",
    "an operator decided outside of two levels": """
tied cell inner(f) on x { a = x -> f  return a -> f }
cell outer(f) on x { f2 = choose {one: conv(4, 1), two: conv(4, 3)} as kind  a = x -> inner(f)  return a -> f2 }
meta m on x: image(4, 6, 6) {
  f = choose {one: conv(4, 1), two: conv(4, 3)} as kind
  a = x -> outer(f)
  return a -> outer(f) -> global_avg_pool -> linear(2)
}""",
    "a tied repeat and a keep in a tied cell in a cell": """
tied cell t on x {
  a = x -> tied repeat choose 1..2 as times { choose {one: conv(4, 1), two: conv(4, 3)} as kind }
  return [a, x -> bn, x] -> keep 1..2 as few -> sum
}
cell outer on x { a = x -> t  return a -> repeat 2 { t } }
meta m on x: image(4, 6, 6) { a = x -> outer  return a -> outer -> global_avg_pool -> linear(2) }""",
    "a window that is the first number that stays": """
meta m on x: image(4, 6, 6) {
  windows = [1, 3, 5] -> keep any as few
  return x -> conv(4, windows[1]) -> global_avg_pool -> linear(2)
}""",
    "a block that only the second element of a keep reads": """
op block on x = x -> conv(4, 3) -> bn
meta m on x: image(4, 6, 6) {
  few = [x, x -> block] -> keep 1..2 as few
  return few[<2] -> sum -> global_avg_pool -> linear(2)
}""",
    "a mixture that stands in a list twice": """
op unit on x = x -> relu -> depthwise(3) -> pointwise(same) -> bn
meta m on x: image(4, 6, 6) {
  ys = [x -> choose {a: unit, b: max_pool(3)} as kind for i in 1..2]
  return [*last(1, ys), *ys] -> keep 1..2 as ends -> sum -> global_avg_pool -> linear(2)
}""",
    "alternatives that are one tensor": """
op unit on x = x -> relu -> depthwise(3) -> pointwise(same) -> bn
meta m on x: image(4, 6, 6) {
  y = x -> unit
  z = choose {a: y, b: y, c: x -> unit} as which
  return z -> global_avg_pool -> linear(2)
}""",
}


@pytest.mark.parametrize("which", CELLS)
def test_cells_by_hand(which: str) -> None:
    assert check_supernets(f"stdsl 1{CELLS[which]}\nspace s = m\n", 0, many=3)


def test_the_mean_of_nothing_is_zero() -> None:
    text = "stdsl 1\nmeta m on x: image(4, 6, 6) = [x, x -> relu] -> keep 0..2 -> mean\nspace s = m\n"
    assert check_supernets(text, 0, many=0, architectures=4)


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("keep", ["", "-> keep all as again ", "-> keep 1..2 as again "])
def test_elements_that_may_be_absent(keep: str, reduce: str) -> None:
    """What a site or a keep weighs is weighed where it is there."""
    body = f"ys = [x -> conv(4, 1) for i in 1..n]  return [*ys, x, x -> relu] {keep}-> {reduce}"
    text = f"stdsl 1\nmeta m on x: image(4, 6, 6) {{ n = choose 1..3 as n  {body} }}\nspace s = m\n"
    assert check_supernets(text, 0, many=4)


def test_what_leads_to_a_zero_may_go() -> None:
    """Its decisions then have no weights, and are derived all the same."""
    body = "y = x -> choose {a: conv(4, 3), b: conv(4, 1)} as k  return [x -> bn, y -> zero] -> sum"
    assert check_supernets(f"stdsl 1\nmeta m on x: image(4, 6, 6) {{ {body} }}\nspace s = m\n", 0, many=2)


def test_parts_of_channels_that_groups_do_not_divide_stay_whole() -> None:
    from supernet_laws import check_setting

    import stdsl
    from stdsl.compiler.backends.networks.supernet import Relaxation

    for unit in ("conv(4, 3, groups = 2)", "channel_shuffle(2)", "group_norm(2)"):
        text = f"stdsl 1\nmeta m on x: image(4, 6, 6) = x -> choose {{{unit}, d: relu}}\nspace s = m\n"
        check_setting(stdsl.loads(text).graph, Relaxation(groups=4), None, [], 0)


@pytest.mark.parametrize(
    "body",
    [
        "y = x -> choose {a: conv(4, 3, pad = none), b: avg_pool(3, 1, pad = none)}  return y -> pointwise(4)",
        "y = x -> choose {a: upsample(2), b: relu -> upsample(2)}  return y -> pointwise(4)",
        "return x -> choose {a: conv(4, 3, stride = 2), b: max_pool(2, 2) -> conv(4, 3)}",
    ],
)
def test_what_passes_by_a_mixture_has_its_size(body: str) -> None:
    """A pool brings it there where one with windows side by side does; else the mixture stays whole (found by a
    soak)."""
    from supernet_laws import check_setting

    import stdsl
    from stdsl.compiler.backends.networks.supernet import Relaxation

    graph = stdsl.loads(f"stdsl 1\nmeta m on x: image(4, 6, 6) {{ {body} }}\nspace s = m\n").graph
    check_setting(graph, Relaxation(groups=2), None, [], 0)


def test_instances_of_a_cell_in_cells_share_a_class() -> None:
    import stdsl
    from stdsl.compiler.backends.networks.supernet_text import supernet_source

    inner = "cell inner on x = x -> choose {one: conv(4, 1), two: conv(4, 3)} as kind -> bn\n"
    outer = "cell outer on x { a = x -> inner  return a }\n"
    net = "meta m on x: image(4, 6, 6) { a = x -> outer  b = a -> outer  return b }\nspace s = m\n"
    for kind in ("", "tied "):
        source = supernet_source(stdsl.loads(f"stdsl 1\n{kind}{inner}{outer}{net}").graph)[0]
        assert source.count("class ") == 3


def test_a_decision_that_nothing_asks_for_does_not_count() -> None:
    """It is asked for in an alternative first, and later under another condition; its sigmoid weights do not add up to
    one."""
    text = """stdsl 1
    meta net on x: features(2) {
      k = choose {a: 1, b: 3} as inner
      z = choose {p: [x -> gelu for i in 1..k] -> sum, q: x} as outer
      n = choose {p: k, q: 2} as other
      return [z -> identity for i in 1..n] -> sum
    }
    space s = net"""
    net = build_supernet(stdsl.loads(text).graph, Relaxation(choose="sigmoid"), passes=[])
    net.hold({"z.outer": "q", "n.other": "q"})
    x = torch.ones(1, 2)
    with torch.no_grad():
        for value in (-2.0, 0.0, 2.0):
            for parameter in net.decision_parameters.values():
                parameter.fill_(value)
            assert torch.allclose(net(x), 2 * x)

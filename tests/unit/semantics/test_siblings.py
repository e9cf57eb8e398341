"""What keeps the architectures of one space from being those of another."""

from __future__ import annotations

from itertools import product

import pytest

from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.analysis.derivation.carry import differences
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.diagnostics.model import ArchitectureError, SpaceError
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.runtime.prepare.preparation import load_job

THREE, FOUR = "[x -> a, x -> b, x -> c]", "[x -> a, x -> b, x -> c, x -> d]"
BODIES = {
    "two": "y = x -> choose {a, b} as kind  return y",
    "three": "y = x -> choose {a, b, c} as kind  return y",
    "another order": "y = x -> choose {b, a} as kind  return y",
    "deep": "y = x -> choose {a, b, deep: choose {c, d} as inner} as kind  return y",
    "deep within": "y = x -> choose {a, b: b -> choose {c, d} as inner} as kind  return y",
    "others": "y = x -> choose {a, e} as kind  return y",
    "called otherwise": "y = x -> choose {a, b} as sort  return y",
    "twice": "y = x -> choose {a, b} as kind  z = y -> choose {c, d} as kind  return z",
    "gate": "y = x -> maybe a as kind  return y",
    "count": "y = x -> repeat choose 1..3 as kind { a }  return y",
    "longer": "y = x -> repeat choose 1..5 as kind { a }  return y",
    "two of three": f"y = {THREE} -> keep 2 as kind -> sum  return y",
    "two of four": f"y = {FOUR} -> keep 2 as kind -> sum  return y",
    "one of three": f"y = {THREE} -> keep 1 as kind -> sum  return y",
    "all of three": f"y = {THREE} -> keep all as kind -> sum  return y",
    "any of three": f"y = {THREE} -> keep any as kind -> sum  return y",
}


@pytest.fixture(scope="module")
def graphs(make) -> dict[str, SpaceGraph]:
    return {name: make.graph(body) for name, body in BODIES.items()}


def texts(searched: SpaceGraph, other: SpaceGraph) -> list[str]:
    return [difference.text for difference in differences(searched, other)]


def test_there_are_differences_exactly_where_some_architecture_does_not_carry_over(
    graphs: dict[str, SpaceGraph],
) -> None:
    fit = set()
    for (one, searched), (two, other) in product(graphs.items(), repeat=2):
        carried = True
        for arch in architectures(searched):
            try:
                assert dict(architecture(other, arch)) == dict(arch)
            except ArchitectureError:
                carried = False
        assert (not differences(searched, other)) == carried, (one, two)
        if carried and one != two:
            fit.add((one, two))
    assert ("two", "deep") in fit
    assert ("two of three", "any of three") in fit
    assert ("two", "deep within") not in fit


def test_what_the_differences_say(graphs: dict[str, SpaceGraph]) -> None:
    said = {
        ("two", "called otherwise"): ["`y.kind` is missing in `s`", "`y.sort` is decided in `s` alone"],
        ("two", "others"): ["`y.kind` has no alternative b in `s`"],
        ("two", "count"): ["`y.kind` is a choose, but a count in `s`"],
        ("two", "deep within"): ["`y.b.inner` is decided in `s` alone"],
        ("longer", "count"): ["`y.kind` has no number 4, 5 in `s`"],
        ("two of four", "two of three"): ["`y.kind` has no place 4 in `s`"],
        ("any of three", "two of three"): ["`y.kind` keeps 1 to 3, but 2 in `s`"],
        ("two of three", "all of three"): ["`y.kind` can come out in one way only in `s`"],
    }
    for (one, two), expected in said.items():
        assert texts(graphs[one], graphs[two]) == expected


def test_a_run_says_so_before_anything_is_done(tmp_path) -> None:
    path = tmp_path / "two.space"
    path.write_text("""stdsl 1
meta net(k, c = 4) on im: image(3, 32, 32) {
  y = im -> choose {conv: conv(c, k), pool: max_pool(3x3) -> conv(c, 1x1)} as kind
  return y -> global_avg_pool -> linear(10)
}
meta other on im: image(3, 32, 32) = im -> conv(4, 3x3) -> global_avg_pool -> linear(10)
space small = net(3x3)
space large(c = 8) = net(5x5, c)
space fixed = other()
search one { space = small  strategy = gradient { steps = 1 }  data = cifar10(root = "x")  retrain { steps = 1 } }
""")
    assert load_job(str(path), "one", ["retrain.space=large(c = 16)"]).final.parameters
    with pytest.raises(SpaceError, match=r"E0609.*none of `fixed`") as caught:
        load_job(str(path), "one", ["retrain.space=fixed"])
    assert caught.value.diagnostics[0].secondary[0].text == "is searched here"

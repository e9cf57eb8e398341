"""Hashes of networks: equal exactly where networks are, the same in every process and order."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

import stdsl
from stdsl.compiler.analysis.architecture import answers_of
from stdsl.compiler.analysis.isomorphism.canonical import CanonicalForms
from stdsl.compiler.analysis.isomorphism.content import NetworkHashes, written
from stdsl.compiler.analysis.isomorphism.instances import InstanceGraphs

TEXT = """\
stdsl 1
ops edges = {none: zero, skip, c: relu -> conv(same, 1) -> bn, p: avg_pool(3)}
tied cell node on x {
  for i in 1..3 { y[i] = [x, *y[<i]] -> each choose edges as kind -> sum }
  return y[3]
}
meta net on x: image(4, 8, 8) { return x -> node -> node -> global_avg_pool -> linear(2) }
space s = net
"""
ASKED = f"""
import stdsl, random
from stdsl.compiler.analysis.architecture import answers_of
from stdsl.compiler.analysis.isomorphism.content import NetworkHashes
space = stdsl.loads({TEXT!r})
hashes = NetworkHashes(space.graph)
found = {{}}
for place in random.Random(9).sample(range(4096), 60):
    found[place] = hashes.of(answers_of(space.graph, space.unrank(place)))
print(sorted(found.items()))
"""


def test_two_have_one_hash_exactly_where_they_have_one_form() -> None:
    space = stdsl.loads(TEXT)
    hashes, graphs, forms = NetworkHashes(space.graph), InstanceGraphs(space.graph), CanonicalForms()
    pairs = set()
    for place in random.Random(1).sample(range(4096), 400):
        answers = answers_of(space.graph, space.unrank(place))
        pairs.add((hashes.of(answers), forms.of(graphs.of(answers))))
    assert len(pairs) == len({h for h, _ in pairs}) == len({f for _, f in pairs}) < 400


def test_they_are_the_same_in_another_process_and_in_another_order() -> None:
    space = stdsl.loads(TEXT)
    hashes = NetworkHashes(space.graph)
    found = {}
    for place in sorted(random.Random(9).sample(range(4096), 60)):
        found[place] = hashes.of(answers_of(space.graph, space.unrank(place)))
    other = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True).stdout
    assert other.strip() == str(sorted(found.items()))


@pytest.mark.parametrize(("a", "b"), [((1, "x"), (True, "x")), ((1.0, None), (1, None)), (((),), ((),))])
def test_equal_things_have_one_text(a: object, b: object) -> None:
    assert a == b
    assert written(a) == written(b)


@pytest.mark.parametrize(("a", "b"), [((1, 2), (12,)), (("1",), (1,)), ((0.5,), (0,)), (((1,), 2), (1, (2,)))])
def test_others_have_others(a: object, b: object) -> None:
    assert written(a) != written(b)

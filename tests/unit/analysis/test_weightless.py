"""Norms say on their own that what they learn only scales; passes and analyses go by that."""

from __future__ import annotations

import pytest

import stdsl
from stdsl.compiler.analysis.derivation.weightless import weightless
from stdsl.compiler.backends.networks.supernet_text import Relaxation, supernet_source
from stdsl.compiler.ops.registry import PRIMITIVES

NORMS = {"bn": "image(4, 8, 8)", "group_norm(1)": "image(4, 8, 8)", "layer_norm": "tokens(6, 4)"}


def text(norm: str) -> str:
    learnt = "linear(4)" if norm == "layer_norm" else "conv(4, 3)"
    body = f"x -> {norm} -> choose {{a: {learnt} -> {norm}, b: {learnt}, n: {norm}, s: identity}} as kind"
    return f"stdsl 1\nmeta m on x: {NORMS[norm]} = {body}\nspace s = m\n"


def test_the_norms_of_this_file_are_all() -> None:
    assert {norm.partition("(")[0] for norm in NORMS} == {p.name for p in PRIMITIVES.values() if p.norm}


@pytest.mark.parametrize("norm", NORMS)
def test_norms_alone_have_no_weights_of_their_own(norm: str) -> None:
    assert weightless(stdsl.loads(text(norm)).graph) == {"kind": frozenset({2, 3})}


@pytest.mark.parametrize("norm", NORMS)
def test_norms_of_candidates_learn_nothing_unless_they_are_affine(norm: str) -> None:
    net = stdsl.compile(stdsl.loads(text(norm)), relaxation=Relaxation(affine=False), seed=0)
    name = norm.partition("(")[0]
    learnt = {key for key, _ in net.named_parameters() if name in key}
    assert learnt == {f"{name}.weight", f"{name}.bias"}  # the one before the choose
    assert "affine=False" in supernet_source(net.graph, Relaxation(affine=False))[0]

"""Every operator's entry says what is true of it; one that forgets a fact, or says it wrongly, fails by its name."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
import torch
from op_facts import FACTS

from stdsl.compiler.ir.operation import Parameter, Primitive, Saved
from stdsl.compiler.ops.registry import PRIMITIVES
from stdsl.compiler.ops.saving import always, input_alone, nothing

torch.set_num_threads(1)


@pytest.mark.parametrize("op", sorted(PRIMITIVES))
@pytest.mark.parametrize("fact", FACTS)
def test_entries_are_true(fact: str, op: str) -> None:
    FACTS[fact](PRIMITIVES[op])


def _undrawn(parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    return tuple(replace(parameter, drawn=None) for parameter in parameters)


FORGOTTEN: list[tuple[str, str, dict[str, Any]]] = [
    ("conv", "stateful", {"stateful": False}),
    ("relu", "stateful", {"stateful": True}),
    ("layer_norm", "norm", {"norm": False}),
    ("linear", "norm", {"norm": True}),
    ("dropout", "random", {"random": False}),
    ("relu", "random", {"random": True}),
    ("zero", "zero", {"zero": False}),
    ("relu", "zero", {"zero": True}),
    ("identity", "identity", {"identity": False}),
    ("channel_shuffle", "identity", {"identity": True}),
    ("add", "adds", {"adds": False}),
    ("mul", "adds", {"adds": True}),
    ("mul", "multiplies", {"multiplies": False}),
    ("add", "multiplies", {"multiplies": True}),
    ("conv", "keeps_zeros", {"keeps_zeros": False}),
    ("sigmoid", "keeps_zeros", {"keeps_zeros": True}),
    ("bn", "keeps_zeros", {"keeps_zeros": True}),
    ("mul", "commutes", {"commutes": False}),
    ("attention", "commutes", {"commutes": True}),
    ("group_norm", "joint", {"joint": False}),
    ("flatten", "joint", {"joint": False}),
    ("conv", "joint", {"joint": True}),
    ("conv", "drawn", {"parameters": _undrawn(PRIMITIVES["conv"].parameters)}),
    ("relu", "hints", {"hints": frozenset({"narrow"})}),
    ("conv", "doc", {"doc": ""}),
    ("flatten", "view", {"view": None}),
    ("relu", "view", {"view": always}),
    ("relu", "saves", {"saves": nothing}),
    ("relu", "saves", {"saves": input_alone}),
    ("group_norm", "saves", {"saves": input_alone}),
    ("max_pool", "saves", {"saves": lambda application: Saved((0,))}),
]


@pytest.mark.parametrize(("op", "fact", "change"), FORGOTTEN)
def test_a_fact_that_is_wrong_is_named(op: str, fact: str, change: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match=f"`{fact}` of `{op}` is wrong"):
        FACTS[fact](replace(PRIMITIVES[op], **change))


def test_every_fact_is_looked_at() -> None:
    rules = {"name", "parameters", "normalise", "shape", "cost", "inputs", "extern"}
    assert {field.name for field in fields(Primitive)} == rules | (set(FACTS) - {"drawn"})


def test_what_is_saved_must_be_said() -> None:
    relu = PRIMITIVES["relu"]
    with pytest.raises(TypeError, match="saves"):
        Primitive("new", (), relu.normalise, relu.shape, relu.cost, "A new one.")  # type: ignore[call-arg]


@pytest.mark.parametrize("op", sorted(PRIMITIVES))
def test_complete_attributes_stay_what_they_are(op: str) -> None:
    """Passes that change shapes look again whether attributes fit them."""
    from applications import cases

    primitive = PRIMITIVES[op]
    for shapes, given in cases(op):
        attrs = primitive.normalise(shapes, given)
        assert primitive.normalise(shapes, attrs) == attrs

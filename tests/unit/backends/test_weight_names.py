"""Rules that turn the names in others' files of weights into ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import stdsl
from stdsl.compiler.backends.networks.weight_names import renamed, rules_of
from stdsl.compiler.backends.networks.weights import read_weights
from stdsl.compiler.diagnostics.model import SpaceError

ZERO = torch.zeros(1)


def test_numbers_are_carried_over_and_added_to() -> None:
    rules = rules_of({"layer{s}.{b}.conv": "stage_{s}.block_{b+1}.conv_{s}", "fc": "linear"})
    names = renamed({"layer2.0.conv.weight": ZERO, "layer12.9.conv.bias": ZERO, "fc.weight": ZERO}, rules)
    assert list(names) == ["stage_2.block_1.conv_2.weight", "stage_12.block_10.conv_12.bias", "linear.weight"]


def test_names_without_a_rule_stay() -> None:
    rules = rules_of({"layer{s}.conv": "a.{s}", "": "whole"})
    names = renamed({"layer1x.conv.weight": ZERO, "layer1.conv": ZERO, "mylayer1.conv.weight": ZERO}, rules)
    assert list(names) == ["layer1x.conv.weight", "layer1.conv", "mylayer1.conv.weight"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"a{n}": "b{m}"}, "`b{m}` uses `{m}`, which `a{n}` does not have"),
        ({"a{n+1}": "b{n}"}, "`a{n+1}` adds to a number"),
        ({"a{n}.{n}": "b"}, "`a{n}.{n}` has a place twice"),
        ({"a{1}": "b"}, "or one that is no name"),
    ],
)
def test_rules_that_cannot_be(names: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=r"`") as caught:
        rules_of(names)
    assert message in str(caught.value)


def test_two_names_that_become_one() -> None:
    with pytest.raises(ValueError, match=r"`a.weight` and `b.weight` both become `c.weight`"):
        renamed({"a.weight": ZERO, "b.weight": ZERO}, rules_of({"a": "c", "b": "c"}))


@pytest.mark.parametrize("ending", ["safetensors", "pt"])
def test_rules_beside_a_file_hold_for_it(tmp_path: Path, ending: str) -> None:
    text = (
        "stdsl 1\ncell body(c) on x {\n  first = x -> conv(c, 3x3)\n  return first -> bn\n}\n"
        f'meta net on image: image(3, 8, 8) = image -> body(4, weights = "mine.{ending}")\nspace whole = net\n'
    )
    (tmp_path / "net.space").write_text(text, encoding="utf-8")
    state = {"features.0.weight": torch.full((4, 3, 3, 3), 2.0)}
    state |= {f"features.1.{name}": torch.full((4,), 3.0) for name in ("weight", "bias", "running_mean", "running_var")}
    state["features.1.num_batches_tracked"] = torch.tensor(7)
    if ending == "pt":
        torch.save(state, tmp_path / "mine.pt")
    else:
        from safetensors.torch import save_file

        save_file(state, tmp_path / "mine.safetensors")
    space = stdsl.load(tmp_path / "net.space")
    with pytest.raises(SpaceError, match="missing"):
        stdsl.compile(space, space.architecture({}))
    rules = {"features.0": "conv", "features.1": "bn"}
    (tmp_path / "mine.names.json").write_text(json.dumps(rules), encoding="utf-8")
    found = stdsl.compile(space, space.architecture({})).state_dict()
    assert {name.rpartition(".")[2]: value.flatten()[0].item() for name, value in found.items() if "conv" in name} == {
        "weight": 2.0
    }
    assert {value.flatten()[0].item() for name, value in found.items() if "running" in name} == {3.0}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "it is not JSON"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"a": NaN}', "NaN is no number of JSON"),
        ("[]", "it is not an object from names to names"),
        ('{"a": 1}', "it is not an object from names to names"),
        ('{"a": "b{n}"}', "`b{n}` uses `{n}`, which `a` does not have"),
    ],
)
def test_broken_rules_are_a_diagnostic(tmp_path: Path, text: str, reason: str) -> None:
    torch.save({"a.weight": ZERO}, tmp_path / "w.pt")
    (tmp_path / "w.names.json").write_text(text, encoding="utf-8")
    with pytest.raises(SpaceError) as caught:
        read_weights(tmp_path / "w.pt")
    (found,) = caught.value.diagnostics
    assert found.code == "E0810"
    assert reason in found.message
    assert "w.names.json" in found.message

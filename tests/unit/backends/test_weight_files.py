"""Files of weights: safetensors and PyTorch, by name, with what does not fit named."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

import stdsl
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.supernet import Relaxation, build_supernet
from stdsl.compiler.backends.networks.weights import load_by_name, load_weights, read_weights
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.diagnostics.source import Source, Span
from stdsl.compiler.ir.graph import SpaceGraph


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt"])
def test_round_trip(clips: SpaceGraph, arch: dict[str, Any], tmp_path: Path, name: str) -> None:
    a, b = build_module(clips, arch, seed=1), build_module(clips, arch, seed=2)
    if name.endswith("pt"):
        torch.save(a.state_dict(), tmp_path / name)
    else:
        save_file(a.state_dict(), tmp_path / name)
    report = load_weights(b, tmp_path / name)
    assert report.complete
    assert all(torch.equal(p, q) for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True))
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_weights_come_from_the_supernet_by_name(clips: SpaceGraph, arch: dict[str, Any], tmp_path: Path) -> None:
    net = build_supernet(clips, seed=0)
    save_file(net.state_dict(), tmp_path / "net.safetensors")
    model = build_module(clips, arch)
    load_weights(model, tmp_path / "net.safetensors", superset=True)
    name = "h_2.x_1_1_space.conv.weight"
    assert torch.equal(model.state_dict()[name], net.state_dict()[name])


def test_scales_may_be_missing(clips: SpaceGraph, arch: dict[str, Any]) -> None:
    net = build_supernet(clips, Relaxation(affine=False), seed=0)
    report = load_by_name(build_module(clips, arch), net.state_dict())
    assert "h_1.x_1_1_space.bn.weight" in report.missing
    assert all(".bn." in name for name in report.missing)
    assert not report.shapes


def test_what_does_not_fit_is_named(clips: SpaceGraph, arch: dict[str, Any], tmp_path: Path) -> None:
    model = build_module(clips, arch)
    state = model.state_dict()
    state["head.weight"] = state.pop("linear.weight")
    state["bn.bias"] = torch.zeros(3)
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(SpaceError) as caught:
        load_weights(model, tmp_path / "w.pt")
    message = caught.value.diagnostics[0].message
    assert "1 missing (linear.weight)" in message
    assert "1 unknown (head.weight)" in message
    assert "1 of other shape (bn.bias: (3,) for (12,))" in message


@pytest.mark.parametrize("content", [b"", b"not weights", pickle.dumps(object)])
@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_unreadable(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SpaceError, match="E0810"):
        read_weights(tmp_path / name)


def test_missing_file_and_pickled_model(clips: SpaceGraph, tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match="there is no such file"):
        read_weights(tmp_path / "none.pt")
    torch.save(torch.nn.Linear(2, 2), tmp_path / "model.pt")
    with pytest.raises(SpaceError, match="E0810"):
        read_weights(tmp_path / "model.pt")


def test_a_call_that_names_a_file_is_loaded_from_it(hand: Any, tmp_path: Path) -> None:
    x = hand.input("image", "image", 2, 4, 4)
    with hand.scope("stem", "stem"):
        y = hand.op("conv", x, c=3, k=3)
    source = Source("s.space", "stem", tmp_path / "s.space")
    hand.b.scopes[1] = replace(hand.b.scopes[1], weights="stem.safetensors", span=Span(source, 0, 4))
    graph = hand.finish(output=y)
    with pytest.raises(SpaceError, match=r"s\.space:1:1: E0810"):
        build_module(graph, {})
    model = torch.nn.Module()
    model.conv = torch.nn.Conv2d(2, 3, 3, bias=False)
    save_file(model.state_dict(), tmp_path / "stem.safetensors")
    for built in (build_module(graph, {}), build_supernet(graph)):
        assert torch.equal(built.state_dict()["stem.conv.weight"], model.conv.weight)


def test_names_inside_a_call_are_the_same_whatever_the_call_is_named() -> None:
    """`a` in `a` is not what a `return` applies: a file of weights fits wherever the call is made."""
    text = (
        "stdsl 1\n"
        "cell inner on x = x -> conv(4, 3)\n"
        "cell outer on x { a = x -> inner  return a -> inner }\n"
        "meta m on x: image(4, 6, 6) { a = x -> outer  b = a -> outer  return b }\n"
        "space s = m\n"
    )
    names = build_module(stdsl.loads(text).graph, {}).state_dict()
    assert list(names) == [f"{call}.{part}.conv.weight" for call in "ab" for part in ("a", "inner")]

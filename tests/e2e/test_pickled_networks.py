"""Networks are pickled with the text of their classes: a new process has them without the file of their space."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

import stdsl
from stdsl.compiler.backends.networks.loader import LEAVE

TEXT = """stdsl 1
meta net(c = 4) on image: image(3, 8, 8) {
  y = image -> conv(c, 3x3) -> bn
  z = [y, y -> conv(c, 3x3)] -> keep 1..2 as inputs -> sum
  return z -> choose {relu, gelu} as kind -> global_avg_pool -> linear(3)
}
space small = net
"""
FOREIGN = """stdsl 1
extern op doubled on x from "MODULE:Doubled" { params = 0  flops = 0 }
meta net on x: features(4) = x -> linear(3) -> choose {relu, doubled} as kind
space small = net
"""
CODE = """
import pathlib
from torch import nn

pathlib.Path(__file__).with_name("loaded.txt").touch()

class Doubled(nn.Module):
    def forward(self, x):
        return 2 * x
"""
LOADING = """
import pickle, sys, torch
with open(sys.argv[1], "rb") as file:
    kept = pickle.load(file)
with torch.no_grad():
    outputs = [model(kept["x"]) for model in kept["models"]]
found = kept["models"][-1].derive().hash
again = pickle.loads(pickle.dumps(kept["models"]))
torch.save({"outputs": outputs, "found": found, "passes": len(again[-1].passes)}, sys.argv[2])
"""


def in_a_new_process(kept: Path, told: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LOADING, str(kept), str(told)]
    elsewhere = os.environ | {"PYTHONPATH": str(Path(stdsl.__file__).parents[1])} | environment
    return subprocess.run(command, capture_output=True, text=True, cwd=kept.parent, env=elsewhere, check=False)


def keep(path: Path, space: stdsl.Space, x: torch.Tensor) -> tuple[list[Any], list[torch.Tensor]]:
    """A network and a supernet of a space with what they give, pickled into a file."""
    models = [stdsl.compile(space, space.sample(seed=0), seed=0).eval(), stdsl.compile(space, seed=0).eval()]
    path.write_bytes(pickle.dumps({"models": models, "x": x}))
    with torch.no_grad():
        return models, [model(x) for model in models]


class Scored(Dataset[torch.Tensor]):
    """Samples with the output of a network, which workers compute."""

    def __init__(self, network: torch.nn.Module) -> None:
        self.network = network

    def __len__(self) -> int:
        return 2

    def __getitem__(self, place: int) -> torch.Tensor:
        with torch.no_grad():
            result: torch.Tensor = self.network(torch.full((1, 3, 8, 8), float(place + 1)))[0]
        return result


def test_a_new_process_has_networks_and_supernets_without_their_space(tmp_path: Path) -> None:
    (tmp_path / "space").mkdir()
    file = tmp_path / "space" / "a.space"
    file.write_text(TEXT)
    models, outputs = keep(tmp_path / "kept", stdsl.load(file), torch.randn(2, 3, 8, 8))
    file.unlink()
    process = in_a_new_process(tmp_path / "kept", tmp_path / "told")
    assert process.returncode == 0, process.stderr
    told = torch.load(tmp_path / "told", weights_only=True)
    assert all(map(torch.equal, told["outputs"], outputs))
    assert told["found"] == models[1].derive().hash
    assert told["passes"] == len(models[1].passes)


def test_workers_that_are_spawned_have_networks() -> None:
    space = stdsl.loads(TEXT)
    scored = Scored(stdsl.compile(space, space.sample(seed=1), seed=0).eval())
    own = torch.stack([scored[0], scored[1]])
    (batch,) = DataLoader(scored, batch_size=2, num_workers=1, multiprocessing_context="spawn")
    assert torch.equal(batch, own)


def test_parts_and_copies_have_the_same_classes() -> None:
    space = stdsl.loads(TEXT)
    net = stdsl.compile(space, seed=0)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert type(other) is type(net)
        assert other.source == net.source
        assert all(map(torch.equal, other.state_dict().values(), net.state_dict().values()))
        assert not {id(p) for p in other.parameters()} & {id(p) for p in net.parameters()}
    assert copy.deepcopy(net).decisions()[0].requires_grad


def test_extern_operators_are_loaded_by_leave_of_the_process_alone(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "pickled_doubled.py").write_text(CODE)
    file = folder / "a.space"
    file.write_text(FOREIGN.replace("MODULE", "pickled_doubled"))
    _, outputs = keep(tmp_path / "kept", stdsl.load(file, allow_extern=True), torch.randn(2, 4))
    loaded = folder / "loaded.txt"
    loaded.unlink()
    file.unlink()

    refused = in_a_new_process(tmp_path / "kept", tmp_path / "told")
    assert refused.returncode == 1
    assert "E0227" in refused.stderr
    assert f"set {LEAVE}=1" in refused.stderr
    assert not loaded.exists()

    allowed = in_a_new_process(tmp_path / "kept", tmp_path / "told", **{LEAVE: "1"})
    assert allowed.returncode == 0, allowed.stderr
    assert loaded.exists()
    assert all(map(torch.equal, torch.load(tmp_path / "told", weights_only=True)["outputs"], outputs))

    (folder / "pickled_doubled.py").unlink()
    gone = in_a_new_process(tmp_path / "kept", tmp_path / "told", **{LEAVE: "1"})
    assert "E0233" in gone.stderr, gone.stderr


def test_a_class_that_a_user_derives_is_pickled_by_its_name() -> None:
    space = stdsl.loads(TEXT)
    made = type(stdsl.compile(space, space.sample(seed=0), seed=0))

    class Inside(made):  # type: ignore[misc, valid-type]
        pass

    with pytest.raises((AttributeError, pickle.PicklingError), match="Inside"):
        pickle.dumps(Inside())

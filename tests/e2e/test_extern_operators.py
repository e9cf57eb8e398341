"""Extern operators where their code is loaded: networks, supernets, files, checks, runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click.testing
import pytest
import torch

import stdsl
from stdsl.cli.main import cli

CODE = """
import torch
from torch import nn
from torch.nn import functional as F


class Gate(nn.Module):
    def __init__(self, c, power=1):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(c, 1, 1, 1))
        self.power = power

    def forward(self, a, b):
        return a * torch.sigmoid(self.weight * b) ** self.power


class Wide(nn.Module):
    def forward(self, x):
        return torch.cat([x, x], 1)


not_a_class = 3
"""
TEXT = """stdsl 1

extern op gate(c: int = same, power: int = 1) on a, b from "MODULE:Gate" { params = c  flops = 0 }

meta net(c = 4) on video: clip(1, 8, 16, 16) {
  h = video -> conv(c, 3x3x3, stride = 2) -> bn -> relu
  y = [h, h] -> choose {soft: gate, hard: gate(power = 2), plain: sum} as kind
  return y -> global_avg_pool -> linear(4)
}
space gated(c = 4) = net(c)

search short {
  space = gated
  data = motion_digits(
    frames = 8, size = 16, motions = 4, noise = 0.1, background = 0, jitter = 0, train = 32, valid = 32, test = 32,
  )
  strategy = gradient {
    steps = 4  batch = 8
    weights { optimizer = sgd(lr = 0.05) }  decisions { optimizer = adam(lr = 0.05) }
  }
  retrain { steps = 4  batch = 8  optimizer = sgd(lr = 0.05) }
  export { source = "net.py"  onnx = "model.onnx" }
}
"""

Write = Callable[[str], Path]


def stdsl_command(*arguments: str) -> click.testing.Result:
    return click.testing.CliRunner().invoke(cli, list(arguments), prog_name="stdsl")


@pytest.fixture
def write(tmp_path: Path, request: pytest.FixtureRequest) -> Write:
    """Writes a text with its module beside it, under a name of the test's own, for a module is imported once."""
    name = f"ops_{abs(hash((request.node.name, str(tmp_path))))}"

    def written(text: str = TEXT) -> Path:
        (tmp_path / f"{name}.py").write_text(CODE)
        path = tmp_path / "gated.space"
        path.write_text(text.replace("MODULE", name))
        return path

    return written


def test_networks_and_supernets(write: Write) -> None:
    path = write()
    space = stdsl.load(path, allow_extern=True)
    assert space.count() == 3
    x = torch.randn(2, 1, 8, 16, 16)
    for arch in space.architectures():
        network = stdsl.compile(space, arch, seed=0)
        assert network(x).shape == (2, 4)
        assert sum(p.numel() for p in network.parameters()) == space.costs(arch).params
    supernet = stdsl.compile(space, seed=0)
    supernet(x).sum().backward()
    gates = [p for name, p in supernet.named_parameters() if "gate" in name]
    assert len(gates) == 2
    assert all(p.grad is not None for p in gates)


def test_the_supernet_is_the_mixture_of_its_networks(write: Write) -> None:
    space = stdsl.load(write(), allow_extern=True)
    supernet = stdsl.compile(space, seed=0).eval().double()
    x = torch.randn(2, 1, 8, 16, 16, dtype=torch.float64)
    arch = space.architecture({"y.kind": "hard"})
    network = stdsl.compile(space, arch).eval().double()
    network.load_state_dict({k: v for k, v in supernet.state_dict().items() if k in network.state_dict()})
    supernet.hold_architecture(arch)
    assert torch.allclose(supernet(x), network(x))


def test_nothing_is_loaded_without_leave(write: Write) -> None:
    path = write()
    module = f"{next(path.parent.glob('ops_*.py')).stem}"
    space = stdsl.load(path)
    assert space.costs().params.max > 0
    assert stdsl_command("check", str(path)).exit_code == 0
    for build in (
        lambda: stdsl.compile(space),
        lambda: stdsl.compile(space, space.sample()),
        lambda: stdsl.source(space, space.sample()),
        lambda: stdsl.run(path),
    ):
        with pytest.raises(stdsl.SpaceError, match="E0227"):
            build()
    for arguments in (["compile", str(path), "--to", "supernet"], ["run", str(path)]):
        result = stdsl_command(*arguments)
        assert result.exit_code == 1
        assert "E0227" in result.output
    assert module not in sys.modules


def test_check_compares_the_code_with_the_block(write: Write) -> None:
    path = write()
    assert stdsl_command("check", "--allow-extern", str(path)).output == ""
    for old, new, code, words in (
        ("params = c", "params = 3", "E0232", "its block says 3, the module 4"),
        ("{ params", "{ stride = 2  params", "E0232", "its block says (4, 2, 4, 4), the module (4, 4, 8, 8)"),
        ("MODULE:Gate", "MODULE:Gat", "E0233", "no class of that name"),
        ("MODULE:Gate", "MODULE:not_a_class", "E0233", "something else"),
        ("MODULE:Gate", "no_such_module_at_all:Gate", "E0233", "ModuleNotFoundError"),
        ("MODULE:Gate", "MODULE:Wide", "E0232", "raises TypeError"),
    ):
        changed = write(TEXT.replace(old, new).replace(", plain: sum", ", plain: gate(power = 3)"))
        result = stdsl_command("check", "--allow-extern", str(changed))
        assert result.exit_code == 1, new
        assert code in result.output
        assert words in result.output, result.output


def test_generated_files_import_the_class(write: Write, tmp_path: Path) -> None:
    path = write()
    arch = tmp_path / "a.arch.json"
    stdsl.load(path).architecture({"y.kind": "soft"}).save(arch)
    target = tmp_path / "net.py"
    arguments = ["compile", str(path), "--to", "module", "--arch", str(arch), "-o", str(target), "--allow-extern"]
    assert stdsl_command(*arguments).exit_code == 0
    text = target.read_text()
    module = next(path.parent.glob("ops_*.py")).stem
    assert f"from {module} import Gate" in text
    assert f"Needs the module {module}" in text
    done = subprocess.run([sys.executable, target.name], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "(2, 4)\n", done.stderr


def test_unknown_costs_are_said_to_be(write: Write) -> None:
    path = str(write(TEXT.replace("params = c  flops = 0", "")))
    document = json.loads(stdsl_command("info", path, "--json").output)
    assert document["params"] is None
    assert document["flops"] is None
    assert "unknown" in stdsl_command("info", path).output


def test_a_run_and_going_on_with_it(write: Write, tmp_path: Path) -> None:
    path = write()
    out = tmp_path / "run"
    result = stdsl_command("run", str(path), "--out", str(out), "--allow-extern", "--device", "cpu", "--quiet")
    assert result.exit_code == 0, result.output
    assert json.loads((out / "run.json").read_text())["allow_extern"] is True
    over = stdsl_command("run", "--resume", str(out), "--quiet")
    assert over.exit_code == 0, "what is over needs no leave"
    (out / "result.json").unlink()
    again = stdsl_command("run", "--resume", str(out), "--quiet")
    assert again.exit_code == 1
    assert "E0227" in again.output
    assert stdsl_command("run", "--resume", str(out), "--quiet", "--allow-extern").exit_code == 0

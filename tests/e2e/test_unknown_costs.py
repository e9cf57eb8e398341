"""What the blocks of extern operators do not state is unknown wherever costs are told; with leave to load their code,
parameters are counted in what it makes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import click.testing
import pytest

import stdsl
from stdsl.cli.main import cli
from stdsl.compiler.analysis.costs import of_many
from stdsl.compiler.analysis.costs.formulas import formulas
from stdsl.compiler.analysis.costs.of_architecture import costs

CODE = """
import torch
from torch import nn


class Ghost(nn.Module):
    def __init__(self, in_ch, out_ch, kernel=3):
        super().__init__()
        h = out_ch // 2
        self.a = nn.Sequential(nn.Conv2d(in_ch, h, 1, bias=False), nn.BatchNorm2d(h), nn.ReLU())
        self.b = nn.Sequential(nn.Conv2d(h, h, kernel, padding=kernel // 2, groups=h, bias=False), nn.BatchNorm2d(h))

    def forward(self, x):
        y = self.a(x)
        return torch.cat([y, self.b(y)], 1)


class Lazy(nn.Module):
    def __init__(self, out_ch, **_):
        super().__init__()
        self.conv = nn.LazyConv2d(out_ch, 1)

    def forward(self, x):
        return self.conv(x)


class Failing(nn.Module):
    def __init__(self, **_):
        raise ValueError("no such layer")
"""
TEXT = """stdsl 1
extern op ghost(in_ch: int = same, out_ch: int = same, kernel: int = 3) on x from "MODULE:CLASS" {
  channels = out_ch
}
meta unet(c = 8, classes = 10) on image: image(3, 32, 32) {
  stem = image -> conv(c, 3) -> bn -> relu
  m = stem -> choose {conv: conv(same, 3x3), ghost} as mid
  out = m -> choose {conv3: conv(c, 3x3), ghost3: ghost(out_ch = c), ghost5: ghost(out_ch = c, kernel = 5)} as last
  return out -> global_avg_pool -> linear(classes)
}
space seg(c = 8) = unet(c)
search s {
  space = seg
  strategy = gradient { steps = 2  batch = 8  measure = 0 }
  data = cifar10(root = "DATA")
  retrain { steps = 2  batch = 8 }
}
"""
PLAIN = {"m.mid": "conv", "out.last": "conv3"}
MIXED = {"m.mid": "ghost", "out.last": "ghost5"}
FIGURES = ("params", "flops", "depth", "activations")
NAMES = (f"unknown_costs_{n}" for n in itertools.count())


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes the text with its module beside it, under a name of the test's own, for a module is imported once."""

    def written(name: str = "Ghost") -> Path:
        module = next(NAMES)
        (tmp_path / f"{module}.py").write_text(CODE)
        path = tmp_path / "seg.space"
        path.write_text(TEXT.replace("MODULE:CLASS", f"{module}:{name}").replace("DATA", str(tmp_path)))
        return path

    return written


def call(*arguments: str | Path) -> click.testing.Result:
    result = click.testing.CliRunner().invoke(cli, list(map(str, arguments)), prog_name="stdsl")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_without_leave_nothing_is_made_up(write: Callable[..., Path]) -> None:
    space = stdsl.load(write())
    assert space.unknown_costs == set(FIGURES)
    ranges = space.costs()
    assert (ranges.params, ranges.flops, ranges.activations) == (None, None, None)
    mixed = space.costs(MIXED)
    assert [getattr(mixed, figure) for figure in FIGURES] == [None] * 4
    plain = space.costs(PLAIN)
    assert (plain.params, plain.depth) == (27 * 8 + 16 + 2 * 9 * 64 + 90, 4), "an architecture without it is known"
    assert (plain.flops or 0) > 0


@pytest.mark.parametrize("name", ["Ghost", "Lazy"])
def test_with_leave_parameters_are_those_of_the_modules(write: Callable[..., Path], name: str) -> None:
    space = stdsl.load(write(name), allow_extern=True)
    assert space.unknown_costs == {"flops", "depth", "activations"}
    counted = {}
    for arch in space.architectures():
        model = stdsl.compile(space, arch)
        if name == "Lazy":
            import torch

            model(torch.randn(2, 3, 32, 32))
        counted[arch] = sum(p.numel() for p in model.parameters())
        assert space.costs(arch).params == counted[arch]
    params = space.costs().params
    assert params is not None
    assert (params.min, params.max) == (min(counted.values()), max(counted.values()))
    assert params.mean == pytest.approx(sum(counted.values()) / len(counted))
    assert space.costs().flops is None
    assert space.costs(MIXED).flops is None


def test_code_that_fails_is_told(write: Callable[..., Path]) -> None:
    space = stdsl.load(write("Failing"), allow_extern=True)
    with pytest.raises(stdsl.SpaceError, match=r"E0232.*no such layer"):
        space.costs(MIXED)
    with pytest.raises(stdsl.SpaceError, match="E0233"):
        stdsl.load(write("Nothing"), allow_extern=True).costs()
    assert space.costs(PLAIN).params


def test_the_command_line(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write()
    arch = tmp_path / "a.arch.json"
    stdsl.load(path).architecture(MIXED).save(arch)
    facts = json.loads(call("info", path, "--json").stdout)
    assert (facts["params"], facts["flops"]) == (None, None)
    rows = [line.split()[:3] for line in call("info", path).stdout.splitlines()]
    for figure in ("params", "FLOPs", "activations"):
        assert [figure, "unknown", "unknown"] in rows
    network = json.loads(call("info", path, "--arch", arch, "--json").stdout)["architecture"]
    assert [network[figure] for figure in FIGURES] == [None] * 4
    own = [row for row in network["layers"] if row["op"] == "ghost"]
    assert [(row["params"], row["flops"], row["activations"]) for row in own] == [(None, None, None)] * 2
    assert "unknown" in call("info", path, "--arch", arch).stdout
    assert "an unknown number of parameters" in call("graph", path, "--arch", arch).stdout
    assert json.loads(call("sample", path).stdout)["values"]
    assert "E0227" in call("plan", path).stderr


def test_the_command_line_with_leave(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write()
    arch = tmp_path / "a.arch.json"
    space = stdsl.load(path, allow_extern=True)
    space.architecture(MIXED).save(arch)
    params = sum(p.numel() for p in stdsl.compile(space, MIXED).parameters())
    facts = json.loads(call("info", path, "--json", "--allow-extern").stdout)
    assert facts["params"]["exact"]
    assert facts["flops"] is None
    network = json.loads(call("info", path, "--arch", arch, "--json", "--allow-extern").stdout)["architecture"]
    assert (network["params"], network["flops"]) == (params, None)
    text = call("compile", path, "--to", "module", "--arch", arch, "--allow-extern").stdout
    assert f"{params} parameters, an unknown number of multiply-adds in one sample's forward pass" in text
    assert stdsl.source(space, MIXED) == text


def test_every_architecture_has_unknown_costs_exactly_where_an_operator_of_it_does_not_state_them(
    write: Callable[..., Path],
) -> None:
    space = stdsl.load(write())
    for arch in space.architectures():
        found = costs(space.graph, arch)
        uses = any(str(value).startswith("ghost") for value in arch.values())
        assert all((getattr(found, figure) is None) == uses for figure in FIGURES)


def test_costs_of_many_are_those_of_each(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_many, "PATIENCE", 0)
    monkeypatch.setattr(of_many, "FEW", 2)
    for leave in (False, True):
        space = stdsl.load(write(), allow_extern=leave)
        every = list(space.architectures())
        exact = [costs(space.graph, arch) for arch in every]
        assert {own.flops is None for own in exact} == {False, True}
        assert formulas(space.graph) is not None
        assert space.costs(every) == [space.costs(arch) for arch in every] == exact
    failing = stdsl.load(write("Failing"), allow_extern=True)
    assert formulas(failing.graph) is None
    assert failing.costs([PLAIN, PLAIN])[1].params
    with pytest.raises(stdsl.SpaceError, match=r"E0232.*no such layer"):
        failing.costs([PLAIN, MIXED])

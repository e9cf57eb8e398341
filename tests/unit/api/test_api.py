"""The Python API, as the documentation shows it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import stdsl
from stdsl.cli.main import cli
from stdsl.compiler.backends.networks.supernet import Relaxation
from stdsl.compiler.ir.printer import print_ir

TEXT = """\
stdsl 1
meta net(c = 4) on image: image(3, 8, 8) {
  y = image -> conv(c, 3x3) -> bn -> choose {identity, conv: conv(same, 3x3)} as kind
  z = y -> maybe (conv(same, 1x1))
  return [y, z] -> sum -> relu -> global_avg_pool -> linear(3)
}
space small(c = 4) = net(c)
space other = net(8)
"""


@pytest.fixture(scope="module")
def space() -> stdsl.Space:
    return stdsl.loads(TEXT, "small")


def test_importing_is_instant() -> None:
    code = "import stdsl, sys; assert not {'torch', 'networkx', 'pydantic', 'lark', 'click'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_public_names() -> None:
    for name in stdsl.__all__:
        assert getattr(stdsl, name) is not None
    assert set(dir(stdsl)) == set(stdsl.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        stdsl.nonsense  # noqa: B018


def test_load_by_library_name_file_and_target(tmp_path: Path) -> None:
    assert stdsl.load("darts", "darts_cifar", c=16).count() == 1076746950455072400
    assert stdsl.load("darts::darts_cifar").name == "darts_cifar"
    path = tmp_path / "x.space"
    path.write_text(TEXT, encoding="utf-8")
    space = stdsl.load(path, "small", c=8)
    assert space.parameters == {"c": 8}
    assert repr(space) == "Space(small, c=8, 2 decisions)"


def test_parameters_of_all_kinds_are_shown_as_they_are_written(tmp_path: Path) -> None:
    """And nothing of the compiler's own, nor of where the file lies."""
    declared = "f = relu -> bn, g = relu + gelu, s = two, t = {one: relu, two: gelu}, u = [1, 2], v = block"
    declared += ', w = block(4), k = 3x3, r = 1..3, n = none, b = true, y = sum, z = "x"'
    path = tmp_path / "x.space"
    path.write_text(f"""stdsl 1
ops two = {{a: conv(4, 3x3), b: relu -> conv(4, 1x1)}}
op block(c) = conv(c, 3x3)
meta m(f, g, s, t, v, w) on x: image(3, 8, 8) =
  x -> f -> g -> choose s as kind -> choose t as other -> v(4) -> w -> global_avg_pool -> linear(3)
space s({declared}) = m(f, g, s, t, v, w)
""")
    space = stdsl.load(path)
    shown = declared.replace("{one: relu, two: gelu}", "{one, two}")
    assert repr(space) == f"Space(s, {shown.replace(' = ', '=')}, 2 decisions)"
    texts = [stdsl.source(space, space.sample(0)), print_ir(space.graph)]
    runner = CliRunner()
    texts.append(runner.invoke(cli, ["info", f"{path}::s"]).output)
    for text in texts:
        assert f"s({shown})" in text


def test_errors_hold_all_diagnostics() -> None:
    with pytest.raises(stdsl.SpaceError) as error:
        stdsl.loads("stdsl 1\nlet A = 1\nlet A = 2\nspace s = nothing\n")
    assert {d.code for d in error.value.diagnostics} >= {"E0202"}
    assert "E0202" in str(error.value)
    assert issubclass(stdsl.SpaceError, stdsl.StdslError)
    with pytest.raises(stdsl.SpaceError, match="small"):
        stdsl.loads(TEXT)


def test_decisions_and_count(space: stdsl.Space) -> None:
    assert [(d.path, d.kind, d.options) for d in space.decisions] == [
        ("y.kind", "choose", ("identity", "conv")),
        ("z.gate", "gate", ("off", "on")),
    ]
    assert space.count() == 4
    assert len({a.hash for a in space.architectures()}) == 4


def test_count_is_an_interval_under_a_budget() -> None:
    assert stdsl.load("darts::darts_small").count() == 972093685607228160
    head = "stdsl 1\nuse darts (cell_stack, normal, reduction)\n"
    found = stdsl.loads(head + "space s = cell_stack(normal, reduction) where depth <= 40\n").count()
    assert not isinstance(found, int)
    assert found.low < found.high


def test_costs_of_the_space_hold_those_of_its_architectures(space: stdsl.Space) -> None:
    ranges = space.costs()
    found = [space.costs(arch) for arch in space.architectures()]
    for metric in ("params", "flops", "depth", "activations"):
        values = [getattr(costs, metric) for costs in found]
        bound = getattr(ranges, metric)
        assert (bound.min, bound.max) == (min(values), max(values))
        assert bound.mean == pytest.approx(sum(values) / len(values))


def test_architectures_from_mappings(space: stdsl.Space, tmp_path: Path) -> None:
    arch = space.architecture({"y.kind": "conv", "z.gate": False})
    assert arch["y.kind"] == "conv"
    assert arch == space.architecture({"z.gate": False, "y.kind": "conv"})
    assert space.costs({"y.kind": "conv", "z.gate": False}) == space.costs(arch)
    arch.save(tmp_path / "a.arch.json")
    assert space.load_architecture(tmp_path / "a.arch.json") == arch
    with pytest.raises(stdsl.ArchitectureError) as error:
        space.architecture({"y.kidn": "conv", "z.gate": 3})
    assert {d.code for d in error.value.diagnostics} >= {"E0601", "E0602", "E0604"}


def test_numbers_and_windows_are_named_by_their_text() -> None:
    space = stdsl.loads(
        "stdsl 1 meta m on x: image(3, 4, 4) = x -> conv((choose {8, 16} as w), choose {1x3, 3x3} as k) space s = m"
    )
    with pytest.raises(stdsl.ArchitectureError) as caught:
        space.architecture({"w": 8, "k": (1, 3)})
    helps = [d.help for d in caught.value.diagnostics]
    assert helps[0].startswith('did you mean `"8"`?')
    assert helps[1].startswith('did you mean `"1x3"`?')
    assert space.architecture({"w": "8", "k": "1x3"})


def test_samples(space: stdsl.Space) -> None:
    assert space.sample(seed=1) == space.sample(seed=1)
    assert len(set(space.samples(40))) == 4


def test_a_budget_that_nothing_meets() -> None:
    with pytest.raises(stdsl.SpaceError, match="E0441"):
        stdsl.loads(TEXT + "space nil = net where params <= 3\n", "nil")


def test_compile_and_source_and_export(space: stdsl.Space, tmp_path: Path) -> None:
    x = torch.randn(2, 3, 8, 8)
    net = stdsl.compile(space, seed=0)
    assert net(x).shape == (2, 3)
    assert [p.shape for p in net.decisions()] == [(2,), ()]
    arch = space.sample(seed=0)
    model = stdsl.compile(space, arch, seed=0).eval()
    assert sum(p.numel() for p in model.parameters()) == space.costs(arch).params
    assert "class Network" in stdsl.source(space, arch)
    report = stdsl.export_onnx(model, tmp_path / "x.onnx", metadata={"note": "hello"})
    assert report.path.is_file()
    assert set(report.max_abs_diff) == {1, 3}


def test_what_a_supernet_prefers_is_derived_within_where() -> None:
    text = """stdsl 1
meta net on image: image(3, 8, 8) {
  a = image -> conv(4, 3x3)
  x = [a, a -> relu] -> each choose {conv: conv(4, 3x3), point: conv(4, 1x1), none: zero} as kind
  return x -> keep 1 as inputs -> sum -> global_avg_pool -> linear(2)
}
space free = net
space cheap = net where flops <= 10K
"""
    weights = {"x[1].kind": [3.0, 0.0, 1.0], "x[2].kind": [1.0, 2.0, 4.0]}
    for name, keep, found in (
        ("free", "sigmoid", {"inputs": (2,), "x[2].kind": "none"}),  # by β
        ("free", "none", {"inputs": (1,), "x[1].kind": "conv"}),  # by the best operation but zero
        ("cheap", "none", {"inputs": (1,), "x[1].kind": "point"}),  # 3×3 is too dear, and what is kept is no zero
    ):
        space = stdsl.loads(text, name)
        net = stdsl.compile(space, seed=0, relaxation=Relaxation(keep=keep))
        with torch.no_grad():
            for path, row in {**weights, **({"inputs": [-1.0, 1.0]} if keep == "sigmoid" else {})}.items():
                net.parameter(path).copy_(torch.tensor(row))
        assert net.derive() == space.architecture(found)
        assert net.derive("alpha")["inputs"] == (1,)


def test_a_wrong_architecture_is_refused_before_anything_is_built(space: stdsl.Space) -> None:
    for use in (stdsl.compile, stdsl.source):
        with pytest.raises(stdsl.ArchitectureError):
            use(space, {"y.kind": "conv"})
    with pytest.raises(stdsl.ArchitectureError):
        space.costs({"y.kind": "nothing"})


def test_the_graph_as_text(space: stdsl.Space) -> None:
    assert space.ir.startswith("space small(c = 4)\n")


def test_what_is_in_the_way_of_a_mixture() -> None:
    space = stdsl.load("evanet", "resnet")
    assert space.not_relaxable
    with pytest.raises(stdsl.SpaceError):
        stdsl.compile(space)


def test_run_refuses_before_it_starts(tmp_path: Path) -> None:
    with pytest.raises(stdsl.SpaceError):
        stdsl.run("darts::nothing", out=tmp_path / "x")
    with pytest.raises(stdsl.SpaceError, match="epochz"):
        stdsl.run("darts::sdas_b", overrides={"retrain.epochz": 1}, out=tmp_path / "x")
    with pytest.raises(stdsl.RunError):
        stdsl.run(resume=tmp_path)
    with pytest.raises(TypeError):
        stdsl.run()
    assert not (tmp_path / "x").exists()


def test_arguments_of_other_kinds_are_told_of() -> None:
    space = stdsl.loads(
        "stdsl 1 meta m on x: image(3, 4, 4) = x -> choose {relu, gelu} as k -> global_avg_pool space s = m"
    )
    for call in (space.architecture, space.valid, space.rank, lambda arch: stdsl.compile(space, arch)):
        with pytest.raises(TypeError, match="a mapping from paths of decisions to values, not 'relu'"):
            call("relu")
    for several in ("relu", ["relu"], [{"k": "gelu"}, "relu"], 3):
        with pytest.raises(TypeError, match="a mapping from paths of decisions to values, not"):
            space.costs(several)
    with pytest.raises(ValueError, match="the number of architectures to draw, not -1"):
        space.samples(-1)
    with pytest.raises(TypeError, match=r"`stdsl.load\(…\)` gives, not of 'a.space'"):
        stdsl.compile("a.space")
    with pytest.raises(TypeError, match="`overrides` is a mapping"):
        stdsl.run("a.space", overrides=["epochs=2"])

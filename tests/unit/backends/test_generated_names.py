"""Names that generated code imports are nobody else's."""

from __future__ import annotations

import copy
import sys
from importlib import import_module
from pathlib import Path

import onnx
import pytest
import torch

import stdsl
from stdsl.compiler.backends.codegen.definitions import number_of_calls
from stdsl.compiler.backends.codegen.kernel_table import KERNELS, kernel
from stdsl.compiler.backends.codegen.namespace import SUPERNET, Namespace
from stdsl.compiler.backends.codegen.render import class_source
from stdsl.compiler.backends.networks.loader import definition_of
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.supernet import build_supernet, supernet_source
from stdsl.compiler.checks.opening import load_space

PLAIN = """stdsl 1
op block() = choose {one: identity, two: zero} as kind
meta m on x: image(2, 1, 1) {
  F = x -> block
  torch = F -> block
  return torch -> flatten -> linear(2)
}
space s = m
"""


def test_kernels_are_where_the_table_says() -> None:
    for name, module in KERNELS.items():
        assert getattr(import_module(module), name).__module__ == module


def test_no_kernel_is_called_that_has_no_row() -> None:
    with pytest.raises(ValueError, match="there is no kernel mixed"):
        kernel("mixed", 1)


def test_only_what_code_reads_is_imported() -> None:
    """Whatever stands in its texts."""
    written, _ = supernet_source(stdsl.loads(PLAIN).graph)
    assert 'weights["F.kind"]' in written
    assert 'weights["torch.kind"]' in written
    imports = [line for line in written.splitlines() if line.startswith(("import", "from"))]
    assert imports == [
        "from torch import nn",
        f"from {KERNELS['mix']} import Row, Supernet, mix",
    ]


def test_nothing_that_is_handed_out_hides_another_thing() -> None:
    for name in (*KERNELS, "torch", "nn", "F", "print", "None", "match", "ROWS"):
        names = Namespace(SUPERNET)
        assert name not in {names.variable(name), names.type(name), names.imported(name)}
    names = Namespace(())
    assert names.inner(("weights",)).variable("weights") == "weights_"
    assert names.inner((names.type("Block"),)).variable("Block") == "Block_"
    names = Namespace(())
    assert [names.variable("x") for _ in range(3)] == ["x", "x_2", "x_3"]
    assert [names.type("Block") for _ in range(2)] == ["Block", "Block2"]
    assert [names.type("Conv3") for _ in range(2)] == ["Conv3", "Conv3_2"]
    assert [names.imported("__Block") for _ in range(2)] == ["Block_2", "Block_3"]


@pytest.mark.parametrize("name", [name for name in KERNELS if name[0].islower() and name != "frozen"])
def test_a_space_may_use_them(tmp_path: Path, name: str) -> None:
    """As the name of an operator and of a value."""
    (tmp_path / "s.space").write_text(f"""stdsl 1
use std.image (relu_conv_bn, sep_conv)
op {name}() = relu_conv_bn(same, 1x1)
op terms() = relu_conv_bn(same, 1x1)
cell node(c) on x {{
  {name} = x -> {name} -> terms
  y = [x, {name}] -> each choose {{sep: sep_conv(3x3), point: relu_conv_bn(same, 1x1)}} as kind -> sum
  return y
}}
meta net() on x: image(4, 8, 8) {{
  {name} = x -> node(4)
  both = [{name}, x] -> each choose {{sep: sep_conv(5x5), pool: max_pool(3x3)}} as kind -> sum
  return both -> global_avg_pool -> linear(2)
}}
space s = net()
""")
    graph = load_space(tmp_path / "s.space", "s").graph
    net, plain = build_supernet(graph, seed=0).double(), build_supernet(graph, None, [], seed=0).double()
    x = torch.randn(2, 4, 8, 8, dtype=torch.float64)
    torch.testing.assert_close(net(x), plain(x))


CALLED = """stdsl 1
cell {name}(c) on x = x -> conv(c, 3x3) -> choose {{a: relu, b: gelu}} as inside -> conv(c, 3x3)
meta m on i: image(3, 8, 8) {{
  one = i -> {name}(4)
  two = one -> {name}(8) -> relu
  return two -> choose {{a: relu, b: gelu}} as {label} -> global_avg_pool -> linear(3)
}}
space s = m
"""


@pytest.mark.parametrize("name", ["F", "None", "nn", "supernet", "row", "ValueError", "drop_path", "self", "super"])
def test_cells_may_be_called_like_what_a_module_has(name: str) -> None:
    space = stdsl.loads(CALLED.format(name=name, label="kind"))
    x = torch.randn(2, 3, 8, 8)
    assert stdsl.compile(space)(x).shape == (2, 3)
    assert build_module(space.graph, space.sample(0), drop_paths=True)(x).shape == (2, 3)


@pytest.mark.parametrize("label", ["training", "keys", "values", "type", "_parameters", "T_destination", "derive"])
def test_decisions_may_be_called_like_what_a_dictionary_has(label: str) -> None:
    space = stdsl.loads(CALLED.format(name="block", label=label))
    net = stdsl.compile(space, seed=0)
    x = torch.randn(2, 3, 8, 8)
    net(x).sum().backward()
    assert len(net.decisions()) == 3
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in net.decisions())
    assert sum(name.startswith("decision_parameters.") for name in net.state_dict()) == 3
    other = stdsl.compile(space, seed=1)
    other.load_state_dict(net.state_dict())
    assert all(torch.equal(*pair) for pair in zip(net.decisions(), other.decisions(), strict=True))


VALUES = """stdsl 1
extern op scaled(mode: string, to: number = 1) on x from "hostile_scales:Scaled" { params = 1 flops = 0 }
meta m on i: image(3, 8, 8) {
  one = i -> scaled(mode = choose {"b b", "b-b", "b_b", b: "bb"} as mode, to = choose {1e16, 1e-16} as to)
  scaled_modebb_to1e16 = one -> scaled(mode = "x")
  conv_k3x3 = scaled_modebb_to1e16 -> block(3)
  two = conv_k3x3 -> conv(3, choose {3x3, 1x1} as k)
  return two -> global_avg_pool -> linear(3)
}
op block(c) on x = x -> conv(c, 3x3) -> bn
space s = m
"""
SCALED = """
import torch
from torch import nn

class Scaled(nn.Module):
    def __init__(self, mode, to):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return x * self.scale
"""


def test_every_value_has_weights_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However its name comes out: as that of another value, or of something else in the scope."""
    (tmp_path / "hostile_scales.py").write_text(SCALED)
    monkeypatch.syspath_prepend(str(tmp_path))
    space = stdsl.loads(VALUES, allow_extern=True)
    net = stdsl.compile(space, seed=0)
    assert sum(name.endswith("scale") for name in net.state_dict()) == 4 * 2 + 1
    assert sum(p.dim() == 4 for p in net.weights()) == 1 + 2
    for seed in range(8):
        arch = space.sample(seed)
        model = stdsl.compile(space, arch, seed=0)
        assert model.state_dict().keys() <= net.state_dict().keys()
        assert len(list(model.parameters())) == 2 + 1 + 2 + 1 + 2


@pytest.mark.parametrize("name", ["output", "conv2d", "view", "val_9", "x"])
def test_inputs_of_an_exported_network_keep_their_names(tmp_path: Path, name: str) -> None:
    """An input may be called like the output, or like a value between."""
    text = f"meta m on {name}: image(3, 8, 8) = {name} -> conv(4, 3x3) -> global_avg_pool -> linear(3)"
    space = stdsl.loads(f"stdsl 1\n{text}\nspace s = m\n")
    stdsl.export_onnx(stdsl.compile(space, {}, seed=0), tmp_path / "x.onnx")
    graph = onnx.load(tmp_path / "x.onnx").graph
    assert [value.name for value in graph.input] == [name]
    assert [value.name for value in graph.output] == ["output_2" if name == "output" else "output"]


def test_a_class_knows_the_data_it_was_printed_from() -> None:
    space = stdsl.loads(CALLED.format(name="block", label="kind"))
    net = build_supernet(space.graph, passes=["+recompute_cells"])
    classes = {type(module).__name__: found for module in net.modules() if (found := definition_of(module))}
    assert set(classes) == {"SearchNetwork", "Block"}
    assert number_of_calls(classes.values(), "recomputed") == net.source.count("recomputed(") == 2
    assert all(class_source(found) in net.source for found in classes.values())
    assert definition_of(net.get_submodule("linear")) is None
    assert definition_of(copy.deepcopy(net)) is classes["SearchNetwork"]


@pytest.mark.parametrize("name", ["hints", "ways", "function", "value", "name"])
def test_a_parameter_of_an_extern_operator_may_be_called_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "named_scales.py").write_text(SCALED.replace("mode, to", name))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "named_scales", raising=False)
    operator = f'extern op scaled({name}: number) on x from "named_scales:Scaled" {{ params = 1 flops = 0 }}'
    net = f"meta m on x: image(3, 8, 8) = x -> scaled({name} = choose {{1, 2}} as k) -> global_avg_pool -> linear(3)"
    space = stdsl.loads(f"stdsl 1\n{operator}\n{net}\nspace s = m\n", allow_extern=True)
    assert stdsl.compile(space)(torch.zeros(2, 3, 8, 8)).shape == (2, 3)
    assert stdsl.compile(space, space.sample(0))(torch.zeros(2, 3, 8, 8)).shape == (2, 3)

"""Names that generated code imports are nobody else's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from stdsl.compiler.backends import supernet_text
from stdsl.compiler.backends.externs import _TAKEN
from stdsl.compiler.backends.supernet import build_supernet
from stdsl.compiler.checks.opening import load_space
from stdsl.compiler.ir.names import RESERVED

IMPORTED = sorted(
    name
    for names in re.findall(r"_used\(\((.*?)\)", Path(supernet_text.__file__).read_text())
    for name in re.findall(r'"(\w+)"', names)
)


def test_they_are_reserved() -> None:
    assert {"meet", "product", "Terms"} <= set(IMPORTED)
    for name in (*IMPORTED, "Row", "Supernet"):
        assert name in _TAKEN, name
        assert name in RESERVED or name[0].isupper(), name


@pytest.mark.parametrize("name", [name for name in IMPORTED if name[0].islower() and name != "frozen"])
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

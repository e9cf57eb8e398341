"""Every name that the grammar allows works in every role, in every backend."""

from __future__ import annotations

import ast
import copy
import itertools
import keyword
import re
import sys
import xml.etree.ElementTree
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest
import torch
from hostile import NAMES, OUTSIDE, ROLES, named_space
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import stdsl
from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.backends.drawing import network_picture, space_picture, to_dot, to_mermaid, to_svg
from stdsl.compiler.backends.export.onnx import export_onnx
from stdsl.compiler.backends.lowering.paths import Sharing
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.paths.base import PathNetwork
from stdsl.compiler.backends.networks.paths.build import build_path_network
from stdsl.compiler.backends.networks.supernet_base import Supernet
from stdsl.compiler.checks.check import check_text
from stdsl.compiler.checks.opening import load_text
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.ir.names import RESERVED, identifier
from stdsl.compiler.ir.printer import print_ir

numbers = itertools.count()
EXPECTED = "W0301"
"""What the space with all roles is warned of: what it has in a `maybe` is all that an output depends on."""
FEW = settings(max_examples=12, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=300)
ordinary = st.sampled_from([name for name in NAMES if len(name) < 100])
all_odd = st.lists(ordinary, min_size=len(ROLES), max_size=len(ROLES), unique=True).map(
    lambda names: dict(zip(ROLES, names, strict=True))
)
some_odd = st.dictionaries(st.sampled_from(sorted(ROLES)), st.sampled_from(NAMES), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the code of extern operators, in which Python looks for modules."""
    return tmp_path_factory.mktemp("outside")


def written(names: Mapping[str, str], folder: Path) -> str:
    module = f"hostile_outside_{next(numbers)}"
    (folder / f"{module}.py").write_text(OUTSIDE.format(name=names["class"]), encoding="utf-8")
    return named_space(names, module)


def loaded(names: Mapping[str, str], folder: Path) -> stdsl.Space:
    names = {**ROLES, **names}
    assume(not keyword.iskeyword(names["class"]) and not names["class"].startswith("__"))
    text = written(names, folder)
    found = check_text(Source("names.space", text))
    assume(all(d.code == EXPECTED for d in found))  # a name may be one of the language's, or be there already
    sys.path.insert(0, str(folder))
    try:
        space = stdsl.Space(load_text(text, None, {}, allow_extern=True).graph)
        stdsl.compile(space, seed=0)  # imports the module
    finally:
        sys.path.remove(str(folder))
    return space


def test_no_attribute_of_a_network_is_given_away() -> None:
    names: set[str] = set()
    for kind in (torch.nn.Module, Supernet, PathNetwork):
        names |= {*dir(kind), *kind.__annotations__}
    for net in (Supernet(()), PathNetwork(())):
        names |= {*dir(net), *(name for name, _ in net.named_children())}
    names = {name for name in names if not name.startswith("_")}
    assert names <= RESERVED
    for name in (*names, *NAMES):
        assert identifier(name) not in names
        assert not identifier(name).startswith("_")


def supernet_and_network(names: Mapping[str, str], folder: Path) -> stdsl.Space:
    space = loaded(names, folder)
    net = stdsl.compile(space, seed=1).double()
    arch = space.sample(0)
    model = stdsl.compile(space, arch, seed=2).double()
    own = model.state_dict()
    generator = torch.Generator().manual_seed(3)
    inputs = [torch.randn(2, 3, 8, 8, generator=generator, dtype=torch.float64) for _ in range(2)]
    assert isinstance(net, Supernet)
    assert len(net.decisions()) == len(space.decisions)
    sum(value.sum() for value in net(*inputs).values()).backward()
    assert all(parameter.grad is not None for parameter in net.decisions())
    net.hold_architecture(arch)
    outputs = copy.deepcopy(model)(*inputs)
    assert outputs.keys() == copy.deepcopy(net)(*inputs).keys() == {name for name, _ in space.graph.outputs}
    model.load_state_dict({name: net.state_dict()[name] for name in own})
    torch.testing.assert_close(net.eval()(*inputs), model.eval()(*inputs))
    for how in get_args(Sharing):
        paths = build_path_network(space.graph, how, seed=4).double().eval()
        paths.hold_architecture(arch)
        weights = paths.state_dict()
        if how == "separate" and all(name in weights and weights[name].shape == own[name].shape for name in own):
            model.load_state_dict({name: weights[name] for name in own})
            torch.testing.assert_close(paths(*inputs), model(*inputs))
        assert paths(*inputs).shape == model(*inputs).shape
    return space


def texts(space: stdsl.Space) -> None:
    """All texts of a space can be read: Python by Python, drawings line by line."""
    arch = space.sample(0)
    tree = ast.parse(stdsl.source(space, arch))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    assert len({node.name for node in classes}) == len(classes)
    for node in classes:
        methods = [n.name for n in node.body if isinstance(n, ast.FunctionDef)]
        assert set(methods) <= {"__init__", "forward", "train"}
    pictures = [space_picture(space.graph), network_picture(space.graph, specialise(space.graph, arch))]
    for picture in pictures:
        lines = to_mermaid(picture).splitlines()
        assert lines[0] == lines[2] == "---"
        node = r"\w+(\(|\[|\{).*(\)|\]|\})(:::\w+)?"
        line = rf"( *)({node}|\w+ -\.?->(\|\".*\"\|)? \w+|subgraph \w+ \[\".*\"\]|end|classDef \w+ \S+)"
        assert all(re.fullmatch(line, text) for text in lines[4:]), lines
        assert to_dot(picture).startswith("digraph ")
    print_ir(space.graph)


@FEW
@given(all_odd)
def test_all_names_at_once(outside: Path, names: dict[str, str]) -> None:
    texts(supernet_and_network(names, outside))


@FEW
@given(some_odd)
def test_some_names(outside: Path, names: dict[str, str]) -> None:
    texts(supernet_and_network(names, outside))


@pytest.mark.slow
@MANY
@given(st.one_of(all_odd, some_odd))
def test_many_names(outside: Path, names: dict[str, str]) -> None:
    texts(supernet_and_network(names, outside))


@pytest.mark.slow
@settings(FEW, max_examples=40)
@given(st.one_of(all_odd, some_odd))
def test_files_of_networks(outside: Path, tmp_path_factory: pytest.TempPathFactory, names: dict[str, str]) -> None:
    """ONNX, SVG, and networks with paths to drop."""
    space = loaded(names, outside)
    arch = space.sample(0)
    model = build_module(space.graph, arch, seed=0)
    folder = tmp_path_factory.mktemp("files")
    export_onnx(model, folder / "network.onnx")
    build_module(space.graph, arch, seed=0, drop_paths=True)
    xml.etree.ElementTree.fromstring(to_svg(space_picture(space.graph)))

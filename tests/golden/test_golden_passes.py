"""Every pass on the small space of its entry: `passes/NAME.expected` has the graph before and after. The supernet
computes with it what it computes without.

`STDSL_UPDATE_GOLDEN=1` writes the expected files anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from stdsl.compiler.backends.networks.supernet import build_supernet
from stdsl.compiler.checks.opening import load_space
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.printer import print_ir
from stdsl.compiler.passes.partial_channels import partial_channels_pass
from stdsl.compiler.passes.pipeline import ALL, run_passes, select

CASES = Path(__file__).parent / "passes"
AFTER = {"recompute_merged": ["merge_targets"]}
"""Passes that have something to do after others alone."""


PASSES = {p.name: p for p in (*ALL, partial_channels_pass(2))}


def example(name: str, folder: Path) -> SpaceGraph:
    path = folder / f"{name}.space"
    path.write_text(PASSES[name].example, encoding="utf-8")
    return load_space(path).graph


def chosen(name: str) -> list[str]:
    return [*AFTER.get(name, []), name] if any(p.name == name and not p.required for p in ALL) else []


@pytest.mark.parametrize("name", PASSES)
def test_text(name: str, tmp_path: Path) -> None:
    graph = example(name, tmp_path)
    groups = 2 if name == "partial_channels" else 1
    before: list[SpaceGraph] = [graph]
    found: list[tuple[SpaceGraph, SpaceGraph]] = []

    def watch(step: str, after: SpaceGraph) -> None:
        if step == name:
            found.append((before[-1], after))
        before.append(after)

    run_passes(graph, select(chosen(name), name != "plain_norms", groups), watch=watch)
    first, second = map(print_ir, found[0])
    assert first != second, f"{name} does nothing here"
    text = f"before\n\n{first}\nafter {name}\n\n{second}"
    expected = CASES / f"{name}.expected"
    if os.environ.get("STDSL_UPDATE_GOLDEN"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [p.name for p in ALL if not p.required])
def test_the_same_network(name: str, tmp_path: Path) -> None:
    graph = example(name, tmp_path)
    plain = build_supernet(graph, seed=1, passes=[]).double()
    rewritten = build_supernet(graph, seed=2, passes=chosen(name)).double()
    rewritten.load_state_dict(plain.state_dict())
    (input_,) = graph.inputs
    x = torch.randn((3, *graph.nodes[input_].type.concrete().dims), dtype=torch.float64)
    ours, theirs = rewritten(x), plain(x)
    torch.testing.assert_close(ours, theirs)
    for network, outputs in ((rewritten, ours), (plain, theirs)):
        (outputs * torch.linspace(-1, 2, outputs.numel(), dtype=torch.float64).view_as(outputs)).sum().backward()
        assert any(p.grad is not None for p in network.parameters())
    gradients = {key: p.grad for key, p in plain.named_parameters()}
    for key, p in rewritten.named_parameters():
        if gradients[key] is not None:
            torch.testing.assert_close(p.grad, gradients[key])

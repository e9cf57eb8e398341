"""Published cells as architectures of the library's DARTS space: parameters, and multiply-adds where a figure is known.

For PC-DARTS 558 M are found in places, without a method; ours are 556.7 M, and no figure is asserted.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.semantics.elaborate import SpaceReference, elaborate
from stdsl.compiler.semantics.modules import Loader

GENOTYPES: dict[str, Any] = json.loads((Path(__file__).parents[1] / "data" / "genotypes.json").read_text())


@pytest.fixture(scope="module")
def space() -> SpaceGraph:
    sink = Sink()
    module = Loader(sink).library("darts")
    assert module is not None
    declaration = module.declarations["darts_cifar"]
    graph = elaborate(SpaceReference(declaration, module, {"c": 36, "layers": 20}, declaration.span), sink)
    assert graph is not None
    assert sink.diagnostics == ()
    return graph


def architecture(cells: dict[str, Any]) -> dict[str, Any]:
    """The decisions of a published pair of cells; a keep of both of two is a site and has none."""
    found: dict[str, Any] = {}
    for cell in ("normal", "reduction"):
        for i, pairs in enumerate(cells[cell], 1):
            for place, op in pairs:
                if cell == "normal":
                    found[f"normal.x[{i}][{place}].kind"] = op
                elif place <= 2:
                    found[f"reduction.halved[{i}][{place}].kind"] = op
                else:
                    found[f"reduction.x[{i}][{place - 2}].kind"] = op
            if i > 1:
                found[f"{cell}.x[{i}].inputs"] = [place for place, _ in pairs]
    return found


@pytest.mark.parametrize(
    ("name", "millions", "flops"), [("darts_v2", 3.35, 528), ("pdarts", 3.43, 532), ("pc_darts", 3.63, None)]
)
def test_published_cells(space: SpaceGraph, name: str, millions: float, flops: int | None) -> None:
    network = specialise(space, architecture(GENOTYPES[name]))
    params = sum(layer.cost.params for layer in network.layers)
    assert round(params / 1e6, 2) == millions
    if flops is not None:
        assert round(sum(layer.cost.flops for layer in network.layers) / 1e6) == flops
    if name == "darts_v2":
        assert params == 3_349_342

"""The architecture files in `spaces/published`: they are the published cells, and cost what is printed of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import stdsl

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "spaces" / "published"
GENOTYPES: dict[str, Any] = json.loads((ROOT / "tests" / "data" / "genotypes.json").read_text())

FILES = {
    "darts_v1": "darts_v1",
    "darts_v2": "darts_v2",
    "pdarts": "pdarts",
    "pc_darts_cifar": "pc_darts",
    "pc_darts_imagenet": "pc_darts_imagenet",
}
ON_IMAGENET = [name for name, cells in GENOTYPES.items() if name != "about" and "imagenet" in cells]


def values(cells: dict[str, Any]) -> dict[str, Any]:
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
                found[f"{cell}.x[{i}].inputs"] = tuple(place for place, _ in pairs)
    return found


@pytest.fixture(scope="module")
def cifar() -> stdsl.Space:
    return stdsl.load("darts", "darts_cifar", c=36, layers=20)


@pytest.fixture(scope="module")
def imagenet() -> stdsl.Space:
    return stdsl.load("pc_darts", "pc_darts_imagenet")


def test_all_files_are_known() -> None:
    assert {path.name.removesuffix(".arch.json") for path in PUBLISHED.iterdir()} == set(FILES)


@pytest.mark.parametrize("file", FILES)
def test_a_file_holds_the_published_cells(cifar: stdsl.Space, imagenet: stdsl.Space, file: str) -> None:
    space = imagenet if file == "pc_darts_imagenet" else cifar
    path = PUBLISHED / f"{file}.arch.json"
    assert dict(space.load_architecture(path)) == values(GENOTYPES[FILES[file]])
    written = json.loads(path.read_text())
    assert (written["space"], written["parameters"]) == (space.name, dict(space.parameters))


@pytest.mark.parametrize(
    ("name", "millions", "flops"), [("darts_v2", 3.35, 528), ("pdarts", 3.43, 532), ("pc_darts", 3.63, None)]
)
def test_published_cells_on_cifar(cifar: stdsl.Space, name: str, millions: float, flops: int | None) -> None:
    """For PC-DARTS 558 M are found in places, without a method; ours are 556.7 M, and no figure is asserted."""
    costs = cifar.costs(values(GENOTYPES[name]))
    assert round(costs.params / 1e6, 2) == millions
    if flops is not None:
        assert round(costs.flops / 1e6) == flops


@pytest.mark.parametrize("name", ON_IMAGENET)
def test_published_cells_on_imagenet(imagenet: stdsl.Space, name: str) -> None:
    """With 48 channels and 14 cells at 224x224.

    The multiply-adds that P-DARTS (557 M) and PC-DARTS (586 M, 597 M) print are reproduced when two more are counted
    for each output element of a convolution, which our count leaves out. The 574 M of DARTS are not reached in either
    way (530 M, 544 M), so they are not asserted.
    """
    printed = GENOTYPES[name]["imagenet"]
    costs = imagenet.costs(values(GENOTYPES[name]))
    assert round(costs.params / 1e6, 1) == printed["params"]
    if "flops" in printed:
        assert round((costs.flops + 2 * costs.activations) / 1e6) == printed["flops"]


def test_sdas_and_pc_darts_evaluate_the_same_network(cifar: stdsl.Space) -> None:
    """C1 = 108 and C2 = 144 with K = 6 are DARTS's 36 channels and 20 cells; so for PC-DARTS's parameters."""
    cells = values(GENOTYPES["darts_v2"])
    expected = cifar.costs(cells)
    sdas = stdsl.load("sdas", "cifar", k=6, c1=108, c2=144)
    pc_darts = stdsl.load("pc_darts", "pc_darts_cifar", c=36, k=6)
    assert sdas.costs(cells) == pc_darts.costs(cells) == expected
    assert expected.params == GENOTYPES["darts_v2"]["params"]["exact"]

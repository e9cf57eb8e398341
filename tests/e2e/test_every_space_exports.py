"""Every space of the library at small width: its smallest, its largest and five random architectures build, export, and
compute the same in onnxruntime. A new file in `spaces/` is covered by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

import stdsl

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

FOLDER = Path(stdsl.__file__).parent / "spaces"
RANDOM = 5
BATCHES = (1, 3)
TOLERANCE = 1e-4
"""Of outputs up to 1, and in proportion beyond: these networks are fresh, what leaves them has no scale of its own."""

SIZES = {"frames": 8, "size": 32, "classes": 5}
WIDTHS = SIZES | {"width": 2, "c": 8, "c1": 4, "c2": 8, "growth": 4, "groups": 4, "layers": 3, "n": 1}
"""What parameters become at the most, by their names; widths where networks are still right with them (groups divide
them)."""


def spaces() -> list[str]:
    return [
        f"{path.stem}::{name}"
        for path in sorted(FOLDER.glob("*.space"))
        for name in re.findall(r"(?m)^space (\w+)", path.read_text())
    ]


def small(target: str, folder: Path) -> stdsl.Space:
    """The space with smaller defaults and arguments in the texts of all files, those of `std` among them, which then
    stand in ``folder``."""
    file, name = target.split("::")
    try:
        return stdsl.load(_shrunk(folder / "widths", WIDTHS) / f"{file}.space", name)
    except stdsl.SpaceError:
        return stdsl.load(_shrunk(folder / "sizes", SIZES) / f"{file}.space", name)


def _shrunk(folder: Path, most: dict[str, int]) -> Path:
    folder.mkdir()
    for path in FOLDER.glob("**/*.space"):
        # Neither searches, whose data has sizes of its own, nor files of weights.
        text = re.sub(r"(?ms)^search \w+ \{.*?^\}\n", "", path.read_text())
        text = re.sub(r",?\s*\bweights = [A-Z]+\b", "", text)

        def least(found: re.Match[str]) -> str:
            return f"{found[1]} = {min(int(found[2]), most[found[1]])}"

        text = re.sub(r"(?m)^use std\.(\w+)", r'use "std_\1.space"', text)
        text = re.sub(rf"\b({'|'.join(most)}) = (\d+)(?=[,)])", least, text)
        (folder / f"{'std_' if path.parent.name == 'std' else ''}{path.name}").write_text(text)
    return folder


def architectures(space: stdsl.Space) -> Iterator[stdsl.Architecture]:
    """Without repeats; the least and the greatest where they are known, which they are not in the largest spaces."""
    params = space.costs().params
    found = {}
    assert params is not None
    for arch in (params.cheapest, params.dearest, *space.samples(RANDOM, seed=0)):
        if arch is not None:
            found[arch.hash] = arch
    yield from found.values()


def with_statistics(model: nn.Module) -> nn.Module:
    """With statistics that move halfway to those of a batch of noise: away from where they start, and not down to
    variances so small that rounding is all that is seen."""
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            module.momentum = 0.5
    with torch.no_grad():
        model.train()(*(torch.randn(16, *port.shape) for port in model.interface.inputs))  # type: ignore[union-attr]
    return model.eval()


@pytest.mark.parametrize("target", spaces())
def test_networks_export_and_agree(target: str, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    space = small(target, tmp_path)
    for arch in architectures(space):
        model = with_statistics(stdsl.compile(space, arch, seed=0))
        with torch.no_grad():
            y = model(*(torch.randn(2, *port.shape) for port in model.interface.inputs))
        first = next(iter(y.values())) if isinstance(y, dict) else y
        assert first.isfinite().all()
        assert first.abs().max() > 0
        report = stdsl.export_onnx(model, tmp_path / "model.onnx")
        assert set(report.max_abs_diff) == set(BATCHES)
        assert max(report.max_abs_diff.values()) < TOLERANCE * max(1.0, float(first.abs().max()))

"""What holds for the ONNX file of one architecture: it is valid, and onnxruntime gives what torch gives."""

from __future__ import annotations

import tempfile
from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Any

import torch
from pairs import Pair

import stdsl

TOLERANCE = 1e-4
"""Of the largest output, at batches of 1 and 3."""


@cache
def read_translations_once() -> None:
    """Each export reads the table of translations from the sources of onnxscript anew, which takes longer than the rest
    of it. It is a constant: read it once."""
    from torch.onnx._internal.exporter._registration import ONNXRegistry

    read = cache(ONNXRegistry.from_torchlib)
    ONNXRegistry.from_torchlib = staticmethod(lambda opset_version=None: read(opset_version=opset_version))  # type: ignore


def layers(pair: Pair) -> set[str]:
    """What exporters tell apart: each operator with its attributes, but for numbers of channels."""
    return {layer_text(layer) for layer in pair.network.layers}


def layer_text(layer: Any) -> Hashable:
    attrs = sorted((k, v) for k, v in layer.attrs.items() if k not in ("c", "name"))
    return f"{layer.op}/{layer.shape.layout}/{len(layer.inputs) > 1}/{attrs}"


def check_prepared(pair: Pair) -> None:
    """What is handed to the exporter computes what the network does."""
    from stdsl.compiler.backends.export.prepare import prepared

    batch = pair.batch(2)
    with torch.no_grad():
        expected = pair.module(*batch)
        found = prepared(pair.module, batch)(*batch)
    scale = max(1.0, float(expected.abs().max()))
    assert float((found - expected).abs().max()) <= TOLERANCE * scale, "the network that is prepared for export differs"


def check_onnx(pair: Pair) -> None:
    """Export (which checks the file and compares it at batches of 1 and 3, and raises where it differs)."""
    read_translations_once()
    with tempfile.TemporaryDirectory() as folder:
        report = stdsl.export_onnx(pair.module, Path(folder) / "model.onnx")
    with torch.no_grad():
        scale = max(1.0, *(float(pair.module(*pair.batch(n)).abs().max()) for n in (1, 3)))
    assert set(report.max_abs_diff) == {1, 3}
    assert max(report.max_abs_diff.values()) <= TOLERANCE * scale

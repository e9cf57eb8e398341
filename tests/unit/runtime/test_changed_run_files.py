"""A bit of a file of a run is another than was written: whoever reads it says so, or reads what was written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

import stdsl
from stdsl.compiler.analysis.architecture import load as load_architecture
from stdsl.compiler.backends.networks.weights import read_weights
from stdsl.runtime.data.facts.data_facts import kept_facts
from stdsl.runtime.prediction.model import model_of
from stdsl.runtime.tracking.directory import open_run, result_of
from stdsl.runtime.tracking.journal import read_journal
from stdsl.runtime.tracking.sealed import sealed
from stdsl.runtime.tracking.weights import load_tensors


def plain(tensors: dict[str, torch.Tensor]) -> dict[str, Any]:
    return {name: (str(t.dtype), t.tolist()) for name, t in tensors.items()}


def known(result: dict[str, Any]) -> dict[str, Any]:
    """Without a key that nobody knows: the checksum's own, if that has another bit."""
    return {name: value for name, value in result.items() if name.isalpha() or name == "search_facts"}


def architecture(path: Path) -> Any:
    return dict(load_architecture(path, stdsl.load(path.parents[2] / "a.space", "nets").graph))


FILES: dict[str, Callable[[Path], Any]] = {
    "result.json": lambda path: known(result_of(path.parent)),
    "data.json": kept_facts,
    "run.json": lambda path: open_run(path.parent).manifest.model_dump(),
    "journal.jsonl": lambda path: list(read_journal(path)),
    "weights/search.safetensors": lambda path: plain(load_tensors(path)),
    "weights/derived.safetensors": lambda path: plain(load_tensors(path)),
    "weights/random-1.safetensors": lambda path: plain(read_weights(path)),
    "net.safetensors": lambda path: plain(read_weights(path)),
    "architectures/derived.arch.json": architecture,
    "m.onnx": lambda path: model_of(path).scores([(np.ones(3, np.float32),)]).tolist(),
}


@pytest.mark.parametrize("name", FILES)
def test_another_bit_is_told_of_or_changes_nothing(run: Path, name: str) -> None:
    path, read = run / name, FILES[name]
    whole = path.read_bytes()
    right = read(path)
    told = 0
    try:
        # Steps that go with no period of bytes and bits.
        for place in range(0, 8 * len(whole), 13 if len(whole) < 1000 else 61):
            content = bytearray(whole)
            content[place // 8] ^= 1 << place % 8
            path.write_bytes(content)
            try:
                found = read(path)
            except stdsl.StdslError:
                told += 1
                continue
            if name == "journal.jsonl" and place // 8 == len(whole) - 1:
                continue  # as if the writer had been killed within its last line
            assert found == right, f"bit {place % 8} of byte {place // 8}"
    finally:
        path.write_bytes(whole)
    assert told


def test_an_onnx_file_that_another_program_writes_says_nothing_of_itself(run: Path, tmp_path: Path) -> None:
    """What it changes is meant."""
    model = onnx.load(run / "m.onnx")
    assert {p.key for p in model.metadata_props} >= {"stdsl.crc32", "classes"}
    (weights, *_) = model.graph.initializer
    weights.raw_data = bytes(len(weights.raw_data))
    path = tmp_path / "changed.onnx"
    onnx.save(model, path)
    other = model_of(path).scores([(np.ones(3, np.float32),)])
    assert (other != model_of(run / "m.onnx").scores([(np.ones(3, np.float32),)])).any()


def test_runs_of_before_have_no_checksums(run: Path) -> None:
    path = run / "run.json"
    whole = path.read_bytes()
    right = open_run(run).manifest
    document = json.loads(whole)
    assert document.popitem()[0] == "crc32"
    try:
        path.write_text(json.dumps(document | {"format": 3}))
        assert open_run(run).manifest == right.model_copy(update={"format": 3})
        assert document.pop("outermost") == ""
        path.write_text(json.dumps(sealed(document | {"format": 4})))
        assert open_run(run).manifest == right.model_copy(update={"format": 4, "outermost": None})
    finally:
        path.write_bytes(whole)

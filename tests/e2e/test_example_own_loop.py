"""The example of a training loop of one's own: search, training in other processes, export."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest

import stdsl

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_loop.py"


@pytest.mark.slow
def test_from_a_supernet_to_a_file_without_a_run(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLE), str(tmp_path), "--images", "100", "--steps", "2", "--random", "1"]
    environment = os.environ | {"PYTHONPATH": str(Path(stdsl.__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["found", "random-1"]
    model = onnxruntime.InferenceSession(str(tmp_path / "digits.onnx"), providers=["CPUExecutionProvider"])
    assert [i.name for i in (*model.get_inputs(), *model.get_outputs())] == ["pixels", "scores"]
    found = json.loads((tmp_path / "found.arch.json").read_text())
    assert model.get_modelmeta().custom_metadata_map["architecture"] == found["hash"]

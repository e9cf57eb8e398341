"""Runs that are shipped to machines that do not have their files: what they name is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kills.outcome import differences, outcome

from stdsl.compiler.backends.python_process import environment
from stdsl.compiler.checks import limits
from stdsl.runtime.engines import ray_cluster
from stdsl.runtime.engines.here import HereEngine
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, run

PARTS = """stdsl 1
use "../more/parts.space" (head)
extern op twice on x from "own_ops:Twice" { params = 0  flops = 0 }
cell body(c) on x = x -> conv(c, 3x3) -> twice
cell whole(c) on x = x -> frozen body(c, weights = "body.pt") -> head
"""
MORE = """stdsl 1
cell head on x = x -> bn -> choose {relu, gelu} as kind
"""
TEXT = """stdsl 1
use "../lib/parts.space" (whole)
meta net on image: image(1, 8, 8) = image -> whole(4) -> global_avg_pool -> linear(3)
space cells = net
search drawn {
  space = cells
  strategy = random { trials = 1  attempts = 1  fitness { steps = 2  batch = 8  samples = 16 } }
  data = arrays(x = "data/x.npy", y = "../labels/y.npy")
}
"""
CODE = "from torch import nn\n\n\nclass Twice(nn.Module):\n    def forward(self, x):\n        return 2 * x\n"
ELSEWHERE = """
import json, sys
from pathlib import Path
from stdsl.runtime.trials.shipped import prepare_shipped
from stdsl.runtime.training.interruption import Interruption
doing = prepare_shipped(Path(sys.argv[1]).read_bytes(), True)
Path(sys.argv[3]).write_text(json.dumps(doing(json.loads(sys.argv[2]), lambda told: None, Interruption())))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A text that imports from elsewhere, with data, weights and code beside what names them, some by links."""
    found = tmp_path / "mine"
    for name in ("lib", "more", "texts/data", "labels", "store"):
        (found / name).mkdir(parents=True)
    (found / "lib" / "parts.space").write_text(PARTS)
    (found / "more" / "parts.space").write_text(MORE)  # called as the other
    (found / "texts" / "tiny.space").write_text(TEXT)
    (found / "lib" / "own_ops.py").write_text(CODE)
    torch.save({"c.weight": torch.ones(4, 1, 3, 3)}, found / "lib" / "body.pt")
    (found / "lib" / "body.names.json").write_text('{"c": "conv"}')
    labels = np.arange(90) % 3
    values = np.random.default_rng(0).normal(size=(90, 1, 8, 8)) + labels[:, None, None, None] / 4
    np.save(found / "store" / "x.npy", values.astype(np.float32))
    (found / "texts" / "data" / "x.npy").symlink_to(found / "store" / "x.npy")
    np.save(found / "labels" / "y.npy", labels)
    return found


@pytest.mark.usefixtures("processes")
def test_a_machine_without_the_files_trains_the_same_trial(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, sent = folder / "texts" / "tiny.space", tmp_path / "sent.tar"
    run(RunRequest(str(text), out=tmp_path / "alone", hands=0, allow_extern=True), Silent())
    told = []

    class Elsewhere(HereEngine):
        """Its process finds nothing where the run has its files."""

        def __init__(self, work: Any, hear: Any, *rest: Any, **others: Any) -> None:
            super().__init__(None, hear, doing=self._do)
            sent.write_bytes(work.facts["content"])

        def _do(self, payload: Any, tell: Any, interruption: Any) -> Any:
            away, value = folder.rename(tmp_path / "away"), tmp_path / "value.json"
            command = [sys.executable, "-c", ELSEWHERE, str(sent), json.dumps(payload), str(value)]
            own = {**environment(), "PYTHONPATH": os.pathsep.join(sys.path)}
            done = subprocess.run(command, capture_output=True, text=True, env=own, cwd=tmp_path, check=False)
            away.rename(folder)
            told.append(done.stderr)
            return json.loads(value.read_text())

    monkeypatch.setattr(ray_cluster, "RayEngine", Elsewhere)
    monkeypatch.setattr(limits, "find_spec", lambda name: name)  # Ray itself is not asked for
    run(RunRequest(str(text), out=tmp_path / "run", engine="ray", allow_extern=True), Silent())
    assert told == [""]
    assert differences(outcome(tmp_path / "run"), outcome(tmp_path / "alone")) == []

"""Tests of the runtime use one torch thread, whose results do not depend on what else the machine does; and a small run
that is over."""

import sys
from pathlib import Path

import numpy as np
import pytest

import stdsl

sys.path.insert(0, str(Path(__file__).parents[2] / "generators"))


@pytest.fixture(autouse=True)
def alone(one_thread: None) -> None:
    """For all tests of this folder."""


FINISHED = """stdsl 1
meta net(classes) on x: features(3) {
  return x -> choose {plain: linear(4), deep: (linear(4) -> relu)} as kind -> linear(classes)
}
space nets(classes = 2) = net(classes)
search s {
  space = nets(data.classes)
  data = arrays("a.npz")
  strategy = gradient { steps = 2  batch = 4 }
  retrain { steps = 2  batch = 4 }
  compare { random = 1 }
  export { onnx = "m.onnx"  weights = "net.safetensors"  verify = false }
}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with something of each kind, beside its text and data. What tests change they restore."""
    folder = tmp_path_factory.mktemp("finished")
    np.savez(folder / "a.npz", x=np.random.default_rng(0).normal(size=(40, 3)), y=np.arange(40) % 2)
    (folder / "a.space").write_text(FINISHED)
    stdsl.run(folder / "a.space", out=folder / "run", device="cpu", progress=False)
    return folder / "run"

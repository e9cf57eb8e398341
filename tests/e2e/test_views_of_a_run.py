"""A run that measures its networks on several clips and crops of each video."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import stdsl
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.weights import read_weights
from stdsl.runtime.data.views import Views, seen_in
from stdsl.runtime.prepare.opening import opened_for
from stdsl.runtime.prepare.preparation import load_job

TEXT = """stdsl 1
meta net(size) on clip: clip(1, 4, size, size) {
  y = clip -> conv(4, choose {frame: 1x3x3, both: 3x3x3} as kind) -> bn -> relu
  return y -> global_avg_pool -> linear(2)
}
space nets(size = 8) = net(size)
search looked {
  space    = nets(data.height)
  data     = clip_folder(root = "videos", frames = 4, size = 8, resize = 10, channels = 1, test = 0.4)
  strategy = gradient { steps = 2  batch = 2 }
  retrain  { steps = 4  batch = 2 }
  compare  { random = 1 }
  evaluate {
    data  = clip_folder(root = "videos", frames = 4, size = 10, resize = 10, channels = 1, test = 0.4)
    clips = 3
    crops = left_center_right
  }
}
"""


def test_networks_are_told_by_the_mean_over_views(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for label in range(2):
        for number in range(6):
            folder = tmp_path / "videos" / f"class{label}" / f"{number}"
            folder.mkdir(parents=True)
            for t in range(9):
                frame = rng.integers(0, 256, (10, 18), np.uint8)
                Image.fromarray(frame).save(folder / f"{t}.png")
    path = tmp_path / "looked.space"
    path.write_text(TEXT, encoding="utf-8")
    result = stdsl.run(str(path), out=tmp_path / "run", device="cpu", progress=False)
    rows = {row["title"]: row["test"] for row in result.document["networks"]}
    assert set(rows) == {"derived", "random-1"}

    job = load_job(str(path), None)
    test = seen_in(opened_for(job)["evaluate"], Views(3, ("first", "middle", "last")))
    net = build_module(job.tested[""], result.architecture).eval()
    net.load_state_dict(read_weights(tmp_path / "run" / "weights" / "derived.safetensors"))
    batch = test.samples("test", np.arange(test.size("test")), 0)
    with torch.no_grad():
        chances = net(*batch.inputs).softmax(1).unflatten(0, (-1, 9)).mean(1)
    targets = batch.targets[::9]
    loss = -chances[torch.arange(len(targets)), targets].log().mean()
    assert rows["derived"]["loss"] == pytest.approx(float(loss), rel=1e-4)
    assert rows["derived"]["accuracy"] == pytest.approx(float((chances.argmax(1) == targets).float().mean()), abs=1e-6)

"""The experiment on frames and flow: its two searches differ in what they see alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from stdsl.runtime.prepare.preparation import load_job

FILE: Final = Path(__file__).parents[3] / "benchmarks" / "spaces" / "evanet_streams.space"


def test_they_differ_in_what_they_see_alone() -> None:
    rgb, flow = (load_job(str(FILE), name, ["seed=30"]) for name in ("rgb", "flow"))
    assert flow.config.data == rgb.config.data.model_copy(update={"modalities": ("flow",)})
    for part in ("seed", "strategy", "retrain"):
        assert getattr(flow.config, part) == getattr(rgb.config, part), part
    assert flow.graph.by_path.keys() == rgb.graph.by_path.keys()
    assert list(flow.config.fuse) == ["rgb"]

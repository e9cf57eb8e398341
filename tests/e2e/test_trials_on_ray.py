"""A search on a Ray cluster of two machines, one of which is lost: the same trials. In a network of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from kills.outcome import differences, outcome

sys.path.insert(0, str(Path(__file__).parents[1] / "generators"))

from private_network import INSIDE, ROOT, passes_inside

from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, run

TEXT = """stdsl 1
meta net(c = 4) on image: image(1, 8, 8) {
  y = image -> conv(choose {4, 6, 8} as width, 3x3) -> bn -> relu -> dropout(0.2) -> conv(c, choose {1x1, 3x3} as k)
  return y -> global_avg_pool -> linear(3)
}
space cells = net
search drawn {
  space = cells
  strategy = random { trials = 6  attempts = 20  fitness { steps = 60  batch = 8  samples = 16 } }
  data = arrays("data/a.npz")
  retrain { steps = 60  batch = 8  seeds = 2 }
  compare { random = 1 }
}
"""


@pytest.mark.slow
@pytest.mark.skipif(INSIDE in os.environ, reason="it is what starts the other test")
def test_runs_on_ray_in_a_network_of_their_own() -> None:
    passes_inside(Path(__file__))


@pytest.mark.skipif(INSIDE not in os.environ, reason="is run by the other test")
@pytest.mark.usefixtures("processes")
def test_a_cluster_trains_the_same_trials_though_a_machine_is_lost(tmp_path: Path) -> None:
    """The data stands beside the text, and is shipped with it. What networks to compare with leave comes back."""
    from ray.cluster_utils import Cluster

    folder = tmp_path / "mine"
    (folder / "data").mkdir(parents=True)
    labels = np.arange(90) % 3
    values = np.random.default_rng(0).normal(size=(90, 1, 8, 8)) + labels[:, None, None, None] / 4
    np.savez(folder / "data" / "a.npz", x=values.astype(np.float32), y=labels)
    (folder / "tiny.space").write_text(TEXT)
    run(RunRequest(str(folder / "tiny.space"), out=tmp_path / "alone", hands=0), Silent())

    os.environ["PYTHONPATH"] = str(ROOT)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    other = cluster.add_node(num_cpus=1)

    class Saboteur(Silent):
        lost = False

        def begin(self, title: str, total: int, done: int = 0, of: str = "") -> None:
            if title == "train trial-3" and not self.lost:
                self.lost = True
                cluster.remove_node(other, allow_graceful=False)

    os.environ["RAY_ADDRESS"] = cluster.address
    saboteur = Saboteur()
    try:
        run(RunRequest(str(folder / "tiny.space"), out=tmp_path / "run", engine="ray"), saboteur)
    finally:
        del os.environ["RAY_ADDRESS"]
        cluster.shutdown()
    assert saboteur.lost
    assert differences(outcome(tmp_path / "run"), outcome(tmp_path / "alone")) == []

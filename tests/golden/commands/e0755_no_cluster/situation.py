"""Ray is installed, and the cluster that RAY_ADDRESS names is not up."""

from stdsl.compiler.checks import limits
from stdsl.runtime import run
from stdsl.runtime.engines import ray_cluster


def prepare(monkeypatch):
    def refused(*_, **__):
        raise ConnectionError("ray client connection timeout")

    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    monkeypatch.setattr(limits, "find_spec", lambda name: name)
    monkeypatch.setattr(run, "_hands", lambda *_: 1)
    monkeypatch.setattr(ray_cluster, "RayEngine", refused)

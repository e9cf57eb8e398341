"""The network of an architecture that the call names, with its part of the weights that a search left for all."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kills.outcome import differences, outcome

import stdsl as api
from stdsl.compiler.backends.networks.weights import read_weights
from stdsl.compiler.diagnostics.model import ArchitectureError

TEXT = """stdsl 1
meta net on x: image(1, 6, 6) {
  y = x -> conv(choose {narrow: 2, wide: 4} as width, choose {one: 1, three: 3} as window) -> bn -> relu
  return y -> global_avg_pool -> linear(2)
}
space small = net where params <= 50
space unbounded = net
meta other on x: image(1, 6, 6) = x -> conv(choose {narrow: 2, wide: 4} as size, 3) -> global_avg_pool -> linear(2)
space another = other
search paths {
  space = small
  strategy = sampling { steps = 3  batch = 8  draw = uniform  samples = 1  relax { sharing = slice }
    derive { candidates = 2 } }
  data = arrays("data.npz")
}
"""
Order = Callable[..., int]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, stdsl: Order) -> Path:
    folder = tmp_path_factory.mktemp("searched")
    (folder / "own.space").write_text(TEXT, encoding="utf-8")
    rng = np.random.default_rng(0)
    np.savez(folder / "data.npz", x=rng.normal(size=(120, 6, 6)).astype(np.float32), y=np.arange(120) // 3 % 2)
    assert stdsl("run", f"{folder / 'own.space'}::paths", "--out", str(folder / "run")) == 0
    return folder


@pytest.fixture(scope="module")
def drawn(searched: Path, stdsl: Order) -> Path:
    """The best of all that there are."""
    assert stdsl("derive", str(searched / "run"), "--out", str(searched / "drawn")) == 0
    return searched / "drawn"


def result(folder: Path) -> Any:
    return json.loads((folder / "result.json").read_text())


def test_the_network_is_the_one_that_is_named(searched: Path, drawn: Path, stdsl: Order) -> None:
    """A file, values as text and a mapping of Python; the best one that was drawn comes to the same weights by name."""
    best, out = drawn / "architectures" / "derived.arch.json", searched / "by-file"
    assert stdsl("derive", str(searched / "run"), "--arch", str(best), "--out", str(out)) == 0
    found, before = result(out), result(drawn)
    assert found["derived"]["hash"] == before["derived"]["hash"]
    assert found["networks"][0]["test"] == before["networks"][0]["test"]
    assert max(found["onnx"]["difference"].values()) < 1e-4
    assert [one["times"] for one in found["search_facts"]["drawn"]] == [1]
    assert "uniform" not in found["search_facts"]
    own = (read_weights(folder / "weights" / "derived.safetensors") for folder in (out, drawn))
    one, other = own
    assert one.keys() == other.keys()
    assert all(bool((one[name] == other[name]).all()) for name in one)

    values = dict(found["derived"]["values"])
    call = ("derive", str(searched / "run"), "--arch", json.dumps(values), "--out", str(searched / "by-text"))
    assert stdsl(*call) == 0
    api.derive(searched / "run", arch=values, out=searched / "by-python", progress=False)
    for again in ("by-text", "by-python"):
        assert differences(outcome(searched / again), outcome(out)) == []


def test_any_of_the_space_may_be_named(searched: Path, tmp_path: Path) -> None:
    """Also one that the search did not prefer."""
    space = api.load(searched / "own.space", "small")
    for number, arch in enumerate(space.architectures()):
        found = api.derive(searched / "run", arch=arch, out=tmp_path / str(number), progress=False)
        assert found.architecture == dict(arch)


def test_the_same_bits_after_a_kill(searched: Path, tmp_path: Path, stdsl: Order) -> None:
    arch = next(iter(api.load(searched / "own.space", "small").architectures()))
    arch.save(tmp_path / "one.arch.json")
    call = ("derive", str(searched / "run"), "--arch", str(tmp_path / "one.arch.json"), "--out")
    assert stdsl(*call, str(tmp_path / "whole")) == 0
    assert stdsl(*call, str(tmp_path / "killed"), moment="step", number=1) == -signal.SIGKILL
    (tmp_path / "one.arch.json").unlink()
    assert stdsl("derive", "--resume", str(tmp_path / "killed")) == 0
    assert differences(outcome(tmp_path / "whole"), outcome(tmp_path / "killed")) == []


def test_what_is_none_of_the_space_is_refused(searched: Path, tmp_path: Path) -> None:
    (wide,) = (
        a
        for a in api.load(searched / "own.space", "unbounded").architectures()
        if "wide" in a.values() and "three" in a.values()
    )
    other = next(iter(api.load(searched / "own.space", "another").architectures()))
    other.save(tmp_path / "other.arch.json")
    cases: dict[str, Any] = {
        "E0605": wide,  # outside `where`
        "E0608": tmp_path / "other.arch.json",
        "E0606": tmp_path / "none.arch.json",
        "E0604": dict(wide) | {next(path for path in wide if path.endswith("width")): "wider"},
        "E0601": {path: value for path, value in wide.items() if not path.endswith("width")},
    }
    for code, arch in cases.items():
        with pytest.raises(ArchitectureError) as raised:
            api.derive(searched / "run", arch=arch, out=tmp_path / "out", progress=False)
        assert [d.code for d in raised.value.diagnostics] == [code]
    for more in ({"where": "params <= 10"}, {"front": "flops", "budgets": [1]}):
        with pytest.raises(TypeError):
            api.derive(searched / "run", arch=wide, out=tmp_path / "out", progress=False, **more)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()

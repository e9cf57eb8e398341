"""`compile`, `plan`, `run`, `show` and `data`: what needs torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SEARCH = """
search one {
  space = clips
  data = motion_digits(frames = 4, size = 12, motions = 3, train = 64, valid = 64, test = 32)
  strategy = gradient { steps = 2  batch = 8 }
  retrain { steps = 2  batch = 8  optimizer = sgd(lr = 0.05, momentum = 0.9) }
  export { onnx = "model.onnx" }
}
meta over_time on video: clip(1, 4, 12, 12) {
  y = video -> conv(4, 3x3x3, stride = 1x2x2) -> choose {identity, conv(same, 3x1x1)} as kind
  return y -> bn -> relu -> global_avg_pool -> linear(3)
}
space clips = over_time
"""


@pytest.fixture
def searchable(small: str) -> str:
    with Path(small).open("a", encoding="utf-8") as file:
        file.write(SEARCH)
    return small


def test_texts_to_standard_output(stdsl: Any, small: str, tmp_path: Path) -> None:
    assert stdsl("compile", small, "--to", "ast").stdout.startswith("File ")
    assert stdsl("compile", f"{small}::small", "--to", "ir").stdout.startswith("space small(c = 4)\n")
    supernet = stdsl("compile", f"{small}::small", "--to", "supernet")
    assert "class SearchNetwork" in supernet.stdout
    assert supernet.stderr == ""
    target = tmp_path / "net.py"
    written = stdsl("compile", f"{small}::small", "--to", "supernet", "-o", str(target))
    assert (written.stdout, written.stderr) == ("", f"wrote {target}\n")
    assert target.read_text(encoding="utf-8") == supernet.stdout


def test_passes_by_name(stdsl: Any, small: str) -> None:
    whole = stdsl("compile", f"{small}::small", "--to", "supernet", "--explain")
    assert "share_common" in whole.stderr
    without = stdsl("compile", f"{small}::small", "--to", "supernet", "--passes", "-share_common", "--explain")
    assert "share_common" not in without.stderr
    unknown = stdsl("compile", f"{small}::small", "--to", "supernet", "--passes", "nonsense")
    assert unknown.exit_code == 2
    assert "share_common" in unknown.stderr


def test_a_module_runs_by_itself(stdsl: Any, small: str, tmp_path: Path) -> None:
    stdsl("sample", f"{small}::small", "-o", str(tmp_path))
    architecture = str(tmp_path / "small-0001.arch.json")
    target = tmp_path / "network.py"
    result = stdsl("compile", f"{small}::small", "--to", "module", "--arch", architecture, "-o", str(target))
    assert result.exit_code == 0
    assert "stdsl" not in [line.split()[1] for line in target.read_text().splitlines() if line.startswith("import")]
    done = subprocess.run([sys.executable, "-I", str(target)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_onnx_with_fresh_weights(stdsl: Any, small: str, tmp_path: Path) -> None:
    import onnx

    target = tmp_path / "x.onnx"
    result = stdsl("compile", f"{small}::fixed", "--to", "onnx", "--seed", "3", "-o", str(target))
    assert result.exit_code == 0, result.output
    assert "differs from PyTorch by at most" in result.stderr
    properties = {p.key: p.value for p in onnx.load(str(target)).metadata_props}
    assert properties["space"] == "fixed"


def test_onnx_from_a_file_of_weights(stdsl: Any, small: str, tmp_path: Path) -> None:
    import onnx
    import torch
    from onnx import numpy_helper

    import stdsl as api

    space = api.load(small, "fixed")
    model = api.compile(space, {}, seed=11)
    torch.save(model.state_dict(), tmp_path / "w.pt")
    target = tmp_path / "x.onnx"
    call = ("compile", f"{small}::fixed", "--to", "onnx", "--weights", str(tmp_path / "w.pt"), "-o", str(target))
    assert stdsl(*call).exit_code == 0
    tensors = [numpy_helper.to_array(t) for t in onnx.load(str(target)).graph.initializer]
    bias = model.state_dict()["linear.bias"].numpy()
    assert any(t.shape == bias.shape and (t == bias).all() for t in tensors)


def test_onnx_from_weights_of_something_else(stdsl: Any, small: str, tmp_path: Path) -> None:
    import torch

    torch.save({"other.weight": torch.zeros(2)}, tmp_path / "w.pt")
    target = tmp_path / "x.onnx"
    call = ("compile", f"{small}::fixed", "--to", "onnx", "--weights", str(tmp_path / "w.pt"), "-o", str(target))
    result = stdsl(*call)
    assert result.exit_code == 1
    assert "E0811" in result.stderr
    assert not target.exists()


def test_plan(stdsl: Any, searchable: str) -> None:
    found = json.loads(stdsl("plan", f"{searchable}::one", "--json").stdout)
    assert [stage["name"] for stage in found["stages"]] == ["search", "train derived"]
    assert [stage["steps"] for stage in found["stages"]] == [2, 2]
    changed = json.loads(stdsl("plan", searchable, "--set", "retrain.steps=7", "--json").stdout)
    assert changed["stages"][1]["steps"] == 7
    assert "train derived" in stdsl("plan", searchable).stdout


def test_a_wrong_override_is_usage(stdsl: Any, searchable: str) -> None:
    result = stdsl("plan", searchable, "--set", "retrain.stepz=7")
    assert result.exit_code == 2
    assert "steps" in result.stderr


def test_run_show_and_export_from_the_run(stdsl: Any, searchable: str, tmp_path: Path) -> None:
    import onnx

    folder = tmp_path / "out"
    run = stdsl("run", searchable, "--out", str(folder), "--device", "cpu", "--json", "-q")
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    assert found["search"] == "one"
    assert json.loads(stdsl("show", str(folder), "--json").stdout) == found
    assert "derived" in stdsl("show", str(folder)).stdout
    assert "global_avg_pool" in stdsl("show", str(folder), "--layers").stdout
    front = json.loads(stdsl("show", str(folder), "--front", "flops", "--json").stdout)
    assert [front[key] for key in ("search", "space", "cost", "metric")] == ["one", "clips", "flops", None]
    points = front["points"]
    assert all(p["best"] and p["architecture"]["cost"] <= p["budget"] for p in points)
    assert points[-1]["architecture"]["values"] == found["derived"]["values"], "nothing forbids what is preferred"
    own = stdsl("show", str(folder), "--front", "flops", "--budget", "1", "--budget", "1G", "-o", str(tmp_path / "f"))
    assert [line.split()[-1] for line in own.stdout.splitlines()[-2:]] == ["none", found["derived"]["hash"][:12]]
    assert [path.name for path in (tmp_path / "f").iterdir()] == ["one-front-flops-1000000000.arch.json"]
    assert f"next: `stdsl run {searchable}::one --arch` FILE" in own.stderr
    # The same file again, from the run's weights: nothing but the place differs.
    target = tmp_path / "again.onnx"
    call = ("compile", f"{searchable}::clips", "--to", "onnx", "--weights", str(folder), "-o", str(target))
    result = stdsl(*call)
    assert result.exit_code == 0, result.output
    first, second = onnx.load(str(folder / "model.onnx")), onnx.load(str(target))
    assert {p.key: p.value for p in first.metadata_props} == {p.key: p.value for p in second.metadata_props}
    tensors = [[t.raw_data for t in m.graph.initializer] for m in (first, second)]
    assert tensors[0] == tensors[1]
    # A folder that is not empty is no place for another run; a finished run that goes on has nothing to do.
    again = stdsl("run", searchable, "--out", str(folder))
    assert again.exit_code == 2
    assert "--resume" in again.stderr
    over = stdsl("run", "--resume", str(folder), "-q")
    assert (over.exit_code, over.stderr) == (0, "")
    assert f"stdsl show {folder} --layers" in over.stdout, "the result is no message"
    other = stdsl("run", f"{searchable}::other", "--resume", str(folder))
    assert other.exit_code == 2
    assert "a run of the search `one`" in other.stderr
    elsewhere = stdsl("run", "x.space::one", "--resume", str(folder))
    assert elsewhere.exit_code == 2
    assert "not of x.space: leave the file out" in " ".join(elsewhere.stderr.split())


def test_a_setting_that_cannot_run_yet_is_told_first(stdsl: Any, searchable: str, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    result = stdsl("run", searchable, "--set", "strategy.relax.sharing=slice", "--out", str(folder))
    assert result.exit_code == 2
    assert "cannot run" in result.stderr
    assert not folder.exists()


def test_data_list(stdsl: Any) -> None:
    text = stdsl("data", "list").stdout
    assert "motion_digits" in text
    rows = {row["name"]: row for row in json.loads(stdsl("data", "list", "--json").stdout)}
    assert rows["motion_digits"]["runs"] is True
    assert rows["motion_digits"]["folder"] is None
    assert rows["cifar10"]["folder"]
    assert rows["hmdb51"]["runs"] is False


def test_graphs_between_passes(stdsl: Any, small: str) -> None:
    target = f"{small}::small"
    plain = stdsl("compile", target, "--to", "ir").stdout
    after = stdsl("compile", target, "--to", "ir", "--passes", "share_common")
    assert after.exit_code == 0
    assert "  key " in after.stdout
    assert "  key " not in plain
    shown = stdsl("compile", target, "--to", "supernet", "--passes", "share_common", "--print-after", "share_common")
    assert "class SearchNetwork" in shown.stdout
    assert shown.stderr.rstrip() == f"-- after share_common\n{after.stdout}".rstrip()
    every = stdsl("compile", target, "--to", "ir", "--print-after", "all")
    assert every.exit_code == 0
    assert [line for line in every.stderr.splitlines() if line.startswith("-- after ")][:2] == [
        "-- after name_weights",
        "-- after expand_numbers",
    ]
    assert every.stderr.rstrip().endswith(every.stdout.rstrip())
    wrong = stdsl("compile", target, "--to", "ir", "--print-after", "share_comon")
    assert wrong.exit_code == 2
    assert "did you mean `share_common`?" in wrong.stderr
    assert stdsl("compile", target, "--to", "ast", "--print-after", "all").exit_code == 2


SUBSET = """stdsl 1
meta net on image: image(1, 8, 8) {
  y = image -> conv(4, 3x3) -> choose {skip: identity, more: conv(4, 3x3) -> bn} as kind
  return y -> relu -> global_avg_pool -> linear(10)
}
space nets = net
space more = net where kind == "more"
search find {
  space = more
  data = arrays("a.npz")
  strategy = random { trials = 1  fitness { steps = 1  batch = 4 } }
  retrain { steps = 1  batch = 4 }
}
"""


def test_weights_are_of_one_architecture(stdsl: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All names of the network without the block are among those of the network with it, but it was trained with it."""
    import numpy as np
    import torch

    import stdsl as api

    monkeypatch.chdir(tmp_path)
    Path("s.space").write_text(SUBSET, encoding="utf-8")
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 1, 8, 8), np.float32), np.arange(40) % 10
    np.savez("a.npz", x=x, y=y)
    run = stdsl("run", "s.space", "--out", "run", "--device", "cpu")
    assert run.exit_code == 0, run.output
    space = api.load("s.space", "nets")
    for kind in ("skip", "more"):
        space.architecture({"y.kind": kind}).save(f"{kind}.arch.json")

    def compiled(weights: str, kind: str) -> Any:
        arch = f"{kind}.arch.json"
        return stdsl("compile", "s.space::nets", "--to", "onnx", "--weights", weights, "--arch", arch, "-o", "x.onnx")

    for weights in ("run", "run/weights/derived.safetensors"):
        other = compiled(weights, "skip")
        assert (other.exit_code, "E0812" in other.stderr) == (1, True), other.output
        assert ("`y.kind` is more there and skip here" in other.stderr) == (weights == "run")
        assert not Path("x.onnx").exists()
        assert compiled(weights, "more").exit_code == 0
        Path("x.onnx").unlink()
    # Files that others wrote say nothing of architectures: what is left over tells.
    torch.save(api.compile(space, {"y.kind": "more"}, seed=0).state_dict(), "more.pt")
    other = compiled("more.pt", "skip")
    assert (other.exit_code, "E0811" in other.stderr, "unknown" in other.stderr) == (1, True, True)
    # A supernet has weights for all of them; how its batch-norms were measured is told.
    torch.save(api.compile(space, seed=0).state_dict(), "all.pt")
    for kind in ("skip", "more"):
        part = compiled("all.pt", kind)
        assert (part.exit_code, "W0813" in part.stderr) == (0, kind == "more"), part.output


OF_DATA = """stdsl 1
meta net(c, classes) on x: image(1, 8, 8) = x -> conv(c, 3x3) -> global_avg_pool -> linear(classes)
space nets(c, classes = 10) = net(c, classes)
search go {
  space   = nets(6, data.classes)
  data    = arrays("a.npz")
  retrain { steps = 1  batch = 8 }
  export  { onnx = "model.onnx" }
}
"""


def test_the_weights_of_a_run_come_with_the_parameters_of_its_space(
    stdsl: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that the call does not give, whether the text has values for them or not."""
    import numpy as np
    import onnx

    monkeypatch.chdir(tmp_path)
    Path("s.space").write_text(OF_DATA, encoding="utf-8")
    np.savez("a.npz", x=np.random.default_rng(0).random((40, 1, 8, 8), np.float32), y=np.arange(40) % 3)
    run = stdsl("run", "s.space", "--out", "run", "--device", "cpu")
    assert run.exit_code == 0, run.output
    first = onnx.load("run/model.onnx")
    for more in ((), ("-p", "c=6"), ("-p", "classes=3")):
        found = stdsl("compile", "s.space::nets", "--to", "onnx", "--weights", "run", *more, "-o", "x.onnx")
        assert found.exit_code == 0, found.output
        second = onnx.load("x.onnx")
        assert [t.raw_data for t in second.graph.initializer] == [t.raw_data for t in first.graph.initializer]
        assert {p.key: p.value for p in second.metadata_props} == {p.key: p.value for p in first.metadata_props}
    other = stdsl("compile", "s.space::nets", "--to", "onnx", "--weights", "run", "-p", "c=4", "-o", "x.onnx")
    assert (other.exit_code, "E0811" in other.stderr, "`-p c=6`" in other.stderr) == (1, True, True), other.output


def test_weights_that_do_not_fit_tell_the_parameters_of_the_run() -> None:
    import stdsl as api
    from stdsl.cli.trained import Trained, with_parameters
    from stdsl.compiler.diagnostics.backends import WeightsDoNotFit

    text = """stdsl 1
meta net(c, called, size) on x: image(3, size, size) = x -> conv(c, 3x3) -> global_avg_pool -> linear(2)
space s(c = 4, called = "a", size = 8) = net(c, called, size)
space other(c = 4) = net(c, "a", 8)
"""
    run = api.loads(text, "s", c=6, called="it is").graph
    asked, other = api.loads(text, "s").graph, api.loads(text, "other", c=6).graph
    fault = WeightsDoNotFit(None, "w", (), (), ("conv.weight: (6, 3, 3, 3) for (4, 3, 3, 3)",))
    told = with_parameters(fault, Trained(Path(), space=run), asked).help
    assert told is not None
    assert """`-p c=6 -p 'called="it is"'`""" in told
    for found in (Trained(Path()), Trained(Path(), space=asked), Trained(Path(), space=other)):
        assert with_parameters(fault, found, asked).help == fault.help

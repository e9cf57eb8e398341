"""Other networks from the weights of a search along paths: within budgets, measured, exported, and none trained."""

from __future__ import annotations

import csv
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click.testing
import numpy as np
import pytest
import torch
from kills.outcome import differences, outcome
from safetensors.torch import save_file

import stdsl as api
from stdsl.cli.main import cli
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.paths.build import build_path_network
from stdsl.compiler.backends.networks.weights import read_weights
from stdsl.compiler.diagnostics.model import RunError, SpaceError
from stdsl.runtime.elastic import ElasticRequest, derive_elastic
from stdsl.runtime.elastic_front import elastic_front, resume_derived
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.tracking.sealed import unsealed

TEXT = """stdsl 1
meta net on video: clip(1, 8, 16, 16) {
  c = choose {narrow: 4, wide: 8} as width
  y = video -> conv(c, 1x3x3, stride = 1x2x2) -> bn -> relu
  z = y -> repeat choose 1..2 as times { conv(same, choose {frame: 1x3x3, time: 3x1x1} as kind) -> bn -> relu }
  return z -> global_avg_pool -> linear(4)
}
space small = net
search tiny {
  space = small
  strategy = sampling { steps = 4  batch = 16  draw = uniform  samples = 2  relax { sharing = slice }
    weights { optimizer = sgd(lr = 0.1) }  derive { candidates = 2  metric = loss } }
  data = motion_digits(frames = 8, size = 16, motions = 4, noise = 0.1, train = 64, valid = 64, test = 64)
  retrain { steps = 1  batch = 16 }
}
search mixture {
  space = two
  strategy = gradient { steps = 1  batch = 8 }
  data = motion_digits(frames = 8, size = 16, motions = 4, noise = 0.1, train = 64, valid = 64, test = 64)
}
meta one on video: clip(1, 8, 16, 16) {
  y = video -> choose {a: conv(4, 1x3x3), b: conv(4, 3x1x1)} as kind
  return y -> global_avg_pool -> linear(4)
}
space two = one
"""
STRATEGY = TEXT[TEXT.index("sampling {") : TEXT.index("\n  data = motion")]
Order = Callable[..., int]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, stdsl: Order) -> Path:
    folder = tmp_path_factory.mktemp("searched")
    (folder / "tiny.space").write_text(TEXT, encoding="utf-8")
    assert stdsl("run", f"{folder / 'tiny.space'}::tiny", "--out", str(folder / "run")) == 0
    return folder


@pytest.fixture(scope="module")
def space(searched: Path) -> api.Space:
    return api.load(searched / "tiny.space", "small")


@pytest.fixture(scope="module")
def derived(searched: Path, stdsl: Order) -> Path:
    """Under half of the costs that there are."""
    out = searched / "derived"
    assert stdsl("derive", str(searched / "run"), "--where", "params <= 300", "--out", str(out)) == 0
    return out


REFUSED = {
    "show": (
        ("nowhere",),
        ("run", "--front", "flops"),
        ("run", "--marginals"),
        ("run", "--trials"),
        ("run", "--windows", "3"),
    ),
    "derive": (
        ("nowhere",),
        ("run", "--where", "flops <= "),
        ("run", "--where", "width == 3"),
        ("run", "--where", "flops <= 10"),
        ("run", "--where", "params >= 10M", "--out", "new"),
        ("run", "--arch", '{"width": "huge"}'),
        ("run", "--front", "flops", "--budget", "10"),
    ),
    "run": (("--resume", "nowhere"), ("tiny.space::tiny", "--set", "nothing=3"), ("tiny.space::tiny", "--arch", "{}")),
    "plan": (("tiny.space::tiny", "--set", "nothing=3"), ("tiny.space::other",)),
    "data": (("check", "tiny.space::other"),),
    "compile": (("tiny.space::small", "--to", "onnx", "--weights", "nowhere.safetensors"),),
}
"""What is refused, by the command."""
WITHOUT_TORCH = "import sys; sys.modules['torch'] = None\nfrom stdsl.cli.main import main; main()"


@pytest.mark.parametrize("command", REFUSED)
def test_what_is_refused_is_refused_without_a_tensor_library(searched: Path, command: str) -> None:
    for given in REFUSED[command]:
        words = (sys.executable, "-c", WITHOUT_TORCH, command, *given)
        found = subprocess.run(words, cwd=searched, capture_output=True, text=True)
        assert found.returncode in (1, 2), found
        assert re.match(r"error\[E\d+\]", found.stderr), found


def test_a_result_is_shown_without_a_tensor_library(searched: Path) -> None:
    words = (sys.executable, "-c", WITHOUT_TORCH, "show", "run", "--json")
    found = subprocess.run(words, cwd=searched, capture_output=True, text=True, check=True)
    assert json.loads(found.stdout)["derived"] == result(searched / "run")["derived"]


def result(folder: Path) -> Any:
    return json.loads((folder / "result.json").read_text())


def test_all_within_the_budget_are_measured_and_the_best_is_taken(derived: Path, space: api.Space) -> None:
    """There are fewer than were asked for, so each is measured once."""
    within = {arch.hash for arch in space.architectures() if (space.costs(arch).params or 0) <= 300}
    found = result(derived)
    drawn = found["search_facts"]["drawn"]
    assert {one["hash"] for one in drawn} == within
    assert 1 < len(within) < space.count()
    assert len({one["value"] for one in drawn}) > 1
    assert found["derived"]["hash"] == min(drawn, key=lambda one: one["value"])["hash"]
    assert found["derived"]["params"] <= 300
    assert found["derived"]["within"][0]["where"] == ["params <= 300"]


def test_nothing_is_trained(searched: Path, derived: Path) -> None:
    """The network has its part of the weights that the search left, bit for bit, and norms of its own."""
    shared = read_weights(searched / "run" / "weights" / "search.safetensors")
    own = read_weights(derived / "weights" / "derived.safetensors")
    graph = api.load(searched / "tiny.space", "small").graph
    network = build_path_network(graph, "slice")
    network.load_state_dict(shared)
    arch = json.loads((derived / "architectures" / "derived.arch.json").read_text())["values"]
    network.hold_architecture(arch)
    alone = build_module(graph, arch)
    alone.load_state_dict(own)
    network.train()
    alone.train()
    x = torch.randn(4, 1, 8, 16, 16)
    assert torch.allclose(network(x), alone(x), atol=1e-5)
    before = result(searched / "run")
    assert before["search_facts"]["steps"] == 4
    assert result(derived)["search_facts"]["steps"] == 0
    assert result(derived)["networks"][0]["title"] == "derived, with the search's weights"


def test_the_file_computes_what_the_network_does(derived: Path) -> None:
    import onnxruntime

    found = result(derived)
    assert max(found["onnx"]["difference"].values()) < 1e-4
    session = onnxruntime.InferenceSession(str(derived / "model.onnx"))
    graph = api.load(derived / "space" / "tiny.space", "small").graph
    model = build_module(graph, found["derived"]["values"])
    model.load_state_dict(read_weights(derived / "weights" / "derived.safetensors"))
    x = np.random.default_rng(0).normal(size=(2, 1, 8, 16, 16)).astype(np.float32)
    (given,) = session.run(None, {session.get_inputs()[0].name: x})
    with torch.no_grad():
        assert np.allclose(given, model.eval()(torch.from_numpy(x)).numpy(), atol=1e-4)


def test_the_same_bits_after_a_kill(searched: Path, derived: Path, stdsl: Order, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    call = ("derive", str(searched / "run"), "--where", "params <= 300", "--out", str(out))
    assert stdsl(*call, moment="step", number=2) == -signal.SIGKILL
    assert stdsl("run", "--resume", str(out)) == 0
    assert differences(outcome(derived), outcome(out)) == []


def test_another_network_of_a_derived_run(derived: Path, tmp_path: Path, space: api.Space) -> None:
    """Budgets are those of the call alone: the ones before do not stay."""
    request = ElasticRequest(derived, ("params >= 301",), candidates=3, seed=5, out=tmp_path / "again", device="cpu")
    found = derive_elastic(request, Silent()).document
    assert found["derived"]["params"] > 300
    assert sum(one["times"] for one in found["search_facts"]["drawn"]) == 3
    assert found["derived"]["within"][0]["where"] == ["params >= 301"]


def test_a_front_of_bands(searched: Path, stdsl: Order, tmp_path: Path, space: api.Space) -> None:
    costs = sorted({space.costs(arch).flops or 0 for arch in space.architectures()})
    budgets = [costs[0] - 1, costs[1], costs[-1]]
    words = [word for budget in budgets for word in ("--budget", str(budget))]
    out, table = tmp_path / "front", tmp_path / "front.csv"
    call = ("derive", str(searched / "run"), "--front", "flops", *words, "--candidates", "4")
    assert stdsl(*call, "--out", str(out), "-o", str(table)) == 0
    none, *points = json.loads((out / "front.json").read_text())["points"]
    assert none == {"budget": budgets[0], "architecture": None}
    assert costs[0] <= points[0]["flops"] <= costs[1] < points[1]["flops"] <= costs[-1]
    for point in points:
        folder = out / point["run"]
        assert (folder / "model.onnx").exists()
        assert result(folder)["networks"][0]["test"]["accuracy"] == point["test"]["accuracy"]
    rows = list(csv.DictReader(table.open(newline="")))
    assert [row["budget"] for row in rows] == [str(budget) for budget in budgets]
    assert [row["valid loss"] for row in rows] == ["", *(str(point["valid"]) for point in points)]
    assert [row["architecture"] for row in rows] == ["", *(point["architecture"] for point in points)]


def test_a_front_that_is_killed_goes_on(searched: Path, stdsl: Order, tmp_path: Path, space: api.Space) -> None:
    """Killed in its first network and in its second, while the last has no folder."""
    costs = sorted({space.costs(arch).flops or 0 for arch in space.architectures()})
    budgets = [costs[0] - 1, costs[1], costs[-2], costs[-1]]
    words = [word for budget in budgets for word in ("--budget", str(budget))]
    whole, broken, table = tmp_path / "whole", tmp_path / "broken", tmp_path / "front.json"
    call = ("derive", str(searched / "run"), "--front", "flops", *words, "--candidates", "4", "--seed", "3", "--out")
    assert stdsl(*call, str(whole)) == 0
    call = (*call, str(broken))
    for budget in (costs[1], costs[-2]):
        assert stdsl(*call, moment="step", number=1, journal=f"flops-{budget}") == -signal.SIGKILL
        assert not (broken / f"flops-{costs[-1]}").exists()
        call = ("derive", "--resume", str(broken))
    assert stdsl(*call, "-o", str(table)) == 0
    assert stdsl(*call) == 0, "all of it is over"
    assert differences(outcome(broken), outcome(whole)) == []
    told, kept = json.loads(table.read_text()), unsealed(json.loads((broken / "front.json").read_text()))
    for point in told["points"][1:]:
        point["run"] = Path(point["run"]).relative_to(broken).as_posix()
    assert told == kept
    asked = (broken / "asked.json").read_text()
    for wrong in ('{"run": "elsewhere"}', asked.replace(str(costs[1]), str(costs[1] + 1))):
        (broken / "asked.json").write_text(wrong)
        with pytest.raises(RunError, match=r"E0722.*asked\.json is damaged"):
            resume_derived(broken, Silent())


def test_the_same_from_python(searched: Path, derived: Path, tmp_path: Path) -> None:
    run, out = searched / "run", tmp_path / "front"
    found = api.derive(run, where="params <= 300", out=tmp_path / "one", progress=False)
    assert differences(outcome(tmp_path / "one"), outcome(derived)) == []
    assert api.derive(resume=tmp_path / "one", progress=False).document == found.document
    where = ["params <= 300", "activations <= 1G"]
    front = api.derive(run, where=where, front="depth", budgets=[99], out=out, progress=False)
    assert isinstance(front, api.ElasticFront)
    (point,) = front.points
    assert point.result is not None
    assert point.result.document["derived"]["params"] <= 300
    again = api.derive(resume=out, progress=False)
    assert isinstance(again, api.ElasticFront)
    assert again.document() == front.document()
    for wrong in (
        {},
        {"run": run, "front": "flops"},
        {"run": run, "budgets": [3]},
        {"run": run, "front": "size", "budgets": [3]},
        {"run": run, "front": "flops", "budgets": [-1]},
        {"run": run, "front": "flops", "budgets": ["3M"]},
        {"run": run, "candidates": 0},
        {"run": run, "resume": run},
    ):
        with pytest.raises(TypeError):
            api.derive(**wrong, out=None if "resume" in wrong else tmp_path / "none", progress=False)
    assert not (tmp_path / "none").exists()


def test_a_front_below_everything(searched: Path, tmp_path: Path) -> None:
    with pytest.raises(SpaceError) as raised:
        elastic_front(ElasticRequest(searched / "run", out=tmp_path / "none"), "flops", [1, 2], Silent())
    assert [d.code for d in raised.value.diagnostics] == ["E0441"]
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("where", "code"), [("params <= 1", "E0441"), ("width == narrow", "E0410"), ("flops <= ", "E0101")]
)
def test_budgets_that_are_none(where: str, code: str, searched: Path, tmp_path: Path) -> None:
    with pytest.raises(SpaceError) as raised:
        derive_elastic(ElasticRequest(searched / "run", (where,), out=tmp_path / "none"), Silent())
    assert [d.code for d in raised.value.diagnostics] == [code]
    assert not (tmp_path / "none").exists()


WAYS: tuple[Callable[[ElasticRequest], object], ...] = (
    lambda request: derive_elastic(request, Silent()),
    lambda request: elastic_front(request, "flops", [10**9], Silent()),
)
"""One network, and those of a front."""


@pytest.fixture
def damaged(searched: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of the run in which something is not as it was left."""

    def copied(what: str) -> Path:
        run = tmp_path / "run"
        shutil.copytree(searched / "run", run)
        weights = run / "weights" / "search.safetensors"
        if what == "gone":
            weights.unlink()
        elif what == "no weights":
            weights.write_bytes(b"{" * 100)
        else:
            save_file({"other": torch.zeros(3)}, weights)
        return run

    return copied


@pytest.mark.parametrize("what", ["gone", "no weights", "another's"])
@pytest.mark.parametrize("way", [0, 1])
def test_nothing_is_begun_with_weights_that_are_not_there(
    what: str, way: int, damaged: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = damaged(what)
    monkeypatch.chdir(tmp_path)
    for out in (None, tmp_path / "deep" / "out"):
        request = ElasticRequest(run, out=out, device="cpu")
        with pytest.raises(RunError) as raised:
            WAYS[way](request)
        assert [d.code for d in raised.value.diagnostics] == ["E0722"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


@pytest.mark.parametrize("link", ["run", "weights"])
def test_no_run_inside_of_the_run(link: str, searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is called: a link leads there, and so does the folder at work."""
    target = searched / "run" if link == "run" else searched / "run" / "weights"
    (tmp_path / "link").symlink_to(target)
    monkeypatch.chdir(target)
    for out in (tmp_path / "link" / "deep" / "inner", Path("inner"), None):
        for derive in WAYS:
            with pytest.raises(RunError, match="which is the directory of a run") as raised:
                derive(ElasticRequest(searched / "run", out=out, device="cpu"))
            assert [d.code for d in raised.value.diagnostics] == ["E0710"]
    assert not list((searched / "run").rglob("inner")) + list((searched / "run").rglob("runs"))


def test_a_budget_below_everything_is_shown_as_it_was_given(searched: Path, tmp_path: Path) -> None:
    """Alone, and together with what `--where` excludes."""
    for where, budgets in (((), [0]), (("flops >= 10",), [0, 5]), (("params >= 10M",), [10**9])):
        with pytest.raises(SpaceError) as raised:
            elastic_front(ElasticRequest(searched / "run", where, out=tmp_path / "none"), "flops", budgets, Silent())
        (found,) = raised.value.diagnostics
        spans = [span for span in (found.span, *(label.span for label in found.secondary)) if span is not None]
        shown = {f"--budget {budgets[-1]}", *(f"--where {text}" for text in where)}
        assert {span.source.line(1) for span in spans} <= shown
        assert found.code == "E0441"
        assert found.span is not None
        assert found.span.text in {str(budgets[-1]), *where}


def test_a_run_whose_search_is_not_over_is_told_with_the_call_and_the_search(searched: Path, tmp_path: Path) -> None:
    shutil.copytree(searched / "run", tmp_path / "begun")
    journal = tmp_path / "begun" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(RunError) as raised:
        derive_elastic(ElasticRequest(tmp_path / "begun", out=tmp_path / "none"), Silent())
    (found,) = raised.value.diagnostics
    assert found.code == "E0716"
    assert [label.span.text for label in found.secondary] == [STRATEGY]
    refused = click.testing.CliRunner().invoke(cli, ["derive", str(tmp_path / "begun")])
    assert refused.exit_code == 2
    assert f"1 | stdsl derive {tmp_path / 'begun'}" in " ".join(refused.stderr.split())
    assert STRATEGY.splitlines()[0] in refused.stderr


@pytest.mark.parametrize(
    ("relax", "trained"),
    [("softmax", "a mixture of all"), ("gumbel(hard = true, compute = sampled)", "what its decision weights draw")],
)
def test_a_run_without_shared_weights(searched: Path, stdsl: Order, tmp_path: Path, relax: str, trained: str) -> None:
    how = ("--set", f"strategy.relax.choose={relax}")
    assert stdsl("run", f"{searched / 'tiny.space'}::mixture", "--out", str(tmp_path / "run"), *how) == 0
    with pytest.raises(RunError) as raised:
        derive_elastic(ElasticRequest(tmp_path / "run", out=tmp_path / "none"), Silent())
    (found,) = raised.value.diagnostics
    assert found.code == "E0771"
    assert f"trains {trained}" in found.message

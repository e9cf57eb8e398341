"""The probability space of fusion from the command line at small size: search, posterior, the best of 30, retraining,
ONNX; killed and resumed; what is shown of it."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from kills.outcome import differences, outcome
from rich.console import Console

from stdsl.cli.main import cli as command
from stdsl.compiler.analysis import architecture as architectures
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.weights import load_by_name
from stdsl.runtime.marginals import DROPPED, Layer, Marginals, Unit
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.report.marginal_plot import blocks
from stdsl.runtime.report.marginal_table import bar, render_marginals
from stdsl.runtime.tracking.journal import read_journal
from stdsl.runtime.tracking.weights import load_tensors

TEXT = """stdsl 1
use fusion3d (template, gated)
space tiny = template(gated, "chained", 2, 4, 1, 1, 1, 1, 4, 16, 4, 1)
search fuse {
  space    = tiny
  strategy = variational {
    steps = 6  batch = 16  tau = max(0.2, 1 - t / T)
    decisions { optimizer = adam(lr = 0.05)  init = 0.4 }
    derive { samples = 30  measure = 32 }
  }
  data     = motion_digits(frames = 4, size = 16, motions = 4, noise = 0.1, train = 64, valid = 64, test = 32)
  retrain  { steps = 4  batch = 16 }
  export   { onnx = "net.onnx" }
}
"""
STRATEGIES = {
    "by turns": "update = alternately  decisions { split = valid  warmup = 2 }"
    "  derive { norms = template  samples = 3 }",
    "the likeliest": "objectives = [kl_drop_path(entropy = full, prior_length = 0.1)]  derive { samples = 0 }",
    "norms of batches": "derive { norms = batch  samples = 3 }",
}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, stdsl: Callable[..., int]) -> Path:
    folder = tmp_path_factory.mktemp("posterior")
    (folder / "fuse.space").write_text(TEXT)
    assert stdsl("run", str(folder / "fuse.space"), "--out", str(folder / "run")) == 0
    return folder


def facts_of(run: Path) -> dict[str, Any]:
    (facts,) = (e["facts"] for e in read_journal(run / "journal.jsonl") if e.get("phase") == "search" and "facts" in e)
    return dict(facts)


def test_the_best_of_thirty_is_trained_and_exported(done: Path) -> None:
    facts = facts_of(done / "run")
    drawn = facts["drawn"]
    assert sum(one["times"] for one in drawn) == 30
    assert facts["steps"] == 6
    assert sum(math.exp(one["log_prob"]) for one in drawn) <= 1 + 1e-9
    result = json.loads((done / "run" / "result.json").read_text())
    best = max(one["value"] for one in drawn)
    (taken,) = (one for one in drawn if one["hash"] == result["derived"]["hash"])
    assert taken["value"] == best
    assert max(result["onnx"]["difference"].values()) < 1e-4

    import onnxruntime

    job = load_job(str(done / "fuse.space"), None)
    arch = architectures.load(done / "run" / "architectures" / "derived.arch.json", job.graph)
    model = build_module(job.graph, arch).eval()
    assert load_by_name(model, load_tensors(done / "run" / "weights" / "derived.safetensors")).complete
    x = torch.randn(3, 1, 4, 16, 16)
    session = onnxruntime.InferenceSession(done / "run" / "net.onnx", providers=["CPUExecutionProvider"])
    (own,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})[:1]
    with torch.no_grad():
        np.testing.assert_allclose(own, model(x).numpy(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("step", [3, 20])
def test_killed_while_it_trains_or_measures_it_goes_on_to_the_same_bits(
    done: Path, tmp_path: Path, stdsl: Callable[..., int], zygote: Any, step: int
) -> None:
    broken = tmp_path / "run"
    order = ("run", str(done / "fuse.space"), "--out", str(broken))
    assert stdsl(*order, moment="step", number=step) == -signal.SIGKILL
    assert stdsl("run", "--resume", str(broken)) == 0
    said = r"\d+ steps? will be done again: (it has no checkpoint yet|they came after)"
    assert re.search(said, zygote.output.read_text())
    assert differences(outcome(broken), outcome(done / "run")) == []


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_other_settings(tmp_path: Path, stdsl: Callable[..., int], strategy: str) -> None:
    text = TEXT.replace("derive { samples = 30  measure = 32 }", "").replace('export   { onnx = "net.onnx" }', "")
    text = text.replace("decisions { optimizer = adam(lr = 0.05)  init = 0.4 }", STRATEGIES[strategy])
    (tmp_path / "fuse.space").write_text(text)
    assert stdsl("run", str(tmp_path / "fuse.space"), "--out", str(tmp_path / "run")) == 0
    facts = facts_of(tmp_path / "run")
    if strategy == "the likeliest":
        assert "drawn" not in facts
        derived = json.loads((tmp_path / "run" / "result.json").read_text())["derived"]["values"]
        assert all(value == (facts["probabilities"][path][1] > 0.5) for path, value in derived.items())
    else:
        assert sum(one["times"] for one in facts["drawn"]) == 3
    if strategy == "by turns":
        rows = [e for e in read_journal(tmp_path / "run" / "journal.jsonl") if e["event"] == "step"]
        searched = [e for e in rows if e["phase"] == "search"][:6]
        assert ["decision_loss" in e for e in searched] == [False] * 2 + [True] * 4


DECIDED = """stdsl 1
meta net on video: clip(1, 4, 8, 8) {
  a = video -> conv(4, 1x3x3, stride = 1x2x2)
  b = [a -> conv(4, 1x1x1), a -> conv(4, 1x3x3), maybe (a -> conv(4, 3x1x1)) as g] -> keep 1..2 as kept -> sum
  return b -> bn -> relu -> global_avg_pool -> linear(4)
}
space small = net where params <= 120
search units {
  space    = small
  strategy = variational {
    steps = 2  batch = 16  tau = 0.5
    decisions { optimizer = adam(lr = 0.5)  init = 1e-15 }
    derive { samples = 3  measure = 16 }
  }
  data     = motion_digits(frames = 4, size = 8, motions = 4, noise = 0.1, train = 32, valid = 32)
}
"""


def test_a_posterior_that_has_decided_everything_is_read_by_its_log_odds(
    tmp_path: Path, stdsl: Callable[..., int]
) -> None:
    """All probabilities are 1 in single precision, and `where` leaves only what is improbable."""
    (tmp_path / "sure.space").write_text(DECIDED)
    assert stdsl("run", str(tmp_path / "sure.space"), "--out", str(tmp_path / "run")) == 0
    logits = facts_of(tmp_path / "run")["logits"]
    document = json.loads(cli("show", str(tmp_path / "run"), "--marginals", "--json").stdout)
    ways = {layer["layer"]: layer["ways"] for layer in document["layers"]}["b.kept"]
    first, _, third = logits["b.kept"]
    (gate,) = logits["b.g"]
    weights = {"1": math.exp(first - 34), "3": math.exp(third - 34), "1+3": math.exp(first + third - gate - 34)}
    whole = sum(weights.values())
    assert ways == {way: pytest.approx(weight / whole) for way, weight in weights.items()}
    assert all(unit["alone"] == pytest.approx(1) for unit in document["units"])


def cli(*argv: str) -> Result:
    return CliRunner().invoke(command, argv)


def test_marginals_are_shown_and_written(done: Path) -> None:
    run = done / "run"
    shown = cli("show", str(run), "--marginals")
    assert shown.exit_code == 0
    assert "how layers come out" in shown.stdout
    document = json.loads(cli("show", str(run), "--marginals", "--json").stdout)
    probabilities = facts_of(run)["probabilities"]
    for unit in document["units"]:
        keep = probabilities[unit["decision"]][1]
        assert unit["alone"] == pytest.approx(keep)
        assert unit["score"] == pytest.approx(1 - math.sqrt(1 - keep))
        outer = probabilities[f"{unit['layer']}.D1"][1]
        assert unit["drawn"] == pytest.approx(keep if unit["unit"] == "D1" else outer * keep)
    assert [layer["layer"] for layer in document["layers"]] == [f"b{i}.y[1]" for i in range(1, 5)]
    for layer in document["layers"]:
        d1, s, st = (probabilities[f"{layer['layer']}.{unit}"][1] for unit in ("D1", "S", "ST"))
        assert layer["ways"] == {
            "S": pytest.approx(d1 * s * (1 - st)),
            "ST": pytest.approx(d1 * (1 - s) * st),
            "S+ST": pytest.approx(d1 * s * st),
            "none": pytest.approx(1 - d1 * (1 - (1 - s) * (1 - st))),
        }
    assert cli("show", str(run), "--marginals", "-o", str(done / "m.csv")).exit_code == 0
    with (done / "m.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["drawn"]) for row in rows] == [unit["drawn"] for unit in document["units"]]
    assert cli("show", str(run), "--marginals", "-o", str(done / "m.json")).exit_code == 0
    assert json.loads((done / "m.json").read_text()) == document


def test_drawn_strategies_are_shown_and_written(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, facts = done / "run", facts_of(done / "run")["drawn"]
    document = json.loads(cli("show", str(run), "--drawn", "--json").stdout)
    own = {one["hash"]: one for one in facts}
    assert sorted(one["value"] for one in facts)[::-1] == [one["value"] for one in document["strategies"]]
    assert document["strategies"] == [own[one["hash"]] for one in document["strategies"]]
    result = json.loads((run / "result.json").read_text())["derived"]
    first = document["strategies"][0]
    assert (first["hash"], first["params"], first["flops"]) == (result["hash"], result["params"], result["flops"])
    shown = cli("show", str(run), "--drawn", "-o", str(done / "new" / "strategies"))
    assert shown.exit_code == 0
    assert f"{len(facts)} of them different" in shown.stdout
    monkeypatch.setenv("COLUMNS", "30")
    narrow = cli("show", str(run), "--drawn", "-q").stdout
    for one in facts:
        assert f"{one['params']:,}" in shown.stdout
        assert f"{one['flops']:,}" in narrow
        assert one["hash"][:12] in narrow
    assert f"stdsl run {done / 'fuse.space'}::fuse --arch" in shown.stderr
    graph = load_job(str(done / "fuse.space"), None).graph
    files = sorted((done / "new" / "strategies").iterdir())
    assert {architectures.load(file, graph).hash for file in files} == own.keys()
    assert architectures.load(done / "new" / "strategies" / "fuse-drawn-1.arch.json", graph).hash == result["hash"]
    for name in ("d.csv", "d.json"):
        assert cli("show", str(run), "--drawn", "-q", "-o", str(done / name)).exit_code == 0
    with (done / "d.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [json.loads(row["architecture"]) for row in rows] == [one["architecture"] for one in document["strategies"]]
    assert [float(row["accuracy"]) for row in rows] == [one["value"] for one in document["strategies"]]
    assert json.loads((done / "d.json").read_text()) == document
    assert cli("show", str(run), "--drawn", "--marginals").exit_code == 2
    for name in ("d.html", "d.svg", "d.PNG"):
        refused = cli("show", str(run), "--drawn", "-o", str(done / name))
        assert refused.exit_code == 2
        assert "drawn architectures go into a folder, or into files that end in .csv, .json" in refused.stderr
        assert not (done / name).exists()


def test_a_choice_of_one(tmp_path: Path, stdsl: Callable[..., int]) -> None:
    """It has no weights in the template."""
    text = (
        TEXT.replace("30  measure = 32", "2")
        .replace('export   { onnx = "net.onnx" }', "")
        .replace(
            'space tiny = template(gated, "chained", 2, 4, 1, 1, 1, 1, 4, 16, 4, 1)',
            """meta net on video: clip(1, 4, 16, 16) {
  a = video -> conv(2, 1x3x3) -> choose {only: relu} as one
  b = [a, maybe (a -> zero) as nothing] -> sum
  return b -> global_avg_pool -> linear(4)
}
space tiny = net""",
        )
    )
    (tmp_path / "fuse.space").write_text(text)
    assert stdsl("run", str(tmp_path / "fuse.space"), "--out", str(tmp_path / "run")) == 0
    document = json.loads(cli("show", str(tmp_path / "run"), "--marginals", "--json").stdout)
    assert document["units"][0]["decision"] == "a.one"
    assert document["units"][0]["alone"] == 1


def test_what_is_plotted() -> None:
    """The numbers of units, layers with the same ones together, and not how layers come out."""
    units = (
        Unit("a.S", "a", "S", 1.0, 0.7, 0.75, 0.5),
        Unit("k.n", "k", "n = two", 1.0, 0.4, 0.4, None),
        Unit("b.S", "b", "S", 1.0, 0.2, 0.2, 0.1),
    )
    layers = (Layer("a", {"none": 0.3, "S": 0.7}), Layer("b", {"S": 0.2, "none": 0.8}))
    marginals = Marginals("m", "s", units, layers, "posterior", DROPPED)
    gates, choice = blocks(marginals)
    assert {(p["layer"], p["unit"], p["number"]): p["probability"] for p in gates} == {
        ("a", "S", "drawn"): 0.7,
        ("a", "S", "1 - p"): 0.75,
        ("a", "S", "1 - √p"): 0.5,
        ("b", "S", "drawn"): 0.2,
        ("b", "S", "1 - p"): 0.2,
        ("b", "S", "1 - √p"): 0.1,
    }
    assert [(p["layer"], p["unit"], p["number"]) for p in choice] == [("k", "n = two", n) for n in ("drawn", "1 - p")]
    assert (bar(0), bar(0.5), bar(1)) == ("", "█" * 10, "█" * 20)

    from stdsl.runtime.report.marginal_plot import marginal_plot

    svg = marginal_plot(marginals, "svg")
    assert b"<svg" in svg
    (label,) = re.findall(rb"<text([^>]*)>n = two</text>", svg)
    assert b"rotate" not in label, "the names of units that stand below each other would meet"
    assert marginal_plot(marginals, "png").startswith(b"\x89PNG")
    assert b"vega" in marginal_plot(marginals, "html")


@pytest.mark.parametrize("name", ["toString", "__proto__", "constructor", "hasOwnProperty", "valueOf"])
def test_names_that_objects_of_javascript_have_are_plotted(name: str) -> None:
    from stdsl.runtime.report.marginal_plot import marginal_plot

    units = (Unit(name, "", name, 1.0, 0.7, 0.75, 0.5), Unit("a.S", name, "S", 1.0, 0.7, 0.75, 0.5))
    svg = marginal_plot(Marginals("m", "s", units, (), "posterior", DROPPED), "svg").decode()
    assert len(re.findall(rf"<text[^>]*>{name}</text>", svg)) == 2  # a panel and the layer that both are of


@pytest.mark.parametrize("width", [44, 80])
def test_how_layers_come_out_is_read_at_any_width(width: int) -> None:
    """Numbers are never cut, and layers of one kind are together, without those of others."""
    gates = ("S", "T", "ST", "S+T", "S+ST", "T+ST", "S+T+ST", "none")
    chances = [0.0312, 0.0623, 0.0934, 0.1245, 0.1556, 0.1667, 0.1778, 0.1885]
    layers = (
        Layer("blocks[1].gated", dict(zip(gates, chances, strict=True))),
        Layer("k.units", {"1": 0.25, "2": 0.75}),
        Layer("blocks[2].gated", dict(zip(reversed(gates), chances, strict=True))),
    )
    marginals = Marginals("m", "s", (), layers, "posterior", DROPPED)
    assert [[layer.layer for layer in own] for own in marginals.kinds.values()] == [
        ["blocks[1].gated", "blocks[2].gated"],
        ["k.units"],
    ]
    console = Console(width=width, record=True, file=io.StringIO())
    render_marginals(marginals, console)
    text = console.export_text()
    assert "…" not in text
    for chance in chances:
        assert text.count(f"{chance:.3f}") == 2
    assert max(map(len, text.splitlines())) <= width


def test_each_reason_to_have_no_marginals_has_its_advice(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stdsl.compiler.analysis.policies.weighted import Weighted

    monkeypatch.setattr(Weighted, "marginals", lambda self: None)
    shown = cli("show", str(done / "run"), "--marginals")
    assert shown.exit_code == 1
    assert "E0744" in shown.stderr
    assert "say less in `where`" in shown.stderr
    assert "variational" not in shown.stderr.partition("help")[2]

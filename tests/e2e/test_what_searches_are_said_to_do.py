"""What is said of a search is in the words of its family, and true of one that trained nothing."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click.testing
import numpy as np
import pytest
from kills.process import Zygote

from stdsl.cli.main import cli
from stdsl.compiler.text.figures import rounded

TEXT = """stdsl 1
meta net on x: image(1, 6, 6) {
  y = x -> maybe conv(1, 3) as gated -> conv(choose {narrow: 2, wide: 4} as width, 1) -> bn -> relu
  return y -> global_avg_pool -> linear(2)
}
space small = net
search uniform {
  space = small
  strategy = sampling { steps = 1  batch = 8  draw = uniform  samples = 1  derive { candidates = 3 } }
  data = arrays("data.npz")
}
search learnt {
  space = small
  strategy = sampling {
    steps = 1  batch = 8  samples = 2  derive { candidates = 3 }  objectives = [cost(params, high = 9)]
  }
  data = arrays("data.npz")
}
search likeliest {
  space = small
  strategy = sampling { steps = 1  batch = 8  samples = 2  estimator = reinforce }
  data = arrays("data.npz")
}
search mixed {
  space = gates
  strategy = gradient {
    steps = 1  batch = 8  measure = 8  objectives = [cost(params, high = 9)]  discretize { count = M * t / T }
  }
  data = arrays("data.npz")
}
search posterior {
  space = gates
  strategy = variational { steps = 1  batch = 8  derive { samples = 3 } }
  data = arrays("data.npz")
}
meta gated on x: image(1, 6, 6) = x -> maybe conv(1, 3) as unit -> conv(2, 1) -> global_avg_pool -> linear(2)
space gates = gated
search bred {
  space = small
  needs = [uniform]
  strategy = random { trials = 2  fitness { weights = shared  batch = 8 } }
  data = arrays("data.npz")
}
"""
SEARCHES = ("learnt", "likeliest", "mixed", "posterior", "bred")
LINE = TEXT.splitlines().index("  strategy = random { trials = 2  fitness { weights = shared  batch = 8 } }") + 1
Order = Callable[..., int]
Said = Callable[..., str]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, stdsl: Order, zygote: Zygote) -> Path:
    """Run directories, and beside each what its command printed."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "own.space").write_text(TEXT, encoding="utf-8")
    x = np.random.default_rng(0).normal(size=(120, 6, 6)).astype(np.float32)
    np.savez(folder / "data.npz", x=x, y=np.arange(120) // 3 % 2)
    for name in SEARCHES:
        assert stdsl("run", f"{folder / 'own.space'}::{name}", "--out", str(folder / name), "--hands", "0") == 0
        (folder / f"{name}.log").write_text(zygote.output.read_text(), encoding="utf-8")
    (folder / "uniform").symlink_to(folder / "bred" / "needs" / "uniform")
    assert stdsl("derive", str(folder / "uniform"), "--out", str(folder / "derived")) == 0
    (folder / "derived.log").write_text(zygote.output.read_text(), encoding="utf-8")
    return folder


@pytest.fixture
def said(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    monkeypatch.chdir(runs)
    monkeypatch.setenv("COLUMNS", "120")

    def call(*words: str, code: int = 0) -> str:
        result = click.testing.CliRunner().invoke(cli, words, prog_name="stdsl")
        assert result.exit_code == code, result.output
        return " ".join(result.output.split())

    return call


def test_each_family_has_its_own_words(said: Said) -> None:
    marginals, drawn = said("show", "learnt", "--marginals"), said("show", "learnt", "--drawn")
    assert "the distribution over small" in marginals
    assert "by itself" in marginals
    assert "architectures drawn of small: 3" in drawn
    for text in (marginals, drawn, said("show", "learnt"), said("show", "uniform")):
        assert not any(word in text for word in ("posterior", "strateg", "√"))
    marginals, drawn = said("show", "posterior", "--marginals"), said("show", "posterior", "--drawn")
    assert "the posterior over gates" in marginals
    assert "1 - √p" in marginals
    assert "strategies drawn of gates: 3" in drawn
    assert "strategies drawn: 3" in said("show", "posterior")


def test_a_score_is_of_what_may_be_dropped(said: Said) -> None:
    def scores(run: str) -> list[Any]:
        return [unit["score"] for unit in json.loads(said("show", run, "--marginals", "--json"))["units"]]

    assert set(scores("learnt")) == {None}
    assert None not in scores("posterior")


def test_what_cannot_be_told_says_where_and_what_to_do(said: Said) -> None:
    uniform = said("show", "uniform", "--marginals", code=1)
    assert "E0744" in uniform
    assert "own.space:9:" in uniform
    assert "with `draw = uniform` it learnt no distribution" in uniform
    assert "search with `draw = probability`" in uniform
    bred = said("show", "bred", "--marginals", code=1)
    assert "a search of the family `random` learns no distribution over architectures" in bred
    assert f"own.space:{LINE}:" in bred
    likeliest = said("show", "likeliest", "--drawn", code=1)
    assert "let the search measure some that it draws: `derive.candidates = 30`" in likeliest
    assert "`stdsl show bred --trials` lists what it tried" in said("show", "bred", "--drawn", code=1)
    derived = said("derive", "bred", code=1)
    assert "its trials were measured with those of `uniform`" in derived
    assert "`stdsl derive bred/needs/uniform …` takes networks from these" in derived


def test_what_was_not_trained_is_not_told_as_trained(said: Said) -> None:
    bred, derived = said("show", "bred"), said("show", "derived")
    for text in (bred, derived):
        assert "nothing trained" in text
        assert "0 steps" not in text
    assert "measured in" in bred
    assert "trained in" not in bred
    assert "all architectures that there are: 4, by their accuracy" in derived
    assert "log probability" not in derived + said("show", "derived", "--drawn")


def test_a_search_without_a_network_shows_what_it_found(said: Said, runs: Path) -> None:
    for name in (*SEARCHES, "uniform"):
        found = json.loads((runs / name / "result.json").read_text())
        facts, own = found["search_facts"], found["derived"]
        text = said("show", name)
        assert found["networks"] == []
        assert "derived, not trained" in text
        tried = facts.get("drawn") or facts.get("trials") or []
        assert ("valid accuracy" in text) == bool(tried)
        numbers = [f"{one['value']:.3f}" for one in tried if one["hash"] == own["hash"]][:1]
        assert " ".join(["derived, not trained", *numbers, f"{own['params']:,}", f"{own['flops']:,}"]) in text


def test_what_it_found_can_be_made_a_network(said: Said) -> None:
    """By the command that the result names."""
    for run, weights in (("likeliest", "likeliest"), ("bred", "bred/needs/uniform")):
        *_, last = json.loads(said("show", run, "--json"))["next"]
        assert last.startswith("stdsl derive ")
        assert f"{weights} --arch" in last
        words = [*shlex.split(last)[1:], "--out", f"{run}-made", "--device", "cpu", "--json", "-q"]
        result = click.testing.CliRunner().invoke(cli, words, prog_name="stdsl")
        assert result.exit_code == 0, result.output
        made = json.loads(result.stdout)
        assert made["derived"]["hash"] == json.loads(said("show", run, "--json"))["derived"]["hash"]
        assert made["networks"][0]["title"] == "derived, with the search's weights"


def test_what_is_rounded_to_nothing_has_no_sign() -> None:
    assert [rounded(value, 2) for value in (-0.001, -0.0, 0.004, -0.006)] == ["0.00", "0.00", "0.00", "-0.01"]


def test_what_is_next_of_a_copy(said: Said, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names the copy, from wherever it is asked for, and the text in it once the file is gone."""
    shutil.copytree(runs / "bred", tmp_path / "to" / "copy")
    monkeypatch.chdir(tmp_path)
    file = runs / "own.space"
    for text in (file, Path("to/copy/space/own.space")):
        if text != file:
            file.rename(runs / "aside.space")
        try:
            show, graph, derive = json.loads(said("show", "to/copy", "--json"))["next"]
            said(*shlex.split(graph)[1:])
        finally:
            if text != file:
                (runs / "aside.space").rename(file)
        assert show == "stdsl show to/copy --layers"
        assert graph.startswith(f"stdsl graph {text}::small --arch to/copy/architectures/derived.arch.json -o to/copy/")
        assert derive == "stdsl derive to/copy/needs/uniform --arch to/copy/architectures/derived.arch.json"


@pytest.mark.parametrize(
    ("run", "line"),
    [
        ("learnt", "search: starts, 1 step, then 3 architectures measured"),
        ("likeliest", "search: starts, 1 step"),
        ("posterior", "search: starts, 1 step, then 3 architectures measured"),
        ("derived", "inherit: starts, 6 batches"),
        ("derived", "search: starts, 4 architectures measured"),
    ],
)
def test_what_is_counted_is_said_where_it_is_not_steps(runs: Path, run: str, line: str) -> None:
    assert line in (runs / f"{run}.log").read_text().splitlines()


def test_the_page_has_all_that_journals_hold(runs: Path) -> None:
    """The table of `docs/runs.md`: each event, and of each every key."""
    page = (Path(__file__).parents[2] / "docs" / "runs.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page.partition("## What the journal tells")[2], re.MULTILINE))
    everywhere = {"time", "event", "phase", "step", "facts", "crc32"}
    for run in (*SEARCHES, "derived"):
        for text in (runs / run / "journal.jsonl").read_text().splitlines():
            line = json.loads(text)
            # of costs one is named for all
            keys = {"flops" if key == "params" and line["event"] == "step" else key for key in line}
            named = set(re.findall(r"`(\w+)`", rows[line["event"]]))
            assert keys - everywhere <= named, (run, line["event"], keys - everywhere - named)

"""Searches in phases: what is held stays, what is uniform is drawn, what was found is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from stdsl.runtime.prepare.plan import plan
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, run
from stdsl.runtime.tracking.journal import read_journal

TEXT = """stdsl 1
use std.video (relu_conv_bn)

ops candidates = {skip: identity, flat: relu_conv_bn(same, 1x3x3), full: relu_conv_bn(same, 3x3x3)}

meta net(width = 4) on video: clip(1, 8, 16, 16) {
  stem = video -> conv(width, 1x3x3, stride = 1x2x2) -> bn
  a = stem -> choose candidates as kind
  b = a -> choose {skip: identity, deep: relu_conv_bn(same, 3x3x3) -> choose candidates as inner} as kind
  c = [stem, a, b] -> keep 2 as inputs -> sum
  d = c + (c -> maybe relu_conv_bn(same, 1x1x1))
  return d -> global_avg_pool -> linear(4)
}
space cells = net

search staged {
  space = cells
  data = motion_digits(
    frames = 8, size = 16, motions = 4, noise = 0.1, background = 0, jitter = 0, train = 64, valid = 64, test = 64,
  )
  strategy = gradient {
    steps = 5  batch = 16  measure = 32
    relax { keep = sigmoid }
    weights { optimizer = sgd(lr = 0.05, momentum = 0.9) }
    decisions { optimizer = adam(lr = 0.1) }
  }
  phase { hold { "**" = uniform }  steps = 3 }
  phase { free = "a.*"  hold { "b.**" = uniform  "c.inputs" = uniform  "d.gate" = "off" }  steps = 6 }
  phase { free = ["b.**", "c.*"]  hold { "d.gate" = "on" }  steps = 6 }
  phase { free = "d.*"  hold { "b.kind" = "deep" } }
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("phases")
    (place / "staged.space").write_text(TEXT)
    run(RunRequest(str(place / "staged.space"), out=place / "run"), Silent())
    return place / "run"


def lines(folder: Path, event: str) -> list[dict[str, Any]]:
    return [line for line in read_journal(folder / "journal.jsonl") if line["event"] == event]


def test_every_phase_has_its_own_length(folder: Path) -> None:
    assert [line["step"] for line in lines(folder, "step")] == list(range(20))
    assert [(line["step"], line["part"]) for line in lines(folder, "part")] == [(2, 1), (8, 2), (14, 3)]
    assert plan(load_job(str(folder.parent / "staged.space"), None)).stages[0].steps == 20


def test_decisions_are_searched_in_their_phase_alone(folder: Path) -> None:
    searched = {line["step"] for line in lines(folder, "step") if "decision_loss" in line}
    assert searched == set(range(3, 20))  # the first phase searches nothing
    rows = {line["step"]: line["probabilities"] for line in lines(folder, "notes")}
    even = [pytest.approx(1 / 3, abs=1e-4)] * 3
    for step in (0, 1, 2):
        assert rows[step]["a.kind"] == even
    assert rows[8]["a.kind"] != even
    assert rows[8]["b.deep.inner"] == even, "drawn at every step, it is not searched"
    assert "d.gate" not in rows[8], "held: the network does not have it"
    assert "a.kind" not in rows[14], "kept: what is not chosen is gone"
    assert rows[14]["b.kind"] != [0.5, 0.5]
    assert list(rows[19]) == ["d.gate"]


def test_what_a_phase_found_is_kept(folder: Path) -> None:
    found = [line["found"] for line in lines(folder, "part")]
    assert found[0] == {}
    assert list(found[1]) == ["a.kind"]
    assert set(found[2]) == {"b.kind", "b.deep.inner", "c.inputs"}
    (derived,) = [e for e in lines(folder, "phase_finished") if e["phase"] == "search"]
    fixed = derived["facts"]["fixed"]
    assert fixed == {**found[1], "b.deep.inner": found[2]["b.deep.inner"], "c.inputs": found[2]["c.inputs"]} | {
        "b.kind": "deep"
    }
    assert set(derived["facts"]["probabilities"]) == {"a.kind", "b.kind", "b.deep.inner", "c.inputs", "d.gate"}


def test_the_result_has_all_weights(folder: Path) -> None:
    weights = load_file(folder / "weights" / "search.safetensors")
    assert {name.removeprefix("decision_parameters.") for name in weights if "decision" in name} == {
        "a/kind",
        "b/kind",
        "b/deep/inner",
        "c/inputs",
        "d/gate",
    }


def test_what_is_drawn_is_one_alternative_each_as_often(tmp_path: Path) -> None:
    from stdsl.runtime.strategies.parts import part, parts

    path = tmp_path / "staged.space"
    path.write_text(TEXT)
    job = load_job(str(path), None)
    first = part(parts(job.config, job.config.strategy, job.graph), 0, {})
    drawn = [first.drawn(job.graph, 7, t) for t in range(600)]
    assert drawn == [first.drawn(job.graph, 7, t) for t in range(600)]
    for name, values in (
        ("a.kind", ("skip", "flat", "full")),
        ("c.inputs", ((1, 2), (1, 3), (2, 3))),
        ("d.gate", (False, True)),
    ):
        counts = [sum(values[name] == value for values in drawn) for value in values]
        assert sum(counts) == 600
        assert all(abs(count - 600 / len(values)) < 60 for count in counts)

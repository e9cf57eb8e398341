"""From text to job: which search, what it is made from, and what this version cannot run."""

from __future__ import annotations

import itertools
import math
import time
from pathlib import Path

import pytest
import torch

from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.checks.check import check_file
from stdsl.compiler.checks.limits import limits
from stdsl.compiler.diagnostics.model import RunError, Sink, SpaceError
from stdsl.runtime.prepare.plan import LEAST_SHARE, _rate, plan, plan_text
from stdsl.runtime.prepare.preparation import load_job, load_kept_job, trained_alone
from stdsl.runtime.prepare.texts import KeptLoader, checksum
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, run
from stdsl.runtime.tracking.directory import create
from stdsl.runtime.tracking.manifest import Manifest, environment

CELLS = """stdsl 1
use std.video (relu_conv_bn)
ops candidates = { conv: relu_conv_bn(same, 3x3x3), flat: relu_conv_bn(same, 1x3x3), skip: skip }
meta tiny(c = 4, classes = 4) on video: clip(1, 8, 16, 16) {
  stem = video -> conv(c, 1x3x3, stride = 1x2x2) -> bn
  a = stem -> choose candidates as kind
  return a -> conv(2 * c, 3x3x3, stride = 2) -> bn -> relu -> global_avg_pool -> linear(classes)
}
space small(c = 4) = tiny(c)
"""
MAIN = """stdsl 1
use "cells.space" (small)
let DATA = 4
strategy darts = gradient { steps = 4  batch = 8 }
search first {
  space = small(c = 4)  strategy = darts  seed = 3
  data = motion_digits(frames = 8, size = 16, motions = DATA, train = 32, valid = 32, test = 16)
  retrain { steps = 4  batch = 8 }
}
search second { space = small  strategy = darts  data = motion_digits(frames = 8, size = 16, motions = 4) }
"""


@pytest.fixture
def main(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "cells.space").write_text(CELLS)
    path = tmp_path / "lib" / "main.space"
    path.write_text(MAIN)
    return path


def test_a_job_holds_config_space_and_texts(main: Path) -> None:
    job = load_job(str(main), "first", ["seed=7", "retrain.steps=2"])
    assert job.config.seed == 7
    assert job.config.retrain is not None
    assert job.config.retrain.steps == 2
    assert [d.path for d in job.graph.open] == ["a.kind"]
    assert job.final is job.graph
    assert job.texts.main == "main.space"
    assert {"main.space", "cells.space", "library/std/video.space", "library/std/prelude.space"} <= set(job.texts.texts)
    assert job.texts.folder == main.parent


@pytest.mark.parametrize(("name", "said"), [(None, "has 2 searches"), ("third", "no search `third`")])
def test_which_search(main: Path, name: str | None, said: str) -> None:
    with pytest.raises(SpaceError, match=said):
        load_job(str(main), name)


def test_spaces_of_a_search_are_found_as_check_finds_them(main: Path) -> None:
    for wrong, code in (
        ("small(c = 4, c = 5)", "E0213"),
        ("small(4, 5, 6, 7, 8, 9, 10)", "E0211"),
        ("small(width = 4)", "E0212"),
    ):
        main.write_text(MAIN.replace("space = small(c = 4)", f"space = {wrong}"))
        with pytest.raises(SpaceError) as raised:
            load_job(str(main), "first")
        assert {d.code for d in check_file(main)} >= {d.code for d in raised.value.diagnostics} == {code}


def test_files_without_the_usual_suffix_folders_and_unknown_names(main: Path, tmp_path: Path) -> None:
    other = main.rename(main.with_suffix(".txt"))
    assert load_job(str(other), "first").config.name == "first"
    with pytest.raises(SpaceError, match="E0207"):
        load_job(str(tmp_path), None)
    with pytest.raises(SpaceError, match="dart cannot be found"):
        load_job("dart", None)


def test_mistakes_are_diagnostics(main: Path) -> None:
    with pytest.raises(SpaceError, match="E0206"):
        load_job(str(main.parent / "missing.space"), None)
    main.write_text(MAIN.replace("size = 16, motions = DATA", "size = 24, motions = DATA"))
    with pytest.raises(SpaceError, match="E0516"):
        load_job(str(main), "first")
    main.write_text(MAIN.replace("space = small(c = 4)", "space = smal(c = 4)"))
    with pytest.raises(SpaceError, match="E0201"):
        load_job(str(main), "first")
    main.write_text(MAIN.replace("space = small(c = 4)", "space = darts"))
    with pytest.raises(SpaceError, match="E0209"):
        load_job(str(main), "first")


def test_a_kept_job_does_not_see_later_changes(main: Path, tmp_path: Path) -> None:
    job = load_job(str(main), "first", ["seed=7"])
    manifest = Manifest(
        file=job.texts.main,
        origins=dict(job.texts.origins),
        texts={place: checksum(text) for place, text in job.texts.texts.items()},
        search="first",
        overrides=("seed=7",),
        space="small",
        parameters={},
        config={},
        seed=7,
        device="cpu",
        engine="local",
        threads=1,
        checkpoint_seconds=20.0,
        training_threads=1,
        environment=environment(),
    )
    directory = create(tmp_path / "run", "first", manifest, job.texts.texts)
    directory.unlock()
    main.write_text("nonsense")
    (main.parent / "cells.space").unlink()
    kept = load_kept_job(directory, directory.manifest)
    assert kept.config == job.config
    assert [d.path for d in kept.graph.open] == ["a.kind"]
    assert kept.texts == job.texts
    cells = directory.space / "cells.space"
    cells.write_text(CELLS.replace("3x3x3", "1x3x3", 1))
    (directory.space / "more.space").write_text("stdsl 1\n")
    with pytest.raises(RunError, match=r"E0723.*cells\.space is another text, more\.space is new"):
        load_kept_job(directory, directory.manifest)
    cells.write_bytes(b"\xff")
    (directory.space / "more.space").unlink()
    with pytest.raises(RunError, match=r"E0723.*cells\.space is no text"):
        load_kept_job(directory, directory.manifest)
    cells.unlink()
    for texts in (manifest.texts, {}):  # runs of older versions have no checksums
        with pytest.raises(RunError, match=r"E0723.*cells\.space is gone"):
            load_kept_job(directory, manifest.model_copy(update={"texts": texts}))


def test_own_texts_do_not_meet_those_of_the_library(main: Path) -> None:
    """A user's folder may be called `library` too."""
    own = main.parent / "library" / "std"
    own.mkdir(parents=True)
    (own / "video.space").write_text(CELLS)
    main.write_text(MAIN.replace('"cells.space"', '"library/std/video.space"'))
    texts = load_job(str(main), "first").texts
    assert texts.texts["library/std/video.space"] != CELLS
    assert texts.texts["own/library/std/video.space"] == CELLS
    assert texts.origins[texts.main] == str(main)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("strategy.relax.sharing=slice", "weights shared between alternatives"),
        ("strategy.relax.choose=partial(softmax, channels = 0.3)", "one in so many"),
    ],
)
def test_what_cannot_run_yet_is_said_at_its_line(main: Path, tmp_path: Path, override: str, said: str) -> None:
    job = load_job(str(main), "first", [override])
    (found,) = limits(job.search)
    assert found.code == "E0701"
    assert said in found.message
    assert found.span is not None
    assert found.help
    with pytest.raises(RunError, match="E0701"):
        run(RunRequest(str(main), "first", [override], out=tmp_path / "run"), Silent())
    assert not (tmp_path / "run").exists()


def test_a_limit_points_into_the_text(main: Path) -> None:
    main.write_text(MAIN.replace("steps = 4  batch = 8 }\nsearch", "steps = 4  relax { sharing = slice } }\nsearch"))
    (found,) = limits(load_job(str(main), "first").search)
    assert found.span is not None
    assert found.span.source.position(found.span.start).line == 4


def test_an_engine_that_is_not_there(main: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether Ray is installed beside the tests or not."""
    monkeypatch.setattr("stdsl.compiler.checks.limits.find_spec", lambda name: None)
    (found,) = limits(load_job(str(main), "first").search, "ray")
    assert "ray" in found.message


OWN = """stdsl 1
use sdas (video)
use darts (normal)
search s {
  space    = video(k = 1, c1 = 4, c2 = 16, frames = 8, size = 24, classes = 13, channels = 1)
  strategy = gradient
  data     = motion_digits(frames = 8, size = 24)
}
"""


@pytest.mark.parametrize("search", ["", "motion_pc_darts"])
def test_files_of_the_library_that_name_each_other_are_kept_as_such(tmp_path: Path, search: str) -> None:
    """`sdas` names "darts.space", and `pc_darts` "sdas.space", by their paths."""
    (tmp_path / "own.space").write_text(OWN)
    job = load_job("pc_darts" if search else str(tmp_path / "own.space"), search or None)
    others = {place for place in job.texts.texts if not place.startswith("library/")}
    assert others == (set() if search else {"own.space"})
    assert {"library/sdas.space", "library/darts.space"} <= set(job.texts.texts)
    for place, text in job.texts.texts.items():
        (tmp_path / "space" / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "space" / place).write_text(text)
    sink = Sink()
    module = KeptLoader(sink, tmp_path / "space", job.texts).main()
    assert module is not None
    assert not sink.errors
    names = [part.name for part in module.closure()]
    assert len(set(names)) == len(names)


def test_the_quickstart_can_run() -> None:
    job = load_job(str(Path(__file__).parents[3] / "examples" / "quickstart.space"), None)
    assert list(limits(job.search)) == []
    assert len(job.graph.open) == 12
    baseline = costs(job.compared["per_frame_2d"], {})
    assert 80_000 < baseline.params < 110_000


def test_a_plan_of_tiny_networks_is_no_plan_of_no_time(tmp_path: Path) -> None:
    """Their steps are nearly all overhead."""
    text = """stdsl 1
meta net on video: clip(1, 4, 8, 8) {
  return video -> choose {a: conv(2, 1x1x1), b: conv(2, 3x3x3)} as kind -> global_avg_pool -> linear(13)
}
space nets = net
search s {
  space = nets
  data = motion_digits(frames = 4, size = 8, train = 32, valid = 32, test = 16)
  strategy = gradient { steps = 2000  batch = 8 }
  retrain { steps = 1000  batch = 8 }
}
"""
    (tmp_path / "a.space").write_text(text)
    search, derived = plan(load_job(str(tmp_path / "a.space"), None), "cpu").stages
    assert search.seconds > 2000 * 1.5e-3 * 2 * 0.9  # weights and decisions
    assert derived.seconds > 1000 * 1.5e-3


def test_plans_say_which_networks_are_not_known_yet(main: Path) -> None:
    job = load_job(str(main), "first", ["retrain.seeds=2", "compare.random=1"])
    stages = plan(job, "cpu").stages
    assert {stage.name: stage.known for stage in stages} == {
        "search": True,
        "train derived": False,
        "train derived-2": False,
        "train random-1": False,
    }
    derived = stages[1]
    assert f"~{derived.params:,}" in plan_text(plan(job, "cpu"))
    alone = plan(trained_alone(job, {"a.kind": job.graph.open[0].options[0]}), "cpu")
    assert {stage.name: stage.known for stage in alone.stages}["train derived"]
    assert f"~{alone.stages[0].params:,}" not in plan_text(alone).splitlines()[4]


def test_plans_know_how_busy_the_machine_is(main: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = load_job(str(main), "first")
    plans = []
    for share in (1.0, 0.25):
        monkeypatch.setattr("stdsl.runtime.prepare.plan._rate", lambda device, share=share: (1e9, share))
        plans.append(plan(job, "cpu"))
    alone, beside = plans
    assert beside.seconds == pytest.approx(4 * alone.seconds)
    assert "a process gets 25% of one" in plan_text(beside)
    assert "busy" not in plan_text(alone)
    monkeypatch.undo()
    began = time.perf_counter()
    for part in (0.5, 0.0):
        monkeypatch.setattr(time, "process_time", lambda part=part: part * (time.perf_counter() - began))
        assert _rate(torch.device("cpu"))[1] == pytest.approx(max(LEAST_SHARE, part), rel=0.05)


def test_a_machine_so_busy_that_a_turn_takes_longer_than_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock finds that a second has passed."""
    clock = itertools.count()
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(clock)))
    rate, share = _rate(torch.device("cpu"))
    assert 0 < rate < math.inf
    assert LEAST_SHARE <= share <= 1

"""Searches of settings: what a trial is trained by, what is told of it, and that it depends on text and seed alone."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from kills.outcome import differences, outcome
from rich.console import Console

from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.report.table import render_result
from stdsl.runtime.report.trial_table import render_trials
from stdsl.runtime.run import RunRequest, resume, run
from stdsl.runtime.training.interruption import Interrupted
from stdsl.runtime.trials.kept import kept_trials

TEXT = """stdsl 1
meta net on video: clip(1, 8, 16, 16) {
  return video -> conv(2, 1x3x3) -> relu -> dropout(0.1) -> global_avg_pool -> linear(4)
}
space closed = net
search tuned {
  space = closed
  strategy = bayes {
    trials = 6  startup = 2  workers = 2
    fitness {
      epochs = 1  samples = 32  batch = choose {8, 16, 32}
      optimizer = choose {adam(lr = choose log(1e-4..1e-1)), plain: sgd(lr = 0.1)}
    }
  }
  data = motion_digits(frames = 8, size = 16, motions = 4, noise = 0.1, train = 64, valid = 64, test = 64)
  retrain { steps = 1  batch = 16 }
}
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuned")
    (folder / "tuned.space").write_text(TEXT)
    run(RunRequest(str(folder / "tuned.space"), out=folder / "whole", hands=0), Silent())
    return folder / "whole"


def test_trials_are_trained_by_their_settings(whole: Path, stdsl: Callable[..., int], tmp_path: Path) -> None:
    assert stdsl("show", str(whole), "--trials", "-o", str(tmp_path / "trials.csv")) == 0
    with (tmp_path / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    found = {row["name"]: json.loads(row["settings"]) for row in rows}
    for row in rows:
        assert int(row["steps_done"]) == 64 // int(found[row["name"]]["fitness.batch"])  # an epoch
    assert len({str(settings) for settings in found.values()}) == 6
    facts = json.loads((whole / "result.json").read_text())["search_facts"]
    assert {trial["name"]: trial["settings"] for trial in facts["trials"]} == found
    assert stdsl("show", str(whole), "--trials", "-o", str(tmp_path / "trials.json")) == 0
    document = json.loads((tmp_path / "trials.json").read_text())
    assert {trial["name"]: trial["settings"] for trial in document["trials"]} == found


def test_what_is_shown_has_the_settings_of_the_best(whole: Path) -> None:
    result = json.loads((whole / "result.json").read_text())
    facts = result["search_facts"]
    (best,) = (trial for trial in facts["trials"] if trial["name"] == facts["best"])
    lines = io.StringIO()
    render_result(result, Console(file=lines, width=200))
    assert f"settings of {best['name']}: fitness.batch = {best['settings']['fitness.batch']}" in lines.getvalue()
    lines = io.StringIO()
    render_trials(kept_trials(whole), Console(file=lines, width=200))
    assert lines.getvalue().count("fitness.batch = ") == 6


def test_the_same_weights_come_of_the_same_settings_alone(whole: Path) -> None:
    """Trials of one network differ by what they were trained by: no two reach one loss."""
    facts = json.loads((whole / "result.json").read_text())["search_facts"]
    assert len({trial["metrics"]["loss"] for trial in facts["trials"]}) == 6


SECOND = """
search found {
  space = closed
  strategy = bayes {
    trials = 5  startup = 2
    fitness {
      steps = 3  samples = 32  batch = choose {8, 16, 32}  dropout = choose real(0.0..0.3)
      optimizer = choose {adam(lr = choose log(1e-4..1e-1)), plain: sgd(lr = 0.1)}
    }
  }
  data = motion_digits(frames = 8, size = 16, motions = 4, noise = 0.1, train = 64, valid = 64, test = 64)
  retrain { steps = 4  batch = 24  clip = 5  seeds = 2  settings = found }
  compare { spaces = [wider] }
}
search written {
  space = closed
  data = motion_digits(frames = 8, size = 16, motions = 4, noise = 0.1, train = 64, valid = 64, test = 64)
  retrain { steps = 4  clip = 5  seeds = 2 }
  compare { spaces = [wider] }
}
meta wide on video: clip(1, 8, 16, 16) {
  return video -> conv(4, 1x3x3) -> relu -> dropout(0.1) -> global_avg_pool -> linear(4)
}
space wider = wide
"""


def test_the_result_is_trained_by_what_was_found(tmp_path: Path, processes: None) -> None:
    """It, its repeats and what it is compared with: as if the best trial's settings had been written down. In other
    processes, and in a run that was stopped behind its search."""
    (tmp_path / "tuned.space").write_text(TEXT + SECOND)

    class Stopper(Silent):
        def begin(self, title: str, total: int, done: int = 0, of: str = "") -> None:
            if title == "train derived":
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted):
        run(RunRequest(f"{tmp_path / 'tuned.space'}", "found", out=tmp_path / "found", hands=0), Stopper())
    found = resume(tmp_path / "found", Silent(), hands=1)
    facts = found.document["search_facts"]
    (best,) = (trial["settings"] for trial in facts["trials"] if trial["name"] == facts["best"])
    kind = best["fitness.optimizer"]
    optimizer = "sgd(lr = 0.1)" if kind == "plain" else f"adam(lr = {best['fitness.optimizer.adam.lr']!r})"
    written = (
        f"retrain.batch={best['fitness.batch']}",
        f"retrain.dropout={best['fitness.dropout']!r}",
        f"retrain.optimizer={optimizer}",
    )
    run(RunRequest(f"{tmp_path / 'tuned.space'}", "written", written, out=tmp_path / "written", hands=0), Silent())
    own = {path.name: path.read_bytes() for path in (tmp_path / "found" / "weights").iterdir()}
    other = {path.name: path.read_bytes() for path in (tmp_path / "written" / "weights").iterdir()}
    assert len(own) == 3
    assert own == other


def test_stopped_among_trials_of_the_model_it_goes_on_to_the_same_bits(whole: Path, tmp_path: Path) -> None:
    class Stopper(Silent):
        def begin(self, title: str, total: int, done: int = 0, of: str = "") -> None:
            if title == "train trial-5":
                os.kill(os.getpid(), signal.SIGINT)

    broken = tmp_path / "broken"
    with pytest.raises(Interrupted):
        run(RunRequest(str(whole.parent / "tuned.space"), out=broken, hands=0), Stopper())
    resume(broken, Silent(), hands=0)
    assert differences(outcome(broken), outcome(whole)) == []


def test_in_processes_they_are_the_same(whole: Path, tmp_path: Path, processes: None) -> None:
    run(RunRequest(str(whole.parent / "tuned.space"), out=tmp_path / "other", hands=2), Silent())
    assert differences(outcome(tmp_path / "other"), outcome(whole)) == []

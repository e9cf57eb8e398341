"""Trials in a PostgreSQL database: as in a file, and where the server is lost, the run goes on with what it has."""

from __future__ import annotations

import json
from pathlib import Path

import click.testing
import pytest
from kills.outcome import differences, outcome
from postgres_server import Server

from stdsl.cli.main import cli
from stdsl.compiler.diagnostics.model import RunError
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, resume, run
from stdsl.runtime.trials.database import server_database
from stdsl.runtime.trials.store import EpochMetric, TrialRow, TrialStore

pytestmark = pytest.mark.slow
TEXT = """stdsl 1
meta net(c = 4) on video: clip(1, 4, 8, 8) {
  y = video -> conv(choose {4, 6, 8} as width, 1x3x3) -> bn -> relu -> conv(c, choose {1x1x1, 1x3x3} as kernel)
  return y -> global_avg_pool -> linear(4)
}
space cells = net
search drawn {
  space = cells
  strategy = random { trials = 5  fitness { steps = 8  batch = 8  samples = 16 } }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 64, valid = 32, test = 32)
}
"""
ROW = TrialRow("trial-4", 3, "waiting", "ab", {"a": "conv", "b": (1, 3), "c": True}, 2**70, 30, None, (1, 2), 4)
MEASURED = [EpochMetric("train", 1, 10, "loss", 0.1 + 0.2), EpochMetric("valid", 3, 30, "samples", 64)]


def write(folder: Path) -> str:
    (folder / "tiny.space").write_text(TEXT)
    return str(folder / "tiny.space")


def test_what_is_kept_comes_back_and_runs_do_not_see_each_other(server: Server) -> None:
    one, other = (TrialStore(server_database(server.url), name) for name in ("one", "other"))
    for store in (one, other):
        store.add(ROW)
    one.end("trial-4", "done", MEASURED, place=0, steps_done=30, seconds=1.5)
    (row,) = one.rows()
    assert (row.state, row.architecture, row.seed, row.parents) == (
        "done",
        {"a": "conv", "b": [1, 3], "c": True},
        2**70,
        (1, 2),
    )
    assert row.values == {"samples": 64}
    assert [each for _, each in one.epochs()] == MEASURED
    assert [row.state for row in other.rows()] == ["waiting"]
    one.close()
    other.close()


def test_the_same_trials_as_in_a_file_though_the_server_is_lost_on_the_way(server: Server, tmp_path: Path) -> None:
    path, out = write(tmp_path), tmp_path / "run"
    run(RunRequest(path, out=tmp_path / "file", hands=0), Silent())

    class Saboteur(Silent):
        def begin(self, title: str, total: int, done: int = 0, of: str = "") -> None:
            if title == "train trial-3":
                server.stop()

    with pytest.raises(RunError, match="E0749"):
        run(RunRequest(path, out=out, hands=0, store=server.url), Saboteur())
    server.start()
    resume(out, Silent(), hands=0, store=server.url)
    apart = set(differences(outcome(out), outcome(tmp_path / "file")))
    assert apart == {"trials.sqlite"}  # which is where the other one keeps them
    assert not any(server.password in file.read_text("latin-1") for file in out.rglob("*") if file.is_file())

    def shown(folder: Path, *more: str) -> list[object]:
        result = click.testing.CliRunner().invoke(cli, ["show", str(folder), "--trials", "--json", *more])
        assert result.exit_code == 0, result.output
        trials = json.loads(result.output)["trials"]
        return [(trial["name"], trial["architecture"], trial["values"], trial["epochs"]) for trial in trials]

    assert shown(out, "--store", server.url) == shown(tmp_path / "file")
    refused = click.testing.CliRunner().invoke(cli, ["show", str(out), "--trials"])
    assert refused.exit_code == 1
    assert "E0749" in refused.output

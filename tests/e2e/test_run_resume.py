"""A search from its text to a verified ONNX file; killed anywhere, it goes on to the same bits."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
import torch

from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.runtime.prepare.plan import plan
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, resume, run
from stdsl.runtime.tracking.directory import result_of
from stdsl.runtime.tracking.journal import read_journal

ROOT = Path(__file__).parents[2]
TEXT = """stdsl 1
use std.video (relu_conv_bn)

ops candidates(stride = 1) = {
  skip: skip(stride),
  pool: max_pool(3x3x3, stride) -> bn,
  flat: relu_conv_bn(same, 1x3x3, stride),
  full: relu_conv_bn(same, 3x3x3, stride),
}

tied cell motif(c) on s0, s1 {
  a = s0 -> relu_conv_bn(c)
  b = s1 -> relu_conv_bn(c)
  for i in 1..2 {
    halved = [a, b] -> each choose candidates(stride = 2) as kind
    x[i] = [*halved, *(x[<i] -> each choose candidates as kind)] -> keep 2 as inputs -> sum
  }
  return x -> concat -> dropout(0.1)
}

meta tiny(c = 4) on video: clip(1, 8, 16, 16) {
  stem = video -> conv(c, 1x3x3, stride = 1x2x2) -> bn
  h = [stem, stem] -> motif(2 * c)
  return h -> global_avg_pool -> linear(4)
}
space cells(c = 4) = tiny(c) where flops <= 500K

meta flat(c = 8) on video: clip(1, 8, 16, 16) {
  h = video -> conv(c, 1x3x3, stride = 1x2x2) -> bn -> relu -> conv(2 * c, 1x3x3, stride = 2) -> bn -> relu
  return h -> global_avg_pool -> linear(4)
}
space per_frame(c = 8) = flat(c)

search small {
  space = cells
  data = motion_digits(
    frames = 8, size = 16, motions = 4, noise = 0.1, background = 0, jitter = 0,
    train = 128, valid = 128, test = 64,
  )
  strategy = gradient {
    steps = 24  batch = 16
    relax { affine = true }
    weights { optimizer = sgd(lr = cosine(0.1, ramp = 5), momentum = 0.9)  clip = 5 }
    decisions { optimizer = adam(lr = 0.05)  warmup = 0.25 }
  }
  retrain { steps = 30  batch = 16  optimizer = sgd(lr = cosine(0.1, ramp = 5), momentum = 0.9)  clip = 5 }
  compare { random = 2  near = 0.6  spaces = [per_frame] }
  export { onnx = "model.onnx"  source = "net.py"  weights = "net.safetensors" }
}
"""


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("space") / "tiny.space"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module")
def undisturbed(space: Path) -> Path:
    out = space.parent / "undisturbed"
    run(RunRequest(str(space), out=out), Silent())
    return out


def weights(folder: Path) -> dict[str, str]:
    """The digest of every file of weights, by name."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted((folder / "weights").iterdir())}


def events(folder: Path, phase: str) -> list[int]:
    return [e["step"] for e in read_journal(folder / "journal.jsonl") if e["event"] == "step" and e["phase"] == phase]


def facts(folder: Path) -> dict[str, Any]:
    """``result.json`` without what differs between runs: times, places and their names."""
    document = result_of(folder)
    document.pop("next")
    document.pop("id")
    document["onnx"].pop("latency_ms")
    for name in ("seconds", "measuring", "waited"):
        document["search_facts"].pop(name)
    for network in document["networks"]:
        network.pop("seconds")
    return document


def test_what_a_run_leaves(undisturbed: Path) -> None:
    for name in ("run.json", "journal.jsonl", "result.json", "module.py", "net.py", "net.safetensors", "model.onnx"):
        assert (undisturbed / name).is_file(), name
    assert (undisturbed / "space" / "tiny.space").read_text() == TEXT
    assert (undisturbed / "space" / "library" / "std" / "video.space").is_file()
    manifest = json.loads((undisturbed / "run.json").read_text())
    assert manifest["environment"]["torch"] == torch.__version__
    assert manifest["seed"] == 0
    result = facts(undisturbed)
    assert [n["title"] for n in result["networks"]] == ["derived", "random-1", "random-2", "per_frame"]
    assert result["derived"]["flops"] <= 500_000
    for network in result["networks"][1:3]:
        assert 0.4 * result["derived"]["flops"] <= network["flops"] <= 500_000
    assert all(0 <= n["test"]["accuracy"] <= 1 for n in result["networks"])
    assert set(result["onnx"]["difference"]) == {"1", "3"}
    assert max(result["onnx"]["difference"].values()) < 1e-4
    assert set(weights(undisturbed)) == {
        f"{name}.safetensors" for name in ("search", "derived", "random-1", "random-2", "per_frame")
    }


def test_the_module_file_stands_alone_and_takes_the_weights(undisturbed: Path) -> None:
    script = (
        "import torch, net\n"
        "from safetensors.torch import load_file\n"
        "m = net.Network()\n"
        "m.load_state_dict(load_file('net.safetensors'))\n"
        "print(tuple(m.eval()(torch.zeros(2, 1, 8, 16, 16)).shape))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=undisturbed, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(2, 4)"


def test_the_same_text_gives_the_same_bits_in_one_process(space: Path, undisturbed: Path, tmp_path: Path) -> None:
    """Undisturbed, others trained what it is compared with."""
    run(RunRequest(str(space), out=tmp_path / "alone", hands=0), Silent())
    assert weights(tmp_path / "alone") == weights(undisturbed)
    assert facts(tmp_path / "alone") == facts(undisturbed)
    assert trials(tmp_path / "alone") == trials(undisturbed)


def start(space: Path, out: Path, hands: int = 0) -> subprocess.Popen[bytes]:
    """A run in a process of its own."""
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from stdsl.runtime.report.reporter import Silent\n"
        "from stdsl.runtime.run import RunRequest, run\n"
        "file, out, hands = sys.argv[1:]\n"
        "run(RunRequest(file, out=Path(out), checkpoint_seconds=0.2, hands=int(hands)), Silent())\n"
    )
    command = [sys.executable, "-c", script, str(space), str(out), str(hands)]
    return subprocess.Popen(command, env=environment())


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("phase", ["search", pytest.param("retrain", marks=pytest.mark.slow)])
def test_kill_nine_and_resume(space: Path, undisturbed: Path, tmp_path: Path, phase: str) -> None:
    out, wanted = tmp_path / "run", random.randrange(5, 22)
    process = start(space, out)
    while len(events(out, phase)) < wanted:
        assert process.poll() is None, "the run was over before it could be killed"
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    moved = space.rename(space.with_name("gone.space"))  # a resumed run reads its own copies
    try:
        command = [sys.executable, "-m", "stdsl", "run", "--resume", str(out), "--json"]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
        assert json.loads(done.stdout) == result_of(out)
    finally:
        moved.rename(space)
    assert weights(out) == weights(undisturbed)
    assert facts(out) == facts(undisturbed)
    for name, steps in (("search", 24), ("retrain", 30)):
        assert events(out, name) == list(range(steps))


def test_resuming_a_finished_run_changes_nothing(undisturbed: Path) -> None:
    before = {p: p.read_bytes() for p in (undisturbed / "journal.jsonl", *(undisturbed / "weights").iterdir())}
    result = resume(undisturbed, Silent())
    assert result.accuracy is not None
    assert all(path.read_bytes() == content for path, content in before.items())


def test_ctrl_c_keeps_a_checkpoint(space: Path, undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = start(space, out, hands=2)
    while len(events(out, "search")) < 6:
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    assert process.wait() != 0
    done = events(out, "search")
    assert done == list(range(len(done)))
    resume(out, Silent())
    assert weights(out) == weights(undisturbed)


@pytest.mark.parametrize("also", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_lost_process_loses_nothing(space: Path, undisturbed: Path, tmp_path: Path, also: bool) -> None:
    """While it trains a network to compare with; ``also``: the leading one, too."""
    out, process = a_run_that_lost_a_process(space, tmp_path)
    if also:
        process.kill()
        assert process.wait() == -signal.SIGKILL
        resume(out, Silent(), hands=2)
    assert process.wait() == (-signal.SIGKILL if also else 0)
    assert weights(out) == weights(undisturbed)
    assert facts(out) == facts(undisturbed)
    assert trials(out) == trials(undisturbed)
    assert not (out / "trials").exists()


def a_run_that_lost_a_process(space: Path, folder: Path, tries: int = 10) -> tuple[Path, subprocess.Popen[bytes]]:
    """A run whose process that trains ``per_frame`` was killed: begun again where that was over before it was met."""
    for number in range(tries):
        out = folder / f"run{number}"
        process = start(space, out, hands=2)
        while process.poll() is None:
            if (out / "trials" / "per_frame" / "journal.jsonl").exists() and (worker := worker_of(out, "per_frame")):
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
                    return out, process
                break
            time.sleep(0.01)
        process.kill()
        process.wait()
    raise AssertionError(f"the training was over before it could be killed, {tries} times")


def worker_of(folder: Path, name: str) -> int:
    """The process that trains a network; 0 where it is not known yet."""
    with closing(sqlite3.connect(folder / "trials.sqlite")) as store:
        (worker,) = store.execute("SELECT worker FROM trials WHERE name = ?", (name,)).fetchone()
    return int(worker.rpartition(" ")[2]) if worker else 0


def trials(folder: Path) -> list[tuple[object, ...]]:
    """What the networks to compare with are kept to be."""
    with closing(sqlite3.connect(folder / "trials.sqlite")) as store:
        columns = "name, number, state, hash, architecture, seed, steps_done, error"
        rows = store.execute(f"SELECT {columns} FROM trials").fetchall()
        measured = store.execute("SELECT name, split, epoch, step, metric, value FROM trial_metrics").fetchall()
        return sorted([*rows, *measured], key=str)


def test_the_plan_counts_what_the_run_does(space: Path) -> None:
    job = load_job(str(space), None, ["retrain.epochs=2"])
    found = plan(job)
    stages = {stage.name: stage for stage in found.stages}
    assert list(stages) == ["search", "train derived", "train random-1", "train random-2", "train per_frame"]
    assert stages["search"].steps == 24
    assert stages["train derived"].steps == 2 * (256 // 16)
    assert stages["train per_frame"].flops == costs(job.compared["per_frame"], {}).flops
    assert stages["search"].params > stages["train derived"].params > 0
    assert all(stage.seconds > 0 and stage.bytes > 0 for stage in found.stages)
    assert (found.search_threads, found.training_threads) == (1, 1)


def test_a_space_without_open_decisions_is_just_trained(space: Path, tmp_path: Path) -> None:
    text = """
search baseline {
  space = per_frame
  data = motion_digits(
    frames = 8, size = 16, motions = 4, noise = 0.1, background = 0, jitter = 0,
    train = 64, valid = 64, test = 32,
  )
  retrain { steps = 4  batch = 16 }
}
"""
    path = tmp_path / "baseline.space"
    path.write_text(TEXT + text)
    result = run(RunRequest(str(path), "baseline", out=tmp_path / "run"), Silent())
    assert [n["title"] for n in result.document["networks"]] == ["derived"]
    assert result.architecture == {}
    assert result.document["onnx"] is None
    assert not (tmp_path / "run" / "weights" / "search.safetensors").exists()


def test_a_search_without_a_final_training_ends_with_an_architecture(space: Path, tmp_path: Path) -> None:
    path = tmp_path / "bare.space"
    before, _ = TEXT.split("  retrain {")
    path.write_text(before + "}\n")
    result = run(RunRequest(str(path), out=tmp_path / "run", overrides=["strategy.steps=4"]), Silent())
    assert result.accuracy is None
    assert len(result.architecture) > 0

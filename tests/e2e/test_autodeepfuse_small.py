"""Three pretrained streams, frozen and fused, through the command line: killed wherever, resumed, exported."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from kills.process import Zygote
from safetensors.torch import load_file

import stdsl
from stdsl.runtime.data.motion_digits import MotionDigitsDataset
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.tracking.journal import read_journal

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "autodeepfuse_small.space"
STREAMS = ("frames", "flow", "mask")
BASELINES = {"frames_only", "flow_only", "mask_only", "frames_flow", "frames_mask", "flow_mask", "frames_flow_mask"}
PRETRAINING, SEARCH, TRAINING = 5, 6, 7
"""Steps."""

Command = Callable[..., int]


def small(folder: Path) -> Path:
    """The example with few steps and samples."""
    text = EXAMPLE.read_text(encoding="utf-8")
    before, fuse = text.split("search fuse {")
    before = re.sub(r"steps( +)= \d+", f"steps\\1= {PRETRAINING}", before)
    fuse = re.sub(r"steps( +)= \d+", f"steps\\1= {TRAINING}", fuse)
    fuse = re.sub(r"epochs( +)= \d+", f"steps\\1= {SEARCH}  measure = 32", fuse)
    text = f"{before}search fuse {{{fuse}"
    for name, count in (("train", 96), ("valid", 80), ("test", 48)):
        text = re.sub(rf"{name} = \d+", f"{name} = {count}", text)
    text = text.replace("random = 3", "random = 1").replace("warmup = 1", "warmup = 2")
    file = folder / "small.space"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def stdsl_command(zygote: Zygote) -> Command:
    """Runs a command in a process of its own; returns its exit code, negative for a signal."""

    def order(*argv: str, moment: str | None = None, number: int = 0) -> int:
        zygote.output.write_text("")
        # In this process, for others import everything again.
        code = zygote.run(*argv, "--hands", "0", moment=moment, number=number)
        assert code in (0, -signal.SIGKILL), zygote.output.read_text()
        return code

    return order


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, stdsl_command: Command) -> Path:
    """A run of all of it at one go."""
    folder = tmp_path_factory.mktemp("whole")
    assert stdsl_command("run", f"{small(folder)}::fuse", "--out", str(folder / "run")) == 0
    return folder / "run"


def trained(folder: Path) -> dict[str, dict[str, torch.Tensor]]:
    """All weights of a run and of the runs that it needed, by file."""
    return {str(path.relative_to(folder)): load_file(path) for path in folder.rglob("weights/*.safetensors")}


def test_the_streams_are_pretrained_and_frozen(whole: Path) -> None:
    weights = trained(whole)
    for name in ("search", "derived", "random-1"):
        for place, stream in enumerate(STREAMS, 1):
            start = "features." if place == 1 else f"features_{place}."
            inside = {
                k.removeprefix(start): v
                for k, v in weights[f"weights/{name}.safetensors"].items()
                if k.startswith(start)
            }
            alone = weights[f"needs/see_{stream}/weights/derived.safetensors"]
            assert len(inside) > 10
            assert all(torch.equal(value, alone[f"features.{key}"]) for key, value in inside.items()), (name, stream)


def test_the_result_stands_beside_seven_baselines_and_random_architectures(whole: Path) -> None:
    result = json.loads((whole / "result.json").read_text())
    titles = {
        kind: {n["title"] for n in result["networks"] if n["kind"] == kind} for kind in ("space", "random", "derived")
    }
    assert titles == {"space": BASELINES, "random": {"random-1"}, "derived": {"derived"}}
    assert not (whole / "features").exists()


def test_the_network_with_three_inputs_in_onnxruntime(whole: Path) -> None:
    file = whole / "model.onnx"
    onnx.checker.check_model(str(file), full_check=True)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    assert {i.name: tuple(i.shape[1:]) for i in session.get_inputs()} == {
        "frames": (1, 8, 16, 16),
        "flow": (2, 8, 16, 16),
        "mask": (1, 8, 16, 16),
    }
    facts = session.get_modelmeta().custom_metadata_map
    assert json.loads(facts["modalities"]) == list(STREAMS)
    job = load_job(str(whole.parent / "small.space"), "fuse")
    batch = MotionDigitsDataset(job.config.data, 0).samples("test", np.arange(7), 0)
    space = stdsl.load(whole.parent / "small.space", "fusion")
    architecture = json.loads((whole / "architectures" / "derived.arch.json").read_text())
    model = stdsl.compile(space, space.architecture(architecture["values"])).eval()
    model.load_state_dict(load_file(whole / "weights" / "derived.safetensors"))
    with torch.no_grad():
        expected = model(*batch.inputs)
    (found,) = session.run(None, {name: x.numpy() for name, x in zip(STREAMS, batch.inputs, strict=True)})
    assert np.abs(found - expected.numpy()).max() < 1e-4


@pytest.mark.slow
def test_killed_in_pretraining_search_and_training_it_is_the_same(
    whole: Path, tmp_path: Path, stdsl_command: Command
) -> None:
    """By SIGKILL: in the second stream, in the search, while a checkpoint of the final training is written, and in a
    comparison."""
    broken = tmp_path / "broken"
    kill = -signal.SIGKILL
    start = ("run", f"{whole.parent / 'small.space'}::fuse", "--out", str(broken))
    resume = ("run", "--resume", str(broken))
    assert stdsl_command(*start, moment="step", number=PRETRAINING + 4) == kill
    assert (broken / "needs" / "see_frames" / "result.json").exists()
    first = (broken / "needs" / "see_frames" / "journal.jsonl").read_bytes()
    assert not (broken / "needs" / "see_flow" / "result.json").exists()
    left = PRETRAINING - 3 + PRETRAINING  # of the second stream and the third
    assert stdsl_command(*resume, moment="step", number=left + 5) == kill
    assert (broken / "needs" / "see_mask" / "result.json").exists()
    assert not (broken / "weights").exists()
    assert stdsl_command(*resume, moment="step", number=SEARCH - 3 + 5) == kill
    assert (broken / "weights" / "search.safetensors").exists()
    assert not (broken / "weights" / "derived.safetensors").exists()
    assert stdsl_command(*resume, moment="torn", number=3) == kill
    assert stdsl_command(*resume) == 0
    assert (broken / "needs" / "see_frames" / "journal.jsonl").read_bytes() == first, "what was over is not done again"
    once, again = trained(whole), trained(broken)
    assert set(once) == set(again)
    for name, tensors in once.items():
        assert all(torch.equal(value, again[name][key]) for key, value in tensors.items()), name
    for name in ("derived", "random-1"):
        file = f"architectures/{name}.arch.json"
        assert (broken / file).read_bytes() == (whole / file).read_bytes()
    results = [json.loads((folder / "result.json").read_text())["networks"] for folder in (whole, broken)]
    assert [n["test"] for n in results[0]] == [n["test"] for n in results[1]]
    assert not list(broken.rglob("*.tmp"))


@pytest.mark.slow
def test_the_example_as_it_is(tmp_path: Path, stdsl_command: Command) -> None:
    """No stream can tell both motion and digit, and together they can; with a kill in the middle."""
    folder = tmp_path / "run"
    assert stdsl_command("run", f"{EXAMPLE}::fuse", "--out", str(folder), moment="step", number=1500) == -signal.SIGKILL
    assert stdsl_command("run", "--resume", str(folder)) == 0
    result = json.loads((folder / "result.json").read_text())
    accuracy = {n["title"]: n["test"]["accuracy"] for n in result["networks"]}
    alone = max(accuracy[name] for name in ("frames_only", "flow_only", "mask_only"))
    assert alone < 0.4
    assert accuracy["derived"] > alone + 0.2
    assert max(result["onnx"]["difference"].values()) < 1e-4


def test_the_settings_of_a_found_network_are_searched(tmp_path: Path, stdsl_command: Command) -> None:
    """Table 5, of few epochs: one bracket, and the result is trained by what was best in it."""
    file, run = small(tmp_path), tmp_path / "run"
    assert stdsl.load(file, "found").count() == 1
    quick = ("strategy.budget.most=2", "strategy.budget.eta=2", "strategy.budget.iterations=1", "retrain.epochs=1")
    options = [word for text in quick for word in ("--set", text)]
    assert stdsl_command("run", f"{file}::tuned", *options, "--out", str(run)) == 0
    result = json.loads((run / "result.json").read_text())
    (arch,) = stdsl.load(file, "found").architectures()
    assert result["derived"]["hash"] == arch.hash
    assert result["networks"][0]["params"] == 26_280, "that of docs/systems/autodeepfuse.md"
    trials = result["search_facts"]["trials"]
    (best,) = (trial for trial in trials if trial["name"] == result["search_facts"]["best"])
    assert {"fitness.batch", "fitness.optimizer"} < best["settings"].keys()
    steps = [line for line in read_journal(run / "journal.jsonl") if line["event"] == "step"]
    assert len(steps) == (96 + 80 - 17) // int(best["settings"]["fitness.batch"])

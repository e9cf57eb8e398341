"""Files of two runs of one text that differ in their seed: whatever of one is put in the place of the other's is told
of, at any stage of the run, and not used."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from kills.process import Zygote

import stdsl as api
from stdsl.cli.main import cli

TEXT = """stdsl 1
meta net(c = 2) on video: clip(1, 4, 8, 8) {
  y = video -> choose {flat: conv(c, 1x3x3), full: conv(c, 3x3x3)} as kind -> bn -> relu
  return y -> global_avg_pool -> linear(4)
}
meta plain on x: image(1, 6, 6) = x -> conv(2, 3) -> relu -> global_avg_pool -> linear(2)
space cells = net
space one = plain
search whole {
  space = cells
  strategy = gradient { steps = 6  batch = 8 }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
  retrain { steps = 6  batch = 8 }
}
search drawn {
  space = cells
  strategy = random { trials = 3  fitness { steps = 6  batch = 8 } }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
}
search trained {
  space = one
  data = arrays("data.npz")
  retrain { steps = 1  batch = 8 }
  export { onnx = "model.onnx" }
}
"""
Order = Callable[..., int]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exchanged")
    (folder / "own.space").write_text(TEXT, encoding="utf-8")
    x = np.random.default_rng(0).normal(size=(40, 6, 6)).astype(np.float32)
    np.savez(folder / "data.npz", x=x, y=np.arange(40) % 2)
    np.save(folder / "new.npy", x[0][None])
    return folder


@pytest.fixture(scope="module")
def begun(folder: Path, stdsl: Order) -> Callable[..., tuple[Path, Path]]:
    """Both runs of a search, killed at a moment; with checkpoints every third step."""

    def begin(search: str, moment: str, number: int) -> tuple[Path, Path]:
        found = []
        for seed in "01":
            out = folder / f"{search}-{moment}-{number}-{seed}"
            if not out.exists():
                call = ("run", f"{folder / 'own.space'}::{search}", "--set", f"seed={seed}", "--out", str(out))
                assert stdsl(*call, "--hands", "0", moment=moment, number=number) == -signal.SIGKILL
            found.append(out)
        return found[0], found[1]

    return begin


@pytest.mark.parametrize(
    ("search", "moment", "number", "names"),
    [
        ("whole", "step", 2, ["journal.jsonl"]),
        ("whole", "step", 5, ["journal.jsonl"]),
        ("whole", "step", 5, ["checkpoints"]),
        ("whole", "step", 5, ["journal.jsonl", "checkpoints"]),
        ("whole", "step", 11, ["journal.jsonl"]),
        ("whole", "step", 11, ["checkpoints"]),
        ("whole", "step", 11, ["journal.jsonl", "checkpoints"]),
        ("drawn", "step", 11, ["trials/trial-2/journal.jsonl"]),
        ("drawn", "step", 11, ["trials/trial-2"]),
        ("drawn", "step", 11, ["trials.sqlite"]),
    ],
)
def test_of_a_run_that_is_not_over(
    begun: Callable[..., tuple[Path, Path]],
    tmp_path: Path,
    zygote: Zygote,
    search: str,
    moment: str,
    number: int,
    names: Sequence[str],
) -> None:
    one, other = begun(search, moment, number)
    out = Path(shutil.copytree(one, tmp_path / "out"))
    for name in names:
        put(other / name, out / name)
    before = contents(out, names)
    code, said = resumed(zygote, out)
    assert code > 0, said
    assert "error[E0722]" in said or "error[E0753]" in said
    assert contents(out, names) == before
    for name in names:
        put(one / name, out / name)
    assert resumed(zygote, out)[0] == 0


def put(source: Path, target: Path) -> None:
    for path in target.parent.glob(f"{target.name}*"):  # with what SQLite has beside its file
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in source.parent.glob(f"{source.name}*"):
        place = target.parent / path.name
        shutil.copytree(path, place) if path.is_dir() else shutil.copy(path, place)


def contents(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """What is as it was put there: nothing is deleted."""
    files = [path for name in names for path in (folder / name, *(folder / name).rglob("*")) if path.is_file()]
    return {str(path): path.read_bytes() for path in files if path.name not in (".lock", "trials.sqlite")}


def resumed(zygote: Zygote, out: Path) -> tuple[int, str]:
    zygote.output.write_text("")
    code = zygote.run("run", "--resume", str(out), "--hands", "0", "--quiet")
    return code, zygote.output.read_text()


def test_of_a_network_that_is_derived_already(
    begun: Callable[..., tuple[Path, Path]], tmp_path: Path, zygote: Zygote
) -> None:
    """Another architecture than the one that the journal tells of."""
    one, _ = begun("whole", "step", 11)
    out = Path(shutil.copytree(one, tmp_path / "out"))
    path = out / "architectures" / "derived.arch.json"
    kept = path.read_bytes()
    own = json.loads(kept)["values"]["y.kind"]
    space = api.load(out / "space" / "own.space", "cells")
    next(arch for arch in space.architectures() if arch.to_json()["values"]["y.kind"] != own).save(path)
    code, said = resumed(zygote, out)
    assert code > 0, said
    assert "another architecture than the run derived" in said
    path.write_bytes(kept)
    assert resumed(zygote, out)[0] == 0


def test_networks_of_runs_that_are_over(folder: Path, tmp_path: Path, stdsl: Order) -> None:
    """Told of where a run is named, which says what it left; a file that is named itself is taken as it is."""
    for seed in "01":
        call = ("run", f"{folder / 'own.space'}::trained", "--set", f"seed={seed}", "--out", str(tmp_path / seed))
        assert stdsl(*call, "--hands", "0") == 0
    target, new = f"{folder / 'own.space'}::one", str(folder / "new.npy")
    asked = {
        "model.onnx": ("predict", str(tmp_path / "0"), new),
        "weights/derived.safetensors": (
            *("compile", target, "--to", "onnx", "--weights", str(tmp_path / "0"), "-o", str(tmp_path / "own.onnx")),
        ),
    }
    for name, words in asked.items():
        path = tmp_path / "0" / name
        kept = path.read_bytes()
        path.write_bytes((tmp_path / "1" / name).read_bytes())
        for code, call in ((1, words), (0, [str(path) if word == str(tmp_path / "0") else word for word in words])):
            result = CliRunner().invoke(cli, call)
            assert (result.exit_code != 0) == bool(code), result.output
            assert ("E0741" in result.output or "E0722" in result.output) == bool(code)
        path.write_bytes(kept)
        result = CliRunner().invoke(cli, words)
        assert result.exit_code == 0, result.output

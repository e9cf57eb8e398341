"""`extern data`: a class of the user's, from the text to a run that is gone on with."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from kills.resumed import killed_and_gone_on_with

import stdsl as api
from stdsl.cli.main import cli
from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.model import Diagnostic, RunError
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.schemas.search import SearchConfig
from stdsl.runtime.data.batch import Batch, Dataset, Normalisation
from stdsl.runtime.prepare.opening import opened
from stdsl.runtime.prepare.preparation import load_job

Order = Callable[..., int]

CODE = '''
import numpy as np
import torch


class Blobs(torch.utils.data.Dataset):
    """Bright or dark frames, and a flow that says nothing."""

    def __init__(self, root, frames=2, split="train"):
        self.root, self.frames, self.split = root, frames, split
        self.targets = [i % 3 for i in range(30)]

    def __len__(self):
        return 30 if self.split == "train" else 9

    def __getitem__(self, index):
        rng = np.random.default_rng([index, len(self.split)])
        rgb = rng.integers(0, 60, (3, self.frames, 6, 6), dtype=np.uint8) + np.uint8(80 * (index % 3))
        return {"flow": torch.zeros(2, self.frames, 6, 6), "rgb": rgb}, index % 3


class Odd(Blobs):
    def __getitem__(self, index):
        return self.odd(*super().__getitem__(index))


class Shorter(Odd):
    odd = lambda self, x, y: ({"rgb": x["rgb"][:, :1], "flow": x["flow"]}, y)


class Random(Odd):
    odd = lambda self, x, y: ({"rgb": x["rgb"] + np.float32(np.random.rand()), "flow": x["flow"]}, y)


class Nameless(Odd):
    odd = lambda self, x, y: ({"rgb": x["rgb"]}, y)


class Unlabelled(Odd):
    odd = lambda self, x, y: x["rgb"]


class Fraction(Odd):
    odd = lambda self, x, y: (x, 0.5)


class Failing(Odd):
    odd = lambda self, x, y: [][0]


class Refusing(Blobs):
    def __init__(self, root, frames):
        raise OSError("no disk")


class Nothing:
    def __init__(self, root, frames):
        pass


class Four(Blobs):
    classes = ["a", "b", "c"]
'''

TEXT = """stdsl 1
extern data mine(root: path, frames: int = 2) from "blobs_of_mine:Blobs" {
  inputs = {rgb: clip(3, frames, 6, 6), flow: clip(2, frames, 6, 6)}
  classes = 3
}
meta fused(t, classes) on flow: clip(2, t, 6, 6), rgb: clip(3, t, 6, 6) {
  y = [flow, rgb] -> concat -> choose {flat: conv(4, 1x3x3), full: conv(4, 3x3x3)} as kind -> bn -> relu
  return y -> global_avg_pool -> linear(classes)
}
space nets(t = 2, classes = 3) = fused(t, classes)
search first {
  space = nets(data.frames, data.classes)
  data = mine("somewhere")
  strategy = gradient { steps = 4  batch = 6 }
  retrain { steps = 4  batch = 6 }
}
"""


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "blobs_of_mine", raising=False)
    (tmp_path / "blobs_of_mine.py").write_text(CODE)
    path = tmp_path / "mine.space"
    path.write_text(TEXT, encoding="utf-8")
    return path


def codes(text: str) -> list[str]:
    return [d.code for d in check_text(Source("a.space", text))]


def data_of(space: Path, text: str = TEXT, *overrides: str) -> Dataset:
    space.write_text(text, encoding="utf-8")
    return opened(load_job(str(space), "first", overrides, allow_extern=True))


def refused(space: Path, text: str) -> Diagnostic:
    with pytest.raises(RunError) as raised:
        data_of(space, text)
    return raised.value.diagnostics[0]


def test_killed_and_resumed_it_is_the_same(space: Path, tmp_path: Path, stdsl: Order) -> None:
    killed_and_gone_on_with(stdsl, space, tmp_path, 2, ("--allow-extern",))


def test_what_is_stated_is_checked_without_the_code(space: Path) -> None:
    assert codes(TEXT) == []
    assert codes(TEXT.replace("data.frames", "3")) == ["E0516"]
    assert codes(TEXT.replace("  classes = 3\n", "")) == ["E0535"]
    assert "blobs_of_mine" not in sys.modules


def test_settings_come_back_from_json(space: Path) -> None:
    config = load_job(str(space), "first").config
    again = SearchConfig.load(config.model_dump(mode="json"))
    assert again.data == config.data
    assert again.data.signature() == config.data.signature()


def test_without_leave_nothing_is_loaded(space: Path) -> None:
    with pytest.raises(RunError, match="E0227"):
        opened(load_job(str(space), "first"))
    assert "blobs_of_mine" not in sys.modules


def test_samples_in_the_order_of_the_block_in_shares(space: Path) -> None:
    dataset = data_of(space)
    assert dataset.inputs == ("rgb", "flow")
    assert [dataset.size(split) for split in ("train", "valid", "test")] == [12, 12, 6]
    batch = dataset.samples("test", np.arange(6), 0)
    assert batch.inputs[0].shape == (6, 3, 2, 6, 6)
    assert batch.inputs[0].max() <= 1, "bytes are scaled"
    assert sorted(batch.targets.tolist()) == [0, 0, 1, 1, 2, 2], "of each class alike"
    assert torch.equal(batch.inputs[0], dataset.samples("test", np.arange(6), 3).inputs[0])


def test_paths_start_from_the_folder_of_the_text(space: Path) -> None:
    root = data_of(space).dataset._sets["train"].root  # type: ignore[attr-defined]
    assert root == str(space.parent / "somewhere")


def test_splits_that_the_class_is_asked_for(space: Path) -> None:
    dataset = data_of(
        space, TEXT.replace("classes = 3\n", 'classes = 3\n  splits = ["train", "test"]\n  valid = 0.2\n')
    )
    assert [dataset.size(split) for split in ("train", "valid", "test")] == [24, 6, 9]


def test_arguments_on_the_command_line(space: Path) -> None:
    dataset = data_of(space, TEXT, "data.frames=3", "data.root=other/place")
    assert dataset.samples("train", np.arange(2), 0).inputs[0].shape == (2, 3, 3, 6, 6)
    with pytest.raises(api.SpaceError, match="E0501"):
        load_job(str(space), "first", ["data.fames=3"])


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("Shorter", "E0234", r"`rgb` is clip\(3, 2, 6, 6\), and the first sample has \(3, 1, 6, 6\)"),
        ("Random", "E0234", "another one when it is asked for again"),
        ("Nameless", "E0724", "has no `flow`"),
        ("Unlabelled", "E0724", "a sample is inputs and a label"),
        ("Fraction", "E0724", "has the label 0.5"),
        ("Failing", "E0724", "IndexError: list index out of range"),
        ("Refusing", "E0233", "OSError: no disk"),
        ("Nothing", "E0233", "neither `__len__` and `__getitem__`"),
        ("Absent", "E0233", "has no class of that name"),
    ],
)
def test_what_is_wrong_with_a_class_is_said(name: str, code: str, words: str, space: Path) -> None:
    found = refused(space, TEXT.replace("Blobs", name))
    assert found.code == code
    assert re.search(words, found.message), found.message


def test_number_of_classes_of_a_class_that_names_them(space: Path) -> None:
    text = TEXT.replace("Blobs", "Four").replace("  classes = 3\n", "").replace("data.classes", "3")
    assert data_of(space, text).classes == ("a", "b", "c")
    assert refused(space, text.replace("data.frames, 3", "data.frames, 4")).code == "E0516"


def test_a_data_set_of_a_program_that_says_how_it_is_found_again(
    space: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    from blobs_of_mine import Blobs  # type: ignore[import-not-found]

    class Found(Blobs):  # type: ignore[misc]
        origin = ("blobs_of_mine:Blobs", {"root": "here"})

    text = TEXT.replace('mine("somewhere")', "motion_digits()")
    space.write_text(text, encoding="utf-8")
    first = api.run(space, data=Found("here"), out="run", device="cpu")
    (tmp_path / "run" / "result.json").unlink()
    with pytest.raises(RunError, match="E0227"):
        api.run(resume="run")
    assert api.run(resume="run", allow_extern=True).accuracy == first.accuracy


def test_the_module_of_an_origin_lies_beside_the_text_as_that_of_extern_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what the folder at work has of that name is not loaded: anybody may have put it there."""
    own, elsewhere = tmp_path / "own", tmp_path / "elsewhere"
    own.mkdir()
    elsewhere.mkdir()
    code = LABELLED.replace("labelled_of_mine", "beside_the_text")
    (own / "beside_the_text.py").write_text(code)
    (own / "nets.space").write_text(SPACE)
    (own / "a.space").write_text(SEARCH)
    monkeypatch.syspath_prepend(str(own))
    labelled = importlib.import_module("beside_the_text").Labelled
    first = api.run(own / "a.space", data=labelled(), out=tmp_path / "run", device="cpu")
    (tmp_path / "run" / "result.json").unlink()
    monkeypatch.undo()
    monkeypatch.chdir(elsewhere)
    (elsewhere / "beside_the_text.py").write_text("raise SystemError('of the folder at work')")
    sys.modules.pop("beside_the_text")
    monkeypatch.setattr(sys, "path", [folder for folder in sys.path if folder not in ("", str(own))])
    assert api.run(resume=tmp_path / "run", allow_extern=True).metrics == first.metrics
    assert sys.modules.pop("beside_the_text").__file__ == str(own / "beside_the_text.py")
    # Of a run that is over nothing is loaded, with leave or without it.
    (own / "beside_the_text.py").unlink()
    for allow in (False, True):
        assert api.run(resume=tmp_path / "run", allow_extern=allow).metrics == first.metrics
    (tmp_path / "run" / "result.json").unlink()
    with pytest.raises(RunError, match=r"E0233.*No module named"):
        api.run(resume=tmp_path / "run", allow_extern=True)


def test_what_fails_in_the_code_itself_is_told_as_that(space: Path) -> None:
    """Its module is where it should be: to put it there helps nobody."""
    absent, refusing = (refused(space, TEXT.replace("Blobs", name)) for name in ("Absent", "Refusing"))
    assert "put the module beside" in str(absent.help)
    assert "its own code raised that" in str(refusing.help)


SPACE = """stdsl 1
meta net(labels) on x: features(4) {
  return x -> choose {one: linear(5), two: (linear(5) -> relu)} as kind -> linear(labels)
}
space nets(labels = 3) = net(labels)
"""
SEARCH = """stdsl 1
use "nets.space" (nets)
search s {
  space = nets(data.outputs)
  data = arrays("absent.npz")
  task = multi_label
  strategy = gradient { steps = 2  batch = 4 }
  retrain { steps = 2  batch = 4 }
  export { onnx = "m.onnx" }
}
"""
LABELLED = """
import numpy as np

class Labelled:
    origin = ("labelled_of_mine:Labelled", {})

    def __len__(self):
        return 24

    def __getitem__(self, index):
        x = np.random.default_rng(index).normal(size=4)
        return x, (x[:3] > 0).astype(int)

class Nothing:
    pass
"""


@pytest.mark.parametrize("chance", ["first", "last"])
def test_samples_of_chance_are_refused_as_those_of_extern_data_are(tmp_path: Path, chance: str) -> None:
    class Random:
        def __len__(self) -> int:
            return 24

        def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
            drawn = torch.rand(4) if index == {"first": 0, "last": 23}[chance] else torch.ones(4)
            return drawn, index % 3

    class Drawing:
        classes, inputs, normalisation = ("a", "b"), ("x",), Normalisation()

        def size(self, split: str) -> int:
            return 8

        def varies(self, split: str) -> bool:
            return split == "train"

        def samples(self, split: str, indices: np.ndarray, epoch: int) -> Batch:
            return Batch((torch.rand(len(indices), 4),), torch.from_numpy(indices) % 2)

    (tmp_path / "nets.space").write_text(SPACE)
    (tmp_path / "a.space").write_text(SEARCH.replace("data.outputs", "data.classes").replace("task = multi_label", ""))
    for data in (Drawing(), Random(), {"train": Random(), "test": Random()}):
        with pytest.raises(RunError, match=r"E0737.*another one when it is asked for again"):
            api.run(tmp_path / "a.space", data=data, out=tmp_path / "run")


def test_data_whose_form_the_task_settles_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labelled_of_mine.py").write_text(LABELLED)
    from labelled_of_mine import Labelled  # type: ignore[import-not-found]

    (tmp_path / "nets.space").write_text(SPACE)
    (tmp_path / "a.space").write_text(SEARCH)
    first = api.run("a.space", data=Labelled(), out="run", device="cpu")
    run = Path("run")
    (run / "result.json").unlink()
    with pytest.raises(RunError, match="E0227"):
        api.run(resume="run")
    assert api.run(resume="run", allow_extern=True).metrics == first.metrics
    np.save("x.npy", np.zeros(4, np.float32))
    again = ("compile", "nets.space::nets", "--to", "onnx", "--weights", "run", "-o", "again.onnx")
    for order in (("show", "run"), ("predict", "run", "x.npy"), again):
        told = CliRunner().invoke(cli, order)
        assert told.exit_code == 0, told.output
    manifest = json.loads((run / "run.json").read_text().replace("of_mine:Labelled", "of_mine:Nothing"))
    manifest.pop("crc32")
    (run / "run.json").write_text(json.dumps(manifest))
    (run / "result.json").unlink()
    told = CliRunner().invoke(cli, ["run", "--resume", "run", "--allow-extern"])
    assert told.exit_code == 1
    assert "E0233" in told.output
    assert "it is Nothing" in told.output


def test_a_data_set_for_each_split(space: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    from blobs_of_mine import Blobs  # type: ignore[import-not-found]

    from stdsl.runtime.data.own.given import as_dataset

    dataset = as_dataset({"train": Blobs(""), "val": Blobs("", split="val"), "test": Blobs("", split="test")})
    assert dataset.inputs == ("flow", "rgb")
    assert dataset.classes == ("0", "1", "2")
    assert [dataset.size(split) for split in ("train", "valid", "test")] == [30, 9, 9]
    with pytest.raises(TypeError, match="with `train` among them"):
        as_dataset({"test": Blobs("")})

"""`net(classes = data.classes)`: what a search says of its data where it names a space."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import stdsl
from stdsl.compiler.checks.check import check_text
from stdsl.compiler.checks.data_values import facts
from stdsl.compiler.checks.opening import load_search
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.schemas.data_motion import MotionDigits
from stdsl.runtime.prepare.preparation import load_job, load_kept_job
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, run
from stdsl.runtime.tracking.directory import open_run

TEXT = """stdsl 1
let extra = 1
meta net(channels, frames, size, classes) on video: clip(channels, frames, size, size) {
  y = video -> choose {flat: conv(2, 1x3x3), full: conv(2, 3x3x3)} as kind
  return y -> global_avg_pool -> linear(classes)
}
space nets(channels = 1, frames = 2, size = 8, classes = 2) = net(channels, frames, size, classes)
search s {
  space = nets(data.channels, data.frames, size = data.height, classes = data.classes + extra - 1)
  data = motion_digits(frames = 4, size = 12, motions = 5, channels = 2)
  strategy = gradient { }
  retrain { }
  compare { spaces = [nets(2, data.frames, data.width, data.classes)] }
}
"""


def errors(text: str, folder: Path = Path()) -> list[str]:
    return [d.code for d in check_text(Source("a.space", text, folder / "a.space"))]


def test_numbers_of_the_data_stand_where_a_space_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.space"
    path.write_text(TEXT.replace("flat: conv(2, 1x3x3), ", "").replace("choose {full: conv(2, 3x3x3)} as kind", "bn"))
    search = load_search(str(path)).search
    given = {name: int(str(value)) for name, value in search.graph.parameters}
    assert given == {"channels": 2, "frames": 4, "size": 12, "classes": 5}
    assert errors(TEXT.replace("[nets(2, data.frames, data.width, data.classes)]", "[ ]")) == []


def test_a_setting_of_the_command_line_changes_them(tmp_path: Path) -> None:
    path = tmp_path / "a.space"
    path.write_text(TEXT.replace("compare { spaces = [nets(2, data.frames, data.width, data.classes)] }", ""))
    search = load_search(str(path), overrides=("data.motions=7", "data.size=16")).search
    given = {name: str(value) for name, value in search.graph.parameters}
    assert (given["classes"], given["size"]) == ("7", "16")
    other = load_search(str(path), overrides=("space=nets(2, 4, 12, data.classes)",)).search
    assert dict(other.graph.parameters)["classes"] == 5


def test_each_of_several_inputs_has_its_own() -> None:
    data = MotionDigits(frames=4, size=12, motions=5, modalities=("frames", "flow"))
    assert facts(data.signature()) == {
        **{"classes": 5, "outputs": 5, "frames": 4, "height": 12, "width": 12},
        **{"frames.channels": 1, "frames.frames": 4, "frames.height": 12, "frames.width": 12},
        **{"flow.channels": 2, "flow.frames": 4, "flow.height": 12, "flow.width": 12},
    }


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        ("data.channels", "data.colours", ["E0534"]),
        ("data.channels", "data.video.channels", ["E0534"]),
        ("data.channels", "data.length", ["E0534"]),
        ("data.channels, data.frames", "data.a, data.b", ["E0534", "E0534"]),
        ("data = motion_digits(", "data = motion_digits(motion = 3, ", ["E0501"]),
    ],
)
def test_what_is_no_number_of_the_data(before: str, after: str, codes: list[str]) -> None:
    text = TEXT.replace("compare { spaces = [nets(2, data.frames, data.width, data.classes)] }", "")
    found = errors(text.replace(before, after, 1))
    assert found == codes or (codes == ["E0501"] and len(found) == 1 and found[0].startswith("E05"))


OWN = """stdsl 1
meta net(inputs, classes) on x: features(inputs) = x -> linear(4) -> relu -> linear(classes)
space nets(inputs = 2, classes = 2) = net(inputs, classes)
search s {
  space = nets(data.channels, data.classes)
  data = arrays("a.npz")
  retrain { steps = 2  batch = 4 }
}
"""


TWO = (
    OWN.replace("\nsearch s {", "\nspace others(inputs = 2, classes = 2) = net(inputs, classes)\nsearch s {")
    + """
search other { space = others  data = arrays("b.npz", classes = 2)  retrain { steps = 2  batch = 4 } }
"""
)


@pytest.mark.parametrize("damaged", [False, True])
def test_what_needs_no_data_is_there_without_it(damaged: bool, tmp_path: Path) -> None:
    """`check` tells what is the matter with the data of a search, and other parts of its file are used all the same."""
    path = tmp_path / "a.space"
    path.write_text(TWO, encoding="utf-8")
    if damaged:
        (tmp_path / "a.npz").write_text("<html>")
    np.savez(tmp_path / "b.npz", x=np.zeros((40, 2)), y=np.arange(40) % 2)
    told = errors(path.read_text(), tmp_path)
    assert told == (["E0703"] if damaged else ["E0535", "E0535", "W0726"]), "and not that it should be put there"
    assert stdsl.load(path, "nets").count() == 1
    assert load_search(str(path), "other").search.config.name == "other"
    with pytest.raises(SpaceError, match="E0703" if damaged else "E0535"):
        load_search(str(path), "s")
    path.write_text(TWO.replace("others(inputs = 2, classes = 2) = net(", "others(inputs = 2, classes = 2) = no_such("))
    with pytest.raises(SpaceError, match="E0201"):
        stdsl.load(path, "nets")  # mistakes of the text are told all the same


def test_what_was_read_is_kept_in_a_run(tmp_path: Path) -> None:
    (tmp_path / "a.space").write_text(OWN, encoding="utf-8")
    assert errors(OWN, tmp_path) == ["E0535", "E0535", "W0726"]
    np.savez(tmp_path / "a.npz", x=np.random.default_rng(0).normal(size=(40, 3)), y=np.arange(40) % 4)
    assert errors(OWN, tmp_path) == []
    run(RunRequest(str(tmp_path / "a.space"), out=tmp_path / "run"), Silent())
    np.savez(tmp_path / "a.npz", x=np.zeros((40, 5)), y=np.arange(40) % 7)
    assert load_job(str(tmp_path / "a.space"), None).graph.parameters[0][1] == 5
    directory = open_run(tmp_path / "run")
    for _ in range(2):
        kept = load_kept_job(directory, directory.manifest)
        assert [int(str(value)) for _, value in kept.graph.parameters] == [3, 4]
        (tmp_path / "a.npz").unlink(missing_ok=True)

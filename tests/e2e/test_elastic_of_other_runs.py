"""What was derived belongs to one run and one call: whatever of another is put in its place is told of, so that no
table has networks of both."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from stdsl.cli.main import cli
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas import run_files
from stdsl.runtime.drawn import drawn_of
from stdsl.runtime.elastic import ElasticFront, ElasticRequest, derive_elastic
from stdsl.runtime.elastic_front import asked_in, elastic_front, resume_derived
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import resume
from stdsl.runtime.tracking.directory import locked, result_of
from stdsl.runtime.tracking.sealed import sealed

TEXT = """stdsl 1
meta net on video: clip(1, 4, 8, 8) {
  y = video -> conv(choose {2, 4} as width, 1x3x3, stride = 1x2x2) -> bn -> relu
  return y -> global_avg_pool -> linear(4)
}
space nets = net
search paths {
  space = nets
  strategy = sampling { steps = 1  batch = 8  draw = uniform  samples = 1  derive { candidates = 2 } }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 8, valid = 8, test = 8)
}
"""
BUDGETS = (50, 1000)
"""Of parameters: each has one of the two networks."""
Order = Callable[..., int]


def front(folder: Path, out: Path, budgets: tuple[int, ...] = BUDGETS) -> ElasticFront:
    return elastic_front(ElasticRequest(folder, candidates=1, out=out, device="cpu"), "params", budgets, Silent())


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, stdsl: Order) -> Path:
    """The runs `0` and `1` of one text, by their seeds, and a front of each."""
    folder = tmp_path_factory.mktemp("both")
    (folder / "nets.space").write_text(TEXT, encoding="utf-8")
    for seed in "01":
        assert stdsl("run", str(folder / "nets.space"), "--set", f"seed={seed}", "--out", str(folder / seed)) == 0
        front(folder / seed, folder / f"front-{seed}")
    return folder


@pytest.fixture
def begun(both: Path, tmp_path: Path) -> Path:
    """A front of the run `0`."""
    return Path(shutil.copytree(both / "front-0", tmp_path / "front"))


def codes(folder: Path) -> list[str]:
    with pytest.raises(RunError) as raised:
        resume_derived(folder, Silent())
    return [d.code for d in raised.value.diagnostics]


def test_networks_of_a_front_that_changed_places(begun: Path) -> None:
    one, other = (begun / f"params-{budget}" for budget in BUDGETS)
    one.rename(begun / "aside")
    other.rename(one)
    (begun / "aside").rename(other)
    assert codes(begun) == ["E0722"]


def test_a_network_of_another_front(both: Path, begun: Path) -> None:
    shutil.rmtree(begun / f"params-{BUDGETS[0]}")
    shutil.copytree(both / "front-1" / f"params-{BUDGETS[0]}", begun / f"params-{BUDGETS[0]}")
    assert codes(begun) == ["E0722"]


def test_a_run_that_was_never_derived(both: Path, begun: Path) -> None:
    shutil.rmtree(begun / f"params-{BUDGETS[0]}")
    shutil.copytree(both / "0", begun / f"params-{BUDGETS[0]}")
    assert codes(begun) == ["E0722"]


def test_another_run_in_the_place_of_the_one_that_left_the_weights(both: Path, begun: Path, tmp_path: Path) -> None:
    """For a front, and for one network that had not yet a copy of them. A copy of the run is as good as it."""
    rest = begun / f"params-{BUDGETS[1]}"
    for name in ("checkpoints", "weights"):
        shutil.rmtree(rest / name)
    for name in ("result.json", "journal.jsonl"):
        (rest / name).unlink()
    kept = Path(shutil.move(both / "0", tmp_path / "kept"))
    try:
        shutil.copytree(both / "1", both / "0")
        assert codes(begun) == ["E0777"]
        assert codes(rest) == ["E0777"]
        shutil.rmtree(both / "0")
        for folder in (begun, rest):
            with pytest.raises(RunError, match="E0704") as raised:
                resume_derived(folder, Silent())
            (fault,) = raised.value.diagnostics
            advice = "goes on with the weights of the run that was there: put it back in that place"
            assert fault.help == f"{folder} {advice}"
        shutil.copytree(kept, both / "0")
        found = resume_derived(begun, Silent())
    finally:
        shutil.rmtree(both / "0", ignore_errors=True)
        shutil.move(kept, both / "0")
    assert isinstance(found, ElasticFront)
    assert [p.result and p.result.document["elastic"]["run"] for p in found.points] == [str(both / "0")] * 2


def test_a_front_that_is_over_needs_the_run_no_more(both: Path, begun: Path) -> None:
    """It says so, and where its networks are now; a damaged `front.json` is made anew."""
    before = front_of(begun)
    kept = Path(shutil.move(both / "0", both / "aside"))
    try:
        assert front_of(begun) == before
        assert [point["run"] for point in before["points"]] == [str(begun / f"params-{b}") for b in BUDGETS]
        assert CliRunner().invoke(cli, ["derive", "--resume", str(begun), "--json"]).exit_code == 0
        text = CliRunner().invoke(cli, ["derive", "--resume", str(begun)]).output
        assert f"nothing is left to do in {begun}" in text
        whole = (begun / "front.json").read_bytes()
        (begun / "front.json").write_bytes(whole.replace(b'"cost": "params"', b'"cost": "params "'))
        assert codes(begun) == ["E0704"]
    finally:
        shutil.move(kept, both / "0")
    assert front_of(begun) == before
    assert (begun / "front.json").read_bytes() == whole


def front_of(folder: Path) -> Any:
    found = resume_derived(folder, Silent())
    assert isinstance(found, ElasticFront)
    return found.document()


def test_weights_of_another_run_in_one_that_is_not_over(both: Path, begun: Path) -> None:
    """Between the copy of the shared weights and the end of what is measured with them."""
    rest = begun / f"params-{BUDGETS[1]}"
    shutil.rmtree(rest / "checkpoints")
    for name in ("result.json", "journal.jsonl"):
        (rest / name).unlink()
    kept = (rest / "weights" / "search.safetensors").read_bytes()
    shutil.copy(both / "1" / "weights" / "search.safetensors", rest / "weights")
    assert codes(rest) == codes(begun) == ["E0722"]
    (rest / "weights" / "search.safetensors").write_bytes(kept)
    assert isinstance(resume_derived(begun, Silent()), ElasticFront)


def test_weights_that_are_fetched_are_those_that_it_was_begun_with(both: Path, begun: Path) -> None:
    """Where the run has none yet, and the one that left some has others since."""
    rest = begun / f"params-{BUDGETS[1]}"
    for name in ("checkpoints", "weights"):
        shutil.rmtree(rest / name)
    for name in ("result.json", "journal.jsonl"):
        (rest / name).unlink()
    own = json.loads((rest / "run.json").read_bytes())
    own.pop("crc32")
    own["elastic"]["weights"] = "00000000"
    (rest / "run.json").write_text(json.dumps(sealed(own)))
    with pytest.raises(RunError, match=r"E0722.*it holds other weights than the run was begun with") as raised:
        resume(rest, Silent())
    assert str(both / "0" / "weights" / "search.safetensors") in str(raised.value)
    assert not (rest / "weights" / "search.safetensors").exists()


def test_another_bit_of_what_was_asked_for(begun: Path) -> None:
    path = begun / run_files.ASKED
    whole = path.read_bytes()
    right = asked_in(path)
    told = 0
    for place in range(0, 8 * len(whole), 13):
        content = bytearray(whole)
        content[place // 8] ^= 1 << place % 8
        path.write_bytes(content)
        try:
            found = asked_in(path)
        except RunError:
            told += 1
        else:
            assert found == right, f"bit {place % 8} of byte {place // 8}"
    assert told
    plain = {name: value for name, value in json.loads(whole).items() if name not in ("crc32", "id", "weights")}
    path.write_text(json.dumps(plain))  # as older versions wrote it
    assert asked_in(path) == right.model_copy(update={"id": "", "weights": ""})


def test_one_process_works_on_a_front(both: Path, begun: Path, tmp_path: Path) -> None:
    with locked(begun):
        assert codes(begun) == ["E0705"]
    (tmp_path / "new").mkdir()
    with locked(tmp_path / "new"), pytest.raises(RunError) as raised:
        front(both / "0", tmp_path / "new")
    assert [d.code for d in raised.value.diagnostics] == ["E0705"]
    assert isinstance(resume_derived(begun, Silent()), ElasticFront)


@pytest.mark.parametrize("name", ["result.json", "journal.jsonl", "weights/search.safetensors"])
def test_a_file_of_another_run_of_the_text(both: Path, tmp_path: Path, name: str) -> None:
    """Whoever reads it says so, or makes it anew."""
    run = Path(shutil.copytree(both / "0", tmp_path / "run"))
    shutil.copy(both / "1" / name, run / name)
    faults = []
    for read in (
        lambda: derive_elastic(ElasticRequest(run, candidates=1, out=tmp_path / "new", device="cpu"), Silent()),
        lambda: drawn_of(run),
        lambda: result_of(run),
    ):
        try:
            read()
            faults.append("")
        except RunError as error:
            faults += [d.code for d in error.diagnostics]
    assert (
        faults
        == {
            "result.json": ["", "", "E0722"],
            "journal.jsonl": ["E0722", "E0722", ""],
            "weights/search.safetensors": ["E0722", "", ""],
        }[name]
    )
    if name == "result.json":
        assert resume(run, Silent()).document["id"] == result_of(both / "0")["id"]


def test_the_folder_of_a_front_is_shown(both: Path, begun: Path) -> None:
    """As it was told; whoever wants a run there is told of those that are in it."""
    called = CliRunner().invoke
    told, shown = called(cli, ["derive", "--resume", str(begun)]), called(cli, ["show", str(begun)])
    assert shown.exit_code == 0
    assert shown.output in told.output
    assert json.loads(called(cli, ["show", str(begun), "--json"]).output) == front_of(begun)
    inside = [begun / f"params-{budget}" for budget in BUDGETS]
    for call in (["show", str(begun), "--layers"], ["predict", str(begun), "x.npy"], ["derive", str(begun)]):
        refused = called(cli, call)
        assert (refused.exit_code, "E0704" in refused.stderr) == (2, True)
        assert all(f"`{folder}`" in refused.stderr for folder in inside)
    refused = called(cli, ["derive", str(both / "0"), "--arch", str(inside[0])])
    assert refused.exit_code == 2
    assert str(inside[0] / "architectures" / "derived.arch.json") in " ".join(refused.stderr.split())
    (begun / run_files.FRONT).unlink()
    unfinished = called(cli, ["show", str(begun)])
    assert f"stdsl derive --resume {begun}" in unfinished.stderr


def test_costs_and_numbers_that_are_nearly_right(both: Path, tmp_path: Path) -> None:
    for words, meant in (
        (["--where", "flop <= 1K"], "did you mean `flops`?"),
        (["--where", "parms <= 1K"], "did you mean `params`?"),
        (["--where", "MACs <= 1K, params <= 1K"], "did you mean `flops`?"),
        (["--where", "latency <= 1K"], "compare `flops`, `params`"),
        (["--front", "flops", "--budget", "200k"], "did you mean 200K?"),
        (["--front", "flops", "--budget", "lots"], "not 'lots'\n"),
    ):
        refused = CliRunner().invoke(cli, ["derive", str(both / "0"), *words, "--out", str(tmp_path / "none")])
        assert (refused.exit_code, meant in refused.stderr) == (2, True), refused.stderr


def test_what_an_exported_search_and_its_weights_are_asked_next(
    stdsl: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`next` is a call that works, and so is the advice about the weights of another architecture."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.space").write_text(TEXT.replace("test = 8)", "test = 8)\n  export { }"), encoding="utf-8")
    assert stdsl("run", str(tmp_path / "nets.space"), "--out", str(tmp_path / "run")) == 0
    result = result_of(tmp_path / "run")
    call = shlex.split(result["next"][-1])
    flops = result["derived"]["flops"]
    budgets = ["--budget", str(flops // 2), "--budget", str(flops)]
    assert call == ["stdsl", "derive", str(tmp_path / "run"), "--front", "flops", *budgets]
    derived = CliRunner().invoke(cli, [*call[1:], "--candidates", "1", "--out", "front", "--device", "cpu"])
    assert derived.exit_code == 0, derived.output
    again = [
        command
        for one in ("flops", *budgets[1::2])
        if (folder := Path("front", f"flops-{one}")).exists()
        for command in result_of(folder)["next"]
    ]
    assert again
    assert not [command for command in again if command.startswith("stdsl derive")]
    assert CliRunner().invoke(cli, ["sample", "nets.space::nets", "-n", "20", "-o", "drawn"]).exit_code == 0
    other = next(
        f for f in sorted(Path("drawn").iterdir()) if json.loads(f.read_text())["hash"] != result["derived"]["hash"]
    )
    words = ["compile", "nets.space::nets", "--to", "onnx", "--weights", "run", "--arch", str(other)]
    refused = CliRunner().invoke(cli, words)
    assert refused.exit_code == 1
    assert "`stdsl derive run --arch FILE`" in refused.stderr

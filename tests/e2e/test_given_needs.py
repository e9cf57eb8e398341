"""A finished run in the place of a search that is needed: the same bits as where it is run, and no work."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kills.outcome import differences, outcome
from kills.process import Zygote

import stdsl as api
from stdsl.compiler.diagnostics.model import RunError
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, resume, run
from stdsl.runtime.training.interruption import Interrupted

TEXT = """stdsl 1
meta net on x: image(1, 6, 6) {
  y = x -> conv(choose {2, 4} as width, choose {1, 3} as window) -> bn -> relu
  return y -> global_avg_pool -> linear(2)
}
space small = net
space light = net where params <= 50
search paths {
  space = small
  strategy = sampling { steps = 2  batch = 8  draw = uniform  samples = 1  derive { candidates = 2 } }
  data = arrays("data.npz")
  export { onnx = "paths.onnx" }
}
search bred {
  space = light
  needs = [paths]
  strategy = random { trials = 2  fitness { weights = shared  batch = 8 } }
  data = arrays("data.npz")
  export { onnx = "bred.onnx" }
}
search both {
  space = light
  needs = [bred, paths]
  strategy = random { trials = 1  fitness { weights = shared  batch = 8 } }
  data = arrays("data.npz")
}
"""
Order = Callable[..., int]


def save(folder: Path, start: int = 0) -> None:
    x = np.random.default_rng(start).normal(size=(120, 6, 6)).astype(np.float32)
    np.savez(folder / "data.npz", x=x, y=np.arange(120) // 3 % 2)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, stdsl: Order) -> Path:
    """A run of what is needed, and one of the other that has run it itself."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "own.space").write_text(TEXT, encoding="utf-8")
    save(folder)
    file = folder / "own.space"
    assert stdsl("run", f"{file}::paths", "--out", str(folder / "paths")) == 0
    assert stdsl("run", f"{file}::bred", "--out", str(folder / "bred"), "--hands", "0") == 0
    return folder


def given(folder: Path, out: Path, run: Path) -> tuple[str, ...]:
    return ("run", f"{folder / 'own.space'}::bred", "--out", str(out), "--hands", "0", "--needs", f"paths={run}")


def test_it_comes_to_the_same(finished: Path, tmp_path: Path, stdsl: Order, zygote: Zygote) -> None:
    """As if it had run by itself; and needs nothing of the run that it was given afterwards."""
    lent, out = tmp_path / "lent", tmp_path / "out"
    shutil.copytree(finished / "paths", lent)
    assert stdsl(*given(finished, out, lent)) == 0
    assert "needed first" not in zygote.output.read_text()
    assert "of which this one has a copy" in zygote.output.read_text()
    assert differences(outcome(finished / "bred"), outcome(out)) == []
    recorded = json.loads((out / "run.json").read_text())["needs"]
    assert recorded == {"paths": {"run": str(lent), "id": json.loads((lent / "run.json").read_text())["id"]}}
    shutil.rmtree(lent)
    (out / "result.json").unlink()
    assert stdsl("run", "--resume", str(out), "--hands", "0") == 0
    assert differences(outcome(finished / "bred"), outcome(out)) == []


@pytest.mark.parametrize("name", ["weights/search.safetensors", "journal.jsonl"])
def test_files_of_another_run_in_it_are_told_of_at_the_option(
    name: str, finished: Path, tmp_path: Path, stdsl: Order
) -> None:
    """Before anything is made. The other run differs in its seed, so that weights of its fit as well."""
    other, lent, out = tmp_path / "other", tmp_path / "lent", tmp_path / "out"
    assert stdsl("run", f"{finished / 'own.space'}::paths", "--out", str(other), "--set", "seed=1") == 0
    shutil.copytree(finished / "paths", lent)
    shutil.copy(other / name, lent / name)
    with pytest.raises(RunError) as raised:
        run(RunRequest(str(finished / "own.space"), "bred", out=out, needs={"paths": lent}), Silent())
    (found,) = raised.value.diagnostics
    assert found.code == "E0722"
    assert f"lent/{name}" in found.message
    assert found.span is not None
    assert found.span.text == f"paths={lent}"
    assert not out.exists()


@pytest.mark.parametrize("number", [1, 5])
def test_killed_while_it_is_copied(number: int, finished: Path, tmp_path: Path, stdsl: Order) -> None:
    out = tmp_path / "out"
    call = given(finished, out, finished / "paths")
    assert stdsl(*call, moment="copied", number=number) == -signal.SIGKILL
    assert not (out / "needs" / "paths").exists()
    (left,) = (out / "needs").iterdir()
    assert stdsl("run", "--resume", str(out), "--hands", "0") == 0
    assert not left.exists()
    assert differences(outcome(finished / "bred"), outcome(out)) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_it_is_copied(
    number: signal.Signals, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the copy is left, and the message says how it goes on."""
    out, copies = tmp_path / "out", list[bytes]()

    def copy(own: Any, target: Any) -> None:
        if len(copies) == 3:
            target.write(b"a part of it")
            os.kill(os.getpid(), number)
        copies.append(own.read())
        target.write(copies[-1])

    with monkeypatch.context() as patched:
        patched.setattr("stdsl.runtime.tracking.copied.shutil.copyfileobj", copy)
        with pytest.raises(Interrupted, match=f"--resume {out}` goes on from here"):
            run(RunRequest(str(finished / "own.space"), "bred", out=out, needs={"paths": finished / "paths"}), Silent())
    assert list((out / "needs").iterdir()) == []
    resume(out, Silent())
    assert differences(outcome(finished / "bred"), outcome(out)) == []


@pytest.mark.parametrize(("moment", "number"), [("copied", 1), ("over", 1), ("over", 2)])
def test_what_is_needed_twice_is_given_once(
    moment: str, number: int, finished: Path, tmp_path: Path, stdsl: Order, zygote: Zygote
) -> None:
    """By a search that runs first, too, which names it before: that takes what is given, wherever it is killed."""
    out, call = tmp_path / "out", ("run", f"{finished / 'own.space'}::both", "--hands", "0", "--out")
    paths = finished / "paths"
    assert stdsl(*call, str(out), "--needs", f"paths={paths}", moment=moment, number=number) == -signal.SIGKILL
    assert stdsl("run", "--resume", str(out), "--hands", "0") == 0
    assert "needed first: paths" not in zygote.output.read_text()
    own = [json.loads((run / "run.json").read_text())["id"] for run in (out / "needs" / "paths", paths)]
    assert own[0] == own[1]
    alone = {place: left for place, left in outcome(finished / "bred").items() if not place.startswith("needs/")}
    assert differences(alone, outcome(out / "needs" / "bred")) == []
    assert (out / "result.json").exists()


def test_from_python(finished: Path, tmp_path: Path) -> None:
    target = f"{finished / 'own.space'}::bred"
    api.run(target, needs={"paths": finished / "paths"}, out=tmp_path / "out", device="cpu", progress=False)
    assert differences(outcome(finished / "bred"), outcome(tmp_path / "out")) == []
    with pytest.raises(TypeError):
        api.run(target, needs=str(finished / "paths"), progress=False)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        api.run(resume=tmp_path / "out", needs={"paths": finished / "paths"}, progress=False)


def refused(finished: Path, out: Path, run: Path, name: str = "paths", **more: Any) -> tuple[str, str]:
    """The code of what is said of a run, and all that is said of it. Nothing is made."""
    target = f"{finished / 'own.space'}::bred"
    with pytest.raises(RunError) as raised:
        api.run(target, needs={name: run}, out=out, device="cpu", progress=False, **more)
    (fault,) = raised.value.diagnostics
    assert not out.exists()
    return fault.code, "\n".join((fault.message, *fault.notes, fault.help or ""))


def test_what_is_no_run_of_it_is_refused(finished: Path, tmp_path: Path, stdsl: Order) -> None:
    out, paths = tmp_path / "out", finished / "paths"
    assert refused(finished, out, finished / "paths", "path")[0] == "E0775"
    assert refused(finished, out, tmp_path)[0] == "E0704"
    code, said = refused(finished, out, finished / "bred")
    assert code == "E0776"
    assert "`name` was `bred`, and is `paths`" in said
    code, said = refused(finished, out, paths, overrides={"seed": 1})
    assert code == "E0776"
    assert "`seed` was `0`, and is `1`" in said
    assert "run `paths` as the file has it, with `--set seed=1`, and give that run" in said
    assert "run `paths` as the file has it and give that run" in refused(finished, out, finished / "bred")[1]
    assert stdsl("derive", str(paths), "--candidates", "1", "--out", str(tmp_path / "derived")) == 0
    code, said = refused(finished, out, tmp_path / "derived")
    assert code == "E0776"
    assert "derived from the weights of another run" in said
    shutil.copytree(paths, tmp_path / "begun")
    (tmp_path / "begun" / "result.json").unlink()
    assert refused(finished, out, tmp_path / "begun")[0] == "E0716"
    assert refused(finished, paths / "inside", paths)[0] == "E0710"


def test_other_texts_and_other_data_are_refused(finished: Path, tmp_path: Path) -> None:
    paths, own = finished / "paths", tmp_path / "own.space"
    save(tmp_path)
    for change, said in (
        (("steps = 2", "steps = 3"), "`strategy.steps` was `2`, and is `3`"),
        (
            ("draw = uniform", "draw = probability  objectives = [cost(flops, high = 5K)]"),
            "`strategy.objectives` was `[]`, and is `[cost(of = flops, weight = 1.0, high = 5000.0, log = false)]`",
        ),
        (("choose {1, 3}", "choose {1, 5}"), "the space `small` was another one"),
        (("search paths", "search  paths"), ""),
        (("  data = arrays", "  loaders = 1  data = arrays"), ""),
    ):
        own.write_text(TEXT.replace(*change), encoding="utf-8")
        if not said:  # the same search, in another place and written otherwise
            api.run(
                f"{own}::bred",
                needs={"paths": paths},
                out=tmp_path / change[1][:9].strip(),
                device="cpu",
                progress=False,
            )
            continue
        code, told = refused(tmp_path, tmp_path / "out", paths)
        assert code == "E0776"
        assert said in told
    save(tmp_path, 1)
    code, told = refused(tmp_path, tmp_path / "out", paths)
    assert code == "E0776"
    assert "its data, `arrays`, was another" in told


@pytest.mark.parametrize("given_one", [False, True])
def test_another_run_in_the_place_of_what_was_needed(
    given_one: bool, finished: Path, tmp_path: Path, stdsl: Order
) -> None:
    """In the folder of a run that is not over, whether it had made its own or was given one."""
    out = tmp_path / "out"
    if given_one:
        assert stdsl(*given(finished, out, finished / "paths"), moment="over", number=1) == -signal.SIGKILL
    else:
        shutil.copytree(finished / "bred", out)
        (out / "result.json").unlink()
    kept, place = tmp_path / "kept", out / "needs" / "paths"
    place.rename(kept)
    other = finished / ("bred/needs/paths" if given_one else "paths")
    shutil.copytree(other, place)
    with pytest.raises(RunError, match=r"E0722.*it is that of another run"):
        resume(out, Silent())
    shutil.rmtree(place)
    kept.rename(place)
    resume(out, Silent())
    assert differences(outcome(finished / "bred"), outcome(out)) == []


def test_another_run_in_its_place_is_refused(finished: Path, tmp_path: Path, stdsl: Order) -> None:
    """Where the run was killed before it had its copy."""
    lent, out = tmp_path / "lent", tmp_path / "out"
    shutil.copytree(finished / "paths", lent)
    assert stdsl(*given(finished, out, lent), moment="copied", number=1) == -signal.SIGKILL
    shutil.rmtree(lent)
    with pytest.raises(RunError) as raised:
        api.run(resume=out, progress=False)
    ((code, advice),) = [(d.code, d.help) for d in raised.value.diagnostics]
    assert code == "E0704"
    assert advice == "put that run back in its place, or begin anew with another one"
    shutil.copytree(finished / "bred", lent)
    with pytest.raises(RunError) as raised:
        api.run(resume=out, progress=False)
    assert [d.code for d in raised.value.diagnostics] == ["E0776"]

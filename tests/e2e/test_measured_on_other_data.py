"""What is measured on other data is told in the units of that data, as it is: not scaled by its own statistics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stdsl
from stdsl.compiler.diagnostics.model import RunError
from stdsl.runtime.prepare.opening import opened_for
from stdsl.runtime.prepare.preparation import load_job

TEXT = """stdsl 1
meta net(inputs) on row: features(inputs) = row -> choose {plain: linear(1), bare: linear(1, bias = false)} as kind
space nets(inputs = 2) = net(inputs)
search s {
  space    = nets(data.channels)
  data     = table("a.csv", target = "y")
  strategy = gradient { steps = 2  batch = 16 }
  retrain  { steps = 60  batch = 32  optimizer = adam(lr = 0.1) }
  evaluate { data = table("b.csv", target = "y", test = 0.9) }
}
"""
RNG = np.random.default_rng(0)


def table(path: Path, header: str, *columns: Any) -> None:
    rows = [",".join(map(str, row)) for row in zip(*columns, strict=True)]
    path.write_text("\n".join([header, *rows]), encoding="utf-8")


def space(folder: Path, text: str = TEXT) -> str:
    (folder / "s.space").write_text(text, encoding="utf-8")
    return str(folder / "s.space")


def test_a_shift_of_inputs_and_targets_is_seen_in_the_error(tmp_path: Path) -> None:
    a, b = RNG.normal(size=(2, 120)).round(4)
    table(tmp_path / "a.csv", "a,b,y", a, b, 3 * a + 0.5)
    far = a + 50
    table(tmp_path / "b.csv", "b,a,y", b, far, 3 * far + 0.5 + 1000)  # the columns in another order
    result = stdsl.run(space(tmp_path), out=tmp_path / "run", device="cpu", progress=False).document
    told = next(network["test"] for network in result["networks"] if network["title"] == "derived")
    assert told["rmse"] == pytest.approx(1000, rel=0.05)
    kept = {name: json.loads((tmp_path / "run" / name).read_text()) for name in ("data.json", "data-evaluate.json")}
    assert kept["data.json"]["normalisation"] == kept["data-evaluate.json"]["normalisation"]


def test_other_columns_are_refused(tmp_path: Path) -> None:
    a, b = RNG.normal(size=(2, 40))
    table(tmp_path / "a.csv", "a,b,y", a, b, a / 2)
    table(tmp_path / "b.csv", "a,c,y", a, b, a / 2)
    with pytest.raises(RunError, match=r"E0567.*`c` in place of `b`"):
        opened_for(load_job(space(tmp_path), None))


def test_inputs_of_arrays_come_in_the_order_and_scale_of_the_training(tmp_path: Path) -> None:
    one, two, y = RNG.normal(size=(40, 2)), RNG.normal(5, 3, (40, 2)), np.arange(40) % 2
    np.savez(tmp_path / "a.npz", one=one, two=two, y=y)
    np.savez(tmp_path / "b.npz", two=two + 7, one=one, y=y)
    text = TEXT.replace('table("a.csv", target = "y")', 'arrays("a.npz")').replace(
        'table("b.csv", target = "y", test = 0.9)', 'arrays("b.npz", normalise = samples)'
    )
    text = text.replace(
        "meta net(inputs) on row: features(inputs) = row ->",
        "meta net(inputs) on u: features(2), v: features(2) = [u, v] -> concat ->",
    ).replace("linear(1", "linear(2")
    found = opened_for(load_job(space(tmp_path, text), None, ["space=nets(2)"]))
    search, own = (found[role].samples("test", np.arange(8), 0).inputs for role in ("search", "evaluate"))
    assert found["evaluate"].inputs == ("one", "two")
    assert np.allclose(own[0], search[0], atol=1e-5)
    assert np.allclose(own[1] - search[1], 7 / np.array(found["search"].normalisation.of("two").std), atol=1e-4)
    np.savez(tmp_path / "b.npz", three=two, one=one, y=y)
    with pytest.raises(stdsl.SpaceError, match=r"E0567.*`three`, `one`"):
        load_job(space(tmp_path, text), None, ["space=nets(2)"])

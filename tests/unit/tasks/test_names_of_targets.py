"""What classes, labels and numbers are called: as arrays, a block of extern data or a class of the user's says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stdsl
from stdsl.compiler.diagnostics.model import RunError
from stdsl.runtime.data.own.given import as_dataset
from stdsl.runtime.data.targets import targets_of
from stdsl.runtime.prepare.opening import opened
from stdsl.runtime.prepare.preparation import load_job

X = np.random.default_rng(0).normal(size=(40, 3))
TARGETS = {
    "classes": np.arange(40) % 2,
    "labels": np.stack([np.arange(40) % 2, np.arange(40) % 3 == 0], 1).astype(int),
    "numbers": X[:, :2] * 2,
}
TASKS: Any = {"classes": "classification", "labels": "multi_label", "numbers": "regression"}
CODE = """
import numpy as np

class Rows:
    def __init__(self, kind, names):
        self.kind = kind
        if names:
            self.classes = ["p", "q"]

    def __len__(self):
        return 30

    def __getitem__(self, i):
        x = np.random.default_rng(i).normal(size=3)
        return x, {"classes": i % 2, "labels": np.array([i % 2, 1]), "numbers": x[:2]}[self.kind]
"""
TEXT = """stdsl 1
extern data rows(kind: string, names: bool = false) from "rows_with_names:Rows" { inputs = features(3)  TOLD }
meta net(outputs) on x: features(3) = x -> choose {a: linear(4), b: linear(4) -> relu} -> relu -> linear(outputs)
space nets(outputs = 2) = net(outputs)
search s { space = nets(data.outputs)  data = rows(KIND)  strategy = gradient { steps = 1 }  retrain { steps = 1 } }
"""


@pytest.mark.parametrize("kind", TARGETS)
def test_arrays_say_it(kind: str) -> None:
    arrays = {"x": X, "y": TARGETS[kind]}
    found = as_dataset(stdsl.arrays(arrays, names=["one", "two"]), TASKS[kind])
    assert targets_of(found).names == ("one", "two")
    assert found.classes == (() if kind == "numbers" else ("one", "two"))
    words = "`names` are 1 for classes from 0 on|`names` has it not|`names` are 1"
    with pytest.raises(RunError, match=f"E0703.*({words})"):
        as_dataset(stdsl.arrays(arrays, names=["one"]), TASKS[kind])
    for settings, code in (({"names": ["a", "a"]}, "E0510"), ({"names": ["a", "b"], "classes": 2}, "E0510")):
        with pytest.raises(RunError, match=code):
            stdsl.arrays(arrays, **settings)


def test_labels_that_are_texts_have_the_order_of_the_names() -> None:
    texts = np.array(["cat", "dog", "ant"])[np.arange(40) % 3]
    found = as_dataset(stdsl.arrays({"x": X, "y": texts}, names=["dog", "cat", "ant", "eel"], normalise=None))
    assert found.classes == ("dog", "cat", "ant", "eel")
    numbers = {split: found.samples(split, np.arange(found.size(split)), 0) for split in ("train", "valid", "test")}
    for batch in numbers.values():
        for row, label in zip(batch.inputs[0], batch.targets, strict=True):
            place = int(np.abs(X - row.numpy()).sum(1).argmin())
            assert found.classes[int(label)] == texts[place]
    with pytest.raises(RunError, match=r"E0703.*the label `ant`, and `names` has it not"):
        stdsl.arrays({"x": X, "y": texts}, names=["dog", "cat"])


@pytest.mark.parametrize("kind", TARGETS)
def test_a_block_and_a_class_say_it(kind: str, tmp_path: Path) -> None:
    (tmp_path / "rows_with_names.py").write_text(CODE)

    def names(told: str, arguments: str) -> tuple[str, ...]:
        text = TEXT.replace("TOLD", told).replace("KIND", arguments)
        (tmp_path / "a.space").write_text(text, encoding="utf-8")
        job = load_job(str(tmp_path / "a.space"), None, allow_extern=True)
        return targets_of(opened(job)).names

    assert names(f'{kind} = ["one", "two"]', f'"{kind}"') == ("one", "two")
    assert names(f"{kind} = 2", f'"{kind}", names = true') == ("p", "q")
    assert names(f'{kind} = ["one", "two"]', f'"{kind}", names = true') == ("one", "two")
    assert names(f"{kind} = 2", f'"{kind}"') == (("0", "1") if kind == "classes" else ("y[0]", "y[1]"))
    for wrong in ('["a", "a"]', "[ ]", "[1, 2]"):
        with pytest.raises(stdsl.SpaceError, match="E0504"):
            names(f"{kind} = {wrong}", f'"{kind}"')

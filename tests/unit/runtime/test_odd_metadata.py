"""What an ONNX file says of itself, wrong in every place: it is used, or a diagnostic says what is wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest
from odd_data import odd_documents
from onnx import TensorProto, helper, numpy_helper

from stdsl.compiler.diagnostics.model import RunError
from stdsl.runtime.prediction import model as prediction
from stdsl.runtime.prediction.samples import samples_of

KINDS: Mapping[str, Mapping[str, Any]] = {
    "features": {
        "inputs": [{"name": "x", "layout": "features", "axes": "N,C", "shape": ["batch", 3]}],
        "classes": ["a", "b"],
        "targets": {"task": "classification", "kind": "classes", "names": ["a", "b"]},
        "normalisation": {"mean": [0, 1, 2.5], "std": [1, 2, 3], "columns": [["p", None], ["q", "r"], ["q", "s"]]},
    },
    "numbers": {
        "inputs": [{"name": "x", "layout": "features", "axes": "N,C", "shape": ["batch", 3]}],
        "classes": [],
        "targets": {"task": "regression", "kind": "numbers", "names": ["a", "b"], "mean": [0, 1], "std": [1, 2]},
        "normalisation": {"each": {"row": {"mean": [0, 1, 2.5], "std": [1, 2, 3]}}},
        "modalities": ["row"],
        "bytes": ["row"],
    },
    "image": {
        "inputs": [{"name": "x", "layout": "image", "axes": "N,C,H,W", "shape": ["batch", 3, 1, 1]}],
        "classes": ["a", "b"],
        "targets": {"task": "dense", "kind": "classes", "names": ["a"], "positions": [2]},
        "normalisation": {"per_sample": True, "only": ["x"]},
        "preparation": {"kind": "image", "size": 1, "resize": 2, "channels": 3},
    },
    "side by side": {
        "inputs": [
            {"name": "x", "layout": "image", "axes": "N,C,H,W", "shape": ["batch", 3, 1, 1]},
            {"name": "z", "layout": "image", "axes": "N,C,H,W", "shape": ["batch", 2, 1, 1]},
        ],
        "classes": ["a", "b"],
        "modalities": ["rgb", "flow"],
        "preparation": {"kind": "image", "size": 1, "resize": 2, "channels": [2, 3], "inputs": ["flow", "rgb"]},
    },
}
"""What files of some kinds say, about a network that makes two numbers of three, or of three and two."""


class Session:
    """A session of onnxruntime whose file says something else of itself."""

    def __init__(self, layout: str) -> None:
        behind = [] if layout == "features" else [1, 1]
        sizes = {"x": 3, "z": 2} if layout == "side by side" else {"x": 3}
        weights = [numpy_helper.from_array(np.ones((n, 2), np.float32), f"w{x}") for x, n in sizes.items()]
        nodes = [helper.make_node("Flatten", [x], [f"f{x}"]) for x in sizes]
        nodes += [helper.make_node("MatMul", [f"f{x}", f"w{x}"], [f"y{x}"]) for x in sizes]
        nodes.append(helper.make_node("Sum", [f"y{x}" for x in sizes], ["y"]))
        pairs = sizes.items()
        taken = [helper.make_tensor_value_info(x, TensorProto.FLOAT, ["batch", n, *behind]) for x, n in pairs]
        given = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])]
        graph = helper.make_graph(nodes, "g", taken, given, weights)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        self._own = onnxruntime.InferenceSession(made.SerializeToString())
        self.says: dict[str, str] = {}

    def get_modelmeta(self) -> Any:
        return SimpleNamespace(custom_metadata_map=self.says)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)


def described(session: Session, says: Mapping[str, Any]) -> prediction.Model:
    session.says = {key: own if isinstance(own, str) else json.dumps(own) for key, own in says.items()}
    return prediction._described(session, "a.onnx")


def use(model: prediction.Model, rows: Path) -> None:
    """What `predict` does with a network: samples of a file, and scores of arrays."""
    assert len(set(model.names)) == len(model.names)  # scores are given by them
    scores = model.scores([tuple(np.zeros(own.shape, np.float32) for own in model.inputs)])
    assert scores.shape == (1, len(model.names), *model.positions)
    assert model.applying(scores[0].reshape(-1)[: len(model.names)]) is not None
    try:
        for _, sample in samples_of(model, rows):
            model.scores([sample])
    except ValueError:
        pass  # a file that does not fit, which is told of


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    (tmp_path / "rows.csv").write_text("p,q\n1,r\n,s\n")
    return tmp_path / "rows.csv"


@pytest.mark.parametrize("kind", KINDS)
def test_anything_that_a_file_says_is_used_or_told_of(kind: str, rows: Path) -> None:
    session = Session(kind if kind in ("image", "side by side") else "features")
    use(described(session, KINDS[kind]), rows)
    codes = set()
    for says in odd(KINDS[kind]):
        try:
            use(described(session, says), rows)
        except RunError as error:
            codes |= {d.code for d in error.diagnostics if d.help}
    assert codes == {"E0741"}


def odd(says: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from odd_documents(copy.deepcopy(dict(says)))
    for key in says:
        for text in ("", "{", "NaN", "[" * 100_000, "9" * 10_000, "\ud800", "1e999", '{"a":1,"a":2}'):
            yield {**says, key: text}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"targets": {"kind": "classes", "names": ["a", "a"]}}, "have the name 'a' twice"),
        ({"targets": {"kind": "numbers", "names": ["a", "a"]}, "classes": []}, "have the name 'a' twice"),
        ({"targets": {"kind": "classes", "names": ["a"]}}, r"its output holds \(2,\).* 1 names"),
        ({"inputs": [{"name": "z", "layout": "features", "axes": "N,C", "shape": ["batch", 3]}]}, "has no such input"),
        ({"normalisation": {"mean": [0], "std": [1]}}, "3 channels, and `mean`"),
        ({"normalisation": {"mean": [0, 0, 0], "std": [1, 0, 1]}}, "greater than 0"),
        ({"normalisation": {"only": ["y"]}}, "`normalisation.only` has `y`, and its inputs are `x`"),
        (
            {"normalisation": {"means": [0, 0, 0], "std": [1, 1, 1]}},
            "`normalisation.means` is nothing that this version",
        ),
        ({"normalisation": {"each": {"x": {"scale": 2}}}}, "`normalisation.each.x.scale` is nothing that this version"),
        ({"normalisation": {"per_sample": True, "mean": [0, 0, 0], "std": [1, 1, 1]}}, "`per_sample` and a `mean`"),
        ({"preparation": {**KINDS["image"]["preparation"], "crop": 3}}, "`preparation.crop` is nothing that this"),
        ({"classes": {"a": 1}}, "`classes` is wrong"),
    ],
)
def test_what_is_wrong_is_said(change: Mapping[str, Any], words: str) -> None:
    with pytest.raises(RunError, match=f"E0741.*{words}"):
        described(Session("features"), {**KINDS["features"], **change})


def test_whether_training_saw_bytes_says_how_bytes_are_taken() -> None:
    session = Session("features")
    plain = {key: own for key, own in KINDS["numbers"].items() if key not in ("normalisation", "targets")}
    plain["classes"] = ["a", "b"]
    values = np.array([0, 51, 255])
    fed = {}
    for name, said in {"bytes": {"bytes": ["row"]}, "numbers": {"bytes": []}, "unsaid": {}}.items():
        says = {key: own for key, own in plain.items() if key != "bytes"} | said
        model = described(session, says)
        for kind in (np.uint8, np.int64, np.float64):
            fed[name, kind.__name__] = model._fed(model.inputs[0], [values.astype(kind)])[0].tolist()
    whole, shares = [0, 51, 255], pytest.approx([0, 0.2, 1])
    assert fed["bytes", "uint8"] == shares
    assert fed["bytes", "int64"] == shares
    assert fed["bytes", "float64"] == whole
    assert fed["numbers", "uint8"] == fed["numbers", "int64"] == fed["numbers", "float64"] == whole
    assert fed["unsaid", "uint8"] == shares
    assert fed["unsaid", "int64"] == whole


def test_a_file_that_cannot_be_run_is_told_of() -> None:
    model = described(Session("features"), KINDS["features"])
    with pytest.raises(RunError, match=r"E0741.*cannot be run by onnxruntime"):
        model.scores([(np.zeros((4,), np.float32)[None][:, :2],)])

"""What a caller says of an exported network: names of its inputs and output, classes, normalisation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from traceback import extract_tb
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from odd_data import JSON, SAID, VALUES, odd_documents
from torch import nn

import stdsl
from stdsl.compiler.backends.export import onnx as export
from stdsl.compiler.backends.export.of_data import metadata_of
from stdsl.runtime.prediction.metadata import said_in
from stdsl.runtime.prediction.model import model_of

DEPLOYMENT = Path(__file__).parents[3] / "docs" / "deployment.md"
TEXT = """stdsl 1
meta two on a: image(3, 8, 8), b: image(2, 8, 8) {
  y = [a, b] -> concat -> conv(4, 3x3) -> choose {relu, gelu} as kind
  return y -> global_avg_pool -> linear(3)
}
meta one on output: image(2, 4, 4) = output -> conv(3, 1x1) -> choose {relu, gelu} as kind
space pair = two
space dense = one
search s {
  space = pair
  data = arrays("pairs.npz")
  strategy = gradient { steps = 1  batch = 8 }
  retrain { steps = 1  batch = 8 }
  export { onnx = "m.onnx"  verify = false }
}
"""
EACH = {"each": {"left": {"mean": [0, 1, 2], "std": [1, 2, 3]}, "right": {"per_sample": True}}}


EACH_OF_SPACE = {"each": {"a": EACH["each"]["left"], "b": EACH["each"]["right"]}}


def network(name: str) -> nn.Module:
    space = stdsl.loads(TEXT, name)
    return stdsl.compile(space, space.sample(seed=0), seed=0).eval()


def told(path: Path) -> dict[str, Any]:
    facts = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    return {key: json.loads(text) if text[:1] in "[{" else text for key, text in facts.items()}


def test_inputs_and_the_output_are_called_as_the_caller_says(tmp_path: Path) -> None:
    model = network("pair")
    names = {"a": "left", "b": "right", "output": "scores"}
    report = stdsl.export_onnx(model, tmp_path / "m.onnx", names=names, classes="xyz", normalisation=EACH)
    session = onnxruntime.InferenceSession(report.path)
    x = [np.ones((2, 3, 8, 8), np.float32), np.ones((2, 2, 8, 8), np.float32)]
    (scores,) = session.run(["scores"], {"left": x[0], "right": x[1]})
    with torch.no_grad():
        assert np.allclose(scores, model(*map(torch.from_numpy, x)).numpy(), atol=1e-5)
    facts = told(report.path)
    assert [entry["name"] for entry in facts["inputs"]] == ["left", "right"]
    assert facts["classes"] == ["x", "y", "z"]
    assert facts["normalisation"] == EACH


def test_an_input_that_is_called_output_can_be_named_too(tmp_path: Path) -> None:
    report = stdsl.export_onnx(network("dense"), tmp_path / "m.onnx", names={"output": "given"}, classes=range(3))
    graph = onnx.load(report.path).graph
    assert [value.name for value in (*graph.input, *graph.output)] == ["given", "output"]
    assert told(report.path)["targets"]["positions"] == [4, 4]


def test_a_file_that_names_classes_predicts(tmp_path: Path) -> None:
    text = """stdsl 1
    meta net on x: features(2) = x -> choose {a: linear(2), b: linear(2, bias = false)} as kind
    space s = net"""
    space = stdsl.loads(text)
    model = stdsl.compile(space, {"kind": "a"})
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.eye(2) if parameter.dim() == 2 else torch.zeros(2))
    scale = {"mean": np.array([5.0, 0.0]), "std": torch.tensor([1.0, 1.0])}
    stdsl.export_onnx(model, tmp_path / "m.onnx", classes=["low", "high"], normalisation=scale)
    found = model_of(tmp_path / "m.onnx")
    assert found.names == ("low", "high")
    shares = found.scores([(np.array([6.0, 0.0]),), (np.array([4.0, 0.0]),)])
    assert shares.argmax(1).tolist() == [0, 1]


@pytest.mark.parametrize("kind", ["numbers", "labels"])
def test_a_file_that_says_its_targets_predicts(kind: str, tmp_path: Path) -> None:
    space = stdsl.loads("""stdsl 1
    meta net on x: features(2) = x -> choose {a: linear(2), b: linear(2, bias = false)} as kind
    space s = net""")
    model = stdsl.compile(space, {"kind": "b"})
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.eye(2))
    scale = {"mean": [5.0, 0.0], "std": [2.0, 1.0]}
    targets = {
        "kind": kind,
        "names": ["width", "height"],
        **({"mean": [10, 20], "std": [1, 3]} if kind == "numbers" else {}),
    }
    stdsl.export_onnx(model, tmp_path / "m.onnx", targets=targets, normalisation=scale)
    found = model_of(tmp_path / "m.onnx")
    assert (found.kind, found.names) == (kind, ("width", "height"))
    scores = found.scores([(np.array([7.0, 2.0]),)])
    assert np.allclose(scores, [[11.0, 26.0]] if kind == "numbers" else 1 / (1 + np.exp([[-1.0, -2.0]])))
    stdsl.export_onnx(model, tmp_path / "n.onnx", targets={"kind": kind}, verify=False)
    assert model_of(tmp_path / "n.onnx").names == ("0", "1")


def test_a_file_scales_what_is_decoded_itself(tmp_path: Path) -> None:
    model, rng = network("pair"), np.random.default_rng(0)
    scale = {"each": {"a": {"mean": [0.1, 0.2, 0.3], "std": [0.5, 1, 2]}, "b": {}}}
    report = stdsl.export_onnx(model, tmp_path / "m.onnx", classes="xyz", normalisation=scale, preprocess=True)
    a, b = (rng.integers(0, 256, (2, 8, 8, channels), dtype=np.uint8) for channels in (3, 2))
    (scores,) = onnxruntime.InferenceSession(report.path).run(None, {"a": a, "b": b})
    x = ((a / 255 - [0.1, 0.2, 0.3]) / [0.5, 1, 2], b / 255)
    with torch.no_grad():
        wanted = model(*(torch.from_numpy(own.transpose(0, 3, 1, 2).astype(np.float32)) for own in x)).numpy()
    assert np.abs(scores - wanted).max() < 1e-4
    facts = told(report.path)
    assert (facts["normalisation"], facts["normalised_in_the_graph"]) == ({}, scale)
    found = model_of(report.path)
    samples = [tuple(own[i].transpose(2, 0, 1) for own in (a, b)) for i in range(2)]
    powers = np.exp(wanted - wanted.max(1, keepdims=True))
    assert np.allclose(found.scores(samples), powers / powers.sum(1, keepdims=True), atol=1e-4)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"names": {"c": "x"}}, "has `c`, and the network has a, b, output"),
        ({"names": {"a": "b"}}, "need names of their own"),
        ({"names": {"a": "x", "output": "x"}}, "need names of their own"),
        ({"names": {"a": ""}}, "need names of their own"),
        ({"classes": ["x", "y"]}, "tells 3 classes apart, and `classes` names 2"),
        ({"classes": ["x", "y", "x"]}, "`classes` has 'x' twice"),
        ({"targets": {"kind": "labels", "names": [1, 2, "1"]}}, "`names` has '1' twice"),
        ({"normalisation": {"mean": [0] * 3}}, "give both"),
        ({"normalisation": {"mean": [0] * 3, "std": [1] * 3}}, "`b` has 2 channels, and `mean` has 3"),
        ({"normalisation": {"mean": [0] * 3, "std": [1, 0, 1], "only": ["a"]}}, "above 0"),
        ({"normalisation": {"mean": [0] * 3, "std": [1] * 3, "only": ["c"]}}, "names the input `c`"),
        ({"normalisation": {"per_sample": True, "mean": [0], "std": [1]}}, "not both"),
        ({"normalisation": {"each": {"a": {}}}}, "a table for each input"),
        ({"normalisation": {"deviation": [1]}}, "has `deviation`, not one of"),
        ({"normalisation": {"each": ["a", "b"]}}, "maps the name of each input to a normalisation of its own"),
        ({"normalisation": {"mean": 3, "std": 1}}, "a list of numbers, one for each channel"),
        ({"classes": []}, "of numbers and labels `targets` says the names"),
        ({"targets": {"names": ["x"] * 3}}, "`kind` of `targets` is one of classes, labels, numbers"),
        ({"targets": {"kind": "numbers", "names": ["x"]}}, "tells 3 numbers, and `names` names 1"),
        ({"targets": {"kind": "labels", "mean": [0] * 3, "std": [1] * 3}}, "is about numbers"),
        ({"targets": {"kind": "numbers", "mean": [0], "std": [1]}}, "tells 3 numbers, and `mean` of `targets`"),
        ({"targets": {"kind": "numbers", "mean": [0] * 3}}, "give both"),
        ({"targets": {"kind": "numbers", "mean": [0] * 3, "std": [1, 0, 1]}}, "above 0"),
        ({"targets": {"kind": "numbers"}, "classes": "xyz"}, "give one of the two"),
        ({"preprocess": True, "normalisation": EACH_OF_SPACE}, "`b` is scaled by its own values"),
        ({"classes": {"x", "y", "z"}}, "in the order of the output's channels, not a set"),
        ({"metadata": {"inputs": 3}}, "`metadata` has `inputs`, which the file says of its network"),
        ({"metadata": {"note": {1, 2}}}, "`note` of `metadata` cannot be written as JSON"),
    ],
)
def test_what_does_not_fit_is_an_error_and_leaves_no_file(given: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        stdsl.export_onnx(network("pair"), tmp_path / "m.onnx", **given)
    assert not list(tmp_path.iterdir())


class Taken(Exception):
    """What the caller said was found to fit."""


@pytest.mark.parametrize("part", ["names", "normalisation", "classes", "targets", "metadata"])
def test_whatever_a_caller_says_fits_or_is_an_error(part: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And what fits is read again by `predict`."""
    texts: dict[str, str] = {}

    def converted(*_: Any) -> Any:
        raise Taken

    def written(given: Any) -> dict[str, str]:
        texts.update(metadata_of(given))
        return texts

    monkeypatch.setattr(export, "_converted", converted)
    monkeypatch.setattr(export, "metadata_of", written)
    model, outcomes = network("pair"), set()
    shapes = {"a": ["batch", 3, 8, 8], "b": ["batch", 2, 8, 8]}
    inputs = [{"name": n, "layout": "image", "axes": "N,C,H,W", "shape": shape} for n, shape in shapes.items()]
    right = {"mean": [0, 1, 2], "std": [1, 2, 3], "only": ["a"], "each": {"a": {}, "b": {}}, "per_sample": True}
    if part == "targets":
        right = {"kind": "numbers", "names": ["x", "y", "z"], "mean": [0, 1, 2], "std": [1, 2, 3]}
    for said in (
        *SAID,
        *VALUES,
        *JSON,
        *({key: odd} for key in right for odd in (*SAID, *JSON)),
        *odd_documents(right),
    ):
        try:
            stdsl.export_onnx(model, tmp_path / "m.onnx", **{part: said})
        except (Taken, ValueError) as error:
            deliberate = (extract_tb(error.__traceback__)[-1].line or "").startswith("raise ")
            outcomes.add((type(error).__name__, deliberate))
            if isinstance(error, Taken) and part != "metadata":
                said_in({"inputs": json.dumps(inputs), "classes": '["x", "y", "z"]', **texts})
    assert outcomes == {("Taken", True), ("ValueError", True)}


def test_a_supernet_and_what_is_no_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="derive an architecture"):
        stdsl.export_onnx(stdsl.compile(stdsl.loads(TEXT, "pair")), tmp_path / "m.onnx")
    with pytest.raises(TypeError, match=r"stdsl\.compile"):
        stdsl.export_onnx(nn.Linear(2, 2), tmp_path / "m.onnx")


def test_the_page_has_all_keys_of_files(tmp_path: Path) -> None:
    section = DEPLOYMENT.read_text(encoding="utf-8").split("### What a file says")[1]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    documented = {key for row in rows for key in re.findall(r"`([\w.]+)`", row)}
    (tmp_path / "a.space").write_text(TEXT, encoding="utf-8")
    rng = np.random.default_rng(0)
    data = {"a": rng.normal(size=(30, 3, 8, 8)), "b": rng.normal(size=(30, 2, 8, 8)), "y": np.arange(30) % 3}
    result = stdsl.run(tmp_path / "a.space", data=data, out=tmp_path / "run", device="cpu", progress=False)
    of_others = {"normalised_in_the_graph", "preparation", "ensemble", "fused"}
    assert set(told(result.directory / "m.onnx")) == documented - of_others

"""An exported network in onnxruntime, with what its file says of its inputs and classes; without a tensor library."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stdsl.compiler.datafiles.forms import Kind
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.prediction import NoModel

from ..data.normalisation import Normalisation
from ..tracking.directory import result_of

Values = npt.NDArray[np.float64]
Sample = tuple[npt.NDArray[Any], ...]
"""An array for each input of a network."""


@dataclass(frozen=True)
class Input:
    """``shape``: of a sample, without the batch axis. ``layout``: `image`, `clip`, `tokens` or `features`. ``called``:
    what the data calls it. ``takes_bytes``: whether the file takes images as they are decoded, channels last, and
    scales them itself."""

    name: str
    called: str
    shape: tuple[int, ...]
    layout: str
    takes_bytes: bool = False


@dataclass(frozen=True)
class Model:
    """``preparation``: how a file becomes a sample, as ``Data.preparation`` has it; None where the file does not say.
    ``kind``: what is told, a class out of ``names``, `labels` of which each applies or not, or `numbers`, with ``mean``
    and ``std`` in units of the data. ``positions``: of the grid at each of whose places it is told; () of a sample."""

    session: Any
    inputs: tuple[Input, ...]
    normalisation: Normalisation
    preparation: Mapping[str, Any] | None
    kind: Kind
    names: tuple[str, ...]
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    positions: tuple[int, ...] = ()

    def scores(self, samples: Sequence[Sample]) -> Values:
        """A row for each sample (an array for each input, as its ``shape`` says; bytes or numbers): the probability of
        each class or label, or the numbers that are told. With ``positions`` (N, names, …) of these."""
        batches = zip(self.inputs, zip(*samples, strict=True), strict=True)
        fed = {own.name: self._fed(own, values) for own, values in batches}
        return self._told(self.session.run(None, fed)[0])

    def applying(self, scores: Values) -> list[str]:
        """The labels that are told by a row of scores: above one half, as results are measured."""
        return [name for name, score in zip(self.names, scores, strict=True) if score > 0.5]

    def _fed(self, own: Input, values: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        if own.takes_bytes:
            return np.ascontiguousarray(np.moveaxis(np.stack(values), 1, -1))
        # Each by its own type: a stack of bytes and floats holds no bytes.
        batch = np.stack([_as_floats(sample) for sample in values])
        return self.normalisation.of(own.called).applied(batch, 2 if own.layout == "tokens" else 1)

    def _told(self, output: npt.NDArray[np.float32]) -> Values:
        if self.positions and output.ndim == 3:  # tokens (N, L, C)
            output = np.moveaxis(output, 2, 1)
        # In 64 bits, so that hardly any odds above 1 : 1 become one half.
        rows: Values = output.reshape(len(output), len(self.names), *self.positions).astype(np.float64)
        if self.kind == "numbers":
            beside = [1] * len(self.positions)
            mean, std = (np.array(own).reshape(-1, *beside) for own in (self.mean, self.std))
            return rows * std + mean if self.mean else rows
        if self.kind == "labels":
            each: Values = 1 / (1 + np.exp(-rows))
            return each
        powers = np.exp(rows - rows.max(1, keepdims=True))
        shares: Values = powers / powers.sum(1, keepdims=True)
        return shares


def model_of(path: Path) -> Model:
    """The network of an ONNX file, or that of a run. Raises RunError."""
    file = _exported(path) if os.path.isdir(path) else path
    shown = str(file)
    if not os.path.isfile(file):
        raise RunError([NoModel(None, shown, "is not there", "name an ONNX file, or the directory of a run")])
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(shown, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common base
        reason = f"cannot be loaded by onnxruntime: {str(error).splitlines()[0]}"
        raise RunError([NoModel(None, shown, reason, "name an ONNX file that stdsl has written")]) from error
    return _described(session, shown)


def _exported(folder: Path) -> Path:
    files = result_of(folder).get("files") or {}
    if "onnx" not in files:
        advice = "write `export { onnx = … }` in the search, or `stdsl compile --to onnx --weights` with this run"
        raise RunError([NoModel(None, str(folder), "has exported no ONNX file", advice)])
    return folder / str(files["onnx"])


def _described(session: Any, shown: str) -> Model:
    facts = {key: _read(text) for key, text in session.get_modelmeta().custom_metadata_map.items()}
    inputs = facts.get("inputs")
    if not isinstance(inputs, list) or "classes" not in facts:
        advice = "an ONNX file says so that a run has exported, or `stdsl compile --to onnx --weights RUN`"
        raise RunError([NoModel(None, shown, "does not say what its classes are and how inputs are scaled", advice)])
    told = facts.get("targets") or {"kind": "classes", "names": facts["classes"]}
    called = facts.get("modalities") or [one["name"] for one in inputs]
    return Model(
        session,
        tuple(
            Input(one["name"], name, tuple(one["shape"][1:]), one["layout"], one["axes"].endswith("H,W,C"))
            for one, name in zip(inputs, called, strict=True)
        ),
        Normalisation.read(facts.get("normalisation") or {}),
        facts.get("preparation"),
        told["kind"],
        tuple(told["names"]),
        tuple(told.get("mean", ())),
        tuple(told.get("std", ())),
        tuple(told.get("positions", ())),
    )


def _as_floats(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Bytes as 0…1, others as they are; float32, or as exact as they are."""
    if values.dtype == np.uint8:
        shares: npt.NDArray[np.float32] = np.divide(values, 255, dtype=np.float32)
        return shares
    return values.astype(np.result_type(values, np.float32))


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text

"""An exported network in onnxruntime, with what its file says of its inputs and classes; without a tensor library."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stdsl.compiler.backends.export.onnx_checksum import changed, checksum_in
from stdsl.compiler.datafiles.forms import Kind
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.prediction import NoModel
from stdsl.compiler.text.commands import command
from stdsl.compiler.text.reading import check_file, reason_of

from ..data.normalisation import Normalisation
from ..tracking.directory import result_of
from .metadata import SaidWrongly, SaysTooLittle, check_graph, said_in, takes_bytes

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
    and ``std`` in units of the data. ``positions``: of the grid at each of whose places it is told; () of a sample.
    ``of_bytes``: what of the inputs came as bytes in training; None: the file does not say."""

    session: Any
    path: str
    inputs: tuple[Input, ...]
    normalisation: Normalisation
    preparation: Mapping[str, Any] | None
    kind: Kind
    names: tuple[str, ...]
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    positions: tuple[int, ...] = ()
    of_bytes: frozenset[str] | None = None

    def scores(self, samples: Sequence[Sample]) -> Values:
        """A row for each sample (an array for each input, as its ``shape`` says; bytes or numbers): the probability of
        each class or label, or the numbers that are told. With ``positions`` (N, names, …) of these."""
        batches = zip(self.inputs, zip(*samples, strict=True), strict=True)
        fed = {own.name: self._fed(own, values) for own, values in batches}
        try:
            given = self.session.run(None, fed)[0]
        except Exception as error:  # onnxruntime's errors have no common base
            reason = f"cannot be run by onnxruntime: {str(error).splitlines()[0]}"
            raise RunError([NoModel(None, self.path, reason, "export the network again")]) from error
        return self._told(given)

    def applying(self, scores: Values) -> list[str]:
        """The labels that are told by a row of scores: above one half, as results are measured."""
        return [name for name, score in zip(self.names, scores, strict=True) if score > 0.5]

    def _fed(self, own: Input, values: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        if own.takes_bytes:
            return np.ascontiguousarray(np.moveaxis(np.stack(values), 1, -1))
        # Each by its own type: a stack of bytes and floats holds no bytes.
        scaled = None if self.of_bytes is None else own.called in self.of_bytes
        batch = np.stack([_as_floats(sample, scaled) for sample in values])
        return self.normalisation.of(own.called).applied(batch, 2 if own.layout == "tokens" else 1)

    def _told(self, output: npt.NDArray[np.float32]) -> Values:
        if self.positions and output.ndim == 3:  # tokens (N, L, C)
            output = np.moveaxis(output, 2, 1)
        # In 64 bits, so that hardly any odds above 1 : 1 become one half.
        rows: Values = output.reshape(len(output), len(self.names), *self.positions).astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):  # what is no finite number then is told of as such
            return self._scores(rows)

    def _scores(self, rows: Values) -> Values:
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
    try:
        check_file(file, None)
        damaged = changed(file)
    except FileNotFoundError:
        reason = "is not there"
    except OSError as error:
        reason = f"cannot be read: {reason_of(error)}"
    else:
        reason = "is not what was written: its checksum is another" if damaged else ""
    if reason:
        raise RunError([NoModel(None, shown, reason, "name an ONNX file, or the directory of a run")])
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
    """The ONNX file of a run, which is the one that it wrote. Raises RunError."""
    result = result_of(folder)
    files = result.get("files") or {}
    if "onnx" not in files:
        advice = "write `export { onnx = … }` in the search, or `stdsl compile --to onnx --weights` with this run"
        raise RunError([NoModel(None, str(folder), "has exported no ONNX file", advice)])
    file = folder / str(files["onnx"])
    known = (result.get("onnx") or {}).get("checksum", "")  # older runs do not tell
    try:
        others = checksum_in(file) != known if known else False
    except OSError:  # which is told of where it is opened
        others = False
    if others:
        reason = f"is not the network that the run {folder} exported"
        itself = command("stdsl", "predict", file)
        advice = f"put that back, or name the file itself to take it all the same: `{itself} …`"
        raise RunError([NoModel(None, str(file), reason, advice)])
    return file


def _described(session: Any, shown: str) -> Model:
    try:
        said = said_in(session.get_modelmeta().custom_metadata_map)
        check_graph(said, session.get_inputs(), session.get_outputs())
    except SaysTooLittle as fault:
        advice = (
            "a file says so that a run has exported, or `stdsl compile --to onnx --weights RUN`; in Python "
            "`stdsl.export_onnx` takes `classes`, or `targets` of labels and numbers"
        )
        raise RunError([NoModel(None, shown, f"does not say {fault}", advice)]) from fault
    except SaidWrongly as fault:
        reason = f"does not say rightly what it is: {fault}"
        advice = "export it again, with `stdsl compile --to onnx --weights RUN`, and leave its metadata as it is"
        raise RunError([NoModel(None, shown, reason, advice)]) from fault
    return Model(
        session,
        shown,
        tuple(
            Input(one.name, name, one.sample, one.layout, takes_bytes(one))
            for one, name in zip(said.inputs, said.called, strict=True)
        ),
        said.normalisation,
        said.preparation,
        said.targets.kind,
        said.targets.names,
        said.targets.mean,
        said.targets.std,
        said.targets.positions,
        said.of_bytes,
    )


def _as_floats(values: npt.NDArray[Any], of_bytes: bool | None) -> npt.NDArray[Any]:
    """Values as the network knows them, float32, or as exact as they are. Where it was trained on bytes, whole numbers
    are such, and become 0…1; where it was not (``of_bytes`` is false), bytes stay the numbers that they are; where the
    file does not say (None), bytes become 0…1."""
    whole = values.dtype.kind in "iu" if of_bytes else values.dtype == np.uint8
    if whole and of_bytes is not False:
        shares: npt.NDArray[np.float32] = np.divide(values, 255, dtype=np.float32)
        return shares
    return values.astype(np.result_type(values, np.float32))

"""Files of the trained result: ONNX (verified), Python source, weights, and the source of the network in any case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from stdsl.compiler.analysis.architecture import saved
from stdsl.compiler.backends.networks.source import source
from stdsl.compiler.diagnostics.backends import ExportDiffers, ExportFailed, ExportTooLarge
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas.run_files import MODULE
from stdsl.compiler.schemas.search import Export
from stdsl.compiler.text.quoting import visible

from ..data.facts.data_facts import DataFacts
from ..data.networks.binding import description
from ..tracking.files import refusing, write_bytes, write_text
from ..tracking.weights_left import weights_left
from .context import Context
from .fused_network import fused_network
from .side import Side

PHASE = "export"
FAILURES = (ExportDiffers, ExportFailed, ExportTooLarge)
"""What may be wrong with an ONNX file while all else is right."""


def export(run: Context, sides: Sequence[Side]) -> None:
    """Leaves ``module.py`` always, and what the section ``export`` of the search asks for. ``sides``: that of the run
    itself, and of what it is fused with; all their networks are one ONNX file, source and weights are those of the
    first one. An ONNX file that cannot be made, or does not compute what the network does, is told of and recorded; the
    rest is done all the same."""
    if PHASE in run.tracker.finished:
        return
    settings, subject = run.config.export, sides[0].subjects[0]
    files = {"module": MODULE}
    text = source(subject.graph, subject.arch)
    write_text(run.directory.module, text)
    facts: dict[str, Any] = {}
    if settings is not None and settings.source and Path(settings.source) != Path(MODULE):
        write_text(run.directory.exported(settings.source), text)
        files["source"] = settings.source
    if settings is not None and settings.weights:
        write_bytes(run.directory.exported(settings.weights), weights_left(run.directory.weights(subject.name)))
        files["exported weights"] = settings.weights
    if settings is not None and settings.onnx:
        run.reporter.say(f"export {visible(settings.onnx)}")
        target = run.directory.exported(settings.onnx)
        try:
            facts["onnx"] = _onnx(run, sides, settings, target)
            files["onnx"] = settings.onnx
        except RunError as error:
            if not all(isinstance(d, FAILURES) for d in error.diagnostics):
                raise
            facts["onnx"] = {"failed": [{"code": d.code, "message": d.message} for d in error.diagnostics]}
            for d in error.diagnostics:
                run.reporter.say(f"error[{d.code}]: {visible(d.message)}")
    run.tracker.finish(PHASE, facts | {"files": files})


def _onnx(run: Context, sides: Sequence[Side], settings: Export, path: Path) -> dict[str, Any]:
    from stdsl.compiler.backends.export.onnx import export_onnx
    from stdsl.compiler.backends.export.onnx_checksum import checksum_in
    from stdsl.compiler.backends.export.pixels import Pixels

    dataset, data = run.datasets["retrain"], run.config.data_of("retrain")
    model: nn.Module
    if len(sides) > 1:
        model, metadata = fused_network(sides, run.placement)
    else:
        model = sides[0].network(run.placement)
        metadata = description(run.config.name, DataFacts.of(dataset), sides[0].subjects[0].graph, data)
    if len(sides) > 1 or len(sides[0].subjects) > 1:
        metadata["ensemble"] = [
            ({"search": side.name} if len(sides) > 1 else {})
            | {"architecture": own.hash, "decisions": own.to_json()["values"]}
            for side in sides
            for member in side.subjects
            for own in (saved(side.directory.architecture(member.name), unedited=True),)
        ]
    pixels = None
    if settings.preprocess:
        scale = dataset.normalisation
        called = metadata.get("modalities", dataset.inputs)
        pixels = [Pixels(own.mean, own.std) for own in map(scale.of, called)]
        metadata |= {"normalisation": {}, "normalised_in_the_graph": scale.document()}
    with refusing(path, "written"):
        report = export_onnx(model, path, metadata=metadata, verify=settings.verify, pixels=pixels)
    return {
        "difference": {str(batch): value for batch, value in report.max_abs_diff.items()},
        "relative_difference": {str(batch): value for batch, value in report.relative_difference.items()},
        "latency_ms": report.latency_ms,
        "threads": report.threads,
        "bytes": report.bytes,
        "checksum": checksum_in(path),
    }

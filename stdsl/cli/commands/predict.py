"""``stdsl predict``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stdsl.cli.exit_codes import DIAGNOSTICS
from stdsl.cli.options import as_json, quiet
from stdsl.cli.output import document, fact, table, tell

if TYPE_CHECKING:
    import numpy as np

    from stdsl.runtime.prediction.model import Model

_TITLE = "files"


@click.command("predict")
@click.argument("model", metavar="RUN|MODEL.onnx", type=click.Path(path_type=Path))
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--top", type=click.IntRange(1), default=3, show_default=True, help="So many of the classes are shown.")
@click.option("--batch", type=click.IntRange(1), default=16, show_default=True, help="So many files at a time.")
@as_json
@quiet
def command(model: Path, files: tuple[Path, ...], top: int, batch: int, as_json: bool, quiet: bool) -> None:
    """Classify files with the network that a run has exported.

    The files are read as in training: images, videos, folders of frames, or arrays (.npy); a folder stands for the
    files in it. The table has the likeliest classes of each file and their probabilities, or the numbers that the
    network tells; JSON has all. A file that cannot be read is told of, and the exit code is 1. No tensor library is
    needed but onnxruntime.

    \b
    Example:
      stdsl predict runs/photos-0001 new.png more/
      stdsl predict model.onnx new.png --json
    """
    from stdsl.compiler.diagnostics.prediction import NotPredicted
    from stdsl.runtime.prediction.model import model_of
    from stdsl.runtime.prediction.samples import Sample, files_in, sample_of
    from stdsl.runtime.report.console import ConsoleReporter

    network = model_of(model)
    paths, failed = files_in(network, files)
    found: list[dict[str, Any]] = []
    with ConsoleReporter(quiet=quiet or as_json) as reporter:
        reporter.begin(_TITLE, len(paths))
        for first in range(0, len(paths), batch):
            piece = paths[first : first + batch]
            samples: list[tuple[Path, Sample]] = []
            for path in piece:
                try:
                    samples.append((path, sample_of(network, path)))
                except ValueError as error:
                    failed.append(NotPredicted(None, str(path), str(error)))
            if samples:
                rows = network.scores([sample for _, sample in samples])
                found += [_prediction(network, path, row) for (path, _), row in zip(samples, rows, strict=True)]
            reporter.advance(_TITLE, first + len(piece), {})
        reporter.end(_TITLE)
    if as_json:
        document({"predictions": found, "failed": [{"file": f.path, "reason": f.reason} for f in failed]})
    elif found:
        fact(_shown(network, found, top))
    if failed:
        tell(failed)
        click.get_current_context().exit(DIAGNOSTICS)


def _prediction(model: Model, path: Path, row: np.ndarray[Any, Any]) -> dict[str, Any]:
    values = {name: round(float(value), 6) for name, value in zip(model.names, row, strict=True)}
    match model.kind:
        case "numbers":
            return {"file": str(path), "values": values}
        case "labels":
            return {"file": str(path), "labels": model.applying(row), "scores": values}
    return {"file": str(path), "class": model.names[int(row.argmax())], "scores": values}


def _shown(model: Model, found: list[dict[str, Any]], top: int) -> str:
    if model.kind == "numbers":
        return table(
            [("file", *model.names), *((o["file"], *map("{:.4g}".format, o["values"].values())) for o in found)]
        )
    rows = []
    for one in found:
        best = sorted(one["scores"].items(), key=lambda item: -item[1])[:top]
        rows.append((one["file"], *(f"{name} {score:.3f}" for name, score in best)))
    return table(rows)

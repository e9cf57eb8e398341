"""``stdsl predict``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stdsl.cli.exit_codes import DIAGNOSTICS
from stdsl.cli.files import write_bytes
from stdsl.cli.options import NamedPath, as_json, output, quiet
from stdsl.cli.output import document, fact, table, tell

if TYPE_CHECKING:
    from stdsl.compiler.diagnostics.model import Diagnostic
    from stdsl.runtime.prediction.maps import Names
    from stdsl.runtime.prediction.model import Model, Sample, Values

_TITLE = "files"


@click.command("predict")
@click.argument("model", metavar="RUN|MODEL.onnx", type=NamedPath())
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=NamedPath())
@click.option("--top", type=click.IntRange(1), default=3, show_default=True, help="So many of the classes are shown.")
@click.option("--batch", type=click.IntRange(1), default=16, show_default=True, help="So many samples at a time.")
@output("The folder for what is told at each position: a label map (PNG) or an array (.npy) for each sample.")
@as_json
@quiet
def command(
    model: Path, files: tuple[Path, ...], top: int, batch: int, output: Path | None, as_json: bool, quiet: bool
) -> None:
    """Classify files with the network that a run has exported.

    The files are read as in training: images, videos, folders of frames, tables (a row is a sample), arrays (.npy), or
    for several inputs an .npz file with an array for each; a folder stands for the files in it. The table has the
    likeliest classes of each sample and their probabilities, or the numbers that the network tells; JSON has all. What
    is told at each pixel or frame goes into files. A file that cannot be read is told of, and the exit code is 1. No
    tensor library is needed but onnxruntime.

    \b
    Example:
      stdsl predict runs/photos-0001 new.png more/
      stdsl predict model.onnx new.csv --json
      stdsl predict runs/pixels-0001 one.npy -o maps
    """
    from stdsl.compiler.diagnostics.prediction import NotPredicted
    from stdsl.runtime.prediction.model import model_of
    from stdsl.runtime.prediction.samples import files_in, samples_of, taken
    from stdsl.runtime.report.console import ConsoleReporter

    network = model_of(model)
    paths, failed = files_in(network, files)
    names = _names(network, paths, output)
    found: list[dict[str, Any]] = []
    doubtful: list[Diagnostic] = []

    def told(samples: Sequence[tuple[Path, int | None, Sample]]) -> None:
        scores = network.scores([sample for _, _, sample in samples]) if samples else ()
        for (path, row, _), own in zip(samples, scores, strict=True):
            if not bool((abs(own) < float("inf")).all()):
                part = str(path) if row is None else f"row {row} of {path}"
                failed.append(
                    NotPredicted(
                        None,
                        part,
                        "what the network tells of it is no number: it holds NaN, or numbers that are too great",
                    )
                )
                continue
            place = {"file": str(path)} | ({"row": row} if row is not None else {})
            found.append(place | (_prediction(network, own) if names is None else _map(network, own, names, path, row)))

    with ConsoleReporter(quiet=quiet or as_json) as reporter:
        reporter.begin(_TITLE, len(paths))
        waiting: list[tuple[Path, int | None, Sample]] = []
        for place, path in enumerate(paths, 1):
            try:
                for row, sample in samples_of(network, path, doubtful.append):
                    waiting.append((path, row, sample))
                    if len(waiting) == batch:
                        told(waiting)
                        waiting.clear()
            except ValueError as error:
                failed.append(NotPredicted(None, str(path), str(error), taken(network)))
            reporter.advance(_TITLE, place, {})
        told(waiting)
        reporter.end(_TITLE)
    if as_json:
        document({"predictions": found, "failed": [{"file": f.path, "reason": f.reason} for f in failed]})
    elif found:
        fact(_shown(network, found, top))
    tell(doubtful)
    if failed:
        tell(failed)
        click.get_current_context().exit(DIAGNOSTICS)


def _names(model: Model, paths: Sequence[Path], output: Path | None) -> Names | None:
    """What the files of maps are called, for a network that tells something of each position."""
    from stdsl.runtime.prediction.maps import Names

    if output is None and model.positions:
        grid = " × ".join(map(str, model.positions))
        raise click.UsageError(f"this network tells something of each of {grid} positions: name a folder with `-o`")
    if output is None or not model.positions:
        if output is not None:
            raise click.UsageError("`-o` is for networks that tell something of each position, and this one does not")
        return None
    if os.path.exists(output) and (not os.path.isdir(output) or any(output.iterdir())):
        raise click.UsageError(f"{output} is there and not empty: name a new folder with `-o`, so that nothing is lost")
    return Names(output)


def _prediction(model: Model, row: Values) -> dict[str, Any]:
    values = {name: round(float(value), 6) for name, value in zip(model.names, row, strict=True)}
    match model.kind:
        case "numbers":
            return {"values": values}
        case "labels":
            return {"labels": model.applying(row), "scores": values}
    return {"class": model.names[int(row.argmax())], "scores": values}


def _map(model: Model, told: Values, names: Names, path: Path, row: int | None) -> dict[str, Any]:
    """Writes what is told at each position; of classes the share of positions that are told as each is said, too."""
    import numpy as np

    from stdsl.runtime.prediction.maps import encoded, map_of

    values = map_of(model, told)
    ending, content = encoded(values)
    file = names.of(path, row, ending)
    write_bytes(file, content)
    if model.kind == "numbers":
        return {"map": str(file)}
    counts = np.bincount(values.reshape(-1), minlength=len(model.names)) / values.size
    shares = {name: round(float(share), 6) for name, share in zip(model.names, counts, strict=True)}
    return {"map": str(file), "shares": shares}


def _shown(model: Model, found: list[dict[str, Any]], top: int) -> str:
    def place(one: dict[str, Any]) -> list[str]:
        return [f"{one['file']}:{one['row']}" if "row" in one else one["file"], *([one["map"]] if "map" in one else [])]

    if model.kind == "numbers" and not model.positions:
        rows = [(*place(one), *map("{:.4g}".format, one["values"].values())) for one in found]
        return table([("file", *model.names), *rows])
    rows = []
    for one in found:
        shares = one.get("scores") or one.get("shares") or {}
        best = sorted(shares.items(), key=lambda item: -item[1])[:top]
        rows.append((*place(one), *(f"{name} {score:.3f}" for name, score in best)))
    return table(rows)

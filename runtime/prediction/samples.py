"""From files to what a network takes, as they were read in training."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from stdsl.compiler.datafiles.clip_folders import clips_in, frame_names
from stdsl.compiler.datafiles.faults import FileDamaged
from stdsl.compiler.datafiles.image_folders import images_in
from stdsl.compiler.diagnostics.model import Diagnostic
from stdsl.compiler.diagnostics.prediction import NotPredicted
from stdsl.compiler.schemas.data_clips import ClipFolder
from stdsl.compiler.text.reading import reason_of

from ..data.pictures.clip_files import common_length, frames_of, length, listing_of, places, together
from ..data.pictures.image_files import check_sides, decoded, need_pillow
from ..data.pictures.video_files import need_pyav
from .arrays import arrays_of, is_sample
from .model import Model, Sample
from .parts import matched_in, parts_of
from .rows import TABLES, Warn, rows_of

_SHOWN = 8
"""So many columns are named."""
Pixels = npt.NDArray[Any]


def files_in(model: Model, paths: Iterable[Path]) -> tuple[list[Path], list[NotPredicted]]:
    """The files of samples, those that are named and those in folders that are; and the folders that cannot be read,
    or hold none. Raises RunError where what decodes them is not installed."""
    kind = model.preparation["kind"] if model.preparation else None
    if kind:
        need_pillow("predict", None)
    files: list[Path] = []
    refused: list[NotPredicted] = []
    for path in paths:
        try:
            found = list(_inside(model, path, kind))
            files += found
            if not found:
                refused.append(NotPredicted(None, str(path), "nothing in this folder is a sample", taken(model)))
        except FileDamaged as fault:
            refused.append(NotPredicted(None, str(fault.path), fault.reason, taken(model)))
        except OSError as error:
            refused.append(NotPredicted(None, str(error.filename or path), reason_of(error)))
    return files, refused


def _inside(model: Model, path: Path, kind: str | None) -> Iterator[Path]:
    """The file itself, or those in the folder. Raises FileDamaged and OSError."""
    if not os.path.isdir(path) or (kind is None and is_sample(model, path)):
        yield path
    elif kind is not None and len(model.inputs) > 1:
        yield from matched_in(model, path)
    elif kind == "clip" and frame_names(path):
        yield path
    elif kind is None:
        with os.scandir(path) as entries:
            found = sorted(path / entry.name for entry in entries)
        endings = (".npy", *TABLES) if model.normalisation.columns else (".npy",)
        several = len(model.inputs) > 1
        yield from (inner for inner in found if inner.suffix.lower() in ((".npz",) if several else endings))
        yield from (inner for inner in found if several and is_sample(model, inner))
    else:
        walk = clips_in if kind == "clip" else images_in
        yield from (Path(inner) for inner, sample in walk(str(path)) if sample)


def taken(model: Model) -> str:
    """What files a network takes, in words."""
    shapes = ", ".join(f"`{own.called}` of {own.shape}" for own in model.inputs)
    if model.preparation is not None:
        video = "a video (.mp4, .avi, …), or a folder with the frames of one"
        one = "an image (PNG, JPEG, …)" if model.preparation["kind"] == "image" else video
        names = ", ".join(f"`{name}`" for name in model.preparation["inputs"])
        beside = f"a file of one input, in a folder beside those of the others ({names}), or a folder with such folders"
        return f"{beside}; each is {one}" if names else one
    if model.normalisation.columns:
        columns = list(dict.fromkeys(column for column, _ in model.normalisation.columns))
        more = ", …" if len(columns) > _SHOWN else ""
        return f"a table (.csv, .tsv, .parquet) with the columns {', '.join(columns[:_SHOWN])}{more}"
    if len(model.inputs) > 1:
        return f"an .npz file with the arrays {shapes}, for one sample"
    return f"an .npy file with an array of {model.inputs[0].shape}, for one sample"


def _unsaid(_: Diagnostic) -> None:
    pass


def samples_of(model: Model, path: Path, warn: Warn = _unsaid) -> Iterator[tuple[int | None, Sample]]:
    """The samples that a file holds, with their rows in a table, from 1 on; None of a file that is one sample. ``warn``
    is told of what is doubtful. Raises ValueError where the file does not hold them."""
    if model.normalisation.columns and path.suffix.lower() in TABLES:
        yield from enumerate(rows_of(model, path, warn), 1)
    else:
        yield None, sample_of(model, path)


def sample_of(model: Model, path: Path) -> Sample:
    """A sample, (C, H, W) or (C, T, H, W) of bytes, or the numbers of arrays. Raises ValueError where the file does not
    hold one."""
    how = model.preparation
    if how is None:
        return arrays_of(model, path)
    paths = parts_of(model, path) if how["inputs"] else (path,)
    channels = how["channels"] if how["inputs"] else (how["channels"],)
    if how["kind"] == "image":
        found = [decoded(own, how["resize"], n) for own, n in zip(paths, channels, strict=True)]
    else:
        found = _clips(ClipFolder(root="", **{key: how[key] for key in how if key != "kind"}), paths)
    check_sides(found, how["inputs"])
    crops = {name: _centre(own, how["size"]) for name, own in zip(how["inputs"] or ("",), found, strict=True)}
    return tuple(crops[own.called if how["inputs"] else ""] for own in model.inputs)


def _clips(settings: ClipFolder, paths: Sequence[Path]) -> list[Pixels]:
    """The clip of each input, of the same frames. Raises ValueError, and RunError where what decodes videos is not
    installed."""
    if not all(map(os.path.isdir, paths)):
        need_pyav("predict", None)
    listings = list(map(listing_of, paths))
    numbers = places(settings, common_length(list(map(length, listings)), settings.inputs), None)
    wanted = list(dict.fromkeys(numbers))
    clips = []
    for path, listing, channels in zip(paths, listings, settings.channels_each, strict=True):
        frames = frames_of(path, listing, settings.side, channels, wanted)
        clips.append(together(dict(zip(wanted, frames, strict=True)), numbers))
    return clips


def _centre(pixels: Pixels, size: int) -> Pixels:
    top, left = (pixels.shape[-2] - size) // 2, (pixels.shape[-1] - size) // 2
    return pixels[..., top : top + size, left : left + size]

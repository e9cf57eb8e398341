"""From files to what a network takes, as they were read in training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stdsl.compiler.datafiles.clip_folders import clips_in, frame_names
from stdsl.compiler.datafiles.image_folders import ENDINGS, images_in
from stdsl.compiler.schemas.data_clips import ClipFolder

from ..data.clip_files import frames_of, length, listing_of, places, together
from ..data.image_files import decoded, need_pillow
from ..data.video_files import need_pyav
from .model import Model

Sample = npt.NDArray[Any]


def files_in(model: Model, paths: Iterable[Path]) -> Iterator[Path]:
    """The files of samples: those that are named, and those in folders that are. Raises RunError where what decodes
    them is not installed."""
    kind = model.preparation["kind"] if model.preparation else None
    need = {"image": lambda: need_pillow("predict", None), "clip": lambda: need_pyav("predict", None)}
    if kind in need:
        need[kind]()
    for path in paths:
        frames = kind == "clip" and path.is_dir() and bool(frame_names(path))
        if not path.is_dir() or frames:
            yield path
            continue
        walk = clips_in if kind == "clip" else images_in
        found = [Path(inner) for inner, sample in walk(str(path)) if sample]
        yield from found if kind else sorted(path.glob("*.npy"))


def sample_of(model: Model, path: Path) -> Sample:
    """A sample, (C, H, W) or (C, T, H, W) of bytes, or the numbers of an array. Raises ValueError where the file does
    not hold one."""
    how = model.preparation
    if how is None:
        return _array(model, path)
    if how["kind"] == "image":
        return _centre(decoded(path, how["resize"], how["channels"]), how["size"])
    settings = ClipFolder(root="", **{key: how[key] for key in how if key != "kind"})
    listing = listing_of(path)
    numbers = places(settings, length(listing), None)
    wanted = list(dict.fromkeys(numbers))
    frames = dict(zip(wanted, frames_of(path, listing, settings, wanted), strict=True))
    return _centre(together(frames, numbers), settings.size)


def _array(model: Model, path: Path) -> Sample:
    """One sample of an `.npy` file."""
    if path.suffix != ".npy":
        known = " (it was trained on arrays, not on files)" if path.suffix.lower() in ENDINGS else ""
        raise ValueError(f"an array of {model.shape} in an .npy file is taken{known}")
    try:
        values: Sample = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(str(error)) from error
    if values.shape != model.shape or values.dtype.kind not in "biuf":
        raise ValueError(f"it holds {values.dtype} of {values.shape}, and numbers of {model.shape} are taken")
    return values


def _centre(pixels: Sample, size: int) -> Sample:
    top, left = (pixels.shape[-2] - size) // 2, (pixels.shape[-1] - size) // 2
    return pixels[..., top : top + size, left : left + size]

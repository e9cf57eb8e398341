"""Samples in NumPy's files: one array, or one for each input of a network by its name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy.typing as npt

from stdsl.compiler.datafiles.faults import FileDamaged, FilesAbsent
from stdsl.compiler.datafiles.image_folders import ENDINGS
from stdsl.compiler.datafiles.npy import StoredArray, folder_arrays, npy_array, npz_arrays
from stdsl.compiler.text.reading import reason_of

from ..data.numbers.stored_values import values_of
from ..data.opening import check_regular
from .model import Input, Model, Sample
from .rows import TABLES


def is_sample(model: Model, path: Path) -> bool:
    """Whether a folder is a sample of a network with several inputs: it holds a `.npy` file for each."""
    return len(model.inputs) > 1 and all(
        any(os.path.isfile(path / f"{name}.npy") for name in (own.called, own.name)) for own in model.inputs
    )


def arrays_of(model: Model, path: Path) -> Sample:
    """One sample: of a `.npy` file; where there are several inputs of an `.npz` file, or of a folder of `.npy` files,
    whose arrays are called as the data calls the inputs, or as the network does. Raises ValueError."""
    several = len(model.inputs) > 1
    if not several and path.suffix.lower() != ".npy":
        columns = "a table (.csv, .tsv or .parquet), or " if model.normalisation.columns else ""
        known = " (it was trained on arrays, not on files)" if path.suffix.lower() in (*ENDINGS, *TABLES) else ""
        raise ValueError(f"{columns}an array of {model.inputs[0].shape} in an .npy file is taken{known}")
    folder = several and os.path.isdir(path)
    if several and not folder and path.suffix.lower() != ".npz":
        raise ValueError(f"an .npz file, or a folder of .npy files, with {_names(model)} is taken")
    try:
        if not folder:
            check_regular(path)
        if not several:
            return (_values(npy_array(path), model.inputs[0]),)
        stored = {own.name: own for own in (folder_arrays(path) if folder else npz_arrays(path))}
        absent = [own.called for own in model.inputs if own.called not in stored and own.name not in stored]
        if absent:
            raise ValueError(f"it has no array `{absent[0]}`, and one for each of {_names(model)} is taken")
        return tuple(_values(stored.get(own.called) or stored[own.name], own) for own in model.inputs)
    except FileDamaged as fault:
        raise ValueError(fault.reason) from fault
    except FilesAbsent as fault:
        raise ValueError("No such file or directory") from fault
    except OSError as error:
        raise ValueError(reason_of(error)) from error


def _values(stored: StoredArray, own: Input) -> npt.NDArray[Any]:
    """What an array holds. Raises ValueError, FileDamaged and MemoryError."""
    header = stored.header
    if header.shape != own.shape or header.kind == "U":
        what = "it" if stored.member is None else f"`{stored.name}` in it"
        fault = f"{what} holds {header} of {header.shape}, and numbers of {own.shape} are taken"
        raise ValueError(fault + _order(header.shape, own))
    return values_of(stored)


def _order(shape: tuple[int, ...], own: Input) -> str:
    """What to do with an array that has all that is taken, but its channels last, or no axis for the only one: as data
    to train on may have it, whose `axes` say so."""
    if own.layout in ("image", "clip"):
        channels, *rest = own.shape
        if shape == (*rest, channels):
            return ", channels first: `numpy.moveaxis(x, -1, 0)`"
        if shape == tuple(rest) and channels == 1:
            return ", with an axis for its channel: `x[None]`"
    return ""


def _names(model: Model) -> str:
    return ", ".join(f"`{own.called}`" for own in model.inputs)

"""Targets of samples that come one after the other: what they are, and each of them as an array."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stdsl.compiler.datafiles.faults import FileDamaged
from stdsl.compiler.datafiles.forms import Kind, ShapeOpen, target_form
from stdsl.compiler.datafiles.npy import Header, StoredArray
from stdsl.compiler.schemas.tasks.targets import TargetSignature

from .as_array import NotAnArray, array_of

Array = npt.NDArray[Any]
NAME = "y"
"""What targets without a name of their own are called, as those of arrays are."""


_GREATEST = 2**63 - 1
"""Of the numbers that labels are kept as."""


class WrongTarget(Exception):
    """A target is not what it should be; the text says of a sample what is wrong."""


def form_of(first: Any, kind: Kind | None, dense: bool = False) -> TargetSignature:
    """What targets are by the first of them, as those of arrays would be. ``kind``: as is asked for; None: as its type
    and shape say. ``dense``: there is one at each position, so that whole numbers (T,) are classes of frames. The
    number of classes stays open. Raises WrongTarget."""
    if isinstance(first, str):
        return TargetSignature("classes", None, None, ())
    values = _array(first)
    header = Header(values.dtype.kind, values.dtype.itemsize, False, (2, *values.shape), 0)
    frames = dense and values.ndim == 1 and kind in (None, "classes") and header.kind != "f"
    try:
        form = target_form(StoredArray(NAME, header, Path()), kind, "NT" if frames else None)
    except ShapeOpen as fault:
        raise WrongTarget(f"has a target of the shape {values.shape}, {_ways(values.ndim)}") from fault
    except FileDamaged as fault:
        raise WrongTarget(f"has a target that is none; of two samples together {fault.reason}") from fault
    return TargetSignature(form.kind, form.count, None, form.positions)


def target_in(value: Any, wanted: TargetSignature, classes: Sequence[str]) -> Array:
    """A copy of the target of one sample: of classes a whole number, or (…) of them; of labels and numbers (C, …),
    float32 or as exact as they are. ``classes``: names that may stand for numbers. Raises WrongTarget."""
    if isinstance(value, str) and value in classes and not wanted.positions:
        return np.array(classes.index(value))
    told = "label" if wanted.kind == "classes" and not wanted.positions else "target"
    positions, count = wanted.positions or (), wanted.count or 1
    kinds = "biu" if wanted.kind == "classes" else "biuf"
    try:
        values = _array(value)
    except WrongTarget:
        values = np.array("")
    if values.dtype.kind not in kinds:
        what = "labels are whole numbers from 0" if told == "label" else f"targets are {wanted.kind}"
        raise WrongTarget(f"has the {told} {str(value)[:40]}, and {what}")
    shape = positions if wanted.kind == "classes" else (count, *positions)
    if wanted.kind == "classes":
        bare = not positions and values.size == 1
    else:
        bare = count == 1 and (values.shape == positions or (not positions and values.size == 1))
    if values.shape != shape and not bare:
        raise WrongTarget(f"has a {told} of the shape {values.shape}, and all have {shape}")
    values = values.reshape(shape)
    if wanted.kind == "classes" and values.dtype.kind == "u" and values.max(initial=0) > _GREATEST:
        raise WrongTarget(f"has the {told} {values.max():,}, and classes are numbered from 0")
    exact = np.int64 if wanted.kind == "classes" else np.result_type(values, np.float32)
    return np.array(values, exact, order="C").reshape(shape)  # a copy: its owner may write the next one into it


def _ways(axes: int) -> str:
    """What to do about a first target with so many axes that may be anything."""
    block = "or state what it is in the block of extern data"
    if axes > 1:
        forms = "classes at positions are (H, W) or (T, H, W), labels (C,)"
        return f"which is not that of targets; {forms}: give it so, {block}"
    tasks = "`task = multi_label` for labels that apply or not, `task = regression` for numbers"
    return f"and a class is one number; write {tasks}, `task = dense` for a class of each frame, {block}"


def _array(value: Any) -> Array:
    """Raises WrongTarget for what is no array of numbers."""
    try:
        found = array_of(value)
    except NotAnArray as fault:
        raise WrongTarget(f"has a target that {fault}") from fault
    if found.dtype.kind not in "biuf":
        raise WrongTarget(f"has a target that is {type(value).__name__}, and numbers are read")
    return found

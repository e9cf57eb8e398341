"""Whatever a program gives as numbers, as an array of NumPy."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch


class NotAnArray(Exception):
    """Something cannot be taken as an array; the text says what it is, and what to do."""


def array_of(value: Any) -> npt.NDArray[Any]:
    """Of tensors whose numbers NumPy does not know (bfloat16, 8 bits of floats) the same as float32; a column of a
    table as its values. Raises NotAnArray."""
    if isinstance(value, torch.Tensor):
        return _of_tensor(value)
    if is_indexed(value):
        raise NotAnArray(f"is {type(value).__name__}, which gives one sample after the other, and no array")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.VisibleDeprecationWarning)
            # A masked array loses what says which of its values are none.
            found = value.filled(np.nan) if isinstance(value, np.ma.MaskedArray) else np.asarray(value)
    except MemoryError:
        raise
    except Exception as error:  # the code of the user's may raise anything
        if isinstance(value, list | tuple):
            raise NotAnArray("is a list whose parts differ in length: make all alike, or pad them") from error
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        raise NotAnArray(f"is {type(value).__name__}, and cannot be made an array ({reason})") from error
    return found


def as_floats(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """A copy of numbers as float32, row by row, a single one as (1,); bytes are scaled to 0…1. What is too great
    becomes infinite, and is told of where samples are checked."""
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values / np.float32(255), np.float32)
    with np.errstate(over="ignore"):
        # Always a copy: who gave the array may write the next sample into it.
        return np.array(np.atleast_1d(values), np.float32, order="C")


def is_indexed(data: Any) -> bool:
    """Whether something gives samples by index; arrays, tensors, columns of tables, texts and lists do so otherwise."""
    plain = isinstance(data, np.ndarray | torch.Tensor | str | bytes | list | tuple | Mapping)
    asked = type(data)  # of an object whose attributes are all there, or raise, nothing can be asked
    sequence = hasattr(asked, "__len__") and hasattr(asked, "__getitem__")
    return not plain and sequence and not hasattr(asked, "__array__")


def _of_tensor(value: torch.Tensor) -> npt.NDArray[Any]:
    if value.is_nested:
        raise NotAnArray("is a nested tensor, whose parts differ in length: pad them (`.to_padded_tensor(0)`)")
    if value.layout is not torch.strided:
        kind = str(value.layout).removeprefix("torch.").replace("_", " ")
        raise NotAnArray(f"is a tensor of the layout {kind}: give `.to_dense()` of it")
    if value.device.type == "meta":
        raise NotAnArray("is a tensor on the device `meta`, which holds no numbers")
    if value.is_quantized:
        raise NotAnArray("is a quantized tensor: give `.dequantize()` of it")
    value = value.detach().cpu().resolve_conj().resolve_neg()
    try:
        found: npt.NDArray[Any] = value.numpy()
    except TypeError:  # a type of numbers that NumPy has not
        if not value.dtype.is_floating_point:
            raise NotAnArray(f"holds {value.dtype}, which is not read: give `.float()` of it") from None
        found = value.float().numpy()
    return found

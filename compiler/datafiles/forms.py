"""What targets in files may be, and what an array of them is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ..record import record
from .faults import FileDamaged
from .npy import StoredArray

Kind = Literal["classes", "labels", "numbers"]
"""One of several classes; for each of several labels whether it applies; or numbers."""

_AXES = {
    "classes": {2: "NT", 3: "NHW", 4: "NTHW"},
    "labels": {2: "NC"},
    "numbers": {2: "NC", 3: "NHW", 4: "NCHW", 5: "NCTHW"},
}
"""The axes of an array of targets where nothing is said, by their number."""
POSITIONS = ("", "L", "T", "HW", "THW")
"""The grids that there may be targets at, in the order of their axes."""

MOST = 65_535
"""So many classes, labels or numbers there may be: each has a name, and a row of tables."""


class TargetsOpen(FileDamaged):
    """An array holds no targets of the kind that was taken; a task says which it holds."""


class ShapeOpen(TargetsOpen):
    """The shape of an array does not say what targets it holds."""


@record
class TargetForm:
    """``axes``: those of the array without N, in its order; C numbers or labels, the others of a grid. ``count``: how
    many numbers or labels there are; None of classes."""

    kind: Kind
    axes: str
    count: int | None
    positions: tuple[int, ...]


def target_form(stored: StoredArray, kind: Kind | None, axes: str | None) -> TargetForm:
    """What an array of targets is. ``kind``, ``axes``: as is asked for; None: as its type and its shape say. Raises
    FileDamaged where it cannot be that, ShapeOpen where its shape leaves it open."""
    header, shape = stored.header, stored.header.shape
    found: Kind = kind or ("numbers" if header.kind == "f" else "classes")
    if found == "classes" and header.kind == "f":
        reason = f"`{stored.name}` holds {header}, and labels of classes are whole numbers or texts"
        raise FileDamaged(stored.path, f"{reason}; numbers are told by `task = regression`")
    if found != "classes" and header.kind == "U":
        raise FileDamaged(stored.path, f"`{stored.name}` holds {header}, and {found} are numbers")
    if axes is None and all(n == 1 for n in shape[1:]):
        return TargetForm(found, "", None if found == "classes" else 1, ())
    own = axes or _AXES[found].get(len(shape), "")
    if len(own) != len(shape) or (found == "classes" and own == "NT" and axes is None):
        raise ShapeOpen(stored.path, f"`{stored.name}` has the shape {_shape(shape)}, {_unclear(stored, found)}")
    sizes = dict(zip(own[1:], shape[1:], strict=True))
    grid = "".join(axis for axis in own[1:] if axis != "C")
    order = next(known for known in POSITIONS if sorted(known) == sorted(grid))
    if found == "classes" and "C" in sizes:
        raise FileDamaged(stored.path, f"`{stored.name}` has channels by its axes {own}, and classes have none")
    count = None if found == "classes" else sizes.get("C", 1)
    if 0 in sizes.values():
        raise FileDamaged(
            stored.path, f"`{stored.name}` has the shape {_shape(shape)}, and a sample of it holds nothing"
        )
    if count is not None and count > MOST:
        fault = f"`{stored.name}` has {count:,} {found} for each sample, and {MOST:,} are told apart at most"
        raise FileDamaged(stored.path, f"{fault}; `target_axes` says which axes are positions")
    return TargetForm(found, own[1:], count, tuple(sizes[axis] for axis in order))


def _unclear(stored: StoredArray, kind: Kind) -> str:
    """What to say of an array of targets whose shape does not say what it is."""
    if kind == "classes" and len(stored.header.shape) == 2:
        told = "`task = multi_label` for labels that apply or not, `task = regression` for numbers"
        return f"and a class for each sample has (N,); write {told}, or `target_axes` for classes at positions"
    return "which is not that of targets; say what its axes are with `target_axes`"


def _shape(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"

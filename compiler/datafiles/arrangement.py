"""Which arrays of a file are inputs, which are targets, and of which split: told by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..record import record
from .faults import FileDamaged
from .npy import Header, StoredArray
from .splits import TRAIN, named_splits

_SPLIT = re.compile(r"(?:(train|valid|val|test)_(.+))|(?:(.+)_(train|valid|val|test))")
DEFAULT_AXES: Mapping[int, str] = {1: "N", 2: "NC", 3: "NHW", 4: "NCHW", 5: "NCTHW"}
"""What the axes of an array are where nothing is said, by their number."""
AXES: Mapping[str, str] = {"": "features", "C": "features", "LC": "tokens", "HW": "image", "THW": "clip"} | {
    "CHW": "image",
    "CTHW": "clip",
}
"""The layout of a sample by its axes, in the order that a network takes them in; without C there is one channel."""


@record
class Arrangement:
    """``splits``: for `train` and those of `valid` and `test` that are given, the arrays of the inputs in the order of
    ``names``, and that of the targets."""

    path: Path
    names: tuple[str, ...]
    splits: Mapping[str, tuple[tuple[StoredArray, ...], StoredArray]]


def arranged(path: Path, arrays: Sequence[StoredArray], target: str) -> Arrangement:
    """By names: `train_x`, `x_train`, `val_x`… are of a split, others of the whole; `target` names the targets, all
    others are inputs. Raises FileDamaged where that does not come out."""
    splits: dict[str, dict[str, StoredArray]] = {}
    spelled = [_parted(stored.name) for stored in arrays]
    if any(split for split, _ in spelled) and not all(split for split, _ in spelled):
        without = ", ".join(f"`{name}`" for split, name in spelled if not split)
        raise FileDamaged(path, f"{without} in it {'is' if without.count('`') == 2 else 'are'} of no split, others are")
    for stored, (split, name) in zip(arrays, spelled, strict=True):
        if splits.setdefault(split or "train", {}).setdefault(name, stored) is not stored:
            raise FileDamaged(path, f"it holds `{name}` of the split `{split or 'train'}` twice")
    spoken = named_splits(splits, path)
    splits = {split: splits[name] for split, name in spoken.items()}
    if TRAIN not in splits:
        raise FileDamaged(path, f"it holds no arrays {'to train on' if splits else 'at all'}")
    names = tuple(name for name in splits["train"] if name != target)
    found: dict[str, tuple[tuple[StoredArray, ...], StoredArray]] = {}
    for split, own in splits.items():
        if target not in own or not names or own.keys() != splits["train"].keys():
            raise FileDamaged(path, _lacking(split if any(s for s, _ in spelled) else "", own, target, names))
        found[split] = (tuple(own[name] for name in names), own[target])
    _check_sizes(path, found)
    return Arrangement(path, names, found)


def undivided(path: Path, inputs: tuple[StoredArray, ...], targets: StoredArray) -> Arrangement:
    """Inputs and targets that are given one by one: all to train on, whatever their names. Raises FileDamaged."""
    splits = {"train": (inputs, targets)}
    _check_sizes(path, splits)
    return Arrangement(path, tuple(stored.name for stored in inputs), splits)


def sample_axes(header: Header, written: str | None) -> str:
    """The axes of a sample of an array, in its order: as written, or by their number. Empty for a number a sample."""
    return (written or DEFAULT_AXES.get(len(header.shape), ""))[1:]


def ordered_axes(axes: str) -> str | None:
    """The same axes in the order that a network takes them in; None where no network takes such a sample."""
    return next((order for order in AXES if sorted(order) == sorted(axes)), None)


def _parted(name: str) -> tuple[str, str]:
    """The split that the name of an array says, "" where it says none, and the rest."""
    match = _SPLIT.fullmatch(name)
    if match is None:
        return "", name
    split, rest = (match[1], match[2]) if match[1] else (match[4], match[3])
    return split, rest


def _lacking(split: str, own: Mapping[str, StoredArray], target: str, names: Sequence[str]) -> str:
    there = ", ".join(f"`{name}`" for name in own)
    where = f" of the split `{split}`" if split else ""
    if target not in own:
        return f"it holds no targets `{target}`{where}, but {there}"
    if not names:
        return f"it holds targets `{target}`{where} and no inputs"
    return f"it holds {there}{where}, and {', '.join(f'`{n}`' for n in (*names, target))} to train on"


def _check_sizes(path: Path, splits: Mapping[str, tuple[tuple[StoredArray, ...], StoredArray]]) -> None:
    first, _ = splits["train"]
    for inputs, targets in splits.values():
        if not targets.header.shape:
            raise FileDamaged(targets.path, f"`{targets.name}` holds one number, and each sample has a target")
        for stored, model in zip(inputs, first, strict=True):
            header = stored.header
            if not 1 <= len(header.shape) <= 5 or header.kind == "U":
                raise FileDamaged(stored.path, f"`{stored.name}` has {len(header.shape)} axes and holds {header}")
            if header.shape[1:] != model.header.shape[1:]:
                raise FileDamaged(stored.path, f"the samples of `{stored.name}` are not as large as those to train on")
            if header.shape[0] != targets.header.shape[0]:
                counts = f"{header.shape[0]:,} samples, and `{targets.name}` has {targets.header.shape[0]:,}"
                raise FileDamaged(stored.path, f"`{stored.name}` has {counts}")
            if header.shape[0] == 0:
                raise FileDamaged(stored.path, f"`{stored.name}` has no samples")

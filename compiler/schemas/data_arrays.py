"""Arrays in files, as a data set: the user's own."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar, Literal, cast

from pydantic import Field

from ..datafiles.arrangement import AXES, Arrangement, arranged, ordered_axes, sample_axes, undivided
from ..datafiles.faults import FileDamaged
from ..datafiles.forms import POSITIONS, Kind, TargetForm, target_form
from ..datafiles.labels import class_names, label_counts
from ..datafiles.npy import StoredArray, folder_arrays, npy_array, npz_arrays
from ..datafiles.shifts import measure, step
from ..datafiles.splits import Shares
from .base import Border, Classes, Conflict, Natural
from .data import Data, DataSignature, Found, Half, InputSignature, Layout
from .tasks.targets import TargetSignature


class Arrays(Data):
    """Arrays of NumPy: an `.npz` file, which is read whole, or `.npy` files, which stay on the disk.

    The targets are a whole number or a text for each sample, or numbers to be told. Arrays called `train_…`, `valid_…`
    (or `val_…`) and `test_…` are splits; what is not given of these is a share of the samples to train on, of each
    class alike. A split that is alone beside `train` is the test.
    """

    asks_task: ClassVar[bool] = True
    reader: ClassVar[str | None] = "numbers.arrays:arrays_dataset"

    kind: Literal["arrays"] = "arrays"
    file: str | None = Field(
        default=None, description="An `.npz` file, or a folder of `.npy` files: the targets and an array for each input"
    )
    x: tuple[str, ...] | str | None = Field(
        default=None, description="In place of `file`: a `.npy` file for each input, which is called as the file is"
    )
    y: str | None = Field(default=None, description="With `x`: the `.npy` file of the targets")
    target: str = Field(default="y", description="What the targets are called in `file`")
    axes: tuple[str, ...] | str | None = Field(
        default=None,
        description="The axes of an array, of all inputs or of each: N samples, C channels, T frames, H, W, L tokens; "
        "none: NC, NHW (grey), NCHW or NCTHW by their number",
    )
    targets: Kind | None = Field(
        default=None,
        description="What the targets are; none: what the search's `task` has, else numbers where they are "
        "floating-point ones, and classes where not",
    )
    target_axes: str | None = Field(
        default=None,
        description="The axes of the targets: N samples, C numbers or labels, T, H, W, L where each position has one; "
        "none: N, NC, NHW, NCHW or NCTHW of numbers, N, NHW or NTHW of classes, by their number",
    )
    scale_target: bool = Field(
        default=True,
        description="Numbers to tell get mean 0 and deviation 1 over the samples to train on; results are in their own "
        "units",
    )
    classes: Classes | None = Field(default=None, description="Number of classes; none: as many as the targets name")
    names: tuple[str, ...] | None = Field(
        default=None,
        description="What the classes, labels or numbers are called, in their order; none: classes as the targets, "
        "others as their array, with their places",
    )
    ignore: int | None = Field(
        default=None,
        description="The label of positions that have no class, and are left out of losses and metrics: 255, say",
    )
    valid: Half = Field(default=0.5, description="Share of the training samples that decisions learn from")
    test: Half = Field(default=0.2, description="Share of all samples that only results are measured on")
    normalise: Literal["channels", "samples"] | None = Field(
        default="channels",
        description="To mean 0 and deviation 1: each channel by all samples to train on, or each sample by itself",
    )
    seed: Natural = Field(default=0, description="Seed of the division into splits, which the search's does not change")
    flip: bool = Field(default=False, description="Mirror training images and clips at random, all inputs alike")
    pad: Border = Field(default=0, description="Pixels by which training images and clips are moved at random, at most")
    flow: tuple[str, ...] = Field(
        default=("flow",),
        description="Images, clips or targets at pixels whose first channel is a movement to the right, inverted by "
        "mirroring",
    )

    @property
    def paths(self) -> tuple[str, ...]:
        """The files of the inputs, where these are given one by one."""
        return (self.x,) if isinstance(self.x, str) else self.x or ()

    @property
    def at_positions(self) -> bool:
        return self.ignore is not None or bool(set(self.target_axes or "") - set("NC"))

    @property
    def _kind(self) -> Kind | None:
        """What the targets are, where another setting says so: only classes are ignored."""
        return "classes" if self.ignore is not None else None

    @property
    def shares(self) -> Shares:
        return Shares(self.valid, self.test)

    def arrangement(self, folder: Path) -> Arrangement:
        """What is where, by names and headers. Raises FilesAbsent and FileDamaged."""
        if self.file is None:
            assert self.y is not None
            inputs = tuple(npy_array(folder / path) for path in self.paths)
            return undivided(folder / self.paths[0], inputs, npy_array(folder / self.y))
        path = folder / self.file
        return arranged(path, folder_arrays(path) if os.path.isdir(path) else npz_arrays(path), self.target)

    def axes_of(self, arrangement: Arrangement) -> tuple[str, ...]:
        """The axes of a sample of each input as they are stored. Raises FileDamaged where the array has others."""
        stored, _ = arrangement.splits["train"]
        written = self.axes if isinstance(self.axes, tuple) else (self.axes,) * len(stored)
        if len(written) != len(stored):
            names = ", ".join(own.name for own in stored)
            told = f"it has {len(stored)} inputs ({names}), and `axes` is about {len(written)}"
            raise FileDamaged(arrangement.path, told, "axes")
        for own, text in zip(stored, written, strict=True):
            if text is not None and len(text) != len(own.header.shape):
                reason = f"`{own.name}` has {len(own.header.shape)} axes, and `axes` names {len(text)}: {text}"
                raise FileDamaged(own.path, reason, "axes")
            if 0 in own.header.shape[1:]:
                raise FileDamaged(own.path, f"`{own.name}` has the shape {own.header.shape}: its samples hold nothing")
        return tuple(sample_axes(own.header, text) for own, text in zip(stored, written, strict=True))

    def form(self, arrangement: Arrangement) -> TargetForm:
        """What the targets are. Raises FileDamaged where they cannot be that, or not in all splits."""
        forms = {
            split: target_form(targets, self.targets, self.target_axes)
            for split, (_, targets) in arrangement.splits.items()
        }
        first = forms["train"]
        for split, other in forms.items():
            if other != first:
                raise FileDamaged(arrangement.path, f"the targets of its split `{split}` are not as those to train on")
        if self.names is not None and first.count not in (None, len(self.names)):
            told = f"a sample has {first.count} {first.kind}, and `names` are {len(self.names)}"
            raise FileDamaged(arrangement.splits["train"][1].path, told, "names")
        if self.classes is not None and first.kind == "numbers":
            raise FileDamaged(arrangement.path, f"its targets are numbers, and `classes` is {self.classes}", "classes")
        if self.ignore is not None:
            self._check_ignored(first, arrangement.splits["train"][1])
        self._check_moves(arrangement, first)
        self._check_flow(arrangement, first)
        return first

    def flow_total(self, arrangement: Arrangement, form: TargetForm) -> int | None:
        """What the first channel of the targets and that of their mirror image add up to: 0, or of unsigned numbers,
        which hold a movement to the left below the middle of their range, the greatest of them. None where they are no
        flow, at pixels."""
        targets = arrangement.splits["train"][1]
        name = self.target if self.file is not None else targets.name
        if name not in self.flow or form.kind != "numbers" or len(form.positions) < 2:
            return None
        return {"u": (1 << 8 * targets.header.item) - 1, "b": 1}.get(targets.header.kind, 0)

    def named(self, labels: Iterable[int | str], stored: StoredArray) -> tuple[str, ...]:
        """The classes that the labels of all samples name; ``stored``: those of the samples to train on. Raises
        FileDamaged."""
        found = set(labels)
        known = found - {self.ignore}
        if found and not known:
            reason = f"no position has a class: all labels are {self.ignore}, which `ignore` leaves out"
            raise FileDamaged(stored.path, reason, "ignore")
        names = class_names(known, self.classes, stored) if self.names is None else self._names_for(known, stored)
        if self.ignore is not None and 0 <= self.ignore < len(names):
            reason = f"`{stored.name}` has {len(names)} classes, numbered from 0, and `ignore = {self.ignore}` is one"
            reason += "; what is left out has a label below 0 or above all classes: 255"
            raise FileDamaged(stored.path, reason, "ignore")
        return names

    def _names_for(self, labels: set[int | str], stored: StoredArray) -> tuple[str, ...]:
        """The names of classes as they are given. Raises FileDamaged for a label that has none of them."""
        names = self.names or ()
        strange = [one for one in labels if (one not in names if isinstance(one, str) else int(one) >= len(names))]
        if strange:
            shown = f"`{min(map(str, strange))}`" if isinstance(strange[0], str) else f"{max(map(int, strange))}"
            said = f"`names` are {len(names)} for classes from 0 on" if "`" not in shown else "`names` has it not"
            raise FileDamaged(stored.path, f"`{stored.name}` holds the label {shown}, and {said}", "names")
        return names

    def told_names(self, name: str, count: int) -> tuple[str, ...]:
        """What the numbers or labels of the array ``name`` are called."""
        return self.names or number_names(name, count)

    def _check_ignored(self, form: TargetForm, stored: StoredArray) -> None:
        """Raises FileDamaged where no label can be ignored."""
        if form.kind != "classes" or not form.positions:
            told = f"its targets are {form.kind}{'' if form.positions else ' of whole samples'}"
            advice = "leave out the samples themselves" if form.kind == "classes" else "leave it out"
            raise FileDamaged(stored.path, f"{told}, and `ignore` is about classes at positions; {advice}", "ignore")
        if stored.header.kind == "U":
            raise FileDamaged(stored.path, f"its classes are texts, and `ignore = {self.ignore}` is a number", "ignore")

    def _check_moves(self, arrangement: Arrangement, form: TargetForm) -> None:
        """Raises FileDamaged where `pad` is less than the least move that is whole on all grids."""
        if not self.pad:
            return
        stored, _ = arrangement.splits["train"]
        own = (_signature(*one) for one in zip(arrangement.names, stored, self.axes_of(arrangement), strict=True))
        pictures = [one.shape[-2:] for one in own if one.layout in ("image", "clip")]
        grids = [*pictures, *([form.positions[-2:]] if pictures and len(form.positions) > 1 else [])]
        for axis in (0, 1) if pictures else ():
            sizes = [grid[axis] or 1 for grid in grids]
            size = measure(sizes)
            least = step(size, sizes)
            if least > self.pad:
                others = ", ".join(str(n) for n in sorted(set(sizes)) if step(size, [n]) > 1)
                reason = (
                    f"its images have {size} {('rows', 'columns')[axis]}, and other images or targets {others}: "
                    f"all are moved by whole pixels where it is by multiples of {least}, and `pad` is {self.pad}; "
                    f"write `pad = {least}` or more, or leave it out"
                )
                raise FileDamaged(arrangement.path, reason, "pad")

    def _check_flow(self, arrangement: Arrangement, form: TargetForm) -> None:
        """Raises FileDamaged where `flow` names what is not mirrored; its default names what may be there."""
        if self.flow == type(self).model_fields["flow"].default:
            return
        stored, targets = arrangement.splits["train"]
        axes = self.axes_of(arrangement)
        own = [_signature(*one) for one in zip(arrangement.names, stored, axes, strict=True)]
        known = [one.name for one in own if one.layout in ("image", "clip")]
        if self.flow_total(arrangement, form) is not None:
            known.append(self.target if self.file is not None else targets.name)
        for name in self.flow:
            if name not in known:
                there = ", ".join(f"`{one}`" for one in known) or "none"
                reason = f"`flow` names `{name}`, and its images, clips and targets that are numbers at pixels are"
                raise FileDamaged(arrangement.path, f"{reason} {there}", "flow")

    def look(self, folder: Path) -> Found:
        found = self.arrangement(folder)
        form = self.form(found)
        stored, _ = found.splits["train"]
        inputs = tuple(
            _signature(name, own, axes)
            for name, own, axes in zip(found.names, stored, self.axes_of(found), strict=True)
        )
        if form.kind != "classes":
            numbers = self.told_names(found.splits["train"][1].name, form.count or 1)
            signature = TargetSignature(form.kind, form.count, numbers, form.positions)
            return Found(inputs, signature, self.shares.sizes(_samples(found)))
        counts = {split: label_counts(targets) for split, (_, targets) in found.splits.items()}
        known = [count for count in counts.values() if count is not None]
        names: tuple[str, ...] | None = None
        if len(known) == len(counts):
            names = self.named((label for c in known for label in c), found.splits["train"][1])
        names = names or self.names
        count = self.classes if names is None else len(names)
        signature = TargetSignature("classes", count, names, form.positions)
        sizes = self.shares.sizes(_samples(found)) if form.positions else self.shares.sizes(counts)
        return Found(inputs, signature, sizes)

    def signature(self) -> DataSignature:
        if self.found is None:
            count = self.classes if self.names is None else len(self.names)
            return DataSignature((), TargetSignature(self.targets or self._kind, count, self.names))
        return DataSignature(self.found.inputs, self.found.targets)

    def varies(self) -> bool:
        return self.flip or self.pad > 0

    def conflicts(self) -> Iterator[Conflict]:
        if (self.file is None) == (self.x is None):
            message = "`file` and `x` say the same in two ways" if self.x is not None else "there is no file to read"
            advice = 'write `arrays("data.npz")`, or `arrays(x = "x.npy", y = "y.npy")`'
            yield Conflict("x" if self.x is not None else "", message, advice)
        elif (self.x is None) != (self.y is None):
            yield Conflict("", "`x` and `y` belong together", 'write `arrays(x = "x.npy", y = "y.npy")`')
        elif self.x is not None and len({Path(path).stem for path in self.paths}) < max(1, len(self.paths)):
            yield Conflict("x", "inputs are called as their files, and two of these are called alike", "rename one")
        if self.names is not None and (not self.names or len(set(self.names)) < len(self.names)):
            yield Conflict("names", "two of `names` are alike, or there are none", "give each class a name of its own")
        if self.names is not None and self.classes is not None:
            message = "`names` says how many classes there are"
            yield Conflict("classes", message, "leave `classes` out", "names")
        for text in dict.fromkeys((self.axes,) if isinstance(self.axes, str) else self.axes or ()):
            if not text.startswith("N") or ordered_axes(text[1:]) is None:
                known = ", ".join(f"N{axes}" for axes in AXES)
                letters = "a letter for each axis: N samples, C channels, T frames, H rows, W columns, L tokens"
                yield Conflict(
                    "axes",
                    f"no network takes samples with the axes {text}",
                    f'write {letters}, such as `axes = "NHWC"`; together they are those of {known}',
                )
        grids = {"".join(sorted(grid + channels)) for grid in POSITIONS for channels in ("", "C")}
        own = self.target_axes
        if own is not None and (not own.startswith("N") or "".join(sorted(own[1:])) not in grids):
            known = ", ".join(f"N{grid}, NC{grid}" for grid in POSITIONS)
            yield Conflict(
                "target_axes",
                f"no network gives numbers with the axes {own}",
                f'write a letter for each axis, such as `target_axes = "NHW"`, those of {known}',
            )


def number_names(name: str, count: int) -> tuple[str, ...]:
    """What the numbers (or labels) of an array are called."""
    return (name,) if count == 1 else tuple(f"{name}[{place}]" for place in range(count))


def _samples(arrangement: Arrangement) -> dict[str, dict[str, int]]:
    """How many samples each split has that is given, all of one sort."""
    return {split: {"": targets.header.shape[0]} for split, (_, targets) in arrangement.splits.items()}


def _signature(name: str, stored: StoredArray, axes: str) -> InputSignature:
    order = ordered_axes(axes)
    assert order is not None, "axes that no network takes are refused before"
    sizes = dict(zip(axes, stored.header.shape[1:], strict=True)) | ({} if "C" in axes else {"C": 1})
    layout = cast(Layout, AXES[order])
    wanted = {"features": "C", "tokens": "LC", "image": "CHW", "clip": "CTHW"}[layout]
    return InputSignature(name, layout, tuple(sizes[axis] for axis in wanted))

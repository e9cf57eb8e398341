"""``extern data``: a class of the user's as a data set, held to its block by its first sample."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from stdsl.compiler.backends.lowering.extern_code import CodeFails, NotThere, own_class
from stdsl.compiler.datafiles.splits import TRAIN, Shares, named_splits
from stdsl.compiler.diagnostics.externs import ExternDataDiffers, ExternNotAllowed, ExternNotLoaded
from stdsl.compiler.diagnostics.model import Diagnostic, RunError
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data_extern import ExternData
from stdsl.compiler.schemas.search import SearchConfig

from ...tracking.manifest import Origin
from ..batch import Dataset
from ..targets import targets_of
from .as_array import is_indexed
from .checked import Checked
from .given import THIS_RUN, Offered, missing_parts
from .indexed import IndexedDataset
from .own_dataset import OwnDataset
from .repeatable import changing_sample


def extern_dataset(settings: ExternData, seed: int, folder: Path, place: Span | None) -> Dataset:
    """Raises RunError: no leave to load the class (E0227), it cannot be (E0233), or it gives something else than its
    block says (E0234)."""
    name, target = settings.kind, settings.target
    if not settings.allowed:
        raise RunError([ExternNotAllowed(place, name, target)])
    try:
        made = _made(settings, folder)
    except NotThere as fault:
        fails = isinstance(fault, CodeFails)
        raise RunError([ExternNotLoaded(settings.declared, name, target, str(fault), "data", fails)]) from fault
    dataset = _dataset(settings, made, place)
    found = tuple(_differences(settings, Checked(dataset, settings.kind, place)))
    if found:
        raise RunError(found)
    return dataset


def faults_of_data(config: SearchConfig, folder: Path) -> tuple[Diagnostic, ...]:
    """What is wrong with the extern data of a search; nothing where it has other data."""
    if not isinstance(config.data, ExternData):
        return ()
    try:
        extern_dataset(config.data, config.seed, folder, config.place("data"))
    except RunError as error:
        return tuple(error.diagnostics)
    return ()


def found_again(origin: Origin, folder: Path | None) -> Offered:
    """The data that a program gave to a run, made anew from what it said of itself, by leave to load its code.
    ``folder``: of the text of the run, where its module may lie as that of extern data may; None of a text of the
    library. Raises RunError, later too where it is no data."""
    try:
        made = own_class(origin.target, None if folder is None else str(folder))
        try:
            return Offered(made(**origin.arguments), origin.target)
        except Exception as error:  # the code of the user's may raise anything
            raise CodeFails(error) from error
    except NotThere as fault:
        fails = isinstance(fault, CodeFails)
        raise RunError([ExternNotLoaded(None, THIS_RUN, origin.target, str(fault), "data", fails)]) from fault


def _made(settings: ExternData, folder: Path) -> dict[str, Any]:
    """The objects of the class, by the splits that it is asked for; else the one, for all. Raises NotThere."""
    made = own_class(settings.target, settings.folder)
    arguments = settings.arguments | {key: str(folder / settings.arguments[key]) for key in settings.paths}
    ways = {split: {"split": split} for split in settings.splits} or {TRAIN: {}}
    try:
        return {split: made(**arguments, **way) for split, way in ways.items()}
    except Exception as error:  # the code of the user's may raise anything
        raise CodeFails(error) from error


def _dataset(settings: ExternData, made: dict[str, Any], place: Span | None) -> Dataset:
    first = made[TRAIN]
    if not missing_parts(first):
        return OwnDataset(first, settings.kind, place, settings.ignore)
    if not is_indexed(first):
        missing = "`, `".join(missing_parts(first))
        reason = f"{type(first).__name__} has neither `__len__` and `__getitem__`, nor `{missing}` of a data set"
        raise RunError([ExternNotLoaded(settings.declared, settings.kind, settings.target, reason, "data")])
    names = [own.name for own in settings.stated]
    spoken = named_splits(list(made), Path(settings.kind))
    sets = {split: made[word] for split, word in spoken.items()}
    shares = Shares(settings.valid, settings.test)
    return IndexedDataset(sets, shares, names, settings.told, called=settings.kind, place=place, ignore=settings.ignore)


def _differences(settings: ExternData, dataset: Dataset) -> Iterator[Diagnostic]:
    def differs(stated: str, found: str) -> Diagnostic:
        return ExternDataDiffers(settings.declared, settings.kind, settings.target, stated, found)

    names = tuple(own.name for own in settings.stated)
    if dataset.inputs != names:
        yield differs(f"`{'`, `'.join(names)}`", f"it has `{'`, `'.join(dataset.inputs)}`")
        return
    told, found = settings.told, targets_of(dataset).signature
    if (told.kind, told.positions) != (found.kind, found.positions) or told.count not in (None, found.count):
        yield differs(str(told), f"it has {found}")
        return
    if told.names not in (None, found.names):
        shown = " and ".join(", ".join(f"`{name}`" for name in (own or ())[:8]) for own in (told.names, found.names))
        yield differs(f"other names of its {told.kind}", f"they are {shown}")
    if dataset.varies(TRAIN) != settings.changes:
        word = "varies" if settings.changes else "does not vary"
        yield differs(f"that a sample {word} from epoch to epoch", "the class says otherwise; write `varies = …`")
    if not dataset.size(TRAIN):
        return  # which is told where samples are counted
    first = dataset.samples(TRAIN, np.zeros(1, np.int64), 0)
    for own, values in zip(settings.stated, first.inputs, strict=True):
        shape = tuple(values.shape[1:])
        if shape != own.shape:
            yield differs(f"`{own.name}` is {own}", f"the first sample has ({', '.join(map(str, shape))})")
    changing = changing_sample(dataset)
    if changing is not None:
        split, place = changing
        called = f"sample {place} of the split `{split}`"
        yield differs("nothing of chance", f"{called} is another one when it is asked for again")

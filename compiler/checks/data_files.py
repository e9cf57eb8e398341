"""What the files of a search's data say, where they are: headers alone are read."""

from __future__ import annotations

from pathlib import Path

from ..datafiles.faults import FileDamaged, FilesAbsent
from ..diagnostics.data import DataAbsent
from ..diagnostics.model import Sink
from ..diagnostics.run import DataUnreadable
from ..schemas.data import Data
from ..schemas.search import SearchConfig
from ..semantics.modules import Module


def looked_up(config: SearchConfig, module: Module, sink: Sink, given: Data | None = None) -> SearchConfig:
    """The search with what its data's files say: as a run keeps it where one is gone on with, else as they are now.
    Files that are not there are told of in a warning, those that hold something else in an error. ``given``: other
    data, in place of that of the text."""
    found = module.data_kept.get(config.name)
    if given is not None:
        own = given if found is None else given.knowing(found)
        return config.model_copy(update={"data": own})
    config = config.model_copy(update={"data": config.data.for_task(config.task)})
    place = config.place("data")
    try:
        found = config.data.look(folder_of(module)) if found is None else found
    except FilesAbsent as fault:
        signature = config.data.signature()
        if not signature.inputs or not signature.targets.known:  # else the settings say all
            sink.add(DataAbsent(place, config.data.kind, fault.missing, str(fault.folder)))
    except FileDamaged as fault:
        sink.add(DataUnreadable(place, str(fault.path), fault.reason))
    return config if found is None else config.model_copy(update={"data": config.data.knowing(found)})


def folder_of(module: Module) -> Path:
    """What relative paths of the settings of a text start from: its folder, or the one at work."""
    path = module.source.path
    return path.parent if path is not None and not module.library else Path.cwd()

"""What the files of a search's data say, where they are: headers alone are read."""

from __future__ import annotations

from pathlib import Path

from ..datafiles.faults import FileDamaged, FilesAbsent
from ..diagnostics.data import DataAbsent
from ..diagnostics.model import Sink
from ..diagnostics.run import DataUnreadable
from ..schemas.data import Data
from ..schemas.search import ROLES, Role, SearchConfig
from ..semantics.modules import Module


def looked_up(config: SearchConfig, module: Module, sink: Sink, given: Data | None = None) -> SearchConfig:
    """The search with what its data's files say: as a run keeps it where one is gone on with, else as they are now.
    Files that are not there are told of in a warning, those that hold something else in an error. ``given``: other
    data, in place of that of the text."""
    for role in ROLES:
        if config.owner(role) != role:
            continue
        own = config.data_of(role).for_task(config.task)
        found = module.data_kept.get(kept_as(config.name, role))
        if role == "search" and given is not None:
            own = given.for_task(config.task)
            config = _with(config, role, own if found is None else own.knowing(found))
            continue
        key, unreadable = config.data_key(role), False
        try:
            found = own.look(folder_of(module)) if found is None else found
        except FilesAbsent as fault:
            signature = own.signature()
            if not signature.inputs or not signature.targets.known:  # else the settings say all
                sink.add(DataAbsent(config.place(key), own.kind, fault.missing, str(fault.folder)))
        except FileDamaged as fault:
            place = config.place(f"{key}.{fault.setting}" if fault.setting else key)
            sink.add(DataUnreadable(place, str(fault.path), fault.reason, setting=fault.setting))
            unreadable = True
        config = _with(config, role, own if found is None and not unreadable else own.knowing(found, unreadable))
    return config


def kept_as(search: str, role: Role) -> str:
    """What a run keeps of the data of a role is called so."""
    return search if role == "search" else f"{search} {role}"


def _with(config: SearchConfig, role: Role, data: Data) -> SearchConfig:
    """A search with the data of a role replaced."""
    if role == "search":
        return config.model_copy(update={"data": data})
    section = getattr(config, role).model_copy(update={"data": data})
    return config.model_copy(update={role: section})


def folder_of(module: Module) -> Path:
    """What relative paths of the settings of a text start from: its folder, or the one at work."""
    path = module.source.path
    return path.parent if path is not None and not module.library else Path.cwd()
